//! The merchant's products one by one: put in, listed, read, replaced, changed, taken out.
//!
//! A product is read and written under the merchant's own number, and lists are paged by it.
//! Invariant: what an answer shows is what was committed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::member::Role;
use domain::product::change::Outcome;
use domain::product::draft::{ProductDraft, check_product_id};
use domain::product::product_key;
use domain::product::view::ProductView;
use domain::retailer::Retailer;
use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

use super::body::{ProductBody, ProductPatch};
use super::{Undecided, Whose, decide, product_of, put, row_of};
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::commerce::Enveloped;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductPage {
    pub products: Vec<ProductView>,
    pub has_more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedProduct {
    pub product_id: String,
    /// Always true.
    pub deleted: bool,
}

/// Whose catalog, and what sells what nobody else is said to sell.
pub(super) async fn writer(
    app: &App,
    caller: &Caller,
    query: EnvironmentQuery,
) -> Result<(Whose, String), ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(app, query.environment).await?;
    let company = caller.merchant(app).await?.company_name.clone();
    Ok(((caller.merchant_id, environment), company))
}

/// Put a product into your catalog
#[utoipa::path(
    post,
    path = "/api/commerce/merchant/catalog/products",
    tag = "Commerce - Catalog",
    operation_id = "createCatalogProduct",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = ProductBody,
    responses(
        (status = 201, description = "The product", body = Enveloped<ProductView>),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "ALREADY_EXISTS: you have a product of that productId",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let (whose, company) = writer(&app, &caller, query).await?;
    let body: ProductBody = parse_json(&write.body)?;
    let id = body.product_id.clone();
    let id = id.ok_or_else(|| ApiError::invalid("productId", "is required"))?;
    check_product_id("productId", &id)?;
    let draft = body.draft(&company)?;
    let once = write.once(whose)?;
    let taken = || {
        let error = ApiError::new(Code::AlreadyExists, "There is a product of that productId");
        ApiError { param: Some("productId".to_owned()), ..error }
    };
    let made = once.answer(&app, || async {
        let row = row_of(&app, whose, &id).await?;
        if row.as_ref().is_some_and(|row| !row.is_removed()) {
            return Err(taken());
        }
        let put = put(&app, whose, (&id, row.as_ref()), &draft).await;
        let put = put.map_err(|error| match error {
            Undecided::Refused(error) => error,
            Undecided::PiecesTaken => taken(),
        })?;
        let body = Enveloped::of(put.product.view(&put.stocks));
        Ok((put.changes, Answer { status: StatusCode::CREATED, ..Answer::ok(&body) }))
    });
    made.await.map_err(|error| match error.code {
        Code::AlreadyExists => taken(),
        _ => error,
    })
}

/// List your catalog
///
/// In an order of its own that does not change; `starting_after` takes the last `productId`.
#[utoipa::path(
    get,
    path = "/api/commerce/merchant/catalog/products",
    tag = "Commerce - Catalog",
    operation_id = "listCatalogProducts",
    params(PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page of products", body = Enveloped<ProductPage>),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<PageQuery>,
    Query(environment): Query<EnvironmentQuery>,
) -> Result<axum::Json<Enveloped<ProductPage>>, ApiError> {
    let environment = caller.environment(&app, environment.environment).await?;
    let whose = (caller.merchant_id, environment);
    let key_of = |id: &str| {
        check_product_id("starting_after", id).ok()?;
        Some(product_key(whose, Retailer::Other, id))
    };
    let (limit, page): (i64, Page) = (query.limit()?, query.page_by(key_of)?);
    let rows = app.store.products(whose, page, limit + 1).await?;
    let List { data, has_more, .. } = List::of(rows, limit, page);
    let stocks = app.stocks(caller.merchant_id, &data).await?;
    let products = data.iter().map(|product| product.view(&stocks)).collect();
    Ok(axum::Json(Enveloped::of(ProductPage { products, has_more })))
}

