//! What went into a run and what came out of it, as OpenLineage events (https://openlineage.io, version 2-0-2 of its model).
//!
//! Inputs are told by table, not by file: a city hands in thousands of files, called otherwise each term, and a server that draws them would
//! show nobody anything. How many files a table came from, and a version that changes with any of them, stand beside it; the files themselves
//! stand in `manifest.json`, which is an output. The names of datasets never change, so that a night follows the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use law::regulation::findings::{CATALOGUE, Severity, find};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value, json};

use super::{Current, How};
use crate::ingest::table::Table;
use crate::pipeline::run::PublishedRun;
use crate::report::manifest::Manifest;
use crate::report::queries::{self, QueryError};
use crate::report::schema;

/// The namespace of our jobs and datasets.
const NAMESPACE: &str = "xueji";
const PRODUCER: &str = concat!("urn:xueji:program:", env!("CARGO_PKG_VERSION"));
const EVENT: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// An id for a run that nothing else has: a UUID of version 7, which begins with the time.
pub fn run_id(began: DateTime<Utc>) -> String {
    let mut random = [0; 16];
    // Where the system has no chance to give, time and process have to do.
    let _ = SystemRandom::new().fill(&mut random);
    let mut hasher = blake3::Hasher::new();
    hasher.update(&random).update(&began.timestamp_nanos_opt().unwrap_or_default().to_le_bytes()).update(&std::process::id().to_le_bytes());
    let digits = hasher.finalize().to_hex();
    let milliseconds = u64::try_from(began.timestamp_millis()).unwrap_or_default() & 0xFFFF_FFFF_FFFF;
    let time = format!("{milliseconds:012x}");
    let (high, low) = time.split_at(8);
    let part = |range| digits.get(range).unwrap_or_default();
    format!("{high}-{low}-7{}-a{}-{}", part(0..3), part(3..6), part(6..18))
}

/// A facet: what it says, and which version of which form it has.
fn facet(form: &str, version: &str, mut own: Value) -> Value {
    own["_producer"] = PRODUCER.into();
    own["_schemaURL"] = format!("https://openlineage.io/spec/facets/{version}/{form}.json#/$defs/{form}").into();
    own
}

/// The beginning of a run.
pub fn started(current: &Current) -> Value {
    event(current, "START", current.began, json!({}), (Vec::new(), Vec::new()))
}

/// The end of a run.
pub fn ended(current: &Current, how: &How<'_>, exit_code: u8, ended: DateTime<Utc>) -> Value {
    let error = |message: &str| {
        let own = json!({ "message": message, "programmingLanguage": "Rust" });
        json!({ "errorMessage": facet("ErrorMessageRunFacet", "1-0-1", own) })
    };
    let nothing = (Vec::new(), Vec::new());
    match how {
        How::Published(run) => {
            let facets = json!({ "xueji_result": result(&run.manifest, exit_code) });
            let (inputs, outputs) = (inputs(run), outputs(run));
            event(current, "COMPLETE", ended, facets, (inputs, outputs))
        }
        How::Failed(why) => event(current, "FAIL", ended, error(why), nothing),
        How::Interrupted => event(current, "ABORT", ended, error("interrupted"), nothing),
    }
}

fn event(current: &Current, kind: &str, time: DateTime<Utc>, more: Value, (inputs, outputs): (Vec<Value>, Vec<Value>)) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let mut facets = json!({
        "processing_engine": facet("ProcessingEngineRunFacet", "1-1-1", json!({ "name": NAMESPACE, "version": version })),
    });
    if let Some(day) = current.as_of {
        // The day that is judged begins in Shanghai.
        let own = json!({ "nominalStartTime": format!("{day}T00:00:00+08:00") });
        facets["nominalTime"] = facet("NominalTimeRunFacet", "1-0-1", own);
    }
    if let (Some(facets), Value::Object(mut more)) = (facets.as_object_mut(), more) {
        facets.append(&mut more);
    }
    let kind_of_job = json!({ "processingType": "BATCH", "integration": "XUEJI", "jobType": "JOB" });
    let about = json!({ "description": "上海市中小学学籍：按管理办法判定升级、毕业和在籍状态，并核对各方数据" });
    json!({
        "eventType": kind,
        "eventTime": time.to_rfc3339_opts(SecondsFormat::Millis, true),
        "run": { "runId": current.id, "facets": facets },
        "job": {
            "namespace": NAMESPACE,
            "name": current.audience.pipeline,
            "facets": {
                "jobType": facet("JobTypeJobFacet", "2-0-4", kind_of_job),
                "documentation": facet("DocumentationJobFacet", "1-1-0", about),
            },
        },
        "inputs": inputs,
        "outputs": outputs,
        "producer": PRODUCER,
        "schemaURL": EVENT,
    })
}

