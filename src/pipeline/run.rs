//! A run from folder to published results: read, find the students, judge, write, check, publish.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::Utc;
use law::facts::student::Row;
use law::regulation::findings::Severity;
use law::regulation::policy::{Lists, Policy, PolicyFault};
use law::regulation::rule::Outcome;
use rayon::prelude::*;
use thiserror::Error;

use super::config::{Config, Procedure};
use super::folder::{self, Held};
use super::movements;
use super::report::EARLIER;
use super::signoff;
use crate::engine::attendance::ids::{Ids, Numbering};
use crate::engine::audit;
use crate::engine::cohort::Cohort;
use crate::engine::finding::{About, Finding, Place};
use crate::engine::judged::{self, Judged};
use crate::engine::roster::{self, RosterReading};
use crate::engine::rows::RowIndex;
use crate::engine::scope::OutOfScope;
use crate::engine::stake::{self, Rank};
use crate::engine::watch::{self, Attendance, Counter};
use crate::ingest::attendance::{Counted, Deferral, Stamp};
use crate::ingest::cache::{Cache, Keeping};
use crate::ingest::table::Table;
use crate::ingest::{self, Dictionary, Inputs, Marks, Request, Vocabulary};
use crate::reconcile;
use crate::reconcile::answers::{self, Answers};
use crate::reconcile::life::{self, Change, History, Raised, Subject};
use crate::report::findings::Published;
use crate::report::keys;
use crate::report::manifest::{
    AttendanceReceipt, Books, CacheReceipt, InputReceipt, LifeReceipt, Manifest, PolicyReceipt, ReturnedReceipt, Seconds,
};
use crate::report::parquet::{self, Encoded, Groups, Names, ROW_GROUP};
use crate::report::read::Run;
use crate::report::returned::{self, Wanted};
use crate::report::state::{self, Basis, FileKept, Kept, State};
use crate::report::{
    decisions, findings as published, history, mask, matches, package, pages, positions, sources, submissions, summary, sums,
};

/// How far a run is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading files.
    Reading,
    /// Judging students.
    Judging,
    /// Writing results.
    Writing,
    /// Making pages and workbooks of them.
    Reporting,
}

/// Told of a run's progress: the stage, how much is done, of how much.
pub type Watch<'a> = dyn Fn(Stage, u64, u64) + Sync + 'a;

/// A run that could not be done.
#[derive(Debug, Error)]
pub enum RunError {
    /// The inputs can't be used.
    #[error("{0}")]
    Input(String),
    /// The policy can't be used.
    #[error("the policy can't be used: {0}")]
    Policy(#[from] PolicyFault),
    /// Another run holds the output.
    #[error("another run holds {}; wait until it has ended", .0.display())]
    Held(PathBuf),
    /// The books don't balance.
    #[error("nothing was published: {0}")]
    Unsafe(String),
    /// The disk refuses.
    #[error("can't write the results: {0}")]
    Write(String),
}

impl From<std::io::Error> for RunError {
    fn from(error: std::io::Error) -> Self {
        RunError::Write(error.to_string())
    }
}

impl From<::parquet::errors::ParquetError> for RunError {
    fn from(error: ::parquet::errors::ParquetError) -> Self {
        RunError::Write(error.to_string())
    }
}

impl From<arrow::error::ArrowError> for RunError {
    fn from(error: arrow::error::ArrowError) -> Self {
        RunError::Write(error.to_string())
    }
}

/// A published run.
#[derive(Debug)]
pub struct PublishedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its receipt.
    pub manifest: Manifest,
}

/// The vocabulary of a policy and some dictionaries: subjects, marks, header and value spellings.
///
/// # Errors
/// A dictionary can't be used.
pub fn vocabulary(policy: &Policy, headers: &[PathBuf]) -> Result<Vocabulary, RunError> {
    let marks = &policy.marks;
    let marks = Marks {
        pass: marks.pass.clone(),
        fail: marks.fail.clone(),
        moral_passed: marks.moral_passed.clone(),
        mark_out_of_100: marks.mark_out_of_100,
    };
    let dictionary = Dictionary::with(headers).map_err(|error| RunError::Input(error.to_string()))?;
    Ok(Vocabulary::new(dictionary, marks, policy.subjects()))
}

