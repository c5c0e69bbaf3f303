//! Days, as numbers since 1970: how dates stand in columns, and the days on which things happen in the school year.

use chrono::{Datelike, Days, NaiveDate};

/// A day as a number since 1 January 1970.
pub type Day = i32;

/// The first year of the school year that the city is about.
pub const YEAR: i32 = 2025;

/// A day of the calendar.
pub const fn day(year: i32, month: u32, date: u32) -> Day {
    match NaiveDate::from_ymd_opt(year, month, date) {
        Some(day) => day.to_epoch_days(),
        None => 0,
    }
}

/// The calendar's date of a day.
pub fn date(day: Day) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

/// Writes a day as `2025-09-01`.
pub fn write(day: Day, text: &mut String) {
    let date = date(day);
    let (year, month, day) = (date.year() as u32, date.month(), date.day());
    for digit in [year / 1000, year / 100 % 10, year / 10 % 10, year % 10, 10, month / 10, month % 10, 10, day / 10, day % 10] {
        text.push(char::from(if digit == 10 { b'-' } else { b'0' + digit as u8 }));
    }
}

/// The day of birth in a year of entry: from 1 September to the next 31 August, by place from 0.
pub fn birth(first_year: i32, place: u64) -> Day {
    NaiveDate::from_ymd_opt(first_year, 9, 1).and_then(|first| first.checked_add_days(Days::new(place))).unwrap_or_default().to_epoch_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        let mut text = String::new();
        write(day(2026, 2, 28), &mut text);
        write(day(2016, 11, 9), &mut text);
        assert_eq!(text, "2026-02-282016-11-09");
    }
}
