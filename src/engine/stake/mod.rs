//! Which finding matters? Judges the student concerned once more with the finding settled, by the same facts and the same law, and says
//! whose decision would be another one, and which.

mod missing;
mod rank;

use std::collections::{BTreeMap, HashMap};

use law::facts::codes::Read;
use law::facts::grades::Grade;
use law::facts::student::Row;
use law::regulation::remedy::{self, Remedy};
use law::regulation::rule::{Certificate, Outcome};
use law::regulation::term_end::{Bench, Decision};
use law::regulation::verdict::Fact;
use rayon::prelude::*;

pub use rank::Rank;

use self::missing::At;
use super::cohort::Cohort;
use super::facts::Facts;
use super::finding::{About, Effect, Finding};
use super::roster::field;
use super::supposition::Supposition;
use crate::ingest::table::Table;
use crate::reconcile::exams;

/// Says of each finding that could change a decision whose it is and how.
pub fn weigh(cohort: &Cohort<'_>, findings: &mut [Finding]) {
    let cases = Cases::of(cohort, findings);
    let settle = |judge: &mut Judge, case: &Case| judge.settle(cohort, case);
    let supposed: Vec<Option<Effect>> = cases.supposed.par_iter().map_init(Judge::default, settle).collect();
    let open = |judge: &mut Judge, (student, asked): (&u32, &Vec<Open<'_>>)| judge.open(cohort, *student, asked);
    let open: Vec<Vec<(usize, Effect)>> = cases.open.par_iter().map_init(Judge::default, open).collect();
    let of_cases = cases.supposed.iter().zip(supposed);
    let of_cases = of_cases.flat_map(|(case, effect)| case.findings.iter().filter_map(move |own| Some((*own, effect?))));
    let effects: Vec<(usize, Effect)> = of_cases.chain(open.into_iter().flatten()).collect();
    for (own, effect) in effects {
        let finding = &mut findings[own];
        let rank = |effect: &Effect| Rank::of(finding.code, Some(effect));
        // A finding that stands for many rows says what it would change most; the first of several that are alike.
        if finding.effect.as_ref().is_none_or(|known| rank(&effect) < rank(known)) {
            finding.effect = Some(effect);
        }
    }
}

/// What a decision that missing facts leave open would be at best; none where that depends on whether there is a registration at all.
pub fn open(decision: &Decision) -> Option<Outcome> {
    let is_open = decision.outcome == Some(Outcome::Undetermined) && !decision.missing.contains(&Fact::Status);
    rank::best(&decision.possible).filter(|_| is_open)
}

/// Findings that are settled together, and what may be known then: of which student, in the order of likelihood.
struct Case {
    code: &'static str,
    findings: Vec<usize>,
    trials: Vec<(u32, Supposition)>,
}

/// A finding that may be why a fact is missing.
struct Open<'f> {
    finding: usize,
    at: Asked<'f>,
}

/// Which missing facts a finding is about.
enum Asked<'f> {
    /// The fact of this word.
    Named(&'f str),
    /// Any exam.
    AnyExam,
    /// What a cell holds: its row and field.
    Cell(Row, usize),
}

#[derive(Default)]
struct Cases<'f> {
    supposed: Vec<Case>,
    open: BTreeMap<u32, Vec<Open<'f>>>,
}

