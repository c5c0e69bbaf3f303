//! Chapter 6: suspension, interruption, withdrawal.

pub mod absence;
pub mod art30;
pub mod art31;
pub mod art32;
pub mod art33;
pub mod art34;
pub mod art35;
pub mod art36;
pub mod art37;
pub mod unreadable;
