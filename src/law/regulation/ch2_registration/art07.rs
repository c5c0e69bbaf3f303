//! Article 7: how many students a class may have.

use crate::facts::audit::{Class, School};
use crate::facts::codes::{Read, System};
use crate::facts::grades::Stage;
use crate::regulation::policy::Policy;
use crate::regulation::rule::Rule;

/// A7.1, A7.2
pub static RULE: Rule = Rule {
    clause: "A7.1",
    title: "班级学额",
    asks: "小学、初中班级的学额一般不超过规定人数，区可结合实际另定；普通高中按当年度招生计划（A7.2）。",
    reading: "只数在读的学生。学校名录写了班额的按名录，其次按政策里该区的班额。招生计划不超过一个班规模的按班比，更大的按起始年级的总人数比。",
    parameters: &["numbers.class_size", "numbers.senior_plan_of_a_class"],
    findings: &["F0701"],
    reads: &[],
};

/// What a class may have at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many students in the class.
    OfClass(u32),
    /// So many in the whole grade.
    OfGrade(u32),
}

impl Limit {
    /// By how many the class, or its grade, is beyond the limit.
    pub fn exceeded_by(self, class: &Class) -> u32 {
        match self {
            Limit::OfClass(limit) => class.size.saturating_sub(limit),
            Limit::OfGrade(limit) => class.grade_size.saturating_sub(limit),
        }
    }
}

/// A whole number of students that a cell states.
fn stated(cell: Read<i32>) -> Option<u32> {
    cell.value().and_then(|thousandths| u32::try_from(thousandths / 1000).ok()).filter(|number| *number > 0)
}

/// The limit of a class: the directory's number, else the district's, else the policy's; of senior school the plan, where it is known.
pub fn limit(policy: &Policy, district: &str, school: Option<&School>, class: &Class) -> Option<Limit> {
    let sizes = &policy.numbers.class_size;
    let own = sizes.districts.get(district);
    match class.stage {
        Stage::Primary => {
            let stated = school.and_then(|school| stated(school.primary_size)).or(own.and_then(|own| own.primary));
            Some(Limit::OfClass(stated.unwrap_or(sizes.primary)))
        }
        Stage::Junior => {
            let stated = school.and_then(|school| stated(school.junior_size)).or(own.and_then(|own| own.junior));
            Some(Limit::OfClass(stated.unwrap_or(sizes.junior)))
        }
        Stage::Senior => {
            let plan = stated(school?.senior_plan)?;
            if plan <= policy.numbers.senior_plan_of_a_class {
                return Some(Limit::OfClass(plan));
            }
            // A plan of the year is about those who enter.
            (class.grade == System::FiveFour.first(Stage::Senior)).then_some(Limit::OfGrade(plan))
        }
    }
}
