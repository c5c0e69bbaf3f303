//! `sources.parquet`: every input sheet and what became of its rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::errors::ParquetError;

use super::parquet::{Names, write};
use crate::engine::cohort::Cohort;
use crate::engine::scope::SheetBooks;
use crate::ingest::{Report, Sheet};

/// What stands as the table of a sheet of our own reports, of which no row is read.
const REPORT: &str = "report";

/// A sheet, and how many rows were read, used, out of scope and set aside.
struct Source<'c> {
    file: usize,
    name: &'c str,
    table: &'static str,
    counts: [i64; 4],
}

impl<'c> Source<'c> {
    fn of(sheet: &'c Sheet, books: &SheetBooks) -> Self {
        let out_of_scope = books.out_of_scope.values().sum::<u64>();
        let counts = [i64::from(sheet.rows_read), books.used as i64, out_of_scope as i64, books.set_aside as i64];
        Self { file: sheet.file, name: &sheet.name, table: sheet.table.name(), counts }
    }

    fn of_report(report: &'c Report) -> Self {
        Self { file: report.file, name: &report.name, table: REPORT, counts: [0; 4] }
    }
}

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
    let mut sources: Vec<Source<'_>> =
        cohort.inputs.sheets.iter().zip(&cohort.books).map(|(sheet, books)| Source::of(sheet, books)).collect();
    sources.extend(cohort.inputs.reports.iter().map(Source::of_report));
    let texts = |value: &dyn Fn(&Source<'_>) -> String| -> ArrayRef {
        Arc::new(sources.iter().map(|source| Some(value(source))).collect::<StringArray>())
    };
    let counts =
        |place: usize| -> ArrayRef { Arc::new(sources.iter().map(|source| source.counts.get(place).copied()).collect::<Int64Array>()) };
    let files = &cohort.inputs.files;
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(&|source| files[source.file].path.clone()),
            texts(&|source| files[source.file].sha256.clone()),
            texts(&|source| source.name.to_owned()),
            texts(&|source| source.table.to_owned()),
            counts(0),
            counts(1),
            counts(2),
            counts(3),
        ],
    )?;
    write(path, &batch, names, &["sha256"])
}
