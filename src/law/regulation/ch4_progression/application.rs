//! What articles 21, 22, 23 and 26 ask of an application: its school year, its window, its approvals.

use crate::facts::calendar::SchoolYear;
use crate::facts::codes::Read;
use crate::facts::student::Application;
use crate::regulation::policy::EarlyApplication;
use crate::regulation::rule::{APPLICATIONS_TABLE, Hearing};
use crate::regulation::verdict::{Cell, Condition, Fact};

/// A column of 申请 that a rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Column {
    SchoolYear,
    Subject,
    Applied,
    School,
    Published,
    Publicity,
    District,
    Certificate,
}

impl Column {
    /// Its place in the contract and its header.
    pub fn place(self) -> (u8, &'static str) {
        match self {
            Column::SchoolYear => (2, "学年"),
            Column::Subject => (3, "科目"),
            Column::Applied => (4, "申请日期"),
            Column::School => (5, "学校同意日期"),
            Column::Published => (6, "公示日期"),
            Column::Publicity => (7, "公示结果"),
            Column::District => (8, "区备案日期"),
            Column::Certificate => (9, "证明日期"),
        }
    }
}

/// The name of a cell of an application that can't be read.
pub fn cell(application: &Application, column: Column) -> Cell {
    Cell { table: APPLICATIONS_TABLE, column: column.place(), item: application.kind.word(), row: application.row.0, choice: 0 }
}

impl Hearing<'_> {
    /// Whether an application was made, for the school year in question. With 学年 empty: the school year of 申请日期.
    pub fn applied_for(&mut self, application: &Application, asked: impl Fn(SchoolYear) -> bool) -> Condition {
        let made = self.dated(application.applied, cell(application, Column::Applied));
        let year = match (application.school_year, application.applied) {
            (Read::Value(year), _) => Condition::known(asked(year)),
            (Read::Unreadable, _) => self.completions.unknown(Fact::Cell(cell(application, Column::SchoolYear))),
            (Read::Empty, Read::Value(date)) => Condition::known(asked(self.law.calendar.school_year_of(date))),
            (Read::Empty, Read::Unreadable) => self.completions.unknown(Fact::Cell(cell(application, Column::Applied))),
            (Read::Empty, Read::Empty) => Condition::FAILS,
        };
        let made = self.completions.and(made, year);
        if !application.is_unclear || made.fails() {
            return made;
        }
        let kind = Cell { item: "", column: (1, "申请事项"), ..cell(application, Column::Applied) };
        let is_it = self.holds_word(kind, application.kind as u16);
        self.completions.and(made, is_it)
    }

    /// Whether an application made is in time for the window before the school year's end (A21.2, A22.1), and whether it is in the window.
    pub fn in_time(&mut self, application: &Application) -> (Condition, Condition) {
        let (first, last) = self.law.window;
        match application.applied {
            Read::Value(date) => {
                let early = date < first && self.law.policy.readings.early_application == EarlyApplication::SetAside;
                (Condition::known(date <= last && !early), Condition::known((first..=last).contains(&date)))
            }
            Read::Empty => (Condition::FAILS, Condition::FAILS),
            Read::Unreadable => {
                let unknown = self.completions.unknown(Fact::Cell(cell(application, Column::Applied)));
                (unknown, unknown)
            }
        }
    }

    /// Whether the school consented.
    pub fn school_consented(&mut self, application: &Application) -> Condition {
        self.dated(application.school, cell(application, Column::School))
    }

    /// Whether it was reported to the district.
    pub fn district_filed(&mut self, application: &Application) -> Condition {
        self.dated(application.district, cell(application, Column::District))
    }
}
