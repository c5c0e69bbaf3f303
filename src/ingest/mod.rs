//! Where did it come from? Bytes become typed rows, findings, and the place where each row stood. The only part that opens inputs.

mod archive;
pub mod cell;
pub mod column;
mod columnar;
mod finding;
mod fold;
mod grid;
mod headers;
mod html;
pub mod old;
mod part;
mod read;
mod recognise;
mod rows;
mod sheet;
mod sniff;
pub mod table;
#[cfg(test)]
mod testing;
mod text;
mod value;
pub mod workbook;

pub use finding::CellFinding;
pub use headers::{Dictionary, DictionaryError, Marks, Vocabulary};
pub use part::RowNumbers;
pub use read::{FileInfo, IngestError, Inputs, Progress, Request, Sheet, read};
