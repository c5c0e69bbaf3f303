//! `positions.parquet`: everybody seen anywhere, and whether they are registered and in a classroom.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int8Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use law::facts::codes::{Read, Status};
use law::facts::student::Row;
use rayon::prelude::*;

use super::parquet::{Encoded, Groups, Names, ROW_GROUP};
use crate::engine::cohort::Cohort;
use crate::engine::finding::Finding;
use crate::engine::roster::{Key, field, key_text};
use crate::pipeline::run::RunError;
use crate::reconcile::positions::{self, Person};

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let holds = |name: &str| Field::new(name, DataType::Boolean, true);
    Arc::new(Schema::new(vec![
        text("person_key", false),
        text("student_id", true),
        text("name", true),
        text("position", true),
        holds("registered"),
        holds("present"),
        text("status", true),
        text("district", true),
        text("school_code", true),
        Field::new("grade", DataType::Int8, true),
        text("class", true),
        text("roll_school_code", true),
        text("roll_class", true),
        text("matched_by", true),
        Field::new("score", DataType::Int32, true),
        text("table", false),
        text("file", false),
        text("sheet", false),
        Field::new("row", DataType::Int32, false),
    ]))
}

/// The text of a column of a row by its header.
fn text<'c>(cohort: &'c Cohort<'_>, row: Row, header: &str) -> Option<&'c str> {
    let (sheet, record) = cohort.cell(row);
    sheet.text(sheet.table.field(header)?, record).value()
}

fn batch<'c>(cohort: &'c Cohort<'_>, schema: &SchemaRef, people: &'c [(String, Person)]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let texts = |of: &dyn Fn(&(String, Person)) -> Option<String>| -> ArrayRef { Arc::new(people.iter().map(of).collect::<StringArray>()) };
    let borrowed = |of: &dyn Fn(&'c Person) -> Option<&'c str>| -> ArrayRef {
        Arc::new(people.iter().map(|(_, own)| of(own)).collect::<StringArray>())
    };
    let halves =
        |of: &dyn Fn(&Person) -> Option<bool>| -> ArrayRef { Arc::new(people.iter().map(|(_, own)| of(own)).collect::<BooleanArray>()) };
    let grade = |own: &'c Person| {
        let (sheet, record) = cohort.cell(own.row);
        sheet.code(sheet.table.field("年级")?, record).value().map(|grade| grade as i8)
    };
    let of_student = |own: &'c Person, column: usize| {
        own.student.and_then(|student| crate::engine::judged::roster_text(cohort, student as usize, column))
    };
    let status = |own: &'c Person| {
        let (sheet, record) = cohort.cell(own.row);
        match own.student.map(|_| sheet.code(field::STATUS, record)) {
            Some(Read::Value(code)) => Status::from_code(code).map(Status::word),
            _ => None,
        }
    };
    let place = |own: &'c Person| {
        let (sheet, record) = cohort.cell(own.row);
        (sheet.table.name(), cohort.inputs.files[sheet.file].path.as_str(), sheet.name.as_str(), sheet.rows.get(record) as i32)
    };
    // Who is in no roster is asked for in the school of the roll.
    let school = |own: &'c Person| of_student(own, field::SCHOOL).or_else(|| text(cohort, own.row, "学校代码"));
    RecordBatch::try_new(
        Arc::clone(schema),
        vec![
            texts(&|(key, _)| Some(key.clone())),
            texts(&|(key, _)| (!key.starts_with("ID:") && !key.starts_with("R:")).then(|| key.clone())),
            borrowed(&|own| text(cohort, own.row, "姓名")),
            borrowed(&|own| own.position()),
            halves(&|own| own.registered),
            halves(&|own| own.present),
            borrowed(&|own| status(own)),
            borrowed(&|own| of_student(own, field::DISTRICT).or_else(|| cohort.district_of(school(own)?))),
            borrowed(&|own| school(own)),
            Arc::new(people.iter().map(|(_, own)| grade(own)).collect::<Int8Array>()),
            borrowed(&|own| text(cohort, own.row, "班级")),
            borrowed(&|own| text(cohort, own.roll?, "学校代码")),
            borrowed(&|own| text(cohort, own.roll?, "班级")),
            borrowed(&|own| own.found.map(|found| found.by.code())),
            Arc::new(people.iter().map(|(_, own)| own.found?.score.map(|score| score.points)).collect::<Int32Array>()),
            borrowed(&|own| Some(place(own).0)),
            borrowed(&|own| Some(place(own).1)),
            borrowed(&|own| Some(place(own).2)),
            Arc::new(people.iter().map(|(_, own)| Some(place(own).3)).collect::<Int32Array>()),
        ],
    )
}

/// Writes `positions.parquet`: the students in the order of the decisions, then everybody else by their keys.
///
/// # Errors
/// The disk refuses.
pub fn write_positions(path: &Path, cohort: &Cohort<'_>, findings: &[Finding], names: &Names) -> Result<(), RunError> {
    let schema = schema();
    let mut file = Groups::create(path, &schema, names, &["person_key", "student_id", "name"], &["student_id"])?;
    let rolls = &cohort.rolls;
    let students = cohort.roster.students.len();
    let groups: Vec<usize> = (0..students).step_by(ROW_GROUP).collect();
    for wave in groups.chunks(rayon::current_num_threads().max(1) * 2) {
        let encoder = file.encoder();
        let encode = |first: &usize| -> Result<Encoded, RunError> {
            let of_student = |student: usize| {
                let person = positions::of_student(cohort, rolls, student as u32);
                (key_text(cohort.roster.students[student].key), person)
            };
            let people: Vec<(String, Person)> = (*first..(first + ROW_GROUP).min(students)).map(of_student).collect();
            Ok(encoder.encode(first / ROW_GROUP, &batch(cohort, &schema, &people)?)?)
        };
        let encoded: Result<Vec<Encoded>, RunError> = wave.par_iter().map(encode).collect();
        for group in encoded? {
            file.write(group)?;
        }
    }
    let known: std::collections::HashSet<u64> =
        cohort.roster.students.iter().filter_map(|entry| if let Key::National(id) = entry.key { Some(id) } else { None }).collect();
    let is_known = |key: &str| law::facts::identifiers::NationalId::parse(key).is_ok_and(|id| known.contains(&id.packed()));
    let others: Vec<(String, Person)> =
        positions::of_others(cohort, rolls, findings).into_iter().filter(|(key, _)| !is_known(key)).collect();
    for people in others.chunks(ROW_GROUP) {
        file.append(&batch(cohort, &schema, people)?)?;
    }
    file.finish()?;
    Ok(())
}
