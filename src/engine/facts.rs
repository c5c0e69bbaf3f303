//! The facts of one student, put together from rows: rows of one key become one fact, and what they contradict in is unknown.

use chrono::NaiveDate;
use law::facts::attendance::{AttendanceRow, DayRecord, Registration, Urging, Watched};
use law::facts::audit::Audited;
use law::facts::calendar::{Month, SchoolYear, Term};
use law::facts::codes::{
    AnnualResult, ApplicationKind, ArchivePart, AttendanceMode, Category, ChangeKind, ChangeReason, ExamResult, MakeUp, MeasureKind,
    Publicity, Read, SittingKind, Standard, Status, System, YesNo,
};
use law::facts::grades::{Grade, Grades, Stage};
use law::facts::identifiers::shanghai_number;
use law::facts::student::{
    Annual, Application, Archive, Assessment, Athlete, Change, Evaluation, Measure, Nationality, Origin, Proof, Row, Sitting, Student,
    Transfer, Unclear, happened,
};
use law::facts::subjects::Subject;

use super::attendance::shelves::Entry as Line;
use super::audit::Audit;
use super::cohort::Cohort;
use super::nationality::nationality;
use super::roster::{Entry, Key, field, resident_number};
use super::scope;
use super::supposition::Supposition;
use super::watch::Watch;
use crate::ingest::Sheet;
use crate::ingest::attendance::digest::{NOT_TOLD, Span, TOLD_UNREADABLE};
use crate::ingest::table::Table;

/// Two rows that meet at one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// The row repeats another one whole (I0301).
    Repeated {
        /// The row that is set aside.
        row: Row,
    },
    /// The row contradicts another one in a column (I0302).
    Contradicted {
        /// The later row.
        row: Row,
        /// The earlier row.
        first: Row,
        /// The column, by place in the table.
        field: usize,
    },
}

/// Room for the facts of one student, kept from one to the next.
#[derive(Debug, Default)]
pub struct Facts {
    annual: Vec<Annual>,
    sittings: Vec<Sitting>,
    assessments: Vec<Assessment>,
    evaluations: Vec<Evaluation>,
    athlete: Option<Athlete>,
    applications: Vec<Application>,
    measures: Vec<Measure>,
    changes: Vec<Change>,
    /// Those whose kind is missing or can't be read.
    unclear_measures: Vec<Measure>,
    unclear_changes: Vec<Change>,
    /// Exam rows and evaluations of an earlier stage of the student's, which are out of scope.
    pub other_stage: Vec<Row>,
    /// Applications for another school year, which are out of scope.
    pub other_year: Vec<Row>,
    /// What met at one key.
    pub meetings: Vec<Meeting>,
    /// In term.
    pub in_term: InTerm,
    archives: Vec<Archive>,
    keys: Vec<Keyed>,
}

/// What the watch reads beside the rest.
#[derive(Debug, Default)]
pub struct InTerm {
    registration: Option<Registration>,
    urgings: Vec<Urging>,
    /// What is on record by school day, and what counts up to the day judged.
    records: Vec<DayRecord>,
    days: Vec<DayRecord>,
    rows: Vec<AttendanceRow>,
    /// Rows of attendance that another of the same day contradicts.
    pub contradicted: Vec<ContradictedDay>,
    /// Rows of attendance that repeat another one whole, with their dates in days from the term's first.
    pub repeated: Vec<(Row, i16)>,
    entries: Vec<Line>,
}

/// A row of attendance that is not the kindest of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContradictedDay {
    /// The row.
    pub row: Row,
    /// What it says.
    pub record: DayRecord,
    /// The first such day, by place.
    pub day: usize,
    /// What counts for it.
    pub kinder: DayRecord,
    /// How many such days there are.
    pub days: usize,
}

/// What the roster says of a student.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    row: Row,
    school: u32,
    status: Read<Status>,
    grade: Option<Grade>,
    school_grades: Grades,
    system: System,
    category: Read<Category>,
    nationality: Nationality,
    birth: Option<NaiveDate>,
    primary_entry: Option<Month>,
    entry: Option<Month>,
    mode: Read<AttendanceMode>,
    established: Option<Read<NaiveDate>>,
    national_id: Read<()>,
    shanghai_stage: Option<u8>,
    years: Read<i32>,
    checked: Option<Read<NaiveDate>>,
}

