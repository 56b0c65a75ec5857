//! How far a durable follower has worked off one lane of the log.
//!
//! What a follower did is committed before its place is saved, and doing it again changes nothing:
//! so a crash repeats a little and loses nothing. Over entries that lead to nothing the place only
//! moves in memory, and is saved now and then.

use domain::changes::Changes;
use domain::follow::{FollowCursor, Follower};
use domain::ids::MerchantId;
use domain::time::Timestamp;
use store::{CommitError, StoreError};

use crate::app::App;
use crate::workers::lease::Lease;

/// How often a place is saved that moved over nothing of interest.
const IDLE_SAVE_MS: i64 = 5_000;

pub struct LogPlace {
    follower: Follower,
    lane: i64,
    /// The row as it was saved last; none: never.
    saved: Option<FollowCursor>,
    saved_at: Timestamp,
    pub sequence: i64,
}

impl LogPlace {
    pub async fn load(app: &App, follower: Follower, lane: i64) -> Result<LogPlace, StoreError> {
        let key = FollowCursor::row_key(follower, lane);
        let saved = app.store.get::<FollowCursor>(key).await?;
        let sequence = saved.as_ref().map_or(0, |cursor| cursor.sequence);
        Ok(LogPlace { follower, lane, saved, saved_at: app.now(), sequence })
    }

    /// Everything up to there is worked off and led to something.
    pub async fn reach(
        &mut self,
        app: &App,
        lease: &Lease,
        sequence: i64,
    ) -> Result<(), CommitError> {
        self.sequence = self.sequence.max(sequence);
        self.save(app, lease).await
    }

    /// Everything up to there led to nothing.
    pub async fn pass(
        &mut self,
        app: &App,
        lease: &Lease,
        sequence: i64,
    ) -> Result<(), CommitError> {
        self.sequence = self.sequence.max(sequence);
        if self.saved_at.plus_ms(IDLE_SAVE_MS) <= app.now() {
            self.save(app, lease).await?;
        }
        Ok(())
    }

    pub async fn save(&mut self, app: &App, lease: &Lease) -> Result<(), CommitError> {
        self.save_with(app, lease, Changes::of(MerchantId::HOUSE)).await
    }

    /// Commits `changes` together with the place; nothing to do if neither says anything new.
    pub async fn save_with(
        &mut self,
        app: &App,
        lease: &Lease,
        mut changes: Changes,
    ) -> Result<(), CommitError> {
        let is_saved = self.saved.as_ref().is_some_and(|saved| saved.sequence == self.sequence);
        if is_saved && changes.is_empty() {
            self.saved_at = app.now();
            return Ok(());
        }
        let mut cursor = match &self.saved {
            Some(saved) => FollowCursor { sequence: self.sequence, ..saved.clone() },
            None => FollowCursor::at(self.follower, self.lane, self.sequence),
        };
        if cursor.version == 0 {
            changes.insert(cursor.clone());
        } else {
            changes.update(cursor.clone());
        }
        lease.fence(&mut changes);
        app.commit(changes).await?;
        cursor.version += 1;
        (self.saved, self.saved_at) = (Some(cursor), app.now());
        Ok(())
    }
}
