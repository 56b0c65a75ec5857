//! The end of a send: what it means for the ledger, the payments, and what it was sent for.
//!
//! One commit says that it went (the promise is captured, payments are settled) or that it never
//! did (the promise is released, the tokens stand where they stood). Fees were paid either way.

use super::{AttemptState, Purpose, Send, SendStatus};
use crate::changes::Changes;
use crate::ids::{Fresh, InvoiceId, PaymentId, RowKey};
use crate::invoice::Invoice;
use crate::ledger::{
    Account, AccountKind, Asset, Hold, HoldClosed, Movement, Transfer, TransferReason,
};
use crate::money::TokenAmount;
use crate::payment::{Payment, SettlementStatus};
use crate::refund::Refund;
use crate::settlement::Settlement;
use crate::time::Timestamp;
use crate::token::Token;

/// A send that ends, and every row its end changes.
#[derive(Clone, Debug)]
pub struct Closing {
    pub send: Send,
    pub hold: Option<Hold>,
    pub settlement: Option<Settlement>,
    pub refund: Option<Refund>,
    /// Those it was drawn from, and those a refund gives back of.
    pub payments: Touched,
    /// The newest block of the network.
    pub head: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Included for good.
    Confirmed { tx_hash: String, fee: Option<TokenAmount> },
    /// Certainly never: it was included without effect, or nothing was ever signed.
    Failed { tx_hash: Option<String>, fee: Option<TokenAmount>, why: String },
    /// The operator has it from elsewhere that it never went, where no node can tell any more.
    GivenUp { why: String },
    /// Somebody took it back before anything was signed.
    Canceled,
}

/// Payments that one decision changes, each of them once, and their invoices.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    rows: Vec<(Payment, Payment, Invoice)>,
}

impl Touched {
    pub fn add(&mut self, payment: Payment, invoice: Invoice) {
        if !self.rows.iter().any(|(before, _, _)| before.id == payment.id) {
            self.rows.push((payment.clone(), payment, invoice));
        }
    }

    pub fn get(&self, id: PaymentId) -> Option<&Payment> {
        self.rows.iter().map(|(_, after, _)| after).find(|after| after.id == id)
    }

    pub fn change(&mut self, id: PaymentId, change: impl FnOnce(&mut Payment)) {
        let found = self.rows.iter_mut().find(|(before, _, _)| before.id == id);
        if let Some((_, after, _)) = found {
            change(after);
        }
    }

    pub(super) fn invoice(&self, id: InvoiceId) -> Option<Invoice> {
        self.rows.iter().map(|(_, _, invoice)| invoice).find(|one| one.id == id).cloned()
    }

    pub fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.rows.iter().map(|(_, after, _)| after)
    }

    /// Writes those that changed; who can see a difference hears of it.
    pub fn save(self, head: u64, changes: &mut Changes, now: Timestamp) {
        for (before, after, invoice) in self.rows {
            if before.view(head) != after.view(head) {
                after.record_updated(&before, (&invoice, head), changes, now);
            } else if before != after {
                changes.update(after);
            }
        }
    }
}

impl Ending {
    /// Whether a send may end so as it is now. What is signed may be included at any moment: only
    /// what a chain says of it ends it, and never somebody who thinks better of it.
    fn fits(&self, status: SendStatus) -> bool {
        match self {
            Ending::Confirmed { .. } | Ending::Failed { tx_hash: Some(_), .. } => status.is_open(),
            Ending::Failed { tx_hash: None, .. } | Ending::Canceled => {
                matches!(status, SendStatus::Held | SendStatus::Planned)
            }
            Ending::GivenUp { .. } => status.is_signed() || status == SendStatus::Exported,
        }
    }
}

/// A settlement that nobody approved, and every row its end changes.
#[derive(Clone, Debug)]
pub struct TurningDown {
    pub settlement: Settlement,
    /// All of its sends, each with its promise.
    pub sends: Vec<(Send, Hold)>,
    pub payments: Touched,
    pub head: u64,
}

