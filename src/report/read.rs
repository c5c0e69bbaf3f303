//! A published run read back: one student's decision and findings, from the run folder alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type};
use chrono::NaiveDate;
use law::facts::grades::Grade;
use law::regulation::rule::Outcome;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use thiserror::Error;

use super::manifest::Manifest;
use super::words::outcome_title;
use crate::engine::watch::SENT_NOTHING;

/// A run that can't be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no run.
    #[error("no run in {}: name the folder of a run or of a pipeline, or run a pipeline first", .0.display())]
    NoRun(PathBuf),
    /// A file of the run can't be read.
    #[error("can't read {}: {message}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
}

/// Who a student is, and where in the decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Hit {
    pub place: usize,
    pub student_key: String,
    pub name: String,
    pub school_name: String,
    pub grade: Option<i8>,
    pub class: String,
}

impl Hit {
    /// The grade in words, where it is known.
    pub fn grade_title(&self) -> Option<&'static str> {
        grade_title(self.grade)
    }
}

/// A grade in words, where it is one.
pub fn grade_title(grade: Option<i8>) -> Option<&'static str> {
    grade.and_then(|grade| u8::try_from(grade).ok()).and_then(Grade::new).map(Grade::title)
}

/// A step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Step {
    pub clause: String,
    pub code: String,
    pub holds: Option<bool>,
    pub value: Option<String>,
    pub threshold: Option<String>,
    pub text: String,
}

/// Rows of one sheet that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Rows {
    pub table: String,
    pub file: String,
    pub sheet: String,
    pub row: i32,
    pub row_last: i32,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Decision {
    pub student_key: String,
    pub name: String,
    pub district: String,
    pub school_code: String,
    pub school_name: String,
    pub stage: Option<String>,
    pub grade: Option<i8>,
    pub class: String,
    pub procedure: String,
    pub outcome: String,
    pub next_grade: Option<i8>,
    pub certificate: Option<String>,
    pub clauses: Vec<String>,
    pub failing_subjects: Vec<String>,
    pub missing: Vec<String>,
    pub steps: Vec<Step>,
    pub evidence: Vec<Rows>,
    pub judged_on: Option<NaiveDate>,
    pub days_to_threshold: Option<i16>,
}

/// A finding about a student.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Finding {
    pub finding_id: String,
    pub code: String,
    pub severity: String,
    pub message: String,
    pub file: String,
    pub sheet: String,
    pub row: Option<i32>,
    pub found: String,
    pub expected: String,
    pub effect: Option<EffectRead>,
}

/// What settling a finding would change, as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EffectRead {
    pub student_key: String,
    pub name: String,
    pub outcome_now: String,
    pub outcome_then: String,
}

impl EffectRead {
    /// The change in words, such as `结业→毕业`.
    pub fn change(&self) -> String {
        match (outcome_title(&self.outcome_now), outcome_title(&self.outcome_then)) {
            (now, then) if now == then => format!("{now}不变，下一年级或证书不同"),
            (now, then) => format!("{now}→{then}"),
        }
    }
}

/// A student of some outcome, with why and what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Listed {
    pub hit: Hit,
    pub district: String,
    pub school_code: String,
    pub outcome: String,
    pub missing: Vec<String>,
    pub clauses: Vec<String>,
    pub steps: Vec<Step>,
    pub judged_on: Option<NaiveDate>,
    pub days_to_threshold: Option<i16>,
}

/// A finding with whom and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FindingRow {
    pub finding: Finding,
    pub clause: String,
    pub school_code: String,
    /// The other school, where two have to settle it together.
    pub other_school_code: String,
    pub name: String,
    pub student_key: String,
    pub column: String,
    pub cell: String,
    pub count: i64,
}

/// Between the codes of other schools, where there are several.
const BETWEEN_CODES: char = '、';

/// The codes of other schools.
pub fn codes_of(others: &str) -> impl Iterator<Item = &str> {
    others.split(BETWEEN_CODES).filter(|code| !code.is_empty())
}

impl FindingRow {
    /// Where it stands: file, sheet, cell or row, and column.
    pub fn place(&self) -> String {
        let mut words = vec![self.finding.file.clone(), self.finding.sheet.clone()];
        words.push(match (self.cell.as_str(), self.finding.row) {
            ("", Some(row)) => format!("第 {row} 行"),
            (cell, _) => cell.to_owned(),
        });
        words.push(self.column.clone());
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }
}

