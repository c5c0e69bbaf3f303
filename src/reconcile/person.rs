//! What does a row say of who somebody is? Numbers, name, birth, sex, school, grade and class, from whatever table.

use law::facts::codes::Read;
use law::facts::identifiers::{NationalId, ResidentNumber, digits};

use super::names::folded;
use crate::engine::cohort::Cohort;
use crate::engine::roster::field;
use crate::ingest::Sheet;
use crate::ingest::table::Table;

/// No school that the roster has.
pub const NOWHERE: u32 = u32::MAX;

/// How a number of 18 characters came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Issued {
    /// By the household register, its check character right: a person has one for life.
    Resident,
    /// By the national system of registration (L, J), in the form of an ID number.
    Registration,
    /// Wrong as it stands.
    Mistyped,
}

/// A number of 18 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// Its characters, packed (`law::facts::identifiers`).
    pub packed: u64,
    /// Where it comes from.
    pub issued: Issued,
}

/// What is known of somebody.
#[derive(Clone, Debug, Default)]
pub struct Person<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Its characters that count.
    pub letters: Vec<char>,
    /// The birth date, in days since 1970.
    pub birth: Option<i32>,
    /// Whether male.
    pub male: Option<bool>,
    /// Numbers in the form of an ID number: of the national id, of the document.
    pub numbers: [Option<Number>; 2],
    /// The number of another document.
    pub document: Option<&'a str>,
    /// The school, by place in the roster's; [`NOWHERE`] for one that the roster has not, and for none.
    pub school: u32,
    /// 年级
    pub grade: Option<u8>,
    /// 班级
    pub class: &'a str,
}

/// The places of what tells who somebody is among a table's columns.
struct Places {
    id: usize,
    name: usize,
    document: usize,
    sex: usize,
    birth: usize,
    grade: usize,
    class: usize,
}

/// A column that the table has not.
const NONE: usize = usize::MAX;

impl Places {
    fn of(table: Table) -> Self {
        match table {
            Table::Roster => Self {
                id: field::ID,
                name: field::NAME,
                document: field::DOCUMENT,
                sex: field::SEX,
                birth: field::BIRTH,
                grade: field::GRADE,
                class: field::CLASS,
            },
            Table::ActualRoll => Self { id: 4, name: 3, document: 5, sex: 6, birth: 7, grade: 1, class: 2 },
            _ => Self { id: 0, name: 2, document: 1, sex: NONE, birth: NONE, grade: NONE, class: NONE },
        }
    }
}

/// What a row of the roster, of an actual roll or of exams says of who it is about; `school` is its school's place.
pub fn of_row<'a>(sheet: &'a Sheet, record: usize, school: u32) -> Person<'a> {
    let places = Places::of(sheet.table);
    let name = sheet.text(places.name, record).value().unwrap_or_default();
    let id = sheet.id(places.id, record).value();
    let of_id = id.map(|id| {
        let packed = id & ((1 << 62) - 1);
        let is_resident = NationalId::from_packed(id).resident_number().is_some();
        Number { packed, issued: if is_resident { Issued::Resident } else { Issued::Registration } }
    });
    let mistyped = |field| sheet.mistyped(field, record).map(|packed| Number { packed, issued: Issued::Mistyped });
    let document = sheet.text(places.document, record).value();
    let resident = document.and_then(|number| ResidentNumber::parse(number).ok());
    let of_document = resident.map(|number| Number { packed: number.packed(), issued: Issued::Resident });
    let numbers = [of_id.or_else(|| mistyped(places.id)), of_document.or_else(|| mistyped(places.document))];
    let birth = sheet.integer(places.birth, record).value();
    let male = sheet.code(places.sex, record).value().map(|code| code == 0);
    // What the number says, where the row says nothing itself: the document's before the national id's, as that may be an old one.
    let said = numbers.iter().rev().flatten().find(|number| number.issued != Issued::Registration || birth.is_none());
    let is_resident = said.filter(|number| number.issued == Issued::Resident);
    Person {
        name,
        letters: folded(name).collect(),
        birth: birth.or_else(|| birth_of(said?.packed)),
        male: male.or_else(|| is_resident.map(|number| is_male(number.packed))),
        numbers,
        document: document.filter(|_| resident.is_none()),
        school,
        grade: sheet.code(places.grade, record).value(),
        class: sheet.text(places.class, record).value().unwrap_or_default(),
    }
}

/// The birth date and sex of a row of the roster, its own or else its resident ID number's; none where either is unknown.
pub fn born(sheet: &Sheet, record: usize) -> Option<(i32, bool)> {
    let number = || crate::engine::roster::resident_number(sheet, record);
    let birth = sheet.integer(field::BIRTH, record).value().or_else(|| Some(number()?.birth()?.to_epoch_days()))?;
    let male = sheet.code(field::SEX, record).value().map(|code| code == 0).or_else(|| Some(number()?.is_male()))?;
    Some((birth, male))
}

