//! Receipts by e-mail: follows the log of a lane, and mails the receipt of each invoice that was
//! paid and whose payor left an address.
//!
//! The mail is claimed in the database before it is handed over: two processes, or one that reads
//! an entry twice, mail it once. Whoever dies in between mails it never; the payment page shows
//! the same receipt.

use std::collections::BTreeSet;

use domain::claim::Claim;
use domain::event::{EntryKind, EventType};
use domain::follow::Follower;
use domain::ids::{MerchantId, RowKey};
use domain::invoice::Invoice;
use domain::receipt::{claim_mail, mail_key};
use futures_util::stream::{self, StreamExt as _};
use store::{CommitError, Heading, StoreError};

use crate::app::{App, Shared};
use crate::http::hosted::dollars;
use crate::mail;
use crate::workers::lease::Lease;
use crate::workers::log_place::LogPlace;
use crate::workers::{Progress, Worker};

const HEADINGS_MAX: i64 = 1_000;
const AT_ONCE: usize = 64;

pub struct ReceiptMailer {
    lane: i64,
    lease: Lease,
    place: Option<LogPlace>,
}

impl ReceiptMailer {
    pub fn new(lane: i64) -> ReceiptMailer {
        ReceiptMailer { lane, lease: Lease::new("receipts", lane), place: None }
    }

    async fn follow(&mut self, app: &App) -> anyhow::Result<Progress> {
        let place = match &mut self.place {
            Some(place) => place,
            None => self.place.insert(LogPlace::load(app, Follower::Receipts, self.lane).await?),
        };
        let headings = app.store.headings_after(self.lane, place.sequence, HEADINGS_MAX).await?;
        let Some(last) = headings.last().map(|last| last.sequence) else {
            return Ok(Progress::Idle);
        };
        let concerned: BTreeSet<RowKey> = headings.iter().filter_map(concerned).collect();
        let looks = stream::iter(concerned).map(|key| look(app, key));
        let mailed: Vec<anyhow::Result<bool>> = looks.buffer_unordered(AT_ONCE).collect().await;
        let mailed = mailed.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
        let is_any_mailed = mailed.contains(&true);
        match is_any_mailed {
            true => place.reach(app, &self.lease, last).await?,
            false => place.pass(app, &self.lease, last).await?,
        }
        let is_full = i64::try_from(headings.len()).is_ok_and(|count| count == HEADINGS_MAX);
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }
}

/// The invoice an entry may have made paid.
fn concerned(heading: &Heading) -> Option<RowKey> {
    match heading.kind {
        EntryKind::Event(EventType::InvoiceUpdated) => heading.object_id,
        EntryKind::Event(_) | EntryKind::Notice(_) => None,
    }
}

/// Mails the receipt of one invoice, if it is to be. A row that cannot be read stops no other.
async fn look(app: &App, key: RowKey) -> anyhow::Result<bool> {
    match app.store.get::<Invoice>(key).await {
        Ok(Some(invoice)) => mail_once(app, invoice).await,
        Ok(None) => Ok(false),
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(invoice = ?key, %error, "a receipt cannot be mailed");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Claims the mail and hands it over, if there is one; whether there was.
async fn mail_once(app: &App, invoice: Invoice) -> anyhow::Result<bool> {
    if claim_mail(&invoice, None, app.now()).is_none() {
        return Ok(false);
    }
    let (id, merchant_id) = (invoice.id, invoice.merchant_id);
    let claimed = app.decide(async || {
        let claim = app.store.get::<Claim>(mail_key(id)).await?;
        let invoice = app.store.get::<Invoice>(id.key()).await?;
        let claimed = invoice.and_then(|invoice| claim_mail(&invoice, claim.as_ref(), app.now()));
        Ok::<_, CommitError>(match claimed {
            Some((changes, to)) => (changes, Some(to)),
            None => (domain::changes::Changes::of(MerchantId::HOUSE), None),
        })
    });
    let Some(to) = claimed.await? else { return Ok(false) };
    let merchant = app.merchant(merchant_id).await?;
    let name = merchant.map_or_else(String::new, |merchant| merchant.company_name.clone());
    let link = app.receipt_url(id);
    let message = mail::receipt(&to, &name, &dollars(invoice.amount), &link);
    if let Err(error) = mail::send(&app.config, message, app.fresh()).await {
        let error = format!("{error:#}");
        tracing::error!(error, invoice.id = %id, "a receipt was not mailed");
    }
    Ok(true)
}

impl Worker for ReceiptMailer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            self.place = None;
            return Ok(Progress::Idle);
        }
        let result = self.follow(app).await;
        if result.is_err() {
            // Go on from what is saved, under a lease that is asked for anew.
            self.lease.lose();
            self.place = None;
        }
        result
    }

    async fn stop(&mut self, app: &Shared) {
        if let Some(place) = &mut self.place
            && let Err(error) = place.save(app, &self.lease).await
        {
            tracing::debug!(%error, "entries that led to no receipt are looked at once more");
        }
        self.lease.release(app).await;
        self.place = None;
    }
}
