//! The workbooks of schools and districts: what they say against what was published, their form, and the way back: answered, moved about and
//! saved by other programs, they are read as answers and as nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;
use tempfile::TempDir;
use xueji::pipeline::run::PublishedRun;
use xueji::report::read::{Finding, FindingRow, Run};
use xueji::report::schools::{OwnFinding, School};
use xueji::report::workbooks::Workbooks;

use crate::support::{Rows, copy_files, package, rows, save_again, scratch, whole_run, write_files};

/// A folder of inputs and the runs over it.
struct District {
    scratch: TempDir,
}

impl District {
    fn of_sample() -> Self {
        let own = Self { scratch: scratch() };
        copy_files(&package().join("sample-data"), &own.input());
        own
    }

    fn input(&self) -> PathBuf {
        self.scratch.path().join("in")
    }

    fn run(&self) -> PublishedRun {
        whole_run("pipelines/term-end.toml", &[self.input()], "2026-07-05", &self.scratch.path().join("out"))
    }

    /// Puts a file into the folder of what came back.
    fn take_back(&self, file: &Path, name: &str) {
        let folder = self.input().join("收回");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::copy(file, folder.join(name)).expect("a file");
    }
}

/// The workbooks below a run, in the order of their paths; rows that go back are the senders' own cells and no reports.
fn workbooks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.file_name() == "returned" {
            continue;
        }
        if entry.path().is_dir() {
            found.extend(workbooks(&entry.path()));
        } else if entry.path().extension().is_some_and(|ending| ending == "xlsx") {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// The rows of each sheet as texts, in the order of the sheets.
fn sheets(file: &Path) -> Vec<(String, Vec<Vec<String>>)> {
    let mut book: Xlsx<_> = open_workbook(file).expect("a workbook");
    let text = |cell: &Data| match cell {
        Data::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    };
    let sheet = |(name, range): (String, calamine::Range<Data>)| (name, range.rows().map(|row| row.iter().map(text).collect()).collect());
    book.worksheets().into_iter().map(sheet).collect()
}

fn sheet(file: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let Some((_, rows)) = sheets(file).into_iter().find(|(own, _)| own == name) else { return Vec::new() };
    let Some((head, rows)) = rows.split_first() else { return Vec::new() };
    let row = |row: &Vec<String>| head.iter().cloned().zip(row.iter().cloned()).collect::<BTreeMap<_, _>>();
    rows.iter().map(row).collect()
}

/// The text of a sheet's part.
fn part(file: &Path, number: usize) -> String {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(file).expect("a file")).expect("an archive");
    let mut text = String::new();
    archive.by_name(&format!("xl/worksheets/sheet{number}.xml")).expect("a sheet").read_to_string(&mut text).expect("a text");
    text
}

/// The columns of a sheet that are hidden, from 0.
pub fn hidden_columns(file: &Path, number: usize) -> BTreeSet<usize> {
    let part = part(file, number);
    let columns = part.split("<col ").skip(1).map(|own| own.split("/>").next().unwrap_or_default());
    let number = |column: &str, name: &str| -> usize {
        let value = column.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).expect("a number")
    };
    columns.filter(|own| own.contains("hidden=\"1\"")).flat_map(|own| number(own, "min") - 1..number(own, "max")).collect()
}

/// The texts of a workbook that are not hidden, cell by cell.
pub fn visible_cells(file: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for (number, (name, rows)) in (1..).zip(sheets(file)) {
        texts.push(name);
        let hidden = hidden_columns(file, number);
        let seen = rows.into_iter().flat_map(|row| row.into_iter().enumerate()).filter(|(column, _)| !hidden.contains(column));
        texts.extend(seen.map(|(_, text)| text));
    }
    texts
}

fn of_school<'r>(rows: &'r Rows, code: &str) -> Vec<&'r BTreeMap<String, String>> {
    rows.iter().filter(|row| row.get("school_code").is_some_and(|own| own == code)).collect()
}

/// How often each text stands in a column.
fn counted<'t>(texts: impl Iterator<Item = &'t str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    texts.for_each(|text| *counts.entry(text.to_owned()).or_default() += 1);
    counts
}

