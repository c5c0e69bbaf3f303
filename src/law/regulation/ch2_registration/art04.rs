//! Article 4: nine years of compulsory education, five and four, and three of senior school; schools of a pilot may divide otherwise.

use crate::facts::audit::Audited;
use crate::facts::codes::{Category, Read, System};
use crate::facts::grades::Stage;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A4",
    title: "学制",
    asks: "小学五年、初中四年、普通高中三年；内地民族班、特殊教育可以延长，改革试点学校按规定。",
    reading: "年级须在学校名录的学制之内；上海市学籍号的学段、学籍名册的学制年限须与年级的学段相合。学制写得看不出年级的不查。",
    parameters: &[],
    findings: &["F0401"],
    reads: &[],
};

/// The years of a stage.
fn years(system: System, stage: Stage) -> i32 {
    i32::from(system.last(stage).number() - system.first(stage).number()) + 1
}

/// F0401: a grade that does not go with the school's system or with what else the roster says of the stage.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    let (student, stage) = (hearing.student, hearing.stage);
    let is_taught = audited.school.and_then(|school| school.teaches).is_none_or(|grades| grades.has(hearing.grade));
    // 4 is special education of the compulsory stages.
    let digit = match stage {
        Stage::Primary => 1,
        Stage::Junior => 2,
        Stage::Senior => 3,
    };
    // Of a school that the directory does not list nobody knows on which side of its stages the sixth grade stands.
    let is_unclear = audited.is_unlisted && System::FiveFour.stage(hearing.grade) != System::SixThree.stage(hearing.grade);
    let numbers = |own: u8| own == digit || own == 4 && stage.is_compulsory() || is_unclear && own < 3;
    // Years of the stage, of compulsory education, or of all; longer ones where the article lets them be.
    let is_longer = matches!(student.category, Read::Value(Category::InlandClass | Category::Inclusive));
    let lasts_in = |system: System, thousandths: i32| {
        let own = years(system, system.stage(hearing.grade));
        let compulsory = years(system, Stage::Primary) + years(system, Stage::Junior);
        let known = thousandths == own * 1000 || stage.is_compulsory() && thousandths == compulsory * 1000;
        known || thousandths == (compulsory + years(system, Stage::Senior)) * 1000 || is_longer && thousandths > own * 1000
    };
    let other = match student.system {
        System::FiveFour => System::SixThree,
        System::SixThree => System::FiveFour,
    };
    let lasts = |own: i32| lasts_in(student.system, own) || audited.is_unlisted && lasts_in(other, own);
    let word = Amount::Word(hearing.grade.title());
    if !is_taught {
        hearing.find("F0401", student.row, "年级", word, "学校学制之内的年级");
    } else if !audited.shanghai_stage.is_none_or(numbers) {
        hearing.find("F0401", student.row, "年级", word, "与上海市学籍号的学段相合的年级");
    } else if !audited.years.value().is_none_or(lasts) {
        hearing.find("F0401", student.row, "年级", word, "与学制年限相合的年级");
    }
}
