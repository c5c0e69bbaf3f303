//! The regulation on student registration as pure functions of typed facts.
//!
//! `facts` says what is known of a student, `regulation` what the law makes of it. Nothing here opens a file, asks the
//! clock or starts a thread; the crate knows `chrono` for dates and `serde` for the shape of policy and calendar files.

pub mod facts;
pub mod regulation;
#[cfg(test)]
mod testing;
