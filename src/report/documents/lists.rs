//! Lists to sign and stamp: who graduates, who leaves with another certificate, who is withdrawn, whose admission is void.

use askama::Template;
use law::regulation::rule::Outcome;

use super::numerals::capitals;
use super::{Basis, Document, STYLE};
use crate::report::mask;
use crate::report::reasons::rule;
use crate::report::schools::{School, Student};
use crate::report::text::{shown, shown_name};
use crate::report::words;

/// A list that is made.
struct Kind {
    title: &'static str,
    file: &'static str,
    /// What it calls those on it, after the stage.
    of_stage: &'static str,
    outcomes: &'static [Outcome],
    /// Whether those on it are called by the year in which they leave.
    by_year_of_leaving: bool,
    /// What the students take and sign for.
    handed_out: &'static str,
    /// What the school states by its stamp.
    statement: &'static str,
}

static KINDS: [Kind; 4] = [
    Kind {
        title: "毕业生名单",
        file: "毕业生名单.html",
        of_stage: "毕业生名单",
        outcomes: &[Outcome::Graduate],
        by_year_of_leaving: true,
        handed_out: "证书编号",
        statement: "经核对，下列学生符合《上海市中小学学生学籍管理办法》第二十四条规定的毕业条件，准予毕业，发给毕业证书。",
    },
    Kind {
        title: "结业肄业名单",
        file: "结业肄业名单.html",
        of_stage: "结业、肄业学生名单",
        outcomes: &[Outcome::Complete, Outcome::Incomplete],
        by_year_of_leaving: true,
        handed_out: "证书编号",
        statement: "经核对，下列学生不符合毕业条件，依照《上海市中小学学生学籍管理办法》第二十五条、第二十六条、第四十二条，按表中所列发给证书。",
    },
    Kind {
        title: "退学名单",
        file: "退学名单.html",
        of_stage: "自动退学学生名单",
        outcomes: &[Outcome::WithdrawAuto],
        by_year_of_leaving: false,
        handed_out: "证书、证明编号",
        statement: "经核对，下列学生符合《上海市中小学学生学籍管理办法》表中所列条款的情形，报区教育行政部门后按自动退学处理，终止学籍，按表中所列发给证书或证明。",
    },
    Kind {
        title: "录取通知书失效名单",
        file: "录取通知书失效名单.html",
        of_stage: "录取通知书失效学生名单",
        outcomes: &[Outcome::AdmissionVoid],
        by_year_of_leaving: false,
        handed_out: "备注",
        statement: "经核对，下列起始年级学生逾期没有办理注册手续，依照《上海市中小学学生学籍管理办法》第八条，录取通知书自动失效，报区教育行政部门。",
    },
];

#[derive(Template)]
#[template(path = "list.html")]
struct Page<'a> {
    style: &'static str,
    title: &'static str,
    school: String,
    code: String,
    basis: &'a Basis<'a>,
    statement: &'static str,
    handed_out: &'static str,
    sections: Vec<Section>,
}

/// The students of a stage, who are signed for by themselves.
struct Section {
    title: String,
    rows: Vec<Row>,
    capitals: String,
}

struct Row {
    class: String,
    name: String,
    id: String,
    certificate: String,
    clauses: Vec<String>,
}

/// The lists of a school that have somebody on them.
///
/// # Errors
/// The template can't be filled in.
pub fn lists(school: &School, basis: &Basis<'_>) -> Result<Vec<(Document, String)>, askama::Error> {
    let mut made = Vec::new();
    for kind in &KINDS {
        let students: Vec<&Student> = school.students.iter().filter(|student| kind.outcomes.contains(&student.outcome)).collect();
        if students.is_empty() {
            continue;
        }
        let page = Page {
            style: STYLE,
            title: kind.title,
            school: shown_name(school.title()),
            code: shown_name(&school.code),
            basis,
            statement: kind.statement,
            handed_out: kind.handed_out,
            sections: sections(kind, &students, basis),
        };
        made.push((Document { title: kind.title, file: kind.file, students: students.len() }, page.render()?));
    }
    Ok(made)
}

/// The students by stage, in the order of the decisions: by grade, class and key.
fn sections(kind: &Kind, students: &[&Student], basis: &Basis<'_>) -> Vec<Section> {
    let when =
        if kind.by_year_of_leaving { format!("{} 届", basis.year_of_leaving()) } else { format!("{} 学年", basis.manifest.school_year) };
    let by_stage = students.chunk_by(|one, other| one.stage == other.stage);
    let section = |own: &[&Student]| {
        let stage = own.first().map_or("", |student| stage(&student.stage));
        Section {
            title: format!("{when}{stage}{}", kind.of_stage),
            rows: own.iter().map(|student| row(student)).collect(),
            capitals: capitals(own.len()),
        }
    };
    by_stage.map(section).collect()
}

/// The stage in a title; nothing where it is not known.
fn stage(code: &str) -> &'static str {
    words::STAGES.iter().filter(|(own, _)| *own != "unknown").find(|(own, _)| *own == code).map_or("", |(_, title)| title)
}

fn row(student: &Student) -> Row {
    let clauses = student.clauses.split('、').filter(|clause| !clause.is_empty());
    let named = |clause: &str| rule(clause).map_or_else(|| clause.to_owned(), |rule| format!("{clause} {}", rule.title));
    Row {
        class: format!("{}{}", student.grade_title(), shown_name(&words::class(&student.class))),
        name: shown_name(&student.name),
        id: mask::student_key(&student.student_key),
        certificate: shown(words::certificate(&student.certificate)),
        clauses: clauses.map(named).map(|text| shown(&text)).collect(),
    }
}
