//! The sample district: what its README says of each odd student, and what the committed results say, byte for byte.
//!
//! After a change that is meant to change the results, `XUEJI_BLESS=1 cargo test sample` writes them anew; look at the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use law::regulation::findings::CATALOGUE;
use law::regulation::rule::Outcome;
use serde_json::Value;
use xueji::pipeline::run::PublishedRun;
use xueji::report::summary;

use crate::support::{files_below, package, rows, sample_run, scratch};

/// What is not compared byte for byte: the receipt tells times, and the state of attendance is the next run's.
const OTHERS: [&str; 3] = ["manifest.json", "SHA256SUMS", "attendance.state"];
/// The folders that a run may have.
const FOLDERS: [&str; 4] = ["pages", "workbooks", "documents", "returned"];

fn run_sample(out: &Path) -> PublishedRun {
    sample_run("pipelines/term-end.toml", "2026-07-05", out)
}

/// The manifest without what no two runs share.
fn lasting(manifest: &str) -> Value {
    let mut manifest: Value = serde_json::from_str(manifest).expect("a manifest");
    let object = manifest.as_object_mut().expect("an object");
    object.remove("started_at");
    object.remove("finished_at");
    object.remove("seconds");
    manifest
}

#[test]
fn the_results_are_the_committed_ones() {
    let scratch = scratch();
    compare(&run_sample(scratch.path()), &package().join("reports/sample"), "reports/term-end");
}

#[test]
fn the_results_of_the_watch_are_the_committed_ones() {
    let scratch = scratch();
    compare(&watch_sample(scratch.path()), &package().join("reports/sample/status-watch"), "reports/status-watch");
}

/// The watch over the sample district as of 12 June 2026.
fn watch_sample(out: &Path) -> PublishedRun {
    sample_run("pipelines/status-watch.toml", "2026-06-12", out)
}

/// The files of a run that are compared byte for byte.
fn compared(run: &Path) -> Vec<PathBuf> {
    let is_other = |file: &PathBuf| OTHERS.iter().any(|other| file.as_path() == Path::new(other));
    files_below(run, run).into_iter().filter(|file| !is_other(file)).collect()
}

fn compare(published: &PublishedRun, committed: &Path, shown: &str) {
    let manifest = std::fs::read_to_string(published.folder.join("manifest.json")).expect("a manifest");
    let text = summary::text(&published.manifest, Path::new(shown)) + "\n";
    let files = compared(&published.folder);
    if std::env::var_os("XUEJI_BLESS").is_some() {
        for folder in FOLDERS.map(|folder| committed.join(folder)).into_iter().filter(|folder| folder.is_dir()) {
            std::fs::remove_dir_all(folder).expect("a folder of earlier results");
        }
        for file in &files {
            let to = committed.join(file);
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            std::fs::write(to, std::fs::read(published.folder.join(file)).expect("a result")).expect("a copy");
        }
        std::fs::write(committed.join("manifest.json"), serde_json::to_string_pretty(&lasting(&manifest)).expect("JSON") + "\n")
            .expect("a file");
        std::fs::write(committed.join("summary.txt"), &text).expect("a file");
    }
    let read = |path: PathBuf| std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for file in &files {
        assert!(read(published.folder.join(file)) == read(committed.join(file)), "{} differs from the committed one", file.display());
    }
    for folder in FOLDERS.map(|folder| committed.join(folder)).into_iter().filter(|folder| folder.is_dir()) {
        for file in files_below(&folder, committed) {
            assert!(files.contains(&file), "{} is committed, and no result any more", file.display());
        }
    }
    assert_eq!(lasting(&manifest), lasting(&String::from_utf8_lossy(&read(committed.join("manifest.json")))));
    assert_eq!(text, String::from_utf8_lossy(&read(committed.join("summary.txt"))));
}

#[test]
fn each_odd_student_is_decided_as_the_readme_says() {
    let scratch = scratch();
    let published = run_sample(scratch.path());
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let findings = rows(&published.folder.join("findings.parquet"));
    let titles: BTreeMap<&str, &str> =
        law::regulation::rule::Outcome::ALL.iter().map(|outcome| (outcome.code(), outcome.title())).collect();
    let readme = std::fs::read_to_string(package().join("sample-data/README.md")).expect("the README");
    let mut seen = 0;
    for line in readme.lines().filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 5) {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [name, place, situation, outcome, clause, codes] = cells[..] else { continue };
        if !place.starts_with('`') {
            continue;
        }
        seen += 1;
        let row = place.trim_matches('`');
        let own = decisions
            .iter()
            .find(|decision| decision["name"] == name && decision["evidence"].split(';').any(|evidence| is_at(evidence, row)));
        let own = own.unwrap_or_else(|| panic!("{name} at {row} is not among the decisions"));
        let title = titles[own["outcome"].as_str()];
        let certificate = own.get("certificate").filter(|certificate| *certificate != title);
        let decided = certificate.map_or_else(|| title.to_owned(), |certificate| format!("{title}（{certificate}）"));
        assert_eq!(decided, outcome, "{name}: {situation}");
        assert!(clause == "—" || own["clauses"].split(';').any(|own| own == clause), "{name}: {clause} is not in {}", own["clauses"]);
        let mut raised: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.get("student_key") == Some(&own["student_key"]))
            .map(|finding| finding["code"].as_str())
            .collect();
        raised.sort_unstable();
        raised.dedup();
        let mut expected: Vec<&str> = codes.split('、').filter(|code| *code != "—").collect();
        expected.sort_unstable();
        assert_eq!(raised, expected, "{name}: {situation}");
    }
    assert!(seen > 80, "{seen} odd students");
}

