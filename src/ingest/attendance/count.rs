//! Counting a sheet: its rows become marks of students and days, part by part, side by side.

use std::ops::Range;

use chrono::NaiveDate;
use law::facts::attendance::DayRecord;
use law::facts::calendar::{Calendar, Term};
use law::facts::codes::{AttendanceKind, Read};
use law::facts::identifiers::NationalId;

use super::digest::{Digest, Kept, Mark, NOT_TOLD, Span, TOLD_UNREADABLE};
use super::order::{Cursor, Order};
use super::presence::Presence;
use crate::ingest::column::Column;

/// The places of the columns of 考勤.
pub mod field {
    /// 日期
    pub const DATE: usize = 1;
    /// 开始日期
    pub const FIRST: usize = 2;
    /// 结束日期
    pub const LAST: usize = 3;
    /// 考勤
    pub const KIND: usize = 4;
    /// 告知家长日期
    pub const TOLD: usize = 5;
}

/// A date's days from the term's first are held within this.
const FAR: i32 = 30_000;

/// The school days of a term by date.
#[derive(Clone, Debug)]
pub struct Days {
    /// The first day, in days since 1970-01-01.
    first: i32,
    /// The place of each day of the term's span; none where it is no school day.
    places: Vec<Option<u16>>,
    calendar: Calendar,
    term: Term,
}

/// Where a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belongs {
    /// To school days of the term, from one to another, by place.
    Here(u16, u16),
    /// To the school year, but to no school day.
    Idle,
    /// To another term or school year.
    Elsewhere,
}

impl Days {
    /// Those of a term.
    pub fn new(calendar: &Calendar, term: &Term) -> Self {
        let span = (term.last - term.first).num_days().clamp(0, 400) as usize + 1;
        let mut places = vec![None; span];
        for (day, place) in term.days.iter().zip(0..) {
            if let Some(slot) = places.get_mut((*day - term.first).num_days() as usize) {
                *slot = Some(place);
            }
        }
        Self { first: term.first.to_epoch_days(), places, calendar: calendar.clone(), term: term.clone() }
    }

    /// The term's first day, in days since 1970-01-01.
    pub(super) fn first(&self) -> i32 {
        self.first
    }

    /// The place of each day of the term's span; none where it is no school day.
    pub(super) fn places(&self) -> &[Option<u16>] {
        &self.places
    }

    /// The places of the school days that dates lie between.
    pub(super) fn span(&self, dates: impl Iterator<Item = i32>) -> Range<usize> {
        let (first, last) = dates.fold((i32::MAX, i32::MIN), |(first, last), day| (first.min(day), last.max(day)));
        let place = |day: i32| self.term.days.partition_point(|own| own.to_epoch_days() < day);
        if first > last { 0..0 } else { place(first)..place(last.saturating_add(1)) }
    }

    /// A date in days from the term's first.
    fn offset(&self, day: i32) -> i32 {
        day - self.first
    }

    fn belongs(&self, first: i32, last: i32) -> Belongs {
        let (from, to) = (self.offset(first), self.offset(last));
        let end = self.places.len() as i32 - 1;
        if from == to
            && let Some(place) = usize::try_from(from).ok().and_then(|from| self.places.get(from))
        {
            return place.map_or(Belongs::Idle, |place| Belongs::Here(place, place));
        }
        if to >= 0 && from <= end {
            let within = &self.places[from.max(0) as usize..=to.min(end) as usize];
            let mut places = within.iter().flatten();
            return match (places.next(), places.next_back()) {
                (Some(first), last) => Belongs::Here(*first, *last.unwrap_or(first)),
                (None, _) => Belongs::Idle,
            };
        }
        let (Some(first), Some(last)) = (NaiveDate::from_epoch_days(first), NaiveDate::from_epoch_days(last)) else {
            return Belongs::Elsewhere;
        };
        let is_this_year = self.calendar.school_year_of(first) == self.term.school_year;
        let holds_school_day = || first.iter_days().take_while(|day| *day <= last).any(|day| self.calendar.is_school_day(day));
        if is_this_year && !holds_school_day() { Belongs::Idle } else { Belongs::Elsewhere }
    }
}

