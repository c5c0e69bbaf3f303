//! A33.1: who returns after an illness brings the certificate of a tertiary hospital.

use crate::facts::codes::{ChangeKind, ChangeReason};
use crate::regulation::rule::{Amount, Hearing, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A33.1",
    title: "因病休学的复学",
    asks: "休学期满或提前复学由家长申请，因病休学的须提供三级医疗机构证明，学校同意后复学。",
    reading: "看复学记录的证明材料；它前面最近的休学写明伤病的才要。",
    parameters: &[],
    findings: &["F3301"],
    reads: &["status_changes"],
};

/// F3301: a return after illness without the certificate.
pub fn record(hearing: &mut Hearing<'_>) {
    let changes = hearing.student.changes;
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Return && !change.proof.hospital && !change.proof.unreadable) {
        let Some(returned) = change.effective.value() else { continue };
        let begun = changes.iter().filter(|own| own.kind == ChangeKind::Suspension);
        let begun = begun.filter_map(|own| own.effective.value().filter(|day| *day <= returned).map(|day| (day, own)));
        let last = begun.max_by_key(|(day, _)| *day).map(|(_, own)| own);
        if last.is_some_and(|own| own.reason.is(ChangeReason::Illness)) {
            hearing.find("F3301", change.row, "证明材料", Amount::None, "三级医疗机构证明");
        }
    }
}