/// The students of a page of the sample data: each decided as it says, with the findings that it names and no other. Gives their keys.
fn check_page(published: &PublishedRun, page: &str) -> Vec<String> {
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let findings = rows(&published.folder.join("findings.parquet"));
    let page = std::fs::read_to_string(package().join("sample-data").join(page)).expect("the page");
    let mut seen = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ") && line.contains("年级 | ")) {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [name, place, situation, outcome, clause, codes] = cells[..] else { panic!("{line}") };
        let is_own = |decision: &&BTreeMap<String, String>| {
            decision["name"] == name && format!("{}{}年级", decision["school_name"], decision["grade"]) == place
        };
        let own = decisions.iter().find(is_own).unwrap_or_else(|| panic!("{name} of {place} is not among the decisions"));
        let title = Outcome::ALL.iter().find(|known| known.code() == own["outcome"]).map_or("", |known| known.title());
        assert_eq!(title, outcome, "{name}: {situation}");
        assert!(clause == "—" || own["clauses"].split(';').any(|own| own == clause), "{name}: {}", own["clauses"]);
        let raised = findings.iter().filter(|finding| finding.get("student_key") == Some(&own["student_key"]));
        let raised: BTreeSet<&str> = raised.map(|finding| finding["code"].as_str()).collect();
        let expected: BTreeSet<&str> = codes.split('、').filter(|code| *code != "—").collect();
        assert_eq!(raised, expected, "{name}: {situation}");
        seen.push(own["student_key"].clone());
    }
    assert!(seen.len() > 15, "{} odd students", seen.len());
    seen
}

#[test]
fn each_odd_student_of_the_watch_is_decided_as_its_page_says() {
    let scratch = scratch();
    let published = watch_sample(scratch.path());
    let seen = check_page(&published, "在籍监测.md");
    let decisions = rows(&published.folder.join("decisions.parquet"));
    // Nobody else is to be acted on, but for the one who was expelled.
    let to_act_on: Vec<&str> = Outcome::TO_ACT_ON.iter().map(|outcome| outcome.code()).collect();
    let others = decisions.iter().filter(|own| to_act_on.contains(&own["outcome"].as_str()) && !seen.contains(&own["student_key"]));
    assert_eq!(others.map(|own| own["clauses"].as_str()).collect::<Vec<_>>(), ["A37.5"]);
}

#[test]
fn each_odd_student_of_the_audit_is_found_as_its_page_says() {
    let scratch = scratch();
    let published = audit_sample(scratch.path());
    check_page(&published, "学籍核查.md");
    let findings = rows(&published.folder.join("findings.parquet"));
    let mut codes = BTreeSet::new();
    for finding in &findings {
        codes.insert(finding["code"].as_str());
    }
    // Every finding that audits alone raise is shown by somebody, or by a school.
    let of_audits = CATALOGUE.iter().filter(|entry| raised_by_audits_alone(entry.code));
    let lacking: Vec<&str> = of_audits.map(|entry| entry.code).filter(|code| !codes.contains(code)).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// Whether neither term end nor the watch raises a finding, and audits do (findings.md).
fn raised_by_audits_alone(code: &str) -> bool {
    let of_others = ["F08", "F11", "F20", "F21", "F22", "F23", "F24", "F26", "F30", "F31", "F32", "F33", "F34"];
    let is_matching = ["R0102", "R0103", "R02", "R04"].iter().any(|own| code.starts_with(own));
    is_matching || code.starts_with('F') && code != "F4101" && !of_others.iter().any(|own| code.starts_with(own))
}

#[test]
fn the_results_of_the_audit_are_the_committed_ones() {
    let scratch = scratch();
    compare(&audit_sample(scratch.path()), &package().join("reports/sample/district-audit"), "reports/district-audit");
}

/// The audit of the sample district as of 12 June 2026.
fn audit_sample(out: &Path) -> PublishedRun {
    sample_run("pipelines/district-audit.toml", "2026-06-12", out)
}

/// Whether a piece of evidence, as text, is the roster row that the README names as `file!sheet!row`.
fn is_at(evidence: &str, place: &str) -> bool {
    let (rest, row) = place.rsplit_once('!').expect("a row");
    let (file, sheet) = rest.split_once('!').unwrap_or((rest, ""));
    evidence.contains("table: roster,")
        && evidence.contains(&format!("file: {file},"))
        && evidence.contains(&format!("sheet: {sheet},"))
        && evidence.contains(&format!("row: {row},"))
}

#[test]
fn a_run_gives_the_same_bytes_whatever_the_number_of_threads() {
    let scratch = scratch();
    let mut runs = Vec::new();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let out = scratch.path().join(threads.to_string());
        runs.push(pool.install(|| run_sample(&out)).folder);
    }
    for file in compared(&runs[0]) {
        let bytes = |run: &PathBuf| std::fs::read(run.join(&file)).expect("a result");
        assert!(bytes(&runs[0]) == bytes(&runs[1]) && bytes(&runs[0]) == bytes(&runs[2]), "{}", file.display());
    }
}
