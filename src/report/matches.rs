//! `matches.parquet`: rows that were matched by less than the national id, and pairs that people have to look at, each with its score and reasons.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::errors::ParquetError;

use super::parquet::{Names, write};
use crate::engine::cohort::Cohort;
use crate::engine::judged::roster_text;
use crate::engine::roster::{field, key_text};
use crate::engine::rows::RowIndex;
use crate::reconcile::found::Match;
use crate::reconcile::score::Reason;

/// Writes `matches.parquet`, in the order of file, sheet, row and score.
///
/// # Errors
/// The disk refuses.
pub fn write_matches(path: &Path, cohort: &Cohort<'_>, names: &Names) -> Result<(), ParquetError> {
    let mut matches: Vec<&Match> = cohort.matches.iter().collect();
    let points = |own: &Match| own.score.map(|score| score.points);
    let ranks = RowIndex::ranks(cohort.inputs);
    matches.sort_by_key(|own| {
        let (sheet, _) = cohort.index.locate(own.row);
        (ranks[sheet], own.row, std::cmp::Reverse(points(own)), own.student)
    });
    matches.dedup();
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let element = Field::new("element", DataType::Utf8, false);
    let schema = Schema::new(vec![
        text("table", false),
        text("file", false),
        text("sheet", false),
        Field::new("row", DataType::Int32, false),
        text("name", true),
        text("student_key", false),
        text("student_name", true),
        text("school_code", true),
        text("by", false),
        text("decision", false),
        Field::new("score", DataType::Int32, true),
        Field::new("reasons", DataType::List(Arc::new(element.clone())), false),
        text("reasons_text", false),
    ]);
    let texts =
        |of: &dyn Fn(&Match) -> Option<String>| -> ArrayRef { Arc::new(matches.iter().map(|own| of(own)).collect::<StringArray>()) };
    let sheet = |own: &Match| cohort.cell(own.row).0;
    let of_student = |own: &Match, column: usize| roster_text(cohort, own.student as usize, column).map(str::to_owned);
    let name = |own: &Match| {
        let (sheet, record) = cohort.cell(own.row);
        sheet.text(sheet.table.field("姓名")?, record).value().map(str::to_owned)
    };
    let row = |own: &Match| {
        let (sheet, record) = cohort.cell(own.row);
        sheet.rows.get(record) as i32
    };
    let mut reasons = ListBuilder::new(StringBuilder::new()).with_field(element);
    for own in &matches {
        own.score.into_iter().flat_map(|score| score.reasons.iter()).map(Reason::word).for_each(|word| reasons.values().append_value(word));
        reasons.append(true);
    }
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(&|own| Some(sheet(own).table.name().to_owned())),
            texts(&|own| Some(cohort.inputs.files[sheet(own).file].path.clone())),
            texts(&|own| Some(sheet(own).name.clone())),
            Arc::new(matches.iter().map(|own| Some(row(own))).collect::<Int32Array>()),
            texts(&name),
            texts(&|own| Some(key_text(cohort.roster.students[own.student as usize].key))),
            texts(&|own| of_student(own, field::NAME)),
            texts(&|own| of_student(own, field::SCHOOL)),
            texts(&|own| Some(own.by.code().to_owned())),
            texts(&|own| Some(if own.is_sure { "sure" } else { "review" }.to_owned())),
            Arc::new(matches.iter().map(|own| points(own)).collect::<Int32Array>()),
            Arc::new(reasons.finish()),
            texts(&|own| Some(own.score.map(|score| score.reasons.text()).unwrap_or_default())),
        ],
    )?;
    write(path, &batch, names, &["student_key"])
}
