//! Do the people in the classrooms and the registrations agree (人籍一致)? The actual rolls against the rosters: R0201 to R0204.

use std::collections::{HashMap, HashSet};

use law::facts::codes::{AttendanceMode, Read, Status};
use law::facts::grades::Grade;
use law::facts::student::Row;
use law::regulation::findings::Severity;
use rayon::prelude::*;

use super::found::{By, Match, ShanghaiNumbers};
use super::names;
use super::pairs::{self, Pair, Pairs};
use super::person::{self, Person, is_same_class};
use super::score::{Reason, Scale};
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding};
use crate::engine::roster::{SEVERAL, document_key, field};
use crate::engine::rows::{NOBODY, RowIndex};
use crate::ingest::Sheet;
use crate::ingest::table::{SEX, Table};
use crate::report::mask;

/// The places of the roll's columns.
mod column {
    pub const SCHOOL: usize = 0;
    pub const GRADE: usize = 1;
    pub const CLASS: usize = 2;
    pub const NAME: usize = 3;
    pub const ID: usize = 4;
    pub const DOCUMENT: usize = 5;
    pub const SEX: usize = 6;
    pub const BIRTH: usize = 7;
}

/// Who stands in a row of a roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// A student of the roster.
    Student(Match),
    /// Perhaps one of these.
    Perhaps(Vec<Pair>),
    /// Nobody whom the roster has.
    Stranger,
}

/// What the actual rolls say.
#[derive(Clone, Debug, Default)]
pub struct Rolls {
    /// Every usable row with who stands in it, in the order of the inputs.
    pub rows: Vec<(Row, Stands)>,
    /// For each student, the place among `rows` where he or she stands: in the own school, if there is one; [`NOBODY`] without one.
    of_students: Vec<u32>,
    /// Students who may stand in a row of which nobody is sure.
    pub doubtful: HashSet<u32>,
    /// Whether each school of the roster handed in a roll.
    pub handed_in: Vec<bool>,
    /// Rows that repeat another one whole.
    pub repeated: Vec<Row>,
}

impl Rolls {
    /// Whether nobody handed in a roll.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether a school handed in a roll.
    pub fn is_handed_in(&self, cohort: &Cohort<'_>, school: &str) -> bool {
        let place = cohort.roster.school_place(school);
        place.is_some_and(|place| self.handed_in.get(place as usize).copied().unwrap_or(false))
    }

    /// The row of a roll in which a student stands, and how it was found to be theirs.
    pub fn of_student(&self, student: u32) -> Option<&Match> {
        let place = *self.of_students.get(student as usize)?;
        match self.rows.get(place as usize)? {
            (_, Stands::Student(own)) => Some(own),
            _ => None,
        }
    }
}

/// Among how many students pairs are sought.
pub fn scale(cohort: &Cohort<'_>) -> Scale {
    let mut of_school = vec![0; cohort.roster.schools.len()];
    cohort.roster.students.iter().for_each(|entry| of_school[entry.school as usize] += 1);
    Scale { students: cohort.roster.students.len(), of_school }
}

/// What makes two rows the same for all that matters here.
type Identity<'a> = (Vec<char>, Option<i32>, Option<u64>, &'a str, u32, Option<u8>, &'a str, Row);