/// A published run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// Its receipt.
    pub manifest: Manifest,
}

impl Run {
    /// The run of a folder: the folder itself, the newest of a pipeline's folder, or the newest of all pipelines below.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        // What nobody lets us read is another matter than what is not there.
        let refused = |path: &Path, error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied && path.exists();
        let newest = |pipeline: &Path| match std::fs::read_to_string(pipeline.join("latest")) {
            Ok(name) => Ok(Some(pipeline.join(name.trim())).filter(|run| run.join("manifest.json").is_file())),
            Err(error) if refused(pipeline, &error) => Err(ReadError::File { path: pipeline.into(), message: error.to_string() }),
            Err(_) => Ok(None),
        };
        if folder.join("manifest.json").is_file() {
            return Self::load(folder);
        }
        if let Some(run) = newest(folder)? {
            return Self::load(&run);
        }
        let mut refused = None;
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match newest(&entry.path()) {
                Ok(run) => runs.extend(run.map(|run| Self::load(&run)).transpose()?),
                Err(error) => refused = Some(error).filter(|_| !entry.file_name().to_string_lossy().starts_with('.')).or(refused),
            }
        }
        let newest = runs.into_iter().max_by(|one: &Run, other| one.manifest.finished_at.cmp(&other.manifest.finished_at));
        newest.ok_or_else(|| refused.unwrap_or_else(|| ReadError::NoRun(folder.into())))
    }

    fn load(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join("manifest.json");
        let fault = |message: String| ReadError::File { path: path.clone(), message };
        let text = std::fs::read_to_string(&path).map_err(|error| fault(error.to_string()))?;
        let manifest = serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
        Ok(Self { folder: folder.into(), manifest })
    }

    /// The students that `is_asked` picks by key and name, at most `most`.
    ///
    /// # Errors
    /// The decisions can't be read.
    pub fn students(&self, most: usize, is_asked: impl Fn(&str, &str) -> bool) -> Result<Vec<Hit>, ReadError> {
        let path = self.folder.join("decisions.parquet");
        let mut hits = Vec::new();
        let mut first = 0;
        read(&path, &["student_key", "name", "school_name", "grade", "class"], None, |batch| {
            let (keys, names) = (texts(batch, "student_key")?, texts(batch, "name")?);
            for place in 0..batch.num_rows() {
                let (key, name) = (text(&keys, place), text(&names, place));
                if hits.len() < most && is_asked(&key, &name) {
                    hits.push(Hit {
                        place: first + place,
                        name,
                        student_key: key,
                        school_name: text(&texts(batch, "school_name")?, place),
                        grade: byte(batch, "grade", place),
                        class: text(&texts(batch, "class")?, place),
                    });
                }
            }
            first += batch.num_rows();
            Ok(())
        })?;
        Ok(hits)
    }

    /// The decision at a place.
    ///
    /// # Errors
    /// The decisions can't be read.
    pub fn decision(&self, place: usize) -> Result<Option<Decision>, ReadError> {
        let path = self.folder.join("decisions.parquet");
        let mut decision = None;
        read(&path, &[], Some(&[place]), |batch| {
            if batch.num_rows() > 0 && decision.is_none() {
                decision = Some(first_decision(batch)?);
            }
            Ok(())
        })?;
        Ok(decision)
    }

    /// The findings about a student, and those that could change the student's decision.
    ///
    /// # Errors
    /// The findings can't be read.
    pub fn findings(&self, student_key: &str) -> Result<Vec<Finding>, ReadError> {
        let mut findings = Vec::new();
        self.each_finding(|batch| {
            let (about, affected) = (texts(batch, "student_key")?, texts(batch, "affects")?);
            let pairs = about.as_string::<i32>().iter().zip(affected.as_string::<i32>());
            let own: BooleanArray = pairs.map(|(about, affected)| Some([about, affected].contains(&Some(student_key)))).collect();
            if own.true_count() > 0 {
                let batch = filter_record_batch(batch, &own)?;
                findings.extend(finding_rows(&batch, batch.num_rows())?.into_iter().map(|row| row.finding));
            }
            Ok(())
        })?;
        Ok(findings)
    }

    /// Whether a finding says of a school that it handed in no attendance for the term.
    ///
    /// # Errors
    /// The findings can't be read.
    pub fn sent_no_attendance(&self, school_code: &str) -> Result<bool, ReadError> {
        let mut sent_nothing = false;
        self.each_finding(|batch| {
            let (codes, schools, found) = (texts(batch, "code")?, texts(batch, "school_code")?, texts(batch, "found")?);
            let says = |place: usize| text(&codes, place) == "F1103" && text(&schools, place) == school_code;
            sent_nothing |= (0..batch.num_rows()).any(|place| says(place) && text(&found, place).starts_with(SENT_NOTHING));
            Ok(())
        })?;
        Ok(sent_nothing)
    }

    /// The findings that `is_asked` picks by id and other school, in their order, at most `most`, and how many more there are.
    ///
    /// # Errors
    /// The findings can't be read.
    pub fn some_findings(&self, most: usize, is_asked: impl Fn(&str, &str) -> bool) -> Result<(Vec<FindingRow>, usize), ReadError> {
        let (mut findings, mut more) = (Vec::new(), 0);
        self.each_finding(|batch| {
            let (ids, others) = (texts(batch, "finding_id")?, texts_if_any(batch, "other_school_code")?);
            let asked = (0..batch.num_rows()).map(|place| Some(is_asked(&text(&ids, place), &text(&others, place))));
            let batch = filter_record_batch(batch, &asked.collect::<BooleanArray>())?;
            let room = batch.num_rows().min(most - findings.len());
            findings.extend(finding_rows(&batch, room)?);
            more += batch.num_rows() - room;
            Ok(())
        })?;
        Ok((findings, more))
    }

    /// District and code of each school that has students.
    ///
    /// # Errors
    /// The decisions can't be read.
    pub fn schools(&self) -> Result<BTreeSet<(String, String)>, ReadError> {
        let mut schools = BTreeSet::new();
        read(&self.folder.join("decisions.parquet"), &["district", "school_code"], None, |batch| {
            let (districts, codes) = (texts(batch, "district")?, texts(batch, "school_code")?);
            let mut before: Option<(&str, &str)> = None;
            for (district, code) in strings_of(&districts).iter().zip(strings_of(&codes)) {
                let own = (district.unwrap_or_default(), code.unwrap_or_default());
                if before != Some(own) {
                    schools.insert((own.0.to_owned(), own.1.to_owned()));
                }
                before = Some(own);
            }
            Ok(())
        })?;
        Ok(schools)
    }

    /// District and code of the schools of which each input file holds findings; empty texts where nobody can tell.
    ///
    /// # Errors
    /// The findings can't be read.
    pub fn schools_by_file(&self) -> Result<BTreeMap<String, BTreeSet<(String, String)>>, ReadError> {
        let mut schools: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        read(&self.folder.join("findings.parquet"), &["file", "district", "school_code"], None, |batch| {
            let [files, districts, codes] = ["file", "district", "school_code"].map(|name| texts(batch, name));
            let (files, districts, codes) = (files?, districts?, codes?);
            for place in (0..batch.num_rows()).filter(|place| strings_of(&files).is_valid(*place)) {
                schools.entry(text(&files, place)).or_default().insert((text(&districts, place), text(&codes, place)));
            }
            Ok(())
        })?;
        Ok(schools)
    }

    /// The findings that name no school, in their order, at most `most`, and how many more there are.
    ///
    /// # Errors
    /// The findings can't be read.
    pub fn findings_of_no_school(&self, most: usize) -> Result<(Vec<FindingRow>, usize), ReadError> {
        let (mut findings, mut more) = (Vec::new(), 0);
        self.each_finding(|batch| {
            let schools = texts(batch, "school_code")?;
            let asked: BooleanArray = strings_of(&schools).iter().map(|school| Some(school.is_none())).collect();
            let batch = filter_record_batch(batch, &asked)?;
            let room = batch.num_rows().min(most - findings.len());
            findings.extend(finding_rows(&batch, room)?);
            more += batch.num_rows() - room;
            Ok(())
        })?;
        Ok((findings, more))
    }

    /// Hands on the findings, with the columns that reports show.
    ///
    /// # Errors
    /// The findings can't be read.
    pub(super) fn each_finding(&self, take: impl FnMut(&RecordBatch) -> Result<(), Fault>) -> Result<(), ReadError> {
        let columns = [
            "finding_id",
            "code",
            "severity",
            "clause",
            "student_key",
            "name",
            "district",
            "school_code",
            "other_school_code",
            "message",
            "file",
            "sheet",
            "row",
            "column",
            "cell",
            "found",
            "expected",
            "count",
            "affects",
            "affects_name",
            "outcome_now",
            "outcome_then",
            "evidence_hash",
        ];
        read(&self.folder.join("findings.parquet"), &columns, None, take)
    }

    /// The students of some outcomes in their order, at most `most`, and how many more there are.
    ///
    /// # Errors
    /// The decisions can't be read.
    pub fn of_outcomes(&self, outcomes: &[Outcome], most: usize) -> Result<(Vec<Listed>, usize), ReadError> {
        let asked: Vec<&str> = outcomes.iter().map(|outcome| outcome.code()).collect();
        let columns = [
            "student_key",
            "name",
            "district",
            "school_code",
            "school_name",
            "grade",
            "class",
            "clauses.list.element",
            "outcome",
            "missing.list.element",
            "reasons.list.element.clause",
            "reasons.list.element.code",
            "reasons.list.element.holds",
            "reasons.list.element.value",
            "reasons.list.element.threshold",
            "reasons.list.element.text",
            "judged_on",
            "days_to_threshold",
        ];
        let path = self.folder.join("decisions.parquet");
        // They are few: where they are comes first, so that no text of the others is read.
        let (mut places, mut first) = (Vec::new(), 0);
        read(&path, &["outcome"], None, |batch| {
            let outcomes = texts(batch, "outcome")?;
            let is_asked = |place: &usize| asked.contains(&text(&outcomes, *place).as_str());
            places.extend((0..batch.num_rows()).filter(is_asked).map(|place| first + place));
            first += batch.num_rows();
            Ok(())
        })?;
        let more = places.len().saturating_sub(most);
        places.truncate(most);
        let mut students: Vec<Listed> = Vec::with_capacity(places.len());
        read(&path, &columns, Some(&places), |batch| {
            let column = |name: &str| texts(batch, name);
            let (keys, names, classes) = (column("student_key")?, column("name")?, column("class")?);
            let outcomes = column("outcome")?;
            let (districts, codes, schools) = (column("district")?, column("school_code")?, column("school_name")?);
            for own in 0..batch.num_rows() {
                let hit = Hit {
                    place: places[students.len()],
                    student_key: text(&keys, own),
                    name: text(&names, own),
                    school_name: text(&schools, own),
                    grade: byte(batch, "grade", own),
                    class: text(&classes, own),
                };
                students.push(Listed {
                    hit,
                    district: text(&districts, own),
                    school_code: text(&codes, own),
                    outcome: text(&outcomes, own),
                    steps: steps(&records(&batch.slice(own, 1), "reasons")?)?,
                    judged_on: day(batch, "judged_on", own),
                    days_to_threshold: short(batch, "days_to_threshold", own),
                    missing: words(batch, "missing", own)?,
                    clauses: words(batch, "clauses", own)?,
                });
            }
            Ok(())
        })?;
        Ok((students, more))
    }
}

