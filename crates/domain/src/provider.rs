//! What a provider of ramps is asked and reports, in words that are the house's own.
//!
//! These types are how its reports reach a decision: a raw state, name or text of a provider has
//! no place here, so that none can reach an object, an event, an error or a log line.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::environment::Environment;
use crate::ids::RowKey;
use crate::ledger::Asset;
use crate::money::TokenAmount;
use crate::network::Network;
use crate::token::TokenId;

/// Why money did not reach whom it was meant for. Never a provider's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RampFailure {
    /// The bank refused it, or gave no reason.
    BankRejected,
    AccountInvalid,
    AccountClosed,
    NameMismatch,
    ComplianceRefused,
    LimitExceeded,
    /// This route is not served at the moment.
    RouteUnavailable,
    /// A human of this house said no.
    DeclinedOnReview,
}

/// What the other side says was really paid; each part as far as it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidOut {
    /// What the bank account got, in the currency's minor unit.
    pub received: Option<TokenAmount>,
    /// What they kept, in millionths of a whole unit of what they were given.
    pub fee_micros: Option<TokenAmount>,
    /// Units of the currency for one of what they were given.
    pub rate: Option<FxRate>,
}

/// Where a payout stands with whom it was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutReport {
    /// They have never heard of it.
    Absent,
    Processing,
    InReview,
    Paid(PaidOut),
    Failed(RampFailure),
    /// It was paid, or on its way, and came back.
    Returned(RampFailure),
}

/// Where an on-ramp stands with whom the bank money goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnrampReport {
    Absent,
    AwaitingFiat,
    FiatReceived {
        amount: TokenAmount,
    },
    /// The stablecoin is on its way to the wallet.
    Sent {
        amount: TokenAmount,
        tx_hash: Option<String>,
    },
    /// It has arrived.
    Completed {
        amount: TokenAmount,
        tx_hash: Option<String>,
    },
    /// The bank money was given back.
    Refunded,
    Failed(RampFailure),
}

impl OnrampReport {
    /// The bank money that came in, if it tells of any.
    pub fn amount(&self) -> Option<TokenAmount> {
        match self {
            OnrampReport::FiatReceived { amount }
            | OnrampReport::Sent { amount, .. }
            | OnrampReport::Completed { amount, .. } => Some(*amount),
            OnrampReport::Absent
            | OnrampReport::AwaitingFiat
            | OnrampReport::Refunded
            | OnrampReport::Failed(_) => None,
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted<T> {
    Accepted(T),
    /// For certain: nothing was or will be done.
    Refused(RampFailure),
    /// It may have been done or not: ask again under the same id.
    Unknown,
}

/// Of as many providers at most is kept what they call something of ours.
const REFERENCES_MAX: usize = 4;

/// What providers call somebody or something of ours, each in its own books: made once, and never
/// shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct References(Vec<Reference>);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Reference {
    books: String,
    name: String,
}

impl References {
    /// Its name in these books.
    pub fn of(&self, books: &str) -> Option<&str> {
        self.0.iter().find(|one| one.books == books).map(|one| one.name.as_str())
    }

    /// Keeps a name. What is known stays: the first answer counts.
    pub fn learn(&mut self, books: &str, name: String) {
        if self.of(books).is_none() {
            self.0.push(Reference { books: books.to_owned(), name });
            let excess = self.0.len().saturating_sub(REFERENCES_MAX);
            self.0.drain(..excess);
        }
    }
}

impl fmt::Debug for References {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "References({})", self.0.len())
    }
}

/// Who is paid, or pays.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// The ramp user's row.
    pub user: RowKey,
    pub name: String,
    pub email: Option<String>,
    pub is_business: bool,
    pub country: String,
}

/// A bank account in the clear, for as long as it takes to send it.
#[derive(Clone, PartialEq, Eq)]
pub struct BankDetails {
    pub account: RowKey,
    pub holder: String,
    pub country: String,
    pub currency: Currency,
    pub method: String,
    /// Each field the method asks for.
    pub fields: BTreeMap<String, String>,
}

