//! How do cells become columns? The typed columns of a run of rows; parts read side by side are put together in order.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;

use law::facts::codes::{ChangeKind, Read};
use law::facts::identifiers::{NationalId, ResidentNumber, as_written};
use law::facts::subjects::{Subject, Subjects};

use super::attendance::count::count;
use super::attendance::{Counting, Digest};
use super::cell::{Cell, CellKind};
use super::column::{Codes, Column, Ids, Integers, Texts};
use super::finding::{Log, shown};
use super::fold;
use super::kept::numbers;
use super::table::{Field, Holds, SEX, Table};
use super::value::{self, Context, Document, NewSubjects, Reading, Value};

/// The most different cells that a column's memo keeps.
const MEMO: usize = 4096;
/// How many kinds of cells there are.
const KINDS: usize = CellKind::Error as usize + 1;

/// The row numbers of a sheet's records, as the file shows them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum RowNumbers {
    /// One after the other from the first on.
    Contiguous {
        /// The first record's.
        first: u32,
        /// How many there are.
        count: u32,
    },
    /// Each by itself.
    Listed(#[serde(with = "numbers")] Vec<u32>),
}

impl Default for RowNumbers {
    fn default() -> Self {
        RowNumbers::Contiguous { first: 1, count: 0 }
    }
}

impl RowNumbers {
    /// The row number of a record; 0 beyond the end.
    pub fn get(&self, record: usize) -> u32 {
        match self {
            RowNumbers::Contiguous { first, count } => {
                u32::try_from(record).ok().filter(|record| record < count).map_or(0, |record| first.saturating_add(record))
            }
            RowNumbers::Listed(rows) => rows.get(record).copied().unwrap_or(0),
        }
    }

