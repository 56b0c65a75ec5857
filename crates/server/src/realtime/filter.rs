//! Which events a stream tells: what its credential may see, and what its client asks for.
//!
//! Parsed once, before the stream begins; a parameter that cannot mean anything is refused, so
//! that a misspelled filter is not met with silence.

use domain::environment::Environment;
use domain::event::{Entry, EntryKind, Selection, parse_event_id};
use domain::ids::{InvoiceId, MerchantId, RowKey};
use domain::invoice::InvoiceType;
use domain::network::Network;
use domain::time::Timestamp;
use serde::Deserialize;
use store::EventFilter;
use uuid::Uuid;

use crate::http::error::{ApiError, Code};

const TYPES_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 255;

/// Which of the three streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    Merchant,
    Commerce,
    Payor(InvoiceId),
}

/// What a credential opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub kind: StreamKind,
    pub merchant_id: MerchantId,
    /// None: both.
    pub environment: Option<Environment>,
}

impl Scope {
    /// Everything the credential may see.
    pub fn visible(&self) -> EventFilter {
        let all =
            EventFilter { environment: self.environment, ..EventFilter::of(self.merchant_id) };
        match self.kind {
            StreamKind::Merchant => all,
            StreamKind::Commerce => EventFilter { is_commerce_only: true, ..all },
            StreamKind::Payor(invoice_id) => EventFilter {
                selection: Selection::for_payor(),
                invoice_id: Some(invoice_id),
                ..all
            },
        }
    }

    /// Whether the credential may see this entry.
    pub fn sees(&self, entry: &Entry) -> bool {
        let (told, visible) = (&entry.entry, self.visible());
        let EntryKind::Event(kind) = told.kind else { return false };
        told.merchant_id == visible.merchant_id
            && visible.selection.contains(kind)
            && visible.environment.is_none_or(|environment| environment == told.environment)
            && (!visible.is_commerce_only || told.subject.is_commerce)
            && visible.invoice_id.is_none_or(|id| told.subject.invoice_id == Some(id.key()))
    }

    /// The text of an event as this stream tells it; none if it tells nothing of it.
    pub fn envelope(&self, entry: &Entry) -> Option<String> {
        match self.kind {
            StreamKind::Merchant | StreamKind::Commerce => entry.envelope(),
            StreamKind::Payor(_) => entry.payor_envelope(),
        }
    }
}

/// Where a client wants to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// After this event.
    Event(String),
    /// With what happened at this moment.
    Time(Timestamp),
}

impl Since {
    /// An event id, epoch seconds, epoch milliseconds or RFC 3339.
    pub fn parse(text: &str) -> Option<Since> {
        if text.starts_with("evt_") {
            return parse_event_id(text).map(|_| Since::Event(text.to_owned()));
        }
        Timestamp::parse_since(text).map(Since::Time)
    }

    /// A moment far ahead is a mistake, and a stream from there on would be silent.
    fn is_possible(&self, now: Timestamp) -> bool {
        match self {
            Since::Event(_) => true,
            Since::Time(time) => time.is_near_or_past(now),
        }
    }
}

/// What a stream tells.
#[derive(Clone, Debug)]
pub struct Plan {
    pub scope: Scope,
    pub since: Option<Since>,
    /// What the store can filter by.
    pub events: EventFilter,
    invoice_type: Option<InvoiceType>,
    customer_id: Option<String>,
    wallet_address: Option<String>,
    wallet_network: Option<Network>,
}

impl Plan {
    /// Whether the client asked for this entry; to be asked only of what the scope sees.
    pub fn wants(&self, entry: &Entry) -> bool {
        let (told, events) = (&entry.entry, &self.events);
        let EntryKind::Event(kind) = told.kind else { return false };
        let subject = &told.subject;
        let is_of_type = |wanted| match wanted {
            InvoiceType::Commerce => subject.is_commerce,
            InvoiceType::Standard => !subject.is_commerce && subject.invoice_id.is_some(),
        };
        events.selection.contains(kind)
            && events.invoice_id.is_none_or(|id| subject.invoice_id == Some(id.key()))
            && events.order_id.is_none_or(|id| subject.order_id == Some(id))
            && self.invoice_type.is_none_or(is_of_type)
            && is_wanted(self.customer_id.as_deref(), subject.customer_id.as_deref(), is_same)
            && is_wanted(self.wallet_address.as_deref(), subject.wallet.as_deref(), is_same_wallet)
            && self.wallet_network.is_none_or(|network| network_of(&told.data) == Some(network))
    }
}

fn is_wanted(wanted: Option<&str>, is: Option<&str>, same: fn(&str, &str) -> bool) -> bool {
    wanted.is_none_or(|wanted| is.is_some_and(|is| same(wanted, is)))
}

fn is_same(one: &str, other: &str) -> bool {
    one == other
}

/// Hexadecimal addresses are the same in either case.
fn is_same_wallet(one: &str, other: &str) -> bool {
    one == other || (one.starts_with("0x") && one.eq_ignore_ascii_case(other))
}

/// The network an object was or is paid on; read out of its JSON, for no column holds it.
fn network_of(data: &str) -> Option<Network> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        object: Object<'a>,
    }
    #[derive(Deserialize)]
    struct Object<'a> {
        network: Option<&'a str>,
        payer_wallet_network: Option<&'a str>,
        wallet_network: Option<&'a str>,
    }
    let Object { network, payer_wallet_network, wallet_network } =
        serde_json::from_str::<Data<'_>>(data).ok()?.object;
    network.or(payer_wallet_network).or(wallet_network).and_then(Network::parse)
}

