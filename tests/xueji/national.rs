//! The national system: inputs in its codes decide as in words, and a run's changes go out in its codes with nobody left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Reader, Xlsx, open_workbook};
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::run;

use crate::support::{Rows, package, rows, scratch, term_end, try_run, watch_on, write_files};

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Runs the program and gives the exit code, standard output and standard error.
fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Students of every state and document, and changes of every kind, in words.
const ROSTER: [&str; 14] = [
    "全国学籍号,姓名,性别,证件类型,证件号码,区,学校代码,学校名称,年级,班级,小学入学年月,入学年月,学生类别,学籍状态,就读方式",
    "G310104201509010020,一甲,女,居民身份证,310104201509010020,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,在读,走读",
    "L310101201601010011,一乙,男,护照,E12345678,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,在读,住校",
    "L310101201601010022,一丙,男,居民身份证,E12345678,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,休学,借宿",
    "L310101201601010033,一丁,女,居民身份证,,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,退学,其他",
    "L310101201601010044,一戊,男,台湾居民来往大陆通行证,12345678,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,毕业,走读",
    "L310101201601010055,一己,男,香港特区护照/身份证明,R1234567,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,结业,走读",
    "L310101201601010066,一庚,男,其他,,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,肄业,走读",
    "L310101201601010077,一辛,男,居民身份证,,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,转出,走读",
    "L310101201601010088,一壬,男,居民身份证,,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,死亡,走读",
    "L310101201601010099,一癸,男,居民身份证,,示例区,3101010001,示例小学,四年级,1,202209,202209,普通,开除,走读",
    // Without a nationality: the resident's number says 中国, another document's does not.
    "G310104200809010028,高甲,女,居民身份证,310104200809010028,示例区,3101010002,示例高中,高三,1,201409,202309,普通,在读,走读",
    "G310104200809010036,高乙,男,澳门特区护照/身份证明,310104200809010036,示例区,3101010002,示例高中,高三,1,201409,202309,普通,在读,走读",
    "G310104200909010017,高丙,男,居民身份证,310104200909010017,示例区,3101010002,示例高中,高一,1,201509,202409,普通,在读,住校",
];

const CHANGES: [&str; 10] = [
    "全国学籍号,异动类型,学年,年级,生效日期,截止日期,原因,区批准日期,证明材料,证明日期",
    "L310101201601010022,休学,2025-2026,四年级,2026-03-02,2026-08-31,伤病,2026-02-27,三级医疗机构证明,2026-02-20",
    "L310101201601010011,复学,2024-2025,三年级,2025-03-03,,,2025-02-27,,",
    "L310101201601010033,退学,2025-2026,四年级,2026-03-02,,出国出境,2026-02-27,,",
    "L310101201601010077,转出,2025-2026,四年级,2026-03-02,,,2026-02-27,,",
    "L310101201601010088,死亡,2025-2026,四年级,2026-03-02,,,2026-02-27,,",
    "G310104201509010020,转入,2024-2025,三年级,2025-03-03,,,2025-02-27,,",
    "G310104200909010017,留级,2024-2025,高一,2025-07-01,,,2025-07-01,,",
    "G310104200809010028,恢复,2024-2025,高二,2025-03-03,,,2025-02-27,,",
    "G310104200809010036,跳级,2023-2024,高一,2024-07-01,,,2024-07-01,,",
];

/// The results of senior 高丙: what retained once decides differently from what never was is not told by results, but by the change.
const RESULTS: &str = "全国学籍号,学年,科目,学年总评,补考\nG310104200909010017,2025-2026,语文,不合格,不合格\n\
    G310104200909010017,2025-2026,数学,不合格,不合格\n";

/// The codes of the words of a column.
type Codes = (&'static str, &'static str);

