//! Run folders: written beside, published in one step under a lock, complete or absent.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::report::manifest::Manifest;

/// A pipeline's folder of runs, held by this process.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    /// Keeps the lock as long as it lives.
    _lock: File,
}

/// A run folder in the making; what is not published is removed.
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
}

#[cfg(unix)]
pub(super) fn private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn private(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes a folder and all that is in it its owner's only, and settles it on the disk.
pub(super) fn keep_private(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            keep_private(&entry.path())?;
        } else {
            private(&entry.path(), 0o600)?;
        }
    }
    private(folder, 0o700)?;
    sync_folder(folder)
}

/// The runs of a pipeline by name, which begins with the date of judgement, the newest date first.
fn runs(pipeline_folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(pipeline_folder).into_iter().flatten().flatten();
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.join("manifest.json").is_file()).collect();
    runs.sort_unstable_by(|one, other| other.file_name().cmp(&one.file_name()));
    runs
}

/// The receipts of the latest runs of a pipeline, at most `most`, the oldest first; a run whose receipt can't be read is left out.
pub fn earlier(pipeline_folder: &Path, most: usize) -> Vec<Manifest> {
    // Runs of one date are in no order yet: a few more are read than are asked for.
    let runs = runs(pipeline_folder);
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path.join("manifest.json")).ok()?).ok();
    let mut manifests: Vec<Manifest> = runs.iter().take(most * 2).filter_map(read).collect();
    manifests.sort_by(|one, other| (&one.as_of, &one.finished_at).cmp(&(&other.as_of, &other.finished_at)));
    manifests.split_off(manifests.len().saturating_sub(most))
}

/// The run that `latest` names.
pub fn latest(pipeline_folder: &Path) -> Option<PathBuf> {
    let name = fs::read_to_string(pipeline_folder.join("latest")).ok()?;
    Some(pipeline_folder.join(name.trim())).filter(|folder| folder.is_dir())
}

impl Held {
    /// Takes hold of a pipeline's folder; `None` if another run holds it.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn take(out: &Path, pipeline: &str) -> io::Result<Option<Self>> {
        let folder = out.join(pipeline);
        fs::create_dir_all(&folder)?;
        private(&folder, 0o700)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(".lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whatever an earlier run that was killed left behind: nobody else can be writing it now.
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(".staging-") {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(Some(Self { folder, _lock: lock }))
    }

    /// The pipeline's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A run id that is not taken: the wanted one, or that with `-2`, `-3`, …
    pub fn free_id(&self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        let mut number = 2;
        while self.folder.join(&id).exists() {
            id = format!("{wanted}-{number}");
            number += 1;
        }
        id
    }

    /// A folder to write a run in.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn stage(&self) -> io::Result<Staging> {
        let folder = tempfile::Builder::new().prefix(".staging-").tempdir_in(&self.folder)?;
        private(folder.path(), 0o700)?;
        Ok(Staging { folder })
    }

    /// Publishes a run: its folder by one rename, then `latest` by another.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn publish(&self, staging: Staging, run_id: &str) -> io::Result<PathBuf> {
        keep_private(staging.path())?;
        let run = self.folder.join(run_id);
        fs::rename(staging.path(), &run)?;
        // Renamed away: there is nothing left to remove.
        let _ = staging.folder.keep();
        let mut latest = tempfile::NamedTempFile::new_in(&self.folder)?;
        writeln!(latest, "{run_id}")?;
        latest.as_file().sync_all()?;
        latest.persist(self.folder.join("latest")).map_err(|error| error.error)?;
        sync_folder(&self.folder)?;
        Ok(run)
    }
}

impl Held {
    /// Replaces a file of the pipeline's folder by what `write` writes, in one step.
    ///
    /// # Errors
    /// The disk refuses, or it can't be written.
    pub fn replace<E: From<io::Error>>(&self, name: &str, write: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
        let file = tempfile::NamedTempFile::new_in(&self.folder)?;
        write(file.path())?;
        private(file.path(), 0o600)?;
        file.persist(self.folder.join(name)).map_err(|error| error.error)?;
        sync_folder(&self.folder)?;
        Ok(())
    }
}

impl Staging {
    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