/// Runs a pipeline and publishes what comes of it.
///
/// # Errors
/// Nothing is published when inputs can't be used, another run holds the output, the books don't balance or the disk refuses.
pub fn run(config: &Config, out: &Path, watch: &Watch<'_>) -> Result<PublishedRun, RunError> {
    let started = Utc::now();
    let held = Held::take(out, &config.pipeline.name)?.ok_or_else(|| RunError::Held(out.join(&config.pipeline.name)))?;
    let latest = folder::latest(held.folder());
    can_go_on_from(held.folder(), latest.as_deref())?;
    let vocabulary = vocabulary(&config.law.policy, &config.headers)?;
    let mut clock = Clock::start();
    let cache = cache(config, out);
    let Read { inputs, reading, attendance, mut receipt } =
        read_all(config, &vocabulary, latest.as_deref(), cache.as_ref(), &mut clock, watch)?;
    let mut law = config.law.clone();
    law.subjects = inputs.subjects.clone();
    law.lists = Lists::new(&law.policy, &law.subjects)?;
    let staging = held.stage()?;
    let names = |schema| Names { schema, policy: format!("{} {}", law.policy.name, law.policy.version) };
    // What each file came to is let go of before the facts take their room.
    let ledger = match attendance {
        Some(Attendance { ledger, numbering, files, read }) => {
            let own = receipt.get_or_insert_default();
            (own.files, own.read) = (files.len() as u64, read as u64);
            own.form = config.pipeline.attendance.name().into();
            keep(staging.path(), config, &inputs, &numbering, &files, started)?;
            Some(ledger)
        }
        None => None,
    };
    clock.lap(|seconds| &mut seconds.roster);
    let mut cohort = Cohort::new(&law, &inputs, reading);
    clock.lap(|seconds| &mut seconds.matching);
    if let Some(ledger) = ledger {
        watch::enter(&mut cohort, config.pipeline.attendance.into(), ledger);
        if law.audits {
            audit::enter(&mut cohort);
            clock.lap(|seconds| &mut seconds.roster);
            reconcile::enter(&mut cohort);
            clock.lap(|seconds| &mut seconds.matching);
        }
    }
    clock.lap(|seconds| &mut seconds.roster);
    let (tally, mut findings) = judge(&mut cohort, &staging.path().join("decisions.parquet"), &names("decisions/1"), watch)?;
    clock.lap(|seconds| &mut seconds.judging);
    watch(Stage::Writing, 0, 1);
    let answers = answers::read(&cohort);
    findings.append(&mut cohort.findings);
    findings.extend(of_cells(&cohort));
    stake::weigh(&cohort, &mut findings);
    if law.audits {
        positions::write_positions(&staging.path().join("positions.parquet"), &cohort, &findings, &names("positions/1"))?;
    }
    let published = {
        let mut all: Vec<Published> = findings.par_iter().map(|finding| published::publish(&cohort, finding)).collect();
        all.extend(of_answers(&cohort, &answers, &all));
        published::in_order(all)
    };
    cohort.leave_out_replaced();
    let wanted = Wanted::of(&cohort, &findings);
    drop(findings);
    published::write_findings(&staging.path().join("findings.parquet"), &published, &names("findings/1"))?;
    let counts = FindingCounts::of(&published);
    let (past, begins_anew) = last_history(latest.as_deref());
    let raised: Vec<Raised> = published.into_iter().map(history::raised).collect();
    // Nobody asks for the ids where nobody answers.
    let own: HashSet<&str> =
        if answers.given.is_empty() { HashSet::new() } else { raised.iter().map(|own| own.finding_id.as_str()).collect() };
    answers.enter(&mut cohort, |finding| own.contains(finding) || past.contains_key(finding));
    drop(own);
    // What only a school's roll can show is not mended by handing in none.
    let can_tell = |subject: &Subject| {
        let school = if subject.other_school_code.is_empty() { &subject.school_code } else { &subject.other_school_code };
        !subject.code.starts_with("R02") || cohort.rolls.is_handed_in(&cohort, school)
    };
    let life = life::go_on(raised, past, &answers.given, &law.as_of.to_string(), can_tell);
    history::write_history(staging.path(), &life, &names("finding_history/1"))?;
    sources::write_sources(&staging.path().join("sources.parquet"), &cohort, &names("sources/1"))?;
    matches::write_matches(&staging.path().join("matches.parquet"), &cohort, &names("matches/1"))?;
    submissions::write_submissions(&staging.path().join("submissions.parquet"), &cohort, &names("submissions/1"))?;
    let run_id = held.free_id(&run_id(config, &inputs));
    let mut manifest = manifest(config, &cohort, &run_id, started, tally, counts);
    manifest.attendance = receipt;
    enter_life(&mut manifest, &life);
    manifest.life.against = latest.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    manifest.life.begins_anew = begins_anew;
    // Whoever asks for the sign-offs is told that they, or the last run, can't be read.
    let lapsed = ingest::guarded(|| signoff::lapsed(held.folder(), latest.as_deref(), staging.path(), &manifest.school_year));
    manifest.life.signoffs_lapsed = lapsed.and_then(Result::ok).unwrap_or_default();
    check(&cohort, &manifest)?;
    manifest.movements = movements::against(latest.as_deref(), staging.path(), &manifest, config, &names("movements/1"))?;
    // With tables alone too: it rests on the inputs, and can't be made later from the run folder.
    let back =
        returned::write_returned(staging.path(), &wanted, &vocabulary, law.as_of).map_err(|error| RunError::Write(error.to_string()))?;
    manifest.returned = back.receipt;
    // What people read is made from the published files alone: the facts have done their work, and make room.
    drop((answers, cohort));
    drop(inputs);
    summary::write_workbook(staging.path(), &manifest).map_err(|error| RunError::Write(error.to_string()))?;
    clock.lap(|seconds| &mut seconds.writing);
    // Freeing what was told of hundreds of thousands of findings takes seconds, which nobody has to wait for.
    std::thread::spawn(move || drop(life));
    if !config.tables_only {
        let run = Run { folder: staging.path().into(), manifest: manifest.clone() };
        let students = manifest.students;
        watch(Stage::Reporting, 0, students);
        pages::write(&run, staging.path(), &folder::earlier(held.folder(), EARLIER), &|done| watch(Stage::Reporting, done, students))
            .map_err(|error| RunError::Write(error.to_string()))?;
        if let Some(recipients) = &config.recipients {
            manifest.packages =
                package::write_packages(&run, recipients, &back.workbooks).map_err(|error| RunError::Write(error.to_string()))?;
        }
        clock.lap(|seconds| &mut seconds.reporting);
    }
    manifest.seconds = clock.seconds;
    manifest.cache = cache.map(|cache| {
        cache.trim(config.cache.unwrap_or_default());
        let (known, read) = cache.counts();
        CacheReceipt { known, read }
    });
    manifest.write(staging.path())?;
    sums::write(staging.path())?;
    let folder = held.publish(staging, &run_id)?;
    watch(Stage::Writing, 1, 1);
    Ok(PublishedRun { folder, manifest })
}

