//! Of whom was what decided? The decisions of a run, batch by batch, as far as an export needs them.

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int8Type};
use law::facts::grades::{Grade, Stage};
use parquet::arrow::ProjectionMask;

use crate::report::parquet as published;
use crate::report::read::{ReadError, Run};

const TEXTS: [&str; 8] = ["student_id", "name", "school_code", "school_name", "stage", "class", "outcome", "certificate"];
const OTHERS: [&str; 3] = ["grade", "next_grade", "clauses.list.element"];
/// Students that are in memory at a time.
const BATCH: usize = 1 << 14;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Some students with what was decided of each.
pub struct Students {
    texts: Vec<ArrayRef>,
    grade: ArrayRef,
    next_grade: ArrayRef,
    clauses: ListArray,
    clause_words: ArrayRef,
    rows: usize,
}

/// A student with what was decided; a text that there is not is empty.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Student<'s> {
    pub student_id: &'s str,
    pub name: &'s str,
    pub school_code: &'s str,
    pub school_name: &'s str,
    pub stage: Option<Stage>,
    pub class: &'s str,
    pub outcome: &'s str,
    pub certificate: &'s str,
    pub grade: Option<Grade>,
    pub next_grade: Option<Grade>,
}

/// The students of a run in the order of its decisions.
///
/// # Errors
/// The decisions can't be read.
pub fn students(run: &Run) -> Result<impl Iterator<Item = Result<Students, ReadError>> + use<>, ReadError> {
    let path = run.folder.join("decisions.parquet");
    let fault = {
        let path = path.clone();
        move |error: Fault| ReadError::File { path: path.clone(), message: error.to_string() }
    };
    let open = || -> Result<_, Fault> {
        let builder = published::open(&path)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), TEXTS.into_iter().chain(OTHERS));
        Ok(builder.with_projection(mask).with_batch_size(BATCH).build()?)
    };
    let batches = open().map_err(&fault)?;
    Ok(batches.map(move |batch| batch.map_err(Fault::from).and_then(|batch| Students::of(&batch)).map_err(&fault)))
}

impl Students {
    fn of(batch: &RecordBatch) -> Result<Self, Fault> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| Fault::from(format!("no column {name}")));
        let as_type = |name: &str, data_type| -> Result<ArrayRef, Fault> { Ok(cast(column(name)?, data_type)?) };
        let clauses = column("clauses")?.as_list_opt::<i32>().ok_or("column clauses holds no lists")?.clone();
        Ok(Self {
            texts: TEXTS.into_iter().map(|name| as_type(name, &DataType::Utf8)).collect::<Result<_, _>>()?,
            grade: as_type("grade", &DataType::Int8)?,
            next_grade: as_type("next_grade", &DataType::Int8)?,
            clause_words: cast(clauses.values(), &DataType::Utf8)?,
            clauses,
            rows: batch.num_rows(),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// The student of a row.
    pub fn get(&self, row: usize) -> Student<'_> {
        let text = |place: usize| match self.texts.get(place).map(|texts| texts.as_string::<i32>()) {
            Some(texts) if texts.is_valid(row) => texts.value(row),
            _ => "",
        };
        let grade = |grades: &ArrayRef| {
            let grades = grades.as_primitive::<Int8Type>();
            let number = grades.is_valid(row).then(|| grades.value(row));
            number.and_then(|number| u8::try_from(number).ok()).and_then(Grade::new)
        };
        let stage = text(4);
        Student {
            student_id: text(0),
            name: text(1),
            school_code: text(2),
            school_name: text(3),
            stage: [Stage::Primary, Stage::Junior, Stage::Senior].into_iter().find(|own| own.name() == stage),
            class: text(5),
            outcome: text(6),
            certificate: text(7),
            grade: grade(&self.grade),
            next_grade: grade(&self.next_grade),
        }
    }

    /// Puts the clauses of a row's decision into `into`, in place of what is there.
    pub fn clauses(&self, row: usize, into: &mut String) {
        into.clear();
        let offsets = self.clauses.value_offsets();
        let (first, last) = (offsets.get(row).copied().unwrap_or_default(), offsets.get(row + 1).copied().unwrap_or_default());
        let words = self.clause_words.as_string::<i32>();
        for place in (first..last).filter_map(|place| usize::try_from(place).ok()).filter(|place| *place < words.len()) {
            if !into.is_empty() {
                into.push('、');
            }
            into.push_str(words.value(place));
        }
    }
}
