//! What could stand in the cells of 学籍异动 that can't be read? Every way of filling them in that could matter, one after the other, so
//! that what depends on them is exact (rules, P2). Such cells are rare: nobody pays for this but the students who have one.

use chrono::NaiveDate;

use crate::facts::calendar::{SchoolYear, day_before, first_september_day, last_august_day};
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::grades::Grade;
use crate::facts::student::Change;
use crate::regulation::rule::{CHANGES_TABLE, Hearing, Law};
use crate::regulation::verdict::{Cell, Condition, Fact};

/// School years back that a record of a student's school time can lie.
const YEARS_BACK: i32 = 16;
/// Ways of filling in all cells together that are tried one by one; with more, dates are tried at their extremes only. What is still more is
/// no record any more.
const MOST_WAYS: usize = 1 << 16;
/// Unreadable cells of one student that are filled in; more are no record any more.
const MOST_CELLS: usize = 16;

/// A column of 学籍异动 that rules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Kind,
    SchoolYear,
    Grade,
    Effective,
    Until,
    District,
}

impl Column {
    const ALL: &[Column] = &[Column::SchoolYear, Column::Grade, Column::Effective, Column::Until, Column::District];

    /// Its place in the contract and its header.
    fn place(self) -> (u8, &'static str) {
        match self {
            Column::Kind => (1, "异动类型"),
            Column::SchoolYear => (2, "学年"),
            Column::Grade => (3, "年级"),
            Column::Effective => (4, "生效日期"),
            Column::Until => (5, "截止日期"),
            Column::District => (9, "区批准日期"),
        }
    }

    /// Whether changes of a kind are read in this column.
    fn concerns(self, kind: ChangeKind) -> bool {
        match self {
            Column::Kind => false,
            Column::SchoolYear => matches!(kind, ChangeKind::Retention | ChangeKind::Repeat),
            Column::Grade => kind == ChangeKind::Retention,
            Column::Effective => true,
            Column::Until => matches!(kind, ChangeKind::Suspension | ChangeKind::SuspensionExtended),
            Column::District => kind == ChangeKind::Suspension,
        }
    }

    fn is_unreadable(self, change: &Change) -> bool {
        match self {
            // Of a change that is clear.
            Column::Kind => false,
            Column::SchoolYear => change.school_year == Read::Unreadable,
            Column::Grade => change.grade == Read::Unreadable,
            Column::Effective => change.effective == Read::Unreadable,
            Column::Until => change.until == Read::Unreadable,
            Column::District => change.district == Read::Unreadable,
        }
    }

    /// The same change with a value of this column.
    fn with(self, change: &Change, value: Value) -> Change {
        let mut change = *change;
        match (self, value) {
            (Column::Kind, Value::Kind(kind)) => change.kind = kind,
            (Column::SchoolYear, Value::Year(year)) => change.school_year = Read::Value(year),
            (Column::Grade, Value::Grade(grade)) => change.grade = Read::Value(grade),
            (Column::Effective, Value::Date(date)) => change.effective = date.map_or(Read::Empty, Read::Value),
            (Column::Until, Value::Date(date)) => change.until = date.map_or(Read::Empty, Read::Value),
            (Column::District, Value::Date(date)) => change.district = date.map_or(Read::Empty, Read::Value),
            _ => {}
        }
        change
    }
}

/// A value that could stand in a cell; a date that has not come yet is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Kind(ChangeKind),
    Year(SchoolYear),
    Grade(Grade),
    Date(Option<NaiveDate>),
}

/// An unreadable cell: the change's place and word, the column, the values that could stand there.
struct Open {
    change: usize,
    item: &'static str,
    column: Column,
    values: Vec<Value>,
}

