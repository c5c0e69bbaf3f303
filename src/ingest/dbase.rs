//! What does a dBASE table hold? Records of fixed width under short names, as exam authorities send them; read here and not by a library,
//! because numbers have to stay as they were written, deleted records have to count as rows, and no claim of the header is trusted.

use bytes::Bytes;
use encoding_rs::GB18030;

use super::cell::{Cell, CellKind, RowSink};
use super::headers::Dictionary;
use super::room::Refusal;
use super::text;

/// Bytes of the header before the fields, and of each field's description.
const HEADER: usize = 32;
const FIELD: usize = 32;
/// Ends the list of fields.
const END_OF_FIELDS: u8 = 0x0D;
/// Marks a record that was deleted and is no row any more.
const DELETED: u8 = b'*';
/// Code pages that say GBK. Most tables name none, whatever they are in.
const GBK: [u8; 2] = [0x4D, 0x7A];
/// Bytes of a name, which cuts longer ones short.
const LONGEST_NAME: usize = 10;
/// The Julian day on which spreadsheets begin to count.
const JULIAN_DAY: i64 = 2_415_019;

struct Field {
    name: String,
    kind: u8,
    begin: usize,
    end: usize,
}

/// Hands the rows of a dBASE table to a sink, first its names of fields.
pub(crate) fn read(bytes: &Bytes, dictionary: &Dictionary, sink: &mut impl RowSink) -> Result<(), Refusal> {
    const DAMAGED: &str = "dBASE 表已损坏";
    let number = |place: usize| Some(u16::from_le_bytes([*bytes.get(place)?, *bytes.get(place + 1)?]) as usize);
    let (Some(low), Some(high), Some(begin), Some(width)) = (number(4), number(6), number(8), number(10)) else {
        return Err(DAMAGED.into());
    };
    let claimed = low | high << 16;
    let decoder = match bytes.get(29) {
        Some(page) if GBK.contains(page) => text::Encoding::Gb18030,
        _ => text::encoding_of(bytes),
    };
    let fields = fields(bytes.get(..begin).ok_or(DAMAGED)?, decoder);
    let records = bytes.get(begin..).unwrap_or_default();
    if width == 0 || fields.last().is_none_or(|field| field.end != width) {
        return Err(DAMAGED.into());
    }
    if records.len() / width < claimed {
        return Err(format!("dBASE 表不完整：应有 {claimed} 条记录，只有 {} 条", records.len() / width).into());
    }
    let labels: Vec<String> = fields.iter().map(|field| label(&field.name, dictionary)).collect();
    let mut flow = sink.row(1, &labels.iter().map(|label| Cell::text(label)).collect::<Vec<_>>());
    for (record, row) in records.chunks_exact(width).take(claimed).zip(2..) {
        if flow.is_break() {
            break;
        }
        if record.first() != Some(&DELETED) {
            let own: Vec<(CellKind, String)> = fields.iter().map(|field| cell(record, field, decoder)).collect();
            flow = sink.row(row, &own.iter().map(|(kind, text)| Cell { kind: *kind, text }).collect::<Vec<_>>());
        }
    }
    Ok(())
}

fn fields(header: &[u8], decoder: text::Encoding) -> Vec<Field> {
    let mut begin = 1;
    let mut fields = Vec::new();
    for description in header.get(HEADER..).unwrap_or_default().chunks_exact(FIELD) {
        let (Some(name), Some(kind), Some(length), Some(more)) =
            (description.get(..11), description.get(11), description.get(16), description.get(17))
        else {
            break;
        };
        if name.first() == Some(&END_OF_FIELDS) {
            break;
        }
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        // A long text keeps the rest of its length where numbers keep their decimals.
        let length = usize::from(*length) + if *kind == b'C' { usize::from(*more) << 8 } else { 0 };
        fields.push(Field { name: decoder.decode(name).0.trim().to_owned(), kind: *kind, begin, end: begin + length });
        begin += length;
    }
    fields
}

/// A header as it would be if names could be longer: the only one that the dictionary knows to begin like a name that fills its room.
fn label(name: &str, dictionary: &Dictionary) -> String {
    let whole = name.trim_end_matches('\u{FFFD}');
    let is_full = GB18030.encode(whole).0.len() + 1 >= LONGEST_NAME;
    let completed = if is_full { dictionary.header_beginning(whole) } else { None };
    completed.unwrap_or(whole).to_owned()
}

fn cell(record: &[u8], field: &Field, decoder: text::Encoding) -> (CellKind, String) {
    let bytes = record.get(field.begin..field.end).unwrap_or_default();
    let bytes = bytes.split(|byte| *byte == 0).next().filter(|_| matches!(field.kind, b'C' | b'N' | b'F' | b'D' | b'L')).unwrap_or(bytes);
    let eight = || Some(i64::from_le_bytes(bytes.try_into().ok()?));
    let four = |place: usize| Some(i32::from_le_bytes(bytes.get(place..place + 4)?.try_into().ok()?));
    let empty = || (CellKind::Empty, String::new());
    let known = |kind: CellKind, text: Option<String>| text.map_or_else(|| (CellKind::Error, String::new()), |text| (kind, text));
    match field.kind {
        b'C' | b'V' => (CellKind::Text, decoder.decode(bytes).0.trim().to_owned()),
        b'N' | b'F' => {
            let text = String::from_utf8_lossy(bytes).trim().to_owned();
            // A number too long for its field is stored as asterisks.
            if text.is_empty() {
                empty()
            } else if text.contains('*') {
                (CellKind::Error, text)
            } else {
                (CellKind::Number, text)
            }
        }
        b'D' => {
            let text = String::from_utf8_lossy(bytes).trim().to_owned();
            if text.bytes().all(|byte| byte == b'0') { empty() } else { (CellKind::Text, text) }
        }
        b'L' => match bytes.first() {
            Some(b'T' | b't' | b'Y' | b'y') => (CellKind::Boolean, "1".into()),
            Some(b'F' | b'f' | b'N' | b'n') => (CellKind::Boolean, "0".into()),
            _ => empty(),
        },
        b'I' | b'+' => known(CellKind::Number, four(0).map(|number| number.to_string())),
        b'Y' => known(CellKind::Number, eight().map(|number| (number as f64 / 10_000.0).to_string())),
        b'B' if bytes.len() == 8 => known(CellKind::Number, eight().map(|bits| f64::from_bits(bits as u64).to_string())),
        b'T' | b'@' => match (four(0), four(4)) {
            (Some(0), Some(_)) => empty(),
            (Some(day), Some(_)) => (CellKind::Date, (i64::from(day) - JULIAN_DAY).to_string()),
            _ => known(CellKind::Date, None),
        },
        // What is kept in a file beside the table.
        _ if bytes.iter().all(|byte| matches!(byte, b' ' | b'0' | 0)) => empty(),
        _ => (CellKind::Error, "备注字段".into()),
    }
}

