//! `pepay ramps`: what only the operator does for the ramps: deciding what screening held back.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::ids::ReviewId;
use domain::screening_review::{ScreeningReview, Verdict};
use store::Page;

use crate::clock::Clock;
use crate::commands::place::{self, Place};
use crate::commands::start;
use crate::screening_reviews::decide_review;

const EXAMPLES: &str = "\
Examples:
  pepay ramps review list
  pepay ramps review approve 0198f0c2-7c1e-7abc-8def-0123456789ab
  pepay ramps review reject 0198f0c2-7c1e-7abc-8def-0123456789ab";

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
    let Act::Review(review) = options.act;
    start::block_on(async {
        match review.act {
            ReviewAct::List { place } => list(&place).await,
            ReviewAct::Approve { place, id } => decide(&place, &id, Verdict::Approve).await,
            ReviewAct::Reject { place, id } => decide(&place, &id, Verdict::Reject).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place) -> anyhow::Result<()> {
    let store = place::open_existing(&place.load()?).await?;
    let mut page = Page::First;
    let mut count = 0;
    loop {
        let reviews = store.screening_reviews_open(page, PAGE).await?;
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
