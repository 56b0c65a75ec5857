//! A merchant's server keeps carts for its shoppers: one each, read and written once per call.
//!
//! Two calls on one cart at once both take effect: whoever was second decides again on what the
//! first one left. An Idempotency-Key keeps an add that is sent twice from being two.

use axum::extract::State;
use axum::response::Response;
use domain::cart::{Added, AddedAs, Cart, CartItem, CartView, ItemAsk, cart_key, rating};
use domain::changes::Changes;
use domain::ids::CartItemId;
use domain::retailer::Retailer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shopper::{IdentityQuery, OfShopper, Place, named};
use super::{Enveloped, Told};
use crate::app::{App, Shared};
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, RawBody};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write, usd};

/// An item as it is put into a cart.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartItemRequest)]
pub struct ItemBody {
    #[schema(min_length = 1, max_length = 255)]
    pub product_id: String,
    pub retailer: Retailer,
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// In USD, at most three decimals; kept in whole cents.
    #[schema(value_type = f64, minimum = 0.01, maximum = 1_000_000)]
    pub price: Box<RawValue>,
    #[schema(minimum = 1, maximum = 99, default = 1)]
    pub quantity: Option<u32>,
    /// Https only.
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Https only.
    #[schema(format = "uri", max_length = 2048)]
    pub product_url: Option<String>,
    pub num_reviews: Option<u32>,
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 5)]
    pub rating: Option<Box<RawValue>>,
}

impl ItemBody {
    pub fn into_ask(self) -> Result<ItemAsk, ApiError> {
        let rating = self.rating.map(|raw| rating(raw.get()));
        Ok(ItemAsk {
            price: usd("price", &self.price)?,
            product_id: self.product_id,
            retailer: self.retailer,
            title: self.title,
            quantity: self.quantity.unwrap_or(1),
            image_url: self.image_url,
            product_url: self.product_url,
            review_count: self.num_reviews,
            rating: rating.transpose()?,
        })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CommerceCartRequest)]
pub struct CreateCart {
    /// Put in at once.
    pub item: Option<ItemBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CommerceCartUpdateRequest)]
pub struct UpdateCartItem {
    /// Zero takes it out.
    #[schema(minimum = 0, maximum = 99)]
    pub quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartItemAdded)]
pub struct ItemAdded {
    pub item_id: CartItemId,
    /// How many of it are in the cart now.
    pub quantity: u32,
    /// It was in the cart already, and there are more of it now.
    pub updated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartItemUpdated)]
pub struct ItemUpdated {
    pub item_id: CartItemId,
    pub quantity: u32,
    /// Epoch seconds.
    pub updated_at: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartItemRemoved)]
pub struct ItemRemoved {
    pub item_id: CartItemId,
    pub title: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartCleared)]
pub struct CartCleared {
    pub items_removed: usize,
}

/// Get a customer's cart
///
/// A customer who put nothing in yet has an empty one.
#[utoipa::path(get, path = "/api/commerce/merchant/carts",
    tag = "Commerce - Merchant Cart", operation_id = "getMerchantCart",
    params(IdentityQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CartView>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<IdentityQuery>,
) -> Result<Answer, ApiError> {
    let place = query.place(&app, &caller).await?;
    let view = match cart_of(&app, &place).await? {
        Some(cart) => cart.view(),
        None => empty(&app, &place).view_of_none(),
    };
    Ok(Answer::ok(&Enveloped::of(view)))
}

/// Initialize a customer's cart
///
/// A cart that is there stays as it is; an item is added to it.
#[utoipa::path(post, path = "/api/commerce/merchant/carts",
    tag = "Commerce - Merchant Cart", operation_id = "createMerchantCart",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = OfShopper<CreateCart>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 201, body = Told<CartView>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: the cart is full", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let (place, body): (_, CreateCart) =
        named(&app, &caller, query.environment, &write.body).await?;
    let ask = body.item.map(ItemBody::into_ask).transpose().map_err(of_item)?;
    let once = write.once(place.whose)?;
    once.answer(&app, || async {
        let before = cart_of(&app, &place).await?;
        let (cart, changes) = match (before, &ask) {
            (Some(cart), None) => (cart, Changes::of(place.whose.0)),
            (None, None) => {
                let cart = empty(&app, &place);
                let changes = cart.save();
                (cart, changes)
            }
            (before, Some(ask)) => {
                let cart = before.unwrap_or_else(|| empty(&app, &place));
                let added = cart.add(ask.clone(), &mut app.fresh());
                let (cart, _) = added.map_err(|refusal| of_item(refusal.into()))?;
                let changes = cart.save();
                (cart, changes)
            }
        };
        Ok((changes, Answer::created(&Told::of("Cart initialized", cart.view()))))
    })
    .await
}

