//! Which row of an input is a mended row in place of? Rejected rows go back to whoever sent them with columns of ours beside their own; when
//! such a file comes back, the number in the last of them says which row of which sheet each row was.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::file::FileRead;
use super::fold;
use super::part::Settled;
use super::read::FileInfo;
use super::rows::Outcome;

/// The headers of the columns that a returned file has beyond the sender's own: what is wrong with a row, and which row it was.
pub const ADDED: [&str; 4] = ["问题代码", "有什么问题", MEND, NUMBER];
/// The header of what is to be done.
const MEND: &str = "怎样改";
/// The header of the numbers.
pub const NUMBER: &str = "退回编号";

/// The most rows that one row is taken to be in place of: the row itself, and those that it was in earlier rounds.
const MOST_ROUNDS: usize = 32;

/// Whether a header is of a column of ours.
pub(crate) fn is_added(label: &str) -> bool {
    let label = fold::header(label);
    ADDED.iter().any(|own| *own == label)
}

/// What the sender writes in place of what is to be done, for a row that should not have been sent.
pub const WITHDRAWN: &str = "删去";

/// What people write for it.
const WITHDRAWN_TOO: [&str; 9] = ["删除", "删掉", "删", "作废", "不报", "请删去", "请删除", "此行删去", "此行删除"];

/// Whether what stands in place of what is to be done withdraws a row, whatever signs are around it.
pub(crate) fn is_withdrawn(text: &str) -> bool {
    let word: String =
        text.chars().filter(|letter| letter.is_alphanumeric()).map(|letter| if letter == '刪' { '删' } else { letter }).collect();
    word == WITHDRAWN || WITHDRAWN_TOO.contains(&word.as_str())
}

/// Whether a header is that of what is to be done.
pub(crate) fn is_mend(label: &str) -> bool {
    fold::header(label) == MEND
}

/// Whether a header is that of the numbers.
pub(crate) fn is_number(label: &str) -> bool {
    fold::header(label) == NUMBER
}

/// A sheet by what it holds, wherever its file stands and whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(u64);

impl Origin {
    /// Bits that a number shows.
    const BITS: u32 = 48;

    /// The sheet of this name in a file with this hash; `given` is what a name says in place of a column.
    pub fn new(sha256: &str, sheet: &str, given: Option<&str>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [sha256, sheet, given.unwrap_or_default()] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        let first = hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default();
        Self(u64::from_le_bytes(first) >> (u64::BITS - Self::BITS))
    }

    /// The number of a row, behind those of the rows that it is in place of itself.
    pub fn number(self, row: u32, earlier: &str) -> String {
        let own = format!("{:012x}-{row}-{:04x}", self.0, self.check(row));
        // A row that went back and forth for ever keeps the numbers of its last rounds.
        let known: Vec<&str> = earlier.split('.').filter(|number| parse_one(number).is_some()).collect();
        let known = known.get(known.len().saturating_sub(MOST_ROUNDS - 1)..).unwrap_or_default();
        known.iter().copied().chain([own.as_str()]).collect::<Vec<_>>().join(".")
    }

    /// Spreadsheets count on where a cell is drawn down: a number that nobody gave is to be none.
    fn check(self, row: u32) -> u16 {
        let hash = blake3::hash(format!("{}-{row}", self.0).as_bytes());
        u16::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// The rows that a number names.
fn parse(number: &str) -> impl Iterator<Item = (Origin, u32)> {
    fold::trimmed(number).split('.').take(MOST_ROUNDS).filter_map(parse_one)
}

fn parse_one(number: &str) -> Option<(Origin, u32)> {
    let mut parts = number.split('-');
    let (origin, row, check) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || origin.len() != 12 {
        return None;
    }
    let (origin, row) = (Origin(u64::from_str_radix(origin, 16).ok()?), row.parse().ok()?);
    (u16::from_str_radix(check, 16).ok()? == origin.check(row)).then_some((origin, row))
}

/// The rows of a file that mended rows are in place of, by sheet, in order.
pub(crate) type OfFile = BTreeMap<String, Vec<u32>>;

/// The rows that mended rows are in place of: by where a file stands, and by the path within it, if it is an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replaced(HashMap<PathBuf, HashMap<String, OfFile>>);

impl Replaced {
    /// Whether there are any in what stands there.
    pub(crate) fn is_in(&self, full: &Path) -> bool {
        self.0.contains_key(full)
    }

    /// Those of a file.
    pub(crate) fn of(&self, full: &Path, within: &str) -> Option<&OfFile> {
        self.0.get(full)?.get(within)
    }

    /// Those of a file of one table.
    pub(crate) fn of_table(full: &Path, rows: &[u32]) -> Self {
        let mut replaced = Self::default();
        rows.iter().for_each(|row| replaced.add(full, "", "", *row));
        replaced
    }

    fn add(&mut self, full: &Path, within: &str, sheet: &str, row: u32) {
        let of_file = self.0.entry(full.to_owned()).or_default().entry(within.to_owned()).or_default();
        of_file.entry(sheet.to_owned()).or_default().push(row);
    }
}

/// Those of a sheet.
pub(crate) fn of_sheet<'r>(of_file: Option<&'r OfFile>, sheet: &str) -> &'r [u32] {
    of_file.and_then(|sheets| sheets.get(sheet)).map_or(&[], Vec::as_slice)
}

/// A table among all that was read: the file, the sheet, and the rows.
struct TableRead<'r> {
    file: usize,
    info: &'r FileInfo,
    sheet: &'r str,
    origin: Origin,
    rows: &'r Settled,
}

