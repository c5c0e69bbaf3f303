//! Making a city: what is asked for, its districts side by side, and the files of odd form that offices send beside their tables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use law::facts::calendar::{Calendar, YearCalendar};
use rayon::prelude::*;
use thiserror::Error;

use super::city::{City, DISTRICTS};
use super::dates::Day;
use super::pupil::stranger;
use super::school::{Rows, Wanted, school_days, write};
use super::sheet::Sheet;
use super::truth::{self, Truth};
use super::write::{Files, Place};
use crate::ingest::table::Table;

/// The school year's calendar, as the product ships it.
const CALENDAR: &str = include_str!("../../pipelines/calendars/2025-2026.toml");

/// The form of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A workbook a school, one for the district's office and one for the exam authority.
    #[default]
    Xlsx,
    /// A text file a district and table.
    Csv,
    /// A Parquet file a district and table.
    Parquet,
}

/// The encoding of text files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[value(name = "utf-8")]
    Utf8,
    /// GB18030.
    Gb18030,
}

/// The form of attendance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Attendance {
    /// None.
    None,
    /// A row where something is other than 出勤.
    #[default]
    Exceptions,
    /// A row a student and school day.
    Daily,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many students the city has.
    pub students: u64,
    /// The seed: the same seed and number make the same city.
    pub seed: u64,
    /// Where the files go.
    pub out: PathBuf,
    /// Their form.
    pub form: Form,
    /// The encoding of CSV.
    pub encoding: Encoding,
    /// The tables; all without any.
    pub tables: Vec<Table>,
    /// The districts, by place in the list of districts; all without any.
    pub districts: Vec<usize>,
    /// The grades from 1; all without any.
    pub grades: Vec<u8>,
    /// The form of attendance.
    pub attendance: Attendance,
    /// The last day of attendance, as a number since 1970.
    pub through: Day,
    /// How much more often than usual something is wrong; 0 for a city in order.
    pub damage: f64,
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Students in the rosters.
    pub students: u64,
    /// Schools with students.
    pub schools: u64,
    /// Rows of each table.
    pub rows: BTreeMap<Table, u64>,
    /// Findings that the damage has to raise.
    pub planted: u64,
}

