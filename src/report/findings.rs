//! `findings.parquet`: one row a finding, with an id that lasts as long as the problem.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, Int32Builder, Int64Array, ListBuilder, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use law::facts::identifiers::NationalId;
use law::regulation::findings::{self, Severity};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::mask;
use super::parquet::{Names, write};
use crate::engine::cohort::Cohort;
use crate::engine::finding::{About, Finding};
use crate::engine::judged::roster_text;
use crate::engine::keys::KeyMap;
use crate::engine::roster::{Key, field, key_text};
use crate::engine::stake::Rank;

/// A finding in words, as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Published {
    pub finding_id: String,
    pub code: &'static str,
    pub severity: Severity,
    pub clause: &'static str,
    pub student_key: Option<String>,
    pub student_id: Option<String>,
    pub name: Option<String>,
    pub district: Option<String>,
    pub school_code: Option<String>,
    pub message: String,
    pub file: Option<String>,
    pub sheet: Option<String>,
    pub row: Option<i32>,
    pub column: Option<String>,
    pub cell: Option<String>,
    pub found: String,
    pub expected: String,
    pub count: i64,
    pub rows_sample: Vec<i32>,
    pub evidence_hash: String,
    pub other_school_code: Option<String>,
    /// The key of the student whose decision would be another one.
    pub affects: Option<String>,
    pub affects_name: Option<String>,
    pub outcome_now: Option<&'static str>,
    pub outcome_then: Option<&'static str>,
    /// What it could change, for the order of lists.
    pub rank: Rank,
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// A cell's name, such as `C12`.
pub fn cell_name(column: u16, row: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u32::from(column) + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect::<String>() + &row.to_string()
}

/// What was found, with the rows beside it.
fn found(found: &str, beside: &str) -> String {
    match (found, beside) {
        (found, "") => found.to_owned(),
        (found, beside) => format!("{found}（{beside}）"),
    }
}

/// Puts a finding into words.
pub fn publish(cohort: &Cohort<'_>, finding: &Finding) -> Published {
    let entry = findings::find(finding.code);
    let student = match finding.about {
        About::Student(student) => Some(student as usize),
        _ => None,
    };
    let text = |column| student.and_then(|student| roster_text(cohort, student, column)).map(str::to_owned);
    let (mut student_id, mut school_code) = (None, text(field::SCHOOL));
    let student_key = student.map(|student| cohort.roster.students[student].key);
    let subject_key = match &finding.about {
        About::Student(_) => student_key.map(key_text).unwrap_or_default(),
        About::Id(packed) => {
            student_id = Some(NationalId::from_packed(*packed).to_string());
            student_id.clone().unwrap_or_default()
        }
        About::School(code) => {
            school_code = Some(code.clone());
            code.clone()
        }
        About::File(path) => path.clone(),
        About::Cells(cells) => cells.clone(),
    };
    if let Some(Key::National(packed)) = student_key {
        student_id = Some(NationalId::from_packed(packed).to_string());
    }
    // Who is in no roster is asked for in the school whose row it is.
    let own_row = finding.at.filter(|_| school_code.is_none()).map(|row| cohort.cell(row));
    school_code = school_code.or_else(|| {
        let (sheet, record) = own_row?;
        sheet.text(sheet.table.field("学校代码")?, record).value().map(str::to_owned)
    });
    let own_district = |code: &str| cohort.district_of(code).map(str::to_owned);
    let own_name = own_row.and_then(|(sheet, record)| sheet.text(sheet.table.field("姓名")?, record).value()).map(str::to_owned);
    let place = &finding.place;
    let sheet = place.sheet.map(|sheet| &cohort.inputs.sheets[sheet]);
    // Only workbooks have cells that a name such as C12 points to.
    let cell = match (sheet, place.column, place.row) {
        (Some(sheet), Some(column), Some(row)) if !sheet.name.is_empty() => Some(cell_name(column, row)),
        _ => None,
    };
    let (wrong, mend, clause) = entry.map_or(("", "", ""), |entry| (entry.wrong, entry.mend, entry.clause));
    let mut message = wrong.to_owned();
    if !place.header.is_empty() && (finding.code.starts_with("I02") || finding.code == "I0303") {
        message = format!("{message}：{}", place.header);
    }
    message.push_str("。请");
    message.push_str(mend);
    message.push('。');
    let message = mask::within(&message.replace("。请无需", "。无需")).into_owned();
    Published {
        finding_id: hash(&[finding.code, &subject_key, &finding.field, &finding.other_party]),
        code: finding.code,
        severity: finding.severity,
        clause,
        student_key: student_key.map(key_text),
        student_id,
        name: text(field::NAME).or(own_name.filter(|_| finding.code.starts_with('R'))),
        district: text(field::DISTRICT).or_else(|| own_district(school_code.as_deref()?)),
        school_code,
        message,
        file: place.file.map(|file| cohort.inputs.files[file].path.clone()),
        sheet: sheet.map(|sheet| sheet.name.clone()),
        row: place.row.map(|row| row as i32),
        column: (!place.header.is_empty()).then(|| place.header.clone()),
        cell,
        evidence_hash: hash(&[&finding.found, &finding.expected]),
        found: mask::within(&found(&finding.found, &place.beside)).into_owned(),
        expected: mask::within(&finding.expected).into_owned(),
        count: finding.count,
        rows_sample: finding.rows_sample.iter().map(|row| *row as i32).collect(),
        other_school_code: finding.other_school.clone(),
        affects: finding.effect.map(|effect| key_text(cohort.roster.students[effect.student as usize].key)),
        affects_name: finding.effect.and_then(|effect| roster_text(cohort, effect.student as usize, field::NAME)).map(str::to_owned),
        outcome_now: finding.effect.map(|effect| effect.now.code()),
        outcome_then: finding.effect.map(|effect| effect.then.code()),
        rank: Rank::of(finding.code, finding.effect.as_ref()),
    }
}

