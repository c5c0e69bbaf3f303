//! Names and free texts, as people type and programs wrap them.

use super::{Reading, whole_number};
use crate::ingest::cell::{Cell, CellKind};
use crate::ingest::fold;

/// A text without what programs put around it to keep it a text: an apostrophe before it, or `="` and `"`.
pub(super) fn without_wrapping(text: &str) -> &str {
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    fold::trimmed(formula.or_else(|| text.strip_prefix('\'')).unwrap_or(text))
}

pub(super) fn free_text<'a>(cell: Cell<'a>, repaired: bool) -> Reading<'a> {
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
