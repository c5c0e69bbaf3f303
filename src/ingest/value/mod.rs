//! What does a cell say? One cell to one typed value, with an issue where it is missing, unreadable, outside its list or repaired.

use std::borrow::Cow;

use law::facts::codes::Read;
use law::facts::subjects::{Subject, Subjects};
use serde::{Deserialize, Serialize};

use self::identifiers::{document_number, identifier, national_id, shanghai_number};
use self::texts::{free_text, name, without_wrapping};
use self::time::{date, month, school_year};
pub(crate) use self::time::{days_since_1970, show_date, show_moment};
use self::words::{annual_result, dictionary_grade, grade, is_code, named, number, subject, term, word};
use super::cell::{Cell, CellKind};
use super::fold;
use super::headers::{Vocabulary, words_of};
use super::table::{DOCUMENTS, Field, Holds};

mod identifiers;
#[cfg(test)]
mod tests;
mod texts;
mod time;
mod words;

/// Years that a date of a school's records can lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;
/// Numbers in a column of dates that a spreadsheet means as days (1954 to 2100).
const SERIALS: std::ops::RangeInclusive<f64> = 20_000.0..=73_050.0;
/// Bytes of a cell that is no text.
const LONGEST: usize = 1_000;
/// Signs that stand for "nothing to say here".
const PLACEHOLDERS: &[&str] = &["-", "--", "—", "——", "–", "/", "\\", "//"];
/// Bytes of the longest of them.
const LONGEST_PLACEHOLDER: usize = 6;

/// What is wrong with a cell, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// The code of the finding.
    pub code: &'static str,
    /// What was expected, or what the cell was read as.
    pub expected: Cow<'static, str>,
}

/// A typed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Code(u8),
    Integer(i32),
    Id(u64),
    Text(Cow<'a, str>),
}

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    pub value: Read<Value<'a>>,
    pub issue: Option<Issue>,
}

impl<'a> Reading<'a> {
    /// An empty cell.
    pub(crate) const EMPTY: Reading<'static> = Reading { value: Read::Empty, issue: None };

    fn value(value: Value<'a>) -> Self {
        Self { value: Read::Value(value), issue: None }
    }

    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::value(Value::Text(text.into()))
    }

    fn unreadable(code: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { value: Read::Unreadable, issue: Some(Issue { code, expected: expected.into() }) }
    }

    fn with(mut self, code: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        self.issue = Some(Issue { code, expected: expected.into() });
        self
    }

    /// The same without borrowing from the cell.
    pub(crate) fn into_owned(self) -> Reading<'static> {
        let value = match self.value {
            Read::Value(Value::Code(code)) => Read::Value(Value::Code(code)),
            Read::Value(Value::Integer(integer)) => Read::Value(Value::Integer(integer)),
            Read::Value(Value::Id(id)) => Read::Value(Value::Id(id)),
            Read::Value(Value::Text(text)) => Read::Value(Value::Text(Cow::Owned(text.into_owned()))),
            Read::Empty => Read::Empty,
            Read::Unreadable => Read::Unreadable,
        };
        Reading { value, issue: self.issue }
    }
}

/// Which document the number beside it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Document {
    /// Nothing says which.
    #[default]
    Unknown,
    /// A resident's ID card, or a household register that states the same number.
    Resident,
    /// Any other.
    Other,
}

impl Document {
    /// Reads 证件类型.
    pub(crate) fn of(kind: &str, vocabulary: &Vocabulary) -> Self {
        let folded = fold::word(kind);
        let is_resident = |kind: &str| kind.contains("居民身份证") || kind.starts_with("户口");
        if folded.is_empty() || folded == "NULL" {
            return Document::Unknown;
        }
        if is_resident(&folded) {
            return Document::Resident;
        }
        let spelling = vocabulary.dictionary.spelling("证件类型", DOCUMENTS, &folded);
        match spelling.and_then(|spelling| DOCUMENTS.get(usize::from(spelling.code))) {
            Some(word) if is_resident(word) => Document::Resident,
            None if is_code(&folded) => Document::Unknown,
            _ => Document::Other,
        }
    }
}

