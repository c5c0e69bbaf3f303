//! Rejected rows go back in the layout that they came in, and what is mended there takes their place.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
use xueji::ingest::table::Table;
use xueji::ingest::{self, RejectedFile, RejectedTable, old};
use xueji::pipeline;
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::{PublishedRun, vocabulary};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::{Rows, package, rows, save_again, scratch, term_end, write_files};

/// A sheet as people see it: its name, its rows, and which columns are hidden.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sheet {
    name: String,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    fn texts(&self, row: usize) -> Vec<&str> {
        self.rows[row].iter().map(String::as_str).collect()
    }

    /// The row and the column of a header.
    fn header(&self, label: &str) -> (usize, usize) {
        let place = |(row, cells): (usize, &Vec<String>)| Some((row, cells.iter().position(|cell| cell == label)?));
        self.rows.iter().enumerate().find_map(place).unwrap_or_else(|| panic!("no {label} in {self:?}"))
    }

    fn set(&mut self, row: usize, label: &str, text: &str) {
        let (_, column) = self.header(label);
        self.rows[row][column] = text.to_owned();
    }
}

/// The sheets of a workbook.
fn sheets(path: &Path) -> Vec<Sheet> {
    let mut workbook: Xlsx<_> = open_workbook(path).expect("a workbook");
    let names = workbook.sheet_names();
    let sheet = |name: String| {
        let range = workbook.worksheet_range(&name).expect("a sheet");
        let (height, width) = range.end().map_or((0, 0), |(row, column)| (row + 1, column + 1));
        let cell = |row, column| match range.get_value((row, column)) {
            None | Some(Data::Empty) => String::new(),
            Some(value) => value.to_string(),
        };
        Sheet { name, rows: (0..height).map(|row| (0..width).map(|column| cell(row, column)).collect()).collect() }
    };
    names.into_iter().map(sheet).collect()
}

/// Saves sheets as a program might that keeps nothing but the cells.
fn save(path: &Path, sheets: &[Sheet]) {
    let mut workbook = Workbook::new();
    for own in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(&own.name).expect("a name");
        for (row, cells) in (0..).zip(&own.rows) {
            for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row, column, cell).expect("a cell");
            }
        }
    }
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    workbook.save(path).expect("a workbook");
}

/// The workbooks that go back, by their paths below `returned/`.
fn returned(run: &PublishedRun) -> BTreeMap<String, PathBuf> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let below = path.strip_prefix(root).expect("a path below").to_string_lossy().into_owned();
                found.insert(below, path);
            }
        }
    }
    let root = run.folder.join("returned");
    let mut found = BTreeMap::new();
    walk(&root, &root, &mut found);
    found
}

/// The sheet of a returned file that holds rows, of which it has one.
fn only_sheet(run: &PublishedRun, path: &str) -> Sheet {
    let returned = returned(run);
    let path = returned.get(path).unwrap_or_else(|| panic!("no {path} among {returned:?}"));
    let mut sheets = sheets(path);
    assert_eq!(sheets.len(), 2, "the rows, and what to do with them");
    sheets.swap_remove(0)
}

/// A part of a workbook.
fn part(path: &Path, name: &str) -> String {
    let mut archive = ZipArchive::new(std::fs::File::open(path).expect("a file")).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect("a part").read_to_string(&mut text).expect("a text");
    text
}

fn findings(run: &PublishedRun, code: &str) -> Rows {
    rows(&run.folder.join("findings.parquet")).into_iter().filter(|finding| finding["code"] == code).collect()
}

/// Rows set aside, and rows replaced, in all tables.
fn books(run: &PublishedRun) -> (u64, u64) {
    let books = run.manifest.books.values();
    let replaced = books.clone().map(|own| own.out_of_scope.get("replaced").copied().unwrap_or(0));
    (books.map(|own| own.set_aside).sum(), replaced.sum())
}

