//! Only matching: who is whom in rosters, the exam authority's list and the actual rolls, without judging anybody.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use law::regulation::policy::Lists;
use rayon::prelude::*;
use serde::Serialize;

use super::config::Config;
use super::run::{RunError, Stage, Watch, need_roster, of_cells, vocabulary};
use crate::engine::cohort::Cohort;
use crate::engine::roster;
use crate::engine::rows::RowIndex;
use crate::ingest::table::Table;
use crate::ingest::{self, Request};
use crate::reconcile::found::By;
use crate::reconcile::{self, roll};
use crate::report::parquet::Names;
use crate::report::{findings, matches};

/// The columns that say who somebody is and where. Nothing else is read.
const WANTED: &[(Table, &[&str])] = &[
    (
        Table::Roster,
        &[
            "全国学籍号",
            "上海市学籍号",
            "姓名",
            "性别",
            "出生日期",
            "证件类型",
            "证件号码",
            "区",
            "学校代码",
            "年级",
            "班级",
            "入学年月",
            "学籍状态",
        ],
    ),
    (Table::Exams, &["全国学籍号", "证件号码", "姓名", "科目", "考试日期", "考次", "考号", "上海市学籍号"]),
    (Table::ExamNumbers, &["全国学籍号", "证件号码", "姓名", "考号"]),
    (Table::ActualRoll, &["学校代码", "年级", "班级", "姓名", "全国学籍号", "证件号码", "性别", "出生日期", "上海市学籍号"]),
];

/// What matching came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Matching {
    /// Students of the rosters.
    pub students: u64,
    /// Rows of exams and actual rolls that were looked at.
    pub rows: u64,
    /// Rows that are a student's, by what they were found.
    pub by: BTreeMap<&'static str, u64>,
    /// Rows that may be somebody's: people have to look at them.
    pub review: u64,
    /// Findings by code: registrations against each other, exams, rolls.
    pub findings: BTreeMap<&'static str, u64>,
    /// Seconds of each part.
    pub seconds: Parts,
}

/// Seconds of each part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Parts {
    /// Reading the files.
    pub reading: f64,
    /// Finding the students, and rows by their keys.
    pub keys: f64,
    /// Finding rows by score, look-alikes, rolls.
    pub scores: f64,
    /// Writing.
    pub writing: f64,
}

/// Matches all rows of the inputs; what is found is written into a folder, if one is named: `matches.parquet` and `findings.parquet`.
///
/// # Errors
/// The inputs can't be used, or the disk refuses.
pub fn run(config: &Config, out: Option<&Path>, watch: &Watch<'_>) -> Result<Matching, RunError> {
    let mut clock = Instant::now();
    let mut lap = || {
        let seconds = clock.elapsed().as_secs_f64();
        clock = Instant::now();
        seconds
    };
    let rounded = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
    let mut matching = Matching::default();
    let vocabulary = vocabulary(&config.law.policy, &config.headers)?.with_only(WANTED);
    let progress = |progress: ingest::Progress| watch(Stage::Reading, progress.bytes_read, progress.bytes);
    let inputs = ingest::read(Request { folders: &config.inputs, vocabulary: &vocabulary, progress: &progress, defer: None, cache: None })
        .map_err(|error| RunError::Input(error.to_string()))?;
    need_roster(&inputs)?;
    matching.seconds.reading = rounded(lap());
    let index = RowIndex::new(&inputs);
    let reading = roster::read(&inputs, &index, config.law.as_of);
    let mut law = config.law.clone();
    law.subjects = inputs.subjects.clone();
    law.lists = Lists::new(&law.policy, &law.subjects)?;
    let mut cohort = Cohort::new(&law, &inputs, reading);
    matching.seconds.keys = rounded(lap() - cohort.scoring.as_secs_f64());
    reconcile::compare_people(&mut cohort);
    let rolls = &cohort.rolls;
    matching.seconds.scores = rounded(lap() + cohort.scoring.as_secs_f64());
    matching.students = cohort.roster.students.len() as u64;
    let used: u64 =
        inputs.sheets.iter().zip(&cohort.books).filter(|(sheet, _)| sheet.table == Table::Exams).map(|(_, books)| books.used).sum();
    let of_exams = inputs.sheets.iter().filter(|sheet| sheet.table == Table::Exams).map(|sheet| u64::from(sheet.rows_read)).sum::<u64>();
    matching.rows = of_exams + rolls.rows.len() as u64;
    for own in &cohort.matches {
        let (sheet, _) = cohort.cell(own.row);
        match own.is_sure {
            true => *matching.by.entry(own.by.code()).or_default() += 1,
            false if sheet.table != Table::Roster => matching.review += 1,
            false => {}
        }
    }
    let weaker: u64 = matching.by.values().sum();
    let on_rolls = rolls.rows.iter().filter(|(_, stands)| matches!(stands, roll::Stands::Student(_))).count() as u64;
    matching.by.insert(By::NationalId.code(), (used + on_rolls).saturating_sub(weaker));
    for finding in cohort.findings.iter().filter(|finding| finding.code.starts_with('R')) {
        *matching.findings.entry(finding.code).or_default() += 1;
    }
    if let Some(out) = out {
        watch(Stage::Writing, 0, 1);
        std::fs::create_dir_all(out)?;
        let names = |schema| Names { schema, policy: format!("{} {}", law.policy.name, law.policy.version) };
        matches::write_matches(&out.join("matches.parquet"), &cohort, &names("matches/1"))?;
        let of_cells = of_cells(&cohort);
        let all = cohort.findings.par_iter().chain(&of_cells).map(|finding| findings::publish(&cohort, finding));
        findings::write_findings(&out.join("findings.parquet"), &findings::in_order(all.collect()), &names("findings/1"))?;
        watch(Stage::Writing, 1, 1);
    }
    matching.seconds.writing = rounded(lap());
    Ok(matching)
}