/// A run goes on from the one before: without its key the life of all findings would begin anew, and names would stand there in clear.
///
/// # Errors
/// The last run is encrypted with a key that is not at hand.
fn can_go_on_from(pipeline: &Path, latest: Option<&Path>) -> Result<(), RunError> {
    // Also where nothing says any more which one was the last.
    let Some(last) = latest.map(Path::to_owned).or_else(|| folder::runs(pipeline).into_iter().next()) else { return Ok(()) };
    parquet::can_open(&last, "the last run").map_err(|error| RunError::Input(error.to_string()))
}

/// What was read before, beside the pipelines that share it. Where it can't be kept, everything is read.
fn cache(config: &Config, out: &Path) -> Option<Cache> {
    let folder = out.join(".cache");
    let limit = config.cache?;
    if limit == 0 && !folder.exists() {
        return None;
    }
    let program = std::env::current_exe().ok().and_then(|own| Stamp::of(&own));
    let basis = format!("{} {program:?} {} {}", env!("CARGO_PKG_VERSION"), config.policy_hash, config.headers_hash);
    let cache = Cache::open(&folder, basis, Keeping { kept: keys::kept, known: keys::known }).ok()?;
    if limit == 0 {
        // What is there goes, and nothing is kept.
        cache.trim(0);
        return None;
    }
    Some(cache)
}

