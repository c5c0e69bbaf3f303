//! Two runs compared: exactly the decisions and findings that changed, and the conditions that moved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::run;

use crate::schema::assert_documented;
use crate::support::{Rows, package, rows, scratch, term_end, try_run, watch_on, write_files};

/// A 高一 student: the last digits of the id, the school, the subjects that failed after make-ups, those without a result.
type Student = (u8, u8, &'static [&'static str], &'static [&'static str]);

const SUBJECTS: [&str; 12] =
    ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技", "体育与健身", "艺术"];

fn id(number: u8) -> String {
    format!("L3101012010010100{number:02}")
}

fn write_school(folder: &Path, students: &[Student]) {
    let mut roster = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,入学年月,学籍状态\n".to_owned();
    let mut results = "全国学籍号,学年,科目,学年总评,补考\n".to_owned();
    for (number, school, failing, lacking) in students {
        let id = id(*number);
        let _ = writeln!(roster, "{id},学生{number},示例区,310101000{school},第{school}高级中学,高一,1班,2025-09,在读");
        for subject in SUBJECTS.iter().filter(|subject| !lacking.contains(subject)) {
            let (result, mended) = if failing.contains(subject) { ("不合格", "不合格") } else { ("合格", "") };
            let _ = writeln!(results, "{id},2025-2026,{subject},{result},{mended}");
        }
    }
    write_files(folder, &[("名册.csv", roster), ("成绩.csv", results)]);
}

const FEW: Student = (1, 1, &["外语", "艺术"], &[]);
const THREE: Student = (2, 1, &["外语", "艺术", "地理"], &[]);
const FOUR: Student = (3, 1, &["外语", "艺术", "地理", "化学"], &[]);

/// The policy with one subject more that may fail.
fn lenient(folder: &Path) -> PathBuf {
    let policy = std::fs::read_to_string(package().join("pipelines/policies/shanghai-2018.toml")).expect("the policy");
    let policy = policy.replace("senior_max_other_failing = 2", "senior_max_other_failing = 3");
    write_files(folder, &[("lenient.toml", policy)]);
    folder.join("lenient.toml")
}

fn run_with(policy: &Path, input: &Path, out: &Path) -> PathBuf {
    let overrides = Overrides { inputs: vec![input.into()], policy: Some(policy.into()), ..Overrides::default() };
    let config = Config::load(&term_end(), &overrides).expect("a usable pipeline");
    run(&config, out, &|_, _, _| {}).expect("a run").folder
}

fn diff(before: &Path, after: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).arg("diff").args([before, after]).args(more).output().expect("the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn object(before: &Path, after: &Path) -> Value {
    let (code, json, error) = diff(before, after, &["--json"]);
    assert_eq!(code, Some(0), "{error}");
    serde_json::from_str(&json).expect("one JSON object")
}

fn decisions(object: &Value) -> Vec<&Value> {
    object["changes"].as_array().expect("changes").iter().filter(|change| change["kind"] == "decision").collect()
}

#[test]
fn the_same_run_twice_has_nothing_changed() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_school(&input, &[FEW, THREE]);
    let first = try_run(&input, &out).expect("a run").folder;
    let second = try_run(&input, &out).expect("a run").folder;
    assert_ne!(first, second);
    let changed = scratch.path().join("changed.parquet");
    let (code, text, error) = diff(&first, &second, &["--out", changed.to_str().expect("a path")]);
    assert_eq!(code, Some(0), "{error}");
    for part in ["运行清单相同", "没有学生的结论有变动", "没有问题有变动"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(rows(&changed).is_empty());
    let object = object(&first, &second);
    assert_eq!(object["changes"], serde_json::json!([]));
    assert_eq!(object["differences"], serde_json::json!({}));
    // A pipeline's folder stands for its newest run.
    assert_eq!(self::object(&first, &out.join("term-end"))["after"]["run_id"], object["after"]["run_id"]);
}

