//! What tests of this part share: a policy's words, and reading files made on the spot.

use law::facts::codes::Read;
use law::facts::subjects::Subjects;

use super::column::Column;
use super::headers::{Dictionary, Marks, Vocabulary};
use super::read::{Inputs, Request, Sheet, read};

/// A right national id.
pub(crate) const ID: &str = "G11010519491231002X";
/// Another.
pub(crate) const OTHER_ID: &str = "L310104201309010017";

pub(crate) fn vocabulary() -> Vocabulary {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let marks = Marks {
        pass: words(&["合格", "优秀", "A"]),
        fail: words(&["不合格", "D"]),
        moral_passed: words(&["合格", "优秀"]),
        mark_out_of_100: 60.0,
    };
    let mut subjects = Subjects::default();
    subjects.intern("语文");
    subjects.intern("数学");
    subjects.alias("英语", "外语");
    Vocabulary::new(Dictionary::built_in().unwrap(), marks, subjects)
}

/// Reads files given by name and content.
pub(crate) fn read_files(files: &[(&str, &[u8])]) -> Inputs {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    read(Request { folders: &[folder.path().to_owned()], vocabulary: &vocabulary(), progress: &|_| {}, defer: None, cache: None }).unwrap()
}

/// Codes and rows of the findings.
pub(crate) fn codes(inputs: &Inputs) -> Vec<(&'static str, Option<u32>)> {
    inputs.findings.iter().map(|finding| (finding.code, finding.row)).collect()
}

/// The cell of a column of codes or numbers.
pub(crate) fn number(sheet: &Sheet, header: &str, record: usize) -> Read<i32> {
    match sheet.columns[sheet.table.field(header).unwrap()].as_ref().unwrap() {
        Column::Codes(codes) => codes.get(record).map(i32::from),
        Column::Integers(integers) => integers.get(record),
        _ => panic!("{header} holds no numbers"),
    }
}

/// The cell of a column of texts.
pub(crate) fn text(sheet: &Sheet, header: &str, record: usize) -> Read<String> {
    match sheet.columns[sheet.table.field(header).unwrap()].as_ref().unwrap() {
        Column::Texts(texts) => texts.get(record).map(str::to_owned),
        _ => panic!("{header} holds no texts"),
    }
}
