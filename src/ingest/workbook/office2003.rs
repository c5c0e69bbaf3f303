//! SpreadsheetML of 2003: a workbook as one XML text, which many systems still write under the name .xls.

use super::xml::{Fault, Scanner, Tag, Text, attribute_text};
use crate::ingest::cell::CellKind;
use crate::ingest::grid::{Grid, WEIGHT};
use crate::ingest::room::{Refusal, Room};

/// Columns and rows that a sheet can have.
const COLUMNS: usize = 16_384;
const ROWS: u32 = 1_048_576;

/// The sheets of such a text, each with its name.
pub(crate) fn sheets(text: &str, room: Room) -> Result<Vec<(String, Grid)>, Refusal> {
    // Every row, cell and merged range begins with a tag.
    let tags = memchr::memchr_iter(b'<', text.as_bytes()).count() as u64;
    if text.len() as u64 + tags * WEIGHT / 2 > room.part() {
        return Err(Refusal::TooLarge);
    }
    read(text).map_err(|fault| format!("XML 表格在第 {} 字节处无法读取：{}", fault.at, fault.what).into())
}

fn read(text: &str) -> Result<Vec<(String, Grid)>, Fault> {
    let mut scanner = Scanner::new(text, 0);
    let mut sheets: Vec<(String, Grid)> = Vec::new();
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"Worksheet") => {
                let mut own = String::new();
                while let Some((name, value)) = scanner.attribute()? {
                    if local(name) == b"Name" {
                        own = attribute_text(value);
                    }
                }
                sheets.push((own, Grid::default()));
            }
            Tag::Open(b"Row") => {
                if let Some((_, grid)) = sheets.last_mut() {
                    read_row(&mut scanner, grid)?;
                }
            }
            Tag::End => return Ok(sheets),
            _ => {}
        }
    }
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

/// Reads the row just opened.
fn read_row(scanner: &mut Scanner<'_>, grid: &mut Grid) -> Result<(), Fault> {
    let mut number = grid.row().saturating_add(1);
    while let Some((name, value)) = scanner.attribute()? {
        if local(name) == b"Index" {
            number = value.parse().unwrap_or(number).max(number);
        }
    }
    if number > ROWS {
        return Err(scanner.fault("行数过多"));
    }
    grid.begin_row(number);
    let mut next = 0_usize;
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"Cell") => next = read_cell(scanner, grid, next)?,
            Tag::Open(_) => {
                scanner.skip_element()?;
            }
            Tag::Close(b"Row") => return Ok(()),
            Tag::Close(_) => {}
            Tag::End => return Err(scanner.fault("在一行中间断开")),
        }
    }
}

/// Reads the cell just opened; gives the column after it.
fn read_cell(scanner: &mut Scanner<'_>, grid: &mut Grid, mut column: usize) -> Result<usize, Fault> {
    let (mut across, mut down) = (0_usize, 0_u32);
    while let Some((name, value)) = scanner.attribute()? {
        match local(name) {
            b"Index" => column = value.parse::<usize>().map_or(column, |index| index.saturating_sub(1).max(column)),
            b"MergeAcross" => across = value.parse().unwrap_or(0),
            b"MergeDown" => down = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    if column.saturating_add(across) >= COLUMNS {
        return Err(scanner.fault("列数过多"));
    }
    if across > 0 || down > 0 {
        grid.merge(column, across, down.min(ROWS));
    }
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"Data") => {
                let mut kind = CellKind::Text;
                let mut is_moment = false;
                while let Some((name, value)) = scanner.attribute()? {
                    if local(name) == b"Type" {
                        is_moment = value == "DateTime";
                        kind = match value {
                            "Number" => CellKind::Number,
                            "Boolean" => CellKind::Boolean,
                            "Error" => CellKind::Error,
                            _ => CellKind::Text,
                        };
                    }
                }
                let mut decoded = String::new();
                let text = match scanner.text(false, &mut decoded)? {
                    Text::Plain(text) => text,
                    Text::Appended => decoded.as_str(),
                };
                // A date is written as the moment at which its day begins.
                let text = if is_moment { text.strip_suffix("T00:00:00.000").unwrap_or(text) } else { text };
                grid.put(column, kind, text);
            }
            Tag::Open(_) => {
                scanner.skip_element()?;
            }
            Tag::Close(b"Cell") => return Ok(column + across + 1),
            Tag::Close(_) => {}
            Tag::End => return Err(scanner.fault("在一格中间断开")),
        }
    }
}

#[cfg(test)]
mod tests {
    use law::facts::codes::Read;

    use crate::ingest::table::Table;
    use crate::ingest::testing::{ID, OTHER_ID, codes, number, read_files};

    fn book(rows: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
             xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Styles/><Worksheet ss:Name=\"成绩 &amp; 补考\"><Table>{rows}</Table></Worksheet></Workbook>"
        )
        .into_bytes()
    }

    fn cell(attributes: &str, kind: &str, text: &str) -> String {
        format!("<Cell{attributes}><Data ss:Type=\"{kind}\">{text}</Data></Cell>")
    }

    #[test]
    fn a_workbook_of_2003_is_read() {
        let text = |text: &str| cell("", "String", text);
        let header = ["学籍号", "学年", "科目", "总评", "补考", "补考日期"].map(text).concat();
        let title = cell(" ss:MergeAcross=\"5\"", "String", "2025学年成绩");
        let first =
            [text(ID), cell("", "Number", "2025"), cell(" ss:MergeDown=\"1\"", "String", "语文"), text("不合格"), text("合格")].concat();
        let first = first + &cell("", "DateTime", "2026-07-01T00:00:00.000");
        let second = [text(OTHER_ID), cell("", "Number", "2025"), cell(" ss:Index=\"4\"", "Number", "59.5")].concat();
        let rows = format!("<Row>{title}</Row><Row ss:Index=\"3\">{header}</Row><Row>{first}</Row><Row>{second}</Row>");
        let inputs = read_files(&[("成绩.xls", &book(&rows))]);
        let sheet = &inputs.sheets[0];
        assert_eq!((sheet.table, sheet.name.as_str(), sheet.rows_read), (Table::CourseResults, "成绩 & 补考", 2));
        assert_eq!((sheet.rows.get(0), sheet.letter(3)), (4, Some(3)));
        assert_eq!([0, 1].map(|record| number(sheet, "学年总评", record)), [Read::Value(1), Read::Value(1)]);
        assert_eq!(number(sheet, "科目", 0), number(sheet, "科目", 1));
        assert_eq!(number(sheet, "补考日期", 0), Read::Value(20_635));
        assert!(codes(&inputs).is_empty(), "{:?}", codes(&inputs));
    }

    #[test]
    fn damage_is_a_finding() {
        for rows in [
            "<Row><Cell>",
            "<Row ss:Index=\"99999999\">",
            "<Row><Cell ss:Index=\"99999999\"/></Row>",
            "<Row><Cell ss:MergeAcross=\"99999\"/></Row>",
        ] {
            assert_eq!(codes(&read_files(&[("a.xls", &book(rows))])), [("I0101", None)], "{rows}");
        }
        let number = book(&format!(
            "<Row>{}</Row><Row>{}</Row>",
            cell("", "String", "学籍号") + &cell("", "String", "督促日期"),
            cell("", "Number", "3.1010420050901E+17") + &cell("", "String", "2026-03-02")
        ));
        assert_eq!(codes(&read_files(&[("a.xls", &number)])), [("I0204", Some(2))]);
    }
}
