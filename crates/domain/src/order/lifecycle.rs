//! How an order moves forward: one function per step, each from the states it may come from.
//!
//! Payments, merchants, retailers and the simulator all end here. A step that was taken before, or
//! that its state does not allow, is refused and changes nothing.

use super::{
    Cancellation, Delivery, MOMENTS_MAX, Moment, Order, OrderPayment, OrderRefund, OrderStatus,
    Placement, Shipment, Stock, Substatus, Tracking,
};
use crate::changes::Changes;
use crate::estimate::Chosen;
use crate::ids::{Fresh, ShipmentId};
use crate::network::Network;
use crate::product::Product;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Why an order was cancelled; the timeline shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    InvoiceExpired,
    InvoiceCanceled,
    Requested,
    ByRetailer,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InvoiceExpired => "invoice_expired",
            Reason::InvoiceCanceled => "invoice_canceled",
            Reason::Requested => "requested",
            Reason::ByRetailer => "cancelled_by_retailer",
        }
    }
}

impl Order {
    /// The step is refused, and this is why.
    pub(super) fn not_from_here(&self, step: &'static str) -> Refusal {
        Refusal::OrderStep { from: self.status.as_str(), step }
    }

    pub(super) fn moved(
        mut self,
        status: OrderStatus,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Order {
        self.status = status;
        self.noted(message, now)
    }

    /// Something happened that leaves its status as it is.
    pub(super) fn noted(mut self, message: impl Into<String>, now: Timestamp) -> Order {
        if self.timeline.len() >= MOMENTS_MAX {
            // How it began stays, and what happened last.
            self.timeline.remove(1);
        }
        self.timeline.push(Moment { status: self.status, at: now, message: message.into() });
        self.updated_at = now;
        self
    }

    pub fn paid(mut self, payment: OrderPayment, now: Timestamp) -> Result<Order, Refusal> {
        if self.status != OrderStatus::PendingPayment {
            return Err(self.not_from_here("payment_confirmed"));
        }
        self.payment = payment;
        self.substatus = Some(Substatus::AwaitingSettlement);
        Ok(self.moved(OrderStatus::Processing, "Payment received, processing order", now))
    }

    /// The money is the merchant's: the order may be placed.
    pub fn settled(
        mut self,
        network: Option<Network>,
        tx_hash: Option<String>,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Processing || self.payment.settled_at.is_some() {
            return Err(self.not_from_here("payment_settled"));
        }
        self.payment.settled_at = Some(now);
        self.payment.settlement_network = network;
        self.payment.settlement_tx_hash = tx_hash;
        self.substatus = Some(Substatus::ProviderPlacementSubmitted);
        if self.placement == Placement::Waiting && self.environment.is_live() {
            // On devnet nobody outside is ever asked: the simulator or the merchant goes on.
            self.due_at = Some(now);
        }
        Ok(self.moved(OrderStatus::Processing, "Payment settled, placing order", now))
    }

    /// Refused while the network has taken the payment back: nobody goes on for nothing.
    pub fn check_paid(&self, step: &'static str) -> Result<(), Refusal> {
        match self.payment.taken_back_at {
            Some(_) => Err(self.not_from_here(step)),
            None => Ok(()),
        }
    }

    pub fn placed(mut self, now: Timestamp) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Processing || self.payment.settled_at.is_none() {
            return Err(self.not_from_here("placed"));
        }
        self.substatus = Some(Substatus::AwaitingTracking);
        Ok(self.moved(OrderStatus::Placed, "Order placed with retailer", now))
    }

    pub fn shipped(
        mut self,
        tracking: Option<Tracking>,
        fresh: &mut Fresh,
    ) -> Result<Order, Refusal> {
        let now = fresh.now();
        if self.status != OrderStatus::Placed {
            return Err(self.not_from_here("shipped"));
        }
        self.shipments.push(Shipment::new(tracking.unwrap_or_default(), fresh));
        self.substatus = Some(Substatus::InTransit);
        if self.cancellation == Cancellation::Requested {
            self.cancellation = Cancellation::Rejected;
        }
        Ok(self.moved(OrderStatus::Shipped, "Order shipped", now))
    }

