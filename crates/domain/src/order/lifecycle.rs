//! How an order moves: one function per step, each from the states it may come from.
//!
//! Payments, merchants, retailers and the simulator all end here. A step that was taken before, or
//! that its state does not allow, is refused and changes nothing.

use super::{
    Cancellation, Delivery, Moment, Order, OrderPayment, OrderRefundStatus, OrderStatus, Placement,
    RefundDestination, Shipment, Stock, Substatus,
};
use crate::changes::Changes;
use crate::event::Origin;
use crate::ids::{Fresh, RefundId, ShipmentId};
use crate::money::Usd;
use crate::network::Network;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Why an order was cancelled; the timeline shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    InvoiceExpired,
    InvoiceCanceled,
    Requested,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InvoiceExpired => "invoice_expired",
            Reason::InvoiceCanceled => "invoice_canceled",
            Reason::Requested => "requested",
        }
    }
}

/// What a carrier says of a parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
}

impl Order {
    /// The step is refused, and this is why.
    fn not_from_here(&self, step: &'static str) -> Refusal {
        Refusal::OrderStep { from: self.status.as_str(), step }
    }

    fn moved(mut self, status: OrderStatus, message: impl Into<String>, now: Timestamp) -> Order {
        self.status = status;
        self.timeline.push(Moment { status, at: now, message: message.into() });
        self.updated_at = now;
        self
    }

    pub fn paid(mut self, payment: OrderPayment, now: Timestamp) -> Result<Order, Refusal> {
        match self.status {
            OrderStatus::PendingPayment => {
                self.payment = payment;
                self.substatus = Some(Substatus::AwaitingSettlement);
                let message = "Payment received, processing order";
                Ok(self.moved(OrderStatus::Processing, message, now))
            }
            OrderStatus::Processing
            | OrderStatus::Placed
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => Err(self.not_from_here("payment_confirmed")),
        }
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
        if self.placement == Placement::Waiting {
            self.placement = Placement::Submitted { attempts: 0 };
            self.due_at = Some(now);
        }
        let message = "Payment settled, placing order";
        Ok(self.moved(OrderStatus::Processing, message, now))
    }

