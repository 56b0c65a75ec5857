//! What is to be bought: named in the request, or what lies in the cart but for this attempt's
//! exceptions.
//!
//! Invariant: a product is wanted once, and at most as often as a cart may hold it.

use crate::cart::{Cart, LINES_MAX, QUANTITY_MAX, check_product_id};
use crate::ids::CartItemId;
use crate::refusal::Refusal;
use crate::retailer::Retailer;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub product_id: String,
    pub retailer: Retailer,
    pub quantity: u32,
}

/// How many of a cart's line are bought in this attempt: none excludes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub item_id: Option<CartItemId>,
    pub product_id: Option<String>,
    pub retailer: Option<Retailer>,
    pub quantity: u32,
}

/// Of a list of items, each product once.
pub(super) fn of_items(items: Vec<Wanted>) -> Result<Vec<Wanted>, Refusal> {
    if !(1..=LINES_MAX).contains(&items.len()) {
        return Err(Refusal::invalid("items", "must hold 1 to 100 items"));
    }
    let mut wanted: Vec<Wanted> = Vec::with_capacity(items.len());
    for item in items {
        let product_id = check_product_id("items", &item.product_id)?;
        if !(1..=QUANTITY_MAX).contains(&item.quantity) {
            return Err(Refusal::invalid("items", "must have quantities from 1 to 99"));
        }
        let item = Wanted { product_id, ..item };
        let same =
            |one: &&mut Wanted| one.retailer == item.retailer && one.product_id == item.product_id;
        match wanted.iter_mut().find(same) {
            Some(one) => one.quantity = one.quantity.saturating_add(item.quantity),
            None => wanted.push(item),
        }
    }
    if wanted.iter().any(|one| one.quantity > QUANTITY_MAX) {
        return Err(Refusal::invalid("items", "must not want more than 99 of a thing"));
    }
    Ok(wanted)
}

/// Of what lies in the cart. The cart itself stays as it is.
pub fn of_cart(cart: Option<&Cart>, overrides: &[Override]) -> Result<Vec<Wanted>, Refusal> {
    let items = cart.map_or(&[][..], |cart| &cart.items);
    if items.is_empty() {
        return Err(Refusal::invalid("useCart", "needs a cart with something in it"));
    }
    if overrides.len() > LINES_MAX {
        return Err(Refusal::invalid("itemOverrides", "must hold at most 100 overrides"));
    }
    let mut quantities: Vec<u32> = items.iter().map(|item| item.quantity).collect();
    for asked in overrides {
        if asked.quantity > QUANTITY_MAX {
            return Err(Refusal::invalid("itemOverrides", "must have quantities from 0 to 99"));
        }
        if asked.item_id.is_none() && asked.product_id.is_none() {
            return Err(Refusal::invalid("itemOverrides", "must name a productId or an itemId"));
        }
        let mut is_there = false;
        for (item, quantity) in items.iter().zip(&mut quantities) {
            let is_it = asked.item_id.is_none_or(|id| id == item.id)
                && asked.product_id.as_ref().is_none_or(|id| *id == item.product_id)
                && asked.retailer.is_none_or(|retailer| retailer == item.retailer);
            if is_it {
                (*quantity, is_there) = (asked.quantity, true);
            }
        }
        if !is_there {
            return Err(Refusal::invalid("itemOverrides", "must name what is in the cart"));
        }
    }
    let wanted: Vec<Wanted> = items
        .iter()
        .zip(quantities)
        .filter(|(_, quantity)| *quantity > 0)
        .map(|(item, quantity)| Wanted {
            product_id: item.product_id.clone(),
            retailer: item.retailer,
            quantity,
        })
        .collect();
    match wanted.is_empty() {
        true => Err(Refusal::invalid("itemOverrides", "leave nothing of the cart to buy")),
        false => Ok(wanted),
    }
}

/// What a request says of what is to be bought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasketAsk {
    pub items: Option<Vec<Wanted>>,
    pub use_cart: Option<bool>,
    pub overrides: Option<Vec<Override>>,
}

/// One of the two ways to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basket {
    Items(Vec<Wanted>),
    Cart(Vec<Override>),
}

impl BasketAsk {
    pub fn basket(self) -> Result<Basket, Refusal> {
        let items = self.items.filter(|items| !items.is_empty());
        let overrides = self.overrides.unwrap_or_default();
        match (self.use_cart.unwrap_or(false), items) {
            (true, None) => Ok(Basket::Cart(overrides)),
            (true, Some(_)) => Err(Refusal::invalid("items", "exclude useCart")),
            (false, None) => Err(Refusal::invalid("items", "are required, or useCart")),
            (false, Some(_)) if !overrides.is_empty() => {
                Err(Refusal::invalid("itemOverrides", "need useCart"))
            }
            (false, Some(items)) => of_items(items).map(Basket::Items),
        }
    }
}