/// A row with its key, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Keyed {
    key: [u64; 3],
    row: Row,
    sheet: u32,
    record: u32,
}

impl Keyed {
    fn cell<'b>(&self, cohort: &Cohort<'b>) -> (&'b Sheet, usize) {
        (&cohort.inputs.sheets[self.sheet as usize], self.record as usize)
    }
}

/// Rows of one key, the lowest first.
struct Group<'a, 'b> {
    cohort: &'a Cohort<'b>,
    rows: &'a [Keyed],
    meetings: &'a mut Vec<Meeting>,
}

impl Group<'_, '_> {
    fn first(&self) -> Row {
        self.rows[0].row
    }

    /// The value of a column over the rows: what they agree on, an empty cell taking the other's value.
    fn read<T: PartialEq + Copy>(&mut self, field: usize, cell: impl Fn(&Sheet, usize) -> Read<T>) -> Read<T> {
        let mut merged = Read::Empty;
        for own in self.rows {
            let (sheet, record) = own.cell(self.cohort);
            match (merged, cell(sheet, record)) {
                (Read::Empty, own) => merged = own,
                (_, Read::Empty) => {}
                (Read::Value(known), Read::Value(own)) if known == own => {}
                (Read::Value(_), Read::Value(_)) => {
                    self.meetings.push(Meeting::Contradicted { row: own.row, first: self.rows[0].row, field });
                    return Read::Unreadable;
                }
                _ => merged = Read::Unreadable,
            }
        }
        merged
    }

    fn word<T: PartialEq + Copy>(&mut self, field: usize, word: impl Fn(u8) -> Option<T>) -> Read<T> {
        self.read(field, |sheet, record| read_word(sheet.code(field, record), &word))
    }

    fn date(&mut self, field: usize) -> Read<NaiveDate> {
        self.read(field, |sheet, record| sheet.date(field, record))
    }

    /// The date of something that happened on or before the date of judgement: later ones are empty before rows are compared.
    fn happened(&mut self, field: usize) -> Read<NaiveDate> {
        let as_of = self.cohort.law.as_of;
        self.read(field, |sheet, record| happened(sheet.date(field, record), as_of))
    }

    /// A word that a date beside it dates: empty with a date later than the date of judgement, unknown with one that can't be read.
    fn dated_word<T: PartialEq + Copy>(&mut self, field: usize, date: usize, word: impl Fn(u8) -> Option<T>) -> Read<T> {
        let as_of = self.cohort.law.as_of;
        self.read(field, |sheet, record| match (read_word(sheet.code(field, record), &word), sheet.date(date, record)) {
            (_, Read::Value(day)) if day > as_of => Read::Empty,
            (Read::Value(_), Read::Unreadable) => Read::Unreadable,
            (own, _) => own,
        })
    }

    fn number(&mut self, field: usize) -> Read<i32> {
        self.read(field, |sheet, record| sheet.integer(field, record))
    }

    fn school_year(&mut self, field: usize) -> Read<SchoolYear> {
        self.number(field).map(SchoolYear)
    }
}

/// A readable key cell as a number; cells that can't be read meet nobody, so they get a number of their own.
fn part<T>(cell: Read<T>, row: Row, number: impl FnOnce(T) -> u64) -> u64 {
    match cell {
        Read::Value(value) => number(value) + 1,
        Read::Empty => 0,
        Read::Unreadable => 1 << 40 | u64::from(row.0),
    }
}

fn code(code: u8) -> u64 {
    u64::from(code)
}

fn day(days: i32) -> u64 {
    (i64::from(days) + (1 << 31)) as u64
}

impl Facts {
    /// Puts the facts of a student together; `student` and `watched` give them.
    pub fn gather(&mut self, cohort: &Cohort<'_>, place: usize) -> Own {
        self.gather_supposing(cohort, place, &Supposition::default())
    }

