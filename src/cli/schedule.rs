//! `xueji schedule list|run|export`: when each pipeline is due, running what is due, and handing that to the timers of an operating system.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Datelike;
use serde_json::{Value, json};

use super::{Ending, complain, log, note, run, say};
use crate::pipeline::clock::{Moment, in_shanghai, now};
use crate::pipeline::exit;
use crate::pipeline::folder;
use crate::pipeline::schedule::attempts::{Attempts, Ended};
use crate::pipeline::schedule::child::{self, Runs};
use crate::pipeline::schedule::due::Next;
use crate::pipeline::schedule::export::{self, Entry, Places};
use crate::pipeline::schedule::job::{Job, Unusable, read_folder};
use crate::pipeline::schedule::keeper::{Hold, Keeper, Kept, Word, World, none, owed, unknown};
use crate::pipeline::schedule::plan::{Anchor, Only, Plan};
use crate::pipeline::schedule::stop;
use crate::report::keys;
use crate::report::manifest::Manifest;

/// The arguments of `schedule`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// When each pipeline is due next, what ran last and how it ended.
    List(Folders),
    /// Run what is due, one job after another, until stopped; what was missed is caught up once.
    Run {
        #[command(flatten)]
        folders: Folders,
        /// Run what is due now, then end. What finds its output held by another run is tried again for an hour.
        #[arg(long)]
        once: bool,
        /// This pipeline alone, by its name.
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
        /// Options that each `xueji run` gets, such as -- --package.
        #[arg(last = true, value_name = "OPTIONS")]
        options: Vec<String>,
    },
    /// Write units for systemd, a crontab or tasks for Windows that run what is due.
    Export {
        #[command(flatten)]
        folders: Folders,
        /// For what.
        #[arg(long, value_enum)]
        format: Format,
        /// Where the files are written.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Options that each `xueji run` gets, such as -- --package.
        #[arg(last = true, value_name = "OPTIONS")]
        options: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Folders {
    /// The folder of pipeline files.
    #[arg(long, value_name = "DIR", default_value = "pipelines")]
    pipelines: PathBuf,
    /// Where the runs are published.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A service and a timer a pipeline.
    Systemd,
    /// A crontab.
    Cron,
    /// A task of the Task Scheduler a pipeline.
    Windows,
}

/// Lists, runs or exports.
pub fn main(arguments: &Arguments, key_file: Option<&Path>, json: bool) -> Ending {
    let done = match &arguments.action {
        Action::List(folders) => list(folders, json),
        Action::Run { folders, once, pipeline, options } => {
            run_due(folders, *once, pipeline.as_deref(), &as_this(with_key(options, key_file)), json)
        }
        Action::Export { folders, format, to, options } => {
            export(folders, *format, to, &with_key(options, key_of_timers(key_file).as_deref()), json)
        }
    };
    done.unwrap_or_else(|error| {
        complain(&error);
        Ending::Unusable
    })
}

/// The key that runs of a timer are to get, which has an environment of its own.
fn key_of_timers(key_file: Option<&Path>) -> Option<PathBuf> {
    let named = key_file.map(Path::to_owned).or_else(|| std::env::var_os(keys::KEY_FILE).map(PathBuf::from));
    if named.is_none() && std::env::var_os(keys::KEY).is_some() {
        log::warn(&format_args!("a timer has no {}: name a file with the key by --key-file", keys::KEY));
    }
    named
}

/// The options of a run, which gets the key that this process got. One of the environment it finds there.
fn with_key(options: &[String], key_file: Option<&Path>) -> Vec<String> {
    let named = key_file.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()));
    let named = named.into_iter().flat_map(|file| ["--key-file".to_owned(), file.to_string_lossy().into_owned()]);
    options.iter().cloned().chain(named).collect()
}

fn jobs(folders: &Folders) -> Result<Vec<Result<Job, Unusable>>, String> {
    read_folder(&folders.pipelines).map_err(|error| format!("can't read the pipelines in {}: {error}", folders.pipelines.display()))
}

/// The options of a run, which speaks as this process does.
fn as_this(mut options: Vec<String>) -> Vec<String> {
    if log::is_json() && !options.iter().any(|option| option.starts_with("--log-format")) {
        options.extend(["--log-format", "json"].map(str::to_owned));
    }
    options
}

/// What `list` says of a pipeline.
struct Line {
    job: Job,
    next: Option<Next>,
    owed: Option<Moment>,
    attempts: Result<Attempts, String>,
    last_run: Option<Manifest>,
}

