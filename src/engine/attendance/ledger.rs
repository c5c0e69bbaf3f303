//! The ledger of a run: the digests of all sheets put together, as of its date and for its roster.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use law::facts::attendance::DayRecord;
use law::facts::calendar::Term;
use law::facts::student::Row;
use rayon::prelude::*;

use super::ids::Numbering;
use super::shelves::{Entry, Rows, Shelves};
use crate::engine::rows::NOBODY;
use crate::engine::scope::{OutOfScope, SheetBooks};
use crate::ingest::attendance::digest::{Part, SHELF, by_shelf};
use crate::ingest::attendance::presence::Presence;
use crate::ingest::attendance::{Digest, Kept};

/// Rows that are no attendance of anybody's.
#[derive(Clone, Debug, Default)]
pub struct Stray {
    /// The rows.
    pub rows: Vec<Row>,
    /// The date of the first, in days from the term's first.
    pub date: i16,
}

impl Stray {
    fn add(&mut self, row: Row, kept: &Kept) {
        if self.rows.is_empty() {
            self.date = kept.first;
        }
        self.rows.push(row);
    }
}

/// What is on record for the students of a run.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Who has 出勤 on record, by school day.
    days: Vec<Presence>,
    /// The first school day on or after each date of the term's span, and the last on or before it.
    next: Vec<u16>,
    /// The rows that were kept, by student.
    kept: Shelves,
    /// Rows of ids that no roster has.
    pub strangers: BTreeMap<u64, Stray>,
    /// Rows of students on days that are no school days.
    pub idle: BTreeMap<u32, Stray>,
    /// What became of the rows of each sheet, by the sheet's place.
    pub books: Vec<(usize, SheetBooks)>,
}

/// A sheet with its digest.
pub struct Counted<'d> {
    /// The sheet's place among the inputs'.
    pub sheet: usize,
    /// The number of its first row.
    pub begin: Row,
    /// What it contributes.
    pub digest: &'d Digest,
}

impl<'d> Counted<'d> {
    /// The rows of some parts from the shelf of a number on, each with its place, part by part.
    fn rows(&self, parts: &'d [Part], first: u32) -> impl Iterator<Item = (Row, &'d Kept)> {
        parts.iter().flat_map(move |part| {
            let rows = part.rows.partition_point(|kept| kept.number / SHELF < first / SHELF)..;
            part.rows[rows].iter().map(|kept| (Row(self.begin.0 + part.before + kept.record), kept))
        })
    }
}

/// Students whose rows have all to be kept, and are not: those with two rows of 出勤 for a day, and those who are in no roster any more. By
/// place among the counted sheets, their numbers.
pub type Incomplete = BTreeMap<usize, BTreeSet<u32>>;

