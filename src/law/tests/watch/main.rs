//! The status watch against a slow evaluator that was written from the rules alone.
//!
//! The evaluator (`evaluate`) decides a student of whom everything is known, by plain loops over days; `students` makes up students near
//! the edges of the rules, on many dates of judgement. Both have to agree on each.

mod evaluate;
mod students;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use law::facts::calendar::{Calendar, YearCalendar};
use law::regulation::policy::{Lists, Policy};
use law::regulation::rule::{Certificate, Law, Outcome};
use law::regulation::term_end::Bench;
use proptest::prelude::*;

use crate::evaluate::{Judgement, Times, judge_slowly};
use crate::students::{Made, Scenario, make};

/// How many students of each scenario, unless `PROPTEST_CASES` says otherwise.
const STUDENTS: u32 = 10_000;

/// The dates of judgement: first and last days of terms, days around the deadline of registration, in term and in vacations.
const DATES: [&str; 23] = [
    "2023-12-29",
    "2024-02-29",
    "2024-06-03",
    "2024-06-30",
    "2024-12-20",
    "2025-06-27",
    "2025-08-31",
    "2025-09-01",
    "2025-10-09",
    "2025-10-10",
    "2025-10-12",
    "2025-11-17",
    "2025-12-01",
    "2025-12-19",
    "2026-01-30",
    "2026-02-10",
    "2026-02-28",
    "2026-03-01",
    "2026-04-02",
    "2026-04-03",
    "2026-05-20",
    "2026-06-30",
    "2026-07-05",
];

/// The findings that are compared.
const FINDINGS: [&str; 9] = ["F0801", "F0802", "F1101", "F1102", "F3001", "F3202", "F3401", "F3403", "F3404"];

/// The law of the repository's policy and calendars on each date of judgement, with the evaluator's own calendar.
fn repository_laws() -> Vec<(Law, Times)> {
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let read = |path: &str| std::fs::read_to_string(pipelines.join(path)).expect("a file of the repository");
    let policy: Policy = toml::from_str(&read("policies/shanghai-2018.toml")).expect("a policy");
    let paths = (2019..=2025).map(|year| format!("calendars/{year}-{}.toml", year + 1));
    let years: Vec<YearCalendar> = paths.map(|path| toml::from_str(&read(&path)).expect("a calendar")).collect();
    let calendar = Calendar::new(years.clone()).expect("calendars");
    let subjects = policy.subjects();
    let law_of = |text: &&str| {
        let as_of: NaiveDate = text.parse().expect("a date");
        let term = calendar.term_begun(as_of, policy.numbers.registration_grace_months).expect("a term");
        let school_year = term.school_year;
        let law = Law {
            lists: Lists::new(&policy, &subjects).expect("lists"),
            last_day: calendar.last_day(school_year).expect("a last day"),
            window: calendar
                .window(calendar.last_day(school_year).expect("a last day"), policy.numbers.application_window_working_days)
                .expect("a window"),
            as_of,
            term: Some(term),
            policy: policy.clone(),
            subjects: subjects.clone(),
            calendar: calendar.clone(),
            school_year,
            audits: false,
        };
        (law, Times::of(&years, &policy.numbers, as_of))
    };
    DATES.iter().map(law_of).collect()
}

/// What the engine decides, in the evaluator's words.
fn judge_fast(law: &Law, made: &Made) -> Judgement {
    let mut bench = Bench::default();
    let student = made.student();
    bench.watch(law, &made.watched(law.term.as_ref().expect("a term"), &student));
    let decision = &bench.decision;
    assert!(decision.missing.is_empty() && decision.next_grade.is_none(), "everything is known of {made:#?}");
    let codes = bench.findings.iter().map(|finding| finding.code);
    let mut findings: Vec<&str> = codes.filter(|code| FINDINGS.contains(code)).collect();
    findings.sort_unstable();
    Judgement {
        outcome: decision.outcome.map_or("", Outcome::code),
        clauses: decision.clauses.iter().copied().collect(),
        certificate: decision.certificate.map(Certificate::word),
        days_to_threshold: decision.days_to_threshold.map(usize::try_from).transpose().expect("no negative number of days"),
        findings,
        is_open: false,
    }
}

