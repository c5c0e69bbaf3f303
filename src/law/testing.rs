//! What the tests beside the rules begin with: the repository's policy and calendars, an ordinary pupil, a hearing.

use std::path::Path;

use chrono::NaiveDate;

use crate::facts::attendance::{DayRecord, Form, Registration, SchoolReport, Watched};
use crate::facts::calendar::{Calendar, YearCalendar};
use crate::facts::codes::{ApplicationKind, ChangeKind, Read, Status, System};
use crate::facts::grades::{Grade, Grades};
use crate::facts::student::{Application, Change, Nationality, Row, Student, Unclear};
use crate::facts::subjects::Subject;
use crate::regulation::policy::{Lists, Policy};
use crate::regulation::rule::{Hearing, Law, Record};
use crate::regulation::verdict::Completions;

/// A date of the form 2026-07-05.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// A date that was read.
pub fn on(text: &str) -> Read<NaiveDate> {
    Read::Value(date(text))
}

/// The law of the repository on a date of judgement, with the calendars of some school years, by the years in which they begin.
pub fn law_of(as_of: &str, years: std::ops::RangeInclusive<i32>) -> Law {
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let read = |path: &str| std::fs::read_to_string(pipelines.join(path)).expect("a file of the repository");
    let policy: Policy = toml::from_str(&read("policies/shanghai-2018.toml")).expect("a policy");
    let paths = years.map(|year| format!("calendars/{year}-{}.toml", year + 1));
    let years: Vec<YearCalendar> = paths.map(|path| toml::from_str(&read(&path)).expect("a calendar")).collect();
    let calendar = Calendar::new(years).expect("calendars");
    let as_of = date(as_of);
    let term = calendar.term_begun(as_of, policy.numbers.registration_grace_months);
    let school_year = calendar.school_year_of(as_of);
    let last_day = calendar.last_day(school_year).expect("a last day");
    let subjects = policy.subjects();
    Law {
        lists: Lists::new(&policy, &subjects).expect("lists"),
        last_day,
        window: calendar.window(last_day, policy.numbers.application_window_working_days).expect("a window"),
        as_of,
        term,
        policy,
        subjects,
        calendar,
        school_year,
        audits: false,
    }
}

/// The same with all calendars that lie behind 2026.
pub fn law(as_of: &str) -> Law {
    law_of(as_of, 2019..=2025)
}

/// A pupil of a grade of whom nothing else is known.
pub fn pupil(grade: u8) -> Student<'static> {
    Student {
        row: Row(0),
        status: Read::Value(Status::Enrolled),
        grade: Grade::new(grade),
        school_grades: Grades::default(),
        system: System::FiveFour,
        category: Read::Empty,
        nationality: Nationality::Chinese,
        birth: None,
        primary_entry: None,
        entry: None,
        annual: &[],
        sittings: &[],
        assessments: &[],
        evaluations: &[],
        athlete: None,
        applications: &[],
        measures: &[],
        changes: &[],
        unclear: Unclear::default(),
    }
}

/// A change that took effect.
pub fn change(kind: ChangeKind, effective: &str) -> Change {
    Change { effective: on(effective), ..Change::new(kind, Row(1)) }
}

/// An application that school and district approved on the day on which it was made.
pub fn application(kind: ApplicationKind, subject: Read<Subject>, applied: &str) -> Application {
    Application {
        kind,
        is_unclear: false,
        school_year: Read::Empty,
        subject,
        applied: on(applied),
        school: on(applied),
        published: Read::Empty,
        publicity: Read::Empty,
        district: on(applied),
        certificate: Read::Empty,
        row: Row(2),
    }
}

/// What a rule leaves behind that hears a student of a known grade, and what it says itself.
pub fn heard<T>(law: &Law, student: &Student<'_>, rule: impl FnOnce(&mut Hearing<'_>) -> T) -> (T, Record) {
    let (mut completions, mut record) = (Completions::default(), Record::default());
    let grade = student.grade.expect("a grade");
    let stage = student.system.stage(grade);
    let said = rule(&mut Hearing { law, student, grade, stage, completions: &mut completions, record: &mut record });
    (said, record)
}

/// The findings of a record by code and column, in their order.
pub fn told(record: &Record) -> Vec<(&'static str, &'static str)> {
    record.findings.iter().map(|finding| (finding.code, finding.column)).collect()
}

/// A student in term whose school has handed in everything up to the last of some school days, from the term's first on.
pub fn watched<'a>(law: &'a Law, student: &'a Student<'a>, form: Form, days: &'a [DayRecord]) -> Watched<'a> {
    let term = law.term.as_ref().expect("a term");
    let judged_on = term.days[days.len() - 1];
    let school = SchoolReport { judged_on, days: days.len(), has_attendance: true, has_registrations: true };
    let registration = Some(Registration { registered: Read::Value(term.first), extended: Read::Empty, row: Row(3) });
    Watched { student, mode: Read::Empty, established: None, term, school, form, days, rows: &[], registration, urgings: &[] }
}
