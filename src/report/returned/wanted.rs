//! Which rows go back, and what is said of each? Taken from the cohort while it is there: positions and words, no cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use law::facts::student::Row;
use law::regulation::findings::Severity;

use super::row::{Problem, RowProblems};
use crate::engine::cohort::Cohort;
use crate::engine::finding::Finding;
use crate::ingest::attendance;
use crate::ingest::table::Table;
use crate::ingest::{FileInfo, Origin, RejectedFile, RejectedTable, Sheet};
use crate::report::manifest::LeftOut;
use crate::report::mask;

/// The most rows of a file that go back. Where more are rejected, they have one cause, and it is mended at the source.
const MOST_ROWS: usize = 20_000;

/// What goes back.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub(super) files: Vec<WantedFile>,
    /// Files of which rows were rejected that do not go back one by one.
    pub(super) left_out: Vec<LeftOut>,
}

/// A file with rows that go back.
#[derive(Clone, Debug)]
pub(super) struct WantedFile {
    /// The path below the input folder.
    pub path: String,
    pub rejected: RejectedFile,
    /// What is known of its tables, in their order.
    pub tables: Vec<WantedTable>,
}

/// What is known of a table with rows that go back.
#[derive(Clone, Debug)]
pub(super) struct WantedTable {
    pub origin: Origin,
    pub headers: Vec<Option<Arc<str>>>,
    pub rows: Rows,
}

/// Rows that go back, by their numbers.
type Rows = BTreeMap<u32, RowProblems>;

impl Wanted {
    /// The rows that were set aside, by reading and since, and what findings say of them.
    pub fn of(cohort: &Cohort<'_>, findings: &[Finding]) -> Self {
        let inputs = cohort.inputs;
        let mut by_file: BTreeMap<usize, Vec<(usize, Rows)>> = BTreeMap::new();
        for (sheet, rows) in rejected(cohort) {
            by_file.entry(inputs.sheets[sheet].file).or_default().push((sheet, rows));
        }
        let mut left_out = Vec::new();
        let mut sheets: BTreeMap<usize, WantedTable> = BTreeMap::new();
        for (file, own) in by_file {
            if own.iter().map(|(_, rows)| rows.len()).sum::<usize>() > MOST_ROWS {
                let why = format!("没有采用的行多于 {MOST_ROWS} 行，请在原文件中一并更正");
                left_out.push(LeftOut { file: mask::within(&inputs.files[file].path).into_owned(), why });
                continue;
            }
            sheets.extend(own.into_iter().map(|(place, rows)| {
                let sheet = &inputs.sheets[place];
                (place, WantedTable { origin: inputs.origin(sheet), headers: sheet.headers.clone(), rows })
            }));
        }
        findings.iter().for_each(|finding| enter(finding, &mut sheets));
        let mut files: BTreeMap<usize, WantedFile> = BTreeMap::new();
        for (place, table) in sheets {
            let own = files.entry(inputs.sheets[place].file).or_insert_with_key(|file| {
                let FileInfo { path, full, within, sha256, .. } = inputs.files[*file].clone();
                WantedFile { path, rejected: RejectedFile { full, within, sha256, tables: Vec::new() }, tables: Vec::new() }
            });
            own.rejected.tables.push(rejected_table(&inputs.sheets, place, &table));
            own.tables.push(table);
        }
        Self { files: files.into_values().collect(), left_out }
    }
}

/// The rows that were rejected, by sheet and row number.
fn rejected(cohort: &Cohort<'_>) -> BTreeMap<usize, Rows> {
    let mut rows: BTreeMap<usize, Rows> = BTreeMap::new();
    for (place, sheet) in cohort.inputs.sheets.iter().enumerate() {
        if cohort.inputs.files[sheet.file].duplicate {
            continue;
        }
        let own = sheet.set_aside.iter().filter(|record| sheet.replaced.binary_search(record).is_err());
        for record in own {
            rows.entry(place).or_default().entry(sheet.rows.get(*record as usize)).or_default();
        }
    }
    for (row, code) in &cohort.aside {
        let (sheet, _) = cohort.cell(*row);
        let field = sheet.table.field("全国学籍号").filter(|_| *code == "R0305");
        set_aside(cohort, &mut rows, *row, code, field);
    }
    if let Some(watch) = &cohort.watch {
        let strangers = watch.ledger.strangers.values().map(|stray| (stray, Table::Attendance.field("全国学籍号")));
        let idle = watch.ledger.idle.values().map(|stray| (stray, Some(attendance::count::field::DATE)));
        for (stray, field) in strangers.chain(idle) {
            stray.rows.iter().for_each(|row| set_aside(cohort, &mut rows, *row, "R0602", field));
        }
    }
    // A row came back with a number: the next one goes on from it.
    for (place, own) in &mut rows {
        let sheet = &cohort.inputs.sheets[*place];
        for (record, number) in &sheet.numbers {
            if let Some(row) = own.get_mut(&sheet.rows.get(*record as usize)) {
                row.earlier.clone_from(number);
            }
        }
    }
    rows
}

/// Enters a row that was set aside after reading: why, and which column that is about.
fn set_aside(cohort: &Cohort<'_>, rows: &mut BTreeMap<usize, Rows>, row: Row, code: &'static str, field: Option<usize>) {
    let (sheet, record) = cohort.index.locate(row);
    let own = rows.entry(sheet).or_default().entry(cohort.inputs.sheets[sheet].rows.get(record)).or_default();
    own.aside = Some((code, field));
}

fn rejected_table(sheets: &[Sheet], place: usize, wanted: &WantedTable) -> RejectedTable {
    let sheet = &sheets[place];
    let before = place.checked_sub(1).and_then(|before| sheets.get(before));
    let before = before.filter(|before| before.file == sheet.file && before.name == sheet.name);
    let above = before.map_or(0, |before| (before.rows.get(before.rows.len().saturating_sub(1))).max(before.header_row));
    RejectedTable {
        sheet: sheet.name.clone(),
        table: sheet.table,
        places: sheet.places.clone(),
        above,
        header_row: sheet.header_row,
        rows: wanted.rows.keys().copied().collect(),
    }
}

/// Enters what a finding says at the rows that it names.
fn enter(finding: &Finding, sheets: &mut BTreeMap<usize, WantedTable>) {
    let Some(table) = finding.place.sheet.and_then(|sheet| sheets.get_mut(&sheet)) else { return };
    if finding.severity == Severity::Info {
        return;
    }
    let place = &finding.place;
    let field = table.headers.iter().position(|header| header.as_deref().is_some_and(|header| *header == *place.header));
    // Who else it may be is nothing that whoever sent the row needs to be told.
    let is_of_candidates = matches!(finding.code, "R0301" | "R0303");
    let expected = finding.expected.split('；').next().filter(|_| is_of_candidates).unwrap_or(&finding.expected);
    let problem = Problem {
        severity: finding.severity,
        code: finding.code,
        field,
        header: place.header.clone(),
        found: finding.found.clone(),
        expected: expected.to_owned(),
    };
    // A column that is missing is missing for every row.
    if finding.code == "I0103" {
        table.rows.values_mut().for_each(|row| row.problems.push(problem.clone()));
        return;
    }
    for number in place.row.iter().chain(&finding.rows_sample) {
        if let Some(row) = table.rows.get_mut(number).filter(|row| !row.problems.contains(&problem)) {
            row.problems.push(problem.clone());
        }
    }
}
