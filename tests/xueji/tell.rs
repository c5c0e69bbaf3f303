//! Whoever is to be told of a run is told: events, metrics, a command and one object, the same numbers as the run's own, and of nobody a number.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{package, rows, scratch, term_end, write_files};

const ROSTER: &str = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n\
    L310101201601010011,林一,示例区,3101010001,示例小学,三,1,在读,202309\n\
    L310101201601010022,陈二,示例区,3101010001,示例小学,三,1,在读,202309\n";

/// Nothing at all is wrong with this one: its student's results are there too.
const WHOLE: [(&str, &str); 1] = [("名册.csv", ROSTER)];

/// A pipeline file with its inputs, where it publishes and what it tells.
struct Scene {
    scratch: TempDir,
}

/// What a program said and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    log: String,
}

impl Said {
    /// The one object on standard output.
    fn object(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "not one line: {}", self.out);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The lines of the log, each an object of the form that every one has.
    fn log(&self) -> Vec<Value> {
        let object = |line: &str| {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(
                chrono::DateTime::parse_from_rfc3339(object["time"].as_str().expect("a time")).is_ok() && line.contains("Z\""),
                "{line}"
            );
            assert!(["info", "warning", "error"].contains(&object["level"].as_str().expect("a level")), "{line}");
            assert!(object["event"].is_string() && object["message"].is_string(), "{line}");
            object
        };
        self.log.lines().map(object).collect()
    }
}

fn xueji(arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("a text");
    Said { code: output.status.code(), out: text(output.stdout), log: text(output.stderr) }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

impl Scene {
    /// Input files, and a pipeline file of term end that tells what `tell` says.
    fn new<C: AsRef<[u8]>>(files: &[(&str, C)], tell: &str) -> Self {
        let own = Self { scratch: scratch() };
        fs::create_dir_all(own.input()).expect("a folder");
        write_files(&own.input(), files);
        own.tell("term-end", tell);
        own
    }

    /// The same over the sample district.
    fn of_the_sample(tell: &str) -> Self {
        let own = Self::new(&WHOLE, tell);
        fs::remove_dir_all(own.input()).expect("gone");
        crate::support::copy_files(&package().join("sample-data"), &own.input());
        own
    }

    fn tell(&self, name: &str, tell: &str) {
        let pipelines = package().join("pipelines");
        let text = fs::read_to_string(term_end()).expect("the pipeline");
        let text = text
            .replace("name = \"term-end\"", &format!("name = {}", json!(name)))
            .replace("\"calendars/", &format!("\"{}/calendars/", pipelines.display()))
            .replace("\"policies/", &format!("\"{}/policies/", pipelines.display()))
            .replace("\"../sample-data\"", "\"in\"");
        write_files(self.scratch.path(), &[("pipeline.toml", format!("{text}\n[tell]\n{tell}\n"))]);
    }

    fn place(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn input(&self) -> PathBuf {
        self.place("in")
    }

    /// A program for the command: what it is given on standard input and in the environment goes into `told.json` and `told.env`.
    fn write_program(&self, then: &str) {
        let script = format!(
            "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ncat > told.json\nenv | grep -E '^XUEJI_(EXIT_CODE|KEY|KEY_FILE|PIPELINE|RUN)=' | sort > told.env\necho $* > told.args\n{then}\n"
        );
        write_files(self.scratch.path(), &[("tell-office", script)]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.place("tell-office"), fs::Permissions::from_mode(0o700)).expect("a program");
        }
    }

    /// What the program was told, and forgets it.
    fn told(&self) -> Option<(Value, String)> {
        let text = fs::read_to_string(self.place("told.json")).ok()?;
        fs::remove_file(self.place("told.json")).expect("gone");
        Some((serde_json::from_str(&text).expect("one object"), fs::read_to_string(self.place("told.env")).expect("an environment")))
    }

    fn run(&self, more: &[&str]) -> Said {
        let (file, out) = (self.place("pipeline.toml"), self.place("out"));
        xueji(&[&["run", path(&file), "--out", path(&out), "--tables-only", "--json", "--log-format", "json"], more].concat())
    }

    fn events(&self) -> Vec<Value> {
        events(&self.place("told/lineage.ndjson"))
    }

    fn metrics(&self) -> Metrics {
        Metrics::parse(&fs::read_to_string(self.place("xueji.prom")).expect("metrics"))
    }
}

const EVERYTHING: &str =
    "lineage = \"told/lineage.ndjson\"\nmetrics = \"xueji.prom\"\ncommand = [\"./tell-office\", \"--from\", \"xueji\"]";

fn events(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("events");
    assert!(text.ends_with('\n'));
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    events.iter().for_each(assert_event);
    events
}

/// Holds an event to what OpenLineage 2-0-2 and the facets ask of it: what has to be there, and of which type it is.
fn assert_event(event: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value} in {event}")).to_owned();
    assert_eq!(event["schemaURL"], "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent");
    assert!(text(&event["producer"]).starts_with("urn:xueji:program:"));
    assert!(chrono::DateTime::parse_from_rfc3339(&text(&event["eventTime"])).is_ok());
    assert!(["START", "COMPLETE", "FAIL", "ABORT"].contains(&text(&event["eventType"]).as_str()));
    let id = text(&event["run"]["runId"]);
    let parts: Vec<&str> = id.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id} is no UUID");
    assert!(parts.iter().all(|part| part.chars().all(|digit| digit.is_ascii_digit() || ('a'..='f').contains(&digit))), "{id}");
    assert!(parts[2].starts_with('7') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id} has no version or variant");
    assert_eq!(event["job"]["namespace"], "xueji");
    text(&event["job"]["name"]);
    let required: BTreeMap<&str, &[&str]> = [
        ("processing_engine", &["version"][..]),
        ("nominalTime", &["nominalStartTime"]),
        ("errorMessage", &["message", "programmingLanguage"]),
        ("xueji_result", &["run_id", "students", "outcomes"]),
        ("jobType", &["processingType", "integration"]),
        ("documentation", &["description"]),
        ("dataSource", &["name"]),
        ("version", &["datasetVersion"]),
        ("schema", &["fields"]),
        ("dataQualityMetrics", &["columnMetrics", "rowCount", "fileCount", "bytes"]),
        ("dataQualityAssertions", &["assertions"]),
        ("outputStatistics", &["size", "fileCount"]),
    ]
    .into();
    let mut facets = vec![&event["run"]["facets"], &event["job"]["facets"]];
    for dataset in event["inputs"].as_array().expect("inputs").iter().chain(event["outputs"].as_array().expect("outputs")) {
        assert_eq!(dataset["namespace"], "xueji");
        text(&dataset["name"]);
        facets.extend(["facets", "inputFacets", "outputFacets"].map(|name| &dataset[name]).iter().filter(|own| !own.is_null()));
    }
    for (name, facet) in facets.into_iter().flat_map(|own| own.as_object().expect("facets")) {
        text(&facet["_producer"]);
        let form = text(&facet["_schemaURL"]);
        assert!(form.starts_with("https://openlineage.io/spec/facets/") || name == "xueji_result", "{name} has the form {form}");
        for field in *required.get(name.as_str()).unwrap_or_else(|| panic!("an unknown facet {name}")) {
            assert!(!facet[*field].is_null(), "{name} lacks {field}");
        }
        for assertion in facet["assertions"].as_array().into_iter().flatten() {
            assert!(assertion["assertion"].is_string() && assertion["success"].is_boolean(), "{assertion}");
        }
        for field in facet["fields"].as_array().into_iter().flatten() {
            assert!(field["name"].is_string() && field["type"].is_string(), "{field}");
        }
        for number in ["rowCount", "fileCount", "bytes", "size"].iter().map(|name| &facet[*name]).filter(|own| !own.is_null()) {
            assert!(number.is_u64(), "{facet}");
        }
    }
}

