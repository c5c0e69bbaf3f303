//! The last run of a pipeline in numbers, as a text file for Prometheus: node_exporter's textfile collector reads it as it stands, and finds
//! the last one or this one, never half of one.

use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use law::regulation::findings::find;

use super::{Current, How};
use crate::pipeline::folder;
use crate::report::manifest::{Manifest, Seconds};
use crate::report::mask;
use crate::report::words::SEVERITIES;

const LAST_SUCCESS: &str = "xueji_run_last_success_timestamp_seconds";

/// Replaces a file of metrics.
///
/// # Errors
/// The disk refuses, or it is no file that could be replaced.
pub fn replace(path: &Path, current: &Current, how: &How<'_>, exit_code: u8, ended: DateTime<Utc>) -> io::Result<()> {
    if path.exists() && !path.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = metrics(path, current, how, exit_code, ended);
    // Its name must not end as the metrics' does: it would be read before it is whole.
    let mut file = tempfile::Builder::new().prefix(".xueji-").suffix(".part").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    readable(file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Whoever collects metrics is somebody else, and nothing in them is about a person.
#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> io::Result<()> {
    Ok(())
}

fn metrics(path: &Path, current: &Current, how: &How<'_>, exit_code: u8, ended: DateTime<Utc>) -> String {
    let mut text = Text { pipeline: current.audience.pipeline.clone(), text: String::new() };
    let published = if let How::Published(run) = how { Some(&run.manifest) } else { None };
    text.one("xueji_run_success", "Whether the last run was published", u8::from(published.is_some()));
    text.one("xueji_run_exit_code", "The exit code of the last run", exit_code);
    text.one("xueji_run_start_timestamp_seconds", "When the last run began", seconds(current.began));
    text.one("xueji_run_end_timestamp_seconds", "When the last run ended", seconds(ended));
    text.one("xueji_run_duration_seconds", "How long the last run took", (ended - current.began).num_milliseconds() as f64 / 1000.0);
    let last = if published.is_some() { Some(seconds(ended)) } else { last_success(path, current, &text) };
    if let Some(last) = last {
        text.one(LAST_SUCCESS, "When a run was published last", last);
    }
    if let Some(manifest) = published {
        text.results(manifest);
    }
    text.text
}

/// When a run was published last, as the file of metrics says that is there, or the last run's own receipt.
fn last_success(path: &Path, current: &Current, text: &Text) -> Option<f64> {
    let before = std::fs::read_to_string(path).unwrap_or_default();
    let series = format!("{LAST_SUCCESS}{} ", text.labels(&[]));
    let told = before.lines().find_map(|line| line.strip_prefix(&series)?.trim().parse::<f64>().ok());
    let receipt = || {
        let manifest: Manifest = serde_json::from_slice(&std::fs::read(folder::latest(&current.runs)?.join("manifest.json")).ok()?).ok()?;
        DateTime::parse_from_rfc3339(&manifest.finished_at).ok().map(|time| seconds(time.to_utc()))
    };
    told.filter(|time| time.is_finite()).or_else(receipt)
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1000.0
}

/// Names of labels and their values.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// Metrics of a pipeline as they are written.
struct Text {
    pipeline: String,
    text: String,
}

impl Text {
    /// A metric with all its values; all of them are gauges, for they are what the last run was.
    fn family<V: Display>(&mut self, name: &str, help: &str, values: Vec<(Labels<'_>, V)>) {
        if values.is_empty() {
            return;
        }
        // Writing into a text never fails.
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} gauge");
        for (labels, value) in values {
            let labels = self.labels(&labels);
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, help, vec![(Labels::new(), value)]);
    }

    fn labels(&self, own: &[(&str, &str)]) -> String {
        let all = [("pipeline", self.pipeline.as_str())].into_iter().chain(own.iter().copied());
        let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        format!("{{{}}}", all.join(","))
    }

    /// What a published run says of itself.
    fn results(&mut self, manifest: &Manifest) {
        let Seconds { reading, roster, matching, attendance, judging, writing, reporting } = manifest.seconds;
        let stages = [
            ("reading", reading),
            ("roster", roster),
            ("matching", matching),
            ("attendance", attendance),
            ("judging", judging),
            ("writing", writing),
            ("reporting", reporting),
        ];
        let stages = stages.map(|(stage, seconds)| (vec![("stage", stage)], seconds));
        self.family("xueji_run_stage_seconds", "How long each stage of the last run took", stages.into());
        let outcomes = manifest.outcomes_known().iter().map(|outcome| {
            let code = outcome.code();
            (vec![("outcome", code)], manifest.outcomes.get(code).copied().unwrap_or(0))
        });
        self.family("xueji_students", "Students by outcome", outcomes.collect());
        for (name, help, counts) in [
            ("xueji_findings", "Findings by severity", &manifest.findings_by_severity),
            ("xueji_open_findings", "Findings to which no answer stands, by severity", &manifest.open_findings_by_severity),
        ] {
            let all = SEVERITIES.map(|(severity, _)| (vec![("severity", severity)], counts.get(severity).copied().unwrap_or(0)));
            self.family(name, help, all.into());
        }
        for (name, help, counts) in [
            ("xueji_findings_by_code", "Findings by code", &manifest.findings),
            ("xueji_open_findings_by_code", "Findings to which no answer stands, by code", &manifest.open_findings),
        ] {
            let severity = |code: &str| find(code).map_or("", |entry| entry.severity.code());
            let all = counts.iter().map(|(code, findings)| (vec![("code", code.as_str()), ("severity", severity(code))], *findings));
            self.family(name, help, all.collect());
        }
        let moved = manifest.movements.as_ref().map_or(0, |movements| movements.queries);
        self.one("xueji_movement_queries", "Movements against the run before that schools are asked about", moved);
        self.one("xueji_input_files", "Input files", manifest.inputs.len());
        self.one("xueji_input_bytes", "Bytes of the input files", manifest.inputs.iter().map(|file| file.bytes).sum::<u64>());
        let books = || manifest.books.iter().map(|(table, books)| (table.as_str(), books));
        let rows = |of: &dyn Fn(&crate::report::manifest::Books) -> u64| -> Vec<(Labels<'_>, u64)> {
            books().map(|(table, own)| (vec![("table", table)], of(own))).collect()
        };
        self.family("xueji_rows_read", "Rows read, by table", rows(&|own| own.read));
        self.family("xueji_rows_used", "Rows used, by table", rows(&|own| own.used));
        self.family("xueji_rows_set_aside", "Rows set aside with a finding, by table", rows(&|own| own.set_aside));
        let out_of_scope = books().flat_map(|(table, own)| {
            own.out_of_scope.iter().map(move |(reason, rows)| (vec![("table", table), ("reason", reason.as_str())], *rows))
        });
        self.family("xueji_rows_out_of_scope", "Rows out of scope, by table and reason", out_of_scope.collect());
    }
}

/// A label's value as it is written.
fn escaped(value: &str) -> String {
    mask::shown(value).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
