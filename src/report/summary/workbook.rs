//! `summary.xlsx`: outcomes by school, who is undetermined and what to send, findings, and who has not sent what.

use std::collections::BTreeMap;
use std::path::Path;

use law::regulation::clauses::Clause;
use law::regulation::rule::Outcome;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::{findings, first_to_do, people};
use crate::ingest::table::Table;
use crate::reconcile::life::Change;
use crate::report::archive;
use crate::report::clauses::{self, Standing};
use crate::report::history;
use crate::report::manifest::{Manifest, MovementReceipt};
use crate::report::mask;
use crate::report::queries::{QueryError, count, rows, rows_of_fractions};
use crate::report::read::{Listed, Run};
use crate::report::words::{self, SEVERITIES, STAGES, to_send, why};
use crate::report::workbooks::mark_as_report;

/// The most rows of a list of findings or students; more are in the Parquet files.
pub(super) const MOST: usize = 20_000;

/// The formats of a workbook.
pub(super) struct Formats {
    title: Format,
    pub(super) head: Format,
    pub(super) note: Format,
    pub(super) wrap: Format,
    alarm: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            title: Format::new().set_bold().set_font_size(14),
            head: Format::new()
                .set_bold()
                .set_background_color(Color::RGB(0xE8_EEF4))
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::VerticalCenter)
                .set_text_wrap(),
            note: Format::new().set_font_color(Color::RGB(0x59_5959)),
            wrap: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            alarm: Format::new().set_font_color(Color::RGB(0xC0_0000)).set_bold(),
        }
    }
}

/// Writes `summary.xlsx` into a run folder that holds the other results.
///
/// # Errors
/// The results can't be read, or the disk refuses.
pub fn write_workbook(folder: &Path, manifest: &Manifest) -> Result<(), QueryError> {
    let run = Run { folder: folder.into(), manifest: manifest.clone() };
    let formats = Formats::new();
    let mut workbook = Workbook::new();
    // The same results make the same file, whenever it is written.
    let created = ExcelDateTime::parse_from_str(&manifest.as_of)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    overview(sheet(&mut workbook, "概况")?, manifest, &formats)?;
    if manifest.is_in_term() {
        to_act_on(sheet(&mut workbook, "行动名单")?, &run, &formats)?;
    }
    schools(sheet(&mut workbook, "各校结论")?, folder, manifest, &formats)?;
    undetermined(sheet(&mut workbook, "待核名单")?, &run, &formats)?;
    if let Some(table) = clauses::table().ok().filter(|_| manifest.is_audit()) {
        account(sheet(&mut workbook, "逐条核查")?, &table, manifest, &formats)?;
    }
    findings::all(sheet(&mut workbook, "问题清单")?, &run, &formats)?;
    findings::of_two_schools(sheet(&mut workbook, "区级协调")?, &run, &formats)?;
    if manifest.is_audit() {
        people::positions(sheet(&mut workbook, "人籍状态")?, &run, &formats)?;
    }
    people::perhaps(sheet(&mut workbook, "疑似同一人")?, &run, &formats)?;
    submissions(sheet(&mut workbook, "报送情况")?, folder, manifest, &formats)?;
    if let Some(receipt) = &manifest.movements {
        movements(sheet(&mut workbook, "与上次相比")?, folder, receipt, &formats)?;
    }
    archive::save(&mut workbook, &folder.join("summary.xlsx"))?;
    Ok(())
}

