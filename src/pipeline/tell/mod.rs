//! Who is told of a run, and what: lineage events, metrics, and a command that is called. Told is what the run is known to be, whether it was
//! published, failed, or was interrupted; a fault in telling is a warning, and changes neither the run nor how it ends.

mod command;
mod lineage;
mod metrics;

pub use command::end_at_work;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exit;
use super::run::PublishedRun;
use crate::report::manifest::Manifest;
use crate::report::mask;

/// `[tell]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// A file that OpenLineage events are appended to, one a line.
    #[serde(default)]
    pub lineage: Option<PathBuf>,
    /// A file of metrics for Prometheus, replaced by each run.
    #[serde(default)]
    pub metrics: Option<PathBuf>,
    /// A program that is called, and its arguments.
    #[serde(default)]
    pub command: Vec<String>,
    /// When it is called.
    #[serde(default)]
    pub when: When,
    /// After how many seconds it is stopped.
    #[serde(default)]
    pub seconds: Option<u64>,
}

/// When the command is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// When nothing was published.
    #[default]
    Failure,
    /// Also when errors are open.
    Error,
    /// Also when errors or queries are open, movements against the last run among them.
    Query,
    /// After each run.
    Always,
}

/// What the command line says otherwise than `[tell]`.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The file of events.
    pub lineage: Option<PathBuf>,
    /// The file of metrics.
    pub metrics: Option<PathBuf>,
    /// A program that is called when nothing was published.
    pub on_failure: Option<PathBuf>,
}

/// Seconds that a command may take where the pipeline file says nothing.
const SECONDS: u64 = 60;

/// Whom a run of a pipeline is told to.
#[derive(Clone, Debug)]
pub struct Audience {
    /// What the pipeline is called.
    pub pipeline: String,
    lineage: Option<PathBuf>,
    metrics: Option<PathBuf>,
    command: Vec<OsString>,
    when: When,
    limit: Duration,
}

/// A part of a table that may not be what it should be.
fn part<T: DeserializeOwned>(table: &toml::Table, name: &str) -> Option<T> {
    table.get(name)?.clone().try_into().ok()
}

impl Audience {
    /// What can be made out of a pipeline file, be it usable or not: whoever wants to be told of failures wants to be told of that one too.
    pub fn of(pipeline_file: &Path, overrides: &Overrides) -> Self {
        let text = std::fs::read_to_string(pipeline_file).unwrap_or_default();
        let file: toml::Table = toml::from_str(&text).unwrap_or_default();
        let section = |name| part::<toml::Table>(&file, name).unwrap_or_default();
        let tell = section("tell");
        let folder = pipeline_file.parent().unwrap_or(Path::new("."));
        let place = |name| part::<PathBuf>(&tell, name).map(|path| folder.join(path));
        let stem = || pipeline_file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut own = Self {
            pipeline: part(&section("pipeline"), "name").unwrap_or_else(stem),
            lineage: overrides.lineage.clone().or_else(|| place("lineage")),
            metrics: overrides.metrics.clone().or_else(|| place("metrics")),
            command: part::<Vec<String>>(&tell, "command").unwrap_or_default().into_iter().map(OsString::from).collect(),
            when: part(&tell, "when").unwrap_or_default(),
            limit: Duration::from_secs(part(&tell, "seconds").unwrap_or(SECONDS)),
        };
        // A name alone is looked for where programs are; a path is one from the pipeline file.
        if let Some(program) = own.command.first_mut().filter(|program| Path::new(program).components().count() > 1) {
            *program = folder.join(&*program).into_os_string();
        }
        if let Some(program) = &overrides.on_failure {
            (own.command, own.when) = (vec![program.clone().into_os_string()], When::Failure);
        }
        own
    }

    /// Calls the command, where it wants to hear of this; gives what is wrong with it. It gets the result as one JSON object.
    pub fn call(&self, how: &How<'_>, exit_code: u8, result: Value) -> Option<String> {
        if self.command.is_empty() || !self.is_wanted(how) {
            return None;
        }
        let run = if let How::Published(published) = how { published.manifest.run_id.clone() } else { String::new() };
        let environment =
            [("XUEJI_PIPELINE", mask::shown(&self.pipeline)), ("XUEJI_RUN", mask::shown(&run)), ("XUEJI_EXIT_CODE", exit_code.to_string())];
        let fault = command::call(&self.command, &environment, mask::shown_within(result).to_string(), self.limit).err()?;
        Some(format!("the command that is to be told of this run was not: {fault}"))
    }

    fn is_wanted(&self, how: &How<'_>) -> bool {
        let How::Published(published) = how else { return true };
        let (errors, queries) = open(&published.manifest);
        match self.when {
            When::Failure => false,
            When::Error => errors,
            When::Query => errors || queries,
            When::Always => true,
        }
    }
}

/// Whether errors are open, and whether queries are; a movement that a school is asked about is a query.
pub fn open(manifest: &Manifest) -> (bool, bool) {
    let found = |severity: &str| manifest.open_findings_by_severity.get(severity).is_some_and(|number| *number > 0);
    let moved = manifest.movements.as_ref().is_some_and(|movements| movements.queries > 0);
    (found("error"), found("query") || moved)
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub enum How<'a> {
    /// Its results were published.
    Published(&'a PublishedRun),
    /// Nothing was published, and why.
    Failed(&'a str),
    /// Somebody, or the machine, stopped it.
    Interrupted,
}

/// The run that is told of; empty before it begins and once it ended, so that its end is told once, whoever comes first.
#[derive(Debug, Default)]
pub struct Telling(Mutex<Option<Current>>);

/// What is known of a run from its beginning.
#[derive(Debug)]
struct Current {
    audience: Audience,
    /// Where its runs are published.
    runs: PathBuf,
    /// What lineage calls it.
    id: String,
    began: DateTime<Utc>,
    as_of: Option<NaiveDate>,
}

impl Telling {
    /// Tells that a run begins, with the date of judgement where it is known; gives what is wrong with telling.
    pub fn begin(&self, audience: &Audience, out: &Path, as_of: Option<NaiveDate>) -> Vec<String> {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Utc::now();
        let runs = out.join(&audience.pipeline);
        let current = now.insert(Current { audience: audience.clone(), runs, id: lineage::run_id(began), began, as_of });
        current.append(lineage::started).err().into_iter().collect()
    }

    /// Tells how it ended; gives what is wrong with telling.
    pub fn end(&self, how: &How<'_>, exit_code: u8) -> Vec<String> {
        // Held until all is told: whoever interrupts now waits for it, and leaves no half of it.
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(current) = now.take() else { return Vec::new() };
        let ended = Utc::now();
        let told = current.append(|current| lineage::ended(current, how, exit_code, ended));
        [told, current.measure(how, exit_code, ended)].into_iter().filter_map(Result::err).collect()
    }
}

impl Current {
    fn append(&self, event: impl FnOnce(&Self) -> Value) -> Result<(), String> {
        let Some(path) = &self.audience.lineage else { return Ok(()) };
        lineage::append(path, &mask::shown_within(event(self)))
            .map_err(|error| format!("can't add to the lineage file {}: {error}", path.display()))
    }

    fn measure(&self, how: &How<'_>, exit_code: u8, ended: DateTime<Utc>) -> Result<(), String> {
        // Whoever holds the output says how its run ends; one that could not begin says nothing of it.
        let Some(path) = self.audience.metrics.as_ref().filter(|_| exit_code != exit::HELD) else { return Ok(()) };
        metrics::replace(path, self, how, exit_code, ended)
            .map_err(|error| format!("can't write the metrics file {}: {error}", path.display()))
    }
}
