//! Names as people compare them: without spaces, with one kind of name dot, in one width and case; and how near two are that differ.

use super::letters::{look_alike, sound_alike, sounds};

/// The name dots that people type for U+00B7.
const DOTS: [char; 9] = ['·', '•', '．', '.', '・', '‧', '∙', '⋅', '﹒'];

/// What offices write for a character that their programs don't have.
const PLACEHOLDERS: [char; 8] = ['□', '■', '〓', '?', '*', '×', '○', '\u{FFFD}'];

/// How near two names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// The same but for the way of writing it.
    Same,
    /// Other characters of the same sound.
    Homophone,
    /// One character taken for one that looks like it, or written as a placeholder; two that changed places; a part of a long name.
    Near,
    /// One character is another one, one more or one less.
    Edited,
    /// Two names.
    Different,
}

/// Whether two names are the same person's as written.
pub fn same(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

/// A hash of the characters that count: names that are the same have the same.
pub fn hash(name: &str) -> u64 {
    folded(name).fold(0xCBF2_9CE4_8422_2325, |hash: u64, letter| {
        let mixed = (hash ^ u64::from(letter)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 31
    })
}

/// The characters of a name that count.
pub fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|letter| !letter.is_whitespace()).map(|letter| match letter {
        dot if DOTS.contains(&dot) => '·',
        wide @ '！'..='～' => char::from_u32(wide as u32 - 0xFEE0).unwrap_or(wide).to_ascii_uppercase(),
        other => other.to_ascii_uppercase(),
    })
}

/// How near two names are, by their folded characters.
pub fn likeness(one: &[char], other: &[char]) -> Likeness {
    if one == other {
        return Likeness::Same;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.is_empty() {
        return Likeness::Different;
    }
    if short.len() == long.len() {
        let differing: Vec<usize> = (0..one.len()).filter(|place| one[*place] != other[*place]).collect();
        if differing.iter().all(|place| sound_alike(one, other, *place)) {
            return Likeness::Homophone;
        }
        return match differing[..] {
            [place] if is_near(one, other, place) => Likeness::Near,
            // 张三 and 张四 are two, as all are who are only told apart by a number.
            [place] if is_numeral(one[place]) && is_numeral(other[place]) => Likeness::Different,
            [_] => Likeness::Edited,
            // The family name stays in front.
            [first, second] if first > 0 && one[first] == other[second] && one[second] == other[first] => Likeness::Near,
            [first, second] if long.len() >= 5 && [first, second].iter().all(|place| is_near(one, other, *place)) => Likeness::Near,
            _ => Likeness::Different,
        };
    }
    if is_spelled_out(one, other) {
        return Likeness::Near;
    }
    let undotted = |name: &[char]| name.iter().filter(|letter| **letter != '·').copied().collect::<Vec<char>>();
    if long.contains(&'·') && undotted(one) == undotted(other) {
        return Likeness::Near;
    }
    // A given name without the second name that follows its dot.
    if long.starts_with(short) && long.get(short.len()) == Some(&'·') && short.len() >= 2 {
        return Likeness::Near;
    }
    let lacks_one = || {
        let common = short.iter().zip(long).take_while(|(one, other)| one == other).count();
        short[common..] == long[common + 1..]
    };
    if long.len() - short.len() == 1 && short.len() >= 2 && lacks_one() { Likeness::Edited } else { Likeness::Different }
}

fn is_numeral(letter: char) -> bool {
    letter.is_ascii_digit() || "零一二三四五六七八九十甲乙丙丁戊己庚辛壬癸".contains(letter)
}

/// Whether a character is taken for one that looks or sounds like it, or could not be written.
fn is_near(one: &[char], other: &[char], place: usize) -> bool {
    let pair = (one[place], other[place]);
    look_alike(pair.0, pair.1)
        || PLACEHOLDERS.contains(&pair.0)
        || PLACEHOLDERS.contains(&pair.1)
        || sound_alike(one, other, place)
        || [pair.0, pair.1].iter().any(|letter| ('\u{E000}'..='\u{F8FF}').contains(letter))
}

/// Whether one of the names spells a character of the other by its sound: 张di for 张頔.
fn is_spelled_out(one: &[char], other: &[char]) -> bool {
    let is_mixed = |name: &[char]| name.iter().any(char::is_ascii_alphabetic) && name.iter().any(|letter| !letter.is_ascii());
    let (mixed, plain) = match (is_mixed(one), is_mixed(other)) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return false,
    };
    let mut rest = mixed;
    for place in 0..plain.len() {
        let begin = rest.iter().take_while(|letter| letter.is_ascii_alphabetic()).count();
        if begin == 0 {
            if rest.first() != plain.get(place) {
                return false;
            }
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let spelled: String = rest[..begin].iter().map(char::to_ascii_lowercase).collect();
        let mut is_sound = false;
        sounds(plain, place, |sound| is_sound |= sound.replace('ü', "v") == spelled || sound.replace('ü', "u") == spelled);
        if !is_sound {
            return false;
        }
        rest = &rest[begin..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how_near(one: &str, other: &str) -> Likeness {
        let letters = |name: &str| folded(name).collect::<Vec<char>>();
        let there = likeness(&letters(one), &letters(other));
        assert_eq!(there, likeness(&letters(other), &letters(one)), "{one} {other}");
        there
    }

    #[test]
    fn spelling_is_not_a_difference() {
        assert!(same("阿依古丽·买买提", "阿依古丽•买买提"));
        assert!(same("张 三", "张三"));
        assert!(same("Anna", "ＡＮＮＡ"));
        assert!(!same("张三", "张山"));
        assert_eq!(how_near("阿依古丽·买买提", "阿依古丽．买买提"), Likeness::Same);
    }

    #[test]
    fn slips_of_the_hand_and_ear_are_told_apart() {
        assert_eq!(how_near("李佳怡", "李嘉仪"), Likeness::Homophone);
        assert_eq!(how_near("邱小明", "仇小明"), Likeness::Homophone);
        assert_eq!(how_near("陈未", "陈末"), Likeness::Near);
        assert_eq!(how_near("张□", "张頔"), Likeness::Near);
        assert_eq!(how_near("张DI", "张頔"), Likeness::Near);
        assert_eq!(how_near("吕lv", "吕律"), Likeness::Near);
        assert_eq!(how_near("王子涵", "王涵子"), Likeness::Near);
        assert_eq!(how_near("阿依古丽", "阿依古丽·买买提"), Likeness::Near);
        assert_eq!(how_near("阿依古丽买买提", "阿依古丽·买买提"), Likeness::Near);
        assert_eq!(how_near("王子涵", "王子轩"), Likeness::Edited);
        assert_eq!(how_near("王子涵", "王涵"), Likeness::Edited);
        assert_eq!(how_near("王涵子", "涵王子"), Likeness::Different);
        assert_eq!(how_near("张三", "张四"), Likeness::Different);
        assert_eq!(how_near("王伟", "李强"), Likeness::Different);
        assert_eq!(how_near("", "李强"), Likeness::Different);
        assert_eq!(how_near("王", "王强"), Likeness::Different);
    }
}
