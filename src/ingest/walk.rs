//! Which files are there? Walks the input folders in the order of their names; links are not followed, hidden and temporary files left out.

use std::path::{Path, PathBuf};

use super::fold;
use super::read::IngestError;
use super::sniff::{self, Kind};
use super::source::Source;

/// What the names of files end with that are meant to be tables; such a file that can't be read is a finding.
const TABLES: &[&str] = &["xlsx", "xlsm", "xlsb", "xls", "ods", "csv", "tsv", "txt", "tab", "parquet", "dbf", "et", "zip", ""];

/// By which files a folder is known as a run's, and its folder of workbooks.
const RUN: [&str; 2] = ["manifest.json", "decisions.parquet"];
const WORKBOOKS: &str = "workbooks";

/// A file to be read.
pub(crate) struct Found {
    pub full: PathBuf,
    /// The path below the input folder, `/` between its parts, as it can be shown.
    pub path: String,
    pub bytes: u64,
    /// Why it is not read, whatever it holds.
    pub fault: Option<String>,
}

/// Lists the files of the folders, folder by folder.
///
/// # Errors
/// A folder that was named can't be read. A folder within it that can't is a file with a fault.
pub(crate) fn walk(folders: &[PathBuf]) -> Result<Vec<Found>, IngestError> {
    let mut found = Vec::new();
    for root in folders {
        let fail = |error| IngestError::Folder { path: root.clone(), error };
        let about = std::fs::metadata(root).map_err(fail)?;
        if about.is_file() {
            found.push(file(root, root, about.len(), None));
        } else {
            walk_folder(root, root, &mut found).map_err(fail)?;
        }
    }
    Ok(found)
}

fn walk_folder(root: &Path, folder: &Path, found: &mut Vec<Found>) -> std::io::Result<()> {
    let mut paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    for path in paths {
        let about = match std::fs::symlink_metadata(&path) {
            Ok(about) => about,
            Err(error) => {
                found.push(file(root, &path, 0, Some(format!("无法读取：{error}"))));
                continue;
            }
        };
        if about.is_dir() {
            // Of a run's own folder only the workbooks hold what somebody wrote: its tables are no inputs, and its returned rows nobody mended.
            let is_run = RUN.iter().all(|file| path.join(file).is_file());
            let path = if is_run { path.join(WORKBOOKS) } else { path };
            if is_run && !path.is_dir() {
                continue;
            }
            if let Err(error) = walk_folder(root, &path, found) {
                found.push(file(root, &path, 0, Some(format!("文件夹无法读取：{error}"))));
            }
        } else if about.is_symlink() {
            // What it leads to may lie outside of the folder, which nobody meant to hand in.
            found.push(file(root, &path, 0, Some("符号链接，指向别处，没有读取".into())));
        } else if !about.is_file() {
            found.push(file(root, &path, 0, Some("不是普通文件，没有读取".into())));
        } else if is_named_as_table(&path) || is_table(&path, about.len()) {
            found.push(file(root, &path, about.len(), None));
        }
    }
    Ok(())
}

fn file(root: &Path, path: &Path, bytes: u64, fault: Option<String>) -> Found {
    let below = path.strip_prefix(root).ok().filter(|below| !below.as_os_str().is_empty());
    let below = below.unwrap_or_else(|| path.file_name().map_or(path, Path::new));
    let parts: Vec<_> = below.components().map(|part| shown(&part.as_os_str().to_string_lossy())).collect();
    Found { full: path.to_owned(), path: parts.join("/"), bytes, fault }
}

/// A name without what would move the cursor of a terminal or turn the text around it.
pub(crate) fn shown(name: &str) -> String {
    name.chars().flat_map(|letter| if fold::is_unseen(letter) { letter.escape_unicode().collect() } else { vec![letter] }).collect()
}

/// Files that nobody sent: hidden ones, and what spreadsheet programs and file managers leave behind.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || name.starts_with("~$")
        || name.eq_ignore_ascii_case("thumbs.db")
        || name.eq_ignore_ascii_case("desktop.ini")
        || name == "__MACOSX"
}

/// Whether a file is meant to be a table by its name.
fn is_named_as_table(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    TABLES.contains(&extension.as_str())
}

/// Whether a file of an archive is meant to be a table by its name.
pub(crate) fn is_wanted_of_archive(name: &str) -> bool {
    let path = Path::new(name);
    is_named_as_table(path) && !path.iter().any(|part| is_hidden(Path::new(part)))
}

/// Whether a file is a table by its content, under a name that says otherwise; any text would be one, so text is not.
fn is_table(path: &Path, bytes: u64) -> bool {
    let source = Source::File(path.to_owned(), bytes);
    source.head().is_ok_and(|head| {
        let is_zip = head.starts_with(b"PK\x03\x04");
        head.starts_with(b"PAR1") || is_zip && matches!(sniff::kind(&source), Ok(Kind::Workbook | Kind::Old(_)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_what_is_not_seen() {
        assert_eq!(shown("名册\n\u{202E}.csv"), "名册\\u{a}\\u{202e}.csv");
        assert_eq!(shown("阿依古丽·买买提.csv"), "阿依古丽·买买提.csv");
    }
}
