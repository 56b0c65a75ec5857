//! The third step of a checkout: an estimate and an address become an order, its invoice and the
//! payor's session, and the pieces leave the stock, all in one commit.

use super::{
    Cancellation, Moment, Order, OrderPayment, OrderRefund, OrderStatus, Placement,
    RefundDestination, Stock,
};
use crate::changes::{Changes, Noun};
use crate::estimate::{Chosen, Estimate, EstimateLine, Looked};
use crate::event::Origin;
use crate::ids::{Fresh, OrderId, RowKey, Version};
use crate::invoice::{self, Invoice, InvoiceAsk};
use crate::merchant::Merchant;
use crate::money::Usd;
use crate::product::Product;
use crate::questions::normalize_email;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::shipping_address::ShippingAddress;
use crate::time::MINUTE_MS;

/// How long a shopper has to pay for an order.
pub const INVOICE_LIVES_MS: i64 = 30 * MINUTE_MS;

#[derive(Clone, Debug)]
pub struct OrderAsk<'a> {
    pub estimate: &'a Estimate,
    pub address: &'a ShippingAddress,
    pub merchant: &'a Merchant,
    /// The merchant's own products among the lines, as they are now.
    pub products: &'a [Product],
    /// What retailers say of the outside lines now, in their order.
    pub outside: Vec<Looked<Vec<OutsideOffer>>>,
    pub refund_destination: Option<RefundDestination>,
    pub origin: Origin,
}

/// An offer of an outside retailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideOffer {
    pub id: String,
    pub price: Usd,
    /// It is there, and arrives in time.
    pub is_eligible: bool,
}

/// A new order, its invoice, the payor's session, and the change that makes all of it real.
#[derive(Clone, Debug)]
pub struct Created {
    pub order: Order,
    pub invoice: Invoice,
    pub session: Session,
    pub changes: Changes,
}

pub fn create(ask: OrderAsk<'_>, fresh: &mut Fresh) -> Result<Created, Refusal> {
    let (now, estimate) = (fresh.now(), ask.estimate);
    if estimate.order_id.is_some() {
        return Err(Refusal::OrderStep { from: "ordered", step: "checkout" });
    }
    if estimate.expires_at <= now {
        return Err(Refusal::EstimateExpired);
    }
    if estimate.valid.is_empty() {
        return Err(Refusal::NothingToBuy);
    }
    if estimate.address_id != Some(ask.address.id) {
        return Err(Refusal::invalid("addressId", "is not the address this estimate was made for"));
    }
    let (lines, sold) = still_offered(estimate, ask.products, &ask.outside)?;
    let id = OrderId::fresh(fresh);
    // For the receipt; what is no address of e-mail is none.
    let customer_email = ask.address.postal.email.as_deref().and_then(normalize_email);
    let invoice_ask = InvoiceAsk {
        amount: estimate.pricing.total,
        description: Some(format!("Order {id}")),
        customer_id: estimate.shopper.customer_id().map(str::to_owned),
        customer_email,
        expires_in_ms: Some(INVOICE_LIVES_MS),
        order_id: Some(id),
        ..InvoiceAsk::default()
    };
    let environment = estimate.environment;
    let made = invoice::create(invoice_ask, ask.merchant, environment, ask.origin.clone(), fresh)?;
    let mut changes = made.changes;
    for (key, version) in sold {
        changes.guard(Noun::Product, key, version);
    }
    let order = Order {
        id,
        invoice_id: made.invoice.id,
        estimate_id: estimate.id,
        merchant_id: estimate.merchant_id,
        environment,
        shopper: estimate.shopper.clone(),
        status: OrderStatus::PendingPayment,
        substatus: None,
        lines,
        address: ask.address.postal.clone(),
        pricing: estimate.pricing,
        payment: OrderPayment::default(),
        shipments: Vec::new(),
        timeline: vec![Moment {
            status: OrderStatus::PendingPayment,
            at: now,
            message: "Order created, waiting for payment".to_owned(),
        }],
        cancellation: Cancellation::None,
        refund: OrderRefund { destination: ask.refund_destination, ..OrderRefund::default() },
        placement: Placement::of(&estimate.valid),
        holds_stock: true,
        due_at: None,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    order.move_stock(Stock::Take, &mut changes, now);
    changes.update(Estimate { order_id: Some(id), ..estimate.clone() });
    order.clone().record_created(&mut changes, ask.origin, now);
    Ok(Created { order, invoice: made.invoice, session: made.session, changes })
}

/// Lines that are sold, and the rows that must not change before they are.
type Sale = (Vec<EstimateLine>, Vec<(RowKey, Version)>);

/// The lines of an estimate as their offers are now, but for the price; and its own products at
/// the versions that had them so. Whether pieces are counted may have changed since the estimate.
fn still_offered(
    estimate: &Estimate,
    products: &[Product],
    outside: &[Looked<Vec<OutsideOffer>>],
) -> Result<Sale, Refusal> {
    let (mut lines, mut sold, mut outside) = (Vec::new(), Vec::new(), outside.iter());
    for line in &estimate.valid {
        let mut line = line.clone();
        let gone = || Refusal::OfferGone { product_id: line.product_id.clone() };
        match &mut line.offer {
            Chosen::Own { offer_id, is_counted } => {
                let is_its = |product: &&Product| {
                    product.product_id == line.product_id && product.retailer == line.retailer
                };
                let product = products.iter().find(is_its).ok_or_else(gone)?;
                let offer = product.offers.iter().find(|offer| offer.id == *offer_id);
                let offer = offer.filter(|offer| offer.arrives_in_time()).ok_or_else(gone)?;
                *is_counted = offer.is_counted;
                sold.push((product.key(), product.version));
            }
            Chosen::Outside { offer_id } => {
                let is_had = |offer: &OutsideOffer| {
                    offer.id == *offer_id && offer.is_eligible && offer.price <= line.price
                };
                match outside.next() {
                    Some(Looked::There(offers)) if offers.iter().any(is_had) => {}
                    Some(Looked::There(_) | Looked::NotThere) => return Err(gone()),
                    // Who is silent now is asked again when it is placed, at this price at most.
                    Some(Looked::Silent) | None => {}
                }
            }
        }
        lines.push(line);
    }
    Ok((lines, sold))
}
