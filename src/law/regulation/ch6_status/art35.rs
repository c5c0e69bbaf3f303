//! Articles 35 and 38: who has left may come back to an interrupted or ended registration, unless he or she is too old.

use crate::facts::calendar::{day_before, has_age};
use crate::facts::codes::ChangeKind;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A35.1
pub static CONTINUED: Rule = Rule {
    clause: "A35.1",
    title: "学籍续接",
    asks: "未超过规定周岁的学籍中断学生，符合当年度入学和转学条件的，由家长申请，区统筹安排学校并办理续接。",
    reading: "续接生效日以前已过规定年龄的生日，算超过。是否符合入学和转学条件由区判断。",
    parameters: &["numbers.adult_age"],
    findings: &["F3501"],
    reads: &["status_changes"],
};
/// A38
pub static RESTORED: Rule = Rule {
    clause: "A38.1",
    title: "学籍恢复",
    asks: "已退学而未超过规定周岁的学生，由家长申请，经区同意后安排学校并恢复学籍。",
    reading: "年龄的算法同 A35.1。",
    parameters: &["numbers.adult_age"],
    findings: &["F3501"],
    reads: &["status_changes"],
};

/// F3501: a registration that was continued or restored for someone too old.
pub fn audit(hearing: &mut Hearing<'_>) {
    let Some(birth) = hearing.student.birth else { return };
    let age = hearing.law.policy.numbers.adult_age;
    let is_asked = |kind| matches!(kind, ChangeKind::Continuation | ChangeKind::Restoration);
    for change in hearing.student.changes.iter().filter(|change| is_asked(change.kind)) {
        if let Some(effective) = change.effective.value()
            && has_age(birth, age, day_before(effective))
        {
            hearing.find("F3501", change.row, "生效日期", Amount::Date(effective), "未超过规定年龄的学生");
        }
    }
}
