//! What is on record of one student: the row of the roster, the year's results, evaluations, applications, changes, measures.

use super::city::{City, School};
use super::damage::Damage;
use super::dates::{Day, YEAR, day};
use super::exams;
use super::pupil::{Group, Origin, Pupil, Story, stranger, with_wrong_check};
use super::school::Rows;
use super::sheet::Cell;
use crate::ingest::table::Table;

use Cell::{Empty, Text, Whole};

/// The school year that everything is about.
pub const SCHOOL_YEAR: &str = "2025-2026";
const LAST_YEAR: &str = "2024-2025";
const YEAR_BEFORE: &str = "2023-2024";

/// The year's subjects.
fn curriculum(grade: u8) -> &'static [&'static str] {
    match grade {
        1..=2 => &["语文", "数学", "外语", "道德与法治", "自然", "音乐", "美术", "体育与健身"],
        3 => &["语文", "数学", "外语", "道德与法治", "自然", "音乐", "美术", "体育与健身", "信息科技"],
        4..=5 => &["语文", "数学", "外语", "道德与法治", "自然", "音乐", "美术", "体育与健身", "信息科技", "劳动技术"],
        6 => &["语文", "数学", "外语", "道德与法治", "科学", "地理", "信息科技", "音乐", "美术", "体育与健身", "劳动技术"],
        7 => &["语文", "数学", "外语", "道德与法治", "科学", "地理", "历史", "音乐", "美术", "体育与健身", "劳动技术"],
        8 => &["语文", "数学", "外语", "道德与法治", "物理", "历史", "生命科学", "艺术", "体育与健身", "劳动技术"],
        9 => &["语文", "数学", "外语", "道德与法治", "物理", "化学", "艺术", "体育与健身", "劳动技术"],
        10 => &["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技", "体育与健身", "艺术"],
        11 => &["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "体育与健身", "艺术"],
        _ => &["语文", "数学", "外语", "思想政治", "物理", "化学", "艺术", "体育与健身"],
    }
}

/// The document that a student has, and its number.
pub fn document(pupil: &Pupil) -> (&'static str, String) {
    match pupil.origin {
        // A second registration was made without the number, or it would have been found.
        Origin::Mainland if pupil.damage == Some(Damage::SecondId) => ("", String::new()),
        Origin::Mainland => ("居民身份证", pupil.number().to_owned()),
        Origin::Compatriot(_) => ("港澳台居民来往内地通行证", format!("H{:08}", u64::from(pupil.rank) * 13 + u64::from(pupil.grade))),
        Origin::Foreign(_) => ("护照", format!("P{:08}", u64::from(pupil.rank) * 17 + u64::from(pupil.grade))),
    }
}

/// The last four digits of the Shanghai number: in a band of their own for those who did not enter with their grade, as they share the year of
/// entry with another one, and for those who are registered in a second school.
fn number_in_school(school: &School, pupil: &Pupil) -> Option<u32> {
    const BAND: u32 = 2_400;
    let cohort = school.cohort(pupil.grade);
    // A second school has not given its own number yet.
    let place = pupil.rank.checked_sub(cohort.first).filter(|place| *place < cohort.students)?;
    let band = match pupil.late() {
        1 => 1,
        2 => 2,
        -1 => 3,
        _ => 0,
    };
    Some(band * BAND + place % BAND + 1)
}

/// Whether the teachers come to them.
pub fn is_taught_at_home(city: &City, pupil: &Pupil) -> bool {
    mode(city, pupil) == TAUGHT_AT_HOME
}

/// 就读方式
fn mode(city: &City, pupil: &Pupil) -> &'static str {
    let mut chance = pupil.chance(city, 9);
    if pupil.group == Group::Inclusive && chance.below(4) == 0 {
        return TAUGHT_AT_HOME;
    }
    match chance.below(100) {
        0..88 => "走读",
        88..99 => "住校",
        _ => "借宿",
    }
}
const TAUGHT_AT_HOME: &str = "送教上门";

