//! `pepay ramps`: what only the operator does for the ramps: deciding what screening held back,
//! and giving up payouts that nobody can tell about.
//!
//! Beside a running server that has the database to itself, the server is asked over HTTP with the
//! operator's token; otherwise it is done here.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::ids::{PayoutId, ReviewId};
use domain::screening_review::{ReviewState, Verdict};
use serde_json::{Value, json};
use store::Page;

use crate::clock::Clock;
use crate::commands::place::{self, Place};
use crate::commands::remote::Remote;
use crate::commands::{say, start};
use crate::config::Config;
use crate::lost_payouts::give_up;
use crate::ramp_providers::RampProviders;
use crate::screening_reviews::decide_review;

const EXAMPLES: &str = "\
Examples:
  pepay ramps review list
  pepay ramps review approve 0198f0c2-7c1e-7abc-8def-0123456789ab
  pepay ramps review reject 0198f0c2-7c1e-7abc-8def-0123456789ab";

const GIVE_UP_EXAMPLE: &str = "\
Example:
  pepay ramps payouts give-up --id 0198f0c2-7c1e-7abc-8def-0123456789ab";

const PAGE: i64 = 200;
/// The most a list answers at once.
const REMOTE_PAGE: i64 = 100;

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RampsOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Lists and decides hits on screening lists
    #[command(after_help = EXAMPLES)]
    Review(ReviewOptions),
    /// Ends payouts that nobody can tell about
    #[command(after_help = GIVE_UP_EXAMPLE)]
    Payouts(PayoutsOptions),
}

#[derive(Clone, Debug, Args)]
struct PayoutsOptions {
    #[command(subcommand)]
    act: PayoutsAct,
}

#[derive(Clone, Debug, Subcommand)]
enum PayoutsAct {
    /// Fails one that was sent, is not known and is too old to be sent again
    ///
    /// It is asked about once more: its money is free only if it is not there.
    #[command(after_help = GIVE_UP_EXAMPLE)]
    GiveUp {
        #[command(flatten)]
        place: Place,
        /// The payout's id
        #[arg(long)]
        id: String,
    },
}

#[derive(Clone, Debug, Args)]
struct ReviewOptions {
    #[command(subcommand)]
    act: ReviewAct,
}

#[derive(Clone, Debug, Subcommand)]
enum ReviewAct {
    /// Lists what waits for a decision
    #[command(after_help = "Example:\n  pepay ramps review list")]
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Lets go what was held
    #[command(after_help = "Example:\n  pepay ramps review approve ID")]
    Approve {
        #[command(flatten)]
        place: Place,
        /// The review's id
        id: String,
    },
    /// Refuses for good what was held
    #[command(after_help = "Example:\n  pepay ramps review reject ID")]
    Reject {
        #[command(flatten)]
        place: Place,
        /// The review's id
        id: String,
    },
}

pub fn run(options: RampsOptions) -> anyhow::Result<ExitCode> {
    start::block_on(async {
        match options.act {
            Act::Review(review) => match review.act {
                ReviewAct::List { place } => list(&place).await,
                ReviewAct::Approve { place, id } => decide(&place, &id, Verdict::Approve).await,
                ReviewAct::Reject { place, id } => decide(&place, &id, Verdict::Reject).await,
            },
            Act::Payouts(payouts) => match payouts.act {
                PayoutsAct::GiveUp { place, id } => give_up_payout(&place, &id).await,
            },
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn give_up_payout(place: &Place, id: &str) -> anyhow::Result<()> {
    let id = PayoutId::parse(id).with_context(|| format!("not the id of a payout: {id}"))?;
    let config = place.load()?;
    if let Some(remote) = place::server_of(&config)? {
        let path = format!("/api/admin/ramps/payouts/{id}/give-up");
        remote.post_as_operator(&path, &json!({})).await?;
    } else {
        let store = place::open_existing(&config).await?;
        let clock = Clock::System;
        let given_up = match RampProviders::open(&config, &clock, &store) {
            Ok(providers) => give_up((&store, &clock), &providers, id).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        store.close().await;
        given_up?;
    }
    say(&format!("{id} is given up; its money is free"));
    Ok(())
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let config = place.load()?;
    let count = match place::server_of(&config)? {
        Some(remote) => list_of(&remote).await?,
        None => list_here(&config).await?,
    };
    if count == 0 {
        say("nothing waits");
    }
    Ok(())
}

async fn list_here(config: &Config) -> anyhow::Result<usize> {
    let store = place::open_existing(config).await?;
    let (mut page, mut count) = (Page::First, 0);
    let read = loop {
        let reviews = match store.screening_reviews(ReviewState::Open, page, PAGE).await {
            Ok(reviews) => reviews,
            Err(error) => break Err(error),
        };
        let Some(last) = reviews.last() else { break Ok(count) };
        page = Page::After(last.key());
        count += reviews.len();
        for review in &reviews {
            say(&line(&serde_json::to_value(review.view())?));
        }
    };
    store.close().await;
    Ok(read?)
}

async fn list_of(remote: &Remote) -> anyhow::Result<usize> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let path = format!("/api/admin/ramps/reviews?limit={REMOTE_PAGE}{after}");
        let answer = remote.get_as_operator(&path).await?;
        let reviews = answer["data"].as_array().context("an answer without a list")?;
        let Some(last) = reviews.last() else { return Ok(count) };
        after = format!("&starting_after={}", last["id"].as_str().unwrap_or_default());
        count += reviews.len();
        reviews.iter().for_each(|review| say(&line(review)));
        if answer["has_more"] != true {
            return Ok(count);
        }
    }
}

/// Of a review as the interface shows it.
fn line(review: &Value) -> String {
    let text = |name: &str| match &review[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let [id, merchant, environment] = ["id", "merchant_id", "environment"].map(text);
    let [kind, subject, matched] = ["subject_type", "subject_id", "matched"].map(text);
    format!("{id}\tmerchant {merchant}\t{environment}\t{kind}\t{subject}\t{matched}")
}

async fn decide(place: &Place, id: &str, verdict: Verdict) -> anyhow::Result<()> {
    let id = ReviewId::parse(id).with_context(|| format!("not the id of a review: {id}"))?;
    let (order, word) = match verdict {
        Verdict::Approve => ("approve", "approved"),
        Verdict::Reject => ("reject", "rejected"),
    };
    let config = place.load()?;
    if let Some(remote) = place::server_of(&config)? {
        let path = format!("/api/admin/ramps/reviews/{id}/{order}");
        remote.post_as_operator(&path, &json!({})).await?;
    } else {
        let store = place::open_existing(&config).await?;
        let decided = decide_review(&store, &Clock::System, id, verdict).await;
        store.close().await;
        decided?;
    }
    say(&format!("{id} is {word}"));
    Ok(())
}
