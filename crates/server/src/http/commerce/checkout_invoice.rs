//! The third step of a checkout: the order, its invoice, the payor's session, all in one commit.
//!
//! An estimate becomes one order. Whoever asks again, or at the same moment, is answered the same
//! order, invoice and session, with an idempotency key or without.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::estimate::{Chosen, Estimate, EstimateLine, Looked};
use domain::event::Origin;
use domain::ids::{EstimateId, InvoiceId, MerchantId, OrderId, RowKey, ShippingAddressId};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::money::UsdNumber;
use domain::order::{self, Order, OrderAsk, OutsideOffer, RefundDestination};
use domain::session::Session;
use domain::shipping_address::ShippingAddress;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Enveloped;
use super::refund_destination::DestinationFields;
use super::shopper::{Identity, Place, named};
use crate::app::{App, Shared};
use crate::catalog::{Listed, ListedOffer};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::invoices::PaymentSessionHeaders;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::payor::payment_links::qr_code;
use crate::{escrow, ordering};

/// What step 3 is asked, beside who buys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckoutInvoiceAsk {
    estimate_id: EstimateId,
    address_id: ShippingAddressId,
}

/// Step 3 request. Creates the final invoice + commerce order from an existing estimate + address.
///
/// For the schema: it is read in three parts, so that a wrong type names its field.
#[derive(ToSchema)]
#[schema(as = CommerceMerchantCheckoutInvoiceRequest)]
pub struct CheckoutInvoiceRequest {
    #[schema(inline)]
    #[serde(flatten)]
    pub identity: Identity,
    #[serde(rename = "estimateId")]
    pub estimate_id: EstimateId,
    /// The one that step 2 answered for this estimate.
    #[serde(rename = "addressId")]
    pub address_id: ShippingAddressId,
    /// Deprecated/ignored; use merchant webhook configuration endpoints instead.
    #[serde(rename = "webhookUrl")]
    pub webhook_url: Option<String>,
    #[schema(inline)]
    #[serde(flatten)]
    pub destination: DestinationFields,
}

/// Step 3 result. Contains invoice URL and payment session headers.
#[derive(Serialize, ToSchema)]
#[schema(as = CommerceMerchantCheckoutInvoiceResult)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutInvoice {
    pub order_id: OrderId,
    pub invoice_id: InvoiceId,
    /// The hosted payment page, opened for this payor.
    pub invoice_url: String,
    /// Payment session token
    pub session: String,
    /// Payment signature (`signatureHash.timestamp`)
    pub signature: String,
    #[serde(rename = "payment_session_headers")]
    pub payment_session_headers: PaymentSessionHeaders,
    pub merchant_id: MerchantId,
    pub network_environment: Environment,
    pub customer_id: Option<String>,
    /// Invoice amount in USD
    pub amount: UsdNumber,
    /// Epoch seconds.
    pub expires_at: i64,
    /// `unpaid`; of an order that was made before, what its invoice is now.
    pub status: InvoiceStatus,
    pub endpoints: Endpoints,
    /// A data URI: the code of `invoiceUrl` as an SVG.
    pub qr_code: String,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceCheckoutEndpoints)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    #[schema(example = "/api/commerce/merchant/orders/<orderId>")]
    pub check_order: String,
    #[schema(example = "/api/commerce/merchant/payments/<orderId>/status")]
    pub check_payment: String,
    #[schema(example = "/api/commerce/merchant/orders/<orderId>/cancel")]
    pub cancel_order: String,
}

/// Step 3 - Create invoice and order
///
/// Only `validItems[]` of the estimate are in the order, at the estimate's prices; their pieces are
/// reserved. The cart is left as it is. Calling it twice makes one order, and answers it twice.
#[utoipa::path(
    post,
    path = "/api/commerce/merchant/checkout/invoice",
    tag = "Merchant Checkout",
    operation_id = "createMerchantInvoice",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CheckoutInvoiceRequest,
    responses(
        (status = 200, description = "Invoice created successfully",
            body = Enveloped<CheckoutInvoice>),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such estimate or address of this customer",
            body = ErrorBody),
        (status = 409, description = "ESTIMATE_EXPIRED, OFFER_UNAVAILABLE, OUT_OF_STOCK, \
            NOTHING_TO_BUY or COMMERCE_UNAVAILABLE", body = ErrorBody),
    ),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let (place, ask) = named(&app, &caller, query.environment, &write.body).await?;
    let ask: CheckoutInvoiceAsk = ask;
    let destination: DestinationFields = parse_json(&write.body)?;
    let destination = destination.parse(&app, place.whose.1).await?;
    let once = write.once(place.whose)?;
    let checkout = Checkout {
        caller: &caller,
        place: &place,
        ask: &ask,
        destination,
        origin: caller.origin(once.key_text()),
    };
    // The only bounds of this commit are how many pieces there are.
    let refused = |_: RowKey| ordering::out_of_stock();
    once.answer_bounded(&app, || checkout.decide(&app), refused).await
}

/// One request, as often as it has to be decided.
struct Checkout<'a> {
    caller: &'a Caller,
    place: &'a Place,
    ask: &'a CheckoutInvoiceAsk,
    destination: Option<RefundDestination>,
    origin: Origin,
}

