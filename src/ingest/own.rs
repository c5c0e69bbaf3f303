//! Is it a sheet of our own reports? Such a sheet tells people something, comes back with the answers, and is no data.

use super::fold;

/// What stands in the head of each sheet of a report that is not to be read, in a column that is hidden. A cell outlives every program
/// that saves the sheet again, and nobody types this by chance.
pub const REPORT_MARK: &str = "xueji 报表，不作为数据读入";

/// Whether a text is the mark, whatever spaces and marks a program made of those in it.
pub(crate) fn is_mark(text: &str) -> bool {
    // Nearly no text is as long as that.
    text.len() >= REPORT_MARK.len() / 2 && text.len() <= REPORT_MARK.len() * 2 && fold::header(text) == fold::header(REPORT_MARK)
}

/// What the headers of our reports say of numbers that are not whole.
const MASKED: &str = "已遮盖";

/// Whether a header is one of our reports alone: nobody hands in numbers that are masked.
pub(crate) fn is_masked_column(text: &str) -> bool {
    text.contains(MASKED)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ID, codes, read_files};
    use super::*;

    #[test]
    fn a_report_is_no_table_and_answers_come_without_findings() {
        let students = format!("年级,班级,姓名,学籍号（已遮盖）,结论,学生键,{REPORT_MARK}\n五年级,1,林一,G31**17,升级,{ID},\n");
        let first = format!("第一小学,,,{REPORT_MARK}\n区：东区,,,\n工作表,多少,做什么用\n升级名单,1,{ID}\n");
        let answers = "代码,姓名,现为,应为,在哪里,处理结果,说明,finding_id,evidence_hash,facts_seal\nR0101,□,2026-07-05,#N/A,甲,误报,,0123456789abcdef,0,\n";
        let inputs = read_files(&[("a.csv", students.as_bytes()), ("b.csv", first.as_bytes()), ("c.csv", answers.as_bytes())]);
        assert_eq!(codes(&inputs), []);
        assert_eq!((inputs.sheets.len(), inputs.reports.len()), (1, 2));
        // Elsewhere the headers of answers mean nothing.
        let other = read_files(&[("d.csv", format!("学籍号,督促日期,在哪里\n{ID},2026-03-02,家\n").as_bytes())]);
        assert_eq!(codes(&other), [("I0104", None)]);
    }

    #[test]
    fn a_list_of_ours_is_no_table_without_its_hidden_columns_either() {
        let list = "区,学校代码,学校名称,年级,班级,姓名,学籍号（已遮盖）,缺少的事实\n东区,3101010001,一小,五,1,林一,G31**17,思想品德\n";
        // Answers of which nobody can say what they answer are told, and not passed over.
        let answers = "代码,姓名,学籍号（已遮盖）,现为,处理结果,说明,处理人\nR0101,林一,G31**17,甲,误报,查过,王老师\n";
        let inputs = read_files(&[("a.csv", list.as_bytes()), ("b.csv", answers.as_bytes())]);
        assert_eq!(inputs.reports.len(), 1);
        assert_eq!(codes(&inputs), [("I0103", None)]);
        assert!(inputs.findings[0].expected.contains("finding_id"));
    }

    #[test]
    fn the_mark_is_known_again_and_nothing_else_is_it() {
        assert!(is_mark(REPORT_MARK) && is_mark("Xueji报表, 不作为数据读入 "));
        assert!(!is_mark("") && !is_mark("报表") && !is_mark("xueji 报表") && !is_mark("xueji 报表，不作为数据读入的说明"));
    }
}
