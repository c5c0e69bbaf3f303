//! How do folders become inputs? Their files are read side by side, the large ones after the others, and put together in the order of
//! their paths.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use law::facts::subjects::Subjects;
use rayon::prelude::*;

use super::attendance::{Deferral, Deferred, Digest, Stamp};
use super::cache::Cache;
use super::column::Column;
use super::file::{FileRead, Manner, deferred_file, held_file, read_file};
use super::finding::CellFinding;
use super::gather::put_together;
use super::headers::Vocabulary;
use super::part::RowNumbers;
use super::room::Room;
use super::sent_back::{self, Origin};
use super::table::Table;
use super::walk::{Found, walk};

/// What is to be read.
pub struct Request<'a> {
    /// Folders, or single files.
    pub folders: &'a [PathBuf],
    /// The words to read them by.
    pub vocabulary: &'a Vocabulary,
    /// Is told how far the reading has come.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Leaves files of attendance for later; none are left without it.
    pub defer: Option<&'a Deferral<'a>>,
    /// What is known of files that were read before; all are read without it.
    pub cache: Option<&'a Cache>,
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
    /// Where it stands; of a file within an archive, where the archive does.
    pub full: PathBuf,
    /// The path within the archive; empty for a file that stands by itself.
    pub within: String,
    /// The hash of its content, in hexadecimal; empty if it can't be read at all.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Whether an earlier file has the same content: this one is set aside.
    pub duplicate: bool,
    /// What the file system says of a file that was left for later.
    pub stamp: Option<Stamp>,
}

/// A sheet that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The file, among `Inputs::files`.
    pub file: usize,
    /// The sheet's name, empty in files of one table.
    pub name: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
    /// Which table it is.
    pub table: Table,
    /// The row number of each record.
    pub rows: RowNumbers,
    /// The columns by the table's fields; none where the sheet lacks the column, or a required one, or was given before.
    pub columns: Vec<Option<Column>>,
    /// The column of each field, from 0.
    pub places: Vec<Option<u16>>,
    /// Whether columns are shown as letters, as those of spreadsheets.
    pub has_letters: bool,
    /// The header of each field as written.
    pub headers: Vec<Option<Arc<str>>>,
    /// How many records there are.
    pub rows_read: u32,
    /// The records that can't be used, in order.
    pub set_aside: Vec<u32>,
    /// Numbers of 18 characters in columns of ids and documents that are wrong, by field and record: as they were written, packed.
    pub mistyped: Vec<(usize, u32, u64)>,
    /// The records whose cells the columns hold; none where they hold all.
    pub sparse: Option<Vec<u32>>,
    /// What was counted of the rows.
    pub counted: Option<Box<Digest>>,
    /// The row number of the header's last row; 0 where the file has no header row.
    pub header_row: u32,
    /// What the name of the sheet or file says in place of a column.
    pub given: Option<String>,
    /// The records that rows of other files are in place of, or that were withdrawn when they had come back, in order: all of them are
    /// among those set aside, and none has a finding.
    pub replaced: Vec<u32>,
    /// The records that came back, each with the number that says which row it was.
    pub numbers: Vec<(u32, String)>,
}

impl Sheet {
    /// The column of a field, from 0, where columns are shown as letters.
    pub fn letter(&self, field: usize) -> Option<u16> {
        self.places.get(field).copied().flatten().filter(|_| self.has_letters)
    }
}

/// A sheet of our own reports, which came back among the inputs and is no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The file, among `Inputs::files`.
    pub file: usize,
    /// The sheet's name.
    pub name: String,
}

/// All that was read.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The files, in the order of their paths, folder by folder.
    pub files: Vec<FileInfo>,
    /// The recognised sheets, by file and place.
    pub sheets: Vec<Sheet>,
    /// The sheets of our own reports, by file and place.
    pub reports: Vec<Report>,
    /// The findings, by file, sheet and record.
    pub findings: Vec<CellFinding>,
    /// The policy's subjects and those that the inputs brought.
    pub subjects: Subjects,
    /// Files of attendance that were left for later.
    pub deferred: Vec<Deferred>,
}

impl Inputs {
    /// Nothing read yet.
    pub(crate) fn none(vocabulary: &Vocabulary) -> Self {
        let subjects = vocabulary.subjects.clone();
        Self { files: Vec::new(), sheets: Vec::new(), reports: Vec::new(), findings: Vec::new(), subjects, deferred: Vec::new() }
    }

    /// A sheet by what it holds.
    pub fn origin(&self, sheet: &Sheet) -> Origin {
        Origin::new(self.files.get(sheet.file).map_or("", |file| &file.sha256), &sheet.name, sheet.given.as_deref())
    }
}

