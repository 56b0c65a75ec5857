//! What a provider calls a user and his bank account: asked for once, kept, and used again.
//!
//! Whoever asks has committed that he is about to (the payout's attempt, the on-ramp's look), and
//! asks under our own id of what he asks for: after a crash the same question makes nothing new.
//! A name is kept on the row it is of, and passes with it when the person is forgotten.

use anyhow::bail;
use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::provider::{Attempted, BankDetails};
use domain::ramp_user::RampUser;
use providers::ramp::RampProvider;
use store::CommitError;

use super::payouts::party;
use crate::app::App;
use crate::workers::lease::Kept;

const TRIES_MAX: usize = 16;

/// What the provider calls the user.
pub async fn customer(
    app: &App,
    lease: &Kept<'_>,
    user: &RampUser,
    provider: &dyn RampProvider,
) -> anyhow::Result<Attempted<String>> {
    let books = provider.books();
    if let Some(name) = user.references.of(books) {
        return Ok(Attempted::Accepted(name.to_owned()));
    }
    let answer = provider.enroll(&party(user)).await;
    if let Attempted::Accepted(name) = &answer {
        for _ in 0..TRIES_MAX {
            let Some(mut known) = app.store.get::<RampUser>(user.key()).await? else { break };
            if known.references.of(books).is_some() || known.erased_at.is_some() {
                return Ok(answer);
            }
            known.references.learn(books, name.clone());
            let mut changes = Changes::of(known.merchant_id);
            changes.update(known);
            if is_kept(app, lease, changes).await? {
                return Ok(answer);
            }
        }
        bail!("a ramp user changes faster than he can be written");
    }
    Ok(answer)
}

/// What the provider calls the bank account of a user it knows.
pub async fn bank_account(
    app: &App,
    lease: &Kept<'_>,
    (customer, account, bank): (&str, &BankAccount, &BankDetails),
    provider: &dyn RampProvider,
) -> anyhow::Result<Attempted<String>> {
    let books = provider.books();
    if let Some(name) = account.references.of(books) {
        return Ok(Attempted::Accepted(name.to_owned()));
    }
    let answer = provider.register_account(customer, bank).await;
    if let Attempted::Accepted(name) = &answer {
        for _ in 0..TRIES_MAX {
            let Some(mut known) = app.store.get::<BankAccount>(account.key()).await? else { break };
            if known.references.of(books).is_some() || known.numbers.is_none() {
                return Ok(answer);
            }
            known.references.learn(books, name.clone());
            let mut changes = Changes::of(known.merchant_id);
            changes.update(known);
            if is_kept(app, lease, changes).await? {
                return Ok(answer);
            }
        }
        bail!("a bank account changes faster than it can be written");
    }
    Ok(answer)
}

/// Whether it was written, or somebody else wrote the row first.
async fn is_kept(app: &App, lease: &Kept<'_>, changes: Changes) -> anyhow::Result<bool> {
    match lease.commit(app, changes).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            bail!("another process took over this work")
        }
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
