//! When is each pipeline due, what ran last, and who runs it? The `[schedule]` section of pipeline files, read against the school calendar.
//!
//! - `plan`: what the section says; `due`: when that is, a function of section, calendar and time alone;
//! - `job`: the pipeline files of a folder; `attempts`: what was tried, and how it ended; `keeper`: what is owed now, one job after another;
//! - `child`: a job in a process of its own; `stop`: being told to stop; `export`: the same for systemd, cron and Windows.

pub mod attempts;
pub mod child;
pub mod due;
pub mod export;
pub mod job;
pub mod keeper;
pub mod plan;
pub mod stop;
