//! A20.2: a junior student moves up with the class, after make-ups where subjects of the year were failed.

use crate::facts::codes::{AnnualResult, Read};
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A20.2",
    title: "初中升级",
    asks: "初中生学完当前年级，各科总评合格即升级；有不合格的，由学校组织补考后随班升级。",
    reading: "不论补考结果都随班升级：条文没有为初中设留级。不合格而没有补考记录的，请学校说明（F2001）。",
    parameters: &[],
    findings: &["F2001"],
    reads: &["course_results"],
};

static MOVES_UP: Sentence =
    Sentence { code: "A20.2.class", text: "初中生学完本学年，补考后随班升级；补考后仍不合格的科目" };

/// Lets a junior student move up.
pub fn judge(hearing: &mut Hearing<'_>) {
    for annual in hearing.student.annual {
        let year = hearing.year_subject(annual.subject, false);
        let failing = hearing.completions.and_not(year.failed, year.mended);
        if !failing.fails() {
            hearing.record.failing.push((annual.subject, failing));
        }
        if annual.result.is(AnnualResult::Failed) && annual.make_up == Read::Empty {
            hearing.find_in("F2001", annual.subject, annual.row, "补考", Amount::None, "补考结果");
        }
    }
    let failing = Amount::of_subjects(hearing.record.failing.iter().filter(|(_, failing)| failing.holds()).map(|(subject, _)| *subject));
    hearing.step("A20.2", &MOVES_UP, Condition::HOLDS, failing, Amount::None);
    let next_grade = hearing.grade.later(1);
    hearing.decide(Condition::HOLDS, Verdict { outcome: Outcome::Promote, next_grade, certificate: None, clause: "A20.2" });
}
