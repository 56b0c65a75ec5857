//! Followers that look at what the entries of a lane speak of: a lease, a place, and what is new.
//!
//! A look goes by how things stand and not by what an entry says: one that is read twice, or long
//! after, changes nothing.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use domain::follow::Follower;
use domain::ids::RowKey;
use futures_util::stream::{self, StreamExt as _};
use store::Heading;

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::log_place::LogPlace;
use crate::workers::{Progress, Worker};

const HEADINGS_MAX: i64 = 1_000;
const AT_ONCE: usize = 64;

/// What is followed, and what is done about it.
pub trait Follow: Send + Sync + 'static {
    const FOLLOWER: Follower;
    /// Of its leases.
    const NAME: &'static str;
    /// How long it rests where commits wake it; none: it looks by the clock alone.
    const WAKES_AND_RESTS_MS: Option<u64>;

    /// The row an entry is a reason to look at.
    fn concerned(heading: &Heading) -> Option<RowKey>;

    /// Looks at it, and answers whether anything came of it. A row that cannot be read is told of
    /// and stops no other.
    fn look(app: &App, key: RowKey) -> impl Future<Output = anyhow::Result<bool>> + Send;
}

pub struct LaneFollower<F> {
    lane: i64,
    lease: Lease,
    place: Option<LogPlace>,
    follow: PhantomData<F>,
}

impl<F: Follow> LaneFollower<F> {
    pub fn new(lane: i64) -> LaneFollower<F> {
        LaneFollower { lane, lease: Lease::new(F::NAME, lane), place: None, follow: PhantomData }
    }

    async fn follow(&mut self, app: &App) -> anyhow::Result<Progress> {
        let place = match &mut self.place {
            Some(place) => place,
            None => self.place.insert(LogPlace::load(app, F::FOLLOWER, self.lane).await?),
        };
        let headings = app.store.headings_after(self.lane, place.sequence, HEADINGS_MAX).await?;
        let Some(last) = headings.last().map(|last| last.sequence) else {
            return Ok(Progress::Idle);
        };
        let concerned: BTreeSet<RowKey> = headings.iter().filter_map(F::concerned).collect();
        let looks = stream::iter(concerned).map(|key| F::look(app, key));
        let came: Vec<anyhow::Result<bool>> = looks.buffer_unordered(AT_ONCE).collect().await;
        let came = came.into_iter().collect::<anyhow::Result<Vec<bool>>>()?;
        match came.contains(&true) {
            true => place.reach(app, &self.lease, last).await?,
            false => place.pass(app, &self.lease, last).await?,
        }
        let is_full = i64::try_from(headings.len()).is_ok_and(|count| count == HEADINGS_MAX);
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }
}

impl<F: Follow> Worker for LaneFollower<F> {
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
            tracing::debug!(%error, "entries that led to nothing are looked at once more");
        }
        self.lease.release(app).await;
        self.place = None;
    }

    fn wakes_on_commit(&self) -> bool {
        F::WAKES_AND_RESTS_MS.is_some()
    }

    fn rest_ms(&self) -> u64 {
        F::WAKES_AND_RESTS_MS.unwrap_or(0)
    }
}
