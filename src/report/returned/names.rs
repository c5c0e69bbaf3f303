//! What are the returned workbooks called? By the paths of the files that they are of, as far as a disk can take those.

use std::collections::BTreeSet;

use crate::report::mask;

/// Characters of a part of a path; with four bytes each no disk's limit is reached.
const LONGEST_PART: usize = 60;
/// Folders that a path may have.
const DEEPEST: usize = 16;

/// A path below the folder for each of these input paths, no two the same, whatever a disk makes of capital letters.
pub(super) fn of_files<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    paths.map(|path| free(path, &mut taken)).collect()
}

fn free(path: &str, taken: &mut BTreeSet<String>) -> String {
    let mut parts: Vec<String> = path.split(['/', '\\']).filter(|part| !part.is_empty()).map(part).collect();
    let name = parts.pop().unwrap_or_else(|| part(""));
    let below = parts.len().saturating_sub(DEEPEST);
    let folder: String = parts.get(below..).unwrap_or_default().iter().map(|part| format!("{part}/")).collect();
    let stem = name.strip_suffix(".xlsx").unwrap_or(&name);
    let mut tries = (2..).map(|number| format!("{folder}{stem} {number}.xlsx"));
    let mut own = format!("{folder}{stem}.xlsx");
    while !is_free(&own, taken) {
        own = tries.next().unwrap_or_default();
    }
    let own_key = own.to_lowercase();
    // A folder is marked as one, so that no file takes its place.
    taken.extend(own_key.match_indices('/').map(|(end, _)| own_key.get(..=end).unwrap_or_default().to_owned()));
    taken.insert(own_key);
    own
}

/// Whether no workbook and no folder stands there, and no workbook where one of its folders would.
fn is_free(path: &str, taken: &BTreeSet<String>) -> bool {
    let key = path.to_lowercase();
    let is_below_file = key.match_indices('/').any(|(end, _)| key.get(..end).is_some_and(|folder| taken.contains(folder)));
    !taken.contains(&key) && !taken.contains(&format!("{key}/")) && !is_below_file
}

/// A part of a path that any disk takes and that leads nowhere else, ID numbers masked.
fn part(part: &str) -> String {
    let is_unfit = |letter: char| letter.is_control() || matches!(letter, ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let masked = mask::within(part).replace('*', "＊");
    let (stem, is_workbook) = match masked.len().checked_sub(".xlsx".len()).and_then(|end| masked.split_at_checked(end)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".xlsx") => (stem, true),
        _ => (masked.as_str(), false),
    };
    let clean: String = stem.chars().map(|letter| if is_unfit(letter) { '_' } else { letter }).take(LONGEST_PART).collect();
    let clean = clean.trim_end_matches(['.', ' ']).trim_start();
    let clean = if clean.is_empty() || clean.chars().all(|letter| letter == '.') { "_" } else { clean };
    // A name that begins with a dot is hidden, and would not be read when it comes back.
    let clean = clean.strip_prefix('.').map_or_else(|| clean.to_owned(), |rest| format!("_{rest}"));
    let clean = clean.strip_prefix("~$").map_or_else(|| clean.clone(), |rest| format!("_{rest}"));
    if is_workbook { clean + ".xlsx" } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder_and_is_its_own() {
        let long = "长".repeat(4_000);
        let paths = [
            "一校/名册.csv",
            "一校/名册.XLSX",
            "一校/名册.xlsx",
            "../../etc/passwd",
            "/root/a.xls",
            "a\\..\\b.csv",
            "G11010519491231002X.csv",
            "",
            ".",
            long.as_str(),
            "包.xlsx/内.csv",
            "包.xlsx",
            ".隐藏.csv",
            "~$锁.csv",
            "a<b>|c?.csv",
        ];
        let own = of_files(paths.into_iter());
        let expected = [
            "一校/名册.csv.xlsx",
            "一校/名册.xlsx",
            "一校/名册 2.xlsx",
            "_/_/etc/passwd.xlsx",
            "root/a.xls.xlsx",
            "a/_/b.csv.xlsx",
            "G110105＊＊＊＊＊＊＊＊＊＊2X.csv.xlsx",
            "_.xlsx",
            "_ 2.xlsx",
        ];
        assert_eq!(own[..9], expected);
        assert_eq!(own[9].chars().count(), LONGEST_PART + 5);
        assert_eq!(own[10..], ["包.xlsx/内.csv.xlsx", "包 2.xlsx", "_隐藏.csv.xlsx", "_锁.csv.xlsx", "a_b__c_.csv.xlsx"]);
    }
}
