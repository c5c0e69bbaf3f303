//! `_district.xlsx`: how each school of the district stands, who has not sent what, the cases of two schools that the district settles, and
//! the findings that belong to no school.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Workbook, XlsxError};

use super::SchoolSums;
use super::findings::{OF_TWO, Row, Rows, WITHOUT_SCHOOL, asked};
use super::first::{Guide, Line};
use super::form::{Formats, Kind, fix_head, mark_as_report, sheet, shown, shown_name};
use crate::ingest::table::Table;
use crate::report::manifest::Manifest;
use crate::report::paths::district_of;
use crate::report::read::codes_of;
use crate::report::schools::{OwnFinding, Sent};

/// A district with all that its workbook says.
pub(super) struct District<'s> {
    pub name: &'s str,
    schools: Vec<&'s SchoolSums>,
    cases: Vec<&'s OwnFinding>,
    homeless: Vec<OwnFinding>,
}

/// The districts of some schools, with the findings that name no school: each is told to its own district; where it names none either, to the
/// one in whose folder its file lies, to which all other findings of the file belong, or which is the only one. The others are the city's.
pub(super) fn districts<'s>(
    schools: &'s [SchoolSums],
    homeless: Vec<(String, OwnFinding)>,
    by_file: &BTreeMap<String, BTreeSet<(String, String)>>,
) -> Vec<District<'s>> {
    let mut districts: BTreeMap<&str, District<'_>> = BTreeMap::new();
    let mut of_code: BTreeMap<&str, &str> = BTreeMap::new();
    for school in schools {
        of_code.entry(&school.code).or_insert(&school.district);
        let own = districts.entry(&school.district);
        let new = || District { name: &school.district, schools: Vec::new(), cases: Vec::new(), homeless: Vec::new() };
        own.or_insert_with(new).schools.push(school);
    }
    for school in schools {
        for case in &school.cases {
            let others = codes_of(&case.row.other_school_code).filter_map(|code| of_code.get(code).copied());
            let concerned: BTreeSet<&str> = others.chain([school.district.as_str()]).collect();
            for name in concerned {
                districts.get_mut(name).into_iter().for_each(|district| district.cases.push(case));
            }
        }
    }
    let names: BTreeSet<&str> = districts.keys().copied().collect();
    for (name, finding) in homeless {
        let file = &finding.row.finding.file;
        let others = || {
            let mut named = by_file.get(file)?.iter().map(|(district, _)| district).filter(|district| !district.is_empty());
            named.next().filter(|first| named.all(|other| other == *first)).cloned()
        };
        let own = Some(name).filter(|name| !name.is_empty());
        let own = own.or_else(|| district_of(file, &names).map(str::to_owned)).or_else(others);
        if let Some(district) = own.and_then(|own| districts.get_mut(own.as_str())) {
            district.homeless.push(finding);
        }
    }
    districts.into_values().collect()
}