/// Writes the row of the roster.
pub fn roster(city: &City, school: &School, district: &str, pupil: &Pupil, rows: &mut Rows) {
    let mut chance = pupil.chance(city, 8);
    let (kind, mut number) = document(pupil);
    let stage = match pupil.first_grade() {
        1 => 1,
        6 => 2,
        _ => 3,
    };
    let code = school.code.as_str();
    let numbered = |number: u32| format!("310{}{}{stage}{:04}{number:04}", &code[3..6], &code[6..], pupil.stage_year());
    let mut shanghai = number_in_school(school, pupil).map(numbered).unwrap_or_default();
    let mut sex = if pupil.male { "男" } else { "女" };
    let mut birth = pupil.birth;
    let nationality = match pupil.origin {
        Origin::Mainland => "中国",
        Origin::Compatriot(name) | Origin::Foreign(name) => name,
    };
    let mut mode = mode(city, pupil);
    let mut status = pupil.status();
    let mut checked = String::from("2026-03-1");
    checked.push(char::from(b'0' + chance.below(10) as u8));
    let mut primary = pupil.primary_year();
    let mut found: Vec<(&'static str, String, String)> = Vec::new();
    let mut wrong = |code, column: &str, planted: &str| found.push((code, column.to_owned(), planted.to_owned()));
    match pupil.damage {
        Some(Damage::EmptyStatus) => {
            status = "";
            wrong("I0201", "学籍状态", "");
            wrong("I0303", "学籍状态", "");
        }
        Some(Damage::NoDate) => {
            checked = "2026.13.45".into();
            wrong("I0202", "信息核对日期", &checked);
        }
        Some(Damage::UnknownWord) => {
            mode = "骑车";
            wrong("I0203", "就读方式", mode);
        }
        Some(Damage::SpoiledNumber) => {
            number = format!("{}.{}E+17", &number[..1], &number[1..6]);
            wrong("I0204", "证件号码", &number);
        }
        Some(Damage::WrongDocument) => {
            number = with_wrong_check(&number);
            wrong("I0206", "证件号码", &number);
        }
        Some(Damage::WrongSex) => {
            sex = if pupil.male { "女" } else { "男" };
            wrong("I0207", "性别", sex);
        }
        Some(Damage::WrongBirth) => {
            // Not the day after: for some that would be too young for their grade.
            birth -= 1;
            wrong("I0207", "出生日期", "前一天");
        }
        Some(Damage::FullWidth) => {
            number = number.chars().map(|letter| char::from_u32(u32::from(letter) + 0xFEE0).unwrap_or(letter)).collect();
            wrong("I0208", "证件号码", &number);
        }
        Some(Damage::OtherWord) => {
            status = "在校";
            wrong("I0208", "学籍状态", status);
        }
        Some(Damage::ShortNumber) => {
            // Whatever the number, it must not end like one that a spreadsheet has spoiled.
            shanghai.truncate(17);
            shanghai.push('7');
            wrong("I0209", "上海市学籍号", &shanghai);
        }
        Some(Damage::MissingResult) => wrong("I0303", "语文.学年总评", ""),
        Some(Damage::MissingExam) => wrong("I0303", "语文.学业水平考试", ""),
        Some(Damage::MissingEvaluation) => wrong("I0303", "思想品德与行为规范", ""),
        Some(Damage::NoExams) => {
            wrong("R0304", "学籍状态", "没有考试成绩");
            for subject in exams::subjects(pupil.grade) {
                wrong("I0303", &format!("{}.学业水平考试", subject.name), "");
            }
        }
        Some(Damage::SecondId) => wrong("R0103", "姓名", &pupil.name),
        Some(Damage::GrownUp) => wrong("F2601", "小学入学年月", "12"),
        Some(Damage::OtherStage) => {
            // A number that nobody of the other stage has.
            shanghai = numbered(9_700 + pupil.rank % 299);
            shanghai.replace_range(10..11, if stage == 3 { "1" } else { "3" });
            wrong("F0401", "年级", &shanghai);
        }
        Some(Damage::TooYoung) => {
            primary -= 1;
            wrong("F0501", "小学入学年月", &primary.to_string());
        }
        Some(Damage::Unchecked) => {
            checked = "2025-06-12".into();
            wrong("F1001", "信息核对日期", &checked);
        }
        _ => {}
    }
    let class = format!("{}班", pupil.class);
    let primary = format!("{primary}-09");
    let entry = format!("{}-09", pupil.stage_year());
    let row = rows.push(
        Table::Roster,
        &[
            Text(&pupil.id),
            shanghai.as_str().into(),
            Text(&pupil.name),
            Text(sex),
            Cell::Day(birth),
            kind.into(),
            number.as_str().into(),
            Text(nationality),
            Text(district),
            Text(&school.code),
            Text(&school.name),
            Whole(i32::from(pupil.grade)),
            Text(&class),
            Text(&primary),
            Text(&entry),
            Text(pupil.group.word()),
            status.into(),
            Text(mode),
            Empty,
            Text(&checked),
            Cell::Day(day(pupil.stage_year(), 9, 20)),
        ],
    );
    for (code, column, planted) in found {
        rows.plant(code, pupil, Table::Roster, row, &column, planted);
    }
}

/// Whether a student takes no physical education this year, by a certificate.
fn without_sports(city: &City, pupil: &Pupil) -> bool {
    let may = matches!(pupil.grade, 6..=8 | 10 | 11) && pupil.damage.is_none();
    may && pupil.chance(city, 1).in_a_million(4_000)
}

/// Writes the year's results.
pub fn results(city: &City, pupil: &Pupil, rows: &mut Rows) {
    let mut chance = pupil.chance(city, 2);
    let sports = without_sports(city, pupil);
    let id = pupil.id.as_str();
    for (place, subject) in curriculum(pupil.grade).iter().copied().enumerate() {
        let is_core = subject == "语文";
        if pupil.damage == Some(Damage::MissingResult) && is_core {
            continue;
        }
        let failed = chance.in_a_million(pupil.failing);
        let (mut result, mut make_up, mut made_up) = ("合格", "", None);
        if failed {
            result = if pupil.grade <= 5 { "需努力" } else { "不合格" };
            // In senior school some make-ups are still to come.
            if (6..=9).contains(&pupil.grade) || pupil.grade >= 10 && chance.in_a_million(920_000) {
                (make_up, made_up) =
                    (["合格", "合格", "合格", "不合格", "缺考"][chance.weighted(&[30, 25, 22, 20, 3])], Some(day(2026, 6, 29)));
            }
        } else if pupil.grade <= 9 {
            result = ["优秀", "良好", "合格"][chance.weighted(&[35, 40, 25])];
        }
        if sports && subject == "体育与健身" {
            (result, make_up, made_up) = ("免修", "", None);
        }
        match (pupil.damage, subject) {
            (Some(Damage::NoMakeUp), "数学") => result = "不合格",
            (Some(Damage::UnsupportedExemption), "艺术") | (Some(Damage::ExemptWithoutExam), "物理") => result = "免修",
            (Some(Damage::EmptyResult), "数学") => result = "",
            _ => {}
        }
        let wrong_id = (pupil.damage == Some(Damage::WrongId) && place == 2).then(|| with_wrong_check(id));
        let cells = |result, make_up: &'static str| {
            [Text(wrong_id.as_deref().unwrap_or(id)), Text(SCHOOL_YEAR), Text(subject), Cell::from(result), make_up.into(), made_up.into()]
        };
        let row = rows.push(Table::CourseResults, &cells(result, make_up));
        match (pupil.damage, subject) {
            (Some(Damage::WrongId), _) if place == 2 => {
                let wrong = wrong_id.clone().unwrap_or_default();
                rows.plant_for("I0205", "", Table::CourseResults, row, "全国学籍号", wrong);
            }
            (Some(Damage::EmptyResult), "数学") => rows.plant("I0201", pupil, Table::CourseResults, row, "学年总评", String::new()),
            (Some(Damage::NoMakeUp), "数学") => rows.plant("F2001", pupil, Table::CourseResults, row, "补考", String::new()),
            (Some(Damage::UnsupportedExemption), "艺术") => {
                rows.plant("F2301", pupil, Table::CourseResults, row, "学年总评", "免修".into());
            }
            (Some(Damage::RepeatedRow), "数学") => {
                let again = rows.push(Table::CourseResults, &cells(result, make_up));
                rows.plant("I0301", pupil, Table::CourseResults, again, "全国学籍号", "整行重复".into());
            }
            (Some(Damage::Contradiction), "数学") => {
                let again = rows.push(Table::CourseResults, &cells("需努力", make_up));
                rows.plant("I0302", pupil, Table::CourseResults, again, "学年总评", "需努力".into());
            }
            _ => {}
        }
    }
    if pupil.damage == Some(Damage::UnknownPupil) {
        let nobody = stranger(city, pupil.rank, pupil.grade).id;
        let row = rows.push(Table::CourseResults, &[Text(&nobody), Text(SCHOOL_YEAR), Text("语文"), Text("合格")]);
        rows.plant_for("R0305", &nobody, Table::CourseResults, row, "全国学籍号", nobody.clone());
    }
    if pupil.group == Group::International && pupil.grade == 12 {
        for subject in exams::assessed_by_school() {
            let result = if chance.in_a_million(pupil.failing) { "不合格" } else { "合格" };
            rows.push(Table::SchoolAssessments, &[Text(id), Text(subject), Text(result)]);
        }
    }
}

