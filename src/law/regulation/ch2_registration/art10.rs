//! Article 10, with A45.3: the school checks each record, once a school year and in each term.

use chrono::NaiveDate;

use crate::facts::audit::Audited;
use crate::facts::calendar::months_after;
use crate::facts::codes::Read;
use crate::regulation::policy::RecordCheck;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A10.2, A45.3
pub static RULE: Rule = Rule {
    clause: "A10.2",
    title: "信息核对",
    asks: "学生信息有变化的及时更正，学校每学年核对一次；每学期核对学籍情况和基本信息（A45.3）。",
    reading: "看学籍名册的信息核对日期，名册没有这一列的不查。开学满一个月以后要有本学期的核对；此前有本学年或开学前一学期的核对就行。",
    parameters: &["numbers.new_record_within_months", "readings.record_check"],
    findings: &["F1001"],
    reads: &[],
};

/// F1001: a record that was not checked.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    let Some(checked) = audited.checked else { return };
    let found = match checked {
        Read::Value(date) if date < since(hearing, audited) => Amount::Date(date),
        Read::Empty => Amount::None,
        _ => return,
    };
    hearing.find("F1001", hearing.student.row, "信息核对日期", found, "本学期的核对日期");
}

/// The first day on which a check would do.
fn since(hearing: &Hearing<'_>, audited: &Audited<'_>) -> NaiveDate {
    let (law, term) = (hearing.law, audited.watched.term);
    if law.policy.readings.record_check == RecordCheck::SchoolYear {
        return law.calendar.year(term.school_year).map_or(term.first, |year| year.first_term.0);
    }
    if law.as_of > months_after(term.first, law.policy.numbers.new_record_within_months) {
        return term.first;
    }
    let before = law.calendar.spans().filter(|span| span.first < term.first).last();
    before.map_or(term.first, |span| span.first)
}