/// What each event is and of which run.
fn kinds(events: &[Value]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event["eventType"].as_str().expect("a kind"), event["run"]["runId"].as_str().expect("a run"))).collect()
}

/// Metrics by name and labels, read as strictly as the format is written down.
#[derive(Debug)]
struct Metrics(BTreeMap<(String, BTreeMap<String, String>), f64>);

impl Metrics {
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line is not whole");
        let mut values = BTreeMap::new();
        let mut families = BTreeSet::new();
        let mut family = String::new();
        let mut has_help = false;
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect("words");
                assert!(!words.is_empty() && families.insert(name.to_owned()), "{name} comes twice");
                (family, has_help) = (name.to_owned(), true);
                continue;
            }
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                assert!(has_help && kind == format!("{family} gauge"), "{line}");
                continue;
            }
            let (name, rest) = line.split_once('{').unwrap_or_else(|| panic!("no labels: {line}"));
            assert!(name == family && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{line} below {family}");
            let (labels, rest) = labels(rest);
            let value: f64 = rest.strip_prefix(' ').expect("a value").parse().unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(values.insert((name.to_owned(), labels), value).is_none(), "twice: {line}");
        }
        Self(values)
    }

    /// The value of a metric of `term-end` with these labels beside.
    fn get(&self, name: &str, more: &[(&str, &str)]) -> Option<f64> {
        let all = [("pipeline", "term-end")].into_iter().chain(more.iter().copied());
        self.0.get(&(name.to_owned(), all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())).copied()
    }

    /// All values of a metric by one of its labels, without those that are nought.
    fn by(&self, name: &str, label: &str) -> BTreeMap<String, u64> {
        let own = self.0.iter().filter(|((own, _), value)| own == name && **value > 0.0);
        own.map(|((_, labels), value)| (labels[label].clone(), *value as u64)).collect()
    }
}

