//! What does the audit know of schools and classes? Sizes and limits, which transfers took a class beyond its size, who handed in archives.

use std::collections::{BTreeMap, HashMap, HashSet};

use law::facts::audit::Class;
use law::facts::codes::{Read, Status};
use law::facts::grades::Grade;
use law::facts::student::Row;
use law::regulation::ch2_registration::art07::{self, Limit};
use law::regulation::ch3_transfer::art18;
use law::regulation::ch7_conduct::art44;
use law::regulation::findings::Severity;

use super::cohort::{Cohort, place};
use super::directory::{self, Directory};
use super::facts::Facts;
use super::finding::{About, Finding};
use super::roster::field;
use crate::ingest::table::Table;

/// What the audit knows beside each student's own rows.
#[derive(Debug, Default)]
pub struct Audit {
    /// The schools of the directory.
    pub directory: Directory,
    /// The students whose transfers took their class beyond its size: the last into it, as many as it is beyond.
    pub takes_over: HashSet<u32>,
    /// Whether each school of the roster handed in archives.
    pub has_archives: Vec<bool>,
    /// The grades of schools in which somebody has an exam of the stage on record.
    sat: HashSet<(u32, u8)>,
}

impl Audit {
    /// Whether anybody of a grade of a school has an exam on record: before the year's end, exams may be to come for all.
    pub fn has_sat(&self, school: u32, grade: Grade) -> bool {
        self.sat.contains(&(school, grade.number()))
    }
}

/// A class with its students.
struct Members<'c> {
    class: Class,
    school: u32,
    name: &'c str,
    district: &'c str,
    students: Vec<u32>,
}

/// Puts the audit of a cohort together and enters what it finds of schools and classes.
pub fn enter(cohort: &mut Cohort<'_>) {
    let mut audit = Audit { directory: Directory::new(cohort.inputs, &cohort.index), ..Audit::default() };
    audit.has_archives = vec![false; cohort.roster.schools.len()];
    for (student, entry) in cohort.roster.students.iter().enumerate() {
        audit.has_archives[entry.school as usize] |= !cohort.rows_of(Table::Archives, student).is_empty();
        if !cohort.rows_of(Table::Exams, student).is_empty() {
            let (sheet, record) = cohort.cell(entry.row);
            if let Read::Value(grade) = sheet.code(field::GRADE, record) {
                audit.sat.insert((entry.school, grade));
            }
        }
    }
    cohort.audit = Some(audit);
    let mut findings = Vec::new();
    let mut takes_over = HashSet::new();
    for members in classes(cohort) {
        let school = &cohort.roster.schools[members.school as usize].code;
        let directory = cohort.audit.as_ref().map(|audit| &audit.directory);
        let listed = directory.and_then(|directory| directory.school(school)).map(|(_, school)| school);
        let Some(limit) = art07::limit(&cohort.law.policy, members.district, listed, &members.class) else { continue };
        let by = limit.exceeded_by(&members.class);
        if by == 0 {
            continue;
        }
        findings.extend(too_large(cohort, school, &members, limit));
        if let Limit::OfClass(_) = limit {
            takes_over.extend(last_in(cohort, &members.students, by));
        }
    }
    findings.extend(left_behind(cohort));
    cohort.findings.extend(findings);
    if let Some(audit) = &mut cohort.audit {
        audit.takes_over = takes_over;
    }
}

/// The classes of the cohort with their students who are 在读, in the order of the outputs.
fn classes<'c>(cohort: &'c Cohort<'_>) -> Vec<Members<'c>> {
    let mut places: HashMap<(u32, u8, &str), usize> = HashMap::new();
    let mut grades: HashMap<(u32, u8), u32> = HashMap::new();
    let mut classes: Vec<Members<'_>> = Vec::new();
    let mut before = None;
    for (student, entry) in cohort.roster.students.iter().enumerate() {
        let (sheet, record) = cohort.cell(entry.row);
        if sheet.code(field::STATUS, record).value() != Some(Status::Enrolled as u8) {
            continue;
        }
        let Some(grade) = sheet.code(field::GRADE, record).value().and_then(Grade::new) else { continue };
        let Read::Value(name) = sheet.text(field::CLASS, record) else { continue };
        let key = (entry.school, grade.number(), name);
        // Students of one class mostly stand together.
        let place = match before {
            Some((known, place)) if known == key => place,
            _ => *places.entry(key).or_insert_with(|| {
                let stage = cohort.roster.schools[entry.school as usize].system.stage(grade);
                let district = sheet.text(field::DISTRICT, record).value().unwrap_or_default();
                let class = Class { stage, grade, size: 0, grade_size: 0 };
                classes.push(Members { class, school: entry.school, name, district, students: Vec::new() });
                classes.len() - 1
            }),
        };
        before = Some((key, place));
        classes[place].students.push(student as u32);
        *grades.entry((entry.school, grade.number())).or_default() += 1;
    }
    for members in &mut classes {
        members.class.size = members.students.len() as u32;
        members.class.grade_size = grades.get(&(members.school, members.class.grade.number())).copied().unwrap_or_default();
    }
    classes
}

