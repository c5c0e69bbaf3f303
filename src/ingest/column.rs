//! Typed columns of a sheet: one dense vector a column, where every cell is a value, empty, or there but unreadable.

use law::facts::codes::Read;
use serde::{Deserialize, Serialize};

use super::kept::numbers;

const EMPTY_INTEGER: i32 = i32::MIN;
const UNREADABLE_INTEGER: i32 = i32::MIN + 1;
const EMPTY_CODE: u8 = u8::MAX;
const UNREADABLE_CODE: u8 = u8::MAX - 1;
const EMPTY_ID: u64 = 0;
const UNREADABLE_ID: u64 = 1;

/// Codes below 254: places in a code table, grades, subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Codes(#[serde(with = "numbers")] Vec<u8>);

/// Whole numbers, days since 1970-01-01, months since year 0, starting years of school years, thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Integers(#[serde(with = "numbers")] Vec<i32>);

/// National ids, packed (`law::facts::identifiers::NationalId`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Ids(#[serde(with = "numbers")] Vec<u64>);

/// Texts of one column in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Texts {
    bytes: String,
    #[serde(with = "numbers")]
    ends: Vec<u32>,
    #[serde(with = "numbers")]
    unreadable: Vec<u32>,
}

impl Codes {
    /// Adds the cells of a later part.
    pub fn append(&mut self, later: Codes) {
        self.0.extend(later.0);
    }

    /// Adds a cell. A code of 254 or 255 has no place and is taken as unreadable.
    pub fn push(&mut self, cell: Read<u8>) {
        self.0.push(match cell {
            Read::Value(code) if code < UNREADABLE_CODE => code,
            Read::Empty => EMPTY_CODE,
            Read::Value(_) | Read::Unreadable => UNREADABLE_CODE,
        });
    }

    /// The cell of a record; empty beyond the end.
    pub fn get(&self, record: usize) -> Read<u8> {
        match self.0.get(record).copied() {
            None | Some(EMPTY_CODE) => Read::Empty,
            Some(UNREADABLE_CODE) => Read::Unreadable,
            Some(code) => Read::Value(code),
        }
    }
}

impl Integers {
    /// Adds the cells of a later part.
    pub fn append(&mut self, later: Integers) {
        self.0.extend(later.0);
    }

    /// Adds a cell.
    pub fn push(&mut self, cell: Read<i32>) {
        self.0.push(match cell {
            Read::Value(value) if value > UNREADABLE_INTEGER => value,
            Read::Empty => EMPTY_INTEGER,
            Read::Value(_) | Read::Unreadable => UNREADABLE_INTEGER,
        });
    }

    /// The cell of a record; empty beyond the end.
    pub fn get(&self, record: usize) -> Read<i32> {
        match self.0.get(record).copied() {
            None | Some(EMPTY_INTEGER) => Read::Empty,
            Some(UNREADABLE_INTEGER) => Read::Unreadable,
            Some(value) => Read::Value(value),
        }
    }
}

impl Ids {
    /// Adds the cells of a later part.
    pub fn append(&mut self, later: Ids) {
        self.0.extend(later.0);
    }

    /// Adds a cell.
    pub fn push(&mut self, cell: Read<u64>) {
        self.0.push(match cell {
            Read::Value(id) if id > UNREADABLE_ID => id,
            Read::Empty => EMPTY_ID,
            Read::Value(_) | Read::Unreadable => UNREADABLE_ID,
        });
    }

    /// The cell of a record; empty beyond the end.
    pub fn get(&self, record: usize) -> Read<u64> {
        match self.0.get(record).copied() {
            None | Some(EMPTY_ID) => Read::Empty,
            Some(UNREADABLE_ID) => Read::Unreadable,
            Some(id) => Read::Value(id),
        }
    }
}

impl Integers {
    /// Takes the cell of a record for one that can't be read.
    pub fn spoil(&mut self, record: usize) {
        if let Some(cell) = self.0.get_mut(record) {
            *cell = UNREADABLE_INTEGER;
        }
    }
}

