//! The city's plan: its districts, its schools, and how many students each school has in each grade.

use super::chance::Chance;

/// The districts: name, code of the region, and how many of a hundred students live there.
pub const DISTRICTS: [(&str, u32, u32); 16] = [
    ("黄浦区", 310_101, 4),
    ("徐汇区", 310_104, 6),
    ("长宁区", 310_105, 3),
    ("静安区", 310_106, 5),
    ("普陀区", 310_107, 5),
    ("虹口区", 310_109, 4),
    ("杨浦区", 310_110, 5),
    ("闵行区", 310_112, 13),
    ("宝山区", 310_113, 8),
    ("嘉定区", 310_114, 8),
    ("浦东新区", 310_115, 22),
    ("金山区", 310_116, 3),
    ("松江区", 310_117, 6),
    ("青浦区", 310_118, 4),
    ("奉贤区", 310_120, 2),
    ("崇明区", 310_151, 2),
];

/// Students for each school, so that 1.6 million make 1,500 schools.
const PER_SCHOOL: u64 = 1_067;

/// The relative size of the grades: births fall, and a good half goes on to a general senior school.
const GRADE_WEIGHTS: [u64; 12] = [92, 98, 104, 106, 104, 98, 94, 92, 88, 46, 44, 42];

/// What a school teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 小学
    Primary,
    /// 初级中学
    Junior,
    /// 九年一贯制学校
    Nine,
    /// 高级中学
    Senior,
    /// 完全中学
    Complete,
}

/// The kinds and how many of a hundred schools are of each.
const KINDS: [(Kind, u64); 5] = [(Kind::Primary, 50), (Kind::Junior, 24), (Kind::Nine, 12), (Kind::Senior, 9), (Kind::Complete, 5)];

impl Kind {
    /// Whether it teaches a grade.
    pub fn teaches(self, grade: u8) -> bool {
        match self {
            Kind::Primary => grade <= 5,
            Kind::Junior => (6..=9).contains(&grade),
            Kind::Nine => grade <= 9,
            Kind::Senior => grade >= 10,
            Kind::Complete => grade >= 6,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Primary => "小学",
            Kind::Junior => "初级中学",
            Kind::Nine => "九年一贯制学校",
            Kind::Senior => "高级中学",
            Kind::Complete => "完全中学",
        }
    }

    /// 学制, as the school directory says it.
    pub fn system(self) -> &'static str {
        match self {
            Kind::Primary => "五年制小学",
            Kind::Junior => "四年制初中",
            Kind::Nine => "九年一贯制（五四）",
            Kind::Senior => "三年制高中",
            Kind::Complete => "完全中学（四三）",
        }
    }
}

/// The students of one grade in one school.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// How many.
    pub students: u32,
    /// How many students of the grade stand before them in the city: with it, each student of a grade has a number of their own.
    pub first: u32,
    /// How many classes.
    pub classes: u32,
}

/// A school.
#[derive(Clone, Debug)]
pub struct School {
    /// Its number in the city.
    pub number: u32,
    /// Its district, by place.
    pub district: usize,
    /// 学校代码
    pub code: String,
    /// 学校名称
    pub name: String,
    /// What it teaches.
    pub kind: Kind,
    /// Its cohorts, grade 1 first.
    pub cohorts: [Cohort; 12],
}

impl School {
    /// The cohort of a grade.
    pub fn cohort(&self, grade: u8) -> Cohort {
        self.cohorts.get(usize::from(grade).wrapping_sub(1)).copied().unwrap_or_default()
    }
}

/// The plan of a city.
#[derive(Clone, Debug)]
pub struct City {
    /// The seed of everything in it.
    pub seed: u64,
    /// The schools, in order of their numbers.
    pub schools: Vec<School>,
    /// The students of its largest grade.
    pub largest_grade: u32,
}

/// Cuts a number of things by weights, so that the parts add up to it.
fn shares(things: u64, weights: impl Iterator<Item = u64> + Clone) -> Vec<u64> {
    let all = u128::from(weights.clone().sum::<u64>().max(1));
    let (mut weight_before, mut before) = (0_u128, 0);
    let part = |weight| {
        weight_before += u128::from(weight);
        // Rounded, so that the last of few parts does not always get what is left.
        let until = ((u128::from(things) * weight_before + all / 2) / all) as u64;
        let part = until - before;
        before = until;
        part
    };
    weights.map(part).collect()
}

