//! How do folders become inputs? Walks them, reads the files side by side, and puts the results together in the order of their paths.

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use law::facts::subjects::Subjects;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::column::Column;
use super::finding::{CellFinding, Noted, shown};
use super::grid::Grid;
use super::headers::Vocabulary;
use super::part::{RowNumbers, Settled};
use super::recognise::Layout;
use super::rows::{Outcome, SheetReader};
use super::sniff::{self, Kind};
use super::table::{Holds, Table};
use super::workbook::{Limits, Workbook, sheets_of_2003};
use super::{archive, columnar, html, old, text};

/// What the names of files end with that are meant to be tables; such a file that can't be read is a finding.
const TABLES: &[&str] = &["xlsx", "xlsm", "xlsb", "xls", "ods", "csv", "tsv", "txt", "tab", "parquet", "dbf", "et", "zip", ""];

/// What is to be read.
pub struct Request<'a> {
    /// Folders, or single files.
    pub folders: &'a [PathBuf],
    /// The words to read them by.
    pub vocabulary: &'a Vocabulary,
    /// Is told how far the reading has come.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files in all.
    pub files: u64,
    /// Files read.
    pub files_read: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes read.
    pub bytes_read: u64,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// An input folder can't be read.
    #[error("{path}: {error}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// The path below the input folder, `/` between its parts.
    pub path: String,
    /// The hash of its content, in hexadecimal; empty if it can't be read at all.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Whether an earlier file has the same content: this one is set aside.
    pub duplicate: bool,
}

/// A sheet that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The file, among `Inputs::files`.
    pub file: usize,
    /// The sheet's name, empty in files of one table.
    pub name: String,
    /// Which table it is.
    pub table: Table,
    /// The row number of each record.
    pub rows: RowNumbers,
    /// The columns by the table's fields; none where the sheet lacks the column, or a required one, or was given before.
    pub columns: Vec<Option<Column>>,
    /// The spreadsheet column of each field, from 0; none in other files.
    pub letters: Vec<Option<u16>>,
    /// The header of each field as written.
    pub headers: Vec<Option<String>>,
    /// How many records there are.
    pub rows_read: u32,
    /// The records that can't be used, in order.
    pub set_aside: Vec<u32>,
}

/// All that was read.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The files, in the order of their paths, folder by folder.
    pub files: Vec<FileInfo>,
    /// The recognised sheets, by file and place.
    pub sheets: Vec<Sheet>,
    /// The findings, by file, sheet and record.
    pub findings: Vec<CellFinding>,
    /// The policy's subjects and those that the inputs brought.
    pub subjects: Subjects,
}

/// A file to be read.
struct Found {
    full: PathBuf,
    path: String,
    bytes: u64,
}

/// A file that was read.
struct FileRead {
    info: FileInfo,
    sheets: Vec<SheetRead>,
    /// Why it can't be read: what it is, and what to do.
    fault: Option<(String, String)>,
}

struct SheetRead {
    name: String,
    is_hidden: bool,
    outcome: Outcome,
    /// Whether its columns have letters.
    is_spreadsheet: bool,
}

/// Reads all files of the folders. The result does not depend on the number of threads.
///
/// # Errors
/// A folder that can't be read. A file that can't be read is a finding.
pub fn read(request: Request<'_>) -> Result<Inputs, IngestError> {
    let mut found = Vec::new();
    for folder in request.folders {
        walk(folder, folder, &mut found)?;
    }
    let total = Progress { files: found.len() as u64, files_read: 0, bytes: found.iter().map(|file| file.bytes).sum(), bytes_read: 0 };
    let (files_read, bytes_read) = (AtomicU64::new(0), AtomicU64::new(0));
    (request.progress)(total);
    let read: Vec<FileRead> = found
        .par_iter()
        .flat_map_iter(|file| {
            let read = read_file(file, request.vocabulary);
            let files_read = files_read.fetch_add(1, Ordering::Relaxed) + 1;
            let bytes_read = bytes_read.fetch_add(file.bytes, Ordering::Relaxed) + file.bytes;
            (request.progress)(Progress { files_read, bytes_read, ..total });
            read
        })
        .collect();
    Ok(put_together(read, request.vocabulary))
}

