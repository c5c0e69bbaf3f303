//! Article 37 at the year's end: automatic withdrawal of who was retained too often, and of who was expelled.

use crate::facts::codes::MeasureKind;
use crate::facts::grades::Stage;
use crate::regulation::ch5_completion::withdrawal_certificate;
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A37.2
pub static RETAINED: Rule = Rule {
    clause: "A37.2",
    title: "留级达上限后自动退学",
    asks: "同一年级连续留级达上限后仍不能升级，或高中阶段留级累计达上限后仍不能升级，按自动退学处理。",
    reading: "看此前最近几个学年末的决定；整学年休学的学年没有决定，跳过。同一年级两次而不连续的，仍留级并提示（F2206）。",
    parameters: &["numbers.senior_max_retentions"],
    findings: &["F2206"],
    reads: &["status_changes"],
};
/// A37.5
pub static EXPELLED: Rule = Rule {
    clause: "A37.5",
    title: "开除学籍",
    asks: "高中学生受开除学籍处分的，按自动退学处理。",
    reading: "处分须经会议通过、报区，且没有撤销。",
    parameters: &[],
    findings: &[],
    reads: &["discipline"],
};

static IN_FORCE: Sentence = Sentence { code: "A37.5.in_force", text: "开除学籍处分生效（会议通过、报区、未撤销）" };

/// A37.5: withdraws a senior student who was expelled. `year_met` says where A20.3 is met, for grades in which that matters.
pub fn judge_expelled(hearing: &mut Hearing<'_>, year_met: Condition) {
    if hearing.stage != Stage::Senior {
        return;
    }
    let expelled = hearing.measure_in_force(MeasureKind::Expulsion);
    if expelled.fails() {
        return;
    }
    hearing.step("A37.5", &IN_FORCE, expelled, Amount::None, Amount::None);
    let verdict =
        |certificate| Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate: Some(certificate), clause: "A37.5" };
    let finished = hearing.completions.and(expelled, year_met);
    let certificate = withdrawal_certificate(hearing, true);
    hearing.decide(finished, verdict(certificate));
    let certificate = withdrawal_certificate(hearing, false);
    hearing.decide(expelled, verdict(certificate));
}
