//! Whose exam is it? By national id, else by the number of an ID document, else by the Shanghai number and name, else by the exam number that
//! another table maps to a student; else by a number with a slip in it and all that speaks for the same person, else nobody's.

use std::collections::HashMap;

use law::facts::codes::Read;
use law::facts::student::Row;
use law::regulation::findings::Severity;

use super::found::{By, Match};
use super::pairs::{self, Pair, Pairs};
use super::person::{self, NOWHERE, Number, Person};
use super::{names, roll};
use crate::engine::cohort::{Cohort, Known, place};
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{Key, SEVERAL, document_key, document_of, field, key_text};
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

/// The student of a row of exams, or of exam numbers, of which so much is known, and by what; what is wrong with the row is added to the findings.
pub fn student(cohort: &Cohort<'_>, sheet: usize, record: usize, known: Known, findings: &mut Vec<Finding>) -> Option<(u32, By)> {
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
    let by_id = || (known.student != NOBODY).then_some((By::NationalId, known.student));
    let by_document = || Some((By::Document, cohort.roster.with_document(document_key(document?))?));
    let by_shanghai = || Some((By::ShanghaiNumber, cohort.shanghai_numbers.student(cohort, own, record, own.text(NAME, record).value()?)?));
    let by_number = || Some((By::ExamNumber, *cohort.exam_numbers.get(number?)?));
    let number_column = own.table.field("考号").unwrap_or(ID);
    // Nearly no row needs its words, and they cost more than all the rest.
    let row_words = || cohort.key_words(sheet, record);
    let (by, student) = match by_id().or_else(by_document).or_else(by_shanghai).or_else(by_number) {
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
                (None, None, None) => About::Cells(own.cells_hash(record, 0)),
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
        return Some((student, by));
    }
    let weaker = match by {
        By::Document => Some((DOCUMENT, document.map(mask::document))),
        By::ShanghaiNumber => own.table.field("上海市学籍号").map(|column| (column, own.text(column, record).value().map(str::to_owned))),
        By::ExamNumber => Some((number_column, number.map(str::to_owned))),
        By::NationalId | By::Score => None,
    };
    if let Some((column, found)) = weaker {
        let field = format!("{}.{}", by.word(), row_words());
        raise("R0302", Severity::Query, About::Student(student), column, &field, found.unwrap_or_default(), "全国学籍号");
    }
    let hash = || if student == known.student { Some(known.name) } else { cohort.name_hashes.get(student as usize).copied() };
    if let Read::Value(name) = own.text(NAME, record)
        && hash() != Some(names::hash(name))
    {
        let (roster, row) = cohort.cell(cohort.roster.students[student as usize].row);
        if let Read::Value(registered) = roster.text(field::NAME, row)
            && !names::same(name, registered)
        {
            let expected = registered.to_owned();
            raise("R0302", Severity::Query, About::Student(student), NAME, &format!("姓名.{}", row_words()), name.to_owned(), &expected);
        }
    }
    Some((student, by))
}

/// What was found for rows that no key gives to a student.
#[derive(Debug, Default)]
pub struct Further {
    /// Rows that are a student's for sure, by a number with a slip in it.
    pub sure: Vec<Match>,
    /// Rows that may be a student's.
    pub perhaps: Vec<Match>,
}

/// What rows of one person share: they name the same numbers and name.
type Identity<'a> = (Vec<char>, [Option<Number>; 2], &'a str, &'a str);

