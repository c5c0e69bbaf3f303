//! What moved against the last run of the pipeline? Schools are asked about their own numbers; when totals move by more than the
//! pipeline allows, nothing is published.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use law::regulation::policy::{Movements, Share};
use law::regulation::rule::Outcome;

use super::config::Config;
use super::run::RunError;
use crate::ingest::guarded;
use crate::report::manifest::{Manifest, MovementReceipt};
use crate::report::movements::{Movement, School, schools, write_movements};
use crate::report::parquet::Names;
use crate::report::read::Run;

/// Compares the results of a run folder in the making with the last run, and writes `movements.parquet`.
///
/// # Errors
/// Totals moved by more than the pipeline allows, or the disk refuses.
pub fn against(
    latest: Option<&Path>,
    folder: &Path,
    manifest: &Manifest,
    config: &Config,
    names: &Names,
) -> Result<Option<MovementReceipt>, RunError> {
    let path = folder.join("movements.parquet");
    let Some(latest) = latest else {
        write_movements(&path, &[], "", names)?;
        return Ok(None);
    };
    let against = latest.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut receipt = MovementReceipt { against, ..MovementReceipt::default() };
    let compared = match Run::open(latest) {
        Err(error) => {
            stop(&error.to_string(), &receipt.against, config)?;
            Err("上次运行的结果读不出来".to_owned())
        }
        Ok(before) if before.manifest.procedure != manifest.procedure => Err("上次运行判定的是另一种事项".to_owned()),
        Ok(before) => {
            let moved = config.safety.stop_when_moved.map(|share| totals(&before.manifest, manifest, share)).unwrap_or_default();
            let (measures, how): (Vec<String>, Vec<String>) = moved.into_iter().unzip();
            if !how.is_empty() {
                stop(&how.join("; "), &receipt.against, config)?;
            }
            receipt.accepted = measures;
            match &config.law.policy.movements {
                None => Err("政策没有规定学校数据变动的界限".to_owned()),
                // Damage may make a library panic.
                Some(thresholds) => match guarded(|| schools(latest)) {
                    Some(Ok(before)) => {
                        let after = schools(folder).map_err(|error| RunError::Write(error.to_string()))?;
                        Ok(of_schools(&before, &after, thresholds))
                    }
                    Some(Err(_)) | None => Err("上次运行的结果读不出来".to_owned()),
                },
            }
        }
    };
    let movements = compared.unwrap_or_else(|why| {
        receipt.not_compared = Some(why);
        Vec::new()
    });
    receipt.queries = movements.len() as u64;
    write_movements(&path, &movements, &receipt.against, names)?;
    Ok(Some(receipt))
}

/// Stops a run for a reason, unless the pipeline does not say when to stop, or it was said that moves are accepted.
fn stop(reason: &str, against: &str, config: &Config) -> Result<(), RunError> {
    let Some(share) = config.safety.stop_when_moved.filter(|_| !config.accept_moves) else { return Ok(()) };
    Err(RunError::Unsafe(format!(
        "against the last run {against}: {reason}; the pipeline's `stop_when_moved` is {}. Look at the inputs; if all is right, run again \
         with --accept-moves",
        f64::from(share)
    )))
}

/// The totals that moved by more than a share: each measure, and how it moved.
fn totals(before: &Manifest, after: &Manifest, share: Share) -> Vec<(String, String)> {
    let mut moved = Vec::new();
    let students = (before.students, after.students);
    if is_beyond(relative(students), share) {
        moved.push(("students".to_owned(), format!("the number of students moved from {} to {}", students.0, students.1)));
    }
    for outcome in in_order(&before.outcomes, &after.outcomes) {
        let of = |manifest: &Manifest| part(manifest.outcomes.get(outcome).copied(), manifest.students);
        let (before, after) = (of(before), of(after));
        if is_beyond((after - before).abs(), share) {
            let how = format!("the share of students with the outcome {outcome} moved from {} to {}", percent(before), percent(after));
            moved.push((format!("outcome.{outcome}"), how));
        }
    }
    moved
}

/// What moved in the schools by more than the thresholds, by district and code.
fn of_schools(before: &BTreeMap<String, School>, after: &BTreeMap<String, School>, thresholds: &Movements) -> Vec<Movement> {
    let none = School::default();
    let codes: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut movements = Vec::new();
    for code in codes {
        let (before, after) = (before.get(code).unwrap_or(&none), after.get(code).unwrap_or(&none));
        let known = if after.students > 0 { after } else { before };
        let moved = of_school(before, after, thresholds).into_iter().map(|(measure, before, after, threshold, message)| Movement {
            school_code: code.clone(),
            school_name: known.name.clone(),
            district: known.district.clone(),
            measure,
            before,
            after,
            threshold,
            message,
        });
        movements.extend(moved);
    }
    movements.sort_by(|one, other| (&one.district, &one.school_code).cmp(&(&other.district, &other.school_code)));
    movements
}

