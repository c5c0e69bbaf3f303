//! Counting a row group of Parquet by its arrays: what is plain of it, which is nearly all, without a cell in between.
//!
//! Whatever is not plain, such as a cell that can't be read, a repaired one or one that is missing, is left to the cells: the group is
//! then read as any other table, and what it says of the cell is said there.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int32Type};
use law::facts::attendance::DayRecord;
use law::facts::codes::{AttendanceKind, Read};
use law::facts::identifiers::NationalId;

use super::count::{Counter, Line, field};
use super::nibbles::Nibbles;

const PRESENT: u8 = DayRecord::Present as u8;
/// A word or id that is not plain.
const NOT_PLAIN: u8 = u8::MAX;
/// Cells that a batch may take to be laid out by day and student.
const MOST_CELLS: usize = 4 << 20;

/// The arrays of a batch.
struct Batch<'b> {
    ids: Texts<'b>,
    kinds: (&'b Int32Array, Vec<u8>),
    date: Option<&'b PrimitiveArray<Date32Type>>,
    first: Option<&'b PrimitiveArray<Date32Type>>,
    last: Option<&'b PrimitiveArray<Date32Type>>,
    told: Option<&'b PrimitiveArray<Date32Type>>,
}

/// A column of texts: each by itself, or as numbers of a dictionary.
enum Texts<'b> {
    Plain(&'b StringArray),
    Coded(&'b Int32Array, &'b StringArray),
}

fn texts(array: &ArrayRef) -> Option<Texts<'_>> {
    if array.null_count() > 0 {
        return None;
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Some(Texts::Plain(texts));
    }
    let coded = array.as_dictionary_opt::<Int32Type>()?;
    Some(Texts::Coded(coded.keys(), coded.values().as_string_opt::<i32>()?))
}

/// A column of days that may be missing; `Err` for one of another type.
fn days(array: Option<&ArrayRef>) -> Result<Option<&PrimitiveArray<Date32Type>>, ()> {
    match array {
        None => Ok(None),
        Some(array) if array.null_count() == array.len() => Ok(None),
        Some(array) => array.as_primitive_opt::<Date32Type>().map(Some).ok_or(()),
    }
}

/// The code of each word; a word that is none of the list is not plain.
fn codes(words: &StringArray) -> Vec<u8> {
    let code = |word: Option<&str>| {
        let place = word.and_then(|word| AttendanceKind::WORDS.iter().position(|known| *known == word));
        let kind = place.and_then(|place| AttendanceKind::from_code(place as u8));
        kind.map_or(NOT_PLAIN, |kind| DayRecord::of(Read::Value(kind)) as u8)
    };
    words.iter().map(code).collect()
}

impl<'b> Batch<'b> {
    /// The arrays by field; none where one is not plain.
    fn of(batch: &'b RecordBatch, place: impl Fn(usize) -> Option<usize>) -> Option<Self> {
        let array = |field: usize| place(field).and_then(|place| batch.columns().get(place));
        let Texts::Coded(kinds, words) = texts(array(field::KIND)?)? else { return None };
        Some(Self {
            ids: texts(array(0)?)?,
            kinds: (kinds, codes(words)),
            date: days(array(field::DATE)).ok()?,
            first: days(array(field::FIRST)).ok()?,
            last: days(array(field::LAST)).ok()?,
            told: days(array(field::TOLD)).ok()?,
        })
    }
}

/// Student, id and whether only what is more than 出勤 is kept of a row.
type Student = (u32, u64, bool);

/// Room that is used again from batch to batch.
#[derive(Default)]
pub(crate) struct Scratch {
    students: Vec<Student>,
    cells: Vec<u8>,
}

/// Counts a batch whose first row is a record of the group; `place` gives where a field's array stands. False where something is not
/// plain, and the group has to be read by its cells.
pub(crate) fn count(
    counter: &mut Counter<'_>,
    scratch: &mut Scratch,
    batch: &RecordBatch,
    place: impl Fn(usize) -> Option<usize>,
    record: u32,
) -> bool {
    let Some(batch) = Batch::of(batch, place) else { return false };
    find_students(counter, &batch.ids, &mut scratch.students) && lay_out(counter, scratch, &batch, record)
}

