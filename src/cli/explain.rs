//! stub
use super::Ending;
/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Arguments {}
/// Main.
pub fn main(_: &Arguments, _json: bool) -> Ending {
    Ending::Done
}