/// Writes the exams of a student in a subject, as the exam authority keeps them.
pub fn exams_in(
    city: &City,
    pupil: &Pupil,
    (number, subject): (usize, &exams::Subject),
    sittings: &mut Vec<exams::Sitting>,
    rows: &mut Rows,
) {
    exams::sittings(pupil, subject, &mut pupil.chance(city, 100 + number as u64), sittings);
    let (_, document) = document(pupil);
    for (place, sitting) in sittings.iter().enumerate() {
        let other =
            (pupil.damage == Some(Damage::OtherName) && subject.name == "历史" && place == 0).then(|| super::names::mistyped(&pupil.name));
        let name = other.as_deref().unwrap_or(&pupil.name);
        let cells = [
            Text(&pupil.id),
            document.as_str().into(),
            Text(name),
            Text(subject.name),
            Cell::Day(sitting.day),
            Text(sitting.kind),
            Text(sitting.result),
        ];
        let row = rows.push(Table::Exams, &cells);
        if let Some(other) = &other {
            rows.plant("R0302", pupil, Table::Exams, row, "姓名", other.clone());
        }
        match (pupil.damage, subject.name, place) {
            (Some(Damage::MakeUpTooSoon), "物理", 1) => rows.plant("F2402", pupil, Table::Exams, row, "考次", "校补考".into()),
            (Some(Damage::SecondMakeUp), "语文", 2) => rows.plant("F2403", pupil, Table::Exams, row, "考次", "校补考".into()),
            _ => {}
        }
    }
    if pupil.damage == Some(Damage::Stranger) && subject.name == "历史" {
        let nobody = stranger(city, pupil.rank, pupil.grade);
        let (id, name) = (Text(&nobody.id), Text(&nobody.name));
        let cells = [id, Empty, name, Text(subject.name), Cell::Day(subject.first), Text("首考"), Text("合格")];
        let row = rows.push(Table::Exams, &cells);
        rows.plant_for("R0301", &nobody.id, Table::Exams, row, "全国学籍号", nobody.id.clone());
    }
}

