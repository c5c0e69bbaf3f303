//! Students made up near the edges of the rules, from a number.

use chrono::{Days, NaiveDate};
use law::facts::calendar::{Month, SchoolYear};
use law::facts::codes::{
    AnnualResult, ApplicationKind, Category, ChangeKind, ExamResult, MakeUp, MeasureKind, Publicity, Read, SittingKind, Standard, Status,
    System, YesNo,
};
use law::facts::grades::{Grade, Grades};
use law::facts::student::{
    Annual, Application, Assessment, Athlete, Change, Evaluation, Measure, Nationality, Row, Sitting, Student, Unclear,
};
use law::facts::subjects::Subject;
use law::regulation::rule::Law;

/// What kind of students are made.
#[derive(Clone, Copy, Debug)]
pub enum Scenario {
    SeniorPromotion,
    CompulsoryPromotion,
    PrimaryGraduation,
    JuniorGraduation,
    SeniorGraduation,
}

/// A student made up.
#[derive(Debug)]
pub struct Made {
    pub grade: Grade,
    pub category: Read<Category>,
    pub nationality: Nationality,
    pub birth: Option<NaiveDate>,
    pub primary_entry: Option<Month>,
    pub annual: Vec<Annual>,
    pub sittings: Vec<Sitting>,
    pub assessments: Vec<Assessment>,
    pub evaluations: Vec<Evaluation>,
    pub athlete: Option<Athlete>,
    pub applications: Vec<Application>,
    pub measures: Vec<Measure>,
    pub changes: Vec<Change>,
}

impl Made {
    /// The facts as the engine takes them.
    pub fn student(&self) -> Student<'_> {
        Student {
            row: Row(0),
            status: Read::Value(Status::Enrolled),
            grade: Some(self.grade),
            school_grades: Grades::default(),
            system: System::FiveFour,
            category: self.category,
            nationality: self.nationality,
            birth: self.birth,
            primary_entry: self.primary_entry,
            entry: None,
            annual: &self.annual,
            sittings: &self.sittings,
            assessments: &self.assessments,
            evaluations: &self.evaluations,
            athlete: self.athlete,
            applications: &self.applications,
            measures: &self.measures,
            changes: &self.changes,
            unclear: Unclear::default(),
        }
    }

    pub fn grade(&self) -> u8 {
        self.grade.number()
    }

    pub fn final_grade(&self) -> bool {
        matches!(self.grade(), 5 | 9 | 12)
    }

    /// The order of `missing` and of failing subjects: by kind of fact, then in the policy's order of subjects.
    pub fn order(&self, law: &Law) -> impl Fn(&str) -> (usize, usize, String) {
        // 学生类别 is not among the words of the rules; it follows 国籍/地区.
        const KINDS: [&str; 9] =
            ["年级", "出生日期", "小学入学年月", "国籍/地区", "学生类别", "学年总评", "补考", "学业水平考试", "校本考核"];
        const COLUMNS: [&str; 9] = [
            "思想品德与行为规范",
            "犯罪记录",
            "研究型课程",
            "拓展型课程",
            "志愿服务",
            "军事训练",
            "农村社会实践",
            "社会实践周数",
            "研究性学习报告数",
        ];
        let policy = &law.policy.subjects;
        let list: Vec<String> = match self.grade() {
            12 => [policy.senior_exam_school_makeup.clone(), policy.senior_exam_city_makeup.clone()].concat(),
            grade @ 10.. => policy.annual.iter().find(|list| list.grade == grade).map(|list| list.subjects.clone()).unwrap_or_default(),
            _ => policy.junior_exam[0].subjects.clone(),
        };
        let subjects: Vec<String> = (0..law.subjects.len()).map(|code| law.subjects.name(Subject(code as u8)).to_owned()).collect();
        move |word: &str| {
            let (subject, kind) = word.rsplit_once('.').unwrap_or((word, word));
            let kind = KINDS
                .iter()
                .position(|own| *own == kind)
                .filter(|_| !word.starts_with("申请"))
                .or_else(|| COLUMNS.iter().position(|own| *own == word).map(|place| KINDS.len() + place));
            let place = list.iter().position(|own| own == subject);
            let place = place.or_else(|| subjects.iter().position(|own| own == subject).map(|place| list.len() + place));
            (kind.unwrap_or(99), place.unwrap_or(0), if kind.is_none() { cell_order(word) } else { String::new() })
        }
    }
}

