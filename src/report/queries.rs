//! The numbers of reports, each a query over the published Parquet.

use std::fs::File;
use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, ParquetReader, PolarsError, SerReader};
use rust_xlsxwriter::XlsxError;
use thiserror::Error;

use crate::report::read::ReadError;

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

fn read(path: &Path, columns: &[&str]) -> Result<DataFrame, QueryError> {
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
    let mut table = read(path, columns)?;
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

/// The rows of a small table: some columns of texts, then some of whole numbers.
pub fn rows(path: &Path, columns: &[&str], numbers: &[&str]) -> Result<Numbered<i64>, QueryError> {
    rows_of(path, columns, numbers, &DataType::Int64, |number, row| Ok(number.i64()?.get(row).unwrap_or_default()))
}

/// The rows of a small table: some columns of texts, then some of numbers with a fraction.
pub fn rows_of_fractions(path: &Path, columns: &[&str], numbers: &[&str]) -> Result<Numbered<f64>, QueryError> {
    rows_of(path, columns, numbers, &DataType::Float64, |number, row| Ok(number.f64()?.get(row).unwrap_or_default()))
}

fn rows_of<N>(
    path: &Path,
    columns: &[&str],
    numbers: &[&str],
    kind: &DataType,
    get: impl Fn(&Column, usize) -> Result<N, PolarsError>,
) -> Result<Numbered<N>, QueryError> {
    let table = read(path, &[columns, numbers].concat())?;
    let numbers: Vec<Column> = numbers.iter().map(|number| table.column(number)?.cast(kind)).collect::<Result<_, PolarsError>>()?;
    let mut rows = Vec::with_capacity(table.height());
    for row in 0..table.height() {
        let own: Result<Vec<N>, PolarsError> = numbers.iter().map(|number| get(number, row)).collect();
        rows.push((texts(&table, columns, row)?, own?));
    }
    Ok(rows)
}
