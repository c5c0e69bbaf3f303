//! A24.2: graduation from junior school.

use super::moral;
use super::sittings::Exam;
use crate::facts::codes::Read;
use crate::facts::subjects::Subject;
use crate::regulation::ch4_progression::art20::senior::bounds;
use crate::regulation::ch5_completion::art25;
use crate::regulation::policy::JuniorOtherFailing;
use crate::regulation::rule::{Amount, Certificate, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, Fact};

/// A24.2.1
pub static ALL_EXAMS: Rule = Rule {
    clause: "A24.2.1",
    title: "初中毕业：各科考试合格",
    asks: "思想品德合格，且各科学业水平考试合格（含补考后合格），准予初中毕业。",
    reading: "任何一次考试合格即合格，不论考次；体育与健身免修手续齐备的算合格。科目按入学年份取。",
    parameters: &["subjects.junior_exam"],
    findings: &[],
    reads: &["exams", "applications"],
};
/// A24.2.2
pub static CORE_EXAMS: Rule = Rule {
    clause: "A24.2.2",
    title: "初中毕业：三门考试合格，其他不超过两门不合格",
    asks: "思想品德合格，语文、数学、外语学业水平考试合格，其他学科考试或学年总评不合格不超过规定门数，准予初中毕业。",
    reading: "有考试的科目看考试，没有考试的看本学年总评（补考后）；更严的并集读法可用开关选择。",
    parameters: &["subjects.junior_core", "numbers.junior_max_other_failing", "readings.junior_other_failing", "subjects.annual"],
    findings: &[],
    reads: &["exams", "course_results"],
};

static ALL: Sentence = Sentence { code: "A24.2.1.exams", text: "各科学业水平考试合格；未合格的科目数" };
static CORE: Sentence = Sentence { code: "A24.2.2.core", text: "语文、数学、外语学业水平考试合格；未合格的科目" };
static OTHERS: Sentence = Sentence { code: "A24.2.2.others", text: "其他学科不合格的门数不超过上限" };

impl Hearing<'_> {
    /// The exams of the student's junior cohort, by 入学年月, else as the grade implies.
    pub fn junior_exam(&self) -> &[Subject] {
        self.law.lists.junior_exam(self.stage_years().start().0)
    }
}

/// Judges a student of the last grade of junior school.
pub fn judge(hearing: &mut Hearing<'_>) {
    moral::judge(hearing, "A24.2", None);
    let law = hearing.law;
    let limit = law.policy.numbers.junior_max_other_failing;
    let either = law.policy.readings.junior_other_failing == JuniorOtherFailing::Either;
    let (mut all, mut core) = (Condition::HOLDS, Condition::HOLDS);
    let mut core_failing = 0_u64;
    let (mut exams_failing, mut others) = (Vec::new(), Vec::new());
    for subject in hearing.junior_exam().to_vec() {
        let mut passed = match hearing.junior_sittings(subject) {
            Exam::Sat(passed) => passed,
            Exam::NotSat => hearing.completions.unknown(Fact::Exam(subject)),
        };
        if !passed.holds() && Some(subject) == law.lists.physical_education {
            let this_year = hearing.exempted(subject, law.school_year);
            let when_sat = hearing.exempted_when_sat(subject);
            let exempted = hearing.completions.or(this_year, when_sat);
            passed = hearing.completions.or(passed, exempted);
        }
        all = hearing.completions.and(all, passed);
        let mut failing = hearing.completions.not(passed);
        exams_failing.push(failing);
        if law.lists.junior_core.contains(&subject) {
            core = hearing.completions.and(core, passed);
            core_failing |= u64::from(failing.holds()) << (subject.0 & 63);
        } else {
            if either && hearing.annual(subject).is_some() {
                let annual = failing_in_year(hearing, subject);
                failing = hearing.completions.or(failing, annual);
            }
            others.push(failing);
        }
        fail(hearing, subject, failing);
    }
    let expected = law.lists.annual(hearing.grade.number());
    // A row without a result says nothing of a subject that nobody expects.
    let more = hearing.student.annual.iter().filter(|annual| annual.result != Read::Empty);
    let more = more.map(|annual| annual.subject).filter(|subject| !expected.contains(subject));
    for subject in expected.iter().copied().chain(more) {
        if !hearing.junior_exam().contains(&subject) {
            let failing = failing_in_year(hearing, subject);
            others.push(failing);
            fail(hearing, subject, failing);
        }
    }
    let few = hearing.completions.at_most(limit, others.iter().copied());
    hearing.step("A24.2.1", &ALL, all, bounds(exams_failing), Amount::Number(0));
    if !all.holds() {
        hearing.step("A24.2.2", &CORE, core, Amount::Subjects(core_failing), Amount::None);
        hearing.step("A24.2.2", &OTHERS, few, bounds(others), Amount::Number(limit as i32));
    }
    let certificate = Some(Certificate::Graduation);
    let verdict = |clause| Verdict { outcome: Outcome::Graduate, next_grade: None, certificate, clause };
    hearing.decide(all, verdict("A24.2.1"));
    let by_core = hearing.completions.and(core, few);
    hearing.decide(by_core, verdict("A24.2.2"));
    hearing.decide(Condition::HOLDS, art25::completes(None));
}

