//! Every error a client can meet: its status, its stable code, and where it comes from.
//!
//! One shape: `{"success":false,"error":{"code","message","param"?,"request_id"}}`. The edge
//! writes the body, because it knows the request id.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::refusal::Refusal;
use serde::Serialize;
use store::{CommitError, StoreError};
use utoipa::ToSchema;

/// The stable codes. A client may branch on these; they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    ValidationError,
    PayloadTooLarge,
    AuthenticationRequired,
    ApiKeyInvalid,
    TokenInvalid,
    SessionInvalid,
    SignInFailed,
    SignInLocked,
    TotpRequired,
    SignatureInvalid,
    InsufficientScope,
    EnvironmentMismatch,
    MainnetNotEnabled,
    AccessKeyInvalid,
    NotFound,
    MethodNotAllowed,
    IdempotencyKeyReused,
    IdempotencyKeyMissing,
    InvoiceNotCancelable,
    InvoiceNotResolvable,
    InvoiceAlreadyPaid,
    InvoiceClosed,
    InvoiceExpired,
    LastOwner,
    AlreadyExists,
    NetworkNotSimulated,
    NetworkSimulated,
    EndpointDisabled,
    LimitReached,
    KycRequired,
    KycState,
    KycLinkClosed,
    LimitExceeded,
    InsufficientFunds,
    UserClosed,
    UserHasBalance,
    ReviewDecided,
    QuoteExpired,
    QuoteUsed,
    PayoutNotCancelable,
    NothingToRefund,
    RefundTooLarge,
    RefundNotCancelable,
    NotInReview,
    OwnRequest,
    OperatorRequired,
    RefundFeeTooHigh,
    DestinationNotAllowed,
    DestinationNotAllowedYet,
    DestinationChanged,
    SendNotReleasable,
    EstimateExpired,
    NothingToBuy,
    OfferGone,
    OutOfStock,
    OrderState,
    OrderNotCancelable,
    CommerceUnavailable,
    Busy,
    RateLimitExceeded,
    RequestTimeout,
    ServiceUnavailable,
    InternalServerError,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        self.parts().1
    }

    pub fn status(self) -> StatusCode {
        self.parts().0
    }

    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Code::ValidationError => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            Code::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Code::AuthenticationRequired => (StatusCode::UNAUTHORIZED, "AUTHENTICATION_REQUIRED"),
            Code::ApiKeyInvalid => (StatusCode::UNAUTHORIZED, "API_KEY_INVALID"),
            Code::TokenInvalid => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Code::SessionInvalid => (StatusCode::UNAUTHORIZED, "SESSION_INVALID"),
            Code::SignInFailed => (StatusCode::UNAUTHORIZED, "SIGN_IN_FAILED"),
            Code::TotpRequired => (StatusCode::UNAUTHORIZED, "TOTP_REQUIRED"),
            Code::SignInLocked => (StatusCode::TOO_MANY_REQUESTS, "SIGN_IN_LOCKED"),
            Code::SignatureInvalid => (StatusCode::FORBIDDEN, "SIGNATURE_INVALID"),
            Code::InsufficientScope => (StatusCode::FORBIDDEN, "INSUFFICIENT_SCOPE"),
            Code::EnvironmentMismatch => (StatusCode::FORBIDDEN, "ENVIRONMENT_MISMATCH"),
            Code::MainnetNotEnabled => (StatusCode::FORBIDDEN, "MAINNET_NOT_ENABLED"),
            Code::AccessKeyInvalid => (StatusCode::FORBIDDEN, "ACCESS_KEY_INVALID"),
            Code::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Code::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Code::IdempotencyKeyReused => (StatusCode::CONFLICT, "IDEMPOTENCY_KEY_REUSED"),
            Code::IdempotencyKeyMissing => (StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_MISSING"),
            Code::InvoiceNotCancelable => (StatusCode::CONFLICT, "INVOICE_NOT_CANCELABLE"),
            Code::InvoiceNotResolvable => (StatusCode::CONFLICT, "INVOICE_NOT_RESOLVABLE"),
            Code::InvoiceAlreadyPaid => (StatusCode::BAD_REQUEST, "INVOICE_ALREADY_PAID"),
            Code::InvoiceClosed => (StatusCode::CONFLICT, "INVOICE_CLOSED"),
            Code::InvoiceExpired => (StatusCode::GONE, "INVOICE_EXPIRED"),
            Code::LastOwner => (StatusCode::CONFLICT, "LAST_OWNER"),
            Code::AlreadyExists => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
            Code::NetworkNotSimulated => (StatusCode::CONFLICT, "NETWORK_NOT_SIMULATED"),
            Code::NetworkSimulated => (StatusCode::CONFLICT, "NETWORK_SIMULATED"),
            Code::EndpointDisabled => (StatusCode::CONFLICT, "WEBHOOK_ENDPOINT_DISABLED"),
            Code::LimitReached => (StatusCode::CONFLICT, "LIMIT_REACHED"),
            Code::KycRequired => (StatusCode::FORBIDDEN, "KYC_REQUIRED"),
            Code::KycState => (StatusCode::CONFLICT, "KYC_STATE"),
            Code::KycLinkClosed => (StatusCode::GONE, "KYC_LINK_CLOSED"),
            Code::LimitExceeded => (StatusCode::CONFLICT, "LIMIT_EXCEEDED"),
            Code::InsufficientFunds => (StatusCode::CONFLICT, "INSUFFICIENT_FUNDS"),
            Code::UserClosed => (StatusCode::CONFLICT, "USER_CLOSED"),
            Code::UserHasBalance => (StatusCode::CONFLICT, "USER_HAS_BALANCE"),
            Code::ReviewDecided => (StatusCode::CONFLICT, "REVIEW_DECIDED"),
            Code::QuoteExpired => (StatusCode::CONFLICT, "QUOTE_EXPIRED"),
            Code::QuoteUsed => (StatusCode::CONFLICT, "QUOTE_USED"),
            Code::PayoutNotCancelable => (StatusCode::CONFLICT, "PAYOUT_NOT_CANCELABLE"),
            Code::NothingToRefund => (StatusCode::CONFLICT, "NOTHING_TO_REFUND"),
            Code::RefundTooLarge => (StatusCode::CONFLICT, "REFUND_TOO_LARGE"),
            Code::RefundNotCancelable => (StatusCode::CONFLICT, "REFUND_NOT_CANCELABLE"),
            Code::NotInReview => (StatusCode::CONFLICT, "NOT_IN_REVIEW"),
            Code::OwnRequest => (StatusCode::FORBIDDEN, "OWN_REQUEST"),
            Code::OperatorRequired => (StatusCode::FORBIDDEN, "OPERATOR_REQUIRED"),
            Code::RefundFeeTooHigh => (StatusCode::CONFLICT, "REFUND_FEE_TOO_HIGH"),
            Code::DestinationNotAllowed => (StatusCode::FORBIDDEN, "DESTINATION_NOT_ALLOWED"),
            Code::DestinationNotAllowedYet => (StatusCode::CONFLICT, "DESTINATION_NOT_ALLOWED_YET"),
            Code::DestinationChanged => (StatusCode::CONFLICT, "DESTINATION_CHANGED"),
            Code::SendNotReleasable => (StatusCode::CONFLICT, "SEND_NOT_RELEASABLE"),
            Code::EstimateExpired => (StatusCode::CONFLICT, "ESTIMATE_EXPIRED"),
            Code::NothingToBuy => (StatusCode::CONFLICT, "NOTHING_TO_BUY"),
            Code::OfferGone => (StatusCode::CONFLICT, "OFFER_UNAVAILABLE"),
            Code::OutOfStock => (StatusCode::CONFLICT, "OUT_OF_STOCK"),
            Code::OrderState => (StatusCode::CONFLICT, "ORDER_STATE"),
            Code::OrderNotCancelable => (StatusCode::BAD_REQUEST, "ORDER_NOT_CANCELABLE"),
            Code::CommerceUnavailable => (StatusCode::CONFLICT, "COMMERCE_UNAVAILABLE"),
            Code::Busy => (StatusCode::CONFLICT, "BUSY"),
            Code::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED"),
            Code::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Code::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
            Code::InternalServerError => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")
            }
        }
    }
}

