//! What an audit knows beside what decisions rest on: the rest of a student's row of the roster, the school, the class, the archive.

use chrono::NaiveDate;

use super::attendance::Watched;
use super::codes::{Read, SchoolStatus};
use super::grades::{Grade, Grades, Stage};
use super::student::Archive;

/// What the directory says of a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct School {
    /// The grades that its 学制 speaks of; none where that says nothing of grades.
    pub teaches: Option<Grades>,
    /// 小学班额, in thousandths
    pub primary_size: Read<i32>,
    /// 初中班额, in thousandths
    pub junior_size: Read<i32>,
    /// 高中招生计划, in thousandths
    pub senior_plan: Read<i32>,
    /// 状态
    pub status: Read<SchoolStatus>,
}

/// A class: students of one school, grade and name of class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// The stage.
    pub stage: Stage,
    /// The grade.
    pub grade: Grade,
    /// How many of its students are 在读.
    pub size: u32,
    /// How many of the whole grade are.
    pub grade_size: u32,
}

/// A student before the audit.
#[derive(Clone, Copy, Debug)]
pub struct Audited<'a> {
    /// In term.
    pub watched: &'a Watched<'a>,
    /// Whether 全国学籍号 is there; empty where the cell is.
    pub national_id: Read<()>,
    /// The stage digit of 上海市学籍号, where the number has its form.
    pub shanghai_stage: Option<u8>,
    /// 学制年限, in thousandths
    pub years: Read<i32>,
    /// 信息核对日期, where the roster has the column.
    pub checked: Option<Read<NaiveDate>>,
    /// The school, where the directory knows it.
    pub school: Option<School>,
    /// Whether there is a directory, and the school is not in it.
    pub is_unlisted: bool,
    /// Whether the class is beyond its size by as many students as came into it by the student's transfer and later ones, or more.
    pub takes_over: bool,
    /// 档案清单
    pub archives: &'a [Archive],
    /// Whether the school handed in archives.
    pub has_archives: bool,
}