fn tables<'r>(read: &[&'r FileRead]) -> Vec<TableRead<'r>> {
    let mut tables = Vec::new();
    for (file, read) in read.iter().enumerate() {
        for sheet in &read.sheets {
            for outcome in sheet.outcomes.iter().flatten() {
                if let Outcome::Table(table) = outcome {
                    let given = table.0.given.as_ref().map(|(_, given)| given.as_str());
                    let origin = Origin::new(&read.info.sha256, &sheet.about.name, given);
                    tables.push(TableRead { file, info: &read.info, sheet: &sheet.about.name, origin, rows: &table.1 });
                }
            }
        }
    }
    tables
}

/// A row of a table, by their places.
type At = (usize, u32);

/// Finds the rows that mended rows are in place of.
///
/// A number names the row that was rejected, and those that this one was in place of itself in earlier rounds: so the last round counts,
/// whichever of the files before it are still there. Of two mended rows in place of the same one both are read, and contradict each other
/// where they do; but one that can't be used gives way to one that can.
pub(crate) fn find<'r>(read: impl Iterator<Item = &'r FileRead>) -> Replaced {
    let read: Vec<&FileRead> = read.collect();
    let tables = tables(&read);
    if tables.iter().all(|table| table.rows.numbers.is_empty()) {
        return Replaced::default();
    }
    let mut known: HashMap<Origin, Vec<usize>> = HashMap::new();
    tables.iter().enumerate().for_each(|(place, table)| known.entry(table.origin).or_default().push(place));
    // What was left for later has no rows yet.
    let deferred =
        read.iter().filter(|read| read.is_deferred).map(|read| (Origin::new(&read.info.sha256, "", None), read.info.full.as_path()));
    let deferred: Vec<(Origin, &Path)> = deferred.collect();
    let mut replaced: BTreeSet<At> = BTreeSet::new();
    let mut of_deferred: BTreeSet<(&Path, u32)> = BTreeSet::new();
    let mut in_place_of: BTreeMap<(Origin, u32), Vec<At>> = BTreeMap::new();
    for (place, table) in tables.iter().enumerate() {
        for (record, number) in &table.rows.numbers {
            for (origin, row) in parse(number) {
                in_place_of.entry((origin, row)).or_default().push((place, *record));
                let places =
                    known.get(&origin).into_iter().flatten().filter(|other| tables.get(**other).is_some_and(|own| own.file != table.file));
                for other in places {
                    let record = tables.get(*other).and_then(|other| u32::try_from(other.rows.rows.find(row)?).ok());
                    replaced.extend(record.map(|record| (*other, record)));
                }
                of_deferred.extend(deferred.iter().filter(|other| other.0 == origin).map(|(_, full)| (*full, row)));
            }
        }
    }
    let is_usable = |at: &At| tables.get(at.0).is_some_and(|table| table.rows.set_aside.binary_search(&at.1).is_err());
    let giving_way: Vec<At> = in_place_of
        .values()
        .flat_map(|rows| {
            let left: Vec<At> = rows.iter().filter(|at| !replaced.contains(at)).copied().collect();
            let has_usable = left.iter().any(is_usable);
            left.into_iter().filter(move |at| has_usable && !is_usable(at)).collect::<Vec<_>>()
        })
        .collect();
    replaced.extend(giving_way);
    let mut by_file = Replaced::default();
    for (place, record) in replaced {
        if let Some(table) = tables.get(place) {
            by_file.add(&table.info.full, &table.info.within, table.sheet, table.rows.rows.get(record as usize));
        }
    }
    of_deferred.into_iter().for_each(|(full, row)| by_file.add(full, "", "", row));
    // Several tables may stand in one sheet, the later one with earlier records.
    by_file.0.values_mut().flat_map(HashMap::values_mut).flat_map(BTreeMap::values_mut).for_each(|rows| rows.sort_unstable());
    by_file
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_row_is_withdrawn_by_the_words_that_people_use() {
        for text in ["删去", "删去。", "（删去）", "刪去", "请删除", "此行删去！", "作废"] {
            assert!(super::is_withdrawn(text), "{text}");
        }
        for text in ["", "删去重复的行", "核对后更正", "不要删去", "把本格全部内容换成“删去”二字"] {
            assert!(!super::is_withdrawn(text), "{text}");
        }
    }

    use super::*;

    #[test]
    fn a_number_names_its_row_and_the_rows_of_earlier_rounds() {
        let (first, second) = (Origin::new("a", "名册", None), Origin::new("b", "名册", None));
        let number = first.number(152, "");
        assert_eq!(parse(&number).collect::<Vec<_>>(), [(first, 152)]);
        let again = second.number(7, &format!("{number}.张三.1-2-3"));
        assert_eq!(parse(&again).collect::<Vec<_>>(), [(first, 152), (second, 7)]);
        assert_ne!(first, Origin::new("a", "名册", Some("语文")));
        let long = (0..100).fold(String::new(), |earlier, row| first.number(row, &earlier));
        assert_eq!(parse(&long).map(|(_, row)| row).collect::<Vec<_>>(), (68..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_number_that_a_spreadsheet_counted_on_is_none() {
        let number = Origin::new("a", "", None).number(9, "");
        let (begin, last) = number.split_at(number.len() - 1);
        let next = format!("{begin}{:x}", (u8::from_str_radix(last, 16).unwrap() + 1) % 16);
        for other in [next, number.replace("-9-", "-10-"), "1-2-3".into(), "-".repeat(40), "退回".into(), String::new()] {
            assert_eq!(parse(&other).count(), 0, "{other}");
        }
    }
}