/// A row as the counting sees it. Days since 1970-01-01.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The record of the sheet.
    pub record: u32,
    /// The own date.
    pub first: i32,
    /// The last date.
    pub last: i32,
    /// What it says.
    pub code: u8,
    /// 告知家长日期
    pub told: Read<i32>,
    /// Of what days it speaks.
    pub span: Span,
}

/// Students by number.
pub trait Numbers: Sync {
    /// One of the orders that the students of the roster may stand in, once they are put in it.
    fn order(&self, which: usize) -> Option<&Order>;
    /// Puts the students in an order, unless somebody else does.
    fn put_in_order(&self, which: usize);
    /// The number of an id, wherever it stands.
    fn look_up(&self, id: u64) -> u32;
    /// Whether the roster has the student: whoever it has not is a finding that names rows, so all of them are kept.
    fn is_of_roster(&self, number: u32) -> bool;
}

/// What counting needs.
#[derive(Clone, Copy)]
pub struct Counting<'c> {
    /// The term's days.
    pub days: &'c Days,
    /// The students.
    pub numbers: &'c dyn Numbers,
    /// Students whose rows are all kept, in order.
    pub whole: &'c [u32],
}

/// The typed columns of 考勤, by field.
pub type Columns = [Option<Column>];

fn integer(columns: &Columns, field: usize, record: usize) -> Read<i32> {
    match columns.get(field) {
        Some(Some(Column::Integers(cells))) => cells.get(record),
        _ => Read::Empty,
    }
}

/// Reads a record, the student's id and the rest; none where it lacks a usable id or date.
fn line(columns: &Columns, record: usize) -> Option<(u64, Line)> {
    let id = match columns.first() {
        Some(Some(Column::Ids(cells))) => cells.get(record).value()?,
        _ => return None,
    };
    let (first, last, span) = match (integer(columns, field::DATE, record), integer(columns, field::FIRST, record)) {
        (Read::Value(day), _) => (day, day, Span::Day),
        (Read::Unreadable, _) | (Read::Empty, Read::Empty | Read::Unreadable) => return None,
        (Read::Empty, Read::Value(first)) => match integer(columns, field::LAST, record) {
            Read::Value(last) => (first, last, Span::Range),
            Read::Empty | Read::Unreadable => (first, first, Span::Open),
        },
    };
    if last < first {
        return None;
    }
    let kind = match columns.get(field::KIND) {
        Some(Some(Column::Codes(cells))) => match cells.get(record) {
            Read::Value(code) => AttendanceKind::from_code(code).map_or(Read::Unreadable, Read::Value),
            Read::Empty | Read::Unreadable => Read::Unreadable,
        },
        _ => Read::Unreadable,
    };
    let told = integer(columns, field::TOLD, record);
    Some((id, Line { record: record as u32, first, last, code: DayRecord::of(kind) as u8, told, span }))
}

/// Counts lines.
pub(super) struct Counter<'c> {
    counting: Counting<'c>,
    digest: Digest,
    /// Rows that are kept, and those of no school day, in the order of the sheet.
    kept: Vec<Kept>,
    idle: Vec<Kept>,
    /// Marks that are not laid out yet.
    marks: Vec<Mark>,
    /// The student met last, and whether the roster has it and not all of its rows are kept.
    near: (u32, bool),
    cursor: Cursor,
}

impl<'c> Counter<'c> {
    /// A counter that has counted nothing.
    pub(super) fn new(counting: Counting<'c>) -> Self {
        let digest = Digest { whole: counting.whole.to_vec(), ..Digest::default() };
        let (kept, idle, marks) = Default::default();
        Self { counting, digest, kept, idle, marks, near: (u32::MAX, true), cursor: Cursor::default() }
    }

