//! The first two steps of a checkout: what can be had at which price, and where it goes.
//!
//! The saved cart is only read. Prices are the catalog's own of this moment, whatever a request or
//! a cart says of them, and are held until the estimate expires.

use axum::extract::State;
use domain::changes::Changes;
use domain::estimate::{
    self, Basket, BasketAsk, Estimate, EstimateAsk, EstimateView, FeeBreakdown, Found, OnOffer,
    Override, PricingView, ShippingChoiceView, Wanted,
};
use domain::ids::{CartItemId, EstimateId, ShippingAddressId};
use domain::retailer::Retailer;
use domain::shipping_address::{PostalAddress, ShippingAddress};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Enveloped;
use super::addresses::{AddressBody, given_address};
use super::carts::cart_of;
use super::rates::rates_of;
use super::shopper::{OfShopper, Place, named};
use crate::app::{App, Shared};
use crate::catalog::Listed;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Query, RawBody};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, usd};

/// `items`, or `useCart` with or without exceptions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimateRequest)]
pub struct EstimateBody {
    /// Not together with `useCart`.
    #[schema(max_items = 100)]
    pub items: Option<Vec<WantedBody>>,
    /// What lies in the saved cart, which is only read.
    pub use_cart: Option<bool>,
    /// Exceptions for this attempt, with `useCart` only.
    #[schema(max_items = 100)]
    pub item_overrides: Option<Vec<OverrideBody>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimateItemRequest)]
pub struct WantedBody {
    #[schema(min_length = 1, max_length = 255)]
    pub product_id: String,
    pub retailer: Retailer,
    #[schema(minimum = 1, maximum = 99)]
    pub quantity: u32,
    /// The catalog's own counts.
    pub title: Option<String>,
    /// The offer's own counts.
    #[schema(value_type = Option<f64>)]
    pub price: Option<Box<RawValue>>,
}

/// Names a line of the cart by its product or by its item id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimateOverride)]
pub struct OverrideBody {
    pub item_id: Option<CartItemId>,
    #[schema(max_length = 255)]
    pub product_id: Option<String>,
    pub retailer: Option<Retailer>,
    /// Zero leaves it out of this attempt.
    #[schema(minimum = 0, maximum = 99)]
    pub quantity: u32,
}

impl EstimateBody {
    fn basket(self) -> Result<Basket, ApiError> {
        let wanted = |body: WantedBody| -> Result<Wanted, ApiError> {
            body.price.as_deref().map(|raw| usd("items", raw)).transpose()?;
            let WantedBody { product_id, retailer, quantity, .. } = body;
            Ok(Wanted { product_id, retailer, quantity })
        };
        let items = self.items.map(|items| items.into_iter().map(wanted).collect());
        let asked = |body: OverrideBody| Override {
            item_id: body.item_id,
            product_id: body.product_id,
            retailer: body.retailer,
            quantity: body.quantity,
        };
        let overrides = self.item_overrides.map(|all| all.into_iter().map(asked).collect());
        let ask = BasketAsk { items: items.transpose()?, use_cart: self.use_cart, overrides };
        Ok(ask.basket()?)
    }
}

/// Step 1 - Estimate what can be had
///
/// Items with no offer that is deliverable within 10 days, or not in stock, are in `invalidItems`.
/// Prices are held for 15 minutes.
#[utoipa::path(post, path = "/api/commerce/merchant/checkout/estimate",
    tag = "Merchant Checkout", operation_id = "createMerchantEstimate",
    params(EnvironmentQuery), request_body = OfShopper<EstimateBody>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<EstimateView>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let (place, body): (_, EstimateBody) = named(&app, &caller, query.environment, &body).await?;
    let wanted = match body.basket()? {
        Basket::Items(wanted) => wanted,
        Basket::Cart(overrides) => {
            let cart = cart_of(&app, &place).await?;
            estimate::of_cart(cart.as_ref(), &overrides)?
        }
    };
    let rates = rates_of(&app, place.whose).await?;
    let ids: Vec<_> = wanted.iter().map(|one| (one.retailer, one.product_id.clone())).collect();
    let listed = app.listed(place.whose, &ids).await?;
    let wanted = wanted.into_iter().zip(&listed);
    let wanted = wanted.map(|(wanted, listed)| (wanted, listed.as_ref().map(found))).collect();
    let Place { whose: (merchant_id, environment), shopper } = place;
    let ask = EstimateAsk { merchant_id, environment, shopper, rates: &rates, wanted };
    let made = estimate::create(ask, &mut app.fresh())?;
    let answer = Answer::ok(&Enveloped::of(made.view()));
    let mut changes = Changes::of(merchant_id);
    changes.insert(made);
    app.commit(changes).await?;
    Ok(answer)
}

