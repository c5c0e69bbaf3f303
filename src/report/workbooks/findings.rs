//! The sheets of findings: those that ask for an answer, with its columns and the hidden keys that bring it home, and those that only tell.

use std::collections::HashMap;

use arrow::array::{Array, BooleanArray};
use arrow::compute::filter_record_batch;
use law::facts::codes::Reply;
use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Workbook, Worksheet, XlsxError};

use super::MOST;
use super::facts::{CHANGE, CLASS, CODE, EFFECT, EXPECTED, FOUND, Fact, MESSAGE, NAME, NUMBER, OTHER_SCHOOL, PLACE, SCHOOL, SEVERITY};
use super::form::{Formats, Kind, fix_head, mark_as_report, set_height, sheet, shown};
use crate::ingest::table::{SEAL, Table};
use crate::reconcile::seal::seal;
use crate::report::history;
use crate::report::queries::QueryError;
use crate::report::read::{self, Run, texts};
use crate::report::schools::{OwnFinding, School, Student};

/// The columns of a school's own findings.
pub(super) const OF_SCHOOL: &[Fact] = &[CODE, NAME, CLASS, NUMBER, MESSAGE, FOUND, EXPECTED, PLACE, EFFECT, CHANGE];

/// The columns of the cases of two schools, as each of them is told.
pub(super) const OF_TWO_TOLD: &[Fact] =
    &[SEVERITY, CODE, NAME, CLASS, NUMBER, SCHOOL, OTHER_SCHOOL, FOUND, EXPECTED, MESSAGE, EFFECT, CHANGE];

/// The columns of the same for the district, which settles them.
pub(super) const OF_TWO: &[Fact] = &[SEVERITY, CODE, NAME, NUMBER, SCHOOL, OTHER_SCHOOL, FOUND, EXPECTED, MESSAGE, EFFECT, CHANGE];

/// The columns of findings that belong to no school.
pub(super) const WITHOUT_SCHOOL: &[Fact] = &[SEVERITY, CODE, NAME, NUMBER, MESSAGE, FOUND, EXPECTED, PLACE, EFFECT, CHANGE];

/// A finding with what its row says beside it.
#[derive(Clone, Copy)]
pub(super) struct Row<'s> {
    pub finding: &'s OwnFinding,
    /// The student, where the school has them.
    pub student: Option<&'s Student>,
    /// The school and the other one, in words; only of cases of two.
    pub school: &'s str,
    pub other_school: &'s str,
}

impl Row<'_> {
    /// Whether the school settles it by itself.
    pub(super) fn is_own_affair(&self) -> bool {
        self.finding.row.other_school_code.is_empty()
    }
}

/// Rows, with the words that they borrow.
pub(super) struct Rows<'s> {
    findings: Vec<(&'s OwnFinding, Option<&'s Student>)>,
    titles: HashMap<&'s str, String>,
}

impl<'s> Rows<'s> {
    /// Findings in the order of a sheet: those that are open first.
    pub(super) fn new(
        findings: impl Iterator<Item = &'s OwnFinding> + Clone,
        student: impl Fn(&str) -> Option<&'s Student>,
        title: impl Fn(&str) -> String,
    ) -> Self {
        let (open, closed): (Vec<&OwnFinding>, Vec<&OwnFinding>) = findings.partition(|own| own.is_open());
        let mut titles: HashMap<&str, String> = HashMap::new();
        for own in open.iter().chain(&closed).filter(|own| !own.row.other_school_code.is_empty()) {
            for code in [own.row.school_code.as_str(), own.row.other_school_code.as_str()] {
                titles.entry(code).or_insert_with(|| title(code));
            }
        }
        let findings = open.into_iter().chain(closed).map(|own| (own, student(&own.row.student_key))).collect();
        Self { findings, titles }
    }

    /// Each row.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let title = |code: &str| self.titles.get(code).map_or("", String::as_str);
        self.findings.iter().map(move |(finding, student)| {
            let row = &finding.row;
            Row { finding, student: *student, school: title(&row.school_code), other_school: title(&row.other_school_code) }
        })
    }
}

