//! Counting a sheet: its rows become marks of students and days, part by part, side by side.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use law::facts::attendance::DayRecord;
use law::facts::calendar::{Calendar, Term};
use law::facts::codes::{AttendanceKind, Read};
use rayon::prelude::*;

use super::digest::{Digest, Kept, NOT_TOLD, TOLD_UNREADABLE};
use super::ids::Ids;
use super::nibbles::Nibbles;
use crate::ingest::Sheet;

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

/// How many records are counted together.
const PART: usize = 1 << 18;
/// A date's days from the term's first are held within this.
const FAR: i32 = 30_000;

/// The school days of a term by date.
#[derive(Clone, Debug)]
pub struct Days {
    first: NaiveDate,
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
        Self { first: term.first, places, calendar: calendar.clone(), term: term.clone() }
    }

    /// A date in days from the term's first.
    fn offset(&self, day: i32) -> i32 {
        day - self.first.to_epoch_days()
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
    /// The student's id.
    pub id: u64,
    /// The own date.
    pub first: i32,
    /// The last date.
    pub last: i32,
    /// What it says.
    pub code: u8,
    /// 告知家长日期
    pub told: Read<i32>,
    /// Whether it has 开始日期 and 结束日期.
    pub is_range: bool,
}

/// Reads a record of a sheet; none where it lacks a usable id or date.
fn line(sheet: &Sheet, record: usize) -> Option<Line> {
    let id = sheet.id(0, record).value()?;
    let (first, last, is_range) = match (sheet.integer(field::DATE, record), sheet.integer(field::FIRST, record)) {
        (Read::Value(day), _) => (day, day, false),
        (Read::Unreadable, _) | (Read::Empty, Read::Empty | Read::Unreadable) => return None,
        // An end that is not there or can't be read says nothing of further days.
        (Read::Empty, Read::Value(first)) => (first, sheet.integer(field::LAST, record).value().unwrap_or(first), true),
    };
    if last < first {
        return None;
    }
    let kind = match sheet.code(field::KIND, record) {
        Read::Value(code) => AttendanceKind::from_code(code).map_or(Read::Unreadable, Read::Value),
        Read::Empty | Read::Unreadable => Read::Unreadable,
    };
    let told = sheet.integer(field::TOLD, record);
    Some(Line { record: record as u32, id, first, last, code: DayRecord::of(kind) as u8, told, is_range })
}

/// What a part of a sheet contributes.
struct PartCount {
    digest: Digest,
    /// Students with two rows of 出勤 for a day.
    doubled: Vec<u32>,
}

/// Counts lines.
struct Counter<'c> {
    days: &'c Days,
    ids: &'c Ids<'c>,
    part: PartCount,
    /// Marks that are not laid out yet: student, day, code.
    marks: Vec<(u32, u16, u8)>,
    near: u32,
    /// Further students whose rows are all to be kept.
    whole: &'c [u32],
}

impl<'c> Counter<'c> {
    fn new(days: &'c Days, ids: &'c Ids<'c>, whole: &'c [u32]) -> Self {
        let digest = Digest { whole_from: ids.known(), whole: whole.to_vec(), ..Digest::default() };
        Self { days, ids, part: PartCount { digest, doubled: Vec::new() }, marks: Vec::new(), near: 0, whole }
    }

    fn take(&mut self, line: Line) {
        let number = self.ids.number(line.id, self.near);
        self.near = number;
        let digest = &mut self.part.digest;
        let offset = |day: i32| self.days.offset(day).clamp(-FAR, FAR) as i16;
        let kept = || Kept {
            number,
            record: line.record,
            first: offset(line.first),
            last: offset(line.last),
            told: match line.told {
                Read::Value(day) => offset(day),
                Read::Empty => NOT_TOLD,
                Read::Unreadable => TOLD_UNREADABLE,
            },
            code: line.code,
            is_range: line.is_range,
        };
        match self.days.belongs(line.first, line.last) {
            Belongs::Elsewhere => digest.elsewhere += 1,
            Belongs::Idle => {
                *digest.dates.entry(offset(line.first).max(0)).or_default() += 1;
                digest.idle.push(kept());
            }
            Belongs::Here(first, last) => {
                *digest.dates.entry(offset(line.first).max(0)).or_default() += 1;
                self.marks.extend((first..=last).map(|day| (number, day, line.code)));
                if line.code != DayRecord::Present as u8 || number >= digest.whole_from || self.whole.binary_search(&number).is_ok() {
                    digest.kept.push(kept());
                }
            }
        }
    }