/// Writes the year's evaluation.
pub fn evaluation(city: &City, pupil: &Pupil, rows: &mut Rows) {
    if pupil.damage == Some(Damage::MissingEvaluation) {
        return;
    }
    let mut chance = pupil.chance(city, 3);
    let plain = pupil.damage.is_some();
    let mut moral = ["优秀", "良好", "合格", "不合格"][chance.weighted(&[300, 400, 297, if plain { 0 } else { 3 }])];
    let mut crime = "否";
    if !plain && pupil.grade >= 7 && chance.in_a_million(200) {
        (moral, crime) = ("不合格", "是");
    }
    if pupil.damage == Some(Damage::RecordIgnored) {
        (moral, crime) = ("合格", "是");
    }
    let senior = pupil.grade >= 10;
    let mut standard = |often: u64| {
        if !senior {
            ""
        } else if !plain && chance.in_a_million(often) {
            "不达标"
        } else {
            "达标"
        }
    };
    let (research, extension) = (standard(2_500), standard(2_500));
    let (mut volunteering, military, rural) = (standard(4_000), standard(2_000), standard(3_000));
    if waives(city, pupil) || pupil.damage == Some(Damage::WaiverUnfiled) {
        volunteering = "不达标";
    }
    // Who falls short in practice can graduate as an athlete only.
    let weeks = if pupil.damage == Some(Damage::AthleteSilent) {
        4
    } else if plain {
        7
    } else {
        [4, 5, 6, 7, 8][chance.weighted(&[2, 6, 300, 400, 292])]
    };
    let reports = if !plain && chance.in_a_million(3_000) { 0 } else { 1 + chance.below(3) as i32 };
    let number = |number| if senior { Whole(number) } else { Empty };
    let row = rows.push(
        Table::Evaluations,
        &[
            Text(&pupil.id),
            Text(SCHOOL_YEAR),
            Text(moral),
            Text(crime),
            research.into(),
            extension.into(),
            volunteering.into(),
            military.into(),
            rural.into(),
            number(weeks),
            number(reports),
        ],
    );
    if pupil.damage == Some(Damage::RecordIgnored) {
        rows.plant("F2405", pupil, Table::Evaluations, row, "思想品德与行为规范", "合格".into());
    }
}

/// Whether a student's social practice was waived.
fn waives(city: &City, pupil: &Pupil) -> bool {
    pupil.grade == 12 && pupil.damage.is_none() && pupil.chance(city, 4).in_a_million(8_000)
}

/// An application: what is asked, and the days on which it went its way.
#[derive(Clone, Copy, Default)]
struct Application {
    matter: &'static str,
    year: &'static str,
    subject: &'static str,
    applied: Day,
    consented: Option<Day>,
    published: Option<Day>,
    filed: Option<Day>,
    certified: Option<Day>,
}

