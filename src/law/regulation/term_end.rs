//! The year's end: one decision for one student, exact over what is not known (rules, sections 3 to 5, P2).

use crate::facts::codes::{Read, Status};
use crate::facts::grades::{Grade, Stage};
use crate::facts::student::{Annual, Application, Assessment, Sitting, Student};
use crate::facts::subjects::Subject;
use crate::regulation::ch4_progression::{art20, art21, art22, art23};
use crate::regulation::ch5_completion::{art24, art26};
use crate::regulation::ch6_status::{art31, art37};
use crate::regulation::ch7_conduct::{art41, art42};
use crate::regulation::rule::{Amount, Certificate, Clause, Hearing, Law, Outcome, Reason, Record, RuleFinding, Verdict};
use crate::regulation::verdict::{Completions, Condition, Fact};

/// What a decision is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Procedure {
    /// Moving up.
    #[default]
    Promotion,
    /// Leaving the stage.
    Graduation,
    /// The state of the registration in term.
    Status,
}

impl Procedure {
    /// The word in outputs.
    pub fn code(self) -> &'static str {
        match self {
            Procedure::Promotion => "promotion",
            Procedure::Graduation => "graduation",
            Procedure::Status => "status",
        }
    }

    fn of_final(graduation: bool) -> Self {
        if graduation { Procedure::Graduation } else { Procedure::Promotion }
    }
}

/// A decision. Its reasons, findings and rows stand in the `Bench`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// The next grade.
    pub next_grade: Option<Grade>,
    /// The certificate.
    pub certificate: Option<Certificate>,
    /// What was decided on.
    pub procedure: Procedure,
    /// The day judged, in term.
    pub judged_on: Option<chrono::NaiveDate>,
    /// School days of unbroken 旷课 to the nearest threshold, in term.
    pub days_to_threshold: Option<i16>,
    /// The clauses that decide.
    pub clauses: Vec<Clause>,
    /// Subjects that fail in every completion, in the policy's order.
    pub failing: Vec<Subject>,
    /// Unknown facts that could change the outcome, next grade or certificate, in the order of their words.
    pub missing: Vec<Fact>,
    /// The smallest set of facts that would bring promotion or graduation, where the decision is another.
    pub change: Vec<Fact>,
    /// The outcomes that completions of the unknown facts give, where they give several decisions.
    pub possible: Vec<Outcome>,
}

/// What judging needs beside the law and the student, kept from one student to the next.
#[derive(Clone, Debug, Default)]
pub struct Bench {
    pub(super) completions: Completions,
    pub(super) record: Record,
    /// The decision.
    pub decision: Decision,
    /// The steps.
    pub reasons: Vec<Reason>,
    /// The findings.
    pub findings: Vec<RuleFinding>,
    /// The rows of the facts that were read.
    pub rows: Vec<crate::facts::student::Row>,
}

/// What a completion decides: all that has to be the same in every completion.
pub(super) type Triple = (Outcome, Option<Grade>, Option<Certificate>);

fn triple(verdict: &Verdict) -> Triple {
    (verdict.outcome, verdict.next_grade, verdict.certificate)
}

impl Bench {
    /// Judges one student.
    pub fn judge(&mut self, law: &Law, student: &Student<'_>) {
        self.reset();
        let Some(grade) = student.grade else {
            if self.judge_status(student, false) {
                self.judge_in_every_grade(law, student);
            }
            return;
        };
        let graduation = student.system.is_final(grade);
        self.decision.procedure = Procedure::of_final(graduation);
        if !self.judge_status(student, graduation) {
            return;
        }
        self.completions.clear(false);
        self.record.clear();
        hear(law, student, grade, &mut self.completions, &mut self.record);
        let mut regions = Vec::new();
        let mut clauses = Vec::new();
        divide(&mut self.completions, &self.record.verdicts, each_alone, &mut regions, &mut clauses);
        let failing = self.record.failing.iter().filter(|(_, failing)| failing.holds()).map(|(subject, _)| *subject);
        self.decision.failing.extend(failing);
        std::mem::swap(&mut self.reasons, &mut self.record.reasons);
        std::mem::swap(&mut self.findings, &mut self.record.findings);
        std::mem::swap(&mut self.rows, &mut self.record.rows);
        self.settle(&regions, clauses, false);
        if self.decision.outcome == Some(Outcome::Undetermined) && graduation && student.system.stage(grade) == Stage::Primary {
            // A20.1: whatever the certificate, primary pupils go on to junior school.
            self.decision.next_grade = grade.later(1);
        }
        if wants_change(self.decision.outcome) {
            self.suppose(law, student, grade);
        }
        self.order_subjects(law, student.system.stage(grade), grade);
    }

