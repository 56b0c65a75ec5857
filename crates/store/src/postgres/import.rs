//! Writing rows as they are into an empty database: the receiving end of `copy`.

use std::time::Duration;

use tokio_postgres::Error;

use super::connect::{Role, Session, Target, unavailable};
use super::params::Param;
use super::schema;
use super::statements::{LANE_UPDATE, texts};
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::Value;
use crate::store::StoreConfig;
use crate::write::{Batch, Rows, Way};

pub(crate) struct Importer {
    session: Session,
}

impl Importer {
    pub async fn open(config: &StoreConfig) -> Result<Importer, StoreError> {
        let patience = Duration::from_millis(config.unavailable_after_ms);
        let target = Target::parse(&config.url, patience)?;
        schema::migrate(&target, config.lanes).await?;
        let session = target.connect(Role::Plain).await?;
        let durable = session.client.batch_execute("SET synchronous_commit = on").await;
        durable.map_err(|error| unavailable(&error))?;
        Ok(Importer { session })
    }

    pub async fn count(&mut self, relation: &Relation) -> Result<u64, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM {}", relation.name);
        let row = self.session.client.query_one(&sql, &[]).await;
        let count: Result<i64, Error> = row.and_then(|row| row.try_get(0));
        let count = count.map_err(|error| unavailable(&error))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub async fn insert(
        &mut self,
        relation: &'static Relation,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let batch = Batch { relation, way: Way::Insert, rows: Rows::Whole(rows) };
        let insert = async {
            let statement = self.session.statement(&texts(relation).insert).await?;
            let columns = 0..relation.columns.len();
            let params: Vec<Param<'_>> = columns.map(|at| Param::Column(&batch, at)).collect();
            self.session.client.execute_raw(&statement, params).await
        };
        insert.await.map(drop).map_err(|error: Error| unavailable(&error))
    }

    /// `lane, sequence, ledger_position`, as selected.
    pub async fn set_lane(&mut self, lane: &[Value]) -> Result<(), StoreError> {
        let set = async {
            let statement = self.session.statement(LANE_UPDATE).await?;
            let params: Vec<Param<'_>> = lane.iter().map(Param::Value).collect();
            self.session.client.execute_raw(&statement, params).await
        };
        set.await.map(drop).map_err(|error: Error| unavailable(&error))
    }
}
