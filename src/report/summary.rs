//! The result for people: `summary.xlsx`, and the summary on standard output.

use std::path::Path;

use law::regulation::rule::Outcome;
use rust_xlsxwriter::{Workbook, XlsxError};

use super::manifest::Manifest;

/// Writes `summary.xlsx` into a run folder.
///
/// # Errors
/// The disk refuses.
pub fn write_workbook(folder: &Path, manifest: &Manifest) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("概况")?;
    for (row, (outcome, students)) in manifest.outcomes.iter().enumerate() {
        sheet.write(row as u32, 0, outcome)?;
        sheet.write(row as u32, 1, *students)?;
    }
    workbook.save(folder.join("summary.xlsx"))
}

/// The summary on standard output.
pub fn text(manifest: &Manifest, folder: &Path) -> String {
    let mut lines = vec![format!("{} 学年，判定日期 {}：{} 名学生", manifest.school_year, manifest.as_of, manifest.students)];
    for outcome in Outcome::ALL {
        if let Some(students) = manifest.outcomes.get(outcome.code()) {
            lines.push(format!("  {}（{}）：{students}", outcome.title(), outcome.code()));
        }
    }
    lines.push(format!("结果在 {}", folder.display()));
    lines.join("\n")
}
