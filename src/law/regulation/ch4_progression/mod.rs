//! Chapter 4: moving up, skipping, repeating and retention, exemption.

pub mod annual;
pub mod application;
pub mod art20;
pub mod art21;
pub mod art22;
pub mod art23;
