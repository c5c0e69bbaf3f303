//! Verdicts over what is not known: conditions that hold, fail, or depend on unknown facts, kept exactly.
//!
//! A condition is a reduced ordered decision diagram over the unknown facts of one student. Conditions of known facts are
//! the two constants and cost nothing; with unknown ones every rule still evaluates once, and what it yields says for each
//! completion of the facts what the decision is. Reduced diagrams are canonical: a condition depends on a fact exactly when
//! the fact stands in its diagram, which is what `missing` has to name (rules, P2).

use std::collections::HashMap;

use crate::facts::subjects::Subject;

/// A fact that may be unknown, by the word that names it in `missing`. The order of the variants is the order of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// 学籍状态
    Status,
    /// 年级
    Grade,
    /// 出生日期
    BirthDate,
    /// 小学入学年月
    PrimaryEntry,
    /// 入学年月
    Entry,
    /// 注册日期
    Registration,
    /// 国籍/地区
    Nationality,
    /// 学生类别
    Category,
    /// 就读方式
    Mode,
    /// `<科目>.学年总评`
    Annual(Subject),
    /// `<科目>.补考`
    MakeUp(Subject),
    /// `<科目>.学业水平考试`
    Exam(Subject),
    /// `<科目>.校本考核`
    Assessment(Subject),
    /// 思想品德与行为规范
    Moral,
    /// A column of 综合素质评价.
    Evaluation(EvaluationColumn),
    /// An unreadable cell of another table: `<table>.<事项 or 类型>.<column>`.
    Cell(Cell),
}

/// The columns of 综合素质评价 beside the moral evaluation, in the contract's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum EvaluationColumn {
    Crime,
    Research,
    Extension,
    Volunteering,
    Military,
    Rural,
    Weeks,
    Reports,
}

impl EvaluationColumn {
    /// The header.
    pub fn header(self) -> &'static str {
        match self {
            Self::Crime => "犯罪记录",
            Self::Research => "研究型课程",
            Self::Extension => "拓展型课程",
            Self::Volunteering => "志愿服务",
            Self::Military => "军事训练",
            Self::Rural => "农村社会实践",
            Self::Weeks => "社会实践周数",
            Self::Reports => "研究性学习报告数",
        }
    }
}

