//! Manual verification: looks the chain up again for one invoice and records what was missed.

use std::time::Duration;

use chains::chain::Chain;
use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::changes::Changes;
use domain::invoice::Invoice;
use domain::verification::Verification;
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::observe::{self, Recorded};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 32;
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
        for job in due {
            let looked = tokio::time::timeout(LOOK_MAX, look(app, &job)).await;
            let done = match looked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in time"))) {
                Ok(found) => job.complete(found, app.now()),
                Err(error) => {
                    tracing::warn!(verification.id = %job.id, error = format!("{error:#}"),
                        "a manual verification is tried again");
                    // The cause may name a provider: it stays in the log.
                    job.fail_attempt("The network does not answer at the moment", app.now())
                }
            };
            let mut changes = Changes::of(done.merchant_id);
            self.lease.fence(&mut changes);
            changes.update(done);
            match app.store.commit(changes).await {
                Ok(_) | Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

/// Records every transfer to the invoice's address that can be found now.
async fn look(app: &App, job: &Verification) -> anyhow::Result<i64> {
    let place = (job.environment, job.network);
    let Some(chain) = app.networks.chain(job.environment, job.network) else {
        anyhow::bail!("{} is not served here", job.network.as_str());
    };
    let Some(invoice) = app.store.get::<Invoice>(job.invoice_id.key()).await? else {
        anyhow::bail!("the invoice does not exist");
    };
    let mut found = 0;
    for transfer in transfers(app, chain.as_ref(), job, &invoice).await? {
        if observe::record_transfer(app, place, &transfer, None).await? == Recorded::New {
            found += 1;
        }
    }
    Ok(found)
}

async fn transfers(
    app: &App,
    chain: &dyn Chain,
    job: &Verification,
    invoice: &Invoice,
) -> anyhow::Result<Vec<ChainTransfer>> {
    let addresses = app.store.deposit_addresses_of_invoice(invoice.id).await?;
    let own = addresses.iter().filter(|address| address.is_given_out_on(job.network));
    let own: Vec<&str> = own.map(|address| address.address.as_str()).collect();
    if let Some(hash) = &job.tx_hash {
        let mut transfers = chain.look_up(hash).await?;
        transfers.retain(|transfer| own.contains(&transfer.to.as_str()));
        return Ok(transfers);
    }
    let mut transfers = Vec::new();
    for text in own {
        let address = Address::parse(job.network, job.environment, text)?;
        transfers.extend(chain.transfers_to(&address, invoice.created_at).await?);
    }
    Ok(transfers)
}
