//! What a run leaves when it is killed, when the disk is full or refuses, and when files change under it: the last published run as it was, and
//! nothing in the way of the next.
//!
//! `XUEJI_KILLS` says how many kills; few without it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use xueji::pipeline::config::Attendance;
use xueji::pipeline::folder::Held;
use xueji::pipeline::verify::verify;
use xueji::report::manifest::Manifest;

use crate::support::{package, rows, scratch, watch_on, write_files};

/// A pipeline of the sample district that is killed.
struct Job {
    name: &'static str,
    as_of: &'static str,
    out: PathBuf,
}

impl Job {
    fn start(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        let pipeline = package().join(format!("pipelines/{}.toml", self.name));
        command.arg("run").arg(pipeline).args(["--as-of", self.as_of, "--out"]).arg(&self.out);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program")
    }

    fn folder(&self) -> PathBuf {
        self.out.join(self.name)
    }

    /// The run that `latest` names.
    fn latest(&self) -> Option<PathBuf> {
        let name = fs::read_to_string(self.folder().join("latest")).ok()?;
        Some(self.folder().join(name.trim()))
    }

    /// Every run that can be seen is whole, `latest` names one, and nobody holds the folder.
    fn assert_whole(&self, after: &str) {
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name == "latest" {
                continue;
            }
            let (_, checks) = verify(&entry.path()).unwrap_or_else(|error| panic!("{after}: {name}: {error}"));
            let problems: Vec<&String> = checks.iter().flat_map(|check| &check.problems).collect();
            assert!(problems.is_empty(), "{after}: {name}: {problems:?}");
        }
        if let Some(latest) = self.latest() {
            assert!(latest.join("manifest.json").is_file(), "{after}: latest names {}", latest.display());
        }
    }

    /// A run that nobody disturbs goes on from what is there, and clears away what was left.
    fn run_undisturbed(&self, after: &str) -> (Manifest, Vec<Vec<u8>>) {
        assert!(self.start().wait().expect("an end").success(), "{after}: the next run fails");
        let left: Vec<String> = fs::read_dir(self.folder())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.') && name != ".lock")
            .collect();
        assert!(left.is_empty(), "{after}: {left:?} is left");
        assert!(Held::take(&self.out, self.name).expect("a folder").is_some(), "{after}: the lock is held");
        let latest = self.latest().expect("a run");
        let manifest = fs::read_to_string(latest.join("manifest.json")).expect("a manifest");
        let bytes = ["decisions.parquet", "findings.parquet"].map(|file| fs::read(latest.join(file)).expect("a table"));
        (serde_json::from_str(&manifest).expect("a manifest"), bytes.into())
    }

    /// Removes all runs but the newest.
    fn keep_one(&self) {
        let latest = self.latest().expect("a run");
        for entry in fs::read_dir(self.folder()).expect("a folder").flatten() {
            if entry.path().is_dir() && entry.path() != latest {
                fs::remove_dir_all(entry.path()).expect("an old run");
            }
        }
    }
}

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_last_run_and_nothing_in_the_way_of_the_next() {
    let scratch = scratch();
    let kills: usize = std::env::var("XUEJI_KILLS").ok().and_then(|own| own.parse().ok()).unwrap_or(12);
    let jobs = [("term-end", "2026-07-05"), ("status-watch", "2026-06-12")];
    let wanted = kills.div_ceil(jobs.len());
    for (place, (name, as_of)) in jobs.into_iter().enumerate() {
        let job = Job { name, as_of, out: scratch.path().into() };
        // Before there is any run, too.
        let mut early = job.start();
        std::thread::sleep(Duration::from_millis(30));
        let _ = early.kill();
        let _ = early.wait();
        job.assert_whole("the first kill");
        let began = Instant::now();
        let (_, expected) = job.run_undisturbed("the first kill");
        let mut lasts = began.elapsed();
        let mut chance = Chance(place as u64 + 1);
        let (mut hit, mut tried) = (0, 0);
        while hit < wanted {
            tried += 1;
            assert!(tried <= wanted * 3 + 9, "only {hit} of {tried} kills hit a run");
            let before = job.latest().expect("a run");
            let mut run = job.start();
            let moment = lasts.mul_f64(chance.share() * 1.1);
            std::thread::sleep(moment);
            let was_running = run.try_wait().expect("a state").is_none();
            // SIGKILL: nothing of the program has a say.
            let _ = run.kill();
            let _ = run.wait();
            hit += usize::from(was_running);
            let after = format!("{name}, kill {tried} after {moment:?} of {lasts:?}");
            job.assert_whole(&after);
            assert!(before.join("manifest.json").is_file(), "{after}: the last run is gone");
            let began = Instant::now();
            let (manifest, bytes) = job.run_undisturbed(&after);
            lasts = began.elapsed();
            assert_eq!(bytes, expected, "{after}: other results");
            assert!(
                !manifest.life.begins_anew && manifest.life.changes.keys().all(|change| change == "unchanged"),
                "{after}: {:?}",
                manifest.life
            );
            if let Some(attendance) = &manifest.attendance {
                assert!(attendance.known_from.is_some() && attendance.read == 0, "{after}: the state is lost: {attendance:?}");
            }
            job.keep_one();
        }
        eprintln!("{name}: {tried} kills, {hit} of them while it ran");
    }
}