    /// The merchant sends it himself, from whatever state it may be sent in: each step of it.
    pub fn fulfilled(
        self,
        tracking: Option<Tracking>,
        fresh: &mut Fresh,
    ) -> Result<Vec<Order>, Refusal> {
        let now = fresh.now();
        // What a retailer has, or may have, is his to send.
        let is_his = matches!(self.placement, Placement::Own | Placement::Waiting);
        if !is_his {
            return Err(self.not_from_here("fulfill"));
        }
        self.check_paid("fulfill")?;
        match self.status {
            OrderStatus::Processing => {
                let mut order =
                    self.moved(OrderStatus::Placed, "Order accepted by the merchant", now);
                order.placement = order.placement.ended();
                order.due_at = None;
                let sent = order.clone().shipped(tracking, fresh)?;
                Ok(vec![order, sent])
            }
            OrderStatus::PendingPayment
            | OrderStatus::Placed
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => Ok(vec![self.shipped(tracking, fresh)?]),
        }
    }

    pub fn delivered(
        mut self,
        tracking: Option<Tracking>,
        fresh: &mut Fresh,
    ) -> Result<Order, Refusal> {
        let now = fresh.now();
        if self.status != OrderStatus::Shipped {
            return Err(self.not_from_here("delivery_confirmed"));
        }
        if let (Some(tracking), Some(shipment)) = (tracking, self.shipments.last_mut()) {
            shipment.learn(tracking);
        }
        for shipment in &mut self.shipments {
            shipment.delivery = Delivery::Delivered;
        }
        self.substatus = None;
        self.due_at = None;
        self.placement = self.placement.ended();
        Ok(self.moved(OrderStatus::Delivered, "Order delivered", now))
    }

    /// Its invoice will not be paid any more.
    pub fn unpaid(
        self,
        reason: Reason,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status != OrderStatus::PendingPayment {
            return Err(self.not_from_here("cancelled"));
        }
        let mut order =
            self.released(changes, now).moved(OrderStatus::Cancelled, reason.as_str(), now);
        if order.cancellation == Cancellation::Requested {
            order.cancellation = Cancellation::Accepted;
        }
        order.substatus = None;
        order.placement = order.placement.ended();
        Ok(order)
    }

    /// The merchant takes what arrived for the full payment: the pieces that had gone back are
    /// reserved anew.
    pub fn accepted(
        mut self,
        payment: OrderPayment,
        own: &[Product],
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status == OrderStatus::PendingPayment {
            // Whoever gave it up meanwhile is heard by whoever follows the invoice.
            return self.paid(payment, now);
        }
        let ended_unpaid = self.status == OrderStatus::Cancelled && self.is_acceptable();
        if !ended_unpaid || self.holds_stock || self.has_promised_a_refund() {
            return Err(self.not_from_here("payment_confirmed"));
        }
        self.recount(own, changes);
        self.move_stock(Stock::Take, changes, now);
        self.holds_stock = true;
        self.payment = payment;
        // What is taken for the payment does not go back.
        let OrderRefund { destination, owed, .. } = self.refund;
        self.refund = OrderRefund { destination, owed, ..OrderRefund::default() };
        self.due_at = None;
        self.placement = Placement::of(&self.lines);
        self.substatus = Some(Substatus::AwaitingSettlement);
        Ok(self.moved(OrderStatus::Processing, "Late payment accepted, processing order", now))
    }

    pub(super) fn released(mut self, changes: &mut Changes, now: Timestamp) -> Order {
        if self.holds_stock {
            self.move_stock(Stock::GiveBack, changes, now);
            self.holds_stock = false;
        }
        self
    }
}

impl Placement {
    /// Of an order nobody has begun to place.
    pub(super) fn of(lines: &[crate::estimate::EstimateLine]) -> Placement {
        let is_outside = lines.iter().any(|line| matches!(line.offer, Chosen::Outside { .. }));
        if is_outside { Placement::Waiting } else { Placement::Own }
    }

    pub(super) fn ended(self) -> Placement {
        match self {
            Placement::Own => Placement::Own,
            Placement::Waiting
            | Placement::Submitted { .. }
            | Placement::Placed { .. }
            | Placement::Canceling { .. }
            | Placement::Ended => Placement::Ended,
        }
    }
}

impl Shipment {
    fn new(tracking: Tracking, fresh: &mut Fresh) -> Shipment {
        Shipment {
            id: ShipmentId::fresh(fresh),
            carrier: tracking.carrier,
            tracking_number: tracking.tracking_number,
            tracking_url: tracking.tracking_url,
            delivery: Delivery::InTransit,
            obtained_at: fresh.now(),
        }
    }

    /// What was not known of it before.
    fn learn(&mut self, tracking: Tracking) {
        let Tracking { carrier, tracking_number, tracking_url } = tracking;
        self.carrier = carrier.or(self.carrier.take());
        self.tracking_number = tracking_number.or(self.tracking_number.take());
        self.tracking_url = tracking_url.or(self.tracking_url.take());
    }
}
