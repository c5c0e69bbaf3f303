//! `manifest.json`: the receipt of a run: what went in, what the books say, which law judged, what came out.

use std::collections::BTreeMap;
use std::path::Path;

use law::regulation::rule::Outcome;
use serde::{Deserialize, Serialize};

/// The receipt.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Manifest {
    /// The pipeline's name.
    pub pipeline: String,
    /// The procedure.
    pub procedure: String,
    /// The run.
    pub run_id: String,
    /// The date of judgement.
    pub as_of: String,
    /// The school year.
    pub school_year: String,
    /// Whether the school year was over on the date of judgement.
    #[serde(default)]
    pub is_year_over: bool,
    /// The policy.
    pub policy: PolicyReceipt,
    /// blake3 of the calendars.
    #[serde(default)]
    pub calendar_hash: String,
    /// blake3 of the dictionaries of headers and words.
    #[serde(default)]
    pub dictionaries_hash: String,
    /// What was otherwise than policy and pipeline file say: a district's own values, and what the command line said.
    #[serde(default)]
    pub overrides: Vec<OverrideReceipt>,
    /// The program's version.
    pub program_version: String,
    /// When the run began, UTC.
    pub started_at: String,
    /// When it was published, UTC.
    pub finished_at: String,
    /// The input files.
    pub inputs: Vec<InputReceipt>,
    /// The books, by table.
    pub books: BTreeMap<String, Books>,
    /// How many students.
    pub students: u64,
    /// The files of attendance, in term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<AttendanceReceipt>,
    /// The files that were known from runs before, where that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReceipt>,
    /// How long each stage took.
    #[serde(default)]
    pub seconds: Seconds,
    /// Students by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Students by stage and outcome.
    pub outcomes_by_stage: BTreeMap<String, BTreeMap<String, u64>>,
    /// Findings by code.
    pub findings: BTreeMap<String, u64>,
    /// Findings by severity.
    pub findings_by_severity: BTreeMap<String, u64>,
    /// Findings that could change a decision, by the outcome as it is and as it would be, such as `complete>graduate`.
    #[serde(default)]
    pub effects: BTreeMap<String, u64>,
    /// Those among them about data of the exam authority that would turn 结业 into 毕业.
    #[serde(default)]
    pub exams_for_graduation: u64,
    /// Findings to which no answer stands, by code.
    #[serde(default)]
    pub open_findings: BTreeMap<String, u64>,
    /// The same by severity.
    #[serde(default)]
    pub open_findings_by_severity: BTreeMap<String, u64>,
    /// What became of the findings against the last run of the pipeline.
    #[serde(default)]
    pub life: LifeReceipt,
    /// The encrypted files, if what people read was packaged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageReceipt>,
    /// What moved against the last run of the pipeline, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movements: Option<MovementReceipt>,
    /// The workbooks in which rejected rows go back.
    #[serde(default)]
    pub returned: ReturnedReceipt,
}

impl Manifest {
    /// The outcomes that the procedure knows, in the order in which they are listed.
    pub fn outcomes_known(&self) -> &'static [Outcome] {
        if self.is_in_term() { Outcome::IN_TERM } else { Outcome::OF_TERM_END }
    }

    /// Whether the run judges a term, as the watch and the audit do.
    pub fn is_in_term(&self) -> bool {
        self.procedure != "term-end"
    }

    /// Whether the run is an audit.
    pub fn is_audit(&self) -> bool {
        self.procedure == "district-audit"
    }

    /// Writes `manifest.json` into a run folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::write(folder.join("manifest.json"), serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Something that was otherwise than policy and pipeline file say.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct OverrideReceipt {
    /// Which value of the policy, such as `numbers.class_size.primary`, or which option, such as `--as-of`.
    pub what: String,
    /// What it would have been; empty where nothing is said.
    pub from: String,
    /// What it was.
    pub to: String,
}

/// Which files of attendance were read, and which were known from the run before.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct AttendanceReceipt {
    /// The form: `exceptions` or `daily`.
    pub form: String,
    /// Files that hold nothing but attendance.
    pub files: u64,
    /// Those that were read in this run.
    pub read: u64,
    /// The run whose state the others were taken from.
    pub known_from: Option<String>,
    /// Why all were read though there was a run before, in Chinese.
    pub read_anew: Option<String>,
}

/// Which files were known from runs before.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct CacheReceipt {
    /// Files whose columns were known.
    pub known: u64,
    /// Files that were parsed.
    pub read: u64,
}

/// An encrypted file.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct PackageReceipt {
    /// Who gets it.
    pub recipient: String,
    /// Its path below the run folder; empty if it was not made.
    pub file: String,
    /// How many files are in it; with none it was not made.
    pub files: u64,
}

/// What became of the findings against the last run of the pipeline.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct LifeReceipt {
    /// The last run of the pipeline.
    pub against: Option<String>,
    /// Whether its history can't be read, so that the findings begin anew.
    pub begins_anew: bool,
    /// Findings by change; of those that are gone, the ones that the last run still raised.
    pub changes: BTreeMap<String, u64>,
    /// Findings that are raised, and closed by an answer.
    pub answered: u64,
    /// Sign-offs that held in the last run and don't in this: `school 3101040001`, `district 示例区`, `city`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signoffs_lapsed: Vec<String>,
}

/// What the run was compared with, and what came of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct MovementReceipt {
    /// The last run of the pipeline.
    pub against: String,
    /// Movements that schools are asked about.
    pub queries: u64,
    /// Why schools were not compared, in Chinese.
    pub not_compared: Option<String>,
    /// The totals that moved by more than the pipeline allows, and were accepted: measures, as in `movements.parquet`.
    pub accepted: Vec<String>,
}

/// Seconds of each stage.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
pub struct Seconds {
    /// Reading all files but those of attendance.
    pub reading: f64,
    /// Finding the students.
    pub roster: f64,
    /// Finding whose every row is, by keys and by score.
    #[serde(default)]
    pub matching: f64,
    /// Taking over what is known of attendance, and counting what is new.
    pub attendance: f64,
    /// Judging, and writing the decisions.
    pub judging: f64,
    /// Writing the rest.
    pub writing: f64,
    /// Making pages and workbooks.
    #[serde(default)]
    pub reporting: f64,
}

/// Which policy judged.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PolicyReceipt {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// blake3 of the policy as used, overrides included.
    pub hash: String,
    /// The policy as used, so that two runs can be told apart by what their policies say.
    #[serde(default)]
    pub values: serde_json::Value,
}

/// An input file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InputReceipt {
    /// The path below the input folder.
    pub file: String,
    /// Its hash.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
}

/// The workbooks in which rejected rows go back.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct ReturnedReceipt {
    /// How many there are.
    pub files: u64,
    /// How many rows they hold.
    pub rows: u64,
    /// Files with rejected rows that have none.
    pub left_out: Vec<LeftOut>,
}

/// A file whose rejected rows do not go back one by one.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The path below the input folder.
    pub file: String,
    /// Why, in Chinese.
    pub why: String,
}

/// What became of the rows of a table.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct Books {
    /// Rows read.
    pub read: u64,
    /// Rows used.
    pub used: u64,
    /// Rows out of scope, by reason.
    pub out_of_scope: BTreeMap<String, u64>,
    /// Rows set aside, each with a finding.
    pub set_aside: u64,
}

impl Books {
    /// Whether every row read is accounted for.
    pub fn balance(&self) -> bool {
        self.read == self.used + self.out_of_scope.values().sum::<u64>() + self.set_aside
    }
}
