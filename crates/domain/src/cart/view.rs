//! A cart as the merchant's server reads it, and as the shopper's own client does.
//!
//! They are two spellings of one thing: the second is what shops' front ends know already.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Cart, CartItem};
use crate::environment::Environment;
use crate::ids::{CartItemId, MerchantId};
use crate::money::{Usd, UsdNumber};
use crate::network::Network;
use crate::retailer::Retailer;

/// A shopper's cart, at the prices its items were put in with.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCart)]
pub struct CartView {
    pub merchant_id: MerchantId,
    pub network_environment: Environment,
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    pub wallet_network: Option<Network>,
    pub items: Vec<CartItemView>,
    pub subtotal: UsdNumber,
    /// How many different things.
    pub item_count: usize,
    /// How many pieces of all of them.
    pub total_quantity: u32,
    /// Epoch seconds; null before anything was put in.
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartItem)]
pub struct CartItemView {
    pub item_id: CartItemId,
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    /// Of one piece, when it was put in.
    pub price: UsdNumber,
    pub quantity: u32,
    pub subtotal: UsdNumber,
    pub image_url: Option<String>,
    pub product_url: Option<String>,
    pub num_reviews: Option<u32>,
    /// 0 to 5.
    pub rating: Option<UsdNumber>,
    /// Epoch seconds.
    pub added_at: i64,
    pub updated_at: i64,
}

/// The same cart for the shopper's own client.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceOwnCart)]
pub struct OwnCartView {
    pub items: Vec<OwnCartItemView>,
    pub item_count: usize,
    pub total_quantity: u32,
    pub subtotal: UsdNumber,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceOwnCartItem)]
pub struct OwnCartItemView {
    pub id: CartItemId,
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub image_url: Option<String>,
    pub price: UsdNumber,
    pub quantity: u32,
    pub subtotal: UsdNumber,
    /// 0 to 5.
    pub stars: Option<UsdNumber>,
    pub num_reviews: Option<u32>,
    pub product_url: Option<String>,
    /// Epoch seconds.
    pub added_at: i64,
    pub updated_at: i64,
}

impl Cart {
    pub fn view(&self) -> CartView {
        CartView {
            merchant_id: self.merchant_id,
            network_environment: self.environment,
            customer_id: self.shopper.customer_id().map(str::to_owned),
            wallet_address: self.shopper.wallet_address().map(str::to_owned),
            wallet_network: self.shopper.wallet_network(),
            items: self.items.iter().map(CartItem::view).collect(),
            subtotal: self.subtotal().number(),
            item_count: self.items.len(),
            total_quantity: self.pieces(),
            created_at: Some(self.created_at.seconds()),
            updated_at: Some(self.updated_at.seconds()),
        }
    }

    /// Of a shopper who has put nothing in yet: empty, and of no time.
    pub fn view_of_none(&self) -> CartView {
        CartView { created_at: None, updated_at: None, ..self.view() }
    }

    pub fn own_view(&self) -> OwnCartView {
        OwnCartView {
            items: self.items.iter().map(CartItem::own_view).collect(),
            item_count: self.items.len(),
            total_quantity: self.pieces(),
            subtotal: self.subtotal().number(),
        }
    }
}

impl CartItem {
    fn view(&self) -> CartItemView {
        CartItemView {
            item_id: self.id,
            product_id: self.product_id.clone(),
            retailer: self.retailer,
            title: self.title.clone(),
            price: self.price.number(),
            quantity: self.quantity,
            subtotal: self.subtotal().number(),
            image_url: self.image_url.clone(),
            product_url: self.product_url.clone(),
            num_reviews: self.review_count,
            rating: self.rating.map(stars),
            added_at: self.added_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }

    fn own_view(&self) -> OwnCartItemView {
        OwnCartItemView {
            id: self.id,
            product_id: self.product_id.clone(),
            retailer: self.retailer,
            title: self.title.clone(),
            image_url: self.image_url.clone(),
            price: self.price.number(),
            quantity: self.quantity,
            subtotal: self.subtotal().number(),
            stars: self.rating.map(stars),
            num_reviews: self.review_count,
            product_url: self.product_url.clone(),
            added_at: self.added_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

/// Hundredths as a JSON number, written as amounts are: a hundredth is a cent of ten thousand.
fn stars(hundredths: u16) -> UsdNumber {
    Usd(i64::from(hundredths) * 10_000).number()
}
