//! What does a Parquet file hold? Row groups side by side, each different text of a column read once.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int32Array, StringArray};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::attendance::{ArrayCounter, Counting, Digest};
use super::cell::{Cell, CellKind};
use super::headers::Vocabulary;
use super::part::{Part, RowNumbers, Settled};
use super::recognise::{Layout, recognise};
use super::room::Refusal;
use super::rows::Outcome;
use super::source::Source;
use super::table::{Holds, Table};
use super::value::{self, Context, Document, NewSubjects};

/// The schema that a sample's list of damage names.
pub const TRUTH: &str = "truth/1";

/// From so many bytes a cell on a column holds its texts one by one, and not as numbers of a dictionary.
const WRITTEN_OUT: i64 = 12;

/// Different numbers of a column that are read once each; a column of more is read cell by cell.
const DIFFERENT: i64 = 1 << 17;

/// Rows decoded at once.
const BATCH: usize = 128 * 1024;

/// Rows of attendance whose ids are decoded at once: so few that they are still at hand when they are looked at.
const COUNTED: usize = 1 << 16;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Reads a Parquet file; `names` may tell what its columns do not.
pub(crate) fn read(source: &Source, vocabulary: &Vocabulary, names: &[&str], counting: Option<&Counting<'_>>) -> Result<Outcome, Refusal> {
    read_groups(source, vocabulary, names, counting).map_err(|_| "Parquet 文件已损坏，或压缩方式不受支持".into())
}

/// The table that a file's columns are recognised as, with all that it needs.
pub(crate) fn table(source: &Source, vocabulary: &Vocabulary) -> Option<Table> {
    let plain = ArrowReaderMetadata::load(source, ArrowReaderOptions::new().with_skip_arrow_metadata(true)).ok()?;
    let labels: Vec<String> = plain.schema().fields().iter().map(|field| field.name().clone()).collect();
    recognise(&labels, &vocabulary.dictionary).ok().filter(|layout| layout.missing.is_empty()).map(|layout| layout.table)
}

fn read_groups(source: &Source, vocabulary: &Vocabulary, names: &[&str], counting: Option<&Counting<'_>>) -> Result<Outcome, Failure> {
    let plain = ArrowReaderMetadata::load(source, ArrowReaderOptions::new().with_skip_arrow_metadata(true))?;
    // What a run published is no input of the next one; what `xueji sample` says of its own damage stands among the files that it made.
    let own = plain.metadata().file_metadata().key_value_metadata();
    let schema = own.and_then(|own| own.iter().find(|entry| entry.key == "xueji.schema"));
    match schema.map(|schema| schema.value.as_deref()) {
        None => {}
        Some(Some(TRUTH)) => return Ok(Outcome::Unknown { nearest: None, has_data: false }),
        Some(_) => return Ok(Outcome::Report),
    }
    let labels: Vec<String> = plain.schema().fields().iter().map(|field| field.name().clone()).collect();
    let rows = plain.metadata().file_metadata().num_rows();
    let rows = u32::try_from(rows)?;
    let mut layout = match recognise(&labels, &vocabulary.dictionary) {
        Ok(layout) => layout,
        Err(nearest) => return Ok(Outcome::Unknown { nearest, has_data: rows > 0 }),
    };
    if let Some(subject) = vocabulary.subject_of_any(names) {
        layout.give_subject(subject);
    }
    let context = || Context { vocabulary, is_1904: false, subjects: NewSubjects::default() };
    if !layout.missing.is_empty() {
        let mut part = Part::new(layout.table, |_| false, context());
        part.add_rows(1, rows);
        let mut settled = part.settle();
        settled.set_aside = (0..rows).collect();
        return Ok(Outcome::Table(Box::new((layout, settled))));
    }
    layout.narrow(vocabulary);
    let groups = plain.metadata().num_row_groups();
    let days = Mutex::new(Digest::default());
    let mut parts = (0..groups)
        .into_par_iter()
        .map(|group| {
            let counted = counting.filter(|_| layout.table == Table::Attendance);
            let Some(counting) = counted else { return read_group(source.clone(), &plain, group, &layout, context()) };
            let mut settled = count_group(source.clone(), &plain, group, &layout, context, *counting)?;
            // What is held of the days is put together at once: together they are one term, each by itself may be as much.
            if let Some(own) = &mut settled.counted {
                let mut days = days.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut own.days).iter().for_each(|(day, present)| days.add_day(*day, present));
                days.lay_out(&std::mem::take(&mut own.loose));
            }
            Ok(settled)
        })
        .collect::<Result<Vec<Settled>, Failure>>()?
        .into_iter();
    let mut settled = parts.next().unwrap_or_else(|| {
        let mut nothing = Part::new(layout.table, |field| layout.has(field), context()).settle();
        count(&mut nothing, layout.table, counting);
        nothing
    });
    if settled.counted.is_none() {
        settled.reserve((rows as usize).saturating_sub(settled.rows.len()));
    }
    for later in parts {
        let before = settled.rows.len() as u32;
        settled.append(later, before, layout.table, vocabulary.subjects.len());
    }
    if let Some(own) = &mut settled.counted {
        own.add(days.into_inner().unwrap_or_else(PoisonError::into_inner), 0);
    }
    Ok(Outcome::Table(Box::new((layout, settled))))
}

