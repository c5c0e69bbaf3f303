//! 督促通知书: the letter that a school hands to a family, a page a student, with a receipt to cut off.

use askama::Template;
use law::regulation::rule::Outcome;

use super::{Basis, Document, STYLE};
use crate::report::mask;
use crate::report::read::Step;
use crate::report::reasons::{reasons, rule};
use crate::report::schools::{School, Student};
use crate::report::text::{shown, shown_name};
use crate::report::words;

const TITLE: &str = "督促通知书";
const FILE: &str = "督促通知书.html";

/// What a clause asks of a family, and what follows by law where nothing is done.
struct Duty {
    clause: &'static str,
    /// The clause in the words of a letter.
    article: &'static str,
    ask: &'static str,
    compulsory: &'static str,
    senior: &'static str,
}

const INTERRUPTED: &str = "学籍视为中断";
const WITHDRAWN: &str = "按自动退学处理，学籍终止";
const RETURN: &str = "送孩子返校上课；有正当理由不能到校的，按规定履行请假手续";
const RETURN_OR_SUSPEND: &str = "送孩子返校上课；因伤病、出国（境）等原因确实不能到校的，持证明到校办理休学手续";

static DUTIES: [Duty; 7] = [
    Duty {
        clause: "A8.3",
        article: "第八条第三款",
        ask: "到校补办本学期的注册手续",
        compulsory: INTERRUPTED,
        senior: "起始年级新生的录取通知书失效，其他学生按自动退学处理，学籍终止",
    },
    Duty {
        clause: "A32.2",
        article: "第三十二条第二款",
        ask: "送孩子复学；仍不能到校的，持证明到校办理延期休学手续",
        compulsory: "没有到校的上课日按旷课计算，旷课超过规定期限的，学籍视为中断",
        senior: "没有到校的上课日按旷课计算，旷课超过规定期限的，按自动退学处理，学籍终止",
    },
    Duty {
        clause: "A34.1", article: "第三十四条第（一）项", ask: "送孩子返校上课", compulsory: INTERRUPTED, senior: INTERRUPTED
    },
    Duty {
        clause: "A34.2", article: "第三十四条第（二）项", ask: RETURN_OR_SUSPEND, compulsory: INTERRUPTED, senior: INTERRUPTED
    },
    Duty { clause: "A34.3", article: "第三十四条第（三）项", ask: RETURN, compulsory: INTERRUPTED, senior: INTERRUPTED },
    Duty { clause: "A37.3", article: "第三十七条第（三）项", ask: RETURN, compulsory: WITHDRAWN, senior: WITHDRAWN },
    Duty { clause: "A37.4", article: "第三十七条第（四）项", ask: RETURN_OR_SUSPEND, compulsory: WITHDRAWN, senior: WITHDRAWN },
];

/// What is asked by a clause that has no words of its own.
const ASK: &str = "与学校联系，送孩子返校上课";

#[derive(Template)]
#[template(path = "letters.html")]
struct Page<'a> {
    style: &'static str,
    title: &'static str,
    school: String,
    basis: &'a Basis<'a>,
    letters: Vec<Letter>,
}

struct Letter {
    name: String,
    id: String,
    class: String,
    judged_on: String,
    /// What was missed.
    missed: Vec<String>,
    /// The clauses with what they ask.
    clauses: Vec<String>,
    asks: Vec<&'static str>,
    follows: String,
    is_compulsory: bool,
}

/// The letters of a school, if there is a family to urge.
///
/// # Errors
/// The template can't be filled in.
pub fn letters(school: &School, basis: &Basis<'_>) -> Result<Option<(Document, String)>, askama::Error> {
    let students = school.students.iter().filter(|student| student.outcome == Outcome::Urge);
    let letters: Vec<Letter> = students.map(|student| letter(student, basis)).collect();
    if letters.is_empty() {
        return Ok(None);
    }
    let document = Document { title: TITLE, file: FILE, students: letters.len() };
    let page = Page { style: STYLE, title: TITLE, school: shown_name(school.title()), basis, letters };
    Ok(Some((document, page.render()?)))
}

fn letter(student: &Student, basis: &Basis<'_>) -> Letter {
    let clauses: Vec<&str> = student.clauses.split('、').filter(|clause| !clause.is_empty()).collect();
    let duties: Vec<&Duty> = DUTIES.iter().filter(|duty| clauses.contains(&duty.clause)).collect();
    let is_compulsory = student.stage != "senior";
    let mut asks: Vec<&str> = duties.iter().map(|duty| duty.ask).collect();
    let mut follows: Vec<&str> = duties.iter().map(|duty| if is_compulsory { duty.compulsory } else { duty.senior }).collect();
    asks.dedup();
    follows.dedup();
    if asks.is_empty() {
        asks.push(ASK);
    }
    Letter {
        name: shown_name(&student.name),
        id: mask::student_key(&student.student_key),
        class: format!("{}{}", student.grade_title(), shown_name(&words::class(&student.class))),
        judged_on: student.judged_on.map_or_else(|| basis.manifest.as_of.clone(), |day| day.to_string()),
        missed: missed_of(student, &clauses).iter().map(|text| shown(text)).collect(),
        clauses: clauses.iter().map(|clause| shown(&clause_told(clause))).collect(),
        asks,
        follows: follows.join("；"),
        is_compulsory,
    }
}

