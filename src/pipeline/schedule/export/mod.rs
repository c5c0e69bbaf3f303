//! How do timers that are there already run what is due? The same command for all of them, at each time of day at which a pipeline can be due:
//! `xueji schedule run --once`, which looks at the calendar itself. So what only a calendar can say, cron's days of every kind, and what was
//! missed while the machine was off mean the same everywhere.

pub mod cron;
pub mod systemd;
pub mod windows;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ingest::fold::is_unseen;

/// One pipeline's part of what is handed over.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The pipeline's name.
    pub name: String,
    /// The times of day at which it can be due, as hours and minutes in order: some hours, and the same minutes of each.
    pub times: Vec<(u32, u32)>,
    /// This program.
    pub program: String,
    /// What it is called with.
    pub arguments: Vec<String>,
    /// Where runs are published.
    pub out: String,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The absolute places that a command needs.
#[derive(Clone, Debug)]
pub struct Places {
    /// This program.
    pub program: PathBuf,
    /// The folder of pipeline files.
    pub pipelines: PathBuf,
    /// Where runs are published.
    pub out: PathBuf,
}

impl Entry {
    /// What is handed over of a pipeline.
    ///
    /// # Errors
    /// A name or path can't be written safely.
    pub fn new(name: &str, times: Vec<(u32, u32)>, places: &Places, options: &[String]) -> Result<Self, String> {
        let (program, out) = (text(&places.program)?, text(&places.out)?);
        let mut arguments: Vec<String> = ["schedule", "run", "--once"].map(str::to_owned).into();
        arguments.extend(["--pipelines".to_owned(), text(&places.pipelines)?, "--out".to_owned(), out.clone()]);
        // Whatever a name begins with, it is no option.
        arguments.push(format!("--pipeline={}", plain(name)?));
        if !options.is_empty() {
            arguments.push("--".into());
            arguments.extend(options.iter().map(|option| plain(option).map(str::to_owned)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(Self { name: name.to_owned(), times, program, arguments, out })
    }

    /// A name for its files: letters, digits, `-` and `_`; what is left out of others makes a number that tells them apart.
    fn file_name(&self) -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if self.name.chars().all(is_plain) {
            return format!("xueji-{}", self.name);
        }
        let kept: String = self.name.chars().filter(|letter| is_plain(*letter)).collect();
        let hash = blake3::hash(self.name.as_bytes()).to_hex();
        let number = hash.as_str().get(..8).unwrap_or_default();
        format!("xueji-{}{number}", if kept.is_empty() { kept } else { kept + "-" })
    }

    /// The hours and the minutes of its times, joined.
    fn hours_and_minutes(&self) -> (String, String) {
        let join = |mut numbers: Vec<u32>| {
            numbers.sort_unstable();
            numbers.dedup();
            numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
        };
        (join(self.times.iter().map(|time| time.0).collect()), join(self.times.iter().map(|time| time.1).collect()))
    }
}

/// A text without signs that end a line or are not seen: no way of quoting keeps these within a unit or a crontab.
fn plain(text: &str) -> Result<&str, String> {
    if text.chars().any(|letter| letter.is_control() || is_unseen(letter)) {
        return Err(format!("{text:?} holds signs that can't stand in a unit, a crontab or a task: give it another name"));
    }
    Ok(text)
}

fn text(path: &Path) -> Result<String, String> {
    let text =
        path.to_str().ok_or_else(|| format!("{} is no Unicode text, and can't stand in a unit, a crontab or a task", path.display()))?;
    plain(text).map(str::to_owned)
}

/// Writes files into a folder, in place of what is there.
///
/// # Errors
/// The disk refuses.
pub fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    files.iter().try_for_each(|file| fs::write(folder.join(&file.name), &file.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that try to break out of whatever they are written into.
    pub(super) const HOSTILE: [&str; 9] = [
        "a b' \" c",
        "%h %n $HOME ${x} `id`",
        "x; touch y",
        "</Arguments><Command>calc</Command>",
        "]]>&amp;<!--",
        "-rf --json",
        "back\\slash\\",
        "在籍监测",
        "a' 'b' $(id) \\\" # c",
    ];

    /// What is handed over of a pipeline of some name.
    pub(super) fn entry(name: &str, times: &[(u32, u32)]) -> Entry {
        let places = Places { program: "/opt/学籍 x/xueji%".into(), pipelines: "/srv/p q".into(), out: "/srv/out's $y".into() };
        Entry::new(name, times.to_vec(), &places, &[]).expect(name)
    }

    #[test]
    fn what_ends_a_line_is_refused() {
        for name in ["a\nExecStart=/bin/sh", "a\rb", "a\tb", "a\u{2028}b", "a\0b", "a\u{202e}b"] {
            let places = Places { program: "/x".into(), pipelines: "/p".into(), out: "/o".into() };
            Entry::new(name, vec![(2, 0)], &places, &[]).expect_err(name);
            Entry::new("plain", vec![(2, 0)], &Places { out: format!("/{name}").into(), ..places.clone() }, &[]).expect_err(name);
            Entry::new("plain", vec![(2, 0)], &places, &[name.to_owned()]).expect_err(name);
        }
    }

    #[test]
    fn files_are_told_apart_by_plain_names() {
        let mut names: Vec<String> =
            HOSTILE.iter().chain(&["在籍", "在册", "plain-1_x"]).map(|name| entry(name, &[(2, 0)]).file_name()).collect();
        assert_eq!(names.last().map(String::as_str), Some("xueji-plain-1_x"));
        assert!(
            names.iter().all(|name| name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))),
            "{names:?}"
        );
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
