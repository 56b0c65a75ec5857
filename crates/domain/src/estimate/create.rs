//! The first step: which offer each wanted thing is bought by, and what that comes to.
//!
//! The offers are the catalog's, as they are now: what a request or a cart says of a price has no
//! say. Nothing is reserved yet; that is the order's part.

use super::{Chosen, Estimate, EstimateLine, HELD_MS, InvalidLine, Looked, Wanted};
use crate::commerce_rates::{Bought, CommerceRates};
use crate::environment::Environment;
use crate::ids::{EstimateId, Fresh, MerchantId};
use crate::invoice::AMOUNT_MAX;
use crate::product::{Offer, Product};
use crate::refusal::Refusal;
use crate::shopper::Shopper;

/// A product as the catalog has it now, and how it can be bought: the best way first.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    pub product: &'a Product,
    pub offers: Vec<OnOffer<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct OnOffer<'a> {
    pub offer: &'a Offer,
    pub chosen: &'a Chosen,
    /// How many pieces; none: they are not counted.
    pub left: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct EstimateAsk<'a> {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub rates: &'a CommerceRates,
    /// What is wanted, each with what the catalog has of it.
    pub wanted: Vec<(Wanted, Looked<Found<'a>>)>,
}

pub fn create(ask: EstimateAsk<'_>, fresh: &mut Fresh) -> Result<Estimate, Refusal> {
    let now = fresh.now();
    let (mut valid, mut invalid) = (Vec::new(), Vec::new());
    for (wanted, found) in ask.wanted {
        match line(&wanted, found.as_ref()) {
            Ok(line) => valid.push(line),
            Err(line) => invalid.push(line),
        }
    }
    // Not known yet is where it goes: the merchant's first way of shipping, and no tax.
    let bought: Vec<Bought> = valid.iter().map(EstimateLine::bought).collect();
    let pricing = ask.rates.price(&bought, ask.rates.options(None).next(), None);
    if pricing.total > AMOUNT_MAX {
        return Err(Refusal::invalid("items", "must not come to more than 1000000 USD together"));
    }
    Ok(Estimate {
        id: EstimateId::fresh(fresh),
        merchant_id: ask.merchant_id,
        environment: ask.environment,
        shopper: ask.shopper,
        valid,
        invalid,
        pricing,
        address_id: None,
        shipping_option: None,
        order_id: None,
        created_at: now,
        expires_at: now.plus_ms(HELD_MS),
        version: 0,
    })
}

/// The line a wanted thing is bought by, or why it cannot be had.
pub fn line(wanted: &Wanted, found: Looked<&Found<'_>>) -> Result<EstimateLine, InvalidLine> {
    let refuse = |error: &str| InvalidLine {
        product_id: wanted.product_id.clone(),
        retailer: wanted.retailer,
        error: error.to_owned(),
    };
    let found = match found {
        Looked::There(found) => found,
        Looked::NotThere => return Err(refuse("There is no such product")),
        Looked::Silent => {
            let shop = wanted.retailer.as_str();
            return Err(refuse(&format!("{shop} cannot be asked at present; try again shortly")));
        }
    };
    if found.offers.is_empty() {
        return Err(refuse("Nobody offers it at present"));
    }
    let in_time = || found.offers.iter().filter(|one| one.offer.arrives_in_time());
    let is_enough = |one: &&OnOffer<'_>| one.left.is_none_or(|left| left >= wanted.quantity.into());
    let Some(chosen) = in_time().find(is_enough) else {
        let most = in_time().filter_map(|one| one.left).max();
        return Err(match most {
            None => refuse("No offer can be delivered within 10 days"),
            Some(..=0) => refuse("It is out of stock"),
            Some(left) => refuse(&format!("Only {left} left")),
        });
    };
    Ok(EstimateLine {
        product_id: wanted.product_id.clone(),
        retailer: wanted.retailer,
        title: found.product.title.clone(),
        image: found.product.image().map(str::to_owned),
        quantity: wanted.quantity,
        price: chosen.offer.price.to_cents(),
        shipping: chosen.offer.shipping.to_cents(),
        seller_name: chosen.offer.seller_name.clone(),
        offer: chosen.chosen.clone(),
    })
}
