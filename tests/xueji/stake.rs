//! What findings could change: whose decision, from what to what; and that lists are ordered by it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Reader, Xlsx, open_workbook};
use law::regulation::policy::Lists;
use law::regulation::rule::Outcome;
use xueji::engine::cohort::Cohort;
use xueji::engine::finding::Effect;
use xueji::engine::judged::roster_text;
use xueji::engine::rows::RowIndex;
use xueji::engine::{roster, stake};
use xueji::ingest::{self, Request};
use xueji::pipeline::config::{Attendance, Config, Overrides};
use xueji::pipeline::run::{PublishedRun, vocabulary};
use xueji::report::summary;

use crate::support::{Rows, audit_on, package, rows, scratch, term_end, try_run, watch_on, write_files};

const SENIOR: [&str; 10] = ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技"];
const FIRST_YEAR: [&str; 12] =
    ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技", "体育与健身", "艺术"];

/// A district's tables as text, filled by students of whom everything is in order, and then spoiled.
struct District {
    roster: String,
    exams: String,
    evaluations: String,
    results: String,
    others: Vec<(&'static str, String)>,
}

fn id(number: usize) -> String {
    format!("L31010120080101{number:04}")
}

impl District {
    fn new() -> Self {
        Self {
            roster: "全国学籍号,姓名,证件类型,证件号码,国籍/地区,区,学校代码,学校名称,年级,班级,入学年月,学籍状态\n".into(),
            exams: "全国学籍号,证件号码,科目,考试日期,考次,结果\n".into(),
            evaluations:
                "全国学籍号,学年,思想品德与行为规范,研究型课程,拓展型课程,志愿服务,军事训练,农村社会实践,社会实践周数,研究性学习报告数\n"
                    .into(),
            results: "全国学籍号,学年,科目,学年总评\n".into(),
            others: Vec::new(),
        }
    }

    fn registered(&mut self, number: usize, name: &str, document: &str, grade: &str, entry: &str) {
        self.registered_at("3101010001", number, name, document, grade, entry);
    }

    fn registered_at(&mut self, school: &str, number: usize, name: &str, document: &str, grade: &str, entry: &str) {
        let id = id(number);
        let _ = writeln!(self.roster, "{id},{name},护照,{document},中国,示例区,{school},示例学校,{grade},1,{entry},在读");
    }

    /// A student of 高三 who sat some subjects under the national id; the moral evaluation as given.
    fn final_grade(&mut self, number: usize, name: &str, document: &str, moral: &str, sat: &[(&str, &str)]) {
        self.registered(number, name, document, "高三", "2023-09");
        let id = id(number);
        let _ = writeln!(self.evaluations, "{id},2025-2026,{moral},达标,达标,达标,达标,达标,8,1");
        for (subject, result) in sat {
            let _ = writeln!(self.exams, "{id},,{subject},2025-06-20,首考,{result}");
        }
    }

    /// A student of 高一 with a result in each subject.
    fn first_year(&mut self, number: usize, name: &str, results: &[(&str, &str)]) {
        self.registered(number, name, "", "高一", "2025-09");
        for subject in FIRST_YEAR {
            for (_, result) in results.iter().filter(|(own, _)| *own == subject) {
                let _ = writeln!(self.results, "{},2025-2026,{subject},{result}", id(number));
            }
            if !results.iter().any(|(own, _)| *own == subject) {
                let _ = writeln!(self.results, "{},2025-2026,{subject},合格", id(number));
            }
        }
    }

    fn write(&self, folder: &Path) {
        let mut files = vec![("名册.csv", self.roster.clone())];
        let own = [("考试.csv", &self.exams), ("评价.csv", &self.evaluations), ("成绩.csv", &self.results)];
        files.extend(own.into_iter().filter(|(_, table)| table.lines().count() > 1).map(|(name, table)| (name, table.clone())));
        files.extend(self.others.iter().cloned());
        write_files(folder, &files);
    }

    fn run(&self, out: &Path) -> Published {
        let input = out.join("in");
        self.write(&input);
        Published::of(try_run(&input, out).expect("a run"))
    }
}

fn all(result: &'static str) -> Vec<(&'static str, &'static str)> {
    SENIOR.iter().map(|subject| (*subject, result)).collect()
}

fn all_but(subject: &'static str) -> Vec<(&'static str, &'static str)> {
    all("合格").into_iter().filter(|(own, _)| *own != subject).collect()
}

struct Published {
    run: PublishedRun,
    findings: Rows,
    outcomes: BTreeMap<String, String>,
}

impl Published {
    fn of(run: PublishedRun) -> Self {
        let decisions = rows(&run.folder.join("decisions.parquet"));
        let outcomes = decisions.into_iter().map(|row| (row["name"].clone(), row["outcome"].clone())).collect();
        Self { findings: rows(&run.folder.join("findings.parquet")), outcomes, run }
    }

