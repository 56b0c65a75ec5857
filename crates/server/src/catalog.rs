//! Every product that can be had: the merchant's own, the demo shops of devnet, outside retailers.
//!
//! Whoever reads a product for a cart, an estimate or a page looks here, so that all of them see
//! the same offers in the same order. Own products are rows; demo shops are data in this program;
//! an outside retailer is asked over HTTP and remembered for a while.
//!
//! Invariant: a retailer that is slow or down makes his own products missing, and nothing else.

pub mod demo;
pub mod found;
pub mod index;
pub mod outside;
mod turns;

use std::collections::HashMap;

use domain::environment::Environment;
use domain::estimate::{Chosen, Looked};
use domain::ids::{MerchantId, RowKey};
use domain::product::change::Stocks;
use domain::product::{Offer, Product, product_key, stock_key};
use domain::retailer::Retailer;
use futures_util::future::join_all;
use store::StoreError;

use crate::app::App;
use crate::config::Config;
use demo::DEMO;
use index::SearchIndex;
use outside::Outside;
use turns::Turns;

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

/// Where the products of this process come from.
pub struct Catalog {
    pub index: SearchIndex,
    pub outside: Outside,
    /// Turns at reading a file of products.
    pub imports: Turns,
}

impl Catalog {
    pub fn open(config: &Config) -> anyhow::Result<Catalog> {
        Ok(Catalog {
            index: SearchIndex::within(&config.data_dir),
            outside: Outside::open(&config.retailers)?,
            imports: Turns::default(),
        })
    }

    /// Those whose products can be had: the merchant's own, the demo shops, whoever is named.
    pub fn retailers(&self, environment: Environment) -> Vec<Retailer> {
        let is_had = |retailer: &Retailer| match environment {
            Environment::Devnet => true,
            Environment::Mainnet => {
                *retailer == Retailer::Other
                    || self.outside.source(environment, *retailer).is_some()
            }
        };
        Retailer::ALL.into_iter().filter(is_had).collect()
    }
}

impl ListedOffer {
    /// Whether there is one more piece.
    pub fn is_available(&self) -> bool {
        self.left.is_none_or(|left| left > 0)
    }

    /// Whether it can be bought here: it is there and arrives in time.
    pub fn is_eligible(&self) -> bool {
        self.is_available() && self.offer.arrives_in_time()
    }

    /// What the outside world calls it.
    pub fn public_id(&self) -> String {
        match &self.chosen {
            Chosen::Own { offer_id, .. } => offer_id.to_string(),
            Chosen::Outside { offer_id } => offer_id.clone(),
        }
    }
}

impl Listed {
    /// The offers in the order of their worth to a shopper.
    pub fn new(product: Product, mut offers: Vec<ListedOffer>) -> Listed {
        offers.sort_by_key(|listed| {
            let offer = &listed.offer;
            let days = offer.handling_days.max;
            (!offer.arrives_in_time(), !listed.is_available(), offer.total(), days, offer.id)
        });
        Listed { product, offers }
    }

    pub fn own(product: Product, stocks: &Stocks) -> Listed {
        let offers = product.offers.iter().map(|offer| ListedOffer {
            offer: offer.clone(),
            chosen: Chosen::Own { offer_id: offer.id, is_counted: offer.is_counted },
            left: offer.is_counted.then(|| stocks.get(&offer.id).copied().unwrap_or(0)),
        });
        let offers = offers.collect();
        Listed::new(product, offers)
    }

    /// The offer a shopper is shown the price of.
    pub fn best(&self) -> Option<&ListedOffer> {
        self.offers.first()
    }

    pub fn is_available(&self) -> bool {
        self.offers.iter().any(ListedOffer::is_eligible)
    }
}

impl App {
    /// Products by where they are sold and their numbers, in the order asked for.
    ///
    /// What its retailer does not tell of in time is not known to be there or not.
    pub async fn listed(
        &self,
        whose: (MerchantId, Environment),
        ids: &[(Retailer, String)],
    ) -> Result<Vec<Looked<Listed>>, StoreError> {
        let own = |(retailer, id): &(Retailer, String)| match retailer {
            Retailer::Other => Some(product_key(whose, Retailer::Other, id)),
            Retailer::Amazon
            | Retailer::Walmart
            | Retailer::Target
            | Retailer::Ebay
            | Retailer::Bestbuy => None,
        };
        let keys: Vec<RowKey> = ids.iter().filter_map(own).collect();
        let rows: HashMap<RowKey, Listed> = self.own_listed(whose.0, keys).await?;
        let looked =
            ids.iter().map(async |named| match own(named).and_then(|key| rows.get(&key)) {
                Some(listed) => Looked::There(listed.clone()),
                None => self.listed_elsewhere(whose.1, named, None).await,
            });
        Ok(join_all(looked).await)
    }

    /// The merchants' own products of these keys that are in their catalogs.
    pub async fn own_listed(
        &self,
        merchant_id: MerchantId,
        keys: Vec<RowKey>,
    ) -> Result<HashMap<RowKey, Listed>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.store.get_many::<Product>(keys).await?;
        let rows: Vec<Product> =
            rows.into_iter().flatten().filter(|product| !product.is_removed()).collect();
        let stocks = self.stocks(merchant_id, &rows).await?;
        let listed = rows.into_iter().map(|row| (row.key(), Listed::own(row, &stocks)));
        Ok(listed.collect())
    }

    /// A product of another shop, its offers as sent to a place if one is named.
    pub async fn listed_elsewhere(
        &self,
        environment: Environment,
        (retailer, id): &(Retailer, String),
        zip_code: Option<&str>,
    ) -> Looked<Listed> {
        let found = match self.catalog.outside.source(environment, *retailer) {
            Some(source) => source.listed(id, zip_code, self.now()).await,
            None => Ok(match environment {
                Environment::Devnet => DEMO.listed(*retailer, id),
                Environment::Mainnet => None,
            }),
        };
        match found {
            Ok(Some(listed)) => Looked::There(listed),
            Ok(None) => Looked::NotThere,
            Err(error) => {
                tracing::warn!(retailer = retailer.as_str(), %error, "a product is not told of");
                Looked::Silent
            }
        }
    }

    /// How many pieces the offers of these products have that are or were counted.
    pub async fn stocks<'a>(
        &self,
        merchant_id: MerchantId,
        products: impl IntoIterator<Item = &'a Product>,
    ) -> Result<Stocks, StoreError> {
        let offers = products.into_iter().flat_map(|product| &product.offers);
        let counted: Vec<_> =
            offers.filter(|offer| offer.has_counter()).map(|offer| offer.id).collect();
        if counted.is_empty() {
            return Ok(Stocks::new());
        }
        let keys: Vec<RowKey> = counted.iter().map(|id| stock_key(merchant_id, *id)).collect();
        let values = self.store.counter_values(&keys).await?;
        Ok(counted.into_iter().zip(values).collect())
    }
}
