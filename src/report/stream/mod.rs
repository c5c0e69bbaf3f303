//! How do rows without end become files? Tables of texts that are written as they come, never held: the sheets of a workbook, or CSV or
//! Parquet files beside each other. Only their owner may read them, and they stand in their place only when whole.

mod workbook;

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tempfile::NamedTempFile;
use thiserror::Error;

use self::workbook::Book;
use super::parquet::{Groups, Names, ROW_GROUP};

/// A file that can't be written.
#[derive(Debug, Error)]
#[error("can't write {path}: {message}", path = .path.display())]
pub struct StreamError {
    path: PathBuf,
    message: String,
}

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// UTF-8 with a mark at its beginning, by which spreadsheets know it.
    Csv,
    /// A workbook.
    Xlsx,
    /// Parquet.
    Parquet,
}

impl Form {
    /// The form that a file's name says.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Form::Csv),
            "xlsx" => Some(Form::Xlsx),
            "parquet" => Some(Form::Parquet),
            _ => None,
        }
    }
}

/// A Parquet file in the making.
struct Columnar {
    groups: Groups,
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
}

enum Open {
    Csv(Box<csv::Writer<BufWriter<NamedTempFile>>>),
    Parquet(Box<Columnar>, NamedTempFile),
    Sheet(Box<Book>),
}

/// Tables that are written one after the other.
pub struct Tables {
    path: PathBuf,
    form: Form,
    policy: String,
    open: Option<(Open, PathBuf)>,
    done: Vec<(NamedTempFile, PathBuf)>,
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Tables {
    /// The tables of a file; it comes into being by the first one.
    ///
    /// # Errors
    /// Nothing can stand at that place.
    pub fn create(path: &Path, form: Form, policy: String) -> Result<Self, StreamError> {
        let tables = Self { path: path.into(), form, policy, open: None, done: Vec::new() };
        if path.is_dir() {
            return Err(tables.fail(&"it is a folder"));
        }
        if !tables.folder().is_dir() {
            return Err(tables.fail(&format_args!("there is no folder {}", tables.folder().display())));
        }
        Ok(tables)
    }

    fn fail(&self, message: &dyn std::fmt::Display) -> StreamError {
        StreamError { path: self.path.clone(), message: message.to_string() }
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Begins a table: a sheet of that title, or a file whose name has the suffix before its ending.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn begin(&mut self, title: &str, schema: &'static str, suffix: &str, headers: &[&str]) -> Result<(), StreamError> {
        self.try_begin(title, schema, suffix, headers).map_err(|error| self.fail(&error))
    }

    fn try_begin(&mut self, title: &str, schema: &'static str, suffix: &str, headers: &[&str]) -> Result<(), Fault> {
        if let Some((Open::Sheet(book), _)) = &mut self.open {
            book.begin(title, headers)?;
            return Ok(());
        }
        self.end()?;
        let extension = self.path.extension().and_then(|own| own.to_str()).unwrap_or_default();
        let path = if suffix.is_empty() { self.path.clone() } else { self.path.with_extension(format!("{suffix}.{extension}")) };
        let file = tempfile::Builder::new().prefix(".xueji-export-").tempfile_in(self.folder())?;
        let open = match self.form {
            Form::Csv => {
                let mut out = BufWriter::new(file);
                std::io::Write::write_all(&mut out, "\u{FEFF}".as_bytes())?;
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(headers)?;
                Open::Csv(Box::new(writer))
            }
            Form::Parquet => {
                let fields: Vec<Field> = headers.iter().map(|header| Field::new(*header, DataType::Utf8, true)).collect();
                let (fields, names) = (Arc::new(Schema::new(fields)), Names { schema, policy: self.policy.clone() });
                let groups = Groups::create(file.path(), &fields, &names, &["全国学籍号", "姓名"], &[])?;
                let columns = headers.iter().map(|_| StringBuilder::new()).collect();
                Open::Parquet(Box::new(Columnar { groups, schema: fields, columns, rows: 0 }), file)
            }
            Form::Xlsx => {
                let mut book = Book::new(file);
                book.begin(title, headers)?;
                Open::Sheet(Box::new(book))
            }
        };
        self.open = Some((open, path));
        Ok(())
    }

    /// Writes a row of the table that was begun last.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn row(&mut self, cells: &[&str]) -> Result<(), StreamError> {
        let written = match &mut self.open {
            Some((Open::Csv(writer), _)) => writer.write_record(cells).map_err(Fault::from),
            Some((Open::Parquet(columnar, _), _)) => columnar.row(cells),
            Some((Open::Sheet(book), _)) => book.row(cells).map_err(Fault::from),
            None => Ok(()),
        };
        written.map_err(|error| self.fail(&error))
    }

    /// Ends the file that is open.
    fn end(&mut self) -> Result<(), Fault> {
        let Some((open, path)) = self.open.take() else { return Ok(()) };
        let file = match open {
            Open::Csv(writer) => {
                let out = writer.into_inner().map_err(|error| error.to_string())?;
                out.into_inner().map_err(|error| error.to_string())?
            }
            Open::Parquet(columnar, file) => {
                columnar.finish()?;
                file
            }
            Open::Sheet(book) => book.finish()?,
        };
        file.as_file().sync_all()?;
        self.done.push((file, path));
        Ok(())
    }

    /// Puts the files into their places; gives their paths, the first table's first.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, StreamError> {
        self.end().map_err(|error| self.fail(&error))?;
        let mut paths = Vec::new();
        // The first table's file comes last: where it is new, the others are.
        for (file, path) in self.done.drain(..).rev() {
            file.persist(&path).map_err(|error| StreamError { path: path.clone(), message: error.error.to_string() })?;
            paths.insert(0, path);
        }
        Ok(paths)
    }
}

impl Columnar {
    fn row(&mut self, cells: &[&str]) -> Result<(), Fault> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_option(Some(*cell).filter(|cell| !cell.is_empty()));
        }
        self.rows += 1;
        if self.rows == ROW_GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.rows = 0;
        let columns = self.columns.iter_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) }).collect();
        Ok(self.groups.append(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?)
    }

    fn finish(mut self) -> Result<(), Fault> {
        self.flush()?;
        Ok(self.groups.finish()?)
    }
}