/// The subjects that one part of the inputs brings beyond those of the policy; they get their final codes when parts are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct NewSubjects(pub Vec<String>);

impl NewSubjects {
    fn intern(&mut self, known: &Subjects, name: &str) -> Option<u8> {
        if let Some(Subject(code)) = known.find(name) {
            return Some(code);
        }
        let place = match self.0.iter().position(|own| own == name) {
            Some(place) => place,
            None if known.len() + self.0.len() < Subjects::LIMIT => {
                self.0.push(name.to_owned());
                self.0.len() - 1
            }
            None => return None,
        };
        u8::try_from(known.len() + place).ok()
    }
}

/// What the reading of a cell depends on beside the cell.
#[derive(Clone, Debug)]
pub(crate) struct Context<'v> {
    pub vocabulary: &'v Vocabulary,
    /// Whether the workbook counts days from 1904.
    pub is_1904: bool,
    pub subjects: NewSubjects,
}

/// Reads a cell of a column; `document` says what 证件类型 of the row says.
pub(crate) fn read<'a>(cell: Cell<'a>, field: &Field, document: Document, context: &mut Context<'_>) -> Reading<'a> {
    if field.holds == Holds::Shown {
        return shown(cell);
    }
    if cell.kind == CellKind::Text
        && let Some(reading) = identifiers::plain(cell.text, field.holds)
    {
        return reading;
    }
    let mut text = fold::trimmed(cell.text);
    if cell.kind == CellKind::Empty || text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Reading::EMPTY;
    }
    if cell.kind == CellKind::Error {
        return Reading::unreadable("I0202", expectation(field));
    }
    // Looking for a byte of it first costs nearly nothing.
    if text.as_bytes().contains(&0xEF) && text.contains('\u{FFFD}') {
        return Reading::unreadable("I0202", "文字没有损坏的单元格（此处有无法识别的字符，请从原系统重新导出）");
    }
    let is_text = matches!(field.holds, Holds::Name | Holds::Text | Holds::Named(_));
    if !is_text && text.len() > LONGEST {
        return Reading::unreadable("I0202", expectation(field));
    }
    if !is_text && text.len() <= LONGEST_PLACEHOLDER && PLACEHOLDERS.contains(&text) {
        return Reading::EMPTY.with("I0208", "空白");
    }
    let bare = without_wrapping(text);
    let repaired = bare.len() < text.len();
    text = bare;
    if text.is_empty() {
        return Reading::EMPTY;
    }
    let cell = Cell { kind: cell.kind, text };
    match field.holds {
        Holds::NationalId => national_id(cell, repaired),
        Holds::DocumentNumber => document_number(cell, document, repaired),
        Holds::ShanghaiNumber => shanghai_number(cell, repaired),
        Holds::Identifier => identifier(cell, repaired),
        Holds::Name => name(cell, repaired),
        Holds::Text => free_text(cell, repaired),
        Holds::Shown => shown(cell),
        Holds::Named(words) => named(cell, field, words, context.vocabulary, repaired),
        Holds::Date => mark_repair(or_unreadable(date(cell, context.is_1904), field), text, repaired, show_date),
        Holds::Month => mark_repair(or_unreadable(month(cell, context.is_1904), field), text, repaired, |value| {
            format!("{:04}-{:02}", value.div_euclid(12), value.rem_euclid(12) + 1)
        }),
        Holds::SchoolYear => mark_repair(or_unreadable(school_year(cell), field), text, repaired, |value| format!("{value}-{}", value + 1)),
        // A number that the spreadsheet shows as a date is not the number that was typed.
        Holds::Number if !matches!(cell.kind, CellKind::Text | CellKind::Number) => or_unreadable(None, field),
        Holds::Number => mark_repair(or_unreadable(number(text), field), text, repaired, |value| format!("{}", f64::from(value) / 1000.0)),
        Holds::Term => coded(term(&plain(cell)), text, field),
        Holds::Grade => {
            let folded = plain(cell);
            dictionary_grade(&folded, field, context.vocabulary).unwrap_or_else(|| coded(grade(&folded), text, field))
        }
        Holds::Subject => subject(cell, context),
        Holds::AnnualResult => annual_result(cell, field, context.vocabulary),
        Holds::Word(words) => word(cell, field, words, context.vocabulary),
    }
}