    fn outcome(&self, name: &str) -> &str {
        &self.outcomes[name]
    }

    /// The effects of the findings of a code, as `name: now>then`, in the order of the list; `-` without one.
    fn effects(&self, code: &str) -> Vec<String> {
        self.findings.iter().filter(|row| row["code"] == code).map(effect).collect()
    }

    /// The effects of the findings of a code about a student.
    fn effects_of(&self, code: &str, name: &str) -> Vec<String> {
        let own = self.findings.iter().filter(|row| row["code"] == code && row.get("name").is_some_and(|own| own == name));
        own.map(effect).collect()
    }
}

fn effect(row: &BTreeMap<String, String>) -> String {
    let Some(name) = row.get("affects_name") else {
        let empty = ["affects", "outcome_now", "outcome_then"].iter().all(|column| !row.contains_key(*column));
        assert!(empty, "half an effect: {row:?}");
        return "-".into();
    };
    format!("{name}: {}>{}", row["outcome_now"], row["outcome_then"])
}

#[test]
fn an_exam_that_two_students_may_have_sat_names_the_one_whom_it_would_let_graduate() {
    let scratch = scratch();
    let mut district = District::new();
    let mut failed = all_but("物理");
    failed.push(("物理", "不合格"));
    district.final_grade(1, "甲", "P1111111", "合格", &failed);
    district.final_grade(2, "乙", "P1111111", "合格", &all("合格"));
    // Two who have passed everything lose nothing by it.
    district.final_grade(3, "丙", "P2222222", "合格", &all("合格"));
    district.final_grade(4, "丁", "P2222222", "合格", &all("合格"));
    let sure = district.exams.clone();
    district.exams += ",P1111111,物理,2026-01-10,补考,合格\n,P2222222,物理,2026-01-10,补考,合格\n";
    let published = district.run(&scratch.path().join("one"));
    assert_eq!((published.outcome("甲"), published.outcome("乙")), ("complete", "graduate"));
    assert_eq!(published.effects("R0303"), ["甲: complete>graduate", "-"]);
    // The exam authority's data that turns 结业 into 毕业 is the first of all findings, before graver ones.
    assert_eq!(effect(&published.findings[0]), "甲: complete>graduate");
    let manifest = &published.run.manifest;
    assert_eq!((manifest.effects.get("complete>graduate"), manifest.exams_for_graduation), (Some(&1), 1));
    let text = summary::text(manifest, Path::new("."));
    let first = text.lines().skip_while(|line| !line.contains("先看这些")).nth(1).expect("a line");
    assert!(first.contains("1 处考试部门的数据查实后会使结业变为毕业"), "{first}");
    // Settled in the files, it is as was said.
    district.exams = sure + &format!("{},,物理,2026-01-10,补考,合格\n", id(1));
    let settled = district.run(&scratch.path().join("other"));
    assert_eq!(settled.outcome("甲"), "graduate");
    assert_eq!(settled.run.manifest.exams_for_graduation, 0);
}

#[test]
fn rows_of_one_number_are_settled_together() {
    let scratch = scratch();
    let mut district = District::new();
    let mut failed: Vec<_> = all("合格").into_iter().filter(|(own, _)| !["物理", "化学"].contains(own)).collect();
    failed.extend([("物理", "不合格"), ("化学", "不合格")]);
    district.final_grade(1, "甲", "P1111111", "合格", &failed);
    district.final_grade(2, "乙", "P1111111", "合格", &all("合格"));
    // Neither alone would do.
    district.exams += ",P1111111,物理,2026-01-10,补考,合格\n,P1111111,化学,2026-01-10,补考,合格\n";
    let published = district.run(scratch.path());
    assert_eq!(published.effects("R0303"), ["甲: complete>graduate", "甲: complete>graduate"]);
}

/// The effects of R0301 where all rows of nobody may be some students', the likeliest first.
fn weighed_with(district: &District, folder: &Path, candidates: &[&str]) -> Vec<Option<(String, Outcome, Outcome)>> {
    district.write(folder);
    let overrides = Overrides { inputs: vec![folder.into()], ..Overrides::default() };
    let config = Config::load(&term_end(), &overrides).expect("a usable pipeline");
    let vocabulary = vocabulary(&config.law.policy, &config.headers).expect("a vocabulary");
    let request = Request { folders: &config.inputs, vocabulary: &vocabulary, progress: &|_| {}, defer: None, cache: None };
    let inputs = ingest::read(request).expect("inputs");
    let mut law = config.law.clone();
    law.subjects = inputs.subjects.clone();
    law.lists = Lists::new(&law.policy, &law.subjects).expect("lists");
    let reading = roster::read(&inputs, &RowIndex::new(&inputs), law.as_of);
    let mut cohort = Cohort::new(&law, &inputs, reading);
    let name = |student: usize| roster_text(&cohort, student, roster::field::NAME).unwrap_or_default().to_owned();
    let names: Vec<String> = (0..cohort.roster.students.len()).map(name).collect();
    let place = |name: &&str| names.iter().position(|own| own == *name).expect("a student") as u32;
    let candidates: Vec<u32> = candidates.iter().map(place).collect();
    let mut findings: Vec<_> = std::mem::take(&mut cohort.findings).into_iter().filter(|finding| finding.code == "R0301").collect();
    cohort.candidates = findings.iter().filter_map(|finding| Some((finding.at?, candidates.clone()))).collect();
    stake::weigh(&cohort, &mut findings);
    let effect = |effect: Effect| (names[effect.student as usize].clone(), effect.now, effect.then);
    findings.into_iter().map(|finding| finding.effect.map(effect)).collect()
}

#[test]
fn rows_under_an_unknown_id_are_weighed_for_each_candidate_and_the_weightiest_is_told() {
    let scratch = scratch();
    let mut district = District::new();
    let mut failed = all_but("物理");
    failed.push(("物理", "不合格"));
    district.final_grade(1, "甲", "", "合格", &all("合格"));
    district.final_grade(2, "乙", "", "合格", &failed);
    district.final_grade(3, "丙", "", "合格", &all_but("物理"));
    let _ = writeln!(district.exams, "{},,物理,2026-01-10,补考,合格", id(999));
    let weighed = |name: &str, candidates: &[&str]| weighed_with(&district, &scratch.path().join(name), candidates);
    let graduates = |name: &str, now| vec![Some((name.to_owned(), now, Outcome::Graduate))];
    assert_eq!(weighed("none", &[]), [None]);
    assert_eq!(weighed("one", &["甲"]), [None]);
    assert_eq!(weighed("two", &["甲", "乙"]), graduates("乙", Outcome::Complete));
    // 结业 that becomes 毕业 weighs more than 待核 that does, however likely.
    assert_eq!(weighed("three", &["丙", "乙"]), graduates("乙", Outcome::Complete));
    assert_eq!(weighed("four", &["丙", "甲"]), graduates("丙", Outcome::Undetermined));
}

#[test]
fn an_exam_matched_by_a_weaker_key_matters_where_nothing_else_passes_the_subject() {
    let scratch = scratch();
    let mut district = District::new();
    district.final_grade(1, "甲", "P1111111", "合格", &all_but("化学"));
    district.final_grade(2, "乙", "P2222222", "合格", &all("合格"));
    let without = district.exams.clone();
    district.exams += ",P1111111,化学,2025-06-20,首考,合格\n,P2222222,化学,2026-01-10,补考,合格\n";
    let published = district.run(&scratch.path().join("one"));
    assert_eq!(published.outcome("甲"), "graduate");
    assert_eq!(published.effects_of("R0302", "甲"), ["甲: graduate>undetermined"]);
    assert_eq!(published.effects_of("R0302", "乙"), ["-"]);
    district.exams = without;
    let settled = district.run(&scratch.path().join("other"));
    assert_eq!((settled.outcome("甲"), settled.outcome("乙")), ("undetermined", "graduate"));
}

#[test]
fn a_final_grade_without_exams_is_at_stake_unless_it_completes_anyway() {
    let scratch = scratch();
    let mut district = District::new();
    district.final_grade(1, "甲", "", "合格", &[]);
    district.final_grade(2, "乙", "", "不合格", &[]);
    district.final_grade(3, "丙", "", "合格", &all("合格"));
    let published = district.run(scratch.path());
    assert_eq!((published.outcome("甲"), published.outcome("乙")), ("undetermined", "complete"));
    assert_eq!(published.effects("R0304"), ["甲: undetermined>graduate", "-"]);
    assert!(published.effects("I0303").iter().all(|effect| effect == "甲: undetermined>graduate"));
    assert_eq!(published.effects("I0303").len(), 10);
}

#[test]
fn a_second_registration_matters_where_it_would_be_decided_otherwise() {
    let scratch = scratch();
    let mut district = District::new();
    // Entered the one later: it counts.
    for (number, name, former) in [(1, "甲", "五年级"), (2, "乙", "四年级"), (3, "丙", "三年级")] {
        district.registered_at("3101010001", number, name, "", "四年级", "2022-09");
        district.registered_at("3101010002", number, name, "", former, "2021-09");
    }
    let _ = writeln!(district.evaluations, "{},2025-2026,合格,,,,,,,", id(1));
    let published = district.run(&scratch.path().join("one"));
    assert_eq!(published.outcome("甲"), "promote");
    // Another outcome comes before another grade, and both before none.
    assert_eq!(published.effects("R0101"), ["甲: promote>graduate", "丙: promote>promote", "-"]);
    let kept: Vec<&str> = district.roster.lines().filter(|line| !line.contains("甲") || line.contains("3101010002")).collect();
    district.roster = kept.join("\n") + "\n";
    let settled = district.run(&scratch.path().join("other"));
    assert_eq!(settled.outcome("甲"), "graduate");
}

#[test]
fn cells_that_leave_a_decision_open_are_at_stake_and_others_are_not() {
    let scratch = scratch();
    let mut district = District::new();
    district.first_year(1, "甲", &[("语文", "合格"), ("语文", "不合格")]);
    district.first_year(2, "乙", &[("艺术", "合格"), ("艺术", "不合格")]);
    district.first_year(3, "丙", &[("数学", "作弊")]);
    district.first_year(4, "丁", &[("艺术", "作弊")]);
    // Four subjects failed and one that can't be read: it might be the fifth, but can't bring promotion by itself.
    let failed = ["历史", "地理", "物理", "化学"].map(|subject| (subject, "不合格"));
    district.first_year(5, "戊", &[&failed[..], &[("艺术", "作弊")]].concat());
    let published = district.run(scratch.path());
    assert_eq!(published.effects_of("I0302", "甲"), ["甲: undetermined>promote"]);
    assert_eq!(published.effects_of("I0302", "乙"), ["-"]);
    assert_eq!(published.effects_of("I0303", "甲"), ["甲: undetermined>promote"]);
    let unread = |name: &str| published.effects_of("I0203", name);
    assert_eq!((unread("丙"), unread("丁")), (vec!["丙: undetermined>promote".into()], vec!["-".into()]));
    assert_eq!(published.outcome("戊"), "undetermined");
    assert_eq!(unread("戊"), ["戊: undetermined>makeup_pending"]);
    assert_eq!(published.outcome("丁"), "promote");
}

#[test]
fn a_finding_that_stands_for_many_cells_says_what_one_of_them_would_change() {
    let scratch = scratch();
    let folded = |name: &str, subject: &'static str| {
        let mut district = District::new();
        (1..=30).for_each(|number| district.first_year(number, &format!("学生{number:02}"), &[(subject, "作弊")]));
        let published = district.run(&scratch.path().join(name));
        let counts: Vec<&str> = published.findings.iter().filter(|row| row["code"] == "I0203").map(|row| row["count"].as_str()).collect();
        assert_eq!(counts, ["30"]);
        published.effects("I0203")
    };
    assert_eq!(folded("one", "语文"), ["学生01: undetermined>promote"]);
    assert_eq!(folded("other", "艺术"), ["-"]);
}

