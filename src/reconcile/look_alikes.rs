//! Which registrations under two ids look like one person (R0103)? The same name, or one that sounds or looks like it, birth date and sex.

use law::facts::codes::Status;
use law::regulation::findings::Severity;
use rayon::prelude::*;

use super::blocks::{mixed, readings, without_letter};
use super::found::{By, Match};
use super::letters::look_alike;
use super::names::{self, Likeness, folded};
use super::person::{self, Issued, Person};
use super::roll;
use super::score::Score;
use super::shared_numbers;
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{field, key_text};
use crate::report::mask;

/// How many students are looked at together.
const PART: u32 = 1 << 14;
/// Into how many parts keys are sorted.
const SHARDS: usize = 64;
/// So many who share a key are compared with each other.
const MOST: usize = 32;

/// Raises R0103 for each further registration that looks like an earlier one, and tells which matches they are.
pub fn find(cohort: &Cohort<'_>) -> (Vec<Finding>, Vec<Match>) {
    let scale = roll::scale(cohort);
    let score = |(one, other): (u32, u32)| {
        let people = (person::of_student(cohort, one), person::of_student(cohort, other));
        let is_alike = people.0.birth == people.1.birth && people.0.male == people.1.male && looks_like(&people.0, &people.1);
        is_alike.then(|| (one, other, scale.score(&people.0, &people.1, 1)))
    };
    let mut pairs: Vec<(u32, u32, Score)> = candidates(cohort).into_par_iter().filter_map(score).collect();
    // Two national ids under one resident ID number are R0102, and nothing else.
    let number = |student: u32| shared_numbers::resident(cohort, student);
    pairs.retain(|(one, other, _)| number(*one).is_none_or(|own| number(*other) != Some(own)));
    pairs.sort_unstable_by_key(|(first, later, _)| (*later, *first));
    let findings = pairs.iter().map(|(first, later, score)| finding(cohort, *first, *later, score)).collect();
    let of_pair = |(first, later, score): &(u32, u32, Score)| Match {
        row: cohort.roster.students[*later as usize].row,
        student: *first,
        by: By::Score,
        score: Some(*score),
        is_sure: false,
    };
    (findings, pairs.iter().map(of_pair).collect())
}

/// Those who are registered and share birth date, sex, and how the name sounds or the name but for one letter; the earlier one first.
fn candidates(cohort: &Cohort<'_>) -> Vec<(u32, u32)> {
    let students = cohort.roster.students.len() as u32;
    // A key's shard, and of what is left of it as much as there is room for beside the student. Whoever shares that by chance is no pair.
    let bits = u32::BITS - students.leading_zeros();
    let keys = |first: u32| {
        let mut shards: Vec<_> = (0..SHARDS).map(|_| Vec::with_capacity(PART as usize / 6)).collect();
        let mut letters = Vec::new();
        let mut put = |key: u64, student: u32| shards[key as usize % SHARDS].push((key / SHARDS as u64) << bits | u64::from(student));
        for student in first..(first + PART).min(students) {
            let entry = &cohort.roster.students[student as usize];
            let (sheet, record) = cohort.cell(entry.row);
            let status = sheet.code(field::STATUS, record).value().and_then(Status::from_code);
            let born = person::born(sheet, record).filter(|_| status.is_none_or(Status::is_registered));
            letters.clear();
            letters.extend(folded(sheet.text(field::NAME, record).value().unwrap_or_default()));
            if let Some((birth, male)) = born.filter(|_| !letters.is_empty()) {
                let born = (birth as u64) << 1 | u64::from(male);
                readings(&letters).for_each(|reading| put(mixed(reading, born), student));
                (0..letters.len()).for_each(|omitted| put(mixed(without_letter(&letters, omitted), born), student));
            }
        }
        shards
    };
    let parts: Vec<u32> = (0..students).step_by(PART as usize).collect();
    let parts: Vec<Vec<Vec<u64>>> = parts.into_par_iter().map(keys).collect();
    let of_shard = |shard: usize| {
        let mut keys: Vec<u64> = parts.iter().flat_map(|shards| &shards[shard]).copied().collect();
        keys.sort_unstable();
        let student = |key: u64| (key & ((1 << bits) - 1)) as u32;
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for group in keys.chunk_by(|one, other| one >> bits == other >> bits).filter(|group| group.len() > 1) {
            // Where very many look alike, each is compared with the first: that is enough for people to see it.
            let firsts = if group.len() > MOST { 1 } else { group.len() };
            for (at, one) in group.iter().map(|key| student(*key)).enumerate().take(firsts) {
                let others = group[at + 1..].iter().map(|key| student(*key)).filter(|other| *other != one);
                pairs.extend(others.map(|other| (one.min(other), one.max(other))));
            }
        }
        pairs
    };
    let mut pairs: Vec<(u32, u32)> = (0..SHARDS).into_par_iter().flat_map_iter(of_shard).collect();
    pairs.par_sort_unstable();
    pairs.dedup();
    pairs
}

/// Whether two people of one birth date and sex look like one: by their names, or by names of which one letter is another and numbers that do
/// not tell them apart.
fn looks_like(one: &Person<'_>, other: &Person<'_>) -> bool {
    match names::likeness(&one.letters, &other.letters) {
        Likeness::Same | Likeness::Homophone => true,
        Likeness::Near => {
            let differing = one.letters.iter().zip(&other.letters).filter(|(one, other)| one != other).count();
            // Two letters that changed places are two names more often than one.
            differing <= 1 || one.letters.iter().zip(&other.letters).all(|(one, other)| one == other || look_alike(*one, *other))
        }
        Likeness::Edited => {
            let resident = |person: &Person<'_>| person.numbers.iter().flatten().any(|number| number.issued == Issued::Resident);
            !(resident(one) && resident(other)) && one.school == other.school && one.grade == other.grade && one.class == other.class
        }
        Likeness::Different => false,
    }
}

fn finding(cohort: &Cohort<'_>, first: u32, later: u32, score: &Score) -> Finding {
    let (entry, other) = (&cohort.roster.students[later as usize], &cohort.roster.students[first as usize]);
    let (sheet, record) = cohort.index.locate(entry.row);
    let own = &cohort.inputs.sheets[sheet];
    let (other_sheet, other_record) = cohort.cell(other.row);
    let (school, other_school) = (&cohort.roster.schools[entry.school as usize].code, &cohort.roster.schools[other.school as usize].code);
    let name = |sheet: &crate::ingest::Sheet, record: usize| sheet.text(field::NAME, record).value().unwrap_or_default().to_owned();
    let reasons = score.reasons.text();
    Finding {
        code: "R0103",
        severity: Severity::Query,
        about: About::Student(later),
        field: "姓名".into(),
        other_party: key_text(other.key),
        found: format!(
            "{}（学校{school}，{}）与{}（学校{other_school}，{}）：{reasons}",
            name(own, record),
            mask::national_id(&key_text(entry.key)),
            name(other_sheet, other_record),
            mask::national_id(&key_text(other.key))
        ),
        expected: "两名不同的学生，或只留一条学籍".into(),
        place: place(cohort.inputs, sheet, record, field::NAME),
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(entry.row),
        other_school: (school != other_school).then(|| other_school.clone()),
        effect: None,
    }
}
