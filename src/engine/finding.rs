//! A finding as the engine raises it: what it is about and where it stands, before anything is put into words.

use law::facts::student::Row;
use law::regulation::findings::Severity;
use law::regulation::rule::Outcome;

/// What a finding is about: its subject key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A student of the roster, by place in the cohort.
    Student(u32),
    /// A national id that no roster has.
    Id(u64),
    /// A school, by its code.
    School(String),
    /// A file, by its path below the input folder.
    File(String),
    /// A row without a usable id, by the hash of its cells.
    Cells(String),
}

/// Where a finding stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, by place in the inputs.
    pub file: Option<usize>,
    /// The sheet, by place in the inputs.
    pub sheet: Option<usize>,
    /// The row as the spreadsheet shows it.
    pub row: Option<u32>,
    /// The column, from 0.
    pub column: Option<u16>,
    /// The header of the column.
    pub header: String,
    /// The other rows that it is about, in words. They are shown with what was found and are no part of the evidence: rows move.
    pub beside: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: &'static str,
    /// How grave it is here.
    pub severity: Severity,
    /// What it is about.
    pub about: About,
    /// The field: what tells two problems of one code and subject apart.
    pub field: String,
    /// The other party, such as another school; empty where there is none.
    pub other_party: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// Where it stands.
    pub place: Place,
    /// How many rows it stands for.
    pub count: i64,
    /// Some of their rows.
    pub rows_sample: Vec<u32>,
    /// The row that it stands at, where it is a row of the inputs.
    pub at: Option<Row>,
    /// The other school, by its code, where two have to settle it together.
    pub other_school: Option<String>,
    /// The decision that would be another one if the finding were settled.
    pub effect: Option<Effect>,
}

/// What settling a finding would change: whose outcome, and from what to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The student, by place in the cohort.
    pub student: u32,
    /// The outcome as it is decided now.
    pub now: Outcome,
    /// The outcome if it were settled; the same where only the certificate or the next grade would be another.
    pub then: Outcome,
}
