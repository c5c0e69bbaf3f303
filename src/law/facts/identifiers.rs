//! Who is who: the national student id (全国学籍号) and the resident ID number, packed into eight bytes.

use chrono::NaiveDate;

/// Why a text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierFault {
    /// Not the right number or kind of characters.
    Form,
    /// The check digit does not fit.
    CheckDigit,
    /// No such day of birth.
    Date,
    /// No such region.
    Region,
}

/// A resident ID number of 18 characters (GB 11643): 17 digits and a check character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentNumber(u64);

/// A national student id: a prefix (G, L or J) and 18 characters built like a resident ID number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NationalId(u64);

/// The weights of the 17 digits before the check character (GB 11643).
pub const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";
const PREFIXES: &[u8; 3] = b"GLJ";
/// The first two digits of region codes: provinces, Taiwan (71, 83), Hong Kong (81), Macao (82), permanent residents from abroad (9x).
const PROVINCES: &[u8] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
    83, 91, 92, 93, 94, 95, 96, 97, 98, 99,
];
/// The same, a bit each.
const IS_PROVINCE: u128 = {
    let (mut all, mut place) = (0, 0);
    while place < PROVINCES.len() {
        all |= 1 << PROVINCES[place];
        place += 1;
    }
    all
};

/// Whether the region of a packed number is one.
fn has_region(packed: u64) -> bool {
    IS_PROVINCE >> ((packed >> 4) / 1_000_000_000_000_000).min(127) & 1 == 1
}

/// The check character of 17 digits (GB 11643).
pub fn check_character(digits: &[u8]) -> u8 {
    let sum: u64 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    CHECKS[(sum % 11) as usize]
}

/// The number that eight digits make; none where one is no digit. All at once, as every row of a city has several such numbers.
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let text = u64::from_le_bytes(text);
    // A digit is 0x30 and a half byte that stays one when 6 is added.
    if text & HIGH != ZEROS || (text + 0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    // The first stands lowest: neighbours make pairs, pairs fours, fours the number.
    let digits = text - ZEROS;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF)
}

/// The 17 digits and the check character as one number: digits in the upper bits, the check's value (0 to 10) in the lower four.
fn pack(text: &[u8]) -> Option<u64> {
    let [first, rest @ ..]: [u8; 18] = text.try_into().ok()?;
    let ([one, two], &[check]) = rest.as_chunks::<8>() else { return None };
    let (true, one, two) = (first.is_ascii_digit(), eight_digits(*one)?, eight_digits(*two)?) else { return None };
    let check = match check {
        b'0'..=b'9' => u64::from(check - b'0'),
        b'X' | b'x' => 10,
        _ => return None,
    };
    Some((u64::from(first - b'0') * 10_000_000_000_000_000 + one * 100_000_000 + two) << 4 | check)
}

fn unpack(packed: u64) -> [u8; 18] {
    let mut text = [b'0'; 18];
    let digits = packed >> 4;
    // In two halves that don't wait for each other.
    let (mut upper, mut lower) = ((digits / 100_000_000) as u32, (digits % 100_000_000) as u32);
    let (first, second) = text.split_at_mut(9);
    for (one, two) in first[1..].iter_mut().rev().zip(second[..8].iter_mut().rev()) {
        (*one, *two) = (b'0' + (upper % 10) as u8, b'0' + (lower % 10) as u8);
        (upper, lower) = (upper / 10, lower / 10);
    }
    first[0] = b'0' + (upper % 10) as u8;
    text[17] = if packed & 15 == 10 { b'X' } else { b'0' + (packed & 15) as u8 };
    text
}

/// Whether 17 digits are followed by their check character.
fn check_fits(text: &[u8]) -> bool {
    text.split_last().is_some_and(|(check, digits)| check_character(digits) == check.to_ascii_uppercase())
}

fn birth_of(packed: u64) -> Option<NaiveDate> {
    let day = packed >> 4;
    let date = day / 1000 % 100_000_000;
    NaiveDate::from_ymd_opt((date / 10_000) as i32, (date / 100 % 100) as u32, (date % 100) as u32)
}

