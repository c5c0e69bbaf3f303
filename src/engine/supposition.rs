//! What may be supposed of a student, so that the same facts and the same law say what a finding would change if it were settled.

use std::borrow::Cow;

use law::facts::attendance::{DayRecord, Form};
use law::facts::codes::{ApplicationKind, Publicity, Read, Status};
use law::facts::student::{Application, Row};
use law::facts::subjects::Subject;

use super::cohort::Cohort;
use super::watch::Watch;
use crate::ingest::table::Table;

/// What is supposed of a student against what the files say; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supposition {
    /// Another row of the roster counts, with its school by place.
    pub registration: Option<(Row, u32)>,
    /// The roster's status is another.
    pub status: Option<Status>,
    /// Rows of exams that are the student's too.
    pub exams_gained: Vec<Row>,
    /// Rows of exams that are somebody else's.
    pub exams_lost: Vec<Row>,
    /// An application whose approvals are all there.
    pub approved: Option<Row>,
    /// An approved application of a kind, about the subject of a row if it has one.
    pub applied: Option<(ApplicationKind, Row)>,
    /// School days without a record that can be read were absences without leave.
    pub unrecorded_was_truancy: bool,
    /// Rows of attendance that count though a kinder one of the same day stands beside them.
    pub harsher: Vec<Row>,
}

impl Supposition {
    /// The student's rows of exams.
    pub fn exams<'c>(&self, cohort: &'c Cohort<'_>, student: usize) -> Cow<'c, [Row]> {
        let own = cohort.rows_of(Table::Exams, student);
        if self.exams_gained.is_empty() && self.exams_lost.is_empty() {
            return Cow::Borrowed(own);
        }
        let kept = own.iter().filter(|row| !self.exams_lost.contains(row));
        Cow::Owned(kept.chain(&self.exams_gained).copied().collect())
    }

    /// The application as it is supposed to stand. What was said is not unsaid: only what is empty is filled.
    pub fn approve(&self, application: Application) -> Application {
        if self.approved != Some(application.row) {
            return application;
        }
        let filled = |date| if date == Read::Empty { application.applied } else { date };
        Application {
            school: filled(application.school),
            published: filled(application.published),
            publicity: if application.publicity == Read::Empty { Read::Value(Publicity::Unopposed) } else { application.publicity },
            district: filled(application.district),
            certificate: filled(application.certificate),
            ..application
        }
    }

    /// The applications that are supposed to have been made.
    pub fn applications(&self, cohort: &Cohort<'_>, subject_of: &impl Fn(u8) -> Subject) -> Option<Application> {
        let (kind, row) = self.applied?;
        let (sheet, record) = cohort.cell(row);
        let subject = sheet.table.field("科目").map_or(Read::Empty, |field| sheet.code(field, record));
        let day = Read::Value(cohort.law.as_of);
        // An exam that was not sat is exempted for the year in which it was held.
        let held = match sheet.table {
            Table::Exams => sheet.table.field("考试日期").and_then(|field| sheet.date(field, record).value()),
            _ => None,
        };
        let year = held.map_or(cohort.law.school_year, |date| cohort.law.calendar.school_year_of(date));
        Some(Application {
            kind,
            is_unclear: false,
            school_year: Read::Value(year),
            subject: subject.map(subject_of),
            applied: day,
            school: day,
            published: day,
            publicity: Read::Value(Publicity::Unopposed),
            district: day,
            certificate: day,
            row,
        })
    }

    /// Changes the days on record, in term, to what is supposed of them.
    pub fn change_days(&self, watch: &Watch, student: usize, days: &mut [DayRecord]) {
        if self.unrecorded_was_truancy {
            let is_open = |day: &DayRecord| *day == DayRecord::Unreadable || watch.form == Form::Daily && *day == DayRecord::None;
            days.iter_mut().filter(|day| is_open(day)).for_each(|day| *day = DayRecord::Truancy);
        }
        if self.harsher.is_empty() {
            return;
        }
        for entry in watch.ledger.entries(student).iter().filter(|entry| self.harsher.contains(&entry.row)) {
            let record = DayRecord::from_code(entry.code);
            let (first, last) = watch.ledger.places(entry.first, entry.last);
            let end = (last + 1).min(days.len());
            // Of several that are harsher the harshest counts, whatever their order.
            days.get_mut(first..end).unwrap_or_default().iter_mut().for_each(|day| *day = record.min(*day));
        }
    }
}
