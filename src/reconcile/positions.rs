//! Where does everybody stand? Registered and in a classroom, one of the two, or neither: the four positions of everybody seen anywhere.

use std::collections::BTreeMap;

use law::facts::codes::{Read, Status};
use law::facts::student::Row;

use super::found::Match;
use super::roll::{Rolls, Stands};
use crate::engine::cohort::Cohort;
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{Key, document_text, field, key_text};
use crate::engine::rows::RowIndex;

/// Somebody, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The student of the roster, if it is one.
    pub student: Option<u32>,
    /// The row that says who it is.
    pub row: Row,
    /// The row of the actual roll, if there is one.
    pub roll: Option<Row>,
    /// How the row of the roll was found to be theirs.
    pub found: Option<Match>,
    /// Whether they are registered; none where that is unknown.
    pub registered: Option<bool>,
    /// Whether they are in a classroom; none where that is unknown.
    pub present: Option<bool>,
}

impl Person {
    /// The position; none where one of its halves is unknown.
    pub fn position(&self) -> Option<&'static str> {
        Some(match (self.registered?, self.present?) {
            (true, true) => "在籍在校",
            (true, false) => "在籍离校",
            (false, true) => "在校不在籍",
            (false, false) => "不在籍不在校",
        })
    }
}

/// The positions in their order.
pub const POSITIONS: [&str; 4] = ["在籍在校", "在籍离校", "在校不在籍", "不在籍不在校"];

/// The key of somebody whom no roster has, as outputs show it: the national id, else the keyed hash of the document, else the hash of the row.
pub fn key_of(cohort: &Cohort<'_>, row: Row) -> String {
    let (sheet, record) = cohort.cell(row);
    let id = sheet.table.field("全国学籍号").and_then(|field| sheet.id(field, record).value());
    if let Some(id) = id {
        return key_text(Key::National(id));
    }
    let document = sheet.table.field("证件号码").and_then(|field| sheet.text(field, record).value());
    document.map_or_else(|| format!("R:{}", sheet.cells_hash(record, 0)), document_text)
}

/// A student of the roster.
pub fn of_student(cohort: &Cohort<'_>, rolls: &Rolls, student: u32) -> Person {
    let entry = &cohort.roster.students[student as usize];
    let (sheet, record) = cohort.cell(entry.row);
    let registered = match sheet.code(field::STATUS, record) {
        Read::Value(code) => Status::from_code(code).map(Status::is_registered),
        Read::Empty | Read::Unreadable => None,
    };
    let found = rolls.of_student(student).copied();
    let present = match found {
        Some(_) => Some(true),
        None if rolls.doubtful.contains(&student) || !rolls.handed_in.get(entry.school as usize).copied().unwrap_or(false) => None,
        None => Some(false),
    };
    Person { student: Some(student), row: entry.row, roll: found.map(|own| own.row), found, registered, present }
}

/// Everybody else: on rolls, in exams, in other tables, by their keys. Who may be a student of the roster is neither registered nor not.
pub fn of_others(cohort: &Cohort<'_>, rolls: &Rolls, findings: &[Finding]) -> Vec<(String, Person)> {
    let mut others: BTreeMap<String, Person> = BTreeMap::new();
    for (row, stands) in &rolls.rows {
        let registered = match stands {
            Stands::Student(_) => continue,
            Stands::Perhaps(_) => None,
            Stands::Stranger => Some(false),
        };
        let person = Person { student: None, row: *row, roll: Some(*row), found: None, registered, present: Some(true) };
        others.entry(key_of(cohort, *row)).or_insert(person);
    }
    let is_complete = !rolls.is_empty();
    let ranks = RowIndex::ranks(cohort.inputs);
    let about = |finding: &Finding| {
        let row = finding.at.filter(|_| matches!(finding.code, "R0301" | "R0303" | "R0305" | "R0602"))?;
        let key = match finding.about {
            About::Id(id) => key_text(Key::National(id)),
            About::Cells(_) => key_of(cohort, row),
            _ => return None,
        };
        let (sheet, _) = cohort.index.locate(row);
        Some((ranks[sheet], row, key))
    };
    let mut seen: Vec<(u32, Row, String)> = findings.iter().filter_map(about).collect();
    seen.sort();
    for (_, row, key) in seen {
        let may_be_registered = cohort.candidates.contains_key(&row);
        let person = Person {
            student: None,
            row,
            roll: None,
            found: None,
            registered: (!may_be_registered).then_some(false),
            present: is_complete.then_some(false),
        };
        others.entry(key).or_insert(person);
    }
    others.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_needs_both_halves() {
        let person = |registered, present| Person { student: None, row: Row(0), roll: None, found: None, registered, present }.position();
        let all: Vec<_> =
            [(true, true), (true, false), (false, true), (false, false)].map(|(one, other)| person(Some(one), Some(other))).into();
        assert_eq!(all, POSITIONS.map(Some));
        assert_eq!(person(None, Some(true)), None);
        assert_eq!(person(Some(true), None), None);
    }
}
