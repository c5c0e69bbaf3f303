//! A24.3: graduation from senior school, and the order in which its ways are tried (A24.5, A24.3, A24.4).

use super::sittings::Exam;
use super::{athlete, international, moral};
use crate::facts::calendar::SchoolYear;
use crate::facts::codes::{ApplicationKind, Category, Read, Standard};
use crate::facts::student::Evaluation;
use crate::facts::subjects::Subject;
use crate::regulation::ch4_progression::art20::senior::bounds;
use crate::regulation::ch5_completion::art25;
use crate::regulation::rule::{Amount, Certificate, Clause, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, EvaluationColumn, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.3",
    title: "高中毕业",
    asks: "思想品德合格；学业水平合格性考试所有科目合格；研究型、拓展型课程达标，社会实践满规定周数，志愿服务、军事训练、农村社会实践达标，至少一个研究性学习报告。",
    reading: "志愿服务、农村社会实践因身体等原因未达标的，凭申请、学校同意和备案豁免；军事训练不可豁免。",
    parameters: &["numbers.social_practice_weeks", "numbers.research_reports"],
    findings: &["F2401"],
    reads: &["exams", "evaluations", "applications"],
};

static EXAMS: Sentence = Sentence { code: "A24.3.2.exams", text: "学业水平合格性考试所有科目合格；未合格的科目数" };
static COURSES: Sentence = Sentence { code: "A24.3.3.courses", text: "研究型课程、拓展型课程修满规定课时" };
static WEEKS: Sentence = Sentence { code: "A24.3.3.weeks", text: "社会实践累计周数达到规定" };
static PRACTICE: Sentence =
    Sentence { code: "A24.3.3.practice", text: "志愿服务、军事训练、农村社会实践达标（或按规定豁免）" };
static REPORTS: Sentence = Sentence { code: "A24.3.3.reports", text: "研究性学习专题报告达到规定数" };
static FOREIGN: Sentence = Sentence { code: "A49.foreign", text: "外国籍学生，证书注明国别（GI）" };

/// A subject of the ten.
#[derive(Clone, Copy, Debug)]
pub struct SeniorSubject {
    /// The subject.
    pub subject: Subject,
    /// Passed as A24.7 has it, as far as the way to the ordinary and the athlete's certificate goes.
    pub passed: Condition,
    /// Passed as the international class needs it, or in the ordinary way.
    pub passed_somehow: Condition,
}

/// How a subject without a city sitting stands, and one with.
fn weigh(hearing: &mut Hearing<'_>, subject: Subject, foreign: Condition, class: Condition) -> SeniorSubject {
    let exam = match hearing.senior_sittings(subject) {
        Exam::Sat(passed) => return somehow(hearing, subject, passed, class),
        Exam::NotSat => hearing.completions.unknown(Fact::Exam(subject)),
    };
    // A student of the class is not expected to sit the subjects that its own programme assesses.
    let expected = if hearing.law.lists.international_city.contains(&subject) {
        exam
    } else {
        hearing.completions.choose(class, Condition::FAILS, exam)
    };
    let passed = if foreign.fails() {
        expected
    } else {
        let assessed = hearing.assessed(subject);
        hearing.completions.choose(foreign, assessed, expected)
    };
    somehow(hearing, subject, passed, class)
}

fn somehow(hearing: &mut Hearing<'_>, subject: Subject, passed: Condition, class: Condition) -> SeniorSubject {
    let mut passed_somehow = passed;
    if !class.fails() && !passed.holds() && !hearing.law.lists.international_city.contains(&subject) {
        let assessed = hearing.assessed(subject);
        let by_class = hearing.completions.and(class, assessed);
        passed_somehow = hearing.completions.or(passed, by_class);
    }
    SeniorSubject { subject, passed, passed_somehow }
}

