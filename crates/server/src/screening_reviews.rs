//! What operator routes and the command line do alike for the ramps: deciding a hit of screening.

use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::ids::ReviewId;
use domain::onramp::Onramp;
use domain::ramp_deposit::RampDeposit;
use domain::ramp_user::RampUser;
use domain::refusal::Refusal;
use domain::screening_review::{Held, ReviewSubject, ScreeningReview, Verdict};
use store::{CommitError, Store, StoreError};

use crate::clock::Clock;

#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error("there is no such review")]
    Unknown,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for ReviewError {
    fn from(error: StoreError) -> ReviewError {
        ReviewError::Commit(error.into())
    }
}

/// Lets what a list held go, or refuses it for good.
pub async fn decide_review(
    store: &Store,
    clock: &Clock,
    id: ReviewId,
    verdict: Verdict,
) -> Result<ScreeningReview, ReviewError> {
    store.decide(|| decided(store, clock, id, verdict)).await
}

async fn decided(
    store: &Store,
    clock: &Clock,
    id: ReviewId,
    verdict: Verdict,
) -> Result<(Changes, ScreeningReview), ReviewError> {
    let review = store.get::<ScreeningReview>(id.key()).await?.ok_or(ReviewError::Unknown)?;
    let held = match &review.subject {
        ReviewSubject::User(user) => {
            let user = store.get::<RampUser>(user.key()).await?;
            user.map_or(Held::Nothing, |user| Held::User(Box::new(user)))
        }
        ReviewSubject::BankAccount(account) => {
            let account = store.get::<BankAccount>(account.key()).await?;
            account.map_or(Held::Nothing, |account| Held::BankAccount(Box::new(account)))
        }
        ReviewSubject::Deposit(deposit) => match store.get::<RampDeposit>(deposit.key()).await? {
            Some(deposit) => {
                let user = store.get::<RampUser>(deposit.user_id.key()).await?;
                let with = |user| Held::Deposit(Box::new(deposit), Box::new(user));
                user.map_or(Held::Nothing, with)
            }
            None => Held::Nothing,
        },
        ReviewSubject::Onramp(onramp) => match store.get::<Onramp>(onramp.key()).await? {
            Some(onramp) => {
                let user = store.get::<RampUser>(onramp.user_id.key()).await?;
                user.map_or(Held::Nothing, |user| Held::Onramp(Box::new(user)))
            }
            None => Held::Nothing,
        },
        ReviewSubject::Destination { .. } => Held::Nothing,
    };
    let (review, mut changes) = review.decide(held, verdict, &mut clock.fresh())?;
    let endpoints = store.webhook_endpoints_of_merchant(review.merchant_id).await?;
    changes.count_listeners(&endpoints);
    Ok((changes, review))
}