    /// The record of a row number.
    pub fn find(&self, row: u32) -> Option<usize> {
        match self {
            RowNumbers::Contiguous { first, count } => {
                row.checked_sub(*first).filter(|record| record < count).map(|record| record as usize)
            }
            RowNumbers::Listed(rows) => rows.binary_search(&row).ok(),
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        match self {
            RowNumbers::Contiguous { count, .. } => *count as usize,
            RowNumbers::Listed(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push(&mut self, row: u32) {
        match self {
            RowNumbers::Contiguous { first, count: count @ 0 } => (*first, *count) = (row, 1),
            RowNumbers::Contiguous { first, count } if first.checked_add(*count) == Some(row) => *count += 1,
            RowNumbers::Contiguous { first, count } => {
                let mut rows: Vec<u32> = (*first..first.saturating_add(*count)).collect();
                rows.push(row);
                *self = RowNumbers::Listed(rows);
            }
            RowNumbers::Listed(rows) => rows.push(row),
        }
    }

    fn append(&mut self, later: &RowNumbers, rows_before: u32) {
        if let (RowNumbers::Contiguous { first, count }, RowNumbers::Contiguous { first: later_first, count: later_count }) =
            (&mut *self, later)
            && (*count == 0 || first.checked_add(*count) == later_first.checked_add(rows_before))
        {
            if *count == 0 {
                *first = later_first.saturating_add(rows_before);
            }
            *count = count.saturating_add(*later_count);
            return;
        }
        for record in 0..later.len() {
            self.push(later.get(record).saturating_add(rows_before));
        }
    }
}

/// One column on its way.
struct Builder {
    place: usize,
    field: &'static Field,
    column: Column,
    memo: Memo,
    /// The id that was read last: rows of one student mostly stand together.
    last: (String, Read<u64>),
}

/// What cells of a column were read as.
#[derive(Default)]
struct Memo {
    /// The readings of different cells, each with whether a finding tells of it.
    known: Vec<(CellKind, String, Reading<'static>, bool)>,
    places: [HashMap<String, u32>; KINDS],
    /// Where a cell that looks like this one was found last: most cells are one of few, and need no hash.
    recent: Vec<u32>,
}

/// Places where cells seen lately are remembered.
const RECENT: usize = 256;
/// So few different cells are looked through one by one.
const FEW: usize = 16;

impl Memo {
    /// Where a cell that looks like this one is remembered.
    fn slot(cell: Cell<'_>) -> usize {
        let bytes = cell.text.as_bytes();
        let byte = |place: usize| bytes.get(place).map_or(0, |byte| usize::from(*byte));
        let last = bytes.len().wrapping_sub(1);
        (bytes.len() + byte(last) * 31 + byte(last.wrapping_sub(1)) * 7 + byte(last / 2) * 3) % RECENT
    }

    /// What a cell was read as.
    fn find(&mut self, cell: Cell<'_>) -> Option<&(CellKind, String, Reading<'static>, bool)> {
        let slot = Self::slot(cell);
        let is_it = |known: &(CellKind, String, Reading<'static>, bool)| known.0 == cell.kind && known.1 == cell.text;
        let recent = self.recent.get(slot).copied().unwrap_or(u32::MAX) as usize;
        if self.known.get(recent).is_some_and(is_it) {
            return self.known.get(recent);
        }
        if self.known.len() < FEW {
            // So few that looking through them costs less than a hash.
            let place = self.known.iter().position(is_it)?;
            self.remember(slot, place);
            return self.known.get(place);
        }
        let place = *self.places.get(cell.kind as usize)?.get(cell.text)? as usize;
        self.remember(slot, place);
        self.known.get(place)
    }

    fn remember(&mut self, slot: usize, place: usize) {
        if self.recent.is_empty() {
            self.recent = vec![u32::MAX; RECENT];
        }
        if let Some(recent) = self.recent.get_mut(slot) {
            *recent = place as u32;
        }
    }

    /// Keeps what a cell was read as, as long as there is room.
    fn keep(&mut self, cell: Cell<'_>, reading: Reading<'static>, is_noted: bool) {
        if self.known.len() < MEMO {
            let place = self.known.len();
            if let Some(places) = self.places.get_mut(cell.kind as usize) {
                places.insert(cell.text.to_owned(), place as u32);
            }
            self.known.push((cell.kind, cell.text.to_owned(), reading, is_noted));
            self.remember(Self::slot(cell), place);
        }
    }
}

impl Builder {
    fn new(place: usize, field: &'static Field) -> Self {
        let column = match field.holds {
            Holds::NationalId => Column::Ids(Ids::default()),
            Holds::Date | Holds::Month | Holds::SchoolYear | Holds::Number => Column::Integers(Integers::default()),
            Holds::Term | Holds::Grade | Holds::Subject | Holds::AnnualResult | Holds::Word(_) => Column::Codes(Codes::default()),
            Holds::ShanghaiNumber
            | Holds::DocumentNumber
            | Holds::Identifier
            | Holds::Name
            | Holds::Text
            | Holds::Named(_)
            | Holds::Shown => Column::Texts(Texts::default()),
        };
        Self { place, field, column, memo: Memo::default(), last: (String::new(), Read::Empty) }
    }
}

/// The typed columns of a run of rows.
pub(crate) struct Part<'v> {
    table: Table,
    /// The fields that the sheet has, in their order.
    builders: Vec<Builder>,
    context: Context<'v>,
    rows: RowNumbers,
    log: Log,
    set_aside: Vec<u32>,
    replaced: Vec<u32>,
    numbers: Vec<(u32, String)>,
}

/// A part that is read to its end.
#[derive(Deserialize, Serialize)]
pub(crate) struct Settled {
    /// By the table's fields.
    pub columns: Vec<Option<Column>>,
    pub rows: RowNumbers,
    pub log: Log,
    pub set_aside: Vec<u32>,
    /// Records that rows of another file are in place of, or that were withdrawn, in order: empty, and all among those set aside.
    pub replaced: Vec<u32>,
    /// Records that came back, each with the number that says which row it was.
    pub numbers: Vec<(u32, String)>,
    pub subjects: NewSubjects,
    /// What was counted of its rows; the columns then hold the records of `sparse` alone.
    pub counted: Option<Box<Digest>>,
    pub sparse: Option<Vec<u32>>,
}

impl<'v> Part<'v> {
    /// A part without rows of a sheet that has these of the table's fields.
    pub(crate) fn new(table: Table, present: impl Fn(usize) -> bool, context: Context<'v>) -> Self {
        let builders =
            table.fields().iter().enumerate().filter(|(place, _)| present(*place)).map(|(place, field)| Builder::new(place, field));
        Self {
            table,
            builders: builders.collect(),
            context,
            rows: RowNumbers::default(),
            log: Log::default(),
            set_aside: Vec::new(),
            replaced: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Reads a record; `cell` gives the cell of a field.
    pub(crate) fn record<'c>(&mut self, row: u32, cell: impl Fn(usize) -> Cell<'c>) {
        let record = self.rows.len() as u32;
        self.rows.push(row);
        let document =
            self.table.field("证件类型").map_or(Document::Unknown, |place| Document::of(cell(place).text, self.context.vocabulary));
        for builder in &mut self.builders {
            let cell = cell(builder.place);
            push_cell(builder, cell, document, &mut self.context, &mut self.log, record, row);
        }
    }

    /// Takes a record that a row of another file is in place of, or that was withdrawn: it holds nothing, and nothing is said of it.
    pub(crate) fn replaced(&mut self, row: u32) {
        self.replaced.push(self.rows.len() as u32);
        self.rows.push(row);
        self.builders.iter_mut().for_each(|builder| push_value(&mut builder.column, &Read::Empty));
    }

    /// Keeps the number that says which row the last record was.
    pub(crate) fn came_back(&mut self, number: &str) {
        if let Some(last) = self.rows.len().checked_sub(1) {
            self.numbers.push((last as u32, number.to_owned()));
        }
    }

    /// Adds rows that follow each other; their cells come column by column.
    pub(crate) fn add_rows(&mut self, first: u32, count: u32) {
        let known = RowNumbers::Contiguous { first, count };
        self.rows.append(&known, 0);
        self.builders.iter_mut().for_each(|builder| builder.column.reserve(count as usize));
    }

    /// Reads a cell of a record whose row was added; the cells of a column come in order.
    pub(crate) fn cell(&mut self, builder: usize, record: u32, cell: Cell<'_>, document: Document) {
        let row = self.rows.get(record as usize);
        if let Some(builder) = self.builders.get_mut(builder) {
            push_cell(builder, cell, document, &mut self.context, &mut self.log, record, row);
        }
    }

    /// Takes the cells of a column of few different ones, for records whose rows were added, from record `first` on: a key each, and the
    /// text of a key below `size`. A key without a text is an empty cell. Each text is read once.
    pub(crate) fn take_coded<'t>(
        &mut self,
        builder: usize,
        first: u32,
        keys: impl Iterator<Item = Option<usize>>,
        size: usize,
        text: impl Fn(usize) -> (CellKind, Cow<'t, str>),
    ) {
        let Some(Builder { place, field, column, .. }) = self.builders.get_mut(builder) else { return };
        let place = (*place, *field);
        let context = &mut self.context;
        let mut read = |key: Option<usize>| match key {
            None => Reading::EMPTY,
            Some(key) => {
                let (kind, raw) = text(key);
                value::read(Cell { kind, text: &raw }, place.1, Document::Unknown, context).into_owned()
            }
        };
        let noted = match column {
            Column::Codes(codes) => fill(keys, size, place.1, &mut read, code_of, |code| codes.push(code)),
            Column::Integers(integers) => fill(keys, size, place.1, &mut read, integer_of, |integer| integers.push(integer)),
            Column::Ids(ids) => fill(keys, size, place.1, &mut read, id_of, |id| ids.push(id)),
            Column::Texts(texts) => {
                let mut known: Vec<Option<Reading<'static>>> = vec![None; size];
                let mut noted = Vec::new();
                for (record, key) in keys.enumerate() {
                    let slot = key.and_then(|key| known.get_mut(key));
                    let reading = slot.map(|slot| &*slot.get_or_insert_with(|| read(key))).unwrap_or(&Reading::EMPTY);
                    push_text(texts, &reading.value);
                    if is_noted(reading, place.1) {
                        noted.push((record as u32, key.filter(|key| *key < size)));
                    }
                }
                noted
            }
        };
        for (record, key) in noted {
            let reading = read(key);
            let raw = key.map(|key| text(key).1).unwrap_or_default();
            let record = first + record;
            note(place, &reading, &raw, &mut self.log, record, self.rows.get(record as usize));
        }
    }

    /// The fields that the part has, in the order of its builders.
    pub(crate) fn fields(&self) -> impl Iterator<Item = usize> {
        self.builders.iter().map(|builder| builder.place)
    }

    /// Ends the part: finds the records that can't be used, and those whose columns contradict each other.
    pub(crate) fn settle(mut self) -> Settled {
        let table = self.table;
        let mut columns: Vec<Option<Column>> = vec![None; table.fields().len()];
        for builder in std::mem::take(&mut self.builders) {
            if let Some(slot) = columns.get_mut(builder.place) {
                *slot = Some(builder.column);
            }
        }
        self.find_set_aside(&columns);
        self.find_ends(&mut columns);
        if table == Table::Attendance {
            self.find_dateless(&columns);
            self.set_aside_dayless(&columns);
        }
        if matches!(table, Table::Roster | Table::ActualRoll) {
            self.find_contradictions(&columns);
        }
        // Only people of these tables are looked for by anything but a right number.
        if !matches!(table, Table::Roster | Table::ActualRoll | Table::Exams) {
            self.log.take_mistyped();
        }
        Settled {
            columns,
            rows: self.rows,
            log: self.log,
            set_aside: self.set_aside,
            replaced: self.replaced,
            numbers: self.numbers,
            subjects: self.context.subjects,
            counted: None,
            sparse: None,
        }
    }

    /// A record is set aside where every field of one of the table's key sets is empty or can't be read.
    fn find_set_aside(&mut self, columns: &[Option<Column>]) {
        let keys: Vec<Vec<usize>> =
            key_sets(self.table).iter().map(|set| set.iter().filter_map(|header| self.table.field(header)).collect()).collect();
        let is_whole = |place: &usize| columns.get(*place).and_then(Option::as_ref).is_some_and(Column::is_whole);
        if keys.iter().all(|set| set.iter().any(is_whole)) {
            return;
        }
        let mut replaced = self.replaced.iter().copied().peekable();
        for record in 0..self.rows.len() {
            if replaced.next_if_eq(&(record as u32)).is_some() {
                self.set_aside.push(record as u32);
                continue;
            }
            let is_usable = |place: &usize| is_value(columns.get(*place).and_then(Option::as_ref), record);
            let Some(lacking) = keys.iter().find(|set| !set.iter().any(is_usable)) else { continue };
            self.set_aside.push(record as u32);
            // Where the columns that could stand for each other are all empty, none of them has a finding yet.
            let is_silent = lacking.iter().all(|place| {
                let is_required = self.table.fields().get(*place).is_some_and(|field| field.required && !field.may_be_empty);
                !is_required && is_empty(columns.get(*place).and_then(Option::as_ref), record)
            });
            if is_silent && let Some(&place) = lacking.iter().find(|place| columns.get(**place).is_some_and(Option::is_some)) {
                let expected =
                    lacking.iter().filter_map(|place| self.table.fields().get(*place)).map(|field| field.header).collect::<Vec<_>>();
                self.log.note("I0201", place, String::new(), &expected.join("或"), record as u32, self.rows.get(record));
            }
        }
    }

    /// The end of a span of days that is not there, or lies before its beginning: it can't be read.
    fn find_ends(&mut self, columns: &mut [Option<Column>]) {
        let Some((begin, end)) = span_of(self.table) else { return };
        let (Some(begin), Some(end)) = (self.table.field(begin), self.table.field(end)) else { return };
        for record in 0..self.rows.len() {
            let day = |place: usize| match columns.get(place) {
                Some(Some(Column::Integers(days))) => days.get(record),
                _ => Read::Empty,
            };
            let Read::Value(first) = day(begin) else { continue };
            if !self.spans_days(columns, record) {
                continue;
            }
            match day(end) {
                Read::Value(last) if last < first => {
                    let expected = format!("不早于{}的日期", value::show_date(first));
                    self.log.note("I0202", end, value::show_date(last), &expected, record as u32, self.rows.get(record));
                    if let Some(Some(Column::Integers(days))) = columns.get_mut(end) {
                        days.spoil(record);
                    }
                }
                // A suspension may be open; days of attendance that begin have an end.
                Read::Empty if self.table == Table::Attendance && columns.get(end).is_some_and(Option::is_some) => {
                    self.log.note("I0201", end, String::new(), "日期，如 2025-09-01", record as u32, self.rows.get(record));
                }
                _ => {}
            }
        }
    }

    /// Whether a record spans days: attendance without a date of its own, a suspension.
    fn spans_days(&self, columns: &[Option<Column>], record: usize) -> bool {
        let column = |header: &str| self.table.field(header).and_then(|place| columns.get(place)?.as_ref());
        if self.table == Table::Attendance {
            return is_empty(column("日期"), record);
        }
        let kind = match column("异动类型") {
            Some(Column::Codes(codes)) => codes.get(record).value().and_then(ChangeKind::from_code),
            _ => None,
        };
        matches!(kind, Some(ChangeKind::Suspension | ChangeKind::SuspensionExtended))
    }

    /// Attendance without a date: of 日期 and 开始日期 none is required by itself, so an empty one has no finding yet.
    fn find_dateless(&mut self, columns: &[Option<Column>]) {
        let places: Vec<usize> = ["日期", "开始日期"].iter().filter_map(|header| self.table.field(header)).collect();
        let column = |place: usize| columns.get(place).and_then(Option::as_ref);
        let Some(&named) = places.iter().find(|place| column(**place).is_some()) else { return };
        for record in 0..self.rows.len() {
            let is_replaced = || self.replaced.binary_search(&(record as u32)).is_ok();
            if places.iter().all(|place| is_empty(column(*place), record)) && !is_replaced() {
                self.log.note("I0201", named, String::new(), "日期，如 2025-09-01", record as u32, self.rows.get(record));
            }
        }
    }

    /// A record of attendance that says of no day that can be read is no one's attendance, as counting takes it.
    fn set_aside_dayless(&mut self, columns: &[Option<Column>]) {
        let column = |header: &str| self.table.field(header).and_then(|place| columns.get(place)?.as_ref());
        let (day, first) = (column("日期"), column("开始日期"));
        if day.is_some_and(Column::is_whole) {
            return;
        }
        let has_day = |record: usize| is_value(day, record) || is_empty(day, record) && is_value(first, record);
        let known = std::mem::take(&mut self.set_aside);
        let is_aside = |record: &u32| known.binary_search(record).is_ok() || !has_day(*record as usize);
        self.set_aside = (0..self.rows.len() as u32).filter(is_aside).collect();
    }

    /// Sex or birth date that contradict the resident ID number, or the number in a G id where there is no document's.
    fn find_contradictions(&mut self, columns: &[Option<Column>]) {
        let column = |header: &str| self.table.field(header).and_then(|place| columns.get(place)?.as_ref().map(|column| (place, column)));
        let (sex, birth) = (column("性别"), column("出生日期"));
        let (document, id) = (column("证件号码"), column("全国学籍号"));
        if sex.is_none() && birth.is_none() {
            return;
        }
        let mut found = Vec::new();
        for record in 0..self.rows.len() {
            let number = match document {
                Some((_, Column::Texts(texts))) => texts.get(record),
                _ => Read::Empty,
            };
            let number = match (number, id) {
                (Read::Value(number), _) => ResidentNumber::parse(number).ok(),
                (Read::Empty, Some((_, Column::Ids(ids)))) => {
                    ids.get(record).value().and_then(|id| NationalId::from_packed(id).resident_number())
                }
                _ => None,
            };
            let Some(number) = number else { continue };
            if let Some((place, Column::Codes(codes))) = sex
                && let Read::Value(code) = codes.get(record)
                && (code == 0) != number.is_male()
            {
                let word = |code: usize| SEX.get(code).copied().unwrap_or_default();
                found.push((place, word(code.into()).to_owned(), word(usize::from(!number.is_male())).to_owned(), record));
            }
            if let Some((place, Column::Integers(days))) = birth
                && let Read::Value(day) = days.get(record)
                && let Some(expected) = number.birth()
                && value::days_since_1970(expected) != day
            {
                found.push((place, value::show_date(day), expected.to_string(), record));
            }
        }
        for (place, found, expected, record) in found {
            self.log.note("I0207", place, found, &format!("{expected}（据身份证件号）"), record as u32, self.rows.get(record));
        }
    }
}

/// The columns between which a table's rows span days.
fn span_of(table: Table) -> Option<(&'static str, &'static str)> {
    match table {
        Table::Attendance => Some(("开始日期", "结束日期")),
        Table::StatusChanges => Some(("生效日期", "截止日期")),
        _ => None,
    }
}

fn is_value(column: Option<&Column>, record: usize) -> bool {
    match column {
        Some(Column::Codes(codes)) => matches!(codes.get(record), Read::Value(_)),
        Some(Column::Integers(integers)) => matches!(integers.get(record), Read::Value(_)),
        Some(Column::Ids(ids)) => matches!(ids.get(record), Read::Value(_)),
        Some(Column::Texts(texts)) => matches!(texts.get(record), Read::Value(_)),
        None => false,
    }
}

fn is_empty(column: Option<&Column>, record: usize) -> bool {
    match column {
        Some(Column::Codes(codes)) => matches!(codes.get(record), Read::Empty),
        Some(Column::Integers(integers)) => matches!(integers.get(record), Read::Empty),
        Some(Column::Ids(ids)) => matches!(ids.get(record), Read::Empty),
        Some(Column::Texts(texts)) => matches!(texts.get(record), Read::Empty),
        None => true,
    }
}

/// The fields without which a row can't be used: of each set at least one must hold a value.
pub(crate) fn key_sets(table: Table) -> &'static [&'static [&'static str]] {
    match table {
        Table::Roster | Table::ActualRoll => &[&["全国学籍号", "证件号码", "姓名"]],
        Table::Schools | Table::AttendanceReports => &[&["学校代码"]],
        Table::CourseResults => &[&["全国学籍号"], &["学年"], &["科目"]],
        Table::Exams => &[&["全国学籍号", "证件号码", "考号"], &["科目"]],
        Table::ExamNumbers => &[&["考号"], &["全国学籍号", "证件号码"]],
        Table::Evaluations => &[&["全国学籍号"], &["学年"]],
        Table::SchoolAssessments => &[&["全国学籍号"], &["科目"]],
        Table::Registrations => &[&["全国学籍号"], &["学年"], &["学期"]],
        Table::StatusChanges => &[&["全国学籍号"], &["异动类型"]],
        Table::Applications => &[&["全国学籍号"], &["申请事项"]],
        Table::Discipline => &[&["全国学籍号"], &["处分类型"]],
        Table::Attendance | Table::Urgings | Table::Athletes | Table::Archives => &[&["全国学籍号"]],
        Table::Reviews => &[&["finding_id"]],
    }
}

/// Whether equal cells of a column are so many that their readings are worth keeping.
fn is_memorable(column: &Column) -> bool {
    matches!(column, Column::Codes(_) | Column::Integers(_))
}

fn code_of(value: &Read<Value<'_>>) -> Read<u8> {
    match value {
        Read::Value(Value::Code(code)) => Read::Value(*code),
        Read::Empty => Read::Empty,
        _ => Read::Unreadable,
    }
}

fn integer_of(value: &Read<Value<'_>>) -> Read<i32> {
    match value {
        Read::Value(Value::Integer(integer)) => Read::Value(*integer),
        Read::Empty => Read::Empty,
        _ => Read::Unreadable,
    }
}

fn id_of(value: &Read<Value<'_>>) -> Read<u64> {
    match value {
        Read::Value(Value::Id(id)) => Read::Value(*id),
        Read::Empty => Read::Empty,
        _ => Read::Unreadable,
    }
}

fn push_text(texts: &mut Texts, value: &Read<Value<'_>>) {
    texts.push(match value {
        // Texts of a sheet are addressed with 32 bits.
        Read::Value(Value::Text(text)) if texts.size() + text.len() < u32::MAX as usize => Read::Value(text),
        Read::Empty => Read::Empty,
        _ => Read::Unreadable,
    });
}

fn push_value(column: &mut Column, value: &Read<Value<'_>>) {
    match column {
        Column::Codes(codes) => codes.push(code_of(value)),
        Column::Integers(integers) => integers.push(integer_of(value)),
        Column::Ids(ids) => ids.push(id_of(value)),
        Column::Texts(texts) => push_text(texts, value),
    }
}

/// Whether a reading of a field is one that a finding tells of.
fn is_noted(reading: &Reading<'_>, field: &Field) -> bool {
    reading.issue.is_some() || matches!(reading.value, Read::Empty) && is_needed(field)
}

/// Fills a column from keys, each key below `size` read once. Gives the records, from 0, whose cells have a finding, with their keys.
fn fill<T: Copy>(
    keys: impl Iterator<Item = Option<usize>>,
    size: usize,
    field: &Field,
    read: &mut impl FnMut(Option<usize>) -> Reading<'static>,
    value_of: impl Fn(&Read<Value<'_>>) -> Read<T>,
    mut push: impl FnMut(Read<T>),
) -> Vec<(u32, Option<usize>)> {
    let mut look = |key| {
        let reading = read(key);
        (value_of(&reading.value), is_noted(&reading, field))
    };
    let empty = look(None);
    let mut known: Vec<Option<(Read<T>, bool)>> = vec![None; size];
    let mut noted = Vec::new();
    for (record, key) in keys.enumerate() {
        let slot = key.and_then(|key| known.get_mut(key));
        let (value, is_noted) = slot.map_or(empty, |slot| *slot.get_or_insert_with(|| look(key)));
        push(value);
        if is_noted {
            noted.push((record as u32, key.filter(|key| *key < size)));
        }
    }
    noted
}

fn push_cell(builder: &mut Builder, cell: Cell<'_>, document: Document, context: &mut Context<'_>, log: &mut Log, record: u32, row: u32) {
    let Builder { place, field, column, memo, last } = builder;
    let place = (*place, *field);
    if let Column::Ids(ids) = column
        && cell.kind == CellKind::Text
    {
        if !cell.text.is_empty() && cell.text == last.0 {
            ids.push(last.1);
            return;
        }
        let reading = value::read(cell, field, document, context);
        let id = id_of(&reading.value);
        ids.push(id);
        last.0.clear();
        if is_noted(&reading, field) {
            note(place, &reading, cell.text, log, record, row);
        } else {
            last.0.push_str(cell.text);
            last.1 = id;
        }
        return;
    }
    if !is_memorable(column) {
        let reading = value::read(cell, field, document, context);
        push_value(column, &reading.value);
        note(place, &reading, cell.text, log, record, row);
        return;
    }
    if let Some((_, raw, reading, is_noted)) = memo.find(cell) {
        push_value(column, &reading.value);
        if *is_noted {
            note(place, reading, raw, log, record, row);
        }
        return;
    }
    let reading = value::read(cell, field, document, context).into_owned();
    push_value(column, &reading.value);
    note(place, &reading, cell.text, log, record, row);
    let is_noted = is_noted(&reading, field);
    memo.keep(cell, reading, is_noted);
}

/// Whether every row needs a value of the field.
fn is_needed(field: &Field) -> bool {
    field.required && !field.may_be_empty
}

fn note((place, field): (usize, &Field), reading: &Reading<'_>, raw: &str, log: &mut Log, record: u32, row: u32) {
    if let Some(issue) = &reading.issue {
        let mark = u64::from_le_bytes(blake3::hash(raw.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default());
        log.note_marked(issue.code, place, shown(raw, field.holds), &issue.expected, (record, row, mark));
        if matches!(issue.code, "I0205" | "I0206")
            && let Some(number) = as_written(&fold::compact(raw))
        {
            log.keep_mistyped(place, record, number);
        }
    }
    if matches!(reading.value, Read::Empty) && is_needed(field) {
        log.note("I0201", place, String::new(), &value::expectation(field), record, row);
    }
}

impl Settled {
    /// Makes room for so many more records.
    pub(crate) fn reserve(&mut self, records: usize) {
        self.columns.iter_mut().flatten().for_each(|column| column.reserve(records));
    }

    /// Gives the subjects that the part brought their codes in the run's list; a subject for which there is no room can't be read.
    pub(crate) fn settle_subjects(&mut self, table: Table, policy_subjects: usize, subjects: &mut Subjects) {
        if self.subjects.0.is_empty() {
            return;
        }
        let codes: Vec<Option<Subject>> = self.subjects.0.iter().map(|name| subjects.intern(name)).collect();
        for (place, field) in table.fields().iter().enumerate() {
            let Some(Some(Column::Codes(column))) = self.columns.get_mut(place) else { continue };
            if field.holds != Holds::Subject {
                continue;
            }
            let mut settled = Codes::default();
            for record in 0..self.rows.len() {
                let cell = match column.get(record) {
                    Read::Value(code) if usize::from(code) >= policy_subjects => {
                        match codes.get(usize::from(code) - policy_subjects).copied().flatten() {
                            Some(Subject(code)) => Read::Value(code),
                            None => {
                                let name = self.subjects.0.get(usize::from(code) - policy_subjects).map_or("", String::as_str);
                                self.log.note(
                                    "I0202",
                                    place,
                                    shown(name, Holds::Subject),
                                    "科目名称（不同的名称过多）",
                                    record as u32,
                                    self.rows.get(record),
                                );
                                Read::Unreadable
                            }
                        }
                    }
                    other => other,
                };
                settled.push(cell);
            }
            *column = settled;
        }
    }

    /// Counts the rows and lets go of the columns, but for records that a finding is about.
    pub(crate) fn count(&mut self, counting: Counting<'_>) {
        let counted = count(&self.columns, self.rows.len(), &self.set_aside, counting);
        let records = self.log.records();
        self.columns.iter_mut().flatten().for_each(|column| *column = column.select(&records));
        self.sparse = Some(records);
        self.counted = Some(Box::new(counted));
    }

    /// Adds a later part of the same sheet, whose rows are counted from `rows_before` on.
    pub(crate) fn append(&mut self, mut later: Settled, rows_before: u32, table: Table, policy_subjects: usize) {
        let records_before = self.rows.len() as u32;
        // The later part's own subjects get codes in this part's list.
        let mut places = Vec::with_capacity(later.subjects.0.len());
        for name in std::mem::take(&mut later.subjects.0) {
            let place = self.subjects.0.iter().position(|own| *own == name).unwrap_or_else(|| {
                self.subjects.0.push(name);
                self.subjects.0.len() - 1
            });
            places.push(place);
        }
        for ((place, field), (own, other)) in table.fields().iter().enumerate().zip(self.columns.iter_mut().zip(later.columns)) {
            let (Some(own), Some(other)) = (own, other) else { continue };
            let is_moved = field.holds == Holds::Subject && places.iter().enumerate().any(|(old, new)| old != *new);
            match (own, other) {
                (Column::Codes(own), Column::Codes(other)) if is_moved => {
                    for record in 0..later.rows.len() {
                        own.push(match other.get(record) {
                            Read::Value(code) if usize::from(code) >= policy_subjects => {
                                let moved = places
                                    .get(usize::from(code) - policy_subjects)
                                    .and_then(|new| u8::try_from(policy_subjects + new).ok());
                                let moved = moved.filter(|code| usize::from(*code) < Subjects::LIMIT);
                                if moved.is_none() {
                                    let row = later.rows.get(record);
                                    later.log.note("I0202", place, String::new(), "科目名称（不同的名称过多）", record as u32, row);
                                }
                                moved.map_or(Read::Unreadable, Read::Value)
                            }
                            other => other,
                        });
                    }
                }
                (Column::Codes(own), Column::Codes(other)) => own.append(other),
                (Column::Integers(own), Column::Integers(other)) => own.append(other),
                (Column::Ids(own), Column::Ids(other)) => own.append(other),
                (Column::Texts(own), Column::Texts(other)) => own.append(&other),
                _ => {}
            }
        }
        if let (Some(own), Some(later)) = (&mut self.counted, later.counted.take()) {
            own.add(*later, records_before);
        }
        if let (Some(own), Some(later)) = (&mut self.sparse, later.sparse.take()) {
            own.extend(later.into_iter().map(|record| record + records_before));
        }
        self.rows.append(&later.rows, rows_before);
        self.set_aside.extend(later.set_aside.iter().map(|record| record + records_before));
        self.replaced.extend(later.replaced.iter().map(|record| record + records_before));
        self.numbers.extend(later.numbers.into_iter().map(|(record, number)| (record + records_before, number)));
        self.log.append(later.log, records_before, rows_before);
    }
}
