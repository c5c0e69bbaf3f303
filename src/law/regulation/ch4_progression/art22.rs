//! Article 22: repeating in compulsory education, retention in senior school.

use crate::facts::calendar::SchoolYear;
use crate::facts::codes::{ApplicationKind, ChangeKind, Read};
use crate::facts::grades::{Grade, Stage};
use crate::facts::student::Change;
use crate::regulation::ch5_completion::withdrawal_certificate;
use crate::regulation::ch6_status::art30;
use crate::regulation::rule::{Amount, CHANGES_TABLE, Hearing, Outcome, Rule, RuleFinding, Sentence, Verdict};
use crate::regulation::verdict::{Cell, Condition, Fact};

/// A22.1
pub static REPEAT: Rule = Rule {
    clause: "A22.1",
    title: "义务教育重读",
    asks: "义务教育不留级；确需重读的，家长在学年结束前规定的工作日内申请，经学校同意并报区后可重读，次数有上限，毕业年级不办。",
    reading: "以前学年的重读按学年计次，不问当时的手续。窗口前提出的申请照样算数（只提示），窗口后提出的不算。",
    parameters: &["numbers.compulsory_max_repeats", "numbers.application_window_working_days", "readings.early_application"],
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
    reading: "留级记录的学年、年级是未达标的学年和年级；没有学年的，取生效日期之前最后一个结束的学年。同一学年只计一次。",
    parameters: &["numbers.senior_max_retentions", "numbers.notify_retention_working_days"],
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

/// Places and headers of the columns of 学籍异动 that rules read.
pub const CHANGE_SCHOOL_YEAR: (u8, &str) = (2, "学年");
/// See `CHANGE_SCHOOL_YEAR`.
pub const CHANGE_GRADE: (u8, &str) = (3, "年级");
/// See `CHANGE_SCHOOL_YEAR`.
pub const CHANGE_EFFECTIVE: (u8, &str) = (4, "生效日期");

/// A cell of a change that can't be read.
pub fn cell(change: &Change, column: (u8, &'static str)) -> Cell {
    Cell { table: CHANGES_TABLE, column, item: change.kind.word(), row: change.row.0 }
}

impl Hearing<'_> {
    /// Whether a change took place.
    pub fn took_place(&mut self, change: &Change) -> Condition {
        self.dated(change.effective, cell(change, CHANGE_EFFECTIVE))
    }

    /// The school year that a 重读 or 留级 is about: as written, else the last that ended on or before it took effect.
    fn year_failed(&self, change: &Change) -> Option<SchoolYear> {
        match (change.school_year, change.effective) {
            (Read::Value(year), _) => Some(year),
            (Read::Empty, Read::Value(date)) => Some(self.law.calendar.last_ended(date)),
            _ => None,
        }
    }

    /// For each earlier school year with a change of a kind that `counts`: the year and the condition that it counts.
    /// A change whose year can't be read counts or not, as one more year.
    fn earlier_years(
        &mut self,
        kind: ChangeKind,
        counts: impl Fn(&mut Self, &Change) -> Condition,
    ) -> ([(Option<SchoolYear>, Condition); 16], usize) {
        let mut years = [(None, Condition::FAILS); 16];
        let mut known = 0;
        for change in self.student.changes.iter().filter(|change| change.kind == kind) {
            let mut condition = self.took_place(change);
            if condition.fails() {
                continue;
            }
            let year = self.year_failed(change);
            if year.is_some_and(|year| year >= self.law.school_year) {
                continue;
            }
            let counted = counts(self, change);
            condition = self.completions.and(condition, counted);
            if year.is_none() {
                let column = if change.school_year == Read::Unreadable { CHANGE_SCHOOL_YEAR } else { CHANGE_EFFECTIVE };
                let unknown = self.completions.unknown(Fact::Cell(cell(change, column)));
                condition = self.completions.and(condition, unknown);
            }
            if condition.fails() {
                continue;
            }
            self.read(change.row);
            let same = years[..known].iter().position(|(other, _)| other.is_some() && *other == year);
            let place = same.unwrap_or(known);
            // More than sixteen school years of one kind are more than any limit asks about.
            let Some(slot) = years.get_mut(place) else { break };
            *slot = (year, self.completions.or(slot.1, condition));
            known = known.max(place + 1);
        }
        (years, known)
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
        let (repeats, number) = hearing.earlier_years(ChangeKind::Repeat, |_, _| Condition::HOLDS);
        let repeats = repeats[..number].iter().map(|(_, counts)| *counts);
        let limit = law.policy.numbers.compulsory_max_repeats;
        let too_often = hearing.completions.at_least(limit, repeats.clone());
        let few = hearing.completions.not(too_often);
        let (in_time, in_window) = hearing.in_time(application);
        let date = application.applied.value().map_or(Amount::None, Amount::Date);
        let times = super::art20::senior::bounds(repeats);
        hearing.step("A22.1", &APPROVED, approved, Amount::None, Amount::None);
        hearing.step("A22.1", &REPEATS, few, times, Amount::Number(limit as i32));
        hearing.step("A22.1", &NOT_FINAL, Condition::known(!is_final), Amount::Word(hearing.grade.title()), Amount::None);
        hearing.step("A22.1", &WINDOW, in_time, date, Amount::Date(law.window.1));
        if made.holds() {
            if in_window.fails() {
                hearing.find("F2201", application.row, "申请日期", date, "学年结束前规定的工作日内");
            }
            if approved.fails() {
                hearing.find("F2202", application.row, "区备案日期", Amount::None, "学校同意日期、区备案日期");
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

/// Whether the grade of a retention is this one. An empty grade is: who is retained stays where they are.
fn in_grade(hearing: &mut Hearing<'_>, change: &Change, grade: Grade) -> Condition {
    match change.grade {
        Read::Value(own) => Condition::known(own == grade),
        Read::Empty => Condition::HOLDS,
        Read::Unreadable => hearing.completions.unknown(Fact::Cell(cell(change, CHANGE_GRADE))),
    }
}

fn in_senior(hearing: &mut Hearing<'_>, change: &Change) -> Condition {
    match change.grade {
        Read::Value(own) => Condition::known(hearing.student.system.stage(own) == Stage::Senior),
        Read::Empty => Condition::HOLDS,
        Read::Unreadable => hearing.completions.unknown(Fact::Cell(cell(change, CHANGE_GRADE))),
    }
}

/// A22.2, A37.2: retains a senior student, or withdraws one who was retained as often as the law allows.
pub fn retain(hearing: &mut Hearing<'_>, missed: Condition, too_many: Condition) {
    let limits = &hearing.law.policy.numbers.senior_max_retentions;
    let grade = hearing.grade;
    let (years, known) = hearing.earlier_years(ChangeKind::Retention, |hearing, change| in_grade(hearing, change, grade));
    let here = &years[..known];
    // The last year-end decisions before this one; a year wholly suspended had none.
    let mut running = Condition::HOLDS;
    let mut year = hearing.law.school_year;
    for _ in 0..limits.same_grade_running {
        year = SchoolYear(year.0 - 1);
        while year.0 > hearing.law.school_year.0 - i32::from(Grade::LAST) && art30::wholly_suspended(hearing, year) {
            year = SchoolYear(year.0 - 1);
        }
        let mut retained = Condition::FAILS;
        for (own, counts) in here {
            if own.is_none() || *own == Some(year) {
                retained = hearing.completions.or(retained, *counts);
            }
        }
        running = hearing.completions.and(running, retained);
    }
    let (senior, known) = hearing.earlier_years(ChangeKind::Retention, in_senior);
    let senior = senior[..known].iter().map(|(_, counts)| *counts);
    let total = hearing.completions.at_least(limits.total, senior.clone());
    let out = hearing.completions.or(running, total);

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
    let times = super::art20::senior::bounds(here.iter().map(|(_, counts)| *counts));
    hearing.step("A37.2", &RUNNING, running, times, Amount::Number(limits.same_grade_running as i32));
    let times_in_all = super::art20::senior::bounds(senior);
    hearing.step("A37.2", &TOTAL, total, times_in_all, Amount::Number(limits.total as i32));

    // Not having moved up, the student has not finished the year (A26.3).
    let certificate = Some(withdrawal_certificate(hearing, false));
    let withdrawn = hearing.completions.and(missed, out);
    hearing.decide(withdrawn, Verdict { outcome: Outcome::WithdrawAuto, next_grade: None, certificate, clause: "A37.2" });
    let retained = Verdict { outcome: Outcome::Retain, next_grade: Some(grade), certificate: None, clause: "A22.2.1" };
    hearing.decide(at_once, retained);
    hearing.decide(missed, Verdict { clause: "A22.2.2", ..retained });

    let often_here = hearing.completions.at_least(limits.same_grade_running, here.iter().map(|(_, counts)| *counts));
    if missed.holds()
        && out.fails()
        && often_here.holds()
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
        let year = hearing.year_failed(change);
        if let (Some(year), Read::Value(notified)) = (year, change.notified) {
            let due =
                law.calendar.last_day(year).and_then(|day| law.calendar.working_days_after(day, numbers.notify_retention_working_days));
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