/// Looks further for rows that no key gives to a student. A row is only ever used where one of its numbers speaks for the student too:
/// decisions rest on it.
pub fn look_further(cohort: &Cohort<'_>, rows: &[Row]) -> Further {
    let mut people: Vec<(Identity<'_>, Row, Person<'_>)> = Vec::with_capacity(rows.len());
    for row in rows {
        let (sheet, record) = cohort.index.locate(*row);
        let sheet = &cohort.inputs.sheets[sheet];
        let own = person::of_row(sheet, record, NOWHERE);
        if own.letters.is_empty() && own.numbers.iter().all(Option::is_none) && own.document.is_none() {
            continue;
        }
        let number = number_of(sheet, record).unwrap_or_default();
        people.push(((own.letters.clone(), own.numbers, own.document.unwrap_or_default(), number), *row, own));
    }
    // Rows of one candidate are one person, whichever file they stand in.
    people.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    let groups: Vec<&[(Identity<'_>, Row, Person<'_>)]> = people.chunk_by(|one, other| one.0 == other.0).collect();
    let distinct: Vec<Person<'_>> = groups.iter().map(|group| group[0].2.clone()).collect();
    let Pairs { sure, review } = pairs::find(&distinct, &roll::scale(cohort), |student| person::of_student(cohort, student), |_| true);
    let mut further = Further::default();
    for (place, group) in (0_u32..).zip(groups) {
        let (candidates, is_sure): (Vec<Pair>, bool) = match (sure.get(&place), review.get(&place)) {
            (Some(pair), _) => (vec![*pair], pair.score.reasons.rests_on_number()),
            (None, Some(candidates)) => (candidates.clone(), false),
            (None, None) => continue,
        };
        for (_, row, _) in group {
            let (sheet, record) = cohort.cell(*row);
            // What reading set aside stays there: it has to be mended first.
            let is_sure = is_sure && sheet.set_aside.binary_search(&(record as u32)).is_err();
            let found =
                candidates.iter().map(|pair| Match { row: *row, student: pair.student, by: By::Score, score: Some(pair.score), is_sure });
            if is_sure { further.sure.extend(found) } else { further.perhaps.extend(found) }
        }
    }
    further
}

/// The students who share the document of each of some rows, with their scores.
pub fn sharing(cohort: &Cohort<'_>, rows: &[Row]) -> Vec<Match> {
    let document = |row: Row| {
        let (sheet, record) = cohort.cell(row);
        sheet.text(DOCUMENT, record).value().map(document_key).filter(|key| cohort.roster.with_document(*key) == Some(SEVERAL))
    };
    let asked: HashMap<u64, Vec<Row>> = rows.iter().fold(HashMap::new(), |mut asked, row| {
        if let Some(key) = document(*row) {
            asked.entry(key).or_default().push(*row);
        }
        asked
    });
    if asked.is_empty() {
        return Vec::new();
    }
    let scale = roll::scale(cohort);
    let mut found = Vec::new();
    for (student, entry) in (0_u32..).zip(&cohort.roster.students) {
        let own = document_of(cohort.inputs, &cohort.index, entry);
        let Some(rows) = own.and_then(|key| asked.get(&key)) else { continue };
        for row in rows {
            let (sheet, record) = cohort.index.locate(*row);
            let one = person::of_row(&cohort.inputs.sheets[sheet], record, NOWHERE);
            let score = scale.score(&one, &person::of_student(cohort, student), 1);
            found.push(Match { row: *row, student, by: By::Document, score: Some(score), is_sure: false });
        }
    }
    found.sort_by_key(|own| (own.row, own.score.map(|score| -score.points), own.student));
    found
}

/// R0302: a row that was given to a student by a number with a slip in it.
pub fn by_score(cohort: &Cohort<'_>, found: &Match) -> Finding {
    let (sheet, record) = cohort.index.locate(found.row);
    let own = &cohort.inputs.sheets[sheet];
    let column = if own.id(ID, record).value().is_some() { ID } else { DOCUMENT };
    let shown = match own.id(ID, record).value() {
        Some(id) => mask::national_id(&key_text(Key::National(id))),
        None => own.text(DOCUMENT, record).value().map(mask::document).unwrap_or_default(),
    };
    let pair = found.score.map(|score| Pair { row: 0, student: found.student, score });
    Finding {
        code: "R0302",
        severity: Severity::Query,
        about: About::Student(found.student),
        field: format!("{}.{}", By::Score.word(), cohort.key_words(sheet, record)),
        other_party: String::new(),
        found: format!("{shown} {}", own.text(NAME, record).value().unwrap_or_default()),
        expected: pair.map(|pair| roll::candidate(cohort, &pair).replacen("可能是", "认定是", 1)).unwrap_or_default(),
        place: place(cohort.inputs, sheet, record, column),
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(found.row),
        other_school: None,
        effect: None,
    }
}
