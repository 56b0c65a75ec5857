//! The rows of the ramp sandbox: what was given to it, and what is to become of it.
//!
//! The providers crate holds the machine that reads these; a row makes it survive a restart and be
//! shared by processes. The sandbox is devnet's.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::ids::{RowKey, Version};
use crate::money::TokenAmount;
use crate::time::Timestamp;

/// What is to become of a case, chosen by its amount or by a simulator route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SandboxOutcome {
    /// Paid after two seconds; an on-ramp waits for its bank money.
    Paid,
    Failed,
    /// Paid, and back after seven days.
    ReturnedLater,
    /// Back as soon as somebody looks.
    Returned,
    /// Under review until a simulator route says otherwise.
    InReview,
    /// The first answer does not arrive, though the order did; then paid.
    TimesOut,
    /// Not done until it was asked about a third time.
    PaidWhenAsked,
    /// Answers run backwards and repeat: paid, processing, in review, paid.
    OutOfOrder,
    /// Refused at once.
    Refused,
    /// The first order never arrives, nor does its answer.
    Lost,
    /// The bank money of an on-ramp is there.
    FiatReceived,
    /// The bank money of an on-ramp went back to its payer.
    Refunded,
}

/// One payout, on-ramp or virtual account in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxCase {
    /// What the order's id is.
    pub object: RowKey,
    pub outcome: SandboxOutcome,
    /// When the order arrived; none while it has not.
    pub accepted_at: Option<Timestamp>,
    /// How often it was submitted, and asked about.
    pub submitted: u32,
    pub asked: u32,
    pub currency: Currency,
    pub amount: TokenAmount,
    /// What came in on a virtual account.
    pub received: Vec<TokenAmount>,
    #[serde(skip)]
    pub version: Version,
}

impl SandboxCase {
    pub fn key(&self) -> RowKey {
        SandboxCase::row_key(self.object)
    }

    pub fn row_key(object: RowKey) -> RowKey {
        RowKey::of("sandbox_case", &[&object.0])
    }
}
