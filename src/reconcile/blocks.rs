//! Whom is a row worth comparing with? Those who share a key with it: a key for every slip that is looked for, so that nobody is compared
//! with everybody.

use std::collections::HashMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::letters::{as_surname, plain_sounds};
use super::person::{NOWHERE, Person};
use crate::engine::keys::KeyMap;
use law::facts::identifiers::digits;

/// So many readings of a name are looked up.
const READINGS: usize = 4;
/// So many of either side are compared where very many share a key: they are alike to any eye, and nobody is sure of them.
const MOST: usize = 32;
/// How many students are looked at together.
const PART: usize = 1 << 14;

/// The kinds of keys: what two rows that share one have in common.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    /// How the name sounds, and the birth date.
    SoundBirth,
    /// The name but for one letter, and the birth date.
    LetterBirth,
    /// The name and the year of birth.
    NameYear,
    /// The name and the day of birth, whatever the year.
    NameDay,
    /// How the name sounds, and the school.
    SoundSchool,
    /// The name but for one letter, the school and the grade.
    LetterSchool,
    /// The birth date, the school and the grade: somebody under another name.
    BirthSchool,
    /// One half of the number.
    Region,
    /// The other half of the number.
    Sequence,
    /// One half of another document's number.
    DocumentBegin,
    /// The other half of it.
    DocumentEnd,
}

/// A hash that is the same on every machine.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn of(kind: Kind) -> Self {
        Self(0xCBF2_9CE4_8422_2325 ^ (kind as u64) << 56)
    }

    fn add(self, part: u64) -> Self {
        let mixed = (self.0 ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(mixed ^ mixed >> 29)
    }

    fn letters(self, letters: impl Iterator<Item = char>) -> Self {
        letters.fold(self, |hash, letter| hash.add(u64::from(letter)))
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |hash, byte| hash.add(u64::from(*byte)))
    }
}

/// The hash of a name.
fn name_hash(letters: &[char]) -> u64 {
    Hash::of(Kind::NameYear).letters(letters.iter().copied()).0
}

/// A sound of at most eight letters as a number.
fn sound_code(sound: &str) -> u64 {
    sound.bytes().fold(0, |code, byte| code << 8 | u64::from(byte))
}

/// A hash with something more in it.
pub fn mixed(hash: u64, part: u64) -> u64 {
    Hash(hash).add(part).0
}

/// The hash of a name but for one letter, and of where that stood.
pub fn without_letter(letters: &[char], omitted: usize) -> u64 {
    let rest = letters.iter().enumerate().filter(|(place, _)| *place != omitted).map(|(_, letter)| *letter);
    Hash::of(Kind::LetterBirth).add(omitted as u64).letters(rest).0
}

/// How a character may sound by itself: the codes of at most [`READINGS`] different sounds, and 0 for those that it lacks.
type Sounds = [u64; READINGS];

fn sounds_of(letter: char) -> Sounds {
    let (mut own, mut few) = ([0; READINGS], 0);
    for code in plain_sounds(letter).map(sound_code) {
        if few < READINGS && !own.contains(&code) {
            own[few] = code;
            few += 1;
        }
    }
    own
}

/// The same for the characters of most names, which are looked up once.
fn known_sounds(letter: char) -> Sounds {
    const COMMON: std::ops::RangeInclusive<char> = '\u{4E00}'..='\u{9FFF}';
    static KNOWN: OnceLock<Vec<Sounds>> = OnceLock::new();
    if !COMMON.contains(&letter) {
        return sounds_of(letter);
    }
    let known = KNOWN.get_or_init(|| COMMON.map(sounds_of).collect());
    known.get(letter as usize - *COMMON.start() as usize).copied().unwrap_or_default()
}

