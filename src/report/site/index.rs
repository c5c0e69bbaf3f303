//! The first page: the whole run at a glance, each picture with its table, and the way to districts, schools and students.

use std::collections::BTreeMap;

use askama::Template;
use law::regulation::findings::find;
use law::regulation::rule::Outcome;

use super::Head;
use super::chart::{Bar, Chart};
use super::district::more;
use super::school::to_act_on;
use super::sums::{Counts, Line, PAGES, Sums, district_folder};
use super::table::{Cell, Table, columns};
use crate::reconcile::life::Change;
use crate::report::history;
use crate::report::manifest::Manifest;
use crate::report::queries::{QueryError, count};
use crate::report::read::{FindingRow, Run};
use crate::report::reasons;
use crate::report::summary::first_to_do;
use crate::report::text::{link, number, shown, shown_name};
use crate::report::words::{self, NO_GRADE, SEVERITIES, STAGES};

/// The most districts and the most findings that belong to no school.
const MOST_DISTRICTS: usize = 60;
/// See [`MOST_DISTRICTS`].
pub(super) const MOST_OF_NO_SCHOOL: usize = 100;
/// School days of a bar of the picture of days left, and the last bar's first day.
const DAYS_A_BAR: i16 = 5;
const DAYS_LAST: i16 = 31;

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    head: &'a Head,
    inputs: usize,
    tiles: Vec<Tile>,
    first: Vec<String>,
    shards: usize,
    sections: Vec<Section>,
}

struct Tile {
    number: String,
    title: String,
    class: &'static str,
}

/// A part of the page.
#[derive(Default)]
struct Section {
    title: &'static str,
    notes: Vec<String>,
    parts: Vec<String>,
    folded: Vec<(String, String)>,
}

/// What the page is made of.
pub struct Facts<'a> {
    /// The run.
    pub manifest: &'a Manifest,
    /// Runs of the pipeline before it, the oldest first.
    pub earlier: &'a [Manifest],
    /// The schools, in their order.
    pub lines: &'a [Line],
    /// The sums over all students.
    pub sums: &'a Sums,
    /// The findings by code.
    pub codes: Vec<CodeSum>,
    /// Findings that belong to no school, and how many more there are.
    pub of_no_school: (Vec<FindingRow>, usize),
    /// The number of files of names.
    pub shards: usize,
}

/// The findings of one code, severity and clause.
pub struct CodeSum {
    code: String,
    severity: String,
    clause: String,
    number: u64,
    open: u64,
}

impl CodeSum {
    /// Those of a run.
    ///
    /// # Errors
    /// It can't be read.
    pub fn of(run: &Run) -> Result<Vec<Self>, QueryError> {
        let mut open: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (words, number) in count(&run.folder.join(history::FILE), &["code", "severity", "change", "review"])? {
            if let [code, severity, change, review] = words.as_slice()
                && change != Change::Gone.code()
                && review.is_empty()
            {
                *open.entry((code.clone(), severity.clone())).or_default() += number;
            }
        }
        let counted = count(&run.folder.join("findings.parquet"), &["code", "severity", "clause"])?;
        let sums = counted.into_iter().filter_map(|(words, number)| match <[String; 3]>::try_from(words) {
            Ok([code, severity, clause]) => {
                let open = open.remove(&(code.clone(), severity.clone())).unwrap_or(0);
                Some(Self { code, severity, clause, number, open })
            }
            Err(_) => None,
        });
        Ok(sums.collect())
    }
}

