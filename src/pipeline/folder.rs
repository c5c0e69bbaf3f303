//! Run folders: written beside, published in one step under a lock, complete or absent.
//!
//! A kill may come between any two lines. What is written is written in a hidden folder or file whose name begins with `.staging-`; whoever
//! holds the lock next removes what is left of these. A run appears by one rename; the file `.publishing` says before it which run that will be,
//! so that the next holder can point `latest` to it if the kill came right after.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

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

/// Waits until a folder and all that is in it are on the disk: all of its file system at once, as a run has thousands of files.
#[cfg(target_os = "linux")]
fn settle(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn settle(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            settle(&entry.path())?;
        } else {
            OpenOptions::new().write(true).open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

/// Makes a folder and all that is in it its owner's only, and settles it on the disk.
pub(crate) fn keep_private(folder: &Path) -> io::Result<()> {
    make_private(folder)?;
    settle(folder)
}

/// Fills a folder that is empty or not there, its owner's only: what `write` writes appears when it is all there, `last` after the others. What
/// fails leaves nothing.
pub(crate) fn fill<T, E: From<io::Error>>(folder: &Path, last: &str, write: impl FnOnce(&Path) -> Result<T, E>) -> Result<T, E> {
    let is_new = !folder.exists();
    fs::create_dir_all(folder)?;
    let filled = (|| {
        private(folder, 0o700)?;
        let staging = tempfile::Builder::new().prefix(STAGING).tempdir_in(folder)?;
        let written = write(staging.path())?;
        keep_private(staging.path())?;
        let mut names = fs::read_dir(staging.path())?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort_by_key(|name| name == last);
        for name in names {
            fs::rename(staging.path().join(&name), folder.join(&name))?;
        }
        sync_folder(folder)?;
        Ok(written)
    })();
    if filled.is_err() && is_new {
        // Whatever is in it by now stays, and keeps it.
        let _ = fs::remove_dir(folder);
    }
    filled
}

/// Whether there is something in a folder.
pub(crate) fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn make_private(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_private(&entry.path())?;
        } else {
            private(&entry.path(), 0o600)?;
        }
    }
    private(folder, 0o700)
}

/// What the names of files and folders begin with that a kill may leave behind.
const STAGING: &str = ".staging-";
/// Says which run is about to be published.
const PUBLISHING: &str = ".publishing";
/// Names the newest run.
const LATEST: &str = "latest";
/// Locked by whoever holds a pipeline's folder.
const LOCK: &str = ".lock";

/// A new file of a pipeline's folder, still beside its place.
fn beside(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(STAGING).tempfile_in(folder)
}

/// Replaces a small file in one step, which a kill can't halve.
fn replace_text(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut file = beside(folder)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Removes what a kill left behind: nobody else can be writing it now. What can't be removed does no harm.
fn clean(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
    let Ok(run) = fs::read_to_string(folder.join(PUBLISHING)) else { return Ok(()) };
    let run = run.trim();
    let is_plain = !run.is_empty() && !run.contains(['/', '\\']);
    if is_plain && folder.join(run).join("manifest.json").is_file() {
        replace_text(folder, LATEST, run)?;
    }
    fs::remove_file(folder.join(PUBLISHING))
}

/// The runs of a pipeline by name, which begins with the date of judgement, the newest date first.
pub(super) fn runs(pipeline_folder: &Path) -> Vec<PathBuf> {
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
    let name = fs::read_to_string(pipeline_folder.join(LATEST)).ok()?;
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
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        private(&folder.join(LOCK), 0o600)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        clean(&folder)?;
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
        let folder = tempfile::Builder::new().prefix(STAGING).tempdir_in(&self.folder)?;
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
        replace_text(&self.folder, PUBLISHING, run_id)?;
        fs::rename(staging.path(), &run)?;
        // Renamed away: there is nothing left to remove.
        let _ = staging.folder.keep();
        if let Err(error) = replace_text(&self.folder, LATEST, run_id) {
            // Nothing was published. If that can't be made so either, the next holder publishes it.
            let _ = self.remove(&run).and_then(|()| fs::remove_file(self.folder.join(PUBLISHING)));
            return Err(error);
        }
        fs::remove_file(self.folder.join(PUBLISHING))?;
        Ok(run)
    }

    /// Removes a run: out of sight by one rename, so that no half of it can be taken for a run.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(&self, run: &Path) -> io::Result<()> {
        let gone = self.stage()?;
        fs::rename(run, gone.path().join("run"))?;
        sync_folder(&self.folder)?;
        gone.folder.close()
    }

    /// Replaces a file of the pipeline's folder by what `write` writes, in one step.
    ///
    /// # Errors
    /// The disk refuses, or it can't be written.
    pub fn replace<E: From<io::Error>>(&self, name: &str, write: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
        let file = beside(&self.folder)?;
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
