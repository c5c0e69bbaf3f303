//! What the absences of a term come to: whether a threshold of article 34 or 37 is reached, whether the student is still away, and
//! whether the school has urged (rules, section 6).

use chrono::NaiveDate;

use super::{art30, unreadable};
use crate::facts::attendance::{DayRecord, Watched};
use crate::facts::calendar::{day_before, months_after};
use crate::facts::codes::Read;
use crate::facts::spells::{Day, Spell, away_since, has_months, is_longer_than, runs};
use crate::facts::student::{Change, Row};
use crate::regulation::policy::Numbers;
use crate::regulation::rule::{Amount, Hearing, Law, URGINGS_TABLE};
use crate::regulation::verdict::{Cell, Condition, Fact};

/// How long an absence has to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Whether 旷课 alone counts, and not an absence of any kind.
    pub truancy: bool,
    /// Months running.
    pub months: u32,
    /// Whether it takes more than so many months, and not so many or more.
    pub more_than: bool,
    /// School days in the term.
    pub total: usize,
}

impl Threshold {
    /// 旷课 of A34.3 and A37.3: more than so many months.
    pub fn of_truancy(numbers: &Numbers) -> Self {
        let total = (numbers.truancy_cumulative_months * numbers.cumulative_month_days) as usize + 1;
        Self { truancy: true, months: numbers.truancy_running_months, more_than: true, total }
    }

    /// 停课 of A34.2 and A37.4: so many months or more.
    pub fn of_absence(numbers: &Numbers) -> Self {
        let total = (numbers.absence_months * numbers.cumulative_month_days) as usize;
        Self { truancy: false, months: numbers.absence_months, more_than: false, total }
    }

    fn is_asked(self, day: Day) -> bool {
        if self.truancy { day.is_truancy() } else { day.is_away() }
    }

    fn is_reached(self, first: NaiveDate, last: NaiveDate) -> bool {
        if self.more_than { is_longer_than(first, last, self.months) } else { has_months(first, last, self.months) }
    }

    /// Both kinds, and where a student stands before each.
    pub fn all(numbers: &Numbers, term: &[NaiveDate], days: &[Day]) -> [(Self, Standing); 2] {
        [Self::of_absence(numbers), Self::of_truancy(numbers)].map(|threshold| (threshold, Standing::of(threshold, term, days)))
    }

    /// The first date on which a run that began on another has lasted long enough.
    pub fn reached_on(self, first: NaiveDate) -> NaiveDate {
        let day = months_after(first, self.months);
        if self.more_than { day } else { day_before(day) }
    }
}

/// Where a student stands before a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The school days of the kind in the term.
    pub count: usize,
    /// The longest run, the first of several.
    pub longest: Option<Spell>,
    /// A run that is long enough: the first from which the student is still away, else the last.
    pub running: Option<Spell>,
    /// The day on which the term's total was reached.
    pub crossed: Option<usize>,
    /// The day from which urgings count, where the student is still away.
    pub since: Option<usize>,
    /// Whether a day of attendance came after it was reached last.
    pub is_back: bool,
}

impl Standing {
    /// Before a threshold, on school days of the term.
    pub fn of(threshold: Threshold, term: &[NaiveDate], days: &[Day]) -> Self {
        let mut standing = Standing::default();
        if !days.iter().any(|day| threshold.is_asked(*day)) {
            return standing;
        }
        let away = away_since(days);
        let mut first_of_kind = None;
        for (place, _) in days.iter().enumerate().filter(|(_, day)| threshold.is_asked(**day)) {
            standing.count += 1;
            first_of_kind = first_of_kind.or(Some(place));
            if standing.count == threshold.total {
                standing.crossed = Some(place);
            }
        }
        let mut still = None;
        for run in runs(days, |day| threshold.is_asked(day)) {
            if standing.longest.is_none_or(|longest| run.days() > longest.days()) {
                standing.longest = Some(run);
            }
            if threshold.is_reached(term[run.first], term[run.last]) {
                standing.running = Some(run);
                if away <= run.last {
                    still = still.or(Some(run));
                }
            }
        }
        standing.running = still.or(standing.running);
        let total = standing.crossed.filter(|crossed| away <= *crossed).and(first_of_kind);
        standing.since = [still.map(|run| run.first), total].into_iter().flatten().min();
        let reached = [standing.running.map(|run| run.last), standing.crossed].into_iter().flatten().max();
        standing.is_back = reached.is_some_and(|reached| days[reached..].contains(&Day::Attended));
        standing
    }

    /// Whether the threshold is reached.
    pub fn is_reached(&self) -> bool {
        self.running.is_some() || self.crossed.is_some()
    }

    /// The run that says most: the one that is long enough, else the one that still lasts, else the longest.
    pub fn spell(&self, days: &[Day], threshold: Threshold) -> Option<Spell> {
        let lasting = runs(days, |day| threshold.is_asked(day)).last().filter(|run| run.last + 1 == days.len());
        self.running.or(lasting).or(self.longest)
    }
}

