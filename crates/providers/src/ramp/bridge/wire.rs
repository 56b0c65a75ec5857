//! The provider's JSON, and the only place where its words become ours.
//!
//! Invariant: a state or a reason that is not listed here becomes the most careful one we have:
//! still on its way, or refused by the bank.

use domain::currency::Currency;
use domain::ids::RowKey;
use domain::money::TokenAmount;
use domain::provider::{
    BankDetails, FiatInstructions, FiatReceipt, FxRate, OnrampOrder, OnrampReport, PaidOut, Party,
    PayoutReport, ProviderNews, RampFailure,
};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ramp::Receipts;

#[derive(Serialize)]
pub struct CustomerBody {
    r#type: &'static str,
    first_name: String,
    last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl CustomerBody {
    pub fn of(party: &Party) -> CustomerBody {
        let (first, last) = party.name.rsplit_once(' ').unwrap_or((&party.name, ""));
        CustomerBody {
            r#type: if party.is_business { "business" } else { "individual" },
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: party.email.clone(),
        }
    }
}

#[derive(Serialize)]
pub struct AccountBody {
    currency: String,
    account_type: &'static str,
    account_owner_name: String,
    /// As the method's own fields name it.
    account: serde_json::Map<String, serde_json::Value>,
}

impl AccountBody {
    pub fn of(bank: &BankDetails) -> AccountBody {
        let field = |(name, value): (&String, &String)| (name.clone(), value.clone().into());
        let account_type = match rail(&bank.method) {
            "ach" | "wire" | "ach_same_day" => "us",
            "sepa" => "iban",
            "spei" => "clabe",
            "pix" => "pix",
            _ => "unknown",
        };
        AccountBody {
            currency: bank.currency.as_str().to_owned(),
            account_type,
            account_owner_name: bank.holder.clone(),
            account: bank.fields.iter().map(field).collect(),
        }
    }
}

#[derive(Serialize)]
pub struct SourceBody {
    pub payment_rail: &'static str,
    pub currency: String,
    pub prefunded_account_id: String,
}

#[derive(Serialize)]
pub struct DestinationBody {
    pub payment_rail: String,
    pub currency: String,
    pub external_account_id: String,
}

#[derive(Serialize)]
pub struct TransferBody {
    pub client_reference_id: String,
    pub amount: String,
    pub on_behalf_of: String,
    pub source: SourceBody,
    pub destination: DestinationBody,
}

/// A currency on a rail.
#[derive(Serialize)]
struct Leg {
    payment_rail: String,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_address: Option<String>,
}

#[derive(Serialize)]
pub struct OnrampBody {
    client_reference_id: String,
    amount: String,
    on_behalf_of: String,
    source: Leg,
    destination: Leg,
}

impl OnrampBody {
    pub fn of(
        order: &OnrampOrder,
        amount: TokenAmount,
        customer: &str,
        destination: (&str, &str, &str),
    ) -> OnrampBody {
        OnrampBody {
            client_reference_id: order.id.uuid().to_string(),
            amount: amount.decimal(order.currency.decimals()),
            on_behalf_of: customer.to_owned(),
            source: Leg {
                payment_rail: inward_rail(order).to_owned(),
                currency: order.currency.as_str().to_owned(),
                to_address: None,
            },
            destination: stable_leg(destination),
        }
    }
}

#[derive(Serialize)]
pub struct VirtualAccountBody {
    source: VirtualSource,
    destination: Leg,
}

#[derive(Serialize)]
struct VirtualSource {
    currency: String,
}

impl VirtualAccountBody {
    pub fn of(order: &OnrampOrder, destination: (&str, &str, &str)) -> VirtualAccountBody {
        let source = VirtualSource { currency: order.currency.as_str().to_owned() };
        VirtualAccountBody { source, destination: stable_leg(destination) }
    }
}

fn stable_leg((rail, address, symbol): (&str, &str, &str)) -> Leg {
    Leg {
        payment_rail: rail.to_owned(),
        currency: symbol.to_lowercase(),
        to_address: Some(address.to_owned()),
    }
}

fn inward_rail(order: &OnrampOrder) -> &'static str {
    match order.currency.as_str() {
        "eur" => "sepa",
        "mxn" => "spei",
        "brl" => "pix",
        "gbp" => "faster_payments",
        _ => "ach_push",
    }
}

/// Our method as their rail.
pub fn rail(method: &str) -> &str {
    match method {
        "sepa_instant" => "sepa",
        method => method,
    }
}

