//! Article 15: when a transfer may be made.

use chrono::{Days, NaiveDate};

use super::{TransferIn, transfers_in};
use crate::facts::calendar::Span;
use crate::facts::codes::{ChangeReason, Read};
use crate::facts::student::Measure;
use crate::regulation::ch7_conduct::art41;
use crate::regulation::rule::{Amount, Hearing, Law, Rule};

/// A15.1
pub static WINDOW: Rule = Rule {
    clause: "A15.1",
    title: "转学的时限",
    asks: "转学在学期开学和结束前后办理，一般不晚于开学后规定的天数；义务教育因动迁等不可抗拒的原因，学期中途也可以（A15.3）。",
    reading: "看转入的生效日期。假期里的，以及学期最后规定的天数以内的，都在时限之内。",
    parameters: &["numbers.transfer_window_days", "transfers.force_majeure"],
    findings: &["F1501"],
    reads: &["status_changes"],
};
/// A15.2
pub static BARRED: Rule = Rule {
    clause: "A15.2",
    title: "不予转入的情形",
    asks: "起始年级第一学期、毕业年级第二学期不予转入；受处分期间不转学。",
    reading: "假期里转入的，看接下来的学期。处分在转入那天生效而没有撤销的算受处分期间。",
    parameters: &[],
    findings: &["F1502", "F1503"],
    reads: &["status_changes", "discipline"],
};

/// F1501, F1502 and F1503: transfers at a time when there are none.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    for own in transfers_in(student) {
        let TransferIn { change, effective, .. } = own;
        let Some(term) = own.term(law) else { continue };
        let grade = own.grade(hearing);
        let date = Amount::Date(effective);
        let is_compulsory = grade.is_some_and(|grade| student.system.stage(grade).is_compulsory());
        let is_forced = |reason: ChangeReason| law.policy.transfers.force_majeure.contains(&reason);
        let excused = change.reason == Read::Unreadable || is_compulsory && change.reason.value().is_some_and(is_forced);
        if !excused && !is_in_time(law, term, effective) {
            hearing.find("F1501", change.row, "生效日期", date, "开学后规定的天数以内，或学期结束前后");
        }
        if let Some(grade) = grade {
            let stage = student.system.stage(grade);
            let is_barred = match term.number {
                1 => student.system.first(stage) == grade,
                _ => student.system.last(stage) == grade,
            };
            if is_barred {
                hearing.find("F1502", change.row, "生效日期", date, "不在起始年级第一学期、毕业年级第二学期");
            }
        }
        let stands = |measure: &&Measure| measure.revoked == Read::Empty && art41::is_adopted_on(measure, effective);
        if student.measures.iter().any(|measure| stands(&measure)) {
            hearing.find("F1503", change.row, "生效日期", date, "不在受处分期间");
        }
    }
}

/// Whether a day lies at the beginning or the end of a term, or before it.
fn is_in_time(law: &Law, term: Span, day: NaiveDate) -> bool {
    let days = Days::new(u64::from(law.policy.numbers.transfer_window_days));
    let last_of_beginning = term.first.checked_add_days(days);
    let first_of_end = term.last.checked_sub_days(days);
    last_of_beginning.is_none_or(|last| day <= last) || first_of_end.is_some_and(|first| day > first)
}
