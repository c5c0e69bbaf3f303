//! A24.7: when a subject of the exam is passed: the order of sittings, and what the school's own make-up is worth.

use chrono::NaiveDate;

use crate::facts::calendar::SchoolYear;
use crate::facts::codes::{ExamResult, Read, SittingKind};
use crate::facts::grades::Stage;
use crate::facts::student::Sitting;
use crate::facts::subjects::Subject;
use crate::regulation::rule::{Amount, Hearing, Rule};
use crate::regulation::verdict::{Condition, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.7",
    title: "学业水平考试的补考",
    asks: "语文、数学、外语、信息科技市级考试不合格的，可参加一次学校毕业考补考；其余六门须先参加市级补考，仍不合格的才可参加一次学校补考。",
    reading: "首次之后的市级考试都算补考；缺考、违纪算考过而未合格；免考不算考试。没有市级考试成绩的科目是未知，不是不合格。",
    parameters: &["numbers.school_makeup_after", "subjects.senior_exam_school_makeup", "subjects.senior_exam_city_makeup"],
    findings: &["F2402", "F2403"],
    reads: &["exams"],
};

/// What the sittings of a subject come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exam {
    /// No sitting that counts.
    NotSat,
    /// Sat: passed or not, or depending on what can't be read.
    Sat(Condition),
}

fn is_city(sitting: &Sitting) -> bool {
    matches!(sitting.kind, Read::Value(SittingKind::First | SittingKind::MakeUp))
}

fn is_readable(sitting: &Sitting) -> bool {
    matches!((sitting.date, sitting.kind, sitting.result), (Read::Value(_), Read::Value(_), Read::Value(_)))
}

/// Whether an unreadable sitting could be a failed make-up of the school before a day: then a later one does not count.
fn could_forestall(sitting: &Sitting, day: NaiveDate) -> bool {
    let could_be_before = sitting.date.value().is_none_or(|date| date < day);
    let could_be_of_school = sitting.kind.value().is_none_or(|kind| kind == SittingKind::SchoolMakeUp);
    let could_have_failed = sitting.result.value().is_none_or(|result| result != ExamResult::Passed);
    could_be_before && could_be_of_school && could_have_failed
}

