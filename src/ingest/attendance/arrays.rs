//! Counting a row group of Parquet by its arrays: what is plain of it, which is nearly all, without a cell in between.
//!
//! Whatever is not plain, such as a cell that can't be read, a repaired one or one that is missing, is left to the cells: the group is
//! then read as any other table, and what it says of the cell is said there.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, PrimitiveArray, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{Date32Type, Int32Type};
use law::facts::attendance::DayRecord;
use law::facts::codes::{AttendanceKind, Read};

use super::count::{Counter, Line, field};
use super::digest::Span;
use super::presence::Presence;

const PRESENT: u8 = DayRecord::Present as u8;
/// A word that is not plain.
const NOT_PLAIN: u8 = u8::MAX;
/// The words that a batch may have.
const WORDS: usize = 1 << 8;
/// Cells that a batch may take to be laid out by day and student.
const MOST_CELLS: usize = 4 << 20;

type Dates = PrimitiveArray<Date32Type>;

/// A batch whose students are known: what its rows say. The texts of the ids are let go of while they are at hand.
struct Held {
    /// The record of its first row, and the place of the row among those that are held.
    record: u32,
    begin: usize,
    /// What the numbers of its students lie between.
    students: Range<u32>,
    kinds: Int32Array,
    /// What each kind says.
    codes: [u8; WORDS],
    date: Option<Dates>,
    first: Option<Dates>,
    last: Option<Dates>,
    told: Option<Dates>,
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
fn days(array: Option<&ArrayRef>) -> Result<Option<Dates>, ()> {
    match array {
        None => Ok(None),
        Some(array) if array.null_count() == array.len() => Ok(None),
        Some(array) => array.as_primitive_opt().cloned().map(Some).ok_or(()),
    }
}

/// The code of each word; a word that is none of the list is not plain. None where there are too many.
fn codes(words: &StringArray) -> Option<[u8; WORDS]> {
    let code = |word: Option<&str>| {
        let place = word.and_then(|word| AttendanceKind::WORDS.iter().position(|known| *known == word));
        let kind = place.and_then(|place| AttendanceKind::from_code(place as u8));
        kind.map_or(NOT_PLAIN, |kind| DayRecord::of(Read::Value(kind)) as u8)
    };
    let mut codes = [NOT_PLAIN; WORDS];
    codes.iter_mut().zip(words).for_each(|(own, word)| *own = code(word));
    (words.len() <= WORDS).then_some(codes)
}

/// Set in the number of a student whose rows are all kept.
const KEEP_ALL: u32 = 1 << 31;
/// An id that is not plain.
const NOBODY: u32 = u32::MAX;

/// Batches that are held until they are laid out, and room that is used again.
#[derive(Default)]
pub(crate) struct Scratch {
    held: Vec<Held>,
    /// The student of each of their rows.
    numbers: Vec<u32>,
    /// By day and student: 1 for 出勤.
    cells: Vec<u8>,
    slots: Vec<Slot>,
}

/// A day of the term's span.
#[derive(Clone, Copy)]
struct Slot {
    is_school_day: bool,
    /// Where its cells begin; beyond all for a day that has none.
    begin: usize,
    /// Rows of the day.
    rows: u32,
}

/// Where the rows of a batch are laid out.
struct Layout<'l> {
    cells: &'l mut [u8],
    /// By days from the term's first.
    slots: &'l mut [Slot],
    first_day: i32,
    /// The first student.
    low: u32,
}

impl Layout<'_> {
    /// A date of the term's span.
    fn slot(&mut self, date: i32) -> Option<&mut Slot> {
        self.slots.get_mut(date.wrapping_sub(self.first_day) as u32 as usize)
    }

    /// Enters that a student was there on a date; gives whether that was known. None for a date without cells.
    fn enter(&mut self, date: i32, number: u32) -> Option<bool> {
        let slot = self.slots.get_mut(date.wrapping_sub(self.first_day) as u32 as usize)?;
        let cell = self.cells.get_mut(slot.begin + (number - self.low) as usize)?;
        slot.rows += 1;
        Some(std::mem::replace(cell, 1) == 1)
    }

    /// Enters the first rows as far as they say 出勤 and nothing more; how many these are, and whether the last of them was known. A loop of
    /// its own, as most rows go through it.
    #[inline(never)]
    fn enter_all(&mut self, numbers: &[u32], kinds: &[i32], dates: &[i32], codes: &[u8; WORDS]) -> (usize, bool) {
        for (row, ((number, kind), date)) in numbers.iter().zip(kinds).zip(dates).enumerate() {
            if *number >= KEEP_ALL || codes[usize::from(*kind as u8)] != PRESENT {
                return (row, false);
            }
            match self.enter(*date, *number) {
                None => return (row, false),
                Some(true) => return (row + 1, true),
                Some(false) => {}
            }
        }
        (numbers.len().min(dates.len()), false)
    }
}

