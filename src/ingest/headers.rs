//! What do offices call it? The dictionary of header spellings and of the spellings of code words, and what the policy adds to it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use law::facts::codes::{AnnualResult, Standard};
use law::facts::grades::Grade;
use law::facts::subjects::{Subject, Subjects};
use serde::Deserialize;

use super::fold;
use super::table::{Field, Holds, Table};

/// The dictionaries that the program brings along.
const BUILT_IN: [(&str, &str); 2] = [
    ("standard.toml", include_str!("../../pipelines/headers/standard.toml")),
    ("national-codes.toml", include_str!("../../pipelines/headers/national-codes.toml")),
];

/// Why a dictionary can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    /// The folder or a file in it can't be read.
    #[error("{path}: {error}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is no TOML of the dictionary's form.
    #[error("{name}: {error}")]
    Form {
        /// Which.
        name: String,
        /// Why.
        error: Box<toml::de::Error>,
    },
    /// A file names a table that there is not.
    #[error("{name}: `[headers.{table}]`: no such table")]
    Table {
        /// Which file.
        name: String,
        /// The table's name.
        table: String,
    },
    /// A file names a column that there is not.
    #[error("{name}: no column {column} in {place}")]
    Column {
        /// Which file.
        name: String,
        /// Where in the file.
        place: String,
        /// The column's name.
        column: String,
    },
    /// A file names a word that is in no list of the column.
    #[error("{name}: {word} is no word of the column {column}; its words are {}", .words.join("、"))]
    Word {
        /// Which file.
        name: String,
        /// The column's name.
        column: String,
        /// The word.
        word: String,
        /// Those that it has.
        words: &'static [&'static str],
    },
}

/// The column whose passing words the policy names.
const MORAL: &str = "思想品德与行为规范";

type Spellings = BTreeMap<String, BTreeMap<String, Vec<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    headers: Spellings,
    #[serde(default)]
    words: Spellings,
    #[serde(default)]
    ordinary: Spellings,
    #[serde(default)]
    footers: Footers,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footers {
    #[serde(default)]
    begins: Vec<String>,
}

/// A spelling of a code word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// The word's place in its list.
    pub code: u8,
    /// Whether it is a spelling of every day, taken without a word.
    pub ordinary: bool,
}

/// Header spellings, word spellings and what footers begin with.
#[derive(Clone, Debug)]
pub struct Dictionary {
    headers: HashMap<String, Vec<(Table, usize)>>,
    words: HashMap<(&'static str, String), Spelling>,
    footers: Vec<String>,
}

/// The words of a column: those of its list, of 学年总评, or of grades.
pub(crate) fn words_of(field: &Field) -> &'static [&'static str] {
    match field.holds {
        Holds::Word(words) | Holds::Named(words) => words,
        Holds::AnnualResult => AnnualResult::WORDS,
        Holds::Grade => Grade::TITLES,
        _ => &[],
    }
}

impl Dictionary {
    /// The dictionary that the program brings along.
    ///
    /// # Errors
    /// None, unless the program was built with a broken one.
    pub fn built_in() -> Result<Self, DictionaryError> {
        let mut dictionary = Self { headers: HashMap::new(), words: HashMap::new(), footers: Vec::new() };
        for (name, text) in BUILT_IN {
            dictionary.extend(name, text)?;
        }
        Ok(dictionary)
    }