/// The page.
///
/// # Errors
/// The template can't be filled in.
pub fn page(facts: &Facts<'_>, head: &Head) -> Result<String, askama::Error> {
    let manifest = facts.manifest;
    let outcomes = to_act_on(head.outcomes);
    let of = |counts: &BTreeMap<String, u64>, key: &str| counts.get(key).copied().unwrap_or(0);
    let acted: u64 = outcomes.iter().map(|outcome| of(&manifest.outcomes, outcome.code())).sum();
    let tile = |number_of: u64, title: &str, class| Tile { number: number(number_of), title: title.to_owned(), class };
    let tiles = vec![
        tile(manifest.students, "学生", ""),
        tile(facts.lines.iter().filter(|line| line.students > 0).count() as u64, "学校", ""),
        tile(acted, "要办的学生", ""),
        tile(of(&manifest.open_findings_by_severity, "error"), "未了结的必须整改", "error"),
        tile(of(&manifest.open_findings_by_severity, "query"), "未了结的需要说明", "query"),
    ];
    let mut sections = vec![stages(manifest)?, districts(facts, &outcomes, head)?, grades(facts.sums, &outcomes, head)?];
    if !facts.sums.days_left.is_empty() {
        sections.push(days_left(facts.sums)?);
    }
    sections.push(findings(manifest, &facts.codes)?);
    if !facts.of_no_school.0.is_empty() {
        sections.push(of_no_school(&facts.of_no_school)?);
    }
    if !facts.earlier.is_empty() {
        sections.push(runs(manifest, facts.earlier)?);
    }
    sections.extend([not_sent(facts.lines, head)?, books(manifest)?]);
    let page = Page { head, inputs: manifest.inputs.len(), tiles, first: first_to_do(manifest), shards: facts.shards, sections };
    page.render()
}

fn rendered(parts: impl IntoIterator<Item = Result<String, askama::Error>>) -> Result<Vec<String>, askama::Error> {
    parts.into_iter().collect()
}

fn stages(manifest: &Manifest) -> Result<Section, askama::Error> {
    let stages: Vec<(&str, &str)> = STAGES.into_iter().filter(|(stage, _)| manifest.outcomes_by_stage.contains_key(*stage)).collect();
    let mut rows = Vec::new();
    for outcome in manifest.outcomes_known() {
        let Some(total) = manifest.outcomes.get(outcome.code()) else { continue };
        let of = |stage: &str| manifest.outcomes_by_stage.get(stage).and_then(|own| own.get(outcome.code())).copied().unwrap_or(0);
        let mut row = vec![Cell::text(outcome.title())];
        row.extend(stages.iter().map(|(stage, _)| Cell::number(of(stage))));
        row.push(Cell::number(*total));
        rows.push(row);
    }
    let columns = columns(&["结论"], stages.iter().map(|(_, title)| *title).chain(["合计"]));
    let table = Table { caption: "各学段各种结论的学生人数".into(), columns, rows, ..Table::default() };
    Ok(Section { title: "学段和结论", parts: vec![table.render()?], ..Section::default() })
}

/// A chart of what is to be acted on, in shares, with the table of all outcomes.
fn by_outcome(
    what: &str,
    rows: Vec<(Cell, String, Counts)>,
    outcomes: &[Outcome],
    known: &[Outcome],
    further: impl Fn(usize) -> Vec<Cell>,
    titles: &[&str],
) -> Result<Vec<String>, askama::Error> {
    let of = |counts: &Counts, outcome: &Outcome| counts.get(outcome.code()).copied().unwrap_or(0);
    let series: Vec<String> = outcomes.iter().map(|outcome| outcome.title().to_owned()).collect();
    // Who is of no grade that is known is a case for the table: the few would stand out more than they are.
    let drawn = rows.iter().filter(|(_, label, _)| label != NO_GRADE);
    let bars = drawn.map(|(_, label, counts)| Bar {
        label: label.clone(),
        parts: outcomes.iter().map(|outcome| of(counts, outcome)).collect(),
        of: Some(counts.values().sum()),
    });
    let chart = Chart::of(format!("各{what}每千名学生中有多少名要办"), series, bars.collect());
    // Outcomes that nobody has need no column.
    let shown: Vec<Outcome> = known.iter().copied().filter(|outcome| rows.iter().any(|(_, _, counts)| of(counts, outcome) > 0)).collect();
    let columns = columns(&[what], ["学生"].into_iter().chain(shown.iter().map(|outcome| outcome.title())).chain(titles.iter().copied()));
    let cells = rows.into_iter().enumerate().map(|(place, (name, _, counts))| {
        let mut row = vec![name, Cell::number(counts.values().sum())];
        row.extend(shown.iter().map(|outcome| Cell::number(of(&counts, outcome))));
        row.extend(further(place));
        row
    });
    let table = Table { caption: format!("各{what}各种结论的学生人数"), columns, rows: cells.collect(), ..Table::default() };
    rendered(chart.map(|chart| chart.render()).into_iter().chain([table.render()]))
}

