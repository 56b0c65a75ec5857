//! The invoice: the canonical payment object and the source of truth.
//!
//! `unpaid → paid | underpaid | expired | canceled`, `underpaid → paid | expired`. Nothing leaves
//! a final state, except `expired → paid` when the merchant accepts what arrived.

mod create;
mod day;
mod lifecycle;
mod metadata;

pub use create::{AMOUNT_MAX, Created, EXPIRES_IN_MS_MAX, InvoiceAsk, check_amount, create};
pub use day::{Flow, InvoiceDay, InvoiceDayKey, counter_range, line_of};
pub use lifecycle::{
    AddressAsk, Allocation, Expiry, LATE_WINDOW_MS, OtherSessions, WaitReason, accept,
    answer_questions, cancel, expire, expire_now_for_simulation, fresh_session, give_out_address,
    set_customer_email,
};

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::{EntryKind, EventType, NewEntry, Origin, Subject, created_data, updated_data};
use crate::ids::{InvoiceId, MerchantId, RampUserId, RowKey, Version};
use crate::ledger::Asset;
use crate::money::{Usd, UsdNumber};
use crate::network::Network;
use crate::payment::{Payment, PaymentView};
use crate::questions::{Answer, Questions};
use crate::quote;
use crate::session::{AFTER_FINAL_MS, Session};
use crate::time::Timestamp;
use crate::token::TokenId;

/// Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvoiceStatus {
    Unpaid,
    Underpaid,
    Paid,
    Expired,
    Canceled,
}

impl InvoiceStatus {
    pub const ALL: [InvoiceStatus; 5] = [
        InvoiceStatus::Unpaid,
        InvoiceStatus::Underpaid,
        InvoiceStatus::Paid,
        InvoiceStatus::Expired,
        InvoiceStatus::Canceled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            InvoiceStatus::Unpaid => "unpaid",
            InvoiceStatus::Underpaid => "underpaid",
            InvoiceStatus::Paid => "paid",
            InvoiceStatus::Expired => "expired",
            InvoiceStatus::Canceled => "canceled",
        }
    }

    pub fn parse(text: &str) -> Option<InvoiceStatus> {
        InvoiceStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<InvoiceStatus> {
        usize::try_from(code).ok().and_then(|at| InvoiceStatus::ALL.get(at).copied())
    }

    /// Still takes payments.
    pub fn is_open(self) -> bool {
        matches!(self, InvoiceStatus::Unpaid | InvoiceStatus::Underpaid)
    }
}

/// Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvoiceType {
    Standard,
    Commerce,
}

impl InvoiceType {
    pub fn as_str(self) -> &'static str {
        match self {
            InvoiceType::Standard => "standard",
            InvoiceType::Commerce => "commerce",
        }
    }

    pub fn parse(text: &str) -> Option<InvoiceType> {
        match text {
            "standard" => Some(InvoiceType::Standard),
            "commerce" => Some(InvoiceType::Commerce),
            _ => None,
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<InvoiceType> {
        [InvoiceType::Standard, InvoiceType::Commerce].into_iter().find(|kind| kind.code() == code)
    }
}

/// The first partial payment binds the payor to its network, token and address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub network: Network,
    pub token_id: TokenId,
    pub address: String,
}

/// What the creator of an invoice wrote on it; nothing looks into it after creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_return_url: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub payment_return_url_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_override_address: Option<String>,
    /// The ramp user whose balance it goes to instead of a wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_user_id: Option<RampUserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Questions>,
    #[serde(skip_serializing_if = "Metadata::is_none")]
    pub metadata: Metadata,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    pub id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub invoice_type: InvoiceType,
    pub status: InvoiceStatus,
    pub amount: Usd,
    /// How much may be missing; fixed at creation from the merchant's profile.
    pub tolerance: Usd,
    /// Confirmed and counted, overpayment included.
    pub amount_paid: Usd,
    /// Seen and counted, but not deep enough.
    pub amount_pending: Usd,
    /// How many payments were ever seen, counted or not.
    pub payments_seen: i64,
    pub customer_id: Option<String>,
    pub customer_email: Option<String>,
    pub payer_wallet_address: Option<String>,
    pub payer_wallet_network: Option<Network>,
    pub commerce_order_id: Option<RowKey>,
    pub details: Details,
    pub answers: Vec<Answer>,
    pub address_index: Option<u32>,
    /// Sessions issued before this are revoked.
    pub sessions_from: Timestamp,
    pub lock: Option<Lock>,
    pub expires_at: Timestamp,
    /// When the expiry worker looks at this invoice next.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub last_payment_at: Option<Timestamp>,
    /// When the invoice became paid, expired or canceled.
    pub final_at: Option<Timestamp>,
    pub version: Version,
}