/// The regulation clause by clause: how each stands in the run, and how faithfully it is computed.
fn account(sheet: &mut Worksheet, table: &[Clause], manifest: &Manifest, formats: &Formats) -> Result<(), XlsxError> {
    let columns = [("条款", 10.0), ("条文", 50.0), ("核查结果", 34.0), ("问题代码", 26.0), ("判得多准", 11.0), ("说明", 60.0)];
    head(sheet, 0, &columns, table.len() as u32, formats)?;
    for (row, clause) in (1..).zip(table) {
        let standing = Standing::of(clause, manifest);
        let codes: Vec<&str> = clause.findings.iter().map(String::as_str).filter(|code| manifest.findings.contains_key(*code)).collect();
        let codes = if codes.is_empty() { clause.findings.join("、") } else { codes.join("、") };
        sheet.write(row, 0, &clause.id)?;
        sheet.write_with_format(row, 1, &clause.asks, &formats.wrap)?;
        let (text, format) = match standing {
            Standing::Found(_) => (standing.text() + &clauses::counted_with(clause, table, manifest), &formats.alarm),
            _ => (standing.text(), &formats.wrap),
        };
        sheet.write_with_format(row, 2, text, format)?;
        sheet.write_with_format(row, 3, codes, &formats.wrap)?;
        sheet.write(row, 4, clause.how.title())?;
        sheet.write_with_format(row, 5, &clause.why, &formats.wrap)?;
    }
    Ok(())
}

/// A new sheet that prints on A4, across.
fn sheet<'w>(workbook: &'w mut Workbook, name: &str) -> Result<&'w mut Worksheet, XlsxError> {
    let sheet = workbook.add_worksheet().set_name(name)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    Ok(sheet)
}

/// Writes texts that inputs brought side by side: no number of an ID document whole, and what begins like a formula stays a text.
pub(super) fn write_texts(sheet: &mut Worksheet, row: u32, first: u16, texts: &[&str]) -> Result<(), XlsxError> {
    for (column, text) in (first..).zip(texts) {
        sheet.write_string(row, column, mask::within(text))?;
    }
    Ok(())
}

/// Writes a head with the widths of its columns in row `row`, frozen, repeated on each printed page, with a filter over `rows` rows below.
pub(super) fn head(sheet: &mut Worksheet, row: u32, columns: &[(&str, f64)], rows: u32, formats: &Formats) -> Result<(), XlsxError> {
    let mut last = 0;
    for (column, (title, width)) in (0_u16..).zip(columns) {
        sheet.write_with_format(row, column, *title, &formats.head)?;
        sheet.set_column_width(column, *width)?;
        last = column;
    }
    mark_as_report(sheet, row, last + 1)?;
    sheet.set_freeze_panes(row + 1, 0)?;
    sheet.set_repeat_rows(0, row)?;
    if rows > 0 {
        sheet.autofilter(row, 0, row + rows, last)?;
    }
    Ok(())
}

/// What a procedure is called.
fn procedure_title(procedure: &str) -> &str {
    match procedure {
        "term-end" => "学年结束判定（term-end）",
        "status-watch" => "在籍监测（status-watch）",
        "district-audit" => "学籍核查（district-audit）",
        other => other,
    }
}

