//! Records of a day side by side, two students a byte. Of two records of one student the greater stays: they are in order of kindness.

use serde::{Deserialize, Serialize};

use crate::ingest::kept::numbers;

/// The records of one school day, of the students from an even one on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Nibbles {
    /// The first student, even.
    pub first: u32,
    /// Two students a byte, the first in the lower half.
    #[serde(with = "numbers")]
    pub bytes: Vec<u8>,
}

/// The greater of each half of two bytes.
fn kinder(one: u8, other: u8) -> u8 {
    if one == 0 || other == 0 {
        return one | other;
    }
    (one & 0x0F).max(other & 0x0F) | (one & 0xF0).max(other & 0xF0)
}

/// Whether some student has a record in both bytes.
fn meets(one: u8, other: u8) -> bool {
    one & 0x0F != 0 && other & 0x0F != 0 || one & 0xF0 != 0 && other & 0xF0 != 0
}

impl Nibbles {
    /// No records, of so many students.
    pub fn empty(students: usize) -> Self {
        Self { first: 0, bytes: vec![0; students.div_ceil(2)] }
    }

    /// The student after the last.
    pub fn end(&self) -> u32 {
        self.first + 2 * self.bytes.len() as u32
    }

    /// The record of a student; 0 for one who is not among them.
    pub fn get(&self, student: u32) -> u8 {
        let Some(place) = student.checked_sub(self.first) else { return 0 };
        let byte = self.bytes.get(place as usize / 2).copied().unwrap_or_default();
        if place.is_multiple_of(2) { byte & 0x0F } else { byte >> 4 }
    }

    /// Adds a record of a student who is among them; gives what was there.
    pub fn put(&mut self, student: u32, record: u8) -> u8 {
        let before = self.get(student);
        if record > before
            && let Some(place) = student.checked_sub(self.first)
            && let Some(byte) = self.bytes.get_mut(place as usize / 2)
        {
            *byte = if place.is_multiple_of(2) { *byte & 0xF0 | record } else { *byte & 0x0F | record << 4 };
        }
        before
    }

    /// Makes room for students from one to another.
    pub fn reach(&mut self, first: u32, end: u32) {
        let first = first & !1;
        if self.bytes.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let more = ((self.first - first) / 2) as usize;
            self.bytes.splice(0..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let length = (end - self.first).div_ceil(2) as usize;
        if length > self.bytes.len() {
            self.bytes.resize(length, 0);
        }
    }

    /// Adds the records of other students or of the same, those below `end` only, which is even; `met` is told of each student with a
    /// record in both, and the two.
    pub fn add(&mut self, other: &Nibbles, end: u32, mut met: impl FnMut(u32, u8, u8)) {
        let end = end.min(other.end());
        let Some(length) = end.checked_sub(other.first).filter(|length| *length > 0) else { return };
        self.reach(other.first, end);
        let begin = ((other.first - self.first) / 2) as usize;
        let length = (length / 2) as usize;
        let (Some(own), Some(others)) = (self.bytes.get_mut(begin..begin + length), other.bytes.get(..length)) else { return };
        const STEP: usize = 64;
        for (step, (own, other_bytes)) in own.chunks_mut(STEP).zip(others.chunks(STEP)).enumerate() {
            if own.iter().all(|byte| *byte == 0) {
                own.copy_from_slice(other_bytes);
                continue;
            }
            for (place, (own, new)) in own.iter_mut().zip(other_bytes).enumerate() {
                if meets(*own, *new) {
                    let student = other.first + 2 * (step * STEP + place) as u32;
                    for (student, one, two) in [(student, *own & 0x0F, *new & 0x0F), (student + 1, *own >> 4, *new >> 4)] {
                        if one != 0 && two != 0 {
                            met(student, one, two);
                        }
                    }
                }
                *own = kinder(*own, *new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinder_record_stays_and_meetings_are_told() {
        let mut one = Nibbles::default();
        one.reach(7, 12);
        assert_eq!((one.first, one.end()), (6, 12));
        assert_eq!((one.put(7, 8), one.put(8, 1), one.put(8, 4), one.put(8, 2)), (0, 0, 1, 4));
        assert_eq!((6..13).map(|student| one.get(student)).collect::<Vec<_>>(), [0, 8, 4, 0, 0, 0, 0]);
        let mut other = Nibbles::default();
        other.reach(2, 10);
        for (student, record) in [(2, 3), (7, 1), (8, 8), (9, 2)] {
            other.put(student, record);
        }
        let mut met = Vec::new();
        one.add(&other, u32::MAX - 1, |student, before, new| met.push((student, before, new)));
        assert_eq!(met, [(7, 8, 1), (8, 4, 8)]);
        assert_eq!((2..12).map(|student| one.get(student)).collect::<Vec<_>>(), [3, 0, 0, 0, 0, 8, 8, 2, 0, 0]);
    }
}