impl Ledger {
    /// Puts the digests together.
    ///
    /// # Errors
    /// Students whose rows have to be kept first.
    pub fn new(counted: &[Counted<'_>], numbering: &Numbering, term: &Term, as_of: NaiveDate, students: usize) -> Result<Self, Incomplete> {
        let days = term.days_until(as_of) as u16;
        // Who has no national id has no records either.
        let is_own = |((student, id), number): ((&u32, &u64), u32)| *student == number || *id == 0;
        // Somebody who had no id when numbers were given may have a later number.
        let is_same = numbering.students.len() >= students
            && numbering.students.iter().zip(&numbering.ids).zip(0..).take(students).all(is_own)
            && numbering.students.iter().skip(students).all(|student| *student == NOBODY);
        let by_day = |day: u16| {
            let mut own = Presence::none(students);
            let mut met: Vec<u32> = Vec::new();
            let mut strangers: Vec<(usize, u32)> = Vec::new();
            for (place, counted) in counted.iter().enumerate() {
                let Some(present) = counted.digest.days.get(&day) else { continue };
                let mut from = present.first;
                if is_same {
                    // Whole bytes of students of the roster; strangers come after them.
                    let end = students as u32 & !7;
                    own.add(present, end, |student| met.push(student));
                    from = from.max(end);
                }
                for number in (from..present.end()).filter(|number| present.has(*number)) {
                    match numbering.students.get(number as usize) {
                        Some(student) if *student != NOBODY => met.extend(own.enter(*student).then_some(number)),
                        _ if !counted.digest.is_whole(number) => strangers.push((place, number)),
                        _ => {}
                    }
                }
            }
            (own, met, strangers)
        };
        let read: Vec<_> = (0..days).into_par_iter().map(by_day).collect();
        let mut incomplete = Incomplete::new();
        for (place, counted) in counted.iter().enumerate() {
            let doubled = counted.digest.doubled.iter().copied().filter(|number| !counted.digest.is_whole(*number));
            let doubled: BTreeSet<u32> = doubled.collect();
            if !doubled.is_empty() {
                incomplete.insert(place, doubled);
            }
        }
        for ((_, met, strangers), day) in read.iter().zip(0..) {
            for (place, counted) in counted.iter().enumerate() {
                let Some(present) = counted.digest.days.get(&day).filter(|_| !met.is_empty()) else { continue };
                let lacking = met.iter().filter(|number| present.has(**number) && !counted.digest.is_whole(**number));
                lacking.for_each(|number| {
                    incomplete.entry(place).or_default().insert(*number);
                });
            }
            strangers.iter().for_each(|(place, number)| {
                incomplete.entry(*place).or_default().insert(*number);
            });
        }
        if !incomplete.is_empty() {
            return Err(incomplete);
        }
        let days = read.into_iter().map(|(own, ..)| own).collect();
        let mut ledger = Ledger { days, next: next_days(term), ..Ledger::default() };
        let today = (as_of - term.first).num_days().clamp(-1, i64::from(i16::MAX)) as i16;
        ledger.enter(counted, numbering, today, students, is_same);
        Ok(ledger)
    }

    /// Enters the kept rows, and what became of all others. `today` is in days from the term's first; `is_same` says that the number of a
    /// student is its place.
    fn enter<'d>(&mut self, counted: &[Counted<'d>], numbering: &Numbering, today: i16, students: usize, is_same: bool) {
        let student_of = |kept: &Kept| match numbering.students.get(kept.number as usize) {
            // Mostly students stand in the order of their numbers, and looking them up jumps about.
            _ if is_same && (kept.number as usize) < students => kept.number,
            student => student.copied().unwrap_or(NOBODY),
        };
        let parts: Vec<(Row, &Part)> =
            counted.iter().flat_map(|own| own.digest.kept.iter().map(|part| (Row(own.begin.0 + part.before), part))).collect();
        let of_students = |(begin, part): (Row, &'d Part)| {
            let kept = if is_same {
                Cow::Borrowed(part.rows.as_slice())
            } else {
                let own = part.rows.iter().map(|kept| Kept { number: student_of(kept), ..*kept }).filter(|kept| kept.number != NOBODY);
                Cow::Owned(by_shelf(own.collect()))
            };
            Rows { begin, kept }
        };
        let parts: Vec<Rows<'_>> = parts.into_par_iter().map(of_students).collect();
        self.kept = Shelves::fill(&parts, students, today);
        drop(parts);
        let has_come = |(_, kept): &(Row, &Kept)| kept.first <= today;
        for own in counted {
            let digest = own.digest;
            let mut books = SheetBooks { set_aside: u64::from(digest.unusable), ..SheetBooks::default() };
            let later: u64 = digest.dates.range(today + 1..).map(|(_, rows)| u64::from(*rows)).sum();
            let come: u64 = digest.dates.range(..=today).map(|(_, rows)| u64::from(*rows)).sum();
            let mut strays = 0;
            // Numbers of the roster's own students are nobody else's.
            let first = if is_same { students as u32 } else { 0 };
            for (row, kept) in own.rows(&digest.kept, first).filter(has_come).filter(|(_, kept)| student_of(kept) == NOBODY) {
                let id = numbering.ids.get(kept.number as usize).copied().unwrap_or_default();
                self.strangers.entry(id).or_default().add(row, kept);
                strays += 1;
            }
            for (row, kept) in own.rows(&digest.idle, 0).filter(has_come) {
                match student_of(kept) {
                    NOBODY => {
                        let id = numbering.ids.get(kept.number as usize).copied().unwrap_or_default();
                        self.strangers.entry(id).or_default().add(row, kept);
                    }
                    student => self.idle.entry(student).or_default().add(row, kept),
                }
                strays += 1;
            }
            books.set_aside += strays;
            books.used = come.saturating_sub(strays);
            for (reason, rows) in [(OutOfScope::Later, later), (OutOfScope::OtherTerm, u64::from(digest.elsewhere))] {
                if rows > 0 {
                    books.out_of_scope.insert(reason, rows);
                }
            }
            self.books.push((own.sheet, books));
        }
    }

    /// How many school days have come.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// The school days of a row, by place, from its dates in days from the term's first.
    pub fn places(&self, first: i16, last: i16) -> (usize, usize) {
        let place = |day: i32| {
            let day = usize::try_from(day).unwrap_or(0);
            usize::from(self.next.get(day).or(self.next.last()).copied().unwrap_or_default())
        };
        // The last school day on or before a date is the one before the first after it.
        (place(i32::from(first)), place(i32::from(last) + 1).saturating_sub(1))
    }

    /// What is on record for a student on each school day that has come, the kindest of a day; what was there in `records` goes.
    pub fn records(&self, student: usize, records: &mut Vec<DayRecord>) {
        records.clear();
        let present = |day: &Presence| if day.has(student as u32) { DayRecord::Present } else { DayRecord::None };
        records.extend(self.days.iter().map(present));
        for entry in self.entries(student) {
            let (own, (first, last)) = (DayRecord::from_code(entry.code), self.places(entry.first, entry.last));
            let days = records.get_mut(first..(last + 1).min(self.days.len())).unwrap_or_default();
            days.iter_mut().for_each(|record| *record = own.max(*record));
        }
    }

    /// How many school days a student has a record for.
    pub fn recorded(&self, student: usize) -> usize {
        if self.entries(student).is_empty() {
            return self.days.iter().filter(|day| day.has(student as u32)).count();
        }
        let mut records = Vec::new();
        self.records(student, &mut records);
        records.iter().filter(|record| **record != DayRecord::None).count()
    }

    /// The kept rows of a student.
    pub fn entries(&self, student: usize) -> &[Entry] {
        self.kept.entries(student)
    }

    /// The last school day that a student of some has a record for, of each group of students that stand together.
    pub fn last_days(&self, groups: &[std::ops::Range<u32>]) -> Vec<Option<usize>> {
        let last = |group: &std::ops::Range<u32>| {
            let present = (0..self.days.len()).rev().find(|day| has_any(&self.days[*day], group));
            let entries = group.clone().flat_map(|student| self.entries(student as usize));
            let kept = entries.filter_map(|entry| {
                let (first, last) = self.places(entry.first, entry.last);
                (first < self.days.len()).then(|| last.min(self.days.len() - 1))
            });
            present.max(kept.max())
        };
        groups.par_iter().map(last).collect()
    }
}

/// Whether any student of a group is present.
fn has_any(day: &Presence, group: &std::ops::Range<u32>) -> bool {
    // Whole bytes first; the students at the edges by themselves.
    let whole = group.start.div_ceil(8)..group.end / 8;
    let mut edges = (group.start..group.end.min(whole.start * 8)).chain((whole.end * 8).max(group.start)..group.end);
    day.bytes.get(whole.start as usize..whole.end.max(whole.start) as usize).is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
        || edges.any(|student| day.has(student))
}

/// The first school day on or after each day of the term's span and the day after it, by place.
fn next_days(term: &Term) -> Vec<u16> {
    let span = term.first.iter_days().take_while(|day| *day <= term.last);
    let before = span.map(|day| term.days.partition_point(|own| *own < day) as u16);
    before.chain([term.days.len() as u16]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_student_of_a_group_is_seen_and_none_beside_it() {
        for student in 0..32 {
            let mut day = Presence::none(32);
            day.enter(student);
            for start in 0..32 {
                for end in start..=32 {
                    assert_eq!(has_any(&day, &(start..end)), (start..end).contains(&student), "{student} in {start}..{end}");
                }
            }
        }
    }
}
