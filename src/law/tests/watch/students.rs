//! Students in term, made up near the edges of the rules, from a number. Everything is known of them.

use chrono::{Days, Months, NaiveDate};
use law::facts::attendance::{AttendanceRow, DayRecord, Form, Registration, SchoolReport, Urging, Watched};
use law::facts::calendar::{Month, SchoolYear, Term};
use law::facts::codes::{AnnualResult, ApplicationKind, AttendanceMode, ChangeKind, MeasureKind, Read, Status, System};
use law::facts::grades::{Grade, Grades};
use law::facts::student::{Annual, Application, Change, Measure, Nationality, Row, Student, Unclear};
use law::regulation::rule::Law;

/// What kind of students are made.
#[derive(Clone, Copy, Debug)]
pub enum Scenario {
    /// 在读, registered for the most part, near the thresholds of absence.
    Absence,
    /// 在读, around the deadline of registration.
    Registration,
    /// 休学, around the suspension's end.
    EndedSuspension,
    /// 中断, or 休学 that ended long ago; and those who have left.
    LongAway,
}

/// A student made up.
#[derive(Debug)]
pub struct Made {
    pub status: Status,
    pub grade: Grade,
    pub system: System,
    pub mode: AttendanceMode,
    pub birth: NaiveDate,
    pub primary_entry: Month,
    pub entry: Option<Month>,
    pub annual: Vec<Annual>,
    pub applications: Vec<Application>,
    pub measures: Vec<Measure>,
    pub changes: Vec<Change>,
    pub form: Form,
    pub school: SchoolReport,
    pub days: Vec<DayRecord>,
    pub rows: Vec<AttendanceRow>,
    pub registration: Option<Registration>,
    pub urgings: Vec<Urging>,
}

impl Made {
    /// The facts as the engine takes them.
    pub fn student(&self) -> Student<'_> {
        Student {
            row: Row(0),
            status: Read::Value(self.status),
            grade: Some(self.grade),
            school_grades: Grades::default(),
            system: self.system,
            category: Read::Empty,
            nationality: Nationality::Chinese,
            birth: Some(self.birth),
            primary_entry: Some(self.primary_entry),
            entry: self.entry,
            annual: &self.annual,
            sittings: &[],
            assessments: &[],
            evaluations: &[],
            athlete: None,
            applications: &self.applications,
            measures: &self.measures,
            changes: &self.changes,
            unclear: Unclear::default(),
        }
    }

    /// The same in term.
    pub fn watched<'m>(&'m self, term: &'m Term, student: &'m Student<'m>) -> Watched<'m> {
        Watched {
            student,
            mode: Read::Value(self.mode),
            established: None,
            term,
            school: self.school,
            form: self.form,
            days: &self.days,
            rows: &self.rows,
            registration: self.registration,
            urgings: &self.urgings,
        }
    }
}

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A day some days before or after another.
    fn near(&mut self, day: NaiveDate, offsets: &[i64]) -> NaiveDate {
        day + chrono::TimeDelta::days(self.pick(offsets))
    }
}

const ABSENCES: [DayRecord; 4] = [DayRecord::Truancy, DayRecord::Personal, DayRecord::Stopped, DayRecord::Sick];

/// The makings of a student: the law and its term, the numbers, and the days around which something may turn.
struct Maker<'l> {
    law: &'l Law,
    term: &'l Term,
    chance: Chance,
    edges: Vec<NaiveDate>,
}

/// Makes the student of a seed.
pub fn make(law: &Law, scenario: Scenario, seed: u64) -> Made {
    let term = law.term.as_ref().expect("a term");
    let mut maker = Maker { law, term, chance: Chance(seed ^ 0x5DEE_CE66_D1CE_CAFE), edges: Vec::new() };
    let mut made = maker.somebody();
    match scenario {
        Scenario::Absence => {
            maker.absences(&mut made);
            if maker.chance.one_in(3) {
                maker.suspension_in_class(&mut made);
            }
            if maker.chance.one_in(4) {
                maker.registration(&mut made);
            }
        }
        Scenario::Registration => {
            maker.registration(&mut made);
            if maker.chance.one_in(2) {
                maker.never_came(&mut made);
            } else {
                maker.absences(&mut made);
            }
            if maker.chance.one_in(6) {
                maker.suspension_in_class(&mut made);
            }
        }
        Scenario::EndedSuspension => {
            made.status = Status::Suspended;
            maker.ended_suspension(&mut made);
        }
        Scenario::LongAway => maker.long_away(&mut made),
    }
    maker.disturb(&mut made);
    if !made.school.has_attendance {
        made.days.fill(DayRecord::None);
    }
    maker.write_rows(&mut made);
    maker.urge(&mut made);
    made
}

