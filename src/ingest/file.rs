//! What is in a file? Its sheets by what its bytes are, or why it can't be read; a file of files is each of them.

use std::panic::AssertUnwindSafe;

use super::cell::RowSink;
use super::headers::{Dictionary, Vocabulary};
use super::read::FileInfo;
use super::room::{Refusal, Room};
use super::rows::{Outcome, SheetReader};
use super::sniff::{self, Kind};
use super::source::Source;
use super::walk::{Found, is_wanted_of_archive, shown};
use super::workbook::{Limits, Workbook, sheets_of_2003};
use super::{archive, columnar, dbase, html, old, text};

/// A file that was read.
pub(crate) struct FileRead {
    pub info: FileInfo,
    pub sheets: Vec<SheetRead>,
    /// Why it can't be read: what it is, and what to do.
    pub fault: Option<(String, String)>,
}

/// What a file says of a sheet beside its rows.
#[derive(Clone, Debug)]
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

/// A sheet that was read, with its tables.
pub(crate) struct SheetRead {
    pub about: About,
    pub outcomes: Vec<Outcome>,
}

/// Archives within archives that are opened.
const DEEPEST: u32 = 2;

const SAVE_AGAIN: &str = "能打开的文件：请用表格软件打开，另存为 .xlsx 后重新提交";
const SPLIT: &str = "较小的文件：请按学校或班级分成几个文件后重新提交";

/// Reads a file, or the files that it holds; `None` if it needs more room than it is given and could be given more.
pub(crate) fn read_file(file: &Found, vocabulary: &Vocabulary, room: Room) -> Option<Vec<FileRead>> {
    let failed = |what: String| {
        let info = FileInfo { path: file.path.clone(), sha256: String::new(), bytes: file.bytes, duplicate: false };
        Some(vec![FileRead { info, sheets: Vec::new(), fault: Some((what, "可以读取的文件".into())) }])
    };
    if let Some(fault) = &file.fault {
        return failed(fault.clone());
    }
    let source = if file.bytes <= room.held() {
        match std::fs::read(&file.full) {
            Ok(bytes) => Source::Held(bytes.into()),
            Err(error) => return failed(error.to_string()),
        }
    } else {
        Source::File(file.full.clone(), file.bytes)
    };
    read_source(&file.path, &source, vocabulary, room, DEEPEST)
}

fn read_source(path: &str, source: &Source, vocabulary: &Vocabulary, room: Room, depth: u32) -> Option<Vec<FileRead>> {
    let info = |sha256: String| FileInfo { path: path.to_owned(), sha256, bytes: source.size(), duplicate: false };
    let failed = |sha256, fault| Some(vec![FileRead { info: info(sha256), sheets: Vec::new(), fault: Some(fault) }]);
    let (kind, sha256) = match sniff::kind(source).and_then(|kind| Ok((kind, source.sha256()?))) {
        Ok(known) => known,
        Err(error) => return failed(String::new(), (error.to_string(), SAVE_AGAIN.into())),
    };
    let refused = |refusal| match refusal {
        Refusal::TooLarge if room == Room::alone() => Some(("文件过大，超出可以读取的限度".to_owned(), SPLIT.to_owned())),
        Refusal::TooLarge => None,
        Refusal::Fault(what) => Some((what, SAVE_AGAIN.to_owned())),
    };
    if kind == Kind::Archive && depth > 0 {
        return match read_archive(path, source, vocabulary, room, depth) {
            Ok(files) => files,
            Err(what) => failed(sha256, (what, SAVE_AGAIN.into())),
        };
    }
    // A damaged file can make a decoder panic; that must not take the run down with it.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| read_content(kind, source, path, vocabulary, room)));
    match read.unwrap_or_else(|_| Err("文件已损坏".into())) {
        Ok(sheets) => Some(vec![FileRead { info: info(sha256), sheets, fault: None }]),
        Err(refusal) => failed(sha256, refused(refusal)?),
    }
}

