//! A school's page: its students of whom something is to be done, by what is to be done, each with its reasons; its findings by code; what it has
//! sent.

use askama::Template;
use law::regulation::findings::find;
use law::regulation::rule::Outcome;

use super::Head;
use super::sums::{Line, WORKBOOKS, path_of};
use crate::report::documents::Document;
use crate::report::mask;
use crate::report::reasons::{Told, reasons, table};
use crate::report::schools::{OwnFinding, School, Student};
use crate::report::text::{link, shown, shown_name};
use crate::report::words;

/// Bytes of the students on a page, and of students and findings together: the rest stands in the school's workbook.
const ROOM_OF_STUDENTS: usize = 250_000;
const ROOM: usize = 440_000;

#[derive(Template)]
#[template(path = "school.html")]
struct Page<'a> {
    head: &'a Head,
    title: String,
    district: String,
    code: String,
    students: usize,
    to_act_on: usize,
    open_errors: u64,
    open_queries: u64,
    workbook: String,
    to_do: Vec<ToDo>,
    outcomes: Vec<(&'static str, u64)>,
    groups: Vec<Group>,
    findings: Vec<FindingGroup>,
    sent: Vec<SentRow>,
    documents: Vec<DocumentLink>,
}

/// A document of the school.
struct DocumentLink {
    title: &'static str,
    students: usize,
    link: String,
}

/// Something to be done, at the top of the page.
struct ToDo {
    anchor: String,
    title: String,
    number: usize,
    unit: &'static str,
    words: &'static str,
}

/// Students of one outcome.
struct Group {
    anchor: &'static str,
    title: &'static str,
    words: &'static str,
    number: usize,
    items: Vec<String>,
    more: usize,
}

/// Findings of one code.
struct FindingGroup {
    anchor: String,
    severity: &'static str,
    class: &'static str,
    code: String,
    wrong: &'static str,
    mend: &'static str,
    clause: String,
    number: usize,
    open: usize,
    items: Vec<String>,
    more: usize,
}

struct SentRow {
    table: String,
    expected: i64,
    with_rows: i64,
    is_missing: bool,
    words: &'static str,
}

#[derive(Template)]
#[template(path = "student.html")]
struct StudentItem {
    name: String,
    id: String,
    grade: &'static str,
    class: String,
    outcome: &'static str,
    days: String,
    why: String,
    send: Vec<String>,
    changes: Vec<String>,
    clauses: Vec<ClauseItem>,
    own_rows: Vec<String>,
}

struct ClauseItem {
    title: String,
    conditions: Vec<String>,
    rows: Vec<String>,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingItem {
    name: String,
    id: String,
    place: String,
    found: String,
    expected: String,
    notes: Vec<String>,
}

/// The page of a school.
///
/// # Errors
/// The template can't be filled in.
pub fn page(school: &School, line: &Line, documents: &[Document], head: &Head) -> Result<String, askama::Error> {
    let mut room = Room { left: ROOM_OF_STUDENTS };
    let mut groups = Vec::new();
    for &outcome in head.outcomes.iter().filter(|outcome| !words::to_do(**outcome).is_empty()) {
        let students: Vec<&Student> = school.students.iter().filter(|student| student.outcome == outcome).collect();
        if students.is_empty() {
            continue;
        }
        let mut items = Vec::new();
        for student in &students {
            let item = student_item(student).render()?;
            if !room.take(item.len()) {
                break;
            }
            items.push(item);
        }
        let (number, more) = (students.len(), students.len() - items.len());
        groups.push(Group { anchor: outcome.code(), title: outcome.title(), words: words::to_do(outcome), number, items, more });
    }
    room.left += ROOM - ROOM_OF_STUDENTS;
    let findings = finding_groups(&school.findings, &mut room)?;
    let to_act_on = groups.iter().map(|group| group.number).sum();
    let sent = school.sent.iter().map(|sent| SentRow {
        table: table(&sent.table).to_owned(),
        expected: sent.students_expected,
        with_rows: sent.students_with_rows,
        is_missing: sent.students_expected > 0 && sent.students_with_rows == 0,
        words: if sent.students_with_rows > 0 { "已报" } else { "没有记录" },
    });
    let page = Page {
        head,
        title: shown_name(school.title()),
        district: head.district_title(&school.district),
        code: shown_name(&school.code),
        students: school.students.len(),
        to_act_on,
        open_errors: line.open_errors,
        open_queries: line.open_queries,
        workbook: format!("../../{}", link(&path_of(WORKBOOKS, &school.district, &school.code, "xlsx"))),
        to_do: to_do(&groups, &findings),
        outcomes: head
            .outcomes
            .iter()
            .map(|outcome| (outcome.title(), line.of_outcome(*outcome)))
            .filter(|(_, number)| *number > 0)
            .collect(),
        groups,
        findings,
        sent: sent.collect(),
        documents: documents
            .iter()
            .map(|own| DocumentLink {
                title: own.title,
                students: own.students,
                link: format!("../../{}", link(&own.path(&school.district, &school.code))),
            })
            .collect(),
    };
    page.render()
}

/// Room on a page, in bytes.
struct Room {
    left: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.left;
        self.left = if fits { self.left - bytes } else { 0 };
        fits
    }
}

