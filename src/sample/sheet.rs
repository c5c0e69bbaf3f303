//! A table in the making: the columns of the contract, filled row by row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Date32Builder, Int32Array, Int32Builder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::dates::{self, Day};
use crate::ingest::table::{Holds, Table};

/// A cell to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A text.
    Text(&'a str),
    /// A day.
    Day(Day),
    /// A whole number.
    Whole(i32),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }
}

impl From<Option<Day>> for Cell<'_> {
    fn from(day: Option<Day>) -> Self {
        day.map_or(Cell::Empty, Cell::Day)
    }
}

enum Column {
    Text(StringBuilder),
    Day(Date32Builder),
    Whole(Int32Builder),
}

/// What a column of a table is kept as.
fn kept_as(header: &str, holds: Holds) -> DataType {
    match holds {
        // A date that schools type as text.
        _ if header == "信息核对日期" => DataType::Utf8,
        Holds::Date => DataType::Date32,
        Holds::Grade | Holds::Number => DataType::Int32,
        _ => DataType::Utf8,
    }
}

/// Rows of a table.
pub struct Sheet {
    table: Table,
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: u32,
    scratch: String,
}

impl Sheet {
    /// No rows yet. The columns that no table of the contract needs (考号) are left out.
    pub fn new(table: Table) -> Self {
        let fields = table.fields().iter().filter(|field| field.header != "考号");
        let fields: Vec<ArrowField> = fields.map(|field| ArrowField::new(field.header, kept_as(field.header, field.holds), true)).collect();
        let columns = fields.iter().map(|field| match field.data_type() {
            DataType::Date32 => Column::Day(Date32Builder::new()),
            DataType::Int32 => Column::Whole(Int32Builder::new()),
            _ => Column::Text(StringBuilder::new()),
        });
        let columns = columns.collect();
        Self { table, schema: Arc::new(Schema::new(fields)), columns, rows: 0, scratch: String::new() }
    }

    /// The table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows there are.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a row, by the columns of the contract in order; the last ones may be left out. Gives its place.
    pub fn push(&mut self, cells: &[Cell<'_>]) -> u32 {
        for (place, column) in self.columns.iter_mut().enumerate() {
            let cell = cells.get(place).copied().unwrap_or(Cell::Empty);
            match column {
                Column::Text(column) => match cell {
                    Cell::Empty => column.append_null(),
                    Cell::Text(text) => column.append_value(text),
                    Cell::Day(day) => {
                        self.scratch.clear();
                        dates::write(day, &mut self.scratch);
                        column.append_value(&self.scratch);
                    }
                    Cell::Whole(number) => column.append_value(number.to_string()),
                },
                Column::Day(column) => match cell {
                    Cell::Day(day) => column.append_value(day),
                    _ => column.append_null(),
                },
                Column::Whole(column) => match cell {
                    Cell::Whole(number) => column.append_value(number),
                    _ => column.append_null(),
                },
            }
        }
        self.rows += 1;
        self.rows - 1
    }

    /// The rows so far; the table is empty afterwards.
    ///
    /// # Errors
    /// None that a filled row could cause: columns have one length.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let arrays = self.columns.iter_mut().map(|column| -> ArrayRef {
            match column {
                Column::Text(column) => Arc::new(column.finish()),
                Column::Day(column) => Arc::new(column.finish()),
                Column::Whole(column) => Arc::new(column.finish()),
            }
        });
        RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect())
    }
}

/// The cell of a batch.
pub fn cell<'b>(batch: &'b RecordBatch, column: usize, row: usize) -> Cell<'b> {
    let column = batch.column(column);
    if column.is_null(row) {
        return Cell::Empty;
    }
    let any = column.as_any();
    if let Some(texts) = any.downcast_ref::<StringArray>() {
        Cell::Text(texts.value(row))
    } else if let Some(days) = any.downcast_ref::<Date32Array>() {
        Cell::Day(days.value(row))
    } else if let Some(numbers) = any.downcast_ref::<Int32Array>() {
        Cell::Whole(numbers.value(row))
    } else {
        Cell::Empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_columns_of_the_contract() {
        let mut sheet = Sheet::new(Table::CourseResults);
        let place = sheet.push(&[Cell::Text("G1"), Cell::Text("2025-2026"), Cell::Text("语文"), Cell::Text("合格")]);
        assert_eq!(place, 0);
        sheet.push(&[Cell::Text("G2"), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Text("合格"), Cell::Day(dates::day(2026, 6, 30))]);
        let batch = sheet.take().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (2, 6));
        assert_eq!(cell(&batch, 5, 1), Cell::Day(dates::day(2026, 6, 30)));
        assert_eq!(cell(&batch, 1, 1), Cell::Empty);
        assert_eq!(sheet.rows(), 0);
    }
}
