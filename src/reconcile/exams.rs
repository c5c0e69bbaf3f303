//! Whose exam is it? By national id, else by the number of an ID document, else nobody's.

use law::facts::codes::Read;
use law::regulation::findings::Severity;

use super::names;
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{SEVERAL, document_key, field, key_text};
use crate::report::mask;

const ID: usize = 0;
const DOCUMENT: usize = 1;
const NAME: usize = 2;

/// The student of an exam row; what is wrong with the row is added to the findings.
pub fn student(cohort: &Cohort<'_>, sheet: usize, record: usize, findings: &mut Vec<Finding>) -> Option<u32> {
    let own = &cohort.inputs.sheets[sheet];
    let id = own.id(ID, record).value();
    let document = own.text(DOCUMENT, record).value();
    let mut raise = |code, severity, about, column, field: &str, found: String, expected: &str| {
        findings.push(Finding {
            code,
            severity,
            about,
            field: field.into(),
            other_party: String::new(),
            found,
            expected: expected.into(),
            place: place(cohort.inputs, sheet, record, column),
            count: 1,
            rows_sample: vec![own.rows.get(record)],
            at: Some(cohort.index.row(sheet, record)),
        });
    };
    let by_id = id.and_then(|id| cohort.roster.with_id(id));
    let by_document = || document.and_then(|number| cohort.roster.with_document(document_key(number)));
    // Nearly no row needs its words, and they cost more than all the rest.
    let row_words = || cohort.key_words(sheet, record);
    let student = match by_id.or_else(by_document) {
        Some(SEVERAL) => {
            let found = document.map(mask::document).unwrap_or_default();
            let about = About::Cells(format!("{:016x}", document.map_or(0, document_key)));
            raise("R0303", Severity::Error, about, DOCUMENT, &row_words(), found, "只属于一名学生的号码");
            return None;
        }
        Some(student) => student,
        None => {
            let about = match (id, document) {
                (Some(id), _) => About::Id(id),
                (None, Some(number)) => About::Cells(format!("{:016x}", document_key(number))),
                (None, None) => About::Cells(format!("{sheet}:{record}")),
            };
            let number = id.map(|id| key_text(crate::engine::roster::Key::National(id)));
            let found = number.as_deref().map(mask::national_id).or_else(|| document.map(mask::document)).unwrap_or_default();
            let column = if id.is_some() { ID } else { DOCUMENT };
            raise("R0301", Severity::Error, about, column, &row_words(), found, "学籍名册中的学生");
            return None;
        }
    };
    if by_id.is_none() {
        let found = document.map(mask::document).unwrap_or_default();
        raise("R0302", Severity::Query, About::Student(student), DOCUMENT, &format!("证件号码.{}", row_words()), found, "全国学籍号");
    }
    if let Read::Value(name) = own.text(NAME, record) {
        let (roster, row) = cohort.cell(cohort.roster.students[student as usize].row);
        if let Read::Value(registered) = roster.text(field::NAME, row)
            && !names::same(name, registered)
        {
            let expected = registered.to_owned();
            raise("R0302", Severity::Query, About::Student(student), NAME, &format!("姓名.{}", row_words()), name.to_owned(), &expected);
        }
    }
    Some(student)
}
