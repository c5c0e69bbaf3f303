//! A42.2: who finishes senior school on probation (留校察看) receives a certificate of completion.

use crate::facts::codes::MeasureKind;
use crate::regulation::rule::{Amount, Certificate, Hearing, Outcome, Rule, Sentence, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A42.2",
    title: "留校察看未撤销",
    asks: "普通高中修业期满而留校察看处分未撤销的，发给结业证书。",
    reading: "先于毕业条件。",
    parameters: &[],
    findings: &[],
    reads: &["discipline"],
};

static ON_PROBATION: Sentence = Sentence { code: "A42.2.probation", text: "留校察看处分生效，尚未撤销" };

/// Lets a student on probation complete.
pub fn judge(hearing: &mut Hearing<'_>) {
    let probation = hearing.measure_in_force(MeasureKind::Probation);
    if probation.fails() {
        return;
    }
    hearing.step("A42.2", &ON_PROBATION, probation, Amount::None, Amount::None);
    let certificate = Some(Certificate::Completion);
    hearing.decide(probation, Verdict { outcome: Outcome::Complete, next_grade: None, certificate, clause: "A42.2" });
}
