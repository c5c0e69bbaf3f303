//! How is a job run? As a process of its own, so that its memory is freed and a crash stays its own.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::attempts::INTERRUPTED;
use super::job::Job;
use super::stop;
use crate::pipeline::group::{self, Urgency};
use crate::report::mask;

/// What jobs are run with.
#[derive(Clone, Debug)]
pub struct Runs {
    /// This program.
    pub program: PathBuf,
    /// Where runs are published.
    pub out: PathBuf,
    /// Further options of `xueji run`.
    pub options: Vec<String>,
    /// Whether standard output is left to somebody else.
    pub quiet: bool,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Its exit code; none of one that a signal ended.
    pub exit_code: Option<i32>,
    /// What it said last on standard error.
    pub why: String,
}

/// How often a job is looked after, and whether to stop.
const LOOK: Duration = Duration::from_millis(100);
/// A job that is told to end is given this time.
const GRACE: Duration = Duration::from_secs(10);
/// Its last words are waited for this long, as somebody else may hold their pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// More than this of its last words is not kept.
const MOST_LETTERS: usize = 500;

impl Runs {
    /// Runs a job until it ends, or this process is told to stop; `tell` gets what it says on standard error, line by line.
    ///
    /// # Errors
    /// It can't be started.
    pub fn run(&self, job: &Job, tell: impl Fn(&str) + Send + 'static) -> io::Result<Ending> {
        let mut command = Command::new(&self.program);
        command.arg("run").arg(&job.file).arg("--out").arg(&self.out).args(&self.options);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        if self.quiet {
            command.stdout(Stdio::null());
        }
        // What the terminal tells this process it passes on by itself, to the job and whatever that has started.
        let mut child = group::alone(&mut command).spawn()?;
        let words = child.stderr.take().map(|pipe| Words::of(pipe, tell));
        let exit_code = loop {
            if let Some(status) = child.try_wait()? {
                break status.code();
            }
            if stop::wait(LOOK) {
                // What it published in its last seconds counts.
                break end(&mut child)?.or(Some(INTERRUPTED));
            }
        };
        Ok(Ending { exit_code, why: words.map(Words::last).unwrap_or_default() })
    }
}

/// Ends a job, its exit code: asks it first, so that it can end what it has begun.
fn end(child: &mut Child) -> io::Result<Option<i32>> {
    group::end(child, Urgency::Asked);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if let Some(status) = child.try_wait()? {
            group::end(child, Urgency::Forced);
            return Ok(status.code());
        }
        std::thread::sleep(LOOK);
    }
    group::end(child, Urgency::Forced);
    // Without groups of processes nobody was told.
    let _ = child.kill();
    child.wait().map(|status| status.code())
}

/// What a line says that may be the last word: of a JSON log the message of a warning or an error.
fn word(line: &str) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(line) {
        Ok(object) if object["level"] == "info" => None,
        Ok(object) => object["message"].as_str().map(str::to_owned),
        Err(_) => Some(line.to_owned()).filter(|line| !line.is_empty()),
    }
}

/// What a job says on standard error.
struct Words {
    last: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Words {
    fn of(pipe: ChildStderr, tell: impl Fn(&str) + Send + 'static) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&last);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                tell(&line);
                if let Some(word) = word(line.trim()) {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) = word;
                }
            }
        });
        Self { last, reader }
    }

    /// The last of it, masked and cut.
    fn last(self) -> String {
        let asked = Instant::now();
        while !self.reader.is_finished() && asked.elapsed() < LAST_WORDS {
            std::thread::sleep(Duration::from_millis(10));
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        mask::within(&last).chars().take(MOST_LETTERS).collect()
    }
}
