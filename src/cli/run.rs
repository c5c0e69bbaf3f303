//! `xueji run PIPELINE.toml`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};

use chrono::NaiveDate;
use clap::Parser;

use serde_json::{Value, json};

use super::progress::{Progress, words};
use super::{Ending, FailOn, complain, log, object, say, use_threads};
use crate::pipeline::config::{Attendance, Config, Overrides};
use crate::pipeline::exit;
use crate::pipeline::run::{PublishedRun, RunError, run};
use crate::pipeline::tell::{self, Audience, How, Telling};
use crate::report::{mask, summary};

/// The arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The pipeline file, such as pipelines/term-end.toml.
    pipeline: PathBuf,
    /// A folder of input files; replaces the pipeline file's. May be given several times.
    #[arg(long, value_name = "DIR")]
    input: Vec<PathBuf>,
    /// The date of judgement.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// Where the runs are published.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// How many threads to use; all cores without it.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// End with 1 when there are findings this grave that no answer closes.
    #[arg(long, value_enum, default_value_t = FailOn::Never)]
    fail_on: FailOn,
    /// A policy file; replaces the pipeline file's.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The form of attendance; replaces the pipeline file's.
    #[arg(long, value_enum)]
    attendance: Option<Attendance>,
    /// Publish though totals moved against the last run by more than the pipeline's `stop_when_moved`.
    #[arg(long)]
    accept_moves: bool,
    /// Leave out pages, workbooks and documents; `xueji report` can make them later.
    #[arg(long)]
    tables_only: bool,
    /// Parse every file, and keep nothing of what was read for the next run; attendance that the last run counted is known all the same.
    #[arg(long)]
    no_cache: bool,
    /// How much what was read may take below the output folder, such as 500MB or 8GB.
    #[arg(long, value_name = "SIZE", default_value = "4GB", value_parser = bytes, conflicts_with = "no_cache")]
    cache_limit: u64,
    /// Encrypt pages and workbooks, one file a recipient, and leave no clear copy of what is in one.
    #[arg(long, conflicts_with = "tables_only")]
    package: bool,
    /// Who gets a package; `recipients.toml` beside the pipeline file without it.
    #[arg(long, value_name = "FILE", requires = "package")]
    recipients: Option<PathBuf>,
    /// Add OpenLineage events of the run to a file, one a line; replaces the pipeline file's.
    #[arg(long, value_name = "FILE")]
    lineage: Option<PathBuf>,
    /// Replace a file of metrics for Prometheus; replaces the pipeline file's.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Call a program when nothing was published, with the reason as JSON on its standard input; replaces the pipeline file's command.
    #[arg(long, value_name = "PROGRAM")]
    on_failure: Option<PathBuf>,
}

/// Whether these can be further options of `xueji run`; what is wrong with them, if they can't.
pub fn check_options(options: &[String]) -> Result<(), String> {
    let before = ["xueji", "run", "PIPELINE.toml", "--out", "reports"].map(str::to_owned);
    super::Arguments::try_parse_from(before.iter().chain(options)).map(|_| ()).map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("the options after -- are no options of xueji run: {first}")
    })
}

/// Reads a size such as `500MB`.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write 500MB, 8GB or 0");
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

/// The exit code of a run that is published, while it is still told of.
static PUBLISHED: AtomicI32 = AtomicI32::new(-1);

/// The exit code of the run, if it is published: whoever interrupts now interrupts the telling alone.
pub fn published() -> Option<i32> {
    Some(PUBLISHED.load(Ordering::SeqCst)).filter(|code| *code >= 0)
}

