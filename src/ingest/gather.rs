//! What came of all the files? Their sheets and findings in the order of the paths, the subjects that they brought, which were given twice.

use std::collections::{BTreeMap, HashMap};

use super::attendance::Deferred;
use super::file::{About, FileRead, SAVE_AGAIN, SheetRead};
use super::finding::{CellFinding, Noted, shown};
use super::headers::Vocabulary;
use super::part::Settled;
use super::read::{FileInfo, Inputs, Report, Sheet};
use super::recognise::Layout;
use super::rows::Outcome;
use super::table::{Holds, Table};

/// Puts the files together in order: their sheets and findings, the subjects that they brought, and which were given twice.
pub(crate) fn put_together(read: Vec<FileRead>, vocabulary: &Vocabulary) -> Inputs {
    let mut inputs = Inputs::none(vocabulary);
    // What the names of files say belongs to what they hold: 语文.csv and 数学.csv may well be filled in alike.
    let mut seen: HashMap<(String, Vec<String>), usize> = HashMap::new();
    for (file, read) in read.into_iter().enumerate() {
        let FileRead { mut info, sheets, fault, is_deferred, replaced } = read;
        let content = (info.sha256.clone(), given_by_name(&sheets));
        let earlier = if info.sha256.is_empty() || info.bytes == 0 { None } else { seen.get(&content).copied() };
        match (earlier, fault) {
            (Some(earlier), _) => {
                info.duplicate = true;
                let path = inputs.files.get(earlier).map_or("", |earlier: &FileInfo| earlier.path.as_str());
                let finding =
                    CellFinding { found: path.to_owned(), expected: "每份文件只提交一次".into(), ..about_file("I0106", file) };
                inputs.findings.push(finding);
            }
            (None, Some((found, expected))) => {
                inputs.findings.push(CellFinding { found, expected: expected.into(), ..about_file("I0101", file) })
            }
            (None, None) => {}
        }
        if !info.sha256.is_empty() {
            seen.entry(content).or_insert(file);
        }
        let is_duplicate = info.duplicate;
        inputs.files.push(info);
        if is_deferred {
            inputs.deferred.push(Deferred { file, replaced });
        }
        put_sheets(&mut inputs, file, sheets, is_duplicate, vocabulary);
    }
    inputs.findings.sort_by(|one, other| place_of(one).cmp(&place_of(other)));
    inputs
}

/// What the names of the sheets and the file said in place of a column.
fn given_by_name(sheets: &[SheetRead]) -> Vec<String> {
    let outcomes = sheets.iter().filter_map(|sheet| sheet.outcomes.as_ref().ok()).flatten();
    let given = outcomes.filter_map(|outcome| match outcome {
        Outcome::Table(table) => table.0.given.as_ref().map(|(_, given)| given.clone()),
        Outcome::Unknown { .. } | Outcome::Report => None,
    });
    given.collect()
}

/// Files before their sheets, sheets before their cells, cells by record and column.
fn place_of(finding: &CellFinding) -> (usize, Option<usize>, Option<u32>, Option<usize>, &'static str) {
    (finding.file, finding.sheet, finding.row, finding.field, finding.code)
}

fn about_file(code: &'static str, file: usize) -> CellFinding {
    CellFinding {
        code,
        sheet: None,
        file,
        sheet_name: "".into(),
        record: None,
        field: None,
        row: None,
        column: None,
        header: "".into(),
        found: String::new(),
        expected: "".into(),
        count: 1,
        rows_sample: Vec::new(),
        mark: 0,
    }
}

pub(crate) fn put_sheets(inputs: &mut Inputs, file: usize, sheets: Vec<SheetRead>, is_duplicate: bool, vocabulary: &Vocabulary) {
    // An unknown column is named once a file.
    let mut unknown: BTreeMap<String, CellFinding> = BTreeMap::new();
    let is_spreadsheet = sheets.iter().any(|sheet| sheet.about.is_spreadsheet && !sheet.about.is_hidden);
    let before = (inputs.sheets.len(), inputs.reports.len(), inputs.findings.len());
    for SheetRead { about, outcomes } in sheets {
        let outcomes = outcomes.unwrap_or_else(|what| {
            if !is_duplicate {
                let finding = CellFinding {
                    sheet_name: about.name.as_str().into(),
                    found: what,
                    expected: SAVE_AGAIN.into(),
                    ..about_file("I0101", file)
                };
                inputs.findings.push(finding);
            }
            Vec::new()
        });
        for outcome in outcomes {
            put_table(inputs, file, &about, outcome, is_duplicate, vocabulary, &mut unknown);
        }
    }
    // Nobody sends a workbook for nothing: what it holds may not have come out of it.
    if is_spreadsheet && !is_duplicate && before == (inputs.sheets.len(), inputs.reports.len(), inputs.findings.len()) {
        inputs.findings.push(unrecognised(about_file("", file), None, vocabulary));
    }
    inputs.findings.extend(unknown.into_values());
}

