//! What a rule says of itself, the list of all rules, and what judging one student leaves behind.

use crate::facts::calendar::{Calendar, SchoolYear, Term};
use crate::facts::codes::{ChangeKind, Read};
use crate::facts::grades::{Grade, Stage};
use crate::facts::student::{Row, Student};
use crate::facts::subjects::{Subject, Subjects};
use chrono::NaiveDate;

use super::policy::{Lists, Policy};
use super::verdict::{Cell, Completions, Condition, Fact};
use super::{
    ch2_registration as ch2, ch3_transfer as ch3, ch4_progression as ch4, ch5_completion as ch5, ch6_status as ch6, ch7_conduct as ch7,
    ch8_duties as ch8,
};

/// A clause id such as `A20.3`.
pub type Clause = &'static str;

/// What a rule says of itself.
#[derive(Debug)]
pub struct Rule {
    /// The clause it computes.
    pub clause: Clause,
    /// A short name.
    pub title: &'static str,
    /// What the clause asks, in our own words.
    pub asks: &'static str,
    /// How it is read where the law leaves room; empty where it doesn't.
    pub reading: &'static str,
    /// The policy's values that it uses, by their path in the policy file.
    pub parameters: &'static [&'static str],
    /// The findings that it raises.
    pub findings: &'static [&'static str],
    /// The tables, beside the roster, whose rows it rests on.
    pub reads: &'static [&'static str],
}

/// Every rule, in the order of the regulation.
pub static RULES: &[&Rule] = &[
    &ch2::art04::RULE,
    &ch2::art05::RULE,
    &ch2::art06::RULE,
    &ch2::art07::RULE,
    &ch2::art08::REGISTRATION,
    &ch2::art08::RECORD,
    &ch2::art09::NATIONAL,
    &ch2::art09::SHANGHAI,
    &ch2::art10::RULE,
    &ch2::art11::HANDED_IN,
    &ch2::art11::WARNING,
    &ch3::art13::INTO_THE_CITY,
    &ch3::art13::WITHIN_THE_CITY,
    &ch3::art15::WINDOW,
    &ch3::art15::BARRED,
    &ch3::art16::RULE,
    &ch3::art18::RULE,
    &ch4::art20::primary::RULE,
    &ch4::art20::junior::RULE,
    &ch4::art20::senior::RULE,
    &ch4::art21::RULE,
    &ch4::art22::REPEAT,
    &ch4::art22::RETENTION_AT_ONCE,
    &ch4::art22::RETENTION,
    &ch4::art22::LIMITS,
    &ch4::art23::RULE,
    &ch5::art24::primary::RULE,
    &ch5::art24::junior::ALL_EXAMS,
    &ch5::art24::junior::CORE_EXAMS,
    &ch5::art24::senior::RULE,
    &ch5::art24::athlete::RULE,
    &ch5::art24::international::RULE,
    &ch5::art24::moral::RULE,
    &ch5::art24::sittings::RULE,
    &ch5::art25::RULE,
    &ch5::art26::ADULT,
    &ch5::art26::MINOR,
    &ch5::art26::SENIOR,
    &ch5::art27::RULE,
    &ch6::art30::RULE,
    &ch6::art30::FINAL_GRADE,
    &ch6::art31::APPROVAL,
    &ch6::art31::RULE,
    &ch6::art32::LIMIT,
    &ch6::art32::ENDED,
    &ch6::art33::RULE,
    &ch6::art34::UNREGISTERED,
    &ch6::art34::ABSENCE,
    &ch6::art34::TRUANCY,
    &ch6::art34::DUTY,
    &ch6::art35::CONTINUED,
    &ch6::art36::RULE,
    &ch6::art36::ILLNESS,
    &ch6::art37::LONG_AWAY,
    &ch6::art37::RETAINED,
    &ch6::art37::TRUANCY,
    &ch6::art37::ABSENCE,
    &ch6::art37::EXPELLED,
    &ch6::art35::RESTORED,
    &ch7::art41::RULE,
    &ch7::art41::REPORTED,
    &ch7::art41::HEARD,
    &ch7::art41::APPEAL,
    &ch7::art42::REVIEW,
    &ch7::art42::RULE,
    &ch7::art43::RULE,
    &ch7::art44::MOVED,
    &ch7::art44::SUCCESSION,
    &ch8::art45::RULE,
    &ch8::art46::RULE,
    &super::ch9_supplementary::art49::RULE,
];