#[test]
fn a_kill_between_the_two_renames_is_made_good() {
    let scratch = scratch();
    let job = Job { name: "term-end", as_of: "2026-07-05", out: scratch.path().into() };
    job.run_undisturbed("nothing");
    let first = job.latest().expect("a run");
    job.run_undisturbed("nothing");
    let second = job.latest().expect("a run");
    // As if the kill had come when the second was there and `latest` still named the first.
    let name = |run: &Path| run.file_name().expect("a name").to_string_lossy().into_owned();
    fs::write(job.folder().join("latest"), format!("{}\n", name(&first))).expect("a file");
    fs::write(job.folder().join(".publishing"), format!("{}\n", name(&second))).expect("a file");
    let (manifest, _) = job.run_undisturbed("a kill between the renames");
    assert_eq!(manifest.life.against, Some(name(&second)));
    // And before it was there, or with nonsense in the file: nothing changes.
    for nonsense in ["2026-07-05-12345678", "../elsewhere", "", "\u{0}"] {
        let third = job.latest().expect("a run");
        fs::write(job.folder().join(".publishing"), nonsense).expect("a file");
        drop(Held::take(scratch.path(), "term-end").expect("a folder").expect("nobody else"));
        assert_eq!(job.latest(), Some(third), "{nonsense}");
        assert!(!job.folder().join(".publishing").exists());
    }
}

#[test]
fn what_somebody_else_put_there_stays() {
    let scratch = scratch();
    let job = Job { name: "term-end", as_of: "2026-07-05", out: scratch.path().into() };
    let own = ["notes.txt", ".hidden", "old/list.csv", ".staging"];
    write_files(&job.folder(), &own.map(|path| (path, "x")));
    write_files(&job.folder(), &[(".staging-abc/decisions.parquet", "x"), (".staging-def", "x")]);
    assert!(job.start().wait().expect("an end").success());
    assert!(own.iter().all(|path| job.folder().join(path).is_file()));
    assert!(!job.folder().join(".staging-abc").exists() && !job.folder().join(".staging-def").exists());
}

