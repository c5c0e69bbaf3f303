//! What does a cell say? One cell to one typed value, with an issue where it is missing, unreadable, outside its list or repaired.

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate};
use law::facts::codes::{AnnualResult, Read};
use law::facts::identifiers::{IdentifierFault, NationalId, ResidentNumber};
use law::facts::subjects::{Subject, Subjects};

use super::cell::{Cell, CellKind};
use super::fold;
use super::headers::{Vocabulary, words_of};
use super::table::{Field, Holds};

/// Years that a date of a school's records can lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;
/// Numbers in a column of dates that a spreadsheet means as days (1954 to 2100).
const SERIALS: std::ops::RangeInclusive<f64> = 20_000.0..=73_050.0;
/// Signs that stand for "nothing to say here".
const PLACEHOLDERS: &[&str] = &["-", "--", "—", "——", "–", "/", "\\", "//"];

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
    pub(crate) fn of(kind: &str) -> Self {
        let kind = fold::word(kind);
        if kind.is_empty() || kind == "NULL" {
            Document::Unknown
        } else if kind.contains("居民身份证") || kind.starts_with("户口") || matches!(kind.as_str(), "身份证" | "1" | "01") {
            Document::Resident
        } else {
            Document::Other
        }
    }
}

/// The subjects that one part of the inputs brings beyond those of the policy; they get their final codes when parts are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    let mut text = fold::trimmed(cell.text);
    if cell.kind == CellKind::Empty || text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Reading::EMPTY;
    }
    if cell.kind == CellKind::Error {
        return Reading::unreadable("I0202", expectation(field));
    }
    if text.contains('\u{FFFD}') {
        return Reading::unreadable("I0202", "文字没有损坏的单元格（此处有无法识别的字符，请从原系统重新导出）");
    }
    let is_text = matches!(field.holds, Holds::Name | Holds::Text);
    if !is_text && PLACEHOLDERS.contains(&text) {
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
        Holds::Name | Holds::Text => free_text(cell, repaired),
        Holds::Date => mark_repair(or_unreadable(date(cell, context.is_1904), field), text, repaired, show_date),
        Holds::Month => mark_repair(or_unreadable(month(cell, context.is_1904), field), text, repaired, |value| {
            format!("{:04}-{:02}", value.div_euclid(12), value.rem_euclid(12) + 1)
        }),
        Holds::SchoolYear => mark_repair(or_unreadable(school_year(cell), field), text, repaired, |value| format!("{value}-{}", value + 1)),
        // A number that the spreadsheet shows as a date is not the number that was typed.
        Holds::Number if !matches!(cell.kind, CellKind::Text | CellKind::Number) => or_unreadable(None, field),
        Holds::Number => mark_repair(or_unreadable(number(text), field), text, repaired, |value| format!("{}", f64::from(value) / 1000.0)),
        Holds::Term => coded(term(&plain(cell)), text, field),
        Holds::Grade => coded(grade(&plain(cell)), text, field),
        Holds::Subject => subject(cell, context),
        Holds::AnnualResult => annual_result(cell, field, context.vocabulary),
        Holds::Word(words) => word(cell, field, words, context.vocabulary),
    }
}

