//! The commands as a user meets them: exit codes, what is said, suggestions.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{package, rows, scratch, term_end, write_files};

fn xueji(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// Runs and gives the exit code, standard output and standard error.
fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = xueji(arguments);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const ROSTER: &str = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n\
    L310101201601010011,林一,示例区,3101010001,示例小学,三,1,在读,202309\n\
    L310101201601010022,陈二,示例区,3101010001,示例小学,三,1,在读,202309\n\
    L310101201601010033,陈二,示例区,3101010001,示例小学,四,1,,202209\n";

#[test]
fn help_comes_within_a_second() {
    let begun = Instant::now();
    let (code, out, _) = said(&["--help"]);
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(code, Some(0));
    for command in ["run", "explain", "rules"] {
        assert!(out.contains(command), "{out}");
    }
}

#[test]
fn a_mistyped_word_gets_the_nearest_right_one() {
    let (code, _, error) = said(&["runn"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("'run'"), "{error}");
    let (code, _, error) = said(&["run", path(&term_end()), "--inptu", "."]);
    assert_eq!(code, Some(2));
    assert!(error.contains("'--input'"), "{error}");
    let (code, _, error) = said(&["run", path(&package().join("pipelines/termend.toml"))]);
    assert_eq!(code, Some(2));
    assert!(error.contains("term-end.toml"), "{error}");
    let (code, _, error) = said(&["run", path(&term_end()), "--input", path(&package().join("sample-dta"))]);
    assert_eq!(code, Some(2));
    assert!(error.contains("sample-data"), "{error}");
    let (code, _, error) = said(&["rules", "A20.33"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("A20.3"), "{error}");
}

#[test]
fn a_run_is_summarised_and_explained() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_files(&input, &[("名册.csv", ROSTER)]);
    let pipeline = term_end();
    let run = ["run", path(&pipeline), "--input", path(&input), "--out", path(&out)];
    let (code, summary, progress) = said(&run);
    assert_eq!((code, progress.as_str()), (Some(0), ""));
    assert!(summary.contains("学生 3 名") && summary.contains("升级") && summary.contains("待核"), "{summary}");
    let (code, json, _) = said(&[&run[..], &["--json"]].concat());
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!((code, object["students"].as_u64(), object["outcomes"]["promote"].as_u64()), (Some(0), Some(3), Some(2)));
    assert_eq!(said(&[&run[..], &["--fail-on", "error"]].concat()).0, Some(1));

    let explain = |student: &str| said(&["explain", student, "--run", path(&out)]);
    let (code, tree, _) = explain("林一");
    assert_eq!(code, Some(0));
    for part in ["升级（promote）", "下一年级 四年级", "A20.1", "✓ 成立", "名册.csv!2", "L310101**********11"] {
        assert!(tree.contains(part), "{part} is not in\n{tree}");
    }
    assert!(!tree.contains("310101201601010011"));
    assert_eq!(explain("310101201601010011").1, tree);
    let (code, _, error) = explain("陈二");
    assert_eq!(code, Some(2));
    assert!(error.contains("三年级") && error.contains("四年级"), "{error}");
    let (code, _, error) = explain("L310101201601010012");
    assert_eq!(code, Some(2));
    assert!(error.contains("林一") && !error.contains("201601010012"), "{error}");
    let (code, json, _) = said(&["explain", "L310101201601010033", "--run", path(&out), "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!((code, object["missing"][0].as_str()), (Some(0), Some("学籍状态")));
}

#[test]
fn a_school_looks_at_its_files_before_sending_them() {
    let scratch = scratch();
    let roster = ROSTER.replace("姓名", "学生姓名").replace("L310101201601010022", "L31010120160101002").replace("202209", "去年");
    write_files(scratch.path(), &[("名册.csv", roster.as_str()), ("坏.xlsx", "PK\u{3}\u{4}xl/workbook")]);
    let folder = scratch.path().to_owned();
    let (code, text, _) = said(&["check", path(&folder)]);
    assert_eq!(code, Some(0));
    for part in [
        "认作学籍名册，3 行",
        "姓名（写作“学生姓名”）",
        "I0205",
        "第 3 行",
        "L310101*********02",
        "I0202",
        "现为：去年",
        "坏.xlsx",
        "I0101",
        "必须整改",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(said(&["check", path(&folder), "--fail-on", "error"]).0, Some(1));
    assert_eq!(said(&["check", path(&package().join("pipelines")), "--fail-on", "query"]).0, Some(0));
    let (code, json, _) = said(&["check", path(&folder), "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!(code, Some(0));
    let files = object["files"].as_array().expect("files");
    assert_eq!(files.len(), 2);
    let roster = files.iter().find(|file| file["file"] == "名册.csv").expect("the roster");
    assert_eq!(roster["sheets"][0]["table"], "roster");
    let codes: Vec<&str> = roster["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["code"].as_str()).collect();
    assert!(codes.contains(&"I0205") && codes.contains(&"I0202"), "{codes:?}");
    let (code, _, error) = said(&["check", path(&folder.join("名册.cvs"))]);
    assert_eq!(code, Some(2));
    assert!(error.contains("名册.csv"), "{error}");
}

#[test]
fn what_damage_does_to_a_library_is_no_news_to_anyone() {
    let scratch = scratch();
    let damaged = std::fs::read(package().join("fuzz/corpus/parquet/negative-start")).expect("an input");
    write_files(scratch.path(), &[("坏.parquet", [b"PAR1".as_slice(), &damaged].concat())]);
    let (code, text, error) = said(&["check", path(scratch.path())]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(text.contains("I0101") && text.contains("文件已损坏"), "{text}");
}

#[test]
fn a_file_given_twice_counts_once_unless_its_name_says_another_subject() {
    let scratch = scratch();
    let marks = "全国学籍号,考次,结果\nL310101201601010011,1,合格\n";
    write_files(scratch.path(), &[("甲.csv", ROSTER), ("乙.csv", ROSTER), ("语文.csv", marks), ("数学.csv", marks)]);
    let (_, json, _) = said(&["check", path(scratch.path()), "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    let twice = |file: &&serde_json::Value| {
        let mut findings = file["findings"].as_array().expect("findings").iter();
        findings.any(|finding| finding["code"] == "I0106")
    };
    let twice: Vec<&str> =
        object["files"].as_array().expect("files").iter().filter(twice).filter_map(|file| file["file"].as_str()).collect();
    assert_eq!(twice, ["甲.csv"]);
}

#[test]
fn a_copy_has_the_safe_repairs_done_and_the_rest_marked() {
    let scratch = scratch();
    let (input, copies) = (scratch.path().join("in"), scratch.path().join("copies"));
    let roster = ROSTER
        .replace("L310101201601010011", "'Ｌ310101201601010011")
        .replace(",在读,202309\nL310101201601010033", ",在校,202309\nL310101201601010033")
        .replace("202209", "去年")
        .replace("示例小学", "=1+1");
    let titled = format!("示例区名册,,,\n{roster}");
    write_files(&input, &[("一校/名册.csv", encoding_rs::GB18030.encode(&titled).0.into_owned())]);
    let check = |folder: &Path, more: &[&str]| said(&[&["check", path(folder), "--json"], more].concat());
    let codes = |json: &str| -> Vec<String> {
        let object: serde_json::Value = serde_json::from_str(json).expect("one JSON object");
        let of_file = |file: &serde_json::Value| file["findings"].as_array().expect("findings").clone();
        let findings = object["files"].as_array().expect("files").iter().flat_map(of_file);
        let mut codes: Vec<String> = findings.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect();
        codes.sort();
        codes
    };
    let (code, before, _) = check(&input, &["--fix-copy", path(&copies)]);
    assert_eq!((code, codes(&before)), (Some(0), vec!["I0201".into(), "I0202".into(), "I0208".into(), "I0208".into()]));
    assert!(before.contains("\"repaired\":2") && before.contains("\"wrong\":2"), "{before}");
    let copy = copies.join("一校/名册.csv.xlsx");
    let (_, after, _) = check(&copies, &[]);
    assert_eq!(codes(&after), ["I0201", "I0202"], "what can be repaired is, and what can't be stays");
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(&copy).expect("a workbook");
    let range = calamine::Reader::worksheet_range(&mut workbook, "数据").expect("the sheet");
    let cell = |place| range.get_value(place).map(ToString::to_string).unwrap_or_default();
    assert_eq!((cell((2, 0)), cell((3, 7)), cell((4, 8))), ("L310101201601010011".into(), "在读".into(), "去年".into()));
    assert_eq!(cell((2, 4)), "=1+1", "a text stays a text");
    // The original is as it was, and a copy is never written over.
    assert_eq!(std::fs::read(input.join("一校/名册.csv")).expect("the file"), encoding_rs::GB18030.encode(&titled).0.into_owned());
    let (code, _, error) = check(&input, &["--fix-copy", path(&copies)]);
    assert_eq!(code, Some(2));
    assert!(error.contains("is not empty"), "{error}");
}

#[test]
fn what_cannot_be_run_is_refused_with_its_reason() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_files(&input, &[("a.csv", "物品,数量\n桌子,3\n")]);
    let refused = |more: &[&str], reason: &str| {
        let (code, _, error) = said(&[&["run", path(&term_end()), "--out", path(&out)], more].concat());
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(reason), "{reason} is not in {error}");
        assert!(!out.join("term-end/latest").exists());
    };
    refused(&["--input", path(&input)], "no 学籍名册");
    write_files(&input, &[("b.csv", ROSTER.replacen("学籍状态", "备注", 1))]);
    refused(&["--input", path(&input)], "b.csv is one, but not a whole one");
    refused(&["--input", path(&scratch.path().join("none"))], "there is no input folder");
    write_files(&input, &[("b.csv", ROSTER)]);
    refused(&["--input", path(&input), "--as-of", "2028-01-01"], "2027-12-31");
    refused(&["--input", path(&input), "--as-of", "2027-07-05"], "no calendar covers 2027-07-05");
    refused(&["--input", path(&input), "--as-of", "2026-06-29"], "2026-06-30");
    refused(&["--input", path(&input), "--as-of", "5.7.2026"], "2026");
}

#[test]
fn a_second_run_waits_for_nobody() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_files(&input, &[("b.csv", ROSTER)]);
    let pipeline = term_end();
    let run = ["run", path(&pipeline), "--input", path(&input), "--out", path(&out)];
    assert_eq!(said(&run).0, Some(0));
    let held = xueji::pipeline::folder::Held::take(&out, "term-end").expect("a folder").expect("nobody else");
    let (code, _, error) = said(&run);
    assert_eq!(code, Some(75), "{error}");
    drop(held);
    assert_eq!(said(&run).0, Some(0));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_publishes_nothing() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    // Enough rows that the run can't be over when the signal comes.
    let mut roster = ROSTER.to_owned();
    for number in 0..400_000 {
        roster.push_str(&format!(",学生{number},示例区,3101010001,示例小学,三,1,在读,202309\n"));
    }
    write_files(&input, &[("名册.csv", &roster)]);
    let pipeline = term_end();
    let arguments = ["run", path(&pipeline), "--input", path(&input), "--out", path(&out)];
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).stderr(std::process::Stdio::null()).spawn().expect("the program");
    // The lock is taken once the program is at work.
    while !out.join("term-end/.lock").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("a signal");
    assert!(signal.success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(!out.join("term-end/latest").exists());
}

#[test]
fn a_later_run_remembers_the_findings_of_the_one_before() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let run = || {
        let (code, json, _) = said(&["run", path(&term_end()), "--input", path(&input), "--out", path(&out), "--json"]);
        assert_eq!(code, Some(0));
        let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
        let folder = object["run"].as_str().expect("a folder").to_owned();
        rows(&Path::new(&folder).join("finding_history.parquet"))
    };
    write_files(&input, &[("b.csv", ROSTER)]);
    assert!(run().iter().all(|finding| finding["change"] == "new"));
    assert!(run().iter().all(|finding| finding["change"] == "unchanged"));
    write_files(&input, &[("b.csv", ROSTER.replace(",1,,202209", ",1,在读,202209"))]);
    assert!(run().iter().any(|finding| finding["change"] == "gone"));
    write_files(&input, &[("b.csv", ROSTER)]);
    assert!(run().iter().any(|finding| finding["change"] == "reopened"));
}

#[test]
fn a_district_says_its_own_values_in_a_file_of_its_own() {
    let scratch = scratch();
    let pipelines = package().join("pipelines");
    let pipeline = std::fs::read_to_string(term_end()).expect("the pipeline");
    let pipeline = pipeline
        .replace("\"calendars/", &format!("\"{}/calendars/", pipelines.display()))
        .replace("\"policies/", &format!("\"{}/policies/", pipelines.display()))
        .replace("[pipeline]", "[pipeline]\noverrides = \"district.toml\"");
    let skip = "全国学籍号,申请事项,学年,申请日期,学校同意日期,公示日期,公示结果,区备案日期\n\
        L310101201601010011,跳级,2025-2026,2026-06-08,2026-06-09,2026-06-10,无异议,2026-06-20\n";
    write_files(scratch.path(), &[("in/名册.csv", ROSTER), ("in/申请.csv", skip), ("term-end.toml", &pipeline)]);
    let codes = |district: &str| {
        write_files(scratch.path(), &[("district.toml", district)]);
        let (out, file) = (scratch.path().join("out"), scratch.path().join("term-end.toml"));
        let (code, json, error) = said(&["run", path(&file), "--input", path(&scratch.path().join("in")), "--out", path(&out), "--json"]);
        assert_eq!(code, Some(0), "{error}");
        let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
        object["findings_by_code"].as_object().expect("codes").keys().cloned().collect::<Vec<_>>()
    };
    // Six working days earlier than the window of ten, within one of twenty.
    assert!(codes("[numbers]\napplication_window_working_days = 10\n").contains(&"F2103".to_owned()));
    assert!(!codes("[numbers]\napplication_window_working_days = 20\n").contains(&"F2103".to_owned()));
}
