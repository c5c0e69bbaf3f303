//! `xueji schedule list|run|export` as people and timers call it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{pipelines, write_pipeline};
use crate::support::{package, scratch, write_files};

fn schedule(action: &str, folder: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    command.args(["schedule", action, "--pipelines"]).arg(folder.join("pipelines")).arg("--out").arg(folder.join("out")).args(options);
    command
}

fn done(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program");
    (status.code(), String::from_utf8(stdout).expect("text"), String::from_utf8(stderr).expect("text"))
}

/// Makes a pipeline owe what was due since long ago.
fn owe(folder: &Path, name: &str, schedule: &str) {
    let seen = json!({ "event": "seen", "at": "2025-10-01T00:00:00+08:00", "schedule": schedule });
    write_files(&folder.join("out").join(name), &[("attempts.ndjson", format!("{seen}\n"))]);
}

fn attempts(folder: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("out").join(name).join("attempts.ndjson")).expect("attempts");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn shipped_pipelines_are_due() {
    let (code, text, _) =
        done(Command::new(env!("CARGO_BIN_EXE_xueji")).args(["schedule", "list", "--json", "--out"]).arg("none").current_dir(package()));
    assert_eq!(code, Some(0), "{text}");
    let object: Value = serde_json::from_str(&text).expect("one JSON object");
    let names: Vec<&str> = object["pipelines"].as_array().expect("a list").iter().filter_map(|own| own["name"].as_str()).collect();
    assert_eq!(names, ["district-audit", "status-watch", "term-end"], "recipients.toml is no pipeline");
    for own in object["pipelines"].as_array().expect("a list") {
        assert!(own["error"].is_null() && (own["next"].is_string() || own["calendar_missing"].is_string()), "{own}");
    }
}

