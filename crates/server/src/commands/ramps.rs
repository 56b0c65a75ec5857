//! `pepay ramps`: what only the operator does for the ramps: deciding what screening held back,
//! and giving up payouts that nobody can tell about.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::ids::{PayoutId, ReviewId};
use domain::screening_review::{ReviewState, ScreeningReview, Verdict};
use store::Page;

use crate::clock::Clock;
use crate::commands::place::{self, Place};
use crate::commands::start;
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
    let store = place::open_existing(&config).await?;
    let clock = Clock::System;
    let given_up = match RampProviders::open(&config, &clock, &store) {
        Ok(providers) => give_up((&store, &clock), &providers, id).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    store.close().await;
    println!("{} is given up; its money is free", given_up?.id);
    Ok(())
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let mut page = Page::First;
    let mut count = 0;
    loop {
        let reviews = store.screening_reviews(ReviewState::Open, page, PAGE).await?;
        let Some(last) = reviews.last() else { break };
        page = Page::After(last.key());
        for review in &reviews {
            println!("{}", line(review));
            count += 1;
        }
    }
    store.close().await;
    if count == 0 {
        println!("nothing waits");
    }
    Ok(())
}

fn line(review: &ScreeningReview) -> String {
    let view = review.view();
    let (id, merchant, environment) = (view.id, view.merchant_id, view.environment.as_str());
    let (kind, subject, matched) = (view.subject_type, &view.subject_id, &view.matched);
    format!("{id}\tmerchant {merchant}\t{environment}\t{kind}\t{subject}\t{matched}")
}

async fn decide(place: &Place, id: &str, verdict: Verdict) -> anyhow::Result<()> {
    let id = ReviewId::parse(id).with_context(|| format!("not the id of a review: {id}"))?;
    let store = place::open_existing(&place.load()?).await?;
    let decided = decide_review(&store, &Clock::System, id, verdict).await;
    store.close().await;
    let word = match verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    };
    println!("{} is {word}", decided?.id);
    Ok(())
}
