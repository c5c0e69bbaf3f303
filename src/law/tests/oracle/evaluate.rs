//! The rules of term end for a student of whom everything is known, sections 3 to 5 row by row. Unknown facts are asked for by name.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate};
use law::facts::codes::{
    AnnualResult, ApplicationKind, Category, ChangeKind, ExamResult, MakeUp, MeasureKind, Publicity, Read, SittingKind, Standard, YesNo,
};
use law::facts::student::{Application, Evaluation, Nationality, Sitting};
use law::facts::subjects::Subject;
use law::regulation::rule::Law;

use crate::students::Made;

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: &'static str,
    pub next_grade: Option<u8>,
    pub certificate: Option<&'static str>,
    pub clause: &'static str,
    pub failing: BTreeSet<String>,
}

/// Answers for unknown facts.
pub type World<'w> = dyn FnMut(&str) -> bool + 'w;

struct Case<'c, 'w> {
    law: &'c Law,
    made: &'c Made,
    world: &'c mut World<'w>,
}

/// Decides a student.
pub fn decide(law: &Law, made: &Made, world: &mut World<'_>) -> Verdict {
    let mut case = Case { law, made, world };
    if made.final_grade() { case.graduation() } else { case.promotion() }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date")
}

impl Case<'_, '_> {
    fn ask(&mut self, fact: String) -> bool {
        (self.world)(&fact)
    }

    fn name(&self, subject: Subject) -> String {
        self.law.subjects.name(subject).to_owned()
    }

    fn list(&self, names: &[String]) -> Vec<Subject> {
        names.iter().map(|name| self.law.subjects.find(name).expect("a subject of the policy")).collect()
    }

    fn verdict(&self, outcome: &'static str, next_grade: Option<u8>, certificate: Option<&'static str>, clause: &'static str) -> Verdict {
        Verdict { outcome, next_grade, certificate, clause, failing: BTreeSet::new() }
    }

    fn is_there(&mut self, date: Read<NaiveDate>, word: String) -> bool {
        match date {
            Read::Value(_) => true,
            Read::Empty => false,
            Read::Unreadable => self.ask(word),
        }
    }

    /// Applications of a kind for this school year; with the year empty, that of the day it was applied for.
    fn applications(&self, kind: ApplicationKind) -> Vec<Application> {
        let of_year = |application: &&Application| match (application.school_year, application.applied) {
            (Read::Value(year), _) => year.0 == 2025,
            (_, Read::Value(applied)) => (day(2025, 9, 1)..=day(2026, 8, 31)).contains(&applied),
            _ => false,
        };
        self.made.applications.iter().filter(|application| application.kind == kind).filter(of_year).copied().collect()
    }

    fn in_force(&mut self, kind: MeasureKind) -> bool {
        let word = if kind == MeasureKind::Expulsion { "开除学籍" } else { "留校察看" };
        let measures: Vec<_> = self.made.measures.iter().filter(|measure| measure.kind == kind).copied().collect();
        measures.into_iter().any(|measure| {
            let decided = self.is_there(measure.decided, format!("处分.{word}.处分日期"));
            let meeting = self.is_there(measure.meeting, format!("处分.{word}.会议通过日期"));
            let district = self.is_there(measure.district, format!("处分.{word}.区报备日期"));
            let revoked = self.is_there(measure.revoked, format!("处分.{word}.撤销日期"));
            decided && meeting && district && !revoked
        })
    }

    /// Section 3: an exemption of a subject stands.
    fn exempt(&mut self, subject: Subject) -> bool {
        let sports = self.law.subjects.find("体育与健身") == Some(subject);
        let mut stands = false;
        for application in self.applications(ApplicationKind::Exemption) {
            if application.subject == Read::Value(subject) {
                let school = self.is_there(application.school, "申请.免修.学校同意日期".into());
                let district = self.is_there(application.district, "申请.免修.区备案日期".into());
                stands |= school && district;
            }
        }
        for application in self.applications(ApplicationKind::SportsExemption) {
            let own = application.subject == Read::Value(subject) || application.subject == Read::Empty && sports;
            if let (true, Read::Value(applied), Read::Value(certificate)) = (own, application.applied, application.certificate) {
                let school = self.is_there(application.school, "申请.体育免修.学校同意日期".into());
                let district = self.is_there(application.district, "申请.体育免修.区备案日期".into());
                stands |= school && district && certificate <= applied && applied <= certificate + Months::new(6);
            }
        }
        stands
    }

