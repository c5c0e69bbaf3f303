//! Who a student is: number, name, day of birth, and what happened to them at school.

use law::facts::identifiers::check_character;

use super::chance::Chance;
use super::city::{City, Cohort, DISTRICTS, School};
use super::damage::{self, Damage};
use super::dates::{self, Day, YEAR};
use super::names::{self, Bearer};

/// What happened to a student that leaves its mark in the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Nothing.
    Ordinary,
    /// On leave now.
    Suspended,
    /// Was on leave, and is back.
    SuspendedBefore,
    /// Came from elsewhere.
    TransferredIn,
    /// Has left for elsewhere.
    TransferredOut,
    /// Registration interrupted.
    Interrupted,
    /// Has withdrawn from senior school.
    Withdrawn,
    /// Has died.
    Died,
    /// Repeated a year of compulsory education.
    RepeatedBefore,
    /// Was retained in senior school.
    RetainedBefore,
    /// Was retained often enough in this grade.
    RetainedTwice,
    /// Skipped a grade of primary school.
    SkippedBefore,
    /// Applies to skip a grade.
    Skips,
    /// Applies to repeat the year.
    Repeats,
    /// Applies to leave after nine years.
    LeavesIncomplete,
    /// Is expelled from senior school.
    Expelled,
    /// Is on probation in senior school.
    OnProbation,
    /// Has another measure on record.
    Disciplined,
}

/// What a student belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// 普通
    Ordinary,
    /// 学生运动员
    Athlete,
    /// 国际课程班
    International,
    /// 内地民族班
    Minority,
    /// 随班就读
    Inclusive,
}

impl Group {
    /// 学生类别
    pub fn word(self) -> &'static str {
        match self {
            Group::Ordinary => "普通",
            Group::Athlete => "学生运动员",
            Group::International => "国际课程班",
            Group::Minority => "内地民族班",
            Group::Inclusive => "随班就读",
        }
    }
}

/// Where a student comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The mainland.
    Mainland,
    /// Hong Kong, Macao or Taiwan.
    Compatriot(&'static str),
    /// Another country.
    Foreign(&'static str),
}

/// A student.
#[derive(Clone, Debug)]
pub struct Pupil {
    /// Their number among all of the grade.
    pub rank: u32,
    /// 年级
    pub grade: u8,
    /// 全国学籍号
    pub id: String,
    /// 姓名
    pub name: String,
    /// Male or female.
    pub male: bool,
    /// 出生日期
    pub birth: Day,
    /// The class, from 1.
    pub class: u32,
    /// Where from.
    pub origin: Origin,
    /// What they belong to.
    pub group: Group,
    /// What happened.
    pub story: Story,
    /// What is wrong with their records on purpose.
    pub damage: Option<Damage>,
    /// How many years later than usual they are in this grade; negative for who skipped.
    pub late: i32,
    /// How many in a million subjects they fail.
    pub failing: u64,
}

/// Regions outside the city where students were born.
const ELSEWHERE: [u32; 32] = [
    110_105, 120_104, 130_102, 140_105, 210_102, 220_102, 230_103, 320_102, 320_505, 320_602, 320_803, 320_902, 330_106, 330_203, 330_304,
    340_104, 340_202, 341_202, 350_203, 360_102, 361_102, 370_102, 371_302, 410_105, 411_402, 420_106, 421_002, 430_102, 440_305, 500_103,
    510_104, 610_113,
];
/// Regions of people whom the damage makes up; nobody else is born there.
const MADE_UP: [u32; 4] = [650_102, 650_104, 650_105, 650_106];
/// Days of birth in a year of entry.
const DAYS: u64 = 365;
/// Numbers for each region and day.
const SEQUENCES: u64 = 1_000;
/// Days times sequences.
const SLOTS: u64 = DAYS * SEQUENCES;
/// Spreads neighbours over the slots; it has no factor in common with them.
const STRIDE: u64 = 226_187;

/// An id from its parts.
fn id(prefix: char, region: u32, birth: Day, sequence: u64) -> String {
    let mut text = String::with_capacity(19);
    text.push(prefix);
    text.push_str(&region.to_string());
    dates::write(birth, &mut text);
    text.retain(|letter| letter != '-');
    text.push_str(&format!("{sequence:03}"));
    let check = check_character(&text.as_bytes()[1..]);
    text.push(char::from(check));
    text
}

/// The slot of a student of a grade: no two of one grade share one with the same region.
fn slot(rank: u64, grade: u8) -> (u64, u64) {
    let slot = (rank % SLOTS * STRIDE + u64::from(grade) * 7_919) % SLOTS;
    (slot % DAYS, slot / DAYS)
}

/// Those who share a slot, told apart by their names: the grade's own, as many bands as its students fill the slots, who is one year
/// late, two, and more; nobody who is later still was born with the strangers.
fn band(city: &City, rank: u64, apart: u64) -> u64 {
    apart.min(STRANGERS) * (u64::from(city.largest_grade) / SLOTS + 1) + rank / SLOTS
}
const STRANGERS: u64 = 3;

/// Somebody who is in no roster.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// 全国学籍号
    pub id: String,
    /// 姓名
    pub name: String,
    /// Male or female.
    pub male: bool,
    /// 出生日期
    pub birth: Day,
}

