//! Which encoding is a text in? Nothing in the file says so; its bytes do.

use std::borrow::Cow;

use bytes::Bytes;
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use super::DAMAGED;
use super::parts::{BLOCK, Blocks};
use crate::ingest::room::Refusal;
use crate::ingest::source::Source;

const BINARY: &str = "不是文本，也不是能识别的表格文件";

/// Decodes a text that is held whole, by what the bytes are: UTF-16, UTF-8, else GB18030.
pub(crate) fn decode(bytes: &Bytes) -> Result<String, Refusal> {
    if let Some(encoding) = utf16(bytes)? {
        return Ok(decode_utf16(bytes, encoding)?);
    }
    let (text, damage) = survey(&Source::Held(bytes.clone()))?.decode(bytes);
    if damage.is_grave() { Err(DAMAGED.into()) } else { Ok(text.into_owned()) }
}

pub(super) fn decode_utf16(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Result<String, &'static str> {
    let (text, damaged) = encoding.decode_with_bom_removal(bytes);
    if damaged && Damage::of(&text).is_grave() { Err(DAMAGED) } else { Ok(text.into_owned()) }
}

/// Which UTF-16 a text is in, by its mark or by where zero bytes stand, which no other text has.
pub(super) fn utf16(bytes: &[u8]) -> Result<Option<&'static encoding_rs::Encoding>, &'static str> {
    match bytes.get(..2) {
        Some(b"\xFF\xFE") => return Ok(Some(UTF_16LE)),
        Some(b"\xFE\xFF") => return Ok(Some(UTF_16BE)),
        _ => {}
    }
    let head = bytes.get(..4096).unwrap_or(bytes);
    let (mut even, mut odd) = (0usize, 0usize);
    for (place, byte) in head.iter().enumerate() {
        if *byte == 0 {
            *(if place % 2 == 0 { &mut even } else { &mut odd }) += 1;
        }
    }
    match (even, odd) {
        // A few may stand in any text.
        (even, odd) if (even + odd) * 40 <= head.len() => Ok(None),
        (even, odd) if odd > even * 10 => Ok(Some(UTF_16LE)),
        (even, odd) if even > odd * 10 => Ok(Some(UTF_16BE)),
        _ => Err(BINARY),
    }
}

/// An encoding whose line ends and quotes are those of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Gb18030,
}

impl Encoding {
    /// The text of some bytes, and how much of it is damaged.
    pub(crate) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, Damage) {
        match self {
            Encoding::Utf8 => match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), Damage::default()),
                Err(_) => (String::from_utf8_lossy(bytes), Damage::default()),
            },
            Encoding::Gb18030 => {
                let (text, damaged) = GB18030.decode_without_bom_handling(bytes);
                let damage = if damaged { Damage::of(&text) } else { Damage::default() };
                (text, damage)
            }
        }
    }
}

/// Characters that could not be read, and characters beyond ASCII in all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Damage {
    replaced: usize,
    all: usize,
}

impl Damage {
    pub(super) fn of(text: &str) -> Self {
        text.chars().filter(|character| !character.is_ascii()).fold(Self::default(), |damage, character| Self {
            replaced: damage.replaced + usize::from(character == '\u{FFFD}'),
            all: damage.all + 1,
        })
    }

    /// Counts what is broken in UTF-8; gives the bytes counted, which are all but a character of the next block's begun at the end.
    fn count_broken_utf8(&mut self, block: &[u8], is_last: bool) -> usize {
        let whole = match simdutf8::compat::from_utf8(block) {
            Ok(_) => Some(block.len()),
            Err(error) if !is_last && error.error_len().is_none() => Some(error.valid_up_to()),
            Err(_) => None,
        };
        if let Some(read) = whole {
            // Every character beyond ASCII begins with one such byte.
            self.all += block.iter().take(read).filter(|byte| **byte >= 0xC0).count();
            return read;
        }
        let mut read = 0;
        for chunk in block.utf8_chunks() {
            let (valid, broken) = (chunk.valid(), chunk.invalid());
            self.all += valid.chars().filter(|character| !character.is_ascii()).count();
            read += valid.len();
            let is_begun = || std::str::from_utf8(broken).is_err_and(|error| error.error_len().is_none());
            if !is_last && read + broken.len() == block.len() && is_begun() {
                return read;
            }
            read += broken.len();
            let is_broken = usize::from(!broken.is_empty());
            self.replaced += is_broken;
            self.all += is_broken;
        }
        read
    }

    pub(super) fn add(&mut self, other: Self) {
        self.replaced += other.replaced;
        self.all += other.all;
    }

    /// Whether the text is more likely no text at all.
    pub(super) fn is_grave(self) -> bool {
        self.replaced > 5 && self.replaced * 20 > self.all
    }
}

/// Which encoding bytes in memory are in.
pub(crate) fn encoding_of(bytes: &Bytes) -> Encoding {
    survey(&Source::Held(bytes.clone())).unwrap_or(Encoding::Gb18030)
}

/// Which encoding a text is in: UTF-8, be it with some broken bytes, else GB18030, which read as UTF-8 is broken nearly everywhere.
pub(super) fn survey(source: &Source) -> Result<Encoding, Refusal> {
    /// Broken places by which there is no doubt any more.
    const ENOUGH: usize = 1000;
    let mut damage = Damage::default();
    match source {
        Source::Held(bytes) if simdutf8::basic::from_utf8(bytes).is_ok() => {}
        Source::Held(bytes) => {
            let mut rest: &[u8] = bytes;
            while damage.replaced < ENOUGH && !rest.is_empty() {
                let block = rest.get(..BLOCK).unwrap_or(rest);
                let read = damage.count_broken_utf8(block, block.len() == rest.len());
                rest = rest.get(read..).unwrap_or_default();
            }
        }
        Source::File(..) => {
            let mut blocks = Blocks::open(source)?;
            while damage.replaced < ENOUGH && blocks.fill(BLOCK)? {
                let read = damage.count_broken_utf8(&blocks.held, blocks.is_last);
                blocks.pass(read);
            }
        }
    }
    let is_utf8 = damage.replaced == 0 || damage.replaced * 10 < damage.all;
    Ok(if is_utf8 { Encoding::Utf8 } else { Encoding::Gb18030 })
}
