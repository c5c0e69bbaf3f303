//! What stands in a cell of a sheet that was read? By field and record.

use chrono::NaiveDate;
use law::facts::codes::Read;

use super::Sheet;
use super::column::Column;

impl Sheet {
    /// Where the cells of a record stand in the columns: of a sheet that was counted, only those that a finding is about are there.
    fn place(&self, record: usize) -> usize {
        match &self.sparse {
            None => record,
            Some(records) => u32::try_from(record).ok().and_then(|record| records.binary_search(&record).ok()).unwrap_or(usize::MAX),
        }
    }

    /// A cell of codes.
    pub fn code(&self, field: usize, record: usize) -> Read<u8> {
        match self.columns.get(field) {
            Some(Some(Column::Codes(cells))) => cells.get(self.place(record)),
            _ => Read::Empty,
        }
    }

    /// A cell of whole numbers.
    pub fn integer(&self, field: usize, record: usize) -> Read<i32> {
        match self.columns.get(field) {
            Some(Some(Column::Integers(cells))) => cells.get(self.place(record)),
            _ => Read::Empty,
        }
    }

    /// A cell of dates.
    pub fn date(&self, field: usize, record: usize) -> Read<NaiveDate> {
        match self.integer(field, record) {
            Read::Value(days) => NaiveDate::from_epoch_days(days).map_or(Read::Unreadable, Read::Value),
            Read::Empty => Read::Empty,
            Read::Unreadable => Read::Unreadable,
        }
    }

    /// A cell of ids.
    pub fn id(&self, field: usize, record: usize) -> Read<u64> {
        match self.columns.get(field) {
            Some(Some(Column::Ids(cells))) => cells.get(self.place(record)),
            _ => Read::Empty,
        }
    }

    /// A cell of texts.
    pub fn text(&self, field: usize, record: usize) -> Read<&str> {
        match self.columns.get(field) {
            Some(Some(Column::Texts(cells))) => cells.get(self.place(record)),
            _ => Read::Empty,
        }
    }

    /// Whether two records are the same in every column that was read.
    pub fn same_cells(&self, record: usize, other: &Sheet, other_record: usize) -> bool {
        (0..self.table.fields().len()).all(|field| match (self.columns.get(field), other.columns.get(field)) {
            (Some(Some(Column::Codes(_))), _) | (_, Some(Some(Column::Codes(_)))) => {
                self.code(field, record) == other.code(field, other_record)
            }
            (Some(Some(Column::Integers(_))), _) | (_, Some(Some(Column::Integers(_)))) => {
                self.integer(field, record) == other.integer(field, other_record)
            }
            (Some(Some(Column::Ids(_))), _) | (_, Some(Some(Column::Ids(_)))) => self.id(field, record) == other.id(field, other_record),
            _ => self.text(field, record) == other.text(field, other_record),
        })
    }
}
