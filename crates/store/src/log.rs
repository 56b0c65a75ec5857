//! The log: every event and notice, in commit order, without gaps, one sequence per lane.
//!
//! Followers read it by a durable cursor. An entry is written in the commit of the change it
//! tells of, and is never changed.

use domain::event::{Entry, EntryKind, NewEntry, Origin, Subject};
use domain::ids::MerchantId;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::relation::catalog;
use crate::row::{Column, Kind, Value, frozen};
use crate::store::Store;
use crate::write::CellRef;

pub(crate) const COLUMNS: &[Column] = &[
    frozen("lane", Kind::Int),
    frozen("sequence", Kind::Int),
    frozen("kind", Kind::Int),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("created_at", Kind::Int),
    frozen("object_id", Kind::Key).or_null(),
    frozen("invoice_id", Kind::Key).or_null(),
    frozen("order_id", Kind::Key).or_null(),
    frozen("customer_id", Kind::Text).or_null(),
    frozen("wallet", Kind::Text).or_null(),
    frozen("is_commerce", Kind::Int),
    frozen("data", Kind::Text),
    frozen("request_id", Kind::Text).or_null(),
    frozen("idempotency_key", Kind::Text).or_null(),
    frozen("pending_webhooks", Kind::Int),
];

/// Where an entry stands, and what it says.
pub(crate) struct Placed<'g> {
    pub lane: i64,
    pub sequence: i64,
    pub entry: &'g NewEntry,
}

impl Placed<'_> {
    /// The cell of `COLUMNS[at]`.
    pub fn cell(&self, at: usize) -> CellRef<'_> {
        let entry = self.entry;
        match at {
            0 => CellRef::Int(self.lane),
            1 => CellRef::Int(self.sequence),
            2 => CellRef::Int(entry.kind.code()),
            3 => CellRef::Int(entry.merchant_id.0),
            4 => CellRef::Int(entry.environment.code()),
            5 => CellRef::Int(entry.created_at.0),
            6 => CellRef::maybe_key(entry.subject.object_id),
            7 => CellRef::maybe_key(entry.subject.invoice_id),
            8 => CellRef::maybe_key(entry.subject.order_id),
            9 => CellRef::maybe_text(entry.subject.customer_id.as_deref()),
            10 => CellRef::maybe_text(entry.subject.wallet.as_deref()),
            11 => CellRef::Int(entry.subject.is_commerce.into()),
            12 => CellRef::Text(&entry.data),
            13 => CellRef::maybe_text(entry.origin.request_id.as_deref()),
            14 => CellRef::maybe_text(entry.origin.idempotency_key.as_deref()),
            _ => CellRef::Int(entry.pending_webhooks),
        }
    }
}

/// Notices of a lane, and up to which sequence there are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notices {
    pub entries: Vec<Entry>,
    pub read_to: i64,
}

/// What a notice is told by: their codes begin where those of events cannot reach. Written out,
/// so that a planner sees that the index of notices has all of them.
pub(crate) const NOTICES: &str =
    "WHERE lane = $1 AND sequence > $2 AND kind >= 1000 ORDER BY sequence LIMIT $3";

impl Store {
    /// Up to `limit` notices of a lane after a sequence, in order; events are passed over unread.
    pub async fn notices_after(
        &self,
        lane: i64,
        sequence: i64,
        limit: i64,
    ) -> Result<Notices, StoreError> {
        // Read before the notices: none at or below it can appear later.
        let head = self.log_head(lane).await?;
        if head <= sequence {
            return Ok(Notices { entries: Vec::new(), read_to: sequence });
        }
        let params = vec![Value::Int(lane), Value::Int(sequence), Value::Int(limit)];
        let entries = self.select_entries(NOTICES, params).await?;
        let last = entries.last().map_or(sequence, |entry| entry.sequence);
        let is_cut = i64::try_from(entries.len()).is_ok_and(|count| count >= limit);
        let read_to = if is_cut { last } else { last.max(head) };
        Ok(Notices { entries, read_to })
    }

    /// Up to `limit` entries of a lane after a sequence, in order.
    pub async fn log_after(
        &self,
        lane: i64,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        let tail = "WHERE lane = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        let params = vec![Value::Int(lane), Value::Int(sequence), Value::Int(limit)];
        self.select_entries(tail, params).await
    }

    /// The last sequence of a lane; zero while it is empty.
    pub async fn log_head(&self, lane: i64) -> Result<i64, StoreError> {
        let sql = "SELECT sequence FROM lanes WHERE lane = $1";
        let rows = self.select_cells(sql, &[Kind::Int], vec![Value::Int(lane)]).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Int(sequence)) => Ok(*sequence),
            _ => Ok(0),
        }
    }

    /// Entries by any condition on the log's columns.
    pub(crate) async fn select_entries(
        &self,
        tail: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Entry>, StoreError> {
        let sql = format!("SELECT {} FROM log {tail}", catalog().log().column_list());
        self.read_entries(&sql, params).await
    }

    /// Entries by a whole statement over all of the log's columns.
    pub(crate) async fn read_entries(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = self.select_cells(sql, &catalog().log().kinds(), params).await?;
        rows.into_iter().map(decode).collect()
    }
}

fn decode(cells: Vec<Value>) -> Result<Entry, StoreError> {
    let mut cells = Reader::new("log", COLUMNS, cells);
    let lane = cells.int()?;
    let sequence = cells.int()?;
    cells.row = format!("{lane}/{sequence}");
    let kind = cells.coded(EntryKind::from_code)?;
    let merchant_id = MerchantId(cells.int()?);
    let environment = cells.environment()?;
    let created_at = Timestamp(cells.int()?);
    let subject = Subject {
        object_id: cells.maybe_key()?,
        invoice_id: cells.maybe_key()?,
        order_id: cells.maybe_key()?,
        customer_id: cells.maybe_text()?,
        wallet: cells.maybe_text()?,
        is_commerce: cells.int()? != 0,
    };
    let data = cells.text()?;
    let origin = Origin { request_id: cells.maybe_text()?, idempotency_key: cells.maybe_text()? };
    let pending_webhooks = cells.int()?;
    let entry = NewEntry {
        merchant_id,
        environment,
        kind,
        created_at,
        subject,
        data,
        origin,
        pending_webhooks,
    };
    Ok(Entry { lane, sequence, entry })
}
