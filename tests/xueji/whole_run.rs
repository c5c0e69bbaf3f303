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
