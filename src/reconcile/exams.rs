//! Whose exam is it? By national id, else by the number of an ID document, else by the exam number that another table maps to a
//! student, else nobody's.

use std::collections::{BTreeMap, HashMap};

use law::facts::codes::Read;
use law::facts::student::Row;
use law::regulation::findings::Severity;

use super::names;
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{Key, SEVERAL, document_key, field, key_text};
use crate::engine::rows::NOBODY;
use crate::ingest::Sheet;
use crate::ingest::table::Table;
use crate::report::mask;

const ID: usize = 0;
const DOCUMENT: usize = 1;
const NAME: usize = 2;

/// The students of exam numbers; [`SEVERAL`] where two students have one.
pub type ExamNumbers = HashMap<String, u32>;

/// Where a table keeps the exam number.
fn number_of(sheet: &Sheet, record: usize) -> Option<&str> {
    sheet.text(sheet.table.field("考号")?, record).value()
}

/// The exam numbers of students: rows that map one, each with its student.
pub fn numbers<'c>(cohort: &'c Cohort<'_>, rows: impl Iterator<Item = (Row, u32)> + 'c) -> ExamNumbers {
    let mut numbers = ExamNumbers::new();
    for (row, student) in rows.filter(|(_, student)| *student != NOBODY) {
        let (sheet, record) = cohort.cell(row);
        if let Some(number) = number_of(sheet, record) {
            numbers
                .entry(number.to_owned())
                .and_modify(|known| {
                    if *known != student {
                        *known = SEVERAL
                    }
                })
                .or_insert(student);
        }
    }
    numbers
}

/// The students to whom rows may belong that could be several students' (R0303).
pub fn candidates(cohort: &Cohort<'_>) -> BTreeMap<Row, Vec<u32>> {
    let open = cohort.findings.iter().filter(|finding| finding.code == "R0303").filter_map(|finding| finding.at);
    let of_row = |row: Row| {
        let (sheet, record) = cohort.cell(row);
        let sharing = cohort.roster.sharing_document(document_key(sheet.text(DOCUMENT, record).value()?));
        // More than a handful is no help to anybody.
        (1..=MOST_CANDIDATES).contains(&sharing.len()).then(|| (row, sharing.to_vec()))
    };
    open.filter_map(of_row).collect()
}

/// How many students a row is looked at for.
const MOST_CANDIDATES: usize = 5;

/// The key by which a row was matched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Id,
    Document,
    ExamNumber,
}

/// The student of a row of exams, or of exam numbers; what is wrong with the row is added to the findings.
pub fn student(cohort: &Cohort<'_>, sheet: usize, record: usize, findings: &mut Vec<Finding>) -> Option<u32> {
    let own = &cohort.inputs.sheets[sheet];
    let id = own.id(ID, record).value();
    let document = own.text(DOCUMENT, record).value();
    let number = number_of(own, record).filter(|_| own.table == Table::Exams);
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
            other_school: None,
            effect: None,
        });
    };
    let by_id = || Some((By::Id, cohort.roster.with_id(id?)?));
    let by_document = || Some((By::Document, cohort.roster.with_document(document_key(document?))?));
    let by_number = || Some((By::ExamNumber, *cohort.exam_numbers.get(number?)?));
    let number_column = own.table.field("考号").unwrap_or(ID);
    // Nearly no row needs its words, and they cost more than all the rest.
    let row_words = || cohort.key_words(sheet, record);
    let (by, student) = match by_id().or_else(by_document).or_else(by_number) {
        Some((by, SEVERAL)) => {
            let (found, key, column) = match by {
                By::ExamNumber => (number.unwrap_or_default().to_owned(), number.unwrap_or_default().to_owned(), number_column),
                _ => (document.map(mask::document).unwrap_or_default(), format!("{:016x}", document.map_or(0, document_key)), DOCUMENT),
            };
            raise("R0303", Severity::Error, About::Cells(key), column, &row_words(), found, "只属于一名学生的号码");
            return None;
        }
        Some(matched) => matched,
        None => {
            let about = match (id, document, number) {
                (Some(id), ..) => About::Id(id),
                (None, Some(document), _) => About::Cells(format!("{:016x}", document_key(document))),
                (None, None, Some(number)) => About::Cells(format!("考号 {number}")),
                (None, None, None) => About::Cells(format!("{sheet}:{record}")),
            };
            let id_text = id.map(|id| mask::national_id(&key_text(Key::National(id))));
            let found = id_text.or_else(|| document.map(mask::document)).or_else(|| number.map(str::to_owned)).unwrap_or_default();
            let (column, expected) = match (id, document) {
                (Some(_), _) => (ID, "学籍名册中的学生"),
                (None, Some(_)) => (DOCUMENT, "学籍名册中的学生"),
                (None, None) => (number_column, "考号对照表中的考号，对应学籍名册中的学生"),
            };
            raise("R0301", Severity::Error, about, column, &row_words(), found, expected);
            return None;
        }
    };
    // A row of exam numbers says no more than whose number it is.
    if own.table != Table::Exams {
        return Some(student);
    }
    let weaker = match by {
        By::Id => None,
        By::Document => Some((DOCUMENT, "证件号码", document.map(mask::document))),
        By::ExamNumber => Some((number_column, "考号", number.map(str::to_owned))),
    };
    if let Some((column, key, found)) = weaker {
        let field = format!("{key}.{}", row_words());
        raise("R0302", Severity::Query, About::Student(student), column, &field, found.unwrap_or_default(), "全国学籍号");
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
