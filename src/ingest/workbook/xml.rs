//! Reads the XML of workbook parts tag by tag: borrows everything, allocates nothing, never panics.
//!
//! A general XML reader hands out every text and every name through events; a sheet has several of them a cell and needs few. This
//! one goes from tag to tag, and looks at attributes and text only when asked. Names come without their namespace prefix. It
//! checks only as much of the form as it needs to notice a part that breaks off.

use memchr::{memchr, memchr2, memchr3, memmem};

/// What is wrong with a part, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte within the part.
    pub(super) at: usize,
    /// What is wrong there.
    pub(super) what: &'static str,
}

/// A start tag, an end tag (an empty element gives both), or the end of the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    Open(&'a [u8]),
    Close(&'a [u8]),
    End,
}

/// Text that stands in the part as it is, or that had to be decoded and was appended to the given string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text<'a> {
    Plain(&'a str),
    Appended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between tags.
    Content,
    /// Within a start tag, behind its name or an attribute.
    StartTag,
    /// Behind an empty element, whose end is still to be told.
    EmptyElement,
}

/// Goes through a part from tag to tag.
pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    state: State,
    /// The element opened last.
    name: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// Begins at a byte of the part.
    pub(super) fn new(text: &'a str, position: usize) -> Self {
        Scanner { text, bytes: text.as_bytes(), position, state: State::Content, name: b"" }
    }

    /// A fault at the place reached.
    pub(super) fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.position, what }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// What is still ahead, if the scanner stands between tags.
    #[inline]
    pub(super) fn ahead(&self) -> &'a str {
        if self.state == State::Content { self.text.get(self.position..).unwrap_or_default() } else { "" }
    }

    /// Passes so many bytes of what is ahead, which end with a tag.
    #[inline]
    pub(super) fn pass(&mut self, length: usize) {
        self.position += length;
    }

    /// The next tag, whatever stands before it.
    #[inline]
    pub(super) fn next_tag(&mut self) -> Result<Tag<'a>, Fault> {
        if self.state == State::StartTag {
            self.finish_start_tag()?;
        }
        if self.state == State::EmptyElement {
            self.state = State::Content;
            return Ok(Tag::Close(self.name));
        }
        loop {
            // Most often a tag follows the one before at once.
            if self.bytes.get(self.position) != Some(&b'<') {
                match memchr(b'<', self.rest()) {
                    Some(offset) => self.position += offset,
                    None => {
                        self.position = self.bytes.len();
                        return Ok(Tag::End);
                    }
                }
            }
            match self.bytes.get(self.position + 1) {
                Some(b'/') => return Ok(Tag::Close(self.end_tag()?)),
                Some(b'!' | b'?') => {
                    self.declaration()?;
                }
                _ => {
                    self.position += 1;
                    self.name = self.tag_name()?;
                    self.state = State::StartTag;
                    return Ok(Tag::Open(self.name));
                }
            }
        }
    }

    /// A tag's name without its prefix; leaves the position behind it.
    #[inline]
    fn tag_name(&mut self) -> Result<&'a [u8], Fault> {
        let mut start = self.position;
        let mut end = start;
        loop {
            match self.bytes.get(end) {
                Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n') => break,
                Some(b':') => start = end + 1,
                Some(_) => {}
                None => return Err(self.fault("在标记中间断开")),
            }
            end += 1;
        }
        self.position = end;
        Ok(self.bytes.get(start..end).unwrap_or_default())
    }

    /// The end tag at the position.
    #[inline]
    fn end_tag(&mut self) -> Result<&'a [u8], Fault> {
        self.position += 2;
        let name = self.tag_name()?;
        match self.bytes.get(self.position) {
            Some(b'>') => self.position += 1,
            _ => self.skip_past(b">")?,
        }
        Ok(name)
    }

    fn skip_past(&mut self, end: &[u8]) -> Result<(), Fault> {
        let offset = memmem::find(self.rest(), end).ok_or_else(|| self.fault("在标记或注释中间断开"))?;
        self.position += offset + end.len();
        Ok(())
    }

    /// Passes a comment, an instruction, a document type or a CDATA section; gives the text of the latter.
    fn declaration(&mut self) -> Result<Option<&'a str>, Fault> {
        const CDATA: &[u8] = b"<![CDATA[";
        let rest = self.rest();
        if rest.starts_with(b"<?") {
            self.skip_past(b"?>")?;
        } else if rest.starts_with(b"<!--") {
            self.position += 4;
            self.skip_past(b"-->")?;
        } else if rest.starts_with(CDATA) {
            let start = self.position + CDATA.len();
            self.position = start;
            self.skip_past(b"]]>")?;
            return Ok(self.text.get(start..self.position - 3));
        } else {
            // The declarations within a document type hold `>` too; no workbook has a reason for one, so its entities stay unknown.
            match memchr2(b'[', b'>', rest) {
                Some(offset) if rest.get(offset) == Some(&b'[') => self.skip_past(b"]")?,
                _ => {}
            }
            self.skip_past(b">")?;
        }
        Ok(None)
    }

    /// The next attribute of the start tag just read: its name with its prefix, and its value as it stands.
    #[inline]
    pub(super) fn attribute(&mut self) -> Result<Option<(&'a [u8], &'a str)>, Fault> {
        if self.state != State::StartTag {
            return Ok(None);
        }
        let start = loop {
            match self.bytes.get(self.position) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.position += 1,
                Some(b'>') => {
                    self.position += 1;
                    self.state = State::Content;
                    return Ok(None);
                }
                Some(b'/') => {
                    self.position += 1;
                    if self.bytes.get(self.position) == Some(&b'>') {
                        self.position += 1;
                        self.state = State::EmptyElement;
                        return Ok(None);
                    }
                }
                Some(_) => break self.position,
                None => return Err(self.fault("在标记中间断开")),
            }
        };
        let mut end = start;
        while let Some(byte) = self.bytes.get(end)
            && !matches!(byte, b'=' | b'>' | b'<' | b' ' | b'\t' | b'\r' | b'\n')
        {
            end += 1;
        }
        let mut equals = false;
        self.position = end;
        let quote = loop {
            match self.bytes.get(self.position) {
                Some(b'=') if !equals => equals = true,
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                Some(quote @ (b'"' | b'\'')) if equals => break *quote,
                _ => return Err(self.fault("属性没有值")),
            }
            self.position += 1;
        };
        let value = self.position + 1;
        // Values are a few bytes long: a plain loop finds the end sooner than a search made for long texts.
        let length = self.bytes.get(value..).unwrap_or_default().iter().position(|byte| *byte == quote);
        let length = length.ok_or_else(|| self.fault("在标记中间断开"))?;
        self.position = value + length + 1;
        let name = self.bytes.get(start..end).unwrap_or_default();
        Ok(Some((name, self.text.get(value..value + length).unwrap_or_default())))
    }

    /// Passes what is left of a start tag.
    #[inline]
    fn finish_start_tag(&mut self) -> Result<(), Fault> {
        // The usual tag has nothing left.
        if self.bytes.get(self.position) == Some(&b'>') {
            self.position += 1;
            self.state = State::Content;
            return Ok(());
        }
        while self.attribute()?.is_some() {}
        Ok(())
    }

    /// Passes the element just opened with all it holds; says whether it holds anything.
    #[inline]
    pub(super) fn skip_element(&mut self) -> Result<bool, Fault> {
        let mut depth = 0_usize;
        let mut holds = false;
        loop {
            match self.next_tag()? {
                Tag::Open(_) => {
                    holds = true;
                    depth += 1;
                }
                Tag::Close(_) => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return Ok(holds),
                },
                Tag::End => return Err(self.fault("内容没有结束")),
            }
        }
    }

    /// Goes to the start of the next element of that name, however deep; `false` at the end of the part.
    pub(super) fn find(&mut self, name: &[u8]) -> Result<bool, Fault> {
        loop {
            match self.next_tag()? {
                Tag::Open(found) if found == name => return Ok(true),
                Tag::End => return Ok(false),
                _ => {}
            }
        }
    }

    /// The text of the element just opened; leaves the position behind its end tag. `escapes`: whether `_x000D_` stands for a
    /// character.
    #[inline]
    pub(super) fn text(&mut self, escapes: bool, decoded: &mut String) -> Result<Text<'a>, Fault> {
        if self.state == State::StartTag {
            self.finish_start_tag()?;
        }
        if self.state == State::EmptyElement {
            self.state = State::Content;
            return Ok(Text::Plain(""));
        }
        let start = self.position;
        let length = memchr(b'<', self.rest()).ok_or_else(|| self.fault("内容没有结束"))?;
        let end = start + length;
        let raw = self.text.get(start..end).unwrap_or_default();
        self.position = end;
        if self.bytes.get(end + 1) == Some(&b'/') {
            self.end_tag()?;
            if !needs_decoding(raw, escapes) {
                return Ok(Text::Plain(raw));
            }
            decode(raw, escapes, decoded);
            return Ok(Text::Appended);
        }
        decode(raw, escapes, decoded);
        self.mixed_text(escapes, decoded)?;
        Ok(Text::Appended)
    }

    /// The rest of a text with comments, CDATA sections or (wrongly) elements in it.
    fn mixed_text(&mut self, escapes: bool, decoded: &mut String) -> Result<(), Fault> {
        loop {
            let length = memchr(b'<', self.rest()).ok_or_else(|| self.fault("内容没有结束"))?;
            decode(self.text.get(self.position..self.position + length).unwrap_or_default(), escapes, decoded);
            self.position += length;
            match self.bytes.get(self.position + 1) {
                Some(b'/') => {
                    self.end_tag()?;
                    return Ok(());
                }
                Some(b'!' | b'?') => {
                    if let Some(literal) = self.declaration()? {
                        decode_escapes(literal, escapes, decoded);
                    }
                }
                _ => {
                    self.next_tag()?;
                    self.skip_element()?;
                }
            }
        }
    }
}

