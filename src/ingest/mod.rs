//! Where did it come from? Bytes become typed rows, findings, and the place where each row stood. The only part that opens inputs.

mod archive;
pub mod attendance;
pub mod cell;
pub mod column;
mod columnar;
pub mod columns;
mod dbase;
mod file;
mod finding;
pub(crate) mod fold;
mod gather;
mod grid;
pub mod guide;
mod headers;
mod html;
mod mend;
pub mod old;
mod opendocument;
mod own;
mod part;
mod read;
mod recognise;
mod room;
mod rows;
mod sheet;
mod sniff;
mod source;
pub mod table;
#[cfg(test)]
mod testing;
mod text;
mod value;
mod walk;
pub mod workbook;

pub use columnar::TRUTH;
pub use file::{guarded, keep_damage_quiet};
pub use finding::CellFinding;
pub(crate) use headers::words_of;
pub use headers::{Dictionary, DictionaryError, Marks, Vocabulary};
pub use mend::{CopiedCell, CopiedSheet, Mark, copy};
pub use own::REPORT_MARK;
pub use part::RowNumbers;
pub use read::{FileInfo, IngestError, Inputs, Progress, Report, Request, Sheet, read, read_held};
pub(crate) use value::expectation;
