//! Article 46: until when changes have to be entered.

use chrono::NaiveDate;

use crate::facts::calendar::{Calendar, months_after};
use crate::facts::codes::Read;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A46.2
pub static RULE: Rule = Rule {
    clause: "A46.2",
    title: "异动操作的时限",
    asks: "每学期开学后规定的月数内，学校和区在系统中完成各年级的学籍变动操作。",
    reading: "异动生效以后最近的一个期限（某学期开学满规定月数）之前须办结。没有写办结日期的不查。",
    parameters: &["numbers.new_record_within_months"],
    findings: &["F4601"],
    reads: &["status_changes"],
};

/// The first day on or after a change on which it must have been entered.
fn due(calendar: &Calendar, effective: NaiveDate, months: u32) -> Option<NaiveDate> {
    let due = calendar.spans().map(|span| months_after(span.first, months)).find(|due| *due >= effective);
    due.filter(|_| calendar.covers(effective))
}

/// F4601: a change that was entered too late.
pub fn audit(hearing: &mut Hearing<'_>) {
    let law = hearing.law;
    for change in hearing.student.changes {
        let (Read::Value(effective), Read::Value(completed)) = (change.effective, change.completed) else { continue };
        if due(&law.calendar, effective, law.policy.numbers.new_record_within_months).is_some_and(|due| completed > due) {
            hearing.find("F4601", change.row, "办结日期", Amount::Date(completed), "开学后规定月数以内办结");
        }
    }
}
