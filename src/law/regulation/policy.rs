//! The dated parameters of the law: every number, list and reading that a rule uses, as a policy file states them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rule::Clause;
use crate::facts::calendar::{Calendar, SchoolYear, last_august_day};
use crate::facts::codes::{ArchivePart, ChangeReason};
use crate::facts::subjects::{Subject, Subjects};

/// A policy file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The policy's name, such as `shanghai-2018`.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// First and last day on which it may be used (A50).
    pub valid: (NaiveDate, NaiveDate),
    /// The numbers.
    pub numbers: Numbers,
    /// How words and marks in the data are understood.
    pub marks: Marks,
    /// The subjects.
    pub subjects: SubjectLists,
    /// Transfers (chapter 3).
    pub transfers: Transfers,
    /// Archives (A43, A44).
    pub archives: Archives,
    /// The readings.
    pub readings: Readings,
    /// How far a school's numbers may move from one run to the next; schools are not compared without it.
    #[serde(default)]
    pub movements: Option<Movements>,
}

/// The numbers of the law.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// A7.1: students in a class.
    pub class_size: ClassSize,
    /// A7.2: a plan of at most so many students is one of a class, a greater one that of the grade.
    pub senior_plan_of_a_class: u32,
    /// A8.3, months.
    pub registration_grace_months: u32,
    /// A20.3: other subjects failing at the most.
    pub senior_max_other_failing: usize,
    /// A22.2.1: from how many failing subjects on there is no make-up.
    pub senior_retain_at_failing: usize,
    /// A22.1: repeats at the most.
    pub compulsory_max_repeats: usize,
    /// A22.3, A37.2.
    pub senior_max_retentions: Retentions,
    /// A21.2, A22.1: the window, in working days.
    pub application_window_working_days: u32,
    /// A22.3, working days.
    pub notify_retention_working_days: u32,
    /// A24.2.2: other subjects failing at the most.
    pub junior_max_other_failing: usize,
    /// A24.3.3, weeks.
    pub social_practice_weeks: i32,
    /// A24.3.3
    pub research_reports: i32,
    /// A24.4: subjects passed at the least.
    pub athlete_min_subjects: usize,
    /// A24.7: failed city sittings before the school's make-up counts.
    pub school_makeup_after: SchoolMakeUpAfter,
    /// A26.1
    pub incomplete_after_school_years: i32,
    /// A26, A37.1, years.
    pub adult_age: u32,
    /// A23.2, A36, months.
    pub medical_certificate_months: CertificateMonths,
    /// A26.3: from this grade on, once finished, a withdrawal is certified as 肄业.
    pub incomplete_from_grade: u8,
    /// A8.4, A46.1, A46.2, months.
    pub new_record_within_months: u32,
    /// A41.4, months.
    pub appeal_answer_months: u32,
    /// R0401, days.
    pub transfer_pair_days: u32,
    /// F3203, days.
    pub suspension_ending_days: u32,
    /// F1103, school days.
    pub attendance_lag_days: u32,
    /// F1102, a term.
    pub often_late: u32,
    /// A32.1, years.
    pub suspension_limit_years: SuspensionLimits,
    /// A32.2, working days.
    pub suspension_extension_working_days: u32,
    /// A34.3: more than so many months.
    pub truancy_running_months: u32,
    /// A34.3: more than so many months.
    pub truancy_cumulative_months: u32,
    /// A37.3: 多次联系
    pub senior_truancy_min_contacts: u32,
    /// A34.2: so many months or more.
    pub absence_months: u32,
    /// School days that make a cumulative month.
    pub cumulative_month_days: u32,
    /// A37.1, years.
    pub withdraw_after_years: u32,
    /// Early warning, school days.
    pub warn: Warnings,
    /// A5
    pub entry_age: EntryAge,
    /// A15.1, days.
    pub transfer_window_days: u32,
}

/// A7.1
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSize {
    /// Primary school.
    pub primary: u32,
    /// Junior school.
    pub junior: u32,
    /// What districts say otherwise, by name.
    #[serde(default)]
    pub districts: std::collections::BTreeMap<String, DistrictClassSize>,
}

/// A7.1: a district's own numbers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DistrictClassSize {
    /// Primary school.
    #[serde(default)]
    pub primary: Option<u32>,
    /// Junior school.
    #[serde(default)]
    pub junior: Option<u32>,
}

/// A22.3, A37.2
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retentions {
    /// In one grade, running.
    pub same_grade_running: usize,
    /// In senior school.
    pub total: usize,
}

