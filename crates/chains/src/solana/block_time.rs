//! When a block was made, even where a node's word for it cannot be true.
//!
//! A time may be missing, or be told in another unit (a local test node tells thousandths). Such a
//! block is dated by its distance to the head instead: slots come every 400 ms or later, so the
//! estimate errs towards late by as much as slots were slower. The head's own time has no
//! substitute: without it nothing is told.

use domain::time::Timestamp;

use super::decode::Malformed;

/// The first day of the network, 16 March 2020: no block is older.
const FIRST_BLOCK: Timestamp = Timestamp(1_584_316_800_000);
/// The end of the year 9999: what is later is of some other unit.
const LAST_MOMENT: Timestamp = Timestamp(253_402_300_799_999);
const SLOT_MS: i64 = 400;
/// Times are votes of the validators, so that neighbours may differ a little either way.
const SLACK_MS: i64 = 3_600_000;

/// The newest block that is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalHead {
    pub slot: u64,
    pub time: Timestamp,
}

impl FinalHead {
    pub fn new(slot: u64, told_time: Option<i64>) -> Result<FinalHead, Malformed> {
        let time = told_time.map(Timestamp::from_seconds);
        let time = time.filter(|time| (FIRST_BLOCK..=LAST_MOMENT).contains(time));
        let time = time.ok_or(Malformed("the newest block has no time"))?;
        Ok(FinalHead { slot, time })
    }

    /// The time of a block at or below this one.
    pub fn time_of(&self, slot: u64, told_time: Option<i64>) -> Timestamp {
        let told = told_time.map(Timestamp::from_seconds);
        let plausible = FIRST_BLOCK..=self.time.plus_ms(SLACK_MS);
        told.filter(|time| plausible.contains(time)).unwrap_or_else(|| {
            let slots = i64::try_from(self.slot.saturating_sub(slot)).unwrap_or(i64::MAX);
            let estimate = self.time.plus_ms(slots.saturating_mul(SLOT_MS).saturating_neg());
            estimate.max(FIRST_BLOCK)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_SECONDS: i64 = 1_795_270_118;

    fn head() -> FinalHead {
        FinalHead::new(1_000, Some(HEAD_SECONDS)).unwrap()
    }

    #[track_caller]
    fn check(slot: u64, told: Option<i64>, time: Timestamp) {
        assert_eq!(head().time_of(slot, told), time, "{slot} {told:?}");
    }

    #[test]
    fn a_time_that_can_be_true_is_taken() {
        for seconds in [1_584_316_800, HEAD_SECONDS - 1, HEAD_SECONDS + 2] {
            check(990, Some(seconds), Timestamp::from_seconds(seconds));
        }
    }

    #[test]
    fn a_time_that_cannot_be_true_is_estimated_from_the_head() {
        let estimate = head().time.plus_ms(-4_000);
        let wrong = [HEAD_SECONDS / 1_000, HEAD_SECONDS * 1_000, 0, -5, i64::MAX, i64::MIN];
        for told in wrong.map(Some).into_iter().chain([None]) {
            check(990, told, estimate);
        }
        check(2_000, None, head().time);
        let far = FinalHead { slot: u64::MAX, ..head() };
        assert_eq!(far.time_of(0, None), FIRST_BLOCK);
    }

    #[test]
    fn a_head_needs_a_time() {
        for told in [None, Some(0), Some(HEAD_SECONDS / 1_000), Some(i64::MAX)] {
            assert!(FinalHead::new(7, told).is_err(), "{told:?}");
        }
    }
}