/// Clear a customer's cart
///
/// The customer is named in the query, or in a body.
#[utoipa::path(delete, path = "/api/commerce/merchant/carts",
    tag = "Commerce - Merchant Cart", operation_id = "clearMerchantCart",
    params(IdentityQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Told<CartCleared>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn clear(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<IdentityQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let place = match query.names_nobody() && !body.is_empty() {
        true => {
            let environment = query.environment;
            named::<serde::de::IgnoredAny>(&app, &caller, environment, &body).await?.0
        }
        false => query.place(&app, &caller).await?,
    };
    emptied(&app, &place).await
}

/// Add an item to a customer's cart
///
/// More of what is in the cart already is more of that line, at the price it is put in with now.
#[utoipa::path(post, path = "/api/commerce/merchant/carts/items",
    tag = "Commerce - Merchant Cart", operation_id = "addMerchantCartItem",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = OfShopper<ItemBody>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Told<ItemAdded>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: the cart is full", body = ErrorBody)))]
pub async fn add_item(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let (place, body): (_, ItemBody) = named(&app, &caller, query.environment, &write.body).await?;
    let ask = body.into_ask()?;
    let once = write.once(place.whose)?;
    once.answer(&app, || put_in(&app, &place, &ask)).await
}

/// Change how many of an item are in a customer's cart
#[utoipa::path(put, path = "/api/commerce/merchant/carts/items/{item_id}",
    tag = "Commerce - Merchant Cart", operation_id = "updateMerchantCartItem",
    params(("item_id" = CartItemId, Path), EnvironmentQuery),
    request_body = OfShopper<UpdateCartItem>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Told<ItemUpdated>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn update_item(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<CartItemId>,
    Query(query): Query<EnvironmentQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let (place, ask): (_, UpdateCartItem) = named(&app, &caller, query.environment, &body).await?;
    updated(&app, &place, id, ask.quantity).await
}

/// Remove an item from a customer's cart
#[utoipa::path(delete, path = "/api/commerce/merchant/carts/items/{item_id}",
    tag = "Commerce - Merchant Cart", operation_id = "removeMerchantCartItem",
    params(("item_id" = CartItemId, Path), IdentityQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Told<ItemRemoved>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn remove_item(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<CartItemId>,
    Query(query): Query<IdentityQuery>,
) -> Result<Answer, ApiError> {
    let place = query.place(&app, &caller).await?;
    removed(&app, &place, id).await
}

/// A shopper's cart as the database has it.
pub async fn cart_of(app: &App, place: &Place) -> Result<Option<Cart>, ApiError> {
    Ok(app.store.get::<Cart>(cart_key(place.whose, &place.shopper)).await?)
}

/// The cart of a shopper who has none yet.
pub fn empty(app: &App, place: &Place) -> Cart {
    Cart::new(place.whose, place.shopper.clone(), app.now())
}

/// Puts an item in: the change, and what is answered once it is made.
pub async fn put_in(
    app: &App,
    place: &Place,
    ask: &ItemAsk,
) -> Result<(Changes, Answer), ApiError> {
    let cart = cart_of(app, place).await?.unwrap_or_else(|| empty(app, place));
    let (cart, added) = cart.add(ask.clone(), &mut app.fresh())?;
    let Added { id, quantity, way } = added;
    let updated = match way {
        AddedAs::NewLine => false,
        AddedAs::MoreOfOne => true,
    };
    let data = ItemAdded { item_id: id, quantity, updated };
    Ok((cart.save(), Answer::ok(&Told::of("Item added to cart", data))))
}

pub async fn updated(
    app: &App,
    place: &Place,
    id: CartItemId,
    quantity: u32,
) -> Result<Answer, ApiError> {
    app.decide(async || {
        let now = app.now();
        let cart = cart_of(app, place).await?.ok_or_else(no_such_item)?;
        let cart = cart.set_quantity(id, quantity, now)?.ok_or_else(no_such_item)?;
        let data = ItemUpdated { item_id: id, quantity, updated_at: now.seconds() };
        Ok((cart.save(), Answer::ok(&Told::of("Cart item updated", data))))
    })
    .await
}

pub async fn removed(app: &App, place: &Place, id: CartItemId) -> Result<Answer, ApiError> {
    app.decide(async || {
        let cart = cart_of(app, place).await?.ok_or_else(no_such_item)?;
        let (cart, item) = cart.remove(id, app.now()).ok_or_else(no_such_item)?;
        let CartItem { id: item_id, title, .. } = item;
        let data = ItemRemoved { item_id, title };
        Ok((cart.save(), Answer::ok(&Told::of("Item removed from cart", data))))
    })
    .await
}

pub async fn emptied(app: &App, place: &Place) -> Result<Answer, ApiError> {
    app.decide(async || -> Result<_, ApiError> {
        let (changes, items_removed) = match cart_of(app, place).await? {
            Some(cart) if !cart.items.is_empty() => {
                let (cart, removed) = cart.clear(app.now());
                (cart.save(), removed)
            }
            Some(_) | None => (Changes::of(place.whose.0), 0),
        };
        let told = Told::of("Cart cleared", CartCleared { items_removed });
        Ok((changes, Answer::ok(&told)))
    })
    .await
}

fn no_such_item() -> ApiError {
    ApiError::not_found("item in this cart")
}

/// Names a field of an item where the item is itself a field.
fn of_item(error: ApiError) -> ApiError {
    let Some(param) = &error.param else { return error };
    let (param, message) = (format!("item.{param}"), format!("item.{}", error.message));
    ApiError { param: Some(param), message, ..error }
}