    pub fn placed(mut self, now: Timestamp) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Processing || self.payment.settled_at.is_none() {
            return Err(self.not_from_here("placed"));
        }
        self.substatus = Some(Substatus::AwaitingTracking);
        Ok(self.moved(OrderStatus::Placed, "Order placed with retailer", now))
    }

    pub fn shipped(mut self, tracking: Tracking, fresh: &mut Fresh) -> Result<Order, Refusal> {
        let now = fresh.now();
        if self.status != OrderStatus::Placed {
            return Err(self.not_from_here("shipped"));
        }
        self.shipments.push(Shipment::new(tracking, fresh));
        self.substatus = Some(Substatus::InTransit);
        Ok(self.moved(OrderStatus::Shipped, "Order shipped", now))
    }

    /// The merchant sends it himself, from whatever state it may be sent in.
    pub fn fulfilled(self, tracking: Tracking, fresh: &mut Fresh) -> Result<Order, Refusal> {
        let now = fresh.now();
        match (self.status, &self.placement) {
            (OrderStatus::Processing, Placement::Own) => {
                let message = "Order accepted by the merchant";
                self.moved(OrderStatus::Placed, message, now).shipped(tracking, fresh)
            }
            (
                OrderStatus::PendingPayment
                | OrderStatus::Processing
                | OrderStatus::Placed
                | OrderStatus::Shipped
                | OrderStatus::Delivered
                | OrderStatus::Cancelled
                | OrderStatus::Failed,
                _,
            ) => self.shipped(tracking, fresh),
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
        if let Some(tracking) = tracking
            && self.shipments.is_empty()
        {
            self.shipments.push(Shipment::new(tracking, fresh));
        }
        for shipment in &mut self.shipments {
            shipment.delivery = Delivery::Delivered;
        }
        self.substatus = None;
        self.placement = self.placement.ended();
        Ok(self.moved(OrderStatus::Delivered, "Order delivered", now))
    }

    /// Nobody can send it: the pieces go back, and so does the money.
    pub fn failed(
        self,
        message: &str,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if self.status != OrderStatus::Processing {
            return Err(self.not_from_here("failed"));
        }
        let mut failed = self.released(changes).moved(OrderStatus::Failed, message, now);
        failed.substatus = None;
        failed.placement = failed.placement.ended();
        Ok(failed.owing_a_refund())
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
        let mut order = self.released(changes).moved(OrderStatus::Cancelled, reason.as_str(), now);
        order.placement = order.placement.ended();
        Ok(order)
    }

    /// A payment that came too late is taken after all: the pieces are reserved anew.
    pub fn revived(
        mut self,
        payment: OrderPayment,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        let is_unpaid = self.payment.paid_at.is_none();
        if self.status != OrderStatus::Cancelled || !is_unpaid || self.holds_stock {
            return Err(self.not_from_here("payment_confirmed"));
        }
        self.move_stock(Stock::Take, changes);
        self.holds_stock = true;
        self.payment = payment;
        self.cancellation = Cancellation::None;
        self.placement = self.placement_anew();
        self.substatus = Some(Substatus::AwaitingSettlement);
        let message = "Late payment accepted, processing order";
        Ok(self.moved(OrderStatus::Processing, message, now))
    }

    /// Shopper or merchant give it up.
    pub fn cancelled(
        mut self,
        destination: Option<RefundDestination>,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        if !self.actions().can_cancel {
            return Err(self.not_from_here("cancelled"));
        }
        if destination.is_some() {
            self.refund.destination = destination;
        }
        if let Placement::Submitted { .. } = self.placement {
            // Whether the retailer has it is not known: nothing can be promised now.
            return Err(self.not_from_here("cancelled"));
        }
        if let Placement::Placed { retailer_order_id } = self.placement {
            self.placement = Placement::Canceling { retailer_order_id, attempts: 0 };
            self.cancellation = Cancellation::Requested;
            self.substatus = Some(Substatus::CancellationRequested);
            self.due_at = Some(now);
            let status = self.status;
            return Ok(self.moved(status, "Cancellation requested", now));
        }
        Ok(self.given_up(changes, now))
    }

    /// Cancelled for good, the retailer willing.
    pub fn given_up(self, changes: &mut Changes, now: Timestamp) -> Order {
        let message = Reason::Requested.as_str();
        let mut order = self.released(changes).moved(OrderStatus::Cancelled, message, now);
        order.cancellation = Cancellation::Accepted;
        order.substatus = None;
        order.placement = order.placement.ended();
        order.owing_a_refund()
    }

    /// The retailer sends it all the same.
    pub fn kept(mut self, now: Timestamp) -> Order {
        self.cancellation = Cancellation::Rejected;
        self.substatus = Some(Substatus::AwaitingTracking);
        if let Placement::Canceling { retailer_order_id, .. } = self.placement {
            self.placement = Placement::Placed { retailer_order_id };
        }
        let status = self.status;
        self.moved(status, "Cancellation refused by the retailer", now)
    }

    /// What was paid is to go back: at once if it is known where to, else once somebody says so.
    fn owing_a_refund(mut self) -> Order {
        if self.payment.paid_at.is_none() {
            return self;
        }
        self.refund.amount = self.pricing.total;
        self.refund.fee = Usd::ZERO;
        if self.refund.destination.is_some() {
            self.refund.status = OrderRefundStatus::Pending;
            self.substatus = Some(Substatus::RefundPending);
            self.due_at = Some(self.updated_at);
        } else {
            self.refund.status = OrderRefundStatus::Quoted;
        }
        self
    }

    /// Where the money goes was missing, and is known now.
    pub fn refund_to(
        mut self,
        destination: RefundDestination,
        now: Timestamp,
    ) -> Result<Order, Refusal> {
        match self.refund.status {
            OrderRefundStatus::Quoted | OrderRefundStatus::Failed => {
                self.refund.destination = Some(destination);
                self.refund.refund_id = None;
                self.updated_at = now;
                Ok(self.owing_a_refund())
            }
            OrderRefundStatus::None | OrderRefundStatus::Pending | OrderRefundStatus::Sent => {
                Err(self.not_from_here("refunded"))
            }
        }
    }

    /// A refund of its invoice was made for it, and a worker looks at it no more.
    pub fn refund_made(mut self, refund: RefundId, now: Timestamp) -> Order {
        self.refund.refund_id = Some(refund);
        self.due_at = None;
        self.updated_at = now;
        self
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
        let status = self.status;
        Ok(self.moved(status, "Refund sent", now))
    }

    pub fn refund_failed(mut self, now: Timestamp) -> Result<Order, Refusal> {
        if self.refund.status != OrderRefundStatus::Pending {
            return Err(self.not_from_here("refunded"));
        }
        self.refund.status = OrderRefundStatus::Failed;
        self.due_at = None;
        let status = self.status;
        Ok(self.moved(status, "Refund failed", now))
    }

    fn released(mut self, changes: &mut Changes) -> Order {
        if self.holds_stock {
            self.move_stock(Stock::GiveBack, changes);
            self.holds_stock = false;
        }
        self
    }

    fn placement_anew(&self) -> Placement {
        use crate::estimate::Chosen;
        let is_outside = self.lines.iter().any(|line| matches!(line.offer, Chosen::Outside { .. }));
        if is_outside { Placement::Waiting } else { Placement::Own }
    }

    /// Writes it in place of `before`, with its event.
    pub fn record(self, before: &Order, changes: &mut Changes, origin: Origin) {
        self.record_updated(before, changes, origin);
    }
}

impl Placement {
    fn ended(self) -> Placement {
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
}