/// What was read.
struct Read {
    inputs: Inputs,
    reading: RosterReading,
    attendance: Option<Attendance>,
    receipt: Option<AttendanceReceipt>,
}

/// Reads all files: in term the attendance last, and only what the run before has not counted.
fn read_all(
    config: &Config,
    vocabulary: &Vocabulary,
    latest: Option<&Path>,
    cache: Option<&Cache>,
    clock: &mut Clock,
    watch: &Watch<'_>,
) -> Result<Read, RunError> {
    let law = &config.law;
    let mut whole = BTreeSet::new();
    loop {
        let (state, receipt) = match &law.term {
            Some(_) => known(config, latest),
            None => (State::default(), None),
        };
        let (read, all) = (AtomicU64::new(0), AtomicU64::new(0));
        let progress = |progress: ingest::Progress| {
            read.store(progress.bytes_read, Ordering::Relaxed);
            all.store(progress.bytes, Ordering::Relaxed);
            watch(Stage::Reading, progress.bytes_read, progress.bytes);
        };
        let deferral = Deferral { whole: whole.clone(), by_stamp: &state.by_stamp };
        let defer = law.term.is_some().then_some(&deferral);
        let mut inputs = ingest::read(Request { folders: &config.inputs, vocabulary, progress: &progress, defer, cache })
            .map_err(|error| RunError::Input(error.to_string()))?;
        need_roster(&inputs)?;
        clock.lap(|seconds| &mut seconds.reading);
        let index = RowIndex::new(&inputs);
        let reading = roster::read(&inputs, &index, law.as_of);
        clock.lap(|seconds| &mut seconds.roster);
        let Some(term) = &law.term else { return Ok(Read { inputs, reading, attendance: None, receipt }) };
        let ids = Ids::new(&reading.roster, Some(state.ids).filter(|ids| !ids.is_empty()));
        let tell = |bytes: u64| watch(Stage::Reading, read.fetch_add(bytes, Ordering::Relaxed) + bytes, all.load(Ordering::Relaxed));
        let students = reading.roster.students.len();
        let counter = Counter { law, term, vocabulary, ids: &ids, students, tell: &tell };
        let counted = counter.count(&mut inputs, state.files);
        clock.lap(|seconds| &mut seconds.attendance);
        match counted {
            Ok(attendance) => {
                drop(ids);
                return Ok(Read { inputs, reading, attendance: Some(attendance), receipt });
            }
            // A file that goes on with another table is read with the others: its students count.
            Err(path) => whole.insert(path),
        };
    }
}

/// What a state of this run would rest on.
fn basis(config: &Config) -> Basis {
    Basis {
        program: env!("CARGO_PKG_VERSION").into(),
        policy: config.policy_hash.clone(),
        calendar: config.calendar_hash.clone(),
        dictionaries: config.headers_hash.clone(),
        first: config.law.term.as_ref().map(|term| term.first).unwrap_or_default(),
        days: config.law.term.as_ref().map(|term| term.days.clone()).unwrap_or_default(),
    }
}

/// The state of the run before, where it fits, and what the receipt says of it.
fn known(config: &Config, latest: Option<&Path>) -> (State, Option<AttendanceReceipt>) {
    let Some(latest) = latest else { return (State::default(), None) };
    let run = latest.file_name().map(|name| name.to_string_lossy().into_owned());
    let (state, why) = match state::read(latest) {
        None => (State::default(), Some("上次运行没有可用的考勤状态，或已损坏")),
        Some(state) => match basis(config).differs_from(&state.basis) {
            None => (state, None),
            Some(why) => (State::default(), Some(why)),
        },
    };
    let known_from = run.filter(|_| why.is_none());
    (state, Some(AttendanceReceipt { known_from, read_anew: why.map(str::to_owned), ..AttendanceReceipt::default() }))
}

/// Seconds that a change of a file has to lie back for its stamp to be trusted: clocks of file systems are coarse.
const SETTLED: i64 = 2;

