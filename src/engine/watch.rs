//! What the watch knows beside the students' own rows: attendance, and what each school has handed in for the term.

use std::collections::HashMap;
use std::ops::Range;

use chrono::NaiveDate;
use law::facts::attendance::{Form, SchoolReport};
use law::facts::calendar::Term;
use law::facts::codes::{Read, Status};
use law::facts::identifiers::NationalId;
use law::facts::student::Row;
use law::regulation::findings::Severity;

use super::attendance::count::{self, Days};
use super::attendance::digest::Digest;
use super::attendance::ids::{Ids, Numbering};
use super::attendance::ledger::{Counted, Incomplete, Ledger};
use super::cohort::{Cohort, place};
use super::finding::{About, Finding, Place};
use super::roster::field;
use crate::ingest::table::Table;

/// How many rows of a finding are named.
const SAMPLE: usize = 10;

/// Attendance and the schools' reports.
#[derive(Debug)]
pub struct Watch {
    /// The form of attendance.
    pub form: Form,
    /// What is on record.
    pub ledger: Ledger,
    /// Whose the ledger's numbers are.
    pub numbering: Numbering,
    schools: Vec<SchoolReport>,
    /// The first school day on or after each date of the term's span, and the last on or before it.
    next: Vec<u16>,
}

impl Watch {
    /// What a school has handed in.
    pub fn school(&self, school: u32) -> SchoolReport {
        self.schools[school as usize]
    }

    /// The school days of a row, by place, from its dates in days from the term's first.
    pub fn places(&self, first: i16, last: i16) -> (usize, usize) {
        let place = |day: i32| {
            let day = usize::try_from(day).unwrap_or(0);
            usize::from(self.next.get(day).or(self.next.last()).copied().unwrap_or_default())
        };
        // The last school day on or before a date is the one before the first after it.
        (place(i32::from(first)), place(i32::from(last) + 1).saturating_sub(1))
    }
}

/// The first school day on or after each day of the term's span and the day after it, by place.
fn next_days(term: &Term) -> Vec<u16> {
    let span = term.first.iter_days().take_while(|day| *day <= term.last);
    let before = span.map(|day| term.days.partition_point(|own| *own < day) as u16);
    before.chain([term.days.len() as u16]).collect()
}

/// Counts the sheets of attendance.
pub fn count_sheets(cohort: &Cohort<'_>, term: &Term, ids: &Ids<'_>) -> Vec<(usize, Digest)> {
    let days = Days::new(&cohort.law.calendar, term);
    let sheets = cohort.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Attendance);
    sheets.map(|(place, sheet)| (place, count::count(sheet, &days, ids, &[]))).collect()
}

/// Puts the watch of a cohort together and enters what it finds.
pub fn enter(cohort: &mut Cohort<'_>, form: Form) {
    let law = cohort.law;
    let Some(term) = &law.term else { return };
    let ids = Ids::new(&cohort.roster, None);
    let mut digests = count_sheets(cohort, term, &ids);
    let days = Days::new(&law.calendar, term);
    let students = cohort.roster.students.len();
    // Whoever is met is met in the first counting.
    let numbering = ids.numbering();
    let ledger = loop {
        let counted: Vec<Counted<'_>> =
            digests.iter().map(|(sheet, digest)| Counted { sheet: *sheet, begin: cohort.index.row(*sheet, 0), digest }).collect();
        let made = Ledger::new(&counted, &numbering, term, law.as_of, students);
        match made {
            Ok(ledger) => break ledger,
            Err(incomplete) => keep_more(cohort, &days, &ids, &mut digests, &incomplete),
        }
    };
    let watch = report(cohort, term, form, ledger, numbering);
    cohort.watch = Some(watch);
}

/// Counts again the sheets of students whose rows have all to be kept.
fn keep_more(cohort: &Cohort<'_>, days: &Days, ids: &Ids<'_>, digests: &mut [(usize, Digest)], incomplete: &Incomplete) {
    for (place, numbers) in incomplete {
        if let Some((sheet, digest)) = digests.get_mut(*place) {
            let mut whole: Vec<u32> = digest.whole.iter().copied().chain(numbers.iter().copied()).collect();
            whole.sort_unstable();
            *digest = count::count(&cohort.inputs.sheets[*sheet], days, ids, &whole);
        }
    }
}

/// The report of a school on its attendance: the last 截止日期 and its row.
type Reported<'a> = HashMap<&'a str, (NaiveDate, Row)>;

fn reported<'a>(cohort: &Cohort<'a>) -> Reported<'a> {
    let mut reported = Reported::new();
    let sheets = cohort.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::AttendanceReports);
    for (place, sheet) in sheets {
        for record in 0..sheet.rows_read as usize {
            if let (Read::Value(code), Read::Value(date)) = (sheet.text(0, record), sheet.date(1, record)) {
                let own = (date, cohort.index.row(place, record));
                let known = reported.entry(code).or_insert(own);
                // Of equal dates the first row.
                if own.0 > known.0 {
                    *known = own;
                }
            }
        }
    }
    reported
}

