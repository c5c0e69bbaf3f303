//! Who looked at whom? A line for each time that somebody is told about a student; without the line nothing is told.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use thiserror::Error;

use crate::report::read::Run;

/// The name of the log, beside the runs of a pipeline.
pub const FILE: &str = "access.ndjson";

/// A log that can't be written.
#[derive(Debug, Error)]
#[error("nothing is told, as the access log {} can't be written: {error}; name another by --access-log", .path.display())]
pub struct AccessError {
    path: PathBuf,
    error: io::Error,
}

/// That somebody was told about a student.
#[derive(Clone, Debug, Serialize)]
pub struct Access<'a> {
    /// What was asked for, numbers of ID documents masked; with a key at hand no name.
    pub asked: String,
    /// How many students fit: only with one is anything told but who they are; one more than are listed where there are many.
    pub found: usize,
    /// The student's key, masked.
    pub student: Option<String>,
    /// The student's row in the decisions, from 0: it says who it is to those who may read the run.
    pub row: Option<usize>,
    /// The rows of those who were only listed, by name and school, as several fit, or nearly.
    pub listed: Vec<usize>,
    /// The student's school.
    pub school_code: Option<&'a str>,
    /// Whether a page was made, which can be handed on.
    pub page: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    command: &'static str,
    user: String,
    user_id: Option<u32>,
    run_id: &'a str,
    #[serde(flatten)]
    access: &'a Access<'a>,
}

/// Adds a line to the log of a run's pipeline, or to the one that is named, and waits until it is on the disk.
///
/// # Errors
/// It can't be written.
pub fn log(run: &Run, named: Option<&Path>, access: &Access<'_>) -> Result<(), AccessError> {
    let path = named.map_or_else(|| run.folder.parent().unwrap_or(Path::new(".")).join(FILE), Path::to_owned);
    let line = Line {
        at: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        command: "explain",
        user: ["SUDO_USER", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default(),
        user_id: user_id(),
        run_id: &run.manifest.run_id,
        access,
    };
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        // One write, so that lines of two programs can't mix.
        file.write_all(format!("{}\n", serde_json::to_string(&line)?).as_bytes())?;
        file.sync_data()
    };
    write().map_err(|error| AccessError { path: path.clone(), error })
}

/// The number of the user whose process this is, where the system shows it: names in the environment are what anybody says.
#[cfg(target_os = "linux")]
fn user_id() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|own| own.uid())
}

#[cfg(not(target_os = "linux"))]
fn user_id() -> Option<u32> {
    None
}
