//! What does a school fill in? A workbook for a table of the contract: drop-down lists, checks and an example, and a sheet that explains
//! each column. What is filled in is read back as it stands.

mod checks;
mod choices;
mod guide;
mod lists;
mod sheet;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use law::regulation::policy::Policy;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use thiserror::Error;

use self::lists::Lists;
use crate::ingest::table::Table;

/// Why a template can't be written.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// There is something in its place already, perhaps filled in.
    #[error("{path} is there already: name another file, or replace it with --force", path = .0.display())]
    Exists(PathBuf),
    /// The disk refuses.
    #[error("can't write {path}: {error}", path = .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The workbook can't be put together.
    #[error("can't make the template of {table}: {error}", table = .table.name())]
    Make {
        /// Of which table.
        table: Table,
        /// Why.
        error: XlsxError,
    },
}

/// Writes the template of a table; its subjects and marks are the policy's. What is there already is replaced only if that is wished.
///
/// # Errors
/// Something is there already, or the disk refuses.
pub fn write(table: Table, policy: &Policy, path: &Path, replaces: bool) -> Result<(), TemplateError> {
    let bytes = workbook(table, policy).map_err(|error| TemplateError::Make { table, error })?;
    let fail = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => TemplateError::Exists(path.into()),
        _ => TemplateError::Write { path: path.into(), error },
    };
    let mut options = OpenOptions::new();
    let options = if replaces { options.write(true).create(true).truncate(true) } else { options.write(true).create_new(true) };
    let mut file = options.open(path).map_err(fail)?;
    file.write_all(&bytes).map_err(|error| {
        // Half a workbook is of no use, and would stand in the way of the next one.
        let _ = std::fs::remove_file(path);
        fail(error)
    })
}

/// The workbook's bytes, the same whenever they are made.
fn workbook(table: Table, policy: &Policy) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new().set_title(table.title()).set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    workbook.set_properties(&properties);
    let mut lists = Lists::new();
    sheet::write(workbook.add_worksheet(), table, policy, &mut lists)?;
    guide::write(workbook.add_worksheet(), table, policy)?;
    lists.write(&mut workbook)?;
    workbook.save_to_buffer()
}
