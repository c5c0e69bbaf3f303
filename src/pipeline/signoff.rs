//! What may be signed off, and does a sign-off still hold? A school once it has no open error and every query is answered, a district once
//! its schools are signed off, the city once its districts are. A sign-off holds in later runs of its school year as long as that is so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use law::regulation::findings::Severity;
use thiserror::Error;

use super::folder::{self, Held};
use crate::ingest::guarded;
use crate::reconcile::life::{Change, Life};
use crate::report::history;
use crate::report::movements;
use crate::report::parquet::Names;
use crate::report::read::{ReadError, Run};
use crate::report::signoffs::{self, Action, FILE, Level, Signoff, write_signoffs};

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is signed off.
    Signed,
    /// It was signed off, and what that rested on is not so any more.
    Lapsed,
    /// It may be signed off.
    Possible,
    /// It may not.
    Blocked,
}

impl State {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            State::Signed => "signed",
            State::Lapsed => "lapsed",
            State::Possible => "possible",
            State::Blocked => "blocked",
        }
    }

    /// The word for people.
    pub fn title(self) -> &'static str {
        match self {
            State::Signed => "已签核",
            State::Lapsed => "已失效",
            State::Possible => "可以签核",
            State::Blocked => "还不能签核",
        }
    }
}

/// A school, a district or the city.
#[derive(Clone, Debug)]
pub struct Party {
    /// What it is.
    pub level: Level,
    /// The school's code or the district's name; empty for the city.
    pub code: String,
    /// The school's name.
    pub name: String,
    /// The school's district.
    pub district: String,
    /// Errors to which no answer stands: of a district or the city, those that are no school's.
    pub open_errors: u64,
    /// The same of queries.
    pub unanswered_queries: u64,
    /// The schools of a district, or the districts of the city, that are not signed off.
    pub waiting_for: Vec<String>,
    /// How it stands.
    pub state: State,
    /// The sign-off that holds or has lapsed.
    pub signoff: Option<Signoff>,
    /// The hash of its findings and answers.
    pub findings_hash: String,
}

impl Party {
    /// What it is called in messages.
    pub fn title(&self) -> String {
        title(self.level, &self.code)
    }

    /// What is still open, in words of a message.
    pub fn what_is_open(&self) -> String {
        let plural = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
        let mut parts = Vec::new();
        if self.open_errors > 0 {
            parts.push(plural(self.open_errors, "open error", "open errors"));
        }
        if self.unanswered_queries > 0 {
            parts.push(plural(self.unanswered_queries, "unanswered query", "unanswered queries"));
        }
        if !self.waiting_for.is_empty() {
            let shown: Vec<&str> = self.waiting_for.iter().map(String::as_str).take(MOST_NAMED).collect();
            let more = if self.waiting_for.len() > MOST_NAMED { ", …" } else { "" };
            parts.push(format!("{} not signed off: {}{more}", self.waiting_for.len(), shown.join(", ")));
        }
        parts.join(", ")
    }
}

/// How many schools or districts a message names.
const MOST_NAMED: usize = 8;

fn title(level: Level, code: &str) -> String {
    match level {
        Level::City => "the city".to_owned(),
        Level::School | Level::District => format!("{} {code}", level.code()),
    }
}

/// How everything stands in a run.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The city.
    pub city: Party,
    /// The districts with students in the run, by name.
    pub districts: Vec<Party>,
    /// The schools with students in the run, by district and code.
    pub schools: Vec<Party>,
}

/// What is open of somebody's findings, and all of them in one text each.
#[derive(Clone, Debug, Default)]
struct Tally {
    open_errors: u64,
    unanswered_queries: u64,
    findings: Vec<String>,
}

impl Tally {
    fn enter(&mut self, id: &str, life: &Life) {
        let open = u64::from(life.is_open());
        if life.subject.severity == Severity::Error.code() {
            self.open_errors += open;
        } else if life.subject.severity == Severity::Query.code() {
            self.unanswered_queries += open;
        }
        self.findings.push(format!("{id} {} {}", life.evidence_hash, life.review.map_or("open", |reply| reply.word())));
    }
}

