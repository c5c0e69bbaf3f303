//! Which rows are records? Takes a sheet's rows in order: finds the header, leaves out blank rows, repeated headers, totals and notes, and
//! begins anew where another table's header stands below the first table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellKind, MergedRange, RowSink};
use super::fold;
use super::guide::{is_example, is_guide};
use super::headers::Vocabulary;
use super::own;
use super::part::{Part, Settled, key_sets};
use super::recognise::{Header, Labels, Layout, Nearest, find_header, recognise};
use super::sent_back;
use super::table::{Holds, Table};
use super::value::{Context, NewSubjects};

/// How many rows are looked at for the header, and how many bytes.
const WINDOW: usize = 40;
const WINDOW_BYTES: usize = 4 << 20;

/// What became of a sheet.
#[derive(Deserialize, Serialize)]
pub(crate) enum Outcome {
    /// A table, all of whose rows are set aside if the layout lacks a required column.
    Table(Box<(Layout, Settled)>),
    /// No header was recognised; the nearest one, and whether there are data at all.
    Unknown { nearest: Nearest, has_data: bool },
    /// A sheet of our own reports.
    Report,
}

/// A row held back until the header is found.
struct Held {
    number: u32,
    cells: Vec<(CellKind, String)>,
}

/// The columns of a recognised sheet.
#[derive(Clone)]
struct Plan {
    layout: Layout,
    /// The header as it stands in each column that is read, folded; to know it again where it is repeated.
    labels: Vec<(usize, String)>,
    /// The columns of the fields that say whose record it is, and what they hold.
    keys: Vec<(usize, Holds)>,
    wanted: Vec<bool>,
    /// Merged cells by their column: first row, last row.
    merged: Vec<MergedRange>,
}

enum State<'v> {
    Looking(Vec<Held>),
    Reading(Box<(Plan, Part<'v>)>),
    Lost { nearest: Nearest, has_data: bool },
    Report,
}

/// Takes the rows of one sheet.
pub(crate) struct SheetReader<'v> {
    vocabulary: &'v Vocabulary,
    is_1904: bool,
    /// Whether only the columns that were found are told from then on.
    is_narrow: bool,
    /// Whether another table seems to begin, of which not all columns were told.
    is_lacking: bool,
    /// The tables that ended where the next one began.
    done: Vec<Outcome>,
    /// The subject that the name of the sheet or file speaks of.
    subject: Option<String>,
    /// The numbers of the rows that rows of other files are in place of, in order.
    replaced: &'v [u32],
    merged: Vec<MergedRange>,
    carried: Carried,
    state: State<'v>,
}

impl<'v> SheetReader<'v> {
    /// A reader that has seen nothing yet.
    pub(crate) fn new(vocabulary: &'v Vocabulary, is_1904: bool) -> Self {
        let state = State::Looking(Vec::new());
        let (is_narrow, is_lacking, done) = (false, false, Vec::new());
        let (subject, replaced, merged, carried) = (None, [].as_slice(), Vec::new(), HashMap::new());
        Self { vocabulary, is_1904, is_narrow, is_lacking, done, subject, replaced, merged, carried, state }
    }

    /// The same for a sheet of which rows of other files are in place of these rows.
    pub(crate) fn without(self, replaced: &'v [u32]) -> Self {
        Self { replaced, ..self }
    }

    /// The same for rows that may be told without the columns that nobody wants.
    pub(crate) fn narrow(self) -> Self {
        Self { is_narrow: true, ..self }
    }

    /// The same for a sheet of these names, the nearest first, which may tell the subject where no column does.
    pub(crate) fn named(mut self, names: &[&str]) -> Self {
        self.subject = self.vocabulary.subject_of_any(names).map(str::to_owned);
        self
    }