/// An error on its way to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub code: Code,
    pub message: String,
    /// The field of the request that is wrong.
    pub param: Option<String>,
    pub retry_after_seconds: Option<u64>,
}

impl ApiError {
    pub fn new(code: Code, message: impl Into<String>) -> ApiError {
        ApiError { code, message: message.into(), param: None, retry_after_seconds: None }
    }

    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> ApiError {
        let param = param.into();
        let message = format!("{param} {}", message.into());
        ApiError { param: Some(param), ..ApiError::new(Code::ValidationError, message) }
    }

    pub fn not_found(what: &str) -> ApiError {
        ApiError::new(Code::NotFound, format!("No such {what}"))
    }

    pub fn retry_after(self, seconds: u64) -> ApiError {
        ApiError { retry_after_seconds: Some(seconds), ..self }
    }
}

/// The error travels as an extension; the edge writes body and headers.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        let message = refusal.to_string();
        let code = match refusal {
            Refusal::Invalid { param, .. } => {
                let error = ApiError::new(Code::ValidationError, message);
                return ApiError { param: Some(param.to_owned()), ..error };
            }
            Refusal::NotCancelable => Code::InvoiceNotCancelable,
            Refusal::NotResolvable | Refusal::NothingToAccept => Code::InvoiceNotResolvable,
            Refusal::AlreadyPaid => Code::InvoiceAlreadyPaid,
            Refusal::InvoiceExpired => Code::InvoiceExpired,
            Refusal::InvoiceClosed => Code::InvoiceClosed,
            Refusal::LastOwner => Code::LastOwner,
            Refusal::SignInFailed => Code::SignInFailed,
            Refusal::SignInLocked => Code::SignInLocked,
            Refusal::MainnetNotEnabled => Code::MainnetNotEnabled,
            Refusal::AccessKeyInvalid => Code::AccessKeyInvalid,
            Refusal::EndpointDisabled => Code::EndpointDisabled,
            Refusal::TooManyEndpoints
            | Refusal::TooManyAttempts
            | Refusal::TooManyBankAccounts
            | Refusal::TooManyDestinations
            | Refusal::CartFull => Code::LimitReached,
            Refusal::KycRequired(_) => Code::KycRequired,
            Refusal::KycStep(..) => Code::KycState,
            Refusal::KycLinkClosed => Code::KycLinkClosed,
            Refusal::LimitExceeded(_) => Code::LimitExceeded,
            Refusal::UserClosed => Code::UserClosed,
            Refusal::UserHasBalance => Code::UserHasBalance,
            Refusal::ReviewDecided => Code::ReviewDecided,
            Refusal::QuoteExpired => Code::QuoteExpired,
            Refusal::QuoteUsed => Code::QuoteUsed,
            Refusal::PayoutNotCancelable => Code::PayoutNotCancelable,
            Refusal::NothingToRefund => Code::NothingToRefund,
            Refusal::RefundTooLarge { .. } => Code::RefundTooLarge,
            Refusal::RefundNotCancelable => Code::RefundNotCancelable,
            Refusal::NotInReview => Code::NotInReview,
            Refusal::OwnRequest => Code::OwnRequest,
            Refusal::OperatorRequired => Code::OperatorRequired,
            Refusal::RefundFeeTooHigh => Code::RefundFeeTooHigh,
            Refusal::EstimateExpired => Code::EstimateExpired,
            Refusal::NothingToBuy => Code::NothingToBuy,
            Refusal::OfferGone { .. } => Code::OfferGone,
            Refusal::OrderStep { .. } => Code::OrderState,
            Refusal::OrderNotCancelable { .. } => Code::OrderNotCancelable,
            Refusal::InsufficientFunds => Code::InsufficientFunds,
            Refusal::DestinationNotAllowed => Code::DestinationNotAllowed,
            Refusal::DestinationNotAllowedYet { .. } => Code::DestinationNotAllowedYet,
            Refusal::DestinationChanged => Code::DestinationChanged,
            Refusal::SendNotReleasable(_) => Code::SendNotReleasable,
        };
        ApiError::new(code, message)
    }
}

