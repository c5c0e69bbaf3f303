//! A made-up city: its students, one after the other from their numbers, and its files in Parquet.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;

/// How many students.
pub const STUDENTS: u64 = 1_600_000;
const DISTRICTS: u64 = 16;
const SCHOOLS: u64 = 1_600;
const REGIONS: [u32; 12] = [310_101, 310_104, 310_105, 310_106, 310_107, 310_109, 310_110, 310_112, 310_113, 310_114, 310_115, 310_116];

/// The subjects of a year.
pub const SUBJECTS: [&str; 12] =
    ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技", "体育与健身", "艺术"];
const JUNIOR_SUBJECTS: [&str; 11] =
    ["语文", "数学", "外语", "道德与法治", "历史", "地理", "科学", "信息科技", "体育与健身", "艺术", "劳动技术"];
const SENIOR_EXAMS: [&str; 10] = ["语文", "数学", "外语", "思想政治", "历史", "地理", "物理", "化学", "生命科学", "信息科技"];
const JUNIOR_EXAMS: [&str; 12] =
    ["语文", "数学", "外语", "道德与法治", "历史", "科学", "地理", "生命科学", "物理", "化学", "信息科技", "体育与健身"];

/// A student, made from a number.
pub struct Student {
    /// The number.
    pub number: u64,
    /// 全国学籍号
    pub id: String,
    /// 姓名
    pub name: String,
    /// Year of birth.
    pub birth_year: u64,
    /// 1–12
    pub grade: u64,
    /// 班级
    pub class: String,
    /// 区
    pub district: String,
    /// 学校代码
    pub school_code: String,
    /// 学校名称
    pub school_name: String,
    /// 小学入学年月
    pub primary_entry: String,
    /// 入学年月
    pub entry: String,
}

/// A number that looks like chance, the same in every run.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (number ^ (number >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ (number >> 32)
}

impl Student {
    /// The student of a number in a school.
    pub fn new(number: u64, school: u64) -> Self {
        let grade = match school % 10 {
            0..=4 => 1 + number % 5,
            5..=7 => 6 + number % 4,
            _ => 10 + number % 3,
        };
        let birth_year = 2019 - grade;
        // Distinct by number: a region, a day and a sequence.
        let place = number / 12;
        let id = format!(
            "{:06}{birth_year}{:02}{:02}{:03}",
            REGIONS[(number % 12) as usize],
            1 + place % 12,
            1 + place / 12 % 28,
            place / 336 % 500 * 2 + number % 2
        );
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u64 = id.bytes().zip(weights).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
        let check = char::from(b"10X98765432"[(sum % 11) as usize]);
        let (family, given) = ("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "安博晨达恩芳光涵佳凯兰铭宁欧培清瑞思泰文");
        let pick = |letters: &str, seed: u64| letters.chars().nth((mixed(seed) % 20) as usize).unwrap_or('一');
        let name = [pick(family, number), pick(given, number + 7), pick(given, number + 13)].iter().collect();
        let in_stage = match grade {
            1..=5 => grade,
            6..=9 => grade - 5,
            _ => grade - 9,
        };
        Self {
            number,
            id: format!("G{id}{check}"),
            name,
            birth_year,
            grade,
            class: format!("{}班", 1 + number / 12 % 8),
            district: format!("示例{}区", 1 + school % DISTRICTS),
            school_code: format!("{:010}", 3_100_000_000 + school),
            school_name: format!("示例第{school}学校"),
            primary_entry: format!("{}-09", 2026 - grade),
            entry: format!("{}-09", 2026 - in_stage),
        }
    }

    /// Whether a subject of this year is failed: one in thirty.
    pub fn fails(&self, subject: usize) -> bool {
        mixed(self.number * 16 + subject as u64).is_multiple_of(30)
    }

    fn subjects(&self) -> &'static [&'static str] {
        match self.grade {
            1..=5 => &SUBJECTS[..7],
            6..=9 => &JUNIOR_SUBJECTS,
            _ => &SUBJECTS,
        }
    }
}

