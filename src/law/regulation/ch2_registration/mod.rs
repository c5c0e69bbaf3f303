//! Chapter 2: schooling, registration and attendance.

pub mod art04;
pub mod art05;
pub mod art06;
pub mod art07;
pub mod art08;
pub mod art09;
pub mod art10;
pub mod art11;