#[test]
fn the_sheets_say_what_was_published() {
    let district = District::of_sample();
    let published = district.run();
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let findings = rows(&published.folder.join("findings.parquet"));
    let folder = published.folder.join("workbooks/示例区");
    let codes: BTreeSet<&str> = decisions.iter().map(|row| row["school_code"].as_str()).collect();
    assert!(codes.len() > 5);
    for code in codes {
        let file = folder.join(format!("{code}.xlsx"));
        // Every student stands in one of two lists, with the outcome and the whole key behind the mask.
        let own = of_school(&decisions, code);
        let listed: Vec<_> = [sheet(&file, "升级名单"), sheet(&file, "毕业名单")].concat();
        let keys = |rows: Vec<String>| rows.into_iter().collect::<BTreeSet<String>>();
        assert_eq!(listed.len(), own.len(), "{code}");
        assert_eq!(
            keys(listed.iter().map(|row| row["学生键"].clone()).collect()),
            keys(own.iter().map(|row| row["student_key"].clone()).collect())
        );
        let finishing = own.iter().filter(|row| row["procedure"] == "graduation").count();
        assert_eq!(sheet(&file, "毕业名单").len(), finishing);
        let title = |code: &str| xueji::report::words::outcome(code).expect("an outcome").title();
        let expected = counted(own.iter().map(|row| title(&row["outcome"])));
        assert_eq!(counted(listed.iter().map(|row| row["结论"].as_str())), expected, "{code}");
        let unknown = own.iter().filter(|row| row["outcome"] == "undetermined").count();
        let asked = sheet(&file, "待核名单");
        assert_eq!(asked.len(), unknown);
        assert!(asked.iter().all(|row| !row["缺少的事实"].is_empty() && row["请补报"].contains("表")));
        // Every finding stands in one sheet: the school's own by severity, those of two schools by themselves.
        let involved: Vec<_> = findings
            .iter()
            .filter(|row| ["school_code", "other_school_code"].iter().any(|own| row.get(*own).is_some_and(|own| own == code)))
            .collect();
        for (name, severity) in [("必须整改", "error"), ("需要说明", "query")] {
            let own = involved.iter().filter(|row| !row.contains_key("other_school_code") && row["severity"] == severity);
            let expected = keys(own.map(|row| format!("{} {}", row["finding_id"], row["evidence_hash"])).collect());
            let asked = sheet(&file, name);
            assert_eq!(
                keys(asked.iter().map(|row| format!("{} {}", row["finding_id"], row["evidence_hash"])).collect()),
                expected,
                "{code} {name}"
            );
            assert_eq!(asked.len(), expected.len());
        }
        let told = involved.iter().filter(|row| !row.contains_key("other_school_code") && row["severity"] == "info").count();
        assert_eq!(sheet(&file, "供参考").len(), told);
        let of_two = involved.iter().filter(|row| row.contains_key("other_school_code")).count();
        let listed = sheet(&file, "两校核对");
        assert_eq!(listed.len(), of_two);
        assert!(listed.iter().all(|row| row["另一所学校"].contains("31") && !row.contains_key("处理结果")));
    }
    // The district: the cases of two schools once, to be answered, and the findings of no school.
    let file = folder.join("_district.xlsx");
    let cases = findings.iter().filter(|row| row.contains_key("other_school_code")).count();
    assert!(cases > 0);
    let asked = sheet(&file, "区级协调");
    assert_eq!((asked.len(), asked[0].contains_key("处理结果")), (cases, true));
    let homeless = findings.iter().filter(|row| !row.contains_key("school_code") && !row.contains_key("other_school_code")).count();
    assert_eq!(sheet(&file, "没有写明学校的问题").len(), homeless);
    let standing = sheet(&file, "各校情况");
    let sum = |column: &str| -> u64 { standing.iter().map(|row| row[column].parse::<u64>().expect("a number")).sum() };
    assert_eq!(sum("学生人数"), decisions.len() as u64);
    let graduates = decisions.iter().filter(|row| row["outcome"] == "graduate").count();
    assert_eq!(sum("毕业"), graduates as u64);
    let errors = findings.iter().filter(|row| row["severity"] == "error" && row.contains_key("school_code")).count();
    assert_eq!(sum("未了结的必须整改"), errors as u64);
    assert!(sheet(&file, "报送情况").len() == standing.len());
}