    /// Days of a school year that were suspended.
    fn suspended_days(&self, year: i32) -> i64 {
        let (first, last) = (day(year, 9, 1), day(year + 1, 8, 31));
        let mut days = BTreeSet::new();
        for change in self.made.changes.iter().filter(|change| change.kind == ChangeKind::Suspension) {
            if let (Read::Value(from), Read::Value(until), Read::Value(_)) = (change.effective, change.until, change.district) {
                let mut at = from.max(first);
                while at <= until.min(last) {
                    days.insert(at);
                    at = at + Days::new(1);
                }
            }
        }
        days.len() as i64
    }

    fn year_days(year: i32) -> i64 {
        (day(year + 1, 8, 31) - day(year, 9, 1)).num_days() + 1
    }

    fn nine_years(&mut self) -> bool {
        let Some(entry) = self.made.primary_entry else { return self.ask("小学入学年月".into()) };
        let counted = (entry.school_year().0..=2025).filter(|year| self.suspended_days(*year) * 2 < Self::year_days(*year));
        counted.count() >= 9
    }

    fn is_adult(&mut self) -> bool {
        match self.made.birth {
            None => self.ask("出生日期".into()),
            Some(birth) => {
                let as_of = self.law.as_of;
                let years = as_of.year() - birth.year() - i32::from((as_of.month(), as_of.day()) < (birth.month(), birth.day()));
                years >= 18
            }
        }
    }

    // ---- section 4

    fn promotion(&mut self) -> Verdict {
        let grade = self.made.grade();
        let senior = grade >= 10;
        if senior && self.in_force(MeasureKind::Expulsion) {
            let (met, ..) = self.annual();
            let certificate = if grade == 11 && met { "肄业" } else { "学业证明" };
            let failing = self.annual().2;
            return Verdict { failing, ..self.verdict("withdraw_auto", None, Some(certificate), "A37.5") };
        }
        let failing = if senior { self.annual().2 } else { self.failed_this_year() };
        let verdict = self.promotion_by_clause(grade, senior);
        Verdict { failing, ..verdict }
    }

    fn promotion_by_clause(&mut self, grade: u8, senior: bool) -> Verdict {
        if !senior {
            let mut applied = false;
            for application in self.applications(ApplicationKind::Incomplete) {
                applied |= self.is_there(application.school, "申请.肄业.学校同意日期".into());
            }
            if applied && self.nine_years() {
                let clause = if self.is_adult() { "A26.1" } else { "A26.2" };
                return self.verdict("incomplete", None, Some("肄业"), clause);
            }
        }
        for application in self.applications(ApplicationKind::Skip) {
            let school = self.is_there(application.school, "申请.跳级.学校同意日期".into());
            let published = self.is_there(application.published, "申请.跳级.公示日期".into());
            let unopposed = match application.publicity {
                Read::Value(publicity) => publicity == Publicity::Unopposed,
                Read::Empty => false,
                Read::Unreadable => self.ask("申请.跳级.公示结果".into()),
            };
            let district = self.is_there(application.district, "申请.跳级.区备案日期".into());
            let in_time = self.in_time(application.applied, "申请.跳级.申请日期");
            let same_stage = matches!((grade, grade + 2), (1..=5, 3..=5) | (6..=9, 8..=9) | (10..=12, 12));
            if school && published && unopposed && district && in_time && same_stage {
                return self.verdict("skip", Some(grade + 2), None, "A21");
            }
        }
        if !senior {
            let repeats: BTreeSet<i32> = self
                .made
                .changes
                .iter()
                .filter(|change| change.kind == ChangeKind::Repeat)
                .filter_map(|change| change.school_year.value().map(|year| year.0))
                .filter(|year| *year < 2025)
                .collect();
            for application in self.applications(ApplicationKind::Repeat) {
                let school = self.is_there(application.school, "申请.重读.学校同意日期".into());
                let district = self.is_there(application.district, "申请.重读.区备案日期".into());
                let in_time = self.in_time(application.applied, "申请.重读.申请日期");
                if school && district && in_time && repeats.len() < 2 {
                    return self.verdict("repeat", Some(grade), None, "A22.1");
                }
            }
            return self.verdict("promote", Some(grade + 1), None, if grade <= 5 { "A20.1" } else { "A20.2" });
        }
        let (met, could, _, many) = self.annual();
        if met {
            return self.verdict("promote", Some(grade + 1), None, "A20.3");
        }
        if could {
            return self.verdict("makeup_pending", None, None, "A20.3");
        }
        if self.retained_enough(grade) {
            return self.verdict("withdraw_auto", None, Some("学业证明"), "A37.2");
        }
        self.verdict("retain", Some(grade), None, if many { "A22.2.1" } else { "A22.2.2" })
    }