#[test]
fn a_status_that_cannot_be_read_is_weighed_as_enrolled() {
    let scratch = scratch();
    let mut district = District::new();
    district.first_year(1, "甲", &[]);
    district.roster = district.roster.replace(",在读", ",在校吗");
    let published = district.run(scratch.path());
    assert_eq!(published.effects("I0303"), ["甲: undetermined>promote"]);
    assert_eq!(published.effects("I0203"), ["甲: undetermined>promote"]);
}

#[test]
fn formal_faults_matter_where_the_rest_of_the_clause_is_met() {
    let scratch = scratch();
    let mut district = District::new();
    let mut six = all("不合格");
    six.iter_mut().take(6).for_each(|own| own.1 = "合格");
    district.final_grade(1, "甲", "", "合格", &six);
    district.registered(2, "乙", "", "一年级", "2025-09");
    district.registered(3, "丙", "", "一年级", "2025-09");
    district.first_year(4, "丁", &[("语文", "免修")]);
    district.first_year(5, "戊", &[("艺术", "免修")]);
    let athletes = format!("全国学籍号,体育部门确认日期,教育部门确认日期\n{},2026-03-01,2026-03-02\n", id(1));
    // The second was also too late, which no date mends.
    let mut applications = "全国学籍号,申请事项,学年,申请日期,学校同意日期,公示日期,公示结果,区备案日期\n".to_owned();
    let _ = writeln!(applications, "{},跳级,2025-2026,2026-06-20,2026-06-22,,,", id(2));
    let _ = writeln!(applications, "{},跳级,2025-2026,2026-07-03,2026-07-03,,,", id(3));
    district.others = vec![("运动员.csv", athletes), ("申请.csv", applications)];
    let published = district.run(scratch.path());
    assert_eq!(published.effects("F2404"), ["甲: complete>graduate"]);
    assert_eq!(published.effects_of("F2101", "乙"), ["乙: promote>skip"]);
    assert_eq!(published.effects_of("F2101", "丙"), ["-"]);
    assert_eq!(published.effects_of("F2301", "丁"), ["丁: undetermined>promote"]);
    assert_eq!(published.effects_of("F2301", "戊"), ["-"]);
}