/// What came of a run in numbers, as a facet of our own: fields of `docs/schema/manifest.json`.
fn result(manifest: &Manifest, exit_code: u8) -> Value {
    json!({
        "_producer": PRODUCER,
        "_schemaURL": "urn:xueji:schema:manifest:1",
        "run_id": manifest.run_id,
        "exit_code": exit_code,
        "students": manifest.students,
        "outcomes": manifest.outcomes,
        "findings_by_severity": manifest.findings_by_severity,
        "open_findings_by_severity": manifest.open_findings_by_severity,
    })
}

fn dataset(manifest: &Manifest, name: &str, version: &str, more: Value) -> Value {
    let mut facets = json!({
        "dataSource": facet("DatasourceDatasetFacet", "1-0-1", json!({ "name": manifest.pipeline })),
        "version": facet("DatasetVersionDatasetFacet", "1-0-1", json!({ "datasetVersion": version })),
    });
    if let (Some(facets), Value::Object(mut more)) = (facets.as_object_mut(), more) {
        facets.append(&mut more);
    }
    json!({ "namespace": NAMESPACE, "name": format!("{}/{name}", manifest.pipeline), "facets": facets })
}

/// What is known of the sheets of one table.
#[derive(Default)]
struct Sheets {
    /// The hashes of the files that they stand in.
    files: BTreeSet<String>,
    /// Cells or rows with a finding, by code and column.
    findings: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Columns that are told apart for one code: a table of thousands of files may be headed in as many ways.
const COLUMNS: usize = 20;

/// The sheets of each table: their files, and what was found in them.
fn sheets(folder: &Path) -> Result<BTreeMap<String, Sheets>, QueryError> {
    let mut tables: BTreeMap<String, Sheets> = BTreeMap::new();
    let mut table_of: BTreeMap<(String, String), String> = BTreeMap::new();
    for (texts, _) in queries::rows(&folder.join("sources.parquet"), &["file", "sheet", "table", "sha256"], &[])? {
        if let [file, sheet, table, sha256] = texts.as_slice() {
            tables.entry(table.clone()).or_default().files.insert(sha256.clone());
            table_of.insert((file.clone(), sheet.clone()), table.clone());
        }
    }
    for (texts, findings) in queries::count(&folder.join("findings.parquet"), &["file", "sheet", "code", "column", "count"])? {
        if let [file, sheet, code, column, each] = texts.as_slice() {
            let sheets = table_of.get(&(file.clone(), sheet.clone())).and_then(|table| tables.get_mut(table));
            if let Some(sheets) = sheets {
                let columns = sheets.findings.entry(code.clone()).or_default();
                *columns.entry(column.clone()).or_default() += findings * each.parse().unwrap_or(1);
            }
        }
    }
    for columns in tables.values_mut().flat_map(|sheets| sheets.findings.values_mut()).filter(|columns| columns.len() > COLUMNS) {
        *columns = [(String::new(), columns.values().sum())].into();
    }
    Ok(tables)
}

fn inputs(run: &PublishedRun) -> Vec<Value> {
    let manifest = &run.manifest;
    // Without them the rows of each table are told all the same: they stand in the books.
    let sheets = sheets(&run.folder).unwrap_or_default();
    let bytes: BTreeMap<&str, u64> = manifest.inputs.iter().map(|file| (file.sha256.as_str(), file.bytes)).collect();
    let nothing = Sheets::default();
    let input = |(table, rows): (&String, u64)| {
        let own = sheets.get(table).unwrap_or(&nothing);
        let mut hasher = blake3::Hasher::new();
        for hash in &own.files {
            hasher.update(hash.as_bytes());
        }
        let version = hasher.finalize().to_hex().to_string();
        let metrics = json!({
            "rowCount": rows,
            "fileCount": own.files.len(),
            "bytes": own.files.iter().filter_map(|hash| bytes.get(hash.as_str())).sum::<u64>(),
            "columnMetrics": empty_cells(own),
        });
        let title = Table::ALL.iter().find(|known| known.name() == table).map_or("", |known| known.title());
        let about = facet("DocumentationDatasetFacet", "1-1-0", json!({ "description": title }));
        let mut dataset = dataset(manifest, &format!("inputs/{table}"), &version, json!({ "documentation": about }));
        dataset["inputFacets"] = json!({
            "dataQualityMetrics": facet("DataQualityMetricsInputDatasetFacet", "1-0-3", metrics),
            "dataQualityAssertions": facet("DataQualityAssertionsDatasetFacet", "1-1-0", json!({ "assertions": assertions(own) })),
        });
        dataset
    };
    manifest.books.iter().map(|(table, books)| (table, books.read)).map(input).collect()
}

/// The cells of each column that may not be empty and are.
fn empty_cells(sheets: &Sheets) -> Map<String, Value> {
    let empty = sheets.findings.get("I0201").into_iter().flatten().filter(|(column, _)| !column.is_empty());
    empty.map(|(column, cells)| (column.clone(), json!({ "nullCount": cells }))).collect()
}

/// A check of the cells of any table that none failed, and those that some failed, by code and column.
fn assertions(sheets: &Sheets) -> Vec<Value> {
    let severity = |severity: Severity| match severity {
        Severity::Error => "error",
        Severity::Query => "warn",
        Severity::Info => "info",
    };
    let assertion = |code: &str, findings: u64| {
        let mut own = json!({ "assertion": code, "success": findings == 0 });
        if let Some(entry) = find(code) {
            own["severity"] = severity(entry.severity).into();
            own["description"] = entry.wrong.into();
        }
        own
    };
    let of_column = |code: &str, column: &str, findings: u64| {
        let mut own = assertion(code, findings);
        (own["expected"], own["actual"]) = ("0".into(), findings.to_string().into());
        if !column.is_empty() {
            own["column"] = column.into();
        }
        own
    };
    let failed = sheets.findings.iter().flat_map(|(code, columns)| columns.iter().map(|(column, own)| of_column(code, column, *own)));
    let of_cells = CATALOGUE.iter().map(|entry| entry.code).filter(|code| code.starts_with("I02") && !sheets.findings.contains_key(*code));
    failed.chain(of_cells.map(|code| assertion(code, 0))).collect()
}

/// What stands in the run folder: a dataset a file or folder of it.
fn outputs(run: &PublishedRun) -> Vec<Value> {
    let manifest = &run.manifest;
    let entries = std::fs::read_dir(&run.folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let output = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?;
        let mut facets = json!({});
        let (files, size) = size(path);
        let mut statistics = json!({ "fileCount": files, "size": size });
        if let Some((rows, columns)) = path.extension().filter(|form| *form == "parquet").and_then(|_| schema::columns(path).ok()) {
            let fields =
                columns.iter().zip(1..).map(|((name, form), place)| json!({ "name": name, "type": form, "ordinal_position": place }));
            facets["schema"] = facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": fields.collect::<Vec<_>>() }));
            statistics["rowCount"] = rows.into();
        }
        let mut dataset = dataset(manifest, name, &manifest.run_id, facets);
        dataset["outputFacets"] = json!({ "outputStatistics": facet("OutputStatisticsOutputDatasetFacet", "1-0-2", statistics) });
        Some(dataset)
    };
    paths.iter().filter_map(output).collect()
}

/// How many files there are, and how many bytes in all.
fn size(path: &Path) -> (u64, u64) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        return entries.map(|entry| size(&entry.path())).fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    }
    (1, path.metadata().map_or(0, |own| own.len()))
}

/// How often a file that another run is writing to is tried, and how long between: together two seconds, and an event takes none.
const TRIES: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(20);

/// Adds an event to a file: a whole line, or nothing.
///
/// # Errors
/// The disk refuses.
pub fn append(path: &Path, event: &Value) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = open(path)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            // Held, or the file system knows no locks, and there is nothing to wait for.
            Ok(()) | Err(TryLockError::Error(_)) => break,
        }
    }
    let before = file.metadata()?.len();
    let mut line = format!("{event}\n");
    if before > 0 && file.metadata()?.is_file() && !ends_a_line(&mut file)? {
        // Somebody was stopped in the middle of one: it must not take this one with it.
        line.insert(0, '\n');
    }
    let written = file.write_all(line.as_bytes()).and_then(|()| if file.metadata()?.is_file() { file.sync_data() } else { Ok(()) });
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A pipe that nobody reads would hold the run for ever.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().create(true).read(true).append(true).mode(0o600).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).append(true).open(path)
}