pub(super) fn finding_rows(batch: &RecordBatch, most: usize) -> Result<Vec<FindingRow>, Fault> {
    let column = |name: &str| texts(batch, name);
    let (codes, severities, clauses, messages) = (column("code")?, column("severity")?, column("clause")?, column("message")?);
    let (ids, others) = (column("finding_id")?, texts_if_any(batch, "other_school_code")?);
    let (schools, names, keys) = (column("school_code")?, column("name")?, column("student_key")?);
    let (files, sheets, columns, cells) = (column("file")?, column("sheet")?, column("column")?, column("cell")?);
    let (found, expected) = (column("found")?, column("expected")?);
    let (affected, affected_names) = (column("affects")?, column("affects_name")?);
    let (now, then) = (column("outcome_now")?, column("outcome_then")?);
    let effect = |place: usize| EffectRead {
        student_key: text(&affected, place),
        name: text(&affected_names, place),
        outcome_now: text(&now, place),
        outcome_then: text(&then, place),
    };
    let counts = batch.column_by_name("count").and_then(|counts| counts.as_primitive_opt::<Int64Type>());
    let row = |place: usize| FindingRow {
        finding: Finding {
            finding_id: text(&ids, place),
            code: text(&codes, place),
            severity: text(&severities, place),
            message: text(&messages, place),
            file: text(&files, place),
            sheet: text(&sheets, place),
            row: number(batch, "row", place),
            found: text(&found, place),
            expected: text(&expected, place),
            effect: affected.is_valid(place).then(|| effect(place)),
        },
        clause: text(&clauses, place),
        school_code: text(&schools, place),
        other_school_code: text(&others, place),
        name: text(&names, place),
        student_key: text(&keys, place),
        column: text(&columns, place),
        cell: text(&cells, place),
        count: counts.map_or(1, |counts| counts.value(place)),
    };
    Ok((0..most).map(row).collect())
}

