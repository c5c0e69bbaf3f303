//! `attendance.state`: what each file of attendance came to, so that the next run reads only what is new.
//!
//! A digest depends on its file, the calendar and the dictionaries alone; students stand in it by numbers, whose ids the state lists. So
//! another roster or another suspension changes nothing in it: a run puts the digests together for the students it has. The state fits
//! where program, policy, calendar, dictionaries and term are the same; it is checked by a hash and is none where that fails.
//!
//! With a key at hand all of it is encrypted, as it holds ids. After the mark: the length of the head, the head, a block a file, and the hash of all before it. Head and blocks are compressed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use law::facts::attendance::DayRecord;
use law::regulation::findings;
use rayon::Scope;
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::ingest::attendance::{self, Counted, Digest, Stamp};
use crate::ingest::column::Column;
use crate::ingest::kept::numbers;
use crate::ingest::table::Table;
use crate::ingest::{CellFinding, RowNumbers, Sheet};

/// The file's name in a run folder.
pub const FILE: &str = "attendance.state";

/// What its key is for.
const PURPOSE: &str = "attendance state";
const MARK: &[u8] = b"xueji attendance 5\n";
/// zstd's quickest: most of a state is one and the same record.
const LEVEL: i32 = 1;
/// Bytes that are compressed at a time.
const PIECE: usize = 4 << 20;
const HASH: usize = 32;

/// What a state rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Basis {
    /// The program's version.
    pub program: String,
    /// The hash of the policy as used.
    pub policy: String,
    /// The hash of the calendars.
    pub calendar: String,
    /// The hash of the dictionaries.
    pub dictionaries: String,
    /// The first day of the term.
    pub first: NaiveDate,
    /// Its school days.
    pub days: Vec<NaiveDate>,
}

impl Basis {
    /// Why a state that rests on another basis does not fit, in Chinese.
    pub fn differs_from(&self, other: &Basis) -> Option<&'static str> {
        let parts = [
            (self.program == other.program, "程序版本变了"),
            (self.policy == other.policy, "政策变了"),
            (self.calendar == other.calendar, "校历变了"),
            (self.dictionaries == other.dictionaries, "列名词典变了"),
            (self.first == other.first && self.days == other.days, "换了学期"),
        ];
        parts.into_iter().find(|(is_same, _)| !is_same).map(|(_, why)| why)
    }
}

/// What is known from runs before.
#[derive(Debug, Default)]
pub struct State {
    /// What it rests on.
    pub basis: Basis,
    /// The students' ids by number.
    pub ids: Vec<u64>,
    /// What each file came to, by the hash of its content.
    pub files: HashMap<String, Counted>,
    /// The hash of each file by its stamp, where that can be trusted.
    pub by_stamp: HashMap<Stamp, String>,
}

#[derive(Deserialize, Serialize)]
struct Head {
    basis: Basis,
    #[serde(with = "numbers")]
    ids: Vec<u64>,
    files: Vec<String>,
    lengths: Vec<u64>,
    stamps: Vec<(Stamp, u32)>,
}

/// A sheet without its cells, but for those that a finding is about.
#[derive(Deserialize, Serialize)]
struct SheetKept {
    name: String,
    is_hidden: bool,
    rows: RowNumbers,
    columns: Vec<Option<Column>>,
    places: Vec<Option<u16>>,
    has_letters: bool,
    headers: Vec<Option<String>>,
    rows_read: u32,
    set_aside: Vec<u32>,
    sparse: Option<Vec<u32>>,
    header_row: u32,
}

/// A finding of reading.
#[derive(Deserialize, Serialize)]
struct FindingKept {
    code: String,
    sheet: Option<usize>,
    sheet_name: String,
    record: Option<u32>,
    field: Option<usize>,
    row: Option<u32>,
    column: Option<u16>,
    header: String,
    found: String,
    expected: String,
    count: u32,
    rows_sample: Vec<u32>,
    mark: u64,
}

impl SheetKept {
    fn of(sheet: &Sheet) -> Self {
        Self {
            name: sheet.name.clone(),
            is_hidden: sheet.is_hidden,
            rows: sheet.rows.clone(),
            columns: sheet.columns.clone(),
            places: sheet.places.clone(),
            has_letters: sheet.has_letters,
            headers: sheet.headers.iter().map(|header| header.as_deref().map(str::to_owned)).collect(),
            rows_read: sheet.rows_read,
            set_aside: sheet.set_aside.clone(),
            sparse: sheet.sparse.clone(),
            header_row: sheet.header_row,
        }
    }

