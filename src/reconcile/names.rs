//! Names as people compare them: without spaces, with one kind of name dot, in one width and case.

/// The name dots that people type for U+00B7.
const DOTS: [char; 9] = ['·', '•', '．', '.', '・', '‧', '∙', '⋅', '﹒'];

/// Whether two names are the same person's as written.
pub fn same(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|letter| !letter.is_whitespace()).map(|letter| match letter {
        dot if DOTS.contains(&dot) => '·',
        wide @ '！'..='～' => char::from_u32(wide as u32 - 0xFEE0).unwrap_or(wide).to_ascii_uppercase(),
        other => other.to_ascii_uppercase(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn spelling_is_not_a_difference() {
        assert!(super::same("阿依古丽·买买提", "阿依古丽•买买提"));
        assert!(super::same("张 三", "张三"));
        assert!(super::same("Anna", "ＡＮＮＡ"));
        assert!(!super::same("张三", "张山"));
    }
}
