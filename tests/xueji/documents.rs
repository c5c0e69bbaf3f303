//! The documents of a run: whom they are about, held to the published files; what they show of texts of inputs; and how they print.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use law::facts::grades::Grade;
use serde_json::json;

use crate::browser::Browser;
use crate::site::{HOSTILE, PAPER, PHONE, pages, sample};
use crate::support::{Rows, rows, scratch, whole_run, write_files};

/// The lists by file, with the outcomes of those on them.
const LISTS: [(&str, &[&str]); 4] = [
    ("毕业生名单.html", &["graduate"]),
    ("结业肄业名单.html", &["complete", "incomplete"]),
    ("退学名单.html", &["withdraw_auto"]),
    ("录取通知书失效名单.html", &["admission_void"]),
];
const LETTERS: &str = "督促通知书.html";

/// A student's key as people may see it.
fn masked(key: &str) -> String {
    if key.contains(':') { key.to_owned() } else { format!("{}**********{}", &key[..7], &key[17..]) }
}

/// A text without marks and with its signs as they are.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut is_inside = false;
    for letter in html.chars() {
        match letter {
            '<' => is_inside = true,
            '>' => is_inside = false,
            _ if !is_inside => text.push(letter),
            _ => {}
        }
    }
    let signs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    signs.iter().fold(text, |text, (code, sign)| text.replace(code, sign))
}

/// The cells of the rows of a list.
fn listed(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a list");
    let rows = text.split("<tr><td class=\"n\">").skip(1).map(|rest| rest.split("</tr>").next().unwrap_or_default());
    rows.map(|row| row.split("</td>").map(plain).collect()).collect()
}

fn class(decision: &BTreeMap<String, String>) -> String {
    let grade = decision.get("grade").and_then(|grade| grade.parse().ok()).and_then(Grade::new).map_or("年级不明", Grade::title);
    let class = decision.get("class").map_or("", String::as_str);
    if class.is_empty() || class.ends_with('班') { format!("{grade}{class}") } else { format!("{grade}{class}班") }
}

/// The folder of a school's documents.
fn folder(run: &Path, decision: &BTreeMap<String, String>) -> PathBuf {
    run.join("documents").join(&decision["district"]).join(&decision["school_code"])
}

/// Holds the lists of all schools to the decisions; gives how many students are on each.
fn assert_listed(run: &Path, decisions: &Rows) -> BTreeMap<&'static str, usize> {
    let folders: BTreeSet<PathBuf> = decisions.iter().map(|decision| folder(run, decision)).collect();
    let mut students = BTreeMap::new();
    for own in &folders {
        let here = || decisions.iter().filter(|decision| folder(run, decision) == *own);
        for (file, outcomes) in LISTS {
            let mut asked: Vec<_> = here().filter(|decision| outcomes.contains(&decision["outcome"].as_str())).collect();
            // Nothing but grade, class and key may order people.
            let order = |own: &BTreeMap<String, String>| {
                let number = |name: &str| own.get(name).and_then(|text| text.parse::<i64>().ok());
                (number("grade"), own.get("class").cloned(), own["student_key"].clone())
            };
            asked.sort_by_key(|decision| order(decision));
            *students.entry(file).or_default() += asked.len();
            let path = own.join(file);
            assert_eq!(path.is_file(), !asked.is_empty(), "{}", path.display());
            if asked.is_empty() {
                continue;
            }
            let shown = listed(&path);
            assert_eq!(shown.len(), asked.len(), "{}", path.display());
            for (cells, decision) in shown.iter().zip(&asked) {
                let expected = [class(decision), decision["name"].clone(), masked(&decision["student_key"])];
                assert_eq!(cells[1..4], expected, "{}", path.display());
                let certificate = decision.get("certificate").map_or("", String::as_str);
                let word = if certificate == "毕业" { "毕业证书" } else { certificate };
                assert!(cells[4].contains(word), "{cells:?}: {certificate}");
                for clause in decision["clauses"].split(';') {
                    assert!(cells[5].contains(clause), "{cells:?}: {clause}");
                }
            }
            let page = std::fs::read_to_string(run.join(format!("pages/{}/{}.html", asked[0]["district"], asked[0]["school_code"])));
            let title = file.trim_end_matches(".html");
            assert!(page.expect("a page").contains(&format!("{title}</a>（{} 名）", asked.len())), "the school's page leads to it");
        }
    }
    students
}

