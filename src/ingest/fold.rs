//! When are two spellings the same? One form for full-width and half-width characters, spaces and marks; and the mask over ID numbers.

/// The half-width form of a full-width character.
fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
        '\u{3000}' | '\u{00A0}' => ' ',
        _ => character,
    }
}

/// Whether a character is only there to keep others apart, or not to be seen at all.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\0' | '\u{1A}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

/// Whether a character is not seen itself, but moves the cursor of a terminal or turns the text around it.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// A text without the spaces around it.
pub(crate) fn trimmed(text: &str) -> &str {
    // Nearly every text begins and ends with a letter, a digit or a Chinese character (of three bytes, the first from E4 to E9).
    let bytes = text.as_bytes();
    let is_chinese = |byte: Option<&u8>| byte.is_some_and(|byte| (0xE4..=0xE9).contains(byte));
    let begins = bytes.first().is_some_and(u8::is_ascii_alphanumeric) || is_chinese(bytes.first());
    let ends = || bytes.last().is_some_and(u8::is_ascii_alphanumeric) || is_chinese(bytes.get(bytes.len().wrapping_sub(3)));
    if begins && ends() { text } else { text.trim_matches(is_space) }
}

/// Bytes of a header, notes and all: a longer text is none.
pub(crate) const LONGEST_HEADER: usize = 1_000;

/// The form in which headers are compared: without brackets and what they hold, spaces, marks and separators; empty for what is none.
pub(crate) fn header(text: &str) -> String {
    if text.len() > LONGEST_HEADER {
        return String::new();
    }
    let outside = without_brackets(text);
    if outside.is_empty() { kept_characters(text.chars()) } else { outside }
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0u32;
    kept_characters(text.chars().filter(|&character| match half_width(character) {
        '(' | '[' | '【' | '〔' | '{' => {
            depth += 1;
            false
        }
        ')' | ']' | '】' | '〕' | '}' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    }))
}

fn kept_characters(characters: impl Iterator<Item = char>) -> String {
    characters.map(half_width).filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The form in which words of a list are compared: half-width, upper case, without spaces.
pub(crate) fn word(text: &str) -> String {
    text.chars().map(half_width).filter(|&character| !is_space(character)).flat_map(char::to_uppercase).collect()
}

/// The half-width form without spaces, upper case kept as it is.
pub(crate) fn compact(text: &str) -> String {
    text.chars().map(half_width).filter(|&character| !is_space(character)).collect()
}

/// A text in which every number that could be an ID document's shows its first 6 and last 2 characters only.
///
/// `whole` says that the text as a whole is such a number, as in a column of ID numbers, where shorter numbers of other documents stand too.
pub(crate) fn masked(text: &str, whole: bool) -> String {
    if whole {
        let number: Vec<char> = compact(text).chars().collect();
        return mask_number(&number);
    }
    let mut masked = String::with_capacity(text.len());
    let mut run: Vec<char> = Vec::new();
    let mut pending = String::new();
    for character in text.chars() {
        if half_width(character).is_ascii_alphanumeric() {
            run.push(half_width(character));
            pending.push(character);
        } else if !run.is_empty() && (is_space(character) || character == '-') {
            pending.push(character);
        } else {
            flush(&mut masked, &mut run, &mut pending);
            masked.push(character);
        }
    }
    flush(&mut masked, &mut run, &mut pending);
    masked
}

/// Puts a run of letters and digits to the text, masked if it holds enough digits for an ID number.
fn flush(masked: &mut String, run: &mut Vec<char>, pending: &mut String) {
    if run.iter().filter(|character| character.is_ascii_digit()).count() >= 15 {
        masked.push_str(&mask_number(run));
    } else {
        masked.push_str(pending);
    }
    run.clear();
    pending.clear();
}

fn mask_number(number: &[char]) -> String {
    let prefix = usize::from(number.len() > 15 && number.first().is_some_and(|first| first.is_ascii_alphabetic()));
    let length = number.len() - prefix;
    let (first, last) = match length {
        15.. => (6, 2),
        6..15 => (2, 2),
        _ => (length, 0),
    };
    number
        .iter()
        .enumerate()
        .map(|(place, &character)| if place < prefix + first || place + last >= number.len() { character } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_without_marks_and_notes() {
        assert_eq!(header("★ 身份\n证件号（必填） *"), "身份证件号");
        assert_eq!(header("国籍/地区"), "国籍地区");
        assert_eq!(header("Ｆinding_ID"), "findingid");
        assert_eq!(header("（学籍号）"), "学籍号");
    }

    #[test]
    fn whole_id_numbers_never_show() {
        assert_eq!(masked("G310104201309010017", true), "G310104**********17");
        assert_eq!(masked("310104201309010017", true), "310104**********17");
        assert_eq!(masked("310104 20130901 0017", true), "310104**********17");
        assert_eq!(masked("见３１０１０４２０１３０９０１００１７号", false), "见310104**********17号");
        assert_eq!(masked("2025-09-01 08:30", false), "2025-09-01 08:30");
        assert_eq!(masked("E12345678", true), "E1*****78");
    }
}
