//! Attendance is counted while it is read: rows of 出勤 become a bit of a student and a school day, and only rows that say more
//! than 出勤 are kept. Memory grows with students and absences, not with rows.

mod arrays;
pub mod count;
pub mod digest;
mod order;
pub mod presence;

use arrays::{Scratch, hold, lay_out};
pub use count::{Counting, Days, Numbers};
pub use digest::{Digest, Kept};
pub use order::{ORDERS, Order};

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};

use super::file::{Manner, read_file};
use super::finding::CellFinding;
use super::gather;
use super::headers::Vocabulary;
use super::read::{FileInfo, Inputs, Sheet};
use super::room::Room;
use super::sent_back::Replaced;
use super::table::Table;
use super::walk::Found;

/// Rows that are laid out together: a day of a city, where it stands in the order of dates.
const LAID_OUT: usize = 1 << 20;

/// Counts row groups by their arrays.
pub(crate) struct ArrayCounter<'c> {
    counter: count::Counter<'c>,
    scratch: Scratch,
}

impl<'c> ArrayCounter<'c> {
    /// A counter that has counted nothing.
    pub(crate) fn new(counting: Counting<'c>) -> Self {
        Self { counter: count::Counter::new(counting), scratch: Scratch::default() }
    }

    /// Counts a batch whose first row is a record of the group; `place` gives where a field's array stands. None where something is not
    /// plain, and the group has to be read by its cells.
    pub(crate) fn take(&mut self, batch: &RecordBatch, place: impl Fn(usize) -> Option<usize>, record: u32) -> Option<()> {
        hold(&mut self.counter, &mut self.scratch, batch, place, record)?;
        if self.scratch.rows() >= LAID_OUT { lay_out(&mut self.counter, &mut self.scratch) } else { Some(()) }
    }

    /// What was counted; none as above.
    pub(crate) fn finish(mut self) -> Option<Digest> {
        lay_out(&mut self.counter, &mut self.scratch)?;
        Some(self.counter.finish())
    }
}

/// What the file system says of a file. It keeps the time of the last change itself, whatever a program makes of the other times: a file
/// with the same stamp holds the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Stamp {
    bytes: u64,
    modified: (i64, i64),
    /// When the file was changed last: seconds since 1970 and nanoseconds.
    pub changed: (i64, i64),
    place: (u64, u64),
}

impl Stamp {
    /// The stamp of a file; none where the system has no such times.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::symlink_metadata(path).ok()?;
        let (modified, changed) = ((about.mtime(), about.mtime_nsec()), (about.ctime(), about.ctime_nsec()));
        Some(Self { bytes: about.size(), modified, changed, place: (about.dev(), about.ino()) })
    }

    /// The stamp of a file; none where the system has no such times.
    #[cfg(not(unix))]
    pub fn of(_path: &Path) -> Option<Self> {
        None
    }
}

/// Which files of attendance are left for later.
pub struct Deferral<'d> {
    /// Paths of files that are not, though they begin as attendance: they go on with other tables.
    pub whole: BTreeSet<String>,
    /// Files that were counted before and hold nothing else: their hash by their stamp.
    pub by_stamp: &'d HashMap<Stamp, String>,
}

/// A file of attendance that is read once the roster is known.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// The file, among `Inputs::files`.
    pub file: usize,
    /// The rows of it that rows of other files are in place of.
    pub replaced: Vec<u32>,
}

/// A file of attendance that was read.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Its sheets, each with its digest; their cells are gone but for those that a finding is about.
    pub sheets: Vec<(Sheet, Digest)>,
    /// Its findings, with sheets by their places among its own.
    pub findings: Vec<CellFinding>,
}

/// A file that holds more than attendance, or is not what it was, and has to be read with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAlone;

/// Reads a deferred file, but for the rows `replaced`; the rows of the students `whole`, in order, are all kept.
///
/// # Errors
/// It holds another table too.
pub fn read_deferred(
    file: &FileInfo,
    replaced: &[u32],
    vocabulary: &Vocabulary,
    counting: &Counting<'_>,
    share: usize,
) -> Result<Counted, NotAlone> {
    let found = Found { full: file.full.clone(), path: file.path.clone(), bytes: file.bytes, fault: None };
    let replaced = Replaced::of_table(&file.full, replaced);
    let manner = Manner { vocabulary, counting: Some(counting), replaced: Some(&replaced), cache: None };
    let read = read_file(&found, manner, Room::shared(share));
    let read = read.or_else(|| read_file(&found, manner, Room::alone())).unwrap_or_default();
    // What was counted must be what was hashed: a file that is another one since, or can't be read now, is read with the others.
    if file.stamp.is_some() && Stamp::of(&file.full) != file.stamp || read.iter().any(|read| read.fault.is_some()) {
        return Err(NotAlone);
    }
    let mut own = Inputs::none(vocabulary);
    for read in read {
        own.files.push(read.info);
        gather::put_sheets(&mut own, 0, read.sheets, false, vocabulary);
    }
    let is_alone = own.files.len() == 1 && own.sheets.iter().all(|sheet| sheet.table == Table::Attendance);
    if !is_alone {
        return Err(NotAlone);
    }
    let mut sheets = Vec::new();
    for mut sheet in own.sheets {
        let digest = match sheet.counted.take() {
            Some(digest) => *digest,
            // Without a column that it needs, none of its rows can be used.
            None => Digest { unusable: sheet.rows_read, ..Digest::default() },
        };
        sheets.push((sheet, digest));
    }
    Ok(Counted { sheets, findings: own.findings })
}
