//! How much memory may the reading of a file ask for? Files are read side by side, each in its share of what all may take together;
//! one that needs more than its share waits, and is read alone.

/// Bytes that the files being read may take together, beside the typed columns that they become.
const ALL: u64 = 600 << 20;

/// What one file may ask for while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    bytes: u64,
}

impl Room {
    /// The share of each of several files that are read side by side.
    pub(crate) fn shared(files: usize) -> Self {
        Self { bytes: ALL / (files as u64).max(1) }
    }

    /// The room of a file that is read alone.
    pub(crate) fn alone() -> Self {
        Self { bytes: ALL }
    }

    /// All of it.
    pub(crate) fn all(self) -> u64 {
        self.bytes
    }

    /// Bytes of a file that is held whole.
    pub(crate) fn held(self) -> u64 {
        self.bytes / 6
    }

    /// Bytes of a file of an archive, which only a format that is read from one end to the other may fill.
    pub(crate) fn member(self) -> u64 {
        self.bytes / 2
    }

    /// Bytes of the shared strings of a workbook.
    pub(crate) fn strings(self) -> u64 {
        self.bytes / 6
    }

    /// Bytes of any other part of a workbook, or of a table that has to be held whole.
    pub(crate) fn part(self) -> u64 {
        self.bytes / 3 * 2
    }
}

/// Why a file can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It needs more than its room.
    TooLarge,
    /// What is wrong with it.
    Fault(String),
}

impl From<&str> for Refusal {
    fn from(what: &str) -> Self {
        Refusal::Fault(what.to_owned())
    }
}

impl From<String> for Refusal {
    fn from(what: String) -> Self {
        Refusal::Fault(what)
    }
}
