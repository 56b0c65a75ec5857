//! One open stream: replay what is asked for, then tell what happens, until somebody ends it.
//!
//! The cursor only grows, and only an event beyond it is told: that is what makes the seam between
//! the past and the present tight, wherever the two overlap. Nothing is told to whoever lost the
//! credential the stream was opened with.

use std::pin::pin;
use std::time::{Duration, Instant};

use axum::extract::ws::WebSocket;
use domain::time::Timestamp;
use futures_util::FutureExt as _;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::Shared;
use crate::clock::steady;
use crate::realtime::filter::Plan;
use crate::realtime::frames::{ControlType, Farewell, WsControl};
use crate::realtime::grant::Grant;
use crate::realtime::hub::{Live, Subscription};
use crate::realtime::replay::{Cursor, Pages, Start, start};
use crate::realtime::resync::snapshot;
use crate::realtime::seats::Seat;
use crate::realtime::wire::{Ended, Wire};

/// How many events are handed over before they are sent off together.
const TOGETHER_MAX: usize = 64;
/// How long a client that fell behind may take to be up to date again.
const BEHIND_MAX: Duration = Duration::from_secs(30);

struct Stream {
    app: Shared,
    wire: Wire,
    plan: Box<Plan>,
    grant: Grant,
    /// How many entries that may end streams the hub had read when the grant was looked at.
    endings: u64,
    cursor: Cursor,
    heartbeat: Interval,
    /// Since when this stream was not up to date.
    behind_since: Option<Instant>,
}

/// Serves a stream to its end.
pub async fn serve(
    app: Shared,
    socket: WebSocket,
    (plan, mut grant): (Box<Plan>, Grant),
    seat: Seat,
) {
    let mut wire = Wire::new(socket, app.config.ws_stall_ms);
    // Boxed, because it is large and over before most of the stream's life begins.
    let ended = match Box::pin(begin(&app, &plan, &mut grant)).await {
        Ok(Begun { subscription, endings, first }) => {
            let every = Duration::from_millis(app.config.ws_heartbeat_ms);
            let mut heartbeat = tokio::time::interval(every);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let cursor = first.cursor();
            let app = app.clone();
            let behind_since = None;
            let mut stream =
                Stream { app, wire, plan, grant, endings, cursor, heartbeat, behind_since };
            stream.wind();
            let ended = match stream.run(subscription, first).await {
                Ok(()) => Ended::ShuttingDown,
                Err(ended) => ended,
            };
            wire = stream.wire;
            ended
        }
        Err(ended) => ended,
    };
    drop(seat);
    let farewell = match ended {
        Ended::Gone => return Box::pin(wire.part()).await,
        Ended::TooSlow => {
            app.realtime.count_cut();
            Farewell::too_slow()
        }
        Ended::ShuttingDown => Farewell::shutting_down(),
        Ended::Refused(error) => Farewell::refused(&error),
    };
    Box::pin(wire.close(farewell)).await;
}

struct Begun {
    subscription: Subscription,
    endings: u64,
    first: Start,
}

/// Joins first and looks back then, at the credential too, so that nothing falls between the two.
async fn begin(app: &Shared, plan: &Plan, grant: &mut Grant) -> Result<Begun, Ended> {
    let subscription = app.realtime.hub.join(app, &plan.scope).await?;
    let endings = app.realtime.hub.endings();
    grant.look(app).await?;
    let first = start(&app.store, plan, subscription.lane, subscription.joined_at).await?;
    Ok(Begun { subscription, endings, first })
}

impl Stream {
    /// Tells everything in its order until the house stops or somebody ends it.
    async fn run(&mut self, mut subscription: Subscription, first: Start) -> Result<(), Ended> {
        self.control(ControlType::Ready).await?;
        match first {
            Start::Live(_) => {}
            Start::After(_, created_from) => {
                self.control(ControlType::ReplayStarted).await?;
                Box::pin(self.replay(&mut subscription, created_from)).await?;
                self.control(ControlType::ReplayFinished).await?;
            }
            Start::Resync(_) => {
                self.control(ControlType::Resync).await?;
                Box::pin(self.resync(subscription.joined_at)).await?;
                self.control(ControlType::ReplayFinished).await?;
            }
        }
        self.follow(&mut subscription).await
    }

    async fn follow(&mut self, subscription: &mut Subscription) -> Result<(), Ended> {
        let stop = self.app.stop.clone();
        let mut stopped = pin!(stop.cancelled());
        loop {
            tokio::select! {
                () = &mut stopped => return Ok(()),
                _ = self.heartbeat.tick() => self.beat().await?,
                heard = self.wire.listen() => heard?,
                received = subscription.receiver.recv() => match received {
                    Ok(live) => self.tell_all(&live, subscription).await?,
                    Err(RecvError::Lagged(_)) => {
                        Box::pin(self.catch_up(subscription)).await?;
                    }
                    Err(RecvError::Closed) => return Err(Ended::Gone),
                },
            }
        }
    }

