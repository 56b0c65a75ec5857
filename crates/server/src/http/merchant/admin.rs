//! What the operator does over HTTP: making merchants, seeing which there are, having one
//! transaction looked up that a watcher missed, and having a watcher begin anew.
//!
//! With the operator's token of the configuration; the command line does the same.

use axum::extract::State;
use chains::hashes::parse_transaction_hash;
use domain::environment::Environment;
use domain::ids::{MemberId, MerchantId};
use domain::member::Member;
use domain::merchant::Merchant;
use domain::network::Network;
use domain::secret::Secret;
use domain::watch::Begin;
use serde::{Deserialize, Serialize};
use store::CommitError;
use utoipa::{IntoParams, ToSchema};

use crate::app::Shared;
use crate::http::auth::Operator;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Query};
use crate::http::idempotency::Answer;
use crate::http::page::{LIMIT_DEFAULT, LIMIT_MAX, List, bounded};
use crate::merchants::{self, CreateError, NewMerchant};
use crate::watch::{Restarted, Watched};

/// No `Debug`: it may hold a password.
#[derive(Deserialize, ToSchema)]
pub struct CreateMerchant {
    #[schema(min_length = 1, max_length = 255)]
    company_name: String,
    #[schema(format = "email", max_length = 255)]
    email: String,
    /// The first owner's; the company's if absent.
    #[schema(format = "email", max_length = 255)]
    owner_email: Option<String>,
    /// 10 to 256 bytes; without it the owner sets one by a password reset.
    #[schema(min_length = 10, max_length = 256)]
    owner_password: Option<String>,
}

/// A merchant, as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Merchant)]
pub struct MerchantView {
    pub object: &'static str,
    pub id: MerchantId,
    pub company_name: String,
    pub email: String,
    pub has_mainnet_access: bool,
    /// When mainnet was asked for, if that still waits.
    pub mainnet_requested_at: Option<i64>,
    pub created_at: i64,
    /// The first owner; answered when the merchant is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OwnerView {
    pub id: MemberId,
    pub email: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MerchantList {
    pub object: &'static str,
    pub data: Vec<MerchantView>,
    pub has_more: bool,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct MerchantsQuery {
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 10)]
    pub limit: Option<String>,
    /// Answer the merchants after this number.
    #[param(value_type = Option<i64>)]
    pub starting_after: Option<String>,
}

