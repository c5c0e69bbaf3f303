//! The tables of the contract: their columns, what each column holds, and which a table can't be without.

use law::facts::codes::{
    ApplicationKind, ArchivePart, AttendanceKind, AttendanceMode, Category, ChangeKind, Entitlement, ExamResult, MakeUp, MeasureKind,
    Publicity, Reply, SchoolStatus, SittingKind, Standard, Status, YesNo,
};

use serde::{Deserialize, Serialize};

use super::fold;

/// What a column holds and so how its cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A national student id (全国学籍号).
    NationalId,
    /// A Shanghai student number (上海市学籍号): 19 digits.
    ShanghaiNumber,
    /// The number of an ID document: a resident ID number (15 or 18 digits) or another document's.
    DocumentNumber,
    /// A code of digits and letters that is a name and not a quantity, such as a school code.
    Identifier,
    /// A person's name: kept as written but for spaces around it.
    Name,
    /// Any text.
    Text,
    /// Any text; for the usual ones there are words, which may be written by their codes.
    Named(&'static [&'static str]),
    /// A day.
    Date,
    /// A month (a day is read as its month).
    Month,
    /// A school year such as 2025-2026, by its first year.
    SchoolYear,
    /// A term: 1 or 2.
    Term,
    /// A grade from 1 to 12.
    Grade,
    /// A subject, by the policy's names and aliases.
    Subject,
    /// 学年总评: a result, or a grade or mark that the policy maps to one.
    AnnualResult,
    /// A number, in thousandths.
    Number,
    /// One word of a list, by its place.
    Word(&'static [&'static str]),
    /// What a report shows beside an answer: kept as it stands, no data, and nothing is said of it.
    Shown,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The canonical header.
    pub header: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether the table must have the column.
    pub required: bool,
    /// Whether a row may leave the cell of a required column empty.
    pub may_be_empty: bool,
}

const fn needed(header: &'static str, holds: Holds) -> Field {
    Field { header, holds, required: true, may_be_empty: false }
}

const fn optional(header: &'static str, holds: Holds) -> Field {
    Field { header, holds, required: false, may_be_empty: true }
}

/// A table of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[repr(u8)]
pub enum Table {
    /// 学籍名册
    Roster,
    /// 学校名录
    Schools,
    /// 学年成绩
    CourseResults,
    /// 学业水平考试
    Exams,
    /// 综合素质评价
    Evaluations,
    /// 校本考核
    SchoolAssessments,
    /// 学期注册
    Registrations,
    /// 考勤上报
    AttendanceReports,
    /// 考勤
    Attendance,
    /// 督促记录
    Urgings,
    /// 学籍异动
    StatusChanges,
    /// 申请
    Applications,
    /// 学生运动员确认
    Athletes,
    /// 处分
    Discipline,
    /// 在读花名册
    ActualRoll,
    /// 档案清单
    Archives,
    /// 核查反馈
    Reviews,
    /// 考号对照
    ExamNumbers,
}

use Holds::{
    Date, DocumentNumber, Grade, Identifier, Month, Name, Named, NationalId, Number, SchoolYear, Shown, Subject, Term, Text, Word,
};

/// The columns of each table, in the contract's order. Where two columns stand for one field in two forms (日期, or
/// 开始日期 and 结束日期; 全国学籍号 or 证件号码), `Table::alternatives` says which sets will do.
const ROSTER: &[Field] = &[
    Field { header: "全国学籍号", holds: NationalId, required: true, may_be_empty: true },
    optional("上海市学籍号", Holds::ShanghaiNumber),
    needed("姓名", Name),
    optional("性别", Word(SEX)),
    optional("出生日期", Date),
    optional("证件类型", Named(DOCUMENTS)),
    optional("证件号码", DocumentNumber),
    optional("国籍/地区", Text),
    needed("区", Text),
    needed("学校代码", Identifier),
    optional("学校名称", Text),
    needed("年级", Grade),
    needed("班级", Text),
    optional("小学入学年月", Month),
    optional("入学年月", Month),
    optional("学生类别", Word(Category::WORDS)),
    needed("学籍状态", Word(Status::WORDS)),
    optional("就读方式", Word(AttendanceMode::WORDS)),
    optional("学制年限", Number),
    optional("信息核对日期", Date),
    optional("建籍日期", Date),
];
const SCHOOLS: &[Field] = &[
    needed("学校代码", Identifier),
    needed("学校名称", Text),
    needed("区", Text),
    optional("学制", Text),
    optional("小学班额", Number),
    optional("初中班额", Number),
    optional("高中招生计划", Number),
    optional("状态", Word(SchoolStatus::WORDS)),
    optional("并入学校代码", Identifier),
];
const COURSE_RESULTS: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("学年", SchoolYear),
    needed("科目", Subject),
    needed("学年总评", Holds::AnnualResult),
    optional("补考", Word(MakeUp::WORDS)),
    optional("补考日期", Date),
];
const EXAMS: &[Field] = &[
    Field { header: "全国学籍号", holds: NationalId, required: false, may_be_empty: true },
    optional("证件号码", DocumentNumber),
    optional("姓名", Name),
    needed("科目", Subject),
    needed("考试日期", Date),
    needed("考次", Word(SittingKind::WORDS)),
    needed("结果", Word(ExamResult::WORDS)),
    // Exam authorities know their candidates by a number of their own, which another table maps to students.
    optional("考号", Identifier),
    optional("上海市学籍号", Holds::ShanghaiNumber),
];
const EXAM_NUMBERS: &[Field] = &[
    Field { header: "全国学籍号", holds: NationalId, required: false, may_be_empty: true },
    optional("证件号码", DocumentNumber),
    optional("姓名", Name),
    needed("考号", Identifier),
];
const EVALUATIONS: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("学年", SchoolYear),
    needed("思想品德与行为规范", Word(Standard::WORDS)),
    optional("犯罪记录", Word(YesNo::WORDS)),
    optional("研究型课程", Word(Standard::WORDS)),
    optional("拓展型课程", Word(Standard::WORDS)),
    optional("志愿服务", Word(Standard::WORDS)),
    optional("军事训练", Word(Standard::WORDS)),
    optional("农村社会实践", Word(Standard::WORDS)),
    optional("社会实践周数", Number),
    optional("研究性学习报告数", Number),
];
const SCHOOL_ASSESSMENTS: &[Field] =
    &[needed("全国学籍号", NationalId), needed("科目", Subject), needed("考核结果", Word(Standard::WORDS))];
