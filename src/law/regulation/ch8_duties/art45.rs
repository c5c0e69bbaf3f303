//! Article 45: in each term the school checks the state of its registrations; what the roster says must be what last became of the student.

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

/// The state that a change leaves a student in; none where it says nothing certain of the school where the student is registered.
fn state_after(hearing: &Hearing<'_>, change: &Change) -> Option<Status> {
    let law = hearing.law;
    match change.kind {
        ChangeKind::Suspension | ChangeKind::SuspensionExtended => {
            art30::is_suspended_on(law, hearing.student.changes, law.as_of).then_some(Status::Suspended)
        }
        ChangeKind::Return | ChangeKind::Continuation | ChangeKind::Restoration => Some(Status::Enrolled),
        ChangeKind::TransferIn => change.transfer.is_some_and(|transfer| transfer.is_here()).then_some(Status::Enrolled),
        // A row of the school that the student came from.
        ChangeKind::TransferOut => change.transfer.is_none_or(|own| own.to_here != Read::Value(true)).then_some(Status::TransferredOut),
        ChangeKind::Interruption => Some(Status::Interrupted),
        ChangeKind::Withdrawal => Some(Status::Withdrawn),
        ChangeKind::Death => Some(Status::Deceased),
        ChangeKind::Skip | ChangeKind::Repeat | ChangeKind::Retention => None,
    }
}

/// R0501: a status of the roster that the latest change of status contradicts.
pub fn audit(hearing: &mut Hearing<'_>) {
    let student = hearing.student;
    let Read::Value(own) = student.status else { return };
    // A cell that can't be read may be any.
    if student.changes.iter().any(|change| change.effective == Read::Unreadable) {
        return;
    }
    let says = |change: &&Change| !matches!(change.kind, ChangeKind::Skip | ChangeKind::Repeat | ChangeKind::Retention);
    let dated = student.changes.iter().filter(says).filter_map(|change| Some((change.effective.value()?, change)));
    let Some(last) = dated.clone().map(|(day, _)| day).max() else { return };
    let is_left = |state: Status| {
        // Who was at school may have graduated since, which no change of status says.
        matches!(own, Status::Graduated | Status::Completed | Status::Incomplete | Status::Expelled) && state == Status::Enrolled
    };
    // Several changes of one day: one that fits will do.
    let states: Vec<Status> = dated.filter(|(day, _)| *day == last).filter_map(|(_, change)| state_after(hearing, change)).collect();
    let Some(state) = states.first().copied().filter(|_| !states.iter().any(|state| *state == own || is_left(*state))) else { return };
    hearing.find("R0501", student.row, "学籍状态", Amount::Word(own.word()), expected(state));
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