/// Lists the files below a folder in the order of their names; links are not followed, hidden and temporary files left out.
fn walk(root: &Path, path: &Path, found: &mut Vec<Found>) -> Result<(), IngestError> {
    let fail = |error| IngestError::Folder { path: path.to_owned(), error };
    let about = if path == root { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) }.map_err(fail)?;
    if about.is_file() {
        if let Some(file) = table_file(root, path, about.len()) {
            found.push(file);
        }
    } else if about.is_dir() {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path).map_err(fail)? {
            paths.push(entry.map_err(fail)?.path());
        }
        paths.retain(|path| !is_hidden(path));
        paths.sort();
        for path in paths {
            walk(root, &path, found)?;
        }
    }
    Ok(())
}

/// Files that nobody sent: hidden ones, and what spreadsheet programs and file managers leave behind.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || name.starts_with("~$")
        || name.eq_ignore_ascii_case("thumbs.db")
        || name.eq_ignore_ascii_case("desktop.ini")
        || name == "__MACOSX"
}

/// A file if it is meant to be a table, by its name or, under any other name, by its first bytes.
fn table_file(root: &Path, path: &Path, bytes: u64) -> Option<Found> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_meant = path == root || TABLES.contains(&extension.as_str()) || is_table(path);
    if !is_meant {
        return None;
    }
    let below = path.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let below = below.unwrap_or_else(|| path.file_name().map_or(path, Path::new));
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Some(Found { full: path.to_owned(), path: parts.join("/"), bytes })
}

/// Whether a file is a table by its content, under a name that says otherwise; any text would be one, so text is not.
fn is_table(path: &Path) -> bool {
    let mut head = [0u8; 4];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok()
        && match &head {
            b"PAR1" => true,
            b"PK\x03\x04" => std::fs::read(path).is_ok_and(|bytes| sniff::kind(&bytes) == Kind::Workbook),
            _ => false,
        }
}

/// Archives within archives that are opened.
const DEEPEST: u32 = 2;

fn read_file(file: &Found, vocabulary: &Vocabulary) -> Vec<FileRead> {
    let info = FileInfo { path: file.path.clone(), sha256: String::new(), bytes: file.bytes, duplicate: false };
    match std::fs::read(&file.full) {
        Ok(bytes) => read_bytes(&file.path, bytes, vocabulary, DEEPEST),
        Err(error) => vec![FileRead { info, sheets: Vec::new(), fault: Some((error.to_string(), "可以读取的文件".into())) }],
    }
}

/// Reads a file from its bytes; an archive is the files in it, unless it can't be opened.
fn read_bytes(path: &str, bytes: Vec<u8>, vocabulary: &Vocabulary, depth: u32) -> Vec<FileRead> {
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    let info = FileInfo { path: path.to_owned(), sha256, bytes: bytes.len() as u64, duplicate: false };
    let failed = |info, what: String| FileRead { info, sheets: Vec::new(), fault: Some((what, SAVE_AGAIN.into())) };
    if depth > 0 && sniff::kind(&bytes) == Kind::Archive {
        let mut files = Vec::new();
        let opened = archive::each_file(bytes, is_wanted, |name, content| {
            let path = format!("{path}/{name}");
            match content {
                Ok(bytes) => files.extend(read_bytes(&path, bytes, vocabulary, depth - 1)),
                Err(what) => files.push(failed(FileInfo { path, sha256: String::new(), bytes: 0, duplicate: false }, what)),
            }
        });
        return match opened {
            Ok(()) if files.is_empty() => vec![failed(info, "压缩包中没有表格文件".into())],
            Ok(()) => files,
            Err(what) => vec![failed(info, what)],
        };
    }
    // A damaged file can make a decoder panic; that must not take the run down with it.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| read_content(bytes, vocabulary)));
    vec![match read.unwrap_or_else(|_| Err(("文件已损坏".into(), SAVE_AGAIN.into()))) {
        Ok(sheets) => FileRead { info, sheets, fault: None },
        Err(fault) => FileRead { info, sheets: Vec::new(), fault: Some(fault) },
    }]
}

/// Whether a file of an archive is meant to be a table, by its name.
fn is_wanted(name: &str) -> bool {
    let path = Path::new(name);
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    TABLES.contains(&extension.as_str()) && !path.iter().any(|part| is_hidden(Path::new(part)))
}

const SAVE_AGAIN: &str = "能打开的文件：请用表格软件打开，另存为 .xlsx 后重新提交";

