//! Words of code tables: terms, grades, subjects, results; and plain numbers.

use super::identifiers::repairs;
use super::texts::free_text;
use super::{Context, Reading, Value, has_full_width, plain};
use crate::ingest::cell::{Cell, CellKind};
use crate::ingest::fold;
use crate::ingest::headers::Vocabulary;
use crate::ingest::table::Field;
use law::facts::codes::AnnualResult;
use law::facts::grades::Grade;
use law::facts::subjects::Subject;

pub(super) fn term(folded: &str) -> Option<u8> {
    let term = folded.rsplit_once("学年").map_or(folded, |(_, term)| term.trim_start_matches('度'));
    let core = term.trim_start_matches('第').trim_end_matches("学期").trim_end_matches('季');
    match core {
        "1" | "01" | "一" | "上" | "秋" | "I" | "Ⅰ" => Some(1),
        "2" | "02" | "二" | "下" | "春" | "II" | "Ⅱ" => Some(2),
        _ => None,
    }
}

/// A number below 100 in digits or as 一, 十二.
fn small_number(text: &str) -> Option<u8> {
    const NUMERALS: [&str; 12] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
    if text.len() <= 2 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    NUMERALS.iter().position(|numeral| *numeral == text).and_then(|place| u8::try_from(place + 1).ok())
}

pub(super) fn grade(folded: &str) -> Option<u8> {
    if matches!(folded, "预初" | "预备" | "初预" | "中预" | "预备班" | "预备年级" | "预初年级" | "六年级预备班") {
        return Some(6);
    }
    let strip = |prefixes: [&'static str; 2]| prefixes.into_iter().find_map(|prefix| folded.strip_prefix(prefix));
    let number = |rest: &str| small_number(rest.trim_end_matches("年级"));
    if let Some(rest) = strip(["小学", "小"]) {
        number(rest).filter(|grade| (1..=6).contains(grade))
    } else if let Some(rest) = strip(["初中", "初"]) {
        // 初一 is the sixth grade here and the seventh there.
        number(rest).filter(|grade| (6..=9).contains(grade))
    } else if let Some(rest) = strip(["高中", "高"]) {
        match number(rest)? {
            year @ 1..=3 => Some(year + 9),
            grade @ 10..=12 => Some(grade),
            _ => None,
        }
    } else {
        number(folded).filter(|grade| (1..=12).contains(grade))
    }
}

/// A grade: as the dictionaries write it, which know codes that mean another grade elsewhere, else as people do.
pub(super) fn dictionary_grade(folded: &str, field: &Field, vocabulary: &Vocabulary) -> Option<Reading<'static>> {
    let spelling = vocabulary.dictionary.spelling(field.header, Grade::TITLES, folded)?;
    let grade = Grade::new(spelling.code + 1)?;
    let reading = Reading::value(Value::Code(grade.number()));
    Some(if spelling.ordinary { reading } else { reading.with("I0208", grade.title()) })
}

/// Characters of the longest code of a code table of this kind.
const LONGEST_CODE: usize = 2;

/// Whether a folded text is a code and no word.
pub(super) fn is_code(folded: &str) -> bool {
    folded.len() <= LONGEST_CODE && !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A text for which there are usual words, by its code or spelling the word itself. A code that nobody knows is no text.
pub(super) fn named<'a>(
    cell: Cell<'a>,
    field: &Field,
    words: &'static [&'static str],
    vocabulary: &Vocabulary,
    repaired: bool,
) -> Reading<'a> {
    if words.contains(&cell.text) {
        return free_text(cell, repaired);
    }
    let folded = plain(cell);
    if let Some(spelling) = vocabulary.dictionary.spelling(field.header, words, &folded)
        && let Some(word) = words.get(usize::from(spelling.code))
    {
        let reading = Reading::text(*word);
        return if spelling.ordinary { reading } else { reading.with("I0208", *word) };
    }
    if is_code(&folded) { Reading::unreadable("I0203", words.join("、")) } else { free_text(cell, repaired) }
}

