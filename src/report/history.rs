//! `finding_history.parquet`: the findings over the runs of a pipeline: what became of each, and which answer stands.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use law::facts::codes::Reply;
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::findings::Published;
use super::parquet::{Names, write};
use super::read::{Fault, ReadError, number, read, strings};
use crate::reconcile::life::{Answer, Change, History, Life, Raised, Subject};

/// The name of the file in a run folder.
pub const FILE: &str = "finding_history.parquet";

/// A finding as its history knows it.
pub fn raised(finding: Published) -> Raised {
    Raised {
        finding_id: finding.finding_id,
        evidence_hash: finding.evidence_hash,
        subject: Subject {
            code: finding.code.to_owned(),
            severity: finding.severity.code().to_owned(),
            district: finding.district.unwrap_or_default(),
            school_code: finding.school_code.unwrap_or_default(),
            other_school_code: finding.other_school_code.unwrap_or_default(),
        },
    }
}

/// The columns of texts: name, whether it may be null, and what stands there.
type TextOf = for<'l> fn(&'l str, &'l Life) -> Option<Cow<'l, str>>;
const TEXTS: [(&str, bool, TextOf); 16] = [
    ("finding_id", false, |id, _| Some(id.into())),
    ("first_seen", false, |_, life| Some((&life.first_seen).into())),
    ("change", false, |_, life| Some(life.change.code().into())),
    ("review", true, |_, life| life.review.map(|reply| reply.word().into())),
    ("evidence_hash", false, |_, life| Some((&life.evidence_hash).into())),
    ("last_seen", false, |_, life| Some((&life.last_seen).into())),
    ("answer", true, |_, life| life.answer.as_ref().map(|answer| answer.reply.word().into())),
    ("answered_on", true, |_, life| life.answer.as_ref().and_then(|answer| answer.on).map(|on| on.to_string().into())),
    ("answer_evidence_hash", true, |_, life| life.answer.as_ref().map(|answer| (&answer.evidence_hash).into())),
    ("code", false, |_, life| Some((&life.subject.code).into())),
    ("severity", false, |_, life| Some((&life.subject.severity).into())),
    ("district", true, |_, life| filled(&life.subject.district)),
    ("school_code", true, |_, life| filled(&life.subject.school_code)),
    ("other_school_code", true, |_, life| filled(&life.subject.other_school_code)),
    ("answer_note", true, |_, life| life.answer.as_ref().and_then(|answer| filled(&answer.note))),
    ("answered_by", true, |_, life| life.answer.as_ref().and_then(|answer| filled(&answer.by))),
];

fn filled(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text.into())
}

/// Writes a history into a run folder.
///
/// # Errors
/// The disk refuses.
pub fn write_history(folder: &Path, history: &History, names: &Names) -> Result<(), ParquetError> {
    let mut fields: Vec<Field> = TEXTS.iter().map(|(name, nullable, _)| Field::new(*name, DataType::Utf8, *nullable)).collect();
    let column = |text: &TextOf| -> ArrayRef { Arc::new(history.iter().map(|(id, life)| text(id, life)).collect::<StringArray>()) };
    let mut columns: Vec<ArrayRef> = TEXTS.par_iter().map(|(_, _, text)| column(text)).collect();
    fields.extend([Field::new("runs_gone", DataType::Int32, false), Field::new("unchecked", DataType::Boolean, false)]);
    columns.push(Arc::new(history.values().map(|life| life.runs_gone).collect::<Int32Array>()));
    columns.push(Arc::new(history.values().map(|life| Some(life.unchecked)).collect::<BooleanArray>()));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    write(&folder.join(FILE), &batch, names, &["finding_id"])
}

/// The history that a run left.
///
/// # Errors
/// It can't be read.
pub fn history(run: &Path) -> Result<History, ReadError> {
    let mut all = Vec::new();
    read(&run.join(FILE), &[], None, |batch| {
        all.append(&mut lives(batch)?);
        Ok(())
    })?;
    // In order as they stand there, they are put together at once.
    Ok(all.into_iter().collect())
}

