//! Article 25: who has finished the years but does not graduate, completes (结业).

use crate::facts::grades::Grade;
use crate::regulation::rule::{Certificate, Outcome, Rule, Verdict};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A25",
    title: "结业",
    asks: "修业期满而不符合毕业要求的，准予结业，发结业证书。",
    reading: "",
    parameters: &[],
    findings: &[],
    reads: &[],
};

/// The verdict of completion.
pub fn completes(next_grade: Option<Grade>) -> Verdict {
    Verdict { outcome: Outcome::Complete, next_grade, certificate: Some(Certificate::Completion), clause: "A25" }
}
