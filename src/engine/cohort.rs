//! The cohort: students, their rows in every table that the procedure uses, and what became of every other row.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use law::facts::calendar::Term;
use law::facts::codes::{AnnualResult, Read};
use law::facts::identifiers::NationalId;
use law::facts::student::Row;
use law::regulation::findings::Severity;
use law::regulation::rule::Law;
use rayon::prelude::*;

use super::audit::Audit;
use super::finding::{About, Finding, Place};
use super::roster::{Entry, Roster, RosterReading, field};
use super::rows::{NOBODY, RowIndex, RowsOfStudents};
use super::scope::{self, OutOfScope, SheetBooks};
use super::watch::Watch;
use crate::ingest::table::{Holds, Table};
use crate::ingest::{Inputs, Sheet};
use crate::reconcile::exams::{self, ExamNumbers};
use crate::reconcile::found::{By, Match, ShanghaiNumbers};
use crate::reconcile::names;
use crate::reconcile::pairs::Pair;
use crate::reconcile::roll::{self, Rolls};
use crate::report::mask;

/// How many tables there are.
const TABLES: usize = Table::ALL.len();

/// The cohort of a run.
#[derive(Debug)]
pub struct Cohort<'a> {
    /// The law.
    pub law: &'a Law,
    /// The inputs.
    pub inputs: &'a Inputs,
    /// Every row by one number.
    pub index: RowIndex,
    /// The students.
    pub roster: Roster,
    /// What became of the rows of each sheet, but for rows that judging sets aside.
    pub books: Vec<SheetBooks>,
    /// The rows that were set aside since reading, each with the code of the finding that says why.
    pub aside: Vec<(Row, &'static str)>,
    /// Findings of reading and matching.
    pub findings: Vec<Finding>,
    /// The students to whom a row that is nobody's for sure may belong, the likeliest first.
    pub candidates: BTreeMap<Row, Vec<u32>>,
    /// Rows that were matched by less than the national id, and rows that may be a student's.
    pub matches: Vec<Match>,
    /// How long it took to look for people by score.
    pub scoring: Duration,
    /// Whose the exam authority's own numbers are.
    pub exam_numbers: ExamNumbers,
    /// The hashes of the students' names, where exams are looked up: lists in an order of their own would else meet each name by itself.
    pub name_hashes: Vec<u64>,
    /// Whose the Shanghai numbers of exam rows are.
    pub shanghai_numbers: ShanghaiNumbers,
    /// Who stands on the actual rolls, where they are looked at.
    pub rolls: Rolls,
    /// Attendance and what schools have handed in, in term.
    pub watch: Option<Watch>,
    /// What the audit knows of schools and classes.
    pub audit: Option<Audit>,
    /// Students with a row of 学期注册 that may be the term's, as its school year or term can't be read; with the row.
    pub unclear_registrations: HashMap<u32, Row>,
    /// Rows of 学籍异动, 处分 and 申请 that reading set aside for what they say of their kind, by table and student.
    unclear: HashMap<(Table, u32), Vec<Row>>,
    tables: [RowsOfStudents; TABLES],
}

/// Where a cell stands.
pub fn place(inputs: &Inputs, sheet: usize, record: usize, field: usize) -> Place {
    let own = &inputs.sheets[sheet];
    let header = own.headers.get(field).and_then(Option::as_deref).unwrap_or(own.table.fields()[field].header).to_owned();
    let column = own.letter(field);
    Place { file: Some(own.file), sheet: Some(sheet), row: Some(own.rows.get(record)), column, header, beside: String::new() }
}

/// Where a row stands, in words.
pub fn position(inputs: &Inputs, sheet: usize, record: usize) -> String {
    let own = &inputs.sheets[sheet];
    format!("{} 第 {} 行", inputs.files[own.file].path, own.rows.get(record))
}

