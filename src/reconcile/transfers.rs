//! Has every transfer two sides (R0401)? A transfer out of a school of the city to one of the city has a transfer in, and the reverse.

use chrono::NaiveDate;
use law::facts::codes::{ChangeKind, Read};
use law::facts::student::Row;
use law::regulation::findings::Severity;
use rayon::prelude::*;

use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::ingest::table::Table;

/// The places of the columns.
mod column {
    pub const KIND: usize = 1;
    pub const EFFECTIVE: usize = 4;
    pub const FROM: usize = 16;
    pub const TO: usize = 17;
}

/// One side of a transfer.
#[derive(Clone, Copy, Debug)]
struct Side<'a> {
    row: Row,
    effective: NaiveDate,
    from: Option<&'a str>,
    to: Option<&'a str>,
}

/// Raises R0401: sides of transfers within the city that have waited for the other side for longer than the policy allows.
pub fn find(cohort: &Cohort<'_>) -> Vec<Finding> {
    let days = cohort.law.policy.numbers.transfer_pair_days;
    let students = 0..cohort.roster.students.len() as u32;
    students.into_par_iter().flat_map_iter(|student| of_student(cohort, student, days)).collect()
}

fn of_student(cohort: &Cohort<'_>, student: u32, days: u32) -> Vec<Finding> {
    let rows = cohort.rows_of(Table::StatusChanges, student as usize);
    if rows.is_empty() {
        return Vec::new();
    }
    let (mut out, mut into): (Vec<Side<'_>>, Vec<Side<'_>>) = (Vec::new(), Vec::new());
    for row in rows {
        let (sheet, record) = cohort.index.locate(*row);
        let sheet = &cohort.inputs.sheets[sheet];
        let kind = sheet.code(column::KIND, record).value().and_then(ChangeKind::from_code);
        let sides = match kind {
            Some(ChangeKind::TransferOut) => &mut out,
            Some(ChangeKind::TransferIn) => &mut into,
            _ => continue,
        };
        // A side that can't be read is not one that is missing.
        let Read::Value(effective) = sheet.date(column::EFFECTIVE, record) else { return Vec::new() };
        if [column::FROM, column::TO].iter().any(|field| sheet.text(*field, record) == Read::Unreadable) {
            return Vec::new();
        }
        let text = |field: usize| sheet.text(field, record).value();
        sides.push(Side { row: *row, effective, from: text(column::FROM), to: text(column::TO) });
    }
    if out.is_empty() && into.is_empty() {
        return Vec::new();
    }
    let school = cohort.roster.schools[cohort.roster.students[student as usize].school as usize].code.as_str();
    distinct(&mut out);
    distinct(&mut into);
    let (lonely_out, lonely_in) = unpaired(&out, &into);
    let is_old = |side: &Side<'_>| cohort.law.as_of.signed_duration_since(side.effective).num_days() >= i64::from(days);
    let of_city = |code: Option<&str>| code.map(|code| cohort.is_of_city(code, school));
    // Who left the city has arrived where nobody here sees it; who came from elsewhere has left there.
    let hanging = lonely_out.into_iter().filter(|side| of_city(side.from) != Some(false) && of_city(side.to) != Some(false));
    let unannounced = lonely_in.into_iter().filter(|side| of_city(side.from) == Some(true));
    let mut findings: Vec<Finding> = hanging.filter(is_old).map(|side| finding(cohort, student, &side, true)).collect();
    findings.extend(unannounced.filter(is_old).map(|side| finding(cohort, student, &side, false)));
    findings
}

/// Two schools may record one transfer both, and a file may repeat it: one side each.
fn distinct(sides: &mut Vec<Side<'_>>) {
    sides.sort_by_key(|side| (side.effective, side.from, side.to, side.row));
    sides.dedup_by(|one, other| (one.effective, one.from, one.to) == (other.effective, other.from, other.to));
}

/// The sides without another one: pairs are taken by the best total, which is the least days between them, among those whose schools agree.
fn unpaired<'a>(out: &[Side<'a>], into: &[Side<'a>]) -> (Vec<Side<'a>>, Vec<Side<'a>>) {
    let agree = |one: Option<&str>, other: Option<&str>| one.is_none() || other.is_none() || one == other;
    let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
    for (own, left) in out.iter().enumerate() {
        for (other, came) in into.iter().enumerate() {
            if agree(left.from, came.from) && agree(left.to, came.to) {
                pairs.push((left.effective.signed_duration_since(came.effective).num_days().abs(), own, other));
            }
        }
    }
    let (mut has_left, mut has_come) = (vec![false; out.len()], vec![false; into.len()]);
    pairs.sort_unstable();
    for (_, own, other) in pairs {
        if !has_left[own] && !has_come[other] {
            (has_left[own], has_come[other]) = (true, true);
        }
    }
    let lonely = |sides: &[Side<'a>], has: &[bool]| sides.iter().zip(has).filter(|(_, has)| !**has).map(|(side, _)| *side).collect();
    (lonely(out, &has_left), lonely(into, &has_come))
}

fn finding(cohort: &Cohort<'_>, student: u32, side: &Side<'_>, is_out: bool) -> Finding {
    let (sheet, record) = cohort.index.locate(side.row);
    let own = &cohort.inputs.sheets[sheet];
    let home = cohort.roster.schools[cohort.roster.students[student as usize].school as usize].code.as_str();
    let named = |code: Option<&str>| code.map_or_else(|| "去向不明".to_owned(), |code| format!("学校{code}"));
    let (found, expected) = if is_out {
        let from = side.from.unwrap_or(home);
        let to = side.to.map_or_else(|| "接收学校的转入记录；转到外省市的写明转入学校".to_owned(), |code| format!("学校{code}的转入记录"));
        (
            format!(
                "{}从学校{from}转出，{}，没有转入记录",
                side.effective,
                side.to.map_or_else(|| "没有写明转到哪里".to_owned(), |code| format!("转到学校{code}"))
            ),
            to,
        )
    } else {
        let to = side.to.unwrap_or(home);
        (format!("{}从{}转入学校{to}，没有转出记录", side.effective, named(side.from)), format!("{}的转出记录", named(side.from)))
    };
    let others = [side.from, side.to];
    let other = others.iter().flatten().find(|code| **code != home);
    Finding {
        code: "R0401",
        severity: Severity::Error,
        about: About::Student(student),
        field: format!("学籍异动.{}.{}", if is_out { "转出" } else { "转入" }, side.effective),
        other_party: other.map(|code| (*code).to_owned()).unwrap_or_default(),
        found,
        expected,
        place: place(cohort.inputs, sheet, record, column::KIND),
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(side.row),
        other_school: other.map(|code| (*code).to_owned()),
        effect: None,
    }
}
