//! Chapter 2: schooling, registration and attendance.

pub mod art06;
pub mod art08;
pub mod art11;