    /// Raises the findings of the year's end without deciding, as far as what is on record by now shows them.
    pub(super) fn find_at_year_end(&mut self, law: &Law, student: &Student<'_>) {
        self.reset();
        self.completions.clear(false);
        match student.grade {
            Some(grade) => {
                self.record.clear();
                hear(law, student, grade, &mut self.completions, &mut self.record);
                std::mem::swap(&mut self.findings, &mut self.record.findings);
            }
            None => self.judge_in_every_grade(law, student),
        }
    }

    pub(super) fn reset(&mut self) {
        let Decision { clauses, failing, missing, change, possible, .. } = &mut self.decision;
        possible.clear();
        clauses.clear();
        failing.clear();
        missing.clear();
        change.clear();
        self.decision.outcome = None;
        self.decision.next_grade = None;
        self.decision.certificate = None;
        self.decision.procedure = Procedure::Promotion;
        self.decision.judged_on = None;
        self.decision.days_to_threshold = None;
        self.reasons.clear();
        self.findings.clear();
        self.rows.clear();
    }

    /// Decides by 学籍状态 alone; true where the student is to be judged.
    fn judge_status(&mut self, student: &Student<'_>, graduation: bool) -> bool {
        self.decision.procedure = Procedure::of_final(graduation);
        let outcome = match student.status {
            Read::Value(Status::Enrolled) => return true,
            Read::Value(Status::Suspended) => {
                let sentence = &art31::KEPT;
                let (value, threshold) = (Amount::Word(Status::Suspended.word()), Amount::None);
                self.reasons.push(Reason { clause: "A31.2", sentence, holds: Some(true), value, threshold });
                self.decision.clauses.push("A31.2");
                Outcome::Hold
            }
            Read::Value(_) => Outcome::NotEnrolled,
            Read::Empty | Read::Unreadable => {
                self.decision.missing.push(Fact::Status);
                Outcome::Undetermined
            }
        };
        self.decision.outcome = Some(outcome);
        false
    }

    /// A student whose grade is unknown: judged in every grade that the school has.
    fn judge_in_every_grade(&mut self, law: &Law, student: &Student<'_>) {
        self.completions.clear(false);
        let (mut by_grade, mut clauses) = (Vec::new(), Vec::new());
        let (mut findings, mut subjects) = (None, None);
        let junior = JuniorNames::of(law, student);
        for grade in student.possible_grades().iter() {
            self.record.clear();
            let junior = junior.student(student);
            let student = if student.system.stage(grade) == Stage::Junior { &junior } else { student };
            hear(law, student, grade, &mut self.completions, &mut self.record);
            let mut regions = Vec::new();
            divide(&mut self.completions, &self.record.verdicts, each_alone, &mut regions, &mut clauses);
            regions.sort_by_key(|(triple, _)| *triple);
            by_grade.push(regions);
            let failing = self.record.failing.iter().filter(|(_, failing)| failing.holds()).map(|(subject, _)| *subject);
            keep_common(&mut findings, std::mem::take(&mut self.record.findings));
            keep_common(&mut subjects, failing.collect());
            self.rows.extend(self.record.rows.iter().copied());
        }
        (self.findings, self.decision.failing) = (findings.unwrap_or_default(), subjects.unwrap_or_default());
        self.decision.failing.sort();
        let depends_on_grade = by_grade.windows(2).any(|pair| pair[0] != pair[1]);
        self.settle(&by_grade.concat(), clauses, depends_on_grade);
    }

    /// Puts the regions together: one triple is a decision, several leave it open.
    pub(super) fn settle(&mut self, regions: &[(Triple, Condition)], clauses: Vec<Clause>, depends_on_grade: bool) {
        self.decision.clauses = clauses;
        let first = regions.first().map(|(triple, _)| *triple);
        if let Some((outcome, next_grade, certificate)) = first.filter(|first| regions.iter().all(|(triple, _)| triple == first)) {
            self.decision.outcome = Some(outcome);
            self.decision.next_grade = next_grade;
            self.decision.certificate = certificate;
            return;
        }
        self.decision.outcome = Some(Outcome::Undetermined);
        self.decision.possible.extend(regions.iter().map(|((outcome, ..), _)| *outcome));
        let mut missing = std::mem::take(&mut self.decision.missing);
        if depends_on_grade {
            missing.push(Fact::Grade);
        }
        for (_, region) in regions {
            self.completions.depends_on(*region, &mut missing);
        }
        missing.iter_mut().for_each(|fact| *fact = fact.whole());
        missing.sort();
        missing.dedup();
        self.decision.missing = missing;
    }