    /// Not later than the window.
    fn in_time(&mut self, applied: Read<NaiveDate>, word: &str) -> bool {
        match applied {
            Read::Value(applied) => applied <= day(2026, 6, 30),
            Read::Empty => false,
            Read::Unreadable => self.ask(word.into()),
        }
    }

    /// Junior and primary: subjects whose year is failed after make-up.
    fn failed_this_year(&mut self) -> BTreeSet<String> {
        if self.made.grade() <= 5 {
            return BTreeSet::new();
        }
        let mut failing = BTreeSet::new();
        for annual in self.made.annual.clone() {
            if self.failed_after_makeup(annual.subject) {
                failing.insert(self.name(annual.subject));
            }
        }
        failing
    }

    fn failed_after_makeup(&mut self, subject: Subject) -> bool {
        let name = self.name(subject);
        let own = self.made.annual.iter().find(|annual| annual.subject == subject).copied();
        let Some(annual) = own else { return !self.ask(format!("{name}.学年总评")) };
        let failed = match annual.result {
            Read::Value(AnnualResult::Passed) => false,
            Read::Value(AnnualResult::Failed) => true,
            Read::Value(AnnualResult::Exempt) if self.exempt(subject) => false,
            _ => !self.ask(format!("{name}.学年总评")),
        };
        failed
            && match annual.make_up {
                Read::Value(MakeUp::Passed) => false,
                Read::Unreadable => !self.ask(format!("{name}.补考")),
                _ => true,
            }
    }

    /// A20.3: met; not met, but a make-up not yet taken could still make it so; what fails; five or more.
    fn annual(&mut self) -> (bool, bool, BTreeSet<String>, bool) {
        let policy = &self.law.policy.subjects;
        let list = policy.annual.iter().find(|list| list.grade == self.made.grade()).expect("a list");
        let (core, replaced) = (self.list(&policy.senior_core), self.list(&policy.exam_replaces_makeup));
        let mut failed = Vec::new();
        for subject in self.list(&list.subjects) {
            let name = self.name(subject);
            let own = self.made.annual.iter().find(|annual| annual.subject == subject).copied();
            let passed = match own.map(|annual| annual.result) {
                Some(Read::Value(AnnualResult::Passed)) => true,
                Some(Read::Value(AnnualResult::Failed)) => false,
                Some(Read::Value(AnnualResult::Exempt)) if self.exempt(subject) => true,
                _ => self.ask(format!("{name}.学年总评")),
            };
            if !passed {
                failed.push((subject, own.map_or(Read::Empty, |annual| annual.make_up)));
            }
        }
        let names = |case: &Self, subjects: &[Subject]| subjects.iter().map(|subject| case.name(*subject)).collect();
        if failed.len() >= 5 {
            let all: Vec<Subject> = failed.iter().map(|(subject, _)| *subject).collect();
            return (false, false, names(self, &all), true);
        }
        let (mut left, mut left_after_all) = (Vec::new(), Vec::new());
        for (subject, make_up) in failed {
            let name = self.name(subject);
            let by_makeup = match make_up {
                Read::Value(make_up) => make_up == MakeUp::Passed,
                Read::Empty => false,
                Read::Unreadable => self.ask(format!("{name}.补考")),
            };
            let mended = by_makeup || replaced.contains(&subject) && self.exam_of_the_year(subject);
            if !mended {
                left.push(subject);
                if make_up != Read::Empty {
                    left_after_all.push(subject);
                }
            }
        }
        let met = |left: &[Subject]| !left.iter().any(|subject| core.contains(subject)) && left.len() <= 2;
        (met(&left), met(&left_after_all), names(self, &left), false)
    }

