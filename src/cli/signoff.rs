//! `xueji signoff`: what is signed off, what may be, and why not; signs, and takes it back.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Ending, complain, say};
use crate::pipeline::signoff::{Party, Request, SignoffError, Standing, State, sign, standing};
use crate::report::read::Run;
use crate::report::signoffs::{Action, Level};

/// The arguments of `signoff`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("party").args(["school", "district", "city"]))]
pub struct Arguments {
    /// A run folder, a pipeline's folder or an output folder, whose newest run is taken.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    run: PathBuf,
    /// Sign off a school, by its code.
    #[arg(long, value_name = "CODE", requires = "by")]
    school: Option<String>,
    /// Sign off a district, by its name.
    #[arg(long, value_name = "NAME", requires = "by")]
    district: Option<String>,
    /// Sign off the city.
    #[arg(long, requires = "by")]
    city: bool,
    /// Who signs.
    #[arg(long, value_name = "NAME", requires = "party")]
    by: Option<String>,
    /// What there is to note.
    #[arg(long, value_name = "TEXT", requires = "party", default_value = "", hide_default_value = true)]
    note: String,
    /// Take the sign-off back.
    #[arg(long, requires = "party")]
    revoke: bool,
}

/// Lists sign-offs, or gives one.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match signoff(arguments, json) {
        Ok(()) => Ending::Done,
        Err(error) => {
            complain(&error);
            if matches!(error, SignoffError::Held(_)) { Ending::Held } else { Ending::Unusable }
        }
    }
}

fn signoff(arguments: &Arguments, json: bool) -> Result<(), SignoffError> {
    let run = Run::open(&arguments.run)?;
    let (level, code) = match (&arguments.school, &arguments.district, arguments.city) {
        (Some(school), ..) => (Level::School, school.trim()),
        (_, Some(district), _) => (Level::District, district.trim()),
        (_, _, true) => (Level::City, ""),
        _ => {
            let standing = standing(&run)?;
            if json {
                say(object(&run, &standing));
            } else {
                say(text(&run, &standing));
            }
            return Ok(());
        }
    };
    let action = if arguments.revoke { Action::Revoked } else { Action::Signed };
    let by = arguments.by.as_deref().unwrap_or_default().trim();
    let party = sign(&run, &Request { level, code, action, by, note: arguments.note.trim() })?;
    if json {
        say(of_party(&party));
    } else {
        let done = if arguments.revoke { "已撤回签核，现在" } else { "" };
        say(format!("{}：{done}{}", name(&party), state(&party)));
    }
    Ok(())
}

/// What a party is called by people.
fn name(party: &Party) -> String {
    match party.level {
        Level::City => "全市".to_owned(),
        Level::District => party.code.clone(),
        Level::School => format!("{} {}", party.code, party.name).trim_end().to_owned(),
    }
}

/// How it stands, with by whom it was signed off and what is open.
fn state(party: &Party) -> String {
    let mut open = Vec::new();
    if party.open_errors > 0 {
        open.push(format!("未了结的必须整改 {} 件", party.open_errors));
    }
    if party.unanswered_queries > 0 {
        open.push(format!("未答复的需要说明 {} 件", party.unanswered_queries));
    }
    if !party.waiting_for.is_empty() {
        let unit = if party.level == Level::District { "所学校" } else { "个区" };
        open.push(format!("{} {unit}没有签核", party.waiting_for.len()));
    }
    let signed = party.signoff.as_ref().map(|own| format!("（{}，{}）", own.by, own.at)).unwrap_or_default();
    let why = if open.is_empty() { String::new() } else { format!("：{}", open.join("，")) };
    format!("{}{signed}{why}", party.state.title())
}

fn text(run: &Run, standing: &Standing) -> String {
    let manifest = &run.manifest;
    let mut lines = vec![format!("{} 学年，判定日期 {}，运行 {}", manifest.school_year, manifest.as_of, manifest.run_id)];
    for party in standing.parties() {
        let indent = match party.level {
            Level::City => "",
            Level::District => "  ",
            Level::School => "    ",
        };
        lines.push(format!("{indent}{}：{}", name(party), state(party)));
    }
    let signed = standing.schools.iter().filter(|own| own.state == State::Signed).count();
    lines.push(format!("学校 {} 所，已签核 {signed} 所", standing.schools.len()));
    lines.join("\n")
}

fn of_party(party: &Party) -> Value {
    let signoff = party.signoff.as_ref();
    json!({
        "level": party.level.code(),
        "code": party.code,
        "name": party.name,
        "district": party.district,
        "state": party.state.code(),
        "open_errors": party.open_errors,
        "unanswered_queries": party.unanswered_queries,
        "waiting_for": party.waiting_for,
        "by": signoff.map(|own| &own.by),
        "at": signoff.map(|own| &own.at),
        "note": signoff.map(|own| &own.note),
        "signed_run": signoff.map(|own| &own.run_id),
    })
}

fn object(run: &Run, standing: &Standing) -> Value {
    json!({
        "run_id": run.manifest.run_id,
        "as_of": run.manifest.as_of,
        "school_year": run.manifest.school_year,
        "city": of_party(&standing.city),
        "districts": standing.districts.iter().map(of_party).collect::<Vec<_>>(),
        "schools": standing.schools.iter().map(of_party).collect::<Vec<_>>(),
    })
}
