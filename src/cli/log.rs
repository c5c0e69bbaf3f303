//! What the program says of its work, on standard error: as text, or as one JSON object a line.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::report::mask;

/// The form of what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
    Error,
}

static FORMAT: OnceLock<Format> = OnceLock::new();

/// The complaint that was said first: why the command could not be done.
static COMPLAINT: Mutex<Option<String>> = Mutex::new(None);

/// Says everything from now on in this form, what a fault of the program's own makes it say too.
pub fn set_format(format: Format) {
    let _ = FORMAT.set(format);
    if format == Format::Json {
        std::panic::set_hook(Box::new(|panic| line(Level::Error, "fault", &panic, json!({}))));
    }
}

/// Whether it is said as JSON.
pub fn is_json() -> bool {
    FORMAT.get() == Some(&Format::Json)
}

/// Says something, with fields beside it where it is said as JSON. Nobody is there to be told when that fails, as with a closed pipe.
pub fn line(level: Level, event: &str, text: &dyn Display, fields: Value) {
    let mut said = if is_json() { object(level, event, text, fields).to_string() } else { plain(level, text) };
    said.push('\n');
    // All at once, so that no other process's line comes between.
    let _ = std::io::stderr().lock().write_all(said.as_bytes());
}

/// Says something that only who reads logs wants to know: as JSON, or not at all.
pub fn event(event: &str, text: &dyn Display, fields: Value) {
    if is_json() {
        line(Level::Info, event, text, fields);
    }
}

/// Says something.
pub fn note(text: &dyn Display) {
    line(Level::Info, "note", text, json!({}));
}

/// Passes on what the run of a pipeline said: its own lines of JSON as they are, with its name.
pub fn pass_on(pipeline: &str, text: &str) {
    let own = || serde_json::from_str(text).ok().filter(Value::is_object);
    match is_json().then(own).flatten() {
        Some(mut object) => {
            object["pipeline"] = pipeline.into();
            let line = format!("{}\n", mask::shown_within(object));
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
        None => line(Level::Info, "note", &text, json!({ "pipeline": pipeline })),
    }
}

/// Says that something is not as it should be, and the command goes on.
pub fn warn(text: &dyn Display) {
    line(Level::Warning, "warning", text, json!({}));
}

/// Says why a command could not be done.
pub fn complain(text: &dyn Display) {
    COMPLAINT.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| text.to_string());
    line(Level::Error, "error", text, json!({}));
}

/// Why the command could not be done, if that was said.
pub fn complaint() -> Option<String> {
    COMPLAINT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn plain(level: Level, text: &dyn Display) -> String {
    let before = match level {
        Level::Info => "",
        Level::Warning => "warning: ",
        Level::Error => "error: ",
    };
    mask::shown(&format!("{before}{text}"))
}

fn object(level: Level, event: &str, text: &dyn Display, fields: Value) -> Value {
    let level = match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut object = json!({ "time": time, "level": level, "event": event, "message": mask::shown(&text.to_string()) });
    if let (Value::Object(object), Value::Object(mut fields)) = (&mut object, mask::shown_within(fields)) {
        object.append(&mut fields);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_whole_and_no_control_sign_is_said() {
        let text = "一校/310104201309010017\n\u{1b}[2J.csv";
        let fields = json!({ "file": "G310104201309010017", "310104201309010017": ["\u{202e}310104201309010017"], "done": 3 });
        let object = object(Level::Warning, "warning", &text, fields);
        assert_eq!(object["message"], "一校/310104**********17\n\u{FFFD}[2J.csv");
        assert_eq!(object["file"], "G310104**********17");
        assert_eq!(object["310104**********17"], json!(["\u{FFFD}310104**********17"]));
        assert_eq!((&object["level"], &object["done"]), (&json!("warning"), &json!(3)));
        assert!(object.to_string().lines().count() == 1);
        assert_eq!(plain(Level::Error, &text), "error: 一校/310104**********17\n\u{FFFD}[2J.csv");
    }
}
