//! The integration tests: whole runs, from files to published results.

mod support;
mod whole_run;
