//! Grades and stages: 小学 一–五, 初中 六–九, 高中 高一–高三 (A4), and schools of a pilot system that divide otherwise.

use super::codes::System;

/// A stage of schooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// 小学
    Primary,
    /// 初中
    Junior,
    /// 高中
    Senior,
}

impl Stage {
    /// The name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Primary => "primary",
            Stage::Junior => "junior",
            Stage::Senior => "senior",
        }
    }

    /// The Chinese name.
    pub fn title(self) -> &'static str {
        match self {
            Stage::Primary => "小学",
            Stage::Junior => "初中",
            Stage::Senior => "高中",
        }
    }

    /// Whether it is compulsory education (义务教育).
    pub fn is_compulsory(self) -> bool {
        self != Stage::Senior
    }
}

/// A grade: 1 to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grade(u8);

impl Grade {
    /// The last grade there is.
    pub const LAST: u8 = 12;
    /// The Chinese names, from the first grade on.
    pub const TITLES: &'static [&'static str] =
        &["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "七年级", "八年级", "九年级", "高一", "高二", "高三"];

    /// The grade of a number from 1 to 12.
    pub fn new(number: u8) -> Option<Self> {
        (1..=Self::LAST).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The Chinese name, such as 六年级 or 高一.
    pub fn title(self) -> &'static str {
        Self::TITLES[usize::from(self.0 - 1)]
    }

    /// The grade that many years on, where there is one.
    pub fn later(self, years: u8) -> Option<Self> {
        Self::new(self.0 + years)
    }
}

/// A set of grades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grades(u16);

impl Grades {
    /// All grades from 1 to 12.
    pub const ALL: Grades = Grades(0b1_1111_1111_1110);

    /// The set with one grade more.
    pub fn with(self, grade: Grade) -> Self {
        Self(self.0 | 1 << grade.0)
    }

    /// Whether a grade is among them.
    pub fn has(self, grade: Grade) -> bool {
        self.0 >> grade.0 & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The grades, from the lowest.
    pub fn iter(self) -> impl Iterator<Item = Grade> {
        (1..=Grade::LAST).filter(move |number| self.0 >> number & 1 == 1).map(Grade)
    }
}

impl System {
    /// The stage of a grade.
    pub fn stage(self, grade: Grade) -> Stage {
        match grade.0 {
            number if number <= self.last(Stage::Primary).0 => Stage::Primary,
            number if number <= self.last(Stage::Junior).0 => Stage::Junior,
            _ => Stage::Senior,
        }
    }

    /// The last grade of a stage.
    pub fn last(self, stage: Stage) -> Grade {
        match (stage, self) {
            (Stage::Primary, System::FiveFour) => Grade(5),
            (Stage::Primary, System::SixThree) => Grade(6),
            (Stage::Junior, _) => Grade(9),
            (Stage::Senior, _) => Grade(12),
        }
    }

    /// The first grade of a stage.
    pub fn first(self, stage: Stage) -> Grade {
        match stage {
            Stage::Primary => Grade(1),
            Stage::Junior => Grade(self.last(Stage::Primary).0 + 1),
            Stage::Senior => Grade(10),
        }
    }

    /// Whether the grade is the last of its stage (毕业年级).
    pub fn is_final(self, grade: Grade) -> bool {
        self.last(self.stage(grade)) == grade
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_divide_as_the_system_says() {
        let six = Grade::new(6).unwrap();
        assert_eq!(System::FiveFour.stage(six), Stage::Junior);
        assert_eq!(System::SixThree.stage(six), Stage::Primary);
        assert!(System::SixThree.is_final(six) && !System::FiveFour.is_final(six));
        let finals = |system: System| Grades::ALL.iter().filter(|grade| system.is_final(*grade)).map(Grade::number).collect::<Vec<_>>();
        assert_eq!(finals(System::FiveFour), [5, 9, 12]);
        assert_eq!(finals(System::SixThree), [6, 9, 12]);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let grade = |number| Grade::new(number).expect("a grade");
        let set = Grades::default().with(grade(1)).with(grade(12)).with(grade(12));
        assert_eq!(set.iter().map(Grade::number).collect::<Vec<_>>(), [1, 12]);
        assert!(set.has(grade(1)) && set.has(grade(12)) && !set.has(grade(2)) && !set.is_empty());
        assert!(Grades::default().is_empty() && Grades::default().iter().next().is_none());
        assert_eq!(Grades::ALL.iter().count(), usize::from(Grade::LAST));
    }

    #[test]
    fn stages_begin_where_the_one_before_ends() {
        for system in [System::FiveFour, System::SixThree] {
            assert_eq!(system.first(Stage::Primary), Grade::new(1).unwrap());
            assert_eq!(Some(system.first(Stage::Junior)), system.last(Stage::Primary).later(1));
            assert_eq!(Some(system.first(Stage::Senior)), system.last(Stage::Junior).later(1));
        }
        let names = [Stage::Primary, Stage::Junior, Stage::Senior].map(|stage| (stage.name(), stage.title()));
        assert_eq!(names, [("primary", "小学"), ("junior", "初中"), ("senior", "高中")]);
    }
}
