//! The pages and workbooks of a published run made once more, beside it: for runs that were published without.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::folder;
use crate::report::pages;
use crate::report::read::{ReadError, Run};

/// Pages and workbooks that can't be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// There is no such run.
    #[error("{0}")]
    Run(#[from] ReadError),
    /// Something is there already.
    #[error("{} is not empty: name a folder that is, or that is not there", .0.display())]
    NotEmpty(PathBuf),
    /// The disk refuses, or a file of the run can't be read.
    #[error("can't write the pages and workbooks: {0}")]
    Write(String),
}

impl From<std::io::Error> for ReportError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error.to_string())
    }
}

/// How many earlier runs the first page shows a run beside.
pub const EARLIER: usize = 11;

/// Makes the pages and workbooks of a run in a folder of its owner's only; tells how many of how many students' schools are done. The run's id.
///
/// # Errors
/// There is no such run, the folder holds something, or the disk refuses.
pub fn report(run: &Path, out: &Path, tell: &(dyn Fn(u64, u64) + Sync)) -> Result<String, ReportError> {
    let run = Run::open(run)?;
    if folder::holds_something(out) {
        return Err(ReportError::NotEmpty(out.into()));
    }
    let mut earlier = run.folder.parent().map(|pipeline| folder::earlier(pipeline, EARLIER + 1)).unwrap_or_default();
    // The run itself is among them, and those after it were not there yet.
    earlier.retain(|other| other.finished_at < run.manifest.finished_at && other.run_id != run.manifest.run_id);
    let students = run.manifest.students;
    let fault = |error: &dyn std::fmt::Display| ReportError::Write(error.to_string());
    folder::fill(out, "index.html", |beside| {
        pages::write(&run, beside, &earlier, &|done| tell(done, students)).map_err(|error| fault(&error))
    })?;
    Ok(run.manifest.run_id)
}
