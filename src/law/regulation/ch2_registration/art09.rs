//! Article 9: the national number, one a person and for life, and the Shanghai number. That two students share one is found between
//! students, outside this crate.

use chrono::NaiveDate;

use crate::facts::audit::Audited;
use crate::facts::calendar::{Calendar, Month};
use crate::facts::codes::Read;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A9.1
pub static NATIONAL: Rule = Rule {
    clause: "A9.1",
    title: "全国学籍号",
    asks: "全国学籍号由国家下发，一人一号，终身不变。",
    reading: "入学后的下一个学期开始时还没有号的提示。一个证件号码有两个全国学籍号的，两校核对。",
    parameters: &[],
    findings: &["F0901", "R0102"],
    reads: &[],
};
/// A9.2
pub static SHANGHAI: Rule = Rule {
    clause: "A9.2",
    title: "上海市学籍号",
    asks: "学校按编码规则为起始年级学生和转入学生编制上海市学籍号。",
    reading: "只看在籍学生之间有无重号；号码的格式见 I0209。",
    parameters: &[],
    findings: &["F0902"],
    reads: &[],
};

/// The first day of the term after the one that a month of entry lies in.
fn next_term(calendar: &Calendar, entered: Month) -> Option<NaiveDate> {
    let own = calendar.term_from(entered.first_day()?)?;
    calendar.spans().find(|span| span.first > own.last).map(|span| span.first)
}

/// F0901: no national number a term after entry.
pub fn audit(hearing: &mut Hearing<'_>, audited: &Audited<'_>) {
    let (law, student) = (hearing.law, hearing.student);
    let (Read::Empty, Some(entered)) = (audited.national_id, student.entry) else { return };
    let is_older = law.calendar.years().next().is_some_and(|first| entered.school_year() < first);
    if is_older || next_term(&law.calendar, entered).is_some_and(|day| day <= law.as_of) {
        hearing.find("F0901", student.row, "全国学籍号", Amount::None, "全国学籍号");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::attendance::{DayRecord, Form};
    use crate::facts::student::Student;
    use crate::testing::{heard, law_of, pupil, told, watched};

    #[test]
    fn no_number_is_asked_for_in_the_term_of_entry() {
        let first = |as_of| {
            let law = law_of(as_of, 2025..=2025);
            let student = Student { entry: Some(Month::new(2025, 9)), ..pupil(1) };
            let watched = watched(&law, &student, Form::Daily, &[DayRecord::Present]);
            let audited = Audited {
                watched: &watched,
                national_id: Read::Empty,
                shanghai_stage: None,
                years: Read::Empty,
                checked: None,
                school: None,
                is_unlisted: false,
                takes_over: false,
                archives: &[],
                has_archives: false,
            };
            told(&heard(&law, &student, |hearing| audit(hearing, &audited)).1)
        };
        assert_eq!(first("2025-11-20"), []);
        assert_eq!(first("2026-04-02"), [("F0901", "全国学籍号")]);
    }
}
