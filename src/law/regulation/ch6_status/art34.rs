//! Article 34: when a registration in compulsory education counts as interrupted, and never before the school has urged; with A37.3 and
//! A37.4, by which seniors withdraw for the same.

use chrono::NaiveDate;

use super::absence::{self, Standing, Threshold, Weighed};
use crate::facts::attendance::{DayRecord, Watched};
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::spells::Day;
use crate::facts::student::Change;
use crate::regulation::ch5_completion::withdrawal_certificates;
use crate::regulation::rule::{Amount, Clause, Hearing, Law, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A34.1
pub static UNREGISTERED: Rule = Rule {
    clause: "A34.1",
    title: "不注册也不到校",
    asks: "未按规定注册或延期注册，经督促无效，开学超过规定月数仍不注册、不到校的，学籍视为中断。",
    reading: "开学以来每个上课日都缺课才算不到校。督促自开学第一天起算，督促后还有缺课才算无效。延期获准的先督促。",
    parameters: &["numbers.registration_grace_months"],
    findings: &["F3401"],
    reads: &["registrations", "attendance", "urgings", "applications"],
};
/// A34.2
pub static ABSENCE: Rule = Rule {
    clause: "A34.2",
    title: "停课满三个月",
    asks: "一学期连续停课或累计停课达规定月数而没有休学，经督促仍不休学也不到校的，学籍视为中断。",
    reading: "缺课不分种类。累计一个月按规定的上课日数算。达到后还在缺课的才处理；没有记录的上课日不算缺课。",
    parameters: &["numbers.absence_months", "numbers.cumulative_month_days"],
    findings: &["F3401", "F3403", "F3404"],
    reads: &["attendance", "urgings", "status_changes"],
};
/// A34.3
pub static TRUANCY: Rule = Rule {
    clause: "A34.3",
    title: "旷课超过期限",
    asks: "连续旷课超过规定月数，或一学期累计旷课超过规定月数，经督促仍不到校的，学籍视为中断。",
    reading: "连续旷课按历月算，最后一天与第一天隔满规定月数为超过。达到期限后每个上课日都缺课（不分种类）算不到校。督促自这段旷课的第一天起算，督促后还有缺课才算无效。",
    parameters: &["numbers.truancy_running_months", "numbers.truancy_cumulative_months", "numbers.cumulative_month_days"],
    findings: &["F3401", "F3403", "F3404"],
    reads: &["attendance", "urgings", "status_changes"],
};
/// A34.4
pub static DUTY: Rule = Rule {
    clause: "A34.4",
    title: "先督促、再中断并报区",
    asks: "学校应在学籍中断前督促返校，并报区；不得未经督促自行中断。",
    reading: "中断生效以前没有督促记录，或没有区报告日期的，要整改。",
    parameters: &[],
    findings: &["F3402"],
    reads: &["status_changes", "urgings"],
};

/// The clause and the sentences of a kind of absence.
struct Words {
    compulsory: Clause,
    senior: Clause,
    running: &'static Sentence,
    total: &'static Sentence,
    still: &'static Sentence,
    urged: &'static Sentence,
}

static OF_TRUANCY: Words = Words {
    compulsory: "A34.3",
    senior: "A37.3",
    running: &Sentence { code: "A34.3.running", text: "连续旷课超过规定月数" },
    total: &Sentence { code: "A34.3.total", text: "本学期累计旷课的上课日达到规定数" },
    still: &Sentence { code: "A34.3.still", text: "达到期限后仍在缺课" },
    urged: &Sentence { code: "A34.3.urged", text: "学校督促过（高中须多次联系），督促后仍缺课；次数" },
};
static OF_ABSENCE: Words = Words {
    compulsory: "A34.2",
    senior: "A37.4",
    running: &Sentence { code: "A34.2.running", text: "连续缺课达到规定月数" },
    total: &Sentence { code: "A34.2.total", text: "本学期累计缺课的上课日达到规定数" },
    still: &Sentence { code: "A34.2.still", text: "达到期限后仍在缺课，没有休学" },
    urged: &Sentence { code: "A34.2.urged", text: "学校督促过，督促后仍缺课；次数" },
};

/// A34.2, A34.3 and, for seniors, A37.3, A37.4.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>, days: &[Day], standings: &[(Threshold, Standing); 2]) {
    let view = |law: &Law, changes: &[Change]| Some((absence::days(law, watched, changes), None));
    for own in standings {
        judge_threshold(hearing, watched, own, days, Condition::HOLDS, view);
    }
    // Who is still away by one kind, or was not seen since, is not back by the other.
    let is_gone = |standing: &Standing| standing.is_reached() && !standing.is_back;
    if !standings.iter().any(|(_, standing)| is_gone(standing)) {
        standings.iter().rev().any(|(_, standing)| tell_back(hearing, watched, standing));
    }
    unrecorded(hearing, watched, days, standings);
}

