//! What the watch knows beside the students' own rows: attendance, and what each school has handed in for the term.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;
use law::facts::attendance::{Form, SchoolReport};
use law::facts::calendar::Term;
use law::facts::codes::{Read, Status};
use law::facts::identifiers::NationalId;
use law::facts::student::Row;
use law::regulation::findings::Severity;
use law::regulation::rule::Law;
use rayon::prelude::*;

use super::attendance::ids::{Ids, Numbering};
use super::attendance::ledger::{Counted as OfSheet, Ledger};
use super::cohort::{Cohort, place};
use super::finding::{About, Finding, Place};
use super::roster::field;
use super::rows::RowIndex;
use crate::ingest::attendance::{Counted, Counting, Days, Deferred, Digest, Numbers, count, read_deferred};
use crate::ingest::table::Table;
use crate::ingest::{CellFinding, FileInfo, Inputs, Sheet, Vocabulary};

/// How many rows of a finding are named.
const SAMPLE: usize = 10;

/// Attendance and the schools' reports.
#[derive(Debug)]
pub struct Watch {
    /// The form of attendance.
    pub form: Form,
    /// What is on record.
    pub ledger: Ledger,
    schools: Vec<SchoolReport>,
}

impl Watch {
    /// What a school has handed in.
    pub fn school(&self, school: u32) -> SchoolReport {
        self.schools[school as usize]
    }
}

/// Attendance as it was counted, before the schools are looked at.
#[derive(Debug)]
pub struct Attendance {
    /// What is on record.
    pub ledger: Ledger,
    /// Whose the numbers are.
    pub numbering: Numbering,
    /// The files that hold nothing else, by their places among the inputs', with what they came to.
    pub files: Vec<(usize, Counted)>,
    /// How many of them were read in this run.
    pub read: usize,
}

/// What is counted.
pub struct Counter<'c> {
    /// The law, with the term.
    pub law: &'c Law,
    /// The term.
    pub term: &'c Term,
    /// The words that files are read by.
    pub vocabulary: &'c Vocabulary,
    /// The students.
    pub ids: &'c Ids<'c>,
    /// How many students there are.
    pub students: usize,
    /// Is told of each file's bytes when they are counted.
    pub tell: &'c (dyn Fn(u64) + Sync),
}

/// A sheet of attendance: of a file that was left for later, by place among those and among its sheets, or one that was read with others.
#[derive(Clone, Copy)]
enum Where {
    File(usize, usize),
    Read(usize),
}

