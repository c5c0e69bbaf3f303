//! What is on record for each student and school day of a term, as of the date of judgement: the digests that reading made of each sheet,
//! put together for the roster of the run.

pub mod ids;
pub mod ledger;
pub mod shelves;