impl Application {
    /// One that went its way in time.
    fn new(matter: &'static str) -> Self {
        Self {
            matter,
            year: SCHOOL_YEAR,
            applied: day(2026, 6, 18),
            consented: Some(day(2026, 6, 22)),
            filed: Some(day(2026, 6, 26)),
            ..Self::default()
        }
    }

    /// One to skip a grade.
    fn to_skip() -> Self {
        Self { published: Some(day(2026, 6, 23)), ..Self::new("跳级") }
    }

    fn write(self, pupil: &Pupil, rows: &mut Rows) -> Option<u32> {
        let result = if self.published.is_some() { "无异议" } else { "" };
        rows.push(
            Table::Applications,
            &[
                Text(&pupil.id),
                Text(self.matter),
                self.year.into(),
                self.subject.into(),
                Cell::Day(self.applied),
                self.consented.into(),
                self.published.into(),
                result.into(),
                self.filed.into(),
                self.certified.into(),
            ],
        )
    }
}

/// Writes the applications.
pub fn applications(city: &City, pupil: &Pupil, rows: &mut Rows) {
    let early = day(2026, 3, 12);
    if without_sports(city, pupil) {
        let autumn = Application {
            applied: day(2025, 9, 8),
            consented: Some(day(2025, 9, 10)),
            filed: Some(day(2025, 9, 15)),
            ..Application::new("体育免修")
        };
        Application { subject: "体育与健身", certified: Some(day(2025, 8, 25)), ..autumn }.write(pupil, rows);
    }
    if waives(city, pupil) {
        Application { applied: day(2026, 4, 7), ..Application::new("社会实践豁免") }.write(pupil, rows);
    }
    match pupil.story {
        Story::Skips => drop(Application::to_skip().write(pupil, rows)),
        Story::Repeats => drop(Application::new("重读").write(pupil, rows)),
        Story::LeavesIncomplete => drop(Application::new("肄业").write(pupil, rows)),
        _ => {}
    }
    if pupil.group == Group::Athlete {
        let row = rows.push(Table::Athletes, &[Text(&pupil.id), Cell::Day(day(2025, 10, 20)), Cell::Day(day(2025, 11, 3))]);
        if pupil.damage == Some(Damage::AthleteSilent) {
            rows.plant("F2404", pupil, Table::Athletes, row, "体育部门确认日期", String::new());
        } else if pupil.grade == 12 {
            Application { applied: day(2026, 5, 11), ..Application::new("学生运动员证书") }.write(pupil, rows);
        }
    }
    let (application, code, column) = match pupil.damage {
        Some(Damage::SkipUnapproved) => (Application { consented: None, ..Application::to_skip() }, "F2101", "学校同意日期"),
        Some(Damage::SkipTooFar) => (Application::to_skip(), "F2102", "申请事项"),
        Some(Damage::SkipEarly) => (Application { applied: early, ..Application::to_skip() }, "F2103", "申请日期"),
        Some(Damage::RepeatEarly) => (Application { applied: early, ..Application::new("重读") }, "F2201", "申请日期"),
        Some(Damage::RepeatUnreported) => (Application { filed: None, ..Application::new("重读") }, "F2202", "区备案日期"),
        Some(Damage::ThirdRepeat) => (Application::new("重读"), "F2203", "申请事项"),
        Some(Damage::RepeatFinal) => (Application::new("重读"), "F2204", "申请事项"),
        Some(Damage::ExemptWithoutExam) => {
            (Application { subject: "物理", applied: day(2025, 9, 8), ..Application::new("免修") }, "F2302", "科目")
        }
        Some(Damage::WaiverUnfiled) => {
            (Application { filed: None, applied: day(2026, 4, 7), ..Application::new("社会实践豁免") }, "F2401", "区备案日期")
        }
        _ => return,
    };
    let row = application.write(pupil, rows);
    rows.plant(code, pupil, Table::Applications, row, column, application.matter.into());
}

/// A change of status, by the columns of the contract that it fills.
#[derive(Clone, Copy, Default)]
struct Change<'a> {
    kind: &'static str,
    year: &'static str,
    grade: Option<u8>,
    effective: Day,
    until: Option<Day>,
    reason: &'static str,
    told: Option<Day>,
    paper: &'static str,
    paper_of: Option<Day>,
    entitled: &'static str,
    from: &'a str,
    to: &'a str,
    exam: Option<(i32, i32)>,
    completed: Option<Day>,
}

