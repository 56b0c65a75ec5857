//! Fan-out: makes a delivery of each event for each endpoint that wants it.
//!
//! Follows the log of a lane by a durable cursor that moves in the commit of the deliveries,
//! under a lease: a crash repeats nothing and loses nothing. Where nobody listens the cursor only
//! moves in memory and is saved now and then, so that events nobody hears of cost next to nothing.

mod recovery;

use std::collections::HashSet;

use domain::changes::Changes;
use domain::delivery::{Delivery, EventPlace};
use domain::event::{EntryKind, EventType, Notice};
use domain::follow::Follower;
use domain::ids::{EndpointId, MerchantId};
use store::{CommitError, Heading};
use tokio::time::{Duration, Instant};

use crate::app::{App, Shared};
use crate::workers::fan_out::recovery::Followed;
use crate::workers::lease::Lease;
use crate::workers::log_place::LogPlace;
use crate::workers::{Progress, Worker};

const HEADINGS_MAX: i64 = 1_000;
const DELIVERIES_MAX: usize = 500;
/// How many endpoints are remembered as spoken of; then it is begun anew.
const SPOKEN_OF_MAX: usize = 10_000;
/// While there is always more to follow, after how many batches events of the past have a turn.
const RECOVER_EVERY_BATCHES: usize = 4;
/// While nobody has an endpoint, how often it is asked whether somebody has.
const NOBODY_FOR: Duration = Duration::from_millis(250);

pub struct FanOut {
    lane: i64,
    lease: Lease,
    place: Option<LogPlace>,
    listeners: Listeners,
    /// An endpoint may have asked for events of the past.
    may_recover: bool,
    /// How many batches in a row left more to follow.
    batches_in_a_row: usize,
    /// Endpoints the log spoke of: what stands after that came after their creation, whatever the
    /// clock of the process says that told it.
    spoken_of: HashSet<EndpointId>,
}

/// Whether anybody ever made an endpoint.
#[derive(Clone, Copy)]
enum Listeners {
    Unknown,
    /// Nobody had when it was asked.
    Nobody(Instant),
    /// Rows of endpoints are never taken away.
    Somebody,
}

/// What a batch of the log leads to.
#[derive(Default)]
struct Batch {
    deliveries: Vec<Delivery>,
    /// Whom they go to, and who was changed: the sender looks at them.
    rung: HashSet<EndpointId>,
    last_sequence: i64,
    merchant_id: Option<MerchantId>,
}

impl FanOut {
    pub fn new(lane: i64) -> FanOut {
        let lease = Lease::new("fan_out", lane);
        FanOut {
            lane,
            lease,
            place: None,
            listeners: Listeners::Unknown,
            may_recover: true,
            batches_in_a_row: 0,
            spoken_of: HashSet::new(),
        }
    }
}

impl Worker for FanOut {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            self.place = None;
            return Ok(Progress::Idle);
        }
        let result = self.follow(app).await;
        if result.is_err() {
            // After a failure go on from what is saved, under a lease that is asked for anew.
            self.lease.lose();
            self.place = None;
        }
        result
    }

    async fn stop(&mut self, app: &Shared) {
        if let Err(error) = self.save(app, Changes::of(MerchantId::HOUSE)).await {
            tracing::debug!(%error, "events nobody hears of are looked at once more");
        }
        self.lease.release(app).await;
        self.place = None;
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }
}

impl FanOut {
    async fn follow(&mut self, app: &App) -> anyhow::Result<Progress> {
        if self.place.is_none() {
            self.place = Some(LogPlace::load(app, Follower::Webhooks, self.lane).await?);
            self.may_recover = true;
        }
        if !self.does_anybody_listen(app).await? {
            return Ok(Progress::Idle);
        }
        let after = self.sequence();
        let headings = app.store.headings_after(self.lane, after, HEADINGS_MAX).await?;
        let is_full = i64::try_from(headings.len()).is_ok_and(|count| count == HEADINGS_MAX);
        let batch = self.plan(app, &headings).await?;
        let is_cut = headings.last().is_some_and(|last| last.sequence > batch.last_sequence);
        self.write(app, batch).await?;
        if is_full || is_cut {
            self.batches_in_a_row += 1;
            if self.may_recover && self.batches_in_a_row.is_multiple_of(RECOVER_EVERY_BATCHES) {
                self.may_recover = self.recover(app, Followed::Partly).await?;
            }
            return Ok(Progress::More);
        }
        self.batches_in_a_row = 0;
        if self.may_recover {
            self.may_recover = self.recover(app, Followed::ToItsEnd).await?;
        }
        Ok(if self.may_recover { Progress::More } else { Progress::Idle })
    }

