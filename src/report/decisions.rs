//! `decisions.parquet`: one row a student, as the contract has it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Array, Int8Builder, Int16Array, Int32Builder, ListArray, RecordBatch, StringArray, StringBuilder,
    StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use law::regulation::rule::Amount;

use crate::engine::cohort::Cohort;
use crate::engine::judged::{Judged, amount, roster_text};
use crate::engine::roster::{Key, field, key_text};

use super::codes::Codes;

fn codes(nullable: bool, name: &str) -> Field {
    Field::new(name, DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), nullable)
}

fn list(name: &str, element: DataType, nullable: bool) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("element", element, nullable))), false)
}

fn code_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn reason_fields() -> Fields {
    Fields::from(vec![
        codes(false, "clause"),
        codes(false, "code"),
        Field::new("holds", DataType::Boolean, true),
        Field::new("value", DataType::Utf8, true),
        Field::new("threshold", DataType::Utf8, true),
        codes(false, "text"),
    ])
}

fn evidence_fields() -> Fields {
    Fields::from(vec![
        codes(false, "table"),
        codes(false, "file"),
        codes(false, "sheet"),
        Field::new("row", DataType::Int32, false),
        Field::new("row_last", DataType::Int32, false),
    ])
}

/// The schema.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("student_key", DataType::Utf8, false),
        Field::new("student_id", DataType::Utf8, true),
        Field::new("name", DataType::Utf8, true),
        codes(true, "district"),
        codes(true, "school_code"),
        codes(true, "school_name"),
        codes(true, "stage"),
        Field::new("grade", DataType::Int8, true),
        codes(true, "class"),
        codes(false, "procedure"),
        codes(false, "outcome"),
        Field::new("next_grade", DataType::Int8, true),
        codes(true, "certificate"),
        list("clauses", code_type(), false),
        list("failing_subjects", code_type(), false),
        list("missing", code_type(), false),
        list("reasons", DataType::Struct(reason_fields()), false),
        Field::new("judged_on", DataType::Date32, true),
        Field::new("days_to_threshold", DataType::Int16, true),
        list("evidence", DataType::Struct(evidence_fields()), false),
    ]))
}

/// Lists of words, one a student.
#[derive(Default)]
struct Words<'w> {
    words: Codes<'w>,
    lengths: Vec<usize>,
}

impl<'w> Words<'w> {
    fn push(&mut self, words: impl Iterator<Item = &'w str>) {
        let mut length = 0;
        for word in words {
            self.words.append_value(word);
            length += 1;
        }
        self.lengths.push(length);
    }

    fn push_made(&mut self, words: Vec<String>) {
        self.lengths.push(words.len());
        words.into_iter().for_each(|word| self.words.append_made(word));
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        let element = Arc::new(Field::new("element", code_type(), false));
        Ok(Arc::new(ListArray::try_new(element, OffsetBuffer::from_lengths(self.lengths), self.words.finish()?, None)?))
    }
}

fn optional<'w>(column: &mut Codes<'w>, value: Option<&'w str>) {
    match value {
        Some(value) => column.append_value(value),
        None => column.append_null(),
    }
}

/// A step's `value` or `threshold`; numbers are written without allocating.
fn append(column: &mut StringBuilder, cohort: &Cohort<'_>, value: Amount) {
    use std::fmt::Write;
    match value {
        Amount::None => column.append_null(),
        Amount::Word(word) => column.append_value(word),
        Amount::Number(number) => {
            // Writing to a builder can't fail.
            let _ = write!(column, "{number}");
            column.append_value("");
        }
        other => column.append_option(amount(cohort, other)),
    }
}

