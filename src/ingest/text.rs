//! What does a text file hold? Its encoding and delimiter by its content, then its records, in parts side by side where it is large.

use std::ops::ControlFlow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
use rayon::prelude::*;

use super::cell::{Cell, RowSink};
use super::headers::Vocabulary;
use super::rows::{Outcome, SheetReader};

/// The delimiters that text files are seen with.
const DELIMITERS: &[u8] = b",\t;|";
/// How much of a file tells its delimiter.
const HEAD: usize = 64 * 1024;
/// Larger files are read in parts of this size, whatever the number of threads.
const PART: usize = if cfg!(test) { 64 * 1024 } else { 8 * 1024 * 1024 };

/// Reads a text file; `Err` says why it can't be read.
pub(crate) fn read(bytes: Vec<u8>, vocabulary: &Vocabulary) -> Result<Outcome, &'static str> {
    let text = decode(bytes)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    match declared_delimiter(text) {
        Some((delimiter, rest)) => read_records(rest, delimiter, 2, vocabulary),
        None => read_records(text, find_delimiter(text, vocabulary), 1, vocabulary),
    }
}

/// Decodes by what the bytes are: UTF-16, UTF-8, else GB18030.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, &'static str> {
    const BINARY: &str = "不是文本，也不是能识别的表格文件";
    const DAMAGED: &str = "文本中无法识别的字符过多，文件可能已损坏";
    let utf16 = match (bytes.get(..2), zeros(&bytes)) {
        (Some(b"\xFF\xFE"), _) | (_, Some(Zeros::Odd)) => Some(UTF_16LE),
        (Some(b"\xFE\xFF"), _) | (_, Some(Zeros::Even)) => Some(UTF_16BE),
        (_, Some(Zeros::Mixed)) => return Err(BINARY),
        (_, None) => None,
    };
    if let Some(encoding) = utf16 {
        let (text, damaged) = encoding.decode_with_bom_removal(&bytes);
        return if damaged && is_damaged(&text) { Err(DAMAGED) } else { Ok(text.into_owned()) };
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let utf8 = String::from_utf8_lossy(&bytes);
    if is_nearly_utf8(&utf8) {
        return Ok(utf8.into_owned());
    }
    let (text, damaged) = GB18030.decode_without_bom_handling(&bytes);
    if damaged && is_damaged(&text) { Err(DAMAGED) } else { Ok(text.into_owned()) }
}

enum Zeros {
    Odd,
    Even,
    Mixed,
}

/// Where zero bytes stand, which no text has but UTF-16's.
fn zeros(bytes: &[u8]) -> Option<Zeros> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let (mut even, mut odd) = (0usize, 0usize);
    for (place, byte) in head.iter().enumerate() {
        if *byte == 0 {
            *(if place % 2 == 0 { &mut even } else { &mut odd }) += 1;
        }
    }
    match (even, odd) {
        // A few may stand in any text.
        (even, odd) if (even + odd) * 40 <= head.len() => None,
        (even, odd) if odd > even * 10 => Some(Zeros::Odd),
        (even, odd) if even > odd * 10 => Some(Zeros::Even),
        _ => Some(Zeros::Mixed),
    }
}

/// Replacement characters and characters beyond ASCII.
fn count_replaced(text: &str) -> (usize, usize) {
    text.chars()
        .filter(|character| !character.is_ascii())
        .fold((0, 0), |(replaced, all), character| (replaced + usize::from(character == '\u{FFFD}'), all + 1))
}

fn is_damaged(text: &str) -> bool {
    let (replaced, all) = count_replaced(text);
    replaced > 5 && replaced * 20 > all
}

/// UTF-8 with some broken bytes; GB18030 read as UTF-8 is broken nearly everywhere.
fn is_nearly_utf8(text: &str) -> bool {
    let (replaced, all) = count_replaced(text);
    replaced * 10 < all
}

/// A first line `sep=;`, as some programs write it.
fn declared_delimiter(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix("sep=")?;
    let delimiter = *rest.as_bytes().first()?;
    let rest = rest.get(1..)?;
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'))?;
    DELIMITERS.contains(&delimiter).then_some((delimiter, rest))
}

/// How records are written.
#[derive(Clone, Copy)]
struct Form {
    delimiter: u8,
    /// Whether quotes keep delimiters and line ends together.
    has_quotes: bool,
}

/// The delimiter under which a header is recognised, else the one that cuts most lines alike.
fn find_delimiter(text: &str, vocabulary: &Vocabulary) -> u8 {
    let end = text.floor_char_boundary(HEAD);
    let head = text.get(..end).unwrap_or(text);
    let mut best = (0usize, b',');
    for &delimiter in DELIMITERS {
        if !head.as_bytes().contains(&delimiter) {
            continue;
        }
        let mut reader = SheetReader::new(vocabulary, false);
        let mut widths: Vec<usize> = Vec::new();
        let _ = each_record(head, Form { delimiter, has_quotes: true }, 1, |number, cells| {
            widths.push(cells.len());
            let flow = reader.row(number, cells);
            if reader.is_certain() { ControlFlow::Break(()) } else { flow }
        });
        if reader.is_certain() {
            return delimiter;
        }
        widths.retain(|width| *width > 1);
        widths.sort_unstable();
        let alike = widths.chunk_by(|one, other| one == other).map(|run| run.len() * run.first().copied().unwrap_or(1)).max().unwrap_or(0);
        if alike > best.0 {
            best = (alike, delimiter);
        }
    }
    best.1
}

