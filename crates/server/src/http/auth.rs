//! Who is calling: API keys, bearer tokens and payor sessions, and what each may do.
//!
//! Missing, unknown or revoked credentials are 401; a genuine one in the wrong place is 403; an
//! object of another merchant or environment does not exist (404).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use domain::api_key::{ApiKey, KeyScope};
use domain::audit::{Actor, AuditEntry};
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{AuditId, Fresh, MemberId, MerchantId, SessionId};
use domain::invoice::Invoice;
use domain::member::{Member, Role};
use domain::merchant::Merchant;
use domain::secret::{equal, sha256};
use domain::session::{CredentialError, Session};
use domain::sign_in::{AccessClaims, Audience, SignIn, read_token};

use crate::app::{App, Shared};
use crate::http::edge::{AllowanceSlot, RequestId};
use crate::http::error::{ApiError, Code};
use crate::http::limits::Bucket;

/// Somebody who acts for a merchant.
#[derive(Clone, Debug)]
pub struct Caller {
    pub merchant_id: MerchantId,
    pub credential: Credential,
    pub request_id: String,
    pub ip: Option<IpAddr>,
}

#[derive(Clone, Debug)]
pub enum Credential {
    Key(Arc<ApiKey>),
    Member { id: MemberId, role: Role },
}

impl Caller {
    pub fn actor(&self) -> Actor {
        match &self.credential {
            Credential::Key(key) => Actor::ApiKey(key.id.to_string()),
            Credential::Member { id, .. } => Actor::Member(id.to_string()),
        }
    }

    /// What an event caused by this request says of it.
    pub fn origin(&self, idempotency_key: Option<&str>) -> Origin {
        Origin {
            request_id: Some(self.request_id.clone()),
            idempotency_key: idempotency_key.map(str::to_owned),
        }
    }

    pub fn audit(&self, action: &str, object: impl ToString, fresh: &mut Fresh) -> AuditEntry {
        AuditEntry {
            id: AuditId::fresh(fresh),
            merchant_id: self.merchant_id,
            actor: self.actor(),
            action: action.to_owned(),
            object: object.to_string(),
            request_id: Some(self.request_id.clone()),
            ip: self.ip.map(|ip| ip.to_string()),
            created_at: fresh.now(),
            version: 0,
        }
    }

    pub async fn merchant(&self, app: &App) -> Result<Arc<Merchant>, ApiError> {
        let merchant = app.merchant(self.merchant_id).await?;
        merchant.ok_or_else(|| ApiError::new(Code::ApiKeyInvalid, "The account no longer exists"))
    }

    /// The environment to act in: the key's own, or for members the asked or the current one.
    pub async fn environment(
        &self,
        app: &App,
        asked: Option<Environment>,
    ) -> Result<Environment, ApiError> {
        let merchant = self.merchant(app).await?;
        let environment = match (&self.credential, asked) {
            (Credential::Key(key), Some(asked)) if asked != key.environment => {
                let message = "This key belongs to the other environment";
                return Err(ApiError::new(Code::EnvironmentMismatch, message));
            }
            (Credential::Key(key), _) => key.environment,
            (Credential::Member { .. }, asked) => asked.unwrap_or(merchant.current_environment),
        };
        if !app.config.serves(environment) {
            let message = "This deployment does not serve that environment";
            return Err(ApiError::new(Code::EnvironmentMismatch, message));
        }
        if environment.is_live() && !merchant.has_mainnet_access {
            let message = "Mainnet is not enabled for this account";
            return Err(ApiError::new(Code::MainnetNotEnabled, message));
        }
        Ok(environment)
    }

    /// Refuses whoever is below a role. A key counts as a developer, because developers make keys:
    /// one they made must not open to them what is the owner's.
    pub fn require_role(&self, least: Role) -> Result<(), ApiError> {
        let role = match &self.credential {
            Credential::Key(_) => Role::Developer,
            Credential::Member { role, .. } => *role,
        };
        if role < least {
            let message = format!("This needs the role {}", least.as_str());
            return Err(ApiError::new(Code::InsufficientScope, message));
        }
        Ok(())
    }