/// The sheets of a file by what its bytes are; or what is wrong and what to do.
fn read_content(bytes: Vec<u8>, vocabulary: &Vocabulary) -> Result<Vec<SheetRead>, (String, String)> {
    let one = |outcome| vec![SheetRead { name: String::new(), is_hidden: false, outcome, is_spreadsheet: false }];
    let fault = |what: String| (what, SAVE_AGAIN.to_owned());
    if bytes.is_empty() {
        return Err(fault("空文件".into()));
    }
    match sniff::kind(&bytes) {
        Kind::Workbook => read_workbook(bytes, vocabulary).map_err(fault),
        Kind::Parquet => columnar::read(bytes, vocabulary).map(one).map_err(|error| fault(format!("Parquet 文件无法读取：{error}"))),
        Kind::Text => text::read(bytes, vocabulary).map(one).map_err(|error| fault(error.to_owned())),
        Kind::Old(kind) => {
            let mut sheets = Vec::new();
            let open = || SheetReader::new(vocabulary, false);
            let close = |name, is_hidden, reader: SheetReader<'_>| {
                sheets.push(SheetRead { name, is_hidden, outcome: reader.finish(), is_spreadsheet: true });
            };
            old::read(bytes, kind, open, close).map_err(fault)?;
            Ok(sheets)
        }
        Kind::Workbook2003 => {
            let text = text::decode(bytes).map_err(|error| fault(error.to_owned()))?;
            let sheets = sheets_of_2003(&text).map_err(fault)?;
            let sheet =
                |(name, grid): (String, Grid)| SheetRead { name, is_hidden: false, outcome: grid.read(vocabulary), is_spreadsheet: true };
            Ok(sheets.into_iter().map(sheet).collect())
        }
        Kind::Page => {
            let outcomes = html::read(bytes, vocabulary).map_err(|error| fault(error.to_owned()))?;
            let several = outcomes.len() > 1;
            let name = |place: usize| if several { format!("表{place}") } else { String::new() };
            let sheet = |(outcome, place)| SheetRead { name: name(place), is_hidden: false, outcome, is_spreadsheet: false };
            Ok(outcomes.into_iter().zip(1..).map(sheet).collect())
        }
        Kind::Archive => Err(fault("压缩包中的压缩包过深".to_owned())),
        Kind::Other(what) => Err(fault(what.to_owned())),
    }
}

