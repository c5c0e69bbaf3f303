//! The command that is told of a run: called without a shell, given the result on standard input, and stopped when it takes too long.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::pipeline::group::{self, Urgency};
use crate::report::keys;

/// A command that did not do what it was called for.
#[derive(Debug, Error)]
pub enum Fault {
    #[error("{program} can't be called: {error}")]
    Start { program: String, error: io::Error },
    #[error("{program} took longer than {} s, and was stopped", .limit.as_secs_f64())]
    Slow { program: String, limit: Duration },
    #[error("{program} ended with {status}{said}")]
    Failed { program: String, status: ExitStatus, said: String },
}

/// The process of the command at work; none is 0.
static AT_WORK: AtomicU32 = AtomicU32::new(0);

/// A command at work, known to whoever ends this process.
struct AtWork;

impl AtWork {
    fn note(id: u32) -> Self {
        AT_WORK.store(id, Ordering::SeqCst);
        Self
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.store(0, Ordering::SeqCst);
    }
}

/// Ends the command at work, and all that it has started: whoever interrupts this process does not reach it.
pub fn end_at_work() {
    let id = AT_WORK.swap(0, Ordering::SeqCst);
    if id != 0 {
        group::end_group(id, Urgency::Asked);
    }
}

/// Bytes of what a failing command says that are passed on.
const SAID: u64 = 2_000;

/// Between two looks at whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Calls a command: a program and its arguments.
///
/// # Errors
/// It can't be called, fails, or takes longer than it may.
pub fn call(command: &[OsString], environment: &[(&str, String)], input: String, limit: Duration) -> Result<(), Fault> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let name = || program.to_string_lossy().into_owned();
    let start = |error| Fault::Start { program: name(), error };
    let mut called = Command::new(program);
    called
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        // Whoever is told of a run needs no key to it.
        .env_remove(keys::KEY)
        .env_remove(keys::KEY_FILE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = group::alone(&mut called).spawn().map_err(start)?;
    let _at_work = AtWork::note(child.id());
    // Both by threads that nobody waits for: a program that reads nothing, or leaves others behind that hold its pipes, must not hold the run.
    if let Some(mut own) = child.stdin.take() {
        std::thread::spawn(move || own.write_all(input.as_bytes()));
    }
    let (tell, said) = mpsc::channel();
    if let Some(mut own) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            // Whatever could be read before a fault is better than nothing; the rest is read as well, or the program would stop at it.
            let _ = own.by_ref().take(SAID).read_to_end(&mut said);
            let _ = tell.send(String::from_utf8_lossy(&said).trim().to_owned());
            io::copy(&mut own, &mut io::sink())
        });
    }
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(start)? {
            Some(status) => break status,
            None if begun.elapsed() >= limit => {
                group::end(&child, Urgency::Forced);
                // Nothing is left to do where it has ended just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Fault::Slow { program: name(), limit });
            }
            None => std::thread::sleep(LOOK),
        }
    };
    if status.success() {
        return Ok(());
    }
    let said = said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Err(Fault::Failed { program: name(), status, said })
}
