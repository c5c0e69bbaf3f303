//! Article 41: disciplinary measures, and when one is in force.

use chrono::NaiveDate;

use crate::facts::calendar::{Calendar, months_after};
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

/// A41.2
pub static REPORTED: Rule = Rule {
    clause: "A41.2",
    title: "留校察看、开除学籍须报区",
    asks: "普通高中的处分还有留校察看和开除学籍，须报区教育行政部门后执行。",
    reading: "没有区报备日期的提示；已撤销的不提示。义务教育阶段的这两种处分另有 F4101。",
    parameters: &[],
    findings: &["F4102"],
    reads: &["discipline"],
};
/// A41.3
pub static HEARD: Rule = Rule {
    clause: "A41.3",
    title: "处分的程序",
    asks: "作出处分决定前要与家长沟通，处分须经校务会议或行政扩大会议讨论通过，结论及时告知学生和家长。",
    reading: "没有会议通过日期，或没有处分以前的家长沟通日期的提示；已撤销的不提示。证据和依据由人审查。",
    parameters: &[],
    findings: &["F4103"],
    reads: &["discipline"],
};
/// A41.4
pub static APPEAL: Rule = Rule {
    clause: "A41.4",
    title: "申诉的答复",
    asks: "学生对处分不服可以申诉，学校或主管部门须在规定月数内答复，寒暑假不计。",
    reading: "自申诉日期起满规定月数，其间有几天假期就顺延几天，顺延后又遇假期的再顺延。过了这一天还没有答复，或答复晚于这一天的提示；已撤销的处分不提示。",
    parameters: &["numbers.appeal_answer_months"],
    findings: &["F4104"],
    reads: &["discipline"],
};

const KIND: (u8, &str) = (1, "处分类型");
const MEETING: (u8, &str) = (3, "会议通过日期");
const DISTRICT: (u8, &str) = (5, "区报备日期");

impl Hearing<'_> {
    /// Whether a measure of this kind is in force.
    pub fn measure_in_force(&mut self, kind: MeasureKind) -> Condition {
        let mut in_force = Condition::FAILS;
        for measure in self.student.measures.iter().filter(|measure| measure.kind == kind) {
            let this = self.adopted(measure, kind.word());
            if measure.decided != Read::Empty {
                self.read(measure.row);
            }
            in_force = self.completions.or(in_force, this);
        }
        for measure in self.student.unclear.measures {
            let this = self.adopted(measure, "");
            let is_it = self.holds_word(cell(measure, "", KIND), kind as u16);
            let this = self.completions.and(this, is_it);
            if !this.fails() {
                self.read(measure.row);
            }
            in_force = self.completions.or(in_force, this);
        }
        in_force
    }

    /// Whether a measure was adopted and not revoked.
    fn adopted(&mut self, measure: &Measure, item: &'static str) -> Condition {
        let cell = |column| cell(measure, item, column);
        let decided = self.dated(measure.decided, cell((2, "处分日期")));
        let meeting = self.dated(measure.meeting, cell(MEETING));
        let district = self.dated(measure.district, cell(DISTRICT));
        let revoked = self.dated(measure.revoked, cell((6, "撤销日期")));
        let adopted = self.completions.all([decided, meeting, district]);
        self.completions.and_not(adopted, revoked)
    }
}

fn cell(measure: &Measure, item: &'static str, column: (u8, &'static str)) -> Cell {
    Cell { table: DISCIPLINE_TABLE, column, item, row: measure.row.0, choice: 0 }
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

/// Whether a measure had gone its way on a day: decided and adopted by the meeting and, where the district has to know, reported (A41.2, A41.3).
pub fn is_adopted_on(measure: &Measure, day: NaiveDate) -> bool {
    let is_done = |date: Read<NaiveDate>| date.value().is_some_and(|date| date <= day);
    is_done(measure.decided) && is_done(measure.meeting) && (!must_be_reported(measure) || is_done(measure.district))
}

fn must_be_reported(measure: &Measure) -> bool {
    matches!(measure.kind, MeasureKind::Probation | MeasureKind::Expulsion)
}

/// The last day for answering an appeal: so many months on, and as many days more as lie in vacations, until there are no more.
fn answer_due(calendar: &Calendar, appealed: NaiveDate, months: u32) -> NaiveDate {
    let due = months_after(appealed, months);
    let (mut last, mut open) = (appealed, (due - appealed).num_days());
    // A day of vacation counts for nothing; nobody waits longer than ten years.
    for day in appealed.iter_days().skip(1).take(3_660) {
        if open <= 0 {
            break;
        }
        last = day;
        open -= i64::from(!calendar.is_vacation(day));
    }
    last
}

/// F4102, F4103 and F4104: measures without what must come before them, and appeals without an answer.
pub fn audit(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let stands = |measure: &&Measure| measure.revoked == Read::Empty && measure.decided != Read::Empty;
    for measure in hearing.student.measures.iter().filter(stands) {
        if must_be_reported(measure) && !hearing.stage.is_compulsory() && measure.district == Read::Empty {
            hearing.find("F4102", measure.row, "区报备日期", Amount::None, "区报备日期");
        }
        if measure.meeting == Read::Empty {
            hearing.find("F4103", measure.row, "会议通过日期", Amount::None, "校务会议或行政扩大会议通过的日期");
        }
        let is_late = |parents: NaiveDate| measure.decided.value().is_some_and(|decided| parents > decided);
        match measure.parents {
            Read::Empty => hearing.find("F4103", measure.row, "家长沟通日期", Amount::None, "处分以前与家长沟通的日期"),
            Read::Value(date) if is_late(date) => {
                hearing.find("F4103", measure.row, "家长沟通日期", Amount::Date(date), "处分以前与家长沟通的日期");
            }
            _ => {}
        }
        let Read::Value(appealed) = measure.appealed else { continue };
        let due = answer_due(&law.calendar, appealed, law.policy.numbers.appeal_answer_months);
        let found = match measure.answered {
            Read::Value(answered) if answered > due => Amount::Date(answered),
            Read::Empty if law.as_of > due => Amount::None,
            _ => continue,
        };
        hearing.find("F4104", measure.row, "答复日期", found, "申诉后规定月数以内（寒暑假不计）的答复");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::{Row, Student, Unclear};
    use crate::testing::{heard, law, on, pupil};

    #[test]
    fn a_measure_of_unknown_kind_is_evidence_while_it_may_be_in_force() {
        let adopted = Measure {
            decided: on("2026-03-02"),
            meeting: on("2026-02-27"),
            district: on("2026-03-01"),
            ..Measure::new(MeasureKind::Warning, Row(7))
        };
        let asked = |measure: Measure| {
            let student = Student { unclear: Unclear { changes: &[], measures: &[measure] }, ..pupil(11) };
            let (in_force, record) = heard(&law("2026-07-05"), &student, |hearing| hearing.measure_in_force(MeasureKind::Expulsion));
            ((in_force.holds(), in_force.fails()), record.rows)
        };
        assert_eq!(asked(adopted), ((false, false), vec![Row(7)]));
        assert_eq!(asked(Measure { revoked: on("2026-06-01"), ..adopted }), ((false, true), Vec::new()));
        assert_eq!(asked(Measure { district: Read::Empty, ..adopted }), ((false, true), Vec::new()));
    }
}
