//! What is in a file? Its sheets by what its bytes are, or why it can't be read; a file of files is each of them.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::attendance::{Counting, Deferral, Stamp};
use super::cache::Cache;
use super::cell::{Cell, CellKind, MergedRange, RowSink};
use super::column::Column;
use super::headers::{Dictionary, Vocabulary};
use super::read::FileInfo;
use super::room::{Refusal, Room};
use super::rows::{Outcome, SheetReader};
use super::sent_back::{self, OfFile, Replaced};
use super::sniff::{self, Kind};
use super::source::Source;
use super::table::Table;
use super::walk::{Found, is_wanted_of_archive, shown};
use super::workbook::{Limits, Workbook, sheets_of_2003};
use super::{archive, columnar, dbase, html, old, text};

/// A file that was read.
pub(crate) struct FileRead {
    pub info: FileInfo,
    pub sheets: Vec<SheetRead>,
    /// Why it can't be read: what it is, and what to do.
    pub fault: Option<(String, String)>,
    /// Whether it is attendance that was left for later.
    pub is_deferred: bool,
    /// The rows of such a file that rows of other files are in place of.
    pub replaced: Vec<u32>,
}

/// What a file says of a sheet beside its rows.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct About {
    /// Its name; empty in files of one table.
    pub name: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
    /// Whether days count from 1904.
    pub is_1904: bool,
    /// Whether its columns have letters.
    pub is_spreadsheet: bool,
}

impl About {
    /// A sheet of a workbook.
    pub(crate) fn of_sheet(name: &str) -> Self {
        Self { name: name.to_owned(), is_hidden: false, is_1904: false, is_spreadsheet: true }
    }

    /// A table of a file that is no workbook.
    fn of_table(name: &str) -> Self {
        Self { is_spreadsheet: false, ..Self::of_sheet(name) }
    }
}

/// A sheet that was read, with its tables, or why it can't be read.
#[derive(Deserialize, Serialize)]
pub(crate) struct SheetRead {
    pub about: About,
    pub outcomes: Result<Vec<Outcome>, String>,
}

impl SheetRead {
    /// About how many bytes its cells take.
    pub(crate) fn size(&self) -> usize {
        let of_outcome = |outcome: &Outcome| match outcome {
            Outcome::Table(table) => table.1.columns.iter().flatten().map(Column::bytes).sum(),
            Outcome::Unknown { .. } | Outcome::Report => 0,
        };
        self.outcomes.iter().flatten().map(of_outcome).sum()
    }
}

/// Archives within archives that are opened.
const DEEPEST: u32 = 2;

pub(crate) const SAVE_AGAIN: &str = "能打开的文件：请用表格软件打开，另存为 .xlsx 后重新提交";
const SPLIT: &str = "较小的文件：请按学校或班级分成几个文件后重新提交";

/// How files are read.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'m> {
    /// The words to read them by.
    pub vocabulary: &'m Vocabulary,
    /// What attendance is counted by, where it is.
    pub counting: Option<&'m Counting<'m>>,
    /// The rows that are passed over, as rows of other files are in place of them.
    pub replaced: Option<&'m Replaced>,
    /// What is known of files that were read before.
    pub cache: Option<&'m Cache>,
}

impl<'m> Manner<'m> {
    /// Reading by these words, and no more.
    pub(crate) fn plain(vocabulary: &'m Vocabulary) -> Self {
        Self { vocabulary, counting: None, replaced: None, cache: None }
    }
}

