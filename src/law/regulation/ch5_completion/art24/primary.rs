//! A24.1: graduation from primary school.

use super::moral;
use crate::regulation::rule::{Certificate, Hearing, Outcome, Rule, Verdict};
use crate::regulation::verdict::Condition;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.1",
    title: "小学毕业",
    asks: "修业期满，思想品德与行为规范综合评价合格的毕业年级学生准予小学毕业。",
    reading: "不论毕业与否都升入初中（A20.1）。",
    parameters: &[],
    findings: &[],
    reads: &["evaluations"],
};

/// Judges a pupil of the last grade of primary school.
pub fn judge(hearing: &mut Hearing<'_>) {
    // Whatever the certificate, all go on to junior school.
    let next_grade = hearing.grade.later(1);
    moral::judge(hearing, "A24.1", next_grade);
    let certificate = Some(Certificate::Graduation);
    hearing.decide(Condition::HOLDS, Verdict { outcome: Outcome::Graduate, next_grade, certificate, clause: "A24.1" });
}