/// F0701: a class, or the entering grade, that is larger than its limit.
fn too_large(cohort: &Cohort<'_>, school: &str, members: &Members<'_>, limit: Limit) -> Option<Finding> {
    let first = *members.students.first()?;
    let at = cohort.roster.students[first as usize].row;
    let (sheet, record) = cohort.index.locate(at);
    let title = members.class.grade.title();
    let (field, column, size, limit) = match limit {
        Limit::OfClass(limit) => (format!("班额.{title}.{}", members.name), field::CLASS, members.class.size, limit),
        Limit::OfGrade(limit) => (format!("招生计划.{title}"), field::GRADE, members.class.grade_size, limit),
    };
    Some(Finding {
        code: "F0701",
        severity: Severity::Query,
        about: About::School(school.to_owned()),
        field,
        other_party: String::new(),
        found: format!("{title}{}，{size}人", if column == field::CLASS { members.name } else { "" }),
        expected: format!("不超过{limit}人"),
        place: place(cohort.inputs, sheet, record, column),
        count: i64::from(size),
        rows_sample: vec![cohort.inputs.sheets[sheet].rows.get(record)],
        at: Some(at),
        other_school: None,
        effect: None,
    })
}

/// The students of a class whose transfers of this school year are the last, as many as the class is beyond its size.
fn last_in(cohort: &Cohort<'_>, students: &[u32], by: u32) -> Vec<u32> {
    let mut facts = Facts::default();
    let mut came = Vec::new();
    for student in students.iter().filter(|student| !cohort.rows_of(Table::StatusChanges, **student as usize).is_empty()) {
        let own = facts.gather(cohort, *student as usize);
        came.extend(art18::came_on(cohort.law, &facts.student(&own)).map(|day| (day, *student)));
    }
    came.sort_unstable_by(|one, other| other.cmp(one));
    came.into_iter().take(by as usize).map(|(_, student)| student).collect()
}

/// F4701: a merged or closed school with students who are still registered in it.
fn left_behind(cohort: &Cohort<'_>) -> Vec<Finding> {
    let Some(audit) = &cohort.audit else { return Vec::new() };
    let listed = audit.directory.schools();
    let ended: Vec<_> =
        listed.into_iter().filter_map(|(code, (row, school))| Some((code, *row, art44::must_be_empty(school.status)?))).collect();
    // Mostly no school has ended, and nobody has to be counted.
    if ended.is_empty() {
        return Vec::new();
    }
    let mut registered: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in &cohort.roster.students {
        let (sheet, record) = cohort.cell(entry.row);
        let status = sheet.code(field::STATUS, record).value().and_then(Status::from_code);
        if status.is_some_and(Status::is_registered) {
            *registered.entry(&cohort.roster.schools[entry.school as usize].code).or_default() += 1;
        }
    }
    let left = ended.into_iter().filter_map(|(code, row, status)| Some((code, row, status, *registered.get(code)?)));
    left.map(|(code, row, status, students)| not_empty(cohort, code, row, status.word(), students)).collect()
}

fn not_empty(cohort: &Cohort<'_>, code: &str, row: Row, status: &str, students: u32) -> Finding {
    let (sheet, record) = cohort.index.locate(row);
    let own = &cohort.inputs.sheets[sheet];
    let expected = match own.text(directory::field::MERGED_INTO, record) {
        Read::Value(into) => format!("学籍已移交并入学校{into}"),
        Read::Empty | Read::Unreadable => "学籍已移交区指定的单位".to_owned(),
    };
    Finding {
        code: "F4701",
        severity: Severity::Error,
        about: About::School(code.to_owned()),
        field: "学校名录.状态".into(),
        other_party: String::new(),
        found: format!("{status}，仍有{students}名在籍学生"),
        expected,
        place: place(cohort.inputs, sheet, record, directory::field::STATUS),
        count: i64::from(students),
        rows_sample: vec![own.rows.get(record)],
        at: Some(row),
        other_school: None,
        effect: None,
    }
}
