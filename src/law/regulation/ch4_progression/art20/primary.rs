//! A20.1: a primary pupil who has finished the year moves up; at the end of primary school all go on to junior school.

use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::Condition;

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A20.1",
    title: "小学升级",
    asks: "小学生学完当前年级即升级；小学修业期满，都可升入初中。",
    reading: "",
    parameters: &[],
    findings: &[],
    reads: &[],
};

static MOVES_UP: Sentence = Sentence { code: "A20.1.finished", text: "小学生学完本学年，即予升级，与成绩无关" };

/// Lets a primary pupil move up.
pub fn judge(hearing: &mut Hearing<'_>) {
    hearing.step("A20.1", &MOVES_UP, Condition::HOLDS, Amount::Word(hearing.grade.title()), Amount::None);
    let next_grade = hearing.grade.later(1);
    hearing.decide(Condition::HOLDS, Verdict { outcome: Outcome::Promote, next_grade, certificate: None, clause: "A20.1" });
}