/// The files that a student's decision rests on.
fn evidence(run: &PublishedRun, student: &str) -> String {
    let decisions = rows(&run.folder.join("decisions.parquet"));
    let own = decisions.iter().find(|decision| decision.get("student_id").is_some_and(|id| id == student));
    own.and_then(|own| own.get("evidence")).cloned().unwrap_or_default()
}

const SEVENTH: &str = "G310101201203150224";
const NINTH: &str = "G310101201003150318";
const OTHER_NINTH: &str = "G310101201003150422";
const EIGHTH: &str = "G310101201103151510";
/// Right in form, and nobody's.
const NOBODYS: &str = "G31010420090315006X";

/// A workbook of results with a title, a header of two rows, merged cells, a column of its own and a footer.
fn workbook_of_results() -> Vec<u8> {
    let plain = Format::new();
    let mut book = Workbook::new();
    // The same bytes whenever it is made.
    let made = ExcelDateTime::from_ymd(2026, 7, 1).expect("a date");
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = book.add_worksheet();
    sheet.set_name("七年级").expect("a name");
    sheet.merge_range(0, 0, 0, 6, "示例中学2025学年成绩", &plain).expect("a title");
    sheet.write(1, 0, "填报：教务处").expect("a cell");
    for (column, label) in [(0, "学籍号"), (1, "学号"), (2, "学年"), (3, "科目")] {
        sheet.merge_range(2, column, 3, column, label, &plain).expect("a header");
    }
    sheet.merge_range(2, 4, 2, 5, "学年成绩", &plain).expect("a header");
    sheet.write(3, 4, "总评").expect("a header");
    sheet.write(3, 5, "补考").expect("a header");
    let records = [
        [SEVENTH, "007", "2025-2026", "语文", "合格"],
        ["G3101012012031502", "008", "2025-2026", "数学", "不合格"],
        [SEVENTH, "", "二零二五", "外语", "合格"],
        ["", "", "2025-2026", "历史", "合格"],
        [NOBODYS, "009", "2025-2026", "科学", "合格"],
    ];
    for (row, record) in (4..).zip(records) {
        for (column, cell) in (0..).zip(record).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(row, column, cell).expect("a cell");
        }
    }
    // The student of the third record is that of the fourth, whose number is wrong all the same where it is needed alone.
    sheet.merge_range(6, 0, 7, 0, SEVENTH, &plain).expect("a student");
    sheet.write_string(7, 2, "下学年").expect("a cell");
    sheet.write(10, 0, "合计：5 行").expect("a footer");
    book.save_to_buffer().expect("a workbook")
}

fn csv_of_results() -> Vec<u8> {
    let text = format!(
        "示例九年级成绩,,,,,\r\n全国学籍号,姓名,学年,科目,学年总评,备注\r\n{NINTH},买买提·四,2025-2026,艺术,合格,\r\n{OTHER_NINTH},张五,,艺术,合格,\"=HYPERLINK(\"\"http://x\"\")\"\r\n合计,2,,,,\r\n"
    );
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default()).expect("a file");
    archive.write_all(content).expect("a file");
    archive.finish().expect("an archive").into_inner()
}

/// Files of which rows are rejected: a workbook, a text, an old workbook and a file of an archive.
fn write_inputs(folder: &Path) {
    let results = format!("全国学籍号,学年,科目,学年总评\n{EIGHTH},2025-2026,语文,合格\n{EIGHTH},,数学,合格\n").into_bytes();
    let old = std::fs::read(package().join("tests/xueji/same/exams/xlwt.xls")).expect("an old workbook");
    write_files(
        folder,
        &[
            ("名册.csv", include_bytes!("messy/roster.csv").to_vec()),
            ("一校/成绩.xlsx", workbook_of_results()),
            ("二校/成绩.csv", csv_of_results()),
            ("三校.zip", zipped("八年级/成绩.csv", &results)),
            ("考试院/合格考.xls", old),
        ],
    );
}