/// The law as it stands for one run: policy, calendar, dates.
#[derive(Clone, Debug)]
pub struct Law {
    /// The parameters.
    pub policy: Policy,
    /// The policy's subject lists.
    pub lists: Lists,
    /// The subjects of the run.
    pub subjects: Subjects,
    /// The calendars at hand.
    pub calendar: Calendar,
    /// The school year that is judged.
    pub school_year: SchoolYear,
    /// Its last day.
    pub last_day: NaiveDate,
    /// The window of A21.2 and A22.1.
    pub window: (NaiveDate, NaiveDate),
    /// The date of judgement.
    pub as_of: NaiveDate,
    /// The term that is judged; none at the year's end.
    pub term: Option<Term>,
    /// Whether everything that the law asks is audited, beside what is decided in term.
    pub audits: bool,
}

impl Law {
    /// The day on which a school year ends for windows and deadlines, as the policy reads it.
    pub fn year_end(&self, year: SchoolYear) -> Option<NaiveDate> {
        self.policy.readings.school_year_end.of(&self.calendar, year)
    }
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Outcome {
    Promote,
    Skip,
    Repeat,
    Retain,
    MakeUpPending,
    WithdrawAuto,
    Incomplete,
    Graduate,
    Complete,
    Hold,
    NotEnrolled,
    Undetermined,
    Normal,
    Warn,
    Urge,
    Interrupt,
    AdmissionVoid,
}

impl Outcome {
    /// All outcomes, in the order of the rules.
    pub const ALL: &'static [Outcome] = &[
        Outcome::Promote,
        Outcome::Skip,
        Outcome::Repeat,
        Outcome::Retain,
        Outcome::MakeUpPending,
        Outcome::WithdrawAuto,
        Outcome::Incomplete,
        Outcome::Graduate,
        Outcome::Complete,
        Outcome::Hold,
        Outcome::NotEnrolled,
        Outcome::Undetermined,
        Outcome::Normal,
        Outcome::Warn,
        Outcome::Urge,
        Outcome::Interrupt,
        Outcome::AdmissionVoid,
    ];

    /// The outcomes of the year's end.
    pub const OF_TERM_END: &'static [Outcome] = Self::ALL.split_at(12).0;

    /// The outcomes of the watch, the most severe first.
    pub const IN_TERM: &'static [Outcome] = &[
        Outcome::WithdrawAuto,
        Outcome::AdmissionVoid,
        Outcome::Interrupt,
        Outcome::Urge,
        Outcome::Warn,
        Outcome::Normal,
        Outcome::Hold,
        Outcome::NotEnrolled,
        Outcome::Undetermined,
    ];

    /// Outcomes in term that somebody has to act on.
    pub const TO_ACT_ON: &'static [Outcome] = Self::IN_TERM.split_at(5).0;

    /// Where it stands among the outcomes in term, the most severe first; those that nobody has to act on are alike.
    pub fn severity(self) -> usize {
        Self::TO_ACT_ON.iter().position(|own| *own == self).unwrap_or(Self::TO_ACT_ON.len())
    }

    /// The code in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Outcome::Promote => "promote",
            Outcome::Skip => "skip",
            Outcome::Repeat => "repeat",
            Outcome::Retain => "retain",
            Outcome::MakeUpPending => "makeup_pending",
            Outcome::WithdrawAuto => "withdraw_auto",
            Outcome::Incomplete => "incomplete",
            Outcome::Graduate => "graduate",
            Outcome::Complete => "complete",
            Outcome::Hold => "hold",
            Outcome::NotEnrolled => "not_enrolled",
            Outcome::Undetermined => "undetermined",
            Outcome::Normal => "normal",
            Outcome::Warn => "warn",
            Outcome::Urge => "urge",
            Outcome::Interrupt => "interrupt",
            Outcome::AdmissionVoid => "admission_void",
        }
    }

    /// The Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Outcome::Promote => "升级",
            Outcome::Skip => "跳级",
            Outcome::Repeat => "重读",
            Outcome::Retain => "留级",
            Outcome::MakeUpPending => "待补考",
            Outcome::WithdrawAuto => "自动退学",
            Outcome::Incomplete => "肄业",
            Outcome::Graduate => "毕业",
            Outcome::Complete => "结业",
            Outcome::Hold => "保留学籍",
            Outcome::NotEnrolled => "不在籍",
            Outcome::Undetermined => "待核",
            Outcome::Normal => "正常",
            Outcome::Warn => "预警",
            Outcome::Urge => "应督促",
            Outcome::Interrupt => "学籍中断",
            Outcome::AdmissionVoid => "录取通知书失效",
        }
    }
}

/// The certificate of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Certificate {
    Graduation,
    Athlete,
    International,
    Foreign,
    Completion,
    Incomplete,
    Studies,
}

