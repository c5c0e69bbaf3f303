//! Article 41: disciplinary measures, and when one is in force.

use crate::facts::codes::{MeasureKind, Read};
use crate::facts::student::Measure;
use crate::regulation::rule::{Amount, DISCIPLINE_TABLE, Hearing, Rule};
use crate::regulation::verdict::{Cell, Condition};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A41",
    title: "处分",
    asks: "义务教育只有警告、严重警告、记过；处分须经校务会议或行政扩大会议通过，留校察看、开除学籍还须报区后执行。",
    reading: "处分、会议、报区的日期都不晚于判定日期，且没有撤销，处分才算生效。已撤销的处分不提示。",
    parameters: &[],
    findings: &["F4101"],
    reads: &["discipline"],
};

const MEETING: (u8, &str) = (3, "会议通过日期");
const DISTRICT: (u8, &str) = (5, "区报备日期");

impl Hearing<'_> {
    /// Whether a measure of this kind is in force.
    pub fn measure_in_force(&mut self, kind: MeasureKind) -> Condition {
        let mut in_force = Condition::FAILS;
        for measure in self.student.measures.iter().filter(|measure| measure.kind == kind) {
            let cell = |column| cell(measure, column);
            let decided = self.dated(measure.decided, cell((2, "处分日期")));
            let meeting = self.dated(measure.meeting, cell(MEETING));
            let district = self.dated(measure.district, cell(DISTRICT));
            let revoked = self.dated(measure.revoked, cell((6, "撤销日期")));
            let adopted = self.completions.all([decided, meeting, district]);
            let this = self.completions.and_not(adopted, revoked);
            if !decided.fails() {
                self.read(measure.row);
            }
            in_force = self.completions.or(in_force, this);
        }
        in_force
    }
}

fn cell(measure: &Measure, column: (u8, &'static str)) -> Cell {
    Cell { table: DISCIPLINE_TABLE, column, item: measure.kind.word(), row: measure.row.0, choice: 0 }
}

/// A41.1: measures that compulsory education does not know.
pub fn judge(hearing: &mut Hearing<'_>) {
    if !hearing.stage.is_compulsory() {
        return;
    }
    // A revoked measure is shown to nobody (A42.2).
    let stands = |measure: &&Measure| measure.decided != Read::Empty && measure.revoked == Read::Empty;
    for measure in hearing.student.measures.iter().filter(stands) {
        if matches!(measure.kind, MeasureKind::Probation | MeasureKind::Expulsion) {
            hearing.find("F4101", measure.row, "处分类型", Amount::Word(measure.kind.word()), "警告、严重警告、记过");
        }
    }
}