/// A run with all that it writes for people.
fn whole_run(pipeline: &Path, overrides: Overrides, out: &Path) -> PublishedRun {
    old::set_program(env!("CARGO_BIN_EXE_xueji").into());
    let config = Config::load(pipeline, &overrides).expect("a usable pipeline");
    pipeline::run::run(&config, out, &|_, _, _| {}).expect("a run")
}

fn run(folder: &Path) -> PublishedRun {
    let overrides = Overrides { inputs: vec![folder.into()], ..Overrides::default() };
    whole_run(&term_end(), overrides, &folder.with_extension("out"))
}

#[test]
fn rejected_rows_go_back_in_the_layout_that_they_came_in() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    write_inputs(&folder);
    let run = run(&folder);
    let paths: Vec<String> = returned(&run).into_keys().collect();
    assert_eq!(paths, ["一校/成绩.xlsx", "三校.zip/八年级/成绩.csv.xlsx", "二校/成绩.csv.xlsx", "考试院/合格考.xls.xlsx"]);
    assert_eq!((run.manifest.returned.files, run.manifest.returned.rows), (4, books(&run).0));
    assert_eq!(run.manifest.returned.left_out, []);

    let own = only_sheet(&run, "一校/成绩.xlsx");
    assert_eq!(own.name, "七年级");
    assert_eq!(own.rows.len(), 4 + 4, "{own:?}");
    assert_eq!((own.texts(0)[0], own.texts(1)[0]), ("示例中学2025学年成绩", "填报：教务处"));
    assert_eq!(own.texts(2), ["学籍号", "学号", "学年", "科目", "学年成绩", "", "", "", "", "", ""]);
    assert_eq!(own.texts(3), ["", "", "", "", "总评", "补考", "", "问题代码", "有什么问题", "怎样改", "退回编号"]);
    let cells = |row: usize| own.texts(row)[..5].to_vec();
    assert_eq!(cells(4), ["G3101012012031502", "008", "2025-2026", "数学", "不合格"]);
    assert_eq!(cells(5), [SEVENTH, "", "二零二五", "外语", "合格"]);
    assert_eq!(cells(6), [SEVENTH, "", "下学年", "历史", "合格"], "what a merged cell holds is the row's");
    assert_eq!(cells(7), [NOBODYS, "009", "2025-2026", "科学", "合格"]);
    let codes: Vec<&str> = (4..8).map(|row| own.texts(row)[7]).collect();
    assert_eq!(codes, ["I0205", "I0202", "I0202", "R0305"]);
    assert!(own.texts(5)[8].contains("学年") && own.texts(5)[8].contains("二零二五"), "{:?}", own.texts(5));
    assert!(own.texts(7)[8].contains("G310104**********6X") && !own.texts(7)[8].contains(NOBODYS), "{:?}", own.texts(7));
    let path = &returned(&run)["一校/成绩.xlsx"];
    let xml = part(path, "xl/worksheets/sheet1.xml");
    for range in ["A1:G1", "A3:A4", "E3:F3"] {
        assert!(xml.contains(&format!("<mergeCell ref=\"{range}\"/>")), "{range}");
    }
    assert!(xml.contains("<col min=\"11\" max=\"11\"") && xml.contains("hidden=\"1\""), "the numbers are hidden");
    assert!(part(path, "xl/comments1.xml").contains("I0202"), "a wrong cell has a note");

    let own = only_sheet(&run, "二校/成绩.csv.xlsx");
    assert_eq!(own.rows.len(), 3);
    assert_eq!(own.texts(0)[0], "示例九年级成绩");
    assert_eq!(own.texts(1)[..7], ["全国学籍号", "姓名", "学年", "科目", "学年总评", "备注", "问题代码"]);
    assert_eq!(own.texts(2)[..7], [OTHER_NINTH, "张五", "", "艺术", "合格", "=HYPERLINK(\"http://x\")", "I0201"]);
    let xml = part(&returned(&run)["二校/成绩.csv.xlsx"], "xl/worksheets/sheet1.xml");
    assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "a text is neither formula nor link");

    let own = only_sheet(&run, "三校.zip/八年级/成绩.csv.xlsx");
    assert_eq!((own.rows.len(), &own.texts(1)[..5]), (2, [EIGHTH, "", "数学", "合格", "I0201"].as_slice()));

    let own = only_sheet(&run, "考试院/合格考.xls.xlsx");
    let (header, _) = own.header("退回编号");
    assert_eq!(
        own.rows.len() - header - 1,
        findings(&run, "R0301").iter().map(|own| own["count"].parse::<usize>().unwrap()).sum::<usize>()
    );
}

