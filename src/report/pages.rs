//! All that people read of a run beside the summary, made from its published files in one pass over the schools.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use super::documents;
use super::manifest::Manifest;
use super::queries::QueryError;
use super::read::{ReadError, Run};
use super::schools::each_school;
use super::site::{Site, SiteError};
use super::workbooks::Workbooks;

/// What can't be made.
#[derive(Debug, Error)]
pub enum PagesError {
    /// The run can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A page can't be written.
    #[error("{0}")]
    Site(#[from] SiteError),
    /// A workbook can't be written.
    #[error("{0}")]
    Workbook(#[from] QueryError),
}

/// Writes what people read of a run into a folder, beside earlier runs of the pipeline, the oldest first; tells how many students' schools are
/// done.
///
/// # Errors
/// The run can't be read, or the disk refuses.
pub fn write(run: &Run, to: &Path, earlier: &[Manifest], tell: &(dyn Fn(u64) + Sync)) -> Result<(), PagesError> {
    let site = Site::begin(run, to);
    let workbooks = Workbooks::begin(run, to)?;
    let done = AtomicU64::new(0);
    each_school::<PagesError>(run, |school| {
        let documents = documents::write(run, to, school)?;
        site.school(school, &documents)?;
        workbooks.school(school)?;
        let own = school.students.len() as u64;
        tell(done.fetch_add(own, Ordering::Relaxed) + own);
        Ok(())
    })?;
    let (site, workbooks) = rayon::join(|| site.finish(earlier), || workbooks.finish());
    site?;
    workbooks?;
    Ok(())
}