/// The same where the rules leave open whether F3404 is to be raised: without it.
fn without_open(judgement: Judgement) -> Judgement {
    let findings = judgement.findings.into_iter().filter(|code| *code != "F3404").collect();
    Judgement { findings, is_open: false, ..judgement }
}

fn agree(scenario: Scenario) {
    let laws = repository_laws();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(STUDENTS),
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&(0..laws.len(), any::<u64>()), |(date, seed)| {
        let (law, times) = &laws[date];
        let made = make(law, scenario, seed);
        let (mut fast, mut slow) = (judge_fast(law, &made), judge_slowly(law, times, &made));
        if slow.is_open {
            (fast, slow) = (without_open(fast), without_open(slow));
        }
        prop_assert_eq!(fast, slow, "the engine (left) and the slow evaluator (right) disagree as of {} on {:?}", law.as_of, made);
        Ok(())
    });
    if let Err(fault) = result {
        panic!("{fault}");
    }
}

#[test]
fn absences_agree() {
    agree(Scenario::Absence);
}

#[test]
fn registrations_agree() {
    agree(Scenario::Registration);
}

#[test]
fn ended_suspensions_agree() {
    agree(Scenario::EndedSuspension);
}

#[test]
fn long_absences_from_school_agree() {
    agree(Scenario::LongAway);
}

#[test]
fn terms_agree() {
    for (law, times) in repository_laws() {
        let term = law.term.expect("a term");
        assert_eq!((term.school_year.0, term.number), (times.school_year, times.number), "{}", law.as_of);
        assert_eq!((term.first, term.deadline, &term.days), (times.first, times.deadline, &times.school_days), "{}", law.as_of);
    }
}

#[test]
fn the_students_are_of_many_kinds() {
    let laws = repository_laws();
    let mut kinds: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let (mut nearest, mut none, mut open) = ([0; 4], 0, 0);
    for scenario in [Scenario::Absence, Scenario::Registration, Scenario::EndedSuspension, Scenario::LongAway] {
        for seed in 0..1_500 {
            let (law, times) = &laws[seed as usize % laws.len()];
            let judgement = judge_slowly(law, times, &make(law, scenario, seed * 7919));
            open += u32::from(judgement.is_open);
            for clause in judgement.clauses {
                *kinds.entry((judgement.outcome, clause)).or_default() += 1;
            }
            *kinds.entry((judgement.outcome, judgement.certificate.unwrap_or(""))).or_default() += 1;
            for code in judgement.findings {
                *kinds.entry(("finding", code)).or_default() += 1;
            }
            match judgement.days_to_threshold {
                None => none += 1,
                Some(days) => nearest[days.min(3)] += 1,
            }
        }
    }
    let expected = [
        ("normal", ""),
        ("hold", "A31.2"),
        ("not_enrolled", ""),
        ("warn", "A11.2"),
        ("urge", "A8.3"),
        ("urge", "A34.1"),
        ("urge", "A34.2"),
        ("urge", "A34.3"),
        ("urge", "A37.3"),
        ("urge", "A37.4"),
        ("urge", "A32.2"),
        ("interrupt", "A8.3"),
        ("interrupt", "A34.1"),
        ("interrupt", "A34.2"),
        ("interrupt", "A34.3"),
        ("admission_void", "A8.3"),
        ("withdraw_auto", "A8.3"),
        ("withdraw_auto", "A37.1"),
        ("withdraw_auto", "A37.3"),
        ("withdraw_auto", "A37.4"),
        ("withdraw_auto", "A37.5"),
        ("withdraw_auto", "肄业"),
        ("withdraw_auto", "学业证明"),
    ];
    for kind in expected.into_iter().chain(FINDINGS.map(|code| ("finding", code))) {
        let number = kinds.get(&kind).copied().unwrap_or(0);
        assert!(number >= 5, "only {number} of {kind:?}: {kinds:?}");
    }
    assert!(open < 20, "the rules leave F3404 open of {open}");
    assert!(none >= 100 && nearest.iter().all(|number| *number >= 5), "days to the threshold: none {none}, from 0 on {nearest:?}");
}
