//! An order after its invoice: what became of the invoice, its payments and a refund makes of the
//! order what it has to be.
//!
//! It looks at how things stand and not at what happened, so that an entry of the log that is read
//! twice, late or together with others changes nothing more. Each step has its own event.

use super::{Cancellation, Order, OrderPayment, OrderRefundStatus, OrderStatus, Placement, Reason};
use crate::changes::Changes;
use crate::event::Origin;
use crate::invoice::{Invoice, InvoiceStatus};
use crate::money::Usd;
use crate::payment::{Payment, PaymentStatus, SettlementStatus};
use crate::refund::{Refund, RefundStatus};
use crate::time::Timestamp;

/// What an order follows.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub invoice: &'a Invoice,
    pub payments: &'a [Payment],
    /// The refund that was made for it.
    pub refund: Option<&'a Refund>,
}

impl Seen<'_> {
    /// Counted and confirmed: what the order is paid with.
    fn counted(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().filter(|one| one.is_counted && one.status.is_confirmed())
    }

    fn is_settled(one: &Payment) -> bool {
        one.settlement_status == SettlementStatus::Settled
    }

    /// Whether what reached the merchant covers the bill, or is all there is of it.
    fn has_settled(&self) -> bool {
        let settled = self.counted().filter(|one| Self::is_settled(one));
        let value = settled.fold(Usd::ZERO, |sum, one| sum.plus(one.value));
        let is_all = self.counted().all(Self::is_settled);
        value > Usd::ZERO && (is_all || self.invoice.is_covered_by(value))
    }

    /// Whether the network took back what it had been paid with.
    fn is_taken_back(&self) -> bool {
        let is_reverted = |one: &Payment| one.is_counted && one.status == PaymentStatus::Reverted;
        !self.invoice.is_covered_by(self.invoice.amount_paid)
            && self.payments.iter().any(is_reverted)
    }
}

impl OrderPayment {
    /// What an invoice was paid with: the payment that came last of those that count.
    pub fn of(payments: &[Payment], paid_at: Timestamp) -> OrderPayment {
        let known =
            payments.iter().filter(|one| one.status.is_confirmed() && one.token().is_some());
        let last = known.max_by_key(|one| (one.is_counted, one.confirmed_at, one.id));
        let Some(last) = last else {
            return OrderPayment { paid_at: Some(paid_at), ..OrderPayment::default() };
        };
        let token = last.token();
        OrderPayment {
            paid_at: Some(paid_at),
            network: Some(last.network),
            token_symbol: token.map(|token| token.symbol.to_owned()),
            token_amount: token.map(|token| last.amount.decimal(token.decimals)),
            tx_hash: Some(last.tx_hash.clone()),
            from_address: last.from_address.clone(),
            ..OrderPayment::default()
        }
    }
}

impl Order {
    /// What it is by now; the steps it took are told into `changes`, and so is the stock that came
    /// back. The caller writes the row.
    pub fn followed(&self, seen: Seen<'_>, changes: &mut Changes, now: Timestamp) -> Order {
        let steps = [
            Order::follow_invoice,
            Order::follow_wish,
            Order::follow_chain,
            Order::follow_settlement,
            Order::follow_owed,
        ];
        let mut order = self.clone();
        if order.refund.status == OrderRefundStatus::None {
            // Whatever ends it below owes what is there now.
            order.refund.owed = seen.owed().map_or(Usd::ZERO, |owed| owed.value).to_cents();
        }
        for step in steps {
            let next = step(&order, seen, changes, now);
            next.tell_since(&order, changes, Origin::default());
            order = next;
        }
        let next = order.follow_refund(seen.refund, now);
        next.tell_since(&order, changes, Origin::default());
        next
    }

