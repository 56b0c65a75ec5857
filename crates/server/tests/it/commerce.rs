//! Shops: from the estimate that became an order to the parcel at the door, or the money back.
//!
//! `shop.rs` stocks the shelves and makes estimates, the others say what each is about.

mod checkout_invoice;
mod order_refunds;
mod orders;
mod paid_orders;
mod placing;
mod reference;
mod shop;
mod simulate;
