//! The table of every clause of the regulation: complete, in order, and true of the rules and findings that it names; the page made of it.

use std::collections::BTreeSet;
use std::process::Command;

use law::regulation::clauses::{CHAPTERS, CLAUSES, Clause, Clauses, How};
use law::regulation::findings::CATALOGUE;
use law::regulation::rule::RULES;

use xueji::pipeline::config::Attendance;
use xueji::pipeline::run::PublishedRun;
use xueji::report::clauses::{self, Standing};

use crate::support::{audit_on, package, scratch};

/// How many entries each article has, as counted in the regulation: paragraphs, items, and the words that lead to items.
const ENTRIES: [usize; 50] = [
    1, 1, 2, 3, 1, 2, 2, 4, 2, 2, // 1 to 10
    2, 2, 12, 3, 3, 3, 2, 3, 2, 3, // 11 to 20
    2, 5, 2, 12, 1, 3, 2, 1, 1, 4, // 21 to 30
    2, 2, 3, 5, 2, 5, 7, 1, 4, 4, // 31 to 40
    4, 4, 8, 3, 4, 4, 2, 1, 2, 1, // 41 to 50
];

fn table() -> Vec<Clause> {
    toml::from_str::<Clauses>(CLAUSES).expect("the table of clauses").clauses
}

/// The numbers of an id: article, paragraph, item.
fn numbers(id: &str) -> Vec<usize> {
    let numbers = id.strip_prefix('A').unwrap_or_else(|| panic!("{id}"));
    numbers.split('.').map(|number| number.parse().unwrap_or_else(|_| panic!("{id}"))).collect()
}

/// Whether an id is the first item of another, or follows it or what holds it without a gap.
fn follows(id: &[usize], last: &[usize]) -> bool {
    let next = |depth: usize| last.get(..depth).map(|held| [&held[..depth - 1], &[held[depth - 1] + 1]].concat());
    let is_next = (1..=last.len()).any(|depth| next(depth).as_deref() == Some(id));
    let begins_article = next(1).is_some_and(|article| id == [&article[..], &[1]].concat());
    is_next || begins_article || id == [last, &[1]].concat()
}

fn xueji(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_article_paragraph_and_item_stands_in_its_order() {
    let table = table();
    let mut last = vec![0];
    for clause in &table {
        let id = numbers(&clause.id);
        assert!(follows(&id, &last), "{} after {last:?}", clause.id);
        assert_eq!(clause.article().map(usize::from), id.first().copied(), "{}", clause.id);
        last = id;
    }
    for (place, expected) in ENTRIES.iter().enumerate() {
        let article = place + 1;
        let entries = table.iter().filter(|clause| numbers(&clause.id)[0] == article).count();
        assert_eq!(entries, *expected, "entries of article {article}");
    }
    assert_eq!(table.len(), ENTRIES.iter().sum::<usize>());
}

#[test]
fn a_gap_in_the_table_would_be_seen() {
    assert!(follows(&[4, 1], &[3, 2]) && follows(&[5], &[4, 3]) && follows(&[13, 2], &[13, 1, 2]) && follows(&[30, 1], &[30]));
    assert!(!follows(&[4, 2], &[3, 2]) && !follows(&[6], &[4, 3]) && !follows(&[13, 3], &[13, 1, 2]) && !follows(&[22, 2, 1], &[22, 1]));
    assert!(!follows(&[13, 1, 2], &[13, 1, 2]) && !follows(&[30, 2], &[30]) && !follows(&[5, 1, 1], &[4]));
}

#[test]
fn the_chapters_hold_every_article() {
    let mut next = 1;
    for chapter in CHAPTERS {
        assert_eq!(chapter.articles.0, next, "{}", chapter.title);
        next = chapter.articles.1 + 1;
    }
    assert_eq!(usize::from(next), ENTRIES.len() + 1);
}

#[test]
fn every_rule_and_finding_that_a_clause_names_is_there() {
    let mut unknown = Vec::new();
    for clause in table() {
        let rules = clause.rules.iter().filter(|named| !RULES.iter().any(|rule| rule.clause == **named));
        let findings = clause.findings.iter().filter(|named| !CATALOGUE.iter().any(|entry| entry.code == **named));
        unknown.extend(rules.chain(findings).map(|named| format!("{}: {named}", clause.id)));
        for named in [&clause.rules, &clause.findings] {
            assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len(), "{}: {named:?}", clause.id);
        }
    }
    assert!(unknown.is_empty(), "named by a clause and not there:\n{}", unknown.join("\n"));
}

