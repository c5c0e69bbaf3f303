//! A run from files to published results.

use crate::support::{rows, scratch, try_run, write_files};

const ROSTER: &str = "全国学籍号,姓名,区,学校代码,年级,班级,学籍状态,小学入学年月\n\
    L310101201601010011,林一,示例区,3101010001,三,1,在读,202309\n";

#[test]
fn a_roster_alone_is_enough_for_primary_school() {
    let folder = scratch();
    write_files(&folder.path().join("in"), &[("roster.csv", ROSTER)]);
    let published = try_run(&folder.path().join("in"), &folder.path().join("out")).unwrap();
    let decisions = rows(&published.folder.join("decisions.parquet"));
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0]["outcome"], "promote");
    assert_eq!(decisions[0]["next_grade"], "4");
    assert_eq!(decisions[0]["clauses"], "A20.1");
    assert!(!decisions[0].contains_key("certificate"));
}

#[test]
fn ids_that_look_alike_when_masked_are_two_findings() {
    let scratch = scratch();
    let input = scratch.path().join("in");
    // Two wrong ids of one region and ending, with the same result: nothing but the hidden digits tells them apart.
    let results = |id: &str| format!("全国学籍号,学年,科目,学年总评\n{id},2025-2026,语文,合格\n");
    let files = [
        ("名册.csv", "全国学籍号,姓名,区,学校代码,年级,班级,学籍状态\nL310101201601010011,林一,示例区,3101010001,三,1,在读\n".to_owned()),
        ("一校/成绩.csv", results("G310101201601010012")),
        ("二校/成绩.csv", results("G310101201607070012")),
    ];
    write_files(&input, &files);
    let run = try_run(&input, &scratch.path().join("out")).expect("a run");
    let findings = rows(&run.folder.join("findings.parquet"));
    let wrong: Vec<_> =
        findings.iter().filter(|row| row["code"] == "I0205").map(|row| (row["file"].as_str(), row["count"].as_str())).collect();
    assert_eq!(wrong, [("一校/成绩.csv", "1"), ("二校/成绩.csv", "1")]);
}
