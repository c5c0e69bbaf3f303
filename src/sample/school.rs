//! A school's rows in every table.

use super::city::{City, DISTRICTS, School};
use super::damage::Damage;
use super::dates::Day;
use super::exams;
use super::make::Attendance;
use super::pupil::Pupil;
use super::record;
use super::roll;
use super::sheet::{Cell, Sheet};
use super::truth::Planted;
use crate::ingest::table::Table;

/// The tables of a school in the making, and what was planted in them.
pub struct Rows {
    sheets: Vec<Sheet>,
    /// What was planted.
    pub planted: Vec<Planted>,
}

impl Rows {
    /// Empty tables.
    pub fn new(sheets: Vec<Sheet>) -> Self {
        Self { sheets, planted: Vec::new() }
    }

    /// The tables.
    pub fn sheets(&mut self) -> &mut [Sheet] {
        &mut self.sheets
    }

    /// Adds a row to a table, if it is wanted. Gives its place.
    pub fn push(&mut self, table: Table, cells: &[Cell<'_>]) -> Option<u32> {
        self.sheets.iter_mut().find(|sheet| sheet.table() == table).map(|sheet| sheet.push(cells))
    }

    /// Notes what was planted in a row of a student.
    pub fn plant(&mut self, code: &'static str, pupil: &Pupil, table: Table, row: Option<u32>, column: &str, planted: String) {
        self.plant_for(code, &pupil.id, table, row, column, planted);
    }

    /// The same for an id, or for nobody.
    pub fn plant_for(&mut self, code: &'static str, id: &str, table: Table, row: Option<u32>, column: &str, planted: String) {
        let Some(row) = row else { return };
        self.planted.push(Planted { code, student: id.to_owned(), table, row, column: column.to_owned(), planted });
    }

    /// The place that the next row of a table will have; none where the table is not wanted.
    pub fn next(&self, table: Table) -> Option<u32> {
        self.sheets.iter().find(|sheet| sheet.table() == table).map(Sheet::rows)
    }

    fn has(&self, table: Table) -> bool {
        self.sheets.iter().any(|sheet| sheet.table() == table)
    }
}

/// What of a city is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The city.
    pub city: &'a City,
    /// Whether each grade, from 1, is wanted.
    pub grades: [bool; 12],
    /// How much more often than usual something is wrong.
    pub damage: f64,
    /// The form of attendance.
    pub attendance: Attendance,
    /// The school days that attendance covers.
    pub days: &'a [Day],
}

/// Writes a school's rows.
pub fn write(wanted: &Wanted<'_>, school: &School, rows: &mut Rows) {
    let (city, (district, ..)) = (wanted.city, DISTRICTS[school.district]);
    let (code, name) = (Cell::Text(&school.code), Cell::Text(&school.name));
    let plan = if school.kind.teaches(10) { Cell::Whole(45) } else { Cell::Empty };
    rows.push(
        Table::Schools,
        &[code, name, Cell::Text(district), Cell::Text(school.kind.system()), Cell::Empty, Cell::Empty, plan, Cell::Text("正常")],
    );
    if let Some(last) = wanted.days.last() {
        rows.push(Table::AttendanceReports, &[code, Cell::Day(*last)]);
    }
    let mut sittings = Vec::new();
    let mut absences = Absences::default();
    // Missing from the roll is who is on none; where there is no roll, nobody is.
    let mut off_the_roll = Vec::new();
    for grade in (1..=12).filter(|grade| wanted.grades[usize::from(*grade) - 1]) {
        let (other, has_next) = (city.before(school, grade), city.after(school, grade).is_some());
        let of_cohort = |school: &School, place| Pupil::new(city, school, grade, place, wanted.damage);
        let mut pupils: Vec<Pupil> = (0..school.cohort(grade).students).map(|place| of_cohort(school, place)).collect();
        // Some who are registered in the school before have something of theirs here as well.
        let before = other.filter(|_| school.kind.teaches(grade)).into_iter();
        let before = before.flat_map(|other| (0..other.cohort(grade).students).map(move |place| of_cohort(other, place)));
        let guests = before.filter(|pupil| pupil.damage.is_some_and(Damage::reaches_next_school));
        // Beside the classes, so that none becomes too large.
        let class = school.cohort(grade).classes + 1;
        let (twice, guests): (Vec<Pupil>, Vec<Pupil>) = guests.partition(|pupil| pupil.damage == Some(Damage::TwoIds));
        pupils.extend(twice.into_iter().map(|pupil| pupil.second(class)));
        for pupil in &pupils {
            let place = rows.next(Table::Roster);
            record::roster(city, school, district, pupil, rows);
            if pupil.damage == Some(Damage::TwoSchools) && has_next {
                rows.plant("R0101", pupil, Table::Roster, place, "全国学籍号", pupil.id.clone());
            }
            if pupil.damage == Some(Damage::OffTheRoll) {
                off_the_roll.push((pupil.id.clone(), pupil.name.clone(), place));
            }
            record::changes(school, other, pupil, rows);
            if pupil.keeps_registration() {
                record::archive(school, other, pupil, rows);
            }
            if !pupil.is_enrolled() {
                continue;
            }
            record::results(city, pupil, rows);
            record::evaluation(city, pupil, rows);
            record::applications(city, pupil, rows);
            record::discipline(city, pupil, rows);
            record::registrations(city, pupil, rows);
            roll::write(city, school, pupil, has_next, rows);
            if rows.has(Table::Attendance) {
                absences.write(wanted, pupil, rows);
            }
        }
        for mut pupil in guests {
            pupil.class = 1;
            if pupil.damage == Some(Damage::TwoSchools) {
                pupil.class = class;
                record::roster(city, school, district, &pupil, rows);
            }
            roll::write_guest(city, school, &pupil, rows);
        }
        for subject in exams::subjects(grade).iter().enumerate() {
            for pupil in pupils.iter().filter(|pupil| pupil.is_enrolled()) {
                record::exams_in(city, pupil, subject, &mut sittings, rows);
            }
        }
    }
    if rows.next(Table::ActualRoll).is_some_and(|rows| rows > 0) {
        for (id, name, place) in off_the_roll {
            rows.plant_for("R0201", &id, Table::Roster, place, "姓名", name);
        }
    }
}