    /// The built-in dictionary and what further ones say: files, or folders whose `.toml` files are read in the order of their names.
    /// What a later one says comes before what an earlier one said.
    ///
    /// # Errors
    /// A folder or file that can't be read, or that names tables, columns or words that there are not.
    pub fn with(further: &[PathBuf]) -> Result<Self, DictionaryError> {
        let mut dictionary = Self::built_in()?;
        for path in further {
            let files = if path.is_dir() { files_of(path)? } else { vec![path.clone()] };
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(|error| DictionaryError::Read { path: file.clone(), error })?;
                dictionary.extend(&file.display().to_string(), &text)?;
            }
        }
        Ok(dictionary)
    }

    /// Adds what a file says; it comes before what was known.
    ///
    /// # Errors
    /// A text that is no dictionary, or names tables, columns or words that there are not.
    pub fn extend(&mut self, name: &str, text: &str) -> Result<(), DictionaryError> {
        let file: File = toml::from_str(text).map_err(|error| DictionaryError::Form { name: name.to_owned(), error: Box::new(error) })?;
        if let Some(any) = file.headers.get("any") {
            for (column, spellings) in any {
                let tables: Vec<(Table, usize)> =
                    Table::ALL.iter().filter_map(|&table| table.field(column).map(|field| (table, field))).collect();
                if tables.is_empty() {
                    return Err(DictionaryError::Column { name: name.to_owned(), place: "[headers.any]".into(), column: column.clone() });
                }
                for (table, field) in tables {
                    self.add_headers(table, field, spellings);
                }
            }
        }
        for (table_name, columns) in file.headers.iter().filter(|(table, _)| *table != "any") {
            let table = Table::ALL
                .iter()
                .copied()
                .find(|table| table.name() == table_name)
                .ok_or_else(|| DictionaryError::Table { name: name.to_owned(), table: table_name.clone() })?;
            for (column, spellings) in columns.iter().filter(|(_, spellings)| !spellings.is_empty()) {
                let field = table.field(column).ok_or_else(|| DictionaryError::Column {
                    name: name.to_owned(),
                    place: format!("[headers.{table_name}]"),
                    column: column.clone(),
                })?;
                self.add_headers(table, field, spellings);
            }
        }
        // The canonical headers come before all spellings.
        for &table in Table::ALL {
            for (place, field) in table.fields().iter().enumerate().filter(|(_, field)| field.holds != Holds::Shown) {
                self.add_headers(table, place, &[field.header.to_owned()]);
            }
        }
        self.add_words(name, &file.words, false)?;
        self.add_words(name, &file.ordinary, true)?;
        for begin in &file.footers.begins {
            let folded = fold::word(begin);
            if !folded.is_empty() && !self.footers.contains(&folded) {
                self.footers.push(folded);
            }
        }
        Ok(())
    }

    fn add_headers(&mut self, table: Table, field: usize, spellings: &[String]) {
        for spelling in spellings {
            let known = self.headers.entry(fold::header(spelling)).or_default();
            known.retain(|(other, _)| *other != table);
            known.push((table, field));
        }
    }

    fn add_words(&mut self, name: &str, lists: &Spellings, ordinary: bool) -> Result<(), DictionaryError> {
        for (columns, words) in lists {
            for column in columns.split('、').map(str::trim) {
                let field = Table::ALL
                    .iter()
                    .flat_map(|table| table.fields())
                    .find(|field| field.header == column && !words_of(field).is_empty())
                    .ok_or_else(|| DictionaryError::Column {
                        name: name.to_owned(),
                        place: format!("[words.\"{columns}\"]"),
                        column: column.to_owned(),
                    })?;
                for (word, spellings) in words {
                    let code =
                        words_of(field).iter().position(|known| known == word).and_then(|place| u8::try_from(place).ok()).ok_or_else(
                            || DictionaryError::Word {
                                name: name.to_owned(),
                                column: column.to_owned(),
                                word: word.clone(),
                                words: words_of(field),
                            },
                        )?;
                    for spelling in spellings {
                        self.words.insert((field.header, fold::word(spelling)), Spelling { code, ordinary });
                    }
                }
            }
        }
        Ok(())
    }

    /// The columns that a header may stand for, one a table at most.
    pub(crate) fn columns(&self, label: &str) -> &[(Table, usize)] {
        self.headers.get(&fold::header(label)).map_or(&[], Vec::as_slice)
    }

    /// Of some labels the one that comes nearest to a header of a table or one of its spellings, if it comes near at all.
    pub(crate) fn nearest<'l>(&self, table: Table, header: &str, labels: impl Iterator<Item = &'l str>) -> Option<&'l str> {
        const NEAR: f64 = 0.5;
        let field = table.field(header)?;
        let spellings = self.headers.iter().filter(|(_, fields)| fields.contains(&(table, field))).map(|(spelling, _)| spelling.as_str());
        let spellings: Vec<&str> = spellings.collect();
        let likeness = |label: &str| {
            let label = fold::header(label);
            spellings.iter().map(|spelling| strsim::normalized_damerau_levenshtein(spelling, &label)).fold(0.0, f64::max)
        };
        let near = labels.map(|label| (likeness(label), label)).filter(|(likeness, _)| *likeness >= NEAR);
        // The first of several equally near ones.
        let best =
            near.fold(None, |best: Option<(f64, &str)>, next| if best.is_some_and(|best| best.0 >= next.0) { best } else { Some(next) });
        best.map(|(_, label)| label)
    }

    /// The canonical header that a header stands for which a format has cut short: the only one that begins so, else the only one of a
    /// spelling that does.
    pub(crate) fn header_beginning(&self, begin: &str) -> Option<&'static str> {
        let begin = fold::header(begin);
        if begin.is_empty() || self.headers.contains_key(&begin) {
            return None;
        }
        let canonical = Table::ALL.iter().flat_map(|table| table.fields()).map(|field| field.header);
        let begins = canonical.filter(|header| fold::header(header).starts_with(&begin));
        let spelled = self.headers.iter().filter(|(spelling, _)| spelling.starts_with(&begin)).flat_map(|(_, fields)| fields);
        let meant = spelled.filter_map(|(table, field)| Some(table.fields().get(*field)?.header));
        only(begins).or_else(|| only(meant))
    }

    /// The word that a spelling stands for in a column; both folded by `fold::word`.
    pub(crate) fn word(&self, column: &'static str, folded: &str) -> Option<Spelling> {
        // Keyed by a pair with an owned text: the look-up is behind a memo, so one allocation is no matter.
        self.words.get(&(column, folded.to_owned())).copied()
    }

    /// The word of a column's list that a text stands for: a spelling of it, its code, or its code and itself, such as `01-在读`. A code
    /// beside another word than its own says nothing.
    pub(crate) fn spelling(&self, column: &'static str, words: &[&str], folded: &str) -> Option<Spelling> {
        if let Some(spelling) = self.word(column, folded) {
            return Some(spelling);
        }
        let rest = folded.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
        let code = folded.strip_suffix(rest).filter(|code| !code.is_empty() && !rest.is_empty())?;
        let code = self.word(column, code)?;
        let word = rest.trim_start_matches(['-', '—', '–', '_', '.', '、', ':']);
        let own = words.get(usize::from(code.code)).is_some_and(|own| fold::word(own) == word);
        (own || self.word(column, word).is_some_and(|word| word.code == code.code)).then_some(code)
    }

    /// Whether a cell begins like a total, a signature or a note below the data.
    pub(crate) fn is_footer(&self, text: &str) -> bool {
        let folded = fold::word(text);
        let total = folded.starts_with('共') && folded.ends_with(['人', '名', '条', '行', '校', '所', '班', '个']);
        total || folded.starts_with('第') && folded.ends_with('页') || self.footers.iter().any(|begin| folded.starts_with(begin.as_str()))
    }
}

