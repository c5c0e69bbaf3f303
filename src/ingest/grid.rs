//! A sheet that has to be known whole before its rows can be read: its merged cells are told among them.

use super::cell::{Cell, CellKind, MergedRange, RowSink};

/// A cell: its column, its kind, its text.
type Filled = (usize, CellKind, String);

/// What a row, a cell or a merged range takes in memory beside its text, at the most.
pub(crate) const WEIGHT: u64 = 96;

/// Rows with the cells that hold something, and which cells are merged.
#[derive(Default)]
pub(crate) struct Grid {
    rows: Vec<(u32, Vec<Filled>)>,
    pub(crate) merged: Vec<MergedRange>,
}

impl Grid {
    /// Begins a row; numbers rise from row to row.
    pub(crate) fn begin_row(&mut self, number: u32) {
        self.rows.push((number, Vec::new()));
    }

    /// The number of the row begun last; 0 before the first.
    pub(crate) fn row(&self) -> u32 {
        self.rows.last().map_or(0, |(number, _)| *number)
    }

    /// Adds a cell to the row begun last; columns rise from cell to cell. White space counts as it does to a reader.
    pub(crate) fn put(&mut self, column: usize, kind: CellKind, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((_, row)) = self.rows.last_mut()
            && !text.is_empty()
        {
            row.push((column, kind, text));
        }
    }

    /// Merges a cell of the row begun last with so many columns on its right and rows below.
    pub(crate) fn merge(&mut self, column: usize, across: usize, down: u32) {
        let letter = |column: usize| u16::try_from(column).unwrap_or(u16::MAX);
        let row = self.row();
        self.merged.push(MergedRange {
            first_row: row,
            first_column: letter(column),
            last_row: row.saturating_add(down),
            last_column: letter(column.saturating_add(across)),
        });
    }

    /// Hands the rows to a sink.
    pub(crate) fn tell(&self, sink: &mut impl RowSink) {
        sink.merged(&self.merged);
        let mut cells = Vec::new();
        for (number, row) in &self.rows {
            cells.clear();
            cells.resize(row.last().map_or(0, |(column, ..)| column + 1), Cell::EMPTY);
            for (column, kind, text) in row {
                if let Some(cell) = cells.get_mut(*column) {
                    *cell = Cell { kind: *kind, text };
                }
            }
            if !cells.is_empty() && sink.row(*number, &cells).is_break() {
                break;
            }
        }
    }
}
