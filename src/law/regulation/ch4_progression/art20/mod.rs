//! Article 20: moving up at the end of a school year.

pub mod junior;
pub mod primary;
pub mod senior;
