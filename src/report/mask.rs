//! Masking: of a number of an ID document only the first six and the last two characters are shown (A47).

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
    fn only_the_ends_are_shown() {
        assert_eq!(super::national_id("G11010519491231002X"), "G110105**********2X");
        assert_eq!(super::document("11010519491231002X"), "110105**********2X");
        assert_eq!(super::document("E123"), "****");
    }
}