    fn sheet(self) -> Sheet {
        Sheet {
            file: 0,
            name: self.name,
            is_hidden: self.is_hidden,
            table: Table::Attendance,
            rows: self.rows,
            columns: self.columns,
            places: self.places,
            has_letters: self.has_letters,
            headers: self.headers.into_iter().map(|header| header.map(Arc::from)).collect(),
            rows_read: self.rows_read,
            set_aside: self.set_aside,
            mistyped: Vec::new(),
            sparse: self.sparse,
            counted: None,
            header_row: self.header_row,
            given: None,
            replaced: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

impl FindingKept {
    fn of(finding: &CellFinding) -> Self {
        let own = finding.clone();
        Self {
            code: own.code.to_owned(),
            sheet: own.sheet,
            sheet_name: own.sheet_name.as_ref().to_owned(),
            record: own.record,
            field: own.field,
            row: own.row,
            column: own.column,
            header: own.header.as_ref().to_owned(),
            found: own.found,
            expected: own.expected.as_ref().to_owned(),
            count: own.count,
            rows_sample: own.rows_sample,
            mark: own.mark,
        }
    }

    /// `None` for a code that the catalogue has not.
    fn finding(self) -> Option<CellFinding> {
        Some(CellFinding {
            code: findings::find(&self.code)?.code,
            sheet: self.sheet,
            file: 0,
            sheet_name: self.sheet_name.into(),
            record: self.record,
            field: self.field,
            row: self.row,
            column: self.column,
            header: self.header.into(),
            found: self.found,
            expected: self.expected.into(),
            count: self.count,
            rows_sample: self.rows_sample,
            mark: self.mark,
        })
    }
}

/// Pieces that were compressed, with their places.
type Pieces = Mutex<Vec<(usize, io::Result<Vec<u8>>)>>;

/// Compresses what is written to it piece by piece, beside the writing.
struct Packer<'p, 's> {
    scope: &'p Scope<'s>,
    pieces: &'s Pieces,
    /// How many pieces wait to be compressed.
    waiting: &'s AtomicUsize,
    piece: Vec<u8>,
    begun: usize,
}

impl Packer<'_, '_> {
    fn hand_on(&mut self) {
        let (pieces, waiting, place) = (self.pieces, self.waiting, self.begun);
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let compress = move || {
            let packed = zstd::bulk::compress(&piece, LEVEL);
            waiting.fetch_sub(1, Ordering::Relaxed);
            pieces.lock().unwrap_or_else(PoisonError::into_inner).push((place, packed));
        };
        self.begun += 1;
        // Only so many are held.
        if waiting.fetch_add(1, Ordering::Relaxed) < rayon::current_num_threads() {
            self.scope.spawn(move |_| compress());
        } else {
            compress();
        }
    }
}

impl Write for Packer<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..length]);
        if self.piece.len() == PIECE {
            self.hand_on();
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.hand_on();
        }
        Ok(())
    }
}

/// A value in pieces that zstd reads, one behind the other, as one.
fn packed(value: &(impl Serialize + Sync)) -> io::Result<Vec<Vec<u8>>> {
    let (pieces, waiting) = (Pieces::default(), AtomicUsize::new(0));
    rayon::scope(|scope| {
        let packer = Packer { scope, pieces: &pieces, waiting: &waiting, piece: Vec::new(), begun: 0 };
        postcard::to_io(value, packer).map_err(io::Error::other)?.flush()
    })?;
    let mut pieces = pieces.into_inner().unwrap_or_else(PoisonError::into_inner);
    pieces.sort_unstable_by_key(|(place, _)| *place);
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(&zstd::decode_all(bytes).ok()?).ok()
}

/// What a run hands to the next.
pub struct Kept<'k> {
    /// What it rests on.
    pub basis: &'k Basis,
    /// The students' ids by number.
    pub ids: &'k [u64],
    /// The files, each with its hash, its stamp where that can be trusted, its sheets and its findings.
    pub files: Vec<FileKept<'k>>,
}

/// A file of attendance and what it came to.
pub struct FileKept<'k> {
    /// The hash of its content.
    pub sha256: &'k str,
    /// Its stamp, where that can be trusted.
    pub stamp: Option<Stamp>,
    /// What it came to.
    pub counted: &'k Counted,
}

