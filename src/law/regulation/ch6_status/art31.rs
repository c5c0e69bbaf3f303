//! Article 31: a suspension is approved by the district (A31.1), and during it the registration is kept (A31.2).

use super::{absence, art30};
use crate::facts::attendance::Watched;
use crate::facts::codes::{ChangeKind, ChangeReason, Read};
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A31.1
pub static APPROVAL: Rule = Rule {
    clause: "A31.1",
    title: "休学的核准",
    asks: "休学由家长持证明申请，学校同意后报区核准。",
    reading: "没有区批准日期的休学不生效。伤病须有三级医疗机构证明，出国出境须有境外签证。",
    parameters: &[],
    findings: &["F3101"],
    reads: &["status_changes"],
};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A31.2",
    title: "休学期间保留学籍",
    asks: "休学期间学籍保留在学校，不升级也不毕业。",
    reading: "按学籍名册的状态：休学的记保留学籍（学期中期满的见 A32.2）。学期中名册写在读而休学仍有效的，也记保留学籍，并提示两处不一致。",
    parameters: &[],
    findings: &["R0501"],
    reads: &["status_changes"],
};

/// The step of a suspended student.
pub static KEPT: Sentence = Sentence { code: "A31.2.kept", text: "学籍名册的状态是休学，学籍保留" };

static IN_FORCE: Sentence = Sentence { code: "A31.2.in_force", text: "判定当天休学有效（区已批准，没有复学）" };

/// Keeps the registration of a student who is suspended on the day judged though the roster says otherwise; gives the condition under
/// which the student is judged.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Condition {
    let day = watched.school.judged_on;
    let suspended = absence::in_every_reading(hearing, |law, changes| art30::is_suspended_on(law, changes, day));
    if suspended.fails() {
        return Condition::HOLDS;
    }
    hearing.read_changes(|kind| art30::KINDS.contains(&kind));
    hearing.step("A31.2", &IN_FORCE, suspended, Amount::Date(day), Amount::None);
    hearing.decide(suspended, Verdict { outcome: Outcome::Hold, next_grade: None, certificate: None, clause: "A31.2" });
    if suspended.holds() {
        hearing.find("R0501", hearing.student.row, "学籍状态", Amount::Word("在读"), "休学（据学籍异动）");
    }
    hearing.completions.not(suspended)
}

/// F3101: suspensions without approval, or without the certificate that their reason asks.
pub fn record(hearing: &mut Hearing<'_>) {
    let student = hearing.student;
    let begun = |kind: ChangeKind, effective: Read<_>| kind == ChangeKind::Suspension && effective != Read::Empty;
    for change in student.changes.iter().filter(|change| begun(change.kind, change.effective)) {
        if change.district == Read::Empty {
            hearing.find("F3101", change.row, "区批准日期", Amount::None, "区批准日期；未经批准的休学不生效");
            continue;
        }
        let lacking = match change.reason {
            Read::Value(ChangeReason::Illness) if !change.proof.hospital => "三级医疗机构证明",
            Read::Value(ChangeReason::Abroad) if !change.proof.visa => "境外签证",
            _ => continue,
        };
        if !change.proof.unreadable {
            hearing.find("F3101", change.row, "证明材料", Amount::None, lacking);
        }
    }
}