/// A part of a sheet with the student of each row, and what came of the rows without one.
struct Part {
    first: Row,
    students: Vec<u32>,
    books: SheetBooks,
    aside: Vec<(Row, &'static str)>,
    findings: Vec<Finding>,
    matches: Vec<Match>,
}

/// A table's rows with their students.
struct TableRead {
    table: Table,
    /// The student of each row, part by part.
    of_students: Vec<(Row, Vec<u32>)>,
    rows: RowsOfStudents,
    books: Vec<(usize, SheetBooks)>,
    aside: Vec<(Row, &'static str)>,
    findings: Vec<Finding>,
    /// The rows of students who are in no roster.
    unknown: BTreeMap<About, Finding>,
    /// Rows that were matched by less than the national id.
    matches: Vec<Match>,
}

/// What is known of a row before anything else of it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The student with its national id; nobody without one, or where the roster has not got it.
    pub student: u32,
    /// The hash of the student's name, where exams are looked up.
    pub name: u64,
}

/// How many records of a sheet are looked up at a time.
const PART: usize = 1 << 18;

impl<'a> Cohort<'a> {
    /// Finds the rows of the students whom the roster names.
    pub fn new(law: &'a Law, inputs: &'a Inputs, reading: RosterReading) -> Self {
        let index = RowIndex::new(inputs);
        let mut cohort = Self {
            law,
            inputs,
            index,
            roster: reading.roster,
            books: vec![SheetBooks::default(); inputs.sheets.len()],
            aside: Vec::new(),
            findings: reading.findings,
            candidates: BTreeMap::new(),
            matches: Vec::new(),
            scoring: Duration::ZERO,
            exam_numbers: ExamNumbers::new(),
            name_hashes: Vec::new(),
            shanghai_numbers: ShanghaiNumbers::default(),
            rolls: Rolls::default(),
            watch: None,
            audit: None,
            unclear_registrations: HashMap::new(),
            unclear: HashMap::new(),
            tables: Default::default(),
        };
        cohort.count_sheets_without_students(&reading.repeated);
        // Exams are found by what this table says.
        if scope::uses(law, Table::ExamNumbers) {
            let numbers = cohort.read_table(Table::ExamNumbers);
            let rows = numbers.of_students.iter().flat_map(|(first, students)| students.iter().zip(first.0..));
            cohort.exam_numbers = exams::numbers(&cohort, rows.map(|(student, row)| (Row(row), *student)));
            cohort.enter(numbers);
        }
        if scope::uses(law, Table::Exams) {
            let hash = |entry: &Entry| {
                let (sheet, record) = cohort.cell(entry.row);
                sheet.text(field::NAME, record).value().map_or(0, names::hash)
            };
            cohort.name_hashes = cohort.roster.students.par_iter().map(hash).collect();
            let of_exams = inputs.sheets.iter().filter(|sheet| sheet.table == Table::Exams);
            cohort.shanghai_numbers = ShanghaiNumbers::new(&cohort, of_exams);
        }
        let tables = Table::ALL.iter().copied().filter(|table| has_students(law, *table) && *table != Table::ExamNumbers);
        let tables: Vec<TableRead> = tables.collect::<Vec<_>>().into_par_iter().map(|table| cohort.read_table(table)).collect();
        for mut read in tables {
            if read.table == Table::Exams {
                cohort.look_further(&mut read);
            }
            cohort.enter(read);
        }
        for table in [Table::StatusChanges, Table::Discipline, Table::Applications].into_iter().filter(|table| scope::uses(law, *table)) {
            cohort.find_unclear(table);
        }
        if let Some(term) = &law.term {
            cohort.unclear_registrations = cohort.find_unclear_registrations(term);
        }
        cohort
    }

    /// Rows of a table that reading set aside: something happened to the student, and nobody knows what.
    fn find_unclear(&mut self, table: Table) {
        for (place, sheet) in self.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == table) {
            for record in sheet.set_aside.iter().filter(|record| !sheet.replaced.contains(record)).map(|record| *record as usize) {
                let has_kind = matches!(sheet.code(1, record), Read::Value(_));
                if let (false, Read::Value(id)) = (has_kind, sheet.id(0, record))
                    && let Some(student) = self.roster.with_id(id)
                {
                    self.unclear.entry((table, student)).or_default().push(self.index.row(place, record));
                }
            }
        }
    }

    /// Rows of a table that say nothing of their kind of a student.
    pub fn unclear_rows(&self, table: Table, student: usize) -> &[Row] {
        if self.unclear.is_empty() {
            return &[];
        }
        self.unclear.get(&(table, student as u32)).map_or(&[], Vec::as_slice)
    }

