//! Article 42: what becomes of measures: reviewed after a term, not passed on once revoked; who finishes senior school on probation
//! (留校察看) receives a certificate of completion.

use chrono::NaiveDate;

use crate::facts::audit::Audited;
use crate::facts::codes::{ArchivePart, MeasureKind, Read, Status};
use crate::facts::grades::Stage;
use crate::facts::student::Measure;
use crate::regulation::ch7_conduct::art41;
use crate::regulation::rule::{Amount, Certificate, Hearing, Law, Outcome, Rule, Sentence, Verdict};

/// A42.1
pub static REVIEW: Rule = Rule {
    clause: "A42.1",
    title: "处分的撤销",
    asks: "受警告、严重警告、记过处分的学生一学期后确有悔改表现的，学校应撤销处分。",
    reading: "处分之日以后上满一个学期的上课日（处分所在学期的上课日数）而没有撤销的提示。有无悔改由学校判断。",
    parameters: &[],
    findings: &["F4201"],
    reads: &["discipline"],
};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A42.2",
    title: "留校察看未撤销",
    asks: "已解除的处分不随档案移交高一级学校；普通高中修业期满而留校察看处分未撤销的，发给结业证书。",
    reading: "先于毕业条件。移交时处分都已撤销、档案里仍有处分材料的，算移交了已解除的处分。",
    parameters: &[],
    findings: &["F4202", "F4203"],
    reads: &["discipline", "archives"],
};

static ON_PROBATION: Sentence = Sentence { code: "A42.2.probation", text: "留校察看处分生效，尚未撤销" };

/// Lets a student on probation complete.
pub fn judge(hearing: &mut Hearing<'_>) {
    let probation = hearing.measure_in_force(MeasureKind::Probation);
    if probation.fails() {
        return;
    }
    hearing.step("A42.2", &ON_PROBATION, probation, Amount::None, Amount::None);
    let certificate = Some(Certificate::Completion);
    hearing.decide(probation, Verdict { outcome: Outcome::Complete, next_grade: None, certificate, clause: "A42.2" });
}

/// F4201, F4202 and F4203: measures that were not reviewed, that were overlooked, or that went on to another school.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    let in_force = |measure: &Measure| measure.revoked == Read::Empty && art41::is_adopted_on(measure, law.as_of);
    let is_active = student.status.value().is_some_and(Status::is_registered);
    for measure in student.measures.iter().filter(|measure| in_force(measure)) {
        let is_lesser = matches!(measure.kind, MeasureKind::Warning | MeasureKind::SeriousWarning | MeasureKind::Demerit);
        if let Read::Value(decided) = measure.decided
            && is_active
            && is_lesser
            && is_a_term_old(law, decided)
        {
            hearing.find("F4201", measure.row, "撤销日期", Amount::None, "有悔改表现的撤销处分，否则说明");
        }
        if measure.kind == MeasureKind::Probation && student.status.is(Status::Graduated) && hearing.stage == Stage::Senior {
            hearing.find("F4202", student.row, "学籍状态", Amount::Word(Status::Graduated.word()), "结业");
        }
    }
    // Whoever was promoted or transferred since is registered in the receiving school by now.
    for archive in audited.archives.iter().filter(|archive| archive.part.is(ArchivePart::Measures)) {
        let Read::Value(moved) = archive.moved else { continue };
        let was_revoked = |measure: &Measure| measure.revoked.value().is_some_and(|day| day <= moved);
        let mut until_then = student.measures.iter().filter(|measure| measure.decided.value().is_none_or(|day| day <= moved)).peekable();
        if until_then.peek().is_some() && until_then.all(was_revoked) {
            hearing.find("F4203", archive.row, "移交日期", Amount::Date(moved), "已解除的处分材料不移交");
        }
    }
}

/// Whether as many school days have passed since a day as its term has; of a day in the vacation, the next term.
fn is_a_term_old(law: &Law, day: NaiveDate) -> bool {
    let Some(term) = law.calendar.term_from(day) else {
        return law.calendar.years().next().is_some_and(|first| law.calendar.school_year_of(day) < first);
    };
    let school_days = |first: NaiveDate, last: NaiveDate| {
        first.iter_days().take_while(|day| *day <= last).filter(|day| law.calendar.is_school_day(*day)).count()
    };
    let since = day.succ_opt().map_or(0, |next| school_days(next, law.as_of));
    since >= school_days(term.first, term.last)
}
