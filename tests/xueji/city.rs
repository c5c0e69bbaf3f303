//! The invented city: what was planted is what a run finds, in every form, and the city is the same however it is made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use xueji::ingest::table::Table;
use xueji::sample::{Attendance, Encoding, Form, Request, make};

use xueji::pipeline::config::Attendance::Exceptions;
use xueji::pipeline::run::PublishedRun;

use crate::support::{Rows, audit_on, rows, scratch, try_run, watch_on};

fn request(out: PathBuf, form: Form, students: u64, damage: f64) -> Request {
    Request {
        students,
        seed: 11,
        out,
        form,
        encoding: Encoding::Gb18030,
        tables: Vec::new(),
        districts: Vec::new(),
        grades: Vec::new(),
        attendance: Attendance::Exceptions,
        through: 20_634,
        damage,
    }
}

/// How often each code is told for each file, sheet and column, and each student.
fn tally(rows: &Rows) -> BTreeMap<[String; 5], i64> {
    let mut tally = BTreeMap::new();
    for row in rows {
        let column = |name: &str| row.get(name).cloned().unwrap_or_default();
        let count: i64 = row.get("count").and_then(|count| count.parse().ok()).unwrap_or(1);
        // A finding of a cell that folds more than twenty names no row and no student; it is compared by its column.
        let student = if column("code").starts_with('I') { String::new() } else { column("student_id") };
        *tally.entry([column("code"), column("file"), column("sheet"), column("column"), student]).or_default() += count;
    }
    tally
}

/// The cells that findings of single rows point to.
fn cells(rows: &Rows) -> Vec<[String; 5]> {
    let cell =
        |row: &BTreeMap<String, String>| ["code", "file", "sheet", "row", "column"].map(|name| row.get(name).cloned().unwrap_or_default());
    rows.iter().map(cell).collect()
}

/// Whether term end raises a finding (findings.md).
fn is_of_term_end(code: &str) -> bool {
    let begins = ["I", "R0101", "R0305", "R030", "F20", "F21", "F22", "F23", "F24", "F26", "F4101"];
    begins.iter().any(|own| code.starts_with(own))
}

fn planted_is_found(form: Form) {
    let scratch = scratch();
    let city = scratch.path().join("city");
    let made = make(&request(city.clone(), form, 20_000, 30.0), &|_, _| {}).expect("a city");
    let truth = rows(&city.join("truth.parquet"));
    assert_eq!(made.planted, truth.len() as u64);
    let run = try_run(&city, &scratch.path().join("end")).expect("a run");
    let of_term_end: Rows = truth.iter().filter(|row| is_of_term_end(&row["code"])).cloned().collect();
    compare(&of_term_end, &rows(&run.folder.join("findings.parquet")), 42);
    let date = "2026-07-05".parse().expect("a date");
    let run = audit_on(&city, &scratch.path().join("audit"), date, Exceptions).expect("an audit");
    // What is missing for a year's end does not keep an audit from judging the state of a registration.
    let is_audited = |row: &&BTreeMap<String, String>| row["code"] != "I0303" || row["column"] == "学籍状态";
    let of_audit: Rows = truth.iter().filter(is_audited).cloned().collect();
    let mut findings = rows(&run.folder.join("findings.parquet"));
    // Who came back to school is no damage.
    findings.retain(|finding| finding["code"] != "F3404");
    compare(&of_audit, &findings, 60);
}

/// Holds findings against the truth: each planted one is found once, at its cell, and nothing else is.
fn compare(truth: &Rows, findings: &Rows, kinds: usize) {
    let (planted, found) = (tally(truth), tally(findings));
    let differs = |(what, count): &(&[String; 5], &i64)| planted.get(*what) != Some(*count) || found.get(*what) != Some(*count);
    let differing: Vec<_> = planted.iter().chain(&found).filter(differs).take(8).collect();
    assert!(differing.is_empty(), "planted and not found, or found and not planted: {differing:?}");
    // Nothing but what is folded lacks its exact cell.
    let planted = cells(truth);
    let of_one = findings.iter().filter(|row| row["count"] == "1").cloned().collect();
    let astray: Vec<_> = cells(&of_one).into_iter().filter(|cell| !planted.contains(cell)).collect();
    assert_eq!(astray, Vec::<[String; 5]>::new());
    let mut codes: Vec<&str> = truth.iter().map(|row| row["code"].as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    // All that the pipeline can see but what needs further tables or a guess: every kind of damage is in a city of this size.
    assert!(codes.len() >= kinds, "only {codes:?}");
}

#[test]
fn what_was_planted_in_parquet_is_found_and_nothing_else() {
    planted_is_found(Form::Parquet);
}

#[test]
fn what_was_planted_in_text_is_found_and_nothing_else() {
    planted_is_found(Form::Csv);
}

#[test]
fn what_was_planted_in_workbooks_is_found_and_nothing_else() {
    planted_is_found(Form::Xlsx);
}

#[test]
fn a_city_in_order_has_no_finding() {
    let scratch = scratch();
    let city = scratch.path().join("city");
    make(&request(city.clone(), Form::Parquet, 20_000, 0.0), &|_, _| {}).expect("a city");
    let run = try_run(&city, &scratch.path().join("out")).expect("a run");
    assert_eq!(run.manifest.findings, BTreeMap::new());
    assert_eq!(run.manifest.students, 20_000);
    for as_of in ["2026-07-05", "2026-05-29"] {
        let date = as_of.parse().expect("a date");
        let audit = audit_on(&city, &scratch.path().join(as_of), date, Exceptions).expect("an audit");
        let found: Vec<&String> = audit.manifest.findings.keys().filter(|code| *code != "F3404").collect();
        assert!(found.is_empty(), "{as_of}: {found:?}");
        // Its decisions are those of the watch on that day, reasons and evidence with them.
        let watch = watch_on(&city, &scratch.path().join(as_of), date, Exceptions).expect("a watch");
        let decisions = |run: &PublishedRun| std::fs::read(run.folder.join("decisions.parquet")).expect("decisions");
        assert!(decisions(&audit) == decisions(&watch), "{as_of}");
    }
    for outcome in ["promote", "graduate", "complete", "retain", "hold", "not_enrolled", "repeat", "skip"] {
        assert!(run.manifest.outcomes.contains_key(outcome), "nobody is to {outcome}: {:?}", run.manifest.outcomes);
    }
}

/// The files below a folder with their content.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut contents = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            contents.insert(path.strip_prefix(folder).expect("below").to_owned(), std::fs::read(&path).expect("a file"));
        }
    }
    contents
}

