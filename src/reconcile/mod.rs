//! Do the sources agree? Registrations, classrooms, exams and transfers are about the same people: matching by keys, then by score. And the life
//! of what was found.

mod altered;
pub mod answers;
pub mod blocks;
pub mod exams;
pub mod found;
pub mod letters;
pub mod life;
pub mod look_alikes;
pub mod names;
pub mod pairs;
pub mod person;
pub mod positions;
pub mod roll;
pub mod score;
pub mod seal;
pub mod shared_numbers;
pub mod transfers;

use crate::engine::cohort::Cohort;

/// Compares the people of a cohort and enters what it finds: registrations with each other, actual rolls with registrations.
pub fn compare_people(cohort: &mut Cohort<'_>) {
    let mut findings = shared_numbers::of_residents(cohort);
    let (alike, matches) = look_alikes::find(cohort);
    findings.extend(alike);
    cohort.matches.extend(matches);
    let rolls = roll::find(cohort);
    findings.extend(roll::findings(cohort, &rolls));
    cohort.matches.extend(roll::matches(&rolls));
    cohort.findings.extend(findings);
    cohort.rolls = rolls;
}

/// Compares all sources of a cohort and enters what it finds: people, numbers of the city, the two sides of transfers.
pub fn enter(cohort: &mut Cohort<'_>) {
    compare_people(cohort);
    let mut findings = shared_numbers::of_shanghai(cohort);
    findings.extend(transfers::find(cohort));
    cohort.findings.extend(findings);
    let repeated = cohort.rolls.repeated.clone();
    cohort.set_aside_repeated(&repeated);
}