impl Texts {
    /// Adds the cells of a later part; those beyond 4 GiB of text are lost as unreadable.
    pub fn append(&mut self, later: &Texts) {
        if self.bytes.len() + later.bytes.len() > u32::MAX as usize {
            (0..later.ends.len()).for_each(|_| self.push(Read::Unreadable));
            return;
        }
        let (bytes, cells) = (self.bytes.len() as u32, self.ends.len() as u32);
        self.bytes.push_str(&later.bytes);
        self.ends.extend(later.ends.iter().map(|end| end + bytes));
        self.unreadable.extend(later.unreadable.iter().map(|cell| cell + cells));
    }

    /// Adds a cell. An empty text is an empty cell.
    pub fn push(&mut self, cell: Read<&str>) {
        match cell {
            Read::Value(text) => self.bytes.push_str(text),
            Read::Empty => {}
            Read::Unreadable => self.unreadable.push(self.ends.len() as u32),
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// The bytes held so far, which a reader keeps below 4 GiB a sheet.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The cell of a record; empty beyond the end.
    pub fn get(&self, record: usize) -> Read<&str> {
        let Some(&end) = self.ends.get(record) else { return Read::Empty };
        let start = if record == 0 { 0 } else { self.ends.get(record - 1).copied().unwrap_or(end) };
        match self.bytes.get(start as usize..end as usize) {
            Some("") | None if self.unreadable.binary_search(&(record as u32)).is_ok() => Read::Unreadable,
            Some("") | None => Read::Empty,
            Some(text) => Read::Value(text),
        }
    }
}

/// A typed column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Column {
    /// Codes, grades, subjects, terms.
    Codes(Codes),
    /// Dates, months, school years, numbers.
    Integers(Integers),
    /// National ids.
    Ids(Ids),
    /// Names, numbers of documents, school codes, free text.
    Texts(Texts),
}

impl Column {
    /// Makes room for so many more cells.
    pub fn reserve(&mut self, cells: usize) {
        match self {
            Column::Codes(Codes(codes)) => codes.reserve(cells),
            Column::Integers(Integers(integers)) => integers.reserve(cells),
            Column::Ids(Ids(ids)) => ids.reserve(cells),
            Column::Texts(Texts { ends, .. }) => ends.reserve(cells),
        }
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Codes(Codes(codes)) => codes.len(),
            Column::Integers(Integers(integers)) => size_of_val(integers.as_slice()),
            Column::Ids(Ids(ids)) => size_of_val(ids.as_slice()),
            Column::Texts(Texts { bytes, ends, .. }) => bytes.len() + size_of_val(ends.as_slice()),
        }
    }

    /// The cells of some records, in their order.
    pub fn select(&self, records: &[u32]) -> Column {
        let records = || records.iter().map(|record| *record as usize);
        match self {
            Column::Codes(codes) => {
                let mut own = Codes::default();
                records().for_each(|record| own.push(codes.get(record)));
                Column::Codes(own)
            }
            Column::Integers(integers) => {
                let mut own = Integers::default();
                records().for_each(|record| own.push(integers.get(record)));
                Column::Integers(own)
            }
            Column::Ids(ids) => {
                let mut own = Ids::default();
                records().for_each(|record| own.push(ids.get(record)));
                Column::Ids(own)
            }
            Column::Texts(texts) => {
                let mut own = Texts::default();
                records().for_each(|record| own.push(texts.get(record)));
                Column::Texts(own)
            }
        }
    }

    /// Whether every cell holds a value, as far as a quick look can tell.
    pub fn is_whole(&self) -> bool {
        match self {
            Column::Codes(Codes(codes)) => codes.iter().all(|code| *code < UNREADABLE_CODE),
            Column::Integers(Integers(integers)) => integers.iter().all(|integer| *integer > UNREADABLE_INTEGER),
            Column::Ids(Ids(ids)) => ids.iter().all(|id| *id > UNREADABLE_ID),
            Column::Texts(_) => false,
        }
    }
}
