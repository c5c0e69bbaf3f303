//! The commands: one file each.

mod check;
mod coverage;
mod diff;
mod explain;
mod export;
mod log;
mod matching;
mod object;
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
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use self::log::{complain, note};
use crate::ingest::keep_damage_quiet;
use crate::ingest::old::{self, OldKind};
use crate::pipeline::exit;
use crate::pipeline::schedule::stop;
use crate::pipeline::tell::{How, Telling, end_at_work};
use crate::report::{keys, mask};

/// Decides by the Shanghai regulation on student registration (上海市中小学学生学籍管理办法).
#[derive(Debug, Parser)]
#[command(name = "xueji", version, about, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the result as one JSON object, also when there is none: then it says why.
    #[arg(long, global = true)]
    json: bool,
    /// The key that runs are encrypted with, and read back by: 64 hexadecimal digits; XUEJI_KEY_FILE or XUEJI_KEY without it.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<std::path::PathBuf>,
    /// How progress, warnings and errors are said on standard error: as text, or as one JSON object a line.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    log_format: log::Format,
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

impl Ending {
    fn code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::Findings => 1,
            Ending::Unusable => exit::UNUSABLE,
            Ending::Unsafe => exit::UNSAFE,
            Ending::Held => exit::HELD,
            Ending::Interrupted => exit::INTERRUPTED,
        }
    }

    /// What is wrong, in a word; nothing where there is a result.
    fn fault(self) -> Option<&'static str> {
        match self {
            Ending::Done | Ending::Findings => None,
            Ending::Unusable => Some("unusable"),
            Ending::Unsafe => Some("unsafe"),
            Ending::Held => Some("held"),
            Ending::Interrupted => Some("interrupted"),
        }
    }
}

/// Ends the process with the contract's code when it is interrupted. Nothing is published by halves: a run folder appears by one rename.
fn end_when_interrupted(telling: Arc<Telling>) {
    let end = move || {
        // Whoever has begun jobs ends them first.
        if stop::tell() {
            return;
        }
        end_at_work();
        if let Some(code) = run::published() {
            log::warn(&"interrupted: the run is published, but not everybody was told of it");
            std::process::exit(code);
        }
        run::warn_of(telling.end(&How::Interrupted, exit::INTERRUPTED));
        complain(&"interrupted: nothing more was published");
        object::give_failure("interrupted", exit::INTERRUPTED);
        std::process::exit(exit::INTERRUPTED.into());
    };
    if let Err(error) = ctrlc::set_handler(end) {
        log::warn(&format_args!("an interruption will not be reported: {error}"));
    }
}

/// Reads the command line; a wrong one is told as what is asked for on it says, as far as that can be made out.
fn arguments() -> Result<Arguments, ExitCode> {
    let error = match Arguments::try_parse() {
        Ok(arguments) => {
            log::set_format(arguments.log_format);
            if arguments.json {
                object::want();
            }
            return Ok(arguments);
        }
        Err(error) => error,
    };
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let asks_for_json =
        words.windows(2).any(|pair| pair == ["--log-format", "json"]) || words.iter().any(|word| word == "--log-format=json");
    if asks_for_json {
        log::set_format(log::Format::Json);
    }
    let text = error.render().to_string();
    let shown = mask::shown(&text);
    // Help goes where it is asked for, and an error in colours where nothing in it has to be hidden.
    if !error.use_stderr() || !asks_for_json && shown == text {
        let _ = error.print();
    } else {
        complain(&text.trim_end().trim_start_matches("error: "));
    }
    let code = u8::try_from(error.exit_code()).unwrap_or(Ending::Unusable.code());
    if error.use_stderr() && words.iter().any(|word| word == "--json") {
        say(mask::shown_within(object::of_failure("usage", &shown.trim_end(), code)));
    }
    Err(ExitCode::from(code))
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let telling = Arc::new(Telling::default());
    end_when_interrupted(Arc::clone(&telling));
    if let Ok(program) = std::env::current_exe() {
        old::set_program(program);
    }
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    keep_damage_quiet();
    let json = arguments.json;
    let key_file = arguments.key_file;
    match keys::find(key_file.as_deref()) {
        Ok(key) => keys::use_key(key),
        Err(error) => {
            complain(&error);
            object::give_failure("unusable", Ending::Unusable.code());
            return ExitCode::from(Ending::Unusable.code());
        }
    }
    let ending = match arguments.command {
        Command::Run(arguments) => run::main(&arguments, json, &telling),
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
        Command::Schedule(arguments) => schedule::main(&arguments, key_file.as_deref(), json),
        Command::Signoff(arguments) => signoff::main(&arguments, json),
        Command::Pseudonymise(arguments) => pseudonymise::main(&arguments, json),
        Command::Runs(arguments) => runs::main(&arguments, json),
        Command::Verify(arguments) => verify::main(&arguments, json),
        Command::Template(arguments) => template::main(&arguments, json),
    };
    if let Some(kind) = ending.fault() {
        object::give_failure(kind, ending.code());
    }
    ExitCode::from(ending.code())
}

/// Lets as many threads work as `--jobs` says.
fn use_threads(jobs: Option<NonZeroUsize>) -> Result<(), Ending> {
    let Some(jobs) = jobs else { return Ok(()) };
    rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build_global().map_err(|error| {
        complain(&error);
        Ending::Unusable
    })
}

/// Says something on standard output, no number of an ID document whole. Nobody is there to be told when that fails, as with a closed
/// pipe.
fn say(text: impl std::fmt::Display) {
    if object::may_be_given() {
        let _ = writeln!(std::io::stdout().lock(), "{}", mask::shown(&text.to_string()));
    }
}
