//! `xueji check FILE|DIR...`: what a school runs before sending: what each sheet was taken for, and what is to be mended, cell by cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use law::regulation::findings::{Severity, find};
use law::regulation::policy::Policy;
use serde_json::{Value, json};

use super::progress::{Progress, words};
use super::{Ending, FailOn, complain, say};
use crate::ingest::{self, CellFinding, Inputs, Request, Sheet, Vocabulary};
use crate::pipeline::config::nearest;
use crate::pipeline::run::{Stage, vocabulary};
use crate::report::findings::cell_name;
use crate::report::mend::{Mended, write_copy};

/// How many places of one cause are named.
const PLACES: usize = 6;

/// The arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files and folders to look at; they are never changed.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A folder or file of header and value dictionaries that extend the built-in one. May be given several times.
    #[arg(long, value_name = "DIR|FILE")]
    headers: Vec<PathBuf>,
    /// The policy file whose subjects and marks are used; the built-in one without it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write copies of the files into this folder, with the safe repairs done and the cells that need a person marked.
    #[arg(long, value_name = "DIR")]
    fix_copy: Option<PathBuf>,
    /// End with 1 when there are findings this grave.
    #[arg(long, value_enum, default_value_t = FailOn::Never)]
    fail_on: FailOn,
}

/// Looks at files and says what it makes of them.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match look(arguments) {
        Ok((inputs, copies)) => {
            say(if json { object(&inputs, &copies).to_string() } else { text(&inputs, &copies) });
            let has = |severity| inputs.findings.iter().any(|finding| severity_of(finding) == severity);
            arguments.fail_on.ending(has(Severity::Error), has(Severity::Query))
        }
        Err(message) => {
            complain(&message);
            Ending::Unusable
        }
    }
}

/// A file, and its copy or why it has none.
type Copied = (String, Result<Mended, String>);

fn look(arguments: &Arguments) -> Result<(Inputs, Vec<Copied>), String> {
    if let Some(missing) = arguments.paths.iter().find(|path| !path.exists()) {
        return Err(format!("{} is not there{}", missing.display(), nearest(missing)));
    }
    let policy = super::rules::policy_text(arguments.policy.as_ref())?;
    let policy: Policy = toml::from_str(&policy).map_err(|error| format!("the policy is not usable: {error}"))?;
    let vocabulary = vocabulary(&policy, &arguments.headers).map_err(|error| error.to_string())?;
    let progress = Progress::new();
    let show = |done: ingest::Progress| progress.show(words(Stage::Reading), done.bytes_read, done.bytes);
    let inputs = ingest::read(Request { folders: &arguments.paths, vocabulary: &vocabulary, progress: &show, defer: None, cache: None });
    progress.finish();
    let inputs = inputs.map_err(|error| error.to_string())?;
    let copies = match &arguments.fix_copy {
        Some(folder) => copies(&inputs, folder, &vocabulary)?,
        None => Vec::new(),
    };
    Ok((inputs, copies))
}

/// Writes a copy of every file that holds a table.
fn copies(inputs: &Inputs, folder: &Path, vocabulary: &Vocabulary) -> Result<Vec<Copied>, String> {
    // Copies that stand among inputs would be read as more of them.
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: name a folder for the copies alone", folder.display()));
    }
    let mut copies = Vec::new();
    let has_table = |number: usize| sheets_of(inputs, number).next().is_some();
    for (number, file) in inputs.files.iter().enumerate().filter(|(number, file)| !file.duplicate && has_table(*number)) {
        let copied = match ingest::copy(inputs, number, &file.full, &file.within, vocabulary) {
            Ok(sheets) => {
                // What is wrong with a whole table has no cell that could be marked.
                let own =
                    findings_of(inputs, number).iter().filter(|finding| finding.row.is_none() && severity_of(finding) != Severity::Info);
                let whole: Vec<String> = causes(own).iter().map(cause_text).collect();
                Ok(write_copy(folder, &file.path, &sheets, &whole).map_err(|error| error.to_string())?)
            }
            Err(what) => Err(what),
        };
        copies.push((file.path.clone(), copied));
    }
    Ok(copies)
}

fn severity_of(finding: &CellFinding) -> Severity {
    find(finding.code).map_or(Severity::Query, |entry| entry.severity)
}