impl Change<'_> {
    fn write(self, pupil: &Pupil, rows: &mut Rows) -> Option<u32> {
        let before = |days: Day| Cell::Day(self.effective - days);
        let grade = self.grade.map_or(Empty, |grade| Whole(i32::from(grade)));
        let to_grade = if self.to.is_empty() { Empty } else { Whole(i32::from(pupil.grade)) };
        rows.push(
            Table::StatusChanges,
            &[
                Text(&pupil.id),
                Text(self.kind),
                self.year.into(),
                grade,
                Cell::Day(self.effective),
                self.until.into(),
                self.reason.into(),
                before(7),
                before(5),
                before(2),
                before(2),
                Cell::Day(self.completed.unwrap_or(self.effective)),
                self.told.into(),
                self.paper.into(),
                self.paper_of.into(),
                self.entitled.into(),
                self.from.into(),
                self.to.into(),
                to_grade,
                self.exam.map_or(Empty, |(score, _)| Whole(score)),
                self.exam.map_or(Empty, |(_, line)| Whole(line)),
            ],
        )
    }
}

/// A school of another city.
const ELSEWHERE: &str = "3201020017";

/// Writes the changes of status; `other` is another school of the city that teaches the grade.
pub fn changes(school: &School, other: Option<&School>, pupil: &Pupil, rows: &mut Rows) {
    let (grade, is_senior) = (Some(pupil.grade), pupil.grade >= 10);
    let medical = Change { reason: "伤病", paper: "三级医疗机构证明", ..Change::default() };
    let sick = |effective: Day, until| Change { kind: "休学", grade, effective, until, paper_of: Some(effective - 9), ..medical };
    // Retained at the end of a school year, told within the working days that the law gives.
    let retained =
        |year: &'static str, end: Day| Change { kind: "留级", year, grade, effective: end, told: Some(end + 2), ..Change::default() };
    let (last_end, before_end) = (day(2025, 6, 30), day(2024, 6, 28));
    match pupil.story {
        Story::Suspended => drop(sick(day(2026, 3, 2), Some(day(2026, 8, 31))).write(pupil, rows)),
        Story::SuspendedBefore => {
            sick(day(2025, 2, 17), Some(day(2025, 6, 30))).write(pupil, rows);
            Change { kind: "复学", effective: day(2025, 6, 30), paper_of: Some(day(2025, 6, 20)), ..medical }.write(pupil, rows);
        }
        Story::TransferredIn => {
            let effective = pupil.transferred_on();
            let exam = is_senior.then_some((612, 600));
            let entitled = if is_senior { "本市户籍" } else { "" };
            let come = Change { kind: "转入", grade, effective, to: &school.code, exam, entitled, ..Change::default() };
            match other.filter(|_| pupil.comes_from_city()) {
                Some(other) => {
                    // Between senior schools of the city there are few reasons (A13.4).
                    let reason = if is_senior { "动迁" } else { "居住地变更" };
                    Change { kind: "转出", from: &other.code, entitled: "", reason, ..come }.write(pupil, rows);
                    Change { from: &other.code, reason, ..come }.write(pupil, rows);
                }
                None => drop(Change { from: ELSEWHERE, reason: "户籍迁移", ..come }.write(pupil, rows)),
            }
        }
        // Whose damage it is to have gone nowhere, goes below.
        Story::TransferredOut if pupil.damage.is_none() || other.is_none() => {
            let effective = day(2025, 9, 4);
            let left =
                Change { kind: "转出", grade, effective, reason: "户籍迁移", from: &school.code, to: ELSEWHERE, ..Change::default() };
            left.write(pupil, rows);
        }
        Story::Interrupted => {
            // Never without having urged before (A34.4).
            rows.push(Table::Urgings, &[Text(&pupil.id), Cell::Day(day(2025, 12, 1)), Text("家访"), Text("未返校")]);
            Change { kind: "中断", grade, effective: day(2025, 12, 15), ..Change::default() }.write(pupil, rows);
        }
        // Why those left who should not have, what is wrong with them says.
        Story::Withdrawn if pupil.damage.is_none() => {
            Change { kind: "退学", grade, effective: day(2025, 11, 17), ..Change::default() }.write(pupil, rows);
        }
        Story::Died => drop(Change { kind: "死亡", grade, effective: day(2025, 12, 1), ..Change::default() }.write(pupil, rows)),
        Story::RepeatedBefore | Story::LeavesIncomplete => {
            Change { kind: "重读", year: LAST_YEAR, grade, effective: last_end, ..Change::default() }.write(pupil, rows);
        }
        Story::RetainedBefore => drop(retained(LAST_YEAR, last_end).write(pupil, rows)),
        Story::RetainedTwice => {
            retained(YEAR_BEFORE, before_end).write(pupil, rows);
            retained(LAST_YEAR, last_end).write(pupil, rows);
        }
        Story::SkippedBefore => {
            let skipped =
                Change { kind: "跳级", year: LAST_YEAR, grade: Some(pupil.grade - 2), effective: day(2025, 9, 1), ..Change::default() };
            skipped.write(pupil, rows);
        }
        _ => {}
    }
    let of_year = |kind, year, effective| Change { kind, year, grade, effective, ..Change::default() };
    let (change, code, column) = match pupil.damage {
        Some(Damage::ThirdRepeat) => {
            of_year("重读", YEAR_BEFORE, before_end).write(pupil, rows);
            of_year("重读", LAST_YEAR, last_end).write(pupil, rows);
            return;
        }
        Some(Damage::SkippedWithoutExam) => {
            (Change { kind: "跳级", year: LAST_YEAR, grade: Some(6), effective: day(2025, 9, 1), ..Change::default() }, "F2104", "异动类型")
        }
        Some(Damage::CompulsoryRetention) => (of_year("留级", LAST_YEAR, last_end), "F2205", "异动类型"),
        Some(Damage::FinalRetention) => (retained(LAST_YEAR, last_end), "F2206", "年级"),
        Some(Damage::LateNotice) => (Change { told: Some(day(2025, 8, 20)), ..retained(LAST_YEAR, last_end) }, "F2207", "告知日期"),
        Some(wrong) => match irregular(school, other, pupil, wrong) {
            Some(irregular) => irregular,
            None => return,
        },
        None => return,
    };
    // The school that a student of the city comes from has let go of them.
    if change.kind == "转入" && change.from != ELSEWHERE && pupil.damage != Some(Damage::NoDeparture) {
        Change { kind: "转出", exam: None, completed: None, ..change }.write(pupil, rows);
    }
    let row = change.write(pupil, rows);
    rows.plant(code, pupil, Table::StatusChanges, row, column, change.kind.into());
}

