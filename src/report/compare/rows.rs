//! The rows of two files side by side: which of them differ, found by hashes, and what stands in those.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Int8Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::CompareError;
use crate::report::parquet as published;
use crate::report::read::{Fault, ReadError, column, selection, strings};

/// Changed rows that are held in full at a time, on each thread.
const CHUNK: usize = 1 << 15;
/// Rows hashed at a time, on each thread.
const BATCH: usize = 1 << 14;
/// Chunks that each thread works off before they are handed on.
const CHUNKS_A_THREAD: usize = 2;

/// What a comparison looks at.
pub struct Columns {
    /// The column that names a row.
    pub key: &'static str,
    /// The columns that are compared, by their paths.
    pub compared: &'static [&'static str],
    /// The columns that are read of changed rows.
    pub shown: &'static [&'static str],
}

/// A file of one of the runs.
pub struct Side {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// Where each row group begins, and where the last one ends.
    starts: Vec<usize>,
}

/// A row of one side.
#[derive(Clone, Copy)]
struct Mark {
    /// The hash of its key: so long that no two keys share one.
    key: u128,
    /// The hash of what is compared.
    content: u64,
    place: usize,
}

/// Where a row stands in the files, or in batches: before and after.
pub type Pair = (Option<usize>, Option<usize>);

/// Rows of a side that changed.
pub type Rows<'s> = (&'s Side, &'s RecordBatch);

impl Side {
    /// Opens a file.
    ///
    /// # Errors
    /// It is not there, or not Parquet.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let fault = |message: String| ReadError::File { path: path.into(), message };
        let file = File::open(path).map_err(|error| fault(error.to_string()))?;
        let metadata = published::metadata(&file, path).map_err(|error| fault(error.to_string()))?;
        let mut starts = vec![0];
        let mut end = 0;
        for group in metadata.metadata().row_groups() {
            end += usize::try_from(group.num_rows()).map_err(|error| fault(error.to_string()))?;
            starts.push(end);
        }
        Ok(Self { path: path.into(), metadata, starts })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// That the file can't be read, and why.
    pub fn fault(&self, fault: Fault) -> ReadError {
        ReadError::File { path: self.path.clone(), message: fault.to_string() }
    }

    fn group_of(&self, place: usize) -> usize {
        self.starts.partition_point(|start| *start <= place).saturating_sub(1)
    }

    fn reader<'c>(&self, group: usize, columns: impl Iterator<Item = &'c str>) -> Result<ParquetRecordBatchReaderBuilder<File>, Fault> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&self.path)?, self.metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
        Ok(builder.with_projection(mask).with_row_groups(vec![group]))
    }

    /// The marks of all rows, in the order of their keys.
    fn marks(&self, columns: &Columns) -> Result<Vec<Mark>, ReadError> {
        let groups = 0..self.starts.len().saturating_sub(1);
        let marks = groups.into_par_iter().map(|group| self.marks_of(group, columns));
        let marks: Result<Vec<Vec<Mark>>, Fault> = marks.collect();
        let mut marks = marks.map_err(|fault| self.fault(fault))?.concat();
        marks.par_sort_unstable_by_key(|mark| mark.key);
        if marks.array_windows().any(|[one, next]| one.key == next.key) {
            return Err(self.fault(format!("two rows have one {}", columns.key).into()));
        }
        Ok(marks)
    }

    fn marks_of(&self, group: usize, columns: &Columns) -> Result<Vec<Mark>, Fault> {
        let paths = [columns.key].into_iter().chain(columns.compared.iter().copied());
        let mut place = self.starts.get(group).copied().unwrap_or_default();
        let mut marks = Vec::new();
        for batch in self.reader(group, paths)?.with_batch_size(BATCH).build()? {
            let batch = batch?;
            let mut hashers = vec![DefaultHasher::new(); batch.num_rows()];
            for path in columns.compared {
                let name = path.split('.').next().unwrap_or(path);
                enter(&mut hashers, column(&batch, name)?).ok_or_else(|| format!("column {name} is not of its type"))?;
            }
            for (key, hasher) in strings(&batch, columns.key)?.iter().zip(hashers) {
                let hash = blake3::hash(key.unwrap_or_default().as_bytes());
                let key = hash.as_bytes().first_chunk().copied().map(u128::from_le_bytes).unwrap_or_default();
                marks.push(Mark { key, content: hasher.finish(), place });
                place += 1;
            }
        }
        Ok(marks)
    }

    /// The rows at places, in the order of the places.
    fn rows(&self, places: &[usize], columns: &[&str]) -> Result<RecordBatch, Fault> {
        let mut order: Vec<(usize, u64)> = places.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut batches = Vec::new();
        for own in order.chunk_by(|one, other| self.group_of(one.0) == self.group_of(other.0)) {
            let Some(group) = own.first().map(|own| self.group_of(own.0)) else { continue };
            let start = self.starts.get(group).copied().unwrap_or_default();
            let within: Vec<usize> = own.iter().map(|(place, _)| place - start).collect();
            let reader = self.reader(group, columns.iter().copied())?.with_row_selection(selection(&within)).with_batch_size(own.len());
            for batch in reader.build()? {
                batches.push(batch?);
            }
        }
        let schema = batches.first().map(RecordBatch::schema).ok_or("rows are missing")?;
        let all = concat_batches(&schema, &batches)?;
        if all.num_rows() != places.len() {
            return Err("rows are missing".into());
        }
        if order.is_sorted_by_key(|(_, wanted)| *wanted) {
            return Ok(all);
        }
        let mut indices = vec![0; order.len()];
        for ((_, wanted), own) in order.iter().zip(0..) {
            if let Some(index) = usize::try_from(*wanted).ok().and_then(|wanted| indices.get_mut(wanted)) {
                *index = own;
            }
        }
        Ok(take_record_batch(&all, &UInt64Array::from(indices))?)
    }
}

