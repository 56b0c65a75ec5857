//! Which receipts are mailed: follows the log of a lane, and plans a mail for each invoice that was
//! paid and whose payor left an address.
//!
//! A plan is a row under its invoice's own key: two processes, or one that reads an entry twice,
//! plan one mail. What hands it over is `mailer`.

use std::collections::BTreeSet;

use domain::changes::Changes;
use domain::event::{EntryKind, EventType};
use domain::follow::Follower;
use domain::ids::{MerchantId, RowKey};
use domain::invoice::Invoice;
use domain::receipt_mail::{ReceiptMail, plan};
use futures_util::stream::{self, StreamExt as _};
use store::{CommitError, Heading, StoreError};

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::log_place::LogPlace;
use crate::workers::{Progress, Worker};

const HEADINGS_MAX: i64 = 1_000;
const AT_ONCE: usize = 64;

pub struct ReceiptPlanner {
    lane: i64,
    lease: Lease,
    place: Option<LogPlace>,
}

impl ReceiptPlanner {
    pub fn new(lane: i64) -> ReceiptPlanner {
        ReceiptPlanner { lane, lease: Lease::new("receipts", lane), place: None }
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
        let planned: Vec<anyhow::Result<bool>> = looks.buffer_unordered(AT_ONCE).collect().await;
        let planned = planned.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
        let is_any_planned = planned.contains(&true);
        match is_any_planned {
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

/// Plans the mail of one invoice, if there is to be one. A row that cannot be read stops no other.
async fn look(app: &App, key: RowKey) -> anyhow::Result<bool> {
    match app.store.get::<Invoice>(key).await {
        Ok(Some(invoice)) => plan_once(app, invoice).await,
        Ok(None) => Ok(false),
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(invoice = ?key, %error, "a receipt cannot be mailed");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Plans the mail, if there is to be one; whether there is.
async fn plan_once(app: &App, invoice: Invoice) -> anyhow::Result<bool> {
    if plan(&invoice, None, app.now()).is_none() {
        return Ok(false);
    }
    let id = invoice.id;
    let planned = app.decide(async || {
        let known = app.store.get::<ReceiptMail>(ReceiptMail::row_key(id)).await?;
        let invoice = app.store.get::<Invoice>(id.key()).await?;
        let planned = invoice.and_then(|invoice| plan(&invoice, known, app.now()));
        let is_planned = planned.is_some();
        let changes = planned.unwrap_or_else(|| Changes::of(MerchantId::HOUSE));
        Ok::<_, CommitError>((changes, is_planned))
    });
    Ok(planned.await?)
}

impl Worker for ReceiptPlanner {
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