/// A transfer or withdrawal that an audit objects to, with the code and the column.
fn irregular<'a>(
    school: &'a School,
    other: Option<&'a School>,
    pupil: &Pupil,
    wrong: Damage,
) -> Option<(Change<'a>, &'static str, &'static str)> {
    let grade = Some(pupil.grade);
    let in_time = if pupil.grade == pupil.first_grade() { day(2026, 3, 4) } else { day(2025, 9, 3) };
    let come =
        Change { kind: "转入", grade, effective: in_time, reason: "回沪", from: ELSEWHERE, to: &school.code, ..Change::default() };
    let of_city = |reason: &'static str| other.map(|other| Change { reason, from: &other.code, ..come });
    let leave = Change { kind: "退学", grade, effective: day(2026, 4, 20), ..Change::default() };
    Some(match wrong {
        Damage::NoReason => (Change { exam: Some((612, 600)), ..of_city("居住地变更")? }, "F1301", "原因"),
        Damage::NoEntitlement => (come, "F1302", "转入依据"),
        Damage::LateTransfer => (Change { effective: day(2026, 4, 14), ..come }, "F1501", "生效日期"),
        Damage::BarredTransfer => (Change { effective: day(2025, 9, 3), ..come }, "F1502", "生效日期"),
        Damage::UnderMeasure => (Change { effective: day(2026, 3, 4), ..come }, "F1503", "生效日期"),
        Damage::OtherGrade => (Change { grade: Some(pupil.grade + 1), ..of_city("居住地变更")? }, "F1601", "转入年级"),
        Damage::NoGround => (Change { reason: "家庭困难", ..leave }, "F3601", "原因"),
        Damage::Uncertified => (Change { reason: "伤病", ..leave }, "F3602", "证明材料"),
        Damage::LeftBehind => (of_city("居住地变更")?, "F4401", "生效日期"),
        Damage::NoDeparture => (of_city("居住地变更")?, "R0401", "异动类型"),
        Damage::NoArrival => {
            let to = &other?.code;
            (Change { kind: "转出", reason: "居住地变更", from: &school.code, to, effective: day(2025, 9, 4), ..come }, "R0401", "异动类型")
        }
        Damage::EnteredLate => (Change { effective: day(2026, 3, 4), completed: Some(day(2026, 5, 8)), ..come }, "F4601", "办结日期"),
        _ => return None,
    })
}