/// An unreadable cell: its table and column by their places in the contract, its row to tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The table's place in the contract and its Chinese name.
    pub table: (u8, &'static str),
    /// The column's place and header.
    pub column: (u8, &'static str),
    /// 事项 or 类型
    pub item: &'static str,
    /// The row.
    pub row: u32,
    /// Which of several choices: a cell that could hold one of many values is as many facts as it takes to tell them apart.
    pub choice: u16,
}

impl Fact {
    /// The same fact for all choices of a cell.
    pub fn whole(self) -> Fact {
        match self {
            Fact::Cell(cell) => Fact::Cell(Cell { choice: 0, ..cell }),
            other => other,
        }
    }

    /// The subject that the fact is about.
    pub fn subject(self) -> Option<Subject> {
        match self {
            Fact::Annual(subject) | Fact::MakeUp(subject) | Fact::Exam(subject) | Fact::Assessment(subject) => Some(subject),
            _ => None,
        }
    }

    /// The same fact about another subject, if it is about one.
    pub fn with_subject(self, subject: Subject) -> Fact {
        match self {
            Fact::Annual(_) => Fact::Annual(subject),
            Fact::MakeUp(_) => Fact::MakeUp(subject),
            Fact::Exam(_) => Fact::Exam(subject),
            Fact::Assessment(_) => Fact::Assessment(subject),
            other => other,
        }
    }

    /// The word that names the fact, given the names of subjects.
    pub fn word(self, subject_name: impl Fn(Subject) -> String) -> String {
        match self {
            Fact::Status => "学籍状态".into(),
            Fact::Grade => "年级".into(),
            Fact::BirthDate => "出生日期".into(),
            Fact::PrimaryEntry => "小学入学年月".into(),
            Fact::Entry => "入学年月".into(),
            Fact::Registration => "注册日期".into(),
            Fact::Mode => "就读方式".into(),
            Fact::Nationality => "国籍/地区".into(),
            Fact::Category => "学生类别".into(),
            Fact::Annual(subject) => subject_name(subject) + ".学年总评",
            Fact::MakeUp(subject) => subject_name(subject) + ".补考",
            Fact::Exam(subject) => subject_name(subject) + ".学业水平考试",
            Fact::Assessment(subject) => subject_name(subject) + ".校本考核",
            Fact::Moral => "思想品德与行为规范".into(),
            Fact::Evaluation(column) => column.header().into(),
            Fact::Cell(cell) if cell.item.is_empty() => format!("{}.{}", cell.table.1, cell.column.1),
            Fact::Cell(cell) => format!("{}.{}.{}", cell.table.1, cell.item, cell.column.1),
        }
    }
}

/// A condition of one student: holds, fails, or depends on unknown facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition(u32);

impl Condition {
    /// Fails in every completion.
    pub const FAILS: Condition = Condition(0);
    /// Holds in every completion.
    pub const HOLDS: Condition = Condition(1);

    /// A known condition.
    pub fn known(holds: bool) -> Self {
        if holds { Self::HOLDS } else { Self::FAILS }
    }

    /// Whether it holds or fails whatever the unknown facts are; `None` if that depends on them.
    pub fn decided(self) -> Option<bool> {
        match self {
            Self::HOLDS => Some(true),
            Self::FAILS => Some(false),
            _ => None,
        }
    }

    /// Whether it holds in every completion.
    pub fn holds(self) -> bool {
        self == Self::HOLDS
    }

    /// Whether it fails in every completion.
    pub fn fails(self) -> bool {
        self == Self::FAILS
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    fact: u32,
    fails: Condition,
    holds: Condition,
}

/// The unknown facts of one student and the conditions over them.
#[derive(Clone, Debug, Default)]
pub struct Completions {
    facts: Vec<Fact>,
    nodes: Vec<Node>,
    places: HashMap<Node, Condition>,
    choices: HashMap<(Condition, Condition, Condition), Condition>,
    /// Whether facts known to be negative are taken as open, to see what would change a decision.
    supposing: bool,
}

impl Completions {
    /// Forgets everything, for the next student. With `supposing`, `fact` leaves negative facts open.
    pub fn clear(&mut self, supposing: bool) {
        if !self.facts.is_empty() {
            self.facts.clear();
            self.nodes.clear();
            self.places.clear();
            self.choices.clear();
        }
        self.supposing = supposing;
    }

    /// An unknown fact: one and the same condition whenever it is asked for.
    pub fn unknown(&mut self, fact: Fact) -> Condition {
        let place = self.facts.iter().position(|known| *known == fact).unwrap_or_else(|| {
            self.facts.push(fact);
            self.facts.len() - 1
        });
        self.node(place as u32, Condition::FAILS, Condition::HOLDS)
    }

    /// A known fact that a person could still bring about: open when it is negative and we are supposing.
    pub fn fact(&mut self, fact: Fact, holds: bool) -> Condition {
        if !holds && self.supposing { self.unknown(fact) } else { Condition::known(holds) }
    }

    fn node(&mut self, fact: u32, fails: Condition, holds: Condition) -> Condition {
        if fails == holds {
            return fails;
        }
        let node = Node { fact, fails, holds };
        let next = Condition(self.nodes.len() as u32 + 2);
        let place = *self.places.entry(node).or_insert(next);
        if place == next {
            self.nodes.push(node);
        }
        place
    }

    /// The fact that a condition asks first; past all facts for the constants.
    fn first_fact(&self, condition: Condition) -> u32 {
        condition.0.checked_sub(2).map_or(u32::MAX, |place| self.nodes[place as usize].fact)
    }

    fn branch(&self, condition: Condition, fact: u32, holds: bool) -> Condition {
        match condition.0.checked_sub(2).map(|place| self.nodes[place as usize]) {
            Some(node) if node.fact == fact => {
                if holds {
                    node.holds
                } else {
                    node.fails
                }
            }
            _ => condition,
        }
    }

    /// `then` where the condition holds, `otherwise` where it fails.
    pub fn choose(&mut self, condition: Condition, then: Condition, otherwise: Condition) -> Condition {
        match condition {
            Condition::HOLDS => return then,
            Condition::FAILS => return otherwise,
            _ if then == otherwise => return then,
            _ if then.holds() && otherwise.fails() => return condition,
            _ => {}
        }
        let key = (condition, then, otherwise);
        if let Some(known) = self.choices.get(&key) {
            return *known;
        }
        let fact = self.first_fact(condition).min(self.first_fact(then)).min(self.first_fact(otherwise));
        let side =
            |all: &Self, holds| (all.branch(condition, fact, holds), all.branch(then, fact, holds), all.branch(otherwise, fact, holds));
        let (low, high) = (side(self, false), side(self, true));
        let fails = self.choose(low.0, low.1, low.2);
        let holds = self.choose(high.0, high.1, high.2);
        let chosen = self.node(fact, fails, holds);
        self.choices.insert(key, chosen);
        chosen
    }

    /// Fails where the other holds.
    pub fn not(&mut self, condition: Condition) -> Condition {
        self.choose(condition, Condition::FAILS, Condition::HOLDS)
    }

    /// Both hold.
    pub fn and(&mut self, one: Condition, other: Condition) -> Condition {
        self.choose(one, other, Condition::FAILS)
    }

    /// The one holds and the other fails.
    pub fn and_not(&mut self, one: Condition, other: Condition) -> Condition {
        let other = self.not(other);
        self.and(one, other)
    }

    /// At least one holds.
    pub fn or(&mut self, one: Condition, other: Condition) -> Condition {
        self.choose(one, Condition::HOLDS, other)
    }

    /// All hold.
    pub fn all(&mut self, conditions: impl IntoIterator<Item = Condition>) -> Condition {
        conditions.into_iter().fold(Condition::HOLDS, |all, condition| self.and(all, condition))
    }

    /// At least `number` of the conditions hold.
    pub fn at_least(&mut self, number: usize, conditions: impl IntoIterator<Item = Condition>) -> Condition {
        let mut open = Vec::new();
        let mut needed = number;
        for condition in conditions {
            match condition {
                Condition::HOLDS => needed = needed.saturating_sub(1),
                Condition::FAILS => {}
                _ => open.push(condition),
            }
        }
        if needed == 0 {
            return Condition::HOLDS;
        }
        if open.len() < needed {
            return Condition::FAILS;
        }
        // counts[k]: at least k of the conditions seen so far hold.
        let mut counts = vec![Condition::FAILS; needed + 1];
        counts[0] = Condition::HOLDS;
        for condition in open {
            for count in (1..=needed).rev() {
                counts[count] = self.choose(condition, counts[count - 1], counts[count]);
            }
        }
        counts[needed]
    }

    /// At most `number` of the conditions hold.
    pub fn at_most(&mut self, number: usize, conditions: impl IntoIterator<Item = Condition>) -> Condition {
        let more = self.at_least(number + 1, conditions);
        self.not(more)
    }

    /// Adds the facts that a condition depends on.
    pub fn depends_on(&self, condition: Condition, facts: &mut Vec<Fact>) {
        let mut open = vec![condition];
        let mut seen = vec![false; self.nodes.len()];
        while let Some(condition) = open.pop() {
            let Some(place) = condition.0.checked_sub(2).map(|place| place as usize) else { continue };
            if std::mem::replace(&mut seen[place], true) {
                continue;
            }
            let node = self.nodes[place];
            let fact = self.facts[node.fact as usize];
            if !facts.contains(&fact) {
                facts.push(fact);
            }
            open.extend([node.fails, node.holds]);
        }
    }

    /// The smallest set of facts that, brought about, makes the condition hold with all other open facts left negative; `None` if none does.
    pub fn smallest_change(&self, condition: Condition) -> Option<Vec<Fact>> {
        // Every node's branches were made before it, so one pass from the first node on is enough.
        let mut costs: Vec<Option<(u32, bool)>> = Vec::with_capacity(self.nodes.len());
        let cost_of = |costs: &[Option<(u32, bool)>], condition: Condition| match condition {
            Condition::HOLDS => Some(0),
            Condition::FAILS => None,
            Condition(place) => costs.get(place as usize - 2).copied().flatten().map(|(cost, _)| cost),
        };
        for node in &self.nodes {
            let (fails, holds) = (cost_of(&costs, node.fails), cost_of(&costs, node.holds).map(|cost| cost + 1));
            costs.push(match (fails, holds) {
                (Some(fails), Some(holds)) if holds < fails => Some((holds, true)),
                (Some(fails), _) => Some((fails, false)),
                (None, Some(holds)) => Some((holds, true)),
                (None, None) => None,
            });
        }
        cost_of(&costs, condition)?;
        let mut change = Vec::new();
        let mut at = condition;
        while let Some(place) = at.0.checked_sub(2).map(|place| place as usize) {
            let node = self.nodes[place];
            let (_, takes) = costs[place]?;
            if takes {
                change.push(self.facts[node.fact as usize]);
            }
            at = if takes { node.holds } else { node.fails };
        }
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(completions: &mut Completions, number: u8) -> Vec<Condition> {
        (0..number).map(|code| completions.unknown(Fact::Annual(Subject(code)))).collect()
    }

    #[test]
    fn a_condition_and_its_contrary_are_no_unknown() {
        let mut completions = Completions::default();
        let fact = completions.unknown(Fact::Moral);
        let contrary = completions.not(fact);
        assert!(completions.or(fact, contrary).holds());
        assert!(completions.and(fact, contrary).fails());
    }

    #[test]
    fn counts_hold_for_every_completion() {
        let mut completions = Completions::default();
        let facts = subjects(&mut completions, 6);
        for number in 0..=7 {
            let condition = completions.at_least(number, facts.iter().copied());
            for completion in 0_u32..64 {
                let at = (0..6).fold(condition, |at, fact| completions.branch(at, fact, completion >> fact & 1 == 1));
                assert_eq!(at.decided(), Some(completion.count_ones() as usize >= number), "{number} of {completion:b}");
            }
        }
    }

    #[test]
    fn only_facts_that_matter_are_named() {
        let mut completions = Completions::default();
        let facts = subjects(&mut completions, 3);
        let one = completions.or(facts[0], facts[1]);
        let covered = completions.and(facts[0], facts[2]);
        let condition = completions.or(one, covered);
        let mut named = Vec::new();
        completions.depends_on(condition, &mut named);
        named.sort();
        assert_eq!(named, [Fact::Annual(Subject(0)), Fact::Annual(Subject(1))]);
    }

    #[test]
    fn the_smallest_change_is_found() {
        let mut completions = Completions::default();
        let facts = subjects(&mut completions, 5);
        let three = completions.at_least(3, facts[..4].iter().copied());
        let either = completions.and(facts[3], facts[4]);
        let condition = completions.or(three, either);
        let change = completions.smallest_change(condition).unwrap();
        assert_eq!(change, [Fact::Annual(Subject(3)), Fact::Annual(Subject(4))]);
        assert_eq!(completions.smallest_change(Condition::FAILS), None);
    }

    #[test]
    fn a_later_fact_alone_is_less_than_two_earlier_ones() {
        let mut completions = Completions::default();
        let facts = subjects(&mut completions, 3);
        let both = completions.and(facts[1], facts[2]);
        let condition = completions.or(facts[0], both);
        assert_eq!(completions.smallest_change(condition), Some(vec![Fact::Annual(Subject(0))]));
    }

    #[test]
    fn a_cell_is_named_by_its_table_and_column_and_once_for_all_its_values() {
        let cell = Cell { table: (10, "学籍异动"), column: (4, "生效日期"), item: "休学", row: 7, choice: 0 };
        assert_eq!(Fact::Cell(Cell { choice: 3, ..cell }).whole(), Fact::Cell(cell));
        let word = |cell| Fact::Cell(cell).word(|_| String::new());
        assert_eq!(word(cell), "学籍异动.休学.生效日期");
        assert_eq!(word(Cell { table: (9, "督促记录"), column: (1, "督促日期"), item: "", row: 7, choice: 0 }), "督促记录.督促日期");
    }
}