#[test]
fn every_rule_and_every_finding_with_a_clause_is_named_by_one() {
    let table = table();
    let mut unnamed = Vec::new();
    for rule in RULES {
        let own: Vec<&Clause> = table.iter().filter(|clause| clause.rules.iter().any(|named| named == rule.clause)).collect();
        if own.is_empty() {
            unnamed.push(format!("rule {}", rule.clause));
        }
        // What the rule raises stands beside it.
        let raised = rule.findings.iter().filter(|code| !own.iter().any(|clause| clause.findings.iter().any(|named| named == **code)));
        unnamed.extend(raised.map(|code| format!("{code} beside rule {}", rule.clause)));
    }
    for entry in CATALOGUE.iter().filter(|entry| !entry.clause.is_empty()) {
        // By the finding's own clause, or by one of its paragraphs or items.
        let is_own = |clause: &&Clause| {
            let is_below = clause.id.strip_prefix(entry.clause).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            is_below && clause.findings.iter().any(|named| named == entry.code)
        };
        if !table.iter().any(|clause| is_own(&clause)) {
            unnamed.push(format!("{} of {}", entry.code, entry.clause));
        }
    }
    assert!(unnamed.is_empty(), "named by no clause:\n{}", unnamed.join("\n"));
}

#[test]
fn what_is_not_left_to_people_is_computed_and_what_is_not_exact_says_why() {
    for clause in table() {
        let is_computed = !clause.rules.is_empty() || !clause.findings.is_empty();
        assert_eq!(is_computed, clause.how != How::Person, "{} is {}", clause.id, clause.how.title());
        assert!(!clause.why.is_empty() || clause.how == How::Exact, "{} says no why", clause.id);
        assert!(clause.asks.ends_with('。') && clause.asks.matches('。').count() == 1, "{} asks in one sentence", clause.id);
    }
}

#[test]
fn the_page_is_what_the_program_makes_of_the_table() {
    let (code, page) = xueji(&["rules", "--coverage"]);
    assert_eq!(code, Some(0));
    for clause in table() {
        assert!(page.contains(&format!("\n| {} | {} | {} |", clause.id, clause.asks, clause.how.title())), "{}", clause.id);
    }
    let committed = std::fs::read_to_string(package().join("docs/coverage.md")).expect("docs/coverage.md");
    assert!(page == committed, "docs/coverage.md is not what the table says: cargo run -- rules --coverage > docs/coverage.md");
}