const OF_ROSTER: [Codes; 5] = [
    ("性别", "1男 2女"),
    ("证件类型", "1居民身份证 A护照 8台湾居民来往大陆通行证 6香港特区护照/身份证明 7澳门特区护照/身份证明 Z其他"),
    ("学生类别", "21100普通"),
    ("学籍状态", "01在读 02休学 03退学 07毕业 08结业 09肄业 10转出 11死亡 14开除"),
    ("就读方式", "1走读 2住校 3借宿 9其他"),
];
const OF_CHANGES: [Codes; 2] =
    [("异动类型", "11休学 12复学 31退学 21转出 22转入 51死亡 02留级 17恢复 04跳级"), ("原因", "10伤病 29出国出境")];

/// How a code is written.
#[derive(Clone, Copy, Debug)]
enum Written {
    Alone,
    WithoutZero,
    BeforeItsWord,
    WithADash,
}

/// A table with the words of some columns in codes.
fn in_codes(table: &[&str], codes: &[Codes], written: Written) -> String {
    let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
    let headers = split(table[0]);
    let mut lines = vec![table[0].to_owned()];
    for line in &table[1..] {
        let mut cells = split(line);
        for (column, pairs) in codes {
            let place = headers.iter().position(|header| header == column).expect("a column");
            if cells[place].is_empty() {
                continue;
            }
            let is_own = |pair: &&str| pair.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric()) == cells[place];
            let code = pairs.split_whitespace().find(is_own).and_then(|pair| pair.strip_suffix(cells[place].as_str()));
            let code = code.unwrap_or_else(|| panic!("no code of {}", cells[place]));
            cells[place] = match written {
                Written::Alone => code.to_owned(),
                Written::WithoutZero => code.trim_start_matches('0').to_owned(),
                Written::BeforeItsWord => format!("{code}{}", cells[place]),
                Written::WithADash => format!("{code}-{}", cells[place]),
            };
        }
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

fn decided(files: &[(&str, String)]) -> (Rows, Rows) {
    let scratch = scratch();
    write_files(&scratch.path().join("in"), files);
    let published = try_run(&scratch.path().join("in"), &scratch.path().join("out")).expect("a run");
    (rows(&published.folder.join("decisions.parquet")), rows(&published.folder.join("findings.parquet")))
}

fn of<'r>(rows: &'r Rows, key: &str) -> &'r BTreeMap<String, String> {
    rows.iter().find(|row| row["student_key"] == key).unwrap_or_else(|| panic!("no {key}"))
}

#[test]
fn a_roster_in_codes_decides_as_in_words() {
    let files = |roster, changes| [("名册.csv", roster), ("异动.csv", changes), ("总评.csv", RESULTS.to_owned())];
    let words = decided(&files(ROSTER.join("\n"), CHANGES.join("\n")));
    // The words themselves make a difference: what is compared is not all alike.
    assert_eq!(of(&words.0, "L310101201601010011")["outcome"], "promote");
    assert_eq!(of(&words.0, "L310101201601010022")["outcome"], "hold");
    assert_eq!(of(&words.0, "L310101201601010099")["outcome"], "not_enrolled");
    assert!(!of(&words.0, "G310104200809010028")["missing"].contains("国籍/地区"));
    assert!(of(&words.0, "G310104200809010036")["missing"].contains("国籍/地区"));
    assert!(words.1.iter().any(|finding| finding["code"] == "I0206" && finding["column"] == "证件号码"));
    assert!(words.1.iter().all(|finding| finding["code"] != "I0203" && finding["code"] != "I0208"));
    for written in [Written::Alone, Written::WithoutZero, Written::BeforeItsWord, Written::WithADash] {
        let codes = decided(&files(in_codes(&ROSTER, &OF_ROSTER, written), in_codes(&CHANGES, &OF_CHANGES, written)));
        assert_eq!(codes.0, words.0, "{written:?}");
        // A finding shows what stands in its cell: the rest of it is the same.
        let said = |findings: &Rows| -> Vec<_> {
            findings.iter().map(|row| (row["finding_id"].clone(), row["code"].clone(), row["message"].clone())).collect()
        };
        assert_eq!(said(&codes.1), said(&words.1), "{written:?}");
    }
    // A state of its own there, 在读 here.
    let back = in_codes(&ROSTER, &OF_ROSTER, Written::Alone).replace(",01,", ",05,");
    let back = decided(&files(back, CHANGES.join("\n")));
    assert_eq!(back.0, words.0);
}

