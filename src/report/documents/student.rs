//! One page of evidence: a student's decision with each condition, the rows that prove it and what would change it, to print and hand out.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use askama::Template;
use tempfile::NamedTempFile;
use thiserror::Error;

use super::{Basis, STYLE};
use crate::reconcile::life::History;
use crate::report::mask;
use crate::report::read::{Decision, Finding, Rows, Run, grade_title};
use crate::report::reasons::{Condition, Told, place, reasons};
use crate::report::text::{shown, shown_long, shown_name};
use crate::report::words;

/// A page that can't be made.
#[derive(Debug, Error)]
pub enum PageError {
    /// A file is there already.
    #[error("{} is there already: name another file, or give --force to replace it", .0.display())]
    Exists(PathBuf),
    /// The template can't be filled in.
    #[error("can't fill in the page: {0}")]
    Template(#[from] askama::Error),
    /// The disk refuses.
    #[error("can't write {}: {error}: name a file in a folder that is there and may be written to", .path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// What a page is made of.
pub struct Facts<'a> {
    /// The run.
    pub run: &'a Run,
    /// The decision.
    pub decision: &'a Decision,
    /// The findings about the student.
    pub findings: &'a [Finding],
    /// What became of findings over the runs.
    pub history: &'a History,
    /// The lines of the picture of the term, what it shows first; none outside a term.
    pub term: &'a [String],
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct Page<'a> {
    style: &'static str,
    title: &'static str,
    basis: &'a Basis<'a>,
    name: String,
    id: String,
    school: String,
    code: String,
    class: String,
    outcome: String,
    next: &'static str,
    certificate: String,
    rests_on: String,
    judged_on: String,
    clauses: Vec<Clause>,
    own_rows: Vec<String>,
    failing: String,
    missing: Vec<String>,
    changes: Vec<String>,
    term: Option<Picture<'a>>,
    findings: Vec<Item>,
}

/// The picture of the term.
struct Picture<'a> {
    shows: &'a str,
    lines: String,
}

struct Clause {
    title: String,
    conditions: Vec<Line>,
    rows: Vec<String>,
}

/// A condition in a table.
struct Line {
    mark: &'static str,
    sentence: String,
    value: String,
    threshold: String,
}

/// What is wrong, once for all places at which the same is.
struct Item {
    code: String,
    severity: &'static str,
    message: String,
    notes: Vec<String>,
    places: Vec<String>,
}

/// The page of a student.
///
/// # Errors
/// The template can't be filled in.
pub fn page(facts: &Facts<'_>) -> Result<String, PageError> {
    let decision = facts.decision;
    let told = reasons(&decision.steps, &decision.evidence);
    let all = |texts: &[String]| texts.iter().map(|text| shown_long(text)).collect::<Vec<_>>();
    let (shows, lines) = facts.term.split_first().map_or(("", &[][..]), |(shows, lines)| (shows.as_str(), lines));
    let page = Page {
        style: STYLE,
        title: "学籍判定说明",
        basis: &Basis::of(&facts.run.manifest),
        name: shown_name(&decision.name),
        id: mask::student_key(&decision.student_key),
        school: shown_name(&decision.school_name),
        code: shown_name(&decision.school_code),
        class: format!("{}{}", words::grade(decision.grade), shown_name(&words::class(&decision.class))),
        outcome: words::outcome(&decision.outcome).map_or_else(|| shown(&decision.outcome), |own| own.title().to_owned()),
        next: grade_title(decision.next_grade).unwrap_or("—"),
        certificate: shown(decision.certificate.as_deref().map_or("—", words::certificate)),
        rests_on: if decision.clauses.is_empty() { "—".to_owned() } else { shown(&decision.clauses.join("、")) },
        judged_on: judged_on(decision),
        clauses: told.clauses.iter().map(clause).collect(),
        own_rows: all(&told.own_rows),
        failing: shown_long(&decision.failing_subjects.join("、")),
        missing: decision.missing.iter().map(|fact| shown(&words::to_send(fact))).collect(),
        changes: all(&told.changes),
        term: (!lines.is_empty()).then(|| Picture { shows, lines: lines.join("\n") }),
        findings: items(facts),
    };
    Ok(page.render()?)
}

/// Up to when a student of a run in term was judged, and how far a threshold is.
fn judged_on(decision: &Decision) -> String {
    let Some(day) = decision.judged_on else { return String::new() };
    match decision.days_to_threshold {
        Some(0) => format!("{day}，已达到期限"),
        Some(days) => format!("{day}，再连续旷课 {days} 个上课日到最近的期限"),
        None => day.to_string(),
    }
}

fn clause(told: &Told) -> Clause {
    let line = |condition: &Condition| Line {
        mark: condition.mark(),
        sentence: shown_long(&condition.sentence),
        value: shown_long(&condition.value),
        threshold: shown_long(&condition.threshold),
    };
    Clause {
        title: shown_long(&told.title),
        conditions: told.conditions.iter().map(line).collect(),
        rows: told.rows.iter().map(|row| shown_long(row)).collect(),
    }
}

/// What is wrong, beside what is missing: that is told by itself.
fn items(facts: &Facts<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for finding in facts.findings.iter().filter(|finding| finding.code != "I0303") {
        let new = item(finding, facts);
        let same = |own: &&mut Item| (&own.code, &own.message, &own.notes) == (&new.code, &new.message, &new.notes);
        match items.iter_mut().find(same) {
            Some(own) => own.places.extend(new.places),
            None => items.push(new),
        }
    }
    items
}

fn item(finding: &Finding, facts: &Facts<'_>) -> Item {
    let at = |row: i32| Rows { table: String::new(), file: finding.file.clone(), sheet: finding.sheet.clone(), row, row_last: row };
    let places = finding.row.map(|row| shown_long(&place(&at(row)))).into_iter().collect();
    let mut notes = Vec::new();
    let words = [("现为", &finding.found), ("应为", &finding.expected)];
    notes.extend(words.into_iter().filter(|(_, own)| !own.is_empty()).map(|(what, own)| format!("{what} {}", shown(own))));
    if let Some(effect) = finding.effect.as_ref().filter(|effect| effect.student_key == facts.decision.student_key) {
        notes.push(format!("查实后结论会变：{}", shown(&effect.change())));
    }
    if let Some(life) = facts.history.get(&finding.finding_id) {
        let answer = life.review.map(|reply| format!("，答复：{}", reply.word())).unwrap_or_default();
        notes.push(format!("{}，{} 起{answer}", life.change.title(), life.first_seen));
    }
    Item { code: shown(&finding.code), severity: words::severity(&finding.severity), message: shown_long(&finding.message), notes, places }
}

/// Writes a page that only its owner may read; one that is there is replaced only where that is asked for.
///
/// # Errors
/// A file is there already, or the disk refuses.
pub fn write(path: &Path, page: &str, replaces: bool) -> Result<(), PageError> {
    let disk = |error: io::Error| PageError::Disk { path: path.into(), error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !replaces && fs::symlink_metadata(path).is_ok() {
        return Err(PageError::Exists(path.into()));
    }
    // A file of this kind is its owner's alone from the beginning.
    let mut beside = NamedTempFile::new_in(folder).map_err(disk)?;
    beside.write_all(page.as_bytes()).map_err(disk)?;
    let written = if replaces { beside.persist(path) } else { beside.persist_noclobber(path) };
    match written {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(PageError::Exists(path.into())),
        Err(error) => Err(disk(error.error)),
    }
}
