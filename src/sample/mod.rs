//! What could a city look like? Invented students, schools, results and records, with damage at known rates, for trying the product,
//! for tests and for measuring.
//!
//! Everything about a student follows from the seed, the school, the grade and the student's place in it, so that any part of the
//! city can be made alone and by any thread, and is the same as in the whole. What is damaged on purpose stands in
//! `truth.parquet`: one row for each finding that the damage has to raise, and none for anything else.

mod chance;
mod city;
mod damage;
mod dates;
mod exams;
mod make;
mod names;
mod pupil;
mod record;
mod roll;
mod school;
mod sheet;
mod truth;
mod write;

pub use city::DISTRICTS;
pub use make::{Attendance, Encoding, Form, Made, Request, SampleError, make, tables};
