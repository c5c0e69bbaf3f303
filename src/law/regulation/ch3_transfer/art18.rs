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
