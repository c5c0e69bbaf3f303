//! Article 5: at what age children enter primary and junior school.

use crate::facts::calendar::{Month, has_age};
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::grades::Stage;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A5",
    title: "就学年龄",
    asks: "年满规定周岁入小学；入初中的是修完小学的学生，或达到小学学力的未满规定年龄者。",
    reading: "入小学的年龄看入学那年的规定日期。小学入学年月到初中入学年月满小学的年数（跳过级的扣去）算修完小学；入学年月的第一天看年龄。",
    parameters: &["numbers.entry_age", "numbers.adult_age"],
    findings: &["F0501", "F0502"],
    reads: &[],
};

/// F0501 and F0502: entered primary school too early, or junior school too late.
pub fn audit(hearing: &mut Hearing<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    let (Some(birth), numbers) = (student.birth, &law.policy.numbers) else { return };
    let primary = student.primary_entry.or(student.entry.filter(|_| hearing.stage == Stage::Primary));
    if let Some(month) = primary
        && let Some(day) = numbers.entry_age.day_in(month.school_year().0)
        && !has_age(birth, numbers.entry_age.years, day)
    {
        let column = if student.primary_entry.is_some() { "小学入学年月" } else { "入学年月" };
        hearing.find("F0501", student.row, column, Amount::Birth(birth), "规定日期已满入小学的年龄");
    }
    if let (Stage::Junior, Some(entered)) = (hearing.stage, student.entry)
        && let Some(day) = entered.first_day()
        && has_age(birth, numbers.adult_age, day)
        && !completed_primary(hearing, entered)
    {
        hearing.find("F0502", student.row, "入学年月", Amount::Birth(birth), "修完小学，或未满规定年龄");
    }
}

/// Whether the years from primary to junior entry are those of primary school, less those that were skipped.
fn completed_primary(hearing: &Hearing<'_>, junior: Month) -> bool {
    let student = hearing.student;
    let Some(primary) = student.primary_entry else { return false };
    let length = i32::from(student.system.last(Stage::Primary).number());
    let skipped = student.changes.iter().filter(|change| change.kind == ChangeKind::Skip && change.effective != Read::Empty);
    junior.school_year().0 - primary.school_year().0 + skipped.count() as i32 >= length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::{Change, Student};
    use crate::testing::{change, heard, law, pupil};

    #[test]
    fn years_skipped_count_as_completed_and_no_other_change_does() {
        let law = law("2026-07-05");
        let completed = |changes: &[Change]| {
            let student = Student { changes, primary_entry: Some(Month::new(2021, 9)), ..pupil(6) };
            heard(&law, &student, |hearing| completed_primary(hearing, Month::new(2025, 9))).0
        };
        let skipped = change(ChangeKind::Skip, "2023-09-01");
        assert!(completed(&[skipped]));
        assert!(!completed(&[]) && !completed(&[Change { effective: Read::Empty, ..skipped }]));
        assert!(!completed(&[change(ChangeKind::Return, "2023-09-01")]));
    }
}
