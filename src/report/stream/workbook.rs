//! A workbook of texts that is written row by row: our other writer holds a workbook whole, and a city's rows are too many for that.

use std::fmt::Write as _;
use std::io::{BufWriter, Error, Write};

use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use crate::report::archive::Discreet;

/// Rows that a sheet can have.
const MOST_ROWS: u32 = 1 << 20;
/// Characters that a cell can have.
const LONGEST: usize = 32_767;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OF_SHEETS: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// Three looks: none, a text that stays one when it is typed over, and a header.
const STYLES: &str = "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>\
    <font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
    <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
    <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"3\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"49\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/></cellXfs>";
const TEXT: u8 = 1;
const HEADER: u8 = 2;

/// A workbook in the making.
pub(super) struct Book {
    zip: ZipWriter<StreamWriter<Discreet<BufWriter<NamedTempFile>>>>,
    sheets: Vec<String>,
    /// The sheet that is open: its title, its headers, and how many sheets a title has so far.
    title: String,
    headers: Vec<String>,
    parts: u32,
    rows: u32,
    scratch: String,
}

impl Book {
    /// An empty one.
    pub(super) fn new(file: NamedTempFile) -> Self {
        let (zip, scratch) = (ZipWriter::new_stream(Discreet::new(BufWriter::new(file))), String::new());
        Self { zip, sheets: Vec::new(), title: String::new(), headers: Vec::new(), parts: 0, rows: 0, scratch }
    }

    fn part(&mut self, name: &str) -> Result<(), Error> {
        // The same rows make the same bytes, whenever they are written.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        Ok(self.zip.start_file(name, options)?)
    }

    /// Begins a sheet.
    pub(super) fn begin(&mut self, title: &str, headers: &[&str]) -> Result<(), Error> {
        self.end_sheet()?;
        (self.title, self.parts) = (title.to_owned(), 0);
        self.headers = headers.iter().map(|header| (*header).to_owned()).collect();
        self.begin_sheet()
    }

    fn begin_sheet(&mut self) -> Result<(), Error> {
        self.parts += 1;
        let name = if self.parts == 1 { self.title.clone() } else { format!("{}{}", self.title, self.parts) };
        self.sheets.push(name);
        self.part(&format!("xl/worksheets/sheet{}.xml", self.sheets.len()))?;
        write!(
            self.zip,
            "{DECLARATION}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" \
             activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>\
             <cols><col min=\"1\" max=\"{}\" width=\"16\" customWidth=\"1\"/></cols><sheetData>",
            self.headers.len().max(1)
        )?;
        self.rows = 0;
        let headers = std::mem::take(&mut self.headers);
        self.write_row(headers.iter().map(String::as_str), HEADER)?;
        self.headers = headers;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), Error> {
        if self.sheets.is_empty() { Ok(()) } else { self.zip.write_all(b"</sheetData></worksheet>") }
    }

    /// Writes a row; a sheet that is full goes on in another one.
    pub(super) fn row(&mut self, cells: &[&str]) -> Result<(), Error> {
        if self.rows == MOST_ROWS {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.write_row(cells.iter().copied(), TEXT)
    }

    fn write_row<'c>(&mut self, cells: impl Iterator<Item = &'c str>, style: u8) -> Result<(), Error> {
        self.rows += 1;
        let row = self.rows;
        let text = &mut self.scratch;
        text.clear();
        // Writing to a text can't fail.
        let _ = write!(text, "<row r=\"{row}\">");
        for (column, cell) in ('A'..='Z').zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let space = if cell.trim() == cell { "" } else { " xml:space=\"preserve\"" };
            let _ = write!(text, "<c r=\"{column}{row}\" s=\"{style}\" t=\"inlineStr\"><is><t{space}>");
            escape(cell, text);
            text.push_str("</t></is></c>");
        }
        text.push_str("</row>");
        self.zip.write_all(text.as_bytes())
    }

    /// Writes what holds the sheets together.
    pub(super) fn finish(mut self) -> Result<NamedTempFile, Error> {
        self.end_sheet()?;
        let (mut sheets, mut relationships, mut types) = (String::new(), String::new(), String::new());
        for (number, name) in (1..).zip(&self.sheets) {
            let mut escaped = String::new();
            escape(name, &mut escaped);
            let _ = write!(sheets, "<sheet name=\"{escaped}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
            let _ = write!(
                relationships,
                "<Relationship Id=\"rId{number}\" Type=\"{RELATIONSHIPS}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
            let _ = write!(types, "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{OF_SHEETS}.worksheet+xml\"/>");
        }
        let styles = self.sheets.len() + 1;
        let parts = [
            (
                "[Content_Types].xml",
                format!(
                    "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                     ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
                     ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{OF_SHEETS}.sheet.main+xml\"/>\
                     <Override PartName=\"/xl/styles.xml\" ContentType=\"{OF_SHEETS}.styles+xml\"/>{types}</Types>"
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{RELATIONSHIPS}/officeDocument\" \
                     Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            ("xl/workbook.xml", format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONSHIPS}\"><sheets>{sheets}</sheets></workbook>")),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{PACKAGE}/relationships\">{relationships}<Relationship Id=\"rId{styles}\" \
                     Type=\"{RELATIONSHIPS}/styles\" Target=\"styles.xml\"/></Relationships>"
                ),
            ),
            ("xl/styles.xml", format!("<styleSheet xmlns=\"{MAIN}\">{STYLES}</styleSheet>")),
        ];
        for (name, content) in parts {
            self.part(name)?;
            write!(self.zip, "{DECLARATION}{content}")?;
        }
        Ok(self.zip.finish()?.into_inner().finish()?.into_inner()?)
    }
}

/// Adds a text as XML has it. Characters that XML can't hold show as such.
fn escape(text: &str, into: &mut String) {
    for letter in text.chars().take(LONGEST) {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\t' | '\n' => into.push(letter),
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => into.push('\u{FFFD}'),
            _ => into.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Reader, Xlsx, open_workbook};

    use super::*;

    #[test]
    fn every_text_comes_back_as_it_was() {
        let mut book = Book::new(NamedTempFile::new().unwrap());
        book.begin("甲", &["一", "二"]).unwrap();
        book.row(&["01", "=1+1"]).unwrap();
        book.row(&["", " <&>\"'𠮷\u{1} "]).unwrap();
        book.begin("乙", &["三"]).unwrap();
        let file = book.finish().unwrap();
        let mut workbook: Xlsx<_> = open_workbook(file.path()).unwrap();
        assert_eq!(workbook.sheet_names(), ["甲", "乙"]);
        let range = workbook.worksheet_range("甲").unwrap();
        let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(rows, [["一", "二"], ["01", "=1+1"], ["", " <&>\"'𠮷\u{FFFD} "]]);
        assert_eq!(workbook.worksheet_range("乙").unwrap().rows().count(), 1);
    }

    #[test]
    fn a_full_sheet_goes_on_in_another_one() {
        let mut book = Book::new(NamedTempFile::new().unwrap());
        book.begin("甲", &["一"]).unwrap();
        book.row(&["第一"]).unwrap();
        book.rows = MOST_ROWS;
        book.row(&["最后"]).unwrap();
        let file = book.finish().unwrap();
        let mut workbook: Xlsx<_> = open_workbook(file.path()).unwrap();
        assert_eq!(workbook.sheet_names(), ["甲", "甲2"]);
        let range = workbook.worksheet_range("甲2").unwrap();
        assert_eq!(range.rows().map(|row| row[0].to_string()).collect::<Vec<_>>(), ["一", "最后"]);
    }
}