#[test]
fn the_same_run_makes_the_same_workbooks() {
    let bytes = || {
        let district = District::of_sample();
        let published = district.run();
        let files = workbooks(&published.folder.join("workbooks"));
        files.iter().map(|file| std::fs::read(file).expect("a file")).collect::<Vec<_>>()
    };
    assert!(bytes() == bytes());
}

#[test]
fn a_workbook_helps_to_fill_it_in_and_prints() {
    let district = District::of_sample();
    let published = district.run();
    let file = published.folder.join("workbooks/示例区/3101990005.xlsx");
    let all = sheets(&file);
    let place = all.iter().position(|(name, _)| name == "必须整改").expect("the sheet");
    assert_eq!((all[0].0.as_str(), place), ("先看这里", 1));
    let (head, last) = (&all[place].1[0], all[place].1.len());
    let letter = |title: &str| char::from(b'A' + head.iter().position(|own| own == title).expect(title) as u8);
    let part = part(&file, place + 1);
    for (validation, title) in [("<dataValidation type=\"list\"", "处理结果"), ("<dataValidation type=\"date\"", "处理日期")] {
        let own = part.split(validation).nth(1).expect(validation).split('>').next().expect("a tag");
        assert!(own.contains(&format!("sqref=\"{0}2:{0}{last}\"", letter(title))), "{own}");
    }
    assert!(part.contains("<formula1>\"已整改,情况说明,误报\"</formula1>"));
    for own in ["state=\"frozen\"", "<autoFilter ref=\"A1:", "orientation=\"landscape\"", "paperSize=\"9\"", "fitToHeight=\"0\"", "&amp;P"]
    {
        assert!(part.contains(own), "{own}");
    }
    assert!(!part.contains("sheetProtection"));
    let hidden =
        ["finding_id", "evidence_hash", "学生键", "facts_seal"].map(|title| head.iter().position(|own| own == title).expect(title));
    assert_eq!(hidden_columns(&file, place + 1), hidden.into_iter().collect());
    // Every sheet of every workbook is an answer or says that it is none.
    for file in workbooks(&published.folder) {
        for (name, rows) in sheets(&file) {
            let is_asked = rows[0].iter().any(|own| own == "处理结果") && rows[0].iter().any(|own| own == "finding_id");
            assert_ne!(is_asked, rows[0].iter().any(|own| own == xueji::ingest::REPORT_MARK), "{} {name}", file.display());
        }
    }
}

#[test]
fn only_hidden_columns_hold_whole_numbers() {
    let district = District::of_sample();
    let published = district.run();
    let keys: Vec<String> = rows(&published.folder.join("decisions.parquet")).into_iter().map(|row| row["student_key"].clone()).collect();
    let numbers: BTreeSet<&str> = keys.iter().filter(|key| !key.contains(':')).map(|key| &key[1..]).collect();
    for file in workbooks(&published.folder) {
        for text in visible_cells(&file) {
            let digits = text.len() >= 15;
            assert!(!digits || !numbers.iter().any(|number| text.contains(number)), "{}: {text}", file.display());
        }
    }
    // The keys are there, or this looks at nothing.
    let whole = sheet(&published.folder.join("workbooks/示例区/3101990005.xlsx"), "毕业名单");
    assert!(whole.iter().all(|row| numbers.contains(&row["学生键"][1..])));
}

/// Writes sheets of texts anew, as a program that knows nothing of formats: columns turned around, rows sorted from the last to the first.
fn write_anew(sheets: &[(String, Vec<Vec<String>>)], file: &Path) {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        let Some((head, rows)) = rows.split_first() else { continue };
        let width = head.len() as u16;
        for (row, cells) in (0_u32..).zip([head].into_iter().chain(rows.iter().rev())) {
            for (column, text) in (0_u16..).zip(cells).filter(|(_, text)| !text.is_empty()) {
                sheet.write_string(row, width - 1 - column, text).expect("a cell");
            }
        }
    }
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    book.save(file).expect("a workbook");
}

/// Sets a cell of a row by the head of its column.
fn set(rows: &mut [Vec<String>], row: usize, title: &str, text: &str) {
    let column = rows[0].iter().position(|own| own == title).expect(title);
    let cells = &mut rows[row];
    if cells.len() <= column {
        cells.resize(column + 1, String::new());
    }
    cells[column] = text.to_owned();
}

