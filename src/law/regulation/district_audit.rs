//! The audit: the student's state as the watch judges it, and everything else that the law asks (rules, section 7).

use crate::facts::audit::Audited;
use crate::facts::codes::{Read, Status};
use crate::facts::grades::{Grade, Grades};
use crate::regulation::ch2_registration::{art04, art05, art09, art10};
use crate::regulation::ch3_transfer::{art13, art15, art16, art18};
use crate::regulation::ch4_progression::art22;
use crate::regulation::ch5_completion::art24::moral;
use crate::regulation::ch6_status::{art35, art36};
use crate::regulation::ch7_conduct::{art41, art42, art43, art44};
use crate::regulation::ch8_duties::{art45, art46};
use crate::regulation::rule::{Hearing, Law, RuleFinding};
use crate::regulation::term_end::{Bench, keep_common};

/// Findings that something is not on record which may still come before the school year ends: not raised until then.
pub const YET_TO_COME: &[&str] = &["F2001", "F2104", "F2302", "F2401", "F2404"];

impl Bench {
    /// Judges one student in term, and raises what else is wrong. `year_end` is room for what the year's end finds.
    pub fn audit(&mut self, year_end: &mut Bench, law: &Law, audited: &Audited<'_>) {
        let student = audited.watched.student;
        self.watch(law, audited.watched);
        if !matches!(student.status, Read::Value(_)) {
            return;
        }
        if student.status.is(Status::Enrolled) {
            year_end.find_at_year_end(law, student);
            let is_over = law.as_of >= law.last_day;
            year_end.findings.retain(|finding| is_over || !YET_TO_COME.contains(&finding.code));
            self.add(&year_end.findings);
        }
        let grades = student.grade.map_or_else(|| student.possible_grades(), |grade| Grades::default().with(grade));
        let mut agreed = None;
        for grade in grades.iter() {
            let findings = self.audit_in(law, audited, grade);
            keep_common(&mut agreed, findings);
        }
        self.add(&agreed.unwrap_or_default());
    }

    /// Adds findings, each once.
    fn add(&mut self, findings: &[RuleFinding]) {
        for finding in findings {
            if !self.findings.contains(finding) {
                self.findings.push(*finding);
            }
        }
    }

    fn audit_in(&mut self, law: &Law, audited: &Audited<'_>, grade: Grade) -> Vec<RuleFinding> {
        let is_told = self.findings.iter().any(|finding| finding.code == "R0501");
        self.completions.clear(false);
        self.record.clear();
        let student = audited.watched.student;
        let stage = student.system.stage(grade);
        let mut hearing = Hearing { law, student, grade, stage, completions: &mut self.completions, record: &mut self.record };
        let hearing = &mut hearing;
        if student.status.value().is_some_and(Status::is_registered) {
            art04::audit(hearing, audited);
            art05::audit(hearing);
            art09::audit(hearing, audited);
            art10::audit(hearing, audited);
            art43::audit(hearing, audited);
            moral::audit(hearing);
            art22::audit(hearing);
        }
        if !student.changes.is_empty() {
            art13::audit(hearing);
            art15::audit(hearing);
            art16::audit(hearing);
            art18::audit(hearing, audited);
            art35::audit(hearing);
            art36::audit(hearing);
            art46::audit(hearing);
        }
        art41::judge(hearing);
        art41::audit(hearing);
        art42::audit(hearing, audited);
        art44::audit(hearing, audited);
        // The watch says it of who is suspended.
        if !is_told {
            art45::audit(hearing);
        }
        std::mem::take(&mut self.record.findings)
    }
}
