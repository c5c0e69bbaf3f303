//! Chapter 5: graduation, completion, and what is certified otherwise.

pub mod art24;
pub mod art25;
pub mod art26;
pub mod art27;

use crate::facts::grades::Stage;
use crate::regulation::rule::{Certificate, Hearing};

/// The certificate of an automatic withdrawal: 肄业 from the grade that A26.3 names once it is finished, and after nine years
/// of compulsory education (A26.1), else a certificate of studies (A27.1).
pub fn withdrawal_certificate(hearing: &Hearing<'_>, year_met: bool) -> Certificate {
    let from = hearing.law.policy.numbers.incomplete_from_grade;
    let grade = hearing.grade.number();
    let finished =
        hearing.stage == Stage::Senior && (grade > from || grade == from && hearing.law.as_of >= hearing.law.last_day && year_met);
    if finished { Certificate::Incomplete } else { Certificate::Studies }
}