/// Runs a shell script with file systems of its own; `None` where the system lets nobody have some, which the test then says.
#[cfg(target_os = "linux")]
fn with_own_disks(script: &str, arguments: &[&Path]) -> Option<String> {
    let possible = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!("not run: no file system can be mounted here");
        return None;
    }
    let output = Command::new("unshare").args(["-rm", "bash", "-c", script, "script"]).args(arguments).output().expect("a shell");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    Some(said)
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_read_only_folder_leave_the_last_run_as_it_was() {
    let scratch = scratch();
    let script = r#"
        set -e
        mount -t tmpfs -o size=4m tmpfs "$2"
        run() { "$1" run "$3/pipelines/term-end.toml" --out "$2" --log-format json > /dev/null; }
        run "$@"
        before=$(cd "$2/term-end" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
        # So little is left that a run fails in the middle: at its first table, at its pages, at its last bytes.
        for left in 4 64 200 400 600; do
            free=$(df --output=avail -k "$2" | tail -1)
            head -c $(((free - left) * 1024)) /dev/zero > "$2/filler"
            code=0; run "$@" 2> "$2.said" || code=$?
            [ $code = 2 ] || { echo "full with $left KB left: exit $code"; cat "$2.said"; exit 1; }
            grep -q "can't write the results" "$2.said" || { echo "full disk is not told"; cat "$2.said"; exit 1; }
            ! grep -v '^{' "$2.said" || { echo "full with $left KB left: said past the log"; exit 1; }
            rm "$2/filler"
            after=$(cd "$2/term-end" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
            [ "$before" = "$after" ] || { echo "full with $left KB left: $before became $after"; exit 1; }
        done
        run "$@"
        before=$(cd "$2/term-end" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
        mount -o remount,ro "$2"
        code=0; run "$@" 2> "$2.said" || code=$?
        [ $code = 2 ] || { echo "read-only: exit $code"; cat "$2.said"; exit 1; }
        after=$(cd "$2/term-end" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
        [ "$before" = "$after" ] || { echo "read-only: changed"; exit 1; }
        mount -o remount,rw "$2"
        run "$@"
        cp -r "$2/term-end" "$2.kept"
    "#;
    let out = scratch.path().join("out");
    fs::create_dir(&out).expect("a folder");
    if with_own_disks(script, &[Path::new(env!("CARGO_BIN_EXE_xueji")), &out, package()]).is_none() {
        return;
    }
    let latest = fs::read_to_string(scratch.path().join("out.kept/latest")).expect("latest");
    let (_, checks) = verify(&scratch.path().join("out.kept").join(latest.trim())).expect("a run");
    assert!(checks.iter().all(|check| check.problems.is_empty()), "{checks:?}");
}

/// A file of attendance with so many rows.
fn attendance(rows: usize) -> String {
    let row = |row: usize| format!("G11010519491231002X,2025-09-{:02},出勤\n", row % 28 + 1);
    format!("全国学籍号,日期,考勤\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn files_that_change_while_they_are_read_are_what_their_hash_says_or_told() {
    let scratch = scratch();
    let input = scratch.path().join("in");
    let roster =
        "全国学籍号,姓名,区,学校代码,年级,班级,入学年月,学籍状态\nG11010519491231002X,张三,示例区,3101040001,七年级,1班,2024-09,在读\n";
    write_files(&input, &[("b.csv", roster)]);
    let hash = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let versions = [attendance(40), attendance(90_000), attendance(7)];
    let known: BTreeMap<String, usize> = versions.iter().zip([40, 90_000, 7]).map(|(text, rows)| (hash(text), rows)).collect();
    let changing = input.join("a.csv");
    let stop = AtomicBool::new(false);
    let mut told = 0;
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut turn = 0_usize;
            while !stop.load(Ordering::Relaxed) {
                // In turn: replaced, overwritten in place (so that it shrinks and grows), gone for a while.
                let text = &versions[turn % versions.len()];
                match turn % 4 {
                    0 => drop(fs::remove_file(&changing)),
                    1 | 2 => drop(fs::write(&changing, text)),
                    _ => {
                        let beside = scratch.path().join("beside.csv");
                        drop(fs::write(&beside, text).and_then(|()| fs::rename(&beside, &changing)));
                    }
                }
                turn += 1;
                std::thread::sleep(Duration::from_millis(if turn.is_multiple_of(5) { 25 } else { 1 }));
            }
        });
        for turn in 0..30 {
            let out = scratch.path().join(format!("out{turn}"));
            let date = chrono::NaiveDate::from_ymd_opt(2025, 10, 9).expect("a date");
            let run = watch_on(&input, &out, date, Attendance::Exceptions);
            let run = run.unwrap_or_else(|error| {
                stop.store(true, Ordering::Relaxed);
                panic!("{error}")
            });
            let sources = rows(&run.folder.join("sources.parquet"));
            let own = sources.iter().find(|row| row["file"] == "a.csv");
            let findings = rows(&run.folder.join("findings.parquet"));
            let is_told = findings.iter().any(|row| row["code"] == "I0101" && row["file"] == "a.csv");
            told += usize::from(is_told);
            let Some(own) = own else { continue };
            // A half-written state of the file is read as what it is: its own hash, which is none of the versions'.
            if let Some(expected) = known.get(&own["sha256"]) {
                assert_eq!(own["rows_read"], expected.to_string(), "the hash of one version, the rows of another: {own:?}");
            }
            let state = run.manifest.attendance.as_ref().expect("attendance");
            assert!(state.files <= 1);
            fs::remove_dir_all(&out).expect("a run");
        }
        stop.store(true, Ordering::Relaxed);
    });
    eprintln!("told {told} times");
}
