//! In what order do the students of a file stand? Mostly in one of few, day after day, so who comes next can be guessed, and looking an
//! id up is a comparison with the one that is expected.

use law::facts::identifiers::NationalId;
use rayon::prelude::*;

/// Students in an order.
#[derive(Debug)]
pub struct Order {
    /// Their ids as they are written, which is how most are met.
    texts: Vec<[u8; 19]>,
    numbers: Vec<u32>,
    /// The place of each number in the order.
    places: Vec<u32>,
}

/// The place of a student who is not in an order.
const NOWHERE: u32 = u32::MAX;

/// How far from the one met last the next student may be: some have no attendance.
const STEPS: [usize; 5] = [1, 0, 2, 3, 4];

impl Order {
    /// Students by their numbers in their order, each with an id; `ids` are those of all numbers.
    pub fn new(numbers: Vec<u32>, ids: &[u64]) -> Self {
        let mut places = vec![NOWHERE; ids.len()];
        for (number, place) in numbers.iter().zip(0..) {
            if let Some(own) = places.get_mut(*number as usize) {
                *own = place;
            }
        }
        let text = |number: &u32| NationalId::from_packed(ids.get(*number as usize).copied().unwrap_or_default()).text();
        let texts = numbers.par_iter().map(text).collect();
        Self { texts, numbers, places }
    }

    /// The student of an id near a place, and where.
    fn near(&self, place: usize, text: &[u8]) -> Option<(usize, u32)> {
        let is_it = |place: &usize| self.texts.get(*place).is_some_and(|own| own == text);
        let place = STEPS.into_iter().map(|step| place + step).find(is_it)?;
        Some((place, *self.numbers.get(place)?))
    }
}

/// How many orders are tried.
pub const ORDERS: usize = 2;

/// Orders that were guessed wrong so often are given up for the next.
const MISSES: u32 = 32;

/// Where the reading of a part stands among the students.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// Which order.
    order: usize,
    /// The place in it of the student met last.
    place: usize,
    /// How often the guess was wrong of late.
    misses: u32,
}

impl Cursor {
    /// Which order the file seems to stand in.
    pub fn order(&self) -> usize {
        self.order
    }

    /// The numbers of the first texts that are the ids of students who were expected there.
    pub fn follow<'t>(&mut self, order: &Order, texts: impl Iterator<Item = &'t [u8]>, numbers: &mut Vec<u32>) {
        for text in texts {
            // The very next one, nearly always.
            let next = self.place + 1;
            if order.texts.get(next).is_some_and(|own| own == text)
                && let Some(number) = order.numbers.get(next)
            {
                self.place = next;
                numbers.push(*number);
                continue;
            }
            let Some((place, number)) = order.near(self.place, text) else { break };
            self.place = place;
            numbers.push(number);
        }
        self.misses = self.misses.saturating_sub(1);
    }

    /// The number of an id, if that is the student who was expected.
    pub fn expected(&mut self, order: &Order, id: u64) -> Option<u32> {
        let (place, number) = order.near(self.place, &NationalId::from_packed(id).text())?;
        self.misses = self.misses.saturating_sub(1);
        self.place = place;
        Some(number)
    }

    /// Notes that somebody else was expected. True where the next order is to be tried.
    pub fn miss(&mut self) -> bool {
        self.misses += 2;
        let gives_up = self.misses > MISSES;
        if gives_up {
            (self.order, self.misses) = ((self.order + 1) % ORDERS, 0);
        }
        gives_up
    }

    /// Goes to a student.
    pub fn go_to(&mut self, order: &Order, number: u32) {
        if let Some(place) = order.places.get(number as usize).filter(|place| **place != NOWHERE) {
            self.place = *place as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use law::facts::identifiers::check_character;

    use super::*;

    fn orders() -> [Order; 2] {
        let ids: Vec<u64> = [3, 1, 2, 0].into_iter().map(id).collect();
        [Order::new(vec![0, 1, 2, 3], &ids), Order::new(vec![3, 1, 2, 0], &ids)]
    }

    fn id(of: usize) -> u64 {
        let own = format!("31010120110901{of:03}");
        let check = char::from(check_character(own.as_bytes()));
        NationalId::parse(&format!("G{own}{check}")).unwrap().packed()
    }

    fn text(of: usize) -> [u8; 19] {
        NationalId::from_packed(id(of)).text()
    }

    #[test]
    fn expected_students_are_followed_and_others_break_off() {
        let ([order, _], mut cursor, mut numbers) = (orders(), Cursor::default(), Vec::new());
        let texts = [text(3), text(3), text(2), text(0), text(1)];
        cursor.follow(&order, texts.iter().map(|text| text.as_slice()), &mut numbers);
        // The one before is not expected any more.
        assert_eq!(numbers, [0, 0, 2, 3]);
        cursor.follow(&order, [&text(3)[..18]].into_iter(), &mut numbers);
        assert_eq!(numbers, [0, 0, 2, 3]);
    }

    #[test]
    fn the_next_order_is_tried_where_one_fails() {
        let (orders, mut cursor) = (orders(), Cursor::default());
        assert_eq!((cursor.expected(&orders[0], id(3)), cursor.expected(&orders[0], id(0))), (Some(0), Some(3)));
        for missed in 1..=17 {
            assert_eq!(cursor.expected(&orders[0], id(3)), None);
            assert_eq!(cursor.miss(), missed == 17);
        }
        // In the order of ids number 3 comes first.
        cursor.go_to(&orders[1], 3);
        assert_eq!((cursor.order(), cursor.place), (1, 0));
        assert_eq!((cursor.expected(&orders[1], id(1)), cursor.expected(&orders[1], id(3))), (Some(1), Some(0)));
        // Whoever is in no order changes nothing.
        cursor.go_to(&orders[1], 9);
        assert_eq!(cursor.place, 3);
    }
}
