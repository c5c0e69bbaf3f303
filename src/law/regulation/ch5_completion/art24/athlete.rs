//! A24.4: the student athlete's certificate (GT).

use super::senior::SeniorSubject;
use crate::facts::codes::ApplicationKind;
use crate::regulation::ch4_progression::art20::senior::bounds;
use crate::regulation::rule::{ATHLETES_TABLE, Amount, Hearing, Outcome, Rule, Sentence};
use crate::regulation::verdict::{Cell, Condition};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.4",
    title: "学生运动员毕业",
    asks: "经市体育、教育两部门确认的学生运动员，思想品德合格，学业水平考试规定门数合格（须含指定科目），可申请加注“学生运动员”的毕业证书（GT）。",
    reading: "看两部门的确认日期，不看学生类别；申请只看有没有提出。",
    parameters: &["numbers.athlete_min_subjects", "subjects.athlete_required"],
    findings: &["F2404"],
    reads: &["athletes", "applications", "exams"],
};

static CONFIRMED: Sentence = Sentence { code: "A24.4.confirmed", text: "市体育、教育两部门都已确认为学生运动员" };
static SUBJECTS: Sentence =
    Sentence { code: "A24.4.subjects", text: "合格科目数达到规定，且含思想政治、语文、数学、外语" };
static APPLIED: Sentence = Sentence { code: "A24.4.applied", text: "已申请学生运动员毕业证书" };

/// Whether A24.4 is met, but for the moral evaluation.
pub fn judge(hearing: &mut Hearing<'_>, ten: &[SeniorSubject]) -> Condition {
    let Some(athlete) = hearing.student.athlete else { return Condition::FAILS };
    let law = hearing.law;
    let cell = |column| Cell { table: ATHLETES_TABLE, column, item: "", row: athlete.row.0, choice: 0 };
    let sports = hearing.dated(athlete.sports, cell((1, "体育部门确认日期")));
    let education = hearing.dated(athlete.education, cell((2, "教育部门确认日期")));
    let confirmed = hearing.completions.and(sports, education);
    hearing.read(athlete.row);
    let least = law.policy.numbers.athlete_min_subjects;
    let enough = hearing.completions.at_least(least, ten.iter().map(|subject| subject.passed));
    let required = ten.iter().filter(|subject| law.lists.athlete_required.contains(&subject.subject)).map(|subject| subject.passed);
    let required = hearing.completions.all(required);
    let subjects = hearing.completions.and(enough, required);
    let mut applied = Condition::FAILS;
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::AthleteCertificate) {
        let stage = hearing.stage_years();
        let made = hearing.applied_for(application, |year| stage.contains(&year));
        if !made.fails() {
            hearing.read(application.row);
        }
        applied = hearing.completions.or(applied, made);
    }
    hearing.step("A24.4", &CONFIRMED, confirmed, Amount::None, Amount::None);
    hearing.step("A24.4", &SUBJECTS, subjects, bounds(ten.iter().map(|subject| subject.passed)), Amount::Number(least as i32));
    hearing.step("A24.4", &APPLIED, applied, Amount::None, Amount::None);
    let met = hearing.completions.and(confirmed, subjects);
    // Whom an earlier clause lets complete or leave does not graduate as an athlete either.
    let is_open = hearing.record.verdicts.iter().all(|(_, verdict)| verdict.outcome == Outcome::Graduate);
    if met.holds() && applied.fails() && is_open {
        hearing.find("F2404", athlete.row, "体育部门确认日期", Amount::None, "学生运动员证书的申请，或说明不申请");
    }
    hearing.completions.and(met, applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::codes::Read;
    use crate::facts::student::{Application, Athlete, Row, Student};
    use crate::regulation::rule::{Law, Verdict};
    use crate::testing::{application, heard, law, on, pupil};

    fn judged(law: &Law, passed: usize, applications: &[Application], decided: &[Outcome]) -> (Option<bool>, Vec<&'static str>) {
        let athlete = Athlete { sports: on("2025-10-15"), education: on("2025-10-20"), row: Row(4) };
        let student = Student { athlete: Some(athlete), applications, ..pupil(12) };
        // The four that are required come first.
        let mut ten = law.lists.senior_exam.clone();
        ten.sort_by_key(|subject| !law.lists.athlete_required.contains(subject));
        let subject = |(place, subject): (usize, &crate::facts::subjects::Subject)| {
            let passed = Condition::known(place < passed);
            SeniorSubject { subject: *subject, passed, passed_somehow: passed }
        };
        let ten: Vec<SeniorSubject> = ten.iter().enumerate().map(subject).collect();
        let (met, record) = heard(law, &student, |hearing| {
            for outcome in decided {
                let verdict = Verdict { outcome: *outcome, next_grade: None, certificate: None, clause: "" };
                hearing.decide(Condition::HOLDS, verdict);
            }
            judge(hearing, &ten).decided()
        });
        (met, record.findings.iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn an_athlete_has_to_apply_and_is_told_where_nothing_else_decides() {
        let law = law("2026-07-05");
        let applied = application(ApplicationKind::AthleteCertificate, Read::Empty, "2026-05-06");
        let other = application(ApplicationKind::PracticeWaiver, Read::Empty, "2026-05-06");
        assert_eq!(judged(&law, 6, &[applied], &[]), (Some(true), vec![]));
        assert_eq!(judged(&law, 5, &[applied], &[]), (Some(false), vec![]));
        assert_eq!(judged(&law, 6, &[other], &[]), (Some(false), vec!["F2404"]));
        assert_eq!(judged(&law, 6, &[], &[Outcome::Graduate]), (Some(false), vec!["F2404"]));
        assert_eq!(judged(&law, 6, &[], &[Outcome::Complete]), (Some(false), vec![]));
    }
}
