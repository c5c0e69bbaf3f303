//! What do the tables of a web page hold? Many systems export one under the name .xls: each table is a sheet.

use bytes::Bytes;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::cell::CellKind;
use super::grid::{Grid, WEIGHT};
use super::room::{Refusal, Room};
use super::text;

/// Columns that a table may have: more are no table that anyone filled in.
const MOST_COLUMNS: usize = 1024;
/// How far a cell may reach, as browsers have it.
const LONGEST_SPAN: u32 = 1000;

/// A table on its way.
#[derive(Default)]
struct Table {
    grid: Grid,
    /// The last row down to which a cell of a row above reaches, by column.
    held: Vec<u32>,
    /// The open cell: its column and text so far.
    open: Option<(usize, String)>,
    /// The next free column of the row.
    next: usize,
}

impl Table {
    fn begin_row(&mut self) {
        self.end_cell();
        let row = self.grid.row().saturating_add(1);
        self.grid.begin_row(row);
        self.next = 0;
    }

    fn begin_cell(&mut self, tag: &StartTag<()>) {
        self.end_cell();
        if self.grid.row() == 0 {
            self.begin_row();
        }
        let row = self.grid.row();
        while self.held.get(self.next).is_some_and(|last| *last >= row) {
            self.next += 1;
        }
        let span = |name: &[u8]| {
            let value = tag.attributes.get(name).and_then(|value| std::str::from_utf8(value).ok()?.trim().parse::<u32>().ok());
            value.unwrap_or(1).clamp(1, LONGEST_SPAN) - 1
        };
        let (across, down, column) = (span(b"colspan") as usize, span(b"rowspan"), self.next);
        self.next = column + across + 1;
        if self.next > MOST_COLUMNS {
            // Nothing is wanted of what stands there.
            self.next = MOST_COLUMNS;
            return;
        }
        if down > 0 {
            let last = row.saturating_add(down);
            if self.held.len() < self.next {
                self.held.resize(self.next, 0);
            }
            self.held.iter_mut().take(self.next).skip(column).for_each(|held| *held = last);
        }
        if across > 0 || down > 0 {
            self.grid.merge(column, across, down);
        }
        self.open = Some((column, String::new()));
    }

    fn end_cell(&mut self) {
        if let Some((column, text)) = self.open.take() {
            self.grid.put(column, CellKind::Text, &text);
        }
    }

    fn add(&mut self, text: &str) {
        if let Some((_, open)) = &mut self.open {
            open.push_str(text);
        }
    }

    fn grid(mut self) -> Grid {
        self.end_cell();
        self.grid
    }
}

/// Reads the tables of a page in the order in which they begin.
pub(crate) fn tables(bytes: &Bytes, room: Room) -> Result<Vec<Grid>, Refusal> {
    let page = text::decode(bytes)?;
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles hold no tags.
    emitter.naively_switch_states(true);
    // Tables within tables are tables of their own: pages are laid out with them.
    let (mut done, mut open) = (Vec::new(), Vec::<(usize, Table)>::new());
    let (mut begun, mut weight) = (0, page.len() as u64);
    for token in Tokenizer::new_with_emitter(page.as_str(), emitter) {
        let Ok(token) = token;
        if matches!(token, Token::StartTag(_)) {
            weight += WEIGHT;
        }
        if weight > room.part() {
            return Err(Refusal::TooLarge);
        }
        match token {
            Token::StartTag(tag) => match (&**tag.name, open.last_mut()) {
                (b"table", _) => {
                    open.push((begun, Table::default()));
                    begun += 1;
                }
                (b"tr", Some((_, table))) => table.begin_row(),
                (b"td" | b"th", Some((_, table))) => table.begin_cell(&tag),
                (b"br" | b"p" | b"div", Some((_, table))) => table.add(" "),
                _ => {}
            },
            Token::EndTag(tag) => match (&**tag.name, open.last_mut()) {
                (b"table", Some(_)) => done.extend(open.pop()),
                (b"td" | b"th" | b"tr", Some((_, table))) => table.end_cell(),
                _ => {}
            },
            Token::String(text) => {
                if let Some((_, table)) = open.last_mut() {
                    table.add(&String::from_utf8_lossy(&text));
                }
            }
            _ => {}
        }
    }
    done.append(&mut open);
    if done.is_empty() {
        return Err("网页中没有表格".into());
    }
    done.sort_by_key(|(begun, _)| *begun);
    Ok(done.into_iter().map(|(_, table)| table.grid()).collect())
}

#[cfg(test)]
mod tests {
    use law::facts::codes::Read;

    use super::super::table::Table;
    use super::super::testing::{ID, OTHER_ID, codes, number, read_files};

    fn page(body: &str) -> Vec<u8> {
        format!("<html><head><meta charset=\"utf8\"><style>td {{}}</style></head><body>{body}</body></html>").into_bytes()
    }

    #[test]
    fn a_page_under_the_name_of_a_workbook_is_read() {
        let body = format!(
            "<table border=1><tr><td colspan=4>2025学年成绩</td></tr><tr><th rowspan=2>学籍号<th rowspan=2>学年<th rowspan=2>科目<th colspan=2>成绩\
             <tr><th>总评<th>补考<tr><td>{ID}<td>2025&nbsp;<td rowspan=2>语<br>文<td>合格<td><tr><td>{OTHER_ID}<td>2025<td>不合格<td>合格</table>"
        );
        let inputs = read_files(&[("成绩.xls", &page(&body.replace("语<br>文", "语文")))]);
        let sheet = &inputs.sheets[0];
        assert_eq!((sheet.table, sheet.rows_read, sheet.name.as_str()), (Table::CourseResults, 2, ""));
        assert_eq!((sheet.rows.get(0), sheet.rows.get(1)), (4, 5));
        assert_eq!([0, 1].map(|record| number(sheet, "学年总评", record)), [Read::Value(0), Read::Value(1)]);
        assert_eq!(number(sheet, "科目", 0), number(sheet, "科目", 1));
        assert_eq!(number(sheet, "补考", 1), Read::Value(0));
        assert!(codes(&inputs).is_empty(), "{:?}", codes(&inputs));
    }

    #[test]
    fn tables_within_tables_and_texts_in_gbk_are_read() {
        let inner = format!("<table><tr><td>学籍号<td>督促日期<tr><td>{ID}<td>2026-03-02</table>");
        let body = format!("<table><tr><td>版面 {inner}</td></tr></table>");
        let bytes = encoding_rs::GB18030.encode(&String::from_utf8(page(&body)).unwrap()).0.into_owned();
        let inputs = read_files(&[("督促.xls", &bytes)]);
        assert_eq!(inputs.sheets.len(), 1);
        assert_eq!((inputs.sheets[0].table, inputs.sheets[0].name.as_str()), (Table::Urgings, "表2"));
    }

    #[test]
    fn damage_is_a_finding_and_no_more() {
        assert_eq!(codes(&read_files(&[("a.xls", &page("无表格"))])), [("I0101", None)]);
        let wide = "<td colspan=1000>x".repeat(5000);
        let open = format!("<table><tr><td rowspan=999999999>{}<tr>{wide}", "<table><tr><td>".repeat(300));
        assert!(read_files(&[("a.xls", &page(&open))]).sheets.is_empty());
    }
}