    /// The same with something supposed.
    pub fn gather_supposing(&mut self, cohort: &Cohort<'_>, place: usize, supposed: &Supposition) -> Own {
        self.clear();
        let law = cohort.law;
        let entry = cohort.roster.students[place];
        let (own_row, own_school) = supposed.registration.unwrap_or((entry.row, entry.school));
        let school = &cohort.roster.schools[own_school as usize];
        let (sheet, record) = cohort.cell(own_row);
        let grade = sheet.code(field::GRADE, record).value().and_then(Grade::new);
        let system = school.system;
        // Without a grade, the names of subjects are the junior ones where the school has nothing else.
        let junior = match grade {
            Some(grade) => system.stage(grade) == Stage::Junior,
            None => !school.grades.is_empty() && school.grades.iter().all(|grade| system.stage(grade) == Stage::Junior),
        };
        let month = |field| sheet.integer(field, record).value().map(Month);
        let entered = month(field::ENTRY);
        // The stage began with 入学年月 or as the grade implies, whichever is earlier: exams of an earlier stage don't count.
        let stage_begin = grade.map(|grade| {
            let implied = law.school_year.0 - i32::from(grade.number() - system.first(system.stage(grade)).number());
            entered.map_or(implied, |month| month.school_year().0.min(implied))
        });
        // Without a grade the law looks at each grade's own years.
        let evaluations_from = entered.map(|month| month.school_year().0).or_else(|| {
            let grade = grade?;
            Some(law.school_year.0 - i32::from(grade.number() - system.first(system.stage(grade)).number()))
        });
        let subject_of = |code: u8| {
            let subject = Subject(code);
            if junior { law.subjects.in_junior(subject) } else { subject }
        };

        self.of_the_year(cohort, place, &subject_of);
        self.exams(cohort, place, supposed, &subject_of, stage_begin);
        self.evaluated(cohort, place, evaluations_from);
        self.applied(cohort, place, supposed, &subject_of);
        self.recorded(cohort, place, &school.code);
        if cohort.audit.is_some() {
            self.filed(cohort, place, &school.code);
        }
        if let Some(watch) = &cohort.watch {
            self.attended(cohort, watch, place, own_school, supposed);
        }

        let resident = || resident_number(sheet, record);
        let birth = match sheet.date(field::BIRTH, record) {
            Read::Value(date) => Some(date),
            Read::Empty | Read::Unreadable => resident().and_then(|number| number.birth()),
        };
        let word = |field| sheet.code(field, record);
        // What a roster has no column for is not asked of its students.
        let dated = |field: usize| {
            let has_column = sheet.columns.get(field).is_some_and(Option::is_some);
            has_column.then(|| happened(sheet.date(field, record), law.as_of))
        };
        Own {
            row: own_row,
            school: own_school,
            status: supposed.status.map_or_else(|| read_word(word(field::STATUS), Status::from_code), Read::Value),
            grade,
            school_grades: school.grades,
            system,
            category: read_word(word(field::CATEGORY), Category::from_code),
            nationality: nationality(sheet.text(field::NATIONALITY, record), || resident().is_some_and(|number| number.is_mainland())),
            birth,
            primary_entry: month(field::PRIMARY_ENTRY),
            entry: entered,
            mode: read_word(word(field::MODE), AttendanceMode::from_code),
            established: dated(field::ESTABLISHED),
            national_id: sheet.id(field::ID, record).map(|_| ()),
            shanghai_stage: sheet.text(field::SHANGHAI, record).value().and_then(shanghai_stage),
            years: sheet.integer(field::YEARS, record),
            checked: dated(field::CHECKED),
        }
    }

