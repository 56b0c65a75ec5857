//! Expiry: looks at invoices whose pay-by time has come, and expires those nothing will pay.
//!
//! An invoice waits while a pending payment would pay it, and while a network it has an address
//! on has not been looked at up to its pay-by time.

use std::time::Duration;

use anyhow::Context as _;
use chains::chain::{KnownCoins, parted};
use domain::address::Address;
use domain::deposit_address::DepositAddress;
use domain::ids::InvoiceId;
use domain::invoice::{Expiry, Invoice, WaitReason, expire};
use domain::network::Network;
use domain::payment::{Payment, PaymentStatus};
use domain::time::Timestamp;
use futures_util::future::join_all;
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::lease::{Kept, Lease};
use crate::workers::observe::Recorded;
use crate::workers::{Progress, Worker, observe};

const BATCH_MAX: i64 = 256;
const QUOTES_MAX: i64 = 100;
/// The newest payments of an invoice that count as known.
const PAYMENTS_MAX: i64 = 256;
/// What a network that does not answer was scanned up to.
const NOT_LOOKED_AT: Timestamp = Timestamp(0);
/// For all networks of one invoice: if they take longer, it is looked at again.
const UNSEEN_LOOK_MAX: Duration = Duration::from_secs(20);

pub struct Expirer {
    lease: Lease,
}

impl Default for Expirer {
    fn default() -> Self {
        Expirer { lease: Lease::new("expiry", 0) }
    }
}

impl Worker for Expirer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.invoices_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let kept = self.lease.keep();
        let looks = join_all(due.iter().map(|invoice| look(app, &kept, invoice)));
        let outcomes = match kept.during(app, looks).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.lease.lose();
                return Err(error);
            }
        };
        let mut lagging = 0;
        let mut failed = false;
        for (invoice, outcome) in due.iter().zip(outcomes) {
            match outcome {
                Ok(Some(WaitReason::WatcherLag)) => lagging += 1,
                Ok(_) => {}
                Err(error) => {
                    failed = true;
                    report(invoice.id, &error);
                }
            }
        }
        if failed {
            self.lease.lose();
        }
        app.metrics.set("pepay_expiry_waits_for_watchers", lagging);
        if lagging > 0 {
            tracing::warn!(invoices = lagging, "expiry waits for watchers that lag");
        }
        Ok(if is_full && !failed { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

async fn look(app: &App, lease: &Kept<'_>, due: &Invoice) -> anyhow::Result<Option<WaitReason>> {
    let addresses = addresses(app, due).await?;
    let mut expiry = expire(due, scanned_until(app, due, &addresses), app.now());
    if matches!(expiry, Expiry::Expire(_)) {
        let finding = tokio::time::timeout(UNSEEN_LOOK_MAX, find_unseen(app, due, &addresses));
        match finding.await.context("the balances could not be looked at in time").flatten() {
            Ok(false) => {}
            // The next step sees what the payment made of the invoice.
            Ok(true) => return Ok(None),
            Err(error) => {
                report(due.id, &error);
                expiry = expire(due, Some(NOT_LOOKED_AT), app.now());
            }
        }
    }
    let (changes, reason) = match expiry {
        Expiry::Expire(changes) => (changes, None),
        Expiry::Wait(changes, reason) => (changes, Some(reason)),
    };
    match lease.commit(app, changes).await {
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            anyhow::bail!("another process took over expiry")
        }
        // A payment or cancel came first: the next step sees what it made of the invoice.
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(reason),
        Err(error) => Err(error.into()),
    }
}

async fn addresses(app: &App, invoice: &Invoice) -> anyhow::Result<Vec<DepositAddress>> {
    match invoice.address_index {
        Some(_) => Ok(app.store.deposit_addresses_of_invoice(invoice.id).await?),
        None => Ok(Vec::new()),
    }
}

/// Up to when every network this invoice can be paid on has been looked at.
fn scanned_until(app: &App, invoice: &Invoice, addresses: &[DepositAddress]) -> Option<Timestamp> {
    let networks = addresses.iter().flat_map(|address| address.given_out_networks());
    let scanned = networks.map(|network| {
        let seen = app.networks.seen(invoice.environment, network);
        seen.map_or(Timestamp(0), |cursor| cursor.scanned_at)
    });
    scanned.min()
}

/// Records what reached an invoice in ways that no scan sees; true if there was anything.
///
/// Only where native coin was asked for: tokens cannot move unseen.
async fn find_unseen(
    app: &App,
    invoice: &Invoice,
    addresses: &[DepositAddress],
) -> anyhow::Result<bool> {
    let mut is_news = false;
    for address in addresses {
        for network in address.given_out_networks() {
            let place = (invoice.environment, network);
            let Some(chain) = app.networks.chain(place.0, place.1) else { continue };
            let quotes = app.store.quotes_of_invoice(invoice.id, QUOTES_MAX).await?;
            if !invoice.awaits_coin_of(network, &quotes) {
                continue;
            }
            let to = Address::parse(network, invoice.environment, &address.address)?;
            let payments = app.store.payments_of_invoice(invoice.id, PAYMENTS_MAX).await?;
            let known = coins_of(&payments, network, &to);
            let looked = chain.unseen_transfers(&to, invoice.created_at, &known).await;
            let (found, lacking) = parted(looked);
            for transfer in found {
                let recorded = observe::record_transfer(app, place, &transfer, None).await?;
                is_news |= recorded == Recorded::New;
            }
            if let Some(error) = lacking {
                return Err(error.into());
            }
        }
    }
    Ok(is_news)
}

/// The coins that these payments brought to an address, as far as they still stand.
fn coins_of(payments: &[Payment], network: Network, to: &Address) -> Vec<KnownCoins> {
    let stands = payments.iter().filter(|payment| {
        payment.network == network
            && payment.to_address == to.as_str()
            && payment.token_address.is_none()
            && payment.status != PaymentStatus::Reverted
    });
    let coins = stands.filter_map(|payment| {
        let block_number = u64::try_from(payment.block_number).ok()?;
        Some(KnownCoins { block_number, amount: payment.amount })
    });
    coins.collect()
}

fn report(id: InvoiceId, error: &anyhow::Error) {
    tracing::warn!(invoice.id = %id, error = format!("{error:#}"), "an expiry is tried again");
}
