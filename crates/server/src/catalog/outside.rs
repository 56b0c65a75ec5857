//! Outside retailers: who is asked for which shop, what is remembered of them, and for how long.
//!
//! One source serves one retailer in one environment. Answers are kept for a while in a bounded
//! memory, so that a page that is looked at again costs the retailer nothing; what is to be paid is
//! asked for more often than what is only shown.
//!
//! Invariant: a request waits for a retailer as long as his time-out and no longer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use domain::environment::Environment;
use domain::estimate::Chosen;
use domain::ids::MerchantId;
use domain::money::Usd;
use domain::product::Product;
use domain::product::draft::ProductDraft;
use domain::retailer::Retailer;
use domain::time::{MINUTE_MS, Timestamp};
use providers::retail::catalog::http::HttpCatalog;
use providers::retail::catalog::{
    Answer, CatalogQuery, CatalogSource, OutsideOffer, OutsideProduct, OutsideRow, SourceError,
};
use tokio::sync::Semaphore;

use super::demo::shop_offer;
use super::{Listed, ListedOffer};
use crate::config::RetailerConfigs;

const SEARCHES_KEPT: usize = 500;
const PRODUCTS_KEPT: usize = 1_000;
const OFFERS_KEPT: usize = 500;
const SEARCH_KEPT_MS: i64 = 5 * MINUTE_MS;
const PRODUCT_KEPT_MS: i64 = 15 * MINUTE_MS;
/// Prices and what is left: a checkout does not go by what was true long ago.
const OFFERS_KEPT_MS: i64 = MINUTE_MS;

/// Questions that one retailer is asked at a time.
const ASKED_AT_ONCE: usize = 16;
/// How long one that did not answer is left alone: whoever comes meanwhile hears the same at once.
const REST_MS: i64 = 1_000;

/// A product as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub price: Usd,
    pub image: Option<String>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub review_count: u32,
    pub url: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    pub is_available: bool,
}

impl Shown {
    /// None: nobody sells it.
    pub fn of(listed: &Listed) -> Option<Shown> {
        let best = listed.best()?;
        let product = &listed.product;
        Some(Shown {
            product_id: product.product_id.clone(),
            retailer: product.retailer,
            title: product.title.clone(),
            price: best.offer.price,
            image: product.image().map(str::to_owned),
            rating: product.rating,
            review_count: product.review_count,
            url: product.url.clone(),
            brand: product.brand.clone(),
            categories: product.categories.clone(),
            is_available: listed.is_available(),
        })
    }

    fn outside(retailer: Retailer, row: OutsideRow) -> Shown {
        Shown {
            product_id: row.product_id,
            retailer,
            title: row.title,
            price: row.price,
            image: row.image,
            rating: row.rating,
            review_count: row.review_count,
            url: row.url,
            brand: row.brand,
            categories: row.categories,
            is_available: row.is_available,
        }
    }
}

/// The first results of an outside retailer.
#[derive(Clone, Debug)]
pub struct Page {
    pub products: Vec<Shown>,
    pub total: u64,
}

pub struct Outside {
    sources: Vec<((Environment, Retailer), Arc<Source>)>,
}

/// One outside retailer and what is remembered of him.
pub struct Source {
    retailer: Retailer,
    environment: Environment,
    source: Box<dyn CatalogSource>,
    turns: Semaphore,
    /// Why he did not answer the last time he did not, and when.
    failed: Mutex<Option<(SourceError, Timestamp)>>,
    searches: Kept<CatalogQuery, Arc<Page>>,
    products: Kept<String, Option<Arc<OutsideProduct>>>,
    offers: Kept<(String, Option<String>), Arc<Vec<OutsideOffer>>>,
}

impl Outside {
    pub fn open(configs: &RetailerConfigs) -> anyhow::Result<Outside> {
        let mut sources = Vec::new();
        for (environment, shops) in configs {
            for (retailer, config) in shops {
                let client = HttpCatalog::new(config.http(*retailer)?);
                let source = Source::new((*environment, *retailer), Box::new(client));
                sources.push(((*environment, *retailer), Arc::new(source)));
            }
        }
        Ok(Outside { sources })
    }

    pub fn source(&self, environment: Environment, retailer: Retailer) -> Option<Arc<Source>> {
        let place = (environment, retailer);
        self.sources.iter().find(|(of, _)| *of == place).map(|(_, source)| source.clone())
    }

    pub fn of(&self, environment: Environment) -> impl Iterator<Item = Arc<Source>> {
        let of = move |((its, _), source): &((Environment, Retailer), Arc<Source>)| {
            (*its == environment).then(|| source.clone())
        };
        self.sources.iter().filter_map(of)
    }
}