/// A24.7
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolMakeUpAfter {
    /// For the subjects of `senior_exam_school_makeup`.
    pub school_makeup: usize,
    /// For the subjects of `senior_exam_city_makeup`.
    pub city_makeup: usize,
}

/// A23.2, A36
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateMonths {
    /// A23.2
    pub exemption: u32,
    /// A36
    pub withdrawal: u32,
}

/// A32.1
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct SuspensionLimits {
    pub compulsory: u32,
    pub compulsory_illness: u32,
    pub senior: u32,
    pub senior_illness: u32,
}

/// Early warning
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Warnings {
    pub truancy_running_days: u32,
    pub truancy_total_days: u32,
    pub absence_total_days: u32,
}

/// A5
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EntryAge {
    /// Full years.
    pub years: u32,
    /// On this day of the year of entry, `MM-DD`.
    pub on: String,
}

impl EntryAge {
    /// The day of a year; none if the policy's is no day.
    pub fn day_in(&self, year: i32) -> Option<NaiveDate> {
        format!("{year}-{}", self.on).parse().ok()
    }
}

/// Transfers (chapter 3).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transfers {
    /// A13.4: reasons for a transfer between senior schools of the city.
    pub senior_reasons: Vec<ChangeReason>,
    /// How many digits of their codes the schools of the city begin with in common; 0 where they have none.
    pub city_code_digits: u32,
    /// A15.3: reasons for a transfer of compulsory education in the middle of a term.
    pub force_majeure: Vec<ChangeReason>,
}

/// Archives (A43, A44).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Archives {
    /// A43.1: the parts that everybody's archive has.
    pub parts: Vec<ArchivePart>,
    /// A44.1, days: how long after a transfer the archive has to have come.
    pub moved_within_days: u32,
}

/// How words and marks in the data are understood.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// Annual grades that pass.
    pub pass: Vec<String>,
    /// Annual grades that fail.
    pub fail: Vec<String>,
    /// The mark of 100 from which a subject is passed.
    pub mark_out_of_100: f64,
    /// Moral evaluations that pass (A24).
    pub moral_passed: Vec<String>,
}

/// The subjects: names, aliases, lists. Lists of exams are chosen by the year in which a cohort entered its stage.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectLists {
    /// Other names.
    pub aliases: std::collections::BTreeMap<String, String>,
    /// What names mean in junior school, where it differs.
    pub aliases_junior: std::collections::BTreeMap<String, String>,
    /// A20.3: must be passed.
    pub senior_core: Vec<String>,
    /// A20.3: a passed exam of the year stands in for the make-up.
    pub exam_replaces_makeup: Vec<String>,
    /// A24.7, first sentence.
    pub senior_exam_school_makeup: Vec<String>,
    /// A24.7, second sentence.
    pub senior_exam_city_makeup: Vec<String>,
    /// A24.4
    pub athlete_required: Vec<String>,
    /// A24.5
    pub international_city: Vec<String>,
    /// A24.2.2
    pub junior_core: Vec<String>,
    /// A23.2, A24.2: the subject of physical education.
    pub physical_education: String,
    /// A24.2: exams of the junior stage.
    pub junior_exam: Vec<CohortList>,
    /// Subjects with an annual result that the policy expects.
    pub annual: Vec<GradeList>,
}

/// Subjects of the cohorts that entered their stage from a school year on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CohortList {
    /// The first school year of entry, by its first year.
    pub entered_from: i32,
    /// The subjects.
    pub subjects: Vec<String>,
}

/// Subjects of a grade.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GradeList {
    /// The grade.
    pub grade: u8,
    /// The subjects.
    pub subjects: Vec<String>,
}

/// Where the law leaves room: the reading chosen, by name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Readings {
    /// A21.2, A22.1: what an application before its window is worth.
    pub early_application: EarlyApplication,
    /// A24.2.2: which results of a subject beside the core count as failing.
    pub junior_other_failing: JuniorOtherFailing,
    /// A21.2, A22.1, A22.3: the day on which a school year ends.
    pub school_year_end: SchoolYearEnd,
    /// A8.3: what becomes of someone who attends and is not registered.
    pub unregistered_attending: UnregisteredAttending,
    /// A10.2, A45.3: how often a record has to be checked.
    pub record_check: RecordCheck,
}

/// A21.2, A22.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyApplication {
    /// A family that is early loses nothing.
    Honoured,
    /// Only the window counts.
    SetAside,
}

/// A24.2.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JuniorOtherFailing {
    /// A subject with an exam by its exam, any other by its annual result.
    ByKind,
    /// A subject fails by its exam or by its annual result.
    Either,
}

/// A21.2, A22.1, A22.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchoolYearEnd {
    /// The last day of the second term.
    SecondTerm,
    /// 31 August.
    August,
}

