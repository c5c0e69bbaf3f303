//! The life of a finding: is it new, has it changed, is it gone, and does an answer to it still stand? A function of this run's findings,
//! the history that the last run left, and the answers that were handed in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use law::facts::codes::Reply;
use rayon::prelude::*;

/// What became of a finding against the last run of its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was never raised before.
    New,
    /// It was raised in the last run, with the same evidence.
    Unchanged,
    /// It was raised in the last run, with other evidence.
    Updated,
    /// It was gone and is back, or its answer doesn't hold.
    Reopened,
    /// It is not raised any more.
    Gone,
}

impl Change {
    /// All of them.
    pub const ALL: [Change; 5] = [Change::New, Change::Unchanged, Change::Updated, Change::Reopened, Change::Gone];

    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Unchanged => "unchanged",
            Change::Updated => "updated",
            Change::Reopened => "reopened",
            Change::Gone => "gone",
        }
    }

    /// The word for people.
    pub fn title(self) -> &'static str {
        match self {
            Change::New => "新增",
            Change::Unchanged => "没有变化",
            Change::Updated => "有变化",
            Change::Reopened => "重新打开",
            Change::Gone => "已消失",
        }
    }

    /// The change of a word in outputs.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.code() == code)
    }
}

/// What a finding is and whom it concerns, as the history keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Subject {
    pub code: String,
    pub severity: String,
    pub district: String,
    pub school_code: String,
    pub other_school_code: String,
}

/// A finding of this run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Raised {
    pub finding_id: String,
    pub evidence_hash: String,
    pub subject: Subject,
}

/// An answer, bound to the evidence that it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub reply: Reply,
    /// Its date; an answer without one is older than any other.
    pub on: Option<NaiveDate>,
    /// The evidence that it was given for.
    pub evidence_hash: String,
    /// The explanation; may be empty.
    pub note: String,
    /// By whom; may be empty.
    pub by: String,
}

/// The latest answer to a finding as it was handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Its date.
    pub on: Option<NaiveDate>,
    /// What it says; none where rows of the date contradict each other or can't be read.
    pub reply: Option<Reply>,
    /// The evidence that its rows name.
    pub hashes: BTreeSet<String>,
    /// Whether a row of it names none.
    pub is_unbound: bool,
    /// The explanation; may be empty.
    pub note: String,
    /// By whom; may be empty.
    pub by: String,
}

/// A finding over the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The date of judgement of the first run that raised it.
    pub first_seen: String,
    /// The same of the last one.
    pub last_seen: String,
    /// What became of it in the newest run.
    pub change: Change,
    /// Runs in a row that did not raise it.
    pub runs_gone: i32,
    /// Whether it is not raised only because the data that would show it were not handed in.
    pub unchecked: bool,
    /// The answer that stands.
    pub review: Option<Reply>,
    /// Its evidence in the last run that raised it.
    pub evidence_hash: String,
    /// The last answer to it, whether it stands or not.
    pub answer: Option<Answer>,
    /// What it is.
    pub subject: Subject,
}

impl Life {
    /// Whether it is raised, and no answer to it stands.
    pub fn is_open(&self) -> bool {
        (self.change != Change::Gone || self.unchecked) && self.review.is_none()
    }
}

/// Findings over the runs, by id.
pub type History = BTreeMap<String, Life>;

/// What has become of each finding in the run of a date: those that it raises, and those that earlier runs knew.
///
/// `can_tell` says whether the run had the data that would show a finding.
pub fn go_on(
    mut raised: Vec<Raised>,
    past: History,
    given: &BTreeMap<String, Given>,
    as_of: &str,
    can_tell: impl Fn(&Subject) -> bool,
) -> History {
    let left = |(finding_id, before): (String, Life)| {
        let unchecked = !can_tell(&before.subject);
        let life = leave(before, given.get(&finding_id), unchecked);
        (finding_id, life)
    };
    // Both in order, so that they are gone through once, and the history is put together at once.
    raised.par_sort_unstable_by(|one, other| one.finding_id.cmp(&other.finding_id));
    let mut past = past.into_iter().peekable();
    let mut history = Vec::with_capacity(raised.len() + past.len());
    for Raised { finding_id, evidence_hash, subject } in raised {
        while let Some(before) = past.next_if(|(other, _)| *other < finding_id) {
            history.push(left(before));
        }
        let before = past.next_if(|(other, _)| *other == finding_id).map(|(_, life)| life);
        let life = raise(evidence_hash, subject, before.as_ref(), given.get(&finding_id), as_of);
        history.push((finding_id, life));
    }
    history.extend(past.map(left));
    history.into_iter().collect()
}