/// What is wrong with a file.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Hands on the batches of a file: some columns (all for an empty list) of all rows, or of those at places in their order.
pub(crate) fn read(
    path: &Path,
    columns: &[&str],
    places: Option<&[usize]>,
    mut take: impl FnMut(&RecordBatch) -> Result<(), Fault>,
) -> Result<(), ReadError> {
    read_selected(path, columns, places.map(selection), &mut take)
}

/// Hands on the batches of a file: some columns of the rows in ranges, which ascend.
pub(super) fn read_ranges(
    path: &Path,
    columns: &[&str],
    ranges: &[Range<usize>],
    mut take: impl FnMut(&RecordBatch) -> Result<(), Fault>,
) -> Result<(), ReadError> {
    let rows = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let selection = RowSelection::from_consecutive_ranges(ranges.iter().cloned(), rows);
    read_selected(path, columns, Some(selection), &mut take)
}

fn read_selected(
    path: &Path,
    columns: &[&str],
    selection: Option<RowSelection>,
    take: &mut dyn FnMut(&RecordBatch) -> Result<(), Fault>,
) -> Result<(), ReadError> {
    let all = || -> Result<(), Fault> {
        let builder = super::parquet::open(path)?;
        let mask = match columns {
            [] => ProjectionMask::all(),
            columns => ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied()),
        };
        let mut builder = builder.with_projection(mask).with_batch_size(1 << 16);
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        for batch in builder.build()? {
            take(&batch?)?;
        }
        Ok(())
    };
    all().map_err(|error| ReadError::File { path: path.into(), message: error.to_string() })
}

