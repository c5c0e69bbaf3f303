//! What is each outcome called in the national system? An explicit table, and an explicit gap where the system has no word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use law::facts::grades::Stage;
use law::regulation::rule::Outcome;
use serde::Deserialize;
use thiserror::Error;

/// The table that the program brings along.
const BUILT_IN: &str = include_str!("../../../pipelines/national/mapping.toml");
const BUILT_IN_NAME: &str = "pipelines/national/mapping.toml";

/// A mapping that can't be used.
#[derive(Debug, Error)]
pub enum MappingError {
    /// The file can't be read.
    #[error("can't read {path}: {error}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is no mapping.
    #[error("{name} is not a usable mapping: {message}")]
    Content {
        /// The file.
        name: String,
        /// Why.
        message: String,
    },
}

/// Names by code, or by word.
type Names = BTreeMap<String, String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    term_end: BTreeMap<String, toml::Table>,
    status_watch: BTreeMap<String, toml::Table>,
    certificates: Names,
    states: Names,
    changes: Names,
    movements: Names,
    reasons: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    state: Option<String>,
    change: Option<String>,
    movement: Option<String>,
    reason: Option<String>,
    note: Option<String>,
    unchanged: Option<String>,
    gap: Option<String>,
}

/// A code and its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
}

/// A change in the codes of the national system; a code that there is not is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// 学生当前状态
    pub state: Code,
    /// 学籍异动类别
    pub change: Code,
    /// 学生变动
    pub movement: Code,
    /// 学籍异动原因
    pub reason: Code,
    /// 说明
    pub note: String,
}

/// What the national system is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A change.
    Change(Box<Change>),
    /// Nothing, and why.
    Unchanged(String),
    /// Nothing though there is something to tell, and why.
    Gap(String),
}

/// The stages that an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stages {
    /// All, and students whose stage is unknown.
    All,
    /// One.
    One(Stage),
    /// Primary and junior.
    Compulsory,
}

impl Stages {
    const NAMED: [(&'static str, Stages); 4] = [
        ("primary", Stages::One(Stage::Primary)),
        ("junior", Stages::One(Stage::Junior)),
        ("senior", Stages::One(Stage::Senior)),
        ("compulsory", Stages::Compulsory),
    ];

    fn include(self, stage: Option<Stage>) -> bool {
        match self {
            Stages::All => true,
            Stages::One(own) => stage == Some(own),
            Stages::Compulsory => stage.is_some_and(Stage::is_compulsory),
        }
    }

    /// The Chinese name; empty for all.
    pub fn title(self) -> &'static str {
        match self {
            Stages::All => "",
            Stages::One(stage) => stage.title(),
            Stages::Compulsory => "义务教育",
        }
    }
}

/// What is told of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The outcome.
    pub outcome: Outcome,
    /// In which stages.
    pub stages: Stages,
    /// What.
    pub told: Told,
}

/// The mapping of a procedure's outcomes.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// In the order of the procedure's outcomes.
    pub lines: Vec<Line>,
    certificates: Names,
}

impl Mapping {
    /// The mapping of the year's end or of the watch: the built-in one, with a district's own entries laid over it.
    ///
    /// # Errors
    /// A file that can't be read, or that says an outcome, key or code that there is not.
    pub fn load(is_watch: bool, own: Option<&Path>) -> Result<Self, MappingError> {
        let mut file = parse(BUILT_IN_NAME, BUILT_IN)?;
        let mut name = BUILT_IN_NAME.to_owned();
        if let Some(path) = own {
            let text = std::fs::read_to_string(path).map_err(|error| MappingError::Read { path: path.into(), error })?;
            name = path.display().to_string();
            let own = parse(&name, &text)?;
            let names = [
                (&mut file.certificates, own.certificates),
                (&mut file.states, own.states),
                (&mut file.changes, own.changes),
                (&mut file.movements, own.movements),
                (&mut file.reasons, own.reasons),
            ];
            names.into_iter().for_each(|(base, own)| base.extend(own));
            file.term_end.extend(own.term_end);
            file.status_watch.extend(own.status_watch);
        }
        let content = |message| MappingError::Content { name: name.clone(), message };
        // Both parts are looked at, so that a mistake is told by the first export.
        let term_end = lines("term-end", &file.term_end, Outcome::OF_TERM_END, &file).map_err(content)?;
        let watch = lines("status-watch", &file.status_watch, Outcome::IN_TERM, &file).map_err(content)?;
        Ok(Self { lines: if is_watch { watch } else { term_end }, certificates: file.certificates })
    }

