//! `xueji run PIPELINE.toml`.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::progress::{Progress, words};
use super::{Ending, FailOn, complain, say, use_threads};
use crate::pipeline::config::{Attendance, Config, Overrides};
use crate::pipeline::run::{RunError, run};
use crate::report::summary;

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
    jobs: Option<usize>,
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
    /// Parse every file, and keep nothing of what was read for the next run.
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

/// Runs a pipeline.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    if let Err(ending) = use_threads(arguments.jobs) {
        return ending;
    }
    let overrides = Overrides {
        inputs: arguments.input.clone(),
        as_of: arguments.as_of,
        policy: arguments.policy.clone(),
        attendance: arguments.attendance,
        accept_moves: arguments.accept_moves,
        tables_only: arguments.tables_only,
        package: arguments.package,
        recipients: arguments.recipients.clone(),
        cache: Some(arguments.cache_limit).filter(|limit| !arguments.no_cache && *limit > 0),
    };
    let config = match Config::load(&arguments.pipeline, &overrides) {
        Ok(config) => config,
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    };
    let progress = Progress::new();
    let published = run(&config, &arguments.out, &|stage, done, of| progress.show(words(stage), done, of));
    progress.finish();
    let published = match published {
        Ok(published) => published,
        Err(error) => {
            complain(&error);
            return match error {
                RunError::Held(_) => Ending::Held,
                RunError::Unsafe(_) => Ending::Unsafe,
                RunError::Input(_) | RunError::Policy(_) | RunError::Write(_) => Ending::Unusable,
            };
        }
    };
    if json {
        let manifest = &published.manifest;
        let object = serde_json::json!({
            "run": published.folder,
            "run_id": manifest.run_id,
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
        });
        say(object);
    } else {
        say(summary::text(&published.manifest, &published.folder));
    }
    let found = |severity: &str| published.manifest.open_findings_by_severity.get(severity).is_some_and(|number| *number > 0);
    let moved = published.manifest.movements.as_ref().is_some_and(|movements| movements.queries > 0);
    arguments.fail_on.ending(found("error"), found("query") || moved)
}
