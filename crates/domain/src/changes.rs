//! A change of state as data: what a decision answers and the store commits, all or nothing.
//!
//! Rows to insert, rows to update (each at the version it was read), guards (rows only read),
//! counters with bounds, ledger transfers, and entries for the log.

use crate::event::NewEntry;
use crate::ids::{MerchantId, RowKey, Version};
use crate::known_price::KnownPrice;
use crate::ledger::{ChainHead, ChainLink, Hold, LedgerDay, Transfer};
use crate::{
    allowed_destination::AllowedDestination, api_key::ApiKey, audit::AuditEntry,
    bank_account::BankAccount, cart::Cart, challenge::WalletChallenge, claim::Claim,
    commerce_rates::CommerceRates, delivery::Attempt, delivery::Delivery,
    deposit_address::DepositAddress, estimate::Estimate, follow::FollowCursor,
    idempotency::IdempotencyRow, invoice::Invoice, kyc::KycCase, member::Member,
    merchant::Merchant, network_pause::NetworkPause, onchain_deposit::OnchainDeposit,
    onramp::Onramp, order::Order, password::PasswordReset, payment::Payment, payout::Payout,
    product::Product, quote::Quote, ramp_address::RampAddress, ramp_deposit::RampDeposit,
    ramp_quote::RampQuote, ramp_session::RampSession, ramp_user::RampUser,
    receipt_mail::ReceiptMail, refund::Refund, sandbox::SandboxCase,
    screening_review::ScreeningReview, send::Send, sequence::Sequence, session::Session,
    settlement::Settlement, settlement_rule::SettlementRule, settlement_wallet::SettlementWallet,
    shipping_address::ShippingAddress, sign_in::SignIn, simulated::SimulatedChain,
    simulated::SimulatedTransaction, slot::Slot, token_rule::TokenRule, unmatched::Unmatched,
    verification::Verification, virtual_account::VirtualAccount, watch::WatchCursor,
    webhook_endpoint, webhook_endpoint::WebhookEndpoint,
};

macro_rules! records {
    ($($noun:ident($row:ty)),+ $(,)?) => {
        /// One row of any noun.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Record { $($noun(Box<$row>)),+ }

        /// The nouns that are kept as rows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Noun { $($noun),+ }

        impl Record {
            pub fn noun(&self) -> Noun {
                match self { $(Record::$noun(_) => Noun::$noun),+ }
            }

            pub fn key(&self) -> RowKey {
                match self { $(Record::$noun(row) => row.key()),+ }
            }

            /// The version this row was read at; zero for a new one.
            pub fn version(&self) -> Version {
                match self { $(Record::$noun(row) => row.version),+ }
            }
        }

        $(impl From<$row> for Record {
            fn from(row: $row) -> Record { Record::$noun(Box::new(row)) }
        })+
    };
}

records! {
    Merchant(Merchant),
    Member(Member),
    ApiKey(ApiKey),
    Invoice(Invoice),
    Session(Session),
    Payment(Payment),
    Quote(Quote),
    DepositAddress(DepositAddress),
    Idempotency(IdempotencyRow),
    Claim(Claim),
    Sequence(Sequence),
    TokenRule(TokenRule),
    Unmatched(Unmatched),
    Verification(Verification),
    SignIn(SignIn),
    WalletChallenge(WalletChallenge),
    PasswordReset(PasswordReset),
    AuditEntry(AuditEntry),
    WatchCursor(WatchCursor),
    Slot(Slot),
    SimulatedChain(SimulatedChain),
    SimulatedTransaction(SimulatedTransaction),
    WebhookEndpoint(WebhookEndpoint),
    Delivery(Delivery),
    Attempt(Attempt),
    FollowCursor(FollowCursor),
    Hold(Hold),
    ChainLink(ChainLink),
    ChainHead(ChainHead),
    LedgerDay(LedgerDay),
    KnownPrice(KnownPrice),
    RampUser(RampUser),
    KycCase(KycCase),
    BankAccount(BankAccount),
    RampDeposit(RampDeposit),
    RampSession(RampSession),
    ScreeningReview(ScreeningReview),
    RampQuote(RampQuote),
    Payout(Payout),
    SandboxCase(SandboxCase),
    RampAddress(RampAddress),
    OnchainDeposit(OnchainDeposit),
    VirtualAccount(VirtualAccount),
    Onramp(Onramp),
    SettlementWallet(SettlementWallet),
    SettlementRule(SettlementRule),
    Settlement(Settlement),
    Send(Send),
    Refund(Refund),
    NetworkPause(NetworkPause),
    AllowedDestination(AllowedDestination),
    Product(Product),
    Cart(Cart),
    CommerceRates(CommerceRates),
    ShippingAddress(ShippingAddress),
    Estimate(Estimate),
    Order(Order),
    ReceiptMail(ReceiptMail),
}

