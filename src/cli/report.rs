//! `xueji report RUN --out DIR`: the pages and workbooks of a run once more, from the run folder alone.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde_json::json;

use super::progress::{Progress, words};
use super::{Ending, complain, say};
use crate::pipeline::report::report;
use crate::pipeline::run::Stage;

/// The arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A run folder, or a pipeline's folder, whose newest run is taken.
    run: PathBuf,
    /// Where to write them: a folder that is empty or not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many threads to use; all cores without it.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Makes them.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    if let Err(ending) = super::use_threads(arguments.jobs) {
        return ending;
    }
    let progress = Progress::new();
    let done = report(&arguments.run, &arguments.out, &|done, of| progress.show(words(Stage::Reporting), done, of));
    progress.finish();
    match done {
        Ok(run_id) if json => {
            say(json!({ "run_id": run_id, "folder": arguments.out.display().to_string() }));
            Ending::Done
        }
        Ok(_) => {
            say(format!("结果在 {}", arguments.out.display()));
            Ending::Done
        }
        Err(error) => {
            complain(&error);
            Ending::Unusable
        }
    }
}
