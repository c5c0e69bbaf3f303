//! The integration tests: whole runs, from files to published results.

mod messy;
mod support;
mod whole_run;