impl SchoolYearEnd {
    /// The day on which a school year ends; none of one that no calendar states.
    pub fn of(self, calendar: &Calendar, year: SchoolYear) -> Option<NaiveDate> {
        match self {
            SchoolYearEnd::SecondTerm => calendar.last_day(year),
            SchoolYearEnd::August => Some(last_august_day(year)),
        }
    }
}

/// A8.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnregisteredAttending {
    /// Urged to register.
    Urge,
    /// Interrupted or withdrawn, as the letter of the clause has it.
    Letter,
}

/// A10.2, A45.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordCheck {
    /// Each term, a month into it (A45.3).
    Term,
    /// Once a school year (A10.2).
    SchoolYear,
}

/// What a named reading of `[readings]` says of itself.
#[derive(Debug)]
pub struct Reading {
    /// Its name in the policy file.
    pub key: &'static str,
    /// The clauses that it is about.
    pub clauses: &'static [Clause],
    /// What the law leaves open, in Chinese.
    pub asks: &'static str,
    /// The words that it may have, each with what it means in Chinese.
    pub options: &'static [(&'static str, &'static str)],
}

/// Every named reading, in the order of the policy file.
pub static READINGS: &[Reading] = &[
    Reading {
        key: "early_application",
        clauses: &["A21.2", "A22.1"],
        asks: "办理窗口以前提出的跳级、重读申请算不算数",
        options: &[("honoured", "算数，只作提示：早办的家庭不吃亏"), ("set_aside", "不算数：只认窗口以内的申请")],
    },
    Reading {
        key: "junior_other_failing",
        clauses: &["A24.2.2"],
        asks: "初中毕业时，语文、数学、外语以外的科目看哪一项成绩",
        options: &[
            ("by_kind", "有学业水平考试的科目看考试，没有的看学年总评（补考后）"),
            ("either", "考试、学年总评有一项不合格就算不合格：更严"),
        ],
    },
    Reading {
        key: "school_year_end",
        clauses: &["A21.2", "A22.1", "A22.3"],
        asks: "学年在哪一天结束：跳级、重读的办理窗口和留级的告知期限从这一天算",
        options: &[("second_term", "第二学期的最后一天"), ("august", "8 月 31 日")],
    },
    Reading {
        key: "unregistered_attending",
        clauses: &["A8.3"],
        asks: "过了注册截止日，来上课而没有注册的怎么办",
        options: &[("urge", "督促补办注册，不处理学籍：比字面宽"), ("letter", "照字面：义务教育学籍中断，普通高中自动退学")],
    },
    Reading {
        key: "record_check",
        clauses: &["A10.2", "A45.3"],
        asks: "学生信息多久核对一次",
        options: &[("term", "每学期一次，开学满规定月数还没有核对的要提示（A45.3）"), ("school_year", "每学年一次（A10.2）")],
    },
];

/// What a value of the policy says of itself that the law leaves open.
#[derive(Debug)]
pub struct OpenValue {
    /// Its path in the policy file.
    pub path: &'static str,
    /// The clauses that it is about.
    pub clauses: &'static [Clause],
    /// What it is, in Chinese.
    pub means: &'static str,
}

