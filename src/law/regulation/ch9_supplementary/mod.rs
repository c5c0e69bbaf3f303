//! Chapter 9: supplementary provisions.

pub mod art49;