/// Counts a row group of attendance: by its arrays where they are plain, else by its cells.
fn count_group<'v>(
    source: Source,
    plain: &ArrowReaderMetadata,
    group: usize,
    layout: &Layout,
    context: impl Fn() -> Context<'v>,
    counting: Counting<'_>,
) -> Result<Settled, Failure> {
    let (batches, roots) = batches(source.clone(), plain, group, layout, COUNTED, &DataType::Utf8View)?;
    let place = |field: usize| layout.columns.get(field).copied().flatten().and_then(|root| roots.binary_search(&root).ok());
    let count_arrays = || -> Result<Option<(Digest, u32)>, Failure> {
        let (mut counter, mut rows) = (ArrayCounter::new(counting), 0);
        for batch in batches {
            let batch = batch?;
            if counter.take(&batch, place, rows).is_none() {
                return Ok(None);
            }
            rows += u32::try_from(batch.num_rows())?;
        }
        Ok(counter.finish().map(|digest| (digest, rows)))
    };
    let Some((digest, rows)) = count_arrays()? else {
        let mut settled = read_group(source, plain, group, layout, context())?;
        settled.count(counting);
        return Ok(settled);
    };
    let mut settled = Part::new(layout.table, |field| layout.has(field), context()).settle();
    settled.rows = RowNumbers::Contiguous { first: 1, count: rows };
    settled.sparse = Some(Vec::new());
    settled.counted = Some(Box::new(digest));
    Ok(settled)
}

fn count(settled: &mut Settled, table: Table, counting: Option<&Counting<'_>>) {
    if let Some(counting) = counting.filter(|_| table == Table::Attendance) {
        settled.count(*counting);
    }
}

