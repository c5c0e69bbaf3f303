//! What differs in the receipts of two runs: the date, the policy, the program, the inputs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::report::manifest::{InputReceipt, Manifest};

/// A line of the receipts that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is, as `manifest.json` names it; a value of the policy by its path in the policy file, `policy.numbers.often_late`.
    pub what: String,
    /// In the first run.
    pub before: String,
    /// In the second run.
    pub after: String,
}

/// The input files that differ, by their paths below the input folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct InputDifferences {
    pub added: Vec<String>,
    pub gone: Vec<String>,
    pub changed: Vec<String>,
}

/// What differs in the receipts, but for the inputs and what comes out.
pub fn differences(before: &Manifest, after: &Manifest) -> Vec<Difference> {
    let of = |manifest: &Manifest| {
        let policy = &manifest.policy;
        let form = manifest.attendance.as_ref().map(|receipt| receipt.form.clone()).unwrap_or_default();
        [
            ("pipeline", manifest.pipeline.clone()),
            ("procedure", manifest.procedure.clone()),
            ("school_year", manifest.school_year.clone()),
            ("as_of", manifest.as_of.clone()),
            ("policy.name", policy.name.clone()),
            ("policy.version", policy.version.clone()),
            ("policy.hash", policy.hash.clone()),
            ("attendance.form", form),
            ("program_version", manifest.program_version.clone()),
        ]
    };
    let pairs = of(before).into_iter().zip(of(after)).filter(|((_, before), (_, after))| before != after);
    let mut differences: Vec<Difference> =
        pairs.map(|((what, before), (_, after))| Difference { what: what.to_owned(), before, after }).collect();
    differences.extend(of_policies(&before.policy.values, &after.policy.values));
    differences
}

/// The values of two policies that differ, by their paths. A run of an earlier version says none of its own.
fn of_policies(before: &Value, after: &Value) -> Vec<Difference> {
    fn flat(value: &Value, path: &str, values: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| flat(value, &format!("{path}.{key}"), values)),
            Value::String(text) => drop(values.insert(path.to_owned(), text.clone())),
            other => drop(values.insert(path.to_owned(), other.to_string())),
        }
    }
    if before.is_null() || after.is_null() {
        return Vec::new();
    }
    let (mut known, mut own) = (BTreeMap::new(), BTreeMap::new());
    flat(before, "policy", &mut known);
    flat(after, "policy", &mut own);
    // Name and version are told by themselves.
    let paths: BTreeSet<&String> =
        known.keys().chain(own.keys()).filter(|path| !["policy.name", "policy.version"].contains(&path.as_str())).collect();
    let of = |values: &BTreeMap<String, String>, path: &String| values.get(path).cloned().unwrap_or_default();
    let pairs = paths.into_iter().map(|path| Difference { what: path.clone(), before: of(&known, path), after: of(&own, path) });
    pairs.filter(|pair| pair.before != pair.after).collect()
}

/// The input files that differ.
pub fn input_differences(before: &Manifest, after: &Manifest) -> InputDifferences {
    // Several input folders may hold files of one path, and masking may make two paths one.
    fn by_path(inputs: &[InputReceipt]) -> BTreeMap<&str, Vec<&str>> {
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        inputs.iter().for_each(|input| files.entry(&input.file).or_default().push(&input.sha256));
        files.values_mut().for_each(|hashes| hashes.sort_unstable());
        files
    }
    let (before, after) = (by_path(&before.inputs), by_path(&after.inputs));
    let mut differences = InputDifferences::default();
    for (path, hashes) in &after {
        match before.get(path) {
            None => differences.added.push((*path).to_owned()),
            Some(known) if known != hashes => differences.changed.push((*path).to_owned()),
            Some(_) => {}
        }
    }
    differences.gone.extend(before.keys().filter(|path| !after.contains_key(*path)).map(|path| (*path).to_owned()));
    differences
}
