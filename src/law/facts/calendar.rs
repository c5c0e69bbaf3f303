//! Time as schools count it: school years and terms, working days, windows, months (rules, section 1).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::Deserialize;

/// A school year by the calendar year in which it begins: 2025 is 2025-2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchoolYear(pub i32);

impl std::fmt::Display for SchoolYear {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{}", self.0, self.0 + 1)
    }
}

/// A month, counted from year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

impl Month {
    /// The month of a year, `month` from 1.
    pub fn new(year: i32, month: u32) -> Self {
        Self(year * 12 + month as i32 - 1)
    }

    /// The month of a date.
    pub fn of(date: NaiveDate) -> Self {
        Self::new(date.year(), date.month())
    }

    /// Its first day; none beyond the calendar's years.
    pub fn first_day(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.0.div_euclid(12), self.0.rem_euclid(12) as u32 + 1, 1)
    }

    /// The school year it lies in: from September on the one that begins then.
    pub fn school_year(self) -> SchoolYear {
        SchoolYear((self.0 - 8).div_euclid(12))
    }
}

/// One school year as its calendar file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearCalendar {
    /// Such as `2025-2026`.
    pub school_year: String,
    /// First and last day of the first term.
    pub first_term: (NaiveDate, NaiveDate),
    /// First and last day of the second term.
    pub second_term: (NaiveDate, NaiveDate),
    /// Public holidays between 1 September and 31 August.
    #[serde(default)]
    pub off: Vec<NaiveDate>,
    /// Weekend days that are worked instead.
    #[serde(default)]
    pub worked: Vec<NaiveDate>,
    /// School days on which schools are closed.
    #[serde(default)]
    pub closures: Vec<NaiveDate>,
}

/// Why a calendar can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarFault {
    /// The school year is not two years running.
    SchoolYear(String),
    /// The terms do not follow each other within the school year.
    Terms(String),
    /// Two files state the same school year.
    Twice(String),
}

impl std::fmt::Display for CalendarFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CalendarFault::SchoolYear(year) => write!(out, "`school_year = \"{year}\"` is not of the form 2025-2026"),
            CalendarFault::Terms(year) => write!(out, "the terms of {year} do not follow each other between 1 August and 31 August"),
            CalendarFault::Twice(year) => write!(out, "two calendars for {year}"),
        }
    }
}

impl std::error::Error for CalendarFault {}

/// The calendars of all school years at hand.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    years: BTreeMap<SchoolYear, YearCalendar>,
    off: BTreeSet<NaiveDate>,
    worked: BTreeSet<NaiveDate>,
}

/// A term with its school days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The school year that it belongs to.
    pub school_year: SchoolYear,
    /// 1 or 2.
    pub number: u8,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// Its school days, in order.
    pub days: Vec<NaiveDate>,
    /// The last day on which students can register: so many months after its first day, or the next working day (A8.3).
    pub deadline: NaiveDate,
}

/// From when to when a term lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The school year that it belongs to.
    pub school_year: SchoolYear,
    /// 1 or 2.
    pub number: u8,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
}

impl Term {
    /// How many school days there are on or before a date.
    pub fn days_until(&self, date: NaiveDate) -> usize {
        self.days.partition_point(|day| *day <= date)
    }

    /// The place of a school day among the term's.
    pub fn place_of(&self, date: NaiveDate) -> Option<usize> {
        self.days.binary_search(&date).ok()
    }
}

/// Reads `2025-2026`.
pub fn parse_school_year(text: &str) -> Option<SchoolYear> {
    let (first, second) = text.split_once('-')?;
    let (first, second): (i32, i32) = (first.parse().ok()?, second.parse().ok()?);
    (second == first + 1 && (1990..2100).contains(&first)).then_some(SchoolYear(first))
}

impl Calendar {
    /// Puts the calendars of several school years together.
    ///
    /// # Errors
    /// A school year that is none, terms out of order, or one school year twice.
    pub fn new(years: impl IntoIterator<Item = YearCalendar>) -> Result<Self, CalendarFault> {
        let mut calendar = Self::default();
        for year in years {
            let school_year = parse_school_year(&year.school_year).ok_or_else(|| CalendarFault::SchoolYear(year.school_year.clone()))?;
            let days = [year.first_term.0, year.first_term.1, year.second_term.0, year.second_term.1];
            let (begin, end) = (NaiveDate::from_ymd_opt(school_year.0, 8, 1), last_august_day(school_year));
            if !days.is_sorted() || begin.is_none_or(|begin| days[0] < begin) || days[3] > end {
                return Err(CalendarFault::Terms(year.school_year));
            }
            calendar.off.extend(&year.off);
            calendar.worked.extend(&year.worked);
            if let Some(twice) = calendar.years.insert(school_year, year) {
                return Err(CalendarFault::Twice(twice.school_year));
            }
        }
        Ok(calendar)
    }