/// A student of the cohort, as the roster row that counts says it.
pub fn of_student<'a>(cohort: &Cohort<'a>, student: u32) -> Person<'a> {
    let entry = &cohort.roster.students[student as usize];
    let (sheet, record) = cohort.index.locate(entry.row);
    of_row(&cohort.inputs.sheets[sheet], record, entry.school)
}

/// The birth date in a number of 18 characters, in days since 1970.
fn birth_of(packed: u64) -> Option<i32> {
    let text = digits(packed);
    let number = |range: std::ops::Range<usize>| text[range].iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    let date = chrono::NaiveDate::from_ymd_opt(number(6..10) as i32, number(10..12), number(12..14))?;
    Some(date.to_epoch_days())
}

fn is_male(packed: u64) -> bool {
    (digits(packed)[16] - b'0') % 2 == 1
}

/// The text of a class without what offices write around its name: `三（1）班`, `3年级1班`, `0301` and `1班` in grade 3 are one class.
pub fn class_names(class: &str, grade: Option<u8>) -> Vec<String> {
    let mut plain = String::with_capacity(class.len());
    let mut has_mark = false;
    let letters: Vec<char> = folded(class).collect();
    let is_number = |letter: Option<&char>| letter.is_some_and(|letter| letter.is_ascii_digit() || chinese_digit(*letter).is_some());
    for (place, letter) in letters.iter().enumerate() {
        match letter {
            '(' | ')' | '[' | ']' | '【' | '】' | '〔' | '〕' | '-' | '_' | '第' | '年' | '级' => has_mark = true,
            '班' => {}
            // 十 is ten, 十二 twelve, 二十 twenty.
            '十' => {
                let begins = !is_number(place.checked_sub(1).and_then(|before| letters.get(before)));
                plain.extend(begins.then_some('1'));
                plain.extend((!is_number(letters.get(place + 1))).then_some('0'));
            }
            other => plain.push(chinese_digit(*other).unwrap_or(*other)),
        }
    }
    let mut names = vec![without_zeros(&plain)];
    if let Some(grade) = grade.filter(|_| !plain.is_empty()) {
        let year_of_stage = if grade >= 10 { grade - 9 } else { grade };
        let begins = [
            grade.to_string(),
            format!("{grade:02}"),
            format!("高{year_of_stage}"),
            format!("初{}", grade.saturating_sub(5)),
            format!("初{}", grade.saturating_sub(6)),
        ];
        let is_spelled = has_mark || class.starts_with(|letter| chinese_digit(letter).is_some()) || matches!(plain.len(), 3 | 4);
        let rests = begins.iter().filter_map(|begin| plain.strip_prefix(begin.as_str()));
        names.extend(rests.filter(|rest| !rest.is_empty() && (is_spelled || plain.starts_with(['高', '初']))).map(without_zeros));
    }
    names
}

fn chinese_digit(letter: char) -> Option<char> {
    "〇一二三四五六七八九".chars().position(|own| own == letter).and_then(|digit| char::from_digit(digit as u32, 10))
}

fn without_zeros(text: &str) -> String {
    let rest = text.trim_start_matches('0');
    if rest.is_empty() { text.to_owned() } else { rest.to_owned() }
}

/// Whether two texts name one class of a grade.
pub fn is_same_class(one: &str, other: &str, grade: Option<u8>) -> bool {
    if one == other {
        return true;
    }
    let others = class_names(other, grade);
    class_names(one, grade).iter().any(|name| others.contains(name))
}

/// The school that a row names, by place in the roster's.
pub fn school_of(cohort: &Cohort<'_>, sheet: &Sheet, record: usize, field: usize) -> u32 {
    match sheet.text(field, record) {
        Read::Value(code) => cohort.roster.school_place(code).unwrap_or(NOWHERE),
        Read::Empty | Read::Unreadable => NOWHERE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_one_however_schools_write_it() {
        for (one, other, grade) in [
            ("1班", "三（1）班", 3),
            ("（1）班", "1班", 3),
            ("三年级1班", "1", 3),
            ("0301", "1班", 3),
            ("高一(2)班", "2班", 10),
            ("高一2班", "02", 10),
            ("一班", "1班", 3),
            ("初三（4）班", "4班", 8),
            ("初一(1)班", "1班", 7),
            ("701班", "1班", 7),
            ("10班", "三（十）班", 3),
            ("十二班", "三(12)班", 3),
        ] {
            assert!(is_same_class(one, other, Some(grade)), "{one} {other}");
            assert!(is_same_class(other, one, Some(grade)), "{other} {one}");
        }
        for (one, other, grade) in
            [("1班", "2班", 3), ("13班", "3班", 1), ("三（1）班", "三（2）班", 3), ("高一(2)班", "高一(12)班", 10), ("3班", "1班", 3)]
        {
            assert!(!is_same_class(one, other, Some(grade)), "{one} {other}");
        }
    }
}