impl Source {
    pub fn new(
        (environment, retailer): (Environment, Retailer),
        source: Box<dyn CatalogSource>,
    ) -> Source {
        Source {
            retailer,
            environment,
            source,
            turns: Semaphore::new(ASKED_AT_ONCE),
            failed: Mutex::default(),
            searches: Kept::new(SEARCHES_KEPT, SEARCH_KEPT_MS),
            products: Kept::new(PRODUCTS_KEPT, PRODUCT_KEPT_MS),
            offers: Kept::new(OFFERS_KEPT, OFFERS_KEPT_MS),
        }
    }

    pub fn retailer(&self) -> Retailer {
        self.retailer
    }

    pub async fn search(&self, query: &CatalogQuery, now: Timestamp) -> Result<Page, SourceError> {
        if let Some(page) = self.searches.get(query, now) {
            return Ok(Page::clone(&page));
        }
        let found = self.ask(self.source.search(query), now).await?;
        let rows = found.products.into_iter().take(query.limit);
        let products = rows.map(|row| Shown::outside(self.retailer, row)).collect();
        let page = Page { products, total: found.total };
        self.searches.put(query.clone(), Arc::new(page.clone()), now);
        Ok(page)
    }

    /// A product and its offers, as sent to a place if one is named.
    pub async fn listed(
        &self,
        id: &str,
        zip_code: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Listed>, SourceError> {
        let (product, offers) = tokio::join!(self.product(id, now), self.offers(id, zip_code, now));
        let Some(product) = product? else { return Ok(None) };
        let offers = offers?.iter().map(|offer| self.offer(id, offer)).collect();
        let product = self.row(id, product.draft.clone(), now);
        Ok(Some(Listed::new(product, offers)))
    }

    async fn product(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<OutsideProduct>>, SourceError> {
        let id = id.to_owned();
        if let Some(product) = self.products.get(&id, now) {
            return Ok(product);
        }
        let product = self.ask(self.source.product(&id), now).await?.map(Arc::new);
        self.products.put(id, product.clone(), now);
        Ok(product)
    }

    async fn offers(
        &self,
        id: &str,
        zip_code: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Vec<OutsideOffer>>, SourceError> {
        let place = (id.to_owned(), zip_code.map(str::to_owned));
        if let Some(offers) = self.offers.get(&place, now) {
            return Ok(offers);
        }
        let offers = Arc::new(self.ask(self.source.offers(id, zip_code), now).await?);
        self.offers.put(place, offers.clone(), now);
        Ok(offers)
    }

    /// Asks when it is somebody's turn; not at all while he is left alone.
    async fn ask<T>(&self, question: Answer<'_, T>, now: Timestamp) -> Result<T, SourceError> {
        self.rested(now)?;
        let _turn = self.turns.acquire().await.map_err(|_| SourceError::Busy)?;
        self.rested(now)?;
        let answer = question.await;
        match answer {
            Err(error @ (SourceError::TimedOut | SourceError::Unreachable | SourceError::Busy)) => {
                *self.failed.lock().expect("nobody panics holding it") = Some((error, now))
            }
            Ok(_) | Err(SourceError::Unauthorized | SourceError::Malformed) => {}
        }
        answer
    }

    fn rested(&self, now: Timestamp) -> Result<(), SourceError> {
        let failed = *self.failed.lock().expect("nobody panics holding it");
        match failed.filter(|(_, at)| now < at.plus_ms(REST_MS)) {
            Some((error, _)) => Err(error),
            None => Ok(()),
        }
    }

    fn offer(&self, id: &str, offer: &OutsideOffer) -> ListedOffer {
        let name = format!("{}/{id}/{}", self.retailer.as_str(), offer.offer_id);
        ListedOffer {
            offer: shop_offer(offer.draft.clone(), &name),
            chosen: Chosen::Outside { offer_id: offer.offer_id.clone() },
            left: (!offer.is_available).then_some(0),
        }
    }

    fn row(&self, id: &str, draft: ProductDraft, now: Timestamp) -> Product {
        Product {
            merchant_id: MerchantId::HOUSE,
            environment: self.environment,
            retailer: self.retailer,
            product_id: id.to_owned(),
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
            offers: Vec::new(),
            created_at: now,
            updated_at: now,
            removed_at: None,
            version: 0,
        }
    }
}

/// A bounded memory of answers, each for a time; when it is full what is old goes, else all.
struct Kept<K, V> {
    map: Mutex<HashMap<K, (V, Timestamp)>>,
    entries_max: usize,
    kept_ms: i64,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn new(entries_max: usize, kept_ms: i64) -> Kept<K, V> {
        Kept { map: Mutex::default(), entries_max, kept_ms }
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let map = self.map.lock().expect("nobody panics holding it");
        let (value, at) = map.get(key)?;
        (now < at.plus_ms(self.kept_ms)).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut map = self.map.lock().expect("nobody panics holding it");
        if map.len() >= self.entries_max {
            map.retain(|_, (_, at)| now < at.plus_ms(self.kept_ms));
        }
        if map.len() >= self.entries_max {
            map.clear();
        }
        map.insert(key, (value, now));
    }
}
