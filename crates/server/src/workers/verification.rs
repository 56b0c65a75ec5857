//! Manual verification: looks the chain up again for one invoice and records what was missed.

use std::future::ready;
use std::time::Duration;

use anyhow::bail;
use chains::chain::{Chain, ChainError, parted};
use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::changes::Changes;
use domain::invoice::Invoice;
use domain::verification::{Verification, look_failed};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::lease::{Kept, Lease};
use crate::workers::observe::{self, Recorded};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 32;
/// The newest payments of an invoice that one look is about.
const PAYMENTS_MAX: i64 = 256;
/// Enough that a network which does not answer leaves room for the others.
const LOOKS_AT_ONCE: usize = 8;
/// One look may not hold up the others.
const LOOK_MAX: Duration = Duration::from_secs(10);

pub struct Verifier {
    lease: Lease,
}

impl Default for Verifier {
    fn default() -> Self {
        Verifier { lease: Lease::new("verification", 0) }
    }
}

impl Worker for Verifier {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.verifications_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let kept = self.lease.keep();
        let jobs = stream::iter(due).map(|job| finish(app, &kept, job));
        let all_done = jobs.buffer_unordered(LOOKS_AT_ONCE).try_for_each(|()| ready(Ok(())));
        if let Err(error) = kept.during(app, all_done).await.flatten() {
            self.lease.lose();
            return Err(error);
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

/// Looks once, and writes down what came of it.
async fn finish(app: &App, lease: &Kept<'_>, job: Verification) -> anyhow::Result<()> {
    let looked = tokio::time::timeout(LOOK_MAX, look(app, &job)).await;
    let looked = looked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in time")));
    let (found, lacking) = match looked {
        Ok((found, lacking)) => (found, lacking.map(anyhow::Error::from)),
        Err(error) => (0, Some(error)),
    };
    // What an earlier attempt found counts, though it did not see everything.
    let found = job.payments_found + found;
    let changes = match lacking {
        None => {
            let mut changes = Changes::of(job.merchant_id);
            changes.update(job.complete(found, app.now()));
            changes
        }
        Some(error) => {
            tracing::warn!(verification.id = %job.id, error = format!("{error:#}"),
                "a manual verification is tried again");
            failed(app, Verification { payments_found: found, ..job }).await
        }
    };
    match lease.commit(app, changes).await {
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            bail!("another process took over verification")
        }
        // Somebody else wrote one of the rows: the job is still due, and looks again.
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The job waits for its next attempt, and so do the payments it would have looked at.
///
/// What cannot be read does not hold up the job: the next attempt counts all the same.
async fn failed(app: &App, job: Verification) -> Changes {
    let head = app.head(job.environment, job.network);
    let invoice = app.store.get::<Invoice>(job.invoice_id.key()).await;
    let payments = app.store.payments_of_invoice(job.invoice_id, PAYMENTS_MAX).await;
    let known = match (&invoice, &payments) {
        (Ok(Some(invoice)), Ok(payments)) => Some((invoice, payments.as_slice())),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => None,
    };
    look_failed(job, known, head, app.now())
}

/// Records every transfer to the invoice's address that can be found now: how many are new, and
/// why there may be more.
async fn look(app: &App, job: &Verification) -> anyhow::Result<(i64, Option<ChainError>)> {
    let place = (job.environment, job.network);
    let Some(chain) = app.networks.chain(job.environment, job.network) else {
        anyhow::bail!("{} is not served here", job.network.as_str());
    };
    let Some(invoice) = app.store.get::<Invoice>(job.invoice_id.key()).await? else {
        anyhow::bail!("the invoice does not exist");
    };
    let known = app.store.payments_of_invoice(invoice.id, PAYMENTS_MAX).await?;
    let is_known = |transfer: &ChainTransfer| {
        let ordinal = i64::from(transfer.ordinal);
        known.iter().any(|payment| {
            (&payment.tx_hash, payment.ordinal) == (&transfer.tx_hash, ordinal)
                && payment.network == job.network
        })
    };
    let (transfers, lacking) = transfers(app, chain.as_ref(), job, &invoice).await?;
    let mut found = 0;
    for transfer in transfers {
        let recorded = observe::record_transfer(app, place, &transfer, None).await?;
        if recorded == Recorded::New && !is_known(&transfer) {
            found += 1;
        }
    }
    Ok((found, lacking))
}

/// What the chain tells, and why there may be more.
async fn transfers(
    app: &App,
    chain: &dyn Chain,
    job: &Verification,
    invoice: &Invoice,
) -> anyhow::Result<(Vec<ChainTransfer>, Option<ChainError>)> {
    let addresses = app.store.deposit_addresses_of_invoice(invoice.id).await?;
    let own = addresses.iter().filter(|address| address.is_given_out_on(job.network));
    let own: Vec<&str> = own.map(|address| address.address.as_str()).collect();
    if let Some(hash) = &job.tx_hash {
        let (mut transfers, lacking) = parted(chain.look_up(hash).await);
        transfers.retain(|transfer| own.contains(&transfer.to.as_str()));
        return Ok((transfers, lacking));
    }
    let (mut transfers, mut lacking) = (Vec::new(), None);
    for text in own {
        let address = Address::parse(job.network, job.environment, text)?;
        let (found, error) = parted(chain.transfers_to(&address, invoice.created_at).await);
        transfers.extend(found);
        lacking = lacking.or(error);
    }
    Ok((transfers, lacking))
}
