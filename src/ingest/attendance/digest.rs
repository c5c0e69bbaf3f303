//! What one sheet of attendance contributes, whatever the roster and the date of judgement are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::presence::Presence;
use crate::ingest::kept::{Number, numbers};

/// A row that is kept: one that says more than 出勤, or whose student needs all of them kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The student's number.
    pub number: u32,
    /// The record of the part of the sheet.
    pub record: u32,
    /// Its own date, in days from the term's first.
    pub first: i16,
    /// Its last date.
    pub last: i16,
    /// 告知家长日期: days from the term's first, or one of the values below.
    pub told: i16,
    /// What it says.
    pub code: u8,
    /// Of what days it speaks.
    pub span: Span,
}

/// Of what days a row of attendance speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// Of one: 日期.
    Day,
    /// From 开始日期 to 结束日期.
    Range,
    /// From 开始日期 on: 结束日期 is empty or can't be read, and nobody knows how long.
    Open,
}

/// 告知家长日期 is empty.
pub const NOT_TOLD: i16 = i16::MIN;
/// 告知家长日期 can't be read.
pub const TOLD_UNREADABLE: i16 = i16::MIN + 1;

impl Kept {
    /// What it says, side by side.
    fn bytes(&self) -> [u8; 16] {
        let [a, b, c, d] = self.number.to_le_bytes();
        let [e, f, g, h] = self.record.to_le_bytes();
        let [[i, j], [k, l], [m, n]] = [self.first, self.last, self.told].map(i16::to_le_bytes);
        let span = match self.span {
            Span::Day => 0,
            Span::Range => 1,
            Span::Open => 2,
        };
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, self.code, span]
    }

    fn of(bytes: &[u8; 16]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, code, span] = *bytes;
        Some(Self {
            number: u32::from_le_bytes([a, b, c, d]),
            record: u32::from_le_bytes([e, f, g, h]),
            first: i16::from_le_bytes([i, j]),
            last: i16::from_le_bytes([k, l]),
            told: i16::from_le_bytes([m, n]),
            code,
            span: match span {
                0 => Span::Day,
                1 => Span::Range,
                2 => Span::Open,
                _ => return None,
            },
        })
    }
}

impl Number for Kept {
    fn bytes(numbers: &[Self]) -> Cow<'_, [u8]> {
        let bytes: Vec<[u8; 16]> = numbers.iter().map(Kept::bytes).collect();
        bytes.into_flattened().into()
    }

    fn all(bytes: &[u8]) -> Option<Vec<Self>> {
        let (kept, rest) = bytes.as_chunks();
        if rest.is_empty() { kept.iter().map(Kept::of).collect() } else { None }
    }
}

/// The students of a shelf: those whose numbers, divided by it, are the same. Their rows fit into a processor's own memory.
pub const SHELF: u32 = 1 << 14;

/// Rows shelf by shelf, those of one in the order in which they stood.
pub fn by_shelf(rows: Vec<Kept>) -> Vec<Kept> {
    let shelf = |row: &Kept| (row.number / SHELF) as usize;
    if rows.is_sorted_by_key(shelf) {
        return rows;
    }
    let mut places = vec![0_usize; rows.iter().map(shelf).max().unwrap_or_default() + 2];
    rows.iter().for_each(|row| places[shelf(row) + 1] += 1);
    for place in 1..places.len() {
        places[place] += places[place - 1];
    }
    let mut sorted = rows.clone();
    for row in rows {
        let place = &mut places[shelf(&row)];
        sorted[*place] = row;
        *place += 1;
    }
    sorted
}

/// The rows kept of a part of a sheet, shelf by shelf of students, and those of one shelf in the order of the sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Part {
    /// The records before it.
    pub before: u32,
    /// Its rows.
    #[serde(with = "numbers")]
    pub rows: Vec<Kept>,
}

/// 出勤 of one student and school day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Mark {
    /// The student's number.
    pub number: u32,
    /// The school day, by place.
    pub day: u16,
}

/// What one sheet contributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Digest {
    /// Who has 出勤 on record, by school day, by its place among the term's.
    pub days: BTreeMap<u16, Presence>,
    /// The rows kept, in parts in the order of the sheet.
    pub kept: Vec<Part>,
    /// Rows that hold no school day of the year's, likewise.
    pub idle: Vec<Part>,
    /// How many rows have each own date, in days from the term's first; those that began before it count for the first.
    pub dates: BTreeMap<i16, u32>,
    /// Rows of another term or school year.
    pub elsewhere: u32,
    /// Rows that reading could not use: without a usable id or date.
    pub unusable: u32,
    /// Students whose rows are all kept, in order: those in no roster when the sheet was counted, and those with a day on record twice.
    pub whole: Vec<u32>,
    /// Students with two rows of 出勤 for a day: which rows these are takes a second look, for they are not kept.
    pub doubled: Vec<u32>,
    /// Marks that stand so far from each other that they are laid out with those of other parts.
    pub loose: Vec<Mark>,
}

/// Bytes that the days of a part may take for each mark.
const LOOSE: usize = 8;

