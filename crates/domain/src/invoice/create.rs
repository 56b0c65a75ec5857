//! Making an invoice: every bound of the request, then one commit of invoice and event.

use super::{Details, Invoice, InvoiceStatus, InvoiceType, Metadata};
use crate::address::Address;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::{Fresh, InvoiceId, OrderId, RampUserId};
use crate::merchant::Merchant;
use crate::money::Usd;
use crate::network::Network;
use crate::questions::{Questions, normalize_email};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::settlement_rule;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

const AMOUNT_MIN: Usd = Usd(10_000);
pub const AMOUNT_MAX: Usd = Usd(1_000_000_000_000);
const TEXT_MAX: usize = 255;
const METADATA_BYTES_MAX: usize = 512;
const RETURN_URL_MAX: usize = 2_048;
const EXPIRES_IN_MS_DEFAULT: i64 = 12 * HOUR_MS;
pub const EXPIRES_IN_MS_MAX: i64 = 30 * DAY_MS;

/// What a merchant asks for.
#[derive(Clone, Debug, Default)]
pub struct InvoiceAsk {
    pub amount: Usd,
    pub description: Option<String>,
    pub customer_id: Option<String>,
    /// A JSON object, compact.
    pub metadata: Metadata,
    pub expires_in_ms: Option<i64>,
    pub receiver_override_enable: bool,
    pub receiver_override_address: Option<String>,
    /// The network the merchant is settled on; the system's default if none.
    pub settlement_network: Option<Network>,
    pub invoice_title: Option<String>,
    pub invoice_footer: Option<String>,
    pub customer_email: Option<String>,
    pub payment_return_url: Option<String>,
    pub payment_return_url_enabled: Option<bool>,
    pub questions: Option<Questions>,
    /// Known well enough to be credited: who asks has seen to that.
    pub credit_user_id: Option<RampUserId>,
    /// The order it pays for; none: it stands for itself.
    pub order_id: Option<OrderId>,
}

/// A new invoice, the payor's session for it, and the change that makes both real.
#[derive(Clone, Debug)]
pub struct Created {
    pub invoice: Invoice,
    pub session: Session,
    pub changes: Changes,
}

pub fn create(
    ask: InvoiceAsk,
    merchant: &Merchant,
    environment: Environment,
    origin: Origin,
    fresh: &mut Fresh,
) -> Result<Created, Refusal> {
    let now = fresh.now();
    check_amount(ask.amount)?;
    let expires_in_ms = ask.expires_in_ms.unwrap_or(EXPIRES_IN_MS_DEFAULT);
    if !(1..=EXPIRES_IN_MS_MAX).contains(&expires_in_ms) {
        let message = "must be between 1 and 2592000000 milliseconds";
        return Err(Refusal::invalid("expires_in", message));
    }
    let customer_email = ask.customer_email.as_deref().map(email).transpose()?;
    let customer_id = text("customer_id", ask.customer_id.clone())?;
    let tolerance = merchant.tolerance(environment).of(ask.amount);
    let amount = ask.amount;
    let expires_at = now.plus_ms(expires_in_ms);
    let invoice = Invoice {
        id: InvoiceId::fresh(fresh),
        merchant_id: merchant.id,
        environment,
        invoice_type: match ask.order_id {
            Some(_) => InvoiceType::Commerce,
            None => InvoiceType::Standard,
        },
        status: InvoiceStatus::Unpaid,
        amount,
        tolerance,
        amount_paid: Usd::ZERO,
        amount_pending: Usd::ZERO,
        payments_seen: 0,
        customer_id,
        customer_email,
        payer_wallet_address: None,
        payer_wallet_network: None,
        commerce_order_id: ask.order_id.map(OrderId::key),
        details: details(ask, merchant, environment)?,
        answers: Vec::new(),
        address_index: None,
        sessions_from: Timestamp(0),
        lock: None,
        expires_at,
        due_at: expires_at,
        created_at: now,
        paid_at: None,
        last_payment_at: None,
        final_at: None,
        version: 0,
    };
    let session = Session::first_of(&invoice);
    let mut changes = Changes::of(merchant.id);
    invoice.clone().record_created(&mut changes, origin, now);
    Ok(Created { invoice, session, changes })
}

