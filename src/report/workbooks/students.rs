//! The sheets of students: who moves up, who graduates, of whom facts are missing, and in term on whom somebody has to act. They only tell.

use law::regulation::rule::Outcome;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::form::{Formats, Kind, fix_head, mark_as_report, set_height, sheet, shown, shown_name};
use crate::report::mask;
use crate::report::read::grade_title;
use crate::report::schools::{School, Student};
use crate::report::words;

/// The students of a school by what is to be done.
pub(super) struct Work<'s> {
    /// At the year's end: those who are not in a final grade, and those who are.
    pub moving: Vec<&'s Student>,
    pub finishing: Vec<&'s Student>,
    /// Those of whom facts are missing.
    pub undetermined: Vec<&'s Student>,
    /// In term: those on whom somebody has to act, the most severe first.
    pub to_act_on: Vec<&'s Student>,
}

impl<'s> Work<'s> {
    pub(super) fn of(school: &'s School, is_in_term: bool) -> Self {
        let of = |is_asked: &dyn Fn(&Student) -> bool| -> Vec<&Student> { school.students.iter().filter(|own| is_asked(own)).collect() };
        let mut to_act_on = of(&|own| is_in_term && Outcome::TO_ACT_ON.contains(&own.outcome));
        // Of one kind those come first for whom the least time is left.
        to_act_on.sort_by_key(|own| (own.outcome.severity(), own.days_to_threshold.unwrap_or(i16::MAX)));
        Self {
            moving: of(&|own| !is_in_term && !own.is_final),
            finishing: of(&|own| !is_in_term && own.is_final),
            undetermined: of(&|own| own.outcome == Outcome::Undetermined),
            to_act_on,
        }
    }
}

/// A column of students.
struct Column {
    header: &'static str,
    width: f64,
    cell: fn(&Student) -> Cell,
}

/// Columns wider than this hold texts of several lines.
const WRAPPED_ABOVE: f64 = 22.0;

/// What stands in a cell.
enum Cell {
    Text(String),
    Number(f64),
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

const GRADE: Column = Column { header: "年级", width: 9.0, cell: |own| text(own.grade_title()) };
const CLASS: Column = Column { header: "班级", width: 10.0, cell: |own| text(shown_name(&own.class)) };
const NAME: Column = Column { header: "姓名", width: 12.0, cell: |own| text(shown_name(&own.name)) };
const NUMBER: Column = Column { header: "学籍号（已遮盖）", width: 22.0, cell: |own| text(mask::student_key(&own.student_key)) };
const OUTCOME: Column = Column { header: "结论", width: 13.0, cell: |own| text(own.outcome.title()) };
const CLAUSES: Column = Column { header: "有关条款", width: 14.0, cell: |own| text(own.clauses.as_str()) };
const TO_DO: Column = Column { header: "请办", width: 34.0, cell: |own| text(words::to_do(own.outcome)) };
const NEXT_GRADE: Column =
    Column { header: "下一年级", width: 10.0, cell: |own| text(grade_title(own.next_grade).unwrap_or_default()) };
const CERTIFICATE: Column = Column { header: "证书", width: 10.0, cell: |own| text(own.certificate.as_str()) };
const FAILING: Column = Column {
    header: "不合格科目",
    width: 24.0,
    cell: |own| text(own.why.as_ref().map(|why| shown(&why.failing_subjects.join("、"))).unwrap_or_default()),
};
const MISSING: Column = Column {
    header: "缺少的事实",
    width: 34.0,
    cell: |own| text(own.why.as_ref().map(|why| shown(&why.missing.join("、"))).unwrap_or_default()),
};
const TO_SEND: Column = Column {
    header: "请补报",
    width: 46.0,
    cell: |own| {
        let send = own.why.iter().flat_map(|why| &why.missing).map(|fact| words::to_send(fact));
        text(shown(&send.collect::<Vec<_>>().join("；")))
    },
};
const WHY: Column = Column {
    header: "为什么",
    width: 52.0,
    cell: |own| {
        let clauses: Vec<String> = own.clauses.split('、').map(str::to_owned).collect();
        text(own.why.as_ref().map(|why| shown(&words::why(&clauses, &why.steps))).unwrap_or_default())
    },
};
const JUDGED_ON: Column =
    Column { header: "判定到", width: 11.0, cell: |own| text(own.judged_on.map(|day| day.to_string()).unwrap_or_default()) };
const DAYS: Column = Column {
    header: "离最近的期限（上课日）",
    width: 12.0,
    cell: |own| own.days_to_threshold.map_or_else(|| text(""), |days| Cell::Number(f64::from(days))),
};

/// Writes the sheets of students, those that hold somebody.
pub(super) fn write(book: &mut Workbook, work: &Work<'_>, formats: &Formats) -> Result<(), XlsxError> {
    let to_act_on = &[OUTCOME, TO_DO, GRADE, CLASS, NAME, NUMBER, WHY, CLAUSES, JUDGED_ON, DAYS];
    list(book, "预警", &work.to_act_on, to_act_on, Kind::Error, formats)?;
    list(book, "待核名单", &work.undetermined, &[GRADE, CLASS, NAME, NUMBER, MISSING, TO_SEND, CLAUSES], Kind::Query, formats)?;
    list(book, "升级名单", &work.moving, &[GRADE, CLASS, NAME, NUMBER, OUTCOME, NEXT_GRADE, TO_DO, FAILING, CLAUSES], Kind::Told, formats)?;
    let finishing = &[GRADE, CLASS, NAME, NUMBER, OUTCOME, CERTIFICATE, TO_DO, FAILING, CLAUSES];
    list(book, "毕业名单", &work.finishing, finishing, Kind::Told, formats)
}

fn list(
    book: &mut Workbook,
    name: &str,
    students: &[&Student],
    columns: &[Column],
    kind: Kind,
    formats: &Formats,
) -> Result<(), XlsxError> {
    if students.is_empty() {
        return Ok(());
    }
    let sheet = sheet(book, name, kind)?;
    for (place, column) in (0_u16..).zip(columns) {
        let format = if column.width > WRAPPED_ABOVE { &formats.wrapped } else { &formats.text };
        let is_number = column.header == DAYS.header;
        sheet.set_column_format(place, if is_number { &formats.number } else { format })?.set_column_width(place, column.width)?;
        sheet.write_with_format(0, place, column.header, formats.head_of(kind))?;
    }
    let last = columns.len() as u16;
    // The whole key serves look-ups from other sheets and is not shown.
    sheet.set_column_format(last, &formats.text)?.write_string(0, last, "学生键")?.set_column_hidden(last)?;
    mark_as_report(sheet, 0, last + 1)?;
    for (row, student) in (1_u32..).zip(students) {
        write_student(sheet, row, student, columns)?;
        sheet.write_string(row, last, student.student_key.as_str())?;
    }
    fix_head(sheet, students.len(), last - 1, 0)
}

fn write_student(sheet: &mut Worksheet, row: u32, student: &Student, columns: &[Column]) -> Result<(), XlsxError> {
    let mut lines: Vec<(String, f64)> = Vec::new();
    for (place, column) in (0_u16..).zip(columns) {
        match (column.cell)(student) {
            // An empty cell needs none.
            Cell::Text(text) if text.is_empty() => {}
            Cell::Text(text) => {
                if column.width > WRAPPED_ABOVE {
                    lines.push((text.clone(), column.width));
                }
                sheet.write_string(row, place, text)?;
            }
            Cell::Number(number) => {
                sheet.write_number(row, place, number)?;
            }
        }
    }
    set_height(sheet, row, lines.iter().map(|(text, width)| (text.as_str(), *width)))
}
