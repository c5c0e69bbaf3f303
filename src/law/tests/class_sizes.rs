//! A7: which limit a class has, by the directory, the district, the policy and the senior plan.

use std::path::Path;

use law::facts::audit::{Class, School};
use law::facts::codes::Read;
use law::facts::grades::{Grade, Stage};
use law::regulation::ch2_registration::art07::{Limit, limit};
use law::regulation::policy::Policy;

/// The repository's policy, with a district that has numbers of its own.
fn policy() -> Policy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/policies/shanghai-2018.toml");
    let text = std::fs::read_to_string(path).expect("the policy");
    let own = "class_size = { primary = 40, junior = 45, districts.\"甲区\" = { primary = 42 } }";
    let lines = text.lines().map(|line| if line.starts_with("class_size") { own } else { line });
    toml::from_str(&lines.collect::<Vec<_>>().join("\n")).expect("a policy")
}

fn class(stage: Stage, grade: u8, size: u32, grade_size: u32) -> Class {
    Class { stage, grade: Grade::new(grade).expect("a grade"), size, grade_size }
}

fn school(primary: Read<i32>, plan: Read<i32>) -> School {
    School { teaches: None, primary_size: primary, junior_size: Read::Empty, senior_plan: plan, status: Read::Empty }
}

#[test]
fn a_district_and_a_school_may_say_otherwise() {
    let policy = policy();
    let own = class(Stage::Primary, 2, 41, 200);
    assert_eq!(limit(&policy, "乙区", None, &own), Some(Limit::OfClass(40)));
    assert_eq!(limit(&policy, "甲区", None, &own), Some(Limit::OfClass(42)));
    let listed = school(Read::Value(30_000), Read::Empty);
    assert_eq!(limit(&policy, "甲区", Some(&listed), &own), Some(Limit::OfClass(30)));
    // The district says nothing of junior school, and a number that can't be read says nothing at all.
    assert_eq!(limit(&policy, "甲区", None, &class(Stage::Junior, 7, 46, 200)), Some(Limit::OfClass(45)));
    assert_eq!(limit(&policy, "乙区", Some(&school(Read::Unreadable, Read::Empty)), &own), Some(Limit::OfClass(40)));
    // A class of nobody is no class.
    assert_eq!(limit(&policy, "乙区", Some(&school(Read::Value(0), Read::Empty)), &own), Some(Limit::OfClass(40)));
}

#[test]
fn a_senior_plan_is_of_a_class_or_of_the_entering_grade() {
    let policy = policy();
    let (first, second) = (class(Stage::Senior, 10, 51, 401), class(Stage::Senior, 11, 51, 401));
    let plan = |plan: i32| school(Read::Empty, Read::Value(plan * 1000));
    assert_eq!(limit(&policy, "乙区", Some(&plan(50)), &second), Some(Limit::OfClass(50)));
    assert_eq!(limit(&policy, "乙区", Some(&plan(60)), &first), Some(Limit::OfClass(60)));
    assert_eq!(limit(&policy, "乙区", Some(&plan(400)), &first), Some(Limit::OfGrade(400)));
    assert_eq!(limit(&policy, "乙区", Some(&plan(400)), &second), None);
    assert_eq!(limit(&policy, "乙区", None, &first), None);
    assert_eq!(Limit::OfGrade(400).exceeded_by(&first), 1);
    assert_eq!(Limit::OfClass(51).exceeded_by(&first), 0);
    assert_eq!(Limit::OfClass(50).exceeded_by(&first), 1);
}
