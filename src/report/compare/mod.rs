//! What changed between two runs? Whose decision or finding is another one, and which condition moved.
//!
//! A first pass over the few columns that are compared gives each row a hash; a second one reads only the rows that changed.

mod decisions;
mod findings;
mod receipts;
mod rows;
mod write;

use std::collections::BTreeMap;

use thiserror::Error;

pub use decisions::{DecisionChange, Moved, State, Student, Verdict};
pub use findings::{FindingChange, FindingState};
pub use receipts::{Difference, InputDifferences, differences, input_differences};
pub use write::ChangeWriter;

use super::read::{ReadError, Run};
use crate::ingest::guarded;

/// A comparison that can't be made.
#[derive(Debug, Error)]
pub enum CompareError {
    /// A run can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// What changed can't be written.
    #[error("can't write what changed: {0}")]
    Write(String),
}

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It stands in the second run only.
    Added,
    /// It stands in the first run only.
    Gone,
    /// It stands in both, and is another.
    Changed,
}

impl Kind {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Gone => "gone",
            Kind::Changed => "changed",
        }
    }

    /// The kind of a pair of which one side may be missing.
    fn of<T, U>(before: Option<T>, after: Option<U>) -> Self {
        match (before, after) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Gone,
            _ => Kind::Changed,
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Of a decision.
    Decision(Box<DecisionChange>),
    /// Of a finding.
    Finding(Box<FindingChange>),
}

/// How many there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Numbers {
    pub added: u64,
    pub gone: u64,
    pub changed: u64,
}

impl Numbers {
    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Added => self.added += 1,
            Kind::Gone => self.gone += 1,
            Kind::Changed => self.changed += 1,
        }
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.added + self.gone + self.changed
    }
}

/// What changed, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Students of the first run, and of the second.
    pub students: (u64, u64),
    /// Decisions.
    pub decisions: Numbers,
    /// Students by outcome before and after, of those whose decision changed; the two are equal where something else changed.
    pub outcomes: BTreeMap<(String, String), u64>,
    /// Findings, by code.
    pub findings: BTreeMap<String, Numbers>,
}

/// Takes changes as they are found, in their order.
pub type Take<'t> = dyn FnMut(Change) -> Result<(), CompareError> + 't;

/// Compares two runs: hands on each change, decisions first, and counts them.
///
/// # Errors
/// A run can't be read, or a change not be taken.
pub fn compare(before: &Run, after: &Run, take: &mut Take<'_>) -> Result<Counts, CompareError> {
    let compare = || {
        let mut counts = Counts::default();
        counts.students = decisions::compare(&before.folder, &after.folder, &mut |change| {
            counts.decisions.count(change.kind());
            if let (Some(before), Some(after)) = (&change.before, &change.after) {
                *counts.outcomes.entry((before.outcome.clone(), after.outcome.clone())).or_default() += 1;
            }
            take(Change::Decision(Box::new(change)))
        })?;
        findings::compare(&before.folder, &after.folder, &mut |change| {
            counts.findings.entry(change.code.clone()).or_default().count(change.kind());
            take(Change::Finding(Box::new(change)))
        })?;
        Ok(counts)
    };
    // A damaged file may make a library panic.
    let damaged = || {
        let path = after.folder.clone();
        ReadError::File { path, message: "one of the runs is damaged".into() }
    };
    guarded(compare).ok_or_else(damaged)?
}
