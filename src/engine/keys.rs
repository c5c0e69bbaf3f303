//! Maps by packed id or document key. A map of all students of a city is one of many small ones, filled side by side, each in a processor's
//! own memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

/// A hasher for keys that are spread already or nearly so: one multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, key: u64) {
        let product = u128::from(self.0 ^ key) * 0x9E37_79B9_7F4A_7C15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// A map by packed id or document key.
pub type KeyMap<V> = HashMap<u64, V, BuildHasherDefault<KeyHasher>>;

/// How many maps a large one is made of.
const SHARDS: usize = 64;

/// Numbers by key, of very many.
#[derive(Clone, Debug, Default)]
pub struct KeyIndex(Vec<KeyMap<u32>>);

/// A key that several numbers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meeting {
    /// The first number, which the index gives.
    pub first: u32,
    /// The other one.
    pub later: u32,
    /// The key.
    pub key: u64,
}

/// The map of a key: by bits that the map's own hash is not made of alone.
fn shard(key: u64) -> usize {
    (key.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) as usize % SHARDS
}

impl KeyIndex {
    /// An index of parts that follow each other, and in their order the keys that are met again.
    pub fn new(parts: Vec<Vec<(u64, u32)>>) -> (Self, Vec<Meeting>) {
        let split = |part: Vec<(u64, u32)>| {
            let mut shards: Vec<_> = (0..SHARDS).map(|_| Vec::with_capacity(part.len() / SHARDS * 5 / 4)).collect();
            part.into_iter().for_each(|own| shards[shard(own.0)].push(own));
            shards
        };
        let split: Vec<_> = parts.into_par_iter().map(split).collect();
        let fill = |shard: usize| {
            let (mut map, mut met) = (KeyMap::default(), Vec::new());
            let own = || split.iter().flat_map(|shards| &shards[shard]);
            map.reserve(own().count());
            for (key, number) in own() {
                let first = *map.entry(*key).or_insert(*number);
                if first != *number {
                    met.push(Meeting { first, later: *number, key: *key });
                }
            }
            (map, met)
        };
        let (maps, met): (Vec<_>, Vec<_>) = (0..SHARDS).into_par_iter().map(fill).unzip();
        let mut met = met.concat();
        met.sort_unstable_by_key(|meeting| meeting.later);
        (Self(maps), met)
    }

    /// The number of a key.
    pub fn get(&self, key: u64) -> Option<u32> {
        self.0.get(shard(key))?.get(&key).copied()
    }

    /// Gives a key another number.
    pub fn put(&mut self, key: u64, number: u32) {
        if let Some(map) = self.0.get_mut(shard(key)) {
            map.insert(key, number);
        }
    }

    /// Changes all numbers.
    pub fn change(&mut self, changed: impl Fn(u32) -> u32 + Sync) {
        self.0.par_iter_mut().for_each(|map| map.values_mut().for_each(|number| *number = changed(*number)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_key_stays_and_the_others_are_met() {
        let keys: Vec<u64> = (0..1000).map(|number| number * 7 % 900).collect();
        let numbered: Vec<(u64, u32)> = keys.iter().copied().zip(0..).collect();
        let (mut index, met) = KeyIndex::new(numbered.chunks(130).map(<[_]>::to_vec).collect());
        for key in 0..900 {
            assert_eq!(index.get(key), keys.iter().position(|own| *own == key).map(|place| place as u32));
        }
        let mut expected = Vec::new();
        for (later, key) in (0_u32..).zip(&keys) {
            let first = keys.iter().position(|own| own == key).unwrap() as u32;
            expected.extend((first != later).then_some(Meeting { first, later, key: *key }));
        }
        assert_eq!(met, expected);
        index.put(5, 9);
        index.change(|number| number + 1);
        assert_eq!((index.get(5), index.get(0), index.get(900)), (Some(10), Some(1), None));
    }
}