fn raise(evidence_hash: String, subject: Subject, before: Option<&Life>, given: Option<&Given>, as_of: &str) -> Life {
    let (answer, is_new) = answer(&evidence_hash, before, given);
    // A claim that something was mended is answered by its being found again.
    let standing = answer.as_ref().filter(|own| own.reply != Reply::Mended && own.evidence_hash == evidence_hash);
    let review = standing.map(|own| own.reply);
    let change = match before {
        None => Change::New,
        Some(before) if before.change == Change::Gone => Change::Reopened,
        // What was closed is open again, or somebody says once more what is not so.
        Some(before) if review.is_none() && (before.review.is_some() || is_new) => Change::Reopened,
        Some(before) if before.evidence_hash == evidence_hash => Change::Unchanged,
        Some(_) => Change::Updated,
    };
    let first_seen = before.map_or(as_of, |before| &before.first_seen).to_owned();
    Life { first_seen, last_seen: as_of.to_owned(), change, runs_gone: 0, unchecked: false, review, evidence_hash, answer, subject }
}

fn leave(before: Life, given: Option<&Given>, unchecked: bool) -> Life {
    // What was mended before stays mended, with data or without.
    let unchecked = unchecked && (before.change != Change::Gone || before.unchecked);
    let (answer, _) = answer(&before.evidence_hash, Some(&before), given);
    // Nobody takes it for mended who can't see that it is.
    let stands = |own: &&Answer| if own.reply == Reply::Mended { !unchecked } else { own.evidence_hash == before.evidence_hash };
    let review = answer.as_ref().filter(stands).map(|own| own.reply);
    Life { change: Change::Gone, runs_gone: before.runs_gone.saturating_add(1), unchecked, review, answer, ..before }
}

