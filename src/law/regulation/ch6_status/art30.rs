//! Article 30: who has to be suspended; and suspensions and interruptions as spells of days (rules, section 3): when one is in force.

use chrono::NaiveDate;

use crate::facts::attendance::Watched;
use crate::facts::calendar::{SchoolYear, day_before, first_september_day, last_august_day, shared_days};
use crate::facts::codes::{ChangeKind, ChangeReason, Read};
use crate::facts::spells::has_months;
use crate::facts::student::Change;
use crate::regulation::ch6_status::absence::{self, Standing};
use crate::regulation::rule::{Amount, Hearing, Law, Rule};

/// A30
pub static RULE: Rule = Rule {
    clause: "A30",
    title: "应办理休学",
    asks: "一学期内连续停课或累计停课达规定月数的，应办理休学；伤病、出国出境等须有证明。",
    reading: "缺课不分种类；连续与累计的算法同 A34.2。休学不足规定月数的提示。",
    parameters: &["numbers.absence_months", "numbers.cumulative_month_days"],
    findings: &["F3001", "F3003"],
    reads: &["attendance", "status_changes"],
};
/// A30.3
pub static FINAL_GRADE: Rule = Rule {
    clause: "A30.3",
    title: "毕业年级休学",
    asks: "经学校和区确认的其他特殊原因可以休学，毕业年级除外。",
    reading: "休学开始时在毕业年级，原因又不是伤病、出国出境的，要更正。开始时的年级看异动记录；没写的，本学年开始的休学看名册的年级。",
    parameters: &[],
    findings: &["F3002"],
    reads: &["status_changes"],
};

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
pub type Spell = (NaiveDate, NaiveDate);

/// A suspension in force at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension<'c> {
    /// The 休学 that began it.
    pub begin: &'c Change,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day, as far as it is known.
    pub last: NaiveDate,
    /// The latest 截止日期 of it and its extensions.
    pub until: Option<NaiveDate>,
    /// Whether a 复学 ended it.
    pub is_returned: bool,
}

/// The first day on or after another on which a change of one of some kinds took effect.
fn first_since(changes: &[Change], kinds: &[ChangeKind], since: NaiveDate) -> Option<NaiveDate> {
    let of_kind = changes.iter().filter(|change| kinds.contains(&change.kind));
    of_kind.filter_map(|change| change.effective.value()).filter(|day| *day >= since).min()
}

/// The suspensions: each from a 休学 that the district approved to the day before its 复学, else to the latest 截止日期 of it and its
/// extensions, else, left open, to the day before any later 复学 or to the date of judgement.
pub fn suspended<'c>(law: &'c Law, changes: &'c [Change]) -> impl Iterator<Item = Suspension<'c>> + Clone + 'c {
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
        let is_returned = own_return.is_some() || until.is_none() && returned.is_some();
        (last >= first).then_some(Suspension { begin, first, last, until, is_returned })
    })
}

/// The same as spells of days.
pub fn suspensions<'c>(law: &'c Law, changes: &'c [Change]) -> impl Iterator<Item = Spell> + Clone + 'c {
    suspended(law, changes).map(|suspension| (suspension.first, suspension.last))
}

/// Whether a suspension is in force on a day.
pub fn is_suspended_on(law: &Law, changes: &[Change], day: NaiveDate) -> bool {
    suspensions(law, changes).any(|(first, last)| (first..=last).contains(&day))
}

/// The suspension that began last.
pub fn latest<'c>(law: &'c Law, changes: &'c [Change]) -> Option<Suspension<'c>> {
    suspended(law, changes).max_by_key(|suspension| suspension.first)
}

/// F3001: an absence of three months or more without a suspension.
pub fn absent_without(hearing: &mut Hearing<'_>, watched: &Watched<'_>, standing: &Standing) {
    if let Some(day) = standing.running.map(|run| run.first).or(standing.crossed) {
        let row = absence::row_of(hearing, watched, day);
        let found = match standing.running {
            Some(run) => absence::amount(watched, Some(run)),
            None => Amount::Number(standing.count as i32),
        };
        hearing.find("F3001", row, "考勤", found, "办理休学，或督促返校");
    }
}

