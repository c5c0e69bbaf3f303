//! Chapter 3: transfers. What every article of it asks of a 转入: where from, into which grade and term.

pub mod art13;
pub mod art15;
pub mod art16;
pub mod art18;

use chrono::NaiveDate;

use crate::facts::calendar::Span;
use crate::facts::codes::ChangeKind;
use crate::facts::grades::Grade;
use crate::facts::student::{Change, Student, Transfer};
use crate::regulation::rule::{Hearing, Law};

/// A transfer into a school that took effect.
#[derive(Clone, Copy, Debug)]
struct TransferIn<'c> {
    change: &'c Change,
    transfer: Transfer,
    effective: NaiveDate,
}

/// The transfers in of a student whose dates can be read.
fn transfers_in<'c>(student: &Student<'c>) -> impl Iterator<Item = TransferIn<'c>> + use<'c> {
    student.changes.iter().filter(|change| change.kind == ChangeKind::TransferIn).filter_map(|change| {
        let (transfer, effective) = (change.transfer?, change.effective.value()?);
        Some(TransferIn { change, transfer, effective })
    })
}

impl TransferIn<'_> {
    /// The grade that the student came into: as written, else the grade of now if the transfer is of the school year that is judged.
    fn grade(&self, hearing: &Hearing<'_>) -> Option<Grade> {
        let of_now = || {
            let is_now = self.transfer.is_here() && self.term(hearing.law).is_some_and(|term| term.school_year == hearing.law.school_year);
            is_now.then_some(hearing.grade)
        };
        self.transfer.grade.value().or_else(of_now)
    }

    /// The term that the student came into: the one that the day lies in or, in the vacation, the next.
    fn term(&self, law: &Law) -> Option<Span> {
        law.calendar.term_from(self.effective)
    }
}
