//! The offers of a product one by one, and how many pieces each has.
//!
//! A number of pieces is set (`quantity`) or moved (`change`); both count from what shoppers have
//! left, and neither can bring it below zero.

use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OfferId;
use domain::product::change::StockChange;
use domain::product::draft::ProductDraft;
use domain::product::view::{OwnOfferView, ProductView};
use domain::product::{Offer, Product, stock_key};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{OfferBody, OfferPatch};
use super::products::{writer, written};
use super::{Undecided, decide, product_of};
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::commerce::Enveloped;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path, Query, given};
use crate::http::merchant::EnvironmentQuery;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnOffers {
    pub product_id: String,
    pub offers: Vec<OwnOfferView>,
}

/// One of the two.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct StockBody {
    /// How many pieces there are.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64, required = false, minimum = 0)]
    quantity: Option<i64>,
    /// How many more there are, or fewer.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64, required = false)]
    change: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockView {
    pub offer_id: OfferId,
    /// How many pieces are left.
    pub quantity: i64,
}

/// List the offers of a product
#[utoipa::path(
    get,
    path = "/api/commerce/merchant/catalog/products/{productId}/offers",
    tag = "Commerce - Catalog",
    operation_id = "listCatalogOffers",
    params(("productId" = String, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "Its offers", body = Enveloped<OwnOffers>),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<axum::Json<Enveloped<OwnOffers>>, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let product = product_of(&app, (caller.merchant_id, environment), &id).await?;
    let stocks = app.stocks(caller.merchant_id, [&product]).await?;
    let offers = product.offers.iter().map(|offer| offer.view(&stocks)).collect();
    Ok(axum::Json(Enveloped::of(OwnOffers { product_id: id, offers })))
}

/// Add an offer to a product
#[utoipa::path(
    post,
    path = "/api/commerce/merchant/catalog/products/{productId}/offers",
    tag = "Commerce - Catalog",
    operation_id = "createCatalogOffer",
    params(("productId" = String, Path), EnvironmentQuery),
    request_body = OfferBody,
    responses(
        (status = 201, description = "The offer", body = Enveloped<OwnOfferView>),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<OfferBody>,
) -> Result<(StatusCode, axum::Json<Enveloped<OwnOfferView>>), ApiError> {
    let (whose, company) = writer(&app, &caller, query).await?;
    if body.offer_id.is_some() {
        return Err(ApiError::invalid("offerId", "is given by us"));
    }
    let new = body.draft(&company)?;
    let (view, _) = written(&app, whose, &id, |there| {
        let mut draft = there.ok_or_else(|| ApiError::not_found("product"))?;
        draft.offers.push(new.clone());
        Ok(draft)
    })
    .await?;
    let offer = view.offers.into_iter().next_back();
    let offer = offer.ok_or_else(|| ApiError::not_found("offer"))?;
    Ok((StatusCode::CREATED, axum::Json(Enveloped::of(offer))))
}

