//! Parquet: one file a district and table, in row groups, dates as dates.

use std::fs::File;
use std::path::PathBuf;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::super::make::SampleError;
use super::super::sheet::Sheet;
use super::{OfForm, Place};
use crate::ingest::table::Table;
use crate::report::parquet::ROW_GROUP;

/// A district's files.
pub struct Files {
    folder: PathBuf,
    district: &'static str,
    open: Vec<Open>,
}

struct Open {
    table: Table,
    file: String,
    writer: ArrowWriter<File>,
    rows: u32,
}

impl Files {
    /// None yet: a file is made for the first row of its table.
    pub fn new(folder: PathBuf, district: &'static str) -> Self {
        Self { folder, district, open: Vec::new() }
    }

    fn open(&mut self, sheet: &Sheet) -> Result<usize, SampleError> {
        let table = sheet.table();
        if let Some(place) = self.open.iter().position(|open| open.table == table) {
            return Ok(place);
        }
        let file = format!("{}/{}.parquet", self.district, table.title());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let writer = ArrowWriter::try_new(File::create(self.folder.join(&file))?, sheet.schema().clone(), Some(properties))?;
        self.open.push(Open { table, file, writer, rows: 0 });
        Ok(self.open.len() - 1)
    }

    /// Writes a school's rows.
    pub fn write(&mut self, sheets: &mut [Sheet]) -> Result<Vec<Place>, SampleError> {
        let mut places = Vec::new();
        for sheet in sheets.iter_mut().filter(|sheet| sheet.rows() > 0) {
            let place = self.open(sheet)?;
            let rows = sheet.rows();
            let batch = sheet.take()?;
            let Some(open) = self.open.get_mut(place) else { continue };
            open.writer.write(&batch)?;
            places.push(Place { table: open.table, file: open.file.clone(), sheet: String::new(), first: open.rows + 1, renamed: &[] });
            open.rows += rows;
        }
        Ok(places)
    }

    /// Ends the files.
    pub fn finish(self) -> Result<Vec<OfForm>, SampleError> {
        for open in self.open {
            open.writer.close()?;
        }
        Ok(Vec::new())
    }
}
