//! The invariants of the house, held by looking at its sources and its results.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use calamine::{Reader, Xlsx, open_workbook};
use serde_json::Value;
use xueji::report::summary;

use crate::support::{package, rows, scratch, try_run};

/// The Rust files below a folder, each with what comes before its tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut open = vec![package().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            files.push((path, code));
        }
    }
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

/// The lines of code that hold one of some texts, comments left out.
fn lines_with(folder: &str, texts: &[&str]) -> Vec<String> {
    let of_file = |(path, code): (PathBuf, String)| {
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//") && texts.iter().any(|text| line.contains(text)));
        lines.map(|line| format!("{}: {}", path.display(), line.trim())).collect::<Vec<_>>()
    };
    sources(folder).into_iter().flat_map(of_file).collect()
}

#[test]
fn the_law_can_do_nothing_but_judge() {
    let manifest = std::fs::read_to_string(package().join("src/law/Cargo.toml")).expect("the law's manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let known: BTreeSet<&str> = manifest["dependencies"].as_table().expect("a table").keys().map(String::as_str).collect();
    assert_eq!(known, BTreeSet::from(["chrono", "serde"]));
    let does =
        ["std::fs", "std::io", "std::net", "std::process", "std::thread", "std::env", "Utc::now", "Local::now", "println!", "static mut"];
    assert_eq!(lines_with("src/law/facts", &does), Vec::<String>::new());
    assert_eq!(lines_with("src/law/regulation", &does), Vec::<String>::new());
}

/// The manifests of all crates of the repository.
fn manifests() -> Vec<PathBuf> {
    let (mut manifests, mut open) = (Vec::new(), vec![package().to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == "Cargo.toml" {
                manifests.push(path);
            } else if path.is_dir() && !path.is_symlink() && !name.starts_with('.') && name != "target" {
                open.push(path);
            }
        }
    }
    manifests.sort();
    manifests
}

#[test]
fn no_crate_may_be_unsafe() {
    let forbids = |lints: Option<&toml::Value>| {
        let level = lints.and_then(|lints| lints.get("rust")?.get("unsafe_code")?.as_str());
        level == Some("forbid")
    };
    let read = |path: &Path| std::fs::read_to_string(path).expect("a manifest").parse::<toml::Table>().expect("TOML");
    let workspace = read(&package().join("Cargo.toml"));
    let manifests = manifests();
    assert!(manifests.len() >= 3, "{manifests:?}");
    for path in manifests {
        let manifest = read(&path);
        let lints = manifest.get("lints");
        let inherits = lints.and_then(|lints| lints.get("workspace")).is_some_and(|inherits| inherits.as_bool() == Some(true));
        let held = if inherits { workspace["workspace"].get("lints") } else { lints };
        assert!(forbids(held), "{} does not forbid unsafe code", path.display());
    }
}

#[test]
fn the_engine_names_no_article() {
    let named = |line: &String| {
        let code = line.split_once(": ").map_or("", |(_, code)| code);
        let bytes = code.as_bytes();
        bytes.windows(3).any(|three| matches!(three, [b'"', b'A', digit] if digit.is_ascii_digit()))
            || code.contains("art2")
            || code.contains("art3")
    };
    let naming: Vec<String> = lines_with("src/engine", &[""]).into_iter().filter(named).collect();
    assert_eq!(naming, Vec::<String>::new());
}

#[test]
fn inputs_are_opened_in_one_place_and_results_written_in_one() {
    let writes = ["fs::write", "File::create", ".save("];
    for folder in ["src/engine", "src/reconcile", "src/cli", "src/ingest"] {
        let writing: Vec<String> = lines_with(folder, &writes).into_iter().filter(|line| !line.contains("testing.rs")).collect();
        assert_eq!(writing, Vec::<String>::new());
    }
    for folder in ["src/engine", "src/reconcile"] {
        assert_eq!(lines_with(folder, &["std::fs", "File::open"]), Vec::<String>::new());
    }
}

#[test]
fn no_panic_is_asked_for_in_what_meets_input() {
    for folder in ["src/ingest", "src/pipeline", "src/report", "src/cli", "src/engine", "src/reconcile", "src/sample"] {
        let asks = lines_with(folder, &[".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("]);
        let asks: Vec<String> = asks.into_iter().filter(|line| !line.contains("testing.rs") && !line.contains("tests.rs")).collect();
        assert_eq!(asks, Vec::<String>::new());
    }
}

/// The whole numbers that a line of code writes out, but for those of names, texts and ranges of bits.
fn numbers(line: &str) -> Vec<u64> {
    let code = line.split("//").next().unwrap_or_default();
    let mut numbers = Vec::new();
    let (mut text, mut word) = (false, String::new());
    for letter in code.chars().chain([' ']) {
        if letter == '"' {
            text = !text;
        }
        if letter.is_alphanumeric() || letter == '_' || letter == '.' {
            word.push(letter);
        } else {
            if !text && word.chars().next().is_some_and(|first| first.is_ascii_digit()) {
                numbers.extend(word.parse::<u64>());
            }
            word.clear();
        }
    }
    numbers
}

#[test]
fn numbers_of_the_law_stand_in_the_policy() {
    // Zero, one and two are how many there are of something, a grade skipped, a pair: no parameter can be told from them.
    // The others are the room of fixed arrays, bits of a word, years looked back at most, and thousandths.
    const TECHNICAL: [u64; 9] = [0, 1, 2, 16, 24, 30, 32, 63, 1000];
    // The places of columns in the contract, such as `(4, "申请日期")`.
    let is_place = |line: &str| line.contains("(u8, &str)") || line.contains(", \"") && line.contains('(');
    let mut written = Vec::new();
    for chapter in ["ch4_progression", "ch5_completion", "ch6_status", "ch7_conduct", "ch9_supplementary"] {
        for (path, code) in sources(&format!("src/law/regulation/{chapter}")) {
            let lines = code.lines().filter(|line| numbers(line).iter().any(|number| !TECHNICAL.contains(number)) && !is_place(line));
            written.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
    assert_eq!(written, Vec::<String>::new());
}

#[test]
fn the_books_balance_for_every_sheet() {
    let scratch = scratch();
    let published = try_run(&package().join("sample-data"), scratch.path()).expect("a run");
    let sources = rows(&published.folder.join("sources.parquet"));
    assert!(sources.len() > 20);
    for sheet in &sources {
        let number = |column: &str| sheet[column].parse::<u64>().expect("a number");
        let accounted = number("rows_used") + number("rows_out_of_scope") + number("rows_set_aside");
        assert_eq!(number("rows_read"), accounted, "{sheet:?}");
    }
    let manifest: Value = serde_json::to_value(&published.manifest).expect("JSON");
    let decided = rows(&published.folder.join("decisions.parquet"));
    assert_eq!(manifest["students"].as_u64(), Some(decided.len() as u64));
    let keys: BTreeSet<&String> = decided.iter().map(|decision| &decision["student_key"]).collect();
    assert_eq!(keys.len(), decided.len(), "one decision each");
}

/// Every number of an ID document of the sample district: the last 18 characters of the keys that are national ids.
fn document_numbers(run: &Path) -> Vec<String> {
    let keys = rows(&run.join("decisions.parquet")).into_iter().map(|decision| decision["student_key"].clone());
    let numbers: Vec<String> = keys.filter(|key| !key.contains(':')).map(|key| key[1..].to_owned()).collect();
    assert!(numbers.len() > 500);
    numbers
}

#[test]
fn no_whole_number_of_a_document_is_shown() {
    let scratch = scratch();
    let published = try_run(&package().join("sample-data"), scratch.path()).expect("a run");
    let numbers = document_numbers(&published.folder);
    let mut shown = summary::text(&published.manifest, &published.folder);
    std::fs::File::open(published.folder.join("manifest.json")).and_then(|mut file| file.read_to_string(&mut shown)).expect("the manifest");
    for finding in rows(&published.folder.join("findings.parquet")) {
        for column in ["message", "found", "expected"] {
            shown.push_str(finding.get(column).map_or("", String::as_str));
            shown.push('\n');
        }
    }
    let mut workbook: Xlsx<_> = open_workbook(published.folder.join("summary.xlsx")).expect("a workbook");
    for (name, range) in workbook.worksheets() {
        // The key that look-ups go by is the last column of 待核名单, and hidden.
        let hidden = (name == "待核名单").then_some(10);
        for (_, column, cell) in range.cells().filter(|(_, column, _)| Some(*column) != hidden) {
            shown.push_str(&format!("{column} {cell}\n"));
        }
    }
    for number in numbers {
        assert!(!shown.contains(&number), "a whole number of a document is shown");
    }
}
