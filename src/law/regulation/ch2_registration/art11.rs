//! Article 11: attendance is kept, handed in and told to the family; absence is noticed before the law has to act.

use crate::facts::attendance::{AttendanceRow, DayRecord, Watched};
use crate::facts::spells::{Day, Spell, runs};
use crate::regulation::ch6_status::absence;
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A11.1
pub static HANDED_IN: Rule = Rule {
    clause: "A11.1",
    title: "考勤制度",
    asks: "学校按出勤、迟到、早退、病假、事假、旷课等项目记录考勤。",
    reading: "一天有两条记录的，以较轻的为准；半天缺勤算早退，即到校。每所学校判定到它报送考勤的最后一天（有考勤上报表的看截止日期）；落后超过规定的上课日数要提示。",
    parameters: &["numbers.attendance_lag_days"],
    findings: &["F1103"],
    reads: &["attendance", "attendance_reports"],
};
/// A11.2
pub static WARNING: Rule = Rule {
    clause: "A11.2",
    title: "缺勤预警",
    asks: "旷课的要及时告知家长；旷课和经常迟到、早退的，学校要了解情况、帮助改正。",
    reading: "连续旷课、累计旷课或累计缺课达到预警天数的，记预警。达到学籍中断的期限而已返校的，预警照算。",
    parameters: &["numbers.warn", "numbers.often_late"],
    findings: &["F1101", "F1102"],
    reads: &["attendance"],
};

static RUNNING: Sentence = Sentence { code: "A11.2.running", text: "连续旷课的上课日达到预警天数" };
static TRUANCY: Sentence = Sentence { code: "A11.2.truancy", text: "本学期累计旷课的上课日达到预警天数" };
static AWAY: Sentence = Sentence { code: "A11.2.absence", text: "本学期累计缺课的上课日达到预警天数" };

/// The early warning, in every way that unreadable changes of status could be read: days suspended are no absence.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>, days: &[Day]) {
    let warn = &hearing.law.policy.numbers.warn;
    // Nearly everybody is away for fewer days than any threshold asks.
    let fewest = warn.truancy_running_days.min(warn.truancy_total_days).min(warn.absence_total_days) as usize;
    if watched.days.iter().filter(|record| record.is_absence()).count() < fewest {
        return;
    }
    let longest = |days: &[Day]| runs(days, Day::is_truancy).max_by_key(|run| (run.days(), std::cmp::Reverse(run.first)));
    let truancy = |days: &[Day]| days.iter().filter(|day| day.is_truancy()).count();
    let away = |days: &[Day]| days.iter().filter(|day| day.is_away()).count();
    let own = longest(days);
    let mut warned = Condition::FAILS;
    let mut weigh = |sentence, number: &dyn Fn(&[Day]) -> usize, threshold: u32, value: Amount| {
        let reached = absence::of_days_in_every_reading(hearing, watched, days, |days| number(days) >= threshold as usize);
        if !reached.fails() {
            hearing.step("A11.2", sentence, reached, value, Amount::Number(threshold as i32));
            warned = hearing.completions.or(warned, reached);
        }
    };
    let running = |days: &[Day]| longest(days).map_or(0, Spell::days);
    weigh(&RUNNING, &running, warn.truancy_running_days, absence::amount(watched, own));
    weigh(&TRUANCY, &truancy, warn.truancy_total_days, Amount::Number(truancy(days) as i32));
    weigh(&AWAY, &away, warn.absence_total_days, Amount::Number(away(days) as i32));
    if !warned.fails() {
        absence::read_rows(hearing, watched, 0, |record| record.is_absence());
        hearing.decide(warned, Verdict { outcome: Outcome::Warn, next_grade: None, certificate: None, clause: "A11.2" });
    }
}

/// F1101 and F1102: families that were not told, and students who are often late.
pub fn record(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    let truant = || watched.rows.iter().filter(|row| row.record == DayRecord::Truancy);
    // Of several rows of a day it is enough that one says so.
    let is_told = |row: &AttendanceRow| truant().any(|other| other.told && other.first <= row.first && row.last <= other.last);
    let untold = || truant().filter(|row| !is_told(row));
    if let Some(first) = untold().next() {
        let count = untold().count();
        hearing.find_rows("F1101", first.row, "告知家长日期", Amount::None, "每次旷课告知家长的日期", count);
    }
    let late = watched.days.iter().filter(|record| matches!(record, DayRecord::Late | DayRecord::LeftEarly)).count();
    if late >= hearing.law.policy.numbers.often_late as usize
        && let Some(first) = watched.rows.iter().find(|row| matches!(row.record, DayRecord::Late | DayRecord::LeftEarly))
    {
        hearing.find("F1102", first.row, "考勤", Amount::Number(late as i32), "了解情况，帮助改正");
    }
}
