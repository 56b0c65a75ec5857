//! Takes the next deliveries of one endpoint out of its queue in the database, bodies and all.
//!
//! An endpoint that is off is sent nothing any more: everything that waits for it is given up, a
//! bounded batch at a time. So is a delivery whose event retention has taken.

use std::collections::HashSet;
use std::sync::Arc;

use domain::changes::{Changes, Noun};
use domain::delivery::{Delivery, DeliveryStatus};
use domain::ids::{EndpointId, MerchantId, RowKey, Version};
use domain::time::Timestamp;
use domain::webhook_endpoint::WebhookEndpoint;
use store::{CommitError, QueuePlace};

use crate::app::App;
use crate::workers::deliver::attempt::Job;
use crate::workers::deliver::bodies::bodies;
use crate::workers::deliver::opened::{Opened, Standing, standing};

const GIVE_UP_BATCH: i64 = 500;
const GIVE_UP_ROUNDS_MAX: usize = 20;

/// What is asked for.
pub(super) struct Wanted {
    pub endpoint: EndpointId,
    pub known: Option<Arc<Opened>>,
    pub after: Option<QueuePlace>,
    pub limit: i64,
    /// What is on its way already, as of now.
    pub claimed: HashSet<RowKey>,
}

pub(super) struct Filled {
    pub opened: Option<Arc<Opened>>,
    pub jobs: Vec<Job>,
    /// The last that was read; none: nothing was.
    pub place: Option<QueuePlace>,
    /// There may be more after it.
    pub is_full: bool,
}

pub(super) async fn fill(app: &App, wanted: Wanted) -> anyhow::Result<Filled> {
    let Wanted { endpoint: id, known, after, limit, claimed } = wanted;
    let merchant_id = match &known {
        Some(known) => Some(known.endpoint.merchant_id),
        None => {
            let endpoint = app.store.get::<WebhookEndpoint>(id.key()).await?;
            endpoint.map(|endpoint| endpoint.merchant_id)
        }
    };
    let standing = match merchant_id {
        Some(merchant_id) => standing(app, merchant_id, id, known).await?,
        None => Standing::Off,
    };
    let Standing::On(opened) = standing else {
        let row = app.store.get::<WebhookEndpoint>(id.key()).await?;
        let is_full = match row {
            Some(row) if row.is_enabled() => {
                // Switched on by another process a moment ago: this one's copy is old.
                app.caches.forget_webhook_endpoints(row.merchant_id);
                true
            }
            row => give_all_up(app, id, row.map(|row| row.version), &claimed).await?,
        };
        return Ok(Filled { opened: None, jobs: Vec::new(), place: None, is_full });
    };
    let mut due = app.store.deliveries_due(id, app.now(), after, limit).await?;
    let is_full = i64::try_from(due.len()).is_ok_and(|count| count == limit);
    let place = due.last().and_then(place_of);
    due.retain(|delivery| !claimed.contains(&delivery.key()));
    let bodies = bodies(app, &due).await?;
    let mut jobs = Vec::with_capacity(due.len());
    let mut lost = Vec::new();
    for delivery in due {
        match bodies.get(&delivery.event().sequence) {
            Some(body) => jobs.push(Job { body: body.clone(), delivery: Box::new(delivery) }),
            None => lost.push(delivery),
        }
    }
    give_up(app, lost).await?;
    Ok(Filled { opened: Some(opened), jobs, place, is_full })
}

fn place_of(delivery: &Delivery) -> Option<QueuePlace> {
    delivery.due_at.map(|due_at| QueuePlace { due_at, key: delivery.key() })
}

/// True if some are left. Only while the endpoint stays as it was when it was found to be off.
async fn give_all_up(
    app: &App,
    id: EndpointId,
    version: Option<Version>,
    claimed: &HashSet<RowKey>,
) -> anyhow::Result<bool> {
    const EVER: Timestamp = Timestamp(i64::MAX);
    let mut after = None;
    for _ in 0..GIVE_UP_ROUNDS_MAX {
        let mut waiting = app.store.deliveries_due(id, EVER, after, GIVE_UP_BATCH).await?;
        let Some(last) = waiting.last() else { return Ok(false) };
        after = place_of(last);
        // What is on its way is given up by what comes of it.
        waiting.retain(|delivery| !claimed.contains(&delivery.key()));
        let mut changes = given_up(&waiting, app.now());
        if changes.is_empty() {
            continue;
        }
        if let Some(version) = version {
            changes.guard(Noun::WebhookEndpoint, id.key(), version);
        }
        match app.commit(changes).await {
            Ok(_) => {}
            // It, or what waits for it, changed meanwhile: it is looked at again.
            Err(CommitError::Conflict { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn given_up(deliveries: &[Delivery], now: Timestamp) -> Changes {
    let merchant_id = deliveries.first().map_or(MerchantId::HOUSE, |first| first.merchant_id);
    let mut changes = Changes::of(merchant_id);
    for delivery in deliveries {
        changes.update(delivery.clone().give_up(now));
    }
    changes
}

async fn give_up(app: &App, deliveries: Vec<Delivery>) -> Result<(), CommitError> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let now = app.now();
    match app.commit(given_up(&deliveries, now)).await {
        Err(CommitError::Conflict { .. }) => {}
        done => return done.map(drop),
    }
    for delivery in deliveries {
        let key = delivery.key();
        app.decide(|| async {
            let mut changes = Changes::of(delivery.merchant_id);
            let known = app.store.get::<Delivery>(key).await.map_err(CommitError::Store)?;
            if let Some(known) = known.filter(|known| known.status == DeliveryStatus::Pending) {
                changes.update(known.give_up(now));
            }
            Ok::<_, CommitError>((changes, ()))
        })
        .await?;
    }
    Ok(())
}