/// Labels up to the closing bracket, and what comes after it.
fn labels(text: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(name.chars().all(|letter| letter.is_ascii_lowercase()), "{text}");
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next().expect("an end of the value") {
                (_, '\\') => value.push(match letters.next().expect("what is escaped").1 {
                    'n' => '\n',
                    own @ ('\\' | '"') => own,
                    other => panic!("\\{other} in {text}"),
                }),
                (end, '"') => break end + 1,
                (_, own) => value.push(own),
            }
        };
        assert!(labels.insert(name.to_owned(), value).is_none(), "{text}");
        let after = &after[end..];
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, after.strip_prefix('}').expect("a closing bracket")),
        }
    }
}

fn counts(object: &Value) -> BTreeMap<String, u64> {
    let counts = object.as_object().expect("an object").iter();
    counts.map(|(name, own)| (name.clone(), own.as_u64().expect("a number"))).filter(|(_, own)| *own > 0).collect()
}

/// All ID numbers of the sample district: whole, none of them may stand anywhere.
fn numbers() -> Vec<String> {
    let decisions = rows(&package().join("reports/sample/decisions.parquet"));
    let keys = decisions.iter().map(|decision| decision["student_key"].as_str()).filter(|key| !key.contains(':'));
    let numbers: Vec<String> = keys.map(|key| key[1..].to_owned()).collect();
    assert!(numbers.len() > 500);
    numbers
}

fn assert_no_number(numbers: &[String], text: &str, what: &str) {
    for number in numbers {
        assert!(!text.contains(number.as_str()), "{what} holds {number}");
    }
}