/// An address for an estimate: a new one, or one of the customer's list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCheckoutAddressRequest)]
pub struct SendToBody {
    pub estimate_id: EstimateId,
    /// Needed unless `addressId` is given.
    pub address: Option<AddressBody>,
    /// One of `GET /api/v1/commerce/merchant/addresses`, instead of `address`.
    pub address_id: Option<ShippingAddressId>,
    /// One of `shippingOptions`; the first of them if left out.
    #[schema(max_length = 64)]
    pub shipping_option_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCheckoutAddress)]
pub struct SentTo {
    pub estimate_id: EstimateId,
    pub address_id: ShippingAddressId,
    /// Whether it follows the rules of its country's post; else only its form was looked at.
    pub validated: bool,
    /// As the country's post writes it.
    pub standardized: PostalAddress,
    pub shipping_options: Vec<ShippingChoiceView>,
    /// The one that the pricing is made with.
    pub shipping_option_id: Option<String>,
    /// With the tax and shipping of this address.
    pub pricing: PricingView,
    pub fee_breakdown: FeeBreakdown,
    /// Epoch seconds; an address does not make an estimate live longer.
    pub expires_at: i64,
}

/// Step 2 - Attach a shipping address
///
/// Validates and normalises the address, and prices tax and shipping for its country and state. It
/// can be called again with another address or shipping option.
#[utoipa::path(post, path = "/api/commerce/merchant/checkout/address",
    tag = "Merchant Checkout", operation_id = "attachMerchantCheckoutAddress",
    params(EnvironmentQuery), request_body = OfShopper<SendToBody>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<SentTo>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, description = "Not this customer's", body = ErrorBody),
        (status = 409, description = "ESTIMATE_EXPIRED, NOTHING_TO_BUY, or ORDER_STATE: it has \
            become an order", body = ErrorBody)))]
pub async fn attach_address(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let (place, body): (_, SendToBody) = named(&app, &caller, query.environment, &body).await?;
    let given = given_address(body.address, body.address_id)?;
    app.decide(async || -> Result<_, ApiError> {
        let estimate = estimate_of(&app, &place, body.estimate_id).await?;
        estimate.check_open(app.now())?;
        let mut changes = Changes::of(place.whose.0);
        let address = given.of(&app, &place, &mut changes).await?;
        let rates = rates_of(&app, place.whose).await?;
        let option = body.shipping_option_id.as_deref();
        let sent = estimate.send_to(&address, option, &rates, app.now())?;
        let choices = sent.choices(&address, &rates).into_iter();
        let answer = Answer::ok(&Enveloped::of(sent_to(
            &sent,
            &address,
            choices.map(|choice| choice.view()).collect(),
        )));
        changes.update(sent);
        Ok((changes, answer))
    })
    .await
}

/// A shopper's own estimate.
pub async fn estimate_of(app: &App, place: &Place, id: EstimateId) -> Result<Estimate, ApiError> {
    let estimate = app.store.get::<Estimate>(id.key()).await?;
    let own = estimate.filter(|estimate| estimate.is_of(place.whose, &place.shopper));
    own.ok_or_else(|| ApiError::not_found("estimate"))
}

/// What the catalog has, as the domain reads it.
pub fn found(listed: &Listed) -> Found<'_> {
    let offers = listed.offers.iter().map(|listed| OnOffer {
        offer: &listed.offer,
        chosen: &listed.chosen,
        left: listed.left,
    });
    Found { product: &listed.product, offers: offers.collect() }
}

fn sent_to(
    sent: &Estimate,
    address: &ShippingAddress,
    shipping_options: Vec<ShippingChoiceView>,
) -> SentTo {
    SentTo {
        estimate_id: sent.id,
        address_id: address.id,
        validated: address.validated_at.is_some(),
        standardized: address.postal.clone(),
        shipping_options,
        shipping_option_id: sent.shipping_option.clone(),
        pricing: sent.pricing.view(),
        fee_breakdown: sent.pricing.fee_breakdown(),
        expires_at: sent.expires_at.seconds(),
    }
}
