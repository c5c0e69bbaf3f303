//! The life of findings over runs and years: ids last, answered findings are quiet as long as their evidence is the same, claims are held
//! against the data, and answers come back however people's programs have moved them about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Data, Reader, Xlsx, open_workbook};
use chrono::NaiveDate;
use rust_xlsxwriter::Workbook;
use xueji::pipeline::config::{Config, Overrides};
use xueji::pipeline::run::{PublishedRun, run};

use crate::schema::assert_documented;
use crate::support::{Rows, audit_on, package, rows, scratch, term_end, write_files};

const ROSTER: &str = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,入学年月,学籍状态\n";
const TWICE: &str = "L310101201601010011";
const OTHER: &str = "L310101201601010022";
const NOBODY: &str = "L310101201601010099";

/// The pipeline of the end of a school year, in a folder.
fn pipeline(folder: &Path, year: i32) -> PathBuf {
    let name = format!("term-end-{year}.toml");
    let own = std::fs::read_to_string(term_end()).expect("the pipeline");
    let pipelines = package().join("pipelines").display().to_string();
    let own = own
        .replace("2025-2026", &format!("{}-{year}", year - 1))
        .replace("\"calendars/", &format!("\"{pipelines}/calendars/"))
        .replace("\"policies/", &format!("\"{pipelines}/policies/"));
    write_files(folder, &[(name.as_str(), own)]);
    folder.join(name)
}

/// A folder of inputs and the runs over it.
struct District {
    scratch: tempfile::TempDir,
}

impl District {
    fn new() -> Self {
        Self { scratch: scratch() }
    }

    fn input(&self) -> PathBuf {
        self.scratch.path().join("in")
    }

    fn out(&self) -> PathBuf {
        self.scratch.path().join("out")
    }

    /// Puts other files into the folder.
    fn send<C: AsRef<[u8]>>(&self, files: &[(&str, C)]) {
        let _ = std::fs::remove_dir_all(self.input());
        self.add(files);
    }

    fn add<C: AsRef<[u8]>>(&self, files: &[(&str, C)]) {
        write_files(&self.input(), files);
    }

    /// A run as of a day after a school year's end.
    fn run(&self, as_of: &str) -> Told {
        let as_of: NaiveDate = as_of.parse().expect("a date");
        let year = as_of.format("%Y").to_string().parse().expect("a year");
        let overrides = Overrides { inputs: vec![self.input()], as_of: Some(as_of), ..Overrides::default() };
        let config = Config::load(&pipeline(self.scratch.path(), year), &overrides).expect("a usable pipeline");
        Told::of(run(&config, &self.out(), &|_, _, _| {}).expect("a run"))
    }
}

/// What a run says.
struct Told {
    run: PublishedRun,
    findings: Rows,
    history: BTreeMap<String, BTreeMap<String, String>>,
}

impl Told {
    fn of(run: PublishedRun) -> Self {
        let findings = rows(&run.folder.join("findings.parquet"));
        let history = rows(&run.folder.join("finding_history.parquet"));
        let history = history.into_iter().map(|row| (row["finding_id"].clone(), row)).collect();
        Self { run, findings, history }
    }

    /// The one finding of a code.
    fn one(&self, code: &str) -> &BTreeMap<String, String> {
        let own: Vec<_> = self.findings.iter().filter(|row| row["code"] == code).collect();
        assert_eq!(own.len(), 1, "{code}: {:?}", self.findings);
        own[0]
    }

    fn id(&self, code: &str) -> String {
        self.one(code)["finding_id"].clone()
    }

    fn hash(&self, code: &str) -> String {
        self.one(code)["evidence_hash"].clone()
    }

    /// Change and review of a finding.
    fn life(&self, id: &str) -> (&str, Option<&str>) {
        let own = &self.history[id];
        (&own["change"], own.get("review").map(String::as_str))
    }

    fn open(&self, code: &str) -> u64 {
        self.run.manifest.open_findings.get(code).copied().unwrap_or(0)
    }

    /// The books of the answers: used, set aside, out of scope.
    fn books(&self) -> (u64, u64, BTreeMap<String, u64>) {
        let books = self.run.manifest.books["reviews"].clone();
        (books.used, books.set_aside, books.out_of_scope)
    }
}

