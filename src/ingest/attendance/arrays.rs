//! Counting a row group of Parquet by its arrays: what is plain of it, which is nearly all, without a cell in between.
//!
//! Whatever is not plain, such as a cell that can't be read, a repaired one or one that is missing, is left to the cells: the group is
//! then read as any other table, and what it says of the cell is said there.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, PrimitiveArray, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{Date32Type, Int32Type};
use law::facts::attendance::DayRecord;
use law::facts::codes::{AttendanceKind, Read};

use super::count::{Counter, Line, field};
use super::digest::Span;
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
    Plain(&'b StringViewArray),
    Coded(&'b Int32Array, &'b StringArray),
}

fn texts(array: &ArrayRef) -> Option<Texts<'_>> {
    if array.null_count() > 0 {
        return None;
    }
    if let Some(texts) = array.as_string_view_opt() {
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

/// Set in the number of a student whose rows are all kept.
const KEEP_ALL: u32 = 1 << 31;
/// An id that is not plain.
const NOBODY: u32 = u32::MAX;

/// Room that is used again from batch to batch.
#[derive(Default)]
pub(crate) struct Scratch {
    /// The student of each row.
    numbers: Vec<u32>,
    cells: Vec<u8>,
    slots: Vec<Slot>,
}

/// A day of the term's span.
#[derive(Clone, Copy)]
struct Slot {
    /// Where its cells begin; beyond all for a day that is no school day of the batch.
    begin: usize,
    /// Rows of the day.
    rows: u32,
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
    find_students(counter, &batch.ids, &mut scratch.numbers) && lay_out(counter, scratch, &batch, record)
}

/// The student of each row; false for an id that is not plain.
fn find_students(counter: &mut Counter<'_>, ids: &Texts<'_>, numbers: &mut Vec<u32>) -> bool {
    numbers.clear();
    let mut student = |id: &str| {
        let (number, is_plain) = counter.student_of_text(id)?;
        (number < KEEP_ALL).then_some(if is_plain { number } else { number | KEEP_ALL })
    };
    match ids {
        Texts::Coded(keys, ids) => {
            let known: Vec<u32> = ids.iter().map(|id| id.and_then(&mut student).unwrap_or(NOBODY)).collect();
            numbers.extend(keys.values().iter().map(|key| known.get(*key as usize).copied().unwrap_or(NOBODY)));
            // A dictionary may hold ids that no row has.
            !known.contains(&NOBODY) || !numbers.contains(&NOBODY)
        }
        Texts::Plain(ids) => {
            for id in ids.iter().flatten() {
                match student(id) {
                    Some(number) => numbers.push(number),
                    None => return false,
                }
            }
            numbers.len() == ids.len()
        }
    }
}

/// Lays the rows out by day and student.
fn lay_out(counter: &mut Counter<'_>, scratch: &mut Scratch, batch: &Batch<'_>, record: u32) -> bool {
    let Scratch { numbers, cells, slots } = scratch;
    let (low, high) = numbers.iter().fold((u32::MAX, 0), |(low, high), number| (low.min(number & !KEEP_ALL), high.max(number & !KEEP_ALL)));
    if low > high {
        return true;
    }
    let low = low & !1;
    let (days, width) = (counter.days(), (high - low + 2) as usize & !1);
    // Most rows are of one day each.
    let span = batch.date.map_or(0..0, |dates| match dates.nulls() {
        None => days.span(dates.values().iter().copied()),
        Some(_) => days.span(dates.iter().flatten()),
    });
    let dates = batch.date.filter(|_| width * span.len() <= MOST_CELLS);
    let missing = dates.and_then(|dates| dates.nulls());
    let values: &[i32] = dates.map_or(&[], |dates| dates.values());
    cells.clear();
    cells.resize(if dates.is_some() { width * span.len() } else { 0 }, 0);
    slots.clear();
    slots.extend(days.places().iter().map(|place| {
        let place = place.map(usize::from).filter(|place| dates.is_some() && span.contains(place));
        Slot { begin: place.map_or(usize::MAX / 2, |place| (place - span.start) * width), rows: 0 }
    }));
    let first_day = days.first();
    let (kinds, codes) = (batch.kinds.0.values(), &batch.kinds.1);
    let value =
        |array: Option<&PrimitiveArray<Date32Type>>, row: usize| array.filter(|array| array.is_valid(row)).map(|array| array.value(row));
    for (row, (marked, kind)) in numbers.iter().zip(kinds).enumerate() {
        let code = codes.get(*kind as usize).copied().unwrap_or(NOT_PLAIN);
        if code == NOT_PLAIN {
            return false;
        }
        let number = marked & !KEEP_ALL;
        let date = values.get(row).copied().filter(|_| missing.is_none_or(|missing| missing.is_valid(row)));
        if let Some(date) = date
            && let Some(slot) = slots.get_mut(date.wrapping_sub(first_day) as u32 as usize)
            && let Some(cell) = cells.get_mut(slot.begin + (number - low) as usize)
        {
            slot.rows += 1;
            if code == PRESENT && *marked == number {
                if *cell == PRESENT {
                    counter.double(number);
                }
                *cell = PRESENT;
                continue;
            }
            if *cell == PRESENT && code == PRESENT {
                counter.double(number);
            }
            *cell = code.max(*cell);
            let told = value(batch.told, row).map_or(Read::Empty, Read::Value);
            let (first, last) = (date, date);
            counter.keep(number, &Line { record: record + row as u32, first, last, code, told, span: Span::Day });
            continue;
        }
        let (first, last, span) = match (value(batch.date, row), value(batch.first, row), value(batch.last, row)) {
            (Some(day), ..) => (day, day, Span::Day),
            (None, Some(first), Some(last)) if first <= last => (first, last, Span::Range),
            _ => return false,
        };
        let told = value(batch.told, row).map_or(Read::Empty, Read::Value);
        counter.take(number, *marked == number, Line { record: record + row as u32, first, last, code, told, span });
    }
    for (offset, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.rows > 0) {
        counter.add_date(offset, slot.rows);
    }
    for (place, day) in cells.chunks_exact(width).zip(span.start..).map(|(cells, day)| (day, cells)) {
        if day.iter().any(|cell| *cell != 0) {
            let bytes = day.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4).collect();
            counter.add_day(place as u16, &Nibbles { first: low, bytes });
        }
    }
    true
}
