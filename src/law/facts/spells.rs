//! 连续 and 累计: how school days make spells, when a spell has lasted so many months, and whether it still lasts (rules, sections 1
//! and 6).
//!
//! Days are given by their places among the term's school days, so that days that are none neither add nor break.

use chrono::NaiveDate;

use super::attendance::{DayRecord, Form};
use super::calendar::months_after;

/// What a school day is to the student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// At school.
    Attended,
    /// Nobody can tell: no absence and no attendance (P3).
    Unknown,
    /// Absent.
    Away(DayRecord),
    /// Suspended: no school day of the student's; it ends a run.
    Suspended,
}

impl Day {
    /// What a record makes of a day, in a form of attendance.
    pub fn of(record: DayRecord, form: Form) -> Self {
        match (record, form) {
            (DayRecord::None, Form::Exceptions) => Day::Attended,
            (DayRecord::None, Form::Daily) | (DayRecord::Unreadable, _) => Day::Unknown,
            (record, _) if record.is_absence() => Day::Away(record),
            _ => Day::Attended,
        }
    }

    /// Whether it is an absence of any kind.
    pub fn is_away(self) -> bool {
        matches!(self, Day::Away(_))
    }

    /// Whether it is 旷课.
    pub fn is_truancy(self) -> bool {
        self == Day::Away(DayRecord::Truancy)
    }
}

/// A run of school days, by the places of its first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// The first day.
    pub first: usize,
    /// The last day.
    pub last: usize,
}

impl Spell {
    /// How many school days it has.
    pub fn days(self) -> usize {
        self.last - self.first + 1
    }
}

/// The runs of days of a kind, from the first; each as long as it can be.
pub fn runs(days: &[Day], is_asked: impl Fn(Day) -> bool) -> impl Iterator<Item = Spell> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next + days.get(next..)?.iter().position(|day| is_asked(*day))?;
        let last = days[first..].iter().position(|day| !is_asked(*day)).map_or(days.len(), |end| first + end) - 1;
        next = last + 1;
        Some(Spell { first, last })
    })
}

/// 超过 N 个月: whether a run from its first to its last day is longer than so many months.
pub fn is_longer_than(first: NaiveDate, last: NaiveDate, months: u32) -> bool {
    last >= months_after(first, months)
}

/// N 个月以上: whether a run from its first to its last day has so many months or more.
pub fn has_months(first: NaiveDate, last: NaiveDate, months: u32) -> bool {
    last.succ_opt().is_some_and(|next| next >= months_after(first, months))
}

/// The first place from which on every day is an absence, suspended days left out; the number of days if the last is none.
pub fn away_since(days: &[Day]) -> usize {
    let mut since = days.len();
    for (place, day) in days.iter().enumerate().rev() {
        match day {
            Day::Away(_) => since = place,
            Day::Suspended => {}
            Day::Attended | Day::Unknown => break,
        }
    }
    since
}

/// The whole months between two days and the days that remain, both ends included.
pub fn months_and_days(first: NaiveDate, last: NaiveDate) -> (u32, i64) {
    let end = last.succ_opt().unwrap_or(last);
    let months = (0..1200).take_while(|months| months_after(first, months + 1) <= end).count() as u32;
    (months, (end - months_after(first, months)).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> Vec<Day> {
        let of = |letter| match letter {
            '旷' => Day::Away(DayRecord::Truancy),
            '病' => Day::Away(DayRecord::Sick),
            '?' => Day::Unknown,
            '休' => Day::Suspended,
            _ => Day::Attended,
        };
        text.chars().map(of).collect()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        let found =
            |text: &str| -> Vec<(usize, usize)> { runs(&days(text), Day::is_truancy).map(|spell| (spell.first, spell.last)).collect() };
        assert_eq!(found("·旷旷病旷?旷休旷"), [(1, 2), (4, 4), (6, 6), (8, 8)]);
        assert_eq!(found("旷旷旷"), [(0, 2)]);
        assert_eq!(found("···"), []);
        assert_eq!(found(""), []);
        let away: Vec<usize> = runs(&days("·旷旷病旷?旷"), Day::is_away).map(Spell::days).collect();
        assert_eq!(away, [4, 1]);
    }

    #[test]
    fn still_absent_is_from_a_day_on() {
        assert_eq!(away_since(&days("·旷病")), 1);
        assert_eq!(away_since(&days("旷·")), 2);
        assert_eq!(away_since(&days("旷?旷")), 2);
        assert_eq!(away_since(&days("·旷休休")), 1);
        assert_eq!(away_since(&days("·旷休旷")), 1);
        assert_eq!(away_since(&days("旷旷")), 0);
    }

    #[test]
    fn months_are_calendar_months() {
        // More than a month: the same day of the next month is the first that is more.
        assert!(!is_longer_than(date("2025-09-15"), date("2025-10-14"), 1));
        assert!(is_longer_than(date("2025-09-15"), date("2025-10-15"), 1));
        // A month or more: the day before it.
        assert!(!has_months(date("2025-09-15"), date("2025-12-13"), 3));
        assert!(has_months(date("2025-09-15"), date("2025-12-14"), 3));
        // Clamped to the month's end.
        assert!(is_longer_than(date("2026-01-30"), date("2026-02-28"), 1));
        assert!(!is_longer_than(date("2026-01-30"), date("2026-02-27"), 1));
        assert!(is_longer_than(date("2024-01-31"), date("2024-02-29"), 1));
        assert!(!is_longer_than(date("2024-01-31"), date("2024-02-28"), 1));
        assert_eq!(months_and_days(date("2025-09-15"), date("2025-10-14")), (1, 0));
        assert_eq!(months_and_days(date("2025-09-15"), date("2025-10-24")), (1, 10));
        assert_eq!(months_and_days(date("2025-09-15"), date("2025-09-15")), (0, 1));
    }
}
