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

#[cfg(test)]
mod tests {
    use super::choices::choices;
    use super::*;
    use crate::ingest::columns::meaning;
    use crate::ingest::{Request, read};
    use crate::pipeline::run::vocabulary;

    /// The policy that the program brings along.
    fn policy() -> Policy {
        toml::from_str(include_str!("../../../pipelines/policies/shanghai-2018.toml")).unwrap()
    }

    #[test]
    fn every_word_of_every_list_is_read_as_it_stands() {
        let (policy, folder) = (policy(), tempfile::tempdir().unwrap());
        let mut expected = 0;
        for &table in Table::ALL {
            let mut text = csv::Writer::from_path(folder.path().join(format!("{}.csv", table.title()))).unwrap();
            text.write_record(table.fields_to_fill().iter().map(|field| field.header)).unwrap();
            let example: Vec<&str> = table
                .fields_to_fill()
                .iter()
                .map(|field| meaning(table, field.header).filter(|meaning| sheet::is_in_example(table, field, meaning)))
                .map(|meaning| meaning.map_or("", |meaning| meaning.example))
                .collect();
            for (place, field) in table.fields_to_fill().iter().enumerate() {
                for word in choices(field, &policy).map(|choices| choices.words).unwrap_or_default() {
                    let mut row = example.clone();
                    row[place] = &word;
                    // The number of the example is a boy's.
                    if word == "女" {
                        row.iter_mut().filter(|cell| cell.contains("310100200905060011")).for_each(|cell| *cell = "");
                    }
                    text.write_record(row).unwrap();
                    expected += 1;
                }
            }
            text.flush().unwrap();
        }
        let vocabulary = vocabulary(&policy, &[]).unwrap();
        let inputs =
            read(Request { folders: &[folder.path().to_owned()], vocabulary: &vocabulary, progress: &|_| {}, defer: None, cache: None })
                .unwrap();
        let found: Vec<_> = inputs.findings.iter().map(|finding| (finding.code, &finding.header, &finding.found)).collect();
        assert_eq!(found, [], "{expected} rows");
        assert_eq!(inputs.sheets.iter().map(|sheet| sheet.rows_read).sum::<u32>(), expected);
        assert_eq!(inputs.subjects.len(), policy.subjects().len(), "a subject of the list is new to the reader");
    }
    #[test]
    fn any_number_of_subjects_goes_into_a_list() {
        let mut policy = policy();
        policy.subjects.junior_core = (0..200).map(|number| format!("第{number}门很长的科目")).collect();
        assert!(workbook(Table::CourseResults, &policy).is_ok());
        // Nor does a policy have to make sense.
        policy.valid = (policy.valid.1, chrono::NaiveDate::MIN);
        assert!(workbook(Table::CourseResults, &policy).is_ok());
    }
}
