//! `pepay keys`: the operator's way to make, list and revoke API keys.
//!
//! A new key is printed once and never again: only its hash is kept.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use domain::api_key::{ApiKey, KeyScope, NewKey, Restrictions, check_name};
use domain::audit::{Actor, AuditEntry};
use domain::environment::Environment;
use domain::ids::{ApiKeyId, MerchantId};
use domain::merchant::Merchant;
use domain::secret::Secret;
use store::{CommitError, Store};

use crate::clock::{Clock, entropy};
use crate::commands::place::{self, Place};
use crate::commands::start;

const EXAMPLES: &str = "\
Examples:
  pepay keys create --merchant 7 --environment devnet --scope merchant --name checkout
  pepay keys create --merchant 7 --name old-shop --import pk_live_…
  pepay keys list --merchant 7
  pepay keys revoke 0198c6f0-…";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct KeysOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Makes a key and prints it, once
    #[command(after_help = "Example:\n  pepay keys create --merchant 7 --name checkout")]
    Create(CreateOptions),
    /// Lists the keys of a merchant, without their text
    #[command(after_help = "Example:\n  pepay keys list --merchant 7")]
    List {
        #[command(flatten)]
        place: Place,
        /// The merchant's number
        #[arg(long)]
        merchant: i64,
    },
    /// Ends a key at once
    #[command(after_help = "Example:\n  pepay keys revoke 0198c6f0-5d7e-7abc-8def-0123456789ab")]
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The key's id, as `keys list` shows it
        id: String,
    },
}

#[derive(Clone, Debug, Args)]
struct CreateOptions {
    #[command(flatten)]
    place: Place,
    /// The merchant's number
    #[arg(long)]
    merchant: i64,
    /// devnet or mainnet
    #[arg(long, default_value = "devnet", value_parser = ["devnet", "mainnet"])]
    environment: String,
    /// merchant (everything) or commerce
    #[arg(long, default_value = "merchant", value_parser = ["merchant", "commerce"])]
    scope: String,
    /// What the key is for
    #[arg(long)]
    name: String,
    /// Takes over a pk_… key of an older client instead of making one
    #[arg(long, value_name = "KEY")]
    import: Option<String>,
}

pub fn run(options: KeysOptions) -> anyhow::Result<ExitCode> {
    start::block_on(async {
        match options.act {
            Act::Create(options) => create(options).await,
            Act::List { place, merchant } => list(&place, MerchantId(merchant)).await,
            Act::Revoke { place, id } => revoke(&place, &id).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn create(options: CreateOptions) -> anyhow::Result<()> {
    let environment = Environment::parse(&options.environment).context("--environment")?;
    let scope = if options.scope == "commerce" { KeyScope::Commerce } else { KeyScope::Merchant };
    let merchant_id = MerchantId(options.merchant);
    let new = NewKey {
        merchant_id,
        environment,
        scope,
        name: check_name(&options.name)?,
        expires_at: None,
        restrictions: Restrictions::default(),
        is_demo: false,
    };
    let mut fresh = Clock::System.fresh();
    let (text, mut key) = match options.import.map(Secret::new) {
        Some(text) => {
            let key = ApiKey::import(new, &text, &mut fresh)?;
            (None, key)
        }
        None => {
            let (text, key) = ApiKey::mint(new, &entropy(), &mut fresh);
            (Some(text), key)
        }
    };
    let store = place::open_existing(&options.place.load()?).await?;
    key.created_by = Some(Actor::Operator);
    let id = key.id;
    let mut changes = key.add(fresh.now());
    let action = if text.is_some() { "api_key.created" } else { "api_key.imported" };
    changes.insert(AuditEntry::of_operator(merchant_id, action, id, &mut fresh));
    let committed = match may_hold(&store, merchant_id, environment).await {
        Ok(()) => store.commit(changes).await,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    store.close().await;
    match committed {
        Ok(_) => {}
        Err(CommitError::AlreadyExists { .. }) => bail!("this key is in use already"),
        Err(error) => bail!(error),
    }
    match text {
        Some(text) => println!("{}", text.expose()),
        None => println!("imported as {id}"),
    }
    Ok(())
}

async fn may_hold(
    store: &Store,
    merchant_id: MerchantId,
    environment: Environment,
) -> anyhow::Result<()> {
    let merchant = store.get::<Merchant>(merchant_id.key()).await?;
    let merchant = merchant.with_context(|| format!("there is no merchant {merchant_id}"))?;
    if environment.is_live() && !merchant.has_mainnet_access {
        bail!("merchant {merchant_id} has no mainnet: `pepay merchants enable-mainnet` first");
    }
    Ok(())
}

async fn list(place: &Place, merchant_id: MerchantId) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let keys = store.api_keys_of_merchant(merchant_id).await;
    store.close().await;
    let now = Clock::System.now();
    for key in keys? {
        let state = if key.is_usable(now) { "usable" } else { "ended" };
        let demo = if key.is_demo { " (demo)" } else { "" };
        println!(
            "{}\t…{}\t{}\t{}\t{state}\t{}{demo}",
            key.id,
            key.last4,
            key.environment.as_str(),
            key.scope.as_str(),
            key.name,
        );
    }
    Ok(())
}

async fn revoke(place: &Place, id: &str) -> anyhow::Result<()> {
    let id = ApiKeyId::parse(id).with_context(|| format!("{id} is not the id of a key"))?;
    let store = place::open_existing(&place.load()?).await?;
    let revoked = revoke_in(&store, id).await;
    store.close().await;
    println!("{}", revoked?);
    Ok(())
}

async fn revoke_in(store: &Store, id: ApiKeyId) -> anyhow::Result<&'static str> {
    loop {
        let key = store.get::<ApiKey>(id.key()).await?;
        let key = key.with_context(|| format!("there is no key {id}"))?;
        let mut fresh = Clock::System.fresh();
        let merchant_id = key.merchant_id;
        let Some(mut changes) = key.end_at(fresh.now(), fresh.now()) else {
            return Ok("this key was revoked before");
        };
        changes.insert(AuditEntry::of_operator(merchant_id, "api_key.revoked", id, &mut fresh));
        match store.commit(changes).await {
            Ok(_) => return Ok("revoked; servers stop letting it in within a second or so"),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => bail!(error),
        }
    }
}
