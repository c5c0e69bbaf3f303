//! Who is whom, one to one? The pairs with the best total; sure ones, and those that people have to look at.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::blocks::Blocks;
use super::person::Person;
use super::score::{MARGIN, REVIEW, Scale, Score};

/// So many candidates of a row are shown.
pub const SHOWN: usize = 3;
/// In groups larger than this nobody is sure: all are put before people.
const LARGEST: usize = 200;

/// A row and a student with their score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The row, by place.
    pub row: u32,
    /// The student, by place in the cohort.
    pub student: u32,
    /// How likely they are one.
    pub score: Score,
}

/// What came of matching rows with students.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// Sure pairs, by row: each row and each student at most once.
    pub sure: BTreeMap<u32, Pair>,
    /// Of rows that are not sure, the likeliest candidates, the best first.
    pub review: BTreeMap<u32, Vec<Pair>>,
}

/// Matches rows with students who are `free`, by score.
pub fn find<'a>(
    rows: &[Person<'_>],
    scale: &Scale,
    person: impl Fn(u32) -> Person<'a> + Sync,
    is_free: impl Fn(u32) -> bool + Sync,
) -> Pairs {
    let blocks = Blocks::new(rows, scale.students, &person, is_free);
    let scored = blocks.pairs.par_chunks(1 << 10).flat_map_iter(|pairs| {
        let mut known: Option<(u32, usize)> = None;
        pairs
            .iter()
            .filter_map(|(row, student)| {
                let own = &rows[*row as usize];
                let namesakes = known.filter(|(of, _)| of == row).map_or_else(|| blocks.namesakes(own), |(_, number)| number);
                known = Some((*row, namesakes));
                let score = scale.score(own, &person(*student), namesakes);
                (score.points >= REVIEW).then_some(Pair { row: *row, student: *student, score })
            })
            .collect::<Vec<_>>()
    });
    settle(scored.collect())
}

/// Settles pairs that may be right, one to one.
fn settle(pairs: Vec<Pair>) -> Pairs {
    let mut settled = Pairs::default();
    let groups = groups(&pairs);
    let chosen: Vec<Vec<Pair>> = groups.par_iter().map(|group| best(group)).collect();
    // The best and the next best of each row and of each student.
    let (mut of_rows, mut of_students) = (BTreeMap::<u32, [i32; 2]>::new(), BTreeMap::<u32, [i32; 2]>::new());
    let enter = |known: &mut [i32; 2], points: i32| {
        if points > known[0] {
            *known = [points, known[0]];
        } else if points > known[1] {
            known[1] = points;
        }
    };
    for pair in &pairs {
        enter(of_rows.entry(pair.row).or_insert([i32::MIN; 2]), pair.score.points);
        enter(of_students.entry(pair.student).or_insert([i32::MIN; 2]), pair.score.points);
    }
    let is_ahead = |known: Option<&[i32; 2]>, points: i32| {
        known.is_some_and(|[first, second]| points == *first && (*second == i32::MIN || points - second >= MARGIN))
    };
    for pair in chosen.into_iter().flatten() {
        let points = pair.score.points;
        if pair.score.is_enough() && is_ahead(of_rows.get(&pair.row), points) && is_ahead(of_students.get(&pair.student), points) {
            settled.sure.insert(pair.row, pair);
        } else {
            settled.review.insert(pair.row, vec![pair]);
        }
    }
    let taken: std::collections::BTreeSet<u32> = settled.sure.values().map(|pair| pair.student).collect();
    for pair in pairs.iter().filter(|pair| !settled.sure.contains_key(&pair.row) && !taken.contains(&pair.student)) {
        let candidates = settled.review.entry(pair.row).or_default();
        if !candidates.contains(pair) {
            candidates.push(*pair);
        }
    }
    for candidates in settled.review.values_mut() {
        candidates.sort_by_key(|pair| (-pair.score.points, pair.student));
        candidates.truncate(SHOWN);
    }
    settled
}

/// The pairs that hang together by a row or a student.
fn groups(pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let mut parents: BTreeMap<(bool, u32), (bool, u32)> = BTreeMap::new();
    fn root(parents: &mut BTreeMap<(bool, u32), (bool, u32)>, of: (bool, u32)) -> (bool, u32) {
        let mut own = of;
        while let Some(parent) = parents.get(&own).copied().filter(|parent| *parent != own) {
            own = parent;
        }
        parents.insert(of, own);
        own
    }
    for pair in pairs {
        let (row, student) = (root(&mut parents, (false, pair.row)), root(&mut parents, (true, pair.student)));
        // The smaller is the root, whatever the order of the pairs.
        parents.insert(row.max(student), row.min(student));
    }
    let mut groups: BTreeMap<(bool, u32), Vec<Pair>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(root(&mut parents, (false, pair.row))).or_default().push(*pair);
    }
    groups.into_values().collect()
}

