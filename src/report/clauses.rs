//! The account of a run, clause by clause: what was found, what was looked at and in order, what lacks data, what a person has to judge.

use law::regulation::clauses::{CLAUSES, Clause, Clauses, How};
use law::regulation::rule::RULES;

use super::manifest::Manifest;
use crate::ingest::table::Table;

/// The table of every clause.
///
/// # Errors
/// None, unless the program was built with a broken table.
pub fn table() -> Result<Vec<Clause>, String> {
    toml::from_str::<Clauses>(CLAUSES).map(|table| table.clauses).map_err(|error| format!("the table of clauses is not usable: {error}"))
}

/// How a clause stands in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// So many findings.
    Found(u64),
    /// Looked at, and nothing was found.
    InOrder,
    /// None of the tables that it rests on was handed in, by their names.
    NoData(Vec<&'static str>),
    /// Decisions follow it; nothing is found by it.
    Decides,
    /// A person has to judge.
    Person,
}

impl Standing {
    /// How a clause stands.
    pub fn of(clause: &Clause, manifest: &Manifest) -> Self {
        let found = clause.findings.iter().filter_map(|code| manifest.findings.get(code)).sum();
        if found > 0 {
            return Standing::Found(found);
        }
        if clause.how == How::Person {
            return Standing::Person;
        }
        if clause.findings.is_empty() {
            return Standing::Decides;
        }
        let rules = RULES.iter().filter(|rule| clause.rules.iter().any(|own| own == rule.clause));
        let mut reads: Vec<&'static str> = rules.flat_map(|rule| rule.reads).copied().collect();
        reads.sort_unstable();
        reads.dedup();
        let is_there = |table: &&str| manifest.books.get(*table).is_some_and(|books| books.read > 0);
        if !reads.is_empty() && !reads.iter().any(is_there) {
            return Standing::NoData(reads.into_iter().map(title).collect());
        }
        Standing::InOrder
    }

    /// The words for people.
    pub fn text(&self) -> String {
        match self {
            Standing::Found(number) => format!("{number} 处问题"),
            Standing::InOrder => "没有发现问题".to_owned(),
            Standing::NoData(tables) => format!("没有查：缺{}", tables.join("、")),
            Standing::Decides => "判定时依据，不单列问题".to_owned(),
            Standing::Person => "由人判断".to_owned(),
        }
    }
}

/// The other clauses that a clause's findings are counted for too, in a few words; empty where there are none.
pub fn counted_with(clause: &Clause, table: &[Clause], manifest: &Manifest) -> String {
    const SHOWN: usize = 3;
    let found = |code: &&String| manifest.findings.contains_key(*code) && clause.findings.contains(*code);
    let others = table.iter().filter(|other| other.id != clause.id && other.findings.iter().any(|code| found(&code)));
    let others: Vec<&str> = others.map(|other| other.id.as_str()).collect();
    match others.len() {
        0 => String::new(),
        1..=SHOWN => format!("，与 {} 同计", others.join("、")),
        _ => format!("，与 {} 等 {} 项同计", others[..SHOWN].join("、"), others.len()),
    }
}

/// The Chinese name of a table.
fn title(name: &'static str) -> &'static str {
    Table::ALL.iter().find(|table| table.name() == name).map_or(name, |table| table.title())
}

/// The account in a line.
pub fn in_a_line(table: &[Clause], manifest: &Manifest) -> String {
    let standings: Vec<Standing> = table.iter().map(|clause| Standing::of(clause, manifest)).collect();
    let count = |is_asked: fn(&Standing) -> bool| standings.iter().filter(|own| is_asked(own)).count();
    format!(
        "办法 {} 项：{} 项有问题，{} 项没有发现问题，{} 项缺数据没有查，{} 项是判定的依据，{} 项由人判断，见 summary.xlsx 的“逐条核查”",
        table.len(),
        count(|own| matches!(own, Standing::Found(_))),
        count(|own| matches!(own, Standing::InOrder)),
        count(|own| matches!(own, Standing::NoData(_))),
        count(|own| matches!(own, Standing::Decides)),
        count(|own| matches!(own, Standing::Person)),
    )
}
