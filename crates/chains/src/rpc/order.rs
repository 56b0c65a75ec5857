//! In which order nodes are asked: the best first, and the same one again as long as it is good.
//!
//! Nodes differ in what they have seen so far, so requests that belong together should reach one.
//! Another is preferred only when it is better by rank, or at least twice as quick.
//!
//! Invariant: every node that does not rest is in the order once.

use std::time::Duration;

use super::standing::Rank;

/// A smaller difference is noise.
const QUICKER_BY: Duration = Duration::from_millis(20);

/// A node that does not rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub at: usize,
    pub rank: Rank,
    pub round_trip: Option<Duration>,
}

pub(super) fn order(mut candidates: Vec<Candidate>, current: usize) -> Vec<usize> {
    let key = |one: &Candidate| (one.rank, one.round_trip.unwrap_or(Duration::MAX), one.at);
    candidates.sort_by_key(key);
    let stays = candidates.iter().position(|one| one.at == current).filter(|place| {
        let (Some(first), Some(current)) = (candidates.first(), candidates.get(*place)) else {
            return false;
        };
        first.rank == current.rank && !is_much_quicker(first.round_trip, current.round_trip)
    });
    if let Some(place) = stays {
        let current = candidates.remove(place);
        candidates.insert(0, current);
    }
    candidates.iter().map(|one| one.at).collect()
}

/// A node whose time is not known is not said to be slow.
fn is_much_quicker(one: Option<Duration>, other: Option<Duration>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one * 2 + QUICKER_BY < other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(Rank, Option<u64>)], current: usize, expected: &[usize]) {
        let candidates = given.iter().enumerate().map(|(at, (rank, ms))| Candidate {
            at,
            rank: *rank,
            round_trip: ms.map(Duration::from_millis),
        });
        assert_eq!(order(candidates.collect(), current), expected, "{given:?}, {current}");
    }

    #[test]
    fn the_best_and_quickest_is_first_and_a_good_one_stays() {
        use Rank::{Ahead, Behind, ComplainedAbout, Good};
        check(&[], 0, &[]);
        check(&[(Good, None), (Good, None)], 0, &[0, 1]);
        check(&[(Good, None), (Good, None)], 1, &[1, 0]);
        check(&[(Good, Some(100)), (Good, Some(45))], 0, &[0, 1]);
        check(&[(Good, Some(100)), (Good, Some(35))], 0, &[1, 0]);
        check(&[(Good, Some(20)), (Good, Some(1))], 0, &[0, 1]);
        check(&[(Behind, Some(1)), (Good, Some(90))], 0, &[1, 0]);
        let ranks = [(Ahead, None), (Behind, None), (ComplainedAbout, None), (Good, None)];
        check(&ranks, 0, &[3, 2, 1, 0]);
        check(&[(Good, Some(5)), (Good, Some(4)), (Good, Some(3))], 9, &[2, 1, 0]);
    }
}
