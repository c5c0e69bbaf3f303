//! What is owed now? Jobs one after another in order of their due times, each due time once, what was missed once.
//!
//! - Pipeline files, policies and calendars are read anew at each look, half a minute apart at most: what counts is what stands there now. A file
//!   that is broken runs nothing, and what was due meanwhile is caught up once when it is mended.
//! - However often a pipeline was missed, it runs once, for the latest of its due times. Nothing is owed from before its schedule was seen or
//!   changed.
//! - A due time that was settled is never run again, wherever the clock is set.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;

use super::attempts::{Attempts, Ended, Event, INTERRUPTED};
use super::child::Ending;
use super::due::{Next, latest};
use super::job::{Job, Unusable, read_folder};
use crate::pipeline::clock::Moment;
use crate::pipeline::exit;
use crate::pipeline::folder::{Held, private};

/// How grave it is what a keeper says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// What it does.
    Note,
    /// What will go wrong, if nothing is done.
    Warning,
    /// What keeps a pipeline from being run.
    Fault,
}

/// What a keeper needs of the world.
pub trait World {
    /// The time in Asia/Shanghai.
    fn now(&self) -> Moment;
    /// Waits that long, or until told to stop, which it returns.
    fn wait(&self, time: Duration) -> bool;
    /// Runs a job to its end.
    ///
    /// # Errors
    /// It can't be started.
    fn run(&self, job: &Job) -> io::Result<Ending>;
    /// Told what whoever looks after this should know.
    fn tell(&self, word: Word, text: &str);
    /// Told how a job ended, and from when on it is tried again, if it is.
    fn tell_ended(&self, job: &Job, ended: &Ended, again: Option<Moment>);
}

/// Which pipelines are kept, and where.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The folder of pipeline files.
    pub pipelines: PathBuf,
    /// Where runs are published.
    pub out: PathBuf,
    /// This pipeline alone.
    pub only: Option<String>,
    /// Whether it ends when what is due at its start is done.
    pub once: bool,
}

/// How keeping ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What was due at the start is done; the highest exit code of its jobs, that of what can't be used among them.
    Done(i32),
    /// Told to stop.
    Stopped,
}

/// Held by whoever runs what is due.
#[derive(Debug)]
pub struct Hold {
    _locks: Vec<File>,
}

/// A job that is owed.
struct Owed {
    job: Job,
    due: Moment,
    not_before: Option<Moment>,
}

/// What a look at the pipelines shows.
#[derive(Default)]
struct Look {
    owed: Vec<Owed>,
    next: Option<Moment>,
    /// What keeps a pipeline from being run, or from being known to be due now.
    faults: Vec<String>,
    /// What will, if nothing is done.
    warnings: Vec<String>,
}

/// The longest wait between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// The exit code of what can't be used.
const UNUSABLE: i32 = exit::UNUSABLE as i32;