fn districts(facts: &Facts<'_>, outcomes: &[Outcome], head: &Head) -> Result<Section, askama::Error> {
    let mut districts: BTreeMap<&str, (Counts, [u64; 3])> = BTreeMap::new();
    for line in facts.lines {
        let (counts, others) = districts.entry(&line.district).or_default();
        line.outcomes.iter().for_each(|(outcome, number)| *counts.entry(outcome).or_default() += number);
        for (own, more) in others.iter_mut().zip([u64::from(line.students > 0), line.listed_errors, line.listed_queries]) {
            *own += more;
        }
    }
    let all = districts.len();
    let shown: Vec<(&str, (Counts, [u64; 3]))> = districts.into_iter().take(MOST_DISTRICTS).collect();
    let further = |place: usize| shown.get(place).map_or_else(Vec::new, |(_, (_, others))| others.map(Cell::number).into());
    let rows = shown.iter().map(|(district, (counts, _))| {
        let title = head.district_title(district);
        let link = link(&format!("{PAGES}/{}/_district.html", district_folder(district)));
        (Cell::link(&title, link), title, counts.clone())
    });
    let parts = by_outcome("区", rows.collect(), outcomes, head.outcomes, further, &["学校", "未了结的必须整改", "未了结的需要说明"])?;
    let of_no_school = facts.of_no_school.0.len() + facts.of_no_school.1;
    let note = if of_no_school > 0 {
        format!("另有 {of_no_school} 处问题不属于哪一所学校，在下面单列。")
    } else {
        String::new()
    };
    let notes = [more(all, MOST_DISTRICTS, "个区"), note].into_iter().filter(|note| !note.is_empty()).collect();
    Ok(Section { title: "各区", notes, parts, ..Section::default() })
}

fn grades(sums: &Sums, outcomes: &[Outcome], head: &Head) -> Result<Section, askama::Error> {
    let rows = sums.grades.iter().map(|(grade, counts)| {
        let title = words::grade(*grade);
        (Cell::text(title), title.to_owned(), counts.clone())
    });
    let parts = by_outcome("年级", rows.collect(), outcomes, head.outcomes, |_| Vec::new(), &[])?;
    let notes = sums.grades.contains_key(&None).then(|| format!("{NO_GRADE}的只列在表里。")).into_iter().collect();
    Ok(Section { title: "各年级", notes, parts, ..Section::default() })
}

/// Students by the school days of unbroken absence that are left to a threshold.
fn days_left(sums: &Sums) -> Result<Section, askama::Error> {
    let mut bars: BTreeMap<i16, u64> = BTreeMap::new();
    for (&days, &students) in &sums.days_left {
        let first = match days {
            ..=0 => 0,
            DAYS_LAST.. => DAYS_LAST,
            days => (days - 1) / DAYS_A_BAR * DAYS_A_BAR + 1,
        };
        *bars.entry(first).or_default() += students;
    }
    let title = |first: i16| match first {
        0 => "已达到".to_owned(),
        DAYS_LAST => format!("{DAYS_LAST} 天以上"),
        first => format!("{first}–{} 天", first + DAYS_A_BAR - 1),
    };
    // Most students have never been absent and would dwarf all others: the picture leaves out the last bar, the table has it.
    let near = bars.iter().filter(|(first, _)| **first < DAYS_LAST);
    let near = near.map(|(first, students)| Bar { label: title(*first), parts: vec![*students], of: None }).collect();
    let chart = Chart::of("离最近的旷课期限还有几个上课日", vec!["学生".into()], near);
    let rows = bars.iter().map(|(first, students)| vec![Cell::text(title(*first)), Cell::number(*students)]).collect();
    let table = Table {
        caption: "从下一个上课日起连续旷课，几个上课日后到最近的期限".into(),
        columns: columns(&["还有"], ["学生"]),
        rows,
        ..Table::default()
    };
    let note = format!("{DAYS_LAST} 天以上的只列在表里。");
    let parts = rendered(chart.map(|chart| chart.render()).into_iter().chain([table.render()]))?;
    Ok(Section { title: "旷课离期限多远", notes: vec![note], parts, ..Section::default() })
}

/// What an article of findings is called; findings of files have none.
fn article(clause: &str) -> String {
    let digits: String = clause.trim_start_matches('A').chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { "文件和数据".to_owned() } else { format!("第{digits}条") }
}