/// A row that was only read, but must still be as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    pub noun: Noun,
    pub key: RowKey,
    /// Zero: the row must not exist.
    pub version: Version,
}

/// A number that many changes move at once, within bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterMove {
    pub merchant_id: MerchantId,
    /// What is counted, for example `invoices.devnet.paid`.
    pub name: String,
    pub by: i64,
    pub floor: Option<i64>,
    pub ceiling: Option<i64>,
}

impl CounterMove {
    pub fn key(&self) -> RowKey {
        counter_key(self.merchant_id, &self.name)
    }

    /// Whether it only counts, for the operator to see, and bounds nothing.
    pub fn is_gauge(&self) -> bool {
        self.floor.is_none() && self.ceiling.is_none()
    }
}

/// Up to here the name of an offer's stock tells the millisecond the offer was made in.
const COUNTER_BEGINNING_BYTES: usize = "stock.00000000-0000".len();

pub fn counter_key(merchant_id: MerchantId, name: &str) -> RowKey {
    RowKey::beside("counter", &merchant_id.0.to_be_bytes(), name, COUNTER_BEGINNING_BYTES)
}

/// Everything one decision changes. All of it is committed, or nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// Whose lane of the log this goes to.
    pub merchant_id: MerchantId,
    pub inserts: Vec<Record>,
    pub updates: Vec<Record>,
    pub guards: Vec<Guard>,
    pub counters: Vec<CounterMove>,
    pub transfers: Vec<Transfer>,
    pub entries: Vec<NewEntry>,
}

impl Changes {
    pub fn of(merchant_id: MerchantId) -> Changes {
        Changes {
            merchant_id,
            inserts: Vec::new(),
            updates: Vec::new(),
            guards: Vec::new(),
            counters: Vec::new(),
            transfers: Vec::new(),
            entries: Vec::new(),
        }
    }

    pub fn insert(&mut self, row: impl Into<Record>) {
        self.inserts.push(row.into());
    }

    pub fn update(&mut self, row: impl Into<Record>) {
        self.updates.push(row.into());
    }

    /// Requires that a row that was read is unchanged at commit.
    pub fn guard(&mut self, noun: Noun, key: RowKey, version: Version) {
        self.guards.push(Guard { noun, key, version });
    }

    /// Moves an unbounded count, such as a gauge of invoices in a state.
    pub fn count(&mut self, name: String, by: i64) {
        let merchant_id = self.merchant_id;
        self.counters.push(CounterMove { merchant_id, name, by, floor: None, ceiling: None });
    }

    pub fn transfer(&mut self, transfer: Transfer) {
        self.transfers.push(transfer);
    }

    pub fn tell(&mut self, entry: impl Into<NewEntry>) {
        self.entries.push(entry.into());
    }

    /// Writes into each event how many of the merchant's endpoints hear of it: of `endpoints` as
    /// they are known, or as this very change leaves them.
    pub fn count_listeners(&mut self, endpoints: &[WebhookEndpoint]) {
        let updates = &self.updates;
        let changed = |known: &WebhookEndpoint| {
            updates.iter().find_map(|record| match record {
                Record::WebhookEndpoint(after) if after.id == known.id => Some(&**after),
                _ => None,
            })
        };
        let endpoints = || endpoints.iter().map(|known| changed(known).unwrap_or(known));
        for entry in &mut self.entries {
            entry.pending_webhooks = webhook_endpoint::listeners(endpoints(), entry);
        }
    }

    /// Whether anything is told that a merchant may hear of.
    pub fn has_events(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind.public().is_some())
    }

    /// Adds everything `other` changes; it goes to this one's lane of the log.
    pub fn append(&mut self, mut other: Changes) {
        self.inserts.append(&mut other.inserts);
        self.updates.append(&mut other.updates);
        self.guards.append(&mut other.guards);
        self.counters.append(&mut other.counters);
        self.transfers.append(&mut other.transfers);
        self.entries.append(&mut other.entries);
    }

    pub fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.updates.is_empty()
            && self.counters.is_empty()
            && self.transfers.is_empty()
            && self.entries.is_empty()
    }
}
