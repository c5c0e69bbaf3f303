//! What is wrong with a file, and where? Findings of the I group, equal ones of one column folded.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fold;
use super::kept;
use super::table::Holds;

/// More equal findings than this fold into one.
const FOLDED_ABOVE: u32 = 20;
/// How many rows a folded finding names.
const SAMPLE: usize = 10;

/// A finding of the I group, at a file, a sheet or a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFinding {
    /// Such as `I0203`.
    pub code: &'static str,
    /// The sheet, among `Inputs::sheets`; none for a file, and for a sheet that was not recognised.
    pub sheet: Option<usize>,
    /// The file, among `Inputs::files`.
    pub file: usize,
    /// The sheet's name, empty in files of one table.
    pub sheet_name: Arc<str>,
    /// The record of the sheet; none where the finding is about a column or the sheet, or folded.
    pub record: Option<u32>,
    /// The column among the table's fields.
    pub field: Option<usize>,
    /// The row number as the file shows it.
    pub row: Option<u32>,
    /// The spreadsheet column, from 0; none for other files.
    pub column: Option<u16>,
    /// The header text as written, or the canonical one where the column is missing.
    pub header: Arc<str>,
    /// What stood there, ID numbers masked.
    pub found: String,
    /// What was expected, or what a repaired value was read as.
    pub expected: Arc<str>,
    /// How many rows it is about.
    pub count: u32,
    /// Rows, where it is about several.
    pub rows_sample: Vec<u32>,
    /// A hash of the cell as it stands, for one about a single cell: what is shown of it is masked, and two numbers may look the same.
    pub mark: u64,
}

/// Equal findings of one column.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Entry {
    #[serde(deserialize_with = "kept::code")]
    code: kept::Own,
    field: usize,
    found: String,
    #[serde(with = "kept::shared")]
    expected: Arc<str>,
    count: u32,
    /// Record, row and mark of the first ones.
    places: Vec<(u32, u32, u64)>,
}

/// A finding at a record, still without file and sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub code: &'static str,
    pub field: usize,
    pub found: String,
    pub expected: Arc<str>,
    pub record: Option<u32>,
    pub row: Option<u32>,
    pub count: u32,
    pub rows_sample: Vec<u32>,
    pub mark: u64,
}

/// The findings of one sheet's cells, kept folded while they come in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Log {
    /// Where each one stands, as long as they come in.
    #[serde(skip)]
    index: HashMap<(&'static str, usize, String), usize>,
    entries: Vec<Entry>,
    /// What was expected of a column last: mostly the same again.
    #[serde(skip)]
    expectations: HashMap<usize, Arc<str>>,
    /// Numbers of 18 characters that are wrong: field, record, and the characters packed.
    mistyped: Vec<(usize, u32, u64)>,
}

impl Log {
    /// Notes a finding at a cell; `found` is masked already.
    pub(crate) fn note(&mut self, code: &'static str, field: usize, found: String, expected: &str, record: u32, row: u32) {
        self.note_marked(code, field, found, expected, (record, row, 0));
    }

    /// The same with the mark of the cell beside its record and row.
    pub(crate) fn note_marked(&mut self, code: &'static str, field: usize, found: String, expected: &str, place: (u32, u32, u64)) {
        let known = self.expectations.entry(field).or_insert_with(|| expected.into());
        if **known != *expected {
            *known = expected.into();
        }
        let expected = Arc::clone(known);
        self.put(Entry { code, field, found, expected, count: 1, places: vec![place] });
    }

    /// Keeps a wrong number: who it may be of can still be asked.
    pub(crate) fn keep_mistyped(&mut self, field: usize, record: u32, number: u64) {
        self.mistyped.push((field, record, number));
    }

    /// The wrong numbers that were kept, by field and record.
    pub(crate) fn take_mistyped(&mut self) -> Vec<(usize, u32, u64)> {
        let mut mistyped = std::mem::take(&mut self.mistyped);
        mistyped.sort_unstable();
        mistyped
    }

    fn put(&mut self, entry: Entry) {
        let key = (entry.code, entry.field, entry.found.clone());
        match self.index.get(&key).and_then(|&place| self.entries.get_mut(place)) {
            Some(known) => {
                known.count = known.count.saturating_add(entry.count);
                let room = (FOLDED_ABOVE as usize + 1).saturating_sub(known.places.len());
                known.places.extend(entry.places.into_iter().take(room));
            }
            None => {
                self.index.insert(key, self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    /// Adds the findings of a later part, whose first record and row stand that far down.
    pub(crate) fn append(&mut self, later: Log, records: u32, rows: u32) {
        self.mistyped.extend(later.mistyped.iter().map(|(field, record, number)| (*field, record.saturating_add(records), *number)));
        for mut entry in later.entries {
            for (record, row, _) in &mut entry.places {
                *record = record.saturating_add(records);
                *row = row.saturating_add(rows);
            }
            self.put(entry);
        }
    }

    /// The records that a finding is about, in order.
    pub(crate) fn records(&self) -> Vec<u32> {
        let mut records: Vec<u32> = self.entries.iter().flat_map(|entry| entry.places.iter().map(|place| place.0)).collect();
        records.sort_unstable();
        records.dedup();
        records
    }

    /// The findings, those of more than 20 equal cells folded.
    pub(crate) fn into_findings(self) -> impl Iterator<Item = Noted> {
        self.entries.into_iter().flat_map(Entry::into_findings)
    }
}

impl Entry {
    fn into_findings(self) -> Vec<Noted> {
        let Entry { code, field, found, expected, count, places } = self;
        let noted = Noted {
            code,
            field,
            found,
            expected,
            record: None,
            row: places.first().map(|place| place.1),
            count,
            rows_sample: Vec::new(),
            mark: 0,
        };
        if count > FOLDED_ABOVE {
            return vec![Noted { rows_sample: places.iter().take(SAMPLE).map(|place| place.1).collect(), ..noted }];
        }
        places
            .into_iter()
            .map(|(record, row, mark)| Noted { record: Some(record), row: Some(row), count: 1, mark, ..noted.clone() })
            .collect()
    }
}

/// What a finding shows of a cell, ID numbers masked.
pub(crate) fn shown(text: &str, holds: Holds) -> String {
    const LONGEST: usize = 100;
    // No number that begins in what is shown ends behind this.
    let end = text.char_indices().nth(LONGEST * 2).map_or(text.len(), |(end, _)| end);
    let text = fold::trimmed(text.get(..end).unwrap_or_default());
    let masked = match holds {
        Holds::NationalId | Holds::DocumentNumber => fold::masked(text, true),
        // A Shanghai number is nobody's ID number, unless something else was put there.
        Holds::ShanghaiNumber if text.len() == 19 && text.bytes().all(|byte| byte.is_ascii_digit()) => text.to_owned(),
        _ => fold::masked(text, false),
    };
    if masked.chars().count() > LONGEST { masked.chars().take(LONGEST).chain(['…']).collect() } else { masked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_20_equal_findings_fold() {
        let mut log = Log::default();
        for record in 0..20 {
            log.note("I0203", 3, "缺课".into(), "出勤", record, record + 2);
        }
        assert_eq!(log.clone().into_findings().count(), 20);
        let mut later = Log::default();
        later.note("I0203", 3, "缺课".into(), "出勤", 0, 1);
        log.append(later, 20, 21);
        let folded: Vec<_> = log.into_findings().collect();
        assert_eq!(folded.len(), 1);
        assert_eq!((folded[0].count, folded[0].record, folded[0].row), (21, None, Some(2)));
        assert_eq!(folded[0].rows_sample, (2..12).collect::<Vec<_>>());
    }
}
