//! What does a `[schedule]` section say? A cron expression, or days of the school calendar, in words that a district officer can read.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::pipeline::clock::shanghai;
use crate::pipeline::config::Schedule;

/// When a pipeline is due.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// When a cron expression says, on some of its days.
    Cron {
        /// The expression.
        cron: Box<Cron>,
        /// As it is written.
        text: String,
        /// On which of its days.
        only: Only,
    },
    /// On days of the school calendar.
    Days {
        /// The days.
        on: Vec<Day>,
        /// The time of day.
        at: NaiveTime,
    },
}

/// On which of the days that a cron expression names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// All of them.
    Any,
    /// Working days (工作日).
    WorkingDays,
    /// School days (上课日).
    SchoolDays,
}

/// A day of the school calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day that it is counted from.
    pub of: Anchor,
    /// So many working days after it, before it where negative; 0 is the day itself.
    pub working_days: i32,
}

/// A day that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first day of each term.
    FirstDayOfTerm,
    /// The last day on which students can register, of each term (A8.3).
    RegistrationDeadline,
    /// The first working day after that.
    AfterRegistrationDeadline,
    /// The last day of each term.
    LastDayOfTerm,
    /// That day, or the last working day before it.
    LastWorkingDayOfTerm,
    /// The day on which the school year ends by the policy's reading.
    LastDayOfSchoolYear,
    /// That day, or the last working day before it.
    LastWorkingDayOfSchoolYear,
    /// A date.
    Date(NaiveDate),
}

const ONLY: [(&str, Only); 2] = [("working-days", Only::WorkingDays), ("school-days", Only::SchoolDays)];

const ANCHORS: [(&str, Anchor); 7] = [
    ("first-day-of-term", Anchor::FirstDayOfTerm),
    ("registration-deadline", Anchor::RegistrationDeadline),
    ("first-working-day-after-registration-deadline", Anchor::AfterRegistrationDeadline),
    ("last-day-of-term", Anchor::LastDayOfTerm),
    ("last-working-day-of-term", Anchor::LastWorkingDayOfTerm),
    ("last-day-of-school-year", Anchor::LastDayOfSchoolYear),
    ("last-working-day-of-school-year", Anchor::LastWorkingDayOfSchoolYear),
];

/// As many working days as a day may lie before or after a named one: beyond that another name is nearer.
pub const MOST_WORKING_DAYS: i32 = 30;

impl Plan {
    /// Reads a section.
    ///
    /// # Errors
    /// What it says can't be used, and what can stand there instead.
    pub fn new(schedule: &Schedule) -> Result<Self, String> {
        match (&schedule.cron, &schedule.on) {
            (Some(cron), None) => {
                if schedule.at.is_some() {
                    return Err("`at` goes with `on`; the minute and hour of `cron` say the time".into());
                }
                let only = schedule.only.as_deref().map_or(Ok(Only::Any), |word| named("only", word, &ONLY))?;
                Ok(Plan::Cron { cron: Box::new(self::cron(cron)?), text: cron.split_whitespace().collect::<Vec<_>>().join(" "), only })
            }
            (None, Some(on)) => {
                if schedule.only.is_some() {
                    return Err("`only` goes with `cron`; `on` names its days itself".into());
                }
                let at = schedule.at.as_ref().ok_or("`on` names the day; add the time, such as at = \"02:00\"")?;
                let on = match on {
                    toml::Value::Array(several) if several.is_empty() => return Err("`on` names no day".into()),
                    toml::Value::Array(several) => several.iter().map(day).collect::<Result<_, _>>()?,
                    one => vec![day(one)?],
                };
                Ok(Plan::Days { on, at: time(at)? })
            }
            (Some(_), Some(_)) => Err("`cron` and `on` both say when: keep one of them".into()),
            (None, None) => {
                Err("it says nothing: add cron = \"0 2 * * *\", or on = \"last-working-day-of-term\" and at = \"02:00\"".into())
            }
        }
    }

    /// Whether only a school calendar can tell when it is due.
    pub fn needs_calendar(&self) -> bool {
        match self {
            Plan::Cron { only, .. } => *only != Only::Any,
            Plan::Days { .. } => true,
        }
    }

