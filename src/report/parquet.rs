//! Parquet as the contract wants it: zstd, row groups of one size, no embedded Arrow schema, nothing that changes from run to run.
//!
//! Row groups are encoded by whoever makes their rows, in parallel, and written in order. With a key at hand the columns that are somebody's are
//! encrypted (Parquet modular encryption, AES-256-GCM), each with a key of its own; footer and other columns stay open, so that whoever only
//! counts needs no key.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::encryption::decrypt::{FileDecryptionProperties, KeyRetriever};
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescriptor};
use rayon::prelude::*;

use super::keys::{self, Key, KeyError};
use crate::ingest::guarded;

/// Rows of a row group.
pub const ROW_GROUP: usize = 131_072;

/// The columns that queries narrow down by: only these get statistics.
const LOOKED_UP: [&str; 7] = ["student_key", "student_id", "district", "school_code", "grade", "outcome", "code"];

/// Row numbers mostly follow each other: their differences are small, and take less time to pack than the numbers to compress.
const ROW_NUMBERS: [&str; 2] = ["evidence.list.element.row", "evidence.list.element.row_last"];

/// The columns that say who somebody is, or may: names, ids, hashes of ids, and what is quoted from inputs. Names of files
/// stand in the manifest too, and are no secret.
const PERSONAL: [&str; 16] = [
    "student_key",
    "student_id",
    "person_key",
    "name",
    "student_name",
    "affects",
    "affects_name",
    "finding_id",
    "evidence_hash",
    "answer_evidence_hash",
    "answer_note",
    "answered_by",
    "message",
    "found",
    "expected",
    "reasons_text",
];
/// The files of run folders that hold such columns; what a command writes elsewhere is for whoever asked for it.
const OF_PEOPLE: [&str; 5] = ["decisions/1", "findings/1", "finding_history/1", "matches/1", "positions/1"];
/// The entry of the metadata that names the key of an encrypted file.
const ENCRYPTED: &str = "xueji.encrypted";

/// What a file's metadata names beside its schema: things that follow from inputs and program, never a run, a time or a path.
#[derive(Clone, Debug)]
pub struct Names {
    /// The schema, such as `decisions/1`.
    pub schema: &'static str,
    /// The policy and its version.
    pub policy: String,
}

/// What a column of a file is encrypted with.
fn column_key(key: &Key, column: &str) -> Vec<u8> {
    key.of(&format!("parquet column {column}")).to_vec()
}

fn footer_key(key: &Key) -> Vec<u8> {
    key.of("parquet footer").to_vec()
}

/// How the columns of a file that are somebody's are encrypted; `None` without a key, and for a file without such columns.
fn encryption(names: &Names, schema: &SchemaDescriptor) -> Result<Option<Arc<FileEncryptionProperties>>, ParquetError> {
    let Some(key) = keys::at_hand().filter(|_| OF_PEOPLE.contains(&names.schema)) else { return Ok(None) };
    let paths = schema.columns().iter().map(|column| column.path().string());
    let personal: Vec<String> = paths.filter(|path| PERSONAL.contains(&path.as_str())).collect();
    if personal.is_empty() {
        return Ok(None);
    }
    let mut builder =
        FileEncryptionProperties::builder(footer_key(key)).with_plaintext_footer(true).with_footer_key_metadata(key.mark().into());
    for column in personal {
        builder = builder.with_column_key_and_metadata(&column, column_key(key, &column), column.clone().into());
    }
    builder.build().map(Some)
}

/// Gives each column of a file its key.
struct Keys(&'static Key);

impl KeyRetriever for Keys {
    fn retrieve_key(&self, of: &[u8]) -> Result<Vec<u8>, ParquetError> {
        match std::str::from_utf8(of) {
            Ok(column) if PERSONAL.contains(&column) => Ok(column_key(self.0, column)),
            _ => Ok(footer_key(self.0)),
        }
    }
}

/// The metadata of a published file, with what opens its encrypted columns.
///
/// # Errors
/// It is no Parquet, or encrypted with a key that is not at hand.
pub fn metadata(file: &File, what: &Path) -> Result<ArrowReaderMetadata, ParquetError> {
    let open = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    let Some(mark) = key_of(&open) else { return Ok(open) };
    let what = what.file_name().unwrap_or_default().to_string_lossy();
    let key = keys::with_mark(&mark, &what).map_err(|error| ParquetError::General(error.to_string()))?;
    let decryption = FileDecryptionProperties::with_key_retriever(Arc::new(Keys(key))).build()?;
    ArrowReaderMetadata::load(file, ArrowReaderOptions::new().with_file_decryption_properties(decryption))
}

/// The mark of the key of an encrypted file.
pub fn key_of(metadata: &ArrowReaderMetadata) -> Option<String> {
    let entries = metadata.metadata().file_metadata().key_value_metadata()?;
    entries.iter().find(|entry| entry.key == ENCRYPTED)?.value.clone()
}

/// The mark of the key of a file; `None` where it is not encrypted, or can't be read.
pub fn key_of_file(path: &Path) -> Option<String> {
    key_of(&ArrowReaderMetadata::load(&File::open(path).ok()?, ArrowReaderOptions::new()).ok()?)
}

/// Whether a run can be read: its decisions are not encrypted, or with the key at hand. What is damaged is told where it is needed.
///
/// # Errors
/// They are encrypted with a key that is not at hand.
pub fn can_open(run: &Path, what: &str) -> Result<(), KeyError> {
    let decisions = run.join("decisions.parquet");
    let Some(mark) = guarded(|| key_of_file(&decisions)).flatten() else { return Ok(()) };
    keys::with_mark(&mark, what).map(drop)
}

/// Opens a published file.
///
/// # Errors
/// It is not there, no Parquet, or encrypted with a key that is not at hand.
pub fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, ParquetError> {
    let file = File::open(path)?;
    let metadata = metadata(&file, path)?;
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
}

fn properties(names: &Names, schema: &SchemaDescriptor, plain: &[&str], bloom: &[&str]) -> Result<WriterProperties, ParquetError> {
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let mut entries =
        vec![entry("xueji.schema", names.schema), entry("xueji.policy", &names.policy), entry("xueji.program", env!("CARGO_PKG_VERSION"))];
    let encryption = encryption(names, schema)?;
    if let Some(key) = keys::at_hand().filter(|_| encryption.is_some()) {
        entries.push(entry(ENCRYPTED, &key.mark()));
    }
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(format!("xueji {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(entries));
    for column in LOOKED_UP {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk);
    }
    for column in ROW_NUMBERS {
        let path = ColumnPath::from(column.split('.').map(str::to_owned).collect::<Vec<_>>());
        properties = properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    for column in plain {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*column), false);
    }
    // A filter would say of anybody whether they are there.
    for column in bloom.iter().filter(|_| encryption.is_none()) {
        properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(*column), true);
    }
    if let Some(encryption) = encryption {
        properties = properties.with_file_encryption_properties(encryption);
    }
    Ok(properties.build())
}

