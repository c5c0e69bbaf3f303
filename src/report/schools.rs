//! Each school with all that a report shows of it, read back from the published files: a portion of the schools at a time, so that
//! memory does not grow with the city.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use chrono::NaiveDate;
use law::regulation::rule::Outcome;
use rayon::prelude::*;

use super::history;
use super::parquet::ROW_GROUP;
use super::read::{self, Fault, FindingRow, ReadError, Rows, Run, Step, byte, text, texts};
use super::words;
use crate::reconcile::life::Life;

/// A school.
#[derive(Clone, Debug, Default)]
pub struct School {
    /// Its place among all schools of the run.
    pub place: usize,
    /// Its district.
    pub district: String,
    /// Its code; empty for rows that name none.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its students, in the order of the decisions: by grade and class.
    pub students: Vec<Student>,
    /// The findings of the school, and the cases in which it is the other school; in the order of the findings.
    pub findings: Vec<OwnFinding>,
    /// What it has sent, table by table.
    pub sent: Vec<Sent>,
}

/// A student of a school.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Student {
    pub student_key: String,
    pub name: String,
    pub stage: String,
    pub grade: Option<i8>,
    pub class: String,
    /// Whether it was judged for graduation, as those of final grades are.
    pub is_final: bool,
    pub outcome: Outcome,
    pub next_grade: Option<i8>,
    pub certificate: String,
    pub clauses: String,
    pub judged_on: Option<NaiveDate>,
    pub days_to_threshold: Option<i16>,
    /// Of students of whom something is to be done only.
    pub why: Option<Box<Why>>,
}

/// What a decision rests on.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Why {
    pub steps: Vec<Step>,
    pub missing: Vec<String>,
    pub failing_subjects: Vec<String>,
    pub evidence: Vec<Rows>,
}

/// A finding of a school.
#[derive(Clone, Debug)]
pub struct OwnFinding {
    /// What it says.
    pub row: FindingRow,
    /// The evidence that an answer is bound to.
    pub evidence_hash: String,
    /// What became of it over the runs.
    pub life: Option<Life>,
}

/// What a school has sent of a table.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Sent {
    pub table: String,
    pub students: i64,
    pub students_expected: i64,
    pub students_with_rows: i64,
}

impl School {
    /// How it is called where both name and code may be missing.
    pub fn title(&self) -> &str {
        match (self.name.as_str(), self.code.as_str()) {
            ("", "") => "没有写学校的记录",
            ("", code) => code,
            (name, _) => name,
        }
    }
}

impl Student {
    /// The grade in words.
    pub fn grade_title(&self) -> &'static str {
        words::grade(self.grade)
    }
}

impl OwnFinding {
    /// Whether no answer to it stands.
    pub fn is_open(&self) -> bool {
        self.life.as_ref().is_none_or(|life| life.review.is_none())
    }
}

/// District and code. Rows may say different districts of one school: each is listed where its rows say it is.
type Key = (String, String);

/// Where the students of a school stand among the decisions.
#[derive(Clone, Debug, Default)]
struct Plan {
    name: String,
    ranges: Vec<Range<usize>>,
    sent: Vec<Sent>,
}

/// The schools of a run, in the order in which they are met.
#[derive(Debug, Default)]
struct Plans {
    order: Vec<Key>,
    plans: HashMap<Key, Plan>,
    /// The first school of each code.
    by_code: HashMap<String, Key>,
}

impl Plans {
    fn enter(&mut self, district: &str, code: &str) -> &mut Plan {
        let key = (district.to_owned(), code.to_owned());
        if !self.plans.contains_key(&key) {
            self.order.push(key.clone());
            self.by_code.entry(code.to_owned()).or_insert_with(|| key.clone());
        }
        self.plans.entry(key).or_default()
    }

    /// The school that a row of another file speaks of: that of the district if there is one, else the first of the code.
    fn find(&self, district: &str, code: &str) -> Option<Key> {
        let key = (district.to_owned(), code.to_owned());
        if self.plans.contains_key(&key) { Some(key) } else { self.by_code.get(code).cloned() }
    }