const REGISTRATIONS: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("学年", SchoolYear),
    needed("学期", Term),
    optional("注册日期", Date),
    optional("延期批准日期", Date),
];
const ATTENDANCE_REPORTS: &[Field] = &[needed("学校代码", Identifier), needed("截止日期", Date)];
const ATTENDANCE: &[Field] = &[
    needed("全国学籍号", NationalId),
    optional("日期", Date),
    optional("开始日期", Date),
    optional("结束日期", Date),
    needed("考勤", Word(AttendanceKind::WORDS)),
    optional("告知家长日期", Date),
];
const URGINGS: &[Field] = &[needed("全国学籍号", NationalId), needed("督促日期", Date), optional("方式", Text), optional("结果", Text)];
const STATUS_CHANGES: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("异动类型", Word(ChangeKind::WORDS)),
    optional("学年", SchoolYear),
    optional("年级", Grade),
    needed("生效日期", Date),
    optional("截止日期", Date),
    optional("原因", Named(REASONS)),
    optional("申请日期", Date),
    optional("学校同意日期", Date),
    optional("区批准日期", Date),
    optional("区报告日期", Date),
    optional("办结日期", Date),
    optional("告知日期", Date),
    optional("证明材料", Text),
    optional("证明日期", Date),
    optional("转入依据", Word(Entitlement::WORDS)),
    optional("转出学校代码", Identifier),
    optional("转入学校代码", Identifier),
    optional("转入年级", Grade),
    optional("中考分数", Number),
    optional("转入校录取线", Number),
];
const APPLICATIONS: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("申请事项", Word(ApplicationKind::WORDS)),
    optional("学年", SchoolYear),
    optional("科目", Subject),
    needed("申请日期", Date),
    optional("学校同意日期", Date),
    optional("公示日期", Date),
    optional("公示结果", Word(Publicity::WORDS)),
    optional("区备案日期", Date),
    optional("证明日期", Date),
];
const ATHLETES: &[Field] = &[needed("全国学籍号", NationalId), optional("体育部门确认日期", Date), optional("教育部门确认日期", Date)];
const DISCIPLINE: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("处分类型", Word(MeasureKind::WORDS)),
    needed("处分日期", Date),
    optional("会议通过日期", Date),
    optional("家长沟通日期", Date),
    optional("区报备日期", Date),
    optional("撤销日期", Date),
    optional("申诉日期", Date),
    optional("答复日期", Date),
];
const ACTUAL_ROLL: &[Field] = &[
    needed("学校代码", Identifier),
    needed("年级", Grade),
    needed("班级", Text),
    needed("姓名", Name),
    optional("全国学籍号", NationalId),
    optional("证件号码", DocumentNumber),
    optional("性别", Word(SEX)),
    optional("出生日期", Date),
    optional("上海市学籍号", Holds::ShanghaiNumber),
];
const ARCHIVES: &[Field] = &[
    needed("全国学籍号", NationalId),
    needed("材料类别", Word(ArchivePart::WORDS)),
    optional("归档日期", Date),
    optional("移交日期", Date),
    optional("接收学校代码", Identifier),
];
const REVIEWS: &[Field] = &[
    needed("finding_id", Identifier),
    optional("evidence_hash", Identifier),
    // A workbook comes back with the answers that a school has, and without those that it still owes.
    Field { header: "处理结果", holds: Word(Reply::WORDS), required: true, may_be_empty: true },
    optional("说明", Text),
    optional("处理人", Text),
    optional("处理日期", Date),
    // What our own workbooks show beside the answers, and a seal that tells whether it was changed.
    optional("程度", Shown),
    optional("代码", Shown),
    optional("姓名", Shown),
    optional("年级班级", Shown),
    optional("学籍号（已遮盖）", Shown),
    optional("问题和办法", Shown),
    optional("现为", Shown),
    optional("应为", Shown),
    optional("在哪里", Shown),
    optional("影响", Shown),
    optional("变化和以前的答复", Shown),
    optional("学校", Shown),
    optional("另一所学校", Shown),
    optional("学生键", Shown),
    optional(SEAL, Shown),
];