#[test]
fn every_clause_of_the_table_can_be_asked_for() {
    let table = table();
    let (code, list) = xueji(&["rules"]);
    assert_eq!(code, Some(0));
    for clause in &table {
        let is_own = |line: &str| {
            let mut words = line.split_whitespace();
            words.next() == Some(&clause.id) && words.next() == Some(clause.how.title())
        };
        assert!(list.lines().any(is_own), "{}", clause.id);
    }
    // A program's start for each would take its time: a clause of each kind, and all of the JSON.
    for (id, parts) in [
        ("A3.2", &["A3.2（可能少报）", "R0305", "说明："][..]),
        ("A28", &["A28（由人判断）", "说明："]),
        ("24.2", &["A24.2（精确）", "A24.2.1（精确）", "A24.2.2 初中毕业", "junior_other_failing = by_kind"]),
        ("A21.1", &["A21.1（可能少报）", "A21 跳级", "读法：", "F2101"]),
    ] {
        let (code, text) = xueji(&["rules", id]);
        assert_eq!(code, Some(0), "{id}");
        for part in parts {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
    let (_, article) = xueji(&["rules", "a13"]);
    for clause in table.iter().filter(|clause| clause.id.starts_with("A13.")) {
        assert!(article.contains(&format!("{}（{}）", clause.id, clause.how.title())), "{}", clause.id);
        assert!(article.contains(&clause.asks) && article.contains(&clause.why), "{}", clause.id);
    }
    let (_, json) = xueji(&["rules", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    let covered = object["coverage"].as_array().expect("a list");
    assert_eq!(
        covered.iter().map(|own| own["id"].as_str()).collect::<Vec<_>>(),
        table.iter().map(|own| Some(&*own.id)).collect::<Vec<_>>()
    );
    assert_eq!(object["clauses"].as_array().map(Vec::len), Some(RULES.len()));
    let (_, json) = xueji(&["rules", "A13.4", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!((object["coverage"][0]["id"].as_str(), object["coverage"][0]["how"].as_str()), (Some("A13.4"), Some("over")));
    let (_, json) = xueji(&["rules", "--coverage", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    let counts: u64 = object["counts"].as_object().expect("counts").values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!((usize::try_from(counts).expect("a count"), object["counts"].as_object().map(serde_json::Map::len)), (table.len(), Some(4)));
}

#[test]
fn an_audit_accounts_for_every_clause() {
    let scratch = scratch();
    let date = "2026-06-12".parse().expect("a date");
    let run = audit_on(&package().join("sample-data"), &scratch.path().join("whole"), date, Attendance::Exceptions).expect("an audit");
    let table = clauses::table().expect("the table");
    let standing = |run: &PublishedRun, id: &str| {
        let clause = table.iter().find(|clause| clause.id == id).expect("a clause");
        Standing::of(clause, &run.manifest)
    };
    assert_eq!(standing(&run, "A18.2"), Standing::Found(2));
    assert_eq!(standing(&run, "A24.7"), Standing::Found(2));
    assert_eq!(standing(&run, "A33.1"), Standing::InOrder);
    assert_eq!(standing(&run, "A20.1"), Standing::AtYearEnd);
    assert_eq!(standing(&run, "A20.2"), Standing::NotYet);
    assert_eq!(standing(&run, "A37.5"), Standing::Decides);
    assert_eq!(standing(&run, "A14.1"), Standing::Person);
    // A district that handed in a roster and nothing else is told what was not looked at.
    let input = scratch.path().join("in");
    std::fs::create_dir(&input).expect("a folder");
    std::fs::copy(package().join("sample-data/实验学校/学籍名册.csv"), input.join("学籍名册.csv")).expect("a copy");
    let run = audit_on(&input, &scratch.path().join("roster"), date, Attendance::Exceptions).expect("an audit");
    assert_eq!(standing(&run, "A43.1"), Standing::NoData(vec!["档案清单"]));
    assert_eq!(standing(&run, "A5"), Standing::Found(2));
    assert_eq!(standing(&run, "A41.4"), Standing::NoData(vec!["处分"]));
    assert_eq!(standing(&run, "A34.3"), Standing::NoData(vec!["考勤"]));
    assert_eq!(standing(&run, "A8.3"), Standing::NoData(vec!["学期注册"]));
    // Of its students nobody says that they were at school.
    let explain =
        Command::new(env!("CARGO_BIN_EXE_xueji")).args(["explain", "蒲溯光", "--run"]).arg(&run.folder).output().expect("the program");
    let text = String::from_utf8_lossy(&explain.stdout).into_owned();
    let june = text.lines().find(|line| line.starts_with("  2026-06")).unwrap_or_else(|| panic!("no term in\n{text}"));
    assert!(june.contains('？') && !june.contains('．'), "{june}");
    let line = clauses::in_a_line(&table, &run.manifest);
    let numbers = line.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse::<usize>().ok());
    let numbers: Vec<usize> = numbers.collect();
    assert_eq!(numbers[0], numbers[1..].iter().sum::<usize>(), "{line}");
}