#[test]
fn a_code_without_a_counterpart_is_a_finding_and_no_guess() {
    for code in ["04", "6", "12", "13", "15", "99", "02在读"] {
        let roster = ROSTER[..2].join("\n").replace(",在读,", &format!(",{code},"));
        let change = format!("{}\nG310104201509010020,13,2025-2026,四年级,2026-03-02,,,2026-02-27,,\n", CHANGES[0]);
        let (decisions, findings) = decided(&[("名册.csv", roster), ("异动.csv", change)]);
        assert_eq!((decisions[0]["outcome"].as_str(), decisions[0]["missing"].as_str()), ("undetermined", "学籍状态"), "{code}");
        let columns: Vec<&str> = findings.iter().filter(|row| row["code"] == "I0203").map(|row| row["column"].as_str()).collect();
        assert_eq!(columns, ["学籍状态", "异动类型"], "{code}");
        assert!(findings.iter().all(|row| row["code"] != "I0208"));
    }
    // A kind of document that nobody knows is none, and the number is then judged by itself.
    let roster = ROSTER[..2].join("\n").replace("居民身份证", "9X");
    let (decisions, findings) = decided(&[("名册.csv", roster)]);
    assert_eq!(decisions[0]["outcome"], "promote");
    assert!(findings.iter().any(|row| row["code"] == "I0203" && row["column"] == "证件类型"));
}

/// The pipeline of term end in a folder of its own, with what it says of dictionaries.
fn pipeline(folder: &Path, headers: &str) -> PathBuf {
    let pipelines = package().join("pipelines");
    let pipeline = std::fs::read_to_string(term_end()).expect("the pipeline");
    let pipeline = pipeline
        .replace("\"calendars/", &format!("\"{}/calendars/", pipelines.display()))
        .replace("\"policies/", &format!("\"{}/policies/", pipelines.display()))
        .replace("[pipeline]", &format!("[pipeline]\nheaders = {headers}"));
    write_files(folder, &[("term-end.toml", pipeline)]);
    folder.join("term-end.toml")
}

#[test]
fn a_pipeline_chooses_how_grades_are_coded() {
    let scratch = scratch();
    let input = scratch.path().join("in");
    let roster = ROSTER[..2].join("\n").replace("四年级", "16") + "\n" + &ROSTER[2].replace("四年级", "12");
    let own = "[words.\"年级\"]\n\"高三\" = [\"16\"]\n";
    write_files(&input, &[("名册.csv", roster)]);
    write_files(scratch.path(), &[("own/a.toml", own)]);
    let shipped = package().join("pipelines/national/grades-shanghai.toml");
    let headers = package().join("pipelines/headers");
    let mut hashes = Vec::new();
    let mut grades = |chosen: &str| {
        let overrides = Overrides { inputs: vec![input.clone()], ..Overrides::default() };
        let config = Config::load(&pipeline(scratch.path(), chosen), &overrides).expect("a usable pipeline");
        hashes.push(config.headers_hash.clone());
        let published = run(&config, &scratch.path().join("out"), &|_, _, _| {}).expect("a run");
        let findings = rows(&published.folder.join("findings.parquet"));
        let codes: Vec<String> = findings.iter().filter(|row| row["column"] == "年级").map(|row| row["code"].clone()).collect();
        let decisions = rows(&published.folder.join("decisions.parquet"));
        let grade = |key: &str| of(&decisions, key).get("grade").cloned().unwrap_or_default();
        (grade("G310104201509010020"), grade("L310101201601010011"), codes.join("、"))
    };
    let answer = |one: &str, other: &str, codes: &str| (one.to_owned(), other.to_owned(), codes.to_owned());
    assert_eq!(grades(&format!("{:?}", path(&headers))), answer("", "12", "I0202"));
    assert_eq!(grades(&format!("[{:?}, {:?}]", path(&headers), path(&shipped))), answer("6", "2", ""));
    // A later one comes before an earlier one; paths are relative to the pipeline file.
    assert_eq!(grades(&format!("[{:?}, \"own\"]", path(&shipped))), answer("12", "2", "I0208"));
    assert_eq!(grades(&format!("[\"own/a.toml\", {:?}]", path(&shipped))), answer("6", "2", ""));
    assert_eq!(grades("[]"), answer("", "12", "I0202"));
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 5, "each choice has a hash of its own");
    let refused = |headers: &str, reason: &str| {
        let file = pipeline(scratch.path(), headers);
        let (code, _, error) = said(&["run", path(&file), "--input", path(&input), "--out", path(&scratch.path().join("out"))]);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(reason), "{reason} is not in {error}");
    };
    refused("[\"owm\"]", "own?");
    refused("3", "a list of some");
    write_files(scratch.path(), &[("own/a.toml", "[words.\"年级\"]\n\"十六年级\" = [\"16\"]\n")]);
    refused("\"own\"", "高三");
    let check = said(&["check", path(&input), "--headers", path(&shipped), "--fail-on", "error"]);
    assert_eq!(check.0, Some(0), "{}", check.1);
}