impl Line {
    fn of(job: Job, out: &Path, now: Moment) -> Self {
        let folder = out.join(&job.name);
        let attempts = Attempts::read(&folder).map_err(|error| error.to_string());
        let owed = attempts.as_ref().ok().and_then(|attempts| owed(&job, attempts, now));
        let manifest = |run: PathBuf| serde_json::from_slice(&std::fs::read(run.join("manifest.json")).ok()?).ok();
        Self { next: job.next(now), owed, attempts, last_run: folder::latest(&folder).and_then(manifest), job }
    }

    fn last(&self) -> Option<&Ended> {
        self.attempts.as_ref().ok().and_then(Attempts::last_ended)
    }
}

fn list(folders: &Folders, json: bool) -> Result<Ending, String> {
    let now = now();
    let lines = jobs(folders)?.into_iter().map(|job| job.map(|job| Line::of(job, &folders.out, now)));
    let lines: Vec<Result<Line, Unusable>> = lines.collect();
    if json {
        say(json!({ "pipelines": lines.iter().map(object).collect::<Vec<_>>() }));
    } else if lines.is_empty() {
        say(format!("{} 里没有任务文件（带 [pipeline] 的 .toml）", folders.pipelines.display()));
    } else {
        say(lines.iter().map(words).collect::<Vec<_>>().join("\n"));
    }
    Ok(if lines.iter().any(Result::is_err) { Ending::Unusable } else { Ending::Done })
}

fn object(line: &Result<Line, Unusable>) -> Value {
    let line = match line {
        Ok(line) => line,
        Err(fault) => return json!({ "file": fault.file, "name": fault.name, "error": fault.message }),
    };
    let (next, unknown_year) = match line.next {
        Some(Next::At(time)) => (Some(time), None),
        Some(Next::Unknown(year)) => (None, Some(year.to_string())),
        Some(Next::Never) | None => (None, None),
    };
    json!({
        "file": line.job.file,
        "name": line.job.name,
        "schedule": line.job.plan.as_ref().map(Plan::to_string),
        "next": next,
        "calendar_missing": unknown_year,
        "owed": line.owed,
        "running_since": line.attempts.as_ref().ok().and_then(Attempts::unfinished).map(|(_, began)| began),
        "last_attempt": line.last(),
        "last_run": line.last_run.as_ref().map(|run| json!({ "run_id": run.run_id, "as_of": run.as_of, "finished_at": run.finished_at })),
    })
}

fn words(line: &Result<Line, Unusable>) -> String {
    let line = match line {
        Ok(line) => line,
        Err(fault) => {
            return format!("{}\n  任务文件不能用，改好后再列出：{}", fault.file.display(), fault.message.trim_end().replace('\n', "\n  "));
        }
    };
    let job = &line.job;
    let mut text = vec![format!("{}（{}）", job.name, job.file.display())];
    let plan = job.plan.as_ref().map_or_else(|| "没有 [schedule]，只能手动运行".to_owned(), in_words);
    text.push(format!("  安排：{plan}"));
    match line.next {
        Some(Next::At(time)) => text.push(format!("  下次：{}", day_and_time(time))),
        Some(Next::Unknown(year)) => text.push(format!("  下次：不能确定，缺少 {year} 学年的校历；请在校历目录中补上该学年的文件")),
        Some(Next::Never) => text.push("  下次：不再到期".to_owned()),
        None => {}
    }
    if let Some((year, time)) = line.next_outside_its_year() {
        text.push(format!("  注意：本任务判定 {year} 学年，{} 不在该学年末；请核对 school_year、calendar 和 as_of", time.date_naive()));
    }
    if let Some(due) = line.owed {
        text.push(format!("  已到期：{}，还没有运行；xueji schedule run 会补做一次", day_and_time(due)));
    }
    match &line.attempts {
        Ok(attempts) => {
            if let Some((due, began)) = attempts.unfinished() {
                text.push(format!("  正在运行或中途断开：应于 {} 运行，{} 开始", day_and_time(due), time(began)));
            }
            text.extend(attempts.last_ended().map(|ended| format!("  上次到期：{}", ended_words(ended))));
        }
        Err(error) => text.push(format!("  运行记录读不出来：{error}")),
    }
    match &line.last_run {
        Some(run) => text.push(format!("  上次发布：{}，判定日期 {}，完成于 {}", run.run_id, run.as_of, finished(&run.finished_at))),
        None => text.push("  上次发布：还没有".to_owned()),
    }
    text.join("\n")
}

impl Line {
    fn next_outside_its_year(&self) -> Option<(law::facts::calendar::SchoolYear, Moment)> {
        match self.next? {
            Next::At(time) => self.job.is_due_beside_its_year(time).map(|year| (year, time)),
            Next::Unknown(_) | Next::Never => None,
        }
    }
}

