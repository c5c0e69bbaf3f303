//! Day by day through a term, with corrections, late schools and a changed roster on the way: a run that goes on from the one before
//! publishes the same bytes as one that reads everything at once.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use chrono::NaiveDate;
use law::facts::identifiers::check_character;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use xueji::pipeline::config::Attendance;
use xueji::pipeline::run::PublishedRun;

use crate::support::{rows, scratch, watch_calendar, watch_on, write_files};

/// The results that have to be the same.
const FILES: [&str; 4] = ["decisions.parquet", "findings.parquet", "sources.parquet", "submissions.parquet"];
const KINDS: [&str; 9] = ["出勤", "出勤", "出勤", "旷课", "旷课", "病假", "迟到", "半天病假", "缺课"];
const SCHOOLS: usize = 3;
const STUDENTS: usize = 12;

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn id(school: usize, student: usize) -> String {
    let body = format!("31010420130315{:03}", school * 100 + student + 1);
    format!("G{body}{}", char::from(check_character(body.as_bytes())))
}

/// The roster, of so many students a school; who is left out is in none.
fn roster(students: usize, left_out: &[(usize, usize)]) -> String {
    let mut text = "全国学籍号,姓名,区,学校代码,年级,班级,入学年月,学籍状态\n".to_owned();
    for school in 0..SCHOOLS {
        for student in (0..students).filter(|student| !left_out.contains(&(school, *student))) {
            let (id, class) = (id(school, student), student % 2 + 1);
            let _ = writeln!(text, "{id},学生{student},示例区,310104000{school},七年级,{class}班,2024-09,在读");
        }
    }
    text
}

/// What a student of a school does on a day: mostly the same for many days, so that spells become long.
fn kind(school: usize, student: usize, day: usize, correction: usize) -> &'static str {
    let mut chance = Chance((school * 1_000 + student) as u64 * 7_919 + (day / 25 + correction) as u64);
    let usual = KINDS[chance.below(KINDS.len())];
    let mut chance = Chance((school * 31 + student * 17 + day * 101 + correction) as u64);
    if chance.below(12) == 0 { KINDS[chance.below(KINDS.len())] } else { usual }
}

fn daily(school: usize, day: (usize, NaiveDate), correction: usize) -> String {
    let mut text = "全国学籍号,日期,考勤,告知家长日期\n".to_owned();
    for student in 0..STUDENTS {
        let kind = kind(school, student, day.0, correction);
        let told = if student % 3 == 0 { day.1.to_string() } else { String::new() };
        let _ = writeln!(text, "{},{},{kind},{told}", id(school, student), day.1);
    }
    text
}

fn assert_same(one: &PublishedRun, other: &PublishedRun, when: &str) {
    for file in FILES {
        let bytes = |run: &PublishedRun| fs::read(run.folder.join(file)).expect("a result");
        if bytes(one) != bytes(other) {
            let (one, other) = (rows(&one.folder.join(file)), rows(&other.folder.join(file)));
            assert_eq!(one.len(), other.len(), "{file} {when}");
            one.iter().zip(&other).for_each(|(one, other)| assert_eq!(one, other, "{file} {when}"));
            panic!("{file} differs {when}");
        }
    }
}

/// A run that goes on from the one before, and one that has nothing to go on from; both have to publish the same.
fn run_both(input: &Path, out: &Path, day: NaiveDate, form: Attendance) -> PublishedRun {
    let on = watch_on(input, &out.join("on"), day, form).expect("a run");
    let fresh = scratch();
    let anew = watch_on(input, fresh.path(), day, form).expect("a run");
    assert_same(&on, &anew, &format!("on {day}"));
    on
}

