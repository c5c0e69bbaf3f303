//! What does a column mean to the one who fills it in? Each column of the contract in a sentence, with an example of what is written there.

use super::table::Table;

/// What the one who fills in a column has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    header: &'static str,
    /// What stands in the column, in Chinese.
    pub means: &'static str,
    /// What may stand there. The people are invented: nobody is born in the region 310100, which stands for the city as a whole.
    pub example: &'static str,
    /// Whether the example row has it: columns that belong to other cases are empty there.
    pub is_in_row: bool,
}

/// A column that the example row has.
const fn told(header: &'static str, means: &'static str, example: &'static str) -> Meaning {
    Meaning { header, means, example, is_in_row: true }
}

/// A column of other cases than the one in the example row.
const fn apart(header: &'static str, means: &'static str, example: &'static str) -> Meaning {
    Meaning { header, means, example, is_in_row: false }
}

/// Columns that mean the same in every table.
const ANY: &[Meaning] = &[
    told("全国学籍号", "学生的全国学籍号", "G310100200905060011"),
    told("上海市学籍号", "上海市学籍号（副号），19 位数字", "3101010012320240001"),
    told("姓名", "学生姓名，与证件一致；生僻字用标准汉字，不用造字", "张三"),
    told("性别", "性别，与证件一致", "男"),
    told("出生日期", "出生日期，与证件一致", "2009-05-06"),
    told("证件类型", "身份证件的种类", "居民身份证"),
    told("证件号码", "身份证件的号码；居民身份证填 18 位", "310100200905060011"),
    told("国籍/地区", "国籍或地区", "中国"),
    told("区", "学校所在区，写全称", "黄浦区"),
    told("学校代码", "学校的代码，与学校名录一致", "3101010012"),
    told("学校名称", "学校全称", "上海市示例中学"),
    told("年级", "现在就读的年级；初一、初二等说法因学制而异，请写六年级、七年级", "高二"),
    told("班级", "班级的名称或编号", "2班"),
    told("学年", "记录所属的学年", "2025-2026"),
    told("科目", "科目名称", "物理"),
    told("考号", "考试机构编的考号", "260100123"),
    told("申请日期", "提出申请的日期", "2025-09-03"),
    told("学校同意日期", "学校同意的日期；没有同意的留空", "2025-09-10"),
    told("证明日期", "证明材料开具的日期", "2025-09-01"),
];

