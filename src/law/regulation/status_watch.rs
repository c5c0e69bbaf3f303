//! In term: one outcome for one student as of today, the most severe that applies (rules, section 6).

use crate::facts::attendance::{DayRecord, Watched};
use crate::facts::codes::{Read, Status};
use crate::facts::grades::{Grade, Grades};
use crate::facts::spells::Day;
use crate::facts::student::Row;
use crate::regulation::ch2_registration::{art06, art08, art11};
use crate::regulation::ch6_status::absence::Threshold;
use crate::regulation::ch6_status::{absence, art30, art31, art32, art33, art34, art37};
use crate::regulation::ch7_conduct::art41;
use crate::regulation::rule::{Clause, Hearing, Law, Outcome, Record, Verdict};
use crate::regulation::term_end::{Bench, Procedure, Triple, divide, keep_common};
use crate::regulation::verdict::{Completions, Condition, Fact};

/// What judging in one grade yields.
struct Judged {
    regions: Vec<(Triple, Condition)>,
    days_to_threshold: Option<i16>,
}

impl Bench {
    /// Judges one student in term.
    pub fn watch(&mut self, law: &Law, watched: &Watched<'_>) {
        self.reset();
        self.decision.procedure = Procedure::Status;
        self.decision.judged_on = Some(watched.school.judged_on);
        let student = watched.student;
        match student.status {
            Read::Value(Status::Enrolled | Status::Suspended | Status::Interrupted) => {}
            Read::Value(_) => {
                self.decision.outcome = Some(Outcome::NotEnrolled);
                return;
            }
            Read::Empty | Read::Unreadable => {
                self.decision.missing.push(Fact::Status);
                self.decision.outcome = Some(Outcome::Undetermined);
                return;
            }
        }
        self.completions.clear(false);
        let grades = student.grade.map_or_else(|| student.possible_grades(), |grade| Grades::default().with(grade));
        let mut clauses = Vec::new();
        let mut by_grade: Vec<Vec<(Triple, Condition)>> = Vec::new();
        let mut agreed = None;
        let mut rows: Vec<Row> = Vec::new();
        for grade in grades.iter() {
            self.record.clear();
            let Judged { mut regions, days_to_threshold } =
                hear(law, watched, grade, &mut self.completions, &mut self.record, &mut clauses);
            self.decision.days_to_threshold = days_to_threshold;
            regions.sort_by_key(|(triple, _)| *triple);
            by_grade.push(regions);
            keep_common(&mut agreed, std::mem::take(&mut self.record.findings));
            rows.append(&mut self.record.rows);
        }
        if student.grade.is_some() {
            std::mem::swap(&mut self.reasons, &mut self.record.reasons);
        }
        self.findings = agreed.unwrap_or_default();
        self.rows = rows;
        let depends_on_grade = by_grade.windows(2).any(|pair| pair[0] != pair[1]);
        self.settle(&by_grade.concat(), clauses, depends_on_grade);
    }
}

/// Applies the rules of the watch in one grade.
fn hear(
    law: &Law,
    watched: &Watched<'_>,
    grade: Grade,
    completions: &mut Completions,
    record: &mut Record,
    clauses: &mut Vec<Clause>,
) -> Judged {
    let student = watched.student;
    let stage = student.system.stage(grade);
    let mut hearing = Hearing { law, student, grade, stage, completions, record };
    let hearing = &mut hearing;
    hearing.read(student.row);
    let mut days_to_threshold = None;
    // What the first ones decide stands before anything else.
    let mut first = 0;
    match student.status {
        Read::Value(Status::Enrolled) => {
            let judged = art31::judge(hearing, watched);
            let counted = art06::judge(hearing, watched);
            first = hearing.record.verdicts.len();
            let open = hearing.completions.and(judged, counted);
            if !open.fails() {
                days_to_threshold = attend(hearing, watched, open);
            }
            hearing.decide(Condition::HOLDS, plain(Outcome::Normal));
        }
        Read::Value(Status::Suspended) => days_to_threshold = art32::judge(hearing, watched),
        _ => {
            art37::judge_long_away(hearing, watched);
            hearing.decide(Condition::HOLDS, plain(Outcome::NotEnrolled));
        }
    }
    hearing.record.verdicts[first..].sort_by_key(|(_, verdict)| verdict.outcome.severity());
    let mut regions = Vec::new();
    // All clauses that bring the most severe outcome decide it together.
    divide(hearing.completions, &hearing.record.verdicts, |one, other| one.outcome == other.outcome, &mut regions, clauses);
    if regions.iter().all(|((outcome, ..), _)| *outcome == Outcome::Urge) {
        // What F0801 and F3202 say by themselves is not said again.
        let urges = hearing.record.verdicts.iter().filter(|(_, verdict)| verdict.outcome == Outcome::Urge);
        let is_told = hearing.record.findings.iter().any(|finding| finding.code == "F0801");
        let mut others = urges.clone().filter(|(_, verdict)| verdict.clause != "A8.3" || !is_told);
        let is_overdue = urges.clone().any(|(_, verdict)| verdict.clause == "A32.2");
        if !is_overdue && others.next().is_some() {
            let days = absence::days(law, watched, student.changes);
            art34::must_urge(hearing, watched, &days);
        }
    }
    art08::record(hearing, watched);
    art11::record(hearing, watched);
    if !student.changes.is_empty() {
        art30::record(hearing);
        art31::record(hearing);
        art32::record(hearing);
        art33::record(hearing);
        art34::record(hearing, watched);
    }
    art41::judge(hearing);
    Judged { regions, days_to_threshold }
}

