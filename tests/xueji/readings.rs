//! The readings: the list in the law is the one in the policy file, each with the options that it takes, and people can see it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use law::regulation::policy::{OPEN_VALUES, Policy, READINGS};

use xueji::pipeline::config::{Config, Overrides};
use xueji::pipeline::run;

use crate::support::{package, rows, scratch, write_files};

fn policy_text() -> String {
    std::fs::read_to_string(package().join("pipelines/policies/shanghai-2018.toml")).expect("the policy")
}

fn policy() -> toml::Table {
    policy_text().parse().expect("TOML")
}

/// The policy with another word for a reading.
fn with(key: &str, word: &str) -> Result<Policy, String> {
    let mut table = policy();
    table["readings"].as_table_mut().expect("readings").insert(key.to_owned(), word.into());
    toml::Value::Table(table).try_into().map_err(|fault: toml::de::Error| fault.to_string())
}

fn xueji(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_switches_are_those_of_the_policy() {
    let policy = policy();
    let in_file: BTreeSet<&str> = policy["readings"].as_table().expect("readings").keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = READINGS.iter().map(|reading| reading.key).collect();
    assert_eq!(in_file, listed);
    assert_eq!(listed.len(), READINGS.len());
}

#[test]
fn a_switch_takes_its_options_and_nothing_else() {
    for reading in READINGS {
        for (word, means) in reading.options {
            let policy = with(reading.key, word).unwrap_or_else(|fault| panic!("{} = {word}: {fault}", reading.key));
            let written = toml::Value::try_from(&policy.readings).expect("TOML");
            assert_eq!(written[reading.key].as_str(), Some(*word));
            assert!(!means.is_empty());
        }
        // What it may be, as the reader of the policy says it.
        let fault = with(reading.key, "mistyped").expect_err("a refusal");
        let (_, expected) = fault.lines().next().and_then(|line| line.split_once("expected")).unwrap_or_else(|| panic!("{fault}"));
        let words: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        let options: BTreeSet<&str> = reading.options.iter().map(|(word, _)| *word).collect();
        assert!(words == options && options.len() == reading.options.len(), "{}: {fault}", reading.key);
    }
}

#[test]
fn the_open_values_are_those_that_the_policy_marks_as_readings() {
    let policy = policy();
    for open in OPEN_VALUES {
        let mut parts = open.path.split('.');
        let first = policy.get(parts.next().expect("a part"));
        assert!(parts.try_fold(first.expect(open.path), |value, part| value.get(part)).is_some(), "{}", open.path);
    }
    // The lists of subjects are marked by a line above them.
    let mut marked = BTreeSet::from(["subjects.junior_exam".to_owned(), "subjects.annual".to_owned()]);
    let mut section = String::new();
    for line in policy_text().lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
        }
        let Some((value, note)) = line.split_once('#') else { continue };
        if let Some((key, _)) = value.split_once('=').filter(|_| note.contains("reading")) {
            marked.insert(format!("{section}.{}", key.trim()));
        }
    }
    let listed: BTreeSet<String> = OPEN_VALUES.iter().map(|open| open.path.replace("entry_age.on", "entry_age")).collect();
    assert_eq!(listed, marked);
}

