//! A copy of an input file as a workbook: safe repairs done and green, cells that need a person red with a note that says why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use law::regulation::findings::find;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Note, Workbook, Worksheet, XlsxError};

use super::archive;
use crate::ingest::cell::CellKind;
use crate::ingest::{CopiedCell, CopiedSheet, Mark};

/// Cells of a sheet that get a note; the others are coloured only, for programs grow slow over many notes.
const MOST_NOTES: usize = 2_000;
/// Characters of a sheet's name.
const LONGEST_NAME: usize = 31;
/// Digits that a number of a spreadsheet keeps.
const EXACT: usize = 15;
/// Characters of a cell.
const LONGEST_TEXT: usize = 32_767;

/// Why a copy can't be written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is something in its place already.
    #[error("{0} is there already: name an empty folder")]
    Exists(PathBuf),
    /// The disk refuses.
    #[error("{0}: {1}")]
    Write(PathBuf, String),
}

/// What was done in a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Where the copy stands.
    pub path: PathBuf,
    /// Cells repaired.
    pub repaired: usize,
    /// Cells that need a person.
    pub wrong: usize,
}

/// How cells look.
pub(super) struct Formats {
    text: Format,
    repaired: Format,
    wrong: Format,
}

impl Formats {
    /// Text that stays text when it is typed over; repaired cells green, wrong ones red.
    pub(super) fn new() -> Self {
        Self {
            text: Format::new().set_num_format("@"),
            repaired: Format::new().set_num_format("@").set_background_color(Color::RGB(0xD9_EAD3)),
            wrong: Format::new().set_num_format("@").set_background_color(Color::RGB(0xF4_CCCC)),
        }
    }
}

/// Writes a copy of the file of this path (below its input folder) under the folder; `whole` says what is wrong with whole tables.
///
/// # Errors
/// Something stands in its place, or the disk refuses.
pub fn write_copy(folder: &Path, path: &str, sheets: &[CopiedSheet], whole: &[String]) -> Result<Mended, CopyError> {
    let is_workbook = path.to_ascii_lowercase().ends_with(".xlsx");
    let full = folder.join(if is_workbook { path.to_owned() } else { format!("{path}.xlsx") });
    if full.exists() {
        return Err(CopyError::Exists(full));
    }
    let fail = |error: &dyn std::fmt::Display| CopyError::Write(full.clone(), error.to_string());
    if let Some(parent) = full.parent() {
        std::fs::create_dir_all(parent).map_err(|error| fail(&error))?;
    }
    let (mut workbook, repaired, wrong) = workbook(sheets, whole).map_err(|error| fail(&error))?;
    archive::save(&mut workbook, &full).map_err(|error| fail(&error))?;
    Ok(Mended { path: full, repaired, wrong })
}

fn workbook(sheets: &[CopiedSheet], whole: &[String]) -> Result<(Workbook, usize, usize), XlsxError> {
    let formats = Formats::new();
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    let (mut repaired, mut wrong) = (0, 0);
    let mut names = BTreeSet::new();
    let mut is_first = true;
    for copy in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(&copy.name, &mut names))?;
        // A workbook shows at least one sheet.
        sheet.set_hidden(copy.is_hidden && !is_first);
        is_first = false;
        write_sheet(sheet, copy, &formats)?;
        let marks = || copy.rows.iter().flat_map(|(_, cells)| cells).map(|cell| &cell.mark);
        repaired += marks().filter(|mark| matches!(mark, Mark::Repaired)).count();
        wrong += marks().filter(|mark| matches!(mark, Mark::Wrong(..))).count();
    }
    let about = workbook.add_worksheet().set_name(sheet_name("检查说明", &mut names))?;
    let lines = [
        "本文件是所报文件的副本，原文件没有改动。".to_owned(),
        format!("绿色：已按原意修复的写法，共 {repaired} 格，无需处理。"),
        format!("红色：需要人工核对更正，共 {wrong} 格；鼠标停在格上可看到原因和应有的写法。"),
        "更正后可直接报送本文件；这一张工作表可以删去。".to_owned(),
    ];
    let whole_tables = whole.iter().flat_map(|cause| cause.lines()).map(|line| line.trim().to_owned());
    let heading = (!whole.is_empty()).then(|| "报送之前还须更正整张表的问题：".to_owned());
    for (row, line) in (0..).zip(lines.into_iter().chain(heading).chain(whole_tables)) {
        about.write_string(row, 0, line)?;
    }
    about.set_column_width(0, 80)?;
    Ok((workbook, repaired, wrong))
}

