//! Article 22: repeating in compulsory education, retention in senior school.

use crate::facts::calendar::SchoolYear;
use crate::facts::codes::{ApplicationKind, ChangeKind, Read};
use crate::facts::grades::{Grade, Stage};
use crate::facts::student::{Change, Row};
use crate::regulation::ch5_completion::withdrawal_certificate;
use crate::regulation::ch6_status::art30;
use crate::regulation::ch6_status::unreadable::in_every_reading;
use crate::regulation::rule::{Amount, Hearing, Law, Outcome, Rule, RuleFinding, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A22.1
pub static REPEAT: Rule = Rule {
    clause: "A22.1",
    title: "义务教育重读",
    asks: "义务教育不留级；确需重读的，家长在学年结束前规定的工作日内申请，经学校同意并报区后可重读，次数有上限，毕业年级不办。",
    reading: "以前学年的重读按学年计次，不问当时的手续。窗口前提出的申请照样算数（只提示），窗口后提出的不算。",
    parameters: &[
        "numbers.compulsory_max_repeats",
        "numbers.application_window_working_days",
        "readings.early_application",
        "readings.school_year_end",
    ],
    findings: &["F2201", "F2202", "F2203", "F2204", "F2205"],
    reads: &["applications", "status_changes"],
};
/// A22.2.1
pub static RETENTION_AT_ONCE: Rule = Rule {
    clause: "A22.2.1",
    title: "高中直接留级",
    asks: "基础型科目学年总评不合格达到规定门数（免修不计）的，不得补考，予以留级。",
    reading: "",
    parameters: &["numbers.senior_retain_at_failing"],
    findings: &[],
    reads: &["course_results"],
};
/// A22.2.2
pub static RETENTION: Rule = Rule {
    clause: "A22.2.2",
    title: "高中补考后留级",
    asks: "学年总评经补考后仍达不到升级标准的，予以留级。",
    reading: "",
    parameters: &[],
    findings: &[],
    reads: &["course_results", "exams"],
};
/// A22.3
pub static LIMITS: Rule = Rule {
    clause: "A22.3",
    title: "留级的次数与告知",
    asks: "学校在学年结束后规定的工作日内通知学生并办理；同一年级留级、高中累计留级都有上限，高三不留级。",
    reading: "留级记录的学年、年级是未达标的学年和年级；没有学年的，取生效日期之前最后一个结束的学年；没有年级的不计次数。同一学年只计一次。",
    parameters: &["numbers.senior_max_retentions", "numbers.notify_retention_working_days", "readings.school_year_end"],
    findings: &["F2206", "F2207"],
    reads: &["status_changes"],
};

static APPROVED: Sentence = Sentence { code: "A22.1.approved", text: "重读申请经学校同意、报区备案" };
static REPEATS: Sentence = Sentence { code: "A22.1.repeats", text: "义务教育阶段以前重读的次数少于上限" };
static NOT_FINAL: Sentence = Sentence { code: "A22.1.final", text: "不在毕业年级" };
static WINDOW: Sentence = Sentence { code: "A22.1.window", text: "重读申请不晚于办理窗口的最后一天" };
static AT_ONCE: Sentence = Sentence { code: "A22.2.1.reached", text: "不合格科目达到不得补考的门数，予以留级" };
static MISSED: Sentence = Sentence { code: "A22.2.2.missed", text: "补考后仍未达到升级标准，予以留级" };
static RUNNING: Sentence = Sentence { code: "A37.2.running", text: "此前最近的学年都在本年级留级，已连续达到上限" };
static TOTAL: Sentence = Sentence { code: "A37.2.total", text: "高中阶段此前留级的次数达到上限" };

/// The school year that a 重读 or 留级 is about: as written, else the last that ended on or before it took effect.
fn year_failed(law: &Law, change: &Change) -> Option<SchoolYear> {
    match (change.school_year, change.effective) {
        (Read::Value(year), _) => Some(year),
        (Read::Empty, Read::Value(date)) => Some(law.calendar.last_ended(date)),
        _ => None,
    }
}

/// The earlier school years with a change of a kind that took place and counts, each once; more than sixteen are more than any limit asks.
struct EarlierYears {
    years: [Option<SchoolYear>; 16],
}

impl EarlierYears {
    fn of(law: &Law, changes: &[Change], kind: ChangeKind, counts: impl Fn(&Change) -> bool) -> Self {
        let mut earlier = Self { years: [None; 16] };
        let own = changes.iter().filter(|change| change.kind == kind && change.effective != Read::Empty && counts(change));
        for year in own.filter_map(|change| year_failed(law, change)).filter(|year| *year < law.school_year) {
            if !earlier.has(year)
                && let Some(place) = earlier.years.iter_mut().find(|place| place.is_none())
            {
                *place = Some(year);
            }
        }
        earlier
    }

    fn has(&self, year: SchoolYear) -> bool {
        self.years.contains(&Some(year))
    }

    fn number(&self) -> usize {
        self.years.iter().flatten().count()
    }
}

/// A22.1: honours an application to repeat, and raises what is wrong with it. Final grades have no verdict, but the findings.
pub fn judge_repeat(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let is_final = hearing.student.system.is_final(hearing.grade);
    for application in hearing.student.applications.iter().filter(|application| application.kind == ApplicationKind::Repeat) {
        let made = hearing.applied_for(application, |applied| applied == law.school_year);
        if made.fails() {
            continue;
        }
        hearing.read(application.row);
        let school = hearing.school_consented(application);
        let district = hearing.district_filed(application);
        let approved = hearing.completions.and(school, district);
        let limit = law.policy.numbers.compulsory_max_repeats;
        let repeats = |law: &Law, changes: &[Change]| EarlierYears::of(law, changes, ChangeKind::Repeat, |_| true).number();
        let is_repeat = |kind| kind == ChangeKind::Repeat;
        let too_often = in_every_reading(hearing, is_repeat, |hearing, changes| repeats(hearing.law, changes) >= limit);
        let few = hearing.completions.not(too_often);
        hearing.read_changes(is_repeat);
        let (in_time, in_window) = hearing.in_time(application);
        let date = application.applied.value().map_or(Amount::None, Amount::Date);
        let times = Amount::Number(repeats(law, hearing.student.changes) as i32);
        hearing.step("A22.1", &APPROVED, approved, Amount::None, Amount::None);
        hearing.step("A22.1", &REPEATS, few, times, Amount::Number(limit as i32));
        hearing.step("A22.1", &NOT_FINAL, Condition::known(!is_final), Amount::Word(hearing.grade.title()), Amount::None);
        hearing.step("A22.1", &WINDOW, in_time, date, Amount::Date(law.window.1));
        if made.holds() {
            if in_window.fails() {
                hearing.find("F2201", application.row, "申请日期", date, "学年结束前规定的工作日内");
            }
            if approved.fails() {
                let column = if school.fails() { "学校同意日期" } else { "区备案日期" };
                hearing.find("F2202", application.row, column, Amount::None, "学校同意日期、区备案日期");
            }
            if too_often.holds() {
                hearing.find("F2203", application.row, "申请事项", times, "义务教育阶段重读不超过规定次数");
            }
            if is_final {
                hearing.find("F2204", application.row, "申请事项", Amount::Word(hearing.grade.title()), "非毕业年级");
            }
        }
        if !is_final {
            let honoured = hearing.completions.all([made, approved, few, in_time]);
            let next_grade = Some(hearing.grade);
            hearing.decide(honoured, Verdict { outcome: Outcome::Repeat, next_grade, certificate: None, clause: "A22.1" });
        }
    }
}

/// F2203 and F2204 of repeats on record, whatever was applied for: more than the law allows, or of a final grade.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    let is_repeat = |change: &&Change| change.kind == ChangeKind::Repeat && change.effective != Read::Empty;
    let compulsory = |change: &&Change| change.grade.value().map_or(hearing.stage, |grade| student.system.stage(grade)).is_compulsory();
    let mut years: Vec<SchoolYear> = Vec::new();
    let mut found: Vec<(&'static str, Row, Amount)> = Vec::new();
    for change in student.changes.iter().filter(is_repeat).filter(compulsory) {
        if let Read::Value(grade) = change.grade
            && student.system.is_final(grade)
        {
            found.push(("F2204", change.row, Amount::Word(grade.title())));
        }
        let Some(year) = year_failed(law, change).filter(|year| !years.contains(year)) else { continue };
        years.push(year);
        if years.len() > law.policy.numbers.compulsory_max_repeats {
            found.push(("F2203", change.row, Amount::Number(years.len() as i32)));
        }
    }
    for (code, row, amount) in found {
        let (column, expected) =
            if code == "F2204" { ("年级", "非毕业年级") } else { ("异动类型", "义务教育阶段重读不超过规定次数") };
        hearing.find(code, row, column, amount, expected);
    }
}

/// The retentions of a senior student. One whose record says no grade counts in none.
struct Retentions {
    here: EarlierYears,
    all: EarlierYears,
}

impl Retentions {
    fn of(hearing: &Hearing<'_>, changes: &[Change]) -> Self {
        let (law, grade, system) = (hearing.law, hearing.grade, hearing.student.system);
        let is_senior = |change: &Change| change.grade.value().is_some_and(|own| system.stage(own) == Stage::Senior);
        Self {
            here: EarlierYears::of(law, changes, ChangeKind::Retention, |change| change.grade.is(grade)),
            all: EarlierYears::of(law, changes, ChangeKind::Retention, is_senior),
        }
    }

    /// Whether the last year-end decisions before this one, as many as the limit, were all retentions in this grade; a year wholly
    /// suspended had none.
    fn are_running(&self, hearing: &Hearing<'_>, changes: &[Change]) -> bool {
        let law = hearing.law;
        let first = law.school_year.0 - i32::from(Grade::LAST);
        let earlier = (first..law.school_year.0).rev().map(SchoolYear);
        let mut decided = earlier.filter(|year| !art30::wholly_suspended(law, changes, *year));
        let limit = law.policy.numbers.senior_max_retentions.same_grade_running;
        (0..limit).all(|_| decided.next().is_some_and(|year| self.here.has(year)))
    }
}

/// A22.2, A37.2: retains a senior student, or withdraws one who was retained as often as the law allows.
pub fn retain(hearing: &mut Hearing<'_>, missed: Condition, too_many: Condition) {
    let limits = &hearing.law.policy.numbers.senior_max_retentions;
    let grade = hearing.grade;
    let is_asked = |kind| kind == ChangeKind::Retention || art30::KINDS.contains(&kind);
    let is_running = |hearing: &Hearing<'_>, changes: &[Change]| Retentions::of(hearing, changes).are_running(hearing, changes);
    let is_total = |hearing: &Hearing<'_>, changes: &[Change]| Retentions::of(hearing, changes).all.number() >= limits.total;
    let is_out = |hearing: &Hearing<'_>, changes: &[Change]| is_running(hearing, changes) || is_total(hearing, changes);
    let out = in_every_reading(hearing, is_asked, is_out);
    hearing.read_changes(|kind| kind == ChangeKind::Retention);

    let at_once = hearing.completions.and(missed, too_many);
    if !too_many.fails() {
        hearing.step(
            "A22.2.1",
            &AT_ONCE,
            at_once,
            Amount::None,
            Amount::Number(hearing.law.policy.numbers.senior_retain_at_failing as i32),
        );
    }
    if !too_many.holds() {
        let after = hearing.completions.and_not(missed, too_many);
        hearing.step("A22.2.2", &MISSED, after, Amount::None, Amount::None);
    }
    // As one step is as unknown as the two together, for both rest on the same cells.
    let known = Retentions::of(hearing, hearing.student.changes);
    let of_step = |holds: bool| if out.decided().is_some() { Condition::known(holds) } else { out };
    let running = of_step(is_running(hearing, hearing.student.changes));
    let total = of_step(is_total(hearing, hearing.student.changes));
    let times = Amount::Number(known.here.number() as i32);
    hearing.step("A37.2", &RUNNING, running, times, Amount::Number(limits.same_grade_running as i32));
    hearing.step("A37.2", &TOTAL, total, Amount::Number(known.all.number() as i32), Amount::Number(limits.total as i32));

    // Not having moved up, the student has not finished the year (A26.3).
    let certificate = Some(withdrawal_certificate(hearing, false));
    let withdrawn = hearing.completions.and(missed, out);
    hearing.decide(withdrawn, Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate, clause: "A37.2" });
    let retained = Verdict { outcome: Outcome::Retain, next_grade: Some(grade), certificate: None, clause: "A22.2.1" };
    hearing.decide(at_once, retained);
    hearing.decide(missed, Verdict { clause: "A22.2.2", ..retained });

    if missed.holds()
        && out.fails()
        && known.here.number() >= limits.same_grade_running
        && let Some(change) = hearing.student.changes.iter().rev().find(|change| change.kind == ChangeKind::Retention)
    {
        let found = times;
        let expected = "同一年级留级不超过规定次数";
        hearing.record.findings.push(RuleFinding {
            code: "F2206",
            as_query: true,
            subject: None,
            row: change.row,
            column: "异动类型",
            found,
            expected,
            count: 1,
        });
    }
}