/// Enters a column's values into the hashes of their rows; `None` if it is of a type that is not compared.
fn enter(hashers: &mut [DefaultHasher], column: &dyn Array) -> Option<()> {
    match column.data_type() {
        DataType::Utf8 => {
            let texts = column.as_string_opt::<i32>()?;
            hashers.iter_mut().zip(texts).for_each(|(hasher, text)| text.hash(hasher));
        }
        DataType::Int8 => {
            let numbers = column.as_primitive_opt::<Int8Type>()?;
            hashers.iter_mut().zip(numbers).for_each(|(hasher, number)| number.hash(hasher));
        }
        DataType::List(_) => {
            let lists = column.as_list_opt::<i32>()?;
            let words = lists.values().as_string_opt::<i32>()?;
            for (hasher, ends) in hashers.iter_mut().zip(lists.value_offsets().array_windows::<2>()) {
                let [first, end] = ends.map(|end| usize::try_from(end).unwrap_or_default());
                (end - first).hash(hasher);
                (first..end).for_each(|place| words.value(place).hash(hasher));
            }
        }
        _ => return None,
    }
    Some(())
}

/// A text of a column.
pub fn text(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

/// Where the rows that differ stand: those that stand in the second file in its order, then those that stand in the first only.
fn differing(before: &[Mark], after: &[Mark]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut known = before.iter().peekable();
    for mark in after {
        while let Some(gone) = known.next_if(|own| own.key < mark.key) {
            pairs.push((Some(gone.place), None));
        }
        match known.next_if(|own| own.key == mark.key) {
            None => pairs.push((None, Some(mark.place))),
            Some(own) if own.content != mark.content => pairs.push((Some(own.place), Some(mark.place))),
            Some(_) => {}
        }
    }
    pairs.extend(known.map(|gone| (Some(gone.place), None)));
    pairs.sort_unstable_by_key(|(before, after)| (after.is_none(), *after, *before));
    pairs
}

/// Hands on the rows that differ, as `make` makes them of the rows of a chunk of pairs and of the rows before and after.
///
/// # Errors
/// A file can't be read, or a row not be taken.
pub fn changes<T: Send>(
    sides: [&Side; 2],
    columns: &Columns,
    make: impl Fn(&[Pair], [Option<Rows<'_>>; 2]) -> Result<Vec<T>, ReadError> + Sync,
    take: &mut dyn FnMut(T) -> Result<(), CompareError>,
) -> Result<(), CompareError> {
    let [before, after] = sides;
    let pairs = differing(&before.marks(columns)?, &after.marks(columns)?);
    // Rows of one row group together, so that each thread reads its own.
    let group = |pair: &Pair| match pair {
        (_, Some(place)) => (false, after.group_of(*place)),
        (Some(place), None) => (true, before.group_of(*place)),
        (None, None) => (true, 0),
    };
    let chunks: Vec<&[Pair]> = pairs.chunk_by(|one, other| group(one) == group(other)).flat_map(|own| own.chunks(CHUNK)).collect();
    let of_chunk = |chunk: &&[Pair]| {
        let read = |side: &Side, places: Vec<usize>| match places.as_slice() {
            [] => Ok(None),
            places => side.rows(places, columns.shown).map(Some).map_err(|fault| side.fault(fault)),
        };
        let rows_before = read(before, chunk.iter().filter_map(|pair| pair.0).collect())?;
        let rows_after = read(after, chunk.iter().filter_map(|pair| pair.1).collect())?;
        let (mut next_before, mut next_after) = (0.., 0..);
        let own = chunk.iter().map(|pair| (pair.0.and_then(|_| next_before.next()), pair.1.and_then(|_| next_after.next())));
        let own: Vec<Pair> = own.collect();
        make(&own, [rows_before.as_ref().map(|rows| (before, rows)), rows_after.as_ref().map(|rows| (after, rows))])
    };
    for wave in chunks.chunks(rayon::current_num_threads().max(1) * CHUNKS_A_THREAD) {
        let made: Result<Vec<Vec<T>>, ReadError> = wave.par_iter().with_max_len(1).map(of_chunk).collect();
        made?.into_iter().flatten().try_for_each(&mut *take)?;
    }
    Ok(())
}
