//! Whose row is it? National ids as numbers from 0, those of the roster first; others get the next number when they are met.

use std::cell::LazyCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::engine::keys::KeyMap;
use crate::engine::roster::{Key, Roster};
use crate::engine::rows::NOBODY;
use crate::ingest::attendance::{Numbers, ORDERS, Order};

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
    /// The orders that files mostly stand in: that of the rosters, and that of the ids.
    orders: [OnceLock<Order>; ORDERS],
    /// Whether somebody puts the students in each.
    begun: [AtomicBool; ORDERS],
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
        let (orders, begun, others) = Default::default();
        let Some(mut known) = before else {
            let of_students = (0..own.len() as u32).collect();
            let is_of_roster = own.iter().map(|id| *id != 0).collect();
            return Self { roster, known: own, of_students, is_of_roster, orders, begun, others };
        };
        let mut added = Vec::new();
        // Mostly nothing has changed, and nobody is looked up.
        let numbers: LazyCell<KeyMap<u32>, _> =
            LazyCell::new(|| known.iter().zip(0..).filter(|(id, _)| **id != 0).map(|(id, number)| (*id, number)).collect());
        let number = |(place, id): (usize, u64)| match known.get(place) {
            Some(known) if *known == id && id != 0 => place as u32,
            _ if id == 0 => NOBODY,
            _ => numbers.get(&id).copied().unwrap_or_else(|| {
                added.push(id);
                (known.len() + added.len()) as u32 - 1
            }),
        };
        let of_students = own.into_iter().enumerate().map(number).collect();
        known.append(&mut added);
        let mut ids = Self { roster, known, of_students, is_of_roster: Vec::new(), orders, begun, others };
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
    fn order(&self, which: usize) -> Option<&Order> {
        self.orders.get(which)?.get()
    }

    fn put_in_order(&self, which: usize) {
        // Nobody waits for it: work that a thread takes on while it waits could ask for it too.
        let Some(place) = self.orders.get(which).filter(|_| !self.begun[which].swap(true, Ordering::Relaxed)) else { return };
        let id = |number: u32| self.known.get(number as usize).copied().unwrap_or_default();
        let students = self.roster.students.par_iter().zip(&self.of_students).filter(|(_, number)| id(**number) != 0);
        let key = |row: u32, number: u32| if which == 0 { u64::from(row) } else { id(number) };
        let mut keyed: Vec<(u64, u32)> = students.map(|(entry, number)| (key(entry.row.0, *number), *number)).collect();
        keyed.par_sort_unstable();
        place.set(Order::new(keyed.into_iter().map(|(_, number)| number).collect(), &self.known)).ok();
    }

    fn is_of_roster(&self, number: u32) -> bool {
        self.is_of_roster.get(number as usize).copied().unwrap_or_default()
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