/// The records of a CSV file by column.
fn records(file: &Path) -> Rows {
    let text = std::fs::read_to_string(file).expect("a file");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let headers = reader.headers().expect("headers").clone();
    let record = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a record");
        headers.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()).map(|(header, cell)| (header.into(), cell.into())).collect()
    };
    reader.records().map(record).collect()
}

/// The headers of a CSV file.
fn headers(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("a file");
    text.trim_start_matches('\u{FEFF}').lines().next().expect("headers").split(',').map(str::to_owned).collect()
}

/// The columns that the documentation names.
fn documented(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(package().join(format!("docs/schema/{name}.json"))).expect("a schema");
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let columns = schema["columns"].as_array().expect("columns");
    columns.iter().map(|column| column["name"].as_str().expect("a name").to_owned()).collect()
}

/// The rows of a sheet by column.
fn sheet(file: &Path, name: &str) -> Rows {
    let mut workbook: Xlsx<_> = open_workbook(file).expect("a workbook");
    let range = workbook.worksheet_range(name).expect("the sheet");
    let mut lines = range.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
    let headers = lines.next().expect("headers");
    lines.map(|line| headers.iter().cloned().zip(line).filter(|(_, cell)| !cell.is_empty()).collect()).collect()
}

/// Exports a run in each form, holds them against each other, and gives what was said as JSON, the changes and the gaps.
fn export(run: &Path, folder: &Path, more: &[&str]) -> (serde_json::Value, Rows, Rows) {
    let file = |name: &str| folder.join(name);
    let exported = |name: &str| {
        let (code, out, error) = said(&[&["export", "national", path(run), "--out", path(&file(name)), "--json"], more].concat());
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str::<serde_json::Value>(&out).expect("one JSON object")
    };
    let object = exported("报.csv");
    let (changes, gaps) = (records(&file("报.csv")), records(&file("报.gaps.csv")));
    exported("报.XLSX");
    assert_eq!(sheet(&file("报.XLSX"), "学生异动"), changes);
    assert_eq!(sheet(&file("报.XLSX"), "无对应代码"), gaps);
    exported("报.parquet");
    assert_eq!(rows(&file("报.parquet")), changes);
    assert_eq!(rows(&file("报.gaps.parquet")), gaps);
    assert_eq!(headers(&file("报.csv")), documented("national"));
    assert_eq!(headers(&file("报.gaps.csv")), documented("national_gaps"));
    #[cfg(unix)]
    for name in ["报.csv", "报.gaps.csv", "报.XLSX", "报.parquet", "报.gaps.parquet"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(file(name)).expect("a file").permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 5, "nothing else is left behind");
    (object, changes, gaps)
}

