//! The door: read the command line, call one function, set the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    xueji::cli::main()
}
