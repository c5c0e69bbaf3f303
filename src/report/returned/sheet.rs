//! How is a returned workbook laid out? As the file that it is of, sheet by sheet: titles and headers as they came, below them the rows that
//! were rejected, and right of the last column those of ours.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::row::Words;
use super::wanted::{WantedFile, WantedTable};
use crate::ingest::cell::{CellKind, MergedRange};
use crate::ingest::{ADDED, CopiedCell, CopiedSheet, Mark, RejectedTable, TableOfRejected, WITHDRAWN, is_added};
use crate::report::mask;
use crate::report::mend::{Formats, sheet_name, write_sheet};

/// Columns that a sheet can have.
const MOST_COLUMNS: usize = 1 << 14;
/// Rows above a header that stay where they were; a header further down moves up.
const MOST_ABOVE: u32 = 100;
/// The widths of the columns of ours.
const WIDTHS: [f64; 4] = [12.0, 60.0, 45.0, 20.0];

/// The workbook of a file; none if a sheet has no room for the columns of ours.
pub(super) fn workbook(file: &WantedFile, tables: Vec<TableOfRejected>, as_of: NaiveDate) -> Result<Option<Workbook>, XlsxError> {
    let mut workbook = Workbook::new();
    // Excel knows no year before 1900.
    let (year, month, day) = (as_of.year().clamp(1900, 9999) as u16, as_of.month() as u8, as_of.day() as u8);
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(year, month, day)?));
    let formats = Formats::new();
    let mut names = BTreeSet::new();
    let mut tables = tables.into_iter().peekable();
    let mut is_first = true;
    while let Some(first) = tables.next() {
        let Some(name) = file.rejected.tables.get(first.table).map(|table| table.sheet.as_str()) else { continue };
        let mut of_sheet = vec![first];
        let is_of_sheet = |other: &TableOfRejected| file.rejected.tables.get(other.table).is_some_and(|table| table.sheet == name);
        while let Some(next) = tables.next_if(is_of_sheet) {
            of_sheet.push(next);
        }
        let is_hidden = of_sheet.iter().any(|own| own.is_hidden) && !is_first;
        let Some(laid_out) = LaidOut::new(name, is_hidden, of_sheet, file) else { return Ok(None) };
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(name, &mut names))?.set_hidden(is_hidden);
        is_first = false;
        laid_out.write(sheet, &formats)?;
    }
    let about = workbook.add_worksheet().set_name(sheet_name("退回说明", &mut names))?;
    let rows: usize = file.rejected.tables.iter().map(|table| table.rows.len()).sum();
    let lines = [
        format!("原文件：{}。其中 {rows} 行没有采用，都在本文件中；其余各行不必重报。", mask::within(&file.path)),
        "红色的格须核对更正，鼠标停在格上可看到原因；每行右边写明有什么问题、怎样改。".to_owned(),
        "请在本文件中更正，保存后与原文件放在同一处重新报送。原文件不要改动，也不要删去：改好的行会代替原来的行。".to_owned(),
        "隐藏的“退回编号”一列不要改动：它说明每一行是原文件的哪一行。增加的行、调整行列的次序都可以。".to_owned(),
        format!("不该报的行：把“怎样改”一格改写为“{WITHDRAWN}”二字，原来的行就不再算。只把它从本文件中去掉的，原来的行仍作没有采用。"),
        "这一张工作表可以删去。".to_owned(),
    ];
    for (row, line) in (0..).zip(lines) {
        about.write_string(row, 0, line)?;
    }
    about.set_column_width(0, 100)?;
    Ok(Some(workbook))
}

/// A sheet with its rows where they are to stand.
struct LaidOut {
    copy: CopiedSheet,
    /// The first of the columns of ours.
    column: u16,
    /// The rows of the headers.
    headers: Vec<u32>,
    /// The rows with what is said of them, and their numbers.
    words: Vec<(u32, Words, String)>,
}

impl LaidOut {
    /// None if there is no room for the columns of ours.
    fn new(name: &str, is_hidden: bool, tables: Vec<TableOfRejected>, file: &WantedFile) -> Option<Self> {
        let copy = CopiedSheet { name: name.to_owned(), is_hidden, merged: Vec::new(), rows: Vec::new() };
        let mut own = Self { copy, column: 0, headers: Vec::new(), words: Vec::new() };
        let mut next = 1;
        for table in tables {
            if let (Some(rejected), Some(known)) = (file.rejected.tables.get(table.table), file.tables.get(table.table)) {
                next = own.add(table, rejected, known, next);
            }
        }
        let width = own.copy.rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let merged = own.copy.merged.iter().map(|range| usize::from(range.last_column) + 1).max().unwrap_or(0);
        let column = width.max(merged);
        own.column = u16::try_from(column).ok().filter(|_| column + ADDED.len() <= MOST_COLUMNS)?;
        Some(own)
    }