    /// Enters the students.
    fn enter_decisions(&mut self, run: &Run) -> Result<(), ReadError> {
        let mut first = 0;
        read::read(&run.folder.join("decisions.parquet"), &["district", "school_code", "school_name"], None, |batch| {
            let [districts, codes, names] = ["district", "school_code", "school_name"].map(|name| texts(batch, name));
            let (districts, codes, names) = (districts?, codes?, names?);
            let (all_districts, all_codes) = (read::strings_of(&districts), read::strings_of(&codes));
            let is_same = |one: usize, other: usize| {
                all_districts.value(one) == all_districts.value(other) && all_codes.value(one) == all_codes.value(other)
            };
            let mut place = 0;
            while place < batch.num_rows() {
                let last = (place + 1..batch.num_rows()).find(|other| !is_same(place, *other)).unwrap_or(batch.num_rows());
                let plan = self.enter(all_districts.value(place), all_codes.value(place));
                match plan.ranges.last_mut() {
                    Some(range) if range.end == first + place => range.end = first + last,
                    _ => plan.ranges.push(first + place..first + last),
                }
                if plan.name.is_empty() {
                    plan.name = text(&names, place);
                }
                place = last;
            }
            first += batch.num_rows();
            Ok(())
        })
    }

    /// Enters what was sent, and the schools that should have sent something.
    fn enter_submissions(&mut self, run: &Run) -> Result<(), ReadError> {
        let columns = ["district", "school_code", "school_name", "table", "students", "students_expected", "students_with_rows"];
        read::read(&run.folder.join("submissions.parquet"), &columns, None, |batch| {
            let [districts, codes, names, tables] = ["district", "school_code", "school_name", "table"].map(|name| texts(batch, name));
            let (districts, codes, names, tables) = (districts?, codes?, names?, tables?);
            for place in 0..batch.num_rows() {
                let (district, code) = (text(&districts, place), text(&codes, place));
                let (district, code) = self.find(&district, &code).unwrap_or((district, code));
                let plan = self.enter(&district, &code);
                if plan.name.is_empty() {
                    plan.name = text(&names, place);
                }
                let number = |name| read::long(batch, name, place).unwrap_or_default();
                plan.sent.push(Sent {
                    table: text(&tables, place),
                    students: number("students"),
                    students_expected: number("students_expected"),
                    students_with_rows: number("students_with_rows"),
                });
            }
            Ok(())
        })
    }

    /// Enters the schools that only findings name.
    fn enter_findings(&mut self, run: &Run) -> Result<(), ReadError> {
        read::read(&run.folder.join("findings.parquet"), &["district", "school_code"], None, |batch| {
            let (districts, codes) = (texts(batch, "district")?, texts(batch, "school_code")?);
            for place in (0..batch.num_rows()).filter(|place| read::strings_of(&codes).is_valid(*place)) {
                let code = read::strings_of(&codes).value(place);
                if !self.by_code.contains_key(code) {
                    self.enter(&text(&districts, place), code);
                }
            }
            Ok(())
        })
    }
}

/// Hands on each school of a run, some at a time on each thread, in no order.
///
/// # Errors
/// The run can't be read, or `take` fails.
pub fn each_school<E: From<ReadError> + Send>(run: &Run, take: impl Fn(&School) -> Result<(), E> + Sync) -> Result<(), E> {
    let mut all = Plans::default();
    all.enter_decisions(run)?;
    all.enter_submissions(run)?;
    all.enter_findings(run)?;
    let mut portions: Vec<(usize, Vec<Key>)> = Vec::new();
    let mut students = 0;
    for (place, key) in all.order.iter().enumerate() {
        let own: usize = all.plans.get(key).map_or(0, |plan| plan.ranges.iter().map(ExactSizeIterator::len).sum());
        match portions.last_mut() {
            Some((_, portion)) if students + own <= ROW_GROUP => portion.push(key.clone()),
            _ => {
                portions.push((place, vec![key.clone()]));
                students = 0;
            }
        }
        students += own;
    }
    portions.par_iter().with_max_len(1).try_for_each(|(first, portion)| {
        let schools = portion_read(run, &all, *first, portion)?;
        schools.par_iter().with_max_len(1).try_for_each(&take)
    })
}

