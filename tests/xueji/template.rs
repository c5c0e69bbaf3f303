//! The workbooks that schools fill in: empty, filled in, and saved again by another program, they are read back without a finding.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use xueji::ingest::columns::meaning;
use xueji::ingest::guide::EXAMPLE;
use xueji::ingest::table::{Field, Holds, Table};

use crate::support::{save_again, scratch};

fn xueji(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program")
}

fn json(arguments: &[&str]) -> Value {
    let out = xueji(arguments);
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("JSON")
}

fn shown(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// Makes all templates.
fn all_templates(folder: &Path) -> Vec<(Table, PathBuf)> {
    json(&["template", "--all", "--out", shown(folder), "--json"]);
    Table::ALL.iter().map(|table| (*table, folder.join(format!("{}.xlsx", table.title())))).collect()
}

/// What is said of a file: no finding, this one table, all of its columns, so many rows.
fn assert_read_back(file: &Value, table: Table, rows: usize) {
    assert_eq!(file["findings"].as_array().expect("findings").as_slice(), [] as [Value; 0], "{table:?}");
    let sheets = file["sheets"].as_array().expect("sheets");
    assert_eq!(sheets.len(), 1, "{table:?}: {sheets:?}");
    assert_eq!((sheets[0]["table"].as_str(), sheets[0]["rows"].as_u64()), (Some(table.name()), Some(rows as u64)));
    let columns: Vec<&str> = sheets[0]["columns"].as_array().expect("columns").iter().filter_map(|own| own["field"].as_str()).collect();
    assert_eq!(columns, table.fields_to_fill().iter().map(|field| field.header).collect::<Vec<_>>(), "{table:?}");
}

fn assert_all_read_back(folder: &Path, rows: impl Fn(Table) -> usize) {
    let looked = json(&["check", "--json", shown(folder)]);
    let files = looked["files"].as_array().expect("files");
    assert_eq!(files.len(), Table::ALL.len());
    for &table in Table::ALL {
        let name = format!("{}.xlsx", table.title());
        let file = files.iter().find(|file| file["file"].as_str().is_some_and(|file| file.ends_with(&name))).expect("a file");
        assert_read_back(file, table, rows(table));
    }
}

/// The parts of a workbook by name, as text.
fn parts(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("a workbook")).expect("an archive");
    let number = archive.len();
    let part = |place| {
        let mut part = archive.by_index(place).expect("a part");
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut part, &mut content).expect("a part");
        (part.name().expect("a name").into_owned(), content)
    };
    (0..number).map(part).collect()
}

/// The part that holds the table.
const TABLE_PART: &str = "xl/worksheets/sheet1.xml";

/// The table's part of a workbook as text.
fn table_part(path: &Path) -> String {
    let found = parts(path).into_iter().find(|(name, _)| name == TABLE_PART).expect("a sheet");
    String::from_utf8(found.1).expect("text")
}

/// Writes a workbook anew with another text of the table's part.
fn put_table_part(path: &Path, sheet: &str) {
    let all = parts(path);
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).expect("a workbook"));
    for (name, content) in all {
        archive.start_file(&name, zip::write::SimpleFileOptions::default()).expect("a part");
        let content = if name == TABLE_PART { sheet.as_bytes() } else { &content };
        std::io::Write::write_all(&mut archive, content).expect("a part");
    }
    archive.finish().expect("an archive");
}

/// The row of the first record, as a spreadsheet shows it.
const FIRST: usize = 5;

