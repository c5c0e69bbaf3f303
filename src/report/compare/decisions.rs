//! Whose decision changed, and which conditions moved.

use std::path::Path;

use arrow::array::{Array, AsArray, BooleanArray, Int8Array, ListArray, RecordBatch, StringArray};

use super::rows::{Columns, Pair, Rows, Side, changes, text};
use super::{CompareError, Kind};
use crate::report::read::{Fault, ReadError, column, strings};

/// A decision is what follows for the student; how many days are left to a threshold, or which rows prove it, is none.
const COLUMNS: Columns = Columns {
    key: "student_key",
    compared: &["outcome", "next_grade", "certificate", "clauses.list.element", "missing.list.element"],
    shown: &[
        "student_key",
        "student_id",
        "name",
        "district",
        "school_code",
        "school_name",
        "grade",
        "class",
        "outcome",
        "next_grade",
        "certificate",
        "clauses.list.element",
        "missing.list.element",
        "reasons.list.element.clause",
        "reasons.list.element.code",
        "reasons.list.element.holds",
        "reasons.list.element.value",
        "reasons.list.element.threshold",
        "reasons.list.element.text",
    ],
};

/// The step that says what would change a decision: no condition of it.
const WOULD_CHANGE: &str = "change";

/// A student whose decision changed, as the second run knows them, or the first where they are in that only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Student {
    pub student_key: String,
    pub student_id: Option<String>,
    pub name: Option<String>,
    pub district: Option<String>,
    pub school_code: Option<String>,
    pub school_name: Option<String>,
    pub grade: Option<i8>,
    pub class: Option<String>,
}

/// What a run decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Verdict {
    pub outcome: String,
    pub next_grade: Option<i8>,
    pub certificate: Option<String>,
    pub clauses: Vec<String>,
    pub missing: Vec<String>,
}

/// How a condition stood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct State {
    pub holds: Option<bool>,
    pub value: Option<String>,
    pub threshold: Option<String>,
}

/// A condition that moved; a run that did not look at it has no state of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Moved {
    pub clause: String,
    pub code: String,
    pub text: String,
    pub before: Option<State>,
    pub after: Option<State>,
}

impl Moved {
    /// In which runs it stands, as outputs say it.
    pub fn stands(&self) -> &'static str {
        match (&self.before, &self.after) {
            (Some(_), None) => "before",
            (None, _) => "after",
            _ => "both",
        }
    }
}

/// A change of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DecisionChange {
    pub student: Student,
    pub before: Option<Verdict>,
    pub after: Option<Verdict>,
    /// The conditions that moved, those first that hold now and did not, or the other way round.
    pub moved: Vec<Moved>,
}

impl DecisionChange {
    /// How it changed.
    pub fn kind(&self) -> Kind {
        Kind::of(self.before.as_ref(), self.after.as_ref())
    }
}

/// Hands on the decisions that changed between the runs of two folders; gives how many students each has.
pub fn compare(
    before: &Path,
    after: &Path,
    take: &mut dyn FnMut(DecisionChange) -> Result<(), CompareError>,
) -> Result<(u64, u64), CompareError> {
    let open = |folder: &Path| Side::open(&folder.join("decisions.parquet"));
    let (before, after) = (open(before)?, open(after)?);
    changes([&before, &after], &COLUMNS, made, take)?;
    Ok((before.len() as u64, after.len() as u64))
}

fn view<'b>((side, batch): Rows<'b>) -> Result<Decisions<'b>, ReadError> {
    Decisions::of(batch).map_err(|fault| side.fault(fault))
}

