//! A decision told clause by clause: what each asks, which of its conditions hold, and the rows that show it.

use law::regulation::rule::{RULES, Rule};

use super::read::{Rows, Step};
use crate::ingest::table::Table;

/// The step that says what would change a decision; it is told apart from the conditions.
const CHANGE: &str = "change";

/// A clause of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The clause with what it asks.
    pub title: String,
    /// Its conditions, in its order.
    pub conditions: Vec<Condition>,
    /// The rows of the tables that it reads.
    pub rows: Vec<String>,
}

/// A condition of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether it holds; unknown without it.
    pub holds: Option<bool>,
    /// What it says, with the value found and the value wanted.
    pub text: String,
    /// What it asks, alone.
    pub sentence: String,
    /// The value found, where it has one.
    pub value: String,
    /// The value wanted, where it has one.
    pub threshold: String,
}

impl Condition {
    /// How it stands, in a mark and words.
    pub fn mark(&self) -> &'static str {
        mark(self.holds)
    }
}

/// A decision told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// Its clauses in order.
    pub clauses: Vec<Told>,
    /// The rows of the student's own record, and those that no clause names.
    pub own_rows: Vec<String>,
    /// What would change it.
    pub changes: Vec<String>,
}

/// Tells a decision by its steps and its evidence.
pub fn reasons(steps: &[Step], evidence: &[Rows]) -> Reasons {
    let mut shown = vec![Table::Roster.name()];
    let mut told = Vec::new();
    let row = |rows: &Rows| format!("{} {}", table(&rows.table), place(rows));
    for (clause, steps) in by_clause(steps) {
        let rule = rule(clause);
        let reads = rule.map_or(&[][..], |rule| rule.reads);
        told.push(Told {
            title: rule.map_or_else(|| clause.to_owned(), |rule| format!("{clause} {}：{}", rule.title, rule.asks)),
            conditions: steps.into_iter().map(condition).collect(),
            rows: evidence.iter().filter(|rows| reads.contains(&rows.table.as_str())).map(row).collect(),
        });
        shown.extend(reads);
    }
    let own = |rows: &&Rows| rows.table == Table::Roster.name() || !shown.contains(&rows.table.as_str());
    let own_rows = evidence.iter().filter(own).map(row).collect();
    let change = |step: &Step| format!("{}——{}", step.text, step.value.as_deref().unwrap_or_default());
    let changes = steps.iter().filter(|step| step.code == CHANGE).map(change).collect();
    Reasons { clauses: told, own_rows, changes }
}

/// How a condition stands, in a mark and words.
pub fn mark(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "✓ 成立",
        Some(false) => "✗ 不成立",
        None => "? 待核",
    }
}

/// The title of a table of outputs.
pub fn table(name: &str) -> &str {
    Table::ALL.iter().find(|table| table.name() == name).map_or(name, |table| table.title())
}

/// `file!sheet!row`, or `file!row` where the file has one table only.
pub fn place(rows: &Rows) -> String {
    let last = if rows.row_last > rows.row { format!("-{}", rows.row_last) } else { String::new() };
    let sheet = if rows.sheet.is_empty() { String::new() } else { format!("!{}", rows.sheet) };
    format!("{}{sheet}!{}{last}", rows.file, rows.row)
}

/// The rule that a step's clause belongs to.
pub fn rule(clause: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.clause == clause).or_else(|| {
        // A step may name an item of the clause that the rule computes.
        RULES.iter().copied().filter(|rule| clause.starts_with(rule.clause)).max_by_key(|rule| rule.clause.len())
    })
}

/// The steps in order, those of one clause together.
fn by_clause(steps: &[Step]) -> Vec<(&str, Vec<&Step>)> {
    let mut clauses: Vec<(&str, Vec<&Step>)> = Vec::new();
    for step in steps.iter().filter(|step| step.code != CHANGE) {
        match clauses.iter_mut().find(|(clause, _)| *clause == step.clause) {
            Some((_, own)) => own.push(step),
            None => clauses.push((&step.clause, vec![step])),
        }
    }
    clauses
}

fn condition(step: &Step) -> Condition {
    // A sentence ends with what its value is; without a value that part says nothing.
    let sentence = match (&step.value, step.text.rsplit_once('；')) {
        (None, Some((text, _))) => text,
        _ => &step.text,
    };
    let value = step.value.as_ref().map(|value| format!("：{value}")).unwrap_or_default();
    let threshold = step.threshold.as_ref().map(|threshold| format!("（标准 {threshold}）")).unwrap_or_default();
    Condition {
        holds: step.holds,
        text: format!("{sentence}{value}{threshold}"),
        sentence: sentence.to_owned(),
        value: step.value.clone().unwrap_or_default(),
        threshold: step.threshold.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_spreadsheets_show_them() {
        let rows = |sheet: &str, row, row_last| Rows { table: "roster".into(), file: "a.xlsx".into(), sheet: sheet.into(), row, row_last };
        assert_eq!(place(&rows("名册", 3, 3)), "a.xlsx!名册!3");
        assert_eq!(place(&rows("", 3, 5)), "a.xlsx!3-5");
    }
}
