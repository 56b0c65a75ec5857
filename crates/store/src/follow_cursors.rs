//! Follow cursors as rows: one for each durable follower and lane.
//!
//! Small rows that change with every batch a follower works off; read by key only.

use domain::changes::Noun;
use domain::follow::{FollowCursor, Follower};

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 1] = [mutable("sequence", Kind::Int)];

impl Row for FollowCursor {
    const TABLE: Table = Table {
        noun: Noun::FollowCursor,
        name: "follow_cursors",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![self.sequence.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<FollowCursor, StoreError> {
        Ok(FollowCursor { key: cells.key, version: cells.version, sequence: cells.int()? })
    }
}

impl Store {
    /// The place of the follower of a lane that is furthest behind: entries up to it are worked
    /// off by all. A follower that never ran holds back nothing.
    pub async fn slowest_follower(&self, lane: i64) -> Result<i64, StoreError> {
        let key = |follower| FollowCursor::row_key(follower, lane);
        let cursors = self.get_many::<FollowCursor>(Follower::ALL.map(key).to_vec()).await?;
        let head = self.log_head(lane).await?;
        Ok(cursors.into_iter().flatten().map(|cursor| cursor.sequence).fold(head, i64::min))
    }
}
