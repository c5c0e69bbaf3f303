//! The law's cases in `tests/cases/*.md`: each a student who differs from the ordinary one in what the case says, with the decision due.
//!
//! How a case is written, `tests/cases/README.md` says. All cases are one cohort, one student each, in a school of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::NaiveDate;
use law::facts::calendar::Calendar;
use law::facts::grades::Grade;
use law::regulation::rule::{Outcome, RULES};
use xueji::pipeline::config::Attendance;

use crate::support::{Rows, audit_on, package, rows, scratch, try_run, watch_calendar, watch_on, write_files};

/// The tables that cases may name, with their columns.
const TABLES: [(&str, &[&str]); 16] = [
    (
        "学籍名册",
        &[
            "全国学籍号",
            "上海市学籍号",
            "姓名",
            "性别",
            "出生日期",
            "证件类型",
            "证件号码",
            "国籍/地区",
            "区",
            "学校代码",
            "学校名称",
            "年级",
            "班级",
            "小学入学年月",
            "入学年月",
            "学生类别",
            "学籍状态",
            "就读方式",
            "学制年限",
            "信息核对日期",
            "建籍日期",
        ],
    ),
    ("学年成绩", &["全国学籍号", "学年", "科目", "学年总评", "补考", "补考日期"]),
    ("学业水平考试", &["全国学籍号", "证件号码", "姓名", "科目", "考试日期", "考次", "结果"]),
    (
        "综合素质评价",
        &[
            "全国学籍号",
            "学年",
            "思想品德与行为规范",
            "犯罪记录",
            "研究型课程",
            "拓展型课程",
            "志愿服务",
            "军事训练",
            "农村社会实践",
            "社会实践周数",
            "研究性学习报告数",
        ],
    ),
    ("校本考核", &["全国学籍号", "科目", "考核结果"]),
    (
        "学籍异动",
        &[
            "全国学籍号",
            "异动类型",
            "学年",
            "年级",
            "生效日期",
            "截止日期",
            "原因",
            "申请日期",
            "区批准日期",
            "区报告日期",
            "办结日期",
            "告知日期",
            "证明材料",
            "证明日期",
            "转入依据",
            "转出学校代码",
            "转入学校代码",
            "转入年级",
            "中考分数",
            "转入校录取线",
        ],
    ),
    ("申请", &["全国学籍号", "申请事项", "学年", "科目", "申请日期", "学校同意日期", "公示日期", "公示结果", "区备案日期", "证明日期"]),
    ("学生运动员确认", &["全国学籍号", "体育部门确认日期", "教育部门确认日期"]),
    ("处分", &["全国学籍号", "处分类型", "处分日期", "会议通过日期", "家长沟通日期", "区报备日期", "撤销日期", "申诉日期", "答复日期"]),
    ("学期注册", &["全国学籍号", "学年", "学期", "注册日期", "延期批准日期"]),
    ("考勤上报", &["学校代码", "截止日期"]),
    ("考勤", &["全国学籍号", "日期", "开始日期", "结束日期", "考勤", "告知家长日期"]),
    ("督促记录", &["全国学籍号", "督促日期", "方式"]),
    ("学校名录", &["学校代码", "学校名称", "区", "学制", "小学班额", "初中班额", "高中招生计划", "状态", "并入学校代码"]),
    ("档案清单", &["全国学籍号", "材料类别", "归档日期", "移交日期", "接收学校代码"]),
    ("在读花名册", &["学校代码", "年级", "班级", "姓名", "全国学籍号", "证件号码", "性别", "出生日期"]),
];

/// The case file that says all of what sources say of each other.
const MATCHING: &str = "matching.md";

/// What the law makes of two tables side by side: no case may raise it unsaid.
const OF_THE_LAW: &str = "R0501";

/// The mark of a case file about the watch.
const OF_THE_WATCH: &str = "程序：在籍监测";
/// The mark of a case file about the audit.
const OF_THE_AUDIT: &str = "程序：学籍核查";
/// How a case says that a school is its own.
const OWN_SCHOOL: &str = "本校";

const YEAR: &str = "2025-2026";
const ANNUAL: &str = "语文、数学、外语、思想政治、历史、地理、物理、化学、生命科学、体育与健身、艺术";
const JUNIOR_EXAMS: &str = "语文、数学、外语、道德与法治、历史、科学、地理、生命科学、物理、化学、信息科技、体育与健身";
const SENIOR_EXAMS: &str = "语文、数学、外语、信息科技、思想政治、历史、地理、物理、化学、生命科学";

