//! What lies on the disk: columns encrypted under a key and read back by every command, the cache of what was read, the copy under pseudonyms,
//! and the log of who asked for whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{copy_files, files_below, package, rows, scratch};

/// A folder with runs of the sample district, and the program called in it.
struct Place {
    scratch: TempDir,
    key: Option<PathBuf>,
}

impl Place {
    fn new() -> Self {
        Self { scratch: scratch(), key: None }
    }

    /// The same with a key, all of whose digits are this one.
    fn with_key(digit: &str) -> Self {
        let mut place = Self::new();
        place.key = Some(place.secret(digit));
        place
    }

    /// A file of 64 digits that only its owner may read.
    fn secret(&self, digit: &str) -> PathBuf {
        let file = self.scratch.path().join(format!("secret-{digit}"));
        fs::write(&file, digit.repeat(64)).expect("a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        }
        file
    }

    fn out(&self) -> PathBuf {
        self.scratch.path().join("out")
    }

    fn call(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        command.args(arguments).current_dir(package()).env_remove("XUEJI_KEY").env_remove("XUEJI_KEY_FILE");
        if let Some(key) = &self.key {
            command.arg("--key-file").arg(key);
        }
        let output = command.output().expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// Calls the program, which has to succeed.
    fn done(&self, arguments: &[&str]) -> String {
        let (code, said, error) = self.call(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        said
    }

    /// Runs a pipeline; the folder of the run.
    fn run(&self, pipeline: &str, as_of: &str, more: &[&str]) -> PathBuf {
        let pipeline = format!("pipelines/{pipeline}.toml");
        let out = self.out();
        let said = self.done(&[&["run", &pipeline, "--as-of", as_of, "--out", text(&out), "--json"], more].concat());
        let object: Value = serde_json::from_str(&said).expect("an object");
        PathBuf::from(object["run"].as_str().expect("a run"))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The student keys, ids and names of the sample district, and the numbers within the ids.
fn people(run: &Path) -> (Vec<String>, Vec<String>) {
    let decisions = rows(&run.join("decisions.parquet"));
    let of = |column: &str| decisions.iter().filter_map(|row| row.get(column).cloned()).collect::<Vec<_>>();
    (of("student_id"), of("name"))
}

#[test]
fn with_a_key_no_person_can_be_read_without_it_and_all_commands_read_with_it() {
    let (plain, sealed) = (Place::new(), Place::with_key("5"));
    for (pipeline, as_of) in [("status-watch", "2026-06-12"), ("district-audit", "2026-06-12"), ("term-end", "2026-07-05")] {
        let (open, closed) = (plain.run(pipeline, as_of, &[]), sealed.run(pipeline, as_of, &[]));
        // Whatever is encrypted says the same, and pages and workbooks don't differ at all.
        let pages = |run: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
            let is_page =
                |file: &PathBuf| file.extension().is_some_and(|own| own == "html" || own == "js") || file.starts_with("workbooks");
            files_below(run, run)
                .into_iter()
                .filter(is_page)
                .map(|file| (file.clone(), fs::read(run.join(file)).expect("a file")))
                .collect()
        };
        assert_eq!(pages(&open), pages(&closed), "{pipeline}");
        let (ids, names) = people(&open);
        assert!(ids.len() > 500 && names.len() > 500);
        for table in ["decisions", "findings", "finding_history", "matches", "positions"] {
            let (one, other) = (open.join(format!("{table}.parquet")), closed.join(format!("{table}.parquet")));
            if !one.exists() || rows(&one).is_empty() {
                continue;
            }
            let schema = ParquetRecordBatchReaderBuilder::try_new(File::open(&one).expect("a table")).expect("Parquet").schema().clone();
            let hidden: BTreeSet<&str> = [
                "student_key",
                "student_id",
                "person_key",
                "name",
                "student_name",
                "affects",
                "affects_name",
                "found",
                "expected",
                "message",
                "finding_id",
            ]
            .into();
            let reader = || ParquetRecordBatchReaderBuilder::try_new(File::open(&other).expect("a table")).expect("an open footer");
            for (place, field) in schema.fields().iter().enumerate() {
                let is_hidden = hidden.contains(field.name().as_str());
                let builder = reader();
                let mask = parquet::arrow::ProjectionMask::roots(builder.parquet_schema(), [place]);
                let is_read = builder.with_projection(mask).build().is_ok_and(|mut batches| batches.all(|batch| batch.is_ok()));
                if is_hidden {
                    assert!(!is_read, "{table}.{} can be read without the key", field.name());
                }
                if ["code", "outcome", "position", "severity"].contains(&field.name().as_str()) {
                    assert!(is_read, "{table}.{} can't be counted without the key", field.name());
                }
            }
            // No statistics, no filters, no dictionary in the clear: not a byte of any id.
            let bytes = fs::read(&other).expect("a table");
            for id in &ids {
                assert!(!bytes.windows(id.len()).any(|own| own == id.as_bytes()), "{table} holds {id}");
            }
        }
    }
    // Every command reads it with the key.
    let run = sealed.run("term-end", "2026-07-05", &["--tables-only"]);
    let (_, names) = people(&plain.run("term-end", "2026-07-05", &["--tables-only"]));
    let name = names.iter().find(|name| names.iter().filter(|own| own == name).count() == 1).expect("a name of one");
    let (term_end, elsewhere) = (sealed.out().join("term-end"), sealed.scratch.path().join("elsewhere"));
    assert!(sealed.done(&["explain", name, "--run", text(&run)]).contains(name.as_str()));
    assert!(sealed.done(&["diff", text(&run), text(&term_end)]).contains("2026-07-05"));
    sealed.done(&["report", text(&run), "--out", text(&elsewhere)]);
    sealed.done(&["verify", text(&run)]);
    sealed.done(&["verify", text(&run), "--again", "pipelines/term-end.toml"]);
    sealed.done(&["signoff", "--run", text(&run)]);
    sealed.done(&["runs", "show", text(&run)]);
    sealed.done(&["export", "national", text(&run), "--out", text(&sealed.scratch.path().join("national.csv"))]);
    // The state of the watch goes on, encrypted.
    let watch = sealed.run("status-watch", "2026-06-12", &["--tables-only"]);
    let manifest: Value = serde_json::from_slice(&fs::read(watch.join("manifest.json")).expect("a manifest")).expect("an object");
    assert_eq!((&manifest["attendance"]["read"], manifest["attendance"]["known_from"].is_string()), (&0.into(), true));
    assert!(fs::read(watch.join("attendance.state")).expect("a state").starts_with(b"xueji sealed"));
    // Without the key, or with another, nothing is told, nothing is published, and what is wrong is said.
    let runs = || fs::read_dir(&term_end).expect("a folder").count();
    let before = runs();
    let other = sealed.secret("6");
    let out = sealed.out();
    for key in [None, Some(&other)] {
        let wrong = Place { scratch: scratch(), key: key.cloned() };
        let log = elsewhere.join("log");
        let explain: &[&str] = &["explain", name, "--run", text(&run), "--access-log", text(&log)];
        let again: &[&str] = &["run", "pipelines/term-end.toml", "--out", text(&out)];
        for arguments in [explain, again, &["verify", text(&run)], &["report", text(&run), "--out", text(wrong.scratch.path())]] {
            let (code, said, error) = wrong.call(arguments);
            assert_eq!((code, said.as_str()), (Some(2), ""), "{arguments:?}");
            assert!(error.contains("encrypted"), "{arguments:?}: {error}");
        }
    }
    // Also where nothing says which run was the last.
    fs::write(term_end.join("latest"), "nonsense").expect("a file");
    let wrong = Place { scratch: scratch(), key: None };
    let (code, _, error) = wrong.call(&["run", "pipelines/term-end.toml", "--out", text(&out)]);
    assert_eq!((code, error.contains("encrypted")), (Some(2), true), "{error}");
    assert_eq!(runs(), before);
}

#[test]
fn a_key_that_can_not_be_used_is_refused_before_anything_is_read() {
    let place = Place::new();
    let short = place.scratch.path().join("short");
    fs::write(&short, "abc").expect("a file");
    let open = place.secret("7");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&short, fs::Permissions::from_mode(0o600)).expect("a mode");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("a mode");
    }
    let missing = place.scratch.path().join("missing");
    for (file, expected) in [(&short, "64 hexadecimal digits"), (&open, "may be read by others"), (&missing, "can't read the key file")] {
        let (code, _, error) = place.call(&["rules", "A20", "--key-file", text(file)]);
        assert_eq!((code, error.contains(expected)), (Some(2), true), "{error}");
        assert!(!error.contains(&"7".repeat(64)), "the key is told");
    }
    // A pipeline that must encrypt does not run without.
    let folder = place.scratch.path().join("pipelines");
    copy_files(&package().join("pipelines"), &folder);
    let pipeline = folder.join("term-end.toml");
    let own = fs::read_to_string(&pipeline).expect("a pipeline") + "\n[privacy]\nencrypt = true\n";
    fs::write(&pipeline, own).expect("a pipeline");
    let input = package().join("sample-data");
    let out = place.out();
    let run = ["run", text(&pipeline), "--input", text(&input), "--out", text(&out), "--tables-only"];
    let (code, _, error) = place.call(&run);
    assert_eq!((code, error.contains("there is no key"), out.exists()), (Some(2), true, false), "{error}");
    let environment = Command::new(env!("CARGO_BIN_EXE_xueji")).args(run).env("XUEJI_KEY", "8".repeat(64)).output().expect("the program");
    assert!(environment.status.success(), "{environment:?}");
}

#[test]
fn an_unchanged_file_is_not_read_again_and_changes_nothing() {
    for place in [Place::new(), Place::with_key("9")] {
        let input = place.scratch.path().join("in");
        copy_files(&package().join("sample-data"), &input);
        let run = |more: &[&str]| {
            let run = place.run("term-end", "2026-07-05", &[&["--input", text(&input), "--tables-only"], more].concat());
            let manifest: Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).expect("a manifest")).expect("an object");
            let tables = ["decisions", "findings", "sources", "submissions"].map(|table| {
                let file = run.join(format!("{table}.parquet"));
                if place.key.is_some() { Vec::new() } else { fs::read(file).expect("a table") }
            });
            ((manifest["cache"]["known"].as_u64(), manifest["cache"]["read"].as_u64()), tables, manifest["books"].clone())
        };
        let (none, plain, books) = run(&["--no-cache"]);
        assert_eq!(none, (None, None));
        assert!(!place.out().join(".cache").exists());
        let (first, tables, own) = run(&[]);
        assert_eq!((first.0, &tables, &own), (Some(0), &plain, &books));
        let files = first.1.expect("files");
        assert!(files > 20);
        assert_eq!(run(&[]), ((Some(files), Some(0)), plain.clone(), books.clone()));
        // Another pipeline that reads by the same words shares it.
        let audit = place.run("district-audit", "2026-06-12", &["--input", text(&input), "--tables-only"]);
        let manifest: Value = serde_json::from_slice(&fs::read(audit.join("manifest.json")).expect("a manifest")).expect("an object");
        assert!(manifest["cache"]["known"].as_u64() >= Some(files - 2), "{}", manifest["cache"]);
        // One file that is another: it alone is read.
        let changed = input.join("其他上报/考勤上报.csv");
        let mut bytes = fs::read(&changed).expect("a file");
        bytes.extend_from_slice(b"\r\n");
        fs::write(&changed, bytes).expect("a file");
        assert_eq!(run(&[]).0, (Some(files - 1), Some(1)));
        // Damage of every entry: as if nothing were known.
        let cache = place.out().join(".cache");
        for entry in fs::read_dir(&cache).expect("a cache").flatten() {
            let mut bytes = fs::read(entry.path()).expect("an entry");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x40;
            fs::write(entry.path(), bytes).expect("an entry");
        }
        let (counts, _, again) = run(&[]);
        assert_eq!((counts, &again), ((Some(0), Some(files)), &books));
        // The limit holds, and everything is its owner's only; with a key nothing can be read in it.
        run(&["--cache-limit", "20KB"]);
        let entries: Vec<PathBuf> = fs::read_dir(&cache).expect("a cache").flatten().map(|entry| entry.path()).collect();
        let bytes: u64 = entries.iter().map(|entry| fs::metadata(entry).expect("an entry").len()).sum();
        assert!(bytes <= 20_000 && !entries.is_empty(), "{bytes}");
        for entry in &entries {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert_eq!(fs::metadata(entry).expect("an entry").permissions().mode() & 0o077, 0);
            }
            assert_eq!(fs::read(entry).expect("an entry").starts_with(b"xueji sealed"), place.key.is_some());
        }
        let (counts, _, again) = run(&["--cache-limit", "0"]);
        assert_eq!((counts, again), (none, books));
        assert_eq!(fs::read_dir(&cache).expect("a cache").count(), 0, "no room is none for what is there");
    }
}

