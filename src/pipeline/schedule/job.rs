//! Which pipelines are there? The pipeline files of a folder, each read by itself: a broken one never hides the others.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use law::facts::calendar::{SchoolYear, parse_school_year};

use super::due::{Almanac, Next, next};
use super::plan::Plan;
use crate::pipeline::clock::Moment;
use crate::pipeline::config::{ConfigError, PipelineFile, Procedure, load_calendars, load_policy, names_folder, parse, read};

/// A pipeline as far as its schedule is concerned.
#[derive(Clone, Debug)]
pub struct Job {
    /// The pipeline file.
    pub file: PathBuf,
    /// Its name, which names its folder of runs.
    pub name: String,
    /// When it is due; never by itself without a plan.
    pub plan: Option<Plan>,
    /// What days of the calendar are worked out from, where the plan needs that.
    pub almanac: Option<Almanac>,
    /// The school year that it decides, of one that decides a year's end.
    year_end_of: Option<SchoolYear>,
    as_of: Option<NaiveDate>,
}

/// A pipeline file that can't be used.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// The file.
    pub file: PathBuf,
    /// Its pipeline's name, where that can be read.
    pub name: Option<String>,
    /// Why.
    pub message: String,
}

/// The pipelines of a folder in order of their files; TOML files without a `[pipeline]` section are none.
///
/// # Errors
/// The folder can't be read.
pub fn read_folder(folder: &Path) -> io::Result<Vec<Result<Job, Unusable>>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && file.is_file());
    files.sort();
    let mut jobs: Vec<Result<Job, Unusable>> = files.into_iter().filter_map(read_file).collect();
    let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for job in jobs.iter().flatten() {
        named.entry(job.name.clone()).or_default().push(job.file.clone());
    }
    for job in &mut jobs {
        let twice = job.as_ref().ok().and_then(|own| Some((own, named.get(&own.name).filter(|files| files.len() > 1)?)));
        if let Some((own, files)) = twice {
            let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            let message = format!("several pipelines are called \"{}\": {}; give each a name of its own", own.name, files.join(", "));
            *job = Err(Unusable { file: own.file.clone(), name: Some(own.name.clone()), message });
        }
    }
    Ok(jobs)
}

fn read_file(file: PathBuf) -> Option<Result<Job, Unusable>> {
    let mut name = None;
    let job = (|| {
        let text = read(&file)?;
        let table: toml::Table = parse(&file, "pipeline file", &text)?;
        let Some(pipeline) = table.get("pipeline") else { return Ok(None) };
        name = pipeline.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        read_job(&file, &text).map(Some)
    })();
    job.map_err(|error: ConfigError| Unusable { file, name, message: error.to_string() }).transpose()
}

fn read_job(file: &Path, text: &str) -> Result<Job, ConfigError> {
    let content = |message: String| ConfigError::Content { path: file.into(), what: "pipeline file", message };
    let PipelineFile { pipeline, schedule, .. } = parse(file, "pipeline file", text)?;
    names_folder(&pipeline.name).map_err(content)?;
    let plan = schedule.as_ref().map(Plan::new).transpose().map_err(|message| content(format!("[schedule] {message}")))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let almanac = |_: &Plan| {
        let overrides = pipeline.overrides.as_ref().map(|own| folder.join(own));
        let (policy, ..) = load_policy(&folder.join(&pipeline.policy), overrides.as_deref())?;
        let (calendar, _) = load_calendars(&folder.join(&pipeline.calendar))?;
        let grace_months = policy.numbers.registration_grace_months;
        Ok(Almanac { calendar, grace_months, school_year_end: policy.readings.school_year_end })
    };
    let almanac = plan.as_ref().filter(|plan| plan.needs_calendar()).map(almanac).transpose()?;
    let year_end_of = (pipeline.procedure == Procedure::TermEnd).then(|| parse_school_year(&pipeline.school_year)).flatten();
    Ok(Job { file: file.into(), name: pipeline.name, plan, almanac, year_end_of, as_of: pipeline.as_of })
}

impl Job {
    /// When it is due next after a time; `None` of one without a schedule.
    pub fn next(&self, after: Moment) -> Option<Next> {
        self.plan.as_ref().map(|plan| next(plan, self.almanac.as_ref(), after))
    }

    /// The school year that it decides, if it is due when that year is not the one at hand or not yet at its end: it is then refused, or
    /// decides an old year anew.
    pub fn is_due_beside_its_year(&self, due: Moment) -> Option<SchoolYear> {
        let (year, almanac) = (self.year_end_of?, self.almanac.as_ref()?);
        let day = self.as_of.unwrap_or(due.date_naive());
        let is_at_end = almanac.calendar.last_day(year).is_some_and(|last| last <= day) && almanac.calendar.school_year_of(day) == year;
        (!is_at_end).then_some(year)
    }
}
