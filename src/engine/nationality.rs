//! Is a student a national of China, or a foreigner? What 国籍/地区 says, which schools write in words, letters or numbers.

use std::collections::HashSet;
use std::sync::LazyLock;

use law::facts::codes::Read;
use law::facts::student::Nationality;

use crate::ingest::fold;

/// Words for China with Hong Kong, Macao and Taiwan, as a whole.
const OF_CHINA: &[&str] = &[
    "中国",
    "CHN",
    "CN",
    "156",
    "中华人民共和国",
    "CHINA",
    "PRC",
    "中",
    "本国",
    "内地",
    "大陆",
    "HK",
    "HKG",
    "344",
    "HONGKONG",
    "MO",
    "MAC",
    "446",
    "MACAO",
    "MACAU",
    "TW",
    "TWN",
    "158",
    "TAIWAN",
];
/// The same, as a part of what stands there.
const WITHIN_CHINA: &[&str] = &["中国", "中华", "香港", "澳门", "台湾", "港澳台"];
/// Letters that say that nothing is there as often as they name a country.
const AMBIGUOUS: [&str; 2] = ["NA", "NO"];
/// Words for a foreigner that name no country.
const ABROAD: [&str; 3] = ["外国", "外籍", "其他国家"];

/// Traditional characters of names that are written with them, and the simplified ones.
const SIMPLIFIED: [(char, char); 22] = [
    ('國', '国'),
    ('華', '华'),
    ('臺', '台'),
    ('灣', '湾'),
    ('門', '门'),
    ('韓', '韩'),
    ('羅', '罗'),
    ('亞', '亚'),
    ('蘭', '兰'),
    ('爾', '尔'),
    ('紐', '纽'),
    ('維', '维'),
    ('馬', '马'),
    ('緬', '缅'),
    ('賓', '宾'),
    ('聯', '联'),
    ('烏', '乌'),
    ('義', '义'),
    ('納', '纳'),
    ('達', '达'),
    ('諾', '诺'),
    ('蘇', '苏'),
];

/// Words for other countries.
struct Abroad {
    /// Letters, numbers and names, as a whole.
    whole: HashSet<&'static str>,
    /// Chinese names, as a part of what stands there.
    within: Vec<&'static str>,
}

static COUNTRIES: LazyLock<Abroad> = LazyLock::new(|| {
    let lines = include_str!("countries.txt").lines().filter(|line| !line.starts_with('#'));
    let words: Vec<&str> = lines.flat_map(|line| line.split(' ')).filter(|word| !AMBIGUOUS.contains(word)).collect();
    let within = words.iter().copied().chain(ABROAD).filter(|word| !word.is_ascii()).collect();
    Abroad { whole: words.into_iter().collect(), within }
});

/// What 国籍/地区 says. Empty with a resident ID number: 中国; what is no known country is unknown.
pub fn nationality(cell: Read<&str>, has_resident_number: impl Fn() -> bool) -> Nationality {
    match cell {
        Read::Value(text) => of_text(text),
        Read::Empty if has_resident_number() => Nationality::Chinese,
        Read::Empty | Read::Unreadable => Nationality::Unknown,
    }
}

fn of_text(text: &str) -> Nationality {
    // What nearly everybody has.
    if OF_CHINA.contains(&text) {
        return Nationality::Chinese;
    }
    let simplified = |letter: char| SIMPLIFIED.iter().find(|(own, _)| *own == letter).map_or(letter, |(_, simplified)| *simplified);
    let word: String = fold::word(text).chars().map(simplified).collect();
    let is_chinese = OF_CHINA.contains(&word.as_str()) || WITHIN_CHINA.iter().any(|own| word.contains(own));
    let is_foreign = COUNTRIES.whole.contains(word.as_str()) || COUNTRIES.within.iter().any(|own| word.contains(own));
    match (is_chinese, is_foreign) {
        (true, false) => Nationality::Chinese,
        (false, true) => Nationality::Foreign,
        // Nobody can tell, or two countries are named.
        _ => Nationality::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn china_is_written_in_many_ways() {
        for text in [
            "中国",
            " 中 国",
            "中　国",
            "中國",
            "中国籍",
            "中华人民共和国",
            "中国（上海）",
            "CHN",
            "chn",
            "cn",
            "China",
            "156",
            "中国香港",
            "香港特别行政区",
            "Hong Kong",
            "HK",
            "344",
            "澳門",
            "臺灣",
            "Taiwan",
            "158",
            "港澳台",
        ] {
            assert_eq!(of_text(text), Nationality::Chinese, "{text}");
        }
    }

    #[test]
    fn other_countries_are_known_by_name_letters_and_number() {
        for text in [
            "美国",
            "美國",
            "美籍",
            "美国籍",
            "美利坚合众国",
            "USA",
            "us",
            "United States",
            "840",
            "韩国",
            "韓國",
            "South Korea",
            "日本",
            "JPN",
            "392",
            "英国",
            "UK",
            "新加坡",
            "马来西亚",
            "刚果（金）",
            "中非共和国",
            "印尼",
            "俄罗斯联邦",
            "外籍",
        ] {
            assert_eq!(of_text(text), Nationality::Foreign, "{text}");
        }
        assert_eq!(COUNTRIES.whole.iter().filter(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())).count(), 245);
    }

    #[test]
    fn what_is_no_country_says_nothing() {
        for text in ["汉", "汉族", "本市", "上海", "不详", "未知", "无", "???", "#N/A", "NA", "no", "中国/美国", "999"] {
            assert_eq!(of_text(text), Nationality::Unknown, "{text}");
        }
        assert_eq!(nationality(Read::Empty, || true), Nationality::Chinese);
        assert_eq!(nationality(Read::Empty, || false), Nationality::Unknown);
        assert_eq!(nationality(Read::Unreadable, || true), Nationality::Unknown);
    }
}