/// Ends a settlement in review as one decision: all of its sends, or none of them.
pub fn turn_down(
    turning: TurningDown,
    fresh: &mut Fresh,
) -> Result<(Settlement, Changes), HoldClosed> {
    let now = fresh.now();
    let TurningDown { mut settlement, sends, mut payments, head } = turning;
    let mut changes = Changes::of(settlement.merchant_id);
    for (send, hold) in sends {
        if send.status != SendStatus::Held {
            return Err(HoldClosed);
        }
        hold.release(&mut changes, fresh)?;
        for part in &send.parts {
            payments.change(part.payment_id, |payment| {
                payment.not_settled(part.amount, SettlementStatus::Pending);
            });
        }
        settlement = settlement.send_ended((&send, &Ending::Canceled), &mut changes, now);
        changes.update(ended(send, &Ending::Canceled, now));
    }
    payments.save(head, &mut changes, now);
    changes.update(settlement.clone());
    Ok((settlement, changes))
}

/// Ends a send that is open. The hold says so if somebody else ended it before.
pub fn close(closing: Closing, ending: &Ending, fresh: &mut Fresh) -> Result<Changes, HoldClosed> {
    let now = fresh.now();
    let Closing { send, hold, settlement, refund, mut payments, head } = closing;
    let mut changes = Changes::of(send.merchant_id);
    if !ending.fits(send.status) {
        return Err(HoldClosed);
    }
    match (hold, ending) {
        (Some(hold), Ending::Confirmed { .. }) => {
            let amount = hold.amount;
            hold.capture(amount, &mut changes, fresh)?;
        }
        (Some(hold), Ending::Failed { .. } | Ending::GivenUp { .. } | Ending::Canceled) => {
            hold.release(&mut changes, fresh)?;
        }
        (None, _) => {}
    }
    post_fee(&send, ending, &mut changes, fresh);
    let goes_on = match ending {
        Ending::Confirmed { .. } => {
            let settlement = settlement.as_ref();
            settlement.is_some_and(|one| one.deliver(&send, &mut changes, fresh))
        }
        Ending::Failed { .. } | Ending::GivenUp { .. } | Ending::Canceled => false,
    };
    for part in &send.parts {
        if goes_on {
            break;
        }
        let to_payor = refund.is_some();
        let is_lost = !matches!(ending, Ending::Confirmed { .. });
        if is_lost && matches!(send.purpose, Purpose::Delivery(_)) {
            // It left its address with the first part of the way: a human has to look for it.
            payments.change(part.payment_id, Payment::lost_on_the_way);
            continue;
        }
        payments.change(part.payment_id, |payment| match (ending, to_payor) {
            (Ending::Confirmed { tx_hash, .. }, false) => payment.settled(tx_hash),
            (Ending::Confirmed { .. }, true) => {}
            (Ending::Failed { .. } | Ending::GivenUp { .. }, false) => {
                payment.not_settled(part.amount, SettlementStatus::Failed);
            }
            (Ending::Canceled, false) => {
                payment.not_settled(part.amount, SettlementStatus::Pending);
            }
            (Ending::Failed { .. } | Ending::GivenUp { .. } | Ending::Canceled, true) => {
                payment.undraw(part.amount);
            }
        });
    }
    match (settlement, goes_on) {
        (Some(mut settlement), true) => {
            // It counts once it has arrived.
            if let Ending::Confirmed { tx_hash, .. } = ending {
                settlement.tx_hashes.push(tx_hash.clone());
            }
            changes.update(Settlement { updated_at: now, ..settlement });
        }
        (Some(settlement), false) => {
            let after = settlement.send_ended((&send, ending), &mut changes, now);
            changes.update(after);
        }
        (None, _) => {}
    }
    if let Some(refund) = refund {
        let invoice = payments.invoice(refund.invoice_id);
        refund.send_ended((&send, ending), (&mut payments, invoice), &mut changes, now);
    }
    payments.save(head, &mut changes, now);
    changes.update(ended(send, ending, now));
    Ok(changes)
}

