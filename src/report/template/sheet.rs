//! The sheet that is filled in: title, header, example row, and below it columns that know what belongs into them.

use chrono::{Datelike, NaiveDate};
use law::regulation::policy::Policy;
use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Color, ConditionalFormatFormula, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Worksheet, XlsxError};

use super::checks::{validation, wrong};
use super::choices::choices;
use super::guide::{self, Need};
use super::lists::Lists;
use crate::ingest::columns::{Meaning, meaning};
use crate::ingest::guide::EXAMPLE;
use crate::ingest::table::{Field, Holds, Table};

/// The rows, from 0: above the header a title and a note, below it the example.
const HEADER: u32 = 2;
const EXAMPLE_ROW: u32 = HEADER + 1;
const FIRST: u32 = HEADER + 2;
/// The last row that is checked: no school's table has as many.
const LAST: u32 = 49_999;

const DAY: &str = "yyyy-mm-dd";
const MONTH: &str = "yyyy-mm";
const TEXT: &str = "@";

/// The format of a column's cells: numbers that identify and words stay texts, so that nothing is made of them.
fn number_format(holds: Holds) -> &'static str {
    match holds {
        Holds::Date => DAY,
        Holds::Month => MONTH,
        Holds::Number => "General",
        _ => TEXT,
    }
}

fn width(field: &Field) -> f64 {
    let content = match field.holds {
        Holds::NationalId | Holds::ShanghaiNumber | Holds::DocumentNumber => 24,
        Holds::Date | Holds::Month | Holds::SchoolYear | Holds::Identifier => 14,
        Holds::Named(_) | Holds::Text => 16,
        _ => 11,
    };
    // Chinese characters are two wide, and the arrow of a list takes room.
    let header = field.header.chars().map(|letter| if letter.is_ascii() { 1_u16 } else { 2 }).sum::<u16>() + 4;
    f64::from(header.max(content))
}

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, table: Table, policy: &Policy, lists: &mut Lists) -> Result<(), XlsxError> {
    sheet.set_name(table.title())?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let title = Format::new().set_bold().set_font_size(14);
    let note = Format::new().set_font_color(Color::RGB(0x59_5959));
    sheet.write_string_with_format(0, 0, format!("填写表：{}", table.title()), &title)?;
    let has = |need| table.fields().iter().any(|field| Need::of(table, field) == need);
    let one_of = if has(Need::OneOf) { "，△ 几种中至少填一种" } else { "" };
    let kept = if has(Need::Kept) { "，○ 列要保留、没有的可留空" } else { "" };
    let marks = format!("* 必填{one_of}{kept}，其余选填。从示例的下一行填起，一行一条；各列的含义和填法见“{}”。", guide::NAME);
    sheet.write_string_with_format(1, 0, marks, &note)?;
    for (column, field) in (0..).zip(table.fields()) {
        head(sheet, column, table, field)?;
        sheet.set_column_format(column, &Format::new().set_num_format(number_format(field.holds)))?;
        // The first holds the word for an example, too.
        sheet.set_column_width(column, width(field) + if column == 0 { 6.0 } else { 0.0 })?;
    }
    example(sheet, table)?;
    check(sheet, table, policy, lists)?;
    mark_missing(sheet, table)?;
    sheet.set_freeze_panes(FIRST, 1)?.set_repeat_rows(HEADER, HEADER)?;
    sheet.set_selection(FIRST, 0, FIRST, 0)?;
    Ok(())
}

fn head(sheet: &mut Worksheet, column: u16, table: Table, field: &Field) -> Result<(), XlsxError> {
    let (mark, colour) = match Need::of(table, field) {
        Need::Required => (" *", 0xF8_CBAD),
        Need::OneOf => (" △", 0xFF_E699),
        Need::Kept => (" ○", 0xFF_E699),
        Need::Optional => ("", 0xE8_EEF4),
    };
    let format = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(colour))
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter);
    sheet.write_string_with_format(HEADER, column, format!("{}{mark}", field.header), &format)?;
    Ok(())
}

/// Whether the example row has a column: of alternatives it has the first.
pub(super) fn is_in_example(table: Table, field: &Field, meaning: &Meaning) -> bool {
    let mut others = table.alternatives().iter().skip(1).flat_map(|set| *set);
    meaning.is_in_row && !others.any(|header| *header == field.header)
}