    fn exam_of_the_year(&mut self, subject: Subject) -> bool {
        let year = day(2025, 9, 1)..=day(2026, 8, 31);
        let sittings: Vec<Sitting> = self.made.sittings.iter().filter(|sitting| sitting.subject == subject).copied().collect();
        let sittings: Vec<Sitting> =
            sittings.into_iter().filter(|sitting| sitting.date.value().is_none_or(|date| year.contains(&date))).collect();
        if sittings.iter().any(|sitting| {
            sitting.date.value().is_some()
                && sitting.result == Read::Value(ExamResult::Passed)
                && matches!(sitting.kind, Read::Value(SittingKind::First | SittingKind::MakeUp))
        }) {
            return true;
        }
        sittings.iter().any(|sitting| sitting.result == Read::Unreadable) && self.ask(format!("{}.学业水平考试", self.name(subject)))
    }

    fn retained_enough(&self, grade: u8) -> bool {
        let retained = self.made.changes.iter().filter(|change| change.kind == ChangeKind::Retention);
        let retained: BTreeSet<(i32, u8)> = retained
            .filter_map(|change| {
                let grade = change.grade.value().map(|grade| grade.number())?;
                Some((change.school_year.value()?.0, grade)).filter(|(year, grade)| *year < 2025 && *grade >= 10)
            })
            .collect();
        let years: BTreeSet<i32> = retained.iter().map(|(year, _)| *year).collect();
        let mut before = (2015..2025).rev().filter(|year| self.suspended_days(*year) < Self::year_days(*year));
        let last_two: Vec<i32> = before.by_ref().take(2).collect();
        years.len() >= 3 || last_two.iter().all(|year| retained.contains(&(*year, grade)))
    }

    // ---- section 5

    fn graduation(&mut self) -> Verdict {
        let grade = self.made.grade();
        let (next, senior) = ((grade == 5).then_some(6), grade == 12);
        let failing = match grade {
            5 => BTreeSet::new(),
            9 => self.junior().2,
            _ => self.not_passed(),
        };
        if senior && self.in_force(MeasureKind::Expulsion) {
            return Verdict { failing, ..self.verdict("withdraw_auto", None, Some("肄业"), "A37.5") };
        }
        if senior && self.in_force(MeasureKind::Probation) {
            return Verdict { failing, ..self.verdict("complete", None, Some("结业"), "A42.2") };
        }
        let graduates = if self.moral() { self.graduates(grade) } else { None };
        let verdict = match graduates {
            Some((clause, certificate)) => self.verdict("graduate", next, Some(certificate), clause),
            None => self.verdict("complete", next, Some("结业"), "A25"),
        };
        Verdict { failing, ..verdict }
    }

    fn evaluation(&self) -> Option<Evaluation> {
        self.made.evaluations.iter().find(|evaluation| evaluation.school_year.0 == 2025).copied()
    }

    fn moral(&mut self) -> bool {
        let crimes: Vec<Read<YesNo>> = self.made.evaluations.iter().map(|evaluation| evaluation.crime).collect();
        let criminal = crimes.contains(&Read::Value(YesNo::Yes)) || crimes.contains(&Read::Unreadable) && self.ask("犯罪记录".into());
        let moral = match self.evaluation().map(|evaluation| evaluation.moral) {
            Some(Read::Value(moral)) => moral == Standard::Reached,
            _ => self.ask("思想品德与行为规范".into()),
        };
        moral && !criminal
    }

    fn graduates(&mut self, grade: u8) -> Option<(&'static str, &'static str)> {
        match grade {
            5 => Some(("A24.1", "毕业")),
            9 => match self.junior() {
                (true, ..) => Some(("A24.2.1", "毕业")),
                (_, true, _) => Some(("A24.2.2", "毕业")),
                _ => None,
            },
            _ => self.senior(),
        }
    }