impl Scratch {
    /// How many rows are held.
    pub(crate) fn rows(&self) -> usize {
        self.numbers.len()
    }
}

/// Finds the students of a batch whose first row is a record of the group, and holds it; `place` gives where a field's array stands. None
/// where something is not plain, and the group has to be read by its cells.
pub(crate) fn hold(
    counter: &mut Counter<'_>,
    scratch: &mut Scratch,
    batch: &RecordBatch,
    place: impl Fn(usize) -> Option<usize>,
    record: u32,
) -> Option<()> {
    let array = |field: usize| place(field).and_then(|place| batch.columns().get(place));
    let Texts::Coded(kinds, words) = texts(array(field::KIND)?)? else { return None };
    let codes = codes(words)?;
    // A dictionary may hold words that no row has.
    let is_plain = !codes[..words.len()].contains(&NOT_PLAIN) || !kinds.values().iter().any(|kind| code(&codes, *kind) == NOT_PLAIN);
    if !is_plain {
        return None;
    }
    let [date, first, last, told] = [field::DATE, field::FIRST, field::LAST, field::TOLD].map(|field| days(array(field)));
    let (date, first, last, told) = (date.ok()?, first.ok()?, last.ok()?, told.ok()?);
    let begin = scratch.numbers.len();
    let students = find_students(counter, &texts(array(0)?)?, &mut scratch.numbers)?;
    scratch.held.push(Held { record, begin, students, kinds: kinds.clone(), codes, date, first, last, told });
    Some(())
}

fn code(codes: &[u8; WORDS], kind: i32) -> u8 {
    u8::try_from(kind).map_or(NOT_PLAIN, |kind| codes[usize::from(kind)])
}

/// Adds the student of each row, and gives what their numbers lie between; none for an id that is not plain.
fn find_students(counter: &mut Counter<'_>, ids: &Texts<'_>, numbers: &mut Vec<u32>) -> Option<Range<u32>> {
    let begin = numbers.len();
    let between = |numbers: &[u32]| {
        let own = numbers.iter().filter(|number| **number != NOBODY).map(|number| number & !KEEP_ALL);
        let nobody = Range { start: u32::MAX, end: 0 };
        own.fold(nobody, |students, number| students.start.min(number)..students.end.max(number + 1))
    };
    match ids {
        Texts::Coded(keys, ids) => {
            let mut known = Vec::with_capacity(ids.len());
            // Of a value that is missing the text is empty.
            students(counter, ids.len(), |place| ids.value(place), &mut known);
            numbers.extend(keys.values().iter().map(|key| known.get(*key as usize).copied().unwrap_or(NOBODY)));
            // A dictionary may hold ids that no row has.
            let is_plain = !known.contains(&NOBODY) || !numbers[begin..].contains(&NOBODY);
            is_plain.then(|| between(&known))
        }
        Texts::Plain(ids) => {
            students(counter, ids.len(), |row| ids.value(row), numbers);
            let own = &numbers[begin..];
            (!own.contains(&NOBODY)).then(|| between(own))
        }
    }
}

/// Adds the student of each of some texts.
fn students<'t>(counter: &mut Counter<'_>, count: usize, text: impl Fn(usize) -> &'t str, numbers: &mut Vec<u32>) {
    let begin = numbers.len();
    while numbers.len() - begin < count {
        counter.follow((numbers.len() - begin..count).map(|place| text(place).as_bytes()), numbers);
        if numbers.len() - begin < count {
            let student = counter.student_of_text(text(numbers.len() - begin)).filter(|(number, _)| *number < KEEP_ALL);
            numbers.push(student.map_or(NOBODY, |(number, is_plain)| if is_plain { number } else { number | KEEP_ALL }));
        }
    }
}

