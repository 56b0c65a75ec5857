//! The on-ramps' worker: opens on-ramps and virtual accounts, and asks what came in.
//!
//! That it is about to ask is committed before it does, so that a crash costs a pause and never a
//! second account; the same id is asked for again until the answer is in.

use std::future::ready;

use domain::changes::{Changes, CounterMove};
use domain::claim::Claim;
use domain::ids::{OnrampId, RowKey, VirtualAccountId};
use domain::ledger::Hold;
use domain::onramp::{self, Onramp, OnrampStatus};
use domain::provider::{Attempted, FiatInstructions, FiatReceipt, OnrampOrder};
use domain::ramp_user::RampUser;
use domain::screening_review::{ReviewStatus, ScreeningReview, Verdict};
use domain::virtual_account::{VirtualAccount, VirtualAccountStatus};
use futures_util::stream::{self, StreamExt as _};
use providers::ramp::{Opened, Pair, RampProvider};
use store::row::Row;
use store::{CommitError, StoreError};

use super::payouts::{is_about_one, party};
use super::references;
use crate::app::{App, Shared};
use crate::workers::lease::{Kept, Lease};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 64;
const AT_ONCE: usize = 16;
/// How far back a virtual account's money is looked for.
const RECEIPT_PAGES_MAX: usize = 20;
const REST_MS: u64 = 200;

pub struct Onramper {
    lease: Lease,
}

impl Default for Onramper {
    fn default() -> Self {
        Onramper { lease: Lease::new("onramps", 0) }
    }
}

/// Something that is due.
enum Due {
    Onramp(OnrampId),
    Account(VirtualAccountId),
}

