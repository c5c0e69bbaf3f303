//! Where did it come from? Bytes become typed rows, findings, and the place where each row stood. The only part that opens inputs.

mod archive;
pub mod attendance;
pub mod cell;
pub mod column;
mod columnar;
mod dbase;
mod file;
mod finding;
pub(crate) mod fold;
mod gather;
mod grid;
mod headers;
mod html;
mod mend;
pub mod old;
mod opendocument;
mod part;
mod read;
mod recognise;
mod rejected;
mod room;
mod rows;
mod sent_back;
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
pub(crate) use finding::shown;
pub use headers::{Dictionary, DictionaryError, Marks, Vocabulary};
pub use mend::{CopiedCell, CopiedSheet, Mark, copy};
pub use part::RowNumbers;
pub(crate) use part::key_sets;
pub use read::{FileInfo, IngestError, Inputs, Progress, Request, Sheet, read, read_held};
pub use rejected::{RejectedFile, RejectedTable, TableOfRejected, reread};
pub(crate) use sent_back::is_added;
pub use sent_back::{ADDED, Origin, WITHDRAWN};