    pub fn is_commerce_only(&self) -> bool {
        matches!(&self.credential, Credential::Key(key) if key.scope == KeyScope::Commerce)
    }
}

/// A key of the merchant scope, or a member.
pub struct MerchantCaller(pub Caller);
/// A key of either scope, or a member.
pub struct AnyCaller(pub Caller);
/// A member, by bearer token only.
pub struct MemberCaller(pub Caller);
/// A devnet key of the merchant scope, or a member on devnet.
pub struct DevnetCaller(pub Caller);

impl FromRequestParts<Shared> for AnyCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        authenticate(parts, app).await.map(AnyCaller)
    }
}

impl FromRequestParts<Shared> for MerchantCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let caller = authenticate(parts, app).await?;
        if caller.is_commerce_only() {
            let message = "A commerce key does not open this route";
            return Err(ApiError::new(Code::InsufficientScope, message));
        }
        Ok(MerchantCaller(caller))
    }
}

impl FromRequestParts<Shared> for MemberCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let caller = authenticate(parts, app).await?;
        match caller.credential {
            Credential::Member { .. } => Ok(MemberCaller(caller)),
            Credential::Key(_) => {
                let message = "This route takes a bearer token, not a key";
                Err(ApiError::new(Code::InsufficientScope, message))
            }
        }
    }
}

impl FromRequestParts<Shared> for DevnetCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let caller = authenticate(parts, app).await?;
        let is_mainnet_key = matches!(&caller.credential, Credential::Key(key)
            if key.environment.is_live());
        if is_mainnet_key || !app.config.serves(Environment::Devnet) {
            let message = "The simulator exists on devnet only";
            return Err(ApiError::new(Code::EnvironmentMismatch, message));
        }
        if caller.is_commerce_only() {
            let message = "A commerce key does not open the chains";
            return Err(ApiError::new(Code::InsufficientScope, message));
        }
        Ok(DevnetCaller(caller))
    }
}

/// What is asked with a body and changes nothing.
const READING_POSTS: [&str; 2] =
    ["/api/commerce/merchant/carts/validate", "/api/commerce/merchant/payments/bulk-status"];

async fn authenticate(parts: &mut Parts, app: &App) -> Result<Caller, ApiError> {
    let ip = client_ip(parts, app);
    let request_id = request_id(parts);
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let key = text("x-api-key").or_else(|| text("x-commerce-api-key"));
    let bearer = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let access = match parts.method {
        Method::GET | Method::HEAD => Access::Read,
        _ if READING_POSTS.contains(&parts.uri.path()) => Access::Read,
        _ => Access::Write,
    };
    let slot = parts.extensions.get::<AllowanceSlot>();
    if let Some(key) = key {
        return by_key(app, key, access, Origins { ip, request_id, slot }).await;
    }
    if let Some(token) = bearer {
        return by_bearer(app, token, access, Origins { ip, request_id, slot }).await;
    }
    let message = "Send x-api-key, or Authorization: Bearer";
    Err(ApiError::new(Code::AuthenticationRequired, message))
}

/// What a request does, by its method.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Where a request comes from, and where its allowance is noted.
struct Origins<'a> {
    ip: Option<IpAddr>,
    request_id: String,
    slot: Option<&'a AllowanceSlot>,
}

impl Origins<'_> {
    fn take(&self, app: &App, bucket: Bucket) -> Result<(), ApiError> {
        take(app, bucket, self.slot)
    }
}

fn take(app: &App, bucket: Bucket, slot: Option<&AllowanceSlot>) -> Result<(), ApiError> {
    if let (Some(allowance), Some(slot)) = (app.limits.take(bucket, app.now())?, slot) {
        let _ = slot.0.set(allowance);
    }
    Ok(())
}

