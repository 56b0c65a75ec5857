//! The demo merchant of `pepay dev`: its owner and its keys, found again or made.
//!
//! Keys and passwords are stored as hashes only, so one that `dev.env` no longer holds cannot be
//! shown again: a new one takes its place.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::api_key::{ApiKey, KeyScope, NewKey, Restrictions};
use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::Notice;
use domain::ids::MerchantId;
use domain::member::Member;
use domain::merchant::{Merchant, notice};
use domain::password;
use domain::secret::Secret;
use store::Store;

use crate::clock::{Clock, entropy};
use crate::commands::dev_env::{DevEnv, Found};
use crate::merchants::{self, NewMerchant};

pub const OWNER_EMAIL: &str = "demo@pepay.local";
const PASSWORD_BYTES: usize = 18;
const MERCHANTS_PAGE: i64 = 100;

/// The demo's credentials, and what a known merchant's lost ones were replaced by.
pub struct Demo {
    pub env: DevEnv,
    pub renewed: Vec<&'static str>,
}

/// Makes sure that the demo merchant exists and that `found`'s credentials open it.
pub async fn prepare(
    store: &Store,
    clock: &Clock,
    found: Found,
    api_url: String,
) -> anyhow::Result<Demo> {
    let mut renewed = Vec::new();
    let known = demo_merchant(store).await?;
    let is_known = known.is_some();
    let (merchant, password) = match known {
        Some(merchant) => {
            let password = match found.password {
                Some(password) => password,
                None => {
                    renewed.push("the owner's password");
                    set_password(store, clock, merchant.id).await?
                }
            };
            (merchant, password)
        }
        None => create(store, clock).await?,
    };
    let mut keys = Vec::with_capacity(2);
    let wanted =
        [(KeyScope::Merchant, found.api_key), (KeyScope::Commerce, found.commerce_api_key)];
    for (scope, text) in wanted {
        let (text, is_new) = match text {
            Some(text) if opens(store, clock, &text, merchant.id).await? => (text, false),
            Some(_) | None => (mint(store, clock, merchant.id, scope).await?, true),
        };
        if is_new && is_known {
            renewed.push(match scope {
                KeyScope::Merchant => "the merchant key",
                KeyScope::Commerce => "the commerce key",
            });
        }
        keys.push(text);
    }
    let commerce_api_key = keys.pop().context("two keys were made")?;
    let api_key = keys.pop().context("two keys were made")?;
    let metrics_token = found.metrics_token.unwrap_or_else(|| random_text(32));
    let email = OWNER_EMAIL.to_owned();
    let env = DevEnv { api_url, api_key, commerce_api_key, metrics_token, email, password };
    Ok(Demo { env, renewed })
}

/// The demo merchant, if this database has one.
pub async fn demo_merchant(store: &Store) -> anyhow::Result<Option<Merchant>> {
    let mut after = None;
    loop {
        let page = store.merchants(after, MERCHANTS_PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        if let Some(demo) = page.into_iter().find(|merchant| merchant.is_demo) {
            return Ok(Some(demo));
        }
    }
}

async fn create(store: &Store, clock: &Clock) -> anyhow::Result<(Merchant, Secret)> {
    if !store.merchants(None, 1).await?.is_empty() {
        bail!("this database belongs to real merchants: run `pepay serve`, or name another one");
    }
    let password = random_text(PASSWORD_BYTES);
    let new = NewMerchant {
        company_name: "Demo Shop".to_owned(),
        email: OWNER_EMAIL.to_owned(),
        owner_email: OWNER_EMAIL.to_owned(),
        owner_password: Some(password.clone()),
        is_demo: true,
    };
    let (merchant, _) =
        merchants::create(store, clock, new).await.context("making the demo merchant")?;
    Ok((merchant, password))
}

/// Whether a key's text is a usable key of this merchant.
async fn opens(
    store: &Store,
    clock: &Clock,
    text: &Secret,
    merchant_id: MerchantId,
) -> anyhow::Result<bool> {
    let key = crate::cache::Caches::new()
        .api_key(store, domain::secret::sha256(text.expose().as_bytes()))
        .await?;
    Ok(key.is_some_and(|key| key.merchant_id == merchant_id && key.is_usable(clock.now())))
}

async fn mint(
    store: &Store,
    clock: &Clock,
    merchant_id: MerchantId,
    scope: KeyScope,
) -> anyhow::Result<Secret> {
    let mut fresh = clock.fresh();
    let new = NewKey {
        merchant_id,
        environment: Environment::Devnet,
        scope,
        name: format!("Demo {} key", scope.as_str()),
        expires_at: None,
        restrictions: Restrictions::default(),
        is_demo: true,
    };
    let (text, key) = ApiKey::mint(new, &entropy(), &mut fresh);
    let id = key.id;
    let mut changes = key.add(fresh.now());
    changes.insert(AuditEntry::of_operator(merchant_id, "api_key.created", id, &mut fresh));
    store.commit(changes).await.context("making a demo key")?;
    Ok(text)
}

async fn set_password(
    store: &Store,
    clock: &Clock,
    merchant_id: MerchantId,
) -> anyhow::Result<Secret> {
    let members = store.members_of_merchant(merchant_id).await?;
    let is_owner = |member: &Member| member.is_active && member.email == OWNER_EMAIL;
    let owner = members.into_iter().find(is_owner).context("the demo merchant's owner left")?;
    let password = random_text(PASSWORD_BYTES);
    let mut fresh = clock.fresh();
    let owner = owner.with_password(password::hash(password.expose(), &entropy()));
    let mut changes = Changes::of(merchant_id);
    changes.tell(notice(merchant_id, Notice::MemberChanged, owner.key(), fresh.now()));
    changes.insert(AuditEntry::of_operator(
        merchant_id,
        "member.password_set",
        owner.id,
        &mut fresh,
    ));
    changes.update(owner);
    store.commit(changes).await.context("setting the demo owner's password")?;
    Ok(password)
}

fn random_text(bytes: usize) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(&entropy().0[..bytes]))
}
