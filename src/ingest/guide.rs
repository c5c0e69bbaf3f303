//! What of a workbook tells how to fill it in? The row that shows an example and the sheet that explains the columns: neither holds data.

use super::cell::Cell;
use super::fold;
use super::headers::Dictionary;

/// What the first cell of an example row begins with, in the workbooks that we hand out.
pub const EXAMPLE: &str = "示例：";

/// The head of the sheet that explains the columns, a row for each.
pub const GUIDE_HEAD: [&str; 5] = ["列名", "要求", "含义", "怎么填", "示例"];

/// What example rows begin with, as others write it; a colon follows.
const EXAMPLES: [&str; 5] = ["示例", "样例", "范例", "举例", "例"];

/// Whether a row below the header shows how to fill in a row: its first cell that is not blank says so.
pub(crate) fn is_example(cells: &[Cell<'_>]) -> bool {
    let first = cells.iter().map(|cell| fold::trimmed(cell.text)).find(|text| !text.is_empty());
    first.is_some_and(|text| {
        let after = EXAMPLES.iter().find_map(|word| text.strip_prefix(word));
        after.is_some_and(|rest| fold::trimmed(rest).starts_with(['：', ':']))
    })
}

/// Whether the rows of a sheet explain columns and do nothing else: the head of a guide, and below it rows that each begin with the name
/// of a column. Rows of one cell are titles and notes, in which nobody is named by a number.
pub(crate) fn is_guide<'t>(rows: impl Iterator<Item = Vec<&'t str>>, dictionary: &Dictionary) -> bool {
    let mut has_head = false;
    for row in rows {
        let filled: Vec<&str> = row.into_iter().map(fold::trimmed).filter(|text| !text.is_empty()).collect();
        let is_right = match *filled.as_slice() {
            [] => true,
            [note] => fold::masked(note, false) == *note,
            _ if !has_head => {
                has_head = filled == GUIDE_HEAD;
                has_head
            }
            [column, ..] => !dictionary.columns(column).is_empty(),
        };
        if !is_right {
            return false;
        }
    }
    has_head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_row_says_that_it_is_one() {
        let is = |texts: &[&str]| is_example(&texts.iter().map(|text| Cell::text(text)).collect::<Vec<_>>());
        assert!(is(&["", "示例：G310100200905060011", "张三"]));
        assert!(is(&["例: 张三"]));
        // Names of schools and people may begin so.
        assert!(!is(&["示例中学", "310101"]));
        assert!(!is(&["例"]));
        assert!(!is(&["张三", "示例：李四"]));
        assert!(!is(&[]));
    }

    #[test]
    fn a_guide_explains_columns_and_holds_nothing_else() {
        let dictionary = Dictionary::built_in().unwrap();
        let is = |rows: &[&[&str]]| is_guide(rows.iter().map(|row| row.to_vec()), &dictionary);
        let column: &[&str] = &["学籍状态", "必填", "现在的状态", "从下拉列表中选", "在读"];
        assert!(is(&[&["填写说明"], &GUIDE_HEAD, column]));
        assert!(!is(&[&["填写说明"], column]), "there is no head");
        assert!(!is(&[&GUIDE_HEAD, column, &["张三", "310101", "七年级"]]), "a record stands below");
        assert!(!is(&[&GUIDE_HEAD, column, &["G310104201309010017"]]), "somebody is named");
        assert!(!is(&[&["填写说明"]]), "nothing is explained");
    }
}