/// What a cell of the column should look like, for people.
pub(crate) fn expectation(field: &Field) -> Cow<'static, str> {
    Cow::Borrowed(match field.holds {
        Holds::NationalId => "全国学籍号：G、L 或 J 加 18 位，文本格式",
        Holds::ShanghaiNumber => "上海市学籍号：19 位数字，文本格式",
        Holds::DocumentNumber => "证件号码，文本格式",
        Holds::Identifier => "由数字和字母组成的代码",
        Holds::Name | Holds::Text => "文字",
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

const SPOILED: &str = "文本格式的完整号码（表格软件已改动此号码，请从原始材料重新录入）";

fn repairs(text: &str) -> bool {
    text.chars().any(fold::is_space) || has_full_width(text)
}

fn national_id(cell: Cell<'_>, repaired: bool) -> Reading<'static> {
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0204", SPOILED);
    }
    let text = cell.text;
    let parsed = NationalId::parse(text);
    if let (Ok(id), false) = (parsed, repaired) {
        return Reading::value(Value::Id(id.packed()));
    }
    let compact = fold::compact(text);
    if is_scientific(&compact) || is_padded_with_zeros(&compact) {
        return Reading::unreadable("I0204", SPOILED);
    }
    match NationalId::parse(&compact) {
        Ok(id) => {
            let reading = Reading::value(Value::Id(id.packed()));
            if repaired || repairs(text) { reading.with("I0208", fold::masked(&id.to_string(), true)) } else { reading }
        }
        Err(IdentifierFault::CheckDigit) => Reading::unreadable("I0205", "校验位正确的全国学籍号"),
        Err(_) => Reading::unreadable("I0205", "全国学籍号：G、L 或 J 加 18 位，文本格式"),
    }
}

/// Whether a number of 18 or 19 digits has nothing but zeros after the 15th, as a spreadsheet leaves it.
fn is_padded_with_zeros(text: &str) -> bool {
    matches!(text.len(), 18 | 19)
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.as_bytes().iter().skip(15).all(|byte| *byte == b'0')
}

fn document_number<'a>(cell: Cell<'a>, document: Document, repaired: bool) -> Reading<'a> {
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0204", SPOILED);
    }
    let text = cell.text;
    if !repaired && text.len() == 18 && !text.ends_with('x') && ResidentNumber::parse(text).is_ok() {
        return Reading::text(text);
    }
    let number = fold::word(text);
    if is_scientific(&number) {
        return Reading::unreadable("I0204", SPOILED);
    }
    let is_numeric = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let looks_resident = match document {
        Document::Resident => true,
        Document::Other => false,
        Document::Unknown => {
            is_numeric && (14..=19).contains(&number.len())
                || number.len() == 18 && number.as_bytes().iter().take(17).all(u8::is_ascii_digit) && number.ends_with('X')
        }
    };
    let repaired = repaired || repairs(text);
    if !looks_resident {
        let reading = Reading::text(number.clone());
        return if repaired { reading.with("I0208", fold::masked(&number, true)) } else { reading };
    }
    match ResidentNumber::parse(&number) {
        Ok(resident) => {
            let long = resident.to_string();
            let reading = Reading::text(long.clone());
            if repaired || number.len() == 15 { reading.with("I0208", fold::masked(&long, true)) } else { reading }
        }
        Err(_) if is_padded_with_zeros(&number) => Reading::unreadable("I0204", SPOILED),
        Err(IdentifierFault::CheckDigit) => Reading::unreadable("I0206", "校验码正确的居民身份证号"),
        Err(IdentifierFault::Date) => Reading::unreadable("I0206", "出生日期部分正确的居民身份证号"),
        Err(IdentifierFault::Region) => Reading::unreadable("I0206", "地区部分正确的居民身份证号"),
        Err(IdentifierFault::Form) => Reading::unreadable("I0206", "18 位的居民身份证号；其他证件请在证件类型中写明"),
    }
}

fn shanghai_number<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0204", SPOILED);
    }
    let text = cell.text;
    let repaired = repaired || repairs(text);
    let number: Cow<'a, str> = if repaired { Cow::Owned(fold::compact(text)) } else { Cow::Borrowed(text) };
    if is_scientific(&number) || is_padded_with_zeros(&number) {
        return Reading::unreadable("I0204", SPOILED);
    }
    let digits = number.as_bytes();
    let year = number.get(11..15).and_then(|year| year.parse::<i32>().ok());
    let is_right = digits.len() == 19
        && digits.iter().all(u8::is_ascii_digit)
        && number.starts_with("310")
        && matches!(digits.get(10), Some(b'1'..=b'4'))
        && year.is_some_and(|year| YEARS.contains(&year));
    let shown = number.to_string();
    let reading = Reading::text(number);
    match (is_right, repaired) {
        (false, _) => reading.with("I0209", "上海市学籍号：310、区、学校、学段、入学年份、学生码，共 19 位数字"),
        (true, true) => reading.with("I0208", shown),
        (true, false) => reading,
    }
}

fn identifier<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    const CODE: &str = "由数字和字母组成的代码";
    if cell.kind == CellKind::Number {
        return match whole_number(cell.text) {
            Some(digits) => Reading::text(digits),
            None => Reading::unreadable("I0204", SPOILED),
        };
    }
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0202", CODE);
    }
    let text = cell.text;
    if is_scientific(text) {
        return Reading::unreadable("I0204", SPOILED);
    }
    if !repaired && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Reading::text(text);
    }
    let compact = fold::compact(text);
    if !compact.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Reading::unreadable("I0202", CODE);
    }
    let shown = fold::masked(&compact, false);
    let reading = Reading::text(compact);
    if repaired || repairs(text) { reading.with("I0208", shown) } else { reading }
}

