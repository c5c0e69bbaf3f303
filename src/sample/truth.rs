//! What was planted: one row for each finding that the damage has to raise, and where it has to point.

use std::path::Path;
use std::sync::Arc;

use ::parquet::errors::ParquetError;
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use crate::ingest::TRUTH;
use crate::ingest::table::Table;
use crate::report::parquet::{self, Names};

/// Where something was planted, before the file is known.
#[derive(Clone, Debug)]
pub struct Planted {
    /// The finding's code.
    pub code: &'static str,
    /// The student's 全国学籍号; empty where it is nobody's.
    pub student: String,
    /// The table.
    pub table: Table,
    /// The row's place among the school's.
    pub row: u32,
    /// The column.
    pub column: String,
    /// What stands there.
    pub planted: String,
}

/// A row of `truth.parquet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Truth {
    /// The district.
    pub district: String,
    /// The school's code; empty for a file of the district.
    pub school: String,
    /// The file below the folder.
    pub file: String,
    /// The sheet; empty for files of one table.
    pub sheet: String,
    /// The row as the spreadsheet shows it; 0 where the whole file is meant.
    pub row: i32,
    /// The column.
    pub column: String,
    /// The finding's code.
    pub code: &'static str,
    /// The table's name; empty where none was recognised.
    pub table: &'static str,
    /// 全国学籍号
    pub student: String,
    /// What stands there.
    pub planted: String,
}

/// Writes `truth.parquet`.
///
/// # Errors
/// The disk refuses.
pub fn write(path: &Path, truth: &[Truth]) -> Result<(), ParquetError> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let schema = Schema::new(vec![
        text("code", false),
        text("student_id", true),
        text("district", false),
        text("school_code", true),
        text("table", true),
        text("file", false),
        text("sheet", false),
        Field::new("row", DataType::Int32, true),
        text("column", true),
        text("planted", false),
    ]);
    let texts =
        |value: &dyn Fn(&Truth) -> &str| -> ArrayRef { Arc::new(truth.iter().map(|row| Some(value(row))).collect::<StringArray>()) };
    let filled = |value: &dyn Fn(&Truth) -> &str| -> ArrayRef {
        Arc::new(truth.iter().map(|row| Some(value(row)).filter(|text| !text.is_empty())).collect::<StringArray>())
    };
    let rows: Int32Array = truth.iter().map(|row| Some(row.row).filter(|number| *number > 0)).collect();
    let columns = vec![
        texts(&|row| row.code),
        filled(&|row| &row.student),
        texts(&|row| &row.district),
        filled(&|row| &row.school),
        filled(&|row| row.table),
        texts(&|row| &row.file),
        texts(&|row| &row.sheet),
        Arc::new(rows) as ArrayRef,
        filled(&|row| &row.column),
        texts(&|row| &row.planted),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), columns)?;
    parquet::write(path, &batch, &Names { schema: TRUTH, policy: String::new() }, &["student_id"])
}
