//! What an auditor finds when a run was touched after it was published, and which runs can be removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{copy_files, files_below, package, sample_run, scratch};

/// What a command said: its exit code, standard output and standard error.
fn said(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).current_dir(package()).output().expect("the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The checks of a run that are not as they should be, and what is wrong.
fn problems(run: &Path) -> Vec<(String, String)> {
    let (code, out, error) = said(&["verify", path(run), "--json"]);
    let object: Value = serde_json::from_str(&out).unwrap_or_else(|fault| panic!("{fault}: {out}{error}"));
    let mut problems = Vec::new();
    for check in object["checks"].as_array().expect("checks") {
        let texts = check["problems"].as_array().expect("problems").iter().map(|own| own.as_str().expect("a text").to_owned());
        problems.extend(texts.map(|text| (check["check"].as_str().expect("a code").to_owned(), text)));
    }
    assert_eq!(code, Some(i32::from(!problems.is_empty())), "{problems:?}");
    assert_eq!(object["verified"], problems.is_empty());
    problems
}

fn codes(problems: &[(String, String)]) -> Vec<&str> {
    let mut codes: Vec<&str> = problems.iter().map(|(code, _)| code.as_str()).collect();
    codes.dedup();
    codes
}

/// A run of the sample's audit, and a copy of it for each thing that is done to it.
struct Touched {
    run: PathBuf,
    copies: tempfile::TempDir,
}

impl Touched {
    fn by(&self, name: &str, touch: impl FnOnce(&Path)) -> Vec<(String, String)> {
        let copy = self.copies.path().join(name);
        copy_files(&self.run, &copy);
        set_private(&copy);
        touch(&copy);
        problems(&copy)
    }
}

#[cfg(unix)]
fn set_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    mode(folder, 0o700);
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { set_private(&entry.path()) } else { mode(&entry.path(), 0o600) }
    }
}

#[cfg(not(unix))]
fn set_private(_folder: &Path) {}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("a text");
    assert!(text.contains(from), "{from} is not in {}", file.display());
    fs::write(file, text.replacen(from, to, 1)).expect("a file");
}

/// Makes the hashes right again, as somebody would who knows of them.
fn hash_anew(run: &Path) {
    const SCRIPT: &str =
        "find . -type f ! -name SHA256SUMS | sed 's|^./||' | xargs -d '\\n' sha256sum > ../sums && cat ../sums > SHA256SUMS";
    let done = Command::new("sh").args(["-c", SCRIPT]).current_dir(run).status();
    assert!(done.expect("a shell").success());
}

#[test]
fn whatever_was_touched_is_named() {
    let scratch = scratch();
    let run = sample_run("pipelines/district-audit.toml", "2026-06-12", scratch.path());
    let touched = Touched { run: run.folder, copies: tempfile::tempdir().expect("a folder") };
    assert_eq!(touched.by("as it was", |_| {}), []);
    let index = touched.by("page", |run| edit(&run.join("index.html"), "<title>", "<title>x"));
    assert_eq!(index, [("hashes".to_owned(), "index.html：发布后被改动".to_owned())]);
    let gone = touched.by("gone", |run| fs::remove_file(run.join("summary.xlsx")).expect("a file"));
    assert_eq!(gone, [("hashes".to_owned(), "summary.xlsx：缺失".to_owned())]);
    let more = touched.by("more", |run| {
        fs::write(run.join("pages/x.html"), "x").expect("a file");
        set_private(run);
    });
    assert_eq!(more, [("hashes".to_owned(), "pages/x.html：发布后多出的文件".to_owned())]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = touched.by("open", |run| {
            fs::set_permissions(run.join("decisions.parquet"), fs::Permissions::from_mode(0o644)).expect("a mode");
        });
        assert_eq!(open, [("modes".to_owned(), "decisions.parquet：权限 644，别人可以读写".to_owned())]);
    }
    let no_sums = touched.by("no sums", |run| fs::remove_file(run.join("SHA256SUMS")).expect("a file"));
    assert_eq!(codes(&no_sums), ["hashes"]);
    // Hashes made anew hide no change of what must fit together.
    let manifest = |name: &str, from: &str, to: &str| {
        touched.by(name, |run| {
            edit(&run.join("manifest.json"), from, to);
            hash_anew(run);
        })
    };
    assert_eq!(codes(&manifest("students", "\"students\": 627", "\"students\": 626")), ["numbers"]);
    assert_eq!(codes(&manifest("books", "\"set_aside\": 0", "\"set_aside\": 1")), ["books", "numbers"]);
    let other = touched.by("other table", |run| {
        fs::copy(run.join("sources.parquet"), run.join("submissions.parquet")).expect("a copy");
        hash_anew(run);
    });
    assert_eq!(codes(&other), ["schemas"]);
    let cut = touched.by("cut", |run| {
        let bytes = fs::read(run.join("findings.parquet")).expect("a table");
        fs::write(run.join("findings.parquet"), &bytes[..bytes.len() / 2]).expect("a file");
        hash_anew(run);
    });
    assert_eq!(codes(&cut), ["schemas", "numbers"]);
    let (code, _, error) = said(&["verify", path(&touched.copies.path().join("nowhere"))]);
    assert_eq!((code, error.contains("no run in")), (Some(2), true), "{error}");
}

