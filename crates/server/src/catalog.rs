//! Every product that can be had: the merchant's own.
//!
//! Whoever reads a product for a cart, an estimate or a page looks here, so that all of them see
//! the same offers in the same order.

use std::collections::HashMap;

use domain::environment::Environment;
use domain::estimate::Chosen;
use domain::ids::{MerchantId, RowKey};
use domain::product::{Offer, Product, product_key, stock_key};
use domain::retailer::Retailer;
use store::StoreError;

use crate::app::App;

/// A product as it is sold now.
#[derive(Clone, Debug)]
pub struct Listed {
    pub product: Product,
    /// Best first: what can be had and arrives in time, the cheapest in all first.
    pub offers: Vec<ListedOffer>,
}

#[derive(Clone, Debug)]
pub struct ListedOffer {
    pub offer: Offer,
    pub chosen: Chosen,
    /// How many pieces are left; none: they are not counted.
    pub left: Option<i64>,
}

impl Listed {
    fn new(product: Product, stocks: &HashMap<RowKey, i64>) -> Listed {
        let offer = |offer: &Offer| {
            let key = stock_key(product.merchant_id, offer.id);
            ListedOffer {
                offer: offer.clone(),
                chosen: Chosen::Own { offer_id: offer.id, is_counted: offer.is_counted },
                left: offer.is_counted.then(|| stocks.get(&key).copied().unwrap_or(0)),
            }
        };
        let mut offers: Vec<ListedOffer> = product.offers.iter().map(offer).collect();
        offers.sort_by_key(|listed| {
            let is_out = listed.left.is_some_and(|left| left <= 0);
            let offer = &listed.offer;
            (!offer.arrives_in_time(), is_out, offer.total(), offer.handling_days.max, offer.id)
        });
        Listed { product, offers }
    }
}

impl App {
    /// Products by where they are sold and their numbers, in the order asked for.
    pub async fn listed(
        &self,
        whose: (MerchantId, Environment),
        ids: &[(Retailer, String)],
    ) -> Result<Vec<Option<Listed>>, StoreError> {
        let key = |(retailer, id): &(Retailer, String)| product_key(whose, *retailer, id);
        let rows = self.store.get_many::<Product>(ids.iter().map(key).collect()).await?;
        let offers = rows.iter().flatten().flat_map(|product| &product.offers);
        let counted: Vec<RowKey> = offers
            .filter(|offer| offer.is_counted)
            .map(|offer| stock_key(whose.0, offer.id))
            .collect();
        let left = match counted.is_empty() {
            true => Vec::new(),
            false => self.store.counter_values(&counted).await?,
        };
        let stocks = counted.into_iter().zip(left).collect();
        Ok(rows.into_iter().map(|row| row.map(|row| Listed::new(row, &stocks))).collect())
    }
}
