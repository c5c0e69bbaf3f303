//! `xueji rules [CODE]`: every clause and finding, or one of them in full; the page on coverage; the readings.

use std::path::PathBuf;

use law::regulation::clauses::Clause;
use law::regulation::findings::{self, CATALOGUE, Entry};
use law::regulation::rule::{RULES, Rule};
use serde_json::{Value, json};

use super::{Ending, complain, coverage, readings, say};
use crate::pipeline::config::nearest as nearest_file;
use crate::report::clauses;

/// The policy that the program brings along.
const BUILT_IN: &str = include_str!("../../pipelines/policies/shanghai-2018.toml");
/// How many near codes are offered.
const NEAREST: usize = 3;

/// The arguments of `rules`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A clause such as A24.3 (A24 shows all below it), or a finding such as F2402; all of them without it.
    code: Option<String>,
    /// Print the page `docs/coverage.md`: every clause of the regulation, and how faithfully it is computed.
    #[arg(long, conflicts_with_all = ["code", "readings", "policy"])]
    coverage: bool,
    /// List the readings where the law leaves room: switches with their options, and values that are the policy's own.
    #[arg(long, conflicts_with = "code")]
    readings: bool,
    /// The policy file that parameters are taken from; the built-in one without it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Shows the rules.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match rules(arguments, json) {
        Ok(()) => Ending::Done,
        Err(message) => {
            complain(&message);
            Ending::Unusable
        }
    }
}

fn rules(arguments: &Arguments, json: bool) -> Result<(), String> {
    let table = clauses::table()?;
    if arguments.coverage {
        if json {
            say(coverage::json(&table));
        } else {
            say(coverage::page(&table));
        }
        return Ok(());
    }
    let policy = policy(arguments.policy.as_ref())?;
    if arguments.readings {
        if json {
            say(readings::json(&policy)?);
        } else {
            say(readings::text(&policy)?);
        }
        return Ok(());
    }
    let Some(asked) = &arguments.code else {
        let all = Shown { clauses: table.iter().collect(), rules: RULES.to_vec(), entries: CATALOGUE.iter().collect() };
        say(if json { all.json(&policy) } else { all.list() });
        return Ok(());
    };
    let code = asked.trim().to_uppercase();
    let clause = if code.starts_with(|letter: char| letter.is_ascii_digit()) { format!("A{code}") } else { code.clone() };
    let is_below = |own: &str| own == clause || own.strip_prefix(clause.as_str()).is_some_and(|rest| rest.starts_with('.'));
    let clauses: Vec<&Clause> = table.iter().filter(|own| is_below(&own.id)).collect();
    let is_named = |rule: &Rule| clauses.iter().any(|own| own.rules.iter().any(|named| named == rule.clause));
    let rules = RULES.iter().copied().filter(|rule| is_below(rule.clause) || is_named(rule)).collect();
    let shown = Shown { clauses, rules, entries: findings::find(&code).into_iter().collect() };
    if shown.is_empty() {
        return Err(format!("no clause or finding `{asked}`; did you mean {}?", nearest(&clause, &table).join(", ")));
    }
    say(if json { shown.json(&policy) } else { shown.text(&policy) });
    Ok(())
}

/// The text of a policy file, or of the built-in policy.
pub(super) fn policy_text(path: Option<&PathBuf>) -> Result<String, String> {
    match path {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}{}", path.display(), nearest_file(path)))
        }
        None => Ok(BUILT_IN.to_owned()),
    }
}

fn policy(path: Option<&PathBuf>) -> Result<toml::Table, String> {
    policy_text(path)?.parse().map_err(|error| format!("the policy is not usable: {error}"))
}

/// The value of a parameter, by its path in the policy file.
pub(super) fn parameter(policy: &toml::Table, path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let first = policy.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part)).map(shown)
}

fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => {
            let separator = if items.iter().any(toml::Value::is_table) { "；" } else { "、" };
            items.iter().map(shown).collect::<Vec<_>>().join(separator)
        }
        toml::Value::Table(table) => table.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect::<Vec<_>>().join("，"),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(holds) => if *holds { "是" } else { "否" }.to_owned(),
        toml::Value::Datetime(date) => date.to_string(),
    }
}

fn nearest<'a>(code: &str, table: &'a [Clause]) -> Vec<&'a str> {
    let clauses = table.iter().map(|clause| clause.id.as_str()).chain(RULES.iter().map(|rule| rule.clause));
    let known = clauses.chain(CATALOGUE.iter().map(|entry| entry.code));
    let mut near: Vec<(usize, &str)> = known.map(|known| (strsim::damerau_levenshtein(known, code), known)).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(NEAREST).map(|(_, known)| known).collect()
}