impl Invoice {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn amount_remaining(&self) -> Usd {
        self.amount.minus_floor(self.amount_paid)
    }

    pub fn amount_overpaid(&self) -> Usd {
        match self.status {
            InvoiceStatus::Paid => self.amount_paid.minus_floor(self.amount),
            InvoiceStatus::Unpaid
            | InvoiceStatus::Underpaid
            | InvoiceStatus::Expired
            | InvoiceStatus::Canceled => Usd::ZERO,
        }
    }

    /// Whether a confirmed value would make this invoice paid.
    pub fn is_covered_by(&self, value: Usd) -> bool {
        value.plus(self.tolerance) >= self.amount
    }

    /// Whether sessions still open this invoice: they die a day after it is final.
    pub fn admits_sessions(&self, now: Timestamp) -> bool {
        self.final_at.is_none_or(|at| now < at.plus_ms(AFTER_FINAL_MS))
    }

    pub fn has_revoked(&self, session: &Session) -> bool {
        session.issued_at < self.sessions_from
    }

    /// The gauge that counts invoices in this state.
    fn gauge(&self) -> String {
        format!("invoices.{}.{}", self.environment.as_str(), self.status.as_str())
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject {
                object_id: Some(self.key()),
                invoice_id: Some(self.key()),
                order_id: self.commerce_order_id,
                customer_id: self.customer_id.clone(),
                wallet: self.payer_wallet_address.clone(),
                is_commerce: self.invoice_type == InvoiceType::Commerce,
            },
            data,
            origin,
            pending_webhooks: 0,
        }
    }

    /// Writes a new invoice, its event and its gauge into `changes`.
    fn record_created(self, changes: &mut Changes, origin: Origin, now: Timestamp) {
        let data = created_data(&self.view());
        changes.tell(self.entry(EventType::InvoiceCreated, data, origin, now));
        changes.count(self.gauge(), 1);
        self.count_state(None, changes, now);
        changes.insert(self);
    }

    /// Writes this invoice in place of `before`, with an event if anybody can see a difference.
    pub(crate) fn record_updated(
        self,
        before: &Invoice,
        changes: &mut Changes,
        origin: Origin,
        now: Timestamp,
    ) {
        let lock = self.lock.as_ref();
        let asset =
            lock.map(|lock| Asset::Token { network: lock.network, token_id: lock.token_id });
        self.record_paid_in(asset, (before, origin), changes, now);
    }

    /// The same, where it is known what the invoice was paid in.
    pub(crate) fn record_paid_in(
        self,
        asset: Option<Asset>,
        (before, origin): (&Invoice, Origin),
        changes: &mut Changes,
        now: Timestamp,
    ) {
        if self.view() != before.view() {
            let data = updated_data(&before.view(), &self.view());
            changes.tell(self.entry(EventType::InvoiceUpdated, data, origin, now));
        }
        if let Some(told) = quote::payor::remaining_changed(before, &self, now) {
            changes.tell(told);
        }
        if self.status != before.status {
            changes.count(before.gauge(), -1);
            changes.count(self.gauge(), 1);
            self.count_state(asset, changes, now);
        }
        changes.update(self);
    }

    pub fn view(&self) -> InvoiceView<'_> {
        InvoiceView {
            object: "invoice",
            id: self.id,
            merchant_id: self.merchant_id,
            status: self.status,
            invoice_type: self.invoice_type,
            currency: "usd",
            amount: self.amount.millis(),
            amount_decimal: self.amount.decimal(),
            amount_usd: self.amount.number(),
            amount_paid: self.amount_paid.millis(),
            amount_paid_decimal: self.amount_paid.decimal(),
            amount_remaining: self.amount_remaining().millis(),
            amount_remaining_decimal: self.amount_remaining().decimal(),
            amount_overpaid: self.amount_overpaid().millis(),
            amount_overpaid_decimal: self.amount_overpaid().decimal(),
            amount_unit: "usd_millis",
            customer_id: self.customer_id.as_deref(),
            customer_email: self.customer_email.as_deref(),
            payer_wallet_address: self.payer_wallet_address.as_deref(),
            payer_wallet_network: self.payer_wallet_network,
            commerce_order_id: self.commerce_order_id.map(|key| key.uuid().to_string()),
            environment: self.environment,
            description: self.details.description.as_deref(),
            invoice_title: self.details.title.as_deref(),
            invoice_footer: self.details.footer.as_deref(),
            payment_return_url: self.details.payment_return_url.as_deref(),
            payment_return_url_enabled: self.details.payment_return_url_enabled,
            receiver_override_address: self.details.receiver_override_address.as_deref(),
            credit_user_id: self.details.credit_user_id,
            questions: self.details.questions.as_ref(),
            answers: &self.answers,
            expires_at: self.expires_at.seconds(),
            created_at: self.created_at.seconds(),
            paid_at: self.paid_at.map(Timestamp::seconds),
            last_payment_at: self.last_payment_at.map(Timestamp::seconds),
            metadata: &self.details.metadata,
            latest_payment: None,
            payments: None,
        }
    }
}

