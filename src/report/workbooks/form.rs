//! How a workbook looks and prints: its colours, its heads, its pages. Columns carry the formats, so that no cell costs one of its own.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use crate::ingest::REPORT_MARK;
use crate::report::mask;
use crate::report::text::seen;

/// The most characters of a text in a cell; a name is cut sooner.
const LONGEST: usize = 2_000;

/// What a sheet is for, which its colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Where one begins.
    Guide,
    /// What has to be mended.
    Error,
    /// What has to be answered.
    Query,
    /// What is to be known.
    Told,
}

impl Kind {
    fn color(self) -> Color {
        match self {
            Kind::Guide => Color::RGB(0x1F_4E79),
            Kind::Error => Color::RGB(0xC0_0000),
            Kind::Query => Color::RGB(0xBF_8F00),
            Kind::Told => Color::RGB(0x7F_7F7F),
        }
    }
}

/// The formats of a workbook.
pub(super) struct Formats {
    /// The title of a sheet.
    pub title: Format,
    /// The head of a column that tells something, and of one that tells what is wrong.
    pub head: Format,
    head_of_error: Format,
    /// The head and the cells of a column that is to be filled in.
    pub head_of_answer: Format,
    pub answer: Format,
    pub answer_date: Format,
    /// A text that stays one when it is typed over.
    pub text: Format,
    pub wrapped: Format,
    pub number: Format,
    pub note: Format,
    pub alarm: Format,
}

impl Formats {
    pub(super) fn new() -> Self {
        let head = |color| {
            Format::new()
                .set_bold()
                .set_background_color(Color::RGB(color))
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x7F_7F7F))
                .set_align(FormatAlign::VerticalCenter)
                .set_text_wrap()
        };
        let top = || Format::new().set_align(FormatAlign::Top);
        let text = || top().set_num_format("@");
        // Framed, so that it is seen on grey paper too.
        let answer = || {
            top()
                .set_background_color(Color::RGB(0xFF_F8DC))
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xBF_8F00))
                .set_text_wrap()
        };
        Self {
            title: Format::new().set_bold().set_font_size(15),
            head: head(0xE8_EEF4),
            head_of_error: head(0xF8_DCD8),
            head_of_answer: head(0xFF_E699),
            answer: answer().set_num_format("@"),
            answer_date: answer().set_num_format("yyyy-mm-dd"),
            text: text(),
            wrapped: text().set_text_wrap(),
            number: top(),
            note: Format::new().set_font_color(Color::RGB(0x59_5959)).set_text_wrap().set_align(FormatAlign::Top),
            alarm: Format::new().set_font_color(Color::RGB(0xC0_0000)).set_bold().set_text_wrap().set_align(FormatAlign::Top),
        }
    }

    /// The head of a column of a sheet.
    pub(super) fn head_of(&self, kind: Kind) -> &Format {
        if kind == Kind::Error { &self.head_of_error } else { &self.head }
    }
}

/// A new sheet that prints on A4, across, with its name and the number of the page below.
pub(super) fn sheet<'b>(book: &'b mut Workbook, name: &str, kind: Kind) -> Result<&'b mut Worksheet, XlsxError> {
    let sheet = book.add_worksheet().set_name(name)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    if kind == Kind::Guide {
        sheet.set_screen_gridlines(false);
    } else {
        sheet.set_print_gridlines(true);
    }
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3).set_footer("&L&A&R第 &P 页，共 &N 页").set_tab_color(kind.color());
    Ok(sheet)
}

/// Marks a sheet as one that only tells something, in the head of a column that is hidden.
pub(in crate::report) fn mark_as_report(sheet: &mut Worksheet, row: u32, column: u16) -> Result<(), XlsxError> {
    sheet.write_string(row, column, REPORT_MARK)?.set_column_hidden(column)?;
    Ok(())
}

/// Freezes a head, repeats it on each page and lets the rows below it be filtered.
pub(super) fn fix_head(sheet: &mut Worksheet, rows: usize, last: u16, frozen: u16) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, frozen)?.set_repeat_rows(0, 0)?.set_row_height(0, 32.0)?;
    if let Some(rows) = u32::try_from(rows).ok().filter(|rows| *rows > 0) {
        sheet.autofilter(0, 0, rows, last)?;
    }
    Ok(())
}

/// Makes a row as high as its texts need in columns of these widths: not every program does so by itself.
pub(super) fn set_height<'t>(sheet: &mut Worksheet, row: u32, texts: impl Iterator<Item = (&'t str, f64)>) -> Result<(), XlsxError> {
    const LINE: f64 = 15.0;
    const HIGHEST: f64 = 409.0;
    let lines = texts.map(|(text, width)| lines(text, width)).max().unwrap_or(1);
    if lines > 1 {
        sheet.set_row_height(row, (LINE * lines as f64).min(HIGHEST))?;
    }
    Ok(())
}

/// The lines of a text in a column: a Chinese character is as wide as two others.
fn lines(text: &str, width: f64) -> usize {
    let room = (width - 2.0).max(2.0) as usize;
    let wide = |line: &str| line.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum::<usize>();
    text.split('\n').map(|line| wide(line).div_ceil(room).max(1)).sum()
}

/// A text of the inputs as a cell shows it: numbers of ID documents masked, no characters that can't be seen, no longer than can be read.
pub(super) fn shown(text: &str) -> String {
    cut(text, LONGEST)
}

/// The same of a name.
pub(super) fn shown_name(name: &str) -> String {
    const LONGEST_NAME: usize = 60;
    cut(name, LONGEST_NAME)
}

fn cut(text: &str, most: usize) -> String {
    let text = mask::within(text);
    let mut cut: String = text.chars().map(|letter| if letter == '\n' { letter } else { seen(letter) }).take(most).collect();
    if text.chars().nth(most).is_some() {
        cut.push_str(&format!("…（共 {} 字）", text.chars().count()));
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_high_as_their_texts() {
        assert_eq!([lines("", 9.0), lines("林一", 9.0), lines("R0101\nA9.1", 9.0), lines(&"长".repeat(20), 12.0)], [1, 1, 2, 4]);
    }

    #[test]
    fn texts_are_masked_seen_and_bearable() {
        assert_eq!(shown("G310104201309010017\u{202E}甲\u{1}\n乙"), "G310104**********17\u{FFFD}甲\u{FFFD}\n乙");
        assert_eq!(shown_name("林一"), "林一");
        let long = shown_name(&"长".repeat(4_000));
        assert!(long.ends_with("…（共 4000 字）") && long.chars().count() < 80);
        assert!(shown(&"长".repeat(40_000)).chars().count() < 2_100);
    }
}