/// Finds who stands on the rolls.
pub fn find(cohort: &Cohort<'_>) -> Rolls {
    let mut rolls = Rolls { handed_in: vec![false; cohort.roster.schools.len()], ..Rolls::default() };
    rolls.of_students = vec![NOBODY; cohort.roster.students.len()];
    let (rows, repeated) = usable(cohort);
    rolls.repeated = repeated;
    if rows.is_empty() {
        return rolls;
    }
    let of_rolls = || cohort.inputs.sheets.iter().filter(|sheet| sheet.table == Table::ActualRoll);
    let shanghai = ShanghaiNumbers::new(cohort, of_rolls());
    let by_key: Vec<Option<Match>> = rows.par_iter().map(|row| by_key(cohort, &shanghai, *row)).collect();
    let found: HashSet<u32> = by_key.iter().flatten().map(|own| own.student).collect();
    let left: Vec<Row> = rows.iter().zip(&by_key).filter(|(_, own)| own.is_none()).map(|(row, _)| *row).collect();
    let (left, people) = in_order(cohort, left);
    let pairs = pairs::find(&people, &scale(cohort), |student| person::of_student(cohort, student), |student| !found.contains(&student));
    let Pairs { mut sure, mut review } = pairs;
    // Who is on no free registration may stand on a roll for the second time: only what is sure counts, others are strangers.
    let known: HashSet<u32> = found.iter().copied().chain(sure.values().map(|pair| pair.student)).collect();
    let (places, again): (Vec<u32>, Vec<Person<'_>>) = (0_u32..)
        .zip(&people)
        .filter(|(place, _)| !sure.contains_key(place) && !review.contains_key(place))
        .map(|(place, own)| (place, own.clone()))
        .unzip();
    let again = pairs::find(&again, &scale(cohort), |student| person::of_student(cohort, student), |student| known.contains(&student));
    for (place, pair) in again.sure {
        sure.insert(places[place as usize], pair);
    }
    let mut of_left: HashMap<Row, Stands> = HashMap::with_capacity(left.len());
    for (place, row) in (0_u32..).zip(&left) {
        let stands = match (sure.remove(&place), review.remove(&place)) {
            (Some(pair), _) => {
                Stands::Student(Match { row: *row, student: pair.student, by: By::Score, score: Some(pair.score), is_sure: true })
            }
            (None, Some(candidates)) => Stands::Perhaps(candidates),
            (None, None) => Stands::Stranger,
        };
        of_left.insert(*row, stands);
    }
    for (row, own) in rows.into_iter().zip(by_key) {
        let stands = own.map(Stands::Student).or_else(|| of_left.remove(&row)).unwrap_or(Stands::Stranger);
        let (sheet, record) = cohort.cell(row);
        let school = person::school_of(cohort, sheet, record, column::SCHOOL);
        if let Some(handed_in) = rolls.handed_in.get_mut(school as usize) {
            *handed_in = true;
        }
        match &stands {
            Stands::Student(own) => {
                let own_school = cohort.roster.students[own.student as usize].school;
                let known = rolls.of_students[own.student as usize];
                // The own school's row before another's, the own class's before another one's, and then by what they say.
                let order = |row: Row| {
                    let (sheet, record) = cohort.cell(row);
                    let class = sheet.text(column::CLASS, record).value().unwrap_or_default();
                    let is_own_class = is_same_class(class, class_of(cohort, own.student), None);
                    (school_of_row(cohort, row) != own_school, !is_own_class, class.to_owned(), sheet.quick_hash(record))
                };
                if rolls.rows.get(known as usize).is_none_or(|(known, _)| order(row) < order(*known)) {
                    rolls.of_students[own.student as usize] = rolls.rows.len() as u32;
                }
            }
            Stands::Perhaps(candidates) => rolls.doubtful.extend(candidates.iter().map(|pair| pair.student)),
            Stands::Stranger => {}
        }
        rolls.rows.push((row, stands));
    }
    rolls
}

/// The rows that can be used, and those that repeat another one whole, by file, sheet and place: in whatever order folders were given.
fn usable(cohort: &Cohort<'_>) -> (Vec<Row>, Vec<Row>) {
    let mut rows: Vec<(u64, (u32, Row))> = Vec::new();
    let ranks = RowIndex::ranks(cohort.inputs);
    for (place, sheet) in cohort.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::ActualRoll) {
        let kept = (0..sheet.rows_read as usize).filter(|record| sheet.set_aside.binary_search(&(*record as u32)).is_err());
        rows.extend(kept.map(|record| (sheet.quick_hash(record), (ranks[place], cohort.index.row(place, record)))));
    }
    rows.par_sort_unstable();
    let mut repeated = Vec::new();
    for group in rows.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
        let mut distinct: Vec<Row> = Vec::new();
        for (_, (_, row)) in group {
            let (sheet, record) = cohort.cell(*row);
            let is_known = distinct.iter().any(|other| {
                let (other, other_record) = cohort.cell(*other);
                sheet.same_cells(record, other, other_record)
            });
            if is_known { repeated.push(*row) } else { distinct.push(*row) }
        }
    }
    repeated.sort_unstable();
    let mut rows: Vec<(u32, Row)> = rows.into_iter().map(|(_, row)| row).filter(|(_, row)| repeated.binary_search(row).is_err()).collect();
    rows.par_sort_unstable();
    (rows.into_iter().map(|(_, row)| row).collect(), repeated)
}

/// Rows in the order of what they say, with the people in them: which file came first does not matter.
fn in_order<'a>(cohort: &Cohort<'a>, rows: Vec<Row>) -> (Vec<Row>, Vec<Person<'a>>) {
    let mut people: Vec<(Row, Person<'a>)> = rows.into_par_iter().map(|row| (row, of_row(cohort, row))).collect();
    let identity = |(row, own): &(Row, Person<'a>)| -> Identity<'a> {
        let number = own.numbers.iter().flatten().next().map(|number| number.packed);
        (own.letters.clone(), own.birth, number, own.document.unwrap_or_default(), own.school, own.grade, own.class, *row)
    };
    people.par_sort_by_cached_key(identity);
    people.into_iter().unzip()
}

fn of_row<'a>(cohort: &Cohort<'a>, row: Row) -> Person<'a> {
    let (sheet, record) = cohort.index.locate(row);
    let sheet = &cohort.inputs.sheets[sheet];
    person::of_row(sheet, record, person::school_of(cohort, sheet, record, column::SCHOOL))
}

