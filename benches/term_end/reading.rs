//! Reading 200 workbooks, by us and by calamine alone, on as many threads.

use std::path::{Path, PathBuf};
use std::time::Instant;

use calamine::{Reader, Xlsx, open_workbook};
use rayon::prelude::*;
use xueji::ingest::{self, Request};
use xueji::pipeline::config::{Config, Overrides};

use crate::{median, workbooks};

const TIMES: usize = 3;

/// Measures in turn and prints the ratio.
pub fn measure(folder: &Path) {
    workbooks::make(folder).expect("workbooks");
    let overrides = Overrides { inputs: vec![folder.into()], ..Overrides::default() };
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/term-end.toml");
    let config = Config::load(&pipeline, &overrides).expect("a pipeline");
    let vocabulary = xueji::pipeline::run::vocabulary(&config.law.policy, config.headers.as_deref()).expect("a vocabulary");
    let paths: Vec<PathBuf> = (0..200).map(|school| folder.join(format!("{school:03}.xlsx"))).filter(|path| path.exists()).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let begun = Instant::now();
        let inputs = ingest::read(Request { folders: &config.inputs, vocabulary: &vocabulary, progress: &|_| {} }).expect("inputs");
        ours.push(begun.elapsed().as_secs_f64());
        let rows: u64 = inputs.sheets.iter().map(|sheet| u64::from(sheet.rows_read)).sum();
        drop(inputs);
        let begun = Instant::now();
        let cells: usize = paths
            .par_iter()
            .map(|path| {
                let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
                let sheets = book.worksheets();
                sheets.iter().map(|(_, range)| range.used_cells().count()).sum::<usize>()
            })
            .sum();
        theirs.push(begun.elapsed().as_secs_f64());
        eprintln!("  {rows} rows read and typed by us, {cells} cells read by calamine");
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    println!("reading {} workbooks on {} threads:", paths.len(), rayon::current_num_threads());
    println!("  xueji, rows typed and checked  {ours:6.2} s");
    println!("  calamine alone                 {theirs:6.2} s");
    println!("  ratio                          {:6.2}   (target: at most 0.6)", ours / theirs);
}