/// Puts the findings of a run in order: those first that could change more of a decision, then the gravest, then by school, student and
/// place; one row an id.
pub fn in_order(findings: Vec<Published>) -> Vec<Published> {
    let compare = |one: &Published, other: &Published| {
        let order = |finding: &Published| (finding.rank, finding.severity, finding.code);
        order(one)
            .cmp(&order(other))
            .then_with(|| {
                (&one.district, &one.school_code, &one.student_key).cmp(&(&other.district, &other.school_code, &other.student_key))
            })
            .then_with(|| (&one.file, &one.sheet, one.row, &one.cell).cmp(&(&other.file, &other.sheet, other.row, &other.cell)))
            .then_with(|| one.finding_id.cmp(&other.finding_id))
    };
    // Places are moved, and not what stands there, which is large.
    let mut order: Vec<u32> = (0..findings.len() as u32).collect();
    order.par_sort_by(|one, other| compare(&findings[*one as usize], &findings[*other as usize]));
    let mut findings: Vec<Option<Published>> = findings.into_iter().map(Some).collect();
    let findings = order.into_iter().filter_map(|place| findings[place as usize].take());
    let mut places: KeyMap<usize> = KeyMap::default();
    let mut kept: Vec<Published> = Vec::new();
    for finding in findings {
        // An id is a number of 64 bits in words.
        match places.entry(u64::from_str_radix(&finding.finding_id, 16).unwrap_or_default()) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(finding);
            }
            // The same problem shown by one more row.
            std::collections::hash_map::Entry::Occupied(place) => {
                let known = &mut kept[*place.get()];
                known.count += finding.count;
                if known.file == finding.file && known.sheet == finding.sheet {
                    let room = 10_usize.saturating_sub(known.rows_sample.len());
                    known.rows_sample.extend(finding.rows_sample.into_iter().take(room));
                }
            }
        }
    }
    kept
}

/// What stands in a column.
enum Of {
    Text(fn(&Published) -> Option<&str>),
    Row,
    Count,
    Rows,
}

/// The columns: name, whether it may be null, and what stands there.
const COLUMNS: [(&str, bool, Of); 25] = [
    ("finding_id", false, Of::Text(|own| Some(&own.finding_id))),
    ("code", false, Of::Text(|own| Some(own.code))),
    ("severity", false, Of::Text(|own| Some(own.severity.code()))),
    ("clause", true, Of::Text(|own| filled(own.clause))),
    ("student_key", true, Of::Text(|own| own.student_key.as_deref())),
    ("student_id", true, Of::Text(|own| own.student_id.as_deref())),
    ("name", true, Of::Text(|own| own.name.as_deref())),
    ("district", true, Of::Text(|own| own.district.as_deref())),
    ("school_code", true, Of::Text(|own| own.school_code.as_deref())),
    ("message", false, Of::Text(|own| Some(&own.message))),
    ("file", true, Of::Text(|own| own.file.as_deref())),
    ("sheet", true, Of::Text(|own| own.sheet.as_deref())),
    ("row", true, Of::Row),
    ("column", true, Of::Text(|own| own.column.as_deref())),
    ("cell", true, Of::Text(|own| own.cell.as_deref())),
    ("found", true, Of::Text(|own| filled(&own.found))),
    ("expected", true, Of::Text(|own| filled(&own.expected))),
    ("count", false, Of::Count),
    ("rows_sample", false, Of::Rows),
    ("evidence_hash", false, Of::Text(|own| Some(&own.evidence_hash))),
    ("other_school_code", true, Of::Text(|own| own.other_school_code.as_deref())),
    ("affects", true, Of::Text(|own| own.affects.as_deref())),
    ("affects_name", true, Of::Text(|own| own.affects_name.as_deref())),
    ("outcome_now", true, Of::Text(|own| own.outcome_now)),
    ("outcome_then", true, Of::Text(|own| own.outcome_then)),
];

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Of {
    fn column(&self, findings: &[Published]) -> ArrayRef {
        match self {
            Of::Text(text) => Arc::new(findings.iter().map(text).collect::<StringArray>()),
            Of::Row => Arc::new(findings.iter().map(|own| own.row).collect::<Int32Array>()),
            Of::Count => Arc::new(findings.iter().map(|own| own.count).collect::<Int64Array>()),
            Of::Rows => {
                let mut samples = ListBuilder::new(Int32Builder::new()).with_field(Field::new("element", DataType::Int32, false));
                for own in findings {
                    samples.values().append_slice(&own.rows_sample);
                    samples.append(true);
                }
                Arc::new(samples.finish())
            }
        }
    }
}

/// Writes `findings.parquet`.
///
/// # Errors
/// The disk refuses.
pub fn write_findings(path: &Path, findings: &[Published], names: &Names) -> Result<(), ParquetError> {
    let columns: Vec<ArrayRef> = COLUMNS.par_iter().map(|(_, _, of)| of.column(findings)).collect();
    let fields = COLUMNS.iter().zip(&columns).map(|((name, nullable, _), column)| Field::new(*name, column.data_type().clone(), *nullable));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?;
    write(path, &batch, names, &["finding_id", "student_key", "student_id", "affects"])
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_named_as_spreadsheets_name_them() {
        assert_eq!(super::cell_name(0, 1), "A1");
        assert_eq!(super::cell_name(25, 12), "Z12");
        assert_eq!(super::cell_name(26, 3), "AA3");
        assert_eq!(super::cell_name(702, 3), "AAA3");
    }
}