/// Two schools that both claim a pupil, and an exam whose name is another one.
fn claims(grade: &str, first: &str, second: &str) -> [(&'static str, String); 3] {
    let one = format!(
        "{ROSTER}{TWICE},林一,东区,3101010001,第一小学,{grade},1,{first}\n{OTHER},陈二,东区,3101010001,第一小学,{grade},1,2021-09,在读\n"
    );
    let two = format!("{ROSTER}{TWICE},林一,东区,3101010002,第二小学,{grade},1,{second}\n");
    let exams = format!("全国学籍号,姓名,科目,考试日期,考次,结果\n{OTHER},陈三,语文,2024-06-14,首考,合格\n");
    [("一小.csv", one), ("二小.csv", two), ("考试.csv", exams)]
}

const ANSWERS: &str = "finding_id,evidence_hash,处理结果,说明,处理人,处理日期\n";

fn answers(rows: &[(&str, &str, &str, &str)]) -> String {
    let line = |(id, hash, reply, on): &(&str, &str, &str, &str)| format!("{id},{hash},{reply},见附件,王老师,{on}\n");
    ANSWERS.to_owned() + &rows.iter().map(line).collect::<String>()
}

#[test]
fn ids_last_for_years_and_an_answer_holds_until_the_evidence_changes() {
    let district = District::new();
    district.send(&claims("三", "2021-09,在读", "2022-02,在读"));
    let first = district.run("2024-07-05");
    let (id, hash) = (first.id("R0101"), first.hash("R0101"));
    assert_eq!(first.life(&id), ("new", None));
    assert_eq!(first.run.manifest.life.against, None);
    let case = first.one("R0101");
    assert_eq!((case["school_code"].as_str(), case["other_school_code"].as_str()), ("3101010002", "3101010001"));
    for claim in ["学校 3101010001：在读，2021-09 入学", "学校 3101010002：在读，2022-02 入学", "一小.csv 第 2 行", "二小.csv 第 2 行"]
    {
        assert!(case["found"].contains(claim), "{}", case["found"]);
    }
    // The answer comes back; the rows of the rosters have moved meanwhile.
    district.add(&[("核查反馈.csv", answers(&[(&id, &hash, "情况说明", "2024-07-08")]))]);
    let roster = std::fs::read_to_string(district.input().join("一小.csv")).expect("a roster");
    let turned: Vec<&str> = roster.lines().skip(1).collect();
    district.add(&[("一小.csv", format!("{ROSTER}{}\n{}\n", turned[1], turned[0]))]);
    let answered = district.run("2024-07-10");
    assert_eq!(answered.life(&id), ("unchanged", Some("情况说明")));
    assert_eq!((first.open("R0101"), answered.open("R0101"), answered.run.manifest.life.answered), (1, 0, 1));
    assert_eq!(answered.books(), (1, 0, BTreeMap::new()));
    // A year on: other grades, other file names, the answers lie in last year's folder.
    let [(_, one), (_, two), exams] = claims("四", "2021-09,在读", "2022-02,在读");
    district.send(&[("2025/甲.csv", two), ("2025/乙.csv", one), exams]);
    let second = district.run("2025-07-05");
    assert_eq!(second.life(&id), ("unchanged", Some("情况说明")));
    assert_eq!(second.history[&id]["first_seen"], "2024-07-05");
    // The row that counts is the other one now, and the case is the same; what a school says of it is not.
    district.send(&claims("五", "2023-09,在读", "2022-02,休学"));
    let third = district.run("2026-07-05");
    assert_eq!(third.life(&id), ("reopened", None));
    assert_eq!((third.id("R0101"), third.open("R0101")), (id.clone(), 1));
    assert_eq!(third.one("R0101")["school_code"], "3101010001");
    // A claim that it is mended: it is not; the same old claim is no news the next night, and a new one is.
    let now = third.hash("R0101");
    district.add(&[("核查反馈.csv", answers(&[(&id, &hash, "情况说明", "2024-07-08"), (&id, &now, "已整改", "2026-07-06")]))]);
    assert_eq!(district.run("2026-07-06").life(&id), ("reopened", None));
    assert_eq!(district.run("2026-07-07").life(&id), ("unchanged", None));
    district.add(&[("核查反馈.csv", answers(&[(&id, &now, "已整改", "2026-07-06"), (&id, &now, "已整改", "2026-07-08")]))]);
    assert_eq!(district.run("2026-07-08").life(&id), ("reopened", None));
    // At last it is so.
    let [one, (_, two), exams] = claims("五", "2023-09,在读", "2022-02,转出");
    district.add(&[one, ("二小.csv", two), exams]);
    let mended = district.run("2026-07-09");
    assert_eq!(mended.life(&id), ("gone", Some("已整改")));
    assert_eq!(mended.run.manifest.life.changes.get("gone"), Some(&1));
    let after = district.run("2026-07-10");
    assert_eq!((after.life(&id), after.run.manifest.life.changes.get("gone")), (("gone", Some("已整改")), None));
    // And it comes back: what was mended then is not now.
    district.send(&claims("五", "2023-09,在读", "2022-02,休学"));
    let back = district.run("2026-07-11");
    assert_eq!(back.life(&id), ("reopened", None));
    assert_eq!((back.history[&id]["first_seen"].as_str(), back.history[&id]["last_seen"].as_str()), ("2024-07-05", "2026-07-11"));
    assert_documented(&back.run.folder.join("finding_history.parquet"), "finding_history");
}

#[test]
fn every_row_of_answers_is_accounted_for() {
    let district = District::new();
    district.send(&claims("五", "2021-09,在读", "2022-02,在读"));
    let first = district.run("2026-07-05");
    let (twice, named) = (first.id("R0101"), first.id("R0302"));
    let (hash, own) = (first.hash("R0101"), first.hash("R0302"));
    // Answers to an audit's findings lie in the same folder.
    let date = "2026-07-05".parse().expect("a date");
    let audit = audit_on(&district.input(), &district.out(), date, xueji::pipeline::config::Attendance::Exceptions).expect("an audit");
    let audit = Told::of(audit);
    let foreign = audit.findings.iter().find(|row| !first.findings.iter().any(|own| own["finding_id"] == row["finding_id"]));
    let foreign = foreign.expect("a finding of audits alone")["finding_id"].clone();
    let shouted = format!(" {} ", named.to_uppercase());
    let rows = [
        (twice.as_str(), hash.as_str(), "已整改", "2026-07-05"),
        (&twice, &hash, "误报", "2026-07-06"),
        (&twice, &hash, "误报", "2026-07-06"),
        (&shouted, "", "情况说明", ""),
        (&named, &own, "", ""),
        (&named, &own, "", ""),
        (&foreign, "", "误报", "2026-07-06"),
        ("0123456789abcdef", "", "误报", "2026-07-06"),
    ];
    district.add(&[("反馈/核查反馈.csv", answers(&rows))]);
    let told = district.run("2026-07-07");
    let reasons = [("answered_again", 1), ("not_answered", 2), ("other_pipeline", 2)].map(|(reason, rows)| (reason.to_owned(), rows));
    assert_eq!(told.books(), (3, 0, BTreeMap::from(reasons)));
    // The latest answer counts; the one without a hash is for what the last run said.
    assert_eq!((told.life(&twice), told.life(&named)), (("unchanged", Some("误报")), ("unchanged", Some("情况说明"))));
    // A workbook of an earlier round that says the same once more does no harm.
    assert!(told.findings.iter().all(|row| row["code"] != "I0301"));
    // An answer counts whatever its date: people answer after the day that is judged.
    district.add(&[("反馈/补充.csv", answers(&[(&twice, &hash, "情况说明", "2026-08-01")]))]);
    assert_eq!(district.run("2026-07-07").life(&twice), ("unchanged", Some("情况说明")));
    district.add(&[("反馈/补充.csv", answers(&[]))]);
    // To the audit the same rows are the others', and its own is heard.
    let audit = audit_on(&district.input(), &district.out(), date, xueji::pipeline::config::Attendance::Exceptions).expect("an audit");
    let audit = Told::of(audit);
    assert_eq!(audit.life(&foreign).0, "unchanged");
    // Two answers of one day that contradict each other: none of them stands.
    let contradicting = [(twice.as_str(), hash.as_str(), "误报", "2026-08-02"), (&twice, &hash, "已整改", "2026-08-02")];
    district.add(&[("反馈/核查反馈.csv", answers(&contradicting))]);
    let told = district.run("2026-07-08");
    assert_eq!(told.life(&twice), ("reopened", None));
    let contradicted = told.findings.iter().find(|row| row["code"] == "I0302").expect("I0302");
    assert!(contradicted["found"].contains("已整改、误报"), "{}", contradicted["found"]);
    assert_eq!(told.books(), (2, 0, BTreeMap::new()));
    // What earlier runs left does not change a byte of the findings.
    let fresh = scratch();
    let overrides = Overrides { inputs: vec![district.input()], as_of: "2026-07-08".parse().ok(), ..Overrides::default() };
    let config = Config::load(&pipeline(fresh.path(), 2026), &overrides).expect("a usable pipeline");
    let anew = run(&config, &fresh.path().join("out"), &|_, _, _| {}).expect("a run");
    let bytes = |run: &PublishedRun| std::fs::read(run.folder.join("findings.parquet")).expect("findings");
    assert!(bytes(&anew) == bytes(&told.run));
}

#[test]
fn an_answer_that_cannot_be_read_closes_nothing() {
    let district = District::new();
    district.send(&claims("五", "2021-09,在读", "2022-02,在读"));
    let first = district.run("2026-07-05");
    let id = first.id("R0101");
    district.add(&[("核查反馈.csv", answers(&[(&id, "", "随便", "2026-07-06")]))]);
    let told = district.run("2026-07-07");
    assert_eq!((told.life(&id), told.books().0), (("unchanged", None), 1));
    assert!(told.findings.iter().any(|row| row["code"] == "I0203"));
}

#[test]
fn answers_come_back_in_workbooks_that_were_sorted_and_cut() {
    let district = District::new();
    let unknown = format!("全国学籍号,异动类型,生效日期\n{NOBODY},转出,2026-03-01\n");
    district.send(&claims("四", "2021-09,在读", "2022-02,在读"));
    district.add(&[("异动.csv", unknown)]);
    let first = district.run("2026-07-05");
    let ids = ["R0302", "R0101", "R0305"].map(|code| first.id(code));
    // A workbook of the school's own making: columns moved, a title above, one row deleted, the others turned around.
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "第一小学核查反馈").expect("a cell");
    for (column, title) in ["处理日期", "问题", "处理结果", "finding_id", "说明"].iter().enumerate() {
        sheet.write(2, column as u16, *title).expect("a cell");
    }
    for (row, (id, reply)) in (3..).zip([(&ids[2], "误报"), (&ids[1], "情况说明"), (&ids[0], "")]) {
        sheet.write(row, 0, "2026/7/6").expect("a cell").write(row, 2, reply).expect("a cell");
        sheet.write(row, 3, id.to_uppercase()).expect("a cell").write(row, 4, "已核").expect("a cell");
    }
    std::fs::create_dir_all(district.input().join("回收")).expect("a folder");
    workbook.save(district.input().join("回收/一小 (2).xlsx")).expect("a workbook");
    let told = district.run("2026-07-07");
    let lives = [&ids[0], &ids[1], &ids[2]].map(|id| told.life(id));
    assert_eq!(lives, [("unchanged", None), ("unchanged", Some("情况说明")), ("unchanged", Some("误报"))]);
    assert_eq!(told.books(), (2, 0, BTreeMap::from([("not_answered".to_owned(), 1)])));
    // The lists for people: what is open first, and the case of two schools with both.
    let mut summary: Xlsx<_> = open_workbook(told.run.folder.join("summary.xlsx")).expect("the summary");
    let text = |cell: &Data| cell.to_string();
    let listed = summary.worksheet_range("问题清单").expect("the sheet");
    let column = |title: &str| listed.rows().next().expect("a head").iter().position(|cell| text(cell) == title).expect("a column");
    let listed: Vec<_> = listed.rows().skip(1).map(|row| (text(&row[1]), text(&row[column("变化")]), text(&row[column("答复")]))).collect();
    let codes: Vec<&str> = listed.iter().map(|row| row.0.as_str()).filter(|code| !code.is_empty()).collect();
    // The school's own column 问题 is for knowing, and nobody has answered that.
    assert_eq!(codes, ["R0302", "I0104", "R0101", "R0305"]);
    assert_eq!((listed[0].1.as_str(), listed[0].2.as_str()), ("没有变化", ""));
    assert_eq!(listed[2].2, "情况说明，2026-07-06");
    let cases = summary.worksheet_range("区级协调").expect("the sheet");
    let case: Vec<String> = cases.rows().nth(1).expect("a case").iter().map(text).collect();
    assert_eq!(case[1..10].join("|"), "R0101|林一|L310101**********11|3101010002|第二小学|东区|3101010001|第一小学|东区");
    assert!(case[10].contains("3101010001：在读") && case[10].contains("3101010002：在读"), "{case:?}");
    let text = xueji::report::summary::text(&told.run.manifest, &told.run.folder);
    assert!(text.contains("其中已说明 2") && text.contains("问题新增 1，有变化 0，重新打开 0，已消失 0"), "{text}");
}

