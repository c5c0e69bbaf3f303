//! The same cohort as clean CSV and as offices really send it yields the same decisions.

use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use crate::support::{Rows, rows, scratch, try_run, write_files};

/// A table: its name, the header row, the records.
struct Table {
    name: &'static str,
    records: Vec<Vec<&'static str>>,
}

/// Files by path and content.
type Files = Vec<(String, Vec<u8>)>;

/// A cohort that meets most kinds of cells, each student near an edge of some rule.
fn cohort() -> Vec<Table> {
    let table = |name, text: &'static str| Table { name, records: text.lines().map(|line| line.split(',').collect()).collect() };
    vec![
        table("学籍名册", include_str!("messy/roster.csv")),
        table("学年成绩", include_str!("messy/course_results.csv")),
        table("学业水平考试", include_str!("messy/exams.csv")),
        table("综合素质评价", include_str!("messy/evaluations.csv")),
        table("申请", include_str!("messy/applications.csv")),
        table("学籍异动", include_str!("messy/status_changes.csv")),
        table("学生运动员确认", include_str!("messy/athletes.csv")),
    ]
}

fn joined(table: &Table, separator: &str) -> String {
    table.records.iter().map(|record| record.join(separator) + "\r\n").collect()
}

/// What has to agree: all but where the rows stand.
fn decided(run: &Path) -> Rows {
    let mut decisions = rows(&run.join("decisions.parquet"));
    for decision in &mut decisions {
        decision.retain(|column, _| column != "evidence" && column != "reasons");
    }
    decisions
}

/// Dates as people write them, a different way in each row.
fn spelled(date: &str, way: usize) -> String {
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return date.to_owned() };
    let plain = |part: &str| part.trim_start_matches('0').to_owned();
    match way % 6 {
        0 => format!("{year}/{}/{}", plain(month), plain(day)),
        1 => format!("{year}.{}.{}", plain(month), plain(day)),
        2 => format!("{year}{month}{day}"),
        3 => format!("{year}年{}月{}日", plain(month), plain(day)),
        4 => format!("{year}-{month}-{day} 00:00:00"),
        _ => full_width(date),
    }
}

fn full_width(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_digit() { char::from_u32(letter as u32 + 0xFEE0).unwrap() } else { letter }).collect()
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-'
}

/// A sheet with titles, a header of two rows with merged groups, the columns in another order, blank rows and a footer.
fn write_sheet(sheet: &mut Worksheet, table: &Table) {
    let merged = Format::new();
    sheet.set_name(format!("报送{}", table.name)).unwrap();
    sheet.merge_range(0, 0, 0, 6, "示例区2025学年数据报送表", &merged).unwrap();
    sheet.write(1, 0, "填报单位（盖章）：").unwrap();
    let width = table.records[0].len();
    let order: Vec<usize> = (0..width).map(|place| (place * 5 + 3) % width).collect();
    let mut seen = order.clone();
    seen.sort_unstable();
    let order = if seen == (0..width).collect::<Vec<_>>() { order } else { (0..width).rev().collect() };
    for (column, place) in order.iter().enumerate() {
        let header = format!("*{}\n（必填）", table.records[0][*place]);
        sheet.merge_range(2, column as u16, 3, column as u16, &header, &merged).unwrap();
    }
    let date_format = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    let mut row = 4;
    for (number, record) in table.records.iter().enumerate().skip(1) {
        if number % 7 == 0 {
            row += 1;
        }
        for (column, place) in order.iter().enumerate() {
            let text = record[*place];
            let column = column as u16;
            if is_date(text) && number % 2 == 0 {
                let date = ExcelDateTime::parse_from_str(text).unwrap();
                sheet.write_datetime_with_format(row, column, &date, &date_format).unwrap();
            } else if is_date(text) {
                sheet.write(row, column, spelled(text, number / 2)).unwrap();
            } else if text.len() == 19 && number % 3 == 0 {
                sheet.write(row, column, format!(" '{}", full_width(text))).unwrap();
            } else if !text.is_empty() {
                sheet.write(row, column, format!("{text} ")).unwrap();
            }
        }
        row += 1;
    }
    sheet.write(row + 1, 0, format!("共计 {} 人", table.records.len() - 1)).unwrap();
    sheet.write(row + 2, 0, "制表人：  审核人：  打印日期：2026-07-01").unwrap();
}

fn workbook(tables: &[Table]) -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "本表由教务处填写").unwrap();
    for table in tables {
        write_sheet(book.add_worksheet(), table);
    }
    book.save_to_buffer().unwrap()
}

fn utf_16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn messy_files_decide_as_clean_ones_do() {
    let tables = cohort();
    let scratch = scratch();
    let run = |name: &str, files: Files| {
        let folder = scratch.path().join(name);
        let files: Vec<(&str, &Vec<u8>)> = files.iter().map(|(path, content)| (path.as_str(), content)).collect();
        write_files(&folder.join("in"), &files);
        try_run(&folder.join("in"), &folder.join("out")).unwrap()
    };
    let clean = run("clean", tables.iter().map(|table| (format!("{}.csv", table.name), joined(table, ",").into_bytes())).collect());
    let expected = decided(&clean.folder);
    assert_eq!(expected.len(), 16);
    let outcomes: std::collections::BTreeSet<&str> = expected.iter().map(|decision| decision["outcome"].as_str()).collect();
    assert!(outcomes.len() >= 8, "{outcomes:?}");

    let gbk = |text: String| {
        let titled =
            format!("示例区数据,,,\r\n{text}合计,,\r\n").replace("全国学籍号", "学籍号").replace("学年总评", "\"学年\n总评 （必填）\"");
        encoding_rs::GB18030.encode(&titled).0.into_owned()
    };
    let ways: [(&str, Files); 3] = [
        ("workbook", vec![("一校/报送.xlsx".to_owned(), workbook(&tables))]),
        ("gbk", tables.iter().map(|table| (format!("{}/表.csv", table.name), gbk(joined(table, ",")))).collect()),
        ("utf-16", tables.iter().map(|table| (format!("{}.txt", table.name), utf_16(&joined(table, "\t")))).collect()),
    ];
    for (way, files) in ways {
        let messy = run(way, files);
        let decisions = decided(&messy.folder);
        for (decision, expected) in decisions.iter().zip(&expected) {
            assert_eq!(decision, expected, "{way}");
        }
        assert_eq!(decisions.len(), expected.len(), "{way}");
        let errors: Vec<_> = rows(&messy.folder.join("findings.parquet"));
        let of_files: Vec<_> = errors.iter().filter(|finding| finding["code"].starts_with('I') && finding["severity"] == "error").collect();
        let clean_errors = rows(&clean.folder.join("findings.parquet"));
        let clean_errors = clean_errors.iter().filter(|finding| finding["code"].starts_with('I') && finding["severity"] == "error").count();
        assert_eq!(of_files.len(), clean_errors, "{way}: {of_files:?}");
    }
}
