//! Article 36: on which grounds a student may withdraw.

use chrono::NaiveDate;

use super::{absence, art30};
use crate::facts::calendar::{day_before, has_age, months_after, years_after};
use crate::facts::codes::{ChangeKind, ChangeReason, Read};
use crate::facts::student::{Change, Nationality};
use crate::regulation::ch5_completion::art26;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A36
pub static RULE: Rule = Rule {
    clause: "A36",
    title: "申请退学",
    asks: "出国出境就读或定居、义务教育满规定年数而因伤病不能坚持、普通高中因伤病等不能坚持、境外学生，经学校同意并报区可以退学。",
    reading: "看退学记录的原因；外籍学生算境外学生。义务教育中因伤病退学须满规定学年数；多年不在校又成年的自动退学（A37.1）不在此列。护照、录取通知由学校查验。",
    parameters: &["numbers.incomplete_after_school_years", "numbers.withdraw_after_years", "numbers.adult_age"],
    findings: &["F3601"],
    reads: &["status_changes"],
};
/// A36.2, A36.3
pub static ILLNESS: Rule = Rule {
    clause: "A36.2",
    title: "因伤病退学的证明",
    asks: "因伤病退学须提供规定月数内本市三级医疗机构的证明（高中同 A36.3）。",
    reading: "证明日期到申请日期（没有写的到生效日期）不超过规定月数。",
    parameters: &["numbers.medical_certificate_months"],
    findings: &["F3602"],
    reads: &["status_changes"],
};

/// F3601 and F3602: withdrawals on no ground, or for illness without the certificate.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    for change in student.changes.iter().filter(|change| change.kind == ChangeKind::Withdrawal) {
        let Some(effective) = change.effective.value() else { continue };
        let Some(reason) = reason(change) else { continue };
        let stage = change.grade.value().map_or(hearing.stage, |grade| student.system.stage(grade));
        let is_ill = reason == Some(ChangeReason::Illness);
        if stage.is_compulsory() && !is_automatic(hearing, effective) {
            let has_ground = match reason {
                Some(ChangeReason::Abroad | ChangeReason::Settlement | ChangeReason::ForeignStudent) => true,
                _ if student.nationality != Nationality::Chinese => true,
                Some(ChangeReason::Illness) => {
                    let year = law.calendar.school_year_of(effective);
                    !art26::nine_school_years_by(hearing, year).fails()
                }
                _ => false,
            };
            if !has_ground {
                let found = reason.map_or(Amount::None, |reason| Amount::Word(reason.word()));
                hearing.find("F3601", change.row, "原因", found, "出国出境、定居、境外学生，或满规定学年数而因伤病");
                continue;
            }
        }
        if is_ill {
            uncertified(hearing, change, effective, law.policy.numbers.medical_certificate_months.withdrawal);
        }
    }
}

/// The reason of a change: none where the cell is empty, nothing at all where it can't be read.
fn reason(change: &Change) -> Option<Option<ChangeReason>> {
    match change.reason {
        Read::Value(reason) => Some(Some(reason)),
        Read::Empty => Some(None),
        Read::Unreadable => None,
    }
}

/// Whether a withdrawal may be one of A37.1: away for years before it, and of age.
fn is_automatic(hearing: &mut Hearing<'_>, effective: NaiveDate) -> bool {
    let numbers = &hearing.law.policy.numbers;
    let (years, age) = (numbers.withdraw_after_years, numbers.adult_age);
    let is_adult = hearing.student.birth.is_none_or(|birth| has_age(birth, age, day_before(effective)));
    let away = absence::in_every_reading(hearing, |law, changes| {
        let interrupted =
            changes.iter().filter(|change| change.kind == ChangeKind::Interruption).filter_map(|change| change.effective.value());
        let ended = art30::suspended(law, changes).filter(|own| !own.is_returned).filter_map(|own| own.until);
        interrupted.chain(ended).any(|day| years_after(day, years) <= effective)
    });
    is_adult && !away.fails()
}

/// F3602: a withdrawal for illness without a certificate that is new enough.
fn uncertified(hearing: &mut Hearing<'_>, change: &Change, effective: NaiveDate, months: u32) {
    if change.proof.unreadable {
        return;
    }
    if !change.proof.hospital {
        hearing.find("F3602", change.row, "证明材料", Amount::None, "近期的三级医疗机构证明");
        return;
    }
    let asked = match change.applied {
        Read::Value(applied) => applied,
        Read::Empty => effective,
        Read::Unreadable => return,
    };
    match change.certified {
        Read::Value(certified) if certified > asked || months_after(certified, months) < asked => {
            hearing.find("F3602", change.row, "证明日期", Amount::Date(certified), "申请之前规定月数以内的证明");
        }
        Read::Empty => hearing.find("F3602", change.row, "证明日期", Amount::None, "申请之前规定月数以内的证明"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::Student;
    use crate::testing::{change, date, heard, law, on, pupil, told};

    #[test]
    fn who_came_back_from_a_suspension_was_not_away_for_years() {
        let law = law("2026-07-05");
        let suspended = Change { until: on("2022-08-31"), district: on("2021-09-01"), ..change(ChangeKind::Suspension, "2021-09-01") };
        let left = change(ChangeKind::Withdrawal, "2026-03-02");
        let found = |changes: &[Change], birth| told(&heard(&law, &Student { changes, birth: Some(date(birth)), ..pupil(8) }, audit).1);
        // Away for more than three years, and of age: A37.1, which asks for no reason.
        assert_eq!(found(&[suspended, left], "2007-01-01"), []);
        assert_eq!(found(&[suspended, left], "2010-01-01"), [("F3601", "原因")]);
        assert_eq!(found(&[suspended, change(ChangeKind::Return, "2022-09-01"), left], "2007-01-01"), [("F3601", "原因")]);
        assert_eq!(found(&[left], "2007-01-01"), [("F3601", "原因")]);
    }
}
