//! Which students share a number that belongs to one? A resident ID number under two national ids (R0102), a Shanghai number (F0902).

use law::facts::codes::{Read, Status};
use law::facts::identifiers::shanghai_number;
use law::regulation::findings::Severity;
use rayon::prelude::*;

use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding, Place};
use crate::engine::keys::KeyIndex;
use crate::engine::roster::{Key, field, key_text, resident_number};
use crate::report::mask;

/// How many students are looked at together.
const PART: usize = 1 << 14;

/// The two numbers that students may not share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    Resident,
    Shanghai,
}

/// Raises R0102: each further national id of a resident ID number, with the first one as the other party.
pub fn of_residents(cohort: &Cohort<'_>) -> Vec<Finding> {
    of_number(cohort, Number::Resident)
}

/// Raises F0902: each further student of a Shanghai number, with the first one as the other party.
pub fn of_shanghai(cohort: &Cohort<'_>) -> Vec<Finding> {
    of_number(cohort, Number::Shanghai)
}

/// The resident ID number of a student with a national id.
pub fn resident(cohort: &Cohort<'_>, student: u32) -> Option<u64> {
    let entry = &cohort.roster.students[student as usize];
    let (sheet, record) = cohort.cell(entry.row);
    matches!(entry.key, Key::National(_)).then(|| resident_number(sheet, record).map(|number| number.packed())).flatten()
}

fn of_number(cohort: &Cohort<'_>, number: Number) -> Vec<Finding> {
    let students = &cohort.roster.students;
    let own = |place: u32| {
        let entry = &students[place as usize];
        let (sheet, record) = cohort.cell(entry.row);
        let status = sheet.code(field::STATUS, record).value().and_then(Status::from_code);
        let is_registered = status.is_some_and(Status::is_registered);
        let key = match number {
            Number::Resident => resident(cohort, place)?,
            // A number that somebody had who has left may be anybody's by now.
            Number::Shanghai if !is_registered => return None,
            Number::Shanghai => shanghai_number(sheet.text(field::SHANGHAI, record).value()?)?,
        };
        Some((key, place))
    };
    let all = students.len() as u32;
    let parts: Vec<u32> = (0..all).step_by(PART).collect();
    let parts = parts.into_par_iter().map(|first| (first..(first + PART as u32).min(all)).filter_map(own).collect());
    let (_, mut shared) = KeyIndex::new(parts.collect());
    shared.sort_unstable_by_key(|own| (own.key, own.later));
    // By key, which stays with students when they move: the same two make the same case from year to year.
    let groups = shared.chunk_by(|one, other| one.key == other.key).map(|shared| {
        let mut group: Vec<u32> = shared.iter().map(|own| own.first).take(1).chain(shared.iter().map(|own| own.later)).collect();
        group.sort_unstable_by_key(|student| students[*student as usize].key);
        group
    });
    let is_registered = |student: u32| {
        let (sheet, record) = cohort.cell(students[student as usize].row);
        sheet.code(field::STATUS, record).value().and_then(Status::from_code).is_some_and(Status::is_registered)
    };
    // Where all have left, nobody can mend it any more.
    let live = groups.filter(|group| group.iter().any(|student| is_registered(*student)));
    live.flat_map(|group| group[1..].iter().map(|student| finding(cohort, number, *student, group[0])).collect::<Vec<_>>()).collect()
}

fn finding(cohort: &Cohort<'_>, number: Number, student: u32, first: u32) -> Finding {
    let (entry, other) = (&cohort.roster.students[student as usize], &cohort.roster.students[first as usize]);
    let (sheet, record) = cohort.index.locate(entry.row);
    let own = &cohort.inputs.sheets[sheet];
    let school = |code: u32| cohort.roster.schools[code as usize].code.as_str();
    let (code, column, what, expected) = match number {
        Number::Resident => ("R0102", field::DOCUMENT, "证件号码", "一个证件号码只有一个全国学籍号"),
        Number::Shanghai => ("F0902", field::SHANGHAI, "上海市学籍号", "每名学生各有一个上海市学籍号"),
    };
    let shown = match (number, own.text(column, record)) {
        (Number::Shanghai, Read::Value(text)) => text.to_owned(),
        (Number::Resident, Read::Value(text)) => mask::document(text),
        _ => String::new(),
    };
    Finding {
        code,
        severity: Severity::Error,
        about: About::Student(student),
        field: what.into(),
        other_party: key_text(other.key),
        found: format!("{shown}，与学校{}的学生相同", school(other.school)),
        expected: expected.into(),
        place: Place { beside: cohort.position(other.row), ..place(cohort.inputs, sheet, record, column) },
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(entry.row),
        other_school: (other.school != entry.school).then(|| school(other.school).to_owned()),
        effect: None,
    }
}
