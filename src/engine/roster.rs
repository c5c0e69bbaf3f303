//! Who is there? One student for each key of the roster (rules, P1), found by id or by the number of an ID document.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use chrono::NaiveDate;
use law::facts::calendar::Month;
use law::facts::codes::{ChangeKind, Read, Status, System};
use law::facts::grades::{Grade, Grades};
use law::facts::identifiers::{NationalId, ResidentNumber};
use law::facts::student::Row;
use law::regulation::findings::Severity;
use rayon::prelude::*;

use super::directory;
use super::finding::{About, Finding, Place};
use super::keys::{KeyIndex, Meeting};
use super::rows::RowIndex;
use crate::ingest::table::Table;
use crate::ingest::{Inputs, Sheet};

/// What identifies a student (rules, P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The national id, packed.
    National(u64),
    /// A keyed hash of the ID document's number.
    Document(u64),
    /// A hash of school, grade, class, name and birth date.
    Roster(u64),
}

/// A student: one decision.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The roster row that counts.
    pub row: Row,
    /// What identifies the student.
    pub key: Key,
    /// The school, by place in `Roster::schools`.
    pub school: u32,
}

/// A school as the roster and the directory know it.
#[derive(Clone, Debug)]
pub struct School {
    /// 学校代码
    pub code: String,
    /// 学制
    pub system: System,
    /// The grades that it has in the roster.
    pub grades: Grades,
    /// A student of it, by place in the cohort.
    pub student: Option<u32>,
}

/// All students of a run.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The students, in the order of the outputs.
    pub students: Vec<Entry>,
    /// The schools.
    pub schools: Vec<School>,
    by_id: KeyIndex,
    by_document: KeyIndex,
    by_code: HashMap<String, u32>,
    /// The schools that claim a student, where there are several.
    claims: HashMap<u32, Vec<(u32, Row)>>,
}

/// Several students have the document.
pub const SEVERAL: u32 = u32::MAX - 1;

/// What the roster's reading found beside the students.
#[derive(Debug, Default)]
pub struct RosterReading {
    /// The students.
    pub roster: Roster,
    /// Findings, about students by place in the roster.
    pub findings: Vec<Finding>,
    /// Rows that repeat another one whole.
    pub repeated: Vec<Row>,
}

/// The places of the roster's columns.
#[allow(missing_docs)]
pub mod field {
    pub const ID: usize = 0;
    pub const SHANGHAI: usize = 1;
    pub const NAME: usize = 2;
    pub const SEX: usize = 3;
    pub const BIRTH: usize = 4;
    pub const DOCUMENT_TYPE: usize = 5;
    pub const DOCUMENT: usize = 6;
    pub const NATIONALITY: usize = 7;
    pub const DISTRICT: usize = 8;
    pub const SCHOOL: usize = 9;
    pub const SCHOOL_NAME: usize = 10;
    pub const GRADE: usize = 11;
    pub const CLASS: usize = 12;
    pub const PRIMARY_ENTRY: usize = 13;
    pub const ENTRY: usize = 14;
    pub const CATEGORY: usize = 15;
    pub const STATUS: usize = 16;
    pub const MODE: usize = 17;
    pub const YEARS: usize = 18;
    pub const CHECKED: usize = 19;
    pub const ESTABLISHED: usize = 20;
}

/// The key of an ID document: a resident ID number packed, any other number hashed.
pub fn document_key(number: &str) -> u64 {
    match ResidentNumber::parse(number) {
        Ok(number) => number.packed(),
        Err(_) => 1 << 63 | short_hash(&["document", number]),
    }
}

/// The key of somebody by an ID document, as outputs show it.
pub fn document_text(number: &str) -> String {
    key_text(Key::Document(short_hash(&["key", &document_key(number).to_string()])))
}

fn short_hash(parts: &[&str]) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("xueji 2026 student key");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize();
    hash.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)) >> 1
}