    /// Adds a table whose first row may be `next`; gives the row that the one below it may begin with.
    fn add(&mut self, table: TableOfRejected, rejected: &RejectedTable, known: &WantedTable, next: u32) -> u32 {
        let TableOfRejected { mut heading, mut merged, rows, .. } = table;
        let first = heading.first().map_or(rejected.header_row, |(number, _)| *number);
        let header_row = rejected.header_row.max(first);
        let stays = next == 1 && header_row <= MOST_ABOVE;
        let begin = if stays { first.max(1) } else { next };
        let moved = |number: u32| number.saturating_sub(first).saturating_add(begin);
        let mut below: Vec<(u32, Vec<CopiedCell>)> = Vec::with_capacity(rows.len());
        let mut row = moved(header_row);
        self.headers.push(row);
        for (number, mut cells) in rows {
            row += 1;
            if let Some(mut problems) = known.rows.get(&number).cloned() {
                widen(&mut cells, &rejected.places);
                let words = problems.settle(rejected.table, &rejected.places, &known.headers, &mut cells);
                self.words.push((row, words, known.origin.number(number, &problems.earlier)));
            }
            below.push((row, cells));
        }
        // What was added in an earlier round is added anew.
        let labels = heading.iter().find(|(number, _)| *number == rejected.header_row);
        let added: Vec<usize> = labels
            .map(|(_, cells)| cells.iter().enumerate().filter(|(_, cell)| is_added(&cell.text)).map(|(column, _)| column).collect())
            .unwrap_or_default();
        heading.iter_mut().chain(&mut below).for_each(|(_, cells)| take_out(cells, &added));
        merged.retain_mut(|range| narrow(range, &added));
        self.copy.rows.extend(heading.into_iter().map(|(number, cells)| (moved(number), cells)));
        self.copy.rows.extend(below);
        self.copy.merged.extend(merged.into_iter().map(|range| MergedRange {
            first_row: moved(range.first_row),
            last_row: moved(range.last_row),
            ..range
        }));
        row + 2
    }

    fn write(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), XlsxError> {
        write_sheet(sheet, &self.copy, formats)?;
        let header = Format::new().set_num_format("@").set_bold().set_background_color(Color::RGB(0xFF_F2CC));
        let text = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
        let columns = || self.column..self.column + ADDED.len() as u16;
        for row in &self.headers {
            for (column, label) in columns().zip(ADDED) {
                sheet.write_string_with_format(row - 1, column, label, &header)?;
            }
        }
        for (row, words, number) in &self.words {
            for (column, words) in columns().zip([&words.codes, &words.wrong, &words.mend, number]) {
                let words: String = words.chars().take(LONGEST_TEXT).collect();
                sheet.write_string_with_format(row - 1, column, words, &text)?;
            }
        }
        for (column, width) in columns().zip(WIDTHS) {
            sheet.set_column_width(column, width)?;
        }
        sheet.set_column_hidden(self.column + ADDED.len() as u16 - 1)?;
        Ok(())
    }
}

/// Characters of a cell.
const LONGEST_TEXT: usize = 32_767;

/// Makes a row as wide as the columns that are read, so that an empty cell at its end can be marked.
fn widen(cells: &mut Vec<CopiedCell>, places: &[Option<u16>]) {
    let width = places.iter().flatten().max().map_or(0, |last| usize::from(*last) + 1);
    if cells.len() < width {
        cells.resize(width, CopiedCell { kind: CellKind::Empty, text: String::new(), mark: Mark::Kept });
    }
}

/// Takes columns out of a row.
fn take_out(cells: &mut Vec<CopiedCell>, columns: &[usize]) {
    for column in columns.iter().rev().filter(|column| **column < cells.len()).collect::<Vec<_>>() {
        cells.remove(*column);
    }
}

/// Takes columns out of merged cells; false if nothing is left that is merged.
fn narrow(range: &mut MergedRange, columns: &[usize]) -> bool {
    let before = |column: u16| columns.iter().filter(|own| **own < usize::from(column)).count() as u16;
    let end = range.last_column.saturating_add(1);
    let (first, end) = (range.first_column - before(range.first_column), end - before(end));
    (range.first_column, range.last_column) = (first, end.saturating_sub(1));
    end > first && (end > first + 1 || range.first_row < range.last_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_ours_are_taken_out_wherever_they_stand() {
        let cell = |text: &str| CopiedCell { kind: CellKind::Text, text: text.to_owned(), mark: Mark::Kept };
        let mut cells: Vec<CopiedCell> = ["a", "x", "b", "y"].map(cell).into();
        take_out(&mut cells, &[1, 3, 9]);
        assert_eq!(cells, ["a", "b"].map(cell));
        let range = |first_column, last_column| MergedRange { first_row: 1, last_row: 1, first_column, last_column };
        let narrowed = |first, last| {
            let mut own = range(first, last);
            narrow(&mut own, &[1, 3]).then_some((own.first_column, own.last_column))
        };
        assert_eq!(narrowed(0, 4), Some((0, 2)));
        assert_eq!(narrowed(2, 4), Some((1, 2)));
        assert_eq!(narrowed(0, 1), None);
        assert_eq!(narrowed(3, 3), None);
    }
}
