//! Progress on standard error: a bar on a terminal, plain lines otherwise, nothing for what is done within two seconds; where a log of JSON
//! objects is wanted, one a stage, and one every few seconds.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::log::{self, Level};
use crate::pipeline::run::Stage;

/// Shows how far a run is.
pub struct Progress {
    began: Instant,
    state: Mutex<State>,
}

struct State {
    stage: Option<&'static str>,
    bar: ProgressBar,
    said: Instant,
}

/// What a stage of a run is called.
pub fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "reading",
        Stage::Judging => "judging",
        Stage::Writing => "writing",
        Stage::Reporting => "reporting",
    }
}

const PLAIN_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Begins.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self { began: Instant::now(), state: Mutex::new(State { stage: None, bar, said: Instant::now() }) }
    }

    /// Shows the progress of what is done now, such as `reading`.
    pub fn show(&self, stage: &'static str, done: u64, of: u64) {
        // A fault of whoever showed progress before is no reason to stop.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let terminal = std::io::stderr().is_terminal() && !log::is_json();
        let is_new = state.stage != Some(stage);
        if is_new {
            state.bar.finish_and_clear();
            state.stage = Some(stage);
            if terminal {
                state.bar = ProgressBar::new(of);
                let style = ProgressStyle::with_template("{prefix:8} {wide_bar} {percent:>3} %  {elapsed}");
                state.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                state.bar.set_prefix(stage);
            }
        }
        if terminal {
            state.bar.set_length(of);
            state.bar.set_position(done);
        } else if is_new && log::is_json() || self.began.elapsed() > Duration::from_secs(2) && state.said.elapsed() > PLAIN_EVERY {
            state.said = Instant::now();
            let percent = (done * 100).checked_div(of).unwrap_or(100);
            let fields = json!({ "stage": stage, "done": done, "of": of });
            log::line(Level::Info, "progress", &format_args!("{stage}: {percent} %"), fields);
        }
    }

    /// Ends.
    pub fn finish(&self) {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).bar.finish_and_clear();
    }
}