/// What each school day is to the student, given the changes of status.
pub fn days(law: &Law, watched: &Watched<'_>, changes: &[Change]) -> Vec<Day> {
    let mut days: Vec<Day> = watched.days.iter().map(|record| Day::of(*record, watched.form)).collect();
    for (first, last) in art30::suspensions(law, changes) {
        let begin = watched.term.days.partition_point(|day| *day < first);
        let end = watched.term.days_until(last).min(days.len());
        if let Some(suspended) = days.get_mut(begin..end) {
            suspended.fill(Day::Suspended);
        }
    }
    days
}

/// Whether something holds of the changes of status that suspend and interrupt, in every way that their unreadable cells could be read.
pub fn in_every_reading(hearing: &mut Hearing<'_>, holds: impl Fn(&Law, &[Change]) -> bool) -> Condition {
    if !hearing.student.has_changes() {
        return Condition::known(holds(hearing.law, &[]));
    }
    unreadable::in_every_reading(hearing, |kind| art30::KINDS.contains(&kind), |hearing, changes| holds(hearing.law, changes))
}

/// The same of the school days alone, which are those given where the student has no changes.
pub fn of_days_in_every_reading(
    hearing: &mut Hearing<'_>,
    watched: &Watched<'_>,
    own: &[Day],
    holds: impl Fn(&[Day]) -> bool,
) -> Condition {
    if !hearing.student.has_changes() {
        return Condition::known(holds(own));
    }
    in_every_reading(hearing, |law, changes| holds(&days(law, watched, changes)))
}

/// How many urgings there are for sure from a date on, each date once, after which the student was absent.
pub fn contacts(watched: &Watched<'_>, days: &[Day], since: NaiveDate) -> usize {
    let last_away = days.iter().rposition(|day| day.is_away()).map(|place| watched.term.days[place]);
    let mut number = 0;
    let mut before = None;
    for date in watched.urgings.iter().filter_map(|urging| urging.date.value()) {
        if date >= since && last_away.is_some_and(|away| date < away) && before != Some(date) {
            number += 1;
            before = Some(date);
        }
    }
    number
}