fn overview(sheet: &mut Worksheet, manifest: &Manifest, formats: &Formats) -> Result<(), XlsxError> {
    sheet.write_with_format(0, 0, format!("{} 学年学籍判定结果", manifest.school_year), &formats.title)?;
    mark_as_report(sheet, 0, 2 + STAGES.len() as u16)?;
    let policy = format!("{} {}", manifest.policy.name, manifest.policy.version);
    let facts = [
        ("程序", procedure_title(&manifest.procedure)),
        ("判定日期", manifest.as_of.as_str()),
        ("政策", policy.as_str()),
        ("程序版本", manifest.program_version.as_str()),
        ("运行编号", manifest.run_id.as_str()),
    ];
    let mut row = 1;
    for (name, value) in facts {
        sheet.write(row, 0, name)?;
        sheet.write(row, 1, value)?;
        row += 1;
    }
    sheet.write(row, 0, "学生人数")?;
    sheet.write(row, 1, manifest.students)?;
    row += 2;
    let titles = ["结论"].into_iter().chain(STAGES.map(|(_, title)| title)).chain(["合计"]);
    for (column, title) in (0_u16..).zip(titles) {
        sheet.write_with_format(row, column, title, &formats.head)?;
    }
    for outcome in manifest.outcomes_known() {
        let Some(total) = manifest.outcomes.get(outcome.code()) else { continue };
        row += 1;
        sheet.write(row, 0, format!("{}（{}）", outcome.title(), outcome.code()))?;
        for (column, (stage, _)) in (1_u16..).zip(STAGES) {
            let number = manifest.outcomes_by_stage.get(stage).and_then(|outcomes| outcomes.get(outcome.code()));
            sheet.write(row, column, number.copied().unwrap_or(0))?;
        }
        sheet.write(row, 1 + STAGES.len() as u16, *total)?;
    }
    row += 2;
    for (column, title) in (0_u16..).zip(["问题", "件数", "未了结", "已说明"]) {
        sheet.write_with_format(row, column, title, &formats.head)?;
    }
    for (code, title) in SEVERITIES {
        row += 1;
        let of = |counts: &BTreeMap<String, u64>| counts.get(code).copied().unwrap_or(0);
        let (all, open) = (of(&manifest.findings_by_severity), of(&manifest.open_findings_by_severity));
        sheet.write(row, 0, title)?;
        for (column, number) in [(1, all), (2, open), (3, all.saturating_sub(open))] {
            sheet.write(row, column, number)?;
        }
    }
    if let Some(against) = manifest.life.against.as_ref().filter(|_| !manifest.life.begins_anew) {
        row += 2;
        sheet.write_with_format(row, 0, "问题与上次运行相比", &formats.head)?;
        sheet.write_with_format(row, 1, against, &formats.head)?;
        for change in Change::ALL {
            row += 1;
            sheet.write(row, 0, change.title())?;
            sheet.write(row, 1, manifest.life.changes.get(change.code()).copied().unwrap_or(0))?;
        }
    }
    row += 2;
    sheet.write_with_format(row, 0, "先看这些", &formats.head)?;
    for line in first_to_do(manifest) {
        row += 1;
        sheet.write(row, 0, line)?;
    }
    row += 2;
    if manifest.is_in_term() {
        let line = "行动名单：现在就要督促、处理或留意的学生，重的在前；每人为什么、离期限还有几个上课日。";
        sheet.write_with_format(row, 0, line, &formats.note)?;
        row += 1;
    }
    let guide = [
        "各校结论：每所学校各种结论的人数和问题件数。",
        "待核名单：数据不足、还不能下结论的学生，缺什么、补哪张表。",
        "问题清单：每个问题在哪个文件、哪一格，应该怎样改；查实后会改变结论的列在前面，“影响”写明谁的结论怎样变；已有答复并且成立的排在后面。",
        "区级协调：两所学校都牵涉、要由区里协调的问题，两校各自怎么记。",
        "疑似同一人：花名册、考试和学籍里认不准的人，可能是谁、像在哪里、不像在哪里。",
        "报送情况：各校各表有多少学生已有记录，应有而没有的标红。",
    ];
    if manifest.is_audit() {
        for line in [
            "逐条核查：办法每一条、每一款、每一项有没有问题，缺哪张表没有查，哪些要由人判断，判得多准。",
            "人籍状态：各校在籍在校、在籍离校、在校不在籍、不在籍不在校各多少人；逐人见 positions.parquet。",
        ] {
            sheet.write_with_format(row, 0, line, &formats.note)?;
            row += 1;
        }
    }
    let compared = manifest.movements.as_ref().map(|_| "与上次相比：哪些学校的人数、班数或结论比例比上次运行变动大，请核对什么。");
    for line in guide.into_iter().chain(compared) {
        sheet.write_with_format(row, 0, line, &formats.note)?;
        row += 1;
    }
    sheet.set_column_width(0, 28)?;
    sheet.set_column_width(1, 18)?;
    Ok(())
}

/// The key of a school's findings that an answer closes.
const ANSWERED: &str = "answered";

/// District, code and name of a school.
type School = (String, String, String);

