//! Article 16: within the city, a student is transferred into the grade that he or she was in.

use super::transfers_in;
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::grades::Grade;
use crate::facts::student::Origin;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A16.3
pub static RULE: Rule = Rule {
    clause: "A16.3",
    title: "编入原年级",
    asks: "转入学生编入原就读年级；从外省市转入的，学校可以按实际程度编班。",
    reading: "原年级看转入记录的年级，没有写的看同一天前后转出记录的年级；暑假里转学的，升一级也算原年级。",
    parameters: &[],
    findings: &["F1601"],
    reads: &["status_changes"],
};

/// The grade of the 转出 that goes with a 转入 of that day.
fn former_grade(hearing: &Hearing<'_>, effective: chrono::NaiveDate) -> Option<Grade> {
    let days = i64::from(hearing.law.policy.numbers.transfer_pair_days);
    let out = hearing.student.changes.iter().filter(|change| change.kind == ChangeKind::TransferOut);
    let mut near = out.filter(|change| change.effective.value().is_some_and(|day| (effective - day).num_days().abs() <= days));
    near.find_map(|change| change.grade.value())
}

/// F1601: transferred within the city into another grade.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    for own in transfers_in(student).filter(|own| own.transfer.origin == Origin::City) {
        let former = match own.change.grade {
            Read::Value(grade) => Some(grade),
            Read::Empty => former_grade(hearing, own.effective),
            Read::Unreadable => None,
        };
        let (Some(former), Some(into)) = (former, own.transfer.grade.value()) else { continue };
        // Between two school years everybody moves up.
        let moves_up = own.term(law).is_some_and(|term| term.number == 1 && own.effective < term.first);
        if into != former && !(moves_up && former.later(1) == Some(into)) {
            hearing.find("F1601", own.change.row, "转入年级", Amount::Word(into.title()), "与原就读年级相同");
        }
    }
}
