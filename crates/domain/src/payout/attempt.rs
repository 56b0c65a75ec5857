//! Giving a payout away: the intent before, the answer after.

use super::{Attempt, Found, Payout, PayoutStatus, RESEND_UNTIL_MS, reduce};
use crate::changes::Changes;
use crate::ids::Fresh;
use crate::provider::{Attempted, PayoutReport};
use crate::time::Timestamp;

/// Writes down that it is about to be sent. None: it is not to be sent now.
pub fn send(payout: &Payout, now: Timestamp) -> Option<(Payout, Changes)> {
    if !payout.is_to_be_sent() {
        return None;
    }
    // The other side may have forgotten the id: a repetition would be another payout there.
    let first = payout.first_sent_at.unwrap_or(now);
    if first.plus_ms(RESEND_UNTIL_MS) <= now {
        return None;
    }
    let mut after = payout.clone();
    after.attempt = Attempt::Sending;
    after.sent_count += 1;
    after.first_sent_at = Some(first);
    // Whoever finds it `Sending` then asks what became of it.
    after.next_at = Some(after.next_look(now));
    let mut changes = Changes::of(payout.merchant_id);
    changes.update(after.clone());
    after.version += 1;
    Some((after, changes))
}

/// What came of sending it; `found` is the payout as it is now, with its hold and its user.
pub fn record(found: Found, answer: Attempted<String>, fresh: &mut Fresh) -> Option<Changes> {
    let is_first = found.payout.sent_count <= 1;
    let is_on_its_way = matches!(found.payout.status, PayoutStatus::Submitted | PayoutStatus::Paid);
    let unknown = |refused| {
        let mut payout = found.payout.clone();
        if payout.attempt != Attempt::Sending {
            return None;
        }
        let mut changes = Changes::of(payout.merchant_id);
        payout.attempt = Attempt::Unknown { refused };
        payout.look_count += 1;
        payout.next_at = Some(payout.next_look(fresh.now()));
        changes.update(payout);
        Some(changes)
    };
    match answer {
        Attempted::Accepted(reference) => {
            reduce(found, (PayoutReport::Processing, Some(reference)), fresh)
        }
        Attempted::Refused(why) if is_first && !is_on_its_way => {
            reduce(found, (PayoutReport::Failed(why), None), fresh)
        }
        // An earlier attempt may have been taken: believed once they say that it was not.
        Attempted::Refused(why) => unknown(Some(why)),
        Attempted::Unknown => unknown(None),
    }
}
