//! An order as merchants read it: the same snapshot over REST and in every event.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Cancellation, Delivery, Order, OrderPayment, OrderRefundStatus, OrderStatus, RefundDestination,
    Shipment, Substatus,
};
use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, OrderId, ShipmentId};
use crate::network::Network;
use crate::retailer::Retailer;
use crate::shipping_address::PostalAddress;

/// The canonical snapshot of an order.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = CommerceOrder)]
#[serde(rename_all = "camelCase")]
pub struct OrderView<'a> {
    /// Always `commerce_order`.
    pub object: &'static str,
    /// The same as `orderId`.
    pub id: OrderId,
    pub order_id: OrderId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub network_environment: Environment,
    pub retailer: Retailer,
    /// Epoch seconds.
    pub created_at: i64,
    pub updated_at: i64,
    pub customer_id: Option<&'a str>,
    pub wallet_address: Option<&'a str>,
    pub wallet_network: Option<Network>,
    pub status: OrderStatus,
    pub substatus: Option<Substatus>,
    pub actions: Actions,
    pub timeline: Vec<TimelineView<'a>>,
    pub payment: PaymentPart<'a>,
    pub fulfillment: Fulfillment<'a>,
    pub line_items: Vec<LineView<'a>>,
    pub shipping_address: Option<&'a PostalAddress>,
    pub cancellation_status: Cancellation,
    pub refund_status: OrderRefundStatus,
    /// In dollars, with two decimals.
    pub total_amount_usd: String,
    pub commerce_fee_usd: String,
    pub refund: RefundPart<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderActions)]
#[serde(rename_all = "camelCase")]
pub struct Actions {
    pub can_cancel: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderMoment)]
pub struct TimelineView<'a> {
    pub status: OrderStatus,
    pub timestamp: i64,
    pub message: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderPayment)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPart<'a> {
    /// `pending`, `paid`, or `reverted` while the network has taken the payment back.
    pub status: &'static str,
    pub tx_hash: Option<&'a str>,
    pub settlement: SettlementPart<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderSettlement)]
#[serde(rename_all = "camelCase")]
pub struct SettlementPart<'a> {
    /// `pending` or `settled`.
    pub status: &'static str,
    pub tx_hash: Option<&'a str>,
    pub network: Option<Network>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderFulfillment)]
pub struct Fulfillment<'a> {
    pub shipments: Vec<ShipmentView<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceShipment)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentView<'a> {
    pub shipment_id: ShipmentId,
    pub carrier: Option<&'a str>,
    pub tracking_number: Option<&'a str>,
    pub carrier_tracking_url: Option<&'a str>,
    pub delivery_status: Delivery,
    pub retailer_tracking_number: Option<&'a str>,
    pub retailer_tracking_url: Option<&'a str>,
    pub obtained_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderLine)]
#[serde(rename_all = "camelCase")]
pub struct LineView<'a> {
    pub product_id: &'a str,
    pub title: &'a str,
    pub image_url: Option<&'a str>,
    pub quantity: u32,
    /// Of one piece, in dollars.
    pub price: String,
    /// That of the order.
    pub status: OrderStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceOrderRefund)]
#[serde(rename_all = "camelCase")]
pub struct RefundPart<'a> {
    pub status: OrderRefundStatus,
    pub amount_usd: Option<String>,
    pub fee_usd: Option<String>,
    pub destination_wallet_address_bsc: Option<&'a str>,
    pub destination: Option<&'a RefundDestination>,
    pub tx_hash: Option<&'a str>,
}

/// The parcels of an order, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CommerceShipmentsSummary)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentsSummary {
    pub shipment_count: usize,
    pub has_tracking: bool,
    pub last_tracking_at: Option<i64>,
    pub is_delivered: bool,
}

impl OrderPayment {
    fn word(&self) -> &'static str {
        match (self.paid_at, self.taken_back_at) {
            (None, _) => "pending",
            (Some(_), None) => "paid",
            (Some(_), Some(_)) => "reverted",
        }
    }
}

