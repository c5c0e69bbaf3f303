//! What a row of a finding says, column by column. The headers are those by which answers are known again: what stands below them is sealed.

use super::findings::Row;
use super::form::{shown, shown_name};
use crate::report::mask;
use crate::report::words;

/// A column of facts.
pub(super) struct Fact {
    /// Its header, one of those that 核查反馈 knows.
    pub header: &'static str,
    /// Its width.
    pub width: f64,
    /// What stands in it.
    pub text: fn(&Row<'_>) -> String,
}

/// The code and its clause.
pub(super) const CODE: Fact = Fact {
    header: "代码",
    width: 8.0,
    text: |row| {
        let own = &row.finding.row;
        if own.clause.is_empty() { own.finding.code.clone() } else { format!("{}\n{}", own.finding.code, own.clause) }
    },
};

/// How grave it is.
pub(super) const SEVERITY: Fact =
    Fact { header: "程度", width: 8.0, text: |row| words::severity(&row.finding.row.finding.severity).to_owned() };

/// Whom it is about.
pub(super) const NAME: Fact = Fact { header: "姓名", width: 9.0, text: |row| shown_name(&row.finding.row.name) };

/// The student's grade and class.
pub(super) const CLASS: Fact = Fact {
    header: "年级班级",
    width: 9.0,
    text: |row| row.student.map(|student| format!("{} {}", student.grade_title(), shown_name(&student.class))).unwrap_or_default(),
};

/// The student's number, masked.
pub(super) const NUMBER: Fact =
    Fact { header: "学籍号（已遮盖）", width: 12.0, text: |row| mask::student_key(&row.finding.row.student_key) };

/// What is wrong, and what to do.
pub(super) const MESSAGE: Fact = Fact { header: "问题和办法", width: 28.0, text: |row| shown(&row.finding.row.finding.message) };

/// What was found.
pub(super) const FOUND: Fact = Fact { header: "现为", width: 20.0, text: |row| shown(&row.finding.row.finding.found) };

/// What was expected.
pub(super) const EXPECTED: Fact = Fact { header: "应为", width: 20.0, text: |row| shown(&row.finding.row.finding.expected) };

/// Where it stands: file, sheet, cell, column, and how many there are.
pub(super) const PLACE: Fact = Fact {
    header: "在哪里",
    width: 22.0,
    text: |row| {
        let own = &row.finding.row;
        let mut parts: Vec<String> = [&own.finding.file, &own.finding.sheet].into_iter().filter(|text| !text.is_empty()).cloned().collect();
        if !own.cell.is_empty() {
            parts.push(format!("{} 格", own.cell));
        } else if let Some(row) = own.finding.row {
            parts.push(format!("第 {row} 行"));
        }
        if !own.column.is_empty() {
            parts.push(format!("“{}”列", own.column.split_whitespace().collect::<String>()));
        }
        if own.count > 1 {
            parts.push(format!("共 {} 处", own.count));
        }
        shown(&parts.join("，"))
    },
};

/// Whose decision it could change.
pub(super) const EFFECT: Fact = Fact {
    header: "影响",
    width: 12.0,
    text: |row| {
        let effect = row.finding.row.finding.effect.as_ref();
        effect.map(|effect| format!("{}：{}", shown_name(&effect.name), effect.change())).unwrap_or_default()
    },
};

/// What became of it, and an answer that does not stand any more: it is told here and not filled in, or it would be given anew unread.
pub(super) const CHANGE: Fact = Fact {
    header: "变化和以前的答复",
    width: 12.0,
    text: |row| {
        let Some(life) = &row.finding.life else { return String::new() };
        let lapsed = life.answer.as_ref().filter(|_| life.review.is_none()).map(|answer| {
            let on = answer.on.map(|on| format!("，{on}")).unwrap_or_default();
            let note = if answer.note.is_empty() { String::new() } else { format!("：{}", answer.note) };
            format!("；以前答复“{}”{on}{note}，数据仍有问题或已变，请再答复", answer.reply.word())
        });
        shown(&format!("{}{}", life.change.title(), lapsed.unwrap_or_default()))
    },
};

/// The school of a case of two.
pub(super) const SCHOOL: Fact = Fact { header: "学校", width: 16.0, text: |row| shown_name(row.school) };

/// The other school.
pub(super) const OTHER_SCHOOL: Fact = Fact { header: "另一所学校", width: 16.0, text: |row| shown_name(row.other_school) };

#[cfg(test)]
mod tests {
    use super::super::findings::{OF_SCHOOL, OF_TWO, OF_TWO_TOLD, WITHOUT_SCHOOL};
    use crate::ingest::table::{Holds, Table};

    #[test]
    fn every_header_is_one_that_comes_back_without_a_finding() {
        for fact in [OF_SCHOOL, OF_TWO, OF_TWO_TOLD, WITHOUT_SCHOOL].into_iter().flatten() {
            let field = Table::Reviews.field(fact.header).expect(fact.header);
            assert_eq!(Table::Reviews.fields()[field].holds, Holds::Shown);
        }
    }
}
