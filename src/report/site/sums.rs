//! The sums that pages above the school's show: added up school by school.

use std::collections::BTreeMap;

use law::regulation::rule::Outcome;

use crate::ingest::table::Table;
use crate::report::paths::file_name;
use crate::report::reasons::table;
use crate::report::schools::{School, Student};
use crate::report::text::{link, shown_name};

/// The folder of pages of districts and schools.
pub const PAGES: &str = "pages";
/// The folder of workbooks.
pub const WORKBOOKS: &str = "workbooks";

/// Students by outcome.
pub type Counts = BTreeMap<&'static str, u64>;

/// A school in a line.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Line {
    pub place: usize,
    pub district: String,
    pub code: String,
    pub title: String,
    /// The link to its page, from the run folder.
    pub link: String,
    pub students: u64,
    pub outcomes: Counts,
    /// What it has to settle: its own findings, and the cases in which it is another school's other one.
    pub open_errors: u64,
    pub open_queries: u64,
    pub answered: u64,
    /// Those of them that are listed with it, so that in sums nothing counts twice.
    pub listed_errors: u64,
    pub listed_queries: u64,
    /// The tables that some of its students can't be judged without and none has rows of.
    pub not_sent: Vec<String>,
    /// The tables that it should have sent.
    pub expected: Vec<String>,
}

/// The folder of documents.
pub const DOCUMENTS: &str = "documents";

/// The name of a district's folder.
pub fn district_folder(district: &str) -> String {
    file_name(district, "其他")
}

/// The name of a school's files.
pub fn school_file(code: &str) -> String {
    file_name(code, "其他")
}

/// The path of a school's file below a folder of all, by its ending.
pub fn path_of(folder: &str, district: &str, code: &str, ending: &str) -> String {
    format!("{folder}/{}/{}.{ending}", district_folder(district), school_file(code))
}

impl Line {
    /// The line of a school.
    pub fn of(school: &School) -> Self {
        let mut outcomes = Counts::new();
        for student in &school.students {
            *outcomes.entry(student.outcome.code()).or_default() += 1;
        }
        let open = |severity: &'static str| {
            school.findings.iter().filter(move |finding| finding.is_open() && finding.row.finding.severity == severity)
        };
        let all = |severity| open(severity).count() as u64;
        let listed = |severity| open(severity).filter(|finding| finding.row.school_code == school.code).count() as u64;
        // The directory has it, and no roster.
        let no_roster = school.students.is_empty() && !school.sent.is_empty();
        let expected = || school.sent.iter().filter(|sent| sent.students_expected > 0);
        Self {
            place: school.place,
            district: school.district.clone(),
            code: school.code.clone(),
            title: shown_name(school.title()),
            link: link(&path_of(PAGES, &school.district, &school.code, "html")),
            students: school.students.len() as u64,
            outcomes,
            open_errors: all("error"),
            open_queries: all("query"),
            answered: school.findings.iter().filter(|finding| !finding.is_open()).count() as u64,
            listed_errors: listed("error"),
            listed_queries: listed("query"),
            not_sent: match no_roster {
                true => vec![Table::Roster.title().to_owned()],
                false => expected().filter(|sent| sent.students_with_rows == 0).map(|sent| table(&sent.table).to_owned()).collect(),
            },
            expected: match no_roster {
                true => vec![Table::Roster.title().to_owned()],
                false => expected().map(|sent| table(&sent.table).to_owned()).collect(),
            },
        }
    }

    /// How many students have an outcome.
    pub fn of_outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome.code()).copied().unwrap_or(0)
    }
}

/// Students of all schools by grade, and by the school days left to a threshold.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// By grade and outcome.
    pub grades: BTreeMap<Option<i8>, Counts>,
    /// By days left.
    pub days_left: BTreeMap<i16, u64>,
}

impl Sums {
    /// Adds a student.
    pub fn add(&mut self, student: &Student) {
        *self.grades.entry(student.grade).or_default().entry(student.outcome.code()).or_default() += 1;
        if let Some(days) = student.days_to_threshold {
            *self.days_left.entry(days).or_default() += 1;
        }
    }

    /// Adds what others summed up.
    pub fn merge(&mut self, other: Self) {
        for (grade, counts) in other.grades {
            let own = self.grades.entry(grade).or_default();
            counts.into_iter().for_each(|(outcome, number)| *own.entry(outcome).or_default() += number);
        }
        other.days_left.into_iter().for_each(|(days, number)| *self.days_left.entry(days).or_default() += number);
    }
}
