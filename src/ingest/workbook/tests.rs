//! Workbooks against calamine, and odd and hostile ones made by hand.

use std::io::{Cursor, Read, Write};
use std::ops::ControlFlow;

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, Formula, Workbook as Writer};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{Limits, Workbook, WorkbookError};
use crate::ingest::cell::{Cell, CellKind, MergedRange, RowSink};

/// Keeps what it is given.
#[derive(Default)]
struct Kept {
    merged: Vec<MergedRange>,
    rows: Vec<(u32, Vec<(CellKind, String)>)>,
    wanted: Option<Vec<bool>>,
    at_most: Option<usize>,
}

impl RowSink for Kept {
    fn merged(&mut self, ranges: &[MergedRange]) {
        assert!(self.rows.is_empty());
        self.merged = ranges.to_vec();
    }

    fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> ControlFlow<()> {
        self.rows.push((number, cells.iter().map(|cell| (cell.kind, cell.text.to_owned())).collect()));
        if self.at_most == Some(self.rows.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn wanted(&self) -> Option<&[bool]> {
        self.wanted.as_deref().filter(|_| !self.rows.is_empty())
    }
}

const MAIN: &str =
    r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns:r="r"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONSHIPS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://x/styles" Target="/xl/styles.xml"/></Relationships>"#;

/// A zip archive of the given parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook of one sheet, with these shared strings if any.
fn single(sheet: &str, strings: &str) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("xl/workbook.xml", MAIN.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONSHIPS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    if !strings.is_empty() {
        parts.push(("xl/sharedStrings.xml", strings.as_bytes()));
    }
    archive(&parts)
}

fn read_into(bytes: Vec<u8>, mut kept: Kept) -> Result<Kept, WorkbookError> {
    Workbook::open(bytes, Limits::default())?.read(0, &mut kept)?;
    Ok(kept)
}

fn rows(bytes: Vec<u8>) -> Vec<(u32, Vec<(CellKind, String)>)> {
    read_into(bytes, Kept::default()).unwrap().rows
}

/// The texts of the only row.
fn texts(sheet: &str, strings: &str) -> Vec<String> {
    let mut rows = rows(single(sheet, strings));
    assert_eq!(rows.len(), 1);
    rows.remove(0).1.into_iter().map(|(_, text)| text).collect()
}

fn error(bytes: Vec<u8>) -> String {
    match read_into(bytes, Kept::default()) {
        Ok(kept) => panic!("read {:?}", kept.rows),
        Err(error) => error.to_string(),
    }
}

/// Holds a workbook as we read it against what calamine makes of it; gives the number of cells compared.
fn same_as_calamine(bytes: &[u8]) -> usize {
    let mut theirs: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let ours = Workbook::open(bytes.to_vec(), Limits::default()).unwrap();
    assert_eq!(ours.sheets().iter().map(|sheet| sheet.name.clone()).collect::<Vec<_>>(), theirs.sheet_names());
    let mut compared = 0;
    for (place, sheet) in ours.sheets().iter().enumerate() {
        let range = theirs.worksheet_range(&sheet.name).unwrap();
        let mut kept = Kept::default();
        ours.read(place, &mut kept).unwrap();
        for (number, cells) in &kept.rows {
            for (column, (kind, text)) in cells.iter().enumerate() {
                let place = (number - 1, column as u32);
                let cell = range.get_value(place).unwrap_or(&Data::Empty);
                let same = match (kind, cell) {
                    (CellKind::Empty, Data::Empty) => true,
                    (CellKind::Empty, Data::String(theirs)) => theirs.is_empty(),
                    (CellKind::Text, Data::String(theirs)) => text == theirs,
                    (CellKind::Number, Data::Float(theirs)) => text.parse::<f64>().unwrap() == *theirs,
                    (CellKind::Date, Data::DateTime(theirs)) => text.parse::<f64>().unwrap() == theirs.as_f64(),
                    (CellKind::Boolean, Data::Bool(theirs)) => (text == "1") == *theirs,
                    (CellKind::Error, Data::Error(theirs)) => *text == theirs.to_string(),
                    // A formula that nobody has computed is no empty cell.
                    (CellKind::Error, Data::Empty) => text == "公式没有计算结果",
                    _ => false,
                };
                assert!(same, "{place:?}: {kind:?} {text:?} against {cell:?}");
                compared += usize::from(*kind != CellKind::Empty);
            }
        }
        let held = range.used_cells().filter(|(_, _, cell)| !matches!(cell, Data::String(text) if text.is_empty())).count();
        let is_held = |(kind, text): &&(CellKind, String)| *kind != CellKind::Empty && text != "公式没有计算结果";
        assert_eq!(held, kept.rows.iter().flat_map(|(_, cells)| cells).filter(is_held).count());
    }
    compared
}

#[test]
fn every_kind_of_cell_reads_as_calamine_reads_it() {
    let mut book = Writer::new();
    let sheet = book.add_worksheet();
    sheet.set_name("学籍 & <表>").unwrap();
    let formats: Vec<Format> = ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\"", "h:mm", "[h]:mm", "0.00", "0\"days\"", "@", "[Red]0;[Blue]yyyy"]
        .iter()
        .map(|code| Format::new().set_num_format(*code))
        .chain([14, 17, 22, 45, 2, 49].map(|id| Format::new().set_num_format_index(id)))
        .collect();
    let words = [
        "王小明",
        "  前后空格  ",
        "a & b < c > \"d\" 'e'",
        "换\n行",
        "_x000D_",
        "a_x0041_b_",
        "𠮷㛃䶮",
        "",
        "\t",
        "回\r车",
        "努尔比亚·阿力木",
        "=1+1",
    ];
    for row in 0..60_u32 {
        for (column, word) in words.iter().enumerate() {
            sheet.write_string(row * 2, column as u16 * 3, *word).unwrap();
        }
        for (place, format) in formats.iter().enumerate() {
            sheet.write_number_with_format(row * 2, place as u16 * 3 + 1, 40422.5 + f64::from(row) / 7.0, format).unwrap();
        }
        sheet.write_boolean(row * 2, 2, row % 2 == 0).unwrap();
        sheet.write_formula(row * 2, 5, Formula::new("=A1").set_result("值 & 文")).unwrap();
        sheet.write_formula(row * 2, 8, Formula::new("=1+2").set_result("3")).unwrap();
        sheet.write_formula(row * 2, 11, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write_blank(row * 2, 14, &formats[0]).unwrap();
        sheet.write_number(row * 2, 17, 310104200509010023.0).unwrap();
        sheet.write_number(row * 2, 20, -1.5e-7).unwrap();
        let red = Format::new().set_font_color(Color::Red);
        sheet.write_rich_string(row * 2, 23, &[(&red, "红 "), (&Format::new(), " 黑 & 白")]).unwrap();
        sheet.write_datetime_with_format(row * 2, 26, ExcelDateTime::from_ymd(2010, 9, 1).unwrap(), &formats[0]).unwrap();
    }
    let hidden = book.add_worksheet();
    hidden.set_name("藏").unwrap().set_hidden(true);
    hidden.merge_range(0, 0, 1, 3, "标题", &Format::new().set_align(FormatAlign::Center)).unwrap();
    hidden.merge_range(2, 1, 4, 1, "合并", &Format::new()).unwrap();
    book.add_worksheet().set_name("空").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert!(same_as_calamine(&bytes) > 1500);

    let ours = Workbook::open(bytes, Limits::default()).unwrap();
    assert!(!ours.is_1904());
    assert_eq!(ours.sheets().iter().map(|sheet| sheet.hidden).collect::<Vec<_>>(), [false, true, false]);
    let mut kept = Kept::default();
    ours.read(1, &mut kept).unwrap();
    assert_eq!(
        kept.merged,
        [
            MergedRange { first_row: 1, first_column: 0, last_row: 2, last_column: 3 },
            MergedRange { first_row: 3, first_column: 1, last_row: 5, last_column: 1 }
        ]
    );
    assert!(matches!(ours.read(3, &mut kept), Err(WorkbookError::NoSuchSheet(3))));
}

#[test]
fn the_usual_form_and_the_general_way_agree() {
    let mut book = Writer::new();
    let sheet = book.add_worksheet();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for row in 0..200_u32 {
        for column in (0..40_u16).filter(|column| (row * 7 + u32::from(*column)) % 5 != 0) {
            match (row + u32::from(column)) % 4 {
                0 => sheet.write_string(row, column, format!("文 {} ", row * u32::from(column))).unwrap(),
                1 => sheet.write_number(row, column, f64::from(row) / 3.0 - 20.0).unwrap(),
                2 => sheet.write_number_with_format(row, column, 40000.0 + f64::from(row), &date).unwrap(),
                _ => sheet.write_blank(row, column, &date).unwrap(),
            };
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    assert!(same_as_calamine(&bytes) > 4000);
    let mut whole = ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let mut parts = Vec::new();
    for place in 0..whole.len() {
        let mut file = whole.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        // A second space is enough to be unusual.
        parts.push((file.name().unwrap().into_owned(), text.replace("<c r=", "<c  r=")));
    }
    let general = archive(&parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect::<Vec<_>>());
    for wanted in [None, Some((0..30).map(|column| column % 3 == 0).collect::<Vec<bool>>()), Some(Vec::new())] {
        let read = |bytes: &[u8]| read_into(bytes.to_vec(), Kept { wanted: wanted.clone(), ..Kept::default() }).unwrap().rows;
        let (usual, general) = (read(&bytes), read(&general));
        assert_eq!(usual.len(), 200);
        assert!(usual == general);
    }
}

#[test]
fn the_last_cell_of_a_sheet_costs_no_more_than_its_row() {
    // calamine asks for half a terabyte here and ends the process, so it can't be the judge.
    let mut book = Writer::new();
    book.add_worksheet().write_string(0, 0, "首").unwrap().write_string(1_048_575, 16_383, "末").unwrap();
    let rows = rows(book.save_to_buffer().unwrap());
    assert_eq!(rows.iter().map(|(number, cells)| (*number, cells.len())).collect::<Vec<_>>(), [(1, 1), (1_048_576, 16_384)]);
    assert_eq!(rows[1].1[16_383], (CellKind::Text, "末".to_owned()));
}

#[test]
fn unwanted_columns_stay_empty_and_the_sink_may_break_off() {
    let mut book = Writer::new();
    let sheet = book.add_worksheet();
    for row in 0..5 {
        for column in 0..4 {
            if row != 3 || column != 0 {
                sheet.write_string(row, column, format!("{row}/{column}")).unwrap();
            }
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    let kept = read_into(bytes.clone(), Kept { wanted: Some(vec![true, false, false]), ..Kept::default() }).unwrap();
    let shape: Vec<(u32, usize)> = kept.rows.iter().map(|(number, cells)| (*number, cells.len())).collect();
    assert_eq!(shape, [(1, 4), (2, 1), (3, 1), (4, 0), (5, 1)]);
    assert_eq!(kept.rows[4].1, [(CellKind::Text, "4/0".to_owned())]);
    assert_eq!(read_into(bytes, Kept { at_most: Some(2), ..Kept::default() }).unwrap().rows.len(), 2);
}

#[test]
fn cells_and_rows_without_a_reference_count_on() {
    let sheet = "<worksheet><sheetData><row><c><v>1</v></c><c/><c t='str'><v>乙</v></c></row><row r='5'><c r='B5'><v>2</v></c><c><v>3</v></c></row>\
        <row><c><v>4</v></c></row><row/><row><c r='A9'><v>5</v></c></row></sheetData></worksheet>";
    let found: Vec<(u32, Vec<String>)> =
        rows(single(sheet, "")).into_iter().map(|(number, cells)| (number, cells.into_iter().map(|(_, text)| text).collect())).collect();
    let expected: [(u32, Vec<&str>); 4] = [(1, vec!["1", "", "乙"]), (5, vec!["", "2", "3"]), (6, vec!["4"]), (9, vec!["5"])];
    assert_eq!(found, expected.map(|(number, texts)| (number, texts.into_iter().map(str::to_owned).collect())));
}

#[test]
fn prefixes_comments_and_literal_sections_are_read_through() {
    let sheet = "<?xml version='1.0'?><!-- <sheetData> --><x:worksheet xmlns:x='a > b'><x:sheetData ><x:row\nr = \"2\" x:y='>' ><!-- <c> -->\
        <x:c r='A2' t='inlineStr'><x:is><x:t>a<!-- b -->c<![CDATA[<d>&amp;]]>&amp;&#x4E00;&#19968;</x:t></x:is></x:c >\
        <x:c r=\"B2\" t=\"s\"><x:f>1&lt;2</x:f><x:v> 0 </x:v></x:c><c r='C2'><v>&#49;2</v></c><c r='D2' t='str'><v><![CDATA[]]></v></c>\
        <c r='E2'><extLst><v>9</v></extLst></c><c r='F2' t='inlineStr'><is/></c><c r='G2' t='e'><v>#N/A</v></c></x:row></x:sheetData>\
        <x:mergeCells count='9'><x:mergeCell ref='A1:B1'/><x:mergeCell ref='junk'></x:mergeCell></x:mergeCells><y>sheetData</y></x:worksheet>";
    let kept = read_into(single(sheet, "<x:sst><x:si><x:t>丙</x:t></x:si></x:sst>"), Kept::default()).unwrap();
    let texts: Vec<&str> = kept.rows[0].1.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["ac<d>&amp;&一一", "丙", "12", "", "", "", "#N/A"]);
    assert_eq!(kept.rows[0].1[2].0, CellKind::Number);
    assert_eq!(kept.merged, [MergedRange { first_row: 1, first_column: 0, last_row: 1, last_column: 1 }]);
}

#[test]
fn shared_strings_are_put_together_and_decoded() {
    let strings = "<sst count='1' uniqueCount='100000000000'><si><t>甲</t></si><si><r><rPr><b/></rPr><t>王</t></r><r><t xml:space='preserve'> 小 </t></r>\
        <rPh sb='0' eb='1'><t>wáng</t></rPh><phoneticPr fontId='1'/></si><si/><si><t> 空 </t></si><si><t xml:space=\"preserve\"> 空 </t></si>\
        <si><t>a_x000D_b_x005F_x000D_c_xD83D__xDE00_d_xD83D_e_x00_&unknown;&amp;#49; &</t></si><si><t>\u{3000}全角\u{3000}</t></si><si><t>a\r\nb\rc</t></si></sst>";
    let cells: String = (0..9).map(|number| format!("<c t=\"s\"><v>{number}</v></c>")).collect();
    let sheet = format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>");
    assert_eq!(
        texts(&sheet, strings),
        ["甲", "王 小 ", "", "空", " 空 ", "a\rb_x000D_c😀d\u{FFFD}e_x00_&unknown;&#49; &", "\u{3000}全角\u{3000}", "a\nb\nc", "#STRING!"]
    );
    // The same without any shared strings: the cells say so, the rest of the sheet stays readable.
    assert!(texts(&sheet, "").iter().all(|text| text == "#STRING!"));
}

#[test]
fn kinds_follow_types_and_styles() {
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;"/><numFmt numFmtId="165" formatCode="0.0"/>
        <numFmt numFmtId="58" formatCode="0"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>
        <xf numFmtId="164"><alignment/></xf><xf numFmtId="165"/><xf numFmtId="31"/><xf numFmtId="58"/></cellXfs><dxfs><dxf><numFmt numFmtId="0" formatCode="yyyy"/></dxf></dxfs></styleSheet>"#;
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1" s="0"><v>1</v></c><c r="B1" s="1"><v>40422</v></c><c r="C1" s="2" t="n"><v>1.5E3</v></c>
        <c r="D1" s="3"><v>1</v></c><c r="E1" s="4"><v>1</v></c><c r="F1" s="5"><v>1</v></c><c r="G1" t="d"><v>2010-09-01</v></c><c r="H1" t="b"><v>true</v></c>
        <c r="I1" s="99"><v>1</v></c><c r="J1"><f>A1</f></c><c r="K1"><v>abc</v></c><c r="L1" t="b"><v>0</v></c></row></sheetData></worksheet>"#;
    let main = MAIN.replace("<sheets>", "<workbookPr date1904='true'/><sheets>");
    let parts = [
        ("xl/workbook.xml", main.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONSHIPS.as_bytes()),
        ("XL\\Worksheets\\Sheet1.XML", sheet.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
    ];
    let workbook = Workbook::open(archive(&parts), Limits::default()).unwrap();
    assert!(workbook.is_1904());
    let mut kept = Kept::default();
    workbook.read(0, &mut kept).unwrap();
    use CellKind::*;
    let kinds: Vec<CellKind> = kept.rows[0].1.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Number, Date, Date, Number, Date, Number, Text, Boolean, Number, Error, Text, Boolean]);
    assert_eq!(kept.rows[0].1[2].1, "1.5E3");
    assert_eq!(kept.rows[0].1[7].1, "1");
}

#[test]
fn sheets_are_found_by_relationship() {
    let main = "<x:workbook xmlns:z='z'><x:sheets><x:sheet name='图' z:id='a'/><x:sheet name='一' z:id='b' state='veryHidden'/><x:sheet name='二' z:id='c'/>\
        <x:sheet name='三' z:id='none'/><x:sheet name='四'/></x:sheets></x:workbook>";
    let relationships = "<Relationships><Relationship Id='a' Type='http://x/chartsheet' Target='chartsheets/sheet1.xml'/>\
        <Relationship Id='b' Type='http://x/worksheet' Target='/Data/Sheets/One.xml'/><Relationship Id='b' Type='http://x/worksheet' Target='other.xml'/>\
        <Relationship Id='c' Type='http://x/worksheet' Target='..\\sheets\\.\\two.xml'/><Relationship/></Relationships>";
    let root = "<Relationships><Relationship Id='1' Type='http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument' Target='data/books/main.xml'/></Relationships>";
    let one = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>";
    let two = one.replace("<v>1", "<v>2");
    // UTF-16 with its mark, as some old exporters write.
    let two: Vec<u8> = "\u{FEFF}".encode_utf16().chain(two.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let parts = [
        ("_rels/.rels", root.as_bytes()),
        ("data/books/main.xml", main.as_bytes()),
        ("data/books/_rels/main.xml.rels", relationships.as_bytes()),
        ("data/sheets/one.xml", one.as_bytes()),
        ("data/sheets/two.xml", two.as_slice()),
    ];
    // Sheets can be read side by side.
    fn shareable(_: &(impl Send + Sync)) {}
    let workbook = Workbook::open(archive(&parts), Limits::default()).unwrap();
    shareable(&workbook);
    let names: Vec<(&str, bool)> = workbook.sheets().iter().map(|sheet| (sheet.name.as_str(), sheet.hidden)).collect();
    assert_eq!(names, [("一", true), ("二", false), ("三", false), ("四", false)]);
    for (sheet, expected) in [(0, "1"), (1, "2")] {
        let mut kept = Kept::default();
        workbook.read(sheet, &mut kept).unwrap();
        assert_eq!(kept.rows[0].1[0].1, expected);
    }
    assert_eq!(workbook.read(2, &mut Kept::default()).unwrap_err().to_string(), "工作簿已损坏，缺少 none");
}

#[test]
fn files_that_are_no_workbooks_are_refused() {
    assert!(matches!(
        Workbook::open(vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0], Limits::default()),
        Err(WorkbookError::Encrypted)
    ));
    assert!(matches!(Workbook::open(Vec::new(), Limits::default()), Err(WorkbookError::Archive(_))));
    assert!(matches!(Workbook::open(archive(&[("a.txt", b"a")]), Limits::default()), Err(WorkbookError::MissingPart(_))));
    let cut: &[u8] = b"<workbook><sheets><sheet name='a'/>";
    assert!(matches!(Workbook::open(archive(&[("xl/workbook.xml", cut)]), Limits::default()), Err(WorkbookError::Broken { .. })));
    let gbk: &[u8] = b"<?xml version='1.0' encoding='GBK'?><workbook><sheets><sheet name='\xD2\xBB'/></sheets></workbook>";
    assert!(matches!(Workbook::open(archive(&[("xl/workbook.xml", gbk)]), Limits::default()), Err(WorkbookError::Encoding(_))));
}

#[test]
fn hostile_numbers_are_refused() {
    for (cells, expected) in [
        ("<row r=\"4294967296\"><c r=\"A1\"><v>1</v></c></row>", "行号"),
        ("<row r=\"1048577\"><c><v>1</v></c></row>", "1048576"),
        ("<row r=\"0\"><c><v>1</v></c></row>", "1048576"),
        ("<row r=\"9\"><c r=\"ZZZZZ9\"><v>1</v></c></row>", "列数"),
        ("<row r=\"9\"><c r=\"XFE9\"><v>1</v></c></row>", "列数"),
        ("<row r=\"9\"><c r=\"ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ9\"/><c><v>1</v></c></row>", "列数"),
        ("<row r=\"9\"><c r=\"9\"><v>1</v></c></row>", "位置"),
    ] {
        let found = error(single(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), ""));
        assert!(found.contains(expected), "{cells}: {found}");
    }
    // A format that reaches beyond the last column holds no value.
    assert_eq!(rows(single("<worksheet><sheetData><row r=\"9\"><c r=\"ZZZZZ9\" s=\"1\"/></row></sheetData></worksheet>", "")), []);
}

#[test]
fn what_comes_out_is_counted_not_what_is_claimed() {
    let bomb = format!("<worksheet><sheetData>{}</sheetData></worksheet>", " ".repeat(3_000_000));
    let small = Limits { part_bytes: 1_000_000, ..Limits::default() };
    let workbook = Workbook::open(single(&bomb, ""), small).unwrap();
    assert!(matches!(workbook.read(0, &mut Kept::default()), Err(WorkbookError::TooLarge { .. })));
    let strings = format!("<sst>{}</sst>", " ".repeat(3_000_000));
    let small = Limits { shared_strings_bytes: 1_000_000, ..Limits::default() };
    assert!(matches!(Workbook::open(single("<worksheet/>", &strings), small), Err(WorkbookError::TooLarge { .. })));
}

#[test]
fn damage_anywhere_is_an_error_or_harmless_but_never_a_panic() {
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">a&amp;b</t></is></c></row>\
        </sheetData><mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>";
    let strings = "<sst><si><r><t>王_x000D_</t></r></si></sst>";
    // A part that breaks off before the rows end is an error: no row may go missing unseen.
    for length in 0..sheet.len() {
        let result = read_into(single(&sheet[..length], strings), Kept::default());
        assert!(result.is_err() || length >= sheet.find("</sheetData>").unwrap() + "</sheetData>".len(), "{length}");
    }
    for length in (0..strings.len()).filter(|length| strings.is_char_boundary(*length)) {
        let _ = read_into(single(sheet, &strings[..length]), Kept::default());
    }
    let whole = single(sheet, strings);
    for length in 0..whole.len() {
        assert!(read_into(whole[..length].to_vec(), Kept::default()).is_err(), "{length}");
    }
    // Every byte of the sheet and of the archive damaged in turn.
    for place in 0..sheet.len() {
        for byte in [b'<', b'>', b'"', b'/', b'&', b' ', b'9'] {
            let mut damaged = sheet.as_bytes().to_vec();
            damaged[place] = byte;
            let _ = read_into(single(&String::from_utf8(damaged).unwrap(), strings), Kept::default());
        }
    }
    for place in 0..whole.len() {
        for byte in [0, 0x7F, 0xFF] {
            let mut damaged = whole.clone();
            damaged[place] = byte;
            let _ = read_into(damaged, Kept::default());
        }
    }
}

#[test]
fn a_formula_that_nobody_has_computed_is_no_empty_cell() {
    let cells = |cells: &str| rows(single(&format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>"), ""));
    for empty in ["<v></v>", "<v/>", ""] {
        let found = cells(&format!("<c r=\"A1\"><f>B1&amp;C1</f>{empty}</c>"));
        assert_eq!(found, [(1, vec![(CellKind::Error, "公式没有计算结果".to_owned())])]);
        // A formula whose result is an empty text is an empty cell.
        assert_eq!(cells(&format!("<c r=\"A1\" t=\"str\"><f>B1&amp;C1</f>{empty}</c>")), []);
    }
    assert_eq!(cells("<c r=\"A1\"><f>1+1</f><v>2</v></c>"), [(1, vec![(CellKind::Number, "2".to_owned())])]);
}

#[test]
fn workbooks_of_other_writers_read_as_calamine_reads_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xueji/writers");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xlsx") {
            println!("{}", path.display());
            compared += same_as_calamine(&std::fs::read(&path).unwrap());
        }
    }
    assert!(compared > 1_000, "only {compared} cells compared");
}
