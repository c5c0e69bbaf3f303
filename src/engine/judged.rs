//! Judging a chunk of students: decisions as columns, with reasons, evidence and findings beside them.

use std::ops::Range;

use chrono::NaiveDate;
use law::facts::codes::{ArchivePart, Read, Status};
use law::facts::grades::{Grade, Stage};
use law::facts::spells::months_and_days;
use law::facts::student::{Row, Student};
use law::facts::subjects::Subject;
use law::regulation::findings::{self, Severity};
use law::regulation::rule::{Amount, Certificate, Clause, Outcome, Reason, RuleFinding};
use law::regulation::term_end::{Bench, Procedure};
use law::regulation::verdict::Fact;

use super::cohort::{Cohort, place};
use super::facts::{ContradictedDay, Facts, Meeting};
use super::finding::{About, Effect, Finding, Place};
use super::roster::field;
use super::scope::OutOfScope;
use super::stake;
use crate::ingest::attendance::count;
use crate::ingest::table::Table;

/// Lists of many owners in one vector: where each owner's list ends, and the items.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> Lists<T> {
    /// Adds the next owner's list.
    pub fn push(&mut self, items: &[T]) {
        self.items.extend_from_slice(items);
        self.ends.push(self.items.len() as u32);
    }

    /// The list of an owner.
    pub fn get(&self, owner: usize) -> &[T] {
        let begin = owner.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.items[begin..self.ends[owner] as usize]
    }
}

/// The decisions of a chunk of students, in the order of the cohort.
#[derive(Debug)]
pub struct Judged {
    /// The students, by place in the cohort.
    pub students: Range<usize>,
    /// 年级
    pub grade: Vec<Option<Grade>>,
    /// The stage.
    pub stage: Vec<Option<Stage>>,
    /// What was decided on.
    pub procedure: Vec<Procedure>,
    /// The day judged, in term.
    pub judged_on: Vec<Option<NaiveDate>>,
    /// School days of unbroken 旷课 to the nearest threshold, in term.
    pub days_to_threshold: Vec<Option<i16>>,
    /// The outcome.
    pub outcome: Vec<Outcome>,
    /// The next grade.
    pub next_grade: Vec<Option<Grade>>,
    /// The certificate.
    pub certificate: Vec<Option<Certificate>>,
    /// The deciding clauses.
    pub clauses: Lists<Clause>,
    /// Subjects that fail.
    pub failing: Lists<Subject>,
    /// Unknown facts that could change the decision.
    pub missing: Lists<Fact>,
    /// The smallest set of facts that would bring promotion or graduation.
    pub change: Lists<Fact>,
    /// The steps.
    pub reasons: Lists<Reason>,
    /// The rows of the facts that were read, in order, each once.
    pub evidence: Lists<Row>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// Rows that turned out to repeat another one whole.
    pub repeated: Vec<Row>,
    /// Rows that turned out to be out of scope.
    pub out_of_scope: Vec<(Row, OutOfScope)>,
}

/// Judges a chunk of students.
pub fn judge(cohort: &Cohort<'_>, students: Range<usize>) -> Judged {
    let number = students.len();
    let mut judged = Judged {
        students: students.clone(),
        grade: Vec::with_capacity(number),
        stage: Vec::with_capacity(number),
        procedure: Vec::with_capacity(number),
        judged_on: Vec::with_capacity(number),
        days_to_threshold: Vec::with_capacity(number),
        outcome: Vec::with_capacity(number),
        next_grade: Vec::with_capacity(number),
        certificate: Vec::with_capacity(number),
        clauses: Lists::default(),
        failing: Lists::default(),
        missing: Lists::default(),
        change: Lists::default(),
        reasons: Lists::default(),
        evidence: Lists::default(),
        findings: Vec::new(),
        repeated: Vec::new(),
        out_of_scope: Vec::new(),
    };
    let mut facts = Facts::default();
    let (mut bench, mut year_end) = (Bench::default(), Bench::default());
    for place in students {
        let own = facts.gather(cohort, place);
        let student = facts.student(&own);
        match (&cohort.watch, &cohort.law.term) {
            (Some(watch), Some(term)) => {
                let entry = &cohort.roster.students[place];
                let watched = facts.watched(&own, &student, term, watch, entry);
                match &cohort.audit {
                    Some(audit) => bench.audit(&mut year_end, cohort.law, &facts.audited(&own, &watched, cohort, audit, place)),
                    None => bench.watch(cohort.law, &watched),
                }
            }
            _ => bench.judge(cohort.law, &student),
        }
        let stage = student.grade.map(|grade| student.system.stage(grade));
        let without_exam = student.status.is(Status::Enrolled) && student.sittings.is_empty() && owes_exams(cohort, place, &student);
        judged.grade.push(student.grade);
        judged.stage.push(stage);
        let decision = &bench.decision;
        judged.procedure.push(decision.procedure);
        judged.judged_on.push(decision.judged_on);
        judged.days_to_threshold.push(decision.days_to_threshold);
        judged.outcome.push(decision.outcome.unwrap_or(Outcome::Undetermined));
        judged.next_grade.push(decision.next_grade);
        judged.certificate.push(decision.certificate);
        judged.clauses.push(&decision.clauses);
        judged.failing.push(&decision.failing);
        judged.missing.push(&decision.missing);
        judged.change.push(&decision.change);
        judged.reasons.push(&bench.reasons);
        if bench.rows.is_empty() {
            bench.rows.push(student.row);
        }
        bench.rows.sort_unstable();
        bench.rows.dedup();
        judged.evidence.push(&bench.rows);
        raise(cohort, place, &bench, without_exam, &mut judged.findings);
        for meeting in &facts.meetings {
            match *meeting {
                Meeting::Repeated { row } => {
                    judged.repeated.push(row);
                    judged.findings.push(cohort.repeated(row));
                }
                Meeting::Contradicted { row, first, field } => judged.findings.push(contradicted(cohort, place, row, first, field)),
            }
        }
        for (row, date) in &facts.in_term.repeated {
            judged.repeated.push(*row);
            judged.findings.push(repeated_day(cohort, place, *row, *date));
        }
        judged.findings.extend(facts.in_term.contradicted.iter().map(|own| contradicted_day(cohort, place, own)));
        judged.out_of_scope.extend(facts.other_stage.iter().map(|row| (*row, OutOfScope::OtherStage)));
        judged.out_of_scope.extend(facts.other_year.iter().map(|row| (*row, OutOfScope::OtherYear)));
    }
    judged
}

