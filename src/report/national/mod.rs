//! What does the national system have to be told? The changes of a run in its codes, and, student by student, what it has no code for.

mod mapping;
mod students;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use law::facts::grades::{Grade, Stage};
use law::regulation::rule::Outcome;
use thiserror::Error;

pub use mapping::{Line, Mapping, MappingError, Told};

use self::students::{Student, Students, students};
use super::read::{ReadError, Run};
use super::stream::{Form, StreamError, Tables};
use super::words::outcome_title;

/// The columns of the changes.
const CHANGES: [&str; 18] = [
    "全国学籍号",
    "姓名",
    "学校代码",
    "学校名称",
    "学段",
    "原年级",
    "现年级",
    "异动类别码",
    "异动类别",
    "学生变动码",
    "学生变动",
    "异动原因码",
    "异动原因",
    "当前状态码",
    "当前状态",
    "异动日期",
    "条款",
    "说明",
];
/// The columns of the students without a code.
const GAPS: [&str; 11] = ["全国学籍号", "姓名", "学校代码", "学校名称", "学段", "年级", "班级", "结论", "证书", "条款", "缘由"];

/// An export that can't be made.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A run of another procedure.
    #[error("a run of {0} decides no changes: name one of term-end or status-watch")]
    Procedure(String),
    /// A file among a run's own.
    #[error("{} lies in the run's folder, which stays as it was published: name a file elsewhere", .0.display())]
    InRun(PathBuf),
    /// The decisions can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The file can't be written.
    #[error("{0}")]
    Write(#[from] StreamError),
    /// Students are not accounted for.
    #[error("{accounted} students are accounted for of {students} of the run: nothing is written")]
    Unaccounted {
        /// How many are.
        accounted: u64,
        /// How many there are.
        students: u64,
    },
}

/// Why a change has no code though its outcome may have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The student has no 全国学籍号.
    NationalId,
    /// The outcome is told differently by stage, and the stage is unknown.
    Stage,
    /// The mapping does not know the outcome.
    Outcome,
}

impl Lack {
    /// Why, in Chinese.
    pub fn why(self) -> &'static str {
        match self {
            Lack::NationalId => "名册上没有可用的全国学籍号，全国系统无从对应；补上后重新判定再报",
            Lack::Stage => "学段不明，而各学段报法不同；年级补上后重新判定再报",
            Lack::Outcome => "对照表没有这种结论",
        }
    }
}

/// What a student comes to.
enum Found<'m> {
    Told(usize, &'m Told),
    Lack(Lack),
}

fn find<'m>(mapping: &'m Mapping, student: &Student<'_>) -> Found<'m> {
    let Some((place, line)) = mapping.place(student.outcome, student.stage).and_then(|place| Some((place, mapping.lines.get(place)?)))
    else {
        let is_known = mapping.lines.iter().any(|line| line.outcome.code() == student.outcome);
        return Found::Lack(if is_known { Lack::Stage } else { Lack::Outcome });
    };
    match &line.told {
        Told::Change(_) if student.student_id.is_empty() => Found::Lack(Lack::NationalId),
        told => Found::Told(place, told),
    }
}

/// Where every student of the run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How many fall under each line of the mapping.
    pub lines: Vec<u64>,
    /// How many have no code for another reason.
    pub lacks: BTreeMap<Lack, u64>,
    /// Students of the export by certificates that have no national form.
    pub certificates: BTreeMap<String, u64>,
    /// The files, that of the changes first.
    pub files: Vec<PathBuf>,
}

impl Account {
    fn count(&self, mapping: &Mapping, is_asked: impl Fn(&Told) -> bool) -> u64 {
        mapping.lines.iter().zip(&self.lines).filter(|(line, _)| is_asked(&line.told)).map(|(_, number)| number).sum()
    }

    /// Students with a change.
    pub fn changed(&self, mapping: &Mapping) -> u64 {
        self.count(mapping, |told| matches!(told, Told::Change(_)))
    }

    /// Students with nothing to tell.
    pub fn unchanged(&self, mapping: &Mapping) -> u64 {
        self.count(mapping, |told| matches!(told, Told::Unchanged(_)))
    }

    /// Students without a code.
    pub fn gaps(&self, mapping: &Mapping) -> u64 {
        self.count(mapping, |told| matches!(told, Told::Gap(_))) + self.lacks.values().sum::<u64>()
    }
}