fn made(pairs: &[Pair], [before, after]: [Option<Rows<'_>>; 2]) -> Result<Vec<DecisionChange>, ReadError> {
    let (before, after) = (before.map(view).transpose()?, after.map(view).transpose()?);
    let mut changes = Vec::with_capacity(pairs.len());
    for (row_before, row_after) in pairs {
        let (before, after) = (before.as_ref().zip(*row_before), after.as_ref().zip(*row_after));
        let Some((known, row)) = after.or(before) else { continue };
        let moved = match (before, after) {
            (Some((before, row_before)), Some((after, row_after))) => moved(&before.steps(row_before), &after.steps(row_after)),
            _ => Vec::new(),
        };
        let verdict = |(view, row): (&Decisions, usize)| view.verdict(row);
        changes.push(DecisionChange { student: known.student(row), before: before.map(verdict), after: after.map(verdict), moved });
    }
    Ok(changes)
}

/// A step, as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step<'b> {
    clause: &'b str,
    code: &'b str,
    text: &'b str,
    holds: Option<bool>,
    value: Option<&'b str>,
    threshold: Option<&'b str>,
}

impl Step<'_> {
    fn is_condition_of(&self, other: &Step<'_>) -> bool {
        (self.clause, self.code) == (other.clause, other.code)
    }

    fn state(&self) -> State {
        let Step { holds, value, threshold, .. } = *self;
        State { holds, value: value.map(str::to_owned), threshold: threshold.map(str::to_owned) }
    }
}

/// The conditions that moved between the steps of two decisions: each step has its counterpart in the first of its clause and code
/// that has none yet.
fn moved(before: &[Step<'_>], after: &[Step<'_>]) -> Vec<Moved> {
    let mut left: Vec<Option<&Step<'_>>> = before.iter().map(Some).collect();
    let mut moved: Vec<(u8, Moved)> = Vec::new();
    let mut add = |before: Option<&Step<'_>>, after: Option<&Step<'_>>| {
        let Some(known) = after.or(before) else { return };
        let rank = match (before, after) {
            (Some(before), Some(after)) if before.holds != after.holds => 0,
            (Some(before), Some(after)) if (before.value, before.threshold) == (after.value, after.threshold) => return,
            (Some(_), Some(_)) => 2,
            _ => 1,
        };
        let own = Moved {
            clause: known.clause.to_owned(),
            code: known.code.to_owned(),
            text: known.text.to_owned(),
            before: before.map(Step::state),
            after: after.map(Step::state),
        };
        moved.push((rank, own));
    };
    for step in after {
        let counterpart = left.iter_mut().find(|own| own.is_some_and(|own| own.is_condition_of(step))).and_then(Option::take);
        add(counterpart, Some(step));
    }
    left.into_iter().flatten().for_each(|step| add(Some(step), None));
    moved.sort_by_key(|(rank, _)| *rank);
    moved.into_iter().map(|(_, moved)| moved).collect()
}

/// The columns of decisions.
struct Decisions<'b> {
    student_key: &'b StringArray,
    student_id: &'b StringArray,
    name: &'b StringArray,
    district: &'b StringArray,
    school_code: &'b StringArray,
    school_name: &'b StringArray,
    class: &'b StringArray,
    outcome: &'b StringArray,
    certificate: &'b StringArray,
    grade: &'b Int8Array,
    next_grade: &'b Int8Array,
    clauses: &'b ListArray,
    missing: &'b ListArray,
    reasons: &'b ListArray,
    clause: &'b StringArray,
    code: &'b StringArray,
    text: &'b StringArray,
    value: &'b StringArray,
    threshold: &'b StringArray,
    holds: &'b BooleanArray,
}

fn lists<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ListArray, Fault> {
    column(batch, name)?.as_list_opt().ok_or_else(|| format!("column {name} holds no lists").into())
}

fn bytes<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Int8Array, Fault> {
    column(batch, name)?.as_primitive_opt().ok_or_else(|| format!("column {name} holds no small numbers").into())
}

/// Where the elements of a list stand among those of all lists.
fn elements(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let end = |row| lists.value_offsets().get(row).and_then(|end| usize::try_from(*end).ok()).unwrap_or_default();
    end(row)..end(row + 1)
}

fn words(lists: &ListArray, row: usize) -> Vec<String> {
    let Some(words) = lists.values().as_string_opt::<i32>() else { return Vec::new() };
    elements(lists, row).filter_map(|place| text(words, place)).map(str::to_owned).collect()
}

