//! What does the law say? Its chapters and articles in its own order; no files, no clock, no threads.

pub mod ch2_registration;
pub mod ch3_transfer;
pub mod ch4_progression;
pub mod ch5_completion;
pub mod ch6_status;
pub mod ch7_conduct;
pub mod ch8_duties;
pub mod ch9_supplementary;
pub mod clauses;
pub mod district_audit;
pub mod findings;
pub mod policy;
pub mod remedy;
pub mod rule;
pub mod status_watch;
pub mod term_end;
pub mod verdict;