type Row = BTreeMap<String, String>;

/// What a case expects.
#[derive(Default)]
struct Expected {
    outcome: String,
    next_grade: Option<String>,
    certificate: Option<String>,
    clauses: Option<BTreeSet<String>>,
    failing: Option<String>,
    missing: String,
    findings: BTreeSet<String>,
    days_to_threshold: Option<String>,
    judged_on: Option<String>,
}

/// When a case of the watch is judged, and in which forms of attendance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Watched {
    date: NaiveDate,
    forms: Vec<&'static str>,
    /// Whether it is judged by the audit.
    audited: bool,
}

/// A case: where it is written, the student's rows by table, what is expected.
struct Case {
    number: usize,
    at: String,
    title: String,
    rows: BTreeMap<&'static str, Vec<Row>>,
    expected: Expected,
    /// A case of the watch; of term end without it.
    watched: Option<Watched>,
}

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

fn subjects(list: &str) -> impl Iterator<Item = &str> {
    list.split('、')
}

/// The grade of a title such as 高一.
fn grade_number(title: &str) -> Option<u8> {
    (1..=Grade::LAST).find(|number| Grade::new(*number).is_some_and(|grade| grade.title() == title))
}

/// The rows of the ordinary student of a grade: everything passed, nothing applied for.
fn ordinary(grade: u8) -> BTreeMap<&'static str, Vec<Row>> {
    let mut rows: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
    let result = |subject: &str| row(&[("学年", YEAR), ("科目", subject), ("学年总评", "合格")]);
    let exam = |subject: &str, date: &str| row(&[("科目", subject), ("考试日期", date), ("考次", "首考"), ("结果", "合格")]);
    let results = match grade {
        6..=8 => "语文、数学、外语、历史",
        9 => "艺术",
        10 => concat!("语文、数学、外语、思想政治、历史、地理、物理、化学、生命科学、体育与健身、艺术", "、信息科技"),
        11 => ANNUAL,
        _ => "",
    };
    rows.insert("学年成绩", subjects(results).filter(|subject| !subject.is_empty()).map(result).collect());
    match grade {
        5 => {
            rows.insert("综合素质评价", vec![row(&[("学年", YEAR), ("思想品德与行为规范", "合格")])]);
        }
        9 => {
            rows.insert("综合素质评价", vec![row(&[("学年", YEAR), ("思想品德与行为规范", "合格")])]);
            rows.insert("学业水平考试", subjects(JUNIOR_EXAMS).map(|subject| exam(subject, "2026-06-13")).collect());
        }
        12 => {
            let evaluation = [
                ("学年", YEAR),
                ("思想品德与行为规范", "合格"),
                ("犯罪记录", "否"),
                ("研究型课程", "达标"),
                ("拓展型课程", "达标"),
                ("志愿服务", "达标"),
                ("军事训练", "达标"),
                ("农村社会实践", "达标"),
                ("社会实践周数", "6"),
                ("研究性学习报告数", "1"),
            ];
            rows.insert("综合素质评价", vec![row(&evaluation)]);
            rows.insert("学业水平考试", subjects(SENIOR_EXAMS).map(|subject| exam(subject, "2025-01-11")).collect());
        }
        _ => {}
    }
    rows
}

/// The roster row of the student with a number, in a grade.
fn roster(number: usize, grade: u8) -> Row {
    let year = 2026 - i32::from(grade);
    let entry = match grade {
        1..=5 => year,
        6..=9 => 2031 - i32::from(grade),
        _ => 2035 - i32::from(grade),
    };
    let document = document(&format!("{}0315", year - 7), number);
    row(&[
        ("全国学籍号", &format!("G{document}")),
        ("姓名", "案例"),
        ("国籍/地区", "中国"),
        ("区", "示例区"),
        ("学校代码", &format!("{:010}", 3_101_000_000 + number)),
        ("学校名称", "示例学校"),
        ("年级", Grade::new(grade).map_or("", Grade::title)),
        ("班级", "1班"),
        ("小学入学年月", &format!("{year}-09")),
        ("入学年月", &format!("{entry}-09")),
        ("学生类别", "普通"),
        ("学籍状态", "在读"),
        ("建籍日期", &format!("{entry}-09-10")),
    ])
}

