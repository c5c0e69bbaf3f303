//! Cells of every kind, well written and badly.

use chrono::NaiveDate;
use law::facts::identifiers::NationalId;

use super::super::table::Table;
use super::super::testing::vocabulary;
use super::time::serial_date;
use super::*;

fn read_as(table: Table, header: &str, kind: CellKind, text: &str) -> (Read<Value<'static>>, Option<&'static str>) {
    let vocabulary = vocabulary();
    let mut context = Context { vocabulary: &vocabulary, is_1904: false, subjects: NewSubjects::default() };
    let field = &table.fields()[table.field(header).unwrap()];
    let reading = read(Cell { kind, text }, field, Document::Unknown, &mut context).into_owned();
    (reading.value, reading.issue.map(|issue| issue.code))
}

fn day_of(kind: CellKind, text: &str) -> (Option<String>, Option<&'static str>) {
    let (value, code) = read_as(Table::Urgings, "督促日期", kind, text);
    let shown = match value {
        Read::Value(Value::Integer(days)) => Some(show_date(days)),
        _ => None,
    };
    (shown, code)
}

#[test]
fn dates_are_read_in_every_spelling() {
    let spellings = [
        "2025-09-01",
        "2025/9/1",
        "2025.9.1",
        "20250901",
        "2025年9月1日",
        "2025。9。1",
        "2025、9、1",
        "2025—09—01",
        "2025-09-01 00:00:00",
        "2025-09-01T08:30:00Z",
        "2025/9/1 8:30",
        "20250901083000",
        "2025年09月01日 星期一",
        "2025 - 9 - 1",
        "20250901 08:30",
    ];
    for spelling in spellings {
        assert_eq!(day_of(CellKind::Text, spelling), (Some("2025-09-01".into()), None), "{spelling}");
    }
    assert_eq!(day_of(CellKind::Text, "２０２５-０９-０１"), (Some("2025-09-01".into()), Some("I0208")));
    assert_eq!(day_of(CellKind::Text, "'2025-09-01"), (Some("2025-09-01".into()), Some("I0208")));
    assert_eq!(day_of(CellKind::Date, "45901"), (Some("2025-09-01".into()), None));
    assert_eq!(day_of(CellKind::Number, "45901.25"), (Some("2025-09-01".into()), None));
    assert_eq!(day_of(CellKind::Number, "20250901"), (Some("2025-09-01".into()), None));
    assert_eq!(day_of(CellKind::Date, "40422"), (Some("2010-09-01".into()), None));
    for spelling in [
        "2025年9月",
        "2025-02-30",
        "25-9-1",
        "9/1/2025",
        "45901",
        "不详",
        "2025-13-01",
        "1234567890123",
        "20259",
        "2025-09-01至2025-09-10",
        "2025-09-01-2025-09-10",
        "2025-9-1 2025-9-2",
        "2025-09-01 暂定",
    ] {
        assert_eq!(day_of(CellKind::Text, spelling), (None, Some("I0202")), "{spelling}");
    }
    assert_eq!(day_of(CellKind::Text, " NULL "), (None, None));
    assert_eq!(day_of(CellKind::Text, "—"), (None, Some("I0208")));
    assert_eq!(serial_date(44_439.0, true), NaiveDate::from_ymd_opt(2025, 9, 1));
}

#[test]
fn months_are_read() {
    let expected = Read::Value(Value::Integer(2025 * 12 + 8));
    for (kind, text) in [
        (CellKind::Text, "2025-09"),
        (CellKind::Text, "2025年9月"),
        (CellKind::Text, "202509"),
        (CellKind::Text, "2025.9"),
        (CellKind::Text, "2025-09-01"),
        (CellKind::Number, "202509"),
        (CellKind::Number, "20250901"),
        (CellKind::Date, "45901"),
        (CellKind::Number, "45901"),
    ] {
        assert_eq!(read_as(Table::Roster, "入学年月", kind, text), (expected.clone(), None), "{text}");
    }
    for (kind, text) in [(CellKind::Number, "2025.1"), (CellKind::Text, "2025"), (CellKind::Text, "2025-13")] {
        assert_eq!(read_as(Table::Roster, "入学年月", kind, text), (Read::Unreadable, Some("I0202")), "{text}");
    }
}

