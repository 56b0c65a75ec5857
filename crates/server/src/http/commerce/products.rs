//! A product as shoppers see it, and the offers it can be bought by.
//!
//! It may be the merchant's own, of a demo shop, or of an outside retailer: the answer has one
//! shape. Without `retailer` the own catalog is looked through first, then the shops in the order
//! of their names in the enum.

use axum::extract::State;
use domain::environment::Environment;
use domain::estimate::Looked;
use domain::ids::MerchantId;
use domain::money::UsdNumber;
use domain::product::draft::check_product_id;
use domain::product::view::stars;
use domain::product::{Condition, HandlingDays, Specific, Variant};
use domain::retailer::Retailer;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Dated;
use crate::app::{App, Shared};
use crate::catalog::{Listed, ListedOffer};
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::merchant::EnvironmentQuery;

const ZIP_CODE_MAX: usize = 16;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ShopQuery {
    /// Where it is sold; without it the first shop that has it.
    #[param(inline)]
    pub retailer: Option<Retailer>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct OffersQuery {
    /// Where it is sold; without it the first shop that has it.
    #[param(inline)]
    pub retailer: Option<Retailer>,
    /// Where it would be sent: some retailers offer by place.
    pub zip_code: Option<String>,
}

/// A product in full.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductDetails {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    /// Of the best offer, in USD; null: nobody sells it now.
    pub price: Option<UsdNumber>,
    /// What the best offer takes for sending it, in USD.
    pub ship_price: Option<UsdNumber>,
    pub images: Vec<String>,
    pub main_image: Option<String>,
    pub description: Option<String>,
    pub bullets: Vec<String>,
    pub product_details: Vec<ProductDetail>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    /// In stars, 0 to 5.
    pub rating: Option<UsdNumber>,
    pub review_count: u32,
    pub url: Option<String>,
    /// The product this is a variant of.
    pub parent_id: Option<String>,
    /// What makes it this variant: size, colour.
    pub variant_specifics: Vec<Specific>,
    pub variants: Vec<Variant>,
    pub availability: ProductAvailability,
    pub num_offers: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductDetail {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductAvailability {
    /// It can be bought here.
    Available,
    /// It is sold, but not here: too slow, or sold out.
    Unavailable,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductOffers {
    pub product_id: String,
    pub retailer: Retailer,
    /// Best first.
    pub offers: Vec<OfferView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferView {
    pub offer_id: String,
    pub seller_id: Option<String>,
    pub seller_name: String,
    /// In USD.
    pub price: UsdNumber,
    /// In USD.
    pub shipping: UsdNumber,
    /// Price and shipping, in USD.
    pub total_cost: UsdNumber,
    /// Always false: no offer asks for a membership.
    pub prime: bool,
    /// Always false.
    pub prime_only: bool,
    pub condition: Condition,
    pub handling_days: HandlingDays,
    pub international: bool,
    /// Whether there is one.
    pub available: bool,
    /// Whether it can be bought here: there is one, and it leaves the shop within 10 days.
    pub eligible: bool,
}

impl OfferView {
    fn of(listed: &ListedOffer) -> OfferView {
        let offer = &listed.offer;
        OfferView {
            offer_id: listed.public_id(),
            seller_id: offer.seller_id.clone(),
            seller_name: offer.seller_name.clone(),
            price: offer.price.number(),
            shipping: offer.shipping.number(),
            total_cost: offer.total().number(),
            prime: false,
            prime_only: false,
            condition: offer.condition,
            handling_days: offer.handling_days,
            international: offer.is_international,
            available: listed.is_available(),
            eligible: listed.is_eligible(),
        }
    }
}

impl ProductDetails {
    fn of(listed: Listed) -> ProductDetails {
        let availability = match listed.is_available() {
            true => ProductAvailability::Available,
            false => ProductAvailability::Unavailable,
        };
        let best = listed.best();
        let (price, ship_price) = (
            best.map(|best| best.offer.price.number()),
            best.map(|best| best.offer.shipping.number()),
        );
        let num_offers = listed.offers.len();
        let product = listed.product;
        let details = product.attributes.into_iter();
        ProductDetails {
            main_image: product.images.first().cloned(),
            product_id: product.product_id,
            retailer: product.retailer,
            title: product.title,
            price,
            ship_price,
            images: product.images,
            description: product.description,
            bullets: product.bullets,
            product_details: details.map(|(name, value)| ProductDetail { name, value }).collect(),
            brand: product.brand,
            categories: product.categories,
            rating: product.rating.map(stars),
            review_count: product.review_count,
            url: product.url,
            parent_id: product.parent_id,
            variant_specifics: product.specifics,
            variants: product.variants,
            availability,
            num_offers,
        }
    }
}

/// Retrieve a product
#[utoipa::path(
    get,
    path = "/api/commerce/products/{productId}",
    tag = "Commerce - Products",
    operation_id = "getProduct",
    params(("productId" = String, Path), ShopQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "The product", body = Dated<ProductDetails>),
        (status = 400, description = "No such retailer", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "Nobody sells a product of that id", body = ErrorBody),
        (status = 503, description = "SERVICE_UNAVAILABLE: the retailer does not answer",
            body = ErrorBody),
    ),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<ShopQuery>,
    Query(environment): Query<EnvironmentQuery>,
) -> Result<axum::Json<Dated<ProductDetails>>, ApiError> {
    let environment = caller.environment(&app, environment.environment).await?;
    let whose = (caller.merchant_id, environment);
    let listed = sold(&app, whose, (query.retailer, &id), None).await?;
    Ok(axum::Json(Dated::at(app.now(), ProductDetails::of(listed))))
}

/// List the offers of a product
///
/// Best first: what can be bought here, the cheapest in all first.
#[utoipa::path(
    get,
    path = "/api/commerce/products/{productId}/offers",
    tag = "Commerce - Products",
    operation_id = "listProductOffers",
    params(("productId" = String, Path), OffersQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "Its offers", body = Dated<ProductOffers>),
        (status = 400, description = "No such retailer, or no zip code", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "Nobody sells a product of that id", body = ErrorBody),
        (status = 503, description = "SERVICE_UNAVAILABLE: the retailer does not answer",
            body = ErrorBody),
    ),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn offers(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<OffersQuery>,
    Query(environment): Query<EnvironmentQuery>,
) -> Result<axum::Json<Dated<ProductOffers>>, ApiError> {
    let environment = caller.environment(&app, environment.environment).await?;
    let is_zip = |zip: &&String| {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || " -".contains(letter);
        (1..=ZIP_CODE_MAX).contains(&zip.len()) && zip.chars().all(is_letter)
    };
    if query.zip_code.as_ref().is_some_and(|zip| !is_zip(&zip)) {
        return Err(ApiError::invalid("zipCode", "must be a postal code"));
    }
    let whose = (caller.merchant_id, environment);
    let listed = sold(&app, whose, (query.retailer, &id), query.zip_code.as_deref()).await?;
    let answer = ProductOffers {
        product_id: listed.product.product_id,
        retailer: listed.product.retailer,
        offers: listed.offers.iter().map(OfferView::of).collect(),
    };
    Ok(axum::Json(Dated::at(app.now(), answer)))
}

/// The product, of the shop that is named or of the first that has it.
async fn sold(
    app: &App,
    whose: (MerchantId, Environment),
    (retailer, id): (Option<Retailer>, &str),
    zip_code: Option<&str>,
) -> Result<Listed, ApiError> {
    if check_product_id("productId", id).is_err() {
        return Err(ApiError::not_found("product"));
    }
    let named = |shop: Retailer| (shop, id.to_owned());
    let is_own = retailer.is_none_or(|retailer| retailer == Retailer::Other);
    if is_own {
        let own = app.listed(whose, &[named(Retailer::Other)]).await?.pop();
        if let Some(found) = own.and_then(Looked::there) {
            return Ok(found);
        }
    }
    // All at once: one that is slow does not make the others later.
    let shops = Retailer::ALL.into_iter().filter(|shop| {
        *shop != Retailer::Other && retailer.is_none_or(|retailer| retailer == *shop)
    });
    let asked =
        shops.map(async |shop| (shop, app.listed_elsewhere(whose.1, &named(shop), zip_code).await));
    let mut silent = None;
    for (shop, looked) in join_all(asked).await {
        match looked {
            Looked::There(found) => return Ok(found),
            Looked::NotThere => {}
            Looked::Silent => silent = silent.or(Some(shop)),
        }
    }
    match silent {
        Some(shop) => {
            let message = format!("{} does not answer; try again shortly", shop.as_str());
            Err(ApiError::new(Code::ServiceUnavailable, message).retry_after(1))
        }
        None => Err(ApiError::not_found("product")),
    }
}
