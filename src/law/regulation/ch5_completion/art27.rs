//! A27.1: who meets none of graduation, completion and incomplete studies is given a certificate of studies.

use crate::regulation::rule::Rule;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A27.1",
    title: "学业证明",
    asks: "达不到毕业、结业、肄业要求的，由就读学校出具学业证明。",
    reading: "自动退学而不发肄业证书的，发学业证明。",
    parameters: &[],
    findings: &[],
    reads: &[],
};
