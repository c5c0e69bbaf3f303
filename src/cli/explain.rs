//! `xueji explain STUDENT`: one student's decision as a tree, clause by clause, each with the rows it rests on, from the run folder alone.

use std::path::PathBuf;

use chrono::NaiveDate;
use law::facts::identifiers::NationalId;
use law::regulation::rule::Outcome;
use serde_json::json;

use super::term_picture::Term;
use super::{Ending, complain, note, say};
use crate::pipeline::access::{self, Access, AccessError};
use crate::reconcile::life::History;
use crate::report::documents::student::{self, Facts, PageError};
use crate::report::history;
use crate::report::read::{Decision, Finding, Hit, ReadError, Rows, Run, Step};
use crate::report::reasons::{place, reasons, rule};
use crate::report::state;
use crate::report::words::{class, grade, outcome_title, severity};
use crate::report::{keys, mask};

/// How many students are listed where several or none fit.
const LISTED: usize = 8;

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// 全国学籍号, the number of an ID document, the student_key of the decisions, or a name.
    student: String,
    /// A run folder, a pipeline's folder or an output folder, whose newest run is taken.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    run: PathBuf,
    /// Write a page of evidence to print and hand out, that only its owner may read.
    #[arg(long, value_name = "FILE.html")]
    page: Option<PathBuf>,
    /// Where a line is added that says who asked for whom; access.ndjson beside the run without it.
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Replace the file that --page names if it is there.
    #[arg(long, requires = "page")]
    force: bool,
}

/// Why a student can't be explained.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// The run can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// That it was asked can't be written down.
    #[error("{0}")]
    Access(#[from] AccessError),
    /// The page can't be made.
    #[error("{0}")]
    Page(#[from] PageError),
}

/// Explains one student's decision.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match explain(arguments, json) {
        Ok(ending) => ending,
        Err(error) => {
            complain(&error);
            Ending::Unusable
        }
    }
}

fn explain(arguments: &Arguments, json: bool) -> Result<Ending, Fault> {
    let run = Run::open(&arguments.run)?;
    let asked = arguments.student.trim();
    let hits = run.students(LISTED + 1, |key, name| is_asked(asked, key, name))?;
    let one = hits.first().filter(|_| hits.len() == 1);
    let decision = one.map(|hit| run.decision(hit.place)).transpose()?.flatten();
    let near = if hits.is_empty() { near(&run, asked)? } else { Vec::new() };
    let listed = if one.is_some() {
        &[]
    } else if hits.is_empty() {
        near.as_slice()
    } else {
        hits.as_slice()
    };
    // What lies on the disk says nobody's name where names are encrypted.
    let hides = keys::at_hand().is_some() && !asked.contains(|letter: char| letter.is_ascii_digit());
    let access = Access {
        asked: if hides { "姓名".to_owned() } else { mask::within(&shown(asked)).into_owned() },
        listed: listed.iter().map(|hit| hit.place).collect(),
        found: hits.len(),
        student: one.map(|hit| mask::student_key(&hit.student_key)),
        row: one.map(|hit| hit.place),
        school_code: decision.as_ref().map(|decision| decision.school_code.as_str()),
        page: arguments.page.is_some(),
    };
    access::log(&run, arguments.access_log.as_deref(), &access)?;
    if one.is_none() {
        if hits.is_empty() {
            complain(&format!("no student `{}` in {}", shown(asked), run.folder.display()));
            list("最接近的学生：", &near);
        } else {
            complain(&format!("several students are called {asked}: name one by 全国学籍号"));
            list("同名的学生：", &hits);
        }
        return Ok(Ending::Unusable);
    }
    let Some(decision) = decision else { return Ok(Ending::Unusable) };
    let findings = run.findings(&decision.student_key)?;
    // A run of an earlier version has no history that can be read, and is explained without.
    let history = history::history(&run.folder).unwrap_or_default();
    let term = term(&run, &decision);
    if let Some(path) = &arguments.page {
        let term = term.as_ref().map(Term::lines).unwrap_or_default();
        let facts = Facts { run: &run, decision: &decision, findings: &findings, history: &history, term: &term };
        student::write(path, &student::page(&facts)?, arguments.force)?;
    }
    if json {
        say(object(&run, &decision, (&findings, &history), term.as_ref()));
    } else if let Some(path) = &arguments.page {
        say(format_args!("写在 {}：请用浏览器打开、打印；含学生个人信息，只交本人和家长，请妥善保管", path.display()));
    } else {
        say(tree(&run, &decision, (&findings, &history), term.as_ref()));
    }
    Ok(Ending::Done)
}

/// Whether a student is the one asked for: by key, by the number within a national id, or by name.
fn is_asked(asked: &str, key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(asked)
        || name == asked
        || key.len() == 19 && key.get(1..).is_some_and(|number| number.eq_ignore_ascii_case(asked))
}

