//! What would a file look like with its safe repairs done? Its cells as they stand, those that are read as something else written so, and
//! those that need a person told.

use std::path::Path;

use law::facts::codes::Read;
use law::facts::grades::Grade;
use law::facts::identifiers::NationalId;
use law::facts::subjects::Subject;

use super::cell::{Cell, CellKind, MergedRange};
use super::file::{self, RawSheet};
use super::finding::CellFinding;
use super::headers::{Vocabulary, words_of};
use super::read::{Inputs, Sheet};
use super::table::{Field, Holds, Table};
use super::value::{self, Context, Document, NewSubjects, Reading, Value};

/// What becomes of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Kept,
    /// It is written as it was read, without loss.
    Repaired,
    /// A person has to look at it: the finding's code, and what was expected.
    Wrong(&'static str, String),
}

/// A cell of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedCell {
    /// What it holds.
    pub kind: CellKind,
    /// Its text; of a date the day, whatever number stood there.
    pub text: String,
    /// What became of it.
    pub mark: Mark,
}

/// A sheet of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedSheet {
    /// Its name; empty in files of one table.
    pub name: String,
    /// Whether the workbook hides it.
    pub is_hidden: bool,
    /// Its merged cells.
    pub merged: Vec<MergedRange>,
    /// Its rows by their number in the file.
    pub rows: Vec<(u32, Vec<CopiedCell>)>,
}

/// A copy of an input file: `full` is where it stands, and `within` the path of a file within it, if it is an archive. `Err` says in
/// Chinese why there can be none.
///
/// # Errors
/// The file can't be read, or is too large for a copy.
pub fn copy(inputs: &Inputs, file: usize, full: &Path, within: &str, vocabulary: &Vocabulary) -> Result<Vec<CopiedSheet>, String> {
    let raw = file::raw_sheets(full, within, vocabulary)?;
    let copied = raw.into_iter().map(|raw| {
        let mut context = Context { vocabulary, is_1904: raw.about.is_1904, subjects: NewSubjects::default() };
        let mut copy = as_it_stands(raw);
        for (place, sheet) in inputs.sheets.iter().enumerate() {
            if sheet.file != file || sheet.name != copy.name {
                continue;
            }
            let records = (0..sheet.rows.len()).map(|record| sheet.rows.get(record));
            mend(&mut copy, sheet.table, &sheet.places, records, &mut context);
            let findings = inputs.findings.iter().filter(|finding| finding.sheet == Some(place));
            findings.for_each(|finding| mark(&mut copy, sheet, finding));
        }
        write_dates(&mut copy, context.is_1904);
        copy
    });
    Ok(copied.collect())
}

fn as_it_stands(raw: RawSheet) -> CopiedSheet {
    let cell = |(kind, text)| CopiedCell { kind, text, mark: Mark::Kept };
    let rows = raw.rows.into_iter().map(|(number, cells)| (number, cells.into_iter().map(cell).collect())).collect();
    CopiedSheet { name: raw.about.name, is_hidden: raw.about.is_hidden, merged: raw.merged, rows }
}

/// The cells of a row of the copy.
fn row_of(copy: &mut CopiedSheet, number: u32) -> Option<&mut Vec<CopiedCell>> {
    let place = copy.rows.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    copy.rows.get_mut(place).map(|(_, cells)| cells)
}