fn schools(sheet: &mut Worksheet, folder: &Path, manifest: &Manifest, formats: &Formats) -> Result<(), QueryError> {
    let sent = rows(&folder.join("submissions.parquet"), &["school_code", "district", "school_name"], &[])?;
    let named: BTreeMap<String, School> = sent
        .into_iter()
        .filter_map(|(words, _)| match words.as_slice() {
            [code, district, name] => Some((code.clone(), (district.clone(), code.clone(), name.clone()))),
            _ => None,
        })
        .collect();
    let mut schools: BTreeMap<School, BTreeMap<String, u64>> = BTreeMap::new();
    for (words, number) in count(&folder.join("decisions.parquet"), &["school_code", "outcome"])? {
        if let [code, outcome] = words.as_slice() {
            let school = named.get(code).cloned().unwrap_or_else(|| (String::new(), code.clone(), String::new()));
            *schools.entry(school).or_default().entry(outcome.clone()).or_default() += number;
        }
    }
    // By school: findings of each severity, those of them that are open, and those that are answered.
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (words, number) in count(&folder.join(history::FILE), &["school_code", "severity", "change", "review"])? {
        if let [school, severity, change, review] = words.as_slice()
            && change != Change::Gone.code()
        {
            let standing = if review.is_empty() { format!("open {severity}") } else { ANSWERED.to_owned() };
            for column in [severity.clone(), standing] {
                *found.entry((school.clone(), column)).or_default() += number;
            }
        }
    }
    let mut columns = vec![("区", 12.0), ("学校代码", 14.0), ("学校名称", 30.0), ("学生人数", 10.0)];
    let known = manifest.outcomes_known();
    columns.extend(known.iter().map(|outcome| (outcome.title(), 10.0)));
    columns.extend(SEVERITIES.map(|(_, title)| (title, 10.0)));
    columns.extend([("未了结的必须整改", 12.0), ("未了结的需要说明", 12.0), ("已说明", 10.0)]);
    let of_findings = SEVERITIES.map(|(severity, _)| severity).into_iter().chain(["open error", "open query", ANSWERED]);
    head(sheet, 0, &columns, schools.len() as u32, formats)?;
    for (row, ((district, code, name), outcomes)) in (1_u32..).zip(&schools) {
        write_texts(sheet, row, 0, &[district, code, name])?;
        sheet.write(row, 3, outcomes.values().sum::<u64>())?;
        for (column, outcome) in (4_u16..).zip(known) {
            sheet.write(row, column, outcomes.get(outcome.code()).copied().unwrap_or(0))?;
        }
        for (column, own) in (4 + known.len() as u16..).zip(of_findings.clone()) {
            sheet.write(row, column, found.get(&(code.clone(), own.to_owned())).copied().unwrap_or(0))?;
        }
    }
    Ok(())
}

/// Who has to be urged, acted on or watched, the most severe first.
fn to_act_on(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let (mut students, more) = run.of_outcomes(Outcome::TO_ACT_ON, MOST)?;
    let rank = |own: &Listed| Outcome::TO_ACT_ON.iter().position(|outcome| outcome.code() == own.outcome);
    students.sort_by_key(rank);
    let columns = [
        ("结论", 14.0),
        ("请办", 36.0),
        ("区", 12.0),
        ("学校代码", 14.0),
        ("学校名称", 28.0),
        ("年级", 8.0),
        ("班级", 10.0),
        ("姓名", 14.0),
        ("学籍号（已遮盖）", 24.0),
        ("为什么", 70.0),
        ("有关条款", 16.0),
        ("判定到", 12.0),
        ("离最近的期限（上课日）", 12.0),
    ];
    head(sheet, 0, &columns, students.len() as u32, formats)?;
    for (row, own) in (1_u32..).zip(&students) {
        let hit = &own.hit;
        let grade = hit.grade_title().unwrap_or("不明");
        let outcome = words::outcome(&own.outcome);
        sheet.write(row, 0, outcome.map_or("", Outcome::title))?.write(row, 1, outcome.map_or("", words::to_do))?;
        write_texts(sheet, row, 2, &[&own.district, &own.school_code, &hit.school_name, grade, &hit.class, &hit.name])?;
        sheet.write(row, 8, mask::student_key(&hit.student_key))?;
        sheet.write_with_format(row, 9, why(&own.clauses, &own.steps), &formats.wrap)?;
        sheet.write(row, 10, own.clauses.join("、"))?;
        sheet.write(row, 11, own.judged_on.map(|day| day.to_string()).unwrap_or_default())?;
        match own.days_to_threshold {
            Some(days) => sheet.write(row, 12, days)?,
            None => sheet.write(row, 12, "")?,
        };
    }
    say_more(sheet, students.len() as u32 + 2, more, "decisions.parquet", formats)
}