#[test]
fn events_metrics_and_command_tell_the_numbers_of_the_run_and_of_nobody_a_number() {
    let scene = Scene::of_the_sample(&format!("{EVERYTHING}\nwhen = \"always\""));
    scene.write_program("");
    let said = scene.run(&[]);
    assert_eq!(said.code, Some(0), "{}", said.log);
    let object = said.object();
    let run = PathBuf::from(object["run"].as_str().expect("a folder"));
    let manifest: Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).expect("a manifest")).expect("JSON");

    let events = scene.events();
    let [(first, id), (last, same)] = kinds(&events)[..] else { panic!("{} events", events.len()) };
    assert_eq!((first, last, id), ("START", "COMPLETE", same));
    assert!(events.iter().all(|event| event["job"]["name"] == "term-end"));
    assert_eq!(events[0]["run"]["facets"]["nominalTime"]["nominalStartTime"], "2026-07-05T00:00:00+08:00");
    let end = &events[1];
    let result = &end["run"]["facets"]["xueji_result"];
    for name in ["run_id", "students", "outcomes", "findings_by_severity", "open_findings_by_severity"] {
        assert_eq!(result[name], manifest[name], "{name}");
    }
    let inputs = end["inputs"].as_array().expect("inputs");
    let read: BTreeMap<String, u64> = inputs
        .iter()
        .map(|own| {
            let table = own["name"].as_str().and_then(|name| name.strip_prefix("term-end/inputs/")).expect("a table");
            (table.to_owned(), own["inputFacets"]["dataQualityMetrics"]["rowCount"].as_u64().expect("a number"))
        })
        .collect();
    let books = manifest["books"].as_object().expect("books");
    assert_eq!(read, books.iter().map(|(table, own)| (table.clone(), own["read"].as_u64().expect("a number"))).collect());
    let sources = rows(&run.join("sources.parquet"));
    let findings = rows(&run.join("findings.parquet"));
    for input in inputs {
        let table = input["name"].as_str().expect("a name").rsplit('/').next().expect("a table");
        let own: Vec<_> = sources.iter().filter(|source| source["table"] == table).collect();
        let files: BTreeSet<&str> = own.iter().map(|source| source["sha256"].as_str()).collect();
        let facets = &input["inputFacets"];
        assert_eq!(facets["dataQualityMetrics"]["fileCount"].as_u64(), Some(files.len() as u64), "{table}");
        let all = manifest["inputs"].as_array().expect("files").iter();
        let bytes: BTreeMap<&str, u64> =
            all.map(|file| (file["sha256"].as_str().expect("a hash"), file["bytes"].as_u64().expect("bytes"))).collect();
        assert_eq!(facets["dataQualityMetrics"]["bytes"].as_u64(), Some(files.iter().map(|file| bytes[file]).sum()), "{table}");
        let sheets: BTreeSet<(&str, &str)> = own.iter().map(|source| (source["file"].as_str(), source["sheet"].as_str())).collect();
        let mut failed: BTreeMap<(String, String), u64> = BTreeMap::new();
        for finding in &findings {
            let of = |column: &str| finding.get(column).cloned().unwrap_or_default();
            if sheets.contains(&(of("file").as_str(), of("sheet").as_str())) {
                *failed.entry((of("code"), of("column"))).or_default() += of("count").parse::<u64>().expect("a count");
            }
        }
        // Of a code with very many columns the columns are not told apart.
        for code in failed.keys().map(|(code, _)| code.clone()).collect::<BTreeSet<_>>() {
            let own: Vec<_> = failed.keys().filter(|(other, _)| *other == code).cloned().collect();
            if own.len() > 20 {
                let cells = own.iter().filter_map(|key| failed.remove(key)).sum();
                failed.insert((code, String::new()), cells);
            }
        }
        let assertions = facets["dataQualityAssertions"]["assertions"].as_array().expect("assertions");
        let told = assertions.iter().filter(|own| own["success"] == false).map(|own| {
            let text = |name: &str| own[name].as_str().unwrap_or_default().to_owned();
            ((text("assertion"), text("column")), text("actual").parse().expect("a number"))
        });
        assert_eq!(told.collect::<BTreeMap<_, u64>>(), failed, "{table}");
        let empty = failed.iter().filter(|((code, _), _)| code == "I0201");
        let empty: serde_json::Map<_, _> = empty.map(|((_, column), cells)| (column.clone(), json!({ "nullCount": cells }))).collect();
        assert_eq!(facets["dataQualityMetrics"]["columnMetrics"], Value::Object(empty), "{table}");
        let passed: Vec<&Value> = assertions.iter().filter(|own| own["success"] == true).map(|own| &own["assertion"]).collect();
        assert!(passed.iter().all(|code| !failed.keys().any(|(failed, _)| **code == *failed)), "{table}");
    }
    assert!(inputs.iter().any(|own| own["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"] == false));
    let outputs = end["outputs"].as_array().expect("outputs");
    let decisions = outputs.iter().find(|own| own["name"] == "term-end/decisions.parquet").expect("the decisions");
    assert_eq!(decisions["outputFacets"]["outputStatistics"]["rowCount"], manifest["students"]);
    assert_eq!(
        decisions["outputFacets"]["outputStatistics"]["size"].as_u64(),
        fs::metadata(run.join("decisions.parquet")).ok().map(|file| file.len())
    );
    assert_eq!(decisions["facets"]["version"]["datasetVersion"], manifest["run_id"]);
    let schema: Value = serde_json::from_slice(&fs::read(package().join("docs/schema/decisions.json")).expect("a schema")).expect("JSON");
    let columns = |columns: &Value| -> Vec<(Value, Value)> {
        columns.as_array().expect("columns").iter().map(|own| (own["name"].clone(), own["type"].clone())).collect()
    };
    assert_eq!(columns(&decisions["facets"]["schema"]["fields"]), columns(&schema["columns"]));
    let names: BTreeSet<&str> = outputs.iter().filter_map(|own| own["name"].as_str()?.strip_prefix("term-end/")).collect();
    let entries: Vec<String> =
        fs::read_dir(&run).expect("a run").map(|own| own.expect("one").file_name().into_string().expect("a name")).collect();
    assert_eq!(names, entries.iter().map(String::as_str).collect());

    let metrics = scene.metrics();
    let one = |name| metrics.get(name, &[]);
    assert_eq!((one("xueji_run_success"), one("xueji_run_exit_code")), (Some(1.0), Some(0.0)));
    assert_eq!(one("xueji_run_last_success_timestamp_seconds"), one("xueji_run_end_timestamp_seconds"));
    let (began, ended) =
        (one("xueji_run_start_timestamp_seconds").expect("a time"), one("xueji_run_end_timestamp_seconds").expect("a time"));
    assert!((ended - began - one("xueji_run_duration_seconds").expect("a time")).abs() < 0.002 && ended > began);
    assert_eq!(metrics.by("xueji_students", "outcome"), counts(&manifest["outcomes"]));
    assert_eq!(metrics.get("xueji_students", &[("outcome", "promote")]), manifest["outcomes"]["promote"].as_f64());
    assert_eq!(metrics.by("xueji_findings", "severity"), counts(&manifest["findings_by_severity"]));
    assert_eq!(metrics.by("xueji_open_findings", "severity"), counts(&manifest["open_findings_by_severity"]));
    assert_eq!(metrics.by("xueji_findings_by_code", "code"), counts(&manifest["findings"]));
    assert_eq!(metrics.by("xueji_open_findings_by_code", "code"), counts(&manifest["open_findings"]));
    assert_eq!(one("xueji_input_files"), Some(manifest["inputs"].as_array().expect("files").len() as f64));
    for (table, own) in books {
        for name in ["read", "used", "set_aside"] {
            assert_eq!(metrics.get(&format!("xueji_rows_{name}"), &[("table", table)]), own[name].as_f64(), "{table} {name}");
        }
        for (reason, rows) in own["out_of_scope"].as_object().expect("reasons") {
            assert_eq!(metrics.get("xueji_rows_out_of_scope", &[("table", table), ("reason", reason)]), rows.as_f64(), "{table} {reason}");
        }
    }
    assert_eq!(metrics.get("xueji_run_stage_seconds", &[("stage", "reading")]), manifest["seconds"]["reading"].as_f64());

    let (told, environment) = scene.told().expect("a command that was called");
    assert_eq!(told, object);
    let run_id = manifest["run_id"].as_str().expect("an id");
    assert_eq!(environment, format!("XUEJI_EXIT_CODE=0\nXUEJI_PIPELINE=term-end\nXUEJI_RUN={run_id}\n"));
    assert_eq!(fs::read_to_string(scene.place("told.args")).expect("arguments"), "--from xueji\n");
    assert!(said.log().iter().any(|line| line["event"] == "progress" && line["stage"] == "judging" && line["of"] == manifest["students"]));
    assert!(said.log().iter().any(|line| line["event"] == "published" && line["run_id"] == run_id && line["pipeline"] == "term-end"));

    let numbers = numbers();
    let text = |place: PathBuf| fs::read_to_string(place).expect("a text");
    assert_no_number(&numbers, &said.out, "the object");
    assert_no_number(&numbers, &said.log, "the log");
    assert_no_number(&numbers, &text(scene.place("told/lineage.ndjson")), "an event");
    assert_no_number(&numbers, &text(scene.place("xueji.prom")), "a metric");
    assert_no_number(&numbers, &told.to_string(), "what the command gets");
}

