//! What was answered to findings? The rows of 核查反馈 by finding: the latest answer counts, and two of one day may not contradict
//! each other. What becomes of an answer, `life` says.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;
use law::facts::codes::{Read, Reply};
use law::facts::student::Row;
use law::regulation::findings::Severity;

use super::altered::Altered;
use super::life::Given;
use crate::engine::cohort::{Cohort, place};
use crate::engine::finding::{About, Finding, Place};
use crate::engine::scope::OutOfScope;
use crate::ingest::table::Table;

/// The places of the table's columns.
mod field {
    pub const FINDING: usize = 0;
    pub const EVIDENCE: usize = 1;
    pub const REPLY: usize = 2;
    pub const NOTE: usize = 3;
    pub const BY: usize = 4;
    pub const ON: usize = 5;
}

/// The answers that were handed in.
#[derive(Debug, Default)]
pub struct Answers {
    /// The latest answer to each finding, by finding id.
    pub given: BTreeMap<String, Given>,
    /// What is wrong with answers, each with the id of the finding that is answered.
    pub findings: Vec<(Finding, String)>,
    /// Rows that answer something, by finding id.
    rows: BTreeMap<String, Vec<Row>>,
    out_of_scope: Vec<(Row, OutOfScope)>,
}

/// An answer as its row says it.
struct Answer<'a> {
    row: Row,
    sheet: usize,
    record: usize,
    on: Option<NaiveDate>,
    /// None where the cell, or that of the evidence, can't be read.
    reply: Option<Reply>,
    evidence: Option<String>,
    /// Every cell but the finding's, for telling whole rows that repeat each other.
    cells: Cells<'a>,
}

/// Evidence, reply, note, person, date.
type Cells<'a> = (Read<&'a str>, Read<u8>, Read<&'a str>, Read<&'a str>, Read<i32>);

/// An id or hash as it is compared: people's programs change its case, and put spaces around it.
fn folded(hash: &str) -> String {
    hash.trim().to_ascii_lowercase()
}

/// Reads the answers.
pub fn read(cohort: &Cohort<'_>) -> Answers {
    let mut answers = Answers::default();
    let mut by_finding: BTreeMap<String, Vec<Answer<'_>>> = BTreeMap::new();
    for (place, sheet) in cohort.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Reviews) {
        let mut altered = Altered::default();
        for record in (0..sheet.rows_read as usize).filter(|record| sheet.set_aside.binary_search(&(*record as u32)).is_err()) {
            let row = cohort.index.row(place, record);
            let on = sheet.date(field::ON, record).value();
            let reply = sheet.code(field::REPLY, record);
            let Read::Value(finding) = sheet.text(field::FINDING, record) else {
                // Reading sets rows without an id aside; of one that it left nobody can tell what it answers.
                answers.out_of_scope.push((row, OutOfScope::OtherPipeline));
                continue;
            };
            // Whoever changes a fact without answering believes that this is the answer.
            altered.look(sheet, record, &folded(finding));
            if reply == Read::Empty {
                answers.out_of_scope.push((row, OutOfScope::NotAnswered));
                continue;
            }
            let evidence = sheet.text(field::EVIDENCE, record);
            let is_readable = evidence != Read::Unreadable;
            let text = |field| sheet.text(field, record);
            by_finding.entry(folded(finding)).or_default().push(Answer {
                row,
                sheet: place,
                record,
                on,
                reply: reply.value().and_then(Reply::from_code).filter(|_| is_readable),
                evidence: evidence.value().map(folded),
                cells: (evidence, reply, text(field::NOTE), text(field::BY), sheet.integer(field::ON, record)),
            });
        }
        answers.findings.extend(altered.findings(cohort, place));
    }
    for (finding, own) in by_finding {
        let mut seen = HashSet::new();
        let (kept, repeated): (Vec<Answer<'_>>, Vec<Answer<'_>>) = own.into_iter().partition(|answer| seen.insert(answer.cells));
        // A workbook of an earlier round, or a copy, says the same once more.
        answers.out_of_scope.extend(repeated.into_iter().map(|answer| (answer.row, OutOfScope::AnsweredAgain)));
        let mut by_date: BTreeMap<Option<NaiveDate>, Vec<&Answer<'_>>> = BTreeMap::new();
        kept.iter().for_each(|answer| by_date.entry(answer.on).or_default().push(answer));
        for same_day in by_date.values() {
            answers.findings.extend(contradicts(cohort, same_day, &finding).map(|own| (own, finding.clone())));
        }
        if let Some((on, latest)) = by_date.last_key_value() {
            answers.given.insert(finding.clone(), given(*on, latest));
        }
        answers.rows.insert(finding, kept.iter().map(|answer| answer.row).collect());
    }
    answers
}