/// Mends what `write_inputs` has wrong; gives the sheets by the path that they were returned under.
fn mended(run: &PublishedRun) -> BTreeMap<String, Vec<Sheet>> {
    let mut mended: BTreeMap<String, Vec<Sheet>> = returned(run).iter().map(|(path, full)| (path.clone(), sheets(full))).collect();
    let mut sheet = |path: &str, mend: &dyn Fn(&mut Sheet)| mend(&mut mended.get_mut(path).expect("a file")[0]);
    sheet("一校/成绩.xlsx", &|own| {
        own.rows[4][0] = SEVENTH.to_owned();
        own.set(5, "学年", "2025-2026");
        own.rows[5][2] = "2025-2026".to_owned();
        own.rows[6][2] = "2025-2026".to_owned();
        own.rows[7][0] = SEVENTH.to_owned();
    });
    sheet("二校/成绩.csv.xlsx", &|own| own.set(2, "学年", "2025-2026"));
    sheet("三校.zip/八年级/成绩.csv.xlsx", &|own| own.set(1, "学年", "2025-2026"));
    sheet("考试院/合格考.xls.xlsx", &|own| {
        let (header, _) = own.header("退回编号");
        (header + 1..own.rows.len()).for_each(|row| own.set(row, "怎样改", "删去"));
    });
    mended
}

/// What has to be the same of two runs: all decisions but the rows that they rest on.
fn decided(run: &PublishedRun) -> Rows {
    let mut decisions = rows(&run.folder.join("decisions.parquet"));
    decisions.iter_mut().for_each(|own| {
        own.remove("evidence");
        own.remove("reasons");
    });
    decisions
}

/// No row of these tables is rejected any more, and each rejected one is replaced.
fn assert_mended(after: &PublishedRun, before: &PublishedRun, how: &str) {
    let withdrawn = findings(before, "R0301").len() as u64;
    assert_eq!(books(after), (0, books(before).0 + withdrawn), "{how}: withdrawn rows and the rows that they were are replaced");
    for code in ["I0201", "I0202", "I0205", "R0301", "R0305"] {
        let left: Rows = findings(after, code).into_iter().filter(|own| own.get("file").is_some_and(|file| file != "名册.csv")).collect();
        assert!(left.is_empty(), "{how}: {left:?}");
    }
    let strange: Rows = findings(after, "I0104").into_iter().filter(|own| !matches!(own["found"].as_str(), "学号" | "备注")).collect();
    assert!(strange.is_empty(), "{how}: {strange:?}");
    assert_eq!(findings(after, "I0102").len(), findings(before, "I0102").len(), "{how}");
    assert!(returned(after).is_empty(), "{how}");
}

