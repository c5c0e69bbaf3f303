//! Who sits in the classes, as a school itself lists it? Those who are at school, in the form that the school keeps its lists in.

use super::chance::Chance;
use super::city::{City, School};
use super::damage::Damage;
use super::dates::Day;
use super::names;
use super::pupil::{Pupil, stranger};
use super::record::{document, is_taught_at_home};
use super::school::Rows;
use super::sheet::Cell;
use crate::ingest::table::Table;

/// By what a school's list says who somebody is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// National id, document, sex and birthday.
    Everything,
    /// The document alone.
    Document,
    /// Sex and birthday alone.
    Person,
}

/// How a school keeps its lists.
#[derive(Clone, Copy)]
struct Form {
    known: Known,
    /// How a class is written: 3班, 三（3）班, 三(3)班, 3.
    class: usize,
    /// Whether the name dot is the one that the keyboard gives.
    other_dot: bool,
}

impl Form {
    fn of(city: &City, school: &School) -> Self {
        let mut chance = Chance::new(city.seed, &[5, u64::from(school.number)]);
        let known = [Known::Everything, Known::Document, Known::Person][chance.weighted(&[60, 25, 15])];
        Self { known, class: chance.weighted(&[50, 25, 15, 10]), other_dot: chance.below(2) == 0 }
    }

    fn class(self, grade: u8, class: u32) -> String {
        let title = match grade {
            1..=9 => ["一", "二", "三", "四", "五", "六", "七", "八", "九"][usize::from(grade) - 1].to_owned(),
            _ => format!("高{}", ["一", "二", "三"][usize::from(grade).saturating_sub(10).min(2)]),
        };
        match self.class {
            0 => format!("{class}班"),
            1 => format!("{title}（{class}）班"),
            2 => format!("{title}({class})班"),
            _ => class.to_string(),
        }
    }

    fn name(self, name: &str) -> String {
        if self.other_dot { name.replace('·', "•") } else { name.to_owned() }
    }
}

/// What a row of the list says.
struct Row<'a> {
    grade: u8,
    class: u32,
    name: &'a str,
    id: &'a str,
    document: &'a str,
    male: Option<bool>,
    birth: Option<Day>,
}

impl Row<'_> {
    fn write(&self, school: &School, form: Form, rows: &mut Rows) -> Option<u32> {
        let (with_id, with_document, with_person) = match form.known {
            Known::Everything => (true, true, true),
            Known::Document => (false, true, false),
            Known::Person => (false, false, true),
        };
        let text = |text, is_known| if is_known { Cell::from(text) } else { Cell::Empty };
        let sex = self.male.map(|male| if male { "男" } else { "女" }).unwrap_or_default();
        let birth = self.birth.filter(|_| with_person);
        rows.push(
            Table::ActualRoll,
            &[
                Cell::Text(&school.code),
                Cell::Whole(i32::from(self.grade)),
                Cell::Text(&form.class(self.grade, self.class)),
                Cell::Text(&form.name(self.name)),
                text(self.id, with_id),
                text(self.document, with_document),
                text(sex, with_person),
                birth.into(),
            ],
        )
    }
}

/// Whether somebody stands on the list of the school that they are registered in; `has_next` is whether the district has a next school.
fn is_listed(city: &City, pupil: &Pupil, has_next: bool) -> bool {
    let is_elsewhere = has_next && matches!(pupil.damage, Some(Damage::TwoSchools | Damage::OnOtherRoll));
    pupil.is_enrolled() && pupil.damage != Some(Damage::OffTheRoll) && !is_elsewhere && !is_taught_at_home(city, pupil)
}

/// Writes the row of a student on the list of their school; `has_next` is whether the district has a next school of the grade.
pub fn write(city: &City, school: &School, pupil: &Pupil, has_next: bool, rows: &mut Rows) {
    let usual = Form::of(city, school);
    if is_listed(city, pupil, has_next) {
        // Whose records are damaged can be told by everything, so that the damage raises just what it has to.
        let form = if pupil.damage.is_some() { Form { known: Known::Everything, ..usual } } else { usual };
        let (_, document) = document(pupil);
        let mistyped = (pupil.damage == Some(Damage::RollOtherName)).then(|| names::mistyped(&pupil.name));
        let mut row = Row {
            grade: pupil.grade,
            class: pupil.class,
            name: mistyped.as_deref().unwrap_or(&pupil.name),
            id: &pupil.id,
            document: &document,
            male: Some(pupil.male),
            birth: Some(pupil.birth),
        };
        let planted = match pupil.damage {
            // What the register has wrong, the list does not say.
            Some(Damage::WrongSex) => {
                row.male = None;
                None
            }
            Some(Damage::WrongBirth) => {
                row.birth = None;
                None
            }
            Some(Damage::RollOtherName) => Some(("姓名", row.name.to_owned())),
            Some(Damage::RollOtherBirth) => {
                row.birth = Some(pupil.birth - 1);
                Some(("出生日期", "前一天".into()))
            }
            Some(Damage::RollOtherClass) => {
                row.class = pupil.class % school.cohort(pupil.grade).classes.max(2) + 1;
                Some(("班级", form.class(row.grade, row.class)))
            }
            _ => None,
        };
        let place = row.write(school, form, rows);
        if let Some((column, planted)) = planted {
            rows.plant("R0204", pupil, Table::ActualRoll, place, column, planted);
        }
    }
    if pupil.damage == Some(Damage::OnRollOnly) {
        let nobody = stranger(city, pupil.rank, pupil.grade);
        let row = Row {
            grade: pupil.grade,
            class: pupil.class,
            name: &nobody.name,
            id: &nobody.id,
            document: &nobody.id[1..],
            male: Some(nobody.male),
            birth: Some(nobody.birth),
        };
        let place = row.write(school, usual, rows);
        let id = if usual.known == Known::Everything { nobody.id.as_str() } else { "" };
        rows.plant_for("R0202", id, Table::ActualRoll, place, "姓名", usual.name(&nobody.name));
    }
}

/// Writes the row, on the list of this school, of a student of the school before it.
pub fn write_guest(city: &City, school: &School, pupil: &Pupil, rows: &mut Rows) {
    let form = Form { known: Known::Everything, ..Form::of(city, school) };
    let (_, document) = document(pupil);
    let row = Row {
        grade: pupil.grade,
        class: pupil.class,
        name: &pupil.name,
        id: &pupil.id,
        document: &document,
        male: Some(pupil.male),
        birth: Some(pupil.birth),
    };
    let place = row.write(school, form, rows);
    if pupil.damage == Some(Damage::OnOtherRoll) {
        rows.plant("R0203", pupil, Table::ActualRoll, place, "学校代码", school.code.clone());
    }
}
