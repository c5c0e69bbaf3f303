//! A copy of a run for analysis: its tables without names, ids, places and quotations, people under pseudonyms.
//!
//! A pseudonym is a hash under a secret: the same person has the same one in each table and each run, and nobody without the secret can tell
//! whose it is, though all ID numbers can be tried. Rows stand in the order of pseudonyms within each row group, as the order of the run would
//! say who is next to whom in the roster. What is left (school, grade, outcome) may still point to somebody in a small school: the copy is
//! for people who are bound to keep it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::compute::{SortColumn, cast, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema};
use serde_json::json;

use super::keys::Key;
use super::mask;
use super::parquet::{Groups, Names, ROW_GROUP, open};
use super::read::{Fault, ReadError, Run};

/// The tables that are copied, with the schemas that the copies have.
const TABLES: [(&str, &str); 7] = [
    ("decisions", "pseudonymised_decisions/1"),
    ("findings", "pseudonymised_findings/1"),
    ("finding_history", "pseudonymised_finding_history/1"),
    ("matches", "pseudonymised_matches/1"),
    ("positions", "pseudonymised_positions/1"),
    ("movements", "pseudonymised_movements/1"),
    ("submissions", "pseudonymised_submissions/1"),
];

/// Columns of people and findings that become pseudonyms.
const PSEUDONYMS: [&str; 4] = ["student_key", "person_key", "affects", "finding_id"];
/// Columns that are copied as they are. What is not listed is left out: a new column is not in the copy before somebody has thought of it.
const KEPT: [&str; 50] = [
    "after",
    "answer",
    "answered_on",
    "before",
    "by",
    "certificate",
    "change",
    "clause",
    "clauses",
    "code",
    "count",
    "days_to_threshold",
    "decision",
    "district",
    "failing_subjects",
    "first_seen",
    "grade",
    "judged_on",
    "last_seen",
    "matched_by",
    "measure",
    "missing",
    "next_grade",
    "other_school_code",
    "outcome",
    "outcome_now",
    "outcome_then",
    "position",
    "present",
    "procedure",
    "reasons",
    "registered",
    "review",
    "roll_school_code",
    "rows",
    "runs_gone",
    "school_code",
    "school_name",
    "score",
    "severity",
    "stage",
    "status",
    "students",
    "students_expected",
    "students_with_rows",
    "table",
    "threshold",
    "unchecked",
    "against_run",
    "column",
];

/// The file that says what a copy is of.
pub const ABOUT: &str = "pseudonymised.json";

/// How many rows each table has.
pub type Copied = Vec<(&'static str, usize)>;

/// Writes the copy of a run into a folder, under a secret.
///
/// # Errors
/// A table can't be read, or the disk refuses.
pub fn pseudonymise(run: &Run, folder: &Path, secret: &Key) -> Result<Copied, ReadError> {
    let key = secret.of("pseudonyms");
    let mut copied = Copied::new();
    for (table, schema) in TABLES {
        let path = run.folder.join(format!("{table}.parquet"));
        if path.exists() {
            let fault = |error: Fault| ReadError::File { path: path.clone(), message: error.to_string() };
            let policy = format!("{} {}", run.manifest.policy.name, run.manifest.policy.version);
            let names = Names { schema, policy };
            copied.push((table, copy(&path, &folder.join(format!("{table}.parquet")), &names, &key).map_err(fault)?));
        }
    }
    let about = json!({
        "run_id": run.manifest.run_id,
        "as_of": run.manifest.as_of,
        "school_year": run.manifest.school_year,
        "secret": secret.mark(),
        "tables": copied.iter().map(|(table, rows)| json!({ "table": table, "rows": rows })).collect::<Vec<_>>(),
    });
    let path = folder.join(ABOUT);
    let written = std::fs::write(&path, format!("{about:#}\n"));
    written.map_err(|error| ReadError::File { path, message: error.to_string() })?;
    Ok(copied)
}

fn copy(from: &Path, to: &Path, names: &Names, key: &[u8; 32]) -> Result<usize, Fault> {
    let reader = open(from)?.with_batch_size(ROW_GROUP).build()?;
    let is_copied = |field: &&Arc<Field>| KEPT.contains(&field.name().as_str()) || PSEUDONYMS.contains(&field.name().as_str());
    let fields: Vec<Arc<Field>> = arrow::array::RecordBatchReader::schema(&reader).fields().iter().filter(is_copied).cloned().collect();
    let schema = Arc::new(Schema::new(fields));
    let mut groups = Groups::create(to, &schema, names, &PSEUDONYMS, &[])?;
    let mut rows = 0;
    for batch in reader {
        let batch = batch?;
        let columns = schema.fields().iter().map(|field| column(&batch, field, key)).collect::<Result<_, Fault>>()?;
        groups.append(&in_order(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?)?;
        rows += batch.num_rows();
    }
    groups.finish()?;
    Ok(rows)
}

fn column(batch: &RecordBatch, field: &Field, key: &[u8; 32]) -> Result<ArrayRef, Fault> {
    let own = batch.column_by_name(field.name()).ok_or_else(|| format!("no column {}", field.name()))?;
    if PSEUDONYMS.contains(&field.name().as_str()) {
        return pseudonyms(own, key);
    }
    Ok(if field.name() == "reasons" { without_numbers(own)? } else { Arc::clone(own) })
}

/// The pseudonym of each text, 32 hexadecimal digits.
fn pseudonyms(texts: &ArrayRef, key: &[u8; 32]) -> Result<ArrayRef, Fault> {
    let texts = cast(texts, &DataType::Utf8)?;
    let pseudonym = |text: &str| blake3::keyed_hash(key, text.as_bytes()).to_hex().get(..32).unwrap_or_default().to_owned();
    Ok(Arc::new(texts.as_string::<i32>().iter().map(|text| text.map(pseudonym)).collect::<StringArray>()))
}

/// Reasons, codes or records of texts, that hold no number of an ID document.
fn without_numbers(reasons: &ArrayRef) -> Result<ArrayRef, Fault> {
    let lists = reasons.as_list_opt::<i32>().ok_or("reasons are no lists")?;
    let DataType::List(element) = lists.data_type() else { return Err("reasons are no lists".into()) };
    let masked = |column: &ArrayRef| -> ArrayRef {
        match column.as_string_opt::<i32>() {
            Some(texts) => Arc::new(texts.iter().map(|text| text.map(mask::within)).collect::<StringArray>()),
            None => Arc::clone(column),
        }
    };
    let values: ArrayRef = match lists.values().as_struct_opt() {
        Some(structs) => {
            let columns = structs.columns().iter().map(masked).collect();
            Arc::new(StructArray::try_new(structs.fields().clone(), columns, structs.nulls().cloned())?)
        }
        None => masked(lists.values()),
    };
    Ok(Arc::new(ListArray::try_new(Arc::clone(element), lists.offsets().clone(), values, lists.nulls().cloned())?))
}

/// The rows in the order of their pseudonyms; those of a table about nobody stay where they are.
fn in_order(batch: &RecordBatch) -> Result<RecordBatch, Fault> {
    let of_pseudonyms: Vec<SortColumn> = PSEUDONYMS
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .map(|values| SortColumn { values: Arc::clone(values), options: None })
        .collect();
    if of_pseudonyms.is_empty() {
        return Ok(batch.clone());
    }
    Ok(take_record_batch(batch, &lexsort_to_indices(&of_pseudonyms, None)?)?)
}
