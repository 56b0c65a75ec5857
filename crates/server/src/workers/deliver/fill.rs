//! Takes the next deliveries of one endpoint out of its queue in the database, bodies and all.
//!
//! An endpoint that is off is sent nothing any more: everything that waits for it is given up, a
//! bounded batch at a time. So is a delivery whose event retention has taken.

use std::collections::HashSet;
use std::sync::Arc;

use domain::changes::Changes;
use domain::delivery::{Delivery, DeliveryStatus};
use domain::ids::{EndpointId, RowKey};
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
        let is_full = give_all_up(app, id, &claimed).await?;
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

/// True if some are left.
async fn give_all_up(app: &App, id: EndpointId, claimed: &HashSet<RowKey>) -> anyhow::Result<bool> {
    const EVER: Timestamp = Timestamp(i64::MAX);
    let mut after = None;
    for _ in 0..GIVE_UP_ROUNDS_MAX {
        let mut waiting = app.store.deliveries_due(id, EVER, after, GIVE_UP_BATCH).await?;
        let Some(last) = waiting.last() else { return Ok(false) };
        after = place_of(last);
        // What is on its way is given up by what comes of it.
        waiting.retain(|delivery| !claimed.contains(&delivery.key()));
        give_up(app, waiting).await?;
    }
    Ok(true)
}

async fn give_up(app: &App, deliveries: Vec<Delivery>) -> Result<(), CommitError> {
    let Some(first) = deliveries.first() else { return Ok(()) };
    let now = app.now();
    let mut changes = Changes::of(first.merchant_id);
    for delivery in &deliveries {
        changes.update(delivery.clone().give_up(now));
    }
    match app.commit(changes).await {
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