    /// The term's days.
    pub(super) fn days(&self) -> &'c Days {
        self.counting.days
    }

    /// The numbers of the first texts that are the plain ids of students who were expected there, as far as of all of them only rows that
    /// say more than 出勤 are kept.
    pub(super) fn follow<'t>(&mut self, texts: impl Iterator<Item = &'t [u8]>, numbers: &mut Vec<u32>) {
        if let Some(order) = self.counting.numbers.order(self.cursor.order()).filter(|_| self.counting.whole.is_empty()) {
            self.cursor.follow(order, texts, numbers);
        }
    }

    /// The student of a plain id, and whether of its rows only those that say more than 出勤 are kept.
    pub(super) fn student_of_text(&mut self, text: &str) -> Option<(u32, bool)> {
        let id = NationalId::parse(text).ok().filter(|id| id.text() == text.as_bytes())?;
        self.meet(id.packed());
        Some(self.near)
    }

    /// Whose id it is.
    fn meet(&mut self, id: u64) {
        let Counting { numbers, whole, .. } = self.counting;
        let cursor = &mut self.cursor;
        let number = numbers.order(cursor.order()).and_then(|order| cursor.expected(order, id)).unwrap_or_else(|| {
            let number = numbers.look_up(id);
            if cursor.miss() {
                numbers.put_in_order(cursor.order());
            }
            // Those that another thread is putting in order are looked up meanwhile.
            if let Some(order) = numbers.order(cursor.order()) {
                cursor.go_to(order, number);
            }
            number
        });
        if self.near.0 != number {
            let is_of_roster = numbers.is_of_roster(number);
            self.near = (number, is_of_roster && (whole.is_empty() || whole.binary_search(&number).is_err()));
            if !is_of_roster {
                self.digest.whole.push(number);
            }
        }
    }

    /// Notes that a student has two rows of 出勤 for a day.
    pub(super) fn double(&mut self, number: u32) {
        self.digest.doubled.push(number);
    }

    /// Adds rows of a date, in days from the term's first.
    pub(super) fn add_date(&mut self, offset: usize, rows: u32) {
        *self.digest.dates.entry(offset as i16).or_default() += rows;
    }

    /// Adds those present on a school day.
    pub(super) fn add_day(&mut self, day: u16, present: &Presence) {
        self.digest.add_day(day, present);
    }

    /// Keeps a line of the student of a number.
    pub(super) fn keep(&mut self, number: u32, line: &Line) {
        self.kept.push(self.kept(number, line));
    }

    fn kept(&self, number: u32, line: &Line) -> Kept {
        let offset = |day: i32| self.counting.days.offset(day).clamp(-FAR, FAR) as i16;
        let told = match line.told {
            Read::Value(day) => offset(day),
            Read::Empty => NOT_TOLD,
            Read::Unreadable => TOLD_UNREADABLE,
        };
        let (record, code, span) = (line.record, line.code, line.span);
        Kept { number, record, first: offset(line.first), last: offset(line.last), told, code, span }
    }

    /// Counts a line of the student of a number, of whom 出勤 is not kept if it `is_plain`.
    pub(super) fn take(&mut self, number: u32, is_plain: bool, line: Line) {
        let belongs = self.counting.days.belongs(line.first, line.last);
        if belongs == Belongs::Elsewhere {
            self.digest.elsewhere += 1;
            return;
        }
        let kept = self.kept(number, &line);
        *self.digest.dates.entry(kept.first.max(0)).or_default() += 1;
        match belongs {
            Belongs::Here(first, last) => {
                let is_present = line.code == DayRecord::Present as u8;
                if is_present {
                    self.marks.extend((first..=last).map(|day| Mark { number, day }));
                }
                if !is_present || !is_plain {
                    self.kept.push(kept);
                }
            }
            _ => self.idle.push(kept),
        }
    }

    /// What was counted.
    pub(super) fn finish(mut self) -> Digest {
        self.digest.whole.sort_unstable();
        self.digest.whole.dedup();
        self.digest.keep(self.kept, self.idle);
        self.digest.mark(self.marks);
        self.digest
    }
}

/// Counts the records of a part.
pub fn count(columns: &Columns, records: usize, set_aside: &[u32], counting: Counting<'_>) -> Digest {
    let mut counter = Counter::new(counting);
    let mut aside = set_aside.iter().copied().peekable();
    for record in 0..records {
        let is_aside = aside.next_if_eq(&(record as u32)).is_some();
        match line(columns, record) {
            Some((id, line)) if !is_aside => {
                counter.meet(id);
                let (number, is_plain) = counter.near;
                counter.take(number, is_plain, line);
            }
            _ => counter.digest.unusable += 1,
        }
    }
    counter.finish()
}
