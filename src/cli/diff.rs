//! `xueji diff RUN_A RUN_B`: whose decision or finding changed between two runs, and which condition moved.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use law::regulation::findings::find;
use law::regulation::rule::Outcome;
use serde_json::{Value, json};

use super::{Ending, complain, object as result, say};
use crate::pipeline::config::nearest;
use crate::report::compare::{
    Change, ChangeWriter, CompareError, Counts, DecisionChange, FindingChange, FindingState, Moved, Numbers, State, Student, Verdict,
    compare, differences, input_differences,
};
use crate::report::manifest::Manifest;
use crate::report::mask;
use crate::report::read::Run;
use crate::report::reasons::mark;
use crate::report::words::{self, class, grade, outcome_title as outcome};

/// How many students, findings or files are listed.
const LISTED: usize = 50;
/// How many conditions are named of a student.
const CONDITIONS: usize = 6;

/// The arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of the first run, or of its pipeline, whose newest run is taken.
    #[arg(value_name = "RUN_A")]
    before: PathBuf,
    /// The folder of the second run, or of its pipeline.
    #[arg(value_name = "RUN_B")]
    after: PathBuf,
    /// Write every change into this file, ID numbers whole.
    #[arg(long, value_name = "FILE.parquet")]
    out: Option<PathBuf>,
}

/// Compares two runs.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match diff(arguments, json) {
        Ok(()) => Ending::Done,
        Err(message) => {
            complain(&message);
            Ending::Unusable
        }
    }
}

fn diff(arguments: &Arguments, json: bool) -> Result<(), String> {
    if let Some(path) = arguments.out.as_deref().filter(|path| path.extension().is_none_or(|own| own != "parquet")) {
        return Err(format!("--out {}: changes are written as .parquet", path.display()));
    }
    let (before, after) = (open(&arguments.before)?, open(&arguments.after)?);
    let told = |error: CompareError| error.to_string();
    let mut out = arguments.out.as_deref().map(|path| ChangeWriter::create(path, &before, &after)).transpose().map_err(told)?;
    let mut shown = if json { Shown::object().map_err(|error| error.to_string())? } else { Shown::Text(Listed::default()) };
    let counts = compare(&before, &after, &mut |change| {
        shown.take(&change).map_err(|error| CompareError::Write(error.to_string()))?;
        out.as_mut().map_or(Ok(()), |out| out.add(change))
    });
    let counts = counts.map_err(told)?;
    out.map(ChangeWriter::finish).transpose().map_err(told)?;
    match shown {
        Shown::Text(listed) => say(text(&before.manifest, &after.manifest, &counts, &listed)),
        Shown::Object(changes, _) => say_object(&before.manifest, &after.manifest, &counts, changes).map_err(|error| error.to_string())?,
    }
    Ok(())
}

fn open(folder: &Path) -> Result<Run, String> {
    if !folder.is_dir() {
        return Err(format!("there is no folder {}{}", folder.display(), nearest(folder)));
    }
    Run::open(folder).map_err(|error| error.to_string())
}

/// What is kept of the changes until it is said.
enum Shown {
    Text(Listed),
    /// The changes as JSON, with a comma before each but the first: they may be too many to be held.
    Object(BufWriter<File>, &'static str),
}

/// The changes that are listed.
#[derive(Default)]
struct Listed {
    decisions: Vec<DecisionChange>,
    findings: Vec<FindingChange>,
}

impl Shown {
    fn object() -> std::io::Result<Self> {
        Ok(Shown::Object(BufWriter::new(tempfile::tempfile()?), ""))
    }

