//! Which findings changed: new, gone, or with something else found.

use std::path::Path;

use arrow::array::{RecordBatch, StringArray};

use super::rows::{Columns, Pair, Rows, Side, changes, text};
use super::{CompareError, Kind};
use crate::report::read::{Fault, ReadError, strings};

const COLUMNS: Columns = Columns {
    key: "finding_id",
    compared: &["severity", "evidence_hash"],
    shown: &["finding_id", "code", "severity", "student_key", "student_id", "name", "district", "school_code", "message", "found"],
};

/// How a finding stood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FindingState {
    pub severity: String,
    pub found: Option<String>,
}

/// A change of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FindingChange {
    pub finding_id: String,
    pub code: String,
    pub student_key: Option<String>,
    pub student_id: Option<String>,
    pub name: Option<String>,
    pub district: Option<String>,
    pub school_code: Option<String>,
    pub message: String,
    pub before: Option<FindingState>,
    pub after: Option<FindingState>,
}

impl FindingChange {
    /// How it changed.
    pub fn kind(&self) -> Kind {
        Kind::of(self.before.as_ref(), self.after.as_ref())
    }
}

/// Hands on the findings that changed between the runs of two folders.
pub fn compare(before: &Path, after: &Path, take: &mut dyn FnMut(FindingChange) -> Result<(), CompareError>) -> Result<(), CompareError> {
    let open = |folder: &Path| Side::open(&folder.join("findings.parquet"));
    changes([&open(before)?, &open(after)?], &COLUMNS, made, take)
}

fn view<'b>((side, batch): Rows<'b>) -> Result<Findings<'b>, ReadError> {
    Findings::of(batch).map_err(|fault| side.fault(fault))
}

fn made(pairs: &[Pair], [before, after]: [Option<Rows<'_>>; 2]) -> Result<Vec<FindingChange>, ReadError> {
    let (before, after) = (before.map(view).transpose()?, after.map(view).transpose()?);
    let mut changes = Vec::with_capacity(pairs.len());
    for (row_before, row_after) in pairs {
        let (before, after) = (before.as_ref().zip(*row_before), after.as_ref().zip(*row_after));
        let Some((known, row)) = after.or(before) else { continue };
        let own = |texts| text(texts, row).map(str::to_owned);
        let state = |(view, row): (&Findings, usize)| FindingState {
            severity: text(view.severity, row).unwrap_or_default().to_owned(),
            found: text(view.found, row).map(str::to_owned),
        };
        changes.push(FindingChange {
            finding_id: own(known.finding_id).unwrap_or_default(),
            code: own(known.code).unwrap_or_default(),
            student_key: own(known.student_key),
            student_id: own(known.student_id),
            name: own(known.name),
            district: own(known.district),
            school_code: own(known.school_code),
            message: own(known.message).unwrap_or_default(),
            before: before.map(state),
            after: after.map(state),
        });
    }
    Ok(changes)
}

/// The columns of findings.
struct Findings<'b> {
    finding_id: &'b StringArray,
    code: &'b StringArray,
    severity: &'b StringArray,
    student_key: &'b StringArray,
    student_id: &'b StringArray,
    name: &'b StringArray,
    district: &'b StringArray,
    school_code: &'b StringArray,
    message: &'b StringArray,
    found: &'b StringArray,
}

impl<'b> Findings<'b> {
    fn of(batch: &'b RecordBatch) -> Result<Self, Fault> {
        Ok(Self {
            finding_id: strings(batch, "finding_id")?,
            code: strings(batch, "code")?,
            severity: strings(batch, "severity")?,
            student_key: strings(batch, "student_key")?,
            student_id: strings(batch, "student_id")?,
            name: strings(batch, "name")?,
            district: strings(batch, "district")?,
            school_code: strings(batch, "school_code")?,
            message: strings(batch, "message")?,
            found: strings(batch, "found")?,
        })
    }
}
