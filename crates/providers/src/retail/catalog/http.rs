//! An outside retailer's catalog over HTTP, in the documented format (docs/commerce.md).
//!
//! Each question is one exchange, bounded in time and in bytes. Invariant: whatever status or body
//! comes back, the caller hears one of our own words or a checked product.

use std::time::Duration;

use bytes::Bytes;
use domain::money::Usd;
use domain::secret::Secret;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::wire::{OffersAnswer, ProductAnswer, SearchAnswer};
use super::{
    Answer, CatalogOrder, CatalogQuery, CatalogSource, OutsideFound, OutsideOffer, OutsideProduct,
    SourceError,
};
use crate::http::Http;

pub struct HttpCatalogConfig {
    /// `…/search`, `…/products/{id}` and `…/products/{id}/offers` are below it.
    pub base_url: Url,
    pub api_key: Option<Secret>,
    pub timeout: Duration,
}

pub struct HttpCatalog {
    config: HttpCatalogConfig,
    http: Http,
}

impl HttpCatalog {
    pub fn new(config: HttpCatalogConfig) -> HttpCatalog {
        HttpCatalog { http: Http::new(config.timeout), config }
    }

    fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.config.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// None: there is no such thing.
    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<Option<T>, SourceError> {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = Request::get(path)
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "pepay");
        if let Some(key) = &self.config.api_key {
            request = request.header(AUTHORIZATION, format!("Bearer {}", key.expose()));
        }
        let request = request.body(Full::new(Bytes::new())).map_err(|_| SourceError::Malformed)?;
        let reply = self.http.exchange(&url, request).await?;
        let status = StatusCode::from_u16(reply.status).map_err(|_| SourceError::Malformed)?;
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(SourceError::Unauthorized),
            StatusCode::TOO_MANY_REQUESTS => Err(SourceError::Busy),
            status if status.is_success() => {
                let read = serde_json::from_slice(&reply.body);
                read.map(Some).map_err(|_| SourceError::Malformed)
            }
            status if status.is_server_error() => Err(SourceError::Unreachable),
            _ => Err(SourceError::Malformed),
        }
    }
}

impl CatalogSource for HttpCatalog {
    fn search<'a>(&'a self, query: &'a CatalogQuery) -> Answer<'a, OutsideFound> {
        let limit = query.limit.to_string();
        let order = match query.order {
            CatalogOrder::Relevance => "relevance",
            CatalogOrder::PriceAscending => "price_asc",
            CatalogOrder::PriceDescending => "price_desc",
            CatalogOrder::Rating => "rating",
            CatalogOrder::Newest => "newest",
        };
        let price = |price: Option<Usd>| price.map(Usd::cents_decimal);
        let (from, to) = (price(query.price_min), price(query.price_max));
        let mut pairs = vec![("q", query.text.as_str()), ("limit", &limit), ("sort", order)];
        let wishes = [
            ("minPrice", from.as_deref()),
            ("maxPrice", to.as_deref()),
            ("brand", query.brand.as_deref()),
            ("category", query.category.as_deref()),
        ];
        pairs.extend(wishes.into_iter().filter_map(|(name, wish)| Some((name, wish?))));
        let url = self.url(&["search"], &pairs);
        Box::pin(async move {
            let answer: SearchAnswer = self.get(url).await?.ok_or(SourceError::Malformed)?;
            Ok(answer.read())
        })
    }

    fn product<'a>(&'a self, id: &'a str) -> Answer<'a, Option<OutsideProduct>> {
        let url = self.url(&["products", id], &[]);
        Box::pin(async move {
            let answer: Option<ProductAnswer> = self.get(url).await?;
            answer.map(ProductAnswer::read).transpose()
        })
    }

    fn offers<'a>(
        &'a self,
        id: &'a str,
        zip_code: Option<&'a str>,
    ) -> Answer<'a, Vec<OutsideOffer>> {
        let pairs: Vec<_> = zip_code.into_iter().map(|zip| ("zipCode", zip)).collect();
        let url = self.url(&["products", id, "offers"], &pairs);
        Box::pin(async move {
            let answer: Option<OffersAnswer> = self.get(url).await?;
            Ok(answer.map(OffersAnswer::read).unwrap_or_default())
        })
    }
}
