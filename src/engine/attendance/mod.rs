//! What is on record for each student and school day of a term: 4 bits each, and a log of the rows that say more than 出勤.
//!
//! A sheet is counted once, into a `Digest` that depends on nothing but its rows and the term; a run puts the digests together into its
//! `Ledger`, as of its own date and for its own roster. Memory grows with students and absences, not with rows.

pub mod count;
pub mod digest;
pub mod ids;
pub mod ledger;
pub mod nibbles;
