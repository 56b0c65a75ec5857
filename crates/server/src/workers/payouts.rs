//! The payouts' worker: gives away what is held, and asks what became of it.
//!
//! Before anything is sent, that it is about to be is committed; whoever finds it so asks first.
//! However a payout came to be due, by time, by a webhook or after a crash, it is the same step.

use std::future::ready;
use std::time::Duration;

use anyhow::bail;
use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::ids::{Fresh, PayoutId};
use domain::ledger::{Hold, HoldStatus};
use domain::payout::{self, Found, Payout, PayoutStatus};
use domain::provider::{Attempted, BankDetails, Party, PayoutOrder, RampFailure};
use domain::ramp_user::{RampUser, UserType};
use domain::screening_review::{ReviewStatus, ScreeningReview, Verdict};
use domain::secret::SealError;
use futures_util::stream::{self, StreamExt as _};
use providers::ramp::RampProvider;
use store::{CommitError, Store, StoreError};

use super::references;
use crate::app::{App, Shared};
use crate::workers::lease::{Kept, Lease};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 64;
/// Enough that a provider who does not answer one leaves room for the others.
const AT_ONCE: usize = 16;
/// Longer than the provider's own time-out: only a bug comes this far.
const ANSWER_MAX: Duration = Duration::from_secs(90);
/// Sending, finding that it was never there, and sending again.
const MOVES_MAX: usize = 3;
const DECISIONS_MAX: usize = 16;
/// A busy house commits all the time: one look each so often is enough.
const REST_MS: u64 = 200;

pub struct Payer {
    lease: Lease,
}

impl Default for Payer {
    fn default() -> Self {
        Payer { lease: Lease::new("payouts", 0) }
    }
}

impl Worker for Payer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.payouts_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let kept = self.lease.keep();
        let moves = stream::iter(due).map(|payout| advance_or_park(app, &kept, payout.id));
        // What stops one does not drop the others on their way.
        let all_done = moves
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

/// A payout as it is now, with what its decisions need.
///
/// The rows are read one after the other: if the payout changed meanwhile they are read again, so
/// that a hold is never seen as its payout's next state left it.
pub async fn found(store: &Store, id: PayoutId) -> Result<Option<Found>, StoreError> {
    let Some(mut payout) = store.get::<Payout>(id.key()).await? else { return Ok(None) };
    for _ in 0..DECISIONS_MAX {
        let hold = store.get::<Hold>(payout.hold_id.key()).await?;
        let user = store.get::<RampUser>(payout.user_id.key()).await?;
        let Some(after) = store.get::<Payout>(id.key()).await? else { return Ok(None) };
        if after.version != payout.version {
            payout = after;
            continue;
        }
        let corrupt = |column| {
            let key = payout.id.to_string();
            StoreError::Corrupt { table: "payouts", key, column }
        };
        // While the money is neither gone nor given back it is held.
        let is_settled = payout.status.is_over() || payout.status == PayoutStatus::Paid;
        let is_right = |hold: &Hold| is_settled || hold.status == HoldStatus::Open;
        let hold = hold.filter(is_right).ok_or_else(|| corrupt("hold_id"))?;
        let user = user.ok_or_else(|| corrupt("user_id"))?;
        return Ok(Some(Found { payout, hold, user }));
    }
    Err(StoreError::Unavailable("a payout changes faster than it can be read".into()))
}

/// What is wrong with one payout does not stop the others.
async fn advance_or_park(app: &App, lease: &Kept<'_>, id: PayoutId) -> anyhow::Result<()> {
    match advance(app, lease, id).await {
        Err(error) if is_about_one(&error) => {
            tracing::error!(payout.id = %id, error = format!("{error:#}"),
                "a payout cannot go on; the others do");
            park(app, lease, id).await
        }
        done => done,
    }
}

