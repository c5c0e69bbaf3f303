//! `xueji pseudonymise RUN`: a copy of a run's tables without names and ids, for analysis.

use std::path::PathBuf;

use serde_json::json;

use super::{Ending, complain, say};
use crate::pipeline::folder::{fill, holds_something};
use crate::report::keys::Key;
use crate::report::pseudonymise::{ABOUT, pseudonymise};
use crate::report::read::Run;

/// The arguments of `pseudonymise`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A run folder, or a pipeline's folder, whose newest run is taken.
    run: PathBuf,
    /// Where to write the copy: a folder that is empty or not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The secret that pseudonyms are made with: 64 hexadecimal digits. The same secret gives the same pseudonyms in every run.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
}

/// Writes the copy.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match copy(arguments, json) {
        Ok(()) => Ending::Done,
        Err(error) => {
            complain(&error);
            Ending::Unusable
        }
    }
}

fn copy(arguments: &Arguments, json: bool) -> Result<(), Box<dyn std::error::Error>> {
    let run = Run::open(&arguments.run)?;
    let secret = Key::load(&arguments.secret)?;
    let out = &arguments.out;
    if holds_something(out) {
        return Err(format!("{} is not empty: name a folder that is, or that is not there", out.display()).into());
    }
    let copied = fill::<_, Box<dyn std::error::Error>>(out, ABOUT, |beside| Ok(pseudonymise(&run, beside, &secret)?))?;
    if json {
        let tables: Vec<_> = copied.iter().map(|(table, rows)| json!({ "table": table, "rows": rows })).collect();
        say(json!({ "run_id": run.manifest.run_id, "folder": out.display().to_string(), "secret": secret.mark(), "tables": tables }));
    } else {
        let tables: Vec<String> = copied.iter().map(|(table, rows)| format!("{table} {rows} 行")).collect();
        say(format!("结果在 {}：{}", out.display(), tables.join("，")));
        say("没有姓名、证件号和学籍号；小学校里凭年级和结论仍可能认出人来，请只交给有保密义务的人");
    }
    Ok(())
}
