//! The sender: brings deliveries to endpoints, each endpoint at its own pace.
//!
//! One round: take what is ready, start attempts, read on, record what came back, and wait for
//! whatever happens next. Reading, sending and recording are tasks of their own, so that nothing
//! waits for an endpoint but what goes to it. Slow endpoints share half of all attempts at most.
//!
//! A delivery is claimed in memory only, under the lease of its endpoint's slot: what a process
//! that died had claimed is due for the one that takes over. It may arrive twice, under the same
//! id.

mod attempt;
mod bell;
mod bodies;
mod fill;
mod opened;
mod queue;
mod record;
mod slots;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::ids::EndpointId;
use domain::webhook_endpoint::WebhookEndpoint;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::app::Shared;
use crate::workers::deliver::attempt::{Attempted, Tried, attempt};
use crate::workers::deliver::fill::{Filled, Wanted, fill};
use crate::workers::deliver::queue::Queue;
use crate::workers::deliver::record::{Finding, Recorded, record};
use crate::workers::deliver::slots::{SlotNumber, Slots};
use crate::workers::{Progress, Worker};

pub use bell::Bell;

/// How often the sender looks for itself who waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a commit it looks sooner, once it rested, and not for more than a tenth of the time.
const LOOK_REST: Duration = Duration::from_millis(50);
const LOOK_SHARE: u32 = 10;
const ENDPOINTS_MAX: i64 = 100_000;
const QUEUES_MAX: usize = 10_000;
/// Of how many endpoints whose retries are not due yet one look asks whether they are still on.
const STANDINGS_PER_LOOK: usize = 256;
/// How many attempts one endpoint may begin before it is the next one's turn.
const STARTS_PER_TURN: usize = 16;
const RECORD_MAX: usize = 256;
const RECORDS_AT_ONCE: usize = 2;
/// While so much is not recorded nothing more is sent.
const UNRECORDED_MAX: usize = 4_096;
const RECORD_AGAIN: Duration = Duration::from_millis(500);
const DRAIN_MAX: Duration = Duration::from_millis(2_500);

/// Something that was under way is done.
enum Done {
    Filled(EndpointId, anyhow::Result<Filled>),
    Attempted(Attempted),
    Recorded(Recorded),
}

#[derive(Default)]
pub struct Sender {
    slots: Slots,
    queues: HashMap<EndpointId, Queue>,
    /// Endpoints that can start or read on, whose turn comes one after the other.
    turns: VecDeque<EndpointId>,
    /// Endpoints that do not answer, and when each is tried again; the next one first.
    paused: VecDeque<(Instant, EndpointId)>,
    running: JoinSet<Done>,
    attempts: usize,
    slow_attempts: usize,
    findings: VecDeque<Finding>,
    recording: usize,
    record_again_at: Option<Instant>,
    looked_at: Option<Instant>,
    look_rest: Duration,
    groups_seen: u64,
    /// Up to which endpoint it was asked whether they are still on.
    stood_up_to: Option<EndpointId>,
    /// A task ended without saying what it had done.
    has_lost_count: bool,
}

impl Worker for Sender {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        self.look_in_time(app).await?;
        self.listen(app).await?;
        self.start(app);
        self.record(app);
        if self.running.is_empty() && self.findings.is_empty() && self.paused.is_empty() {
            return Ok(Progress::Idle);
        }
        self.wait(app).await;
        if self.has_lost_count {
            // What the task counted for is unknown, so everything is: leases are let go, and what
            // is not recorded is due again for whoever takes them next.
            self.stop(app).await;
            anyhow::bail!("a task of the sender ended by itself");
        }
        Ok(Progress::More)
    }

    async fn stop(&mut self, app: &Shared) {
        let drained = timeout(DRAIN_MAX, self.drain(app)).await;
        if drained.is_err() {
            tracing::info!(webhooks = self.attempts, "webhooks on their way are left; due again");
            self.running.shutdown().await;
        }
        self.slots.release_all(app).await;
        *self = Sender::default();
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }
}

