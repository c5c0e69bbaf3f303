//! The words of the field that come from a closed list, each list once: its enum, its words, its order.

/// What a cell of an input holds: a value, nothing, or something that can't be read or that two rows contradict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Read<T> {
    /// A value.
    Value(T),
    /// Nothing.
    #[default]
    Empty,
    /// Something is there, but nobody can tell what.
    Unreadable,
}

impl<T> Read<T> {
    /// The value, where there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Read::Value(value) => Some(value),
            Read::Empty | Read::Unreadable => None,
        }
    }

    /// The same with another value; empty and unreadable stay.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Read::Value(value) => Read::Value(change(value)),
            Read::Empty => Read::Empty,
            Read::Unreadable => Read::Unreadable,
        }
    }
}

impl<T: PartialEq> Read<T> {
    /// Whether this is exactly that value.
    pub fn is(&self, value: T) -> bool {
        matches!(self, Read::Value(own) if *own == value)
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$item_about:meta])* $item:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
        #[serde(try_from = "String", into = "String")]
        #[repr(u8)]
        pub enum $name { $(#[doc = $word] $item),+ }

        impl $name {
            /// The words, each at the place of its code.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The items, each at the place of its code.
            pub const ALL: &'static [$name] = &[$($name::$item),+];

            /// The item of a code.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.get(code as usize).copied()
            }

            /// The word.
            pub fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(word: String) -> Result<Self, String> {
                let known = Self::ALL.iter().copied().find(|item| item.word() == word);
                known.ok_or_else(|| format!("`{word}` is none of {}", Self::WORDS.join("、")))
            }
        }

        impl From<$name> for String {
            fn from(item: $name) -> Self {
                item.word().to_owned()
            }
        }
    };
}

words! {
    /// 学籍状态 of the roster (rules, section 3).
    Status {
        Enrolled = "在读", Suspended = "休学", Interrupted = "中断", Withdrawn = "退学", TransferredOut = "转出", Graduated = "毕业",
        Completed = "结业", Incomplete = "肄业", Expelled = "开除", Deceased = "死亡",
    }
}

impl Status {
    /// Whether the registration is held by the school: 在读 or 休学.
    pub fn is_registered(self) -> bool {
        matches!(self, Status::Enrolled | Status::Suspended)
    }
}
words! {
    /// 学生类别 of the roster.
    Category {
        Ordinary = "普通", Athlete = "学生运动员", InternationalClass = "国际课程班", InlandClass = "内地民族班", Inclusive = "随班就读",
    }
}
words! {
    /// 就读方式 of the roster.
    AttendanceMode {
        Day = "走读", Boarding = "住校", Lodging = "借宿", HomeTeaching = "送教上门", SpecialSchool = "专门学校", Other = "其他",
    }
}
words! {
    /// 学制 of a school, as far as it moves the stages.
    System { FiveFour = "五四", SixThree = "六三" }
}
words! {
    /// 学年总评 of a subject (A20, A22, A24.2).
    AnnualResult { Passed = "合格", Failed = "不合格", Exempt = "免修" }
}
words! {
    /// 补考 of a subject of the year.
    MakeUp { Passed = "合格", Failed = "不合格", Absent = "缺考" }
}
words! {
    /// 考勤 of an attendance row (A11.1); a half day away is read as 早退.
    AttendanceKind {
        Present = "出勤", Late = "迟到", LeftEarly = "早退", Sick = "病假", Personal = "事假", Truancy = "旷课", Stopped = "停课",
    }
}
words! {
    /// 原因 of a change of status, as far as rules tell reasons apart (A13, A15, A30, A32.1, A36).
    ChangeReason {
        Illness = "伤病", Abroad = "出国出境", Other = "其他特殊原因", Household = "户籍迁移", ReturnToCity = "回沪", Residence = "居住地变更",
        Relocation = "动迁", ForceMajeure = "不可抗力", Settlement = "定居", ForeignStudent = "境外学生",
    }
}
words! {
    /// 考次 of an exam row.
    SittingKind { First = "首考", MakeUp = "补考", SchoolMakeUp = "校补考" }
}
words! {
    /// 结果 of an exam row.
    ExamResult { Passed = "合格", Failed = "不合格", Absent = "缺考", Misconduct = "违纪", Exempt = "免考" }
}
words! {
    /// 合格 or 不合格: moral evaluation, practice, assessments by the school.
    Standard { Reached = "合格", Missed = "不合格" }
}
words! {
    /// 是 or 否.
    YesNo { Yes = "是", No = "否" }
}
words! {
    /// 异动类型 of a change of status.
    ChangeKind {
        Suspension = "休学", SuspensionExtended = "延期休学", Return = "复学", TransferOut = "转出", TransferIn = "转入", Skip = "跳级",
        Repeat = "重读", Retention = "留级", Interruption = "中断", Continuation = "续接", Withdrawal = "退学", Restoration = "恢复",
        Death = "死亡",
    }
}
words! {
    /// 申请事项 of an application.
    ApplicationKind {
        Skip = "跳级", Repeat = "重读", Exemption = "免修", SportsExemption = "体育免修", Incomplete = "肄业",
        AthleteCertificate = "学生运动员证书", PracticeWaiver = "社会实践豁免", RegistrationExtension = "延期注册",
    }
}
words! {
    /// 公示结果 of an application.
    Publicity { Unopposed = "无异议", Opposed = "有异议" }
}
words! {
    /// 转入依据 of a transfer into a senior school (A13.3).
    Entitlement { Household = "本市户籍", Points = "居住证积分", Postdoctoral = "博士后", Overseas = "海外人才居住证" }
}
words! {
    /// 状态 of a school in the directory (A44.3, A47.1).
    SchoolStatus { Open = "正常", Merged = "合并", Closed = "撤销" }
}
words! {
    /// 材料类别 of a part of a student's archive (A43.1), and the papers of measures (A42.2).
    ArchivePart {
        Basics = "基础信息", Proofs = "证明材料", Evaluations = "综合素质评价", Health = "体质健康", Aid = "资助信息", Others = "其他",
        Measures = "处分",
    }
}
words! {
    /// 处分类型 of a disciplinary measure (A41).
    MeasureKind {
        Warning = "警告", SeriousWarning = "严重警告", Demerit = "记过", Probation = "留校察看", Expulsion = "开除学籍",
    }
}
words! {
    /// 处理结果 of an answer to a finding: mended, explained, or a false alarm.
    Reply { Mended = "已整改", Explained = "情况说明", Mistaken = "误报" }
}