#[test]
fn two_runs_use_a_cache_at_once() {
    let place = Place::new();
    let run = |pipeline: &str, as_of: &str| {
        let out = place.out();
        let arguments =
            ["run", &format!("pipelines/{pipeline}.toml"), "--as-of", as_of, "--out", text(&out), "--tables-only"].map(str::to_owned);
        Command::new(env!("CARGO_BIN_EXE_xueji"))
            .args(arguments)
            .current_dir(package())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("a run")
    };
    for _ in 0..3 {
        let children = [run("term-end", "2026-07-05"), run("district-audit", "2026-06-12"), run("status-watch", "2026-06-12")];
        for mut child in children {
            assert!(child.wait().expect("an end").success());
        }
    }
    let left = fs::read_dir(place.out().join(".cache")).expect("a cache").flatten();
    assert_eq!(left.filter(|entry| entry.path().extension().is_none_or(|own| own != "read")).count(), 0);
}

#[test]
fn a_copy_for_analysis_names_nobody_and_joins() {
    let place = Place::new();
    let run = place.run("district-audit", "2026-06-12", &["--tables-only"]);
    let (secret, other) = (place.secret("a"), place.secret("b"));
    let copy = |name: &str, secret: &Path, run: &Path| {
        let folder = place.scratch.path().join(name);
        place.done(&["pseudonymise", text(run), "--out", text(&folder), "--secret", text(secret)]);
        folder
    };
    let (one, same, differs) = (copy("one", &secret, &run), copy("same", &secret, &run), copy("differs", &other, &run));
    let table = |folder: &Path, table: &str| rows(&folder.join(format!("{table}.parquet")));
    let (before, after) = (table(&run, "decisions"), table(&one, "decisions"));
    assert_eq!(before.len(), after.len());
    let people = |rows: &[BTreeMap<String, String>]| rows.iter().map(|row| row["student_key"].clone()).collect::<Vec<_>>();
    assert_eq!(people(&after), people(&table(&same, "decisions")));
    assert!(people(&after).is_sorted(), "rows stand in the order of pseudonyms");
    let set = |rows: &[BTreeMap<String, String>]| people(rows).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(set(&after).len(), after.len());
    assert!(set(&after).is_disjoint(&set(&table(&differs, "decisions"))), "another secret, other pseudonyms");
    let count = |rows: &[BTreeMap<String, String>]| {
        let mut counts = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry((row["school_code"].clone(), row["outcome"].clone())).or_insert(0) += 1);
        counts
    };
    assert_eq!(count(&before), count(&after));
    let keys: BTreeSet<String> = table(&one, "findings").iter().filter_map(|row| row.get("student_key").cloned()).collect();
    assert!(!keys.is_empty() && keys.iter().filter(|key| set(&after).contains(*key)).count() * 10 > keys.len() * 8, "findings join");
    // Another run, the same pseudonyms.
    let term_end = place.run("term-end", "2026-07-05", &["--tables-only"]);
    let later = copy("later", &secret, &term_end);
    assert_eq!(set(&table(&later, "decisions")), set(&after));
    // Nobody's name, number, key or quotation, in any cell of any table.
    let mut words: BTreeSet<String> = BTreeSet::new();
    for row in before.iter().chain(&table(&run, "positions")).chain(&table(&run, "findings")) {
        for column in ["student_key", "student_id", "name", "person_key", "affects_name", "found"] {
            words.extend(row.get(column).filter(|word| word.chars().count() > 3 || column == "name").cloned());
        }
    }
    let names: BTreeSet<&String> = words.iter().collect();
    for file in files_below(&one, &one) {
        if file.extension().is_some_and(|own| own == "parquet") {
            for row in rows(&one.join(&file)) {
                for (column, cell) in &row {
                    assert!(
                        !names.contains(cell) || column == "school_name" || column == "status",
                        "{}: {column} is {cell}",
                        file.display()
                    );
                    let numbers = before.iter().filter_map(|row| row.get("student_id")).filter(|id| cell.contains(&id[1..]));
                    assert_eq!(numbers.count(), 0, "{column}");
                }
            }
        }
    }
    // Of a run that is encrypted too; and never over what is there.
    let sealed = Place::with_key("c");
    let closed = sealed.run("district-audit", "2026-06-12", &["--tables-only"]);
    let folder = sealed.scratch.path().join("copy");
    sealed.done(&["pseudonymise", text(&closed), "--out", text(&folder), "--secret", text(&secret)]);
    assert_eq!(set(&table(&folder, "decisions")), set(&after));
    let (code, _, error) = place.call(&["pseudonymise", text(&run), "--out", text(&one), "--secret", text(&secret)]);
    assert_eq!((code, error.contains("is not empty")), (Some(2), true), "{error}");
    // A table that can't be read: no half of a copy is left.
    fs::write(run.join("findings.parquet"), b"PAR1").expect("damage");
    let half = place.scratch.path().join("half");
    let (code, _, error) = place.call(&["pseudonymise", text(&run), "--out", text(&half), "--secret", text(&secret)]);
    assert!(code == Some(2) && error.contains("findings.parquet") && !half.exists(), "{error}");
    let (code, _, error) = place.call(&["report", text(&run), "--out", text(&half)]);
    assert!(code == Some(2) && !half.exists(), "{error}");
}