impl Order {
    pub fn view(&self) -> OrderView<'_> {
        OrderView {
            object: "commerce_order",
            id: self.id,
            order_id: self.id,
            invoice_id: self.invoice_id,
            merchant_id: self.merchant_id,
            network_environment: self.environment,
            retailer: self.retailer(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
            customer_id: self.shopper.customer_id(),
            wallet_address: self.shopper.wallet_address(),
            wallet_network: self.shopper.wallet_network(),
            status: self.status,
            substatus: self.substatus,
            actions: self.actions(),
            timeline: self.timeline.iter().map(timeline_view).collect(),
            payment: self.payment_part(),
            fulfillment: Fulfillment { shipments: self.shipments.iter().map(shipment).collect() },
            line_items: self.line_views(),
            shipping_address: Some(&self.address),
            cancellation_status: self.cancellation,
            refund_status: self.refund.status,
            total_amount_usd: self.pricing.total.cents_decimal(),
            commerce_fee_usd: self.pricing.fees().cents_decimal(),
            refund: self.refund_part(),
        }
    }

    /// What lists show of the parcels.
    pub fn shipments_summary(&self) -> ShipmentsSummary {
        let is_tracked = |one: &&Shipment| one.tracking_number.is_some();
        let tracked = self.shipments.iter().filter(is_tracked);
        ShipmentsSummary {
            shipment_count: self.shipments.len(),
            has_tracking: tracked.clone().count() > 0,
            last_tracking_at: tracked.map(|one| one.obtained_at.seconds()).max(),
            is_delivered: self.status == OrderStatus::Delivered,
        }
    }

    pub fn actions(&self) -> Actions {
        let is_asked = self.cancellation == Cancellation::Requested;
        Actions { can_cancel: self.status.is_cancelable() && !is_asked }
    }

    fn payment_part(&self) -> PaymentPart<'_> {
        let payment = &self.payment;
        PaymentPart {
            status: payment.word(),
            tx_hash: payment.tx_hash.as_deref(),
            settlement: SettlementPart {
                status: if payment.settled_at.is_some() { "settled" } else { "pending" },
                tx_hash: payment.settlement_tx_hash.as_deref(),
                network: payment.settlement_network,
            },
        }
    }

    fn line_views(&self) -> Vec<LineView<'_>> {
        self.lines.iter().map(|line| line_view(line, self.status)).collect()
    }

    /// What goes back, where to, and how far that is.
    pub fn refund_part(&self) -> RefundPart<'_> {
        let is_quoted = self.refund.status != OrderRefundStatus::None;
        let destination = self.refund.destination.as_ref();
        let on_bsc = destination.filter(|destination| destination.network == Network::Bsc);
        RefundPart {
            status: self.refund.status,
            amount_usd: is_quoted.then(|| self.refund.amount.cents_decimal()),
            fee_usd: is_quoted.then(|| self.refund.fee.cents_decimal()),
            destination_wallet_address_bsc: on_bsc.map(|bsc| bsc.address.as_str()),
            destination,
            tx_hash: self.refund.tx_hash.as_deref(),
        }
    }
}

fn timeline_view(moment: &super::Moment) -> TimelineView<'_> {
    TimelineView { status: moment.status, timestamp: moment.at.seconds(), message: &moment.message }
}

fn shipment(shipment: &Shipment) -> ShipmentView<'_> {
    ShipmentView {
        shipment_id: shipment.id,
        carrier: shipment.carrier.as_deref(),
        tracking_number: shipment.tracking_number.as_deref(),
        carrier_tracking_url: shipment.tracking_url.as_deref(),
        delivery_status: shipment.delivery,
        retailer_tracking_number: None,
        retailer_tracking_url: None,
        obtained_at: shipment.obtained_at.seconds(),
    }
}

fn line_view(line: &crate::estimate::EstimateLine, status: OrderStatus) -> LineView<'_> {
    LineView {
        product_id: &line.product_id,
        title: &line.title,
        image_url: line.image.as_deref(),
        quantity: line.quantity,
        price: line.price.cents_decimal(),
        status,
    }
}
