//! How likely is it that two rows are about one person? Points for and against, each a doubling of the odds, with their reasons.
//!
//! A point of name, birth, sex, school, grade, class or number is how much more often it is so between two rows of one person than between those
//! of two (its logarithm to base 2, rounded). The points of a pair are these less the logarithm of how many students there are to choose
//! from, so that a pair of 0 points is as likely right as wrong.

use law::facts::identifiers::digits;

use super::names::{self, Likeness};
use super::person::{Issued, NOWHERE, Person, is_same_class};

/// From so many points on a pair is one person, unless another one is nearly as likely.
pub const SURE: i32 = 7;
/// By so many points a sure pair must be ahead of every other one of either side.
pub const MARGIN: i32 = 7;
/// From so many points on a pair is put before people.
pub const REVIEW: i32 = -8;
/// At least so many students to choose from: names are no rarer in a small school than in the city.
const FEWEST: usize = 1 << 14;

/// A reason for or against a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Reason {
    NameSame,
    NameHomophone,
    NameNear,
    NameEdited,
    NameOther,
    BirthSame,
    BirthSwapped,
    BirthDigit,
    BirthOther,
    SexSame,
    SexOther,
    SchoolSame,
    SchoolOther,
    GradeSame,
    GradeOther,
    ClassSame,
    ClassOther,
    NumberSame,
    NumberDigit,
    NumberSwapped,
    NumberTwoDigits,
    NumberOther,
    DocumentSame,
    DocumentDigit,
    DocumentOther,
}

use Reason::*;

/// The reasons with their words, each at its place.
const WORDS: [(Reason, &str); 25] = [
    (NameSame, "姓名相同"),
    (NameHomophone, "姓名同音"),
    (NameNear, "姓名形近或写法不同"),
    (NameEdited, "姓名差一个字"),
    (NameOther, "姓名不同"),
    (BirthSame, "出生日期相同"),
    (BirthSwapped, "出生月日颠倒"),
    (BirthDigit, "出生日期差一位"),
    (BirthOther, "出生日期不同"),
    (SexSame, "性别相同"),
    (SexOther, "性别不同"),
    (SchoolSame, "学校相同"),
    (SchoolOther, "学校不同"),
    (GradeSame, "年级相同"),
    (GradeOther, "年级不同"),
    (ClassSame, "班级相同"),
    (ClassOther, "班级不同"),
    (NumberSame, "号码相同"),
    (NumberDigit, "号码错一位"),
    (NumberSwapped, "号码相邻两位颠倒"),
    (NumberTwoDigits, "号码差两位"),
    (NumberOther, "号码不同"),
    (DocumentSame, "证件号码相同"),
    (DocumentDigit, "证件号码差一位"),
    (DocumentOther, "证件号码不同"),
];

impl Reason {
    /// The reason in Chinese.
    pub fn word(self) -> &'static str {
        WORDS[self as usize].1
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reasons(u32);

impl Reasons {
    fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    /// Whether a reason is among them.
    pub fn has(self, reason: Reason) -> bool {
        self.0 >> reason as u8 & 1 == 1
    }

    /// The reasons, in their order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        WORDS.into_iter().map(|(reason, _)| reason).filter(move |reason| self.has(*reason))
    }

    /// The reasons in Chinese, in a line.
    pub fn text(self) -> String {
        self.iter().map(Reason::word).collect::<Vec<_>>().join("、")
    }

    /// Whether a number speaks for the pair.
    pub fn rests_on_number(self) -> bool {
        [NumberSame, NumberDigit, NumberSwapped, DocumentSame, DocumentDigit].iter().any(|reason| self.has(*reason))
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        let mut all = Self::default();
        reasons.into_iter().for_each(|reason| all.add(reason));
        all
    }
}

/// Points with their reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The points.
    pub points: i32,
    /// Why.
    pub reasons: Reasons,
}

impl Score {
    /// Whether the pair alone is enough to be sure. Twins share all but a letter of their names: without that, only a number tells; and whoever has
    /// another number has to be asked.
    pub fn is_enough(&self) -> bool {
        let is_named = [NameSame, NameHomophone, NameNear].iter().any(|reason| self.reasons.has(*reason));
        let is_numbered_otherwise = [NumberOther, DocumentOther].iter().any(|reason| self.reasons.has(*reason));
        self.points >= SURE && (is_named && !is_numbered_otherwise || self.reasons.rests_on_number())
    }
}

/// Among how many people pairs are sought.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    /// Students in all.
    pub students: usize,
    /// Students of each school.
    pub of_school: Vec<u32>,
}