/// The resident ID number of a roster row: its 证件号码, else the number of a G id, unless 证件类型 names another document.
pub fn resident_number(sheet: &Sheet, record: usize) -> Option<ResidentNumber> {
    let other_document = sheet.text(field::DOCUMENT_TYPE, record).value().is_some_and(|kind| !kind.contains("居民身份证"));
    if other_document {
        return None;
    }
    let own = sheet.text(field::DOCUMENT, record).value().and_then(|number| ResidentNumber::parse(number).ok());
    own.or_else(|| sheet.id(field::ID, record).value().and_then(|id| NationalId::from_packed(id).resident_number()))
}

fn key_of(sheet: &Sheet, record: usize) -> Key {
    if let Read::Value(id) = sheet.id(field::ID, record) {
        return Key::National(id);
    }
    if let Read::Value(number) = sheet.text(field::DOCUMENT, record) {
        return Key::Document(short_hash(&["key", &document_key(number).to_string()]));
    }
    let text = |field| sheet.text(field, record).value().unwrap_or_default();
    let number = |value: Read<i32>| value.value().map(|value| value.to_string()).unwrap_or_default();
    let grade = sheet.code(field::GRADE, record).value().map(|grade| grade.to_string()).unwrap_or_default();
    let birth = number(sheet.integer(field::BIRTH, record));
    Key::Roster(short_hash(&[text(field::SCHOOL), &grade, text(field::CLASS), text(field::NAME), &birth]))
}

/// Whether a roster row is an active registration: 在读, 休学, empty or unreadable.
fn is_active(sheet: &Sheet, record: usize) -> bool {
    match sheet.code(field::STATUS, record) {
        Read::Value(code) => Status::from_code(code).is_some_and(Status::is_registered),
        Read::Empty | Read::Unreadable => true,
    }
}

/// When transfers took a student into a school, by id and school code.
fn transfers(inputs: &Inputs, as_of: NaiveDate) -> HashMap<(u64, String), NaiveDate> {
    let mut transfers = HashMap::new();
    for sheet in inputs.sheets.iter().filter(|sheet| sheet.table == Table::StatusChanges) {
        let (kind, effective, school) = (1, 4, 17);
        for record in 0..sheet.rows_read as usize {
            if sheet.code(kind, record) != Read::Value(ChangeKind::TransferIn as u8) {
                continue;
            }
            if let (Read::Value(id), Read::Value(date), Read::Value(school)) =
                (sheet.id(0, record), sheet.date(effective, record), sheet.text(school, record))
                && date <= as_of
            {
                let latest = transfers.entry((id, school.to_owned())).or_insert(date);
                *latest = date.max(*latest);
            }
        }
    }
    transfers
}

/// How many records of a roster are looked at together.
const PART: usize = 1 << 16;

/// The records of all roster sheets, in order, in parts that can be looked at side by side.
fn parts(inputs: &Inputs) -> Vec<(usize, Range<usize>)> {
    let rosters = inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Roster);
    let of_sheet = |(place, sheet): (usize, &Sheet)| {
        let rows = sheet.rows_read as usize;
        (0..rows).step_by(PART).map(move |first| (place, first..(first + PART).min(rows)))
    };
    rosters.flat_map(of_sheet).collect()
}

/// The key of a record, its place, its school code and its grade.
type Record<'a> = (Key, u32, &'a str, Option<Grade>);

/// Each record that was not set aside.
fn keys(sheet: &Sheet, records: Range<usize>) -> Vec<Record<'_>> {
    let first = sheet.set_aside.partition_point(|record| (*record as usize) < records.start);
    let mut aside = sheet.set_aside[first..].iter().copied().peekable();
    let kept = records.filter(|record| aside.next_if_eq(&(*record as u32)).is_none());
    let of_record = |record: usize| {
        let school = sheet.text(field::SCHOOL, record).value().unwrap_or_default();
        let grade = sheet.code(field::GRADE, record).value().and_then(Grade::new);
        (key_of(sheet, record), record as u32, school, grade)
    };
    kept.map(of_record).collect()
}

