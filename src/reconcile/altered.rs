//! What is changed beside an answer has no effect: whoever changes it is told, so that nobody takes it for mended.

use std::collections::BTreeMap;

use law::facts::codes::Read;
use law::regulation::findings::Severity;

use super::seal;
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::ingest::Sheet;
use crate::ingest::table::{Holds, SEAL, Table};
use crate::report::mask;

/// More changed cells of one column than this are one finding: somebody sorted it without the others.
const FOLDED_ABOVE: usize = 20;
/// How many rows a folded finding names.
const SAMPLE: usize = 10;
/// How much of a changed cell is shown.
const LONGEST: usize = 200;

/// A cell that was changed: the record, and the finding that is answered there.
struct Changed {
    record: usize,
    answered: String,
}

/// The cells of a sheet of answers that were changed, by field.
#[derive(Default)]
pub(super) struct Altered(BTreeMap<usize, Vec<Changed>>);

impl Altered {
    /// Holds a record against its seal.
    pub(super) fn look(&mut self, sheet: &Sheet, record: usize, answered: &str) {
        let Some(seal) = Table::Reviews.field(SEAL).and_then(|field| sheet.text(field, record).value()) else { return };
        for (field, column) in Table::Reviews.fields().iter().enumerate() {
            let is_there = sheet.places.get(field).is_some_and(Option::is_some);
            if column.holds != Holds::Shown || column.header == SEAL || !is_there {
                continue;
            }
            let fact = match sheet.text(field, record) {
                Read::Value(fact) => fact,
                Read::Empty => "",
                // A program made a date or an error of it.
                Read::Unreadable => continue,
            };
            if seal::is_changed(seal, column.header, fact) == Some(true) {
                self.0.entry(field).or_default().push(Changed { record, answered: answered.to_owned() });
            }
        }
    }

    /// I0304: what was changed, each with the id of the finding that is answered there.
    pub(super) fn findings(&self, cohort: &Cohort<'_>, sheet: usize) -> Vec<(Finding, String)> {
        let mut findings = Vec::new();
        for (field, changed) in &self.0 {
            if changed.len() > FOLDED_ABOVE {
                findings.extend(folded(cohort, sheet, *field, changed));
            } else {
                findings.extend(changed.iter().map(|own| (finding(cohort, sheet, *field, own), own.answered.clone())));
            }
        }
        findings
    }
}

/// A finding about one cell.
fn finding(cohort: &Cohort<'_>, sheet: usize, field: usize, changed: &Changed) -> Finding {
    let header = Table::Reviews.fields().get(field).map_or("", |column| column.header);
    let now = cohort.inputs.sheets.get(sheet).and_then(|sheet| sheet.text(field, changed.record).value()).unwrap_or_default();
    let shown: String = mask::within(now).chars().take(LONGEST).collect();
    Finding {
        code: "I0304",
        severity: Severity::Query,
        about: About::Cells(changed.answered.clone()),
        field: format!("{}.{header}", Table::Reviews.title()),
        other_party: String::new(),
        found: if shown.is_empty() { "（已删空）".to_owned() } else { shown },
        expected: format!("下发时的“{header}”"),
        place: place(cohort.inputs, sheet, changed.record, field),
        count: 1,
        rows_sample: rows(cohort, sheet, std::slice::from_ref(changed)),
        at: None,
        other_school: None,
        effect: None,
    }
}

/// A finding about many cells of a column.
fn folded(cohort: &Cohort<'_>, sheet: usize, field: usize, changed: &[Changed]) -> Option<(Finding, String)> {
    let first = changed.first()?;
    let own = finding(cohort, sheet, field, first);
    let read = cohort.inputs.sheets.get(sheet)?;
    let path = cohort.inputs.files.get(read.file).map(|file| file.path.clone())?;
    let whole = Finding {
        about: About::File(path),
        field: format!("{}.{}", read.name, own.field),
        found: format!("这一列有 {} 格与下发时不同，可能是单独排序或整列粘贴", changed.len()),
        count: i64::try_from(changed.len()).unwrap_or(i64::MAX),
        rows_sample: rows(cohort, sheet, changed),
        ..own
    };
    Some((whole, first.answered.clone()))
}

fn rows(cohort: &Cohort<'_>, sheet: usize, changed: &[Changed]) -> Vec<u32> {
    let sheet = cohort.inputs.sheets.get(sheet);
    changed.iter().take(SAMPLE).filter_map(|own| sheet.map(|sheet| sheet.rows.get(own.record))).collect()
}