/// Every value of the policy that the law leaves open, in the order of the policy file, where each is marked as a reading.
pub static OPEN_VALUES: &[OpenValue] = &[
    OpenValue {
        path: "numbers.senior_plan_of_a_class",
        clauses: &["A7.2"],
        means: "高中招生计划不超过多少人的按每班算，更大的按起始年级的总数算",
    },
    OpenValue { path: "numbers.transfer_pair_days", clauses: &["A16.1"], means: "转出以后多少天还没有转入，算悬空" },
    OpenValue { path: "numbers.suspension_ending_days", clauses: &["A32.2"], means: "休学期满以前多少天起提醒" },
    OpenValue { path: "numbers.attendance_lag_days", clauses: &["A11.1"], means: "考勤落后超过多少个上课日要提示" },
    OpenValue { path: "numbers.often_late", clauses: &["A11.2"], means: "一学期迟到、早退多少次算经常" },
    OpenValue { path: "numbers.senior_truancy_min_contacts", clauses: &["A37.3"], means: "与家长联系几次算多次" },
    OpenValue {
        path: "numbers.cumulative_month_days",
        clauses: &["A30", "A34.2", "A34.3", "A37.3", "A37.4"],
        means: "累计缺课多少个上课日算一个月",
    },
    OpenValue {
        path: "numbers.warn", clauses: &["A11.2"], means: "缺课达到多少个上课日预警：连续旷课、累计旷课、累计缺课"
    },
    OpenValue { path: "numbers.entry_age.on", clauses: &["A5"], means: "入学年龄算到入学那年的哪一天" },
    OpenValue { path: "marks.pass", clauses: &["A20.2", "A20.3", "A24.2.2"], means: "学年总评的哪些等第算合格" },
    OpenValue { path: "marks.fail", clauses: &["A20.2", "A20.3", "A24.2.2"], means: "学年总评的哪些等第算不合格" },
    OpenValue {
        path: "marks.mark_out_of_100", clauses: &["A20.2", "A20.3", "A24.2.2"], means: "百分制的学年总评多少分算合格"
    },
    OpenValue { path: "marks.moral_passed", clauses: &["A24.6"], means: "思想品德与行为规范的哪些评价算合格" },
    OpenValue {
        path: "subjects.junior_exam", clauses: &["A24.2.1", "A24.2.2"], means: "初中有学业水平考试的科目，按入学年份"
    },
    OpenValue {
        path: "subjects.annual",
        clauses: &["A20.3", "A22.2.1", "A22.2.2", "A24.2.2"],
        means: "各年级应有学年总评的科目（高中：基础型科目）",
    },
    OpenValue {
        path: "transfers.city_code_digits",
        clauses: &["A13.3", "A13.4", "A16.3"],
        means: "转出学校不在名录里的，代码前几位与本校相同算本市学校",
    },
    OpenValue { path: "transfers.senior_reasons", clauses: &["A13.4"], means: "本市普通高中之间准予转学的原因" },
    OpenValue { path: "archives.parts", clauses: &["A43.1"], means: "人人的档案都应有的材料" },
    OpenValue { path: "archives.moved_within_days", clauses: &["A44.1"], means: "转入多少天以后档案应已移交" },
];

/// How far a school's numbers may move from one run to the next before it is asked why. All of them are readings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Movements {
    /// The number of students, as a share of what it was.
    pub students_share: Share,
    /// The number of classes.
    pub classes: u32,
    /// An outcome's share of the students.
    pub outcome_share: Share,
    /// The share of the undetermined.
    pub undetermined_share: Share,
    /// Schools with fewer students are not compared: a few students are a large share of them.
    pub least_students: u32,
}

/// A share, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) { Ok(Self(share)) } else { Err(format!("{share} is not a share: a number from 0 to 1")) }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> f64 {
        share.0
    }
}

/// A policy that can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// A list names more subjects than a run can tell apart.
    Subjects,
    /// The policy expects annual results in no subject of a senior grade.
    Annual(u8),
    /// A list of exams is missing.
    JuniorExam,
}

impl std::fmt::Display for PolicyFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PolicyFault::Subjects => write!(out, "more than {} subjects", Subjects::LIMIT),
            PolicyFault::Annual(grade) => write!(out, "`subjects.annual` lists no subjects for grade {grade}"),
            PolicyFault::JuniorExam => write!(out, "`subjects.junior_exam` is empty"),
        }
    }
}

impl std::error::Error for PolicyFault {}

/// The policy's subject lists as codes.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Lists {
    pub senior_core: Vec<Subject>,
    pub exam_replaces_makeup: Vec<Subject>,
    pub school_makeup: Vec<Subject>,
    pub city_makeup: Vec<Subject>,
    /// The ten subjects of the senior exam: `school_makeup`, then `city_makeup`.
    pub senior_exam: Vec<Subject>,
    pub athlete_required: Vec<Subject>,
    pub international_city: Vec<Subject>,
    pub junior_core: Vec<Subject>,
    pub physical_education: Option<Subject>,
    junior_exam: Vec<(i32, Vec<Subject>)>,
    annual: Vec<(u8, Vec<Subject>)>,
}

impl Policy {
    /// Whether a date lies in the policy's validity (A50).
    pub fn is_valid_on(&self, date: NaiveDate) -> bool {
        (self.valid.0..=self.valid.1).contains(&date)
    }

    /// The subjects by name and alias, the policy's own first, in the order of its lists.
    pub fn subjects(&self) -> Subjects {
        let mut subjects = Subjects::default();
        let lists = &self.subjects;
        let annual = lists.annual.iter().filter(|list| list.grade >= 10).flat_map(|list| &list.subjects);
        let exams = lists.senior_exam_school_makeup.iter().chain(&lists.senior_exam_city_makeup);
        let junior = lists.junior_exam.iter().flat_map(|list| &list.subjects).chain(&lists.junior_core);
        let rest = lists.annual.iter().flat_map(|list| &list.subjects).chain([&lists.physical_education]);
        for name in annual.chain(exams).chain(junior).chain(rest) {
            subjects.intern(name);
        }
        for (alias, name) in &lists.aliases {
            subjects.alias(alias, name);
        }
        for (alias, name) in &lists.aliases_junior {
            subjects.junior_alias(alias, name);
        }
        subjects
    }
}

