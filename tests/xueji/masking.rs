//! No number of an ID document is shown whole, wherever inputs put it: every output and everything said is searched for every number.

use calamine::{Reader, Xlsx, open_workbook};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{package, rows, scratch, term_end, write_files};
use crate::workbooks::visible_cells;

/// Runs the program; gives all that it said.
fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(arguments).output().expect("the program");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// What a workbook that goes back says beside the sender's own cells, which stand in it as they came.
fn said_of_returned(file: &Path) -> String {
    let mut workbook: Xlsx<_> = open_workbook(file).expect("a workbook");
    let mut texts = String::new();
    for (name, range) in workbook.worksheets() {
        texts.push_str(&name);
        let own = range.cells().find(|(.., cell)| **cell == *"问题代码").map_or(0, |(_, column, _)| column);
        range.cells().filter(|(_, column, _)| *column >= own).for_each(|(.., cell)| texts.push_str(&format!("\n{cell}")));
    }
    texts
}

/// All files of a run but the Parquet files, in which whole numbers stand, and their names.
fn outputs(run: &Path) -> String {
    let mut texts = String::new();
    for entry in std::fs::read_dir(run).expect("a run") {
        let file: PathBuf = entry.expect("an entry").path();
        texts.push_str(&file.file_name().expect("a name").to_string_lossy());
        if file.is_dir() {
            texts.push_str(&outputs(&file));
            continue;
        }
        if file.ancestors().any(|folder| folder.ends_with("returned")) {
            texts.push_str(&said_of_returned(&file));
            continue;
        }
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => {}
            Some("xlsx") => texts.push_str(&visible_cells(&file).join("\n")),
            _ => texts.push_str(&std::fs::read_to_string(&file).expect("a text")),
        }
    }
    texts
}

fn assert_masked(texts: &str, numbers: &[String], what: &str) {
    for number in numbers {
        if let Some(place) = texts.find(number.as_str()) {
            let begin = texts[..place].char_indices().rev().nth(40).map_or(0, |(begin, _)| begin);
            panic!("{what} shows {number} whole: …{}", &texts[begin..place + number.len()]);
        }
    }
}

/// Everything that can be asked of a folder of inputs, and the run that comes of it.
fn ask_everything(input: &Path, out: &Path, numbers: &[String]) {
    let pipeline = term_end();
    let run = ["run", path(&pipeline), "--input", path(input), "--out", path(out)];
    assert_masked(&said(&run), numbers, "a run");
    assert_masked(&said(&[&run[..], &["--json"]].concat()), numbers, "a run as JSON");
    let latest = std::fs::read_to_string(out.join("term-end/latest")).expect("a published run");
    let folder = out.join("term-end").join(latest.trim());
    assert_masked(&outputs(&folder), numbers, "an output");
    for finding in rows(&folder.join("findings.parquet")) {
        for column in ["message", "found", "expected"] {
            assert_masked(finding.get(column).map_or("", String::as_str), numbers, column);
        }
    }
    assert_masked(&said(&["check", path(input)]), numbers, "a check");
    assert_masked(&said(&["check", path(input), "--json"]), numbers, "a check as JSON");
    for number in numbers.iter().step_by(numbers.len().div_ceil(12)) {
        assert_masked(&said(&["explain", number, "--run", path(&folder)]), numbers, "an explanation");
        let mistyped: String = number.chars().take(17).collect();
        assert_masked(&said(&["explain", &mistyped, "--run", path(&folder), "--json"]), numbers, "an explanation as JSON");
    }
}

#[test]
fn no_number_of_the_sample_district_is_shown_whole() {
    let scratch = scratch();
    let sample = package().join("sample-data");
    let decisions = rows(&package().join("reports/sample/decisions.parquet"));
    let keys = decisions.iter().map(|decision| decision["student_key"].as_str()).filter(|key| !key.contains(':'));
    let numbers: Vec<String> = keys.map(|key| key[1..].to_owned()).collect();
    assert!(numbers.len() > 500);
    ask_everything(&sample, scratch.path(), &numbers);
}

#[test]
fn no_number_is_shown_whole_wherever_it_is_put() {
    let scratch = scratch();
    let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
    let numbers = ["11010519491231002X", "310104201309010017", "310104201309010025", "310104200901010020"].map(str::to_owned);
    let [first, second, third, fourth] = &numbers;
    let roster = "全国学籍号,姓名,证件类型,证件号码,区,学校代码,学校名称,年级,班级,学籍状态,备注";
    let roster = format!(
        "{first}名册\n{roster}{second}\nG{first},张{second},居民身份证,{first},示例区,3101010001,示例小学{third},三,{fourth},在读,x\n\
         L{second},{third},{fourth},{second}1,{first},{third},示例小学,三年级{fourth},1,在读{first},x\n\
         ,李四{fourth},身份证,{third},示例区,{second},{second},四,1班,,x\nG{first},张三,,,示例区,3101010001,示例小学,五,2,在读,x\n"
    );
    let wide = format!("学籍号,督促日期,方式\n{},{second},电话{third}\n", second.replace('0', "０"));
    let page = format!("<table><tr><td>学籍号<td>督促日期<td>{second}<tr><td>{third}<td>{fourth}<td>x</table>");
    let exams = format!(
        "证件号码,姓名,科目,考试日期,考次,结果\n{fourth},{first},{third},2026-01-10,首考,{second}\n{third},王五,语文,{first},首考,合格\n"
    );
    write_files(
        &input,
        &[
            (&*format!("{first}/G{second}_名册.csv"), roster.as_bytes()),
            (&*format!("{third}.csv"), wide.as_bytes()),
            (&*format!("页{fourth}.xls"), page.as_bytes()),
            (&*format!("页{second}.xls"), page.as_bytes()),
            (&*format!("{second}物理.csv"), exams.as_bytes()),
            (&*format!("坏{second}.xlsx"), b"PK\x03\x04xl/workbook".as_slice()),
        ],
    );
    let wide_numbers = numbers.iter().map(|number| {
        number.chars().map(|digit| if digit.is_ascii_digit() { char::from_u32(digit as u32 + 0xFEE0).unwrap() } else { digit }).collect()
    });
    let all: Vec<String> = numbers.iter().cloned().chain(wide_numbers).collect();
    ask_everything(&input, &out, &all);
}