    fn sequence(&self) -> i64 {
        self.place.as_ref().map_or(0, |place| place.sequence)
    }

    /// While there is no endpoint at all, there is nobody to hear of anything.
    ///
    /// The head is read first: an endpoint that is made after the look comes after it in the log.
    async fn does_anybody_listen(&mut self, app: &App) -> anyhow::Result<bool> {
        match self.listeners {
            Listeners::Somebody => return Ok(true),
            Listeners::Nobody(since) if since.elapsed() < NOBODY_FOR => return Ok(false),
            Listeners::Nobody(_) | Listeners::Unknown => {}
        }
        let head = app.store.log_head(self.lane).await?;
        if app.store.has_webhook_endpoints().await? {
            self.listeners = Listeners::Somebody;
            return Ok(true);
        }
        self.listeners = Listeners::Nobody(Instant::now());
        self.pass(app, head).await?;
        Ok(false)
    }

    /// Moves over entries that lead to nothing.
    async fn pass(&mut self, app: &App, sequence: i64) -> Result<(), CommitError> {
        match &mut self.place {
            Some(place) => place.pass(app, &self.lease, sequence).await,
            None => Ok(()),
        }
    }

    /// Commits `changes` together with the place.
    async fn save(&mut self, app: &App, changes: Changes) -> Result<(), CommitError> {
        match &mut self.place {
            Some(place) => place.save_with(app, &self.lease, changes).await,
            None => Ok(()),
        }
    }

    async fn plan(&mut self, app: &App, headings: &[Heading]) -> anyhow::Result<Batch> {
        let mut batch = Batch { last_sequence: self.sequence(), ..Batch::default() };
        let now = app.now();
        for heading in headings {
            if batch.deliveries.len() >= DELIVERIES_MAX {
                break;
            }
            batch.last_sequence = heading.sequence;
            if heading.kind == EntryKind::Notice(Notice::WebhookEndpointChanged) {
                // What follows is planned by the endpoint as it is from here on.
                app.caches.forget_webhook_endpoints(heading.merchant_id);
                batch.rung.extend(heading.object_id.map(EndpointId));
                if self.spoken_of.len() >= SPOKEN_OF_MAX {
                    self.spoken_of.clear();
                }
                self.spoken_of.extend(heading.object_id.map(EndpointId));
                self.may_recover = true;
            }
            let Some(kind) = heading.kind.public() else { continue };
            let (created_at, sequence) = (heading.created_at, heading.sequence);
            let event = EventPlace { created_at, lane: self.lane, sequence };
            let merchant_id = heading.merchant_id;
            let endpoints = app.caches.webhook_endpoints(&app.store, merchant_id).await?;
            for endpoint in endpoints.iter() {
                // A test names its endpoint, whatever the clocks of two processes say.
                let is_new_enough = kind == EventType::TestPing
                    || endpoint.created_at <= created_at
                    || self.spoken_of.contains(&endpoint.id);
                if is_new_enough && endpoint.wants(kind, heading.environment, heading.object_id) {
                    let what = (kind, heading.environment);
                    batch.deliveries.push(Delivery::plan(event, what, endpoint, now));
                    batch.rung.insert(endpoint.id);
                    batch.merchant_id = Some(merchant_id);
                }
            }
        }
        Ok(batch)
    }

    async fn write(&mut self, app: &App, batch: Batch) -> anyhow::Result<()> {
        let Some(merchant_id) = batch.merchant_id else {
            self.pass(app, batch.last_sequence).await?;
            app.bell.ring(batch.rung);
            return Ok(());
        };
        if let Some(place) = &mut self.place {
            place.sequence = batch.last_sequence;
        }
        let planned = |deliveries: &[Delivery]| {
            let mut changes = Changes::of(merchant_id);
            deliveries.iter().for_each(|delivery| changes.insert(delivery.clone()));
            changes
        };
        match self.save(app, planned(&batch.deliveries)).await {
            Err(CommitError::AlreadyExists { .. }) => {
                // What is planned already must not stop the lane.
                let keys = batch.deliveries.iter().map(Delivery::key).collect();
                let known = app.store.get_many::<Delivery>(keys).await?;
                let new: Vec<Delivery> = batch
                    .deliveries
                    .into_iter()
                    .zip(known)
                    .filter_map(|(delivery, known)| known.is_none().then_some(delivery))
                    .collect();
                self.save(app, planned(&new)).await?;
            }
            saved => saved?,
        }
        app.bell.ring(batch.rung);
        Ok(())
    }
}