impl<'f> Cases<'f> {
    /// What there is to weigh.
    fn of(cohort: &Cohort<'_>, findings: &'f [Finding]) -> Self {
        let mut cases = Self::default();
        let is_year_end = cohort.law.term.is_none();
        // Rows that nobody can be given stand or fall with the number that they stand under.
        let mut unmatched: BTreeMap<(&'static str, &About), Vec<usize>> = BTreeMap::new();
        // So do rows of a student that were matched by the same thing, and all days on which the school's two accounts differ.
        let mut doubtful: BTreeMap<(&About, &str, &str), Vec<usize>> = BTreeMap::new();
        let mut contradicted: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        // And rows whose own number can't be read, of the same candidates.
        let mut unreadable: BTreeMap<&[u32], Vec<(usize, Row)>> = BTreeMap::new();
        let owners = Owners::new(cohort, findings);
        for (own, finding) in findings.iter().enumerate() {
            match (finding.code, &finding.about, finding.at) {
                ("R0301" | "R0303", about, Some(_)) if is_year_end => unmatched.entry((finding.code, about)).or_default().push(own),
                ("R0302", about @ About::Student(_), Some(_)) if is_year_end => {
                    doubtful.entry((about, &finding.place.header, &finding.found)).or_default().push(own);
                }
                ("R0304", About::Student(student), _) => cases.leave_open(*student, own, Asked::AnyExam),
                ("I0303", ..) if finding.effect.is_some() => {}
                ("I0303", About::Student(student), _) => cases.leave_open(*student, own, Asked::Named(&finding.field)),
                ("R0601", About::Student(student), Some(_)) => contradicted.entry(*student).or_default().push(own),
                ("R0101", About::Student(student), Some(row)) => cases.registered_elsewhere(cohort, *student, own, row),
                ("I0201" | "I0202" | "I0203" | "I0204" | "I0205" | "I0206" | "I0302", ..) => {
                    for (student, row, field) in owners.of(cohort, finding) {
                        cases.leave_open(student, own, Asked::Cell(row, field));
                    }
                    if is_year_end && !cohort.candidates.is_empty() {
                        for (row, _) in cells(cohort, finding) {
                            if let Some(candidates) = cohort.candidates.get(&row) {
                                unreadable.entry(candidates).or_default().push((own, row));
                            }
                        }
                    }
                }
                (code, About::Student(student), Some(row)) => {
                    if let Some(supposed) = remedy::of(code, &finding.expected).and_then(|remedy| remedied(remedy, row, is_year_end)) {
                        cases.supposed.push(Case { code, findings: vec![own], trials: vec![(*student, supposed)] });
                    }
                }
                _ => {}
            }
        }
        for ((code, _), own) in unmatched {
            cases.supposed.extend(gained(cohort, findings, code, own));
        }
        for (candidates, own) in unreadable {
            let rows: Vec<Row> = own.iter().map(|(_, row)| *row).collect();
            let gain = |student: &u32| (*student, Supposition { exams_gained: rows.clone(), ..Supposition::default() });
            let trials = candidates.iter().map(gain).collect();
            cases.supposed.push(Case { code: "R0301", findings: own.into_iter().map(|(own, _)| own).collect(), trials });
        }
        for ((about, ..), own) in doubtful {
            if let About::Student(student) = about {
                let exams_lost = own.iter().filter_map(|own| findings[*own].at).collect();
                let trials = vec![(*student, Supposition { exams_lost, ..Supposition::default() })];
                cases.supposed.push(Case { code: "R0302", findings: own, trials });
            }
        }
        for (student, own) in contradicted {
            let harsher = own.iter().filter_map(|own| findings[*own].at).collect();
            let trials = vec![(student, Supposition { harsher, ..Supposition::default() })];
            cases.supposed.push(Case { code: "R0601", findings: own, trials });
        }
        cases
    }

    fn leave_open(&mut self, student: u32, finding: usize, at: Asked<'f>) {
        self.open.entry(student).or_default().push(Open { finding, at });
    }

    /// The decision at another active registration.
    fn registered_elsewhere(&mut self, cohort: &Cohort<'_>, student: u32, finding: usize, row: Row) {
        let (sheet, record) = cohort.cell(row);
        let school = sheet.text(field::SCHOOL, record).value().unwrap_or_default();
        let Some(school) = cohort.roster.school_place(school) else { return };
        let supposed = Supposition { registration: Some((row, school)), ..Supposition::default() };
        self.supposed.push(Case { code: "R0101", findings: vec![finding], trials: vec![(student, supposed)] });
    }
}

/// Rows of one number: all of them that may be a candidate's, one candidate after the other.
fn gained(cohort: &Cohort<'_>, findings: &[Finding], code: &'static str, own: Vec<usize>) -> Option<Case> {
    let mut trials: Vec<(u32, Supposition)> = Vec::new();
    let rows = own.iter().filter_map(|own| findings[*own].at);
    for (row, candidates) in rows.filter_map(|row| Some((row, cohort.candidates.get(&row)?))) {
        for candidate in candidates {
            match trials.iter_mut().find(|(student, _)| student == candidate) {
                Some((_, supposed)) => supposed.exams_gained.push(row),
                None => trials.push((*candidate, Supposition { exams_gained: vec![row], ..Supposition::default() })),
            }
        }
    }
    (!trials.is_empty()).then_some(Case { code, findings: own, trials })
}

/// What a remedy makes known of a student; the year's approvals and applications decide nothing in term.
fn remedied(remedy: Remedy, row: Row, is_year_end: bool) -> Option<Supposition> {
    let nothing = Supposition::default();
    match remedy {
        Remedy::Approved => is_year_end.then_some(Supposition { approved: Some(row), ..nothing }),
        Remedy::Applied(kind) => is_year_end.then_some(Supposition { applied: Some((kind, row)), ..nothing }),
        Remedy::Status(status) => Some(Supposition { status: Some(status), ..nothing }),
        Remedy::DaysWereTruancy => Some(Supposition { unrecorded_was_truancy: true, ..nothing }),
    }
}

/// Whose the rows are that findings of reading stand at.
struct Owners {
    /// Roster rows without an id.
    of_roster: HashMap<Row, u32>,
}

impl Owners {
    fn new(cohort: &Cohort<'_>, findings: &[Finding]) -> Self {
        let has_no_owner = |finding: &&Finding| finding.code.starts_with("I02") && !matches!(finding.about, About::Student(_));
        if !findings.iter().any(|finding| has_no_owner(&finding)) {
            return Self { of_roster: HashMap::new() };
        }
        let sought: std::collections::HashSet<Row> =
            findings.iter().filter(has_no_owner).flat_map(|finding| cells(cohort, finding)).map(|(row, _)| row).collect();
        let students = cohort.roster.students.iter().zip(0..);
        Self { of_roster: students.filter(|(entry, _)| sought.contains(&entry.row)).map(|(entry, place)| (entry.row, place)).collect() }
    }

