//! An order: what was bought, where it goes, and how far it is.
//!
//! `pending_payment → processing → placed → shipped → delivered`; `cancelled` from the first three,
//! `failed` from processing. Every move is one function of this module, whoever asks for it: the
//! invoice that was paid, the merchant, the retailer, or the simulator on devnet.
//!
//! Invariant: an order holds its pieces of the stock from the commit that makes it until it is
//! cancelled, fails or its invoice ends unpaid; they are given back once.

mod cancel;
mod create;
mod follow;
mod lifecycle;
mod owed;
mod retail;
#[cfg(test)]
mod tests;
mod tracking;
mod view;

pub use cancel::{CancelAsk, InvoiceThen};
pub use create::{Created, INVOICE_LIVES_MS, OrderAsk, OutsideOffer, create};
pub use follow::Seen;
pub use lifecycle::Reason;
pub use owed::Owed;
pub use retail::{Answered, Asking, Purchase, PurchaseLine, Report, ReportState};
pub use tracking::Tracking;
pub use view::{Actions, OrderView, RefundPart, ShipmentsSummary};

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::changes::{Changes, CounterMove, Noun};
use crate::commerce_rates::Pricing;
use crate::environment::Environment;
use crate::estimate::{Chosen, EstimateLine};
use crate::event::{EntryKind, EventType, NewEntry, Origin, Subject, created_data, updated_data};
use crate::ids::{
    EstimateId, InvoiceId, MerchantId, OrderId, RefundId, RowKey, ShipmentId, Version,
};
use crate::money::Usd;
use crate::network::Network;
use crate::product::change::{changed, stock_taken};
use crate::product::{Product, product_key, stock_key, stock_name};
use crate::retailer::Retailer;
use crate::shipping_address::PostalAddress;
use crate::shopper::Shopper;
use crate::time::Timestamp;

/// Bounds the timeline of an order that is asked for a refund again and again.
const MOMENTS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub invoice_id: InvoiceId,
    pub estimate_id: EstimateId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub status: OrderStatus,
    pub substatus: Option<Substatus>,
    pub lines: Vec<EstimateLine>,
    pub address: PostalAddress,
    pub pricing: Pricing,
    pub payment: OrderPayment,
    pub shipments: Vec<Shipment>,
    /// Oldest first.
    pub timeline: Vec<Moment>,
    pub cancellation: Cancellation,
    pub refund: OrderRefund,
    pub placement: Placement,
    /// Whether its pieces are taken out of the stock.
    pub holds_stock: bool,
    /// When a worker looks at it next; none: nothing happens by itself.
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    PendingPayment,
    Processing,
    Placed,
    Shipped,
    Delivered,
    Cancelled,
    Failed,
}

impl OrderStatus {
    pub const ALL: [OrderStatus; 7] = [
        OrderStatus::PendingPayment,
        OrderStatus::Processing,
        OrderStatus::Placed,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
        OrderStatus::Cancelled,
        OrderStatus::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            OrderStatus::PendingPayment => "pending_payment",
            OrderStatus::Processing => "processing",
            OrderStatus::Placed => "placed",
            OrderStatus::Shipped => "shipped",
            OrderStatus::Delivered => "delivered",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<OrderStatus> {
        OrderStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    /// Whether shopper or merchant may still cancel it.
    pub fn is_cancelable(self) -> bool {
        match self {
            OrderStatus::PendingPayment | OrderStatus::Processing | OrderStatus::Placed => true,
            OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => false,
        }
    }
}

/// What an order waits for within its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Substatus {
    AwaitingSettlement,
    ProviderPlacementSubmitted,
    AwaitingTracking,
    InTransit,
    CancellationRequested,
    RefundPending,
    Refunded,
}

/// What the order knows of its invoice's payments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPayment {
    pub paid_at: Option<Timestamp>,
    pub network: Option<Network>,
    pub token_symbol: Option<String>,
    pub token_amount: Option<String>,
    pub tx_hash: Option<String>,
    pub from_address: Option<String>,
    /// When the network took the payment back, deeper than anybody waits for.
    pub taken_back_at: Option<Timestamp>,
    /// When all that was paid had reached the merchant's wallet.
    pub settled_at: Option<Timestamp>,
    pub settlement_network: Option<Network>,
    pub settlement_tx_hash: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub id: ShipmentId,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub delivery: Delivery,
    pub obtained_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    InTransit,
    Delivered,
}