/// Each student of the run is in one place: a change, a gap, or one of the outcomes that change nothing.
fn assert_everybody_is_there(run: &Path, object: &serde_json::Value, changes: &Rows, gaps: &Rows, unchanged: &[&str]) {
    let decisions = rows(&run.join("decisions.parquet"));
    let number = |key: &str| object[key].as_u64().expect("a number") as usize;
    assert_eq!((number("students"), number("exported"), number("gaps")), (decisions.len(), changes.len(), gaps.len()));
    assert_eq!(number("exported") + number("unchanged") + number("gaps"), decisions.len());
    let who = |row: &BTreeMap<String, String>, columns: [&str; 3]| columns.map(|column| row.get(column).cloned().unwrap_or_default());
    let mut told: Vec<_> = changes.iter().chain(gaps).map(|row| who(row, ["全国学籍号", "姓名", "学校代码"])).collect();
    let is_told = |row: &&BTreeMap<String, String>| !unchanged.contains(&row["outcome"].as_str());
    let mut due: Vec<_> = decisions.iter().filter(is_told).map(|row| who(row, ["student_id", "name", "school_code"])).collect();
    told.sort();
    due.sort();
    assert_eq!(told, due);
    let sum = |key: &str| object[key].as_array().expect("lines").iter().filter_map(|line| line["students"].as_u64()).sum::<u64>() as usize;
    assert_eq!(sum("exported_by_outcome"), changes.len());
    assert_eq!(sum("gaps_by_outcome"), gaps.len());
}

fn cells<'r>(row: &'r BTreeMap<String, String>, columns: &[&str]) -> Vec<&'r str> {
    columns.iter().map(|column| row.get(*column).map_or("", String::as_str)).collect()
}

const CODES: [&str; 8] = ["原年级", "现年级", "异动类别码", "异动类别", "学生变动码", "异动原因码", "当前状态码", "异动日期"];

#[test]
fn the_year_end_of_the_sample_district_is_exported_whole() {
    let scratch = scratch();
    let published = try_run(&package().join("sample-data"), &scratch.path().join("out")).expect("a run");
    let folder = scratch.path().join("export");
    std::fs::create_dir(&folder).expect("a folder");
    // The pipeline's folder stands for its newest run.
    let (object, changes, gaps) = export(&scratch.path().join("out/term-end"), &folder, &[]);
    assert_everybody_is_there(&published.folder, &object, &changes, &gaps, &["not_enrolled"]);
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let all = |outcome: &str, stage: &str| {
        let is_own =
            |row: &&BTreeMap<String, String>| row["outcome"] == outcome && row.get("stage").is_some_and(|own| own.starts_with(stage));
        // Who has no national id is a gap, whatever the outcome.
        decisions.iter().filter(is_own).filter_map(|row| row.get("student_id").cloned()).collect::<Vec<_>>()
    };
    for (outcome, stage, codes) in [
        ("promote", "", ["", "", "31", "", "01"]),
        ("skip", "", ["04", "跳级", "", "", "01"]),
        ("repeat", "", ["02", "留级", "33", "", "01"]),
        ("retain", "senior", ["02", "留级", "33", "", "01"]),
        ("graduate", "", ["", "", "21", "", "07"]),
        ("complete", "senior", ["62", "结业", "22", "", "08"]),
        ("withdraw_auto", "senior", ["31", "退学", "24", "21", "03"]),
        ("hold", "", ["", "", "", "", "02"]),
    ] {
        let students = all(outcome, stage);
        assert!(!students.is_empty(), "{outcome}");
        for student in students {
            let row = changes.iter().find(|row| row["全国学籍号"] == student).expect("a row");
            assert_eq!(cells(row, &CODES)[2..7], codes, "{outcome}");
            assert_eq!(row["异动日期"], "20260705");
        }
    }
    let grades = |outcome: &str| {
        let student = &all(outcome, "")[0];
        let row = changes.iter().find(|row| row["全国学籍号"] == *student).expect("a row");
        let number = of(&decisions, student)["grade"].parse::<usize>().expect("a grade");
        (number, cells(row, &CODES)[..2].join(" "))
    };
    const TITLES: [&str; 12] =
        ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "七年级", "八年级", "九年级", "高一", "高二", "高三"];
    for (outcome, later) in [("promote", 1), ("skip", 2), ("repeat", 0), ("retain", 0)] {
        let (grade, shown) = grades(outcome);
        assert_eq!(shown, format!("{} {}", TITLES[grade - 1], TITLES[grade - 1 + later]), "{outcome}");
    }
    // Who graduates is in no grade until somebody takes them in.
    assert!(grades("graduate").1.ends_with(' '));
    for (outcome, stage, reason) in [
        ("complete", "primary", "只有高中"),
        ("complete", "junior", "只有高中"),
        ("incomplete", "junior", "只有高中"),
        ("makeup_pending", "senior", "补考结果"),
        ("undetermined", "", "重新判定"),
    ] {
        for student in all(outcome, stage) {
            let decision = of(&decisions, &student);
            let row = gaps.iter().find(|row| row["姓名"] == decision["name"] && row["学校代码"] == decision["school_code"]).expect("a row");
            assert!(row["缘由"].contains(reason), "{outcome}: {}", row["缘由"]);
            assert_eq!(row.get("班级"), decision.get("class"));
        }
    }
    let proofs = decisions.iter().filter(|row| row["outcome"] == "withdraw_auto" && row["certificate"] == "学业证明").count();
    assert_eq!(object["certificates_without_code"]["学业证明"].as_u64(), Some(proofs as u64));
    assert_eq!(changes.iter().filter(|row| row.get("说明").is_some_and(|own| own.contains("学业证明"))).count(), proofs);
    // What is said on the terminal names nobody's number, and every kind with its reason.
    let out = folder.join("报.csv");
    let (code, text, _) = said(&["export", "national", path(&published.folder), "--out", path(&out)]);
    assert_eq!(code, Some(0));
    for part in ["学生 627 名 = 报全国系统 600 + 没有变动 4 + 无对应代码 23", "结业（义务教育） 6 名", "待核 12 名", "报.gaps.csv"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(changes.iter().all(|row| !text.contains(&row["全国学籍号"][1..])));
}