/// The `.toml` files of a folder, in the order of their names, those that are called like a built-in one before the others.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, DictionaryError> {
    let read = |error| DictionaryError::Read { path: folder.to_owned(), error };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    // A copy of what is built in comes first, so that it unsays nothing.
    let is_own = |path: &PathBuf| !BUILT_IN.iter().any(|(name, _)| path.file_name().is_some_and(|own| own == *name));
    paths.sort_by_key(|path| (is_own(path), path.clone()));
    Ok(paths)
}

/// The one of which there is no other.
pub(crate) fn only<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// How the policy reads marks.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Words that mean 合格 as 学年总评.
    pub pass: Vec<String>,
    /// Words that mean 不合格 as 学年总评.
    pub fail: Vec<String>,
    /// Words that mean 合格 as 思想品德与行为规范.
    pub moral_passed: Vec<String>,
    /// The mark out of 100 from which a number means 合格 as 学年总评.
    pub mark_out_of_100: f64,
}

/// All that is known of words before the first file is opened: the dictionary, the policy's marks and subjects.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub(crate) dictionary: Dictionary,
    pub(crate) mark_out_of_100: f64,
    pub(crate) annual: HashMap<String, u8>,
    pub(crate) subjects: Subjects,
    /// The tables and columns that are read, if not all are.
    only: Option<&'static [(Table, &'static [&'static str])]>,
}