/// Whether a text differs from what it stands for.
#[inline]
fn needs_decoding(raw: &str, escapes: bool) -> bool {
    if escapes { memchr3(b'&', b'\r', b'_', raw.as_bytes()).is_some() } else { memchr2(b'&', b'\r', raw.as_bytes()).is_some() }
}

/// An attribute's value with its entities and escapes decoded.
pub(super) fn attribute_text(raw: &str) -> String {
    let mut decoded = String::new();
    decode(raw, true, &mut decoded);
    decoded
}

/// Appends what a raw text stands for: entities, escapes, and line ends as XML has them read.
fn decode(raw: &str, escapes: bool, decoded: &mut String) {
    let mut rest = raw;
    while let Some(offset) = memchr3(b'&', b'\r', if escapes { b'_' } else { b'&' }, rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(offset).unwrap_or((rest, ""));
        decoded.push_str(before);
        let (character, length) = match from.as_bytes().first() {
            Some(b'&') => entity(from),
            Some(b'\r') => Some(('\n', if from.starts_with("\r\n") { 2 } else { 1 })),
            _ => escape(from),
        }
        // What stands for nothing else stands for itself.
        .unwrap_or_else(|| (from.chars().next().unwrap_or_default(), 1));
        decoded.push(character);
        rest = from.get(length..).unwrap_or_default();
    }
    decoded.push_str(rest);
}

