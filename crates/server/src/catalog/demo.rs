//! The demo shops of devnet: some two dozen products of each retailer, made up for trying out.
//!
//! They are data in the format of an import, with the shop in front, and are never rows: nothing is
//! kept of them, and on mainnet they do not exist. Invariant: ids, prices and offers are the same
//! in every process and every release that has the same file.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::environment::Environment;
use domain::estimate::Chosen;
use domain::ids::{MerchantId, OfferId, RowKey};
use domain::product::draft::{OfferDraft, ProductDraft, StockAsk};
use domain::product::{Offer, Product, product_key};
use domain::retailer::Retailer;
use domain::time::Timestamp;
use serde::Deserialize;

use super::{Listed, ListedOffer};
use crate::http::commerce::catalog::body::ProductBody;

const FILE: &str = include_str!("demo.jsonl");

/// Whose the demo products are in the index.
pub const WHOSE: (MerchantId, Environment) = (MerchantId::HOUSE, Environment::Devnet);

/// 2025-12-01, when the demo shops opened.
const OPENED: Timestamp = Timestamp(1_764_547_200_000);

pub static DEMO: LazyLock<Demo> = LazyLock::new(|| Demo::read(FILE));

pub struct Demo {
    products: Vec<Listed>,
    places: HashMap<RowKey, usize>,
}

#[derive(Deserialize)]
struct Shop {
    retailer: Retailer,
}

impl Demo {
    fn read(file: &str) -> Demo {
        let products: Vec<Listed> = file.lines().map(listed).collect();
        let places = products.iter().enumerate().map(|(at, one)| (one.product.key(), at)).collect();
        Demo { products, places }
    }

    pub fn all(&self) -> &[Listed] {
        &self.products
    }

    pub fn by_key(&self, key: RowKey) -> Option<&Listed> {
        self.places.get(&key).map(|at| &self.products[*at])
    }

    pub fn listed(&self, retailer: Retailer, id: &str) -> Option<Listed> {
        self.by_key(product_key(WHOSE, retailer, id)).cloned()
    }
}

fn listed(line: &str) -> Listed {
    let sound = "the demo file is part of this program, and a test reads it";
    let Shop { retailer } = serde_json::from_str(line).expect(sound);
    let body: ProductBody = serde_json::from_str(line).expect(sound);
    let product_id = body.product_id.clone().expect(sound);
    let draft = body.draft(retailer.as_str()).ok().and_then(|draft| draft.check().ok());
    let draft: ProductDraft = draft.expect(sound);
    let mut offers = Vec::new();
    for (at, offer) in draft.offers.into_iter().enumerate() {
        let name = format!("demo-{}-{product_id}-{}", retailer.as_str(), at + 1);
        let left = match offer.stock {
            StockAsk::Pieces(pieces) => Some(pieces),
            StockAsk::Unsaid | StockAsk::Uncounted => None,
        };
        let offer = shop_offer(offer, &name);
        offers.push(ListedOffer { offer, chosen: Chosen::Outside { offer_id: name }, left });
    }
    let product = Product {
        merchant_id: WHOSE.0,
        environment: WHOSE.1,
        retailer,
        product_id,
        title: draft.title,
        description: draft.description,
        brand: draft.brand,
        categories: draft.categories,
        images: draft.images,
        url: draft.url,
        bullets: draft.bullets,
        attributes: draft.attributes,
        rating: draft.rating,
        review_count: draft.review_count,
        parent_id: draft.parent_id,
        specifics: draft.specifics,
        variants: draft.variants,
        offers: offers.iter().map(|listed| listed.offer.clone()).collect(),
        created_at: OPENED,
        updated_at: OPENED,
        removed_at: None,
        version: 0,
    };
    Listed::new(product, offers)
}

/// A shop's offer in our words; its id is made of the shop's own name of it.
pub fn shop_offer(draft: OfferDraft, name: &str) -> Offer {
    Offer {
        id: OfferId::from(RowKey::of("shop offer", &[name.as_bytes()])),
        seller_id: draft.seller_id,
        seller_name: draft.seller_name,
        price: draft.price,
        shipping: draft.shipping,
        condition: draft.condition,
        handling_days: draft.handling_days,
        is_international: draft.is_international,
        is_counted: false,
        declared: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shop_has_products_enough_of_every_kind() {
        let of = |retailer| DEMO.all().iter().filter(move |one| one.product.retailer == retailer);
        for retailer in Retailer::ALL {
            assert!(of(retailer).count() >= 20, "{retailer:?}");
            for kind in ["Phones", "Headphones"] {
                let has = |one: &Listed| one.product.categories.iter().any(|name| name == kind);
                assert!(of(retailer).any(has), "{retailer:?} {kind}");
            }
            let is_slow = |one: &Listed| one.offers.iter().any(|one| !one.offer.arrives_in_time());
            assert!(of(retailer).any(is_slow), "{retailer:?}");
            assert!(of(retailer).any(|one| one.offers.len() >= 3), "{retailer:?}");
            assert!(of(retailer).any(|one| !one.product.variants.is_empty()), "{retailer:?}");
            assert!(of(retailer).any(Listed::is_available), "{retailer:?}");
            for one in of(retailer) {
                let best = one.best().expect("an offer");
                let cheaper = one.offers.iter().filter(|other| other.is_eligible());
                assert!(cheaper.clone().all(|other| other.offer.total() >= best.offer.total()));
                for variant in &one.product.variants {
                    assert!(DEMO.listed(retailer, &variant.product_id).is_some(), "{variant:?}");
                }
            }
        }
        assert_eq!(DEMO.places.len(), DEMO.products.len(), "no number is there twice");
    }
}
