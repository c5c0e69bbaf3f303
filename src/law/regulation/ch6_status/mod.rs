//! Chapter 6: suspension, interruption, withdrawal.

pub mod art30;
pub mod art31;
pub mod art37;
pub mod unreadable;