#[test]
fn a_run_that_fails_is_told_and_the_last_success_stays_known() {
    let scene = Scene::new(&WHOLE, EVERYTHING);
    scene.write_program("");
    assert_eq!(scene.run(&[]).code, Some(0));
    assert!(scene.told().is_none(), "called though nothing failed");
    let success = scene.metrics().get("xueji_run_last_success_timestamp_seconds", &[]);
    assert!(success.is_some());

    // The configuration can't be used, the inputs can't, and the pipeline file is none at all.
    let empty = scene.place("empty");
    fs::create_dir_all(&empty).expect("a folder");
    let ways: [(&[&str], &str); 2] = [(&["--as-of", "2026-01-01"], "last day"), (&["--input", path(&empty)], "no 学籍名册")];
    for (more, why) in ways {
        let said = scene.run(more);
        let object = said.object();
        assert_eq!((said.code, &object["exit_code"], &object["pipeline"]), (Some(2), &json!(2), &json!("term-end")));
        assert!(object["error"]["message"].as_str().expect("a reason").contains(why), "{object}");
        assert!(said.log().iter().any(|line| line["level"] == "error" && line["message"].as_str().is_some_and(|own| own.contains(why))));
        let events = scene.events();
        let [.., (first, id), (last, same)] = kinds(&events)[..] else { panic!("{} events", events.len()) };
        assert_eq!((first, last, id), ("START", "FAIL", same));
        let error = &events.last().expect("an event")["run"]["facets"]["errorMessage"];
        assert_eq!(error["message"], object["error"]["message"]);
        let metrics = scene.metrics();
        assert_eq!((metrics.get("xueji_run_success", &[]), metrics.get("xueji_run_exit_code", &[])), (Some(0.0), Some(2.0)));
        assert_eq!(metrics.get("xueji_run_last_success_timestamp_seconds", &[]), success);
        assert_eq!(metrics.get("xueji_input_files", &[]), None, "numbers of a run that was not");
        let (told, environment) = scene.told().expect("a command that was called");
        assert_eq!((told, environment.as_str()), (object, "XUEJI_EXIT_CODE=2\nXUEJI_PIPELINE=term-end\nXUEJI_RUN=\n"));
    }
    // Without the file the receipt of the last run says it, to the time when it was made.
    fs::remove_file(scene.place("xueji.prom")).expect("gone");
    scene.run(&["--as-of", "2026-01-01"]);
    let receipt = scene.metrics().get("xueji_run_last_success_timestamp_seconds", &[]).expect("a time");
    assert!((receipt - success.expect("a time")).abs() < 10.0);

    let held = xueji::pipeline::folder::Held::take(&scene.place("out"), "term-end").expect("a folder").expect("nobody else");
    let before = fs::read(scene.place("xueji.prom")).expect("metrics");
    let said = scene.run(&[]);
    assert_eq!((said.code, &said.object()["error"]["kind"]), (Some(75), &json!("held")));
    // The run that holds the output says how it ends.
    assert_eq!(fs::read(scene.place("xueji.prom")).expect("metrics"), before);
    assert_eq!(scene.told().expect("a call").0["exit_code"], 75);
    drop(held);

    // One fault of the pipeline file does not keep whoever is named in it from hearing of that fault.
    let text = fs::read_to_string(scene.place("pipeline.toml")).expect("a pipeline file");
    write_files(scene.scratch.path(), &[("pipeline.toml", text.replace("school_year", "school_yaer"))]);
    let said = scene.run(&[]);
    assert_eq!(said.code, Some(2));
    assert_eq!(scene.told().expect("a call").0, said.object());
    let events = scene.events();
    assert_eq!(events.last().map(|event| (&event["eventType"], &event["job"]["name"])), Some((&json!("FAIL"), &json!("term-end"))));
    write_files(scene.scratch.path(), &[("pipeline.toml", "[pipeline")]);
    let program = scene.place("tell-office");
    let said = scene.run(&["--on-failure", path(&program)]);
    assert_eq!((said.code, scene.told().expect("a call").0), (Some(2), said.object()));
}

