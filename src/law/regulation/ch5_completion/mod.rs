//! Chapter 5: graduation, completion, and what is certified otherwise.

pub mod art24;
pub mod art25;
pub mod art26;
pub mod art27;

use crate::facts::grades::Stage;
use crate::regulation::ch4_progression::art20;
use crate::regulation::rule::{Certificate, Hearing};
use crate::regulation::verdict::Condition;

/// The certificate of an automatic withdrawal: 肄业 from the grade that A26.3 names once it is finished, and after nine years
/// of compulsory education (A26.1), else a certificate of studies (A27.1).
pub fn withdrawal_certificate(hearing: &Hearing<'_>, year_met: bool) -> Certificate {
    let from = hearing.law.policy.numbers.incomplete_from_grade;
    let grade = hearing.grade.number();
    let finished =
        hearing.stage == Stage::Senior && (grade > from || grade == from && hearing.law.as_of >= hearing.law.last_day && year_met);
    if finished { Certificate::Incomplete } else { Certificate::Studies }
}

/// The certificates of an automatic withdrawal in term, each with the condition under which it is the one.
pub fn withdrawal_certificates(hearing: &mut Hearing<'_>) -> [(Condition, Certificate); 2] {
    let finished = if hearing.stage.is_compulsory() {
        art26::nine_school_years(hearing)
    } else if hearing.grade.number() == hearing.law.policy.numbers.incomplete_from_grade && hearing.law.as_of >= hearing.law.last_day {
        // Only in the vacation after it can the year be said to be finished; its subjects are no steps of this decision.
        let before = (hearing.record.failing.len(), hearing.record.reasons.len());
        let met = art20::senior::weigh(hearing).met;
        hearing.record.failing.truncate(before.0);
        hearing.record.reasons.truncate(before.1);
        met
    } else {
        Condition::known(withdrawal_certificate(hearing, false) == Certificate::Incomplete)
    };
    [(finished, Certificate::Incomplete), (hearing.completions.not(finished), Certificate::Studies)]
}
