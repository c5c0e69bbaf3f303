//! What a run is to do: the pipeline file, the policy, the calendars and what the command line says otherwise.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use law::facts::attendance::Form;
use law::facts::calendar::{Calendar, SchoolYear, YearCalendar, parse_school_year};
use law::regulation::policy::{Lists, Policy, Share};
use law::regulation::rule::Law;
use serde::Deserialize;
use thiserror::Error;

use super::clock::now;
use super::recipients;
use super::tell::Tell;
use crate::report::keys;
use crate::report::manifest::OverrideReceipt;
use crate::report::package::Recipient;

/// A pipeline file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineFile {
    /// What is run.
    pub pipeline: Pipeline,
    /// When it is due.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// What it reads.
    #[serde(default)]
    pub input: Input,
    /// When it publishes nothing.
    #[serde(default)]
    pub safety: Safety,
    /// How what it leaves behind is kept.
    #[serde(default)]
    pub privacy: Privacy,
    /// Who is told of its runs.
    #[serde(default)]
    pub tell: Tell,
}

/// `[pipeline]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Its name, which names its folder of runs.
    pub name: String,
    /// What it decides.
    pub procedure: Procedure,
    /// Such as `2025-2026`.
    pub school_year: String,
    /// The date of judgement; today in Asia/Shanghai without it.
    #[serde(default)]
    pub as_of: Option<NaiveDate>,
    /// The calendar file of the school year; the other files of its folder are read beside it.
    pub calendar: PathBuf,
    /// The policy file.
    pub policy: PathBuf,
    /// A district's own values, laid over the policy.
    #[serde(default)]
    pub overrides: Option<PathBuf>,
    /// Where further dictionaries of headers and values are; in `headers` beside the pipeline file without it, if there is one.
    #[serde(default)]
    pub headers: Option<Dictionaries>,
    /// The form of attendance.
    #[serde(default)]
    pub attendance: Attendance,
}

/// Folders or files of dictionaries; what a later one says comes before what an earlier one said.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a folder or file of dictionaries, or a list of some")]
pub enum Dictionaries {
    /// One.
    One(PathBuf),
    /// Several.
    Several(Vec<PathBuf>),
}

/// What a pipeline decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// The year's end.
    TermEnd,
    /// Absence in term.
    StatusWatch,
    /// The year's audit.
    DistrictAudit,
}

/// The form of attendance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Attendance {
    /// A row only where something is other than 出勤.
    #[default]
    Exceptions,
    /// A row a student and school day.
    Daily,
}

/// `[schedule]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// A cron expression of five fields.
    #[serde(default)]
    pub cron: Option<String>,
    /// Of the days that it names these alone.
    #[serde(default)]
    pub only: Option<String>,
    /// In place of a cron expression: a day of the school calendar, or several.
    #[serde(default)]
    pub on: Option<toml::Value>,
    /// The time of that day.
    #[serde(default)]
    pub at: Option<toml::Value>,
}

/// `[input]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Folders, relative to the pipeline file.
    #[serde(default)]
    pub paths: Vec<PathBuf>,
}

/// `[safety]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Safety {
    /// Nothing is published when the number of students or an outcome's share of them moved by more than this against the last run.
    #[serde(default)]
    pub stop_when_moved: Option<Share>,
}

/// `[privacy]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// Whether nothing is published but with a key.
    #[serde(default)]
    pub encrypt: bool,
}

/// What the command line says otherwise than the pipeline file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Input folders.
    pub inputs: Vec<PathBuf>,
    /// The date of judgement.
    pub as_of: Option<NaiveDate>,
    /// The policy file.
    pub policy: Option<PathBuf>,
    /// The form of attendance.
    pub attendance: Option<Attendance>,
    /// Publish though totals moved by more than the pipeline allows.
    pub accept_moves: bool,
    /// Whether pages, workbooks and documents are left out.
    pub tables_only: bool,
    /// Whether what people read is encrypted for those who get it.
    pub package: bool,
    /// How many bytes what was read may take for the next run; nothing is kept without it.
    pub cache: Option<u64>,
    /// Who that is; `recipients.toml` beside the pipeline file without it.
    pub recipients: Option<PathBuf>,
}