#[test]
fn school_years_terms_and_grades_are_read() {
    for text in
        ["2025-2026", "2025—2026学年", "2025/2026", "2025学年", "2025学年度", "2025", "2025-26", "2025-2026学年第一学期", "2025至2026学年"]
    {
        let read = read_as(Table::Evaluations, "学年", CellKind::Text, text);
        assert_eq!(read, (Read::Value(Value::Integer(2025)), None), "{text}");
    }
    for text in ["2025-2027", "25", "2025-09", "学年"] {
        assert_eq!(read_as(Table::Evaluations, "学年", CellKind::Text, text), (Read::Unreadable, Some("I0202")), "{text}");
    }
    for (text, expected) in [
        ("1", 1),
        ("第一学期", 1),
        ("秋季", 1),
        ("上", 1),
        ("2025学年第二学期", 2),
        ("春季学期", 2),
        ("下学期", 2),
        ("2025-2026学年度第2学期", 2),
    ] {
        assert_eq!(read_as(Table::Registrations, "学期", CellKind::Text, text), (Read::Value(Value::Code(expected)), None), "{text}");
    }
    let grades = [
        ("一年级", 1),
        ("1年级", 1),
        ("小一", 1),
        ("1", 1),
        ("小学五年级", 5),
        ("预初", 6),
        ("六年级", 6),
        ("初中七年级", 7),
        ("高一", 10),
        ("高中一年级", 10),
        ("十年级", 10),
        ("10", 10),
        ("高1", 10),
        ("十二年级", 12),
        ("高三年级", 12),
    ];
    for (text, expected) in grades {
        assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, text), (Read::Value(Value::Code(expected)), None), "{text}");
    }
    assert_eq!(read_as(Table::Roster, "年级", CellKind::Number, "7.0").0, Read::Value(Value::Code(7)));
    for text in ["初一", "13", "2024级", "初三", "高四", "0"] {
        assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, text), (Read::Unreadable, Some("I0202")), "{text}");
    }
    assert_eq!(read_as(Table::Roster, "年级", CellKind::Text, "７").1, Some("I0208"));
}

#[test]
fn ids_are_repaired_or_refused() {
    let id = |kind, text| read_as(Table::Urgings, "全国学籍号", kind, text);
    let right = Read::Value(Value::Id(NationalId::parse("G11010519491231002X").unwrap().packed()));
    assert_eq!(id(CellKind::Text, "g11010519491231002x"), (right.clone(), None));
    assert_eq!(id(CellKind::Text, "Ｇ11010519491231002X"), (right.clone(), Some("I0208")));
    assert_eq!(id(CellKind::Text, "'G110105 19491231 002X"), (right, Some("I0208")));
    assert_eq!(id(CellKind::Text, "G110105194912310021"), (Read::Unreadable, Some("I0205")));
    assert_eq!(id(CellKind::Text, "11010519491231002X"), (Read::Unreadable, Some("I0205")));
    assert_eq!(id(CellKind::Number, "110105194912310"), (Read::Unreadable, Some("I0204")));
    assert_eq!(id(CellKind::Text, "1.10105E+17"), (Read::Unreadable, Some("I0204")));
}

#[test]
fn documents_are_checked_as_what_they_are() {
    let vocabulary = vocabulary();
    let field = &Table::Roster.fields()[Table::Roster.field("证件号码").unwrap()];
    let number = |document, text: &str| {
        let mut context = Context { vocabulary: &vocabulary, is_1904: false, subjects: NewSubjects::default() };
        let reading = read(Cell::text(text), field, document, &mut context).into_owned();
        (reading.value, reading.issue.map(|issue| issue.code))
    };
    let right = Read::Value(Value::Text(Cow::Borrowed("11010519491231002X")));
    assert_eq!(number(Document::Unknown, "11010519491231002X"), (right.clone(), None));
    assert_eq!(number(Document::Unknown, "11010519491231002x"), (right.clone(), None));
    assert_eq!(number(Document::Resident, "110105491231002"), (right, Some("I0208")));
    assert_eq!(number(Document::Unknown, "110105194912310021"), (Read::Unreadable, Some("I0206")));
    assert_eq!(number(Document::Unknown, "310104200509010000"), (Read::Unreadable, Some("I0204")));
    assert_eq!(number(Document::Resident, "E12345678"), (Read::Unreadable, Some("I0206")));
    assert_eq!(number(Document::Other, "e12345678"), (Read::Value(Value::Text(Cow::Borrowed("E12345678"))), None));
    assert_eq!(number(Document::Unknown, "H12345678"), (Read::Value(Value::Text(Cow::Borrowed("H12345678"))), None));
    for (kind, document) in [
        ("居民身份证", Document::Resident),
        ("1", Document::Resident),
        ("01-居民身份证", Document::Resident),
        ("B", Document::Resident),
        ("外国人永久居留身份证", Document::Other),
        ("a", Document::Other),
        ("X1", Document::Unknown),
        ("", Document::Unknown),
    ] {
        assert_eq!(Document::of(kind, &vocabulary), document, "{kind}");
    }
    let shanghai = |text| read_as(Table::Roster, "上海市学籍号", CellKind::Text, text).1;
    assert_eq!(shanghai("3101040123120230017"), None);
    assert_eq!(shanghai("3101040123120230000"), Some("I0204"));
    assert_eq!(shanghai("310104012312023001"), Some("I0209"));
}