/// What is shown.
struct Shown<'a> {
    clauses: Vec<&'a Clause>,
    rules: Vec<&'static Rule>,
    entries: Vec<&'static Entry>,
}

impl Shown<'_> {
    fn is_empty(&self) -> bool {
        self.clauses.is_empty() && self.rules.is_empty() && self.entries.is_empty()
    }

    /// A line each.
    fn list(&self) -> String {
        let mut lines = vec!["条款（xueji rules A24.3 看一条的要求、读法和参数）".to_owned()];
        lines.extend(self.clauses.iter().map(|clause| coverage::line(clause)));
        lines.push("\n问题代码（xueji rules F2402 看一条）".to_owned());
        lines.extend(self.entries.iter().map(|entry| format!("  {:<8}{}  {}", entry.code, severity(entry), entry.wrong)));
        lines.join("\n")
    }

    /// Each in full.
    fn text(&self, policy: &toml::Table) -> String {
        let mut blocks: Vec<String> = self.clauses.iter().map(|clause| coverage::text(clause)).collect();
        blocks.extend(self.rules.iter().map(|rule| rule_text(rule, policy)));
        blocks.extend(self.entries.iter().map(|entry| entry_text(entry)));
        blocks.join("\n\n")
    }

    fn json(&self, policy: &toml::Table) -> String {
        let object = json!({
            "clauses": self.rules.iter().map(|rule| rule_json(rule, policy)).collect::<Vec<_>>(),
            "findings": self.entries.iter().map(|entry| entry_json(entry)).collect::<Vec<_>>(),
            "coverage": self.clauses,
        });
        object.to_string()
    }
}

fn severity(entry: &Entry) -> &'static str {
    entry.severity.title()
}

fn rule_text(rule: &Rule, policy: &toml::Table) -> String {
    let mut lines = vec![format!("{} {}", rule.clause, rule.title), format!("  要求：{}", rule.asks)];
    if !rule.reading.is_empty() {
        lines.push(format!("  读法：{}", rule.reading));
    }
    for path in rule.parameters {
        lines.push(format!("  参数：{path} = {}", parameter(policy, path).unwrap_or_else(|| "（政策文件未设）".into())));
    }
    for code in rule.findings {
        if let Some(entry) = findings::find(code) {
            lines.push(format!("  问题：{code} {}：{}", severity(entry), entry.wrong));
        }
    }
    lines.join("\n")
}

fn entry_text(entry: &Entry) -> String {
    let mut lines =
        vec![format!("{} {}", entry.code, severity(entry)), format!("  问题：{}", entry.wrong), format!("  办法：{}", entry.mend)];
    if !entry.clause.is_empty() {
        lines.push(format!("  依据：{}", entry.clause));
    }
    let raised: Vec<&str> = RULES.iter().filter(|rule| rule.findings.contains(&entry.code)).map(|rule| rule.clause).collect();
    if !raised.is_empty() {
        lines.push(format!("  提出：条款 {} 的判定", raised.join("、")));
    }
    lines.join("\n")
}

fn rule_json(rule: &Rule, policy: &toml::Table) -> Value {
    let parameters: serde_json::Map<String, Value> =
        rule.parameters.iter().map(|path| ((*path).to_owned(), parameter(policy, path).map_or(Value::Null, Value::String))).collect();
    json!({
        "clause": rule.clause,
        "title": rule.title,
        "asks": rule.asks,
        "reading": rule.reading,
        "parameters": parameters,
        "findings": rule.findings,
    })
}

fn entry_json(entry: &Entry) -> Value {
    json!({ "code": entry.code, "severity": entry.severity.code(), "clause": entry.clause, "wrong": entry.wrong, "mend": entry.mend })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_a_rule_stands_in_the_policy() {
        let policy = policy(None).unwrap();
        for rule in RULES {
            for path in rule.parameters {
                assert!(parameter(&policy, path).is_some(), "{}: {path}", rule.clause);
            }
        }
    }

    #[test]
    fn every_finding_of_a_rule_stands_in_the_catalogue() {
        for rule in RULES {
            for code in rule.findings {
                assert!(findings::find(code).is_some(), "{}: {code}", rule.clause);
            }
        }
    }

    #[test]
    fn a_mistyped_code_gets_the_nearest() {
        let table = clauses::table().unwrap();
        assert!(nearest("F2420", &table).contains(&"F2402"));
        assert!(nearest("A24.33", &table).contains(&"A24.3"));
        assert!(nearest("A3.22", &table).contains(&"A3.2"));
    }
}