    fn take(&mut self, change: &Change) -> std::io::Result<()> {
        match (self, change) {
            (Shown::Text(listed), Change::Decision(own)) if listed.decisions.len() < LISTED => listed.decisions.push((**own).clone()),
            (Shown::Text(listed), Change::Finding(own)) if listed.findings.len() < LISTED => listed.findings.push((**own).clone()),
            (Shown::Text(_), _) => {}
            (Shown::Object(file, comma), change) => {
                write!(file, "{comma}{}", mask::shown(&object(change).to_string()))?;
                *comma = ",";
            }
        }
        Ok(())
    }
}

/// Says the comparison as one JSON object. Nobody is there to be told when that fails, as with a closed pipe.
fn say_object(before: &Manifest, after: &Manifest, counts: &Counts, changes: BufWriter<File>) -> std::io::Result<()> {
    let mut changes = changes.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    changes.rewind()?;
    let run = |manifest: &Manifest| {
        json!({
            "run_id": manifest.run_id, "pipeline": manifest.pipeline, "procedure": manifest.procedure, "as_of": manifest.as_of,
            "policy": manifest.policy, "program_version": manifest.program_version, "students": manifest.students,
        })
    };
    let numbers = |own: &Numbers| json!({ "added": own.added, "gone": own.gone, "changed": own.changed });
    let outcomes =
        counts.outcomes.iter().map(|((before, after), students)| json!({ "before": before, "after": after, "students": students }));
    let findings: serde_json::Map<String, Value> = counts.findings.iter().map(|(code, own)| (code.clone(), numbers(own))).collect();
    let inputs = input_differences(before, after);
    let different = differences(before, after).into_iter().map(|own| (own.what.to_owned(), json!([own.before, own.after])));
    let head = json!({
        "before": run(before),
        "after": run(after),
        "differences": different.collect::<serde_json::Map<String, Value>>(),
        "inputs": { "added": inputs.added, "gone": inputs.gone, "changed": inputs.changed },
        "decisions": numbers(&counts.decisions),
        "outcomes": outcomes.collect::<Vec<_>>(),
        "findings": findings,
    });
    let head = mask::shown(&head.to_string());
    if !result::may_be_given() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{},\"changes\":[", head.strip_suffix('}').unwrap_or(&head));
    let _ = std::io::copy(&mut changes, &mut out);
    let _ = writeln!(out, "]}}");
    Ok(())
}

fn object(change: &Change) -> Value {
    match change {
        Change::Decision(own) => {
            let verdict = |own: &Verdict| {
                json!({
                    "outcome": own.outcome, "next_grade": own.next_grade, "certificate": own.certificate,
                    "clauses": own.clauses, "missing": own.missing,
                })
            };
            let state = |own: &State| json!({ "holds": own.holds, "value": own.value, "threshold": own.threshold });
            let moved = |own: &Moved| {
                json!({
                    "clause": own.clause, "code": own.code, "text": own.text, "stands": own.stands(),
                    "before": own.before.as_ref().map(state), "after": own.after.as_ref().map(state),
                })
            };
            let student = &own.student;
            json!({
                "kind": "decision", "change": own.kind().code(), "student": mask::student_key(&student.student_key),
                "name": student.name, "district": student.district, "school_code": student.school_code,
                "school_name": student.school_name, "grade": student.grade, "class": student.class,
                "before": own.before.as_ref().map(verdict), "after": own.after.as_ref().map(verdict),
                "moved": own.moved.iter().map(moved).collect::<Vec<_>>(),
            })
        }
        Change::Finding(own) => {
            let state = |own: &FindingState| json!({ "severity": own.severity, "found": own.found });
            json!({
                "kind": "finding", "change": own.kind().code(), "finding_id": own.finding_id, "code": own.code,
                "student": own.student_key.as_deref().map(mask::student_key), "name": own.name, "district": own.district,
                "school_code": own.school_code, "message": own.message,
                "before": own.before.as_ref().map(state), "after": own.after.as_ref().map(state),
            })
        }
    }
}

/// What a line of the receipts is called.
fn title(what: &str) -> String {
    let title = match what {
        "pipeline" => "流程",
        "procedure" => "程序类别",
        "school_year" => "学年",
        "as_of" => "判定日期",
        "policy.name" => "政策",
        "policy.version" => "政策版本",
        "policy.hash" => "政策内容（校验值）",
        "attendance.form" => "考勤方式",
        "program_version" => "程序版本",
        _ => return what.strip_prefix("policy.").map_or_else(|| what.to_owned(), |path| format!("政策的 {path}")),
    };
    title.to_owned()
}