impl Sender {
    /// Looks who waits: once a second, and sooner if something was committed since.
    async fn look_in_time(&mut self, app: &Shared) -> anyhow::Result<()> {
        let groups = *app.store.committed().borrow();
        let now = Instant::now();
        let rested_at = self.looked_at.map_or(now, |at| at + self.look_rest.max(LOOK_REST));
        let is_idle = self.running.is_empty() && self.turns.is_empty() && self.paused.is_empty();
        if now < rested_at {
            if !is_idle {
                return Ok(());
            }
            tokio::select! {
                () = sleep_until(rested_at) => {}
                () = app.bell.rings() => return Ok(()),
                () = app.stop.cancelled() => return Ok(()),
            }
        }
        let is_time = self.looked_at.is_none_or(|at| now >= at + LOOK_EVERY);
        if is_idle || is_time || groups != self.groups_seen {
            self.groups_seen = groups;
            self.look(app).await?;
        }
        Ok(())
    }

    async fn look(&mut self, app: &Shared) -> anyhow::Result<()> {
        let began = Instant::now();
        self.slots.share(app).await?;
        self.leave(app).await;
        let waiting = app.store.endpoints_waiting(ENDPOINTS_MAX).await?;
        let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
        app.metrics.set("pepay_webhooks_waiting", count);
        let now = app.now();
        let (due, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, due_at)| *due_at <= now);
        for (endpoint, _) in due {
            self.note(app, endpoint).await?;
        }
        self.find_off(app, later.into_iter().map(|(endpoint, _)| endpoint)).await?;
        let busy: Vec<SlotNumber> = self
            .queues
            .iter()
            .filter(|(_, queue)| !queue.is_idle())
            .map(|(endpoint, _)| SlotNumber::of(*endpoint))
            .collect();
        for slot in busy {
            self.slots.hold(app, slot).await?;
        }
        if self.queues.len() > QUEUES_MAX {
            self.queues.retain(|_, queue| queue.is_listed || !queue.is_idle());
        }
        app.outbound.sweep();
        let ended = Instant::now();
        self.looked_at = Some(ended);
        self.look_rest = (ended - began) * LOOK_SHARE;
        Ok(())
    }

    /// Endpoints may be switched off or deleted while their retries wait for hours, and another
    /// process may have done it: what waits for them is given up now and not when it is due.
    async fn find_off(
        &mut self,
        app: &Shared,
        waiting: impl Iterator<Item = EndpointId>,
    ) -> anyhow::Result<()> {
        let mut ours: Vec<EndpointId> =
            waiting.filter(|one| self.slots.is_ours(app, SlotNumber::of(*one))).collect();
        // They come in the order of their keys; each look goes on where the last one ended.
        if ours.len() > STANDINGS_PER_LOOK {
            let begin = ours.partition_point(|one| self.stood_up_to.is_some_and(|at| *one <= at));
            let begin = begin % ours.len();
            ours.rotate_left(begin);
            ours.truncate(STANDINGS_PER_LOOK);
        }
        self.stood_up_to = ours.last().copied();
        let rows = ours.iter().map(|endpoint| endpoint.key()).collect();
        let rows = app.store.get_many::<WebhookEndpoint>(rows).await?;
        for (endpoint, row) in ours.into_iter().zip(rows) {
            if row.as_ref().is_some_and(WebhookEndpoint::is_enabled) {
                continue;
            }
            if let Some(row) = row {
                app.caches.forget_webhook_endpoints(row.merchant_id);
            }
            self.note(app, endpoint).await?;
        }
        Ok(())
    }

    async fn listen(&mut self, app: &Shared) -> anyhow::Result<()> {
        for endpoint in app.bell.take() {
            self.note(app, endpoint).await?;
        }
        Ok(())
    }

    /// Something may wait for this endpoint: if it is ours to send, it is looked at.
    async fn note(&mut self, app: &Shared, endpoint: EndpointId) -> anyhow::Result<()> {
        let slot = SlotNumber::of(endpoint);
        if !self.slots.may_begin(app, slot) && !self.slots.hold(app, slot).await? {
            return Ok(());
        }
        let window_max = app.config.webhook_concurrency_per_endpoint;
        let queue = self.queues.entry(endpoint).or_insert_with(|| Queue::new(window_max));
        queue.wants_look = true;
        self.list(endpoint);
        Ok(())
    }

    /// Lets go of slots that belong to others by now, once nothing of them is on its way.
    async fn leave(&mut self, app: &Shared) {
        for slot in self.slots.leaving(app) {
            let of_slot = |endpoint: &EndpointId| SlotNumber::of(*endpoint) == slot;
            let queues = self.queues.iter_mut().filter(|(endpoint, _)| of_slot(endpoint));
            let mut is_quiet = true;
            for (_, queue) in queues {
                queue.drop_ready();
                queue.wants_look = false;
                is_quiet &= queue.is_idle();
            }
            if is_quiet {
                self.queues.retain(|endpoint, _| !of_slot(endpoint));
                self.slots.release(app, slot).await;
            }
        }
    }

    /// Puts an endpoint on the round, if there is something to do for it.
    fn list(&mut self, endpoint: EndpointId) {
        let Some(queue) = self.queues.get_mut(&endpoint) else { return };
        if !queue.is_listed && (queue.can_start() || queue.can_fill()) {
            queue.is_listed = true;
            self.turns.push_back(endpoint);
        }
    }

    /// Once around: every endpoint begins what it may.
    fn start(&mut self, app: &Shared) {
        let now = Instant::now();
        while let Some((until, endpoint)) = self.paused.front().copied()
            && until <= now
        {
            self.paused.pop_front();
            if let Some(queue) = self.queues.get_mut(&endpoint) {
                queue.resume();
            }
            self.settle(endpoint);
        }
        for _ in 0..self.turns.len() {
            let Some(endpoint) = self.turns.pop_front() else { break };
            self.turn(app, endpoint);
        }
    }

    fn turn(&mut self, app: &Shared, endpoint: EndpointId) {
        let Some(queue) = self.queues.get_mut(&endpoint) else { return };
        queue.is_listed = false;
        if !self.slots.may_begin(app, SlotNumber::of(endpoint)) {
            // Lost, or about to be: whoever holds it next reads it anew.
            queue.drop_ready();
            queue.wants_look = false;
            return;
        }
        let all = app.config.webhook_concurrency;
        let mut room = match queue.is_slow {
            true => (all / 2).max(1).saturating_sub(self.slow_attempts),
            false => all,
        };
        room = room.min(all.saturating_sub(self.attempts)).min(STARTS_PER_TURN);
        if self.findings.len() >= UNRECORDED_MAX {
            room = 0;
        }
        let has_room = room > 0;
        while room > 0 && queue.can_start() {
            let Some(job) = queue.ready.pop_front() else { break };
            room -= 1;
            queue.in_flight += 1;
            self.attempts += 1;
            let is_slow = queue.is_slow;
            self.slow_attempts += usize::from(is_slow);
            let (app, known) = (app.clone(), queue.opened.clone());
            self.running.spawn(async move {
                Done::Attempted(Attempted { is_slow, ..attempt(&app, known, job).await })
            });
        }
        if has_room && queue.can_fill() {
            let (after, batch) = queue.begin_fill(Instant::now());
            let wanted = Wanted {
                endpoint,
                known: queue.opened.clone(),
                after,
                limit: i64::try_from(batch).expect("a batch is bounded"),
                claimed: queue.claimed.clone(),
            };
            let app = app.clone();
            self.running
                .spawn(async move { Done::Filled(wanted.endpoint, fill(&app, wanted).await) });
        }
        self.list(endpoint);
    }

    /// Records what came back; while that is being written the next batch gathers.
    fn record(&mut self, app: &Shared) {
        let is_pause = self.record_again_at.is_some_and(|at| Instant::now() < at);
        while !is_pause && self.recording < RECORDS_AT_ONCE {
            let Some(first) = self.findings.front() else { return };
            if self.recording > 0 && self.findings.len() < RECORD_MAX / 4 {
                return;
            }
            let lane = first.delivery.event().lane;
            let is_of_lane = |finding: &Finding| finding.delivery.event().lane == lane;
            let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
            for finding in self.findings.drain(..) {
                if batch.len() < RECORD_MAX && is_of_lane(&finding) {
                    batch.push(finding);
                } else {
                    rest.push_back(finding);
                }
            }
            self.findings = rest;
            self.recording += 1;
            let app = app.clone();
            self.running.spawn(async move { Done::Recorded(record(&app, batch).await) });
        }
    }

    /// Waits until something is done, somebody rings, or it is time to look again.
    async fn wait(&mut self, app: &Shared) {
        let mut committed = app.store.committed();
        let now = Instant::now();
        let looked_at = self.looked_at.unwrap_or(now);
        let look_at = looked_at + LOOK_EVERY.max(self.look_rest);
        let rested_at = looked_at + self.look_rest.max(LOOK_REST);
        let again_at = self.record_again_at.filter(|_| !self.findings.is_empty());
        let resume_at = self.paused.front().map(|(until, _)| *until);
        let wake_at = again_at.into_iter().chain(resume_at).fold(look_at, Instant::min);
        let is_wanted = self.groups_seen != *committed.borrow_and_update();
        let news = async {
            if !is_wanted {
                let _ = committed.changed().await;
            }
            sleep_until(rested_at).await;
        };
        let first = tokio::select! {
            done = self.running.join_next(), if !self.running.is_empty() => done,
            () = app.bell.rings() => None,
            () = news => None,
            () = sleep_until(wake_at) => None,
            () = app.stop.cancelled() => None,
        };
        let mut next = first;
        while let Some(done) = next {
            match done {
                Ok(done) => self.take(app, done),
                Err(error) => {
                    tracing::error!(%error, "a task of the sender ended by itself");
                    self.has_lost_count = true;
                }
            }
            next = self.running.try_join_next();
        }
    }

    fn take(&mut self, app: &Shared, done: Done) {
        match done {
            Done::Filled(endpoint, filled) => self.take_filled(endpoint, filled),
            Done::Attempted(attempted) => self.take_attempted(attempted),
            Done::Recorded(recorded) => self.take_recorded(app, recorded),
        }
    }

    fn take_filled(&mut self, endpoint: EndpointId, filled: anyhow::Result<Filled>) {
        let Some(queue) = self.queues.get_mut(&endpoint) else { return };
        match filled {
            Ok(filled) => queue.filled(filled, Instant::now()),
            Err(error) => {
                // The next look finds it again.
                tracing::warn!(endpoint.id = %endpoint, error = format!("{error:#}"),
                    "a webhook endpoint's queue is not read");
                queue.is_filling = false;
            }
        }
        self.settle(endpoint);
    }

    fn take_attempted(&mut self, attempted: Attempted) {
        let Attempted { delivery, tried, took, opened, is_slow } = attempted;
        self.attempts -= 1;
        self.slow_attempts -= usize::from(is_slow);
        let endpoint = delivery.endpoint;
        if let Some(queue) = self.queues.get_mut(&endpoint) {
            queue.in_flight -= 1;
            if let Some(until) = queue.fared(&tried, took) {
                self.paused.push_back((until, endpoint));
            }
            match &tried {
                Tried::Seen(_) => queue.opened = opened,
                Tried::EndpointOff | Tried::NotNow => {
                    queue.claimed.remove(&delivery.key());
                    queue.drop_ready();
                    queue.wants_look |= matches!(tried, Tried::EndpointOff);
                }
            }
        }
        if let Tried::Seen(seen) = tried {
            self.findings.push_back(Finding { delivery, seen });
        }
        self.settle(endpoint);
    }

    fn take_recorded(&mut self, app: &Shared, recorded: Recorded) {
        self.recording -= 1;
        self.record_again_at = None;
        if !recorded.left.is_empty() {
            self.record_again_at = Some(Instant::now() + RECORD_AGAIN);
            self.findings.extend(recorded.left);
        }
        for Finding { delivery, .. } in recorded.settled {
            let endpoint = delivery.endpoint;
            if let Some(queue) = self.queues.get_mut(&endpoint) {
                queue.claimed.remove(&delivery.key());
            }
            if app.stop.is_cancelled() {
                continue;
            }
            self.settle(endpoint);
        }
    }

    /// After something happened to a queue: on to what it can do next, or to rest.
    fn settle(&mut self, endpoint: EndpointId) {
        if let Some(queue) = self.queues.get_mut(&endpoint)
            && queue.is_idle()
        {
            queue.rest();
        }
        self.list(endpoint);
    }

    /// Starts nothing more, and records what still comes back.
    async fn drain(&mut self, app: &Shared) {
        for queue in self.queues.values_mut() {
            queue.drop_ready();
            queue.wants_look = false;
        }
        loop {
            self.record_again_at = None;
            self.record(app);
            let Some(done) = self.running.join_next().await else { break };
            if let Ok(Done::Filled(..)) = done {
                continue;
            }
            if let Ok(done) = done {
                self.take(app, done);
            }
        }
    }
}