#[test]
fn another_threshold_changes_those_between_and_names_the_condition() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_school(&input, &[FEW, THREE, FOUR]);
    let first = try_run(&input, &out).expect("a run").folder;
    let second = run_with(&lenient(scratch.path()), &input, &out);
    let object = object(&first, &second);
    let differences = object["differences"].as_object().expect("differences");
    assert_eq!(differences.keys().collect::<Vec<_>>(), ["policy.hash", "policy.numbers.senior_max_other_failing"]);
    assert_eq!(object["outcomes"], serde_json::json!([{ "before": "retain", "after": "promote", "students": 1 }]));
    let changed = decisions(&object);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["name"], "学生2");
    assert_eq!(changed[0]["before"]["clauses"], serde_json::json!(["A22.2.2"]));
    assert_eq!(changed[0]["after"]["next_grade"], 11);
    let moved = &changed[0]["moved"][0];
    assert_eq!((&moved["clause"], &moved["code"], &moved["stands"]), (&"A20.3".into(), &"A20.3.others".into(), &"both".into()));
    assert_eq!(moved["before"], serde_json::json!({ "holds": false, "value": "3", "threshold": "2" }));
    assert_eq!(moved["after"], serde_json::json!({ "holds": true, "value": "3", "threshold": "3" }));

    let out = scratch.path().join("changed.parquet");
    let (_, text, _) = diff(&first, &second, &["--out", out.to_str().expect("a path")]);
    for part in [
        "留级 → 升级：1 名",
        "示例区  第1高级中学（3101010001）  高一1班  学生2  L310101**********02：留级 → 升级",
        "依据：A22.2.2 → A20.3",
        "✗ 不成立 → ✓ 成立  A20.3 其他科目总评不合格（含补考、合格考代替）的门数不超过上限：3（标准 2 → 3）",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains(&id(2)) && !text.contains("学生3"), "{text}");
    let written: Rows = rows(&out).into_iter().filter(|row| row["kind"] == "decision").collect();
    assert_eq!(written.len(), 1);
    assert_eq!((&*written[0]["student_id"], &*written[0]["before"], &*written[0]["after"]), (&*id(2), "retain", "promote"));
    assert_documented(&out, "diff");
    // A run stays as it was published.
    let (code, _, error) = diff(&first, &second, &["--out", second.join("decisions.parquet").to_str().expect("a path")]);
    assert_eq!(code, Some(2));
    assert!(error.contains("stays as it was published"), "{error}");
}

#[test]
fn students_come_go_and_move_between_schools() {
    let scratch = scratch();
    let (one, other, out) = (scratch.path().join("one"), scratch.path().join("other"), scratch.path().join("out"));
    // The two whose decision changes stand the other way round in the second run.
    write_school(&one, &[FEW, (2, 1, &["外语", "艺术", "地理"], &[]), (5, 2, &[], &["数学"])]);
    write_school(&other, &[(2, 3, &[], &[]), (5, 1, &[], &[]), (4, 1, &[], &[])]);
    let first = try_run(&one, &out).expect("a run").folder;
    let second = try_run(&other, &out).expect("a run").folder;
    let object = object(&first, &second);
    let told: BTreeSet<(&str, &str, Option<&str>, Option<&str>)> = decisions(&object)
        .into_iter()
        .map(|own| {
            let text = |value: &'_ Value| -> Option<&'static str> { value.as_str().map(|text| &*text.to_owned().leak()) };
            let (change, name) = (text(&own["change"]).expect("a word"), text(&own["name"]).expect("a name"));
            (change, name, text(&own["before"]["outcome"]), text(&own["after"]["outcome"]))
        })
        .collect();
    let expected = [
        ("changed", "学生2", Some("retain"), Some("promote")),
        ("changed", "学生5", Some("undetermined"), Some("promote")),
        ("added", "学生4", None, Some("promote")),
        ("gone", "学生1", Some("promote"), None),
    ];
    assert_eq!(told, expected.into_iter().collect());
    assert_eq!(object["inputs"]["changed"], serde_json::json!(["名册.csv", "成绩.csv"].map(str::to_owned)));
    assert_eq!(object["decisions"], serde_json::json!({ "added": 1, "gone": 1, "changed": 2 }));
    let missing = object["changes"].as_array().expect("changes").iter().find(|change| change["name"] == "学生5").expect("a change");
    assert_eq!(missing["before"]["missing"], serde_json::json!(["数学.学年总评"]));
    // The finding that says what is missing goes with it.
    let gone = |change: &&Value| change["code"] == "I0303" && change["change"] == "gone";
    assert_eq!(object["changes"].as_array().expect("changes").iter().filter(gone).count(), 1);
}