/// Measure, before, after, threshold, and what to do.
type Moved = (String, f64, f64, f64, String);

fn of_school(before: &School, after: &School, thresholds: &Movements) -> Vec<Moved> {
    let mut moved = Vec::new();
    let least = u64::from(thresholds.least_students);
    if before.students.max(after.students) < least {
        return moved;
    }
    let mut add = |measure: String, before: f64, after: f64, threshold: f64, message: String| {
        moved.push((measure, before, after, threshold, message));
    };
    let students = (before.students, after.students);
    if is_beyond(relative(students), thresholds.students_share) {
        let message = match students {
            (0, now) => format!("上次没有这所学校，这次有 {now} 名学生。请核对学校代码；新建、更名或合并的，请说明。"),
            (was, 0) => format!("上次有 {was} 名学生，这次一名也没有。请核对名册有没有漏报；合并或撤销的，请说明。"),
            (was, now) => format!(
                "学生人数从 {was} 变为 {now}，变动超过 {}。请核对名册是否报全、有无重复、学校代码是否写对；属实的，请说明原因。",
                percent(thresholds.students_share.into())
            ),
        };
        add("students".into(), before.students as f64, after.students as f64, thresholds.students_share.into(), message);
    }
    if students.0 == 0 || students.1 == 0 {
        return moved;
    }
    let classes = (before.classes(), after.classes());
    if classes.0.abs_diff(classes.1) > u64::from(thresholds.classes) {
        let message = format!(
            "班级数从 {} 变为 {}，变动超过 {} 个。请核对班级的写法前后是否一致、有无整班漏报；属实的，请说明原因。",
            classes.0, classes.1, thresholds.classes
        );
        add("classes".into(), classes.0 as f64, classes.1 as f64, thresholds.classes.into(), message);
    }
    if before.students.min(after.students) < least {
        return moved;
    }
    for outcome in in_order(&before.outcomes, &after.outcomes) {
        let of = |school: &School| part(school.outcomes.get(outcome).copied(), school.students);
        let (was, now) = (of(before), of(after));
        let is_undetermined = outcome == Outcome::Undetermined.code();
        let threshold = if is_undetermined { thresholds.undetermined_share } else { thresholds.outcome_share };
        if !is_beyond((now - was).abs(), threshold) {
            continue;
        }
        let title = Outcome::ALL.iter().find(|own| own.code() == outcome).map_or(outcome, |own| own.title());
        let ask = if is_undetermined && now > was {
            "请先按“待核名单”补报所缺的材料；补不了的，请说明原因。"
        } else {
            "请核对成绩、考试、考勤和异动是否报全、报对；属实的，请说明原因。"
        };
        let (from, to, most) = (percent(was), percent(now), percent(threshold.into()));
        let message = format!("“{title}”占学生的比例从 {from} 变为 {to}，变动超过 {most}。{ask}");
        add(format!("outcome.{outcome}"), was, now, threshold.into(), message);
    }
    moved
}

/// The outcomes of two counts, in the order of the rules.
fn in_order<'o>(before: &'o BTreeMap<String, u64>, after: &'o BTreeMap<String, u64>) -> Vec<&'o str> {
    let all: BTreeSet<&str> = before.keys().chain(after.keys()).map(String::as_str).collect();
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_by_key(|code| Outcome::ALL.iter().position(|own| own.code() == *code).unwrap_or(Outcome::ALL.len()));
    all
}

/// By which part of what it was a number moved.
fn relative((before, after): (u64, u64)) -> f64 {
    match before {
        0 if after == 0 => 0.0,
        0 => f64::INFINITY,
        _ => before.abs_diff(after) as f64 / before as f64,
    }
}

fn part(own: Option<u64>, all: u64) -> f64 {
    own.map_or(0.0, |own| own as f64 / all.max(1) as f64)
}

/// Whether something moved by more than a share. Differences of shares are not exact: one that is as large as the share is not beyond it.
fn is_beyond(moved: f64, share: Share) -> bool {
    moved > f64::from(share) + 1e-9
}

fn percent(share: f64) -> String {
    let shown = format!("{:.1}", share * 100.0);
    format!("{}%", shown.strip_suffix(".0").unwrap_or(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_the_share_is_not_beyond_it() {
        let share = |share: f64| Share::try_from(share).expect("a share");
        assert!(!is_beyond(0.4 - 0.3, share(0.1)));
        assert!(is_beyond(0.401 - 0.3, share(0.1)));
        assert!(!is_beyond(relative((100, 120)), share(0.2)));
        assert!(is_beyond(relative((100, 79)), share(0.2)));
        assert!(is_beyond(relative((0, 1)), share(1.0)));
        assert!(!is_beyond(relative((0, 0)), share(0.0)));
        assert_eq!((percent(0.1).as_str(), percent(0.0526).as_str()), ("10%", "5.3%"));
    }
}
