//! Deposits of a user: what his merchant gives him, and the list of all that ever came in.

use axum::extract::State;
use axum::response::Response;
use domain::ids::RampUserId;
use domain::kyc::{self, KycLevel};
use domain::ledger::Asset;
use domain::member::Role;
use domain::money::{AmountError, TokenAmount};
use domain::ramp_deposit::{self, CreditAsk, RampDepositView};
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user_of;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateCredit {
    /// In whole tokens, as a decimal string.
    #[schema(example = "12.50")]
    amount: String,
    /// Which token of your balance.
    #[serde(alias = "token")]
    token_id: TokenId,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RampDepositList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<RampDepositView>,
    pub has_more: bool,
}

/// Give a user something out of your balance
///
/// Also to the user `self`, on the way to a bank. The user must be approved for `basic`.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/credits",
    tag = "Ramps",
    operation_id = "createRampCredit",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateCredit,
    responses(
        (status = 200, description = "The deposit", body = RampDepositView),
        (status = 400, description = "A field is wrong, or IDEMPOTENCY_KEY_MISSING",
            body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "INSUFFICIENT_FUNDS: your balance is less than that",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn credit(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let body: CreateCredit = parse_json(&write.body)?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?.required()?;
    let token = Token::by_id(body.token_id).filter(|token| token.environment == environment);
    let token = token.ok_or_else(|| ApiError::invalid("token_id", "names no token here"))?;
    let amount = TokenAmount::parse(&body.amount, token.decimals).map_err(|error| {
        let message = match error {
            AmountError::NotANumber => "must be a decimal string, not below zero",
            AmountError::TooPrecise => "has more decimals than the token",
            AmountError::TooLarge => "is too large",
        };
        ApiError::invalid("amount", message)
    })?;
    let ask = CreditAsk { asset: Asset::of_token(token), amount };
    let origin = caller.origin(once.key_text());
    let decide = || async {
        let user = user_of(&app, whose, id).await?;
        let mut fresh = app.fresh();
        kyc::require(&user, KycLevel::Basic, fresh.now())?;
        let (deposit, mut changes) = ramp_deposit::credit(&user, ask, origin.clone(), &mut fresh)?;
        changes.insert(caller.audit("ramp_user.credited", deposit.id, &mut fresh));
        Ok((changes, Answer::ok(&deposit.view())))
    };
    once.answer_bounded(&app, decide, |_| {
        ApiError::new(Code::InsufficientFunds, "Your balance of this token is less than that")
    })
    .await
}

/// List a user's deposits
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/deposits",
    tag = "Ramps",
    operation_id = "listRampDeposits",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page of deposits, newest first", body = RampDepositList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let environment = caller.environment(&app, query.environment).await?;
    let user = user_of(&app, (caller.merchant_id, environment), id).await?;
    let rows = app.store.ramp_deposits_of_user(user.id, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|deposit| deposit.view())))
}