/// The rows of a chunk of students.
///
/// # Errors
/// Arrays that do not fit the schema.
pub fn batch(cohort: &Cohort<'_>, judged: &Judged) -> Result<RecordBatch, ArrowError> {
    let number = judged.students.len();
    let mut key = StringBuilder::with_capacity(number, number * 19);
    let mut id = StringBuilder::with_capacity(number, number * 19);
    let mut name = StringBuilder::with_capacity(number, number * 9);
    let (mut district, mut school_code, mut school_name, mut class) = (Codes::new(), Codes::new(), Codes::new(), Codes::new());
    let (mut stage, mut procedure, mut outcome, mut certificate) = (Codes::new(), Codes::new(), Codes::new(), Codes::new());
    let (mut grade, mut next_grade) = (Int8Builder::with_capacity(number), Int8Builder::with_capacity(number));
    let (mut clauses, mut failing, mut missing) = (Words::default(), Words::default(), Words::default());
    let (mut clause, mut code, mut text) = (Codes::new(), Codes::new(), Codes::new());
    let (mut holds, mut value, mut threshold) = (BooleanBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut reasons = Vec::with_capacity(number);
    let (mut table, mut file, mut sheet) = (Codes::new(), Codes::new(), Codes::new());
    let (mut row, mut row_last) = (Int32Builder::new(), Int32Builder::new());
    let mut evidence = Vec::with_capacity(number);
    let mut places: Vec<(u8, usize, usize, u32)> = Vec::new();
    let mut before = 0;
    for (place, student) in judged.students.clone().enumerate() {
        let entry = cohort.roster.students[student];
        match entry.key {
            Key::National(packed) => {
                let bytes = law::facts::identifiers::NationalId::from_packed(packed).text();
                let own = std::str::from_utf8(&bytes).unwrap_or_default();
                key.append_value(own);
                id.append_value(own);
            }
            other => {
                key.append_value(key_text(other));
                id.append_null();
            }
        }
        name.append_option(roster_text(cohort, student, field::NAME));
        optional(&mut district, roster_text(cohort, student, field::DISTRICT));
        optional(&mut school_code, roster_text(cohort, student, field::SCHOOL));
        optional(&mut school_name, roster_text(cohort, student, field::SCHOOL_NAME));
        optional(&mut class, roster_text(cohort, student, field::CLASS));
        optional(&mut stage, judged.stage[place].map(law::facts::grades::Stage::name));
        grade.append_option(judged.grade[place].map(|grade| grade.number() as i8));
        procedure.append_value(judged.procedure[place].code());
        outcome.append_value(judged.outcome[place].code());
        next_grade.append_option(judged.next_grade[place].map(|grade| grade.number() as i8));
        optional(&mut certificate, judged.certificate[place].map(law::regulation::rule::Certificate::word));
        clauses.push(judged.clauses.get(place).iter().copied());
        failing.push(judged.failing.get(place).iter().map(|subject| cohort.law.subjects.name(*subject)));
        let mut words: Vec<String> = Vec::new();
        for fact in judged.missing.get(place) {
            let word = fact.word(|subject| cohort.law.subjects.name(subject).to_owned());
            if !words.contains(&word) {
                words.push(word);
            }
        }
        missing.push_made(words);
        let mut steps = 0;
        for reason in judged.reasons.get(place) {
            clause.append_value(reason.clause);
            code.append_value(reason.sentence.code);
            holds.append_option(reason.holds);
            append(&mut value, cohort, reason.value);
            append(&mut threshold, cohort, reason.threshold);
            text.append_value(reason.sentence.text);
            steps += 1;
        }
        let change = judged.change.get(place);
        if !change.is_empty() {
            let words: Vec<String> = change.iter().map(|fact| fact.word(|subject| cohort.law.subjects.name(subject).to_owned())).collect();
            clause.append_value(judged.clauses.get(place).first().copied().unwrap_or_default());
            code.append_value("change");
            holds.append_null();
            value.append_value(words.join("、"));
            threshold.append_null();
            text.append_value("最少要有这些事项成立（合格、达标或齐备），结论才会是升级或毕业");
            steps += 1;
        }
        reasons.push(steps);
        places.clear();
        for row in judged.evidence.get(place) {
            let (sheet, record) = cohort.index.locate_near(*row, before);
            before = sheet;
            let own = &cohort.inputs.sheets[sheet];
            places.push((own.table as u8, own.file, sheet, own.rows.get(record)));
        }
        // Files stand in the order of their paths, and the sheets of a file in theirs.
        places.sort_unstable();
        let mut length = 0;
        let mut rows = places.iter().peekable();
        while let Some((own_table, _, own_sheet, first)) = rows.next() {
            let mut last = *first;
            while let Some((.., next)) = rows.next_if(|(.., sheet, row)| sheet == own_sheet && *row == last + 1) {
                last = *next;
            }
            let input = &cohort.inputs.sheets[*own_sheet];
            debug_assert_eq!(*own_table, input.table as u8);
            table.append_value(input.table.name());
            file.append_value(&cohort.inputs.files[input.file].path);
            sheet.append_value(&input.name);
            row.append_value(*first as i32);
            row_last.append_value(last as i32);
            length += 1;
        }
        evidence.push(length);
    }
    let reasons = ListArray::new(
        Arc::new(Field::new("element", DataType::Struct(reason_fields()), false)),
        OffsetBuffer::from_lengths(reasons),
        Arc::new(StructArray::new(
            reason_fields(),
            vec![
                clause.finish()?,
                code.finish()?,
                Arc::new(holds.finish()),
                Arc::new(value.finish()),
                Arc::new(threshold.finish()),
                text.finish()?,
            ],
            None,
        )),
        None,
    );
    let evidence = ListArray::new(
        Arc::new(Field::new("element", DataType::Struct(evidence_fields()), false)),
        OffsetBuffer::from_lengths(evidence),
        Arc::new(StructArray::new(
            evidence_fields(),
            vec![table.finish()?, file.finish()?, sheet.finish()?, Arc::new(row.finish()), Arc::new(row_last.finish())],
            None,
        )),
        None,
    );
    let keys: StringArray = key.finish();
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(keys),
            Arc::new(id.finish()),
            Arc::new(name.finish()),
            district.finish()?,
            school_code.finish()?,
            school_name.finish()?,
            stage.finish()?,
            Arc::new(grade.finish()),
            class.finish()?,
            procedure.finish()?,
            outcome.finish()?,
            Arc::new(next_grade.finish()),
            certificate.finish()?,
            clauses.finish()?,
            failing.finish()?,
            missing.finish()?,
            Arc::new(reasons),
            Arc::new(judged.judged_on.iter().map(|day| day.map(|day| day.to_epoch_days())).collect::<Date32Array>()),
            Arc::new(judged.days_to_threshold.iter().copied().collect::<Int16Array>()),
            Arc::new(evidence),
        ],
    )
}
