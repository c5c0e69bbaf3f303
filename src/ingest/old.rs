//! Old and rare workbooks (.xls, .xlsb, .ods): read by a general library in a process of its own, which may use so much memory and time
//! and no more. What it reads comes back as a stream of small frames, in which nothing is trusted.

use std::io::{self, BufReader, BufWriter, Cursor, Read, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use calamine::{Data, Dimensions, Ods, Reader, SheetVisible, Xls, Xlsb};
use chrono::{NaiveDate, NaiveDateTime};

use super::cell::{Cell, CellKind, MergedRange, RowSink};
use super::file::About;
use super::opendocument;
use super::room::{Refusal, Room};

/// The command of the program that makes it the process for one workbook.
pub const COMMAND: &str = "read-old-workbook";
/// How long it may take.
const TIME: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes that it may ask for: the library asks for all cells that a workbook claims, and takes them only as they come.
#[cfg(unix)]
const ASKED: u64 = 2 << 30;
/// Cells of a row, bytes of a text and of a row's texts, and merged cells, that are taken from it.
const MOST_CELLS: u32 = 16_384;
const LONGEST_TEXT: u32 = 1 << 20;
const LONGEST_ROW: usize = 16 << 20;
const MOST_MERGED: u32 = 1 << 20;

/// What such a workbook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OldKind {
    /// Excel 97 to 2003.
    Xls,
    /// Binary workbooks of later versions.
    Xlsb,
    /// OpenDocument.
    Ods,
}

impl OldKind {
    fn word(self) -> &'static str {
        match self {
            OldKind::Xls => "xls",
            OldKind::Xlsb => "xlsb",
            OldKind::Ods => "ods",
        }
    }
}

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Says which program reads old workbooks: this one, by its command [`COMMAND`]. Without it they can't be read.
pub fn set_program(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

const SHEET: u8 = b'S';
const MERGED: u8 = b'M';
const ROW: u8 = b'R';
const END: u8 = b'E';
const FAULT: u8 = b'F';

// ---- the process for one workbook

/// Reads a workbook from standard input and writes its rows to standard output; what a process of [`COMMAND`] does.
///
/// # Errors
/// Standard output is closed.
pub fn serve(kind: OldKind) -> io::Result<()> {
    // What it takes is watched from outside; this is for what no look is quick enough for.
    #[cfg(unix)]
    let _ = rlimit::setrlimit(rlimit::Resource::DATA, ASKED, ASKED);
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let written = match kind {
        OldKind::Xls => Xls::new(Cursor::new(bytes))
            .map_err(|error| said(&error))
            .and_then(|book| write_book(book, &mut out, |book, _, name| book.merge_cells_by_sheet_name(name).unwrap_or_default())),
        OldKind::Xlsb => Xlsb::new(Cursor::new(bytes)).map_err(|error| said(&error)).and_then(|book| {
            // The library tells of no merged cells, and nothing else reads this format.
            write_book(book, &mut out, |_, _, _| Vec::new())
        }),
        OldKind::Ods => opendocument::prepared(&bytes).map_err(|error| said(&error)).and_then(|(bytes, merged)| {
            let book = Ods::new(Cursor::new(bytes)).map_err(|error| said(&error))?;
            write_book(book, &mut out, |_, place, _| merged.get(place).cloned().unwrap_or_default())
        }),
    };
    match written {
        Ok(()) => out.write_all(&[END])?,
        Err(what) => {
            out.write_all(&[FAULT])?;
            write_text(&mut out, &what)?;
        }
    }
    out.flush()
}

fn write_book<R>(mut book: R, out: &mut impl Write, merged: impl Fn(&R, usize, &str) -> Vec<Dimensions>) -> Result<(), String>
where
    R: Reader<Cursor<Vec<u8>>>,
    R::Error: std::fmt::Display,
{
    let broken = |error: io::Error| error.to_string();
    for (place, sheet) in book.sheets_metadata().to_vec().into_iter().enumerate() {
        let range = book.worksheet_range(&sheet.name).map_err(|error| error.to_string())?;
        out.write_all(&[SHEET, u8::from(sheet.visible != SheetVisible::Visible)]).map_err(broken)?;
        write_text(out, &sheet.name).map_err(broken)?;
        write_merged(out, &merged(&book, place, &sheet.name)).map_err(broken)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, number) in range.rows().zip(first_row + 1..) {
            let Some(last) = row.iter().rposition(|cell| !matches!(cell, Data::Empty)) else { continue };
            out.write_all(&[ROW]).map_err(broken)?;
            let cells = first_column + last as u32 + 1;
            out.write_all(&number.to_le_bytes()).and_then(|()| out.write_all(&cells.to_le_bytes())).map_err(broken)?;
            for _ in 0..first_column {
                write_cell(out, CellKind::Empty, "").map_err(broken)?;
            }
            for cell in row.iter().take(last + 1) {
                let (kind, text) = cell_of(cell);
                write_cell(out, kind, &text).map_err(broken)?;
            }
        }
    }
    Ok(())
}