impl Hold {
    /// Takes hold of all pipelines of an output folder, or of one; `None` if somebody else runs what is due there.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn take(out: &Path, only: Option<&str>) -> io::Result<Option<Self>> {
        let open = |folder: &Path| {
            fs::create_dir_all(folder)?;
            let path = folder.join(".schedule.lock");
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            private(&path, 0o600)?;
            io::Result::Ok(lock)
        };
        let whole = open(out)?;
        let taken = match only {
            // Those who keep one pipeline each share the folder.
            Some(_) => whole.try_lock_shared(),
            None => whole.try_lock(),
        };
        let mut locks = vec![whole];
        let mut taken = vec![taken];
        if let Some(name) = only {
            let folder = out.join(name);
            let own = open(&folder)?;
            private(&folder, 0o700)?;
            taken.push(own.try_lock());
            locks.push(own);
        }
        for taken in taken {
            match taken {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(Some(Self { _locks: locks }))
    }
}

/// The latest due time of a job up to a time, if it is not settled.
pub fn owed(job: &Job, attempts: &Attempts, until: Moment) -> Option<Moment> {
    let after = attempts.owed_after(until)?;
    latest(job.plan.as_ref()?, job.almanac.as_ref(), after, until).filter(|due| !attempts.is_settled(*due))
}

impl Keeper {
    /// Runs what is due, until told to stop or, once, until that is done.
    pub fn keep(&self, world: &dyn World) -> Kept {
        let start = world.now();
        let mut told: BTreeMap<String, NaiveDate> = BTreeMap::new();
        let mut codes: BTreeMap<String, i32> = BTreeMap::new();
        let mut trouble = Vec::new();
        loop {
            let now = world.now();
            let mut look = self.look(now, if self.once { start } else { now });
            look.faults.append(&mut trouble);
            let faults = look.faults.iter().map(|text| (Word::Fault, text));
            for (word, text) in faults.chain(look.warnings.iter().map(|text| (Word::Warning, text))) {
                // What stays broken is said once a day.
                if told.insert(text.clone(), now.date_naive()) != Some(now.date_naive()) {
                    world.tell(word, text);
                }
            }
            told.retain(|fault, _| look.faults.contains(fault) || look.warnings.contains(fault));
            look.owed.sort_by(|one, other| (one.due, &one.job.name).cmp(&(other.due, &other.job.name)));
            let mut has_run = false;
            for owed in look.owed.iter().filter(|owed| owed.not_before.is_none()) {
                match self.attempt(owed, world) {
                    Ok(code) => {
                        codes.insert(owed.job.name.clone(), code.unwrap_or(UNUSABLE));
                        has_run = true;
                        break;
                    }
                    // Nothing is run of which nobody would know: tried again at the next look, and the others in its place.
                    Err(fault) => trouble.push(fault),
                }
            }
            if has_run {
                // Time has passed: what is owed now is another matter.
                if world.wait(Duration::ZERO) {
                    return Kept::Stopped;
                }
                continue;
            }
            if self.once && (look.owed.is_empty() || !trouble.is_empty()) {
                trouble.iter().for_each(|fault| world.tell(Word::Fault, fault));
                let broken = trouble.into_iter().chain(look.faults).map(|_| UNUSABLE);
                return Kept::Done(codes.into_values().chain(broken).max().unwrap_or(0));
            }
            let soonest = look.owed.iter().filter_map(|owed| owed.not_before).chain(look.next).min();
            let wait = soonest.and_then(|time| (time - now).to_std().ok()).map_or(LOOK, |wait| wait.min(LOOK));
            // A clock that stands still must not make this a busy loop.
            if world.wait(wait.max(Duration::from_millis(100))) {
                return Kept::Stopped;
            }
        }
    }

    /// Looks at all pipelines: what is owed up to a time, and what comes next.
    fn look(&self, now: Moment, until: Moment) -> Look {
        let mut look = Look::default();
        let jobs = match read_folder(&self.pipelines) {
            Ok(jobs) => jobs,
            Err(error) => {
                look.faults.push(format!("can't read the pipelines in {}: {error}", self.pipelines.display()));
                return look;
            }
        };
        if jobs.is_empty() {
            look.faults.push(none(&self.pipelines));
        }
        let mut unusable = Vec::new();
        let mut is_found = false;
        for job in jobs {
            match job {
                Ok(job) if self.is_kept(&job.name) => {
                    is_found = true;
                    if let Err(error) = self.look_at(job, now, until, &mut look) {
                        look.faults.push(error);
                    }
                }
                Ok(_) => {}
                Err(fault) => unusable.push(fault),
            }
        }
        // Another's file is no fault of the pipeline that alone is kept, unless that is found nowhere.
        let is_own = |fault: &Unusable| fault.name.as_deref().is_some_and(|name| self.is_kept(name));
        let is_told = self.only.is_none() || !is_found && !unusable.iter().any(is_own);
        is_found |= unusable.iter().any(is_own);
        look.faults.extend(unusable.iter().filter(|fault| is_told || is_own(fault)).map(|fault| fault.message.clone()));
        if let Some(only) = self.only.as_ref().filter(|_| !is_found) {
            look.faults.push(format!("no usable pipeline file in {} is called \"{only}\"", self.pipelines.display()));
        }
        look
    }

