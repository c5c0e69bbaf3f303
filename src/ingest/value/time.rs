//! Dates, months and school years, in all their spellings and as serial numbers.

use super::{SERIALS, YEARS, plain, whole_number};
use crate::ingest::cell::{Cell, CellKind};
use crate::ingest::fold;
use chrono::{Datelike, Days, NaiveDate};

/// Days since 1970-01-01.
pub(crate) fn days_since_1970(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// A day since 1970-01-01 as 2025-09-01.
pub(crate) fn show_date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).map_or_else(String::new, |date| date.to_string())
}

/// A month counted from year 0, as `law::facts::calendar::Month` counts them.
fn month_of(year: i32, month: u32) -> Option<i32> {
    (YEARS.contains(&year) && (1..=12).contains(&month)).then_some(year * 12 + month as i32 - 1)
}

/// The day of a spreadsheet's serial number.
pub(super) fn serial_date(serial: f64, is_1904: bool) -> Option<NaiveDate> {
    if !(1.0..=100_000.0).contains(&serial) {
        return None;
    }
    let days = Days::new(serial as u64);
    let epoch = match (is_1904, serial < 60.0) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1),
        (false, true) => NaiveDate::from_ymd_opt(1899, 12, 31),
        // The spreadsheets' 1900 has a 29 February that there never was.
        (false, false) => NaiveDate::from_ymd_opt(1899, 12, 30),
    };
    epoch?.checked_add_days(days).filter(|date| YEARS.contains(&date.year()))
}

/// The moment of a spreadsheet's serial number as 2025-09-01, with the time of day if it has one; `None` if it is none.
pub(crate) fn show_moment(serial: &str, is_1904: bool) -> Option<String> {
    const SECONDS: f64 = 86_400.0;
    let serial: f64 = serial.parse().ok()?;
    let date = serial_date(serial, is_1904)?;
    let seconds = (serial.fract() * SECONDS).round() as u32;
    let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?;
    Some(if seconds == 0 { date.to_string() } else { format!("{date} {time}") })
}

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if YEARS.contains(&year) { NaiveDate::from_ymd_opt(year, month, day) } else { None }
}

/// Year, month and day of `20250901`.
fn eight_digits(text: &str) -> Option<NaiveDate> {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    day(i32::try_from(part(0..4)?).ok()?, part(4..6)?, part(6..8)?)
}

/// A moment as written: its numbers, from the year on.
#[derive(Debug, Default)]
struct Written {
    numbers: [u32; 3],
    /// How many digits each has; 0 where there is none.
    digits: [u8; 3],
}

/// Splits a date with any of the separators in use, a time of day behind it or not.
fn split_date(text: &str) -> Option<Written> {
    const SEPARATORS: &[char] = &['-', '/', '.', '。', '、', '，', ',', '—', '–', '－', '−', '／', '．', '年', '月', '~'];
    let mut written = Written::default();
    let mut rest = fold::trimmed(text);
    for (number, digits) in written.numbers.iter_mut().zip(&mut written.digits) {
        while let Some((digit, behind)) = first_digit(rest) {
            *number = number.checked_mul(10)?.checked_add(digit)?;
            *digits = digits.saturating_add(1);
            rest = behind;
        }
        // Without separators, all of the date is in the first number.
        if *digits == 0 || *digits >= 6 {
            break;
        }
        let behind = rest.trim_start_matches(fold::is_space);
        match behind.strip_prefix(SEPARATORS) {
            Some(behind) => rest = behind.trim_start_matches(fold::is_space),
            None => break,
        }
    }
    is_time_of_day(rest).then_some(written)
}

/// The digit that a text begins with, of either width, and what stands behind it.
fn first_digit(text: &str) -> Option<(u32, &str)> {
    let mut characters = text.chars();
    let digit = match characters.next()? {
        digit @ '0'..='9' => digit.to_digit(10)?,
        wide @ '０'..='９' => wide as u32 - '０' as u32,
        _ => return None,
    };
    Some((digit, characters.as_str()))
}

