//! Who has 出勤 on record for a day: a bit a student. All that is worth more words is kept as a row.

use serde::{Deserialize, Serialize};

use crate::ingest::kept::numbers;

/// Students a byte.
const BYTE: u32 = u8::BITS;

/// The students present on one school day, from one on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Presence {
    /// The first student, a multiple of 8.
    pub first: u32,
    /// Eight students a byte, the first in the lowest bit.
    #[serde(with = "numbers")]
    pub bytes: Vec<u8>,
}

impl Presence {
    /// Nobody, of so many students.
    pub fn none(students: usize) -> Self {
        Self { first: 0, bytes: vec![0; students.div_ceil(BYTE as usize)] }
    }

    /// Those of the students from `first` on, a multiple of 8, whose cell is 1; the others' is 0, and there are a multiple of 8.
    pub fn of_cells(first: u32, cells: &[u8]) -> Self {
        // The product gathers the lowest bits of eight bytes in the highest byte.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let byte = |cells: &[u8; 8]| (u64::from_le_bytes(*cells).wrapping_mul(GATHER) >> 56) as u8;
        Self { first, bytes: cells.as_chunks().0.iter().map(byte).collect() }
    }

    /// The student after the last.
    pub fn end(&self) -> u32 {
        self.first + BYTE * self.bytes.len() as u32
    }

    /// Whether a student is present; nobody is who is not among them.
    pub fn has(&self, student: u32) -> bool {
        let byte = student.checked_sub(self.first).and_then(|place| self.bytes.get((place / BYTE) as usize));
        byte.is_some_and(|byte| byte >> (student % BYTE) & 1 == 1)
    }

    /// Enters a student who is among them; gives whether it was present already.
    pub fn enter(&mut self, student: u32) -> bool {
        let byte = student.checked_sub(self.first).and_then(|place| self.bytes.get_mut((place / BYTE) as usize));
        byte.is_some_and(|byte| {
            let own = 1 << (student % BYTE);
            let before = *byte & own != 0;
            *byte |= own;
            before
        })
    }

    /// Makes room for students from one to another.
    pub fn reach(&mut self, first: u32, end: u32) {
        let first = first / BYTE * BYTE;
        if self.bytes.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let more = ((self.first - first) / BYTE) as usize;
            self.bytes.splice(0..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        let length = (end - self.first).div_ceil(BYTE) as usize;
        if length > self.bytes.len() {
            self.bytes.resize(length, 0);
        }
    }

    /// Adds others or the same, those below `end` only, a multiple of 8; `met` is told of each who is in both.
    pub fn add(&mut self, other: &Presence, end: u32, mut met: impl FnMut(u32)) {
        let end = end.min(other.end());
        let Some(length) = end.checked_sub(other.first).filter(|length| *length > 0) else { return };
        self.reach(other.first, end);
        let begin = ((other.first - self.first) / BYTE) as usize;
        let length = (length / BYTE) as usize;
        let (Some(own), Some(others)) = (self.bytes.get_mut(begin..begin + length), other.bytes.get(..length)) else { return };
        for (place, (own, new)) in own.iter_mut().zip(others).enumerate() {
            let both = *own & new;
            *own |= new;
            if both != 0 {
                let first = other.first + BYTE * place as u32;
                (first..first + BYTE).filter(|student| both >> (student % BYTE) & 1 == 1).for_each(&mut met);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_both_is_told_and_all_are_present() {
        let mut one = Presence::default();
        one.reach(9, 20);
        assert_eq!((one.first, one.end()), (8, 24));
        assert_eq!((one.enter(9), one.enter(15), one.enter(9), one.enter(24)), (false, false, true, false));
        let mut other = Presence::default();
        other.reach(2, 17);
        assert_eq!([2, 9, 16].map(|student| other.enter(student)), [false; 3]);
        let mut met = Vec::new();
        one.add(&other, 1 << 20, |student| met.push(student));
        assert_eq!(met, [9]);
        assert_eq!((0..40).filter(|student| one.has(*student)).collect::<Vec<_>>(), [2, 9, 15, 16]);
        // Those from the end on are left out.
        let mut none = Presence::none(16);
        none.add(&one, 8, |_| {});
        assert_eq!((0..40).filter(|student| none.has(*student)).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn cells_become_bits_in_their_order() {
        let cells: Vec<u8> = (0..24).map(|place| u8::from([0, 3, 7, 8, 15, 22].contains(&place))).collect();
        let own = Presence::of_cells(16, &cells);
        assert_eq!((0..64).filter(|student| own.has(*student)).collect::<Vec<_>>(), [16, 19, 23, 24, 31, 38]);
    }
}