    /// The calendar of a school year.
    pub fn year(&self, year: SchoolYear) -> Option<&YearCalendar> {
        self.years.get(&year)
    }

    /// The school years at hand, from the first.
    pub fn years(&self) -> impl Iterator<Item = SchoolYear> {
        self.years.keys().copied()
    }

    /// The school year that a date lies in: from the first term's first day to 31 August; where no calendar states it, from 1 September.
    pub fn school_year_of(&self, date: NaiveDate) -> SchoolYear {
        let by_month = SchoolYear(date.year() - i32::from(date.month() < 9));
        let next = SchoolYear(by_month.0 + 1);
        if self.years.get(&next).is_some_and(|year| year.first_term.0 <= date) { next } else { by_month }
    }

    /// Whether a calendar covers the date.
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.years.contains_key(&self.school_year_of(date))
    }

    /// Whether the date is a working day (工作日), in term or out of it.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.worked.contains(&date) || !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !self.off.contains(&date)
    }

    /// Whether the date is a school day (上课日): a working day of a term on which schools are not closed.
    pub fn is_school_day(&self, date: NaiveDate) -> bool {
        let Some(year) = self.year(self.school_year_of(date)) else { return false };
        let in_term = [year.first_term, year.second_term].iter().any(|(first, last)| (first..=last).contains(&&date));
        in_term && self.is_working_day(date) && !year.closures.contains(&date)
    }

    /// The term that began last, on or before a date.
    ///
    /// `grace_months` are those of A8.3.
    pub fn term_begun(&self, date: NaiveDate, grace_months: u32) -> Option<Term> {
        let this = self.school_year_of(date);
        let begun = |year: SchoolYear| {
            let own = self.year(year)?;
            let terms = [(2, own.second_term), (1, own.first_term)];
            terms.into_iter().find(|(_, (first, _))| *first <= date).map(|(number, days)| (year, number, days))
        };
        // Between 1 September and a first day that comes later, the last term is that of the year before.
        let (year, number, (first, last)) = begun(this).or_else(|| begun(SchoolYear(this.0 - 1)))?;
        let days = first.iter_days().take_while(|day| *day <= last).filter(|day| self.is_school_day(*day)).collect();
        let deadline = self.registration_deadline(first, grace_months);
        Some(Term { school_year: year, number, first, last, days, deadline })
    }

    /// The last day on which students can register in a term, by its first day: so many months later, or the next working day (A8.3).
    pub fn registration_deadline(&self, first: NaiveDate, grace_months: u32) -> NaiveDate {
        let grace = months_after(first, grace_months);
        self.working_day_from(grace).unwrap_or(grace)
    }

    /// All terms at hand, in order.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.years.iter().flat_map(|(school_year, year)| {
            let of = |number, (first, last)| Span { school_year: *school_year, number, first, last };
            [of(1, year.first_term), of(2, year.second_term)]
        })
    }

    /// The term that a day lies in or, of a day in the vacation, the next that begins after it; none where no calendar tells.
    pub fn term_from(&self, date: NaiveDate) -> Option<Span> {
        self.spans().find(|span| span.last >= date).filter(|_| self.covers(date))
    }

    /// Whether a day lies in a vacation; a day that no calendar covers does not.
    pub fn is_vacation(&self, date: NaiveDate) -> bool {
        self.covers(date) && !self.spans().any(|span| (span.first..=span.last).contains(&date))
    }

    /// The date itself if it is a working day, else the next one that is.
    pub fn working_day_from(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().take(366).find(|day| self.is_working_day(*day))
    }

    /// The last day of a school year for windows and deadlines: that of the second term.
    pub fn last_day(&self, year: SchoolYear) -> Option<NaiveDate> {
        self.year(year).map(|year| year.second_term.1)
    }

    /// The window of that many working days whose last is the last working day not after the day on which the school year ends (A21.2,
    /// A22.1).
    pub fn window(&self, end: NaiveDate, working_days: u32) -> Option<(NaiveDate, NaiveDate)> {
        let mut days = end.iter_days().rev().filter(|day| self.is_working_day(*day));
        let last = days.next()?;
        Some((days.nth((working_days as usize).checked_sub(2)?).unwrap_or(last), last))
    }

    /// The date that many working days after another.
    pub fn working_days_after(&self, date: NaiveDate, working_days: u32) -> Option<NaiveDate> {
        date.iter_days().skip(1).filter(|day| self.is_working_day(*day)).nth((working_days as usize).checked_sub(1)?)
    }

    /// The date itself if it is a working day, else the last one before it.
    ///
    /// # Errors
    /// The school year of a day that had to be looked at and that no calendar covers.
    pub fn working_day_until(&self, date: NaiveDate) -> Result<NaiveDate, SchoolYear> {
        if self.is_known_working_day(date)? { Ok(date) } else { self.working_days_away(date, -1) }
    }

    /// The working day that lies so many working days after a date, or before it where the number is negative.
    ///
    /// # Errors
    /// The school year of a day on the way that no calendar covers: whether it is worked can't be known.
    pub fn working_days_away(&self, date: NaiveDate, working_days: i32) -> Result<NaiveDate, SchoolYear> {
        let (mut day, mut left) = (date, working_days.unsigned_abs());
        while left > 0 {
            let next = if working_days < 0 { day.pred_opt() } else { day.succ_opt() };
            day = next.ok_or_else(|| self.school_year_of(day))?;
            left -= u32::from(self.is_known_working_day(day)?);
        }
        Ok(day)
    }

    /// Whether the date is a working day, of dates that a calendar covers.
    fn is_known_working_day(&self, date: NaiveDate) -> Result<bool, SchoolYear> {
        if self.covers(date) { Ok(self.is_working_day(date)) } else { Err(self.school_year_of(date)) }
    }

    /// The last school year whose second term ended on or before a date; where no calendar states it, on 30 June.
    pub fn last_ended(&self, date: NaiveDate) -> SchoolYear {
        let mut year = self.school_year_of(date);
        let end = self.last_day(year).or_else(|| NaiveDate::from_ymd_opt(year.0 + 1, 6, 30));
        if end.is_none_or(|end| end > date) {
            year.0 -= 1;
        }
        year
    }

    /// First day of the first term and last day of the second; where no calendar states them, 1 September and 30 June.
    pub fn teaching_days(&self, year: SchoolYear) -> (NaiveDate, NaiveDate) {
        self.year(year).map_or_else(
            || (first_september_day(year), NaiveDate::from_ymd_opt(year.0 + 1, 6, 30).unwrap_or(NaiveDate::MAX)),
            |year| (year.first_term.0, year.second_term.1),
        )
    }
}

