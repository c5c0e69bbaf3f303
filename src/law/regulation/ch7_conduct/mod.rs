//! Chapter 7: conduct, discipline and archives.

pub mod art41;
pub mod art42;
pub mod art43;
pub mod art44;
