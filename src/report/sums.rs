//! `SHA256SUMS`: the hash of every file of a run, as `sha256sum --check` reads it, so that an auditor needs no program of ours.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// The file's name in a run folder.
pub const FILE: &str = "SHA256SUMS";

/// Hashes by paths, `/` between their parts.
pub type Sums = BTreeMap<String, String>;

/// Writes the hashes of all files of a folder into it.
///
/// # Errors
/// The disk refuses.
pub fn write(folder: &Path) -> io::Result<()> {
    let mut text = Vec::new();
    for (path, hash) in sums_of(folder)? {
        let shown = escaped(&path);
        let mark = if shown == path { "" } else { "\\" };
        writeln!(text, "{mark}{hash}  {shown}")?;
    }
    std::fs::write(folder.join(FILE), text)
}

/// The hashes of all files of a folder but for `SHA256SUMS` itself.
///
/// # Errors
/// A file can't be read.
pub fn sums_of(folder: &Path) -> io::Result<Sums> {
    let mut paths = Vec::new();
    list(folder, "", &mut paths)?;
    paths.into_par_iter().filter(|path| path != FILE).map(|path| hash(&folder.join(&path)).map(|hash| (path, hash))).collect()
}

/// The hashes that `SHA256SUMS` says; a line that says none is handed back.
///
/// # Errors
/// There is no such file.
pub fn read(folder: &Path) -> io::Result<(Sums, Vec<String>)> {
    let text = std::fs::read_to_string(folder.join(FILE))?;
    let (mut sums, mut wrong) = (Sums::new(), Vec::new());
    for line in text.lines() {
        let plain = line.strip_prefix('\\').unwrap_or(line);
        match plain.split_once("  ").filter(|(hash, _)| hash.len() == 64) {
            Some((hash, path)) => {
                let path = if plain.len() < line.len() { unescaped(path) } else { path.to_owned() };
                sums.insert(path, hash.to_owned());
            }
            None => wrong.push(line.to_owned()),
        }
    }
    Ok((sums, wrong))
}

fn list(folder: &Path, below: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{below}{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hash.update(block.get(..read).unwrap_or_default()),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A line holds one path: what would end it, and the sign that says so, are written in two signs.
fn escaped(path: &str) -> String {
    path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(path: &str) -> String {
    let mut letters = path.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        plain.push(match (letter, if letter == '\\' { letters.next() } else { None }) {
            (_, Some('n')) => '\n',
            (_, Some('r')) => '\r',
            (_, Some(other)) => other,
            (letter, None) => letter,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_change_shows() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("名册")).unwrap();
        std::fs::write(folder.path().join("名册/一 年级.txt"), "a").unwrap();
        std::fs::write(folder.path().join("b\\n\nc"), "b").unwrap();
        write(folder.path()).unwrap();
        let (sums, wrong) = read(folder.path()).unwrap();
        assert_eq!((sums.keys().map(String::as_str).collect::<Vec<_>>(), wrong.len()), (vec!["b\\n\nc", "名册/一 年级.txt"], 0));
        assert_eq!(sums, sums_of(folder.path()).unwrap());
        assert!(sums["名册/一 年级.txt"].starts_with("ca978112"), "the hash of a");
        std::fs::write(folder.path().join("名册/一 年级.txt"), "b").unwrap();
        assert_ne!(sums, sums_of(folder.path()).unwrap());
    }

    #[test]
    fn sha256sum_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b\\n\nc"), "b").unwrap();
        std::fs::write(folder.path().join("a b"), "a").unwrap();
        write(folder.path()).unwrap();
        let Ok(checked) = std::process::Command::new("sha256sum").args(["--check", "--strict", FILE]).current_dir(folder.path()).output()
        else {
            eprintln!("not run: there is no sha256sum");
            return;
        };
        assert!(checked.status.success(), "{checked:?}");
    }
}