/// What a report shows, as it came back; what a program made of it (a date, an error) can't be read, and nobody is asked about it.
fn shown(cell: Cell<'_>) -> Reading<'_> {
    match cell.kind {
        CellKind::Empty => Reading::EMPTY,
        CellKind::Text | CellKind::Number => Reading::text(cell.text),
        CellKind::Date | CellKind::Boolean | CellKind::Error => Reading { value: Read::Unreadable, issue: None },
    }
}

/// What a cell of the column should look like, for people.
pub(crate) fn expectation(field: &Field) -> Cow<'static, str> {
    Cow::Borrowed(match field.holds {
        Holds::NationalId => "全国学籍号：G、L 或 J 加 18 位，文本格式",
        Holds::ShanghaiNumber => "上海市学籍号：19 位数字，文本格式",
        Holds::DocumentNumber => "证件号码，文本格式",
        Holds::Identifier => "由数字和字母组成的代码",
        Holds::Name | Holds::Text | Holds::Named(_) | Holds::Shown => "文字",
        Holds::Date => "日期，如 2025-09-01",
        Holds::Month => "年月，如 2025-09",
        Holds::SchoolYear => "学年，如 2025-2026",
        Holds::Term => "学期：1 或 2",
        Holds::Grade => "年级，如 六年级、高一（初一等说法因学制而异，请写明年级）",
        Holds::Subject => "科目名称",
        Holds::Number => "数字",
        Holds::AnnualResult | Holds::Word(_) => return Cow::Owned(words_of(field).join("、")),
    })
}

fn has_full_width(text: &str) -> bool {
    text.chars().any(|character| matches!(character, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ'))
}

fn or_unreadable(value: Option<i32>, field: &Field) -> Reading<'static> {
    value.map_or_else(|| Reading::unreadable("I0202", expectation(field)), |value| Reading::value(Value::Integer(value)))
}

/// Marks a number or date that was written in full-width digits or behind an apostrophe.
fn mark_repair(reading: Reading<'static>, text: &str, repaired: bool, show: impl Fn(i32) -> String) -> Reading<'static> {
    match reading.value {
        Read::Value(Value::Integer(value)) if repaired || has_full_width(text) => reading.with("I0208", show(value)),
        _ => reading,
    }
}

fn coded(code: Option<u8>, text: &str, field: &Field) -> Reading<'static> {
    match code {
        None => Reading::unreadable("I0202", expectation(field)),
        Some(code) if has_full_width(text) => Reading::value(Value::Code(code)).with("I0208", code.to_string()),
        Some(code) => Reading::value(Value::Code(code)),
    }
}

/// The folded text; a whole number stored as `1.0` or `1E0` is `1`.
fn plain(cell: Cell<'_>) -> String {
    if matches!(cell.kind, CellKind::Number | CellKind::Boolean)
        && let Some(digits) = whole_number(cell.text)
    {
        return digits;
    }
    fold::word(cell.text)
}

/// The digits of a whole number as a spreadsheet stores it, if it is exact.
fn whole_number(text: &str) -> Option<String> {
    if text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let number: f64 = text.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| format!("{number:.0}"))
}

/// Whether a text is a number that a spreadsheet has shortened, such as 1.23457E+17.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa_right, has_point) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (digits(whole) && digits(fraction), true),
        None => (digits(mantissa), false),
    };
    let has_sign = exponent.starts_with('+');
    mantissa_right && digits(exponent.trim_start_matches('+')) && (has_point || has_sign)
}
