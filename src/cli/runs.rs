//! `xueji runs`: which runs there are, what one rests on, and removing old ones.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Days, Months, Utc};
use law::regulation::policy::READINGS;
use serde_json::{Value, json};

use super::{Ending, complain, say};
use crate::pipeline::clock::in_shanghai;
use crate::pipeline::runs::{Known, Pipeline, Prune, RunsError, pipelines, prune};
use crate::pipeline::signoff::{State, standing};
use crate::report::keys;
use crate::report::manifest::Manifest;
use crate::report::parquet;
use crate::report::read::Run;
use crate::report::reasons;
use crate::report::signoffs::Level;
use crate::report::words::outcome_title;

/// The arguments of `runs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The runs of each pipeline, the newest first.
    List {
        /// Where runs are published.
        #[arg(long, value_name = "DIR", default_value = "reports")]
        out: PathBuf,
        /// One pipeline alone.
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
    },
    /// What a run rests on: which law, readings and overrides, what went in, what came out, who signed it off.
    Show {
        /// A run folder, a pipeline's folder, whose newest run is taken, or a run's id as the list shows it.
        run: PathBuf,
        /// Where runs are published, to find an id.
        #[arg(long, value_name = "DIR", default_value = "reports")]
        out: PathBuf,
    },
    /// Remove old runs; the newest, and those that somebody signed off, stay.
    #[command(group = clap::ArgGroup::new("which").required(true).args(["keep", "older_than"]))]
    Prune {
        /// Where runs are published.
        #[arg(long, value_name = "DIR", default_value = "reports")]
        out: PathBuf,
        /// One pipeline alone.
        #[arg(long, value_name = "NAME")]
        pipeline: Option<String>,
        /// How many of the newest stay.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        keep: Option<u32>,
        /// How old a run has to be to go: 30d, 8w, 6m or 10y.
        #[arg(long, value_name = "AGE", value_parser = age)]
        older_than: Option<Age>,
        /// Say what would go, and remove nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// So many days or months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Days(u32),
    Months(u32),
}

fn age(text: &str) -> Result<Age, String> {
    let wrong = || format!("`{text}` is no age: write 30d, 8w, 6m or 10y");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    match unit {
        "d" => Some(Age::Days(number)),
        "w" => number.checked_mul(7).map(Age::Days),
        "m" => Some(Age::Months(number)),
        "y" => number.checked_mul(12).map(Age::Months),
        _ => None,
    }
    .ok_or_else(wrong)
}

impl Age {
    fn before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Age::Days(days) => now.checked_sub_days(Days::new(u64::from(days))),
            Age::Months(months) => now.checked_sub_months(Months::new(months)),
        }
    }
}

/// Lists, shows or removes runs.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    let done = match &arguments.what {
        What::List { out, pipeline } => list(out, pipeline.as_deref(), json),
        What::Show { run, out } => return show(&named(run, out), json),
        What::Prune { out, pipeline, keep, older_than, dry_run } => {
            let before = older_than.map(|age| age.before(Utc::now()).unwrap_or(DateTime::<Utc>::MIN_UTC));
            let which = before.map_or_else(|| Prune::Keep(keep.unwrap_or(1) as usize), Prune::Before);
            remove(out, pipeline.as_deref(), which, *dry_run, json)
        }
    };
    match done {
        Ok(()) => Ending::Done,
        Err(error) => {
            complain(&error);
            if matches!(error, RunsError::Held(_)) { Ending::Held } else { Ending::Unusable }
        }
    }
}

