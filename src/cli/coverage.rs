//! The table of every clause of the regulation: a line, a block or a page, from what the law says of itself.

use law::regulation::clauses::{CHAPTERS, Clause, How};
use law::regulation::rule::RULES;
use serde_json::{Value, json};

/// A clause in a line: how faithfully it is computed, and by what. What nothing computes says what it asks.
pub(super) fn line(clause: &Clause) -> String {
    let mut by: Vec<String> = clause.rules.iter().map(|rule| titled(rule)).collect();
    if !clause.findings.is_empty() {
        by.push(clause.findings.join("、"));
    }
    let by = if by.is_empty() { clause.asks.clone() } else { by.join("；") };
    format!("  {:<9}{:　<4}  {by}", clause.id, clause.how.title())
}

/// A clause in full.
pub(super) fn text(clause: &Clause) -> String {
    let mut lines = vec![format!("{}（{}）", clause.id, clause.how.title()), format!("  条文：{}", clause.asks)];
    if !clause.rules.is_empty() {
        lines.push(format!("  规则：{}", clause.rules.iter().map(|rule| titled(rule)).collect::<Vec<_>>().join("；")));
    }
    if !clause.findings.is_empty() {
        lines.push(format!("  问题：{}", clause.findings.join("、")));
    }
    if !clause.why.is_empty() {
        lines.push(format!("  说明：{}", clause.why));
    }
    lines.join("\n")
}

/// A rule by its clause, with its title.
fn titled(clause: &str) -> String {
    RULES.iter().find(|rule| rule.clause == clause).map_or_else(|| clause.to_owned(), |rule| format!("{clause} {}", rule.title))
}

/// The table as JSON, with the counts.
pub(super) fn json(table: &[Clause]) -> Value {
    let counts: serde_json::Map<String, Value> =
        How::ALL.iter().map(|how| (json!(how).as_str().unwrap_or_default().to_owned(), json!(count(table, *how)))).collect();
    json!({ "counts": counts, "coverage": table })
}

fn count(table: &[Clause], how: How) -> usize {
    table.iter().filter(|clause| clause.how == how).count()
}

/// The page `docs/coverage.md`.
pub(super) fn page(table: &[Clause]) -> String {
    let mut lines = vec![
        "# 每一条、每一款、每一项".to_owned(),
        String::new(),
        "《上海市中小学学生学籍管理办法》全部条款：哪些由程序判定、判得多准，哪些要由人判断，为什么。".to_owned(),
        "条款的意思用我们自己的话写，以办法原文为准。".to_owned(),
        String::new(),
        "本页由程序生成，不要手改：改 `src/law/regulation/clauses.toml`，再运行 `xueji rules --coverage > docs/coverage.md`。".to_owned(),
        "单看一条：`xueji rules A34.3`。".to_owned(),
        String::new(),
        format!("共 {} 项。", table.len()),
        String::new(),
        "| 怎样 | 项数 | 意思 |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    lines.extend(How::ALL.iter().map(|how| format!("| {} | {} | {} |", how.title(), count(table, *how), how.means())));
    for chapter in CHAPTERS {
        let (first, last) = chapter.articles;
        lines.extend(["", &format!("## {}", chapter.title), ""].map(str::to_owned));
        lines.extend(["| 条款 | 条文 | 怎样 | 规则 | 问题 | 说明 |", "| --- | --- | --- | --- | --- | --- |"].map(str::to_owned));
        let own = table.iter().filter(|clause| clause.article().is_some_and(|article| (first..=last).contains(&article)));
        lines.extend(own.map(row));
    }
    lines.join("\n")
}

fn row(clause: &Clause) -> String {
    let cells =
        [&clause.id, &clause.asks, clause.how.title(), &clause.rules.join("、"), &clause.findings.join("、"), &clause.why].map(in_a_cell);
    format!("| {} |", cells.join(" | "))
}

fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|")
}