/// Where a finding stands, as a spreadsheet shows it; of a sheet that is no table, which.
fn place(finding: &CellFinding) -> String {
    match (finding.column, finding.row) {
        (None, None) if finding.sheet.is_none() && !finding.sheet_name.is_empty() => format!("工作表“{}”", finding.sheet_name),
        (Some(column), Some(row)) => cell_name(column, row),
        (None, Some(row)) => format!("第 {row} 行"),
        _ => String::new(),
    }
}

/// The findings of one cause: the same code, column and expectation in one sheet.
struct Cause<'f> {
    first: &'f CellFinding,
    places: Vec<String>,
    found: Vec<&'f str>,
    count: u64,
}

fn causes<'f>(findings: impl Iterator<Item = &'f CellFinding>) -> Vec<Cause<'f>> {
    let mut causes: BTreeMap<(Severity, &str, &str, &str), Cause<'f>> = BTreeMap::new();
    for finding in findings {
        let key = (severity_of(finding), finding.code, &*finding.header, &*finding.expected);
        let cause = causes.entry(key).or_insert_with(|| Cause { first: finding, places: Vec::new(), found: Vec::new(), count: 0 });
        cause.count += u64::from(finding.count);
        if cause.places.len() < PLACES {
            cause.places.extend(Some(place(finding)).filter(|place| !place.is_empty()));
        }
        if cause.found.len() < PLACES && !finding.found.is_empty() && !cause.found.contains(&finding.found.as_str()) {
            cause.found.push(&finding.found);
        }
    }
    causes.into_values().collect()
}

fn cause_text(cause: &Cause<'_>) -> String {
    let entry = find(cause.first.code);
    let (wrong, mend) = entry.map_or(("", ""), |entry| (entry.wrong, entry.mend));
    let mut text = format!("{} {} {wrong}", severity_of(cause.first).title(), cause.first.code);
    if !cause.first.header.is_empty() {
        text.push_str(&format!("：“{}”列", cause.first.header.split_whitespace().collect::<String>()));
    }
    if cause.count > 1 {
        text.push_str(&format!("，共 {} 处", cause.count));
    }
    if !cause.places.is_empty() {
        let more = if cause.count > cause.places.len() as u64 { " 等" } else { "" };
        text.push_str(&format!("（{}{more}）", cause.places.join("、")));
    }
    if !cause.found.is_empty() {
        text.push_str(&format!("\n        现为：{}", cause.found.join("、")));
    }
    if !cause.first.expected.is_empty() {
        text.push_str(&format!("\n        应为：{}", cause.first.expected));
    }
    text.push_str(&format!("\n        办法：{mend}"));
    text
}

/// The columns of a sheet that were understood, each with its header as written.
fn columns(sheet: &Sheet) -> Vec<(&'static str, &str, Option<u16>)> {
    let fields = sheet.table.fields().iter().zip(&sheet.headers).enumerate();
    fields.filter_map(|(place, (field, header))| Some((field.header, header.as_deref()?, sheet.letter(place)))).collect()
}

fn sheet_text(sheet: &Sheet) -> String {
    let hidden = if sheet.is_hidden { "（隐藏）" } else { "" };
    let name = if sheet.name.is_empty() { "表".to_owned() } else { format!("工作表“{}”{hidden}", sheet.name) };
    let understood = columns(sheet).into_iter().map(|(field, header, letter)| {
        let header: String = header.split_whitespace().collect();
        let letter = letter.map(|column| format!("{} 列", cell_name(column, 0).trim_end_matches('0'))).unwrap_or_default();
        match (header == field, letter.is_empty()) {
            (true, true) => field.to_owned(),
            (true, false) => format!("{field}（{letter}）"),
            (false, true) => format!("{field}（写作“{header}”）"),
            (false, false) => format!("{field}（{letter}，写作“{header}”）"),
        }
    });
    let understood: Vec<String> = understood.collect();
    format!("  {name}：认作{}，{} 行\n    认出的列：{}", sheet.table.title(), sheet.rows_read, understood.join("、"))
}

/// The findings of a file, in the order in which reading puts them: by file, those of the whole file first, then by sheet.
fn findings_of(inputs: &Inputs, file: usize) -> &[CellFinding] {
    let findings = &inputs.findings;
    let begin = findings.partition_point(|finding| finding.file < file);
    let end = findings.partition_point(|finding| finding.file <= file);
    findings.get(begin..end).unwrap_or_default()
}

