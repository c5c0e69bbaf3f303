//! Who gets what of a run, and with which keys it is encrypted: `recipients.toml`.

use std::collections::BTreeSet;
use std::path::Path;

use age::x25519;
use serde::Deserialize;

use super::config::{ConfigError, parse, read};
use crate::report::mask;
use crate::report::package::{Part, Recipient};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    recipient: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    gets: Gets,
    #[serde(default)]
    district: Option<String>,
    #[serde(default)]
    school: Option<String>,
    keys: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Gets {
    City,
    District,
    School,
}

/// Reads the recipients of a file.
///
/// # Errors
/// It can't be read, names nobody, or says something of one that can't be used; a key is never repeated in the message.
pub fn load(path: &Path) -> Result<Vec<Recipient>, ConfigError> {
    let content = |message: String| ConfigError::Content { path: path.into(), what: "list of recipients", message };
    let file: File = parse(path, "list of recipients", &read(path)?)?;
    if file.recipient.is_empty() {
        return Err(content("it names nobody: add a [[recipient]] with name, gets and keys".into()));
    }
    let mut names = BTreeSet::new();
    file.recipient
        .into_iter()
        .map(|entry| {
            let name = entry.name.clone();
            if !names.insert(name.to_lowercase()) {
                return Err(content(format!("two recipients are called {name}")));
            }
            recipient(entry).map_err(|why| content(format!("recipient {name}: {why}")))
        })
        .collect()
}

fn recipient(entry: Entry) -> Result<Recipient, String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '（' | '）');
    if entry.name.is_empty() || entry.name.chars().count() > 60 || !entry.name.chars().all(is_plain) {
        return Err("its name names a file: letters, digits, - and _ only, at most 60".into());
    }
    if mask::within(&entry.name) != entry.name {
        return Err("its name names a file, and holds a number of an ID document".into());
    }
    let trimmed = |name: Option<String>| name.map(|name| name.trim().to_owned());
    let part = match (entry.gets, trimmed(entry.district), trimmed(entry.school)) {
        (Gets::City, None, None) => Part::City,
        (Gets::District, Some(district), None) if !district.is_empty() => Part::District(district),
        (Gets::School, None, Some(school)) if !school.is_empty() => Part::School(school),
        (Gets::City, ..) => return Err("gets = \"city\" goes without district and school".into()),
        (Gets::District, ..) => return Err("gets = \"district\" asks for district = \"…\", and for no school".into()),
        (Gets::School, ..) => return Err("gets = \"school\" asks for school = \"<学校代码>\", and for no district".into()),
    };
    if entry.keys.is_empty() {
        return Err("it has no keys: nobody could open its package".into());
    }
    let keys = entry.keys.iter().zip(1..).map(|(key, number)| self::key(key.trim()).map_err(|why| format!("key {number} {why}")));
    Ok(Recipient { name: entry.name, part, keys: keys.collect::<Result<_, String>>()? })
}

fn key(key: &str) -> Result<x25519::Recipient, String> {
    if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err("is a secret key: take it out of the file, and put the public one (age1…) in its place".into());
    }
    if key.starts_with("ssh-") {
        return Err("is an SSH key: only age keys (age1…, made by age-keygen) are taken".into());
    }
    key.parse().map_err(|why: &str| format!("is no age key (age1…, made by age-keygen): {why}"))
}
