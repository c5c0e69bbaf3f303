//! The sheets of findings: all of them, those still to be settled first, and the ones that two schools can't settle without the district.

use std::collections::BTreeMap;

use law::regulation::findings::find;
use rust_xlsxwriter::Worksheet;

use super::workbook::{Formats, MOST, head, say_more, write_texts};
use crate::reconcile::life::{Change, History, Life};
use crate::report::history;
use crate::report::mask;
use crate::report::queries::{QueryError, count, rows};
use crate::report::read::{FindingRow, Run};
use crate::report::words::severity;

/// What became of a finding since the last run, and the answer to it, in words.
fn life_in_words(life: Option<&Life>) -> (&'static str, String) {
    let Some(life) = life else { return ("", String::new()) };
    let answer = match (life.review, &life.answer) {
        (Some(reply), answer) => {
            let on = answer.as_ref().and_then(|answer| answer.on).map(|on| format!("，{on}")).unwrap_or_default();
            format!("{}{on}", reply.word())
        }
        (None, Some(answer)) => format!("{}（不成立：数据仍有问题或已变）", answer.reply.word()),
        (None, None) => String::new(),
    };
    (life.change.title(), answer)
}

/// The findings that `is_asked` picks by their other school, those that are open first, at most [`MOST`], how many more there are, and the
/// history of those that are shown.
fn open_first(run: &Run, is_asked: impl Fn(&str) -> bool) -> Result<(Vec<FindingRow>, usize, History), QueryError> {
    let answered = history::answered(&run.folder)?;
    let (mut found, more) = run.some_findings(MOST, |id, other| is_asked(other) && !answered.contains(id))?;
    let (closed, further) = run.some_findings(MOST - found.len(), |id, other| is_asked(other) && answered.contains(id))?;
    found.extend(closed);
    let shown = found.iter().map(|row| row.finding.finding_id.as_str()).collect();
    let history = history::of(&run.folder, &shown)?;
    Ok((found, more + further, history))
}

/// Every finding, where it stands and what to do about it.
pub(super) fn all(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let (found, more, history) = open_first(run, |_| true)?;
    let columns = [
        ("严重程度", 10.0),
        ("代码", 8.0),
        ("条款", 10.0),
        ("学校代码", 14.0),
        ("姓名", 14.0),
        ("学籍号（已遮盖）", 24.0),
        ("问题和办法", 60.0),
        ("文件", 30.0),
        ("工作表", 14.0),
        ("位置", 9.0),
        ("列", 16.0),
        ("现为", 24.0),
        ("应为", 30.0),
        ("处数", 8.0),
        ("影响", 24.0),
        ("变化", 10.0),
        ("答复", 24.0),
    ];
    head(sheet, 0, &columns, found.len() as u32, formats)?;
    for (row, FindingRow { finding, clause, school_code, name, student_key, column, cell, count, .. }) in (1_u32..).zip(&found) {
        let severity = severity(&finding.severity);
        let place = if cell.is_empty() { finding.row.map(|row| format!("第 {row} 行")).unwrap_or_default() } else { cell.clone() };
        write_texts(sheet, row, 0, &[severity, &finding.code, clause, school_code, name])?;
        sheet.write(row, 5, mask::student_key(student_key))?;
        sheet.write_string_with_format(row, 6, mask::within(&finding.message), &formats.wrap)?;
        write_texts(sheet, row, 7, &[&finding.file, &finding.sheet, &place, column, &finding.found, &finding.expected])?;
        sheet.write(row, 13, *count)?;
        let (change, answer) = life_in_words(history.get(&finding.finding_id));
        let effect = finding.effect.as_ref().map(|effect| format!("{}：{}", effect.name, effect.change())).unwrap_or_default();
        write_texts(sheet, row, 14, &[&effect, change, &answer])?;
    }
    say_more(sheet, found.len() as u32 + 2, more, "findings.parquet", formats)?;
    by_code(sheet, run, formats)
}

/// How many findings there are of each code, and how many of them are open.
fn by_code(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let mut codes: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (words, number) in count(&run.folder.join(history::FILE), &["code", "change", "review"])? {
        if let [code, change, review] = words.as_slice()
            && change != Change::Gone.code()
        {
            let own = codes.entry(code.clone()).or_default();
            own.0 += number;
            own.1 += if review.is_empty() { number } else { 0 };
        }
    }
    for (column, (title, width)) in (18_u16..).zip([("代码", 8.0), ("件数", 8.0), ("未了结", 8.0), ("问题", 50.0)]) {
        sheet.write_with_format(0, column, title, &formats.head)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, (code, (number, open))) in (1_u32..).zip(&codes) {
        sheet.write(row, 18, code)?.write(row, 19, *number)?.write(row, 20, *open)?;
        sheet.write(row, 21, find(code).map_or("", |entry| entry.wrong))?;
    }
    Ok(())
}

/// The cases of two schools: what each says, for the district to settle.
pub(super) fn of_two_schools(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let (found, more, history) = open_first(run, |other| !other.is_empty())?;
    let schools: BTreeMap<String, (String, String)> =
        rows(&run.folder.join("submissions.parquet"), &["school_code", "school_name", "district"], &[])?
            .into_iter()
            .filter_map(|(words, _)| match words.as_slice() {
                [code, name, district] => Some((code.clone(), (name.clone(), district.clone()))),
                _ => None,
            })
            .collect();
    let columns = [
        ("严重程度", 10.0),
        ("代码", 8.0),
        ("姓名", 14.0),
        ("学籍号（已遮盖）", 24.0),
        ("学校代码", 14.0),
        ("学校名称", 26.0),
        ("区", 12.0),
        ("另一学校代码", 14.0),
        ("另一学校名称", 26.0),
        ("另一区", 12.0),
        ("各方记录", 70.0),
        ("应为", 26.0),
        ("问题和办法", 50.0),
        ("变化", 10.0),
        ("答复", 24.0),
    ];
    head(sheet, 0, &columns, found.len() as u32, formats)?;
    for (row, FindingRow { finding, school_code, other_school_code, name, student_key, .. }) in (1_u32..).zip(&found) {
        let severity = severity(&finding.severity);
        write_texts(sheet, row, 0, &[severity, &finding.code, name, &mask::student_key(student_key)])?;
        for (column, code) in [(4, school_code), (7, other_school_code)] {
            let (school, district) = schools.get(code).map_or(("", ""), |(name, district)| (name, district));
            write_texts(sheet, row, column, &[code, school, district])?;
        }
        sheet.write_string_with_format(row, 10, mask::within(&finding.found), &formats.wrap)?;
        write_texts(sheet, row, 11, &[&finding.expected])?;
        sheet.write_string_with_format(row, 12, mask::within(&finding.message), &formats.wrap)?;
        let (change, answer) = life_in_words(history.get(&finding.finding_id));
        write_texts(sheet, row, 13, &[change, &answer])?;
    }
    say_more(sheet, found.len() as u32 + 2, more, "findings.parquet", formats)?;
    let note = "同一名学生牵涉两所学校，一所学校自己了结不了：请区里召集两校核对；跨区的，报市里协调。";
    sheet.write_with_format(found.len() as u32 + 3, 0, note, &formats.note)?;
    Ok(())
}
