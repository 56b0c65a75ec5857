//! Deliveries as rows: what waits to be sent, and the history of an endpoint.
//!
//! Narrow rows in the order of their events. The index of what is due holds only deliveries that
//! wait, endpoint by endpoint, so that neither a backlog nor a dead endpoint hides another's.

use domain::changes::Noun;
use domain::delivery::{Delivery, DeliveryStatus, EventPlace};
use domain::environment::Environment;
use domain::event::EventType;
use domain::ids::{DeliveryId, EndpointId, RowKey};
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 11] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("endpoint", Kind::Key),
    frozen("kind", Kind::Int),
    frozen("created_at", Kind::Int),
    mutable("status", Kind::Int),
    mutable("attempts", Kind::Int),
    mutable("tries", Kind::Int),
    mutable("due_at", Kind::Int).or_null(),
    mutable("last_status", Kind::Int).or_null(),
    mutable("finished_at", Kind::Int).or_null(),
];

impl Row for Delivery {
    const TABLE: Table = Table {
        noun: Noun::Delivery,
        name: "deliveries",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.merchant_id.into(),
            self.environment.into(),
            self.endpoint.key().into(),
            self.kind.code().into(),
            self.created_at.into(),
            self.status.code().into(),
            self.attempts.into(),
            self.tries.into(),
            self.due_at.into(),
            self.last_status.into(),
            self.finished_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            id: DeliveryId(cells.key),
            version: cells.version,
            merchant_id: cells.merchant_id()?,
            environment: cells.environment()?,
            endpoint: cells.key().map(EndpointId)?,
            kind: cells.coded(EventType::from_code)?,
            created_at: cells.time()?,
            status: cells.coded(DeliveryStatus::from_code)?,
            attempts: cells.int()?,
            tries: cells.int()?,
            due_at: cells.maybe_time()?,
            last_status: cells.maybe_int()?,
            finished_at: cells.maybe_time()?,
        })
    }
}

/// Which deliveries of which endpoints; no status: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub endpoints: Vec<EndpointId>,
    pub status: Option<DeliveryStatus>,
    /// Those of one environment only: an endpoint may hear of both.
    pub environment: Option<Environment>,
    /// Deliveries of one event only.
    pub event: Option<EventPlace>,
}

impl DeliveryFilter {
    /// One sorted and limited branch per endpoint and status, put together.
    pub(crate) fn list(&self, page: Page, limit: i64) -> List<Delivery> {
        let statuses = DeliveryStatus::ALL.into_iter();
        let wanted = statuses.filter(|status| self.status.is_none_or(|only| only == *status));
        let branches: Vec<(EndpointId, DeliveryStatus)> = wanted
            .flat_map(|status| self.endpoints.iter().map(move |endpoint| (*endpoint, status)))
            .collect();
        let branch = |list: List<Delivery>, (endpoint, status): (EndpointId, DeliveryStatus)| {
            let list = list.bind(" WHERE endpoint = ", endpoint.key());
            let list = list.bind(" AND status = ", status.code());
            let list = list.bind_some(" AND environment = ", self.environment);
            let (from, to) = self.event.map(EventPlace::delivery_keys).unzip();
            let list = list.bind_some(" AND key >= ", from).bind_some(" AND key <= ", to);
            let (before, after) = match page {
                Page::First => (None, None),
                Page::After(key) => (Some(key), None),
                Page::Before(key) => (None, Some(key)),
            };
            let list = list.bind_some(" AND key < ", before).bind_some(" AND key > ", after);
            list.page(page, limit)
        };
        match branches.as_slice() {
            [only] => branch(List::new(""), *only),
            _ => List::of_branches(branches, branch).merge(page, limit),
        }
    }
}

/// A place in an endpoint's queue: what was handed out last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePlace {
    pub due_at: Timestamp,
    pub key: RowKey,
}

pub(crate) fn due(
    endpoint: EndpointId,
    now: Timestamp,
    after: Option<QueuePlace>,
) -> List<Delivery> {
    let list = List::new(" WHERE due_at IS NOT NULL").bind(" AND endpoint = ", endpoint.key());
    let list = list.bind(" AND due_at <= ", now);
    let list = match after {
        // Said twice: as a bound that the index can seek, and then exactly.
        Some(place) => list
            .bind(" AND due_at >= ", place.due_at)
            .bind(" AND (due_at > ", place.due_at)
            .bind(" OR key > ", place.key)
            .push(")"),
        None => list,
    };
    list.push(" ORDER BY due_at, key NULLS FIRST")
}

/// Each endpoint that has something waiting, and when its next one is due: one seek an endpoint.
pub(crate) const WAITING: &str = "\
    WITH RECURSIVE waiting (endpoint) AS (\
    SELECT * FROM (SELECT endpoint FROM deliveries WHERE due_at IS NOT NULL AND endpoint >= $1 \
    ORDER BY endpoint LIMIT 1) AS first_one \
    UNION ALL SELECT (SELECT next_one.endpoint FROM deliveries AS next_one \
    WHERE next_one.due_at IS NOT NULL AND next_one.endpoint > waiting.endpoint \
    ORDER BY next_one.endpoint LIMIT 1) FROM waiting WHERE waiting.endpoint IS NOT NULL) \
    SELECT endpoint, (SELECT head.due_at FROM deliveries AS head \
    WHERE head.due_at IS NOT NULL AND head.endpoint = waiting.endpoint \
    ORDER BY head.due_at LIMIT 1) FROM waiting WHERE endpoint IS NOT NULL LIMIT $2";

impl Store {
    /// A page of deliveries, newest events first.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        if filter.endpoints.is_empty() {
            return Ok(Vec::new());
        }
        filter.list(page, limit).read(self).await
    }

    /// What an endpoint is to be sent by `now`, the longest due first, after a place in its queue.
    pub async fn deliveries_due(
        &self,
        endpoint: EndpointId,
        now: Timestamp,
        after: Option<QueuePlace>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        due(endpoint, now, after).limit(limit).read(self).await
    }

    /// Endpoints that something waits for, and when the next of it is due.
    pub async fn endpoints_waiting(
        &self,
        limit: i64,
    ) -> Result<Vec<(EndpointId, Timestamp)>, StoreError> {
        let kinds = [Kind::Key, Kind::Int];
        let params = vec![Value::Key(RowKey([0; 16])), Value::Int(limit)];
        let rows = self.select_cells(WAITING, &kinds, params).await?;
        let read = |row: Vec<Value>| match row.as_slice() {
            [Value::Key(endpoint), Value::Int(due_at)] => {
                Some((EndpointId(*endpoint), Timestamp(*due_at)))
            }
            // Sent in the meantime.
            _ => None,
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}