/// Change an offer
///
/// Absent fields stay as they are.
#[utoipa::path(
    patch,
    path = "/api/commerce/merchant/catalog/products/{productId}/offers/{offerId}",
    tag = "Commerce - Catalog",
    operation_id = "updateCatalogOffer",
    params(("productId" = String, Path), ("offerId" = OfferId, Path), EnvironmentQuery),
    request_body = OfferPatch,
    responses(
        (status = 200, description = "The changed offer", body = Enveloped<OwnOfferView>),
        (status = 400, description = "A field is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product or offer here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn update(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path((id, offer_id)): Path<(String, OfferId)>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<OfferPatch>,
) -> Result<axum::Json<Enveloped<OwnOfferView>>, ApiError> {
    let (whose, _) = writer(&app, &caller, query).await?;
    let (view, _) = written(&app, whose, &id, |there| {
        let mut draft = there.ok_or_else(|| ApiError::not_found("product"))?;
        let at = place_of(&draft, offer_id)?;
        draft.offers[at] = body.over(draft.offers[at].clone())?;
        Ok(draft)
    })
    .await?;
    Ok(axum::Json(Enveloped::of(offer_of(view, offer_id)?)))
}

/// Take an offer away
#[utoipa::path(
    delete,
    path = "/api/commerce/merchant/catalog/products/{productId}/offers/{offerId}",
    tag = "Commerce - Catalog",
    operation_id = "deleteCatalogOffer",
    params(("productId" = String, Path), ("offerId" = OfferId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The offers that are left", body = Enveloped<OwnOffers>),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product or offer here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn remove(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path((id, offer_id)): Path<(String, OfferId)>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<axum::Json<Enveloped<OwnOffers>>, ApiError> {
    let (whose, _) = writer(&app, &caller, query).await?;
    let (view, _) = written(&app, whose, &id, |there| {
        let mut draft = there.ok_or_else(|| ApiError::not_found("product"))?;
        let at = place_of(&draft, offer_id)?;
        draft.offers.remove(at);
        Ok(draft)
    })
    .await?;
    Ok(axum::Json(Enveloped::of(OwnOffers { product_id: id, offers: view.offers })))
}

/// Set how many pieces an offer has
///
/// What shoppers reserve at the same time stays reserved.
#[utoipa::path(
    put,
    path = "/api/commerce/merchant/catalog/products/{productId}/offers/{offerId}/stock",
    tag = "Commerce - Catalog",
    operation_id = "setCatalogStock",
    params(("productId" = String, Path), ("offerId" = OfferId, Path), EnvironmentQuery),
    request_body = StockBody,
    responses(
        (status = 200, description = "How many are left", body = Enveloped<StockView>),
        (status = 400, description = "A number is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product or offer here", body = ErrorBody),
        (status = 409, description = "OUT_OF_STOCK: there are not that many to take away",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn set_stock(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path((id, offer_id)): Path<(String, OfferId)>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<StockBody>,
) -> Result<axum::Json<Enveloped<StockView>>, ApiError> {
    let (whose, _) = writer(&app, &caller, query).await?;
    let ask = match (body.quantity, body.change) {
        (Some(pieces), None) => StockChange::To(pieces),
        (None, Some(by)) => StockChange::By(by),
        (None, None) => return Err(ApiError::invalid("quantity", "is required, or change")),
        (Some(_), Some(_)) => return Err(ApiError::invalid("change", "excludes quantity")),
    };
    let quantity = decide(&app, || async {
        let product: Product = product_of(&app, whose, &id).await?;
        let is_it = |offer: &Offer| offer.id == offer_id;
        if !product.offers.iter().any(is_it) {
            return Err(ApiError::not_found("offer").into());
        }
        let read = app.store.counter(stock_key(whose.0, offer_id)).await?;
        let after = match ask {
            StockChange::To(pieces) => pieces,
            StockChange::By(by) => read.saturating_add(by),
        };
        if matches!(ask, StockChange::By(_)) && after < 0 {
            let message = format!("Only {read} are left");
            return Err(ApiError::new(Code::OutOfStock, message).into());
        }
        let changes = product.set_stock(offer_id, (read, ask), app.now())?;
        Ok::<_, Undecided>((changes, after))
    });
    let view = StockView { offer_id, quantity: quantity.await? };
    Ok(axum::Json(Enveloped::of(view)))
}

fn place_of(draft: &ProductDraft, offer_id: OfferId) -> Result<usize, ApiError> {
    let at = draft.offers.iter().position(|offer| offer.id == Some(offer_id));
    at.ok_or_else(|| ApiError::not_found("offer"))
}

fn offer_of(view: ProductView, offer_id: OfferId) -> Result<OwnOfferView, ApiError> {
    let offer = view.offers.into_iter().find(|offer| offer.offer_id == offer_id);
    offer.ok_or_else(|| ApiError::not_found("offer"))
}