#[test]
fn another_date_changes_who_has_reached_a_threshold_and_not_who_came_nearer() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let ids = [id(1), id(2), id(3)];
    let roster = "全国学籍号,姓名,区,学校代码,年级,班级,入学年月,学籍状态\n".to_owned();
    let roster = ids
        .iter()
        .zip(1..)
        .fold(roster, |roster, (id, number)| format!("{roster}{id},学生{number},示例区,3101010001,七年级,1班,2024-09,在读\n"));
    let registered = "全国学籍号,学年,学期,注册日期\n".to_owned();
    let registered = ids.iter().fold(registered, |rows, id| format!("{rows}{id},2025-2026,1,2025-09-01\n"));
    // One is away for long, one for two days.
    let away = format!("全国学籍号,开始日期,结束日期,考勤\n{},2025-09-15,2025-11-20,旷课\n{},2025-11-19,2025-11-20,旷课\n", ids[0], ids[1]);
    write_files(&input, &[("名册.csv", roster), ("学期注册.csv", registered), ("考勤.csv", away)]);
    let on = |day: &str| watch_on(&input, &out, day.parse().expect("a date"), Attendance::Exceptions).expect("a run").folder;
    let (first, second) = (on("2025-09-16"), on("2025-11-20"));
    let object = object(&first, &second);
    assert_eq!(object["differences"]["as_of"], serde_json::json!(["2025-09-16", "2025-11-20"]));
    let days = |folder: &Path| -> BTreeMap<String, Option<String>> {
        let decisions = rows(&folder.join("decisions.parquet")).into_iter();
        decisions.map(|mut row| (row.remove("name").expect("a name"), row.remove("days_to_threshold"))).collect()
    };
    assert_ne!(days(&first)["学生2"], days(&second)["学生2"], "days alone are no change");
    let changed = decisions(&object);
    assert_eq!(changed.iter().map(|own| own["name"].as_str()).collect::<Vec<_>>(), [Some("学生1")]);
    assert_eq!(changed[0]["before"]["outcome"], "normal");
    assert_ne!(changed[0]["after"]["outcome"], "normal");
    assert_ne!(changed[0]["moved"][0]["before"]["holds"], changed[0]["moved"][0]["after"]["holds"]);
}