fn findings(manifest: &Manifest, sums: &[CodeSum]) -> Result<Section, askama::Error> {
    let of = |counts: &BTreeMap<String, u64>, key: &str| counts.get(key).copied().unwrap_or(0);
    let row = |(code, title): (&str, &str)| {
        let (all, open) = (of(&manifest.findings_by_severity, code), of(&manifest.open_findings_by_severity, code));
        vec![Cell::text(title), Cell::number(all), Cell::number(open), Cell::number(all.saturating_sub(open))]
    };
    let rows = SEVERITIES.map(row).into();
    let severities =
        Table {
            caption: "问题件数".into(), columns: columns(&["问题"], ["件数", "未了结", "已说明"]), rows, ..Table::default()
        };
    let mut parts = vec![severities.render()?];
    let mut notes = Vec::new();
    if let Some(against) = &manifest.life.against {
        let rows =
            Change::ALL.map(|change| vec![Cell::text(change.title()), Cell::number(of(&manifest.life.changes, change.code()))]).into();
        let caption = format!("与上次运行 {against} 相比");
        parts.push(Table { caption, columns: columns(&["变化"], ["件数"]), rows, ..Table::default() }.render()?);
        if manifest.life.begins_anew {
            notes.push("上次运行的问题记录读不出来：这次从头记起。".to_owned());
        }
    }
    // By the number of the article, files first; errors, queries, and what is for knowing.
    let mut articles: BTreeMap<(u32, String), [u64; 3]> = BTreeMap::new();
    let mut codes = Vec::new();
    for CodeSum { code, severity, clause, number, open } in sums {
        let title = article(clause);
        let place = title.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        let of_severity = SEVERITIES.iter().position(|(own, _)| own == severity).unwrap_or_default();
        if let Some(own) = articles.entry((place, title)).or_default().get_mut(of_severity) {
            *own += number;
        }
        codes.push(vec![
            Cell::text(code),
            Cell::text(find(code).map_or("", |entry| entry.wrong)),
            Cell::text(words::severity(severity)),
            Cell::text(clause),
            Cell::number(*number),
            Cell::number(*open),
        ]);
    }
    let series: Vec<String> = SEVERITIES.map(|(_, title)| title.to_owned()).into();
    let bars = articles.iter().map(|((_, title), numbers)| Bar { label: title.clone(), parts: numbers.to_vec(), of: None }).collect();
    let chart = Chart::of("各条的问题件数", series, bars);
    let rows = articles.iter().map(|((_, title), numbers)| {
        let mut row = vec![Cell::text(title)];
        row.extend(numbers.map(Cell::number));
        row
    });
    let titles = SEVERITIES.map(|(_, title)| title);
    let by_article =
        Table { caption: "各条的问题件数".into(), columns: columns(&["条"], titles), rows: rows.collect(), ..Table::default() };
    parts.extend(rendered(chart.map(|chart| chart.render()).into_iter().chain([by_article.render()]))?);
    let by_code = Table {
        caption: "各代码的问题件数".into(),
        columns: columns(&["代码", "问题", "严重程度", "条款"], ["件数", "未了结"]),
        rows: codes,
        ..Table::default()
    };
    Ok(Section { title: "问题", notes, parts, folded: vec![("按代码看".to_owned(), by_code.render()?)] })
}

/// The findings that no school can be asked about: what files lack, tables of nobody's.
fn of_no_school((findings, further): &(Vec<FindingRow>, usize)) -> Result<Section, askama::Error> {
    let row = |own: &FindingRow| {
        // What stands in a cell may be a mark: here only where it stands is told.
        [words::severity(&own.finding.severity).to_owned(), own.finding.code.clone(), shown(&own.place()), shown(&own.finding.message)]
            .map(Cell::text)
            .into()
    };
    let rows: Vec<Vec<Cell>> = findings.iter().map(row).collect();
    let number = findings.len() + further;
    let caption = format!("共 {number} 件");
    let columns = columns(&["严重程度", "代码", "在哪里", "问题和办法"], []);
    let more = if *further > 0 {
        format!("此处列到第 {} 件，另有 {further} 件，见 summary.xlsx 的“问题清单”。", findings.len())
    } else {
        String::new()
    };
    let table = Table { caption, columns, rows, more, is_filtered: false };
    Ok(Section {
        title: "不属于哪一所学校的问题",
        notes: vec!["读不出的文件、认不出的表、不知是谁的记录：由区里找报送的人。".to_owned()],
        parts: vec![table.render()?],
        ..Section::default()
    })
}