/// How an attempt ended, for people.
fn ended_words(ended: &Ended) -> String {
    let how = match ended.exit_code {
        Some(0) => "完成并发布".to_owned(),
        Some(1) => "完成并发布，有需要处理的问题".to_owned(),
        Some(2) => "没有发布：输入或配置不能用".to_owned(),
        Some(3) => "没有发布：安全检查没有通过".to_owned(),
        Some(75) => "没有发布：另一次运行占用着输出，稍后再试".to_owned(),
        Some(130) => "没有发布：中途停止，会再做".to_owned(),
        Some(code) => format!("没有发布：程序出错（退出码 {code}）"),
        None => "没有发布：程序被系统终止".to_owned(),
    };
    let why = if ended.why.is_empty() { String::new() } else { format!("\n    {}", ended.why) };
    format!("{}，{} 结束，{how}{why}", day_and_time(ended.due), time(ended.at))
}

fn day_and_time(moment: Moment) -> String {
    let weekday = match moment.weekday() {
        chrono::Weekday::Mon => "星期一",
        chrono::Weekday::Tue => "星期二",
        chrono::Weekday::Wed => "星期三",
        chrono::Weekday::Thu => "星期四",
        chrono::Weekday::Fri => "星期五",
        chrono::Weekday::Sat => "星期六",
        chrono::Weekday::Sun => "星期日",
    };
    format!("{} {weekday} {}（上海时间）", moment.format("%Y-%m-%d"), moment.format("%H:%M"))
}

fn time(moment: Moment) -> String {
    moment.format("%Y-%m-%d %H:%M").to_string()
}

/// A time of a receipt, which is kept in UTC.
fn finished(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |at| time(in_shanghai(at)))
}

/// A plan for people.
fn in_words(plan: &Plan) -> String {
    match plan {
        Plan::Cron { text, only, .. } => {
            let only = match only {
                Only::Any => "",
                Only::WorkingDays => "，只在工作日",
                Only::SchoolDays => "，只在上课日",
            };
            format!("cron {text}{only}")
        }
        Plan::Days { on, at } => {
            let days = on.iter().map(|day| {
                let of = match day.of {
                    Anchor::FirstDayOfTerm => "每学期第一天".to_owned(),
                    Anchor::RegistrationDeadline => "每学期注册截止日".to_owned(),
                    Anchor::AfterRegistrationDeadline => "每学期注册截止后的第一个工作日".to_owned(),
                    Anchor::LastDayOfTerm => "每学期最后一天".to_owned(),
                    Anchor::LastWorkingDayOfTerm => "每学期最后一个工作日".to_owned(),
                    Anchor::LastDayOfSchoolYear => "学年最后一天".to_owned(),
                    Anchor::LastWorkingDayOfSchoolYear => "学年最后一个工作日".to_owned(),
                    Anchor::Date(date) => date.to_string(),
                };
                match day.working_days {
                    0 => of,
                    after @ 1.. => format!("{of}之后第 {after} 个工作日"),
                    before => format!("{of}之前第 {} 个工作日", before.unsigned_abs()),
                }
            });
            format!("{} {}", days.collect::<Vec<_>>().join("、"), at.format("%H:%M"))
        }
    }
}

/// The world as it is.
struct Here {
    runs: Runs,
    json: bool,
    /// What ended, of those told of at the end.
    ended: RefCell<Vec<Value>>,
    /// What could not be run, and why.
    faults: RefCell<Vec<String>>,
    once: bool,
}

impl World for Here {
    fn now(&self) -> Moment {
        now()
    }

    fn wait(&self, time: Duration) -> bool {
        stop::wait(time)
    }

    fn run(&self, job: &Job) -> io::Result<child::Ending> {
        let name = job.name.clone();
        self.runs.run(job, move |line| log::pass_on(&name, line))
    }

    fn tell(&self, word: Word, text: &str) {
        match word {
            Word::Note => note(&text),
            Word::Warning => log::warn(&text),
            Word::Fault => {
                complain(&text);
                self.faults.borrow_mut().push(text.to_owned());
            }
        }
    }

    fn tell_ended(&self, job: &Job, ended: &Ended, again: Option<Moment>) {
        let code = ended.exit_code.map_or_else(|| "ended by a signal".to_owned(), |code| format!("ended with {code}"));
        let then = again.map(|again| format!(", is tried again from {} on", time(again))).unwrap_or_default();
        note(&format_args!("{}: due {}, {code}{then}", job.name, time(ended.due)));
        if self.json {
            let object = json!({ "pipeline": job.name, "attempt": ended, "again": again });
            if self.once { self.ended.borrow_mut().push(object) } else { say(object) }
        }
    }
}

