//! What operator routes and the command line do alike for a payout nobody can tell about.
//!
//! One that was sent, whose answer was lost, and that is too old to be sent again holds its money.
//! The operator gives it up, and only if whom it was given to says now that he never had it.

use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::ids::PayoutId;
use domain::payout::{self, Payout};
use domain::provider::PayoutReport;
use domain::refusal::Refusal;
use providers::ramp::ProviderError;
use store::{CommitError, Store, StoreError};

use crate::clock::Clock;
use crate::ramp_providers::RampProviders;
use crate::workers::payouts::found;

#[derive(Debug, thiserror::Error)]
pub enum GiveUpError {
    #[error("there is no such payout")]
    Unknown,
    #[error("nobody moves bank money here")]
    Nobody,
    #[error("the payout could not be asked about: {0}")]
    Unasked(#[from] ProviderError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for GiveUpError {
    fn from(error: StoreError) -> GiveUpError {
        GiveUpError::Commit(error.into())
    }
}

/// Asks once more, and frees the money if it never went.
pub async fn give_up(
    (store, clock): (&Store, &Clock),
    providers: &RampProviders,
    id: PayoutId,
) -> Result<Payout, GiveUpError> {
    let known = store.get::<Payout>(id.key()).await?.ok_or(GiveUpError::Unknown)?;
    // What is refused anyway is not asked about.
    let given_up = known.may_be_given_up(clock.now());
    given_up.ok_or(Refusal::PayoutNotCancelable)?;
    let provider = providers.provider(known.environment).ok_or(GiveUpError::Nobody)?;
    let (report, _) = provider.look_up_payout(&known.handle()).await?;
    store.decide(|| decided(store, clock, id, report)).await
}

async fn decided(
    store: &Store,
    clock: &Clock,
    id: PayoutId,
    report: PayoutReport,
) -> Result<(Changes, Payout), GiveUpError> {
    let found = found(store, id).await?.ok_or(GiveUpError::Unknown)?;
    let mut fresh = clock.fresh();
    let (payout, mut changes) = payout::give_up(found, report, &mut fresh)?;
    let (merchant_id, action) = (payout.merchant_id, "ramp_payout.given_up");
    changes.insert(AuditEntry::of_operator(merchant_id, action, payout.id, &mut fresh));
    let endpoints = store.webhook_endpoints_of_merchant(merchant_id).await?;
    changes.count_listeners(&endpoints);
    Ok((changes, payout))
}