/// What was asked for, without a whole number of an ID document.
fn shown(asked: &str) -> String {
    if asked.chars().any(|letter| letter.is_ascii_digit()) { mask::national_id(asked) } else { asked.to_owned() }
}

/// Students whose key or name is nearly the one asked for.
fn near(run: &Run, asked: &str) -> Result<Vec<Hit>, ReadError> {
    let most = if asked.is_ascii() { 2 } else { 1 };
    let asked = asked.to_ascii_uppercase();
    let is_near = |key: &str, name: &str| {
        let other = if asked.is_ascii() { key } else { name };
        let number = if asked.len() + 1 == other.len() { other.get(1..).unwrap_or(other) } else { other };
        number.len().abs_diff(asked.len()) <= 3 && strsim::damerau_levenshtein(number, &asked) <= most
    };
    run.students(LISTED, is_near)
}

fn list(title: &str, hits: &[Hit]) {
    if hits.is_empty() {
        return;
    }
    let mut lines = vec![title.to_owned()];
    for hit in hits {
        lines.push(format!(
            "  {}  {}  {}  {}{}",
            hit.name,
            mask::student_key(&hit.student_key),
            hit.school_name,
            grade(hit.grade),
            class(&hit.class)
        ));
    }
    note(&lines.join("\n"));
}

/// The head of a decision, in one line.
fn head(decision: &Decision) -> String {
    let certificate = decision.certificate.as_ref().map(|certificate| format!("，证书 {certificate}")).unwrap_or_default();
    let next = decision.next_grade.map(|next| format!("，下一年级 {}", grade(Some(next)))).unwrap_or_default();
    let clauses = if decision.clauses.is_empty() { String::new() } else { format!("，依据 {}", decision.clauses.join("、")) };
    format!("结论：{}（{}）{next}{certificate}{clauses}", outcome_title(&decision.outcome), decision.outcome)
}

/// What is on record for a student of a run of the watch; none for one without a national id, whom no attendance can name.
fn term(run: &Run, decision: &Decision) -> Option<Term> {
    // Who is not registered is judged by no attendance, and days without a record would look like days in school.
    let is_judged = run.manifest.is_in_term() && decision.outcome != Outcome::NotEnrolled.code();
    let judged_on = decision.judged_on.filter(|_| is_judged)?;
    let id = NationalId::parse(&decision.student_key).ok()?;
    let state = state::read(&run.folder)?;
    let days = state.basis.days.iter().copied().zip(state.days_of(id.packed())?);
    // Of a school that handed in no attendance nobody can say who was there.
    let is_silent = run.sent_no_attendance(&decision.school_code).unwrap_or_default();
    let is_daily = is_silent || run.manifest.attendance.as_ref().is_some_and(|own| own.form == "daily");
    let step = decision.steps.iter().find(|step| step.code.ends_with(".running") && step.holds == Some(true));
    let step = step.or_else(|| decision.steps.iter().find(|step| step.code.ends_with(".running")));
    let spell = step.and_then(|step| spell(step.value.as_deref()?));
    Some(Term { days: days.take_while(|(day, _)| *day <= judged_on).collect(), is_daily, spell })
}