impl Worker for Onramper {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let onramps = app.store.onramps_due(app.now(), BATCH_MAX).await?;
        let accounts = app.store.virtual_accounts_due(app.now(), BATCH_MAX).await?;
        let is_full = onramps.len().max(accounts.len()) as i64 == BATCH_MAX;
        let onramps = onramps.into_iter().map(|one| Due::Onramp(one.id));
        let due = onramps.chain(accounts.into_iter().map(|one| Due::Account(one.id)));
        let due: Vec<Due> = due.collect();
        let kept = self.lease.keep();
        let looks = stream::iter(due).map(|due| look(app, &kept, due));
        // What stops one does not drop the others on their way.
        let all_done = looks
            .buffer_unordered(AT_ONCE)
            .fold(anyhow::Ok(()), |first, done| ready(first.and(done)));
        if let Err(error) = kept.during(app, all_done).await.flatten() {
            self.lease.lose();
            return Err(error);
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

/// What became of a change that counts against limits.
#[derive(PartialEq, Eq)]
enum Fit {
    Within,
    /// Somebody else wrote a row first: it is still due.
    Raced,
    TooMuch,
}

async fn commit_within_limits(
    app: &App,
    lease: &Kept<'_>,
    changes: Changes,
) -> anyhow::Result<Fit> {
    let counters: Vec<RowKey> = changes.counters.iter().map(CounterMove::key).collect();
    match commit(app, lease, changes).await {
        Ok(true) => Ok(Fit::Within),
        Ok(false) => Ok(Fit::Raced),
        Err(error) => match error.downcast_ref::<CommitError>() {
            Some(CommitError::Insufficient { key }) if counters.contains(key) => Ok(Fit::TooMuch),
            Some(_) | None => Err(error),
        },
    }
}

/// What is wrong with one does not stop the others. That it is looked at was committed before: it
/// is due again later.
async fn look(app: &App, lease: &Kept<'_>, due: Due) -> anyhow::Result<()> {
    let (key, done) = match due {
        Due::Onramp(id) => (id.key(), onramp(app, lease, id).await),
        Due::Account(id) => (id.key(), account(app, lease, id).await),
    };
    match done {
        Err(error) if is_about_one(&error) => {
            tracing::error!(id = ?key, error = format!("{error:#}"),
                "an on-ramp or a virtual account cannot go on; the others do");
            Ok(())
        }
        done => done,
    }
}

/// Whether a change went through, or somebody else wrote a row first: then it is still due.
async fn commit(app: &App, lease: &Kept<'_>, changes: Changes) -> anyhow::Result<bool> {
    match lease.commit(app, changes).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            anyhow::bail!("another process took over on-ramps")
        }
        Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn read<R: Row>(app: &App, key: RowKey) -> anyhow::Result<R> {
    let missing =
        || StoreError::Corrupt { table: R::TABLE.name, key: key.uuid().to_string(), column: "key" };
    Ok(app.store.get::<R>(key).await?.ok_or_else(missing)?)
}

fn told(answer: Attempted<Opened>) -> Attempted<(String, FiatInstructions)> {
    match answer {
        Attempted::Accepted(opened) => Attempted::Accepted((opened.reference, opened.instructions)),
        Attempted::Refused(why) => Attempted::Refused(why),
        Attempted::Unknown => Attempted::Unknown,
    }
}

async fn onramp(app: &App, lease: &Kept<'_>, id: OnrampId) -> anyhow::Result<()> {
    let known: Onramp = read(app, id.key()).await?;
    if !commit(app, lease, known.look(app.now())).await? {
        return Ok(());
    }
    let user: RampUser = read(app, known.user_id.key()).await?;
    let current: Onramp = read(app, id.key()).await?;
    if let Some(changes) = current.give_up(&user, app.now()) {
        commit(app, lease, changes).await?;
        return Ok(());
    }
    let Some(provider) = app.ramp_providers.provider(known.environment) else {
        tracing::error!(onramp.id = %id, "an on-ramp waits: nobody moves bank money here");
        return Ok(());
    };
    if let Some(review_id) = known.review_id
        && known.status == OnrampStatus::InReview
    {
        let review = app.store.get::<ScreeningReview>(review_id.key()).await?;
        let verdict = match review.map_or(ReviewStatus::Open, |review| review.status) {
            ReviewStatus::Open => None,
            ReviewStatus::Approved => Some(Verdict::Approve),
            ReviewStatus::Rejected => Some(Verdict::Reject),
        };
        if let Some(verdict) = verdict {
            if let Some(changes) = current.reviewed(verdict, &user, &mut app.fresh()) {
                commit(app, lease, changes).await?;
            }
            return Ok(());
        }
    }
    if known.is_to_be_opened() {
        let order = |customer| OnrampOrder {
            id: known.key(),
            environment: known.environment,
            currency: known.currency,
            amount: Some(known.amount),
            party: party(&user),
            customer,
            token_id: known.token_id,
            wallet: Some((known.network, known.wallet.clone())),
        };
        let answer = match references::customer(app, lease, &user, provider.as_ref()).await? {
            Attempted::Accepted(customer) => told(provider.open_onramp(&order(customer)).await),
            Attempted::Refused(why) => Attempted::Refused(why),
            Attempted::Unknown => Attempted::Unknown,
        };
        let current: Onramp = read(app, id.key()).await?;
        if let Some(changes) = current.opened(answer, &user, app.now()) {
            commit(app, lease, changes).await?;
        }
        return Ok(());
    }
    let Ok(report) = provider.look_up_onramp(&known.handle()).await else {
        tracing::warn!(onramp.id = %id, "an on-ramp could not be asked about; again later");
        return Ok(());
    };
    let current: Onramp = read(app, id.key()).await?;
    let hold = match current.hold_id {
        Some(hold) => Some(read::<Hold>(app, hold.key()).await?),
        None => None,
    };
    let around = (hold, &user);
    let changes = onramp::reduce(current.clone(), report.clone(), around, &mut app.fresh());
    let Some(changes) = changes else { return Ok(()) };
    if commit_within_limits(app, lease, changes).await? == Fit::TooMuch
        && let Some(kept) = current.keep_late(&report, &mut app.fresh())
    {
        commit(app, lease, kept).await?;
    }
    Ok(())
}

async fn account(app: &App, lease: &Kept<'_>, id: VirtualAccountId) -> anyhow::Result<()> {
    let known: VirtualAccount = read(app, id.key()).await?;
    let (known, looking) = known.look(app.now());
    if !commit(app, lease, looking).await? {
        return Ok(());
    }
    let Some(provider) = app.ramp_providers.provider(known.environment) else { return Ok(()) };
    let user: RampUser = read(app, known.user_id.key()).await?;
    match known.status {
        VirtualAccountStatus::Pending => {
            let order = |customer| OnrampOrder {
                id: known.key(),
                environment: known.environment,
                currency: known.currency,
                amount: None,
                party: party(&user),
                customer,
                token_id: known.token_id,
                wallet: None,
            };
            let answer = match references::customer(app, lease, &user, provider.as_ref()).await? {
                Attempted::Accepted(customer) => {
                    told(provider.open_virtual_account(&order(customer)).await)
                }
                Attempted::Refused(why) => Attempted::Refused(why),
                Attempted::Unknown => Attempted::Unknown,
            };
            let current: VirtualAccount = read(app, id.key()).await?;
            if let Some(changes) = current.opened(answer, app.now()) {
                commit(app, lease, changes).await?;
            }
            Ok(())
        }
        VirtualAccountStatus::Active => {
            receive(app, lease, (&known, &user), provider.as_ref()).await
        }
        VirtualAccountStatus::Failed => Ok(()),
    }
}

/// Credits what came in. A receipt that was taken before is taken for known by its claim.
async fn receive(
    app: &App,
    lease: &Kept<'_>,
    (account, user): (&VirtualAccount, &RampUser),
    provider: &dyn RampProvider,
) -> anyhow::Result<()> {
    let key = (account.environment, Pair::dollars_in(account.currency));
    let receipts = unknown_receipts(app, account, provider).await?;
    let (Some(receipts), Ok(Some(rate))) =
        (receipts, app.ramp_providers.rate(key, app.now()).await)
    else {
        tracing::warn!(account.id = %account.id, "a virtual account could not be looked at");
        return Ok(());
    };
    // The oldest first, and none before the one before it: so whatever is older than a known one
    // is known.
    for receipt in receipts.iter().rev() {
        let Some(changes) = account.receive(user, receipt, rate, &mut app.fresh()) else {
            continue;
        };
        let is_taken = match commit_within_limits(app, lease, changes).await? {
            Fit::Within => true,
            Fit::Raced => false,
            Fit::TooMuch => {
                let why = (rate, "A limit of the user's KYC level would be passed");
                match account.hold(user, receipt, why, &mut app.fresh()) {
                    Some(held) => commit(app, lease, held).await?,
                    None => true,
                }
            }
        };
        if !is_taken {
            break;
        }
    }
    Ok(())
}

/// What came in since the newest that is known, the newest first. None: it could not be told.
async fn unknown_receipts(
    app: &App,
    account: &VirtualAccount,
    provider: &dyn RampProvider,
) -> anyhow::Result<Option<Vec<FiatReceipt>>> {
    let (handle, mut unknown, mut after) = (account.handle(), Vec::new(), None::<String>);
    for _ in 0..RECEIPT_PAGES_MAX {
        let Ok(page) = provider.receipts(&handle, after.as_deref()).await else { return Ok(None) };
        let mut is_last = page.next.is_none();
        for receipt in page.data {
            let is_known = app.store.get::<Claim>(receipt.key).await?.is_some();
            is_last |= is_known;
            if !is_known {
                unknown.push(receipt);
            }
        }
        if is_last {
            return Ok(Some(unknown));
        }
        after = page.next;
    }
    tracing::error!(account.id = %account.id, "more came in than is looked through at once");
    Ok(None)
}
