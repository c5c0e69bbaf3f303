//! Texts of inputs as people are shown them: numbers of ID documents masked, what has no sign made visible, too long a text cut.

use crate::report::mask;

/// The most characters of a text on a page; the whole one stands in the Parquet files.
const MOST: usize = 240;
/// The most characters of a text on a page about one student, which has room for a long path.
const MOST_OF_LONG: usize = 1_200;
/// The most characters of a name.
const MOST_OF_NAME: usize = 40;

/// A text that inputs brought.
pub fn shown(text: &str) -> String {
    cut(text, MOST)
}

/// A text with what inputs brought, where there is room.
pub fn shown_long(text: &str) -> String {
    cut(text, MOST_OF_LONG)
}

/// A name that inputs brought.
pub fn shown_name(name: &str) -> String {
    cut(name, MOST_OF_NAME)
}

fn cut(text: &str, most: usize) -> String {
    let masked = mask::within(text);
    let mut letters = masked.chars();
    let mut shown: String = letters.by_ref().take(most).map(seen).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A character as it is seen: a sign stands for what has none, and for marks that turn the direction of what follows, our own words too.
pub fn seen(letter: char) -> char {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if letter.is_control() || turns { '\u{fffd}' } else { letter }
}

/// A number with its thousands apart.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A path below the run folder as a link, from a page so many folders deep.
pub fn link(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    path.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_masked_cut_and_visible() {
        assert_eq!(shown("见310104201309010017号"), "见310104**********17号");
        assert_eq!(shown("王\u{202e}小\u{1}明"), "王\u{fffd}小\u{fffd}明");
        assert_eq!(shown_name(&"长".repeat(4_000)).chars().count(), MOST_OF_NAME + 1);
        assert_eq!(shown_name("王小明"), "王小明");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_600_000].map(number), ["0", "999", "1,000", "1,600,000"]);
    }

    #[test]
    fn links_hold_no_sign_with_a_meaning() {
        assert_eq!(link("pages/示/a b.html"), "pages/%E7%A4%BA/a%20b.html");
        assert_eq!(link("a#b?c\"<"), "a%23b%3Fc%22%3C");
    }
}
