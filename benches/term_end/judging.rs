//! Term end of a city from Parquet to the published run, in a process of its own for the sake of its peak memory.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use xueji::pipeline::config::{Config, Overrides};
use xueji::pipeline::run::{Stage, run};

use crate::{city, median};

/// The argument that makes this program the measured one.
pub const CHILD: &str = "judge-once";

const TIMES: usize = 3;

/// Makes the city, judges it several times and prints the medians.
pub fn measure(folder: &Path) {
    city::make(folder);
    let program = std::env::current_exe().expect("this program");
    let (mut whole, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let out = tempfile::tempdir_in(folder.parent().expect("a folder")).expect("a scratch folder");
        let output = Command::new(&program).args([CHILD.as_ref(), folder.as_os_str(), out.path().as_os_str()]).output();
        let output = output.expect("a run");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        eprint!("  {text}");
        let number = |word: &str| {
            let after = text.split(word).nth(1).expect("a figure");
            after.split_whitespace().next().and_then(|figure| figure.parse::<f64>().ok()).expect("a number")
        };
        whole.push(number("whole"));
        memory.push(number("peak"));
    }
    println!("term end of {} students from Parquet to the published run:", city::STUDENTS);
    println!("  wall {:.2} s (target: under 4), peak {:.0} MiB (target: under 2048)", median(&whole), median(&memory));
}

/// One run; prints its times and peak memory on one line.
pub fn child(input: &Path, out: &Path) {
    let begun = Instant::now();
    let overrides = Overrides { inputs: vec![input.into()], ..Overrides::default() };
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/term-end.toml");
    let config = Config::load(&pipeline, &overrides).expect("a pipeline");
    let stages = std::sync::Mutex::new((0.0, 0.0));
    let watch = |stage, _, _| {
        let now = begun.elapsed().as_secs_f64();
        let mut stages = stages.lock().expect("one writer");
        match stage {
            Stage::Reading => stages.0 = now,
            Stage::Judging => stages.1 = now,
            Stage::Writing => {}
        }
    };
    let published = run(&config, out, &watch).expect("a run");
    let (read, judged) = *stages.lock().expect("one writer");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next());
    let peak: f64 = peak.and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0;
    let students = published.manifest.students;
    println!(
        "{students} students: read {read:.2} s, judged {judged:.2} s, whole {:.2} s, peak {peak:.0} MiB",
        begun.elapsed().as_secs_f64()
    );
}