#[test]
fn a_mended_copy_beside_the_originals_takes_their_place() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    write_inputs(&folder);
    let before = run(&folder);
    let mended = mended(&before);

    // What it has to come to: the same rows in files that were right from the beginning.
    let right = scratch.path().join("right");
    write_inputs(&right);
    std::fs::remove_dir_all(right.join("考试院")).expect("gone");
    for (path, content) in mended.iter().filter(|(path, _)| !path.starts_with("考试院")) {
        let mut sheets = content.clone();
        for row in &mut sheets[0].rows {
            let end = row.len() - 4;
            row.truncate(end);
        }
        save(&right.join("改/").join(path), &sheets);
    }
    std::fs::remove_file(right.join("三校.zip")).expect("gone");
    write_files(&right, &[("三校.csv", format!("全国学籍号,学年,科目,学年总评\n{EIGHTH},2025-2026,语文,合格\n"))]);
    write_files(&right, &[("二校/成绩.csv", format!("全国学籍号,学年,科目,学年总评\n{NINTH},2025-2026,艺术,合格\n"))]);
    let good = format!("全国学籍号,学年,科目,学年总评\n{SEVENTH},2025-2026,语文,合格\n");
    std::fs::remove_file(right.join("一校/成绩.xlsx")).expect("gone");
    write_files(&right, &[("一校/成绩.csv", good)]);
    let expected = decided(&run(&right));

    // As the program wrote it, sorted, with the columns moved, and under names that come before and after the originals.
    let turned = |sheets: &[Sheet]| {
        let mut sheets = sheets.to_vec();
        let (header, _) = sheets[0].header("退回编号");
        sheets[0].rows[header + 1..].reverse();
        sheets[0].rows.iter_mut().for_each(|row| row.reverse());
        sheets
    };
    let ways: [(&str, &str, bool); 3] = [("plain", "退回/", false), ("sorted", "0/", true), ("last", "龥/", true)];
    for (name, below, is_turned) in ways {
        let folder = scratch.path().join(name);
        write_inputs(&folder);
        for (path, sheets) in &mended {
            let sheets = if is_turned { turned(sheets) } else { sheets.clone() };
            save(&folder.join(below).join(path), &sheets);
        }
        let after = run(&folder);
        assert_mended(&after, &before, name);
        assert_eq!(decided(&after), expected, "{name}");
        assert!(evidence(&after, SEVENTH).contains(below), "{name}: {}", evidence(&after, SEVENTH));
    }
    assert_ne!(decided(&before), expected);
}

#[test]
fn a_file_that_another_program_saved_again_takes_its_place_too() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    write_inputs(&folder);
    let before = run(&folder);
    for (place, (path, sheets)) in mended(&before).iter().enumerate() {
        let own = scratch.path().join(format!("saved/{place}.xlsx"));
        save(&own, sheets);
        let kind = if place % 2 == 0 { "xlsx" } else { "ods" };
        let target = folder.join("退回").join(path).with_extension("d");
        if !save_again(&[own], &target, kind) {
            return;
        }
        assert!(target.join(format!("{place}.{kind}")).exists());
    }
    assert_mended(&run(&folder), &before, "LibreOffice");
}

/// A folder whose one file of results has two rows that are wrong.
fn two_wrong(folder: &Path) -> PublishedRun {
    let results = format!("全国学籍号,学年,科目,学年总评\n{SEVENTH},第一,语文,合格\n{SEVENTH},第二,数学,合格\n");
    write_files(folder, &[("名册.csv", include_bytes!("messy/roster.csv").to_vec()), ("成绩.csv", results.into_bytes())]);
    run(folder)
}

/// The rows of a returned file with the years given, where one is.
fn with_years(run: &PublishedRun, path: &str, years: &[&str]) -> Vec<Sheet> {
    let mut sheets = sheets(&returned(run)[path]);
    for (row, year) in (1..).zip(years).filter(|(_, year)| !year.is_empty()) {
        sheets[0].set(row, "学年", year);
    }
    sheets
}