fn text(before: &Manifest, after: &Manifest, counts: &Counts, listed: &Listed) -> String {
    let mut lines = Vec::new();
    for (name, manifest) in [("甲", before), ("乙", after)] {
        lines.push(format!(
            "{name}：{} {}，判定日期 {}，政策 {} {}，学生 {} 名",
            manifest.pipeline, manifest.run_id, manifest.as_of, manifest.policy.name, manifest.policy.version, manifest.students
        ));
    }
    lines.extend(receipts(before, after));
    lines.extend(summary(counts));
    let decisions = counts.decisions.total();
    if decisions > 0 {
        lines.extend([String::new(), "学生（甲 → 乙）".to_owned()]);
        let other_policy = before.policy.hash != after.policy.hash;
        lines.extend(listed.decisions.iter().flat_map(|change| student(change, other_policy)));
        lines.extend(more(decisions, listed.decisions.len(), "名"));
    }
    let findings = counts.findings.values().map(|own| own.total()).sum();
    if findings > 0 {
        lines.extend([String::new(), "问题".to_owned()]);
        lines.extend(listed.findings.iter().flat_map(finding));
        lines.extend(more(findings, listed.findings.len(), "个"));
    }
    lines.join("\n")
}

fn more(all: u64, listed: usize, unit: &str) -> Option<String> {
    let more = all.saturating_sub(listed as u64);
    (more > 0).then(|| format!("  另有 {more} {unit}没有列出：全部见 --out FILE.parquet 或 --json"))
}

/// What differs between the receipts.
fn receipts(before: &Manifest, after: &Manifest) -> Vec<String> {
    let mut lines = vec![String::new(), "两次运行的不同".to_owned()];
    for own in differences(before, after) {
        // A hash is told apart by its first digits.
        let shown = |text: &str| match own.what.as_str() {
            "policy.hash" => text.chars().take(12).collect(),
            _ if text.is_empty() => "无".to_owned(),
            _ => text.to_owned(),
        };
        lines.push(format!("  {}：{} → {}", title(&own.what), shown(&own.before), shown(&own.after)));
    }
    let inputs = input_differences(before, after);
    let files = [("新增", &inputs.added), ("减少", &inputs.gone), ("内容变了", &inputs.changed)];
    for (what, files) in files.into_iter().filter(|(_, files)| !files.is_empty()) {
        lines.push(format!("  输入文件{what} {} 个", files.len()));
        lines.extend(files.iter().take(LISTED).map(|file| format!("    {file}")));
        lines.extend(more(files.len() as u64, files.len().min(LISTED), "个"));
    }
    if lines.len() == 2 {
        lines.push("  运行清单相同：日期、政策、程序、输入文件都没有变".to_owned());
    }
    lines
}

fn summary(counts: &Counts) -> Vec<String> {
    let Numbers { added, gone, changed } = counts.decisions;
    let mut lines = vec![String::new(), "变动汇总".to_owned()];
    lines.push(format!("  学生：甲 {} 名，乙 {} 名", counts.students.0, counts.students.1));
    if counts.decisions.total() == 0 {
        lines.push("  没有学生的结论有变动".to_owned());
    } else {
        lines.push(format!("  结论或依据有变 {changed} 名，只在乙有 {added} 名，只在甲有 {gone} 名"));
    }
    let rank = |code: &str| Outcome::ALL.iter().position(|own| own.code() == code).unwrap_or(Outcome::ALL.len());
    let mut outcomes: Vec<_> = counts.outcomes.iter().collect();
    outcomes.sort_by_key(|((before, after), _)| (before == after, rank(before), rank(after)));
    for ((before, after), students) in outcomes {
        let words = if before == after {
            format!("{}不变，去向、证书、依据或缺项有变", outcome(before))
        } else {
            format!("{} → {}", outcome(before), outcome(after))
        };
        lines.push(format!("    {words}：{students} 名"));
    }
    if counts.findings.is_empty() {
        lines.push("  没有问题有变动".to_owned());
    }
    for (code, Numbers { added, gone, changed }) in &counts.findings {
        let wrong = find(code).map_or("", |entry| entry.wrong);
        lines.push(format!("  {code} {wrong}：新增 {added}，消失 {gone}，内容变了 {changed}"));
    }
    lines
}

/// `before → after`, or the one where both are the same.
fn turned(before: &str, after: &str) -> String {
    if before == after { before.to_owned() } else { format!("{before} → {after}") }
}

fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("无")
}

