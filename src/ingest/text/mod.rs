//! What does a text file hold? Its encoding and delimiter by its content, then its records, in parts side by side where it is large.

mod encoding;
mod parts;

use std::ops::ControlFlow;

use bytes::Bytes;
use rayon::prelude::*;

use self::encoding::{Damage, decode_utf16, survey, utf16};
pub(crate) use self::encoding::{Encoding, decode, encoding_of};
use self::parts::{Parts, count_quotes};

use super::attendance::Counting;
use super::cell::{Cell, RowSink};
use super::headers::Vocabulary;
use super::part::Settled;
use super::room::{Refusal, Room};
use super::rows::{Outcome, SheetReader};
use super::source::Source;
use super::table::Table;

/// The delimiters that text files are seen with.
const DELIMITERS: &[u8] = b",\t;|";
/// How much of a file tells its delimiter.
const HEAD: usize = 64 * 1024;
/// Columns that a record may have.
const MOST_COLUMNS: usize = 16_384;

const DAMAGED: &str = "文本中无法识别的字符过多，文件可能已损坏";
const TOO_WIDE: &str = "有一行的列数过多，不是表格";
const UNREADABLE: &str = "读取中断，文件可能已被移动或改动";

/// Reads a text file, but for the rows `replaced`; `names` may tell what its columns do not.
pub(crate) fn read(
    source: &Source,
    vocabulary: &Vocabulary,
    names: &[&str],
    room: Room,
    counting: Option<&Counting<'_>>,
    replaced: &[u32],
) -> Result<Vec<Outcome>, Refusal> {
    let text = Text::open(source, vocabulary, room)?;
    let reader = || SheetReader::new(vocabulary, false).named(names).without(replaced);
    // Where parts are read side by side, none knows the numbers of its rows.
    let outcomes = if replaced.is_empty() { text.read_side_by_side(reader(), vocabulary, counting)? } else { None };
    let mut outcomes = outcomes.map_or_else(|| text.read_in_line(reader()), Ok)?;
    outcomes.iter_mut().for_each(|outcome| count(outcome, counting));
    Ok(outcomes)
}

/// Counts a table of attendance, once.
fn count(outcome: &mut Outcome, counting: Option<&Counting<'_>>) {
    if let (Outcome::Table(table), Some(counting)) = (outcome, counting)
        && table.0.table == Table::Attendance
        && table.0.missing.is_empty()
        && table.1.counted.is_none()
    {
        table.1.count(*counting);
    }
}

/// The table that a text begins with, recognised with all that it needs; none of one that was sent back.
pub(crate) fn table(source: &Source, vocabulary: &Vocabulary) -> Option<Table> {
    let head = source.head().ok()?;
    if utf16(&head).ok()?.is_some() {
        return None;
    }
    let end = head.len().min(HEAD);
    let head = head.slice(..end);
    let (mut opening, _) = encoding_of(&head).decode(head.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(&head));
    // The last line may be cut.
    if let Some(last) = opening.rfind('\n') {
        opening.to_mut().truncate(last + 1);
    }
    let (delimiter, text) = declared_delimiter(&opening).unwrap_or_else(|| (find_delimiter(&opening, vocabulary), &opening));
    let mut reader = SheetReader::new(vocabulary, false);
    let _ = each_record(text, Form { delimiter, has_quotes: true }, 1, |number, cells| {
        let flow = reader.row(number, cells);
        if reader.is_certain() { ControlFlow::Break(()) } else { flow }
    });
    reader.table().filter(|_| reader.is_certain() && !reader.has_come_back())
}

