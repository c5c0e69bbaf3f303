//! A run against the one before it: what schools are asked about, and when nothing is published.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Reader, Xlsx, open_workbook};
use serde_json::Value;

use crate::schema::assert_documented;
use crate::support::{package, rows, scratch, term_end, write_files};

/// A school: its number, students, classes, and how many of its students lack a result.
type School = (usize, usize, usize, usize);

/// Schools of 高一, where a result that is missing leaves a student undetermined.
fn write_schools(folder: &Path, schools: &[School]) {
    let subjects = ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技", "体育与健身", "艺术"];
    let mut roster = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,入学年月,学籍状态\n".to_owned();
    let mut results = "全国学籍号,学年,科目,学年总评\n".to_owned();
    for (school, students, classes, lacking) in schools {
        for student in 0..*students {
            let (id, class) = (format!("L31010120100101{school:02}{student:02}"), student % classes + 1);
            let _ = writeln!(roster, "{id},学生{student},示例区,31010100{school:02},第{school}高级中学,高一,{class}班,2025-09,在读");
            let sent = if student < *lacking { &subjects[1..] } else { &subjects[..] };
            for subject in sent {
                let _ = writeln!(results, "{id},2025-2026,{subject},合格");
            }
        }
    }
    write_files(folder, &[("名册.csv", roster), ("成绩.csv", results)]);
}

/// A pipeline of term end, with more lines, and a policy of its own.
fn pipeline(folder: &Path, more: &str, policy: impl Fn(String) -> String) -> PathBuf {
    let pipelines = package().join("pipelines");
    let own = std::fs::read_to_string(pipelines.join("policies/shanghai-2018.toml")).expect("the policy");
    let file = std::fs::read_to_string(term_end()).expect("the pipeline");
    let file = file
        .replace("\"calendars/", &format!("\"{}/calendars/", pipelines.display()))
        .replace("\"policies/shanghai-2018.toml", "\"policy.toml");
    write_files(folder, &[("policy.toml", policy(own)), ("pipeline.toml", file + more)]);
    folder.join("pipeline.toml")
}

struct Said {
    code: Option<i32>,
    out: Value,
    error: String,
}

fn run(pipeline: &Path, input: &Path, out: &Path, more: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    command.arg("run").arg(pipeline).arg("--input").arg(input).arg("--out").arg(out).arg("--json").args(more);
    let output = command.output().expect("the program");
    let out = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Said { code: output.status.code(), out, error: String::from_utf8_lossy(&output.stderr).into_owned() }
}

fn folder(said: &Said) -> &Path {
    Path::new(said.out["run"].as_str().expect("a folder"))
}

fn latest(out: &Path) -> String {
    std::fs::read_to_string(out.join("term-end/latest")).expect("a run").trim().to_owned()
}

fn moved(said: &Said) -> BTreeSet<(String, String, String, String)> {
    let all = rows(&folder(said).join("movements.parquet")).into_iter();
    all.map(|row| (row["school_code"].clone(), row["measure"].clone(), row["before"].clone(), row["after"].clone())).collect()
}

#[test]
fn a_school_is_asked_about_what_moved_beyond_the_thresholds_and_nothing_else() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let pipeline = pipeline(scratch.path(), "", |policy| policy);
    let before: [School; 11] = [
        (1, 40, 1, 0),
        (2, 40, 1, 0),
        (3, 19, 1, 0),
        (4, 40, 1, 0),
        (5, 40, 1, 0),
        (6, 40, 2, 0),
        (7, 40, 2, 0),
        (8, 20, 1, 0),
        (9, 19, 1, 0),
        (11, 40, 1, 8),
        (12, 21, 1, 0),
    ];
    let after: [School; 11] = [
        (1, 35, 1, 0),  // an eighth fewer
        (2, 36, 1, 0),  // a tenth fewer
        (3, 10, 1, 9),  // too small to be asked
        (4, 40, 4, 0),  // three classes more
        (5, 40, 3, 0),  // two classes more
        (6, 40, 2, 2),  // a twentieth undetermined
        (7, 40, 2, 3),  // more than that
        (10, 20, 1, 0), // new, as 8 is gone; 9 was small
        (11, 40, 1, 0), // all sent what was missing
        (12, 10, 1, 5), // of so few, shares say nothing
        (13, 19, 1, 0), // new, and small
    ];
    write_schools(&input, &before);
    let first = run(&pipeline, &input, &out, &[]);
    assert_eq!(first.code, Some(0), "{}", first.error);
    assert!(first.out["movements"].is_null() && moved(&first).is_empty());
    let again = run(&pipeline, &input, &out, &[]);
    assert_eq!((again.out["movements"]["queries"].as_u64(), moved(&again).len()), (Some(0), 0));
    assert_eq!(again.out["movements"]["against"], first.out["run_id"]);

    write_schools(&input, &after);
    let second = run(&pipeline, &input, &out, &[]);
    let own = |school: usize, measure: &str, before: &str, after: &str| {
        (format!("31010100{school:02}"), measure.to_owned(), before.to_owned(), after.to_owned())
    };
    let expected = [
        own(1, "students", "40.0", "35.0"),
        own(4, "classes", "1.0", "4.0"),
        own(7, "outcome.undetermined", "0.0", "0.075"),
        own(8, "students", "20.0", "0.0"),
        own(10, "students", "0.0", "20.0"),
        own(11, "outcome.promote", "0.8", "1.0"),
        own(11, "outcome.undetermined", "0.2", "0.0"),
        own(12, "students", "21.0", "10.0"),
    ];
    assert_eq!(moved(&second), expected.into_iter().collect());
    assert_eq!(second.out["movements"]["queries"], 8);
    let movements = rows(&folder(&second).join("movements.parquet"));
    assert!(movements.iter().all(|row| row["severity"] == "query" && Some(row["against_run"].as_str()) == again.out["run_id"].as_str()));
    assert_eq!(
        movements[0]["message"],
        "学生人数从 40 变为 35，变动超过 10%。请核对名册是否报全、有无重复、学校代码是否写对；属实的，请说明原因。"
    );
    assert_documented(&folder(&second).join("movements.parquet"), "movements");
    let mut workbook: Xlsx<_> = open_workbook(folder(&second).join("summary.xlsx")).expect("a workbook");
    let sheet = workbook.worksheet_range("与上次相比").expect("the sheet");
    let row = |row: u32| -> Vec<String> { (2..6).map(|column| sheet.get_value((row, column)).expect("a cell").to_string()).collect() };
    assert_eq!(row(1), ["第1高级中学", "学生人数", "40", "35"]);
    assert_eq!(row(3), ["第7高级中学", "“待核”的比例", "0", "0.075"]);

    // What depends on the run before stands in no other table.
    let fresh = run(&pipeline, &input, &scratch.path().join("fresh"), &[]);
    for file in ["decisions.parquet", "findings.parquet"] {
        assert!(
            std::fs::read(folder(&fresh).join(file)).expect("a result") == std::fs::read(folder(&second).join(file)).expect("a result")
        );
    }
}

