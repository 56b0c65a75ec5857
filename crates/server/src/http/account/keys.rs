//! API keys of a merchant: listed without their text, made, revoked, rolled.
//!
//! A key's text is in the answer that makes it and nowhere else; that answer is sealed where it
//! is kept for replays.

use axum::extract::State;
use axum::response::Response;
use domain::api_key::{ApiKey, ApiKeyView, KeyScope, NewKey, Restrictions, check_name};
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::ApiKeyId;
use domain::member::Role;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::time::{SECOND_MS, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page_of;
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::Write;
use crate::http::page::{List, PageQuery};

const OVERLAP_SECONDS_MAX: i64 = 604_800;

/// A page of keys, newest first.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<ApiKeyView>,
    pub has_more: bool,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewApiKey {
    #[serde(flatten)]
    pub key: ApiKeyView,
    /// The key itself. Shown once: keep it now.
    #[schema(example = "sk_test_…")]
    pub api_key: String,
}

/// List API keys
#[utoipa::path(get, path = "/api/merchant-api-keys", tag = "Account",
    operation_id = "listApiKeys",
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "1 to 100, default 10"),
        ("starting_after" = Option<String>, Query, description = "Id: older than this"),
        ("ending_before" = Option<String>, Query, description = "Id: newer than this")),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = ApiKeyList),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<PageQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (query.limit()?, query.page()?);
    let keys = app.store.api_keys_of_merchant(caller.merchant_id).await?;
    let keys: List<ApiKey> = page_of(keys, ApiKey::key, page, limit);
    Ok(Answer::ok(&keys.map(|key| ApiKeyView::from(&key))))
}

#[derive(Clone, Deserialize, ToSchema)]
pub struct CreateApiKey {
    /// What it is for, up to 100 bytes.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Everything of the merchant, or commerce only; `merchant` if absent.
    #[serde(default = "merchant_scope")]
    scope: KeyScope,
    /// The account's current one if absent.
    environment: Option<Environment>,
    /// When it ends by itself: epoch seconds or RFC 3339.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<When>,
    #[serde(default)]
    restrictions: Restrictions,
}

fn merchant_scope() -> KeyScope {
    KeyScope::Merchant
}

/// A time as clients write it.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum When {
    Number(i64),
    Text(String),
}

impl When {
    fn after(&self, now: Timestamp) -> Result<Timestamp, ApiError> {
        let time = match self {
            When::Number(number) => Timestamp::parse(&number.to_string()),
            When::Text(text) => Timestamp::parse(text),
        };
        time.filter(|time| *time > now)
            .ok_or_else(|| ApiError::invalid("expires_at", "must be a time that is still to come"))
    }
}

/// Create an API key
///
/// Takes the role developer; a mainnet key takes an owner and access to mainnet.
#[utoipa::path(post, path = "/api/merchant-api-keys", tag = "Account",
    operation_id = "createApiKey",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CreateApiKey, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = NewApiKey),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "IDEMPOTENCY_KEY_REUSED")))]
pub async fn create(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateApiKey = parse_json(&write.body)?;
    let environment = caller.environment(&app, body.environment).await?;
    may_write(&app, &caller, environment)?;
    let name = check_name(&body.name)?;
    body.restrictions.check()?;
    let expires_at = body.expires_at.as_ref().map(|when| when.after(app.now())).transpose()?;
    let new = NewKey {
        merchant_id: caller.merchant_id,
        environment,
        scope: body.scope,
        name,
        expires_at,
        restrictions: body.restrictions,
        is_demo: false,
    };
    let once = write.once((caller.merchant_id, environment))?;
    let decide = || Ok(minted(&app, &caller, new.clone(), "api_key.created"));
    once.answer(&app, || std::future::ready(decide())).await
}

