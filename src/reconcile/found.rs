//! By what was a row's person found, and how sure is that?

use law::facts::codes::Status;
use law::facts::identifiers::shanghai_number;
use law::facts::student::Row;
use rayon::prelude::*;

use super::names;
use super::score::Score;
use crate::engine::cohort::Cohort;
use crate::engine::keys::KeyIndex;
use crate::engine::roster::{Entry, SEVERAL, field};
use crate::ingest::Sheet;

/// What a row was matched by, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// 全国学籍号
    NationalId,
    /// 证件号码
    Document,
    /// 上海市学籍号, and the name.
    ShanghaiNumber,
    /// 考号, which another table maps to a student.
    ExamNumber,
    /// Name, birth, sex, school and numbers together.
    Score,
}

impl By {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            By::NationalId => "national_id",
            By::Document => "document",
            By::ShanghaiNumber => "shanghai_number",
            By::ExamNumber => "exam_number",
            By::Score => "score",
        }
    }

    /// The key in Chinese.
    pub fn word(self) -> &'static str {
        match self {
            By::NationalId => "全国学籍号",
            By::Document => "证件号码",
            By::ShanghaiNumber => "上海市学籍号",
            By::ExamNumber => "考号",
            By::Score => "姓名等信息",
        }
    }
}

/// A row that was matched by less than the national id, or that may be a student's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The row.
    pub row: Row,
    /// The student, by place in the cohort.
    pub student: u32,
    /// By what.
    pub by: By,
    /// The score, where it was by that.
    pub score: Option<Score>,
    /// Whether it is sure; otherwise people have to look at it.
    pub is_sure: bool,
}

/// How many students are looked at together.
const PART: usize = 1 << 16;

/// Students by 上海市学籍号. A number is given anew with each school and stage, so that it finds only who has it now, and only with the name.
#[derive(Clone, Debug, Default)]
pub struct ShanghaiNumbers(Option<KeyIndex>);

impl ShanghaiNumbers {
    /// The numbers of those who are registered, if a sheet of some tables has such numbers at all.
    pub fn new<'s>(cohort: &Cohort<'_>, mut sheets: impl Iterator<Item = &'s Sheet>) -> Self {
        let has_numbers = |sheet: &Sheet| {
            let column = sheet.table.field("上海市学籍号");
            column.and_then(|column| sheet.columns.get(column)).is_some_and(Option::is_some)
        };
        if !sheets.any(has_numbers) {
            return Self(None);
        }
        let number = |(entry, student): (&Entry, u32)| {
            let (sheet, record) = cohort.cell(entry.row);
            let status = sheet.code(field::STATUS, record).value().and_then(Status::from_code);
            let is_registered = status.is_none_or(Status::is_registered);
            Some((sheet.text(field::SHANGHAI, record).value().filter(|_| is_registered).and_then(shanghai_number)?, student))
        };
        let students = cohort.roster.students.par_chunks(PART).enumerate();
        let numbers = students.map(|(part, students)| students.iter().zip((part * PART) as u32..).filter_map(number).collect());
        let (mut numbers, shared) = KeyIndex::new(numbers.collect());
        shared.iter().for_each(|own| numbers.put(own.key, SEVERAL));
        Self(Some(numbers))
    }

    /// The one student who has a row's number, and its name.
    pub fn student(&self, cohort: &Cohort<'_>, sheet: &Sheet, record: usize, name: &str) -> Option<u32> {
        let numbers = self.0.as_ref()?;
        let number = sheet.text(sheet.table.field("上海市学籍号")?, record).value().and_then(shanghai_number)?;
        let student = numbers.get(number).filter(|student| *student != SEVERAL)?;
        let (roster, row) = cohort.cell(cohort.roster.students[student as usize].row);
        let registered = roster.text(field::NAME, row).value()?;
        names::same(registered, name).then_some(student)
    }
}