/// Retrieve a product of your catalog
#[utoipa::path(
    get,
    path = "/api/commerce/merchant/catalog/products/{productId}",
    tag = "Commerce - Catalog",
    operation_id = "getCatalogProduct",
    params(("productId" = String, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The product", body = Enveloped<ProductView>),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<axum::Json<Enveloped<ProductView>>, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let product = product_of(&app, (caller.merchant_id, environment), &id).await?;
    let stocks = app.stocks(caller.merchant_id, [&product]).await?;
    Ok(axum::Json(Enveloped::of(product.view(&stocks))))
}

/// Replace a product of your catalog, or put it in
///
/// Offers of the same seller and condition keep their `offerId` and, unless `stock` says otherwise,
/// their pieces. Answers 201 if the product was not there.
#[utoipa::path(
    put,
    path = "/api/commerce/merchant/catalog/products/{productId}",
    tag = "Commerce - Catalog",
    operation_id = "putCatalogProduct",
    params(("productId" = String, Path), EnvironmentQuery),
    request_body = ProductBody,
    responses(
        (status = 200, description = "The product", body = Enveloped<ProductView>),
        (status = 201, description = "The new product", body = Enveloped<ProductView>),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn replace(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<ProductBody>,
) -> Result<(StatusCode, axum::Json<Enveloped<ProductView>>), ApiError> {
    let (whose, company) = writer(&app, &caller, query).await?;
    if body.product_id.as_ref().is_some_and(|named| *named != id) {
        return Err(ApiError::invalid("productId", "must be that of the path"));
    }
    let draft = body.draft(&company)?;
    let (view, outcome) = written(&app, whose, &id, |_| Ok(draft.clone())).await?;
    let status = match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Updated | Outcome::Unchanged => StatusCode::OK,
    };
    Ok((status, axum::Json(Enveloped::of(view))))
}

/// Change a product of your catalog
///
/// Absent fields stay as they are.
#[utoipa::path(
    patch,
    path = "/api/commerce/merchant/catalog/products/{productId}",
    tag = "Commerce - Catalog",
    operation_id = "updateCatalogProduct",
    params(("productId" = String, Path), EnvironmentQuery),
    request_body = ProductPatch,
    responses(
        (status = 200, description = "The changed product", body = Enveloped<ProductView>),
        (status = 400, description = "A field is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn update(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<ProductPatch>,
) -> Result<axum::Json<Enveloped<ProductView>>, ApiError> {
    let (whose, company) = writer(&app, &caller, query).await?;
    let patch = body.parse(&company)?;
    let over = |there: Option<ProductDraft>| {
        let there = there.ok_or_else(|| ApiError::not_found("product"))?;
        Ok(patch.over(there))
    };
    let (view, _) = written(&app, whose, &id, over).await?;
    Ok(axum::Json(Enveloped::of(view)))
}

/// Makes a product what `draft` says, out of what is there.
pub(super) async fn written(
    app: &App,
    whose: Whose,
    id: &str,
    draft: impl Fn(Option<ProductDraft>) -> Result<ProductDraft, ApiError>,
) -> Result<(ProductView, Outcome), ApiError> {
    check_product_id("productId", id)?;
    decide(app, || async {
        let row = row_of(app, whose, id).await?;
        let there = row.as_ref().filter(|row| !row.is_removed());
        let draft = draft(there.map(ProductDraft::of))?;
        let put = put(app, whose, (id, row.as_ref()), &draft).await?;
        let shown = (put.product.view(&put.stocks), put.outcome);
        Ok((put.changes, shown))
    })
    .await
    .map_err(|error| match error.code {
        // Two put the same new number in at once, and the other one was first.
        Code::AlreadyExists => {
            ApiError::new(Code::Busy, "Somebody else changed this at once; try again")
                .retry_after(1)
        }
        _ => error,
    })
}

/// Take a product out of your catalog
///
/// Orders and carts that have it keep what they say of it. Its number can be used again.
#[utoipa::path(
    delete,
    path = "/api/commerce/merchant/catalog/products/{productId}",
    tag = "Commerce - Catalog",
    operation_id = "deleteCatalogProduct",
    params(("productId" = String, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "It is gone", body = Enveloped<RemovedProduct>),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such product here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn remove(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<axum::Json<Enveloped<RemovedProduct>>, ApiError> {
    let (whose, _) = writer(&app, &caller, query).await?;
    let removing = app.decide(|| async {
        let product = product_of(&app, whose, &id).await?;
        Ok::<_, ApiError>((product.remove(app.now()), ()))
    });
    removing.await?;
    Ok(axum::Json(Enveloped::of(RemovedProduct { product_id: id, deleted: true })))
}