async fn by_key(
    app: &App,
    text: &str,
    access: Access,
    origins: Origins<'_>,
) -> Result<Caller, ApiError> {
    let invalid = || ApiError::new(Code::ApiKeyInvalid, "Invalid API key");
    if !ApiKey::is_well_formed(text) {
        return Err(invalid());
    }
    let hash = sha256(text.as_bytes());
    let key = app.caches.api_key(&app.store, hash).await?.ok_or_else(invalid)?;
    if !equal(&key.hash, &hash) || !key.is_usable(app.now()) {
        return Err(invalid());
    }
    if !app.config.serves(key.environment) {
        let message = "This deployment does not serve the key's environment";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    origins.take(app, Bucket::Key(key.key()))?;
    let ip = origins.ip;
    let allowed = &key.restrictions.ip_allow;
    if !allowed.is_empty() && !ip.is_some_and(|ip| allowed.iter().any(|net| is_within(ip, net))) {
        let message = "This key may not be used from your address";
        return Err(ApiError::new(Code::InsufficientScope, message));
    }
    if access == Access::Write && key.restrictions.read_only {
        return Err(ApiError::new(Code::InsufficientScope, "This key may only read"));
    }
    let merchant_id = key.merchant_id;
    app.metrics.key_used(key.key(), app.now());
    let request_id = origins.request_id;
    Ok(Caller { merchant_id, credential: Credential::Key(key), request_id, ip })
}

async fn by_bearer(
    app: &App,
    token: &str,
    access: Access,
    origins: Origins<'_>,
) -> Result<Caller, ApiError> {
    let invalid = || ApiError::new(Code::TokenInvalid, "The bearer token is not valid");
    let claims: AccessClaims = read_token(&app.keys, token).ok_or_else(invalid)?;
    if claims.aud != Audience::Api || claims.exp <= app.now().seconds() {
        return Err(invalid());
    }
    let sign_in = app.store.get::<SignIn>(claims.sign_in.key()).await?;
    let is_open = sign_in.is_some_and(|sign_in| sign_in.is_open(app.now()));
    let member = app.store.get::<Member>(claims.sub.key()).await?;
    let member = member.filter(|member| is_open && member.is_active).ok_or_else(invalid)?;
    origins.take(app, Bucket::Key(member.key()))?;
    if access == Access::Write && member.role == Role::Support {
        return Err(ApiError::new(Code::InsufficientScope, "The role support only reads"));
    }
    let credential = Credential::Member { id: member.id, role: member.role };
    let Origins { ip, request_id, .. } = origins;
    Ok(Caller { merchant_id: member.merchant_id, credential, request_id, ip })
}

/// The payor: genuine session credentials, and the invoice they open.
pub struct Payor {
    pub session: Session,
    pub invoice: Invoice,
}

impl FromRequestParts<Shared> for Payor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        take_payor_allowance(parts, app)?;
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let unknown = || {
            let message = "Send the x-session-token and x-signature of an open session";
            ApiError::new(Code::SessionInvalid, message)
        };
        let token = text("x-session-token").ok_or_else(unknown)?;
        let signature = text("x-signature").ok_or_else(unknown)?;
        payor(app, token, signature).await
    }
}

/// Counts a payor's request against his address.
pub fn take_payor_allowance(parts: &Parts, app: &App) -> Result<(), ApiError> {
    match client_ip(parts, app) {
        Some(ip) => take(app, Bucket::PayorIp(ip), parts.extensions.get::<AllowanceSlot>()),
        None => Ok(()),
    }
}