/// A configuration that can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that is not there or can't be read.
    #[error("can't read {path}: {source}{hint}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// The nearest file that is there.
        hint: String,
    },
    /// A file that is not what it should be.
    #[error("{path} is not a usable {what}: {message}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        message: String,
    },
    /// A date that the law does not cover.
    #[error("{date} lies outside the validity of policy `{policy}`: {first} to {last}")]
    NotValid {
        /// The date of judgement.
        date: NaiveDate,
        /// The policy.
        policy: String,
        /// First valid day.
        first: NaiveDate,
        /// Last valid day.
        last: NaiveDate,
    },
    /// A date that no calendar covers.
    #[error("no calendar covers {date}: the calendars in {folder} are those of {years}; name another day by --as-of, or add the calendar of its school year", folder = .folder.display())]
    NoCalendar {
        /// The date of judgement.
        date: NaiveDate,
        /// Where calendars were looked for.
        folder: PathBuf,
        /// The school years at hand.
        years: String,
    },
    /// Judged before the year's end.
    #[error("term-end of {year} can't be judged as of {date}: the school year's last day is {last_day}")]
    TooEarly {
        /// The school year.
        year: SchoolYear,
        /// The date of judgement.
        date: NaiveDate,
        /// The last day.
        last_day: NaiveDate,
    },
    /// What must be encrypted, and can't be.
    #[error("[privacy] encrypt = true, and there is no key: name one by --key-file, {file} or {key}", file = keys::KEY_FILE, key = keys::KEY)]
    NoKey,
    /// No input folder.
    #[error("no input folder: name one by --input or in the pipeline file's [input] paths")]
    NoInput,
    /// An input folder that is not there.
    #[error("there is no input folder {0}{1}")]
    InputMissing(String, String),
}

/// Everything a run needs beside its inputs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// The input folders.
    pub inputs: Vec<PathBuf>,
    /// The law, without the subjects that only the data know.
    pub law: Law,
    /// blake3 of the policy as used.
    pub policy_hash: String,
    /// blake3 of the calendars.
    pub calendar_hash: String,
    /// The folders and files of dictionaries.
    pub headers: Vec<PathBuf>,
    /// blake3 of those dictionaries.
    pub headers_hash: String,
    /// What is otherwise than policy and pipeline file say.
    pub changed: Vec<OverrideReceipt>,
    /// When nothing is published.
    pub safety: Safety,
    /// Whether it is published though totals moved by more than that.
    pub accept_moves: bool,
    /// Whether pages, workbooks and documents are left out.
    pub tables_only: bool,
    /// How many bytes what was read may take for the next run; nothing is kept without it.
    pub cache: Option<u64>,
    /// Who gets what people read, encrypted; nobody without it.
    pub recipients: Option<Vec<Recipient>>,
}

/// The nearest name in the folder of a file that is not there.
pub fn nearest(path: &Path) -> String {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else { return String::new() };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .map(|own| (strsim::damerau_levenshtein(&own, name), own))
        .filter(|(distance, own)| *distance <= own.len().max(name.len()) / 2)
        .min()
        .map(|(_, own)| format!("; did you mean {}?", folder.join(own).display()))
        .unwrap_or_default()
}

pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source, hint: nearest(path) })
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(path: &Path, what: &'static str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|fault| ConfigError::Content { path: path.into(), what, message: fault.to_string() })
}

/// A value of a policy, in one line.
fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Lays a district's own values over the policy's: tables are merged, everything else is replaced. Says what became another.
fn lay_over(base: &mut toml::Table, own: toml::Table, below: &str, changed: &mut Vec<OverrideReceipt>) {
    for (key, value) in own {
        let what = format!("{below}{key}");
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(own)) => lay_over(base, own, &format!("{what}."), changed),
            (before, value) => {
                let (from, to) = (before.map(|own| shown(own)).unwrap_or_default(), shown(&value));
                if from != to {
                    changed.push(OverrideReceipt { what, from, to });
                }
                base.insert(key, value);
            }
        }
    }
}