#[test]
fn words_are_read_by_the_dictionary() {
    let word = |table, header, text| read_as(table, header, CellKind::Text, text);
    let code = |code| Read::Value(Value::Code(code));
    assert_eq!(word(Table::Roster, "学籍状态", "在读"), (code(0), None));
    assert_eq!(word(Table::Roster, "学籍状态", "在 读"), (code(0), Some("I0208")));
    assert_eq!(word(Table::Roster, "学籍状态", "在校"), (code(0), Some("I0208")));
    assert_eq!(word(Table::Attendance, "考勤", "缺课"), (Read::Unreadable, Some("I0203")));
    assert_eq!(word(Table::Attendance, "考勤", "半天病假"), (code(2), None));
    assert_eq!(word(Table::Evaluations, "志愿服务", "达标"), (code(0), None));
    assert_eq!(word(Table::CourseResults, "学年总评", "优秀"), (code(0), None));
    assert_eq!(word(Table::CourseResults, "学年总评", "免修"), (code(2), None));
    assert_eq!(word(Table::CourseResults, "学年总评", "59.5"), (code(1), None));
    assert_eq!(word(Table::CourseResults, "学年总评", "60分"), (code(0), None));
    assert_eq!(word(Table::CourseResults, "学年总评", "120"), (Read::Unreadable, Some("I0202")));
    assert_eq!(word(Table::CourseResults, "学年总评", "中等"), (Read::Unreadable, Some("I0203")));
    assert_eq!(word(Table::CourseResults, "科目", "英语"), (code(2), None));
    assert_eq!(word(Table::CourseResults, "科目", "探究"), (code(3), None));
    assert_eq!(word(Table::CourseResults, "科目", "13"), (Read::Unreadable, Some("I0202")));
    assert_eq!(word(Table::Evaluations, "社会实践周数", "6.5周"), (Read::Value(Value::Integer(6500)), None));
    assert_eq!(word(Table::Roster, "学制年限", "四年"), (Read::Value(Value::Integer(4000)), None));
    assert_eq!(word(Table::Roster, "姓名", "&#134071;某·某").0, Read::Value(Value::Text(Cow::Borrowed("𠮷某·某"))));
    assert_eq!(word(Table::Schools, "学校代码", "310104\u{FFFD}"), (Read::Unreadable, Some("I0202")));
}