#[test]
fn lists_of_the_years_end_hold_whom_a_query_gives() {
    let (_out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let students = assert_listed(&published.folder, &decisions);
    assert!(students["毕业生名单.html"] > 100 && students["结业肄业名单.html"] > 10 && students["退学名单.html"] > 1, "{students:?}");
    let letters = pages(&published.folder.join("documents"));
    assert!(!letters.iter().any(|path| path.ends_with(LETTERS)), "nobody is urged when the year is over");
    for (school, capitals) in [("3101990005", "2026 届高中毕业生名单"), ("3101990001", "2026 届小学毕业生名单")] {
        let text = std::fs::read_to_string(published.folder.join("documents/示例区").join(school).join("毕业生名单.html"));
        let text = text.expect("a list");
        let number = listed(&published.folder.join("documents/示例区").join(school).join("毕业生名单.html")).len();
        assert!(text.contains(capitals) && text.contains(&format!("（{number} 名）")), "{school}");
    }
}

#[test]
fn letters_go_to_exactly_those_to_urge() {
    let (_out, published) = sample("pipelines/status-watch.toml", "2026-06-12");
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let students = assert_listed(&published.folder, &decisions);
    assert_eq!(students["毕业生名单.html"], 0);
    let folders: BTreeSet<PathBuf> = decisions.iter().map(|decision| folder(&published.folder, decision)).collect();
    let mut letters = 0;
    for own in folders {
        let here = |decision: &&BTreeMap<String, String>| folder(&published.folder, decision) == own;
        let asked: Vec<_> = decisions.iter().filter(here).filter(|decision| decision["outcome"] == "urge").collect();
        let path = own.join(LETTERS);
        assert_eq!(path.is_file(), !asked.is_empty(), "{}", path.display());
        if asked.is_empty() {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("letters");
        let shown: Vec<&str> = text.split("<article class=\"letter\">").skip(1).collect();
        assert_eq!(shown.len(), asked.len(), "{}", path.display());
        for (letter, decision) in shown.iter().zip(&asked) {
            let letter = plain(letter);
            for wanted in [&decision["name"], &masked(&decision["student_key"]), &class(decision), &decision["judged_on"]] {
                assert!(letter.contains(wanted.as_str()), "{wanted} is not in {letter}");
            }
            // What was missed, in the values of the steps.
            match decision["clauses"].as_str() {
                "A8.3" => assert!(letter.contains("本学期至今没有办理注册手续") && letter.contains("2026-04-02"), "{letter}"),
                "A34.3" => assert!(letter.contains("2026-05-06至2026-06-12，29个上课日") && letter.contains("学籍视为中断"), "{letter}"),
                "A37.3" => assert!(letter.contains("2026-05-06至2026-06-12，29个上课日") && letter.contains("自动退学"), "{letter}"),
                other => panic!("the test knows no letter for {other}"),
            }
            assert_eq!(letter.matches("回执").count(), 2, "{letter}");
            letters += 1;
        }
    }
    assert_eq!(letters, 3);
}

/// How many pages a document prints on.
fn printed(browser: &mut Browser, path: &Path) -> usize {
    browser.show_as("print", "light");
    browser.widen(PAPER);
    browser.open(path);
    assert_eq!(browser.value("document.documentElement.scrollWidth"), json!(PAPER), "{}: too wide for the paper", path.display());
    let cut = "[...document.querySelectorAll('table, pre, p, li, td, th')].filter((own) => own.scrollWidth > own.clientWidth + 1 && own.clientWidth > 0).map((own) => own.textContent.slice(0, 40))";
    assert_eq!(browser.value(cut), json!([]), "{}: something is cut", path.display());
    let data = browser.ask("Page.printToPDF", json!({ "preferCSSPageSize": true }));
    assert_eq!(browser.complaints, [""; 0], "{}", path.display());
    let bytes = decoded(data["data"].as_str().expect("a document"));
    let starts = |word: &[u8]| bytes.windows(word.len()).filter(|own| *own == word).count();
    starts(b"/Type /Page") - starts(b"/Type /Pages")
}

/// The bytes of a text in base 64.
fn decoded(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values = text.bytes().filter_map(|byte| alphabet.iter().position(|own| *own == byte));
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_usize, 0);
    for value in values {
        (held, bits) = (held << 6 | value, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

#[test]
fn documents_print_with_nothing_cut() {
    let Some(mut browser) = Browser::start() else { return };
    for (pipeline, as_of) in [("pipelines/term-end.toml", "2026-07-05"), ("pipelines/status-watch.toml", "2026-06-12")] {
        let (_out, published) = sample(pipeline, as_of);
        for path in pages(&published.folder.join("documents")) {
            let pages = printed(&mut browser, &path);
            let text = std::fs::read_to_string(&path).expect("a document");
            if path.ends_with(LETTERS) {
                assert_eq!(pages, text.matches("<article").count(), "{}: a page a student", path.display());
            } else {
                assert!(pages >= text.matches("<section").count(), "{}: a page a stage", path.display());
            }
        }
    }
}

#[test]
fn hostile_texts_stay_texts_on_paper() {
    let scratch = scratch();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let long = "长".repeat(4_000);
    let names: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str(), "赵好\u{1}"]).collect();
    let mut roster = String::from("全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n");
    let mut evaluations = String::from("全国学籍号,学年,思想品德与行为规范\n");
    let mut registrations = String::from("全国学籍号,学年,学期,注册日期\n");
    for (number, name) in names.iter().enumerate() {
        let id = format!("L31010120160101{number:04}");
        let (district, school) = (quoted("../区<b>"), quoted("校/</h1><script>window.owned=1</script>"));
        roster.push_str(&format!("{id},{},{district},3101010001,{school},五,{},在读,202109\n", quoted(name), quoted("1<i>")));
        evaluations.push_str(&format!("{id},2025-2026,合格\n"));
        // The last one alone has registered.
        let registered = if number + 1 == names.len() { "2026-02-26" } else { "" };
        registrations.push_str(&format!("{id},2025-2026,2,{registered}\n"));
    }
    let input = scratch.path().join("in");
    write_files(&input, &[("名册.csv", roster), ("综合素质评价.csv", evaluations), ("学期注册.csv", registrations)]);
    let mut browser = Browser::start();
    let runs = [
        ("pipelines/term-end.toml", "2026-07-05", "毕业生名单.html", names.len()),
        ("pipelines/status-watch.toml", "2026-06-12", LETTERS, names.len() - 1),
    ];
    for (pipeline, as_of, file, students) in runs {
        let published = whole_run(pipeline, std::slice::from_ref(&input), as_of, &scratch.path().join("out"));
        let documents = pages(&published.folder.join("documents"));
        assert!(documents.len() == 1 && documents[0].ends_with(file), "{documents:?}");
        let text = std::fs::read_to_string(&documents[0]).expect("a document");
        let own = if file == LETTERS { text.matches("<article").count() } else { listed(&documents[0]).len() };
        assert_eq!(own, students);
        assert!(!text.contains("<script") && !text.contains("<img") && !text.contains(['\u{202e}', '\u{1}']), "{text}");
        assert!(!text.contains(&"长".repeat(300)), "a name of 4,000 characters is cut");
        let mut evidence = Vec::new();
        for decision in rows(&published.folder.join("decisions.parquet")) {
            let path = scratch.path().join(format!("{}.html", evidence.len()));
            let (run, file) = (published.folder.to_str().expect("a path"), path.to_str().expect("a path"));
            let (code, told) = said(&["explain", &decision["student_key"], "--run", run, "--page", file, "--force"]);
            assert_eq!(code, Some(0), "{told}");
            let html = std::fs::read_to_string(&path).expect("a page");
            assert!(!html.contains("<script") && !html.contains("<img") && !html.contains(['\u{202e}', '\u{1}']), "{html}");
            assert!(!html.contains(&"长".repeat(300)), "a name of 4,000 characters is cut");
            evidence.push(path);
        }
        assert_eq!(evidence.len(), names.len());
        let Some(browser) = &mut browser else { continue };
        assert!(evidence.iter().all(|path| printed(browser, path) == 1));
        let pages = printed(browser, &documents[0]);
        assert!(if file == LETTERS { pages == students } else { pages <= 2 }, "{file}: {pages} pages");
        assert_eq!(browser.value("typeof window.owned"), json!("undefined"));
        browser.show_as("screen", "light");
        browser.widen(PHONE);
        assert_eq!(browser.value("document.documentElement.scrollWidth"), json!(PHONE));
    }
}

/// Runs the program; its exit code and all that it said.
fn said(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// The steps of a decision, as `explain --json` gives them from the published file.
fn steps(key: &str, run: &str) -> Vec<serde_json::Value> {
    let (code, text) = said(&["explain", key, "--run", run, "--json"]);
    assert_eq!(code, Some(0), "{text}");
    let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    object["reasons"].as_array().expect("reasons").clone()
}

#[test]
fn a_page_of_evidence_says_each_step_of_the_decision() {
    let mut browser = Browser::start();
    let runs = [
        ("pipelines/term-end.toml", "2026-07-05", ["graduate", "complete", "withdraw_auto", "undetermined", "incomplete"].as_slice()),
        ("pipelines/status-watch.toml", "2026-06-12", ["urge", "interrupt", "warn", "normal"].as_slice()),
    ];
    for (pipeline, as_of, outcomes) in runs {
        let (out, published) = sample(pipeline, as_of);
        let run = published.folder.to_str().expect("a path");
        let decisions = rows(&published.folder.join("decisions.parquet"));
        let findings = rows(&published.folder.join("findings.parquet"));
        for outcome in outcomes {
            let decision = decisions.iter().rfind(|decision| decision["outcome"] == *outcome).expect("a student");
            let key = &decision["student_key"];
            let path = out.path().join(format!("{outcome}.html"));
            let file = path.to_str().expect("a path");
            let (code, told) = said(&["explain", key, "--run", run, "--page", file]);
            assert_eq!(code, Some(0), "{told}");
            let html = std::fs::read_to_string(&path).expect("a page");
            let text = plain(&html);
            for wanted in [&decision["name"], &masked(key), &decision["school_name"], &class(decision), &published.manifest.policy.hash] {
                assert!(text.contains(wanted.as_str()), "{outcome}: {wanted} is missing");
            }
            let steps = steps(key, run);
            for step in &steps {
                for part in ["value", "threshold"] {
                    let wanted = step[part].as_str().unwrap_or_default();
                    assert!(text.contains(wanted), "{outcome}: {part} {wanted} is missing");
                }
                let sentence = step["text"].as_str().expect("a sentence");
                assert!(text.contains(sentence.split('；').next().expect("a sentence")), "{outcome}: {sentence} is missing");
            }
            let marks = [("✓ 成立", json!(true)), ("✗ 不成立", json!(false)), ("? 待核", json!(null))];
            for (mark, holds) in marks {
                let number = steps.iter().filter(|step| step["code"] != "change" && step["holds"] == holds).count();
                assert_eq!(html.matches(&format!("<td>{mark}</td>")).count(), number, "{outcome}: {mark}");
            }
            for finding in findings.iter().filter(|own| own.get("student_key") == Some(key) && own["code"] != "I0303") {
                assert!(text.contains(&finding["code"]) && text.contains(&finding["message"]), "{outcome}: {finding:?}");
                assert!(finding.get("row").is_none_or(|row| text.contains(&format!("!{row}"))), "{outcome}: {finding:?}");
            }
            for decision in &decisions {
                let key = &decision["student_key"];
                assert!(key.contains(':') || !html.contains(&key[1..]), "a whole number");
            }
            assert!(!html.contains("<script") && !html.contains("href=") && !html.contains("src="), "it loads nothing");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = std::fs::metadata(&path).expect("a page").permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
            if let Some(browser) = &mut browser {
                let pages = printed(browser, &path);
                assert_eq!(pages, 1, "{outcome}");
            }
        }
        if pipeline.contains("watch") {
            let text = std::fs::read_to_string(out.path().join("urge.html")).expect("a page");
            assert!(text.contains("<pre>") && text.contains("︿"), "the term is drawn");
        }
    }
}

#[test]
fn a_page_is_not_written_over_another_unasked() {
    let (out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    let run = published.folder.to_str().expect("a path");
    let key = &rows(&published.folder.join("decisions.parquet"))[0]["student_key"];
    let path = out.path().join("page.html");
    let file = path.to_str().expect("a path");
    std::fs::write(&path, "mine").expect("a file");
    let (code, told) = said(&["explain", key, "--run", run, "--page", file]);
    assert!(code == Some(2) && told.contains("--force"), "{told}");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "mine");
    let (code, told) = said(&["explain", key, "--run", run, "--page", file, "--force"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(std::fs::read_to_string(&path).expect("a page").starts_with("<!doctype html>"));
    let nowhere = out.path().join("nowhere/page.html");
    let (code, told) = said(&["explain", key, "--run", run, "--page", nowhere.to_str().expect("a path")]);
    assert!(code == Some(2) && told.contains("can't write"), "{told}");
    let (code, told) = said(&["explain", key, "--run", run, "--force"]);
    assert!(code == Some(2) && told.contains("--page"), "{told}");
}
