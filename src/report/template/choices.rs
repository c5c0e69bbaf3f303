//! Which words may be chosen in a column, and does anything else go beside them?

use std::borrow::Cow;

use chrono::Datelike;
use law::facts::subjects::Subject;
use law::regulation::policy::Policy;

use super::checks::GREATEST;
use crate::ingest::table::{Field, Holds};
use crate::ingest::{expectation, words_of};

/// What goes beside the words of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nothing.
    Nothing,
    /// Other words, which are rare: whoever writes one is asked.
    OtherWords,
    /// Marks, which are as usual as the words.
    Marks,
}

/// The words of a drop-down list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choices {
    pub words: Vec<String>,
    pub beside: Beside,
}

/// School years before the policy's first that records may still speak of: those of nine years at school.
const YEARS_BEFORE: i32 = 9;

/// The words of a column, where it has a list of them that is not empty, as that of school years is by a policy that is never valid.
pub(super) fn choices(field: &Field, policy: &Policy) -> Option<Choices> {
    let own = || words_of(field).iter().map(|word| (*word).to_owned());
    let (words, beside): (Vec<String>, _) = match field.holds {
        Holds::Word(_) | Holds::Grade => (own().collect(), Beside::Nothing),
        Holds::Named(_) => (own().collect(), Beside::OtherWords),
        Holds::Term => (vec!["第一学期".to_owned(), "第二学期".to_owned()], Beside::Nothing),
        Holds::Subject => {
            let subjects = policy.subjects();
            let codes = (0..subjects.len()).filter_map(|place| u8::try_from(place).ok());
            (codes.map(|code| subjects.name(Subject(code)).to_owned()).collect(), Beside::OtherWords)
        }
        // The later ones first: they are chosen most.
        Holds::SchoolYear => {
            let (first, last) = (policy.valid.0.year() - YEARS_BEFORE, policy.valid.1.year());
            ((first..=last).rev().map(|year| format!("{year}-{}", year + 1)).collect(), Beside::OtherWords)
        }
        Holds::AnnualResult => {
            let mut words: Vec<String> = own().collect();
            for word in policy.marks.pass.iter().chain(&policy.marks.fail) {
                if !words.contains(word) {
                    words.push(word.clone());
                }
            }
            (words, Beside::Marks)
        }
        _ => return None,
    };
    Some(Choices { words, beside }).filter(|choices| !choices.words.is_empty())
}

/// The form of what is written in a column without a list.
fn form(field: &Field) -> Cow<'static, str> {
    match field.holds {
        Holds::NationalId => "G、L 或 J 加 18 位，文本格式；G 和 J 的末位是校验码，请对照证件".into(),
        Holds::ShanghaiNumber => "310 开头的 19 位数字，文本格式".into(),
        Holds::DocumentNumber => "居民身份证填 18 位，末位是校验码，请对照证件；其他证件照证件填写；文本格式".into(),
        Holds::Number => format!("0 至 {GREATEST} 的数字，不带单位").into(),
        _ => expectation(field),
    }
}

/// What may be written in a column, for people.
pub(super) fn how(field: &Field, choices: Option<&Choices>) -> String {
    let Some(Choices { words, beside }) = choices else { return form(field).into_owned() };
    let list = words.join("、");
    match (field.holds, beside) {
        (Holds::SchoolYear, _) => format!("从下拉列表中选：{}", expectation(field)),
        (Holds::Term, _) => format!("从下拉列表中选：{list}"),
        (_, Beside::Nothing) => format!("从下拉列表中选：{list}"),
        (Holds::Subject, _) => format!("从下拉列表中选：{list}；其他科目写全称"),
        (_, Beside::OtherWords) => format!("从下拉列表中选：{list}；都不合适的照实填写"),
        (_, Beside::Marks) => format!("从下拉列表中选：{list}；或填 0 至 100 的分数"),
    }
}
