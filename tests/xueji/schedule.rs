//! The schedule: when pipelines are due on every day of two school years, what is caught up, and the commands.

mod commands;
mod due;
mod keeper;

use std::path::Path;

use chrono::{DateTime, FixedOffset};

use crate::support::{copy_files, package, write_files};

/// A time in Shanghai, such as `2025-09-01 02:00`.
fn at(text: &str) -> DateTime<FixedOffset> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().expect(text)
}

/// A folder of pipelines with the shipped policies and calendars, a roster of one student to read, and a place for runs.
fn pipelines(folder: &Path) {
    for part in ["policies", "calendars"] {
        copy_files(&package().join("pipelines").join(part), &folder.join("pipelines").join(part));
    }
    let roster = "全国学籍号,姓名,区,学校代码,年级,班级,学籍状态\n,张三,示例区,3101990001,3,1,在读\n";
    write_files(&folder.join("input"), &[("roster.csv", roster)]);
}

/// Writes a pipeline file of the watch, judged on a day of the sample's calendar.
fn write_pipeline(folder: &Path, name: &str, schedule: &str) {
    let text = format!(
        "[pipeline]\nname = \"{name}\"\nprocedure = \"status-watch\"\nschool_year = \"2025-2026\"\nas_of = \"2025-12-31\"\n\
         calendar = \"calendars/2025-2026.toml\"\npolicy = \"policies/shanghai-2018.toml\"\n[schedule]\n{schedule}\n[input]\npaths = [\"../input\"]\n"
    );
    write_files(&folder.join("pipelines"), &[(&format!("{name}.toml"), text)]);
}