/// The students of each school who stand together.
fn groups(cohort: &Cohort<'_>) -> (Vec<u32>, Vec<Range<u32>>) {
    let students = &cohort.roster.students;
    let mut first = 0;
    students
        .chunk_by(|one, other| one.school == other.school)
        .map(|group| {
            let range = first..first + group.len() as u32;
            first = range.end;
            (group[0].school, range)
        })
        .unzip()
}

/// What each school has handed in, and what is wrong with it.
fn report(cohort: &mut Cohort<'_>, term: &Term, form: Form, ledger: Ledger, numbering: Numbering) -> Watch {
    let law = cohort.law;
    let today = law.as_of.min(term.last);
    let reported = reported(cohort);
    let number = cohort.roster.schools.len();
    let (schools, groups) = groups(cohort);
    let mut last_days: Vec<Option<usize>> = vec![None; number];
    let (mut has_registrations, mut is_judged) = (vec![false; number], vec![false; number]);
    for ((school, group), last) in schools.iter().zip(&groups).zip(ledger.last_days(&groups)) {
        let school = *school as usize;
        last_days[school] = last_days[school].max(last);
        for student in group.clone() {
            let student = student as usize;
            has_registrations[school] |= !cohort.rows_of(Table::Registrations, student).is_empty();
            if !is_judged[school] {
                let (sheet, record) = cohort.cell(cohort.roster.students[student].row);
                is_judged[school] = sheet.code(field::STATUS, record).value() == Some(Status::Enrolled as u8);
            }
        }
    }
    let mut findings = Vec::new();
    let mut reports = Vec::with_capacity(number);
    for (place, school) in cohort.roster.schools.iter().enumerate() {
        let own = reported.get(school.code.as_str()).filter(|(date, _)| *date >= term.first);
        let through = own.map(|(date, _)| *date).or(last_days[place].map(|day| term.days[day]));
        let judged_on = through.map_or(today, |through| through.min(today));
        let behind = term.days_until(today) - through.map_or(0, |through| term.days_until(through.min(today)));
        if is_judged[place] && behind > law.policy.numbers.attendance_lag_days as usize {
            findings.push(behind_finding(cohort, &school.code, through, reported.get(school.code.as_str()).map(|(_, row)| *row), behind));
        }
        reports.push(SchoolReport {
            judged_on,
            days: term.days_until(judged_on),
            has_attendance: through.is_some(),
            has_registrations: has_registrations[place],
        });
    }
    for (id, stray) in &ledger.strangers {
        let found = crate::report::mask::national_id(&NationalId::from_packed(*id).to_string());
        findings.push(stray_finding(cohort, About::Id(*id), "考勤.学籍", found, "学籍名册中的学生", 0, &stray.rows));
    }
    for (student, stray) in &ledger.idle {
        let (sheet, record) = cohort.index.locate(stray.rows[0]);
        let own = &cohort.inputs.sheets[sheet];
        let date = [count::field::DATE, count::field::FIRST].into_iter().find_map(|field| own.date(field, record).value());
        let found = date.map(|date| date.to_string()).unwrap_or_default();
        findings.push(stray_finding(cohort, About::Student(*student), "考勤.上课日", found, "上课日", count::field::DATE, &stray.rows));
    }
    for (sheet, books) in &ledger.books {
        cohort.books[*sheet] = books.clone();
    }
    cohort.findings.extend(findings);
    Watch { form, ledger, numbering, schools: reports, next: next_days(term) }
}

/// F1103: a school whose attendance is behind.
fn behind_finding(cohort: &Cohort<'_>, school: &str, through: Option<NaiveDate>, row: Option<Row>, behind: usize) -> Finding {
    let (place, rows_sample) = match row {
        Some(row) => {
            let (sheet, record) = cohort.index.locate(row);
            (place(cohort.inputs, sheet, record, 1), vec![cohort.inputs.sheets[sheet].rows.get(record)])
        }
        None => (Place::default(), Vec::new()),
    };
    Finding {
        code: "F1103",
        severity: Severity::Error,
        about: About::School(school.to_owned()),
        field: "考勤上报".into(),
        other_party: String::new(),
        found: match through {
            Some(through) => format!("报到{through}，落后{behind}个上课日"),
            None => format!("本学期没有报送，落后{behind}个上课日"),
        },
        expected: "不超过规定的上课日数".into(),
        place,
        count: behind as i64,
        rows_sample,
        at: row,
    }
}

/// R0602: rows of attendance that are nobody's, or of no school day.
fn stray_finding(cohort: &Cohort<'_>, about: About, field: &str, found: String, expected: &str, column: usize, rows: &[Row]) -> Finding {
    let mut in_order = rows.to_vec();
    in_order.sort_unstable();
    let (sheet, record) = cohort.index.locate(in_order[0]);
    let own = &cohort.inputs.sheets[sheet];
    let places = in_order.iter().map(|row| cohort.index.locate(*row)).filter(|(other, _)| *other == sheet);
    Finding {
        code: "R0602",
        severity: Severity::Query,
        about,
        field: field.to_owned(),
        other_party: String::new(),
        found,
        expected: expected.to_owned(),
        place: place(cohort.inputs, sheet, record, column),
        count: rows.len() as i64,
        rows_sample: places.map(|(_, record)| own.rows.get(record)).take(SAMPLE).collect(),
        at: Some(in_order[0]),
    }
}
