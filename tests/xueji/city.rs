//! The invented city: what was planted is what a run finds, in every form, and the city is the same however it is made.

use std::collections::{BTreeMap, BTreeSet};
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
    compare(&of_audit, &findings, 66);
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

/// The rows of a table of a city in Parquet, each with its file and its row.
fn table(city: &Path, table: Table) -> Rows {
    let mut found = Rows::new();
    for district in std::fs::read_dir(city).expect("a folder").map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()) {
        let file = district.join(format!("{}.parquet", table.title()));
        if file.exists() {
            let name = file.strip_prefix(city).expect("below").to_string_lossy().into_owned();
            for (place, mut row) in rows(&file).into_iter().enumerate() {
                row.extend([("file".to_owned(), name.clone()), ("row".to_owned(), (place + 1).to_string())]);
                found.push(row);
            }
        }
    }
    found
}

fn cell<'r>(row: &'r BTreeMap<String, String>, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

/// A class without what schools write around its number: the last number in it.
fn class_number(class: &str) -> &str {
    class.trim_end_matches(['班', '）', ')']).rsplit(['（', '(']).next().unwrap_or_default()
}

/// Where register, rolls and transfers disagree, by a reading of the findings that shares nothing with the engine: each with its code and
/// its cell.
fn disagreements(city: &Path) -> BTreeSet<[String; 4]> {
    let (roster, roll, changes) = (table(city, Table::Roster), table(city, Table::ActualRoll), table(city, Table::StatusChanges));
    let mut found = BTreeSet::new();
    let mut raise = |code: &str, row: &BTreeMap<String, String>, column: &str| {
        assert!(found.insert([code.to_owned(), cell(row, "file").to_owned(), cell(row, "row").to_owned(), column.to_owned()]));
    };
    let is_active = |row: &&BTreeMap<String, String>| matches!(cell(row, "学籍状态"), "在读" | "在校" | "休学" | "");
    let active: Vec<&BTreeMap<String, String>> = roster.iter().filter(is_active).collect();
    let name = |row: &BTreeMap<String, String>| cell(row, "姓名").replace('•', "·");
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, row) in active.iter().enumerate() {
        keys.entry(cell(row, "全国学籍号").into()).or_default().push(place);
        if !cell(row, "证件号码").is_empty() {
            keys.entry(cell(row, "证件号码").into()).or_default().push(place);
        }
        keys.entry(format!("{} {} {}", name(row), cell(row, "性别"), cell(row, "出生日期"))).or_default().push(place);
    }
    let mut on_roll: BTreeSet<&str> = BTreeSet::new();
    for row in &roll {
        let (id, document) = (cell(row, "全国学籍号"), cell(row, "证件号码"));
        let person = format!("{} {} {}", name(row), cell(row, "性别"), cell(row, "出生日期"));
        let by = if !id.is_empty() {
            id
        } else if !document.is_empty() {
            document
        } else {
            &person
        };
        let Some(own) = keys.get(by) else {
            raise("R0202", row, "姓名");
            continue;
        };
        on_roll.extend(own.iter().map(|place| cell(active[*place], "全国学籍号")));
        let Some(own) = own.iter().map(|place| active[*place]).find(|own| cell(own, "学校代码") == cell(row, "学校代码")) else {
            raise("R0203", row, "学校代码");
            continue;
        };
        assert!(cell(own, "学籍状态") != "休学" && cell(own, "就读方式") != "送教上门", "{row:?}");
        for column in ["性别", "出生日期", "年级"] {
            if !cell(row, column).is_empty() && cell(own, column) != cell(row, column) {
                raise("R0204", row, column);
            }
        }
        if name(own) != name(row) {
            raise("R0204", row, "姓名");
        }
        if class_number(cell(own, "班级")) != class_number(cell(row, "班级")) {
            raise("R0204", row, "班级");
        }
    }
    // Rolls say by different things who somebody is, and some who are taught at home are on none.
    for column in ["全国学籍号", "证件号码", "性别"] {
        let without = roll.iter().filter(|row| cell(row, column).is_empty()).count();
        assert!(without * 20 > roll.len() && without * 2 < roll.len(), "{without} of {} without {column}", roll.len());
    }
    assert!(active.iter().any(|row| cell(row, "就读方式") == "送教上门"));
    let with_roll: BTreeSet<&str> = roll.iter().map(|row| cell(row, "学校代码")).collect();
    for row in &active {
        let is_expected = matches!(cell(row, "学籍状态"), "在读" | "在校") && cell(row, "就读方式") != "送教上门";
        if is_expected && with_roll.contains(cell(row, "学校代码")) && !on_roll.contains(cell(row, "全国学籍号")) {
            raise("R0201", row, "姓名");
        }
    }
    // Two registrations of one person: here by the birthday in the id, and a family name in common.
    let mut born: BTreeMap<(String, &str), Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for row in &active {
        let family = cell(row, "姓名").chars().next().unwrap_or_default();
        born.entry((format!("{family}{}", &cell(row, "全国学籍号")[7..18]), cell(row, "性别"))).or_default().push(row);
    }
    for group in born.values() {
        for row in group.iter().filter(|row| cell(row, "全国学籍号").starts_with('L') && cell(row, "证件号码").is_empty()) {
            let twins = group.iter().filter(|other| cell(other, "全国学籍号").starts_with('G'));
            let same_grade = twins.filter(|other| cell(other, "年级") == cell(row, "年级")).count();
            assert_eq!(same_grade, 1);
            raise("R0103", row, "姓名");
        }
    }
    let schools: BTreeSet<&str> = roster.iter().map(|row| cell(row, "学校代码")).collect();
    for row in &changes {
        let (kind, from, to) = (cell(row, "异动类型"), cell(row, "转出学校代码"), cell(row, "转入学校代码"));
        let has = |kind: &str| {
            changes.iter().any(|other| cell(other, "全国学籍号") == cell(row, "全国学籍号") && cell(other, "异动类型") == kind)
        };
        if kind == "转出" && schools.contains(to) && !has("转入") || kind == "转入" && schools.contains(from) && !has("转出") {
            raise("R0401", row, "异动类型");
        }
    }
    found
}

#[test]
fn rolls_and_registers_disagree_where_it_was_planted_and_nowhere_else() {
    for (damage, least) in [(0.0, 0), (20.0, 25)] {
        let scratch = scratch();
        let city = scratch.path().join("city");
        // Large enough for most schools to have a next one.
        let tables = vec![Table::Roster, Table::ActualRoll, Table::StatusChanges];
        make(&Request { tables, ..request(city.clone(), Form::Parquet, 60_000, damage) }, &|_, _| {}).expect("a city");
        let truth = rows(&city.join("truth.parquet"));
        let codes = ["R0103", "R0201", "R0202", "R0203", "R0204", "R0401"];
        let planted = truth.iter().filter(|row| codes.contains(&row["code"].as_str()));
        let planted: Vec<[String; 4]> = planted.map(|row| ["code", "file", "row", "column"].map(|name| row[name].clone())).collect();
        for code in codes {
            let count = planted.iter().filter(|planted| planted[0] == code).count();
            assert!(count >= least, "{count} {code}");
        }
        let found = disagreements(&city);
        let planted: BTreeSet<[String; 4]> = planted.into_iter().collect();
        let differing: Vec<_> = planted.symmetric_difference(&found).take(8).collect();
        assert!(differing.is_empty(), "{differing:?}");
    }
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
