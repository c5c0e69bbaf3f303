#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../inputs.rs"]
mod inputs;

// The library asserts what a damaged file need not keep to. Those panics are caught, and are not what is looked for.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| inputs::read("parquet", bytes));
