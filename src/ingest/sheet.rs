//! What stands in a cell of a sheet that was read? By field and record.

use chrono::NaiveDate;
use law::facts::codes::Read;

use super::Sheet;
use super::column::Column;
use super::table::Holds;

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

    /// The wrong number that stands in a cell of ids or documents, packed as it was written.
    pub fn mistyped(&self, field: usize, record: usize) -> Option<u64> {
        if self.mistyped.is_empty() {
            return None;
        }
        let place = self.mistyped.binary_search_by_key(&(field, record as u32), |(field, record, _)| (*field, *record));
        place.ok().and_then(|place| self.mistyped.get(place)).map(|(.., number)| *number)
    }

    /// A cell of texts.
    pub fn text(&self, field: usize, record: usize) -> Read<&str> {
        match self.columns.get(field) {
            Some(Some(Column::Texts(cells))) => cells.get(self.place(record)),
            _ => Read::Empty,
        }
    }

    /// A quick hash of what a record says: records that are the same have the same.
    pub fn quick_hash(&self, record: usize) -> u64 {
        let mut hash = 0_u64;
        let mut add = |part: u64| hash = (hash ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        for field in 0..self.table.fields().len() {
            match self.columns.get(field) {
                Some(Some(Column::Codes(_))) => add(self.code(field, record).value().map_or(0, |code| u64::from(code) + 1)),
                Some(Some(Column::Integers(_))) => add(self.integer(field, record).value().map_or(0, |number| number as u64 + 1)),
                Some(Some(Column::Ids(_))) => add(self.id(field, record).value().unwrap_or_default()),
                _ => self.text(field, record).value().unwrap_or_default().bytes().for_each(|byte| add(u64::from(byte))),
            }
        }
        hash
    }

    /// The hash of a record's cells, for one without a usable id, and of what stands in the cell that can't be read: records that differ in it
    /// alone are two problems.
    pub fn cells_hash(&self, record: usize, mark: u64) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&mark.to_le_bytes());
        // What a report showed beside an answer is no part of it.
        let fields = self.table.fields().iter().enumerate().filter(|(_, field)| field.holds != Holds::Shown);
        for (field, _) in fields {
            let text = format!(
                "{:?}{:?}{:?}{:?}",
                self.text(field, record),
                self.code(field, record),
                self.integer(field, record),
                self.id(field, record)
            );
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
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