fn put_table(
    inputs: &mut Inputs,
    file: usize,
    about: &About,
    outcome: Outcome,
    is_duplicate: bool,
    vocabulary: &Vocabulary,
    unknown: &mut BTreeMap<String, CellFinding>,
) {
    let base = CellFinding { sheet_name: about.name.as_str().into(), ..about_file("", file) };
    match outcome {
        Outcome::Unknown { nearest, has_data } => {
            // A hidden sheet of drop-down lists is nothing that was sent.
            if has_data && !about.is_hidden && !is_duplicate {
                inputs.findings.push(unrecognised(base, nearest.as_deref(), vocabulary));
            }
        }
        Outcome::Report => inputs.reports.push(Report { file, name: about.name.clone() }),
        Outcome::Table(table) => {
            let (layout, mut settled) = *table;
            let place = inputs.sheets.len();
            let base = CellFinding { sheet: Some(place), ..base };
            if is_duplicate {
                settled.set_aside = (0..settled.rows.len() as u32).collect();
                settled.replaced.clear();
                settled.columns.iter_mut().for_each(|column| *column = None);
            } else {
                settled.settle_subjects(layout.table, vocabulary.subjects.len(), &mut inputs.subjects);
                note_layout(inputs, unknown, &base, &layout, about.is_spreadsheet, settled.rows.len() - settled.replaced.len(), vocabulary);
                note_cut_off(inputs, &base, &layout, &settled);
            }
            let sheet = sheet_of(file, about, layout, settled, &mut |sheet, noted| {
                if !is_duplicate {
                    inputs.findings.push(at_cell(&base, sheet, noted));
                }
            });
            let path = inputs.files.get(file).map_or("", |file| file.path.as_str());
            let strangers = other_schools(&sheet, path);
            inputs.findings.extend(strangers.into_iter().map(|noted| at_cell(&base, &sheet, noted)));
            inputs.sheets.push(sheet);
        }
    }
}

/// I0303: a sheet that ends with the last row that an old workbook can have has probably lost those behind it.
fn note_cut_off(inputs: &mut Inputs, base: &CellFinding, layout: &Layout, settled: &Settled) {
    const LAST_OF_OLD: u32 = 65_536;
    if settled.rows.len().checked_sub(1).is_some_and(|last| settled.rows.get(last) == LAST_OF_OLD) {
        let found = format!("到第 {LAST_OF_OLD} 行为止，正好是旧版工作簿（.xls）所能有的行数");
        let expected = format!("完整的{}：另存为 .xlsx 重新导出，并核对行数", layout.table.title()).into();
        inputs.findings.push(CellFinding { code: "I0303", found, expected, ..base.clone() });
    }
}

/// I0210: the schools of a few rows in a file that says by its name whose it is: one of the students is in another school, or its code
/// is wrong.
fn other_schools(sheet: &Sheet, path: &str) -> Vec<Noted> {
    /// A code or name that is shorter may stand in a path by chance.
    const SHORTEST_CODE: usize = 6;
    const SHORTEST_NAME: usize = 4;
    if !matches!(sheet.table, Table::Roster | Table::ActualRoll) {
        return Vec::new();
    }
    let Some(field) = sheet.table.field("学校代码") else { return Vec::new() };
    let code = |record: usize| sheet.text(field, record).value();
    let mut schools: HashMap<&str, Vec<usize>> = HashMap::new();
    for record in 0..sheet.rows_read as usize {
        if let Some(code) = code(record) {
            schools.entry(code).or_default().push(record);
        }
    }
    let Some((own, rows)) = schools.iter().max_by_key(|(code, rows)| (rows.len(), std::cmp::Reverse(**code))) else { return Vec::new() };
    let name = sheet.table.field("学校名称").and_then(|field| sheet.text(field, *rows.first()?).value()).unwrap_or_default();
    let says = |text: &str, shortest: usize| text.chars().count() >= shortest && (path.contains(text) || sheet.name.contains(text));
    let is_owned = says(own, SHORTEST_CODE) || says(name, SHORTEST_NAME);
    let others: usize = schools.values().map(Vec::len).sum::<usize>() - rows.len();
    // A file of several schools is nobody's.
    if !is_owned || others * 5 > rows.len() {
        return Vec::new();
    }
    let noted = |(code, records): (&&str, &Vec<usize>)| {
        let rows: Vec<u32> = records.iter().map(|record| sheet.rows.get(*record)).collect();
        Noted {
            code: "I0210",
            field,
            found: shown(code, Holds::Identifier),
            expected: format!("{own}（本文件的学校）").into(),
            record: records.first().filter(|_| records.len() == 1).and_then(|record| u32::try_from(*record).ok()),
            row: rows.first().copied(),
            count: u32::try_from(records.len()).unwrap_or(u32::MAX),
            rows_sample: if records.len() > 1 { rows.into_iter().take(10).collect() } else { Vec::new() },
            mark: 0,
        }
    };
    let mut strangers: Vec<Noted> = schools.iter().filter(|(code, _)| *code != own).map(noted).collect();
    strangers.sort_by_key(|noted| noted.row);
    strangers
}

