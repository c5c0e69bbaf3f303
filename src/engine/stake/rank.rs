//! Which finding comes first? The one that could change more of a student's decision.

use law::regulation::rule::Outcome;

use crate::engine::finding::Effect;

/// Findings about what the exam authority sent.
const OF_EXAMS: &[&str] = &["R0301", "R0302", "R0303", "R0304"];

/// How much a finding could change, the most first: lists are in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// Data of the exam authority that would turn 结业 into 毕业.
    ExamsForGraduation,
    /// Anything else that would bring 毕业 instead of 结业 or 待核.
    Graduation,
    /// Promotion instead of 留级, 待补考 or 待核.
    Promotion,
    /// Another outcome.
    Outcome,
    /// The same outcome with another certificate or next grade.
    Detail,
    /// No decision.
    Nothing,
}

impl Rank {
    /// The rank of a finding.
    pub fn of(code: &str, effect: Option<&Effect>) -> Rank {
        use law::regulation::rule::Outcome::{Complete, Graduate, MakeUpPending, Promote, Retain, Undetermined};
        let Some(Effect { now, then, .. }) = effect else { return Rank::Nothing };
        match (now, then) {
            (Complete, Graduate) if OF_EXAMS.contains(&code) => Rank::ExamsForGraduation,
            (Complete | Undetermined, Graduate) => Rank::Graduation,
            (Retain | MakeUpPending | Undetermined, Promote) => Rank::Promotion,
            _ if now != then => Rank::Outcome,
            _ => Rank::Detail,
        }
    }
}

/// What students wish for at the year's end, the most first.
const WISHED: &[Outcome] = &[Outcome::Graduate, Outcome::Promote, Outcome::Skip, Outcome::MakeUpPending];

/// The best of the outcomes that completions allow: what is wished for, else the mildest.
pub fn best(possible: &[Outcome]) -> Option<Outcome> {
    let order = |outcome: &Outcome| {
        let wish = WISHED.iter().position(|own| own == outcome).unwrap_or(WISHED.len());
        (wish, std::cmp::Reverse(outcome.severity()), *outcome)
    };
    possible.iter().copied().min_by_key(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(code: &str, now: Outcome, then: Outcome) -> Rank {
        Rank::of(code, Some(&Effect { student: 0, now, then }))
    }

    #[test]
    fn the_exam_authority_comes_first_where_it_brings_graduation() {
        let ranks = [
            rank("R0301", Outcome::Complete, Outcome::Graduate),
            rank("R0101", Outcome::Complete, Outcome::Graduate),
            rank("I0303", Outcome::Undetermined, Outcome::Promote),
            rank("R0301", Outcome::Complete, Outcome::Undetermined),
            rank("R0101", Outcome::Promote, Outcome::Promote),
            Rank::of("R0301", None),
        ];
        assert!(ranks.is_sorted_by(|one, other| one < other), "{ranks:?}");
        assert_eq!(rank("R0303", Outcome::Undetermined, Outcome::Graduate), Rank::Graduation);
    }

    #[test]
    fn the_best_is_what_people_wish_for() {
        assert_eq!(best(&[Outcome::Complete, Outcome::Graduate]), Some(Outcome::Graduate));
        assert_eq!(best(&[Outcome::Retain, Outcome::MakeUpPending]), Some(Outcome::MakeUpPending));
        assert_eq!(best(&[Outcome::WithdrawAuto, Outcome::Retain]), Some(Outcome::Retain));
        assert_eq!(best(&[Outcome::Interrupt, Outcome::Urge, Outcome::Normal]), Some(Outcome::Normal));
        assert_eq!(best(&[]), None);
    }
}