/// The hashes of how a name may sound, at most [`READINGS`].
pub fn readings(letters: &[char]) -> impl Iterator<Item = u64> + Clone {
    let (mut all, mut number) = ([0x5EED_u64; READINGS], 1_usize);
    for place in (0..letters.len()).filter(|place| letters[*place] != '·') {
        let mut own = match as_surname(letters, place) {
            Some(sound) => [sound_code(sound), 0, 0, 0],
            None => known_sounds(letters[place]),
        };
        let mut few = own.iter().take_while(|code| **code != 0).count();
        if few == 0 {
            (own[0], few) = (u64::from(letters[place]), 1);
        }
        // Every reading of the name, as long as they are few; then only the usual one of each further letter.
        if number * few > READINGS {
            few = 1;
        }
        let before = all;
        for (at, slot) in all.iter_mut().enumerate().take(number * few) {
            *slot = Hash(before[at / few]).add(own[at % few]).0;
        }
        number *= few;
    }
    all.into_iter().take(number)
}

/// What rows say of where and when, as far as keys are made of it: nobody shares a key that the rows can't have.
#[derive(Clone, Copy, Default)]
struct Said {
    birth: bool,
    school: bool,
    number: bool,
    document: bool,
}

impl Said {
    fn by(rows: &[Person<'_>]) -> Self {
        rows.iter().fold(Self::default(), |said, row| Self {
            birth: said.birth || row.birth.is_some(),
            school: said.school || row.school != NOWHERE,
            number: said.number || row.numbers.iter().any(Option::is_some),
            document: said.document || row.document.is_some(),
        })
    }

    fn everything() -> Self {
        Self { birth: true, school: true, number: true, document: true }
    }
}

/// Calls `take` with each key of a person that rows who say as much can share.
fn keys(person: &Person<'_>, said: Said, mut take: impl FnMut(u64)) {
    let letters = &person.letters;
    let of = |kind: Kind| Hash::of(kind);
    if !letters.is_empty() {
        let without = |hash: Hash, place: usize| {
            let rest = letters.iter().enumerate().filter(move |(own, _)| *own != place).map(|(_, letter)| *letter);
            hash.letters(rest).0
        };
        let readings = readings(letters);
        if let Some(birth) = person.birth.filter(|_| said.birth) {
            readings.clone().for_each(|reading| take(of(Kind::SoundBirth).add(reading).add(birth as u64).0));
            if letters.len() > 1 {
                (0..letters.len()).for_each(|place| take(without(of(Kind::LetterBirth).add(birth as u64), place)));
                // One letter less there is one more here.
                take(of(Kind::LetterBirth).add(birth as u64).letters(letters.iter().copied()).0);
            }
            if let Some(date) = chrono::NaiveDate::from_epoch_days(birth) {
                use chrono::Datelike;
                let name = name_hash(letters);
                take(of(Kind::NameYear).add(name).add(date.year() as u64).0);
                take(of(Kind::NameDay).add(name).add(u64::from(date.month() * 32 + date.day())).0);
            }
        }
        if said.school && person.school != NOWHERE {
            let school = u64::from(person.school);
            readings.clone().for_each(|reading| take(of(Kind::SoundSchool).add(reading).add(school).0));
            if letters.len() > 1
                && let Some(grade) = person.grade
            {
                let begin = of(Kind::LetterSchool).add(school).add(u64::from(grade));
                (0..letters.len()).for_each(|place| take(without(begin, place)));
                take(begin.letters(letters.iter().copied()).0);
            }
        }
    }
    if let (Some(birth), Some(grade), true) = (person.birth, person.grade, said.school && person.school != NOWHERE) {
        take(of(Kind::BirthSchool).add(birth as u64).add(u64::from(person.school)).add(u64::from(grade)).0);
    }
    for number in person.numbers.iter().flatten().filter(|_| said.number) {
        let text = digits(number.packed);
        take(of(Kind::Region).bytes(&text[..6]).bytes(&text[10..14]).0);
        take(of(Kind::Sequence).bytes(&text[6..10]).bytes(&text[14..]).0);
    }
    if let Some(document) = person.document.map(str::as_bytes).filter(|document| said.document && document.len() >= 6) {
        let half = document.len() / 2;
        take(of(Kind::DocumentBegin).bytes(&document[..half]).0);
        take(of(Kind::DocumentEnd).bytes(&document[document.len() - half..]).0);
    }
}

/// Numbers of which most others can be told quickly that they are not among them.
struct Sieve {
    bits: Vec<u64>,
    mask: u64,
}

impl Sieve {
    fn new(numbers: impl Iterator<Item = u64> + Clone) -> Self {
        let size = (numbers.clone().count().max(64) * 16).next_power_of_two();
        let (mut bits, mask) = (vec![0_u64; size / 64], size as u64 - 1);
        for number in numbers {
            let place = number & mask;
            bits[(place / 64) as usize] |= 1 << (place % 64);
        }
        Self { bits, mask }
    }

