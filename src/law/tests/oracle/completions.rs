//! Every way of filling in what is unknown of a student, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use law::regulation::rule::Law;

use crate::evaluate::{Verdict, decide};
use crate::students::Made;

/// A judgement: what all completions agree on, or what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub outcome: String,
    pub next_grade: Option<u8>,
    pub certificate: Option<&'static str>,
    /// Sorted.
    pub clauses: Vec<String>,
    pub failing: Vec<String>,
    pub missing: Vec<String>,
}

/// Judges by trying all completions. The facts that matter are found by trying, too: a fact is unknown once the evaluator asks for it.
pub fn judge_slowly(law: &Law, made: &Made) -> Judgement {
    let mut facts: Vec<String> = Vec::new();
    let (mut tried, mut verdicts) = (0, Vec::new());
    // Each round tries all completions of the facts known so far; a round that asks for a new fact is begun again with it.
    loop {
        verdicts.clear();
        let known = facts.len();
        assert!(known <= 16, "too many unknown facts for trying: {facts:?}");
        for completion in 0_u32..1 << known {
            let mut asked = Vec::new();
            let verdict = decide(law, made, &mut |fact| match facts.iter().position(|own| own == fact) {
                Some(place) => completion >> place & 1 == 1,
                None => {
                    asked.push(fact.to_owned());
                    false
                }
            });
            verdicts.push(verdict);
            for fact in asked {
                if !facts.contains(&fact) {
                    facts.push(fact);
                }
            }
        }
        tried += 1;
        if facts.len() == known || tried > 20 {
            break;
        }
    }
    let triple = |verdict: &Verdict| (verdict.outcome, verdict.next_grade, verdict.certificate);
    let first = triple(&verdicts[0]);
    let agreed = verdicts.iter().all(|verdict| triple(verdict) == first);
    let mut missing = Vec::new();
    for (place, fact) in facts.iter().enumerate() {
        let matters = (0..verdicts.len()).any(|completion| triple(&verdicts[completion]) != triple(&verdicts[completion ^ 1 << place]));
        if matters {
            missing.push(fact.clone());
        }
    }
    let order = made.order(law);
    missing.sort_by_key(|fact| order(fact));
    let clauses: BTreeSet<&str> = verdicts.iter().map(|verdict| verdict.clause).collect();
    let mut failing: BTreeMap<&String, usize> = BTreeMap::new();
    for subject in verdicts.iter().flat_map(|verdict| &verdict.failing) {
        *failing.entry(subject).or_default() += 1;
    }
    let mut failing: Vec<String> =
        failing.into_iter().filter(|(_, number)| *number == verdicts.len()).map(|(subject, _)| subject.clone()).collect();
    failing.sort_by_key(|subject| order(subject));
    let primary = made.final_grade() && made.grade() <= 5;
    Judgement {
        outcome: if agreed { first.0 } else { "undetermined" }.to_owned(),
        // A20.1: primary pupils go on whatever the certificate.
        next_grade: if agreed || primary { first.1 } else { None },
        certificate: if agreed { first.2 } else { None },
        clauses: clauses.into_iter().map(str::to_owned).collect(),
        failing,
        missing,
    }
}
