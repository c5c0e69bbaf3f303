//! A20.3: a senior student moves up with 语文 and 数学 passed and at most two other subjects failing, all after make-ups.

use super::super::annual::YearSubject;
use crate::regulation::ch4_progression::art22;
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A20.3",
    title: "高中升级",
    asks: "语文、数学总评合格（含补考），其他基础型科目总评不合格（含补考）不超过规定门数，予以升级；六门科目当年的合格考合格可代替补考。",
    reading: "还没有补考、补考后可能达到要求的，记待补考；缺考算已考不合格。免修科目在免修手续齐备时算合格。",
    parameters: &["numbers.senior_max_other_failing", "subjects.senior_core", "subjects.exam_replaces_makeup", "subjects.annual"],
    findings: &[],
    reads: &["course_results", "exams", "applications"],
};

static MAKE_UP_ALLOWED: Sentence = Sentence { code: "A22.2.1.below", text: "学年总评不合格科目少于不得补考的门数" };
static CORE: Sentence = Sentence { code: "A20.3.core", text: "语文、数学总评合格（含补考）；不合格的科目" };
static OTHERS: Sentence =
    Sentence { code: "A20.3.others", text: "其他科目总评不合格（含补考、合格考代替）的门数不超过上限" };
static OPEN: Sentence = Sentence { code: "A20.3.open", text: "尚未补考的科目补考合格后，仍可达到升级要求" };

/// What A20.3 makes of the year.
#[derive(Clone, Copy, Debug)]
pub struct Promotion {
    /// So many subjects failed that there is no make-up (A22.2.1).
    pub too_many: Condition,
    /// The condition of A20.3 is met.
    pub met: Condition,
    /// Not met, but make-ups not yet taken could still meet it.
    pub pending: Condition,
}

/// Weighs the year's subjects and writes the steps and the failing subjects down.
pub fn weigh(hearing: &mut Hearing<'_>) -> Promotion {
    let law = hearing.law;
    let numbers = &law.policy.numbers;
    let mut subjects = [None::<YearSubject>; 32];
    let expected = law.lists.annual(hearing.grade.number());
    for (place, subject) in subjects.iter_mut().zip(expected) {
        *place = Some(hearing.year_subject(*subject, law.lists.exam_replaces_makeup.contains(subject)));
    }
    let subjects = || subjects.iter().flatten();
    let completions = &mut *hearing.completions;
    let too_many = completions.at_least(numbers.senior_retain_at_failing, subjects().map(|year| year.failed));
    let (mut core, mut core_reachable) = (Condition::HOLDS, Condition::HOLDS);
    let (mut others, mut others_lost) = ([Condition::FAILS; 32], [Condition::FAILS; 32]);
    let mut core_failing = 0_u64;
    for (place, year) in subjects().enumerate() {
        let failing = completions.and_not(year.failed, year.mended);
        let lost = completions.and_not(failing, year.open);
        if law.lists.senior_core.contains(&year.subject) {
            core = completions.and_not(core, failing);
            core_reachable = completions.and_not(core_reachable, lost);
            core_failing |= u64::from(failing.holds()) << (year.subject.0 & 63);
        } else {
            (others[place], others_lost[place]) = (failing, lost);
        }
        let counted = completions.or(too_many, failing);
        let failing = completions.and(year.failed, counted);
        if !failing.fails() {
            hearing.record.failing.push((year.subject, failing));
        }
    }
    let few = completions.at_most(numbers.senior_max_other_failing, others);
    let few_reachable = completions.at_most(numbers.senior_max_other_failing, others_lost);
    let weighed = completions.and(core, few);
    let met = completions.and_not(weighed, too_many);
    let reachable = completions.and(core_reachable, few_reachable);
    let reachable = completions.and_not(reachable, too_many);
    let pending = completions.and_not(reachable, met);

    let failed = bounds(subjects().map(|year| year.failed));
    let allowed = hearing.completions.not(too_many);
    hearing.step("A22.2.1", &MAKE_UP_ALLOWED, allowed, failed, Amount::Number(numbers.senior_retain_at_failing as i32));
    if !allowed.fails() {
        hearing.step("A20.3", &CORE, core, Amount::Subjects(core_failing), Amount::None);
        hearing.step("A20.3", &OTHERS, few, bounds(others), Amount::Number(numbers.senior_max_other_failing as i32));
        if !met.holds() {
            hearing.step("A20.3", &OPEN, pending, Amount::None, Amount::None);
        }
    }
    Promotion { too_many, met, pending }
}

/// How many conditions hold, as far as is known.
pub fn bounds(conditions: impl IntoIterator<Item = Condition>) -> Amount {
    let (mut least, mut most) = (0, 0);
    for condition in conditions {
        least += i32::from(condition.holds());
        most += i32::from(!condition.fails());
    }
    if least == most { Amount::Number(least) } else { Amount::Between(least, most) }
}

/// Decides whether a senior student moves up, has make-ups to take, or is retained (A22.2).
pub fn judge(hearing: &mut Hearing<'_>) {
    let promotion = weigh(hearing);
    let next_grade = hearing.grade.later(1);
    hearing.decide(promotion.met, Verdict { outcome: Outcome::Promote, next_grade, certificate: None, clause: "A20.3" });
    hearing.decide(promotion.pending, Verdict { outcome: Outcome::MakeUpPending, next_grade: None, certificate: None, clause: "A20.3" });
    let reached = hearing.completions.or(promotion.met, promotion.pending);
    let missed = hearing.completions.not(reached);
    if !missed.fails() {
        art22::retain(hearing, missed, promotion.too_many);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regulation::verdict::{Completions, Fact};

    #[test]
    fn a_number_is_told_as_far_as_it_is_known() {
        let mut completions = Completions::default();
        let unknown = completions.unknown(Fact::Status);
        let (holds, fails) = (Condition::HOLDS, Condition::FAILS);
        assert_eq!(bounds([holds, fails, holds, holds]), Amount::Number(3));
        assert_eq!(bounds([fails]), Amount::Number(0));
        assert_eq!(bounds([holds, unknown, fails, unknown]), Amount::Between(1, 3));
    }
}
