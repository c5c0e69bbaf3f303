//! Where can a text be cut? Into parts that end with a record, a few of which are in memory at a time.

use std::io::Read;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

use super::{HEAD, UNREADABLE};
use crate::ingest::room::Refusal;
use crate::ingest::source::{ReadSeek, Source};

/// Larger files are read in parts of this size, whatever the number of threads.
pub(super) const PART: usize = if cfg!(test) { 64 * 1024 } else { 8 * 1024 * 1024 };
/// A record that is longer is none: a line end is missing, or a quote.
pub(super) const LONGEST: usize = if cfg!(test) { 1024 * 1024 } else { 4 * 1024 * 1024 };
/// Parts of a file that are in memory at a time.
pub(super) const PARTS: usize = 4;
/// How much of a file is looked at in one go.
pub(super) const BLOCK: usize = 1 << 20;

const TOO_LONG: &str = "有一条记录过长，可能缺少换行，或引号不成对";

/// A file read block by block; what is left of one stands at the begin of the next.
pub(super) struct Blocks {
    reader: Box<dyn ReadSeek>,
    pub(super) held: Vec<u8>,
    pub(super) is_last: bool,
}

impl Blocks {
    pub(super) fn open(source: &Source) -> Result<Self, Refusal> {
        let reader = source.open(0).map_err(|_| UNREADABLE)?;
        Ok(Self { reader, held: Vec::new(), is_last: false })
    }

    /// Reads on until so many bytes are held, or all that there are; whether there are any.
    pub(super) fn fill(&mut self, size: usize) -> Result<bool, Refusal> {
        let lacking = size.saturating_sub(self.held.len()) as u64;
        if !self.is_last && lacking > 0 {
            let read = (&mut self.reader).take(lacking).read_to_end(&mut self.held).map_err(|_| UNREADABLE)?;
            self.is_last = (read as u64) < lacking;
        }
        Ok(!self.held.is_empty())
    }

    pub(super) fn pass(&mut self, read: usize) {
        self.held.drain(..read.min(self.held.len()));
    }
}

/// The parts of a text: about the same size, each ending with a record.
pub(super) struct Parts {
    blocks: Option<Blocks>,
    held: Bytes,
    has_quotes: bool,
}

impl Parts {
    /// The parts from byte `start` on.
    pub(super) fn open(source: &Source, start: usize, has_quotes: bool) -> Result<Self, Refusal> {
        match source {
            Source::Held(bytes) => Ok(Self { blocks: None, held: bytes.slice(start.min(bytes.len())..), has_quotes }),
            Source::File(..) => {
                let mut blocks = Blocks::open(source)?;
                blocks.fill(HEAD)?;
                blocks.pass(start);
                Ok(Self { blocks: Some(blocks), held: Bytes::new(), has_quotes })
            }
        }
    }

    /// The next parts; none at the end.
    pub(super) fn next(&mut self) -> Result<Vec<Bytes>, Refusal> {
        let mut is_last = true;
        if let Some(blocks) = &mut self.blocks {
            blocks.fill(PART * PARTS + LONGEST)?;
            is_last = blocks.is_last;
            let ends = cut(&blocks.held, self.has_quotes, is_last)?;
            let left = blocks.held.split_off(ends.last().copied().unwrap_or(0));
            self.held = std::mem::replace(&mut blocks.held, left).into();
        }
        let ends = cut(&self.held, self.has_quotes, is_last)?;
        let begins = [0].into_iter().chain(ends.iter().copied());
        let parts = begins.zip(&ends).map(|(begin, end)| self.held.slice(begin..*end)).collect();
        self.held = Bytes::new();
        Ok(parts)
    }
}

/// Where parts end, each with a record; what is left at the end is one too if it is the last.
fn cut(bytes: &[u8], has_quotes: bool, is_last: bool) -> Result<Vec<usize>, &'static str> {
    let (mut ends, mut begin) = (Vec::new(), 0);
    let quotes = |from: usize, to: usize| if has_quotes { memchr_iter(b'"', bytes.get(from..to).unwrap_or_default()).count() } else { 0 };
    while bytes.len() - begin > PART {
        let mut end = begin + PART;
        let mut open = quotes(begin, end);
        loop {
            let next = memchr(b'\n', bytes.get(end..).unwrap_or_default()).map(|place| end + place + 1);
            let reached = next.unwrap_or(bytes.len());
            if reached - begin > PART + LONGEST {
                return Err(TOO_LONG);
            }
            open += quotes(end, reached);
            end = reached;
            match next {
                Some(_) if open % 2 == 1 => {}
                Some(_) => break,
                None if is_last => break,
                None => return Ok(ends),
            }
        }
        ends.push(end);
        begin = end;
    }
    if is_last && begin < bytes.len() {
        ends.push(bytes.len());
    }
    Ok(ends)
}

/// How many quotes there are.
pub(super) fn count_quotes(source: &Source) -> Result<usize, Refusal> {
    match source {
        Source::Held(bytes) => Ok(memchr_iter(b'"', bytes).count()),
        Source::File(..) => {
            let mut blocks = Blocks::open(source)?;
            let mut quotes = 0;
            while blocks.fill(BLOCK)? {
                quotes += memchr_iter(b'"', &blocks.held).count();
                blocks.held.clear();
            }
            Ok(quotes)
        }
    }
}
