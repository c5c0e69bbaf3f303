//! Article 8: registration for a term, and the record of a new student.

use crate::facts::attendance::Watched;
use crate::facts::calendar::months_after;
use crate::facts::codes::{ApplicationKind, ChangeKind, Read};
use crate::facts::spells::Day;
use crate::facts::student::Change;
use crate::regulation::ch5_completion::withdrawal_certificates;
use crate::regulation::ch6_status::absence;
use crate::regulation::policy::UnregisteredAttending;
use crate::regulation::rule::{Amount, Hearing, Outcome, REGISTRATIONS_TABLE, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Cell, Condition, Fact};

/// A8.3
pub static REGISTRATION: Rule = Rule {
    clause: "A8.3",
    title: "学期注册",
    asks: "最晚在开学后规定的月数内办理注册；届时仍未注册的，起始年级录取通知书失效，义务教育视为学籍中断，普通高中按自动退学处理。",
    reading: "截止日遇休息日顺延到下一个工作日；延期获准也不改变截止日。开学以来一天也没有到校的才按本款处理（义务教育还须督促过，见 A34.1）；来上课而没有注册的，先督促补注册。所在学校没有报送本学期注册的，不下结论。",
    parameters: &["numbers.registration_grace_months", "readings.unregistered_attending"],
    findings: &["F0801", "F0802"],
    reads: &["registrations"],
};
/// A8.4, A46.1
pub static RECORD: Rule = Rule {
    clause: "A8.4",
    title: "新生建籍",
    asks: "起始年级新生注册后取得学籍，学校在开学后规定的月数内建立学籍（A46.1）。",
    reading: "看学籍名册的建籍日期；名册没有这一列的不查，开学以后转入的也不查。",
    parameters: &["numbers.new_record_within_months"],
    findings: &["F0803"],
    reads: &[],
};

static PAST: Sentence = Sentence { code: "A8.3.past", text: "判定日期已过注册截止日" };
static UNREGISTERED: Sentence = Sentence { code: "A8.3.unregistered", text: "本学期没有注册" };
static NEVER_CAME: Sentence = Sentence { code: "A8.3.never_came", text: "开学以来每个上课日都缺课；缺课的上课日" };
static EXTENDED: Sentence = Sentence { code: "A8.3.extended", text: "延期注册已获批准" };
static URGED: Sentence = Sentence { code: "A34.1.urged", text: "开学以来督促过，督促后仍缺课；督促次数" };
static ENTRANT: Sentence = Sentence { code: "A8.3.entrant", text: "本学年入学的起始年级学生，正在第一学期" };

