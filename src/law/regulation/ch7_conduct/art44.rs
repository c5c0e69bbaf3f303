//! Article 44: archives go with the student, and those of a merged or closed school to its successor.

use crate::facts::audit::Audited;
use crate::facts::codes::{ArchivePart, ChangeKind, Read, SchoolStatus};
use crate::facts::student::{Archive, Origin};
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A44.1
pub static MOVED: Rule = Rule {
    clause: "A44.1",
    title: "档案的移交",
    asks: "学生转学或升学时，学籍档案转入转入学校或升入学校，原学校留备份和必要的复印件。",
    reading: "只查交了档案清单的学校。本市之间转入满规定天数，没有一类材料写明移交到本校；或写明了本校为接收学校而没有移交日期。",
    parameters: &["archives.moved_within_days"],
    findings: &["F4401"],
    reads: &["archives", "status_changes"],
};
/// A44.3, A47.1
pub static SUCCESSION: Rule = Rule {
    clause: "A44.3",
    title: "合并、撤销学校的学籍",
    asks: "学校合并的，档案和学籍信息移交并入的学校；撤销的，移交区指定的单位（A47.1）。",
    reading: "学校名录写明合并或撤销、而名册里仍有在读或休学的学生。",
    parameters: &[],
    findings: &["F4701"],
    reads: &["schools"],
};

/// Whether a school of this status may hold no registration any more.
pub fn must_be_empty(status: Read<SchoolStatus>) -> Option<SchoolStatus> {
    status.value().filter(|status| *status != SchoolStatus::Open)
}

/// F4401: an archive that did not come with the student.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    if !audited.has_archives {
        return;
    }
    // The papers of measures need not come along (A42.2).
    let archives = || audited.archives.iter().filter(|own| !own.part.is(ArchivePart::Measures));
    if let Some(named) = archives().find(|own| own.to_here == Read::Value(true) && own.moved == Read::Empty) {
        hearing.find("F4401", named.row, "移交日期", Amount::None, "移交到接收学校的日期");
        return;
    }
    let law = hearing.law;
    let came = hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::TransferIn);
    let came = came.filter(|change| change.transfer.is_some_and(|transfer| transfer.origin == Origin::City && transfer.is_here()));
    let Some((effective, change)) = came.filter_map(|change| Some((change.effective.value()?, change))).max_by_key(|own| own.0) else {
        return;
    };
    let is_due = (law.as_of - effective).num_days() > i64::from(law.policy.archives.moved_within_days);
    let has_come = |own: &Archive| own.to_here != Read::Value(false) && own.moved != Read::Empty || own.to_here == Read::Unreadable;
    if is_due && !archives().any(has_come) {
        hearing.find("F4401", change.row, "生效日期", Amount::Date(effective), "档案移交到转入学校的记录");
    }
}