/// Reads the schools of a portion, whose first one has this place among all.
fn portion_read(run: &Run, all: &Plans, first: usize, portion: &[Key]) -> Result<Vec<School>, ReadError> {
    let mut ranges: Vec<(Range<usize>, usize)> = Vec::new();
    let mut schools: Vec<School> = Vec::with_capacity(portion.len());
    for key in portion {
        let Some(plan) = all.plans.get(key) else { continue };
        ranges.extend(plan.ranges.iter().map(|range| (range.clone(), schools.len())));
        let (district, code) = key.clone();
        schools.push(School {
            place: first + schools.len(),
            district,
            code,
            name: plan.name.clone(),
            sent: plan.sent.clone(),
            ..School::default()
        });
    }
    ranges.sort_unstable_by_key(|(range, _)| range.start);
    enter_students(run, &ranges, &mut schools)?;
    enter_reasons(run, &ranges, &mut schools)?;
    enter_findings(run, all, portion, &mut schools)?;
    Ok(schools)
}

/// Of which students something is to be done.
fn is_to_act_on(outcome: Outcome) -> bool {
    !words::to_do(outcome).is_empty()
}

fn enter_students(run: &Run, ranges: &[(Range<usize>, usize)], schools: &mut [School]) -> Result<(), ReadError> {
    let columns = [
        "student_key",
        "name",
        "stage",
        "grade",
        "class",
        "procedure",
        "outcome",
        "next_grade",
        "certificate",
        "clauses.list.element",
        "judged_on",
        "days_to_threshold",
    ];
    let mut own = ranges.iter().flat_map(|(range, school)| std::iter::repeat_n(*school, range.len()));
    let spans: Vec<Range<usize>> = ranges.iter().map(|(range, _)| range.clone()).collect();
    read::read_ranges(&run.folder.join("decisions.parquet"), &columns, &spans, |batch| {
        let column = |name: &str| texts(batch, name);
        let (keys, names, stages, classes) = (column("student_key")?, column("name")?, column("stage")?, column("class")?);
        let procedures = column("procedure")?;
        let (outcomes, certificates) = (column("outcome")?, column("certificate")?);
        let clauses = Clauses::of(batch)?;
        for place in 0..batch.num_rows() {
            let code = read::strings_of(&outcomes).value(place);
            let student = Student {
                student_key: text(&keys, place),
                name: text(&names, place),
                stage: text(&stages, place),
                grade: byte(batch, "grade", place),
                class: text(&classes, place),
                is_final: read::strings_of(&procedures).value(place) == "graduation",
                outcome: words::outcome(code).ok_or_else(|| format!("no outcome is called {code}"))?,
                next_grade: byte(batch, "next_grade", place),
                certificate: text(&certificates, place),
                clauses: clauses.joined(place),
                judged_on: read::day(batch, "judged_on", place),
                days_to_threshold: read::short(batch, "days_to_threshold", place),
                why: None,
            };
            if let Some(school) = own.next().and_then(|school| schools.get_mut(school)) {
                school.students.push(student);
            }
        }
        Ok(())
    })
}

/// The clauses of each decision of a batch.
struct Clauses {
    offsets: Vec<i32>,
    texts: ArrayRef,
}

impl Clauses {
    fn of(batch: &RecordBatch) -> Result<Self, Fault> {
        let (offsets, texts) = read::list_of_texts(batch, "clauses")?;
        Ok(Self { offsets, texts })
    }

    fn joined(&self, place: usize) -> String {
        let texts = read::strings_of(&self.texts);
        let (first, last) = (self.offsets.get(place).copied().unwrap_or(0), self.offsets.get(place + 1).copied().unwrap_or(0));
        let mut joined = String::new();
        for own in first..last {
            if own > first {
                joined.push('、');
            }
            joined.push_str(texts.value(own as usize));
        }
        joined
    }
}

