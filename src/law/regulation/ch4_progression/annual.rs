//! What a subject's result of the year comes to: failed at the year's end, mended by a make-up or an exam, still open.

use crate::facts::codes::{AnnualResult, ExamResult, MakeUp, Read, SittingKind};
use crate::facts::student::Annual;
use crate::facts::subjects::Subject;
use crate::regulation::rule::Hearing;
use crate::regulation::verdict::{Condition, Fact};

/// A subject of the year.
#[derive(Clone, Copy, Debug)]
pub struct YearSubject {
    /// The subject.
    pub subject: Subject,
    /// Failed at the year's end, before any make-up.
    pub failed: Condition,
    /// Mended by a passed make-up, or by what stands in for it.
    pub mended: Condition,
    /// A make-up that is not yet taken could still mend it.
    pub open: Condition,
}

impl Hearing<'_> {
    /// The row of a subject's result of the year.
    pub fn annual(&self, subject: Subject) -> Option<Annual> {
        self.student.annual.iter().find(|annual| annual.subject == subject).copied()
    }

    /// What a subject's result of the year comes to; `exam_mends` where a passed exam of the year stands in for the make-up (A20.3).
    pub fn year_subject(&mut self, subject: Subject, exam_mends: bool) -> YearSubject {
        let annual = self.annual(subject);
        if let Some(annual) = annual {
            self.read(annual.row);
        }
        let passed = match annual.map_or(Read::Empty, |annual| annual.result) {
            Read::Value(AnnualResult::Passed) => Condition::HOLDS,
            Read::Value(AnnualResult::Failed) => self.completions.fact(Fact::Annual(subject), false),
            Read::Value(AnnualResult::Exempt) => {
                let stands = self.exempted(subject, self.law.school_year);
                if stands.holds() { stands } else { self.exempt_or_unknown(subject, stands) }
            }
            Read::Empty | Read::Unreadable => self.completions.unknown(Fact::Annual(subject)),
        };
        let failed = self.completions.not(passed);
        if failed.fails() {
            return YearSubject { subject, failed, mended: Condition::FAILS, open: Condition::FAILS };
        }
        let make_up = annual.map_or(Read::Empty, |annual| annual.make_up);
        let by_make_up = match make_up {
            Read::Value(MakeUp::Passed) => Condition::HOLDS,
            Read::Value(MakeUp::Failed | MakeUp::Absent) | Read::Empty => self.completions.fact(Fact::MakeUp(subject), false),
            Read::Unreadable => self.completions.unknown(Fact::MakeUp(subject)),
        };
        let by_exam = if exam_mends { self.exam_of_the_year(subject) } else { Condition::FAILS };
        let mended = self.completions.or(by_make_up, by_exam);
        YearSubject { subject, failed, mended, open: Condition::known(make_up == Read::Empty) }
    }

    fn exempt_or_unknown(&mut self, subject: Subject, stands: Condition) -> Condition {
        let unknown = self.completions.unknown(Fact::Annual(subject));
        self.completions.or(stands, unknown)
    }

    /// Whether an exam of the exam authority dated within this school year was passed. No row is not unknown, only an unreadable one is.
    fn exam_of_the_year(&mut self, subject: Subject) -> Condition {
        let law = self.law;
        let mut unreadable = false;
        for sitting in self.student.sittings.iter().filter(|sitting| sitting.subject == subject) {
            let dated = match sitting.date {
                Read::Value(date) => Some(law.calendar.school_year_of(date) == law.school_year),
                Read::Empty | Read::Unreadable => None,
            };
            let city = match sitting.kind {
                Read::Value(kind) => Some(kind != SittingKind::SchoolMakeUp),
                Read::Empty | Read::Unreadable => None,
            };
            let passed = match sitting.result {
                Read::Value(result) => Some(result == ExamResult::Passed),
                Read::Empty | Read::Unreadable => None,
            };
            match (dated, city, passed) {
                (Some(true), Some(true), Some(true)) => {
                    self.record.rows.push(sitting.row);
                    return Condition::HOLDS;
                }
                (Some(false), ..) | (_, Some(false), _) | (.., Some(false)) => {}
                _ => {
                    self.record.rows.push(sitting.row);
                    unreadable = true;
                }
            }
        }
        if unreadable { self.completions.unknown(Fact::Exam(subject)) } else { Condition::FAILS }
    }
}
