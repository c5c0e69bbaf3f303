//! What would settle a finding? For those whose settling could change a decision: what would then be known of the student.

use super::ch8_duties::art45;
use crate::facts::codes::{ApplicationKind, Status};

/// What is known once a finding is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The application that the finding stands at has every date that it lacked.
    Approved,
    /// There is an approved application of a kind: for the subject of the row that the finding stands at, if it has one.
    Applied(ApplicationKind),
    /// The roster's status is another.
    Status(Status),
    /// The school days without a record that can be read were absences without leave.
    DaysWereTruancy,
}

/// What would settle a finding of a rule, by its code and what it expects; none where nothing that can be supposed does.
pub fn of(code: &str, expected: &str) -> Option<Remedy> {
    Some(match code {
        "F2101" | "F2202" | "F2401" => Remedy::Approved,
        "F2301" => Remedy::Applied(ApplicationKind::Exemption),
        "F2404" => Remedy::Applied(ApplicationKind::AthleteCertificate),
        "R0501" => Remedy::Status(art45::state_expected(expected)?),
        "F3403" => Remedy::DaysWereTruancy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Remedy, of};
    use crate::facts::codes::Status;
    use crate::regulation::findings::CATALOGUE;

    #[test]
    fn what_is_remedied_is_in_the_catalogue() {
        let remedied = CATALOGUE.iter().map(|entry| entry.code).filter(|code| of(code, "休学（据学籍异动）").is_some());
        let expected = ["R0501", "F2101", "F2202", "F2301", "F2401", "F2404", "F3403"];
        assert_eq!(remedied.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    }

    #[test]
    fn a_status_is_read_from_what_is_expected() {
        assert_eq!(of("R0501", "转出（据学籍异动）"), Some(Remedy::Status(Status::TransferredOut)));
        assert_eq!(of("R0501", "与学籍异动相符的状态"), None);
    }
}
