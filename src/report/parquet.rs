//! Parquet as the contract wants it: zstd, row groups of one size, no embedded Arrow schema, nothing that changes from run to run.
//!
//! Row groups are encoded by whoever makes their rows, in parallel, and written in order.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

/// Rows of a row group.
pub const ROW_GROUP: usize = 131_072;

/// The columns that queries narrow down by: only these get statistics.
const LOOKED_UP: [&str; 7] = ["student_key", "student_id", "district", "school_code", "grade", "outcome", "code"];

/// Row numbers mostly follow each other: their differences are small, and take less time to pack than the numbers to compress.
const ROW_NUMBERS: [&str; 2] = ["evidence.list.element.row", "evidence.list.element.row_last"];

/// What a file's metadata names beside its schema: things that follow from inputs and program, never a run, a time or a path.
#[derive(Clone, Debug)]
pub struct Names {
    /// The schema, such as `decisions/1`.
    pub schema: &'static str,
    /// The policy and its version.
    pub policy: String,
}

fn properties(names: &Names, plain: &[&str], bloom: &[&str]) -> Result<WriterProperties, ParquetError> {
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(format!("xueji {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            entry("xueji.schema", names.schema),
            entry("xueji.policy", &names.policy),
            entry("xueji.program", env!("CARGO_PKG_VERSION")),
        ]));
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
    for column in bloom {
        properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(*column), true);
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
        let properties = Arc::new(properties(names, plain, bloom)?);
        let parquet_schema = ArrowSchemaConverter::new().with_coerce_types(properties.coerce_types()).convert(schema)?;
        let writer = SerializedFileWriter::new(File::create(path)?, parquet_schema.root_schema_ptr(), properties)?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
        Ok(Self { writer, factory, schema: Arc::clone(schema) })
    }

    /// What encodes row groups for this file.
    pub fn encoder(&self) -> Encoder<'_> {
        Encoder { factory: &self.factory, schema: &self.schema }
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
    /// Encodes one row group.
    ///
    /// # Errors
    /// The rows do not fit the schema.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Encoded, ParquetError> {
        let mut writers = self.factory.create_column_writers(0)?.into_iter();
        let mut chunks = Vec::new();
        for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, column)? {
                let Some(mut writer) = writers.next() else { return Err(ParquetError::General("more columns than the schema has".into())) };
                writer.write(&leaf)?;
                chunks.push(writer.close()?);
            }
        }
        Ok(Encoded(chunks))
    }
}

/// Writes a small table at once.
///
/// # Errors
/// The rows do not fit the schema, or the disk refuses.
pub fn write(path: &Path, batch: &RecordBatch, names: &Names, plain: &[&str]) -> Result<(), ParquetError> {
    let options = parquet::arrow::arrow_writer::ArrowWriterOptions::new().with_skip_arrow_metadata(true).with_properties(properties(
        names,
        plain,
        &[],
    )?);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path)?, batch.schema(), options)?;
    writer.write(batch)?;
    writer.into_inner()?.sync_all()?;
    Ok(())
}
