//! A decision in the words of those who act on it: why, what to send, what to do next.

use law::regulation::rule::{Certificate, Outcome};

use super::read::{Step, grade_title};
use super::schools::Why;
use crate::ingest::table::Table;

/// The severities of findings, by the words in outputs, with their titles.
pub const SEVERITIES: [(&str, &str); 3] = [("error", "必须整改"), ("query", "需要说明"), ("info", "供参考")];

/// The stages, by the words in outputs, with their titles.
pub const STAGES: [(&str, &str); 4] = [("primary", "小学"), ("junior", "初中"), ("senior", "高中"), ("unknown", "不明")];

/// The outcome of a word in outputs.
pub fn outcome(code: &str) -> Option<Outcome> {
    Outcome::ALL.iter().copied().find(|outcome| outcome.code() == code)
}

/// What an outcome is called; a word that is none stays as it is.
pub fn outcome_title(code: &str) -> &str {
    outcome(code).map_or(code, |outcome| outcome.title())
}

/// What a grade is called that is none.
pub const NO_GRADE: &str = "年级不明";

/// What a grade is called.
pub fn grade(grade: Option<i8>) -> &'static str {
    grade_title(grade).unwrap_or(NO_GRADE)
}

/// What a severity is called.
pub fn severity(code: &str) -> &'static str {
    SEVERITIES.iter().find(|(own, _)| *own == code).map_or("", |(_, title)| title)
}

/// A class in words.
pub fn class(class: &str) -> String {
    if class.is_empty() || class.ends_with('班') { class.to_owned() } else { format!("{class}班") }
}

/// What is handed out for a certificate of outputs.
pub fn certificate(word: &str) -> &str {
    let certificate = Certificate::ALL.iter().find(|own| own.word() == word);
    certificate.map_or(word, |certificate| match certificate {
        Certificate::Graduation => "毕业证书",
        Certificate::Athlete => "毕业证书（学生运动员，GT）",
        Certificate::International => "毕业证书（国际课程班，GJ）",
        Certificate::Foreign => "毕业证书（注明国别，GI）",
        Certificate::Completion => "结业证书",
        Certificate::Incomplete => "肄业证书",
        Certificate::Studies => "学业证明",
    })
}

/// What a procedure is called.
pub fn procedure(procedure: &str) -> &str {
    match procedure {
        "term-end" => "学年末判定",
        "status-watch" => "在籍监测",
        "district-audit" => "学籍核查",
        other => other,
    }
}

/// What a school has to do about an outcome; empty where nothing is to be done.
pub fn to_do(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::WithdrawAuto => "报区后按自动退学处理，发证书或学业证明",
        Outcome::AdmissionVoid => "录取通知书失效，报区",
        Outcome::Interrupt => "报区后作学籍中断，继续联系家庭",
        Outcome::Urge => "立即督促返校或补注册，留下督促记录",
        Outcome::Warn => "联系家长，了解情况",
        Outcome::Undetermined => "补报缺少的数据，再次判定",
        Outcome::MakeUpPending => "组织补考，登记补考结果",
        Outcome::Retain => "在规定的期限内通知学生，办理留级",
        Outcome::Repeat => "按已批准的申请办理重读",
        Outcome::Skip => "按已批准的申请办理跳级",
        Outcome::Complete => "核对不合格的各项，无误后发结业证书",
        Outcome::Incomplete => "核对年限和年龄，无误后发肄业证书",
        Outcome::Promote | Outcome::Graduate | Outcome::Hold | Outcome::NotEnrolled | Outcome::Normal => "",
    }
}

/// What to send for a missing fact.
pub fn to_send(fact: &str) -> String {
    let last = fact.rsplit('.').next().unwrap_or(fact);
    let table = match last {
        "学年总评" | "补考" => Table::CourseResults,
        "学业水平考试" => Table::Exams,
        "校本考核" => Table::SchoolAssessments,
        "注册日期" => Table::Registrations,
        own if fact == own && Table::Evaluations.field(own).is_some() => Table::Evaluations,
        own if fact == own && Table::Roster.field(own).is_some() => Table::Roster,
        _ => {
            let mut parts = fact.split('.');
            let (table, item) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            return format!("“{table}”表中{item}一行的“{last}”");
        }
    };
    match fact.split_once('.') {
        Some((subject, "学业水平考试")) => format!("“{}”表中{subject}的成绩", table.title()),
        Some((subject, column)) => format!("“{}”表中{subject}的“{column}”", table.title()),
        None => format!("“{}”表的“{fact}”", table.title()),
    }
}

/// Why, in the words of the steps of the deciding clauses that hold.
pub fn why(clauses: &[String], steps: &[Step]) -> String {
    let holding = steps.iter().filter(|step| step.holds == Some(true) && clauses.contains(&step.clause));
    let told = holding.map(|step| {
        let text = step.text.split('；').next().unwrap_or_default();
        step.value.as_ref().map_or_else(|| text.to_owned(), |value| format!("{text}：{value}"))
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    told.join("；")
}

/// Why, in a few words: what is missing, what of the deciding clauses holds, or the subjects that were failed; nothing where none says it.
pub fn in_short(outcome: Outcome, clauses: &[String], why_told: &Why) -> Option<String> {
    if outcome == Outcome::Undetermined {
        return Some(format!("缺{}", why_told.missing.join("、"))).filter(|_| !why_told.missing.is_empty());
    }
    let held = Some(why(clauses, &why_told.steps)).filter(|held| !held.is_empty());
    held.or_else(|| Some(format!("不合格：{}", why_told.failing_subjects.join("、"))).filter(|_| !why_told.failing_subjects.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::to_send;

    #[test]
    fn missing_facts_name_the_table_to_send() {
        assert_eq!(to_send("物理.学年总评"), "“学年成绩”表中物理的“学年总评”");
        assert_eq!(to_send("物理.学业水平考试"), "“学业水平考试”表中物理的成绩");
        assert_eq!(to_send("志愿服务"), "“综合素质评价”表的“志愿服务”");
        assert_eq!(to_send("注册日期"), "“学期注册”表的“注册日期”");
        assert_eq!(to_send("学籍状态"), "“学籍名册”表的“学籍状态”");
        assert_eq!(to_send("申请.跳级.区备案日期"), "“申请”表中跳级一行的“区备案日期”");
    }
}