/// Writes the disciplinary measures.
pub fn discipline(city: &City, pupil: &Pupil, rows: &mut Rows) {
    let mut measure = |kind: &'static str, decided: Day, filed: bool, revoked: Option<Day>| {
        let filed = filed.then_some(decided + 3);
        let parents = if pupil.damage == Some(Damage::Unheard) { Empty } else { Cell::Day(decided - 1) };
        let appealed = if pupil.damage == Some(Damage::Unanswered) { Cell::Day(decided + 6) } else { Empty };
        let (kind, decided, meeting) = (Text(kind), Cell::Day(decided), Cell::Day(decided - 2));
        rows.push(Table::Discipline, &[Text(&pupil.id), kind, decided, meeting, parents, filed.into(), revoked.into(), appealed])
    };
    match pupil.story {
        Story::Expelled => drop(measure("开除学籍", day(2026, 5, 11), true, None)),
        Story::OnProbation => drop(measure("留校察看", day(2026, 3, 10), true, None)),
        Story::Disciplined => {
            let kind = ["警告", "严重警告", "记过"][pupil.chance(city, 5).weighted(&[70, 20, 10])];
            measure(kind, day(2025, 11, 12), false, Some(day(2026, 5, 20)));
        }
        _ => {}
    }
    let (last_term, this_term) = (day(2025, 10, 20), day(2026, 3, 24));
    let planted = match pupil.damage {
        Some(Damage::CompulsoryProbation) => Some((measure("留校察看", day(2026, 3, 10), true, None), "F4101", "处分类型")),
        Some(Damage::Unreported) => Some((measure("留校察看", this_term, false, None), "F4102", "区报备日期")),
        Some(Damage::Unheard) => Some((measure("警告", this_term, false, None), "F4103", "家长沟通日期")),
        Some(Damage::Unanswered) => Some((measure("记过", this_term, false, None), "F4104", "答复日期")),
        Some(Damage::Unreviewed) => Some((measure("警告", last_term, false, None), "F4201", "撤销日期")),
        Some(Damage::PassedOn) => {
            measure("警告", last_term, false, Some(day(2026, 4, 10)));
            None
        }
        // In force on the day of the transfer.
        Some(Damage::UnderMeasure) => {
            measure("记过", day(2026, 3, 3), false, None);
            None
        }
        _ => None,
    };
    if let Some((row, code, column)) = planted {
        rows.plant(code, pupil, Table::Discipline, row, column, String::new());
    }
}

/// Writes the registrations of both terms.
pub fn registrations(city: &City, pupil: &Pupil, rows: &mut Rows) {
    let mut chance = pupil.chance(city, 6);
    for (term, first) in [("1", day(2025, 9, 1)), ("2", day(2026, 3, 2))] {
        let registered = first + chance.below(5) as Day;
        rows.push(Table::Registrations, &[Text(&pupil.id), Text(SCHOOL_YEAR), Text(term), Cell::Day(registered)]);
    }
}

/// Writes the parts of the archive; they came along with who transferred from another school of the city (A44.1).
pub fn archive(school: &School, other: Option<&School>, pupil: &Pupil, rows: &mut Rows) {
    let is_of_city = pupil.story == Story::TransferredIn && pupil.comes_from_city();
    let came = other.is_some() && (is_of_city || matches!(pupil.damage, Some(Damage::NoReason | Damage::OtherGrade | Damage::NoDeparture)));
    let moved = came.then(|| pupil.transferred_on() + 9);
    let to = if came { Text(&school.code) } else { Empty };
    if pupil.damage == Some(Damage::PassedOn) {
        let cells = [Text(&pupil.id), Text("处分"), Cell::Day(day(2025, 10, 24)), Cell::Day(day(2026, 5, 12)), Text(ELSEWHERE)];
        let row = rows.push(Table::Archives, &cells);
        rows.plant("F4203", pupil, Table::Archives, row, "移交日期", String::new());
    }
    if pupil.damage == Some(Damage::Incomplete) {
        let row = rows.next(Table::Archives);
        rows.plant("F4301", pupil, Table::Archives, row, "材料类别", "体质健康".into());
    }
    let parts = ["基础信息", "证明材料", "综合素质评价", "体质健康", "资助信息", "其他"];
    let is_there = |part: &&str| pupil.damage != Some(Damage::Incomplete) || *part != "体质健康";
    for part in parts.into_iter().filter(is_there) {
        let filed = if part == "综合素质评价" { day(2026, 6, 22) } else { day(pupil.stage_year().min(YEAR), 10, 15) };
        rows.push(Table::Archives, &[Text(&pupil.id), Text(part), Cell::Day(filed), moved.into(), to]);
    }
}
