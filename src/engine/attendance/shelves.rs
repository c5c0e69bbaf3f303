//! The kept rows of all students, by student. They stand shelf by shelf, each for students who stand together, so that a shelf is filled
//! by one thread, from rows that follow each other in every part.

use std::borrow::Cow;
use std::ops::Range;

use law::facts::student::Row;
use rayon::prelude::*;

use crate::ingest::attendance::Kept;
use crate::ingest::attendance::digest::{SHELF, Span};

/// A kept row of a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it stands.
    pub row: Row,
    /// Its own date, in days from the term's first.
    pub first: i16,
    /// Its last date.
    pub last: i16,
    /// 告知家长日期, as it is kept.
    pub told: i16,
    /// What it says.
    pub code: u8,
    /// Of what days it speaks.
    pub span: Span,
}

/// The students of a shelf.
const WIDTH: usize = SHELF as usize;

/// The kept rows of a part of a sheet, shelf by shelf; their numbers are places of students, or beyond all for those who are none.
pub struct Rows<'p> {
    /// The number of the part's first row.
    pub begin: Row,
    /// The rows.
    pub kept: Cow<'p, [Kept]>,
}

/// The rows of a part that belong on a shelf.
struct Share {
    part: usize,
    rows: Range<usize>,
}

/// What belongs on each of some shelves, in the order of the parts.
fn shares(parts: &[Rows<'_>], shelves: usize) -> Vec<Vec<Share>> {
    let mut shares: Vec<Vec<Share>> = (0..shelves).map(|_| Vec::new()).collect();
    for (part, own) in parts.iter().enumerate() {
        let mut begin = 0;
        while let Some(next) = own.kept.get(begin) {
            let shelf = next.number as usize / WIDTH;
            let end = begin + own.kept[begin..].partition_point(|kept| kept.number as usize / WIDTH == shelf);
            if let Some(share) = shares.get_mut(shelf) {
                share.push(Share { part, rows: begin..end });
            }
            begin = end;
        }
    }
    shares
}

/// The kept rows of some students.
#[derive(Clone, Debug)]
struct Shelf {
    /// Where those of each student end.
    ends: Vec<u32>,
    entries: Vec<Entry>,
}

/// The kept rows of all students.
#[derive(Clone, Debug, Default)]
pub struct Shelves(Vec<Shelf>);

impl Shelves {
    /// Puts the rows of all parts that have come by a day, in days from the term's first, up on shelves. Those of a student keep the order of
    /// the parts.
    pub fn fill(parts: &[Rows<'_>], students: usize, today: i16) -> Self {
        let shelf = |(place, shares): (usize, Vec<Share>)| {
            let first = place * WIDTH;
            let width = students.saturating_sub(first).min(WIDTH);
            let come = || {
                let rows = shares.iter().flat_map(|share| {
                    let Rows { begin, kept } = &parts[share.part];
                    kept[share.rows.clone()].iter().map(move |kept| (begin, kept))
                });
                let own = rows.filter(|(_, kept)| kept.first <= today).map(|(begin, kept)| (kept.number as usize - first, begin, kept));
                own.filter(|(student, ..)| *student < width)
            };
            let mut ends = vec![0_u32; width];
            come().for_each(|(student, ..)| ends[student] += 1);
            let mut total = 0;
            for end in &mut ends {
                total += std::mem::replace(end, total);
            }
            let nothing = Entry { row: Row(0), first: 0, last: 0, told: 0, code: 0, span: Span::Day };
            let mut entries = vec![nothing; total as usize];
            come().for_each(|(student, begin, kept)| {
                let Kept { record, first, last, told, code, span, .. } = *kept;
                entries[ends[student] as usize] = Entry { row: Row(begin.0 + record), first, last, told, code, span };
                ends[student] += 1;
            });
            Shelf { ends, entries }
        };
        Self(shares(parts, students.div_ceil(WIDTH)).into_par_iter().enumerate().map(shelf).collect())
    }

    /// The rows of a student.
    pub fn entries(&self, student: usize) -> &[Entry] {
        let Some(shelf) = self.0.get(student / WIDTH) else { return &[] };
        let place = student % WIDTH;
        let Some(&end) = shelf.ends.get(place) else { return &[] };
        let begin = place.checked_sub(1).map_or(0, |before| shelf.ends[before]);
        shelf.entries.get(begin as usize..end as usize).unwrap_or_default()
    }
}