/// A text without what programs put around it to keep it a text: an apostrophe before it, or `="` and `"`.
fn without_wrapping(text: &str) -> &str {
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    fold::trimmed(formula.or_else(|| text.strip_prefix('\'')).unwrap_or(text))
}

fn free_text<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    match cell.kind {
        CellKind::Number => {
            if let Some(digits) = whole_number(cell.text) {
                return Reading::text(digits);
            }
        }
        // 7-1 typed for a class has become the first of July.
        CellKind::Date => return Reading::unreadable("I0202", "文字（表格软件已把内容改成日期，请按文本格式重新录入）"),
        _ => {}
    }
    match without_references(cell.text) {
        Some(decoded) => {
            let shown = fold::masked(&decoded, false);
            Reading::text(decoded).with("I0208", shown)
        }
        None if repaired => Reading::text(cell.text).with("I0208", fold::masked(cell.text, false)),
        None => Reading::text(cell.text),
    }
}

/// A text whose characters a web page wrote as `&#134071;`, with the characters themselves; `None` where there are none.
fn without_references(text: &str) -> Option<String> {
    if !text.contains("&#") {
        return None;
    }
    let (mut decoded, mut rest, mut changed) = (String::new(), text, false);
    while let Some((before, after)) = rest.split_once("&#") {
        decoded.push_str(before);
        let reference = after.split_once(';').and_then(|(digits, behind)| {
            let point = match digits.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(point).filter(|character| !character.is_control()).map(|character| (character, behind))
        });
        if let Some((character, behind)) = reference {
            decoded.push(character);
            (rest, changed) = (behind, true);
        } else {
            decoded.push_str("&#");
            rest = after;
        }
    }
    decoded.push_str(rest);
    changed.then_some(decoded)
}

/// Days since 1970-01-01.
pub(crate) fn days_since_1970(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// A day since 1970-01-01 as 2025-09-01.
pub(crate) fn show_date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).map_or_else(String::new, |date| date.to_string())
}

/// A month counted from year 0, as `law::facts::calendar::Month` counts them.
fn month_of(year: i32, month: u32) -> Option<i32> {
    (YEARS.contains(&year) && (1..=12).contains(&month)).then_some(year * 12 + month as i32 - 1)
}

/// The day of a spreadsheet's serial number.
fn serial_date(serial: f64, is_1904: bool) -> Option<NaiveDate> {
    if !(1.0..=100_000.0).contains(&serial) {
        return None;
    }
    let days = Days::new(serial as u64);
    let epoch = match (is_1904, serial < 60.0) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1),
        (false, true) => NaiveDate::from_ymd_opt(1899, 12, 31),
        // The spreadsheets' 1900 has a 29 February that there never was.
        (false, false) => NaiveDate::from_ymd_opt(1899, 12, 30),
    };
    epoch?.checked_add_days(days).filter(|date| YEARS.contains(&date.year()))
}

fn day(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if YEARS.contains(&year) { NaiveDate::from_ymd_opt(year, month, day) } else { None }
}

/// Year, month and day of `20250901`.
fn eight_digits(text: &str) -> Option<NaiveDate> {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    day(i32::try_from(part(0..4)?).ok()?, part(4..6)?, part(6..8)?)
}

/// A moment as written: its numbers, from the year on.
#[derive(Debug, Default)]
struct Written {
    numbers: [u32; 3],
    /// How many digits each has; 0 where there is none.
    digits: [u8; 3],
}

/// Splits a date with any of the separators in use, a time of day behind it or not.
fn split_date(text: &str) -> Option<Written> {
    const SEPARATORS: &[char] = &['-', '/', '.', '。', '、', '，', ',', '—', '–', '－', '−', '／', '．', '年', '月', '~'];
    let mut written = Written::default();
    let mut rest = fold::trimmed(text);
    for (number, digits) in written.numbers.iter_mut().zip(&mut written.digits) {
        while let Some((digit, behind)) = first_digit(rest) {
            *number = number.checked_mul(10)?.checked_add(digit)?;
            *digits = digits.saturating_add(1);
            rest = behind;
        }
        // Without separators, all of the date is in the first number.
        if *digits == 0 || *digits >= 6 {
            break;
        }
        let behind = rest.trim_start_matches(fold::is_space);
        match behind.strip_prefix(SEPARATORS) {
            Some(behind) => rest = behind.trim_start_matches(fold::is_space),
            None => break,
        }
    }
    is_time_of_day(rest).then_some(written)
}