impl Hearing<'_> {
    /// Whether the school assessed a subject as passed.
    pub fn assessed(&mut self, subject: Subject) -> Condition {
        let assessment = self.student.assessments.iter().find(|assessment| assessment.subject == subject);
        if let Some(assessment) = assessment {
            self.record.rows.push(assessment.row);
        }
        match assessment.map_or(Read::Empty, |assessment| assessment.result) {
            Read::Value(Standard::Reached) => Condition::HOLDS,
            Read::Value(Standard::Missed) => self.completions.fact(Fact::Assessment(subject), false),
            Read::Empty | Read::Unreadable => self.completions.unknown(Fact::Assessment(subject)),
        }
    }

    fn reached(&mut self, result: Read<Standard>, column: EvaluationColumn) -> Condition {
        match result {
            Read::Value(Standard::Reached) => Condition::HOLDS,
            Read::Value(Standard::Missed) => self.completions.fact(Fact::Evaluation(column), false),
            Read::Empty | Read::Unreadable => self.completions.unknown(Fact::Evaluation(column)),
        }
    }

    fn enough(&mut self, thousandths: Read<i32>, least: i32, column: EvaluationColumn) -> Condition {
        match thousandths {
            Read::Value(number) => {
                let enough = number >= least * 1000;
                self.completions.fact(Fact::Evaluation(column), enough)
            }
            Read::Empty | Read::Unreadable => self.completions.unknown(Fact::Evaluation(column)),
        }
    }

    /// The first school year of the student's stage as the grade implies.
    fn implied_begin(&self) -> SchoolYear {
        let first = self.student.system.first(self.stage).number();
        SchoolYear(self.law.school_year.0 - i32::from(self.grade.number().saturating_sub(first)))
    }

    /// The first school year of which exams count: that of 入学年月 or as the grade implies, whichever is earlier.
    pub fn stage_begin(&self) -> SchoolYear {
        self.student.entry.map_or(self.implied_begin(), |month| month.school_year().min(self.implied_begin()))
    }

    /// The school years of the student's stage up to this one: from 入学年月 on, else as many back as the grade implies.
    pub fn stage_years(&self) -> std::ops::RangeInclusive<SchoolYear> {
        self.student.entry.map_or(self.implied_begin(), |month| month.school_year())..=self.law.school_year
    }
}

fn whole(thousandths: Read<i32>) -> Amount {
    thousandths.value().map_or(Amount::None, |number| Amount::Number(number / 1000))
}

/// A24.3.3: courses and practice. A waiver stands for volunteering and rural practice.
fn practice(hearing: &mut Hearing<'_>) -> Condition {
    let numbers = &hearing.law.policy.numbers;
    let nothing = Evaluation {
        school_year: hearing.law.school_year,
        moral: Read::Empty,
        crime: Read::Empty,
        research: Read::Empty,
        extension: Read::Empty,
        volunteering: Read::Empty,
        military: Read::Empty,
        rural: Read::Empty,
        weeks: Read::Empty,
        reports: Read::Empty,
        row: hearing.student.row,
    };
    let evaluation = hearing.evaluation().unwrap_or(nothing);
    let mut waived = Condition::FAILS;
    let missed = evaluation.volunteering != Read::Value(Standard::Reached) || evaluation.rural != Read::Value(Standard::Reached);
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::PracticeWaiver) {
        let stage = hearing.stage_years();
        let made = hearing.applied_for(application, |year| stage.contains(&year));
        let school = hearing.school_consented(application);
        let district = hearing.district_filed(application);
        let stands = hearing.completions.all([made, school, district]);
        if stands.fails() && missed && !application.is_unclear {
            let column = if made.fails() || school.fails() { "学校同意日期" } else { "区备案日期" };
            hearing.find("F2401", application.row, column, Amount::None, "本人申请、学校同意、报教育行政部门备案");
        }
        if missed && !made.fails() {
            hearing.read(application.row);
        }
        waived = hearing.completions.or(waived, stands);
    }
    let research = hearing.reached(evaluation.research, EvaluationColumn::Research);
    let extension = hearing.reached(evaluation.extension, EvaluationColumn::Extension);
    let courses = hearing.completions.and(research, extension);
    let weeks = hearing.enough(evaluation.weeks, numbers.social_practice_weeks, EvaluationColumn::Weeks);
    let military = hearing.reached(evaluation.military, EvaluationColumn::Military);
    let volunteering = if waived.holds() { waived } else { hearing.reached(evaluation.volunteering, EvaluationColumn::Volunteering) };
    let rural = if waived.holds() { waived } else { hearing.reached(evaluation.rural, EvaluationColumn::Rural) };
    let volunteering = hearing.completions.or(volunteering, waived);
    let rural = hearing.completions.or(rural, waived);
    let service = hearing.completions.all([volunteering, military, rural]);
    let reports = hearing.enough(evaluation.reports, numbers.research_reports, EvaluationColumn::Reports);
    hearing.step("A24.3", &COURSES, courses, Amount::None, Amount::None);
    hearing.step("A24.3", &WEEKS, weeks, whole(evaluation.weeks), Amount::Number(numbers.social_practice_weeks));
    hearing.step("A24.3", &PRACTICE, service, Amount::None, Amount::None);
    hearing.step("A24.3", &REPORTS, reports, whole(evaluation.reports), Amount::Number(numbers.research_reports));
    hearing.completions.all([courses, weeks, service, reports])
}