/// A22.1, A22.3: what the record of retentions itself shows to be wrong.
pub fn record(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let numbers = &law.policy.numbers;
    let system = hearing.student.system;
    let mut senior: [Option<(SchoolYear, Option<Grade>)>; 16] = [None; 16];
    let mut last = None;
    for change in hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::Retention && change.effective != Read::Empty) {
        let stage = change.grade.value().map_or(hearing.stage, |grade| system.stage(grade));
        let word = change.grade.value().map_or(Amount::None, |grade| Amount::Word(grade.title()));
        if stage.is_compulsory() || hearing.stage.is_compulsory() {
            hearing.find("F2205", change.row, "异动类型", word, "义务教育阶段不留级；确需重读的按重读办理");
            continue;
        }
        let year = year_failed(law, change);
        if let (Some(year), Read::Value(notified)) = (year, change.notified) {
            let due = law.year_end(year).and_then(|day| law.calendar.working_days_after(day, numbers.notify_retention_working_days));
            if due.is_some_and(|due| notified > due) {
                hearing.find("F2207", change.row, "告知日期", Amount::Date(notified), "学年结束后规定的工作日内告知");
            }
        }
        if change.grade.value() == Some(system.last(Stage::Senior)) {
            hearing.find("F2206", change.row, "年级", word, "高三不留级");
        }
        if let Some(year) = year
            && !senior.iter().flatten().any(|(known, _)| *known == year)
            && let Some(place) = senior.iter_mut().find(|place| place.is_none())
        {
            *place = Some((year, change.grade.value()));
            last = Some(change.row);
        }
    }
    let Some(row) = last else { return };
    let years = || senior.iter().flatten();
    let in_one =
        years().filter_map(|(_, grade)| *grade).map(|grade| years().filter(|(_, own)| *own == Some(grade)).count()).max().unwrap_or(0);
    let in_all = years().count();
    if in_one > numbers.senior_max_retentions.same_grade_running {
        hearing.find("F2206", row, "异动类型", Amount::Number(in_one as i32), "同一年级留级不超过规定次数");
    } else if in_all > numbers.senior_max_retentions.total {
        hearing.find("F2206", row, "异动类型", Amount::Number(in_all as i32), "高中阶段留级累计不超过规定次数");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::Student;
    use crate::testing::{change, heard, law, pupil};

    fn in_year(kind: ChangeKind, year: i32, grade: u8) -> Change {
        let grade = Grade::new(grade).map_or(Read::Empty, Read::Value);
        Change { school_year: Read::Value(SchoolYear(year)), grade, ..change(kind, "2025-07-01") }
    }

    /// The findings that a rule raises of a student's changes.
    fn found(grade: u8, changes: &[Change], rule: fn(&mut Hearing<'_>)) -> Vec<(&'static str, &'static str, Amount)> {
        let record = heard(&law("2026-07-05"), &Student { changes, ..pupil(grade) }, rule).1;
        record.findings.iter().map(|finding| (finding.code, finding.column, finding.found)).collect()
    }

    #[test]
    fn an_earlier_year_counts_once_if_the_change_took_effect() {
        let repeat = in_year(ChangeKind::Repeat, 2023, 3);
        let not_yet = Change { school_year: Read::Value(SchoolYear(2022)), effective: Read::Empty, ..repeat };
        let (retention, this_year) = (in_year(ChangeKind::Retention, 2024, 3), in_year(ChangeKind::Repeat, 2025, 3));
        let changes = [repeat, not_yet, retention, this_year, repeat];
        let law = law("2026-07-05");
        assert_eq!(EarlierYears::of(&law, &changes, ChangeKind::Repeat, |_| true).number(), 1);
        assert_eq!(EarlierYears::of(&law, &changes, ChangeKind::Repeat, |_| false).number(), 0);
    }

    #[test]
    fn a_repeat_on_record_of_a_final_grade_and_the_third_are_told_each_at_its_column() {
        let years = [in_year(ChangeKind::Repeat, 2021, 2), in_year(ChangeKind::Repeat, 2022, 3), in_year(ChangeKind::Repeat, 2023, 4)];
        assert_eq!(found(7, &years[..2], audit), []);
        assert_eq!(found(7, &years, audit), [("F2203", "异动类型", Amount::Number(3))]);
        let last = in_year(ChangeKind::Repeat, 2023, 5);
        assert_eq!(found(7, &[last], audit), [("F2204", "年级", Amount::Word("五年级"))]);
        // What never took effect, and what is no repeat, is none.
        assert_eq!(found(7, &[Change { effective: Read::Empty, ..last }, in_year(ChangeKind::Skip, 2023, 5)], audit), []);
    }

    #[test]
    fn in_compulsory_education_nobody_is_retained() {
        let of_grade = |grade| [in_year(ChangeKind::Retention, 2024, grade)];
        assert_eq!(found(7, &of_grade(3), record), [("F2205", "异动类型", Amount::Word("三年级"))]);
        // The grade that failed counts, and the one in which the student is now.
        assert_eq!(found(10, &of_grade(8), record), [("F2205", "异动类型", Amount::Word("八年级"))]);
        assert_eq!(found(8, &of_grade(10), record), [("F2205", "异动类型", Amount::Word("高一"))]);
        assert_eq!(found(7, &[in_year(ChangeKind::Repeat, 2024, 3)], record), []);
        assert_eq!(found(7, &of_grade(3).map(|own| Change { effective: Read::Empty, ..own }), record), []);
    }

    #[test]
    fn senior_retentions_beyond_the_limits_are_told() {
        let of = |years: &[(i32, u8)]| -> Vec<Change> {
            years.iter().map(|(year, grade)| in_year(ChangeKind::Retention, *year, *grade)).collect()
        };
        // Two in a grade and three in all are allowed, and a year counts once.
        assert_eq!(found(11, &of(&[(2022, 10), (2022, 10), (2023, 10), (2024, 11)]), record), []);
        assert_eq!(found(11, &of(&[(2022, 10), (2023, 10), (2024, 10)]), record), [("F2206", "异动类型", Amount::Number(3))]);
        let four = of(&[(2021, 10), (2022, 10), (2023, 11), (2024, 11)]);
        assert_eq!(found(11, &four, record), [("F2206", "异动类型", Amount::Number(4))]);
        assert_eq!(found(12, &of(&[(2024, 12)]), record), [("F2206", "年级", Amount::Word("高三"))]);
    }
}
