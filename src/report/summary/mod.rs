//! The result for people: `summary.xlsx`, and the summary on standard output.

mod findings;
mod people;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use law::regulation::findings::find;
use law::regulation::rule::Outcome;

pub use workbook::write_workbook;

use super::clauses;
use crate::reconcile::life::Change;

use super::manifest::{AttendanceReceipt, Manifest, MovementReceipt, PackageReceipt, ReturnedReceipt};
use super::words::{SEVERITIES, STAGES};

/// How many codes are named as the first to look at.
const FIRST: usize = 5;

/// A text filled up with spaces to a width on the screen, where a Chinese character takes two places.
fn filled(text: &str, width: usize) -> String {
    let taken: usize = text.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(taken)))
}

/// What to look at first, each in a sentence.
pub fn first_to_do(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    let exams = manifest.exams_for_graduation;
    if exams > 0 {
        lines.push(format!("{exams} 处考试部门的数据查实后会使结业变为毕业：先核对这些，见“问题清单”最前面"));
    }
    // Answered or not, their data are missing.
    let unread: u64 = ["I0101", "I0102", "I0103"].iter().filter_map(|code| manifest.findings.get(*code)).sum();
    if unread > 0 {
        lines.push(format!("有文件或工作表没有读进来（I0101、I0102、I0103 共 {unread} 条）：先请学校重交，否则后面的结论都缺这部分数据"));
    }
    if manifest.is_in_term() {
        let of = |outcome: &Outcome| manifest.outcomes.get(outcome.code()).copied().unwrap_or(0);
        let numbers = Outcome::TO_ACT_ON.iter().filter(|outcome| of(outcome) > 0);
        let numbers: Vec<String> = numbers.map(|outcome| format!("{} {} 名", outcome.title(), of(outcome))).collect();
        if !numbers.is_empty() {
            lines.push(format!("{}：为什么、怎样办，见 summary.xlsx 的“行动名单”", numbers.join("，")));
        }
    }
    let undetermined = manifest.outcomes.get(Outcome::Undetermined.code()).copied().unwrap_or(0);
    if undetermined > 0 {
        lines.push(format!("{undetermined} 名学生待核：缺什么、向谁补要，见 summary.xlsx 的“待核名单”"));
    }
    let others = manifest.effects.values().sum::<u64>().saturating_sub(exams);
    if others > 0 {
        let word = if exams > 0 { "另有 " } else { "" };
        lines.push(format!("{word}{others} 处问题查实后会改变结论：在“问题清单”里列在前面，“影响”一列写明谁的结论怎样变"));
    }
    let moved = manifest.movements.as_ref().map_or(0, |movements| movements.queries);
    if moved > 0 {
        lines.push(format!("学校数据比上次变动大的 {moved} 处，要学校说明：见 summary.xlsx 的“与上次相比”"));
    }
    let set_aside: u64 = manifest.books.values().map(|books| books.set_aside).sum();
    if set_aside > 0 {
        lines.push(format!("{set_aside} 行数据没有采用，每行都有问题代码，见“问题清单”"));
    }
    lines.extend(returned(manifest));
    let mut errors: Vec<(u64, &str)> = manifest
        .open_findings
        .iter()
        .filter(|(code, _)| find(code).is_some_and(|entry| entry.severity.code() == "error"))
        .map(|(code, number)| (*number, code.as_str()))
        .collect();
    errors.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    for (number, code) in errors.into_iter().take(FIRST) {
        let wrong = find(code).map_or("", |entry| entry.wrong);
        lines.push(format!("{code} {wrong}：{number} 处"));
    }
    lines
}

/// Where the rows that were not used stand, for whoever sent them.
fn returned(manifest: &Manifest) -> Vec<String> {
    let ReturnedReceipt { files, rows, left_out } = &manifest.returned;
    let mut lines = Vec::new();
    if *files > 0 {
        lines.push(format!(
            "其中 {rows} 行按原来的格式退回，在 returned 文件夹（{files} 个文件）：发给报送的学校更正，与原文件放在一处再报"
        ));
    }
    let whys: BTreeSet<&str> = left_out.iter().map(|own| own.why.as_str()).collect();
    for why in whys {
        let files: Vec<&str> = left_out.iter().filter(|own| own.why == why).map(|own| own.file.as_str()).collect();
        let first = files.first().copied().unwrap_or_default();
        lines.push(match files.len() {
            1 => format!("{first} 中没有采用的行没有退回：{why}"),
            several => format!("{first} 等 {several} 个文件中没有采用的行没有退回：{why}"),
        });
    }
    lines
}

/// Which files of attendance were read, and why.
fn attendance_read(manifest: &Manifest) -> Option<String> {
    let receipt = manifest.attendance.as_ref()?;
    let AttendanceReceipt { files, read, known_from, read_anew, .. } = receipt;
    Some(match (known_from, read_anew) {
        (Some(run), _) => format!("考勤文件 {files} 个，这次读了 {read} 个，其余与运行 {run} 相同，没有再读"),
        (None, Some(why)) => format!("考勤文件 {files} 个，全部重读：{why}"),
        (None, None) => format!("考勤文件 {files} 个，全部读入"),
    })
}