    /// The student whose facts were gathered last.
    pub fn student(&self, own: &Own) -> Student<'_> {
        let Own { row, status, grade, school_grades, system, category, nationality, birth, primary_entry, entry, .. } = *own;
        Student {
            row,
            status,
            grade,
            school_grades,
            system,
            category,
            nationality,
            birth,
            primary_entry,
            entry,
            annual: &self.annual,
            sittings: &self.sittings,
            assessments: &self.assessments,
            evaluations: &self.evaluations,
            athlete: self.athlete,
            applications: &self.applications,
            measures: &self.measures,
            changes: &self.changes,
            unclear: Unclear { changes: &self.unclear_changes, measures: &self.unclear_measures },
        }
    }

    /// The same student in term.
    pub fn watched<'f>(&'f self, own: &Own, student: &'f Student<'f>, term: &'f Term, watch: &Watch, entry: &Entry) -> Watched<'f> {
        let InTerm { registration, urgings, days, rows, .. } = &self.in_term;
        let mut school = watch.school(own.school);
        // Registrations name students by national id: of one who has none, nobody can say that there is no row.
        school.has_registrations &= matches!(entry.key, Key::National(_));
        Watched {
            student,
            mode: own.mode,
            established: own.established,
            term,
            school,
            form: watch.form,
            days,
            rows,
            registration: *registration,
            urgings,
        }
    }

    /// The same student before the audit.
    pub fn audited<'f>(&'f self, own: &Own, watched: &'f Watched<'f>, cohort: &Cohort<'_>, audit: &Audit, place: usize) -> Audited<'f> {
        let school = cohort.roster.students[place].school;
        let listed = audit.directory.school(&cohort.roster.schools[school as usize].code);
        Audited {
            watched,
            national_id: own.national_id,
            shanghai_stage: own.shanghai_stage,
            years: own.years,
            checked: own.checked,
            school: listed.map(|(_, school)| *school),
            is_unlisted: listed.is_none() && !audit.directory.is_empty(),
            takes_over: audit.takes_over.contains(&(place as u32)),
            archives: &self.archives,
            has_archives: audit.has_archives.get(school as usize).copied().unwrap_or_default(),
        }
    }

    /// Registration, urgings and attendance up to the day judged.
    fn attended(&mut self, cohort: &Cohort<'_>, watch: &Watch, place: usize, school: u32, supposed: &Supposition) {
        let Some(term) = &cohort.law.term else { return };
        let school = watch.school(school);
        let Self { keys, meetings, in_term, .. } = self;
        let InTerm { registration, urgings, records, days, rows, contradicted, repeated, entries } = in_term;
        *registration = None;
        urgings.clear();
        days.clear();
        rows.clear();
        contradicted.clear();
        repeated.clear();
        each_group(
            cohort,
            cohort.rows_of(Table::Registrations, place),
            keys,
            meetings,
            |_, _, _| [0; 3],
            |group| {
                let mut until = |field| group.read(field, |sheet, record| happened(sheet.date(field, record), school.judged_on));
                let (registered, extended) = (until(3), until(4));
                *registration = Some(Registration { registered, extended, row: group.first() });
            },
        );
        if registration.is_none_or(|own| own.registered == Read::Empty)
            && let Some(row) = cohort.unclear_registrations.get(&(place as u32))
        {
            let extended = registration.map_or(Read::Unreadable, |own| own.extended);
            *registration = Some(Registration { registered: Read::Unreadable, extended, row: *row });
        }
        let key = |sheet: &Sheet, record: usize, row| [part(sheet.integer(1, record), row, day), 0, 0];
        each_group(cohort, cohort.rows_of(Table::Urgings, place), keys, meetings, key, |group| {
            let date = group.date(1);
            if date != Read::Empty && date.value().is_none_or(|date| date <= school.judged_on) {
                urgings.push(Urging { date, row: group.first() });
            }
        });
        urgings.sort_by_key(|urging| urging.date.value());
        let ledger = &watch.ledger;
        ledger.records(place, records);
        days.extend((0..school.days).map(|day| records.get(day).copied().unwrap_or_default()));
        supposed.change_days(watch, place, days);
        if ledger.entries(place).is_empty() {
            return;
        }
        entries.clear();
        entries.extend_from_slice(ledger.entries(place));
        // Rows that are the same but for where they stand follow each other, the first stays.
        let content = |entry: &Line| (entry.first, entry.last, entry.span, entry.code, entry.told);
        entries.sort_unstable_by_key(|entry| (content(entry), entry.row));
        let mut before = None;
        for entry in entries.iter() {
            if before == Some(content(entry)) {
                repeated.push((entry.row, entry.first));
                continue;
            }
            before = Some(content(entry));
            let record = DayRecord::from_code(entry.code);
            let (first, last) = ledger.places(entry.first, entry.last);
            if record != DayRecord::Present && first < school.days {
                let last = last.min(school.days - 1);
                // Who is told later than the day of judgement has not been told.
                let day = |days: i16| term.first.checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
                let told = match entry.told {
                    NOT_TOLD => false,
                    TOLD_UNREADABLE => true,
                    days => day(days).is_none_or(|day| day <= cohort.law.as_of),
                };
                rows.push(AttendanceRow { first: first as u16, last: last as u16, record, told, row: entry.row });
            }
            if entry.span == Span::Open && first < school.days {
                // Nobody knows how long it lasted, so a day of which no other row speaks is none of attendance either (P3).
                days[first + 1..].iter_mut().filter(|day| **day == DayRecord::None).for_each(|day| *day = DayRecord::Unreadable);
            }
            let mut met: Option<ContradictedDay> = None;
            for (day, &kinder) in records.iter().enumerate().take(last + 1).skip(first) {
                if kinder > record && kinder != DayRecord::Unreadable && record != DayRecord::Unreadable {
                    met.get_or_insert(ContradictedDay { row: entry.row, record, day, kinder, days: 0 }).days += 1;
                }
            }
            contradicted.extend(met);
        }
        debug_assert!(rows.iter().all(|row| usize::from(row.last) < term.days.len()));
    }

    fn clear(&mut self) {
        self.annual.clear();
        self.sittings.clear();
        self.assessments.clear();
        self.evaluations.clear();
        self.athlete = None;
        self.applications.clear();
        self.measures.clear();
        self.changes.clear();
        self.unclear_measures.clear();
        self.unclear_changes.clear();
        self.archives.clear();
        self.meetings.clear();
        self.other_stage.clear();
        self.other_year.clear();
    }

    fn of_the_year(&mut self, cohort: &Cohort<'_>, place: usize, subject_of: &impl Fn(u8) -> Subject) {
        let Self { annual, assessments, keys, meetings, .. } = self;
        let subject = |code: u8| Some(subject_of(code));
        let rows = cohort.rows_of(Table::CourseResults, place);
        each_group(
            cohort,
            rows,
            keys,
            meetings,
            |sheet, record, row| [part(sheet.code(2, record).map(|code| subject_of(code).0), row, code), 0, 0],
            |group| {
                let Read::Value(subject) = group.word(2, subject) else { return };
                let result = group.word(3, AnnualResult::from_code);
                let make_up = group.dated_word(4, 5, MakeUp::from_code);
                annual.push(Annual { subject, result, make_up, row: group.first() });
            },
        );
        let rows = cohort.rows_of(Table::SchoolAssessments, place);
        each_group(
            cohort,
            rows,
            keys,
            meetings,
            |sheet, record, row| [part(sheet.code(1, record).map(|code| subject_of(code).0), row, code), 0, 0],
            |group| {
                let Read::Value(subject) = group.word(1, subject) else { return };
                assessments.push(Assessment { subject, result: group.word(2, Standard::from_code), row: group.first() });
            },
        );
    }

    fn exams(
        &mut self,
        cohort: &Cohort<'_>,
        place: usize,
        supposed: &Supposition,
        subject_of: &impl Fn(u8) -> Subject,
        stage_begin: Option<i32>,
    ) {
        let Self { sittings, keys, meetings, other_stage, .. } = self;
        let key = |sheet: &Sheet, record: usize, row| {
            [
                part(sheet.integer(4, record), row, day),
                part(sheet.code(3, record).map(|code| subject_of(code).0), row, code),
                part(sheet.code(5, record), row, code),
            ]
        };
        each_group(cohort, &supposed.exams(cohort, place), keys, meetings, key, |group| {
            let Read::Value(subject) = group.word(3, |code| Some(subject_of(code))) else { return };
            let date = group.date(4);
            let earlier = |begin: i32| date.value().is_some_and(|date| cohort.law.calendar.school_year_of(date).0 < begin);
            if stage_begin.is_some_and(earlier) {
                other_stage.extend(group.rows.iter().map(|own| own.row));
                return;
            }
            let (kind, result) = (group.word(5, SittingKind::from_code), group.word(6, ExamResult::from_code));
            sittings.push(Sitting { subject, date, kind, result, row: group.first() });
        });
    }

    fn evaluated(&mut self, cohort: &Cohort<'_>, place: usize, from: Option<i32>) {
        let Self { evaluations, keys, meetings, other_stage, athlete, .. } = self;
        let rows = cohort.rows_of(Table::Evaluations, place);
        each_group(
            cohort,
            rows,
            keys,
            meetings,
            |sheet, record, row| [part(sheet.integer(1, record), row, day), 0, 0],
            |group| {
                let Read::Value(school_year) = group.school_year(1) else { return };
                if from.is_some_and(|from| school_year.0 < from) {
                    other_stage.extend(group.rows.iter().map(|own| own.row));
                    return;
                }
                // 是 beside 否 is 是, and no contradiction (rules, section 5).
                let crimes = group.rows.iter().map(|own| {
                    let (sheet, record) = own.cell(cohort);
                    read_word(sheet.code(3, record), YesNo::from_code)
                });
                let crime = crimes.fold(Read::Empty, |worst, own| match (worst, own) {
                    (Read::Value(YesNo::Yes), _) | (_, Read::Value(YesNo::Yes)) => Read::Value(YesNo::Yes),
                    (Read::Unreadable, _) | (_, Read::Unreadable) => Read::Unreadable,
                    (Read::Empty, own) => own,
                    (worst, _) => worst,
                });
                let mut standard = |field| group.word(field, Standard::from_code);
                let moral = standard(2);
                let (research, extension) = (standard(4), standard(5));
                let (volunteering, military, rural) = (standard(6), standard(7), standard(8));
                let (weeks, reports) = (group.number(9), group.number(10));
                let row = group.first();
                evaluations.push(Evaluation {
                    school_year,
                    moral,
                    crime,
                    research,
                    extension,
                    volunteering,
                    military,
                    rural,
                    weeks,
                    reports,
                    row,
                });
            },
        );
        each_group(
            cohort,
            cohort.rows_of(Table::Athletes, place),
            keys,
            meetings,
            |_, _, _| [0; 3],
            |group| {
                *athlete = Some(Athlete { sports: group.happened(1), education: group.happened(2), row: group.first() });
            },
        );
    }

    fn applied(&mut self, cohort: &Cohort<'_>, place: usize, supposed: &Supposition, subject_of: &impl Fn(u8) -> Subject) {
        let Self { applications, keys, meetings, other_year, .. } = self;
        let key = |sheet: &Sheet, record: usize, row| {
            [
                part(sheet.code(1, record), row, code),
                part(sheet.code(3, record).map(|code| subject_of(code).0), row, code),
                part(sheet.integer(4, record), row, day),
            ]
        };
        each_group(cohort, cohort.rows_of(Table::Applications, place), keys, meetings, key, |group| {
            let Read::Value(kind) = group.word(1, ApplicationKind::from_code) else { return };
            let own = application(group, kind, subject_of);
            if scope::is_for_another_year(cohort.law, kind, own.school_year, own.applied) {
                other_year.extend(group.rows.iter().map(|own| own.row));
                return;
            }
            applications.push(supposed.approve(own));
        });
        each_group(cohort, cohort.unclear_rows(Table::Applications, place), keys, meetings, alone, |group| {
            let own = application(group, ApplicationKind::Skip, subject_of);
            let may_be = ApplicationKind::ALL.iter().map(|kind| Application { kind: *kind, is_unclear: true, ..own });
            applications.extend(may_be.filter(|own| own.applied != Read::Empty));
        });
        applications.extend(supposed.applications(cohort, subject_of));
    }

    fn recorded(&mut self, cohort: &Cohort<'_>, place: usize, school: &str) {
        let Self { measures, changes, unclear_measures, unclear_changes, keys, meetings, .. } = self;
        let key = |sheet: &Sheet, record: usize, row| [part(sheet.code(1, record), row, code), part(sheet.integer(2, record), row, day), 0];
        each_group(cohort, cohort.rows_of(Table::Discipline, place), keys, meetings, key, |group| {
            let Read::Value(kind) = group.word(1, MeasureKind::from_code) else { return };
            measures.push(measure(group, kind));
        });
        // Of rows that say nothing of their kind, which may be any.
        each_group(cohort, cohort.unclear_rows(Table::Discipline, place), keys, meetings, alone, |group| {
            unclear_measures.extend(Some(measure(group, MeasureKind::Warning)).filter(|own| own.decided != Read::Empty));
        });
        let key = |sheet: &Sheet, record: usize, row| [part(sheet.integer(4, record), row, day), part(sheet.code(1, record), row, code), 0];
        each_group(cohort, cohort.rows_of(Table::StatusChanges, place), keys, meetings, key, |group| {
            let Read::Value(kind) = group.word(1, ChangeKind::from_code) else { return };
            let transfer = matches!(kind, ChangeKind::TransferIn | ChangeKind::TransferOut).then(|| transfer(group, school));
            changes.push(Change { transfer, ..change(group, kind) });
        });
        each_group(cohort, cohort.unclear_rows(Table::StatusChanges, place), keys, meetings, alone, |group| {
            unclear_changes.extend(Some(change(group, ChangeKind::Return)).filter(|own| own.effective != Read::Empty));
        });
    }

    /// The parts of the archive: rows that are not the same are parts of their own.
    fn filed(&mut self, cohort: &Cohort<'_>, place: usize, school: &str) {
        let Self { archives, keys, meetings, .. } = self;
        let key = |sheet: &Sheet, record: usize, row| {
            [part(sheet.code(1, record), row, code), part(sheet.integer(2, record), row, day), part(sheet.integer(3, record), row, day)]
        };
        let as_of = cohort.law.as_of;
        each_group(cohort, cohort.rows_of(Table::Archives, place), keys, meetings, key, |group| {
            for own in group.rows {
                let (sheet, record) = own.cell(cohort);
                archives.push(Archive {
                    part: read_word(sheet.code(1, record), ArchivePart::from_code),
                    moved: happened(sheet.date(3, record), as_of),
                    to_here: sheet.text(4, record).map(|code| code == school),
                    row: own.row,
                });
            }
        });
    }
}