impl ResidentNumber {
    /// Reads 18 characters, or 15 of the old form (without a century: years below 30 are of the 21st; the check character is added).
    pub fn parse(text: &str) -> Result<Self, IdentifierFault> {
        let bytes = text.as_bytes();
        let mut long = [b'0'; 18];
        let number: &[u8] = if bytes.len() == 15 && bytes.iter().all(u8::is_ascii_digit) {
            long[..6].copy_from_slice(&bytes[..6]);
            // Two digits of a year: nobody who is a hundred goes to school.
            long[6..8].copy_from_slice(if bytes[6] < b'3' { b"20" } else { b"19" });
            long[8..17].copy_from_slice(&bytes[6..]);
            long[17] = check_character(&long[..17]);
            &long
        } else {
            bytes
        };
        let packed = pack(number).ok_or(IdentifierFault::Form)?;
        if !has_region(packed) {
            return Err(IdentifierFault::Region);
        }
        if birth_of(packed).is_none() {
            return Err(IdentifierFault::Date);
        }
        if !check_fits(number) {
            return Err(IdentifierFault::CheckDigit);
        }
        Ok(Self(packed))
    }

    /// The day of birth that the number states.
    pub fn birth(self) -> Option<NaiveDate> {
        birth_of(self.0)
    }

    /// Whether the number states a male person.
    pub fn is_male(self) -> bool {
        (self.0 >> 4) % 2 == 1
    }

    /// Whether it is a mainland resident's: not a residence permit of Hong Kong, Macao or Taiwan, nor a permanent resident's from abroad.
    pub fn is_mainland(self) -> bool {
        (self.0 >> 4) / 10_000_000_000_000_000 < 8
    }

    /// The packed number.
    pub fn packed(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for ResidentNumber {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        unpack(self.0).iter().try_for_each(|&byte| std::fmt::Write::write_char(out, byte as char))
    }
}

impl NationalId {
    /// Reads a prefix (G, L, J) and 18 characters. The check digit must fit for G and J; an L number need not have one.
    pub fn parse(text: &str) -> Result<Self, IdentifierFault> {
        let (prefix, number) = text.as_bytes().split_first().ok_or(IdentifierFault::Form)?;
        let prefix = PREFIXES.iter().position(|known| known == &prefix.to_ascii_uppercase()).ok_or(IdentifierFault::Form)?;
        let packed = pack(number).ok_or(IdentifierFault::Form)?;
        if PREFIXES[prefix] != b'L' && !check_fits(number) {
            return Err(IdentifierFault::CheckDigit);
        }
        Ok(Self(packed | (prefix as u64 + 1) << 62))
    }

    /// The packed id: never 0 or 1.
    pub fn packed(self) -> u64 {
        self.0
    }

    /// An id from its packed form.
    pub fn from_packed(packed: u64) -> Self {
        Self(packed)
    }

    /// The resident ID number of a G id, if it holds a right one.
    pub fn resident_number(self) -> Option<ResidentNumber> {
        let packed = self.0 & ((1 << 62) - 1);
        let right = self.0 >> 62 == 1 && check_fits(&unpack(packed)) && birth_of(packed).is_some();
        right.then_some(ResidentNumber(packed)).filter(|_| has_region(packed))
    }

    /// The 19 characters.
    pub fn text(self) -> [u8; 19] {
        let mut text = [b'G'; 19];
        text[0] = PREFIXES[((self.0 >> 62) as usize).wrapping_sub(1).min(2)];
        text[1..].copy_from_slice(&unpack(self.0 & ((1 << 62) - 1)));
        text
    }
}

impl std::fmt::Display for NationalId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.text().iter().try_for_each(|&byte| std::fmt::Write::write_char(out, byte as char))
    }
}

/// The 18 characters of a resident ID number or of a national id as somebody wrote them, right or wrong: packed as a right number is, without the
/// prefix. None where they are not 17 digits and a check character.
pub fn as_written(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let digits = if bytes.len() == 19 && bytes[0].is_ascii_alphabetic() { &bytes[1..] } else { bytes };
    pack(digits)
}

/// The characters of a packed number, without the prefix.
pub fn digits(packed: u64) -> [u8; 18] {
    unpack(packed & ((1 << 62) - 1))
}