/// Writes the state that the next run goes on from.
fn keep(
    folder: &Path,
    config: &Config,
    inputs: &Inputs,
    numbering: &Numbering,
    files: &[(usize, Counted)],
    started: chrono::DateTime<Utc>,
) -> Result<(), RunError> {
    let own = files.iter().map(|(file, counted)| (&inputs.files[*file], counted)).filter(|(info, _)| !info.duplicate);
    let files = own.map(|(info, counted)| {
        let stamp = info.stamp.filter(|stamp| stamp.changed.0 + SETTLED < started.timestamp());
        FileKept { sha256: &info.sha256, stamp, counted }
    });
    state::write(folder, &Kept { basis: &basis(config), ids: &numbering.ids, files: files.collect() })?;
    Ok(())
}

/// Takes the time of each stage.
struct Clock {
    last: Instant,
    seconds: Seconds,
}

impl Clock {
    fn start() -> Self {
        Self { last: Instant::now(), seconds: Seconds::default() }
    }

    /// Adds the time since the last lap to a stage's.
    fn lap(&mut self, stage: impl FnOnce(&mut Seconds) -> &mut f64) {
        let now = Instant::now();
        // To the millisecond: more digits would say nothing, and look like a number of somebody's.
        let seconds = stage(&mut self.seconds);
        *seconds = ((*seconds + (now - self.last).as_secs_f64()) * 1000.0).round() / 1000.0;
        self.last = now;
    }
}

/// Inputs without a usable roster can't be used.
///
/// # Errors
/// There is none.
pub(super) fn need_roster(inputs: &Inputs) -> Result<(), RunError> {
    let is_usable = |sheet: &ingest::Sheet| sheet.table == Table::Roster && sheet.rows_read as usize > sheet.set_aside.len();
    if inputs.sheets.iter().any(is_usable) { Ok(()) } else { Err(RunError::Input(no_roster(inputs))) }
}

fn no_roster(inputs: &Inputs) -> String {
    let lacking = inputs.sheets.iter().find(|sheet| sheet.table == Table::Roster && sheet.rows_read > 0);
    if let Some(sheet) = lacking {
        let file = &inputs.files[sheet.file].path;
        return format!("no row of a 学籍名册 can be used: {file} is one, but not a whole one; `xueji check` says what it lacks");
    }
    let tables: std::collections::BTreeSet<&str> = inputs.sheets.iter().map(|sheet| sheet.table.title()).collect();
    let found = if tables.is_empty() { "no table at all".to_owned() } else { tables.into_iter().collect::<Vec<_>>().join("、") };
    let needed: Vec<&str> = Table::Roster.fields().iter().filter(|field| field.required).map(|field| field.header).collect();
    format!("no 学籍名册 among the {} input files (found: {found}); a roster needs the columns {}", inputs.files.len(), needed.join("、"))
}