fn runs(manifest: &Manifest, earlier: &[Manifest]) -> Result<Section, askama::Error> {
    let of = |counts: &BTreeMap<String, u64>, key: &str| counts.get(key).copied().unwrap_or(0);
    let undetermined = Outcome::Undetermined;
    let all: Vec<&Manifest> = earlier.iter().chain([manifest]).collect();
    let open = |run: &Manifest| SEVERITIES.map(|(severity, _)| of(&run.open_findings_by_severity, severity));
    let series = ["未了结的必须整改", "未了结的需要说明"].map(str::to_owned).into();
    let bars = all.iter().map(|run| Bar { label: run.as_of.clone(), parts: open(run).into_iter().take(2).collect(), of: None }).collect();
    let chart = Chart::of("历次运行未了结的问题", series, bars);
    let rows = all.iter().map(|run| {
        let [errors, queries, _] = open(run);
        vec![
            Cell::text(&run.as_of),
            Cell::text(shown_name(&run.run_id)),
            Cell::number(run.students),
            Cell::number(of(&run.outcomes, undetermined.code())),
            Cell::number(errors),
            Cell::number(queries),
        ]
    });
    let columns = columns(&["判定日期", "运行"], ["学生", undetermined.title(), "未了结的必须整改", "未了结的需要说明"]);
    let table = Table { caption: "这次（最后一行）和以前的运行".into(), columns, rows: rows.collect(), ..Table::default() };
    let parts = rendered(chart.map(|chart| chart.render()).into_iter().chain([table.render()]))?;
    Ok(Section { title: "历次运行", parts, ..Section::default() })
}

/// By district and table: how many schools should have sent it, and have not.
fn not_sent(lines: &[Line], head: &Head) -> Result<Section, askama::Error> {
    let mut tables: Vec<&str> = Vec::new();
    let mut districts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for line in lines {
        for table in &line.expected {
            if !tables.contains(&table.as_str()) {
                tables.push(table);
            }
        }
        for table in &line.not_sent {
            *districts.entry(&line.district).or_default().entry(table).or_default() += 1;
        }
    }
    let all = districts.len();
    let rows = districts.into_iter().take(MOST_DISTRICTS).map(|(district, own)| {
        let link = link(&format!("{PAGES}/{}/_district.html", district_folder(district)));
        let mut row = vec![Cell::link(head.district_title(district), link)];
        row.extend(tables.iter().map(|table| Cell::number(own.get(table).copied().unwrap_or(0))));
        row
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let mut section = Section { title: "谁还没有报", ..Section::default() };
    if rows.is_empty() {
        section.notes.push("有学生的学校，应报的表都有记录。一名学生都没有报的学校，核查时按学校名录列出。".to_owned());
    } else {
        let table = Table {
            caption: "没有报的学校数：没有这些表，有的学生不能下结论；是哪些学校，见区的页面".into(),
            columns: columns(&["区"], tables.iter().copied()),
            rows,
            more: more(all, MOST_DISTRICTS, "个区"),
            is_filtered: false,
        };
        section.parts.push(table.render()?);
    }
    Ok(section)
}

fn books(manifest: &Manifest) -> Result<Section, askama::Error> {
    let row = |(name, books): (&String, &crate::report::manifest::Books)| {
        let out_of_scope: u64 = books.out_of_scope.values().sum();
        let balance = if books.balance() { Cell::text("平") } else { Cell::alarm("不平") };
        let numbers = [books.read, books.used, out_of_scope, books.set_aside].map(Cell::number);
        let mut row = vec![Cell::text(reasons::table(name))];
        row.extend(numbers);
        row.push(balance);
        row
    };
    let rows = manifest.books.iter().map(row).collect();
    let mut columns = columns(&["表"], ["读入", "采用", "不在范围", "搁置"]);
    columns.push(super::table::Column { title: "账".into(), is_number: false });
    let table = Table {
        caption: "读入的每一行：采用、不在范围或搁置；搁置的每行都有问题".into(), columns, rows, ..Table::default()
    };
    Ok(Section { title: "账目", parts: vec![table.render()?], ..Section::default() })
}
