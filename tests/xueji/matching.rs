//! Who is whom: sure matches are right and the others are shown; what exams and rolls come to whatever the order of the files.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::run;

use crate::labelled::measure;
use crate::support::{Rows, audit_on, package, rows, scratch, try_run, write_files};

#[test]
fn sure_matches_are_right_and_the_others_are_shown() {
    let figures = measure(12_000, 7);
    let all = figures["合计"];
    assert!(all.rows > 10_000, "{all:?}");
    assert!(all.precision() > 0.9998, "{figures:#?}");
    assert!(all.recall() >= 0.999, "{} {figures:?}", all.recall());
    // Being careful is no excuse for leaving everything to people.
    assert!(all.right as f64 > 0.75 * all.rows as f64, "{figures:#?}");
    let strangers = figures["外来"];
    assert_eq!((strangers.rows, strangers.right), (0, 0));
}

const ROSTER: &str =
    "全国学籍号,上海市学籍号,姓名,性别,出生日期,证件类型,证件号码,区,学校代码,学校名称,年级,班级,小学入学年月,入学年月,学籍状态\n";

/// A roster row of the third year of senior school.
fn senior(id: &str, name: &str, birth: &str, document: &str) -> String {
    let kind = match document.chars().next() {
        None => "",
        Some('E') => "护照",
        Some(_) => "居民身份证",
    };
    format!("{id},,{name},女,{birth},{kind},{document},示例区,3101010001,示例高中,高三,1班,2014-09,2023-09,在读\n")
}

fn term_end_of(files: &[(&str, String)]) -> BTreeMap<&'static str, Rows> {
    let folder = scratch();
    write_files(&folder.path().join("in"), files);
    let run = try_run(&folder.path().join("in"), &folder.path().join("out")).expect("a run");
    ["decisions", "findings", "matches"].map(|name| (name, rows(&run.folder.join(format!("{name}.parquet"))))).into()
}

fn codes<'r>(rows: &'r Rows, begin: &str) -> Vec<(&'r str, &'r str)> {
    let own = rows.iter().filter(|row| row["code"].starts_with(begin));
    own.map(|row| (row["code"].as_str(), row.get("name").map_or("", String::as_str))).collect()
}

const EXAMS: &str = "全国学籍号,证件号码,姓名,科目,考试日期,考次,结果\n";

#[test]
fn an_exam_row_with_a_slip_in_its_number_is_the_students_whom_all_else_says() {
    let roster = [
        ROSTER.to_owned(),
        senior("L310101200809010011", "安晓晨", "2008-09-01", "E12345678"),
        senior("L310101200810010013", "白一鸣", "2008-10-01", ""),
    ];
    // A passport with one wrong letter, and the name: nothing but this student can be meant.
    let exams = format!("{EXAMS},E12345679,安晓晨,语文,2026-01-10,首考,合格\n");
    let found = term_end_of(&[("名册.csv", roster.concat()), ("考试.csv", exams)]);
    assert_eq!(codes(&found["findings"], "R030"), [("R0304", "白一鸣"), ("R0302", "安晓晨")]);
    let own = &found["matches"][0];
    assert_eq!((own["by"].as_str(), own["decision"].as_str(), own["student_name"].as_str()), ("score", "sure", "安晓晨"));
    assert!(own["reasons"].contains("证件号码差一位"), "{own:?}");
    // It is used: the subject is no longer missing.
    let decision = found["decisions"].iter().find(|row| row["name"] == "安晓晨").expect("a decision");
    assert!(!decision["missing"].contains("语文.学业水平考试"), "{}", decision["missing"]);
}

#[test]
fn a_name_alone_gives_nobody_an_exam() {
    let roster = [ROSTER.to_owned(), senior("L310101200809010011", "安晓晨", "2008-09-01", "")];
    let exams = format!("{EXAMS}L310101200701010019,,安晓晨,语文,2026-01-10,首考,合格\n");
    let found = term_end_of(&[("名册.csv", roster.concat()), ("考试.csv", exams)]);
    assert!(codes(&found["findings"], "R0301").contains(&("R0301", "安晓晨")));
    let decision = &found["decisions"][0];
    assert!(decision["missing"].contains("语文.学业水平考试"), "{}", decision["missing"]);
    assert!(found["matches"].iter().all(|own| own["decision"] == "review"));
}

