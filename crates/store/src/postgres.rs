//! The scale-out engine: PostgreSQL, any number of server processes on one database.

mod connect;

use std::sync::Arc;

use domain::ids::RowKey;

use crate::commit::queue::Submitter;
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::{Kind, Value};
use crate::store::{MigrationReport, Shared, StoreConfig};

pub(crate) struct Postgres {
    submitters: Vec<Submitter>,
}

impl Postgres {
    pub async fn open(config: &StoreConfig, shared: &Arc<Shared>) -> Result<Postgres, StoreError> {
        let _ = (config, shared);
        Err(StoreError::Unavailable("not yet".into()))
    }

    pub async fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        let _ = config;
        Err(StoreError::Unavailable("not yet".into()))
    }

    pub fn submitter(&self, lane: i64) -> &Submitter {
        &self.submitters[lane as usize]
    }

    pub async fn points(
        &self,
        _relation: &'static Relation,
        _keys: Vec<RowKey>,
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        Err(StoreError::Unavailable("not yet".into()))
    }

    pub async fn rows(
        &self,
        _sql: &str,
        _kinds: &[Kind],
        _params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        Err(StoreError::Unavailable("not yet".into()))
    }

    pub async fn close(&self) {}
}
