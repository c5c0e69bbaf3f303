//! Signing off: a school, then its district, then the city; who may not, and what makes a sign-off lapse.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use xueji::pipeline::folder::Held;

use crate::schema::assert_documented;
use crate::support::{rows, scratch, term_end, write_files};

const ROSTER: &str = "全国学籍号,姓名,区,学校代码,学校名称,年级,班级,入学年月,学籍状态\n";
const ANSWERS: &str = "finding_id,evidence_hash,处理结果,说明,处理人,处理日期\n";

/// Schools 1 and 2 in one district, 3 in another; a pupil whom 1 and 3 both claim, an exam of a pupil of 2 by another name, and a change of
/// somebody whom nobody knows.
fn send(folder: &Path, exam: &str) {
    let pupil = |number: u32, school: u32, district: &str| {
        format!("L3101012016010100{number},学生{number},{district},310101000{school},第{school}小学,四,1,2022-09,在读\n")
    };
    let roster = |rows: &[String]| format!("{ROSTER}{}", rows.concat());
    write_files(
        folder,
        &[
            ("一小.csv", roster(&[pupil(11, 1, "东区"), pupil(12, 1, "东区")])),
            ("二小.csv", roster(&[pupil(13, 2, "东区")])),
            ("三小.csv", roster(&[pupil(14, 3, "西区"), pupil(11, 3, "西区").replace("2022-09", "2021-09")])),
            ("考试.csv", format!("全国学籍号,姓名,科目,考试日期,考次,结果\nL310101201601010013,{exam},语文,2026-06-14,首考,合格\n")),
            ("异动.csv", "全国学籍号,异动类型,生效日期\nL310101201601010099,转出,2026-03-01\n".to_owned()),
        ],
    );
}

struct City {
    scratch: tempfile::TempDir,
}

struct Said {
    code: Option<i32>,
    out: String,
    error: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
    }
}

impl City {
    fn input(&self) -> PathBuf {
        self.scratch.path().join("in")
    }

    fn out(&self) -> PathBuf {
        self.scratch.path().join("out")
    }

    fn run(&self, as_of: &str) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        command.arg("run").arg(term_end()).args(["--as-of", as_of, "--json"]).arg("--input").arg(self.input()).arg("--out").arg(self.out());
        let said = Said::from(command.output().expect("the program"));
        assert_eq!(said.code, Some(0), "{}", said.error);
        serde_json::from_str(&said.out).expect("JSON")
    }

    fn signoff(&self, more: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
        Said::from(command.arg("signoff").arg("--run").arg(self.out()).args(more).output().expect("the program"))
    }

    /// Signs off something that may be signed off.
    fn sign(&self, more: &[&str]) {
        let said = self.signoff(&[more, &["--by", "赵主任"]].concat());
        assert_eq!(said.code, Some(0), "{more:?}: {}", said.error);
    }

    /// What is said of something that may not be signed off.
    fn refused(&self, more: &[&str]) -> String {
        let said = self.signoff(&[more, &["--by", "赵主任"]].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{more:?}");
        said.error
    }

    /// The states of the city, the two districts and the three schools.
    fn states(&self) -> [String; 6] {
        let said = self.signoff(&["--json"]);
        assert_eq!(said.code, Some(0), "{}", said.error);
        let object: Value = serde_json::from_str(&said.out).expect("JSON");
        let state = |party: &Value| party["state"].as_str().expect("a state").to_owned();
        let of = |list: &str, place: usize| state(&object[list][place]);
        [state(&object["city"]), of("districts", 0), of("districts", 1), of("schools", 0), of("schools", 1), of("schools", 2)]
    }

    fn answer(&self, run: &Value, on: &str) {
        let folder = Path::new(run["run"].as_str().expect("a folder"));
        let mut text = ANSWERS.to_owned();
        for row in rows(&folder.join("findings.parquet")) {
            text += &format!("{},{},情况说明,属实,王老师,{on}\n", row["finding_id"], row["evidence_hash"]);
        }
        write_files(&self.input(), &[("核查反馈.csv", text)]);
    }
}

const SCHOOLS: [&str; 3] = ["3101010001", "3101010002", "3101010003"];