/// 旷课 of a student whose days are seen in another way (A32.2), under a condition.
pub fn judge_truancy(
    hearing: &mut Hearing<'_>,
    watched: &Watched<'_>,
    own: &(Threshold, Standing),
    days: &[Day],
    condition: Condition,
    view: impl Fn(&Law, &[Change]) -> Option<(Vec<Day>, Option<NaiveDate>)>,
) {
    judge_threshold(hearing, watched, own, days, condition, view);
    if condition.holds() {
        tell_back(hearing, watched, &own.1);
    }
}

/// F3404: a threshold was reached, and the student is back; gives whether it is so.
fn tell_back(hearing: &mut Hearing<'_>, watched: &Watched<'_>, standing: &Standing) -> bool {
    if standing.is_back {
        let day = standing.running.map(|run| run.first).or(standing.crossed).unwrap_or_default();
        let row = absence::row_of(hearing, watched, day);
        let column = if row == hearing.student.row { "学籍状态" } else { "考勤" };
        let found = match standing.running {
            Some(run) => absence::amount(watched, Some(run)),
            None => Amount::Number(standing.count as i32),
        };
        hearing.find("F3404", row, column, found, "已返校，不作处理");
    }
    standing.is_back
}

fn judge_threshold(
    hearing: &mut Hearing<'_>,
    watched: &Watched<'_>,
    (threshold, standing): &(Threshold, Standing),
    days: &[Day],
    condition: Condition,
    view: impl Fn(&Law, &[Change]) -> Option<(Vec<Day>, Option<NaiveDate>)>,
) {
    let words = if threshold.truancy { &OF_TRUANCY } else { &OF_ABSENCE };
    let numbers = &hearing.law.policy.numbers;
    let compulsory = hearing.stage.is_compulsory();
    let (clause, needed) = match (compulsory, threshold.truancy) {
        (true, _) => (words.compulsory, 1),
        (false, true) => (words.senior, numbers.senior_truancy_min_contacts as usize),
        (false, false) => (words.senior, 1),
    };
    let Weighed { still, urged, contacts } = absence::weigh(hearing, watched, (*threshold, standing), needed, view);
    let is_near = standing.count >= if threshold.truancy { 1 } else { numbers.warn.absence_total_days as usize };
    if !standing.is_reached() && still.fails() && !is_near {
        return;
    }
    // The steps: how long the spell is and what it would take, and only then whether it still lasts and was urged.
    if let Some(spell) = standing.spell(days, *threshold) {
        let (months, more_than) = (threshold.months, threshold.more_than);
        let on = threshold.reached_on(watched.term.days[spell.first]);
        let value = absence::amount(watched, Some(spell));
        let reached = Condition::known(standing.running.is_some());
        hearing.step(clause, words.running, reached, value, Amount::Months { months, more_than, on });
        let is_asked = |record: DayRecord| if threshold.truancy { record == DayRecord::Truancy } else { record.is_absence() };
        let from = standing.crossed.map_or(spell.first, |_| 0);
        absence::read_rows(hearing, watched, from, is_asked);
    }
    let crossed = Condition::known(standing.crossed.is_some());
    hearing.step(clause, words.total, crossed, Amount::Number(standing.count as i32), Amount::Number(threshold.total as i32));
    if !standing.is_reached() && still.fails() {
        return;
    }
    hearing.step(clause, words.still, still, Amount::None, Amount::None);
    let still = hearing.completions.and(still, condition);
    if still.fails() {
        return;
    }
    // What keeps the student away after the spell counts too.
    absence::read_rows(hearing, watched, standing.since.unwrap_or_default(), DayRecord::is_absence);
    absence::read_urgings(hearing, watched);
    hearing.step(clause, words.urged, urged, Amount::Number(contacts as i32), Amount::Number(needed as i32));
    let acts = hearing.completions.and(still, urged);
    let verdict = |outcome| Verdict { outcome, next_grade: None, certificate: None, clause };
    if compulsory {
        hearing.decide(acts, verdict(Outcome::Interrupt));
    } else if !acts.fails() {
        for (condition, certificate) in withdrawal_certificates(hearing) {
            let condition = hearing.completions.and(acts, condition);
            hearing.decide(condition, Verdict { certificate: Some(certificate), ..verdict(Outcome::WithdrawAuto) });
        }
    }
    hearing.decide(still, verdict(Outcome::Urge));
}

