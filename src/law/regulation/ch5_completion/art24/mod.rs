//! Article 24: graduation.

pub mod athlete;
pub mod international;
pub mod junior;
pub mod moral;
pub mod primary;
pub mod senior;
pub mod sittings;