#[test]
fn the_watch_of_the_sample_district_is_exported_whole() {
    let scratch = scratch();
    let date = "2026-06-12".parse().expect("a date");
    let input = package().join("sample-data");
    let published = watch_on(&input, &scratch.path().join("out"), date, Attendance::Exceptions).expect("a run");
    let folder = scratch.path().join("export");
    std::fs::create_dir(&folder).expect("a folder");
    let (object, changes, gaps) = export(&published.folder, &folder, &[]);
    assert_everybody_is_there(&published.folder, &object, &changes, &gaps, &["normal", "warn", "urge", "hold", "not_enrolled"]);
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|row| cells(row, &CODES)[2..] == ["31", "退学", "24", "21", "03", "20260612"]));
    assert!(gaps.iter().any(|row| row["结论"] == "学籍中断" && row["缘由"].contains("没有学籍中断")));
    // A district that has agreed on a code says so.
    let own = "[status-watch.interrupt]\nstate = \"06\"\nchange = \"13\"\nnote = \"与市里商定\"\n";
    write_files(scratch.path(), &[("own.toml", own)]);
    let folder = scratch.path().join("own");
    std::fs::create_dir(&folder).expect("a folder");
    let (object, mapped, left) = export(&published.folder, &folder, &["--mapping", path(&scratch.path().join("own.toml"))]);
    assert_everybody_is_there(&published.folder, &object, &mapped, &left, &["normal", "warn", "urge", "hold", "not_enrolled"]);
    let interrupted: Vec<_> = mapped.iter().filter(|row| row["当前状态码"] == "06").collect();
    assert_eq!(interrupted.len(), gaps.iter().filter(|row| row["结论"] == "学籍中断").count());
    assert!(interrupted.iter().all(|row| row["说明"] == "与市里商定" && row["异动类别"] == "停学"));
    assert!(left.iter().all(|row| row["结论"] != "学籍中断"));
}