/// Reads a file, or the files that it holds; `None` if it needs more room than it is given and could be given more.
///
/// Somebody may still be writing it: what was read counts only if the file is the same before and after, so that its hash is that of the rows.
pub(crate) fn read_file(file: &Found, manner: Manner<'_>, room: Room) -> Option<Vec<FileRead>> {
    let place = Place { full: &file.full, path: &file.path, within: "" };
    let failed = |what: String, expected: &str| Some(vec![place.failed(String::new(), file.bytes, (what, expected.into()))]);
    if let Some(fault) = &file.fault {
        return failed(fault.clone(), READABLE);
    }
    for _ in 0..TRIES {
        let before = Stamp::of(&file.full);
        let bytes = std::fs::metadata(&file.full).map_or(file.bytes, |about| about.len());
        let source = match source_of(&file.full, bytes, room) {
            Ok(source) => source,
            Err(error) => return failed(why(&error), READABLE),
        };
        let read = read_source(place, &source, manner, room, DEEPEST);
        if Stamp::of(&file.full) == before {
            return read;
        }
    }
    failed("读取时文件还在变化".into(), "写完的文件：等它写完（下载、导出或同步结束）后重新运行")
}

/// How often a file is read that changes meanwhile.
const TRIES: usize = 3;
const READABLE: &str = "可以读取的文件";

/// Why a file can't be read, in words for whoever sent it.
fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "读取时文件已经不在".into(),
        std::io::ErrorKind::PermissionDenied => "没有读取这个文件的权限".into(),
        _ => error.to_string(),
    }
}

fn source_of(full: &Path, bytes: u64, room: Room) -> std::io::Result<Source> {
    if bytes <= room.held() { Ok(Source::Held(std::fs::read(full)?.into())) } else { Ok(Source::File(full.to_owned(), bytes)) }
}

/// A file that begins as a table of attendance, and can be read from one end to the other: it is counted once the roster is known.
pub(crate) fn deferred_file(file: &Found, vocabulary: &Vocabulary, deferral: &Deferral<'_>) -> Option<Vec<FileRead>> {
    if file.fault.is_some() {
        return None;
    }
    let place = Place { full: &file.full, path: &file.path, within: "" };
    let stamp = Stamp::of(&file.full);
    let left = |sha256| {
        let info = FileInfo { stamp, ..place.info(sha256, file.bytes) };
        Some(vec![FileRead { info, sheets: Vec::new(), fault: None, is_deferred: true, replaced: Vec::new() }])
    };
    if let Some(sha256) = stamp.and_then(|stamp| deferral.by_stamp.get(&stamp)) {
        return left(sha256.clone());
    }
    let source = Source::File(file.full.clone(), file.bytes);
    let table = guarded(|| match sniff::kind(&source).ok()? {
        Kind::Parquet => columnar::table(&source, vocabulary),
        Kind::Text => text::table(&source, vocabulary),
        _ => None,
    });
    if table.flatten() != Some(Table::Attendance) {
        return None;
    }
    left(source.sha256().ok()?)
}

/// Reads a file that is in memory, or the files that it holds.
pub(crate) fn held_file(path: &str, bytes: Vec<u8>, vocabulary: &Vocabulary) -> Vec<FileRead> {
    let place = Place { full: Path::new(path), path, within: "" };
    read_source(place, &Source::Held(bytes.into()), Manner::plain(vocabulary), Room::alone(), DEEPEST).unwrap_or_default()
}

/// Where a file stands, and how it is called.
#[derive(Clone, Copy)]
struct Place<'a> {
    full: &'a Path,
    path: &'a str,
    within: &'a str,
}

impl Place<'_> {
    fn info(self, sha256: String, bytes: u64) -> FileInfo {
        let Place { full, path, within } = self;
        FileInfo { path: path.to_owned(), full: full.to_owned(), within: within.to_owned(), sha256, bytes, duplicate: false, stamp: None }
    }

    fn failed(self, sha256: String, bytes: u64, fault: (String, String)) -> FileRead {
        FileRead { info: self.info(sha256, bytes), sheets: Vec::new(), fault: Some(fault), is_deferred: false, replaced: Vec::new() }
    }
}