fn log2(number: usize) -> i32 {
    number.max(1).ilog2() as i32
}

impl Scale {
    fn all(&self) -> usize {
        self.students.max(FEWEST)
    }

    /// The points of two rows; `namesakes` is how many students have the name of the second.
    pub fn score(&self, one: &Person<'_>, other: &Person<'_>, namesakes: usize) -> Score {
        let mut score = Score { points: -log2(self.all()), reasons: Reasons::default() };
        let mut count = |reason: Reason, points: i32| {
            score.reasons.add(reason);
            score.points += points;
        };
        if !one.letters.is_empty() && !other.letters.is_empty() {
            match names::likeness(&one.letters, &other.letters) {
                Likeness::Same => count(NameSame, log2(self.all() / namesakes.max(1)).clamp(5, 16)),
                Likeness::Homophone => count(NameHomophone, 3),
                Likeness::Near => count(NameNear, 3),
                // Twins are named like this.
                Likeness::Edited => count(NameEdited, -2),
                Likeness::Different => count(NameOther, -10),
            }
        }
        if let (Some(own), Some(others)) = (one.birth, other.birth) {
            match births(own, others) {
                Births::Same => count(BirthSame, 12),
                Births::Swapped => count(BirthSwapped, 3),
                Births::Digit => count(BirthDigit, 1),
                Births::Other => count(BirthOther, -8),
            }
        }
        if let (Some(own), Some(others)) = (one.male, other.male) {
            if own == others { count(SexSame, 1) } else { count(SexOther, -6) }
        }
        let is_same_school = one.school == other.school && one.school != NOWHERE;
        if is_same_school {
            let size = self.of_school.get(one.school as usize).copied().unwrap_or_default() as usize;
            count(SchoolSame, log2(self.all() / size.max(1)).min(12));
        } else if one.school != NOWHERE && other.school != NOWHERE {
            count(SchoolOther, -4);
        }
        if let (Some(own), Some(others)) = (one.grade, other.grade) {
            if own == others {
                count(GradeSame, 3)
            } else {
                count(GradeOther, -5)
            }
            if is_same_school && own == others && !one.class.is_empty() && !other.class.is_empty() {
                if is_same_class(one.class, other.class, one.grade) { count(ClassSame, 2) } else { count(ClassOther, -3) }
            }
        }
        if let Some((reason, points)) = numbers(one, other) {
            count(reason, points);
        }
        if let (Some(own), Some(others)) = (one.document, other.document) {
            match strsim::levenshtein(own, others) {
                0 => count(DocumentSame, 22),
                1 if own.len().min(others.len()) >= 6 => count(DocumentDigit, 14),
                _ => count(DocumentOther, -6),
            }
        }
        score
    }
}

/// What the numbers of two rows say: of all pairs of numbers, the one that is most alike.
fn numbers(one: &Person<'_>, other: &Person<'_>) -> Option<(Reason, i32)> {
    let mut best: Option<(Reason, i32)> = None;
    for own in one.numbers.iter().flatten() {
        for others in other.numbers.iter().flatten() {
            let is_settled = own.issued == Issued::Resident && others.issued == Issued::Resident;
            let is_temporary = own.issued == Issued::Registration || others.issued == Issued::Registration;
            let found = match differences(own.packed, others.packed) {
                Differences::None => (NumberSame, 24),
                // No slip turns a right number into another right one.
                Differences::One => (NumberDigit, 20),
                Differences::Neighbours => (NumberSwapped, 18),
                Differences::Two if !is_settled => (NumberTwoDigits, 4),
                // A temporary number may be followed by another one.
                _ if is_temporary => (NumberOther, -4),
                _ => (NumberOther, if is_settled { -12 } else { -8 }),
            };
            if best.is_none_or(|known| found.1 > known.1) {
                best = Some(found);
            }
        }
    }
    best
}

enum Differences {
    None,
    One,
    Neighbours,
    Two,
    More,
}

fn differences(one: u64, other: u64) -> Differences {
    if one == other {
        return Differences::None;
    }
    let (one, other) = (digits(one), digits(other));
    let mut places = (0..one.len()).filter(|place| one[*place] != other[*place]);
    match (places.next(), places.next(), places.next()) {
        (Some(_), None, _) => Differences::One,
        (Some(first), Some(second), None) if second == first + 1 && one[first] == other[second] && one[second] == other[first] => {
            Differences::Neighbours
        }
        (Some(_), Some(_), None) => Differences::Two,
        _ => Differences::More,
    }
}

enum Births {
    Same,
    Swapped,
    Digit,
    Other,
}