fn cell_of(cell: &Data) -> (CellKind, String) {
    match cell {
        Data::Empty => (CellKind::Empty, String::new()),
        Data::String(text) => (CellKind::Text, text.clone()),
        Data::Int(number) => (CellKind::Number, number.to_string()),
        Data::Float(number) => (CellKind::Number, number.to_string()),
        Data::Bool(holds) => (CellKind::Boolean, u8::from(*holds).to_string()),
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).filter(|_| moment.is_datetime());
            match date.and_then(|date| date.and_hms_opt(hour.into(), minute.into(), second.into())) {
                Some(moment) => (CellKind::Date, serial(moment)),
                None => (CellKind::Number, moment.as_f64().to_string()),
            }
        }
        Data::DateTimeIso(text) => {
            let moment = text.parse::<NaiveDateTime>().ok().or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0));
            moment.map_or_else(|| (CellKind::Text, text.clone()), |moment| (CellKind::Date, serial(moment)))
        }
        Data::DurationIso(duration) => (CellKind::Text, duration.clone()),
        Data::Error(error) => (CellKind::Error, error.to_string()),
    }
}

/// The number by which a spreadsheet that counts from 1900 stores a moment.
fn serial(moment: NaiveDateTime) -> String {
    // The day that it takes for the last of 1899; what lies before March 1900 is no date of a school's.
    const FIRST: i32 = -25_569;
    let days = moment.date().to_epoch_days() - FIRST;
    let seconds = moment.time().signed_duration_since(chrono::NaiveTime::MIN).num_seconds();
    if seconds == 0 { days.to_string() } else { (f64::from(days) + seconds as f64 / 86_400.0).to_string() }
}

fn write_merged(out: &mut impl Write, ranges: &[Dimensions]) -> io::Result<()> {
    out.write_all(&[MERGED])?;
    out.write_all(&u32::try_from(ranges.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    for Dimensions { start, end } in ranges {
        for place in [start.0, start.1, end.0, end.1] {
            out.write_all(&place.to_le_bytes())?;
        }
    }
    Ok(())
}

fn write_cell(out: &mut impl Write, kind: CellKind, text: &str) -> io::Result<()> {
    out.write_all(&[kind as u8])?;
    write_text(out, text)
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    let text = text.get(..text.floor_char_boundary(LONGEST_TEXT as usize)).unwrap_or_default();
    out.write_all(&(text.len() as u32).to_le_bytes())?;
    out.write_all(text.as_bytes())
}

// ---- the process that wants it

/// How a process was that is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    InTime,
    TooLate,
    TooLarge,
}

/// Kills a process that takes too long, or more memory than it may; it is told when the process is done with.
fn watch(mut child: Child, memory: u64) -> (Sender<()>, JoinHandle<End>) {
    let (done, is_done) = channel();
    let watching = std::thread::spawn(move || {
        let begun = Instant::now();
        let end = loop {
            match is_done.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > TIME => break End::TooLate,
                Err(RecvTimeoutError::Timeout) if resident(child.id()).is_some_and(|bytes| bytes > memory) => break End::TooLarge,
                Err(RecvTimeoutError::Timeout) => {}
                _ => break End::InTime,
            }
        };
        let _ = child.kill();
        let _ = child.wait();
        end
    });
    (done, watching)
}