/// Columns of one table, or of other meaning there.
const OWN: &[(Table, &[Meaning])] = &[
    (
        Table::Roster,
        &[
            told("全国学籍号", "学生的全国学籍号；新生还没有的暂时留空，列要保留", "G310100200905060011"),
            told("小学入学年月", "小学一年级入学的年月，计算义务教育年限用", "2015-09"),
            told("入学年月", "进入本学段（小学、初中或高中）的年月", "2024-09"),
            told("学生类别", "普通学生可留空", "普通"),
            told("学籍状态", "学籍现在的状态", "在读"),
            told("就读方式", "走读、住校等", "走读"),
            told("学制年限", "本学段的学制年数", "3"),
            told("信息核对日期", "本学年（本学期）核对学籍信息的日期", "2025-09-10"),
            told("建籍日期", "为学生建立学籍的日期", "2024-09-05"),
        ],
    ),
    (
        Table::Schools,
        &[
            told("学校代码", "学校的代码，一校一行", "3101010012"),
            told(
                "学制",
                "学校办哪些学段：五年制小学、四年制初中、高中、完全中学、九年一贯制、十二年一贯制；六三学制请写明“六三”",
                "完全中学",
            ),
            apart("小学班额", "区里为小学另定的每班人数上限；没有另定的留空", "40"),
            told("初中班额", "区里为初中另定的每班人数上限；没有另定的留空", "45"),
            told("高中招生计划", "高中招生计划人数：填每班的，或整个起始年级的", "180"),
            told("状态", "学校现在的状态；正常可留空", "正常"),
            apart("并入学校代码", "合并或撤销的学校，学籍转到哪所学校", "3101010013"),
        ],
    ),
    (
        Table::CourseResults,
        &[
            told("学年总评", "本学年的总评：合格、不合格、免修，或等第，或百分制分数", "不合格"),
            told("补考", "总评不合格的，补考的结果；没有补考的留空", "合格"),
            told("补考日期", "补考的日期", "2026-07-06"),
        ],
    ),
    (
        Table::Exams,
        &[
            told("考试日期", "考试的日期", "2026-01-10"),
            told("考次", "首考、补考（全市组织），或学校组织的补考", "首考"),
            told("结果", "考试的结果", "合格"),
        ],
    ),
    (
        Table::Evaluations,
        &[
            told("思想品德与行为规范", "本学年思想品德与行为规范的评价", "合格"),
            told("犯罪记录", "有没有犯罪记录", "否"),
            told("研究型课程", "研究型课程是否合格（达标）", "合格"),
            told("拓展型课程", "拓展型课程是否合格（达标）", "合格"),
            told("志愿服务", "志愿服务（公益劳动）是否合格（达标）", "合格"),
            told("军事训练", "军事训练是否合格（达标）", "合格"),
            told("农村社会实践", "农村社会实践是否合格（达标）", "合格"),
            told("社会实践周数", "社会实践累计的周数", "6"),
            told("研究性学习报告数", "完成的研究性学习专题报告篇数", "1"),
        ],
    ),
    (Table::SchoolAssessments, &[told("考核结果", "学校组织的考核结果（国际课程班）", "合格")]),
    (
        Table::Registrations,
        &[
            told("学期", "注册的学期", "第一学期"),
            told("注册日期", "到校办理注册的日期；没有注册的留空", "2025-09-01"),
            apart("延期批准日期", "批准延期注册的日期；没有延期的留空", "2025-09-08"),
        ],
    ),
    (Table::AttendanceReports, &[told("截止日期", "考勤已报到哪一天（含这一天）；没有缺勤也要报，否则后面的日子都算未报", "2025-10-31")]),
    (
        Table::Attendance,
        &[
            told("日期", "考勤的日期，一天一行；连续几天的可改填起止日期", "2025-10-13"),
            apart("开始日期", "连续几天情况相同的，第一天", "2025-10-13"),
            apart("结束日期", "连续几天情况相同的，最后一天", "2025-10-17"),
            told("考勤", "当天的情况；缺勤半天的填早退", "旷课"),
            told("告知家长日期", "把缺勤情况告知家长的日期", "2025-10-13"),
        ],
    ),
    (
        Table::Urgings,
        &[
            told("督促日期", "联系家庭、督促返校的日期，一次一行", "2025-10-20"),
            told("方式", "怎样督促的：电话、家访、书面等", "家访"),
            told("结果", "督促的结果", "家长答应下周返校"),
        ],
    ),
    (
        Table::StatusChanges,
        &[
            told("异动类型", "发生了哪种变动，一次一行", "休学"),
            told("学年", "变动所在的学年", "2025-2026"),
            told("年级", "变动时所在的年级", "高二"),
            told("生效日期", "变动从哪一天起生效", "2025-10-09"),
            told("截止日期", "休学、延期休学到哪一天为止；其他变动留空", "2026-08-31"),
            told("原因", "变动的原因", "伤病"),
            told("申请日期", "学生或家长提出申请的日期", "2025-09-26"),
            told("学校同意日期", "学校同意的日期", "2025-09-28"),
            told("区批准日期", "区教育局批准的日期", "2025-10-08"),
            apart("区报告日期", "报告区教育局的日期（中断、退学等）", "2025-10-09"),
            told("办结日期", "在学籍系统中办完的日期", "2025-10-09"),
            apart("告知日期", "书面告知学生和家长的日期（留级等）", "2025-07-04"),
            told("证明材料", "申请所附的证明：三级医疗机构证明、境外签证等", "三级医疗机构证明"),
            told("证明日期", "证明材料开具的日期", "2025-09-24"),
            apart("转入依据", "外省市转入本市高中的依据", "本市户籍"),
            apart("转出学校代码", "转学的，从哪所学校转出；外省市的填当地学校标识码", "3101010013"),
            apart("转入学校代码", "转学的，转入哪所学校", "3101010012"),
            apart("转入年级", "转学的，转入哪个年级", "高二"),
            apart("中考分数", "高中转学的，学生当年的中考总分", "640.5"),
            apart("转入校录取线", "高中转学的，转入学校当年的录取分数线", "632"),
        ],
    ),
    (
        Table::Applications,
        &[
            told("申请事项", "申请办什么，一事一行", "免修"),
            told("学年", "申请所属的学年", "2025-2026"),
            told("科目", "免修、体育免修等申请的科目；其他申请留空", "信息科技"),
            apart("公示日期", "校内公示的日期（跳级等）", "2025-09-11"),
            apart("公示结果", "公示期内有没有异议", "无异议"),
            told("区备案日期", "报区教育局备案的日期", "2025-09-15"),
            apart("证明日期", "证明材料开具的日期（体育免修、伤病等）", "2025-09-01"),
        ],
    ),
    (
        Table::Athletes,
        &[
            told("体育部门确认日期", "体育部门确认学生运动员身份的日期", "2025-09-20"),
            told("教育部门确认日期", "教育部门确认学生运动员身份的日期", "2025-09-28"),
        ],
    ),
    (
        Table::Discipline,
        &[
            told("处分类型", "给予哪种处分，一次一行", "警告"),
            told("处分日期", "作出处分决定的日期", "2025-11-20"),
            told("会议通过日期", "学校会议通过处分的日期", "2025-11-18"),
            told("家长沟通日期", "听取学生和家长意见的日期", "2025-11-17"),
            apart("区报备日期", "留校察看、开除学籍报区教育局备案的日期", "2025-11-21"),
            apart("撤销日期", "撤销处分的日期；没有撤销的留空", "2026-05-20"),
            apart("申诉日期", "学生或家长提出申诉的日期；没有申诉的留空", "2025-11-25"),
            apart("答复日期", "答复申诉的日期", "2025-12-20"),
        ],
    ),
    (
        Table::Archives,
        &[
            told("材料类别", "归档的是哪一类材料，一类一行", "综合素质评价"),
            told("归档日期", "材料归入学籍档案的日期", "2026-07-03"),
            apart("移交日期", "档案移交给下一所学校的日期；没有移交的留空", "2026-07-20"),
            apart("接收学校代码", "接收档案的学校", "3101010013"),
        ],
    ),
    (
        Table::Reviews,
        &[
            told("finding_id", "问题编号，从问题清单原样抄来", "0a1b2c3d4e5f6071"),
            told("evidence_hash", "证据摘要，从问题清单原样抄来；答复只对这份证据有效", "9f8e7d6c5b4a3021"),
            told("处理结果", "怎样处理的；还没有处理的留空", "情况说明"),
            told("说明", "具体情况", "随家长赴外地就医，已补交证明"),
            told("处理人", "由谁处理", "李四"),
            told("处理日期", "处理的日期", "2026-07-08"),
        ],
    ),
];

/// What a column of a table means; none for a column that the table has not.
pub fn meaning(table: Table, header: &str) -> Option<&'static Meaning> {
    table.field(header)?;
    let own = OWN.iter().filter(|(own, _)| *own == table).flat_map(|(_, meanings)| *meanings);
    own.chain(ANY).find(|meaning| meaning.header == header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_every_table_is_explained() {
        for &table in Table::ALL {
            for field in table.fields_to_fill() {
                let meaning = meaning(table, field.header).unwrap_or_else(|| panic!("{table:?}: {} has no meaning", field.header));
                assert!(!meaning.means.is_empty() && !meaning.example.is_empty(), "{table:?}: {}", field.header);
                assert!(meaning.is_in_row || !field.required || field.may_be_empty, "{table:?}: {} is in no row", field.header);
            }
        }
    }

    #[test]
    fn nothing_is_explained_that_no_table_has() {
        for meaning in ANY {
            assert!(Table::ALL.iter().any(|table| table.field(meaning.header).is_some()), "{}", meaning.header);
        }
        for (table, meanings) in OWN {
            for meaning in *meanings {
                assert!(table.field(meaning.header).is_some(), "{table:?}: {}", meaning.header);
            }
        }
    }
}
