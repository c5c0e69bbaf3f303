//! When, and what if it fails? Pipeline files, the stages of a run, run folders that are complete or absent.

pub mod access;
pub mod clock;
pub mod config;
pub mod exit;
pub mod folder;
pub mod group;
pub mod matching;
pub mod movements;
pub mod recipients;
pub mod report;
pub mod run;
pub mod runs;
pub mod schedule;
pub mod signoff;
pub mod tell;
pub mod verify;
