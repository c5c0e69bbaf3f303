//! What do we know? Typed, three-valued facts of one student.

pub mod attendance;
pub mod audit;
pub mod calendar;
pub mod codes;
pub mod grades;
pub mod identifiers;
pub mod spells;
pub mod student;
pub mod subjects;