#[test]
fn schools_then_districts_then_the_city() {
    let city = City { scratch: scratch() };
    send(&city.input(), "学生十三");
    let first = city.run("2026-07-05");
    assert_eq!(first["open_findings"]["error"].as_u64(), Some(2), "{first}");
    // The case of two schools keeps both from being signed off, the exam the second; nobody's change is the city's.
    assert_eq!(city.states(), ["blocked"; 6]);
    let shown = city.signoff(&[]).out;
    for part in [
        "全市：还不能签核：未了结的必须整改 1 件，2 个区没有签核",
        "3101010001 第1小学：还不能签核：未了结的必须整改 1 件",
        "未答复的需要说明 1 件",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(city.refused(&["--school", SCHOOLS[0]]).contains("school 3101010001 can't be signed off: 1 open error"));
    assert!(city.refused(&["--school", SCHOOLS[1]]).contains("1 unanswered query"));
    assert!(city.refused(&["--school", "3101010O02"]).contains("did you mean 3101010002 第2小学?"));
    assert!(city.refused(&["--district", "东曲"]).contains("did you mean 东区?"));
    // Everything is answered.
    city.answer(&first, "2026-07-05");
    let run = city.run("2026-07-06");
    assert_eq!(run["open_findings"], serde_json::json!({}));
    assert_eq!(city.states(), ["blocked", "blocked", "blocked", "possible", "possible", "possible"]);
    assert!(city.refused(&["--district", "东区"]).contains("2 not signed off: 3101010001, 3101010002"));
    city.sign(&["--school", SCHOOLS[0], "--note", "名册已核对"]);
    assert!(city.refused(&["--school", SCHOOLS[0]]).contains("signed off already, by 赵主任"));
    city.sign(&["--school", SCHOOLS[1]]);
    assert_eq!(city.states(), ["blocked", "possible", "blocked", "signed", "signed", "possible"]);
    city.sign(&["--district", "东区"]);
    assert!(city.refused(&["--city"]).contains("the city can't be signed off: 1 not signed off: 西区"));
    city.sign(&["--school", SCHOOLS[2]]);
    city.sign(&["--district", "西区"]);
    city.sign(&["--city"]);
    assert_eq!(city.states(), ["signed"; 6]);
    // A later run of the school year changes nothing, and the file is for its owner only.
    let run = city.run("2026-07-07");
    assert_eq!(city.states(), ["signed"; 6]);
    assert!(run["life"]["signoffs_lapsed"].is_null());
    let file = city.out().join("term-end/signoffs.parquet");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_documented(&file, "signoffs");
    let signed = rows(&file);
    assert_eq!((signed.len(), signed[0]["note"].as_str(), signed[0]["school_year"].as_str()), (6, "名册已核对", "2025-2026"));
    // Taken back: what rests on it lapses with it.
    let said = city.signoff(&["--school", SCHOOLS[1], "--by", "钱老师", "--revoke"]);
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(said.out.contains("可以签核"), "{}", said.out);
    assert_eq!(city.states(), ["lapsed", "lapsed", "signed", "signed", "possible", "signed"]);
    assert!(city.refused(&["--school", SCHOOLS[1], "--revoke"]).contains("is not signed off"));
    city.sign(&["--school", SCHOOLS[1]]);
    assert_eq!(city.states(), ["signed"; 6]);
    assert_eq!(rows(&file).len(), 8);
}

#[test]
fn a_sign_off_lapses_with_what_it_rests_on() {
    let city = City { scratch: scratch() };
    send(&city.input(), "学生十三");
    city.answer(&city.run("2026-07-05"), "2026-07-05");
    city.run("2026-07-06");
    for code in SCHOOLS {
        city.sign(&["--school", code]);
    }
    city.sign(&["--district", "东区"]);
    // The name in the exam is another one again: what was explained is not what is found now.
    send(&city.input(), "学生四十");
    let run = city.run("2026-07-07");
    assert_eq!(city.states(), ["blocked", "lapsed", "possible", "signed", "lapsed", "signed"]);
    assert_eq!(run["life"]["signoffs_lapsed"], serde_json::json!(["district 东区", "school 3101010002"]));
    let shown = city.signoff(&[]).out;
    assert!(shown.contains("3101010002 第2小学：已失效（赵主任，") && shown.contains("未答复的需要说明 1 件"), "{shown}");
    assert!(city.refused(&["--school", SCHOOLS[1]]).contains("1 unanswered query"));
    // An older run is not what is signed.
    let older = std::fs::read_dir(city.out().join("term-end")).expect("runs").flatten().map(|entry| entry.path());
    let older = older.filter(|path| path.join("manifest.json").is_file()).min().expect("a run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    let said = Said::from(command.args(["signoff", "--city", "--by", "赵主任", "--run"]).arg(&older).output().expect("the program"));
    assert_eq!(said.code, Some(2));
    assert!(said.error.contains("is not the newest run"), "{}", said.error);
    // Another school year begins with nothing signed off.
    let pipeline = std::fs::read_to_string(term_end()).expect("the pipeline").replace("2025-2026", "2024-2025");
    let pipelines = crate::support::package().join("pipelines").display().to_string();
    let pipeline =
        pipeline.replace("\"calendars/", &format!("\"{pipelines}/calendars/")).replace("\"policies/", &format!("\"{pipelines}/policies/"));
    write_files(city.scratch.path(), &[("term-end.toml", pipeline)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueji"));
    command.arg("run").arg(city.scratch.path().join("term-end.toml")).args(["--as-of", "2025-07-05"]);
    let said = Said::from(command.arg("--input").arg(city.input()).arg("--out").arg(city.out()).output().expect("the program"));
    assert_eq!(said.code, Some(0), "{}", said.error);
    assert!(city.states().iter().all(|state| state != "signed" && state != "lapsed"));
}

#[test]
fn nobody_signs_while_a_run_holds_the_folder() {
    let city = City { scratch: scratch() };
    send(&city.input(), "学生13");
    city.run("2026-07-05");
    let held = Held::take(&city.out(), "term-end").expect("a folder").expect("nobody else");
    let said = city.signoff(&["--school", SCHOOLS[1], "--by", "赵主任"]);
    assert_eq!(said.code, Some(75), "{}", said.error);
    drop(held);
    city.sign(&["--school", SCHOOLS[1]]);
    // What can't be read is told, and never taken for nothing.
    std::fs::write(city.out().join("term-end/signoffs.parquet"), "PAR1 no more").expect("a file");
    assert!(city.refused(&["--school", SCHOOLS[0]]).contains("signoffs.parquet"));
    // Whoever signs has a name, and one thing is signed at a time.
    for arguments in [&["--city"][..], &["--city", "--by", " "], &["--by", "赵主任"], &["--city", "--school", "1", "--by", "赵主任"]]
    {
        assert_eq!(city.signoff(arguments).code, Some(2), "{arguments:?}");
    }
}
