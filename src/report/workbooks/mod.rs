//! `workbooks/<district>/<school code>.xlsx` and `_district.xlsx`: what a school has to mend, to explain and to send, and what the district has
//! to settle, with the columns in which they answer. A workbook comes back as it is: put among the inputs, its answers are read.

mod district;
mod facts;
mod findings;
mod first;
mod form;
mod students;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

pub(super) use self::form::mark_as_report;

use self::findings::Row;
use self::form::Formats;
use super::archive;
use super::queries::{QueryError, rows};
use super::read::Run;
use super::schools::{OwnFinding, School, Sent};
use super::site::{WORKBOOKS, path_of};

/// The most rows of a sheet of findings or students.
const MOST: usize = 20_000;

/// How hard workbooks are packed, from 1 to 9.
const COMPRESSION: u8 = 1;

/// What a district's workbook says of a school.
#[derive(Clone, Debug, Default)]
struct SchoolSums {
    district: String,
    code: String,
    name: String,
    students: u64,
    /// Students by the code of their outcome.
    outcomes: BTreeMap<&'static str, u64>,
    /// Open findings by severity.
    open: BTreeMap<String, u64>,
    /// Findings to which an answer stands.
    answered: u64,
    sent: Vec<Sent>,
    /// The cases of this school and another one.
    cases: Vec<OwnFinding>,
}

impl SchoolSums {
    fn of(school: &School) -> Self {
        let mut sums = Self {
            district: school.district.clone(),
            code: school.code.clone(),
            name: school.name.clone(),
            students: school.students.len() as u64,
            sent: school.sent.clone(),
            ..Self::default()
        };
        for student in &school.students {
            *sums.outcomes.entry(student.outcome.code()).or_default() += 1;
        }
        // Of a case of two schools the one is told that comes first, so that nothing counts twice.
        let is_own = |own: &&OwnFinding| own.row.school_code == school.code || own.row.school_code.is_empty();
        for own in school.findings.iter().filter(is_own) {
            if own.is_open() {
                *sums.open.entry(own.row.finding.severity.clone()).or_default() += 1;
            } else {
                sums.answered += 1;
            }
            if !own.row.other_school_code.is_empty() {
                sums.cases.push(own.clone());
            }
        }
        sums
    }
}

/// What all workbooks of a run share.
pub struct Workbooks<'r> {
    run: &'r Run,
    /// Where they go.
    to: &'r Path,
    formats: Formats,
    /// The name of each school that is known, by its code.
    names: BTreeMap<String, String>,
    /// What is known of the schools that are done.
    done: Mutex<Vec<SchoolSums>>,
}

impl<'r> Workbooks<'r> {
    /// Begins the workbooks of a run in a folder.
    ///
    /// # Errors
    /// The run can't be read.
    pub fn begin(run: &'r Run, to: &'r Path) -> Result<Self, QueryError> {
        let sent = rows(&run.folder.join("submissions.parquet"), &["school_code", "school_name"], &[])?;
        let named = sent.into_iter().filter_map(|(words, _)| match words.as_slice() {
            [code, name] if !name.is_empty() => Some((code.clone(), name.clone())),
            _ => None,
        });
        Ok(Self { run, to, formats: Formats::new(), names: named.collect(), done: Mutex::new(Vec::new()) })
    }

    /// Writes the workbook of a school.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn school(&self, school: &School) -> Result<(), QueryError> {
        let manifest = &self.run.manifest;
        let mut book = self.new_book()?;
        let rows = findings::rows_of(school, |code| self.school_title(code));
        let rows: Vec<Row<'_>> = rows.iter().collect();
        let work = students::Work::of(school, manifest.is_in_term());
        let of = |severity: &str| -> Vec<Row<'_>> {
            rows.iter().filter(|row| row.finding.row.finding.severity == severity && row.is_own_affair()).copied().collect()
        };
        let (errors, queries, infos) = (of("error"), of("query"), of("info"));
        let of_two: Vec<Row<'_>> = rows.iter().filter(|row| !row.is_own_affair()).copied().collect();
        let counted = first::Counted { errors: &errors, queries: &queries, infos: &infos, of_two: &of_two, work: &work };
        first::of_school(&mut book, school, manifest, &counted, &self.formats)?;
        findings::asked(&mut book, "必须整改", &errors, findings::OF_SCHOOL, &self.formats)?;
        findings::asked(&mut book, "需要说明", &queries, findings::OF_SCHOOL, &self.formats)?;
        students::write(&mut book, &work, &self.formats)?;
        findings::told(&mut book, "两校核对", &of_two, findings::OF_TWO_TOLD, &self.formats)?;
        findings::told(&mut book, "供参考", &infos, findings::OF_SCHOOL, &self.formats)?;
        self.save(book, path_of(WORKBOOKS, &school.district, &school.code, "xlsx").as_ref())?;
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(SchoolSums::of(school));
        Ok(())
    }

    /// Writes the workbook of each district, once all schools are done.
    ///
    /// # Errors
    /// The run can't be read, or the disk refuses.
    pub fn finish(&self) -> Result<(), QueryError> {
        let mut schools = std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        // They were done in any order.
        schools.sort_by(|one, other| (&one.district, &one.code).cmp(&(&other.district, &other.code)));
        let homeless = findings::without_school(self.run)?;
        for district in district::districts(&schools, homeless, &self.run.schools_by_file()?) {
            let mut book = self.new_book()?;
            district.write(&mut book, &self.run.manifest, |code| self.school_title(code), &self.formats)?;
            let of_a_school = path_of(WORKBOOKS, district.name, "", "xlsx");
            self.save(book, &Path::new(&of_a_school).with_file_name("_district.xlsx"))?;
        }
        Ok(())
    }

    /// A school's code and, where it is known, its name.
    fn school_title(&self, code: &str) -> String {
        match self.names.get(code) {
            Some(name) => format!("{name}（{code}）"),
            None => code.to_owned(),
        }
    }

    fn new_book(&self) -> Result<Workbook, QueryError> {
        let mut book = Workbook::new();
        // Packed harder, a city's workbooks are somewhat smaller and take much longer.
        book.set_zip_compression_level(COMPRESSION);
        // The same results make the same file, whenever it is written.
        let created = ExcelDateTime::parse_from_str(&self.run.manifest.as_of)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&created));
        Ok(book)
    }

    fn save(&self, mut book: Workbook, path: &Path) -> Result<(), QueryError> {
        let path = self.to.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(archive::save(&mut book, &path)?)
    }
}
