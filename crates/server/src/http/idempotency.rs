//! Idempotency over HTTP: the answer is committed with the effect, and replayed to equal requests.
//!
//! Of two equal requests one commits; the other meets its row, waits for nothing else, and answers
//! the stored bytes. A refusal changed nothing and is not stored.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::changes::Changes;
use domain::environment::Environment;
use domain::idempotency::{IdempotencyRow, KEPT_MS, fingerprint, of_user};
use domain::ids::{MerchantId, RampUserId, RowKey};
use serde::Serialize;
use store::CommitError;

use crate::app::App;
use crate::clock::entropy;
use crate::http::error::{ApiError, Code};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How often a request decides again after somebody else changed what it had read.
const DECISIONS_MAX: usize = 16;

/// An answer that is a function of the decision.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn ok(body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::OK, body: serde_json::to_vec(body).expect("views serialize") }
    }

    pub fn created(body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::CREATED, ..Answer::ok(body) }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// One request and, if it carries a key, what makes it repeatable.
pub struct Once {
    merchant_id: MerchantId,
    key: Option<Key>,
}

struct Key {
    text: String,
    row: RowKey,
    fingerprint: [u8; 32],
}

impl Once {
    pub fn new(
        (merchant_id, environment): (MerchantId, Environment),
        headers: &HeaderMap,
        (method, uri): (&Method, &Uri),
        body: &[u8],
    ) -> Result<Once, ApiError> {
        let Some(text) = headers.get("idempotency-key") else {
            return Ok(Once { merchant_id, key: None });
        };
        let text = text.to_str().ok().filter(|text| IdempotencyRow::is_valid_text(text));
        let text = text.ok_or_else(|| {
            ApiError::invalid("Idempotency-Key", "must be 1 to 255 printable characters")
        })?;
        let row = IdempotencyRow::row_key(merchant_id, environment, text);
        let fingerprint = fingerprint(method.as_str(), uri.path(), body);
        Ok(Once { merchant_id, key: Some(Key { text: text.to_owned(), row, fingerprint }) })
    }

    /// For a caller who is one of the merchant's users: nobody else's key is his, and no answer.
    pub fn of_user(mut self, user: RampUserId) -> Once {
        if let Some(key) = &mut self.key {
            (key.row, key.fingerprint) = of_user(key.row, key.fingerprint, user);
        }
        self
    }

    pub fn key_text(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.text.as_str())
    }

    /// For routes that must not be called without a key.
    pub fn required(self) -> Result<Once, ApiError> {
        if self.key.is_none() {
            let message = "Idempotency-Key is required here";
            return Err(ApiError::new(Code::IdempotencyKeyMissing, message));
        }
        Ok(self)
    }

    /// Decides, commits with the answer, and answers; or replays what was answered before.
    pub async fn answer<Deciding>(
        self,
        app: &App,
        decide: impl FnMut() -> Deciding,
    ) -> Result<Response, ApiError>
    where
        Deciding: Future<Output = Result<(Changes, Answer), ApiError>> + Send,
    {
        self.answer_bounded(app, decide, |key| CommitError::Insufficient { key }.into()).await
    }

    /// The same for what counters or balances bound: `passed` says which bound a key is.
    pub async fn answer_bounded<Deciding>(
        self,
        app: &App,
        decide: impl FnMut() -> Deciding,
        passed: impl Fn(RowKey) -> ApiError,
    ) -> Result<Response, ApiError>
    where
        Deciding: Future<Output = Result<(Changes, Answer), ApiError>> + Send,
    {
        self.answer_deciding_again(app, decide, |key| Some(passed(key))).await
    }

    /// The same where passing some bounds is no refusal: for none it is decided again.
    pub async fn answer_deciding_again<Deciding>(
        self,
        app: &App,
        mut decide: impl FnMut() -> Deciding,
        passed: impl Fn(RowKey) -> Option<ApiError>,
    ) -> Result<Response, ApiError>
    where
        Deciding: Future<Output = Result<(Changes, Answer), ApiError>> + Send,
    {
        let mut expired: Option<IdempotencyRow> = None;
        let mut turn = None;
        for _ in 0..DECISIONS_MAX {
            let (mut changes, answer) = match decide().await {
                Ok(decided) => decided,
                // A repeated request may be refused now because of what its first one did.
                Err(refusal) => return self.replay(app).await?.ok_or(refusal),
            };
            self.keep(app, &mut changes, &answer, expired.take());
            match app.commit(changes).await {
                Ok(_) => return Ok(answer.into_response()),
                Err(CommitError::AlreadyExists { key, .. }) if self.is_row(key) => {
                    if let Some(replayed) = self.replay(app).await? {
                        return Ok(replayed);
                    }
                    expired = app.store.get(key).await?;
                }
                Err(CommitError::Conflict { key, .. }) => {
                    turn = None;
                    turn.replace(app.store.turn(key).await);
                }
                Err(CommitError::Insufficient { key }) => {
                    // A repeated request may meet what its first one used up.
                    let replayed = self.replay(app).await?;
                    match (replayed, passed(key)) {
                        (Some(replayed), _) => return Ok(replayed),
                        (None, Some(refusal)) => return Err(refusal),
                        (None, None) => turn = None,
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        drop(turn);
        Err(ApiError::new(Code::Busy, "Too many changes at once; try again").retry_after(1))
    }

    fn is_row(&self, key: RowKey) -> bool {
        self.key.as_ref().is_some_and(|own| own.row == key)
    }

    fn keep(
        &self,
        app: &App,
        changes: &mut Changes,
        answer: &Answer,
        expired: Option<IdempotencyRow>,
    ) {
        let Some(key) = &self.key else { return };
        let purpose = IdempotencyRow::seal_purpose(key.row);
        let row = IdempotencyRow {
            key: key.row,
            merchant_id: self.merchant_id,
            fingerprint: key.fingerprint,
            status: i64::from(answer.status.as_u16()),
            sealed_body: app.keys.seal(&purpose, &answer.body, entropy().nonce()),
            created_at: app.now(),
            version: expired.as_ref().map_or(0, |row| row.version),
        };
        if expired.is_some() { changes.update(row) } else { changes.insert(row) }
    }

    /// The stored answer, if this key was used within its time.
    async fn replay(&self, app: &App) -> Result<Option<Response>, ApiError> {
        let Some(key) = &self.key else { return Ok(None) };
        let row = app.store.get::<IdempotencyRow>(key.row).await?;
        let is_kept = |row: &IdempotencyRow| app.now() < row.created_at.plus_ms(KEPT_MS);
        let Some(row) = row.filter(is_kept) else { return Ok(None) };
        if row.fingerprint != key.fingerprint {
            let message = "This Idempotency-Key was used for another request";
            return Err(ApiError::new(Code::IdempotencyKeyReused, message));
        }
        let body = app.keys.open(&IdempotencyRow::seal_purpose(key.row), &row.sealed_body);
        let body = body.map_err(|error| {
            tracing::error!(%error, "a stored answer does not open");
            ApiError::new(Code::InternalServerError, "Something went wrong on our side")
        })?;
        let status =
            u16::try_from(row.status).ok().and_then(|code| StatusCode::from_u16(code).ok());
        let answer = Answer { status: status.unwrap_or(StatusCode::OK), body: body.to_vec() };
        let mut response = answer.into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(Some(response))
    }
}
