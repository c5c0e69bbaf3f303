//! A31.2: during a suspension the registration is kept.

use crate::regulation::rule::{Rule, Sentence};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A31.2",
    title: "休学期间保留学籍",
    asks: "休学期间学籍保留在学校，不升级也不毕业。",
    reading: "学年末按学籍名册的状态：休学的记保留学籍。",
    parameters: &[],
    findings: &[],
    reads: &["status_changes"],
};

/// The step of a suspended student.
pub static KEPT: Sentence = Sentence { code: "A31.2.kept", text: "学籍名册的状态是休学，学籍保留" };
