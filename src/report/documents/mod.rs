//! Documents of a run, ready to print: lists to sign and stamp, letters to families, and one page of evidence a student. Each is one file that loads
//! nothing.

mod letters;
mod lists;
mod numerals;
pub mod student;

use std::fs;
use std::path::Path;

use super::manifest::Manifest;
use super::read::Run;
use super::schools::School;
use super::site::{DOCUMENTS, SiteError, district_folder, school_file};
use super::words;

/// The look of all documents.
const STYLE: &str = include_str!("templates/paper.css");

/// A document of a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub title: &'static str,
    /// Its file.
    pub file: &'static str,
    /// How many students it is about.
    pub students: usize,
}

impl Document {
    /// Its path below the run folder.
    pub fn path(&self, district: &str, code: &str) -> String {
        format!("{}/{}", folder(district, code), self.file)
    }
}

/// The folder of a school's documents below the run folder.
fn folder(district: &str, code: &str) -> String {
    format!("{DOCUMENTS}/{}/{}", district_folder(district), school_file(code))
}

/// What a document says of the run that it is made from.
struct Basis<'a> {
    manifest: &'a Manifest,
    procedure: &'a str,
}

impl<'a> Basis<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        Self { manifest, procedure: words::procedure(&manifest.procedure) }
    }

    /// The year in which the school year ends, by which those who leave are called.
    fn year_of_leaving(&self) -> &'a str {
        self.manifest.school_year.split('-').next_back().unwrap_or_default()
    }
}

/// Writes the documents of a school into a folder of the run's: only those that are about somebody.
///
/// # Errors
/// They can't be filled in, or the disk refuses.
pub fn write(run: &Run, to: &Path, school: &School) -> Result<Vec<Document>, SiteError> {
    let basis = Basis::of(&run.manifest);
    let mut made = lists::lists(school, &basis)?;
    made.extend(letters::letters(school, &basis)?);
    let folder = to.join(folder(&school.district, &school.code));
    if !made.is_empty() {
        fs::create_dir_all(&folder)?;
    }
    for (document, text) in &made {
        fs::write(folder.join(document.file), text)?;
    }
    Ok(made.into_iter().map(|(document, _)| document).collect())
}