/// A clause as letters cite it, with what it asks.
fn clause_told(clause: &str) -> String {
    let article = DUTIES.iter().find(|duty| duty.clause == clause).map_or(clause, |duty| duty.article);
    rule(clause).map_or_else(|| article.to_owned(), |rule| format!("{article}：{}", rule.asks))
}

/// All that was missed, each once.
fn missed_of(student: &Student, clauses: &[&str]) -> Vec<String> {
    let steps = student.why.as_ref().map_or(&[][..], |why| &why.steps);
    let mut all: Vec<String> = Vec::new();
    for told in steps.iter().filter_map(|step| missed(step, clauses)) {
        if !all.contains(&told) {
            all.push(told);
        }
    }
    all
}

/// What a step says was missed, in the words of a letter; nothing for one that says nothing to a family.
fn missed(step: &Step, clauses: &[&str]) -> Option<String> {
    let holds = step.holds == Some(true);
    let value = step.value.as_deref().unwrap_or_default();
    let threshold = step.threshold.as_deref().unwrap_or_default();
    let is_told = !matches!(value, "" | "0");
    let kind = if step.code.starts_with("A34.3") { "旷课" } else { "缺课" };
    match step.code.as_str() {
        "A8.3.past" => holds.then(|| format!("本学期的注册到 {threshold} 截止")),
        "A8.3.unregistered" => holds.then(|| "本学期至今没有办理注册手续".to_owned()),
        "A8.3.never_came" => holds.then(|| format!("开学以来的 {threshold} 个上课日都没有到校")),
        "A8.3.extended" => holds.then(|| "延期注册已获批准，仍没有办理".to_owned()),
        "A32.2.overdue" => holds.then(|| format!("休学到 {value} 期满，至今没有复学，也没有办理延期")),
        "A32.2.urged" => holds.then(|| format!("期满后学校在 {value} 督促过，此后没有到校的上课日按旷课计算")),
        "A34.2.running" | "A34.3.running" => holds.then(|| format!("连续{kind}：{value}（规定的期限：{threshold}）")),
        "A34.2.total" | "A34.3.total" => is_told.then(|| format!("本学期累计{kind} {value} 个上课日（规定的期限：{threshold} 个上课日）")),
        "A34.2.still" | "A34.3.still" => holds.then(|| "到现在仍没有返校".to_owned()),
        "A34.1.urged" | "A34.2.urged" | "A34.3.urged" => is_told.then(|| format!("学校此前已督促 {value} 次")),
        _ if holds && clauses.contains(&step.clause.as_str()) => {
            reasons(std::slice::from_ref(step), &[]).clauses.into_iter().flat_map(|told| told.conditions).map(|own| own.text).next()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use law::regulation::rule::RULES;

    use super::*;

    fn step(clause: &str, code: &str, holds: bool, value: &str, threshold: &str) -> Step {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Step {
            clause: clause.into(),
            code: code.into(),
            holds: Some(holds),
            value: filled(value),
            threshold: filled(threshold),
            text: "一句话".into(),
        }
    }

    #[test]
    fn a_letter_says_what_was_missed_and_nothing_else() {
        let told = |own: &Step| missed(own, &["A37.3"]);
        let running = step("A37.3", "A34.3.running", true, "2026-05-06至2026-06-12，29个上课日", "超过1个月，即到2026-06-06");
        assert_eq!(
            told(&running).as_deref(),
            Some("连续旷课：2026-05-06至2026-06-12，29个上课日（规定的期限：超过1个月，即到2026-06-06）")
        );
        assert_eq!(told(&Step { holds: Some(false), ..running.clone() }), None);
        assert_eq!(told(&Step { holds: None, ..running }), None);
        let total = step("A37.3", "A34.2.total", false, "29", "66");
        assert_eq!(told(&total).as_deref(), Some("本学期累计缺课 29 个上课日（规定的期限：66 个上课日）"));
        assert_eq!(told(&step("A37.3", "A34.3.urged", false, "0", "2")), None);
        assert_eq!(told(&step("A37.3", "A34.3.urged", false, "1", "2")).as_deref(), Some("学校此前已督促 1 次"));
        assert_eq!(told(&step("A11.2", "A11.2.running", true, "29", "10")), None);
        assert_eq!(told(&step("A37.3", "A37.3.new", true, "1", "2")).as_deref(), Some("一句话：1（标准 2）"));
    }

    #[test]
    fn every_duty_is_of_a_clause_that_a_rule_computes() {
        for duty in &DUTIES {
            assert!(RULES.iter().any(|rule| rule.clause == duty.clause), "{}", duty.clause);
        }
    }
}
