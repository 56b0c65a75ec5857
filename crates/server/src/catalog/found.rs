//! A search: the index of this process and the outside retailers, asked at once, as one answer.
//!
//! The index answers own products and demo shops; each outside retailer answers for himself, within
//! his time. Results are taken in turns, each source's best first, or merged by price where that is
//! the order. Invariant: a retailer that does not answer is named in `missing`, and costs nothing
//! else; what the index remembers of a product that is gone is left out.

use std::collections::HashMap;

use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::money::Usd;
use domain::retailer::Retailer;
use futures_util::future::join_all;
use providers::retail::catalog::{CatalogOrder, CatalogQuery};
use search::{FacetWish, Facets, Found, HighlightWish, Hit, Query, Scope, Sort, Stock};

use super::Listed;
use super::demo::{DEMO, WHOSE};
use super::index::searched;
use super::outside::Shown;
use crate::app::App;

/// What a shopper asks for, within bounds.
#[derive(Clone, Debug)]
pub struct Ask {
    pub text: String,
    pub retailer: Option<Retailer>,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_min: Option<Usd>,
    pub price_max: Option<Usd>,
    pub sort: Sort,
    /// From 1.
    pub page: usize,
    pub limit: usize,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Row {
    pub shown: Shown,
    pub highlight: Option<search::Highlight>,
}

#[derive(Debug, Default)]
pub struct Results {
    pub page: Vec<Row>,
    pub total: u64,
    /// Of own and demo products; only on the first page.
    pub facets: Option<Facets>,
    pub left_out: Vec<String>,
    /// Retailers that did not answer.
    pub missing: Vec<Retailer>,
    /// Not everything was told to the index yet.
    pub is_partial: bool,
    /// How many of all the results can be paged to.
    pub reachable: usize,
}

impl App {
    pub async fn search(
        &self,
        whose: (MerchantId, Environment),
        ask: Ask,
    ) -> anyhow::Result<Results> {
        let sources: Vec<_> = self.catalog.outside.of(whose.1).collect();
        let asked = sources
            .iter()
            .filter(|source| ask.retailer.is_none_or(|retailer| retailer == source.retailer()));
        let asked: Vec<_> = asked.collect();
        // Alone, the index answers any page; with others each tells its best up to this page.
        let is_alone = asked.is_empty();
        let wanted = self.wanted(whose, &ask, is_alone);
        let indexed = self.indexed(whose, wanted);
        let query = catalog_query(&ask);
        let outside = join_all(
            asked
                .iter()
                .map(async |source| (source.retailer(), source.search(&query, self.now()).await)),
        );
        let (indexed, outside) = tokio::join!(indexed, outside);
        let mut results = indexed?;
        let mut columns = vec![std::mem::take(&mut results.page)];
        for (retailer, answer) in outside {
            match answer {
                Ok(found) => {
                    results.total = results.total.saturating_add(found.total);
                    let shown = found.products.into_iter();
                    columns.push(shown.map(|shown| Row { shown, highlight: None }).collect());
                }
                Err(error) => {
                    let shop = retailer.as_str();
                    tracing::warn!(retailer = shop, %error, "a search goes on without");
                    results.missing.push(retailer);
                }
            }
        }
        results.page = if is_alone {
            columns.remove(0)
        } else {
            results.reachable = search::LIMIT_MAX;
            let merged = merge(columns, ask.sort);
            merged.into_iter().skip((ask.page - 1) * ask.limit).take(ask.limit).collect()
        };
        Ok(results)
    }

    fn wanted(&self, whose: (MerchantId, Environment), ask: &Ask, is_alone: bool) -> Query {
        let scope = |(merchant, environment): (MerchantId, Environment)| Scope {
            merchant_id: merchant.0,
            environment,
        };
        let mut scopes = vec![scope(whose)];
        if whose.1 == Environment::Devnet {
            scopes.push(scope(WHOSE));
        }
        let (offset, limit) = match is_alone {
            true => ((ask.page - 1) * ask.limit, ask.limit),
            false => (0, (ask.page * ask.limit).min(search::LIMIT_MAX)),
        };
        Query {
            scopes,
            text: ask.text.clone(),
            retailer: ask.retailer.map(searched),
            brand: ask.brand.clone(),
            category: ask.category.clone(),
            price_min: ask.price_min,
            price_max: ask.price_max,
            rating_min_hundredths: None,
            stock: Stock::Any,
            sort: ask.sort,
            offset,
            limit,
            facets: if ask.page == 1 { FacetWish::Wanted } else { FacetWish::Not },
            highlight: HighlightWish::Wanted,
        }
    }

    async fn indexed(
        &self,
        whose: (MerchantId, Environment),
        wanted: Query,
    ) -> anyhow::Result<Results> {
        let (found, is_whole) = self.catalog.index.search(wanted).await?;
        let Found { total, hits, facets, left_out } = found;
        let keys = |hits: &[Hit]| hits.iter().map(|hit| RowKey(hit.key)).collect::<Vec<_>>();
        let own = keys(&hits).into_iter().filter(|key| DEMO.by_key(*key).is_none()).collect();
        let rows: HashMap<RowKey, Listed> = self.own_listed(whose.0, own).await?;
        let page = hits.into_iter().filter_map(|hit| {
            let key = RowKey(hit.key);
            let listed = rows.get(&key).or_else(|| DEMO.by_key(key))?;
            Some(Row { shown: Shown::of(listed)?, highlight: hit.highlight })
        });
        Ok(Results {
            page: page.collect(),
            total: u64::try_from(total).unwrap_or(u64::MAX),
            facets,
            left_out,
            missing: Vec::new(),
            is_partial: !is_whole,
            reachable: search::OFFSET_MAX,
        })
    }
}

fn catalog_query(ask: &Ask) -> CatalogQuery {
    CatalogQuery {
        text: ask.text.clone(),
        brand: ask.brand.clone(),
        category: ask.category.clone(),
        price_min: ask.price_min,
        price_max: ask.price_max,
        order: match ask.sort {
            Sort::Relevance => CatalogOrder::Relevance,
            Sort::PriceAsc => CatalogOrder::PriceAscending,
            Sort::PriceDesc => CatalogOrder::PriceDescending,
            Sort::Rating => CatalogOrder::Rating,
            Sort::Newest => CatalogOrder::Newest,
        },
        limit: (ask.page * ask.limit).min(search::LIMIT_MAX),
    }
}

/// One order out of several: by price where that was asked for, else in turns.
fn merge(columns: Vec<Vec<Row>>, sort: Sort) -> Vec<Row> {
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut merged = Vec::new();
    for _ in 0..longest {
        merged.extend(columns.iter_mut().filter_map(Iterator::next));
    }
    let price = |one: &Row| one.shown.price.0;
    match sort {
        Sort::PriceAsc => merged.sort_by_key(price),
        Sort::PriceDesc => merged.sort_by_key(|one| -price(one)),
        Sort::Rating => merged.sort_by_key(|one| std::cmp::Reverse(one.shown.rating)),
        Sort::Relevance | Sort::Newest => {}
    }
    merged
}
