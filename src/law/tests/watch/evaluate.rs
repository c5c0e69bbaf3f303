//! The rules of the status watch for a student of whom everything is known, section 6 row by row.
//!
//! Nothing here is shared with the engine: days are counted one after the other, months are added by `chrono`, and the calendar is read
//! from the files anew.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use law::facts::attendance::{DayRecord, Form};
use law::facts::calendar::YearCalendar;
use law::facts::codes::{AnnualResult, ApplicationKind, AttendanceMode, ChangeKind, MeasureKind, Read, Status};
use law::regulation::policy::Numbers;
use law::regulation::rule::Law;

use crate::students::Made;

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub outcome: &'static str,
    pub clauses: BTreeSet<&'static str>,
    pub certificate: Option<&'static str>,
    pub days_to_threshold: Option<usize>,
    /// Sorted; a code that is raised twice stands twice.
    pub findings: Vec<&'static str>,
    /// Whether the rules leave open if F3404 is to be raised.
    pub is_open: bool,
}

/// The outcomes that a row of section 6 can bring, the most severe first.
const SEVERITY: [&str; 6] = ["withdraw_auto", "admission_void", "interrupt", "urge", "warn", "normal"];

fn read(read: Read<NaiveDate>) -> Option<NaiveDate> {
    match read {
        Read::Value(date) => Some(date),
        Read::Empty => None,
        Read::Unreadable => panic!("everything is known of these students"),
    }
}

/// The calendar as section 1 reads it, for one date of judgement.
#[derive(Debug)]
pub struct Times {
    /// The calendar year in which the school year begins.
    pub school_year: i32,
    /// 1 or 2.
    pub number: u8,
    /// The term's first day.
    pub first: NaiveDate,
    pub school_days: Vec<NaiveDate>,
    /// The last day on which students can register.
    pub deadline: NaiveDate,
    /// The last day of the second term.
    year_end: NaiveDate,
    off: BTreeSet<NaiveDate>,
    worked: BTreeSet<NaiveDate>,
}

impl Times {
    pub fn of(years: &[YearCalendar], numbers: &Numbers, as_of: NaiveDate) -> Self {
        let mut last_begun = None;
        for year in years {
            for (number, (first, last)) in [(1, year.first_term), (2, year.second_term)] {
                if first <= as_of && last_begun.is_none_or(|(_, _, known, _)| known < first) {
                    last_begun = Some((year, number, first, last));
                }
            }
        }
        let (year, number, first, last) = last_begun.expect("a term");
        let mut times = Times {
            school_year: year.school_year[..4].parse().expect("a year"),
            number,
            first,
            school_days: Vec::new(),
            deadline: first + Months::new(numbers.registration_grace_months),
            year_end: year.second_term.1,
            off: years.iter().flat_map(|year| year.off.iter().copied()).collect(),
            worked: years.iter().flat_map(|year| year.worked.iter().copied()).collect(),
        };
        let mut day = first;
        while day <= last {
            if times.is_working_day(day) && !year.closures.contains(&day) {
                times.school_days.push(day);
            }
            day = day + Days::new(1);
        }
        while !times.is_working_day(times.deadline) {
            times.deadline = times.deadline + Days::new(1);
        }
        times
    }

    fn is_working_day(&self, day: NaiveDate) -> bool {
        let weekend = day.weekday() == Weekday::Sat || day.weekday() == Weekday::Sun;
        self.worked.contains(&day) || !weekend && !self.off.contains(&day)
    }

    /// Working days after one day, up to and with another; no more than a few are counted.
    fn working_days_between(&self, after: NaiveDate, until: NaiveDate) -> u32 {
        let (mut day, mut number) = (after, 0);
        while day < until && number < 20 {
            day = day + Days::new(1);
            number += u32::from(self.is_working_day(day));
        }
        number
    }
}

/// What a school day is to the student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SchoolDay {
    AtSchool,
    Unknown,
    Absent { truant: bool },
    Suspended,
}

const TRUANT: SchoolDay = SchoolDay::Absent { truant: true };

fn is_absent(day: SchoolDay) -> bool {
    matches!(day, SchoolDay::Absent { .. })
}

/// What an absence is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threshold {
    /// A34.2, A37.4
    AnyAbsence,
    /// A34.3, A37.3
    Truancy,
}