    /// The place of the line that a student's outcome falls under; none for an unknown stage where stages differ.
    pub fn place(&self, outcome: &str, stage: Option<Stage>) -> Option<usize> {
        self.lines.iter().position(|line| line.outcome.code() == outcome && line.stages.include(stage))
    }

    /// What is said of a certificate that has no national form.
    pub fn certificate(&self, word: &str) -> Option<&str> {
        self.certificates.get(word).map(String::as_str)
    }
}

fn parse(name: &str, text: &str) -> Result<File, MappingError> {
    toml::from_str(text).map_err(|error| MappingError::Content { name: name.to_owned(), message: error.to_string() })
}

fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// The nearest of some words, as a question.
fn suggestion<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> String {
    let near = words.map(|own| (strsim::damerau_levenshtein(own, word), own)).filter(|(distance, own)| distance * 2 <= own.len());
    near.min().map(|(_, own)| format!("; did you mean `{own}`?")).unwrap_or_default()
}

fn lines(part: &str, entries: &BTreeMap<String, toml::Table>, known: &[Outcome], file: &File) -> Result<Vec<Line>, String> {
    let codes = || known.iter().map(|outcome| outcome.code());
    if let Some(wrong) = entries.keys().find(|key| codes().all(|code| code != key.as_str())) {
        let near = suggestion(wrong, codes());
        return Err(format!("`[{part}.{wrong}]`: {part} has no outcome `{wrong}`{near} Its outcomes: {}", listed(codes())));
    }
    let mut lines = Vec::new();
    for &outcome in known {
        let place = format!("[{part}.{}]", outcome.code());
        let Some(table) = entries.get(outcome.code()) else { return Err(format!("`{place}` is missing")) };
        let line = |stages, told| Line { outcome, stages, told };
        if table.is_empty() || table.values().any(|value| !value.is_table()) {
            lines.push(line(Stages::All, told(&place, table, file)?));
            continue;
        }
        let first = lines.len();
        for (key, value) in table {
            let names = || Stages::NAMED.iter().map(|(name, _)| *name);
            let Some((_, stages)) = Stages::NAMED.iter().find(|(name, _)| name == key) else {
                let near = suggestion(key, names());
                return Err(format!("`{place}` has no part `{key}`{near} Its parts: {}", listed(names())));
            };
            let place = format!("[{part}.{}.{key}]", outcome.code());
            let own = value.as_table().cloned().unwrap_or_default();
            lines.push(line(*stages, told(&place, &own, file)?));
        }
        for stage in [Stage::Primary, Stage::Junior, Stage::Senior] {
            let times = lines.iter().skip(first).filter(|line| line.stages.include(Some(stage))).count();
            if times != 1 {
                let how = if times == 0 { "nothing" } else { "more than one thing" };
                return Err(format!("`{place}` says {how} of `{}`", stage.name()));
            }
        }
    }
    Ok(lines)
}

