//! A send that was final and is on its chain no more: a reorg was deeper than anybody expects.
//!
//! What its end meant is taken back, and it is open again as one nobody can tell about. The money
//! is promised to it as before, so nobody else is given it meanwhile.
//!
//! Invariant: it is followed, given to the nodes again and replaced under its own nonce; it is
//! never signed under another one by itself. Whoever saw a final block go asks a person.

use super::close::{FeeSide, post_network_fee};
use super::{AttemptState, Closing, Purpose, Send, SendStatus};
use crate::changes::Changes;
use crate::ids::Fresh;
use crate::payment::Payment;
use crate::time::Timestamp;

/// It has not ended, or not so that it could vanish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this send is not final")]
pub struct NotFinal;

/// Opens a send again whose transaction has vanished. What went over a route stays as it is: the
/// route gave for it what it gave, and only the operator can talk to it.
pub fn vanish(closing: Closing, fresh: &mut Fresh) -> Result<Changes, NotFinal> {
    let now = fresh.now();
    let Closing { send, hold, settlement, refund, mut payments, head } = closing;
    let mut changes = Changes::of(send.merchant_id);
    if send.status != SendStatus::Confirmed || send.vanished_at.is_some() {
        return Err(NotFinal);
    }
    let is_with_a_route = settlement.as_ref().is_some_and(|one| one.delivery.is_some());
    if is_with_a_route && matches!(send.purpose, Purpose::Settlement(_)) {
        changes.update(Send { vanished_at: Some(now), due_at: None, ..send });
        return Ok(changes);
    }
    let hold = hold.ok_or(NotFinal)?;
    let hold = hold.reopen(&mut changes, fresh).map_err(|_| NotFinal)?;
    post_network_fee(&send, send.fee_paid, FeeSide::Back, &mut changes, fresh);
    if let Some(settlement) = settlement {
        for part in &send.parts {
            payments.change(part.payment_id, Payment::settling_again);
        }
        changes.update(settlement.send_vanished(&send, now));
    }
    if let Some(refund) = refund {
        let invoice = payments.invoice(refund.invoice_id);
        refund.send_vanished(&send, invoice.as_ref(), &mut changes, now);
    }
    payments.save(head, &mut changes, now);
    changes.update(Send { hold_id: Some(hold.id), ..reopened(send, now) });
    Ok(changes)
}

/// What has its nonce may be included in its place, whatever was thought of it before.
fn reopened(mut send: Send, now: Timestamp) -> Send {
    let nonce = send.included().and_then(|attempt| attempt.nonce);
    for attempt in &mut send.attempts {
        attempt.state = match attempt.state {
            AttemptState::Included => AttemptState::Unknown,
            AttemptState::Gone if nonce.is_some() && attempt.nonce == nonce => {
                AttemptState::Replaced
            }
            AttemptState::Signed
            | AttemptState::Broadcast
            | AttemptState::Unknown
            | AttemptState::Replaced
            | AttemptState::Gone => attempt.state,
        };
    }
    let complaint = "It was final, and its network has it no more: the operator looks into it";
    Send {
        status: SendStatus::Unknown,
        complaint: Some(complaint.to_owned()),
        due_at: Some(now),
        broadcast_at: None,
        tx_hash: None,
        confirmed_at: None,
        vanished_at: Some(now),
        fee_paid: None,
        updated_at: now,
        ..send
    }
}