fn read_source(place: Place<'_>, source: &Source, manner: Manner<'_>, room: Room, depth: u32) -> Option<Vec<FileRead>> {
    let failed = |sha256, fault| Some(vec![place.failed(sha256, source.size(), fault)]);
    // What is counted was hashed when it was left for later.
    let hash = || if manner.counting.is_some() { Ok(String::new()) } else { source.sha256() };
    let (kind, sha256) = match sniff::kind(source).and_then(|kind| Ok((kind, hash()?))) {
        Ok(known) => known,
        Err(error) => return failed(String::new(), (error.to_string(), SAVE_AGAIN.into())),
    };
    let refused = |refusal| match refusal {
        Refusal::TooLarge if room == Room::alone() => Some(("文件过大，超出可以读取的限度".to_owned(), SPLIT.to_owned())),
        Refusal::TooLarge => None,
        Refusal::Fault(what) => Some((what, SAVE_AGAIN.to_owned())),
    };
    if kind == Kind::Archive && depth > 0 {
        return match read_archive(place, source, manner, room, depth) {
            Ok(files) => files,
            Err(what) => failed(sha256, (what, SAVE_AGAIN.into())),
        };
    }
    // Of a file of which rows are passed over less is read than of one as it stands.
    let cache = manner.cache.filter(|_| manner.counting.is_none() && manner.replaced.is_none());
    let known = cache.and_then(|cache| cache.get(place.path, &sha256));
    let is_known = known.is_some();
    let read = || guarded(|| read_content(kind, source, place, manner, room)).unwrap_or_else(|| Err("文件已损坏".into()));
    match known.map_or_else(read, Ok) {
        Ok(sheets) => {
            if let Some(cache) = cache.filter(|_| !is_known) {
                cache.put(place.path, &sha256, &sheets);
            }
            Some(vec![FileRead { info: place.info(sha256, source.size()), sheets, fault: None, is_deferred: false, replaced: Vec::new() }])
        }
        Err(refusal) => failed(sha256, refused(refusal)?),
    }
}

/// Files being read.
static READING: AtomicUsize = AtomicUsize::new(0);

/// What a reader gives; `None` if a library took damage for something that can't be, and panicked: that must not take the run down.
pub fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    READING.fetch_add(1, Ordering::SeqCst);
    let read = std::panic::catch_unwind(AssertUnwindSafe(read));
    READING.fetch_sub(1, Ordering::SeqCst);
    read.ok()
}

/// Lets nothing be said of a panic while files are read: the file is a finding, and the words would help nobody.
pub fn keep_damage_quiet() {
    let speak = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if READING.load(Ordering::SeqCst) == 0 {
            speak(panic);
        }
    }));
}

/// The files of an archive; `None` if one of them needs more room.
fn read_archive(place: Place<'_>, source: &Source, manner: Manner<'_>, room: Room, depth: u32) -> Result<Option<Vec<FileRead>>, String> {
    let mut files = Vec::new();
    let mut is_too_large = false;
    archive::each_file(source, room, is_wanted_of_archive, |name, content| {
        let name = shown(&name);
        let (path, within) = (format!("{}/{name}", place.path), format!("{}/{name}", place.within));
        let place = Place { path: &path, within: within.trim_start_matches('/'), ..place };
        let read = match content {
            Ok(bytes) => read_source(place, &Source::Held(bytes.into()), manner, room, depth - 1),
            Err(Refusal::TooLarge) if room != Room::alone() => None,
            Err(refusal) => {
                let fault = match refusal {
                    Refusal::TooLarge => ("解压后过大".to_owned(), SPLIT.to_owned()),
                    Refusal::Fault(what) => (what, SAVE_AGAIN.to_owned()),
                };
                Some(vec![place.failed(String::new(), 0, fault)])
            }
        };
        match read {
            Some(read) => files.extend(read),
            None => is_too_large = true,
        }
        !is_too_large
    })?;
    if is_too_large {
        return Ok(None);
    }
    if files.is_empty() { Err("压缩包中没有表格文件".into()) } else { Ok(Some(files)) }
}

