//! The result as one JSON object on standard output (`--json`): exactly one, of a command that fails or is interrupted too.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{log, say};

static WANTED: AtomicBool = AtomicBool::new(false);
static GIVEN: AtomicBool = AtomicBool::new(false);

/// From now on a command that gives no result gives the reason as one.
pub fn want() {
    WANTED.store(true, Ordering::SeqCst);
}

/// Whether the result may be given now: not where one is wanted and was given, as when somebody interrupts at that moment.
pub fn may_be_given() -> bool {
    !GIVEN.swap(true, Ordering::SeqCst) || !WANTED.load(Ordering::SeqCst)
}

/// What a command gives that could not be done.
pub fn of_failure(kind: &str, why: &dyn Display, exit_code: u8) -> Value {
    json!({ "error": { "kind": kind, "message": why.to_string() }, "exit_code": exit_code })
}

/// Gives the reason as the result, where one is wanted and none was given.
pub fn give_failure(kind: &str, exit_code: u8) {
    if WANTED.load(Ordering::SeqCst) {
        let why = log::complaint().unwrap_or_else(|| "there is no result".to_owned());
        say(crate::report::mask::shown_within(of_failure(kind, &why, exit_code)));
    }
}