    fn junior_exam(&mut self, subject: Subject) -> bool {
        let sports = self.law.subjects.find("体育与健身") == Some(subject);
        let own: Vec<Sitting> = self.made.sittings.iter().filter(|sitting| sitting.subject == subject).copied().collect();
        if own.iter().any(|sitting| sitting.result == Read::Value(ExamResult::Passed)) || sports && self.exempt(subject) {
            return true;
        }
        let sat = own.iter().any(|sitting| sitting.result.value().is_some_and(|result| result != ExamResult::Exempt));
        let unreadable = own.iter().any(|sitting| sitting.result == Read::Unreadable);
        (!sat || unreadable) && self.ask(format!("{}.学业水平考试", self.name(subject)))
    }

    /// A24.2.1, A24.2.2, and what fails under the latter.
    fn junior(&mut self) -> (bool, bool, BTreeSet<String>) {
        let policy = &self.law.policy.subjects;
        let (exams, core) = (self.list(&policy.junior_exam[0].subjects), self.list(&policy.junior_core));
        let expected = policy.annual.iter().find(|list| list.grade == 9).map(|list| self.list(&list.subjects)).unwrap_or_default();
        let mut failing = Vec::new();
        for subject in &exams {
            if !self.junior_exam(*subject) {
                failing.push(*subject);
            }
        }
        let all = failing.is_empty();
        let mut others: Vec<Subject> = self.made.annual.iter().map(|annual| annual.subject).chain(expected).collect();
        others.sort();
        others.dedup();
        for subject in others.into_iter().filter(|subject| !exams.contains(subject)) {
            if self.failed_after_makeup(subject) {
                failing.push(subject);
            }
        }
        let core_passed = !failing.iter().any(|subject| core.contains(subject));
        let names = failing.iter().map(|subject| self.name(*subject)).collect();
        (all, core_passed && failing.len() <= 2, names)
    }

    fn ten(&self) -> Vec<Subject> {
        let policy = &self.law.policy.subjects;
        [self.list(&policy.senior_exam_school_makeup), self.list(&policy.senior_exam_city_makeup)].concat()
    }

    fn is_class(&mut self) -> bool {
        match self.made.category {
            Read::Value(category) => category == Category::InternationalClass,
            Read::Empty => false,
            Read::Unreadable => self.ask("学生类别".into()),
        }
    }

    fn is_foreign(&mut self) -> bool {
        match self.made.nationality {
            Nationality::Chinese => false,
            Nationality::Foreign => true,
            Nationality::Unknown => self.ask("国籍/地区".into()),
        }
    }

    /// A24.7: `None` without a city sitting.
    fn sat(&mut self, subject: Subject) -> Option<bool> {
        let after = if self.list(&self.law.policy.subjects.senior_exam_school_makeup).contains(&subject) { 1 } else { 2 };
        let own: Vec<Sitting> = self.made.sittings.iter().filter(|sitting| sitting.subject == subject).copied().collect();
        let is_city = |sitting: &&Sitting| sitting.kind != Read::Value(SittingKind::SchoolMakeUp);
        let counts = |sitting: &&Sitting| sitting.result != Read::Value(ExamResult::Exempt);
        let city: Vec<&Sitting> = own.iter().filter(is_city).filter(counts).collect();
        if city.is_empty() {
            return None;
        }
        if city.iter().any(|sitting| sitting.result == Read::Value(ExamResult::Passed)) {
            return Some(true);
        }
        if own.iter().any(|sitting| sitting.result == Read::Unreadable) {
            return Some(self.ask(format!("{}.学业水平考试", self.name(subject))));
        }
        let school = own.iter().filter(|sitting| !is_city(sitting)).filter(counts);
        let counted = school.filter(|sitting| city.iter().filter(|failed| failed.date.value() < sitting.date.value()).count() >= after);
        let first = counted.min_by_key(|sitting| sitting.date.value());
        Some(first.is_some_and(|sitting| sitting.result == Read::Value(ExamResult::Passed)))
    }

    fn assessed(&mut self, subject: Subject) -> bool {
        let own = self.made.assessments.iter().find(|assessment| assessment.subject == subject);
        match own.map(|assessment| assessment.result) {
            Some(Read::Value(result)) => result == Standard::Reached,
            _ => self.ask(format!("{}.校本考核", self.name(subject))),
        }
    }