/// Who may make, roll or end a key of this environment.
fn may_write(app: &App, caller: &Caller, environment: Environment) -> Result<(), ApiError> {
    let least = if environment.is_live() { Role::Owner } else { Role::Developer };
    caller.require_role(least)?;
    if !app.config.serves(environment) {
        let message = "This deployment does not serve that environment";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    Ok(())
}

fn minted(app: &App, caller: &Caller, new: NewKey, action: &str) -> (Changes, Answer) {
    let mut fresh = app.fresh();
    let (text, mut key): (Secret, ApiKey) = ApiKey::mint(new, &entropy(), &mut fresh);
    key.created_by = Some(caller.actor());
    let view = ApiKeyView::from(&key);
    let answer = Answer::ok(&NewApiKey { key: view, api_key: text.expose().to_owned() });
    let audit = caller.audit(action, key.id, &mut fresh);
    let mut changes = key.add(fresh.now());
    changes.insert(audit);
    (changes, answer)
}

/// Revoke an API key
///
/// It is refused from now on. A key that was revoked before stays so.
#[utoipa::path(post, path = "/api/merchant-api-keys/{id}/revoke", tag = "Account",
    operation_id = "revokeApiKey",
    params(("id" = ApiKeyId, Path, description = "The key's id")),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = ApiKeyView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn revoke(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Path(id): Path<ApiKeyId>,
) -> Result<axum::Json<ApiKeyView>, ApiError> {
    caller.require_role(Role::Developer)?;
    app.decide(|| end_now(&app, &caller, id)).await?;
    app.caches.forget_api_key(id.key());
    Ok(axum::Json(ApiKeyView::from(&own_key(&app, &caller, id).await?)))
}

async fn end_now(app: &App, caller: &Caller, id: ApiKeyId) -> Result<(Changes, ()), ApiError> {
    let key = own_key(app, caller, id).await?;
    may_write(app, caller, key.environment)?;
    let mut fresh = app.fresh();
    let now = fresh.now();
    let Some(mut changes) = key.end_at(now, now) else {
        return Ok((Changes::of(caller.merchant_id), ()));
    };
    changes.insert(caller.audit("api_key.revoked", id, &mut fresh));
    Ok((changes, ()))
}

/// The key, if it is this merchant's.
async fn own_key(app: &App, caller: &Caller, id: ApiKeyId) -> Result<ApiKey, ApiError> {
    let key = app.store.get::<ApiKey>(id.key()).await?;
    key.filter(|key| key.merchant_id == caller.merchant_id)
        .ok_or_else(|| ApiError::not_found("API key"))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct RollApiKey {
    /// How long the old key still works, 0 to 604800; 0 if absent.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: i64,
}

/// Roll an API key
///
/// Makes a new key with the same settings; the old one ends after the overlap.
#[utoipa::path(post, path = "/api/merchant-api-keys/{id}/roll", tag = "Account",
    operation_id = "rollApiKey",
    params(
        ("id" = ApiKeyId, Path, description = "The old key's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = RollApiKey, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = NewApiKey),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "IDEMPOTENCY_KEY_REUSED")))]
pub async fn roll(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Path(id): Path<ApiKeyId>,
    write: Write,
) -> Result<Response, ApiError> {
    let body = if write.body.is_empty() { b"{}".as_slice() } else { &write.body };
    let RollApiKey { overlap_seconds } = parse_json(body)?;
    if !(0..=OVERLAP_SECONDS_MAX).contains(&overlap_seconds) {
        return Err(ApiError::invalid("overlap_seconds", "must be 0 to 604800"));
    }
    let key = own_key(&app, &caller, id).await?;
    may_write(&app, &caller, key.environment)?;
    let once = write.once((caller.merchant_id, key.environment))?;
    let answer = once.answer(&app, || rolled(&app, &caller, id, overlap_seconds)).await?;
    app.caches.forget_api_key(id.key());
    Ok(answer)
}

async fn rolled(
    app: &App,
    caller: &Caller,
    id: ApiKeyId,
    overlap_seconds: i64,
) -> Result<(Changes, Answer), ApiError> {
    let old = own_key(app, caller, id).await?;
    let now = app.now();
    if !old.is_usable(now) {
        return Err(Refusal::invalid("id", "names a key that has ended").into());
    }
    let new = NewKey {
        merchant_id: old.merchant_id,
        environment: old.environment,
        scope: old.scope,
        name: old.name.clone(),
        expires_at: old.expires_at,
        restrictions: old.restrictions.clone(),
        is_demo: old.is_demo,
    };
    let (mut changes, answer) = minted(app, caller, new, "api_key.created");
    let end = now.plus_ms(overlap_seconds * SECOND_MS);
    if let Some(ended) = old.end_at(end, now) {
        changes.append(ended);
    }
    changes.insert(caller.audit("api_key.rolled", id, &mut app.fresh()));
    Ok((changes, answer))
}
