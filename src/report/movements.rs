//! `movements.parquet`: what moved in a school against the last run of its pipeline, each a query. It depends on the run before, and
//! stands apart from the findings for that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use law::regulation::findings::Severity;
use parquet::errors::ParquetError;

use super::parquet::{Names, write};
use super::read::{ReadError, byte, read, strings};

/// What a run says of a school.
#[derive(Clone, Debug, Default)]
pub struct School {
    /// Its district.
    pub district: String,
    /// Its name.
    pub name: String,
    /// How many students it has.
    pub students: u64,
    /// Students by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Its classes, by grade and name.
    classes: BTreeSet<(Option<i8>, String)>,
}

impl School {
    /// How many classes it has.
    pub fn classes(&self) -> u64 {
        self.classes.len() as u64
    }
}

/// The schools of a run, by code.
///
/// # Errors
/// Its decisions can't be read.
pub fn schools(run: &Path) -> Result<BTreeMap<String, School>, ReadError> {
    let columns = ["district", "school_code", "school_name", "grade", "class", "outcome"];
    let mut schools: BTreeMap<String, School> = BTreeMap::new();
    read(&run.join("decisions.parquet"), &columns, None, |batch| {
        let (districts, codes, names) = (strings(batch, "district")?, strings(batch, "school_code")?, strings(batch, "school_name")?);
        let (classes, outcomes) = (strings(batch, "class")?, strings(batch, "outcome")?);
        let text = |texts: &StringArray, row: usize| if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() };
        // Most students stand beside others of their class.
        let mut class_before = None;
        for row in (0..batch.num_rows()).filter(|row| codes.is_valid(*row)) {
            let code = codes.value(row);
            if !schools.contains_key(code) {
                let own = School { district: text(districts, row), name: text(names, row), ..School::default() };
                schools.insert(code.to_owned(), own);
            }
            let Some(school) = schools.get_mut(code) else { continue };
            school.students += 1;
            match school.outcomes.get_mut(outcomes.value(row)) {
                Some(students) => *students += 1,
                None => drop(school.outcomes.insert(text(outcomes, row), 1)),
            }
            let class = (code, byte(batch, "grade", row), classes.is_valid(row).then(|| classes.value(row)));
            if class_before != Some(class) {
                school.classes.extend(class.2.map(|name| (class.1, name.to_owned())));
            }
            class_before = Some(class);
        }
        Ok(())
    })?;
    Ok(schools)
}

/// What moved in a school.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Movement {
    pub school_code: String,
    pub school_name: String,
    pub district: String,
    /// `students`, `classes`, or `outcome.` and an outcome's code.
    pub measure: String,
    /// A number of students or classes, or an outcome's share.
    pub before: f64,
    pub after: f64,
    /// What it moved by more than.
    pub threshold: f64,
    pub message: String,
}

/// Writes `movements.parquet`. `against` is the run before.
///
/// # Errors
/// The disk refuses.
pub fn write_movements(path: &Path, movements: &[Movement], against: &str, names: &Names) -> Result<(), ParquetError> {
    let texts = |own: &dyn Fn(&Movement) -> String| -> ArrayRef { Arc::new(movements.iter().map(own).map(Some).collect::<StringArray>()) };
    let numbers = |own: fn(&Movement) -> f64| -> ArrayRef { Arc::new(movements.iter().map(own).map(Some).collect::<Float64Array>()) };
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let number = |name: &str| Field::new(name, DataType::Float64, false);
    let schema = Schema::new(vec![
        text("severity"),
        text("school_code"),
        text("school_name"),
        text("district"),
        text("measure"),
        number("before"),
        number("after"),
        number("threshold"),
        text("against_run"),
        text("message"),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            texts(&|_| Severity::Query.code().to_owned()),
            texts(&|own| own.school_code.clone()),
            texts(&|own| own.school_name.clone()),
            texts(&|own| own.district.clone()),
            texts(&|own| own.measure.clone()),
            numbers(|own| own.before),
            numbers(|own| own.after),
            numbers(|own| own.threshold),
            texts(&|_| against.to_owned()),
            texts(&|own| own.message.clone()),
        ],
    )?;
    write(path, &batch, names, &[])
}