#[test]
fn two_who_are_equally_likely_are_both_shown_and_neither_is_taken() {
    let roster = [
        ROSTER.to_owned(),
        senior("L310101200809010011", "安晓晨", "2008-09-01", "E12345678"),
        senior("L310101200809010062", "安晓晨", "2008-09-01", "E12345670"),
    ];
    let exams = format!("{EXAMS},E12345679,安晓晨,语文,2026-01-10,首考,合格\n");
    let found = term_end_of(&[("名册.csv", roster.concat()), ("考试.csv", exams)]);
    assert_eq!(found["matches"].iter().map(|own| own["decision"].as_str()).collect::<Vec<_>>(), ["review", "review"]);
    let finding = found["findings"].iter().find(|row| row["code"] == "R0301").expect("R0301");
    assert_eq!(finding["expected"].matches("可能是").count(), 2, "{}", finding["expected"]);
}

#[test]
fn a_mistyped_national_id_is_set_aside_and_says_whose_it_may_be() {
    let roster = [ROSTER.to_owned(), senior("G110105200809010043", "安晓晨", "2008-09-01", "110105200809010043")];
    let exams = format!("{EXAMS}G110105200809010743,,安晓晨,语文,2026-01-10,首考,合格\n");
    let found = term_end_of(&[("名册.csv", roster.concat()), ("考试.csv", exams)]);
    let codes: Vec<&str> = found["findings"].iter().map(|row| row["code"].as_str()).collect();
    assert!(codes.contains(&"I0205") && !codes.contains(&"R0302"), "{codes:?}");
    let own = &found["matches"][0];
    assert_eq!((own["decision"].as_str(), own["student_name"].as_str()), ("review", "安晓晨"));
    assert!(own["reasons"].contains("号码错一位"), "{own:?}");
}

const ROLL: &str = "学校代码,年级,班级,姓名,全国学籍号,证件号码,性别,出生日期,上海市学籍号\n";

/// The district of these tests: two schools, and rolls that name students in every way.
fn district() -> Vec<(&'static str, String)> {
    let student = |id: &str, shanghai: &str, name: &str, birth: &str, school: &str| {
        format!("{id},{shanghai},{name},女,{birth},,,示例区,{school},示例小学,三年级,1班,2023-09,2023-09,在读\n")
    };
    let one = [
        ROSTER.to_owned(),
        student("L310101201609010011", "3101010001120230001", "安晓晨", "2016-09-01", "3101010001"),
        student("L310101201610010013", "", "白一鸣", "2016-10-01", "3101010001"),
        student("L310101201611010015", "", "陈可心", "2016-11-01", "3101010001"),
    ];
    let two = [ROSTER.to_owned(), student("L310101201612010017", "", "丁小满", "2016-12-01", "3101010002")];
    let rolls = [
        ROLL.to_owned(),
        // By the Shanghai number and the name.
        "3101010001,三年级,2班,安晓晨,,,,,3101010001120230001\n".to_owned(),
        // By name, birth date and class.
        "3101010001,三年级,三（1）班,白一鸣,,,女,2016-10-01,\n".to_owned(),
        // In the other school.
        "3101010002,三年级,1班,陈可心,L310101201611010015,,,,\n".to_owned(),
        "3101010002,三年级,1班,谁也不是,,,女,2016-03-03,\n".to_owned(),
    ];
    vec![("一校/名册.csv", one.concat()), ("二校/名册.csv", two.concat()), ("三校/花名册.csv", rolls.concat())]
}

fn positions(folder: &Path) -> Vec<(String, String)> {
    let own = rows(&folder.join("positions.parquet"));
    own.into_iter().map(|row| (row["name"].clone(), row.get("position").cloned().unwrap_or_default())).collect()
}

#[test]
fn everybody_seen_anywhere_has_a_position() {
    let folder = scratch();
    write_files(&folder.path().join("in"), &district());
    let date = NaiveDate::from_ymd_opt(2026, 5, 29).expect("a date");
    let published = audit_on(&folder.path().join("in"), &folder.path().join("out"), date, Attendance::Exceptions).expect("an audit");
    let own = |name: &str, position: &str| (name.to_owned(), position.to_owned());
    let expected = [
        own("安晓晨", "在籍在校"),
        own("白一鸣", "在籍在校"),
        own("陈可心", "在籍在校"),
        own("丁小满", "在籍离校"),
        own("谁也不是", "在校不在籍"),
    ];
    assert_eq!(positions(&published.folder), expected);
    let findings = rows(&published.folder.join("findings.parquet"));
    let found: Vec<(&str, &str)> = codes(&findings, "R02");
    assert_eq!(found, [("R0201", "丁小满"), ("R0202", "谁也不是"), ("R0203", "陈可心"), ("R0204", "安晓晨")]);
    let stranger = findings.iter().find(|row| row["code"] == "R0202").expect("R0202");
    assert_eq!((stranger["school_code"].as_str(), stranger["district"].as_str()), ("3101010002", "示例区"));
    let by: Vec<String> = rows(&published.folder.join("matches.parquet")).into_iter().map(|row| row["by"].clone()).collect();
    assert_eq!(by, ["shanghai_number", "score"]);
}