/// Writes the state into a run folder.
///
/// # Errors
/// The disk refuses.
pub fn write(folder: &Path, kept: &Kept<'_>) -> io::Result<()> {
    let block = |file: &FileKept<'_>| {
        let sheets: Vec<SheetKept> = file.counted.sheets.iter().map(|(sheet, _)| SheetKept::of(sheet)).collect();
        let digests: Vec<&Digest> = file.counted.sheets.iter().map(|(_, digest)| digest).collect();
        let findings: Vec<FindingKept> = file.counted.findings.iter().map(FindingKept::of).collect();
        packed(&(sheets, digests, findings))
    };
    let blocks: Vec<Vec<Vec<u8>>> = kept.files.par_iter().map(block).collect::<io::Result<_>>()?;
    let length = |pieces: &[Vec<u8>]| pieces.iter().map(Vec::len).sum::<usize>();
    let stamps = kept.files.iter().zip(0..).filter_map(|(file, place)| Some((file.stamp?, place)));
    let head = packed(&Head {
        basis: kept.basis.clone(),
        ids: kept.ids.to_vec(),
        files: kept.files.iter().map(|file| file.sha256.to_owned()).collect(),
        lengths: blocks.iter().map(|block| length(block) as u64).collect(),
        stamps: stamps.collect(),
    })?;
    let begin = [MARK, &(length(&head) as u64).to_le_bytes()].concat();
    // Piece by piece, each let go of once it is written.
    let pieces = std::iter::once(begin).chain(head).chain(blocks.into_iter().flatten());
    let mut hasher = blake3::Hasher::new();
    let put = |out: &mut dyn Write| {
        for piece in pieces {
            hasher.update(&piece);
            out.write_all(&piece)?;
        }
        out.write_all(hasher.finalize().as_bytes())
    };
    let path = folder.join(FILE);
    if keys::at_hand().is_none() {
        return put(&mut File::create(path)?);
    }
    // What is sealed is sealed as one.
    let mut bytes = Vec::new();
    put(&mut bytes)?;
    std::fs::write(path, keys::kept(PURPOSE, bytes)?)
}

/// Reads the state of a run folder; `None` where there is none or it is damaged.
pub fn read(folder: &Path) -> Option<State> {
    let bytes = keys::known(PURPOSE, std::fs::read(folder.join(FILE)).ok()?)?;
    let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
    if blake3::hash(content).as_bytes() != hash {
        return None;
    }
    let rest = content.strip_prefix(MARK)?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (head, mut rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let head: Head = unpacked(head)?;
    let mut blocks = Vec::with_capacity(head.lengths.len());
    for length in &head.lengths {
        let (block, after) = rest.split_at_checked(usize::try_from(*length).ok()?)?;
        blocks.push(block);
        rest = after;
    }
    let counted = |block: &&[u8]| {
        let (sheets, digests, findings): (Vec<SheetKept>, Vec<Digest>, Vec<FindingKept>) = unpacked(block)?;
        let findings = findings.into_iter().map(FindingKept::finding).collect::<Option<Vec<_>>>()?;
        Some(Counted { sheets: sheets.into_iter().map(SheetKept::sheet).zip(digests).collect(), findings })
    };
    let counted: Vec<Counted> = blocks.par_iter().map(counted).collect::<Option<_>>()?;
    let by_stamp = head.stamps.iter().filter_map(|(stamp, place)| Some((*stamp, head.files.get(*place as usize)?.clone())));
    let by_stamp = by_stamp.collect();
    Some(State { basis: head.basis, ids: head.ids, files: head.files.into_iter().zip(counted).collect(), by_stamp })
}

impl State {
    /// What is on record for a student on each school day, the kinder of several; nothing for an id that was never met.
    pub fn days_of(&self, id: u64) -> Option<Vec<DayRecord>> {
        let number = self.ids.iter().position(|own| *own == id)? as u32;
        let digests = || self.files.values().flat_map(|counted| counted.sheets.iter().map(|(_, digest)| digest));
        let kept: Vec<&attendance::Kept> =
            digests().flat_map(|digest| digest.kept.iter().flat_map(|part| &part.rows)).filter(|row| row.number == number).collect();
        let record = |(day, place): (&NaiveDate, u16)| {
            let is_present = digests().filter_map(|digest| digest.days.get(&place)).any(|present| present.has(number));
            let offset = (*day - self.basis.first).num_days();
            let said = kept.iter().filter(|row| (i64::from(row.first)..=i64::from(row.last)).contains(&offset)).map(|row| row.code);
            DayRecord::from_code(said.chain(is_present.then_some(DayRecord::Present as u8)).max().unwrap_or_default())
        };
        Some(self.basis.days.iter().zip(0..).map(record).collect())
    }
}