    /// A reader for rows further down the same sheet, its header known; `None` until it is.
    pub(crate) fn further_down(&self) -> Option<SheetReader<'v>> {
        let State::Reading(reading) = &self.state else { return None };
        let plan = reading.0.clone();
        let part = new_part(&plan.layout, self.vocabulary, self.is_1904);
        Some(SheetReader { state: State::Reading(Box::new((plan, part))), ..SheetReader::new(self.vocabulary, self.is_1904) })
    }

    /// Whether the header is found and nothing is missing.
    pub(crate) fn is_certain(&self) -> bool {
        matches!(&self.state, State::Reading(reading) if reading.0.layout.missing.is_empty())
    }

    /// The table that is read, once its header is found.
    pub(crate) fn table(&self) -> Option<Table> {
        match &self.state {
            State::Reading(reading) => Some(reading.0.layout.table),
            State::Looking(_) | State::Lost { .. } | State::Report => None,
        }
    }

    /// Whether the table says of its rows which they were when they were sent back.
    pub(crate) fn has_come_back(&self) -> bool {
        matches!(&self.state, State::Reading(reading) if reading.0.layout.number.is_some())
    }

    /// Ends the sheet: its tables from top to bottom, or one outcome that says why it has none.
    pub(crate) fn finish(mut self) -> Vec<Outcome> {
        self.decide(true);
        let mut done = std::mem::take(&mut self.done);
        done.push(match self.state {
            State::Reading(reading) => settled(*reading),
            State::Lost { nearest, has_data } => Outcome::Unknown { nearest, has_data },
            State::Looking(_) => Outcome::Unknown { nearest: None, has_data: false },
            State::Report => Outcome::Report,
        });
        done
    }

    /// Looks for the header among the rows held back; without `is_end` only a header with a row below it is taken.
    fn decide(&mut self, is_end: bool) {
        let State::Looking(held) = &self.state else { return };
        // A text that is longer than any header can be is none.
        let label = |text: &str| Some(fold::trimmed(text)).filter(|text| text.len() <= fold::LONGEST_HEADER).unwrap_or_default().to_owned();
        let labels: Vec<Labels> =
            held.iter().map(|row| Labels { number: row.number, cells: row.cells.iter().map(|(_, text)| label(text)).collect() }).collect();
        if labels.iter().flat_map(|row| &row.cells).any(|text| own::is_mark(text)) {
            self.state = State::Report;
            return;
        }
        match find_header(&labels, &self.merged, &self.vocabulary.dictionary) {
            // Somebody pasted a list of ours without the column that says so.
            Ok(Header { layout, last })
                if layout.table != Table::Reviews
                    && labels.get(last).is_some_and(|row| row.cells.iter().any(|text| own::is_masked_column(text))) =>
            {
                self.state = State::Report;
            }
            Ok(Header { layout, last }) => {
                let is_certain = layout.missing.is_empty() && last + 1 < held.len();
                if is_end || is_certain {
                    self.begin(layout, last);
                }
            }
            Err(nearest) if is_end => {
                let wide =
                    held.iter().filter(|row| row.cells.iter().filter(|(_, text)| !fold::trimmed(text).is_empty()).count() >= 2).count();
                let names_anyone = held.iter().flat_map(|row| &row.cells).any(|(_, text)| fold::masked(text, false) != *text);
                // What lies beyond the rows held back may be anything.
                let is_guide = held.len() < WINDOW
                    && is_guide(
                        held.iter().map(|row| row.cells.iter().map(|(_, text)| text.as_str()).collect()),
                        &self.vocabulary.dictionary,
                    );
                self.state = State::Lost { nearest, has_data: !is_guide && (wide >= 2 || names_anyone) };
            }
            Err(_) => {}
        }
    }

    /// Takes the layout and reads the rows held back below the header.
    fn begin(&mut self, mut layout: Layout, last: usize) {
        if let Some(subject) = &self.subject {
            layout.give_subject(subject);
        }
        let part = new_part(&layout, self.vocabulary, self.is_1904);
        layout.header_row = self.held_row(last);
        let plan = plan_of(layout, &self.merged);
        let State::Looking(held) = std::mem::replace(&mut self.state, State::Reading(Box::new((plan, part)))) else { return };
        for row in held.into_iter().skip(last + 1) {
            let cells: Vec<Cell<'_>> = row.cells.iter().map(|(kind, text)| Cell { kind: *kind, text }).collect();
            self.record(row.number, &cells);
        }
    }

    /// The number of a row that is held back.
    fn held_row(&self, place: usize) -> u32 {
        match &self.state {
            State::Looking(held) => held.get(place).map_or(0, |row| row.number),
            State::Reading(_) | State::Lost { .. } | State::Report => 0,
        }
    }

    /// Reads a row below the header, if it is a record.
    fn record(&mut self, number: u32, cells: &[Cell<'_>]) {
        let State::Reading(reading) = &mut self.state else { return };
        let plan = &reading.0;
        // What was said of a row when it was sent back is none of its cells.
        let added = &plan.layout.added;
        let said = |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", |cell| fold::trimmed(cell.text));
        let came_back = said(plan.layout.number);
        let is_withdrawn = !came_back.is_empty() && sent_back::is_withdrawn(said(plan.layout.mend));
        let own: Cow<'_, [Cell<'_>]> = match added.is_empty() {
            true => Cow::Borrowed(cells),
            false => cells.iter().enumerate().map(|(column, cell)| if added.contains(&column) { Cell::EMPTY } else { *cell }).collect(),
        };
        let (all, cells) = (cells, &*own);
        if !plan.merged.is_empty() {
            carry(&mut self.carried, &plan.merged, number, cells);
        }
        match role(plan, cells, self.vocabulary) {
            Role::Record => {}
            Role::Nothing => return,
            Role::Header { .. } if self.is_narrow => {
                self.is_lacking = true;
                return;
            }
            Role::Header { or_record } => {
                if self.begin_another(number, all) || !or_record {
                    return;
                }
            }
        }
        let State::Reading(reading) = &mut self.state else { return };
        let (plan, part) = &mut **reading;
        if is_withdrawn || self.replaced.binary_search(&number).is_ok() {
            part.replaced(number);
        } else if plan.merged.is_empty() {
            part.record(number, |field| cell_of(plan, cells, field));
        } else {
            let filled = filled(&self.carried, number, cells);
            part.record(number, |field| cell_of(plan, &filled, field));
        }
        if !came_back.is_empty() {
            part.came_back(came_back);
        }
    }

    /// Ends the table and begins another one, whose header this row is; `false` if the row is no whole header.
    fn begin_another(&mut self, number: u32, cells: &[Cell<'_>]) -> bool {
        let labels: Vec<String> = cells.iter().map(|cell| fold::trimmed(cell.text).to_owned()).collect();
        let Ok(mut layout) = recognise(&labels, &self.vocabulary.dictionary) else { return false };
        if let Some(subject) = &self.subject {
            layout.give_subject(subject);
        }
        if !layout.missing.is_empty() {
            return false;
        }
        layout.header_row = number;
        let part = new_part(&layout, self.vocabulary, self.is_1904);
        let plan = plan_of(layout, &self.merged);
        if let State::Reading(reading) = std::mem::replace(&mut self.state, State::Reading(Box::new((plan, part)))) {
            self.done.push(settled(*reading));
        }
        self.carried.clear();
        true
    }
}