impl Hearing<'_> {
    /// Whether the student's stage has an exam in the subject.
    pub fn owes_exam(&self, subject: Subject) -> bool {
        match self.stage {
            Stage::Primary => false,
            Stage::Junior => self.junior_exam().contains(&subject),
            Stage::Senior => self.law.lists.senior_exam.contains(&subject),
        }
    }

    /// The sittings of a subject in the student's stage, 免考 among them.
    fn sittings(&self, subject: Subject) -> impl Iterator<Item = &Sitting> + Clone {
        let (begin, calendar) = (self.stage_begin(), &self.law.calendar);
        let is_of_stage = move |sitting: &Sitting| sitting.date.value().is_none_or(|date| calendar.school_year_of(date) >= begin);
        self.student.sittings.iter().filter(move |sitting| sitting.subject == subject && is_of_stage(sitting))
    }

    /// The sittings of a subject but for 免考, which is none; their rows are read.
    fn read_sittings(&mut self, subject: Subject) -> impl Iterator<Item = &Sitting> + Clone {
        let rows = self.sittings(subject).map(|sitting| sitting.row).collect::<Vec<_>>();
        self.record.rows.extend(rows);
        self.sittings(subject).filter(|sitting| !sitting.result.is(ExamResult::Exempt))
    }

    /// Whether 免考 on record is supported by an exemption of its own school year (A23).
    pub fn exempted_when_sat(&mut self, subject: Subject) -> Condition {
        let calendar = &self.law.calendar;
        let exempt = self.sittings(subject).filter(|sitting| sitting.result.is(ExamResult::Exempt));
        let years: Vec<SchoolYear> = exempt.filter_map(|sitting| sitting.date.value()).map(|date| calendar.school_year_of(date)).collect();
        years.into_iter().fold(Condition::FAILS, |any, year| {
            let stands = self.exempted(subject, year);
            self.completions.or(any, stands)
        })
    }

    /// Junior school: passed at any sitting, whatever its kind.
    pub fn junior_sittings(&mut self, subject: Subject) -> Exam {
        let is_readable = |sitting: &Sitting| matches!((sitting.date, sitting.result), (Read::Value(_), Read::Value(_)));
        let sittings = self.read_sittings(subject);
        let passed = sittings.clone().any(|sitting| is_readable(sitting) && sitting.result.is(ExamResult::Passed));
        let (unreadable, sat) = (sittings.clone().any(|sitting| !is_readable(sitting)), sittings.count() > 0);
        match (passed, unreadable, sat) {
            (true, ..) => Exam::Sat(Condition::HOLDS),
            (_, true, _) => Exam::Sat(self.completions.unknown(Fact::Exam(subject))),
            (.., true) => Exam::Sat(self.completions.fact(Fact::Exam(subject), false)),
            (.., false) => Exam::NotSat,
        }
    }

    /// Senior school: passed at a city sitting, or at the one make-up of the school that counts.
    pub fn senior_sittings(&mut self, subject: Subject) -> Exam {
        let after = &self.law.policy.numbers.school_makeup_after;
        let needed = if self.law.lists.school_makeup.contains(&subject) { after.school_makeup } else { after.city_makeup };
        let all = self.read_sittings(subject).copied().collect::<SittingList>();
        let (sittings, unreadable): (SittingList, SittingList) = all.into_iter().partition(is_readable);
        let city = || sittings.iter().filter(|sitting| is_city(sitting));
        let mut counted = None;
        for make_up in sittings.iter().filter(|sitting| sitting.kind.is(SittingKind::SchoolMakeUp)) {
            let failed_before =
                city().filter(|sitting| sitting.date.value() < make_up.date.value() && !sitting.result.is(ExamResult::Passed)).count();
            if failed_before < needed {
                // With an unreadable sitting nobody can say that one is missing.
                if unreadable.is_empty() {
                    self.find_in(
                        "F2402",
                        subject,
                        make_up.row,
                        "考次",
                        Amount::Number(failed_before as i32),
                        "此前有足够次数不合格的市级考试",
                    );
                }
            } else if counted.is_none() {
                counted = Some(make_up);
            } else {
                self.find_in("F2403", subject, make_up.row, "考次", Amount::None, "学校毕业考补考限一次");
            }
        }
        let by_make_up = counted.is_some_and(|make_up| {
            let forestalled = |day| unreadable.iter().any(|sitting| could_forestall(sitting, day));
            make_up.result.is(ExamResult::Passed) && !make_up.date.value().is_some_and(forestalled)
        });
        if by_make_up || city().any(|sitting| sitting.result.is(ExamResult::Passed)) {
            Exam::Sat(Condition::HOLDS)
        } else if !unreadable.is_empty() {
            Exam::Sat(self.completions.unknown(Fact::Exam(subject)))
        } else if city().next().is_some() {
            Exam::Sat(self.completions.fact(Fact::Exam(subject), false))
        } else {
            Exam::NotSat
        }
    }
}

/// The readable sittings of one subject, in order of date: a subject is rarely sat more than a few times.
type SittingList = Vec<Sitting>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::Row;

    #[test]
    fn what_cant_be_read_could_be_a_failed_make_up_before() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let could = |date: Read<NaiveDate>, kind: Read<SittingKind>, result: Read<ExamResult>| {
            could_forestall(&Sitting { subject: Subject(0), date, kind, result, row: Row(0) }, day("2026-05-20"))
        };
        let of_school = Read::Value(SittingKind::SchoolMakeUp);
        let failed = Read::Value(ExamResult::Failed);
        let before = Read::Value(day("2026-05-19"));
        assert!(could(Read::Unreadable, of_school, failed));
        assert!(could(before, Read::Unreadable, failed));
        assert!(could(before, of_school, Read::Unreadable));
        // Not before, not of the school, not failed.
        assert!(!could(Read::Value(day("2026-05-20")), of_school, Read::Unreadable));
        assert!(!could(Read::Value(day("2026-05-21")), of_school, Read::Unreadable));
        assert!(!could(before, Read::Value(SittingKind::MakeUp), Read::Unreadable));
        assert!(!could(Read::Unreadable, of_school, Read::Value(ExamResult::Passed)));
    }
}