#[test]
fn judged_again_a_run_is_the_same_and_a_changed_input_or_law_is_named() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    copy_files(&package().join("sample-data"), &input);
    let run = crate::support::whole_run("pipelines/status-watch.toml", std::slice::from_ref(&input), "2026-06-12", &out);
    let pipeline = package().join("pipelines/status-watch.toml");
    let again = |more: &[&str]| {
        let arguments = ["verify", path(&run.folder), "--json", "--again", path(&pipeline), "--input", path(&input)];
        let (code, out, error) = said(&[&arguments, more].concat());
        let object: Value = serde_json::from_str(&out).unwrap_or_else(|fault| panic!("{fault}: {out}{error}"));
        let wrong = object["checks"].as_array().expect("checks").iter().filter(|check| check["problems"] != serde_json::json!([]));
        (code, wrong.map(|check| check["check"].as_str().expect("a code").to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(again(&["--jobs", "1"]), (Some(0), vec![]));
    assert_eq!(again(&["--jobs", "7"]), (Some(0), vec![]));
    let policy = scratch.path().join("policy.toml");
    let text = fs::read_to_string(package().join("pipelines/policies/shanghai-2018.toml")).expect("a policy");
    fs::write(&policy, text.replace("version = \"", "version = \"x")).expect("a policy");
    assert_eq!(again(&["--policy", path(&policy)]).1, ["law", "again"]);
    let changed = files_below(&input, &input).into_iter().find(|file| file.ends_with("其他上报/考勤.csv")).expect("a file");
    let text = fs::read(input.join(&changed)).expect("a file");
    let cut = text.iter().rposition(|byte| *byte == b'\n').and_then(|end| text[..end].iter().rposition(|byte| *byte == b'\n'));
    fs::write(input.join(&changed), &text[..=cut.expect("rows")]).expect("a file");
    let (code, wrong) = again(&[]);
    assert_eq!((code, wrong.first().map(String::as_str), wrong.last().map(String::as_str)), (Some(1), Some("inputs"), Some("again")));
}

#[test]
fn old_runs_go_and_the_newest_and_those_signed_off_stay() {
    let scratch = scratch();
    let out = scratch.path();
    for _ in 0..4 {
        sample_run("pipelines/term-end.toml", "2026-07-05", out);
    }
    let runs = |name: &str| -> Vec<String> {
        let (code, said, error) = said(&["runs", "list", "--out", path(out), "--json"]);
        assert_eq!(code, Some(0), "{error}");
        let object: Value = serde_json::from_str(&said).expect("an object");
        let pipelines = object["pipelines"].as_array().expect("pipelines").iter();
        let runs = pipelines.filter(|own| own["pipeline"] == name).flat_map(|own| own["runs"].as_array().expect("runs").clone());
        runs.map(|run| run["run_id"].as_str().expect("an id").to_owned()).collect()
    };
    let all = runs("term-end");
    assert_eq!(all.len(), 4);
    let ending = |id: &String| id.rsplit('-').next().expect("a part").to_owned();
    assert_eq!(all.iter().map(ending).collect::<Vec<_>>()[..3], ["4", "3", "2"], "the newest first");
    // Somebody signed off a school looking at the second run.
    let names = xueji::report::parquet::Names { schema: "signoffs/1", policy: String::new() };
    let signoff = xueji::report::signoffs::Signoff {
        level: xueji::report::signoffs::Level::School,
        code: "3101990001".into(),
        action: xueji::report::signoffs::Action::Signed,
        by: "王老师".into(),
        at: "2026-07-06T01:00:00Z".into(),
        note: String::new(),
        run_id: all[2].clone(),
        as_of: "2026-07-05".into(),
        school_year: "2025-2026".into(),
        findings_hash: "0".into(),
    };
    let signoffs = out.join("term-end/signoffs.parquet");
    xueji::report::signoffs::write_signoffs(&signoffs, &[signoff], &names).expect("sign-offs");
    let prune = |arguments: &[&str]| said(&[&["runs", "prune", "--out", path(out)], arguments].concat());
    let (code, told, error) = prune(&["--keep", "1", "--dry-run"]);
    assert_eq!((code, told.contains("将删除 2 次运行"), runs("term-end").len()), (Some(0), true, 4), "{told}{error}");
    assert_eq!(prune(&["--older-than", "1d"]).0, Some(0));
    assert_eq!(runs("term-end").len(), 4, "all are of today");
    // While who signed what can't be read, nothing goes.
    let right = fs::read(&signoffs).expect("sign-offs");
    fs::write(&signoffs, "nonsense").expect("a file");
    let (code, _, error) = prune(&["--keep", "1"]);
    assert_eq!((code, runs("term-end").len()), (Some(2), 4), "{error}");
    fs::write(&signoffs, right).expect("a file");
    let held = xueji::pipeline::folder::Held::take(out, "term-end").expect("a folder").expect("nobody else");
    assert_eq!(prune(&["--keep", "1"]).0, Some(75));
    drop(held);
    let (code, told, _) = prune(&["--keep", "1"]);
    assert_eq!((code, told.contains(&format!("保留 {}", all[2]))), (Some(0), true), "{told}");
    assert_eq!(runs("term-end"), [all[0].clone(), all[2].clone()]);
    let hidden = fs::read_dir(out.join("term-end")).expect("a folder").flatten();
    assert_eq!(hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with(".staging")).count(), 0);
    for wrong in [&["--keep", "0"][..], &["--older-than", "soon"], &[], &["--keep", "1", "--older-than", "1d"]] {
        assert_eq!(prune(wrong).0, Some(2), "{wrong:?}");
    }
    let (code, _, error) = said(&["runs", "list", "--out", path(out), "--pipeline", "term-edn"]);
    assert_eq!((code, error.contains("did you mean term-end?")), (Some(2), true), "{error}");
    let (code, told, _) = said(&["runs", "show", path(&out.join("term-end"))]);
    assert_eq!(code, Some(0));
    let id = fs::read_to_string(out.join("term-end/latest")).expect("latest");
    assert_eq!(said(&["runs", "show", id.trim(), "--out", path(out)]).1, told, "by its id too");
    let (code, _, error) = said(&["runs", "show", "2026-07-05-1", "--out", path(out)]);
    assert_eq!((code, error.contains("no run in 2026-07-05-1")), (Some(2), true), "{error}");
    for word in ["shanghai-2018", "school_year_end = second_term", "3101990001", "王老师", "与政策和流程文件不同之处\n  无"]
    {
        assert!(told.contains(word), "{word} is not told: {told}");
    }
}

#[test]
fn what_was_otherwise_than_policy_and_pipeline_say_is_on_record() {
    let scratch = scratch();
    let folder = scratch.path().join("pipelines");
    copy_files(&package().join("pipelines"), &folder);
    let pipeline = folder.join("term-end.toml");
    fs::write(folder.join("district.toml"), "[numbers]\nclass_size = { primary = 42, junior = 45 }\n").expect("a file");
    edit(&pipeline, "[schedule]", "overrides = \"district.toml\"\n[schedule]");
    let (input, out) = (package().join("sample-data"), scratch.path().join("out"));
    let run = ["run", path(&pipeline), "--input", path(&input), "--as-of", "2026-07-06", "--out", path(&out), "--tables-only"];
    let (code, _, error) = said(&run);
    assert_eq!(code, Some(0), "{error}");
    let (_, told, _) = said(&["runs", "show", path(&out), "--json"]);
    let object: Value = serde_json::from_str(&told).expect("an object");
    let overrides = object["manifest"]["overrides"].as_array().expect("overrides");
    let of = |what: &str| overrides.iter().find(|own| own["what"] == what).map(|own| (own["from"].clone(), own["to"].clone()));
    assert_eq!(of("--as-of"), Some(("2026-07-05".into(), "2026-07-06".into())));
    let (from, to) = of("numbers.class_size.primary").expect("the class size");
    assert!(from != to && to == "42", "{overrides:?}");
    assert_eq!(of("numbers.class_size.junior"), None, "the same value is no change: {overrides:?}");
}

#[test]
fn what_a_killed_verification_left_goes_and_what_is_at_work_stays() {
    let scratch = scratch();
    let run = sample_run("pipelines/term-end.toml", "2026-07-05", &scratch.path().join("out"));
    let temporary = scratch.path().join("tmp");
    for name in ["xueji-verify-left", "xueji-verify-works", "xueji-verify-other", "elsewhere"] {
        crate::support::write_files(&temporary.join(name), &[("term-end/decisions.parquet", "x")]);
    }
    for name in ["xueji-verify-left", "xueji-verify-works", "elsewhere"] {
        fs::write(temporary.join(name).join(".lock"), "").expect("a lock");
    }
    let held = fs::File::open(temporary.join("xueji-verify-works/.lock")).expect("a lock");
    held.lock().expect("a lock");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    command.args(["verify", path(&run.folder), "--again", "pipelines/term-end.toml"]).current_dir(package()).env("TMPDIR", &temporary);
    let output = command.output().expect("the program");
    assert!(output.status.success(), "{output:?}");
    let mut left: Vec<_> = fs::read_dir(&temporary).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["elsewhere", "xueji-verify-other", "xueji-verify-works"]);
}
