//! How do rejected rows stand in their file? Reads a file again and keeps of it the titles and headers and the rows that go back, and no
//! more: a file may be larger than memory.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::cell::{Cell, CellKind, MergedRange, RowSink};
use super::file::{About, each_raw_sheet, guarded, source_within};
use super::headers::Vocabulary;
use super::mend::{CopiedCell, CopiedSheet, Mark, mend, write_dates};
use super::rows::{Carried, carry, filled};
use super::table::Table;
use super::value::{Context, NewSubjects};

/// A file with rows that go back.
#[derive(Clone, Debug)]
pub struct RejectedFile {
    /// Where it stands; of a file within an archive, where the archive does.
    pub full: PathBuf,
    /// The path within the archive; empty for a file that stands by itself.
    pub within: String,
    /// The hash of its content when it was read.
    pub sha256: String,
    /// Its tables with such rows, in the order in which they stand there.
    pub tables: Vec<RejectedTable>,
}

/// A table with rows that go back.
#[derive(Clone, Debug)]
pub struct RejectedTable {
    /// The sheet's name.
    pub sheet: String,
    /// Which table it is.
    pub table: Table,
    /// The column of each field, from 0.
    pub places: Vec<Option<u16>>,
    /// The last row of the table above it in the same sheet; 0 without one.
    pub above: u32,
    /// The row number of the header's last row.
    pub header_row: u32,
    /// The row numbers of the rows that go back, in order.
    pub rows: Vec<u32>,
}

/// What was read again of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOfRejected {
    /// Which one, among the file's.
    pub table: usize,
    /// Whether the workbook hides its sheet.
    pub is_hidden: bool,
    /// The rows of titles and headers by their number in the file.
    pub heading: Vec<(u32, Vec<CopiedCell>)>,
    /// The merged cells within these.
    pub merged: Vec<MergedRange>,
    /// The rows that go back by their number in the file; cells that are wrong by themselves are marked.
    pub rows: Vec<(u32, Vec<CopiedCell>)>,
}

/// The most rows of titles and headers that are kept.
const MOST_OF_HEADING: usize = 40;

/// Takes what is kept of the rows of one sheet.
struct Rejected<'f> {
    tables: Vec<(&'f RejectedTable, TableOfRejected)>,
    is_1904: bool,
    merged: Vec<MergedRange>,
    /// Merged cells over rows of one column, by their first row.
    columns: Vec<MergedRange>,
    carried: Carried,
    last: u32,
}

impl<'f> Rejected<'f> {
    fn new(file: &'f RejectedFile, about: &About) -> Self {
        let own = file.tables.iter().enumerate().filter(|(_, table)| table.sheet == about.name);
        let nothing =
            |table| TableOfRejected { table, is_hidden: about.is_hidden, heading: Vec::new(), merged: Vec::new(), rows: Vec::new() };
        let tables: Vec<_> = own.map(|(place, table)| (table, nothing(place))).collect();
        let last = tables.iter().flat_map(|(table, _)| table.rows.last().copied()).max().unwrap_or(0);
        let (merged, columns, carried) = (Vec::new(), Vec::new(), Carried::new());
        Self { tables, is_1904: about.is_1904, merged, columns, carried, last }
    }

    /// What was kept, with the cells marked that are wrong by themselves.
    fn finish(self, vocabulary: &Vocabulary) -> Vec<TableOfRejected> {
        let merged = self.merged;
        let finish = |(table, mut own): (&RejectedTable, TableOfRejected)| {
            let first = own.heading.first().map_or(0, |(number, _)| *number);
            let is_of_heading = |range: &&MergedRange| first <= range.first_row && range.last_row <= table.header_row;
            own.merged = merged.iter().filter(is_of_heading).copied().collect();
            own.heading = plain(std::mem::take(&mut own.heading), self.is_1904);
            let mut context = Context { vocabulary, is_1904: self.is_1904, subjects: NewSubjects::default() };
            let as_it_stands = own.rows.clone();
            let mut copy = CopiedSheet { name: String::new(), is_hidden: false, merged: Vec::new(), rows: std::mem::take(&mut own.rows) };
            mend(&mut copy, table.table, &table.places, table.rows.iter().copied(), &mut context);
            // What could be repaired is the sender's own writing, and was no reason to send the row back.
            for ((_, cells), (_, own)) in copy.rows.iter_mut().zip(as_it_stands) {
                for (place, cell) in cells.iter_mut().enumerate().filter(|(_, cell)| cell.mark == Mark::Repaired) {
                    *cell = own.get(place).cloned().unwrap_or(EMPTY);
                }
            }
            write_dates(&mut copy, self.is_1904);
            own.rows = copy.rows;
            own
        };
        self.tables.into_iter().map(finish).collect()
    }
}

const EMPTY: CopiedCell = CopiedCell { kind: CellKind::Empty, text: String::new(), mark: Mark::Kept };

/// Rows whose dates are written as days.
fn plain(rows: Vec<(u32, Vec<CopiedCell>)>, is_1904: bool) -> Vec<(u32, Vec<CopiedCell>)> {
    let mut copy = CopiedSheet { name: String::new(), is_hidden: false, merged: Vec::new(), rows };
    write_dates(&mut copy, is_1904);
    copy.rows
}

fn copied(cells: &[Cell<'_>]) -> Vec<CopiedCell> {
    let end = cells.iter().rposition(|cell| cell.kind != CellKind::Empty).map_or(0, |last| last + 1);
    let copy = |cell: &Cell<'_>| CopiedCell { kind: cell.kind, text: cell.text.to_owned(), mark: Mark::Kept };
    cells.iter().take(end).map(copy).collect()
}

impl RowSink for Rejected<'_> {
    fn merged(&mut self, ranges: &[MergedRange]) {
        self.merged = ranges.to_vec();
        self.columns = ranges.to_vec();
        self.columns.retain(|range| range.first_column == range.last_column && range.first_row < range.last_row);
        self.columns.sort_by_key(|range| range.first_row);
    }

    fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()> {
        if number > self.last {
            return ControlFlow::Break(());
        }
        carry(&mut self.carried, &self.columns, number, cells);
        for (table, own) in &mut self.tables {
            if table.above < number && number <= table.header_row {
                if own.heading.len() == MOST_OF_HEADING {
                    own.heading.remove(0);
                }
                own.heading.push((number, copied(cells)));
            } else if table.rows.binary_search(&number).is_ok() {
                own.rows.push((number, copied(&filled(&self.carried, number, cells))));
            }
        }
        ControlFlow::Continue(())
    }
}

/// Reads the rows of a file that go back, in the order of its tables.
///
/// # Errors
/// Says in Chinese why that can't be done: above all, that the file is gone or another one by now.
pub fn reread(file: &RejectedFile, vocabulary: &Vocabulary) -> Result<Vec<TableOfRejected>, String> {
    guarded(|| {
        let source = source_within(&file.full, &file.within).map_err(|_| "读入之后文件不见了，或打不开了")?;
        if source.sha256().map_err(|error| error.to_string())? != file.sha256 {
            return Err("读入之后文件有改动".to_owned());
        }
        let mut tables = Vec::new();
        let open = |about: &About| Rejected::new(file, about);
        each_raw_sheet(&source, vocabulary, open, |_, sheet: Result<Rejected<'_>, String>| {
            tables.extend(sheet.into_iter().flat_map(|sheet| sheet.finish(vocabulary)));
        })?;
        tables.sort_by_key(|own| own.table);
        Ok(tables)
    })
    .unwrap_or_else(|| Err("文件已损坏".to_owned()))
}