fn cell(rows: &[Vec<String>], row: usize, title: &str) -> String {
    let column = rows[0].iter().position(|own| own == title).expect(title);
    rows[row].get(column).cloned().unwrap_or_default()
}

/// Fills in an answer.
fn answer(rows: &mut [Vec<String>], row: usize, reply: &str) {
    for (title, text) in [("处理结果", reply), ("说明", "已与家长核对"), ("处理人", "王老师"), ("处理日期", "2026-07-05")]
    {
        set(rows, row, title, text);
    }
}

/// What the history says of a finding: the answer that stands.
fn review(run: &PublishedRun, id: &str) -> Option<String> {
    let history = rows(&run.folder.join("finding_history.parquet"));
    history.into_iter().find(|row| row["finding_id"] == id).and_then(|row| row.get("review").cloned())
}

/// The findings at files that came back.
fn about_returned(run: &PublishedRun) -> Vec<String> {
    let findings = rows(&run.folder.join("findings.parquet"));
    let own = findings.iter().filter(|row| row.get("file").is_some_and(|file| file.contains("收回")));
    own.map(|row| format!("{} {}", row["code"], row["found"])).collect()
}

#[test]
fn a_workbook_that_was_moved_about_is_read_as_answers_and_nothing_else() {
    let district = District::of_sample();
    let first = district.run();
    let files = workbooks(&first.folder);
    assert!(files.len() > 8);
    let mut answered = Vec::new();
    let mut unanswered = 0;
    for file in &files {
        let mut all = sheets(file);
        for (name, rows) in &mut all {
            if !rows[0].iter().any(|own| own == "处理结果") {
                continue;
            }
            // Of three rows one is deleted.
            if rows.len() > 3 {
                rows.remove(3);
            }
            answer(rows, 1, "情况说明");
            answered.push(cell(rows, 1, "finding_id"));
            unanswered += rows.len() - 2;
            assert_ne!(name, "先看这里");
        }
        write_anew(&all, &district.input().join("收回").join(file.file_name().expect("a name")));
    }
    let second = district.run();
    assert_eq!(about_returned(&second), Vec::<String>::new());
    for id in &answered {
        assert_eq!(review(&second, id).as_deref(), Some("情况说明"), "{id}");
    }
    let books = &second.manifest.books["reviews"];
    assert_eq!((books.used, books.set_aside), (answered.len() as u64, 0));
    assert_eq!(books.out_of_scope.get("not_answered").copied().unwrap_or(0), unanswered as u64);
    // No other table is any larger, and the sheets that only tell are told as what they are.
    for (table, books) in &first.manifest.books {
        assert_eq!(second.manifest.books[table].read, books.read, "{table}");
    }
    let sources = rows(&second.folder.join("sources.parquet"));
    let told: BTreeSet<&str> = sources.iter().filter(|row| row["table"] == "report").map(|row| row["sheet"].as_str()).collect();
    for name in ["先看这里", "升级名单", "毕业名单", "待核名单", "各校情况", "报送情况", "概况", "各校结论", "问题清单"]
    {
        assert!(told.contains(name), "{name}: {told:?}");
    }
    let bytes = |run: &PublishedRun| std::fs::read(run.folder.join("decisions.parquet")).expect("decisions");
    assert!(bytes(&first) == bytes(&second));
    // The next workbooks hold the answers, and come back as they are without changing anything.
    let school = second.folder.join("workbooks/示例区/3101990005.xlsx");
    let listed = sheet(&school, "必须整改");
    let closed = listed.last().expect("a finding");
    assert_eq!(
        [&closed["处理结果"], &closed["说明"], &closed["处理人"], &closed["处理日期"]].map(String::as_str),
        ["情况说明", "已与家长核对", "王老师", "2026-07-05"]
    );
    std::fs::remove_dir_all(district.input().join("收回")).expect("a folder");
    for (number, file) in workbooks(&second.folder).iter().enumerate() {
        district.take_back(file, &format!("{number}.xlsx"));
    }
    let third = district.run();
    assert_eq!(about_returned(&third), Vec::<String>::new());
    for id in &answered {
        assert_eq!(review(&third, id).as_deref(), Some("情况说明"), "{id}");
    }
    assert_eq!(third.manifest.books["reviews"].used, answered.len() as u64);
}