#[test]
fn three_claims_are_one_case_whose_id_does_not_depend_on_which_counts() {
    let row = |school: u32, entry: &str| format!("{ROSTER}{TWICE},林一,东区,310101000{school},第{school}小学,五,1,{entry},在读\n");
    let mut seen = Vec::new();
    for entries in [["2021-09", "2022-02", "2022-09"], ["2022-09", "2021-09", "2022-02"]] {
        let district = District::new();
        let files = [("甲.csv", row(1, entries[0])), ("乙.csv", row(2, entries[1])), ("丙.csv", row(3, entries[2]))];
        district.send(&files);
        let told = district.run("2026-07-05");
        let case = told.one("R0101");
        assert_eq!(case["count"], "2");
        assert!((1..=3).all(|school| case["found"].contains(&format!("学校 310101000{school}："))), "{}", case["found"]);
        assert_ne!(case["school_code"], case["other_school_code"]);
        seen.push((told.id("R0101"), case["school_code"].clone()));
        // However the files come into the folder.
        let bytes = |told: &Told| {
            let of = |file: &str| std::fs::read(told.run.folder.join(file)).expect("a result");
            ["decisions.parquet", "findings.parquet", "finding_history.parquet"].map(of)
        };
        let other = District::new();
        let [one, two, three] = files;
        other.send(&[three, one, two]);
        assert!(bytes(&told) == bytes(&other.run("2026-07-05")));
    }
    assert_eq!(seen[0].0, seen[1].0);
    assert_ne!(seen[0].1, seen[1].1);
}

