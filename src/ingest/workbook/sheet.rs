//! The rows of a sheet, handed on one by one.

use std::ops::Range;

use memchr::memmem;

use super::strings::{SharedStrings, rich_text};
use super::styles::Styles;
use super::usual::{Holds, is_of_number, usual_cell};
use super::xml::{Fault, Scanner, Tag, Text};
use crate::ingest::cell::{Cell, CellKind, MergedRange, RowSink};

/// The rows a sheet can have.
const ROWS: u32 = 1_048_576;
/// Shown for a cell whose shared string is not there.
const MISSING_STRING: &str = "#STRING!";
/// Shown for a cell whose formula nobody has computed.
const NOT_COMPUTED: &str = "公式没有计算结果";

/// What the cells of a sheet refer to.
pub(super) struct Context<'a> {
    pub(super) strings: &'a SharedStrings,
    pub(super) styles: &'a Styles,
    /// How many columns a sheet may have.
    pub(super) columns: usize,
    /// How many bytes the texts of its cells may have together.
    pub(super) text_bytes: u64,
}

/// Hands the rows of a sheet to the sink; `false` if there is more text than allowed.
pub(super) fn read<S: RowSink + ?Sized>(part: &str, context: &Context<'_>, sink: &mut S) -> Result<bool, Fault> {
    let mut scanner = Scanner::new(part, 0);
    if !scanner.find(b"sheetData")? {
        return Err(scanner.fault("没有工作表的内容"));
    }
    sink.merged(&merged_ranges(part)?);
    let mut row = Row::default();
    let mut rows = 0_u32;
    let mut number = 0_u32;
    let mut text_bytes = 0_u64;
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"row") => {
                rows += 1;
                let told = row_attribute(&mut scanner)?;
                row.clear();
                let of_cells = row.read(&mut scanner, context, sink.wanted(), told.is_none())?;
                // A row without a number is the next one, unless its cells say otherwise.
                number = told.or(of_cells).unwrap_or(number.saturating_add(1));
                // Numbers may repeat in a damaged file: the count is what bounds the work.
                if number == 0 || number > ROWS || rows > ROWS {
                    return Err(scanner.fault("行数超过工作表所能有的 1048576 行"));
                }
                text_bytes += row.text_bytes();
                if text_bytes > context.text_bytes {
                    return Ok(false);
                }
                if row.pass_on(number, sink).is_break() {
                    return Ok(true);
                }
            }
            Tag::Open(_) => {
                scanner.skip_element()?;
            }
            Tag::Close(_) => return Ok(true),
            Tag::End => return Err(scanner.fault("在最后一行之前断开")),
        }
    }
}

/// The number a row gives itself.
fn row_attribute(scanner: &mut Scanner<'_>) -> Result<Option<u32>, Fault> {
    let mut number = None;
    while let Some((name, value)) = scanner.attribute()? {
        if name == b"r" {
            number = Some(value.parse().map_err(|_| scanner.fault("行号不是数字"))?);
        }
    }
    Ok(number)
}

/// How a cell's value is to be read.
#[derive(Clone, Copy)]
enum Stored {
    Number,
    Shared,
    Boolean,
    Error,
    Text,
}

/// The row being read; kept from row to row for its memory.
#[derive(Default)]
struct Row<'a> {
    cells: Vec<Cell<'a>>,
    /// The text of cells that could not stay where it is.
    decoded: String,
    /// Which cells those are.
    places: Vec<(usize, Range<usize>)>,
    /// Whether the row has a value, be it in a column nobody wants.
    has_value: bool,
}

impl<'a> Row<'a> {
    fn clear(&mut self) {
        self.cells.clear();
        self.decoded.clear();
        self.places.clear();
        self.has_value = false;
    }

    /// Reads the cells of the row just opened; if asked for, gives the row number of the first that names one.
    fn read(
        &mut self,
        scanner: &mut Scanner<'a>,
        context: &Context<'a>,
        wanted: Option<&[bool]>,
        ask_number: bool,
    ) -> Result<Option<u32>, Fault> {
        let mut number = None;
        let mut next_column = 0_usize;
        loop {
            while !ask_number && let Some(cell) = usual_cell(scanner.ahead(), |column| is_wanted(wanted, column)) {
                match cell.holds {
                    Holds::Nothing => {}
                    Holds::Unwanted => self.has_value = true,
                    Holds::Shared(number) => self.put(cell.column, shared(number, context), context, scanner)?,
                    Holds::Number(text) => {
                        let kind = if context.styles.is_date(cell.style) { CellKind::Date } else { CellKind::Number };
                        self.put(cell.column, Cell { kind, text }, context, scanner)?;
                    }
                }
                scanner.pass(cell.length);
                next_column = cell.column.saturating_add(1);
            }
            match scanner.next_tag()? {
                Tag::Open(b"c") => next_column = self.cell(scanner, context, wanted, next_column, &mut number)?.saturating_add(1),
                Tag::Open(_) => {
                    scanner.skip_element()?;
                }
                Tag::Close(b"row") => return Ok(number),
                Tag::Close(_) => return Err(scanner.fault("标记不成对")),
                Tag::End => return Err(scanner.fault("在一行中间断开")),
            }
        }
    }