/// Opens the invoice that a session's credentials name.
pub async fn payor(app: &App, token: &str, signature: &str) -> Result<Payor, ApiError> {
    let unknown = || ApiError::new(Code::SessionInvalid, "The session is not known");
    let forged =
        || ApiError::new(Code::SignatureInvalid, "The signature does not verify or has expired");
    let refused = |error| match error {
        CredentialError::Malformed => unknown(),
        CredentialError::Forged => forged(),
    };
    let mut named = None;
    for id in Session::candidates(&app.keys, token).map_err(refused)? {
        if named.is_none() {
            named = session_of(app, id).await?;
        }
    }
    let (session, invoice) = named.ok_or_else(unknown)?;
    session.verify(&app.keys, token, signature).map_err(refused)?;
    if invoice.has_revoked(&session) {
        return Err(unknown());
    }
    if !invoice.admits_sessions(app.now()) {
        return Err(forged());
    }
    Ok(Payor { session, invoice })
}

/// The session of that id and its invoice. Most payors come by their invoice's first session,
/// which has the invoice's id.
async fn session_of(app: &App, id: SessionId) -> Result<Option<(Session, Invoice)>, ApiError> {
    if let Some(invoice) = app.store.get::<Invoice>(id.key()).await? {
        return Ok(Some((Session::first_of(&invoice), invoice)));
    }
    let Some(session) = app.store.get::<Session>(id.key()).await? else { return Ok(None) };
    let invoice = app.store.get::<Invoice>(session.invoice_id.key()).await?;
    Ok(invoice.map(|invoice| (session, invoice)))
}

/// The operator, by the token of the configuration.
pub struct Operator;

impl FromRequestParts<Shared> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        match &app.config.operator_token {
            Some(token) if has_bearer(&parts.headers, token) => Ok(Operator),
            _ => {
                let message = "This route takes the operator's token";
                Err(ApiError::new(Code::AuthenticationRequired, message))
            }
        }
    }
}

/// Whether the request carries this bearer token.
pub fn has_bearer(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| equal(&sha256(given.as_bytes()), &sha256(token.as_bytes())))
}

pub fn request_id(parts: &Parts) -> String {
    parts.extensions.get::<RequestId>().map_or_else(String::new, |id| id.0.clone())
}

/// The client's address: the peer's, or what a trusted proxy says.
pub fn client_ip(parts: &Parts, app: &App) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    let proxies = &app.config.trusted_proxies;
    let is_trusted = |ip: IpAddr| proxies.iter().any(|net| is_within(ip, net));
    if !is_trusted(peer) {
        return Some(peer);
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().rev();
    let hops = forwarded.filter_map(|value| value.to_str().ok()).flat_map(|text| text.rsplit(','));
    let mut client = peer;
    for hop in hops {
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        client = ip;
        if !is_trusted(ip) {
            break;
        }
    }
    Some(client)
}

/// Whether an address lies in `net`: one address, or a subnet with a prefix length.
pub fn is_within(ip: IpAddr, net: &str) -> bool {
    let (base, prefix) = match net.split_once('/') {
        Some((base, prefix)) => (base, prefix.parse::<u32>().ok()),
        None => (net, Some(128)),
    };
    let (Ok(base), Some(prefix)) = (base.trim().parse::<IpAddr>(), prefix) else { return false };
    let (ip, base) = (ip.to_canonical(), base.to_canonical());
    let (ip_bits, base_bits, width) = match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            (u128::from(u32::from(ip)), u128::from(u32::from(base)), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => (u128::from(ip), u128::from(base), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let shift = width - prefix.min(width);
    shift == 128 || ip_bits >> shift == base_bits >> shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ip: &str, net: &str, inside: bool) {
        assert_eq!(is_within(ip.parse().expect("an address"), net), inside, "{ip} in {net}");
    }

    #[test]
    fn subnets() {
        check("203.0.113.7", "203.0.113.0/24", true);
        check("203.0.114.7", "203.0.113.0/24", false);
        check("203.0.113.7", "203.0.113.7", true);
        check("::ffff:203.0.113.7", "203.0.113.0/24", true);
        check("2001:db8::1", "2001:db8::/32", true);
        check("10.0.0.1", "0.0.0.0/0", true);
        check("10.0.0.1", "nonsense", false);
    }
}
