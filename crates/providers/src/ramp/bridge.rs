//! A provider over HTTP in the shape of Bridge's public API, version 0.
//!
//! Money leaves a prefunded account, so a payout is one transfer: `POST /v0/transfers` under the
//! payout's id as `Idempotency-Key`, which also stands in it as `client_reference_id`. A transfer
//! whose answer was lost is found again by that, and webhooks name it by that. Customers and their
//! bank accounts are made once, under our own ids for them; the house keeps what they are called.
//!
//! Invariant: only a 4xx that says the order itself is wrong is a refusal. A time-out, a broken
//! body, a 409, a 429 or a 5xx leaves the order unknown.

mod signature;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use domain::ids::RowKey;
use domain::provider::{
    Attempted, BankDetails, Funds, FxRate, Handle, OnrampOrder, OnrampReport, Party, PayoutOrder,
    PayoutReport, ProviderNews, RampFailure,
};
use domain::secret::Secret;
use domain::time::{DAY_MS, Timestamp};
use domain::token::Token;
use http_body_util::Full;
use hyper::{Method, Request, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use self::signature::PublicKey;
use self::wire::{
    Account, AccountBody, Created, DestinationBody, Event, OnrampBody, RateAnswer, SourceBody,
    Transfer, TransferBody, Transfers, VirtualAccountBody, VirtualAccountEvents,
};
use crate::http::{Http, Reply};
use crate::ramp::{
    Answer, Delivery, Opened, Pair, ProviderError, RampProvider, Receipts, Unverified,
};

/// A page of transfers, and how many pages are looked through for one whose name is not known.
const PAGE_MAX: usize = 100;
const PAGES_MAX: usize = 20;
/// A transfer that is older than the order by this much is not the order's, whatever their clock.
const CLOCKS_DIFFER_MS: i64 = DAY_MS;

/// What an operator sets.
#[derive(Clone, Debug)]
pub struct BridgeConfig {
    pub base_url: Url,
    pub api_key: Secret,
    /// The account the money of payouts leaves.
    pub prefunded_account_id: String,
    /// Where bought stablecoin goes: an address of the house, and its network's name there.
    pub treasury: Option<(String, String)>,
    /// The PEM of the key its webhooks are signed with.
    pub webhook_public_key: Option<String>,
    /// How long one answer may take.
    pub exchange_max: Duration,
}

pub struct Bridge {
    config: BridgeConfig,
    public_key: Option<PublicKey>,
    http: Http,
}

/// The public key in the configuration is none.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the webhook public key is not the PEM of an RSA key")]
pub struct BadPublicKey;

impl Bridge {
    pub fn new(config: BridgeConfig) -> Result<Bridge, BadPublicKey> {
        let pem = config.webhook_public_key.as_deref();
        let public_key = pem.map(|pem| PublicKey::parse(pem).ok_or(BadPublicKey)).transpose()?;
        let http = Http::new(config.exchange_max);
        Ok(Bridge { config, public_key, http })
    }

    /// Asks once; anything but a 2xx with the expected JSON is an error.
    async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failed> {
        let mut url = self.config.base_url.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), call.path);
        url.set_path(&path);
        url.set_query(call.query.as_deref());
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = Request::builder()
            .method(call.method)
            .uri(target)
            .header(header::HOST, authority)
            .header("Api-Key", self.config.api_key.expose())
            .header(header::ACCEPT, "application/json");
        if let Some(key) = call.idempotency_key {
            request = request.header("Idempotency-Key", key.uuid().to_string());
        }
        if !call.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(Bytes::from(call.body)));
        let request = request.map_err(|_| Failed::Unclear(ProviderError::Malformed))?;
        let reply = self.http.exchange(&url, request).await.map_err(Failed::Unclear)?;
        read(&reply)
    }

    /// The bank account as they know it: told to them under our own id, which makes it one.
    async fn external_account(&self, customer: &str, bank: &BankDetails) -> Result<String, Failed> {
        let body = AccountBody::of(bank);
        let path = format!("/v0/customers/{customer}/external_accounts");
        let created = self.call::<Account>(Call::post(&path, bank.account, &body)).await?;
        Ok(created.id)
    }

    /// The customer a user of ours is there.
    async fn customer(&self, party: &Party) -> Result<String, Failed> {
        let body = wire::CustomerBody::of(party);
        let created = self.call::<Created>(Call::post("/v0/customers", party.user, &body)).await?;
        Ok(created.id)
    }

    async fn submit(&self, order: &PayoutOrder) -> Result<String, Failed> {
        let Funds { asset, amount } = order.funds;
        let (Some(symbol), Some(decimals)) = (asset.symbol(), asset.decimals()) else {
            return Err(Failed::Refused(RampFailure::RouteUnavailable));
        };
        let body = TransferBody {
            client_reference_id: order.id.uuid().to_string(),
            // Amounts there are of the source.
            amount: amount.decimal(decimals),
            on_behalf_of: order.customer.clone(),
            source: SourceBody {
                payment_rail: "prefunded",
                currency: symbol.to_lowercase(),
                prefunded_account_id: self.config.prefunded_account_id.clone(),
            },
            destination: DestinationBody {
                payment_rail: wire::rail(&order.bank.method).to_owned(),
                currency: order.currency.as_str().to_owned(),
                external_account_id: order.bank_reference.clone(),
            },
        };
        let made = self.call::<Transfer>(Call::post("/v0/transfers", order.id, &body)).await?;
        Ok(made.id)
    }

    /// The transfer of this handle: by the name they gave it, else among the newest by ours.
    async fn transfer(&self, handle: &Handle) -> Result<Option<Transfer>, ProviderError> {
        if let Some(reference) = &handle.reference {
            let found = self.call::<Transfer>(Call::get(format!("/v0/transfers/{reference}")));
            return match found.await {
                Ok(transfer) => Ok(Some(transfer)),
                Err(Failed::Absent) => Ok(None),
                Err(failed) => Err(failed.unclear()),
            };
        }
        let id = handle.id.uuid().to_string();
        let since = asked_at(handle.id).map(|at| at.plus_ms(-CLOCKS_DIFFER_MS));
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let query = page_query(after.as_deref());
            let call = Call { query: Some(query), ..Call::get("/v0/transfers".to_owned()) };
            let page = self.call::<Transfers>(call).await.map_err(Failed::unclear)?;
            // The newest come first: behind one that is older than the order it is not.
            let oldest = page.data.last().and_then(Transfer::created_at);
            let is_past = oldest.zip(since).is_some_and(|(oldest, since)| oldest < since);
            let is_last = page.data.len() < PAGE_MAX || is_past;
            after = page.data.last().map(|transfer| transfer.id.clone());
            let is_it =
                |transfer: &Transfer| transfer.client_reference_id.as_deref() == Some(id.as_str());
            if let Some(found) = page.data.into_iter().find(is_it) {
                return Ok(Some(found));
            }
            if is_last {
                return Ok(None);
            }
        }
        // Not found is not the same as not there.
        Err(ProviderError::TooMany)
    }

    async fn open(&self, order: &OnrampOrder) -> Result<Opened, Failed> {
        let symbol = Token::by_id(order.token_id).map_or("usdc", |token| token.symbol);
        let treasury = self.config.treasury.as_ref();
        let wallet = order.wallet.as_ref().map(|(network, address)| (network.as_str(), address));
        let to = wallet.or(treasury.map(|(rail, address)| (rail.as_str(), address)));
        let Some((rail, address)) = to else {
            return Err(Failed::Refused(RampFailure::RouteUnavailable));
        };
        let customer = &order.customer;
        let to = (rail, address.as_str(), symbol);
        let Some(amount) = order.amount else {
            let body = VirtualAccountBody::of(order, to);
            let path = format!("/v0/customers/{customer}/virtual_accounts");
            let made = self.call::<Created>(Call::post(&path, order.id, &body)).await?;
            let reference = format!("{customer}/virtual_accounts/{}", made.id);
            return Ok(Opened { reference, instructions: made.instructions() });
        };
        let body = OnrampBody::of(order, amount, customer, to);
        let made = self.call::<Created>(Call::post("/v0/transfers", order.id, &body)).await?;
        Ok(Opened { reference: made.id.clone(), instructions: made.instructions() })
    }
}

