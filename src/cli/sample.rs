//! `xueji sample --students N --out DIR`: an invented city.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use chrono::NaiveDate;
use serde_json::json;

use super::progress::Progress;
use super::{Ending, complain, say, use_threads};
use crate::ingest::table::Table;
use crate::sample::{Attendance, DISTRICTS, Encoding, Form, Made, Request, make, tables};

/// The arguments of `sample`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many students the city has.
    #[arg(long, value_name = "N", default_value_t = 1_600_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    students: u64,
    /// A new or empty folder for the files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The form of the files: a workbook a school, or a file a district and table.
    #[arg(long, value_enum, default_value_t = Form::Parquet)]
    format: Form,
    /// The seed: the same seed and number of students make the same city.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The encoding of CSV files.
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    encoding: Encoding,
    /// The tables, such as roster,course_results or 学籍名册,学年成绩; all without it.
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = table)]
    tables: Vec<Table>,
    /// The districts by name or number, such as 黄浦区,3; all without it.
    #[arg(long, value_name = "DISTRICT,...", value_delimiter = ',', value_parser = district)]
    districts: Vec<usize>,
    /// The grades, such as 1-4,6-8,10; all without it.
    #[arg(long, value_name = "GRADES", value_delimiter = ',', value_parser = grades)]
    grades: Vec<(u8, u8)>,
    /// The form of attendance: exceptions, a row a school day, or none.
    #[arg(long, value_enum, default_value_t = Attendance::Exceptions)]
    attendance: Attendance,
    /// The last day of attendance; with its term's first day the first.
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-06-30", value_parser = through)]
    attendance_through: NaiveDate,
    /// How much more often than usual something is wrong: 0 for a city in order.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = times)]
    damage: f64,
    /// How many threads to use; all cores without it. The files are the same.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// The nearest of some names, as a suggestion.
pub(super) fn suggestion<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> String {
    let near = names.map(|name| (strsim::damerau_levenshtein(name, text), name)).min();
    near.filter(|(distance, name)| *distance <= name.chars().count().div_ceil(2))
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

fn table(text: &str) -> Result<Table, String> {
    let known = || tables().flat_map(|table| [table.name(), table.title()]);
    let found = tables().find(|table| text == table.name() || text == table.title());
    found.ok_or_else(|| format!("no such table{}", suggestion(text, known())))
}

fn district(text: &str) -> Result<usize, String> {
    let numbered = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|place| *place < DISTRICTS.len());
    let named = || DISTRICTS.iter().position(|(name, ..)| *name == text || name.strip_suffix('区') == Some(text));
    let names = DISTRICTS.iter().map(|(name, ..)| *name);
    numbered
        .or_else(named)
        .ok_or_else(|| format!("no such district; they are 1 to {} or by name{}", DISTRICTS.len(), suggestion(text, names)))
}

fn grades(text: &str) -> Result<(u8, u8), String> {
    let grade = |text: &str| text.parse::<u8>().ok().filter(|grade| (1..=12).contains(grade));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = grade(first).zip(grade(last)).filter(|(first, last)| first <= last);
    range.ok_or_else(|| "grades are 1 to 12, as in 1-4,6,10-11".to_owned())
}

fn through(text: &str) -> Result<NaiveDate, String> {
    let date: NaiveDate = text.parse().map_err(|_| "a date is written 2026-06-30".to_owned())?;
    let (first, last) = (NaiveDate::from_ymd_opt(2025, 9, 1), NaiveDate::from_ymd_opt(2026, 6, 30));
    let within = first.is_none_or(|first| first <= date) && last.is_none_or(|last| date <= last);
    if within { Ok(date) } else { Err("the city's school year is 2025-09-01 to 2026-06-30".into()) }
}

fn times(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|times: &f64| (0.0..=20.0).contains(times)).ok_or_else(|| "a number from 0 to 20".to_owned())
}

/// Makes a city.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    if let Err(ending) = use_threads(arguments.jobs) {
        return ending;
    }
    let request = Request {
        students: arguments.students,
        seed: arguments.seed,
        out: arguments.out.clone(),
        form: arguments.format,
        encoding: arguments.encoding,
        tables: arguments.tables.clone(),
        districts: arguments.districts.clone(),
        grades: arguments.grades.iter().flat_map(|(first, last)| *first..=*last).collect(),
        attendance: arguments.attendance,
        through: arguments.attendance_through.to_epoch_days(),
        damage: arguments.damage,
    };
    let progress = Progress::new();
    let made = make(&request, &|done, of| progress.show("making", done, of));
    progress.finish();
    match made {
        Ok(made) => {
            say(if json { object(&made).to_string() } else { text(&made, &request) });
            Ending::Done
        }
        Err(error) => {
            complain(&error);
            Ending::Unusable
        }
    }
}

fn object(made: &Made) -> serde_json::Value {
    let rows: serde_json::Map<String, serde_json::Value> =
        made.rows.iter().map(|(table, rows)| (table.name().to_owned(), json!(rows))).collect();
    json!({ "students": made.students, "schools": made.schools, "rows": rows, "planted": made.planted })
}

fn text(made: &Made, request: &Request) -> String {
    let mut text = format!("{} 名学生，{} 所学校，写入 {}\n", made.students, made.schools, request.out.display());
    for (table, rows) in made.rows.iter().filter(|(_, rows)| **rows > 0) {
        text.push_str(&format!("  {:>12} 行  {}\n", rows, table.title()));
    }
    text.push_str(&format!("有意安排的问题 {} 处，见 truth.parquet", made.planted));
    text
}
