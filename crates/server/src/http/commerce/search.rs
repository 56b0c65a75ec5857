//! The search of a shop: typing errors forgiven, filtered, sorted, counted by facets, paged.
//!
//! Own products and demo shops are answered by the index of this process; outside retailers, where
//! the operator has named some, answer for themselves. One that is slow or down is named in
//! `warnings`, and the others' results come all the same.

use axum::extract::State;
use domain::money::{Usd, UsdNumber};
use domain::product::view::stars;
use domain::retailer::Retailer;
use search::Sort;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Dated;
use crate::app::Shared;
use crate::catalog::found::{Ask, Row};
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Query;
use crate::http::merchant::EnvironmentQuery;
use crate::http::page::bounded;

const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;
const PAGE_MAX: i64 = 1_000;
/// How far down a search can be paged.
const RESULTS_MAX: usize = search::OFFSET_MAX;
const TEXT_BYTES_MAX: usize = search::QUERY_BYTES_MAX;
const NAME_BYTES_MAX: usize = 200;
const PRICE_PLACES: u32 = 3;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// What the shopper typed, at most 512 bytes; without it everything is browsed, the best rated
    /// first.
    pub q: Option<String>,
    /// How many, 1 to 100; 20 if left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
    /// From 1. A search is paged down to its 1,000th result.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1_000)]
    pub page: Option<String>,
    /// Only of this shop.
    #[param(inline)]
    pub retailer: Option<Retailer>,
    /// In USD.
    #[param(value_type = Option<f64>)] // float: a number's schema
    pub min_price: Option<String>,
    /// In USD.
    #[param(value_type = Option<f64>)] // float: a number's schema
    pub max_price: Option<String>,
    pub brand: Option<String>,
    pub category: Option<String>,
    #[param(inline)]
    pub sort: SortBy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    #[default]
    Relevance,
    PriceAsc,
    PriceDesc,
    Rating,
    Newest,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAnswer {
    pub products: Vec<FoundProduct>,
    pub pagination: SearchPagination,
    /// Of your own catalog and the demo shops, on the first page only.
    pub facets: Option<FacetsView>,
    pub query: String,
    pub retailer: Option<Retailer>,
    /// Words that nothing has, not even misspelt: it was searched for the others.
    pub left_out: Vec<String>,
    pub warnings: Vec<SearchWarning>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundProduct {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    /// Of the best offer, in USD.
    pub price: UsdNumber,
    pub image: Option<String>,
    /// 0 to 5.
    pub stars: Option<UsdNumber>,
    pub num_reviews: u32,
    pub url: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    /// Whether it can be bought here now.
    pub available: bool,
    /// The title in pieces, those that were searched for marked; null if none was.
    pub highlight: Option<Vec<TitlePiece>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TitlePiece {
    pub text: String,
    pub is_match: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchPagination {
    pub page: usize,
    pub limit: usize,
    pub total_pages: usize,
    pub total_results: u64,
    pub has_next: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FacetsView {
    pub brands: Vec<NameCount>,
    pub categories: Vec<NameCount>,
    pub retailers: Vec<RetailerCount>,
    pub prices: Vec<PriceCount>,
    /// Whether brands and categories are counted over a sample and scaled.
    pub estimated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NameCount {
    pub name: String,
    pub count: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RetailerCount {
    pub retailer: Retailer,
    pub count: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PriceCount {
    /// In USD, inclusive.
    pub from: UsdNumber,
    /// In USD, exclusive; null: no end.
    pub below: Option<UsdNumber>,
    pub count: usize,
}

/// Something is missing from this answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchWarning {
    /// `RETAILER_UNAVAILABLE` or `INDEX_INCOMPLETE`.
    pub code: &'static str,
    pub message: String,
    pub retailer: Option<Retailer>,
}

/// Search products
#[utoipa::path(
    get,
    path = "/api/commerce/search",
    tag = "Commerce - Products",
    operation_id = "searchProducts",
    params(SearchQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page of products", body = Dated<SearchAnswer>),
        (status = 400, description = "A filter is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 503, description = "SERVICE_UNAVAILABLE: the index cannot be read; it is being \
            made anew", body = ErrorBody),
    ),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn search(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<SearchQuery>,
    Query(environment): Query<EnvironmentQuery>,
) -> Result<axum::Json<Dated<SearchAnswer>>, ApiError> {
    let environment = caller.environment(&app, environment.environment).await?;
    let (text, retailer) = (query.q.clone().unwrap_or_default(), query.retailer);
    let ask = query.ask()?;
    let (page, limit) = (ask.page, ask.limit);
    let found = app.search((caller.merchant_id, environment), ask).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a search failed");
        ApiError::new(Code::ServiceUnavailable, "The search index cannot be read").retry_after(1)
    })?;
    let total = usize::try_from(found.total).unwrap_or(usize::MAX);
    let total_pages = total.min(found.reachable).div_ceil(limit);
    let mut warnings: Vec<SearchWarning> =
        found.missing.iter().map(|shop| SearchWarning::silent(*shop)).collect();
    if found.is_partial {
        warnings.push(SearchWarning {
            code: "INDEX_INCOMPLETE",
            message: "The search index is being made; some products are not found yet".to_owned(),
            retailer: None,
        });
    }
    let answer = SearchAnswer {
        products: found.page.into_iter().map(FoundProduct::of).collect(),
        pagination: SearchPagination {
            page,
            limit,
            total_pages,
            total_results: found.total,
            has_next: page < total_pages,
        },
        facets: found.facets.map(FacetsView::of),
        query: text,
        retailer,
        left_out: found.left_out,
        warnings,
    };
    Ok(axum::Json(Dated::at(app.now(), answer)))
}

impl SearchQuery {
    fn ask(self) -> Result<Ask, ApiError> {
        let number = |param, text: &Option<String>, default, max| {
            let number = bounded(param, text.as_deref(), default, max)?;
            Ok::<_, ApiError>(usize::try_from(number).unwrap_or(1))
        };
        let limit = number("limit", &self.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
        let page = number("page", &self.page, 1, PAGE_MAX)?;
        if (page - 1) * limit >= RESULTS_MAX {
            let message = format!("goes beyond the first {RESULTS_MAX} results");
            return Err(ApiError::invalid("page", message));
        }
        let text = self.q.unwrap_or_default();
        if text.len() > TEXT_BYTES_MAX {
            return Err(ApiError::invalid("q", format!("must be at most {TEXT_BYTES_MAX} bytes")));
        }
        for (param, name) in [("brand", &self.brand), ("category", &self.category)] {
            if name.as_ref().is_some_and(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
                let message = format!("must be 1 to {NAME_BYTES_MAX} bytes");
                return Err(ApiError::invalid(param, message));
            }
        }
        let price = |param, text: Option<String>| {
            let wrong = || ApiError::invalid(param, "must be an amount of USD, not below zero");
            text.map(|text| Usd::parse(&text, PRICE_PLACES).map_err(|_| wrong())).transpose()
        };
        let price_min = price("minPrice", self.min_price)?;
        let price_max = price("maxPrice", self.max_price)?;
        if price_min.zip(price_max).is_some_and(|(min, max)| min > max) {
            return Err(ApiError::invalid("maxPrice", "must not be below minPrice"));
        }
        Ok(Ask {
            text,
            retailer: self.retailer,
            brand: self.brand,
            category: self.category,
            price_min,
            price_max,
            sort: match self.sort {
                SortBy::Relevance => Sort::Relevance,
                SortBy::PriceAsc => Sort::PriceAsc,
                SortBy::PriceDesc => Sort::PriceDesc,
                SortBy::Rating => Sort::Rating,
                SortBy::Newest => Sort::Newest,
            },
            page,
            limit,
        })
    }
}

impl FoundProduct {
    fn of(row: Row) -> FoundProduct {
        let shown = row.shown;
        FoundProduct {
            product_id: shown.product_id,
            retailer: shown.retailer,
            title: shown.title,
            price: shown.price.number(),
            image: shown.image,
            stars: shown.rating.map(stars),
            num_reviews: shown.review_count,
            url: shown.url,
            brand: shown.brand,
            categories: shown.categories,
            available: shown.is_available,
            highlight: row.highlight.and_then(pieces),
        }
    }
}

/// A title cut where its marks begin and end.
fn pieces(highlight: search::Highlight) -> Option<Vec<TitlePiece>> {
    let search::Highlight { title, marks } = highlight;
    let (mut pieces, mut at) = (Vec::new(), 0);
    let mut push = |range: std::ops::Range<usize>, is_match| {
        let text = title.get(range).unwrap_or_default().to_owned();
        if !text.is_empty() {
            pieces.push(TitlePiece { text, is_match });
        }
    };
    for mark in &marks {
        push(at..mark.start, false);
        push(mark.clone(), true);
        at = mark.end;
    }
    push(at..title.len(), false);
    (!marks.is_empty()).then_some(pieces)
}

impl FacetsView {
    fn of(facets: search::Facets) -> FacetsView {
        let names = |counts: Vec<search::FacetCount>| {
            let counts = counts.into_iter();
            counts.map(|one| NameCount { name: one.name, count: one.count }).collect()
        };
        let retailers = facets.retailers.into_iter().filter_map(|(shop, count)| {
            Retailer::parse(shop.as_str()).map(|retailer| RetailerCount { retailer, count })
        });
        let prices = facets.prices.into_iter().map(|(range, count)| PriceCount {
            from: range.from.number(),
            below: range.below.map(Usd::number),
            count,
        });
        FacetsView {
            brands: names(facets.brands),
            categories: names(facets.categories),
            retailers: retailers.collect(),
            prices: prices.collect(),
            estimated: facets.estimated,
        }
    }
}

impl SearchWarning {
    fn silent(retailer: Retailer) -> SearchWarning {
        SearchWarning {
            code: "RETAILER_UNAVAILABLE",
            message: format!("{} did not answer; its products are missing", retailer.as_str()),
            retailer: Some(retailer),
        }
    }
}