/// The order of unreadable cells: by table and column as the contract has them.
fn cell_order(word: &str) -> String {
    const COLUMNS: [&str; 9] =
        ["申请日期", "学校同意日期", "公示日期", "公示结果", "区备案日期", "处分日期", "会议通过日期", "区报备日期", "撤销日期"];
    let column = word.rsplit('.').next().unwrap_or_default();
    let place = COLUMNS.iter().position(|own| *own == column).unwrap_or(COLUMNS.len());
    format!("{}{place}{word}", u8::from(word.starts_with("处分")))
}

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date")
}

/// Makes the student of a seed.
pub fn make(law: &Law, scenario: Scenario, seed: u64) -> Made {
    let mut chance = Chance(seed ^ 0x5DEE_CE66_D1CE_CAFE);
    let grade = match scenario {
        Scenario::SeniorPromotion => chance.pick(&[10, 11]),
        Scenario::CompulsoryPromotion => chance.pick(&[1, 2, 3, 4, 6, 7, 8, 8, 8]),
        Scenario::PrimaryGraduation => 5,
        Scenario::JuniorGraduation => 9,
        Scenario::SeniorGraduation => 12,
    };
    let mut made = Made {
        grade: Grade::new(grade).expect("a grade"),
        category: Read::Empty,
        nationality: Nationality::Chinese,
        birth: None,
        primary_entry: None,
        annual: Vec::new(),
        sittings: Vec::new(),
        assessments: Vec::new(),
        evaluations: Vec::new(),
        athlete: None,
        applications: Vec::new(),
        measures: Vec::new(),
        changes: Vec::new(),
    };
    // Few unknown facts, so that all their completions can be tried.
    let mut unknown = chance.pick(&[0, 0, 0, 1, 1, 2, 3, 4]);
    match scenario {
        Scenario::SeniorPromotion => senior_year(law, &mut made, &mut chance, &mut unknown),
        Scenario::CompulsoryPromotion => compulsory_year(law, &mut made, &mut chance, &mut unknown),
        Scenario::PrimaryGraduation => evaluate(&mut made, &mut chance, &mut unknown),
        Scenario::JuniorGraduation => {
            evaluate(&mut made, &mut chance, &mut unknown);
            junior_exams(law, &mut made, &mut chance, &mut unknown);
        }
        Scenario::SeniorGraduation => {
            evaluate(&mut made, &mut chance, &mut unknown);
            senior_exams(law, &mut made, &mut chance, &mut unknown);
        }
    }
    made
}

/// Whether to make something unknown, while there is room for it.
fn is_unknown(chance: &mut Chance, unknown: &mut u64, one_in: u64) -> bool {
    let yes = *unknown > 0 && chance.one_in(one_in);
    *unknown -= u64::from(yes);
    yes
}

fn subjects(law: &Law, names: &[String]) -> Vec<Subject> {
    names.iter().map(|name| law.subjects.find(name).expect("a subject")).collect()
}

fn application(kind: ApplicationKind) -> Application {
    Application {
        kind,
        is_unclear: false,
        school_year: Read::Value(SchoolYear(2025)),
        subject: Read::Empty,
        applied: Read::Value(date(2026, 6, 20)),
        school: Read::Value(date(2026, 6, 22)),
        published: Read::Value(date(2026, 6, 23)),
        publicity: Read::Value(Publicity::Unopposed),
        district: Read::Value(date(2026, 6, 25)),
        certificate: Read::Empty,
        row: Row(900 + kind as u32),
    }
}

/// A date of something that happened: mostly there.
fn approval(chance: &mut Chance, unknown: &mut u64) -> Read<NaiveDate> {
    if is_unknown(chance, unknown, 8) {
        return Read::Unreadable;
    }
    if chance.one_in(6) { Read::Empty } else { Read::Value(date(2026, 6, 25)) }
}