fn births(one: i32, other: i32) -> Births {
    use chrono::{Datelike, NaiveDate};
    if one == other {
        return Births::Same;
    }
    let (Some(one), Some(other)) = (NaiveDate::from_epoch_days(one), NaiveDate::from_epoch_days(other)) else { return Births::Other };
    if one.year() == other.year() && one.month() == other.day() && one.day() == other.month() {
        return Births::Swapped;
    }
    let text = |date: NaiveDate| date.format("%Y%m%d").to_string();
    let differing = text(one).bytes().zip(text(other).bytes()).filter(|(one, other)| one != other).count();
    if differing == 1 { Births::Digit } else { Births::Other }
}

#[cfg(test)]
mod tests {
    use super::super::person::Number;
    use super::*;
    use chrono::NaiveDate;
    use law::facts::identifiers::as_written;

    fn person<'a>(name: &'a str, birth: &str, number: &str) -> Person<'a> {
        let issued = match number.chars().next() {
            Some('L') => Issued::Registration,
            Some('?') => Issued::Mistyped,
            _ => Issued::Resident,
        };
        let number = as_written(number.trim_start_matches('?')).map(|packed| Number { packed, issued });
        Person {
            name,
            letters: names::folded(name).collect(),
            birth: birth.parse::<NaiveDate>().ok().map(|date| date.to_epoch_days()),
            male: Some(true),
            numbers: [number, None],
            school: 0,
            grade: Some(3),
            class: "1班",
            ..Person::default()
        }
    }

    fn scale() -> Scale {
        Scale { students: 1_600_000, of_school: vec![1_000, 1_000] }
    }

    fn words(score: Score) -> String {
        score.reasons.iter().map(Reason::word).collect::<Vec<_>>().join("，")
    }

    #[test]
    fn a_wrong_digit_beside_the_same_name_is_sure() {
        let registered = person("张晓明", "2016-05-08", "310104201605080017");
        let listed = Person { school: NOWHERE, birth: None, grade: None, male: None, ..person("张晓明", "", "?310104201605080317") };
        let score = scale().score(&listed, &registered, 80);
        assert!(score.points >= SURE, "{} {}", score.points, words(score));
        assert!(score.reasons.rests_on_number());
    }

    #[test]
    fn twins_are_never_sure_to_be_one() {
        let one = person("张子涵", "2016-05-08", "");
        let other = person("张子轩", "2016-05-08", "");
        let score = scale().score(&one, &other, 1);
        assert!(score.points >= REVIEW && !score.is_enough(), "{} {}", score.points, words(score));
        let village = Scale { students: 30, of_school: vec![30] };
        assert!(!village.score(&one, &other, 1).is_enough());
        let numbered =
            scale().score(&person("张子涵", "2016-05-08", "310104201605080017"), &person("张子轩", "2016-05-08", "310104201605080033"), 1);
        assert!(numbered.points < REVIEW + 5, "{} {}", numbered.points, words(numbered));
    }

    #[test]
    fn the_same_class_and_name_are_sure_in_a_city_and_in_a_village() {
        let bare = |name| Person { birth: None, male: None, ..person(name, "", "") };
        let in_city = scale().score(&bare("张晓明"), &bare("张晓明"), 80);
        assert!(in_city.points >= SURE, "{} {}", in_city.points, words(in_city));
        let village = Scale { students: 30, of_school: vec![30] };
        let in_village = village.score(&bare("张晓明"), &bare("张晓明"), 1);
        assert!(in_village.points >= SURE, "{} {}", in_village.points, words(in_village));
        let elsewhere = Person { school: 1, ..bare("张晓明") };
        assert!(scale().score(&bare("张晓明"), &elsewhere, 80).points < 0);
    }

    #[test]
    fn births_are_compared_by_their_slips() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date").to_epoch_days();
        assert!(matches!(births(day("2016-05-08"), day("2016-08-05")), Births::Swapped));
        assert!(matches!(births(day("2016-05-08"), day("2016-05-18")), Births::Digit));
        assert!(matches!(births(day("2016-05-08"), day("2017-06-08")), Births::Other));
    }

    #[test]
    fn every_reason_stands_at_its_place() {
        assert!(WORDS.iter().enumerate().all(|(place, (reason, _))| *reason as usize == place));
    }

    #[test]
    fn points_are_the_same_from_either_side() {
        let (one, other) = (person("李佳怡", "2016-05-08", "L310104201605080017"), person("李嘉仪", "2016-08-05", "310104201605080033"));
        assert_eq!(scale().score(&one, &other, 5), scale().score(&other, &one, 5));
    }
}