impl Counter<'_> {
    /// Counts all attendance: the files that were left for later, whose sheets come after those that were read, and the sheets of
    /// workbooks. What `known` files came to, by the hash of their content, is taken as it is.
    ///
    /// # Errors
    /// The path of a file that holds more than attendance.
    pub fn count(&self, inputs: &mut Inputs, mut known: HashMap<String, Counted>) -> Result<Attendance, String> {
        let days = Days::new(&self.law.calendar, self.term);
        let deferred = std::mem::take(&mut inputs.deferred);
        // What a file came to with rows that others are in place of now is not what it comes to without them.
        let of_file = |own: &Deferred| (own.file, known.remove(&inputs.files[own.file].sha256).filter(|_| own.replaced.is_empty()));
        let files: Vec<(usize, Option<Counted>)> = deferred.iter().map(of_file).collect();
        let is_new = |(file, known): &(usize, Option<Counted>)| known.is_none() && !inputs.files[*file].duplicate;
        if files.iter().any(is_new) || inputs.sheets.iter().any(|sheet| sheet.table == Table::Attendance) {
            self.ids.put_in_order(0);
        }
        let replaced: HashMap<usize, Vec<u32>> = deferred.into_iter().map(|own| (own.file, own.replaced)).collect();
        let replaced = |file: usize| replaced.get(&file).map_or([].as_slice(), Vec::as_slice);
        let read = AtomicUsize::new(0);
        let count = |(file, known): (usize, Option<Counted>)| -> Result<(usize, Counted), String> {
            let info = &inputs.files[file];
            let counted = match known {
                _ if info.duplicate => Counted::default(),
                Some(known) => known,
                None => {
                    read.fetch_add(1, Ordering::Relaxed);
                    self.read(info, replaced(file), self.counting(&days, &[]))?
                }
            };
            (self.tell)(info.bytes);
            Ok((file, counted))
        };
        let mut files: Vec<(usize, Counted)> = files.into_par_iter().map(count).collect::<Result<_, _>>()?;
        let of_workbooks = inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Attendance);
        let mut others: Vec<(usize, Digest)> =
            of_workbooks.map(|(place, sheet)| (place, count_sheet(sheet, self.counting(&days, &[])))).collect();
        add_duplicates(inputs, &mut files);
        let begin = inputs.sheets.len();
        for (file, counted) in &files {
            add_counted(inputs, *file, counted);
        }
        // Whoever is met is met in the first counting.
        let numbering = self.ids.numbering();
        let index = RowIndex::new(inputs);
        loop {
            let mut places = Vec::new();
            let mut of_sheets = Vec::new();
            for (place, (sheet, digest)) in others.iter().enumerate() {
                places.push(Where::Read(place));
                of_sheets.push(OfSheet { sheet: *sheet, begin: index.row(*sheet, 0), digest });
            }
            let mut sheet = begin;
            for (file, (_, counted)) in files.iter().enumerate() {
                for (place, (_, digest)) in counted.sheets.iter().enumerate() {
                    places.push(Where::File(file, place));
                    of_sheets.push(OfSheet { sheet, begin: index.row(sheet, 0), digest });
                    sheet += 1;
                }
            }
            let incomplete = match Ledger::new(&of_sheets, &numbering, self.term, self.law.as_of, self.students) {
                Ok(ledger) => {
                    return Ok(Attendance { ledger, numbering, files, read: read.into_inner() });
                }
                Err(incomplete) => incomplete,
            };
            let wanted: Vec<(Where, Vec<u32>)> = incomplete
                .into_iter()
                .filter_map(|(place, numbers)| {
                    let mut whole: Vec<u32> = of_sheets.get(place)?.digest.whole.iter().copied().chain(numbers).collect();
                    whole.sort_unstable();
                    whole.dedup();
                    Some((*places.get(place)?, whole))
                })
                .collect();
            for (place, whole) in wanted {
                let counting = self.counting(&days, &whole);
                match place {
                    Where::Read(place) => {
                        if let Some((sheet, digest)) = others.get_mut(place) {
                            *digest = count_sheet(&inputs.sheets[*sheet], counting);
                        }
                    }
                    Where::File(file, place) => {
                        let Some((info, (file, counted))) = files.get_mut(file).map(|own| (&inputs.files[own.0], own)) else { continue };
                        read.fetch_add(1, Ordering::Relaxed);
                        let again = self.read(info, replaced(*file), counting)?.sheets.into_iter().nth(place);
                        if let (Some((_, digest)), Some((_, again))) = (counted.sheets.get_mut(place), again) {
                            *digest = again;
                        }
                    }
                }
            }
        }
    }

    fn counting<'a>(&'a self, days: &'a Days, whole: &'a [u32]) -> Counting<'a> {
        Counting { days, numbers: self.ids, whole }
    }

    fn read(&self, info: &FileInfo, replaced: &[u32], counting: Counting<'_>) -> Result<Counted, String> {
        read_deferred(info, replaced, self.vocabulary, &counting, rayon::current_num_threads()).map_err(|_| info.path.clone())
    }
}

fn count_sheet(sheet: &Sheet, counting: Counting<'_>) -> Digest {
    let mut digest = count::count(&sheet.columns, sheet.rows_read as usize, &sheet.set_aside, counting);
    digest.close();
    digest
}