impl Standing {
    /// How everything stands in the run of a folder.
    ///
    /// # Errors
    /// The run can't be read.
    pub fn of(run: &Path, school_year: &str, signoffs: &[Signoff]) -> Result<Self, ReadError> {
        let mut schools = movements::schools(run)?;
        schools.remove("");
        let districts: BTreeSet<String> = schools.values().map(|own| own.district.clone()).filter(|own| !own.is_empty()).collect();
        let mut tallies: BTreeMap<(Level, String), Tally> = BTreeMap::new();
        for (id, life) in history::history(run)?.iter().filter(|(_, life)| life.change != Change::Gone || life.unchecked) {
            let subject = &life.subject;
            let own = if schools.contains_key(&subject.school_code) {
                (Level::School, subject.school_code.clone())
            } else if districts.contains(&subject.district) {
                (Level::District, subject.district.clone())
            } else {
                (Level::City, String::new())
            };
            for other in subject.other_school_code.split('、') {
                let other = (Level::School, other.to_owned());
                if other != own && schools.contains_key(&other.1) {
                    tallies.entry(other).or_default().enter(id, life);
                }
            }
            tallies.entry(own).or_default().enter(id, life);
        }
        let latest = |level: Level, code: &str| {
            let mut own = signoffs.iter().filter(|own| own.level == level && own.code == code && own.school_year == school_year);
            own.next_back().filter(|own| own.action == Action::Signed).cloned()
        };
        let mut party = |level: Level, code: &str, name: &str, district: &str, below: &[&Party]| {
            let Tally { open_errors, unanswered_queries, mut findings } = tallies.remove(&(level, code.to_owned())).unwrap_or_default();
            findings.extend(below.iter().map(|own| format!("{} {}", own.title(), own.findings_hash)));
            let unsigned = below.iter().filter(|own| own.state != State::Signed);
            let waiting_for: Vec<String> = unsigned.map(|own| own.code.clone()).collect();
            let signoff = latest(level, code);
            let is_settled = open_errors == 0 && unanswered_queries == 0 && waiting_for.is_empty();
            let state = match (&signoff, is_settled) {
                (Some(_), true) => State::Signed,
                (Some(_), false) => State::Lapsed,
                (None, true) => State::Possible,
                (None, false) => State::Blocked,
            };
            let (code, name, district) = (code.to_owned(), name.to_owned(), district.to_owned());
            let findings_hash = blake3::hash(findings.join("\n").as_bytes()).to_hex()[..16].to_owned();
            Party { level, code, name, district, open_errors, unanswered_queries, waiting_for, state, signoff, findings_hash }
        };
        let mut own: Vec<Party> = schools.iter().map(|(code, own)| party(Level::School, code, &own.name, &own.district, &[])).collect();
        own.sort_by(|one, other| (&one.district, &one.code).cmp(&(&other.district, &other.code)));
        let of_district = |name: &String| {
            let below: Vec<&Party> = own.iter().filter(|own| own.district == *name).collect();
            party(Level::District, name, "", "", &below)
        };
        let districts: Vec<Party> = districts.iter().map(of_district).collect();
        // A school whose district nobody wrote is the city's.
        let below: Vec<&Party> = districts.iter().chain(own.iter().filter(|own| own.district.is_empty())).collect();
        let city = party(Level::City, "", "", "", &below);
        Ok(Self { city, districts, schools: own })
    }

    /// Everybody, the city first, each district before its schools.
    pub fn parties(&self) -> Vec<&Party> {
        let mut parties = vec![&self.city];
        let of = |district: &str| self.schools.iter().filter(move |own| own.district == district).collect::<Vec<&Party>>();
        for district in &self.districts {
            parties.push(district);
            parties.extend(of(&district.code));
        }
        parties.extend(of(""));
        parties
    }

    fn find(&self, level: Level, code: &str) -> Option<&Party> {
        self.parties().into_iter().find(|own| own.level == level && own.code == code)
    }

    /// The nearest code, or the code of the nearest name.
    fn nearest(&self, level: Level, code: &str) -> String {
        let parties = self.parties().into_iter().filter(|own| own.level == level);
        let distance = |own: &Party| {
            let words = [own.code.as_str(), own.name.as_str()].into_iter().filter(|word| !word.is_empty());
            let near = words.map(|word| (strsim::damerau_levenshtein(word, code), word.chars().count()));
            near.filter(|(distance, letters)| *distance <= letters / 2).map(|(distance, _)| distance).min()
        };
        let nearest =
            parties.filter_map(|own| Some((distance(own)?, own))).min_by(|one, other| (one.0, &one.1.code).cmp(&(other.0, &other.1.code)));
        nearest.map(|(_, own)| format!("; did you mean {} {}?", own.code, own.name).replace(" ?", "?")).unwrap_or_default()
    }
}

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum SignoffError {
    /// A run or the sign-offs can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The folder that was named is not that of the newest run.
    #[error("{} is not the newest run: look at {newest}, and sign that", .0.display(), newest = .1.display())]
    NotNewest(PathBuf, PathBuf),
    /// Nobody is called so.
    #[error("the run has no {0}{1}")]
    Unknown(String, String),
    /// It may not be signed off.
    #[error("{0} can't be signed off: {1}")]
    NotSettled(String, String),
    /// It is signed off already.
    #[error("{0} is signed off already, by {1} at {2}")]
    Already(String, String, String),
    /// There is nothing to take back.
    #[error("{0} is not signed off")]
    NotSigned(String),
    /// Nobody says who signs.
    #[error("say by --by who signs")]
    Nameless,
    /// A run is being made, or somebody else is signing.
    #[error("another run or sign-off holds {}", .0.display())]
    Held(PathBuf),
    /// The disk refuses.
    #[error("can't write the sign-offs: {0}")]
    Write(String),
}