/// What the run was compared with.
fn compared_with(manifest: &Manifest) -> Option<String> {
    let MovementReceipt { against, queries, not_compared, .. } = manifest.movements.as_ref()?;
    Some(match not_compared {
        Some(why) => format!("没有与上次运行 {against} 相比：{why}"),
        None => format!("与上次运行 {against} 相比：需要说明的变动 {queries} 处"),
    })
}

/// What became of the findings: those that answers close, and what changed against the run before.
fn life(manifest: &Manifest) -> Vec<String> {
    let mut lines = Vec::new();
    let of = |counts: &BTreeMap<String, u64>, key: &str| counts.get(key).copied().unwrap_or(0);
    let receipt = &manifest.life;
    if receipt.answered > 0 {
        let open = |severity| of(&manifest.open_findings_by_severity, severity);
        let (errors, queries) = (open("error"), open("query"));
        lines.push(format!("其中已说明 {}，未了结：必须整改 {errors}，需要说明 {queries}", receipt.answered));
    }
    if let Some(against) = &receipt.against {
        let told = [Change::New, Change::Updated, Change::Reopened, Change::Gone];
        let told = told.map(|change| format!("{} {}", change.title(), of(&receipt.changes, change.code())));
        lines.push(match receipt.begins_anew {
            true => format!("上次运行 {against} 的问题记录读不出来：这次从头记起，核查反馈请都放在输入文件夹里再跑一次"),
            false => format!("与上次运行 {against} 相比，问题{}", told.join("，")),
        });
    }
    if !receipt.signoffs_lapsed.is_empty() {
        lines.push(format!("因这次运行而失效的签核：{}", receipt.signoffs_lapsed.join("、")));
    }
    lines
}

/// Who got an encrypted file, and who got none.
fn packages(manifest: &Manifest) -> Vec<String> {
    let (none, some): (Vec<&PackageReceipt>, Vec<&PackageReceipt>) = manifest.packages.iter().partition(|own| own.files == 0);
    let mut lines = Vec::new();
    if !some.is_empty() {
        let names: Vec<&str> = some.iter().map(|own| own.recipient.as_str()).collect();
        lines.push(format!("加密文件 {} 个，在 packages 文件夹：{}；装进去的不再留明文", some.len(), names.join("、")));
    }
    if !none.is_empty() {
        let names: Vec<&str> = none.iter().map(|own| own.recipient.as_str()).collect();
        lines.push(format!("没有内容可给、没有生成加密文件的收件人：{}；请核对名单里的区名、学校代码是否与名册一致", names.join("、")));
    }
    lines
}

/// The summary on standard output.
pub fn text(manifest: &Manifest, folder: &Path) -> String {
    let of =
        |stage: &str, outcome: &str| manifest.outcomes_by_stage.get(stage).and_then(|outcomes| outcomes.get(outcome)).copied().unwrap_or(0);
    let mut lines = vec![
        format!("{} 学年，判定日期 {}，政策 {} {}", manifest.school_year, manifest.as_of, manifest.policy.name, manifest.policy.version),
        format!("学生 {} 名，来自 {} 个文件", manifest.students, manifest.inputs.len()),
    ];
    lines.extend(attendance_read(manifest));
    lines.push(String::new());
    let stages: Vec<(&str, &str)> = STAGES.into_iter().filter(|(stage, _)| manifest.outcomes_by_stage.contains_key(*stage)).collect();
    let head: String = stages.iter().map(|(_, title)| format!("{:>6}{title}", "")).collect();
    lines.push(format!("{}{head}{:>6}合计", filled("结论", 14), ""));
    for outcome in manifest.outcomes_known() {
        let Some(total) = manifest.outcomes.get(outcome.code()) else { continue };
        let cells: String = stages.iter().map(|(stage, _)| format!("{:>10}", of(stage, outcome.code()))).collect();
        lines.push(format!("{}{cells}{total:>10}", filled(outcome.title(), 14)));
    }
    let severities = SEVERITIES.map(|(code, title)| format!("{title} {}", manifest.findings_by_severity.get(code).copied().unwrap_or(0)));
    lines.extend([String::new(), format!("问题：{}", severities.join("，"))]);
    lines.extend(life(manifest));
    if let Some(table) = clauses::table().ok().filter(|_| manifest.is_audit()) {
        lines.push(clauses::in_a_line(&table, manifest));
    }
    lines.extend(compared_with(manifest));
    let first = first_to_do(manifest);
    if !first.is_empty() {
        lines.push("先看这些：".to_owned());
        lines.extend(first.into_iter().zip(1..).map(|(line, number)| format!("  {number}. {line}")));
    }
    lines.extend(packages(manifest));
    lines.push(format!("结果在 {}", folder.display()));
    lines.join("\n")
}
