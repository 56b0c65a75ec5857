//! The simulator: walks a devnet order through its states without a real retailer.
//!
//! Every transition is the step that a payment, a settlement or a retailer would cause, with the
//! same events. A payment is made on the simulated chain itself, so that the invoice, its payment
//! and the order move by the workers that move them everywhere.

use std::time::Duration;

use axum::extract::State;
use chains::simulated::BLOCKS_AT_ONCE_MAX;
use domain::address::Address;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::environment::Environment;
use domain::ids::{Fresh, MerchantId, OrderId, RowKey};
use domain::invoice::Invoice;
use domain::money::Usd;
use domain::network::Network;
use domain::order::{Order, OrderStatus, OrderView, Tracking};
use domain::secret::{encode_hex, sha256};
use domain::time::MINUTE_MS;
use serde::Deserialize;
use serde_json::Value;
use store::CommitError;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::Enveloped;
use super::fulfilment::TrackingField;
use super::simulated_refund::refunded;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller, Credential};
use crate::http::devnet::simulated_node;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path};
use crate::http::idempotency::Answer;
use crate::http::payor::simulate::{Scenario, SimulationRequest, pay};
use crate::ordering;

/// How long a request waits for the workers to do their part.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How long it goes without looking while nothing is committed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The block that includes the payment comes first.
const BLOCKS_BEFORE: u64 = 1;
/// How long nobody else pays an order that a request has begun to pay.
const TURN_MS: i64 = 10 * MINUTE_MS;
/// What a turn names that was given back.
const GIVEN_BACK: RowKey = RowKey([0; 16]);
/// Worth more than any threshold of depths.
const DEEPEST: Usd = Usd(i64::MAX);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = CommerceTransition)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    PaymentConfirmed,
    PaymentSettled,
    Placed,
    Shipped,
    DeliveryConfirmed,
    Failed,
    Cancelled,
    Refunded,
}

/// What a transition does not need is ignored, whatever it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = CommerceSimulateRequest)]
#[serde(rename_all = "camelCase")]
pub struct SimulateOrder {
    transition_to: Transition,
    /// `{carrier, trackingNumber, trackingUrl?}`: for `shipped` and `delivery_confirmed`.
    #[serde(default)]
    #[schema(value_type = Option<TrackingField>)]
    tracking: Value,
    /// For payment transitions: where it is paid, or settled.
    #[serde(default)]
    #[schema(value_type = Option<Network>)]
    wallet_network: Value,
    /// For payment transitions: who pays.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    wallet_address: Value,
}

#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = CommerceSimulatedOrder)]
pub struct SimulatedOrder<'a> {
    pub order: OrderView<'a>,
}

/// Simulate an order's next step
///
/// Devnet only. `failed` is reached from `processing`, `cancelled` from `placed`, and `refunded`
/// once a paid order was cancelled or has failed, with a BSC destination from the checkout or from
/// the simulated payment.
#[utoipa::path(post, path = "/api/commerce/devnet/orders/{orderId}/simulate",
    tag = "Commerce - Devnet Simulator", operation_id = "simulateOrder",
    params(("orderId" = OrderId, Path)), request_body = SimulateOrder,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<SimulatedOrder<'static>>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "A mainnet key"),
        (status = 404, body = ErrorBody, description = "No such order on devnet"),
        (status = 409, body = ErrorBody, description = "ORDER_STATE: not from where it is")))]
pub async fn simulate(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Json(body): Json<SimulateOrder>,
) -> Result<Answer, ApiError> {
    let whose = devnet(&app, &caller).await?;
    let order = match body.transition_to {
        Transition::PaymentConfirmed => paid(&app, whose, id, &body).await?,
        Transition::PaymentSettled
        | Transition::Placed
        | Transition::Shipped
        | Transition::DeliveryConfirmed
        | Transition::Failed
        | Transition::Cancelled => stepped(&app, &caller, (whose, id), &body).await?,
        Transition::Refunded => refunded(&app, &caller, (whose, id)).await?,
    };
    Ok(Answer::ok(&Enveloped::of(SimulatedOrder { order: order.view() })))
}

async fn devnet(app: &App, caller: &Caller) -> Result<(MerchantId, Environment), ApiError> {
    let is_mainnet_key =
        matches!(&caller.credential, Credential::Key(key) if key.environment.is_live());
    if is_mainnet_key {
        let message = "The simulator exists on devnet only";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    let environment = caller.environment(app, Some(Environment::Devnet)).await?;
    Ok((caller.merchant_id, environment))
}

/// A text of the request, if this transition is told one.
fn text<'a>(param: &str, value: &'a Value) -> Result<Option<&'a str>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(ApiError::invalid(param, "must be a string"))
        }
    }
}