    /// Reads the cell just opened; gives its column.
    #[inline]
    fn cell(
        &mut self,
        scanner: &mut Scanner<'a>,
        context: &Context<'a>,
        wanted: Option<&[bool]>,
        mut column: usize,
        number: &mut Option<u32>,
    ) -> Result<usize, Fault> {
        let mut stored = Stored::Number;
        let mut style = 0_usize;
        while let Some((name, value)) = scanner.attribute()? {
            match name {
                b"r" => {
                    let (found, row) = reference(value).ok_or_else(|| scanner.fault("单元格的位置无法识别"))?;
                    column = found;
                    if number.is_none() {
                        *number = Some(row);
                    }
                    if !is_wanted(wanted, column) {
                        break;
                    }
                }
                b"s" => style = value.parse().unwrap_or(0),
                b"t" => {
                    stored = match value {
                        "s" => Stored::Shared,
                        "n" => Stored::Number,
                        "b" => Stored::Boolean,
                        "e" => Stored::Error,
                        _ => Stored::Text,
                    }
                }
                _ => {}
            }
        }
        if !is_wanted(wanted, column) {
            self.has_value |= scanner.skip_element()?;
            return Ok(column);
        }
        let (mut has_formula, mut has_value) = (false, false);
        loop {
            match scanner.next_tag()? {
                Tag::Open(b"v") => {
                    let start = self.decoded.len();
                    let text = scanner.text(matches!(stored, Stored::Text), &mut self.decoded)?;
                    has_value = !matches!(text, Text::Plain("")) || matches!(stored, Stored::Text);
                    match (text, stored) {
                        (Text::Plain(text), Stored::Text) => self.put(column, Cell::text(text), context, scanner)?,
                        (Text::Appended, Stored::Text) => self.put_decoded(column, start, CellKind::Text, context, scanner)?,
                        (Text::Plain(text), _) => self.put(column, value(text, stored, style, context), context, scanner)?,
                        // No writer writes a number with entities in it, so this may cost what it likes.
                        (Text::Appended, _) => {
                            let text = self.decoded.split_off(start);
                            let cell = value(&text, stored, style, context);
                            self.decoded.push_str(cell.text);
                            self.put_decoded(column, start, cell.kind, context, scanner)?;
                        }
                    }
                }
                Tag::Open(b"is") => {
                    let start = self.decoded.len();
                    match rich_text(scanner, &mut self.decoded)? {
                        Text::Plain(text) => self.put(column, Cell::text(text), context, scanner)?,
                        Text::Appended => self.put_decoded(column, start, CellKind::Text, context, scanner)?,
                    }
                }
                Tag::Open(name) => {
                    has_formula |= name == b"f";
                    scanner.skip_element()?;
                }
                Tag::Close(b"c") => {
                    // Programs that only write leave the computing to whoever opens the file.
                    if has_formula && !has_value && !matches!(stored, Stored::Text) {
                        self.put(column, Cell { kind: CellKind::Error, text: NOT_COMPUTED }, context, scanner)?;
                    }
                    return Ok(column);
                }
                Tag::Close(_) => return Err(scanner.fault("标记不成对")),
                Tag::End => return Err(scanner.fault("在一格中间断开")),
            }
        }
    }

    /// Puts a cell in its place. Empty cells take none: formats may reach to the last column of a sheet.
    #[inline]
    fn put(&mut self, column: usize, cell: Cell<'a>, context: &Context<'_>, scanner: &Scanner<'_>) -> Result<(), Fault> {
        if cell.kind == CellKind::Empty {
            return Ok(());
        }
        if column >= context.columns {
            return Err(scanner.fault("列数超过工作表所能有的"));
        }
        if column >= self.cells.len() {
            self.cells.resize(column, Cell::EMPTY);
            self.cells.push(cell);
        } else if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
        Ok(())
    }

    /// Puts a cell in its place whose text was appended to the decoded text.
    fn put_decoded(
        &mut self,
        column: usize,
        start: usize,
        kind: CellKind,
        context: &Context<'_>,
        scanner: &Scanner<'_>,
    ) -> Result<(), Fault> {
        if start == self.decoded.len() {
            return Ok(());
        }
        self.put(column, Cell { kind, text: "" }, context, scanner)?;
        self.places.push((column, start..self.decoded.len()));
        Ok(())
    }

    /// The bytes of its texts.
    fn text_bytes(&self) -> u64 {
        (self.cells.iter().map(|cell| cell.text.len()).sum::<usize>() + self.decoded.len()) as u64
    }