    /// Rows of 学期注册 that reading set aside for what they say of the term: nobody can tell that it is not this one.
    fn find_unclear_registrations(&self, term: &Term) -> HashMap<u32, Row> {
        let mut unclear = HashMap::new();
        for (place, sheet) in self.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Registrations) {
            for record in sheet.set_aside.iter().filter(|record| !sheet.replaced.contains(record)).map(|record| *record as usize) {
                let (year, number) = (sheet.integer(1, record), sheet.code(2, record));
                let is_other =
                    year.value().is_some_and(|year| year != term.school_year.0) || number.value().is_some_and(|own| own != term.number);
                let is_clear = matches!((year, number), (Read::Value(_), Read::Value(_)));
                // A row that registers nobody says nothing, of whatever term it is.
                let says_nothing = sheet.date(3, record) == Read::Empty && sheet.date(4, record) == Read::Empty;
                if let (false, false, Read::Value(id)) = (is_other || says_nothing, is_clear, sheet.id(0, record))
                    && let Some(student) = self.roster.with_id(id)
                {
                    unclear.entry(student).or_insert(self.index.row(place, record));
                }
            }
        }
        unclear
    }

    fn count_sheets_without_students(&mut self, repeated: &[Row]) {
        for (sheet, books) in self.inputs.sheets.iter().zip(&mut self.books) {
            let (all, aside) = (u64::from(sheet.rows_read), sheet.set_aside.len() as u64);
            if !scope::uses(self.law, sheet.table) {
                books.set_aside = aside;
                books.out_of_scope.insert(OutOfScope::NotUsed, all - aside);
            } else if matches!(sheet.table, Table::Roster | Table::Schools | Table::AttendanceReports | Table::ActualRoll | Table::Reviews)
            {
                *books = SheetBooks { used: all - aside, set_aside: aside, ..SheetBooks::default() };
            }
        }
        self.set_aside_repeated(repeated);
    }

    /// Sets rows aside that repeat another one whole.
    pub fn set_aside_repeated(&mut self, repeated: &[Row]) {
        for row in repeated {
            self.set_aside(*row);
            let finding = self.repeated(*row);
            self.findings.push(finding);
        }
    }

    /// Moves a row from used to set aside.
    pub fn set_aside(&mut self, row: Row) {
        let (sheet, _) = self.index.locate(row);
        self.books[sheet].used -= 1;
        self.books[sheet].set_aside += 1;
        self.aside.push((row, "I0301"));
    }

    /// Moves the rows that mended rows of other files are in place of, or that were withdrawn, from set aside to out of scope, once everything else is entered.
    pub fn leave_out_replaced(&mut self) {
        for (sheet, books) in self.inputs.sheets.iter().zip(&mut self.books).filter(|(sheet, _)| !sheet.replaced.is_empty()) {
            let rows = sheet.replaced.len() as u64;
            books.set_aside = books.set_aside.saturating_sub(rows);
            *books.out_of_scope.entry(OutOfScope::Replaced).or_default() += rows;
        }
    }

    /// Moves a row from used to out of scope.
    pub fn leave_out(&mut self, row: Row, reason: OutOfScope) {
        let (sheet, _) = self.index.locate(row);
        self.books[sheet].used -= 1;
        *self.books[sheet].out_of_scope.entry(reason).or_default() += 1;
    }

    /// Finds the students of the rows of a table.
    fn read_table(&self, table: Table) -> TableRead {
        let sheets = self.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == table);
        let of_sheet = |(place, sheet): (usize, &Sheet)| (0..sheet.rows_read as usize).step_by(PART).map(move |first| (place, first));
        let parts: Vec<(usize, usize)> = sheets.flat_map(of_sheet).collect();
        let read: Vec<(usize, Part)> = parts.par_iter().map(|(sheet, first)| (*sheet, self.read_part(*sheet, *first))).collect();
        let mut table_read = TableRead {
            table,
            of_students: Vec::with_capacity(read.len()),
            rows: RowsOfStudents::default(),
            books: Vec::with_capacity(read.len()),
            aside: Vec::new(),
            findings: Vec::new(),
            unknown: BTreeMap::new(),
            matches: Vec::new(),
        };
        for (sheet, part) in read {
            table_read.books.push((sheet, part.books));
            table_read.aside.extend(part.aside);
            table_read.matches.extend(part.matches);
            table_read.of_students.push((part.first, part.students));
            for finding in part.findings {
                if finding.code != "R0305" {
                    table_read.findings.push(finding);
                    continue;
                }
                // One finding a student and table: the same problem, however many rows show it.
                table_read
                    .unknown
                    .entry(finding.about.clone())
                    .and_modify(|known| {
                        known.count += 1;
                        if known.rows_sample.len() < 10 && known.place.sheet == finding.place.sheet {
                            known.rows_sample.extend(&finding.rows_sample);
                        }
                    })
                    .or_insert(finding);
            }
        }
        table_read.rows = RowsOfStudents::new(self.roster.students.len(), &table_read.of_students);
        table_read
    }

    /// Looks further for the students of exam rows that no key gives to one: of those that nobody is sure of, the candidates are kept.
    fn look_further(&mut self, read: &mut TableRead) {
        let is_open = |finding: &&Finding| matches!(finding.code, "R0301" | "R0303");
        let mut rows: Vec<Row> = read.findings.iter().filter(is_open).filter_map(|finding| finding.at).collect();
        // A row that reading set aside for its numbers may still be somebody's.
        for (place, sheet) in self.inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Exams) {
            let records = sheet.mistyped.iter().map(|(_, record, _)| *record);
            rows.extend(
                records.filter(|record| sheet.set_aside.binary_search(record).is_ok()).map(|record| self.index.row(place, record as usize)),
            );
        }
        rows.sort_unstable();
        rows.dedup();
        if rows.is_empty() {
            return;
        }
        let begun = Instant::now();
        let further = exams::look_further(self, &rows);
        self.scoring += begun.elapsed();
        let several: Vec<Row> = read.findings.iter().filter(|finding| finding.code == "R0303").filter_map(|finding| finding.at).collect();
        // Who shares the document is shown whole, whoever is likelier.
        let shared = exams::sharing(self, &several);
        let of_shared: HashSet<Row> = shared.iter().map(|own| own.row).collect();
        let is_open = |own: &Match| !of_shared.contains(&own.row);
        let (sure, tied): (Vec<Match>, Vec<Match>) = further.sure.into_iter().filter(is_open).partition(|own| !several.contains(&own.row));
        let settled: HashSet<Row> = sure.iter().map(|own| own.row).collect();
        read.findings.retain(|finding| finding.at.is_none_or(|row| !settled.contains(&row)));
        read.aside.retain(|(row, _)| !settled.contains(row));
        for own in &sure {
            let (sheet, _) = self.index.locate(own.row);
            let part =
                read.of_students.iter_mut().find(|(first, students)| (first.0..first.0 + students.len() as u32).contains(&own.row.0));
            let Some(student) = part.and_then(|(first, students)| students.get_mut((own.row.0 - first.0) as usize)) else { continue };
            *student = own.student;
            if let Some((_, books)) = read.books.iter_mut().find(|(of, books)| *of == sheet && books.set_aside > 0) {
                books.set_aside -= 1;
                books.used += 1;
            }
            read.findings.push(exams::by_score(self, own));
        }
        if !sure.is_empty() {
            read.rows = RowsOfStudents::new(self.roster.students.len(), &read.of_students);
        }
        let places: HashMap<Row, usize> = read.findings.iter().zip(0..).filter_map(|(finding, place)| Some((finding.at?, place))).collect();
        let doubtful = tied.into_iter().map(|own| Match { is_sure: false, ..own });
        for own in further.perhaps.into_iter().filter(is_open).chain(doubtful).chain(shared) {
            self.candidates.entry(own.row).or_default().push(own.student);
            read.matches.push(own);
            if let (Some(score), Some(finding)) = (own.score, places.get(&own.row).and_then(|place| read.findings.get_mut(*place))) {
                let candidate = roll::candidate(self, &Pair { row: 0, student: own.student, score });
                finding.expected = format!("{}；{candidate}", finding.expected);
            }
        }
        read.matches.extend(sure);
    }

    /// Enters what was read of a table.
    fn enter(&mut self, read: TableRead) {
        for (sheet, part) in read.books {
            let books = &mut self.books[sheet];
            books.used += part.used;
            books.set_aside += part.set_aside;
            for (reason, rows) in part.out_of_scope {
                *books.out_of_scope.entry(reason).or_default() += rows;
            }
        }
        self.aside.extend(read.aside);
        self.findings.extend(read.findings);
        self.findings.extend(read.unknown.into_values());
        self.matches.extend(read.matches);
        self.tables[read.table as usize] = read.rows;
    }

    fn read_part(&self, place: usize, first: usize) -> Part {
        let sheet = &self.inputs.sheets[place];
        let last = (first + PART).min(sheet.rows_read as usize);
        let mut part = Part {
            first: self.index.row(place, first),
            students: Vec::with_capacity(last - first),
            books: SheetBooks::default(),
            aside: Vec::new(),
            findings: Vec::new(),
            matches: Vec::new(),
        };
        let mut aside = sheet.set_aside[sheet.set_aside.partition_point(|record| (*record as usize) < first)..].iter().copied().peekable();
        let known = self.known(sheet, first..last);
        for (record, ahead) in (first..last).zip(known) {
            let mut student = NOBODY;
            if aside.next_if_eq(&(record as u32)).is_some() {
                part.books.set_aside += 1;
            } else if let Some(reason) = scope::out_of_scope(self.law, sheet, record) {
                *part.books.out_of_scope.entry(reason).or_default() += 1;
            } else if matches!(sheet.table, Table::Exams | Table::ExamNumbers) {
                match exams::student(self, place, record, ahead, &mut part.findings) {
                    Some((own, by)) => {
                        student = own;
                        part.books.used += 1;
                        if by != By::NationalId && sheet.table == Table::Exams {
                            part.matches.push(Match { row: self.index.row(place, record), student, by, score: None, is_sure: true });
                        }
                    }
                    None => {
                        part.books.set_aside += 1;
                        let code = part.findings.last().map_or("R0301", |finding| finding.code);
                        part.aside.push((self.index.row(place, record), code));
                    }
                }
            } else if let Read::Value(id) = sheet.id(0, record) {
                student = ahead.student;
                if student == NOBODY {
                    part.books.set_aside += 1;
                    part.aside.push((self.index.row(place, record), "R0305"));
                    part.findings.push(self.unregistered(place, record, id));
                } else {
                    part.books.used += 1;
                }
            } else {
                // Reading sets rows without a usable id aside; a row that it left is not lost here either.
                part.books.set_aside += 1;
            }
            part.students.push(student);
        }
        part
    }

    /// The students of rows by their national ids. Looked up when they are needed, each would wait for memory; side by side they wait
    /// together.
    pub fn known(&self, sheet: &Sheet, records: Range<usize>) -> Vec<Known> {
        // Rows of one student mostly stand together.
        let mut before = (0_u64, NOBODY);
        let student = |record: usize| {
            let id = sheet.id(0, record).value().unwrap_or_default();
            if before.0 != id {
                before = (id, self.roster.with_id(id).unwrap_or(NOBODY));
            }
            Known { student: before.1, name: 0 }
        };
        let mut known: Vec<Known> = records.map(student).collect();
        if sheet.table == Table::Exams {
            for own in &mut known {
                own.name = self.name_hashes.get(own.student as usize).copied().unwrap_or_default();
            }
        }
        known
    }

    fn unregistered(&self, sheet: usize, record: usize, id: u64) -> Finding {
        let own = &self.inputs.sheets[sheet];
        Finding {
            code: "R0305",
            severity: Severity::Error,
            about: About::Id(id),
            field: own.table.title().into(),
            other_party: String::new(),
            found: mask::national_id(&NationalId::from_packed(id).to_string()),
            expected: "学籍名册中的学生".into(),
            place: place(self.inputs, sheet, record, 0),
            count: 1,
            rows_sample: vec![own.rows.get(record)],
            at: Some(self.index.row(sheet, record)),
            other_school: None,
            effect: None,
        }
    }

    /// I0301: a row that repeats another one whole.
    pub fn repeated(&self, row: Row) -> Finding {
        let (sheet, record) = self.index.locate(row);
        let own = &self.inputs.sheets[sheet];
        let about = match own.id(own.table.field("全国学籍号").unwrap_or(usize::MAX), record) {
            Read::Value(id) => self.roster.with_id(id).map_or(About::Id(id), About::Student),
            _ => About::Cells(own.cells_hash(record, 0)),
        };
        Finding {
            code: "I0301",
            severity: Severity::Error,
            about,
            field: format!("{}.{}", own.table.title(), self.key_words(sheet, record)),
            other_party: String::new(),
            found: "整行与另一行相同".into(),
            expected: "每行只出现一次".into(),
            place: place(self.inputs, sheet, record, 0),
            count: 1,
            rows_sample: vec![own.rows.get(record)],
            at: Some(row),
            other_school: None,
            effect: None,
        }
    }

    /// What tells a row of a student from the student's others: subject, kind, school year, date.
    pub fn key_words(&self, sheet: usize, record: usize) -> String {
        let own = &self.inputs.sheets[sheet];
        let mut words = Vec::new();
        for (field, column) in own.table.fields().iter().enumerate().filter(|(_, column)| column.required) {
            match column.holds {
                Holds::Subject => words.extend(
                    own.code(field, record).value().map(|code| self.law.subjects.name(law::facts::subjects::Subject(code)).to_owned()),
                ),
                Holds::Word(list) if field == 1 || own.table == Table::Exams && column.header == "考次" => {
                    words.extend(
                        own.code(field, record).value().and_then(|code| list.get(usize::from(code))).map(|word| (*word).to_owned()),
                    );
                }
                Holds::SchoolYear => words.extend(own.integer(field, record).value().map(|year| format!("{year}-{}", year + 1))),
                Holds::Date => words.extend(own.date(field, record).value().map(|date| date.to_string())),
                _ => {}
            }
        }
        words.join(".")
    }

    /// Whether a school is of the city of another one. A district's directory need not name the schools of the others: their codes begin as its
    /// own do.
    pub fn is_of_city(&self, code: &str, own: &str) -> bool {
        let digits = self.law.policy.transfers.city_code_digits as usize;
        let begins_alike = || digits > 0 && code.get(..digits).is_some_and(|begin| own.starts_with(begin));
        let is_listed = || self.audit.as_ref().is_some_and(|audit| audit.directory.school(code).is_some());
        self.roster.has_school(code) || is_listed() || begins_alike()
    }

    /// The district of a school, as its students' rows have it.
    pub fn district_of(&self, code: &str) -> Option<&str> {
        let school = self.roster.schools.get(self.roster.school_place(code)? as usize)?;
        let (sheet, record) = self.cell(self.roster.students.get(school.student? as usize)?.row);
        sheet.text(field::DISTRICT, record).value()
    }

    /// What a cell says, in words; empty where it says nothing that can be read.
    pub fn cell_words(&self, row: Row, field: usize) -> String {
        let (sheet, record) = self.cell(row);
        let word =
            |list: &[&str]| sheet.code(field, record).value().and_then(|code| list.get(usize::from(code)).map(|word| (*word).to_owned()));
        let words = match sheet.table.fields().get(field).map(|column| column.holds) {
            Some(Holds::Word(list)) => word(list),
            Some(Holds::AnnualResult) => word(AnnualResult::WORDS),
            Some(Holds::Date) => sheet.date(field, record).value().map(|date| date.to_string()),
            Some(Holds::Term | Holds::Grade) => sheet.code(field, record).value().map(|number| number.to_string()),
            Some(Holds::Number) => sheet.integer(field, record).value().map(|number| (f64::from(number) / 1000.0).to_string()),
            Some(Holds::DocumentNumber) => sheet.text(field, record).value().map(mask::document),
            Some(_) => sheet.text(field, record).value().map(str::to_owned),
            None => None,
        };
        words.unwrap_or_default()
    }

    /// The sheet and record of a row.
    pub fn cell(&self, row: Row) -> (&Sheet, usize) {
        let (sheet, record) = self.index.locate(row);
        (&self.inputs.sheets[sheet], record)
    }

    /// Where a row stands, in words.
    pub fn position(&self, row: Row) -> String {
        let (sheet, record) = self.index.locate(row);
        position(self.inputs, sheet, record)
    }

    /// The rows of a student in a table.
    pub fn rows_of(&self, table: Table, student: usize) -> &[Row] {
        self.tables[table as usize].of(student)
    }
}

/// Whether a table's rows belong to students and the procedure looks them up by their ids. Attendance is counted instead, and who stands on an
/// actual roll is matched.
fn has_students(law: &Law, table: Table) -> bool {
    let is_of_students = !matches!(
        table,
        Table::Roster | Table::Schools | Table::AttendanceReports | Table::Attendance | Table::ActualRoll | Table::Reviews
    );
    is_of_students && scope::uses(law, table)
}