/// Whether a student is in a final grade that has exams, at the year's end or in a grade where somebody else has sat one.
fn owes_exams(cohort: &Cohort<'_>, place: usize, student: &Student<'_>) -> bool {
    let Some(grade) = student.grade else { return false };
    let is_final = student.system.is_final(grade) && student.system.stage(grade) != Stage::Primary;
    let is_due = match &cohort.audit {
        Some(audit) => cohort.law.as_of >= cohort.law.last_day || audit.has_sat(cohort.roster.students[place].school, grade),
        None => cohort.law.term.is_none(),
    };
    is_final && is_due
}

/// The findings of judging one student.
fn raise(cohort: &Cohort<'_>, student: usize, bench: &Bench, without_exam: bool, findings: &mut Vec<Finding>) {
    findings.extend(bench.findings.iter().map(|finding| of_rule(cohort, student, finding)));
    let at = cohort.roster.students[student].row;
    let (sheet, record) = cohort.index.locate(at);
    let row = cohort.inputs.sheets[sheet].rows.get(record);
    let mut about_student = |code, severity, field: String, column: usize, found: &str, expected: String, header: Option<String>| {
        let mut place = place(cohort.inputs, sheet, record, column);
        if let Some(header) = header {
            (place.header, place.column) = (header, None);
        }
        let about = About::Student(student as u32);
        let (found, other_party) = (found.to_owned(), String::new());
        findings.push(Finding {
            code,
            severity,
            about,
            field,
            other_party,
            found,
            expected,
            place,
            count: 1,
            rows_sample: vec![row],
            at: Some(at),
            other_school: None,
            effect: None,
        });
    };
    if without_exam {
        let expected = "本学段的学业水平考试成绩".to_owned();
        about_student("R0304", Severity::Query, "学业水平考试".into(), field::STATUS, "没有考试成绩", expected, None);
    }
    let mut named: Vec<String> = Vec::new();
    for fact in &bench.decision.missing {
        let word = fact.word(|subject| cohort.law.subjects.name(subject).to_owned());
        if named.contains(&word) {
            continue;
        }
        about_student("I0303", Severity::Query, word.clone(), field::STATUS, "", format!("{word}的有效记录"), Some(word.clone()));
        named.push(word);
    }
    // They are many where a table was not sent: what they would change is known here already.
    let effect = stake::open(&bench.decision).map(|then| Effect { student: student as u32, now: Outcome::Undetermined, then });
    let missing = findings.len() - named.len();
    findings[missing..].iter_mut().for_each(|finding| finding.effect = effect);
}

/// A finding of a rule, at its cell.
fn of_rule(cohort: &Cohort<'_>, student: usize, finding: &RuleFinding) -> Finding {
    let (sheet, record) = cohort.index.locate(finding.row);
    let own = &cohort.inputs.sheets[sheet];
    let field = own.table.field(finding.column);
    let place = place(cohort.inputs, sheet, record, field.unwrap_or(0));
    let severity = match findings::find(finding.code) {
        Some(entry) if !finding.as_query => entry.severity,
        _ => Severity::Query,
    };
    let subject = finding.subject.map(|subject| cohort.law.subjects.name(subject).to_owned());
    // Attendance is about the student, whatever the day; its cells are not held any more.
    let is_plain = matches!(own.table, Table::Roster | Table::Attendance);
    let key_words = if is_plain { String::new() } else { cohort.key_words(sheet, record) };
    let field = [own.table.title(), subject.as_deref().unwrap_or_default(), &key_words, finding.column].join(".");
    Finding {
        code: finding.code,
        severity,
        about: About::Student(student as u32),
        field,
        other_party: String::new(),
        found: amount(cohort, finding.found).or(subject).unwrap_or_default(),
        expected: finding.expected.into(),
        place,
        count: i64::from(finding.count),
        rows_sample: vec![own.rows.get(record)],
        at: Some(finding.row),
        other_school: None,
        effect: None,
    }
}

