//! `xueji match PIPELINE.toml`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use chrono::NaiveDate;
use law::regulation::findings::find;

use super::progress::{Progress, words};
use super::{Ending, complain, say, use_threads};
use crate::pipeline::config::{Config, Overrides};
use crate::pipeline::matching::{self, Matching};
use crate::reconcile::found::By;

/// The arguments of `match`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The pipeline file, whose policy, calendar and dictionaries are used.
    pipeline: PathBuf,
    /// A folder of input files; replaces the pipeline file's. May be given several times.
    #[arg(long, value_name = "DIR")]
    input: Vec<PathBuf>,
    /// Exams after this date are left out.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// A folder for matches.parquet and findings.parquet; nothing is written without it.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many threads to use; all cores without it.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Matches people and judges nobody.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    if let Err(ending) = use_threads(arguments.jobs) {
        return ending;
    }
    let overrides = Overrides { inputs: arguments.input.clone(), as_of: arguments.as_of, ..Overrides::default() };
    let config = match Config::load(&arguments.pipeline, &overrides) {
        Ok(config) => config,
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    };
    let progress = Progress::new();
    let matched = matching::run(&config, arguments.out.as_deref(), &|stage, done, of| progress.show(words(stage), done, of));
    progress.finish();
    match matched {
        Ok(matched) if json => say(serde_json::json!(matched)),
        Ok(matched) => say(text(&matched)),
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    }
    Ending::Done
}

fn text(matched: &Matching) -> String {
    let mut lines = vec![format!("学籍 {} 名，考试和花名册 {} 行", matched.students, matched.rows)];
    for by in [By::NationalId, By::Document, By::ShanghaiNumber, By::ExamNumber, By::Score] {
        let rows = matched.by.get(by.code()).copied().unwrap_or(0);
        if rows > 0 {
            lines.push(format!("  凭{}认准 {rows} 行", by.word()));
        }
    }
    if matched.review > 0 {
        lines.push(format!("  认不准、要人核对的可能 {} 对", matched.review));
    }
    for (code, number) in &matched.findings {
        lines.push(format!("{code} {}：{number} 处", find(code).map_or("", |entry| entry.wrong)));
    }
    lines.join("\n")
}
