//! Which head to believe when nodes tell different ones.
//!
//! The highest that at least half of the nodes have reached: one node that lags does not hold the
//! others back, and one that dreams does not lead them. Of three nodes or more it is half of those
//! there are, not of those that answer: a liar must not win by the others' silence. A head far
//! above every other is left out first, unless it follows on what was agreed before: then it is
//! the others that stopped.
//!
//! Invariant: a head that is left out never becomes what later ones are measured by.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::Limits;

const HOUR_MS: u128 = 3_600_000;
/// From so many nodes on those that are silent count too.
const NODES_WITH_QUORUM: usize = 3;

/// What the nodes of a network have agreed on so far.
#[derive(Debug, Default)]
pub(crate) struct Agreement {
    /// The highest head, and when it was reached.
    highest: Mutex<Option<(u64, Instant)>>,
}

/// What came of asking for heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// None if nobody told a head that can be believed.
    pub head: Option<u64>,
    /// By which nodes lag or run ahead: the head, or the one before if there is none.
    pub measure: Option<u64>,
}

/// The head agreed on before, and how long ago it last grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    head: u64,
    ago: Duration,
}

impl Agreement {
    /// Agrees on a head of those told, `nodes` being how many there are in all.
    pub(crate) fn on(&self, told: &[u64], nodes: usize, limits: &Limits) -> Agreed {
        let now = Instant::now();
        // What it holds is replaced as a whole, so a panic elsewhere leaves nothing half done.
        let mut highest = self.highest.lock().unwrap_or_else(PoisonError::into_inner);
        let before = highest.map(|(head, at)| Before { head, ago: now.duration_since(at) });
        let head = agreed(told, nodes, before, limits);
        if head > before.map(|before| before.head) {
            *highest = head.map(|head| (head, now));
        }
        Agreed { head, measure: head.or_else(|| before.map(|before| before.head)) }
    }
}

/// The head to believe; none if nobody told one that can be believed.
///
/// `nodes` is how many there are in all: the only one of a network is believed whatever it tells.
fn agreed(told: &[u64], nodes: usize, before: Option<Before>, limits: &Limits) -> Option<u64> {
    let mut heads = told.to_vec();
    heads.sort_unstable_by(|a, b| b.cmp(a));
    let mut heads = heads.as_slice();
    let follows = |head: u64| before.is_some_and(|before| head <= before.highest_next(limits));
    while let [first, second, ..] = heads {
        if first - second <= limits.ahead_blocks_max || follows(*first) {
            break;
        }
        heads = heads.get(1..).unwrap_or_default();
    }
    if let ([only], 2.., Some(_)) = (told, nodes, before)
        && !follows(*only)
    {
        return None;
    }
    if nodes >= NODES_WITH_QUORUM {
        // One that was left out claims to have reached all below it, but is never believed itself.
        let left_out = told.len() - heads.len();
        let at = (nodes.div_ceil(2) - 1).saturating_sub(left_out);
        return heads.get(at).copied();
    }
    heads.get(heads.len().div_ceil(2).checked_sub(1)?).copied()
}

impl Before {
    /// What may have been reached since: twice an hour's blocks each hour, above the usual lead.
    fn highest_next(self, limits: &Limits) -> u64 {
        let lead = limits.ahead_blocks_max;
        let grown = u128::from(lead) * 2 * self.ago.as_millis() / HOUR_MS;
        let grown = u64::try_from(grown).unwrap_or(u64::MAX);
        self.head.saturating_add(lead).saturating_add(grown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: fn() -> Limits =
        || Limits { ahead_blocks_max: 300, lag_blocks_max: 5, ..Limits::default() };

    #[track_caller]
    fn check(nodes: usize, told: &[u64], before: Option<(u64, u64)>, expected: Option<u64>) {
        let before =
            before.map(|(head, minutes)| Before { head, ago: Duration::from_secs(minutes * 60) });
        let believed = agreed(told, nodes, before, &LIMITS());
        assert_eq!(believed, expected, "{told:?} of {nodes} after {before:?}");
    }

    #[test]
    fn the_highest_head_that_half_have_reached() {
        check(4, &[], None, None);
        check(2, &[], None, None);
        check(2, &[100], None, Some(100));
        check(2, &[100, 90], None, Some(100));
        check(3, &[100, 90, 99], None, Some(99));
        check(4, &[100, 99, 90, 80], None, Some(99));
        check(5, &[100, 99, 98, 97, 96], None, Some(98));
        check(3, &[0, 0, u64::MAX], None, Some(0));
    }

    #[test]
    fn nobody_leads_because_others_are_silent() {
        check(3, &[250, 100], None, Some(100));
        check(3, &[250, 100], Some((100, 0)), Some(100));
        check(4, &[250, 100, 99], None, Some(100));
        check(5, &[250, 100, 99], None, Some(99));
        check(5, &[250, 100], None, None);
        check(3, &[101], Some((100, 0)), None);
    }

    #[test]
    fn a_head_far_above_all_others_is_left_out() {
        check(2, &[401, 100], None, Some(100));
        check(2, &[400, 100], None, Some(400));
        check(3, &[401, 100], None, Some(100));
        check(3, &[9_999_999, 100, 99], None, Some(100));
        check(4, &[u64::MAX, 9_999_999, 100, 99], None, Some(100));
    }

    #[test]
    fn a_node_that_stopped_does_not_hold_back_the_one_that_goes_on() {
        check(2, &[401, 100], Some((390, 0)), Some(401));
        check(2, &[1_200, 100], Some((300, 0)), Some(100));
        check(2, &[1_200, 100], Some((300, 60)), Some(1_200));
        check(3, &[401, 400, 100], Some((390, 0)), Some(400));
    }

    #[test]
    fn one_answer_of_two_is_measured_by_what_was_agreed() {
        check(2, &[400], Some((100, 0)), Some(400));
        check(2, &[401], Some((100, 0)), None);
        check(2, &[401], Some((100, 1)), Some(401));
        check(2, &[50], Some((100, 0)), Some(50));
        check(1, &[9_999], Some((100, 0)), Some(9_999));
    }
}
