//! Numbers that identify: national ids, ID documents, Shanghai numbers, codes of schools.

use super::{Document, Reading, Value, YEARS, has_full_width, is_scientific, whole_number};
use crate::ingest::cell::{Cell, CellKind};
use crate::ingest::fold;
use crate::ingest::table::Holds;
use law::facts::identifiers::{IdentifierFault, NationalId, ResidentNumber};
use std::borrow::Cow;

const SPOILED: &str = "文本格式的完整号码（表格软件已改动此号码，请从原始材料重新录入）";

pub(super) fn repairs(text: &str) -> bool {
    text.chars().any(fold::is_space) || has_full_width(text)
}

/// What most cells of numbers hold: a right one and nothing else. None for all others, which take a closer look.
pub(super) fn plain<'a>(text: &'a str, holds: Holds) -> Option<Reading<'a>> {
    match holds {
        Holds::NationalId => NationalId::parse(text).ok().map(|id| Reading::value(Value::Id(id.packed()))),
        Holds::DocumentNumber => is_plain_document(text).then(|| Reading::text(text)),
        Holds::ShanghaiNumber => (is_right_shanghai_number(text) && !is_padded_with_zeros(text)).then(|| Reading::text(text)),
        _ => None,
    }
}

pub(super) fn national_id(cell: Cell<'_>, repaired: bool) -> Reading<'static> {
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

/// A resident ID number as it should stand.
fn is_plain_document(text: &str) -> bool {
    text.len() == 18 && !text.ends_with('x') && ResidentNumber::parse(text).is_ok()
}

pub(super) fn document_number<'a>(cell: Cell<'a>, document: Document, repaired: bool) -> Reading<'a> {
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0204", SPOILED);
    }
    let text = cell.text;
    if !repaired && is_plain_document(text) {
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

/// 310, district, school, stage, year and number of a student, 19 digits.
fn is_right_shanghai_number(number: &str) -> bool {
    let digits = number.as_bytes();
    let year = number.get(11..15).and_then(|year| year.parse::<i32>().ok());
    digits.len() == 19
        && digits.iter().all(u8::is_ascii_digit)
        && number.starts_with("310")
        && matches!(digits.get(10), Some(b'1'..=b'4'))
        && year.is_some_and(|year| YEARS.contains(&year))
}

pub(super) fn shanghai_number<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    if cell.kind != CellKind::Text {
        return Reading::unreadable("I0204", SPOILED);
    }
    let text = cell.text;
    let repaired = repaired || repairs(text);
    let number: Cow<'a, str> = if repaired { Cow::Owned(fold::compact(text)) } else { Cow::Borrowed(text) };
    if is_scientific(&number) || is_padded_with_zeros(&number) {
        return Reading::unreadable("I0204", SPOILED);
    }
    let is_right = is_right_shanghai_number(&number);
    let shown = number.to_string();
    let reading = Reading::text(number);
    match (is_right, repaired) {
        (false, _) => reading.with("I0209", "上海市学籍号：310、区、学校、学段、入学年份、学生码，共 19 位数字"),
        (true, true) => reading.with("I0208", shown),
        (true, false) => reading,
    }
}

pub(super) fn identifier<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
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