impl District<'_> {
    /// Writes its sheets.
    pub(super) fn write(
        &self,
        book: &mut Workbook,
        manifest: &Manifest,
        title: impl Fn(&str) -> String,
        formats: &Formats,
    ) -> Result<(), XlsxError> {
        let cases = Rows::new(self.cases.iter().copied(), |_| None, title);
        let homeless = Rows::new(self.homeless.iter(), |_| None, |_| String::new());
        let (cases, homeless): (Vec<Row<'_>>, Vec<Row<'_>>) = (cases.iter().collect(), homeless.iter().collect());
        self.guide(book, manifest, &cases, &homeless, formats)?;
        asked(book, "区级协调", &cases, OF_TWO, formats)?;
        asked(book, "没有写明学校的问题", &homeless, WITHOUT_SCHOOL, formats)?;
        self.standing(book, manifest, formats)?;
        self.sent(book, formats)
    }

    fn guide(
        &self,
        book: &mut Workbook,
        manifest: &Manifest,
        cases: &[Row<'_>],
        homeless: &[Row<'_>],
        formats: &Formats,
    ) -> Result<(), XlsxError> {
        let name = if self.name.is_empty() { "没有写区的学校" } else { self.name };
        let mut guide = Guide::begin(book, &format!("{name}：区的工作簿"), formats)?;
        let students: u64 = self.schools.iter().map(|school| school.students).sum();
        let (year, as_of) = (&manifest.school_year, &manifest.as_of);
        guide.say(&format!("学校 {} 所　学生 {students} 人　{year} 学年　判定日期 {as_of}", self.schools.len()))?;
        guide.head(["请做五件事", "", ""])?;
        let open = |rows: &[Row<'_>]| rows.iter().filter(|row| row.finding.is_open()).count();
        let of = |severity: &str| self.schools.iter().filter(|school| school.open.contains_key(severity)).count();
        let owing = self.schools.iter().filter(|school| school.sent.iter().any(is_owed)).count();
        for line in [
            format!("1. 把同一文件夹里各校的工作簿发给学校：{} 所学校还有必须整改的问题，{} 所还有要说明的。", of("error"), of("query")),
            format!("2. 了结“区级协调”：{} 件未了结。召集两校核对，由区里答复；跨区的，报市里协调。", open(cases)),
            format!("3. 查清“没有写明学校的问题”：{} 件未了结，多半是整份文件打不开或认不出。", open(homeless)),
            format!("4. 催“报送情况”里标明“未报”的 {owing} 所学校。"),
            "5. 收齐各校填好的工作簿，连同本文件放进报送文件夹，再运行一次；各校都了结了再签核。".to_owned(),
        ] {
            guide.say(&line)?;
        }
        guide.head(["工作表", "多少", "做什么用"])?;
        let schools = self.schools.len();
        let lines = [
            Line {
                sheet: "区级协调",
                number: cases.len(),
                open: Some(open(cases)),
                what: "同一名学生牵涉两所学校：两校各自怎么记，应当怎样；由区里答复。",
            },
            Line {
                sheet: "没有写明学校的问题",
                number: homeless.len(),
                open: Some(open(homeless)),
                what: "不知道归哪所学校的问题：查清是谁报的，请他们改好重交。",
            },
            Line {
                sheet: "各校情况", number: schools, open: None, what: "每所学校各种结论的人数、未了结和已答复的问题。"
            },
            Line {
                sheet: "报送情况", number: schools, open: None, what: "每所学校每张表有多少学生有记录，应有多少。"
            },
        ];
        for line in lines.iter().filter(|line| line.number > 0) {
            guide.line(line)?;
        }
        guide.end(manifest)
    }

    /// How each school stands.
    fn standing(&self, book: &mut Workbook, manifest: &Manifest, formats: &Formats) -> Result<(), XlsxError> {
        let sheet = sheet(book, "各校情况", Kind::Told)?;
        let known = manifest.outcomes_known();
        let titles = ["学校代码", "学校名称", "学生人数"].into_iter().chain(known.iter().map(|outcome| outcome.title()));
        let titles: Vec<&str> = titles.chain(["未了结的必须整改", "未了结的需要说明", "供参考", "已答复"]).collect();
        for (column, title) in (0_u16..).zip(&titles) {
            let width = match column {
                0 => 14.0,
                1 => 30.0,
                _ => 9.0,
            };
            sheet.set_column_format(column, if column < 2 { &formats.wrapped } else { &formats.number })?;
            sheet.set_column_width(column, width)?.write_with_format(0, column, *title, &formats.head)?;
        }
        for (row, school) in (1_u32..).zip(&self.schools) {
            sheet.write_string(row, 0, shown_name(&school.code))?.write_string(row, 1, shown_name(&school.name))?;
            let outcomes = known.iter().map(|outcome| school.outcomes.get(outcome.code()).copied().unwrap_or(0));
            let open = ["error", "query", "info"].map(|severity| school.open.get(severity).copied().unwrap_or(0));
            let numbers = [school.students].into_iter().chain(outcomes).chain(open).chain([school.answered]);
            for (column, number) in (2_u16..).zip(numbers) {
                sheet.write_number(row, column, number as f64)?;
            }
        }
        let last = titles.len() as u16;
        mark_as_report(sheet, 0, last)?;
        fix_head(sheet, self.schools.len(), last - 1, 2)
    }

    /// Who has not sent what.
    fn sent(&self, book: &mut Workbook, formats: &Formats) -> Result<(), XlsxError> {
        let sheet = sheet(book, "报送情况", Kind::Told)?;
        let mut tables: Vec<&str> = Vec::new();
        for sent in self.schools.iter().flat_map(|school| &school.sent) {
            if !tables.contains(&sent.table.as_str()) {
                tables.push(&sent.table);
            }
        }
        let title = |name: &str| Table::ALL.iter().find(|table| table.name() == name).map_or("", |table| table.title());
        let titles: Vec<&str> = ["学校代码", "学校名称", "学生人数"].into_iter().chain(tables.iter().map(|name| title(name))).collect();
        for (column, title) in (0_u16..).zip(&titles) {
            sheet.set_column_format(column, &formats.wrapped)?.set_column_width(column, if column == 1 { 30.0 } else { 14.0 })?;
            sheet.write_with_format(0, column, *title, &formats.head)?;
        }
        for (row, school) in (1_u32..).zip(&self.schools) {
            sheet.write_string(row, 0, shown_name(&school.code))?.write_string(row, 1, shown(&school.name))?;
            sheet.write_number(row, 2, school.students as f64)?;
            for (column, table) in (3_u16..).zip(&tables) {
                let Some(sent) = school.sent.iter().find(|sent| sent.table == *table) else { continue };
                match (sent.students_expected, sent.students_with_rows) {
                    (0, 0) => sheet.write_string(row, column, "—")?,
                    (0, rows) => sheet.write_number(row, column, rows as f64)?,
                    (expected, 0) => sheet.write_string_with_format(row, column, format!("未报（应有 {expected} 人）"), &formats.alarm)?,
                    (expected, rows) => sheet.write_string(row, column, format!("{rows}（应有 {expected}）"))?,
                };
            }
        }
        let last = titles.len() as u16;
        mark_as_report(sheet, 0, last)?;
        fix_head(sheet, self.schools.len(), last - 1, 2)
    }
}

/// Whether a table should have come and did not.
fn is_owed(sent: &Sent) -> bool {
    sent.students_expected > 0 && sent.students_with_rows == 0
}
