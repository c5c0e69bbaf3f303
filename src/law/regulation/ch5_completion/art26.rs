//! Article 26: incomplete studies (肄业) after nine years of compulsory education.

use crate::facts::calendar::{SchoolYear, has_age};
use crate::facts::codes::ApplicationKind;
use crate::facts::student::Change;
use crate::regulation::ch6_status::{absence, art30};
use crate::regulation::rule::{Amount, Certificate, Hearing, Law, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, Fact};

/// A26.1
pub static ADULT: Rule = Rule {
    clause: "A26.1",
    title: "满九年、满十八周岁的肄业",
    asks: "义务教育就读满规定年数、已满规定年龄而不符合毕业、结业要求的，发肄业证书。",
    reading: "仍需本学年的肄业申请和学校同意；满年龄而没有申请的照常升级并提示（F2601）。学年从小学入学算起，休学或中断达半年以上的学年不计。",
    parameters: &["numbers.incomplete_after_school_years", "numbers.adult_age"],
    findings: &["F2601"],
    reads: &["applications", "status_changes"],
};
/// A26.2
pub static MINOR: Rule = Rule {
    clause: "A26.2",
    title: "满九年、未满十八周岁的肄业",
    asks: "就读满规定年数而未满规定年龄的，经学生和家长申请可发肄业证书。",
    reading: "申请须经学校同意。",
    parameters: &["numbers.incomplete_after_school_years", "numbers.adult_age"],
    findings: &[],
    reads: &["applications", "status_changes"],
};
/// A26.3
pub static SENIOR: Rule = Rule {
    clause: "A26.3",
    title: "高中肄业",
    asks: "修完规定年级及以上学业后退学的，发肄业证书。",
    reading: "高三，或学年末达到升级要求的高二，算修完；其余发学业证明（A27.1）。",
    parameters: &["numbers.incomplete_from_grade"],
    findings: &[],
    reads: &["course_results"],
};

static YEARS: Sentence = Sentence {
    code: "A26.years", text: "义务教育就读的学年数（不计休学、中断达半年以上的学年）达到规定年数"
};
static CONSENT: Sentence = Sentence { code: "A26.consent", text: "本学年提出肄业申请，学校同意" };
static ADULT_AGE: Sentence = Sentence { code: "A26.age", text: "判定日期已满规定年龄" };

/// The school years of compulsory education, both ends included, less those half away.
fn years(law: &Law, changes: &[Change], first: SchoolYear, last: SchoolYear) -> i32 {
    // Nobody is in compulsory education for more than thirty years; a first year long ago is a mistake and counts as written.
    let from = SchoolYear(first.0.max(last.0 - 30));
    let away = (from.0..=last.0).filter(|year| art30::half_away(law, changes, SchoolYear(*year))).count();
    last.0 - first.0 + 1 - away as i32
}

/// Whether the school years from primary entry to this one, less those half away, are as many as 肄业 takes.
pub fn nine_school_years(hearing: &mut Hearing<'_>) -> Condition {
    nine_school_years_by(hearing, hearing.law.school_year)
}

/// The same to the end of another school year.
pub fn nine_school_years_by(hearing: &mut Hearing<'_>, last: SchoolYear) -> Condition {
    let needed = hearing.law.policy.numbers.incomplete_after_school_years;
    match hearing.student.primary_entry {
        Some(month) => absence::in_every_reading(hearing, |law, changes| years(law, changes, month.school_year(), last) >= needed),
        None => hearing.completions.unknown(Fact::PrimaryEntry),
    }
}

/// Lets a student of compulsory education leave with 肄业 after nine school years on application.
pub fn judge(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let numbers = &law.policy.numbers;
    let mut applied = Condition::FAILS;
    let mut consented = Condition::FAILS;
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::Incomplete) {
        let made = hearing.applied_for(application, |year| year == law.school_year);
        if made.fails() {
            continue;
        }
        hearing.read(application.row);
        let school = hearing.school_consented(application);
        let this = hearing.completions.and(made, school);
        consented = hearing.completions.or(consented, this);
        applied = hearing.completions.or(applied, made);
    }
    let age = hearing.student.birth.map(|birth| has_age(birth, numbers.adult_age, law.as_of));
    let entered = hearing.student.primary_entry;
    let number = || entered.map(|month| years(law, hearing.student.changes, month.school_year(), law.school_year));
    if applied.fails() {
        if age == Some(true) && nine_school_years(hearing).holds() {
            let found = number().map_or(Amount::None, Amount::Number);
            hearing.find("F2601", hearing.student.row, "小学入学年月", found, "肄业申请，或说明继续就读的理由");
        }
        return;
    }
    if consented.fails() {
        return;
    }
    let number = number();
    let nine = nine_school_years(hearing);
    hearing.read_changes(|kind| art30::KINDS.contains(&kind));
    let adult = match age {
        Some(adult) => Condition::known(adult),
        None => hearing.completions.unknown(Fact::BirthDate),
    };
    let limit = Amount::Number(numbers.incomplete_after_school_years);
    hearing.step("A26.1", &YEARS, nine, number.map_or(Amount::None, Amount::Number), limit);
    hearing.step("A26.1", &CONSENT, consented, Amount::None, Amount::None);
    let born = hearing.student.birth.map_or(Amount::None, Amount::Date);
    hearing.step("A26.1", &ADULT_AGE, adult, born, Amount::Number(numbers.adult_age as i32));
    let certificate = Some(Certificate::Incomplete);
    let verdict = |clause| Verdict { outcome: Outcome::Incomplete, next_grade: None, certificate, clause };
    let leaves = hearing.completions.and(nine, consented);
    let as_adult = hearing.completions.and(leaves, adult);
    hearing.decide(as_adult, verdict("A26.1"));
    hearing.decide(leaves, verdict("A26.2"));
}
