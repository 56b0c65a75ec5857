//! What goes back of the money on an order's invoice, once the order has ended.
//!
//! That is everything in the token the order was paid in, however much it turned out to be. What
//! strangers sent in another token keeps nobody's refund back: the merchant resolves it himself.
//! An order that ended unpaid owes what arrived all the same, early, short or late.
//!
//! Invariant: while the merchant may still accept a late payment nothing of it is promised, and
//! what is promised cannot be accepted; both write the order, so only one of the two happens.

use super::follow::Seen;
use super::{Cancellation, Order, OrderRefund, OrderRefundStatus, OrderStatus};
use crate::changes::Changes;
use crate::invoice::Invoice;
use crate::money::Usd;
use crate::network::Network;
use crate::payment::Payment;
use crate::time::{DAY_MS, Timestamp};
use crate::token::TokenId;

/// How long the merchant may still accept what reached an order that nobody gave up.
const ACCEPTABLE_MS: i64 = DAY_MS;

/// What may go back, and where: only on the network it came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub network: Network,
    pub token_id: TokenId,
    /// What it was worth when it came; zero while the network has taken it back.
    pub value: Usd,
}

impl Owed {
    /// Of an invoice: all that is left in the token it is locked to, else in the one that paid
    /// most of it.
    pub fn of(invoice: &Invoice, payments: &[Payment]) -> Option<Owed> {
        let asset = |one: &Payment| one.token_id.map(|token_id| (one.network, token_id));
        let locked = invoice.lock.as_ref().map(|lock| (lock.network, lock.token_id));
        let counts = payments.iter().any(|one| one.is_counted);
        let fits = |one: &&Payment| one.is_counted || !counts;
        let brought = |wanted: (Network, TokenId)| {
            let all = payments.iter().filter(fits).filter(|one| asset(one) == Some(wanted));
            all.fold(Usd::ZERO, |sum, one| sum.plus(one.value))
        };
        let known = payments.iter().filter(fits).filter_map(asset);
        let most = known.max_by_key(|&(network, id)| (brought((network, id)), network.code(), id));
        let (network, token_id) = locked.or(most)?;
        let its = payments.iter().filter(|one| asset(one) == Some((network, token_id)));
        let value = its.fold(Usd::ZERO, |sum, one| sum.plus(one.worth(one.refundable())));
        Some(Owed { network, token_id, value })
    }
}

impl Seen<'_> {
    pub fn owed(&self) -> Option<Owed> {
        Owed::of(self.invoice, self.payments)
    }
}

impl Order {
    /// Whether what was promised to the shopper cannot be taken for a payment any more.
    pub(super) fn has_promised_a_refund(&self) -> bool {
        match self.refund.status {
            OrderRefundStatus::Sent => true,
            OrderRefundStatus::Pending => self.refund.refund_id.is_some(),
            OrderRefundStatus::None | OrderRefundStatus::Quoted | OrderRefundStatus::Failed => {
                false
            }
        }
    }

    /// Whether it ended unpaid and nobody had asked for that, so that the merchant may still take
    /// what came too late.
    pub(super) fn is_acceptable(&self) -> bool {
        self.payment.paid_at.is_none() && self.cancellation == Cancellation::None
    }

    /// Keeps what is owed true while nothing of it is promised.
    pub(super) fn follow_owed(&self, seen: Seen<'_>, _: &mut Changes, now: Timestamp) -> Order {
        let owed = seen.owed();
        let value = owed.map_or(Usd::ZERO, |owed| owed.value).to_cents();
        let (mut order, known) = (self.clone(), self.refund.owed);
        order.refund.owed = value;
        match order.status {
            OrderStatus::Cancelled | OrderStatus::Failed if !order.has_promised_a_refund() => {}
            OrderStatus::PendingPayment
            | OrderStatus::Processing
            | OrderStatus::Placed
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => return order,
        }
        let has_come = known == Usd::ZERO && value > Usd::ZERO;
        let was_paid = order.payment.paid_at.is_some();
        let destination = order.refund.destination.as_ref();
        let is_known = owed.is_some_and(|owed| {
            destination.is_some_and(|destination| destination.network == owed.network)
        });
        match order.refund.status {
            OrderRefundStatus::None if value > Usd::ZERO => {
                order.refund.amount = value;
                order.refund.fee = Usd::ZERO;
                order.refund.status = OrderRefundStatus::Quoted;
                let order = order.noted("What was paid is to go back", now);
                if is_known { order.owed_soon(now) } else { order }
            }
            OrderRefundStatus::None => order,
            OrderRefundStatus::Quoted | OrderRefundStatus::Pending
                if value == Usd::ZERO && !was_paid =>
            {
                // It went back by somebody else's hand, or never was: nothing is owed.
                let OrderRefund { destination, asked_by, .. } = order.refund;
                order.refund = OrderRefund { destination, asked_by, ..OrderRefund::default() };
                (order.substatus, order.due_at) = (None, None);
                order.noted("Nothing is left to go back", now)
            }
            OrderRefundStatus::Quoted if has_come && is_known => {
                order.refund.amount = value;
                order.owed_soon(now).noted("What was paid is to go back", now)
            }
            OrderRefundStatus::Quoted | OrderRefundStatus::Pending | OrderRefundStatus::Failed => {
                if order.refund.amount != value {
                    order.refund.amount = value;
                    order.updated_at = now;
                }
                order
            }
            OrderRefundStatus::Sent => order,
        }
    }

    /// At once, or when the merchant has had his time to accept it.
    fn owed_soon(self, now: Timestamp) -> Order {
        let is_acceptable = self.is_acceptable();
        let mut order = self.owed_at_once(now);
        if is_acceptable {
            order.due_at = Some(now.plus_ms(ACCEPTABLE_MS));
        }
        order
    }
}