/// The policy as used, its hash, and what a district's own values changed.
pub(super) fn load_policy(path: &Path, overrides: Option<&Path>) -> Result<(Policy, String, Vec<OverrideReceipt>), ConfigError> {
    let text = read(path)?;
    let mut table: toml::Table = parse(path, "policy", &text)?;
    let mut named = path;
    let mut changed = Vec::new();
    if let Some(own) = overrides {
        lay_over(&mut table, parse(own, "policy override", &read(own)?)?, "", &mut changed);
        named = own;
    }
    let canonical = serde_json::to_string(&table).map_err(|fault| ConfigError::Content {
        path: path.into(),
        what: "policy",
        message: fault.to_string(),
    })?;
    let policy: Policy = toml::Value::Table(table).try_into().map_err(|fault: toml::de::Error| ConfigError::Content {
        path: named.into(),
        what: "policy",
        message: fault.to_string(),
    })?;
    Ok((policy, blake3::hash(canonical.as_bytes()).to_hex().to_string(), changed))
}

pub(super) fn load_calendars(path: &Path) -> Result<(Calendar, String), ConfigError> {
    let fault = |path: &Path, message: String| ConfigError::Content { path: path.into(), what: "calendar", message };
    let own: YearCalendar = parse(path, "calendar", &read(path)?)?;
    let mut hasher = blake3::Hasher::new();
    let mut years = vec![own];
    hasher.update(read(path)?.as_bytes());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut others: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|other| other.extension().is_some_and(|extension| extension == "toml") && other.file_name() != path.file_name())
        .collect();
    others.sort();
    for other in others {
        let text = read(&other)?;
        let year: YearCalendar = parse(&other, "calendar", &text)?;
        // The pipeline's own calendar stands for its school year.
        if year.school_year != years[0].school_year {
            hasher.update(text.as_bytes());
            years.push(year);
        }
    }
    let calendar = Calendar::new(years).map_err(|message| fault(path, message.to_string()))?;
    Ok((calendar, hasher.finalize().to_hex().to_string()))
}

/// blake3 of files, and of the files of folders by name. A file that can't be read is told when it is used.
fn hash_files(places: &[PathBuf]) -> String {
    let mut hasher = blake3::Hasher::new();
    for place in places {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        if place.is_file() {
            paths.push(place.clone());
        }
        for path in paths {
            hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes()).update(&[0]);
            hasher.update(&std::fs::read(&path).unwrap_or_default());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// What the command line says otherwise than the pipeline file, as far as it bears on what is decided; files by their names alone.
fn asked(pipeline: &Pipeline, form: Attendance, overrides: &Overrides) -> Vec<OverrideReceipt> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut asked = Vec::new();
    let mut add = |what: &str, from: String, to: String| {
        if from != to {
            asked.push(OverrideReceipt { what: what.to_owned(), from, to });
        }
    };
    if let Some(as_of) = overrides.as_of {
        add("--as-of", pipeline.as_of.map(|own| own.to_string()).unwrap_or_default(), as_of.to_string());
    }
    if let Some(policy) = &overrides.policy {
        add("--policy", name(&pipeline.policy), name(policy));
    }
    if let Some(attendance) = overrides.attendance {
        add("--attendance", form.name().to_owned(), attendance.name().to_owned());
    }
    if overrides.accept_moves {
        add("--accept-moves", String::new(), "true".to_owned());
    }
    asked
}

/// Whether a pipeline's name can name its folder of runs.
pub(super) fn names_folder(name: &str) -> Result<(), String> {
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    if is_plain { Ok(()) } else { Err(format!("`name = \"{name}\"` can't name a folder")) }
}

impl Attendance {
    /// The word in pipeline files and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Attendance::Exceptions => "exceptions",
            Attendance::Daily => "daily",
        }
    }
}

impl From<Attendance> for Form {
    fn from(own: Attendance) -> Self {
        match own {
            Attendance::Exceptions => Form::Exceptions,
            Attendance::Daily => Form::Daily,
        }
    }
}

