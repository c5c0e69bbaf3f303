//! What the integration tests share: a scratch folder, a run in this process, and the published tables read back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::NaiveDate;
use law::facts::calendar::Calendar;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::{PublishedRun, RunError, run};

/// The root of the package.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pipeline file of term end.
pub fn term_end() -> PathBuf {
    package().join("pipelines/term-end.toml")
}

/// Has LibreOffice save files in another form into a folder; `false` where it is not installed, which the test then says. `XUEJI_NEED_OFFICE`
/// makes that a failure.
pub fn save_again(files: &[PathBuf], folder: &Path, form: &str) -> bool {
    let profile = scratch();
    let mut office = Command::new("soffice");
    office.arg("--headless").arg(format!("-env:UserInstallation=file://{}", profile.path().display()));
    office.args(["--convert-to", form, "--outdir"]).arg(folder).args(files);
    let Ok(output) = office.output() else {
        assert!(std::env::var_os("XUEJI_NEED_OFFICE").is_none(), "no soffice, and XUEJI_NEED_OFFICE asks for one");
        eprintln!("not run: there is no soffice");
        return false;
    };
    assert!(output.status.success(), "{output:?}");
    true
}

/// A scratch folder that goes when the test ends.
pub fn scratch() -> TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

/// Writes input files, given by their paths below the folder and their content.
pub fn write_files<C: AsRef<[u8]>>(folder: &Path, files: &[(&str, C)]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }
}

/// A run of term end over an input folder, published below `out`, without pages and workbooks.
pub fn try_run(input: &Path, out: &Path) -> Result<PublishedRun, RunError> {
    let overrides = Overrides { inputs: vec![input.into()], tables_only: true, ..Overrides::default() };
    let config = Config::load(&term_end(), &overrides).expect("a usable pipeline");
    run(&config, out, &|_, _, _| {})
}

/// A run of a pipeline with all that people read.
pub fn whole_run(pipeline: &str, inputs: &[PathBuf], as_of: &str, out: &Path) -> PublishedRun {
    let overrides = Overrides { inputs: inputs.to_vec(), as_of: as_of.parse().ok(), ..Overrides::default() };
    let config = Config::load(&package().join(pipeline), &overrides).expect("a usable pipeline");
    run(&config, out, &|_, _, _| {}).expect("a run")
}

/// The same of the sample district.
pub fn sample_run(pipeline: &str, as_of: &str, out: &Path) -> PublishedRun {
    whole_run(pipeline, &[package().join("sample-data")], as_of, out)
}

/// Copies all files below a folder into another.
pub fn copy_files(from: &Path, to: &Path) {
    for file in files_below(from, from) {
        let place = to.join(&file);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from.join(file), place).expect("a copy");
    }
}

/// A run of the watch over an input folder as of a date, published below `out`.
pub fn watch_on(input: &Path, out: &Path, as_of: NaiveDate, attendance: Attendance) -> Result<PublishedRun, RunError> {
    run_on("pipelines/status-watch.toml", input, out, as_of, attendance)
}

/// The same of the audit.
pub fn audit_on(input: &Path, out: &Path, as_of: NaiveDate, attendance: Attendance) -> Result<PublishedRun, RunError> {
    run_on("pipelines/district-audit.toml", input, out, as_of, attendance)
}

fn run_on(pipeline: &str, input: &Path, out: &Path, as_of: NaiveDate, attendance: Attendance) -> Result<PublishedRun, RunError> {
    let overrides = Overrides {
        inputs: vec![input.into()],
        as_of: Some(as_of),
        attendance: Some(attendance),
        tables_only: true,
        ..Overrides::default()
    };
    let config = Config::load(&package().join(pipeline), &overrides).expect("a usable pipeline");
    run(&config, out, &|_, _, _| {})
}

/// The calendars that the watch goes by.
pub fn watch_calendar() -> Calendar {
    let overrides = Overrides { inputs: vec![package().into()], as_of: NaiveDate::from_ymd_opt(2025, 10, 9), ..Overrides::default() };
    let config = Config::load(&package().join("pipelines/status-watch.toml"), &overrides).expect("a usable pipeline");
    config.law.calendar
}

/// A published table as text: each row by column. Null is absent, a list's elements are joined by `;`.
pub type Rows = Vec<BTreeMap<String, String>>;

/// Reads a published Parquet file.
pub fn rows(file: &Path) -> Rows {
    let file = File::open(file).expect("a published file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build()).expect("a Parquet file");
    let mut rows = Rows::new();
    for batch in reader {
        let batch = batch.expect("a batch");
        let first = rows.len();
        rows.resize_with(first + batch.num_rows(), BTreeMap::new);
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            for place in (0..column.len()).filter(|place| column.is_valid(*place)) {
                rows[first + place].insert(field.name().clone(), text(column, place));
            }
        }
    }
    rows
}

fn text(column: &dyn Array, place: usize) -> String {
    let options = FormatOptions::default();
    let shown = |array: &dyn Array, place| ArrayFormatter::try_new(array, &options).expect("a formatter").value(place).to_string();
    if let DataType::List(_) = column.data_type() {
        let elements = column.as_list::<i32>().value(place);
        let elements: Vec<String> = (0..elements.len()).map(|element| shown(&elements, element)).collect();
        return elements.join(";");
    }
    shown(column, place)
}

/// The files below a folder, as paths from the root.
pub fn files_below(folder: &Path, root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => files_below(&path, root),
        false => vec![path.strip_prefix(root).expect("below the root").to_owned()],
    });
    files.collect()
}