/// Hands the records of a text file to a sink, one after the other.
pub(crate) fn tell(source: &Source, vocabulary: &Vocabulary, room: Room, sink: &mut impl RowSink) -> Result<(), Refusal> {
    Text::open(source, vocabulary, room)?.tell(sink).map(|_| ())
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
fn find_delimiter(head: &str, vocabulary: &Vocabulary) -> u8 {
    let mut best = (0usize, b',');
    for &delimiter in DELIMITERS {
        if !head.as_bytes().contains(&delimiter) {
            continue;
        }
        let mut reader = SheetReader::new(vocabulary, false);
        let mut widths: Vec<usize> = Vec::new();
        // A line of the head that is no record tells nothing.
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
fn each_record(text: &str, form: Form, first: u32, mut take: impl FnMut(u32, &[Cell<'_>]) -> ControlFlow<()>) -> Result<u32, &'static str> {
    if !form.has_quotes {
        return each_line(text, form.delimiter, first, take);
    }
    let bytes = text.as_bytes();
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(form.delimiter).has_headers(false).flexible(true);
    let mut reader = reader.from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut cells: Vec<Cell<'static>> = Vec::new();
    let mut next = first;
    loop {
        next = next.saturating_add(blank_records(bytes, reader.position().byte()));
        // Every field is valid: the whole text is.
        if !reader.read_record(&mut record).unwrap_or(false) {
            return Ok(next - first);
        }
        if record.len() > MOST_COLUMNS {
            return Err(TOO_WIDE);
        }
        let mut own: Vec<Cell<'_>> = recycled(cells);
        own.extend(record.iter().map(Cell::text));
        let flow = take(next, &own);
        own.clear();
        cells = recycled(own);
        next = next.saturating_add(1);
        if flow.is_break() {
            return Ok(next - first);
        }
    }
}

/// The same where quotes keep nothing together: a record is a line, and its cells stand in the text as they are.
fn each_line(
    text: &str,
    delimiter: u8,
    first: u32,
    mut take: impl FnMut(u32, &[Cell<'_>]) -> ControlFlow<()>,
) -> Result<u32, &'static str> {
    let mut next = first;
    let mut cells: Vec<Cell<'_>> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r'])).unwrap_or_default();
        if !line.is_empty() {
            cells.clear();
            let mut from = 0;
            for (place, byte) in line.bytes().enumerate() {
                if byte == delimiter {
                    cells.push(Cell::text(without_quotes(line.get(from..place).unwrap_or_default())));
                    from = place + 1;
                }
            }
            cells.push(Cell::text(without_quotes(line.get(from..).unwrap_or_default())));
            if cells.len() > MOST_COLUMNS {
                return Err(TOO_WIDE);
            }
            if take(next, &cells).is_break() {
                return Ok(next.saturating_add(1) - first);
            }
        }
        next = next.saturating_add(1);
    }
    Ok(next - first)
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

/// A text of which all is known but its records.
struct Text {
    source: Source,
    encoding: Encoding,
    form: Form,
    /// The byte at which the records begin, and the number of the first.
    begin: usize,
    first: u32,
}

impl Text {
    /// Finds out how a text is written.
    fn open(source: &Source, vocabulary: &Vocabulary, room: Room) -> Result<Self, Refusal> {
        let (source, encoding) = match (utf16(&source.head().map_err(|_| UNREADABLE)?)?, source) {
            (None, source) => (source.clone(), survey(source)?),
            (Some(encoding), Source::Held(bytes)) if bytes.len() as u64 <= room.held() => {
                (Source::Held(decode_utf16(bytes, encoding)?.into_bytes().into()), Encoding::Utf8)
            }
            (Some(_), _) => return Err(Refusal::TooLarge),
        };
        let head = source.head().map_err(|_| UNREADABLE)?;
        let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let (opening, _) = encoding.decode(head.get(mark..head.len().min(HEAD)).unwrap_or_default());
        let (delimiter, begin, first) = match declared_delimiter(&opening) {
            Some((delimiter, rest)) => (delimiter, mark + opening.len() - rest.len(), 2),
            None => (find_delimiter(&opening, vocabulary), mark, 1),
        };
        let quotes = count_quotes(&source)?;
        // A quote that is never closed would swallow the rest of the file.
        let form = Form { delimiter, has_quotes: quotes > 0 && quotes.is_multiple_of(2) };
        Ok(Text { source, encoding, form, begin, first })
    }

    /// Reads the first part, and by its header the others side by side; `None` if another table begins further down.
    fn read_side_by_side<'v>(
        &self,
        mut reader: SheetReader<'v>,
        vocabulary: &'v Vocabulary,
        counting: Option<&Counting<'_>>,
    ) -> Result<Option<Vec<Outcome>>, Refusal> {
        let (encoding, form) = (self.encoding, self.form);
        let mut parts = Parts::open(&self.source, self.begin, form.has_quotes)?;
        let mut batch = parts.next()?;
        let mut records = self.first - 1;
        let mut damage = Damage::default();
        if let Some(head) = batch.first() {
            let (text, damaged) = encoding.decode(head);
            damage.add(damaged);
            records += each_record(&text, form, self.first, |number, cells| reader.row(number, cells))?;
            batch.remove(0);
        }
        let model = reader.further_down();
        let mut outcomes = reader.finish();
        outcomes.iter_mut().for_each(|outcome| count(outcome, counting));
        // Without a header in so many rows there is none.
        while let (false, Some(model), Some(Outcome::Table(table))) = (batch.is_empty(), &model, outcomes.last_mut()) {
            let read = |part: &Bytes| -> Result<Option<(Settled, u32, Damage)>, Refusal> {
                let Some(mut reader) = model.further_down() else { return Ok(None) };
                let (text, damage) = encoding.decode(part);
                let records = each_record(&text, form, 1, |number, cells| reader.row(number, cells))?;
                let mut outcome = only(reader.finish());
                outcome.iter_mut().for_each(|outcome| count(outcome, counting));
                match outcome {
                    Some(Outcome::Table(table)) => Ok(Some((table.1, records, damage))),
                    _ => Ok(None),
                }
            };
            for read in batch.par_iter().map(read).collect::<Result<Vec<_>, _>>()? {
                let Some((settled, of_part, damaged)) = read else { return Ok(None) };
                let kind = table.0.table;
                table.1.append(settled, records, kind, vocabulary.subjects.len());
                records = records.saturating_add(of_part);
                damage.add(damaged);
            }
            batch = parts.next()?;
        }
        if damage.is_grave() { Err(DAMAGED.into()) } else { Ok(Some(outcomes)) }
    }

    /// Reads one part after the other.
    fn read_in_line(&self, mut reader: SheetReader<'_>) -> Result<Vec<Outcome>, Refusal> {
        let damage = self.tell(&mut reader)?;
        if damage.is_grave() { Err(DAMAGED.into()) } else { Ok(reader.finish()) }
    }

    /// Hands the records to a sink; gives how much of the text is damaged.
    fn tell(&self, sink: &mut impl RowSink) -> Result<Damage, Refusal> {
        let mut damage = Damage::default();
        let mut parts = Parts::open(&self.source, self.begin, self.form.has_quotes)?;
        let (mut next, mut is_over) = (self.first, false);
        loop {
            let batch = parts.next()?;
            if batch.is_empty() || is_over {
                return Ok(damage);
            }
            for part in batch {
                let (text, damaged) = self.encoding.decode(&part);
                damage.add(damaged);
                let records = each_record(&text, self.form, next, |number, cells| {
                    let flow = sink.row(number, cells);
                    is_over = flow.is_break();
                    flow
                })?;
                next = next.saturating_add(records);
                if is_over {
                    break;
                }
            }
        }
    }
}

/// The only one of a list.
fn only(mut list: Vec<Outcome>) -> Option<Outcome> {
    if list.len() == 1 { list.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::column::Column;
    use super::super::part::RowNumbers;
    use super::super::testing::{ID, codes, number, read_files, text, vocabulary};
    use super::{Outcome, Refusal, Room, Source};
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
        assert!(content.len() > super::parts::PART * 2);
        assert_eq!(inputs.sheets, quoted.sheets);
        assert_eq!(inputs.findings, quoted.findings);
        assert_eq!(inputs.findings.len(), 5);
        assert_eq!(inputs.sheets[0].rows.get(9_999), 10_501);
        assert_eq!(number(&inputs.sheets[0], "科目", 4_001), Read::Value(3));
        assert_eq!(number(&inputs.sheets[0], "科目", 8_001), Read::Value(4));
    }

    /// The row numbers and columns of each table.
    type Tables = Vec<(RowNumbers, Vec<Option<Column>>)>;

    /// What is read of a file that is held, and of one that is not.
    fn both_ways(content: &[u8]) -> [Result<Tables, Refusal>; 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, content).unwrap();
        let sources = [Source::Held(content.to_vec().into()), Source::File(path, content.len() as u64)];
        sources.map(|source| {
            let outcomes = super::read(&source, &vocabulary(), &["a.csv"], Room::alone(), None, &[])?;
            let tables = outcomes.into_iter().map(|outcome| match outcome {
                Outcome::Table(table) => (table.1.rows, table.1.columns),
                Outcome::Unknown { .. } | Outcome::Report => panic!("no table"),
            });
            Ok(tables.collect())
        })
    }

    #[test]
    fn a_file_too_large_to_be_held_reads_the_same() {
        let row = |place: usize| format!("{ID},2025-2026,{},\"合\n格\"\r\n", ["语文", "数学", "编程"][place % 3]);
        let rows: String = (0..12_000).map(row).collect();
        let table = format!("学籍号,学年,科目,学年总评\n{rows}");
        let below = format!("{table}学籍号,督促日期\n{ID},2026-03-02\n");
        for text in [&table, &table.replace('"', "").replace("合\n格", "合格"), &below] {
            assert!(text.len() > super::parts::PART * super::parts::PARTS);
            for content in [text.clone().into_bytes(), encoding_rs::GB18030.encode(text).0.into_owned()] {
                let [held, not_held] = both_ways(&content);
                let (held, not_held) = (held.unwrap(), not_held.unwrap());
                assert_eq!(held, not_held);
                assert_eq!((held[0].0.len(), held.len()), (12_000, if text == &below { 2 } else { 1 }));
            }
        }
    }

    #[test]
    fn a_record_without_end_and_one_too_wide_are_refused() {
        let endless = format!("学籍号,督促日期\n{}", "x".repeat(super::parts::PART + super::parts::LONGEST + 1));
        let wide = format!("学籍号,督促日期\n{}\n", ",".repeat(20_000));
        for content in [endless, wide] {
            for read in both_ways(content.as_bytes()) {
                assert!(matches!(read, Err(Refusal::Fault(_))));
            }
        }
    }
}
