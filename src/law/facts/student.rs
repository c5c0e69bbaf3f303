//! What is known of one student, as the rules read it. Each fact keeps the row of the input that states it.

use chrono::NaiveDate;

use super::calendar::{Month, SchoolYear};
use super::codes::{
    AnnualResult, ApplicationKind, ArchivePart, Category, ChangeKind, ChangeReason, ExamResult, MakeUp, MeasureKind, Publicity, Read,
    SittingKind, Standard, Status, System, YesNo,
};
use super::grades::{Grade, Grades};
use super::subjects::Subject;

/// A row of the inputs: its place in the list of all rows of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u32);

/// 国籍/地区, as far as certificates depend on it (A49).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nationality {
    /// 中国, Hong Kong, Macao and Taiwan included.
    Chinese,
    /// Another country.
    Foreign,
    /// Not on record.
    Unknown,
}

/// A row of 学年成绩 of the school year that is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annual {
    /// 科目
    pub subject: Subject,
    /// 学年总评
    pub result: Read<AnnualResult>,
    /// 补考
    pub make_up: Read<MakeUp>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 学业水平考试 of the student's stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sitting {
    /// 科目
    pub subject: Subject,
    /// 考试日期
    pub date: Read<NaiveDate>,
    /// 考次
    pub kind: Read<SittingKind>,
    /// 结果
    pub result: Read<ExamResult>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 校本考核.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// 科目
    pub subject: Subject,
    /// 考核结果
    pub result: Read<Standard>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 综合素质评价 of a school year of the student's stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// 学年
    pub school_year: SchoolYear,
    /// 思想品德与行为规范
    pub moral: Read<Standard>,
    /// 犯罪记录
    pub crime: Read<YesNo>,
    /// 研究型课程
    pub research: Read<Standard>,
    /// 拓展型课程
    pub extension: Read<Standard>,
    /// 志愿服务
    pub volunteering: Read<Standard>,
    /// 军事训练
    pub military: Read<Standard>,
    /// 农村社会实践
    pub rural: Read<Standard>,
    /// 社会实践周数, in thousandths of a week
    pub weeks: Read<i32>,
    /// 研究性学习报告数, in thousandths
    pub reports: Read<i32>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 学生运动员确认.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Athlete {
    /// 体育部门确认日期
    pub sports: Read<NaiveDate>,
    /// 教育部门确认日期
    pub education: Read<NaiveDate>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 申请.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// 申请事项
    pub kind: ApplicationKind,
    /// Whether 申请事项 is missing or can't be read: it may be this, or anything else (P2). Such a row stands here once for each thing it may be.
    pub is_unclear: bool,
    /// 学年
    pub school_year: Read<SchoolYear>,
    /// 科目
    pub subject: Read<Subject>,
    /// 申请日期
    pub applied: Read<NaiveDate>,
    /// 学校同意日期
    pub school: Read<NaiveDate>,
    /// 公示日期
    pub published: Read<NaiveDate>,
    /// 公示结果
    pub publicity: Read<Publicity>,
    /// 区备案日期
    pub district: Read<NaiveDate>,
    /// 证明日期
    pub certificate: Read<NaiveDate>,
    /// Where it stands.
    pub row: Row,
}

/// A row of 处分.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// 处分类型
    pub kind: MeasureKind,
    /// 处分日期
    pub decided: Read<NaiveDate>,
    /// 会议通过日期
    pub meeting: Read<NaiveDate>,
    /// 家长沟通日期
    pub parents: Read<NaiveDate>,
    /// 区报备日期
    pub district: Read<NaiveDate>,
    /// 撤销日期
    pub revoked: Read<NaiveDate>,
    /// 申诉日期
    pub appealed: Read<NaiveDate>,
    /// 答复日期
    pub answered: Read<NaiveDate>,
    /// Where it stands.
    pub row: Row,
}

/// What 证明材料 of a change names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// 三级医疗机构证明
    pub hospital: bool,
    /// 境外签证
    pub visa: bool,
    /// The cell can't be read, or rows contradict each other: it may name anything.
    pub unreadable: bool,
}

impl Measure {
    /// A measure of which nothing but the kind is known.
    pub fn new(kind: MeasureKind, row: Row) -> Self {
        let (decided, meeting, parents, district) = (Read::Empty, Read::Empty, Read::Empty, Read::Empty);
        Self { kind, decided, meeting, parents, district, revoked: Read::Empty, appealed: Read::Empty, answered: Read::Empty, row }
    }
}

/// Where a student came from who transferred in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// 转出学校代码 is that of a school of the city.
    City,
    /// It is not.
    Elsewhere,
    /// It is empty or can't be read.
    #[default]
    Unknown,
}

/// What 学籍异动 says of a transfer (chapter 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// 转出学校代码
    pub origin: Origin,
    /// Whether 转出学校代码 is the school where the student is registered; empty is empty.
    pub from_here: Read<bool>,
    /// Whether 转入学校代码 is the school where the student is registered; empty is empty.
    pub to_here: Read<bool>,
    /// 转入年级
    pub grade: Read<Grade>,
    /// Whether 转入依据 names one of the four entitlements (A13.3); a word of another kind can't be read, empty is empty.
    pub entitled: Read<bool>,
    /// 中考分数, in thousandths
    pub score: Read<i32>,
    /// 转入校录取线, in thousandths
    pub line: Read<i32>,
}

