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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_known_again_and_nothing_else_is_it() {
        assert!(is_mark(REPORT_MARK) && is_mark("Xueji报表, 不作为数据读入 "));
        assert!(!is_mark("") && !is_mark("报表") && !is_mark("xueji 报表") && !is_mark("xueji 报表，不作为数据读入的说明"));
    }
}
