//! Which rows a procedure uses, which are out of its scope and why: the first half of the books (rules, P7).

use chrono::NaiveDate;
use law::facts::calendar::{SchoolYear, Term};
use law::facts::codes::{ApplicationKind, Read};
use law::regulation::rule::Law;

use crate::ingest::Sheet;
use crate::ingest::table::Table;

/// Why a row is out of scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutOfScope {
    /// Another school year.
    OtherYear,
    /// Another term.
    OtherTerm,
    /// Dated after the date of judgement.
    Later,
    /// An earlier stage of the student's.
    OtherStage,
    /// An answer to a finding that is not given yet.
    NotAnswered,
    /// An answer that is given once more, word for word.
    AnsweredAgain,
    /// An answer to a finding that the pipeline never raised: another pipeline's.
    OtherPipeline,
    /// A table, or a kind of row, that the procedure does not use.
    NotUsed,
    /// A row that was sent back: the mended row of another file is in place of it, or it was withdrawn.
    Replaced,
}

impl OutOfScope {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            OutOfScope::OtherYear => "other_school_year",
            OutOfScope::OtherTerm => "other_term",
            OutOfScope::Later => "after_as_of",
            OutOfScope::OtherStage => "other_stage",
            OutOfScope::NotAnswered => "not_answered",
            OutOfScope::AnsweredAgain => "answered_again",
            OutOfScope::OtherPipeline => "other_pipeline",
            OutOfScope::NotUsed => "not_used",
            OutOfScope::Replaced => "replaced",
        }
    }
}

/// What became of the rows of one sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetBooks {
    /// Rows that were used.
    pub used: u64,
    /// Rows out of scope, by reason.
    pub out_of_scope: std::collections::BTreeMap<OutOfScope, u64>,
    /// Rows set aside, each with a finding.
    pub set_aside: u64,
}

impl SheetBooks {
    /// All rows accounted for.
    pub fn total(&self) -> u64 {
        self.used + self.out_of_scope.values().sum::<u64>() + self.set_aside
    }
}

/// Whether the procedure uses a table at all.
pub fn uses(law: &Law, table: Table) -> bool {
    if law.audits {
        return true;
    }
    if law.term.is_none() {
        return !matches!(
            table,
            Table::Registrations | Table::AttendanceReports | Table::Attendance | Table::Urgings | Table::ActualRoll | Table::Archives
        );
    }
    match table {
        Table::Roster
        | Table::Schools
        | Table::Registrations
        | Table::AttendanceReports
        | Table::Attendance
        | Table::Urgings
        | Table::StatusChanges
        | Table::Applications
        | Table::Discipline
        | Table::Reviews => true,
        // Whether a senior finished the year, which certificates depend on, can be said once the year is over.
        Table::CourseResults | Table::Exams | Table::ExamNumbers => law.as_of >= law.last_day,
        _ => false,
    }
}

/// Whether a row is out of scope, before its student is known.
pub fn out_of_scope(law: &Law, sheet: &Sheet, record: usize) -> Option<OutOfScope> {
    let year = |field| sheet.integer(field, record).value().map(SchoolYear);
    let later = |field| sheet.date(field, record).value().is_some_and(|date| date > law.as_of).then_some(OutOfScope::Later);
    match sheet.table {
        Table::CourseResults => year(1).filter(|year| *year != law.school_year).map(|_| OutOfScope::OtherYear),
        Table::Evaluations => year(1).filter(|year| *year > law.school_year).map(|_| OutOfScope::OtherYear),
        Table::Exams => later(4),
        Table::StatusChanges => later(4),
        Table::Discipline => later(2),
        Table::Urgings => later(1),
        Table::Registrations => {
            let own = law.term.as_ref();
            let is_other = |term: &Term| sheet.code(2, record).value().is_some_and(|number| number != term.number);
            let other_year = year(1).filter(|year| own.is_some_and(|term| *year != term.school_year)).map(|_| OutOfScope::OtherYear);
            other_year.or_else(|| own.is_some_and(is_other).then_some(OutOfScope::OtherTerm))
        }
        Table::Applications => {
            let kind = sheet.code(1, record).value().and_then(ApplicationKind::from_code);
            let is_extension = kind == Some(ApplicationKind::RegistrationExtension);
            let is_exemption = matches!(kind, Some(ApplicationKind::Exemption | ApplicationKind::SportsExemption));
            // In term, registrations may be extended, and once the year's lessons are over exemptions say which year is finished (A26.3). At the
            // year's end, everything else may be applied for. An audit looks at all.
            let is_used = match law.term {
                _ if law.audits => true,
                Some(_) => is_extension || is_exemption && law.as_of >= law.last_day,
                None => !is_extension,
            };
            later(4).or_else(|| (!is_used).then_some(OutOfScope::NotUsed))
        }
        _ => None,
    }
}

/// Whether an application is for a school year that the year's end does not judge. With 学年 empty: the school year of 申请日期.
/// Rows of one key have to be put together before this can be said.
pub fn is_for_another_year(law: &Law, kind: ApplicationKind, school_year: Read<SchoolYear>, applied: Read<NaiveDate>) -> bool {
    let own = match (school_year, applied) {
        (Read::Value(year), _) => year,
        (Read::Empty, Read::Value(applied)) => law.calendar.school_year_of(applied),
        _ => return false,
    };
    match kind {
        ApplicationKind::Skip | ApplicationKind::Repeat | ApplicationKind::Incomplete => own != law.school_year,
        _ => own > law.school_year,
    }
}