    /// Puts subjects into the policy's order: that of the list that the decision goes by.
    fn order_subjects(&mut self, law: &Law, stage: Stage, grade: Grade) {
        let list = match stage {
            Stage::Senior if self.decision.procedure == Procedure::Promotion => law.lists.annual(grade.number()),
            Stage::Senior => &law.lists.senior_exam,
            Stage::Primary | Stage::Junior => law.lists.junior_exam(i32::MAX),
        };
        let place = |subject: Subject| (list.iter().position(|own| *own == subject).unwrap_or(usize::MAX), subject);
        self.decision.failing.sort_by_key(|subject| place(*subject));
        self.decision.failing.dedup();
        // Facts of one kind stand together; those about subjects in the order of the subjects.
        for facts in [&mut self.decision.missing, &mut self.decision.change] {
            facts.sort_by_key(|fact| (fact.with_subject(Subject(0)), fact.subject().map(place)));
        }
    }

    /// Looks for the smallest set of facts that would bring promotion or graduation, by the same rules with negative facts left open.
    fn suppose(&mut self, law: &Law, student: &Student<'_>, grade: Grade) {
        self.completions.clear(true);
        self.record.clear();
        hear(law, student, grade, &mut self.completions, &mut self.record);
        let (mut regions, mut clauses) = (Vec::new(), Vec::new());
        divide(&mut self.completions, &self.record.verdicts, each_alone, &mut regions, &mut clauses);
        let good = regions.iter().filter(|(triple, _)| matches!(triple.0, Outcome::Promote | Outcome::Graduate));
        let good = good.map(|(_, region)| *region).collect::<Vec<_>>();
        let good = good.into_iter().fold(Condition::FAILS, |any, region| self.completions.or(any, region));
        if let Some(mut change) = self.completions.smallest_change(good) {
            change.iter_mut().for_each(|fact| *fact = fact.whole());
            change.sort();
            change.dedup();
            self.decision.change = change;
        }
    }
}

/// What is known of a student whose grade is not, under the names that subjects have in junior school.
struct JuniorNames {
    annual: Vec<Annual>,
    sittings: Vec<Sitting>,
    assessments: Vec<Assessment>,
    applications: Vec<Application>,
}

impl JuniorNames {
    fn of(law: &Law, student: &Student<'_>) -> Self {
        let named = |subject: Subject| law.subjects.in_junior(subject);
        let annual = student.annual.iter().map(|own| Annual { subject: named(own.subject), ..*own }).collect();
        let sittings = student.sittings.iter().map(|own| Sitting { subject: named(own.subject), ..*own }).collect();
        let assessments = student.assessments.iter().map(|own| Assessment { subject: named(own.subject), ..*own }).collect();
        let applications = student.applications.iter().map(|own| Application { subject: own.subject.map(named), ..*own }).collect();
        Self { annual, sittings, assessments, applications }
    }

    fn student<'s>(&'s self, student: &Student<'s>) -> Student<'s> {
        let Self { annual, sittings, assessments, applications } = self;
        Student { annual, sittings, assessments, applications, ..*student }
    }
}

/// Keeps of what is said in every grade that an unknown one may be only what is said in each.
pub(super) fn keep_common<T: PartialEq>(agreed: &mut Option<Vec<T>>, own: Vec<T>) {
    match agreed {
        None => *agreed = Some(own),
        Some(known) => known.retain(|said| own.contains(said)),
    }
}

/// Whether a decision is one that people would want to see changed.
fn wants_change(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Retain | Outcome::MakeUpPending | Outcome::Complete | Outcome::WithdrawAuto | Outcome::Undetermined))
}

/// Applies the rules of the stage in the law's order.
fn hear(law: &Law, student: &Student<'_>, grade: Grade, completions: &mut Completions, record: &mut Record) {
    let stage = student.system.stage(grade);
    let mut hearing = Hearing { law, student, grade, stage, completions, record };
    let hearing = &mut hearing;
    hearing.read(student.row);
    if student.system.is_final(grade) {
        match stage {
            Stage::Primary => art24::primary::judge(hearing),
            Stage::Junior => art24::junior::judge(hearing),
            Stage::Senior => {
                art37::judge_expelled(hearing, Condition::FAILS);
                art42::judge(hearing);
                art24::senior::judge(hearing);
            }
        }
        // A final grade has no verdict on skipping or repeating, but what is wrong with an application is said.
        art21::judge(hearing);
        if stage.is_compulsory() {
            art22::judge_repeat(hearing);
        }
    } else {
        promote(hearing);
    }
    art21::skipped_without_exam(hearing);
    art22::record(hearing);
    art23::judge(hearing);
    art41::judge(hearing);
}