impl Digest {
    /// Adds what a later part of the sheet contributes, whose records are counted from `records_before` on.
    pub fn add(&mut self, later: Digest, records_before: u32) {
        let moved = |part: Part| Part { before: part.before + records_before, ..part };
        for (day, present) in later.days {
            match self.days.entry(day) {
                Entry::Vacant(place) => {
                    place.insert(present);
                }
                Entry::Occupied(_) => self.add_day(day, &present),
            }
        }
        self.lay_out(&later.loose);
        self.kept.extend(later.kept.into_iter().map(moved));
        self.idle.extend(later.idle.into_iter().map(moved));
        for (date, rows) in later.dates {
            *self.dates.entry(date).or_default() += rows;
        }
        self.whole.extend(later.whole);
        self.whole.sort_unstable();
        self.whole.dedup();
        self.elsewhere += later.elsewhere;
        self.unusable += later.unusable;
        self.doubled.extend(later.doubled);
    }

    /// Adds those present on a school day.
    pub fn add_day(&mut self, day: u16, present: &Presence) {
        let doubled = &mut self.doubled;
        self.days.entry(day).or_default().add(present, present.end(), |number| doubled.push(number));
    }

    /// Adds kept rows and those of no school day, in the order of the sheet.
    pub fn keep(&mut self, kept: Vec<Kept>, idle: Vec<Kept>) {
        for (own, rows) in [(&mut self.kept, kept), (&mut self.idle, idle)] {
            if !rows.is_empty() {
                own.push(Part { before: 0, rows: by_shelf(rows) });
            }
        }
    }

    /// Adds marks: those of a part mostly stand close together, and are laid out by day and student.
    pub fn mark(&mut self, marks: Vec<Mark>) {
        let room: usize = spans(&marks).values().map(|span| (span.end - span.start) as usize / 8).sum();
        if room <= LOOSE * marks.len().max(1 << 10) {
            self.lay_out(&marks);
        } else {
            self.loose = marks;
        }
    }

    /// Lays out what is loose.
    pub fn close(&mut self) {
        let loose = std::mem::take(&mut self.loose);
        self.lay_out(&loose);
    }

    /// Lays marks out by day and student.
    pub fn lay_out(&mut self, marks: &[Mark]) {
        for (day, span) in spans(marks) {
            self.days.entry(day).or_default().reach(span.start, span.end);
        }
        for run in marks.chunk_by(|one, other| one.day == other.day) {
            let Some(own) = run.first().and_then(|mark| self.days.get_mut(&mark.day)) else { continue };
            self.doubled.extend(run.iter().map(|mark| mark.number).filter(|number| own.enter(*number)));
        }
    }

    /// Whether all rows of a student are kept.
    pub fn is_whole(&self, number: u32) -> bool {
        self.whole.binary_search(&number).is_ok()
    }
}

/// The numbers that the marks of each day lie between.
fn spans(marks: &[Mark]) -> BTreeMap<u16, Range<u32>> {
    let mut spans: BTreeMap<u16, Range<u32>> = BTreeMap::new();
    let mut before: Option<(u16, Range<u32>)> = None;
    let wider = |span: &Range<u32>, number: u32| span.start.min(number)..span.end.max(number + 1);
    for Mark { number, day, .. } in marks {
        match &mut before {
            Some((own, span)) if own == day => *span = wider(span, *number),
            _ => {
                let span = spans.get(day).map_or(*number..*number + 1, |span| wider(span, *number));
                if let Some((own, span)) = before.replace((*day, span)) {
                    spans.insert(own, span);
                }
            }
        }
    }
    spans.extend(before);
    spans
}

#[cfg(test)]
mod tests {
    use law::facts::attendance::DayRecord;

    use super::*;

    fn kept(number: u32, record: u32) -> Kept {
        Kept { number, record, first: -3, last: 120, told: NOT_TOLD, code: DayRecord::Sick as u8, span: Span::Open }
    }

    #[test]
    fn rows_go_on_their_shelves_in_the_order_of_the_sheet() {
        let rows = [(SHELF, 0), (5, 1), (3 * SHELF, 2), (2, 3), (SHELF + 1, 4), (5, 5), (2 * SHELF - 1, 6)];
        let sorted: Vec<u32> = by_shelf(rows.map(|(number, record)| kept(number, record)).into()).iter().map(|row| row.record).collect();
        assert_eq!(sorted, [1, 3, 5, 0, 4, 6, 2]);
        assert_eq!(by_shelf(Vec::new()), []);
    }

    #[test]
    fn later_parts_are_counted_from_the_records_before() {
        let digest = |rows: u32| {
            let mut digest = Digest::default();
            digest.keep((0..rows).map(|row| kept(row, row)).collect(), Vec::new());
            digest
        };
        let mut whole = digest(2);
        let mut later = digest(3);
        later.add(digest(1), 10);
        whole.add(later, 100);
        assert_eq!(whole.kept.iter().map(|part| (part.before, part.rows.len())).collect::<Vec<_>>(), [(0, 2), (100, 3), (110, 1)]);
        assert!(whole.idle.is_empty());
    }

    #[test]
    fn kept_rows_come_back_from_their_bytes() {
        let mut rows: Vec<Kept> =
            [Span::Day, Span::Range, Span::Open].into_iter().map(|span| Kept { span, ..kept(70_000, 1 << 31) }).collect();
        rows[1].told = TOLD_UNREADABLE;
        let bytes = <Kept as Number>::bytes(&rows).into_owned();
        assert_eq!(Kept::all(&bytes), Some(rows));
        // A byte too few, or a span that is none.
        assert_eq!(Kept::all(&bytes[1..]), None);
        let mut wrong = bytes;
        wrong[15] = 3;
        assert_eq!(Kept::all(&wrong), None);
    }
}