/// The answer that counts, and whether it was not known before.
fn answer(evidence_hash: &str, before: Option<&Life>, given: Option<&Given>) -> (Option<Answer>, bool) {
    let known = before.and_then(|before| before.answer.as_ref());
    // What is handed in again with an older date was replaced long ago.
    let Some(given) = given.filter(|given| known.is_none_or(|known| given.on >= known.on)) else { return (known.cloned(), false) };
    let Some(reply) = given.reply else { return (None, false) };
    let known = known.filter(|known| known.reply == reply && known.on == given.on);
    let bound = if given.hashes.contains(evidence_hash) {
        evidence_hash
    } else if let Some(known) = known {
        &known.evidence_hash
    } else if given.is_unbound {
        // Whoever answers without naming it has the last run's list before them.
        before.map_or(evidence_hash, |before| &before.evidence_hash)
    } else {
        given.hashes.last().map_or(evidence_hash, String::as_str)
    };
    // Whoever sends the same answer again need not write the explanation again.
    let said = |given: &str, known: Option<&String>| if given.is_empty() { known.cloned().unwrap_or_default() } else { given.to_owned() };
    let (note, by) = (said(&given.note, known.map(|known| &known.note)), said(&given.by, known.map(|known| &known.by)));
    (Some(Answer { reply, on: given.on, evidence_hash: bound.to_owned(), note, by }), known.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "f";

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    /// An answer as it is handed in; an empty hash is none, an empty date too.
    fn given(reply: Reply, on: &str, hash: &str) -> Option<Given> {
        let hashes = Some(hash.to_owned()).filter(|hash| !hash.is_empty()).into_iter().collect();
        Some(Given { on: day(on), reply: Some(reply), hashes, is_unbound: hash.is_empty(), ..Given::default() })
    }

    /// Runs night after night: the evidence (none: not raised) and the answers in the folder; gives change and review of each.
    fn nights(nights: &[(Option<&str>, Option<Given>)]) -> Vec<(&'static str, Option<&'static str>)> {
        let mut history = History::new();
        let mut told = Vec::new();
        for (number, (evidence, answer)) in nights.iter().enumerate() {
            let raised = evidence.map(|hash| Raised { finding_id: ID.into(), evidence_hash: hash.into(), subject: Subject::default() });
            let given = answer.iter().map(|own| (ID.to_owned(), own.clone())).collect();
            history = go_on(raised.into_iter().collect(), history, &given, &format!("night {number}"), |_| true);
            let own = &history[ID];
            assert_eq!(own.first_seen, "night 0");
            told.push((own.change.code(), own.review.map(Reply::word)));
        }
        told
    }

    #[test]
    fn an_explained_finding_is_quiet_until_its_evidence_changes() {
        let answer = given(Reply::Explained, "2025-03-01", "a");
        let told = nights(&[
            (Some("a"), None),
            (Some("a"), answer.clone()),
            (Some("a"), answer.clone()),
            (Some("a"), None),
            (Some("b"), None),
            (Some("b"), answer.clone()),
            (Some("c"), answer),
            (Some("c"), given(Reply::Mistaken, "2025-04-01", "c")),
        ]);
        let explained = Some("情况说明");
        let expected = [
            ("new", None),
            ("unchanged", explained),
            ("unchanged", explained),
            ("unchanged", explained),
            ("reopened", None),
            ("unchanged", None),
            ("updated", None),
            ("unchanged", Some("误报")),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_claim_that_it_is_mended_is_held_against_the_data() {
        let claim = given(Reply::Mended, "2025-03-01", "a");
        let told = nights(&[
            (Some("a"), None),
            (Some("a"), claim.clone()),
            (Some("a"), claim.clone()),
            (Some("b"), claim.clone()),
            (Some("b"), given(Reply::Mended, "2025-03-09", "b")),
            (None, given(Reply::Mended, "2025-03-09", "b")),
            (None, None),
            (Some("b"), None),
            (Some("b"), claim),
        ]);
        let expected = [
            ("new", None),
            ("reopened", None),
            ("unchanged", None),
            ("updated", None),
            ("reopened", None),
            ("gone", Some("已整改")),
            ("gone", Some("已整改")),
            ("reopened", None),
            ("unchanged", None),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_comes_back_as_it_was_explained_is_not_asked_again() {
        let answer = given(Reply::Explained, "", "a");
        let told = nights(&[(Some("a"), answer), (None, None), (Some("a"), None), (None, None), (Some("b"), None), (Some("a"), None)]);
        let explained = Some("情况说明");
        let expected = [
            ("new", explained),
            ("gone", explained),
            ("reopened", explained),
            ("gone", explained),
            ("reopened", None),
            // The evidence is again the one that was explained.
            ("updated", explained),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_answer_without_evidence_is_for_what_the_last_run_said() {
        let answer = given(Reply::Explained, "2025-03-01", "");
        // It changed in the very night in which the answer came: that was not what was explained.
        let told = nights(&[(Some("a"), None), (Some("b"), answer.clone()), (Some("b"), answer.clone()), (Some("a"), answer.clone())]);
        assert_eq!(told, [("new", None), ("reopened", None), ("unchanged", None), ("updated", Some("情况说明"))]);
        // It does not follow the evidence while it lies in the folder.
        let told = nights(&[(Some("a"), answer.clone()), (Some("b"), answer.clone()), (Some("c"), answer)]);
        assert_eq!(told, [("new", Some("情况说明")), ("reopened", None), ("updated", None)]);
    }

    #[test]
    fn the_latest_answer_counts_and_contradicting_ones_do_not() {
        let contradicting = Some(Given { on: day("2025-04-01"), ..Given::default() });
        let older = given(Reply::Mended, "2025-01-01", "a");
        let told = nights(&[
            (Some("a"), given(Reply::Explained, "2025-03-01", "a")),
            (Some("a"), older),
            (Some("a"), contradicting),
            (Some("a"), None),
            (Some("a"), given(Reply::Explained, "2025-04-02", "a")),
        ]);
        let explained = Some("情况说明");
        assert_eq!(told, [("new", explained), ("unchanged", explained), ("reopened", None), ("unchanged", None), ("unchanged", explained)]);
    }

    #[test]
    fn who_answers_the_same_day_for_the_changed_evidence_is_heard() {
        let both = Given {
            on: day("2025-03-01"),
            reply: Some(Reply::Explained),
            hashes: ["a", "b"].map(str::to_owned).into(),
            ..Given::default()
        };
        let told = nights(&[(Some("a"), given(Reply::Explained, "2025-03-01", "a")), (Some("b"), None), (Some("b"), Some(both))]);
        assert_eq!(told, [("new", Some("情况说明")), ("reopened", None), ("unchanged", Some("情况说明"))]);
    }

    #[test]
    fn the_runs_without_it_are_counted() {
        let raised = || vec![Raised { finding_id: ID.into(), evidence_hash: "a".into(), subject: Subject::default() }];
        let none = BTreeMap::new();
        let one = go_on(raised(), History::new(), &none, "2024-07-01", |_| true);
        let two = go_on(Vec::new(), go_on(Vec::new(), one, &none, "2025-07-01", |_| true), &none, "2026-07-01", |_| true);
        assert_eq!((two[ID].runs_gone, two[ID].last_seen.as_str()), (2, "2024-07-01"));
        let back = go_on(raised(), two, &none, "2026-07-02", |_| true);
        assert_eq!((back[ID].runs_gone, back[ID].last_seen.as_str(), back[ID].first_seen.as_str()), (0, "2026-07-02", "2024-07-01"));
    }

    #[test]
    fn what_cannot_be_seen_is_not_taken_for_mended() {
        let raised = Raised { finding_id: ID.into(), evidence_hash: "a".into(), subject: Subject::default() };
        let none = BTreeMap::new();
        let mended = BTreeMap::from([(ID.to_owned(), given(Reply::Mended, "2026-05-02", "").expect("an answer"))]);
        let first = go_on(vec![raised.clone()], History::new(), &none, "2026-05-01", |_| true);
        let hidden = go_on(Vec::new(), first, &mended, "2026-05-02", |_| false);
        assert_eq!((hidden[ID].change, hidden[ID].unchecked, hidden[ID].is_open()), (Change::Gone, true, true));
        // Once it can be seen, it is gone for good, and stays so without the data.
        let seen = go_on(Vec::new(), hidden.clone(), &mended, "2026-05-03", |_| true);
        assert_eq!((seen[ID].unchecked, seen[ID].is_open(), seen[ID].review), (false, false, Some(Reply::Mended)));
        let later = go_on(Vec::new(), seen, &none, "2026-05-04", |_| false);
        assert!(!later[ID].unchecked && !later[ID].is_open());
        // Or it is still there.
        let back = go_on(vec![raised], hidden, &mended, "2026-05-03", |_| true);
        assert_eq!((back[ID].change, back[ID].unchecked, back[ID].is_open()), (Change::Reopened, false, true));
    }
}