/// The files of an archive; `None` if one of them needs more room.
fn read_archive(path: &str, source: &Source, vocabulary: &Vocabulary, room: Room, depth: u32) -> Result<Option<Vec<FileRead>>, String> {
    let mut files = Vec::new();
    let mut is_too_large = false;
    archive::each_file(source, room, is_wanted_of_archive, |name, content| {
        let path = format!("{path}/{}", shown(&name));
        let read = match content {
            Ok(bytes) => read_source(&path, &Source::Held(bytes.into()), vocabulary, room, depth - 1),
            Err(Refusal::TooLarge) if room != Room::alone() => None,
            Err(refusal) => {
                let fault = match refusal {
                    Refusal::TooLarge => ("解压后过大".to_owned(), SPLIT.to_owned()),
                    Refusal::Fault(what) => (what, SAVE_AGAIN.to_owned()),
                };
                let info = FileInfo { path, sha256: String::new(), bytes: 0, duplicate: false };
                Some(vec![FileRead { info, sheets: Vec::new(), fault: Some(fault) }])
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

/// The sheets of a file by what its bytes are; `path` may tell what they do not.
fn read_content(kind: Kind, source: &Source, path: &str, vocabulary: &Vocabulary, room: Room) -> Result<Vec<SheetRead>, Refusal> {
    if source.size() == 0 {
        return Err("空文件".into());
    }
    // These are read from one end to the other; everything else is held whole.
    let outcomes = match kind {
        Kind::Parquet => Some(vec![columnar::read(source, vocabulary, &[path])?]),
        Kind::Text => Some(text::read(source, vocabulary, &[path], room)?),
        _ => None,
    };
    if let Some(outcomes) = outcomes {
        return Ok(vec![SheetRead { about: About::of_table(""), outcomes }]);
    }
    let mut sheets = Vec::new();
    let open = |about: &About| SheetReader::new(vocabulary, about.is_1904).named(&[&about.name, path]).narrow();
    let close = |about, reader: SheetReader<'_>| sheets.push(SheetRead { about, outcomes: reader.finish() });
    each_sheet(kind, source, &vocabulary.dictionary, room, open, close)?;
    Ok(sheets)
}

/// Calls `open` for each sheet of a file that is held whole, hands it the rows, and calls `close` after them.
fn each_sheet<S: RowSink>(
    kind: Kind,
    source: &Source,
    dictionary: &Dictionary,
    room: Room,
    mut open: impl FnMut(&About) -> S,
    mut close: impl FnMut(About, S),
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
                workbook.read(place, &mut sink)?;
                if sink.begins_again() {
                    workbook.read(place, &mut sink)?;
                }
                close(about, sink);
            }
        }
        Kind::Old(kind) => old::read(bytes, kind, room, open, close)?,
        Kind::Workbook2003 => {
            for (name, grid) in sheets_of_2003(&text::decode(bytes)?, room)? {
                let about = About::of_sheet(&name);
                let mut sink = open(&about);
                grid.tell(&mut sink);
                close(about, sink);
            }
        }
        Kind::Page => {
            let tables = html::tables(bytes, room)?;
            let several = tables.len() > 1;
            for (grid, place) in tables.into_iter().zip(1..) {
                let about = About::of_table(&if several { format!("表{place}") } else { String::new() });
                let mut sink = open(&about);
                grid.tell(&mut sink);
                close(about, sink);
            }
        }
        Kind::Dbase => {
            let about = About::of_table("");
            let mut sink = open(&about);
            dbase::read(bytes, dictionary, &mut sink)?;
            close(about, sink);
        }
        Kind::Archive => return Err("压缩包中的压缩包过深".into()),
        Kind::Other(what) => return Err(what.into()),
        Kind::Parquet | Kind::Text => return Err(Refusal::TooLarge),
    }
    Ok(())
}