/// What the ordinary student of the watch has beside the roster: registered on time for both terms.
fn registered() -> BTreeMap<&'static str, Vec<Row>> {
    let registration = |term: &str, date: &str| row(&[("学年", YEAR), ("学期", term), ("注册日期", date)]);
    BTreeMap::from([("学期注册", vec![registration("1", "2025-09-01"), registration("2", "2026-03-02")])])
}

/// The same before the audit: with an archive too.
fn filed() -> BTreeMap<&'static str, Vec<Row>> {
    let part = |part: &str| row(&[("材料类别", part), ("归档日期", "2025-10-15")]);
    let mut rows = registered();
    rows.insert("档案清单", subjects("基础信息、证明材料、综合素质评价、体质健康、资助信息、其他").map(part).collect());
    rows
}

/// The students who share a class with a case's: so many, each with an id that nobody else has.
fn classmates(own: &Row, number: usize, students: usize) -> Vec<Row> {
    let year = own.get("出生日期").map_or("2015", |birth| &birth[..4]);
    let year = own.get("全国学籍号").and_then(|id| id.get(7..11)).unwrap_or(year).to_owned();
    let mate = |place: usize| {
        let birth = format!("{year}{:02}{:02}", 4 + place / 28, place % 28 + 1);
        let mut row = own.clone();
        row.insert("全国学籍号".to_owned(), format!("G{}", document(&birth, number)));
        row.insert("姓名".to_owned(), "同学".to_owned());
        row.insert("学籍状态".to_owned(), "在读".to_owned());
        row
    };
    (0..students).map(mate).collect()
}