/// A school's term up to 20 October: two of 七年级, who are registered.
fn in_term(folder: &Path, attendance: &str, changes: &str) -> PathBuf {
    let mut district = District::new();
    district.registered(1, "甲", "", "七年级", "2024-09");
    district.registered(2, "乙", "", "七年级", "2024-09");
    let registered = format!("全国学籍号,学年,学期,注册日期\n{0},2025-2026,1,2025-09-01\n{1},2025-2026,1,2025-09-01\n", id(1), id(2));
    let report = "学校代码,截止日期\n3101010001,2025-10-20\n".to_owned();
    district.others = vec![("注册.csv", registered), ("上报.csv", report)];
    if !attendance.is_empty() {
        district.others.push(("考勤.csv", format!("全国学籍号,开始日期,结束日期,考勤,告知家长日期\n{attendance}")));
    }
    if !changes.is_empty() {
        district.others.push(("异动.csv", format!("全国学籍号,异动类型,生效日期,截止日期,原因,区批准日期\n{changes}")));
    }
    district.write(folder);
    folder.into()
}

#[test]
fn in_term_the_harsher_record_and_days_that_cannot_be_read_are_weighed() {
    let scratch = scratch();
    let away = |student: usize, first: &str, last: &str, kind: &str| format!("{},{first},{last},{kind},{last}\n", id(student));
    let date = "2025-10-20".parse().expect("a date");
    let effects = |name: &str, rows: String, code: &str| {
        let folder = scratch.path().join(name);
        let input = in_term(&folder.join("in"), &rows, "");
        let run = watch_on(&input, &folder.join("out"), date, Attendance::Exceptions).expect("a run");
        let published = Published::of(run);
        (published.outcome("甲").to_owned(), published.effects(code))
    };
    let truant = away(1, "2025-09-15", "2025-10-20", "旷课");
    let late = away(1, "2025-09-26", "2025-09-26", "迟到");
    assert_eq!(effects("harsher", truant + &late, "R0601"), ("warn".into(), vec!["甲: warn>urge".into()]));
    // A day more or less of a short absence changes nothing.
    let short = away(1, "2025-09-25", "2025-09-26", "旷课");
    assert_eq!(effects("short", short + &late, "R0601"), ("normal".into(), vec!["-".into()]));
    let around = away(1, "2025-09-15", "2025-09-25", "旷课") + &away(1, "2025-09-28", "2025-10-20", "旷课");
    let unread = around + &away(1, "2025-09-26", "2025-09-26", "缺课");
    assert_eq!(effects("unread", unread, "F3403"), ("warn".into(), vec!["甲: warn>urge".into()]));
}

