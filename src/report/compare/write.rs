//! What changed, as Parquet: one row a change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int8Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use tempfile::NamedTempFile;

use super::{Change, CompareError, DecisionChange, FindingChange, FindingState, Moved, State, Verdict};
use crate::report::manifest::Manifest;
use crate::report::parquet::{Groups, Names};
use crate::report::read::Run;

/// Changes of a row group: each may hold many conditions.
const ROW_GROUP: usize = 1 << 15;

/// Writes changes into a file that is there whole or not at all.
pub struct ChangeWriter {
    target: PathBuf,
    /// Where it is written until it is whole.
    beside: NamedTempFile,
    groups: Groups,
    schema: SchemaRef,
    waiting: Vec<Change>,
}

impl From<ParquetError> for CompareError {
    fn from(error: ParquetError) -> Self {
        CompareError::Write(error.to_string())
    }
}

impl From<ArrowError> for CompareError {
    fn from(error: ArrowError) -> Self {
        CompareError::Write(error.to_string())
    }
}

impl ChangeWriter {
    /// Creates the file of what changed between two runs.
    ///
    /// # Errors
    /// It can't be created, or would stand among the results of one of the runs.
    pub fn create(path: &Path, before: &Run, after: &Run) -> Result<Self, CompareError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let fault = |error: std::io::Error| CompareError::Write(format!("{}: {error}", path.display()));
        let real = folder.canonicalize().map_err(fault)?;
        for run in [before, after] {
            if run.folder.canonicalize().is_ok_and(|own| own == real) {
                return Err(CompareError::Write(format!("{} is a run, and stays as it was published", run.folder.display())));
            }
        }
        let beside = NamedTempFile::new_in(folder).map_err(fault)?;
        let (before, after) = (&before.manifest, &after.manifest);
        let policy = |manifest: &Manifest| format!("{} {}", manifest.policy.name, manifest.policy.version);
        let names = Names { schema: "diff/1", policy: format!("{} / {}", policy(before), policy(after)) };
        let schema = schema();
        let groups = Groups::create(beside.path(), &schema, &names, &["student_key", "student_id", "name", "finding_id"], &[])?;
        Ok(Self { target: path.into(), beside, groups, schema, waiting: Vec::new() })
    }

    /// Adds a change.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn add(&mut self, change: Change) -> Result<(), CompareError> {
        self.waiting.push(change);
        if self.waiting.len() >= ROW_GROUP { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), CompareError> {
        self.groups.append(&batch(&self.schema, &self.waiting)?)?;
        self.waiting.clear();
        Ok(())
    }

    /// Ends the file and waits until it is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish(mut self) -> Result<(), CompareError> {
        if !self.waiting.is_empty() {
            self.write()?;
        }
        self.groups.finish()?;
        self.beside.persist(&self.target).map_err(|error| CompareError::Write(format!("{}: {}", self.target.display(), error.error)))?;
        Ok(())
    }
}

fn element(data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", data_type, false))
}

fn moved_fields() -> Fields {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Fields::from(vec![
        text("clause", false),
        text("code", false),
        text("text", false),
        text("stands", false),
        Field::new("holds_before", DataType::Boolean, true),
        Field::new("holds_after", DataType::Boolean, true),
        text("value_before", true),
        text("value_after", true),
        text("threshold_before", true),
        text("threshold_after", true),
    ])
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let byte = |name: &str| Field::new(name, DataType::Int8, true);
    let list = |name: &str, own: DataType| Field::new(name, DataType::List(element(own)), false);
    Arc::new(Schema::new(vec![
        text("kind", false),
        text("change", false),
        text("student_key", true),
        text("student_id", true),
        text("name", true),
        text("district", true),
        text("school_code", true),
        text("school_name", true),
        byte("grade"),
        text("class", true),
        text("before", true),
        text("after", true),
        byte("next_grade_before"),
        byte("next_grade_after"),
        text("certificate_before", true),
        text("certificate_after", true),
        list("clauses_before", DataType::Utf8),
        list("clauses_after", DataType::Utf8),
        list("missing_before", DataType::Utf8),
        list("missing_after", DataType::Utf8),
        list("moved", DataType::Struct(moved_fields())),
        text("finding_id", true),
        text("code", true),
        text("message", true),
        text("found_before", true),
        text("found_after", true),
    ]))
}

fn decision(change: &Change) -> Option<&DecisionChange> {
    if let Change::Decision(own) = change { Some(own) } else { None }
}

fn finding(change: &Change) -> Option<&FindingChange> {
    if let Change::Finding(own) = change { Some(own) } else { None }
}

fn list(lengths: Vec<usize>, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let element = element(values.data_type().clone());
    Ok(Arc::new(ListArray::try_new(element, OffsetBuffer::from_lengths(lengths), values, None)?))
}