    /// Tells an event and those that wait behind it, and sends them off together.
    async fn tell_all(
        &mut self,
        first: &Live,
        subscription: &mut Subscription,
    ) -> Result<(), Ended> {
        if self.grant.is_due(self.app.now()) {
            self.look().await?;
        }
        let mut is_told = self.tell(first).await?;
        for _ in 1..TOGETHER_MAX {
            match subscription.receiver.try_recv() {
                Ok(live) => is_told |= self.tell(&live).await?,
                Err(TryRecvError::Empty) => {
                    self.behind_since = None;
                    break;
                }
                // Met again at the next look.
                Err(TryRecvError::Closed | TryRecvError::Lagged(_)) => break,
            }
        }
        if is_told { self.wire.flush().await } else { Ok(()) }
    }

    async fn tell(&mut self, live: &Live) -> Result<bool, Ended> {
        let entry = &live.entry;
        if self.grant.is_told_of_in(entry) {
            self.look().await?;
        }
        if entry.sequence <= self.cursor.sequence || !self.plan.scope.sees(entry) {
            return Ok(false);
        }
        self.cursor.consider(entry);
        if !self.plan.wants(entry) {
            return Ok(false);
        }
        let Some(text) = live.text(&self.plan.scope) else { return Ok(false) };
        self.wire.feed(text, &self.app.realtime).await?;
        Ok(true)
    }

    /// Reads from the log what the channel had no room for. A burst is made up for like this; who
    /// does not get out of it reads too slowly.
    async fn catch_up(&mut self, subscription: &mut Subscription) -> Result<(), Ended> {
        let since = *self.behind_since.get_or_insert_with(steady);
        if since.elapsed() > BEHIND_MAX {
            return Err(Ended::TooSlow);
        }
        subscription.join_again();
        // What was lost may have told of the credential.
        self.look().await?;
        self.replay(subscription, None).await?;
        if subscription.receiver.is_empty() {
            // Made up for: the next burst has its own time.
            self.behind_since = None;
        }
        Ok(())
    }

    /// Tells the past up to where the channel begins.
    async fn replay(
        &mut self,
        subscription: &mut Subscription,
        created_from: Option<Timestamp>,
    ) -> Result<(), Ended> {
        let app = self.app.clone();
        let (store, up_to) = (&app.store, subscription.joined_at);
        let replaying = &app.realtime.replaying;
        let plan = self.plan.clone();
        let from = (self.cursor, created_from);
        let mut pages = Pages::new(store, &plan, from, up_to, replaying);
        while let Some(page) = pages.next().await? {
            for entry in &page {
                self.cursor.consider(entry);
                if !self.plan.wants(entry) {
                    continue;
                }
                if let Some(text) = self.plan.scope.envelope(entry) {
                    self.wire.feed(text.into(), &app.realtime).await?;
                }
            }
            self.wire.flush().await?;
            self.between_pages().await?;
        }
        self.cursor.sequence = self.cursor.sequence.max(up_to);
        Ok(())
    }

    /// What must not wait for the end of a long past.
    async fn between_pages(&mut self) -> Result<(), Ended> {
        if self.app.stop.is_cancelled() {
            return Err(Ended::ShuttingDown);
        }
        self.wire.overhear()?;
        if self.endings != self.app.realtime.hub.endings() || self.grant.is_due(self.app.now()) {
            self.look().await?;
        }
        if self.heartbeat.tick().now_or_never().is_some() {
            self.beat().await?;
        }
        Ok(())
    }

    /// Ends the stream if its credential is over. Boxed: it happens seldom, and is large.
    async fn look(&mut self) -> Result<(), Ended> {
        self.endings = self.app.realtime.hub.endings();
        Box::pin(self.grant.look(&self.app)).await
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        if self.grant.is_due(self.app.now()) {
            self.look().await?;
        }
        self.wind();
        self.control(ControlType::Heartbeat).await
    }

    /// The next beat comes when the credential is to be looked at again, or earlier. One timer is
    /// enough for both: a heartbeat more harms nobody.
    fn wind(&mut self) {
        let most = self.heartbeat.period();
        self.heartbeat.reset_after(self.grant.rest(self.app.now(), most));
    }

    async fn resync(&mut self, up_to: i64) -> Result<(), Ended> {
        for text in snapshot(&self.app.store, &self.plan, up_to).await? {
            self.wire.feed(text, &self.app.realtime).await?;
        }
        self.wire.flush().await
    }

    async fn control(&mut self, kind: ControlType) -> Result<(), Ended> {
        let text = WsControl::text(kind, self.cursor.id(), self.app.now());
        self.wire.send(text, &self.app.realtime).await
    }
}
