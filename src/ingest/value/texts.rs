//! Names and free texts, as people type and programs wrap them.

use std::borrow::Cow;

use law::facts::codes::Read;

use super::{Reading, Value, whole_number};
use crate::ingest::cell::{Cell, CellKind};
use crate::ingest::fold;

/// A text without what programs put around it to keep it a text: an apostrophe before it, or `="` and `"`.
pub(super) fn without_wrapping(text: &str) -> &str {
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    fold::trimmed(formula.or_else(|| text.strip_prefix('\'')).unwrap_or(text))
}

/// Bytes of a text that someone may have meant: a cell of a spreadsheet holds as many characters.
const LONGEST: usize = 32_767;

pub(super) fn free_text<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    if cell.text.len() > LONGEST {
        return Reading::unreadable("I0202", "较短的文字（此格文字过长）");
    }
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
    let text = restored(cell.text);
    match without_references(&text).or_else(|| (text != cell.text).then(|| text.into_owned())) {
        Some(decoded) => {
            let shown = fold::masked(&decoded, false);
            Reading::text(decoded).with("I0208", shown)
        }
        None if repaired => Reading::text(cell.text).with("I0208", fold::masked(cell.text, false)),
        None => Reading::text(cell.text),
    }
}

/// A person's name: any text, but one that shows what could not be typed or printed has to be mended.
pub(super) fn name<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
    let reading = free_text(cell, repaired);
    let is_lost = |letter: char| matches!(letter, '\u{E000}'..='\u{F8FF}' | '□' | '■' | '〓' | '?' | '？' | '\u{F0000}'..='\u{10FFFF}');
    match &reading.value {
        Read::Value(Value::Text(text)) if text.chars().any(is_lost) => {
            reading.with("I0202", "姓名中没有造字（PUA）、方框和问号：请改用标准汉字，或按证件重新录入")
        }
        _ => reading,
    }
}

/// The characters of GB18030 that had no place of their own in Unicode when much software was written, and have one now: the private
/// one that stands in files, and the right one.
const PLACED: [(char, char); 24] = [
    ('\u{E78D}', '︐'),
    ('\u{E78E}', '︒'),
    ('\u{E78F}', '︑'),
    ('\u{E790}', '︓'),
    ('\u{E791}', '︔'),
    ('\u{E792}', '︕'),
    ('\u{E793}', '︖'),
    ('\u{E794}', '︗'),
    ('\u{E795}', '︘'),
    ('\u{E796}', '︙'),
    ('\u{E816}', '\u{20087}'),
    ('\u{E817}', '\u{20089}'),
    ('\u{E818}', '\u{200CC}'),
    ('\u{E81E}', '\u{9FB4}'),
    ('\u{E826}', '\u{9FB5}'),
    ('\u{E82B}', '\u{9FB6}'),
    ('\u{E82C}', '\u{9FB7}'),
    ('\u{E831}', '\u{215D7}'),
    ('\u{E832}', '\u{9FB8}'),
    ('\u{E83B}', '\u{2298F}'),
    ('\u{E843}', '\u{9FB9}'),
    ('\u{E854}', '\u{9FBA}'),
    ('\u{E855}', '\u{241FE}'),
    ('\u{E864}', '\u{9FBB}'),
];

/// A text with the right characters in place of those that GB18030 once put into the private area.
fn restored(text: &str) -> Cow<'_, str> {
    let right = |letter: char| PLACED.iter().find(|(private, _)| *private == letter).map(|(_, right)| *right);
    // Nearly no text has a character of the private area, which in UTF-8 begin with this byte.
    if text.as_bytes().contains(&0xEE) && text.chars().any(|letter| right(letter).is_some()) {
        text.chars().map(|letter| right(letter).unwrap_or(letter)).collect()
    } else {
        Cow::Borrowed(text)
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