#[test]
fn codes_of_the_national_system_are_read_as_their_words() {
    fn is_word(table: Table, header: &str, kind: CellKind, text: &str, word: &str) {
        let spelled = read_as(table, header, kind, text);
        assert_eq!(spelled, (read_as(table, header, CellKind::Text, word).0, None), "{header} {text}");
        assert!(matches!(spelled.0, Read::Value(_)), "{header} {text}");
    }
    for (header, codes) in [
        (
            "学籍状态",
            "01=在读 02=休学 03=退学 05=在读 07=毕业 08=结业 09=肄业 10=转出 11=死亡 14=开除 ０１=在读 01在读=在读 1－在读=在读 \
             05复学=在读 10转学（转出）=转出 14、开除=开除",
        ),
        ("性别", "1=男 2=女 01=男 1男=男 2-女=女"),
        ("就读方式", "1=走读 2=住校 3=借宿 9=其他 03借宿=借宿"),
        (
            "证件类型",
            "1=居民身份证 01=居民身份证 1居民身份证=居民身份证 A=护照 ａ=护照 A-护照=护照 6=香港特区护照/身份证明 Z=其他 z其他=其他 \
             身份证=居民身份证",
        ),
    ] {
        for (code, word) in codes.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            is_word(Table::Roster, header, CellKind::Text, code, word);
            if let Some(digits) = code.strip_prefix('0').filter(|digits| digits.len() == 1) {
                is_word(Table::Roster, header, CellKind::Text, digits, word);
                is_word(Table::Roster, header, CellKind::Number, &format!("{digits}.0"), word);
            }
        }
    }
    let changes = "02=留级 04=跳级 11=休学 12=复学 17=恢复 21=转出 22=转入 31=退学 51=死亡 21转学（转出）=转出 17恢复学籍=恢复 2=留级";
    for (code, word) in changes.split_whitespace().filter_map(|pair| pair.split_once('=')) {
        is_word(Table::StatusChanges, "异动类型", CellKind::Text, code, word);
    }
    is_word(Table::StatusChanges, "原因", CellKind::Number, "10", "伤病");
    // What has no counterpart stays unread, and so does a code beside another word than its own.
    for (table, header, codes) in [
        (Table::Roster, "学籍状态", "04 06 12 13 15 99 4 00 001 16 01休学 02在读 15下落不明 01x"),
        (Table::Roster, "性别", "0 9 1女"),
        (Table::Roster, "就读方式", "4 99 1住校"),
        (Table::Roster, "证件类型", "0 C 99 1A"),
        (Table::StatusChanges, "异动类型", "01 03 05 06 07 08 13 14 15 16 18 19 23 29 42 61 62 63 99 1 12休学 11复学"),
        (Table::StatusChanges, "原因", "01 26 31 40"),
    ] {
        for code in codes.split_whitespace() {
            assert_eq!(read_as(table, header, CellKind::Text, code), (Read::Unreadable, Some("I0203")), "{header} {code}");
        }
    }
    // Any other text is one.
    for text in ["港澳居民来往内地通行证", "CN护照", "1-不知何证"] {
        let read = read_as(Table::Roster, "证件类型", CellKind::Text, text);
        assert_eq!(read, (Read::Value(Value::Text(Cow::Borrowed(text))), None));
    }
}

#[test]
fn a_dictionary_of_grade_codes_comes_before_the_plain_reading() {
    let mut vocabulary = vocabulary();
    let codes = include_str!("../../../pipelines/national/grades-shanghai.toml");
    vocabulary.dictionary.extend("grades-shanghai.toml", codes).unwrap();
    vocabulary.dictionary.extend("own.toml", "[words.\"年级\"]\n\"高三\" = [\"3C\"]").unwrap();
    let field = &Table::Roster.fields()[Table::Roster.field("年级").unwrap()];
    let grade = |kind, text| {
        let mut context = Context { vocabulary: &vocabulary, is_1904: false, subjects: NewSubjects::default() };
        let reading = read(Cell { kind, text }, field, Document::Unknown, &mut context).into_owned();
        (reading.value, reading.issue.map(|issue| (issue.code, issue.expected.into_owned())))
    };
    let codes = [
        ("11", 1),
        ("15", 5),
        ("16", 6),
        ("19", 9),
        ("31", 10),
        ("33", 12),
        ("16六年级", 6),
        ("11-一年级", 1),
        ("六年级", 6),
        ("高一", 10),
        ("七", 7),
        ("１２", 2),
        ("10", 10),
    ];
    for (code, expected) in codes {
        assert_eq!(grade(CellKind::Text, code), (Read::Value(Value::Code(expected)), None), "{code}");
    }
    assert_eq!(grade(CellKind::Number, "32.0"), (Read::Value(Value::Code(11)), None));
    assert_eq!(grade(CellKind::Text, "3c"), (Read::Value(Value::Code(12)), Some(("I0208", "高三".to_owned()))));
    for code in ["20", "30", "34", "16七年级"] {
        assert_eq!(grade(CellKind::Text, code).0, Read::Unreadable, "{code}");
    }
}

#[test]
fn characters_of_the_private_area_are_restored_or_shown() {
    let name = |text: &str| {
        let (value, code) = read_as(Table::Roster, "姓名", CellKind::Text, text);
        let Read::Value(Value::Text(text)) = value else { panic!("{text} is not kept") };
        (text.into_owned(), code)
    };
    assert_eq!(name("𠮷㛃䶮"), ("𠮷㛃䶮".to_owned(), None));
    assert_eq!(name("张\u{E831}"), ("张\u{215D7}".to_owned(), Some("I0208")));
    for lost in ["张\u{E000}", "张\u{F8FF}", "张□", "张?", "张？"] {
        assert_eq!(name(lost), (lost.to_owned(), Some("I0202")));
    }
    assert_eq!(name("张&#134071;"), ("张𠮷".to_owned(), Some("I0208")));
}
