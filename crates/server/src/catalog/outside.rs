//! Outside retailers: who is asked for which shop, what is remembered of them, and for how long.
//!
//! One source serves one retailer in one environment. Answers are kept for a while in a bounded
//! memory, so that a page that is looked at again costs the retailer nothing; what is to be paid is
//! asked for more often than what is only shown.
//!
//! Who asks what somebody else is asking at the moment waits for the same answer.
//!
//! Invariant: a request waits for a retailer as long as his time-out and no longer, its turn
//! included.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    Answer, CatalogQuery, CatalogSource, OutsideFound, OutsideOffer, OutsideProduct, OutsideRow,
    SourceError,
};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::{Instant, timeout_at};

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
    /// How long whoever asks waits, for his turn and for the answer together.
    timeout: Duration,
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
                let http = config.http(*retailer)?;
                let timeout = http.timeout;
                let client = Box::new(HttpCatalog::new(http));
                let source = Source::new((*environment, *retailer), client, timeout);
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
        timeout: Duration,
    ) -> Source {
        Source {
            retailer,
            environment,
            source,
            turns: Semaphore::new(ASKED_AT_ONCE),
            timeout,
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
        let asked = async {
            let found = self.ask(self.source.search(query), now).await?;
            Ok(Arc::new(self.page(query, found)))
        };
        let page = self.searches.get_or_ask(query.clone(), now, asked).await?;
        Ok(Page::clone(&page))
    }

    /// What fits the question, each product once: retailers are asked for that and not trusted.
    fn page(&self, query: &CatalogQuery, found: OutsideFound) -> Page {
        let told = found.products.len();
        let mut seen = HashSet::new();
        let mut rows = found.products;
        rows.retain(|row| {
            let is_dear_enough = query.price_min.is_none_or(|min| row.price >= min);
            let is_cheap_enough = query.price_max.is_none_or(|max| row.price <= max);
            is_dear_enough && is_cheap_enough && seen.insert(row.product_id.clone())
        });
        let dropped = u64::try_from(told - rows.len()).unwrap_or(u64::MAX);
        let rows = rows.into_iter().take(query.limit);
        let products = rows.map(|row| Shown::outside(self.retailer, row)).collect();
        Page { products, total: found.total.saturating_sub(dropped) }
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
        let asked = async { Ok(self.ask(self.source.product(id), now).await?.map(Arc::new)) };
        self.products.get_or_ask(id.to_owned(), now, asked).await
    }

    async fn offers(
        &self,
        id: &str,
        zip_code: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Vec<OutsideOffer>>, SourceError> {
        let place = (id.to_owned(), zip_code.map(str::to_owned));
        let asked = async { Ok(Arc::new(self.ask(self.source.offers(id, zip_code), now).await?)) };
        self.offers.get_or_ask(place, now, asked).await
    }

    /// Asks when it is somebody's turn; not at all while he is left alone.
    fn ask<'a, T>(
        &'a self,
        question: Answer<'a, T>,
        now: Timestamp,
    ) -> impl Future<Output = Result<T, SourceError>> + 'a
    where
        T: 'a,
    {
        // From here on, and not from when it is asked first: it may take over for somebody else.
        let deadline = Instant::now() + self.timeout;
        async move {
            self.rested(now)?;
            // Nobody's turn came up in time: that says nothing of him.
            let turn = timeout_at(deadline, self.turns.acquire()).await;
            let _turn = turn.ok().and_then(Result::ok).ok_or(SourceError::Busy)?;
            self.rested(now)?;
            let answer = timeout_at(deadline, question).await;
            let answer = answer.unwrap_or(Err(SourceError::TimedOut));
            match answer {
                Err(
                    error @ (SourceError::TimedOut | SourceError::Unreachable | SourceError::Busy),
                ) => *self.failed.lock().expect("nobody panics holding it") = Some((error, now)),
                Ok(_) | Err(SourceError::Unauthorized | SourceError::Malformed) => {}
            }
            answer
        }
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
    /// Questions that are being asked.
    asked: Mutex<HashMap<K, Arc<Answering<V>>>>,
    entries_max: usize,
    kept_ms: i64,
}

/// The answer that all wait for who asked the same; who leaves lets another one ask on.
type Answering<V> = OnceCell<Result<V, SourceError>>;

impl<K: Clone + Eq + Hash, V: Clone> Kept<K, V> {
    fn new(entries_max: usize, kept_ms: i64) -> Kept<K, V> {
        Kept { map: Mutex::default(), asked: Mutex::default(), entries_max, kept_ms }
    }

    /// What is remembered, else what comes of the question, which equal ones share.
    async fn get_or_ask(
        &self,
        key: K,
        now: Timestamp,
        question: impl Future<Output = Result<V, SourceError>>,
    ) -> Result<V, SourceError> {
        if let Some(value) = self.get(&key, now) {
            return Ok(value);
        }
        let waiting = Waiting::of(self, key.clone());
        let ask = async move {
            let answer = question.await;
            if let Ok(value) = &answer {
                self.put(key, value.clone(), now);
            }
            answer
        };
        waiting.answer.get_or_init(|| ask).await.clone()
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

/// One who waits for an answer. Whoever is answered, or the last to leave, ends the question.
struct Waiting<'a, K: Eq + Hash, V> {
    asked: &'a Mutex<HashMap<K, Arc<Answering<V>>>>,
    key: K,
    answer: Arc<Answering<V>>,
}

impl<'a, K: Clone + Eq + Hash, V> Waiting<'a, K, V> {
    fn of(kept: &'a Kept<K, V>, key: K) -> Waiting<'a, K, V> {
        let mut asked = kept.asked.lock().expect("nobody panics holding it");
        let answer = asked.entry(key.clone()).or_default().clone();
        Waiting { asked: &kept.asked, key, answer }
    }
}

impl<K: Eq + Hash, V> Drop for Waiting<'_, K, V> {
    fn drop(&mut self) {
        let mut asked = self.asked.lock().expect("nobody panics holding it");
        let is_it = asked.get(&self.key).is_some_and(|one| Arc::ptr_eq(one, &self.answer));
        // The map's own and this one: nobody else waits.
        let is_last = Arc::strong_count(&self.answer) <= 2;
        if is_it && (self.answer.initialized() || is_last) {
            asked.remove(&self.key);
        }
    }
}
