//! Workbooks: one a school with its tables, one a district for what the district keeps, one for the exam authority.
//!
//! Each school has its own habits: title rows, words for columns and grades, the way a date is written, a total below the rows, and
//! columns of its own that nobody asked for.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::super::chance::Chance;
use super::super::city::School;
use super::super::dates::{self, Day};
use super::super::make::SampleError;
use super::super::sheet::{Cell, Sheet, cell};
use super::{OfForm, Place};
use crate::ingest::table::Table;

/// Rows that a sheet holds at the most, its header left out.
const MOST_ROWS: usize = 1_000_000;

/// The columns that schools keep beside those that were asked for.
const OWN: [&str; 9] = ["民族", "籍贯", "户口性质", "政治面貌", "健康状况", "家庭住址", "邮政编码", "监护人姓名", "监护人电话"];

/// Other words for columns, as some schools head them.
const RENAMED: &[(&str, &str)] = &[("证件号码", "身份证号"), ("出生日期", "出生年月日"), ("学校名称", "校名"), ("学年总评", "总评")];

/// Who keeps a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeper {
    School,
    District,
    ExamAuthority,
}

fn keeper(table: Table) -> Keeper {
    match table {
        Table::Exams => Keeper::ExamAuthority,
        Table::Schools | Table::StatusChanges | Table::Applications | Table::Athletes | Table::Discipline => Keeper::District,
        _ => Keeper::School,
    }
}

/// How a school writes.
#[derive(Clone, Copy, Debug)]
struct Habits {
    dates: Dates,
    /// Rows above the header.
    titles: u32,
    renames: bool,
    grade_words: bool,
    total: bool,
    own_columns: bool,
}

#[derive(Clone, Copy, Debug)]
enum Dates {
    Real,
    Text,
    Number,
}

impl Habits {
    fn of(school: &School) -> Self {
        let number = school.number;
        Self {
            dates: [Dates::Real, Dates::Text, Dates::Number][number as usize % 3],
            titles: [0, 1, 0, 2][number as usize % 4],
            renames: number % 5 == 1,
            grade_words: number % 2 == 1,
            total: number % 4 == 3,
            own_columns: true,
        }
    }

    const OFFICE: Self = Self { dates: Dates::Real, titles: 0, renames: false, grade_words: false, total: false, own_columns: false };

    fn renamed(self) -> &'static [(&'static str, &'static str)] {
        if self.renames { RENAMED } else { &[] }
    }
}

/// A district's files.
pub struct Files {
    folder: PathBuf,
    district: &'static str,
    /// What offices keep, school after school.
    kept: Vec<(Table, SchemaRef, Vec<RecordBatch>)>,
    of_form: Vec<OfForm>,
}

const GRADES: [&str; 12] =
    ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "七年级", "八年级", "九年级", "高一", "高二", "高三"];

/// Writes cells of a sheet.
struct Pen {
    date: Format,
    scratch: String,
}

impl Pen {
    fn new() -> Self {
        Self { date: Format::new().set_num_format("yyyy-mm-dd"), scratch: String::new() }
    }

    fn day(&mut self, sheet: &mut Worksheet, at: (u32, u16), day: Day, how: Dates) -> Result<(), XlsxError> {
        self.scratch.clear();
        dates::write(day, &mut self.scratch);
        match how {
            // A spreadsheet counts days from 30 December 1899.
            Dates::Real => sheet.write_number_with_format(at.0, at.1, f64::from(day + 25_569), &self.date)?,
            Dates::Text => sheet.write_string(at.0, at.1, &self.scratch)?,
            Dates::Number => {
                let number: f64 = self.scratch.replace('-', "").parse().unwrap_or_default();
                sheet.write_number(at.0, at.1, number)?
            }
        };
        Ok(())
    }

    fn cell(&mut self, sheet: &mut Worksheet, at: (u32, u16), cell: Cell<'_>, is_grade: bool, habits: Habits) -> Result<(), XlsxError> {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                sheet.write_string(at.0, at.1, text)?;
            }
            Cell::Day(day) => self.day(sheet, at, day, habits.dates)?,
            Cell::Whole(number) if is_grade && habits.grade_words => {
                sheet.write_string(at.0, at.1, GRADES.get(number as usize - 1).copied().unwrap_or_default())?;
            }
            Cell::Whole(number) => {
                sheet.write_number(at.0, at.1, number)?;
            }
        }
        Ok(())
    }
}

/// What schools keep beside what was asked for.
fn own_cell(column: usize, chance: &mut Chance) -> String {
    match column {
        0 => chance.word(&["汉族", "汉族", "汉族", "汉族", "回族", "满族"]).to_owned(),
        1 => chance.word(&["上海", "上海", "江苏", "浙江", "安徽"]).to_owned(),
        2 => chance.word(&["非农业户口", "农业户口"]).to_owned(),
        3 => chance.word(&["群众", "少先队员", "共青团员"]).to_owned(),
        4 => chance.word(&["健康或良好", "一般或较弱"]).to_owned(),
        5 => format!("示例路{}弄{}号{}室", 1 + chance.below(900), 1 + chance.below(90), 101 + chance.below(500)),
        6 => format!("20{:04}", chance.below(10_000)),
        7 => format!("{}家长", chance.word(&["王", "李", "张", "刘", "陈"])),
        _ => format!("000{:08}", chance.below(100_000_000)),
    }
}

