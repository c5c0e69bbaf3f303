//! Article 18: a school takes nobody in beyond the size of its classes, unless the district consents.

use chrono::NaiveDate;

use super::{TransferIn, transfers_in};
use crate::facts::audit::Audited;
use crate::facts::codes::Read;
use crate::facts::student::Student;
use crate::regulation::rule::{Amount, Hearing, Law, Rule};

/// A18.2
pub static RULE: Rule = Rule {
    clause: "A18.2",
    title: "超班额转入",
    asks: "学校核对转学材料，不收不符合条件或没有办手续的学生；原则上不超班额接收，确有特殊情况须经区同意。",
    reading: "只看本学年转入本校的：按生效日期倒数，人数超出班额几名，最后转入的几名就须有区批准日期。",
    parameters: &["numbers.class_size"],
    findings: &["F1801"],
    reads: &["status_changes", "schools"],
};

/// The latest transfer into the student's school of the school year that is judged.
fn latest<'c>(law: &Law, student: &Student<'c>) -> Option<TransferIn<'c>> {
    let here = transfers_in(student).filter(|own| own.transfer.is_here());
    let of_year = here.filter(|own| own.term(law).is_some_and(|term| term.school_year == law.school_year));
    of_year.max_by_key(|own| own.effective)
}

/// The day on which the student came into the school by a transfer of this school year.
pub fn came_on(law: &Law, student: &Student<'_>) -> Option<NaiveDate> {
    latest(law, student).map(|own| own.effective)
}

/// F1801: a transfer that took the class beyond its size without the district's consent.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    let Some(own) = latest(hearing.law, hearing.student).filter(|_| audited.takes_over) else { return };
    if own.change.district == Read::Empty {
        hearing.find("F1801", own.change.row, "区批准日期", Amount::None, "区同意超班额接收的日期");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::codes::{ChangeKind, ChangeReason};
    use crate::facts::grades::Grade;
    use crate::facts::student::{Change, Origin, Transfer};
    use crate::regulation::ch3_transfer::art13;
    use crate::testing::{change, date, heard, law, pupil};

    fn transfer(effective: &str, to_here: Read<bool>, grade: Read<Grade>) -> Change {
        let (entitled, score, line) = (Read::Empty, Read::Value(580_500), Read::Value(600_000));
        let transfer = Transfer { origin: Origin::City, from_here: Read::Empty, to_here, grade, entitled, score, line };
        Change { transfer: Some(transfer), reason: Read::Value(ChangeReason::Relocation), ..change(ChangeKind::TransferIn, effective) }
    }

    #[test]
    fn who_came_this_year_came_into_the_grade_of_now() {
        let law = law("2026-07-05");
        let (here, elsewhere) = (Read::Value(true), Read::Value(false));
        let grade = |own: Change| {
            let student = Student { changes: &[own], ..pupil(11) };
            let came = came_on(&law, &student);
            (came, heard(&law, &student, |hearing| transfers_in(hearing.student).next().and_then(|own| own.grade(hearing))).0)
        };
        assert_eq!(grade(transfer("2026-02-25", here, Read::Empty)), (Some(date("2026-02-25")), Grade::new(11)));
        assert_eq!(grade(transfer("2025-02-20", here, Read::Empty)), (None, None));
        assert_eq!(grade(transfer("2026-02-25", elsewhere, Read::Empty)), (None, None));
        let written = Read::Value(Grade::new(10).expect("a grade"));
        assert_eq!(grade(transfer("2025-02-20", here, written)), (None, Grade::new(10)));
    }

    #[test]
    fn a_score_below_the_line_is_told_in_whole_marks() {
        let own = [transfer("2026-02-25", Read::Value(true), Read::Empty)];
        let record = heard(&law("2026-07-05"), &Student { changes: &own, ..pupil(11) }, art13::audit).1;
        let found: Vec<_> = record.findings.iter().map(|own| (own.code, own.column, own.found)).collect();
        assert_eq!(found, [("F1301", "中考分数", Amount::Number(580))]);
    }
}
