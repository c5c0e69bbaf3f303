//! CSV: one file a district and table, in UTF-8 or GB18030, dates as 2025-09-01.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::super::dates;
use super::super::make::{Encoding, SampleError};
use super::super::sheet::{Cell, Sheet, cell};
use super::{OfForm, Place};
use crate::ingest::table::Table;

/// A district's files.
pub struct Files {
    folder: PathBuf,
    district: &'static str,
    encoding: Encoding,
    open: Vec<Open>,
}

struct Open {
    table: Table,
    file: String,
    out: BufWriter<File>,
    rows: u32,
}

impl Files {
    /// None yet: a file is made for the first row of its table.
    pub fn new(folder: PathBuf, district: &'static str, encoding: Encoding) -> Self {
        Self { folder, district, encoding, open: Vec::new() }
    }

    fn encode(&self, text: Vec<u8>) -> Result<Vec<u8>, SampleError> {
        match self.encoding {
            Encoding::Utf8 => Ok(text),
            Encoding::Gb18030 => {
                let text = String::from_utf8(text).map_err(|error| std::io::Error::other(error.to_string()))?;
                Ok(encoding_rs::GB18030.encode(&text).0.into_owned())
            }
        }
    }

    /// Writes a school's rows.
    pub fn write(&mut self, sheets: &mut [Sheet]) -> Result<Vec<Place>, SampleError> {
        let mut places = Vec::new();
        for sheet in sheets.iter_mut().filter(|sheet| sheet.rows() > 0) {
            let (table, rows, schema) = (sheet.table(), sheet.rows(), sheet.schema().clone());
            let batch = sheet.take()?;
            let mut text = csv::Writer::from_writer(Vec::new());
            let known = self.open.iter().position(|open| open.table == table);
            if known.is_none() {
                text.write_record(schema.fields().iter().map(|field| field.name().as_str()))?;
            }
            let mut scratch = String::new();
            for row in 0..batch.num_rows() {
                for column in 0..batch.num_columns() {
                    scratch.clear();
                    match cell(&batch, column, row) {
                        Cell::Empty => text.write_field("")?,
                        Cell::Text(own) => text.write_field(own)?,
                        Cell::Day(day) => {
                            dates::write(day, &mut scratch);
                            text.write_field(&scratch)?;
                        }
                        Cell::Whole(number) => text.write_field(number.to_string())?,
                    }
                }
                text.write_record(None::<&[u8]>)?;
            }
            let text = self.encode(text.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?)?;
            let place = match known {
                Some(place) => place,
                None => {
                    let file = format!("{}/{}.csv", self.district, table.title());
                    let out = BufWriter::new(File::create(self.folder.join(&file))?);
                    self.open.push(Open { table, file, out, rows: 0 });
                    self.open.len() - 1
                }
            };
            let Some(open) = self.open.get_mut(place) else { continue };
            open.out.write_all(&text)?;
            // The header is the first record.
            places.push(Place { table, file: open.file.clone(), sheet: String::new(), first: open.rows + 2, renamed: &[] });
            open.rows += rows;
        }
        Ok(places)
    }

    /// Ends the files.
    pub fn finish(self) -> Result<Vec<OfForm>, SampleError> {
        for mut open in self.open {
            open.out.flush()?;
        }
        Ok(Vec::new())
    }
}
