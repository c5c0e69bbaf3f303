//! What is known of a student's attendance in a term, as the rules of the watch read it (rules, section 6).

use chrono::NaiveDate;

use super::calendar::Term;
use super::codes::{AttendanceKind, AttendanceMode, Read};
use super::student::{Row, Student};

/// What is on record for one student and school day. The order is that of kindness: of several records of a day the last counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DayRecord {
    /// Nothing.
    #[default]
    None,
    /// 旷课
    Truancy,
    /// 事假
    Personal,
    /// 停课
    Stopped,
    /// 病假
    Sick,
    /// A record that can't be read: it may be attendance, so it is no absence (P3).
    Unreadable,
    /// 早退
    LeftEarly,
    /// 迟到
    Late,
    /// 出勤
    Present,
}

impl DayRecord {
    /// All records, each at the place of its code.
    pub const ALL: [DayRecord; 9] = [
        DayRecord::None,
        DayRecord::Truancy,
        DayRecord::Personal,
        DayRecord::Stopped,
        DayRecord::Sick,
        DayRecord::Unreadable,
        DayRecord::LeftEarly,
        DayRecord::Late,
        DayRecord::Present,
    ];

    /// The record of a code; an unknown code is nothing.
    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or_default()
    }

    /// The record of a cell of 考勤. An empty cell says nothing that could be read.
    pub fn of(kind: Read<AttendanceKind>) -> Self {
        match kind {
            Read::Value(AttendanceKind::Present) => DayRecord::Present,
            Read::Value(AttendanceKind::Late) => DayRecord::Late,
            Read::Value(AttendanceKind::LeftEarly) => DayRecord::LeftEarly,
            Read::Value(AttendanceKind::Sick) => DayRecord::Sick,
            Read::Value(AttendanceKind::Personal) => DayRecord::Personal,
            Read::Value(AttendanceKind::Truancy) => DayRecord::Truancy,
            Read::Value(AttendanceKind::Stopped) => DayRecord::Stopped,
            Read::Empty | Read::Unreadable => DayRecord::Unreadable,
        }
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            DayRecord::None => "",
            DayRecord::Truancy => "旷课",
            DayRecord::Personal => "事假",
            DayRecord::Stopped => "停课",
            DayRecord::Sick => "病假",
            DayRecord::Unreadable => "读不出",
            DayRecord::LeftEarly => "早退",
            DayRecord::Late => "迟到",
            DayRecord::Present => "出勤",
        }
    }

    /// Whether it is an absence.
    pub fn is_absence(self) -> bool {
        matches!(self, DayRecord::Truancy | DayRecord::Personal | DayRecord::Stopped | DayRecord::Sick)
    }

    /// Whether it is attendance; 迟到, 早退 and half days are.
    pub fn is_attendance(self) -> bool {
        self >= DayRecord::LeftEarly
    }
}

/// The form of attendance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A row only where something is other than 出勤.
    #[default]
    Exceptions,
    /// A row a student and school day.
    Daily,
}

/// A row of 考勤 that says something other than 出勤, or stands beside another of the same day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttendanceRow {
    /// The first and last of the term's school days that it covers, by place, up to the day judged.
    pub first: u16,
    /// The last.
    pub last: u16,
    /// What it says.
    pub record: DayRecord,
    /// Whether 告知家长日期 is there.
    pub told: bool,
    /// Where it stands.
    pub row: Row,
}

/// 学期注册 of the term that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// 注册日期
    pub registered: Read<NaiveDate>,
    /// 延期批准日期
    pub extended: Read<NaiveDate>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 督促记录.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Urging {
    /// 督促日期
    pub date: Read<NaiveDate>,
    /// Where it stands.
    pub row: Row,
}

/// What a school has handed in for the term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchoolReport {
    /// The day on which its students are judged.
    pub judged_on: NaiveDate,
    /// How many of the term's school days have come by then.
    pub days: usize,
    /// Whether it has handed in attendance for the term.
    pub has_attendance: bool,
    /// Whether any of its students has a row of 学期注册 for the term.
    pub has_registrations: bool,
}

/// A student in term.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// Who.
    pub student: &'a Student<'a>,
    /// 就读方式
    pub mode: Read<AttendanceMode>,
    /// 建籍日期, where the roster has the column.
    pub established: Option<Read<NaiveDate>>,
    /// The term that is judged.
    pub term: &'a Term,
    /// The school.
    pub school: SchoolReport,
    /// The form of attendance.
    pub form: Form,
    /// The record of each school day up to the day judged.
    pub days: &'a [DayRecord],
    /// The rows behind them that say more than 出勤, in order of days.
    pub rows: &'a [AttendanceRow],
    /// The registration.
    pub registration: Option<Registration>,
    /// The urgings up to the day judged, in order of date, unreadable dates first.
    pub urgings: &'a [Urging],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinder_record_is_the_greater() {
        let of = |kind| DayRecord::of(Read::Value(kind));
        let kindest_first = [
            of(AttendanceKind::Present),
            of(AttendanceKind::Late),
            of(AttendanceKind::LeftEarly),
            DayRecord::of(Read::Unreadable),
            of(AttendanceKind::Sick),
            of(AttendanceKind::Stopped),
            of(AttendanceKind::Personal),
            of(AttendanceKind::Truancy),
            DayRecord::None,
        ];
        assert!(kindest_first.is_sorted_by(|one, other| one > other));
        for (code, record) in DayRecord::ALL.into_iter().enumerate() {
            assert_eq!((DayRecord::from_code(code as u8), record as usize), (record, code));
            let says_nothing = matches!(record, DayRecord::None | DayRecord::Unreadable);
            assert!(record.is_absence() ^ record.is_attendance() ^ says_nothing, "{record:?}");
        }
    }
}