/// What attendance, registration and conduct of a student in class come to, where they count; gives the days to the next threshold.
fn attend(hearing: &mut Hearing<'_>, watched: &Watched<'_>, open: Condition) -> Option<i16> {
    art37::judge_expelled_in_term(hearing);
    art08::judge(hearing, watched);
    if !watched.school.has_attendance {
        return None;
    }
    let law = hearing.law;
    let standings = |days: &[Day]| Threshold::all(&law.policy.numbers, &watched.term.days, days);
    let is_plain = |record: &DayRecord| record.is_attendance() || *record == DayRecord::None && watched.form == Default::default();
    if watched.days.iter().all(is_plain) {
        return absence::distance(watched, &[], &standings(&[]));
    }
    let days = absence::days(law, watched, hearing.student.changes);
    let standings = standings(&days);
    art34::judge(hearing, watched, &days, &standings);
    art11::judge(hearing, watched, &days);
    if open.holds() {
        art30::absent_without(hearing, watched, &standings[0].1);
    }
    absence::distance(watched, &days, &standings)
}

fn plain(outcome: Outcome) -> Verdict {
    Verdict { outcome, next_grade: None, certificate: None, clause: "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::attendance::{Form, Urging};
    use crate::facts::codes::ChangeKind;
    use crate::facts::student::{Change, Student};
    use crate::testing::{change, law, on, pupil, watched};

    /// 2025-11-20: 56 school days of the term.
    fn judge(law: &Law, watched: &Watched<'_>) -> Bench {
        let mut bench = Bench::default();
        bench.watch(law, watched);
        bench
    }

    #[test]
    fn a_grade_that_matters_is_missing_and_one_that_does_not_is_not() {
        let law = law("2025-11-20");
        let day = DayRecord::Truancy;
        let grades = |grades: [u8; 2]| grades.iter().filter_map(|grade| Grade::new(*grade)).fold(Grades::default(), Grades::with);
        let decide = |own: [u8; 2]| {
            let student = Student { grade: None, school_grades: grades(own), ..pupil(7) };
            let urgings = [Urging { date: on("2025-10-20"), row: Row(4) }];
            let decision = judge(&law, &Watched { urgings: &urgings, ..watched(&law, &student, Form::Daily, &[day; 45]) }).decision;
            (decision.outcome, decision.missing)
        };
        // One urging is enough in compulsory education (A34.3), but not in senior school (A37.3).
        assert_eq!(decide([9, 10]), (Some(Outcome::Undetermined), vec![Fact::Grade]));
        assert_eq!(decide([8, 9]), (Some(Outcome::Interrupt), vec![]));
    }

    #[test]
    fn nobody_is_absent_or_back_without_a_record_but_it_is_asked_for() {
        let law = law("2025-11-20");
        let student = pupil(7);
        let told_of = |form| {
            let bench = judge(&law, &watched(&law, &student, form, &[DayRecord::None; 50]));
            let codes: Vec<&str> = bench.findings.iter().map(|finding| finding.code).collect();
            (bench.decision.outcome, codes)
        };
        // More than 44 days that may have been 旷课 (P3); where only exceptions are written down, they were attendance.
        assert_eq!(told_of(Form::Daily), (Some(Outcome::Normal), vec!["F3403"]));
        assert_eq!(told_of(Form::Exceptions), (Some(Outcome::Normal), vec![]));
    }

    #[test]
    fn a_return_that_cant_be_read_leaves_open_whether_the_student_is_away() {
        let law = law("2025-11-20");
        let suspended = Change { district: on("2025-09-01"), ..change(ChangeKind::Suspension, "2025-09-01") };
        let changes = [suspended, Change { effective: Read::Unreadable, ..change(ChangeKind::Return, "2025-09-01") }];
        let student = Student { changes: &changes, ..pupil(7) };
        let urgings = [Urging { date: on("2025-09-19"), row: Row(4) }];
        let own = Watched { urgings: &urgings, ..watched(&law, &student, Form::Daily, &[DayRecord::Truancy; 50]) };
        let possible = |own: &Watched<'_>| {
            let decision = judge(&law, own).decision;
            assert_eq!(decision.outcome, Some(Outcome::Undetermined));
            assert_eq!(decision.missing.iter().map(|fact| fact.word(|_| String::new())).collect::<Vec<_>>(), ["学籍异动.复学.生效日期"]);
            [Outcome::Hold, Outcome::Urge, Outcome::Interrupt].map(|outcome| decision.possible.contains(&outcome))
        };
        // Suspended to this day, or absent for more than a month: from a day before the urging on, or only from a later one.
        assert_eq!(possible(&own), [true, true, true]);
        assert_eq!(possible(&Watched { urgings: &[], ..own }), [true, true, false]);
    }
}
