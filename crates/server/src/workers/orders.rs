//! Orders after their invoices: follows the log of a lane, and makes of each order it speaks of
//! what its invoice, payments and refund make of it.
//!
//! It looks at how things stand and not at what an entry says: an entry that is read twice, or long
//! after, changes nothing. An order whose row cannot be read is left alone, and stops no other.

use std::collections::BTreeSet;

use domain::changes::Changes;
use domain::event::{EntryKind, EventType};
use domain::follow::Follower;
use domain::ids::RowKey;
use domain::order::Order;
use futures_util::stream::{self, StreamExt as _};
use store::{CommitError, Heading, StoreError};

use crate::app::{App, Shared};
use crate::ordering::Standing;
use crate::workers::lease::Lease;
use crate::workers::log_place::LogPlace;
use crate::workers::{Progress, Worker};

const HEADINGS_MAX: i64 = 1_000;
const AT_ONCE: usize = 64;
/// What this process commits itself wakes it too.
const REST_MS: u64 = 10;

pub struct OrderFollower {
    lane: i64,
    lease: Lease,
    place: Option<LogPlace>,
}

impl OrderFollower {
    pub fn new(lane: i64) -> OrderFollower {
        OrderFollower { lane, lease: Lease::new("orders", lane), place: None }
    }

    async fn follow(&mut self, app: &App) -> anyhow::Result<Progress> {
        let place = match &mut self.place {
            Some(place) => place,
            None => self.place.insert(LogPlace::load(app, Follower::Orders, self.lane).await?),
        };
        let headings = app.store.headings_after(self.lane, place.sequence, HEADINGS_MAX).await?;
        let Some(last) = headings.last().map(|last| last.sequence) else {
            return Ok(Progress::Idle);
        };
        let concerned: BTreeSet<RowKey> = headings.iter().filter_map(concerned).collect();
        if concerned.is_empty() {
            place.pass(app, &self.lease, last).await?;
        } else {
            let looks = stream::iter(concerned).map(|key| look(app, key));
            let outcomes: Vec<anyhow::Result<()>> = looks.buffer_unordered(AT_ONCE).collect().await;
            outcomes.into_iter().collect::<anyhow::Result<()>>()?;
            place.reach(app, &self.lease, last).await?;
        }
        let is_full = i64::try_from(headings.len()).is_ok_and(|count| count == HEADINGS_MAX);
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }
}

/// The order an entry may move.
fn concerned(heading: &Heading) -> Option<RowKey> {
    match heading.kind {
        EntryKind::Event(
            EventType::InvoiceUpdated
            | EventType::InvoicePaymentUpdated
            | EventType::RefundCreated
            | EventType::RefundUpdated,
        ) => heading.order_id,
        EntryKind::Event(_) | EntryKind::Notice(_) => None,
    }
}

async fn look(app: &App, key: RowKey) -> anyhow::Result<()> {
    let looked = app.decide(async || {
        let order = app.store.get::<Order>(key).await?;
        let Some(order) = order else { return Ok::<_, CommitError>((nothing(), ())) };
        let mut changes = Changes::of(order.merchant_id);
        let Some(standing) = Standing::of(app, &order).await? else { return Ok((nothing(), ())) };
        let after = standing.bring_up_to_date(&order, &mut changes, app.now());
        if after != order {
            changes.update(after);
        }
        Ok((changes, ()))
    });
    match looked.await {
        Ok(()) => Ok(()),
        Err(CommitError::Store(error @ StoreError::Corrupt { .. })) => {
            tracing::error!(order = ?key, %error, "an order cannot follow its invoice");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn nothing() -> Changes {
    Changes::of(domain::ids::MerchantId::HOUSE)
}

impl Worker for OrderFollower {
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
            tracing::debug!(%error, "entries that moved no order are looked at once more");
        }
        self.lease.release(app).await;
        self.place = None;
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }

    fn rest_ms(&self) -> u64 {
        REST_MS
    }
}