fn enter_reasons(run: &Run, ranges: &[(Range<usize>, usize)], schools: &mut [School]) -> Result<(), ReadError> {
    let columns = [
        "missing.list.element",
        "failing_subjects.list.element",
        "reasons.list.element.clause",
        "reasons.list.element.code",
        "reasons.list.element.holds",
        "reasons.list.element.value",
        "reasons.list.element.threshold",
        "reasons.list.element.text",
        "evidence.list.element.table",
        "evidence.list.element.file",
        "evidence.list.element.sheet",
        "evidence.list.element.row",
        "evidence.list.element.row_last",
    ];
    // Where they stand among the decisions, and within their school.
    let mut asked: Vec<(usize, usize, usize)> = Vec::new();
    let mut known: HashMap<usize, usize> = HashMap::new();
    for (range, school) in ranges {
        let before = known.entry(*school).or_default();
        for (at, own) in range.clone().zip(*before..) {
            let student = schools.get(*school).and_then(|school| school.students.get(own));
            if student.is_some_and(|student| is_to_act_on(student.outcome)) {
                asked.push((at, *school, own));
            }
        }
        *before += range.len();
    }
    if asked.is_empty() {
        return Ok(());
    }
    let places: Vec<usize> = asked.iter().map(|(at, ..)| *at).collect();
    let mut asked = asked.into_iter();
    read::read(&run.folder.join("decisions.parquet"), &columns, Some(&places), |batch| {
        for place in 0..batch.num_rows() {
            let one = batch.slice(place, 1);
            let why = Why {
                steps: read::steps(&read::records(&one, "reasons")?)?,
                missing: read::words(&one, "missing", 0)?,
                failing_subjects: read::words(&one, "failing_subjects", 0)?,
                evidence: read::evidence(&read::records(&one, "evidence")?)?,
            };
            let Some((_, school, own)) = asked.next() else { continue };
            if let Some(student) = schools.get_mut(school).and_then(|school| school.students.get_mut(own)) {
                student.why = Some(Box::new(why));
            }
        }
        Ok(())
    })
}

fn enter_findings(run: &Run, all: &Plans, portion: &[Key], schools: &mut [School]) -> Result<(), ReadError> {
    let places: HashMap<&Key, usize> = portion.iter().zip(0..).collect();
    let codes_here: HashSet<&str> = portion.iter().map(|(_, code)| code.as_str()).collect();
    let mut ids: HashSet<String> = HashSet::new();
    run.each_finding(|batch| {
        let (codes, others) = (texts(batch, "school_code")?, texts(batch, "other_school_code")?);
        let pairs = read::strings_of(&codes).iter().zip(read::strings_of(&others));
        let is_here = |code: Option<&str>| code.is_some_and(|code| codes_here.contains(code));
        let is_asked: BooleanArray = pairs
            .map(|(own, others)| Some(is_here(own) || read::codes_of(others.unwrap_or_default()).any(|code| is_here(Some(code)))))
            .collect();
        if is_asked.true_count() == 0 {
            return Ok(());
        }
        let batch = filter_record_batch(batch, &is_asked)?;
        let (hashes, districts, others) =
            (texts(&batch, "evidence_hash")?, texts(&batch, "district")?, texts(&batch, "other_school_code")?);
        let others = read::strings_of(&others);
        for (at, row) in read::finding_rows(&batch, batch.num_rows())?.into_iter().enumerate() {
            let own = Some(&row.school_code).filter(|code| !code.is_empty()).and_then(|code| all.find(&text(&districts, at), code));
            let others = if others.is_valid(at) { others.value(at) } else { "" };
            let others = read::codes_of(others).filter_map(|code| all.by_code.get(code).cloned());
            let concerned: BTreeSet<Key> = own.into_iter().chain(others).collect();
            let finding = OwnFinding { row, evidence_hash: text(&hashes, at), life: None };
            for school in concerned.iter().filter_map(|key| places.get(key).copied()) {
                ids.insert(finding.row.finding.finding_id.clone());
                schools.get_mut(school).into_iter().for_each(|school| school.findings.push(finding.clone()));
            }
        }
        Ok(())
    })?;
    let history = history::of(&run.folder, &ids.iter().map(String::as_str).collect())?;
    for finding in schools.iter_mut().flat_map(|school| &mut school.findings) {
        finding.life = history.get(&finding.row.finding.finding_id).cloned();
    }
    Ok(())
}
