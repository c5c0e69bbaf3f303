//! Clocks set to every day of two school years, against due dates that were worked out apart from the program.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use law::facts::calendar::{Calendar, SchoolYear};
use law::regulation::policy::SchoolYearEnd;
use serde::Deserialize;
use xueji::pipeline::clock::{Moment, shanghai};
use xueji::pipeline::config::Schedule;
use xueji::pipeline::schedule::due::{Almanac, Next, latest, next};
use xueji::pipeline::schedule::plan::Plan;

use super::at;
use crate::support::package;

#[derive(Deserialize)]
struct Table {
    plan: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    section: String,
    grace_months: u32,
    school_year_end: SchoolYearEnd,
    then: String,
    dates: Vec<NaiveDate>,
}

impl Row {
    fn plan(&self) -> Plan {
        plan(&self.section)
    }

    fn almanac(&self) -> Almanac {
        almanac(&["2023-2024", "2024-2025", "2025-2026"], self.grace_months, self.school_year_end)
    }

    /// What the table says comes after a time.
    fn says(&self, after: Moment) -> Next {
        let due = |date: NaiveDate| shanghai(date.and_hms_opt(2, 0, 0).expect("two o'clock"));
        match self.dates.iter().map(|date| due(*date)).find(|time| *time > after) {
            Some(time) => Next::At(time),
            None => match self.then.as_str() {
                "unknown" => Next::Unknown(SchoolYear(2026)),
                "never" => Next::Never,
                date => Next::At(due(date.parse().expect(date))),
            },
        }
    }
}

fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(package().join("tests/xueji/schedule/due-dates.toml")).expect("the table");
    toml::from_str::<Table>(&text).expect("TOML").plan
}

fn plan(section: &str) -> Plan {
    Plan::new(&toml::from_str::<Schedule>(section).expect(section)).expect(section)
}

fn almanac(years: &[&str], grace_months: u32, school_year_end: SchoolYearEnd) -> Almanac {
    let read = |year: &&str| std::fs::read_to_string(package().join(format!("pipelines/calendars/{year}.toml"))).expect("a calendar");
    let years = years.iter().map(|year| toml::from_str(&read(year)).expect("a calendar"));
    Almanac { calendar: Calendar::new(years).expect("calendars"), grace_months, school_year_end }
}

/// Every day of the two school years.
fn days() -> impl Iterator<Item = NaiveDate> {
    let (first, last) = (NaiveDate::from_ymd_opt(2024, 9, 1).expect("a date"), NaiveDate::from_ymd_opt(2026, 8, 31).expect("a date"));
    first.iter_days().take_while(move |day| *day <= last)
}

#[test]
fn every_clock_of_two_school_years_shows_the_next_due_date_of_the_table() {
    let rows = table();
    assert!(rows.len() > 35 && rows.iter().map(|row| row.dates.len()).sum::<usize>() > 1200);
    let times = ["00:00:00", "01:59:59", "02:00:00", "23:59:59"].map(|time| time.parse::<NaiveTime>().expect(time));
    for row in rows {
        let (plan, almanac) = (row.plan(), row.almanac());
        for day in days() {
            for time in times {
                let now = shanghai(day.and_time(time));
                assert_eq!(next(&plan, Some(&almanac), now), row.says(now), "{} at {now}", row.section);
            }
        }
    }
}

#[test]
fn what_was_due_last_is_the_last_date_of_the_table() {
    for row in table() {
        let (plan, almanac) = (row.plan(), row.almanac());
        let start = at("2024-09-01 00:00");
        for day in days().step_by(7) {
            let now = shanghai(day.and_hms_opt(12, 0, 0).expect("noon"));
            let due = |date: &NaiveDate| shanghai(date.and_hms_opt(2, 0, 0).expect("two o'clock"));
            let last = row.dates.iter().rev().map(due).find(|time| *time <= now);
            assert_eq!(latest(&plan, Some(&almanac), start, now), last, "{} at {now}", row.section);
            // Nothing is due after it.
            assert_eq!(latest(&plan, Some(&almanac), last.unwrap_or(start), now), None);
        }
    }
}

