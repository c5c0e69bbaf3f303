//! A district's page: its schools in a table, the cases of two schools, who has not sent what.

use askama::Template;
use law::regulation::rule::Outcome;

use super::Head;
use super::chart::{Bar, Chart};
use super::school::to_act_on;
use super::sums::{Line, WORKBOOKS, district_folder, path_of};
use super::table::{Cell, Column, Table, columns};
use crate::report::mask;
use crate::report::schools::OwnFinding;
use crate::report::text::{link, shown, shown_name};
use crate::report::words;

/// The most schools of a table, of a chart, and the most cases of two schools.
const MOST_SCHOOLS: usize = 600;
const MOST_BARS: usize = 60;
const MOST_CASES: usize = 200;

#[derive(Template)]
#[template(path = "district.html")]
struct Page<'a> {
    head: &'a Head,
    title: String,
    schools_number: usize,
    students: u64,
    to_act_on: u64,
    open_errors: u64,
    open_queries: u64,
    workbook: String,
    schools: String,
    chart: Option<String>,
    cases: Option<String>,
    not_sent: Option<String>,
}

/// A case that two schools can't settle without the district.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its place among the findings of its school, and the school's place.
    pub order: (usize, usize),
    /// The id of the finding: both schools tell of it.
    pub finding_id: String,
    severity: &'static str,
    code: String,
    name: String,
    id: String,
    schools: [String; 2],
    message: String,
}

impl Case {
    /// The case of a finding.
    pub fn of(finding: &OwnFinding, order: (usize, usize)) -> Self {
        let row = &finding.row;
        Self {
            order,
            finding_id: row.finding.finding_id.clone(),
            severity: words::severity(&row.finding.severity),
            code: row.finding.code.clone(),
            name: shown_name(&row.name),
            id: mask::student_key(&row.student_key),
            schools: [shown_name(&row.school_code), shown_name(&row.other_school_code)],
            message: shown(&row.finding.message),
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let [own, other] = self.schools.clone();
        [self.severity.to_owned(), self.code.clone(), self.name.clone(), self.id.clone(), own, other, self.message.clone()]
            .map(Cell::text)
            .into()
    }
}

/// The page of a district with its schools, in their order.
///
/// # Errors
/// The template can't be filled in.
pub fn page(district: &str, lines: &[&Line], cases: &[Case], head: &Head) -> Result<String, askama::Error> {
    let outcomes = to_act_on(head.outcomes);
    let of_schools = |of: &dyn Fn(&Line) -> u64| lines.iter().map(|line| of(line)).sum::<u64>();
    let acted = |line: &Line| outcomes.iter().map(|outcome| line.of_outcome(*outcome)).sum();
    let page = Page {
        head,
        title: head.district_title(district),
        schools_number: lines.len(),
        students: of_schools(&|line| line.students),
        to_act_on: of_schools(&acted),
        open_errors: of_schools(&|line| line.listed_errors),
        open_queries: of_schools(&|line| line.listed_queries),
        workbook: format!("../../{}", link(&format!("{WORKBOOKS}/{}/_district.xlsx", district_folder(district)))),
        schools: schools(lines, &outcomes).render()?,
        chart: chart(lines, &outcomes).map(|chart| chart.render()).transpose()?,
        cases: case_table(cases).map(|table| table.render()).transpose()?,
        not_sent: not_sent(lines).map(|table| table.render()).transpose()?,
    };
    page.render()
}

/// The link from the district's page to a school's.
fn to_school(line: &Line) -> String {
    format!("../../{}", line.link)
}

fn schools(lines: &[&Line], outcomes: &[Outcome]) -> Table {
    let numbers = ["学生"].into_iter().chain(outcomes.iter().map(|outcome| outcome.title())).chain([
        "未了结的必须整改",
        "未了结的需要说明",
        "已说明",
    ]);
    let mut columns = columns(&["学校", "学校代码"], numbers);
    columns.push(Column { title: "工作簿".into(), is_number: false });
    let row = |line: &&Line| {
        let mut row = vec![Cell::link(&line.title, to_school(line)), Cell::text(shown_name(&line.code)), Cell::number(line.students)];
        row.extend(outcomes.iter().map(|outcome| Cell::number(line.of_outcome(*outcome))));
        row.extend([line.open_errors, line.open_queries, line.answered].map(Cell::number));
        row.push(Cell::link("打开", format!("../../{}", link(&path_of(WORKBOOKS, &line.district, &line.code, "xlsx")))));
        row
    };
    let rows: Vec<Vec<Cell>> = lines.iter().take(MOST_SCHOOLS).map(row).collect();
    let caption = "每所学校的学生、要办的结论和问题件数；两校的问题，两校都算".to_owned();
    Table { caption, columns, more: more(lines.len(), MOST_SCHOOLS, "所"), rows, is_filtered: true }
}

/// What is said of rows that have no room.
pub(super) fn more(number: usize, most: usize, unit: &str) -> String {
    if number > most {
        format!("此处列到第 {most} {unit}，另有 {} {unit}，见 summary.xlsx。", number - most)
    } else {
        String::new()
    }
}

fn chart(lines: &[&Line], outcomes: &[Outcome]) -> Option<Chart> {
    let bar = |line: &&Line| Bar {
        label: line.title.clone(),
        parts: outcomes.iter().map(|outcome| line.of_outcome(*outcome)).collect(),
        of: Some(line.students),
    };
    let is_some = |line: &&&Line| outcomes.iter().any(|outcome| line.of_outcome(*outcome) > 0);
    let bars: Vec<Bar> = lines.iter().filter(is_some).take(MOST_BARS + 1).map(bar).collect();
    if bars.len() > MOST_BARS {
        return None;
    }
    let series = outcomes.iter().map(|outcome| outcome.title().to_owned()).collect();
    Chart::of("各校每千名学生中有多少名要办（按学校代码排列，不排名次）", series, bars)
}

fn case_table(cases: &[Case]) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = cases.iter().take(MOST_CASES).map(Case::cells).collect();
    let columns = columns(&["严重程度", "代码", "姓名", "学籍号（已遮盖）", "学校", "另一学校", "问题和办法"], []);
    let caption = format!("共 {} 件", cases.len());
    (!rows.is_empty()).then(|| Table { caption, columns, rows, more: more(cases.len(), MOST_CASES, "件"), is_filtered: false })
}

fn not_sent(lines: &[&Line]) -> Option<Table> {
    let lacking: Vec<&&Line> = lines.iter().filter(|line| !line.not_sent.is_empty()).collect();
    let row = |line: &&&Line| {
        vec![Cell::link(&line.title, to_school(line)), Cell::text(shown_name(&line.code)), Cell::alarm(line.not_sent.join("、"))]
    };
    let rows: Vec<Vec<Cell>> = lacking.iter().take(MOST_SCHOOLS).map(row).collect();
    let columns = columns(&["学校", "学校代码", "未报的表"], []);
    let caption = "没有这些表，有的学生不能下结论".to_owned();
    (!rows.is_empty()).then(|| Table { caption, columns, rows, more: more(lacking.len(), MOST_SCHOOLS, "所"), is_filtered: false })
}
