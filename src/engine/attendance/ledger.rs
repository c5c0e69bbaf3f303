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
use crate::ingest::attendance::digest::Part;
use crate::ingest::attendance::nibbles::Nibbles;
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
    /// The records by school day, of all students.
    days: Vec<Nibbles>,
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
    /// The rows of some parts from the students of a number on, each with its place, part by part.
    fn rows(&self, parts: &'d [Part], first: u32) -> impl Iterator<Item = (Row, &'d Kept)> {
        parts.iter().flat_map(move |part| {
            let rows = part.rows.partition_point(|kept| kept.number < first)..;
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
        let is_same =
            numbering.students.len() >= students && numbering.students.iter().zip(&numbering.ids).zip(0..).take(students).all(is_own);
        let present = DayRecord::Present as u8;
        let by_day = |day: u16| {
            let mut own = Nibbles::empty(students);
            let mut met: Vec<u32> = Vec::new();
            let mut strangers: Vec<(usize, u32)> = Vec::new();
            for (place, counted) in counted.iter().enumerate() {
                let Some(nibbles) = counted.digest.days.get(&day) else { continue };
                let meeting = |one: u8, other: u8| one == present && other == present;
                let mut from = nibbles.first;
                if is_same {
                    // Whole bytes of students of the roster; strangers come after them.
                    let end = students as u32 & !1;
                    own.add(nibbles, end, |student, one, other| {
                        if meeting(one, other) {
                            met.push(student);
                        }
                    });
                    from = from.max(end);
                }
                for number in from..nibbles.end() {
                    let record = nibbles.get(number);
                    if record == 0 {
                        continue;
                    }
                    match numbering.students.get(number as usize) {
                        Some(student) if *student != NOBODY => met.extend(meeting(own.put(*student, record), record).then_some(number)),
                        _ if record == present && !counted.digest.is_whole(number) => strangers.push((place, number)),
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
                let Some(nibbles) = counted.digest.days.get(&day).filter(|_| !met.is_empty()) else { continue };
                let lacking = met.iter().filter(|number| nibbles.get(**number) == present && !counted.digest.is_whole(**number));
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
        let mut ledger = Ledger { days: read.into_iter().map(|(own, ..)| own).collect(), ..Ledger::default() };
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
                let end = part.rows.partition_point(|kept| (kept.number as usize) < students);
                Cow::Borrowed(&part.rows[..end])
            } else {
                let own = part.rows.iter().map(|kept| Kept { number: student_of(kept), ..*kept }).filter(|kept| kept.number != NOBODY);
                let mut own: Vec<Kept> = own.collect();
                own.sort_unstable_by_key(|kept| (kept.number, kept.record));
                Cow::Owned(own)
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

    /// What is on record for a student on a school day.
    pub fn record(&self, student: usize, day: usize) -> DayRecord {
        DayRecord::from_code(self.days.get(day).map_or(0, |own| own.get(student as u32)))
    }

    /// How many school days a student has a record for.
    pub fn recorded(&self, student: usize) -> usize {
        self.days.iter().filter(|day| day.get(student as u32) != 0).count()
    }

    /// The kept rows of a student.
    pub fn entries(&self, student: usize) -> &[Entry] {
        self.kept.entries(student)
    }

    /// The last school day that a student of some has a record for, of each group of students that stand together.
    pub fn last_days(&self, groups: &[std::ops::Range<u32>]) -> Vec<Option<usize>> {
        let last = |group: &std::ops::Range<u32>| (0..self.days.len()).rev().find(|day| has_any(&self.days[*day], group));
        groups.par_iter().map(last).collect()
    }
}

/// Whether any student of a group has a record.
fn has_any(day: &Nibbles, group: &std::ops::Range<u32>) -> bool {
    // Whole bytes first; the students at the edges by themselves.
    let (begin, end) = (group.start.div_ceil(2), group.end / 2);
    day.bytes.get(begin as usize..end.max(begin) as usize).is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
        || (!group.start.is_multiple_of(2) && day.get(group.start) != 0)
        || (!group.end.is_multiple_of(2) && group.end > group.start && day.get(group.end - 1) != 0)
}
