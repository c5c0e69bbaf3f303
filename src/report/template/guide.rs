//! 填写说明: each column, whether it must be filled in, what it means, what may be written, an example.

use law::regulation::policy::Policy;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use super::choices::{choices, how};
use crate::ingest::columns::meaning;
use crate::ingest::guide::{EXAMPLE, GUIDE_HEAD};
use crate::ingest::table::{Field, Table};

/// The sheet's name.
pub(super) const NAME: &str = "填写说明";

/// What a table asks of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// The cell is filled in in every row.
    Required,
    /// The column is there; its cell may be empty.
    Kept,
    /// One of several columns is filled in.
    OneOf,
    /// Filled in where there is something to say.
    Optional,
}

impl Need {
    pub(super) fn of(table: Table, field: &Field) -> Self {
        match (field.required, field.may_be_empty) {
            (true, false) => Need::Required,
            (true, true) => Need::Kept,
            (false, _) if table.alternatives().iter().any(|set| set.contains(&field.header)) => Need::OneOf,
            (false, _) => Need::Optional,
        }
    }
}

/// The sets of columns of which one is filled in, in words.
fn alternatives(table: Table) -> String {
    let sets: Vec<String> = table.alternatives().iter().map(|set| set.join("和")).collect();
    sets.join("，或")
}

fn need_text(table: Table, need: Need) -> String {
    match need {
        Need::Required => "必填".to_owned(),
        Need::Kept => "列要保留，没有的可留空".to_owned(),
        Need::OneOf => format!("至少填一种：{}", alternatives(table)),
        Need::Optional => "选填".to_owned(),
    }
}

/// The widths of the columns, in letters.
const WIDTHS: [f64; GUIDE_HEAD.len()] = [22.0, 26.0, 46.0, 60.0, 24.0];
/// The height of a line, in points.
const LINE: f64 = 16.0;

/// How many lines the texts of a row take: not every program makes room for them by itself.
fn lines(texts: &[&str; GUIDE_HEAD.len()]) -> f64 {
    // Chinese characters are two letters wide; words are not broken at the very end of a line.
    let letters = |text: &str| f64::from(text.chars().map(|letter| if letter.is_ascii() { 1_u16 } else { 2 }).sum::<u16>());
    texts.iter().zip(WIDTHS).map(|(text, width)| (letters(text) / (width - 2.0)).ceil()).fold(1.0, f64::max)
}

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, table: Table, policy: &Policy) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(14);
    let note = Format::new().set_font_color(Color::RGB(0x59_5959));
    let head = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0xE8_EEF4))
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let cell = Format::new().set_num_format("@").set_text_wrap().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
    let column = cell.clone().set_bold();
    sheet.set_name(NAME)?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    for (place, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(place, width)?;
    }
    sheet.write_string_with_format(0, 0, format!("怎样填写：{}", table.title()), &title)?;
    let first =
        format!("一行填一条，列的次序可以变，不用的选填列可以删去；表头不要改写。以“{EXAMPLE}”开头的一行不读取，可以留着，也可以删去。");
    let notes = [
        first.as_str(),
        "标红底的格子是还没有填的必填项，红字是不在下拉列表中或号码不对的内容，请核对：粘贴进来的内容不经过输入检查，要看颜色。",
        "各种号码按文本填写，不要让表格软件改成数字；日期按 2025-09-01 的样子填写。报送前可用 xueji check 检查。",
    ];
    let mut row = 1;
    for line in notes {
        sheet.write_string_with_format(row, 0, line, &note)?;
        row += 1;
    }
    for (place, label) in (0..).zip(GUIDE_HEAD) {
        sheet.write_string_with_format(row, place, label, &head)?;
    }
    sheet.set_freeze_panes(row + 1, 1)?.set_repeat_rows(row, row)?;
    for field in table.fields() {
        row += 1;
        let meaning = meaning(table, field.header);
        let (means, example) = meaning.map_or(("", ""), |meaning| (meaning.means, meaning.example));
        let how = how(field, choices(field, policy).as_ref());
        let need = need_text(table, Need::of(table, field));
        let texts = [field.header, &need, means, &how, example];
        for (place, text) in (0..).zip(texts) {
            sheet.write_string_with_format(row, place, text, if place == 0 { &column } else { &cell })?;
        }
        sheet.set_row_height(row, LINE * lines(&texts))?;
    }
    Ok(())
}
