//! The pages as people use them, in a browser; and their numbers, held to the published files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use xueji::pipeline::run::PublishedRun;

use crate::browser::Browser;
use crate::support::{copy_files, package, rows, sample_run, scratch, whole_run, write_files};

/// Width of what is printed on A4 between the margins, in a page's units: 210 mm less twice 12 mm.
pub const PAPER: u32 = 703;
/// A phone's.
pub const PHONE: u32 = 360;

/// A run of the sample district with its pages.
pub fn sample(pipeline: &str, as_of: &str) -> (TempDir, PublishedRun) {
    let out = scratch();
    let published = sample_run(pipeline, as_of, out.path());
    (out, published)
}

/// All pages below a folder.
pub fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "html") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// For every chart: its rows by label, and the rows of the table behind it by their first cell, each number under its title.
const CHARTS: &str = r#"
[...document.querySelectorAll("figure")].map((figure) => {
  const legend = [...figure.querySelectorAll(".legend li")].map((own) => own.textContent.trim());
  const chart = {};
  for (const row of figure.querySelectorAll("g[data-label]")) {
    for (const part of row.querySelectorAll("rect")) {
      const [label, title] = part.querySelector("title").textContent.split("：")[0].split("，");
      (chart[label] ??= {})[title] = Number(part.dataset.number);
    }
  }
  let table = figure.nextElementSibling;
  while (table && !table.querySelector("table")) { table = table.nextElementSibling; }
  const heads = [...table.querySelectorAll("thead th")].map((own) => own.textContent.trim());
  const rows = {};
  for (const row of table.querySelectorAll("tbody tr")) {
    const cells = [...row.children].map((own) => own.textContent.trim());
    rows[cells[0]] = Object.fromEntries(heads.slice(1).map((head, place) => [head, cells[place + 1]]));
  }
  return { title: figure.querySelector("figcaption").textContent, legend, chart, rows };
})
"#;

/// Texts that are hard to read: less contrast than 4.5 to 1.
const PALE: &str = r#"
(() => {
  const parsed = (colour) => { const own = colour.match(/[\d.]+/g).map(Number); return own.length > 3 ? own : [...own, 1]; };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((own) => { own /= 255; return own <= 0.03928 ? own / 12.92 : ((own + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let own = element; own; own = own.parentElement) {
      const colour = parsed(getComputedStyle(own).backgroundColor);
      if (colour[3] > 0) { return colour; }
    }
    return [255, 255, 255, 1];
  };
  const pale = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!own || element.closest("title, noscript") || element.getClientRects().length === 0) { continue; }
    const style = getComputedStyle(element);
    const [one, other] = [light(parsed(element instanceof SVGElement ? style.fill : style.color)), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) { pale.push(element.textContent.trim().slice(0, 20) + " " + ratio.toFixed(2)); }
  }
  return pale;
})()
"#;

#[test]
fn every_page_opens_fits_and_can_be_read() {
    let Some(mut browser) = Browser::start() else { return };
    for (pipeline, as_of) in [("pipelines/term-end.toml", "2026-07-05"), ("pipelines/district-audit.toml", "2026-06-12")] {
        let (_out, published) = sample(pipeline, as_of);
        let pages = pages(&published.folder);
        assert!(pages.len() > 8, "{pages:?}");
        for page in pages {
            let name = page.display();
            for scheme in ["light", "dark"] {
                browser.show_as("screen", scheme);
                browser.widen(1200);
                browser.open(&page);
                assert_eq!(browser.value(PALE), json!([]), "{name} {scheme}");
            }
            let ground = browser.value("getComputedStyle(document.body).backgroundColor");
            assert_ne!(ground, json!("rgb(255, 255, 255)"), "{name} stays light in the dark");
            browser.widen(PHONE);
            assert_eq!(browser.value("document.documentElement.scrollWidth"), json!(PHONE), "{name} on a phone");
            browser.show_as("print", "light");
            browser.widen(PAPER);
            assert_eq!(browser.value("document.documentElement.scrollWidth"), json!(PAPER), "{name} on paper");
            let hidden = "[...document.querySelectorAll('table')].filter((own) => own.scrollWidth > own.parentElement.clientWidth).length";
            assert_eq!(browser.value(hidden), json!(0), "{name}: a table runs over the paper");
            let printed = browser.ask("Page.printToPDF", json!({ "preferCSSPageSize": true }));
            assert!(printed["data"].as_str().is_some_and(|data| data.len() > 1_000), "{name}");
            assert_eq!(browser.complaints, [""; 0], "{name}");
        }
    }
}