/// The key of a student's ID document.
pub fn document_of(inputs: &Inputs, index: &RowIndex, entry: &Entry) -> Option<u64> {
    let (sheet, record) = index.locate(entry.row);
    let sheet = &inputs.sheets[sheet];
    let document = sheet.text(field::DOCUMENT, record).value().map(document_key);
    document.or_else(|| resident_number(sheet, record).map(ResidentNumber::packed))
}

/// The first record of each national id, of all records in their order, and in that order the records of keys that others had before.
fn first_records(read: &[Vec<Record<'_>>]) -> (KeyIndex, Vec<Meeting>) {
    let firsts = read.iter().scan(0_u32, |next, part| Some(std::mem::replace(next, *next + part.len() as u32)));
    let numbered: Vec<(u32, &Vec<Record<'_>>)> = firsts.zip(read).collect();
    let of_part = |(first, part): &(u32, &Vec<Record<'_>>)| {
        let of_record = |(number, record): (u32, &Record<'_>)| match record.0 {
            Key::National(id) => Some((id, number)),
            Key::Document(_) | Key::Roster(_) => None,
        };
        (*first..).zip(*part).filter_map(of_record).collect()
    };
    let (by_id, mut repeated) = KeyIndex::new(numbered.par_iter().map(of_part).collect());
    // Those without a national id are few.
    let mut others: HashMap<Key, u32> = HashMap::new();
    for (number, (key, ..)) in (0..).zip(read.iter().flatten()) {
        if let Key::Document(hash) | Key::Roster(hash) = key {
            let first = *others.entry(*key).or_insert(number);
            repeated.extend((first != number).then_some(Meeting { first, later: number, key: *hash }));
        }
    }
    repeated.sort_unstable_by_key(|own| own.later);
    (by_id, repeated)
}

/// Reads the students from the roster sheets.
pub fn read(inputs: &Inputs, index: &RowIndex, as_of: NaiveDate) -> RosterReading {
    let mut reading = RosterReading::default();
    let mut schools = Schools::new(inputs);
    let parts = parts(inputs);
    let read: Vec<Vec<Record<'_>>> = parts.par_iter().map(|(place, records)| keys(&inputs.sheets[*place], records.clone())).collect();
    let number = read.iter().map(Vec::len).sum();
    let (mut by_id, repeated) = first_records(&read);
    // The place of the entry of a key's first record.
    let entry_of = |record: u32| record - repeated.partition_point(|own| own.later < record) as u32;
    let mut entries: Vec<Entry> = Vec::with_capacity(number);
    // Further rows of a key, rare: the place of its first row's entry and the row.
    let mut further: Vec<(u32, Row)> = Vec::new();
    let (mut count, mut again) = (0_u32.., repeated.iter().peekable());
    for ((place, _), records) in parts.iter().zip(&read) {
        for (key, record, school, grade) in records {
            let school = schools.place(school);
            if let Some(grade) = grade {
                schools.list[school as usize].grades = schools.list[school as usize].grades.with(*grade);
            }
            let row = index.row(*place, *record as usize);
            let number = count.next().unwrap_or_default();
            match again.next_if(|own| own.later == number) {
                Some(own) => further.push((entry_of(own.first), row)),
                None => entries.push(Entry { row, key: *key, school }),
            }
        }
    }
    drop(read);
    further.sort();
    let moves = if further.is_empty() { HashMap::new() } else { transfers(inputs, as_of) };
    let mut several = Vec::new();
    for group in further.chunk_by(|one, other| one.0 == other.0) {
        let entry = &mut entries[group[0].0 as usize];
        let mut rows = vec![entry.row];
        for (_, row) in group {
            let (sheet, record) = index.locate(*row);
            let repeats = |own: &Row| {
                let (other, other_record) = index.locate(*own);
                inputs.sheets[sheet].same_cells(record, &inputs.sheets[other], other_record)
            };
            if rows.iter().any(repeats) {
                reading.repeated.push(*row);
            } else {
                rows.push(*row);
            }
        }
        let cells = |row: &Row| {
            let (sheet, record) = index.locate(*row);
            (&inputs.sheets[sheet], record)
        };
        let active: Vec<Row> = rows.iter().copied().filter(|row| is_active(cells(row).0, cells(row).1)).collect();
        let candidates = if active.is_empty() { &rows } else { &active };
        let latest = |row: &Row| {
            let (sheet, record) = cells(row);
            let school = sheet.text(field::SCHOOL, record).value().unwrap_or_default();
            let moved = sheet.id(field::ID, record).value().and_then(|id| moves.get(&(id, school.to_owned())).copied());
            let entered = sheet.integer(field::ENTRY, record).value();
            let entered = entered.and_then(|month| Month(month).first_day());
            // Within one school what they say decides, and never where they stand: the higher grade first.
            let grade = sheet.code(field::GRADE, record).value();
            let class = sheet.text(field::CLASS, record).value().unwrap_or_default();
            (moved.max(entered), school.to_owned(), grade, class.to_owned(), sheet.quick_hash(record))
        };
        if let Some(row) = candidates.iter().copied().max_by_key(latest) {
            entry.row = row;
            entry.school = schools.place(cells(&row).0.text(field::SCHOOL, cells(&row).1).value().unwrap_or_default());
        }
        if active.len() > 1 {
            several.push((group[0].0, entry.row, active));
        }
    }
    let places = order(&mut entries, inputs, index, &schools);
    let documents: Vec<Option<u64>> = entries.par_iter().map(|entry| document_of(inputs, index, entry)).collect();
    let numbered = documents.chunks(PART).zip((0_u32..).step_by(PART));
    let numbered = numbered.map(|(part, first)| part.iter().zip(first..).filter_map(|(own, place)| Some(((*own)?, place))).collect());
    let (mut by_document, shared) = KeyIndex::new(numbered.collect());
    shared.iter().for_each(|own| by_document.put(own.key, SEVERAL));
    by_id.change(|record| places[entry_of(record) as usize]);
    let roster = &mut reading.roster;
    (roster.by_id, roster.by_document) = (by_id, by_document);
    for (place, entry) in (0_u32..).zip(&entries) {
        schools.list[entry.school as usize].student.get_or_insert(place);
    }
    roster.students = entries;
    roster.by_code = schools.list.iter().map(|school| school.code.clone()).zip(0..).collect();
    roster.schools = schools.list;
    for (former, own, active) in several {
        let student = places[former as usize];
        let school = |row: &Row| {
            let (sheet, record) = index.locate(*row);
            let place = roster.school_place(inputs.sheets[sheet].text(field::SCHOOL, record).value().unwrap_or_default())?;
            Some((place, *row))
        };
        let claims = active.iter().filter_map(school).collect();
        roster.claims.insert(student, claims);
        reading.findings.extend(claimed_twice(inputs, index, student, own, &active));
    }
    reading
}

/// How many claims to a student are told; more are counted.
const MOST_CLAIMS: usize = 20;

/// R0101: several active registrations of one student: one case, with what each says, whichever of them counts.
fn claimed_twice(inputs: &Inputs, index: &RowIndex, student: u32, own: Row, active: &[Row]) -> Option<Finding> {
    let school_of = |row: Row| {
        let (sheet, record) = index.locate(row);
        inputs.sheets[sheet].text(field::SCHOOL, record).value().unwrap_or_default().to_owned()
    };
    let claim = |row: &Row| {
        let (place, record) = index.locate(*row);
        let sheet = &inputs.sheets[place];
        let school = school_of(*row);
        let status = match sheet.code(field::STATUS, record) {
            Read::Value(code) => Status::from_code(code).map_or("学籍状态不明", Status::word),
            Read::Empty => "学籍状态空白",
            Read::Unreadable => "学籍状态不明",
        };
        let entry = match sheet.integer(field::ENTRY, record) {
            Read::Value(month) => format!("{:04}-{:02} 入学", month.div_euclid(12), month.rem_euclid(12) + 1),
            Read::Empty => "入学年月空白".to_owned(),
            Read::Unreadable => "入学年月不明".to_owned(),
        };
        // No grade and no class: they change every year, and the case is the same.
        let says = format!("学校 {school}：{status}，{entry}");
        (says, super::cohort::position(inputs, place, record))
    };
    let further: Vec<Row> = active.iter().copied().filter(|row| *row != own).collect();
    let (sheet, record) = index.locate(*further.first()?);
    let mut claims: Vec<(String, String)> = active.iter().map(claim).collect();
    claims.sort();
    let all = claims.len();
    claims.truncate(MOST_CLAIMS);
    let (mut says, at): (Vec<String>, Vec<String>) = claims.into_iter().unzip();
    if all > MOST_CLAIMS {
        says.push(format!("共 {all} 条"));
    }
    let schools: BTreeSet<String> = active.iter().map(|row| school_of(*row)).collect();
    let own_school = school_of(own);
    let of_sheet = further.iter().map(|row| index.locate(*row)).filter(|(other, _)| *other == sheet);
    Some(Finding {
        code: "R0101",
        severity: Severity::Error,
        about: About::Student(student),
        field: "全国学籍号".into(),
        // Whoever joins the claim, the case stays one.
        other_party: String::new(),
        found: says.join("；"),
        expected: "一条在籍记录".into(),
        place: Place { beside: at.join("；"), ..super::cohort::place(inputs, sheet, record, field::ID) },
        count: further.len() as i64,
        rows_sample: of_sheet.map(|(sheet, record)| inputs.sheets[sheet].rows.get(record)).take(MOST_ROWS).collect(),
        at: further.first().copied(),
        other_school: Some(schools.into_iter().filter(|school| *school != own_school).collect::<Vec<_>>().join("、"))
            .filter(|own| !own.is_empty()),
        effect: None,
    })
}

/// How many rows of a finding are named.
const MOST_ROWS: usize = 10;

/// Schools by code, while the roster is read.
struct Schools<'a> {
    list: Vec<School>,
    places: HashMap<&'a str, u32>,
    systems: HashMap<&'a str, System>,
    last: Option<(&'a str, u32)>,
}

impl<'a> Schools<'a> {
    fn new(inputs: &'a Inputs) -> Self {
        let mut systems = HashMap::new();
        for sheet in inputs.sheets.iter().filter(|sheet| sheet.table == Table::Schools) {
            for record in 0..sheet.rows_read as usize {
                let (code, system) = (sheet.text(directory::field::CODE, record), sheet.text(directory::field::SYSTEM, record));
                if let (Read::Value(code), Read::Value(system)) = (code, system) {
                    systems.entry(code).or_insert_with(|| directory::system_of(system));
                }
            }
        }
        Self { list: Vec::new(), places: HashMap::new(), systems, last: None }
    }

    fn place(&mut self, code: &'a str) -> u32 {
        if let Some((last, place)) = self.last
            && last == code
        {
            return place;
        }
        let place = *self.places.entry(code).or_insert_with(|| {
            let system = self.systems.get(code).copied().unwrap_or(System::FiveFour);
            self.list.push(School { code: code.to_owned(), system, grades: Grades::default(), student: None });
            self.list.len() as u32 - 1
        });
        self.last = Some((code, place));
        place
    }
}

/// Puts students in the order of the outputs: district, school code, grade, class, key. Gives each former place its new one.
fn order<'a>(entries: &mut [Entry], inputs: &'a Inputs, index: &RowIndex, schools: &Schools<'_>) -> Vec<u32> {
    let mut by_code: Vec<u32> = (0..schools.list.len() as u32).collect();
    by_code.sort_by(|one, other| schools.list[*one as usize].code.cmp(&schools.list[*other as usize].code));
    let mut school_rank = vec![0_u32; by_code.len()];
    by_code.iter().enumerate().for_each(|(rank, school)| school_rank[*school as usize] = rank as u32);
    let cells = |entry: &Entry| {
        let (sheet, record) = index.locate(entry.row);
        let sheet = &inputs.sheets[sheet];
        let text = |field| sheet.text(field, record).value().unwrap_or_default();
        (text(field::DISTRICT), sheet.code(field::GRADE, record).value().unwrap_or(0), text(field::CLASS))
    };
    // Districts and classes by rank, so that sorting compares numbers.
    let distinct = entries.par_chunks(PART).map(|entries| {
        let (mut words, mut before) = (HashSet::new(), ("", ""));
        for entry in entries {
            let (district, _, class) = cells(entry);
            // Neighbours mostly share them.
            if before != (district, class) {
                before = (district, class);
                words.extend([district, class]);
            }
        }
        words
    });
    let words = distinct.reduce(HashSet::new, |mut one, other| {
        one.extend(other);
        one
    });
    let mut in_order: Vec<&str> = words.into_iter().collect();
    in_order.sort_unstable();
    let ranks: HashMap<&str, u32> = in_order.into_iter().zip(0..).collect();
    let rank = |word: &str| ranks.get(word).copied().unwrap_or_default();
    let rank_of = |before: &mut ((&'a str, &'a str), (u32, u32)), (place, entry): (usize, &Entry)| {
        let (district, grade, class) = cells(entry);
        if before.0 != (district, class) {
            *before = ((district, class), (rank(district), rank(class)));
        }
        let (district, class) = before.1;
        ((district, school_rank[entry.school as usize], grade, class), (text_order(entry.key), entry.row), place as u32)
    };
    let none = || (("", ""), (rank(""), rank("")));
    let mut ranked: Vec<_> = entries.par_iter().enumerate().map_init(none, rank_of).collect();
    // Rosters mostly stand class by class already, which costs a look; then each class is small.
    ranked.par_sort_by_key(|(class, ..)| *class);
    ranked.par_chunk_by_mut(|(one, ..), (other, ..)| one == other).for_each(|class| class.sort_unstable_by_key(|(_, own, _)| *own));
    let mut places = vec![0; entries.len()];
    let former = entries.to_vec();
    for ((place, entry), (.., before)) in (0..).zip(entries).zip(ranked) {
        *entry = former[before as usize];
        places[before as usize] = place;
    }
    places
}

/// Keys in the order of their texts: `G…`, `ID:…`, `J…`, `L…`, `R:…`.
fn text_order(key: Key) -> (u8, u64) {
    match key {
        Key::National(id) => (
            match id >> 62 {
                1 => 0,
                2 => 3,
                _ => 2,
            },
            id,
        ),
        Key::Document(hash) => (1, hash),
        Key::Roster(hash) => (4, hash),
    }
}

impl Roster {
    /// Whether the roster has a school of this code.
    pub fn has_school(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    /// The schools that claim a student, each with its row, where there are several.
    pub fn claims(&self, student: u32) -> &[(u32, Row)] {
        self.claims.get(&student).map_or(&[], Vec::as_slice)
    }

    /// The place of a school of this code.
    pub fn school_place(&self, code: &str) -> Option<u32> {
        self.by_code.get(code).copied()
    }

    /// The student with a national id.
    pub fn with_id(&self, id: u64) -> Option<u32> {
        self.by_id.get(id)
    }

    /// The student with an ID document; `SEVERAL` where several have it.
    pub fn with_document(&self, key: u64) -> Option<u32> {
        self.by_document.get(key)
    }
}

/// The text of a student's key, as outputs show it.
pub fn key_text(key: Key) -> String {
    match key {
        Key::National(id) => NationalId::from_packed(id).to_string(),
        Key::Document(hash) => format!("ID:{hash:016x}"),
        Key::Roster(hash) => format!("R:{hash:016x}"),
    }
}