fn batch(schema: &SchemaRef, changes: &[Change]) -> Result<RecordBatch, ArrowError> {
    /// One side of a decision.
    type Side = fn(&DecisionChange) -> Option<&Verdict>;
    /// One side of a finding.
    type Found = fn(&FindingChange) -> Option<&FindingState>;
    let texts = |own: &dyn Fn(&Change) -> Option<String>| -> ArrayRef { Arc::new(changes.iter().map(own).collect::<StringArray>()) };
    let of_either = |of_decision: fn(&DecisionChange) -> Option<&String>, of_finding: fn(&FindingChange) -> Option<&String>| {
        let own = |change: &Change| match change {
            Change::Decision(own) => of_decision(own).cloned(),
            Change::Finding(own) => of_finding(own).cloned(),
        };
        texts(&own)
    };
    let of_decision = |own: fn(&DecisionChange) -> Option<&String>| of_either(own, |_| None);
    let of_finding = |own: fn(&FindingChange) -> Option<&String>| of_either(|_| None, own);
    let bytes = |own: &dyn Fn(&DecisionChange) -> Option<i8>| -> ArrayRef {
        Arc::new(changes.iter().map(|change| decision(change).and_then(own)).collect::<Int8Array>())
    };
    let sides: [Side; 2] = [|own| own.before.as_ref(), |own| own.after.as_ref()];
    let of_findings: [Found; 2] = [|own| own.before.as_ref(), |own| own.after.as_ref()];
    // A decision's outcome, a finding's severity.
    let outcomes = [0, 1].map(|side: usize| {
        let own = |change: &Change| match change {
            Change::Decision(own) => sides[side](own).map(|own| own.outcome.clone()),
            Change::Finding(own) => of_findings[side](own).map(|own| own.severity.clone()),
        };
        texts(&own)
    });
    let next_grades = sides.map(|side| bytes(&|own| side(own)?.next_grade));
    let certificates = sides.map(|side| texts(&|change| side(decision(change)?)?.certificate.clone()));
    let found = of_findings.map(|side| texts(&|change| side(finding(change)?)?.found.clone()));
    let words = |side: Side, own: fn(&Verdict) -> &[String]| {
        let all = || changes.iter().map(|change| decision(change).and_then(side).map_or(&[][..], own));
        let values = all().flatten().map(Some).collect::<StringArray>();
        list(all().map(<[String]>::len).collect(), Arc::new(values))
    };
    let [clauses_before, clauses_after] = sides.map(|side| words(side, |own| &own.clauses));
    let [missing_before, missing_after] = sides.map(|side| words(side, |own| &own.missing));
    let all_moved = || changes.iter().map(|change| decision(change).map_or(&[][..], |own| &own.moved));
    let moved = list(all_moved().map(<[Moved]>::len).collect(), moved(&all_moved().flatten().collect::<Vec<_>>())?);
    let [outcome_before, outcome_after] = outcomes;
    let [next_before, next_after] = next_grades;
    let [certificate_before, certificate_after] = certificates;
    let [found_before, found_after] = found;
    let kind = |change: &Change| Some(if decision(change).is_some() { "decision" } else { "finding" }.to_owned());
    let changed = |change: &Change| match change {
        Change::Decision(own) => Some(own.kind().code().to_owned()),
        Change::Finding(own) => Some(own.kind().code().to_owned()),
    };
    RecordBatch::try_new(
        Arc::clone(schema),
        vec![
            texts(&kind),
            texts(&changed),
            of_either(|own| Some(&own.student.student_key), |own| own.student_key.as_ref()),
            of_either(|own| own.student.student_id.as_ref(), |own| own.student_id.as_ref()),
            of_either(|own| own.student.name.as_ref(), |own| own.name.as_ref()),
            of_either(|own| own.student.district.as_ref(), |own| own.district.as_ref()),
            of_either(|own| own.student.school_code.as_ref(), |own| own.school_code.as_ref()),
            of_decision(|own| own.student.school_name.as_ref()),
            bytes(&|own| own.student.grade),
            of_decision(|own| own.student.class.as_ref()),
            outcome_before,
            outcome_after,
            next_before,
            next_after,
            certificate_before,
            certificate_after,
            clauses_before?,
            clauses_after?,
            missing_before?,
            missing_after?,
            moved?,
            of_finding(|own| Some(&own.finding_id)),
            of_finding(|own| Some(&own.code)),
            of_finding(|own| Some(&own.message)),
            found_before,
            found_after,
        ],
    )
}

fn moved(all: &[&Moved]) -> Result<ArrayRef, ArrowError> {
    let texts = |own: fn(&Moved) -> Option<&str>| -> ArrayRef { Arc::new(all.iter().map(|moved| own(moved)).collect::<StringArray>()) };
    let holds = |own: fn(&Moved) -> Option<&State>| -> ArrayRef {
        Arc::new(all.iter().map(|moved| own(moved).and_then(|state| state.holds)).collect::<BooleanArray>())
    };
    let columns = vec![
        texts(|own| Some(&own.clause)),
        texts(|own| Some(&own.code)),
        texts(|own| Some(&own.text)),
        texts(|own| Some(own.stands())),
        holds(|own| own.before.as_ref()),
        holds(|own| own.after.as_ref()),
        texts(|own| own.before.as_ref()?.value.as_deref()),
        texts(|own| own.after.as_ref()?.value.as_deref()),
        texts(|own| own.before.as_ref()?.threshold.as_deref()),
        texts(|own| own.after.as_ref()?.threshold.as_deref()),
    ];
    Ok(Arc::new(StructArray::try_new(moved_fields(), columns, None)?))
}
