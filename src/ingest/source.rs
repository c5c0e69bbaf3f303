//! Where do the bytes stand? In memory, or in a file that is too large to be held.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use sha2::{Digest, Sha256};

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 64 << 10;

/// The bytes of a file, wherever they stand.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In memory.
    Held(Bytes),
    /// In the file, which is this large.
    File(PathBuf, u64),
}

impl Source {
    /// How many bytes there are.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Source::Held(bytes) => bytes.len() as u64,
            Source::File(_, size) => *size,
        }
    }

    /// A reader of the bytes from `start` on.
    pub(crate) fn open(&self, start: u64) -> io::Result<Box<dyn ReadSeek>> {
        match self {
            Source::Held(bytes) => {
                let mut cursor = io::Cursor::new(bytes.clone());
                cursor.set_position(start);
                Ok(Box::new(cursor))
            }
            Source::File(path, _) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(start))?;
                Ok(Box::new(file))
            }
        }
    }

    /// The first bytes.
    pub(crate) fn head(&self) -> io::Result<Bytes> {
        match self {
            Source::Held(bytes) => Ok(bytes.clone()),
            Source::File(..) => {
                let mut head = Vec::new();
                self.open(0)?.take(HEAD).read_to_end(&mut head)?;
                Ok(head.into())
            }
        }
    }

    /// The hash of the content, in hexadecimal.
    pub(crate) fn sha256(&self) -> io::Result<String> {
        let mut hash = Sha256::new();
        match self {
            Source::Held(bytes) => hash.update(bytes),
            Source::File(..) => {
                let mut reader = self.open(0)?;
                let mut block = vec![0; 1 << 20];
                loop {
                    match reader.read(&mut block)? {
                        0 => break,
                        read => hash.update(block.get(..read).unwrap_or_default()),
                    }
                }
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What reads and goes to a place.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<R: Read + Seek + Send> ReadSeek for R {}

impl Length for Source {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for Source {
    type T = Box<dyn ReadSeek>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.open(start)?)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let beyond = || ParquetError::EOF(format!("{length} bytes from byte {start} on are not there"));
        let end = start.checked_add(length as u64).filter(|end| *end <= self.size()).ok_or_else(beyond)?;
        match self {
            Source::Held(bytes) => match (usize::try_from(start), usize::try_from(end)) {
                (Ok(start), Ok(end)) => Ok(bytes.slice(start..end)),
                _ => Err(beyond()),
            },
            Source::File(..) => {
                let mut bytes = vec![0; length];
                self.open(start)?.read_exact(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }
}
