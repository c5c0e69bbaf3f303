//! `xueji verify RUN`: is a published run what it was, and what it says? With `--again`, is it the same when it is judged once more?

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde_json::json;

use super::progress::{Progress, words};
use super::{Ending, complain, say};
use crate::pipeline::config::{Attendance, Config, Overrides};
use crate::pipeline::verify::{Check, VerifyError, again, verify};
use crate::report::read::Run;

/// The arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A run folder, or a pipeline's folder, whose newest run is taken.
    run: PathBuf,
    /// Judge the inputs once more by this pipeline file, as of the day that the run judged, and compare the bytes.
    #[arg(long, value_name = "PIPELINE.toml")]
    again: Option<PathBuf>,
    /// A folder of the run's input files; replaces the pipeline file's. May be given several times.
    #[arg(long, value_name = "DIR", requires = "again")]
    input: Vec<PathBuf>,
    /// A policy file; replaces the pipeline file's.
    #[arg(long, value_name = "FILE", requires = "again")]
    policy: Option<PathBuf>,
    /// How many threads to use; all cores without it.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Verifies a run: 0 when all is as it should be, 1 when something is not.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    if let Err(ending) = super::use_threads(arguments.jobs) {
        return ending;
    }
    let (run, mut checks) = match verify(&arguments.run) {
        Ok(verified) => verified,
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    };
    if let Some(pipeline) = &arguments.again {
        match judge_again(arguments, pipeline, &run) {
            Ok(own) => checks.extend(own),
            Err(ending) => return ending,
        }
    }
    let is_right = checks.iter().all(|check| check.problems.is_empty());
    if json {
        say(object(&run, &checks, is_right));
    } else {
        say(text(&run, &checks, is_right, arguments.again.is_some()));
    }
    if is_right { Ending::Done } else { Ending::Findings }
}

fn judge_again(arguments: &Arguments, pipeline: &std::path::Path, run: &Run) -> Result<Vec<Check>, Ending> {
    let unusable = |error: &dyn std::fmt::Display| {
        complain(error);
        Ending::Unusable
    };
    let form = run.manifest.attendance.as_ref().map(|attendance| attendance.form.as_str());
    let overrides = Overrides {
        inputs: arguments.input.clone(),
        as_of: run.manifest.as_of.parse().ok(),
        policy: arguments.policy.clone(),
        attendance: [Attendance::Exceptions, Attendance::Daily].into_iter().find(|own| Some(own.name()) == form),
        ..Overrides::default()
    };
    let config = Config::load(pipeline, &overrides).map_err(|error| unusable(&error))?;
    let progress = Progress::new();
    let checks = again(run, &config, &|stage, done, of| progress.show(words(stage), done, of));
    progress.finish();
    checks.map_err(|error: VerifyError| unusable(&error))
}

fn text(run: &Run, checks: &[Check], is_right: bool, was_judged: bool) -> String {
    let mut lines = vec![format!("核验 {}（{}，判定日期 {}）", run.manifest.run_id, run.manifest.pipeline, run.manifest.as_of)];
    for check in checks {
        if check.problems.is_empty() {
            lines.push(format!("  相符  {}：{} 项", check.title, check.looked_at));
            continue;
        }
        lines.push(format!("  不符  {}：", check.title));
        lines.extend(check.problems.iter().map(|problem| format!("          {problem}")));
    }
    lines.push(match (is_right, was_judged) {
        (true, true) => "全部相符：文件自发布起没有改动，用同样的输入重新判定，结果相同。".to_owned(),
        (true, false) => "全部相符：文件自发布起没有改动，数目与清单一致。加 --again 流程文件，可用同样的输入重新判定一遍。".to_owned(),
        (false, _) => "有不符之处：在查明原因之前，不要把这次运行当作依据；原始输入还在时，请重新运行。".to_owned(),
    });
    lines.join("\n")
}

fn object(run: &Run, checks: &[Check], is_right: bool) -> serde_json::Value {
    let of_check =
        |check: &Check| json!({ "check": check.code, "title": check.title, "looked_at": check.looked_at, "problems": check.problems });
    json!({
        "run": run.folder,
        "run_id": run.manifest.run_id,
        "verified": is_right,
        "checks": checks.iter().map(of_check).collect::<Vec<_>>(),
    })
}
