//! The integration tests: whole runs, from files to published results.

mod cases;
mod city;
mod commands;
mod coverage;
mod diff;
mod formats;
mod incremental;
mod invariants;
mod labelled;
mod life;
mod masking;
mod matching;
mod messy;
mod movements;
mod national;
mod readings;
mod replay;
mod returned;
mod sample;
mod schema;
mod signoff;
mod stake;
mod support;
mod whole_run;
