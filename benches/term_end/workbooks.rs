//! 200 workbooks of 1,000 students: a roster of 30 columns and ten results a student.

use std::fs;
use std::path::Path;

use rayon::prelude::*;
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::city::{SUBJECTS, Student};

/// How many workbooks.
const WORKBOOKS: u64 = 200;
/// How many students in each.
const STUDENTS: u64 = 1000;

/// The roster's columns: those of the contract, and ones that schools keep beside them.
const ROSTER: [&str; 30] = [
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
    "民族",
    "籍贯",
    "户口性质",
    "家庭住址",
    "联系电话",
    "邮政编码",
    "健康状况",
    "是否独生子女",
    "备注",
];

/// Makes the workbooks, unless they are there.
pub fn make(folder: &Path) -> Result<(), XlsxError> {
    let done = folder.join("done");
    if done.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).expect("a folder");
    (0..WORKBOOKS).into_par_iter().try_for_each(|school| write(folder, school))?;
    fs::write(done, "").expect("a mark");
    Ok(())
}

fn write(folder: &Path, school: u64) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let students: Vec<Student> = (0..STUDENTS).map(|place| Student::new(school * STUDENTS + place, school)).collect();
    let sheet = book.add_worksheet().set_name("名册")?;
    sheet.write(0, 0, "2025学年学籍名册")?;
    sheet.write_row(1, 0, ROSTER)?;
    for (row, student) in (2_u32..).zip(&students) {
        let year = student.birth_year;
        let grade = student.grade.to_string();
        let own = [
            student.id.as_str(),
            "",
            &student.name,
            if student.number.is_multiple_of(2) { "女" } else { "男" },
            &format!("{year}-03-01"),
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
            "",
            "2025-09-10",
            "2025-09-01",
            "汉族",
            "上海",
            "非农业家庭",
            &format!("示例路{}号", student.number % 997),
            "",
            "200000",
            "健康或良好",
            "是",
            "",
        ];
        sheet.write_row(row, 0, own)?;
    }
    let sheet = book.add_worksheet().set_name("成绩")?;
    sheet.write_row(0, 0, ["全国学籍号", "姓名", "学年", "科目", "学年总评", "补考", "补考日期"])?;
    let mut row = 1;
    for student in &students {
        for (place, subject) in SUBJECTS.iter().take(10).enumerate() {
            let result = if student.fails(place) { "不合格" } else { "合格" };
            sheet.write_row(row, 0, [student.id.as_str(), &student.name, "2025-2026", subject, result])?;
            row += 1;
        }
    }
    book.save(folder.join(format!("{school:03}.xlsx")))
}