impl MerchantView {
    fn of(merchant: Merchant, owner: Option<Member>) -> MerchantView {
        let request = merchant.mainnet_request.filter(|_| !merchant.has_mainnet_access);
        MerchantView {
            object: "merchant",
            id: merchant.id,
            company_name: merchant.company_name,
            email: merchant.email,
            has_mainnet_access: merchant.has_mainnet_access,
            mainnet_requested_at: request.map(|request| request.requested_at.seconds()),
            created_at: merchant.created_at.seconds(),
            owner: owner.map(|owner| OwnerView { id: owner.id, email: owner.email }),
        }
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> ApiError {
        match error {
            CreateError::Refused(refusal) => refusal.into(),
            CreateError::EmailTaken => {
                ApiError::new(Code::AlreadyExists, "The owner's e-mail belongs to a member already")
            }
            CreateError::Hashing => {
                tracing::error!("hashing a password was cut off");
                ApiError::new(Code::ServiceUnavailable, "Try again").retry_after(1)
            }
            CreateError::Commit(error) => CommitError::into(error),
        }
    }
}

/// Create a merchant
///
/// With its first owner, who signs in with the password given here or resets it by mail.
#[utoipa::path(
    post,
    path = "/api/admin/merchants",
    tag = "Account",
    operation_id = "createMerchant",
    request_body = CreateMerchant,
    responses(
        (status = 200, description = "The merchant and its owner", body = MerchantView),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 409, description = "The owner's e-mail is taken", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn create_merchant(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<CreateMerchant>,
) -> Result<Answer, ApiError> {
    let new = NewMerchant {
        owner_email: body.owner_email.unwrap_or_else(|| body.email.clone()),
        company_name: body.company_name,
        email: body.email,
        owner_password: body.owner_password.map(Secret::new),
        is_demo: false,
    };
    let (merchant, owner) = merchants::create(&app.store, &app.clock, new).await?;
    Ok(Answer::ok(&MerchantView::of(merchant, Some(owner))))
}

/// List merchants by ascending number
#[utoipa::path(
    get,
    path = "/api/admin/merchants",
    tag = "Account",
    operation_id = "listMerchants",
    params(MerchantsQuery),
    responses(
        (status = 200, description = "A page of merchants", body = MerchantList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn list_merchants(
    State(app): State<Shared>,
    _: Operator,
    Query(query): Query<MerchantsQuery>,
) -> Result<Answer, ApiError> {
    let limit = bounded("limit", query.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = query.starting_after.as_deref().map(|text| {
        let number = text.parse::<i64>().ok().map(MerchantId);
        number.ok_or_else(|| ApiError::invalid("starting_after", "must be a merchant's number"))
    });
    let rows = app.store.merchants(after.transpose()?, limit + 1).await?;
    let page = List::of(rows, limit, store::Page::First);
    Ok(Answer::ok(&page.map(|merchant| MerchantView::of(merchant, None))))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct WatchTransaction {
    environment: Environment,
    network: Network,
    /// As its network writes it.
    #[schema(min_length = 1, max_length = 128)]
    tx_hash: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WatchedList {
    pub success: bool,
    /// The transaction's transfers to addresses of this deployment.
    pub data: Vec<Watched>,
}

/// Look one transaction up, and credit what the watcher missed
#[utoipa::path(
    post,
    path = "/api/admin/watch",
    tag = "Account",
    operation_id = "watchTransaction",
    request_body = WatchTransaction,
    responses(
        (status = 200, description = "What was found", body = WatchedList),
        (status = 400, description = "No hash of that network", body = ErrorBody),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 503, description = "The network does not answer", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn watch_transaction(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<WatchTransaction>,
) -> Result<axum::Json<WatchedList>, ApiError> {
    let place = (body.environment, body.network);
    if app.networks.chain(body.environment, body.network).is_none() {
        return Err(ApiError::invalid("network", "is not served here"));
    }
    if parse_transaction_hash(body.network, &body.tx_hash).is_none() {
        return Err(ApiError::invalid("tx_hash", "is no transaction hash of this network"));
    }
    match crate::watch::watch_transaction(&app, place, &body.tx_hash).await {
        Ok(data) => Ok(axum::Json(WatchedList { success: true, data })),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "a transaction could not be looked up");
            let message = "The network does not answer; try again";
            Err(ApiError::new(Code::ServiceUnavailable, message).retry_after(5))
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct RestartWatcher {
    environment: Environment,
    network: Network,
    /// `head`, or the number of the first block to look at.
    #[schema(pattern = "^(head|[0-9]+)$", example = "head")]
    from: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RestartedWatcher {
    pub success: bool,
    pub data: Restarted,
}

/// Have a network's watcher begin anew
///
/// For a reorg deeper than the watcher remembers, or a test network that was begun anew. What lies
/// between the last block looked at and the new beginning is not looked at. Every payment recorded
/// before is looked for again, and one that vanished is taken back with its events.
#[utoipa::path(
    post,
    path = "/api/admin/watch/restart",
    tag = "Account",
    operation_id = "restartWatcher",
    request_body = RestartWatcher,
    responses(
        (status = 200, description = "Where it was and where it begins", body = RestartedWatcher),
        (status = 400, description = "No such network here, or no block of it", body = ErrorBody),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 503, description = "The network does not answer", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn restart_watcher(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<RestartWatcher>,
) -> Result<axum::Json<RestartedWatcher>, ApiError> {
    let begin = Begin::parse(&body.from);
    let begin =
        begin.ok_or_else(|| ApiError::invalid("from", "must be head or a block's number"))?;
    let place = (body.environment, body.network);
    let data = crate::watch::restart_watcher(&app, place, begin).await?;
    Ok(axum::Json(RestartedWatcher { success: true, data }))
}
