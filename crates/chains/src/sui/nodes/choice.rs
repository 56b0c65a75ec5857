//! Which node to ask first: a pure function over what is known of them.
//!
//! Invariant: no node is left out. One that rests or lags is asked last, because it may still be
//! the only one that knows.

use super::Wanted;

/// What is known of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub is_resting: bool,
    pub is_lagging: bool,
    pub failures_in_a_row: u32,
    /// The checkpoints it keeps, once it has said so.
    pub lowest: Option<u64>,
    pub head: Option<u64>,
}

/// The places of the nodes, the one most likely to answer first.
pub(super) fn by_trust(standings: &[Standing], wanted: Wanted) -> Vec<usize> {
    let mut places: Vec<usize> = (0..standings.len()).collect();
    places.sort_by_key(|place| {
        let standing = standings.get(*place).copied().unwrap_or_default();
        let has_it = match wanted {
            Wanted::Checkpoint(number) => {
                standing.lowest.is_none_or(|lowest| lowest <= number)
                    && standing.head.is_none_or(|head| number <= head)
            }
            Wanted::Perhaps => true,
        };
        let failures = standing.failures_in_a_row;
        (standing.is_resting, !has_it, standing.is_lagging, failures, *place)
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_are_well_and_have_it_are_asked_first() {
        let well = Standing { lowest: Some(0), head: Some(100), ..Standing::default() };
        let resting = Standing { is_resting: true, ..well };
        let lagging = Standing { is_lagging: true, ..well };
        let pruned = Standing { lowest: Some(50), ..well };
        let failed = Standing { failures_in_a_row: 1, ..well };
        let all = [resting, pruned, lagging, failed, well, Standing::default()];
        assert_eq!(by_trust(&all, Wanted::Checkpoint(49)), [4, 5, 3, 2, 1, 0]);
        assert_eq!(by_trust(&all, Wanted::Perhaps), [1, 4, 5, 3, 2, 0]);
    }
}
