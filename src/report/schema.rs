//! Does a published table have the columns that `docs/schema` documents?

use std::path::Path;

use ::parquet::errors::ParquetError;
use arrow::datatypes::DataType;
use serde::Deserialize;

use super::parquet;

/// The documented tables of a run folder, by file name.
const DOCUMENTED: [(&str, &str); 8] = [
    ("decisions", include_str!("../../docs/schema/decisions.json")),
    ("findings", include_str!("../../docs/schema/findings.json")),
    ("finding_history", include_str!("../../docs/schema/finding_history.json")),
    ("matches", include_str!("../../docs/schema/matches.json")),
    ("movements", include_str!("../../docs/schema/movements.json")),
    ("positions", include_str!("../../docs/schema/positions.json")),
    ("sources", include_str!("../../docs/schema/sources.json")),
    ("submissions", include_str!("../../docs/schema/submissions.json")),
];

/// Tables that every run has.
pub const ALWAYS: [&str; 6] = ["decisions", "findings", "finding_history", "matches", "sources", "submissions"];

#[derive(Deserialize)]
struct Document {
    schema: String,
    columns: Vec<Column>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    holds: String,
    nullable: bool,
}

/// The documented tables of a run folder, by name.
pub fn tables() -> impl Iterator<Item = &'static str> {
    DOCUMENTED.iter().map(|(name, _)| *name)
}

/// How a file differs from what is documented of its table, in Chinese; `None` where it does not.
pub fn difference(folder: &Path, table: &str) -> Option<String> {
    let (_, text) = DOCUMENTED.iter().find(|(name, _)| *name == table)?;
    let Ok(document) = serde_json::from_str::<Document>(text) else { return Some("结构说明不能读".into()) };
    let file = match parquet::open(&folder.join(format!("{table}.parquet"))) {
        Ok(file) => file,
        Err(error) => return Some(format!("不能读：{error}")),
    };
    let entries = file.metadata().file_metadata().key_value_metadata();
    let own = entries.and_then(|entries| entries.iter().find(|entry| entry.key == "xueji.schema")?.value.clone());
    if own.as_deref() != Some(document.schema.as_str()) {
        return Some(format!("结构名是“{}”，应为“{}”", own.unwrap_or_default(), document.schema));
    }
    let column = |field: &std::sync::Arc<arrow::datatypes::Field>| Column {
        name: field.name().clone(),
        holds: name_of(field.data_type()),
        nullable: field.is_nullable(),
    };
    let columns: Vec<Column> = file.schema().fields().iter().map(column).collect();
    if let Some((own, documented)) = columns.iter().zip(&document.columns).find(|(own, documented)| own != documented) {
        return Some(format!("列“{}”（{}）应为“{}”（{}）", own.name, own.holds, documented.name, documented.holds));
    }
    (columns.len() != document.columns.len()).then(|| format!("有 {} 列，应有 {} 列", columns.len(), document.columns.len()))
}

/// How many rows a published table has, and the name and the type of each column, as the documents name them.
///
/// # Errors
/// It can't be read.
pub fn columns(path: &Path) -> Result<(u64, Vec<(String, String)>), ParquetError> {
    let file = parquet::open(path)?;
    let rows = u64::try_from(file.metadata().file_metadata().num_rows()).unwrap_or_default();
    let columns = file.schema().fields().iter().map(|field| (field.name().clone(), name_of(field.data_type())));
    Ok((rows, columns.collect()))
}

/// A type as the documents name it.
fn name_of(own: &DataType) -> String {
    match own {
        DataType::Utf8 => "string".into(),
        DataType::Boolean => "bool".into(),
        DataType::Float64 => "double".into(),
        DataType::Date32 => "date".into(),
        DataType::List(element) => format!("list<{}>", name_of(element.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name(), name_of(field.data_type()))).collect();
            format!("struct<{}>", fields.join(", "))
        }
        other => other.to_string().to_lowercase(),
    }
}