/// The urgings whose date can't be read: each may count or not.
pub fn unreadable_urgings(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Vec<Condition> {
    let unreadable = watched.urgings.iter().filter(|urging| urging.date == Read::Unreadable);
    let cell = |row: Row| Cell { table: URGINGS_TABLE, column: (1, "督促日期"), item: "", row: row.0, choice: 0 };
    unreadable.map(|urging| hearing.completions.unknown(Fact::Cell(cell(urging.row)))).collect()
}

/// Whether the school has urged so often. `known` gives the urgings that count for sure, under a reading of the changes of status.
pub fn urged(hearing: &mut Hearing<'_>, watched: &Watched<'_>, needed: usize, known: impl Fn(&Law, &[Change]) -> usize) -> Condition {
    let unreadable = unreadable_urgings(hearing, watched);
    let mut urged = Condition::FAILS;
    for others in 0..=needed.min(unreadable.len()) {
        let enough = in_every_reading(hearing, |law, changes| known(law, changes) + others >= needed);
        let are_there = hearing.completions.at_least(others, unreadable.iter().copied());
        let both = hearing.completions.and(enough, are_there);
        urged = hearing.completions.or(urged, both);
    }
    urged
}

/// Whether a threshold is reached with the student still away, and whether the school has urged often enough since.
pub struct Weighed {
    /// Reached, and still away.
    pub still: Condition,
    /// Urged often enough.
    pub urged: Condition,
    /// Urgings that count for sure.
    pub contacts: usize,
}

/// Weighs a threshold before which the student stands so. `view` gives the days under a reading of the changes of status, none where they
/// are not looked at, and the day from which urgings count where that is not the spell's first.
pub fn weigh(
    hearing: &mut Hearing<'_>,
    watched: &Watched<'_>,
    (threshold, standing): (Threshold, &Standing),
    needed: usize,
    view: impl Fn(&Law, &[Change]) -> Option<(Vec<Day>, Option<NaiveDate>)>,
) -> Weighed {
    if standing.since.is_none() && !hearing.student.has_changes() {
        return Weighed { still: Condition::FAILS, urged: Condition::FAILS, contacts: 0 };
    }
    let term = &watched.term.days;
    // The urgings that count for sure, of who is still away.
    let look = |law: &Law, changes: &[Change]| {
        let (days, from) = view(law, changes)?;
        let since = Standing::of(threshold, term, &days).since?;
        Some(contacts(watched, &days, from.unwrap_or(term[since])))
    };
    let contacts = look(hearing.law, hearing.student.changes).unwrap_or_default();
    let still = in_every_reading(hearing, |law, changes| look(law, changes).is_some());
    if still.fails() {
        return Weighed { still, urged: Condition::FAILS, contacts };
    }
    let urged = urged(hearing, watched, needed, |law, changes| look(law, changes).unwrap_or_default());
    Weighed { still, urged, contacts }
}

/// Notes that the rows of attendance from a school day on were read, as far as they say what is asked.
pub fn read_rows(hearing: &mut Hearing<'_>, watched: &Watched<'_>, from: usize, is_asked: impl Fn(DayRecord) -> bool) {
    let rows = watched.rows.iter().filter(|row| usize::from(row.last) >= from && is_asked(row.record));
    hearing.record.rows.extend(rows.map(|row| row.row));
}

/// Notes that the urgings were read.
pub fn read_urgings(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    hearing.record.rows.extend(watched.urgings.iter().map(|urging| urging.row));
}

/// The row of attendance that a school day rests on, else the student's own.
pub fn row_of(hearing: &Hearing<'_>, watched: &Watched<'_>, day: usize) -> Row {
    let covers = |row: &&crate::facts::attendance::AttendanceRow| (usize::from(row.first)..=usize::from(row.last)).contains(&day);
    watched.rows.iter().find(covers).map_or(hearing.student.row, |row| row.row)
}

/// A spell as an amount.
pub fn amount(watched: &Watched<'_>, spell: Option<Spell>) -> Amount {
    let term = &watched.term.days;
    spell.map_or(Amount::None, |spell| Amount::Spell { first: term[spell.first], last: term[spell.last], days: spell.days() as u16 })
}

/// School days of unbroken 旷课 from the next school day on until the nearest threshold not yet reached; 0 where one is reached, none
/// where the term ends before.
pub fn distance(watched: &Watched<'_>, days: &[Day], standings: &[(Threshold, Standing)]) -> Option<i16> {
    let coming = watched.term.days.get(watched.school.days..)?;
    let of = |(threshold, standing): &(Threshold, Standing)| -> Option<usize> {
        let lasting = days.iter().rev().take_while(|day| threshold.is_asked(**day)).count();
        let begin = if lasting > 0 { watched.term.days.get(days.len() - lasting) } else { coming.first() };
        let on = begin.map(|begin| threshold.reached_on(*begin));
        // At least one day more, even where the date has come: the run itself has not reached it.
        let running = on.map(|on| coming.partition_point(|day| *day < on) + 1);
        let total = threshold.total.saturating_sub(standing.count);
        [running, Some(total)].into_iter().flatten().filter(|number| *number <= coming.len()).min()
    };
    if standings.iter().any(|(_, standing)| standing.is_reached()) {
        return Some(0);
    }
    standings.iter().filter_map(of).min().and_then(|number| i16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::date;

    /// Days by letters: + attended, ? unknown, x 旷课, s 病假.
    fn days_of(text: &str) -> Vec<Day> {
        let day = |letter| match letter {
            'x' => Day::Away(DayRecord::Truancy),
            's' => Day::Away(DayRecord::Sick),
            '?' => Day::Unknown,
            _ => Day::Attended,
        };
        text.chars().map(day).collect()
    }

    /// Where the student stands before 旷课 of five days in all, on days one after the other.
    fn standing(text: &str) -> (Threshold, Standing) {
        let threshold = Threshold { truancy: true, months: 1, more_than: true, total: 5 };
        let term: Vec<NaiveDate> = date("2025-09-01").iter_days().take(text.len()).collect();
        (threshold, Standing::of(threshold, &term, &days_of(text)))
    }

    #[test]
    fn of_several_runs_the_longest_is_kept_and_the_first_of_those() {
        assert_eq!(standing("x+xx+xx+").1.longest, Some(Spell { first: 2, last: 3 }));
    }

    #[test]
    fn the_run_that_still_lasts_says_more_than_the_longest() {
        let spell = |text: &str| {
            let (threshold, standing) = standing(text);
            standing.spell(&days_of(text), threshold)
        };
        assert_eq!(spell("+xxx+x"), Some(Spell { first: 5, last: 5 }));
        assert_eq!(spell("+xxx+x+"), Some(Spell { first: 1, last: 3 }));
    }

    #[test]
    fn back_is_who_was_seen_after_the_threshold() {
        // Days at school before the last absence don't count, nor does one without a record (P3).
        assert!(!standing("xxxx+x").1.is_back);
        assert!(!standing("xxxx+x?").1.is_back);
        assert!(standing("xxxx+x?+").1.is_back);
    }

    #[test]
    fn who_is_away_for_another_reason_since_is_still_away() {
        let month = "x".repeat(31);
        assert_eq!(standing(&format!("+{month}s")).1.since, Some(1));
        assert_eq!(standing(&format!("+{month}+s")).1.since, None);
    }
}