fn run_due(folders: &Folders, once: bool, pipeline: Option<&str>, options: &[String], json: bool) -> Result<Ending, String> {
    // From here on whoever interrupts waits until the job at work is ended, too.
    stop::listen();
    if let Some(name) = pipeline {
        may_be_there(folders, name)?;
    }
    run::check_options(options)?;
    let _hold = match Hold::take(&folders.out, pipeline) {
        Ok(Some(hold)) => hold,
        Ok(None) => {
            complain(&format_args!("another xueji schedule run keeps {}", folders.out.display()));
            return Ok(Ending::Held);
        }
        Err(error) => return Err(format!("can't use {}: {error}", folders.out.display())),
    };
    let program = std::env::current_exe().map_err(|error| format!("can't find this program: {error}"))?;
    let runs = Runs { program, out: folders.out.clone(), options: options.to_vec(), quiet: json };
    let here = Here { runs, json, ended: RefCell::default(), faults: RefCell::default(), once };
    let keeper = Keeper { pipelines: folders.pipelines.clone(), out: folders.out.clone(), only: pipeline.map(str::to_owned), once };
    let kept = keeper.keep(&here);
    if json && once {
        let code = match kept {
            Kept::Done(code) => code,
            Kept::Stopped => exit::INTERRUPTED.into(),
        };
        say(json!({ "attempts": here.ended.take(), "faults": here.faults.take(), "exit_code": code }));
    }
    Ok(match kept {
        Kept::Done(0) => Ending::Done,
        Kept::Done(1) => Ending::Findings,
        Kept::Done(3) => Ending::Unsafe,
        Kept::Done(75) => Ending::Held,
        Kept::Done(_) => Ending::Unusable,
        Kept::Stopped => Ending::Interrupted,
    })
}

/// Whether there may be a pipeline of a name: a file that can't be read may be it. Nothing is made for one that is not there.
fn may_be_there(folders: &Folders, name: &str) -> Result<(), String> {
    let mut names = Vec::new();
    for job in jobs(folders)? {
        match job {
            Ok(job) => names.push(job.name),
            Err(Unusable { name: Some(name), .. }) => names.push(name),
            Err(Unusable { name: None, .. }) => return Ok(()),
        }
    }
    if names.iter().any(|own| own == name) {
        return Ok(());
    }
    let nearest = names.iter().min_by_key(|own| strsim::damerau_levenshtein(own, name));
    let hint = nearest.map(|own| format!("; did you mean \"{own}\"?")).unwrap_or_default();
    Err(format!("no pipeline in {} is called \"{name}\"{hint}", folders.pipelines.display()))
}

fn export(folders: &Folders, format: Format, to: &Path, options: &[String], json: bool) -> Result<Ending, String> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| format!("can't tell where {} is: {error}", path.display()));
    let places = Places {
        program: std::env::current_exe().map_err(|error| format!("can't find this program: {error}"))?,
        pipelines: absolute(&folders.pipelines)?,
        out: absolute(&folders.out)?,
    };
    run::check_options(options)?;
    let jobs = jobs(folders)?;
    if jobs.is_empty() {
        return Err(none(&folders.pipelines));
    }
    let mut is_whole = true;
    let mut entries = Vec::new();
    for job in jobs {
        match job {
            Ok(Job { name, plan: Some(plan), almanac, .. }) => {
                if let Next::Unknown(year) = crate::pipeline::schedule::due::next(&plan, almanac.as_ref(), now()) {
                    log::warn(&unknown(&name, year));
                }
                entries.push(Entry::new(&name, plan.times_of_day(), &places, options)?);
            }
            Ok(job) => note(&format_args!("{} has no [schedule]: it is left out", job.name)),
            Err(fault) => {
                complain(&fault.message);
                is_whole = false;
            }
        }
    }
    let files = match format {
        Format::Systemd => export::systemd::files(&entries),
        Format::Cron => export::cron::files(&entries),
        Format::Windows => export::windows::files(&entries)?,
    };
    if format == Format::Systemd {
        let is_temporary = |path: &Path| ["/tmp", "/var/tmp"].iter().any(|folder| path.starts_with(folder));
        if [&places.program, &places.pipelines, &places.out].iter().any(|path| is_temporary(path)) {
            log::warn(&"these units see nothing of /tmp and /var/tmp: keep the program, pipelines, inputs and runs elsewhere");
        }
    }
    export::write(to, &files).map_err(|error| format!("can't write into {}: {error}", to.display()))?;
    let paths: Vec<PathBuf> = files.iter().map(|file| to.join(&file.name)).collect();
    if json {
        say(json!({ "files": paths }));
    } else {
        paths.iter().for_each(|path| say(path.display()));
    }
    Ok(if is_whole { Ending::Done } else { Ending::Unusable })
}