/// The findings of a run to which an answer stands.
///
/// # Errors
/// The history can't be read.
pub fn answered(run: &Path) -> Result<HashSet<String>, ReadError> {
    let mut answered = HashSet::new();
    read(&run.join(FILE), &["finding_id", "review"], None, |batch| {
        let (ids, reviews) = (strings(batch, "finding_id")?, strings(batch, "review")?);
        answered.extend((0..batch.num_rows()).filter(|place| reviews.is_valid(*place)).map(|place| ids.value(place).to_owned()));
        Ok(())
    })?;
    Ok(answered)
}

/// The history of some findings.
///
/// # Errors
/// It can't be read.
pub fn of(run: &Path, asked: &HashSet<&str>) -> Result<History, ReadError> {
    let mut history = History::new();
    read(&run.join(FILE), &[], None, |batch| {
        let ids = strings(batch, "finding_id")?;
        let is_asked: BooleanArray = ids.iter().map(|id| Some(id.is_some_and(|id| asked.contains(id)))).collect();
        if is_asked.true_count() > 0 {
            history.extend(lives(&filter_record_batch(batch, &is_asked)?)?);
        }
        Ok(())
    })?;
    Ok(history)
}

fn lives(batch: &RecordBatch) -> Result<Vec<(String, Life)>, Fault> {
    let [ids, first_seen, changes, reviews, hashes] =
        ["finding_id", "first_seen", "change", "review", "evidence_hash"].map(|name| strings(batch, name));
    let (ids, first_seen, changes, reviews, hashes) = (ids?, first_seen?, changes?, reviews?, hashes?);
    // Runs of the program's first version left no more columns.
    let may_lack = |name: &str| batch.column_by_name(name).map(|_| strings(batch, name)).transpose();
    let (last_seen, answers, answered_on) = (may_lack("last_seen")?, may_lack("answer")?, may_lack("answered_on")?);
    let (answer_hashes, codes, severities) = (may_lack("answer_evidence_hash")?, may_lack("code")?, may_lack("severity")?);
    let (districts, schools, others) = (may_lack("district")?, may_lack("school_code")?, may_lack("other_school_code")?);
    let (notes, answered_by) = (may_lack("answer_note")?, may_lack("answered_by")?);
    let text = |texts: &StringArray, place: usize| if texts.is_valid(place) { texts.value(place).to_owned() } else { String::new() };
    let if_any = |texts: Option<&StringArray>, place: usize| texts.map(|texts| text(texts, place)).unwrap_or_default();
    let reply = |word: String| Reply::try_from(word).ok();
    let life = |place: usize| -> Result<(String, Life), Fault> {
        let change = text(changes, place);
        let answer = reply(if_any(answers, place)).map(|reply| Answer {
            reply,
            on: if_any(answered_on, place).parse().ok(),
            evidence_hash: if_any(answer_hashes, place),
            note: if_any(notes, place),
            by: if_any(answered_by, place),
        });
        let life = Life {
            first_seen: text(first_seen, place),
            last_seen: last_seen.map_or_else(|| text(first_seen, place), |seen| text(seen, place)),
            change: Change::from_code(&change).ok_or_else(|| format!("no change is called {change}"))?,
            runs_gone: number(batch, "runs_gone", place).unwrap_or(0),
            unchecked: batch.column_by_name("unchecked").and_then(|own| own.as_boolean_opt()).is_some_and(|own| own.value(place)),
            review: reply(text(reviews, place)),
            evidence_hash: text(hashes, place),
            answer,
            subject: Subject {
                code: if_any(codes, place),
                severity: if_any(severities, place),
                district: if_any(districts, place),
                school_code: if_any(schools, place),
                other_school_code: if_any(others, place),
            },
        };
        Ok((text(ids, place), life))
    };
    (0..batch.num_rows()).map(life).collect()
}
