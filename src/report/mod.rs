//! What leaves the building? The only place that writes results.

pub mod clauses;
pub mod codes;
pub mod compare;
pub mod decisions;
pub mod findings;
pub mod history;
pub mod manifest;
pub mod mask;
pub mod matches;
pub mod mend;
pub mod movements;
pub mod national;
pub mod parquet;
pub mod positions;
pub mod read;
pub mod returned;
pub mod signoffs;
pub mod sources;
pub mod state;
pub mod stream;
pub mod submissions;
pub mod summary;