/// A file whose row groups are encoded elsewhere.
pub struct Groups {
    writer: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
}

/// An encoded row group.
pub struct Encoded(Vec<ArrowColumnChunk>);

/// Encodes row groups; any thread may.
pub struct Encoder<'a> {
    factory: &'a ArrowRowGroupWriterFactory,
    schema: &'a SchemaRef,
}

impl Groups {
    /// Creates the file. Columns in `plain` are written without a dictionary, those in `bloom` get a Bloom filter.
    ///
    /// # Errors
    /// The file can't be created.
    pub fn create(path: &Path, schema: &SchemaRef, names: &Names, plain: &[&str], bloom: &[&str]) -> Result<Self, ParquetError> {
        let parquet_schema = ArrowSchemaConverter::new().convert(schema)?;
        let properties = Arc::new(properties(names, &parquet_schema, plain, bloom)?);
        let writer = SerializedFileWriter::new(File::create(path)?, parquet_schema.root_schema_ptr(), properties)?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
        Ok(Self { writer, factory, schema: Arc::clone(schema) })
    }

    /// What encodes row groups for this file.
    pub fn encoder(&self) -> Encoder<'_> {
        Encoder { factory: &self.factory, schema: &self.schema }
    }

    /// Encodes and writes the next row group, its columns side by side.
    ///
    /// # Errors
    /// The rows do not fit the schema, or the disk refuses.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        let columns = self.encoder().columns(self.written(), batch)?;
        let encoded = columns.into_par_iter().map(encode).collect::<Result<_, _>>()?;
        self.write(Encoded(encoded))
    }

    /// How many row groups are written.
    pub fn written(&self) -> usize {
        self.writer.flushed_row_groups().len()
    }

    /// Writes the next row group.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&mut self, group: Encoded) -> Result<(), ParquetError> {
        let mut row_group = self.writer.next_row_group()?;
        for column in group.0 {
            column.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        Ok(())
    }

    /// Ends the file and waits until it is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(self) -> Result<(), ParquetError> {
        self.writer.into_inner()?.sync_all()?;
        Ok(())
    }
}

impl Encoder<'_> {
    /// Encodes one row group, by its place among those of the file, from 0.
    ///
    /// # Errors
    /// The rows do not fit the schema.
    pub fn encode(&self, group: usize, batch: &RecordBatch) -> Result<Encoded, ParquetError> {
        // Whoever encodes several groups side by side holds no more of them than there are threads.
        Ok(Encoded(self.columns(group, batch)?.into_iter().map(encode).collect::<Result<_, _>>()?))
    }

    /// The columns of a row group, each with what encodes it.
    fn columns(&self, group: usize, batch: &RecordBatch) -> Result<Vec<(ArrowLeafColumn, ArrowColumnWriter)>, ParquetError> {
        let mut writers = self.factory.create_column_writers(group)?.into_iter();
        let mut columns = Vec::new();
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, column)? {
                let writer = writers.next().ok_or_else(|| ParquetError::General("more columns than the schema has".into()))?;
                columns.push((leaf, writer));
            }
        }
        Ok(columns)
    }
}

fn encode((leaf, mut writer): (ArrowLeafColumn, ArrowColumnWriter)) -> Result<ArrowColumnChunk, ParquetError> {
    writer.write(&leaf)?;
    writer.close()
}

/// Writes a table that is at hand.
///
/// # Errors
/// The rows do not fit the schema, or the disk refuses.
pub fn write(path: &Path, batch: &RecordBatch, names: &Names, plain: &[&str]) -> Result<(), ParquetError> {
    let mut groups = Groups::create(path, &batch.schema(), names, plain, &[])?;
    for begin in (0..batch.num_rows()).step_by(ROW_GROUP) {
        groups.append(&batch.slice(begin, ROW_GROUP.min(batch.num_rows() - begin)))?;
    }
    groups.finish()
}