impl Transfer {
    /// Whether it is into the school where the student is registered. Without a receiving school, it is taken for one.
    pub fn is_here(&self) -> bool {
        matches!(self.to_here, Read::Value(true) | Read::Empty)
    }
}

/// A row of 学籍异动.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// 异动类型
    pub kind: ChangeKind,
    /// 学年
    pub school_year: Read<SchoolYear>,
    /// 年级
    pub grade: Read<Grade>,
    /// 生效日期
    pub effective: Read<NaiveDate>,
    /// 截止日期, as written
    pub until: Read<NaiveDate>,
    /// 原因
    pub reason: Read<ChangeReason>,
    /// 申请日期
    pub applied: Read<NaiveDate>,
    /// 区批准日期
    pub district: Read<NaiveDate>,
    /// 区报告日期
    pub reported: Read<NaiveDate>,
    /// 办结日期
    pub completed: Read<NaiveDate>,
    /// 告知日期
    pub notified: Read<NaiveDate>,
    /// 证明材料
    pub proof: Proof,
    /// 证明日期
    pub certified: Read<NaiveDate>,
    /// Of a 转入 or 转出: between which schools, and why.
    pub transfer: Option<Transfer>,
    /// Where it stands.
    pub row: Row,
}

impl Change {
    /// A change of which nothing but the kind is known.
    pub fn new(kind: ChangeKind, row: Row) -> Self {
        Self {
            kind,
            school_year: Read::Empty,
            grade: Read::Empty,
            effective: Read::Empty,
            until: Read::Empty,
            reason: Read::Empty,
            applied: Read::Empty,
            district: Read::Empty,
            reported: Read::Empty,
            completed: Read::Empty,
            notified: Read::Empty,
            proof: Proof::default(),
            certified: Read::Empty,
            transfer: None,
            row,
        }
    }
}

/// A row of 档案清单.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archive {
    /// 材料类别
    pub part: Read<ArchivePart>,
    /// 移交日期
    pub moved: Read<NaiveDate>,
    /// Whether 接收学校代码 is the school where the student is registered; empty is empty.
    pub to_here: Read<bool>,
    /// Where it stands.
    pub row: Row,
}

/// What is known of one student. Dates of things that happened are on or before the date of judgement (`happened`).
#[derive(Clone, Copy, Debug)]
pub struct Student<'a> {
    /// The roster row that counts.
    pub row: Row,
    /// 学籍状态
    pub status: Read<Status>,
    /// 年级
    pub grade: Option<Grade>,
    /// The grades that the school has in the roster, for a student whose grade is unknown.
    pub school_grades: Grades,
    /// The school's system.
    pub system: System,
    /// 学生类别
    pub category: Read<Category>,
    /// 国籍/地区
    pub nationality: Nationality,
    /// 出生日期, or the resident ID number's
    pub birth: Option<NaiveDate>,
    /// 小学入学年月
    pub primary_entry: Option<Month>,
    /// 入学年月 of the stage
    pub entry: Option<Month>,
    /// This school year's results, one a subject.
    pub annual: &'a [Annual],
    /// The stage's exams, in order of date, unreadable dates first.
    pub sittings: &'a [Sitting],
    /// Assessments by the school, one a subject.
    pub assessments: &'a [Assessment],
    /// Evaluations of the stage, one a school year.
    pub evaluations: &'a [Evaluation],
    /// The confirmation as a student athlete.
    pub athlete: Option<Athlete>,
    /// Applications.
    pub applications: &'a [Application],
    /// Disciplinary measures.
    pub measures: &'a [Measure],
    /// Changes of status.
    pub changes: &'a [Change],
    /// Changes and measures of which nobody knows what they are.
    pub unclear: Unclear<'a>,
}

/// Rows whose 异动类型 or 处分类型 is missing or can't be read: each may be any kind, whatever its `kind` says here (P2).
#[derive(Clone, Copy, Debug, Default)]
pub struct Unclear<'a> {
    /// Changes of status.
    pub changes: &'a [Change],
    /// Disciplinary measures.
    pub measures: &'a [Measure],
}

impl Student<'_> {
    /// Whether there are changes of status, clear or not.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty() || !self.unclear.changes.is_empty()
    }

    /// The grades that a student whose grade is unknown may be in: those that the school has, any if it has none (P2).
    pub fn possible_grades(&self) -> Grades {
        if self.school_grades.is_empty() { Grades::ALL } else { self.school_grades }
    }
}

/// The date of something that happened: not yet, if it is later than the date of judgement (rules, section 0).
pub fn happened(date: Read<NaiveDate>, as_of: NaiveDate) -> Read<NaiveDate> {
    match date {
        Read::Value(day) if day > as_of => Read::Empty,
        other => other,
    }
}
