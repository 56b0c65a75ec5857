//! `pepay merchants`: what only the operator does: making merchants and letting them into mainnet.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use domain::audit::AuditEntry;
use domain::ids::MerchantId;
use domain::merchant::Merchant;
use domain::secret::Secret;
use store::{CommitError, Store};

use crate::clock::Clock;
use crate::commands::place::{self, Place};
use crate::commands::start;
use crate::merchants::{self, NewMerchant};

const EXAMPLES: &str = "\
Examples:
  pepay merchants create --name 'Tea Shop' --email owner@tea.example
  pepay merchants list --requests
  pepay merchants enable-mainnet 7";

const CREATE_EXAMPLES: &str = "\
Examples:
  pepay merchants create --name 'Tea Shop' --email owner@tea.example
  printf %s 'a long password' | pepay merchants create --name Tea --email a@b.example --password -";

const PAGE: i64 = 200;

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MerchantsOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Makes a merchant and its first owner
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateOptions),
    /// Lists merchants by number
    #[command(after_help = "Example:\n  pepay merchants list --requests")]
    List {
        #[command(flatten)]
        place: Place,
        /// Only those that ask for mainnet, with what they wrote
        #[arg(long)]
        requests: bool,
    },
    /// Lets a merchant into mainnet
    #[command(after_help = "Example:\n  pepay merchants enable-mainnet 7")]
    EnableMainnet {
        #[command(flatten)]
        place: Place,
        /// The merchant's number
        id: i64,
    },
}

#[derive(Clone, Debug, Args)]
struct CreateOptions {
    #[command(flatten)]
    place: Place,
    /// Name of the company, as payors see it
    #[arg(long)]
    name: String,
    /// The merchant's e-mail; also the owner's, unless --owner-email says otherwise
    #[arg(long)]
    email: String,
    /// The owner's e-mail
    #[arg(long)]
    owner_email: Option<String>,
    /// Reads the owner's password from standard input (-); without it he asks for a reset
    #[arg(long, value_name = "-", value_parser = ["-"])]
    password: Option<String>,
}

pub fn run(options: MerchantsOptions) -> anyhow::Result<ExitCode> {
    start::block_on(async {
        match options.act {
            Act::Create(options) => create(options).await,
            Act::List { place, requests: true } => requests(&place).await,
            Act::List { place, requests: false } => list(&place).await,
            Act::EnableMainnet { place, id } => enable_mainnet(&place, MerchantId(id)).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn create(options: CreateOptions) -> anyhow::Result<()> {
    let owner_password = match options.password {
        Some(_) => {
            let text = std::io::read_to_string(std::io::stdin()).context("reading the password")?;
            Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
        }
        None => None,
    };
    let has_password = owner_password.is_some();
    let store = place::open_existing(&options.place.load()?).await?;
    let new = NewMerchant {
        company_name: options.name,
        owner_email: options.owner_email.unwrap_or_else(|| options.email.clone()),
        email: options.email,
        owner_password,
        is_demo: false,
    };
    let created = merchants::create(&store, &Clock::System, new).await;
    store.close().await;
    let (merchant, owner) = created?;
    println!("merchant {}, owner {} ({})", merchant.id, owner.email, owner.id);
    if !has_password {
        println!("the owner sets a password by POST /api/auth/password/reset");
    }
    println!("next: pepay keys create --merchant {} --name first", merchant.id);
    Ok(())
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let mut after = None;
    loop {
        let page = store.merchants(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for merchant in &page {
            println!("{}", line(merchant));
        }
    }
    store.close().await;
    Ok(())
}

fn line(merchant: &Merchant) -> String {
    let mainnet = match (&merchant.mainnet_request, merchant.has_mainnet_access) {
        (_, true) => "mainnet",
        (Some(_), false) => "asks for mainnet",
        (None, false) => "devnet",
    };
    let demo = if merchant.is_demo { " (demo)" } else { "" };
    let Merchant { id, company_name, email, .. } = merchant;
    format!("{id}\t{company_name}{demo}\t{email}\t{mainnet}")
}

async fn requests(place: &Place) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let asking = store.merchants_requesting_mainnet().await?;
    store.close().await;
    if asking.is_empty() {
        println!("nobody asks for mainnet");
    }
    for merchant in asking {
        println!("{}", line(&merchant));
        if let Some(request) = &merchant.mainnet_request {
            println!("\twebsite: {}\n\tuse case: {}", request.website, request.use_case);
        }
    }
    Ok(())
}

async fn enable_mainnet(place: &Place, id: MerchantId) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let enabled = enable(&store, id).await;
    store.close().await;
    enabled?;
    println!("merchant {id} may use mainnet");
    Ok(())
}

async fn enable(store: &Store, id: MerchantId) -> anyhow::Result<()> {
    loop {
        let merchant = store.get::<Merchant>(id.key()).await?;
        let merchant = merchant.with_context(|| format!("there is no merchant {id}"))?;
        let mut fresh = Clock::System.fresh();
        let mut changes = merchant.enable_mainnet().save(fresh.now());
        changes.insert(AuditEntry::of_operator(id, "merchant.mainnet_enabled", id, &mut fresh));
        match store.commit(changes).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => bail!(error),
        }
    }
}
