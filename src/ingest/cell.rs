//! One cell as a file holds it: what kind of value the file says it is, and its text, nothing interpreted yet.

use std::ops::ControlFlow;

/// What the file says about a cell's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// No value.
    Empty,
    /// Text, as every cell of a text file.
    Text,
    /// A number, which a spreadsheet keeps to 15 digits only.
    Number,
    /// A number shown as a date: days since the workbook's epoch.
    Date,
    /// A truth value, `1` or `0`.
    Boolean,
    /// An error value such as `#N/A`.
    Error,
}

/// A cell; `text` is the stored text (for `Number` and `Date` the number as stored, so that nothing is lost).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What the file says about the value.
    pub kind: CellKind,
    /// The stored text.
    pub text: &'a str,
}

impl<'a> Cell<'a> {
    /// A cell without a value.
    pub const EMPTY: Cell<'static> = Cell { kind: CellKind::Empty, text: "" };

    /// A cell of a text file.
    pub fn text(text: &'a str) -> Self {
        Cell { kind: if text.is_empty() { CellKind::Empty } else { CellKind::Text }, text }
    }
}

/// Cells merged into one: rows from 1, columns from 0, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedRange {
    /// First row, from 1.
    pub first_row: u32,
    /// First column, from 0.
    pub first_column: u16,
    /// Last row, from 1.
    pub last_row: u32,
    /// Last column, from 0.
    pub last_column: u16,
}

/// Who takes the rows of a sheet, in order. Rows without any cell are not passed on.
pub trait RowSink {
    /// The sheet's merged ranges, told before its first row.
    fn merged(&mut self, _ranges: &[MergedRange]) {}

    /// A row: its number as the spreadsheet shows it (from 1) and its cells from column A on (may be shorter than others).
    fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()>;

    /// The columns the sink needs, once it knows (after it has seen the header): a reader may leave other cells empty.
    fn wanted(&self) -> Option<&[bool]> {
        None
    }

    /// Asked after the last row: whether all rows are to be told once more, with the cells that were left out.
    fn begins_again(&mut self) -> bool {
        false
    }
}