fn class_of<'c>(cohort: &'c Cohort<'_>, student: u32) -> &'c str {
    let (sheet, record) = cohort.cell(cohort.roster.students[student as usize].row);
    sheet.text(field::CLASS, record).value().unwrap_or_default()
}

fn school_of_row(cohort: &Cohort<'_>, row: Row) -> u32 {
    let (sheet, record) = cohort.cell(row);
    person::school_of(cohort, sheet, record, column::SCHOOL)
}

/// The student whom a row names by a number.
fn by_key(cohort: &Cohort<'_>, shanghai: &ShanghaiNumbers, row: Row) -> Option<Match> {
    let (sheet, record) = cohort.cell(row);
    let by_id = || Some((By::NationalId, cohort.roster.with_id(sheet.id(column::ID, record).value()?)?));
    let by_document = || {
        let document = sheet.text(column::DOCUMENT, record).value()?;
        Some((By::Document, cohort.roster.with_document(document_key(document)).filter(|student| *student != SEVERAL)?))
    };
    let by_shanghai = || {
        let name = sheet.text(column::NAME, record).value()?;
        Some((By::ShanghaiNumber, shanghai.student(cohort, sheet, record, name)?))
    };
    let (by, student) = by_id().or_else(by_document).or_else(by_shanghai)?;
    Some(Match { row, student, by, score: None, is_sure: true })
}

/// R0201 to R0204.
pub fn findings(cohort: &Cohort<'_>, rolls: &Rolls) -> Vec<Finding> {
    let mut findings: Vec<Finding> = rolls.rows.par_iter().flat_map_iter(|(row, stands)| of_roll(cohort, *row, stands)).collect();
    if !rolls.is_empty() {
        let students = 0..cohort.roster.students.len() as u32;
        findings.par_extend(students.into_par_iter().filter_map(|student| missing(cohort, rolls, student)));
    }
    findings
}

/// The status of a student as the roster has it.
fn status_of(cohort: &Cohort<'_>, student: u32) -> Read<Status> {
    let (sheet, record) = cohort.cell(cohort.roster.students[student as usize].row);
    match sheet.code(field::STATUS, record) {
        Read::Value(code) => Status::from_code(code).map_or(Read::Unreadable, Read::Value),
        Read::Empty => Read::Empty,
        Read::Unreadable => Read::Unreadable,
    }
}

/// R0201: a student who attends by the registration, and is on no roll. Nobody can tell of one who may be on a row of which nobody is sure, nor
/// of one who is taught at home or elsewhere.
fn missing(cohort: &Cohort<'_>, rolls: &Rolls, student: u32) -> Option<Finding> {
    let entry = &cohort.roster.students[student as usize];
    if rolls.of_student(student).is_some() || rolls.doubtful.contains(&student) || !rolls.handed_in[entry.school as usize] {
        return None;
    }
    let (sheet, record) = cohort.index.locate(entry.row);
    let own = &cohort.inputs.sheets[sheet];
    let is_elsewhere = match own.code(field::MODE, record) {
        Read::Value(code) => {
            matches!(AttendanceMode::from_code(code), Some(AttendanceMode::HomeTeaching | AttendanceMode::SpecialSchool))
        }
        Read::Empty => false,
        Read::Unreadable => true,
    };
    if status_of(cohort, student) != Read::Value(Status::Enrolled) || is_elsewhere {
        return None;
    }
    Some(Finding {
        code: "R0201",
        severity: Severity::Error,
        about: About::Student(student),
        field: "在读花名册".into(),
        other_party: String::new(),
        found: "学籍为在读，本校在读花名册中没有".into(),
        expected: "在本校在读花名册中".into(),
        place: place(cohort.inputs, sheet, record, field::NAME),
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(entry.row),
        other_school: None,
        effect: None,
    })
}

