//! `findings.parquet`: one row a finding, with an id that lasts as long as the problem.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int32Builder, Int64Array, ListBuilder, RecordBatch, StringArray};
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
use crate::engine::roster::{Key, KeyMap, field, key_text};
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
pub fn in_order(mut findings: Vec<Published>) -> Vec<Published> {
    findings.par_sort_by(|one, other| {
        let order = |finding: &Published| (finding.rank, finding.severity, finding.code);
        order(one)
            .cmp(&order(other))
            .then_with(|| {
                (&one.district, &one.school_code, &one.student_key).cmp(&(&other.district, &other.school_code, &other.student_key))
            })
            .then_with(|| (&one.file, &one.sheet, one.row, &one.cell).cmp(&(&other.file, &other.sheet, other.row, &other.cell)))
            .then_with(|| one.finding_id.cmp(&other.finding_id))
    });
    let mut places: KeyMap<usize> = KeyMap::default();
    let mut kept: Vec<Published> = Vec::with_capacity(findings.len());
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

fn texts<'f>(values: impl Iterator<Item = Option<&'f str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// Writes `findings.parquet`.
///
/// # Errors
/// The disk refuses.
pub fn write_findings(path: &Path, findings: &[Published], names: &Names) -> Result<(), ParquetError> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let rows_sample = Field::new("element", DataType::Int32, false);
    let schema = Schema::new(vec![
        text("finding_id", false),
        text("code", false),
        text("severity", false),
        text("clause", true),
        text("student_key", true),
        text("student_id", true),
        text("name", true),
        text("district", true),
        text("school_code", true),
        text("message", false),
        text("file", true),
        text("sheet", true),
        Field::new("row", DataType::Int32, true),
        text("column", true),
        text("cell", true),
        text("found", true),
        text("expected", true),
        Field::new("count", DataType::Int64, false),
        Field::new("rows_sample", DataType::List(Arc::new(rows_sample.clone())), false),
        text("evidence_hash", false),
        text("other_school_code", true),
        text("affects", true),
        text("affects_name", true),
        text("outcome_now", true),
        text("outcome_then", true),
    ]);
    let mut samples = ListBuilder::new(Int32Builder::new()).with_field(rows_sample);
    for finding in findings {
        samples.values().append_slice(&finding.rows_sample);
        samples.append(true);
    }
    let all = || findings.iter();
    let some = |text: &'static str| (!text.is_empty()).then_some(text);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(all().map(|finding| Some(finding.finding_id.as_str()))),
            texts(all().map(|finding| Some(finding.code))),
            texts(all().map(|finding| Some(finding.severity.code()))),
            texts(all().map(|finding| some(finding.clause))),
            texts(all().map(|finding| finding.student_key.as_deref())),
            texts(all().map(|finding| finding.student_id.as_deref())),
            texts(all().map(|finding| finding.name.as_deref())),
            texts(all().map(|finding| finding.district.as_deref())),
            texts(all().map(|finding| finding.school_code.as_deref())),
            texts(all().map(|finding| Some(finding.message.as_str()))),
            texts(all().map(|finding| finding.file.as_deref())),
            texts(all().map(|finding| finding.sheet.as_deref())),
            Arc::new(all().map(|finding| finding.row).collect::<Int32Array>()),
            texts(all().map(|finding| finding.column.as_deref())),
            texts(all().map(|finding| finding.cell.as_deref())),
            texts(all().map(|finding| Some(finding.found.as_str()).filter(|found| !found.is_empty()))),
            texts(all().map(|finding| Some(finding.expected.as_str()).filter(|expected| !expected.is_empty()))),
            Arc::new(all().map(|finding| finding.count).collect::<Int64Array>()),
            Arc::new(samples.finish()),
            texts(all().map(|finding| Some(finding.evidence_hash.as_str()))),
            texts(all().map(|finding| finding.other_school_code.as_deref())),
            texts(all().map(|finding| finding.affects.as_deref())),
            texts(all().map(|finding| finding.affects_name.as_deref())),
            texts(all().map(|finding| finding.outcome_now)),
            texts(all().map(|finding| finding.outcome_then)),
        ],
    )?;
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