    fn may_have(&self, number: u64) -> bool {
        let place = number & self.mask;
        self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1
    }
}

/// What a part of the students came to: where a key of the rows is also a student's, and how many students have names of the rows.
type Looked = (Vec<(u32, u32)>, HashMap<u64, u32>);

/// Pairs worth comparing, and what is needed to compare them.
#[derive(Debug, Default)]
pub struct Blocks {
    /// The pairs of a row and a student, in order.
    pub pairs: Vec<(u32, u32)>,
    /// How many students have a name, by its hash.
    namesakes: HashMap<u64, u32>,
}

impl Blocks {
    /// How many students have the name of a person.
    pub fn namesakes(&self, person: &Person<'_>) -> usize {
        self.namesakes.get(&name_hash(&person.letters)).copied().unwrap_or(1) as usize
    }

    /// Finds the students with whom rows share a key; only those who are `free` are paired.
    pub fn new<'a>(
        rows: &[Person<'_>],
        students: usize,
        person: impl Fn(u32) -> Person<'a> + Sync,
        is_free: impl Fn(u32) -> bool + Sync,
    ) -> Self {
        if rows.is_empty() {
            return Self::default();
        }
        let mut by_key: Vec<(u64, u32)> = (0..rows.len() as u32)
            .into_par_iter()
            .flat_map_iter(|row| {
                let mut own = Vec::new();
                keys(&rows[row as usize], Said::everything(), |key| own.push((key, row)));
                own
            })
            .collect();
        by_key.par_sort_unstable();
        by_key.dedup();
        let mut begins: KeyMap<u32> = KeyMap::default();
        for (place, (key, _)) in (0_u32..).zip(&by_key) {
            begins.entry(*key).or_insert(place);
        }
        let said = Said::by(rows);
        let sieve = Sieve::new(by_key.iter().map(|(key, _)| *key));
        let names: std::collections::HashSet<u64> = rows.iter().map(|row| name_hash(&row.letters)).collect();
        let of_names = Sieve::new(names.iter().copied());
        let look = |first: usize| {
            let (mut hits, mut namesakes) = (Vec::new(), HashMap::<u64, u32>::new());
            for student in first as u32..(first + PART).min(students) as u32 {
                let own = person(student);
                let name = name_hash(&own.letters);
                if of_names.may_have(name) && names.contains(&name) {
                    *namesakes.entry(name).or_default() += 1;
                }
                if is_free(student) {
                    keys(&own, said, |key| {
                        if sieve.may_have(key)
                            && let Some(begin) = begins.get(&key)
                        {
                            hits.push((*begin, student));
                        }
                    });
                }
            }
            (hits, namesakes)
        };
        let parts: Vec<usize> = (0..students).step_by(PART).collect();
        let parts: Vec<Looked> = parts.into_par_iter().map(look).collect();
        let (mut hits, mut namesakes) = (Vec::new(), HashMap::new());
        for (part, names) in parts {
            hits.extend(part);
            names.into_iter().for_each(|(name, number)| *namesakes.entry(name).or_default() += number);
        }
        hits.par_sort_unstable();
        hits.dedup();
        let of_key = |group: &[(u32, u32)]| {
            let begin = group[0].0 as usize;
            let key = by_key[begin].0;
            let rows = by_key[begin..].iter().take_while(|(own, _)| *own == key).take(MOST).map(|(_, row)| *row);
            let students = group.iter().take(MOST).map(|(_, student)| *student);
            rows.flat_map(|row| students.clone().map(move |student| (row, student))).collect::<Vec<_>>()
        };
        let groups: Vec<&[(u32, u32)]> = hits.chunk_by(|one, other| one.0 == other.0).collect();
        let mut pairs: Vec<(u32, u32)> = groups.into_par_iter().flat_map_iter(of_key).collect();
        pairs.par_sort_unstable();
        pairs.dedup();
        Self { pairs, namesakes }
    }
}