/// Appends a literal text, in which only escapes stand for something else.
fn decode_escapes(literal: &str, escapes: bool, decoded: &mut String) {
    let mut rest = literal;
    while escapes && let Some((before, _)) = rest.split_once('_') {
        decoded.push_str(before);
        let from = rest.get(before.len()..).unwrap_or_default();
        let (character, length) = escape(from).unwrap_or(('_', 1));
        decoded.push(character);
        rest = from.get(length..).unwrap_or_default();
    }
    decoded.push_str(rest);
}

/// The entity at the start of a text and its length.
fn entity(from: &str) -> Option<(char, usize)> {
    // The longest that means anything is `&#x10FFFF;`; zeros may lead.
    let window = from.as_bytes().get(..from.len().min(32))?;
    let end = memchr(b';', window)?;
    let name = from.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, end + 1))
}

/// The escape such as `_x000D_` at the start of a text and its length; half a pair gives U+FFFD.
fn escape(from: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("_x")?.get(..4)?;
        let whole = digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.as_bytes().get(6) == Some(&b'_');
        if whole { u16::from_str_radix(digits, 16).ok() } else { None }
    };
    const LENGTH: usize = "_x000D_".len();
    let first = unit(from)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((character, LENGTH));
    }
    if let Some(second) = from.get(LENGTH..).and_then(unit)
        && let Some(Ok(character)) = char::decode_utf16([first, second]).next()
    {
        return Some((character, 2 * LENGTH));
    }
    Some((char::REPLACEMENT_CHARACTER, LENGTH))
}