/// The stranger of a place in a grade.
pub fn stranger(city: &City, rank: u32, grade: u8) -> Stranger {
    let (day, sequence) = slot(u64::from(rank), grade);
    let birth = dates::birth(YEAR - 6 - i32::from(grade), day);
    let male = sequence % 2 == 1;
    let mut name = String::with_capacity(12);
    let bearer = Bearer { male, birth, sequence, band: band(city, u64::from(rank), STRANGERS) };
    names::write(&mut Chance::new(city.seed, &[4, u64::from(grade), u64::from(rank)]), bearer, false, &mut name);
    Stranger { id: id('G', MADE_UP[0], birth, sequence), name, male, birth }
}

/// An id or ID number whose check character is another.
pub fn with_wrong_check(number: &str) -> String {
    let mut wrong = number.to_owned();
    let last = wrong.pop();
    wrong.push(if last == Some('1') { '2' } else { '1' });
    wrong
}

fn origin(chance: &mut Chance, may_be_foreign: bool) -> Origin {
    // One in twenty may be.
    if may_be_foreign && chance.below(1_000) < 80 {
        return Origin::Foreign(chance.word(&["韩国", "日本", "美国", "法国", "德国", "新加坡", "越南", "加拿大"]));
    }
    match chance.below(1_000) {
        0..4 => Origin::Compatriot(chance.word(&["中国香港", "中国澳门", "中国台湾"])),
        _ => Origin::Mainland,
    }
}

fn group(chance: &mut Chance, grade: u8) -> Group {
    let senior = grade >= 10;
    match chance.below(10_000) {
        0..20 => Group::Inclusive,
        20..70 if senior => Group::Athlete,
        70..270 if senior => Group::International,
        270..310 if senior => Group::Minority,
        _ => Group::Ordinary,
    }
}

fn story(chance: &mut Chance, grade: u8) -> Story {
    let compulsory = grade <= 9;
    let is_final = matches!(grade, 5 | 9 | 12);
    let stories: [(Story, u64, bool); 17] = [
        (Story::Suspended, 4_000, true),
        (Story::SuspendedBefore, 6_000, grade != 1 && grade != 6 && grade != 10),
        (Story::TransferredIn, 12_000, true),
        (Story::TransferredOut, 8_000, true),
        (Story::Interrupted, 300, compulsory),
        (Story::Withdrawn, 2_000, !compulsory),
        (Story::Died, 20, true),
        (Story::RepeatedBefore, 2_500, compulsory && grade > 1 && !is_final),
        (Story::RetainedBefore, 4_000, !compulsory && grade < 12),
        (Story::RetainedTwice, 150, grade == 10 || grade == 11),
        (Story::SkippedBefore, 250, (3..=5).contains(&grade)),
        (Story::Skips, 250, grade <= 3),
        (Story::Repeats, 900, compulsory && !is_final),
        (Story::LeavesIncomplete, 200, grade == 8),
        (Story::Expelled, 50, !compulsory),
        (Story::OnProbation, 150, !compulsory),
        (Story::Disciplined, 2_000, grade >= 6),
    ];
    let mut left = chance.below(1_000_000);
    for (story, often, possible) in stories {
        if !possible {
            continue;
        }
        match left.checked_sub(often) {
            Some(rest) => left = rest,
            None => return story,
        }
    }
    Story::Ordinary
}

