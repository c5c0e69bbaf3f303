//! Article 23: exemption from a subject, for excellence or, in physical education, for health.

use super::application::{Column, cell};
use crate::facts::calendar::{SchoolYear, months_after};
use crate::facts::codes::{AnnualResult, ApplicationKind, ExamResult, Read};
use crate::facts::student::Application;
use crate::facts::subjects::Subject;
use crate::regulation::rule::{Amount, Hearing, Rule};
use crate::regulation::verdict::{Condition, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A23",
    title: "免修",
    asks: "单科免修须学校同意并报区，仍要参加毕业考试和学业水平考试；体育与健身因身体原因免修，还须近期三级医疗机构证明。",
    reading: "免修按科目和学年看；体育免修的证明日期不晚于申请日期，且在规定月数之内。",
    parameters: &["numbers.medical_certificate_months", "subjects.physical_education"],
    findings: &["F2301", "F2302"],
    reads: &["applications", "course_results"],
};

impl Hearing<'_> {
    /// Whether an exemption from a subject stands for a school year.
    pub fn exempted(&mut self, subject: Subject, year: SchoolYear) -> Condition {
        let mut stands = Condition::FAILS;
        for application in self.student.applications {
            let covers = match application.kind {
                ApplicationKind::Exemption => covers(self, application, subject, None),
                ApplicationKind::SportsExemption => covers(self, application, subject, self.law.lists.physical_education),
                _ => continue,
            };
            if covers.fails() {
                continue;
            }
            let made = self.applied_for(application, |applied| applied == year);
            let school = self.school_consented(application);
            let district = self.district_filed(application);
            let certified =
                if application.kind == ApplicationKind::SportsExemption { certified(self, application) } else { Condition::HOLDS };
            let this = self.completions.all([covers, made, school, district, certified]);
            if !made.fails() {
                self.read(application.row);
            }
            stands = self.completions.or(stands, this);
        }
        stands
    }
}

/// Whether the application is about the subject; with 科目 empty, about `default`.
fn covers(hearing: &mut Hearing<'_>, application: &Application, subject: Subject, default: Option<Subject>) -> Condition {
    match application.subject {
        Read::Value(own) => Condition::known(own == subject),
        Read::Empty => Condition::known(default == Some(subject)),
        Read::Unreadable => hearing.completions.unknown(Fact::Cell(cell(application, Column::Subject))),
    }
}

/// A23.2: the certificate is not younger than the application and not older than its months.
fn certified(hearing: &mut Hearing<'_>, application: &Application) -> Condition {
    let months = hearing.law.policy.numbers.medical_certificate_months.exemption;
    match (application.certificate, application.applied) {
        (Read::Value(certificate), Read::Value(applied)) => {
            Condition::known(certificate <= applied && applied <= months_after(certificate, months))
        }
        (Read::Empty, _) | (_, Read::Empty) => Condition::FAILS,
        (Read::Unreadable, _) => hearing.completions.unknown(Fact::Cell(cell(application, Column::Certificate))),
        (_, Read::Unreadable) => hearing.completions.unknown(Fact::Cell(cell(application, Column::Applied))),
    }
}

/// Raises F2301 for each 免修 or 免考 that no exemption supports, and F2302 for each exemption for excellence without an exam.
pub fn judge(hearing: &mut Hearing<'_>) {
    let year = hearing.law.school_year;
    let rows = hearing.record.rows.len();
    for annual in hearing.student.annual.iter().filter(|annual| annual.result.is(AnnualResult::Exempt)) {
        if hearing.exempted(annual.subject, year).fails() {
            unsupported(hearing, annual.subject, annual.row, "学年总评", "免修");
        }
    }
    for sitting in hearing.student.sittings.iter().filter(|sitting| sitting.result.is(ExamResult::Exempt)) {
        let sat = sitting.date.value().map_or(year, |date| hearing.law.calendar.school_year_of(date));
        if hearing.exempted(sitting.subject, sat).fails() {
            unsupported(hearing, sitting.subject, sitting.row, "结果", "免考");
        }
    }
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::Exemption) {
        let Read::Value(subject) = application.subject else { continue };
        let owes_exam = hearing.owes_exam(subject)
            && !hearing.student.sittings.iter().any(|sitting| sitting.subject == subject && !sitting.result.is(ExamResult::Exempt));
        if owes_exam && hearing.exempted(subject, year).holds() {
            hearing.find_in("F2302", subject, application.row, "科目", Amount::None, "该科目的学业水平考试成绩");
        }
    }
    // Looking for findings reads no fact of the decision.
    hearing.record.rows.truncate(rows);
}

fn unsupported(hearing: &mut Hearing<'_>, subject: Subject, row: crate::facts::student::Row, column: &'static str, found: &'static str) {
    hearing.find_in("F2301", subject, row, column, Amount::Word(found), "学校同意、报区备案的免修申请；体育免修还要近期三级医疗机构证明");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::codes::SittingKind;
    use crate::facts::student::{Row, Sitting, Student};
    use crate::testing::{application, heard, law, on, pupil, told};

    #[test]
    fn who_is_excused_for_excellence_still_owes_the_exam() {
        let law = law("2026-07-05");
        let named = |name| law.subjects.find(name).expect("a subject of the policy");
        let found = |applications: &[Application], sittings: &[Sitting]| {
            let record = heard(&law, &Student { applications, sittings, ..pupil(12) }, judge).1;
            told(&record).into_iter().filter(|(code, _)| *code == "F2302").count()
        };
        let excused = |subject| application(ApplicationKind::Exemption, Read::Value(named(subject)), "2025-10-15");
        let sat = |subject, result| {
            let kind = Read::Value(SittingKind::First);
            Sitting { subject: named(subject), date: on("2026-01-10"), kind, result: Read::Value(result), row: Row(5) }
        };
        assert_eq!(found(&[excused("物理")], &[]), 1);
        assert_eq!(found(&[excused("物理")], &[sat("化学", ExamResult::Passed)]), 1);
        assert_eq!(found(&[excused("物理")], &[sat("物理", ExamResult::Exempt)]), 1);
        assert_eq!(found(&[excused("物理")], &[sat("物理", ExamResult::Passed)]), 0);
        // There is no exam in the subject; the district knows nothing of the other.
        assert_eq!(found(&[excused("艺术")], &[]), 0);
        assert_eq!(found(&[Application { district: Read::Empty, ..excused("物理") }], &[]), 0);
    }

    #[test]
    fn findings_named_by_the_rule_are_in_the_catalogue() {
        for code in super::RULE.findings {
            assert!(crate::regulation::findings::find(code).is_some(), "{code}");
        }
    }
}