/// The recognised sheets of a file, with their places.
fn sheets_of(inputs: &Inputs, file: usize) -> impl Iterator<Item = (usize, &Sheet)> {
    let begin = inputs.sheets.partition_point(|sheet| sheet.file < file);
    inputs.sheets.iter().enumerate().skip(begin).take_while(move |(_, sheet)| sheet.file == file)
}

fn text(inputs: &Inputs, copies: &[Copied]) -> String {
    let mut lines = Vec::new();
    for (number, file) in inputs.files.iter().enumerate() {
        lines.push(file.path.clone());
        let of_file = findings_of(inputs, number);
        let (whole, mut of_sheets) = of_file.split_at(of_file.partition_point(|finding| finding.sheet.is_none()));
        lines.extend(causes(whole.iter()).iter().map(|cause| format!("  {}", cause_text(cause))));
        let reports = inputs.reports.iter().filter(|report| report.file == number);
        lines.extend(reports.map(|report| format!("  工作表“{}”：本程序发出的报表，不作为数据读入，无需处理", report.name)));
        for (place, sheet) in sheets_of(inputs, number) {
            lines.push(sheet_text(sheet));
            let own = of_sheets.partition_point(|finding| finding.sheet <= Some(place));
            let (own, later) = of_sheets.split_at(own);
            of_sheets = later;
            if own.is_empty() {
                lines.push("    没有发现问题".to_owned());
            }
            lines.extend(causes(own.iter()).iter().map(|cause| format!("    {}", cause_text(cause))));
        }
    }
    let number = |severity| -> u64 {
        inputs.findings.iter().filter(|finding| severity_of(finding) == severity).map(|finding| u64::from(finding.count)).sum()
    };
    lines.push(format!(
        "\n{} 个文件，认出 {} 张表；必须整改 {} 处，需要说明 {} 处，供参考 {} 处",
        inputs.files.len(),
        inputs.sheets.len(),
        number(Severity::Error),
        number(Severity::Query),
        number(Severity::Info)
    ));
    lines.extend(copies.iter().map(|(file, copied)| match copied {
        Ok(Mended { path, repaired, wrong }) => {
            format!("副本：{}（已修复 {repaired} 格，需要人工核对 {wrong} 格）", path.display())
        }
        Err(what) => format!("没有副本：{file}（{what}）"),
    }));
    lines.join("\n")
}

fn object(inputs: &Inputs, copies: &[Copied]) -> Value {
    let sheet = |sheet: &Sheet| {
        let column = |(field, header, letter): (&str, &str, Option<u16>)| json!({ "field": field, "header": header, "column": letter.map(|column| cell_name(column, 0).trim_end_matches('0').to_owned()) });
        json!({
            "sheet": sheet.name,
            "hidden": sheet.is_hidden,
            "table": sheet.table.name(),
            "rows": sheet.rows_read,
            "set_aside": sheet.set_aside.len(),
            "columns": columns(sheet).into_iter().map(column).collect::<Vec<_>>(),
        })
    };
    let finding = |finding: &CellFinding| {
        let entry = find(finding.code);
        json!({
            "code": finding.code,
            "severity": severity_of(finding).code(),
            "sheet": &*finding.sheet_name,
            "row": finding.row,
            "cell": finding.column.zip(finding.row).map(|(column, row)| cell_name(column, row)),
            "column": &*finding.header,
            "found": finding.found,
            "expected": &*finding.expected,
            "wrong": entry.map(|entry| entry.wrong),
            "mend": entry.map(|entry| entry.mend),
            "count": finding.count,
            "rows_sample": finding.rows_sample,
        })
    };
    let files = inputs.files.iter().enumerate().map(|(number, file)| {
        let sheets: Vec<Value> = sheets_of(inputs, number).map(|(_, own)| sheet(own)).collect();
        let findings: Vec<Value> = findings_of(inputs, number).iter().map(finding).collect();
        let reports: Vec<&str> = inputs.reports.iter().filter(|report| report.file == number).map(|report| report.name.as_str()).collect();
        json!({ "file": file.path, "sheets": sheets, "reports": reports, "findings": findings })
    });
    let copies = copies.iter().map(|(file, copied)| match copied {
        Ok(Mended { path, repaired, wrong }) => json!({ "file": file, "copy": path, "repaired": repaired, "wrong": wrong }),
        Err(what) => json!({ "file": file, "copy": null, "reason": what }),
    });
    json!({ "files": files.collect::<Vec<_>>(), "copies": copies.collect::<Vec<_>>() })
}