    /// The students of the rows that a finding stands at, each with the cell.
    fn of(&self, cohort: &Cohort<'_>, finding: &Finding) -> Vec<(u32, Row, usize)> {
        let owner = |row: Row| match finding.about {
            About::Student(student) => Some(student),
            _ => self.of_row(cohort, row),
        };
        cells(cohort, finding).into_iter().filter_map(|(row, field)| Some((owner(row)?, row, field))).collect()
    }

    fn of_row(&self, cohort: &Cohort<'_>, row: Row) -> Option<u32> {
        let (place, record) = cohort.index.locate(row);
        let sheet = &cohort.inputs.sheets[place];
        match sheet.table {
            Table::Roster => self.of_roster.get(&row).copied(),
            Table::Exams => {
                let known = *cohort.known(sheet, record..record + 1).first()?;
                exams::student(cohort, place, record, known, &mut Vec::new()).map(|(student, _)| student)
            }
            table => match sheet.id(table.field("全国学籍号")?, record) {
                Read::Value(id) => cohort.roster.with_id(id),
                Read::Empty | Read::Unreadable => None,
            },
        }
    }
}

/// The cells that a finding stands at, some of them where it stands for many; attendance keeps none.
fn cells(cohort: &Cohort<'_>, finding: &Finding) -> Vec<(Row, usize)> {
    let Some(place) = finding.place.sheet else { return Vec::new() };
    let Some(sheet) = cohort.inputs.sheets.get(place).filter(|sheet| sheet.table != Table::Attendance) else { return Vec::new() };
    let header = finding.place.header.as_str();
    let written = sheet.headers.iter().position(|own| own.as_deref() == Some(header));
    let Some(field) = written.or_else(|| sheet.table.field(header)) else { return Vec::new() };
    let rows = finding.rows_sample.iter().chain(&finding.place.row).filter_map(|row| sheet.rows.find(*row));
    let mut rows: Vec<Row> = finding.at.into_iter().chain(rows.map(|record| cohort.index.row(place, record))).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.into_iter().map(|row| (row, field)).collect()
}

/// What two decisions have to share to be the same.
type Triple = (Option<Outcome>, Option<Grade>, Option<Certificate>);

fn triple(decision: &Decision) -> Triple {
    (decision.outcome, decision.next_grade, decision.certificate)
}

/// Judges a student as often as it takes.
#[derive(Default)]
struct Judge {
    facts: Facts,
    bench: Bench,
}

impl Judge {
    fn judge(&mut self, cohort: &Cohort<'_>, student: u32, supposed: &Supposition) -> &Decision {
        let own = self.facts.gather_supposing(cohort, student as usize, supposed);
        let of_roster = self.facts.student(&own);
        match (&cohort.watch, &cohort.law.term) {
            (Some(watch), Some(term)) => {
                let entry = &cohort.roster.students[student as usize];
                self.bench.watch(cohort.law, &self.facts.watched(&own, &of_roster, term, watch, entry));
            }
            _ => self.bench.judge(cohort.law, &of_roster),
        }
        &self.bench.decision
    }