/// Whether something holds of the student's changes of some kinds: in every way that their unreadable cells could be read.
pub fn in_every_reading(
    hearing: &mut Hearing<'_>,
    is_asked: impl Fn(ChangeKind) -> bool,
    holds: impl Fn(&Hearing<'_>, &[Change]) -> bool,
) -> Condition {
    let student = hearing.student;
    let mut changes: Vec<Change> = student.changes.iter().filter(|change| is_asked(change.kind)).copied().collect();
    let clear = changes.len();
    // Of these nobody knows whether they are asked for.
    for change in student.unclear.changes {
        hearing.read(change.row);
        changes.push(*change);
    }
    let open = open_cells(hearing.law, &changes, clear);
    if open.len() > MOST_CELLS || ways(&open) > MOST_WAYS {
        return unknown(hearing, &changes, &open[0], 0);
    }
    // The conditions stay small if their facts come in this order.
    for cell in &open {
        for choice in 0..cell.values.len().saturating_sub(1) {
            unknown(hearing, &changes, cell, choice);
        }
    }
    fill(hearing, &mut changes, &open, &holds)
}

/// Fills the first open cell in, in every way, and then the others.
fn fill(
    hearing: &mut Hearing<'_>,
    changes: &mut Vec<Change>,
    open: &[Open],
    holds: &impl Fn(&Hearing<'_>, &[Change]) -> bool,
) -> Condition {
    let Some((first, others)) = open.split_first() else { return Condition::known(holds(hearing, changes)) };
    let unfilled = changes[first.change];
    let mut results = Vec::with_capacity(first.values.len());
    for value in &first.values {
        changes[first.change] = first.column.with(&unfilled, *value);
        results.push(fill(hearing, changes, others, holds));
    }
    changes[first.change] = unfilled;
    // A fact with several values is a chain of choices: the first that is made says which. What is asked of a cell more than once goes by
    // the same choices, so that no two answers rest on different values.
    let mut condition = results.pop().unwrap_or(Condition::FAILS);
    for (choice, result) in results.into_iter().enumerate().rev() {
        if result != condition {
            let chosen = unknown(hearing, changes, first, choice);
            condition = hearing.completions.choose(chosen, result, condition);
        }
    }
    condition
}

fn unknown(hearing: &mut Hearing<'_>, changes: &[Change], open: &Open, choice: usize) -> Condition {
    let change = &changes[open.change];
    let choice = u16::try_from(choice).unwrap_or(u16::MAX);
    let cell = Cell { table: CHANGES_TABLE, column: open.column.place(), item: open.item, row: change.row.0, choice };
    hearing.completions.unknown(Fact::Cell(cell))
}

/// The cells of changes that can't be read; from the place `clear` on it is not known of what kind a change is either.
fn open_cells(law: &Law, changes: &[Change], clear: usize) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let is_clear = place < clear;
        let item = if is_clear { change.kind.word() } else { "" };
        let cell = |column| Open { change: place, item, column, values: Vec::new() };
        open.extend((!is_clear).then(|| cell(Column::Kind)));
        let unreadable = |column: &Column| (!is_clear || column.concerns(change.kind)) && column.is_unreadable(change);
        open.extend(Column::ALL.iter().copied().filter(unreadable).map(cell));
    }
    if open.is_empty() {
        return open;
    }
    let days = days(law, changes, open.len() == 1);
    for cell in &mut open {
        cell.values = values(law, cell.column, &days);
    }
    // Years and grades are few: only dates can be thinned out.
    for cell in 0..open.len() {
        if ways(&open) > MOST_WAYS && matches!(open[cell].column, Column::Effective | Column::Until) {
            let values = &open[cell].values;
            open[cell].values = [values.first(), values.get(values.len() / 2), values.last()].into_iter().flatten().copied().collect();
        }
    }
    open
}

/// In how many ways the cells can be filled in.
fn ways(open: &[Open]) -> usize {
    open.iter().fold(1, |ways, cell| ways.saturating_mul(cell.values.len()))
}

fn values(law: &Law, column: Column, days: &[NaiveDate]) -> Vec<Value> {
    let this = law.school_year;
    match column {
        Column::Kind => ChangeKind::ALL.iter().copied().map(Value::Kind).collect(),
        Column::SchoolYear => (this.0 - YEARS_BACK..=this.0).map(|year| Value::Year(SchoolYear(year))).collect(),
        Column::Grade => (1..=Grade::LAST).filter_map(Grade::new).map(Value::Grade).collect(),
        // A date of something that happened is none if it is later than the date of judgement.
        Column::Effective => {
            days.iter().filter(|day| **day <= law.as_of).map(|day| Value::Date(Some(*day))).chain([Value::Date(None)]).collect()
        }
        Column::Until => days.iter().map(|day| Value::Date(Some(*day))).collect(),
        Column::District => vec![Value::Date(Some(law.as_of)), Value::Date(None)],
    }
}