#[test]
fn what_is_still_wrong_goes_back_again_and_again() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    let first = two_wrong(&folder);
    save(&folder.join("一轮.xlsx"), &with_years(&first, "成绩.csv.xlsx", &["2025-2026", "又错"]));
    let second = run(&folder);
    assert_eq!(books(&second), (1, 2));
    assert_eq!(returned(&second).into_keys().collect::<Vec<_>>(), ["一轮.xlsx"]);
    let own = only_sheet(&second, "一轮.xlsx");
    assert_eq!(own.texts(0), ["全国学籍号", "学年", "科目", "学年总评", "问题代码", "有什么问题", "怎样改", "退回编号"], "no column twice");
    assert_eq!(own.rows.len(), 2);
    assert_eq!(own.texts(1)[..5], [SEVENTH, "又错", "数学", "合格", "I0202"]);

    save(&folder.join("二轮.xlsx"), &with_years(&second, "一轮.xlsx", &["还错"]));
    let third = run(&folder);
    assert_eq!(books(&third), (1, 3));
    save(&folder.join("三轮.xlsx"), &with_years(&third, "二轮.xlsx", &["2025-2026"]));
    let last = run(&folder);
    assert_eq!(books(&last), (0, 4));
    assert!(returned(&last).is_empty());
    let expected = decided(&last);

    // Whoever keeps the last round alone beside the original has lost the row that was right in the first, and no other.
    std::fs::remove_file(folder.join("二轮.xlsx")).expect("gone");
    let without = run(&folder);
    assert_eq!((books(&without), decided(&without)), ((0, 3), expected.clone()));
    std::fs::remove_file(folder.join("一轮.xlsx")).expect("gone");
    let alone = run(&folder);
    assert_eq!(books(&alone), (1, 1));
    assert_eq!(only_sheet(&alone, "成绩.csv.xlsx").texts(1)[2], "语文");
    // The original gone, the rows of the last round are rows like any other.
    std::fs::remove_file(folder.join("成绩.csv")).expect("gone");
    assert_eq!(books(&run(&folder)), (0, 0));
}

#[test]
fn of_two_mended_files_both_are_read_and_the_usable_row_counts() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    let first = two_wrong(&folder);
    save(&folder.join("甲.xlsx"), &with_years(&first, "成绩.csv.xlsx", &["2025-2026", "又错"]));
    save(&folder.join("乙.xlsx"), &with_years(&first, "成绩.csv.xlsx", &["还错", "2025-2026"]));
    let both = run(&folder);
    assert_eq!(books(&both), (0, 4), "each row is right in one of them");
    // Right in both, and different: told as two rows of one file are.
    let mut other = with_years(&first, "成绩.csv.xlsx", &["2025-2026", "2025-2026"]);
    other[0].set(1, "学年总评", "不合格");
    save(&folder.join("乙.xlsx"), &other);
    let contradicting = run(&folder);
    assert_eq!(findings(&contradicting, "I0302").len(), 1);
    assert_eq!(books(&contradicting).0, 0);
    // Given twice, a file is given once.
    std::fs::copy(folder.join("乙.xlsx"), folder.join("丙.xlsx")).expect("a copy");
    let thrice = run(&folder);
    assert_eq!((findings(&thrice, "I0106").len(), findings(&thrice, "I0302").len()), (1, 1));
    assert_eq!(decided(&thrice), decided(&contradicting));
}

#[test]
fn what_is_taken_out_of_a_mended_file_or_loses_its_number_stays_rejected() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    let first = two_wrong(&folder);
    let mut one = with_years(&first, "成绩.csv.xlsx", &["2025-2026", "2025-2026"]);
    let lost = one.clone();
    one[0].rows.remove(1);
    save(&folder.join("改.xlsx"), &one);
    let after = run(&folder);
    assert_eq!(books(&after), (1, 1));
    assert_eq!(only_sheet(&after, "成绩.csv.xlsx").texts(1)[2], "语文");

    // The hidden column is gone: its rows are rows, and those of the original are still wrong.
    let mut without = lost.clone();
    without[0].rows.iter_mut().for_each(|row| drop(row.pop()));
    save(&folder.join("改.xlsx"), &without);
    let after = run(&folder);
    assert_eq!(books(&after), (2, 0));
    assert_eq!(findings(&after, "I0104").len(), 0, "columns of ours are no strangers");

    // Numbers that a spreadsheet counted on, or that somebody made up, name nothing.
    let mut made_up = lost;
    let (_, column) = made_up[0].header("退回编号");
    made_up[0].rows[1][column] = "0123456789ab-2-0000".to_owned();
    made_up[0].rows[2][column] = "=1+1".to_owned();
    save(&folder.join("改.xlsx"), &made_up);
    assert_eq!(books(&run(&folder)), (2, 0));
}