fn measure(made: &mut Made, chance: &mut Chance, unknown: &mut u64, kind: MeasureKind) {
    made.measures.push(Measure {
        decided: Read::Value(date(2026, 4, 20)),
        meeting: approval(chance, unknown),
        district: approval(chance, unknown),
        revoked: if chance.one_in(4) { Read::Value(date(2026, 6, 20)) } else { Read::Empty },
        ..Measure::new(kind, Row(800 + kind as u32))
    });
}

fn retention(made: &mut Made, year: i32, grade: u8) {
    made.changes.push(Change {
        school_year: Read::Value(SchoolYear(year)),
        grade: Grade::new(grade).map_or(Read::Empty, Read::Value),
        effective: Read::Value(date(year + 1, 7, 1)),
        ..Change::new(ChangeKind::Retention, Row(700 + made.changes.len() as u32))
    });
}

fn suspension(made: &mut Made, chance: &mut Chance) {
    let year = chance.pick(&[2022, 2023, 2024]);
    let from = chance.pick(&[date(year, 9, 1), date(year + 1, 3, 1), date(year + 1, 3, 2), date(year + 1, 3, 3), date(year, 10, 8)]);
    made.changes.push(Change {
        school_year: Read::Value(SchoolYear(year)),
        effective: Read::Value(from),
        until: Read::Value(date(year + 1, 8, 31)),
        district: if chance.one_in(5) { Read::Empty } else { Read::Value(from - Days::new(5)) },
        ..Change::new(ChangeKind::Suspension, Row(700 + made.changes.len() as u32))
    });
}

fn senior_year(law: &Law, made: &mut Made, chance: &mut Chance, unknown: &mut u64) {
    let list = law.policy.subjects.annual.iter().find(|list| list.grade == made.grade()).expect("a list");
    let failures = chance.pick(&[0, 1, 2, 3, 3, 4, 4, 5, 6]);
    let all = subjects(law, &list.subjects);
    let core = subjects(law, &law.policy.subjects.senior_core);
    let mut failed = Vec::new();
    while failed.len() < failures {
        let subject = chance.pick(&all);
        if !failed.contains(&subject) && (!core.contains(&subject) || chance.one_in(3)) {
            failed.push(subject);
        }
    }
    for (place, subject) in all.iter().enumerate() {
        if is_unknown(chance, unknown, 12) {
            if chance.one_in(2) {
                continue;
            }
            let make_up = chance.pick(&[Read::Empty, Read::Value(MakeUp::Passed), Read::Value(MakeUp::Failed)]);
            made.annual.push(Annual { subject: *subject, result: Read::Unreadable, make_up, row: Row(place as u32 + 1) });
            continue;
        }
        let mut result = if failed.contains(subject) { AnnualResult::Failed } else { AnnualResult::Passed };
        if result == AnnualResult::Passed && chance.one_in(25) {
            result = AnnualResult::Exempt;
            let mut own = application(ApplicationKind::Exemption);
            own.subject = Read::Value(*subject);
            own.district = approval(chance, unknown);
            if !chance.one_in(4) {
                made.applications.push(own);
            }
        }
        let make_up = match result {
            AnnualResult::Failed if is_unknown(chance, unknown, 6) => Read::Unreadable,
            AnnualResult::Failed => chance.pick(&[
                Read::Value(MakeUp::Passed),
                Read::Value(MakeUp::Failed),
                Read::Value(MakeUp::Failed),
                Read::Value(MakeUp::Absent),
                Read::Empty,
            ]),
            _ => Read::Empty,
        };
        made.annual.push(Annual { subject: *subject, result: Read::Value(result), make_up, row: Row(place as u32 + 1) });
        if failed.contains(subject) && chance.one_in(3) {
            let result = chance.pick(&[Read::Value(ExamResult::Passed), Read::Value(ExamResult::Failed), Read::Value(ExamResult::Absent)]);
            let unreadable = is_unknown(chance, unknown, 5);
            made.sittings.push(Sitting {
                subject: *subject,
                date: Read::Value(chance.pick(&[date(2025, 9, 1), date(2025, 8, 31), date(2026, 6, 13), date(2025, 1, 11)])),
                kind: Read::Value(SittingKind::First),
                result: if unreadable { Read::Unreadable } else { result },
                row: Row(100 + place as u32),
            });
        }
    }
    made.sittings.sort_by_key(|sitting| sitting.date.value());
    let grade = made.grade();
    match chance.below(6) {
        0 => {
            retention(made, 2023, grade);
            retention(made, 2024, grade);
        }
        1 => {
            retention(made, 2022, grade);
            retention(made, 2024, grade);
            if chance.one_in(2) {
                suspension(made, chance);
            }
        }
        2 => {
            for year in [2020, 2021, 2023] {
                retention(made, year, chance.pick(&[10, 11]));
            }
        }
        3 => retention(made, 2024, grade),
        _ => {}
    }
    if chance.one_in(10) {
        measure(made, chance, unknown, MeasureKind::Expulsion);
    }
    if chance.one_in(8) {
        let mut own = application(ApplicationKind::Skip);
        own.district = approval(chance, unknown);
        made.applications.push(own);
    }
}