    /// Passed as A24.3 and A24.4 ask.
    fn passed(&mut self, subject: Subject) -> bool {
        if let Some(passed) = self.sat(subject) {
            return passed;
        }
        if self.is_foreign() {
            return self.assessed(subject);
        }
        let four = self.list(&self.law.policy.subjects.international_city);
        if self.is_class() && !four.contains(&subject) {
            return false;
        }
        self.ask(format!("{}.学业水平考试", self.name(subject)))
    }

    /// Subjects not passed; for a class student, those outside the four count as passed by the school's assessment too.
    fn not_passed(&mut self) -> BTreeSet<String> {
        let four = self.list(&self.law.policy.subjects.international_city);
        let class = self.is_class();
        let ten = self.ten();
        let further: Vec<Subject> = self.made.assessments.iter().map(|own| own.subject).filter(|subject| !ten.contains(subject)).collect();
        let mut failing = BTreeSet::new();
        for subject in &ten {
            let passed = self.passed(*subject) || class && !four.contains(subject) && self.assessed(*subject);
            if !passed {
                failing.insert(self.name(*subject));
            }
        }
        for subject in further {
            if class && !self.assessed(subject) {
                failing.insert(self.name(subject));
            }
        }
        failing
    }

    fn senior(&mut self) -> Option<(&'static str, &'static str)> {
        let foreign = self.is_foreign();
        let certificate = |own: &'static str| if foreign { "GI" } else { own };
        let ten = self.ten();
        if self.is_class() {
            let four = self.list(&self.law.policy.subjects.international_city);
            let further = self.made.assessments.iter().map(|own| own.subject).filter(|subject| !ten.contains(subject));
            let others: Vec<Subject> = ten.iter().filter(|subject| !four.contains(subject)).copied().chain(further).collect();
            let mut meets = true;
            for subject in four {
                meets &= self.passed(subject);
            }
            for subject in others {
                meets &= self.assessed(subject);
            }
            if meets {
                return Some(("A24.5", certificate("GJ")));
            }
        }
        let passed: Vec<bool> = ten.iter().map(|subject| self.passed(*subject)).collect();
        let practice = self.practice();
        if passed.iter().all(|passed| *passed) && practice {
            return Some(("A24.3", certificate("毕业")));
        }
        let required = self.list(&self.law.policy.subjects.athlete_required);
        let confirmed = self.made.athlete.is_some_and(|own| own.sports.value().is_some() && own.education.value().is_some());
        let applied =
            self.made.applications.iter().any(|own| own.kind == ApplicationKind::AthleteCertificate && own.applied.value().is_some());
        let has_required =
            ten.iter().zip(&passed).filter(|(subject, passed)| required.contains(subject) && **passed).count() == required.len();
        if confirmed && applied && has_required && passed.iter().filter(|passed| **passed).count() >= 6 {
            return Some(("A24.4", certificate("GT")));
        }
        None
    }

    fn practice(&mut self) -> bool {
        let mut waived = false;
        for own in self.made.applications.clone().into_iter().filter(|own| own.kind == ApplicationKind::PracticeWaiver) {
            let school = self.is_there(own.school, "申请.社会实践豁免.学校同意日期".into());
            let district = self.is_there(own.district, "申请.社会实践豁免.区备案日期".into());
            waived |= school && district;
        }
        let own = self.evaluation();
        let mut reached = |read: Option<Read<Standard>>, word: &str| match read {
            Some(Read::Value(standard)) => standard == Standard::Reached,
            _ => self.ask(word.into()),
        };
        let research = reached(own.map(|own| own.research), "研究型课程");
        let extension = reached(own.map(|own| own.extension), "拓展型课程");
        let military = reached(own.map(|own| own.military), "军事训练");
        let volunteering = reached(own.map(|own| own.volunteering), "志愿服务") || waived;
        let rural = reached(own.map(|own| own.rural), "农村社会实践") || waived;
        let mut enough = |read: Option<Read<i32>>, least: i32, word: &str| match read {
            Some(Read::Value(number)) => number >= least * 1000,
            _ => self.ask(word.into()),
        };
        let weeks = enough(own.map(|own| own.weeks), 6, "社会实践周数");
        let reports = enough(own.map(|own| own.reports), 1, "研究性学习报告数");
        research && extension && military && volunteering && rural && weeks && reports
    }
}
