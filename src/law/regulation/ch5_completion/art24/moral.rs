//! A24.6: moral evaluation (思想品德与行为规范), which a criminal record makes 不合格.

use crate::facts::codes::{Read, Standard, YesNo};
use crate::facts::student::Evaluation;
use crate::regulation::ch5_completion::art25;
use crate::regulation::rule::{Amount, Clause, Hearing, Rule, Sentence};
use crate::regulation::verdict::{Condition, EvaluationColumn, Fact};

/// The rule.
pub static RULE: Rule = Rule {
    clause: "A24.6",
    title: "思想品德与行为规范",
    asks: "学籍所在学校按修业期间的表现综合评价；在校期间有犯罪记录的确认为不合格。",
    reading: "取本学年的评价（累计本学段）；本学段任何一年记有犯罪记录，即不合格。",
    parameters: &["marks.moral_passed"],
    findings: &["F2405"],
    reads: &["evaluations"],
};

static NO_CRIME: Sentence = Sentence { code: "A24.6.record", text: "本学段没有使评价不合格的记录" };
static EVALUATED: Sentence = Sentence { code: "A24.moral", text: "思想品德与行为规范综合评价合格" };

impl Hearing<'_> {
    /// This school year's evaluation.
    pub fn evaluation(&self) -> Option<Evaluation> {
        self.student.evaluations.iter().find(|evaluation| evaluation.school_year == self.law.school_year).copied()
    }
}

/// Whether the moral evaluation is passed; who does not pass it completes (A25). `clause` is the stage's.
pub fn judge(hearing: &mut Hearing<'_>, clause: Clause, next_grade: Option<crate::facts::grades::Grade>) {
    let mut crime = Condition::FAILS;
    let stage = hearing.stage_years();
    for evaluation in hearing.student.evaluations.iter().filter(|evaluation| stage.contains(&evaluation.school_year)) {
        match evaluation.crime {
            Read::Value(YesNo::Yes) => {
                hearing.record.rows.push(evaluation.row);
                crime = Condition::HOLDS;
            }
            Read::Unreadable => {
                hearing.record.rows.push(evaluation.row);
                let unknown = hearing.completions.unknown(Fact::Evaluation(EvaluationColumn::Crime));
                crime = hearing.completions.or(crime, unknown);
            }
            Read::Value(YesNo::No) | Read::Empty => {}
        }
    }
    let evaluation = hearing.evaluation();
    let evaluated = match evaluation.map_or(Read::Empty, |evaluation| evaluation.moral) {
        Read::Value(Standard::Reached) => Condition::HOLDS,
        Read::Value(Standard::Missed) => hearing.completions.fact(Fact::Moral, false),
        Read::Empty | Read::Unreadable => hearing.completions.unknown(Fact::Moral),
    };
    if let Some(evaluation) = evaluation {
        hearing.read(evaluation.row);
        if crime.holds() && evaluation.moral.is(Standard::Reached) {
            hearing.find("F2405", evaluation.row, "思想品德与行为规范", Amount::Word("合格"), "不合格，或更正所依据的记录");
        }
    }
    let no_crime = hearing.completions.not(crime);
    let passed = hearing.completions.and(evaluated, no_crime);
    hearing.step(clause, &EVALUATED, evaluated, Amount::None, Amount::None);
    if !no_crime.holds() {
        hearing.step("A24.6", &NO_CRIME, no_crime, Amount::None, Amount::None);
    }
    let missed = hearing.completions.not(passed);
    hearing.decide(missed, art25::completes(next_grade));
}

/// F2405 in an audit: a criminal record in the stage beside a passed evaluation, the last there is.
pub fn audit(hearing: &mut Hearing<'_>) {
    let years = hearing.stage_years();
    let own = || hearing.student.evaluations.iter().filter(|evaluation| years.contains(&evaluation.school_year));
    let Some(last) = own().max_by_key(|evaluation| evaluation.school_year) else { return };
    if own().any(|evaluation| evaluation.crime.is(YesNo::Yes)) && last.moral.is(Standard::Reached) {
        hearing.find("F2405", last.row, "思想品德与行为规范", Amount::Word("合格"), "不合格，或更正所依据的记录");
    }
}