#[test]
fn what_is_owed_runs_once_and_is_listed() {
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    write_pipeline(folder, "watch", "cron = '0 2 * * *'");
    write_pipeline(folder, "fails", "cron = '0 3 * * *'");
    let file = folder.join("pipelines/fails.toml");
    let text = std::fs::read_to_string(&file).expect("a file").replace("../input", "../inptu-310101201209010017");
    std::fs::write(&file, text).expect("a file");
    write_pipeline(folder, "broken", "corn = '0 2 * * *'");
    write_files(&folder.join("pipelines"), &[("recipients.toml", "")]);
    owe(folder, "watch", "cron 0 2 * * *");
    owe(folder, "fails", "cron 0 3 * * *");
    let (_, text, _) = done(&mut schedule("list", folder, &[]));
    assert_eq!(text.matches("已到期").count(), 2, "{text}");
    let (code, text, error) = done(&mut schedule("run", folder, &["--once", "--json", "--", "--tables-only"]));
    assert_eq!(code, Some(2), "{error}");
    let object: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(object["exit_code"], 2);
    assert_eq!(object["attempts"].as_array().map(Vec::len), Some(2), "{text}");
    assert!(error.contains("broken.toml"), "{error}");
    let (watch, fails) = (attempts(folder, "watch"), attempts(folder, "fails"));
    assert_eq!((watch.len(), fails.len()), (3, 3), "seen, began, ended");
    assert_eq!((&watch[2]["event"], &watch[2]["exit_code"], &watch[2]["why"]), (&json!("ended"), &json!(0), &json!("")));
    assert_eq!(fails[2]["exit_code"], 2);
    let why = fails[2]["why"].as_str().expect("why");
    assert!(why.contains("there is no input folder") && !why.contains("310101201209010017"), "{why}");
    let run = std::fs::read_to_string(folder.join("out/watch/latest")).expect("a published run");
    // Nothing is due anew; each pipeline tells how it ended.
    let (_, text, _) = done(&mut schedule("run", folder, &["--once", "--json"]));
    let object: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(object["attempts"], json!([]));
    let (code, text, _) = done(&mut schedule("list", folder, &[]));
    assert_eq!(code, Some(2), "a file can't be used");
    for part in ["没有发布：输入或配置不能用", "完成并发布", run.trim(), "星期", "任务文件不能用", "unknown field `corn`"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("已到期") && !text.contains("310101201209010017"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_scheduled_run_has_the_key_of_the_schedule() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    write_pipeline(folder, "watch", "cron = '0 2 * * *'");
    owe(folder, "watch", "cron 0 2 * * *");
    let key = folder.join("key");
    std::fs::write(&key, "3".repeat(64)).expect("a key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let (code, _, error) = done(schedule("run", folder, &["--once", "--key-file", "key", "--", "--tables-only"]).current_dir(folder));
    assert_eq!(code, Some(0), "{error}");
    let run = std::fs::read_to_string(folder.join("out/watch/latest")).expect("a published run");
    assert!(xueji::report::parquet::key_of_file(&folder.join("out/watch").join(run.trim()).join("decisions.parquet")).is_some());
}

#[test]
fn what_a_schedule_can_never_do_is_refused_at_once_and_leaves_nothing() {
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    write_pipeline(folder, "watch", "cron = '0 2 * * *'");
    let to = folder.join("to").display().to_string();
    for wrong in ["--table-only", "--jobs=0", "--out=elsewhere", "more"] {
        for (action, own) in [("run", &["--once"][..]), ("export", &["--format", "cron", "--to", &to])] {
            let (code, _, error) = done(&mut schedule(action, folder, &[own, &["--", wrong]].concat()));
            assert!(code == Some(2) && error.contains("no options of xueji run"), "{action} {wrong}: {error}");
        }
    }
    let (code, text, error) = done(&mut schedule("run", folder, &["--once", "--json", "--pipeline", "wacht"]));
    let object: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!((code, &object["exit_code"]), (Some(2), &json!(2)), "{text}");
    for said in [error.as_str(), object["error"]["message"].as_str().unwrap_or_default()] {
        assert!(said.contains("is called \"wacht\"; did you mean \"watch\"?"), "{said}");
    }
    std::fs::create_dir(folder.join("none")).expect("a folder");
    let none = folder.join("none").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    let (code, text, _) = done(command.args(["schedule", "run", "--once", "--json", "--pipelines", &none, "--out", &to]));
    let object: Value = serde_json::from_str(&text).expect("one JSON object");
    let fault = object["faults"][0].as_str().unwrap_or_default();
    assert!(code == Some(2) && fault.contains("no pipelines in"), "{text}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    let (code, _, error) = done(command.args(["schedule", "export", "--format", "cron", "--pipelines", &none, "--to", &none]));
    assert!(code == Some(2) && error.contains("no pipelines in"), "{error}");
    assert!(!folder.join("out").exists(), "nothing was made");
}

#[test]
fn a_log_of_a_schedule_is_one_of_objects_that_name_the_pipeline() {
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    for name in ["watch", "fails"] {
        write_pipeline(folder, name, "cron = '0 2 * * *'");
        owe(folder, name, "cron 0 2 * * *");
    }
    let file = folder.join("pipelines/fails.toml");
    let text = std::fs::read_to_string(&file).expect("a file").replace("../input", "../no-input");
    std::fs::write(&file, text).expect("a file");
    let (code, _, error) = done(&mut schedule("run", folder, &["--once", "--log-format", "json", "--", "--tables-only"]));
    assert_eq!(code, Some(2), "{error}");
    let lines: Vec<Value> = error.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of_job = |name: &str, event: &str| lines.iter().find(|line| line["pipeline"] == name && line["event"] == event).cloned();
    assert!(of_job("watch", "published").is_some() && of_job("watch", "error").is_none(), "{error}");
    let fault = of_job("fails", "error").expect("why");
    assert!(fault["level"] == "error" && fault["message"].as_str().is_some_and(|own| own.contains("no input folder")), "{fault}");
    let why = attempts(folder, "fails")[2]["why"].clone();
    assert!(why.as_str().is_some_and(|why| why.contains("no input folder") && !why.contains('{')), "{why}");
}

#[test]
fn a_missing_calendar_is_told_with_what_to_do() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "watch", "cron = '0 2 * * *'\nonly = 'school-days'");
    for year in std::fs::read_dir(scratch.path().join("pipelines/calendars")).expect("calendars").flatten() {
        if year.file_name() != "2025-2026.toml" {
            std::fs::remove_file(year.path()).expect("a file");
        }
    }
    let calendar = scratch.path().join("pipelines/calendars/2025-2026.toml");
    let text = std::fs::read_to_string(&calendar).expect("a calendar");
    std::fs::write(&calendar, text.replace("2025-", "1995-").replace("2026-", "1996-").replace("-2026", "-1996")).expect("a calendar");
    let (code, text, _) = done(&mut schedule("list", scratch.path(), &[]));
    assert_eq!(code, Some(0));
    assert!(text.contains("下次：不能确定，缺少") && text.contains("请在校历目录中补上"), "{text}");
    let (code, _, error) = done(&mut schedule("run", scratch.path(), &["--once"]));
    assert_eq!(code, Some(2));
    assert!(error.contains("there is no calendar of"), "{error}");
    let (code, _, error) =
        done(&mut schedule("export", scratch.path(), &["--format", "cron", "--to", &scratch.path().join("to").display().to_string()]));
    assert_eq!(code, Some(0));
    assert!(error.contains("warning: watch: when it is due can't be known"), "{error}");
}

/// Ends what is still running when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program"))
    }

    #[cfg(unix)]
    fn end(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill");
        assert!(killed.success());
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let asked = Instant::now();
    while !is_so() {
        assert!(asked.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[cfg(unix)]
fn the_second_of_two_leaves_and_the_first_ends_when_told() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "watch", "cron = '0 2 29 2 *'");
    let first = Running::start(&mut schedule("run", scratch.path(), &[]));
    until("its first look", || scratch.path().join("out/watch/attempts.ndjson").is_file());
    let (code, _, error) = done(&mut schedule("run", scratch.path(), &[]));
    assert_eq!(code, Some(75), "{error}");
    assert_eq!(done(&mut schedule("run", scratch.path(), &["--once", "--pipeline", "watch"])).0, Some(75));
    assert_eq!(first.end(), Some(130));
    assert_eq!(done(&mut schedule("run", scratch.path(), &["--once"])).0, Some(0));
}

/// The processes that were started with a text among their arguments.
#[cfg(target_os = "linux")]
fn processes_with(text: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir("/proc").expect("processes").flatten().map(|entry| entry.path());
    all.filter(|own| std::fs::read(own.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_ends_it_ends_the_job_at_work() {
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    write_pipeline(folder, "watch", "cron = '0 2 * * *'");
    owe(folder, "watch", "cron 0 2 * * *");
    // A policy that nobody writes keeps the job waiting.
    let pipe = folder.join("policy-pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let keeper = Running::start(&mut schedule("run", folder, &["--", "--policy", &pipe]));
    until("the job", || processes_with(&pipe).len() == 2);
    assert_eq!(keeper.end(), Some(130));
    assert_eq!(processes_with(&pipe), Vec::<PathBuf>::new(), "nobody is left");
    let ended = attempts(folder, "watch").pop().expect("an attempt");
    assert_eq!((&ended["event"], &ended["exit_code"]), (&json!("ended"), &json!(130)));
    // It is still owed.
    let (_, text, _) = done(&mut schedule("list", folder, &[]));
    assert!(text.contains("已到期") && text.contains("中途停止，会再做"), "{text}");
}

fn exported(folder: &Path, format: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let to = folder.join(format!("to {format}"));
    let (code, text, error) =
        done(&mut schedule("export", folder, &["--format", format, "--to", &to.display().to_string(), "--", "--package"]));
    assert_eq!(code, Some(0), "{error}");
    text.lines().map(|line| (PathBuf::from(line), std::fs::read(line).expect(line))).collect()
}

#[test]
fn systemd_takes_the_units() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "watch 100% \\\" $HOME ; '学籍'", "cron = '*/20 2-4 * * *'\nonly = 'school-days'");
    write_pipeline(scratch.path(), "audit", "on = 'last-day-of-term'\nat = '03:00'");
    let units = exported(scratch.path(), "systemd");
    assert_eq!(units.len(), 4);
    let paths: Vec<&PathBuf> = units.iter().map(|(path, _)| path).collect();
    let Ok(output) = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&paths).output() else {
        eprintln!("not run: there is no systemd-analyze");
        return;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    let own: Vec<&str> = told.lines().filter(|line| line.contains("xueji-")).collect();
    assert!(output.status.success() && own.is_empty(), "{told}");
    for (path, text) in units.iter().filter(|(path, _)| path.extension().is_some_and(|own| own == "timer")) {
        let text = String::from_utf8_lossy(text);
        let rings = text.lines().find_map(|line| line.strip_prefix("OnCalendar=")).expect("when");
        let output = Command::new("systemd-analyze").args(["calendar", rings]).output().expect("systemd-analyze");
        assert!(output.status.success(), "{}: {output:?}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn timers_get_the_key_file_of_the_environment() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = scratch();
    let folder = scratch.path();
    pipelines(folder);
    write_pipeline(folder, "watch", "cron = '0 2 * * *'");
    let key = folder.join("key");
    std::fs::write(&key, "3".repeat(64)).expect("a key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    let to = folder.join("to").display().to_string();
    let export = |name: &str, value: &str| {
        let (code, _, error) = done(schedule("export", folder, &["--format", "cron", "--to", &to]).env(name, value).current_dir(folder));
        assert_eq!(code, Some(0), "{error}");
        let file = std::fs::read_dir(&to).expect("a folder").flatten().next().expect("a crontab");
        (std::fs::read_to_string(file.path()).expect("a crontab"), error)
    };
    let (crontab, _) = export("XUEJI_KEY_FILE", "key");
    assert!(crontab.contains("--key-file") && crontab.contains(&key.display().to_string()), "{crontab}");
    let (crontab, error) = export("XUEJI_KEY", &"3".repeat(64));
    assert!(!crontab.contains("--key-file") && !crontab.contains("3333") && error.contains("warning: a timer has no XUEJI_KEY"), "{error}");
}

#[test]
fn a_crontab_has_a_line_a_pipeline() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "watch", "cron = '*/20 2-4 * * *'\nonly = 'school-days'");
    write_pipeline(scratch.path(), "audit", "on = 'last-day-of-term'\nat = '03:05'");
    let text = exported(scratch.path(), "cron").pop().map(|(_, text)| String::from_utf8(text).expect("text")).expect("a crontab");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[..2], ["CRON_TZ=Asia/Shanghai", "SHELL=/bin/sh"]);
    assert!(lines[2].starts_with("5 3 * * * '/") && lines[2].ends_with("'--pipeline=audit' '--' '--package'"), "{text}");
    assert!(lines[3].starts_with("0,20,40 2,3,4 * * * '/"), "{text}");
}

#[test]
fn windows_tasks_are_well_formed() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "a&b <c>", "on = 'last-day-of-term'\nat = '03:05'");
    let (path, bytes) = exported(scratch.path(), "windows").pop().expect("a task");
    assert_eq!(path.extension().and_then(|own| own.to_str()), Some("xml"));
    assert_eq!(bytes[..2], [0xFF, 0xFE]);
    let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).expect("UTF-16");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-16\"?>"));
    // Every element that is opened is closed, in order.
    let mut open = Vec::new();
    for part in text.split('<').skip(2) {
        let (tag, _) = part.split_once('>').expect("the end of a tag");
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed)),
            None => open.push(tag.split(' ').next().expect("a name")),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for part in
        ["<StartWhenAvailable>true<", "<MultipleInstancesPolicy>IgnoreNew<", "<ExecutionTimeLimit>PT12H<", "--pipeline=a&amp;b &lt;c&gt;"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn names_that_timers_would_take_for_more_are_refused() {
    let scratch = scratch();
    pipelines(scratch.path());
    write_pipeline(scratch.path(), "a\\nb", "on = 'last-day-of-term'\nat = '03:05'");
    let to = scratch.path().join("to");
    let (code, _, error) = done(&mut schedule("export", scratch.path(), &["--format", "systemd", "--to", &to.display().to_string()]));
    assert_eq!(code, Some(2));
    assert!(error.contains("give it another name") && !to.exists(), "{error}");
}