/// The bounds of what can be asked for, in an invoice or a quote.
pub fn check_amount(amount: Usd) -> Result<(), Refusal> {
    if (AMOUNT_MIN..=AMOUNT_MAX).contains(&amount) {
        return Ok(());
    }
    Err(Refusal::invalid("amount_usd", "must be between 0.01 and 1000000"))
}

fn details(
    ask: InvoiceAsk,
    merchant: &Merchant,
    environment: Environment,
) -> Result<Details, Refusal> {
    let return_url = ask.payment_return_url.map(return_url).transpose()?;
    let return_url = return_url.or_else(|| merchant.default_payment_return_url.clone());
    let wants_return = ask.payment_return_url_enabled.unwrap_or(return_url.is_some());
    if let Some(questions) = &ask.questions {
        questions.check()?;
    }
    if ask.metadata.0.as_ref().is_some_and(|raw| raw.get().len() > METADATA_BYTES_MAX) {
        return Err(Refusal::invalid("metadata", "must not pass 512 bytes of compact JSON"));
    }
    Ok(Details {
        description: text("description", ask.description)?,
        title: text("invoice_title", ask.invoice_title)?
            .or_else(|| Some(merchant.company_name.clone())),
        footer: text("invoice_footer", ask.invoice_footer)?
            .or_else(|| Some(merchant.company_name.clone())),
        payment_return_url_enabled: wants_return && return_url.is_some(),
        payment_return_url: return_url,
        receiver_override_address: receiver_override(
            ask.receiver_override_enable,
            ask.receiver_override_address.as_deref(),
            (environment, ask.settlement_network),
        )?,
        credit_user_id: ask.credit_user_id,
        questions: ask.questions,
        metadata: ask.metadata,
    })
}

fn text(param: &'static str, value: Option<String>) -> Result<Option<String>, Refusal> {
    match value {
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(Refusal::invalid(param, "must not pass 255 characters"))
        }
        Some(text) if text.contains('\0') => {
            Err(Refusal::invalid(param, "must not hold a null character"))
        }
        other => Ok(other.filter(|text| !text.is_empty())),
    }
}

pub(super) fn email(text: &str) -> Result<String, Refusal> {
    let refusal = || Refusal::invalid("customer_email", "must be an e-mail address");
    normalize_email(text).ok_or_else(refusal)
}

fn return_url(text: String) -> Result<String, Refusal> {
    let refuse = |message: &str| Err(Refusal::invalid("payment_return_url", message));
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("must not hold spaces or control characters");
    }
    if text.len() > RETURN_URL_MAX {
        return refuse("must not pass 2048 characters");
    }
    match url::Url::parse(&text) {
        Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(text),
        _ => refuse("must be an https URL"),
    }
}

/// The address must live on the network the merchant settles on.
fn receiver_override(
    is_enabled: bool,
    address: Option<&str>,
    (environment, settlement_network): (Environment, Option<Network>),
) -> Result<Option<String>, Refusal> {
    let default = || settlement_rule::default_token(environment).network;
    let network = settlement_network.unwrap_or_else(default);
    let parse = |text: &str| {
        Address::parse(network, environment, text)
            .map(|address| address.as_str().to_owned())
            .map_err(|error| {
                let message = format!("must be an address on {}: {error}", network.as_str());
                Refusal::invalid("receiver_override_address", message)
            })
    };
    let address = address.map(parse).transpose()?;
    match (is_enabled, address) {
        (true, None) => {
            let message = "is required with receiver_override_enable";
            Err(Refusal::invalid("receiver_override_address", message))
        }
        (true, address) => Ok(address),
        (false, _) => Ok(None),
    }
}
