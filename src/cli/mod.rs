//! The commands: one file each.

mod check;
mod coverage;
mod diff;
mod explain;
mod export;
mod matching;
mod progress;
mod pseudonymise;
mod readings;
mod report;
mod rules;
mod run;
mod runs;
mod sample;
mod schedule;
mod signoff;
mod template;
mod term_picture;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ingest::fold::is_unseen;
use crate::ingest::keep_damage_quiet;
use crate::ingest::old::{self, OldKind};
use crate::pipeline::schedule::stop;
use crate::report::{keys, mask};

/// Decides by the Shanghai regulation on student registration (上海市中小学学生学籍管理办法).
#[derive(Debug, Parser)]
#[command(name = "xueji", version, about, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    json: bool,
    /// The key that runs are encrypted with, and read back by: 64 hexadecimal digits; XUEJI_KEY_FILE or XUEJI_KEY without it.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a pipeline: from a folder of files to published decisions.
    Run(run::Arguments),
    /// Look at files before sending them: what each sheet was taken for, and what is to be mended, cell by cell.
    Check(check::Arguments),
    /// One student's decision, clause by clause, with its evidence.
    Explain(explain::Arguments),
    /// Whose decision or finding changed between two runs, and which condition moved.
    Diff(diff::Arguments),
    /// Make the pages and workbooks of a run once more, from the run folder alone.
    Report(report::Arguments),
    /// Hand the changes of a run to another system, in its codes.
    Export(export::Arguments),
    /// What this program calls to read an old workbook in a process of its own.
    #[command(name = old::COMMAND, hide = true)]
    ReadOldWorkbook {
        /// What it is.
        kind: OldKind,
    },
    /// Who is whom in rosters, the exam authority's list and the actual rolls, without judging anybody.
    #[command(name = "match")]
    Match(matching::Arguments),
    /// Every clause and finding, or one: what it asks, how faithfully it is computed, how it is read, its parameters.
    Rules(rules::Arguments),
    /// What is signed off, what may be, and why not; sign off a school, a district or the city, or take it back.
    Signoff(signoff::Arguments),
    /// Make an invented city: schools, students and records, with damage at known rates and `truth.parquet` that says where.
    Sample(sample::Arguments),
    /// A copy of a run's tables for analysis: no names and ids, people under pseudonyms that are the same in every run.
    Pseudonymise(pseudonymise::Arguments),
    /// The runs there are, what one rests on, and removing old ones.
    Runs(runs::Arguments),
    /// Whether a published run is what it was and what it says; with --again, whether the inputs once more come to the same.
    Verify(verify::Arguments),
    /// When each pipeline is due; run what is due; hand that to systemd, cron or Windows.
    Schedule(schedule::Arguments),
    /// An empty workbook of a table for a school to fill in, with drop-down lists, checks, an example and an explanation of each column.
    Template(template::Arguments),
}

/// How a command ended, as the contract numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Done.
    Done,
    /// Done and published, with findings at or above `--fail-on`.
    Findings,
    /// Wrong usage, or an input or configuration that can't be used.
    Unusable,
    /// Stopped by a safety check.
    Unsafe,
    /// Another run holds this output.
    Held,
    /// Told to stop.
    Interrupted,
}

/// From which severity on findings make a command end with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    Query,
    Never,
}

impl FailOn {
    /// How a command ends that found errors, or queries.
    fn ending(self, errors: bool, queries: bool) -> Ending {
        let failed = match self {
            FailOn::Never => false,
            FailOn::Error => errors,
            FailOn::Query => errors || queries,
        };
        if failed { Ending::Findings } else { Ending::Done }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::Findings => 1,
            Ending::Unusable => 2,
            Ending::Unsafe => 3,
            Ending::Held => 75,
            Ending::Interrupted => INTERRUPTED,
        })
    }
}

/// The exit code of an interrupted run.
const INTERRUPTED: u8 = 130;

/// Ends the process with the contract's code when it is interrupted. Nothing is published by halves: a run folder appears by one rename.
fn end_when_interrupted() {
    let end = || {
        // Whoever has begun jobs ends them first.
        if stop::tell() {
            return;
        }
        note(&"interrupted: nothing more was published");
        std::process::exit(INTERRUPTED.into());
    };
    if let Err(error) = ctrlc::set_handler(end) {
        note(&format_args!("warning: an interruption will not be reported: {error}"));
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    end_when_interrupted();
    keep_damage_quiet();
    if let Ok(program) = std::env::current_exe() {
        old::set_program(program);
    }
    let arguments = Arguments::parse();
    let json = arguments.json;
    match keys::find(arguments.key_file.as_deref()) {
        Ok(key) => keys::use_key(key),
        Err(error) => {
            complain(&error);
            return Ending::Unusable.into();
        }
    }
    match arguments.command {
        Command::Run(arguments) => run::main(&arguments, json),
        Command::Check(arguments) => check::main(&arguments, json),
        Command::Explain(arguments) => explain::main(&arguments, json),
        Command::Diff(arguments) => diff::main(&arguments, json),
        Command::Report(arguments) => report::main(&arguments, json),
        Command::Export(arguments) => export::main(&arguments, json),
        Command::ReadOldWorkbook { kind } => match old::serve(kind) {
            Ok(()) => Ending::Done,
            Err(_) => Ending::Unusable,
        },
        Command::Match(arguments) => matching::main(&arguments, json),
        Command::Rules(arguments) => rules::main(&arguments, json),
        Command::Sample(arguments) => sample::main(&arguments, json),
        Command::Schedule(arguments) => schedule::main(&arguments, json),
        Command::Signoff(arguments) => signoff::main(&arguments, json),
        Command::Pseudonymise(arguments) => pseudonymise::main(&arguments, json),
        Command::Runs(arguments) => runs::main(&arguments, json),
        Command::Verify(arguments) => verify::main(&arguments, json),
        Command::Template(arguments) => template::main(&arguments, json),
    }
    .into()
}

/// Lets as many threads work as `--jobs` says.
fn use_threads(jobs: Option<usize>) -> Result<(), Ending> {
    let Some(jobs) = jobs else { return Ok(()) };
    rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global().map_err(|error| {
        complain(&error);
        Ending::Unusable
    })
}

/// Says something on standard output, no number of an ID document whole. Nobody is there to be told when that fails, as with a closed
/// pipe.
fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{}", safe(&text.to_string()));
}

/// Says something on standard error, masked in the same way.
fn note(text: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{}", safe(&text.to_string()));
}

/// A text as it may be shown: masked, and without what would move the cursor of the terminal.
fn safe(text: &str) -> String {
    let is_shown = |letter: char| letter == '\n' || letter == '\t' || !is_unseen(letter);
    mask::within(text).chars().map(|letter| if is_shown(letter) { letter } else { '\u{FFFD}' }).collect()
}

/// Says on standard error why a command could not be done.
fn complain(error: &dyn std::fmt::Display) {
    note(&format_args!("error: {error}"));
}
