//! Masking: of a number of an ID document only the first six and the last two characters are shown (A47).

use std::borrow::Cow;

use serde_json::Value;

use crate::ingest::fold::is_unseen;

/// A text as it may be shown: masked, and without what would move the cursor of a terminal.
pub fn shown(text: &str) -> String {
    let is_shown = |letter: char| letter == '\n' || letter == '\t' || !is_unseen(letter);
    within(text).chars().map(|letter| if is_shown(letter) { letter } else { '\u{FFFD}' }).collect()
}

/// A JSON value whose every text may be shown, names of fields too.
pub fn shown_within(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(shown(&text)),
        Value::Array(values) => values.into_iter().map(shown_within).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (shown(&name), shown_within(value))).collect(),
        plain => plain,
    }
}

/// A text in which every number of an ID document is masked, whatever stands around it: the last safeguard of all that people see.
pub fn within(text: &str) -> Cow<'_, str> {
    // Most texts hold no run of digits that is long enough.
    if text.chars().filter(|letter| is_digit(*letter)).count() < SHORT {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut run = String::new();
    for letter in text.chars() {
        if is_digit(letter) || letter.is_ascii_alphabetic() {
            run.push(letter);
        } else {
            masked.push_str(&masked_run(&run));
            run.clear();
            masked.push(letter);
        }
    }
    masked.push_str(&masked_run(&run));
    Cow::Owned(masked_pieces(masked))
}

/// What people put between the parts of a number, one sign at a time.
fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '-' | '.' | '_' | '·' | '/' | ',' | '\u{200b}' | '\u{feff}')
}

/// Masks numbers of today that are written in pieces or grown together with what is around them: 17 digits and a digit or X, of which the
/// first two are a province's and the seventh to the fourteenth a date. Pieces are whole runs of digits, so that dates side by side are none.
fn masked_pieces(text: String) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut start = 0;
    while start < letters.len() {
        match pieces_from(&letters, start) {
            Some(places) => {
                let hidden = places.get(6..LONG - 2).unwrap_or_default();
                hidden.iter().for_each(|place| letters.get_mut(*place).into_iter().for_each(|letter| *letter = '*'));
                start = places.last().map_or(start, |last| last + 1);
            }
            None => start += 1,
        }
    }
    letters.into_iter().collect()
}

/// Where the characters of such a number stand that begins at a place.
fn pieces_from(letters: &[char], start: usize) -> Option<Vec<usize>> {
    letters.get(start).filter(|letter| is_digit(**letter))?;
    let mut places = Vec::with_capacity(LONG);
    let mut place = start;
    while places.len() < LONG {
        let letter = *letters.get(place)?;
        let is_last = places.len() + 1 == LONG;
        if is_digit(letter) || is_last && matches!(letter, 'X' | 'x') {
            places.push(place);
        } else if !is_separator(letter) || place > start && letters.get(place - 1).is_some_and(|before| is_separator(*before)) {
            return None;
        }
        place += 1;
    }
    let is_in_pieces = place > start + LONG;
    let goes_on = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|letter| is_digit(*letter));
    if is_in_pieces && (goes_on(start.checked_sub(1)) || goes_on(Some(place))) {
        return None;
    }
    let digit = |at: usize| places.get(at).and_then(|place| letters.get(*place)).and_then(|letter| value(*letter));
    let number = |range: std::ops::Range<usize>| range.map(digit).try_fold(0, |sum, digit| Some(sum * 10 + digit?));
    let (year, month, day) = (number(6..10)?, number(10..12)?, number(12..14)?);
    let is_province = matches!(number(0..2)?, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 90..=99);
    (is_province && (1900..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(places)
}

/// What a digit stands for.
fn value(digit: char) -> Option<u32> {
    digit.to_digit(10).or_else(|| ('０'..='９').contains(&digit).then(|| u32::from(digit) - u32::from('０')))
}

/// Digits of an old number, and characters of one of today.
const SHORT: usize = 15;
const LONG: usize = 18;

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '０'..='９')
}

/// A run of letters and digits, masked if it is a number of an ID document, with the letter of a national id before it or not.
fn masked_run(run: &str) -> Cow<'_, str> {
    let mut letters: Vec<char> = run.chars().collect();
    let prefix = usize::from(letters.first().is_some_and(char::is_ascii_alphabetic));
    let number = letters.get_mut(prefix..).unwrap_or_default();
    let is_number = match &*number {
        [digits @ .., last] if digits.len() + 1 == LONG => {
            digits.iter().all(|digit| is_digit(*digit)) && (is_digit(*last) || matches!(last, 'X' | 'x'))
        }
        digits => digits.len() == SHORT && digits.iter().all(|digit| is_digit(*digit)),
    };
    if !is_number {
        return Cow::Borrowed(run);
    }
    let hidden = 6..number.len() - 2;
    number.get_mut(hidden).unwrap_or_default().fill('*');
    Cow::Owned(letters.into_iter().collect())
}

/// A document's number, masked. Short numbers keep less.
pub fn document(number: &str) -> String {
    let letters: Vec<char> = number.chars().collect();
    if letters.len() < 9 {
        return "*".repeat(letters.len());
    }
    let hidden = letters.len() - 8;
    letters[..6].iter().collect::<String>() + &"*".repeat(hidden) + &letters[letters.len() - 2..].iter().collect::<String>()
}

/// A national id, masked: the prefix letter stays, its number is masked.
pub fn national_id(id: &str) -> String {
    match id.split_at_checked(1) {
        Some((prefix, number)) if id.len() == 19 => prefix.to_owned() + &document(number),
        _ => document(id),
    }
}

/// A student's key: a national id masked, a hash as it is.
pub fn student_key(key: &str) -> String {
    if key.contains(':') { key.to_owned() } else { national_id(key) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_masked_wherever_they_stand() {
        let masked = [
            ("见310104201309010017号", "见310104**********17号"),
            ("一校/G11010519491231002X_名册.csv!2", "一校/G110105**********2X_名册.csv!2"),
            ("110105491231002", "110105*******02"),
            ("３１０１０４２０１３０９０１００１７", "３１０１０４**********１７"),
            ("2026-01-11 至 2026-06-30，共 123456789012345678901 行", "2026-01-11 至 2026-06-30，共 123456789012345678901 行"),
            ("3101040123320250001", "3101040123320250001"),
            ("2026-07-05-4fe2a1b0", "2026-07-05-4fe2a1b0"),
            // In pieces, and grown together with what is around them.
            ("310101 19900101 1234", "310101 ******** **34"),
            ("310101-1990-0101-123X", "310101-****-****-**3X"),
            ("abc310101199001011234def", "abc310101**********34def"),
            ("sfz310101199001011234567", "sfz310101**********34567"),
            ("2025-09-01 2026-01-20 2026-02-24", "2025-09-01 2026-01-20 2026-02-24"),
            ("3101010001、3101010002、3101020001", "3101010001、3101010002、3101020001"),
        ];
        for (text, expected) in masked {
            assert_eq!(super::within(text), expected);
        }
    }

    #[test]
    fn only_the_ends_are_shown() {
        assert_eq!(super::national_id("G11010519491231002X"), "G110105**********2X");
        assert_eq!(super::document("11010519491231002X"), "110105**********2X");
        assert_eq!(super::document("E123"), "****");
    }
}
