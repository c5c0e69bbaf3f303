//! Was what stands beside an answer changed on its way? A workbook's row carries a seal: a short hash of each fact as it was handed out.
//! Holding the row against its own seal needs no earlier run, so that what a run finds depends on its inputs alone.

/// Hexadecimal digits of a fact's hash: few, since it guards against slips and not against forgers.
const DIGITS: usize = 4;

/// The seal of facts, each with the header of its column.
pub fn seal<'f>(facts: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let parts: Vec<String> = facts.map(|(header, fact)| format!("{header}={}", hash(fact))).collect();
    parts.join(";")
}

/// Whether a fact is another one than was sealed; `None` where the seal says nothing of its column.
pub fn is_changed(seal: &str, header: &str, fact: &str) -> Option<bool> {
    let sealed = seal.split(';').find_map(|part| part.trim().strip_prefix(header)?.strip_prefix('='))?;
    // What is no hash was damaged, and says nothing.
    let is_hash = sealed.len() == DIGITS && sealed.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| !sealed.eq_ignore_ascii_case(&hash(fact)))
}

fn hash(fact: &str) -> String {
    blake3::hash(folded(fact).as_bytes()).to_hex()[..DIGITS].to_owned()
}

/// A fact without what programs change by themselves: spaces, line breaks and characters that can't be seen; marks, as those in dates;
/// zeros before a number and behind its point; full-width forms.
fn folded(fact: &str) -> String {
    let mut folded = String::with_capacity(fact.len());
    let mut letters = fact.chars().map(half_width).peekable();
    let mut was_point = false;
    while let Some(letter) = letters.next() {
        if !letter.is_ascii_digit() {
            if letter.is_alphanumeric() {
                folded.extend(letter.to_lowercase());
            }
            was_point = letter == '.';
            continue;
        }
        let mut digits = String::from(letter);
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let number = if was_point { digits.trim_end_matches('0') } else { digits.trim_start_matches('0') };
        was_point = false;
        // 1.5 is not 15, and 0 is not nothing.
        if !number.is_empty() || folded.is_empty() {
            folded.push('|');
            folded.push_str(number);
        }
    }
    folded
}

/// The half-width form of a full-width character.
fn half_width(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_fact_is_seen_and_what_programs_do_is_not() {
        let facts = [("姓名", "林一"), ("现为", "2021-09-01（一小.csv 第 2 行）"), ("应为", "")];
        let sealed = seal(facts.into_iter());
        for (header, fact) in facts {
            assert_eq!(is_changed(&sealed, header, fact), Some(false), "{header}");
        }
        let same = ["2021/9/1（一小.csv 第 2 行）", " 2021-09-01 (一小.csv\r\n第 2 行)", "２０２１-09-01\u{200B}（一小.csv　第 02 行）"];
        for fact in same {
            assert_eq!(is_changed(&sealed, "现为", fact), Some(false), "{fact}");
        }
        for fact in ["2021-09-02（一小.csv 第 2 行）", "", "2021-09-01（二小.csv 第 2 行）"] {
            assert_eq!(is_changed(&sealed, "现为", fact), Some(true), "{fact}");
        }
        assert_eq!(is_changed(&sealed, "应为", "甲"), Some(true));
        assert_eq!(is_changed(&sealed, "姓名", "林 一"), Some(false));
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let same = |one: &str, other: &str| is_changed(&seal([("数", one)].into_iter()), "数", other) == Some(false);
        assert!(same("85.0", "85") && same("85.50", "85.5") && same("007", "7"));
        assert!(!same("1.5", "15") && !same("85", "850") && !same("0", "") && !same("10", "1"));
    }

    #[test]
    fn a_seal_that_is_lost_or_damaged_says_nothing() {
        for own in ["", "姓名", "姓名=", "姓名=12", "姓名=zzzz", "别=1234"] {
            assert_eq!(is_changed(own, "姓名", "林一"), None, "{own}");
        }
    }
}
