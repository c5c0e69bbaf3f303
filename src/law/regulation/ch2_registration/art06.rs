//! A6.1, A42.3: who is taught at home or in a special school does not come to class, and is not judged by attendance.

use crate::facts::attendance::Watched;
use crate::facts::codes::{AttendanceMode, Read};
use crate::regulation::rule::{Amount, Hearing, Outcome, Rule, Sentence, Verdict};
use crate::regulation::verdict::{Condition, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A6.1",
    title: "送教上门、专门学校",
    asks: "不能到校集体学习的残疾儿童少年由区安排送教上门；进入专门学校就读的，学籍可保留在原校（A42.3）。",
    reading: "就读方式为送教上门或专门学校的，不看考勤和注册，在学期中记正常。",
    parameters: &[],
    findings: &[],
    reads: &[],
};

static ELSEWHERE: Sentence = Sentence { code: "A6.1.elsewhere", text: "就读方式不到校上课，不看考勤" };

/// Lets those who are taught elsewhere be; gives the condition under which attendance counts.
pub fn judge(hearing: &mut Hearing<'_>, watched: &Watched<'_>) -> Condition {
    let (elsewhere, word) = match watched.mode {
        Read::Value(mode @ (AttendanceMode::HomeTeaching | AttendanceMode::SpecialSchool)) => (Condition::HOLDS, Amount::Word(mode.word())),
        Read::Unreadable => (hearing.completions.unknown(Fact::Mode), Amount::None),
        Read::Value(_) | Read::Empty => return Condition::HOLDS,
    };
    hearing.step("A6.1", &ELSEWHERE, elsewhere, word, Amount::None);
    hearing.decide(elsewhere, Verdict { outcome: Outcome::Normal, next_grade: None, certificate: None, clause: "" });
    hearing.completions.not(elsewhere)
}
