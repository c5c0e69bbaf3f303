//! Chapter 8: what schools and districts have to do, and until when. A46.1 with A8.4, A47.1 with A44.3.

pub mod art45;
pub mod art46;