/// Section 4: every grade that is not final, in the order of its table.
fn promote(hearing: &mut Hearing<'_>) {
    if hearing.stage == Stage::Senior && hearing.measure_in_force(crate::facts::codes::MeasureKind::Expulsion) != Condition::FAILS {
        // The certificate depends on whether the year's requirement is met, which only weighing it tells.
        let before = (hearing.record.failing.len(), hearing.record.reasons.len());
        let met = art20::senior::weigh(hearing).met;
        hearing.record.failing.truncate(before.0);
        hearing.record.reasons.truncate(before.1);
        art37::judge_expelled(hearing, met);
    }
    if hearing.stage.is_compulsory() {
        art26::judge(hearing);
    }
    art21::judge(hearing);
    if hearing.stage.is_compulsory() {
        art22::judge_repeat(hearing);
    }
    match hearing.stage {
        Stage::Primary => art20::primary::judge(hearing),
        Stage::Junior => art20::junior::judge(hearing),
        Stage::Senior => art20::senior::judge(hearing),
    }
}

/// At the year's end the first verdict that holds decides by itself.
fn each_alone(_: &Verdict, _: &Verdict) -> bool {
    false
}

/// Turns "the first that holds decides" into regions: for each triple the condition under which it is decided. Verdicts that follow each
/// other and stand `together` decide as one, by the clauses of all that hold.
pub(super) fn divide(
    completions: &mut Completions,
    verdicts: &[(Condition, Verdict)],
    together: impl Fn(&Verdict, &Verdict) -> bool,
    regions: &mut Vec<(Triple, Condition)>,
    clauses: &mut Vec<Clause>,
) {
    let mut open = Condition::HOLDS;
    for group in verdicts.chunk_by(|(_, one), (_, other)| together(one, other)) {
        let before = open;
        for (condition, verdict) in group {
            let region = completions.and(before, *condition);
            if region.fails() {
                continue;
            }
            // What is ordinary is decided by no clause (P4).
            if !verdict.clause.is_empty() && !clauses.contains(&verdict.clause) {
                clauses.push(verdict.clause);
            }
            let triple = triple(verdict);
            match regions.iter_mut().find(|(known, _)| *known == triple) {
                Some((_, known)) => *known = completions.or(*known, region),
                None => regions.push((triple, region)),
            }
            open = completions.and_not(open, *condition);
        }
        if open.fails() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::codes::{AnnualResult, ApplicationKind, MeasureKind};
    use crate::facts::student::{Measure, Row};
    use crate::testing::{application, law, on, pupil};

    #[test]
    fn in_junior_school_a_subject_goes_by_its_junior_name() {
        let law = law("2026-07-05");
        let named = |name| law.subjects.find(name).expect("a subject of the policy");
        let (elsewhere, junior) = (named("思想政治"), named("道德与法治"));
        let annual = [Annual { subject: elsewhere, result: Read::Empty, make_up: Read::Empty, row: Row(1) }];
        let sittings = [Sitting { subject: elsewhere, date: Read::Empty, kind: Read::Empty, result: Read::Empty, row: Row(2) }];
        let assessments = [Assessment { subject: elsewhere, result: Read::Empty, row: Row(3) }];
        let applications = [application(ApplicationKind::Exemption, Read::Value(elsewhere), "2026-06-16")];
        let student = Student { annual: &annual, sittings: &sittings, assessments: &assessments, applications: &applications, ..pupil(9) };
        let names = JuniorNames::of(&law, &student);
        let own = names.student(&student);
        assert_eq!((own.annual[0].subject, own.sittings[0].subject, own.assessments[0].subject), (junior, junior, junior));
        assert_eq!(own.applications[0].subject, Read::Value(junior));
    }

    #[test]
    fn only_seniors_are_expelled() {
        let law = law("2026-07-05");
        let measure = Measure { decided: on("2026-03-02"), meeting: on("2026-03-02"), ..Measure::new(MeasureKind::Expulsion, Row(1)) };
        let measures = [Measure { district: on("2026-03-03"), ..measure }];
        let outcome = |grade| {
            let mut bench = Bench::default();
            bench.judge(&law, &Student { measures: &measures, ..pupil(grade) });
            let of_expulsion = bench.rows.contains(&Row(1));
            (bench.decision.outcome, bench.decision.clauses, of_expulsion)
        };
        assert_eq!(outcome(10).1, ["A37.5"]);
        assert_eq!(outcome(7), (Some(Outcome::Promote), vec!["A20.2"], false));
    }

    #[test]
    fn the_year_of_a_senior_is_weighed_once() {
        let law = law("2026-07-05");
        let subject = law.subjects.find("语文").expect("a subject of the policy");
        let annual = [Annual { subject, result: Read::Value(AnnualResult::Passed), make_up: Read::Empty, row: Row(1) }];
        let mut bench = Bench::default();
        bench.judge(&law, &Student { annual: &annual, ..pupil(10) });
        assert_eq!(bench.rows.iter().filter(|row| **row == Row(1)).count(), 1);
    }
}