/// Runs a pipeline, and tells whoever is to be told.
pub fn main(arguments: &Arguments, json: bool, telling: &Telling) -> Ending {
    let Arguments { lineage, metrics, on_failure, .. } = arguments;
    let overrides = tell::Overrides { lineage: lineage.clone(), metrics: metrics.clone(), on_failure: on_failure.clone() };
    let audience = Audience::of(&arguments.pipeline, &overrides);
    let tell = |how: &How<'_>, code: u8, result: Value, text: &dyn Fn() -> Option<String>| {
        let said = if matches!(how, How::Published(_)) { "published" } else { "failed" };
        let fields = json!({ "pipeline": audience.pipeline, "run_id": result.get("run_id"), "exit_code": code });
        log::event(said, &format_args!("the run of {} is over", audience.pipeline), fields);
        warn_of(telling.end(how, code));
        match text() {
            _ if json => say(mask::shown_within(result.clone())),
            Some(text) => say(text),
            None => {}
        }
        warn_of(audience.call(how, code, result));
    };
    let tell_of_failure = |kind: &str, code: u8| {
        let why = log::complaint().unwrap_or_else(|| "the program has a fault of its own".to_owned());
        let mut result = object::of_failure(kind, &why, code);
        result["pipeline"] = audience.pipeline.as_str().into();
        tell(&How::Failed(&why), code, result, &|| None);
    };
    // A fault of the program's own is told like any other failure, and then takes its course.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| publish(arguments, &audience, telling))) {
        Ok(Ok(run)) => {
            let (errors, queries) = tell::open(&run.manifest);
            let ending = arguments.fail_on.ending(errors, queries);
            PUBLISHED.store(ending.code().into(), Ordering::SeqCst);
            let text = || Some(summary::text(&run.manifest, &run.folder));
            tell(&How::Published(&run), ending.code(), result(&run, ending.code()), &text);
            ending
        }
        Ok(Err(ending)) => {
            tell_of_failure(ending.fault().unwrap_or_default(), ending.code());
            ending
        }
        Err(fault) => {
            tell_of_failure("fault", exit::FAULT);
            std::panic::resume_unwind(fault)
        }
    }
}

/// Says what is wrong with telling, which changes nothing else.
pub fn warn_of(faults: impl IntoIterator<Item = String>) {
    faults.into_iter().for_each(|fault| log::warn(&fault));
}

/// Runs it; complains where nothing can be published.
fn publish(arguments: &Arguments, audience: &Audience, telling: &Telling) -> Result<PublishedRun, Ending> {
    let overrides = Overrides {
        inputs: arguments.input.clone(),
        as_of: arguments.as_of,
        policy: arguments.policy.clone(),
        attendance: arguments.attendance,
        accept_moves: arguments.accept_moves,
        tables_only: arguments.tables_only,
        package: arguments.package,
        recipients: arguments.recipients.clone(),
        cache: Some(arguments.cache_limit).filter(|_| !arguments.no_cache),
    };
    let config = Config::load(&arguments.pipeline, &overrides);
    let as_of = config.as_ref().ok().map(|config| config.law.as_of);
    log::event("started", &format_args!("a run of {}", audience.pipeline), json!({ "pipeline": audience.pipeline, "as_of": as_of }));
    warn_of(telling.begin(audience, &arguments.out, as_of));
    let config = config.map_err(|error| {
        complain(&error);
        Ending::Unusable
    })?;
    use_threads(arguments.jobs)?;
    let progress = Progress::new();
    let published = run(&config, &arguments.out, &|stage, done, of| progress.show(words(stage), done, of));
    progress.finish();
    published.map_err(|error| {
        match error {
            RunError::Write(_) => complain(&format_args!("{error}; the results go to {}", arguments.out.display())),
            _ => complain(&error),
        }
        match error {
            RunError::Held(_) => Ending::Held,
            RunError::Unsafe(_) => Ending::Unsafe,
            RunError::Input(_) | RunError::Policy(_) | RunError::Write(_) => Ending::Unusable,
        }
    })
}

/// A published run as one object.
fn result(run: &PublishedRun, exit_code: u8) -> Value {
    let manifest = &run.manifest;
    json!({
        "run": run.folder,
        "run_id": manifest.run_id,
        "pipeline": manifest.pipeline,
        "exit_code": exit_code,
        "students": manifest.students,
        "outcomes": manifest.outcomes,
        "outcomes_by_stage": manifest.outcomes_by_stage,
        "findings": manifest.findings_by_severity,
        "findings_by_code": manifest.findings,
        "open_findings": manifest.open_findings_by_severity,
        "open_findings_by_code": manifest.open_findings,
        "life": manifest.life,
        "movements": manifest.movements,
        "attendance": manifest.attendance,
        "cache": manifest.cache,
        "seconds": manifest.seconds,
    })
}