/// Whether nothing stands behind a day but the word 日, a time, or a day of the week.
fn is_time_of_day(text: &str) -> bool {
    let rest =
        text.trim_start_matches(['日', '号']).trim_start_matches(|character| fold::is_space(character) || matches!(character, 'T' | 't'));
    let day_of_week = rest.trim_matches(['(', ')', '（', '）']);
    let day_of_week = day_of_week.strip_prefix("星期").or_else(|| day_of_week.strip_prefix('周'));
    let is_time = || {
        rest.starts_with(|character: char| character.is_ascii_digit())
            && rest.contains([':', '：', '时'])
            && rest
                .chars()
                .all(|character| character.is_ascii_digit() || matches!(character, ':' | '：' | '.' | '时' | '分' | '秒' | '+' | 'Z' | 'z'))
    };
    rest.is_empty() || day_of_week.is_some_and(|day| matches!(day, "一" | "二" | "三" | "四" | "五" | "六" | "日" | "天")) || is_time()
}

pub(super) fn date(cell: Cell<'_>, is_1904: bool) -> Option<i32> {
    let text = cell.text;
    let found = match cell.kind {
        CellKind::Date => serial_date(text.parse().ok()?, is_1904),
        CellKind::Number => {
            let number: f64 = text.parse().ok()?;
            if SERIALS.contains(&number) {
                serial_date(number, is_1904)
            } else {
                whole_number(text).filter(|digits| digits.len() == 8).and_then(|digits| eight_digits(&digits))
            }
        }
        CellKind::Text if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) => eight_digits(text),
        CellKind::Text => {
            let written = split_date(text)?;
            let [year, month, of_month] = written.numbers;
            match written.digits {
                [8, 0, 0] => day(i32::try_from(year / 10_000).ok()?, year / 100 % 100, year % 100),
                [4, 1..=2, 1..=2] => day(i32::try_from(year).ok()?, month, of_month),
                _ => None,
            }
        }
        CellKind::Empty | CellKind::Boolean | CellKind::Error => None,
    };
    found.map(days_since_1970)
}

pub(super) fn month(cell: Cell<'_>, is_1904: bool) -> Option<i32> {
    let of_day = |date: NaiveDate| month_of(date.year(), date.month());
    let six_digits = |number: u32| month_of(i32::try_from(number / 100).ok()?, number % 100);
    match cell.kind {
        CellKind::Number => match whole_number(cell.text) {
            Some(digits) if digits.len() == 6 => six_digits(digits.parse().ok()?),
            Some(digits) if digits.len() == 8 => of_day(eight_digits(&digits)?),
            Some(_) => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
            // 2025.1 could be January or October.
            None => None,
        },
        CellKind::Text => {
            let written = split_date(cell.text)?;
            let [year, month, _] = written.numbers;
            match written.digits {
                [6, 0, 0] => six_digits(year),
                [4, 1..=2, 0] => month_of(i32::try_from(year).ok()?, month),
                _ => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
            }
        }
        _ => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
    }
}

pub(super) fn school_year(cell: Cell<'_>) -> Option<i32> {
    if matches!(cell.kind, CellKind::Date | CellKind::Boolean) {
        return None;
    }
    let folded = plain(cell);
    // What stands behind 学年 is the term.
    let years = folded.split_once("学年").map_or(folded.as_str(), |(years, _)| years);
    let mut groups = years.split(|character: char| !character.is_ascii_digit()).filter(|group| !group.is_empty());
    let is_form = years
        .chars()
        .all(|character| character.is_ascii_digit() || matches!(character, '-' | '—' | '–' | '−' | '~' | '/' | '.' | '至' | '到' | '年'));
    let (first, second) = (groups.next()?, groups.next());
    if !is_form || groups.next().is_some() {
        return None;
    }
    let (first, second) = match (first.len(), second) {
        (8, None) => (first.get(..4)?, first.get(4..)),
        (4, second) => (first, second),
        _ => return None,
    };
    let year: i32 = first.parse().ok()?;
    let follows = match second {
        None => true,
        Some(second) => {
            let next: i32 = second.parse().ok()?;
            second.len() == 4 && next == year + 1 || second.len() == 2 && next == (year + 1) % 100
        }
    };
    ((1990..2100).contains(&year) && follows).then_some(year)
}