#[test]
fn charts_say_what_their_tables_say() {
    let Some(mut browser) = Browser::start() else { return };
    let (_out, published) = sample("pipelines/district-audit.toml", "2026-06-12");
    browser.open(&published.folder.join("index.html"));
    let charts = browser.value(CHARTS);
    let charts = charts.as_array().expect("charts");
    assert!(charts.len() >= 4, "{charts:?}");
    let mut compared = 0;
    for chart in charts {
        for (label, parts) in chart["chart"].as_object().expect("bars") {
            for (title, number) in parts.as_object().expect("parts") {
                let cell = &chart["rows"][label][title];
                assert_eq!(cell, &json!(number.to_string()), "{}: {label} {title}", chart["title"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn the_first_page_says_what_a_query_says() {
    let (_out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&published.folder.join("index.html"));
    let tables = r#"Object.fromEntries([...document.querySelectorAll("table")].map((table) => [table.caption.textContent,
        Object.fromEntries([...table.tBodies[0].rows].map((row) => [row.cells[0].textContent, Object.fromEntries(
            [...table.tHead.rows[0].cells].map((head, place) => [head.textContent, row.cells[place].textContent]))]))]))"#;
    let tables = browser.value(tables);
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let mut grades: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut stages: BTreeMap<(String, String), u64> = BTreeMap::new();
    let title = |code: &str| {
        let outcome = law::regulation::rule::Outcome::ALL.iter().find(|outcome| outcome.code() == code);
        outcome.expect("an outcome").title().to_owned()
    };
    for row in &decisions {
        let grade = row.get("grade").and_then(|grade| grade.parse().ok()).and_then(law::facts::grades::Grade::new);
        *grades.entry((grade.map_or("年级不明", law::facts::grades::Grade::title).to_owned(), title(&row["outcome"]))).or_default() += 1;
        let stage = match row.get("stage").map(String::as_str) {
            Some("primary") => "小学",
            Some("junior") => "初中",
            Some("senior") => "高中",
            _ => "不明",
        };
        *stages.entry((title(&row["outcome"]), stage.to_owned())).or_default() += 1;
    }
    for (caption, counts) in [("各年级各种结论的学生人数", grades), ("各学段各种结论的学生人数", stages)] {
        for ((row, column), number) in &counts {
            assert_eq!(tables[caption][row][column], json!(number.to_string()), "{caption}: {row} {column}");
        }
        let told: u64 = tables[caption]
            .as_object()
            .expect("rows")
            .values()
            .flat_map(|row| row.as_object().expect("cells"))
            .map(|(head, cell)| {
                let is_sum = ["学生", "合计", "年级", "结论"].contains(&head.as_str());
                if is_sum { 0 } else { cell.as_str().and_then(|cell| cell.parse().ok()).unwrap_or(0) }
            })
            .sum();
        assert_eq!(told, decisions.len() as u64, "{caption} counts everybody once");
    }
    let findings = rows(&published.folder.join("findings.parquet"));
    let history = rows(&published.folder.join("finding_history.parquet"));
    for (severity, title) in [("error", "必须整改"), ("query", "需要说明"), ("info", "供参考")] {
        let all = findings.iter().filter(|row| row["severity"] == severity).count();
        let open =
            history.iter().filter(|row| row["severity"] == severity && !row.contains_key("review") && row["change"] != "gone").count();
        assert_eq!(tables["问题件数"][title]["件数"], json!(all.to_string()));
        assert_eq!(tables["问题件数"][title]["未了结"], json!(open.to_string()));
    }
    let shown = browser.value(
        r#"[...[...document.querySelectorAll("table")].find((own) => own.caption.textContent === "各代码的问题件数").tBodies[0].rows].map(
            (row) => [0, 2, 4].map((place) => row.cells[place].textContent).join(" ")).sort()"#,
    );
    let mut counted: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &findings {
        let title = [("error", "必须整改"), ("query", "需要说明"), ("info", "供参考")].iter().find(|(code, _)| *code == row["severity"]);
        *counted.entry((&row["code"], title.expect("a severity").1)).or_default() += 1;
    }
    let mut wanted: Vec<String> = counted.iter().map(|((code, severity), number)| format!("{code} {severity} {number}")).collect();
    wanted.sort();
    assert_eq!(shown, json!(wanted));
    assert!(counted.contains_key(&("F2206", "必须整改")) && counted.contains_key(&("F2206", "需要说明")), "one code of two severities");
}

#[test]
fn a_school_page_says_what_a_query_says() {
    let (_out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    let Some(mut browser) = Browser::start() else { return };
    let (decisions, findings) = (rows(&published.folder.join("decisions.parquet")), rows(&published.folder.join("findings.parquet")));
    let schools: std::collections::BTreeSet<&String> = decisions.iter().map(|row| &row["school_code"]).collect();
    for school in schools {
        browser.open(&published.folder.join(format!("pages/示例区/{school}.html")));
        let own = || decisions.iter().filter(|row| row["school_code"] == *school);
        assert_eq!(browser.value("document.querySelector('.tiles strong').textContent"), json!(own().count().to_string()));
        let to_act_on = ["skip", "repeat", "retain", "makeup_pending", "withdraw_auto", "incomplete", "complete", "undetermined"];
        for outcome in to_act_on {
            let number = own().filter(|row| row["outcome"] == outcome).count();
            let shown = browser.value(&format!("document.querySelectorAll('#{outcome} details').length"));
            assert_eq!(shown, json!(number), "{school} {outcome}");
        }
        let asked = |row: &&BTreeMap<String, String>| [row.get("school_code"), row.get("other_school_code")].contains(&Some(school));
        let shown = browser.value("document.querySelectorAll('tbody tr[data-item]').length");
        assert_eq!(shown, json!(findings.iter().filter(asked).count()), "{school}");
    }
}

#[test]
fn schools_and_students_are_found() {
    let Some(mut browser) = Browser::start() else { return };
    let (_out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    let index = published.folder.join("index.html");
    browser.open(&index);
    let decisions = rows(&published.folder.join("decisions.parquet"));
    let student = decisions.iter().find(|row| row["outcome"] == "undetermined" && row["name"].chars().count() > 1).expect("a student");
    browser.value("document.getElementById('find-student').focus()");
    browser.type_in(&student["name"]);
    browser.wait_for("document.querySelectorAll('#student-hits a').length > 0");
    let hits = browser.value("[...document.querySelectorAll('#student-hits a')].map((own) => [own.textContent, own.href])");
    let hit = hits
        .as_array()
        .expect("hits")
        .iter()
        .find(|hit| hit[0].as_str().is_some_and(|text| text.contains(&student["name"]) && text.contains(&student["school_name"])));
    let link = hit.unwrap_or_else(|| panic!("{} is not among {hits}", student["name"]))[1].clone();
    assert!(!link.as_str().unwrap_or_default().contains(student["student_key"].trim_start_matches(['G', 'L', 'J'])));
    browser.ask("Page.navigate", json!({ "url": link }));
    browser.wait_for(&format!("document.body?.textContent.includes({})", json!(student["name"])));
    browser.open(&index);
    browser.value("document.getElementById('find-school').focus()");
    browser.type_in(&student["school_code"]);
    browser.wait_for("document.querySelectorAll('#school-hits a').length === 1");
    assert_eq!(browser.value("document.querySelector('#school-hits a').textContent"), json!(student["school_name"]));
    browser.open(&published.folder.join(format!("pages/示例区/{}.html", student["school_code"])));
    browser.value("document.getElementById('filter').focus()");
    browser.type_in(&student["name"]);
    browser.wait_for("document.querySelectorAll('[data-item][hidden]').length > 0");
    let shown = browser.value("[...document.querySelectorAll('[data-item]:not([hidden])')].map((own) => own.textContent)");
    assert!(
        shown.as_array().is_some_and(
            |shown| !shown.is_empty() && shown.iter().all(|own| own.as_str().is_some_and(|own| own.contains(&student["name"])))
        )
    );
    assert_eq!(browser.complaints, [""; 0]);
}

#[test]
fn the_keyboard_reaches_everything() {
    let Some(mut browser) = Browser::start() else { return };
    let (_out, published) = sample("pipelines/term-end.toml", "2026-07-05");
    for page in ["index.html", "pages/示例区/_district.html", "pages/示例区/3101990005.html"] {
        browser.widen(1200);
        browser.open(&published.folder.join(page));
        browser
            .value("window.reached = new Set(); document.addEventListener('focusin', (event) => window.reached.add(event.target)); null");
        let wanted = browser.value("window.wanted = [...document.querySelectorAll('a[href], input, summary')].filter((own) => own.getClientRects().length > 0); window.wanted.length");
        let steps = wanted.as_u64().expect("a number") + 2;
        for _ in 0..steps {
            browser.press("Tab");
        }
        let missed = browser.value("window.wanted.filter((own) => !window.reached.has(own)).map((own) => own.textContent.slice(0, 30))");
        assert_eq!(missed, json!([]), "{page}");
    }
    browser.value("document.querySelector('details[data-item] summary').focus()");
    browser.press("Enter");
    browser.wait_for("document.querySelector('details[data-item]').open");
    // What is focused can be seen to be.
    assert_ne!(browser.value("getComputedStyle(document.activeElement).outlineStyle"), json!("none"));
}

/// A school whose texts would do harm if they were taken for anything but texts.
pub const HOSTILE: [&str; 6] = [
    "<script>window.owned=1</script>",
    "\"><img src=x onerror=window.owned=1>",
    "=HYPERLINK(\"http://example.invalid\")",
    "王\u{202e}小明\u{202c}",
    "{{ 7 * 7 }}</title><script>window.owned=1</script>",
    "javascript:window.owned=1",
];

#[test]
fn hostile_texts_stay_texts() {
    let scratch = scratch();
    let mut roster = String::from("全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let long = "长".repeat(4_000);
    let names = HOSTILE.iter().copied().chain([long.as_str()]);
    for (number, name) in names.enumerate() {
        let id = format!("L3101012016010100{number:02}1");
        // Without an exam a final grade of primary school lacks its evaluation: everybody is on the page.
        roster.push_str(&format!(
            "{id},{},{},3101010001,{},五,{},在读,202109\n",
            quoted(name),
            quoted("../区<b>"),
            quoted("校</h1><script>window.owned=1</script>"),
            quoted("1<i>")
        ));
    }
    write_files(&scratch.path().join("in"), &[("名册.csv", roster)]);
    let published = whole_run("pipelines/term-end.toml", &[scratch.path().join("in")], "2026-07-05", &scratch.path().join("out"));
    let pages = pages(&published.folder);
    assert_eq!(pages.len(), 3, "{pages:?}");
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page");
        assert!(!text.contains("<script>window") && !text.contains("<img") && !text.contains('\u{202e}'), "{}", page.display());
        assert!(!text.contains(&"长".repeat(300)), "a name of 4,000 characters is cut");
    }
    let Some(mut browser) = Browser::start() else { return };
    for page in &pages {
        browser.widen(PHONE);
        browser.open(page);
        assert_eq!(browser.value("typeof window.owned"), json!("undefined"), "{}", page.display());
        assert_eq!(browser.value("document.documentElement.scrollWidth"), json!(PHONE), "{}", page.display());
        let links = browser.value("[...document.querySelectorAll('a')].map((own) => own.getAttribute('href'))");
        for link in links.as_array().expect("links").iter().filter_map(Value::as_str) {
            assert!(link.starts_with('#') || !link.contains(':'), "{link}");
        }
    }
    browser.open(&published.folder.join("index.html"));
    browser.value("document.getElementById('find-student').focus()");
    browser.type_in("<sc");
    browser.wait_for("document.querySelectorAll('#student-hits a').length === 1");
    assert_eq!(browser.value("typeof window.owned"), json!("undefined"));
    let text = browser.value("document.querySelector('#student-hits a').textContent");
    assert!(text.as_str().is_some_and(|text| text.starts_with(HOSTILE[0])), "{text}");
    assert_eq!(browser.complaints, [""; 0]);
}

#[test]
fn pages_stay_small_whatever_a_school_has() {
    let scratch = scratch();
    let mut roster = String::from("全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n");
    // A final grade without any evaluation: 3,000 students of one school that can't be judged, each with findings.
    for number in 0..3_000 {
        roster
            .push_str(&format!("L31010120160101{number:04},学生{number},示例区,3101010001,示例小学,五,{},在读,202109\n", number % 60 + 1));
    }
    // And many schools in one district.
    for number in 0..1_500 {
        roster.push_str(&format!("L31010120170101{number:04},孩子{number},示例区,31020{number:05},示例第{number}小学,一,1,在读,202509\n"));
    }
    write_files(&scratch.path().join("in"), &[("名册.csv", roster)]);
    let published = whole_run("pipelines/term-end.toml", &[scratch.path().join("in")], "2026-07-05", &scratch.path().join("out"));
    let size = |path: &str| std::fs::metadata(published.folder.join(path)).expect("a page").len();
    assert!(size("index.html") < 300_000, "{}", size("index.html"));
    let school = size("pages/示例区/3101010001.html");
    assert!((200_000..500_000).contains(&school), "{school}");
    let text = std::fs::read_to_string(published.folder.join("pages/示例区/3101010001.html")).expect("a page");
    let shown = text.matches("<details data-item>").count();
    assert!(shown > 100 && text.contains(&format!("另有 {} 名", 3_000 - shown)), "{shown}: what has no room is counted");
    for page in pages(&published.folder.join("pages")) {
        assert!(std::fs::metadata(&page).expect("a page").len() < 500_000, "{}", page.display());
    }
}

#[test]
fn no_page_holds_a_whole_number_or_loads_anything() {
    let (_out, published) = sample("pipelines/district-audit.toml", "2026-06-12");
    let ids: Vec<String> =
        rows(&published.folder.join("decisions.parquet")).into_iter().filter_map(|row| row.get("student_id").cloned()).collect();
    assert!(ids.len() > 300);
    let mut files = pages(&published.folder);
    files.extend(["schools.js", "find/0.js", "site.js"].map(|file| published.folder.join("pages").join(file)));
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a page");
        for id in &ids {
            assert!(!text.contains(&id[1..]), "{} holds {id}", file.display());
        }
        assert!(!text.contains("http://") && !text.contains("https://"), "{} names an address", file.display());
    }
}

#[test]
fn a_run_is_no_input_of_the_next() {
    let scratch = scratch();
    let input = scratch.path().join("in");
    copy_files(&package().join("sample-data"), &input);
    let first = whole_run("pipelines/district-audit.toml", std::slice::from_ref(&input), "2026-06-12", &input.join("reports"));
    let copied = input.join("总表.parquet");
    std::fs::copy(first.folder.join("positions.parquet"), copied).expect("a copy");
    let second = whole_run("pipelines/district-audit.toml", &[input], "2026-06-12", &scratch.path().join("out"));
    assert_eq!(first.manifest.outcomes, second.manifest.outcomes);
    assert_eq!(first.manifest.findings, second.manifest.findings);
    // Its workbooks are read for what somebody may have answered in them.
    let mut books = second.manifest.books;
    assert!(books.remove("reviews").is_some_and(|own| own.read > 0 && own.used == 0));
    assert_eq!(first.manifest.books, books);
}

#[test]
fn a_case_of_several_schools_is_told_to_each_and_once_to_a_district() {
    let scratch = scratch();
    let mut roster = String::from("全国学籍号,姓名,区,学校代码,学校名称,年级,班级,学籍状态,小学入学年月\n");
    let mut claim = |number: u32, name: &str, district: &str, code: &str, school: &str| {
        roster.push_str(&format!("L31010120170101{number:04},{name},{district},{code},{school},二,1,在读,202409\n"));
    };
    // One child that three schools claim, two of them of one district; another that two of one district claim.
    for (district, code, school) in [("甲区", "3101010001", "甲一"), ("甲区", "3101010002", "甲二"), ("乙区", "3101020001", "乙一")]
    {
        claim(1, "钱七", district, code, school);
        claim(code.parse::<u32>().map_or(9, |code| code % 9_000 + 10), "王一", district, code, school);
    }
    for (code, school) in [("3101010001", "甲一"), ("3101010002", "甲二")] {
        claim(2, "孙八", "甲区", code, school);
    }
    write_files(&scratch.path().join("in"), &[("名册.csv", roster)]);
    let published = whole_run("pipelines/term-end.toml", &[scratch.path().join("in")], "2026-07-05", &scratch.path().join("out"));
    let page = |path: &str| std::fs::read_to_string(published.folder.join("pages").join(path)).expect("a page");
    for school in ["甲区/3101010001", "甲区/3101010002", "乙区/3101020001"] {
        let text = page(&format!("{school}.html"));
        assert_eq!(text.matches("钱七").count(), 1, "{school}");
        let own = if school.starts_with('甲') { 2 } else { 1 };
        assert!(text.contains(&format!("<strong class=\"error\">{own}</strong>")), "{school} has {own} to settle");
    }
    let (first, second) = (page("甲区/_district.html"), page("乙区/_district.html"));
    assert!(first.contains("共 2 件") && second.contains("共 1 件"));
    assert_eq!((first.matches("钱七").count(), first.matches("孙八").count(), second.matches("孙八").count()), (1, 1, 0));
}
