//! Article 43: what a student's archive holds.

use crate::facts::audit::Audited;
use crate::facts::codes::{ArchivePart, Read};
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A43.1
pub static RULE: Rule = Rule {
    clause: "A43.1",
    title: "学籍档案的内容",
    asks: "学籍档案包括学籍基础信息、证明材料、综合素质评价、体质健康、资助信息和其他材料。",
    reading: "只查交了档案清单的学校和有全国学籍号的学生。人人应有的是政策里列的几类；资助信息和其他材料不是人人都有，不查。",
    parameters: &["archives.parts"],
    findings: &["F4301"],
    reads: &["archives"],
};

/// F4301: an archive that lacks a part.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    // Archives name students by their national number.
    let has_number = matches!(audited.national_id, Read::Value(()));
    if !has_number || !audited.has_archives || audited.archives.iter().any(|archive| archive.part == Read::Unreadable) {
        return;
    }
    let asked = &hearing.law.policy.archives.parts;
    let has = |part: ArchivePart| audited.archives.iter().any(|archive| archive.part.is(part));
    let lacking = asked.iter().copied().filter(|part| !has(*part)).fold(0, |bits, part| bits | 1 << part as u8);
    if lacking == 0 {
        return;
    }
    let (row, column) = audited.archives.first().map_or((hearing.student.row, "全国学籍号"), |archive| (archive.row, "材料类别"));
    hearing.find("F4301", row, column, Amount::LackingParts(lacking), "档案应有的每一类材料");
}