/// I0301: a row of attendance that repeats another one whole.
fn repeated_day(cohort: &Cohort<'_>, student: usize, row: Row, date: i16) -> Finding {
    let date = cohort.law.term.as_ref().and_then(|term| term.first.checked_add_signed(chrono::TimeDelta::days(i64::from(date))));
    let date = date.map(|date| date.to_string()).unwrap_or_default();
    Finding { about: About::Student(student as u32), field: format!("考勤.{date}"), ..cohort.repeated(row) }
}

/// R0601: a row of attendance beside a kinder one of the same day.
fn contradicted_day(cohort: &Cohort<'_>, student: usize, day: &ContradictedDay) -> Finding {
    let (sheet, record) = cohort.index.locate(day.row);
    let date = cohort.law.term.as_ref().and_then(|term| term.days.get(day.day)).map(ToString::to_string).unwrap_or_default();
    Finding {
        code: "R0601",
        severity: Severity::Error,
        about: About::Student(student as u32),
        field: format!("考勤.{date}.{}", day.record.word()),
        other_party: String::new(),
        found: format!("{date} {}，另有一条{}", day.record.word(), day.kinder.word()),
        expected: "同一天只有一个考勤结果".into(),
        place: place(cohort.inputs, sheet, record, count::field::KIND),
        count: day.days as i64,
        rows_sample: vec![cohort.inputs.sheets[sheet].rows.get(record)],
        at: Some(day.row),
        other_school: None,
        effect: None,
    }
}

fn contradicted(cohort: &Cohort<'_>, student: usize, row: Row, first: Row, field: usize) -> Finding {
    let (sheet, record) = cohort.index.locate(row);
    let own = &cohort.inputs.sheets[sheet];
    let column = &own.table.fields()[field];
    // In the order of the words, whichever row comes first.
    let mut words = [first, row].map(|row| cohort.cell_words(row, field));
    words.sort();
    Finding {
        code: "I0302",
        severity: Severity::Error,
        about: About::Student(student as u32),
        field: format!("{}.{}.{}", own.table.title(), cohort.key_words(sheet, record), column.header),
        other_party: String::new(),
        found: format!("{}有不同的值：{}", column.header, words.join("、")),
        expected: "同一事项只有一个值".into(),
        place: Place { beside: cohort.position(first), ..place(cohort.inputs, sheet, record, field) },
        count: 1,
        rows_sample: vec![own.rows.get(record)],
        at: Some(row),
        other_school: None,
        effect: None,
    }
}

/// An amount as people read it.
pub fn amount(cohort: &Cohort<'_>, amount: Amount) -> Option<String> {
    match amount {
        Amount::None => None,
        Amount::Number(number) => Some(number.to_string()),
        Amount::Between(least, most) => Some(format!("{least}至{most}")),
        Amount::Date(date) => Some(date.to_string()),
        Amount::Birth(date) => Some(format!("出生日期{date}")),
        Amount::Word(word) => Some(word.to_owned()),
        Amount::LackingParts(bits) => {
            let parts = (0..8).filter(|code| bits >> code & 1 == 1).filter_map(ArchivePart::from_code).map(ArchivePart::word);
            Some(format!("缺{}", parts.collect::<Vec<_>>().join("、")))
        }
        Amount::Spell { first, last, days } => {
            let lasted = match months_and_days(first, last) {
                (0, days) => format!("{days}天"),
                (months, 0) => format!("{months}个月"),
                (months, days) => format!("{months}个月{days}天"),
            };
            Some(format!("{first}至{last}，{days}个上课日，历时{lasted}"))
        }
        Amount::Months { months, more_than: true, on } => Some(format!("超过{months}个月，即到{on}")),
        Amount::Months { months, more_than: false, on } => Some(format!("{months}个月以上，即到{on}")),
        Amount::Subjects(bits) => {
            let subjects = (0..64).filter(|code| bits >> code & 1 == 1).map(|code| cohort.law.subjects.name(Subject(code)));
            let names = subjects.collect::<Vec<_>>().join("、");
            (!names.is_empty()).then_some(names)
        }
    }
}

/// The text of a roster cell of a student.
pub fn roster_text<'c>(cohort: &'c Cohort<'_>, student: usize, column: usize) -> Option<&'c str> {
    let (sheet, record) = cohort.cell(cohort.roster.students[student].row);
    match sheet.text(column, record) {
        Read::Value(text) => Some(text),
        Read::Empty | Read::Unreadable => None,
    }
}
