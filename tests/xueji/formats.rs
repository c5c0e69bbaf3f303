//! The same table in every format reads the same.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use xueji::ingest::column::Column;
use xueji::ingest::{self, Inputs, Request, Vocabulary, old};
use xueji::pipeline::config::{Config, Overrides};
use xueji::pipeline::run::vocabulary;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{package, scratch, term_end};

fn words() -> Vocabulary {
    let config = Config::load(&term_end(), &Overrides::default()).expect("a pipeline");
    vocabulary(&config.law.policy, &config.headers).expect("a vocabulary")
}

fn read(path: &Path, vocabulary: &Vocabulary) -> Inputs {
    old::set_program(env!("CARGO_BIN_EXE_xueji").into());
    ingest::read(Request { folders: &[path.to_owned()], vocabulary, progress: &|_| {}, defer: None, cache: None }).expect("inputs")
}

/// What has to be the same: the cells as they were understood, which records are set aside, and what is wrong where.
#[derive(Debug, PartialEq)]
struct Told {
    columns: Vec<(String, Column)>,
    set_aside: Vec<u32>,
    findings: Vec<(String, String, String, Option<u32>)>,
}

fn told(inputs: &Inputs, but_for: &str) -> Told {
    assert_eq!(inputs.sheets.len(), 1, "one table: {:?}", inputs.findings);
    let sheet = &inputs.sheets[0];
    let fields = sheet.table.fields().iter().zip(&sheet.columns).filter(|(field, _)| field.header != but_for);
    let columns = fields.filter_map(|(field, column)| Some((field.header.to_owned(), column.clone()?))).collect();
    let findings = inputs.findings.iter().filter(|finding| &*finding.header != but_for && finding.code != "I0208");
    let finding = |finding: &ingest::CellFinding| {
        (
            finding.code.to_owned(),
            finding.field.map_or("", |field| sheet.table.fields()[field].header).to_owned(),
            finding.found.clone(),
            finding.record,
        )
    };
    let mut findings: Vec<_> = findings.map(finding).collect();
    findings.sort();
    Told { columns, set_aside: sheet.set_aside.clone(), findings }
}

#[test]
fn a_table_reads_the_same_in_every_format() {
    let vocabulary = words();
    let mut formats = 0;
    for table in ["roster", "course_results", "exams"] {
        let folder = package().join("tests/xueji/same").join(table);
        let clean = read(&folder.join("clean.csv"), &vocabulary);
        let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            // Such a table holds no character that GBK has not.
            let but_for = if name.ends_with(".dbf") { "姓名" } else { "" };
            let inputs = read(&path, &vocabulary);
            assert_eq!(told(&inputs, but_for), told(&clean, but_for), "{table}/{name}");
            formats += 1;
        }
    }
    assert!(formats >= 75, "only {formats} files");
}

/// A record of a binary workbook.
fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = if kind < 0x80 { vec![kind as u8] } else { vec![kind as u8 | 0x80, (kind >> 7) as u8] };
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    [(units.len() as u32).to_le_bytes().to_vec(), units.into_iter().flat_map(u16::to_le_bytes).collect()].concat()
}

/// A binary workbook (.xlsb) of one sheet of texts, as Excel writes it.
fn binary_workbook(rows: &[Vec<String>]) -> Vec<u8> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let corners = [0, rows.len() as u32 - 1, 0, width - 1];
    let mut sheet = [record(129, &[]), record(148, &corners.iter().flat_map(|corner| corner.to_le_bytes()).collect::<Vec<_>>())].concat();
    sheet.extend(record(145, &[]));
    for (number, row) in rows.iter().enumerate() {
        let mut head = (number as u32).to_le_bytes().to_vec();
        head.resize(25, 0);
        sheet.extend(record(0, &head));
        for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.extend(record(6, &[(column as u32).to_le_bytes().to_vec(), vec![0; 4], wide(text)].concat()));
        }
    }
    sheet.extend([record(146, &[]), record(130, &[])].concat());
    let bundle = [vec![0; 4], 1_u32.to_le_bytes().to_vec(), wide("rId1"), wide("成绩")].concat();
    let book = [record(131, &[]), record(143, &[]), record(156, &bundle), record(144, &[]), record(132, &[])].concat();
    let kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relationships = |target: &str, kind: &str| {
        let list = "http://schemas.openxmlformats.org/package/2006/relationships";
        format!("<Relationships xmlns=\"{list}\"><Relationship Id=\"rId1\" Type=\"{kinds}/{kind}\" Target=\"{target}\"/></Relationships>")
    };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("_rels/.rels", relationships("xl/workbook.bin", "officeDocument").into_bytes()),
        ("xl/workbook.bin", book),
        ("xl/_rels/workbook.bin.rels", relationships("worksheets/sheet1.bin", "worksheet").into_bytes()),
        ("xl/worksheets/sheet1.bin", sheet),
    ] {
        archive.start_file(name, SimpleFileOptions::default()).expect("a part");
        archive.write_all(&content).expect("a part");
    }
    archive.finish().expect("an archive").into_inner()
}

#[test]
fn a_binary_workbook_reads_the_same() {
    let vocabulary = words();
    let scratch = scratch();
    for table in ["roster", "course_results", "exams"] {
        let clean = package().join("tests/xueji/same").join(table).join("clean.csv");
        let text = std::fs::read_to_string(&clean).expect("a table");
        let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        let path = scratch.path().join(format!("{table}.xlsb"));
        std::fs::write(&path, binary_workbook(&rows)).expect("a file");
        assert_eq!(told(&read(&path, &vocabulary), ""), told(&read(&clean, &vocabulary), ""), "{table}");
    }
}
