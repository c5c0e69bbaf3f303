//! When is it due? A function of the plan, the calendar, the policy and a time: no clock, no file.

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use law::facts::calendar::{Calendar, SchoolYear, last_august_day, months_after};
use law::regulation::policy::SchoolYearEnd;

use super::plan::{Anchor, Day, MOST_WORKING_DAYS, Only, Plan};
use crate::pipeline::clock::{Moment, shanghai};

/// What days of the school calendar are worked out from.
#[derive(Clone, Debug)]
pub struct Almanac {
    /// The calendars.
    pub calendar: Calendar,
    /// The months of A8.3, from the policy.
    pub grace_months: u32,
    /// When a school year ends, from the policy.
    pub school_year_end: SchoolYearEnd,
}

/// When a plan is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Then.
    At(Moment),
    /// Nobody can know before the calendar of this school year is there.
    Unknown(SchoolYear),
    /// Never again.
    Never,
}

/// When a plan is due next after a time. Without an almanac it must not need one: it is then never due.
pub fn next(plan: &Plan, almanac: Option<&Almanac>, after: Moment) -> Next {
    match (plan, almanac) {
        (Plan::Cron { cron, only: Only::Any, .. }, _) => cron.find_next_occurrence(&after, false).map_or(Next::Never, Next::At),
        (Plan::Cron { cron, only, .. }, Some(almanac)) => {
            let (mut from, mut inclusive) = (after, false);
            while let Ok(time) = cron.find_next_occurrence(&from, inclusive) {
                let day = time.date_naive();
                if !almanac.calendar.covers(day) {
                    return Next::Unknown(almanac.calendar.school_year_of(day));
                }
                let is_meant = match only {
                    Only::Any => true,
                    Only::WorkingDays => almanac.calendar.is_working_day(day),
                    Only::SchoolDays => almanac.calendar.is_school_day(day),
                };
                if is_meant {
                    return Next::At(time);
                }
                // No other time of this day is meant either.
                let Some(tomorrow) = day.succ_opt() else { break };
                (from, inclusive) = (shanghai(tomorrow.and_time(NaiveTime::MIN)), true);
            }
            Next::Never
        }
        (Plan::Days { on, at }, Some(almanac)) => almanac.next_day(on, *at, after),
        (_, None) => Next::Never,
    }
}

/// The latest time at which a plan was due after a time and up to another; none where no calendar tells.
pub fn latest(plan: &Plan, almanac: Option<&Almanac>, after: Moment, until: Moment) -> Option<Moment> {
    // Looked for back from the end in ever longer pieces: what was missed for years costs no more than what was missed tonight.
    let mut piece = TimeDelta::minutes(1);
    loop {
        let from = until.checked_sub_signed(piece).map_or(after, |from| from.max(after));
        if let Next::At(mut time) = next(plan, almanac, from)
            && time <= until
        {
            while let Next::At(later) = next(plan, almanac, time)
                && later <= until
            {
                time = later;
            }
            return Some(time);
        }
        if from == after {
            return None;
        }
        piece = piece.checked_mul(2)?;
    }
}

/// A day that may be due, or between which dates one could be that no calendar tells.
enum Candidate {
    On(NaiveDate),
    Hidden { first: NaiveDate, last: NaiveDate, year: SchoolYear },
}

impl Almanac {
    /// The first of some days of the calendar at a time of day after another time.
    fn next_day(&self, on: &[Day], at: NaiveTime, after: Moment) -> Next {
        let this = self.calendar.school_year_of(after.date_naive());
        // A day counted on from the year before can lie in this one. Of the next, each day is either known or hidden: nothing beyond comes first.
        let years = || (this.0 - 1..=this.0 + 1).map(SchoolYear);
        let candidates: Vec<Candidate> = on
            .iter()
            .flat_map(|day| match day.of {
                Anchor::Date(date) => vec![self.counted(date, day.working_days)],
                _ => years().flat_map(|year| self.days_of(*day, year)).collect(),
            })
            .collect();
        let moment = |day: NaiveDate| shanghai(day.and_time(at));
        let known = candidates.iter().filter_map(|candidate| match candidate {
            Candidate::On(day) => Some(moment(*day)).filter(|time| *time > after),
            Candidate::Hidden { .. } => None,
        });
        let found = known.min();
        let hidden = candidates.iter().filter_map(|candidate| match candidate {
            Candidate::Hidden { first, last, year } if moment(*last) > after => {
                Some(*year).filter(|_| found.is_none_or(|found| moment(*first) <= found))
            }
            _ => None,
        });
        match (hidden.min(), found) {
            (Some(year), _) => Next::Unknown(year),
            (None, Some(time)) => Next::At(time),
            (None, None) => Next::Never,
        }
    }