impl From<std::io::Error> for SignoffError {
    fn from(error: std::io::Error) -> Self {
        SignoffError::Write(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for SignoffError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        SignoffError::Write(error.to_string())
    }
}

/// The sign-offs of a pipeline's folder. Damage may make a library panic.
fn known(pipeline: &Path) -> Result<Vec<Signoff>, ReadError> {
    let damaged = || Err(ReadError::File { path: pipeline.join(FILE), message: "it is damaged".into() });
    guarded(|| signoffs::signoffs(pipeline)).unwrap_or_else(damaged)
}

/// How everything stands in a run.
///
/// # Errors
/// The run or the sign-offs can't be read.
pub fn standing(run: &Run) -> Result<Standing, ReadError> {
    let folder = run.folder.canonicalize().unwrap_or_else(|_| run.folder.clone());
    let signoffs = known(folder.parent().unwrap_or(Path::new("")))?;
    Standing::of(&run.folder, &run.manifest.school_year, &signoffs)
}

/// What somebody wants to do.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What is to be signed off.
    pub level: Level,
    /// The school's code or the district's name; empty for the city.
    pub code: &'a str,
    /// What is to be done.
    pub action: Action,
    /// By whom.
    pub by: &'a str,
    /// What they note.
    pub note: &'a str,
}

/// Signs off, or takes it back, and says how it stands now.
///
/// # Errors
/// It may not be signed off or isn't, somebody else holds the pipeline's folder, or files can't be read or written.
pub fn sign(run: &Run, request: &Request<'_>) -> Result<Party, SignoffError> {
    if request.by.is_empty() {
        return Err(SignoffError::Nameless);
    }
    let folder = run.folder.canonicalize()?;
    let (pipeline, name) = match (folder.parent(), folder.parent().and_then(Path::file_name).and_then(|name| name.to_str())) {
        (Some(pipeline), Some(name)) => (pipeline, name),
        _ => return Err(SignoffError::Write(format!("{} lies in no pipeline's folder", folder.display()))),
    };
    let held = Held::take(pipeline.parent().unwrap_or(Path::new("/")), name)?.ok_or_else(|| SignoffError::Held(pipeline.into()))?;
    match folder::latest(held.folder()) {
        Some(newest) if newest == folder => {}
        Some(newest) => return Err(SignoffError::NotNewest(folder.clone(), newest)),
        None => return Err(ReadError::NoRun(pipeline.into()).into()),
    }
    let mut signoffs = known(held.folder())?;
    let manifest = &run.manifest;
    let standing = Standing::of(&folder, &manifest.school_year, &signoffs)?;
    let unknown = || SignoffError::Unknown(title(request.level, request.code), standing.nearest(request.level, request.code));
    let party = standing.find(request.level, request.code).ok_or_else(unknown)?;
    match (request.action, party.state, &party.signoff) {
        (Action::Signed, State::Signed, Some(own)) => {
            return Err(SignoffError::Already(party.title(), own.by.clone(), own.at.clone()));
        }
        (Action::Signed, State::Blocked | State::Lapsed, _) => {
            return Err(SignoffError::NotSettled(party.title(), party.what_is_open()));
        }
        (Action::Revoked, _, None) => return Err(SignoffError::NotSigned(party.title())),
        _ => {}
    }
    signoffs.push(Signoff {
        level: request.level,
        code: request.code.to_owned(),
        action: request.action,
        by: request.by.to_owned(),
        at: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        note: request.note.to_owned(),
        run_id: manifest.run_id.clone(),
        as_of: manifest.as_of.clone(),
        school_year: manifest.school_year.clone(),
        findings_hash: party.findings_hash.clone(),
    });
    let names = Names { schema: "signoffs/1", policy: format!("{} {}", manifest.policy.name, manifest.policy.version) };
    held.replace(FILE, |path| write_signoffs(path, &signoffs, &names).map_err(SignoffError::from))?;
    let standing = Standing::of(&folder, &manifest.school_year, &signoffs)?;
    standing.find(request.level, request.code).cloned().ok_or_else(unknown)
}

/// The sign-offs that held in the last run and don't in that of a folder in the making.
///
/// # Errors
/// A run or the sign-offs can't be read.
pub fn lapsed(pipeline: &Path, latest: Option<&Path>, folder: &Path, school_year: &str) -> Result<Vec<String>, ReadError> {
    let signoffs = known(pipeline)?;
    let Some(latest) = latest.filter(|_| signoffs.iter().any(|own| own.school_year == school_year)) else { return Ok(Vec::new()) };
    let before = Standing::of(latest, school_year, &signoffs)?;
    let held = before.parties().into_iter().filter(|own| own.state == State::Signed);
    let now = Standing::of(folder, school_year, &signoffs)?;
    let holds = |own: &Party| now.find(own.level, &own.code).is_some_and(|own| own.state == State::Signed);
    Ok(held.filter(|own| !holds(own)).map(|own| format!("{} {}", own.level.code(), own.code).trim_end().to_owned()).collect())
}