/// What is wrong with a row of a roll.
fn of_roll(cohort: &Cohort<'_>, row: Row, stands: &Stands) -> Vec<Finding> {
    match stands {
        Stands::Stranger => vec![unregistered(cohort, row, None)],
        Stands::Perhaps(candidates) => vec![perhaps(cohort, row, candidates)],
        Stands::Student(own) => {
            let student = own.student;
            if !status_of(cohort, student).value().is_none_or(Status::is_registered) {
                return vec![unregistered(cohort, row, Some(student))];
            }
            let school = school_of_row(cohort, row);
            let is_own = cohort.roster.students[student as usize].school == school;
            let mut findings = differences(cohort, row, student, is_own);
            // One of two schools that claim a student is the right one: that is settled by R0101.
            if !is_own && !cohort.roster.claims(student).iter().any(|(own, _)| *own == school) {
                findings.push(elsewhere(cohort, row, student));
            }
            findings
        }
    }
}

/// A finding at a row of a roll.
fn at_row(cohort: &Cohort<'_>, row: Row, code: &'static str, severity: Severity, about: About, column: usize) -> Finding {
    let (sheet, record) = cohort.index.locate(row);
    let own = &cohort.inputs.sheets[sheet];
    Finding {
        code,
        severity,
        about,
        field: own.table.fields()[column].header.into(),
        other_party: String::new(),
        found: String::new(),
        expected: String::new(),
        place: place(cohort.inputs, sheet, record, column),
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(row),
        other_school: None,
        effect: None,
    }
}

/// The school code that a row of a roll has as text.
fn school_code(sheet: &Sheet, record: usize) -> &str {
    sheet.text(column::SCHOOL, record).value().unwrap_or_default()
}

/// Whom a row is about that no roster knows.
fn stranger(sheet: &Sheet, record: usize) -> About {
    match sheet.id(column::ID, record) {
        Read::Value(id) => About::Id(id),
        _ => About::Cells(sheet.cells_hash(record, 0)),
    }
}

/// R0202: somebody who is on a roll and registered nowhere.
fn unregistered(cohort: &Cohort<'_>, row: Row, student: Option<u32>) -> Finding {
    let (sheet, record) = cohort.cell(row);
    let about = student.map_or_else(|| stranger(sheet, record), About::Student);
    let status = student.and_then(|student| status_of(cohort, student).value());
    let school = school_code(sheet, record);
    let own_school = student.map(|student| cohort.roster.schools[cohort.roster.students[student as usize].school as usize].code.as_str());
    Finding {
        found: match status {
            Some(status) => format!("在学校{school}的花名册，学籍状态为{}", status.word()),
            None => format!("在学校{school}的花名册，任何学籍名册中都没有"),
        },
        expected: "有在籍记录的学生".into(),
        other_school: own_school.filter(|own| *own != school).map(|_| school.to_owned()),
        ..at_row(cohort, row, "R0202", Severity::Error, about, column::NAME)
    }
}

/// R0203: somebody who is on the roll of a school and registered in another one.
fn elsewhere(cohort: &Cohort<'_>, row: Row, student: u32) -> Finding {
    let (sheet, record) = cohort.cell(row);
    let (there, registered) =
        (school_code(sheet, record), &cohort.roster.schools[cohort.roster.students[student as usize].school as usize].code);
    Finding {
        found: format!("在学校{there}的花名册，学籍在学校{registered}"),
        expected: "学籍在就读的学校".into(),
        other_party: there.to_owned(),
        other_school: Some(there.to_owned()),
        ..at_row(cohort, row, "R0203", Severity::Error, About::Student(student), column::SCHOOL)
    }
}