impl Lists {
    /// Turns the policy's lists into codes.
    ///
    /// # Errors
    /// A list that a rule can't do without is missing, or there are too many subjects.
    pub fn new(policy: &Policy, subjects: &Subjects) -> Result<Self, PolicyFault> {
        let codes =
            |names: &[String]| names.iter().map(|name| subjects.find(name).ok_or(PolicyFault::Subjects)).collect::<Result<Vec<_>, _>>();
        let lists = &policy.subjects;
        let (school_makeup, city_makeup) = (codes(&lists.senior_exam_school_makeup)?, codes(&lists.senior_exam_city_makeup)?);
        let mut junior_exam =
            lists.junior_exam.iter().map(|list| Ok((list.entered_from, codes(&list.subjects)?))).collect::<Result<Vec<_>, _>>()?;
        junior_exam.sort_by_key(|(from, _)| *from);
        let annual = lists.annual.iter().map(|list| Ok((list.grade, codes(&list.subjects)?))).collect::<Result<Vec<_>, _>>()?;
        if junior_exam.is_empty() {
            return Err(PolicyFault::JuniorExam);
        }
        if let Some(grade) = (10..12).find(|grade| !annual.iter().any(|(known, list)| known == grade && !list.is_empty())) {
            return Err(PolicyFault::Annual(grade));
        }
        Ok(Self {
            senior_core: codes(&lists.senior_core)?,
            exam_replaces_makeup: codes(&lists.exam_replaces_makeup)?,
            senior_exam: [school_makeup.clone(), city_makeup.clone()].concat(),
            school_makeup,
            city_makeup,
            athlete_required: codes(&lists.athlete_required)?,
            international_city: codes(&lists.international_city)?,
            junior_core: codes(&lists.junior_core)?,
            physical_education: subjects.find(&lists.physical_education),
            junior_exam,
            annual,
        })
    }

    /// The exams of a junior cohort: the list of the latest school year that is not after its entry, else the first list.
    pub fn junior_exam(&self, entered: i32) -> &[Subject] {
        let chosen = self.junior_exam.iter().rev().find(|(from, _)| *from <= entered).or_else(|| self.junior_exam.first());
        chosen.map_or(&[], |(_, list)| list)
    }

    /// The subjects with an annual result that the policy expects in a grade.
    pub fn annual(&self, grade: u8) -> &[Subject] {
        self.annual.iter().find(|(known, _)| *known == grade).map_or(&[], |(_, list)| list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn an_age_of_entry_has_its_day_in_each_year() {
        let age = EntryAge { years: 6, on: "08-31".to_owned() };
        assert_eq!(age.day_in(2019), Some(date("2019-08-31")));
        assert_eq!(EntryAge { years: 6, on: "02-30".to_owned() }.day_in(2019), None);
    }

    #[test]
    fn a_policy_is_valid_from_its_first_day_to_its_last() {
        let text = include_str!("../../../pipelines/policies/shanghai-2018.toml");
        let policy: Policy = toml::from_str(text).expect("a policy");
        assert!(policy.is_valid_on(date("2018-01-01")) && policy.is_valid_on(date("2027-12-31")));
        assert!(!policy.is_valid_on(date("2017-12-31")) && !policy.is_valid_on(date("2028-01-01")));
    }

    #[test]
    fn a_share_is_a_part_of_a_whole() {
        assert_eq!(Share::try_from(0.25).map(f64::from), Ok(0.25));
        assert!(Share::try_from(1.01).is_err() && Share::try_from(-0.01).is_err());
    }

    #[test]
    fn a_cohort_goes_by_the_latest_list_before_it_entered() {
        let [old, new] = [Subject(1), Subject(2)].map(|subject| vec![subject]);
        let lists = Lists { junior_exam: vec![(2018, old.clone()), (2022, new.clone())], ..Lists::default() };
        assert_eq!(lists.junior_exam(2021), old);
        assert_eq!(lists.junior_exam(2022), new);
        assert_eq!(lists.junior_exam(2030), new);
        assert_eq!(lists.junior_exam(2010), old, "there is no earlier one");
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_named() {
        assert!(PolicyFault::Subjects.to_string().contains("subjects"));
        assert!(PolicyFault::Annual(11).to_string().contains("grade 11"));
        assert!(PolicyFault::JuniorExam.to_string().contains("junior_exam"));
    }
}
