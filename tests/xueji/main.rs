//! The integration tests: whole runs, from files to published results.

mod cases;
mod messy;
mod sample;
mod support;
mod whole_run;
