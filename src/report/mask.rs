//! Masking: of a number of an ID document only the first six and the last two characters are shown (A47).

use std::borrow::Cow;

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
    Cow::Owned(masked)
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
