//! What a provider calls a user and his bank account: asked for once, kept, and used again.
//!
//! Whoever asks has committed that he is about to (the payout's attempt, the on-ramp's look), and
//! asks under our own id of what he asks for: after a crash the same question makes nothing new.
//! A name is kept on the row it is of, and passes with it when the person is forgotten.

use anyhow::{Context as _, bail};
use domain::bank_account::BankAccount;
use domain::changes::{Changes, Record};
use domain::ids::{MerchantId, RowKey};
use domain::provider::{Attempted, BankDetails};
use domain::ramp_user::RampUser;
use providers::ramp::RampProvider;
use store::CommitError;
use store::row::Row;

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
        let learn = |mut known: RampUser| {
            let is_wanted = known.references.of(books).is_none() && known.erased_at.is_none();
            known.references.learn(books, name.clone());
            is_wanted.then(|| updated(known.merchant_id, known))
        };
        keep(app, lease, user.key(), learn).await?;
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
        let learn = |mut known: BankAccount| {
            let is_wanted = known.references.of(books).is_none() && known.numbers.is_some();
            known.references.learn(books, name.clone());
            is_wanted.then(|| updated(known.merchant_id, known))
        };
        keep(app, lease, account.key(), learn).await?;
    }
    Ok(answer)
}

fn updated(merchant_id: MerchantId, row: impl Into<Record>) -> Changes {
    let mut changes = Changes::of(merchant_id);
    changes.update(row);
    changes
}

/// Writes what a row learns, unless it has nothing to learn any more.
async fn keep<R: Row>(
    app: &App,
    lease: &Kept<'_>,
    key: RowKey,
    learn: impl Fn(R) -> Option<Changes>,
) -> anyhow::Result<()> {
    for _ in 0..TRIES_MAX {
        let known = app.store.get::<R>(key).await?.context("the row of a reference is missing")?;
        let Some(changes) = learn(known) else { return Ok(()) };
        if is_kept(app, lease, changes).await? {
            return Ok(());
        }
    }
    bail!("a row changes faster than its reference can be written")
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