    /// The times of day at which it can be due, as hours and minutes in order.
    pub fn times_of_day(&self) -> Vec<(u32, u32)> {
        match self {
            Plan::Cron { cron, .. } => {
                let minutes = cron.pattern.minutes.values();
                let of_hour = |hour: u16| minutes.iter().map(move |minute| (u32::from(hour), u32::from(*minute)));
                cron.pattern.hours.values().into_iter().flat_map(of_hour).collect()
            }
            Plan::Days { at, .. } => {
                use chrono::Timelike;
                vec![(at.hour(), at.minute())]
            }
        }
    }
}

/// Says it in the words of the section: what a pipeline's record keeps to notice that its schedule was changed.
impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Plan::Cron { text, only, .. } => {
                write!(out, "cron {text}")?;
                ONLY.iter().find(|(_, own)| own == only).map_or(Ok(()), |(word, _)| write!(out, ", only {word}"))
            }
            Plan::Days { on, at } => {
                write!(out, "at {}", at.format("%H:%M"))?;
                for day in on {
                    match day.working_days {
                        0 => write!(out, ", on {}", day.of)?,
                        after @ 1.. => write!(out, ", on {after} working days after {}", day.of)?,
                        before => write!(out, ", on {} working days before {}", before.unsigned_abs(), day.of)?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Anchor::Date(date) => write!(out, "{date}"),
            named => out.write_str(ANCHORS.iter().find(|(_, own)| own == named).map_or("", |(word, _)| word)),
        }
    }
}

/// What a word names, or the words that could be meant.
fn named<T: Copy>(field: &str, word: &str, known: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, found)) = known.iter().find(|(own, _)| *own == word) {
        return Ok(*found);
    }
    let near = known.iter().map(|(own, _)| (strsim::damerau_levenshtein(own, word), *own)).min();
    let near = near.filter(|(distance, own)| *distance <= own.len() / 2).map(|(_, own)| format!("; did you mean \"{own}\"?"));
    let words: Vec<String> = known.iter().map(|(own, _)| format!("\"{own}\"")).collect();
    Err(format!("`{field}` can't be \"{word}\"{}; it is one of {}", near.unwrap_or_default(), words.join(", ")))
}

fn cron(text: &str) -> Result<Cron, String> {
    let told = |why: &str| {
        format!("`cron = \"{text}\"` {why}; it is five fields: minute, hour, day of month, month, day of week, such as \"0 2 * * *\"")
    };
    if text.trim_start().starts_with('@') || text.split_whitespace().count() != 5 {
        return Err(told("has not five fields"));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|error| told(&format!("can't be read ({error})")))?;
    // Any day will do to ask whether it ever comes: leap years and weekdays repeat within the search.
    let some_day: DateTime<FixedOffset> = shanghai(NaiveDate::default().and_time(NaiveTime::MIN));
    match cron.find_next_occurrence(&some_day, true) {
        Ok(_) => Ok(cron),
        Err(_) => Err(told("names a day that never comes")),
    }
}

/// What a value says, written as a text or as TOML writes dates and times.
fn written(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Datetime(time) => Some(time.to_string()),
        _ => None,
    }
}