    /// The weightiest change that settling would bring; the likeliest of several that are alike.
    fn settle(&mut self, cohort: &Cohort<'_>, case: &Case) -> Option<Effect> {
        let mut effects = Vec::new();
        for (student, supposed) in &case.trials {
            let now = triple(self.judge(cohort, *student, &Supposition::default()));
            let then = triple(self.judge(cohort, *student, supposed));
            if let ((Some(before), ..), (Some(after), ..)) = (now, then)
                && now != then
            {
                effects.push(Effect { student: *student, now: before, then: after });
            }
        }
        effects.into_iter().min_by_key(|effect| Rank::of(case.code, Some(effect)))
    }

    /// What findings would change by which a decision is open: the best that it could be.
    fn open(&mut self, cohort: &Cohort<'_>, student: u32, asked: &[Open<'_>]) -> Vec<(usize, Effect)> {
        let decision = self.judge(cohort, student, &Supposition::default());
        if decision.outcome != Some(Outcome::Undetermined) {
            return Vec::new();
        }
        let missing = decision.missing.clone();
        let mut possible = decision.possible.clone();
        if missing.contains(&Fact::Status) {
            let enrolled = Supposition { status: Some(law::facts::codes::Status::Enrolled), ..Supposition::default() };
            let decision = self.judge(cohort, student, &enrolled);
            possible = decision.possible.clone();
            possible.extend(decision.outcome.filter(|outcome| *outcome != Outcome::Undetermined));
        }
        let Some(then) = rank::best(&possible) else { return Vec::new() };
        let effect = Effect { student, now: Outcome::Undetermined, then };
        let is_missing = |open: &&Open<'_>| missing.iter().any(|fact| open.at.is_about(cohort, *fact));
        asked.iter().filter(is_missing).map(|open| (open.finding, effect)).collect()
    }
}

impl Asked<'_> {
    fn is_about(&self, cohort: &Cohort<'_>, fact: Fact) -> bool {
        match self {
            Asked::Named(word) => fact.word(|subject| cohort.law.subjects.name(subject).to_owned()) == *word,
            Asked::AnyExam => matches!(fact, Fact::Exam(_)),
            Asked::Cell(row, field) => {
                let (sheet, record) = cohort.cell(*row);
                At { sheet, record, field: *field }.may_hold(cohort, fact)
            }
        }
    }
}