impl Pupil {
    /// The student of a place in a cohort; `damage` says how much more often than usual something is wrong.
    pub fn new(city: &City, school: &School, grade: u8, place: u32, damage: f64) -> Self {
        let cohort = school.cohort(grade);
        let mut chance = Chance::new(city.seed, &[2, u64::from(school.number), u64::from(grade), u64::from(place)]);
        let wrong = damage::of(&mut chance, grade, damage);
        let rank = cohort.first + place;
        let (day, sequence) = slot(u64::from(rank), grade);
        let male = sequence % 2 == 1;
        let bearer = |birth, apart| Bearer { male, birth, sequence, band: band(city, u64::from(rank), apart) };
        let may_be_foreign = bearer(0, 0).may_be_foreign();
        let (mut origin, mut group, mut story) =
            (origin(&mut chance, may_be_foreign), group(&mut chance, grade), story(&mut chance, grade));
        let mut failing = match chance.below(100) {
            0..80 => 3_000,
            80..97 => 30_000,
            _ => 200_000,
        };
        let mut late = match story {
            Story::RepeatedBefore | Story::RetainedBefore | Story::LeavesIncomplete => 1,
            Story::RetainedTwice => 2,
            Story::SkippedBefore => -1,
            _ => 0,
        };
        if story == Story::RetainedTwice {
            failing = 200_000;
        }
        if let Some(wrong) = wrong {
            story = match wrong {
                Damage::NoGround | Damage::Uncertified => Story::Withdrawn,
                Damage::NoArrival => Story::TransferredOut,
                _ => Story::Ordinary,
            };
            // A birthday that contradicts no ID number needs a number that holds none.
            origin = if wrong == Damage::RollOtherBirth { Origin::Compatriot("中国香港") } else { Origin::Mainland };
            failing = 0;
            group = if wrong == Damage::AthleteSilent { Group::Athlete } else { Group::Ordinary };
            late = match wrong {
                Damage::ThirdRepeat => 2,
                Damage::SkippedWithoutExam => -1,
                Damage::CompulsoryRetention | Damage::LateNotice | Damage::FinalRetention => 1,
                Damage::GrownUp => 5,
                _ => 0,
            };
        }
        // Who is late is older, and of a region of their own: nobody of the older grade may have the same number.
        let birth = dates::birth(YEAR - 6 - i32::from(grade) - late.max(0), day);
        let region = match late {
            1 => MADE_UP[2],
            2 => MADE_UP[3],
            3.. => MADE_UP[1],
            _ => region(&mut chance, city, school, rank),
        };
        let prefix = match origin {
            Origin::Foreign(_) => 'J',
            Origin::Compatriot(_) => 'L',
            Origin::Mainland => 'G',
        };
        let mut name = String::with_capacity(12);
        let bearer = bearer(birth, u64::from(late.max(0).unsigned_abs()));
        names::write(&mut chance, bearer, matches!(origin, Origin::Foreign(_)), &mut name);
        let class = class(cohort, place);
        Self {
            rank,
            grade,
            id: id(prefix, region, birth, sequence),
            name,
            male,
            birth,
            class,
            origin,
            group,
            story,
            damage: wrong,
            late,
            failing,
        }
    }

    /// The registration under another id in the district's next school: half of these are on leave, and half are written otherwise.
    pub fn second(self, class: u32) -> Self {
        let (_, sequence) = slot(u64::from(self.rank), self.grade);
        let story = if self.rank.is_multiple_of(2) { Story::Suspended } else { Story::Ordinary };
        let name = if (self.rank / 2).is_multiple_of(2) { names::homophone(&self.name, self.male) } else { self.name };
        Self { id: id('L', MADE_UP[0], self.birth, sequence), name, class, story, damage: Some(Damage::SecondId), ..self }
    }

    /// The stream of chances of one purpose.
    pub fn chance(&self, city: &City, purpose: u64) -> Chance {
        Chance::new(city.seed, &[3, u64::from(self.grade), u64::from(self.rank), purpose])
    }

    /// The ID number in the national id.
    pub fn number(&self) -> &str {
        self.id.get(1..).unwrap_or_default()
    }