/// The student of each row; false for an id that is not plain.
fn find_students(counter: &mut Counter<'_>, ids: &Texts<'_>, students: &mut Vec<Student>) -> bool {
    students.clear();
    match ids {
        Texts::Coded(keys, ids) => {
            let mut student = |id: Option<&str>| {
                let id = id?;
                Some(counter.student(NationalId::parse(id).ok().filter(|own| is_as_written(*own, id))?))
            };
            let known: Vec<Option<Student>> = ids.iter().map(&mut student).collect();
            for key in keys.values() {
                match known.get(*key as usize).copied().flatten() {
                    Some(student) => students.push(student),
                    None => return false,
                }
            }
        }
        Texts::Plain(ids) => {
            let mut before: Option<(&str, Student)> = None;
            for id in ids.iter() {
                let Some(text) = id else { return false };
                let student = match before {
                    Some((known, student)) if known == text => student,
                    _ => match counter.student_of_text(text) {
                        Some(student) => student,
                        None => return false,
                    },
                };
                before = Some((text, student));
                students.push(student);
            }
        }
    }
    true
}

/// Whether an id is written as it is read: one in small letters is repaired, which is told.
fn is_as_written(id: NationalId, text: &str) -> bool {
    id.text() == text.as_bytes()
}

/// Lays the rows out by day and student.
fn lay_out(counter: &mut Counter<'_>, scratch: &mut Scratch, batch: &Batch<'_>, record: u32) -> bool {
    let Scratch { students, cells } = scratch;
    let Some((low, high)) = students.iter().map(|(number, ..)| *number).fold(None, |span: Option<(u32, u32)>, number| {
        Some(span.map_or((number, number), |(low, high)| (low.min(number), high.max(number))))
    }) else {
        return true;
    };
    let low = low & !1;
    let (days, width) = (counter.days(), (high - low + 2) as usize & !1);
    let span = batch.date.map_or(0..0, |dates| days.span(dates.values()));
    let is_dense = width * span.len() <= MOST_CELLS;
    cells.clear();
    cells.resize(if is_dense { width * span.len() } else { 0 }, 0);
    let (kinds, codes) = (batch.kinds.0.values(), &batch.kinds.1);
    let is_single = |dates: &PrimitiveArray<Date32Type>| batch.first.is_none() && dates.null_count() == 0;
    let mut counts = vec![0_u32; days.length()];
    for (row, (number, id, is_plain)) in students.iter().enumerate() {
        let code = codes.get(kinds[row] as usize).copied().unwrap_or(NOT_PLAIN);
        if code == NOT_PLAIN {
            return false;
        }
        // Nearly every row: a student of the roster at school on a school day.
        if code == PRESENT
            && *is_plain
            && is_dense
            && let Some(dates) = batch.date.filter(|dates| is_single(dates))
            && let Some((offset, day)) = days.place(dates.value(row))
        {
            counts[offset] += 1;
            let cell = &mut cells[(usize::from(day) - span.start) * width + (number - low) as usize];
            if *cell == PRESENT {
                counter.double(*number);
            }
            *cell = PRESENT;
            continue;
        }
        let value = |array: Option<&PrimitiveArray<Date32Type>>| array.filter(|array| array.is_valid(row)).map(|array| array.value(row));
        let (first, last, is_range) = match (value(batch.date), value(batch.first), value(batch.last)) {
            (Some(day), ..) => (day, day, false),
            (None, Some(first), Some(last)) if first <= last => (first, last, true),
            _ => return false,
        };
        let told = value(batch.told).map_or(Read::Empty, Read::Value);
        counter.take(*number, Line { record: record + row as u32, id: *id, first, last, code, told, is_range });
    }
    for (offset, rows) in counts.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
        counter.add_date(offset, rows);
    }
    for (place, day) in cells.chunks_exact(width).zip(span.start..).map(|(cells, day)| (day, cells)) {
        if day.iter().any(|cell| *cell != 0) {
            let bytes = day.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4).collect();
            counter.add_day(place as u16, &Nibbles { first: low, bytes });
        }
    }
    true
}