/// The words of attendance, and how often in 65,536 school days each stands: about one day in twenty-five is anything but present.
const ABSENCES: [(&str, u16); 5] = [("迟到", 330), ("早退", 130), ("病假", 1_440), ("事假", 620), ("旷课", 16)];

/// A student's attendance, day by day.
#[derive(Default)]
struct Absences {
    words: Vec<&'static str>,
}

impl Absences {
    /// Fills in what each day was: present but for chance, and for a few a long illness or a spell of truancy.
    fn draw(&mut self, city: &City, pupil: &Pupil, days: usize) -> Option<(usize, usize)> {
        let mut chance = pupil.chance(city, 7);
        self.words.clear();
        self.words.resize(days, "出勤");
        let mut numbers = 0;
        for (place, word) in self.words.iter_mut().enumerate() {
            if place % 4 == 0 {
                numbers = chance.number();
            }
            let mut left = numbers as u16;
            numbers >>= 16;
            for (absence, often) in ABSENCES {
                match left.checked_sub(often) {
                    Some(rest) => left = rest,
                    None => {
                        *word = absence;
                        break;
                    }
                }
            }
        }
        let (kind, least, most) = match chance.below(10_000) {
            0..10 => ("病假", 15, 60),
            10..13 => ("旷课", 5, 40),
            _ => return None,
        };
        let length = ((least + chance.below(most - least)) as usize).min(days);
        let first = chance.below((days - length + 1) as u64) as usize;
        self.words[first..first + length].fill(kind);
        Some((first, length))
    }

    fn write(&mut self, wanted: &Wanted<'_>, pupil: &Pupil, rows: &mut Rows) {
        let spell = self.draw(wanted.city, pupil, wanted.days.len());
        let told = |word, day| if word == "旷课" { Cell::Day(day) } else { Cell::Empty };
        let id = Cell::Text(&pupil.id);
        let daily = wanted.attendance == Attendance::Daily;
        for (place, (word, day)) in self.words.iter().zip(wanted.days).enumerate() {
            let in_spell = spell.filter(|(first, length)| (*first..first + length).contains(&place));
            match in_spell {
                _ if daily => drop(
                    rows.push(Table::Attendance, &[id, Cell::Day(*day), Cell::Empty, Cell::Empty, Cell::Text(word), told(*word, *day)]),
                ),
                // An absence of many days is one row.
                Some((first, length)) if place == first => {
                    let last = wanted.days[first + length - 1];
                    let cells = [id, Cell::Empty, Cell::Day(*day), Cell::Day(last), Cell::Text(word), told(*word, *day)];
                    rows.push(Table::Attendance, &cells);
                }
                Some(_) => {}
                None if *word == "出勤" => {}
                None => drop(
                    rows.push(Table::Attendance, &[id, Cell::Day(*day), Cell::Empty, Cell::Empty, Cell::Text(word), told(*word, *day)]),
                ),
            }
        }
        if let Some((first, length)) = spell.filter(|(first, _)| self.words[*first] == "旷课")
            && length > 6
        {
            let urged = wanted.days[first + 5];
            rows.push(Table::Urgings, &[id, Cell::Day(urged), Cell::Text("电话"), Cell::Text("已联系家长")]);
        }
    }
}

/// The term's school days up to a day, by the built-in calendar.
pub fn school_days(calendar: &law::facts::calendar::Calendar, through: Day) -> Vec<Day> {
    let year = law::facts::calendar::SchoolYear(super::dates::YEAR);
    let Some(terms) = calendar.year(year) else { return Vec::new() };
    let through = super::dates::date(through);
    let first = if through >= terms.second_term.0 { terms.second_term.0 } else { terms.first_term.0 };
    let last = if through >= terms.second_term.0 { terms.second_term.1 } else { terms.first_term.1 };
    let days = first.iter_days().take_while(|day| *day <= last.min(through));
    days.filter(|day| calendar.is_working_day(*day) && !terms.closures.contains(day)).map(|day| day.to_epoch_days()).collect()
}