/// 1 September of a school year.
pub fn first_september_day(year: SchoolYear) -> NaiveDate {
    NaiveDate::from_ymd_opt(year.0, 9, 1).unwrap_or(NaiveDate::MIN)
}

/// 31 August, the last day of a school year.
pub fn last_august_day(year: SchoolYear) -> NaiveDate {
    NaiveDate::from_ymd_opt(year.0 + 1, 8, 31).unwrap_or(NaiveDate::MAX)
}

/// The date that many months later, the day clamped to the month's end.
pub fn months_after(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The date that many years later; of 29 February, 28 February in common years.
pub fn years_after(date: NaiveDate, years: u32) -> NaiveDate {
    months_after(date, years * 12)
}

/// Whether someone born on `birth` is `years` old on `date`; born on 29 February, on 28 February of a common year.
pub fn has_age(birth: NaiveDate, years: u32, date: NaiveDate) -> bool {
    years_after(birth, years) <= date
}

/// The days that two closed ranges share.
pub fn shared_days(one: (NaiveDate, NaiveDate), other: (NaiveDate, NaiveDate)) -> i64 {
    ((one.1.min(other.1) - one.0.max(other.0)).num_days() + 1).max(0)
}

/// The day before, where there is one.
pub fn day_before(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// A year whose first week of October is off but for its weekend, of which the Sunday before is worked.
    fn year_of_holidays() -> Calendar {
        let term = |first, last| (date(first), date(last));
        let year = YearCalendar {
            school_year: "2025-2026".into(),
            first_term: term("2025-09-01", "2026-01-30"),
            second_term: term("2026-03-02", "2026-06-28"),
            off: (1..=8).filter_map(|day| NaiveDate::from_ymd_opt(2025, 10, day)).collect(),
            worked: vec![date("2025-09-28")],
            closures: vec![date("2025-09-29")],
        };
        Calendar::new([year]).expect("a calendar")
    }

    #[test]
    fn working_days_are_counted_both_ways() {
        let calendar = year_of_holidays();
        for (from, working_days, day) in [
            ("2025-09-26", 0, "2025-09-26"),
            ("2025-09-27", 0, "2025-09-27"),
            ("2025-09-26", 1, "2025-09-28"),
            ("2025-09-27", 1, "2025-09-28"),
            ("2025-09-27", -1, "2025-09-26"),
            ("2025-09-30", 1, "2025-10-09"),
            ("2025-10-09", -1, "2025-09-30"),
            ("2025-10-09", -3, "2025-09-28"),
            ("2025-10-05", -4, "2025-09-26"),
            // Schools are closed on 09-29, offices are not.
            ("2025-09-26", 2, "2025-09-29"),
        ] {
            assert_eq!(calendar.working_days_away(date(from), working_days), Ok(date(day)), "{from} {working_days}");
        }
        assert_eq!(calendar.working_day_until(date("2026-06-28")), Ok(date("2026-06-26")), "a Sunday");
        assert_eq!(calendar.working_day_until(date("2025-09-28")), Ok(date("2025-09-28")), "a Sunday that is worked");
    }

    #[test]
    fn no_day_is_guessed_beyond_the_calendars() {
        let calendar = year_of_holidays();
        assert_eq!(calendar.working_days_away(date("2026-08-31"), 1), Err(SchoolYear(2026)));
        assert_eq!(calendar.working_days_away(date("2026-08-31"), -1), Ok(date("2026-08-28")));
        assert_eq!(calendar.working_days_away(date("2025-09-01"), -1), Err(SchoolYear(2024)));
        assert_eq!(calendar.working_day_until(date("2024-03-01")), Err(SchoolYear(2023)));
    }

    #[test]
    fn the_deadline_is_a_working_day() {
        let calendar = year_of_holidays();
        assert_eq!(calendar.registration_deadline(date("2025-09-01"), 1), date("2025-10-09"), "10-01 to 10-08 are off");
        assert_eq!(calendar.registration_deadline(date("2026-03-02"), 1), date("2026-04-02"));
    }

    fn year(school_year: &str, first: (&str, &str), second: (&str, &str)) -> YearCalendar {
        let (first_term, second_term) = ((date(first.0), date(first.1)), (date(second.0), date(second.1)));
        YearCalendar { school_year: school_year.to_owned(), first_term, second_term, off: vec![], worked: vec![], closures: vec![] }
    }

    /// Three school years: the first day of the first comes after 1 September, that of the last before.
    fn calendar() -> Calendar {
        let years = [
            year("2024-2025", ("2024-09-02", "2025-01-17"), ("2025-02-17", "2025-06-30")),
            year("2025-2026", ("2025-09-03", "2026-01-23"), ("2026-03-02", "2026-06-30")),
            year("2026-2027", ("2026-08-31", "2027-01-22"), ("2027-02-22", "2027-06-30")),
        ];
        Calendar::new(years).expect("calendars")
    }

    #[test]
    fn school_years_are_two_years_running() {
        assert_eq!(parse_school_year("2025-2026"), Some(SchoolYear(2025)));
        assert_eq!(parse_school_year("2025-2027"), None);
        assert_eq!(parse_school_year("1800-1801"), None);
        assert_eq!(SchoolYear(2025).to_string(), "2025-2026");
    }

    #[test]
    fn a_calendar_that_is_refused_says_which() {
        let twice = [(); 2].map(|()| year("2024-2025", ("2024-09-02", "2025-01-17"), ("2025-02-17", "2025-06-30")));
        assert_eq!(Calendar::new(twice).expect_err("one year twice").to_string(), "two calendars for 2024-2025");
        let turned = year("2024-2025", ("2025-02-17", "2025-06-30"), ("2024-09-02", "2025-01-17"));
        assert!(Calendar::new([turned]).expect_err("terms out of order").to_string().contains("the terms of 2024-2025"));
        let none = year("2024", ("2024-09-02", "2025-01-17"), ("2025-02-17", "2025-06-30"));
        assert!(Calendar::new([none]).expect_err("no school year").to_string().contains("\"2024\""));
    }

    #[test]
    fn a_month_has_a_first_day_and_a_school_year() {
        assert_eq!(Month::new(2025, 12).first_day(), Some(date("2025-12-01")));
        assert_eq!(Month::new(2026, 1).first_day(), Some(date("2026-01-01")));
        assert_eq!(Month::new(2025, 8).school_year(), SchoolYear(2024));
        assert_eq!(Month::new(2025, 9).school_year(), SchoolYear(2025));
        assert_eq!(Month::of(date("2025-09-30")), Month::new(2025, 9));
    }

    #[test]
    fn a_school_year_begins_with_its_first_day_or_in_september() {
        let calendar = calendar();
        assert_eq!(calendar.school_year_of(date("2026-08-30")), SchoolYear(2025));
        assert_eq!(calendar.school_year_of(date("2026-08-31")), SchoolYear(2026));
        // No calendar says it.
        assert_eq!(calendar.school_year_of(date("2019-08-31")), SchoolYear(2018));
        assert_eq!(calendar.school_year_of(date("2019-09-01")), SchoolYear(2019));
        assert!(calendar.covers(date("2027-08-31")));
        assert!(!calendar.covers(date("2027-09-01")));
    }

    #[test]
    fn the_term_begun_last_may_be_of_the_year_before() {
        let calendar = calendar();
        let begun = |day: &str| calendar.term_begun(date(day), 1).map(|term| (term.school_year.0, term.number));
        assert_eq!(begun("2025-09-02"), Some((2024, 2)));
        assert_eq!(begun("2025-09-03"), Some((2025, 1)));
        assert_eq!(begun("2026-03-01"), Some((2025, 1)));
        assert_eq!(begun("2026-03-02"), Some((2025, 2)));
        assert_eq!(begun("2024-09-01"), None);
    }

    #[test]
    fn a_day_of_the_vacation_is_before_the_next_term() {
        let calendar = calendar();
        let from = |day: &str| calendar.term_from(date(day)).map(|span| (span.school_year.0, span.number));
        assert_eq!(from("2026-01-23"), Some((2025, 1)));
        assert_eq!(from("2026-01-24"), Some((2025, 2)));
        assert_eq!(from("2026-07-01"), Some((2026, 1)));
        // Nobody knows yet when the next one begins, nor what was before.
        assert_eq!(from("2027-07-01"), None);
        assert_eq!(from("2020-05-01"), None);
        assert!(calendar.is_vacation(date("2026-01-24")) && calendar.is_vacation(date("2026-03-01")));
        assert!(!calendar.is_vacation(date("2026-01-23")) && !calendar.is_vacation(date("2026-03-02")));
        assert!(!calendar.is_vacation(date("2020-07-15")), "no calendar says so");
    }

    #[test]
    fn a_school_day_has_its_place_in_the_term() {
        let term = calendar().term_begun(date("2025-09-30"), 1).expect("a term");
        // A Wednesday, and the Monday after it.
        assert_eq!(term.place_of(date("2025-09-03")), Some(0));
        assert_eq!(term.place_of(date("2025-09-08")), Some(3));
        assert_eq!(term.place_of(date("2025-09-06")), None);
        assert_eq!((term.days_until(date("2025-09-02")), term.days_until(date("2025-09-06"))), (0, 3));
        assert_eq!(term.deadline, date("2025-10-03"));
    }

    #[test]
    fn the_year_ended_last_is_known_without_a_calendar_too() {
        let calendar = calendar();
        assert_eq!(calendar.last_ended(date("2026-06-29")), SchoolYear(2024));
        assert_eq!(calendar.last_ended(date("2026-06-30")), SchoolYear(2025));
        assert_eq!(calendar.last_ended(date("2019-06-29")), SchoolYear(2017));
        assert_eq!(calendar.last_ended(date("2019-06-30")), SchoolYear(2018));
        assert_eq!(calendar.teaching_days(SchoolYear(2024)), (date("2024-09-02"), date("2025-06-30")));
        assert_eq!(calendar.teaching_days(SchoolYear(2018)), (date("2018-09-01"), date("2019-06-30")));
    }
}
