//! Signing in, and what only members do: credentials, keys, members, access to mainnet.
//!
//! Bearer tokens open these routes; every act that gives or takes power is in the audit log, in
//! the commit of the act.

pub mod desk;
pub mod environment;
pub mod keys;
pub mod mainnet;
pub mod members;
pub mod password;
mod proof;
pub mod second_factor;
pub mod sign_in;
pub mod totp;
pub mod wallet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::{MemberId, RowKey};
use domain::member::Member;
use domain::sign_in::{AccessClaims, SignIn, read_token};
use domain::time::Timestamp;
use serde::Serialize;
use store::{Page, StoreError};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MemberCaller, client_ip, request_id};
use crate::http::error::{ApiError, Code};
use crate::http::limits::Bucket;
use crate::http::page::List;

/// Done, and there is nothing to show for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
    pub message: String,
}

fn done(message: &str) -> axum::Json<Done> {
    axum::Json(Done { success: true, message: message.to_owned() })
}

/// Somebody nobody has signed in yet. Takes one attempt from his address's allowance.
pub struct Stranger {
    ip: Option<std::net::IpAddr>,
    request_id: String,
}

impl FromRequestParts<Shared> for Stranger {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let ip = client_ip(parts, app);
        if let Some(ip) = ip {
            app.limits.take(Bucket::SignInIp(ip), app.now())?;
        }
        Ok(Stranger { ip, request_id: request_id(parts) })
    }
}

impl Stranger {
    /// The member this stranger proved to be, as the audit log names him.
    fn admitted(&self, member: &Member) -> Caller {
        Caller {
            merchant_id: member.merchant_id,
            credential: crate::http::auth::Credential::Member { id: member.id, role: member.role },
            request_id: self.request_id.clone(),
            ip: self.ip,
        }
    }
}

/// A member at his own account. Here the role support writes too: these are his own credentials.
pub struct OwnAccount {
    caller: Caller,
    claims: AccessClaims,
}

impl FromRequestParts<Shared> for OwnAccount {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        // Roles that only read are refused by the method; asked as a reader, they pass.
        let method = std::mem::replace(&mut parts.method, Method::GET);
        let caller = MemberCaller::from_request_parts(parts, app).await;
        parts.method = method;
        let MemberCaller(caller) = caller?;
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|text| text.to_str().ok());
        let token = token.and_then(|text| text.strip_prefix("Bearer "));
        let claims = token.and_then(|token| read_token(&app.keys, token));
        let claims = claims.ok_or_else(gone)?;
        Ok(OwnAccount { caller, claims })
    }
}

impl OwnAccount {
    async fn member(&self, app: &App) -> Result<Member, ApiError> {
        active_member(app, self.claims.sub).await?.ok_or_else(gone)
    }
}

fn gone() -> ApiError {
    ApiError::new(Code::TokenInvalid, "The bearer token is not valid")
}

fn sign_in_failed() -> ApiError {
    domain::refusal::Refusal::SignInFailed.into()
}

async fn active_member(app: &App, id: MemberId) -> Result<Option<Member>, StoreError> {
    let member = app.store.get::<Member>(id.key()).await?;
    Ok(member.filter(|member| member.is_active))
}

/// The active member who holds this e-mail or wallet.
async fn member_by_claim(app: &App, claim: RowKey) -> Result<Option<Member>, StoreError> {
    let Some(claim) = app.store.get::<Claim>(claim).await? else { return Ok(None) };
    active_member(app, MemberId::from(claim.target)).await
}

/// Which sign-ins of a member end.
#[derive(Clone, Copy, Debug)]
enum Ending<'a> {
    All,
    AllBut(&'a AccessClaims),
}

/// Ends sign-ins in the same commit. The member must be written in it too: whoever signs in
/// meanwhile writes the member as well, and one of the two decides again.
async fn end_sign_ins(
    app: &App,
    member: MemberId,
    ending: Ending<'_>,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    for sign_in in app.store.sign_ins_of_member(member, now).await? {
        let is_kept = match ending {
            Ending::All => false,
            Ending::AllBut(claims) => claims.sign_in == sign_in.id,
        };
        if !is_kept {
            changes.update(SignIn::end(sign_in, now));
        }
    }
    Ok(())
}

/// One page of a list that is short enough to be read whole, newest first.
pub fn page_of<T>(mut rows: Vec<T>, key: fn(&T) -> RowKey, page: Page, limit: i64) -> List<T> {
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(key(row)));
    let most = usize::try_from(limit).unwrap_or(0).saturating_add(1);
    match page {
        Page::First => rows.truncate(most),
        Page::After(cursor) => {
            rows.retain(|row| key(row) < cursor);
            rows.truncate(most);
        }
        Page::Before(cursor) => {
            rows.retain(|row| key(row) > cursor);
            rows.drain(..rows.len().saturating_sub(most));
        }
    }
    List::of(rows, limit, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(page: Page, limit: i64, expected: &[u8], has_more: bool) {
        let rows: Vec<RowKey> = [3, 1, 5, 2, 4].map(|number| RowKey([number; 16])).to_vec();
        let list = page_of(rows, |key| *key, page, limit);
        let numbers: Vec<u8> = list.data.iter().map(|key| key.0[0]).collect();
        assert_eq!((numbers.as_slice(), list.has_more), (expected, has_more), "{page:?}");
    }

    #[test]
    fn short_lists_page_like_long_ones() {
        let key = |number| RowKey([number; 16]);
        check(Page::First, 2, &[5, 4], true);
        check(Page::First, 5, &[5, 4, 3, 2, 1], false);
        check(Page::After(key(4)), 2, &[3, 2], true);
        check(Page::After(key(2)), 2, &[1], false);
        check(Page::Before(key(1)), 2, &[3, 2], true);
        check(Page::Before(key(3)), 2, &[5, 4], false);
    }
}