/// Writes the example row, which says that it is one.
fn example(sheet: &mut Worksheet, table: Table) -> Result<(), XlsxError> {
    let look = Format::new().set_italic().set_font_color(Color::RGB(0x7F_7F7F)).set_background_color(Color::RGB(0xF2_F2F2));
    for (column, field) in (0..).zip(table.fields()) {
        let own = meaning(table, field.header).filter(|meaning| is_in_example(table, field, meaning));
        let text = own.map_or("", |meaning| meaning.example);
        let look = look.clone().set_num_format(number_format(field.holds));
        if column == 0 {
            sheet.write_string_with_format(EXAMPLE_ROW, column, format!("{EXAMPLE}{text}"), &look)?;
        } else {
            write_value(sheet, (EXAMPLE_ROW, column), field.holds, text, &look)?;
        }
    }
    Ok(())
}

/// Writes a value as a spreadsheet keeps it when it is typed: days as days, numbers as numbers.
fn write_value(sheet: &mut Worksheet, at: (u32, u16), holds: Holds, text: &str, format: &Format) -> Result<(), XlsxError> {
    let day = match holds {
        Holds::Date => text.parse::<NaiveDate>().ok(),
        Holds::Month => format!("{text}-01").parse::<NaiveDate>().ok(),
        _ => None,
    };
    let number = text.parse::<f64>().ok().filter(|_| holds == Holds::Number);
    if text.is_empty() {
        sheet.write_blank(at.0, at.1, format)?;
    } else if let Some((day, year)) = day.and_then(|day| Some((day, u16::try_from(day.year()).ok()?))) {
        let (month, of_month) = (u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1));
        sheet.write_datetime_with_format(at.0, at.1, ExcelDateTime::from_ymd(year, month, of_month)?, format)?;
    } else if let Some(number) = number {
        sheet.write_number_with_format(at.0, at.1, number, format)?;
    } else {
        sheet.write_string_with_format(at.0, at.1, text, format)?;
    }
    Ok(())
}

/// Puts checks over whole columns, and red letters to what is wrong all the same.
fn check(sheet: &mut Worksheet, table: Table, policy: &Policy, lists: &mut Lists) -> Result<(), XlsxError> {
    let alarm = Format::new().set_font_color(Color::RGB(0xC0_0000)).set_bold();
    let kind = table.field("证件类型").and_then(|place| u16::try_from(place).ok());
    for (column, field) in (0..).zip(table.fields()) {
        let choices = choices(field, policy);
        let (cell, document) = (row_col_to_cell(FIRST, column), kind.map(|kind| row_col_to_cell(FIRST, kind)));
        if let Some(check) = validation(field, choices.as_ref(), &cell, document.as_deref(), lists)? {
            sheet.add_data_validation(FIRST, column, LAST, column, &check)?;
        }
        if let Some(wrong) = wrong(field, choices.as_ref(), &cell, document.as_deref(), lists) {
            let rule = ConditionalFormatFormula::new().set_rule(Formula::new(wrong)).set_format(&alarm);
            sheet.add_conditional_format(FIRST, column, LAST, column, &rule)?;
        }
    }
    Ok(())
}

/// Colours the required cells that are empty in rows that are begun.
fn mark_missing(sheet: &mut Worksheet, table: Table) -> Result<(), XlsxError> {
    let alarm = Format::new().set_background_color(Color::RGB(0xF4_CCCC));
    let fields = table.fields();
    let last = u16::try_from(fields.len().saturating_sub(1)).unwrap_or(u16::MAX);
    // The columns stand fast, the rows move along.
    let cell = |column: u16| format!("${}", row_col_to_cell(FIRST, column));
    let is_begun = format!("COUNTA({}:{})>0", cell(0), cell(last));
    for (column, field) in (0..).zip(fields) {
        let empty: Vec<u16> = match Need::of(table, field) {
            Need::Required => vec![column],
            Need::OneOf => {
                let firsts = table.alternatives().iter().filter_map(|set| set.first());
                firsts.filter_map(|header| u16::try_from(table.field(header)?).ok()).collect()
            }
            Need::Kept | Need::Optional => continue,
        };
        let empty: Vec<String> = empty.into_iter().map(|column| format!("ISBLANK({})", cell(column))).collect();
        let rule =
            ConditionalFormatFormula::new().set_rule(Formula::new(format!("AND({is_begun},{})", empty.join(",")))).set_format(&alarm);
        sheet.add_conditional_format(FIRST, column, LAST, column, &rule)?;
    }
    Ok(())
}