/// The findings of a school.
pub(super) fn rows_of<'s>(school: &'s School, title: impl Fn(&str) -> String) -> Rows<'s> {
    let mut students: HashMap<&str, &Student> = HashMap::new();
    if !school.findings.is_empty() {
        students.extend(school.students.iter().map(|student| (student.student_key.as_str(), student)));
    }
    Rows::new(school.findings.iter(), |key| students.get(key).copied(), title)
}

/// The findings that name no school, with their districts.
pub(super) fn without_school(run: &Run) -> Result<Vec<(String, OwnFinding)>, QueryError> {
    let mut found: Vec<(String, OwnFinding)> = Vec::new();
    run.each_finding(|batch| {
        let (codes, others) = (texts(batch, "school_code")?, texts(batch, "other_school_code")?);
        let is_empty = |texts: &arrow::array::ArrayRef, place: usize| {
            let texts = read::strings_of(texts);
            texts.is_null(place) || texts.value(place).is_empty()
        };
        let is_asked: BooleanArray = (0..batch.num_rows()).map(|at| Some(is_empty(&codes, at) && is_empty(&others, at))).collect();
        let batch = filter_record_batch(batch, &is_asked)?;
        let (hashes, districts) = (texts(&batch, "evidence_hash")?, texts(&batch, "district")?);
        for (at, row) in read::finding_rows(&batch, batch.num_rows())?.into_iter().enumerate() {
            let own = OwnFinding { row, evidence_hash: read::text(&hashes, at), life: None };
            found.push((read::text(&districts, at), own));
        }
        Ok(())
    })?;
    let ids = found.iter().map(|(_, own)| own.row.finding.finding_id.as_str()).collect();
    let mut history = history::of(&run.folder, &ids)?;
    for (_, own) in &mut found {
        own.life = history.remove(&own.row.finding.finding_id);
    }
    Ok(found)
}

/// The columns in which people answer, with their widths.
const ANSWERS: [(&str, f64); 4] = [("处理结果", 9.0), ("说明", 20.0), ("处理人", 8.0), ("处理日期", 10.5)];

/// The hidden keys.
const KEYS: [&str; 4] = ["finding_id", "evidence_hash", "学生键", SEAL];