#[test]
fn day_by_day_is_the_same_as_all_at_once() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let term = watch_calendar().term_begun("2025-09-01".parse().expect("a date"), 1).expect("a term");
    write_files(&input, &[("名册.csv", roster(10, &[]))]);
    write_files(&input, &[("学期注册.csv", format!("全国学籍号,学年,学期,注册日期\n{},2025-2026,1,2025-09-01\n", id(0, 0)))]);
    write_files(&input, &[("督促.csv", format!("全国学籍号,督促日期\n{},2025-09-10\n{},2025-10-20\n", id(1, 1), id(2, 3)))]);
    let mut read = 0;
    for (place, day) in term.days.iter().enumerate().take(75) {
        // The third school is five days late for a while.
        for school in 0..SCHOOLS {
            let late = if school == 2 && (20..40).contains(&place) { 5 } else { 0 };
            let days = if school == 2 && place == 40 { place - 5..=place } else { place - late..=place - late };
            for sent in days {
                let path = format!("学校{school}/{}.csv", term.days[sent]);
                write_files(&input, &[(path.as_str(), daily(school, (sent, term.days[sent]), 0))]);
            }
        }
        match place {
            // A day long past is corrected; two schools say something of the same student and day; a file is given twice.
            12 => write_files(&input, &[(format!("学校0/{}.csv", term.days[3]).as_str(), daily(0, (3, term.days[3]), 7))]),
            15 => write_files(&input, &[("更正.csv", daily(1, (10, term.days[10]), 3))]),
            18 => write_files(&input, &[("又一份.csv", daily(1, (11, term.days[11]), 0))]),
            // Rows of a day that is none, of nobody, and a range.
            22 => write_files(&input, &[("零星.csv", format!("学籍号,开始日期,结束日期,考勤\n{},2025-10-03,2025-10-04,病假\n", id(0, 2)))]),
            // Students come, and others leave; who is on record before is nobody's then.
            25 => write_files(&input, &[("名册.csv", roster(11, &[]))]),
            35 => write_files(&input, &[("名册.csv", roster(11, &[(0, 4), (2, 0)]))]),
            45 => write_files(&input, &[("名册.csv", roster(12, &[(0, 4)]))]),
            50 => {
                let change = format!("学籍号,异动类型,生效日期,区批准日期\n{},休学,2025-10-20,2025-10-18\n", id(1, 5));
                write_files(&input, &[("异动.csv", change)]);
            }
            // A correction is taken back.
            55 => fs::remove_file(input.join("更正.csv")).expect("a file"),
            _ => {}
        }
        if place % 3 == 0 || (10..60).contains(&place) && place % 5 == 0 {
            let run = run_both(&input, &out, *day, Attendance::Daily);
            let receipt = run.manifest.attendance.expect("a receipt");
            assert!(place == 0 || receipt.known_from.is_some(), "{receipt:?}");
            read = receipt.read;
        }
    }
    assert!(read <= 9, "{read} files were read for three days of three schools");
}

#[test]
fn a_student_who_is_given_an_id_later_keeps_what_was_counted_of_it() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let late = "L310104201303159999";
    // Whoever has another document stands behind all others of the class, and so does whoever has an id of this kind.
    let of_all = |id: &str| {
        let others =
            [0, 1, 2].map(|student| format!("{},,,学生{student},示例区,3101040000,七年级,1班,2024-09,在读\n", self::id(0, student)));
        let header = "全国学籍号,证件类型,证件号码,姓名,区,学校代码,年级,班级,入学年月,学籍状态\n";
        format!("{header}{}{id},护照,E12345678,学生九,示例区,3101040000,七年级,1班,2024-09,在读\n", others.concat())
    };
    let mut attendance = "全国学籍号,日期,考勤\n".to_owned();
    let term = watch_calendar().term_begun("2025-09-01".parse().expect("a date"), 1).expect("a term");
    for (day, kind) in term.days.iter().zip(["旷课", "病假", "出勤", "迟到"].into_iter().cycle()).take(12) {
        let _ = writeln!(attendance, "{},{day},出勤\n{late},{day},{kind}", id(0, 1));
    }
    write_files(&input, &[("名册.csv", of_all("")), ("考勤.csv", attendance)]);
    let before = run_both(&input, &out, term.days[12], Attendance::Daily);
    assert!(rows(&before.folder.join("findings.parquet")).iter().any(|row| format!("{row:?}").contains("R0602")));
    write_files(&input, &[("名册.csv", of_all(late))]);
    let after = run_both(&input, &out, term.days[13], Attendance::Daily);
    assert_eq!(after.manifest.attendance.expect("a receipt").read, 0);
    assert!(!rows(&after.folder.join("findings.parquet")).iter().any(|row| format!("{row:?}").contains("R0602")));
}

#[test]
fn a_state_that_does_not_fit_is_not_used_and_the_summary_says_why() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let day: NaiveDate = "2025-09-03".parse().expect("a date");
    write_files(&input, &[("名册.csv", roster(10, &[]))]);
    write_files(&input, &[("考勤.csv", daily(0, (2, day), 0))]);
    let first = run_both(&input, &out, day, Attendance::Exceptions);
    assert_eq!(first.manifest.attendance.as_ref().map(|own| (own.files, own.read)), Some((1, 1)));
    let again = run_both(&input, &out, day, Attendance::Exceptions);
    let receipt = again.manifest.attendance.clone().expect("a receipt");
    assert_eq!((receipt.read, receipt.known_from.as_deref()), (0, Some(first.manifest.run_id.as_str())));
    // Damage.
    let state = again.folder.join("attendance.state");
    let mut bytes = fs::read(&state).expect("a state");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&state, bytes).expect("a state");
    let after = run_both(&input, &out, day, Attendance::Exceptions);
    let receipt = after.manifest.attendance.clone().expect("a receipt");
    assert_eq!((receipt.read, receipt.known_from.is_none()), (1, true));
    let text = xueji::report::summary::text(&after.manifest, &after.folder);
    assert!(text.contains("全部重读") && text.contains("已损坏"), "{text}");
    // Another term.
    let later: NaiveDate = "2026-03-03".parse().expect("a date");
    let other = run_both(&input, &out, later, Attendance::Exceptions);
    assert_eq!(other.manifest.attendance.and_then(|own| own.read_anew).as_deref(), Some("换了学期"));
}