/// Calls `take` for each group of a student's rows with one key, in the order of the keys, without rows that repeat another one whole.
fn each_group(
    cohort: &Cohort<'_>,
    rows: &[Row],
    keys: &mut Vec<Keyed>,
    meetings: &mut Vec<Meeting>,
    key: impl Fn(&Sheet, usize, Row) -> [u64; 3],
    mut take: impl FnMut(&mut Group<'_, '_>),
) {
    keys.clear();
    let mut before = 0;
    for row in rows {
        let (sheet, record) = cohort.index.locate_near(*row, before);
        before = sheet;
        keys.push(Keyed { key: key(&cohort.inputs.sheets[sheet], record, *row), row: *row, sheet: sheet as u32, record: record as u32 });
    }
    keys.sort_unstable();
    for group in keys.chunk_by(|one, other| one.key == other.key) {
        if group.len() == 1 {
            take(&mut Group { cohort, rows: group, meetings });
            continue;
        }
        let mut distinct: Vec<Keyed> = Vec::with_capacity(group.len());
        for own in group {
            let (sheet, record) = own.cell(cohort);
            let repeats = |other: &Keyed| {
                let (other, other_record) = other.cell(cohort);
                sheet.same_cells(record, other, other_record)
            };
            if distinct.iter().any(repeats) {
                meetings.push(Meeting::Repeated { row: own.row });
            } else {
                distinct.push(*own);
            }
        }
        take(&mut Group { cohort, rows: &distinct, meetings });
    }
}

