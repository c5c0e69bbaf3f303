//! The exam authority's sessions: which subjects a grade has sat by the end of the year, when, and how it went.

use super::chance::Chance;
use super::damage::Damage;
use super::dates::{Day, day};
use super::pupil::{Group, Pupil};

/// The sessions of senior school, the oldest first.
const SESSIONS: [Day; 5] = [day(2024, 6, 15), day(2025, 1, 11), day(2025, 6, 14), day(2026, 1, 10), day(2026, 6, 14)];
/// The school's make-up for those who finish, and a second one that the law does not know.
const SCHOOL_MAKE_UP: Day = day(2026, 5, 20);
const SECOND_MAKE_UP: Day = day(2026, 6, 10);

/// How a subject that was failed is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakeUp {
    /// At a later city session, as often as one likes.
    Junior(Day),
    /// At the school, once.
    School,
    /// At the next city session, then at the school.
    City,
}

/// A subject of a grade: its first session and its make-up.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// 科目
    pub name: &'static str,
    /// The first sitting.
    pub first: Day,
    /// What follows a failure.
    pub make_up: MakeUp,
}

const fn junior(name: &'static str, first: Day, make_up: Day) -> Subject {
    Subject { name, first, make_up: MakeUp::Junior(make_up) }
}

const fn school(name: &'static str, session: usize) -> Subject {
    Subject { name, first: SESSIONS[session], make_up: MakeUp::School }
}

const fn city(name: &'static str, session: usize) -> Subject {
    Subject { name, first: SESSIONS[session], make_up: MakeUp::City }
}

const EIGHTH: [Subject; 2] = [junior("地理", day(2026, 6, 13), day(2026, 6, 27)), junior("生命科学", day(2026, 6, 13), day(2026, 6, 27))];
const NINTH: [Subject; 12] = [
    junior("语文", day(2026, 6, 13), day(2026, 6, 27)),
    junior("数学", day(2026, 6, 13), day(2026, 6, 27)),
    junior("外语", day(2026, 6, 14), day(2026, 6, 28)),
    junior("道德与法治", day(2026, 6, 14), day(2026, 6, 28)),
    junior("历史", day(2026, 6, 14), day(2026, 6, 28)),
    junior("科学", day(2024, 6, 15), day(2024, 6, 29)),
    junior("地理", day(2025, 6, 14), day(2025, 6, 28)),
    junior("生命科学", day(2025, 6, 14), day(2025, 6, 28)),
    junior("物理", day(2026, 6, 13), day(2026, 6, 27)),
    junior("化学", day(2026, 6, 14), day(2026, 6, 28)),
    junior("信息科技", day(2026, 4, 25), day(2026, 5, 23)),
    junior("体育与健身", day(2026, 4, 18), day(2026, 5, 16)),
];
const TENTH: [Subject; 3] = [city("历史", 4), city("地理", 4), school("信息科技", 4)];
const ELEVENTH: [Subject; 7] =
    [city("思想政治", 4), city("历史", 2), city("地理", 2), city("物理", 3), city("化学", 3), city("生命科学", 4), school("信息科技", 2)];
const TWELFTH: [Subject; 10] = [
    school("语文", 3),
    school("数学", 3),
    school("外语", 3),
    city("思想政治", 2),
    city("历史", 0),
    city("地理", 0),
    city("物理", 1),
    city("化学", 1),
    city("生命科学", 2),
    school("信息科技", 0),
];
/// The subjects that an international course class sits at the city's exams.
const INTERNATIONAL: [&str; 4] = ["思想政治", "语文", "历史", "地理"];

/// The subjects that a grade has sat.
pub fn subjects(grade: u8) -> &'static [Subject] {
    match grade {
        8 => &EIGHTH,
        9 => &NINTH,
        10 => &TENTH,
        11 => &ELEVENTH,
        12 => &TWELFTH,
        _ => &[],
    }
}

/// The subjects that an international course class has assessed by the school.
pub fn assessed_by_school() -> impl Iterator<Item = &'static str> {
    TWELFTH.iter().map(|subject| subject.name).filter(|name| !INTERNATIONAL.contains(name))
}

/// A sitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sitting {
    /// 考试日期
    pub day: Day,
    /// 考次
    pub kind: &'static str,
    /// 结果
    pub result: &'static str,
}

/// Collects the sittings of a student in a subject, in order of date.
pub fn sittings(pupil: &Pupil, subject: &Subject, chance: &mut Chance, sittings: &mut Vec<Sitting>) {
    sittings.clear();
    if pupil.group == Group::International && !INTERNATIONAL.contains(&subject.name) {
        return;
    }
    let mut sit = |day, kind, result| sittings.push(Sitting { day, kind, result });
    match (pupil.damage, subject.name) {
        (Some(Damage::NoExams | Damage::SkippedWithoutExam), _) | (Some(Damage::MissingExam), "语文") => return,
        (Some(Damage::MakeUpTooSoon), "物理") => {
            sit(subject.first, "首考", "不合格");
            sit(SCHOOL_MAKE_UP, "校补考", "合格");
            return;
        }
        (Some(Damage::SecondMakeUp), "语文") => {
            sit(subject.first, "首考", "不合格");
            sit(SCHOOL_MAKE_UP, "校补考", "不合格");
            sit(SECOND_MAKE_UP, "校补考", "合格");
            return;
        }
        _ => {}
    }
    let failed = |chance: &mut Chance| if chance.in_a_million(120_000) { "缺考" } else { "不合格" };
    if !chance.in_a_million(pupil.failing / 2) {
        sit(subject.first, "首考", "合格");
        return;
    }
    sit(subject.first, "首考", failed(chance));
    let finishes = pupil.grade == 12;
    match subject.make_up {
        MakeUp::Junior(day) => {
            if chance.in_a_million(900_000) {
                sit(day, "补考", if chance.in_a_million(750_000) { "合格" } else { failed(chance) });
            }
        }
        MakeUp::School => {
            if finishes && chance.in_a_million(850_000) {
                sit(SCHOOL_MAKE_UP, "校补考", if chance.in_a_million(850_000) { "合格" } else { failed(chance) });
            }
        }
        MakeUp::City => {
            let Some(next) = SESSIONS.iter().copied().find(|session| *session > subject.first) else { return };
            if finishes && next > SCHOOL_MAKE_UP || !chance.in_a_million(850_000) {
                return;
            }
            if chance.in_a_million(750_000) {
                sit(next, "补考", "合格");
                return;
            }
            sit(next, "补考", failed(chance));
            if finishes && chance.in_a_million(850_000) {
                sit(SCHOOL_MAKE_UP, "校补考", if chance.in_a_million(850_000) { "合格" } else { failed(chance) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn make_ups_follow_what_they_make_up() {
        let ordered = |subject: &Subject| match subject.make_up {
            MakeUp::Junior(day) => day > subject.first,
            MakeUp::School | MakeUp::City => subject.first < SECOND_MAKE_UP || subject.first == SESSIONS[4],
        };
        for grade in 1..=12 {
            assert!(subjects(grade).iter().all(ordered));
        }
        assert!(TWELFTH.iter().all(|subject| subject.first < SCHOOL_MAKE_UP));
    }
}
