//! The shared strings of a workbook, one after the other in a single text.

use std::ops::Range;

use super::xml::{Fault, Scanner, Tag, Text};

/// The shared strings; claimed counts are not looked at.
#[derive(Default)]
pub(super) struct SharedStrings {
    text: String,
    /// Where each string ends.
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Reads the part that holds them.
    pub(super) fn read(part: &str) -> Result<Self, Fault> {
        let mut strings = SharedStrings { text: String::with_capacity(part.len() / 2), ends: Vec::new() };
        let mut scanner = Scanner::new(part, 0);
        while scanner.find(b"si")? {
            if let Text::Plain(text) = rich_text(&mut scanner, &mut strings.text)? {
                strings.text.push_str(text);
            }
            let end = u32::try_from(strings.text.len()).map_err(|_| scanner.fault("文字过多"))?;
            strings.ends.push(end);
        }
        Ok(strings)
    }

    /// A string by its number.
    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.text.get(start..end)
    }
}

/// The text of the element just opened (a shared string, or an inline string): its runs one after the other, without the phonetic
/// hints of `<rPh>`. Text that has to be put together or decoded is appended to `decoded`.
pub(super) fn rich_text<'a>(scanner: &mut Scanner<'a>, decoded: &mut String) -> Result<Text<'a>, Fault> {
    let start = decoded.len();
    let mut plain = "";
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"t") => {
                let mut keep_space = false;
                while let Some((name, value)) = scanner.attribute()? {
                    keep_space |= name == b"xml:space" && value == "preserve";
                }
                // Most strings are one plain run, which can stay where it is until another follows.
                decoded.push_str(std::mem::take(&mut plain));
                let run = decoded.len();
                match scanner.text(true, decoded)? {
                    Text::Plain(text) => {
                        let text = if keep_space { text } else { text.trim_matches(SPACE) };
                        if decoded.len() == start {
                            plain = text;
                        } else {
                            decoded.push_str(text);
                        }
                    }
                    Text::Appended if !keep_space => trim_from(decoded, run),
                    Text::Appended => {}
                }
            }
            // A run: its text lies within.
            Tag::Open(b"r") => {}
            Tag::Close(b"r") => {}
            Tag::Open(_) => {
                scanner.skip_element()?;
            }
            Tag::Close(_) => break,
            Tag::End => return Err(scanner.fault("在一段文字中间断开")),
        }
    }
    Ok(if decoded.len() == start { Text::Plain(plain) } else { Text::Appended })
}

/// What XML calls space: other spaces, such as the ideographic one, belong to the text.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Trims what was appended since `start`.
fn trim_from(text: &mut String, start: usize) {
    let Range { start: first, end } = {
        let appended = text.get(start..).unwrap_or_default();
        let behind = appended.trim_start_matches(SPACE);
        start + appended.len() - behind.len()..start + appended.trim_end_matches(SPACE).len()
    };
    text.truncate(end.max(first));
    if first > start {
        text.drain(start..first);
    }
}
