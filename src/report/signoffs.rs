//! `signoffs.parquet`: who signed off what, and who took it back. Rows are only ever added.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::errors::ParquetError;

use super::parquet::{Names, write};
use super::read::{Fault, ReadError, read, strings};

/// The name of the file in a pipeline's folder.
pub const FILE: &str = "signoffs.parquet";

/// What is signed off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A school, by its code.
    School,
    /// A district, by its name.
    District,
    /// The city.
    City,
}

impl Level {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Level::School => "school",
            Level::District => "district",
            Level::City => "city",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Level::School, Level::District, Level::City].into_iter().find(|own| own.code() == code)
    }
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Signed off.
    Signed,
    /// Took the sign-off back.
    Revoked,
}

impl Action {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Action::Signed => "signed",
            Action::Revoked => "revoked",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Action::Signed, Action::Revoked].into_iter().find(|own| own.code() == code)
    }
}

/// A row: what somebody did when, looking at which run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signoff {
    /// What was signed off.
    pub level: Level,
    /// The school's code or the district's name; empty for the city.
    pub code: String,
    /// What was done.
    pub action: Action,
    /// By whom.
    pub by: String,
    /// When, UTC.
    pub at: String,
    /// What they noted; may be empty.
    pub note: String,
    /// The run that they had before them.
    pub run_id: String,
    /// Its date of judgement.
    pub as_of: String,
    /// Its school year, for which the sign-off holds.
    pub school_year: String,
    /// The hash of the findings and answers that they had before them.
    pub findings_hash: String,
}

/// The columns: name, whether it may be null, and what stands there.
type TextOf = fn(&Signoff) -> &str;
const TEXTS: [(&str, bool, TextOf); 10] = [
    ("level", false, |own| own.level.code()),
    ("code", true, |own| &own.code),
    ("action", false, |own| own.action.code()),
    ("by", false, |own| &own.by),
    ("at", false, |own| &own.at),
    ("note", true, |own| &own.note),
    ("run_id", false, |own| &own.run_id),
    ("as_of", false, |own| &own.as_of),
    ("school_year", false, |own| &own.school_year),
    ("findings_hash", false, |own| &own.findings_hash),
];

/// Writes all sign-offs, in the order in which they were given.
///
/// # Errors
/// The disk refuses.
pub fn write_signoffs(path: &Path, signoffs: &[Signoff], names: &Names) -> Result<(), ParquetError> {
    let fields: Vec<Field> = TEXTS.iter().map(|(name, nullable, _)| Field::new(*name, DataType::Utf8, *nullable)).collect();
    let column = |nullable: bool, text: TextOf| -> ArrayRef {
        let texts = signoffs.iter().map(text).map(|text| Some(text).filter(|text| !nullable || !text.is_empty()));
        Arc::new(texts.collect::<StringArray>())
    };
    let columns = TEXTS.iter().map(|(_, nullable, text)| column(*nullable, *text)).collect();
    write(path, &RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?, names, &[])
}

/// All sign-offs of a pipeline's folder, in the order in which they were given.
///
/// # Errors
/// They can't be read.
pub fn signoffs(pipeline: &Path) -> Result<Vec<Signoff>, ReadError> {
    let path = pipeline.join(FILE);
    let mut signoffs = Vec::new();
    if !path.exists() {
        return Ok(signoffs);
    }
    read(&path, &[], None, |batch| {
        for row in 0..batch.num_rows() {
            signoffs.push(signoff(batch, row)?);
        }
        Ok(())
    })?;
    Ok(signoffs)
}

fn signoff(batch: &RecordBatch, row: usize) -> Result<Signoff, Fault> {
    let text = |name: &str| -> Result<String, Fault> {
        let texts = strings(batch, name)?;
        Ok(if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() })
    };
    let (level, action) = (text("level")?, text("action")?);
    Ok(Signoff {
        level: Level::from_code(&level).ok_or_else(|| format!("nothing is signed off as a {level}"))?,
        code: text("code")?,
        action: Action::from_code(&action).ok_or_else(|| format!("nobody can have {action} something"))?,
        by: text("by")?,
        at: text("at")?,
        note: text("note")?,
        run_id: text("run_id")?,
        as_of: text("as_of")?,
        school_year: text("school_year")?,
        findings_hash: text("findings_hash")?,
    })
}