#[test]
fn a_change_of_a_student_without_a_national_id_is_a_gap() {
    let scratch = scratch();
    let roster = ROSTER[..2].join("\n") + "\n" + &ROSTER[2].replace("L310101201601010011", "") + "\n";
    write_files(&scratch.path().join("in"), &[("名册.csv", roster)]);
    try_run(&scratch.path().join("in"), &scratch.path().join("out")).expect("a run");
    let out = scratch.path().join("报.csv");
    let (code, text, _) = said(&["export", "national", path(&scratch.path().join("out")), "--out", path(&out)]);
    assert_eq!(code, Some(0));
    assert!(text.contains("报全国系统 1 + 没有变动 0 + 无对应代码 1"), "{text}");
    assert_eq!(cells(&records(&out.with_extension("gaps.csv"))[0], &["姓名", "结论", "年级"]), ["一乙", "升级", "四年级"]);
    // A gap that is closed leaves nothing of the last export behind.
    let roster = ROSTER[..3].join("\n");
    write_files(&scratch.path().join("in"), &[("名册.csv", roster)]);
    try_run(&scratch.path().join("in"), &scratch.path().join("out")).expect("a run");
    for out in [out, scratch.path().join("报.parquet")] {
        let (code, ..) = said(&["export", "national", path(&scratch.path().join("out")), "--out", path(&out)]);
        assert_eq!(code, Some(0));
    }
    assert_eq!(records(&scratch.path().join("报.csv")).len(), 2);
    assert!(records(&scratch.path().join("报.gaps.csv")).is_empty());
    assert!(rows(&scratch.path().join("报.gaps.parquet")).is_empty());
}

#[test]
fn what_cannot_be_exported_is_refused_with_its_reason() {
    let scratch = scratch();
    write_files(&scratch.path().join("in"), &[("名册.csv", ROSTER.join("\n"))]);
    let published = try_run(&scratch.path().join("in"), &scratch.path().join("out")).expect("a run");
    let run = published.folder;
    let refused = |run: &Path, out: &Path, more: &[&str], code: i32, reason: &str| {
        let before = std::fs::read(out).ok();
        let (ended, _, error) = said(&[&["export", "national", path(run), "--out", path(out)], more].concat());
        assert_eq!(ended, Some(code), "{error}");
        assert!(error.contains(reason), "{reason} is not in {error}");
        assert_eq!(std::fs::read(out).ok(), before);
    };
    let out = scratch.path().join("报.csv");
    refused(&run, &scratch.path().join("报.xls"), &[], 2, ".xlsx, .csv or .parquet");
    refused(&run, &scratch.path().join("报"), &[], 2, ".xlsx, .csv or .parquet");
    refused(&run, &scratch.path().join("none/报.csv"), &[], 2, "there is no folder");
    refused(&run, &run.join("decisions.parquet"), &[], 2, "the run's folder");
    refused(&scratch.path().join("in"), &out, &[], 2, "no run in");
    let own = scratch.path().join("own.toml");
    refused(&run, &out, &["--mapping", path(&own)], 2, "own.toml");
    write_files(scratch.path(), &[("own.toml", "[term-end.retian]\nstate = \"01\"\n")]);
    refused(&run, &out, &["--mapping", path(&own)], 2, "did you mean `retain`?");
    write_files(scratch.path(), &[("own.toml", "[term-end.retain]\nstate = \"01\"\nchnage = \"02\"\n")]);
    refused(&run, &out, &["--mapping", path(&own)], 2, "`change`");
    let (code, _, error) = said(&["export", "natoinal", path(&run), "--out", path(&out)]);
    assert_eq!(code, Some(2));
    assert!(error.contains("'national'"), "{error}");
    // A run whose parts don't fit each other.
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("the manifest");
    let altered = |from: &str, to: &str| std::fs::write(run.join("manifest.json"), manifest.replace(from, to)).expect("a file");
    altered("\"students\": 13", "\"students\": 14");
    refused(&run, &out, &[], 3, "13 students are accounted for of 14");
    altered("\"procedure\": \"term-end\"", "\"procedure\": \"district-audit\"");
    refused(&run, &out, &[], 2, "district-audit decides no changes");
    assert!(!out.exists());
}