#[test]
fn only_open_findings_fail_a_run() {
    let district = District::new();
    let [one, two, _] = claims("五", "2021-09,在读", "2022-02,在读");
    district.send(&[one, two]);
    let first = district.run("2026-07-05");
    let fails = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        command.arg("run").arg(pipeline(district.scratch.path(), 2026)).args(["--as-of", "2026-07-07", "--fail-on", "error"]);
        let output = command.arg("--input").arg(district.input()).arg("--out").arg(district.out()).output().expect("the program");
        output.status.code()
    };
    assert_eq!(fails(), Some(1));
    district.add(&[("核查反馈.csv", answers(&[(&first.id("R0101"), &first.hash("R0101"), "误报", "2026-07-06")]))]);
    assert_eq!(fails(), Some(0));
}

#[test]
fn a_history_that_is_damaged_is_told() {
    let district = District::new();
    district.send(&claims("五", "2021-09,在读", "2022-02,在读"));
    let first = district.run("2026-07-05");
    std::fs::write(first.run.folder.join("finding_history.parquet"), "PAR1 no more").expect("a file");
    let told = district.run("2026-07-06");
    assert!(told.run.manifest.life.begins_anew);
    assert_eq!(told.life(&told.id("R0101")), ("new", None));
    let text = xueji::report::summary::text(&told.run.manifest, &told.run.folder);
    assert!(text.contains("问题记录读不出来"), "{text}");
}
