//! The published schemas are the documented ones.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::support::{package, scratch};

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "string".into(),
        DataType::Boolean => "bool".into(),
        DataType::Int8 => "int8".into(),
        DataType::Int16 => "int16".into(),
        DataType::Int32 => "int32".into(),
        DataType::Int64 => "int64".into(),
        DataType::Float64 => "double".into(),
        DataType::Date32 => "date".into(),
        DataType::List(element) => {
            assert_eq!(element.name(), "element");
            format!("list<{}>", type_name(element.data_type()))
        }
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{}: {}", field.name(), type_name(field.data_type()))).collect();
            format!("struct<{}>", fields.join(", "))
        }
        other => panic!("a reader would see {other}"),
    }
}

fn documented(name: &str) -> Vec<(String, String, bool)> {
    let path = package().join(format!("docs/schema/{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let column = |column: &Value| {
        assert!(column["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()));
        let text = |key: &str| column[key].as_str().expect("a text").to_owned();
        (text("name"), text("type"), column["nullable"].as_bool().expect("a truth"))
    };
    schema["columns"].as_array().expect("columns").iter().map(column).collect()
}

/// The schema of a published file is the documented one.
pub fn assert_documented(file: &Path, name: &str) {
    let file = File::open(file).expect("a result");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let schema = builder.schema();
    let published: Vec<_> =
        schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()), field.is_nullable())).collect();
    assert_eq!(published, documented(name), "{name}");
    let metadata = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    assert!(metadata.iter().all(|entry| entry.key != "ARROW:schema"), "{name} embeds an Arrow schema");
    let own = metadata.iter().find(|entry| entry.key == "xueji.schema").and_then(|entry| entry.value.clone());
    assert_eq!(own, Some(format!("{name}/1")));
}

#[test]
fn the_published_schemas_are_the_documented_ones() {
    let city = scratch();
    let output = Command::new(env!("CARGO_BIN_EXE_xueji")).args(["sample", "--students", "100", "--out"]).arg(city.path()).output();
    assert!(output.expect("the program").status.success());
    for name in ["decisions", "findings", "finding_history", "matches", "sources", "submissions", "movements", "truth"] {
        let folder = if name == "truth" { city.path().to_owned() } else { package().join("reports/sample") };
        assert_documented(&folder.join(format!("{name}.parquet")), name);
    }
    assert_documented(&package().join("reports/sample/district-audit/positions.parquet"), "positions");
    let manifest = std::fs::read_to_string(package().join("reports/sample/manifest.json")).expect("the manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let mut named: Vec<String> = documented("manifest").into_iter().map(|(name, ..)| name).collect();
    // What no two runs share is not committed, the year's end counts no attendance, there was no run before, nothing was packaged, and nothing is kept of
    // what was read.
    named.retain(|name| !["started_at", "finished_at", "seconds", "attendance", "cache", "movements", "packages"].contains(&name.as_str()));
    named.sort();
    assert_eq!(manifest.as_object().expect("an object").keys().cloned().collect::<Vec<_>>(), named);
}