#[test]
fn the_order_of_folders_and_the_number_of_threads_change_nothing() {
    let folder = scratch();
    // A folder each, so that they can be given in any order.
    for (path, content) in district() {
        let (own, file) = path.split_once('/').expect("a folder");
        write_files(&folder.path().join(own), &[(format!("{own}-{file}").as_str(), content)]);
    }
    let mut published: Vec<Vec<Vec<u8>>> = Vec::new();
    for (order, threads) in [(["一校", "二校", "三校"], 1), (["三校", "一校", "二校"], 2), (["二校", "三校", "一校"], 7)]
    {
        let overrides = Overrides {
            inputs: order.iter().map(|own| folder.path().join(own)).collect(),
            as_of: NaiveDate::from_ymd_opt(2026, 5, 29),
            ..Overrides::default()
        };
        let config = Config::load(&package().join("pipelines/district-audit.toml"), &overrides).expect("a pipeline");
        let out = folder.path().join(format!("out-{threads}"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let run = pool.install(|| run(&config, &out, &|_, _, _| {})).expect("an audit");
        let files = ["decisions", "findings", "matches", "positions", "finding_history"];
        published.push(files.iter().map(|name| std::fs::read(run.folder.join(format!("{name}.parquet"))).expect("a file")).collect());
    }
    assert!(published.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The ids of a table's findings about who is whom.
fn ids(file: &Path) -> std::collections::BTreeSet<String> {
    let about = ["R0101", "R0102", "R0103", "R02", "R0301", "R0302", "R0303"];
    let own = rows(file).into_iter().filter(|row| about.iter().any(|begin| row["code"].starts_with(begin)));
    own.map(|row| row["finding_id"].clone()).collect()
}

#[test]
fn matching_alone_finds_what_an_audit_finds_of_who_is_whom() {
    let folder = scratch();
    let pipeline = package().join("pipelines/district-audit.toml");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_xueji"))
        .args(["match", &pipeline.to_string_lossy(), "--as-of", "2026-06-12", "--json", "--out"])
        .arg(folder.path().join("match"))
        .output()
        .expect("the program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(told["students"], 627);
    let date = NaiveDate::from_ymd_opt(2026, 6, 12).expect("a date");
    let audit = audit_on(&package().join("sample-data"), &folder.path().join("out"), date, Attendance::Exceptions).expect("an audit");
    let found = ids(&folder.path().join("match/findings.parquet"));
    assert_eq!(found, ids(&audit.folder.join("findings.parquet")));
    assert!(found.len() > 10, "{}", found.len());
    let matches = |folder: &Path| rows(&folder.join("matches.parquet"));
    assert_eq!(matches(&folder.path().join("match")), matches(&audit.folder));
}

#[test]
fn whoever_stands_on_a_second_roll_without_a_number_is_no_stranger() {
    let folder = scratch();
    let mut files = district();
    let again = "3101010002,三年级,1班,白一鸣,,,女,2016-10-01,\n";
    files[2].1.push_str(again);
    write_files(&folder.path().join("in"), &files);
    let date = NaiveDate::from_ymd_opt(2026, 5, 29).expect("a date");
    let published = audit_on(&folder.path().join("in"), &folder.path().join("out"), date, Attendance::Exceptions).expect("an audit");
    let findings = rows(&published.folder.join("findings.parquet"));
    let own: Vec<&str> =
        findings.iter().filter(|row| row.get("name").is_some_and(|name| name == "白一鸣")).map(|row| row["code"].as_str()).collect();
    // Two rows of one look are either's: the own school's roll does not count him or her as missing, and nobody is called a stranger.
    assert!(!own.contains(&"R0202") && !own.contains(&"R0201"), "{own:?}");
}
