//! Whoever moves bank money: what every provider of ramps can be asked.
//!
//! Two implementations ship: the machine below `sandbox` (its rows kept by the server) and the
//! HTTP client below `bridge`. Every order carries an id, and giving it twice does it once.
//!
//! Invariant: an answer that did not arrive is `Unknown`, never a refusal.

pub mod bridge;
pub mod sandbox;

use std::pin::Pin;

use domain::currency::Currency;
use domain::provider::{
    Attempted, BankDetails, FiatInstructions, FiatReceipt, FxRate, Handle, OnrampOrder,
    OnrampReport, Party, PayoutOrder, PayoutReport, ProviderNews,
};
use domain::time::Timestamp;

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a provider could not be asked. The words are ours: theirs stay here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error("the ramp provider cannot be reached")]
    Unreachable,
    #[error("the ramp provider did not answer in time")]
    TimedOut,
    #[error("the ramp provider asks to be left alone for a while")]
    Busy,
    #[error("the ramp provider does not take our key")]
    Unauthorized,
    #[error("the ramp provider's answer makes no sense")]
    Malformed,
    #[error("the ramp provider has more than is looked through, so that nothing can be told")]
    TooMany,
    #[error("the ramp provider does not do this")]
    Unsupported,
}

/// A webhook that is not to be believed, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    #[error("the signature is missing or does not verify")]
    Signature,
    #[error("the signature is too old")]
    Stale,
    #[error("the body makes no sense")]
    Malformed,
}

/// A webhook as it came in.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    pub signature: Option<&'a str>,
    pub body: &'a [u8],
    pub now: Timestamp,
}

/// An on-ramp or a virtual account that is open now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub reference: String,
    pub instructions: FiatInstructions,
}

/// A page of what came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    pub data: Vec<FiatReceipt>,
    /// Where the next page begins; none: this is the last one.
    pub next: Option<String>,
}

/// One currency given for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    pub from: Currency,
    pub to: Currency,
}

impl Pair {
    /// What dollars are in a currency.
    pub fn dollars_in(to: Currency) -> Pair {
        Pair { from: Currency::USD, to }
    }
}

pub trait RampProvider: Send + Sync {
    /// In whose books its references are: they mean nothing in another's.
    fn books(&self) -> &str;

    /// Makes a user known; answers what the provider calls him. Asked for until it was answered,
    /// under the same id, and then never again.
    fn enroll<'a>(&'a self, party: &'a Party) -> Answer<'a, Attempted<String>>;

    /// The same for a bank account of a user who is known.
    fn register_account<'a>(
        &'a self,
        customer: &'a str,
        bank: &'a BankDetails,
    ) -> Answer<'a, Attempted<String>>;

    /// Gives a payout away; answers what the provider calls it.
    fn submit_payout<'a>(&'a self, order: &'a PayoutOrder) -> Answer<'a, Attempted<String>>;

    fn look_up_payout<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<(PayoutReport, Option<String>), ProviderError>>;

    fn open_onramp<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>>;

    fn look_up_onramp<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<OnrampReport, ProviderError>>;

    fn open_virtual_account<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>>;

    /// What came in on a virtual account, each with its own key, the newest first; from where the
    /// page before ended.
    fn receipts<'a>(
        &'a self,
        handle: &'a Handle,
        after: Option<&'a str>,
    ) -> Answer<'a, Result<Receipts, ProviderError>>;

    /// What a webhook tells, if it is genuine.
    fn verify_webhook(&self, delivery: Delivery<'_>) -> Result<Vec<ProviderNews>, Unverified>;

    /// What one unit of a currency is in another; none if it is not served.
    fn rate(&self, pair: Pair) -> Answer<'_, Result<Option<FxRate>, ProviderError>>;
}
