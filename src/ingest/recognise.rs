//! Which table is it, and which column is which? A sheet's header row, below any titles, in one row or two.

use serde::{Deserialize, Serialize};

use super::cell::MergedRange;
use super::fold;
use super::headers::{Dictionary, Vocabulary};
use super::kept;
use super::sent_back;
use super::table::{Field, Holds, Table};

/// Columns that say who or where and may stand in a sheet of any kind: they say little about which table it is.
const IDENTITY: &[&str] = &[
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
];
/// Columns that several kinds of records have.
const COMMON: &[&str] = &["学年", "科目"];

/// Columns of answers that are taken for a header of answers, though none says to what.
const ANSWERED: usize = 4;

/// What the columns of a sheet are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Layout {
    pub table: Table,
    /// The sheet's column of each field of the table.
    pub columns: Vec<Option<usize>>,
    /// The header text of each field, as written.
    pub headers: Vec<Option<String>>,
    /// Required columns that are missing; of alternatives, the first set's.
    #[serde(deserialize_with = "kept::headers")]
    pub missing: Vec<&'static str>,
    /// What the name of the sheet or file says in place of a missing column, by field.
    pub given: Option<(usize, String)>,
    /// The row number of the header's last row, as the file shows it; 0 where a file has no header row.
    pub header_row: u32,
    /// Columns that were added to rows that were sent back.
    pub added: Vec<usize>,
    /// The one of them that says which row each row was.
    pub number: Option<usize>,
    /// The one of them that says what is to be done.
    pub mend: Option<usize>,
    /// Headers that no table has, with their columns.
    pub unknown: Vec<(usize, String)>,
    /// Columns that mean a field that an earlier column means: field, column, header.
    pub doubled: Vec<(usize, usize, String)>,
    score: u32,
    required_found: usize,
    required: usize,
}

impl Layout {
    /// How many fields have a column.
    fn found(&self) -> usize {
        self.columns.iter().flatten().count()
    }

    /// Whether a field has a column, or something in its place.
    pub(crate) fn has(&self, field: usize) -> bool {
        self.columns.get(field).is_some_and(Option::is_some) || self.given.as_ref().is_some_and(|(given, _)| *given == field)
    }

    /// Leaves out the columns that are not to be read.
    pub(crate) fn narrow(&mut self, vocabulary: &Vocabulary) {
        for (field, column) in self.columns.iter_mut().enumerate() {
            *column = column.filter(|_| vocabulary.reads(self.table, field));
        }
    }

    /// Takes the subject that a name speaks of in place of the column of subjects, if that is missing.
    pub(crate) fn give_subject(&mut self, subject: &str) {
        const SUBJECT: &str = "科目";
        if let Some(field) = self.table.field(SUBJECT)
            && self.missing.contains(&SUBJECT)
        {
            self.missing.retain(|missing| *missing != SUBJECT);
            self.given = Some((field, subject.to_owned()));
        }
    }

    /// Whether most of what the table requires is there, though not all.
    fn is_near(&self) -> bool {
        // Who answers findings without saying which is to be told, and not taken for nobody.
        let has_reply = || self.table == Table::Reviews && self.table.field("处理结果").is_some_and(|field| self.has(field));
        self.required_found * 2 > self.required && self.found() >= 2 || has_reply() && self.found() >= ANSWERED
    }
}

/// The layout nearest to a table, where no table is there.
pub(crate) type Nearest = Option<Box<Layout>>;

/// A header found: the layout, and where the header ends among the rows looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub layout: Layout,
    /// The header's last row, among the rows looked at.
    pub last: usize,
}

/// A row looked at for a header.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// The row number as the file shows it.
    pub number: u32,
    pub cells: Vec<String>,
}

/// Alternatives of columns of which one set has to be there; those of the contract, and what tells a table apart that requires but an id.
fn alternatives(table: Table) -> &'static [&'static [&'static str]] {
    match table {
        Table::Athletes => &[&["体育部门确认日期"], &["教育部门确认日期"]],
        other => other.alternatives(),
    }
}

