//! `xueji template TABLE --out FILE.xlsx`: an empty workbook for a school to fill in, with drop-down lists and checks.

use std::path::{Path, PathBuf};

use law::regulation::policy::Policy;
use serde_json::json;

use super::sample::suggestion;
use super::{Ending, complain, say};
use crate::ingest::table::Table;
use crate::report::template::{TemplateError, write};

/// The arguments of `template`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The table, such as roster or 学籍名册.
    #[arg(value_parser = table, required_unless_present = "all")]
    table: Option<Table>,
    /// A template for every table, in the folder that --out names; it is made where it is not there.
    #[arg(long, conflicts_with = "table", requires = "out")]
    all: bool,
    /// The workbook to write, or a folder for it; without it the workbook is called by the table's Chinese title, in the working folder.
    #[arg(long, value_name = "FILE.xlsx|DIR")]
    out: Option<PathBuf>,
    /// Replace a file that is there already.
    #[arg(long)]
    force: bool,
    /// The policy file whose subjects and marks the lists have; the built-in one without it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Policy(String),
    #[error("can't write {path}: the name of a template must end with .xlsx, or be a folder that is there", path = .0.display())]
    Form(PathBuf),
    #[error("there is no folder {path}: make it first, or name another one", path = .0.display())]
    NoFolder(PathBuf),
    #[error("can't make the folder {path}: {error}", path = .path.display())]
    Folder { path: PathBuf, error: std::io::Error },
    #[error("{0}")]
    Template(#[from] TemplateError),
}

fn table(text: &str) -> Result<Table, String> {
    let all = || Table::ALL.iter().copied();
    let found = all().find(|table| text.trim().eq_ignore_ascii_case(table.name()) || text.trim() == table.title());
    found.ok_or_else(|| {
        let near = suggestion(text, all().flat_map(|table| [table.name(), table.title()]));
        let known: Vec<String> = all().map(|table| format!("{} {}", table.name(), table.title())).collect();
        format!("no such table{near}; the tables are {}", known.join(", "))
    })
}

/// Writes templates.
pub fn main(arguments: &Arguments, json: bool) -> Ending {
    match templates(arguments) {
        Ok(written) if json => say(object(&written)),
        Ok(written) => say(text(&written)),
        Err(fault) => {
            complain(&fault);
            return Ending::Unusable;
        }
    }
    Ending::Done
}

/// A table and the file of its template.
type Written = (Table, PathBuf);

fn templates(arguments: &Arguments) -> Result<Vec<Written>, Fault> {
    let policy = super::rules::policy_text(arguments.policy.as_ref()).map_err(Fault::Policy)?;
    let policy: Policy = toml::from_str(&policy).map_err(|error| Fault::Policy(format!("the policy is not usable: {error}")))?;
    let wanted = places(arguments)?;
    // Nothing is written where not all can be.
    if let Some((_, path)) = wanted.iter().find(|(_, path)| !arguments.force && path.exists()) {
        return Err(TemplateError::Exists(path.clone()).into());
    }
    for (table, path) in &wanted {
        write(*table, &policy, path, arguments.force)?;
    }
    Ok(wanted)
}

/// The tables that are wanted, and where.
fn places(arguments: &Arguments) -> Result<Vec<Written>, Fault> {
    let named = |table: Table| format!("{}.xlsx", table.title());
    let out = arguments.out.as_deref();
    let Some(table) = arguments.table else {
        let folder = out.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| Fault::Folder { path: folder.into(), error })?;
        return Ok(Table::ALL.iter().map(|table| (*table, folder.join(named(*table)))).collect());
    };
    let path = match out {
        None => named(table).into(),
        Some(folder) if folder.is_dir() => folder.join(named(table)),
        Some(path) => path.to_owned(),
    };
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx")) {
        return Err(Fault::Form(path));
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => Err(Fault::NoFolder(folder.into())),
        None => Ok(vec![(table, path)]),
    }
}

fn text(written: &[Written]) -> String {
    let mut lines: Vec<String> = written.iter().map(|(table, path)| format!("{}：{}", table.title(), path.display())).collect();
    lines.push("填好后先用 xueji check 检查，再报送。".to_owned());
    lines.join("\n")
}

fn object(written: &[Written]) -> serde_json::Value {
    let template = |(table, path): &Written| {
        let columns: Vec<&str> = table.fields().iter().map(|field| field.header).collect();
        json!({ "table": table.name(), "title": table.title(), "file": path.display().to_string(), "columns": columns })
    };
    json!({ "templates": written.iter().map(template).collect::<Vec<_>>() })
}