/// A table being made: its columns as text.
struct Columns {
    names: &'static [&'static str],
    columns: Vec<StringBuilder>,
}

impl Columns {
    fn new(names: &'static [&'static str]) -> Self {
        Self { names, columns: names.iter().map(|_| StringBuilder::new()).collect() }
    }

    fn push(&mut self, cells: &[&str]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if cell.is_empty() { column.append_null() } else { column.append_value(cell) }
        }
    }

    fn save(mut self, path: &Path) {
        let fields: Vec<Field> = self.names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).expect("columns of one length");
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), schema, Some(properties)).expect("a writer");
        writer.write(&batch).expect("a table");
        writer.close().expect("a file");
    }
}

const ROSTER: &[&str] = &[
    "全国学籍号",
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
];
const RESULTS: &[&str] = &["全国学籍号", "学年", "科目", "学年总评", "补考"];
const EXAMS: &[&str] = &["全国学籍号", "姓名", "科目", "考试日期", "考次", "结果"];
const EVALUATIONS: &[&str] = &[
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
];

/// Makes the city's files, four a district, unless they are there.
pub fn make(folder: &Path) {
    let done = folder.join("done");
    if done.exists() {
        return;
    }
    fs::create_dir_all(folder).expect("a folder");
    let rows: u64 = (0..DISTRICTS).into_par_iter().map(|district| write(folder, district)).sum();
    eprintln!("  made {STUDENTS} students with {rows} course results");
    fs::write(done, "").expect("a mark");
}

fn write(folder: &Path, district: u64) -> u64 {
    let (mut roster, mut results) = (Columns::new(ROSTER), Columns::new(RESULTS));
    let (mut exams, mut evaluations) = (Columns::new(EXAMS), Columns::new(EVALUATIONS));
    let mut rows = 0;
    let per_school = STUDENTS / SCHOOLS;
    for school in (0..SCHOOLS).filter(|school| school % DISTRICTS == district) {
        for number in school * per_school..(school + 1) * per_school {
            // A school's place among the ten kinds must not go with its district.
            let mut student = Student::new(number, school / DISTRICTS);
            student.district = format!("示例{}区", 1 + district);
            student.school_code = format!("{:010}", 3_100_000_000 + school);
            student.school_name = format!("示例第{school}学校");
            let born = format!("{}-{}-{}", &student.id[7..11], &student.id[11..13], &student.id[13..15]);
            let sex = if student.id.as_bytes()[17].is_multiple_of(2) { "女" } else { "男" };
            let grade = student.grade.to_string();
            roster.push(&[
                &student.id,
                &student.name,
                sex,
                &born,
                "居民身份证",
                &student.id[1..],
                "中国",
                &student.district,
                &student.school_code,
                &student.school_name,
                &grade,
                &student.class,
                &student.primary_entry,
                &student.entry,
                "普通",
                "在读",
                "走读",
            ]);
            for (place, subject) in student.subjects().iter().enumerate() {
                let fails = student.fails(place);
                let makeup = if fails && !student.number.is_multiple_of(3) { "合格" } else { "" };
                results.push(&[&student.id, "2025-2026", subject, if fails { "不合格" } else { "合格" }, makeup]);
                rows += 1;
            }
            let sat: &[&str] = match student.grade {
                9 => &JUNIOR_EXAMS,
                12 => &SENIOR_EXAMS,
                _ => &[],
            };
            for (place, subject) in sat.iter().enumerate() {
                let result = if student.fails(place) { "不合格" } else { "合格" };
                exams.push(&[&student.id, &student.name, subject, "2025-06-14", "首考", result]);
            }
            if matches!(student.grade, 5 | 9 | 12) {
                evaluations.push(&[&student.id, "2025-2026", "合格", "否", "达标", "达标", "达标", "达标", "达标", "8", "1"]);
            }
        }
    }
    let path = |table: &str| folder.join(format!("{district:02}-{table}.parquet"));
    roster.save(&path("roster"));
    results.save(&path("course_results"));
    exams.save(&path("exams"));
    evaluations.save(&path("evaluations"));
    rows
}