/// The dates of `2025-09-15` or `2025-09-15..2025-10-15`.
fn dates(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// One row for each school day of a span of dates, and the families told of 旷课 on the day where nothing else is said.
fn by_day(calendar: &Calendar, row: Row) -> Vec<Row> {
    let told = |mut row: Row, date: &str| {
        if row.get("考勤").is_some_and(|kind| kind == "旷课") && !row.contains_key("告知家长日期") {
            row.insert("告知家长日期".to_owned(), date.to_owned());
        }
        row
    };
    let Some(span) = row.get("日期").filter(|text| text.contains("..")).and_then(|text| dates(text)) else {
        let date = row.get("日期").or(row.get("开始日期")).cloned().unwrap_or_default();
        return vec![told(row, &date)];
    };
    let days = span.0.iter_days().take_while(|day| *day <= span.1).filter(|day| calendar.is_school_day(*day));
    days.map(|day| {
        let date = day.to_string();
        told(Row::from_iter(row.clone().into_iter().chain([("日期".to_owned(), date.clone())])), &date)
    })
    .collect()
}

/// An ID number of a birth day; the student's number is in the region and the sequence.
fn document(birth: &str, number: usize) -> String {
    let regions = ["310101", "310104", "310105", "310106", "310107", "310109"];
    let body = format!("{}{birth}{:03}", regions[number / 900], number % 900 + 1);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = body.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}

/// `列=值 列=值`
fn cells(text: &str, table: &str, columns: &[&str]) -> Result<Row, String> {
    let mut row = Row::new();
    for part in text.split_whitespace() {
        let (column, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not 列=值"))?;
        if !columns.contains(&column) {
            return Err(format!("{table} has no column {column}"));
        }
        row.insert(column.to_owned(), value.to_owned());
    }
    Ok(row)
}

/// One row for each subject that 科目 lists.
fn by_subject(row: Row) -> Vec<Row> {
    let Some(list) = row.get("科目").cloned() else { return vec![row] };
    subjects(&list).map(|subject| Row::from_iter(row.clone().into_iter().chain([("科目".to_owned(), subject.to_owned())]))).collect()
}

/// What makes a row of the case the same as one of the ordinary student's.
fn key(table: &str) -> &'static [&'static str] {
    match table {
        "学年成绩" => &["科目", "学年"],
        "综合素质评价" => &["学年"],
        "学业水平考试" => &["科目", "考次"],
        "学期注册" => &["学年", "学期"],
        _ => &[],
    }
}

impl Case {
    /// Takes a line of the case.
    fn take(&mut self, name: &str, text: &str) -> Result<(), String> {
        let expected = &mut self.expected;
        match name {
            "结论" => return self.conclude(text),
            "不合格科目" => expected.failing = Some(text.replace('、', ";")),
            "缺少" => expected.missing = text.replace('、', ";"),
            "问题" => expected.findings = subjects(text).map(str::to_owned).collect(),
            "距期限" => expected.days_to_threshold = Some(text.to_owned()),
            "判定到" => expected.judged_on = Some(text.to_owned()),
            "判定" => return self.judged(text),
            "同班" => {
                let students = text.parse().map_err(|_| format!("`{text}` is no number"))?;
                let rows = self.rows.entry("学籍名册").or_default();
                let own = rows.first().cloned().unwrap_or_default();
                rows.extend(classmates(&own, self.number, students));
            }
            _ => return self.change(name, text),
        }
        Ok(())
    }

    fn conclude(&mut self, text: &str) -> Result<(), String> {
        let mut parts = text.split('，');
        let title = parts.next().unwrap_or_default();
        let outcome = Outcome::ALL.iter().find(|outcome| outcome.title() == title).ok_or_else(|| format!("no outcome {title}"))?;
        self.expected.outcome = outcome.code().to_owned();
        for part in parts {
            match part.split_once(' ') {
                Some(("下一年级", grade)) => {
                    let number = grade_number(grade).ok_or_else(|| format!("no grade {grade}"))?;
                    self.expected.next_grade = Some(number.to_string());
                }
                Some(("证书", certificate)) => self.expected.certificate = Some(certificate.to_owned()),
                Some(("依据", clauses)) => self.expected.clauses = Some(subjects(clauses).map(str::to_owned).collect()),
                _ => return Err(format!("`{part}` is none of 下一年级, 证书, 依据")),
            }
        }
        Ok(())
    }

    fn judged(&mut self, text: &str) -> Result<(), String> {
        let (date, forms) = match text.split_once('，') {
            None => (text, vec!["exceptions", "daily"]),
            Some((date, "只按例外")) => (date, vec!["exceptions"]),
            Some((date, "只按逐日")) => (date, vec!["daily"]),
            Some((_, other)) => return Err(format!("`{other}` is neither 只按例外 nor 只按逐日")),
        };
        let date = date.parse().map_err(|_| format!("`{date}` is no date"))?;
        match &mut self.watched {
            // What the watch decides in both forms, its own cases say.
            Some(watched) if watched.audited => *watched = Watched { date, forms: vec!["exceptions"], audited: true },
            Some(watched) => *watched = Watched { date, forms, audited: false },
            None => return Err(format!("the file says neither {OF_THE_WATCH} nor {OF_THE_AUDIT}")),
        }
        Ok(())
    }

    fn change(&mut self, name: &str, text: &str) -> Result<(), String> {
        let (verb, table) = match name.strip_prefix('无').or_else(|| name.strip_prefix('另')) {
            Some(table) => (name.chars().next().unwrap_or_default(), table),
            None => ('有', name),
        };
        let (table, columns) = TABLES.into_iter().find(|(own, _)| *own == table).ok_or_else(|| format!("no table {table}"))?;
        let given = cells(text, table, columns)?;
        let rows = self.rows.entry(table).or_default();
        match verb {
            '无' => {
                let before = rows.len();
                for given in by_subject(given) {
                    rows.retain(|row| !given.iter().all(|(column, value)| row.get(column) == Some(value)));
                }
                if rows.len() == before {
                    return Err(format!("the ordinary student has no such row of {table}"));
                }
            }
            '另' => {
                let first = rows.first().cloned().unwrap_or_default();
                let base = if table == "学籍名册" { first } else { Row::new() };
                rows.extend(by_subject(given).into_iter().map(|given| Row::from_iter(base.clone().into_iter().chain(given))));
            }
            _ if table == "学籍名册" => {
                let birth = given.get("出生日期").filter(|birth| birth.len() == 10).map(|birth| birth.replace('-', ""));
                for row in rows {
                    row.extend(given.clone());
                    // The number in the id goes by the birth date, so that nothing contradicts it.
                    if let (Some(birth), None, Some(id)) = (&birth, given.get("全国学籍号"), row.get("全国学籍号")) {
                        let number: usize = id[15..18].parse::<usize>().map_err(|error| error.to_string())? - 1;
                        let id = format!("G{}", document(birth, number));
                        row.insert("全国学籍号".to_owned(), id);
                    }
                }
            }
            _ => {
                for given in by_subject(given) {
                    let given = if table == "学期注册" && !given.contains_key("学期") {
                        Row::from_iter(given.into_iter().chain([("学期".to_owned(), "1".to_owned())]))
                    } else {
                        given
                    };
                    let given = if columns.contains(&"学年") && !given.contains_key("学年") && !key(table).is_empty() {
                        Row::from_iter(given.into_iter().chain([("学年".to_owned(), YEAR.to_owned())]))
                    } else {
                        given
                    };
                    let keys = key(table);
                    let same = |row: &&mut Row| !keys.is_empty() && keys.iter().all(|column| row.get(*column) == given.get(*column));
                    match rows.iter_mut().find(same) {
                        Some(row) => row.extend(given),
                        None => rows.push(given),
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads all case files; what can't be understood is a fault with its line.
fn read_cases() -> (Vec<Case>, Vec<String>) {
    let folder = package().join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name != "README.md"));
    paths.sort();
    let (mut cases, mut faults): (Vec<Case>, Vec<String>) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a case file");
        let (mut open, mut grade) = (false, None);
        let is_audit = text.lines().any(|line| line == OF_THE_AUDIT);
        let is_watch = is_audit || text.lines().any(|line| line == OF_THE_WATCH);
        for (line, number) in text.lines().zip(1..) {
            let at = format!("{name}:{number}");
            if let Some(title) = line.strip_prefix("## ") {
                grade = title.split_whitespace().next().and_then(grade_number);
                open = false;
            } else if let Some(title) = line.strip_prefix("### ") {
                let Some(grade) = grade else {
                    faults.push(format!("{at}: no grade above"));
                    continue;
                };
                let mut rows = match (is_audit, is_watch) {
                    (true, _) => filed(),
                    (_, true) => registered(),
                    _ => ordinary(grade),
                };
                rows.insert("学籍名册", vec![roster(cases.len(), grade)]);
                let watched = is_watch.then(|| Watched { date: NaiveDate::MIN, forms: Vec::new(), audited: is_audit });
                let (number, title) = (cases.len(), title.to_owned());
                cases.push(Case { number, at, title, rows, expected: Expected::default(), watched });
                open = true;
            } else if let Some(item) = line.strip_prefix("- ") {
                let (name, text) = item.split_once('：').unwrap_or((item, ""));
                match cases.last_mut().filter(|_| open) {
                    Some(case) => faults.extend(case.take(name.trim(), text.trim()).err().map(|fault| format!("{at}: {fault}"))),
                    None => faults.push(format!("{at}: belongs to no case")),
                }
            }
        }
    }
    let is_undated = |case: &&Case| case.watched.as_ref().is_some_and(|watched| watched.forms.is_empty());
    faults.extend(cases.iter().filter(is_undated).map(|case| format!("{}: no 判定", case.at)));
    faults.extend(cases.iter().filter(|case| case.expected.outcome.is_empty()).map(|case| format!("{}: expects nothing", case.at)));
    (cases, faults)
}

/// The attendance of a case in a form: its own rows and, where each day has one, 出勤 on every other day, but for those that it takes
/// away; and the school's report of it up to the day judged.
fn attended(case: &Case, calendar: &Calendar, watched: &Watched, form: &str) -> BTreeMap<&'static str, Vec<Row>> {
    let mut rows = case.rows.clone();
    let own = rows.remove("考勤").unwrap_or_default();
    let taken = |row: &Row| row.get("考勤").is_some_and(|kind| kind == "无");
    let mut own: Vec<Row> = own.into_iter().flat_map(|row| by_day(calendar, row)).collect();
    if form == "daily" {
        // A range says so much of each of its days.
        let of_range = |row: Row| match (row.get("开始日期"), row.get("结束日期")) {
            (Some(first), Some(last)) => {
                let span = format!("{first}..{last}");
                let mut row = row.clone();
                row.retain(|column, _| column != "开始日期" && column != "结束日期");
                row.insert("日期".to_owned(), span);
                by_day(calendar, row)
            }
            _ => vec![row],
        };
        own = own.into_iter().flat_map(of_range).collect();
        let said: BTreeSet<String> = own.iter().filter_map(|row| row.get("日期").cloned()).collect();
        let term = calendar.term_begun(watched.date, 1).expect("a term");
        let silent = term.days.iter().filter(|day| **day <= watched.date && !said.contains(&day.to_string()));
        own.extend(silent.map(|day| row(&[("日期", &day.to_string()), ("考勤", "出勤")])));
    }
    own.retain(|row| !taken(row));
    let reports = rows.entry("考勤上报").or_default();
    match reports.iter().any(|row| row.get("截止日期").is_some_and(|date| date == "无")) {
        true => reports.clear(),
        false if reports.is_empty() => reports.push(row(&[("截止日期", &watched.date.to_string())])),
        false => {}
    }
    rows.insert("考勤", own);
    rows
}

/// The cohort of some cases with their rows, as canonical CSV files.
fn files(cases: &[(&Case, BTreeMap<&'static str, Vec<Row>>)]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (table, columns) in TABLES {
        let mut text = columns.join(",") + "\n";
        for (case, rows) in cases {
            let own = &case.rows["学籍名册"][0];
            for row in rows.get(table).into_iter().flatten() {
                let is_own = |column: &str| {
                    matches!(column, "全国学籍号" | "学校代码")
                        || table == "学校名录" && matches!(column, "学校名称" | "区")
                        || table == "在读花名册" && matches!(column, "年级" | "班级" | "姓名" | "性别")
                };
                let cell = |column: &&str| match row.get(*column) {
                    Some(value) if value == OWN_SCHOOL => own.get("学校代码").cloned().unwrap_or_default(),
                    Some(value) => value.clone(),
                    None if is_own(column) => own.get(*column).cloned().unwrap_or_default(),
                    None => String::new(),
                };
                let _ = writeln!(text, "{}", columns.iter().map(cell).collect::<Vec<_>>().join(","));
            }
        }
        files.push((format!("{table}.csv"), text));
    }
    files
}

fn differences(case: &Case, decision: &BTreeMap<String, String>, findings: &Rows) -> Vec<String> {
    let expected = &case.expected;
    let mut differences = Vec::new();
    let mut compare = |what: &str, expected: &str, found: &str| {
        if expected != found {
            differences.push(format!("{what}: expected `{expected}`, found `{found}`"));
        }
    };
    let own = |column: &str| decision.get(column).map_or("", String::as_str);
    compare("结论", &expected.outcome, own("outcome"));
    compare("下一年级", expected.next_grade.as_deref().unwrap_or_default(), own("next_grade"));
    compare("证书", expected.certificate.as_deref().unwrap_or_default(), own("certificate"));
    compare("缺少", &expected.missing, own("missing"));
    if let Some(days) = &expected.days_to_threshold {
        compare("距期限", if days == "无" { "" } else { days }, own("days_to_threshold"));
    }
    if let Some(day) = &expected.judged_on {
        compare("判定到", day, own("judged_on"));
    }
    if let Some(failing) = &expected.failing {
        compare("不合格科目", if failing == "无" { "" } else { failing }, own("failing_subjects"));
    }
    let joined = |words: &BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(";");
    if let Some(clauses) = &expected.clauses {
        let found: BTreeSet<String> = own("clauses").split(';').map(str::to_owned).collect();
        compare("依据", &joined(clauses), &joined(&found));
    }
    let (key, school) = (own("student_key"), own("school_code"));
    let is_own = |finding: &&BTreeMap<String, String>| match finding.get("student_key") {
        Some(own) => own == key,
        // What is said of the school of a case is said of the case.
        None => finding.get("school_code").is_some_and(|own| own == school),
    };
    let raised = findings.iter().filter(is_own);
    // Whom a case's numbers and names remind of is another file's subject.
    let counts = |code: &String| {
        let is_matched = case.at.starts_with(MATCHING) && code.starts_with('R');
        expected.findings.contains(code) || code.starts_with('F') || code == OF_THE_LAW || is_matched
    };
    let raised = raised.map(|finding| finding["code"].clone()).filter(counts);
    compare("问题", &joined(&expected.findings), &joined(&raised.collect()));
    differences
}

/// What is wrong with the decisions of some cases, given by their numbers.
fn faults(cases: &[(usize, &Case)], folder: &std::path::Path, note: &str) -> Vec<String> {
    let decisions = rows(&folder.join("decisions.parquet"));
    let findings = rows(&folder.join("findings.parquet"));
    let mut faults = Vec::new();
    for (number, case) in cases {
        let school = format!("{:010}", 3_101_000_000_usize + number);
        let is_own = |decision: &&BTreeMap<String, String>| {
            decision.get("school_code") == Some(&school) && decision.get("name").is_none_or(|name| name != "同学")
        };
        match decisions.iter().find(is_own) {
            Some(decision) => {
                let found = differences(case, decision, &findings);
                faults.extend(found.iter().map(|difference| format!("{}{note} {}: {difference}", case.at, case.title)));
            }
            None => faults.push(format!("{} {}: no decision", case.at, case.title)),
        }
    }
    faults
}

fn write_cases(folder: &std::path::Path, cases: &[(&Case, BTreeMap<&'static str, Vec<Row>>)]) {
    let files = files(cases);
    let files: Vec<(&str, &String)> = files.iter().map(|(name, text)| (name.as_str(), text)).collect();
    write_files(folder, &files);
}

#[test]
fn every_case_is_decided_as_it_says() {
    let (cases, mut wrong) = read_cases();
    let scratch = scratch();
    let of_term_end: Vec<(usize, &Case)> = cases.iter().enumerate().filter(|(_, case)| case.watched.is_none()).collect();
    let written: Vec<_> = of_term_end.iter().map(|(_, case)| (*case, case.rows.clone())).collect();
    write_cases(&scratch.path().join("in"), &written);
    let published = try_run(&scratch.path().join("in"), &scratch.path().join("out")).expect("a run");
    wrong.extend(faults(&of_term_end, &published.folder, ""));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(of_term_end.len() > 150, "{} cases", of_term_end.len());
}

#[test]
fn every_case_of_the_watch_is_decided_as_it_says() {
    let (cases, mut wrong) = read_cases();
    let calendar = watch_calendar();
    // By date, form of attendance, and whether it is the audit's.
    type Runs<'c> = BTreeMap<(NaiveDate, &'c str, bool), Vec<(usize, &'c Case)>>;
    let mut runs = Runs::new();
    for (number, case) in cases.iter().enumerate() {
        let Some(watched) = &case.watched else { continue };
        for form in &watched.forms {
            runs.entry((watched.date, form, watched.audited)).or_default().push((number, case));
        }
    }
    for ((date, form, audited), cases) in &runs {
        let scratch = scratch();
        let attended = |(_, case): &(usize, &'_ Case)| {
            let watched = case.watched.clone().unwrap_or(Watched { date: *date, forms: Vec::new(), audited: *audited });
            let mut rows = attended(case, &calendar, &watched, form);
            let term = calendar.term_begun(*date, 1).expect("a term");
            // Who says nothing of it was checked on the term's first day.
            for own in rows.entry("学籍名册").or_default() {
                own.entry("信息核对日期".to_owned()).or_insert_with(|| term.first.to_string());
            }
            rows
        };
        let written: Vec<_> = cases.iter().map(|own| (own.1, attended(own))).collect();
        write_cases(&scratch.path().join("in"), &written);
        let attendance = if *form == "daily" { Attendance::Daily } else { Attendance::Exceptions };
        let (input, out) = (scratch.path().join("in"), scratch.path().join("out"));
        let run = if *audited { audit_on } else { watch_on };
        let published = run(&input, &out, *date, attendance).expect("a run");
        wrong.extend(faults(cases, &published.folder, &format!(" ({date}, {form})")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(runs.values().map(Vec::len).sum::<usize>() > 150, "{} runs", runs.len());
}

#[test]
fn every_clause_and_finding_has_cases_for_and_against() {
    let (cases, _) = read_cases();
    let mut lacking = Vec::new();
    for rule in RULES {
        // The clause decides, or is what the case is about.
        let is_for = |case: &&Case| {
            let decides = case.expected.clauses.as_ref().is_some_and(|clauses| clauses.contains(rule.clause));
            decides || case.title.contains(&format!("[{}]", rule.clause))
        };
        let is_against = |case: &&Case| case.title.contains(&format!("[非{}]", rule.clause));
        if !cases.iter().any(|case| is_for(&case)) {
            lacking.push(format!("{}: no case for", rule.clause));
        }
        if !cases.iter().any(|case| is_against(&case)) {
            lacking.push(format!("{}: no case against", rule.clause));
        }
        for code in rule.findings {
            if !cases.iter().any(|case| case.expected.findings.contains(*code)) {
                lacking.push(format!("{code}: expected by no case"));
            }
        }
    }
    assert!(lacking.is_empty(), "\n{}", lacking.join("\n"));
}