/// One payout as it is given away. Its id is what the other side tells repetitions by.
#[derive(Clone, PartialEq, Eq)]
pub struct PayoutOrder {
    pub id: RowKey,
    pub environment: Environment,
    /// What the user gives, in base units of its asset.
    pub asset: Asset,
    pub source: TokenAmount,
    /// What the other side is given for the target: the source without the fee, or as many dollars
    /// if it is a token that promises no price.
    pub funds: Funds,
    /// What the bank account receives, in the currency's minor unit.
    pub target: TokenAmount,
    pub currency: Currency,
    pub bank: BankDetails,
    /// What the other side calls the user, and his bank account.
    pub customer: String,
    pub bank_reference: String,
}

/// What a provider is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    pub asset: Asset,
    pub amount: TokenAmount,
}

/// One on-ramp, or a virtual account, as the other side is asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct OnrampOrder {
    pub id: RowKey,
    pub environment: Environment,
    pub currency: Currency,
    /// None for a virtual account: it takes any amount, and again.
    pub amount: Option<TokenAmount>,
    pub party: Party,
    /// What the other side calls the user.
    pub customer: String,
    /// What is bought, and the wallet it goes to; none: it stays with the house.
    pub token_id: TokenId,
    pub wallet: Option<(Network, String)>,
}

impl fmt::Debug for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Party({:?})", self.user)
    }
}

impl fmt::Debug for BankDetails {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "BankDetails({:?})", self.account)
    }
}

impl fmt::Debug for PayoutOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PayoutOrder({:?})", self.id)
    }
}

impl fmt::Debug for OnrampOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "OnrampOrder({:?})", self.id)
    }
}

/// How to find at the provider what was given to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle {
    pub id: RowKey,
    /// What the provider calls it, once it said so. Never shown.
    pub reference: Option<String>,
    /// The bank money's. What they tell in another is not believed.
    pub currency: Currency,
}

impl fmt::Debug for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Handle({:?})", self.id)
    }
}

/// Where bank money is to be sent, as a payer needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = FiatInstructions)]
pub struct FiatInstructions {
    pub account_holder: Option<String>,
    pub bank_name: Option<String>,
    pub iban: Option<String>,
    pub bic: Option<String>,
    pub account_number: Option<String>,
    pub routing_number: Option<String>,
    /// What the payer must write beside the money, so that it is found.
    pub payment_reference: Option<String>,
}

/// Bank money that came in on a virtual account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiatReceipt {
    /// Tells this receipt from all others: a hash of what the provider calls it.
    pub key: RowKey,
    pub amount: TokenAmount,
}

/// Something happened to what was given away: a reason to look, never more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderNews {
    /// Tells this piece of news from all others.
    pub key: RowKey,
    /// The payout, on-ramp or virtual account it is about.
    pub about: RowKey,
}

/// How many whole units of a currency one whole dollar is: in 10^-12 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FxRate(pub u128);

pub const FX_SCALE: u128 = 1_000_000_000_000;

impl FxRate {
    pub const PAR: FxRate = FxRate(FX_SCALE);

    /// A positive decimal of up to twelve places.
    pub fn parse(text: &str) -> Option<FxRate> {
        TokenAmount::parse(text, 12).ok().filter(|rate| rate.0 > 0).map(|rate| FxRate(rate.0))
    }

    pub fn decimal(self) -> String {
        TokenAmount(self.0).decimal(12)
    }
}

impl Serialize for FxRate {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.decimal())
    }
}

impl<'de> Deserialize<'de> for FxRate {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<FxRate, D::Error> {
        let text = String::deserialize(input)?;
        FxRate::parse(&text).ok_or_else(|| serde::de::Error::custom("not a rate"))
    }
}
