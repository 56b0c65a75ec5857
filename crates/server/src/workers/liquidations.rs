//! What follows a deposit to a ramp user's address: a human's word on its sender, and the payout of
//! a liquidation.
//!
//! The payout is made in one commit with the deposit that says so, so that one deposit makes one.
//! What cannot be paid out stays in the balance.

use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::event::Origin;
use domain::ids::RampDepositId;
use domain::onchain_deposit::{Known, OnchainDeposit};
use domain::payout::{self, PayoutAsk};
use domain::ramp_deposit::{DepositStatus, RampDeposit};
use domain::ramp_quote::{RampQuote, RampQuoteAsk, Side};
use domain::ramp_user::RampUser;
use domain::screening_review::{ReviewStatus, ScreeningReview, Verdict};
use store::CommitError;

use crate::app::{App, Shared};
use crate::ramp_pricing::pricing;
use crate::workers::lease::Lease;
use crate::workers::payouts::is_about_one;
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 64;
const REST_MS: u64 = 200;

pub struct Liquidator {
    lease: Lease,
}

impl Default for Liquidator {
    fn default() -> Self {
        Liquidator { lease: Lease::new("liquidations", 0) }
    }
}

impl Worker for Liquidator {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.onchain_deposits_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        for deposit in due {
            let id = deposit.deposit_id;
            let done = match self.follow(app, id).await {
                Err(error) if is_about_one(&error) => {
                    tracing::error!(deposit.id = %id, error = format!("{error:#}"),
                        "what follows a deposit cannot go on; the others do");
                    self.park(app, deposit).await
                }
                done => done,
            };
            if done.is_err() {
                self.lease.lose();
            }
            done?;
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }

    fn rest_ms(&self) -> u64 {
        REST_MS
    }
}

/// A deposit as it is now.
pub async fn known(app: &App, id: RampDepositId) -> anyhow::Result<Option<Known>> {
    let deposit = app.store.get::<RampDeposit>(id.key()).await?;
    let onchain = app.store.get::<OnchainDeposit>(id.key()).await?;
    Ok(deposit.zip(onchain).map(|(deposit, onchain)| Known { deposit, onchain }))
}

impl Liquidator {
    async fn follow(&self, app: &App, id: RampDepositId) -> anyhow::Result<()> {
        let Some(known) = known(app, id).await? else { return Ok(()) };
        let later = known.onchain.clone();
        let changes = match known.onchain.review_id {
            Some(review_id) => {
                let review = app.store.get::<ScreeningReview>(review_id.key()).await?;
                match review.map_or(ReviewStatus::Open, |review| review.status) {
                    ReviewStatus::Open => None,
                    ReviewStatus::Approved => known.reviewed(Verdict::Approve, &mut app.fresh()),
                    ReviewStatus::Rejected => known.reviewed(Verdict::Reject, &mut app.fresh()),
                }
            }
            None => pay_out(app, known).await?,
        };
        let changes = changes.unwrap_or_else(|| later.clone().try_later(app.now()));
        match self.commit(app, changes).await {
            // The balance does not have it any more, or a limit is reached.
            Err(CommitError::Insufficient { .. }) => {
                match self.commit(app, later.try_later(app.now())).await {
                    Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
            // Somebody wrote one of the rows: it is still due.
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks later, and not for ever.
    async fn park(&self, app: &App, deposit: OnchainDeposit) -> anyhow::Result<()> {
        match self.commit(app, deposit.try_later(app.now())).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, app: &App, mut changes: Changes) -> Result<(), CommitError> {
        self.lease.fence(&mut changes);
        app.commit(changes).await.map(|_| ())
    }
}

/// The payout of a liquidation, with a quote of its own. None: not now.
async fn pay_out(app: &App, known: Known) -> anyhow::Result<Option<Changes>> {
    let Known { deposit, onchain } = known;
    let Some(account) = onchain.liquidation else { return Ok(None) };
    if deposit.status != DepositStatus::Completed {
        return Ok(None);
    }
    let account = app.store.get::<BankAccount>(account.key()).await?;
    let user = app.store.get::<RampUser>(deposit.user_id.key()).await?;
    let (Some(account), Some(user)) = (account, user) else { return Ok(None) };
    let Some(corridor) = account.corridor() else { return Ok(None) };
    let ways = (deposit.asset, account.currency);
    let priced = pricing(app, deposit.environment, ways).await;
    let Ok(Some(pricing)) = priced else { return Ok(None) };
    let mut fresh = app.fresh();
    let ask = RampQuoteAsk {
        merchant_id: deposit.merchant_id,
        environment: deposit.environment,
        user_id: Some(user.id),
        bank_account_id: Some(account.id),
        asset: deposit.asset,
        side: Side::Source(deposit.amount),
    };
    let Ok(quote) = RampQuote::new(ask, corridor, pricing, &mut fresh) else { return Ok(None) };
    let lists = app.screening.lists();
    let hit = [&user.name, &account.holder_name];
    let hit = hit.into_iter().find_map(|name| lists.hits_name(name));
    let ask = PayoutAsk {
        user: &user,
        account: &account,
        quote: &quote,
        hit,
        deposit_id: Some(deposit.id),
        origin: Origin::default(),
    };
    let made = match payout::create(ask, &mut fresh) {
        Ok(made) => made,
        Err(refusal) => {
            tracing::info!(deposit.id = %deposit.id, %refusal, "a liquidation waits");
            return Ok(None);
        }
    };
    let mut changes = made.changes;
    onchain.paid_out(made.payout.id, &mut changes);
    Ok(Some(changes))
}