/// The sheets of files that were given twice: as long as the first one's, and all set aside.
fn add_duplicates(inputs: &Inputs, files: &mut [(usize, Counted)]) {
    for place in 0..files.len() {
        let info = &inputs.files[files[place].0];
        let is_first = |(file, _): &&(usize, Counted)| !inputs.files[*file].duplicate && inputs.files[*file].sha256 == info.sha256;
        let Some((_, first)) = files.iter().find(is_first).filter(|_| info.duplicate) else { continue };
        let sheets = first.sheets.iter().map(|(sheet, _)| {
            let set_aside = (0..sheet.rows_read).collect();
            let columns = vec![None; sheet.columns.len()];
            let sheet = Sheet { columns, sparse: Some(Vec::new()), set_aside, replaced: Vec::new(), ..sheet.clone() };
            let digest = Digest { unusable: sheet.rows_read, ..Digest::default() };
            (sheet, digest)
        });
        files[place].1 = Counted { sheets: sheets.collect(), findings: Vec::new() };
    }
}

/// Adds the sheets and findings of a file that was counted.
fn add_counted(inputs: &mut Inputs, file: usize, counted: &Counted) {
    let first = inputs.sheets.len();
    inputs.sheets.extend(counted.sheets.iter().map(|(sheet, _)| Sheet { file, ..sheet.clone() }));
    let findings = counted.findings.iter().cloned();
    inputs.findings.extend(findings.map(|finding| CellFinding { file, sheet: finding.sheet.map(|sheet| sheet + first), ..finding }));
}

/// Puts the watch of a cohort together and enters what it finds.
pub fn enter(cohort: &mut Cohort<'_>, form: Form, ledger: Ledger) {
    let Some(term) = &cohort.law.term else { return };
    let watch = report(cohort, term, form, ledger);
    cohort.watch = Some(watch);
}

/// The place of 注册日期 in 学期注册.
const REGISTERED: usize = 3;

/// The report of a school on its attendance: the last 截止日期 and its row.
type Reported<'a> = HashMap<&'a str, (NaiveDate, Row)>;

fn reported<'a>(cohort: &Cohort<'a>) -> Reported<'a> {
    let mut reported = Reported::new();
    let sheets = cohort.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::AttendanceReports);
    for (place, sheet) in sheets {
        for record in 0..sheet.rows_read as usize {
            if let (Read::Value(code), Read::Value(date)) = (sheet.text(0, record), sheet.date(1, record)) {
                let own = (date, cohort.index.row(place, record));
                let known = reported.entry(code).or_insert(own);
                // Of equal dates the first row.
                if own.0 > known.0 {
                    *known = own;
                }
            }
        }
    }
    reported
}

/// The students of each school who stand together.
fn groups(cohort: &Cohort<'_>) -> (Vec<u32>, Vec<Range<u32>>) {
    let students = &cohort.roster.students;
    let mut first = 0;
    students
        .chunk_by(|one, other| one.school == other.school)
        .map(|group| {
            let range = first..first + group.len() as u32;
            first = range.end;
            (group[0].school, range)
        })
        .unzip()
}