impl Config {
    /// Reads a pipeline file and what it names.
    ///
    /// # Errors
    /// A file that can't be read or used, or a date that law or calendars do not cover.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        let file: PipelineFile = parse(path, "pipeline file", &read(path)?)?;
        if file.privacy.encrypt && keys::at_hand().is_none() {
            return Err(ConfigError::NoKey);
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut pipeline = file.pipeline;
        let form = pipeline.attendance;
        pipeline.attendance = overrides.attendance.unwrap_or(form);
        let content = |what, message: String| ConfigError::Content { path: path.into(), what, message };
        names_folder(&pipeline.name).map_err(|message| content("pipeline file", message))?;
        let school_year = parse_school_year(&pipeline.school_year).ok_or_else(|| {
            content("pipeline file", format!("`school_year = \"{}\"` is not of the form 2025-2026", pipeline.school_year))
        })?;
        let policy_path = overrides.policy.clone().unwrap_or_else(|| folder.join(&pipeline.policy));
        let own_values = pipeline.overrides.as_ref().map(|own| folder.join(own));
        let (policy, policy_hash, mut changed) = load_policy(&policy_path, own_values.as_deref())?;
        let calendar_path = folder.join(&pipeline.calendar);
        let (calendar, calendar_hash) = load_calendars(&calendar_path)?;
        let as_of = overrides.as_of.or(pipeline.as_of).unwrap_or_else(|| now().date_naive());
        if !policy.is_valid_on(as_of) {
            let (first, last) = policy.valid;
            return Err(ConfigError::NotValid { date: as_of, policy: policy.name, first, last });
        }
        let no_calendar = |date| ConfigError::NoCalendar {
            date,
            folder: calendar_path.parent().unwrap_or(Path::new(".")).into(),
            years: calendar.years().map(|year| year.to_string()).collect::<Vec<_>>().join(", "),
        };
        if !calendar.covers(as_of) {
            return Err(no_calendar(as_of));
        }
        // The watch goes by the date: the term that began last, whatever its school year.
        let term = match pipeline.procedure {
            Procedure::StatusWatch | Procedure::DistrictAudit => {
                Some(calendar.term_begun(as_of, policy.numbers.registration_grace_months).ok_or_else(|| no_calendar(as_of))?)
            }
            Procedure::TermEnd => None,
        };
        let school_year = term.as_ref().map_or(school_year, |term| term.school_year);
        let last_day = calendar.last_day(school_year).ok_or_else(|| no_calendar(as_of))?;
        if term.is_none() && as_of < last_day {
            return Err(ConfigError::TooEarly { year: school_year, date: as_of, last_day });
        }
        let end = policy.readings.school_year_end.of(&calendar, school_year).unwrap_or(last_day);
        let window = calendar.window(end, policy.numbers.application_window_working_days);
        let window = window.ok_or_else(|| content("policy", "`application_window_working_days` must be 2 or more".into()))?;
        let subjects = policy.subjects();
        let fault = |message: String| ConfigError::Content { path: policy_path.clone(), what: "policy", message };
        let lists = Lists::new(&policy, &subjects).map_err(|message| fault(message.to_string()))?;
        let inputs = if overrides.inputs.is_empty() {
            file.input.paths.iter().map(|own| folder.join(own)).collect()
        } else {
            overrides.inputs.clone()
        };
        if inputs.is_empty() {
            return Err(ConfigError::NoInput);
        }
        if let Some(missing) = inputs.iter().find(|input| !input.is_dir()) {
            let hint = if missing.is_file() { "; it is a file: name its folder".to_owned() } else { nearest(missing) };
            return Err(ConfigError::InputMissing(missing.display().to_string(), hint));
        }
        let headers: Vec<PathBuf> = match &pipeline.headers {
            Some(Dictionaries::One(own)) => vec![folder.join(own)],
            Some(Dictionaries::Several(own)) => own.iter().map(|own| folder.join(own)).collect(),
            None => Some(folder.join("headers")).filter(|own| own.is_dir()).into_iter().collect(),
        };
        for path in &headers {
            std::fs::metadata(path).map_err(|source| ConfigError::Read { path: path.clone(), source, hint: nearest(path) })?;
        }
        let audits = pipeline.procedure == Procedure::DistrictAudit;
        let law = Law { policy, lists, subjects, calendar, school_year, last_day, window, as_of, term, audits };
        let headers_hash = hash_files(&headers);
        changed.extend(asked(&pipeline, form, overrides));
        let (safety, accept_moves, tables_only) = (file.safety, overrides.accept_moves, overrides.tables_only);
        let beside = || folder.join("recipients.toml");
        let recipients = overrides.package.then(|| recipients::load(&overrides.recipients.clone().unwrap_or_else(beside))).transpose()?;
        Ok(Self {
            pipeline,
            inputs,
            law,
            policy_hash,
            calendar_hash,
            headers,
            headers_hash,
            changed,
            safety,
            accept_moves,
            tables_only,
            cache: overrides.cache,
            recipients,
        })
    }
}