/// One line of the order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub status: OrderStatus,
    pub at: Timestamp,
    pub message: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cancellation {
    #[default]
    None,
    Requested,
    Accepted,
    Rejected,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderRefundStatus {
    #[default]
    None,
    Quoted,
    Pending,
    Sent,
    Failed,
}

/// Where the shopper's money goes if he gets it back, and how far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRefund {
    pub status: OrderRefundStatus,
    pub amount: Usd,
    pub fee: Usd,
    /// What may go back of the invoice's payments, at the last look at them.
    pub owed: Usd,
    pub destination: Option<RefundDestination>,
    pub refund_id: Option<RefundId>,
    pub tx_hash: Option<String>,
    /// Who gave the order up; none: the house itself.
    pub asked_by: Option<Actor>,
    /// How often it could not be made for want of money.
    pub attempts: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefundDestination {
    pub network: Network,
    pub address: String,
}

/// How far an outside retailer is with it. The merchant's own orders stay at `Own`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Placement {
    /// The merchant fulfils it; nobody else is asked.
    #[default]
    Own,
    /// A retailer will be asked once the payment is settled.
    Waiting,
    /// Asked, under the order's own id; the answer is not known yet.
    Submitted {
        attempts: u32,
    },
    Placed {
        retailer_order_id: String,
        /// How often in a row nothing was heard of it.
        attempts: u32,
    },
    /// The retailer was asked to give it up; whether it had been placed may not be known.
    Canceling {
        retailer_order_id: Option<String>,
        attempts: u32,
    },
    Ended,
}

impl Order {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn is_of(&self, merchant_id: MerchantId, environment: Environment) -> bool {
        self.merchant_id == merchant_id && self.environment == environment
    }

    /// The retailer of all lines; of several none is named, but the merchant's own word.
    pub fn retailer(&self) -> Retailer {
        match self.lines.split_first() {
            Some((first, rest)) if rest.iter().all(|line| line.retailer == first.retailer) => {
                first.retailer
            }
            Some(_) | None => Retailer::Other,
        }
    }

    /// Whether a counter is the stock of something in it.
    pub fn takes_stock(&self, counter: RowKey) -> bool {
        self.lines.iter().any(|line| match line.offer {
            Chosen::Own { offer_id, is_counted: true } => {
                stock_key(self.merchant_id, offer_id) == counter
            }
            Chosen::Own { is_counted: false, .. } | Chosen::Outside { .. } => false,
        })
    }

    /// Whether its pieces are counted is asked of the merchant's products as they are now, and is
    /// so still when that is committed.
    fn recount(&mut self, products: &[Product], changes: &mut Changes) {
        for line in &mut self.lines {
            let Chosen::Own { offer_id, is_counted } = &mut line.offer else { continue };
            let is_its = |product: &&Product| {
                product.product_id == line.product_id && product.retailer == line.retailer
            };
            let Some(product) = products.iter().find(is_its) else { continue };
            if let Some(offer) = product.offers.iter().find(|offer| offer.id == *offer_id) {
                *is_counted = offer.is_counted;
            }
            changes.guard(Noun::Product, product.key(), product.version);
        }
    }

    /// Moves its pieces: out of the stock, or back; whoever follows the catalog hears of it.
    fn move_stock(&self, direction: Stock, changes: &mut Changes, now: Timestamp) {
        let (whose, mut moved) = ((self.merchant_id, self.environment), Vec::new());
        for line in &self.lines {
            let Chosen::Own { offer_id, is_counted: true } = line.offer else { continue };
            moved.push(product_key(whose, line.retailer, &line.product_id));
            let pieces = i64::from(line.quantity);
            let by = match direction {
                Stock::Take => -pieces,
                Stock::GiveBack => pieces,
            };
            changes.counters.push(CounterMove {
                merchant_id: self.merchant_id,
                name: stock_name(offer_id),
                by,
                floor: Some(0),
                ceiling: None,
            });
        }
        match direction {
            _ if moved.is_empty() => {}
            Stock::Take => changes.tell(stock_taken(whose, &moved, now)),
            Stock::GiveBack => changes.tell(changed(whose, &moved, now)),
        }
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject {
                object_id: Some(self.key()),
                invoice_id: Some(self.invoice_id.key()),
                order_id: Some(self.key()),
                customer_id: self.shopper.customer_id().map(str::to_owned),
                wallet: self.shopper.wallet_address().map(str::to_owned),
                is_commerce: true,
            },
            data,
            origin,
            pending_webhooks: 0,
        }
    }

    fn record_created(self, changes: &mut Changes, origin: Origin, now: Timestamp) {
        let data = created_data(&self.view());
        changes.tell(self.entry(EventType::CommerceOrderCreated, data, origin, now));
        changes.insert(self);
    }

    /// Tells what is new since `before`, if anybody can see a difference.
    fn tell_since(&self, before: &Order, changes: &mut Changes, origin: Origin) {
        if self.view() != before.view() {
            let data = updated_data(&before.view(), &self.view());
            let now = self.updated_at;
            changes.tell(self.entry(EventType::CommerceOrderUpdated, data, origin, now));
        }
    }

    /// Writes the last of several steps in place of `before`, with an event for each.
    pub fn record_all(steps: Vec<Order>, before: &Order, changes: &mut Changes, origin: &Origin) {
        let mut known = before;
        for step in &steps {
            step.tell_since(known, changes, origin.clone());
            known = step;
        }
        if let Some(last) = steps.into_iter().next_back() {
            changes.update(last);
        }
    }

    /// Writes this order in place of `before`, with its event.
    pub fn record(self, before: &Order, changes: &mut Changes, origin: Origin) {
        self.tell_since(before, changes, origin);
        changes.update(self);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stock {
    Take,
    GiveBack,
}