fn listed_or_none(words: &[String]) -> String {
    if words.is_empty() { "无".to_owned() } else { words.join("、") }
}

fn who(student: &Student) -> String {
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let words = [
        own(&student.district),
        format!("{}（{}）", own(&student.school_name), own(&student.school_code)),
        format!("{}{}", grade(student.grade), class(&own(&student.class))),
        own(&student.name),
        mask::student_key(&student.student_key),
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
}

fn student(change: &DecisionChange, other_policy: bool) -> Vec<String> {
    let who = who(&change.student);
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => (before, after),
        (Some(before), None) => return vec![format!("  {who}：只在甲（{}）", outcome(&before.outcome))],
        (None, after) => return vec![format!("  {who}：只在乙（{}）", after.as_ref().map_or("", |after| outcome(&after.outcome)))],
    };
    let mut lines = vec![format!("  {who}：{}", turned(outcome(&before.outcome), outcome(&after.outcome)))];
    let next = |own: &Verdict| own.next_grade.map_or("无", |next| grade(Some(next)));
    let differing = [
        ("下一年级", next(before).to_owned(), next(after).to_owned()),
        ("证书", or_none(before.certificate.as_deref()).to_owned(), or_none(after.certificate.as_deref()).to_owned()),
        ("依据", listed_or_none(&before.clauses), listed_or_none(&after.clauses)),
        ("还不知道的", listed_or_none(&before.missing), listed_or_none(&after.missing)),
    ];
    for (what, before, after) in differing.into_iter().filter(|(_, before, after)| before != after) {
        lines.push(format!("    {what}：{before} → {after}"));
    }
    lines.extend(change.moved.iter().take(CONDITIONS).map(|own| format!("    {}", condition(own))));
    if change.moved.len() > CONDITIONS {
        lines.push(format!("    另有 {} 项条件变动", change.moved.len() - CONDITIONS));
    }
    if change.moved.is_empty() {
        let why =
            if other_policy { "变的是条文的读法或数值，见上面政策的不同" } else { "变的是名册等输入的数据" };
        lines.push(format!("    没有哪一项条件变动：{why}"));
    }
    lines
}

/// A condition that moved.
fn condition(moved: &Moved) -> String {
    let Moved { clause, text, before, after, .. } = moved;
    let (which, before, after) = match (before, after) {
        (Some(before), Some(after)) => ("", before, after),
        (Some(own), None) => ("只在甲  ", own, own),
        (None, Some(own)) => ("只在乙  ", own, own),
        (None, None) => return String::new(),
    };
    let both = |before: &Option<String>, after: &Option<String>| {
        let is_there = before.is_some() || after.is_some();
        is_there.then(|| turned(or_none(before.as_deref()), or_none(after.as_deref())))
    };
    let value = both(&before.value, &after.value);
    // A sentence ends with what its value is; without a value that part says nothing.
    let text = match (&value, text.rsplit_once('；')) {
        (None, Some((text, _))) => text,
        _ => text,
    };
    let value = value.map(|value| format!("：{value}")).unwrap_or_default();
    let threshold = both(&before.threshold, &after.threshold).map(|own| format!("（标准 {own}）")).unwrap_or_default();
    format!("{which}{}  {clause} {text}{value}{threshold}", turned(mark(before.holds), mark(after.holds)))
}

fn finding(change: &FindingChange) -> Vec<String> {
    let severity = |own: &FindingState| words::severity(&own.severity);
    let found = |own: &FindingState| or_none(own.found.as_deref()).to_owned();
    let own = |text: &Option<String>| text.clone().unwrap_or_default();
    let student = change.student_key.as_deref().map(mask::student_key).unwrap_or_default();
    let words = [own(&change.district), own(&change.school_code), own(&change.name), student];
    let about = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ");
    let (what, severity, found) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => ("变了", turned(severity(before), severity(after)), Some((found(before), found(after)))),
        (Some(before), None) => ("消失", severity(before).to_owned(), None),
        (None, after) => ("新增", after.as_ref().map_or("", severity).to_owned(), None),
    };
    let mut lines = vec![format!("  {what}  {} {severity}  {about}  {}", change.code, change.message)];
    lines.extend(found.map(|(before, after)| format!("    现为：{before} → {after}")));
    lines
}