#[derive(Deserialize)]
pub struct Account {
    pub id: String,
}

/// A customer, a virtual account or a transfer that bank money is sent to.
#[derive(Deserialize)]
pub struct Created {
    pub id: String,
    #[serde(default)]
    source_deposit_instructions: Option<DepositInstructions>,
}

#[derive(Deserialize)]
struct DepositInstructions {
    bank_name: Option<String>,
    bank_account_number: Option<String>,
    bank_routing_number: Option<String>,
    bank_beneficiary_name: Option<String>,
    iban: Option<String>,
    bic: Option<String>,
    account_holder_name: Option<String>,
    deposit_message: Option<String>,
}

impl Created {
    /// Only what a payer's bank asks for.
    pub fn instructions(self) -> FiatInstructions {
        let Some(told) = self.source_deposit_instructions else {
            return FiatInstructions::default();
        };
        FiatInstructions {
            account_holder: told.bank_beneficiary_name.or(told.account_holder_name),
            bank_name: told.bank_name,
            iban: told.iban,
            bic: told.bic,
            account_number: told.bank_account_number,
            routing_number: told.bank_routing_number,
            payment_reference: told.deposit_message,
        }
    }
}

#[derive(Deserialize)]
pub struct Transfers {
    pub data: Vec<Transfer>,
}

#[derive(Deserialize)]
pub struct Transfer {
    pub id: String,
    pub client_reference_id: Option<String>,
    state: String,
    #[serde(default)]
    return_details: Option<ReturnDetails>,
    #[serde(default)]
    receipt: Option<Receipt>,
    #[serde(default)]
    amount: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    destination: Option<Destination>,
}

#[derive(Deserialize)]
struct Destination {
    #[serde(default)]
    currency: Option<String>,
}

/// No amount of theirs is believed above this, so that no sum passes what the ledger holds.
const PAID_MAX: u128 = 1 << 100;

/// The currency of an amount they told, if it is the one it must be in.
fn told_in(told: Option<&str>, expected: Currency) -> Option<Currency> {
    Currency::parse(told?).filter(|told| *told == expected)
}

#[derive(Deserialize)]
struct ReturnDetails {
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Receipt {
    #[serde(default)]
    initial_amount: Option<String>,
    #[serde(default)]
    destination_tx_hash: Option<String>,
    /// What arrived, in the destination's currency.
    #[serde(default)]
    final_amount: Option<String>,
    #[serde(default)]
    exchange_rate: Option<String>,
    /// What was kept, of the source.
    #[serde(default)]
    developer_fee: Option<String>,
    #[serde(default)]
    exchange_fee: Option<String>,
    #[serde(default)]
    gas_fee: Option<String>,
}

const FEE_DECIMALS: u8 = 6;

impl Receipt {
    /// What they tell, in the currency it must be in; a part that makes no sense is not told.
    fn paid_out(&self, currency: Option<Currency>) -> PaidOut {
        let amount = |text: &Option<String>, decimals: u8| {
            let amount = TokenAmount::parse(text.as_deref()?, decimals).ok()?;
            Some(amount).filter(|amount| amount.0 <= PAID_MAX)
        };
        let fees = [&self.developer_fee, &self.exchange_fee, &self.gas_fee];
        let fees = fees.into_iter().filter_map(|fee| amount(fee, FEE_DECIMALS));
        PaidOut {
            received: currency.and_then(|one| amount(&self.final_amount, one.decimals())),
            fee_micros: fees.reduce(|sum, fee| TokenAmount(sum.0 + fee.0)),
            rate: self.exchange_rate.as_deref().and_then(FxRate::parse),
        }
    }
}

impl Transfer {
    fn why(&self) -> RampFailure {
        let details = self.return_details.as_ref();
        details
            .and_then(|details| details.reason.as_deref())
            .map_or(RampFailure::BankRejected, failure)
    }

    pub fn payout_report(&self, currency: Currency) -> PayoutReport {
        match self.state.as_str() {
            "payment_processed" => {
                let told = self.destination.as_ref().and_then(|one| one.currency.as_deref());
                let receipt = self.receipt.as_ref();
                let settled = receipt.map(|one| one.paid_out(told_in(told, currency)));
                PayoutReport::Paid(settled.unwrap_or_default())
            }
            "in_review" => PayoutReport::InReview,
            "returned" | "refunded" => PayoutReport::Returned(self.why()),
            "canceled" | "undeliverable" => PayoutReport::Failed(self.why()),
            // `refund_in_flight`: it may yet not come back, so it is not back.
            // `error`, `missing_return_policy`, `refund_failed`: theirs to solve, and not over.
            _ => PayoutReport::Processing,
        }
    }