/// The digit that a text begins with, of either width, and what stands behind it.
fn first_digit(text: &str) -> Option<(u32, &str)> {
    let mut characters = text.chars();
    let digit = match characters.next()? {
        digit @ '0'..='9' => digit.to_digit(10)?,
        wide @ '０'..='９' => wide as u32 - '０' as u32,
        _ => return None,
    };
    Some((digit, characters.as_str()))
}

/// Whether nothing stands behind a day but the word 日, a time, or a day of the week.
fn is_time_of_day(text: &str) -> bool {
    let rest =
        text.trim_start_matches(['日', '号']).trim_start_matches(|character| fold::is_space(character) || matches!(character, 'T' | 't'));
    let day_of_week = rest.trim_matches(['(', ')', '（', '）']);
    let day_of_week = day_of_week.strip_prefix("星期").or_else(|| day_of_week.strip_prefix('周'));
    let is_time = || {
        rest.starts_with(|character: char| character.is_ascii_digit())
            && rest.contains([':', '：', '时'])
            && rest
                .chars()
                .all(|character| character.is_ascii_digit() || matches!(character, ':' | '：' | '.' | '时' | '分' | '秒' | '+' | 'Z' | 'z'))
    };
    rest.is_empty() || day_of_week.is_some_and(|day| matches!(day, "一" | "二" | "三" | "四" | "五" | "六" | "日" | "天")) || is_time()
}

fn date(cell: Cell<'_>, is_1904: bool) -> Option<i32> {
    let text = cell.text;
    let found = match cell.kind {
        CellKind::Date => serial_date(text.parse().ok()?, is_1904),
        CellKind::Number => {
            let number: f64 = text.parse().ok()?;
            if SERIALS.contains(&number) {
                serial_date(number, is_1904)
            } else {
                whole_number(text).filter(|digits| digits.len() == 8).and_then(|digits| eight_digits(&digits))
            }
        }
        CellKind::Text if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) => eight_digits(text),
        CellKind::Text => {
            let written = split_date(text)?;
            let [year, month, of_month] = written.numbers;
            match written.digits {
                [8, 0, 0] => day(i32::try_from(year / 10_000).ok()?, year / 100 % 100, year % 100),
                [4, 1..=2, 1..=2] => day(i32::try_from(year).ok()?, month, of_month),
                _ => None,
            }
        }
        CellKind::Empty | CellKind::Boolean | CellKind::Error => None,
    };
    found.map(days_since_1970)
}

fn month(cell: Cell<'_>, is_1904: bool) -> Option<i32> {
    let of_day = |date: NaiveDate| month_of(date.year(), date.month());
    let six_digits = |number: u32| month_of(i32::try_from(number / 100).ok()?, number % 100);
    match cell.kind {
        CellKind::Number => match whole_number(cell.text) {
            Some(digits) if digits.len() == 6 => six_digits(digits.parse().ok()?),
            Some(digits) if digits.len() == 8 => of_day(eight_digits(&digits)?),
            Some(_) => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
            // 2025.1 could be January or October.
            None => None,
        },
        CellKind::Text => {
            let written = split_date(cell.text)?;
            let [year, month, _] = written.numbers;
            match written.digits {
                [6, 0, 0] => six_digits(year),
                [4, 1..=2, 0] => month_of(i32::try_from(year).ok()?, month),
                _ => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
            }
        }
        _ => of_day(NaiveDate::from_epoch_days(date(cell, is_1904)?)?),
    }
}

fn school_year(cell: Cell<'_>) -> Option<i32> {
    if matches!(cell.kind, CellKind::Date | CellKind::Boolean) {
        return None;
    }
    let folded = plain(cell);
    // What stands behind 学年 is the term.
    let years = folded.split_once("学年").map_or(folded.as_str(), |(years, _)| years);
    let mut groups = years.split(|character: char| !character.is_ascii_digit()).filter(|group| !group.is_empty());
    let is_form = years
        .chars()
        .all(|character| character.is_ascii_digit() || matches!(character, '-' | '—' | '–' | '−' | '~' | '/' | '.' | '至' | '到' | '年'));
    let (first, second) = (groups.next()?, groups.next());
    if !is_form || groups.next().is_some() {
        return None;
    }
    let (first, second) = match (first.len(), second) {
        (8, None) => (first.get(..4)?, first.get(4..)),
        (4, second) => (first, second),
        _ => return None,
    };
    let year: i32 = first.parse().ok()?;
    let follows = match second {
        None => true,
        Some(second) => {
            let next: i32 = second.parse().ok()?;
            second.len() == 4 && next == year + 1 || second.len() == 2 && next == (year + 1) % 100
        }
    };
    ((1990..2100).contains(&year) && follows).then_some(year)
}