impl Vocabulary {
    /// The same for reading some tables and columns only: of others nothing is read and nothing said.
    pub fn with_only(self, only: &'static [(Table, &'static [&'static str])]) -> Self {
        Self { only: Some(only), ..self }
    }

    /// Whether a column is read.
    pub(crate) fn reads(&self, table: Table, field: usize) -> bool {
        let header = table.fields().get(field).map_or("", |field| field.header);
        self.only.is_none_or(|only| only.iter().any(|(own, columns)| *own == table && columns.contains(&header)))
    }

    /// The subject that a sheet of these names is about, the nearest name first.
    pub(crate) fn subject_of_any(&self, names: &[&str]) -> Option<&str> {
        names.iter().flat_map(|name| name.rsplit('/')).find_map(|name| self.subject_of(name))
    }

    /// The only subject that a name speaks of; a name within another one, as 生物 in 生物学, is not counted.
    fn subject_of(&self, name: &str) -> Option<&str> {
        let folded = fold::compact(name);
        let named: Vec<(&str, Subject)> = self.subjects.known().filter(|(known, _)| folded.contains(known)).collect();
        let is_part = |own: &str| named.iter().any(|(other, _)| other.len() > own.len() && other.contains(own));
        let subject = only(named.iter().filter(|(known, _)| !is_part(known)).map(|(_, subject)| *subject))?;
        Some(self.subjects.name(subject))
    }

    /// Puts the dictionary together with what the policy says.
    pub fn new(mut dictionary: Dictionary, marks: Marks, subjects: Subjects) -> Self {
        for word in &marks.moral_passed {
            let passed = Spelling { code: Standard::Reached as u8, ordinary: true };
            dictionary.words.insert((MORAL, fold::word(word)), passed);
        }
        let results = [(marks.fail, AnnualResult::Failed), (marks.pass, AnnualResult::Passed)];
        let annual = results.iter().flat_map(|(words, result)| words.iter().map(|word| (fold::word(word), *result as u8))).collect();
        Self { dictionary, mark_out_of_100: marks.mark_out_of_100, annual, subjects, only: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_dictionary_is_whole() {
        let dictionary = Dictionary::built_in().unwrap();
        let id = Table::Roster.field("证件号码").unwrap();
        assert!(dictionary.columns("* 身份证 件号（必填）").contains(&(Table::Roster, id)));
        assert!(dictionary.columns("学籍号").iter().all(|(table, field)| table.fields()[*field].header == "全国学籍号"));
        assert_eq!(dictionary.word("学籍状态", "在校"), Some(Spelling { code: 0, ordinary: false }));
        assert!(dictionary.is_footer("共计 30 人"));
        assert!(!dictionary.is_footer("共青团"));
    }

    #[test]
    fn a_district_overrides() {
        let mut dictionary = Dictionary::built_in().unwrap();
        dictionary
            .extend("district.toml", "[headers.roster]\n\"班级\" = [\"教学班\"]\n[words.\"学籍状态\"]\n\"休学\" = [\"在校\"]")
            .unwrap();
        assert_eq!(dictionary.columns("教学班").len(), 1);
        assert_eq!(dictionary.word("学籍状态", "在校").map(|spelling| spelling.code), Some(1));
        assert!(dictionary.extend("bad.toml", "[headers.roster]\n\"教学班\" = [\"班\"]").is_err());
        assert!(dictionary.extend("bad.toml", "[words.\"性别\"]\n\"中性\" = [\"3\"]").is_err());
    }
}