/// The finished sheet; `put` takes its cells' findings.
fn sheet_of(file: usize, about: &About, layout: Layout, settled: Settled, put: &mut dyn FnMut(&Sheet, Noted)) -> Sheet {
    let (name, is_hidden) = (about.name.clone(), about.is_hidden);
    let places = layout.columns.iter().map(|column| column.and_then(|column| u16::try_from(column).ok())).collect();
    let Settled { columns, rows, mut log, set_aside, counted, sparse, replaced, numbers, .. } = settled;
    let rows_read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let sheet = Sheet {
        file,
        name,
        is_hidden,
        table: layout.table,
        rows,
        columns,
        places,
        has_letters: about.is_spreadsheet,
        headers: layout.headers.into_iter().map(|header| header.map(Into::into)).collect(),
        rows_read,
        set_aside,
        mistyped: log.take_mistyped(),
        sparse,
        counted: counted.map(|mut counted| {
            counted.close();
            counted
        }),
        header_row: layout.header_row,
        given: layout.given.map(|(_, given)| given),
        replaced,
        numbers,
    };
    log.into_findings().for_each(|noted| put(&sheet, noted));
    sheet
}

fn at_cell(base: &CellFinding, sheet: &Sheet, noted: Noted) -> CellFinding {
    let Noted { code, field, found, expected, record, row, count, rows_sample, mark } = noted;
    let canonical = || sheet.table.fields().get(field).map_or("", |field| field.header).into();
    CellFinding {
        code,
        record,
        field: Some(field),
        row,
        column: sheet.letter(field),
        header: sheet.headers.get(field).cloned().flatten().unwrap_or_else(canonical),
        found,
        expected,
        count,
        rows_sample,
        mark,
        ..base.clone()
    }
}

fn unrecognised(base: CellFinding, nearest: Option<&Layout>, vocabulary: &Vocabulary) -> CellFinding {
    let expected = match nearest {
        Some(layout) => {
            let missing: Vec<String> = layout.missing.iter().map(|header| with_nearest(header, layout, vocabulary)).collect();
            format!("最接近：{}，缺少：{}", layout.table.title(), missing.join("、"))
        }
        None => "含有规定表头的工作表".to_owned(),
    };
    CellFinding { code: "I0102", expected: expected.into(), ..base }
}

/// A missing header, and the one of the sheet's that nobody knows which comes nearest to it.
fn with_nearest(header: &str, layout: &Layout, vocabulary: &Vocabulary) -> String {
    match vocabulary.dictionary.nearest(layout.table, header, layout.unknown.iter().map(|(_, label)| label.as_str())) {
        Some(label) => format!("{header}（本表的“{}”最接近）", shown(label, Holds::Text)),
        None => header.to_owned(),
    }
}

/// Findings about a sheet's columns: missing, doubled, unknown.
fn note_layout(
    inputs: &mut Inputs,
    unknown: &mut BTreeMap<String, CellFinding>,
    base: &CellFinding,
    layout: &Layout,
    is_spreadsheet: bool,
    rows: usize,
    vocabulary: &Vocabulary,
) {
    let letter = |column: usize| u16::try_from(column).ok().filter(|_| is_spreadsheet);
    // Nothing is missing of rows that others are in place of.
    for &header in layout.missing.iter().filter(|_| rows > 0) {
        let field = layout.table.field(header);
        let expected = format!("{}须有一列：{}", layout.table.title(), with_nearest(header, layout, vocabulary)).into();
        let count = u32::try_from(rows).unwrap_or(u32::MAX);
        inputs.findings.push(CellFinding { code: "I0103", field, header: header.into(), expected, count, ..base.clone() });
    }
    for (field, column, header) in &layout.doubled {
        let first = layout.headers.get(*field).cloned().flatten().unwrap_or_default();
        let expected = format!("只有一列“{}”（已采用“{first}”一列）", layout.table.fields().get(*field).map_or("", |field| field.header));
        let header = header.clone();
        let found = header.clone();
        inputs.findings.push(CellFinding {
            code: "I0105",
            field: Some(*field),
            column: letter(*column),
            header: header.into(),
            found,
            expected: expected.into(),
            ..base.clone()
        });
    }
    if let Some((field, subject)) = &layout.given {
        let header = layout.table.fields().get(*field).map_or("", |field| field.header);
        let found = inputs.files.get(base.file).map_or("", |file| file.path.as_str()).to_owned();
        let expected = format!("“{header}”一列（本表没有，按名称读作“{subject}”）");
        let count = u32::try_from(rows).unwrap_or(u32::MAX);
        inputs.findings.push(CellFinding {
            code: "I0208",
            field: Some(*field),
            header: header.into(),
            found,
            expected: expected.into(),
            count,
            ..base.clone()
        });
    }
    for (column, header) in &layout.unknown {
        // A header may be the file's first record taken for one: mask whatever stands there.
        let header = shown(header, Holds::Text);
        unknown.entry(header.clone()).or_insert_with(|| CellFinding {
            code: "I0104",
            column: letter(*column),
            found: header.clone(),
            header: header.into(),
            expected: format!("{}的列", layout.table.title()).into(),
            ..base.clone()
        });
    }
}
