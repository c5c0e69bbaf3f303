//! What term end costs: reading workbooks, beside what calamine alone needs for them, and judging a city from Parquet.
//!
//! `cargo bench --bench term_end` makes the data once, below the build's folder, measures in turn and prints medians.
//! `cargo bench --bench term_end -- reading` or `-- judging` runs one of the two. Threads: `RAYON_NUM_THREADS`.

mod city;
mod judging;
mod reading;
mod workbooks;

use std::path::PathBuf;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [only, folder, rest @ ..] = asked.as_slice()
        && only == judging::CHILD
    {
        return judging::child(folder.as_ref(), rest.first().expect("an output folder").as_ref());
    }
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|own| own == name);
    if wants("reading") {
        reading::measure(&data_folder("workbooks"));
    }
    if wants("judging") {
        judging::measure(&data_folder("city"));
    }
}

/// Where made data stand between runs.
fn data_folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("term_end").join(name)
}

/// The middle of some seconds.
fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