/// Students by stage and outcome.
type Tally = BTreeMap<(&'static str, Outcome), u64>;

/// Judges all students, a row group at a time on each thread, and writes their decisions in order.
fn judge(cohort: &mut Cohort<'_>, path: &Path, names: &Names, watch: &Watch<'_>) -> Result<(Tally, Vec<Finding>), RunError> {
    let students = cohort.roster.students.len();
    let all = students as u64;
    let schema = decisions::schema();
    let plain = ["student_key", "student_id", "name"];
    let mut file = Groups::create(path, &schema, names, &plain, &["student_id"])?;
    let groups: Vec<_> = (0..students).step_by(ROW_GROUP).map(|first| first..(first + ROW_GROUP).min(students)).collect();
    let mut book = Book::default();
    let (mut before, done) = (Vec::new(), AtomicU64::new(0));
    // A wave at a time, so that only so many encoded row groups are held; the one before is written meanwhile.
    for wave in groups.chunks(rayon::current_num_threads().max(1) * GROUPS_A_THREAD) {
        let encoder = file.encoder();
        let judge = || -> Result<Vec<(Book, Encoded)>, RunError> {
            let group = |students: &Range<usize>| {
                let judged = judged::judge(cohort, students.clone());
                let encoded = encoder.encode(students.start / ROW_GROUP, &decisions::batch(cohort, &judged)?)?;
                let own = students.len() as u64;
                watch(Stage::Judging, done.fetch_add(own, Ordering::Relaxed) + own, all);
                Ok((Book::of(judged), encoded))
            };
            wave.par_iter().with_max_len(1).map(group).collect()
        };
        let (judged, written) = rayon::join(judge, || book.enter(std::mem::take(&mut before)));
        for encoded in written {
            file.write(encoded)?;
        }
        before = judged?;
    }
    for encoded in book.enter(before) {
        file.write(encoded)?;
    }
    file.finish()?;
    book.repeated.iter().for_each(|row| cohort.set_aside(*row));
    book.out_of_scope.iter().for_each(|(row, reason)| cohort.leave_out(*row, *reason));
    Ok((book.tally, book.findings))
}

/// Row groups that each thread judges in a wave: enough that none waits long for the slowest.
const GROUPS_A_THREAD: usize = 6;

/// What is kept of the decisions that were written.
#[derive(Default)]
struct Book {
    tally: Tally,
    findings: Vec<Finding>,
    /// Rows that turned out to repeat another one whole.
    repeated: Vec<Row>,
    /// Rows that turned out to belong to an earlier stage.
    out_of_scope: Vec<(Row, OutOfScope)>,
}

impl Book {
    /// What is kept of a row group.
    fn of(judged: Judged) -> Self {
        let mut tally = Tally::new();
        for (outcome, stage) in judged.outcome.iter().zip(&judged.stage) {
            *tally.entry((stage.map_or("unknown", law::facts::grades::Stage::name), *outcome)).or_default() += 1;
        }
        Self { tally, findings: judged.findings, repeated: judged.repeated, out_of_scope: judged.out_of_scope }
    }

    /// Enters what is kept of each row group; hands on what is to be written.
    fn enter(&mut self, wave: Vec<(Book, Encoded)>) -> Vec<Encoded> {
        let enter = |(mut own, encoded): (Book, Encoded)| {
            own.tally.into_iter().for_each(|(of, students)| *self.tally.entry(of).or_default() += students);
            self.findings.append(&mut own.findings);
            self.repeated.append(&mut own.repeated);
            self.out_of_scope.append(&mut own.out_of_scope);
            encoded
        };
        wave.into_iter().map(enter).collect()
    }
}

/// The findings of reading, with the student that each one's row belongs to.
pub(super) fn of_cells(cohort: &Cohort<'_>) -> Vec<Finding> {
    let inputs = cohort.inputs;
    let findings = inputs.findings.iter().map(|cell| {
        let severity = law::regulation::findings::find(cell.code).map_or(Severity::Query, |entry| entry.severity);
        let sheet = cell.sheet.map(|sheet| &inputs.sheets[sheet]);
        let file = &inputs.files[cell.file].path;
        let column = match (sheet, cell.field) {
            (Some(sheet), Some(field)) => format!("{}.{}", sheet.table.title(), sheet.table.fields()[field].header),
            _ => cell.header.to_string(),
        };
        let (mut about, mut field) = (About::File(file.clone()), format!("{}.{column}", sheet.map_or("", |sheet| &sheet.name)));
        if let (Some(place), Some(sheet), Some(record)) = (cell.sheet, sheet, cell.record.filter(|_| cell.count == 1)) {
            let record = record as usize;
            let id = sheet.table.field("全国学籍号").and_then(|own| sheet.id(own, record).value());
            about = match id {
                Some(id) => cohort.roster.with_id(id).map_or(About::Id(id), About::Student),
                None => About::Cells(sheet.cells_hash(record, cell.mark)),
            };
            field = format!("{column}.{}", cohort.key_words(place, record));
        } else if cell.count > 1 {
            // A fold stands for many cells of one value.
            field = format!("{field}.{}", cell.found);
        }
        Finding {
            code: cell.code,
            severity,
            about,
            field,
            other_party: String::new(),
            found: cell.found.clone(),
            expected: cell.expected.to_string(),
            place: Place {
                file: Some(cell.file),
                sheet: cell.sheet,
                row: cell.row,
                column: cell.column,
                header: cell.header.to_string(),
                beside: String::new(),
            },
            count: i64::from(cell.count),
            rows_sample: cell.rows_sample.clone(),
            at: None,
            other_school: None,
            effect: None,
        }
    });
    findings.collect()
}

/// `<as_of>-<first 8 hex digits of the hash of inputs, policy, calendar and program>`.
fn run_id(config: &Config, inputs: &Inputs) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in &inputs.files {
        hasher.update(file.path.as_bytes()).update(&[0]).update(file.sha256.as_bytes());
    }
    hasher.update(config.policy_hash.as_bytes()).update(config.calendar_hash.as_bytes()).update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(config.pipeline.school_year.as_bytes());
    if config.law.term.is_some() {
        // What a row that is not there means changes every decision.
        hasher.update(format!("{:?}", config.pipeline.attendance).as_bytes());
    }
    format!("{}-{}", config.law.as_of, &hasher.finalize().to_hex()[..8])
}