/// F3403: days without a record that would reach a threshold if they were absences, or keep a student away who has reached one (P3).
fn unrecorded(hearing: &mut Hearing<'_>, watched: &Watched<'_>, days: &[Day], standings: &[(Threshold, Standing)]) {
    let unknown = days.iter().filter(|day| **day == Day::Unknown).count();
    if unknown == 0 {
        return;
    }
    let filled: Vec<Day> = days.iter().map(|day| if *day == Day::Unknown { Day::Away(DayRecord::Truancy) } else { *day }).collect();
    let would = |(threshold, known): &(Threshold, Standing)| {
        let filled = Standing::of(*threshold, &watched.term.days, &filled);
        filled.is_reached() && !known.is_reached() || filled.since.is_some() && known.since.is_none()
    };
    if standings.iter().any(would) {
        let found = Amount::Number(unknown as i32);
        hearing.find("F3403", hearing.student.row, "学籍状态", found, "没有考勤记录的上课日的记录");
    }
}

/// F3401: what has to be done now.
pub fn must_urge(hearing: &mut Hearing<'_>, watched: &Watched<'_>, days: &[Day]) {
    let standings = Threshold::all(&hearing.law.policy.numbers, &watched.term.days, days);
    let since = standings.iter().rev().find_map(|(_, standing)| standing.since);
    let first = since.or_else(|| days.iter().position(|day| day.is_away()));
    let row = first.map_or(hearing.student.row, |day| absence::row_of(hearing, watched, day));
    let column = if row == hearing.student.row { "学籍状态" } else { "考勤" };
    let away = days.iter().filter(|day| day.is_away()).count() as i32;
    hearing.find("F3401", row, column, Amount::Number(away), "立即督促返校并留下督促记录；督促前不得处理");
}

/// F3402: interruptions in the record without an urging before, or not reported to the district.
pub fn record(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    for change in hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::Interruption) {
        let Some(effective) = change.effective.value() else { continue };
        let urged = watched.urgings.iter().any(|urging| match urging.date {
            Read::Value(date) => date <= effective,
            Read::Unreadable => true,
            Read::Empty => false,
        });
        if !urged {
            hearing.find("F3402", change.row, "生效日期", Amount::Date(effective), "中断之前的督促记录");
        } else if change.reported == Read::Empty {
            hearing.find("F3402", change.row, "区报告日期", Amount::None, "区报告日期");
        }
    }
}