const UNAVAILABLE_RETRY_SECONDS: u64 = 2;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(cause, "the database is unavailable");
                let message = "The database is unavailable; try again shortly";
                ApiError::new(Code::ServiceUnavailable, message)
                    .retry_after(UNAVAILABLE_RETRY_SECONDS)
            }
            StoreError::Corrupt { .. }
            | StoreError::TooNew { .. }
            | StoreError::Misconfigured(_)
            | StoreError::Rejected(_) => {
                tracing::error!(%error, "a request met a broken store");
                ApiError::new(Code::InternalServerError, "Something went wrong on our side")
            }
        }
    }
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> ApiError {
        match error {
            CommitError::Conflict { .. } => {
                ApiError::new(Code::Busy, "Somebody else changed this at once; try again")
                    .retry_after(1)
            }
            CommitError::AlreadyExists { .. } => {
                ApiError::new(Code::AlreadyExists, "This exists already")
            }
            CommitError::Insufficient { .. } => {
                ApiError::new(Code::Busy, "A limit would be passed")
            }
            CommitError::Store(error) => error.into(),
        }
    }
}

/// Every error has this shape. A 429 also has `message`, `error_code` and `retry_after` on top.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// Always false.
    pub success: bool,
    pub error: ErrorDetail,
}

#[derive(Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable: branch on it.
    pub code: String,
    /// For people; may change.
    pub message: String,
    /// The field of the request that is wrong.
    pub param: Option<String>,
    pub request_id: String,
}
