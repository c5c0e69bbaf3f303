//! Do the sources agree? Matching by keys; the life of findings.

pub mod answers;
pub mod exams;
pub mod life;
pub mod names;
pub mod shared_numbers;