fn failing_in_year(hearing: &mut Hearing<'_>, subject: Subject) -> Condition {
    let year = hearing.year_subject(subject, false);
    hearing.completions.and_not(year.failed, year.mended)
}

fn fail(hearing: &mut Hearing<'_>, subject: Subject, failing: Condition) {
    if !failing.fails() {
        hearing.record.failing.push((subject, failing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::codes::{AnnualResult, ApplicationKind, ExamResult, SittingKind};
    use crate::facts::student::{Annual, Application, Row, Sitting, Student};
    use crate::regulation::rule::Law;
    use crate::testing::{application, heard, law, on, pupil};

    #[test]
    fn only_physical_education_is_excused_from_the_exam() {
        let law = law("2026-07-05");
        let exams = law.lists.junior_exam(2022).to_vec();
        let failed = |name: &str, kind| {
            let own = law.subjects.find(name).expect("a subject of the policy");
            let sittings: Vec<Sitting> = exams
                .iter()
                .map(|subject| {
                    let result = if *subject == own { ExamResult::Failed } else { ExamResult::Passed };
                    let (date, kind) = (on("2026-05-20"), Read::Value(SittingKind::First));
                    Sitting { subject: *subject, date, kind, result: Read::Value(result), row: Row(4) }
                })
                .collect();
            let excused = application(kind, Read::Value(own), "2025-10-15");
            let applications = [Application { certificate: on("2025-10-01"), ..excused }];
            let student = Student { sittings: &sittings, applications: &applications, ..pupil(9) };
            let record = heard(&law, &student, judge).1;
            record.verdicts.iter().any(|(condition, verdict)| verdict.clause == "A24.2.1" && condition.holds())
        };
        assert!(failed("体育与健身", ApplicationKind::SportsExemption));
        assert!(!failed("地理", ApplicationKind::Exemption));
    }

    #[test]
    fn a_result_of_the_year_counts_beside_the_exam_only_in_the_stricter_reading() {
        let mut law = law("2026-07-05");
        let exams = law.lists.junior_exam(2022).to_vec();
        let passed = |subject: &Subject| {
            let (date, kind) = (on("2026-05-20"), Read::Value(SittingKind::First));
            Sitting { subject: *subject, date, kind, result: Read::Value(ExamResult::Passed), row: Row(4) }
        };
        let sittings: Vec<Sitting> = exams.iter().map(passed).collect();
        let failed = |name| {
            let subject = law.subjects.find(name).expect("a subject of the policy");
            Annual { subject, result: Read::Value(AnnualResult::Failed), make_up: Read::Empty, row: Row(5) }
        };
        let annual = ["历史", "地理"].map(failed);
        let student = Student { sittings: &sittings, annual: &annual, ..pupil(9) };
        let failing = |law: &Law| {
            let record = heard(law, &student, judge).1;
            let failing = record.failing.iter().filter(|(_, failing)| failing.holds()).map(|(subject, _)| *subject);
            (failing.collect::<Vec<_>>(), record.failing.len())
        };
        // Art, which the year's results lack, is unknown in both.
        assert_eq!(failing(&law), (vec![], 1));
        law.policy.readings.junior_other_failing = JuniorOtherFailing::Either;
        assert_eq!(failing(&law), (annual.iter().map(|own| own.subject).collect(), 3));
    }
}