/// Whether the student has registered for the term, as of the day judged.
fn registered(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Condition {
    match watched.registration.map_or(Read::Empty, |registration| registration.registered) {
        Read::Value(_) => Condition::HOLDS,
        Read::Empty => Condition::FAILS,
        Read::Unreadable => hearing.completions.unknown(Fact::Registration),
    }
}

/// Whether an extension was approved, in either table.
fn extended(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Condition {
    let mut extended = Condition::FAILS;
    if let Some(registration) = watched.registration {
        let cell = Cell { table: REGISTRATIONS_TABLE, column: (4, "延期批准日期"), item: "", row: registration.row.0, choice: 0 };
        extended = hearing.dated(registration.extended, cell);
    }
    let applications = hearing.student.applications;
    for application in applications.iter().filter(|application| application.kind == ApplicationKind::RegistrationExtension) {
        let made = hearing.applied_for(application, |year| year == watched.term.school_year);
        if made.fails() {
            continue;
        }
        hearing.read(application.row);
        // Like everything of registration, as on the day judged.
        let is_later = application.school.value().is_some_and(|date| date > watched.school.judged_on);
        let consented = if is_later { Condition::FAILS } else { hearing.school_consented(application) };
        let this = hearing.completions.and(made, consented);
        extended = hearing.completions.or(extended, this);
    }
    extended
}

/// Whether every school day so far was an absence, of which there must be one.
fn never_came(days: &[Day]) -> bool {
    days.iter().all(|day| matches!(day, Day::Away(_) | Day::Suspended)) && days.iter().any(|day| day.is_away())
}

/// A8.3 and A34.1: who has not registered a month into the term.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    let law = hearing.law;
    let deadline = watched.term.deadline;
    late(hearing, watched);
    if !watched.school.has_registrations || watched.school.judged_on <= deadline {
        return;
    }
    let registered = registered(hearing, watched);
    if registered.holds() {
        return;
    }
    let row = watched.registration.map_or(hearing.student.row, |registration| registration.row);
    hearing.read(row);
    let missing = hearing.completions.not(registered);
    hearing.step("A8.3", &PAST, Condition::HOLDS, Amount::Date(watched.school.judged_on), Amount::Date(deadline));
    hearing.step("A8.3", &UNREGISTERED, missing, Amount::None, Amount::None);

    let days = absence::days(law, watched, hearing.student.changes);
    let away = days.iter().filter(|day| day.is_away()).count() as i32;
    let never = if watched.school.has_attendance {
        absence::of_days_in_every_reading(hearing, watched, &days, never_came)
    } else {
        Condition::FAILS
    };
    if watched.school.has_attendance {
        hearing.step("A8.3", &NEVER_CAME, never, Amount::Number(away), Amount::Number(watched.school.days as i32));
    }
    let gone = hearing.completions.and(missing, never);
    let verdict = |outcome, clause| Verdict { outcome, next_grade: None, certificate: None, clause };
    if hearing.stage.is_compulsory() {
        if !gone.fails() {
            absence::read_rows(hearing, watched, 0, |record| record.is_absence());
            let contacts = |days: &[Day]| absence::contacts(watched, days, watched.term.first);
            let urged = absence::urged(hearing, watched, 1, |law, changes| contacts(&absence::days(law, watched, changes)));
            hearing.step("A34.1", &URGED, urged, Amount::Number(contacts(&days) as i32), Amount::Number(1));
            let extended = extended(hearing, watched);
            if !extended.fails() {
                hearing.step("A8.3", &EXTENDED, extended, Amount::None, Amount::None);
            }
            let due = hearing.completions.and_not(urged, extended);
            let interrupted = hearing.completions.and(gone, due);
            for clause in ["A8.3", "A34.1"] {
                hearing.decide(interrupted, verdict(Outcome::Interrupt, clause));
                hearing.decide(gone, verdict(Outcome::Urge, clause));
            }
        }
    } else if !gone.fails() {
        absence::read_rows(hearing, watched, 0, |record| record.is_absence());
        withdraw(hearing, watched, gone);
    }
    let came = hearing.completions.and_not(missing, never);
    match law.policy.readings.unregistered_attending {
        UnregisteredAttending::Urge => hearing.decide(came, verdict(Outcome::Urge, "A8.3")),
        UnregisteredAttending::Letter if hearing.stage.is_compulsory() => hearing.decide(came, verdict(Outcome::Interrupt, "A8.3")),
        UnregisteredAttending::Letter => withdraw(hearing, watched, came),
    }
    if came.holds() && watched.school.has_attendance && days.contains(&Day::Attended) {
        hearing.find("F0801", row, "注册日期", Amount::None, "开学一个月内的注册日期；请督促补办注册");
    }
}

/// A senior student who is not registered, under a condition: an entrant's admission is void, anybody else is withdrawn.
fn withdraw(hearing: &mut Hearing<'_>, watched: &Watched<'_>, condition: Condition) {
    if condition.fails() {
        return;
    }
    let entrant = entrant(hearing, watched);
    hearing.step("A8.3", &ENTRANT, entrant, Amount::None, Amount::None);
    let verdict = |outcome, certificate| Verdict { outcome, next_grade: None, certificate, clause: "A8.3" };
    let void = hearing.completions.and(condition, entrant);
    hearing.decide(void, verdict(Outcome::AdmissionVoid, None));
    let withdrawn = hearing.completions.and_not(condition, entrant);
    for (finished, certificate) in withdrawal_certificates(hearing) {
        let finished = hearing.completions.and(withdrawn, finished);
        hearing.decide(finished, verdict(Outcome::WithdrawAuto, Some(certificate)));
    }
}

/// Whether the student entered the first grade of the stage this school year, and this is the first term.
fn entrant(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Condition {
    if watched.term.number != 1 || hearing.grade != hearing.student.system.first(hearing.stage) {
        return Condition::FAILS;
    }
    match hearing.student.entry {
        Some(month) => Condition::known(month.school_year() == watched.term.school_year),
        None => hearing.completions.unknown(Fact::Entry),
    }
}

/// F0802: registered, but after the deadline.
fn late(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    let deadline = watched.term.deadline;
    if let Some(registration) = watched.registration
        && let Read::Value(date) = registration.registered
        && date > deadline
    {
        hearing.find("F0802", registration.row, "注册日期", Amount::Date(date), "不晚于注册截止日；说明逾期的原因");
    }
}

/// F0803: a new student whose record was not made in time.
pub fn record(hearing: &mut Hearing<'_>, watched: &Watched<'_>) {
    let law = hearing.law;
    let is_first_grade = hearing.grade == hearing.student.system.first(hearing.stage);
    let entered = hearing.student.entry.is_some_and(|month| month.school_year() == watched.term.school_year);
    let begin = law.calendar.year(watched.term.school_year).map(|year| year.first_term.0);
    let (true, true, Some(begin), Some(established)) = (is_first_grade, entered, begin, watched.established) else { return };
    // Who transferred in after the year began is no new student of it.
    let came_later = |change: &Change| change.kind == ChangeKind::TransferIn && change.effective.value().is_some_and(|day| day > begin);
    if hearing.student.changes.iter().any(came_later) {
        return;
    }
    let due = months_after(begin, law.policy.numbers.new_record_within_months);
    let found = match established {
        Read::Value(date) if date > due => Amount::Date(date),
        Read::Empty if law.as_of > due => Amount::None,
        _ => return,
    };
    hearing.find("F0803", hearing.student.row, "建籍日期", found, "开学后一个月内的建籍日期");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::attendance::{DayRecord, Form};
    use crate::regulation::rule::Certificate;
    use crate::regulation::term_end::Bench;
    use crate::testing::{law, pupil, watched};

    #[test]
    fn by_the_letter_who_comes_without_registering_is_interrupted_or_withdrawn() {
        let mut law = law("2025-11-20");
        law.policy.readings.unregistered_attending = UnregisteredAttending::Letter;
        let outcome = |grade| {
            let student = pupil(grade);
            let own = watched(&law, &student, Form::Daily, &[DayRecord::Present; 50]);
            let mut bench = Bench::default();
            bench.watch(&law, &Watched { registration: None, ..own });
            (bench.decision.outcome, bench.decision.certificate)
        };
        assert_eq!(outcome(8), (Some(Outcome::Interrupt), None));
        assert_eq!(outcome(11), (Some(Outcome::WithdrawAuto), Some(Certificate::Studies)));
    }
}