/// A cell of codes as a word; a code that is none can't be read.
pub(super) fn read_word<T>(cell: Read<u8>, word: impl Fn(u8) -> Option<T>) -> Read<T> {
    match cell {
        Read::Value(code) => word(code).map_or(Read::Unreadable, Read::Value),
        Read::Empty => Read::Empty,
        Read::Unreadable => Read::Unreadable,
    }
}

/// The key of rows of which each stands by itself.
fn alone(_: &Sheet, _: usize, row: Row) -> [u64; 3] {
    [u64::from(row.0), 0, 0]
}

/// A row of 申请.
fn application(group: &mut Group<'_, '_>, kind: ApplicationKind, subject_of: &impl Fn(u8) -> Subject) -> Application {
    Application {
        kind,
        is_unclear: false,
        school_year: group.school_year(2),
        subject: group.word(3, |code| Some(subject_of(code))),
        applied: group.happened(4),
        school: group.happened(5),
        published: group.happened(6),
        publicity: group.word(7, Publicity::from_code),
        district: group.happened(8),
        certificate: group.happened(9),
        row: group.first(),
    }
}

/// A row of 处分.
fn measure(group: &mut Group<'_, '_>, kind: MeasureKind) -> Measure {
    Measure {
        kind,
        decided: group.happened(2),
        meeting: group.happened(3),
        parents: group.happened(4),
        district: group.happened(5),
        revoked: group.happened(6),
        appealed: group.happened(7),
        answered: group.happened(8),
        row: group.first(),
    }
}