fn byte(numbers: &Int8Array, row: usize) -> Option<i8> {
    numbers.is_valid(row).then(|| numbers.value(row))
}

impl<'b> Decisions<'b> {
    fn of(batch: &'b RecordBatch) -> Result<Self, Fault> {
        let reasons = lists(batch, "reasons")?;
        let steps = reasons.values().as_struct_opt().ok_or("column reasons holds no records")?;
        let part = |name: &str| {
            let part = steps.column_by_name(name).ok_or_else(|| format!("no column reasons.{name}"))?;
            part.as_string_opt::<i32>().ok_or_else(|| format!("column reasons.{name} holds no texts"))
        };
        let holds = steps.column_by_name("holds").and_then(|holds| holds.as_boolean_opt());
        Ok(Self {
            student_key: strings(batch, "student_key")?,
            student_id: strings(batch, "student_id")?,
            name: strings(batch, "name")?,
            district: strings(batch, "district")?,
            school_code: strings(batch, "school_code")?,
            school_name: strings(batch, "school_name")?,
            class: strings(batch, "class")?,
            outcome: strings(batch, "outcome")?,
            certificate: strings(batch, "certificate")?,
            grade: bytes(batch, "grade")?,
            next_grade: bytes(batch, "next_grade")?,
            clauses: lists(batch, "clauses")?,
            missing: lists(batch, "missing")?,
            reasons,
            clause: part("clause")?,
            code: part("code")?,
            text: part("text")?,
            value: part("value")?,
            threshold: part("threshold")?,
            holds: holds.ok_or("column reasons.holds holds no truths")?,
        })
    }

    fn student(&self, row: usize) -> Student {
        let own = |texts| text(texts, row).map(str::to_owned);
        Student {
            student_key: own(self.student_key).unwrap_or_default(),
            student_id: own(self.student_id),
            name: own(self.name),
            district: own(self.district),
            school_code: own(self.school_code),
            school_name: own(self.school_name),
            grade: byte(self.grade, row),
            class: own(self.class),
        }
    }

    fn verdict(&self, row: usize) -> Verdict {
        Verdict {
            outcome: text(self.outcome, row).unwrap_or_default().to_owned(),
            next_grade: byte(self.next_grade, row),
            certificate: text(self.certificate, row).map(str::to_owned),
            clauses: words(self.clauses, row),
            missing: words(self.missing, row),
        }
    }

    fn steps(&self, row: usize) -> Vec<Step<'b>> {
        let step = |place| Step {
            clause: text(self.clause, place).unwrap_or_default(),
            code: text(self.code, place).unwrap_or_default(),
            text: text(self.text, place).unwrap_or_default(),
            holds: self.holds.is_valid(place).then(|| self.holds.value(place)),
            value: text(self.value, place),
            threshold: text(self.threshold, place),
        };
        elements(self.reasons, row).map(step).filter(|step| step.code != WOULD_CHANGE).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(code: &'static str, holds: bool, value: &'static str) -> Step<'static> {
        Step { clause: "A20.3", code, text: "", holds: Some(holds), value: Some(value), threshold: None }
    }

    #[test]
    fn equal_conditions_are_matched_in_their_order_and_those_that_turned_come_first() {
        let before = [step("a", true, "1"), step("b", true, "1"), step("c", true, "1"), step("c", true, "2"), step("d", true, "1")];
        let after = [step("a", true, "1"), step("b", true, "2"), step("e", true, "1"), step("c", true, "1"), step("c", false, "2")];
        let moved = moved(&before, &after);
        let told: Vec<_> = moved.iter().map(|own| (own.code.as_str(), own.before.is_some(), own.after.is_some())).collect();
        assert_eq!(told, [("c", true, true), ("e", false, true), ("d", true, false), ("b", true, true)]);
        assert_eq!(moved[0].after.as_ref().and_then(|after| after.value.as_deref()), Some("2"));
    }
}