impl City {
    /// Plans a city.
    pub fn plan(students: u64, seed: u64) -> Self {
        let number = (students / PER_SCHOOL).max(3);
        let mut kinds: Vec<Kind> = Vec::new();
        // Every stage has a school, in the smallest city too.
        let counts = shares(number - 3, KINDS.iter().map(|(_, weight)| *weight));
        for ((kind, _), count) in KINDS.iter().zip(counts) {
            let own = count + u64::from(matches!(kind, Kind::Primary | Kind::Junior | Kind::Senior));
            kinds.extend(std::iter::repeat_n(*kind, own as usize));
        }
        let mut schools: Vec<School> = Vec::with_capacity(kinds.len());
        let mut sizes: Vec<u64> = Vec::with_capacity(kinds.len());
        // Schools of one kind are dealt out over the districts by their weights.
        let mut serials = [0_u32; DISTRICTS.len()];
        for run in kinds.chunk_by(|one, other| one == other) {
            let mut places = Vec::with_capacity(run.len());
            for (district, count) in
                shares(run.len() as u64, DISTRICTS.iter().map(|(_, _, weight)| u64::from(*weight))).into_iter().enumerate()
            {
                places.extend(std::iter::repeat_n(district, count as usize));
            }
            for (kind, district) in run.iter().zip(places) {
                serials[district] += 1;
                let number = schools.len() as u32;
                let (title, region, _) = DISTRICTS[district];
                let mut chance = Chance::new(seed, &[1, u64::from(number)]);
                sizes.push(60 + chance.below(50) + chance.below(50));
                schools.push(School {
                    number,
                    district,
                    code: format!("{region}{:04}", serials[district]),
                    name: format!("{title}示例第{}{}", serials[district], kind.title()),
                    kind: *kind,
                    cohorts: [Cohort::default(); 12],
                });
            }
        }
        let of_grades = shares(students, GRADE_WEIGHTS.into_iter());
        for (grade, students) in (1_u8..).zip(&of_grades) {
            let weights = schools.iter().zip(&sizes).map(|(school, size)| if school.kind.teaches(grade) { *size } else { 0 });
            let mut first = 0;
            for (school, students) in shares(*students, weights.collect::<Vec<_>>().into_iter()).into_iter().enumerate() {
                let classes = (students as u32).div_ceil(38);
                schools[school].cohorts[usize::from(grade) - 1] = Cohort { students: students as u32, first, classes };
                first += students as u32;
            }
        }
        let largest_grade = of_grades.into_iter().max().unwrap_or(0) as u32;
        Self { seed, schools, largest_grade }
    }

    /// The schools of a district.
    pub fn of_district(&self, district: usize) -> impl Iterator<Item = &School> {
        self.schools.iter().filter(move |school| school.district == district)
    }

    /// The school of the same district before this one that teaches a grade, if there is one: where a second registration is found.
    pub fn before(&self, school: &School, grade: u8) -> Option<&School> {
        let before = &self.schools[..school.number as usize];
        before.iter().rev().find(|other| other.district == school.district && other.kind.teaches(grade))
    }

    /// The school of the same district after this one that teaches a grade, if there is one.
    pub fn after(&self, school: &School, grade: u8) -> Option<&School> {
        let after = self.schools.iter().skip(school.number as usize + 1);
        after.into_iter().find(|other| other.district == school.district && other.kind.teaches(grade))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_students_are_in_a_school() {
        for students in [0, 1, 12, 580, 20_000, 1_600_000] {
            let city = City::plan(students, 1);
            let of_school = |school: &School| school.cohorts.iter().map(|cohort| u64::from(cohort.students)).sum::<u64>();
            assert_eq!(city.schools.iter().map(of_school).sum::<u64>(), students);
            let teaches = |school: &School| (1..=12).all(|grade| school.kind.teaches(grade) || school.cohort(grade).students == 0);
            assert!(city.schools.iter().all(teaches));
        }
    }

    #[test]
    fn a_full_city_has_fifteen_hundred_schools_in_sixteen_districts() {
        let city = City::plan(1_600_000, 1);
        assert!((1_490..1_510).contains(&city.schools.len()), "{}", city.schools.len());
        assert!((0..DISTRICTS.len()).all(|district| city.of_district(district).count() > 20));
    }

    #[test]
    fn numbers_within_a_grade_are_given_once() {
        let city = City::plan(50_000, 3);
        for grade in 1..=12 {
            let mut next = 0;
            for school in &city.schools {
                let cohort = school.cohort(grade);
                assert_eq!(cohort.first, next);
                next += cohort.students;
            }
        }
    }
}