/// Writes the changes of a run, and the students without a code beside them.
///
/// # Errors
/// The run decides no changes or can't be read, students are not accounted for, or the disk refuses: then nothing is written.
pub fn export(run: &Run, mapping: &Mapping, out: &Path, form: Form) -> Result<Account, ExportError> {
    let manifest = &run.manifest;
    if !matches!(manifest.procedure.as_str(), "term-end" | "status-watch") {
        return Err(ExportError::Procedure(manifest.procedure.clone()));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(own), Ok(other)) = (run.folder.canonicalize(), folder.canonicalize())
        && other.starts_with(own)
    {
        return Err(ExportError::InRun(out.into()));
    }
    let policy = format!("{} {}", manifest.policy.name, manifest.policy.version);
    let mut tables = Tables::create(out, form, policy)?;
    let mut account = Account { lines: vec![0; mapping.lines.len()], ..Account::default() };
    // The standard writes days without marks between their parts.
    let date = manifest.as_of.replace('-', "");
    tables.begin("学生异动", "national/1", "", &CHANGES)?;
    let mut clauses = String::new();
    for_each(run, |students, row, student| {
        match find(mapping, student) {
            Found::Lack(lack) => *account.lacks.entry(lack).or_default() += 1,
            Found::Told(place, told) => {
                if let Some(number) = account.lines.get_mut(place) {
                    *number += 1;
                }
                if let Told::Change(change) = told {
                    let certificate = mapping.certificate(student.certificate);
                    if certificate.is_some() {
                        *account.certificates.entry(student.certificate.to_owned()).or_default() += 1;
                    }
                    let note: Vec<&str> = [change.note.as_str()].into_iter().chain(certificate).filter(|own| !own.is_empty()).collect();
                    students.clauses(row, &mut clauses);
                    tables.row(&[
                        student.student_id,
                        student.name,
                        student.school_code,
                        student.school_name,
                        student.stage.map(Stage::title).unwrap_or_default(),
                        student.grade.map(Grade::title).unwrap_or_default(),
                        grade_now(student).map(Grade::title).unwrap_or_default(),
                        &change.change.code,
                        &change.change.name,
                        &change.movement.code,
                        &change.movement.name,
                        &change.reason.code,
                        &change.reason.name,
                        &change.state.code,
                        &change.state.name,
                        &date,
                        &clauses,
                        &note.join("；"),
                    ])?;
                }
            }
        }
        Ok(())
    })?;
    let accounted = account.changed(mapping) + account.unchanged(mapping) + account.gaps(mapping);
    if accounted != manifest.students {
        return Err(ExportError::Unaccounted { accounted, students: manifest.students });
    }
    // Read once more: a workbook's sheets are written one after the other, and those without a code may be many.
    tables.begin("无对应代码", "national_gaps/1", "gaps", &GAPS)?;
    for_each(run, |students, row, student| {
        let why = match find(mapping, student) {
            Found::Lack(lack) => lack.why(),
            Found::Told(_, Told::Gap(why)) => why,
            Found::Told(..) => return Ok(()),
        };
        students.clauses(row, &mut clauses);
        tables.row(&[
            student.student_id,
            student.name,
            student.school_code,
            student.school_name,
            student.stage.map(Stage::title).unwrap_or_default(),
            student.grade.map(Grade::title).unwrap_or_default(),
            student.class,
            outcome_title(student.outcome),
            student.certificate,
            &clauses,
            why,
        ])?;
        Ok(())
    })?;
    account.files = tables.finish()?;
    Ok(account)
}

/// The grade of a student who stays in the stage. Who leaves it is in none until somebody takes them in.
fn grade_now(student: &Student<'_>) -> Option<Grade> {
    let stays = [Outcome::Promote, Outcome::Skip, Outcome::Repeat, Outcome::Retain].map(Outcome::code).contains(&student.outcome);
    student.next_grade.filter(|_| stays)
}

fn for_each(run: &Run, mut take: impl FnMut(&Students, usize, &Student<'_>) -> Result<(), ExportError>) -> Result<(), ExportError> {
    for batch in students(run)? {
        let batch = batch?;
        for row in 0..batch.len() {
            take(&batch, row, &batch.get(row))?;
        }
    }
    Ok(())
}
