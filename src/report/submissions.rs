//! `submissions.parquet`: who has sent what: for each school and table, how many of its students have rows, of how many that should.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use law::facts::attendance::Form;
use law::facts::codes::{Read, Status};
use law::facts::grades::{Grade, Stage};
use law::regulation::ch7_conduct::art44;
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::parquet::{Names, write};
use crate::engine::cohort::Cohort;
use crate::engine::directory;
use crate::engine::judged::roster_text;
use crate::engine::roster::field;
use crate::ingest::table::Table;

/// The tables counted at the year's end.
const TABLES: &[Table] = &[
    Table::CourseResults,
    Table::Exams,
    Table::Evaluations,
    Table::SchoolAssessments,
    Table::StatusChanges,
    Table::Applications,
    Table::Athletes,
    Table::Discipline,
];

/// The tables counted in term.
const IN_TERM: &[Table] =
    &[Table::Registrations, Table::Attendance, Table::Urgings, Table::StatusChanges, Table::Applications, Table::Discipline];

/// The tables counted by an audit.
const AUDITED: &[Table] = &[
    Table::CourseResults,
    Table::Exams,
    Table::Evaluations,
    Table::SchoolAssessments,
    Table::Registrations,
    Table::Attendance,
    Table::Urgings,
    Table::StatusChanges,
    Table::Applications,
    Table::Athletes,
    Table::Discipline,
    Table::Archives,
];

fn tables(cohort: &Cohort<'_>) -> &'static [Table] {
    match (&cohort.audit, &cohort.watch) {
        (Some(_), _) => AUDITED,
        (None, Some(_)) => IN_TERM,
        (None, None) => TABLES,
    }
}

/// The counts of one school.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    students: i64,
    /// By table: students that should have rows, students that have, rows.
    tables: [(i64, i64, i64); AUDITED.len()],
    /// A student of the school, whose roster row names it.
    example: usize,
}

/// Whether a student of a grade can't be judged without the table.
fn is_expected(cohort: &Cohort<'_>, table: Table, stage: Stage, is_final: bool) -> bool {
    // An audit in term doesn't ask for what the year's end brings.
    let is_over = cohort.law.term.is_none() || cohort.law.as_of >= cohort.law.last_day;
    match table {
        Table::CourseResults | Table::Exams | Table::Evaluations if !is_over => false,
        Table::Registrations => true,
        Table::Attendance => cohort.watch.as_ref().is_some_and(|watch| watch.form == Form::Daily),
        Table::CourseResults => stage == Stage::Senior && !is_final,
        Table::Exams => stage != Stage::Primary && is_final,
        Table::Evaluations => is_final,
        _ => false,
    }
}

fn count(cohort: &Cohort<'_>) -> Vec<Counts> {
    let students = &cohort.roster.students;
    let none = || vec![Counts::default(); cohort.roster.schools.len()];
    let counted = students.par_iter().enumerate().fold(none, |mut schools, (student, entry)| {
        let (sheet, record) = cohort.cell(entry.row);
        let system = cohort.roster.schools[entry.school as usize].system;
        let grade = sheet.code(field::GRADE, record).value().and_then(Grade::new);
        let enrolled = sheet.code(field::STATUS, record) == Read::Value(Status::Enrolled as u8);
        let Some(school) = schools.get_mut(entry.school as usize) else { return schools };
        school.students += 1;
        school.example = student;
        for (table, counts) in tables(cohort).iter().zip(&mut school.tables) {
            let rows = match &cohort.watch {
                Some(watch) if *table == Table::Attendance => watch.ledger.recorded(student) as i64,
                _ => cohort.rows_of(*table, student).len() as i64,
            };
            let expected = enrolled
                && grade.is_some_and(|grade| {
                    let stage = system.stage(grade);
                    is_expected(cohort, *table, stage, grade == system.last(stage))
                });
            counts.0 += i64::from(expected);
            counts.1 += i64::from(rows > 0);
            counts.2 += rows;
        }
        schools
    });
    counted.reduce(none, |mut one, other| {
        for (own, more) in one.iter_mut().zip(other) {
            if more.students > 0 {
                own.example = more.example;
            }
            own.students += more.students;
            for (own, more) in own.tables.iter_mut().zip(more.tables) {
                *own = (own.0 + more.0, own.1 + more.1, own.2 + more.2);
            }
        }
        one
    })
}

/// Writes `submissions.parquet`.
///
/// # Errors
/// The disk refuses.
pub fn write_submissions(path: &Path, cohort: &Cohort<'_>, names: &Names) -> Result<(), ParquetError> {
    let mut rows = Vec::new();
    for counts in count(cohort).into_iter().filter(|counts| counts.students > 0) {
        let text = |column| roster_text(cohort, counts.example, column).unwrap_or_default().to_owned();
        let school = [text(field::DISTRICT), text(field::SCHOOL), text(field::SCHOOL_NAME)];
        for (table, own) in tables(cohort).iter().zip(counts.tables) {
            rows.push((school.clone(), *table as u8, table.name(), counts.students, own));
        }
    }
    // Of a school that the directory has and no roster, everything is still to come.
    for (code, (row, school)) in cohort.audit.iter().flat_map(|audit| audit.directory.schools()) {
        if cohort.roster.has_school(code) || art44::must_be_empty(school.status).is_some() {
            continue;
        }
        let (sheet, record) = cohort.cell(*row);
        let text = |field| sheet.text(field, record).value().unwrap_or_default().to_owned();
        let school = [text(directory::field::DISTRICT), code.to_owned(), text(directory::field::NAME)];
        rows.extend(tables(cohort).iter().map(|table| (school.clone(), *table as u8, table.name(), 0, (0, 0, 0))));
    }
    rows.sort_unstable();
    let texts = |place: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| Some(row.0[place].as_str())).collect::<StringArray>()) };
    let numbers = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let schema = Schema::new(vec![
        text("district"),
        text("school_code"),
        text("school_name"),
        text("table"),
        number("students"),
        number("students_expected"),
        number("students_with_rows"),
        number("rows"),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(0),
            texts(1),
            texts(2),
            Arc::new(rows.iter().map(|row| Some(row.2)).collect::<StringArray>()),
            numbers(rows.iter().map(|row| row.3).collect()),
            numbers(rows.iter().map(|row| row.4.0).collect()),
            numbers(rows.iter().map(|row| row.4.1).collect()),
            numbers(rows.iter().map(|row| row.4.2).collect()),
        ],
    )?;
    write(path, &batch, names, &[])
}