/// What each school has handed in, and what is wrong with it.
fn report(cohort: &mut Cohort<'_>, term: &Term, form: Form, ledger: Ledger) -> Watch {
    let law = cohort.law;
    let today = law.as_of.min(term.last);
    let reported = reported(cohort);
    let number = cohort.roster.schools.len();
    let (schools, groups) = groups(cohort);
    let mut last_days: Vec<Option<usize>> = vec![None; number];
    let (mut has_registrations, mut is_judged) = (vec![false; number], vec![false; number]);
    for ((school, group), last) in schools.iter().zip(&groups).zip(ledger.last_days(&groups)) {
        let school = *school as usize;
        last_days[school] = last_days[school].max(last);
        for student in group.clone() {
            let student = student as usize;
            // Rows without a column for the date say of nobody that he or she is not registered.
            let says = |row: &Row| cohort.cell(*row).0.columns.get(REGISTERED).is_some_and(Option::is_some);
            has_registrations[school] |= cohort.rows_of(Table::Registrations, student).iter().any(says);
            if !is_judged[school] {
                let (sheet, record) = cohort.cell(cohort.roster.students[student].row);
                is_judged[school] = sheet.code(field::STATUS, record).value() == Some(Status::Enrolled as u8);
            }
        }
    }
    let mut findings = Vec::new();
    let mut reports = Vec::with_capacity(number);
    for (place, school) in cohort.roster.schools.iter().enumerate() {
        let own = reported.get(school.code.as_str()).filter(|(date, _)| *date >= term.first);
        let through = own.map(|(date, _)| *date).or(last_days[place].map(|day| term.days[day]));
        let judged_on = through.map_or(today, |through| through.min(today));
        let behind = term.days_until(today) - through.map_or(0, |through| term.days_until(through.min(today)));
        if is_judged[place] && behind > law.policy.numbers.attendance_lag_days as usize {
            findings.push(behind_finding(cohort, &school.code, through, reported.get(school.code.as_str()).map(|(_, row)| *row), behind));
        }
        reports.push(SchoolReport {
            judged_on,
            days: term.days_until(judged_on),
            has_attendance: through.is_some(),
            has_registrations: has_registrations[place],
        });
    }
    for (id, stray) in &ledger.strangers {
        let found = crate::report::mask::national_id(&NationalId::from_packed(*id).to_string());
        findings.push(stray_finding(cohort, About::Id(*id), "考勤.学籍", found, "学籍名册中的学生", 0, &stray.rows));
    }
    for (student, stray) in &ledger.idle {
        let date = term.first.checked_add_signed(chrono::TimeDelta::days(i64::from(stray.date)));
        let found = date.map(|date| date.to_string()).unwrap_or_default();
        findings.push(stray_finding(cohort, About::Student(*student), "考勤.上课日", found, "上课日", count::field::DATE, &stray.rows));
    }
    for (sheet, books) in &ledger.books {
        cohort.books[*sheet] = books.clone();
    }
    cohort.findings.extend(findings);
    Watch { form, ledger, schools: reports }
}

/// How the finding of a school begins that handed in no attendance for the term.
pub const SENT_NOTHING: &str = "本学期没有报送";

/// F1103: a school whose attendance is behind.
fn behind_finding(cohort: &Cohort<'_>, school: &str, through: Option<NaiveDate>, row: Option<Row>, behind: usize) -> Finding {
    let (place, rows_sample) = match row {
        Some(row) => {
            let (sheet, record) = cohort.index.locate(row);
            (place(cohort.inputs, sheet, record, 1), vec![cohort.inputs.sheets[sheet].rows.get(record)])
        }
        None => (Place::default(), Vec::new()),
    };
    Finding {
        code: "F1103",
        severity: Severity::Error,
        about: About::School(school.to_owned()),
        field: "考勤上报".into(),
        other_party: String::new(),
        found: match through {
            Some(through) => format!("报到{through}，落后{behind}个上课日"),
            None => format!("{SENT_NOTHING}，落后{behind}个上课日"),
        },
        expected: "不超过规定的上课日数".into(),
        place,
        count: behind as i64,
        rows_sample,
        at: row,
        other_school: None,
        effect: None,
    }
}

/// R0602: rows of attendance that are nobody's, or of no school day.
fn stray_finding(cohort: &Cohort<'_>, about: About, field: &str, found: String, expected: &str, column: usize, rows: &[Row]) -> Finding {
    let mut in_order = rows.to_vec();
    in_order.sort_unstable();
    let (sheet, record) = cohort.index.locate(in_order[0]);
    let own = &cohort.inputs.sheets[sheet];
    let places = in_order.iter().map(|row| cohort.index.locate(*row)).filter(|(other, _)| *other == sheet);
    Finding {
        code: "R0602",
        severity: Severity::Query,
        about,
        field: field.to_owned(),
        other_party: String::new(),
        found,
        expected: expected.to_owned(),
        place: place(cohort.inputs, sheet, record, column),
        count: rows.len() as i64,
        rows_sample: places.map(|(_, record)| own.rows.get(record)).take(SAMPLE).collect(),
        at: Some(in_order[0]),
        other_school: None,
        effect: None,
    }
}
