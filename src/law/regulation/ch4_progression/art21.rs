//! Article 21: skipping a grade.

use super::application::{Column, cell};
use crate::facts::codes::{ApplicationKind, ChangeKind, ExamResult, Publicity, Read};
use crate::facts::grades::{Grade, Stage};
use crate::facts::student::Application;
use crate::facts::subjects::Subject;
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A21",
    title: "跳级",
    asks: "经学校考核、公示无异议并报区后可跳一级；学年结束前规定的工作日内办理，毕业年级不办，不跨学段；要参加所跳年级的学业水平考试。",
    reading: "窗口前提出的申请照样算数（只提示），窗口后提出的不算。学校的全面考核由人判断，只看同意日期。",
    parameters: &["numbers.application_window_working_days", "readings.early_application", "readings.school_year_end"],
    findings: &["F2101", "F2102", "F2103", "F2104"],
    reads: &["applications"],
};

static APPROVED: Sentence = Sentence { code: "A21.1.approved", text: "跳级申请经学校同意、公示无异议、报区备案" };
static REACH: Sentence = Sentence { code: "A21.2.reach", text: "不在毕业年级，跳后仍在同一学段" };
static WINDOW: Sentence = Sentence { code: "A21.2.window", text: "跳级申请不晚于办理窗口的最后一天" };

/// The grade that a student of this grade skips to, if that is allowed (A21.2).
fn target(hearing: &Hearing<'_>) -> Option<Grade> {
    let system = hearing.student.system;
    hearing.grade.later(2).filter(|target| !system.is_final(hearing.grade) && system.stage(*target) == hearing.stage)
}

fn unopposed(hearing: &mut Hearing<'_>, application: &Application) -> Condition {
    let published = hearing.dated(application.published, cell(application, Column::Published));
    // The result that a date dates is not there without the date.
    let result = match (application.published, application.publicity) {
        (Read::Empty, _) | (_, Read::Empty) => Condition::FAILS,
        (_, Read::Value(result)) => Condition::known(result == Publicity::Unopposed),
        (_, Read::Unreadable) => hearing.completions.unknown(Fact::Cell(cell(application, Column::Publicity))),
    };
    hearing.completions.and(published, result)
}

/// Honours an application to skip, and raises what is wrong with it. Final grades have no verdict, but the findings.
pub fn judge(hearing: &mut Hearing<'_>) {
    let year = hearing.law.school_year;
    let target = target(hearing);
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::Skip) {
        let made = hearing.applied_for(application, |applied| applied == year);
        if made.fails() {
            continue;
        }
        hearing.read(application.row);
        let school = hearing.school_consented(application);
        let unopposed = unopposed(hearing, application);
        let district = hearing.district_filed(application);
        let approved = hearing.completions.all([school, unopposed, district]);
        let (in_time, in_window) = hearing.in_time(application);
        let date = application.applied.value().map_or(Amount::None, Amount::Date);
        hearing.step("A21.1", &APPROVED, approved, Amount::None, Amount::None);
        hearing.step("A21.2", &REACH, Condition::known(target.is_some()), Amount::Word(hearing.grade.title()), Amount::None);
        hearing.step("A21.2", &WINDOW, in_time, date, Amount::Date(hearing.law.window.1));
        if made.holds() {
            if approved.fails() {
                let column = match (application.published, school.fails(), unopposed.fails()) {
                    (_, true, _) => "学校同意日期",
                    (Read::Empty, _, true) => "公示日期",
                    (_, _, true) => "公示结果",
                    _ => "区备案日期",
                };
                let found = match (column, application.publicity) {
                    ("公示结果", Read::Value(result)) => Amount::Word(result.word()),
                    _ => Amount::None,
                };
                hearing.find("F2101", application.row, column, found, "学校同意日期、公示日期和无异议的结果、区备案日期");
            }
            if target.is_none() {
                hearing.find("F2102", application.row, "申请事项", Amount::Word(hearing.grade.title()), "非毕业年级，且跳后仍在同一学段");
            }
            if in_window.fails() {
                hearing.find("F2103", application.row, "申请日期", date, "学年结束前规定的工作日内");
            }
        }
        if target.is_some() {
            let honoured = hearing.completions.all([made, approved, in_time]);
            hearing.decide(honoured, Verdict { outcome: Outcome::Skip, next_grade: target, certificate: None, clause: "A21" });
        }
    }
}

/// A21.2: who skipped a grade of a stage with exams owes that grade's exams; none at all since the skip is a query.
pub fn skipped_without_exam(hearing: &mut Hearing<'_>) {
    let system = hearing.student.system;
    for change in hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::Skip) {
        let Read::Value(effective) = change.effective else { continue };
        let stage = change.grade.value().map_or(hearing.stage, |grade| system.stage(grade));
        let sat_since = |sitting: &crate::facts::student::Sitting| sitting.date.value().is_none_or(|date| date >= effective);
        // Nothing is owed any more by who has passed every exam of the stage.
        let passed =
            |subject: &Subject| hearing.student.sittings.iter().any(|own| own.subject == *subject && own.result.is(ExamResult::Passed));
        let owed = match stage {
            Stage::Senior => &hearing.law.lists.senior_exam[..],
            _ => hearing.law.lists.junior_exam(hearing.student.entry.map_or(i32::MAX, |month| month.school_year().0)),
        };
        let is_done = !owed.is_empty() && owed.iter().all(passed);
        if stage == hearing.stage && stage != Stage::Primary && !is_done && !hearing.student.sittings.iter().any(sat_since) {
            hearing.find("F2104", change.row, "异动类型", Amount::Date(effective), "所跳年级相关学科的学业水平考试成绩");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::Student;
    use crate::testing::{application, heard, law, on, pupil};

    #[test]
    fn the_first_approval_that_lacks_is_told() {
        let law = law("2026-07-05");
        let told_of = |own: Application| {
            let record = heard(&law, &Student { applications: &[own], ..pupil(7) }, judge).1;
            record.findings.iter().map(|finding| (finding.code, finding.column, finding.found)).collect::<Vec<_>>()
        };
        let unopposed = Read::Value(Publicity::Unopposed);
        let right = application(ApplicationKind::Skip, Read::Empty, "2026-06-16");
        let right = Application { published: on("2026-06-17"), publicity: unopposed, ..right };
        assert_eq!(told_of(right), []);
        let nothing = Application { school: Read::Empty, published: Read::Empty, district: Read::Empty, ..right };
        assert_eq!(told_of(nothing), [("F2101", "学校同意日期", Amount::None)]);
        // A result without its date is none.
        let unpublished = Application { published: Read::Empty, ..right };
        assert_eq!(told_of(unpublished), [("F2101", "公示日期", Amount::None)]);
        let opposed = Application { publicity: Read::Value(Publicity::Opposed), ..right };
        assert_eq!(told_of(opposed), [("F2101", "公示结果", Amount::Word(Publicity::Opposed.word()))]);
        assert_eq!(told_of(Application { district: Read::Empty, ..right }), [("F2101", "区备案日期", Amount::None)]);
    }
}