/// Looks later, and later each time: what cannot go on takes no place of what can.
async fn park(app: &App, lease: &Kept<'_>, id: PayoutId) -> anyhow::Result<()> {
    let Ok(Some(payout)) = app.store.get::<Payout>(id.key()).await else { return Ok(()) };
    if payout.next_at.is_none_or(|next| app.now() < next) {
        return Ok(());
    }
    match lease.commit(app, payout.look_later(app.now())).await {
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            bail!("another process took over payouts")
        }
        // Somebody moved it: it is looked at again.
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether it is the fault of the rows it was about, and not of the house's or the database's.
pub(super) fn is_about_one(error: &anyhow::Error) -> bool {
    let of_store =
        |error: &StoreError| matches!(error, StoreError::Corrupt { .. } | StoreError::Rejected(_));
    match error.downcast_ref::<CommitError>() {
        Some(CommitError::Store(error)) => of_store(error),
        Some(CommitError::Insufficient { .. }) => true,
        Some(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => false,
        None => {
            error.downcast_ref::<StoreError>().is_some_and(of_store)
                || error.downcast_ref::<SealError>().is_some()
        }
    }
}

/// Moves one payout as far as it goes now.
async fn advance(app: &App, lease: &Kept<'_>, id: PayoutId) -> anyhow::Result<()> {
    for _ in 0..MOVES_MAX {
        let Some(Found { payout, user, .. }) = found(&app.store, id).await? else { return Ok(()) };
        if payout.next_at.is_none_or(|next| app.now() < next) {
            return Ok(());
        }
        if let Some(review_id) = payout.review_id
            && payout.status == PayoutStatus::InReview
        {
            return follow_review(app, lease, id, review_id).await;
        }
        let Some(provider) = app.ramp_providers.provider(payout.environment) else {
            tracing::error!(payout.id = %id, "a payout waits: nobody moves bank money here");
            return settle(app, lease, id, |found, fresh| {
                Some(found.payout.look_later(fresh.now()))
            })
            .await;
        };
        if payout.is_to_be_sent() {
            send(app, lease, (payout, user), provider.as_ref()).await?;
        } else {
            look(app, lease, &payout, provider.as_ref()).await?;
        }
    }
    Ok(())
}

/// Writes the intent, sends, writes the answer.
async fn send(
    app: &App,
    lease: &Kept<'_>,
    (payout, user): (Payout, RampUser),
    provider: &dyn RampProvider,
) -> anyhow::Result<()> {
    let id = payout.id;
    let destination = destination(app, &payout).await?;
    let Some((_, intent)) = payout::send(&payout, app.now()) else {
        tracing::error!(
            payout.id = %id,
            "a payout was sent, is not known, and is too old to be sent again: ask the provider"
        );
        return settle(app, lease, id, |found, fresh| Some(found.payout.look_later(fresh.now())))
            .await;
    };
    match lease.commit(app, intent).await {
        Ok(()) => {}
        // Somebody took it back, or the lease is lost: nothing was sent.
        Err(CommitError::Conflict { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let answer = match destination {
        Some(to) => {
            let given = give(app, lease, (&payout, &user, to), provider);
            tokio::time::timeout(ANSWER_MAX, given).await.unwrap_or(Ok(Attempted::Unknown))?
        }
        // The person was erased, and the account with him.
        None => Attempted::Refused(RampFailure::AccountInvalid),
    };
    settle(app, lease, id, |found, fresh| payout::record(found, answer.clone(), fresh)).await
}

/// Asks what became of it.
async fn look(
    app: &App,
    lease: &Kept<'_>,
    payout: &Payout,
    provider: &dyn RampProvider,
) -> anyhow::Result<()> {
    let handle = payout.handle();
    let asked = tokio::time::timeout(ANSWER_MAX, provider.look_up_payout(&handle)).await;
    match asked {
        Ok(Ok(report)) => {
            settle(app, lease, payout.id, |found, fresh| {
                payout::reduce(found, report.clone(), fresh)
            })
            .await
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(payout.id = %payout.id, "a payout could not be asked about");
            settle(app, lease, payout.id, |found, fresh| Some(found.payout.look_later(fresh.now())))
                .await
        }
    }
}

/// A human decides; until then the payout waits with its money held.
async fn follow_review(
    app: &App,
    lease: &Kept<'_>,
    id: PayoutId,
    review_id: domain::ids::ReviewId,
) -> anyhow::Result<()> {
    let review = app.store.get::<ScreeningReview>(review_id.key()).await?;
    let status = review.map_or(ReviewStatus::Open, |review| review.status);
    settle(app, lease, id, |found, fresh| match status {
        ReviewStatus::Open => Some(found.payout.look_later(fresh.now())),
        ReviewStatus::Approved => payout::reviewed(found, Verdict::Approve, fresh),
        ReviewStatus::Rejected => payout::reviewed(found, Verdict::Reject, fresh),
    })
    .await
}

/// Decides on the payout as it is now, and commits; again if a row changed meanwhile.
async fn settle(
    app: &App,
    lease: &Kept<'_>,
    id: PayoutId,
    decide: impl Fn(Found, &mut Fresh) -> Option<Changes>,
) -> anyhow::Result<()> {
    for _ in 0..DECISIONS_MAX {
        let Some(found) = found(&app.store, id).await? else { return Ok(()) };
        let Some(changes) = decide(found, &mut app.fresh()) else { return Ok(()) };
        match lease.commit(app, changes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
                bail!("another process took over payouts")
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bail!("too many changes at once")
}

/// Gives it to a provider who knows the user and his account, or comes to know them now.
async fn give(
    app: &App,
    lease: &Kept<'_>,
    (payout, user, (account, bank)): (&Payout, &RampUser, (BankAccount, BankDetails)),
    provider: &dyn RampProvider,
) -> anyhow::Result<Attempted<String>> {
    let customer = match references::customer(app, lease, user, provider).await? {
        Attempted::Accepted(customer) => customer,
        other => return Ok(other),
    };
    let known = (customer.as_str(), &account, &bank);
    let bank_reference = match references::bank_account(app, lease, known, provider).await? {
        Attempted::Accepted(reference) => reference,
        other => return Ok(other),
    };
    let order = PayoutOrder {
        id: payout.key(),
        environment: payout.environment,
        asset: payout.asset,
        source: payout.source,
        funds: payout.funds(),
        target: payout.target,
        currency: payout.currency,
        bank,
        customer,
        bank_reference,
    };
    Ok(provider.submit_payout(&order).await)
}

/// The account it goes to, in the clear; none if its numbers are gone.
async fn destination(
    app: &App,
    payout: &Payout,
) -> anyhow::Result<Option<(BankAccount, BankDetails)>> {
    let account = app.store.get::<BankAccount>(payout.bank_account_id.key()).await?;
    let account = account.ok_or_else(|| {
        let (table, key) = ("payouts", payout.id.to_string());
        StoreError::Corrupt { table, key, column: "bank_account_id" }
    })?;
    let Some(fields) = account.open_numbers(&app.keys)? else { return Ok(None) };
    let bank = BankDetails {
        account: account.key(),
        holder: account.holder_name.clone(),
        country: account.country.as_str().to_owned(),
        currency: account.currency,
        method: account.method.as_str().to_owned(),
        fields,
    };
    Ok(Some((account, bank)))
}

/// Who pays or is paid, as a provider is told.
pub fn party(user: &RampUser) -> Party {
    Party {
        user: user.key(),
        name: user.name.clone(),
        email: user.email.clone(),
        is_business: user.kind == UserType::Business,
        country: user.country.as_str().to_owned(),
    }
}
