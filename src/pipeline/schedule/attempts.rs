//! What was tried, and how did it end? One line of JSON an event in `attempts.ndjson` beside the runs of a pipeline.
//!
//! A line is settled on the disk before a job begins, so that nothing is run twice for one due time, whatever becomes of this process.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::pipeline::clock::Moment;
use crate::pipeline::exit;
use crate::pipeline::folder::private;

/// An event of a pipeline's schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A schedule was seen for the first time, or changed: what was due before is not owed.
    Seen {
        /// When.
        at: Moment,
        /// In words.
        schedule: String,
    },
    /// A job was begun.
    Began {
        /// The time at which it was due.
        due: Moment,
        /// When.
        at: Moment,
    },
    /// A job ended.
    Ended(Ended),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The time at which it was due.
    pub due: Moment,
    /// When it was begun.
    pub began: Moment,
    /// When it ended.
    pub at: Moment,
    /// Its exit code; none of one that a signal ended.
    pub exit_code: Option<i32>,
    /// What it said last, of one that published nothing.
    pub why: String,
}

/// What was tried of a pipeline.
#[derive(Debug)]
pub struct Attempts {
    path: PathBuf,
    events: Vec<Event>,
}

/// The exit code of a run that found its output held by another.
const HELD: i32 = exit::HELD as i32;
/// The exit code of an interrupted run.
pub const INTERRUPTED: i32 = exit::INTERRUPTED as i32;
/// A job that was interrupted or found its output held is tried so often for one due time.
const MOST_TRIES: usize = 12;
/// Between two of these tries.
const TRY_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(5);
/// What was due so shortly before a schedule was first seen is owed: the timer that is due then is what starts us.
const FIRST_SIGHT: TimeDelta = TimeDelta::minutes(15);
/// Beyond this size the older events are left out, until half of it is free.
const MOST_BYTES: u64 = 512 * 1024;

impl Attempts {
    /// What was tried of a pipeline, by its folder of runs. Lines that can't be read, as after a power cut, are passed over.
    ///
    /// # Errors
    /// There is a file that can't be read.
    pub fn read(pipeline_folder: &Path) -> io::Result<Self> {
        let path = pipeline_folder.join("attempts.ndjson");
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(Self { path, events })
    }

    /// Adds an event, and settles it on the disk.
    ///
    /// # Errors
    /// The disk refuses; the event then counts as not happened.
    pub fn add(&mut self, event: Event) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
            private(folder, 0o700)?;
        }
        if fs::metadata(&self.path).is_ok_and(|file| file.len() > MOST_BYTES) {
            self.shorten()?;
        }
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
        private(&self.path, 0o600)?;
        let mut line = serde_json::to_string(&event)?;
        line.push('\n');
        let mut last = [b'\n'];
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        // What a power cut left of a line must not spoil this one.
        if last != [b'\n'] {
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        self.events.push(event);
        Ok(())
    }

    fn shorten(&mut self) -> io::Result<()> {
        // What a schedule was seen as last is kept, however long ago.
        let seen = self.seen().cloned();
        let lines = self.events.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let mut bytes = 0;
        let fits = |line: &&String| {
            bytes += line.len() as u64 + 1;
            bytes <= MOST_BYTES / 2
        };
        let kept = lines.iter().rev().take_while(fits).count();
        self.events.drain(..self.events.len() - kept);
        if self.seen().is_none() {
            self.events.splice(0..0, seen);
        }
        let mut file = tempfile::NamedTempFile::new_in(self.path.parent().unwrap_or(Path::new(".")))?;
        for event in &self.events {
            serde_json::to_writer(&mut file, event)?;
            writeln!(file)?;
        }
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    fn seen(&self) -> Option<&Event> {
        self.events.iter().rev().find(|event| matches!(event, Event::Seen { .. }))
    }

    /// Notes that a schedule is there: the first time, when it was changed, and when that was noted at a time that has not come yet.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn see(&mut self, plan: &Plan, now: Moment) -> io::Result<()> {
        let schedule = plan.to_string();
        let is_known = matches!(self.seen(), Some(Event::Seen { at, schedule: own }) if *own == schedule && *at <= now);
        if is_known { Ok(()) } else { self.add(Event::Seen { at: now, schedule }) }
    }

    /// The time after which due times are owed; none before the schedule was seen. Whatever a clock that ran ahead noted does not count.
    pub fn owed_after(&self, now: Moment) -> Option<Moment> {
        let seen = match self.seen()? {
            Event::Seen { at, .. } => *at - FIRST_SIGHT,
            Event::Began { .. } | Event::Ended(_) => return None,
        };
        let mut dues: Vec<Moment> = self.events.iter().filter_map(Event::due).filter(|due| *due <= now).collect();
        dues.sort_unstable();
        let settled = dues.into_iter().rev().find(|due| self.is_settled(*due));
        Some(settled.map_or(seen, |settled| settled.max(seen)))
    }

    /// Whether nothing more is to be tried for a due time.
    pub fn is_settled(&self, due: Moment) -> bool {
        let own = || self.events.iter().filter(|event| event.due() == Some(due));
        let is_done = |event: &Event| matches!(event, Event::Ended(ended) if ended.is_settled());
        own().any(is_done) || own().filter(|event| matches!(event, Event::Began { .. })).count() >= MOST_TRIES
    }

    /// When a due time may be tried again, if not now.
    pub fn not_before(&self, due: Moment, now: Moment) -> Option<Moment> {
        let last = self.last_ended().filter(|ended| ended.due == due && !ended.is_settled() && ended.at <= now)?;
        Some(last.at + TRY_AGAIN_AFTER).filter(|time| *time > now)
    }

    /// How the last attempt ended that did.
    pub fn last_ended(&self) -> Option<&Ended> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Ended(ended) => Some(ended),
            Event::Seen { .. } | Event::Began { .. } => None,
        })
    }

    /// The attempt that began last, if nobody knows how it ended: it is still going on, or was cut off.
    pub fn unfinished(&self) -> Option<(Moment, Moment)> {
        match self.events.iter().rev().find(|event| event.due().is_some())? {
            Event::Began { due, at } => Some((*due, *at)),
            Event::Seen { .. } | Event::Ended(_) => None,
        }
    }
}

impl Ended {
    /// Whether nothing is tried again: neither was the output held by another run, nor was it interrupted.
    fn is_settled(&self) -> bool {
        !matches!(self.exit_code, Some(HELD | INTERRUPTED))
    }
}

impl Event {
    fn due(&self) -> Option<Moment> {
        match self {
            Event::Seen { .. } => None,
            Event::Began { due, .. } => Some(*due),
            Event::Ended(ended) => Some(ended.due),
        }
    }
}
