//! Is a published run what it was, and what it says? Its hashes, its modes, its books, its tables, its numbers; and, judged once more from the
//! inputs, is it the same?

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use tempfile::TempDir;
use thiserror::Error;

use super::config::Config;
use super::run::{RunError, Watch, run};
use crate::reconcile::life::Change;
use crate::report::history;
use crate::report::keys::KeyError;
use crate::report::manifest::{Books, Manifest};
use crate::report::parquet;
use crate::report::queries::{self, QueryError};
use crate::report::read::{self, Fault, ReadError, Run};
use crate::report::reasons;
use crate::report::schema;
use crate::report::sums;

/// A run that can't be looked at.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// There is no such run.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The inputs can't be judged once more.
    #[error("can't judge once more: {0}")]
    Again(#[from] RunError),
    /// It is encrypted with a key that is not at hand.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// There is nowhere to judge once more.
    #[error("can't judge once more: {0}")]
    Disk(#[from] std::io::Error),
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which, for programs.
    pub code: &'static str,
    /// Which, for people.
    pub title: &'static str,
    /// How many things were looked at.
    pub looked_at: u64,
    /// What is not as it should be, in Chinese; at most [`MOST`], and then how many more.
    pub problems: Vec<String>,
}

/// How many problems of one kind are told.
const MOST: usize = 20;

impl Check {
    fn new(code: &'static str, title: &'static str, looked_at: u64, mut problems: Vec<String>) -> Self {
        if problems.len() > MOST {
            let more = problems.len() - MOST;
            problems.truncate(MOST);
            problems.push(format!("……另有 {more} 处"));
        }
        Self { code, title, looked_at, problems }
    }
}

/// Looks at a run: everything that can be told from its folder alone.
///
/// # Errors
/// Its manifest can't be read.
pub fn verify(folder: &Path) -> Result<(Run, Vec<Check>), VerifyError> {
    let run = Run::open(folder)?;
    parquet::can_open(&run.folder, "the run")?;
    let checks = vec![hashes(&run.folder), modes(&run.folder), books(&run), schemas(&run), numbers(&run)];
    Ok((run, checks))
}

/// SHA256SUMS against the files: changed, gone, or added since.
fn hashes(folder: &Path) -> Check {
    let check = |looked_at, problems| Check::new("hashes", "文件哈希", looked_at, problems);
    let (said, wrong) = match sums::read(folder) {
        Ok(said) => said,
        Err(error) => return check(0, vec![format!("{} 不能读（{error}）：无法知道文件是否被改动", sums::FILE)]),
    };
    let own = match sums::sums_of(folder) {
        Ok(own) => own,
        Err(error) => return check(0, vec![format!("有文件不能读：{error}")]),
    };
    let mut problems: Vec<String> = wrong.iter().map(|line| format!("{} 中这一行不能读：{line}", sums::FILE)).collect();
    for (path, hash) in &said {
        match own.get(path) {
            None => problems.push(format!("{path}：缺失")),
            Some(own) if own != hash => problems.push(format!("{path}：发布后被改动")),
            Some(_) => {}
        }
    }
    problems.extend(own.keys().filter(|path| !said.contains_key(*path)).map(|path| format!("{path}：发布后多出的文件")));
    check(said.len() as u64, problems)
}

/// Folders are their owner's only, and so are files.
#[cfg(unix)]
fn modes(folder: &Path) -> Check {
    use std::os::unix::fs::PermissionsExt;
    fn look(path: &Path, root: &Path, looked_at: &mut u64, problems: &mut Vec<String>) {
        let Ok(own) = fs::symlink_metadata(path) else { return };
        *looked_at += 1;
        let shown = path.strip_prefix(root).unwrap_or(path).display();
        if own.is_symlink() {
            problems.push(format!("{shown}：是链接，不是文件"));
        } else if own.permissions().mode() & 0o077 != 0 {
            problems.push(format!("{shown}：权限 {:o}，别人可以读写", own.permissions().mode() & 0o777));
        }
        if own.is_dir() {
            fs::read_dir(path).into_iter().flatten().flatten().for_each(|entry| look(&entry.path(), root, looked_at, problems));
        }
    }
    let (mut looked_at, mut problems) = (0, Vec::new());
    look(folder, folder, &mut looked_at, &mut problems);
    Check::new("modes", "文件权限", looked_at, problems)
}

#[cfg(not(unix))]
fn modes(_folder: &Path) -> Check {
    Check::new("modes", "文件权限", 0, Vec::new())
}

/// Rows read are rows used, out of scope and set aside; the run is what its name says.
fn books(run: &Run) -> Check {
    let manifest = &run.manifest;
    let unbalanced = manifest.books.iter().filter(|(_, books)| !books.balance());
    let mut problems: Vec<String> = unbalanced
        .map(|(table, books)| {
            let out_of_scope: u64 = books.out_of_scope.values().sum();
            format!(
                "{}：读入 {} 行，采用 {}、不在范围 {out_of_scope}、搁置 {}，不平",
                reasons::table(table),
                books.read,
                books.used,
                books.set_aside
            )
        })
        .collect();
    let name = run.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // A copy may be called anything, but a run among runs is called by its id.
    if run.folder.parent().is_some_and(|pipeline| pipeline.join("latest").is_file()) && name != manifest.run_id {
        problems.push(format!("文件夹叫 {name}，清单说是 {}", manifest.run_id));
    }
    if !manifest.run_id.starts_with(&manifest.as_of) {
        problems.push(format!("运行号 {} 与判定日期 {} 不符", manifest.run_id, manifest.as_of));
    }
    let rows: u64 = manifest.inputs.iter().map(|input| input.rows).sum();
    let read: u64 = manifest.books.values().map(|books| books.read).sum();
    if rows != read {
        problems.push(format!("各文件共 {rows} 行，各表共 {read} 行"));
    }
    Check::new("books", "账目", manifest.books.len() as u64, problems)
}

/// The tables are there and have the documented columns.
fn schemas(run: &Run) -> Check {
    let mut looked_at = 0;
    let mut problems = Vec::new();
    for table in schema::tables() {
        let is_wanted = schema::ALWAYS.contains(&table) || table == "positions" && run.manifest.is_audit();
        if is_wanted || run.folder.join(format!("{table}.parquet")).exists() {
            looked_at += 1;
            problems.extend(schema::difference(&run.folder, table).map(|what| format!("{table}.parquet：{what}")));
        }
    }
    Check::new("schemas", "表结构", looked_at, problems)
}

/// The tables hold what the manifest counts.
fn numbers(run: &Run) -> Check {
    let mut numbers = Numbers::default();
    let all = [students(run, &mut numbers), findings(run, &mut numbers), lives(run, &mut numbers), sources(run, &mut numbers)];
    for (what, fault) in ["decisions", "findings", "finding_history", "sources"].iter().zip(all) {
        if let Err(error) = fault {
            numbers.problems.push(format!("{what}.parquet：不能读（{error}）"));
        }
    }
    Check::new("numbers", "数目", numbers.looked_at, numbers.problems)
}

#[derive(Default)]
struct Numbers {
    looked_at: u64,
    problems: Vec<String>,
}

impl Numbers {
    /// What the manifest says of some number, and what the table does.
    fn hold(&mut self, what: &str, said: &BTreeMap<String, u64>, own: &BTreeMap<String, u64>) {
        let keys: std::collections::BTreeSet<&String> = said.keys().chain(own.keys()).collect();
        for key in keys {
            let (said, own) = (said.get(key).copied().unwrap_or(0), own.get(key).copied().unwrap_or(0));
            self.number(&format!("{what} {key}"), said, own);
        }
    }

    fn number(&mut self, what: &str, said: u64, own: u64) {
        self.looked_at += 1;
        if said != own {
            self.problems.push(format!("{what}：清单说 {said}，表中有 {own}"));
        }
    }

    /// That no two rows of a table have one key.
    fn unique(&mut self, what: &str, path: &Path, column: &str) -> Result<(), ReadError> {
        let mut keys = Vec::new();
        read::read(path, &[column], None, |batch| {
            keys.extend(key_hashes(batch, column)?);
            Ok(())
        })?;
        self.looked_at += 1;
        keys.sort_unstable();
        let twice = keys.array_windows().filter(|[one, next]| one == next).count();
        if twice > 0 {
            self.problems.push(format!("{what}：{twice} 行重复"));
        }
        Ok(())
    }
}

/// Keys as hashes: so long that no two keys share one.
fn key_hashes(batch: &RecordBatch, column: &str) -> Result<Vec<u128>, Fault> {
    let hash = |key: &str| {
        let hash = blake3::hash(key.as_bytes());
        hash.as_bytes().first_chunk().map(|bytes| u128::from_le_bytes(*bytes)).unwrap_or_default()
    };
    Ok(read::strings(batch, column)?.iter().map(|key| hash(key.unwrap_or_default())).collect())
}

fn students(run: &Run, numbers: &mut Numbers) -> Result<(), QueryError> {
    let path = run.folder.join("decisions.parquet");
    let mut own = BTreeMap::new();
    for (words, students) in queries::count(&path, &["outcome"])? {
        own.insert(words.concat(), students);
    }
    numbers.number("学生", run.manifest.students, own.values().sum());
    numbers.hold("结论", &run.manifest.outcomes, &own);
    Ok(numbers.unique("学生的结论", &path, "student_key")?)
}

fn findings(run: &Run, numbers: &mut Numbers) -> Result<(), QueryError> {
    let path = run.folder.join("findings.parquet");
    let (mut by_code, mut by_severity) = (BTreeMap::new(), BTreeMap::new());
    for (words, findings) in queries::count(&path, &["code", "severity"])? {
        if let [code, severity] = words.as_slice() {
            *by_code.entry(code.clone()).or_default() += findings;
            *by_severity.entry(severity.clone()).or_default() += findings;
        }
    }
    numbers.hold("问题", &run.manifest.findings, &by_code);
    numbers.hold("问题", &run.manifest.findings_by_severity, &by_severity);
    Ok(numbers.unique("问题", &path, "finding_id")?)
}

fn lives(run: &Run, numbers: &mut Numbers) -> Result<(), QueryError> {
    let history = history::history(&run.folder)?;
    let (mut open, mut raised) = (BTreeMap::new(), 0);
    for life in history.values() {
        raised += u64::from(life.change != Change::Gone && !life.unchecked);
        if life.is_open() {
            *open.entry(life.subject.code.clone()).or_default() += 1;
        }
    }
    numbers.hold("未了结的问题", &run.manifest.open_findings, &open);
    numbers.number("历史中本次提出的问题", run.manifest.findings.values().sum(), raised);
    Ok(())
}

fn sources(run: &Run, numbers: &mut Numbers) -> Result<(), QueryError> {
    const COUNTS: [&str; 4] = ["rows_read", "rows_used", "rows_out_of_scope", "rows_set_aside"];
    const TITLES: [&str; 4] = ["读入", "采用", "不在范围", "搁置"];
    let mut own: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    read::read(&run.folder.join("sources.parquet"), &[], None, |batch| {
        let tables = read::strings(batch, "table")?;
        for (place, name) in COUNTS.iter().enumerate() {
            let counts = read::column(batch, name)?.as_primitive_opt::<Int64Type>().ok_or("no numbers")?;
            for row in 0..batch.num_rows() {
                let table = own.entry(tables.value(row).to_owned()).or_default();
                if let Some(sum) = table.get_mut(place) {
                    *sum += u64::try_from(counts.value(row)).unwrap_or_default();
                }
            }
        }
        Ok(())
    })?;
    own.retain(|_, counts| counts.iter().any(|count| *count > 0));
    let said = |books: &Books| [books.read, books.used, books.out_of_scope.values().sum(), books.set_aside];
    let tables: std::collections::BTreeSet<&String> = own.keys().chain(run.manifest.books.keys()).collect();
    for table in tables {
        let (said, own) = (run.manifest.books.get(table).map(said).unwrap_or_default(), own.get(table).copied().unwrap_or_default());
        for (what, (said, own)) in TITLES.iter().zip(said.into_iter().zip(own)) {
            numbers.number(&format!("{} {what}", reasons::table(table)), said, own);
        }
    }
    Ok(())
}

/// The tables that follow from inputs, policy, calendar and date alone.
const REPEATABLE: [&str; 6] = ["decisions", "findings", "matches", "positions", "sources", "submissions"];

/// Judges the inputs of a run once more, in a folder that goes when it is done, and compares what came of it byte for byte; what is encrypted,
/// row for row.
///
/// # Errors
/// They can't be judged.
pub fn again(run: &Run, config: &Config, watch: &Watch<'_>) -> Result<Vec<Check>, VerifyError> {
    let (scratch, _lock) = scratch()?;
    let other = self::run(&Config { tables_only: true, recipients: None, accept_moves: true, ..config.clone() }, scratch.path(), watch)?;
    let mut checks = vec![same_law(&run.manifest, &other.manifest), same_inputs(&run.manifest, &other.manifest)];
    let mut problems = Vec::new();
    let mut looked_at = 0;
    for table in REPEATABLE {
        let file = format!("{table}.parquet");
        let (before, after) = (run.folder.join(&file), other.folder.join(&file));
        if !before.exists() && !after.exists() {
            continue;
        }
        looked_at += 1;
        match is_same(&before, &after) {
            Ok(true) => {}
            Ok(false) => {
                let hint = if matches!(table, "decisions" | "findings") { "；用 xueji diff 可以看出哪些学生不同" } else { "" };
                problems.push(format!("{file}：重新判定的结果不同{hint}"));
            }
            Err(error) => problems.push(format!("{file}：不能比较（{error}）")),
        }
    }
    checks.push(Check::new("again", "重新判定", looked_at, problems));
    scratch.close()?;
    Ok(checks)
}

/// What the folders begin with in which inputs are judged once more.
const SCRATCH: &str = "xueji-verify-";

/// A folder of its owner's only that goes when it is done with, and the lock that says so. What is left of one that was killed is removed.
fn scratch() -> io::Result<(TempDir, File)> {
    for entry in fs::read_dir(std::env::temp_dir())?.flatten() {
        let is_one = entry.file_name().to_string_lossy().starts_with(SCRATCH) && entry.file_type().is_ok_and(|kind| kind.is_dir());
        let lock = is_one.then(|| File::open(entry.path().join(".lock")).ok()).flatten();
        if lock.is_some_and(|lock| lock.try_lock().is_ok()) {
            // Somebody else's can't be removed.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(SCRATCH);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let folder = builder.tempdir()?;
    let lock = File::create(folder.path().join(".lock"))?;
    lock.lock()?;
    Ok((folder, lock))
}

fn same_law(before: &Manifest, after: &Manifest) -> Check {
    let said = [
        ("流程", &before.procedure, &after.procedure),
        ("判定日期", &before.as_of, &after.as_of),
        ("学年", &before.school_year, &after.school_year),
        ("政策", &before.policy.hash, &after.policy.hash),
        ("校历", &before.calendar_hash, &after.calendar_hash),
        ("列名词典", &before.dictionaries_hash, &after.dictionaries_hash),
        ("程序版本", &before.program_version, &after.program_version),
    ];
    let differs = said.iter().filter(|(_, one, other)| one != other);
    let problems = differs.map(|(what, one, other)| format!("{what}：当时 {one}，现在 {other}")).collect();
    Check::new("law", "依据", said.len() as u64, problems)
}

fn same_inputs(before: &Manifest, after: &Manifest) -> Check {
    let hashes = |manifest: &Manifest| -> BTreeMap<String, String> {
        manifest.inputs.iter().map(|input| (input.file.clone(), input.sha256.clone())).collect()
    };
    let (before, after) = (hashes(before), hashes(after));
    let mut problems: Vec<String> = Vec::new();
    for (file, hash) in &before {
        match after.get(file) {
            None => problems.push(format!("{file}：现在没有了")),
            Some(own) if own != hash => problems.push(format!("{file}：内容变了")),
            Some(_) => {}
        }
    }
    problems.extend(after.keys().filter(|file| !before.contains_key(*file)).map(|file| format!("{file}：当时没有")));
    Check::new("inputs", "输入文件", before.len() as u64, problems)
}

fn is_same(before: &Path, after: &Path) -> Result<bool, Fault> {
    if parquet::key_of_file(before).is_none() && parquet::key_of_file(after).is_none() {
        return Ok(fs::read(before)? == fs::read(after)?);
    }
    // No two encryptions of one table are the same bytes.
    let batches = |path| -> Result<_, Fault> { Ok(parquet::open(path)?.with_batch_size(1 << 14).build()?) };
    let (mut one, mut other) = (batches(before)?, batches(after)?);
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (Some(one), Some(other)) if one == other => {}
            _ => return Ok(false),
        }
    }
}