impl Checkout<'_> {
    async fn decide(&self, app: &App) -> Result<(Changes, Answer), ApiError> {
        let Place { whose, shopper } = self.place;
        let estimate = app.store.get::<Estimate>(self.ask.estimate_id.key()).await?;
        let is_his = |one: &Estimate| {
            (one.merchant_id, one.environment) == *whose && one.shopper == *shopper
        };
        let estimate = estimate.filter(is_his).ok_or_else(|| ApiError::not_found("estimate"))?;
        if let Some(order_id) = estimate.order_id {
            return self.made_before(app, &estimate, order_id).await;
        }
        // What is kept back pays outside retailers; a merchant's own goods need none of it.
        if estimate.valid.iter().any(|line| matches!(line.offer, Chosen::Outside { .. })) {
            escrow::require(app, *whose).await?;
        }
        let address = self.address(app).await?;
        let products = ordering::own_products(app, *whose, &estimate.valid).await?;
        let merchant = self.caller.merchant(app).await?;
        let ask = OrderAsk {
            estimate: &estimate,
            address: &address,
            merchant: &merchant,
            products: &products,
            outside: outside_offers(app, &estimate).await,
            refund_destination: self.destination.clone(),
            origin: self.origin.clone(),
        };
        let made = order::create(ask, &mut app.fresh())?;
        Ok((made.changes, answer(app, &made.order, &made.invoice, &made.session)))
    }

    /// The order this estimate became, answered once more.
    async fn made_before(
        &self,
        app: &App,
        estimate: &Estimate,
        order_id: OrderId,
    ) -> Result<(Changes, Answer), ApiError> {
        if estimate.address_id != Some(self.ask.address_id) {
            let message = "This estimate has become an order to another address";
            return Err(ApiError::new(Code::OrderState, message));
        }
        let order = ordering::visible(app, self.place.whose, order_id).await?;
        if self.destination.is_some() && self.destination != order.refund.destination {
            let message = "The order was made before, with another refund destination or none: \
                name one when it is canceled";
            return Err(ApiError::new(Code::OrderState, message));
        }
        let invoice = app.store.get::<Invoice>(order.invoice_id.key()).await?;
        let invoice = invoice.ok_or_else(|| ApiError::not_found("invoice"))?;
        let session = Session::first_of(&invoice);
        let nothing = Changes::of(order.merchant_id);
        Ok((nothing, answer(app, &order, &invoice, &session)))
    }

    async fn address(&self, app: &App) -> Result<ShippingAddress, ApiError> {
        let Place { whose, shopper } = self.place;
        let address = app.store.get::<ShippingAddress>(self.ask.address_id.key()).await?;
        let is_his = |one: &ShippingAddress| {
            (one.merchant_id, one.environment) == *whose
                && one.shopper == *shopper
                && one.removed_at.is_none()
        };
        address.filter(is_his).ok_or_else(|| ApiError::not_found("address"))
    }
}

/// What the retailers of an estimate's outside lines say now; most of it is remembered.
async fn outside_offers(app: &App, estimate: &Estimate) -> Vec<Looked<Vec<OutsideOffer>>> {
    let is_outside = |line: &&EstimateLine| matches!(line.offer, Chosen::Outside { .. });
    let offers = |listed: Listed| {
        let now = |one: &ListedOffer| OutsideOffer {
            id: one.public_id(),
            price: one.offer.price,
            is_eligible: one.is_eligible(),
        };
        listed.offers.iter().map(now).collect()
    };
    let looks = estimate.valid.iter().filter(is_outside).map(async |line| {
        let place = (estimate.environment, line.retailer);
        if app.catalog.outside.source(place.0, place.1).is_none() {
            // The demo shops, whose shelves never change.
            return Looked::Silent;
        }
        let named = (line.retailer, line.product_id.clone());
        app.listed_elsewhere(place.0, &named, None).await.map(offers)
    });
    join_all(looks).await
}

fn answer(app: &App, order: &Order, invoice: &Invoice, session: &Session) -> Answer {
    let credentials = session.credentials(&app.keys);
    let invoice_url = app.payment_url(&credentials);
    let id = order.id;
    Answer::ok(&Enveloped::of(CheckoutInvoice {
        order_id: id,
        invoice_id: invoice.id,
        qr_code: qr_code(&invoice_url),
        invoice_url,
        session: credentials.session_token.clone(),
        signature: credentials.signature.clone(),
        payment_session_headers: PaymentSessionHeaders {
            session_token: credentials.session_token,
            signature: credentials.signature,
        },
        merchant_id: order.merchant_id,
        network_environment: order.environment,
        customer_id: order.shopper.customer_id().map(str::to_owned),
        amount: invoice.amount.number(),
        expires_at: invoice.expires_at.seconds(),
        status: invoice.status,
        endpoints: Endpoints {
            check_order: format!("/api/commerce/merchant/orders/{id}"),
            check_payment: format!("/api/commerce/merchant/payments/{id}/status"),
            cancel_order: format!("/api/commerce/merchant/orders/{id}/cancel"),
        },
    }))
}