    fn finish(mut self) -> PartCount {
        let marks = std::mem::take(&mut self.marks);
        lay_out(&marks, &mut self.part);
        self.part
    }
}

/// Lays marks out by day and student. Those of a part mostly stand close together.
fn lay_out(marks: &[(u32, u16, u8)], part: &mut PartCount) {
    let mut spans: BTreeMap<u16, Range<u32>> = BTreeMap::new();
    let mut before: Option<(u16, Range<u32>)> = None;
    for (number, day, _) in marks {
        match &mut before {
            Some((own, span)) if own == day => *span = span.start.min(*number)..span.end.max(*number + 1),
            _ => {
                let span = spans.get(day).map_or(*number..*number + 1, |span| span.start.min(*number)..span.end.max(*number + 1));
                if let Some((own, own_span)) = before.replace((*day, span)) {
                    spans.insert(own, own_span);
                }
            }
        }
    }
    if let Some((own, span)) = before {
        spans.insert(own, span);
    }
    let last = spans.keys().next_back().map_or(0, |last| usize::from(*last) + 1);
    let mut days: Vec<Nibbles> = vec![Nibbles::default(); last];
    for (day, span) in spans {
        days[usize::from(day)].reach(span.start, span.end);
    }
    const PRESENT: u8 = DayRecord::Present as u8;
    for (number, day, code) in marks {
        if days[usize::from(*day)].put(*number, *code) == PRESENT && *code == PRESENT {
            part.doubled.push(*number);
        }
    }
    part.digest.days = (0..).zip(days).filter(|(_, nibbles)| !nibbles.bytes.is_empty()).collect();
}

impl PartCount {
    fn add(&mut self, later: PartCount) {
        const PRESENT: u8 = DayRecord::Present as u8;
        let own = &mut self.digest;
        for (day, nibbles) in later.digest.days {
            own.days.entry(day).or_default().add(&nibbles, nibbles.end(), |number, one, other| {
                if one == PRESENT && other == PRESENT {
                    self.doubled.push(number);
                }
            });
        }
        own.kept.extend(later.digest.kept);
        own.idle.extend(later.digest.idle);
        for (date, rows) in later.digest.dates {
            *own.dates.entry(date).or_default() += rows;
        }
        own.elsewhere += later.digest.elsewhere;
        own.unusable += later.digest.unusable;
        self.doubled.extend(later.doubled);
    }
}

/// Counts a sheet; the rows of the `whole` students, in order, are all kept.
pub fn count(sheet: &Sheet, days: &Days, ids: &Ids<'_>, whole: &[u32]) -> Digest {
    let part = |first: usize| {
        let mut counter = Counter::new(days, ids, whole);
        for record in first..(first + PART).min(sheet.rows_read as usize) {
            match line(sheet, record) {
                Some(line) if sheet.set_aside.binary_search(&(record as u32)).is_err() => counter.take(line),
                _ => counter.part.digest.unusable += 1,
            }
        }
        counter.finish()
    };
    let parts: Vec<usize> = (0..sheet.rows_read as usize).step_by(PART).collect();
    let mut counted: Vec<PartCount> = parts.into_par_iter().map(part).collect();
    let none = || Counter::new(days, ids, whole).finish();
    let mut all = if counted.is_empty() { none() } else { counted.remove(0) };
    counted.into_iter().for_each(|later| all.add(later));
    let PartCount { digest, mut doubled } = all;
    doubled.retain(|number| !digest.is_whole(*number));
    if doubled.is_empty() {
        return digest;
    }
    // Rows of 出勤 are not kept, so which of them stand twice takes a second look.
    doubled.extend(whole);
    doubled.sort_unstable();
    doubled.dedup();
    count(sheet, days, ids, &doubled)
}