/// How many findings there are.
#[derive(Default)]
struct FindingCounts {
    by_code: BTreeMap<String, u64>,
    by_severity: BTreeMap<String, u64>,
    effects: BTreeMap<String, u64>,
    exams_for_graduation: u64,
}

impl FindingCounts {
    fn of(findings: &[Published]) -> Self {
        let mut counts = Self::default();
        let mut add = |to: fn(&mut Self) -> &mut BTreeMap<String, u64>, key: &str| match to(&mut counts).get_mut(key) {
            Some(number) => *number += 1,
            None => drop(to(&mut counts).insert(key.to_owned(), 1)),
        };
        for finding in findings {
            add(|counts| &mut counts.by_code, finding.code);
            add(|counts| &mut counts.by_severity, finding.severity.code());
            if let (Some(now), Some(then)) = (finding.outcome_now, finding.outcome_then) {
                add(|counts| &mut counts.effects, &format!("{now}>{then}"));
            }
        }
        counts.exams_for_graduation = findings.iter().filter(|finding| finding.rank == Rank::ExamsForGraduation).count() as u64;
        counts
    }
}

fn manifest(
    config: &Config,
    cohort: &Cohort<'_>,
    run_id: &str,
    started: chrono::DateTime<Utc>,
    tally: Tally,
    counts: FindingCounts,
) -> Manifest {
    let inputs = cohort.inputs;
    let mut books: BTreeMap<String, Books> = BTreeMap::new();
    for (sheet, own) in inputs.sheets.iter().zip(&cohort.books) {
        let table = books.entry(sheet.table.name().to_owned()).or_default();
        table.read += u64::from(sheet.rows_read);
        table.used += own.used;
        table.set_aside += own.set_aside;
        for (reason, rows) in &own.out_of_scope {
            *table.out_of_scope.entry(reason.code().to_owned()).or_default() += rows;
        }
    }
    let mut rows = vec![0; inputs.files.len()];
    inputs.sheets.iter().for_each(|sheet| rows[sheet.file] += u64::from(sheet.rows_read));
    let files = inputs.files.iter().zip(rows).map(|(file, rows)| InputReceipt {
        file: mask::within(&file.path).into_owned(),
        sha256: file.sha256.clone(),
        bytes: file.bytes,
        rows,
    });
    let mut outcomes_by_stage: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for ((stage, outcome), students) in &tally {
        *outcomes.entry(outcome.code().to_owned()).or_default() += students;
        outcomes_by_stage.entry((*stage).to_owned()).or_default().insert(outcome.code().to_owned(), *students);
    }
    let procedure = match config.pipeline.procedure {
        Procedure::TermEnd => "term-end",
        Procedure::StatusWatch => "status-watch",
        Procedure::DistrictAudit => "district-audit",
    };
    let policy = &cohort.law.policy;
    let values = serde_json::to_value(policy).unwrap_or_default();
    Manifest {
        pipeline: config.pipeline.name.clone(),
        procedure: procedure.into(),
        run_id: run_id.into(),
        as_of: cohort.law.as_of.to_string(),
        school_year: cohort.law.school_year.to_string(),
        is_year_over: cohort.law.as_of >= cohort.law.last_day,
        policy: PolicyReceipt { name: policy.name.clone(), version: policy.version.clone(), hash: config.policy_hash.clone(), values },
        calendar_hash: config.calendar_hash.clone(),
        dictionaries_hash: config.headers_hash.clone(),
        overrides: config.changed.clone(),
        program_version: env!("CARGO_PKG_VERSION").into(),
        started_at: started.to_rfc3339(),
        finished_at: Utc::now().to_rfc3339(),
        inputs: files.collect(),
        books,
        students: cohort.roster.students.len() as u64,
        attendance: None,
        cache: None,
        seconds: Seconds::default(),
        outcomes,
        outcomes_by_stage,
        findings: counts.by_code,
        findings_by_severity: counts.by_severity,
        effects: counts.effects,
        exams_for_graduation: counts.exams_for_graduation,
        open_findings: BTreeMap::new(),
        open_findings_by_severity: BTreeMap::new(),
        life: LifeReceipt::default(),
        packages: Vec::new(),
        movements: None,
        returned: ReturnedReceipt::default(),
    }
}

