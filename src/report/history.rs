//! `finding_history.parquet`: the findings over the runs of a pipeline: what became of each, and which answer stands.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use law::facts::codes::Reply;
use parquet::errors::ParquetError;

use super::findings::Published;
use super::parquet::{Names, write};
use super::read::{Fault, ReadError, number, read, strings};
use crate::reconcile::life::{Answer, Change, History, Life, Raised, Subject};

/// The name of the file in a run folder.
pub const FILE: &str = "finding_history.parquet";

/// A finding as its history knows it.
pub fn raised(finding: &Published) -> Raised {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Raised {
        finding_id: finding.finding_id.clone(),
        evidence_hash: finding.evidence_hash.clone(),
        subject: Subject {
            code: finding.code.to_owned(),
            severity: finding.severity.code().to_owned(),
            district: text(&finding.district),
            school_code: text(&finding.school_code),
            other_school_code: text(&finding.other_school_code),
        },
    }
}

/// The columns of texts: name, whether it may be null, and what stands there.
type TextOf = fn(&str, &Life) -> Option<String>;
const TEXTS: [(&str, bool, TextOf); 14] = [
    ("finding_id", false, |id, _| Some(id.to_owned())),
    ("first_seen", false, |_, life| Some(life.first_seen.clone())),
    ("change", false, |_, life| Some(life.change.code().to_owned())),
    ("review", true, |_, life| life.review.map(|reply| reply.word().to_owned())),
    ("evidence_hash", false, |_, life| Some(life.evidence_hash.clone())),
    ("last_seen", false, |_, life| Some(life.last_seen.clone())),
    ("answer", true, |_, life| life.answer.as_ref().map(|answer| answer.reply.word().to_owned())),
    ("answered_on", true, |_, life| life.answer.as_ref().and_then(|answer| answer.on).map(|on| on.to_string())),
    ("answer_evidence_hash", true, |_, life| life.answer.as_ref().map(|answer| answer.evidence_hash.clone())),
    ("code", false, |_, life| Some(life.subject.code.clone())),
    ("severity", false, |_, life| Some(life.subject.severity.clone())),
    ("district", true, |_, life| filled(&life.subject.district)),
    ("school_code", true, |_, life| filled(&life.subject.school_code)),
    ("other_school_code", true, |_, life| filled(&life.subject.other_school_code)),
];

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes a history into a run folder.
///
/// # Errors
/// The disk refuses.
pub fn write_history(folder: &Path, history: &History, names: &Names) -> Result<(), ParquetError> {
    let mut fields: Vec<Field> = TEXTS.iter().map(|(name, nullable, _)| Field::new(*name, DataType::Utf8, *nullable)).collect();
    let column = |text: &TextOf| -> ArrayRef { Arc::new(history.iter().map(|(id, life)| text(id, life)).collect::<StringArray>()) };
    let mut columns: Vec<ArrayRef> = TEXTS.iter().map(|(_, _, text)| column(text)).collect();
    fields.push(Field::new("runs_gone", DataType::Int32, false));
    columns.push(Arc::new(history.values().map(|life| life.runs_gone).collect::<Int32Array>()));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    write(&folder.join(FILE), &batch, names, &["finding_id"])
}

/// The history that a run left.
///
/// # Errors
/// It can't be read.
pub fn history(run: &Path) -> Result<History, ReadError> {
    let mut history = History::new();
    read(&run.join(FILE), &[], None, |batch| {
        for place in 0..batch.num_rows() {
            let (id, life) = life(batch, place)?;
            history.insert(id, life);
        }
        Ok(())
    })?;
    Ok(history)
}

fn life(batch: &RecordBatch, place: usize) -> Result<(String, Life), Fault> {
    let text = |name: &str| -> Result<String, Fault> {
        let texts = strings(batch, name)?;
        Ok(if texts.is_valid(place) { texts.value(place).to_owned() } else { String::new() })
    };
    // Runs of the program's first version left fewer columns.
    let may_lack = |name: &str| batch.column_by_name(name).map_or(Ok(String::new()), |_| text(name));
    let change = text("change")?;
    let reply = |word: String| Reply::try_from(word).ok();
    let answer = reply(may_lack("answer")?).map(|reply| -> Result<Answer, Fault> {
        Ok(Answer { reply, on: may_lack("answered_on")?.parse().ok(), evidence_hash: may_lack("answer_evidence_hash")? })
    });
    let first_seen = text("first_seen")?;
    let last_seen = Some(may_lack("last_seen")?).filter(|seen| !seen.is_empty()).unwrap_or_else(|| first_seen.clone());
    let life = Life {
        first_seen,
        last_seen,
        change: Change::from_code(&change).ok_or_else(|| format!("no change is called {change}"))?,
        runs_gone: number(batch, "runs_gone", place).unwrap_or(0),
        review: reply(text("review")?),
        evidence_hash: text("evidence_hash")?,
        answer: answer.transpose()?,
        subject: Subject {
            code: may_lack("code")?,
            severity: may_lack("severity")?,
            district: may_lack("district")?,
            school_code: may_lack("school_code")?,
            other_school_code: may_lack("other_school_code")?,
        },
    };
    Ok((text("finding_id")?, life))
}
