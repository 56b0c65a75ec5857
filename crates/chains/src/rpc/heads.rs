//! Which head to believe when nodes tell different ones.
//!
//! The highest that at least half of the nodes have reached: one node that lags does not hold the
//! others back, and one that dreams does not lead them. A head far above every other is left out
//! first, unless it follows on what was agreed before: then it is the others that stopped.
//!
//! Invariant: a head that is left out never becomes what later ones are measured by.

use std::time::Duration;

use super::limits::Limits;

const HOUR_MS: u128 = 3_600_000;

/// The head agreed on before, and how long ago it last grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub head: u64,
    pub ago: Duration,
}

/// The head to believe; none if nobody told one that can be believed.
///
/// `nodes` is how many there are in all: the only one of a network is believed whatever it tells.
pub(super) fn agreed(
    told: &[u64],
    nodes: usize,
    before: Option<Before>,
    limits: &Limits,
) -> Option<u64> {
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

    fn check(told: &[u64], before: Option<(u64, u64)>, expected: Option<u64>) {
        let before =
            before.map(|(head, minutes)| Before { head, ago: Duration::from_secs(minutes * 60) });
        assert_eq!(agreed(told, 4, before, &LIMITS()), expected, "{told:?} after {before:?}");
    }

    #[test]
    fn the_highest_head_that_half_have_reached() {
        check(&[], None, None);
        check(&[100], None, Some(100));
        check(&[100, 90], None, Some(100));
        check(&[100, 90, 99], None, Some(99));
        check(&[100, 99, 90, 80], None, Some(99));
        check(&[0, 0, u64::MAX], None, Some(0));
    }

    #[test]
    fn a_head_far_above_all_others_is_left_out() {
        check(&[401, 100], None, Some(100));
        check(&[400, 100], None, Some(400));
        check(&[9_999_999, 100, 99], None, Some(100));
        check(&[u64::MAX, 9_999_999, 100, 99], None, Some(100));
    }

    #[test]
    fn a_node_that_stopped_does_not_hold_back_the_one_that_goes_on() {
        check(&[401, 100], Some((390, 0)), Some(401));
        check(&[1_200, 100], Some((300, 0)), Some(100));
        check(&[1_200, 100], Some((300, 60)), Some(1_200));
    }

    #[test]
    fn one_answer_of_several_is_measured_by_what_was_agreed() {
        check(&[400], Some((100, 0)), Some(400));
        check(&[401], Some((100, 0)), None);
        check(&[401], Some((100, 1)), Some(401));
        check(&[50], Some((100, 0)), Some(50));
        let before = Some(Before { head: 100, ago: Duration::ZERO });
        assert_eq!(agreed(&[9_999], 1, before, &LIMITS()), Some(9_999));
    }
}
