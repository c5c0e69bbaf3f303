//! Chance that follows from the seed alone.
//!
//! SplitMix64, written out here because a city has to stay the same from version to version, whatever a library changes.

/// A stream of numbers that look like chance.
#[derive(Clone, Debug)]
pub struct Chance(u64);

fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl Chance {
    /// The stream of a seed and the numbers that say what it is for.
    pub fn new(seed: u64, purpose: &[u64]) -> Self {
        Self(purpose.iter().fold(mixed(seed ^ 0x5DEE_CE66_D1CE_4E5B), |state, part| mixed(state ^ mixed(part.wrapping_add(1)))))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number below a limit; 0 for the limit 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(limit)) >> 64) as u64
    }

    /// True that many times in a million.
    pub fn in_a_million(&mut self, times: u64) -> bool {
        self.below(1_000_000) < times
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let place = self.below(list.len() as u64);
        list.get(place as usize)
    }

    /// One of a list of words; empty for an empty list.
    pub fn word<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.pick(words).copied().unwrap_or_default()
    }

    /// A place among weights.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().map(|weight| u64::from(*weight)).sum());
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_purpose_gives_the_same_numbers_and_another_others() {
        let first = |seed, purpose: &[u64]| Chance::new(seed, purpose).number();
        assert_eq!(first(1, &[2, 3]), first(1, &[2, 3]));
        assert_ne!(first(1, &[2, 3]), first(1, &[3, 2]));
        assert_ne!(first(1, &[2, 3]), first(2, &[2, 3]));
        assert_eq!(first(1, &[7]), 9_147_667_448_503_749_344);
    }

    #[test]
    fn weights_are_kept() {
        let mut chance = Chance::new(5, &[]);
        let mut counts = [0_u32; 3];
        (0..30_000).for_each(|_| counts[chance.weighted(&[1, 0, 2])] += 1);
        assert!((9_000..11_000).contains(&counts[0]) && counts[1] == 0, "{counts:?}");
    }
}
