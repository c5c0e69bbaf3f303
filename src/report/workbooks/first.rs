//! The first sheet, 先看这里: what to do in a few lines, with the numbers and where each stands, how to send the workbook back, and what it is of.

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::findings::{Row, table_title};
use super::form::{Formats, Kind, mark_as_report, sheet, shown};
use super::students::Work;
use crate::ingest::table::Table;
use crate::report::manifest::Manifest;
use crate::report::schools::School;

/// The name of the sheet.
const NAME: &str = "先看这里";
/// The column behind the last one that is shown.
const BEHIND: u16 = 3;

/// What a school's workbook holds.
pub(super) struct Counted<'c> {
    pub errors: &'c [Row<'c>],
    pub queries: &'c [Row<'c>],
    pub infos: &'c [Row<'c>],
    pub of_two: &'c [Row<'c>],
    pub work: &'c Work<'c>,
}

/// A line of a list: the sheet, how many stand there, and what to do.
pub(super) struct Line {
    pub sheet: &'static str,
    pub number: usize,
    pub open: Option<usize>,
    pub what: &'static str,
}

/// The first sheet in the making.
pub(super) struct Guide<'b> {
    sheet: &'b mut Worksheet,
    formats: &'b Formats,
    row: u32,
}

impl<'b> Guide<'b> {
    pub(super) fn begin(book: &'b mut Workbook, title: &str, formats: &'b Formats) -> Result<Self, XlsxError> {
        let sheet = sheet(book, NAME, Kind::Guide)?;
        sheet.set_column_width(0, 16)?.set_column_width(1, 12)?.set_column_width(2, 96)?;
        sheet.write_string_with_format(0, 0, shown(title), &formats.title)?.set_row_height(0, 24.0)?;
        mark_as_report(sheet, 0, BEHIND)?;
        Ok(Self { sheet, formats, row: 1 })
    }

    /// A line of text.
    pub(super) fn say(&mut self, text: &str) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, 0, text)?;
        self.row += 1;
        Ok(())
    }

    /// A line that must not be overlooked.
    pub(super) fn warn(&mut self, text: &str) -> Result<(), XlsxError> {
        self.sheet.merge_range(self.row, 0, self.row, BEHIND - 1, "", &self.formats.alarm)?;
        self.sheet.write_string_with_format(self.row, 0, text, &self.formats.alarm)?;
        let lines = text.chars().count().div_ceil(62).max(1);
        self.sheet.set_row_height(self.row, 16.0 * lines as f64)?;
        self.row += 1;
        Ok(())
    }

    /// A heading, with a line of space above.
    pub(super) fn head(&mut self, titles: [&str; 3]) -> Result<(), XlsxError> {
        self.row += 1;
        for (column, title) in (0_u16..).zip(titles) {
            self.sheet.write_with_format(self.row, column, title, &self.formats.head)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A line of the list of sheets.
    pub(super) fn line(&mut self, line: &Line) -> Result<(), XlsxError> {
        let number = match line.open {
            Some(open) if open < line.number => format!("{}（未了结 {open}）", line.number),
            _ => line.number.to_string(),
        };
        self.pair(line.sheet, &number, line.what)
    }

    /// Two words and what they mean.
    pub(super) fn pair(&mut self, name: &str, value: &str, what: &str) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, 0, name, &self.formats.wrapped)?;
        self.sheet.write_string_with_format(self.row, 1, value, &self.formats.wrapped)?;
        self.sheet.write_string_with_format(self.row, 2, what, &self.formats.note)?;
        self.row += 1;
        Ok(())
    }

    /// How to answer and what this is of.
    pub(super) fn end(mut self, manifest: &Manifest) -> Result<(), XlsxError> {
        self.head(["怎样答复", "", ""])?;
        for line in [
            "1. 黄色的四列“处理结果、说明、处理人、处理日期”由您填，“处理结果”从列表里选；已有的答复已经填好。".to_owned(),
            "2. 其余各列不用改：改了也不起作用。数据有错，请在来源表里改好，重新交表。".to_owned(),
            "3. 可以排序、筛选、移动列、删去不管的行；隐藏的列请不要删，答复靠它认回。".to_owned(),
            format!("4. 填好后保存，把本文件和其他报送文件放在一起，下次运行自动读作“{}”，不必另填表。", table_title()),
        ] {
            self.say(&line)?;
        }
        self.head(["这是哪一次", "", ""])?;
        let policy = format!("{} {}", manifest.policy.name, manifest.policy.version);
        let facts = [
            ("判定日期", manifest.as_of.as_str()),
            ("学年", &manifest.school_year),
            ("运行编号", &manifest.run_id),
            ("政策", &policy),
            ("程序版本", &manifest.program_version),
        ];
        for (name, value) in facts {
            self.sheet.write_string(self.row, 0, name)?.write_string(self.row, 1, value)?;
            self.row += 1;
        }
        self.say("证件号码在看得见的格里都已遮盖；本文件含学生个人信息，请按规定保管，不要外传。")
    }
}