/// Reads each cell of a table's records again, repairs it or marks it; `records` are their row numbers.
pub(crate) fn mend(
    copy: &mut CopiedSheet,
    table: Table,
    places: &[Option<u16>],
    records: impl Iterator<Item = u32>,
    context: &mut Context<'_>,
) {
    let fields = table.fields();
    let columns: Vec<(&Field, usize)> =
        fields.iter().zip(places).filter_map(|(field, place)| Some((field, usize::from((*place)?)))).collect();
    let documents = columns.iter().find(|(field, _)| field.header == "证件类型").map(|(_, column)| *column);
    // What a merged cell holds belongs to the rows below, too.
    let merged = copy.merged.clone();
    let is_shared = |row: u32, column: usize| {
        let reaches = |range: &MergedRange| range.first_row < row && row <= range.last_row && usize::from(range.first_column) == column;
        merged.iter().any(reaches)
    };
    for number in records {
        let Some(row) = row_of(copy, number) else { continue };
        let document =
            documents.and_then(|column| row.get(column)).map_or(Document::Unknown, |cell| Document::of(&cell.text, context.vocabulary));
        for (field, column) in &columns {
            let cell = row.get(*column).map_or(Cell::EMPTY, |cell| Cell { kind: cell.kind, text: &cell.text });
            let reading = value::read(cell, field, document, context).into_owned();
            if let Some(mended) = mended(cell, field, reading, context)
                && !(cell.kind == CellKind::Empty && is_shared(number, *column))
            {
                if row.len() <= *column {
                    row.resize(column + 1, CopiedCell { kind: CellKind::Empty, text: String::new(), mark: Mark::Kept });
                }
                if let Some(place) = row.get_mut(*column) {
                    *place = mended;
                }
            }
        }
    }
}

/// The cell in place of one that is not right as it stands.
fn mended(cell: Cell<'_>, field: &Field, reading: Reading<'static>, context: &Context<'_>) -> Option<CopiedCell> {
    let is_lacking = matches!(reading.value, Read::Empty) && field.required && !field.may_be_empty;
    match reading.issue {
        Some(issue) if issue.code == "I0208" => {
            let text = match &reading.value {
                Read::Value(value) => canonical(field, value, context),
                _ => String::new(),
            };
            let kind = if text.is_empty() { CellKind::Empty } else { CellKind::Text };
            Some(CopiedCell { kind, text, mark: Mark::Repaired })
        }
        Some(issue) => {
            Some(CopiedCell { kind: cell.kind, text: cell.text.to_owned(), mark: Mark::Wrong(issue.code, issue.expected.into_owned()) })
        }
        None if is_lacking => Some(CopiedCell {
            kind: CellKind::Empty,
            text: String::new(),
            mark: Mark::Wrong("I0201", value::expectation(field).into_owned()),
        }),
        None => None,
    }
}

/// Marks the cell of a finding that is about more than the cell alone.
fn mark(copy: &mut CopiedSheet, sheet: &Sheet, finding: &CellFinding) {
    let column = finding.field.and_then(|field| sheet.places.get(field).copied().flatten());
    let (Some(column), Some(number)) = (column, finding.row) else { return };
    let cell = row_of(copy, number).and_then(|row| row.get_mut(usize::from(column)));
    if let Some(cell) = cell.filter(|cell| matches!(cell.mark, Mark::Kept)) {
        cell.mark = Mark::Wrong(finding.code, finding.expected.to_string());
    }
}

/// Numbers that are shown as dates are written as days.
pub(crate) fn write_dates(copy: &mut CopiedSheet, is_1904: bool) {
    for cell in copy.rows.iter_mut().flat_map(|(_, cells)| cells).filter(|cell| cell.kind == CellKind::Date) {
        if let Some(shown) = value::show_moment(&cell.text, is_1904) {
            (cell.kind, cell.text) = (CellKind::Text, shown);
        }
    }
}

/// A value as the contract writes it.
fn canonical(field: &Field, value: &Value<'_>, context: &Context<'_>) -> String {
    match (value, field.holds) {
        (Value::Text(text), _) => text.to_string(),
        (Value::Id(id), _) => NationalId::from_packed(*id).to_string(),
        (Value::Code(code), Holds::Subject) => context.vocabulary.subjects.name(Subject(*code)).to_owned(),
        (Value::Code(code), Holds::Term) => code.to_string(),
        // A title, for a number may be a code of another grade in a dictionary.
        (Value::Code(code), Holds::Grade) => Grade::new(*code).map(Grade::title).unwrap_or_default().to_owned(),
        (Value::Code(code), _) => words_of(field).get(usize::from(*code)).copied().unwrap_or_default().to_owned(),
        (Value::Integer(days), Holds::Date) => value::show_date(*days),
        (Value::Integer(month), Holds::Month) => format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1),
        (Value::Integer(year), Holds::SchoolYear) => format!("{year}-{}", year + 1),
        (Value::Integer(thousandths), _) => (f64::from(*thousandths) / 1000.0).to_string(),
    }
}
