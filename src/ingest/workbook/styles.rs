//! Which cell styles show a number as a date.

use std::collections::HashMap;

use super::xml::{Fault, Scanner, Tag, attribute_text};

/// By the number of a cell style: whether it shows a date.
#[derive(Default)]
pub(super) struct Styles {
    dates: Vec<bool>,
}

impl Styles {
    /// Reads the part that holds the styles.
    pub(super) fn read(part: &str) -> Result<Self, Fault> {
        let mut formats: HashMap<u32, bool> = HashMap::new();
        // Cell styles stand behind the formats they use, but nothing is lost by not relying on it.
        let mut cells = Vec::new();
        let mut scanner = Scanner::new(part, 0);
        loop {
            match scanner.next_tag()? {
                Tag::Open(b"numFmts") => each_child(&mut scanner, b"numFmt", |id, code| {
                    formats.entry(id).or_insert_with(|| shows_date(&code));
                })?,
                Tag::Open(b"cellXfs") => each_child(&mut scanner, b"xf", |id, _| cells.push(id))?,
                Tag::End => break,
                _ => {}
            }
        }
        let dates = cells.iter().map(|id| formats.get(id).copied().unwrap_or_else(|| built_in_date(*id))).collect();
        Ok(Styles { dates })
    }

    /// Whether a style shows a date.
    #[inline]
    pub(super) fn is_date(&self, style: usize) -> bool {
        self.dates.get(style).copied().unwrap_or(false)
    }
}

/// Hands over the format number and the format code of each child of that name.
fn each_child(scanner: &mut Scanner<'_>, name: &[u8], mut take: impl FnMut(u32, String)) -> Result<(), Fault> {
    loop {
        match scanner.next_tag()? {
            Tag::Open(found) => {
                let (mut id, mut code) = (0, String::new());
                while let Some((attribute, value)) = scanner.attribute()? {
                    match attribute {
                        b"numFmtId" => id = value.trim().parse().unwrap_or(0),
                        b"formatCode" => code = attribute_text(value),
                        _ => {}
                    }
                }
                let is_child = found == name;
                scanner.skip_element()?;
                if is_child {
                    take(id, code);
                }
            }
            Tag::Close(_) => return Ok(()),
            Tag::End => return Err(scanner.fault("在格式中间断开")),
        }
    }
}

/// Whether a format that every spreadsheet knows shows a date; 27 to 36 and 50 to 58 are those of Chinese, Japanese and Korean ones.
fn built_in_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format code shows a date: by its first section, for the others are for negative numbers, zero and text.
fn shows_date(code: &str) -> bool {
    if code.eq_ignore_ascii_case("General") || code.eq_ignore_ascii_case("Standard") {
        return false;
    }
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            // The next character is shown as it is, or as a space of its width, or repeated.
            '\\' | '_' | '*' => {
                characters.next();
            }
            '"' => {
                characters.find(|character| *character == '"');
            }
            // A colour, a condition or a language, or elapsed time such as [h].
            '[' => {
                let held: String = characters.by_ref().take_while(|character| *character != ']').collect();
                if !held.is_empty() && held.chars().all(|character| matches!(character, 'h' | 'H' | 'm' | 'M' | 's' | 'S')) {
                    return true;
                }
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | '年' | '月' | '日' => return true,
            ';' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_that_show_dates() {
        for code in ["yyyy-mm-dd", "yyyy\"年\"m\"月\"", "[$-804]yyyy年m月d日", "[h]:mm:ss", "m/d/yy h:mm;@", "[Red]d", "上午/下午h:mm"]
        {
            assert!(shows_date(code), "{code}");
        }
        for code in ["General", "GENERAL", "0.00", "#,##0_ ;[Red]-#,##0", "0\"days\"", "0\\d", "@", "", "0;yyyy", "[Blue]0", "_d0*y", "\"m"]
        {
            assert!(!shows_date(code), "{code}");
        }
    }
}
