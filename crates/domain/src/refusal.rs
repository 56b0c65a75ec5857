//! Why a decision was refused: one enum that names the broken rule.
//!
//! HTTP maps each to a status and a stable code in one place. A refusal changes nothing.

use crate::kyc::{KycNeed, KycStatus, LimitPassed};
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{param} {message}")]
    Invalid { param: &'static str, message: String },
    #[error("An invoice can be canceled only while unpaid and without any payment seen")]
    NotCancelable,
    #[error("This invoice cannot be accepted as it stands")]
    NotResolvable,
    #[error("No payment of this invoice waits to be accepted")]
    NothingToAccept,
    #[error("The invoice is already paid")]
    AlreadyPaid,
    #[error("The invoice has expired")]
    InvoiceExpired,
    #[error("The invoice is no longer open")]
    InvoiceClosed,
    #[error("A merchant always keeps an owner")]
    LastOwner,
    #[error("E-mail, password or code is not right")]
    SignInFailed,
    #[error("Too many failed sign-ins; try again later")]
    SignInLocked,
    #[error("Mainnet is not enabled for this account")]
    MainnetNotEnabled,
    #[error("The access key is not valid")]
    AccessKeyInvalid,
    #[error("The webhook endpoint is disabled; enable it first")]
    EndpointDisabled,
    #[error("A merchant has at most {} webhook endpoints", crate::webhook_endpoint::ENDPOINTS_MAX)]
    TooManyEndpoints,
    #[error("This delivery was attempted too often to be sent again")]
    TooManyAttempts,
    #[error("{0}")]
    KycRequired(KycNeed),
    #[error("{0}")]
    LimitExceeded(LimitPassed),
    #[error("This case cannot go from {from} to {to}", from = .0.as_str(), to = .1.as_str())]
    KycStep(KycStatus, KycStatus),
    #[error("The link is no longer open")]
    KycLinkClosed,
    #[error("The user is closed")]
    UserClosed,
    #[error("The user still has money, or money on its way")]
    UserHasBalance,
    #[error("This review was decided before")]
    ReviewDecided,
    #[error("A user has at most {} bank accounts", crate::bank_account::ACCOUNTS_MAX)]
    TooManyBankAccounts,
    #[error("The quote has expired; ask for another")]
    QuoteExpired,
    #[error("The quote was used before")]
    QuoteUsed,
    #[error("This payout is on its way or over; it cannot be canceled")]
    PayoutNotCancelable,
    #[error("Nothing arrived there that could go back")]
    NothingToRefund,
    #[error("At most {most} can go back")]
    RefundTooLarge { most: String },
    #[error("A transaction of it is signed already, or it has ended")]
    RefundNotCancelable,
    #[error("It does not wait for an approval")]
    NotInReview,
    #[error("Whoever asked for it cannot approve it")]
    OwnRequest,
    #[error("It passes the house's limits: only the operator may approve it")]
    OperatorRequired,
    #[error("Network fees would be too much of its value; ask for more at once")]
    RefundFeeTooHigh,
    #[error("Money goes only to allowed destinations, and this address is none")]
    DestinationNotAllowed,
    #[error("This address is an allowed destination from {from} on", from = .from.rfc3339())]
    DestinationNotAllowedYet { from: Timestamp },
    #[error("The merchant no longer wants it there; turn it down, and it is planned anew")]
    DestinationChanged,
    #[error(
        "A merchant has at most {} allowed destinations",
        crate::allowed_destination::DESTINATIONS_MAX
    )]
    TooManyDestinations,
    #[error("This send cannot be released: {0}")]
    SendNotReleasable(&'static str),
    #[error("A cart holds at most {} different things", crate::cart::LINES_MAX)]
    CartFull,
    #[error("The estimate has expired; make another")]
    EstimateExpired,
    #[error("Nothing of this estimate can be had")]
    NothingToBuy,
    #[error("The offer of {product_id} is gone; make another estimate")]
    OfferGone { product_id: String },
    #[error("An order that is {from} cannot go on with {step}")]
    OrderStep { from: &'static str, step: &'static str },
    #[error("An order that is {from} cannot be cancelled")]
    OrderNotCancelable { from: &'static str },
    #[error("The merchant's addresses do not hold that much of this token")]
    InsufficientFunds,
}

impl Refusal {
    pub fn invalid(param: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::Invalid { param, message: message.into() }
    }
}