impl SimulateOrder {
    fn network(&self) -> Result<Option<Network>, ApiError> {
        let wrong = || ApiError::invalid("walletNetwork", "must be one of the ten networks");
        let text = text("walletNetwork", &self.wallet_network)?;
        text.map(|text| Network::parse(text).ok_or_else(wrong)).transpose()
    }

    fn payer(&self, network: Option<Network>) -> Result<Option<Address>, ApiError> {
        let Some(text) = text("walletAddress", &self.wallet_address)? else { return Ok(None) };
        let required = || ApiError::invalid("walletNetwork", "is required with walletAddress");
        let network = network.ok_or_else(required)?;
        let address = Address::parse(network, Environment::Devnet, text.trim());
        let wrong = |error: domain::address::AddressError| {
            let message = format!("must be an address on {}: {error}", network.as_str());
            ApiError::invalid("walletAddress", message)
        };
        address.map(Some).map_err(wrong)
    }

    fn tracking(&self) -> Result<Option<Tracking>, ApiError> {
        if self.tracking.is_null() {
            return Ok(None);
        }
        let field = serde_json::from_value::<TrackingField>(self.tracking.clone());
        let wrong = |_| {
            let message = "must be {carrier, trackingNumber, trackingUrl?}";
            ApiError::invalid("tracking", message)
        };
        Ok(Some(field.map_err(wrong)?.parse()?))
    }
}

/// Pays the order's invoice on the simulated chain, and answers the order that saw it.
async fn paid(
    app: &App,
    whose: (MerchantId, Environment),
    id: OrderId,
    body: &SimulateOrder,
) -> Result<Order, ApiError> {
    let network = body.network()?;
    let payer = body.payer(network)?;
    let order = ordering::visible(app, whose, id).await?;
    if order.status != OrderStatus::PendingPayment {
        let refusal = order.clone().paid(order.payment.clone(), app.now());
        return Ok(refusal?);
    }
    let invoice = ordering::standing(app, &order).await?.invoice;
    let arriving = invoice.amount_paid.plus(invoice.amount_pending);
    let network = if invoice.is_covered_by(arriving) {
        // It was paid a moment ago, and only has to be seen.
        newest_network(app, &invoice).await?.or(network)
    } else if let Some(turn) = turn(app, &order, &invoice).await? {
        let ask = SimulationRequest {
            scenario: Scenario::Exact,
            amount: None,
            network: network.map(|network| network.as_str().to_owned()),
            token_id: None,
        };
        match pay(app, &invoice, &ask, payer).await {
            Ok(paid) => paid.network,
            Err(error) => {
                give_back(app, turn).await?;
                return Err(error);
            }
        }
    } else {
        // Somebody else is paying it at this moment.
        None
    };
    if let Some(network) = network {
        mine_deep(app, network).await?;
    }
    moved_on(app, whose, id).await
}

/// As many blocks as make anything on a simulated network final.
pub async fn mine_deep(app: &App, network: Network) -> Result<(), ApiError> {
    let depth = app.networks.depths(Environment::Devnet, network).of(DEEPEST);
    let count = depth.saturating_add(BLOCKS_BEFORE).min(BLOCKS_AT_ONCE_MAX);
    simulated_node(app, network)?.mine(count).await?;
    Ok(())
}