/// The merchant's own JSON object, passed through untouched; `{}` if there is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Metadata(pub Option<Box<serde_json::value::RawValue>>);

impl Metadata {
    fn is_none(&self) -> bool {
        self.0.is_none()
    }

    fn text(&self) -> &str {
        self.0.as_ref().map_or("{}", |raw| raw.get())
    }
}

impl Serialize for Metadata {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        match &self.0 {
            Some(raw) => raw.serialize(out),
            None => out.serialize_map(Some(0))?.end(),
        }
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Metadata {}

/// The canonical payment object.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceView<'a> {
    pub object: &'static str,
    pub id: InvoiceId,
    pub merchant_id: MerchantId,
    pub status: InvoiceStatus,
    pub invoice_type: InvoiceType,
    pub currency: &'static str,
    /// In thousandths of a dollar.
    pub amount: i64,
    pub amount_decimal: String,
    pub amount_usd: UsdNumber,
    /// Confirmed payments that count, overpayment included.
    pub amount_paid: i64,
    pub amount_paid_decimal: String,
    /// Never below zero.
    pub amount_remaining: i64,
    pub amount_remaining_decimal: String,
    pub amount_overpaid: i64,
    pub amount_overpaid_decimal: String,
    pub amount_unit: &'static str,
    pub customer_id: Option<&'a str>,
    pub customer_email: Option<&'a str>,
    pub payer_wallet_address: Option<&'a str>,
    pub payer_wallet_network: Option<Network>,
    pub commerce_order_id: Option<String>,
    pub environment: Environment,
    pub description: Option<&'a str>,
    pub invoice_title: Option<&'a str>,
    pub invoice_footer: Option<&'a str>,
    pub payment_return_url: Option<&'a str>,
    pub payment_return_url_enabled: bool,
    pub receiver_override_address: Option<&'a str>,
    /// The ramp user whose balance it goes to; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_user_id: Option<RampUserId>,
    pub questions: Option<&'a Questions>,
    pub answers: &'a [Answer],
    pub expires_at: i64,
    pub created_at: i64,
    pub paid_at: Option<i64>,
    pub last_payment_at: Option<i64>,
    #[schema(value_type = Object)]
    pub metadata: &'a Metadata,
    /// With `expand=latest_payment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_payment: Option<Option<PaymentView>>,
    /// With `expand=payments`, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payments: Option<Vec<PaymentView>>,
}

impl InvoiceView<'_> {
    /// Adds the payments a caller asked to expand; they come newest first.
    pub fn expand(&mut self, latest: Option<&Payment>, all: Option<&[Payment]>, head: HeadOf<'_>) {
        let view = |payment: &Payment| payment.view(head(payment.network));
        self.latest_payment = latest.map(|payment| Some(view(payment)));
        self.payments = all.map(|payments| payments.iter().map(view).collect());
    }
}

/// The newest block known of a network.
pub type HeadOf<'a> = &'a dyn Fn(Network) -> u64;