fn term(folded: &str) -> Option<u8> {
    let term = folded.rsplit_once("学年").map_or(folded, |(_, term)| term.trim_start_matches('度'));
    let core = term.trim_start_matches('第').trim_end_matches("学期").trim_end_matches('季');
    match core {
        "1" | "01" | "一" | "上" | "秋" | "I" | "Ⅰ" => Some(1),
        "2" | "02" | "二" | "下" | "春" | "II" | "Ⅱ" => Some(2),
        _ => None,
    }
}

/// A number below 100 in digits or as 一, 十二.
fn small_number(text: &str) -> Option<u8> {
    const NUMERALS: [&str; 12] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
    if text.len() <= 2 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    NUMERALS.iter().position(|numeral| *numeral == text).and_then(|place| u8::try_from(place + 1).ok())
}

fn grade(folded: &str) -> Option<u8> {
    if matches!(folded, "预初" | "预备" | "初预" | "中预" | "预备班" | "预备年级" | "预初年级" | "六年级预备班") {
        return Some(6);
    }
    let strip = |prefixes: [&'static str; 2]| prefixes.into_iter().find_map(|prefix| folded.strip_prefix(prefix));
    let number = |rest: &str| small_number(rest.trim_end_matches("年级"));
    if let Some(rest) = strip(["小学", "小"]) {
        number(rest).filter(|grade| (1..=6).contains(grade))
    } else if let Some(rest) = strip(["初中", "初"]) {
        // 初一 is the sixth grade here and the seventh there.
        number(rest).filter(|grade| (6..=9).contains(grade))
    } else if let Some(rest) = strip(["高中", "高"]) {
        match number(rest)? {
            year @ 1..=3 => Some(year + 9),
            grade @ 10..=12 => Some(grade),
            _ => None,
        }
    } else {
        number(folded).filter(|grade| (1..=12).contains(grade))
    }
}

/// A number in thousandths, its unit behind it or not.
fn number(text: &str) -> Option<i32> {
    let folded = fold::word(text);
    let core = folded.trim_end_matches(['年', '制', '周', '人', '分', '篇', '份', '个', '次', '天']);
    if let Some(small) = small_number(core) {
        return Some(i32::from(small) * 1000);
    }
    let is_form = core.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'E' | b'+' | b'-'));
    let number: f64 = core.parse().ok().filter(|_| is_form)?;
    (0.0..=2_000_000.0).contains(&number).then(|| (number * 1000.0).round() as i32)
}

fn subject(cell: Cell<'_>, context: &mut Context<'_>) -> Reading<'static> {
    const NAME: &str = "科目名称";
    let known = &context.vocabulary.subjects;
    if let Some(Subject(code)) = known.find(cell.text) {
        return Reading::value(Value::Code(code));
    }
    let folded = fold::compact(cell.text);
    let is_name = cell.kind == CellKind::Text && folded.chars().any(char::is_alphabetic) && folded.chars().count() <= 30;
    if !is_name {
        return Reading::unreadable("I0202", NAME);
    }
    match context.subjects.intern(known, &folded) {
        None => Reading::unreadable("I0202", "科目名称（不同的名称过多）"),
        Some(code) => {
            let reading = Reading::value(Value::Code(code));
            if repairs(cell.text) { reading.with("I0208", folded) } else { reading }
        }
    }
}