/// The memory that a process really holds, where the system tells.
fn resident(process: u32) -> Option<u64> {
    const PAGE: u64 = 4096;
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    Some(pages.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}

/// Reads a workbook: calls `open` for each sheet, and `close` when its rows are told.
pub(crate) fn read<S: RowSink>(
    bytes: &Bytes,
    kind: OldKind,
    room: Room,
    mut open: impl FnMut(&About) -> S,
    mut close: impl FnMut(About, S),
) -> Result<(), Refusal> {
    const LOST: &str = "读取时内存超出限度，或文件已损坏";
    let memory = room.all() - room.held();
    let program = PROGRAM.get().ok_or("这里不能读取旧版工作簿")?;
    let mut command = Command::new(program);
    command.args([COMMAND, kind.word()]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What reads a hostile file knows no secret of ours; Windows starts nothing without this one.
    command.env_clear().envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    let child = command.spawn();
    let mut child = child.map_err(|error| format!("无法启动读取旧版工作簿的进程：{error}"))?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Err(LOST.into()) };
    let (done, watching) = watch(child, memory);
    // A process that gives up early closes its input: what it wrote says why.
    let bytes = bytes.clone();
    let writer = std::thread::spawn(move || {
        let _ = input.write_all(&bytes);
    });
    let frames = read_frames(&mut BufReader::new(output), &mut open, &mut close);
    let _ = done.send(());
    let _ = writer.join();
    let end = watching.join().unwrap_or(End::TooLate);
    match frames {
        Ok(None) => Ok(()),
        // Why the library gave up, in its own words, would help nobody who fills in tables.
        Ok(Some(fault)) if fault.to_ascii_lowercase().contains("password") => Err("工作簿有打开密码，请去掉密码".into()),
        Ok(Some(_)) => Err("工作簿已损坏，或不是由常用的表格软件写成".into()),
        Err(_) if end == End::TooLate => Err("读取时间过长，已停止".into()),
        Err(_) if room == Room::alone() => Err(LOST.into()),
        Err(_) => Err(Refusal::TooLarge),
    }
}

fn number(input: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn byte(input: &mut impl Read) -> io::Result<u8> {
    let mut bytes = [0; 1];
    input.read_exact(&mut bytes)?;
    Ok(bytes[0])
}

fn text(input: &mut impl Read, room: &mut Vec<u8>) -> io::Result<String> {
    let length = number(input)?;
    if length > LONGEST_TEXT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    room.resize(length as usize, 0);
    input.read_exact(room)?;
    String::from_utf8(room.clone()).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn merged(input: &mut impl Read) -> io::Result<Vec<MergedRange>> {
    let count = number(input)?;
    if count > MOST_MERGED {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut ranges = Vec::new();
    for _ in 0..count {
        let [first_row, first_column, last_row, last_column] = [number(input)?, number(input)?, number(input)?, number(input)?];
        if let (Ok(first_column), Ok(last_column)) = (u16::try_from(first_column), u16::try_from(last_column)) {
            let (first_row, last_row) = (first_row.saturating_add(1), last_row.saturating_add(1));
            ranges.push(MergedRange { first_row, first_column, last_row, last_column });
        }
    }
    Ok(ranges)
}

/// The cells of a row, which the frame just begun holds.
fn row(input: &mut impl Read, room: &mut Vec<u8>) -> io::Result<Vec<(CellKind, String)>> {
    let cells = number(input)?;
    if cells > MOST_CELLS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut row = Vec::new();
    let mut size = 0;
    for _ in 0..cells {
        let kind = KINDS.get(usize::from(byte(input)?)).copied().ok_or(io::ErrorKind::InvalidData)?;
        let text = text(input, room)?;
        size += text.len();
        if size > LONGEST_ROW {
            return Err(io::ErrorKind::InvalidData.into());
        }
        row.push((kind, text));
    }
    Ok(row)
}

/// Reads frames to their end; gives the fault that the process told, if any.
fn read_frames<S: RowSink>(
    input: &mut impl Read,
    open: &mut impl FnMut(&About) -> S,
    close: &mut impl FnMut(About, S),
) -> io::Result<Option<String>> {
    let mut current: Option<(About, S)> = None;
    let mut room = Vec::new();
    let mut is_over = false;
    loop {
        let frame = byte(input)?;
        if matches!(frame, SHEET | END)
            && let Some((about, sink)) = current.take()
        {
            close(about, sink);
        }
        match frame {
            SHEET => {
                let is_hidden = byte(input)? != 0;
                let about = About { is_hidden, ..About::of_sheet(&text(input, &mut room)?) };
                let sink = open(&about);
                current = Some((about, sink));
                is_over = false;
            }
            MERGED => {
                let ranges = merged(input)?;
                if let Some((_, sink)) = &mut current {
                    sink.merged(&ranges);
                }
            }
            ROW => {
                let place = number(input)?;
                let own = row(input, &mut room)?;
                if let Some((_, sink)) = current.as_mut().filter(|_| !is_over) {
                    let cells: Vec<Cell<'_>> = own.iter().map(|(kind, text)| Cell { kind: *kind, text }).collect();
                    is_over = sink.row(place, &cells) == ControlFlow::Break(());
                }
            }
            END => return Ok(None),
            FAULT => return Ok(Some(text(input, &mut room)?)),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The kinds of cells, each at the place of its number in a frame.
const KINDS: [CellKind; 6] = [CellKind::Empty, CellKind::Text, CellKind::Number, CellKind::Date, CellKind::Boolean, CellKind::Error];

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<(u32, Vec<(CellKind, String)>)>);

    impl RowSink for Kept {
        fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()> {
            self.0.push((number, cells.iter().map(|cell| (cell.kind, cell.text.to_owned())).collect()));
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn frames_come_back_as_they_were_written() {
        assert!(KINDS.iter().zip(0..).all(|(kind, place)| *kind as usize == place));
        let mut frames = vec![SHEET, 1];
        write_text(&mut frames, "名册").unwrap();
        frames.push(ROW);
        frames.extend(7_u32.to_le_bytes());
        frames.extend(2_u32.to_le_bytes());
        write_cell(&mut frames, CellKind::Text, "张三").unwrap();
        write_cell(&mut frames, CellKind::Number, "1.5").unwrap();
        frames.push(END);
        let read = |frames: &[u8]| {
            let mut sheets = Vec::new();
            let fault = read_frames(&mut &frames[..], &mut |_: &About| Kept::default(), &mut |about: About, kept: Kept| {
                sheets.push((about.name, about.is_hidden, kept.0))
            });
            (fault.map_err(|error| error.kind()), sheets)
        };
        let expected = vec![(7, vec![(CellKind::Text, "张三".to_owned()), (CellKind::Number, "1.5".to_owned())])];
        assert_eq!(read(&frames), (Ok(None), vec![("名册".to_owned(), true, expected)]));
        for length in 0..frames.len() {
            assert_eq!(read(&frames[..length]).0, Err(io::ErrorKind::UnexpectedEof));
        }
        assert!(read(b"R\0\0\0\0\xFF\xFF\xFF\xFF").0.is_err());
    }
}