/// The history of the last run, and whether there is one that can't be read.
fn last_history(latest: Option<&Path>) -> (History, bool) {
    let Some(latest) = latest else { return (History::new(), false) };
    // Damage may make a library panic.
    match ingest::guarded(|| history::history(latest)) {
        Some(Ok(past)) => (past, false),
        Some(Err(_)) | None => (History::new(), true),
    }
}

/// What is wrong with answers, each with the school whose finding is answered, where this run raises it.
fn of_answers(cohort: &Cohort<'_>, answers: &Answers, all: &[Published]) -> Vec<Published> {
    if answers.findings.is_empty() {
        return Vec::new();
    }
    let asked: HashSet<&str> = answers.findings.iter().map(|(_, answered)| answered.as_str()).collect();
    let known: BTreeMap<&str, &Published> =
        all.iter().map(|own| (own.finding_id.as_str(), own)).filter(|(id, _)| asked.contains(id)).collect();
    let of_answer = |(finding, answered): &(Finding, String)| {
        let own = published::publish(cohort, finding);
        match known.get(answered.as_str()) {
            Some(known) => Published { district: known.district.clone(), school_code: known.school_code.clone(), ..own },
            None => own,
        }
    };
    answers.findings.iter().map(of_answer).collect()
}

/// Enters the counts of the findings' life.
fn enter_life(manifest: &mut Manifest, history: &History) {
    let count = |counts: &mut BTreeMap<String, u64>, word: &str| match counts.get_mut(word) {
        Some(number) => *number += 1,
        None => {
            counts.insert(word.to_owned(), 1);
        }
    };
    for own in history.values() {
        let is_news = own.change != Change::Gone || own.runs_gone == 1;
        if is_news {
            count(&mut manifest.life.changes, own.change.code());
        }
        if own.is_open() {
            count(&mut manifest.open_findings, &own.subject.code);
            count(&mut manifest.open_findings_by_severity, &own.subject.severity);
        } else if own.change != Change::Gone {
            manifest.life.answered += 1;
        }
    }
}

/// The safety checks before anything is published: one decision each (P1), and books that balance (P7).
fn check(cohort: &Cohort<'_>, manifest: &Manifest) -> Result<(), RunError> {
    if let Some((table, books)) = manifest.books.iter().find(|(_, books)| !books.balance()) {
        return Err(RunError::Unsafe(format!("the books of {table} don't balance: {books:?}")));
    }
    for (sheet, books) in cohort.inputs.sheets.iter().zip(&cohort.books) {
        if books.total() != u64::from(sheet.rows_read) {
            let file = &cohort.inputs.files[sheet.file].path;
            return Err(RunError::Unsafe(format!("{} of {} rows of {file} are accounted for", books.total(), sheet.rows_read)));
        }
    }
    let decided: u64 = manifest.outcomes.values().sum();
    if decided != manifest.students {
        return Err(RunError::Unsafe(format!("{decided} decisions for {} students", manifest.students)));
    }
    let mut keys: Vec<_> = cohort.roster.students.iter().map(|student| student.key).collect();
    keys.par_sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(RunError::Unsafe("a student has two decisions".into()));
    }
    Ok(())
}
