//! The engine against a slow evaluator that was written from the rules alone.
//!
//! The evaluator (`evaluate`) decides a student of whom everything is known, in plain words and sets; `completions` tries it on every
//! way of filling in what is unknown. `students` makes up students near the edges of the rules. Both have to agree on each.

mod completions;
mod evaluate;
mod students;

use std::path::Path;

use chrono::NaiveDate;
use law::facts::calendar::{Calendar, SchoolYear, YearCalendar};
use law::regulation::policy::{Lists, Policy};
use law::regulation::rule::Law;
use law::regulation::term_end::Bench;
use proptest::prelude::*;

use crate::completions::{Judgement, judge_slowly};
use crate::students::{Made, Scenario, make};

/// How many students of each scenario, unless `PROPTEST_CASES` says otherwise.
const STUDENTS: u32 = 10_000;

/// The law of the repository's policy and calendars, as of 2026-07-05.
fn repository_law() -> Law {
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let read = |path: &str| std::fs::read_to_string(pipelines.join(path)).expect("a file of the repository");
    let policy: Policy = toml::from_str(&read("policies/shanghai-2018.toml")).expect("a policy");
    let years = 2019..=2025;
    let calendars = years.map(|year| format!("calendars/{year}-{}.toml", year + 1));
    let calendars: Vec<YearCalendar> = calendars.map(|path| toml::from_str(&read(&path)).expect("a calendar")).collect();
    let calendar = Calendar::new(calendars).expect("calendars");
    let school_year = SchoolYear(2025);
    let subjects = policy.subjects();
    Law {
        lists: Lists::new(&policy, &subjects).expect("lists"),
        last_day: calendar.last_day(school_year).expect("a last day"),
        window: calendar
            .window(calendar.last_day(school_year).expect("a last day"), policy.numbers.application_window_working_days)
            .expect("a window"),
        as_of: NaiveDate::from_ymd_opt(2026, 7, 5).expect("a date"),
        term: None,
        policy,
        subjects,
        calendar,
        school_year,
        audits: false,
    }
}

/// What the engine decides, in the evaluator's words.
fn judge_fast(law: &Law, made: &Made) -> Judgement {
    let mut bench = Bench::default();
    bench.judge(law, &made.student());
    let decision = &bench.decision;
    let name = |subject: law::facts::subjects::Subject| law.subjects.name(subject).to_owned();
    let mut clauses: Vec<String> = decision.clauses.iter().map(|clause| (*clause).to_owned()).collect();
    clauses.sort_unstable();
    Judgement {
        outcome: decision.outcome.map_or("undetermined", law::regulation::rule::Outcome::code).to_owned(),
        next_grade: decision.next_grade.map(|grade| grade.number()),
        certificate: decision.certificate.map(law::regulation::rule::Certificate::word),
        clauses,
        failing: decision.failing.iter().map(|subject| name(*subject)).collect(),
        missing: decision.missing.iter().map(|fact| fact.word(name)).collect(),
    }
}

fn agree(scenario: Scenario) {
    let law = repository_law();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(STUDENTS),
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&any::<u64>(), |seed| {
        let made = make(&law, scenario, seed);
        let (fast, slow) = (judge_fast(&law, &made), judge_slowly(&law, &made));
        prop_assert_eq!(fast, slow, "the engine (left) and the slow evaluator (right) disagree on {:#?}", made);
        Ok(())
    });
    if let Err(fault) = result {
        panic!("{fault}");
    }
}

#[test]
fn senior_promotion_agrees() {
    agree(Scenario::SeniorPromotion);
}

#[test]
fn compulsory_promotion_agrees() {
    agree(Scenario::CompulsoryPromotion);
}

#[test]
fn primary_graduation_agrees() {
    agree(Scenario::PrimaryGraduation);
}

#[test]
fn junior_graduation_agrees() {
    agree(Scenario::JuniorGraduation);
}

#[test]
fn senior_graduation_agrees() {
    agree(Scenario::SeniorGraduation);
}

#[test]
fn the_students_are_of_many_kinds() {
    let law = repository_law();
    let scenarios = [
        Scenario::SeniorPromotion,
        Scenario::CompulsoryPromotion,
        Scenario::PrimaryGraduation,
        Scenario::JuniorGraduation,
        Scenario::SeniorGraduation,
    ];
    let mut kinds = std::collections::BTreeMap::new();
    for scenario in scenarios {
        for seed in 0..1_500 {
            let judgement = judge_slowly(&law, &make(&law, scenario, seed * 7919));
            *kinds.entry((judgement.outcome, judgement.certificate)).or_insert(0) += 1;
        }
    }
    for (outcome, certificate) in [
        ("promote", None),
        ("skip", None),
        ("repeat", None),
        ("retain", None),
        ("makeup_pending", None),
        ("withdraw_auto", Some("学业证明")),
        ("withdraw_auto", Some("肄业")),
        ("incomplete", Some("肄业")),
        ("graduate", Some("毕业")),
        ("graduate", Some("GT")),
        ("graduate", Some("GJ")),
        ("graduate", Some("GI")),
        ("complete", Some("结业")),
        ("undetermined", None),
    ] {
        let number = kinds.get(&(outcome.to_owned(), certificate)).copied().unwrap_or(0);
        assert!(number >= 5, "only {number} of {outcome} {certificate:?}: {kinds:?}");
    }
}