/// The rows of attendance as a Parquet file of small row groups.
fn parquet_of(rows: &[(String, NaiveDate, &str, Option<NaiveDate>)]) -> Vec<u8> {
    let days = |days: Vec<Option<NaiveDate>>| -> ArrayRef {
        Arc::new(days.into_iter().map(|day| day.map(|day| day.to_epoch_days())).collect::<Date32Array>())
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("全国学籍号", Arc::new(rows.iter().map(|row| Some(row.0.as_str())).collect::<StringArray>())),
        ("日期", days(rows.iter().map(|row| Some(row.1)).collect())),
        ("考勤", Arc::new(rows.iter().map(|row| Some(row.2)).collect::<StringArray>())),
        ("告知家长日期", days(rows.iter().map(|row| row.3).collect())),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).expect("a batch");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(97)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a file");
    bytes
}

#[test]
fn the_order_and_the_format_of_attendance_change_nothing() {
    let term = watch_calendar().term_begun("2025-09-01".parse().expect("a date"), 1).expect("a term");
    let mut by_student = Vec::new();
    for school in 0..SCHOOLS {
        for student in 0..STUDENTS {
            for (place, day) in term.days.iter().enumerate().take(60) {
                let kind = kind(school, student, place, 0);
                by_student.push((id(school, student), *day, kind, (student % 3 == 0).then_some(*day)));
                // A second record of the day, now and then the same one.
                if (place + student) % 23 == 0 {
                    by_student.push((
                        id(school, student),
                        *day,
                        if student % 2 == 0 { "迟到" } else { kind },
                        (student % 3 == 0).then_some(*day),
                    ));
                }
            }
        }
    }
    // Nobody's, and of no school day.
    by_student.push(("L310104201303150019".to_owned(), term.days[4], "出勤", None));
    by_student.push((id(0, 1), "2025-10-04".parse().expect("a date"), "病假", None));
    let mut by_date = by_student.clone();
    by_date.sort_by_key(|row| row.1);
    let mut by_id = by_date.clone();
    by_id.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
    let mut chance = Chance(7);
    let mut in_no_order = by_student.clone();
    for place in (1..in_no_order.len()).rev() {
        in_no_order.swap(place, chance.below(place + 1));
    }
    // A word that is repaired, and one that can't be read, are told by the cells.
    let plain: Vec<_> = by_student.iter().filter(|row| !["半天病假", "缺课"].contains(&row.2)).cloned().collect();
    let csv = |rows: &[(String, NaiveDate, &str, Option<NaiveDate>)]| {
        let mut text = "全国学籍号,日期,考勤,告知家长日期\n".to_owned();
        for (id, day, kind, told) in rows {
            let _ = writeln!(text, "{id},{day},{kind},{}", told.map(|told| told.to_string()).unwrap_or_default());
        }
        text.into_bytes()
    };
    let decided = |name: &str, content: Vec<u8>| {
        let scratch = scratch();
        let input = scratch.path().join("in");
        write_files(&input, &[("名册.csv", roster(STUDENTS, &[(2, 3)]).into_bytes()), (name, content)]);
        let run = watch_on(&input, &scratch.path().join("out"), term.days[59], Attendance::Daily).expect("a run");
        let mut decisions = rows(&run.folder.join("decisions.parquet"));
        decisions.iter_mut().for_each(|decision| {
            decision.remove("evidence");
        });
        let findings = rows(&run.folder.join("findings.parquet"));
        let mut findings: Vec<_> =
            findings.iter().map(|own| (own["code"].clone(), own.get("student_id").cloned(), own["count"].clone())).collect();
        findings.sort();
        (decisions, findings)
    };
    for rows in [&by_student, &plain] {
        let expected = decided("考勤.csv", csv(rows));
        assert!(expected.0.iter().any(|decision| decision["outcome"] == "warn"));
        assert!(["R0601", "R0602", "I0301", "F1101"].iter().all(|code| expected.1.iter().any(|finding| finding.0 == *code)));
        assert_eq!(decided("考勤.parquet", parquet_of(rows)), expected);
    }
    let expected = decided("考勤.parquet", parquet_of(&by_student));
    for rows in [&by_date, &by_id, &in_no_order] {
        assert_eq!(decided("考勤.parquet", parquet_of(rows)), expected);
    }
}
