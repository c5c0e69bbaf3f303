//! Whose row is it? National ids as numbers from 0, those of the roster first; others get the next number when they are met.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use law::facts::identifiers::NationalId;
use law::facts::student::Row;
use rayon::prelude::*;

use crate::engine::roster::{Key, KeyMap, Roster};
use crate::ingest::attendance::Numbers;

/// No student of the roster.
pub const NOBODY: u32 = u32::MAX;

/// The ids of a ledger.
#[derive(Debug)]
pub struct Ids<'r> {
    roster: &'r Roster,
    /// The ids known from the start, by number; 0 for a student without one.
    known: Vec<u64>,
    /// The number of each student of the roster.
    of_students: Vec<u32>,
    /// Whether the roster has the student of a number.
    is_of_roster: Vec<bool>,
    /// Who was met after each: files mostly stand in one order, day after day.
    next: Vec<AtomicU32>,
    /// The texts of the ids known from the start, made where they are asked for.
    texts: OnceLock<Vec<[u8; 19]>>,
    others: Mutex<Others>,
}

#[derive(Debug, Default)]
struct Others {
    ids: Vec<u64>,
    numbers: KeyMap<u32>,
}

impl<'r> Ids<'r> {
    /// The ids of the roster alone, or beside those that were numbered before.
    pub fn new(roster: &'r Roster, before: Option<Vec<u64>>) -> Self {
        let own = roster.students.iter().map(|entry| match entry.key {
            Key::National(id) => id,
            Key::Document(_) | Key::Roster(_) => 0,
        });
        let own: Vec<u64> = own.collect();
        let mut ids = match before {
            None => {
                let of_students = (0..own.len() as u32).collect();
                let is_of_roster = own.iter().map(|id| *id != 0).collect();
                let next = (0..own.len()).map(|_| AtomicU32::new(NOBODY)).collect();
                let ids = Self { roster, known: own, of_students, is_of_roster, next, texts: OnceLock::new(), others: Mutex::default() };
                ids.learn_order();
                return ids;
            }
            Some(before) => {
                let of_students = Vec::with_capacity(own.len());
                Self {
                    roster,
                    known: before,
                    of_students,
                    is_of_roster: Vec::new(),
                    next: Vec::new(),
                    texts: OnceLock::new(),
                    others: Mutex::default(),
                }
            }
        };
        let numbers: KeyMap<u32> = ids.known.iter().zip(0..).filter(|(id, _)| **id != 0).map(|(id, number)| (*id, number)).collect();
        for (place, id) in own.into_iter().enumerate() {
            // Mostly nothing has changed.
            let number = match ids.known.get(place) {
                Some(known) if *known == id && id != 0 => place as u32,
                _ if id == 0 => NOBODY,
                _ => numbers.get(&id).copied().unwrap_or_else(|| {
                    ids.known.push(id);
                    ids.known.len() as u32 - 1
                }),
            };
            ids.of_students.push(number);
        }
        ids.is_of_roster = vec![false; ids.known.len()];
        for number in &ids.of_students {
            if let Some(own) = ids.is_of_roster.get_mut(*number as usize) {
                *own = true;
            }
        }
        // Those who were nobody's keep their numbers.
        let others = (0..).zip(ids.known.iter().zip(&ids.is_of_roster)).filter(|(_, (id, is_of_roster))| !**is_of_roster && **id != 0);
        let numbers = others.map(|(number, (id, _))| (*id, number)).collect();
        ids.others = Mutex::new(Others { ids: Vec::new(), numbers });
        ids.next = (0..ids.known.len()).map(|_| AtomicU32::new(NOBODY)).collect();
        ids.learn_order();
        ids
    }

    /// All ids met so far by number, and the student of each.
    pub fn numbering(&self) -> Numbering {
        let mut ids = self.known.clone();
        ids.extend(&self.others.lock().unwrap_or_else(PoisonError::into_inner).ids);
        let mut students = vec![NOBODY; ids.len()];
        for (student, number) in self.of_students.iter().enumerate() {
            if let Some(place) = students.get_mut(*number as usize) {
                *place = student as u32;
            }
        }
        Numbering { ids, students }
    }
}

impl Numbers for Ids<'_> {
    fn number_of_text(&self, text: &[u8], near: u32) -> Option<u32> {
        let guess = self.next.get(near as usize)?.load(Ordering::Relaxed);
        let texts = self.texts.get_or_init(|| self.known.par_iter().map(|id| NationalId::from_packed(*id).text()).collect());
        texts.get(guess as usize).is_some_and(|own| own == text).then_some(guess)
    }

    fn is_of_roster(&self, number: u32) -> bool {
        self.is_of_roster.get(number as usize).copied().unwrap_or_default()
    }

    fn number(&self, id: u64, near: u32) -> u32 {
        let is_it = |guess: u32| self.known.get(guess as usize) == Some(&id);
        if is_it(near) {
            return near;
        }
        let next = self.next.get(near as usize);
        if let Some(guess) = next.map(|next| next.load(Ordering::Relaxed)).filter(|guess| is_it(*guess)) {
            return guess;
        }
        let number = self.look_up(id);
        if let Some(next) = next {
            next.store(number, Ordering::Relaxed);
        }
        number
    }
}

impl Ids<'_> {
    /// Attendance mostly stands in the order of the rosters.
    fn learn_order(&self) {
        let rows = self.roster.students.iter().zip(&self.of_students).map(|(entry, number)| (entry.row, *number));
        let mut rows: Vec<(Row, u32)> = rows.collect();
        rows.par_sort_unstable();
        for pair in rows.windows(2) {
            if let [(_, number), (_, after)] = pair
                && let Some(next) = self.next.get(*number as usize)
            {
                next.store(*after, Ordering::Relaxed);
            }
        }
    }

    fn look_up(&self, id: u64) -> u32 {
        if let Some(student) = self.roster.with_id(id)
            && let Some(number) = self.of_students.get(student as usize).filter(|number| **number != NOBODY)
        {
            return *number;
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = others.numbers.get(&id) {
            return *number;
        }
        let number = (self.known.len() + others.ids.len()) as u32;
        others.ids.push(id);
        others.numbers.insert(id, number);
        number
    }
}

/// The ids of a ledger by number, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// The ids.
    pub ids: Vec<u64>,
    /// The student of each, or `NOBODY`.
    pub students: Vec<u32>,
}