/// The hidden column of a workbook's findings that holds the seal of what stands beside an answer.
pub const SEAL: &str = "facts_seal";

/// 证件类型, as the national system names them; the first is the resident's own.
pub const DOCUMENTS: &[&str] = &[
    "居民身份证",
    "军官证",
    "士兵证",
    "文职干部证",
    "部队离退休证",
    "香港特区护照/身份证明",
    "澳门特区护照/身份证明",
    "台湾居民来往大陆通行证",
    "境外永久居住证",
    "护照",
    "户口簿",
    "其他",
];

/// 原因 of a change of status.
const REASONS: &[&str] = &["伤病", "出国出境", "其他特殊原因", "户籍迁移", "回沪", "居住地变更", "动迁", "定居", "境外学生"];

/// 性别.
pub const SEX: &[&str] = &["男", "女"];

impl Table {
    /// Every table, in the contract's order, and those beyond it.
    pub const ALL: &'static [Table] = &[
        Table::Roster,
        Table::Schools,
        Table::CourseResults,
        Table::Exams,
        Table::Evaluations,
        Table::SchoolAssessments,
        Table::Registrations,
        Table::AttendanceReports,
        Table::Attendance,
        Table::Urgings,
        Table::StatusChanges,
        Table::Applications,
        Table::Athletes,
        Table::Discipline,
        Table::ActualRoll,
        Table::Archives,
        Table::Reviews,
        Table::ExamNumbers,
    ];

    /// The table's name in outputs (`roster`), its Chinese name (学籍名册) and its columns.
    const fn parts(self) -> (&'static str, &'static str, &'static [Field]) {
        match self {
            Table::Roster => ("roster", "学籍名册", ROSTER),
            Table::Schools => ("schools", "学校名录", SCHOOLS),
            Table::CourseResults => ("course_results", "学年成绩", COURSE_RESULTS),
            Table::Exams => ("exams", "学业水平考试", EXAMS),
            Table::Evaluations => ("evaluations", "综合素质评价", EVALUATIONS),
            Table::SchoolAssessments => ("school_assessments", "校本考核", SCHOOL_ASSESSMENTS),
            Table::Registrations => ("registrations", "学期注册", REGISTRATIONS),
            Table::AttendanceReports => ("attendance_reports", "考勤上报", ATTENDANCE_REPORTS),
            Table::Attendance => ("attendance", "考勤", ATTENDANCE),
            Table::Urgings => ("urgings", "督促记录", URGINGS),
            Table::StatusChanges => ("status_changes", "学籍异动", STATUS_CHANGES),
            Table::Applications => ("applications", "申请", APPLICATIONS),
            Table::Athletes => ("athletes", "学生运动员确认", ATHLETES),
            Table::Discipline => ("discipline", "处分", DISCIPLINE),
            Table::ActualRoll => ("actual_roll", "在读花名册", ACTUAL_ROLL),
            Table::Archives => ("archives", "档案清单", ARCHIVES),
            Table::Reviews => ("reviews", "核查反馈", REVIEWS),
            Table::ExamNumbers => ("exam_numbers", "考号对照", EXAM_NUMBERS),
        }
    }

    /// The name in outputs, such as `roster`.
    pub const fn name(self) -> &'static str {
        self.parts().0
    }

    /// The Chinese name, such as 学籍名册.
    pub const fn title(self) -> &'static str {
        self.parts().1
    }

    /// The columns, in the contract's order.
    pub const fn fields(self) -> &'static [Field] {
        self.parts().2
    }

    /// Sets of columns of which one must be there in full, beside the required ones.
    pub const fn alternatives(self) -> &'static [&'static [&'static str]] {
        match self {
            Table::Exams => &[&["全国学籍号"], &["证件号码"], &["考号"]],
            Table::ExamNumbers => &[&["全国学籍号"], &["证件号码"]],
            Table::Attendance => &[&["日期"], &["开始日期", "结束日期"]],
            _ => &[],
        }
    }

    /// The columns that somebody fills in: all but those that our own workbooks show beside the answers, which stand last.
    pub fn fields_to_fill(self) -> &'static [Field] {
        let fields = self.fields();
        let end = fields.iter().position(|field| field.holds == Holds::Shown).unwrap_or(fields.len());
        fields.get(..end).unwrap_or(fields)
    }

    /// The place of a column that a report shows, by its header alone: in no other table does the header mean anything.
    pub(crate) fn shown_field(self, header: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.holds == Holds::Shown && fold::header(field.header) == fold::header(header))
    }

    /// The place of a column among `fields`.
    pub fn field(self, header: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.header == header)
    }
}