/// A time of UTC as clocks in Shanghai show it.
fn shown(time: &str) -> String {
    time.parse().map_or_else(|_| time.to_owned(), |time| in_shanghai(time).format("%Y-%m-%d %H:%M:%S").to_string())
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

fn open(manifest: &Manifest, severity: &str) -> u64 {
    manifest.open_findings_by_severity.get(severity).copied().unwrap_or(0)
}

fn list(out: &Path, only: Option<&str>, json: bool) -> Result<(), RunsError> {
    let pipelines = pipelines(out, only)?;
    if json {
        let of_run = |known: &Known| {
            let manifest = &known.run.manifest;
            json!({
                "run_id": manifest.run_id, "folder": known.run.folder, "as_of": manifest.as_of, "finished_at": manifest.finished_at,
                "students": manifest.students, "open_findings": manifest.open_findings_by_severity, "bytes": known.bytes,
                "latest": known.is_latest, "signed": known.is_signed, "key": known.key,
            })
        };
        let of_pipeline = |own: &Pipeline| json!({ "pipeline": own.name, "runs": own.runs.iter().map(of_run).collect::<Vec<_>>(), "unreadable": own.unreadable });
        say(json!({ "pipelines": pipelines.iter().map(of_pipeline).collect::<Vec<_>>() }));
        return Ok(());
    }
    let mut lines = Vec::new();
    for pipeline in &pipelines {
        let bytes: u64 = pipeline.runs.iter().map(|known| known.bytes).sum();
        lines.push(format!("{}：{} 次运行，{}", pipeline.name, pipeline.runs.len(), size(bytes)));
        for known in &pipeline.runs {
            let manifest = &known.run.manifest;
            let marks = [(known.is_latest, "最新"), (known.is_signed, "有签核"), (known.key.is_some(), "已加密")];
            let marks: Vec<&str> = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
            let marks = if marks.is_empty() { String::new() } else { format!("  {}", marks.join("、")) };
            lines.push(format!(
                "  {}  完成于 {}  学生 {}  未了结：必须整改 {}、需要说明 {}  {}{marks}",
                manifest.run_id,
                shown(&manifest.finished_at),
                manifest.students,
                open(manifest, "error"),
                open(manifest, "query"),
                size(known.bytes),
            ));
        }
        lines.extend(pipeline.unreadable.iter().map(|name| format!("  {name}  清单不能读：可用 xueji verify 查看原因")));
    }
    say(lines.join("\n"));
    Ok(())
}

fn remove(out: &Path, only: Option<&str>, which: Prune, is_trial: bool, json: bool) -> Result<(), RunsError> {
    let (mut lines, mut objects) = (Vec::new(), Vec::new());
    for pipeline in pipelines(out, only)? {
        let pruned = prune(&pipeline, which, is_trial)?;
        let done = if is_trial { "将删除" } else { "已删除" };
        lines.push(format!("{}：{done} {} 次运行，{}", pipeline.name, pruned.removed.len(), size(pruned.bytes)));
        lines.extend(pruned.removed.iter().map(|run| format!("  {run}")));
        lines.extend(pruned.signed.iter().map(|run| format!("  保留 {run}：有签核，是依据")));
        objects.push(json!({
            "pipeline": pipeline.name, "removed": pruned.removed, "bytes": pruned.bytes, "kept_signed": pruned.signed,
        }));
    }
    say(if json { json!({ "dry_run": is_trial, "pipelines": objects }).to_string() } else { lines.join("\n") });
    Ok(())
}

/// The folder of a run that is named by its id, if it is.
fn named(run: &Path, out: &Path) -> PathBuf {
    let runs = || pipelines(out, None).into_iter().flatten().flat_map(|pipeline| pipeline.runs).map(|known| known.run);
    let found = || runs().find(|own| Path::new(&own.manifest.run_id) == run).map(|own| own.folder);
    if run.exists() { run.to_owned() } else { found().unwrap_or_else(|| run.to_owned()) }
}

fn show(folder: &Path, json: bool) -> Ending {
    let run = match Run::open(folder) {
        Ok(run) => run,
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    };
    let signoffs = match signoffs_of(&run) {
        Ok(signoffs) => signoffs,
        Err(error) => {
            complain(&error);
            return Ending::Unusable;
        }
    };
    let key = parquet::key_of_file(&run.folder.join("decisions.parquet"));
    if json {
        let manifest = serde_json::to_value(&run.manifest).unwrap_or_default();
        say(json!({ "run": run.folder, "manifest": manifest, "signoffs": signoffs, "key": key }));
    } else {
        say(text(&run.manifest, &signoffs, key.as_deref()));
    }
    Ending::Done
}

/// Who signed off what, as it stands in this run.
fn signoffs_of(run: &Run) -> Result<Vec<Value>, crate::report::read::ReadError> {
    let standing = standing(run)?;
    let of_party = |party: &&crate::pipeline::signoff::Party| {
        let own = party.signoff.as_ref()?;
        let level = match party.level {
            Level::City => "全市".to_owned(),
            Level::District => party.code.clone(),
            Level::School => format!("{} {}", party.code, party.name),
        };
        let holds = party.state == State::Signed;
        Some(json!({ "what": level, "by": own.by, "at": own.at, "note": own.note, "run_id": own.run_id, "holds": holds }))
    };
    Ok(standing.parties().iter().filter_map(of_party).collect())
}

fn text(manifest: &Manifest, signoffs: &[Value], key: Option<&str>) -> String {
    let mut lines = vec![
        format!("运行 {}（{}）", manifest.run_id, manifest.pipeline),
        format!("  学年 {}，判定日期 {}", manifest.school_year, manifest.as_of),
        format!("  开始 {}，完成 {}（上海时间）", shown(&manifest.started_at), shown(&manifest.finished_at)),
        "依据".to_owned(),
        format!("  政策 {}，版本 {}，哈希 {}", manifest.policy.name, manifest.policy.version, short(&manifest.policy.hash)),
        format!("  校历哈希 {}，列名词典哈希 {}", short(&manifest.calendar_hash), short(&manifest.dictionaries_hash)),
        format!("  程序 xueji {}", manifest.program_version),
        "读法（条文留有余地之处）".to_owned(),
    ];
    for reading in READINGS {
        let word = manifest.policy.values.pointer(&format!("/readings/{}", reading.key.replace('.', "/"))).and_then(Value::as_str);
        let means = word.and_then(|word| reading.options.iter().find(|(option, _)| *option == word)).map_or("", |(_, means)| *means);
        lines.push(format!("  {} = {}：{means}（{}）", reading.key, word.unwrap_or("未记录"), reading.clauses.join("、")));
    }
    lines.push("与政策和流程文件不同之处".to_owned());
    if manifest.overrides.is_empty() {
        lines.push("  无".to_owned());
    }
    for own in &manifest.overrides {
        let from = if own.from.is_empty() { "（未设）" } else { &own.from };
        lines.push(format!("  {}：{from} → {}", own.what, own.to));
    }
    let bytes: u64 = manifest.inputs.iter().map(|input| input.bytes).sum();
    lines.push(format!("输入：{} 个文件，{}", manifest.inputs.len(), size(bytes)));
    for (table, books) in &manifest.books {
        let out_of_scope: u64 = books.out_of_scope.values().sum();
        lines.push(format!(
            "  {}：读入 {} 行 = 采用 {} + 不在范围 {out_of_scope} + 搁置 {}",
            reasons::table(table),
            books.read,
            books.used,
            books.set_aside
        ));
    }
    lines.push(format!("学生 {} 人", manifest.students));
    let outcomes: Vec<String> = manifest.outcomes.iter().map(|(outcome, number)| format!("{} {number}", outcome_title(outcome))).collect();
    lines.push(format!("  {}", outcomes.join("，")));
    let all = |severity: &str| manifest.findings_by_severity.get(severity).copied().unwrap_or(0);
    lines.push(format!(
        "问题：必须整改 {}（未了结 {}），需要说明 {}（未了结 {}），供参考 {}",
        all("error"),
        open(manifest, "error"),
        all("query"),
        open(manifest, "query"),
        all("info")
    ));
    let against = manifest.life.against.as_deref().unwrap_or("无（第一次运行）");
    let anew = if manifest.life.begins_anew { "，其历史不能读，问题从头计起" } else { "" };
    lines.push(format!("上一次运行：{against}{anew}"));
    lines.push(match key {
        Some(mark) => format!("个人信息列已加密，密钥标记 {mark}{}", if keys::at_hand().is_some() { "" } else { "（现在没有给出密钥）" }),
        None => "个人信息列没有加密".to_owned(),
    });
    lines.push("签核".to_owned());
    if signoffs.is_empty() {
        lines.push("  还没有人签核".to_owned());
    }
    for own in signoffs {
        let text = |key: &str| own.get(key).and_then(Value::as_str).unwrap_or_default();
        let holds = if own.get("holds").and_then(Value::as_bool) == Some(true) { "" } else { "，已失效" };
        lines.push(format!("  {}：{}，{}，所见运行 {}{holds}", text("what"), text("by"), shown(text("at")), text("run_id")));
    }
    lines.join("\n")
}

fn short(hash: &str) -> &str {
    match hash.get(..16) {
        Some(short) => short,
        None if hash.is_empty() => "未记录",
        None => hash,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_days_weeks_months_or_years() {
        assert_eq!(
            (age("30d"), age("2w"), age("6m"), age("10y")),
            (Ok(Age::Days(30)), Ok(Age::Days(14)), Ok(Age::Months(6)), Ok(Age::Months(120)))
        );
        for wrong in ["", "30", "d", "-1d", "1h", "三天", "99999999999d", "4000000000y"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