/// The rows at places, which ascend.
pub(super) fn selection(places: &[usize]) -> RowSelection {
    let mut next = 0;
    let selectors = places.iter().flat_map(|place| {
        let skipped = place - std::mem::replace(&mut next, place + 1);
        [RowSelector::skip(skipped), RowSelector::select(1)]
    });
    RowSelection::from_iter(selectors)
}

/// A column of a batch.
pub(crate) fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b ArrayRef, Fault> {
    batch.column_by_name(name).ok_or_else(|| format!("no column {name}").into())
}

/// A column of texts.
pub(crate) fn strings<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray, Fault> {
    column(batch, name)?.as_string_opt().ok_or_else(|| format!("column {name} holds no texts").into())
}

pub(super) fn texts(batch: &RecordBatch, name: &str) -> Result<ArrayRef, Fault> {
    Ok(cast(column(batch, name)?, &DataType::Utf8)?)
}

/// A column of texts that runs of an earlier version lack.
fn texts_if_any(batch: &RecordBatch, name: &str) -> Result<ArrayRef, Fault> {
    match batch.column_by_name(name) {
        Some(_) => texts(batch, name),
        None => Ok(Arc::new(StringArray::new_null(batch.num_rows()))),
    }
}

/// The texts of a column that [`texts`] gave.
pub(super) fn strings_of(texts: &ArrayRef) -> &StringArray {
    texts.as_string::<i32>()
}

/// The offsets of a list of texts in each row, and the texts of all.
pub(super) fn list_of_texts(batch: &RecordBatch, name: &str) -> Result<(Vec<i32>, ArrayRef), Fault> {
    let lists = column(batch, name)?.as_list_opt::<i32>().ok_or_else(|| format!("column {name} holds no lists"))?;
    Ok((lists.value_offsets().to_vec(), cast(lists.values(), &DataType::Utf8)?))
}

/// A cell of texts; empty where there is none.
pub(super) fn text(texts: &ArrayRef, place: usize) -> String {
    let texts = texts.as_string::<i32>();
    if texts.is_valid(place) { texts.value(place).to_owned() } else { String::new() }
}

pub(super) fn byte(batch: &RecordBatch, name: &str, place: usize) -> Option<i8> {
    let bytes = batch.column_by_name(name)?.as_primitive_opt::<Int8Type>()?;
    bytes.is_valid(place).then(|| bytes.value(place))
}

pub(super) fn number(batch: &RecordBatch, name: &str, place: usize) -> Option<i32> {
    let numbers = batch.column_by_name(name)?.as_primitive_opt::<Int32Type>()?;
    numbers.is_valid(place).then(|| numbers.value(place))
}

