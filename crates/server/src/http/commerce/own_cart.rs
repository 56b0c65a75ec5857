//! The shopper's own cart: the one the merchant sees too, for the shopper's own client.
//!
//! It takes the customer's token, from a browser alone or from a server with its commerce key.

use axum::extract::State;
use domain::cart::OwnCartView;
use domain::ids::CartItemId;

use super::carts::{
    CartCleared, ItemAdded, ItemBody, ItemRemoved, ItemUpdated, UpdateCartItem, cart_of, emptied,
    empty, put_in, removed, updated,
};
use super::shopper::OwnCart;
use super::{Enveloped, Told};
use crate::app::Shared;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path};
use crate::http::idempotency::Answer;

/// Get my cart
#[utoipa::path(get, path = "/api/commerce/cart",
    tag = "Commerce - Shopper's Cart", operation_id = "getOwnCart",
    security(("userAuthorization" = [])),
    responses(
        (status = 200, body = Enveloped<OwnCartView>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    OwnCart(place): OwnCart,
) -> Result<Answer, ApiError> {
    let cart = cart_of(&app, &place).await?.unwrap_or_else(|| empty(&app, &place));
    Ok(Answer::ok(&Enveloped::of(cart.own_view())))
}

/// Add an item to my cart
#[utoipa::path(post, path = "/api/commerce/cart",
    tag = "Commerce - Shopper's Cart", operation_id = "addOwnCartItem",
    request_body = ItemBody,
    security(("userAuthorization" = [])),
    responses(
        (status = 200, body = Told<ItemAdded>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: the cart is full", body = ErrorBody)))]
pub async fn add_item(
    State(app): State<Shared>,
    OwnCart(place): OwnCart,
    Json(body): Json<ItemBody>,
) -> Result<Answer, ApiError> {
    let ask = body.into_ask()?;
    app.decide(|| put_in(&app, &place, &ask)).await
}

/// Clear my cart
#[utoipa::path(delete, path = "/api/commerce/cart",
    tag = "Commerce - Shopper's Cart", operation_id = "clearOwnCart",
    security(("userAuthorization" = [])),
    responses(
        (status = 200, body = Told<CartCleared>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn clear(State(app): State<Shared>, OwnCart(place): OwnCart) -> Result<Answer, ApiError> {
    emptied(&app, &place).await
}

/// Change how many of an item are in my cart
#[utoipa::path(put, path = "/api/commerce/cart/{item_id}",
    tag = "Commerce - Shopper's Cart", operation_id = "updateOwnCartItem",
    params(("item_id" = CartItemId, Path)), request_body = UpdateCartItem,
    security(("userAuthorization" = [])),
    responses(
        (status = 200, body = Told<ItemUpdated>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn update_item(
    State(app): State<Shared>,
    OwnCart(place): OwnCart,
    Path(id): Path<CartItemId>,
    Json(body): Json<UpdateCartItem>,
) -> Result<Answer, ApiError> {
    updated(&app, &place, id, body.quantity).await
}

/// Remove an item from my cart
#[utoipa::path(delete, path = "/api/commerce/cart/{item_id}",
    tag = "Commerce - Shopper's Cart", operation_id = "removeOwnCartItem",
    params(("item_id" = CartItemId, Path)),
    security(("userAuthorization" = [])),
    responses(
        (status = 200, body = Told<ItemRemoved>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn remove_item(
    State(app): State<Shared>,
    OwnCart(place): OwnCart,
    Path(id): Path<CartItemId>,
) -> Result<Answer, ApiError> {
    removed(&app, &place, id).await
}