/// Reads all files of the folders. The result does not depend on the number of threads.
///
/// # Errors
/// A folder that can't be read. A file that can't be read is a finding.
pub fn read(request: Request<'_>) -> Result<Inputs, IngestError> {
    let found = walk(request.folders)?;
    let total = Progress { files: found.len() as u64, files_read: 0, bytes: found.iter().map(|file| file.bytes).sum(), bytes_read: 0 };
    let (files_read, bytes_read) = (AtomicU64::new(0), AtomicU64::new(0));
    (request.progress)(total);
    let tell = |bytes: u64| {
        let files_read = files_read.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes_read = bytes_read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (request.progress)(Progress { files_read, bytes_read, ..total });
    };
    let share = Room::shared(rayon::current_num_threads());
    let manner = Manner { cache: request.cache, ..Manner::plain(request.vocabulary) };
    let read: Vec<Option<Vec<FileRead>>> = found
        .par_iter()
        .map(|file| {
            let deferral = request.defer.filter(|deferral| !deferral.whole.contains(&file.path));
            let read = deferral.and_then(|deferral| deferred_file(file, request.vocabulary, deferral));
            let read = read.or_else(|| read_file(file, manner, share));
            if read.is_some() {
                tell(file.bytes);
            }
            read
        })
        .collect();
    let alone = read.into_iter().zip(&found).map(|(read, file)| {
        read.unwrap_or_else(|| {
            let read = read_file(file, manner, Room::alone()).unwrap_or_default();
            tell(file.bytes);
            read
        })
    });
    let read = pass_over_replaced(alone.collect(), &found, request.vocabulary);
    Ok(put_together(read.into_iter().flatten().collect(), request.vocabulary))
}

/// Reads the files again of which mended rows are in place of some rows, without these: nothing of what was wrong with them is left.
fn pass_over_replaced(mut read: Vec<Vec<FileRead>>, found: &[Found], vocabulary: &Vocabulary) -> Vec<Vec<FileRead>> {
    let replaced = sent_back::find(read.iter().flatten());
    let manner = Manner { replaced: Some(&replaced), ..Manner::plain(vocabulary) };
    for (own, file) in read.iter_mut().zip(found).filter(|(_, file)| replaced.is_in(&file.full)) {
        match own.iter_mut().find(|own| own.is_deferred) {
            // What is left for later is read without them then.
            Some(deferred) => deferred.replaced = sent_back::of_sheet(replaced.of(&file.full, ""), "").to_vec(),
            None => *own = read_file(file, manner, Room::alone()).unwrap_or_default(),
        }
    }
    read
}

/// Reads one file that is in memory, under the name that it would have.
pub fn read_held(path: &str, bytes: Vec<u8>, vocabulary: &Vocabulary) -> Inputs {
    put_together(held_file(path, bytes, vocabulary), vocabulary)
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
    fn a_school_in_a_file_of_another_is_told() {
        let row = |school: &str| format!("{school},6,1,张三\n");
        let own = row("3101040012").repeat(10);
        let content =
            |others: &[&str]| format!("学校代码,年级,班级,姓名\n{own}{}", others.iter().map(|school| row(school)).collect::<String>());
        let read = |path: &str, others: &[&str]| codes(&read_files(&[(path, content(others).as_bytes())]));
        assert_eq!(read("3101040012/花名册.csv", &["3101040021"]), [("I0210", Some(12))]);
        assert_eq!(read("3101040012/花名册.csv", &[]), []);
        assert_eq!(read("徐汇区/花名册.csv", &["3101040021"]), [], "nothing says whose file it is");
        assert_eq!(read("3101040012/花名册.csv", &["3101040021"; 3]), [], "a file of several schools");
    }

    #[test]
    fn a_sheet_as_long_as_an_old_workbook_can_be_is_told() {
        let content = |rows: usize| format!("学籍号,督促日期\n{}", format!("{ID},2026-03-02\n").repeat(rows));
        assert_eq!(codes(&read_files(&[("a.csv", content(65_535).as_bytes())])), [("I0303", None)]);
        assert_eq!(codes(&read_files(&[("a.csv", content(65_536).as_bytes())])), []);
        assert_eq!(codes(&read_files(&[("a.csv", content(65_534).as_bytes())])), []);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_told_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("in");
        std::fs::create_dir_all(&within).unwrap();
        std::fs::write(folder.path().join("outside.csv"), format!("学籍号,督促日期\n{ID},2026-03-02\n")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("outside.csv"), within.join("link.csv")).unwrap();
        std::os::unix::fs::symlink(&within, within.join("circle")).unwrap();
        let inputs = read(Request { folders: &[within], vocabulary: &vocabulary(), progress: &|_| {}, defer: None, cache: None }).unwrap();
        assert_eq!((codes(&inputs), inputs.sheets.len()), (vec![("I0101", None), ("I0101", None)], 0));
    }

    #[test]
    fn two_columns_for_one_field_are_told() {
        let content = format!("学籍号,全国学籍号,督促日期\nG1,{ID},2025-09-01\n");
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        assert_eq!(codes(&inputs), [("I0105", None)]);
        assert_eq!(&*inputs.findings[0].header, "学籍号");
    }

    #[test]
    fn sex_and_birth_date_are_held_against_the_number() {
        let content = "学校代码,年级,班级,姓名,证件号码,性别,出生日期\n1,6,1,张三,11010519491231002X,男,1949-12-30\n1,6,1,张三,11010519491231002X,女,1949-12-31\n";
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        assert_eq!(codes(&inputs), [("I0207", Some(2)), ("I0207", Some(2))]);
        assert_eq!(&*inputs.findings[0].expected, "女（据身份证件号）");
    }

    #[test]
    fn a_missing_folder_is_an_error_and_threads_change_nothing() {
        let request =
            Request { folders: &["/nowhere/at/all".into()], vocabulary: &vocabulary(), progress: &|_| {}, defer: None, cache: None };
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