fn undetermined(sheet: &mut Worksheet, run: &Run, formats: &Formats) -> Result<(), QueryError> {
    let (students, more) = run.of_outcomes(&[Outcome::Undetermined], MOST)?;
    let columns = [
        ("区", 12.0),
        ("学校代码", 14.0),
        ("学校名称", 28.0),
        ("年级", 8.0),
        ("班级", 10.0),
        ("姓名", 14.0),
        ("学籍号（已遮盖）", 24.0),
        ("缺少的事实", 40.0),
        ("请补报", 60.0),
        ("有关条款", 16.0),
        ("学生键", 10.0),
    ];
    head(sheet, 0, &columns, students.len() as u32, formats)?;
    // The whole key serves look-ups from other sheets and is not shown.
    sheet.set_column_hidden(10)?;
    for (row, Listed { hit, district, school_code, missing, clauses, .. }) in (1_u32..).zip(&students) {
        let send: Vec<String> = missing.iter().map(|fact| to_send(fact)).collect();
        let grade = hit.grade_title().unwrap_or("不明");
        write_texts(sheet, row, 0, &[district, school_code, &hit.school_name, grade, &hit.class, &hit.name])?;
        sheet.write(row, 6, mask::student_key(&hit.student_key))?;
        sheet.write_with_format(row, 7, missing.join("、"), &formats.wrap)?;
        sheet.write_with_format(row, 8, send.join("；"), &formats.wrap)?;
        sheet.write(row, 9, clauses.join("、"))?.write(row, 10, &hit.student_key)?;
    }
    say_more(sheet, students.len() as u32 + 2, more, "decisions.parquet", formats)
}

pub(super) fn say_more(sheet: &mut Worksheet, row: u32, more: usize, file: &str, formats: &Formats) -> Result<(), QueryError> {
    if more > 0 {
        sheet.write_with_format(row, 0, format!("此处列到第 {MOST} 条，另有 {more} 条，全部在 {file}。"), &formats.alarm)?;
    }
    Ok(())
}

/// Students that should have rows of a table, and that have.
type Sent = (i64, i64);