fn sample(out: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    let output = command.args(["sample", "--out"]).arg(out).args(arguments).output().expect("the program");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_same_seed_makes_the_same_bytes_with_any_number_of_threads() {
    let scratch = scratch();
    let [one, three, other] = ["one", "three", "other"].map(|name| scratch.path().join(name));
    assert_eq!(sample(&one, &["--students", "6000", "--jobs", "1"]).0, Some(0));
    assert_eq!(sample(&three, &["--students", "6000", "--jobs", "3"]).0, Some(0));
    assert_eq!(sample(&other, &["--students", "6000", "--seed", "2"]).0, Some(0));
    let (one, three, other) = (contents(&one), contents(&three), contents(&other));
    assert!(one.len() > 50 && one == three);
    assert!(one != other);
}

#[test]
fn a_district_or_a_table_alone_is_the_same_as_in_the_whole() {
    let scratch = scratch();
    let [whole, part] = ["whole", "part"].map(|name| scratch.path().join(name));
    let csv = ["--students", "12000", "--format", "csv"];
    assert_eq!(sample(&whole, &csv).0, Some(0));
    let whole = contents(&whole);
    let with_exams = whole.keys().filter(|path| path.to_string_lossy().ends_with("学业水平考试.csv"));
    let districts: Vec<String> = with_exams.filter_map(|path| Some(path.parent()?.to_string_lossy().into_owned())).take(2).collect();
    let named = format!("{},{}", districts[0].trim_end_matches('区'), districts[1]);
    assert_eq!(sample(&part, &[&csv[..], &["--districts", &named, "--tables", "roster,学业水平考试"]].concat()).0, Some(0));
    let part = contents(&part);
    let tables: Vec<_> = part.iter().filter(|(path, _)| path.components().count() == 2).collect();
    assert_eq!(tables.len(), 4);
    for (path, content) in tables {
        assert!(whole.get(path) == Some(content), "{}", path.display());
    }
}

#[test]
fn grades_alone_are_the_same_students() {
    let scratch = scratch();
    let [whole, part] = ["whole", "part"].map(|name| scratch.path().join(name));
    let parquet = ["--students", "6000", "--tables", "roster"];
    assert_eq!(sample(&whole, &parquet).0, Some(0));
    assert_eq!(sample(&part, &[&parquet[..], &["--grades", "5,9,12"]].concat()).0, Some(0));
    let roster = |folder: &Path| {
        let files = contents(folder).into_keys().filter(|path| path.to_string_lossy().contains(Table::Roster.title()));
        let mut students: Vec<BTreeMap<String, String>> = files.flat_map(|path| rows(&folder.join(path))).collect();
        students.retain(|row| ["5", "9", "12"].contains(&row["年级"].as_str()));
        students
    };
    assert!(!roster(&part).is_empty());
    assert_eq!(roster(&whole), roster(&part));
}

#[test]
fn every_school_day_has_a_row_in_the_daily_form() {
    let scratch = scratch();
    let city = scratch.path().join("city");
    let daily = ["--students", "40", "--attendance", "daily", "--attendance-through", "2025-09-12", "--damage", "0"];
    assert_eq!(sample(&city, &daily).0, Some(0));
    let of_table = |table: Table| {
        let files = contents(&city).into_keys().filter(|path| path.to_string_lossy().contains(table.title()));
        files
            .filter(|path| !path.to_string_lossy().contains("上报") || table == Table::AttendanceReports)
            .flat_map(|path| rows(&city.join(path)))
            .collect::<Rows>()
    };
    let (roll, attendance) = (of_table(Table::ActualRoll), of_table(Table::Attendance));
    // Ten school days from 1 to 12 September.
    assert_eq!(attendance.len(), roll.len() * 10);
    assert!(of_table(Table::AttendanceReports).iter().all(|row| row["截止日期"] == "2025-09-12"));
}

#[test]
fn what_is_mistyped_gets_a_suggestion_and_a_full_folder_is_left_alone() {
    let scratch = scratch();
    let city = scratch.path().join("city");
    let (code, error) = sample(&city, &["--tables", "rooster"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("did you mean roster?"), "{error}");
    let (code, error) = sample(&city, &["--districts", "普駝区"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("did you mean 普陀区?"), "{error}");
    assert_eq!(sample(&city, &["--grades", "3-1"]).0, Some(2));
    assert_eq!(sample(&city, &["--damage", "-1"]).0, Some(2));
    assert_eq!(sample(&city, &["--attendance-through", "2026-07-01"]).0, Some(2));
    assert!(!city.exists());
    let (code, error) = sample(scratch.path().parent().expect("a folder"), &["--students", "10"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("not empty"), "{error}");
}
