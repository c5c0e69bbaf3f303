//! What each fuzz target makes of its bytes: a file that reaches the reader in question. `cargo test` replays the corpus by the same way.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use xueji::ingest::{self, Dictionary, Marks, Vocabulary};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A table's header, so that what follows is read as its rows.
const HEADER: &str = "全国学籍号,学年,科目,学年总评,补考,补考日期\n";
/// What cuts the bytes of a workbook into its parts.
const CUT: u8 = 0x1E;

fn vocabulary() -> &'static Vocabulary {
    static WORDS: OnceLock<Vocabulary> = OnceLock::new();
    WORDS.get_or_init(|| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let marks =
            Marks { pass: words(&["合格", "A"]), fail: words(&["不合格"]), moral_passed: words(&["合格"]), mark_out_of_100: 60.0 };
        let mut subjects = law::facts::subjects::Subjects::default();
        subjects.intern("语文");
        Vocabulary::new(Dictionary::built_in().expect("a dictionary"), marks, subjects)
    })
}

/// Reads what a target makes of its bytes.
pub fn read(target: &str, bytes: &[u8]) {
    let (name, content) = match target {
        "workbook" => ("a.xlsx", workbook(bytes)),
        "text" => ("语文.csv", [HEADER.as_bytes(), bytes].concat()),
        "page" => ("a.xls", [b"<table>", bytes].concat()),
        "office2003" => ("a.xls", [b"<?mso-application?><Workbook>", bytes].concat()),
        "dbase" => ("a.dbf", bytes.to_vec()),
        "parquet" => ("a.parquet", [b"PAR1", bytes].concat()),
        _ => ("a", bytes.to_vec()),
    };
    let inputs = ingest::read_held(name, content, vocabulary());
    // Every record that was read is there, or set aside.
    for sheet in &inputs.sheets {
        assert_eq!(sheet.rows.len(), sheet.rows_read as usize);
        assert!(sheet.set_aside.iter().all(|record| *record < sheet.rows_read));
    }
}

/// A workbook whose sheet, shared strings, styles and list of sheets are the bytes between the cuts.
fn workbook(bytes: &[u8]) -> Vec<u8> {
    const LIST: &[u8] = b"<workbook><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
    const RELATIONSHIPS: &[u8] =
        b"<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
    let mut parts = bytes.splitn(4, |byte| *byte == CUT);
    let mut next = |otherwise| parts.next().unwrap_or(otherwise);
    let contents = [
        ("xl/worksheets/sheet1.xml", next(b"")),
        ("xl/sharedStrings.xml", next(b"<sst/>")),
        ("xl/styles.xml", next(b"<styleSheet/>")),
        ("xl/workbook.xml", next(LIST)),
        ("xl/_rels/workbook.xml.rels", RELATIONSHIPS),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in contents {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(name, stored).expect("a part");
        archive.write_all(content).expect("a part");
    }
    archive.finish().expect("an archive").into_inner()
}