/// F3002 and F3003: suspensions that should not be, or are shorter than the law knows.
pub fn record(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let student = hearing.student;
    for suspension in suspended(law, student.changes) {
        let Suspension { begin, first, last, until, is_returned } = suspension;
        let is_this_year = law.calendar.school_year_of(first) == law.school_year;
        let grade = begin.grade.value().or((is_this_year && begin.grade == Read::Empty).then_some(hearing.grade));
        let is_other = !matches!(begin.reason, Read::Value(ChangeReason::Illness | ChangeReason::Abroad) | Read::Unreadable);
        if is_other && grade.is_some_and(|grade| student.system.is_final(grade)) {
            let word = begin.reason.value().map_or(Amount::None, |reason| Amount::Word(reason.word()));
            hearing.find("F3002", begin.row, "原因", word, "毕业年级只因伤病、出国出境休学");
        }
        if (is_returned || until.is_some()) && !has_months(first, last, law.policy.numbers.absence_months) {
            hearing.find("F3003", begin.row, "截止日期", Amount::Date(last), "休学一般在三个月以上；说明原因");
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::grades::Grade;
    use crate::facts::student::Student;
    use crate::testing::{change, date, heard, law, on, pupil, told};

    #[test]
    fn each_day_of_a_range_counts_once_its_last_too() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 8, day).expect("a date");
        let days = |spells: &[(u32, u32)]| {
            let spells: Vec<Spell> = spells.iter().map(|(first, last)| (day(*first), day(*last))).collect();
            covered(spells.into_iter(), (day(1), day(20)))
        };
        assert_eq!(days(&[]), 0);
        assert_eq!(days(&[(3, 5), (4, 8)]), 6);
        assert_eq!(days(&[(20, 25)]), 1);
        assert_eq!(days(&[(21, 25)]), 0);
        assert_eq!(days(&[(5, 19), (20, 25)]), 16);
        assert_eq!(days(&[(5, 19), (6, 25)]), 16);
        assert_eq!(days(&[(1, 20), (2, 25)]), 20);
    }

    fn suspension(first: &str, until: Read<NaiveDate>) -> Change {
        Change { until, district: on(first), ..change(ChangeKind::Suspension, first) }
    }

    #[test]
    fn an_extension_belongs_to_the_suspension_it_follows() {
        let law = law("2026-07-05");
        let ends = |changes: &[Change]| suspended(&law, changes).map(|own| (own.until, own.is_returned)).collect::<Vec<_>>();
        let prolonged = |from, until| Change { until: on(until), ..change(ChangeKind::SuspensionExtended, from) };
        let (one, other) = (suspension("2023-09-01", on("2023-12-31")), suspension("2025-02-17", on("2025-05-31")));
        let until = |text| (Some(date(text)), false);
        assert_eq!(ends(&[one, other, prolonged("2024-01-01", "2025-09-30")]), [until("2025-09-30"), until("2025-05-31")]);
        // Prolonged on the day on which the next begins, or later: that one.
        assert_eq!(ends(&[one, other, prolonged("2025-02-17", "2025-09-30")]), [until("2023-12-31"), until("2025-09-30")]);
        assert_eq!(ends(&[one, other, prolonged("2025-06-01", "2025-09-30")]), [until("2023-12-31"), until("2025-09-30")]);
    }

    #[test]
    fn only_an_approved_suspension_is_one_and_an_open_one_has_no_return() {
        let law = law("2026-07-05");
        let unapproved = change(ChangeKind::Suspension, "2025-09-01");
        let prolonged = Change { district: on("2025-12-01"), ..change(ChangeKind::SuspensionExtended, "2025-12-01") };
        assert_eq!(suspended(&law, &[unapproved, prolonged]).count(), 0);
        let is_returned = |changes: &[Change]| suspended(&law, changes).map(|own| own.is_returned).collect::<Vec<_>>();
        let open = suspension("2025-09-01", Read::Empty);
        assert_eq!(is_returned(&[open]), [false]);
        assert_eq!(is_returned(&[open, change(ChangeKind::Return, "2026-02-24")]), [true]);
        // A 复学 after the next suspension is that one's, and the first ended by its own date.
        let (dated, next) = (suspension("2024-09-02", on("2024-12-31")), suspension("2025-09-01", on("2026-06-30")));
        assert_eq!(is_returned(&[dated, next, change(ChangeKind::Return, "2026-02-24")]), [false, true]);
    }

    #[test]
    fn a_final_grade_and_a_short_suspension_are_told() {
        let law = law("2026-07-05");
        let found = |own: Change| told(&heard(&law, &Student { changes: &[own], ..pupil(12) }, record).1);
        let whole = suspension("2025-09-01", on("2026-06-30"));
        let of_grade = |number| Grade::new(number).map_or(Read::Empty, Read::Value);
        assert_eq!(found(whole), [("F3002", "原因")]);
        assert_eq!(found(Change { reason: Read::Value(ChangeReason::Other), ..whole }), [("F3002", "原因")]);
        assert_eq!(found(Change { reason: Read::Value(ChangeReason::Illness), ..whole }), []);
        assert_eq!(found(Change { grade: of_grade(11), ..whole }), []);
        assert_eq!(found(Change { grade: Read::Unreadable, ..whole }), []);
        // An earlier year was in an earlier grade, unless the record says otherwise.
        let earlier = suspension("2024-09-02", on("2025-06-30"));
        assert_eq!(found(earlier), []);
        assert_eq!(found(Change { grade: of_grade(12), ..earlier }), [("F3002", "原因")]);
        let for_illness = |until| Change { reason: Read::Value(ChangeReason::Illness), ..suspension("2025-09-01", until) };
        assert_eq!(found(for_illness(on("2025-11-29"))), [("F3003", "截止日期")]);
        assert_eq!(found(for_illness(on("2025-11-30"))), []);
        // How long one will be that has just begun nobody knows.
        assert_eq!(found(Change { reason: Read::Value(ChangeReason::Illness), ..suspension("2026-06-01", Read::Empty) }), []);
    }
}
