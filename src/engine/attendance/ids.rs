//! Whose row is it? National ids as numbers from 0, those of the roster first; others get the next number when they are met.

use std::sync::{Mutex, PoisonError};

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
                return Self { roster, known: own, of_students, others: Mutex::default() };
            }
            Some(before) => Self { roster, known: before, of_students: Vec::with_capacity(own.len()), others: Mutex::default() },
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
    fn known(&self) -> u32 {
        self.known.len() as u32
    }

    /// Its own and the next number are looked at first.
    fn number(&self, id: u64, near: u32) -> u32 {
        for guess in [near, near.wrapping_add(1)] {
            if self.known.get(guess as usize) == Some(&id) {
                return guess;
            }
        }
        if let Some(student) = self.roster.with_id(id)
            && let Some(number) = self.of_students.get(student as usize).filter(|number| **number != NOBODY)
        {
            return *number;
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = others.numbers.get(&id) {
            return *number;
        }
        let number = self.known() + others.ids.len() as u32;
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
