//! The account of a run, clause by clause: what was found, what was looked at and in order, what lacks data, what a person has to judge.

use law::regulation::clauses::{CHAPTERS, CLAUSES, Chapter, Clause, Clauses, How};
use law::regulation::district_audit::YET_TO_COME;
use law::regulation::findings::{self, Severity};
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
    /// So many findings that somebody has to mend or explain.
    Found(u64),
    /// Looked at, and nothing was found.
    InOrder,
    /// The tables that it can't be looked at without were not handed in, by their names.
    NoData(Vec<&'static str>),
    /// What it asks may still come before the school year ends.
    NotYet,
    /// Decisions in term follow it; nothing is found by it.
    Decides,
    /// The year's end decides by it, and an audit does not.
    AtYearEnd,
    /// A person has to judge.
    Person,
}

/// The chapters by which the year's end decides: moving up and finishing, by their places among all.
const OF_YEAR_END: std::ops::RangeInclusive<usize> = 3..=4;

impl Standing {
    /// How a clause stands.
    pub fn of(clause: &Clause, manifest: &Manifest) -> Self {
        let asks = |code: &&String| findings::find(code).is_some_and(|entry| entry.severity != Severity::Info);
        let found = clause.findings.iter().filter(asks).filter_map(|code| manifest.findings.get(code)).sum();
        if found > 0 {
            return Standing::Found(found);
        }
        if clause.how == How::Person {
            return Standing::Person;
        }
        if clause.findings.is_empty() {
            let of_year_end = CHAPTERS.get(OF_YEAR_END).unwrap_or_default();
            let is_within =
                |chapter: &Chapter| clause.article().is_some_and(|article| (chapter.articles.0..=chapter.articles.1).contains(&article));
            return if of_year_end.iter().any(is_within) { Standing::AtYearEnd } else { Standing::Decides };
        }
        let lacking = lacking(clause, manifest);
        if !lacking.is_empty() {
            return Standing::NoData(lacking);
        }
        if !manifest.is_year_over && clause.findings.iter().all(|code| YET_TO_COME.contains(&code.as_str())) {
            return Standing::NotYet;
        }
        Standing::InOrder
    }

    /// The words for people.
    pub fn text(&self) -> String {
        match self {
            Standing::Found(number) => format!("{number} 处问题"),
            Standing::InOrder => "没有发现问题".to_owned(),
            Standing::NoData(tables) => format!("没有查：缺{}", tables.join("、")),
            Standing::NotYet => "还没到时候：学年结束后查".to_owned(),
            Standing::Decides => "判定时依据，不单列问题".to_owned(),
            Standing::AtYearEnd => "学年末判定时用，核查不作结论".to_owned(),
            Standing::Person => "由人判断".to_owned(),
        }
    }
}

/// The tables that a clause can't be looked at without and that nobody handed in: of each of its rules the first that it reads. Nothing
/// where a rule of the clause can do.
fn lacking(clause: &Clause, manifest: &Manifest) -> Vec<&'static str> {
    let is_there = |table: &str| manifest.books.get(table).is_some_and(|books| books.read > 0);
    // Who reports that nobody was absent has handed in attendance too.
    let was_sent = |table: &str| is_there(table) || table == Table::Attendance.name() && is_there(Table::AttendanceReports.name());
    let mut lacking = Vec::new();
    for rule in RULES.iter().filter(|rule| clause.rules.iter().any(|own| own == rule.clause)) {
        match rule.reads.first() {
            Some(table) if !was_sent(table) => lacking.push(title(table)),
            _ => return Vec::new(),
        }
    }
    lacking.sort_unstable();
    lacking.dedup();
    lacking
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
        "办法 {} 项：{} 项有问题，{} 项没有发现问题，{} 项缺数据没有查，{} 项是判定的依据或还没到时候，{} 项由人判断，见 summary.xlsx 的“逐条核查”",
        table.len(),
        count(|own| matches!(own, Standing::Found(_))),
        count(|own| matches!(own, Standing::InOrder)),
        count(|own| matches!(own, Standing::NoData(_))),
        count(|own| matches!(own, Standing::Decides | Standing::AtYearEnd | Standing::NotYet)),
        count(|own| matches!(own, Standing::Person)),
    )
}