    /// The day that lies so many working days from another.
    fn counted(&self, from: NaiveDate, working_days: i32) -> Candidate {
        match self.calendar.working_days_away(from, working_days) {
            Ok(day) => Candidate::On(day),
            Err(year) => Candidate::Hidden { first: earliest(from, working_days), last: latest_day(from, working_days), year },
        }
    }

    /// The days that one of a section means in a school year.
    fn days_of(&self, day: Day, year: SchoolYear) -> Vec<Candidate> {
        let end = self.school_year_end.of(&self.calendar, year);
        let is_of_end = matches!(day.of, Anchor::LastDayOfSchoolYear | Anchor::LastWorkingDayOfSchoolYear);
        // Some readings of a school year's end need no calendar.
        if self.calendar.year(year).is_none() && !(is_of_end && end.is_some()) {
            // The days of a school year lie between 1 August and the last of the next, deadlines so many months on.
            let is_deadline = matches!(day.of, Anchor::RegistrationDeadline | Anchor::AfterRegistrationDeadline);
            let first = NaiveDate::from_ymd_opt(year.0, 8, 1).unwrap_or(NaiveDate::MIN);
            let first = if is_deadline { months_after(first, self.grace_months) } else { first };
            let (first, last) = (earliest(first, day.working_days), latest_day(last_august_day(year), day.working_days));
            return vec![Candidate::Hidden { first, last, year }];
        }
        let counted = |from: NaiveDate| self.counted(from, day.working_days);
        // Of the last working day before a day that is none: what is counted on from it can be as far away as from the day itself.
        let from_working_day = |date: NaiveDate| match self.calendar.working_day_until(date) {
            Ok(from) => counted(from),
            Err(year) => {
                Candidate::Hidden { first: earliest(date, day.working_days.min(0) - 1), last: latest_day(date, day.working_days), year }
            }
        };
        let terms = || self.calendar.spans().filter(|span| span.school_year == year);
        let deadlines = || terms().map(|term| self.calendar.registration_deadline(term.first, self.grace_months));
        let end = end.into_iter();
        match day.of {
            Anchor::FirstDayOfTerm => terms().map(|term| counted(term.first)).collect(),
            Anchor::LastDayOfTerm => terms().map(|term| counted(term.last)).collect(),
            Anchor::LastWorkingDayOfTerm => terms().map(|term| from_working_day(term.last)).collect(),
            Anchor::RegistrationDeadline => deadlines().map(counted).collect(),
            Anchor::AfterRegistrationDeadline => deadlines()
                .map(|deadline| match self.calendar.working_days_away(deadline, 1) {
                    Ok(from) => counted(from),
                    Err(year) => {
                        let (first, last) = (earliest(deadline, day.working_days), latest_day(deadline, day.working_days.max(0) + 1));
                        Candidate::Hidden { first, last, year }
                    }
                })
                .collect(),
            Anchor::LastDayOfSchoolYear => end.map(counted).collect(),
            Anchor::LastWorkingDayOfSchoolYear => end.map(from_working_day).collect(),
            Anchor::Date(date) => vec![counted(date)],
        }
    }
}

/// More days than so many working days ever take: weekends, and the longest holidays.
fn span_of(working_days: i32) -> Days {
    let days = u64::from(working_days.unsigned_abs().min(MOST_WORKING_DAYS.unsigned_abs() + 1));
    Days::new(if days == 0 { 0 } else { days + days.div_ceil(5) * 2 + 14 })
}

/// No day so many working days from a date lies before this.
fn earliest(date: NaiveDate, working_days: i32) -> NaiveDate {
    if working_days < 0 { date.checked_sub_days(span_of(working_days)).unwrap_or(NaiveDate::MIN) } else { date }
}

/// No day so many working days from a date lies after this.
fn latest_day(date: NaiveDate, working_days: i32) -> NaiveDate {
    if working_days > 0 { date.checked_add_days(span_of(working_days)).unwrap_or(NaiveDate::MAX) } else { date }
}