/// Calls for each record with its number, blank records counted but not passed on; returns how many there were.
fn each_record(text: &str, form: Form, first: u32, mut take: impl FnMut(u32, &[Cell<'_>]) -> ControlFlow<()>) -> u32 {
    let bytes = text.as_bytes();
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(form.delimiter).quoting(form.has_quotes).has_headers(false).flexible(true);
    let mut reader = reader.from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut cells: Vec<Cell<'static>> = Vec::new();
    let mut next = first;
    loop {
        next = next.saturating_add(blank_records(bytes, reader.position().byte()));
        // Every field is valid: the whole text is.
        if !reader.read_record(&mut record).unwrap_or(false) {
            return next - first;
        }
        let mut own: Vec<Cell<'_>> = recycled(cells);
        own.extend(record.iter().map(|field| Cell::text(if form.has_quotes { field } else { without_quotes(field) })));
        let flow = take(next, &own);
        own.clear();
        cells = recycled(own);
        next = next.saturating_add(1);
        if flow.is_break() {
            return next - first;
        }
    }
}

/// A field without the quotes around it, where quotes were not read as such.
fn without_quotes(field: &str) -> &str {
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

/// The room of a list, for cells of another record.
fn recycled<'a>(mut cells: Vec<Cell<'_>>) -> Vec<Cell<'a>> {
    cells.clear();
    cells.into_iter().map(|_| Cell::EMPTY).collect()
}

/// How many blank records stand where the next record is looked for: the reader passes over them without a word.
fn blank_records(bytes: &[u8], position: u64) -> u32 {
    let Some(start) = usize::try_from(position).ok() else { return 0 };
    let mut rest = bytes.get(start..).unwrap_or_default();
    // The second half of the line end of the record before.
    if start > 0 && bytes.get(start - 1) == Some(&b'\r') && rest.first() == Some(&b'\n') {
        rest = rest.get(1..).unwrap_or_default();
    }
    let mut blank = 0;
    loop {
        rest = match rest {
            [b'\r', b'\n', rest @ ..] | [b'\n' | b'\r', rest @ ..] => rest,
            _ => return blank,
        };
        blank += 1;
    }
}

/// Reads all records, in parts side by side where the file is large and no quotes hide its line ends.
fn read_records(text: &str, delimiter: u8, first: u32, vocabulary: &Vocabulary) -> Result<Outcome, &'static str> {
    let mut reader = SheetReader::new(vocabulary, false);
    let quotes = memchr::memchr_iter(b'"', text.as_bytes()).count();
    // A quote that is never closed would swallow the rest of the file.
    let form = Form { delimiter, has_quotes: quotes > 0 && quotes.is_multiple_of(2) };
    if text.len() <= PART * 2 || form.has_quotes {
        each_record(text, form, first, |number, cells| reader.row(number, cells));
        return Ok(reader.finish());
    }
    let parts = cut(text);
    let Some((head, tail)) = parts.split_first() else { return Ok(reader.finish()) };
    let head_records = each_record(head, form, first, |number, cells| reader.row(number, cells));
    let Some(model) = reader.further_down() else { return Ok(reader.finish()) };
    let read_part = |part: &&str| {
        let mut reader = model.further_down()?;
        let records = each_record(part, form, 1, |number, cells| reader.row(number, cells));
        match reader.finish() {
            Outcome::Table(table) => Some((table.1, records)),
            Outcome::Unknown { .. } => None,
        }
    };
    let later: Vec<_> = tail.par_iter().map(read_part).collect();
    let Outcome::Table(mut table) = reader.finish() else { return Ok(Outcome::Unknown { nearest: None, has_data: true }) };
    let mut before = head_records + first - 1;
    for (settled, records) in later.into_iter().flatten() {
        let kind = table.0.table;
        table.1.append(settled, before, kind, vocabulary.subjects.len());
        before = before.saturating_add(records);
    }
    Ok(Outcome::Table(table))
}