    /// Hands the row on, unless it is empty.
    fn pass_on<S: RowSink + ?Sized>(&self, number: u32, sink: &mut S) -> std::ops::ControlFlow<()> {
        if self.cells.is_empty() && !self.has_value {
            return std::ops::ControlFlow::Continue(());
        }
        if self.places.is_empty() {
            return sink.row(number, &self.cells);
        }
        let mut cells: Vec<Cell<'_>> = self.cells.clone();
        for (column, place) in &self.places {
            if let (Some(cell), Some(text)) = (cells.get_mut(*column), self.decoded.get(place.clone())) {
                cell.text = text;
            }
        }
        sink.row(number, &cells)
    }
}

/// Whether the sink wants a column.
#[inline]
fn is_wanted(wanted: Option<&[bool]>, column: usize) -> bool {
    wanted.is_none_or(|wanted| wanted.get(column).copied().unwrap_or(false))
}

/// The cell that a shared string makes.
#[inline]
fn shared<'a>(number: usize, context: &Context<'a>) -> Cell<'a> {
    context.strings.get(number).map_or(Cell { kind: CellKind::Error, text: MISSING_STRING }, Cell::text)
}

/// The cell that a stored value makes.
#[inline]
fn value<'a>(text: &'a str, stored: Stored, style: usize, context: &Context<'a>) -> Cell<'a> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Cell::EMPTY;
    }
    match stored {
        Stored::Shared => shared(text.parse().unwrap_or(usize::MAX), context),
        // Some writers forget to say that a cell holds text.
        Stored::Number if !text.bytes().all(is_of_number) => Cell { kind: CellKind::Text, text },
        Stored::Number if context.styles.is_date(style) => Cell { kind: CellKind::Date, text },
        Stored::Number => Cell { kind: CellKind::Number, text },
        Stored::Boolean => {
            let text = match text {
                "true" => "1",
                "false" => "0",
                text => text,
            };
            Cell { kind: CellKind::Boolean, text }
        }
        Stored::Error => Cell { kind: CellKind::Error, text },
        Stored::Text => Cell { kind: CellKind::Text, text },
    }
}

/// Column (from 0) and row (from 1) of a reference such as `AB12`; a column too far to the right gives the largest number.
#[inline]
fn reference(text: &str) -> Option<(usize, u32)> {
    let bytes = text.as_bytes();
    let mut column = 0_usize;
    let mut letters = 0_usize;
    while let Some(letter) = bytes.get(letters)
        && letter.is_ascii_alphabetic()
    {
        column = column.saturating_mul(26).saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1);
        letters += 1;
    }
    let mut row = 0_u32;
    for digit in bytes.get(letters..)? {
        if !digit.is_ascii_digit() {
            return None;
        }
        row = row.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    }
    Some((column.checked_sub(1)?, row))
}

/// The merged ranges of a sheet. They stand behind the rows, so this begins where those end.
fn merged_ranges(part: &str) -> Result<Vec<MergedRange>, Fault> {
    let mut ranges = Vec::new();
    let Some(start) = end_of_rows(part.as_bytes()) else { return Ok(ranges) };
    let mut scanner = Scanner::new(part, start);
    if !scanner.find(b"mergeCells")? {
        return Ok(ranges);
    }
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"mergeCell") => {
                while let Some((name, value)) = scanner.attribute()? {
                    if name == b"ref" {
                        ranges.extend(range(value));
                    }
                }
                scanner.skip_element()?;
            }
            Tag::Open(_) => {
                scanner.skip_element()?;
            }
            Tag::Close(_) | Tag::End => return Ok(ranges),
        }
    }
}

/// Where the last `</sheetData>` stands, with or without a prefix.
fn end_of_rows(bytes: &[u8]) -> Option<usize> {
    const LONGEST_PREFIX: usize = 64;
    let mut end = bytes.len();
    loop {
        end = memmem::rfind(bytes.get(..end)?, b"sheetData")?;
        let before = bytes.get(..end)?;
        // The name may stand in a text too, but there no `</` comes before it.
        let near = before.get(before.len().saturating_sub(LONGEST_PREFIX)..)?;
        if let Some(slash) = near.iter().rposition(|byte| matches!(byte, b'/' | b'<' | b'>' | b' '))
            && near.get(..=slash)?.ends_with(b"</")
        {
            return Some(end - (near.len() - slash) - 1);
        }
    }
}

/// A merged range such as `A1:C2`; one that is none, or covers a single cell, says nothing.
fn range(text: &str) -> Option<MergedRange> {
    let (first, last) = text.split_once(':')?;
    let ((first_column, first_row), (last_column, last_row)) = (reference(first)?, reference(last)?);
    if first_row == 0 || last_row > ROWS || first_row > last_row || first_column > last_column {
        return None;
    }
    Some(MergedRange {
        first_row,
        first_column: u16::try_from(first_column).ok()?,
        last_row,
        last_column: u16::try_from(last_column).ok()?,
    })
}
