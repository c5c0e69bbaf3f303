//! `xueji export national RUN --out FILE`: what the national system has to be told of a run, in its codes, and what it has no code for.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Ending, complain, say};
use crate::report::manifest::Manifest;
use crate::report::national::{Account, ExportError, Lack, Line, Mapping, MappingError, Told, export};
use crate::report::read::{ReadError, Run};
use crate::report::stream::Form;

/// The arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    to: To,
}

#[derive(Debug, clap::Subcommand)]
enum To {
    /// The national registration system: the changes of a term-end or status-watch run in the codes of JY/T 1001.
    National(National),
}

#[derive(Debug, clap::Args)]
struct National {
    /// A run folder, or a pipeline's folder, whose newest run is taken.
    run: PathBuf,
    /// The file to write, by its ending a workbook (.xlsx), .csv or .parquet. It holds whole ID numbers, and only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A district's own mapping, laid over pipelines/national/mapping.toml outcome by outcome.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("can't write {path}: its name must end with .xlsx, .csv or .parquet", path = .0.display())]
    Form(PathBuf),
    #[error("{0}")]
    Run(#[from] ReadError),
    #[error("{0}")]
    Mapping(#[from] MappingError),
    #[error("{0}")]
    Export(#[from] ExportError),
}

/// Exports a run.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    let To::National(arguments) = &arguments.to;
    match national(arguments, json) {
        Ok(()) => Ending::Done,
        Err(fault) => {
            complain(&fault);
            if matches!(fault, Fault::Export(ExportError::Unaccounted { .. })) { Ending::Unsafe } else { Ending::Unusable }
        }
    }
}

fn national(arguments: &National, json: bool) -> Result<(), Fault> {
    let form = Form::of(&arguments.out).ok_or_else(|| Fault::Form(arguments.out.clone()))?;
    let run = Run::open(&arguments.run)?;
    let mapping = Mapping::load(run.manifest.is_in_term(), arguments.mapping.as_deref())?;
    let account = export(&run, &mapping, &arguments.out, form)?;
    if json {
        say(object(&run, &mapping, &account));
    } else {
        say(text(&run, &mapping, &account));
    }
    Ok(())
}

/// Whether something is told of a kind.
type Kind = fn(&Told) -> bool;

/// The lines of the mapping that students fall under, of one kind.
fn lines<'a>(mapping: &'a Mapping, account: &'a Account, is_asked: Kind) -> impl Iterator<Item = (&'a Line, u64)> {
    let all = mapping.lines.iter().zip(account.lines.iter().copied());
    all.filter(move |(line, number)| *number > 0 && is_asked(&line.told))
}

fn outcome(line: &Line) -> String {
    match line.stages.title() {
        "" => line.outcome.title().to_owned(),
        stages => format!("{}（{stages}）", line.outcome.title()),
    }
}

/// What is told, in a line.
fn told(told: &Told) -> String {
    let Told::Change(change) = told else {
        let (Told::Unchanged(why) | Told::Gap(why)) = told else { return String::new() };
        return why.clone();
    };
    let codes = [("异动", &change.change), ("原因", &change.reason), ("学生变动", &change.movement), ("状态", &change.state)];
    let codes = codes.iter().filter(|(_, code)| !code.code.is_empty()).map(|(what, code)| format!("{what} {} {}", code.code, code.name));
    codes.collect::<Vec<_>>().join("，")
}

fn text(run: &Run, mapping: &Mapping, account: &Account) -> String {
    let Manifest { run_id, school_year, as_of, students, .. } = &run.manifest;
    let (changed, unchanged, gaps) = (account.changed(mapping), account.unchanged(mapping), account.gaps(mapping));
    let mut texts = vec![
        format!("{} {run_id}，{school_year} 学年，判定日期 {as_of}", run.manifest.pipeline),
        format!("学生 {students} 名 = 报全国系统 {changed} + 没有变动 {unchanged} + 无对应代码 {gaps}"),
    ];
    let kinds: [(&str, Kind); 3] = [
        ("报全国系统：", |told| matches!(told, Told::Change(_))),
        ("没有变动：", |told| matches!(told, Told::Unchanged(_))),
        ("无对应代码，须由人工办理，逐名列出：", |told| matches!(told, Told::Gap(_))),
    ];
    for (title, is_asked) in kinds {
        let mut own: Vec<String> = lines(mapping, account, is_asked)
            .map(|(line, number)| format!("  {} {number} 名  {}", outcome(line), told(&line.told)))
            .collect();
        if is_asked(&Told::Gap(String::new())) {
            own.extend(account.lacks.iter().map(|(lack, number)| format!("  {number} 名  {}", lack.why())));
        }
        if !own.is_empty() {
            texts.push(title.to_owned());
            texts.extend(own);
        }
    }
    let certificates = account
        .certificates
        .iter()
        .map(|(word, number)| format!("已报的学生中，发{word}的 {number} 名：{}", mapping.certificate(word).unwrap_or_default()));
    texts.extend(certificates);
    let files: Vec<String> = account.files.iter().map(|file| file.display().to_string()).collect();
    let sheet = if files.len() == 1 { "（无对应代码的在第二张工作表）" } else { "" };
    texts.push(format!("写在 {}{sheet}；含完整学籍号，请妥善保管", files.join("、")));
    texts.join("\n")
}

fn object(run: &Run, mapping: &Mapping, account: &Account) -> Value {
    let line = |(line, number): (&Line, u64)| {
        json!({
            "outcome": line.outcome.code(), "stages": line.stages.title(), "students": number, "told": told(&line.told),
        })
    };
    let of = |is_asked: Kind| lines(mapping, account, is_asked).map(line).collect::<Vec<_>>();
    let lack = |(lack, number): (&Lack, &u64)| json!({ "students": number, "told": lack.why() });
    let mut gaps = of(|told| matches!(told, Told::Gap(_)));
    gaps.extend(account.lacks.iter().map(lack));
    json!({
        "run_id": run.manifest.run_id,
        "students": run.manifest.students,
        "exported": account.changed(mapping),
        "unchanged": account.unchanged(mapping),
        "gaps": account.gaps(mapping),
        "exported_by_outcome": of(|told| matches!(told, Told::Change(_))),
        "unchanged_by_outcome": of(|told| matches!(told, Told::Unchanged(_))),
        "gaps_by_outcome": gaps,
        "certificates_without_code": account.certificates,
        "files": account.files.iter().map(|file: &PathBuf| Path::display(file).to_string()).collect::<Vec<_>>(),
    })
}