fn submissions(sheet: &mut Worksheet, folder: &Path, manifest: &Manifest, formats: &Formats) -> Result<(), QueryError> {
    let texts = ["district", "school_code", "school_name", "table"];
    let sent = rows(&folder.join("submissions.parquet"), &texts, &["students", "students_expected", "students_with_rows"])?;
    // By school: its students, and by table how many should have rows and how many have.
    let mut schools: BTreeMap<School, (i64, BTreeMap<String, Sent>)> = BTreeMap::new();
    let mut tables: Vec<String> = Vec::new();
    for (words, numbers) in sent {
        if let ([district, code, name, table], [students, expected, with_rows]) = (words.as_slice(), numbers.as_slice()) {
            let school = schools.entry((district.clone(), code.clone(), name.clone())).or_default();
            school.0 = *students;
            school.1.insert(table.clone(), (*expected, *with_rows));
            if !tables.contains(table) {
                tables.push(table.clone());
            }
        }
    }
    let mut columns = vec![("区", 12.0), ("学校代码", 14.0), ("学校名称", 30.0), ("学生人数", 10.0)];
    let title = |name: &str| Table::ALL.iter().find(|table| table.name() == name).map_or("", |table| table.title());
    columns.extend(tables.iter().map(|name| (title(name), 16.0)));
    head(sheet, 0, &columns, schools.len() as u32, formats)?;
    let mut row = 1;
    for ((district, code, name), (students, own)) in &schools {
        write_texts(sheet, row, 0, &[district, code, name])?;
        sheet.write(row, 3, *students)?;
        for (column, table) in (4_u16..).zip(&tables) {
            let (expected, with_rows) = own.get(table).copied().unwrap_or_default();
            match (expected, with_rows) {
                (0, 0) => sheet.write(row, column, "—")?,
                (0, with_rows) => sheet.write(row, column, with_rows)?,
                (expected, 0) => sheet.write_with_format(row, column, format!("未报（应有 {expected} 人）"), &formats.alarm)?,
                (expected, with_rows) => sheet.write(row, column, format!("{with_rows}（应有 {expected}）"))?,
            };
        }
        row += 1;
    }
    let note = if manifest.is_in_term() {
        "数字是本校有该表记录的学生人数；“应有”是没有该表就不能下结论的学生人数（在读学生的学期注册，逐日考勤的考勤）。"
    } else {
        "数字是本校有该表记录的学生人数；“应有”是没有该表就不能下结论的学生人数（高一、高二的学年成绩，毕业年级的考试和评价）。"
    };
    sheet.write_with_format(row + 1, 0, note, &formats.note)?;
    Ok(())
}

/// What a measure is called.
fn measure_title(measure: &str) -> String {
    match measure.strip_prefix("outcome.") {
        Some(code) => format!("“{}”的比例", words::outcome_title(code)),
        None if measure == "classes" => "班级数".to_owned(),
        None => "学生人数".to_owned(),
    }
}

fn movements(sheet: &mut Worksheet, folder: &Path, receipt: &MovementReceipt, formats: &Formats) -> Result<(), QueryError> {
    let texts = ["district", "school_code", "school_name", "measure", "message"];
    let moved = rows_of_fractions(&folder.join("movements.parquet"), &texts, &["before", "after"])?;
    let columns =
        [("区", 12.0), ("学校代码", 14.0), ("学校名称", 30.0), ("项目", 18.0), ("上次", 10.0), ("这次", 10.0), ("问题和办法", 90.0)];
    head(sheet, 0, &columns, moved.len() as u32, formats)?;
    let share = Format::new().set_num_format("0.0%");
    let mut row = 1;
    for (words, numbers) in &moved {
        let ([district, code, name, measure, message], [before, after]) = (words.as_slice(), numbers.as_slice()) else { continue };
        write_texts(sheet, row, 0, &[district, code, name, &measure_title(measure)])?;
        for (column, number) in [(4, before), (5, after)] {
            if measure.starts_with("outcome.") {
                sheet.write_with_format(row, column, *number, &share)?;
            } else {
                sheet.write(row, column, *number)?;
            }
        }
        sheet.write_string_with_format(row, 6, mask::within(message), &formats.wrap)?;
        row += 1;
    }
    let note = match &receipt.not_compared {
        Some(why) => format!("没有与运行 {} 相比：{why}。", receipt.against),
        None => format!("与运行 {} 相比；只列变动超过政策 [movements] 所定界限的学校。", receipt.against),
    };
    sheet.write_with_format(row + 1, 0, note, &formats.note)?;
    if !receipt.accepted.is_empty() {
        let measures: Vec<String> = receipt.accepted.iter().map(|own| measure_title(own)).collect();
        let line = format!("全部学生的{}变动超过流程所定的限度，经运行的人确认后发布。", measures.join("、"));
        sheet.write_with_format(row + 2, 0, line, &formats.alarm)?;
    }
    Ok(())
}