/// The sheets of a file by what its bytes are; its path may tell what they do not.
fn read_content(kind: Kind, source: &Source, place: Place<'_>, manner: Manner<'_>, room: Room) -> Result<Vec<SheetRead>, Refusal> {
    let Manner { vocabulary, counting, replaced, .. } = manner;
    let (path, replaced) = (place.path, replaced.and_then(|replaced| replaced.of(place.full, place.within)));
    if source.size() == 0 {
        return Err("空文件".into());
    }
    // These are read from one end to the other; everything else is held whole.
    let outcomes = match kind {
        Kind::Parquet => Some(vec![columnar::read(source, vocabulary, &[path], counting)?]),
        Kind::Text => Some(text::read(source, vocabulary, &[path], room, counting, sent_back::of_sheet(replaced, ""))?),
        _ => None,
    };
    if let Some(outcomes) = outcomes {
        return Ok(vec![SheetRead { about: About::of_table(""), outcomes: Ok(outcomes) }]);
    }
    let mut sheets = Vec::new();
    let open = |about: &About| reader_of(about, path, vocabulary, replaced);
    let close = |about, reader: Result<SheetReader<'_>, String>| {
        sheets.push(SheetRead { about, outcomes: reader.map(SheetReader::finish) });
    };
    each_sheet(kind, source, &vocabulary.dictionary, room, open, close)?;
    if sheets.is_empty() { Err("文件中没有工作表，或已损坏".into()) } else { Ok(sheets) }
}

fn reader_of<'v>(about: &About, path: &str, vocabulary: &'v Vocabulary, replaced: Option<&'v OfFile>) -> SheetReader<'v> {
    let reader = SheetReader::new(vocabulary, about.is_1904).named(&[&about.name, path]);
    reader.without(sent_back::of_sheet(replaced, &about.name)).narrow()
}

/// A sheet as it stands in its file.
pub(crate) struct RawSheet {
    pub about: About,
    pub merged: Vec<MergedRange>,
    pub rows: Vec<(u32, Vec<(CellKind, String)>)>,
}

impl RowSink for RawSheet {
    fn merged(&mut self, ranges: &[MergedRange]) {
        self.merged = ranges.to_vec();
    }

    fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()> {
        self.rows.push((number, cells.iter().map(|cell| (cell.kind, cell.text.to_owned())).collect()));
        ControlFlow::Continue(())
    }
}

/// The sheets of a file as they stand in it, for a copy of it; those of a file within an archive if `within` says so. `Err` says in
/// Chinese why there can be none.
pub(crate) fn raw_sheets(full: &Path, within: &str, vocabulary: &Vocabulary) -> Result<Vec<RawSheet>, String> {
    let source = source_within(full, within)?;
    if matches!(source, Source::File(..)) {
        return Err(TOO_LARGE.into());
    }
    let raw = |about: &About| RawSheet { about: about.clone(), merged: Vec::new(), rows: Vec::new() };
    let mut sheets = Vec::new();
    each_raw_sheet(&source, vocabulary, raw, |_, sheet| sheets.extend(sheet))?;
    Ok(sheets)
}

const TOO_LARGE: &str = "文件过大";

/// The content of a file, or of the file within an archive that `within` names.
pub(crate) fn source_within(full: &Path, mut within: &str) -> Result<Source, String> {
    let room = Room::alone();
    let bytes = std::fs::metadata(full).map_err(|error| error.to_string())?.len();
    let mut source = source_of(full, bytes, room).map_err(|error| error.to_string())?;
    // The names of archives within archives stand before those of their files.
    while !within.is_empty() {
        let mut found = None;
        let wanted = |name: &str| is_wanted_of_archive(name) && names_begin(within, name);
        archive::each_file(&source, room, wanted, |name, content| {
            found = content.ok().map(|bytes| (name, bytes));
            false
        })?;
        let (name, bytes) = found.ok_or("压缩包中没有这个文件")?;
        within = within.get(shown(&name).len()..).unwrap_or_default().trim_start_matches('/');
        source = Source::Held(bytes.into());
    }
    Ok(source)
}