#[cfg(test)]
mod tests {
    use law::facts::codes::Read;

    use super::super::table::Table;
    use super::super::testing::{ID, OTHER_ID, codes, number, read_files, text};

    /// A table of fields (name, kind, length) and records.
    fn table(page: u8, fields: &[(&str, u8, u8)], records: &[&[&str]]) -> Vec<u8> {
        let gbk = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
        let width: usize = 1 + fields.iter().map(|field| usize::from(field.2)).sum::<usize>();
        let mut bytes = vec![3, 126, 7, 1];
        bytes.extend((records.len() as u32).to_le_bytes());
        bytes.extend(((33 + fields.len() * 32) as u16).to_le_bytes());
        bytes.extend((width as u16).to_le_bytes());
        bytes.resize(29, 0);
        bytes.extend([page, 0, 0]);
        for (name, kind, length) in fields {
            let mut name = gbk(name);
            name.resize(10, 0);
            bytes.extend(name.iter().chain(&[0, *kind, 0, 0, 0, 0, *length]));
            bytes.resize(bytes.len() + 15, 0);
        }
        bytes.push(13);
        for record in records {
            bytes.push(if record[0].is_empty() { b'*' } else { b' ' });
            for (cell, field) in record.iter().zip(fields) {
                let mut cell = gbk(cell);
                cell.resize(usize::from(field.2), b' ');
                bytes.extend(cell);
            }
        }
        bytes.push(0x1A);
        bytes
    }

    #[test]
    fn a_table_of_an_exam_authority_is_read() {
        for page in [0, 0x4D] {
            let fields = [("学籍号", b'C', 19), ("姓名", b'C', 20), ("考试日期", b'D', 8), ("考次", b'C', 6), ("成绩", b'C', 8)];
            let records: [&[&str]; 3] = [
                &[ID, "买买提·艾力", "20260110", "首考", "合格"],
                &["", "删去", "20260110", "首考", "合格"],
                &[OTHER_ID, "李四", "20260110", "补考", "不合格"],
            ];
            let inputs = read_files(&[("考试院/2026_数学_01.dbf", &table(page, &fields, &records))]);
            let sheet = &inputs.sheets[0];
            assert_eq!((sheet.table, sheet.rows_read, sheet.rows.get(0), sheet.rows.get(1)), (Table::Exams, 2, 2, 4));
            assert_eq!(number(sheet, "科目", 1), Read::Value(1));
            assert_eq!(number(sheet, "考试日期", 0), Read::Value(20_463));
            assert_eq!(number(sheet, "结果", 1), Read::Value(1));
            assert_eq!(text(sheet, "姓名", 0), Read::Value("买买提·艾力".to_owned()));
            assert_eq!(codes(&inputs), [("I0208", None)], "the subject is taken from the name of the file");
        }
    }

    #[test]
    fn names_that_were_cut_short_are_completed() {
        let fields = [("全国学籍号", b'C', 19), ("体育部门确", b'D', 8), ("教育部门确", b'D', 8)];
        let inputs = read_files(&[("a.dbf", &table(0, &fields, &[&[ID, "20250901", ""]]))]);
        assert_eq!((inputs.sheets[0].table, codes(&inputs)), (Table::Athletes, vec![]));
        assert_eq!(number(&inputs.sheets[0], "体育部门确认日期", 0), Read::Value(20_332));
        assert_eq!(number(&inputs.sheets[0], "教育部门确认日期", 0), Read::Empty);
    }

    #[test]
    fn an_id_in_a_field_of_numbers_is_no_id_and_claims_are_not_trusted() {
        let fields = [("学籍号", b'N', 18), ("督促日期", b'C', 10)];
        let whole = table(0, &fields, &[&["310104201309010017", "2026-03-02"]]);
        assert_eq!(codes(&read_files(&[("a.dbf", &whole)])), [("I0204", Some(2))]);
        for length in 12..whole.len() - 1 {
            let found = codes(&read_files(&[("a.dbf", &whole[..length])]));
            assert!(matches!(found[..], [("I0101" | "I0102", None)]), "{length}: {found:?}");
        }
        let mut claims = whole.clone();
        claims[4..8].fill(0xFF);
        assert_eq!(codes(&read_files(&[("a.dbf", &claims)])), [("I0101", None)]);
        let mut narrow = whole;
        narrow[10..12].fill(0);
        assert_eq!(codes(&read_files(&[("a.dbf", &narrow)])), [("I0101", None)]);
    }
}