#[test]
fn what_is_changed_beside_an_answer_is_told_and_the_answer_counts() {
    let district = District::of_sample();
    let first = district.run();
    let file = first.folder.join("workbooks/示例区/3101990005.xlsx");
    let mut all = sheets(&file);
    let (_, rows) = all.iter_mut().find(|(name, _)| name == "必须整改").expect("the sheet");
    answer(rows, 1, "误报");
    let answered = cell(rows, 1, "finding_id");
    set(rows, 1, "应为", "随便什么");
    // What programs do by themselves is no change.
    let spaced = cell(rows, 2, "问题和办法").replace('。', "。\r\n ");
    set(rows, 2, "问题和办法", &spaced);
    set(rows, 3, "姓名", "");
    write_anew(&all, &district.input().join("收回/三零五.xlsx"));
    let second = district.run();
    let findings = rows_of_code(&second, "I0304");
    assert_eq!(findings.len(), 2, "{findings:?}");
    let expected = findings.iter().find(|row| row["column"] == "应为").expect("the finding");
    assert_eq!(
        (expected["found"].as_str(), expected["expected"].as_str(), expected["severity"].as_str()),
        ("随便什么", "下发时的“应为”", "query")
    );
    assert_eq!((expected["file"].as_str(), expected["sheet"].as_str()), ("收回/三零五.xlsx", "必须整改"));
    assert_eq!(expected["school_code"], "3101990005");
    assert!(expected["cell"].chars().next().is_some_and(|letter| letter.is_ascii_uppercase()));
    assert!(findings.iter().any(|row| row["column"] == "姓名" && row["found"] == "（已删空）"));
    assert_eq!(review(&second, &answered).as_deref(), Some("误报"));
    // It depends on the inputs alone: a run that knows no other says the same.
    let anew = District { scratch: scratch() };
    copy_files(&district.input(), &anew.input());
    let bytes = |run: &PublishedRun| std::fs::read(run.folder.join("findings.parquet")).expect("findings");
    assert!(bytes(&anew.run()) == bytes(&second));
}

fn rows_of_code(run: &PublishedRun, code: &str) -> Rows {
    rows(&run.folder.join("findings.parquet")).into_iter().filter(|row| row["code"] == code).collect()
}

#[test]
fn a_column_that_was_sorted_by_itself_is_one_finding() {
    let district = District::of_sample();
    let first = district.run();
    let file = first.folder.join("workbooks/示例区/3101990005.xlsx");
    let mut all = sheets(&file);
    let (_, rows) = all.iter_mut().find(|(name, _)| name == "需要说明").expect("the sheet");
    let last = rows.len() - 1;
    assert!(last > 21, "{last}");
    let names: Vec<String> = (1..=last).map(|row| cell(rows, row, "姓名")).collect();
    for (row, name) in (1..=last).zip(names.iter().cycle().skip(1)) {
        set(rows, row, "姓名", &format!("{name}甲"));
    }
    write_anew(&all, &district.input().join("收回/a.xlsx"));
    let findings = rows_of_code(&district.run(), "I0304");
    assert_eq!((findings.len(), findings[0]["count"].clone()), (1, last.to_string()));
}

#[test]
fn libreoffice_saves_a_workbook_that_is_still_read() {
    // Workbooks of other forms are read in a process of their own.
    xueji::ingest::old::set_program(env!("CARGO_BIN_EXE_xueji").into());
    let district = District::of_sample();
    let first = district.run();
    let mut all = sheets(&first.folder.join("workbooks/示例区/3101990005.xlsx"));
    let (_, rows) = all.iter_mut().find(|(name, _)| name == "必须整改").expect("the sheet");
    answer(rows, 1, "情况说明");
    let answered = cell(rows, 1, "finding_id");
    let own = district.scratch.path().join("own");
    write_anew(&all, &own.join("答复.xlsx"));
    for file in workbooks(&first.folder) {
        std::fs::copy(&file, own.join(file.file_name().expect("a name"))).expect("a file");
    }
    for ending in ["xlsx", "ods", "xls"] {
        let _ = std::fs::remove_dir_all(district.input().join("收回"));
        if !save_again(&workbooks(&own), &district.input().join("收回"), ending) {
            return;
        }
        let second = district.run();
        assert_eq!(about_returned(&second), Vec::<String>::new(), "{ending}");
        assert_eq!(review(&second, &answered).as_deref(), Some("情况说明"), "{ending}");
        assert_eq!(second.manifest.books["reviews"].used, 1, "{ending}");
    }
}

