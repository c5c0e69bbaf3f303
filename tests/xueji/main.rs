//! The integration tests: whole runs, from files to published results.

mod cases;
mod city;
mod commands;
mod formats;
mod incremental;
mod invariants;
mod masking;
mod messy;
mod national;
mod replay;
mod sample;
mod schema;
mod support;
mod whole_run;