#[test]
fn whoever_asks_for_a_student_is_written_down_or_told_nothing() {
    let place = Place::new();
    let run = place.run("term-end", "2026-07-05", &["--tables-only"]);
    let (ids, names) = people(&run);
    let log = place.out().join("term-end/access.ndjson");
    let lines = || -> Vec<Value> {
        let text = fs::read_to_string(&log).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
    };
    let name = names.iter().find(|name| names.iter().filter(|own| own == name).count() == 1).expect("a name of one");
    place.done(&["explain", name, "--run", text(&run)]);
    place.done(&["explain", &ids[0], "--run", text(&place.out())]);
    place.done(&["explain", &ids[1][1..], "--run", text(&run), "--json"]);
    let page = place.scratch.path().join("page.html");
    place.done(&["explain", &ids[0], "--run", text(&run), "--page", text(&page)]);
    assert_eq!(place.call(&["explain", "没有这个人", "--run", text(&run)]).0, Some(2));
    let written = lines();
    assert_eq!(written.len(), 5);
    let decisions = rows(&run.join("decisions.parquet"));
    for (line, id) in written.iter().zip([None, Some(&ids[0]), Some(&ids[1]), Some(&ids[0])]) {
        let own = &decisions[line["row"].as_u64().expect("a row") as usize];
        assert_eq!((line["found"].as_u64(), line["school_code"].as_str()), (Some(1), own.get("school_code").map(String::as_str)));
        assert!(id.is_none_or(|id| own.get("student_id") == Some(id)));
        assert!(line["at"].as_str().is_some_and(|at| at.ends_with('Z')) && line["run_id"] == run.file_name().unwrap().to_str().unwrap());
    }
    assert_eq!((written[3]["page"].as_bool(), written[4]["found"].as_u64()), (Some(true), Some(0)));
    let text_of_log = fs::read_to_string(&log).expect("a log");
    assert!(ids.iter().all(|id| !text_of_log.contains(&id[1..])), "a number is told whole");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&log).expect("a log").permissions().mode() & 0o777, 0o600);
    }
    // Where it can't be written nothing is told; another place can be named.
    fs::remove_file(&log).expect("a log");
    fs::create_dir(&log).expect("a folder in its place");
    let (code, said, error) = place.call(&["explain", name, "--run", text(&run)]);
    assert_eq!((code, said.as_str(), error.contains("nothing is told")), (Some(2), "", true), "{error}");
    assert!(!error.contains(name.as_str()));
    let elsewhere = place.scratch.path().join("log");
    place.done(&["explain", name, "--run", text(&run), "--access-log", text(&elsewhere)]);
    assert_eq!(fs::read_to_string(&elsewhere).expect("a log").lines().count(), 1);
}