/// A row of 学籍异动, but for what a transfer says more.
fn change(group: &mut Group<'_, '_>, kind: ChangeKind) -> Change {
    Change {
        kind,
        school_year: group.school_year(2),
        grade: group.word(3, Grade::new),
        effective: group.happened(4),
        until: group.date(5),
        reason: group.read(6, |sheet, record| reason(sheet.text(6, record))),
        applied: group.happened(7),
        district: group.happened(9),
        reported: group.happened(10),
        completed: group.happened(11),
        notified: group.happened(12),
        proof: match group.read(13, |sheet, record| proof(sheet.text(13, record))) {
            Read::Value(proof) => proof,
            Read::Empty => Proof::default(),
            Read::Unreadable => Proof { unreadable: true, ..Proof::default() },
        },
        certified: group.happened(14),
        transfer: None,
        row: group.first(),
    }
}

/// Between which schools a transfer is, and why.
fn transfer(group: &mut Group<'_, '_>, school: &str) -> Transfer {
    let cohort = group.cohort;
    let origin = group.read(16, |sheet, record| sheet.text(16, record).map(|code| cohort.is_of_city(code, school)));
    let from_here = group.read(16, |sheet, record| sheet.text(16, record).map(|code| code == school));
    let to_here = group.read(17, |sheet, record| sheet.text(17, record).map(|code| code == school));
    Transfer {
        origin: match origin {
            Read::Value(true) => Origin::City,
            Read::Value(false) => Origin::Elsewhere,
            Read::Empty | Read::Unreadable => Origin::Unknown,
        },
        from_here,
        to_here,
        entitled: group.read(15, |sheet, record| sheet.code(15, record).map(|_| true)),
        grade: group.word(18, Grade::new),
        score: group.number(19),
        line: group.number(20),
    }
}

