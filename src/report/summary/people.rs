//! The sheets about who is where: the four positions by school, and pairs that may be one person.

use std::collections::BTreeMap;

use rust_xlsxwriter::Worksheet;

use super::workbook::{Formats, MOST, head, say_more, write_texts};
use crate::reconcile::positions::POSITIONS;
use crate::report::mask;
use crate::report::queries::{QueryError, count, rows};
use crate::report::read::Run;

/// How many people of each school are in each position, and of how many that is not known.
pub(super) fn positions(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let path = run.folder.join("positions.parquet");
    let mut schools: BTreeMap<(String, String), BTreeMap<String, u64>> = BTreeMap::new();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for (words, number) in count(&path, &["district", "school_code", "position"])? {
        if let [district, school, position] = words.as_slice() {
            *schools.entry((district.clone(), school.clone())).or_default().entry(position.clone()).or_default() += number;
            *all.entry(position.clone()).or_default() += number;
        }
    }
    let mut columns = vec![("区", 12.0), ("学校代码", 14.0), ("人数", 10.0)];
    columns.extend(POSITIONS.map(|position| (position, 14.0)));
    columns.push(("不明", 10.0));
    head(sheet, 0, &columns, schools.len() as u32 + 1, formats)?;
    let mut write = |row: u32, names: [&str; 2], own: &BTreeMap<String, u64>| -> Result<(), QueryError> {
        write_texts(sheet, row, 0, &names)?;
        sheet.write(row, 2, own.values().sum::<u64>())?;
        for (column, position) in (3_u16..).zip(POSITIONS.into_iter().chain([""])) {
            sheet.write(row, column, own.get(position).copied().unwrap_or(0))?;
        }
        Ok(())
    };
    write(1, ["合计", ""], &all)?;
    for (row, ((district, school), own)) in (2_u32..).zip(&schools) {
        let school = if school.is_empty() { "不属于任何学校" } else { school };
        write(row, [district, school], own)?;
    }
    let note = "在籍：学籍状态为在读或休学；在校：在某校的在读花名册上。不明：学校没有交花名册，或认不准是谁。逐人见 positions.parquet。";
    sheet.write_with_format(schools.len() as u32 + 3, 0, note, &formats.note)?;
    Ok(())
}

/// Rows that may be a student's, and registrations that look like one person's: for people to look at.
pub(super) fn perhaps(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let texts = ["decision", "name", "student_key", "student_name", "school_code", "table", "file", "sheet", "reasons_text"];
    let found = rows(&run.folder.join("matches.parquet"), &texts, &["row", "score"])?;
    let found: Vec<_> = found.into_iter().filter(|(words, _)| words.first().is_some_and(|decision| decision == "review")).collect();
    let columns = [
        ("一方的姓名", 14.0),
        ("文件", 34.0),
        ("工作表", 14.0),
        ("行", 8.0),
        ("可能是（姓名）", 14.0),
        ("学籍号（已遮盖）", 24.0),
        ("学校代码", 14.0),
        ("分数", 8.0),
        ("依据", 70.0),
    ];
    let shown = found.len().min(MOST);
    head(sheet, 0, &columns, shown as u32, formats)?;
    for (row, (words, numbers)) in (1_u32..).zip(found.iter().take(MOST)) {
        let [_, name, key, student, school, _, file, own_sheet, reasons] = words.as_slice() else { continue };
        let [at, score] = numbers.as_slice() else { continue };
        write_texts(sheet, row, 0, &[name, file, own_sheet])?;
        sheet.write(row, 3, *at)?;
        write_texts(sheet, row, 4, &[student])?;
        sheet.write(row, 5, mask::student_key(key))?;
        write_texts(sheet, row, 6, &[school])?;
        sheet.write(row, 7, *score)?;
        write_texts(sheet, row, 8, &[reasons])?;
    }
    say_more(sheet, shown as u32 + 2, found.len() - shown, "matches.parquet", formats)?;
    let note = "0 分是一半对一半，每多一分可能性翻一倍，7 分以上而又没有别的人选才算认准；姓名差一个字或号码不同的，多少分也不算。";
    sheet.write_with_format(shown as u32 + 3, 0, note, &formats.note)?;
    Ok(())
}
