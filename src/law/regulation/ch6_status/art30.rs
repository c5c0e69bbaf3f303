//! Suspensions and interruptions as spells of days (rules, section 3): when one is in force.

use chrono::NaiveDate;

use crate::facts::calendar::{SchoolYear, day_before, first_september_day, last_august_day, shared_days};
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::student::Change;
use crate::regulation::rule::Law;

/// The changes that begin, prolong or end a suspension or an interruption.
pub const KINDS: &[ChangeKind] = &[
    ChangeKind::Suspension,
    ChangeKind::SuspensionExtended,
    ChangeKind::Return,
    ChangeKind::Interruption,
    ChangeKind::Continuation,
    ChangeKind::TransferIn,
    ChangeKind::Restoration,
];

/// A spell: its first and last day.
type Spell = (NaiveDate, NaiveDate);

/// The first day on or after another on which a change of one of some kinds took effect.
fn first_since(changes: &[Change], kinds: &[ChangeKind], since: NaiveDate) -> Option<NaiveDate> {
    let of_kind = changes.iter().filter(|change| kinds.contains(&change.kind));
    of_kind.filter_map(|change| change.effective.value()).filter(|day| *day >= since).min()
}

/// The suspensions: each from a 休学 that the district approved to the day before its 复学, else to the latest 截止日期 of it and its
/// extensions, else, left open, to the day before any later 复学 or to the date of judgement.
fn suspensions<'c>(law: &'c Law, changes: &'c [Change]) -> impl Iterator<Item = Spell> + Clone + 'c {
    let approved = |change: &&Change| change.kind == ChangeKind::Suspension && matches!(change.district, Read::Value(_));
    changes.iter().filter(approved).filter_map(move |begin| {
        let first = begin.effective.value()?;
        // What comes after the next suspension belongs to that one.
        let next = first.succ_opt().and_then(|day| first_since(changes, &[ChangeKind::Suspension], day));
        let is_own = |day: NaiveDate| day >= first && next.is_none_or(|next| day < next);
        let returned = first_since(changes, &[ChangeKind::Return], first);
        let extensions = changes.iter().filter(|change| change.kind == ChangeKind::SuspensionExtended);
        let extensions = extensions.filter(|change| change.effective.value().is_some_and(is_own));
        let until = extensions.filter_map(|change| change.until.value()).chain(begin.until.value()).max();
        let own_return = returned.filter(|day| next.is_none_or(|next| *day <= next));
        let last = own_return.map(day_before).or(until).or(returned.map(day_before)).unwrap_or(law.as_of);
        (last >= first).then_some((first, last))
    })
}

/// The interruptions: each from a 中断 to the day before the student continues, else to the date of judgement.
fn interruptions<'c>(law: &'c Law, changes: &'c [Change]) -> impl Iterator<Item = Spell> + Clone + 'c {
    const ENDS: &[ChangeKind] = &[ChangeKind::Continuation, ChangeKind::Return, ChangeKind::TransferIn, ChangeKind::Restoration];
    changes.iter().filter(|change| change.kind == ChangeKind::Interruption).filter_map(move |begin| {
        let first = begin.effective.value()?;
        let last = first_since(changes, ENDS, first).map_or(law.as_of, day_before);
        (last >= first).then_some((first, last))
    })
}

/// Whether every day of teaching of a school year was suspended.
pub fn wholly_suspended(law: &Law, changes: &[Change], year: SchoolYear) -> bool {
    let days = law.calendar.teaching_days(year);
    covered(suspensions(law, changes), days) == (days.1 - days.0).num_days() + 1
}

/// Whether half or more of a school year, in days from 1 September to 31 August, was suspended or interrupted (A26).
pub fn half_away(law: &Law, changes: &[Change], year: SchoolYear) -> bool {
    let days = (first_september_day(year), last_august_day(year));
    let away = covered(suspensions(law, changes).chain(interruptions(law, changes)), days);
    away * 2 > (days.1 - days.0).num_days()
}

/// How many days of a range the spells cover, each day once.
fn covered(spells: impl Iterator<Item = Spell> + Clone, range: Spell) -> i64 {
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