#[test]
fn the_command_line_comes_before_the_pipeline_file() {
    let scene = Scene::new(&WHOLE, &format!("{EVERYTHING}\nwhen = \"always\""));
    scene.write_program("");
    let (lineage, metrics) = (scene.place("other.ndjson"), scene.place("other.prom"));
    let office = scene.place("tell-office");
    let said = scene.run(&["--lineage", path(&lineage), "--metrics", path(&metrics), "--on-failure", path(&office)]);
    assert_eq!(said.code, Some(0), "{}", said.log);
    assert_eq!(events(&lineage).len(), 2);
    assert!(metrics.exists() && !scene.place("told/lineage.ndjson").exists() && !scene.place("xueji.prom").exists());
    assert!(scene.told().is_none(), "called on success");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_told_as_such() {
    let scene = Scene::new(&WHOLE, EVERYTHING);
    scene.write_program("");
    let mut roster = ROSTER.to_owned();
    for number in 0..400_000 {
        roster.push_str(&format!(",学生{number},示例区,3101010001,示例小学,三,1,在读,202309\n"));
    }
    write_files(&scene.input(), &[("名册.csv", &roster)]);
    let (file, out) = (scene.place("pipeline.toml"), scene.place("out"));
    let child = Command::new(env!("CARGO_BIN_EXE_xueji"))
        .args(["run", path(&file), "--out", path(&out), "--json", "--log-format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    while !out.join("term-end/.lock").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("a signal").success());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("a text");
    let said = Said { code: output.status.code(), out: text(output.stdout), log: text(output.stderr) };
    assert_eq!((said.code, &said.object()["error"]["kind"], &said.object()["exit_code"]), (Some(130), &json!("interrupted"), &json!(130)));
    assert!(
        said.log().iter().any(|line| line["level"] == "error" && line["message"].as_str().is_some_and(|own| own.contains("interrupted")))
    );
    let events = scene.events();
    let [(first, id), (last, same)] = kinds(&events)[..] else { panic!("{} events", events.len()) };
    assert_eq!((first, last, id), ("START", "ABORT", same));
    let metrics = scene.metrics();
    assert_eq!((metrics.get("xueji_run_success", &[]), metrics.get("xueji_run_exit_code", &[])), (Some(0.0), Some(130.0)));
    assert_eq!(metrics.get("xueji_run_last_success_timestamp_seconds", &[]), None);
    assert!(scene.told().is_none(), "whoever interrupts knows");
}

#[test]
fn the_command_is_called_when_it_is_to_be() {
    // A number of another form is a query, half an id an error.
    let query = ROSTER.replace(",小学入学年月\n", ",小学入学年月,上海市学籍号\n").replace(",202309\n", ",202309,123\n");
    let broken = ROSTER.replace("L310101201601010022", "L31010120160101002");
    let ways: [(&str, &str, bool); 9] = [
        ("failure", broken.as_str(), false),
        ("error", ROSTER, false),
        ("error", &query, false),
        ("error", &broken, true),
        ("query", ROSTER, false),
        ("query", &query, true),
        ("query", &broken, true),
        ("always", ROSTER, true),
        ("failure", "", true),
    ];
    let scene = Scene::new(&WHOLE, "");
    scene.write_program("");
    for (when, roster, is_called) in ways {
        scene.tell("term-end", &format!("command = [\"./tell-office\"]\nwhen = \"{when}\""));
        write_files(&scene.input(), &[("名册.csv", roster)]);
        let said = scene.run(&["--fail-on", "error"]);
        let object = said.object();
        let called = scene.told();
        assert_eq!(called.is_some(), is_called, "{when}: {object}");
        if let Some((told, environment)) = called {
            assert_eq!(told, object);
            assert!(environment.starts_with(&format!("XUEJI_EXIT_CODE={}\n", said.code.expect("a code"))), "{environment}");
        }
    }
}

#[test]
fn what_the_command_does_changes_nothing() {
    let scene = Scene::new(&WHOLE, "");
    let tell = "command = [\"./tell-office\"]\nwhen = \"always\"\nseconds = 1";
    for (then, why) in [("echo cut off 310104201309010017 >&2\nexit 7", "cut off 310104**********17"), ("sleep 30", "longer than 1 s")] {
        scene.write_program(then);
        scene.tell("term-end", tell);
        let begun = Instant::now();
        let said = scene.run(&[]);
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(said.code, Some(0));
        assert!(said.object()["run"].is_string() && scene.told().is_some());
        let warnings: Vec<Value> = said.log().into_iter().filter(|line| line["level"] == "warning").collect();
        assert!(warnings.len() == 1 && warnings[0]["message"].as_str().is_some_and(|own| own.contains(why)), "{warnings:?}");
    }
    // Nor does what it has started go on, once it is stopped.
    #[cfg(target_os = "linux")]
    {
        scene.write_program("sleep 4141 & echo $! > child; wait");
        assert_eq!(scene.run(&[]).code, Some(0));
        let child = fs::read_to_string(scene.place("child")).expect("a number");
        let state = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        // Nobody may have asked yet how it ended.
        assert!(state.is_empty() || state.contains(") Z ") || !state.contains("(sleep)"), "{state}");
    }
    for command in ["[\"./nobody\"]", "[\"no-such-program-anywhere\"]"] {
        scene.tell("term-end", &format!("command = {command}\nwhen = \"always\""));
        let said = scene.run(&[]);
        assert_eq!(said.code, Some(0));
        assert!(
            said.log()
                .iter()
                .any(|line| line["level"] == "warning" && line["message"].as_str().is_some_and(|own| own.contains("can't be called")))
        );
    }
    // It says more than anybody wants to know, and reads nothing: neither holds it up.
    write_files(scene.scratch.path(), &[("tell-office", "#!/bin/sh\nhead -c 300000 /dev/zero >&2 && touch \"$(dirname \"$0\")/done\"\n")]);
    scene.tell("term-end", "command = [\"./tell-office\"]\nwhen = \"always\"");
    let said = scene.run(&[]);
    assert!(said.code == Some(0) && scene.place("done").exists() && !said.log.contains("warning"), "{}", said.log);
}

#[cfg(unix)]
#[test]
fn places_that_cannot_be_written_change_nothing_but_the_log() {
    let scene = Scene::new(&WHOLE, "");
    let first = scene.run(&[]).object();
    let of = |object: &Value| {
        let run = PathBuf::from(object["run"].as_str().expect("a folder"));
        ["decisions.parquet", "findings.parquet"].map(|name| fs::read(run.join(name)).expect("a result"))
    };
    write_files(scene.scratch.path(), &[("file", "x")]);
    let (below, folder) = (scene.place("file/below"), scene.input());
    for place in [path(&below), path(&folder), "/dev/full"] {
        let said = scene.run(&["--lineage", place, "--metrics", place]);
        assert_eq!(said.code, Some(0), "{}", said.log);
        assert!(of(&said.object()) == of(&first), "other bytes");
        let warned = |what: &str| {
            said.log().iter().any(|line| line["level"] == "warning" && line["message"].as_str().is_some_and(|own| own.contains(what)))
        };
        assert!(warned("lineage file") && warned("metrics file"), "{place}: {}", said.log);
        let failed = scene.run(&["--lineage", place, "--metrics", place, "--as-of", "2026-01-01"]);
        assert_eq!((failed.code, &failed.object()["exit_code"]), (Some(2), &json!(2)));
    }
    assert!(fs::metadata("/dev/full").is_ok_and(|own| !own.is_file()), "a device was replaced");
    // A pipe that nobody reads does not hold it.
    let pipe = scene.place("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("a pipe").success());
    assert_eq!(scene.run(&["--lineage", path(&pipe), "--metrics", path(&pipe)]).code, Some(0));
}

#[cfg(unix)]
#[test]
fn metrics_are_replaced_in_one_step_and_can_be_read_by_others() {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new(&WHOLE, EVERYTHING);
    scene.write_program("");
    scene.run(&[]);
    let mode = |name: &str| fs::metadata(scene.place(name)).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode("xueji.prom"), mode("told/lineage.ndjson")), (0o644, 0o600));
    let before = fs::read_to_string(scene.place("xueji.prom")).expect("metrics");
    let mut open = fs::File::open(scene.place("xueji.prom")).expect("metrics");
    scene.run(&["--as-of", "2026-01-01"]);
    let mut seen = String::new();
    open.read_to_string(&mut seen).expect("a text");
    assert_eq!(seen, before, "whoever was reading saw another file");
    assert_eq!(scene.metrics().get("xueji_run_success", &[]), Some(0.0));
    let left = fs::read_dir(scene.scratch.path()).expect("a folder").filter_map(|own| own.ok()?.file_name().into_string().ok());
    assert_eq!(left.filter(|name| name.contains(".part")).count(), 0);
}

#[test]
fn events_of_several_runs_share_a_file_and_none_is_half_there() {
    let scene = Scene::new(&WHOLE, "");
    let lineage = scene.place("lineage.ndjson");
    // Somebody's disk was full, or its machine went down.
    fs::write(&lineage, "{\"eventType\":\"STA").expect("half an event");
    let runs: Vec<_> = (0..6)
        .map(|number| {
            let out = scene.place(&format!("out{number}"));
            let mut program = Command::new(env!("CARGO_BIN_EXE_xueji"));
            program.arg("run").arg(scene.place("pipeline.toml")).arg("--out").arg(out).arg("--lineage").arg(&lineage).arg("--tables-only");
            program.stdout(Stdio::null()).spawn().expect("the program")
        })
        .collect();
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    let text = fs::read_to_string(&lineage).expect("events");
    let (half, whole) = text.split_once('\n').expect("lines");
    assert_eq!(half, "{\"eventType\":\"STA");
    fs::write(&lineage, whole).expect("the whole ones");
    let events = events(&lineage);
    let ids: BTreeSet<&str> = kinds(&events).into_iter().map(|(_, id)| id).collect();
    assert_eq!((events.len(), ids.len()), (12, 6));
}

#[cfg(unix)]
#[test]
fn hostile_names_are_told_masked_and_on_one_line() {
    let number = "310104201309010017";
    let name = format!("夜\"班\n{number}\u{1b}");
    let scene = Scene::new(&WHOLE, "");
    scene.write_program("");
    write_files(
        &scene.input(),
        &[(&*format!("{number}\n\"}}/名{number}册.csv"), ROSTER.replace("姓名", &format!("姓名({number})"))), ("坏\n.xlsx", "PK".into())],
    );
    scene.tell(&name, &format!("{EVERYTHING}\nwhen = \"always\""));
    let said = scene.run(&[]);
    assert_eq!(said.code, Some(0), "{}", said.log);
    let shown = "夜\"班\n310104**********17\u{FFFD}";
    assert_eq!(said.object()["pipeline"], shown);
    said.log();
    let events = scene.events();
    assert!(events.len() == 2 && events.iter().all(|event| event["job"]["name"] == shown));
    let metrics = scene.metrics();
    assert!(!metrics.0.is_empty() && metrics.0.keys().all(|(_, labels)| labels["pipeline"] == shown));
    let (told, environment) = scene.told().expect("a call");
    for text in [&said.out, &said.log, &told.to_string(), &environment, &json!(events).to_string(), &format!("{metrics:?}")] {
        assert!(!text.contains(number) && !text.contains('\u{1b}'), "{text}");
    }
    // What can't be used is told as carefully as what can.
    let said = scene.run(&["--as-of", number]);
    assert!(
        said.code == Some(2) && said.object()["exit_code"] == 2 && !said.out.contains(number) && !said.log.contains(number),
        "{}",
        said.log
    );
    let said = scene.run(&["--policy", &format!("{number}\n.toml")]);
    assert!(said.code == Some(2) && !said.out.contains(number) && !said.log.contains(number), "{}", said.log);
    assert_eq!(said.log().len(), 3);
}

#[test]
fn every_command_that_fails_gives_one_object_that_says_why() {
    let scene = Scene::new(&WHOLE, "");
    let (nothing, out) = (scene.place("nothing"), scene.place("out"));
    let (nothing, file) = (path(&nothing), path(&out));
    let pipeline = term_end();
    let pipeline = path(&pipeline);
    let ways: [&[&str]; 14] = [
        &["run", pipeline, "--input", nothing, "--out", file],
        &["run", pipeline, "--jobs", "many"],
        &["check", nothing],
        &["explain", "林一", "--run", nothing],
        &["diff", nothing, nothing],
        &["report", nothing, "--out", file],
        &["export", "national", nothing, "--out", "x.csv"],
        &["match", pipeline, "--input", nothing],
        &["rules", "A999"],
        &["sample", "--students", "10", "--out", pipeline],
        &["signoff", "--run", nothing],
        &["template", "学籍名册", "--out", nothing],
        &["runn"],
        &["run"],
    ];
    for way in ways {
        let said = xueji(&[way, &["--json", "--log-format=json"]].concat());
        let object = said.object();
        assert_eq!((said.code, &object["exit_code"]), (Some(2), &json!(2)), "{way:?}");
        assert!(object["error"]["message"].as_str().is_some_and(|own| !own.is_empty()) && object["error"]["kind"].is_string(), "{way:?}");
        assert!(said.log().iter().any(|line| line["level"] == "error"), "{way:?}: {}", said.log);
        // As text the same is said in words, and nothing on standard output.
        let said = xueji(way);
        assert!(said.code == Some(2) && said.out.is_empty() && said.log.starts_with("error: "), "{way:?}: {}", said.log);
    }
    let help = xueji(&["run", "--help", "--json"]);
    assert!(help.code == Some(0) && help.out.contains("--on-failure") && help.log.is_empty());
}

#[cfg(unix)]
#[test]
fn whoever_interrupts_the_telling_does_not_undo_the_run() {
    let scene = Scene::new(&WHOLE, &format!("{EVERYTHING}\nwhen = \"always\""));
    scene.write_program("trap 'echo ended > end; exit' TERM; sleep 30 & wait");
    let (file, out) = (scene.place("pipeline.toml"), scene.place("out"));
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_xueji"));
    let mut run =
        run.args(["run", path(&file), "--out", path(&out), "--tables-only"]).stdout(std::process::Stdio::null()).spawn().expect("a run");
    let began = std::time::Instant::now();
    while !scene.place("told.args").exists() && began.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let signalled = std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status();
    assert!(signalled.expect("a signal").success());
    assert_eq!(run.wait().expect("an end").code(), Some(0), "the run is published");
    assert!(scene.place("out/term-end/latest").exists());
    let asked = std::time::Instant::now();
    while !scene.place("end").exists() {
        assert!(asked.elapsed() < std::time::Duration::from_secs(20), "the command is not left behind");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let events = scene.events();
    assert_eq!(events.last().map(|event| &event["eventType"]), Some(&json!("COMPLETE")));
}
