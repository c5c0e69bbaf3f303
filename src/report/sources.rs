//! `sources.parquet`: every input sheet and what became of its rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::errors::ParquetError;

use super::parquet::{Names, write};
use crate::engine::cohort::Cohort;

/// Writes `sources.parquet`.
///
/// # Errors
/// The disk refuses.
pub fn write_sources(path: &Path, cohort: &Cohort<'_>, names: &Names) -> Result<(), ParquetError> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let count = |name: &str| Field::new(name, DataType::Int64, false);
    let schema = Schema::new(vec![
        text("file"),
        text("sha256"),
        text("sheet"),
        text("table"),
        count("rows_read"),
        count("rows_used"),
        count("rows_out_of_scope"),
        count("rows_set_aside"),
    ]);
    let sheets = || cohort.inputs.sheets.iter().zip(&cohort.books);
    let texts = |value: &dyn Fn(&crate::ingest::Sheet) -> String| -> ArrayRef {
        Arc::new(sheets().map(|(sheet, _)| Some(value(sheet))).collect::<StringArray>())
    };
    let counts = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let files = &cohort.inputs.files;
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(&|sheet| files[sheet.file].path.clone()),
            texts(&|sheet| files[sheet.file].sha256.clone()),
            texts(&|sheet| sheet.name.clone()),
            texts(&|sheet| sheet.table.name().to_owned()),
            counts(sheets().map(|(sheet, _)| i64::from(sheet.rows_read)).collect()),
            counts(sheets().map(|(_, books)| books.used as i64).collect()),
            counts(sheets().map(|(_, books)| books.out_of_scope.values().sum::<u64>() as i64).collect()),
            counts(sheets().map(|(_, books)| books.set_aside as i64).collect()),
        ],
    )?;
    write(path, &batch, names, &["sha256"])
}