#[test]
fn a_status_that_changes_contradict_matters_where_they_would_decide_otherwise() {
    let scratch = scratch();
    let changes = format!("{},退学,2025-09-20,,出国,\n{},休学,2025-09-10,2026-08-31,伤病,2025-09-08\n", id(1), id(2));
    let input = in_term(&scratch.path().join("in"), "", &changes);
    let date = "2025-10-20".parse().expect("a date");
    let published = Published::of(audit_on(&input, &scratch.path().join("out"), date, Attendance::Exceptions).expect("a run"));
    assert_eq!(published.effects_of("R0501", "甲"), ["甲: normal>not_enrolled"]);
    // Whoever is suspended is held whatever the roster says.
    assert_eq!((published.outcome("乙"), published.effects_of("R0501", "乙")), ("hold", vec!["-".into()]));
}

/// What a finding could change, as lists are ordered by it.
fn rank(row: &BTreeMap<String, String>) -> usize {
    let (Some(now), Some(then)) = (row.get("outcome_now"), row.get("outcome_then")) else { return 5 };
    match (now.as_str(), then.as_str()) {
        ("complete", "graduate") if ["R0301", "R0302", "R0303", "R0304"].contains(&row["code"].as_str()) => 0,
        ("complete" | "undetermined", "graduate") => 1,
        ("retain" | "makeup_pending" | "undetermined", "promote") => 2,
        (now, then) if now != then => 3,
        _ => 4,
    }
}