fn compulsory_year(law: &Law, made: &mut Made, chance: &mut Chance, unknown: &mut u64) {
    made.birth = if is_unknown(chance, unknown, 4) {
        None
    } else {
        Some(chance.pick(&[date(2008, 7, 4), date(2008, 7, 5), date(2008, 7, 6), date(2012, 3, 1)]))
    };
    let entered = chance.pick(&[2016, 2017, 2017, 2018]);
    made.primary_entry = if is_unknown(chance, unknown, 4) { None } else { Some(Month::new(entered, 9)) };
    if chance.one_in(4) {
        suspension(made, chance);
    }
    let window = [date(2026, 6, 15), date(2026, 6, 16), date(2026, 6, 30), date(2026, 7, 1), date(2025, 10, 8)];
    for kind in [ApplicationKind::Incomplete, ApplicationKind::Skip, ApplicationKind::Repeat] {
        if !chance.one_in(2) {
            continue;
        }
        let mut own = application(kind);
        own.applied = Read::Value(chance.pick(&window));
        if chance.one_in(4) {
            own.school_year = Read::Empty;
        } else if chance.one_in(6) {
            own.school_year = Read::Value(SchoolYear(2024));
        } else if is_unknown(chance, unknown, 5) && kind != ApplicationKind::Incomplete {
            own.applied = Read::Unreadable;
        }
        own.school = approval(chance, unknown);
        own.district = approval(chance, unknown);
        if kind == ApplicationKind::Skip {
            own.published = approval(chance, unknown);
            if chance.one_in(6) {
                own.publicity = Read::Value(Publicity::Opposed);
            }
        }
        made.applications.push(own);
    }
    for year in [2022, 2023, 2024] {
        if chance.one_in(3) {
            retention(made, year, 3);
            if let Some(change) = made.changes.last_mut() {
                change.kind = ChangeKind::Repeat;
            }
        }
    }
    if made.grade() >= 6 {
        for (place, subject) in subjects(law, &law.policy.subjects.junior_exam[0].subjects).into_iter().enumerate().take(5) {
            let result = chance.pick(&[AnnualResult::Passed, AnnualResult::Passed, AnnualResult::Failed]);
            let make_up = chance.pick(&[Read::Empty, Read::Value(MakeUp::Passed), Read::Value(MakeUp::Failed)]);
            let make_up = if result == AnnualResult::Failed { make_up } else { Read::Empty };
            made.annual.push(Annual { subject, result: Read::Value(result), make_up, row: Row(place as u32 + 1) });
        }
    }
}