fn page_query(after: Option<&str>) -> String {
    let mut query = format!("limit={PAGE_MAX}");
    if let Some(after) = after {
        query.push_str("&starting_after=");
        query.extend(url::form_urlencoded::byte_serialize(after.as_bytes()));
    }
    query
}

/// When an order was made, as its id says; none if the id tells no time.
fn asked_at(id: RowKey) -> Option<Timestamp> {
    let (seconds, nanos) = id.uuid().get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?;
    Some(Timestamp::from_seconds(seconds).plus_ms(i64::from(nanos / 1_000_000)))
}

/// One request.
struct Call<'a> {
    method: Method,
    path: std::borrow::Cow<'a, str>,
    query: Option<String>,
    idempotency_key: Option<RowKey>,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    fn get(path: String) -> Call<'static> {
        let path = path.into();
        Call { method: Method::GET, path, query: None, idempotency_key: None, body: Vec::new() }
    }

    fn post(path: &'a str, key: RowKey, body: &impl Serialize) -> Call<'a> {
        Call {
            method: Method::POST,
            path: path.into(),
            query: None,
            idempotency_key: Some(key),
            body: serde_json::to_vec(body).expect("bodies have text keys"),
        }
    }
}

/// How a call ended if not well.
enum Failed {
    Refused(RampFailure),
    /// A 404.
    Absent,
    Unclear(ProviderError),
}