/// A sheet of findings that ask for an answer; none where there are none.
pub(super) fn asked(book: &mut Workbook, name: &str, rows: &[Row<'_>], facts: &[Fact], formats: &Formats) -> Result<(), XlsxError> {
    if rows.is_empty() {
        return Ok(());
    }
    let kind = if name == "必须整改" { Kind::Error } else { Kind::Query };
    let sheet = sheet(book, name, kind)?;
    let (listed, first) = (rows.get(..MOST).unwrap_or(rows), facts.len() as u16);
    let seals = write_facts(sheet, kind, listed, facts, formats)?;
    for (column, (title, width)) in (first..).zip(ANSWERS) {
        sheet.write_with_format(0, column, title, &formats.head_of_answer)?.set_column_width(column, width)?;
    }
    let keys = first + ANSWERS.len() as u16;
    for (column, title) in (keys..).zip(KEYS) {
        sheet.set_column_format(column, &formats.text)?.write_string(0, column, title)?.set_column_hidden(column)?;
    }
    for ((row, own), seal) in (1_u32..).zip(listed).zip(seals) {
        answer(sheet, row, first, own.finding, formats)?;
        let ids = [own.finding.row.finding.finding_id.as_str(), &own.finding.evidence_hash, &own.finding.row.student_key, &seal];
        for (column, text) in (keys..).zip(ids) {
            sheet.write_string(row, column, text)?;
        }
    }
    allow(sheet, listed.len() as u32, first)?;
    fix_head(sheet, listed.len(), keys - 1, 2)?;
    say_more(sheet, listed.len(), rows.len(), formats)
}

/// A sheet of findings that only tells; none where there are none.
pub(super) fn told(book: &mut Workbook, name: &str, rows: &[Row<'_>], facts: &[Fact], formats: &Formats) -> Result<(), XlsxError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sheet = sheet(book, name, Kind::Told)?;
    let (listed, last) = (rows.get(..MOST).unwrap_or(rows), facts.len() as u16);
    write_facts(sheet, Kind::Told, listed, facts, formats)?;
    mark_as_report(sheet, 0, last)?;
    fix_head(sheet, listed.len(), last - 1, 2)?;
    say_more(sheet, listed.len(), rows.len(), formats)
}

/// Writes the facts of each row; gives their seals.
fn write_facts(sheet: &mut Worksheet, kind: Kind, rows: &[Row<'_>], facts: &[Fact], formats: &Formats) -> Result<Vec<String>, XlsxError> {
    for (column, fact) in (0_u16..).zip(facts) {
        sheet.set_column_format(column, &formats.wrapped)?.set_column_width(column, fact.width)?;
        sheet.write_with_format(0, column, fact.header, formats.head_of(kind))?;
    }
    let mut seals = Vec::with_capacity(rows.len());
    for (row, own) in (1_u32..).zip(rows) {
        let texts: Vec<String> = facts.iter().map(|fact| (fact.text)(own)).collect();
        seals.push(seal(facts.iter().zip(&texts).map(|(fact, text)| (fact.header, text.as_str()))));
        let widths = facts.iter().map(|fact| fact.width);
        set_height(sheet, row, texts.iter().map(String::as_str).zip(widths))?;
        for (column, text) in (0_u16..).zip(texts) {
            sheet.write_string(row, column, text)?;
        }
    }
    Ok(seals)
}

/// The answer that stands, or cells to give one in.
fn answer(sheet: &mut Worksheet, row: u32, first: u16, finding: &OwnFinding, formats: &Formats) -> Result<(), XlsxError> {
    let standing = finding.life.as_ref().and_then(|life| life.answer.as_ref().filter(|_| life.review.is_some()));
    let texts = match standing {
        Some(answer) => [answer.reply.word().to_owned(), shown(&answer.note), shown(&answer.by)],
        None => Default::default(),
    };
    for (column, text) in (first..).zip(texts) {
        sheet.write_string_with_format(row, column, text, &formats.answer)?;
    }
    match standing.and_then(|answer| answer.on) {
        Some(on) => {
            let on = ExcelDateTime::parse_from_str(&on.to_string())?;
            sheet.write_datetime_with_format(row, first + 3, &on, &formats.answer_date)?;
        }
        None => {
            sheet.write_blank(row, first + 3, &formats.answer_date)?;
        }
    }
    Ok(())
}

/// What may be filled in, by the range of each column.
fn allow(sheet: &mut Worksheet, rows: u32, first: u16) -> Result<(), XlsxError> {
    let replies: Vec<&str> = Reply::WORDS.to_vec();
    let reply = DataValidation::new()
        .allow_list_strings(&replies)?
        .set_input_title("处理结果")?
        .set_input_message("已整改：来源表已改好并重交；情况说明：数据无误，请在“说明”里写原因；误报：问题不成立，请写理由。")?
        .set_error_title("请从列表中选择")?
        .set_error_message(format!("只能填：{}。", replies.join("、")))?
        .set_error_style(DataValidationErrorStyle::Stop);
    sheet.add_data_validation(1, first, rows, first, &reply)?;
    let (from, to) = (ExcelDateTime::from_ymd(2000, 1, 1)?, ExcelDateTime::from_ymd(2100, 12, 31)?);
    let date = DataValidation::new()
        .allow_date(DataValidationRule::Between(from, to))
        .set_error_title("请填日期")?
        .set_error_message("日期写作 2026-07-06 这样的形式。")?
        .set_error_style(DataValidationErrorStyle::Stop);
    sheet.add_data_validation(1, first + 3, rows, first + 3, &date)?;
    Ok(())
}

/// Says what is not listed, and where it is.
fn say_more(sheet: &mut Worksheet, listed: usize, all: usize, formats: &Formats) -> Result<(), XlsxError> {
    if all > listed {
        let line = format!(
            "此处列到第 {listed} 件，另有 {} 件：办完这些后，下次下发会列出；全部在 findings.parquet，可请区里导出。",
            all - listed
        );
        sheet.write_string_with_format(listed as u32 + 2, 1, line, &formats.alarm)?;
    }
    Ok(())
}

/// The title of the table as which answers come back.
pub(super) fn table_title() -> &'static str {
    Table::Reviews.title()
}