/// A Shanghai number (上海市学籍号) of its length: 19 digits, as one number.
pub fn shanghai_number(text: &str) -> Option<u64> {
    let is_whole = text.len() == 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_a_number_and_nothing_else_is() {
        for number in [0, 1, 9, 10, 12_345_678, 87_654_321, 90_000_009, 99_999_999] {
            assert_eq!(eight_digits(format!("{number:08}").as_bytes().try_into().unwrap()), Some(number));
        }
        for place in 0..8 {
            for other in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"12345678";
                text[place] = other;
                assert_eq!(eight_digits(text), None, "{other} at {place}");
            }
        }
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        for text in ["310101201109010012", "000000000000000000", "99999999999999999X", "100000000900000001"] {
            assert_eq!(unpack(pack(text.as_bytes()).unwrap()), text.as_bytes());
        }
        assert_eq!(
            ["31010120110901001", "3101012011090100123", "a10101201109010012", "31010120110901001a"].map(|text| pack(text.as_bytes())),
            [None; 4]
        );
    }

    #[test]
    fn a_right_number_is_read_and_written_back() {
        let number = ResidentNumber::parse("11010519491231002X").unwrap();
        assert_eq!(number.to_string(), "11010519491231002X");
        assert_eq!(number.birth(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert!(!number.is_male());
        let id = NationalId::parse("g11010519491231002x").unwrap();
        assert_eq!(id.to_string(), "G11010519491231002X");
        assert_eq!(id.resident_number(), Some(number));
        assert_eq!(NationalId::from_packed(id.packed()), id);
    }

    #[test]
    fn faults_are_told_apart() {
        assert_eq!(ResidentNumber::parse("110105194912310021"), Err(IdentifierFault::CheckDigit));
        assert_eq!(ResidentNumber::parse("00010519491231002X"), Err(IdentifierFault::Region));
        assert_eq!(ResidentNumber::parse("11010519491331002X"), Err(IdentifierFault::Date));
        assert_eq!(ResidentNumber::parse("1101051949123100"), Err(IdentifierFault::Form));
        assert_eq!(NationalId::parse("G110105194912310021"), Err(IdentifierFault::CheckDigit));
        assert_eq!(NationalId::parse("X11010519491231002X"), Err(IdentifierFault::Form));
    }

    #[test]
    fn an_l_number_needs_no_check_digit_and_holds_no_resident_number() {
        let id = NationalId::parse("L310104201309010017").unwrap();
        assert_eq!(id.to_string(), "L310104201309010017");
        assert_eq!(id.resident_number(), None);
    }

    #[test]
    fn a_wrong_number_is_kept_as_it_was_written() {
        let right = ResidentNumber::parse("11010519491231002X").unwrap().packed();
        assert_eq!(as_written("G11010519491231002X"), Some(right));
        assert_eq!(as_written("110105194912310021").map(digits), Some(*b"110105194912310021"));
        assert_eq!(as_written("1101051949123100"), None);
    }

    #[test]
    fn an_old_number_of_15_digits_becomes_the_new_one() {
        assert_eq!(ResidentNumber::parse("110105491231002").unwrap().to_string(), "11010519491231002X");
        assert_eq!(ResidentNumber::parse("310104160508001").unwrap().birth(), NaiveDate::from_ymd_opt(2016, 5, 8));
    }

    /// 17 digits with the check character that belongs to them.
    fn whole(digits: &str) -> String {
        format!("{digits}{}", char::from(check_character(digits.as_bytes())))
    }

    #[test]
    fn a_number_has_18_characters_of_which_17_are_digits() {
        assert_eq!(ResidentNumber::parse("1101051949123A002X"), Err(IdentifierFault::Form));
        assert_eq!(ResidentNumber::parse("11010519491231002X0"), Err(IdentifierFault::Form));
        assert_eq!(as_written("911010519491231002X"), None);
        assert_eq!(as_written("G1010519491231002X"), None);
    }

    #[test]
    fn a_number_tells_sex_and_where_one_resides() {
        let number = |digits: &str| ResidentNumber::parse(&whole(digits)).unwrap();
        assert!(number("31010120150315001").is_male());
        assert!(!number("31010120150315002").is_male());
        assert!(number("31010120150315001").is_mainland());
        assert!(!number("81000020150315001").is_mainland());
        assert!(!number("91000020150315001").is_mainland());
    }

    #[test]
    fn two_digits_of_a_year_are_of_this_century_below_30() {
        let birth = |text: &str| ResidentNumber::parse(text).unwrap().birth();
        assert_eq!(birth("310104290508001"), NaiveDate::from_ymd_opt(2029, 5, 8));
        assert_eq!(birth("310104300508001"), NaiveDate::from_ymd_opt(1930, 5, 8));
    }

    #[test]
    fn an_l_number_is_no_resident_number_even_if_its_check_digit_fits() {
        assert_eq!(NationalId::parse(&format!("L{}", whole("31010120150315001"))).unwrap().resident_number(), None);
        assert!(NationalId::parse(&format!("G{}", whole("31010120150315001"))).unwrap().resident_number().is_some());
    }

    #[test]
    fn a_shanghai_number_has_19_digits() {
        assert_eq!(shanghai_number("3101012021010010023"), Some(3_101_012_021_010_010_023));
        assert_eq!(shanghai_number("310101202101001002"), None);
        assert_eq!(shanghai_number("31010120210100100234"), None);
        assert_eq!(shanghai_number("310101202101001002X"), None);
    }
}
