//! Article 45: in each term the school checks the state of its registrations; what the roster says must be what last became of the student.

use chrono::NaiveDate;

use crate::facts::codes::{ChangeKind, Read, Status};
use crate::facts::student::Change;
use crate::regulation::ch6_status::art30;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A45.3
pub static RULE: Rule = Rule {
    clause: "A45.3",
    title: "学籍状态的核对",
    asks: "学校在系统里做好学籍的建立、变动和注销，每学期核对学籍情况。",
    reading: "学籍名册的状态与生效最晚的异动比。休学期满而没有复学的（A32.2）、未经批准的休学、毕业和结业，不算不符；转入别校、由别校转出的不看。",
    parameters: &[],
    findings: &["R0501"],
    reads: &["status_changes"],
};

/// Whether a change says anything of the student's state in the school where he or she is registered.
fn concerns(hearing: &Hearing<'_>, change: &Change) -> bool {
    match (change.kind, change.transfer) {
        (ChangeKind::Skip | ChangeKind::Repeat | ChangeKind::Retention, _) => false,
        (ChangeKind::TransferIn, Some(transfer)) => transfer.is_here(),
        (ChangeKind::TransferOut, Some(transfer)) => match (transfer.from_here, transfer.to_here) {
            (Read::Value(is_own), _) => is_own,
            (_, Read::Value(to_here)) => !to_here,
            // Whose row it is nobody says: that of the school that the student came from, if there is a 转入 near it.
            _ => !has_come_near(hearing, change),
        },
        _ => true,
    }
}

/// Whether a 转入 stands near a 转出, so that they are one transfer.
fn has_come_near(hearing: &Hearing<'_>, out: &Change) -> bool {
    let days = i64::from(hearing.law.policy.numbers.transfer_pair_days);
    let Read::Value(left) = out.effective else { return true };
    let came = hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::TransferIn);
    came.filter_map(|change| change.effective.value()).any(|day| (day - left).num_days().abs() <= days)
}

/// The state that a change leaves a student in; none where that is uncertain.
fn state_after(hearing: &Hearing<'_>, change: &Change) -> Option<Status> {
    let law = hearing.law;
    match change.kind {
        ChangeKind::Suspension | ChangeKind::SuspensionExtended => {
            art30::is_suspended_on(law, hearing.student.changes, law.as_of).then_some(Status::Suspended)
        }
        ChangeKind::Return | ChangeKind::Continuation | ChangeKind::Restoration | ChangeKind::TransferIn => Some(Status::Enrolled),
        ChangeKind::TransferOut => Some(Status::TransferredOut),
        ChangeKind::Interruption => Some(Status::Interrupted),
        ChangeKind::Withdrawal => Some(Status::Withdrawn),
        ChangeKind::Death => Some(Status::Deceased),
        ChangeKind::Skip | ChangeKind::Repeat | ChangeKind::Retention => None,
    }
}

/// Whether a status of the roster may follow from a state that the changes say.
fn fits(own: Status, state: Status) -> bool {
    // Who leaves may have been given a certificate, have been expelled, or have died (A36, A37).
    const LEFT: &[Status] = &[Status::Withdrawn, Status::Incomplete, Status::Expelled, Status::Deceased];
    // Who was at school may have finished it since, which no change of status says.
    const LATER: &[Status] = &[Status::Graduated, Status::Completed, Status::Incomplete, Status::Expelled];
    own == state || LEFT.contains(&own) && LEFT.contains(&state) || state == Status::Enrolled && LATER.contains(&own)
}

/// R0501: a status of the roster that the latest change of status contradicts.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    let Read::Value(own) = student.status else { return };
    // A cell that can't be read may be any.
    let is_suspension = |kind| matches!(kind, ChangeKind::Suspension | ChangeKind::SuspensionExtended);
    let is_unclear = |change: &Change| {
        let (until, district) = (change.until == Read::Unreadable, change.district == Read::Unreadable);
        change.effective == Read::Unreadable || is_suspension(change.kind) && (until || district)
    };
    // A suspension in force goes with the student to another school.
    let is_kept = own == Status::Suspended && art30::is_suspended_on(law, student.changes, law.as_of);
    if is_kept || student.changes.iter().any(is_unclear) {
        return;
    }
    let dated = student.changes.iter().filter(|change| concerns(hearing, change));
    let dated: Vec<(NaiveDate, &Change)> = dated.filter_map(|change| Some((change.effective.value()?, change))).collect();
    let Some(last) = dated.iter().map(|(day, _)| *day).max() else { return };
    // Several changes of one day: one that fits will do, and one that says nothing certain.
    let mut states = dated.iter().filter(|(day, _)| *day == last).map(|(_, change)| state_after(hearing, change)).peekable();
    let Some(&Some(state)) = states.peek() else { return };
    if !states.any(|state| state.is_none_or(|state| fits(own, state))) {
        hearing.find("R0501", student.row, "学籍状态", Amount::Word(own.word()), expected(state));
    }
}

/// The state that a finding's words expect; none where they name none.
pub fn state_expected(words: &str) -> Option<Status> {
    Status::try_from(words.split('（').next()?.to_owned()).ok()
}

/// The words for a state that the changes say.
fn expected(state: Status) -> &'static str {
    match state {
        Status::Enrolled => "在读（据学籍异动）",
        Status::Suspended => "休学（据学籍异动）",
        Status::Interrupted => "中断（据学籍异动）",
        Status::Withdrawn => "退学（据学籍异动）",
        Status::TransferredOut => "转出（据学籍异动）",
        Status::Deceased => "死亡（据学籍异动）",
        _ => "与学籍异动相符的状态",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::{Origin, Transfer};
    use crate::testing::{change, heard, law, pupil};

    #[test]
    fn what_is_expected_names_the_state_itself() {
        // Whatever reads a finding again reads the state from these words.
        let told = [Status::Enrolled, Status::Suspended, Status::Interrupted, Status::Withdrawn, Status::TransferredOut, Status::Deceased];
        for state in told {
            assert_eq!(state_expected(expected(state)), Some(state));
        }
        assert_eq!(state_expected(expected(Status::Graduated)), None);
    }

    #[test]
    fn a_transfer_out_concerns_the_school_that_the_student_left() {
        let law = law("2026-07-05");
        let asked = |from_here, to_here| {
            let transfer = Transfer {
                origin: Origin::City,
                from_here,
                to_here,
                grade: Read::Empty,
                entitled: Read::Empty,
                score: Read::Empty,
                line: Read::Empty,
            };
            let out = Change { transfer: Some(transfer), ..change(ChangeKind::TransferOut, "2026-03-02") };
            heard(&law, &pupil(8), |hearing| concerns(hearing, &out)).0
        };
        assert!(asked(Read::Value(true), Read::Empty) && asked(Read::Value(true), Read::Value(true)));
        assert!(!asked(Read::Value(false), Read::Empty) && !asked(Read::Value(false), Read::Value(false)));
    }
}