fn time(value: &toml::Value) -> Result<NaiveTime, String> {
    let text = written(value).unwrap_or_default();
    let read = NaiveTime::parse_from_str(&text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M:00"));
    read.map_err(|_| format!("`at` is no time of day, such as \"02:00\"{}", if text.is_empty() { text } else { format!(": \"{text}\"") }))
}

fn day(value: &toml::Value) -> Result<Day, String> {
    let toml::Value::Table(table) = value else { return Ok(Day { of: anchor("on", value)?, working_days: 0 }) };
    let how = "write on = { working_days_before = 3, of = \"last-day-of-term\" }, or working_days_after";
    if let Some(unknown) = table.keys().find(|key| !["working_days_before", "working_days_after", "of"].contains(&key.as_str())) {
        return Err(format!("`on` knows no `{unknown}`: {how}"));
    }
    let (sign, days) = match (table.get("working_days_before"), table.get("working_days_after")) {
        (Some(days), None) => (-1, days),
        (None, Some(days)) => (1, days),
        _ => return Err(format!("`on` counts either before or after a day: {how}")),
    };
    let days = days.as_integer().and_then(|days| i32::try_from(days).ok()).filter(|days| (1..=MOST_WORKING_DAYS).contains(days));
    let days = days.ok_or_else(|| format!("`on` counts 1 to {MOST_WORKING_DAYS} working days: {how}"))?;
    let of = table.get("of").ok_or_else(|| format!("`on` does not say of which day: {how}"))?;
    Ok(Day { of: anchor("of", of)?, working_days: sign * days })
}

fn anchor(field: &str, value: &toml::Value) -> Result<Anchor, String> {
    let known = || ANCHORS.map(|(word, _)| word).join(", ");
    let text = written(value).ok_or_else(|| format!("`{field}` is a date or one of {}", known()))?;
    // What begins as a date is meant to be one.
    if text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return text.parse().map(Anchor::Date).map_err(|_| format!("`{field} = \"{text}\"` is no date, such as \"2026-06-30\""));
    }
    named(field, &text, &ANCHORS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(section: &str) -> Result<Plan, String> {
        Plan::new(&toml::from_str(section).expect("TOML"))
    }

    #[test]
    fn a_section_reads_back_as_it_was_meant() {
        for (section, meant) in [
            ("cron = '0  2 * * *'", "cron 0 2 * * *"),
            ("cron = '0 2 * * MON-FRI'\nonly = 'school-days'", "cron 0 2 * * MON-FRI, only school-days"),
            ("cron = '0 2 L * *'\nonly = 'working-days'", "cron 0 2 L * *, only working-days"),
            ("cron = '0 2 * * FRI#2'", "cron 0 2 * * FRI#2"),
            ("on = 'last-day-of-term'\nat = '02:30'", "at 02:30, on last-day-of-term"),
            ("on = '2026-06-30'\nat = 02:30:00", "at 02:30, on 2026-06-30"),
            ("on = 2026-06-30\nat = '23:59'", "at 23:59, on 2026-06-30"),
            (
                "on = ['first-day-of-term', { working_days_before = 3, of = 'last-working-day-of-school-year' }]\nat = '02:00'",
                "at 02:00, on first-day-of-term, on 3 working days before last-working-day-of-school-year",
            ),
            ("on = { working_days_after = 2, of = 2026-06-30 }\nat = '02:00'", "at 02:00, on 2 working days after 2026-06-30"),
        ] {
            assert_eq!(plan(section).expect(section).to_string(), meant);
        }
        for (word, _) in ANCHORS {
            assert_eq!(plan(&format!("on = '{word}'\nat = '02:00'")).expect(word).to_string(), format!("at 02:00, on {word}"));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_what_could() {
        for (section, told) in [
            ("", "says nothing"),
            ("at = '02:00'", "says nothing"),
            ("cron = '0 2 * *'", "five fields"),
            ("cron = '0 0 2 * * *'", "five fields"),
            ("cron = '@daily'", "five fields"),
            ("cron = '0 24 * * *'", "can't be read"),
            ("cron = '0 2 30 2 *'", "never comes"),
            ("cron = '0 2 31 4,6,9,11 *'", "never comes"),
            ("cron = '0 2 * * *'\nonly = 'schooldays'", "did you mean \"school-days\"?"),
            ("cron = '0 2 * * *'\nat = '02:00'", "`at` goes with `on`"),
            ("cron = '0 2 * * *'\non = 'last-day-of-term'", "keep one of them"),
            ("on = 'last-day-of-term'", "add the time"),
            ("on = 'last-day-of-term'\nat = '02:00'\nonly = 'school-days'", "`only` goes with `cron`"),
            ("on = 'last-day-of-terms'\nat = '02:00'", "did you mean \"last-day-of-term\"?"),
            ("on = '2026-02-30'\nat = '02:00'", "is no date"),
            ("on = 2026-06-30T02:00:00\nat = '02:00'", "is no date"),
            ("on = 5\nat = '02:00'", "`on` is a date or one of"),
            ("on = []\nat = '02:00'", "names no day"),
            ("on = 'last-day-of-term'\nat = '2 am'", "is no time of day"),
            ("on = 'last-day-of-term'\nat = '02:00:30'", "is no time of day"),
            ("on = { working_days_before = 0, of = 'last-day-of-term' }\nat = '02:00'", "1 to 30"),
            ("on = { working_days_before = 31, of = 'last-day-of-term' }\nat = '02:00'", "1 to 30"),
            ("on = { working_days_before = 1 }\nat = '02:00'", "of which day"),
            ("on = { of = 'last-day-of-term' }\nat = '02:00'", "before or after"),
            ("on = { days_before = 1, of = 'last-day-of-term' }\nat = '02:00'", "knows no `days_before`"),
        ] {
            let fault = plan(section).expect_err(section);
            assert!(fault.contains(told), "{section}: {fault}");
        }
    }
}
