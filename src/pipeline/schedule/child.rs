//! How is a job run? As a process of its own, so that its memory is freed and a crash stays its own.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::attempts::INTERRUPTED;
use super::job::Job;
use super::stop;
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
    pub fn run(&self, job: &Job, tell: fn(&str)) -> io::Result<Ending> {
        let mut command = Command::new(&self.program);
        command.arg("run").arg(&job.file).arg("--out").arg(&self.out).args(&self.options);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        if self.quiet {
            command.stdout(Stdio::null());
        }
        // What the terminal tells this process it passes on by itself, to the job and whatever that has started.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
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
    signal(child, Urgency::Asked);
    let asked = Instant::now();
    while asked.elapsed() < GRACE {
        if let Some(status) = child.try_wait()? {
            signal(child, Urgency::Forced);
            return Ok(status.code());
        }
        std::thread::sleep(LOOK);
    }
    signal(child, Urgency::Forced);
    // Without groups of processes nobody was told.
    let _ = child.kill();
    child.wait().map(|status| status.code())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Asked,
    Forced,
}

/// Signals a job and all that it has started; nobody is left where that fails.
#[cfg(unix)]
fn signal(child: &Child, urgency: Urgency) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if urgency == Urgency::Asked { Signal::TERM } else { Signal::KILL };
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _ = group.map(|group| kill_process_group(group, signal));
}

#[cfg(not(unix))]
fn signal(_child: &Child, _urgency: Urgency) {}

/// What a job says on standard error.
struct Words {
    last: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Words {
    fn of(pipe: ChildStderr, tell: fn(&str)) -> Self {
        let last = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&last);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                tell(&line);
                if !line.trim().is_empty() {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) = line.trim().to_owned();
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