/// Lays the rows that are held out by day and student. None where something is not plain.
pub(crate) fn lay_out(counter: &mut Counter<'_>, scratch: &mut Scratch) -> Option<()> {
    let Scratch { held, numbers, cells, slots } = scratch;
    let students = held.iter().map(|batch| batch.students.clone());
    let Some(students) = students.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end)).filter(|own| !own.is_empty())
    else {
        return Some(());
    };
    let low = students.start & !7;
    let (days, width) = (counter.days(), (students.end - low).next_multiple_of(8) as usize);
    // Where nobody is entered as present there is nothing to lay out.
    let says_present = |batch: &&Held| batch.kinds.values().iter().any(|kind| code(&batch.codes, *kind) == PRESENT);
    let dates = held.iter().filter(says_present).filter_map(|batch| batch.date.as_ref());
    let spans = dates.map(|dates| match dates.nulls() {
        None => days.span(dates.values().iter().copied()),
        Some(_) => days.span(dates.iter().flatten()),
    });
    let span =
        spans.filter(|span| !span.is_empty()).reduce(|one, other| one.start.min(other.start)..one.end.max(other.end)).unwrap_or(0..0);
    let span = if width * span.len() <= MOST_CELLS { span } else { 0..0 };
    cells.clear();
    cells.resize(width * span.len(), 0);
    slots.clear();
    slots.extend(days.places().iter().map(|place| {
        let own = place.map(usize::from).filter(|place| span.contains(place));
        Slot { is_school_day: place.is_some(), begin: own.map_or(usize::MAX / 2, |place| (place - span.start) * width), rows: 0 }
    }));
    let first_day = days.first();
    let mut layout = Layout { cells, slots, first_day, low };
    for batch in held.iter() {
        enter(counter, &mut layout, batch, &numbers[batch.begin..batch.begin + batch.kinds.len()])?;
    }
    for (offset, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.rows > 0) {
        counter.add_date(offset, slot.rows);
    }
    for (present, day) in cells.chunks_exact(width).zip(span) {
        if present.iter().any(|cell| *cell != 0) {
            counter.add_day(day as u16, &Presence::of_cells(low, present));
        }
    }
    held.clear();
    numbers.clear();
    Some(())
}

fn value(array: Option<&Dates>, row: usize) -> Option<i32> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// Enters the rows of a batch. None where something is not plain.
fn enter(counter: &mut Counter<'_>, layout: &mut Layout<'_>, batch: &Held, numbers: &[u32]) -> Option<()> {
    let kinds = batch.kinds.values();
    let missing = batch.date.as_ref().and_then(|dates| dates.nulls());
    let dates: &[i32] = batch.date.as_ref().map_or(&[], |dates| dates.values());
    let mut row = 0;
    while let (Some(&marked), Some(&kind)) = (numbers.get(row), kinds.get(row)) {
        let (number, code) = (marked & !KEEP_ALL, code(&batch.codes, kind));
        if code == PRESENT && missing.is_none() {
            let dates = dates.get(row..).unwrap_or_default();
            let (entered, was_known) = layout.enter_all(&numbers[row..], &kinds[row..], dates, &batch.codes);
            row += entered;
            if was_known && let Some(number) = numbers.get(row - 1) {
                counter.double(*number);
            }
            if entered > 0 {
                continue;
            }
        }
        let date = dates.get(row).copied().filter(|_| missing.is_none_or(|missing| missing.is_valid(row)));
        let told = value(batch.told.as_ref(), row).map_or(Read::Empty, Read::Value);
        let line = |first, last, span| Line { record: batch.record + row as u32, first, last, code, told, span };
        let was_known = date.filter(|_| code == PRESENT).and_then(|date| layout.enter(date, number));
        if was_known == Some(true) {
            counter.double(number);
        }
        let slot = date.filter(|_| code != PRESENT).and_then(|date| layout.slot(date)).filter(|slot| slot.is_school_day);
        match (date, slot) {
            (Some(date), _) if was_known.is_some() => {
                if marked != number {
                    counter.keep(number, &line(date, date, Span::Day));
                }
            }
            (Some(date), Some(slot)) => {
                slot.rows += 1;
                counter.keep(number, &line(date, date, Span::Day));
            }
            (Some(date), None) => counter.take(number, marked == number, line(date, date, Span::Day)),
            (None, _) => match (value(batch.first.as_ref(), row), value(batch.last.as_ref(), row)) {
                (Some(first), Some(last)) if first <= last => counter.take(number, marked == number, line(first, last, Span::Range)),
                _ => return None,
            },
        }
        row += 1;
    }
    Some(())
}