    /// 学籍状态
    pub fn status(&self) -> &'static str {
        match self.story {
            Story::Suspended => "休学",
            Story::TransferredOut => "转出",
            Story::Interrupted => "中断",
            Story::Withdrawn => "退学",
            Story::Died => "死亡",
            _ => "在读",
        }
    }

    /// Whether they are registered: at school, or suspended.
    pub fn keeps_registration(&self) -> bool {
        matches!(self.status(), "在读" | "休学")
    }

    /// Whether they are at school.
    pub fn is_enrolled(&self) -> bool {
        self.status() == "在读"
    }

    /// How many years later than their grade they entered it.
    pub fn late(&self) -> i32 {
        self.late
    }

    /// Of who transferred in: whether from another school of the city.
    pub fn comes_from_city(&self) -> bool {
        self.rank.is_multiple_of(3)
    }

    /// Of who transferred in: when. Not into the first term of a stage's first grade (A15.2).
    pub fn transferred_on(&self) -> Day {
        if self.grade == self.first_grade() { dates::day(2026, 3, 4) } else { dates::day(2025, 9, 3) }
    }

    /// The first grade of the stage.
    pub fn first_grade(&self) -> u8 {
        match self.grade {
            1..=5 => 1,
            6..=9 => 6,
            _ => 10,
        }
    }

    /// The year in which they entered primary school.
    pub fn primary_year(&self) -> i32 {
        YEAR + 1 - i32::from(self.grade) - self.late
    }

    /// The year in which they entered the stage.
    pub fn stage_year(&self) -> i32 {
        YEAR - i32::from(self.grade - self.first_grade()) - self.late
    }
}

/// The class of a place: classes differ in size by one.
fn class(cohort: Cohort, place: u32) -> u32 {
    let class = u64::from(place) * u64::from(cohort.classes) / u64::from(cohort.students.max(1));
    class as u32 + 1
}

/// Where a student was born: mostly in the school's district. Cities whose grades are larger than one region's numbers deal the
/// regions out, so that ids stay apart.
fn region(chance: &mut Chance, city: &City, school: &School, rank: u32) -> u32 {
    let bands = u64::from(city.largest_grade) / SLOTS + 1;
    let band = u64::from(rank) / SLOTS % bands;
    let (_, own, _) = DISTRICTS[school.district];
    if bands == 1 && chance.in_a_million(620_000) {
        return own;
    }
    let districts = DISTRICTS.iter().map(|(_, region, _)| *region);
    let all = districts.chain(ELSEWHERE);
    let in_band: Vec<u32> = all.zip(0_u64..).filter(|(_, place)| place % bands == band).map(|(region, _)| region).collect();
    chance.pick(&in_band).copied().unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use law::facts::identifiers::NationalId;

    use super::*;

    #[test]
    fn ids_are_right_and_given_once() {
        let city = City::plan(60_000, 9);
        let mut ids = HashSet::new();
        for school in &city.schools {
            for grade in 1..=12 {
                for place in 0..school.cohort(grade).students {
                    let pupil = Pupil::new(&city, school, grade, place, 1.0);
                    let id = NationalId::parse(&pupil.id).unwrap();
                    assert!(ids.insert(id), "{} twice", pupil.id);
                    if let Some(number) = id.resident_number() {
                        assert_eq!((number.is_male(), number.birth()), (pupil.male, Some(dates::date(pupil.birth))));
                    }
                }
            }
        }
        assert_eq!(ids.len(), 60_000);
    }

    #[test]
    fn nobody_looks_like_another_by_accident() {
        let city = City::plan(300_000, 4);
        let mut born: HashMap<(Day, bool), Vec<String>> = HashMap::new();
        let (mut late, mut foreign) = (0, 0);
        for school in &city.schools {
            for grade in 1..=12 {
                for place in 0..school.cohort(grade).students {
                    let pupil = Pupil::new(&city, school, grade, place, 2.0);
                    late += u32::from(pupil.late > 0);
                    foreign += u32::from(matches!(pupil.origin, Origin::Foreign(_)));
                    let names = born.entry((pupil.birth, pupil.male)).or_default();
                    names.push(pupil.name);
                    if pupil.damage == Some(Damage::OnRollOnly) || place == 0 {
                        names.push(stranger(&city, pupil.rank, grade).name);
                    }
                }
            }
        }
        assert!(late > 400 && (800..1_600).contains(&foreign), "{late} {foreign}");
        for ((birth, _), names) in born {
            for (place, one) in names.iter().enumerate() {
                let alike = names[..place].iter().find(|other| names::sounds_like(one, other));
                assert_eq!(alike, None, "{one} of {birth}");
            }
        }
    }

    #[test]
    fn numbers_of_a_city_larger_than_a_regions_stay_apart() {
        // Slots repeat after 365,000 students of a grade: there the regions differ.
        let city = City { largest_grade: 1_300_000, ..City::plan(20_000, 2) };
        let school = &city.schools[0];
        let region = |rank| region(&mut Chance::new(1, &[u64::from(rank)]), &city, school, rank);
        for rank in 0..200 {
            let regions = [region(rank), region(rank + 365_000), region(rank + 730_000)];
            assert_eq!(regions.into_iter().collect::<HashSet<_>>().len(), 3);
        }
    }
}