/// Judges a student of the last grade of senior school, expulsion and probation aside.
pub fn judge(hearing: &mut Hearing<'_>) {
    moral::judge(hearing, "A24.3", None);
    let foreign = hearing.is_foreign();
    let class = match hearing.student.category {
        Read::Value(category) => Condition::known(category == Category::InternationalClass),
        Read::Empty => Condition::FAILS,
        Read::Unreadable => hearing.completions.unknown(Fact::Category),
    };
    let ten = hearing.law.lists.senior_exam.iter().map(|subject| weigh(hearing, *subject, foreign, class)).collect::<Vec<_>>();
    for subject in &ten {
        let failing = hearing.completions.not(subject.passed_somehow);
        if !failing.fails() {
            hearing.record.failing.push((subject.subject, failing));
        }
    }
    if !class.fails() {
        let met = international::judge(hearing, &ten);
        let met = hearing.completions.and(class, met);
        graduate(hearing, met, foreign, Certificate::International, "A24.5");
    }
    let all = hearing.completions.all(ten.iter().map(|subject| subject.passed));
    let failing = ten.iter().map(|subject| hearing.completions.not(subject.passed)).collect::<Vec<_>>();
    hearing.step("A24.3", &EXAMS, all, bounds(failing), Amount::Number(0));
    let practice = practice(hearing);
    let met = hearing.completions.and(all, practice);
    graduate(hearing, met, foreign, Certificate::Graduation, "A24.3");
    if !met.holds() {
        let met = athlete::judge(hearing, &ten);
        graduate(hearing, met, foreign, Certificate::Athlete, "A24.4");
    }
    if !foreign.fails() {
        hearing.step("A49", &FOREIGN, foreign, Amount::None, Amount::None);
    }
    hearing.decide(Condition::HOLDS, art25::completes(None));
}

/// Lets a student graduate where the condition holds: a foreign national with GI, others with the way's own certificate.
fn graduate(hearing: &mut Hearing<'_>, met: Condition, foreign: Condition, certificate: Certificate, clause: Clause) {
    let verdict = |certificate| Verdict { outcome: Outcome::Graduate, next_grade: None, certificate: Some(certificate), clause };
    let as_foreign = hearing.completions.and(met, foreign);
    hearing.decide(as_foreign, verdict(Certificate::Foreign));
    hearing.decide(met, verdict(certificate));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::{Application, Assessment, Row, Student};
    use crate::testing::{application, heard, law, pupil, told};

    fn evaluation(volunteering: Standard, rural: Standard) -> Evaluation {
        let reached = Read::Value(Standard::Reached);
        Evaluation {
            school_year: SchoolYear(2025),
            moral: reached,
            crime: Read::Empty,
            research: reached,
            extension: reached,
            volunteering: Read::Value(volunteering),
            military: reached,
            rural: Read::Value(rural),
            weeks: Read::Value(6_000),
            reports: Read::Value(1_000),
            row: Row(4),
        }
    }

    #[test]
    fn a_waiver_is_asked_for_where_either_practice_was_missed() {
        let law = law("2026-07-05");
        let whole = application(ApplicationKind::PracticeWaiver, Read::Empty, "2026-05-06");
        let judged = |evaluation: Evaluation, waiver: Application| {
            let student = Student { evaluations: &[evaluation], applications: &[waiver], ..pupil(12) };
            let (met, record) = heard(&law, &student, |hearing| practice(hearing).decided());
            (met, told(&record))
        };
        let (reached, missed) = (Standard::Reached, Standard::Missed);
        let (by_school, by_district) = (Application { school: Read::Empty, ..whole }, Application { district: Read::Empty, ..whole });
        for own in [evaluation(missed, reached), evaluation(reached, missed), evaluation(missed, missed)] {
            assert_eq!(judged(own, whole), (Some(true), vec![]));
            assert_eq!(judged(own, by_school), (Some(false), vec![("F2401", "学校同意日期")]));
            assert_eq!(judged(own, by_district), (Some(false), vec![("F2401", "区备案日期")]));
        }
        assert_eq!(judged(evaluation(reached, reached), by_school), (Some(true), vec![]));
    }

    #[test]
    fn the_school_assesses_six_subjects_of_its_class_and_nobody_else() {
        let law = law("2026-07-05");
        let named = |name| law.subjects.find(name).expect("a subject of the policy");
        let assessed = |name, class| {
            let assessments = [Assessment { subject: named(name), result: Read::Value(Standard::Reached), row: Row(4) }];
            let student = Student { assessments: &assessments, ..pupil(12) };
            let (own, record) = heard(&law, &student, |hearing| {
                somehow(hearing, named(name), Condition::FAILS, Condition::known(class)).passed_somehow.decided()
            });
            (own, record.rows)
        };
        assert_eq!(assessed("物理", true), (Some(true), vec![Row(4)]));
        // Chinese is one of the four of the city's exam; an assessment of who is in no such class is no evidence.
        assert_eq!(assessed("语文", true), (Some(false), vec![]));
        assert_eq!(assessed("物理", false), (Some(false), vec![]));
    }
}