    pub fn created_at(&self) -> Option<Timestamp> {
        self.created_at.as_deref().and_then(Timestamp::parse)
    }

    /// None if an amount is not one, or not of this currency.
    pub fn onramp_report(&self, currency: Currency) -> Option<OnrampReport> {
        Some(match self.state.as_str() {
            state @ ("funds_received" | "payment_submitted" | "payment_processed") => {
                let decimals = told_in(self.currency.as_deref(), currency)?.decimals();
                let receipt = self.receipt.as_ref().and_then(|one| one.initial_amount.as_deref());
                let text = receipt.or(self.amount.as_deref())?;
                let amount = TokenAmount::parse(text, decimals).ok()?;
                let receipt = self.receipt.as_ref();
                let tx_hash = receipt.and_then(|one| one.destination_tx_hash.clone());
                match state {
                    "payment_submitted" => OnrampReport::Sent { amount, tx_hash },
                    "payment_processed" => OnrampReport::Completed { amount, tx_hash },
                    _ => OnrampReport::FiatReceived { amount },
                }
            }
            "returned" | "refunded" => OnrampReport::Refunded,
            "canceled" | "undeliverable" => OnrampReport::Failed(self.why()),
            _ => OnrampReport::AwaitingFiat,
        })
    }
}

/// Their reasons in our words; what is not listed is the bank's refusal.
fn failure(reason: &str) -> RampFailure {
    match reason {
        "account_closed" | "R02" => RampFailure::AccountClosed,
        "invalid_account" | "invalid_account_number" | "R03" | "R04" => RampFailure::AccountInvalid,
        "name_mismatch" => RampFailure::NameMismatch,
        "compliance" => RampFailure::ComplianceRefused,
        "limit_exceeded" => RampFailure::LimitExceeded,
        _ => RampFailure::BankRejected,
    }
}

/// Why an order was refused.
pub fn refusal(body: &[u8]) -> RampFailure {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default)]
        code: String,
    }
    let refusal = serde_json::from_slice::<Refusal>(body);
    refusal.map_or(RampFailure::BankRejected, |refusal| failure(&refusal.code))
}

#[derive(Deserialize)]
pub struct RateAnswer {
    /// A number or a text; its decimal text either way.
    midmarket_rate: Box<RawValue>,
    #[serde(default)]
    sell_rate: Option<Box<RawValue>>,
}

impl RateAnswer {
    pub fn rate(&self) -> Option<FxRate> {
        let raw = self.sell_rate.as_ref().unwrap_or(&self.midmarket_rate);
        FxRate::parse(raw.get().trim_matches('"'))
    }
}

#[derive(Deserialize)]
pub struct VirtualAccountEvents {
    data: Vec<VirtualAccountEvent>,
}

#[derive(Deserialize)]
struct VirtualAccountEvent {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    deposit_id: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
}

impl VirtualAccountEvents {
    /// None if an amount is not one, or not of this currency, or a full page has no end.
    pub fn receipts(self, currency: Currency, page_max: usize) -> Option<Receipts> {
        let next = match self.data.last() {
            Some(last) if self.data.len() >= page_max => Some(last.id.clone()?),
            Some(_) | None => None,
        };
        let mut data = Vec::new();
        for event in self.data.into_iter().filter(|event| event.kind == "funds_received") {
            let (Some(id), Some(amount)) = (event.deposit_id, event.amount) else { continue };
            let decimals = told_in(event.currency.as_deref(), currency)?.decimals();
            let amount = TokenAmount::parse(&amount, decimals).ok()?;
            let key = RowKey::of("bridge_receipt", &[id.as_bytes()]);
            data.push(FiatReceipt { key, amount });
        }
        Some(Receipts { data, next })
    }
}

/// A webhook's body.
#[derive(Deserialize)]
pub struct Event {
    event_id: String,
    #[serde(default)]
    event_object: EventObject,
}

#[derive(Default, Deserialize)]
struct EventObject {
    #[serde(default)]
    client_reference_id: Option<String>,
}

impl Event {
    /// Nothing if it is about nothing that was ours.
    pub fn news(&self) -> Option<ProviderNews> {
        let about = Uuid::try_parse(self.event_object.client_reference_id.as_deref()?).ok()?;
        let key = RowKey::of("provider_news", &[b"bridge", self.event_id.as_bytes()]);
        Some(ProviderNews { key, about: about.into() })
    }
}
