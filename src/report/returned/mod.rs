//! `returned/`: the rows of each input file that were set aside, in the layout that they came in, with what is wrong and how to mend it.
//!
//! Whoever sent a file mends these rows and sends the workbook beside the file; what the file holds need not be touched. Its own cells are
//! its own data on the way back and stand as they came, ID numbers and all; what we say of them is masked.

mod names;
mod row;
mod sheet;
mod wanted;

use std::path::Path;

use chrono::NaiveDate;
use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;

pub use self::wanted::Wanted;
use self::wanted::WantedFile;
use super::archive;
use super::manifest::{LeftOut, ReturnedReceipt};
use super::mask;
use crate::ingest::{self, Vocabulary};

/// The folder of a run that they stand in.
pub const FOLDER: &str = "returned";

/// The workbooks that were written.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// What the manifest says of them.
    pub receipt: ReturnedReceipt,
    /// The path below [`FOLDER`] of the workbook of each input file that has one.
    pub workbooks: Vec<(String, String)>,
}

/// Writes the workbooks below the run's folder, dated `as_of`. A file that can't be read again is left out, and told.
///
/// # Errors
/// The disk refuses.
pub fn write_returned(folder: &Path, wanted: &Wanted, vocabulary: &Vocabulary, as_of: NaiveDate) -> Result<Returned, XlsxError> {
    let paths: Vec<String> = names::of_files(wanted.files.iter().map(|file| file.path.as_str()));
    let written: Vec<Result<u64, LeftOut>> = wanted
        .files
        .par_iter()
        .zip(&paths)
        .map(|(file, path)| write_one(&folder.join(FOLDER).join(path), file, vocabulary, as_of))
        .collect::<Result<_, _>>()?;
    let mut receipt = ReturnedReceipt { left_out: wanted.left_out.clone(), ..ReturnedReceipt::default() };
    let mut workbooks = Vec::new();
    for (written, (file, path)) in written.into_iter().zip(wanted.files.iter().zip(paths)) {
        match written {
            Ok(rows) => {
                receipt.files += 1;
                receipt.rows += rows;
                workbooks.push((file.path.clone(), path));
            }
            Err(left_out) => receipt.left_out.push(left_out),
        }
    }
    receipt.left_out.sort();
    Ok(Returned { receipt, workbooks })
}

/// Writes the workbook of one file; `Ok(Err)` says why there is none.
fn write_one(full: &Path, file: &WantedFile, vocabulary: &Vocabulary, as_of: NaiveDate) -> Result<Result<u64, LeftOut>, XlsxError> {
    let left_out = |why: String| Ok(Err(LeftOut { file: mask::within(&file.path).into_owned(), why }));
    let tables = match ingest::reread(&file.rejected, vocabulary) {
        Ok(tables) => tables,
        Err(why) => return left_out(why),
    };
    let rows = tables.iter().map(|table| table.rows.len() as u64).sum();
    let mut workbook = match sheet::workbook(file, tables, as_of)? {
        Some(workbook) => workbook,
        None => return left_out("列数过多，加不下说明".to_owned()),
    };
    if let Some(parent) = full.parent() {
        std::fs::create_dir_all(parent)?;
    }
    archive::save(&mut workbook, full)?;
    Ok(Ok(rows))
}