impl Failed {
    fn unclear(self) -> ProviderError {
        match self {
            Failed::Unclear(error) => error,
            Failed::Refused(_) | Failed::Absent => ProviderError::Malformed,
        }
    }

    fn attempted<T>(self) -> Attempted<T> {
        match self {
            Failed::Refused(why) => Attempted::Refused(why),
            Failed::Absent => Attempted::Unknown,
            Failed::Unclear(error) => {
                tracing::warn!(%error, "an order may or may not have been taken");
                Attempted::Unknown
            }
        }
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failed> {
    let malformed = || Failed::Unclear(ProviderError::Malformed);
    match reply.status {
        200..300 => serde_json::from_slice(&reply.body).map_err(|_| malformed()),
        400 | 422 => Err(Failed::Refused(wire::refusal(&reply.body))),
        401 | 403 => Err(Failed::Unclear(ProviderError::Unauthorized)),
        404 => Err(Failed::Absent),
        429 | 500..600 => Err(Failed::Unclear(ProviderError::Busy)),
        _ => Err(malformed()),
    }
}

impl RampProvider for Bridge {
    fn books(&self) -> &str {
        self.config.base_url.as_str()
    }

    fn enroll<'a>(&'a self, party: &'a Party) -> Answer<'a, Attempted<String>> {
        Box::pin(async move {
            self.customer(party).await.map_or_else(Failed::attempted, Attempted::Accepted)
        })
    }

    fn register_account<'a>(
        &'a self,
        customer: &'a str,
        bank: &'a BankDetails,
    ) -> Answer<'a, Attempted<String>> {
        Box::pin(async move {
            let made = self.external_account(customer, bank).await;
            made.map_or_else(Failed::attempted, Attempted::Accepted)
        })
    }

    fn submit_payout<'a>(&'a self, order: &'a PayoutOrder) -> Answer<'a, Attempted<String>> {
        Box::pin(async move {
            let submitted = self.submit(order).await;
            submitted.map_or_else(Failed::attempted, Attempted::Accepted)
        })
    }

    fn look_up_payout<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<(PayoutReport, Option<String>), ProviderError>> {
        Box::pin(async move {
            Ok(match self.transfer(handle).await? {
                Some(transfer) => (transfer.payout_report(handle.currency), Some(transfer.id)),
                None => (PayoutReport::Absent, None),
            })
        })
    }

    fn open_onramp<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>> {
        Box::pin(async move {
            self.open(order).await.map_or_else(Failed::attempted, Attempted::Accepted)
        })
    }

    fn look_up_onramp<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<OnrampReport, ProviderError>> {
        Box::pin(async move {
            match self.transfer(handle).await? {
                Some(transfer) => {
                    transfer.onramp_report(handle.currency).ok_or(ProviderError::Malformed)
                }
                None => Ok(OnrampReport::Absent),
            }
        })
    }

    fn open_virtual_account<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>> {
        self.open_onramp(order)
    }

    fn receipts<'a>(
        &'a self,
        handle: &'a Handle,
        after: Option<&'a str>,
    ) -> Answer<'a, Result<Receipts, ProviderError>> {
        Box::pin(async move {
            let Some(reference) = &handle.reference else { return Ok(Receipts::default()) };
            let call = Call {
                query: Some(page_query(after)),
                ..Call::get(format!("/v0/customers/{reference}/history"))
            };
            let history = self.call::<VirtualAccountEvents>(call).await.map_err(Failed::unclear)?;
            history.receipts(handle.currency, PAGE_MAX).ok_or(ProviderError::Malformed)
        })
    }

    fn verify_webhook(&self, delivery: Delivery<'_>) -> Result<Vec<ProviderNews>, Unverified> {
        let key = self.public_key.as_ref().ok_or(Unverified::Signature)?;
        key.verify(delivery)?;
        let event: Event =
            serde_json::from_slice(delivery.body).map_err(|_| Unverified::Malformed)?;
        Ok(event.news().into_iter().collect())
    }

    fn rate(&self, pair: Pair) -> Answer<'_, Result<Option<FxRate>, ProviderError>> {
        Box::pin(async move {
            let Pair { from, to } = pair;
            if from == to {
                return Ok(Some(FxRate::PAR));
            }
            let query = format!("from={}&to={}", from.as_str(), to.as_str());
            let call = Call { query: Some(query), ..Call::get("/v0/exchange_rates".to_owned()) };
            match self.call::<RateAnswer>(call).await {
                Ok(answer) => answer.rate().map(Some).ok_or(ProviderError::Malformed),
                Err(Failed::Absent | Failed::Refused(_)) => Ok(None),
                Err(Failed::Unclear(error)) => Err(error),
            }
        })
    }
}