/// The first and last day of a spell, as a step's value begins.
fn spell(value: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (first, rest) = value.split_once('至')?;
    let last = rest.split('，').next()?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn tree(run: &Run, decision: &Decision, (findings, history): (&[Finding], &History), term: Option<&Term>) -> String {
    let manifest = &run.manifest;
    let mut lines = vec![
        format!(
            "{}  {}  {}（{}）{}{}",
            decision.name,
            mask::student_key(&decision.student_key),
            decision.school_name,
            decision.school_code,
            grade(decision.grade),
            class(&decision.class)
        ),
        format!("{} 学年，判定日期 {}，运行 {}", manifest.school_year, manifest.as_of, manifest.run_id),
        head(decision),
    ];
    if let Some(judged_on) = decision.judged_on {
        let distance = match decision.days_to_threshold {
            Some(0) => "，已达到期限".to_owned(),
            Some(days) => format!("，再连续旷课 {days} 个上课日到最近的期限"),
            None => String::new(),
        };
        lines.push(format!("判定到 {judged_on}{distance}"));
    }
    let told = reasons(&decision.steps, &decision.evidence);
    let mut branches: Vec<(String, Vec<String>)> = Vec::new();
    for clause in told.clauses {
        let conditions = clause.conditions.iter().map(|condition| format!("{}  {}", condition.mark(), condition.text));
        let leaves = conditions.chain(clause.rows.iter().map(|row| format!("据 {row}"))).collect();
        branches.push((clause.title, leaves));
    }
    if !told.own_rows.is_empty() {
        branches.push(("学生本人的记录".to_owned(), told.own_rows.iter().map(|row| format!("据 {row}")).collect()));
    }
    let last_branch = branches.len().saturating_sub(1);
    for (number, (title, leaves)) in branches.iter().enumerate() {
        let (joint, stem) = if number == last_branch { ("└─", "   ") } else { ("├─", "│  ") };
        lines.push(format!("{joint} {title}"));
        for (place, leaf) in leaves.iter().enumerate() {
            lines.push(format!("{stem}{} {leaf}", if place + 1 == leaves.len() { "└─" } else { "├─" }));
        }
    }
    lines.extend(term.map(Term::lines).into_iter().flatten());
    if !decision.failing_subjects.is_empty() {
        lines.push(format!("不合格科目：{}", decision.failing_subjects.join("、")));
    }
    if !decision.missing.is_empty() {
        lines.push(format!("还不知道、而且会影响结论的：{}", decision.missing.join("、")));
    }
    lines.extend(told.changes.iter().map(|change| format!("怎样会改变：{change}")));
    // What is missing was said above.
    let others: Vec<&Finding> = findings.iter().filter(|finding| finding.code != "I0303").collect();
    if !others.is_empty() {
        lines.push("有关的问题：".to_owned());
    }
    for finding in others {
        lines.push(format!("  {} {}  {}{}", finding.code, severity(&finding.severity), finding.message, at(finding)));
        let words = [("现为", &finding.found), ("应为", &finding.expected)];
        let words: Vec<String> = words.into_iter().filter(|(_, own)| !own.is_empty()).map(|(what, own)| format!("{what} {own}")).collect();
        if !words.is_empty() {
            lines.push(format!("      {}", words.join("；")));
        }
        if let Some(effect) = finding.effect.as_ref().filter(|effect| effect.student_key == decision.student_key) {
            lines.push(format!("      查实后结论会变：{}", effect.change()));
        }
        if let Some(life) = history.get(&finding.finding_id) {
            let answer = life.review.map(|reply| format!("，答复：{}", reply.word())).unwrap_or_default();
            lines.push(format!("      {}，{} 起{answer}", life.change.title(), life.first_seen));
        }
    }
    lines.join("\n")
}

fn at(finding: &Finding) -> String {
    let Some(row) = finding.row else { return String::new() };
    let rows = Rows { table: String::new(), file: finding.file.clone(), sheet: finding.sheet.clone(), row, row_last: row };
    format!("（{}）", place(&rows))
}

fn object(run: &Run, decision: &Decision, (findings, history): (&[Finding], &History), term: Option<&Term>) -> serde_json::Value {
    let step = |step: &Step| {
        let asks = rule(&step.clause).map(|rule| rule.asks);
        json!({
            "clause": step.clause, "asks": asks, "code": step.code, "holds": step.holds,
            "value": step.value, "threshold": step.threshold, "text": step.text,
        })
    };
    let evidence = |rows: &Rows| json!({ "table": rows.table, "place": place(rows) });
    let finding = |finding: &Finding| {
        json!({
            "code": finding.code, "severity": finding.severity, "message": finding.message,
            "place": finding.row.map(|_| at(finding).trim_matches(['（', '）']).to_owned()),
            "found": finding.found, "expected": finding.expected,
            "effect": finding.effect.as_ref().filter(|effect| effect.student_key == decision.student_key).map(|effect| {
                json!({ "outcome_now": effect.outcome_now, "outcome_then": effect.outcome_then })
            }),
            "change": history.get(&finding.finding_id).map(|life| life.change.code()),
            "first_seen": history.get(&finding.finding_id).map(|life| &life.first_seen),
            "review": history.get(&finding.finding_id).and_then(|life| life.review).map(|reply| reply.word()),
        })
    };
    json!({
        "run_id": run.manifest.run_id,
        "student": mask::student_key(&decision.student_key),
        "name": decision.name,
        "district": decision.district,
        "school_code": decision.school_code,
        "school_name": decision.school_name,
        "stage": decision.stage,
        "grade": decision.grade,
        "class": decision.class,
        "procedure": decision.procedure,
        "outcome": decision.outcome,
        "next_grade": decision.next_grade,
        "certificate": decision.certificate,
        "clauses": decision.clauses,
        "failing_subjects": decision.failing_subjects,
        "missing": decision.missing,
        "judged_on": decision.judged_on.map(|day| day.to_string()),
        "days_to_threshold": decision.days_to_threshold,
        "attendance": term.map(Term::object),
        "reasons": decision.steps.iter().map(step).collect::<Vec<_>>(),
        "evidence": decision.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_student_is_found_by_key_number_or_name() {
        let key = "G11010519491231002X";
        assert!(is_asked("g11010519491231002x", key, "王一"));
        assert!(is_asked("11010519491231002X", key, "王一"));
        assert!(is_asked("王一", key, "王一"));
        assert!(!is_asked("王", key, "王一"));
        assert_eq!(shown(key), "G110105**********2X");
        assert_eq!(shown("王一"), "王一");
    }
}