/// What holds of the effects of every run.
fn assert_sound(run: &PublishedRun) -> usize {
    let decisions = rows(&run.folder.join("decisions.parquet"));
    let outcomes: BTreeMap<&str, &str> = decisions.iter().map(|row| (row["student_key"].as_str(), row["outcome"].as_str())).collect();
    let findings = rows(&run.folder.join("findings.parquet"));
    let ranks: Vec<usize> = findings.iter().map(rank).collect();
    assert!(ranks.is_sorted(), "the list is not ordered by what findings could change");
    let mut weighed = 0;
    for row in findings.iter().filter(|row| row.contains_key("affects")) {
        // Supposing nothing gives the decision as it was.
        assert_eq!(outcomes[row["affects"].as_str()], row["outcome_now"], "{row:?}");
        weighed += 1;
    }
    for row in findings.iter().filter(|row| row["code"] == "I0303") {
        assert!(row.contains_key("affects"), "what is missing could change the decision: {row:?}");
        assert_eq!(row["affects"], row["student_key"]);
    }
    assert_eq!(run.manifest.effects.values().sum::<u64>(), weighed as u64);
    weighed
}

#[test]
fn a_damaged_city_is_weighed_soundly_and_the_same_for_any_number_of_threads() {
    let scratch = scratch();
    let city = scratch.path().join("city");
    let made = Command::new(env!("CARGO_BIN_EXE_xueji"))
        .args(["sample", "--students", "4000", "--damage", "20", "--format", "csv", "--out"])
        .arg(&city)
        .output()
        .expect("the program");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let one = alone.install(|| try_run(&city, &scratch.path().join("one"))).expect("a run");
    let several = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("threads");
    let other = several.install(|| try_run(&city, &scratch.path().join("other"))).expect("a run");
    assert!(assert_sound(&one) > 20);
    let read = |run: &PublishedRun| std::fs::read(run.folder.join("findings.parquet")).expect("findings");
    assert!(read(&one) == read(&other));
    let date = "2026-07-05".parse().expect("a date");
    assert_sound(&audit_on(&city, &scratch.path().join("audit"), date, Attendance::Exceptions).expect("a run"));
}

#[test]
fn the_sample_district_is_weighed_soundly() {
    let scratch = scratch();
    assert!(assert_sound(&try_run(&package().join("sample-data"), scratch.path()).expect("a run")) > 10);
}

#[test]
fn people_see_whose_decision_a_finding_could_change() {
    let scratch = scratch();
    let mut district = District::new();
    let mut failed = all_but("物理");
    failed.push(("物理", "不合格"));
    district.final_grade(1, "甲", "P1111111", "合格", &failed);
    district.final_grade(2, "乙", "P1111111", "合格", &all("合格"));
    district.exams += ",P1111111,物理,2026-01-10,补考,合格\n";
    let published = district.run(scratch.path());
    let explain = |student: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        let output = command.arg("explain").arg(student).arg("--run").arg(&published.run.folder).output().expect("the program");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = explain("甲");
    assert!(told.contains("R0303") && told.contains("查实后结论会变：结业→毕业"), "{told}");
    assert!(!explain("乙").contains("查实后"));
    let mut workbook: Xlsx<_> = open_workbook(published.run.folder.join("summary.xlsx")).expect("the summary");
    let sheet = workbook.worksheet_range("问题清单").expect("the sheet");
    let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let column = rows[0].iter().position(|head| head == "影响").expect("the column");
    assert_eq!((rows[1][1].as_str(), rows[1][column].as_str()), ("R0303", "甲：结业→毕业"));
}