fn ended(mut send: Send, ending: &Ending, now: Timestamp) -> Send {
    let mark = |send: &mut Send, hash: &str| {
        for attempt in &mut send.attempts {
            let is_it = attempt.tx_hash == hash;
            attempt.state = if is_it { AttemptState::Included } else { AttemptState::Gone };
        }
        send.tx_hash = Some(hash.to_owned());
    };
    match ending {
        Ending::Confirmed { tx_hash, fee } => {
            mark(&mut send, tx_hash);
            (send.status, send.fee_paid, send.complaint) = (SendStatus::Confirmed, *fee, None);
            (send.confirmed_at, send.vanished_at) = (Some(now), None);
        }
        Ending::Failed { tx_hash, fee, why } => {
            if let Some(tx_hash) = tx_hash {
                mark(&mut send, tx_hash);
            }
            send.status = SendStatus::Failed;
            (send.fee_paid, send.complaint) = (*fee, Some(why.clone()));
        }
        Ending::GivenUp { why } => {
            (send.status, send.complaint) = (SendStatus::Failed, Some(why.clone()));
        }
        Ending::Canceled => send.status = SendStatus::Canceled,
    }
    (send.due_at, send.updated_at) = (None, now);
    // Nobody misses gas that was brought, and what the operator sent himself is not known here.
    let is_rechecked = !matches!(send.purpose, Purpose::Gas { .. }) && send.included().is_some();
    if is_rechecked { send.rechecked(now) } else { send }
}

/// What the network took for it, out of coin that is the operator's own.
fn post_fee(send: &Send, ending: &Ending, changes: &mut Changes, fresh: &mut Fresh) {
    let fee = match ending {
        Ending::Confirmed { fee, .. } | Ending::Failed { fee, .. } => *fee,
        Ending::GivenUp { .. } | Ending::Canceled => None,
    };
    post_network_fee(send, fee, FeeSide::Paid, changes, fresh);
}

/// Which way a network's fee goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeeSide {
    Paid,
    /// It was paid in a block that is no more.
    Back,
}