    fn follow_invoice(&self, seen: Seen<'_>, changes: &mut Changes, now: Timestamp) -> Order {
        if self.status != OrderStatus::PendingPayment {
            return self.clone();
        }
        let order = self.clone();
        let done = match seen.invoice.status {
            InvoiceStatus::Unpaid | InvoiceStatus::Underpaid => return order,
            InvoiceStatus::Paid => {
                let paid_at = seen.invoice.paid_at.unwrap_or(now);
                let payment = OrderPayment::of(seen.payments, paid_at);
                order.paid(payment, now)
            }
            InvoiceStatus::Expired => order.unpaid(Reason::InvoiceExpired, changes, now),
            InvoiceStatus::Canceled => order.unpaid(Reason::InvoiceCanceled, changes, now),
        };
        done.unwrap_or_else(|_| self.clone())
    }

    /// It was to be given up as soon as it is paid.
    fn follow_wish(&self, _: Seen<'_>, changes: &mut Changes, now: Timestamp) -> Order {
        let is_wished =
            self.status == OrderStatus::Processing && self.cancellation == Cancellation::Requested;
        match self.placement {
            Placement::Own | Placement::Waiting if is_wished => {
                self.clone().given_up(Reason::Requested, changes, now)
            }
            Placement::Own
            | Placement::Waiting
            | Placement::Submitted { .. }
            | Placement::Placed { .. }
            | Placement::Canceling { .. }
            | Placement::Ended => self.clone(),
        }
    }

    /// A payment that was taken for final and is gone holds the order up until it is back.
    fn follow_chain(&self, seen: Seen<'_>, _: &mut Changes, now: Timestamp) -> Order {
        let mut order = self.clone();
        if order.payment.paid_at.is_none() || seen.invoice.status != InvoiceStatus::Paid {
            return order;
        }
        match (order.payment.taken_back_at, seen.is_taken_back()) {
            (None, true) => {
                order.payment.taken_back_at = Some(now);
                order.noted("Payment taken back by the network", now)
            }
            (Some(_), false) => {
                order.payment.taken_back_at = None;
                order.due_at = order.due_again(now);
                order.noted("Payment confirmed again", now)
            }
            (None, false) | (Some(_), true) => order,
        }
    }

    fn follow_settlement(&self, seen: Seen<'_>, _: &mut Changes, now: Timestamp) -> Order {
        let mut order = self.clone();
        let is_waiting = order.payment.paid_at.is_some()
            && order.payment.settled_at.is_none()
            && order.payment.taken_back_at.is_none();
        if !is_waiting || !seen.has_settled() {
            return order;
        }
        let settled = seen.counted().filter(|one| Seen::is_settled(one));
        let last = settled.max_by_key(|one| (one.confirmed_at, one.id));
        let outflow = last.map(|one| one.outflow.clone()).unwrap_or_default();
        let (network, tx_hash) = (outflow.settlement_network, outflow.settlement_tx_hash);
        match order.status {
            OrderStatus::Processing => {
                order.settled(network, tx_hash, now).unwrap_or_else(|_| self.clone())
            }
            // The merchant did not wait for it.
            OrderStatus::Placed | OrderStatus::Shipped | OrderStatus::Delivered => {
                order.payment.settled_at = Some(now);
                order.payment.settlement_network = network;
                order.payment.settlement_tx_hash = tx_hash;
                order.updated_at = now;
                order
            }
            OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Failed => order,
        }
    }

    fn follow_refund(&self, refund: Option<&Refund>, now: Timestamp) -> Order {
        let order = self.clone();
        let is_its = |refund: &&Refund| Some(refund.id) == order.refund.refund_id;
        let Some(refund) = refund.filter(is_its) else { return order };
        if order.refund.status != OrderRefundStatus::Pending {
            return order;
        }
        let done = match refund.status {
            RefundStatus::InReview | RefundStatus::Created | RefundStatus::Submitted => {
                return order;
            }
            RefundStatus::Sent => order.refund_sent(refund.tx_hashes.last().cloned(), now),
            RefundStatus::Failed | RefundStatus::Canceled => order.refund_failed(now),
        };
        done.unwrap_or_else(|_| self.clone())
    }
}