fn read_workbook(bytes: Vec<u8>, vocabulary: &Vocabulary) -> Result<Vec<SheetRead>, String> {
    let workbook = Workbook::open(bytes, Limits::default()).map_err(|error| error.to_string())?;
    let mut sheets = Vec::new();
    for (place, sheet) in workbook.sheets().iter().enumerate() {
        let mut reader = SheetReader::new(vocabulary, workbook.is_1904());
        workbook.read(place, &mut reader).map_err(|error| error.to_string())?;
        sheets.push(SheetRead { name: sheet.name.clone(), is_hidden: sheet.hidden, outcome: reader.finish(), is_spreadsheet: true });
    }
    Ok(sheets)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts the files together in order: their sheets and findings, the subjects that they brought, and which were given twice.
fn put_together(read: Vec<FileRead>, vocabulary: &Vocabulary) -> Inputs {
    let mut inputs = Inputs { files: Vec::new(), sheets: Vec::new(), findings: Vec::new(), subjects: vocabulary.subjects.clone() };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (file, read) in read.into_iter().enumerate() {
        let FileRead { mut info, sheets, fault } = read;
        let earlier = if info.sha256.is_empty() || info.bytes == 0 { None } else { seen.get(&info.sha256).copied() };
        match (earlier, fault) {
            (Some(earlier), _) => {
                info.duplicate = true;
                let path = inputs.files.get(earlier).map_or("", |earlier: &FileInfo| earlier.path.as_str());
                let finding =
                    CellFinding { found: path.to_owned(), expected: "每份文件只提交一次".into(), ..about_file("I0106", file) };
                inputs.findings.push(finding);
            }
            (None, Some((found, expected))) => inputs.findings.push(CellFinding { found, expected, ..about_file("I0101", file) }),
            (None, None) => {}
        }
        if !info.sha256.is_empty() {
            seen.entry(info.sha256.clone()).or_insert(file);
        }
        put_sheets(&mut inputs, file, sheets, info.duplicate, vocabulary);
        inputs.files.push(info);
    }
    inputs.findings.sort_by(|one, other| place_of(one).cmp(&place_of(other)));
    inputs
}

/// Files before their sheets, sheets before their cells, cells by record and column.
fn place_of(finding: &CellFinding) -> (usize, Option<usize>, Option<u32>, Option<usize>, &'static str) {
    (finding.file, finding.sheet, finding.row, finding.field, finding.code)
}

fn about_file(code: &'static str, file: usize) -> CellFinding {
    CellFinding {
        code,
        sheet: None,
        file,
        sheet_name: String::new(),
        record: None,
        field: None,
        row: None,
        column: None,
        header: String::new(),
        found: String::new(),
        expected: String::new(),
        count: 1,
        rows_sample: Vec::new(),
    }
}

fn put_sheets(inputs: &mut Inputs, file: usize, sheets: Vec<SheetRead>, is_duplicate: bool, vocabulary: &Vocabulary) {
    // An unknown column is named once a file.
    let mut unknown: BTreeMap<String, CellFinding> = BTreeMap::new();
    for sheet in sheets {
        let base = CellFinding { sheet_name: sheet.name.clone(), ..about_file("", file) };
        match sheet.outcome {
            Outcome::Unknown { nearest, has_data } => {
                // A hidden sheet of drop-down lists is nothing that was sent.
                if has_data && !sheet.is_hidden && !is_duplicate {
                    inputs.findings.push(unrecognised(base, nearest.as_deref()));
                }
            }
            Outcome::Table(table) => {
                let (layout, mut settled) = *table;
                let place = inputs.sheets.len();
                let base = CellFinding { sheet: Some(place), ..base };
                if is_duplicate {
                    settled.set_aside = (0..settled.rows.len() as u32).collect();
                    settled.columns.iter_mut().for_each(|column| *column = None);
                } else {
                    settled.settle_subjects(layout.table, vocabulary.subjects.len(), &mut inputs.subjects);
                    note_layout(inputs, &mut unknown, &base, &layout, sheet.is_spreadsheet, settled.rows.len());
                }
                let sheet = sheet_of(file, sheet.name, sheet.is_spreadsheet, layout, settled, &mut |sheet, noted| {
                    if !is_duplicate {
                        inputs.findings.push(at_cell(&base, sheet, noted));
                    }
                });
                inputs.sheets.push(sheet);
            }
        }
    }
    inputs.findings.extend(unknown.into_values());
}

/// The finished sheet; `put` takes its cells' findings.
fn sheet_of(
    file: usize,
    name: String,
    is_spreadsheet: bool,
    layout: Layout,
    settled: Settled,
    put: &mut dyn FnMut(&Sheet, Noted),
) -> Sheet {
    let letters = layout.columns.iter().map(|column| column.filter(|_| is_spreadsheet).and_then(|column| u16::try_from(column).ok()));
    let Settled { columns, rows, log, set_aside, .. } = settled;
    let rows_read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let sheet =
        Sheet { file, name, table: layout.table, rows, columns, letters: letters.collect(), headers: layout.headers, rows_read, set_aside };
    log.into_findings().for_each(|noted| put(&sheet, noted));
    sheet
}

fn at_cell(base: &CellFinding, sheet: &Sheet, noted: Noted) -> CellFinding {
    let Noted { code, field, found, expected, record, row, count, rows_sample } = noted;
    let canonical = || sheet.table.fields().get(field).map_or("", |field| field.header).to_owned();
    CellFinding {
        code,
        record,
        field: Some(field),
        row,
        column: sheet.letters.get(field).copied().flatten(),
        header: sheet.headers.get(field).cloned().flatten().unwrap_or_else(canonical),
        found,
        expected,
        count,
        rows_sample,
        ..base.clone()
    }
}

fn unrecognised(base: CellFinding, nearest: Option<&Layout>) -> CellFinding {
    let expected = match nearest {
        Some(layout) => format!("最接近：{}，缺少：{}", layout.table.title(), layout.missing.join("、")),
        None => "含有规定表头的工作表".to_owned(),
    };
    CellFinding { code: "I0102", expected, ..base }
}

/// Findings about a sheet's columns: missing, doubled, unknown.
fn note_layout(
    inputs: &mut Inputs,
    unknown: &mut BTreeMap<String, CellFinding>,
    base: &CellFinding,
    layout: &Layout,
    is_spreadsheet: bool,
    rows: usize,
) {
    let letter = |column: usize| u16::try_from(column).ok().filter(|_| is_spreadsheet);
    for &header in &layout.missing {
        let field = layout.table.field(header);
        let expected = format!("{}须有“{header}”一列", layout.table.title());
        let count = u32::try_from(rows).unwrap_or(u32::MAX);
        inputs.findings.push(CellFinding { code: "I0103", field, header: header.to_owned(), expected, count, ..base.clone() });
    }
    for (field, column, header) in &layout.doubled {
        let first = layout.headers.get(*field).cloned().flatten().unwrap_or_default();
        let expected = format!("只有一列“{}”（已采用“{first}”一列）", layout.table.fields().get(*field).map_or("", |field| field.header));
        let header = header.clone();
        let found = header.clone();
        inputs.findings.push(CellFinding {
            code: "I0105",
            field: Some(*field),
            column: letter(*column),
            header,
            found,
            expected,
            ..base.clone()
        });
    }
    for (column, header) in &layout.unknown {
        // A header may be the file's first record taken for one: mask whatever stands there.
        let header = shown(header, Holds::Text);
        unknown.entry(header.clone()).or_insert_with(|| CellFinding {
            code: "I0104",
            column: letter(*column),
            found: header.clone(),
            header,
            expected: format!("{}的列", layout.table.title()),
            ..base.clone()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ID, codes, read_files, vocabulary};
    use super::*;

    #[test]
    fn files_given_twice_and_files_that_are_none() {
        let urgings = format!("学籍号,督促日期,备注\n{ID},2025-09-01,x\n{ID},昨天,y\n");
        let inputs = read_files(&[
            ("b/again.csv", urgings.as_bytes()),
            ("a.csv", urgings.as_bytes()),
            ("old.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"),
            ("README.md", b"a,b\n1,2\n"),
            ("notes.txt", "请各校于周五前交。\n谢谢。\n".as_bytes()),
            ("stock.csv", "物品,数量\n桌子,3\n椅子,4\n".as_bytes()),
            (".hidden.csv", b"a,b\n1,2\n"),
        ]);
        let paths: Vec<_> = inputs.files.iter().map(|file| (file.path.as_str(), file.duplicate)).collect();
        assert_eq!(paths, [("a.csv", false), ("b/again.csv", true), ("notes.txt", false), ("old.xls", false), ("stock.csv", false)]);
        assert_eq!(codes(&inputs), [("I0104", None), ("I0202", Some(3)), ("I0106", None), ("I0101", None), ("I0102", None)]);
        assert_eq!(inputs.sheets.len(), 2);
        assert_eq!((inputs.sheets[1].rows_read, &inputs.sheets[1].set_aside), (2, &vec![0, 1]));
        assert!(inputs.files.iter().all(|file| file.sha256.len() == 64));
    }

    #[test]
    fn two_columns_for_one_field_are_told() {
        let content = format!("学籍号,全国学籍号,督促日期\nG1,{ID},2025-09-01\n");
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        assert_eq!(codes(&inputs), [("I0105", None)]);
        assert_eq!(inputs.findings[0].header, "学籍号");
    }

    #[test]
    fn sex_and_birth_date_are_held_against_the_number() {
        let content = "学校代码,年级,班级,姓名,证件号码,性别,出生日期\n1,6,1,张三,11010519491231002X,男,1949-12-30\n1,6,1,张三,11010519491231002X,女,1949-12-31\n";
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        assert_eq!(codes(&inputs), [("I0207", Some(2)), ("I0207", Some(2))]);
        assert_eq!(inputs.findings[0].expected, "女（据身份证件号）");
    }

    #[test]
    fn a_missing_folder_is_an_error_and_threads_change_nothing() {
        let request = Request { folders: &["/nowhere/at/all".into()], vocabulary: &vocabulary(), progress: &|_| {} };
        assert!(matches!(read(request), Err(IngestError::Folder { .. })));
        let file = |subject: &str| format!("学籍号,学年,科目,学年总评\n{ID},2025,{subject},合格\n");
        let (one, two, three) = (file("陶艺"), file("编程"), file("茶艺"));
        let files: [(&str, &[u8]); 3] = [("3.csv", three.as_bytes()), ("1.csv", one.as_bytes()), ("2.csv", two.as_bytes())];
        let names = |inputs: &Inputs| -> Vec<String> {
            (3..6).map(|code| inputs.subjects.name(law::facts::subjects::Subject(code)).to_owned()).collect()
        };
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = single.install(|| read_files(&files));
        assert_eq!(names(&alone), ["陶艺", "编程", "茶艺"]);
        let many = read_files(&files);
        assert_eq!((names(&many), many.sheets), (names(&alone), alone.sheets));
    }
}
