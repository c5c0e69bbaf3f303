//! 学籍: decides for a whole city, by the letter of the law, who moves up, who graduates, and where sources disagree.
//!
//! ```text
//!  files ─▶ ingest ─▶ engine (facts of all students) ─▶ report ─▶ reports/<pipeline>/<run>/
//!            │           ▲  calls law, student by student  ▲
//!            └▶ reconcile┘──────── findings ───────────────┘
//!  pipeline drives the stages; cli is the door
//! ```
//!
//! The modules in reading order; the law itself is the crate `law`.

pub mod cli;
pub mod engine;
pub mod ingest;
pub mod pipeline;
pub mod reconcile;
pub mod report;
pub mod sample;