/// A city that could not be made.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The disk refuses.
    #[error("can't write the files: {0}")]
    Write(#[from] std::io::Error),
    /// A Parquet file can't be written.
    #[error("can't write Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns that do not fit.
    #[error("can't write a table: {0}")]
    Columns(#[from] arrow::error::ArrowError),
    /// A CSV file can't be written.
    #[error("can't write CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A workbook can't be written.
    #[error("can't write a workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The built-in calendar can't be read.
    #[error("the built-in calendar can't be used: {0}")]
    Calendar(String),
    /// The folder has something in it.
    #[error("{0} is not empty: name a new folder, so that no file of another city stays among those of this one")]
    NotEmpty(PathBuf),
}

/// The tables that a city has: all of the contract but answers to findings, which only a run can bring forth.
pub fn tables() -> impl Iterator<Item = Table> {
    Table::ALL.iter().copied().filter(|table| !matches!(table, Table::Reviews | Table::ExamNumbers))
}

fn calendar() -> Result<Calendar, SampleError> {
    let year: YearCalendar = toml::from_str(CALENDAR).map_err(|error| SampleError::Calendar(error.to_string()))?;
    Calendar::new([year]).map_err(|error| SampleError::Calendar(error.to_string()))
}

/// Makes a city. `watch` is told how many students of how many are done.
///
/// # Errors
/// The folder is not empty, or the disk refuses.
pub fn make(request: &Request, watch: &(dyn Fn(u64, u64) + Sync)) -> Result<Made, SampleError> {
    std::fs::create_dir_all(&request.out)?;
    if std::fs::read_dir(&request.out)?.next().is_some() {
        return Err(SampleError::NotEmpty(request.out.clone()));
    }
    let city = City::plan(request.students, request.seed);
    let days = match request.attendance {
        Attendance::None => Vec::new(),
        Attendance::Exceptions | Attendance::Daily => school_days(&calendar()?, request.through),
    };
    let mut grades = [request.grades.is_empty(); 12];
    for grade in &request.grades {
        if let Some(wanted) = grades.get_mut(usize::from(*grade).wrapping_sub(1)) {
            *wanted = true;
        }
    }
    let wanted = Wanted { city: &city, grades, damage: request.damage, attendance: request.attendance, days: &days };
    let is_wanted = |table: &Table| {
        let of_attendance = matches!(table, Table::Attendance | Table::AttendanceReports | Table::Urgings);
        (request.tables.is_empty() || request.tables.contains(table)) && !(of_attendance && request.attendance == Attendance::None)
    };
    let tables: Vec<Table> = tables().filter(is_wanted).collect();
    let size =
        |district: &usize| city.of_district(*district).flat_map(|school| school.cohorts).map(|cohort| u64::from(cohort.students)).sum();
    let mut districts: Vec<usize> = (0..DISTRICTS.len()).collect();
    districts.retain(|district| request.districts.is_empty() || request.districts.contains(district));
    // The large ones first, so that no thread ends with one alone.
    districts.sort_by_key(|district| std::cmp::Reverse::<u64>(size(district)));
    let (all, done) = (districts.iter().map(size).sum::<u64>(), AtomicU64::new(0));
    let advance = |students: u64| watch(done.fetch_add(students, Ordering::Relaxed) + students, all);
    let parts = districts.par_iter().with_max_len(1).map(|district| make_district(request, &wanted, &tables, *district, &advance));
    let parts = parts.collect::<Result<Vec<_>, SampleError>>()?;
    let (mut made, mut truth) = (Made::default(), Vec::new());
    for (part, planted) in parts {
        made.students += part.students;
        made.schools += part.schools;
        for (table, rows) in part.rows {
            *made.rows.entry(table).or_default() += rows;
        }
        truth.extend(planted);
    }
    truth.sort();
    made.planted = truth.len() as u64;
    truth::write(&request.out.join("truth.parquet"), &truth)?;
    Ok(made)
}

fn make_district(
    request: &Request,
    wanted: &Wanted<'_>,
    tables: &[Table],
    district: usize,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<(Made, Vec<Truth>), SampleError> {
    let (name, ..) = DISTRICTS[district];
    let (mut made, mut truth) = (Made::default(), Vec::new());
    if wanted.city.of_district(district).next().is_none() {
        return Ok((made, truth));
    }
    let mut files = Files::create(&request.out, name, request.form, request.encoding)?;
    let mut rows = Rows::new(tables.iter().map(|table| Sheet::new(*table)).collect());
    for school in wanted.city.of_district(district) {
        write(wanted, school, &mut rows);
        for sheet in rows.sheets() {
            *made.rows.entry(sheet.table()).or_default() += u64::from(sheet.rows());
        }
        let places = files.write(school, rows.sheets())?;
        let found = |planted: super::truth::Planted| {
            let place = places.iter().find(|place| place.table == planted.table)?;
            Some(of_row(name, &school.code, planted, place))
        };
        truth.extend(rows.planted.drain(..).filter_map(found));
        let students = school.cohorts.iter().map(|cohort| u64::from(cohort.students)).sum();
        made.students += students;
        made.schools += u64::from(students > 0);
        advance(students);
    }
    let of_file = |code, file: String, sheet: String, column: &str, planted: &str| Truth {
        district: name.into(),
        school: String::new(),
        file,
        sheet,
        row: 0,
        column: column.into(),
        code,
        table: "",
        student: String::new(),
        planted: planted.into(),
    };
    truth.extend(files.finish()?.into_iter().map(|(code, file, sheet, column)| of_file(code, file, sheet, column, column)));
    if wanted.damage > 0.0 {
        for (code, file, column, planted) in odd_files(request, wanted.city, district)? {
            truth.push(of_file(code, file, String::new(), column, planted));
        }
    }
    Ok((made, truth))
}

fn of_row(district: &str, school: &str, planted: truth::Planted, place: &Place) -> Truth {
    let column =
        place.renamed.iter().find(|(header, _)| *header == planted.column).map_or(planted.column, |(_, other)| (*other).to_owned());
    Truth {
        district: district.into(),
        school: school.into(),
        file: place.file.clone(),
        sheet: place.sheet.clone(),
        row: (place.first + planted.row) as i32,
        column,
        code: planted.code,
        table: place.table.name(),
        student: planted.student,
        planted: planted.planted,
    }
}

/// Files that can't be used as they are: what each has to raise, the file, the column, what is wrong.
fn odd_files(request: &Request, city: &City, place: usize) -> Result<Vec<(&'static str, String, &'static str, &'static str)>, SampleError> {
    let (out, (district, ..)) = (&request.out, DISTRICTS[place]);
    let folder = format!("{district}/其他");
    std::fs::create_dir_all(out.join(&folder))?;
    let write = |name: &str, bytes: &[u8]| -> Result<String, SampleError> {
        let file = format!("{folder}/{name}");
        std::fs::write(out.join(&file), bytes)?;
        Ok(file)
    };
    let contacts = format!("通讯录\n{district},校长,电话\n示例,王校长,00000000\n");
    // The beginning of a zip that breaks off; no two files are the same but those that are meant to be.
    let broken = [b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", district.as_bytes()].concat();
    let lacking = format!("全国学籍号,学年,犯罪记录\n{},2025-2026,否\n", stranger(city, place as u32, 7).id);
    Ok(vec![
        ("I0101", write("损坏的名册.xlsx", &broken)?, "", "文件不完整"),
        ("I0102", write("通讯录.csv", contacts.as_bytes())?, "", "没有规定的表头"),
        ("I0103", write("缺列的综评.csv", lacking.as_bytes())?, "思想品德与行为规范", "缺少一列"),
        ("I0106", write("通讯录（再次）.csv", contacts.as_bytes())?, "", "与另一文件相同"),
    ])
}