    fn is_kept(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    fn look_at(&self, job: Job, now: Moment, until: Moment, look: &mut Look) -> Result<(), String> {
        let Some(plan) = &job.plan else {
            return if self.only.is_some() { Err(format!("{} has no [schedule]: it is never due", job.file.display())) } else { Ok(()) };
        };
        let fault =
            |error: io::Error| format!("{}: can't keep what was tried in {}: {error}", job.name, self.out.join(&job.name).display());
        let mut attempts = Attempts::read(&self.out.join(&job.name)).map_err(fault)?;
        attempts.see(plan, now).map_err(fault)?;
        match job.next(now) {
            Some(Next::At(time)) => look.next = Some(look.next.map_or(time, |next| next.min(time))),
            Some(Next::Unknown(year)) => {
                // In the vacation before a year without a calendar nothing is due yet.
                let is_today_known = job.almanac.as_ref().is_some_and(|almanac| almanac.calendar.covers(now.date_naive()));
                let told = if is_today_known { &mut look.warnings } else { &mut look.faults };
                told.push(unknown(&job.name, year));
            }
            Some(Next::Never) | None => {}
        }
        if let Some(due) = owed(&job, &attempts, until) {
            let not_before = attempts.not_before(due, now);
            look.owed.push(Owed { job, due, not_before });
        }
        Ok(())
    }

    /// Tries what is owed; its exit code.
    fn attempt(&self, owed: &Owed, world: &dyn World) -> Result<Option<i32>, String> {
        let (job, due) = (&owed.job, owed.due);
        let folder = self.out.join(&job.name);
        let fault = |error: io::Error| format!("{}: was not run, as that can't be noted in {}: {error}", job.name, folder.display());
        let mut attempts = Attempts::read(&folder).map_err(fault)?;
        let began = world.now();
        attempts.add(Event::Began { due, at: began }).map_err(fault)?;
        world.tell(Word::Note, &format!("{}: due {}, begins", job.name, due.format("%Y-%m-%d %H:%M")));
        if let Some(year) = job.is_due_beside_its_year(due) {
            let text = format!("{} decides {year}, and is due outside the end of that school year", job.name);
            world.tell(Word::Warning, &text);
        }
        let ending =
            world.run(job).unwrap_or_else(|error| Ending { exit_code: Some(UNUSABLE), why: format!("it can't be started: {error}") });
        let why = if matches!(ending.exit_code, Some(0 | 1)) { String::new() } else { ending.why };
        let ended = Ended { due, began, at: world.now(), exit_code: ending.exit_code, why };
        if ended.exit_code == Some(INTERRUPTED) {
            // Taking hold of the folder clears away what the job had no time to.
            drop(Held::take(&self.out, &job.name));
        }
        let noted = attempts.add(Event::Ended(ended.clone()));
        let again = Some(due).filter(|due| !attempts.is_settled(*due)).and_then(|due| attempts.not_before(due, ended.at));
        world.tell_ended(job, &ended, again);
        noted.map_err(fault)?;
        Ok(ended.exit_code)
    }
}

/// What is said of a folder without pipelines.
pub fn none(folder: &Path) -> String {
    format!("no pipelines in {}: one is a .toml file with a [pipeline] section", folder.display())
}

/// What is said of a pipeline whose due time nobody can know.
pub fn unknown(name: &str, year: law::facts::calendar::SchoolYear) -> String {
    format!("{name}: when it is due can't be known: there is no calendar of {year}; add it to the calendars")
}