/// A name that a sheet can have, and none of those before it has.
pub(super) fn sheet_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let clean: String = name
        .chars()
        .map(|letter| if matches!(letter, '[' | ']' | ':' | '*' | '?' | '/' | '\\') || letter.is_control() { '_' } else { letter })
        .collect();
    let clean = clean.trim_matches('\'');
    let base = if clean.is_empty() { "数据" } else { clean };
    let cut = |room: usize| base.chars().take(room).collect::<String>();
    let mut tries = (2..).map(|number| {
        let end = format!(" {number}");
        cut(LONGEST_NAME - end.chars().count()) + &end
    });
    let mut own = cut(LONGEST_NAME);
    while !taken.insert(own.to_lowercase()) {
        own = tries.next().unwrap_or_default();
    }
    own
}

/// Writes the cells of a sheet, those that need a person red with a note.
pub(super) fn write_sheet(sheet: &mut Worksheet, copy: &CopiedSheet, formats: &Formats) -> Result<(), XlsxError> {
    let mut notes = 0;
    for range in &copy.merged {
        // The text of a merged cell is written with the cell itself. Ranges that overlap, as in damaged files, stay as they are.
        let _ = sheet.merge_range(range.first_row - 1, range.first_column, range.last_row - 1, range.last_column, "", &formats.text);
    }
    for (number, cells) in &copy.rows {
        let Some(row) = number.checked_sub(1) else { continue };
        for (column, cell) in (0_u16..).zip(cells) {
            let format = match &cell.mark {
                Mark::Kept => &formats.text,
                Mark::Repaired => &formats.repaired,
                Mark::Wrong(code, expected) => {
                    if notes < MOST_NOTES {
                        notes += 1;
                        sheet.insert_note(row, column, &note(code, expected))?;
                    }
                    &formats.wrong
                }
            };
            write_cell(sheet, row, column, cell, format)?;
        }
    }
    sheet.autofit();
    Ok(())
}

fn note(code: &str, expected: &str) -> Note {
    let (wrong, mend) = find(code).map_or(("", ""), |entry| (entry.wrong, entry.mend));
    Note::new(format!("{code} {wrong}\n应为：{expected}\n办法：{mend}")).add_author_prefix(false).set_width(260).set_height(110)
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &CopiedCell, format: &Format) -> Result<(), XlsxError> {
    let is_plain = matches!(cell.mark, Mark::Kept);
    match (cell.kind, cell.text.parse::<f64>()) {
        (CellKind::Empty, _) if is_plain => Ok(()),
        (CellKind::Empty, _) => sheet.write_blank(row, column, format).map(|_| ()),
        // A number that keeps all its digits stays one.
        (CellKind::Number, Ok(number)) if is_plain && number.is_finite() && cell.text.len() <= EXACT => {
            sheet.write_number(row, column, number).map(|_| ())
        }
        _ => {
            let text: String = cell.text.chars().take(LONGEST_TEXT).collect();
            sheet.write_string_with_format(row, column, text, format).map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_made_possible() {
        let mut taken = BTreeSet::new();
        let names = ["", "", "a/b", "A_b", &"长".repeat(40), &"长".repeat(41)].map(|name| sheet_name(name, &mut taken));
        assert_eq!(names[..4], ["数据", "数据 2", "a_b", "A_b 2"]);
        assert_eq!((names[4].chars().count(), names[5].chars().count()), (31, 31));
        assert_ne!(names[4], names[5]);
    }
}
