//! Article 32: how long a suspension may be (A32.1), and what follows when it has ended and the student is not back (A32.2).

use chrono::{Days, NaiveDate};

use super::absence::{self, Standing, Threshold};
use super::{art30, art34, art37};
use crate::facts::attendance::{DayRecord, Watched};
use crate::facts::calendar::years_after;
use crate::facts::codes::{ChangeReason, Read, Status};
use crate::facts::grades::Stage;
use crate::facts::spells::Day;
use crate::facts::student::Change;
use crate::regulation::rule::{Amount, Hearing, Law, Outcome, Rule, RuleFinding, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// A32.1
pub static LIMIT: Rule = Rule {
    clause: "A32.1",
    title: "休学的期限",
    asks: "休学累计不超过规定年数；因伤病的期限较长。",
    reading: "把各次休学到判定日期为止的天数加起来，从第一次休学的第一天接着数，超过规定年数就是超期。只超过不含伤病的期限时，看不含伤病的天数；只超过伤病期限的，作为需要说明。高中只算入学以后的休学。",
    parameters: &["numbers.suspension_limit_years"],
    findings: &["F3201"],
    reads: &["status_changes"],
};
/// A32.2
pub static ENDED: Rule = Rule {
    clause: "A32.2",
    title: "休学期满",
    asks: "期满仍不能回校的，最迟在期满后规定的工作日内申请延期；不延期又不复学的，学校督促，督促无效的按旷课处理。",
    reading: "名册仍是休学、期满超过规定工作日而没有复学或延期的，应督促；从期满后第一次督促起，没有到校记录的上课日都算旷课，这次督促算第一次联系，满了旷课的期限按 A34.3、A37.3 处理。不看注册、停课和预警。",
    parameters: &["numbers.suspension_extension_working_days", "numbers.suspension_ending_days"],
    findings: &["F3202", "F3203"],
    reads: &["status_changes", "urgings", "attendance"],
};

static OVERDUE: Sentence =
    Sentence { code: "A32.2.overdue", text: "休学期满后，超过规定的工作日仍没有复学或延期；期满日" };
static URGED: Sentence =
    Sentence { code: "A32.2.urged", text: "期满后学校督促过，此后没有到校记录的上课日按旷课算；第一次督促" };

/// The last day of the latest suspension, where it has ended and nobody came back or prolonged it in time.
pub fn overdue_since(law: &Law, changes: &[Change]) -> Option<NaiveDate> {
    let latest = art30::latest(law, changes).filter(|latest| !latest.is_returned)?;
    let until = latest.until?;
    // On the working day after the last on which an extension is in time.
    let overdue = law.calendar.working_days_after(until, law.policy.numbers.suspension_extension_working_days + 1)?;
    (law.as_of >= overdue).then_some(until)
}

/// The first urging after the suspension's end, as far as its date can be read.
fn first_urging(watched: &Watched<'_>, ended: NaiveDate) -> Option<NaiveDate> {
    watched.urgings.iter().filter_map(|urging| urging.date.value()).find(|date| *date > ended)
}

/// The days of a student whose suspension has ended, and the first urging since, if there is one: from there on whatever is no attendance is
/// 旷课, in both forms. `first` gives that urging, by the suspension's end.
fn days(
    law: &Law,
    watched: &Watched<'_>,
    changes: &[Change],
    first: impl Fn(NaiveDate) -> Option<NaiveDate>,
) -> Option<(Vec<Day>, Option<NaiveDate>)> {
    let urged = first(overdue_since(law, changes)?)?;
    let mut days = absence::days(law, watched, changes);
    for (place, day) in days.iter_mut().enumerate().skip(watched.term.days_until(urged)) {
        let record = watched.days.get(place).copied().unwrap_or_default();
        *day = if record.is_attendance() { Day::Attended } else { Day::Away(DayRecord::Truancy) };
    }
    Some((days, Some(urged)))
}

/// 旷课 since the school urged, with the first urging given by `first`, under a condition; gives the school days to its threshold.
fn truant_since(
    hearing: &mut Hearing<'_>,
    watched: &Watched<'_>,
    condition: Condition,
    first: impl Fn(NaiveDate) -> Option<NaiveDate>,
) -> Option<i16> {
    let law = hearing.law;
    let view = |law: &Law, changes: &[Change]| days(law, watched, changes, &first);
    let (own, urged) = view(law, hearing.student.changes).unwrap_or_default();
    if let Some(urged) = urged {
        hearing.step("A32.2", &URGED, condition, Amount::Date(urged), Amount::None);
    }
    if !watched.school.has_attendance {
        return None;
    }
    let threshold = Threshold::of_truancy(&law.policy.numbers);
    let standing = (threshold, Standing::of(threshold, &watched.term.days, &own));
    art34::judge_truancy(hearing, watched, &standing, &own, condition, view);
    urged.and_then(|_| absence::distance(watched, &own, &[standing])).filter(|_| condition.holds())
}

/// What becomes of a student whom the roster calls suspended.
///
/// Gives the school days to the threshold of 旷课, once the school has urged.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Option<i16> {
    let law = hearing.law;
    let mut days_to_threshold = None;
    let verdict = |outcome, clause| Verdict { outcome, next_grade: None, certificate: None, clause };
    hearing.read_changes(|kind| art30::KINDS.contains(&kind));
    art37::judge_long_away(hearing, watched);
    let overdue = absence::in_every_reading(hearing, |law, changes| overdue_since(law, changes).is_some());
    if !overdue.fails() {
        let ended = overdue_since(law, hearing.student.changes);
        let ended_on = ended.map_or(Amount::None, Amount::Date);
        hearing.step("A32.2", &OVERDUE, overdue, ended_on, Amount::Date(law.as_of));
        absence::read_urgings(hearing, watched);
        days_to_threshold = truant_since(hearing, watched, overdue, |ended| first_urging(watched, ended));
        // One whose date can't be read may have come the day after the end: any later one is the weaker.
        let unreadable = absence::unreadable_urgings(hearing, watched);
        let is_one = hearing.completions.at_least(1, unreadable);
        let perhaps = hearing.completions.and(overdue, is_one);
        if !perhaps.fails() {
            truant_since(hearing, watched, perhaps, |ended| ended.succ_opt());
        }
        hearing.decide(overdue, verdict(Outcome::Urge, "A32.2"));
        if overdue.holds()
            && let Some(latest) = art30::latest(law, hearing.student.changes)
        {
            hearing.find("F3202", latest.begin.row, "截止日期", ended_on, "督促复学，或在期满后规定的工作日内办理延期");
        }
    }
    let kept = hearing.completions.not(overdue);
    if !kept.fails() {
        let word = Amount::Word(Status::Suspended.word());
        hearing.step("A31.2", &super::art31::KEPT, kept, word, Amount::None);
        hearing.decide(kept, verdict(Outcome::Hold, "A31.2"));
    }
    days_to_threshold
}