/// Calls `open` for each sheet of a file, hands it the rows as they stand there, and calls `close` after them. `Err` says in Chinese why
/// that can't be done.
pub(crate) fn each_raw_sheet<S: RowSink>(
    source: &Source,
    vocabulary: &Vocabulary,
    mut open: impl FnMut(&About) -> S,
    mut close: impl FnMut(About, Result<S, String>),
) -> Result<(), String> {
    let room = Room::alone();
    let kind = sniff::kind(source).map_err(|error| error.to_string())?;
    let read = match kind {
        Kind::Text => {
            let about = About::of_table("");
            let mut sheet = open(&about);
            let read = text::tell(source, vocabulary, room, &mut sheet);
            close(about, Ok(sheet));
            read
        }
        Kind::Parquet => return Err("Parquet 文件不能用表格软件填写".into()),
        _ => each_sheet(kind, source, &vocabulary.dictionary, room, open, close),
    };
    read.map_err(|refusal| match refusal {
        Refusal::TooLarge => TOO_LARGE.to_owned(),
        Refusal::Fault(what) => what,
    })
}

/// Whether a path is that of a file of an archive, or of one within it.
fn names_begin(path: &str, name: &str) -> bool {
    path.strip_prefix(&*shown(name)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Calls `open` for each sheet of a file that is held whole, hands it the rows, and calls `close` after them, or with what is wrong with
/// the sheet: one that is damaged does not take the others with it.
fn each_sheet<S: RowSink>(
    kind: Kind,
    source: &Source,
    dictionary: &Dictionary,
    room: Room,
    mut open: impl FnMut(&About) -> S,
    mut close: impl FnMut(About, Result<S, String>),
) -> Result<(), Refusal> {
    let bytes = match source {
        Source::Held(bytes) if bytes.len() as u64 <= room.held() => bytes,
        _ => return Err(Refusal::TooLarge),
    };
    match kind {
        Kind::Workbook => {
            let workbook = Workbook::open(bytes.clone(), Limits::of(room))?;
            for (place, sheet) in workbook.sheets().iter().enumerate() {
                let about = About { is_hidden: sheet.hidden, is_1904: workbook.is_1904(), ..About::of_sheet(&sheet.name) };
                let mut sink = open(&about);
                let mut read = workbook.read(place, &mut sink);
                if read.is_ok() && sink.begins_again() {
                    read = workbook.read(place, &mut sink);
                }
                match read.map_err(Refusal::from) {
                    Ok(()) => close(about, Ok(sink)),
                    Err(Refusal::Fault(what)) => close(about, Err(what)),
                    Err(Refusal::TooLarge) => return Err(Refusal::TooLarge),
                }
            }
        }
        Kind::Old(kind) => old::read(bytes, kind, room, open, |about, sink| close(about, Ok(sink)))?,
        Kind::Workbook2003 => {
            for (name, grid) in sheets_of_2003(&text::decode(bytes)?, room)? {
                let about = About::of_sheet(&name);
                let mut sink = open(&about);
                grid.tell(&mut sink);
                close(about, Ok(sink));
            }
        }
        Kind::Page => {
            let tables = html::tables(bytes, room)?;
            let several = tables.len() > 1;
            for (grid, place) in tables.into_iter().zip(1..) {
                let about = About::of_table(&if several { format!("表{place}") } else { String::new() });
                let mut sink = open(&about);
                grid.tell(&mut sink);
                close(about, Ok(sink));
            }
        }
        Kind::Dbase => {
            let about = About::of_table("");
            let mut sink = open(&about);
            dbase::read(bytes, dictionary, &mut sink)?;
            close(about, Ok(sink));
        }
        Kind::Archive => return Err("压缩包中的压缩包过深".into()),
        Kind::Other(what) => return Err(what.into()),
        Kind::Parquet | Kind::Text => return Err(Refusal::TooLarge),
    }
    Ok(())
}
