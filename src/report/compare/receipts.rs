//! What differs in the receipts of two runs: the date, the policy, the program, the inputs.

use std::collections::BTreeMap;

use crate::report::manifest::{InputReceipt, Manifest};

/// A line of the receipts that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is, as `manifest.json` names it.
    pub what: &'static str,
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
    let pairs = of(before).into_iter().zip(of(after));
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Difference { what, before, after })
        .collect()
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