fn evaluate(made: &mut Made, chance: &mut Chance, unknown: &mut u64) {
    let senior = made.grade() == 12;
    if !senior && is_unknown(chance, unknown, 8) {
        return;
    }
    let mut standard = |one_in: u64| {
        if is_unknown(chance, unknown, 12) {
            return chance.pick(&[Read::Empty, Read::Unreadable]);
        }
        Read::Value(if chance.one_in(one_in) { Standard::Missed } else { Standard::Reached })
    };
    let moral = standard(8);
    let (research, extension, volunteering) = (standard(20), standard(20), standard(8));
    let (military, rural) = (standard(20), standard(8));
    let mut number = |around: i32| {
        if is_unknown(chance, unknown, 12) {
            Read::Empty
        } else {
            Read::Value(chance.pick(&[around, around, around, around - 1, around + 1]) * 1000)
        }
    };
    let (weeks, reports) = (number(6), number(1));
    let crime = if is_unknown(chance, unknown, 15) {
        Read::Unreadable
    } else {
        chance.pick(&[Read::Empty, Read::Value(YesNo::No), Read::Value(YesNo::No), Read::Value(YesNo::No)])
    };
    let own = Evaluation {
        school_year: SchoolYear(2025),
        moral,
        crime,
        research,
        extension,
        volunteering,
        military,
        rural,
        weeks,
        reports,
        row: Row(600),
    };
    made.evaluations.push(own);
    if chance.one_in(6) {
        let crime = chance.pick(&[Read::Value(YesNo::Yes), Read::Value(YesNo::No), Read::Empty]);
        made.evaluations.insert(0, Evaluation { school_year: SchoolYear(2024), crime, row: Row(599), ..own });
    }
    if senior && chance.one_in(3) {
        let mut own = application(ApplicationKind::PracticeWaiver);
        own.school = approval(chance, unknown);
        own.district = approval(chance, unknown);
        made.applications.push(own);
    }
}

fn junior_exams(law: &Law, made: &mut Made, chance: &mut Chance, unknown: &mut u64) {
    let exams = subjects(law, &law.policy.subjects.junior_exam[0].subjects);
    let sports = law.subjects.find("体育与健身");
    let failing = chance.pick(&[30, 8, 6, 4]);
    for (place, subject) in exams.into_iter().enumerate() {
        if is_unknown(chance, unknown, 12) {
            if chance.one_in(2) {
                made.sittings.push(sitting(subject, Read::Unreadable, place, 0, SittingKind::First));
            }
            continue;
        }
        if Some(subject) == sports && chance.one_in(3) {
            let mut own = application(ApplicationKind::SportsExemption);
            own.applied = Read::Value(date(2025, 10, 8));
            own.certificate = Read::Value(chance.pick(&[date(2025, 4, 7), date(2025, 4, 8), date(2025, 10, 8), date(2025, 10, 9)]));
            own.district = approval(chance, unknown);
            made.applications.push(own);
            made.sittings.push(sitting(subject, Read::Value(ExamResult::Exempt), place, 0, SittingKind::First));
            continue;
        }
        let first = if chance.one_in(failing) { chance.pick(&[ExamResult::Failed, ExamResult::Absent]) } else { ExamResult::Passed };
        made.sittings.push(sitting(subject, Read::Value(first), place, 0, SittingKind::First));
        if first != ExamResult::Passed && chance.one_in(3) {
            let second = chance.pick(&[ExamResult::Passed, ExamResult::Failed]);
            let kind = chance.pick(&[SittingKind::MakeUp, SittingKind::SchoolMakeUp]);
            made.sittings.push(sitting(subject, Read::Value(second), place, 1, kind));
        }
    }
    made.sittings.sort_by_key(|sitting| sitting.date.value());
    for name in ["艺术"] {
        let Some(subject) = law.subjects.find(name) else { continue };
        if is_unknown(chance, unknown, 6) {
            continue;
        }
        let result = if chance.one_in(3) { AnnualResult::Failed } else { AnnualResult::Passed };
        let make_up = match result {
            AnnualResult::Failed if is_unknown(chance, unknown, 4) => Read::Unreadable,
            AnnualResult::Failed => chance.pick(&[Read::Empty, Read::Value(MakeUp::Passed), Read::Value(MakeUp::Failed)]),
            _ => Read::Empty,
        };
        made.annual.push(Annual { subject, result: Read::Value(result), make_up, row: Row(1) });
    }
}