/// The days between which it makes no difference where a date lies: the ends of school years and of their teaching, and the days that
/// stand beside it, each with the days before and after; for a cell `alone`, the school days of the term too, between which it does.
fn days(law: &Law, changes: &[Change], alone: bool) -> Vec<NaiveDate> {
    let this = law.school_year;
    let mut days: Vec<NaiveDate> = vec![law.as_of];
    for year in this.0 - YEARS_BACK..=this.0 {
        let (first, last) = law.calendar.teaching_days(SchoolYear(year));
        days.extend([first, last, first_september_day(SchoolYear(year)), last_august_day(SchoolYear(year))]);
    }
    days.extend(changes.iter().flat_map(|change| [change.effective.value(), change.until.value()]).flatten());
    if alone {
        days.extend(law.term.iter().flat_map(|term| &term.days));
    }
    let around = |day: NaiveDate| [Some(day_before(day)), Some(day), day.succ_opt()];
    let mut days: Vec<NaiveDate> = days.into_iter().flat_map(around).flatten().collect();
    days.sort_unstable();
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::{Row, Student, Unclear};
    use crate::regulation::ch6_status::art30;
    use crate::testing::{change, date, heard, law, on, pupil};

    /// A change of which no cell can be read.
    fn illegible(kind: ChangeKind) -> Change {
        let unreadable = Change { school_year: Read::Unreadable, grade: Read::Unreadable, ..Change::new(kind, Row(1)) };
        Change { effective: Read::Unreadable, until: Read::Unreadable, district: Read::Unreadable, ..unreadable }
    }

    /// A suspension of which only the district's approval can't be read.
    fn unapproved(row: u32) -> Change {
        Change { until: on("2025-12-31"), district: Read::Unreadable, row: Row(row), ..change(ChangeKind::Suspension, "2025-09-01") }
    }

    /// Whether something holds, and how many cells it depends on.
    fn asked(changes: &[Change], holds: impl Fn(&Law, &[Change]) -> bool) -> (Option<bool>, usize) {
        let (law, student) = (law("2026-07-05"), Student { changes, ..pupil(10) });
        let rule = |hearing: &mut Hearing<'_>| {
            let condition = in_every_reading(hearing, |_| true, |hearing, changes| holds(hearing.law, changes));
            let mut facts = Vec::new();
            hearing.completions.depends_on(condition, &mut facts);
            facts.iter_mut().for_each(|fact| *fact = fact.whole());
            facts.dedup();
            (condition.decided(), facts.len())
        };
        heard(&law, &student, rule).0
    }

    #[test]
    fn only_cells_that_a_rule_reads_are_unknown() {
        use Column::{District, Effective, Grade, SchoolYear, Until};
        let law = law("2026-07-05");
        let columns = |kind| open_cells(&law, &[illegible(kind)], 1).iter().map(|open| open.column).collect::<Vec<_>>();
        assert_eq!(columns(ChangeKind::Retention), [SchoolYear, Grade, Effective]);
        assert_eq!(columns(ChangeKind::Repeat), [SchoolYear, Effective]);
        assert_eq!(columns(ChangeKind::Suspension), [Effective, Until, District]);
        assert_eq!(columns(ChangeKind::SuspensionExtended), [Effective, Until]);
        for kind in [ChangeKind::Return, ChangeKind::Interruption, ChangeKind::Continuation, ChangeKind::TransferIn] {
            assert_eq!(columns(kind), [Effective], "{kind:?}");
        }
    }

    #[test]
    fn a_cell_that_cant_be_read_leaves_open_what_depends_on_it() {
        let in_force = |law: &Law, changes: &[Change]| art30::is_suspended_on(law, changes, date("2025-10-15"));
        assert_eq!(asked(&[unapproved(1)], in_force), (None, 1));
        let begun = Change { effective: Read::Unreadable, district: on("2025-09-01"), ..unapproved(1) };
        assert_eq!(asked(&[begun], in_force), (None, 1));
        let ends = Change { until: Read::Unreadable, district: on("2025-09-01"), ..unapproved(1) };
        assert_eq!(asked(&[ends], in_force), (None, 1));
        let retained = Change { grade: Read::Unreadable, ..change(ChangeKind::Retention, "2025-07-01") };
        let in_this_grade = |_: &Law, changes: &[Change]| changes[0].grade.is(Grade::new(10).expect("a grade"));
        assert_eq!(asked(&[retained], in_this_grade), (None, 1));
        // What holds whatever stands there is no unknown.
        assert_eq!(asked(&[unapproved(1)], |_, _| true), (Some(true), 0));
    }

    #[test]
    fn a_change_that_may_be_any_is_tried_as_each() {
        let law = law("2026-07-05");
        let asked = |unclear: &[Change], day: &str| {
            let student = Student { unclear: Unclear { changes: unclear, measures: &[] }, ..pupil(10) };
            let rule = |hearing: &mut Hearing<'_>| {
                let in_force = |hearing: &Hearing<'_>, changes: &[Change]| art30::is_suspended_on(hearing.law, changes, date(day));
                in_every_reading(hearing, |kind| art30::KINDS.contains(&kind), in_force).decided()
            };
            let (decided, record) = heard(&law, &student, rule);
            (decided, record.rows)
        };
        let own = Change { district: on("2025-09-01"), ..change(ChangeKind::Return, "2025-09-01") };
        assert_eq!(asked(&[own], "2025-10-15"), (None, vec![own.row]));
        // A suspension is none before it begins, nor without the district's approval.
        assert_eq!(asked(&[own], "2025-08-29").0, Some(false));
        assert_eq!(asked(&[change(ChangeKind::Return, "2025-09-01")], "2025-10-15").0, Some(false));
        // So many are no record any more, and nobody waits for all their ways.
        assert_eq!(asked(&[own; 6], "2025-08-29").0, None);
    }

    #[test]
    fn one_day_in_sixteen_years_is_tried() {
        let begun = Change { effective: Read::Unreadable, ..change(ChangeKind::Interruption, "2025-09-01") };
        assert_eq!(asked(&[begun], |law, changes| changes[0].effective.is(law.as_of)), (None, 1));
    }

    #[test]
    fn in_term_a_cell_alone_may_be_any_school_day() {
        let law = law("2025-11-20");
        let begun = Change { effective: Read::Unreadable, ..change(ChangeKind::Interruption, "2025-09-01") };
        let (one, two) = (open_cells(&law, &[begun], 1), open_cells(&law, &[begun, begun], 2));
        let school_day = Value::Date(Some(date("2025-10-15")));
        assert!(one[0].values.contains(&school_day) && !two[0].values.contains(&school_day));
    }

    #[test]
    fn sixteen_cells_are_filled_in_and_with_more_nothing_is_said() {
        let suspensions: Vec<Change> = (1..=17).map(unapproved).collect();
        assert_eq!(asked(&suspensions[..16], |_, _| true), (Some(true), 0));
        assert_eq!(asked(&suspensions, |_, _| true).0, None);
    }

    #[test]
    fn values_are_of_a_school_time_and_none_is_of_tomorrow() {
        let law = law("2026-03-11");
        let days = days(&law, &[], false);
        assert_eq!((days[0], days.contains(&law.as_of)), (date("2009-08-31"), true));
        let years = values(&law, Column::SchoolYear, &days);
        assert_eq!((years.first(), years.last()), (Some(&Value::Year(SchoolYear(2009))), Some(&Value::Year(SchoolYear(2025)))));
        // A suspension may end later than today, but nothing has taken effect later (rules, section 0).
        let tomorrow = Value::Date(Some(date("2026-03-12")));
        let effective = values(&law, Column::Effective, &days);
        assert!(effective.contains(&Value::Date(Some(law.as_of))) && effective.contains(&Value::Date(None)));
        assert!(!effective.contains(&tomorrow) && values(&law, Column::Until, &days).contains(&tomorrow));
    }

    #[test]
    fn many_cells_are_tried_at_the_first_the_middle_and_the_last_day() {
        let law = law("2026-07-05");
        let ends = |number: u32| -> Vec<Change> {
            (1..=number).map(|row| Change { until: Read::Unreadable, district: on("2025-09-01"), ..unapproved(row) }).collect()
        };
        let three = open_cells(&law, &ends(3), 3);
        let all = &three[2].values;
        let thin = [all[0], all[all.len() / 2], all[all.len() - 1]];
        let numbers: Vec<usize> = three.iter().map(|open| open.values.len()).collect();
        assert_eq!((&three[0].values[..], numbers), (&thin[..], vec![3, all.len(), all.len()]));
    }

    #[test]
    fn as_many_ways_as_can_be_tried_are_tried() {
        let law = law("2026-07-05");
        let end = Change { until: Read::Unreadable, district: on("2025-09-01"), ..unapproved(1) };
        // Days of other changes make the days to be tried just as many as eight approvals leave room for.
        let mut changes = vec![end];
        changes.extend((2..10).map(unapproved));
        let room = MOST_WAYS >> 8;
        for day in 0..200 {
            if open_cells(&law, &changes, changes.len())[0].values.len() == room {
                return;
            }
            let other = date("2000-01-01") + chrono::TimeDelta::days(day);
            changes.push(Change { effective: Read::Value(other), ..change(ChangeKind::Return, "2025-09-01") });
        }
        panic!("the days don't fit");
    }

    #[test]
    fn what_is_asked_of_a_cell_twice_goes_by_one_value() {
        let begun = Change { effective: Read::Unreadable, ..change(ChangeKind::Interruption, "2025-09-01") };
        let (law, student) = (law("2026-07-05"), Student { changes: &[begun], ..pupil(7) });
        let both = heard(&law, &student, |hearing| {
            let mut before = |day: &str| {
                let is_before = |_: &Hearing<'_>, changes: &[Change]| changes[0].effective.value().is_some_and(|own| own < date(day));
                in_every_reading(hearing, |_| true, is_before)
            };
            let (early, late) = (before("2020-01-01"), before("2024-01-01"));
            let none = hearing.completions.and_not(early, late);
            let between = hearing.completions.and_not(late, early);
            (none.decided(), between.decided())
        });
        assert_eq!(both.0, (Some(false), None));
    }
}