/// Reads an entry.
fn told(place: &str, table: &toml::Table, file: &File) -> Result<Told, String> {
    let entry: Entry =
        toml::Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| format!("`{place}`: {}", error.message()))?;
    let code = |key: &str, names: &Names, code: Option<&String>| match code {
        None => Ok(Code::default()),
        Some(code) => match names.get(code) {
            Some(name) => Ok(Code { code: code.clone(), name: name.clone() }),
            None => {
                let known: Vec<String> = names.iter().map(|(code, name)| format!("{code} {name}")).collect();
                Err(format!("`{place}`: no {key} `{code}`; there are {}", known.join(", ")))
            }
        },
    };
    let has_codes = entry.state.is_some() || entry.change.is_some() || entry.movement.is_some();
    let is_bare = entry.reason.is_none() && entry.note.is_none();
    match (has_codes, entry.unchanged, entry.gap) {
        (true, None, None) => Ok(Told::Change(Box::new(Change {
            state: code("state", &file.states, entry.state.as_ref())?,
            change: code("change", &file.changes, entry.change.as_ref())?,
            movement: code("movement", &file.movements, entry.movement.as_ref())?,
            reason: code("reason", &file.reasons, entry.reason.as_ref())?,
            note: entry.note.unwrap_or_default(),
        }))),
        (false, Some(why), None) if is_bare && !why.trim().is_empty() => Ok(Told::Unchanged(why)),
        (false, None, Some(why)) if is_bare && !why.trim().is_empty() => Ok(Told::Gap(why)),
        _ => Err(format!(
            "`{place}` must say one of: codes (`state`, `change`, `movement`; with them `reason` and `note`), `unchanged` with why, \
             or `gap` with why"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> Result<Mapping, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        std::fs::write(&path, text).unwrap();
        Mapping::load(false, Some(&path)).map_err(|error| error.to_string())
    }

    fn told(mapping: &Mapping, outcome: Outcome, stage: Stage) -> &Told {
        &mapping.lines[mapping.place(outcome.code(), Some(stage)).unwrap()].told
    }

    #[test]
    fn the_built_in_mapping_says_something_of_every_outcome() {
        for (is_watch, outcomes) in [(false, Outcome::OF_TERM_END), (true, Outcome::IN_TERM)] {
            let mapping = Mapping::load(is_watch, None).unwrap();
            for (outcome, stage) in outcomes.iter().flat_map(|own| [Stage::Primary, Stage::Junior, Stage::Senior].map(|stage| (own, stage)))
            {
                assert!(mapping.place(outcome.code(), Some(stage)).is_some(), "{outcome:?} {stage:?}");
            }
            assert!(mapping.place("undetermined", None).is_some());
            assert!(mapping.place("promoted", None).is_none());
        }
    }

    #[test]
    fn own_entries_are_laid_over_outcome_by_outcome() {
        let mapping = own("[term-end.complete.primary]\ngap = \"甲\"\n[term-end.complete.junior]\nstate = \"08\"\n\
             [term-end.complete.senior]\nunchanged = \"乙\"\n[term-end.promote]\nstate = \"77\"\n[states]\n77 = \"丙\"\n")
        .unwrap();
        assert_eq!(told(&mapping, Outcome::Complete, Stage::Primary), &Told::Gap("甲".into()));
        assert_eq!(told(&mapping, Outcome::Complete, Stage::Senior), &Told::Unchanged("乙".into()));
        let Told::Change(change) = told(&mapping, Outcome::Promote, Stage::Junior) else { panic!("no change") };
        assert_eq!((change.state.name.as_str(), change.movement.code.as_str()), ("丙", ""));
        assert!(matches!(told(&mapping, Outcome::Graduate, Stage::Junior), Told::Change(change) if change.state.code == "07"));
        // Where stages differ, who has none is told nowhere.
        assert_eq!(mapping.place("complete", None), None);
    }

    #[test]
    fn mistakes_are_told_with_what_is_allowed() {
        for (text, parts) in [
            ("[term-end.promot]\nstate = \"01\"", ["promot", "did you mean `promote`?", "makeup_pending"].as_slice()),
            ("[term-end.urge]\nunchanged = \"x\"", &["term-end has no outcome `urge`"]),
            ("[termend.promote]\nstate = \"01\"", &["termend", "`term-end`"]),
            ("[term-end.promote]\nstat = \"01\"", &["[term-end.promote]", "stat", "`state`", "`movement`"]),
            ("[term-end.promote]\nstate = \"1\"", &["no state `1`", "01 在读"]),
            ("[term-end.promote]\nstate = 1", &["[term-end.promote]", "string"]),
            ("[term-end.promote]\nstate = \"01\"\ngap = \"x\"", &["must say one of"]),
            ("[term-end.promote]\ngap = \"\"", &["must say one of"]),
            ("[term-end.promote]\nnote = \"x\"", &["must say one of"]),
            ("[term-end.promote]", &["must say one of"]),
            ("[term-end.complete.seniors]\ngap = \"x\"", &["did you mean `senior`?", "compulsory"]),
            ("[term-end.complete.senior]\ngap = \"x\"", &["nothing of `primary`"]),
            (
                "[status-watch.normal.primary]\ngap = \"x\"\n[status-watch.normal.compulsory]\ngap = \"x\"",
                &["more than one thing of `primary`"],
            ),
        ] {
            let error = own(text).unwrap_err();
            assert!(error.contains("own.toml"), "{error}");
            for part in parts {
                assert!(error.contains(part), "{part} is not in {error}");
            }
        }
    }
}
