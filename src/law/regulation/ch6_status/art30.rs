//! Suspensions and interruptions as spells of days (rules, section 3): when one is in force.

use chrono::NaiveDate;

use crate::facts::calendar::{SchoolYear, day_before, first_september_day, last_august_day, shared_days};
use crate::facts::codes::{ChangeKind, Read};
use crate::regulation::rule::Hearing;

/// The most spells of one student that are told apart.
const MOST: usize = 24;

/// Spells in force, in order of their beginning.
#[derive(Clone, Copy, Debug)]
pub struct Spells {
    days: [Option<(NaiveDate, NaiveDate)>; MOST],
}

impl Spells {
    /// The first and last day of each.
    pub fn iter(&self) -> impl Iterator<Item = (NaiveDate, NaiveDate)> + Clone {
        self.days.into_iter().flatten()
    }
}

/// The suspensions of a student: from a 休学 that the district approved to the day before 复学, else to the latest 截止日期
/// of it and its extensions, else open to the date of judgement.
pub fn suspensions(hearing: &Hearing<'_>) -> Spells {
    spells(hearing, ChangeKind::Suspension, &[ChangeKind::Return])
}

/// The interruptions of a student: from a 中断 to the day before the student continues.
pub fn interruptions(hearing: &Hearing<'_>) -> Spells {
    spells(hearing, ChangeKind::Interruption, &[ChangeKind::Continuation, ChangeKind::Return, ChangeKind::TransferIn])
}

fn spells(hearing: &Hearing<'_>, kind: ChangeKind, ends_by: &[ChangeKind]) -> Spells {
    let changes = hearing.student.changes;
    let approved_by_district = kind == ChangeKind::Suspension;
    let mut spells = Spells { days: [None; MOST] };
    let begins =
        changes.iter().filter(|change| change.kind == kind && (!approved_by_district || matches!(change.district, Read::Value(_))));
    for (begin, place) in begins.zip(spells.days.iter_mut()) {
        let Read::Value(first) = begin.effective else { continue };
        // What comes after the next spell of the kind belongs to that one.
        let next = changes
            .iter()
            .filter(|change| change.kind == kind)
            .filter_map(|change| change.effective.value())
            .filter(|day| *day > first)
            .min();
        let own = |day: NaiveDate| day > first && next.is_none_or(|next| day <= next);
        let back = changes
            .iter()
            .filter(|change| ends_by.contains(&change.kind))
            .filter_map(|change| change.effective.value())
            .filter(|day| own(*day))
            .min();
        let until = changes
            .iter()
            .filter(|change| {
                change.kind == ChangeKind::SuspensionExtended
                    && change.effective.value().is_some_and(|day| day >= first && own_or_first(day, first, next))
            })
            .filter_map(|change| change.until.value())
            .chain(begin.until.value())
            .max()
            .filter(|_| approved_by_district);
        let last = back.map(day_before).or(until).unwrap_or(hearing.law.as_of).min(hearing.law.as_of);
        if last >= first {
            *place = Some((first, last));
        }
    }
    spells
}

fn own_or_first(day: NaiveDate, first: NaiveDate, next: Option<NaiveDate>) -> bool {
    day >= first && next.is_none_or(|next| day < next)
}

/// Whether every day of teaching of a school year was suspended.
pub fn wholly_suspended(hearing: &Hearing<'_>, year: SchoolYear) -> bool {
    let days = hearing.law.calendar.teaching_days(year);
    covered(suspensions(hearing).iter(), days) == (days.1 - days.0).num_days() + 1
}

/// Whether half or more of a school year, in days from 1 September to 31 August, was suspended or interrupted (A26).
pub fn half_away(hearing: &Hearing<'_>, year: SchoolYear) -> bool {
    let days = (first_september_day(year), last_august_day(year));
    let away = covered(suspensions(hearing).iter().chain(interruptions(hearing).iter()), days);
    away * 2 > (days.1 - days.0).num_days()
}

/// How many days of a range the spells cover, each day once.
fn covered(spells: impl Iterator<Item = (NaiveDate, NaiveDate)> + Clone, range: (NaiveDate, NaiveDate)) -> i64 {
    let mut days = 0;
    let mut from = range.0;
    // The spell that begins first among those that reach beyond what is counted, again and again: no list has to be sorted.
    while let Some((first, last)) = spells.clone().filter(|(_, last)| *last >= from).min() {
        if first > range.1 || from > range.1 {
            break;
        }
        days += shared_days((first.max(from), last), range);
        let Some(next) = last.succ_opt() else { break };
        from = next;
    }
    days
}
