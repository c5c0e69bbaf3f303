//! Names of files made of names that inputs brought: possible on every system, never leading out of their folder, and different for
//! different names.

use std::collections::BTreeSet;

use super::mask;

/// The most characters of a name; what is longer ends with a hash.
const MOST: usize = 48;

/// Names that Windows keeps for itself.
const KEPT: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A name of a file or folder for a name of a district or school; `none` stands for an empty one.
pub fn file_name(name: &str, none: &str) -> String {
    let name = mask::within(name);
    let is_safe = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '（' | '）' | '·');
    let clean: String = name.chars().map(|letter| if is_safe(letter) { letter } else { '_' }).take(MOST).collect();
    let lower = clean.to_lowercase();
    let is_kept = KEPT.iter().any(|kept| lower.strip_prefix(kept).is_some_and(|rest| rest.chars().all(|letter| letter.is_ascii_digit())));
    match clean.as_str() {
        "" => none.to_owned(),
        // Letters that differ in case only are one name on many systems, and a name of our own is nobody's.
        same if same == name && !is_kept && !same.starts_with('_') && lower == clean => clean,
        _ => format!("{clean}-{}", &blake3::hash(name.as_bytes()).to_hex()[..8]),
    }
}

/// The district that a file of the inputs came from, as far as its path tells: that of a folder, or the only one that there is.
pub fn district_of<'d>(file: &str, districts: &BTreeSet<&'d str>) -> Option<&'d str> {
    let folder = file.split('/').find_map(|part| districts.get(part).copied());
    folder.or_else(|| districts.first().copied().filter(|_| districts.len() == 1))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_stay_in_their_folder_and_apart() {
        assert_eq!(file_name("示例区", "其他"), "示例区");
        assert_eq!(file_name("3101040001", "其他"), "3101040001");
        assert_eq!(file_name("", "其他"), "其他");
        for name in ["..", "a/b", "a\\b", "con", "COM1", "_district", "a\u{202e}b", "x y", "index.html", &"长".repeat(4_000)] {
            let own = file_name(name, "其他");
            assert!(own.contains('-') && !own.contains(['/', '\\', '.', '\u{202e}']) && own.chars().count() < 60, "{own}");
        }
        assert_ne!(file_name("a/b", ""), file_name("a\\b", ""));
        assert_ne!(file_name("AB", "").to_lowercase(), file_name("ab", "").to_lowercase());
        assert!(!file_name("310104201309010017", "").contains("20130901"));
    }
}
