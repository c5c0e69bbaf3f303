//! Chapter 7: conduct and discipline.

pub mod art41;
pub mod art42;