#[test]
fn more_equal_problems_than_a_finding_names_end_all_the_same() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    let wrong: String =
        ["语文", "数学", "外语"].iter().cycle().take(60).map(|subject| format!("{SEVENTH},某年,{subject},合格\n")).collect();
    let results = format!("全国学籍号,学年,科目,学年总评\n{wrong}");
    write_files(&folder, &[("名册.csv", include_bytes!("messy/roster.csv").to_vec()), ("成绩.csv", results.into_bytes())]);
    let before = run(&folder);
    assert_eq!(findings(&before, "I0202")[0]["count"], "60");
    let own = only_sheet(&before, "成绩.csv.xlsx");
    assert_eq!(own.rows.len(), 61);
    assert!((1..61).all(|row| own.texts(row)[4] == "I0202" && own.texts(row)[5].contains("某年")), "each row says what is wrong with it");
    let mut mended = sheets(&returned(&before)["成绩.csv.xlsx"]);
    (1..31).for_each(|row| mended[0].set(row, "学年", "2025-2026"));
    mended[0].rows.truncate(31);
    save(&folder.join("改.xlsx"), &mended);
    let after = run(&folder);
    assert_eq!(findings(&after, "I0202")[0]["count"], "30");
    assert_eq!(books(&after).1, 30);
}