/// A way in which a threshold is reached: by a run, or by the term's total.
struct Reached {
    /// The first day from which urgings count.
    since: usize,
    /// The last day of the run, or the day on which the total was crossed.
    at: usize,
}

/// A suspension in force at some time.
struct Suspension {
    first: NaiveDate,
    last: NaiveDate,
    /// The latest 截止日期.
    until: Option<NaiveDate>,
    returned: bool,
}

/// A row of the table of section 6 that applies.
struct Applied {
    outcome: &'static str,
    clause: &'static str,
    /// Whether it is the A8.3 row of students who came at least once.
    came: bool,
}

struct Case<'c> {
    law: &'c Law,
    times: &'c Times,
    made: &'c Made,
    findings: Vec<&'static str>,
    /// Whether the rules leave open if F3404 is to be raised.
    is_open: bool,
}

/// Decides a student.
pub fn judge_slowly(law: &Law, times: &Times, made: &Made) -> Judgement {
    let case = Case { law, times, made, findings: Vec::new(), is_open: false };
    match made.status {
        Status::Enrolled => case.enrolled(),
        Status::Suspended => case.on_leave(),
        Status::Interrupted => case.interrupted(),
        _ => case.judgement("not_enrolled", [], None),
    }
}

impl Case<'_> {
    fn numbers(&self) -> &Numbers {
        &self.law.policy.numbers
    }

    fn judgement<const NUMBER: usize>(
        mut self,
        outcome: &'static str,
        clauses: [&'static str; NUMBER],
        days_to_threshold: Option<usize>,
    ) -> Judgement {
        self.findings.sort_unstable();
        let certificate = if outcome == "withdraw_auto" { Some(self.certificate()) } else { None };
        Judgement {
            outcome,
            clauses: clauses.into_iter().collect(),
            certificate,
            days_to_threshold,
            findings: self.findings,
            is_open: self.is_open,
        }
    }

    /// The most severe outcome among the rows that apply, with every row that brings it.
    fn most_severe(self, applied: &[Applied], days_to_threshold: Option<usize>) -> Judgement {
        let brought = |outcome: &&str| applied.iter().any(|row| row.outcome == *outcome);
        let outcome = SEVERITY.into_iter().find(brought).unwrap_or("normal");
        let clauses = applied.iter().filter(|row| row.outcome == outcome).map(|row| row.clause).collect();
        Judgement { clauses, ..self.judgement(outcome, [], days_to_threshold) }
    }

    // ---- roster 在读

    fn enrolled(mut self) -> Judgement {
        self.attendance_findings();
        if self.suspensions().iter().any(|own| own.first <= self.made.school.judged_on && self.made.school.judged_on <= own.last) {
            return self.judgement("hold", ["A31.2"], None);
        }
        if matches!(self.made.mode, AttendanceMode::HomeTeaching | AttendanceMode::SpecialSchool) {
            return self.judgement("normal", [], None);
        }
        let days = self.days();
        let mut applied = Vec::new();
        if self.is_senior() && self.is_expelled() {
            applied.push(Applied { outcome: "withdraw_auto", clause: "A37.5", came: false });
        }
        self.registration(&days, &mut applied);
        let mut days_to_threshold = None;
        if self.made.school.has_attendance {
            for threshold in [Threshold::AnyAbsence, Threshold::Truancy] {
                self.act(threshold, &days, None, &mut applied);
            }
            self.tell_back(&[Threshold::AnyAbsence, Threshold::Truancy], &days);
            self.without_records(&days);
            if !self.reached(Threshold::AnyAbsence, &days).is_empty() {
                self.findings.push("F3001");
            }
            if self.is_warned(&days) {
                applied.push(Applied { outcome: "warn", clause: "A11.2", came: false });
            }
            days_to_threshold = self.days_to_threshold(&[Threshold::AnyAbsence, Threshold::Truancy], &days);
        }
        let brings = |outcome: &str| applied.iter().any(|row| row.outcome == outcome);
        let is_urge = brings("urge") && !["withdraw_auto", "admission_void", "interrupt"].into_iter().any(brings);
        let told = self.findings.contains(&"F0801");
        if is_urge && !applied.iter().filter(|row| row.outcome == "urge").all(|row| row.came && told) {
            self.findings.push("F3401");
        }
        self.most_severe(&applied, days_to_threshold)
    }

    /// The two rows of A8.3.
    fn registration(&mut self, days: &[SchoolDay], applied: &mut Vec<Applied>) {
        let school = self.made.school;
        let registered = self.made.registration.and_then(|registration| read(registration.registered));
        if registered.is_some_and(|date| date > self.times.deadline) {
            self.findings.push("F0802");
        }
        if !school.has_registrations || school.judged_on <= self.times.deadline || registered.is_some() {
            return;
        }
        let own: Vec<SchoolDay> = days.iter().copied().filter(|day| *day != SchoolDay::Suspended).collect();
        let never_came = school.has_attendance && !own.is_empty() && own.iter().all(|day| is_absent(*day));
        if !never_came {
            applied.push(Applied { outcome: "urge", clause: "A8.3", came: true });
            if school.has_attendance && own.contains(&SchoolDay::AtSchool) {
                self.findings.push("F0801");
            }
        } else if self.is_senior() {
            let first_grade = self.made.grade.number() == 10;
            let this_year = self.made.entry.is_some_and(|entry| self.school_year_of_month(entry.0) == self.times.school_year);
            let entrant = first_grade && this_year && self.times.number == 1;
            let outcome = if entrant { "admission_void" } else { "withdraw_auto" };
            applied.push(Applied { outcome, clause: "A8.3", came: false });
        } else {
            let urged = self.contacts(days, self.times.first) >= 1;
            let outcome = if urged && !self.is_extended() { "interrupt" } else { "urge" };
            for clause in ["A8.3", "A34.1"] {
                applied.push(Applied { outcome, clause, came: false });
            }
        }
    }

    /// The school year of a month counted from year 0.
    fn school_year_of_month(&self, month: i32) -> i32 {
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        if month >= 9 { year } else { year - 1 }
    }

    fn is_extended(&self) -> bool {
        let by_registration = self.made.registration.is_some_and(|registration| read(registration.extended).is_some());
        let mut by_application = false;
        for application in self.made.applications.iter().filter(|own| own.kind == ApplicationKind::RegistrationExtension) {
            let Some(applied) = read(application.applied) else { continue };
            let year = match application.school_year {
                Read::Value(year) => year.0,
                _ if applied.month() >= 9 => applied.year(),
                _ => applied.year() - 1,
            };
            by_application |= year == self.times.school_year && read(application.school).is_some();
        }
        by_registration || by_application
    }

    // ---- roster 休学 and 中断

    fn on_leave(mut self) -> Judgement {
        self.attendance_findings();
        let mut applied = Vec::new();
        let latest = self.suspensions().into_iter().max_by_key(|own| own.first).filter(|own| !own.returned);
        let ended = latest.and_then(|own| own.until).filter(|until| *until < self.law.as_of);
        if let Some(ended) = ended
            && self.is_long_away(ended + Days::new(1))
        {
            applied.push(Applied { outcome: "withdraw_auto", clause: "A37.1", came: false });
        }
        let in_time = self.numbers().suspension_extension_working_days;
        let overdue = ended.filter(|ended| self.times.working_days_between(*ended, self.law.as_of) > in_time);
        let Some(overdue) = overdue else {
            return if applied.is_empty() { self.judgement("hold", ["A31.2"], None) } else { self.most_severe(&applied, None) };
        };
        self.findings.push("F3202");
        applied.push(Applied { outcome: "urge", clause: "A32.2", came: false });
        let urging = self.urgings().into_iter().filter(|date| *date > overdue).min();
        let mut days_to_threshold = None;
        if let Some(urging) = urging
            && self.made.school.has_attendance
        {
            let mut days = self.days();
            for (place, day) in days.iter_mut().enumerate() {
                if self.times.school_days[place] > urging {
                    let came = matches!(self.made.days[place], DayRecord::Present | DayRecord::Late | DayRecord::LeftEarly);
                    *day = if came { SchoolDay::AtSchool } else { TRUANT };
                }
            }
            self.act(Threshold::Truancy, &days, Some(urging), &mut applied);
            self.tell_back(&[Threshold::Truancy], &days);
            days_to_threshold = self.days_to_threshold(&[Threshold::Truancy], &days);
        }
        self.most_severe(&applied, days_to_threshold)
    }

    fn interrupted(mut self) -> Judgement {
        self.attendance_findings();
        let since = self.dates_of(&[ChangeKind::Interruption]).into_iter().max();
        if since.is_some_and(|since| self.is_long_away(since)) {
            return self.judgement("withdraw_auto", ["A37.1"], None);
        }
        self.judgement("not_enrolled", [], None)
    }

    /// A37.1, of a student who has been away since a day.
    fn is_long_away(&self, since: NaiveDate) -> bool {
        let returns = [ChangeKind::Return, ChangeKind::Continuation, ChangeKind::TransferIn];
        let returned = self.dates_of(&returns).into_iter().any(|date| date >= since);
        let years = since + Months::new(12 * self.numbers().withdraw_after_years);
        let birthday = self.made.birth + Months::new(12 * self.numbers().adult_age);
        !self.is_senior() && !returned && self.law.as_of >= years && birthday < self.law.as_of
    }

    fn dates_of(&self, kinds: &[ChangeKind]) -> Vec<NaiveDate> {
        let changes = self.made.changes.iter().filter(|change| kinds.contains(&change.kind));
        changes.filter_map(|change| read(change.effective)).collect()
    }

    /// Section 3. What happened since a later 休学 belongs to that one.
    fn suspensions(&self) -> Vec<Suspension> {
        let mut suspensions = Vec::new();
        for begin in self.made.changes.iter().filter(|change| change.kind == ChangeKind::Suspension) {
            let (Some(first), Some(_)) = (read(begin.effective), read(begin.district)) else { continue };
            let next = self.dates_of(&[ChangeKind::Suspension]).into_iter().filter(|date| *date > first).min();
            let returned = self.dates_of(&[ChangeKind::Return]).into_iter().filter(|date| *date >= first).min();
            let own_return = returned.filter(|date| next.is_none_or(|next| *date <= next));
            let mut until = read(begin.until);
            for extension in self.made.changes.iter().filter(|change| change.kind == ChangeKind::SuspensionExtended) {
                let own = read(extension.effective).is_some_and(|date| date >= first && next.is_none_or(|next| date < next));
                if own {
                    until = until.max(read(extension.until));
                }
            }
            let last = match (own_return, until, returned) {
                (Some(date), _, _) | (None, None, Some(date)) => date - Days::new(1),
                (None, Some(until), _) => until,
                (None, None, None) => self.law.as_of,
            };
            let returned = own_return.is_some() || until.is_none() && returned.is_some();
            if first <= last {
                suspensions.push(Suspension { first, last, until, returned });
            }
        }
        suspensions
    }

    // ---- absences

    /// The school days up to the day judged.
    fn days(&self) -> Vec<SchoolDay> {
        let suspensions = self.suspensions();
        let mut days = Vec::new();
        for (place, date) in self.times.school_days.iter().enumerate() {
            if *date > self.made.school.judged_on {
                break;
            }
            let suspended = suspensions.iter().any(|own| own.first <= *date && *date <= own.last);
            days.push(match self.made.days[place] {
                _ if suspended => SchoolDay::Suspended,
                DayRecord::Truancy => TRUANT,
                DayRecord::Sick | DayRecord::Personal | DayRecord::Stopped => SchoolDay::Absent { truant: false },
                DayRecord::Present | DayRecord::Late | DayRecord::LeftEarly => SchoolDay::AtSchool,
                DayRecord::None if self.made.form == Form::Exceptions => SchoolDay::AtSchool,
                DayRecord::None | DayRecord::Unreadable => SchoolDay::Unknown,
            });
        }
        days
    }

    fn counts(threshold: Threshold, day: SchoolDay) -> bool {
        if threshold == Threshold::Truancy { day == TRUANT } else { is_absent(day) }
    }

    fn is_long_run(&self, threshold: Threshold, first: NaiveDate, last: NaiveDate) -> bool {
        match threshold {
            Threshold::AnyAbsence => last + Days::new(1) >= first + Months::new(self.numbers().absence_months),
            Threshold::Truancy => last >= first + Months::new(self.numbers().truancy_running_months),
        }
    }

    fn is_large_total(&self, threshold: Threshold, total: usize) -> bool {
        let month = self.numbers().cumulative_month_days as usize;
        match threshold {
            Threshold::AnyAbsence => total >= self.numbers().absence_months as usize * month,
            Threshold::Truancy => total > self.numbers().truancy_cumulative_months as usize * month,
        }
    }

    /// Every way in which a threshold is reached.
    fn reached(&self, threshold: Threshold, days: &[SchoolDay]) -> Vec<Reached> {
        let mut ways = Vec::new();
        let (mut run, mut first_of_term, mut total) = (None, None, 0);
        for (place, day) in days.iter().enumerate() {
            if !Self::counts(threshold, *day) {
                run = None;
                continue;
            }
            let since = *run.get_or_insert(place);
            let ends_here = days.get(place + 1).is_none_or(|next| !Self::counts(threshold, *next));
            if ends_here && self.is_long_run(threshold, self.times.school_days[since], self.times.school_days[place]) {
                ways.push(Reached { since, at: place });
            }
            total += 1;
            let since = *first_of_term.get_or_insert(place);
            if self.is_large_total(threshold, total) && !self.is_large_total(threshold, total - 1) {
                ways.push(Reached { since, at: place });
            }
        }
        ways
    }

    /// The ways in which a threshold is reached with the student still absent.
    fn still_absent(&self, threshold: Threshold, days: &[SchoolDay]) -> Vec<Reached> {
        let mut ways = self.reached(threshold, days);
        ways.retain(|way| days[way.at + 1..].iter().all(|day| is_absent(*day) || *day == SchoolDay::Suspended));
        ways
    }

    fn urgings(&self) -> Vec<NaiveDate> {
        self.made.urgings.iter().filter_map(|urging| read(urging.date)).collect()
    }

    /// Urgings from a date on, on different days, each with an absence after it.
    fn contacts(&self, days: &[SchoolDay], since: NaiveDate) -> usize {
        let mut contacts = BTreeSet::new();
        for urging in self.urgings().into_iter().filter(|date| *date >= since) {
            let away_after = (0..days.len()).any(|place| is_absent(days[place]) && self.times.school_days[place] > urging);
            if away_after {
                contacts.insert(urging);
            }
        }
        contacts.len()
    }

    /// A34.2, A34.3, A37.3, A37.4. Urgings count from the way's own first day, or from another date (A32.2).
    fn act(&self, threshold: Threshold, days: &[SchoolDay], since: Option<NaiveDate>, applied: &mut Vec<Applied>) {
        let (clause, needed, sanction) = match (threshold, self.is_senior()) {
            (Threshold::AnyAbsence, false) => ("A34.2", 1, "interrupt"),
            (Threshold::AnyAbsence, true) => ("A37.4", 1, "withdraw_auto"),
            (Threshold::Truancy, false) => ("A34.3", 1, "interrupt"),
            (Threshold::Truancy, true) => ("A37.3", self.numbers().senior_truancy_min_contacts as usize, "withdraw_auto"),
        };
        for way in self.still_absent(threshold, days) {
            let since = since.unwrap_or(self.times.school_days[way.since]);
            let outcome = if self.contacts(days, since) >= needed { sanction } else { "urge" };
            applied.push(Applied { outcome, clause, came: false });
        }
    }

    /// F3404: reached, and back at school; nobody is back who is still absent by any threshold.
    fn tell_back(&mut self, thresholds: &[Threshold], days: &[SchoolDay]) {
        let still = thresholds.iter().any(|threshold| !self.still_absent(*threshold, days).is_empty());
        let ways: Vec<Reached> = thresholds.iter().flat_map(|threshold| self.reached(*threshold, days)).collect();
        let came_after = |way: &Reached| days[way.at + 1..].contains(&SchoolDay::AtSchool);
        let back = ways.iter().any(came_after);
        if back && !still {
            self.findings.push("F3404");
            // Back from one absence, and then nobody knows whether back from the next: not settled by the rules.
            self.is_open = !ways.iter().all(came_after);
        }
    }

    /// F3403: what would be if every day that nobody knows of were 旷课.
    fn without_records(&mut self, days: &[SchoolDay]) {
        let filled: Vec<SchoolDay> = days.iter().map(|day| if *day == SchoolDay::Unknown { TRUANT } else { *day }).collect();
        let mut crossed = false;
        for threshold in [Threshold::AnyAbsence, Threshold::Truancy] {
            crossed |= self.reached(threshold, days).is_empty() && !self.reached(threshold, &filled).is_empty();
            crossed |= self.still_absent(threshold, days).is_empty() && !self.still_absent(threshold, &filled).is_empty();
        }
        if crossed {
            self.findings.push("F3403");
        }
    }

    fn is_warned(&self, days: &[SchoolDay]) -> bool {
        let warn = &self.numbers().warn;
        let (mut running, mut longest, mut truant, mut absent) = (0, 0, 0, 0);
        for day in days {
            running = if *day == TRUANT { running + 1 } else { 0 };
            longest = longest.max(running);
            truant += u32::from(*day == TRUANT);
            absent += u32::from(is_absent(*day));
        }
        longest >= warn.truancy_running_days || truant >= warn.truancy_total_days || absent >= warn.absence_total_days
    }

    /// Adds 旷课 day by day to the term's end until a threshold is reached.
    fn days_to_threshold(&self, thresholds: &[Threshold], days: &[SchoolDay]) -> Option<usize> {
        if thresholds.iter().any(|threshold| !self.reached(*threshold, days).is_empty()) {
            return Some(0);
        }
        let mut nearest: Option<usize> = None;
        for threshold in thresholds {
            let mut total = days.iter().filter(|day| Self::counts(*threshold, **day)).count();
            let lasting = days.iter().rev().take_while(|day| Self::counts(*threshold, **day)).count();
            let first = days.len() - lasting;
            for place in days.len()..self.times.school_days.len() {
                total += 1;
                let run = self.is_long_run(*threshold, self.times.school_days[first], self.times.school_days[place]);
                if run || self.is_large_total(*threshold, total) {
                    let number = place + 1 - days.len();
                    nearest = Some(nearest.map_or(number, |known| known.min(number)));
                    break;
                }
            }
        }
        nearest
    }

    /// F1101 and F1102, which look at what is recorded, whatever becomes of the student.
    fn attendance_findings(&mut self) {
        if self.made.rows.iter().any(|row| row.record == DayRecord::Truancy && !row.told) {
            self.findings.push("F1101");
        }
        let late = self.made.days.iter().filter(|record| matches!(record, DayRecord::Late | DayRecord::LeftEarly)).count();
        if late >= self.numbers().often_late as usize {
            self.findings.push("F1102");
        }
    }

    // ---- conduct, stages and certificates

    fn is_senior(&self) -> bool {
        self.made.grade.number() >= 10
    }

    fn is_expelled(&self) -> bool {
        let expulsions = self.made.measures.iter().filter(|measure| measure.kind == MeasureKind::Expulsion);
        expulsions.into_iter().any(|measure| {
            let adopted = [measure.decided, measure.meeting, measure.district].into_iter().all(|date| read(date).is_some());
            adopted && read(measure.revoked).is_none()
        })
    }

    /// The certificate on `withdraw_auto`.
    fn certificate(&self) -> &'static str {
        let grade = self.made.grade.number();
        let finished = match grade {
            12 => true,
            11 => self.law.as_of >= self.times.year_end && self.year_is_met(),
            10 => false,
            _ => self.has_nine_years(),
        };
        if finished { "肄业" } else { "学业证明" }
    }

    /// A20.3, of results without a make-up.
    fn year_is_met(&self) -> bool {
        let (mut core, mut others) = (0, 0);
        for annual in &self.made.annual {
            if annual.result == Read::Value(AnnualResult::Failed) {
                let is_core = matches!(self.law.subjects.name(annual.subject), "语文" | "数学");
                if is_core { core += 1 } else { others += 1 }
            }
        }
        core == 0 && others <= self.numbers().senior_max_other_failing
    }

    /// Nine school years since primary entry, less those of which half or more was suspended or interrupted.
    fn has_nine_years(&self) -> bool {
        let mut away: Vec<(NaiveDate, NaiveDate)> = self.suspensions().iter().map(|own| (own.first, own.last)).collect();
        let ends = [ChangeKind::Continuation, ChangeKind::Return, ChangeKind::TransferIn, ChangeKind::Restoration];
        for first in self.dates_of(&[ChangeKind::Interruption]) {
            let end = self.dates_of(&ends).into_iter().filter(|date| *date >= first).min();
            away.push((first, end.map_or(self.law.as_of, |end| end - Days::new(1))));
        }
        let mut counted = 0;
        for year in self.school_year_of_month(self.made.primary_entry.0)..=self.times.school_year {
            let mut day = NaiveDate::from_ymd_opt(year, 9, 1).expect("a date");
            let (mut all, mut lost) = (0, 0);
            while day < NaiveDate::from_ymd_opt(year + 1, 9, 1).expect("a date") {
                all += 1;
                lost += i32::from(away.iter().any(|(first, last)| *first <= day && day <= *last));
                day = day + Days::new(1);
            }
            counted += i32::from(lost * 2 < all);
        }
        counted >= self.numbers().incomplete_after_school_years
    }
}