impl Maker<'_> {
    /// A student of some grade and school, of whom nothing has been heard yet in the term.
    fn somebody(&mut self) -> Made {
        let (law, term, chance) = (self.law, self.term, &mut self.chance);
        let grade = chance.pick(&[1, 2, 4, 5, 6, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12]);
        let form = chance.pick(&[Form::Exceptions, Form::Daily]);
        let today = law.as_of.min(term.last);
        // Most schools have handed in everything; some are behind, to a day of school or to any other.
        let through = match chance.below(6) {
            0 => chance.pick(&term.days),
            1 => chance.near(today, &[-1, -2, -3, -7, -14]).max(term.first),
            _ => today,
        };
        let has_attendance = !chance.one_in(15);
        let judged_on = if has_attendance { through.min(today) } else { today };
        let days = term.days.iter().filter(|day| **day <= judged_on).count();
        let has_registrations = !chance.one_in(8);
        let birthday = law.as_of.checked_sub_months(Months::new(12 * 18)).expect("a date");
        let birth = match chance.below(4) {
            0 => chance.near(birthday, &[-1, 0, 1]),
            1 => NaiveDate::from_ymd_opt(2008, 2, 29).expect("a date"),
            2 => chance.near(birthday, &[-400, -300]),
            _ => chance.near(birthday, &[1000, 2000]),
        };
        let entered = term.school_year.0 - chance.pick(&[0, 0, 1, 2]);
        let registration = Registration { registered: Read::Value(term.first.min(judged_on)), extended: Read::Empty, row: Row(50) };
        let plain = if form == Form::Daily { DayRecord::Present } else { DayRecord::None };
        let mut made = Made {
            status: Status::Enrolled,
            grade: Grade::new(grade).expect("a grade"),
            system: chance.pick(&[System::FiveFour, System::FiveFour, System::SixThree]),
            mode: chance.pick(&[AttendanceMode::Day, AttendanceMode::Boarding, AttendanceMode::Lodging, AttendanceMode::Other]),
            birth,
            primary_entry: Month::new(term.school_year.0 - chance.pick(&[5, 7, 8, 9, 10, 11]), chance.pick(&[9, 9, 9, 8, 2])),
            entry: Some(Month::new(entered, chance.pick(&[9, 9, 8]))),
            annual: Vec::new(),
            applications: Vec::new(),
            measures: Vec::new(),
            changes: Vec::new(),
            form,
            school: SchoolReport { judged_on, days, has_attendance, has_registrations },
            days: vec![plain; days],
            rows: Vec::new(),
            registration: has_registrations.then_some(registration),
            urgings: Vec::new(),
        };
        if chance.one_in(20) {
            made.mode = chance.pick(&[AttendanceMode::HomeTeaching, AttendanceMode::SpecialSchool]);
        }
        self.edges.extend([term.first, judged_on]);
        self.results_of_the_year(&mut made);
        self.conduct(&mut made);
        made
    }

    /// A26.3: of a senior student in grade 11, whether the year is finished depends on its results.
    fn results_of_the_year(&mut self, made: &mut Made) {
        if made.grade.number() != 11 {
            return;
        }
        let failing = self.chance.pick(&[1000, 6, 4]);
        for (place, subject) in self.law.lists.annual(11).iter().enumerate() {
            let result = if self.chance.one_in(failing) { AnnualResult::Failed } else { AnnualResult::Passed };
            made.annual.push(Annual { subject: *subject, result: Read::Value(result), make_up: Read::Empty, row: Row(300 + place as u32) });
        }
    }

    fn conduct(&mut self, made: &mut Made) {
        if !self.chance.one_in(8) {
            return;
        }
        let date = Read::Value(self.law.as_of - Days::new(self.chance.below(40) as u64));
        let mut sometimes = |one_in: usize| if self.chance.one_in(one_in) { Read::Empty } else { date };
        let (meeting, district, stands) = (sometimes(6), sometimes(6), sometimes(5));
        let kind = self.chance.pick(&[MeasureKind::Expulsion, MeasureKind::Expulsion, MeasureKind::Probation]);
        let revoked = if stands == Read::Empty { date } else { Read::Empty };
        made.measures.push(Measure { decided: date, meeting, district, revoked, ..Measure::new(kind, Row(400)) });
    }

    // ---- absences

    /// Something near one of the thresholds, or several such things.
    fn absences(&mut self, made: &mut Made) {
        if made.days.is_empty() {
            return;
        }
        for _ in 0..self.chance.pick(&[1, 1, 1, 2, 2, 3]) {
            match self.chance.below(7) {
                0 => self.scattered(made),
                1 | 2 => self.run(made, 1, true),
                3 => self.run(made, 3, false),
                4 => self.total(made),
                5 => self.run_of_days(made),
                _ => self.late(made),
            }
        }
    }

    fn absence(&mut self) -> DayRecord {
        self.chance.pick(&ABSENCES)
    }

    fn scattered(&mut self, made: &mut Made) {
        for _ in 0..self.chance.below(8) {
            let place = self.chance.below(made.days.len());
            made.days[place] = self.absence();
        }
    }

    /// A run around so many months: from a day on, or to the last days.
    fn run(&mut self, made: &mut Made, months: u32, truant: bool) {
        let days = &self.term.days;
        let number = made.days.len();
        let reaches = |first: usize, last: usize| days[last] + Days::new(u64::from(!truant)) >= days[first] + Months::new(months);
        let (first, last) = if self.chance.one_in(3) {
            let first = self.chance.below(number);
            let last = (first..number).find(|last| reaches(first, *last)).unwrap_or(number - 1);
            (first, (last + self.chance.pick(&[0, 1, 1, 2])).saturating_sub(1).min(number - 1))
        } else {
            let last = number - 1 - self.chance.pick(&[0, 0, 0, 0, 1, 2, 5]).min(number - 1);
            let first = (0..=last).rev().find(|first| reaches(*first, last)).unwrap_or(0);
            ((first + self.chance.pick(&[0, 1, 1, 2])).saturating_sub(1).min(last), last)
        };
        let kind = self.absence();
        let is_mixed = self.chance.one_in(2);
        for place in first..=last.max(first) {
            made.days[place] = match (truant, is_mixed) {
                (true, _) => DayRecord::Truancy,
                (false, false) => kind,
                (false, true) => self.absence(),
            };
        }
        self.edges.extend([days[first], days[last.max(first)]]);
        // After a run of 旷课 many stay away for another reason.
        if last + 1 < number && self.chance.one_in(2) {
            made.days[last + 1..].fill(kind);
        }
    }

    /// A run of school days around the early warning.
    fn run_of_days(&mut self, made: &mut Made) {
        let length = self.chance.pick(&[9, 10, 11]).min(made.days.len());
        let first = self.chance.below(made.days.len() - length + 1);
        made.days[first..first + length].fill(DayRecord::Truancy);
        self.edges.push(self.term.days[first]);
    }

    /// So many days of the term in all, scattered, or together with a gap here and there, to the last day or to any.
    fn total(&mut self, made: &mut Made) {
        let number = made.days.len();
        let truant = self.chance.one_in(2);
        let totals: &[usize] = if truant { &[21, 22, 23, 44, 44, 45, 45, 46] } else { &[39, 40, 41, 65, 65, 66, 66, 67] };
        let total = self.chance.pick(totals).min(number);
        let gap = self.chance.pick(&[4, 7, 15, 1000]);
        let mut place = number - self.chance.pick(&[0, 0, 0, 1, 3]).min(number - 1);
        let mut written = 0;
        while written < total && place > 0 {
            place -= 1;
            // A gap in the days that come last would make the student look back.
            if written > 3 && self.chance.one_in(gap) {
                continue;
            }
            made.days[place] = if truant { DayRecord::Truancy } else { self.absence() };
            written += 1;
            if written + 2 > total {
                self.edges.push(self.term.days[place]);
            }
        }
    }

    fn late(&mut self, made: &mut Made) {
        for _ in 0..self.chance.pick(&[5, 9, 10, 11, 12]) {
            let place = self.chance.below(made.days.len());
            made.days[place] = self.chance.pick(&[DayRecord::Late, DayRecord::LeftEarly]);
        }
    }

    /// Absent every day so far.
    fn never_came(&mut self, made: &mut Made) {
        if self.chance.one_in(3) {
            made.grade = Grade::new(10).expect("a grade");
            made.entry = Some(Month::new(self.term.school_year.0, self.chance.pick(&[9, 9, 8])));
        }
        let kind = self.absence();
        let is_mixed = self.chance.one_in(2);
        for day in &mut made.days {
            *day = if is_mixed { self.chance.pick(&ABSENCES) } else { kind };
        }
    }

    /// A few days that are otherwise, and the last days above all.
    fn disturb(&mut self, made: &mut Made) {
        let number = made.days.len();
        if number == 0 {
            return;
        }
        for _ in 0..self.chance.pick(&[0, 0, 0, 0, 1, 1, 2, 4]) {
            let place = self.chance.below(number);
            made.days[place] = self.chance.pick(&DayRecord::ALL);
        }
        if self.chance.one_in(5) {
            let record = self.chance.pick(&DayRecord::ALL);
            let last = self.chance.pick(&[1, 1, 2, 4]).min(number);
            made.days[number - last..].fill(record);
        }
    }

    /// The rows of what is recorded: a row a day, or for days of the same record together.
    fn write_rows(&mut self, made: &mut Made) {
        let is_together = self.chance.one_in(2);
        let is_told = self.chance.one_in(2);
        if made.school.has_attendance && !made.days.is_empty() && self.chance.one_in(20) {
            // Beside a kinder record of the day.
            let place = made.days.len() - 1;
            made.days[place] = DayRecord::Present;
            let told = self.chance.one_in(2);
            let (first, last) = (place as u16, place as u16);
            made.rows.push(AttendanceRow { first, last, record: DayRecord::Truancy, told, row: Row(999) });
        }
        for (place, record) in made.days.iter().enumerate() {
            if matches!(record, DayRecord::None | DayRecord::Present) {
                continue;
            }
            if let Some(row) = made.rows.last_mut()
                && is_together
                && usize::from(row.last) + 1 == place
                && row.record == *record
            {
                row.last = place as u16;
                continue;
            }
            let told = is_told || self.chance.one_in(2);
            let row = Row(1000 + place as u32);
            made.rows.push(AttendanceRow { first: place as u16, last: place as u16, record: *record, told, row });
        }
        made.rows.sort_by_key(|row| row.first);
    }

    // ---- registration and urgings

    fn registration(&mut self, made: &mut Made) {
        if !made.school.has_registrations {
            return;
        }
        let (term, judged_on) = (self.term, made.school.judged_on);
        let by_then = |date: NaiveDate| if date <= judged_on { Read::Value(date) } else { Read::Empty };
        let registered = match self.chance.below(5) {
            0 => by_then(self.chance.near(term.deadline, &[-1, 0, 1, 2, 20])),
            1 => by_then(self.chance.near(judged_on, &[-1, 0, 1])),
            _ => Read::Empty,
        };
        let extended = if self.chance.one_in(4) { by_then(self.chance.near(term.deadline, &[-3, 0, 3])) } else { Read::Empty };
        made.registration = Some(Registration { registered, extended, row: Row(50) });
        if registered == Read::Empty && extended == Read::Empty && self.chance.one_in(2) {
            made.registration = None;
        }
        if self.chance.one_in(3) {
            let year = term.school_year.0;
            let begin = NaiveDate::from_ymd_opt(year, 9, 1).expect("a date");
            let applied = self.chance.near(begin, &[-1, 0, 10]);
            let applied = if applied <= self.law.as_of { Read::Value(applied) } else { Read::Empty };
            made.applications.push(Application {
                kind: self.chance.pick(&[
                    ApplicationKind::RegistrationExtension,
                    ApplicationKind::RegistrationExtension,
                    ApplicationKind::Repeat,
                ]),
                is_unclear: false,
                school_year: self.chance.pick(&[Read::Value(SchoolYear(year)), Read::Value(SchoolYear(year - 1)), Read::Empty]),
                subject: Read::Empty,
                applied,
                school: if self.chance.one_in(4) { Read::Empty } else { applied },
                published: Read::Empty,
                publicity: Read::Empty,
                district: Read::Empty,
                certificate: Read::Empty,
                row: Row(500),
            });
        }
    }

    /// Urgings up to the day judged, on the days around which something turns.
    fn urge(&mut self, made: &mut Made) {
        let away = |record: &DayRecord| ABSENCES.contains(record);
        let first = made.days.iter().position(away);
        let last = made.days.iter().rposition(away);
        self.edges.extend([first, last, last].into_iter().flatten().map(|place| self.term.days[place]));
        let mut dates = Vec::new();
        for _ in 0..self.chance.pick(&[0, 0, 1, 1, 1, 2, 2, 2, 3]) {
            let date = match self.chance.below(4) {
                0 => self.chance.pick(&self.term.days),
                1 => self.chance.near(made.school.judged_on, &[-1, -2, -5]),
                _ => {
                    let edge = self.chance.pick(&self.edges);
                    self.chance.near(edge, &[-1, -1, 0, 0, 0, 1, 2])
                }
            };
            if date <= made.school.judged_on {
                dates.push(date);
            }
        }
        for (place, date) in dates.into_iter().enumerate() {
            made.urgings.push(Urging { date: Read::Value(date), row: Row(600 + place as u32) });
        }
        made.urgings.sort_by_key(|urging| urging.date.value());
    }

    // ---- suspensions and interruptions

    /// Adds a change of status, unless it has not come yet.
    fn change(&mut self, made: &mut Made, kind: ChangeKind, effective: NaiveDate, until: Option<NaiveDate>, approved: bool) {
        if effective > self.law.as_of {
            return;
        }
        let effective = Read::Value(effective);
        made.changes.push(Change {
            effective,
            until: until.map_or(Read::Empty, Read::Value),
            district: if approved { effective } else { Read::Empty },
            ..Change::new(kind, Row(700 + made.changes.len() as u32))
        });
    }

    /// A suspension of a student whom the roster calls 在读: over, in the middle, still in force, open, not approved, or followed by another.
    fn suspension_in_class(&mut self, made: &mut Made) {
        let judged_on = made.school.judged_on;
        let begin = match self.chance.below(3) {
            0 => self.chance.near(self.term.first, &[-100, -1, 0, 1]),
            1 => self.chance.near(judged_on, &[-40, -2, -1, 0, 1, 2]),
            _ => self.chance.pick(&self.term.days),
        };
        let end = match self.chance.below(3) {
            0 => self.chance.near(judged_on, &[-3, -1, 0, 1, 60]),
            _ => begin + Days::new(self.chance.pick(&[1, 5, 20, 60])),
        };
        let until = if self.chance.one_in(6) { None } else { Some(end) };
        // Some have had no school day of their own, and are not suspended on the day judged.
        let (begin, until) = if self.chance.one_in(8) { (self.term.first, Some(judged_on - Days::new(1))) } else { (begin, until) };
        let approved = !self.chance.one_in(5);
        self.change(made, ChangeKind::Suspension, begin, until, approved);
        self.edges.extend([begin, end]);
        if self.chance.one_in(4) {
            let extended = self.chance.near(end, &[-5, 0, 3]);
            self.change(made, ChangeKind::SuspensionExtended, extended, Some(end + Days::new(30)), true);
        }
        if self.chance.one_in(3) {
            let back = match self.chance.below(2) {
                0 => self.chance.near(judged_on, &[-2, -1, 0, 1, 2]),
                _ => self.chance.near(end, &[-4, 0, 1, 3]),
            };
            self.change(made, ChangeKind::Return, back.max(begin), None, true);
        }
        if self.chance.one_in(6) {
            let again = end + Days::new(self.chance.pick(&[1, 10, 30]));
            self.change(made, ChangeKind::Suspension, again, Some(again + Days::new(15)), true);
            if self.chance.one_in(2) {
                self.change(made, ChangeKind::SuspensionExtended, again + Days::new(3), Some(again + Days::new(25)), true);
            }
        }
    }

    /// A suspension of a student whom the roster calls 休学: its end lies near the last day on which an extension is in time, or so long
    /// ago that 旷课 since the first urging is near its threshold.
    fn ended_suspension(&mut self, made: &mut Made) {
        let (as_of, judged_on) = (self.law.as_of, made.school.judged_on);
        let end = match self.chance.below(5) {
            0 => self.chance.near(as_of, &[-4, -5, -6, -7, -8, -9, -10, -11, -12, -13]),
            1 => self.chance.near(as_of, &[-1, 0, 1, 30]),
            2 => self.chance.pick(&self.term.days),
            _ => self.chance.near(judged_on, &[-35, -45, -75, -100, -130]),
        };
        let begin = end - Days::new(self.chance.pick(&[20, 90, 200, 360]));
        let until = if self.chance.one_in(12) { None } else { Some(end) };
        let approved = !self.chance.one_in(12);
        self.change(made, ChangeKind::Suspension, begin, until, approved);
        if self.chance.one_in(8) {
            let later = self.chance.near(end, &[10, 20, 60]);
            let extended = self.chance.near(end, &[-5, 0, 3, 9]);
            self.change(made, ChangeKind::SuspensionExtended, extended, Some(later), true);
        }
        if self.chance.one_in(10) {
            let back = self.chance.near(end, &[-4, 0, 1, 3]);
            self.change(made, ChangeKind::Return, back, None, true);
        }
        // No records, or 旷课, for those who do not come; a few come now and then.
        let record = self.chance.pick(&[DayRecord::None, DayRecord::None, DayRecord::Truancy, DayRecord::Sick, DayRecord::Unreadable]);
        for (place, day) in self.term.days.iter().enumerate().take(made.days.len()) {
            if *day > end {
                made.days[place] = if self.chance.one_in(40) { self.chance.pick(&DayRecord::ALL) } else { record };
            } else {
                made.days[place] =
                    self.chance.pick(&[DayRecord::None, DayRecord::None, DayRecord::None, DayRecord::None, made.days[place]]);
            }
        }
        if self.chance.one_in(4) {
            self.absences(made);
        }
        // The first urging: so that a month since the school day after it ends about the day judged.
        let month_ago = judged_on.checked_sub_months(Months::new(1)).expect("a date");
        self.edges.extend([end, end, end + Days::new(1), month_ago, month_ago]);
        if self.chance.one_in(2) {
            let date = self.chance.near(month_ago, &[-5, -3, -2, -1, 0, 1, 2]);
            made.urgings.push(Urging { date: Read::Value(date.min(judged_on)), row: Row(599) });
            self.edges.push(date);
        }
        // A total since the urging.
        if self.chance.one_in(3) && made.days.len() > 50 {
            let place = made.days.len() - self.chance.pick(&[44, 45, 46, 47]);
            self.edges.extend([self.term.days[place]; 4]);
        }
    }

    /// Away for about so many years, by an interruption or since a suspension ended; or gone for good.
    fn long_away(&mut self, made: &mut Made) {
        let as_of = self.law.as_of;
        let years_ago = as_of.checked_sub_months(Months::new(36)).expect("a date");
        let since = match self.chance.below(4) {
            0 | 1 => self.chance.near(years_ago, &[-1, 0, 1]),
            2 => self.chance.near(years_ago, &[-400, -100]),
            _ => self.chance.near(as_of, &[-200, -20, -1, 0]),
        };
        if self.chance.one_in(10) {
            made.status = self.chance.pick(&[
                Status::Withdrawn,
                Status::TransferredOut,
                Status::Graduated,
                Status::Completed,
                Status::Incomplete,
                Status::Expelled,
                Status::Deceased,
            ]);
        } else if self.chance.one_in(2) {
            made.status = Status::Interrupted;
            if self.chance.one_in(5) {
                let earlier = since - Days::new(300);
                self.change(made, ChangeKind::Interruption, earlier, None, true);
                let continued = earlier + Days::new(self.chance.pick(&[60, 200]));
                self.change(made, ChangeKind::Continuation, continued, None, true);
            }
            if !self.chance.one_in(15) {
                self.change(made, ChangeKind::Interruption, since, None, true);
            }
        } else {
            made.status = Status::Suspended;
            let mut end = since - Days::new(1);
            let mut begin = end - Days::new(self.chance.pick(&[100, 360]));
            if self.chance.one_in(4) {
                // About half of a school year, of 366 days or of 365.
                let year = self.chance.pick(&[2020, 2021]);
                let march = NaiveDate::from_ymd_opt(year, 3, 2).expect("a date");
                begin = self.chance.near(march, &[-1, 0, 1]);
                end = NaiveDate::from_ymd_opt(year, 8, 31).expect("a date");
            }
            let approved = !self.chance.one_in(12);
            self.change(made, ChangeKind::Suspension, begin, Some(end), approved);
            if self.chance.one_in(6) {
                let extended_until = end + Days::new(self.chance.pick(&[1, 200]));
                self.change(made, ChangeKind::SuspensionExtended, end, Some(extended_until), true);
            }
        }
        if self.chance.one_in(5) {
            let back = self.chance.near(since, &[-1, 0, 1, 50]);
            let kind = self.chance.pick(&[ChangeKind::Return, ChangeKind::Continuation, ChangeKind::TransferIn, ChangeKind::Restoration]);
            self.change(made, kind, back, None, true);
        }
        made.grade = Grade::new(self.chance.pick(&[5, 8, 9, 9, 9, 10])).expect("a grade");
    }
}