#[test]
fn what_moved_counts_as_a_query() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let pipeline = pipeline(scratch.path(), "", |policy| policy);
    let code = |students: usize, fail_on: &str| {
        write_schools(&input, &[(1, students, 1, 0)]);
        run(&pipeline, &input, &out, &["--fail-on", fail_on]).code
    };
    assert_eq!(code(40, "query"), Some(0));
    assert_eq!(code(30, "query"), Some(1));
    assert_eq!(code(20, "error"), Some(0));
    let said =
        Command::new(env!("CARGO_BIN_EXE_xueji")).arg("run").arg(&pipeline).arg("--input").arg(&input).arg("--out").arg(&out).output();
    let said = String::from_utf8_lossy(&said.expect("the program").stdout).into_owned();
    let latest = rows(&out.join("term-end").join(latest(&out)).join("movements.parquet"));
    assert!(latest.is_empty() && said.contains("相比：需要说明的变动 0 处"), "{said}");
}

#[test]
fn nothing_is_published_when_totals_moved_by_more_than_the_pipeline_allows() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let pipeline = pipeline(scratch.path(), "\n[safety]\nstop_when_moved = 0.2\n", |policy| policy);
    let publish = |students: usize, lacking: usize, more: &[&str]| {
        write_schools(&input, &[(1, students, 1, lacking)]);
        run(&pipeline, &input, &out, more)
    };
    let runs = || -> BTreeSet<String> {
        let entries = std::fs::read_dir(out.join("term-end")).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(publish(50, 0, &[]).code, Some(0));
    assert_eq!(publish(40, 8, &[]).code, Some(0), "as much as allowed");
    let (known, latest) = (runs(), std::fs::read(out.join("term-end/latest")).expect("a run"));
    let stopped = |said: &Said, reasons: &[&str]| {
        assert_eq!(said.code, Some(3), "{}", said.error);
        reasons.iter().for_each(|reason| assert!(said.error.contains(reason), "{reason} is not in {}", said.error));
        assert_eq!((runs(), std::fs::read(out.join("term-end/latest")).expect("a run")), (known.clone(), latest.clone()));
    };
    stopped(&publish(31, 6, &[]), &["the number of students moved from 40 to 31", "--accept-moves", "nothing was published"]);
    let shares = ["outcome promote moved from 80% to 57.5%", "outcome undetermined moved from 20% to 42.5%"];
    stopped(&publish(40, 17, &[]), &shares);
    let accepted = publish(31, 6, &["--accept-moves"]);
    assert_eq!(accepted.code, Some(0), "{}", accepted.error);
    assert_eq!(accepted.out["movements"]["accepted"], serde_json::json!(["students"]));
    // What the run before said can't be known any more.
    let manifest = folder(&accepted).join("manifest.json");
    std::fs::write(&manifest, "{").expect("a file");
    let said = publish(31, 6, &[]);
    assert_eq!(said.code, Some(3));
    assert!(said.error.contains("manifest.json"), "{}", said.error);
    let said = publish(31, 6, &["--accept-moves"]);
    assert_eq!((said.code, &said.out["movements"]["not_compared"]), (Some(0), &"上次运行的结果读不出来".into()));
}

#[test]
fn a_policy_without_thresholds_asks_nothing_and_a_wrong_share_is_refused() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let older = |policy: String| policy.split("[movements]").next().expect("a policy").to_owned();
    let own = pipeline(scratch.path(), "", older);
    for students in [40, 20] {
        write_schools(&input, &[(1, students, 1, 0)]);
        assert_eq!(run(&own, &input, &out, &["--fail-on", "query"]).code, Some(0));
    }
    let wrong = pipeline(scratch.path(), "\n[safety]\nstop_when_moved = 20\n", |policy| policy);
    let said = run(&wrong, &input, &out, &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.error.contains("20 is not a share"), "{}", said.error);
}