/// Of a group, the pairs with the best total, each row and each student at most once.
fn best(group: &[Pair]) -> Vec<Pair> {
    if let [only] = group {
        return vec![*only];
    }
    let places = |of: fn(&Pair) -> u32| {
        let mut all: Vec<u32> = group.iter().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (rows, students) = (places(|pair| pair.row), places(|pair| pair.student));
    if rows.len() > LARGEST || students.len() > LARGEST {
        return Vec::new();
    }
    let mut gains = vec![vec![0_i64; students.len()]; rows.len()];
    for pair in group {
        let place = (rows.binary_search(&pair.row), students.binary_search(&pair.student));
        if let (Ok(row), Ok(student)) = place {
            gains[row][student] = i64::from(pair.score.points - REVIEW) + 1;
        }
    }
    let assigned = assign(&gains);
    let is_chosen = |pair: &&Pair| {
        let (Ok(row), Ok(student)) = (rows.binary_search(&pair.row), students.binary_search(&pair.student)) else { return false };
        assigned[row] == Some(student)
    };
    group.iter().filter(is_chosen).copied().collect()
}

/// The assignment of rows to columns with the largest sum of gains, by the Hungarian method; a gain of 0 is no assignment.
fn assign(gains: &[Vec<i64>]) -> Vec<Option<usize>> {
    let (rows, columns) = (gains.len(), gains.first().map_or(0, Vec::len));
    let size = rows.max(columns);
    let cost = |row: usize, column: usize| -gains.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
    // Prices of rows and columns, and the row of each column; place 0 stands for none.
    let (mut of_rows, mut of_columns, mut row_of) = (vec![0_i64; size + 1], vec![0_i64; size + 1], vec![0_usize; size + 1]);
    let mut came_from = vec![0_usize; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let mut column = 0;
        let mut slack = vec![i64::MAX; size + 1];
        let mut is_used = vec![false; size + 1];
        while row_of[column] != 0 {
            is_used[column] = true;
            let (own, mut least, mut next) = (row_of[column], i64::MAX, 0);
            for other in (1..=size).filter(|other| !is_used[*other]) {
                let reduced = cost(own - 1, other - 1) - of_rows[own] - of_columns[other];
                if reduced < slack[other] {
                    (slack[other], came_from[other]) = (reduced, column);
                }
                if slack[other] < least {
                    (least, next) = (slack[other], other);
                }
            }
            for other in 0..=size {
                if is_used[other] {
                    of_rows[row_of[other]] += least;
                    of_columns[other] -= least;
                } else if slack[other] != i64::MAX {
                    slack[other] -= least;
                }
            }
            column = next;
        }
        while column != 0 {
            let before = came_from[column];
            row_of[column] = row_of[before];
            column = before;
        }
    }
    let mut assigned = vec![None; rows];
    for column in 1..=size {
        let row = row_of[column];
        if row >= 1 && row <= rows && column <= columns && gains[row - 1][column - 1] > 0 {
            assigned[row - 1] = Some(column - 1);
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::super::score::{Reason, SURE};
    use super::*;
    use proptest::prelude::*;

    fn pair(row: u32, student: u32, points: i32) -> Pair {
        Pair { row, student, score: Score { points, reasons: [Reason::NameSame].into_iter().collect() } }
    }

    #[test]
    fn the_best_total_wins_and_not_the_first() {
        // The first row would take the student whom the second one alone can be.
        let pairs = vec![pair(0, 0, 12), pair(0, 1, 11), pair(1, 0, 11)];
        let chosen = best(&pairs);
        assert_eq!(chosen.iter().map(|pair| (pair.row, pair.student)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_tie_is_nobody_sure() {
        let settled = settle(vec![pair(0, 0, 20), pair(0, 1, 20)]);
        assert!(settled.sure.is_empty());
        assert_eq!(settled.review[&0].len(), 2);
        let settled = settle(vec![pair(0, 0, 20), pair(1, 0, 20)]);
        assert!(settled.sure.is_empty());
        assert_eq!(settled.review.len(), 2);
    }

    #[test]
    fn by_one_point_less_than_the_margin_nobody_is_sure() {
        assert_eq!(settle(vec![pair(0, 0, 20), pair(0, 1, 20 - MARGIN)]).sure.len(), 1);
        assert!(settle(vec![pair(0, 0, 20), pair(0, 1, 21 - MARGIN)]).sure.is_empty());
        assert_eq!(settle(vec![pair(0, 0, SURE)]).sure.len(), 1);
        assert!(settle(vec![pair(0, 0, SURE - 1)]).sure.is_empty());
    }

    /// The best sum, by trying everything.
    fn best_sum(gains: &[Vec<i64>], taken: u32) -> i64 {
        let Some((first, rest)) = gains.split_first() else { return 0 };
        let with = |column: usize| first[column] + best_sum(rest, taken | 1 << column);
        let taking = (0..first.len()).filter(|column| taken >> column & 1 == 0).map(with).max();
        taking.unwrap_or(0).max(best_sum(rest, taken))
    }

    proptest! {
        #[test]
        fn no_assignment_is_better(rows in 1_usize..6, columns in 1_usize..6, seed in proptest::collection::vec(0_i64..30, 36)) {
            let gains: Vec<Vec<i64>> = (0..rows).map(|row| (0..columns).map(|column| seed[row * 6 + column]).collect()).collect();
            let assigned = assign(&gains);
            let sum: i64 = assigned.iter().enumerate().filter_map(|(row, column)| column.map(|column| gains[row][column])).sum();
            let mut used: Vec<usize> = assigned.iter().flatten().copied().collect();
            used.sort_unstable();
            let all = used.len();
            used.dedup();
            prop_assert_eq!(used.len(), all);
            prop_assert_eq!(sum, best_sum(&gains, 0));
        }

        #[test]
        fn the_order_of_the_pairs_does_not_matter(points in proptest::collection::vec((0_u32..5, 0_u32..5, -3_i32..30), 1..20), turn in 0_usize..20) {
            let mut pairs: Vec<Pair> = Vec::new();
            for (row, student, points) in points {
                if !pairs.iter().any(|own| (own.row, own.student) == (row, student)) {
                    pairs.push(pair(row, student, points));
                }
            }
            pairs.sort_by_key(|pair| (pair.row, pair.student));
            let there = settle(pairs.clone());
            let turn = turn % pairs.len();
            pairs.rotate_left(turn);
            let here = settle(pairs);
            prop_assert_eq!(&there.sure, &here.sure);
            prop_assert_eq!(&there.review, &here.review);
        }
    }
}