/// The query of an upgrade, as it came.
#[derive(Default)]
pub struct StreamQuery {
    pub token: Option<String>,
    since: Option<String>,
    types: Option<String>,
    invoice_type: Option<String>,
    customer_id: Option<String>,
    invoice_id: Option<String>,
    environment: Option<String>,
    order_id: Option<String>,
    wallet_address: Option<String>,
    wallet_network: Option<String>,
    format: Option<String>,
    repeated: Option<String>,
}

impl StreamQuery {
    /// Never fails: what is wrong with it is told where the client can hear it.
    pub fn read(query: &str) -> StreamQuery {
        let mut all = StreamQuery::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let Some(place) = all.place(&name) else { continue };
            if place.replace(value.into_owned()).is_some() {
                all.repeated = Some(name.into_owned());
            }
        }
        all
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "token" => &mut self.token,
            "since" => &mut self.since,
            "types" => &mut self.types,
            "invoice_type" => &mut self.invoice_type,
            "customer_id" => &mut self.customer_id,
            "invoice_id" => &mut self.invoice_id,
            "environment" => &mut self.environment,
            "order_id" => &mut self.order_id,
            "wallet_address" => &mut self.wallet_address,
            "wallet_network" => &mut self.wallet_network,
            "format" => &mut self.format,
            _ => return None,
        })
    }

    /// The environment that was asked for.
    pub fn environment(&self) -> Result<Option<Environment>, ApiError> {
        let must = "must be devnet or mainnet";
        parsed("environment", self.environment.as_deref(), must, Environment::parse)
    }

    /// What the stream will tell, within what the credential opens.
    pub fn plan(self, mut scope: Scope, now: Timestamp) -> Result<Plan, ApiError> {
        if let Some(param) = self.repeated {
            return Err(ApiError::invalid(param, "must not be given twice"));
        }
        if self.format.as_deref().is_some_and(|format| format != "event_v1") {
            return Err(ApiError::invalid("format", "must be event_v1"));
        }
        if let StreamKind::Payor(_) = scope.kind {
            self.refuse_filters()?;
        }
        scope.environment = narrowed(scope.environment, self.environment()?)?;
        let mut events = scope.visible();
        if let Some(types) = &self.types {
            events.selection = events.selection.and(selection(types)?);
        }
        let must = "must be a UUID";
        let key = |text: &str| Uuid::try_parse(text).ok().map(RowKey::from);
        if let Some(id) = parsed("invoice_id", self.invoice_id.as_deref(), must, InvoiceId::parse)?
        {
            events.invoice_id = Some(id);
        }
        events.order_id = parsed("order_id", self.order_id.as_deref(), must, key)?;
        let must = "must be an event id, a time in epoch seconds or milliseconds, or RFC 3339";
        let since = parsed("since", self.since.as_deref(), must, Since::parse)?;
        if since.as_ref().is_some_and(|since| !since.is_possible(now)) {
            return Err(ApiError::invalid("since", "must not be more than a day from now"));
        }
        let must = "must be standard or commerce";
        let invoice_type = self.invoice_type.as_deref();
        let invoice_type = parsed("invoice_type", invoice_type, must, InvoiceType::parse)?;
        let must = "must be one of the ten networks";
        let wallet_network = self.wallet_network.as_deref();
        let wallet_network = parsed("wallet_network", wallet_network, must, Network::parse)?;
        Ok(Plan {
            scope,
            since,
            events,
            invoice_type,
            customer_id: bounded("customer_id", self.customer_id)?,
            wallet_address: bounded("wallet_address", self.wallet_address)?,
            wallet_network,
        })
    }

    /// The payor's stream is one invoice's: there is nothing to choose.
    fn refuse_filters(&self) -> Result<(), ApiError> {
        let filters = [
            ("types", &self.types),
            ("invoice_type", &self.invoice_type),
            ("customer_id", &self.customer_id),
            ("invoice_id", &self.invoice_id),
            ("environment", &self.environment),
            ("order_id", &self.order_id),
            ("wallet_address", &self.wallet_address),
            ("wallet_network", &self.wallet_network),
        ];
        match filters.into_iter().find(|(_, value)| value.is_some()) {
            Some((name, _)) => Err(ApiError::invalid(name, "is no filter of this stream")),
            None => Ok(()),
        }
    }
}

fn narrowed(
    allowed: Option<Environment>,
    asked: Option<Environment>,
) -> Result<Option<Environment>, ApiError> {
    match (allowed, asked) {
        (Some(allowed), Some(asked)) if allowed != asked => {
            let message = "This credential belongs to the other environment";
            Err(ApiError::new(Code::EnvironmentMismatch, message))
        }
        (allowed, asked) => Ok(allowed.or(asked)),
    }
}

fn selection(types: &str) -> Result<Selection, ApiError> {
    let refuse = |message: String| Err(ApiError::invalid("types", message));
    if types.split(',').nth(TYPES_MAX).is_some() {
        return refuse(format!("must not name more than {TYPES_MAX} types"));
    }
    match Selection::parse(types.split(',').map(str::trim)) {
        Ok(selection) => Ok(selection),
        Err(_) => refuse("must be event types or prefixes such as invoice.*".to_owned()),
    }
}

fn parsed<T>(
    name: &'static str,
    text: Option<&str>,
    must: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let read = |text| parse(text).ok_or_else(|| ApiError::invalid(name, must));
    text.map(read).transpose()
}

fn bounded(name: &'static str, text: Option<String>) -> Result<Option<String>, ApiError> {
    match text {
        Some(text) if text.is_empty() || text.len() > TEXT_BYTES_MAX => {
            Err(ApiError::invalid(name, format!("must be 1 to {TEXT_BYTES_MAX} bytes")))
        }
        text => Ok(text),
    }
}