fn annual_result(cell: Cell<'_>, field: &Field, vocabulary: &Vocabulary) -> Reading<'static> {
    let folded = if cell.kind == CellKind::Number { cell.text.to_owned() } else { fold::word(cell.text) };
    if let Some(&code) = vocabulary.annual.get(&folded) {
        return Reading::value(Value::Code(code));
    }
    let mark = folded.trim_end_matches('分');
    if mark.starts_with(|character: char| character.is_ascii_digit())
        && let Ok(mark) = mark.parse::<f64>()
    {
        if !(0.0..=100.0).contains(&mark) {
            return Reading::unreadable("I0202", "0 至 100 的分数，或等第");
        }
        let result = if mark >= vocabulary.mark_out_of_100 { AnnualResult::Passed } else { AnnualResult::Failed };
        let reading = Reading::value(Value::Code(result as u8));
        return if has_full_width(cell.text) { reading.with("I0208", result.word()) } else { reading };
    }
    word(cell, field, AnnualResult::WORDS, vocabulary)
}

fn word(cell: Cell<'_>, field: &Field, words: &'static [&'static str], vocabulary: &Vocabulary) -> Reading<'static> {
    let code = |place: usize| u8::try_from(place).map_or(Reading::unreadable("I0203", ""), |code| Reading::value(Value::Code(code)));
    if let Some(place) = words.iter().position(|word| *word == cell.text) {
        return code(place);
    }
    let folded = plain(cell);
    if let Some(place) = words.iter().position(|word| *word == folded) {
        return code(place).with("I0208", folded);
    }
    if let Some(spelling) = vocabulary.dictionary.word(field.header, &folded) {
        let reading = Reading::value(Value::Code(spelling.code));
        let read_as = words.get(usize::from(spelling.code)).copied().unwrap_or_default();
        return if spelling.ordinary { reading } else { reading.with("I0208", read_as) };
    }
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(word, &folded);
    let nearest = words.iter().map(|word| (likeness(word), *word)).filter(|(likeness, _)| *likeness > 0.0);
    // The first of several equally near ones.
    let nearest =
        nearest.fold(None, |best: Option<(f64, &str)>, next| if best.is_some_and(|best| best.0 >= next.0) { best } else { Some(next) });
    let list = words.join("、");
    Reading::unreadable("I0203", nearest.map_or_else(|| list.clone(), |(_, nearest)| format!("{list}（最接近：{nearest}）")))
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::super::testing::vocabulary;
    use super::*;

    fn read_as(table: Table, header: &str, kind: CellKind, text: &str) -> (Read<Value<'static>>, Option<&'static str>) {
        let vocabulary = vocabulary();
        let mut context = Context { vocabulary: &vocabulary, is_1904: false, subjects: NewSubjects::default() };
        let field = &table.fields()[table.field(header).unwrap()];
        let reading = read(Cell { kind, text }, field, Document::Unknown, &mut context).into_owned();
        (reading.value, reading.issue.map(|issue| issue.code))
    }

    fn day_of(kind: CellKind, text: &str) -> (Option<String>, Option<&'static str>) {
        let (value, code) = read_as(Table::Urgings, "督促日期", kind, text);
        let shown = match value {
            Read::Value(Value::Integer(days)) => Some(show_date(days)),
            _ => None,
        };
        (shown, code)
    }

    #[test]
    fn dates_are_read_in_every_spelling() {
        let spellings = [
            "2025-09-01",
            "2025/9/1",
            "2025.9.1",
            "20250901",
            "2025年9月1日",
            "2025。9。1",
            "2025、9、1",
            "2025—09—01",
            "2025-09-01 00:00:00",
            "2025-09-01T08:30:00Z",
            "2025/9/1 8:30",
            "20250901083000",
            "2025年09月01日 星期一",
            "2025 - 9 - 1",
            "20250901 08:30",
        ];
        for spelling in spellings {
            assert_eq!(day_of(CellKind::Text, spelling), (Some("2025-09-01".into()), None), "{spelling}");
        }
        assert_eq!(day_of(CellKind::Text, "２０２５-０９-０１"), (Some("2025-09-01".into()), Some("I0208")));
        assert_eq!(day_of(CellKind::Text, "'2025-09-01"), (Some("2025-09-01".into()), Some("I0208")));
        assert_eq!(day_of(CellKind::Date, "45901"), (Some("2025-09-01".into()), None));
        assert_eq!(day_of(CellKind::Number, "45901.25"), (Some("2025-09-01".into()), None));
        assert_eq!(day_of(CellKind::Number, "20250901"), (Some("2025-09-01".into()), None));
        assert_eq!(day_of(CellKind::Date, "40422"), (Some("2010-09-01".into()), None));
        for spelling in [
            "2025年9月",
            "2025-02-30",
            "25-9-1",
            "9/1/2025",
            "45901",
            "不详",
            "2025-13-01",
            "1234567890123",
            "20259",
            "2025-09-01至2025-09-10",
            "2025-09-01-2025-09-10",
            "2025-9-1 2025-9-2",
            "2025-09-01 暂定",
        ] {
            assert_eq!(day_of(CellKind::Text, spelling), (None, Some("I0202")), "{spelling}");
        }
        assert_eq!(day_of(CellKind::Text, " NULL "), (None, None));
        assert_eq!(day_of(CellKind::Text, "—"), (None, Some("I0208")));
        assert_eq!(serial_date(44_439.0, true), NaiveDate::from_ymd_opt(2025, 9, 1));
    }

    #[test]
    fn months_are_read() {
        let expected = Read::Value(Value::Integer(2025 * 12 + 8));
        for (kind, text) in [
            (CellKind::Text, "2025-09"),
            (CellKind::Text, "2025年9月"),
            (CellKind::Text, "202509"),
            (CellKind::Text, "2025.9"),
            (CellKind::Text, "2025-09-01"),
            (CellKind::Number, "202509"),
            (CellKind::Number, "20250901"),
            (CellKind::Date, "45901"),
            (CellKind::Number, "45901"),
        ] {
            assert_eq!(read_as(Table::Roster, "入学年月", kind, text), (expected.clone(), None), "{text}");
        }
        for (kind, text) in [(CellKind::Number, "2025.1"), (CellKind::Text, "2025"), (CellKind::Text, "2025-13")] {
            assert_eq!(read_as(Table::Roster, "入学年月", kind, text), (Read::Unreadable, Some("I0202")), "{text}");
        }
    }

    #[test]
    fn school_years_terms_and_grades_are_read() {
        for text in [
            "2025-2026",
            "2025—2026学年",
            "2025/2026",
            "2025学年",
            "2025学年度",
            "2025",
            "2025-26",
            "2025-2026学年第一学期",
            "2025至2026学年",
        ] {
            let read = read_as(Table::Evaluations, "学年", CellKind::Text, text);
            assert_eq!(read, (Read::Value(Value::Integer(2025)), None), "{text}");
        }
        for text in ["2025-2027", "25", "2025-09", "学年"] {
            assert_eq!(read_as(Table::Evaluations, "学年", CellKind::Text, text), (Read::Unreadable, Some("I0202")), "{text}");
        }
        for (text, expected) in [
            ("1", 1),
            ("第一学期", 1),
            ("秋季", 1),
            ("上", 1),
            ("2025学年第二学期", 2),
            ("春季学期", 2),
            ("下学期", 2),
            ("2025-2026学年度第2学期", 2),
        ] {
            assert_eq!(read_as(Table::Registrations, "学期", CellKind::Text, text), (Read::Value(Value::Code(expected)), None), "{text}");
        }
        let grades = [
            ("一年级", 1),
            ("1年级", 1),
            ("小一", 1),
            ("1", 1),
            ("小学五年级", 5),
            ("预初", 6),
            ("六年级", 6),
            ("初中七年级", 7),
            ("高一", 10),
            ("高中一年级", 10),
            ("十年级", 10),
            ("10", 10),
            ("高1", 10),
            ("十二年级", 12),
            ("高三年级", 12),
        ];
        for (text, expected) in grades {
            assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, text), (Read::Value(Value::Code(expected)), None), "{text}");
        }
        assert_eq!(read_as(Table::Roster, "年级", CellKind::Number, "7.0").0, Read::Value(Value::Code(7)));
        for text in ["初一", "13", "2024级", "初三", "高四", "0"] {
            assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, text), (Read::Unreadable, Some("I0202")), "{text}");
        }
        assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, "７").1, Some("I0208"));
    }

    #[test]
    fn ids_are_repaired_or_refused() {
        let id = |kind, text| read_as(Table::Urgings, "全国学籍号", kind, text);
        let right = Read::Value(Value::Id(NationalId::parse("G11010519491231002X").unwrap().packed()));
        assert_eq!(id(CellKind::Text, "g11010519491231002x"), (right.clone(), None));
        assert_eq!(id(CellKind::Text, "Ｇ11010519491231002X"), (right.clone(), Some("I0208")));
        assert_eq!(id(CellKind::Text, "'G110105 19491231 002X"), (right, Some("I0208")));
        assert_eq!(id(CellKind::Text, "G110105194912310021"), (Read::Unreadable, Some("I0205")));
        assert_eq!(id(CellKind::Text, "11010519491231002X"), (Read::Unreadable, Some("I0205")));
        assert_eq!(id(CellKind::Number, "110105194912310"), (Read::Unreadable, Some("I0204")));
        assert_eq!(id(CellKind::Text, "1.10105E+17"), (Read::Unreadable, Some("I0204")));
    }

    #[test]
    fn documents_are_checked_as_what_they_are() {
        let vocabulary = vocabulary();
        let field = &Table::Roster.fields()[Table::Roster.field("证件号码").unwrap()];
        let number = |document, text: &str| {
            let mut context = Context { vocabulary: &vocabulary, is_1904: false, subjects: NewSubjects::default() };
            let reading = read(Cell::text(text), field, document, &mut context).into_owned();
            (reading.value, reading.issue.map(|issue| issue.code))
        };
        let right = Read::Value(Value::Text(Cow::Borrowed("11010519491231002X")));
        assert_eq!(number(Document::Unknown, "11010519491231002X"), (right.clone(), None));
        assert_eq!(number(Document::Unknown, "11010519491231002x"), (right.clone(), None));
        assert_eq!(number(Document::Resident, "110105491231002"), (right, Some("I0208")));
        assert_eq!(number(Document::Unknown, "110105194912310021"), (Read::Unreadable, Some("I0206")));
        assert_eq!(number(Document::Unknown, "310104200509010000"), (Read::Unreadable, Some("I0204")));
        assert_eq!(number(Document::Resident, "E12345678"), (Read::Unreadable, Some("I0206")));
        assert_eq!(number(Document::Other, "e12345678"), (Read::Value(Value::Text(Cow::Borrowed("E12345678"))), None));
        assert_eq!(number(Document::Unknown, "H12345678"), (Read::Value(Value::Text(Cow::Borrowed("H12345678"))), None));
        assert_eq!(Document::of("居民身份证"), Document::Resident);
        assert_eq!(Document::of("外国人永久居留身份证"), Document::Other);
        let shanghai = |text| read_as(Table::Roster, "上海市学籍号", CellKind::Text, text).1;
        assert_eq!(shanghai("3101040123120230017"), None);
        assert_eq!(shanghai("3101040123120230000"), Some("I0204"));
        assert_eq!(shanghai("310104012312023001"), Some("I0209"));
    }

    #[test]
    fn words_are_read_by_the_dictionary() {
        let word = |table, header, text| read_as(table, header, CellKind::Text, text);
        let code = |code| Read::Value(Value::Code(code));
        assert_eq!(word(Table::Roster, "学籍状态", "在读"), (code(0), None));
        assert_eq!(word(Table::Roster, "学籍状态", "在 读"), (code(0), Some("I0208")));
        assert_eq!(word(Table::Roster, "学籍状态", "在校"), (code(0), Some("I0208")));
        assert_eq!(word(Table::Attendance, "考勤", "缺课"), (Read::Unreadable, Some("I0203")));
        assert_eq!(word(Table::Attendance, "考勤", "半天病假"), (code(2), None));
        assert_eq!(word(Table::Evaluations, "志愿服务", "达标"), (code(0), None));
        assert_eq!(word(Table::CourseResults, "学年总评", "优秀"), (code(0), None));
        assert_eq!(word(Table::CourseResults, "学年总评", "免修"), (code(2), None));
        assert_eq!(word(Table::CourseResults, "学年总评", "59.5"), (code(1), None));
        assert_eq!(word(Table::CourseResults, "学年总评", "60分"), (code(0), None));
        assert_eq!(word(Table::CourseResults, "学年总评", "120"), (Read::Unreadable, Some("I0202")));
        assert_eq!(word(Table::CourseResults, "学年总评", "中等"), (Read::Unreadable, Some("I0203")));
        assert_eq!(word(Table::CourseResults, "科目", "英语"), (code(2), None));
        assert_eq!(word(Table::CourseResults, "科目", "探究"), (code(3), None));
        assert_eq!(word(Table::CourseResults, "科目", "13"), (Read::Unreadable, Some("I0202")));
        assert_eq!(word(Table::Evaluations, "社会实践周数", "6.5周"), (Read::Value(Value::Integer(6500)), None));
        assert_eq!(word(Table::Roster, "学制年限", "四年"), (Read::Value(Value::Integer(4000)), None));
        assert_eq!(word(Table::Roster, "姓名", "&#134071;某·某").0, Read::Value(Value::Text(Cow::Borrowed("𠮷某·某"))));
        assert_eq!(word(Table::Schools, "学校代码", "310104\u{FFFD}"), (Read::Unreadable, Some("I0202")));
    }
}