impl Certificate {
    /// All certificates.
    pub const ALL: &'static [Certificate] = &[
        Certificate::Graduation,
        Certificate::Athlete,
        Certificate::International,
        Certificate::Foreign,
        Certificate::Completion,
        Certificate::Incomplete,
        Certificate::Studies,
    ];

    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Certificate::Graduation => "毕业",
            Certificate::Athlete => "GT",
            Certificate::International => "GJ",
            Certificate::Foreign => "GI",
            Certificate::Completion => "结业",
            Certificate::Incomplete => "肄业",
            Certificate::Studies => "学业证明",
        }
    }
}

/// What a clause decides: the three things that every completion must agree on, and the clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// The next grade.
    pub next_grade: Option<Grade>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// The clause that decides.
    pub clause: Clause,
}

/// The value or threshold of a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    /// None.
    #[default]
    None,
    /// A number.
    Number(i32),
    /// Between two numbers, as far as is known.
    Between(i32, i32),
    /// A date.
    Date(NaiveDate),
    /// A date of birth, where another cell is named.
    Birth(NaiveDate),
    /// Subjects, as bits by code.
    Subjects(u64),
    /// A word.
    Word(&'static str),
    /// Parts of an archive that are not there, as bits by code.
    LackingParts(u8),
    /// A run of school days.
    Spell {
        /// The first day.
        first: NaiveDate,
        /// The last day.
        last: NaiveDate,
        /// How many school days.
        days: u16,
    },
    /// So many months of a run, reached on a date.
    Months {
        /// How many.
        months: u32,
        /// Whether it takes more than so many, and not so many or more.
        more_than: bool,
        /// The first date on which they are reached.
        on: NaiveDate,
    },
}

impl Amount {
    /// The set of some subjects.
    pub fn of_subjects(subjects: impl IntoIterator<Item = Subject>) -> Self {
        Amount::Subjects(subjects.into_iter().filter(|subject| subject.0 < 64).fold(0, |bits, subject| bits | 1 << subject.0))
    }
}

/// A step of a decision: a condition of a clause, whether it holds, with the student's value and the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The clause.
    pub clause: Clause,
    /// Its code and fixed sentence.
    pub sentence: &'static Sentence,
    /// Whether it holds; `None` if that depends on unknown facts.
    pub holds: Option<bool>,
    /// The student's value.
    pub value: Amount,
    /// The threshold.
    pub threshold: Amount,
}

/// A reason's code and its fixed sentence in Chinese.
#[derive(Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The code.
    pub code: &'static str,
    /// The sentence.
    pub text: &'static str,
}

/// A finding that a rule raises about the student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleFinding {
    /// Its code, such as `F2001`.
    pub code: &'static str,
    /// Whether it is a query though its code is an error by itself.
    pub as_query: bool,
    /// The subject it is about.
    pub subject: Option<Subject>,
    /// The row it stands at.
    pub row: Row,
    /// The header of the column.
    pub column: &'static str,
    /// What was found.
    pub found: Amount,
    /// What was expected, in Chinese.
    pub expected: &'static str,
    /// How many rows it stands for.
    pub count: u32,
}

/// What judging leaves behind, kept and used again for the next student.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Verdicts with the condition of each; the first that holds decides.
    pub verdicts: Vec<(Condition, Verdict)>,
    /// The steps.
    pub reasons: Vec<Reason>,
    /// The findings.
    pub findings: Vec<RuleFinding>,
    /// The rows of the facts that were read.
    pub rows: Vec<Row>,
    /// Subjects that fail, each with its condition.
    pub failing: Vec<(Subject, Condition)>,
}

impl Record {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.verdicts.clear();
        self.reasons.clear();
        self.findings.clear();
        self.rows.clear();
        self.failing.clear();
    }
}

/// One student before the law: who, in which grade, what is unknown, and where it is written down.
pub struct Hearing<'a> {
    /// The law.
    pub law: &'a Law,
    /// The student.
    pub student: &'a Student<'a>,
    /// The grade that the student is judged in.
    pub grade: Grade,
    /// Its stage.
    pub stage: Stage,
    /// The unknown facts.
    pub completions: &'a mut Completions,
    /// What is written down.
    pub record: &'a mut Record,
}