/// The same with the texts of a row group as dictionaries where they repeat, so that each different one is read once. Where they
/// mostly differ, as names and numbers of persons do, making a dictionary of them would cost more than it saves: they are of the type `others`.
fn with_dictionaries(plain: &ArrowReaderMetadata, group: usize, others: &DataType) -> Result<ArrowReaderMetadata, Failure> {
    let columns = plain.metadata().row_group(group).columns();
    let mut repeats = vec![false; plain.schema().fields().len()];
    for (leaf, column) in columns.iter().enumerate() {
        let bytes_each = column.uncompressed_size() / column.num_values().max(1);
        if let Some(root) = repeats.get_mut(plain.parquet_schema().get_column_root_idx(leaf)) {
            *root = bytes_each < WRITTEN_OUT;
        }
    }
    let coded = |values: DataType| DataType::Dictionary(Box::new(DataType::Int32), Box::new(values));
    let fields = plain.schema().fields().iter().zip(repeats).map(|(field, repeats)| {
        let as_type = |own: DataType| Field::new(field.name(), own, field.is_nullable());
        match field.data_type() {
            DataType::Utf8 if repeats => as_type(coded(DataType::Utf8)),
            DataType::Utf8 => as_type(others.clone()),
            // Asked for as texts, these would be taken for UTF-8 without a look.
            DataType::Binary if repeats => as_type(coded(DataType::Binary)),
            _ => field.as_ref().clone(),
        }
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    Ok(ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)?)
}

/// The batches of a row group with the columns that the layout has, and which these are, in their order. Texts that do not repeat are of the
/// type `others`.
fn batches(
    source: Source,
    plain: &ArrowReaderMetadata,
    group: usize,
    layout: &Layout,
    batch: usize,
    others: &DataType,
) -> Result<(ParquetRecordBatchReader, Vec<usize>), Failure> {
    let metadata = with_dictionaries(plain, group, others)?;
    let mut roots: Vec<usize> = layout.columns.iter().flatten().copied().collect();
    roots.sort_unstable();
    let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
    let rows = usize::try_from(plain.metadata().row_group(group).num_rows())?;
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(rows.clamp(1, batch))
        .build()?;
    Ok((batches, roots))
}

fn read_group(
    source: Source,
    plain: &ArrowReaderMetadata,
    group: usize,
    layout: &Layout,
    context: Context<'_>,
) -> Result<Settled, Failure> {
    let (batches, roots) = batches(source, plain, group, layout, BATCH, &DataType::Utf8)?;
    let vocabulary = context.vocabulary;
    let mut part = Part::new(layout.table, |field| layout.has(field), context);
    let fields: Vec<usize> = part.fields().collect();
    // Where each field's column stands among those that are read.
    let place = |field: usize| layout.columns.get(field).copied().flatten().and_then(|root| roots.binary_search(&root).ok());
    let mut first = 0u32;
    for batch in batches {
        let batch = batch?;
        let count = u32::try_from(batch.num_rows())?;
        part.add_rows(first + 1, count);
        let columns: Vec<ArrayRef> = batch.columns().iter().map(checked).collect();
        let array = |field: usize| place(field).and_then(|place| columns.get(place));
        let documents = layout.table.field("证件类型").and_then(array).map(|array| documents(array, vocabulary));
        for (builder, &field) in fields.iter().enumerate() {
            let Some(array) = array(field) else {
                let given = layout.given.as_ref().filter(|(given, _)| *given == field).map_or("", |(_, text)| text);
                (first..first + count).for_each(|record| part.cell(builder, record, Cell::text(given), Document::Unknown));
                continue;
            };
            let holds = layout.table.fields().get(field).map(|field| field.holds);
            let documents = documents.as_deref().filter(|_| holds == Some(Holds::DocumentNumber));
            read_column(&mut part, builder, first, array, documents)?;
        }
        first += count;
    }
    Ok(part.settle())
}

/// A column that its file does not call one of texts, as texts: what is no UTF-8 is replaced by a character that no cell can be read with.
fn checked(array: &ArrayRef) -> ArrayRef {
    let texts =
        |bytes: &BinaryArray| -> ArrayRef { Arc::new(bytes.iter().map(|cell| cell.map(String::from_utf8_lossy)).collect::<StringArray>()) };
    if let Some(bytes) = array.as_binary_opt::<i32>() {
        return texts(bytes);
    }
    let coded = array.as_dictionary_opt::<Int32Type>();
    match coded.and_then(|coded| Some((coded, coded.values().as_binary_opt::<i32>()?))) {
        Some((coded, values)) => Arc::new(coded.with_values(texts(values))),
        None => Arc::clone(array),
    }
}

/// What 证件类型 says in each row.
fn documents(array: &ArrayRef, vocabulary: &Vocabulary) -> Vec<Document> {
    let of = |text: Option<&str>| text.map_or(Document::Unknown, |text| Document::of(text, vocabulary));
    match dictionary(array) {
        Some((keys, values)) => {
            let known: Vec<Document> = values.iter().map(of).collect();
            keys.iter().map(|key| key.and_then(|key| known.get(key as usize).copied()).unwrap_or_default()).collect()
        }
        None => match array.as_string_opt::<i32>() {
            Some(texts) => texts.iter().map(of).collect(),
            None => vec![Document::Unknown; array.len()],
        },
    }
}

/// The keys and values of a column of texts.
fn dictionary(array: &ArrayRef) -> Option<(&Int32Array, &StringArray)> {
    let dictionary = array.as_dictionary_opt::<Int32Type>()?;
    Some((dictionary.keys(), dictionary.values().as_string_opt::<i32>()?))
}

/// The least number of a column of days or 32-bit numbers, and how far the others go beyond it, if that is not far.
fn few_numbers(array: &ArrayRef) -> Option<(i32, usize)> {
    let (least, most) = match array.data_type() {
        DataType::Int32 => (min(array.as_primitive::<Int32Type>()), max(array.as_primitive::<Int32Type>())),
        DataType::Date32 => (min(array.as_primitive::<Date32Type>()), max(array.as_primitive::<Date32Type>())),
        _ => return None,
    };
    let (least, most) = (least?, most?);
    let different = i64::from(most) - i64::from(least) + 1;
    (different <= DIFFERENT).then_some((least, different as usize))
}

/// Reads the cells of a column that stand from record `first` on.
fn read_column(part: &mut Part<'_>, builder: usize, first: u32, array: &ArrayRef, documents: Option<&[Document]>) -> Result<(), Failure> {
    if let Some((keys, values)) = dictionary(array) {
        let text = |key: usize| if key < values.len() && values.is_valid(key) { values.value(key) } else { "" };
        match documents {
            None => {
                let keys = keys.iter().map(|key| key.and_then(|key| usize::try_from(key).ok()));
                part.take_coded(builder, first, keys, values.len(), |key| (CellKind::Text, text(key).into()));
            }
            Some(documents) => {
                for ((record, key), document) in (first..).zip(keys).zip(documents) {
                    part.cell(builder, record, Cell::text(key.map_or("", |key| text(key as usize))), *document);
                }
            }
        }
        return Ok(());
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        for (place, (record, text)) in (first..).zip(texts).enumerate() {
            let document = documents.and_then(|documents| documents.get(place).copied()).unwrap_or_default();
            let cell = text.map_or(Cell { kind: CellKind::Empty, text: "" }, Cell::text);
            part.cell(builder, record, cell, document);
        }
        return Ok(());
    }
    if let Some((least, different)) = few_numbers(array) {
        let is_date = array.data_type() == &DataType::Date32;
        let text = |key: usize| {
            let number = least + key as i32;
            if is_date { (CellKind::Text, value::show_date(number).into()) } else { (CellKind::Number, number.to_string().into()) }
        };
        let numbers = array.as_primitive_opt::<Int32Type>().map(|numbers| numbers.values());
        let numbers = numbers.or_else(|| array.as_primitive_opt::<Date32Type>().map(|days| days.values()));
        if let Some(numbers) = numbers {
            let key = |(place, number): (usize, &i32)| array.is_valid(place).then(|| number.wrapping_sub(least) as u32 as usize);
            part.take_coded(builder, first, numbers.iter().enumerate().map(key), different, text);
            return Ok(());
        }
    }
    let mut shown = String::new();
    let mut put = |record: u32, kind: CellKind, text: &str| part.cell(builder, record, Cell { kind, text }, Document::Unknown);
    let records = first..;
    match array.data_type() {
        DataType::Boolean => {
            for (record, cell) in records.zip(array.as_boolean()) {
                match cell {
                    None => put(record, CellKind::Empty, ""),
                    Some(cell) => put(record, CellKind::Boolean, if cell { "1" } else { "0" }),
                }
            }
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
            let numbers = cast(array, &DataType::Int64)?;
            for (record, cell) in records.zip(numbers.as_primitive::<Int64Type>()) {
                shown.clear();
                match cell {
                    None => put(record, CellKind::Empty, ""),
                    Some(number) => {
                        write!(shown, "{number}")?;
                        put(record, CellKind::Number, &shown);
                    }
                }
            }
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let numbers = cast(array, &DataType::Float64)?;
            for (record, cell) in records.zip(numbers.as_primitive::<Float64Type>()) {
                shown.clear();
                match cell.filter(|number| !number.is_nan()) {
                    None => put(record, CellKind::Empty, ""),
                    Some(number) => {
                        write!(shown, "{number}")?;
                        put(record, CellKind::Number, &shown);
                    }
                }
            }
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            for (record, day) in records.zip(days(array)?) {
                shown.clear();
                match day {
                    None => put(record, CellKind::Empty, ""),
                    Some(day) => {
                        shown.push_str(&value::show_date(day));
                        put(record, CellKind::Text, &shown);
                    }
                }
            }
        }
        DataType::Null => records.take(array.len()).for_each(|record| put(record, CellKind::Empty, "")),
        DataType::UInt64 | DataType::Decimal128(..) | DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal256(..) => {
            let texts = cast(array, &DataType::Utf8)?;
            for (record, cell) in records.zip(texts.as_string::<i32>()) {
                put(record, if cell.is_some() { CellKind::Number } else { CellKind::Empty }, cell.unwrap_or(""));
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = cast(array, &DataType::LargeUtf8)?;
            for (record, cell) in records.zip(texts.as_string::<i64>()) {
                put(record, if cell.is_some() { CellKind::Text } else { CellKind::Empty }, cell.unwrap_or(""));
            }
        }
        // Lists, structs and the like are no cells.
        other => {
            let kind = other.to_string();
            for (place, record) in records.take(array.len()).enumerate() {
                if array.is_null(place) {
                    put(record, CellKind::Empty, "");
                } else {
                    put(record, CellKind::Error, &kind);
                }
            }
        }
    }
    Ok(())
}

/// Days since 1970-01-01; a moment with a time zone is taken as that of Shanghai.
fn days(array: &ArrayRef) -> Result<Vec<Option<i32>>, Failure> {
    let (a_day, shift) = match array.data_type() {
        DataType::Timestamp(unit, zone) => {
            let second: i64 = match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            };
            (second * 86_400, if zone.is_some() { second * 8 * 3_600 } else { 0 })
        }
        DataType::Date64 => (86_400_000, 0),
        _ => (1, 0),
    };
    let numbers = cast(array, &if a_day == 1 { DataType::Int32 } else { DataType::Int64 })?;
    let numbers = cast(&numbers, &DataType::Int64)?;
    Ok(numbers
        .as_primitive::<Int64Type>()
        .iter()
        .map(|number| number.and_then(|number| i32::try_from(number.saturating_add(shift).div_euclid(a_day)).ok()))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BinaryArray, Date32Array, Float64Array, Int64Array, LargeStringArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    };
    use law::facts::codes::Read;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::super::column::Column;
    use super::super::testing::{ID, OTHER_ID, codes, number, read_files, vocabulary};
    use super::{Outcome, Source};

    fn write(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        write_groups(columns, 2)
    }

    fn write_groups(columns: Vec<(&str, ArrayRef)>, rows: usize) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn columns_of_every_type_are_read() {
        let bytes = write(vec![
            ("学籍号", Arc::new(StringArray::from(vec![Some(ID), Some(OTHER_ID), Some(ID), None, Some("G1")]))),
            ("学年", Arc::new(Int64Array::from(vec![2025; 5]))),
            ("科目", Arc::new(LargeStringArray::from(vec!["语文", "数学", "编程", "语文", "语文"]))),
            ("备注", Arc::new(StringArray::from(vec!["x"; 5]))),
            ("学年总评", Arc::new(Float64Array::from(vec![Some(85.5), Some(59.0), None, Some(60.0), Some(f64::NAN)]))),
            ("补考日期", Arc::new(Date32Array::from(vec![Some(20_332), None, None, None, None]))),
        ]);
        let inputs = read_files(&[("a.parquet", &bytes)]);
        let sheet = &inputs.sheets[0];
        assert_eq!((sheet.rows_read, &sheet.set_aside), (5, &vec![3, 4]));
        assert_eq!((sheet.rows.get(0), sheet.rows.get(4)), (1, 5));
        assert_eq!(codes(&inputs), [("I0104", None), ("I0201", Some(3)), ("I0201", Some(4)), ("I0205", Some(5)), ("I0201", Some(5))]);
        assert_eq!([0, 1, 2].map(|record| number(sheet, "学年总评", record)), [Read::Value(0), Read::Value(1), Read::Empty]);
        assert_eq!(number(sheet, "科目", 2), Read::Value(3));
        assert_eq!(number(sheet, "学年", 4), Read::Value(2025));
        assert_eq!(number(sheet, "补考日期", 0), Read::Value(20_332));
        let Some(Column::Ids(ids)) = &sheet.columns[0] else { panic!() };
        assert_eq!(ids.get(0), ids.get(2));
    }

    #[test]
    fn numbers_are_no_ids_and_moments_are_days() {
        let bytes = write(vec![
            ("全国学籍号", Arc::new(Int64Array::from(vec![310_104_200_509_010_023]))),
            ("督促日期", Arc::new(TimestampMicrosecondArray::from(vec![1_756_684_800_000_000i64 - 1]).with_timezone("+08:00"))),
        ]);
        let inputs = read_files(&[("a.parquet", &bytes)]);
        assert_eq!(codes(&inputs), [("I0204", Some(1))]);
        assert_eq!(inputs.findings[0].found, "310104**********23");
        assert_eq!(number(&inputs.sheets[0], "督促日期", 0), Read::Value(20_332));
        assert_eq!(codes(&read_files(&[("a.parquet", b"PAR1 and nothing else")])), [("I0101", None)]);
    }

    #[test]
    fn bytes_that_nobody_calls_texts_are_looked_at() {
        // A column whose values are held one by one, and one that is held as a dictionary.
        let mut ids = vec![ID.as_bytes(); 60];
        let mut subjects = vec!["语文".as_bytes(); 60];
        ids[2] = b"G31010420\xFF509010023";
        subjects[1] = b"\xD3\xEF\xCE\xC4";
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("学籍号", Arc::new(BinaryArray::from(ids))),
            ("学年", Arc::new(Int64Array::from(vec![2025; 60]))),
            ("科目", Arc::new(BinaryArray::from(subjects))),
            ("学年总评", Arc::new(StringArray::from(vec!["合格"; 60]))),
        ];
        for rows in [1, 60] {
            let inputs = read_files(&[("a.parquet", &write_groups(columns.clone(), rows))]);
            let sheet = &inputs.sheets[0];
            assert_eq!((sheet.rows_read, &sheet.set_aside), (60, &vec![1, 2]));
            let mut found = codes(&inputs);
            found.sort_unstable();
            assert_eq!(found, [("I0202", Some(2)), ("I0202", Some(3))]);
            assert_eq!(number(sheet, "科目", 0), Read::Value(0));
        }
    }

    #[test]
    fn a_file_that_is_not_held_reads_the_same() {
        let bytes = write(vec![
            ("学籍号", Arc::new(StringArray::from(vec![ID; 5]))),
            ("督促日期", Arc::new(StringArray::from(vec!["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "x"]))),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, &bytes).unwrap();
        let sources = [Source::File(path, bytes.len() as u64), Source::Held(bytes.into())];
        let read = sources.map(|source| match super::read(&source, &vocabulary(), &["a.parquet"], None).unwrap() {
            Outcome::Table(table) => (table.1.rows, table.1.columns),
            Outcome::Unknown { .. } | Outcome::Report => panic!("no table"),
        });
        assert_eq!(read[0], read[1]);
        assert_eq!(read[0].0.len(), 5);
    }
}