/// The first sheet of a school's workbook.
pub(super) fn of_school(
    book: &mut Workbook,
    school: &School,
    manifest: &Manifest,
    counted: &Counted<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let mut guide = Guide::begin(book, school.title(), formats)?;
    let code = if school.code.is_empty() { "（未写）" } else { &school.code };
    let district = if school.district.is_empty() { "（未写）" } else { &school.district };
    let students = school.students.len();
    guide.say(&shown(&format!(
        "区：{district}　学校代码：{code}　学生 {students} 人　{} 学年　判定日期 {}",
        manifest.school_year, manifest.as_of
    )))?;
    guide.head(["请做五件事", "", ""])?;
    let open = |rows: &[Row<'_>]| rows.iter().filter(|row| row.finding.is_open()).count();
    let work = counted.work;
    let students_first = if manifest.is_in_term() {
        format!("3. 办“预警”里的 {} 人（最急的在前）；补报“待核名单”里 {} 人缺的数据。", work.to_act_on.len(), work.undetermined.len())
    } else {
        format!(
            "3. 补报“待核名单”里 {} 人缺的数据；核对“升级名单” {} 人、“毕业名单” {} 人。",
            work.undetermined.len(),
            work.moving.len(),
            work.finishing.len()
        )
    };
    for line in [
        format!("1. 改“必须整改”：{} 件未了结。在来源表里改好，重新交表，再在这里答“已整改”。", open(counted.errors)),
        format!("2. 答“需要说明”：{} 件未了结。有错的改，没错的写明情况。", open(counted.queries)),
        students_first,
        format!("4. 备好“两校核对”里 {} 件的材料：牵涉另一所学校，由区里召集两校了结。", open(counted.of_two)),
        "5. 填好答复，保存，把本文件放回报送文件夹。".to_owned(),
    ] {
        guide.say(&line)?;
    }
    for sent in school.sent.iter().filter(|sent| sent.students_expected > 0 && sent.students_with_rows == 0) {
        let title = Table::ALL.iter().find(|table| table.name() == sent.table).map_or(sent.table.as_str(), |table| table.title());
        guide.warn(&format!("还没有报“{title}”：应有 {} 人。", sent.students_expected))?;
    }
    guide.head(["工作表", "多少", "做什么用"])?;
    for line in lines(counted).iter().filter(|line| line.number > 0) {
        guide.line(line)?;
    }
    guide.end(manifest)
}

/// The sheets, and what each is for.
fn lines(counted: &Counted<'_>) -> [Line; 8] {
    let found = |sheet, rows: &[Row<'_>], what| {
        let open = rows.iter().filter(|row| row.finding.is_open()).count();
        Line { sheet, number: rows.len(), open: Some(open), what }
    };
    let listed = |sheet, number, what| Line { sheet, number, open: None, what };
    let work = counted.work;
    [
        found("必须整改", counted.errors, "不改好区里不能签收。“在哪里”写着文件和格，“应为”写着怎样才对；未了结的在前。"),
        found("需要说明", counted.queries, "可能有错：有错的改，没错的写明情况。"),
        listed("预警", work.to_act_on.len(), "现在就要督促、处理或留意的学生，重的在前；写着为什么、离期限还有几个上课日。"),
        listed("待核名单", work.undetermined.len(), "数据不够、还不能下结论的学生：缺什么，补哪张表。"),
        listed("升级名单", work.moving.len(), "非毕业年级每名学生的结论和下一年级；“请办”有字的要办。"),
        listed("毕业名单", work.finishing.len(), "毕业年级每名学生的结论和证书；“请办”有字的要办。"),
        found("两校核对", counted.of_two, "同一名学生牵涉两所学校：两校各自怎么记。由区里了结，在区的工作簿里答复。"),
        found("供参考", counted.infos, "知道即可，不必答复。"),
    ]
}