/// What is compared of the sample district, the slow way.
#[test]
fn a_whole_district_differs_where_a_plain_comparison_says_so() {
    let scratch = scratch();
    let policy = std::fs::read_to_string(package().join("pipelines/policies/shanghai-2018.toml")).expect("the policy");
    let policy = policy.replace("early_application = \"honoured\"", "early_application = \"set_aside\"");
    let policy = policy
        .replace("senior_max_other_failing = 2", "senior_max_other_failing = 0")
        .replace("research_reports = 1", "research_reports = 2");
    write_files(scratch.path(), &[("other.toml", policy)]);
    let (input, out) = (package().join("sample-data"), scratch.path().join("out"));
    let first = try_run(&input, &out).expect("a run").folder;
    let second = run_with(&scratch.path().join("other.toml"), &input, &out);
    let changed = scratch.path().join("changed.parquet");
    let (code, _, error) = diff(&first, &second, &["--out", changed.to_str().expect("a path")]);
    assert_eq!(code, Some(0), "{error}");
    let by = |file: &str, key: &str, compared: &[&str]| {
        let read = |folder: &Path| -> BTreeMap<String, Vec<Option<String>>> {
            let all = rows(&folder.join(file)).into_iter();
            all.map(|row| (row[key].clone(), compared.iter().map(|own| row.get(*own).cloned()).collect())).collect()
        };
        let (before, after) = (read(&first), read(&second));
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
        differing.cloned().collect::<BTreeSet<String>>()
    };
    let written = rows(&changed);
    let keys = |kind: &str, key: &str| -> BTreeSet<String> {
        written.iter().filter(|row| row["kind"] == kind).map(|row| row[key].clone()).collect()
    };
    let students = by("decisions.parquet", "student_key", &["outcome", "next_grade", "certificate", "clauses", "missing"]);
    assert!(students.len() > 10, "{}", students.len());
    assert_eq!(keys("decision", "student_key"), students);
    let findings = by("findings.parquet", "finding_id", &["severity", "evidence_hash"]);
    assert!(!findings.is_empty());
    assert_eq!(keys("finding", "finding_id"), findings);
}

#[test]
fn a_run_that_cannot_be_read_is_refused() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    write_school(&input, &[FEW, THREE]);
    let whole = try_run(&input, &out).expect("a run").folder;
    let refused = |damage: &dyn Fn(&Path), reason: &str| {
        let damaged = scratch.path().join("damaged");
        std::fs::create_dir_all(&damaged).expect("a folder");
        for file in ["manifest.json", "decisions.parquet", "findings.parquet"] {
            std::fs::copy(whole.join(file), damaged.join(file)).expect("a copy");
        }
        damage(&damaged);
        let changed = scratch.path().join("changed.parquet");
        for (one, other) in [(&whole, &damaged), (&damaged, &whole)] {
            let (code, said, error) = diff(one, other, &["--json", "--out", changed.to_str().expect("a path")]);
            let object: serde_json::Value = serde_json::from_str(&said).expect("one object");
            assert_eq!(
                (code, &object["exit_code"], object.as_object().map(serde_json::Map::len)),
                (Some(2), &2.into(), Some(2)),
                "{error}"
            );
            assert!(object["error"]["message"].as_str().is_some_and(|message| message.contains(reason)), "{reason} is not in {said}");
            assert!(error.contains(reason), "{reason} is not in {error}");
            assert!(!changed.exists());
        }
        std::fs::remove_dir_all(&damaged).expect("no folder");
    };
    let change = |file: &str, change: fn(&mut Vec<u8>)| {
        let file = file.to_owned();
        move |folder: &Path| {
            let mut bytes = std::fs::read(folder.join(&file)).expect("a file");
            change(&mut bytes);
            std::fs::write(folder.join(&file), bytes).expect("a file");
        }
    };
    refused(&change("decisions.parquet", |bytes| bytes.truncate(bytes.len() / 2)), "decisions.parquet");
    refused(&change("decisions.parquet", |bytes| bytes.iter_mut().skip(4).take(200).for_each(|byte| *byte ^= 0x5A)), "can't read");
    refused(&change("findings.parquet", |bytes| bytes.clear()), "findings.parquet");
    refused(&change("manifest.json", |bytes| bytes.truncate(20)), "manifest.json");
    refused(&|folder| std::fs::remove_file(folder.join("manifest.json")).expect("no file"), "no run in");
    refused(&|folder| std::fs::remove_file(folder.join("findings.parquet")).expect("no file"), "findings.parquet");
    let (code, _, error) = diff(&whole, &out.join("term-ned"), &[]);
    assert_eq!(code, Some(2));
    assert!(error.contains("term-end"), "{error}");
}
