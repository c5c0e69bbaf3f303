//! Chapter 8: what schools and districts have to do, and until when. A45.3 is checked with A10.2, A46.1 with A8.4, A47.1 with A44.3.

pub mod art46;
