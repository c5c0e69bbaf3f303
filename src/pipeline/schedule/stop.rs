//! Is this process told to stop? Whoever waits is woken, and ends what it has begun.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody here listens: an interruption ends the process at once.
    Deaf,
    Listening,
    Told,
}

static STATE: Mutex<State> = Mutex::new(State::Deaf);
static BELL: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on an interruption is told here.
pub fn listen() {
    let mut state = state();
    if *state == State::Deaf {
        *state = State::Listening;
    }
}

/// Tells that the process is to stop; `false` if nobody listens.
pub fn tell() -> bool {
    let mut state = state();
    if *state == State::Deaf {
        return false;
    }
    *state = State::Told;
    BELL.notify_all();
    true
}

/// Waits that long, or until told to stop, which it returns.
pub fn wait(time: Duration) -> bool {
    let waited = BELL.wait_timeout_while(state(), time, |state| *state != State::Told);
    let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    *state == State::Told
}