/// What the answers of one day say together.
fn given(on: Option<NaiveDate>, answers: &[&Answer<'_>]) -> Given {
    let first = answers.first().and_then(|answer| answer.reply);
    let reply = first.filter(|first| answers.iter().all(|answer| answer.reply == Some(*first)));
    let hashes = answers.iter().filter_map(|answer| answer.evidence.clone()).collect();
    // Of several texts one, whatever the order of the files.
    let said = |text: fn(&Answer<'_>) -> Option<String>| answers.iter().filter_map(|answer| text(answer)).max().unwrap_or_default();
    let note = said(|answer| answer.cells.2.value().map(str::to_owned));
    let by = said(|answer| answer.cells.3.value().map(str::to_owned));
    Given { on, reply, hashes, is_unbound: answers.iter().any(|answer| answer.evidence.is_none()), note, by }
}

impl Answers {
    /// Enters in the books what became of each row. `is_known` says whether the pipeline knows a finding.
    pub fn enter(&self, cohort: &mut Cohort<'_>, is_known: impl Fn(&str) -> bool) {
        self.out_of_scope.iter().for_each(|(row, reason)| cohort.leave_out(*row, *reason));
        for (_, rows) in self.rows.iter().filter(|(finding, _)| !is_known(finding)) {
            rows.iter().for_each(|row| cohort.leave_out(*row, OutOfScope::OtherPipeline));
        }
    }
}

/// A finding about an answer: its subject is the finding that is answered.
fn about(cohort: &Cohort<'_>, answer: &Answer<'_>, finding: &str, code: &'static str, what: &str) -> Finding {
    let on = answer.on.map(|on| on.to_string()).unwrap_or_default();
    Finding {
        code,
        severity: Severity::Error,
        about: About::Cells(finding.to_owned()),
        field: format!("{}.{on}.{what}", Table::Reviews.title()),
        other_party: String::new(),
        found: String::new(),
        expected: String::new(),
        place: place(cohort.inputs, answer.sheet, answer.record, field::FINDING),
        count: 1,
        rows_sample: cohort.inputs.sheets.get(answer.sheet).map(|sheet| sheet.rows.get(answer.record)).into_iter().collect(),
        at: Some(answer.row),
        other_school: None,
        effect: None,
    }
}

/// I0302: answers of one day that say different things.
fn contradicts(cohort: &Cohort<'_>, same_day: &[&Answer<'_>], finding: &str) -> Option<Finding> {
    let replies: BTreeSet<Reply> = same_day.iter().filter_map(|answer| answer.reply).collect();
    let (first, others) = same_day.split_first()?;
    let other = others.iter().find(|other| other.reply.is_some() && other.reply != first.reply).filter(|_| replies.len() > 1)?;
    let words: Vec<&str> = replies.into_iter().map(Reply::word).collect();
    let own = about(cohort, other, finding, "I0302", "处理结果");
    let at = place(cohort.inputs, other.sheet, other.record, field::REPLY);
    let beside = cohort.position(first.row);
    Some(Finding {
        found: format!("同一天有不同的处理结果：{}", words.join("、")),
        expected: "同一天只有一个处理结果".into(),
        place: Place { beside, ..at },
        ..own
    })
}
