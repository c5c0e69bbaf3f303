//! A24.5: the certificate of an international course class (GJ).

use super::senior::SeniorSubject;
use crate::regulation::rule::{Amount, Hearing, Rule, Sentence};
use crate::regulation::verdict::Condition;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.5",
    title: "国际课程班毕业",
    asks: "国际课程班学生思想品德合格，政治、语文、历史、地理市级合格考合格，其他科目经学校考核达到要求的，准予毕业（GJ）。",
    reading: "其他科目是十门中的另六门，以及校本考核里出现的任何其他科目。",
    parameters: &["subjects.international_city"],
    findings: &[],
    reads: &["exams", "school_assessments"],
};

static CITY: Sentence = Sentence { code: "A24.5.city", text: "思想政治、语文、历史、地理市级考试合格" };
static SCHOOL: Sentence = Sentence { code: "A24.5.school", text: "其他科目学校考核合格" };

/// Whether A24.5 is met, but for the moral evaluation and the class itself.
pub fn judge(hearing: &mut Hearing<'_>, ten: &[SeniorSubject]) -> Condition {
    let by_city = |subject: &&SeniorSubject| hearing.law.lists.international_city.contains(&subject.subject);
    let (city, own): (Vec<&SeniorSubject>, Vec<&SeniorSubject>) = ten.iter().partition(by_city);
    let city = hearing.completions.all(city.into_iter().map(|subject| subject.passed));
    let mut school = Condition::HOLDS;
    for subject in own {
        let assessed = hearing.assessed(subject.subject);
        school = hearing.completions.and(school, assessed);
    }
    for assessment in hearing.student.assessments {
        if !ten.iter().any(|subject| subject.subject == assessment.subject) {
            let assessed = hearing.assessed(assessment.subject);
            let failing = hearing.completions.not(assessed);
            if !failing.fails() {
                hearing.record.failing.push((assessment.subject, failing));
            }
            school = hearing.completions.and(school, assessed);
        }
    }
    hearing.step("A24.5", &CITY, city, Amount::None, Amount::None);
    hearing.step("A24.5", &SCHOOL, school, Amount::None, Amount::None);
    hearing.completions.and(city, school)
}