#[test]
fn nothing_that_inputs_bring_breaks_a_workbook() {
    let long = "长".repeat(4_000);
    let names = [
        "=HYPERLINK(\"http://x\",\"y\")",
        "<script>alert(1)</script>",
        long.as_str(),
        "\u{202e}林一\u{202c}",
        "林\u{1}一_x0041_",
        "@SUM(1)",
        "http://example.org/",
        "+86 1",
    ];
    let schools = [
        ("示例/区", "3101/0001", "第一\\小学"),
        ("..", "..", ".."),
        ("", "", ""),
        ("东区", "", "没有代码的学校"),
        ("东区", "con", long.as_str()),
    ];
    let mut roster = String::from("全国学籍号,姓名,性别,区,学校代码,学校名称,年级,班级,入学年月,学籍状态,证件类型,证件号码\n");
    let mut number = 0;
    for (district, code, school) in schools {
        for name in names {
            number += 1;
            let name = name.replace('"', "\"\"");
            roster.push_str(&format!("L31010120160101{number:04},\"{name}\",甲,{district},{code},{school},五,\"1班{name}\",2021-09,在读,居民身份证,11010519491231{number:04}\n"));
        }
    }
    let district = District { scratch: scratch() };
    write_files(&district.input(), &[("名册.csv", roster), ("坏.xlsx", "PK\u{3}\u{4} no more".to_owned())]);
    let first = district.run();
    let folder = first.folder.join("workbooks");
    let files = workbooks(&folder);
    assert!(files.len() >= schools.len(), "{files:?}");
    for file in &files {
        assert!(file.starts_with(&folder) && file.components().count() == folder.components().count() + 2, "{}", file.display());
        let mut book: Xlsx<_> = open_workbook(file).expect("a workbook");
        for name in book.sheet_names() {
            let formulas = book.worksheet_formula(&name).expect("formulas");
            assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{} {name}", file.display());
        }
        assert!(visible_cells(file).iter().all(|text| text.chars().count() < 2_200 && !text.contains(['\u{202e}', '\u{1}'])));
        for number in 1..=sheets(file).len() {
            assert!(!part(file, number).contains("<hyperlink"));
        }
    }
    for (number, file) in files.iter().enumerate() {
        district.take_back(file, &format!("{number}.xlsx"));
    }
    assert_eq!(about_returned(&district.run()), Vec::<String>::new());
}

#[test]
fn a_school_with_more_findings_than_a_sheet_holds_is_told_how_many_more() {
    let district = District::of_sample();
    let published = district.run();
    let findings = (0..20_003).map(|number| {
        let finding = Finding {
            finding_id: format!("{number:016x}"),
            code: "I0202".into(),
            severity: "error".into(),
            message: "内容不能按规定的类型读出。".into(),
            file: "名册.csv".into(),
            sheet: String::new(),
            row: Some(number),
            found: "昨天".into(),
            expected: "日期".into(),
            effect: None,
        };
        let row = FindingRow {
            finding,
            clause: String::new(),
            school_code: "1".into(),
            other_school_code: String::new(),
            name: String::new(),
            student_key: String::new(),
            column: "出生日期".into(),
            cell: String::new(),
            count: 1,
        };
        OwnFinding { row, evidence_hash: "0".repeat(16), life: None }
    });
    let school = School { district: "区".into(), code: "1".into(), findings: findings.collect(), ..School::default() };
    let run = Run { folder: published.folder.clone(), manifest: published.manifest.clone() };
    Workbooks::begin(&run, &run.folder).expect("a run").school(&school).expect("a workbook");
    let file = published.folder.join("workbooks/区/1.xlsx");
    let (_, rows) = sheets(&file).into_iter().find(|(name, _)| name == "必须整改").expect("the sheet");
    assert_eq!(rows.iter().filter(|row| row[0].starts_with("I0202")).count(), 20_000);
    assert!(rows.last().expect("a row")[1].contains("另有 3 件"), "{:?}", rows.last());
}
