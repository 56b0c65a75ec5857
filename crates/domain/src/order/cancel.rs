//! Giving an order up, and the money that goes back for it.
//!
//! Before anything was paid an order just ends. While a payment is on its way, or a retailer may
//! have the order, the wish is noted and carried out as soon as it is known what became of that.
//! What was paid is owed back from the commit that cancels; the refund itself is made once, in the
//! commit that writes its id here.

use super::{
    Cancellation, Order, OrderRefundStatus, OrderStatus, Placement, Reason, RefundDestination,
    Substatus,
};
use crate::audit::Actor;
use crate::changes::Changes;
use crate::ids::RefundId;
use crate::invoice::{Invoice, InvoiceStatus};
use crate::money::Usd;
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, Timestamp};

/// How often a refund is tried while the merchant's addresses do not hold enough.
const REFUND_ATTEMPTS_MAX: u32 = 12;

/// What cancelling an order does to its invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceThen {
    /// Nobody has paid on it: it ends with the order.
    Canceled,
    Kept,
}

/// Who gives an order up, and where the money goes.
#[derive(Clone, Debug)]
pub struct CancelAsk {
    pub by: Actor,
    pub destination: Option<RefundDestination>,
}

impl Order {
    /// Shopper or merchant give it up, its invoice being what it is; or they say where the money
    /// of one goes that was given up before.
    pub fn cancel(
        mut self,
        ask: CancelAsk,
        invoice: &Invoice,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<(Order, InvoiceThen), Refusal> {
        if let (Some(destination), true) = (&ask.destination, self.waits_for_destination()) {
            let order = self.refund_to(destination.clone(), ask.by, now)?;
            return Ok((order, InvoiceThen::Kept));
        }
        if let (Some(_), Cancellation::Requested) = (&ask.destination, self.cancellation)
            && self.status.is_cancelable()
        {
            self.refund.destination = ask.destination;
            self.refund.asked_by = Some(ask.by);
            return Ok((self.noted("Refund destination named", now), InvoiceThen::Kept));
        }
        if !self.actions().can_cancel {
            return Err(Refusal::OrderNotCancelable { from: self.status.as_str() });
        }
        if ask.destination.is_some() {
            self.refund.destination = ask.destination;
        }
        self.refund.asked_by = Some(ask.by);
        match self.status {
            OrderStatus::PendingPayment if invoice.status == InvoiceStatus::Unpaid => {
                if invoice.payments_seen > 0 {
                    return Ok((self.asked_to_cancel(now), InvoiceThen::Kept));
                }
                Ok((self.given_up(Reason::Requested, changes, now), InvoiceThen::Canceled))
            }
            // Part of the money is there, or all of it may be on its way.
            OrderStatus::PendingPayment => Ok((self.asked_to_cancel(now), InvoiceThen::Kept)),
            OrderStatus::Processing
            | OrderStatus::Placed
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => Ok((self.cancel_paid(changes, now), InvoiceThen::Kept)),
        }
    }

    /// Gives up what was paid: at once, or once the retailer has let go of it.
    fn cancel_paid(mut self, changes: &mut Changes, now: Timestamp) -> Order {
        match self.placement.clone() {
            Placement::Own | Placement::Waiting | Placement::Ended => {
                self.given_up(Reason::Requested, changes, now)
            }
            Placement::Submitted { .. } => {
                self.placement = Placement::Canceling { retailer_order_id: None, attempts: 0 };
                self.due_at = Some(now);
                self.asked_to_cancel(now)
            }
            Placement::Placed { retailer_order_id, .. } => {
                let retailer_order_id = Some(retailer_order_id);
                self.placement = Placement::Canceling { retailer_order_id, attempts: 0 };
                self.due_at = Some(now);
                self.asked_to_cancel(now)
            }
            Placement::Canceling { .. } => self,
        }
    }

    fn asked_to_cancel(mut self, now: Timestamp) -> Order {
        self.cancellation = Cancellation::Requested;
        self.substatus = Some(Substatus::CancellationRequested);
        self.noted("Cancellation requested", now)
    }

    /// Cancelled for good.
    pub fn given_up(self, reason: Reason, changes: &mut Changes, now: Timestamp) -> Order {
        let message = reason.as_str();
        let mut order = self.released(changes, now).moved(OrderStatus::Cancelled, message, now);
        order.cancellation = match reason {
            Reason::Requested => Cancellation::Accepted,
            Reason::InvoiceExpired | Reason::InvoiceCanceled | Reason::ByRetailer => {
                order.cancellation
            }
        };
        order.ended_owing(now)
    }

    /// The simulator's cancel, which stands for the retailer's own.
    pub fn cancelled_by_simulator(
        mut self,
        by: Actor,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Placed {
            return Err(self.not_from_here("cancelled"));
        }
        self.refund.asked_by = Some(by);
        Ok(self.given_up(Reason::Requested, changes, now))
    }

    /// The merchant says that he has not got it; of what a retailer has, or may have, only the
    /// retailer can say so.
    pub fn failed_by_merchant(
        self,
        message: &str,
        by: Actor,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        match self.placement {
            Placement::Own | Placement::Waiting => self.failed(message, Some(by), changes, now),
            Placement::Submitted { .. }
            | Placement::Placed { .. }
            | Placement::Canceling { .. }
            | Placement::Ended => Err(self.not_from_here("failed")),
        }
    }

    /// Nobody can send it: the pieces go back, and so does the money.
    pub(super) fn failed(
        mut self,
        message: &str,
        by: Option<Actor>,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Processing {
            return Err(self.not_from_here("failed"));
        }
        self.refund.asked_by = by;
        let failed = self.released(changes, now).moved(OrderStatus::Failed, message, now);
        Ok(failed.ended_owing(now))
    }

    /// What was paid is to go back: at once if it is known where to, else once somebody says so.
    fn ended_owing(mut self, now: Timestamp) -> Order {
        self.substatus = None;
        self.due_at = None;
        self.placement = self.placement.ended();
        if self.payment.paid_at.is_none() {
            return self;
        }
        self.refund.amount = self.refund.owed;
        self.refund.fee = Usd::ZERO;
        self.refund.status = OrderRefundStatus::Quoted;
        if self.refund.destination.is_some() { self.owed_at_once(now) } else { self }
    }

    pub(super) fn owed_at_once(mut self, now: Timestamp) -> Order {
        self.refund.status = OrderRefundStatus::Pending;
        self.refund.attempts = 0;
        self.substatus = Some(Substatus::RefundPending);
        self.due_at = Some(now);
        self
    }

    /// Whether only the place is missing, or another one is needed, for its money to go back.
    pub fn waits_for_destination(&self) -> bool {
        match self.refund.status {
            OrderRefundStatus::Quoted | OrderRefundStatus::Failed => true,
            // It waits for the merchant too, who may still take it for a late payment.
            OrderRefundStatus::Pending => self.is_acceptable() && self.refund.refund_id.is_none(),
            OrderRefundStatus::None | OrderRefundStatus::Sent => false,
        }
    }

    /// Where the money goes was missing, or did not do, and is known now.
    pub fn refund_to(
        mut self,
        destination: RefundDestination,
        by: Actor,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if !self.waits_for_destination() {
            return Err(self.not_from_here("refunded"));
        }
        self.refund.destination = Some(destination);
        self.refund.asked_by = Some(by);
        self.refund.refund_id = None;
        if self.is_acceptable() {
            // Somebody wants the money and not the goods.
            self.cancellation = Cancellation::Accepted;
        }
        Ok(self.owed_at_once(now).noted("Refund requested", now))
    }

    /// Whether a worker has to make its refund.
    pub fn owes_a_refund(&self) -> bool {
        self.refund.status == OrderRefundStatus::Pending && self.refund.refund_id.is_none()
    }

    /// A refund of its invoice was made for it, and a worker looks at it no more.
    pub fn refund_made(mut self, refund: RefundId, value: Usd, now: Timestamp) -> Order {
        self.refund.refund_id = Some(refund);
        self.refund.amount = value.to_cents();
        self.due_at = None;
        self.updated_at = now;
        self
    }

    /// There is not enough to pay it with now: it is tried again, for some hours.
    pub fn refund_delayed(mut self, why: &str, now: Timestamp) -> Order {
        self.refund.attempts += 1;
        if self.refund.attempts >= REFUND_ATTEMPTS_MAX {
            self.refund.status = OrderRefundStatus::Failed;
            self.substatus = None;
            self.due_at = None;
            return self.noted(format!("Refund failed: {why}"), now);
        }
        let pause_ms = MINUTE_MS << self.refund.attempts.min(7);
        self.due_at = Some(now.plus_ms(pause_ms));
        if self.refund.attempts == 1 {
            return self.noted(format!("Refund waits: {why}"), now);
        }
        self
    }

    /// It cannot go where it was to go: it waits for another destination.
    pub fn refund_not_possible(mut self, why: &str, now: Timestamp) -> Order {
        self.refund.status = OrderRefundStatus::Quoted;
        self.substatus = None;
        self.due_at = None;
        self.noted(format!("Refund not possible: {why}"), now)
    }

    pub fn refund_sent(
        mut self,
        tx_hash: Option<String>,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.refund.status != OrderRefundStatus::Pending {
            return Err(self.not_from_here("refunded"));
        }
        self.refund.status = OrderRefundStatus::Sent;
        self.refund.tx_hash = tx_hash;
        self.substatus = Some(Substatus::Refunded);
        self.due_at = None;
        Ok(self.noted("Refund sent", now))
    }

    pub fn refund_failed(mut self, now: Timestamp) -> Result<Order, Refusal> {
        if self.refund.status != OrderRefundStatus::Pending {
            return Err(self.not_from_here("refunded"));
        }
        self.refund.status = OrderRefundStatus::Failed;
        self.substatus = None;
        self.due_at = None;
        Ok(self.noted("Refund failed", now))
    }
}