#[test]
fn the_year_ends_between_two_due_times() {
    let nights = plan("cron = '59 23 * * *'");
    assert_eq!(next(&nights, None, at("2025-12-31 23:58")), Next::At(at("2025-12-31 23:59")));
    assert_eq!(next(&nights, None, at("2025-12-31 23:59")), Next::At(at("2026-01-01 23:59")));
    assert_eq!(next(&plan("cron = '0 0 1 1 *'"), None, at("2025-12-31 23:59")), Next::At(at("2026-01-01 00:00")));
    // 2026-01-01 to 03 are holidays, Sunday 01-04 is worked for them and taught.
    let school_nights = plan("cron = '0 2 * * *'\nonly = 'school-days'");
    let almanac = almanac(&["2025-2026"], 1, SchoolYearEnd::SecondTerm);
    assert_eq!(next(&school_nights, Some(&almanac), at("2025-12-31 02:00")), Next::At(at("2026-01-04 02:00")));
    let before = plan("on = { working_days_before = 1, of = 2026-01-04 }\nat = '02:00'");
    assert_eq!(next(&before, Some(&almanac), at("2025-12-01 00:00")), Next::At(at("2025-12-31 02:00")));
}

#[test]
fn a_year_without_a_calendar_is_not_guessed() {
    let gap = almanac(&["2023-2024", "2025-2026"], 1, SchoolYearEnd::SecondTerm);
    let missing = Next::Unknown(SchoolYear(2024));
    let school_days = plan("cron = '0 2 * * *'\nonly = 'school-days'");
    assert_eq!(next(&school_days, Some(&gap), at("2024-07-10 00:00")), missing);
    assert_eq!(next(&school_days, Some(&gap), at("2025-03-03 00:00")), missing);
    assert_eq!(next(&school_days, Some(&gap), at("2025-08-30 23:00")), missing);
    assert_eq!(next(&school_days, Some(&gap), at("2025-09-01 01:00")), Next::At(at("2025-09-01 02:00")));
    assert_eq!(latest(&school_days, Some(&gap), at("2024-01-01 00:00"), at("2025-10-01 12:00")), Some(at("2025-09-30 02:00")));
    let terms = plan("on = 'first-day-of-term'\nat = '02:00'");
    assert_eq!(next(&terms, Some(&gap), at("2024-02-20 00:00")), missing, "not the first term of the year after");
    assert_eq!(next(&terms, Some(&gap), at("2025-08-20 00:00")), missing);
    assert_eq!(next(&terms, Some(&gap), at("2025-09-01 00:00")), Next::At(at("2025-09-01 02:00")));
    // Before the first calendar, too.
    assert_eq!(next(&terms, Some(&gap), at("2020-01-01 00:00")), Next::Unknown(SchoolYear(2019)));
    // Days counted over the edge of what is known.
    let counted = plan("on = { working_days_after = 3, of = 2026-08-31 }\nat = '02:00'");
    assert_eq!(next(&counted, Some(&gap), at("2026-06-01 00:00")), Next::Unknown(SchoolYear(2026)));
    let pure = plan("on = 2031-05-01\nat = '02:00'");
    assert_eq!(next(&pure, Some(&gap), at("2026-06-01 00:00")), Next::At(at("2031-05-01 02:00")), "a date needs no calendar");
}

#[test]
fn what_was_missed_for_years_is_found_at_once() {
    let every_minute = plan("cron = '* * * * *'");
    let (start, end) = (at("2016-01-01 00:00"), at("2026-01-01 00:00"));
    assert_eq!(latest(&every_minute, None, start, end + TimeDelta::seconds(30)), Some(end));
    let leap_days = plan("cron = '0 2 29 2 *'");
    assert_eq!(latest(&leap_days, None, start, end), Some(at("2024-02-29 02:00")));
    assert_eq!(latest(&leap_days, None, at("2024-02-29 02:00"), end), None);
}

#[test]
fn from_one_due_time_to_the_next_none_is_left_out() {
    let last = days().last().expect("a last day");
    for row in table() {
        let (plan, almanac) = (row.plan(), row.almanac());
        let mut time = at("2024-08-31 23:59");
        let mut met = Vec::new();
        while let Next::At(due) = next(&plan, Some(&almanac), time) {
            assert!(due > time && due.timestamp() % 60 == 0);
            let day = due.date_naive();
            if day > last {
                break;
            }
            met.push(day);
            time = due;
        }
        assert_eq!(met, row.dates, "{}", row.section);
    }
}