#[test]
fn people_see_every_reading_with_what_it_is_now() {
    let (code, text, _) = xueji(&["rules", "--readings"]);
    assert_eq!(code, Some(0));
    for part in ["early_application = honoured", "* honoured", "  set_aside", "record_check = term", "numbers.cumulative_month_days = 22"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let scratch = scratch();
    write_files(scratch.path(), &[("other.toml", policy_text().replace("\"honoured\"", "\"set_aside\""))]);
    let other = scratch.path().join("other.toml");
    let other = other.to_str().expect("a path of text");
    let (code, json, _) = xueji(&["rules", "--readings", "--policy", other, "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!((code, object["readings"][0]["value"].as_str()), (Some(0), Some("set_aside")));
    assert_eq!(object["readings"].as_array().map(Vec::len), Some(READINGS.len()));
    assert_eq!(object["readings"][0]["options"][0]["word"], "honoured");
    assert_eq!(object["values"].as_array().map(Vec::len), Some(OPEN_VALUES.len()));
    write_files(scratch.path(), &[("other.toml", policy_text().replace("\"honoured\"", "\"honored\""))]);
    let (code, _, error) = xueji(&["rules", "--readings", "--policy", other]);
    assert_eq!(code, Some(2));
    assert!(error.contains("honored") && error.contains("honoured or set_aside"), "{error}");
    assert_eq!(xueji(&["rules", "A3.2", "--readings"]).0, Some(2));
    assert_eq!(xueji(&["rules", "--coverage", "--readings"]).0, Some(2));
}

/// The sample district by a pipeline with another word for a reading, beside the usual run: whose decision or finding changes.
fn changed(pipeline: &str, as_of: &str, key: &str, word: &str) -> BTreeSet<String> {
    let scratch = scratch();
    let is_own = |line: &str| line.split_once(" = ").is_some_and(|(own, _)| own == key);
    let line = |line: &str| if is_own(line) { format!("{key} = \"{word}\"\n") } else { format!("{line}\n") };
    write_files(scratch.path(), &[("policy.toml", policy_text().lines().map(line).collect::<String>())]);
    let run = |own: Option<PathBuf>, out: &str| {
        let inputs = vec![package().join("sample-data")];
        let overrides = Overrides { inputs, as_of: as_of.parse().ok(), policy: own, ..Overrides::default() };
        let config = Config::load(&package().join("pipelines").join(pipeline), &overrides).expect("a usable pipeline");
        let folder = run::run(&config, &scratch.path().join(out), &|_, _, _| {}).expect("a run").folder;
        let text = |row: &BTreeMap<String, String>, columns: &[&str]| {
            columns.iter().map(|column| row.get(*column).cloned().unwrap_or_default()).collect::<Vec<_>>().join(" ")
        };
        let decisions = rows(&folder.join("decisions.parquet"));
        let findings = rows(&folder.join("findings.parquet"));
        let decisions = decisions.iter().map(|row| text(row, &["name", "outcome", "certificate"]));
        decisions.chain(findings.iter().map(|row| text(row, &["name", "code"]))).collect::<BTreeSet<String>>()
    };
    let (usual, other) = (run(None, "usual"), run(Some(scratch.path().join("policy.toml")), "other"));
    usual.symmetric_difference(&other).cloned().collect()
}

#[test]
fn every_switch_changes_what_it_says_and_nothing_else() {
    let end = |key, word| changed("term-end.toml", "2026-07-05", key, word);
    let early = end("early_application", "set_aside");
    assert!(early.iter().any(|line| line.ends_with(" skip ")) && early.len() == 2, "{early:?}");
    // What was applied for in June is early then and says so, and what came in July is not too late.
    let mut august = end("school_year_end", "august");
    assert!(august.remove("邹培 promote ") && august.remove("邹培 repeat "), "{august:?}");
    let is_about_time = |line: &String| ["F2103", "F2201", "F2207"].iter().any(|code| line.ends_with(code));
    assert!(august.len() > 5 && august.iter().all(is_about_time), "{august:?}");
    let letter = changed("status-watch.toml", "2026-06-12", "unregistered_attending", "letter");
    assert_eq!(Vec::from_iter(&letter), ["谢可 interrupt ", "谢可 urge "]);
    let checks = changed("district-audit.toml", "2026-06-12", "record_check", "school_year");
    assert_eq!(Vec::from_iter(&checks), ["洛初霁 F1001"]);
    let either = end("junior_other_failing", "either");
    assert!(either.iter().all(|line| line.contains(" graduate ") || line.contains(" complete ")), "{either:?}");
}
