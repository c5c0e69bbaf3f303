//! The exit codes of the contract that say that nothing was published, for whoever starts this program and looks at them.

/// Wrong usage, or an input or configuration that can't be used.
pub const UNUSABLE: u8 = 2;
/// Stopped by a safety check.
pub const UNSAFE: u8 = 3;
/// Another run holds this output.
pub const HELD: u8 = 75;
/// The program has a fault of its own.
pub const FAULT: u8 = 101;
/// Told to stop.
pub const INTERRUPTED: u8 = 130;