pub(super) fn long(batch: &RecordBatch, name: &str, place: usize) -> Option<i64> {
    let numbers = batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
    numbers.is_valid(place).then(|| numbers.value(place))
}

pub(super) fn short(batch: &RecordBatch, name: &str, place: usize) -> Option<i16> {
    let numbers = batch.column_by_name(name)?.as_primitive_opt::<Int16Type>()?;
    numbers.is_valid(place).then(|| numbers.value(place))
}

pub(super) fn day(batch: &RecordBatch, name: &str, place: usize) -> Option<NaiveDate> {
    let days = batch.column_by_name(name)?.as_primitive_opt::<Date32Type>()?;
    days.is_valid(place).then(|| NaiveDate::from_epoch_days(days.value(place))).flatten()
}

/// The elements of a list in a row.
fn elements(batch: &RecordBatch, name: &str, place: usize) -> Result<ArrayRef, Fault> {
    let lists = column(batch, name)?.as_list_opt::<i32>().ok_or_else(|| format!("column {name} holds no lists"))?;
    Ok(lists.value(place))
}

pub(super) fn words(batch: &RecordBatch, name: &str, place: usize) -> Result<Vec<String>, Fault> {
    let words = cast(&elements(batch, name, place)?, &DataType::Utf8)?;
    Ok((0..words.len()).map(|place| text(&words, place)).collect())
}

/// The structs of a list in the first row, as a table of their own.
pub(super) fn records(batch: &RecordBatch, name: &str) -> Result<RecordBatch, Fault> {
    let elements = elements(batch, name, 0)?;
    let structs = elements.as_struct_opt().ok_or_else(|| format!("column {name} holds no records"))?;
    Ok(RecordBatch::from(structs.clone()))
}

fn first_decision(batch: &RecordBatch) -> Result<Decision, Fault> {
    let one = |name: &str| -> Result<String, Fault> { Ok(text(&texts(batch, name)?, 0)) };
    let optional = |name: &str| -> Result<Option<String>, Fault> { Ok(Some(one(name)?).filter(|text| !text.is_empty())) };
    Ok(Decision {
        student_key: one("student_key")?,
        name: one("name")?,
        district: one("district")?,
        school_code: one("school_code")?,
        school_name: one("school_name")?,
        stage: optional("stage")?,
        grade: byte(batch, "grade", 0),
        class: one("class")?,
        procedure: one("procedure")?,
        outcome: one("outcome")?,
        next_grade: byte(batch, "next_grade", 0),
        certificate: optional("certificate")?,
        clauses: words(batch, "clauses", 0)?,
        failing_subjects: words(batch, "failing_subjects", 0)?,
        missing: words(batch, "missing", 0)?,
        steps: steps(&records(batch, "reasons")?)?,
        judged_on: day(batch, "judged_on", 0),
        days_to_threshold: short(batch, "days_to_threshold", 0),
        evidence: evidence(&records(batch, "evidence")?)?,
    })
}

pub(super) fn steps(reasons: &RecordBatch) -> Result<Vec<Step>, Fault> {
    let column = |name: &str| texts(reasons, name);
    let (clauses, codes, sentences) = (column("clause")?, column("code")?, column("text")?);
    let (values, thresholds) = (column("value")?, column("threshold")?);
    let holds = reasons.column_by_name("holds").and_then(|holds| holds.as_boolean_opt());
    let filled = |texts: &ArrayRef, place| Some(text(texts, place)).filter(|text| !text.is_empty());
    let step = |place: usize| Step {
        clause: text(&clauses, place),
        code: text(&codes, place),
        holds: holds.filter(|holds| holds.is_valid(place)).map(|holds| holds.value(place)),
        value: filled(&values, place),
        threshold: filled(&thresholds, place),
        text: text(&sentences, place),
    };
    Ok((0..reasons.num_rows()).map(step).collect())
}

pub(super) fn evidence(rows: &RecordBatch) -> Result<Vec<Rows>, Fault> {
    let column = |name: &str| texts(rows, name);
    let (tables, files, sheets) = (column("table")?, column("file")?, column("sheet")?);
    let of_row = |place: usize| Rows {
        table: text(&tables, place),
        file: text(&files, place),
        sheet: text(&sheets, place),
        row: number(rows, "row", place).unwrap_or_default(),
        row_last: number(rows, "row_last", place).unwrap_or_default(),
    };
    Ok((0..rows.num_rows()).map(of_row).collect())
}
