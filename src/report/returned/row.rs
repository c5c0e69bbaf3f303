//! What is said of a row that goes back: what is wrong with it and how to mend it, the gravest first.

use law::regulation::findings::{Severity, find};

use crate::ingest::table::{Field, Table};
use crate::ingest::{CopiedCell, Mark, key_sets, shown};
use crate::report::mask;

/// What is known of a row that goes back.
#[derive(Clone, Debug, Default)]
pub(super) struct RowProblems {
    /// The code for which it was set aside after reading, and the column that it is about, among the table's fields.
    pub aside: Option<(&'static str, Option<usize>)>,
    /// The number with which it came back from an earlier round.
    pub earlier: String,
    pub problems: Vec<Problem>,
}

/// What is wrong with a row, or with one of its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub severity: Severity,
    pub code: &'static str,
    /// The column, among the table's fields.
    pub field: Option<usize>,
    /// The column's header as written.
    pub header: String,
    pub found: String,
    pub expected: String,
}

impl Problem {
    fn new(code: &'static str, field: Option<usize>, header: String, found: String, expected: String) -> Self {
        let severity = find(code).map_or(Severity::Query, |entry| entry.severity);
        Self { severity, code, field, header, found, expected }
    }

    /// What is wrong, in words.
    fn wrong(&self) -> String {
        let mut text = find(self.code).map_or("", |entry| entry.wrong).to_owned();
        let header: String = self.header.split_whitespace().collect();
        for (what, value) in [("列", header.as_str()), ("现为", &self.found), ("应为", &self.expected)] {
            if !value.is_empty() {
                text.push_str(&format!("；{what}：{value}"));
            }
        }
        mask::within(&text).into_owned()
    }

    fn mend(&self) -> &'static str {
        match self.code {
            // Taking it out here would leave the one in the original.
            "I0301" => "这一行与别的行重复，不用再报：把本格全部内容换成“删去”二字；如果是另一条记录，改正后保留",
            code => find(code).map_or("", |entry| entry.mend),
        }
    }
}

/// The words of the added columns: codes, what is wrong, how to mend it.
pub(super) struct Words {
    pub codes: String,
    pub wrong: String,
    pub mend: String,
}

impl RowProblems {
    /// Puts together what findings say and what the cells show by themselves, marks the cells that findings are about, and gives the words.
    pub(super) fn settle(
        &mut self,
        table: Table,
        places: &[Option<u16>],
        headers: &[Option<impl AsRef<str>>],
        cells: &mut [CopiedCell],
    ) -> Words {
        let fields = table.fields();
        let header = |place: usize| {
            let canonical = fields.get(place).map_or("", |field| field.header);
            headers.get(place).and_then(|header| header.as_ref()).map_or(canonical, AsRef::as_ref).to_owned()
        };
        for (place, field) in fields.iter().enumerate() {
            let column = places.get(place).copied().flatten().map(usize::from);
            let cell = column.and_then(|column| cells.get(column));
            if let Some(CopiedCell { text, mark: Mark::Wrong(code, expected), .. }) = cell
                && !self.problems.iter().any(|known| known.code == *code && known.field == Some(place))
            {
                self.problems.push(Problem::new(code, Some(place), header(place), shown(text, field.holds), expected.clone()));
            }
        }
        // A finding names some of the rows that it is about, not all.
        if let Some((code, place)) = self.aside.filter(|(code, _)| self.problems.iter().all(|known| known.code != *code)) {
            let cell = place.and_then(|place| places.get(place).copied().flatten()).and_then(|column| cells.get(usize::from(column)));
            let found = cell.zip(place.and_then(|place| fields.get(place))).map(|(cell, field)| shown(&cell.text, field.holds));
            let header = place.map(header).unwrap_or_default();
            self.problems.push(Problem::new(code, place, header, found.unwrap_or_default(), String::new()));
        }
        if self.problems.is_empty() {
            self.problems.push(lacks_key(table, fields, places, cells));
        }
        for problem in &self.problems {
            let column = problem.field.and_then(|field| places.get(field).copied().flatten());
            if let Some(cell) = column.and_then(|column| cells.get_mut(usize::from(column))).filter(|cell| cell.mark == Mark::Kept) {
                cell.mark = Mark::Wrong(problem.code, mask::within(&problem.expected).into_owned());
            }
        }
        self.problems.sort_by(|one, other| {
            let order = |own: &Problem| (own.severity, own.code, own.field);
            order(one).cmp(&order(other)).then_with(|| one.found.cmp(&other.found))
        });
        let mut codes: Vec<&str> = self.problems.iter().map(|problem| problem.code).collect();
        codes.dedup();
        let mut mend: Vec<&str> = self.problems.iter().map(Problem::mend).collect();
        mend.dedup();
        let wrong: Vec<String> = self.problems.iter().map(Problem::wrong).collect();
        Words { codes: codes.join("、"), wrong: numbered(wrong), mend: numbered(mend) }
    }
}

/// A row of which nothing says whose or what it is: each of the columns that could say so is empty.
fn lacks_key(table: Table, fields: &[Field], places: &[Option<u16>], cells: &[CopiedCell]) -> Problem {
    let is_blank = |field: usize| {
        let cell = places.get(field).copied().flatten().and_then(|column| cells.get(usize::from(column)));
        cell.is_none_or(|cell| cell.text.trim().is_empty())
    };
    let sets = key_sets(table).iter().map(|set| set.iter().filter_map(|header| table.field(header)).collect::<Vec<_>>());
    let lacking = sets.into_iter().find(|set| set.iter().all(|field| is_blank(*field))).unwrap_or_default();
    let headers: Vec<&str> = lacking.iter().filter_map(|field| fields.get(*field)).map(|field| field.header).collect();
    Problem::new(
        "I0201",
        lacking.first().copied(),
        headers.first().copied().unwrap_or_default().to_owned(),
        String::new(),
        headers.join("或"),
    )
}

/// One line each, with numbers where there are several.
fn numbered(lines: Vec<impl AsRef<str>>) -> String {
    match lines.as_slice() {
        [one] => one.as_ref().to_owned(),
        several => (1..).zip(several).map(|(number, line)| format!("{number}. {}", line.as_ref())).collect::<Vec<_>>().join("\n"),
    }
}