#[test]
fn attendance_goes_back_too_and_the_next_run_goes_on_without_it() {
    let scratch = scratch();
    let (folder, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let days: String = (8..13).map(|day| format!("{SEVENTH},2025-09-{day:02},出勤\n")).collect();
    let attendance = format!("学籍号,日期,考勤\n{days}{SEVENTH},十五号,旷课\nG1,2025-09-16,旷课\n{NOBODYS},2025-09-16,旷课\n");
    let roster = include_str!("messy/roster.csv").as_bytes().to_vec();
    write_files(&folder, &[("名册.csv", roster), ("考勤.csv", attendance.into_bytes())]);
    let watch = |out: &Path| {
        let (as_of, attendance) = (Some("2025-10-09".parse().expect("a date")), Some(Attendance::Daily));
        let overrides = Overrides { inputs: vec![folder.clone()], as_of, attendance, ..Overrides::default() };
        whole_run(&package().join("pipelines/status-watch.toml"), overrides, out)
    };
    let before = watch(&out);
    assert_eq!(before.manifest.books["attendance"].set_aside, 3);
    let own = only_sheet(&before, "考勤.csv.xlsx");
    assert_eq!((1..4).map(|row| own.texts(row)[3]).collect::<Vec<_>>(), ["I0202", "I0205", "R0602"]);

    let mut mended = sheets(&returned(&before)["考勤.csv.xlsx"]);
    mended[0].set(1, "日期", "2025-09-15");
    mended[0].set(2, "学籍号", SEVENTH);
    mended[0].set(3, "怎样改", "删去");
    save(&folder.join("考勤改.xlsx"), &mended);
    for round in 0..2 {
        let (after, anew) = (watch(&out), watch(&scratch.path().join(format!("anew{round}"))));
        let books = &after.manifest.books["attendance"];
        assert_eq!((books.set_aside, books.out_of_scope["replaced"]), (0, 4));
        assert_eq!(findings(&after, "R0602").len(), 0);
        for file in ["decisions.parquet", "findings.parquet", "sources.parquet"] {
            let read = |run: &PublishedRun| std::fs::read(run.folder.join(file)).expect("a file");
            assert!(read(&after) == read(&anew), "{file} of round {round}");
        }
    }
    // Taken away again, the rows are wrong as they were.
    std::fs::remove_file(folder.join("考勤改.xlsx")).expect("gone");
    let again = watch(&out);
    assert_eq!(again.manifest.books["attendance"].set_aside, 3);
    assert_eq!(decided(&again), decided(&before));
}

#[test]
fn whatever_a_file_is_called_or_says_its_rows_go_back() {
    let scratch = scratch();
    let folder = scratch.path().join("in");
    let long = "长".repeat(4_000);
    let rows_of = |name: &str| format!("全国学籍号,姓名,学年,科目,学年总评\n{SEVENTH},{name},错,语文,合格\n");
    let files = [
        ("名册.csv".to_owned(), include_str!("messy/roster.csv").to_owned()),
        ("<script>alert(1)</script>.csv".replace('/', "_"), rows_of("<script>alert(1)</script>")),
        (format!("{SEVENTH}.csv"), rows_of(&long)),
        ("a\u{202E}b.csv".to_owned(), rows_of("\u{202E}右\u{7}左")),
        ("=1+1.csv".to_owned(), rows_of("\"=HYPERLINK(\"\"http://x\"\")\"")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    write_files(&folder, &files);
    write_files(&folder, &[("邮件.zip", zipped("../../出去/表.csv", rows_of("内").as_bytes()))]);
    let run = run(&folder);
    let own = returned(&run);
    assert_eq!(own.len(), 5, "{own:?}");
    assert!(own.keys().all(|path| !path.contains(SEVENTH) && !path.contains("..")), "{own:?}");
    for path in own.values() {
        let sheet = &sheets(path)[0];
        assert_eq!(sheet.rows.len(), 2, "{path:?}");
        assert_eq!(sheet.texts(1)[0], SEVENTH, "the sender's own cells stand as they came");
        assert!(!part(path, "xl/worksheets/sheet1.xml").contains("<f>"));
    }
    assert!(own.values().any(|path| sheets(path)[0].rows[1][1] == long));
    let again = self::run(&folder);
    for (one, other) in own.values().zip(returned(&again).values()) {
        assert!(std::fs::read(one).expect("a file") == std::fs::read(other).expect("a file"), "the same bytes");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_goes_back() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = scratch();
    let folder = scratch.path().join("in");
    write_inputs(&folder);
    let run = run(&folder);
    for path in returned(&run).values() {
        let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(path), 0o600);
        let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&run.folder));
        folders.for_each(|folder| assert_eq!(mode(folder), 0o700, "{folder:?}"));
    }
}

#[test]
fn a_file_that_is_gone_or_changed_is_not_read_as_the_one_that_was() {
    let scratch = scratch();
    write_files(scratch.path(), &[("成绩.csv", "全国学籍号,学年,科目,学年总评\nG1,2025,语文,合格\n")]);
    let config = Config::load(&term_end(), &Overrides::default()).expect("a pipeline");
    let vocabulary = vocabulary(&config.law.policy, &config.headers).expect("a vocabulary");
    let full = scratch.path().join("成绩.csv");
    let request =
        ingest::Request { folders: std::slice::from_ref(&full), vocabulary: &vocabulary, progress: &|_| {}, defer: None, cache: None };
    let sha256 = ingest::read(request).expect("inputs").files[0].sha256.clone();
    let places = [Some(0), Some(1), Some(2), Some(3)].to_vec();
    let table = RejectedTable { sheet: String::new(), table: Table::CourseResults, places, above: 0, header_row: 1, rows: vec![2] };
    let mut file = RejectedFile { full: full.clone(), within: String::new(), sha256, tables: vec![table] };
    let read = ingest::reread(&file, &vocabulary).expect("the rows");
    assert_eq!((read[0].heading.len(), read[0].rows.len()), (1, 1));
    file.sha256 = "0".repeat(64);
    assert!(ingest::reread(&file, &vocabulary).is_err());
    std::fs::remove_file(&full).expect("gone");
    assert!(ingest::reread(&file, &vocabulary).is_err());
}