impl Hearing<'_> {
    /// Adds a verdict.
    pub fn decide(&mut self, condition: Condition, verdict: Verdict) {
        if !condition.fails() {
            self.record.verdicts.push((condition, verdict));
        }
    }

    /// Adds a step.
    pub fn step(&mut self, clause: Clause, sentence: &'static Sentence, condition: Condition, value: Amount, threshold: Amount) {
        self.record.reasons.push(Reason { clause, sentence, holds: condition.decided(), value, threshold });
    }

    /// Notes that a fact's row was read.
    pub fn read(&mut self, row: Row) {
        self.record.rows.push(row);
    }

    /// Notes that the changes of some kinds were read.
    pub fn read_changes(&mut self, is_asked: impl Fn(ChangeKind) -> bool) {
        let changes = self.student.changes.iter().filter(|change| is_asked(change.kind) && change.effective != Read::Empty);
        self.record.rows.extend(changes.map(|change| change.row));
    }

    /// Raises a finding.
    pub fn find(&mut self, code: &'static str, row: Row, column: &'static str, found: Amount, expected: &'static str) {
        self.record.findings.push(RuleFinding { code, as_query: false, subject: None, row, column, found, expected, count: 1 });
    }

    /// Raises a finding that stands for several rows.
    pub fn find_rows(&mut self, code: &'static str, row: Row, column: &'static str, found: Amount, expected: &'static str, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.record.findings.push(RuleFinding { code, as_query: false, subject: None, row, column, found, expected, count });
    }

    /// Raises a finding about a subject.
    pub fn find_in(&mut self, code: &'static str, subject: Subject, row: Row, column: &'static str, found: Amount, expected: &'static str) {
        self.record.findings.push(RuleFinding { code, as_query: false, subject: Some(subject), row, column, found, expected, count: 1 });
    }

    /// Whether a cell in which one of several words stands, and nobody knows which, holds the one at a place: it holds one of them alone.
    pub fn holds_word(&mut self, cell: Cell, place: u16) -> Condition {
        let mut is_other = Condition::FAILS;
        for choice in 0..place {
            let chosen = self.completions.unknown(Fact::Cell(Cell { choice, ..cell }));
            is_other = self.completions.or(is_other, chosen);
        }
        let chosen = self.completions.unknown(Fact::Cell(Cell { choice: place, ..cell }));
        self.completions.and_not(chosen, is_other)
    }

    /// Whether a date is there: what dates something that happened.
    pub fn dated<T>(&mut self, date: Read<T>, cell: Cell) -> Condition {
        match date {
            Read::Value(_) => Condition::HOLDS,
            Read::Empty => Condition::FAILS,
            Read::Unreadable => self.completions.unknown(Fact::Cell(cell)),
        }
    }
}

/// The place and name of the table 学期注册 in the contract, for cells that can't be read.
pub const REGISTRATIONS_TABLE: (u8, &str) = (6, "学期注册");
/// The same of 督促记录.
pub const URGINGS_TABLE: (u8, &str) = (9, "督促记录");
/// The same of 学籍异动.
pub const CHANGES_TABLE: (u8, &str) = (10, "学籍异动");
/// The same of 申请.
pub const APPLICATIONS_TABLE: (u8, &str) = (11, "申请");
/// The same of 学生运动员确认.
pub const ATHLETES_TABLE: (u8, &str) = (12, "学生运动员确认");
/// The same of 处分.
pub const DISCIPLINE_TABLE: (u8, &str) = (13, "处分");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::student::Change;
    use crate::testing::{change, heard, law, pupil};

    #[test]
    fn a_set_of_subjects_has_each_once_and_room_for_64() {
        assert_eq!(Amount::of_subjects([Subject(0), Subject(63), Subject(0)]), Amount::Subjects(1 | 1 << 63));
        assert_eq!(Amount::of_subjects([Subject(64)]), Amount::Subjects(0));
    }

    #[test]
    fn changes_of_the_kinds_asked_are_read_once_they_took_effect() {
        let retained = change(ChangeKind::Retention, "2025-07-01");
        let not_yet = Change { effective: Read::Empty, row: Row(4), ..retained };
        let unreadable = Change { effective: Read::Unreadable, row: Row(5), ..retained };
        let other = Change { row: Row(6), ..change(ChangeKind::Return, "2025-09-01") };
        let student = Student { changes: &[retained, not_yet, unreadable, other], ..pupil(11) };
        let record = heard(&law("2026-07-05"), &student, |hearing| hearing.read_changes(|kind| kind == ChangeKind::Retention)).1;
        assert_eq!(record.rows, [Row(1), Row(5)]);
    }

    #[test]
    fn a_cell_that_nobody_can_read_holds_one_word_alone() {
        let cell = Cell { table: (0, "处分"), column: (1, "处分类型"), item: "", row: 7, choice: 0 };
        heard(&law("2026-07-05"), &pupil(11), |hearing| {
            let words: Vec<Condition> = (0..4).map(|place| hearing.holds_word(cell, place)).collect();
            for (place, one) in words.iter().enumerate() {
                assert!(!one.holds() && !one.fails());
                for other in &words[place + 1..] {
                    assert!(hearing.completions.and(*one, *other).fails());
                }
            }
        });
    }
}
