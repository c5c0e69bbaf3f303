//! Do the sources agree? Matching by keys; the life of findings.

pub mod exams;
pub mod names;
pub mod shared_numbers;
