//! The pages: `index.html`, a page a district, a page a school. They open from a disk, load nothing from elsewhere, and say nothing that a query
//! over the published files does not.

mod chart;
mod district;
mod find;
mod index;
mod school;
mod sums;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use law::regulation::rule::Outcome;
use thiserror::Error;

use self::district::Case;
use self::find::Names;
use self::sums::{Line, Sums};
use super::documents::Document;
use super::manifest::Manifest;
use super::queries::QueryError;
use super::read::{ReadError, Run};
use super::schools::School;
use super::text::shown_name;
use super::words;

pub use self::sums::{DOCUMENTS, PAGES, WORKBOOKS, district_folder, path_of, school_file};

/// The look of all pages, and what they do.
const STYLE: &str = include_str!("templates/style.css");
const SCRIPT: &str = include_str!("templates/site.js");

/// What the pages share, by the names of the files.
pub fn look() -> [(&'static str, &'static str); 2] {
    [("style.css", STYLE), ("site.js", SCRIPT)]
}

/// Pages that can't be made.
#[derive(Debug, Error)]
pub enum SiteError {
    /// The run can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A query fails.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// A page can't be filled in.
    #[error("{0}")]
    Page(#[from] askama::Error),
    /// The disk refuses.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
}

/// What all pages of a run say of it.
pub(crate) struct Head {
    title: String,
    as_of: String,
    policy: String,
    run_id: String,
    program: String,
    outcomes: &'static [Outcome],
}

impl Head {
    fn of(manifest: &Manifest) -> Self {
        Self {
            title: format!("{}（{} 学年）", words::procedure(&manifest.procedure), manifest.school_year),
            as_of: manifest.as_of.clone(),
            policy: format!("{} {}", manifest.policy.name, manifest.policy.version),
            run_id: manifest.run_id.clone(),
            program: manifest.program_version.clone(),
            outcomes: manifest.outcomes_known(),
        }
    }

    /// A district's name as pages show it.
    fn district_title(&self, district: &str) -> String {
        if district.is_empty() { "没有写区的".to_owned() } else { shown_name(district) }
    }
}

/// The pages of a run in the making: the schools' first, in any order and on any thread, then those above them.
pub struct Site<'r> {
    run: &'r Run,
    /// Where the pages go.
    to: &'r Path,
    head: Head,
    names: Names,
    gathered: Mutex<Gathered>,
}

/// What pages above the schools' are made of.
#[derive(Default)]
struct Gathered {
    lines: Vec<Line>,
    sums: Sums,
    /// Cases of two schools, by district.
    cases: BTreeMap<String, Vec<Case>>,
}

impl<'r> Site<'r> {
    /// Begins the pages of a run in a folder.
    pub fn begin(run: &'r Run, to: &'r Path) -> Self {
        let names = Names::of(run.manifest.students);
        Self { run, to, head: Head::of(&run.manifest), names, gathered: Mutex::default() }
    }

    /// Writes the page of a school, which leads to its documents.
    ///
    /// # Errors
    /// It can't be written.
    pub fn school(&self, school: &School, documents: &[Document]) -> Result<(), SiteError> {
        let line = Line::of(school);
        self.names.enter(school);
        let page = school::page(school, &line, documents, &self.head)?;
        let path = self.to.join(path_of(PAGES, &school.district, &school.code, "html"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, page)?;
        let mut sums = Sums::default();
        school.students.iter().for_each(|student| sums.add(student));
        let is_case = |own: &super::schools::OwnFinding| !own.row.other_school_code.is_empty() && own.is_open();
        let cases = school.findings.iter().enumerate().filter(|(_, own)| is_case(own));
        let cases: Vec<Case> = cases.map(|(place, own)| Case::of(own, (school.place, place))).collect();
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.sums.merge(sums);
        gathered.lines.push(line);
        if !cases.is_empty() {
            gathered.cases.entry(school.district.clone()).or_default().extend(cases);
        }
        Ok(())
    }

    /// Writes the pages of districts and the first page, beside earlier runs of the pipeline, the oldest first.
    ///
    /// # Errors
    /// They can't be written.
    pub fn finish(self, earlier: &[Manifest]) -> Result<(), SiteError> {
        let folder = self.to;
        let pages = folder.join(PAGES);
        fs::create_dir_all(&pages)?;
        let Gathered { mut lines, sums, mut cases } = self.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        lines.sort_unstable_by_key(|line| line.place);
        let mut districts: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
        lines.iter().for_each(|line| districts.entry(&line.district).or_default().push(line));
        for (district, mut own) in districts {
            own.sort_by(|one, other| one.code.cmp(&other.code));
            let mut cases = cases.remove(district).unwrap_or_default();
            cases.sort_unstable_by_key(|case| case.order);
            let mut told = BTreeSet::new();
            cases.retain(|case| told.insert(case.finding_id.clone()));
            let page = district::page(district, &own, &cases, &self.head)?;
            let own_folder = pages.join(district_folder(district));
            fs::create_dir_all(&own_folder)?;
            fs::write(own_folder.join("_district.html"), page)?;
        }
        for (name, text) in look() {
            fs::write(pages.join(name), text)?;
        }
        find::write_schools(&pages.join("schools.js"), &lines)?;
        self.names.write(&pages.join("find"))?;
        let facts = index::Facts {
            manifest: &self.run.manifest,
            earlier,
            lines: &lines,
            sums: &sums,
            codes: index::CodeSum::of(self.run)?,
            of_no_school: self.run.findings_of_no_school(index::MOST_OF_NO_SCHOOL)?,
            shards: self.names.number(),
        };
        fs::write(folder.join("index.html"), index::page(&facts, &self.head)?)?;
        Ok(())
    }
}