fn weight(field: &Field) -> u32 {
    let is_common = COMMON.contains(&field.header);
    if field.holds == Holds::Shown {
        return 0;
    }
    match (IDENTITY.contains(&field.header), is_common, field.required) {
        (true, _, _) => 1,
        (false, true, true) => 6,
        (false, false, true) => 10,
        (false, true, false) => 4,
        (false, false, false) => 6,
    }
}

/// A header cell, and the fields that it may stand for.
struct Label<'a> {
    column: usize,
    text: &'a str,
    meanings: &'a [(Table, usize)],
}

/// What the labels make of a table.
fn layout_of(table: Table, labels: &[Label<'_>]) -> Layout {
    let fields = table.fields();
    let mut layout = Layout {
        table,
        columns: vec![None; fields.len()],
        headers: vec![None; fields.len()],
        missing: Vec::new(),
        given: None,
        header_row: 0,
        added: Vec::new(),
        number: None,
        mend: None,
        unknown: Vec::new(),
        doubled: Vec::new(),
        score: 0,
        required_found: 0,
        required: 0,
    };
    for &Label { column, text: label, meanings } in labels {
        let meant = meanings.iter().find(|(other, _)| *other == table).map(|(_, place)| *place);
        match meant.or_else(|| table.shown_field(label)) {
            // A column of another table, such as the name beside an id, is no news to anyone.
            None if meanings.is_empty() && sent_back::is_added(label) => {
                layout.added.push(column);
                layout.number = layout.number.or(Some(column).filter(|_| sent_back::is_number(label)));
                layout.mend = layout.mend.or(Some(column).filter(|_| sent_back::is_mend(label)));
            }
            None if meanings.is_empty() => layout.unknown.push((column, label.to_owned())),
            None => {}
            Some(place) => match layout.columns.get_mut(place) {
                Some(slot @ None) => {
                    *slot = Some(column);
                    if let Some(header) = layout.headers.get_mut(place) {
                        *header = Some(label.to_owned());
                    }
                }
                _ => layout.doubled.push((place, column, label.to_owned())),
            },
        }
    }
    prefer_canonical(&mut layout, fields);
    let has = |header: &str| table.field(header).and_then(|place| *layout.columns.get(place)?).is_some();
    for field in fields.iter().filter(|field| field.required) {
        layout.required += 1;
        if has(field.header) {
            layout.required_found += 1;
        } else {
            layout.missing.push(field.header);
        }
    }
    if let Some(first) = alternatives(table).first() {
        layout.required += 1;
        if alternatives(table).iter().any(|set| set.iter().all(|header| has(header))) {
            layout.required_found += 1;
        } else {
            layout.missing.extend(first.iter().copied().filter(|header| !has(header)));
        }
    }
    layout.score = fields.iter().zip(&layout.columns).filter(|(_, column)| column.is_some()).map(|(field, _)| weight(field)).sum();
    layout
}

/// Of two columns for one field the first is taken, unless only the later one has the canonical header.
fn prefer_canonical(layout: &mut Layout, fields: &[Field]) {
    for (place, column, label) in &mut layout.doubled {
        let canonical = fields.get(*place).map(|field| fold::header(field.header)).unwrap_or_default();
        let (Some(Some(taken)), Some(Some(header))) = (layout.columns.get_mut(*place), layout.headers.get_mut(*place)) else { continue };
        if fold::header(header) != canonical && fold::header(label) == canonical {
            std::mem::swap(taken, column);
            std::mem::swap(header, label);
        }
    }
}

/// The layout of the best table whose columns are all there; else of the best that is near; `Err` with the nearest of all.
pub(crate) fn recognise(labels: &[String], dictionary: &Dictionary) -> Result<Layout, Nearest> {
    let labels: Vec<_> = labels
        .iter()
        .enumerate()
        .filter(|(_, label)| !label.is_empty())
        .map(|(column, text)| Label { column, text, meanings: dictionary.columns(text) })
        .collect();
    let is_named = |table: Table| labels.iter().any(|label| label.meanings.iter().any(|(other, _)| *other == table));
    let layouts: Vec<Layout> = Table::ALL.iter().filter(|&&table| is_named(table)).map(|&table| layout_of(table, &labels)).collect();
    // The first of several equally good ones, in the contract's order.
    let best = |is_candidate: &dyn Fn(&&Layout) -> bool| {
        layouts.iter().filter(is_candidate).fold(None, |best: Option<&Layout>, next| match best {
            Some(best) if best.score >= next.score => Some(best),
            _ => Some(next),
        })
    };
    let full = best(&|layout| layout.missing.is_empty());
    let near = best(&|layout| !layout.missing.is_empty() && layout.is_near());
    match (full, near) {
        // A sheet of another kind that lacks a column is not to pass for a plain list of who is where.
        (Some(full), Some(near)) if near.score > full.score + 5 => Ok(near.clone()),
        (Some(full), _) => Ok(full.clone()),
        (None, Some(near)) => Ok(near.clone()),
        (None, None) => Err(layouts
            .iter()
            .max_by_key(|layout| (layout.required_found * 100 / layout.required.max(1), layout.score))
            .cloned()
            .map(Box::new)),
    }
}

/// The labels of a header of two rows: both joined, or the lower, or the upper where nothing stands below, whatever the dictionary knows.
fn joined(upper: &Labels, lower: &Labels, merged: &[MergedRange], dictionary: &Dictionary) -> Vec<String> {
    let width = upper.cells.len().max(lower.cells.len());
    let text = |row: &Labels, column: usize| row.cells.get(column).map_or("", String::as_str).to_owned();
    let mut group = String::new();
    (0..width)
        .map(|column| {
            let (own, below) = (text(upper, column), text(lower, column));
            if !own.is_empty() {
                group.clone_from(&own);
            }
            let above = if own.is_empty() && is_filled(upper.number, column, merged, !below.is_empty()) { group.clone() } else { own };
            let both = format!("{above}{below}");
            if below.is_empty() {
                above
            } else if sent_back::is_added(&below) {
                below
            } else if above.is_empty() || above == below || dictionary.columns(&both).is_empty() {
                if dictionary.columns(&below).is_empty() && !above.is_empty() && above != below { both } else { below }
            } else {
                both
            }
        })
        .collect()
}

/// Whether a blank cell of the upper row belongs to the group on its left: merged with it, or, where the file tells of no merged cells, with a label below.
fn is_filled(number: u32, column: usize, merged: &[MergedRange], has_label_below: bool) -> bool {
    if merged.is_empty() {
        return has_label_below;
    }
    merged.iter().any(|range| {
        (range.first_row..=range.last_row).contains(&number)
            && usize::from(range.first_column) < column
            && column <= usize::from(range.last_column)
    })
}

/// Looks for the header among the first rows of a sheet; `Err` with the row nearest to a header.
pub(crate) fn find_header(rows: &[Labels], merged: &[MergedRange], dictionary: &Dictionary) -> Result<Header, Nearest> {
    let mut candidates: Vec<(usize, Layout, bool)> = Vec::new();
    let mut nearest: Nearest = None;
    for (place, row) in rows.iter().enumerate() {
        let single = recognise(&row.cells, dictionary);
        let double = match rows.get(place + 1) {
            Some(lower) if lower.number == row.number.saturating_add(1) => recognise(&joined(row, lower, merged, dictionary), dictionary),
            _ => Err(None),
        };
        for (result, last, is_double) in [(single, place, false), (double, place + 1, true)] {
            match result {
                Ok(layout) => candidates.push((last, layout, is_double)),
                Err(Some(layout)) if nearest.as_ref().is_none_or(|known| known.score < layout.score) => nearest = Some(layout),
                Err(_) => {}
            }
        }
    }
    let first_full = candidates.iter().filter(|(_, layout, _)| layout.missing.is_empty()).map(|(last, ..)| *last).min();
    let eligible = candidates.into_iter().filter(|(last, layout, _)| match first_full {
        Some(first) => layout.missing.is_empty() && *last <= first + 1,
        None => true,
    });
    // The most fields; of those one row before two, and the first.
    let best = eligible.fold(None, |best: Option<(usize, Layout, bool)>, next| match best {
        Some(best) if (best.1.found(), !best.2) >= (next.1.found(), !next.2) => Some(best),
        _ => Some(next),
    });
    best.map(|(last, layout, _)| Header { layout, last }).ok_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[&str]) -> Vec<Labels> {
        let cells = |row: &str| row.split('|').map(str::to_owned).collect();
        text.iter().enumerate().map(|(place, row)| Labels { number: place as u32 + 1, cells: cells(row) }).collect()
    }

    fn find(text: &[&str]) -> Result<Header, Nearest> {
        find_header(&rows(text), &[], &Dictionary::built_in().unwrap())
    }

    #[test]
    fn a_header_below_titles_is_found() {
        let header = find(&["2025学年学生成绩表", "填表说明：略", "学籍号|姓名|学年|科目|总评|补考", "G1||2025|语文|合格|"]).unwrap();
        assert_eq!((header.layout.table, header.last), (Table::CourseResults, 2));
        assert_eq!(header.layout.columns[3], Some(4));
        assert!(header.layout.unknown.is_empty());
        let header = find(&["学籍号|姓名|学年|科目|总评|胖瘦", "G1||2025|语文|合格|"]).unwrap();
        assert_eq!(header.layout.unknown, [(5, "胖瘦".to_owned())]);
        assert!(header.layout.missing.is_empty());
    }

    #[test]
    fn two_rows_are_joined() {
        let header = find(&["学籍号|学年|科目|学年总评||", "|||总评|补考|补考日期", "G1|2025|语文|合格||"]).unwrap();
        assert_eq!((header.layout.table, header.last), (Table::CourseResults, 1));
        assert_eq!(header.layout.columns, [Some(0), Some(1), Some(2), Some(3), Some(4), Some(5)]);
    }

    #[test]
    fn the_table_that_explains_most_is_taken() {
        let roster = "全国学籍号|姓名|性别|区|学校代码|年级|班级|学籍状态|学年|学期";
        assert_eq!(find(&[roster]).unwrap().layout.table, Table::Roster);
        assert_eq!(find(&["学校代码|年级|班级|姓名|学籍号|身份证号"]).unwrap().layout.table, Table::ActualRoll);
        let results = "区|学校代码|学校名称|年级|班级|姓名|性别|学籍号|学年|科目|学年总评";
        assert_eq!(find(&[results]).unwrap().layout.table, Table::CourseResults);
        assert_eq!(find(&["学籍号|姓名|学年|学期|注册日期"]).unwrap().layout.table, Table::Registrations);
        assert_eq!(find(&["学校代码|学校名称|区|截止日期"]).unwrap().layout.table, Table::AttendanceReports);
        assert_eq!(find(&["学校代码|学校名称|区|学制"]).unwrap().layout.table, Table::Schools);
    }

    #[test]
    fn a_missing_column_and_a_strange_sheet_are_told_apart() {
        let layout = find(&["学籍号|科目|学年总评"]).unwrap().layout;
        assert_eq!((layout.table, layout.missing), (Table::CourseResults, vec!["学年"]));
        let roster = find(&["全国学籍号|姓名|学校代码|年级|班级|学籍状态|入学年月|学生类别"]).unwrap().layout;
        assert_eq!((roster.table, roster.missing), (Table::Roster, vec!["区"]));
        assert!(find(&["物品|数量", "桌子|3"]).is_err());
        assert_eq!(find(&["学籍号|语文|数学|外语"]).unwrap_err().unwrap().columns[0], Some(0));
    }

    #[test]
    fn every_table_is_recognised_by_its_canonical_headers() {
        for &table in Table::ALL {
            let all: Vec<String> = table.fields().iter().map(|field| field.header.to_owned()).collect();
            let layout = recognise(&all, &Dictionary::built_in().unwrap()).unwrap();
            assert_eq!(layout.table, table);
            assert!(layout.columns.iter().all(Option::is_some) && layout.doubled.is_empty(), "{table:?}");
            let required: Vec<String> = table.fields().iter().filter(|field| field.required).map(|field| field.header.to_owned()).collect();
            let alternative =
                alternatives(table).first().map(|set| set.iter().map(|header| (*header).to_owned()).collect()).unwrap_or_default();
            let layout = recognise(&[required, alternative].concat(), &Dictionary::built_in().unwrap()).unwrap();
            assert_eq!((layout.table, layout.missing.len()), (table, 0));
        }
    }
}