/// A number in thousandths, its unit behind it or not.
pub(super) fn number(text: &str) -> Option<i32> {
    let folded = fold::word(text);
    let core = folded.trim_end_matches(['年', '制', '周', '人', '分', '篇', '份', '个', '次', '天']);
    if let Some(small) = small_number(core) {
        return Some(i32::from(small) * 1000);
    }
    let is_form = core.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'E' | b'+' | b'-'));
    let number: f64 = core.parse().ok().filter(|_| is_form)?;
    (0.0..=2_000_000.0).contains(&number).then(|| (number * 1000.0).round() as i32)
}

pub(super) fn subject(cell: Cell<'_>, context: &mut Context<'_>) -> Reading<'static> {
    const NAME: &str = "科目名称";
    let known = &context.vocabulary.subjects;
    if let Some(Subject(code)) = known.find(cell.text) {
        return Reading::value(Value::Code(code));
    }
    let folded = fold::compact(cell.text);
    let is_name = cell.kind == CellKind::Text && folded.chars().any(char::is_alphabetic) && folded.chars().count() <= 30;
    if !is_name {
        return Reading::unreadable("I0202", NAME);
    }
    match context.subjects.intern(known, &folded) {
        None => Reading::unreadable("I0202", "科目名称（不同的名称过多）"),
        Some(code) => {
            let reading = Reading::value(Value::Code(code));
            if repairs(cell.text) { reading.with("I0208", folded) } else { reading }
        }
    }
}

pub(super) fn annual_result(cell: Cell<'_>, field: &Field, vocabulary: &Vocabulary) -> Reading<'static> {
    let folded = if cell.kind == CellKind::Number { cell.text.to_owned() } else { fold::word(cell.text) };
    if let Some(&code) = vocabulary.annual.get(&folded) {
        return Reading::value(Value::Code(code));
    }
    let mark = folded.trim_end_matches('分');
    if mark.starts_with(|character: char| character.is_ascii_digit())
        && let Ok(mark) = mark.parse::<f64>()
    {
        if !(0.0..=100.0).contains(&mark) {
            return Reading::unreadable("I0202", "0 至 100 的分数，或等第");
        }
        let result = if mark >= vocabulary.mark_out_of_100 { AnnualResult::Passed } else { AnnualResult::Failed };
        let reading = Reading::value(Value::Code(result as u8));
        return if has_full_width(cell.text) { reading.with("I0208", result.word()) } else { reading };
    }
    word(cell, field, AnnualResult::WORDS, vocabulary)
}

pub(super) fn word(cell: Cell<'_>, field: &Field, words: &'static [&'static str], vocabulary: &Vocabulary) -> Reading<'static> {
    let code = |place: usize| u8::try_from(place).map_or(Reading::unreadable("I0203", ""), |code| Reading::value(Value::Code(code)));
    if let Some(place) = words.iter().position(|word| *word == cell.text) {
        return code(place);
    }
    let folded = plain(cell);
    if let Some(place) = words.iter().position(|word| *word == folded) {
        return code(place).with("I0208", folded);
    }
    if let Some(spelling) = vocabulary.dictionary.spelling(field.header, words, &folded) {
        let reading = Reading::value(Value::Code(spelling.code));
        let read_as = words.get(usize::from(spelling.code)).copied().unwrap_or_default();
        return if spelling.ordinary { reading } else { reading.with("I0208", read_as) };
    }
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(word, &folded);
    let nearest = words.iter().map(|word| (likeness(word), *word)).filter(|(likeness, _)| *likeness > 0.0);
    // The first of several equally near ones.
    let nearest =
        nearest.fold(None, |best: Option<(f64, &str)>, next| if best.is_some_and(|best| best.0 >= next.0) { best } else { Some(next) });
    let list = words.join("、");
    Reading::unreadable("I0203", nearest.map_or_else(|| list.clone(), |(_, nearest)| format!("{list}（最接近：{nearest}）")))
}