/// Parts of about the same size that end at a line's end.
fn cut(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > PART {
        let end = memchr::memchr(b'\n', rest.as_bytes().get(PART..).unwrap_or_default()).map_or(rest.len(), |place| PART + place + 1);
        let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        parts.push(part);
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ID, codes, number, read_files, text};
    use law::facts::codes::Read;

    const ROSTER: &str = "全国学籍号,姓名,区,学校代码,年级,班级,学籍状态\r\n";

    fn roster() -> String {
        format!("{ROSTER}{ID},买买提·艾力,徐汇,310104001,六年级,1班,在读\r\n")
    }

    #[test]
    fn every_encoding_is_read() {
        let utf16: Vec<u8> = roster().encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16_big: Vec<u8> = [0xFEFFu16].into_iter().chain(roster().encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let gbk = encoding_rs::GB18030.encode(&roster()).0.into_owned();
        assert!(gbk.windows(2).any(|pair| pair == [0xA1, 0xA4]));
        for content in [roster().into_bytes(), [b"\xEF\xBB\xBF".as_slice(), roster().as_bytes()].concat(), utf16, utf16_big, gbk] {
            let inputs = read_files(&[("a.csv", &content)]);
            assert_eq!(codes(&inputs), []);
            assert_eq!(text(&inputs.sheets[0], "姓名", 0), Read::Value("买买提·艾力".to_owned()));
            assert_eq!(inputs.sheets[0].rows.get(0), 2);
        }
    }

    #[test]
    fn every_delimiter_is_found_and_blank_records_count() {
        for delimiter in [',', '\t', ';', '|'] {
            let content =
                format!("学生名册\n\n{ROSTER}\n\r\n{}", roster().split_once('\n').unwrap().1).replace(',', &delimiter.to_string());
            let inputs = read_files(&[("a.txt", content.as_bytes())]);
            assert_eq!(codes(&inputs), [], "{delimiter}");
            assert_eq!(inputs.sheets[0].rows.get(0), 6);
        }
        let quoted = format!("{ROSTER}{ID},\"张\n三\",徐汇,310104001,六年级,\"1,\"\"班\",在读\n\n{ID},李四,徐汇,310104001,六年级,1,在读");
        let inputs = read_files(&[("a.csv", quoted.as_bytes())]);
        assert_eq!((inputs.sheets[0].rows.get(0), inputs.sheets[0].rows.get(1)), (2, 4));
        assert_eq!(text(&inputs.sheets[0], "班级", 0), Read::Value("1,\"班".to_owned()));
    }

    #[test]
    fn an_open_quote_swallows_nothing() {
        let content = format!("{ROSTER}{ID},\"张三,徐汇,310104001,六年级,1,在读\n{ID},\"李四\",徐汇,310104001,六年级,1,在读\n");
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        assert_eq!(inputs.sheets[0].rows_read, 2);
        assert_eq!(text(&inputs.sheets[0], "姓名", 1), Read::Value("李四".to_owned()));
        let excel = format!("{ROSTER}\"=\"\"{ID}\"\"\",张三,徐汇,=\"310104001\",六年级,1,在读\n");
        let inputs = read_files(&[("a.csv", excel.as_bytes())]);
        assert_eq!(codes(&inputs), [("I0208", Some(2)), ("I0208", Some(2))]);
        assert_eq!(text(&inputs.sheets[0], "学校代码", 0), Read::Value("310104001".to_owned()));
    }

    #[test]
    fn a_broken_character_spoils_its_cell_only() {
        let mut gbk = encoding_rs::GB18030.encode(&roster().repeat(3)).0.into_owned();
        let place = gbk.windows(2).position(|pair| pair == [0xA1, 0xA4]).unwrap();
        gbk[place + 1] = 0xFF;
        let inputs = read_files(&[("a.csv", &gbk)]);
        assert_eq!(codes(&inputs), [("I0202", Some(2))]);
        assert_eq!(text(&inputs.sheets[0], "姓名", 0), Read::Unreadable);
        assert_eq!(codes(&read_files(&[("a.csv", &[0, 1, 2, 0, 0, 3, 7, 0])])), [("I0101", None)]);
    }

    #[test]
    fn a_large_file_is_read_in_parts_as_if_in_one() {
        let mut content = String::from("学籍号,学年,科目,学年总评\n");
        for place in 0..10_000 {
            let subject = ["语文", "数学", "编程", "陶艺"][(place / 4_000 + place % 2) % 4];
            let result = if place % 2_000 == 99 { "缺课" } else { "85" };
            content.push_str(&format!("{ID},2025-2026,{subject},{result}\n{}", if place % 20 == 0 { "\n" } else { "" }));
        }
        let inputs = read_files(&[("a.csv", content.as_bytes())]);
        let quoted = read_files(&[("a.csv", content.replacen("语文", "\"语文\"", 1).as_bytes())]);
        assert!(content.len() > super::PART * 2);
        assert_eq!(inputs.sheets, quoted.sheets);
        assert_eq!(inputs.findings, quoted.findings);
        assert_eq!(inputs.findings.len(), 5);
        assert_eq!(inputs.sheets[0].rows.get(9_999), 10_501);
        assert_eq!(number(&inputs.sheets[0], "科目", 4_001), Read::Value(3));
        assert_eq!(number(&inputs.sheets[0], "科目", 8_001), Read::Value(4));
    }
}
