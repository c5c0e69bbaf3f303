//! Article 13: who may transfer into a senior school. Compulsory education's conditions rest on papers that districts look at.

use super::{TransferIn, transfers_in};
use crate::facts::codes::{Category, Read};
use crate::facts::grades::Stage;
use crate::facts::student::Origin;
use crate::regulation::rule::{Amount, Hearing, Rule};

/// A13.3
pub static INTO_THE_CITY: Rule = Rule {
    clause: "A13.3",
    title: "转入本市普通高中",
    asks: "学生有本市户籍，或父母一方持居住证满年限且积分达标、在博士后流动站、与学生同持海外人才居住证的，可申请转入有空余学额的普通高中。",
    reading: "转出学校不在本市，或没有写的，看转入依据有没有四项之一；国际课程班另有规定（A17.2）。积分、户籍的真实由区查验。",
    parameters: &[],
    findings: &["F1302"],
    reads: &["status_changes"],
};
/// A13.4
pub static WITHIN_THE_CITY: Rule = Rule {
    clause: "A13.4",
    title: "本市普通高中之间转学",
    asks: "本市普通高中之间原则上不转学；因动迁等原因可申请，当年中考分数须达到转入学校当年的录取线。",
    reading: "可以转的原因是政策里列的；中考分数和录取线都有的才比。国际课程班另有规定（A17.2）。",
    parameters: &["transfers.senior_reasons"],
    findings: &["F1301"],
    reads: &["status_changes"],
};

/// F1301 and F1302: transfers into senior schools that the article does not admit.
pub fn audit(hearing: &mut Hearing<'_>) {
    let student = hearing.student;
    if student.category.is(Category::InternationalClass) || student.category == Read::Unreadable {
        return;
    }
    for own in transfers_in(student) {
        let TransferIn { change, transfer, .. } = own;
        if own.grade(hearing).is_none_or(|grade| student.system.stage(grade) != Stage::Senior) {
            continue;
        }
        if transfer.origin != Origin::City {
            if matches!(transfer.entitled, Read::Empty | Read::Value(false)) {
                hearing.find("F1302", change.row, "转入依据", Amount::None, "本市户籍、居住证积分、博士后、海外人才居住证之一");
            }
            continue;
        }
        let is_admitted = |reason| hearing.law.policy.transfers.senior_reasons.contains(&reason);
        let found = match change.reason {
            Read::Value(reason) if !is_admitted(reason) => Some(Amount::Word(reason.word())),
            Read::Empty => Some(Amount::None),
            _ => None,
        };
        if let Some(found) = found {
            hearing.find("F1301", change.row, "原因", found, "动迁等准予转学的原因");
        }
        if let (Read::Value(score), Read::Value(line)) = (transfer.score, transfer.line)
            && score < line
        {
            hearing.find("F1301", change.row, "中考分数", Amount::Number(score / 1000), "不低于转入学校当年的录取线");
        }
    }
}
