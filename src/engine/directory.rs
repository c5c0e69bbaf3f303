//! What does the directory say of schools? 学校名录 by school code; of a school that is named twice, the first row counts.

use std::collections::HashMap;

use law::facts::audit::School;
use law::facts::codes::{Read, SchoolStatus, System};
use law::facts::grades::{Grade, Grades, Stage};
use law::facts::student::Row;

use super::facts::read_word;
use super::rows::RowIndex;
use crate::ingest::fold;
use crate::ingest::table::Table;
use crate::ingest::{Inputs, Sheet};

/// The places of the directory's columns.
pub mod field {
    /// 学校代码
    pub const CODE: usize = 0;
    /// 学校名称
    pub const NAME: usize = 1;
    /// 区
    pub const DISTRICT: usize = 2;
    /// 学制
    pub const SYSTEM: usize = 3;
    /// 小学班额
    pub const PRIMARY_SIZE: usize = 4;
    /// 初中班额
    pub const JUNIOR_SIZE: usize = 5;
    /// 高中招生计划
    pub const SENIOR_PLAN: usize = 6;
    /// 状态
    pub const STATUS: usize = 7;
    /// 并入学校代码
    pub const MERGED_INTO: usize = 8;
}

/// The schools of the directory.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_code: HashMap<String, (Row, School)>,
}

impl Directory {
    /// Reads the directory.
    pub fn new(inputs: &Inputs, index: &RowIndex) -> Self {
        let mut by_code = HashMap::new();
        for (place, sheet) in inputs.sheets.iter().enumerate().filter(|(_, sheet)| sheet.table == Table::Schools) {
            for record in (0..sheet.rows_read as usize).filter(|record| sheet.set_aside.binary_search(&(*record as u32)).is_err()) {
                if let Read::Value(code) = sheet.text(field::CODE, record) {
                    by_code.entry(code.to_owned()).or_insert_with(|| (index.row(place, record), school(sheet, record)));
                }
            }
        }
        Self { by_code }
    }

    /// What it says of a school, and in which row.
    pub fn school(&self, code: &str) -> Option<&(Row, School)> {
        self.by_code.get(code)
    }

    /// Whether nobody handed one in.
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }

    /// All schools with their codes, in the order of the codes.
    pub fn schools(&self) -> Vec<(&str, &(Row, School))> {
        let mut schools: Vec<_> = self.by_code.iter().map(|(code, school)| (code.as_str(), school)).collect();
        schools.sort_unstable_by_key(|(code, _)| *code);
        schools
    }
}

fn school(sheet: &Sheet, record: usize) -> School {
    let system = sheet.text(field::SYSTEM, record).value();
    School {
        teaches: system.and_then(|text| teaches(text, system_of(text))),
        primary_size: sheet.integer(field::PRIMARY_SIZE, record),
        junior_size: sheet.integer(field::JUNIOR_SIZE, record),
        senior_plan: sheet.integer(field::SENIOR_PLAN, record),
        status: read_word(sheet.code(field::STATUS, record), SchoolStatus::from_code),
    }
}

/// How a school divides the stages, by what 学制 says.
pub fn system_of(text: &str) -> System {
    const SIX: &[&str] = &[
        "六三",
        "六年制小学",
        "6年制小学",
        "小学六年",
        "小学6年",
        "三年制初中",
        "3年制初中",
        "初中三年",
        "初中3年",
        "6-3",
        "6+3",
        "六.三",
        "六、三",
        "六·三",
        "6.3",
        "63",
    ];
    let text = &fold::compact(text);
    if SIX.iter().any(|own| text.contains(own)) { System::SixThree } else { System::FiveFour }
}

/// The grades that 学制 speaks of; none where it says nothing that is certain.
fn teaches(text: &str, system: System) -> Option<Grades> {
    let (has_primary, has_junior, has_senior) = (text.contains("小学"), text.contains("初中"), text.contains("高中"));
    let stages: &[Stage] = if text.contains("十二年") {
        &[Stage::Primary, Stage::Junior, Stage::Senior]
    } else if text.contains("九年一贯") {
        &[Stage::Primary, Stage::Junior]
    } else if text.contains("完全中学") || text.contains("完中") {
        &[Stage::Junior, Stage::Senior]
    } else {
        match (has_primary, has_junior, has_senior) {
            (true, false, false) => &[Stage::Primary],
            (false, true, false) => &[Stage::Junior],
            (false, false, true) => &[Stage::Senior],
            (false, true, true) => &[Stage::Junior, Stage::Senior],
            _ => return None,
        }
    };
    let of_stage = |stage: &Stage| (system.first(*stage).number()..=system.last(*stage).number()).filter_map(Grade::new);
    Some(stages.iter().flat_map(of_stage).fold(Grades::default(), Grades::with))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_says_which_grades_are_taught() {
        let numbers = |text: &str| {
            let grades = teaches(text, system_of(text))?;
            Some((grades.iter().next()?.number(), grades.iter().last()?.number()))
        };
        assert_eq!(numbers("五年制小学"), Some((1, 5)));
        assert_eq!(numbers("小学六年"), Some((1, 6)));
        assert_eq!(numbers("四年制初中"), Some((6, 9)));
        assert_eq!(numbers("三年制初中"), Some((7, 9)));
        assert_eq!(numbers("九年一贯制（五四）"), Some((1, 9)));
        assert_eq!(numbers("完全中学（四三）"), Some((6, 12)));
        assert_eq!(numbers("三年制高中"), Some((10, 12)));
        assert_eq!(numbers("十二年一贯"), Some((1, 12)));
        // Nothing is certain of these.
        assert_eq!(numbers("六三"), None);
        assert_eq!(numbers("十年一贯"), None);
        assert_eq!(numbers("五四"), None);
    }
}