fn to_do(groups: &[Group], findings: &[FindingGroup]) -> Vec<ToDo> {
    let students = groups.iter().map(|group| ToDo {
        anchor: group.anchor.to_owned(),
        title: group.title.to_owned(),
        number: group.number,
        unit: " 名",
        words: group.words,
    });
    let asks = findings.iter().filter(|group| group.open > 0 && !group.class.is_empty());
    let findings = asks.map(|group| ToDo {
        anchor: group.anchor.clone(),
        title: format!("{} {}", group.severity, group.code),
        number: group.open,
        unit: " 处",
        words: group.wrong,
    });
    students.chain(findings).collect()
}

fn student_item(student: &Student) -> StudentItem {
    let (mut send, mut why, mut told) = (Vec::new(), String::new(), None);
    if let Some(own) = &student.why {
        send = own.missing.iter().map(|fact| words::to_send(fact)).collect();
        let clauses: Vec<String> = student.clauses.split('、').map(str::to_owned).collect();
        let reasons = reasons(&own.steps, &own.evidence);
        why = words::in_short(student.outcome, &clauses, own).unwrap_or_else(|| {
            let mut conditions = reasons.clauses.iter().flat_map(|clause| &clause.conditions);
            conditions
                .find(|condition| condition.holds == Some(false))
                .map(|condition| format!("不成立：{}", condition.text))
                .unwrap_or_default()
        });
        told = Some(reasons);
    }
    let (clauses, own_rows, changes) = told.map_or_else(Default::default, |told| (told.clauses, told.own_rows, told.changes));
    let shown_all = |texts: Vec<String>| texts.iter().map(|text| shown(text)).collect::<Vec<_>>();
    let clause = |told: Told| ClauseItem {
        title: told.title.clone(),
        conditions: told.conditions.iter().map(|condition| format!("{} {}", condition.mark(), shown(&condition.text))).collect(),
        rows: shown_all(told.rows),
    };
    StudentItem {
        name: shown_name(&student.name),
        id: mask::student_key(&student.student_key),
        grade: student.grade_title(),
        class: shown_name(&words::class(&student.class)),
        outcome: student.outcome.title(),
        days: match student.days_to_threshold {
            Some(0) => "已达到期限".to_owned(),
            Some(days) => format!("离最近的期限还有 {days} 个上课日"),
            None => String::new(),
        },
        why: shown(&why),
        send: shown_all(send),
        changes: shown_all(changes),
        clauses: clauses.into_iter().map(clause).collect(),
        own_rows: shown_all(own_rows),
    }
}

/// The findings by code: those that have to be mended first, then those to be explained, then the others.
fn finding_groups(findings: &[OwnFinding], room: &mut Room) -> Result<Vec<FindingGroup>, askama::Error> {
    // A code may be graver of one student than of another.
    let mut codes: Vec<(&str, &str)> = Vec::new();
    for (severity, _) in words::SEVERITIES {
        for own in findings.iter().filter(|own| own.row.finding.severity == severity) {
            if !codes.contains(&(severity, own.row.finding.code.as_str())) {
                codes.push((severity, &own.row.finding.code));
            }
        }
    }
    let mut groups = Vec::new();
    for (severity, code) in codes {
        let is_own = |own: &&OwnFinding| own.row.finding.code == code && own.row.finding.severity == severity;
        let own: Vec<&OwnFinding> = findings.iter().filter(is_own).collect();
        let Some(first) = own.first() else { continue };
        let mut items = Vec::new();
        for finding in &own {
            let item = finding_item(finding).render()?;
            if !room.take(item.len()) {
                break;
            }
            items.push(item);
        }
        groups.push(FindingGroup {
            anchor: format!("{code}-{severity}"),
            severity: words::severity(severity),
            class: match severity {
                "error" => "error",
                "query" => "query",
                _ => "",
            },
            code: code.to_owned(),
            wrong: find(code).map_or("", |entry| entry.wrong),
            mend: find(code).map_or("", |entry| entry.mend),
            clause: first.row.clause.clone(),
            number: own.len(),
            open: own.iter().filter(|finding| finding.is_open()).count(),
            more: own.len() - items.len(),
            items,
        });
    }
    Ok(groups)
}

fn finding_item(finding: &OwnFinding) -> FindingItem {
    let row = &finding.row;
    let mut notes = Vec::new();
    if !row.other_school_code.is_empty() {
        notes.push(format!("牵涉学校 {} 和 {}，由区里协调", shown_name(&row.school_code), shown_name(&row.other_school_code)));
    }
    if row.count > 1 {
        notes.push(format!("共 {} 处", row.count));
    }
    if let Some(effect) = &row.finding.effect {
        notes.push(format!("查实后{}：{}", shown_name(&effect.name), effect.change()));
    }
    if let Some(life) = &finding.life {
        notes.push(life.change.title().to_owned());
        notes.extend(life.review.map(|reply| format!("已答复：{}", reply.word())));
    }
    FindingItem {
        name: shown_name(&row.name),
        id: mask::student_key(&row.student_key),
        place: shown(&row.place()),
        found: shown(&row.finding.found),
        expected: shown(&row.finding.expected),
        notes,
    }
}

/// The outcomes of which a school has something to do, in the order of a procedure's.
pub fn to_act_on(outcomes: &[Outcome]) -> Vec<Outcome> {
    outcomes.iter().copied().filter(|outcome| !words::to_do(*outcome).is_empty()).collect()
}