/// F3201 and F3203: suspensions that are too long in all, and one that ends soon.
pub fn record(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    let student = hearing.student;
    if let Some(latest) = art30::latest(law, student.changes).filter(|latest| !latest.is_returned)
        && let Some(until) = latest.until
        && latest.first <= law.as_of
        && (0..=i64::from(law.policy.numbers.suspension_ending_days)).contains(&(until - law.as_of).num_days())
    {
        hearing.find("F3203", latest.begin.row, "截止日期", Amount::Date(until), "期满前联系家长，复学或办理延期");
    }
    let senior = hearing.stage == Stage::Senior;
    let limits = &law.policy.numbers.suspension_limit_years;
    let (limit, illness_limit) =
        if senior { (limits.senior, limits.senior_illness) } else { (limits.compulsory, limits.compulsory_illness) };
    let entered = student.entry.filter(|_| senior);
    let counts = |first: NaiveDate| entered.is_none_or(|month| crate::facts::calendar::Month::of(first) >= month);
    let longer_than = |years: u32, asked: &dyn Fn(Read<ChangeReason>) -> bool| {
        let spells = art30::suspended(law, student.changes).filter(|own| counts(own.first) && asked(own.begin.reason));
        let mut first: Option<NaiveDate> = None;
        let mut days = 0;
        for own in spells {
            first = Some(first.map_or(own.first, |known| known.min(own.first)));
            days += (own.last.min(law.as_of) - own.first).num_days() + 1;
        }
        let days = u64::try_from(days).unwrap_or_default();
        first.is_some_and(|first| first.checked_add_days(Days::new(days)).is_some_and(|end| end > years_after(first, years)))
    };
    let is_other = |reason: Read<ChangeReason>| !reason.is(ChangeReason::Illness) && reason != Read::Unreadable;
    let Some(latest) = art30::latest(law, student.changes) else { return };
    let too_long = longer_than(limit, &is_other);
    if too_long || longer_than(illness_limit, &|_| true) {
        let years = if too_long { limit } else { illness_limit };
        hearing.record.findings.push(RuleFinding {
            code: "F3201",
            as_query: !too_long,
            subject: None,
            row: latest.begin.row,
            column: "截止日期",
            found: Amount::Date(latest.last),
            expected: if years == limit {
                "休学累计不超过规定年数"
            } else {
                "因伤病休学累计原则上不超过规定年数"
            },
            count: 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::attendance::{Form, Urging};
    use crate::facts::calendar::Month;
    use crate::facts::codes::ChangeKind;
    use crate::facts::student::{Row, Student};
    use crate::regulation::term_end::Bench;
    use crate::testing::{change, heard, law, on, pupil, told, watched};

    fn suspension(first: &str, until: &str, reason: Read<ChangeReason>) -> Change {
        Change { until: on(until), district: on(first), reason, ..change(ChangeKind::Suspension, first) }
    }

    #[test]
    fn a_suspension_that_ends_soon_is_told_unless_the_student_is_back() {
        let law = law("2026-05-20");
        let found = |changes: &[Change]| told(&heard(&law, &Student { changes, ..pupil(8) }, record).1);
        let own = suspension("2026-02-24", "2026-06-01", Read::Empty);
        assert_eq!(found(&[own]), [("F3203", "截止日期")]);
        assert_eq!(found(&[own, change(ChangeKind::Return, "2026-05-06")]), []);
    }

    #[test]
    fn a_suspension_beyond_the_years_of_its_reason_is_told() {
        let law = law("2026-07-05");
        // Whether it is but a query, and what is expected.
        let found = |student: Student<'_>| {
            let record = heard(&law, &student, record).1;
            record.findings.iter().map(|own| (own.code, own.as_query, own.expected)).collect::<Vec<_>>()
        };
        let ill = Read::Value(ChangeReason::Illness);
        let (error, query) = ([("F3201", false, "休学累计不超过规定年数")], [("F3201", true, "因伤病休学累计原则上不超过规定年数")]);
        let junior = |own: Change| found(Student { changes: &[own], ..pupil(8) });
        // Three years to the day, and a day more.
        assert_eq!(junior(suspension("2022-09-01", "2025-08-31", Read::Empty)), []);
        assert_eq!(junior(suspension("2022-09-01", "2025-09-01", Read::Empty)), error);
        assert_eq!(junior(suspension("2022-09-01", "2025-09-01", ill)), []);
        assert_eq!(junior(suspension("2020-09-01", "2025-08-31", ill)), []);
        assert_eq!(junior(suspension("2020-09-01", "2025-09-01", ill)), query);
        // What can't be read may be an illness.
        assert_eq!(junior(suspension("2022-09-01", "2025-09-01", Read::Unreadable)), []);
        // In senior school two years, and those before it don't count.
        let senior = |entry, changes: &[Change]| found(Student { changes, entry: Some(entry), ..pupil(11) });
        let long = suspension("2023-09-01", "2025-09-01", Read::Empty);
        assert_eq!(senior(Month::new(2023, 9), &[long]), error);
        let before = suspension("2022-09-01", "2024-06-30", Read::Empty);
        assert_eq!(senior(Month::new(2024, 9), &[before, suspension("2025-02-17", "2025-06-30", Read::Empty)]), []);
        assert_eq!(senior(Month::new(2022, 9), &[before, suspension("2025-02-17", "2025-06-30", Read::Empty)]), error);
    }

    #[test]
    fn nobody_is_said_to_be_back_whose_suspension_may_not_have_ended() {
        let law = law("2026-06-26");
        let own = suspension("2025-09-01", "2026-02-28", Read::Empty);
        let prolonged = Change { until: Read::Unreadable, ..change(ChangeKind::SuspensionExtended, "2026-02-24") };
        // Away from the first urging on for more than a month, then at school.
        let term = law.term.as_ref().expect("a term");
        let days: Vec<DayRecord> = (0..70).map(|day| if day < 60 { DayRecord::None } else { DayRecord::Present }).collect();
        let urgings = [Urging { date: Read::Value(term.days[5]), row: Row(4) }];
        let found = |changes: &[Change]| {
            let student = Student { status: Read::Value(Status::Suspended), changes, ..pupil(8) };
            let mut bench = Bench::default();
            bench.watch(&law, &Watched { urgings: &urgings, ..watched(&law, &student, Form::Daily, &days) });
            bench.findings.iter().any(|finding| finding.code == "F3404")
        };
        assert!(found(&[own]));
        assert!(!found(&[own, prolonged]));
    }
}
