//! A program that is started with all that it will start itself, and ended with all of that.

use std::process::{Child, Command};

/// How a program is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It may end what it has begun.
    Asked,
    /// At once.
    Forced,
}

/// Lets a program begin a group of its own, which those that it starts belong to. What the terminal tells this process it is not told.
pub fn alone(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Tells a program that was started alone, and all that it has started, to end; nobody is left where that fails.
pub fn end(child: &Child, urgency: Urgency) {
    end_group(child.id(), urgency);
}

/// The same by the number of its process.
#[cfg(unix)]
pub fn end_group(id: u32, urgency: Urgency) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if urgency == Urgency::Asked { Signal::TERM } else { Signal::KILL };
    let group = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _ = group.map(|group| kill_process_group(group, signal));
}

/// The same by the number of its process: without groups of processes nobody is told.
#[cfg(not(unix))]
pub fn end_group(_id: u32, _urgency: Urgency) {}
