//! Article 49: foreign nationals who graduate from senior school receive a certificate that states their country (GI).

use crate::facts::student::Nationality;
use crate::regulation::rule::{Hearing, Rule};
use crate::regulation::verdict::{Condition, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A49",
    title: "境外学生",
    asks: "外籍高中生参照第二十四条毕业，证书注明国别，编号 GI；港澳台学生按本办法办理，发普通证书。",
    reading: "没有市级考试的科目以学校考核为准。国籍为空而有居民身份证号的，视为中国。",
    parameters: &[],
    findings: &[],
    reads: &["school_assessments"],
};

impl Hearing<'_> {
    /// Whether the student is a foreign national.
    pub fn is_foreign(&mut self) -> Condition {
        match self.student.nationality {
            Nationality::Chinese => Condition::FAILS,
            Nationality::Foreign => Condition::HOLDS,
            Nationality::Unknown => self.completions.unknown(Fact::Nationality),
        }
    }
}