/// A table that has ended.
fn settled((plan, part): (Plan, Part<'_>)) -> Outcome {
    let mut settled = part.settle();
    if !plan.layout.missing.is_empty() {
        settled.set_aside = (0..settled.rows.len() as u32).collect();
    }
    Outcome::Table(Box::new((plan.layout, settled)))
}

/// Values of merged cells that rows below share: by column, the last row, the kind and the text.
pub(crate) type Carried = HashMap<usize, (u32, CellKind, String)>;

/// Remembers the values of merged cells that begin in this row and reach further down; the ranges by their first rows.
pub(crate) fn carry(carried: &mut Carried, merged: &[MergedRange], number: u32, cells: &[Cell<'_>]) {
    let begins = merged.partition_point(|range| range.first_row < number);
    for range in merged.iter().skip(begins).take_while(|range| range.first_row == number) {
        let column = usize::from(range.first_column);
        match cells.get(column) {
            Some(cell) if cell.kind != CellKind::Empty => carried.insert(column, (range.last_row, cell.kind, cell.text.to_owned())),
            _ => carried.remove(&column),
        };
    }
}

/// The cells of a row with what they share of merged cells above.
pub(crate) fn filled<'c>(carried: &'c Carried, number: u32, cells: &[Cell<'c>]) -> Vec<Cell<'c>> {
    let mut filled = cells.to_vec();
    for (&column, (last_row, kind, text)) in carried {
        if number <= *last_row {
            if filled.len() <= column {
                filled.resize(column + 1, Cell::EMPTY);
            }
            if let Some(cell) = filled.get_mut(column).filter(|cell| cell.kind == CellKind::Empty) {
                *cell = Cell { kind: *kind, text };
            }
        }
    }
    filled
}

fn new_part<'v>(layout: &Layout, vocabulary: &'v Vocabulary, is_1904: bool) -> Part<'v> {
    let is_whole = layout.missing.is_empty();
    let present = |field: usize| is_whole && layout.has(field) && vocabulary.reads(layout.table, field);
    Part::new(layout.table, present, Context { vocabulary, is_1904, subjects: NewSubjects::default() })
}

fn plan_of(layout: Layout, merged: &[MergedRange]) -> Plan {
    let labels = layout
        .columns
        .iter()
        .zip(&layout.headers)
        .filter_map(|(column, header)| Some(((*column)?, fold::header(header.as_ref()?))))
        .collect();
    let keys = key_sets(layout.table).first().copied().unwrap_or_default();
    let keys = keys.iter().filter_map(|header| {
        let place = layout.table.field(header)?;
        Some(((*layout.columns.get(place)?)?, layout.table.fields().get(place)?.holds))
    });
    let keys = keys.collect();
    let width = layout.columns.iter().flatten().max().map_or(0, |last| last + 1);
    // Totals and notes begin on the left, in columns that may be no field's.
    let said = [layout.number, layout.mend];
    let width = width.max(said.iter().flatten().max().map_or(0, |last| last + 1));
    let is_wanted = |column: usize| column < 4 || layout.columns.contains(&Some(column)) || said.contains(&Some(column));
    let wanted = (0..width).map(is_wanted).collect();
    // Of merged data cells only those that reach over several rows of one column matter.
    let mut merged: Vec<MergedRange> =
        merged.iter().copied().filter(|range| range.first_column == range.last_column && range.first_row < range.last_row).collect();
    merged.retain(|range| layout.columns.contains(&Some(usize::from(range.first_column))));
    merged.sort_by_key(|range| range.first_row);
    Plan { layout, labels, keys, wanted, merged }
}

fn cell_of<'c>(plan: &'c Plan, cells: &[Cell<'c>], field: usize) -> Cell<'c> {
    if let Some((given, text)) = &plan.layout.given
        && *given == field
    {
        return Cell::text(text);
    }
    plan.layout.columns.get(field).copied().flatten().and_then(|column| cells.get(column).copied()).unwrap_or(Cell::EMPTY)
}

/// Digits that a count of rows may have.
const LONGEST_COUNT: usize = 7;

/// What a row below the header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Record,
    /// It seems to be the header of another table, or else a record or not.
    Header {
        or_record: bool,
    },
    /// Blank, the header again, an example, a total or a note.
    Nothing,
}

fn role(plan: &Plan, cells: &[Cell<'_>], vocabulary: &Vocabulary) -> Role {
    if is_example(cells) {
        return Role::Nothing;
    }
    let key_text = |column: usize| cells.get(column).map_or("", |cell| fold::trimmed(cell.text));
    // Nearly every row: there is an id where the id belongs.
    if plan.keys.iter().any(|(column, holds)| *holds != Holds::Name && is_long_code(key_text(*column))) {
        return Role::Record;
    }
    let or_record = is_record(plan, cells, vocabulary);
    if is_another_header(cells, vocabulary) && (or_record || !is_header_again(plan, cells)) {
        Role::Header { or_record }
    } else if or_record {
        Role::Record
    } else {
        Role::Nothing
    }
}

/// Whether most cells of a row are headers that some table has.
fn is_another_header(cells: &[Cell<'_>], vocabulary: &Vocabulary) -> bool {
    let filled = cells.iter().map(|cell| fold::trimmed(cell.text)).filter(|text| !text.is_empty());
    let (mut all, mut known) = (0, 0);
    for text in filled {
        all += 1;
        known += usize::from(text.chars().any(is_han) && !vocabulary.dictionary.columns(text).is_empty());
    }
    known >= 2 && known * 2 > all
}

/// Whether a row repeats the header, as it stands on each printed page.
fn is_header_again(plan: &Plan, cells: &[Cell<'_>]) -> bool {
    let text = |column: usize| cells.get(column).map_or("", |cell| fold::trimmed(cell.text));
    let known = plan.labels.iter().filter(|(column, _)| !text(*column).is_empty()).count();
    let again = plan.labels.iter().filter(|(column, label)| fold::header(text(*column)) == *label).count();
    again >= 2 && again * 2 >= known
}

/// Whether a row is a record and not blank, the header again, a total or a note.
fn is_record(plan: &Plan, cells: &[Cell<'_>], vocabulary: &Vocabulary) -> bool {
    let key_text = |column: usize| cells.get(column).map_or("", |cell| fold::trimmed(cell.text));
    let filled: Vec<(usize, &str)> =
        cells.iter().enumerate().map(|(column, cell)| (column, fold::trimmed(cell.text))).filter(|(_, text)| !text.is_empty()).collect();
    let known = filled.iter().filter(|(column, _)| plan.layout.columns.contains(&Some(*column))).count();
    if known == 0 {
        return false;
    }
    if is_header_again(plan, cells) {
        return false;
    }
    let dictionary = &vocabulary.dictionary;
    let is_plausible = |(column, holds): &(usize, Holds)| {
        let text = key_text(*column);
        match holds {
            Holds::Name => {
                !text.is_empty()
                    && text.chars().count() <= 30
                    && !text.contains(['，', '。', '：', ':', '；'])
                    && !dictionary.is_footer(text)
            }
            _ => text.bytes().any(|byte| byte.is_ascii_alphanumeric()) && !text.chars().any(is_han),
        }
    };
    let begins_as_footer = filled.first().is_some_and(|(_, text)| dictionary.is_footer(text));
    // Beside the word for a total stands how many there are, which is shorter than any code.
    let has_code = plan.keys.iter().any(|key| key.1 != Holds::Name && is_plausible(key) && key_text(key.0).len() > LONGEST_COUNT);
    if begins_as_footer && !has_code {
        return false;
    }
    if filled.len() == 1 && plan.labels.len() >= 3 {
        // One cell alone is a record only if it says whose.
        return plan.keys.iter().any(|key| key.1 == Holds::Name && is_plausible(key));
    }
    let has_key = plan.keys.iter().any(is_plausible);
    has_key || known > 1 && !filled.iter().any(|(_, text)| dictionary.is_footer(text)) || known > 2
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{323AF}')
}

/// Whether a text is as long as an id and nothing but letters and digits.
fn is_long_code(text: &str) -> bool {
    text.len() >= 15 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl RowSink for SheetReader<'_> {
    fn merged(&mut self, ranges: &[MergedRange]) {
        self.merged = ranges.to_vec();
    }

    fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()> {
        match &mut self.state {
            State::Reading(_) => {
                self.record(number, cells);
                if self.is_lacking {
                    return ControlFlow::Break(());
                }
            }
            State::Looking(held) => {
                if cells.iter().any(|cell| !fold::trimmed(cell.text).is_empty()) {
                    held.push(Held { number, cells: cells.iter().map(|cell| (cell.kind, cell.text.to_owned())).collect() });
                    let bytes: usize = held.iter().flat_map(|row| &row.cells).map(|(_, text)| text.len()).sum();
                    let is_end = held.len() >= WINDOW || bytes > WINDOW_BYTES;
                    self.decide(is_end);
                }
            }
            State::Lost { .. } | State::Report => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn wanted(&self) -> Option<&[bool]> {
        match &self.state {
            State::Reading(reading) if self.is_narrow => Some(&reading.0.wanted),
            _ => None,
        }
    }

    fn begins_again(&mut self) -> bool {
        let begins_again = self.is_lacking;
        if begins_again {
            let (subject, replaced) = (self.subject.take(), self.replaced);
            *self = SheetReader { subject, replaced, ..SheetReader::new(self.vocabulary, self.is_1904) };
        }
        begins_again
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::Column;
    use super::super::part::RowNumbers;
    use super::super::testing::{ID, OTHER_ID, vocabulary};
    use super::*;
    use law::facts::codes::Read;

    fn feed(merged: &[MergedRange], rows: &[&[&str]]) -> Outcome {
        let mut outcomes = feed_all(merged, rows);
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    fn feed_all(merged: &[MergedRange], rows: &[&[&str]]) -> Vec<Outcome> {
        let vocabulary = vocabulary();
        let mut reader = SheetReader::new(&vocabulary, false);
        reader.merged(merged);
        for (number, row) in (1..).zip(rows) {
            let cells: Vec<Cell<'_>> = row.iter().map(|text| Cell::text(text)).collect();
            let _ = reader.row(number, &cells);
        }
        reader.finish()
    }

    fn table(outcome: Outcome) -> (Layout, Settled) {
        match outcome {
            Outcome::Table(table) => *table,
            Outcome::Unknown { .. } | Outcome::Report => panic!("no header was recognised"),
        }
    }

    fn merge(rows: (u32, u32), columns: (u16, u16)) -> MergedRange {
        MergedRange { first_row: rows.0, last_row: rows.1, first_column: columns.0, last_column: columns.1 }
    }

    #[test]
    fn a_merged_header_of_two_rows_is_read() {
        let merged = [merge((1, 1), (0, 6)), merge((2, 3), (0, 0)), merge((2, 2), (4, 5))];
        let rows: &[&[&str]] = &[
            &["2025学年学生成绩表"],
            &["学籍号", "姓名", "学年", "科目", "学年成绩", "", "补考\n日期"],
            &["", "", "", "", "总评", "补考", ""],
            &[ID, "张三", "2025", "语文", "D", "合格", "2026-07-01"],
            &[],
            &["学籍号", "姓名", "学年", "科目", "总评", "补考", "补考日期"],
            &[OTHER_ID, "李四", "2025", "数学", "A"],
            &["合计", "2人"],
            &["", "", "", "", "", "教务处（盖章）"],
            &["以上数据真实有效。"],
            &["共 2 条"],
            &["校长（签名）：", "", "", "", "经办人：", "", "2026年7月1日"],
        ];
        let (layout, settled) = table(feed(&merged, rows));
        assert_eq!(layout.missing.len(), 0);
        assert_eq!(settled.rows, RowNumbers::Listed(vec![4, 7]));
        assert_eq!(settled.set_aside, [0u32; 0]);
        let Some(Column::Codes(make_up)) = &settled.columns[4] else { panic!() };
        assert_eq!((make_up.get(0), make_up.get(1)), (Read::Value(0), Read::Empty));
        assert_eq!(settled.log.into_findings().count(), 0);
    }

    #[test]
    fn a_table_below_another_one_is_read_by_its_own_header() {
        let rows: &[&[&str]] = &[
            &["一、学年成绩"],
            &["学籍号", "学年", "科目", "总评"],
            &[ID, "2025", "语文", "A"],
            &["学籍号", "学年", "科目", "总评"],
            &[OTHER_ID, "2025", "语文", "D"],
            &["二、处分"],
            &["姓名", "学籍号", "处分类型", "处分日期", "撤销日期"],
            &["张三", ID, "警告", "2025-10-01"],
        ];
        let mut outcomes = feed_all(&[], rows).into_iter();
        let (results, settled) = table(outcomes.next().unwrap());
        assert_eq!((results.table, settled.rows), (super::super::table::Table::CourseResults, RowNumbers::Listed(vec![3, 5])));
        let (discipline, settled) = table(outcomes.next().unwrap());
        assert_eq!((discipline.table, settled.rows.get(0), settled.rows.len()), (super::super::table::Table::Discipline, 8, 1));
        assert_eq!(settled.log.into_findings().count(), 0);
    }

    #[test]
    fn a_row_of_words_that_are_headers_too_is_not_lost() {
        // 处分 and 说明 are kinds of material as well as headers; the id is missing.
        let rows: &[&[&str]] = &[&["学籍号", "材料类别", "说明"], &[ID, "其他", ""], &["", "处分", "说明"], &["x1", "处分", "说明"]];
        let (_, settled) = table(feed(&[], rows));
        assert_eq!(settled.rows.len(), 2, "{:?}", settled.rows);
    }

    #[test]
    fn a_count_beside_the_word_for_a_total_is_no_id() {
        let rows: &[&[&str]] = &[&["备注", "学籍号", "学年", "科目", "总评"], &["", ID, "2025", "语文", "A"], &["合计", "2145"]];
        let (_, settled) = table(feed(&[], rows));
        assert_eq!((settled.rows.get(0), settled.rows.len()), (2, 1));
        assert_eq!(settled.log.into_findings().count(), 0);
    }

    #[test]
    fn values_of_merged_cells_belong_to_every_row() {
        let merged = [merge((2, 4), (0, 0)), merge((2, 3), (2, 2))];
        let rows: &[&[&str]] = &[
            &["学校代码", "年级", "班级", "姓名"],
            &["310104", "七年级", "1", "张三"],
            &["", "七年级", "", "李四"],
            &["", "七年级", "2", "王五"],
            &["", "七年级", "2", "赵六"],
        ];
        let (_, settled) = table(feed(&merged, rows));
        let findings: Vec<_> = settled.log.into_findings().map(|noted| (noted.code, noted.row)).collect();
        assert_eq!(findings, [("I0201", Some(5))]);
    }

    #[test]
    fn rows_that_cannot_be_used_are_set_aside_with_a_finding() {
        let rows: &[&[&str]] = &[
            &["学籍号", "证件号码", "姓名", "科目", "考试日期", "考次", "结果"],
            &[ID, "", "张三", "语文", "2026-01-05", "首考", "合格"],
            &["", "", "李四", "语文", "2026-01-05", "首考", "合格"],
            &["G110105194912310021", "", "王五", "语文", "2026-01-05", "首考", "合格"],
            &[ID, "", "张三", "", "2026-01-05", "首考", "合格"],
            &[ID, "", "张三", "数学", "", "首考", "合格"],
        ];
        let (_, settled) = table(feed(&[], rows));
        assert_eq!(settled.set_aside, [1, 2, 3]);
        let findings: Vec<_> = settled.log.into_findings().map(|noted| (noted.code, noted.row)).collect();
        assert_eq!(findings, [("I0205", Some(4)), ("I0201", Some(5)), ("I0201", Some(6)), ("I0201", Some(3))]);
    }

    #[test]
    fn a_table_without_a_required_column_sets_every_row_aside() {
        let rows: &[&[&str]] = &[&["学籍号", "科目", "学年总评"], &[ID, "语文", "合格"], &[OTHER_ID, "语文", "合格"], &["合计", "2"]];
        let (layout, settled) = table(feed(&[], rows));
        assert_eq!((layout.missing, settled.set_aside), (vec!["学年"], vec![0, 1]));
    }
}