/// R0204: what a row of a roll says otherwise than the registration; grade and class only in the own school.
fn differences(cohort: &Cohort<'_>, row: Row, student: u32, is_own_school: bool) -> Vec<Finding> {
    let (sheet, record) = cohort.cell(row);
    // Where several schools claim a student, a roll is held against the registration of its own school.
    let school = school_of_row(cohort, row);
    let claim = cohort.roster.claims(student).iter().find(|(own, _)| *own == school);
    let is_own_school = is_own_school || claim.is_some();
    let (roster, registered) = cohort.cell(claim.map_or(cohort.roster.students[student as usize].row, |(_, row)| *row));
    let mut findings = Vec::new();
    let mut differ = |column: usize, found: String, expected: String| {
        let finding = at_row(cohort, row, "R0204", Severity::Query, About::Student(student), column);
        findings.push(Finding { found, expected, ..finding });
    };
    if let (Read::Value(own), Read::Value(other)) = (sheet.text(column::NAME, record), roster.text(field::NAME, registered))
        && !names::same(own, other)
    {
        differ(column::NAME, own.to_owned(), other.to_owned());
    }
    if let (Read::Value(own), Read::Value(other)) = (sheet.code(column::SEX, record), roster.code(field::SEX, registered))
        && own != other
    {
        let word = |code: u8| SEX.get(usize::from(code)).copied().unwrap_or_default().to_owned();
        differ(column::SEX, word(own), word(other));
    }
    let birth = roster.date(field::BIRTH, registered);
    // A birth date that the roster lacks is taken from the resident ID number.
    let birth = match birth {
        Read::Empty => {
            crate::engine::roster::resident_number(roster, registered).and_then(|number| number.birth()).map_or(birth, Read::Value)
        }
        _ => birth,
    };
    if let (Read::Value(own), Read::Value(other)) = (sheet.date(column::BIRTH, record), birth)
        && own != other
    {
        differ(column::BIRTH, own.to_string(), other.to_string());
    }
    let grades = (sheet.code(column::GRADE, record).value(), roster.code(field::GRADE, registered).value());
    let title = |grade: u8| Grade::new(grade).map_or_else(|| grade.to_string(), |grade| grade.title().to_owned());
    match grades {
        (Some(own), Some(other)) if own != other && is_own_school => differ(column::GRADE, title(own), title(other)),
        (Some(_), Some(_)) | (None, _) | (_, None) if is_own_school => {
            if let (Read::Value(own), Read::Value(other)) = (sheet.text(column::CLASS, record), roster.text(field::CLASS, registered))
                && !is_same_class(own, other, grades.1.or(grades.0))
            {
                differ(column::CLASS, own.to_owned(), other.to_owned());
            }
        }
        _ => {}
    }
    findings
}

/// R0204: a row of a roll that may be a student's, and of which nobody is sure: both sides, with what differs.
fn perhaps(cohort: &Cohort<'_>, row: Row, candidates: &[Pair]) -> Finding {
    let (sheet, record) = cohort.cell(row);
    let about = match candidates {
        [only] => About::Student(only.student),
        _ => stranger(sheet, record),
    };
    Finding {
        field: "是谁".into(),
        found: side(sheet, record),
        expected: candidates.iter().map(|pair| candidate(cohort, pair)).collect::<Vec<_>>().join("；"),
        ..at_row(cohort, row, "R0204", Severity::Query, about, column::NAME)
    }
}

/// What a row of a roll says, for people.
fn side(sheet: &Sheet, record: usize) -> String {
    let title = |grade: u8| Grade::new(grade).map_or_else(|| grade.to_string(), |grade| grade.title().to_owned());
    let parts = [
        sheet.text(column::NAME, record).value().map(str::to_owned),
        sheet.code(column::SEX, record).value().and_then(|code| SEX.get(usize::from(code))).map(|word| (*word).to_owned()),
        sheet.date(column::BIRTH, record).value().map(|date| date.to_string()),
        Some(format!("学校{}", school_code(sheet, record))),
        sheet.code(column::GRADE, record).value().map(title),
        sheet.text(column::CLASS, record).value().map(str::to_owned),
        sheet.text(column::DOCUMENT, record).value().map(mask::document),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A student who may be meant: who it is, what is the same, and what differs.
pub fn candidate(cohort: &Cohort<'_>, pair: &Pair) -> String {
    let entry = &cohort.roster.students[pair.student as usize];
    let (sheet, record) = cohort.cell(entry.row);
    let name = sheet.text(field::NAME, record).value().unwrap_or_default();
    let school = &cohort.roster.schools[entry.school as usize].code;
    let grade = sheet.code(field::GRADE, record).value().and_then(Grade::new).map_or("", Grade::title);
    let class = sheet.text(field::CLASS, record).value().unwrap_or_default();
    let (same, other): (Vec<Reason>, Vec<Reason>) = pair.score.reasons.iter().partition(|reason| reason.word().ends_with("相同"));
    let words = |reasons: Vec<Reason>| reasons.into_iter().map(Reason::word).collect::<Vec<_>>().join("、");
    format!("可能是学校{school}{grade}{class}的{name}（{}；{}）", words(same), words(other)).replace("（；", "（").replace("；）", "）")
}

/// Every student of a doubtful row, and the matches that rest on less than the national id.
pub fn matches(rolls: &Rolls) -> Vec<Match> {
    let of_row = |(row, stands): &(Row, Stands)| match stands {
        Stands::Student(own) if own.by != By::NationalId => vec![*own],
        Stands::Student(_) | Stands::Stranger => Vec::new(),
        Stands::Perhaps(candidates) => {
            let doubtful = |pair: &Pair| Match { row: *row, student: pair.student, by: By::Score, score: Some(pair.score), is_sure: false };
            candidates.iter().map(doubtful).collect()
        }
    };
    rolls.rows.iter().flat_map(of_row).collect()
}
