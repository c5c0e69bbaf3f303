//! A table of a page.

use askama::Template;

/// A table whose first column names its rows.
#[derive(Template, Default)]
#[template(path = "table.html")]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the filter of the page goes over its rows.
    pub is_filtered: bool,
    /// What is said below it.
    pub more: String,
}

/// A column.
pub struct Column {
    /// Its title.
    pub title: String,
    /// Whether it holds numbers.
    pub is_number: bool,
}

/// A cell.
#[derive(Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Where it leads.
    pub link: Option<String>,
    is_number: bool,
    is_zero: bool,
    is_alarm: bool,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text that leads somewhere.
    pub fn link(text: impl Into<String>, link: impl Into<String>) -> Self {
        Self { text: text.into(), link: Some(link.into()), ..Self::default() }
    }

    /// A text that has to be seen.
    pub fn alarm(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_alarm: true, ..Self::default() }
    }

    /// A number.
    pub fn number(number: u64) -> Self {
        Self { text: number.to_string(), is_number: true, is_zero: number == 0, ..Self::default() }
    }

    fn class(&self) -> &'static str {
        match (self.is_number, self.is_zero, self.is_alarm) {
            (true, true, _) => "n zero",
            (true, false, _) => "n",
            (false, _, true) => "error",
            (false, _, false) => "",
        }
    }
}

/// Columns of texts, then columns of numbers.
pub fn columns<'t>(texts: &[&str], numbers: impl IntoIterator<Item = &'t str>) -> Vec<Column> {
    let texts = texts.iter().map(|title| Column { title: (*title).to_owned(), is_number: false });
    texts.chain(numbers.into_iter().map(|title| Column { title: title.to_owned(), is_number: true })).collect()
}