pub(super) fn post_network_fee(
    send: &Send,
    fee: Option<TokenAmount>,
    side: FeeSide,
    changes: &mut Changes,
    fresh: &mut Fresh,
) {
    let coin = Token::find(send.network, send.environment, None);
    let (Some(amount), Some(coin)) = (fee.filter(|fee| *fee > TokenAmount::ZERO), coin) else {
        return;
    };
    let account = |kind| Account {
        merchant_id: send.merchant_id,
        environment: send.environment,
        kind,
        asset: Asset::of_token(coin),
        owner: None,
    };
    let object: RowKey = match send.purpose {
        Purpose::Settlement(_) | Purpose::Delivery(_) | Purpose::Refund(_) => send.key(),
        Purpose::Gas { of } => of.key(),
    };
    let (fees, tank) = (AccountKind::NetworkFees, AccountKind::GasTank);
    let (debit, credit, reason) = match side {
        FeeSide::Paid => (fees, tank, TransferReason::NetworkFee),
        FeeSide::Back => (tank, fees, TransferReason::NetworkFeeReverted),
    };
    let movement =
        Movement { debit: account(debit), credit: account(credit), amount, reason, object };
    changes.transfer(Transfer::posted(movement, fresh));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::ids::{MerchantId, RefundId, SettlementId};
    use crate::money::Usd;
    use crate::network::Network;
    use crate::send::{Attempt, SendAsk, Source};
    use crate::settlement::SettlementState;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn planned(purpose: Purpose, status: SendStatus, fresh: &mut Fresh) -> Send {
        let network = Network::Base;
        let coin = Token::find(network, Environment::Devnet, None).expect("a coin");
        let ask = SendAsk {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            network,
            token_id: coin.id,
            purpose,
            from: Source { index: Some(7), address: "0x1".to_owned() },
            to: "0x2".to_owned(),
            amount: TokenAmount(10),
            value: Usd::from_dollars(1),
            parts: Vec::new(),
            status,
        };
        Send::plan(ask, fresh)
    }

    fn signed(send: Send) -> Send {
        let attempt = Attempt {
            tx_hash: "0x3".to_owned(),
            nonce: Some(0),
            prepared: String::new(),
            state: AttemptState::Signed,
            signed_at: NOW,
        };
        send.signed(attempt, NOW)
    }

    fn closed(send: &Send, ending: &Ending, fresh: &mut Fresh) -> bool {
        let closing = Closing {
            send: send.clone(),
            hold: None,
            settlement: None,
            refund: None,
            payments: Touched::default(),
            head: 0,
        };
        close(closing, ending, fresh).is_ok()
    }

    #[test]
    fn what_is_signed_is_not_taken_back() {
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let purpose = Purpose::Refund(RefundId::fresh(&mut fresh));
        let send = planned(purpose, SendStatus::Planned, &mut fresh);
        let why = String::new;
        let never = Ending::Failed { tx_hash: None, fee: None, why: why() };
        let hash = Some("0x3".to_owned());
        let on_chain = Ending::Failed { tx_hash: hash, fee: None, why: why() };
        let is_confirmed = Ending::Confirmed { tx_hash: "0x3".to_owned(), fee: None };
        for ending in [&Ending::Canceled, &never] {
            assert!(closed(&send, ending, &mut fresh), "{ending:?}");
        }
        let signed = signed(send.clone());
        let broadcast = signed.clone().told(crate::send::Told::Taken, NOW);
        let unknown = signed.clone().told(crate::send::Told::Unclear(why()), NOW);
        for send in [&signed, &broadcast, &unknown, &send.exported(NOW)] {
            for ending in [&Ending::Canceled, &never] {
                assert!(!closed(send, ending, &mut fresh), "{:?} {ending:?}", send.status);
            }
            for ending in [&on_chain, &is_confirmed] {
                assert!(closed(send, ending, &mut fresh), "{:?} {ending:?}", send.status);
            }
        }
    }

    #[test]
    fn a_send_that_stumbles_lets_others_have_their_turn() {
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let purpose = Purpose::Refund(RefundId::fresh(&mut fresh));
        let mut send = signed(planned(purpose, SendStatus::Planned, &mut fresh));
        let mut waits = Vec::new();
        for _ in 0..8 {
            let now = send.due_at.expect("it is looked at");
            send = send.stumbled(now);
            waits.push(now.ms_until(send.due_at.expect("it is looked at")) / 1_000);
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 480, 480]);
        assert_eq!((send.status, send.tries), (SendStatus::Signed, 0));
    }

    #[test]
    fn a_settlement_is_turned_down_whole_or_not_at_all() {
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let id = SettlementId(1);
        let held = planned(Purpose::Settlement(id), SendStatus::Held, &mut fresh);
        let mut settlement = Settlement {
            id,
            merchant_id: held.merchant_id,
            environment: held.environment,
            network: held.network,
            token_id: held.token_id,
            destination: held.to.clone(),
            delivery: None,
            amount: TokenAmount(20),
            value: Usd::from_dollars(2),
            state: SettlementState::InReview,
            review: None,
            approved_by: None,
            payments: 2,
            sends: 2,
            sends_confirmed: 0,
            sends_failed: 0,
            amount_settled: TokenAmount::ZERO,
            counted: Vec::new(),
            tx_hashes: Vec::new(),
            created_at: NOW,
            updated_at: NOW,
            settled_at: None,
            version: 1,
        };
        let mut with_hold = |send: &Send| {
            let account = |kind| Account {
                merchant_id: send.merchant_id,
                environment: send.environment,
                kind,
                asset: Asset::Token { network: send.network, token_id: send.token_id },
                owner: None,
            };
            let movement = Movement {
                debit: account(AccountKind::Merchant),
                credit: account(AccountKind::Clearing),
                amount: send.amount,
                reason: TransferReason::Settlement,
                object: send.parent(),
            };
            let ask = crate::ledger::HoldAsk { movement, expires_at: None };
            let mut changes = Changes::of(send.merchant_id);
            (send.clone(), Hold::place(ask, &mut changes, &mut fresh))
        };
        let held = with_hold(&held);
        let released = (held.0.clone().released(NOW), held.1.clone());
        let mut fresh = Fresh::new(NOW, [2; 16]);
        let turning = |settlement: &Settlement, sends| TurningDown {
            settlement: settlement.clone(),
            sends,
            payments: Touched::default(),
            head: 0,
        };
        let approved = turn_down(turning(&settlement, vec![held.clone(), released]), &mut fresh);
        assert!(approved.is_err(), "one of them goes already");
        settlement.sends = 1;
        let (after, changes) =
            turn_down(turning(&settlement, vec![held]), &mut fresh).expect("it was held");
        assert_eq!(after.state, SettlementState::Canceled);
        // The send, its hold and the settlement at the version that was read.
        assert_eq!((changes.updates.len(), changes.transfers.len()), (3, 1));
    }
}
