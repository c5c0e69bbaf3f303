//! The files of a district: Parquet or CSV with one file a table, or workbooks as schools and offices send them.

mod columnar;
mod text;
mod workbook;

use std::path::{Path, PathBuf};

use super::city::School;
use super::make::{Encoding, Form, SampleError};
use super::sheet::Sheet;
use crate::ingest::table::Table;

/// Where the rows of one table of a school begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The table.
    pub table: Table,
    /// The file below the folder.
    pub file: String,
    /// The sheet; empty for files of one table.
    pub sheet: String,
    /// The row of the first of them, as the spreadsheet shows it.
    pub first: u32,
    /// What the file heads a column with, where that is not the contract's word.
    pub renamed: &'static [(&'static str, &'static str)],
}

/// A further finding that a file has to raise for its form: its code, file, sheet and column.
pub type OfForm = (&'static str, String, String, &'static str);

/// The files of one district, written school by school.
pub enum Files {
    /// Parquet.
    Columnar(columnar::Files),
    /// CSV.
    Text(text::Files),
    /// Workbooks.
    Workbook(Box<workbook::Files>),
}

impl Files {
    /// The files of a district below a folder.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn create(folder: &Path, district: &'static str, form: Form, encoding: Encoding) -> Result<Self, SampleError> {
        std::fs::create_dir_all(folder.join(district))?;
        let folder: PathBuf = folder.into();
        Ok(match form {
            Form::Parquet => Files::Columnar(columnar::Files::new(folder, district)),
            Form::Csv => Files::Text(text::Files::new(folder, district, encoding)),
            Form::Xlsx => Files::Workbook(Box::new(workbook::Files::new(folder, district))),
        })
    }

    /// Writes the rows of a school and empties its tables. Says where each table's rows begin.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&mut self, school: &School, sheets: &mut [Sheet]) -> Result<Vec<Place>, SampleError> {
        match self {
            Files::Columnar(files) => files.write(sheets),
            Files::Text(files) => files.write(sheets),
            Files::Workbook(files) => files.write(school, sheets),
        }
    }

    /// Ends the files. Gives what their form has to raise.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(self) -> Result<Vec<OfForm>, SampleError> {
        match self {
            Files::Columnar(files) => files.finish(),
            Files::Text(files) => files.finish(),
            Files::Workbook(files) => files.finish(),
        }
    }
}
