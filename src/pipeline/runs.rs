//! Which runs are there, and which may go? A run that somebody signed off is evidence and stays, and so does the newest.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::folder::{self, Held};
use crate::ingest::guarded;
use crate::report::parquet;
use crate::report::read::Run;
use crate::report::signoffs;

/// A run of a pipeline's folder.
#[derive(Clone, Debug)]
pub struct Known {
    /// The run.
    pub run: Run,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether `latest` names it.
    pub is_latest: bool,
    /// Whether somebody signed something off looking at it.
    pub is_signed: bool,
    /// The mark of the key that it is encrypted with.
    pub key: Option<String>,
}

/// A pipeline's folder and its runs, the newest first.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its runs.
    pub runs: Vec<Known>,
    /// Folders that look like runs and can't be read, by name.
    pub unreadable: Vec<String>,
}

/// Runs that can't be looked at or removed.
#[derive(Debug, Error)]
pub enum RunsError {
    /// There are none.
    #[error("no runs in {}{hint}", .folder.display())]
    None {
        /// Where they were looked for.
        folder: PathBuf,
        /// The nearest pipeline.
        hint: String,
    },
    /// Another run holds the pipeline.
    #[error("another run holds {}; wait until it has ended", .0.display())]
    Held(PathBuf),
    /// Who signed what can't be read, and nothing is removed without knowing.
    #[error("nothing was removed: can't read who signed off what in {}: {message}", .folder.display())]
    Signoffs {
        /// The pipeline's folder.
        folder: PathBuf,
        /// Why.
        message: String,
    },
    /// The disk refuses.
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// The pipelines with runs below an output folder: all, or one by name.
///
/// # Errors
/// There are none.
pub fn pipelines(out: &Path, only: Option<&str>) -> Result<Vec<Pipeline>, RunsError> {
    can_be_read(out)?;
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let nearest = |wanted: &str| names.iter().min_by_key(|name| strsim::damerau_levenshtein(name, wanted));
    let hint = only.and_then(nearest).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    let is_asked = |name: &&String| only.is_none_or(|only| only == *name);
    names.iter().filter(is_asked).try_for_each(|name| can_be_read(&out.join(name)))?;
    let pipelines: Vec<Pipeline> = names.iter().filter(is_asked).filter_map(|name| pipeline(&out.join(name), name)).collect();
    if pipelines.is_empty() { Err(RunsError::None { folder: out.into(), hint }) } else { Ok(pipelines) }
}

/// A folder that nobody lets us read is another matter than one that holds nothing.
fn can_be_read(folder: &Path) -> Result<(), RunsError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let why = format!("can't read {}: {error}", folder.display());
            Err(RunsError::Disk(io::Error::new(error.kind(), why)))
        }
        _ => Ok(()),
    }
}

fn pipeline(folder: &Path, name: &str) -> Option<Pipeline> {
    let latest = folder::latest(folder);
    // What can't be read signs nothing here; whoever removes runs asks for it.
    let signed = guarded(|| signed_runs(folder)).and_then(Result::ok).unwrap_or_default();
    let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
    for path in folder::runs(folder) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(run) = Run::open(&path) else {
            unreadable.push(name);
            continue;
        };
        let is_signed = signed.contains(&run.manifest.run_id);
        let key = guarded(|| parquet::key_of_file(&path.join("decisions.parquet"))).flatten();
        runs.push(Known { bytes: size(&path), is_latest: latest.as_deref() == Some(&path), is_signed, key, run });
    }
    let when = |known: &Known| known.run.manifest.finished_at.clone();
    runs.sort_by(|one, other| when(other).cmp(&when(one)).then_with(|| other.run.folder.cmp(&one.run.folder)));
    let is_pipeline = !runs.is_empty() || !unreadable.is_empty();
    is_pipeline.then(|| Pipeline { name: name.to_owned(), folder: folder.into(), runs, unreadable })
}

/// The runs that somebody had before them when they signed something off, or took that back.
fn signed_runs(folder: &Path) -> Result<BTreeSet<String>, crate::report::read::ReadError> {
    Ok(signoffs::signoffs(folder)?.into_iter().map(|own| own.run_id).collect())
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().map_or(0, |own| own.len()) }).sum()
}

/// Which runs are to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// All but so many of the newest.
    Keep(usize),
    /// Those published before.
    Before(DateTime<Utc>),
}

/// What became of the runs of a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// Runs that went, or would.
    pub removed: Vec<String>,
    /// Bytes that they took.
    pub bytes: u64,
    /// Runs that stayed though they are as old, as somebody signed them off.
    pub signed: Vec<String>,
}

/// Removes runs of a pipeline, or says which it would.
///
/// # Errors
/// Another run holds the pipeline, who signed what can't be read, or the disk refuses.
pub fn prune(pipeline: &Pipeline, which: Prune, is_trial: bool) -> Result<Pruned, RunsError> {
    let out = pipeline.folder.parent().unwrap_or(Path::new("."));
    let held = Held::take(out, &pipeline.name)?.ok_or_else(|| RunsError::Held(pipeline.folder.clone()))?;
    let unknown = |message: String| RunsError::Signoffs { folder: pipeline.folder.clone(), message };
    let signed = guarded(|| signed_runs(&pipeline.folder)).ok_or_else(|| unknown("it is damaged".into()))?;
    let signed = signed.map_err(|error| unknown(error.to_string()))?;
    // As they stand now that nobody else can publish.
    let runs = self::pipeline(&pipeline.folder, &pipeline.name).map(|own| own.runs).unwrap_or_default();
    let mut pruned = Pruned::default();
    for (place, known) in runs.iter().enumerate() {
        let is_old = match which {
            Prune::Keep(number) => place >= number,
            // A time that can't be read is no reason to remove anything.
            Prune::Before(time) => DateTime::parse_from_rfc3339(&known.run.manifest.finished_at).is_ok_and(|own| own < time),
        };
        if !is_old || known.is_latest {
            continue;
        }
        let name = known.run.manifest.run_id.clone();
        if signed.contains(&name) {
            pruned.signed.push(name);
            continue;
        }
        if !is_trial {
            held.remove(&known.run.folder)?;
        }
        pruned.removed.push(name);
        pruned.bytes += known.bytes;
    }
    Ok(pruned)
}