fn sitting(subject: Subject, result: Read<ExamResult>, place: usize, time: u32, kind: SittingKind) -> Sitting {
    let date = date(2025, 1 + time * 3, 11);
    Sitting { subject, date: Read::Value(date), kind: Read::Value(kind), result, row: Row(100 + place as u32 * 5 + time) }
}

fn senior_exams(law: &Law, made: &mut Made, chance: &mut Chance, unknown: &mut u64) {
    let policy = &law.policy.subjects;
    let four = subjects(law, &policy.international_city);
    let ten = subjects(law, &[policy.senior_exam_school_makeup.clone(), policy.senior_exam_city_makeup.clone()].concat());
    let class = chance.one_in(3);
    if class {
        made.category = Read::Value(Category::InternationalClass);
    } else if is_unknown(chance, unknown, 20) {
        made.category = Read::Unreadable;
    }
    let foreign = chance.one_in(5);
    if foreign {
        made.nationality = Nationality::Foreign;
    } else if is_unknown(chance, unknown, 20) {
        made.nationality = Nationality::Unknown;
    }
    let failing = chance.pick(&[100, 10, 5, 3]);
    for (place, subject) in ten.iter().enumerate() {
        let assessed = class && !four.contains(subject) || foreign && chance.one_in(4);
        if assessed {
            if !is_unknown(chance, unknown, 10) {
                let result = Read::Value(if chance.one_in(failing) { Standard::Missed } else { Standard::Reached });
                made.assessments.push(Assessment { subject: *subject, result, row: Row(500 + place as u32) });
            } else if chance.one_in(2) {
                made.assessments.push(Assessment { subject: *subject, result: Read::Unreadable, row: Row(500 + place as u32) });
            }
            if !chance.one_in(4) {
                continue;
            }
        } else if is_unknown(chance, unknown, 12) {
            let way = chance.below(3);
            if way == 0 {
                made.sittings.push(sitting(*subject, Read::Unreadable, place, 0, SittingKind::First));
            } else if way == 1 {
                made.sittings.push(sitting(*subject, Read::Value(ExamResult::Passed), place, 2, SittingKind::SchoolMakeUp));
            }
            continue;
        }
        let failed = [ExamResult::Failed, ExamResult::Absent, ExamResult::Misconduct];
        let first = if chance.one_in(failing) { chance.pick(&failed) } else { ExamResult::Passed };
        made.sittings.push(sitting(*subject, Read::Value(first), place, 0, SittingKind::First));
        if first == ExamResult::Passed {
            continue;
        }
        for time in 1..4 {
            if chance.one_in(2) {
                continue;
            }
            let kind = chance.pick(&[SittingKind::MakeUp, SittingKind::SchoolMakeUp, SittingKind::SchoolMakeUp]);
            let result = chance.pick(&[ExamResult::Passed, ExamResult::Failed, ExamResult::Absent]);
            made.sittings.push(sitting(*subject, Read::Value(result), place, time, kind));
        }
    }
    made.sittings.sort_by_key(|sitting| sitting.date.value());
    if class && chance.one_in(4) {
        let further = law.subjects.find("艺术").expect("a subject");
        let result = chance.pick(&[Read::Value(Standard::Reached), Read::Value(Standard::Missed)]);
        made.assessments.push(Assessment { subject: further, result, row: Row(520) });
    }
    if chance.one_in(3) {
        let sports = Read::Value(date(2025, 9, 10));
        made.athlete = Some(Athlete { sports, education: if chance.one_in(5) { Read::Empty } else { sports }, row: Row(550) });
        if !chance.one_in(4) {
            made.applications.push(application(ApplicationKind::AthleteCertificate));
        }
    }
    if chance.one_in(12) {
        measure(made, chance, unknown, MeasureKind::Probation);
    }
    if chance.one_in(20) {
        measure(made, chance, unknown, MeasureKind::Expulsion);
    }
}