/// The key of whoever pays an order's invoice as it stands, if that is this request: of all that
/// ask at once one does. Should it die, others may after a while.
async fn turn(app: &App, order: &Order, invoice: &Invoice) -> Result<Option<RowKey>, ApiError> {
    let window = (app.now().0 / TURN_MS).to_be_bytes();
    let seen = invoice.payments_seen.to_be_bytes();
    let key = RowKey::of("simulated_payment", &[&order.key().0, &seen, &window]);
    let mut changes = Changes::of(order.merchant_id);
    match app.store.get::<Claim>(key).await? {
        None => changes.insert(Claim::new(key, order.key())),
        Some(claim) if claim.target == GIVEN_BACK => {
            changes.update(Claim { target: order.key(), ..claim });
        }
        Some(_) => return Ok(None),
    }
    match app.commit(changes).await {
        Ok(_) => Ok(Some(key)),
        Err(CommitError::AlreadyExists { .. } | CommitError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// It could not be paid as this request wanted it: another may try.
async fn give_back(app: &App, turn: RowKey) -> Result<(), ApiError> {
    if let Some(claim) = app.store.get::<Claim>(turn).await? {
        let mut changes = Changes::of(MerchantId::HOUSE);
        changes.update(Claim { target: GIVEN_BACK, ..claim });
        app.commit(changes).await?;
    }
    Ok(())
}

async fn newest_network(app: &App, invoice: &Invoice) -> Result<Option<Network>, ApiError> {
    let payments = app.store.payments_of_invoice(invoice.id, 1).await?;
    Ok(payments.first().map(|payment| payment.network))
}

/// Waits until the workers have seen the payment.
async fn moved_on(
    app: &App,
    whose: (MerchantId, Environment),
    id: OrderId,
) -> Result<Order, ApiError> {
    let mut patience = Patience::begin(app);
    loop {
        let order = ordering::visible(app, whose, id).await?;
        if order.status != OrderStatus::PendingPayment {
            return Ok(order);
        }
        let message = "The payment was sent and is not seen yet; look at the order again";
        patience.pause(message).await?;
    }
}

/// Of a request that looks again and again for what the workers do.
pub struct Patience {
    committed: watch::Receiver<u64>,
    until: Instant,
}

impl Patience {
    pub fn begin(app: &App) -> Patience {
        Patience { committed: app.store.committed(), until: Instant::now() + WAIT_MAX }
    }

    /// Until there may be something new to see; refused once that has taken too long.
    pub async fn pause(&mut self, message: &str) -> Result<(), ApiError> {
        if Instant::now() >= self.until {
            return Err(ApiError::new(Code::Busy, message).retry_after(1));
        }
        let _ = timeout(LOOK_EVERY, self.committed.changed()).await;
        Ok(())
    }
}

/// One step that needs nobody else.
async fn stepped(
    app: &App,
    caller: &Caller,
    (whose, id): ((MerchantId, Environment), OrderId),
    body: &SimulateOrder,
) -> Result<Order, ApiError> {
    let origin = caller.origin(None);
    app.decide(async || {
        let order = ordering::visible(app, whose, id).await?;
        let mut fresh = app.fresh();
        let mut changes = Changes::of(order.merchant_id);
        let standing = ordering::standing(app, &order).await?;
        let current = standing.bring_up_to_date(&order, &mut changes, fresh.now());
        let after = step(&current, caller, body, &mut changes, &mut fresh)?;
        if after != order {
            after.clone().record(&current, &mut changes, origin.clone());
        }
        Ok::<_, ApiError>((changes, after))
    })
    .await
}

fn step(
    order: &Order,
    caller: &Caller,
    body: &SimulateOrder,
    changes: &mut Changes,
    fresh: &mut Fresh,
) -> Result<Order, ApiError> {
    let (now, next) = (fresh.now(), order.clone());
    match body.transition_to {
        Transition::PaymentSettled => order.check_paid("payment_settled")?,
        Transition::Placed => order.check_paid("placed")?,
        Transition::Shipped => order.check_paid("shipped")?,
        Transition::PaymentConfirmed
        | Transition::DeliveryConfirmed
        | Transition::Failed
        | Transition::Cancelled
        | Transition::Refunded => {}
    }
    let moved = match body.transition_to {
        // Made on the chain, and never by hand.
        Transition::PaymentConfirmed => return Ok(next),
        Transition::PaymentSettled => {
            let has_settled = order.payment.settled_at.is_some();
            if has_settled && order.status == OrderStatus::Processing {
                // The settlement itself came first.
                return Ok(next);
            }
            let network = body.network()?.or(order.payment.network);
            next.settled(network, Some(simulated_hash(order, "settlement")), now)
        }
        Transition::Placed => next.placed(now),
        Transition::Shipped => next.shipped(body.tracking()?, fresh),
        Transition::DeliveryConfirmed => next.delivered(body.tracking()?, fresh),
        Transition::Failed => next.failed_by_merchant("Order failed", caller.actor(), changes, now),
        Transition::Cancelled => next.cancelled_by_simulator(caller.actor(), changes, now),
        // Sent on the chain, by its own refund.
        Transition::Refunded => return Ok(next),
    };
    Ok(moved?)
}

/// A hash that no chain has, the same for one order.
pub fn simulated_hash(order: &Order, what: &str) -> String {
    format!("0x{}", encode_hex(&sha256(format!("{} {what}", order.id).as_bytes())))
}
