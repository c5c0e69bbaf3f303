//! The numbers of reports, each a query over the published Parquet.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{Float64Type, Int64Type};
use polars::prelude::{DataFrame, DataType, ParquetReader, PolarsError, SerReader};
use rust_xlsxwriter::XlsxError;
use thiserror::Error;

use crate::report::read::{self, Fault, ReadError};

/// A report that can't be made.
#[derive(Debug, Error)]
pub enum QueryError {
    /// A published file can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A query fails.
    #[error("{0}")]
    Query(#[from] PolarsError),
    /// The workbook can't be written.
    #[error("{0}")]
    Write(#[from] XlsxError),
    /// The disk refuses.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
}

fn table(path: &Path, columns: &[&str]) -> Result<DataFrame, QueryError> {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    Ok(ParquetReader::new(File::open(path)?).with_columns(Some(columns)).finish()?)
}

/// The texts of a row; what is not there is empty.
fn texts(table: &DataFrame, columns: &[&str], row: usize) -> Result<Vec<String>, QueryError> {
    let text = |column: &&str| Ok(table.column(column)?.str()?.get(row).unwrap_or_default().to_owned());
    columns.iter().map(text).collect()
}

/// How many rows there are of each combination of values, as texts and in the order of the texts; what is not there is empty.
///
/// # Errors
/// The file can't be read, or lacks a column.
pub fn count(path: &Path, columns: &[&str]) -> Result<Vec<(Vec<String>, u64)>, QueryError> {
    let mut table = table(path, columns)?;
    for column in columns {
        let as_text = table.column(column)?.cast(&DataType::String)?;
        table.with_column(as_text)?;
    }
    let Some(first) = columns.first() else { return Ok(Vec::new()) };
    let grouped = table.group_by(columns.iter().copied())?.select([*first]).count()?;
    let numbers = grouped.column(&format!("{first}_count"))?.u32()?.clone();
    let mut counts = Vec::with_capacity(grouped.height());
    for row in 0..grouped.height() {
        counts.push((texts(&grouped, columns, row)?, numbers.get(row).map_or(0, u64::from)));
    }
    counts.sort_unstable();
    Ok(counts)
}

/// The texts and numbers of each row.
pub type Numbered<N> = Vec<(Vec<String>, Vec<N>)>;

/// The rows of a small table: some columns of texts, then some of whole numbers; what is not there is empty, or 0.
///
/// # Errors
/// The file can't be read, or lacks a column.
pub fn rows(path: &Path, columns: &[&str], numbers: &[&str]) -> Result<Numbered<i64>, QueryError> {
    rows_of::<Int64Type>(path, columns, numbers)
}

/// The rows of a small table: some columns of texts, then some of numbers with a fraction.
///
/// # Errors
/// The file can't be read, or lacks a column.
pub fn rows_of_fractions(path: &Path, columns: &[&str], numbers: &[&str]) -> Result<Numbered<f64>, QueryError> {
    rows_of::<Float64Type>(path, columns, numbers)
}

/// Not by polars, which has no key to encrypted columns.
fn rows_of<N: ArrowPrimitiveType>(path: &Path, columns: &[&str], numbers: &[&str]) -> Result<Numbered<N::Native>, QueryError> {
    let mut rows = Vec::new();
    read::read(path, &[columns, numbers].concat(), None, |batch| {
        let texts: Vec<ArrayRef> = columns.iter().map(|name| read::texts(batch, name)).collect::<Result<_, _>>()?;
        let numbers: Vec<ArrayRef> =
            numbers.iter().map(|name| Ok(cast(read::column(batch, name)?, &N::DATA_TYPE)?)).collect::<Result<_, Fault>>()?;
        let number = |numbers: &ArrayRef, row| {
            let numbers = numbers.as_primitive::<N>();
            if numbers.is_valid(row) { numbers.value(row) } else { N::Native::default() }
        };
        rows.extend((0..batch.num_rows()).map(|row| {
            let texts = texts.iter().map(|texts| read::text(texts, row)).collect();
            (texts, numbers.iter().map(|own| number(own, row)).collect())
        }));
        Ok(())
    })?;
    Ok(rows)
}