/// The rows of a table, as one batch or as those of many schools one after the other.
fn write_sheet(
    book: &mut Workbook,
    name: &str,
    table: Table,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    habits: Habits,
    seed: u64,
) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet().set_name(name)?;
    let mut pen = Pen::new();
    for title in 0..habits.titles {
        sheet.write_string(title, 0, if title == 0 { format!("2025学年{}", table.title()) } else { "填报单位：教务处".to_owned() })?;
    }
    let own: &[&str] = if habits.own_columns && table == Table::Roster { &OWN } else { &[] };
    let columns = schema.fields().len() as u16;
    for (column, field) in (0..).zip(schema.fields()) {
        let other = habits.renamed().iter().find(|(header, _)| header == field.name());
        sheet.write_string(habits.titles, column, other.map_or(field.name().as_str(), |(_, other)| other))?;
    }
    for (column, header) in (columns..).zip(own) {
        sheet.write_string(habits.titles, column, *header)?;
    }
    let mut row = habits.titles + 1;
    let mut chance = Chance::new(seed, &[8]);
    for batch in batches {
        for record in 0..batch.num_rows() {
            for (column, field) in (0_u16..).zip(schema.fields()) {
                pen.cell(sheet, (row, column), cell(batch, usize::from(column), record), field.name() == "年级", habits)?;
            }
            for (place, column) in (columns..).enumerate().take(own.len()) {
                sheet.write_string(row, column, own_cell(place, &mut chance))?;
            }
            row += 1;
        }
    }
    if habits.total {
        sheet.write_string(row, 0, format!("合计：{} 行", row - habits.titles - 1))?;
    }
    Ok(())
}

impl Files {
    /// None yet.
    pub fn new(folder: PathBuf, district: &'static str) -> Self {
        Self { folder, district, kept: Vec::new(), of_form: Vec::new() }
    }

    /// Writes a school's workbook, and keeps what goes to the offices.
    pub fn write(&mut self, school: &School, sheets: &mut [Sheet]) -> Result<Vec<Place>, SampleError> {
        let habits = Habits::of(school);
        let file = format!("{}/{}.xlsx", self.district, school.code);
        let mut book = Workbook::new();
        let mut places = Vec::new();
        let mut filled = false;
        for sheet in sheets.iter_mut().filter(|sheet| sheet.rows() > 0) {
            let (table, rows, schema) = (sheet.table(), sheet.rows(), sheet.schema().clone());
            let batch = sheet.take()?;
            if keeper(table) == Keeper::School {
                write_sheet(&mut book, table.title(), table, &schema, &[batch], habits, u64::from(school.number))?;
                filled = true;
                places.push(Place {
                    table,
                    file: file.clone(),
                    sheet: table.title().to_owned(),
                    first: habits.titles + 2,
                    renamed: habits.renamed(),
                });
                if table == Table::Roster && habits.own_columns {
                    self.of_form.extend(OWN.map(|header| ("I0104", file.clone(), table.title().to_owned(), header)));
                }
                continue;
            }
            let place = match self.kept.iter().position(|(own, ..)| *own == table) {
                Some(place) => place,
                None => {
                    self.kept.push((table, schema, Vec::new()));
                    self.kept.len() - 1
                }
            };
            let Some((_, _, batches)) = self.kept.get_mut(place) else { continue };
            // An office's sheet that is full goes on in another one; a school's rows are not parted.
            let (part, first) = next_part(batches, rows as usize);
            batches.push(batch);
            let name = part_name(table, part);
            places.push(Place { table, file: office(self.district, table), sheet: name, first: first as u32 + 2, renamed: &[] });
        }
        if filled {
            book.save(self.folder.join(&file))?;
        }
        Ok(places)
    }

    /// Writes the offices' workbooks.
    pub fn finish(self) -> Result<Vec<OfForm>, SampleError> {
        for own in [Keeper::District, Keeper::ExamAuthority] {
            let mut book = Workbook::new();
            let mut file = None;
            for (table, schema, batches) in self.kept.iter().filter(|(table, ..)| keeper(*table) == own) {
                for (part, range) in parts(batches) {
                    write_sheet(&mut book, &part_name(*table, part), *table, schema, &batches[range], Habits::OFFICE, 0)?;
                }
                file = Some(office(self.district, *table));
            }
            if let Some(file) = file {
                book.save(self.folder.join(file))?;
            }
        }
        Ok(self.of_form)
    }
}

fn office(district: &str, table: Table) -> String {
    let office = if keeper(table) == Keeper::ExamAuthority { "考试院" } else { "区教育局" };
    format!("{district}/{office}.xlsx")
}

fn part_name(table: Table, part: usize) -> String {
    if part == 0 { table.title().to_owned() } else { format!("{}{}", table.title(), part + 1) }
}

/// The batches of each sheet.
fn parts(batches: &[RecordBatch]) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut parts: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    let mut rows = 0;
    for (place, batch) in batches.iter().enumerate() {
        match parts.last_mut() {
            Some((_, range)) if rows + batch.num_rows() <= MOST_ROWS => range.end = place + 1,
            _ => {
                parts.push((parts.len(), place..place + 1));
                rows = 0;
            }
        }
        rows += batch.num_rows();
    }
    parts
}

/// The sheet and the place in it of a batch that comes after others.
fn next_part(batches: &[RecordBatch], rows: usize) -> (usize, usize) {
    let parts = parts(batches);
    let Some((part, range)) = parts.last() else { return (0, 0) };
    let before: usize = batches[range.clone()].iter().map(RecordBatch::num_rows).sum();
    if before + rows <= MOST_ROWS { (*part, before) } else { (part + 1, 0) }
}