/// The digit of a Shanghai number that says the stage.
fn shanghai_stage(number: &str) -> Option<u8> {
    shanghai_number(number)?;
    number.as_bytes().get(10).map(|digit| digit - b'0').filter(|digit| (1..=4).contains(digit))
}

/// The reason of a change, as far as rules tell reasons apart.
fn reason(cell: Read<&str>) -> Read<ChangeReason> {
    cell.map(|text| match text {
        _ if text.contains('病') || text.contains('伤') => ChangeReason::Illness,
        _ if text.contains("境外学生") || text.contains("外籍") => ChangeReason::ForeignStudent,
        _ if text.contains("出国") || text.contains("出境") => ChangeReason::Abroad,
        _ if text.contains("定居") => ChangeReason::Settlement,
        _ if text.contains("动迁") => ChangeReason::Relocation,
        _ if text.contains("不可抗") || text.contains("灾") => ChangeReason::ForceMajeure,
        _ if text.contains("户籍") => ChangeReason::Household,
        _ if text.contains("回沪") => ChangeReason::ReturnToCity,
        _ if text.contains("居住") => ChangeReason::Residence,
        _ => ChangeReason::Other,
    })
}

/// What a cell of 证明材料 names.
fn proof(cell: Read<&str>) -> Read<Proof> {
    cell.map(|text| Proof {
        hospital: text.contains("医疗机构") || text.contains("医院"), visa: text.contains("签证"), unreadable: false
    })
}
