//! Archives that are written to a disk that may be full. The library that packs them prints past our log when it is dropped after a fault, so it
//! is never told of one: the first fault is kept, and what comes after it goes nowhere.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rust_xlsxwriter::{Workbook, XlsxError};

/// A writer that keeps its first fault until it is asked.
#[derive(Debug)]
pub struct Discreet<W> {
    inner: W,
    fault: Option<io::Error>,
}

impl<W: Write> Discreet<W> {
    /// Around a writer.
    pub fn new(inner: W) -> Self {
        Self { inner, fault: None }
    }

    /// The writer, with everything written to it.
    ///
    /// # Errors
    /// The fault that was kept.
    pub fn finish(mut self) -> io::Result<W> {
        self.keep(|inner| inner.flush());
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.inner),
        }
    }

    fn keep(&mut self, write: impl FnOnce(&mut W) -> io::Result<()>) {
        if self.fault.is_none() {
            self.fault = write(&mut self.inner).err();
        }
    }
}

impl<W: Write> Write for Discreet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.keep(|inner| inner.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.keep(|inner| inner.flush());
        Ok(())
    }
}

/// Saves a workbook in a file.
///
/// # Errors
/// It can't be made, or the disk refuses.
pub fn save(book: &mut Workbook, path: &Path) -> Result<(), XlsxError> {
    let mut writer = Discreet::new(BufWriter::new(File::create(path)?));
    let made = book.save_to_writer(&mut writer);
    // A disk that refuses is the reason for whatever else went wrong.
    writer.finish()?;
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Small(usize);

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_fault_is_told_at_the_end_and_not_before() {
        let mut writer = Discreet::new(Small(4));
        for bytes in [&b"abc"[..], b"de", b"f"] {
            writer.write_all(bytes).unwrap();
        }
        assert_eq!(writer.finish().map(|_| ()).map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        let mut writer = Discreet::new(Small(4));
        writer.write_all(b"abcd").unwrap();
        assert_eq!(writer.finish().unwrap().0, 0);
    }

    #[test]
    fn a_workbook_that_finds_no_room_is_a_fault_and_one_that_does_is_whole() {
        let mut book = Workbook::new();
        book.add_worksheet().write(0, 0, "学籍").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.xlsx");
        save(&mut book, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), book.save_to_buffer().unwrap());
        assert!(matches!(save(&mut book, folder.path()), Err(XlsxError::IoError(_))));
        #[cfg(target_os = "linux")]
        assert!(matches!(save(&mut book, Path::new("/dev/full")), Err(XlsxError::IoError(_))));
    }
}