/// A cell of a row as a spreadsheet keeps what is typed into it: a text, a number, or a day as the number of a day.
fn cell(field: &Field, column: usize, row: usize, text: &str) -> String {
    let letters = rust_xlsxwriter::utility::column_number_to_name(column as u16);
    let day = match field.holds {
        Holds::Date => Some(text.to_owned()),
        Holds::Month => Some(format!("{text}-01")),
        _ => None,
    };
    match day {
        // The styles of the example row above say that it is a day.
        Some(day) => {
            let day: chrono::NaiveDate = day.parse().expect("a day");
            format!("<c r=\"{letters}{row}\" s=\"DAY\"><v>{}</v></c>", day.to_epoch_days() + 25_569)
        }
        None if field.holds == Holds::Number => format!("<c r=\"{letters}{row}\"><v>{text}</v></c>"),
        None => format!("<c r=\"{letters}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
    }
}

/// The style of a cell of the example row.
fn style(sheet: &str, column: usize) -> String {
    let letters = rust_xlsxwriter::utility::column_number_to_name(column as u16);
    let (_, cell) = sheet.split_once(&format!("<c r=\"{letters}{}\" s=\"", FIRST - 1)).expect("a cell of the example row");
    cell.split('"').next().expect("a style").to_owned()
}

/// Rows that a school may fill in by the examples: for each set of alternatives one that has nothing of the others.
fn filled_rows(table: Table) -> Vec<Vec<(usize, &'static Field, &'static str)>> {
    let sets: Vec<&[&str]> = table.alternatives().to_vec();
    let of_set = |set: Option<&&[&str]>| {
        let is_other =
            |header: &&str| sets.iter().flat_map(|own| *own).any(|own| own == header) && !set.is_some_and(|set| set.contains(header));
        let fields = table.fields_to_fill().iter().enumerate().filter(|(_, field)| field.required || !is_other(&field.header));
        fields.map(|(place, field)| (place, field, meaning(table, field.header).expect("a meaning").example)).collect()
    };
    if sets.is_empty() { vec![of_set(None)] } else { sets.iter().map(|set| of_set(Some(set))).collect() }
}

/// Fills in a template by the examples of its columns.
fn fill_in(path: &Path, table: Table) {
    let mut sheet = table_part(path);
    let mut rows = String::new();
    for (row, filled) in (FIRST..).zip(filled_rows(table)) {
        rows.push_str(&format!("<row r=\"{row}\">"));
        for (column, field, text) in filled {
            rows.push_str(&cell(field, column, row, text).replace("DAY", &style(&sheet, column)));
        }
        rows.push_str("</row>");
    }
    assert_eq!(sheet.matches("</sheetData>").count(), 1);
    sheet = sheet.replace("</sheetData>", &format!("{rows}</sheetData>"));
    put_table_part(path, &sheet);
}

#[test]
fn an_empty_template_of_every_table_has_no_finding() {
    let scratch = scratch();
    all_templates(scratch.path());
    assert_all_read_back(scratch.path(), |_| 0);
}

#[test]
fn a_template_filled_in_by_its_examples_has_no_finding() {
    let scratch = scratch();
    for (table, path) in all_templates(scratch.path()) {
        fill_in(&path, table);
    }
    assert_all_read_back(scratch.path(), |table| filled_rows(table).len());
}

#[test]
fn what_is_filled_in_wrong_is_found_at_its_cell() {
    let scratch = scratch();
    let path = scratch.path().join("名册.xlsx");
    json(&["template", "roster", "--out", shown(&path), "--json"]);
    fill_in(&path, Table::Roster);
    // The check digit of the ID number in the row that was filled in, not in the example above it.
    let mut sheet = table_part(&path);
    let at = sheet.find(">G310100200905060011<").expect("the id") + 1;
    sheet.replace_range(at..at + 19, "G310100200905060012");
    put_table_part(&path, &sheet);
    let looked = json(&["check", "--json", shown(&path)]);
    let findings = looked["files"][0]["findings"].as_array().expect("findings");
    let found: Vec<_> = findings.iter().map(|finding| (finding["code"].as_str(), finding["cell"].as_str())).collect();
    assert_eq!(found, [(Some("I0205"), Some(format!("A{FIRST}").as_str()))]);
}

#[test]
fn a_template_saved_by_another_program_has_no_finding() {
    let (own, saved) = (scratch(), scratch());
    let templates = all_templates(own.path());
    for (table, path) in &templates {
        fill_in(path, *table);
    }
    let files: Vec<PathBuf> = templates.into_iter().map(|(_, path)| path).collect();
    if save_again(&files, saved.path(), "xlsx") {
        assert_all_read_back(saved.path(), |table| filled_rows(table).len());
    }
}

#[test]
fn every_column_with_a_list_or_a_form_is_checked() {
    let scratch = scratch();
    for (table, path) in all_templates(scratch.path()) {
        let sheet = table_part(&path);
        for (column, field) in table.fields_to_fill().iter().enumerate() {
            let letters = rust_xlsxwriter::utility::column_number_to_name(column as u16);
            let is_free = matches!(field.holds, Holds::Name | Holds::Text);
            let range = format!("sqref=\"{letters}{FIRST}:{letters}");
            let checks = sheet.split("<dataValidation ").skip(1).filter(|check| check.contains(&range)).count();
            assert_eq!(checks, usize::from(!is_free), "{table:?}: {}", field.header);
        }
        // Lists are spoken of by names, which the workbook has.
        let book = parts(&path).into_iter().find(|(name, _)| name == "xl/workbook.xml").expect("the workbook's part").1;
        let book = String::from_utf8(book).expect("text");
        for check in sheet.split("<dataValidation ").skip(1).filter(|check| check.starts_with("type=\"list\"")) {
            let list = check.split("<formula1>").nth(1).and_then(|rest| rest.split('<').next()).expect("a list");
            assert!(book.contains(&format!("<definedName name=\"{list}\">")), "{table:?}: {list}");
        }
        // By range: one check a column, whatever the number of rows.
        assert!(sheet.matches("<dataValidation ").count() <= table.fields_to_fill().len());
        assert!(sheet.contains(EXAMPLE) || parts(&path).iter().any(|(_, part)| String::from_utf8_lossy(part).contains(EXAMPLE)));
    }
}

#[test]
fn a_template_is_the_same_each_time_and_never_overwrites() {
    let scratch = scratch();
    let (one, other) = (scratch.path().join("1.xlsx"), scratch.path().join("2.xlsx"));
    for path in [&one, &other] {
        assert!(xueji(&["template", "学年成绩", "--out", shown(path)]).status.success());
    }
    let bytes = std::fs::read(&one).expect("a file");
    assert!(bytes == std::fs::read(&other).expect("a file"));
    std::fs::write(&one, "filled in").expect("a file");
    let refused = xueji(&["template", "course_results", "--out", shown(&one)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force"));
    assert_eq!(std::fs::read(&one).expect("a file"), b"filled in");
    // Neither is any of many written where one is there.
    std::fs::write(scratch.path().join("档案清单.xlsx"), "filled in").expect("a file");
    assert_eq!(xueji(&["template", "--all", "--out", shown(scratch.path())]).status.code(), Some(2));
    assert!(!scratch.path().join("学籍名册.xlsx").exists());
    assert!(xueji(&["template", "course_results", "--out", shown(&one), "--force"]).status.success());
    assert!(bytes == std::fs::read(&one).expect("a file"));
}

#[test]
fn what_can_not_be_made_says_what_to_do() {
    let scratch = scratch();
    let told = |arguments: &[&str]| {
        let out = xueji(arguments);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let mistyped = told(&["template", "rooster"]);
    assert!(mistyped.contains("did you mean roster?") && mistyped.contains("学期注册"), "{mistyped}");
    assert!(told(&["template", "学籍名单"]).contains("did you mean 学籍名册?"));
    assert!(told(&["template", "roster", "--out", shown(&scratch.path().join("名册.xls"))]).contains(".xlsx"));
    assert!(told(&["template", "roster", "--out", shown(&scratch.path().join("无/名册.xlsx"))]).contains("no folder"));
    assert!(told(&["template"]).contains("required"));
    assert!(told(&["template", "--all"]).contains("--out"));
    // A folder takes the file under the table's title.
    assert!(xueji(&["template", "roster", "--out", shown(scratch.path())]).status.success());
    assert!(scratch.path().join("学籍名册.xlsx").is_file());
}
