//! History: the log as a merchant may see it, filtered and paged, newest first.
//!
//! A list over several types is put together from one sorted branch per environment and type, so
//! that one index serves every such list. Times are turned into places in the log by halving, for
//! the log is in the order of time but for the clocks of several processes.

use domain::environment::Environment;
use domain::event::{Entry, EventType, FIRST_NOTICE_CODE, Selection};
use domain::ids::{InvoiceId, MerchantId, RowKey};
use domain::time::{MINUTE_MS, Timestamp};

use crate::error::StoreError;
use crate::lists::List;
use crate::relation::catalog;
use crate::row::{Kind, Value};
use crate::store::Store;

/// How far entries of several processes may be from the order of their times.
const DISORDER_MS: i64 = MINUTE_MS;

/// Which events of a merchant are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    pub merchant_id: MerchantId,
    pub environment: Option<Environment>,
    pub selection: Selection,
    /// What a commerce key may see.
    pub is_commerce_only: bool,
    pub invoice_id: Option<InvoiceId>,
    pub order_id: Option<RowKey>,
    /// The first and the last moment that count.
    pub created_from: Option<Timestamp>,
    pub created_to: Option<Timestamp>,
}

impl EventFilter {
    /// Every event of a merchant.
    pub fn of(merchant_id: MerchantId) -> EventFilter {
        EventFilter {
            merchant_id,
            environment: None,
            selection: Selection::all(),
            is_commerce_only: false,
            invoice_id: None,
            order_id: None,
            created_from: None,
            created_to: None,
        }
    }
}

/// Which part of the log, and in which order it is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Newest first, from before this place (none: from the end).
    Back { before: Option<i64>, not_before: i64 },
    /// Oldest first, from after this place, up to and with another (none: to the end).
    Forth { after: i64, up_to: Option<i64> },
}

impl Walk {
    fn order(self) -> &'static str {
        match self {
            Walk::Back { .. } => " ORDER BY sequence DESC NULLS LAST",
            Walk::Forth { .. } => " ORDER BY sequence NULLS FIRST",
        }
    }

    fn within(self, list: List<Entry>) -> List<Entry> {
        match self {
            Walk::Back { before, not_before } => list
                .bind_some(" AND sequence < ", before)
                .bind_some(" AND sequence >= ", (not_before > 0).then_some(not_before)),
            Walk::Forth { after, up_to } => {
                list.bind(" AND sequence > ", after).bind_some(" AND sequence <= ", up_to)
            }
        }
    }
}

impl EventFilter {
    fn environments(&self) -> impl Iterator<Item = Environment> + use<> {
        let only = self.environment;
        Environment::ALL.into_iter().filter(move |one| only.is_none_or(|wanted| wanted == *one))
    }

    /// What is left to ask once an index was chosen.
    fn rest(&self, list: List<Entry>) -> List<Entry> {
        list.bind_some(" AND created_at >= ", self.created_from)
            .bind_some(" AND created_at <= ", self.created_to)
    }

    fn kinds(&self, list: List<Entry>) -> List<Entry> {
        list.bind_all(" AND +kind IN ", self.selection.kinds().map(EventType::code))
    }

    /// By an index that narrows more than the type does.
    fn narrowed(&self, list: List<Entry>, walk: Walk, limit: i64) -> List<Entry> {
        let list = walk.within(self.rest(self.kinds(list)));
        let list = if self.is_commerce_only { list.push(" AND +is_commerce = 1") } else { list };
        list.push(walk.order()).limit(limit)
    }

    /// The whole statement: entries in the order of the walk.
    pub(crate) fn list(&self, walk: Walk, limit: i64) -> List<Entry> {
        let of_merchant = |list: List<Entry>| {
            let list = list.bind(" AND +merchant_id = ", self.merchant_id);
            list.bind_all(" AND +environment IN ", self.environments().map(Environment::code))
        };
        let select = List::new(&select());
        match (self.invoice_id, self.order_id, self.is_commerce_only) {
            (Some(invoice_id), order_id, _) => {
                let list = select.bind(" WHERE invoice_id = ", invoice_id);
                let list = of_merchant(list).bind_some(" AND order_id = ", order_id);
                self.narrowed(list, walk, limit)
            }
            (None, Some(order_id), _) => {
                let list = of_merchant(select.bind(" WHERE order_id = ", order_id));
                self.narrowed(list, walk, limit)
            }
            (None, None, true) => self.branched(walk, limit, |list, environment| {
                let list = list.bind(" WHERE merchant_id = ", self.merchant_id);
                let list = list.bind(" AND environment = ", environment);
                self.kinds(list.push(" AND is_commerce = 1"))
            }),
            (None, None, false) => self.list_by_kind(walk, limit),
        }
    }

    fn list_by_kind(&self, walk: Walk, limit: i64) -> List<Entry> {
        let mut branches = Vec::new();
        for environment in self.environments() {
            branches.extend(self.selection.kinds().map(|kind| (environment, kind)));
        }
        self.united(walk, limit, branches, |list, (environment, kind)| {
            let list = list.bind(" WHERE merchant_id = ", self.merchant_id);
            let list = list.bind(" AND environment = ", environment);
            let list = list.bind(" AND kind = ", kind.code());
            list.push(&format!(" AND kind < {FIRST_NOTICE_CODE}"))
        })
    }

    fn branched(
        &self,
        walk: Walk,
        limit: i64,
        branch: impl Fn(List<Entry>, Environment) -> List<Entry>,
    ) -> List<Entry> {
        self.united(walk, limit, self.environments().collect(), branch)
    }

    /// One sorted and limited branch each, put together: the limits bound what is read. They are
    /// merged by whoever reads: SQLite takes milliseconds for what it reads in microseconds.
    fn united<B>(
        &self,
        walk: Walk,
        limit: i64,
        branches: Vec<B>,
        branch: impl Fn(List<Entry>, B) -> List<Entry>,
    ) -> List<Entry> {
        let mut list = List::new("");
        let is_one = branches.len() == 1;
        for (at, of) in branches.into_iter().enumerate() {
            let union = if at == 0 { "" } else { " UNION ALL " };
            let open = if is_one { String::new() } else { format!("{union}SELECT * FROM (") };
            let whole = walk.within(self.rest(branch(list.push(&(open + &select())), of)));
            list = whole.push(walk.order()).limit(limit);
            if !is_one {
                list = list.push(&format!(") AS branch_{at}"));
            }
        }
        list
    }
}

fn select() -> String {
    format!("SELECT {} FROM log", catalog().log().column_list())
}

/// The columns a follower of events needs who does not look into them.
pub(crate) const HEADINGS: &str = "SELECT sequence, kind, merchant_id, environment, created_at, \
    object_id, order_id FROM log WHERE lane = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

pub(crate) const AT_OR_AFTER: &str = "SELECT sequence, created_at FROM log \
    WHERE lane = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1";

/// How many entries are read by their places with one statement.
const PLACES_MAX: usize = 128;

/// Entries by their places. Always as many of them, the last one again and again: so that there is
/// one text, which an engine plans once.
pub(crate) fn at_places(lane: i64, sequences: &[i64]) -> List<Entry> {
    let last = sequences.last().copied().unwrap_or_default();
    let padding = std::iter::repeat_n(last, PLACES_MAX.saturating_sub(sequences.len()));
    let list = List::new(&select()).bind(" WHERE lane = ", lane);
    list.bind_all(" AND sequence IN ", sequences.iter().copied().chain(padding))
}

/// An entry without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    pub sequence: i64,
    pub kind: domain::event::EntryKind,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub created_at: Timestamp,
    pub object_id: Option<RowKey>,
    pub order_id: Option<RowKey>,
}

impl Store {
    /// Events of one merchant, in the order of the walk.
    pub async fn events(
        &self,
        filter: &EventFilter,
        walk: Walk,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        if filter.selection.is_empty() {
            return Ok(Vec::new());
        }
        let (sql, params) = filter.list(walk, limit).into_parts();
        let mut entries = self.read_entries(&sql, params).await?;
        match walk {
            Walk::Back { .. } => entries.sort_unstable_by_key(|entry| -entry.sequence),
            Walk::Forth { .. } => entries.sort_unstable_by_key(|entry| entry.sequence),
        }
        entries.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(entries)
    }

    /// One entry by its place.
    pub async fn entry(&self, lane: i64, sequence: i64) -> Result<Option<Entry>, StoreError> {
        let found = self.log_after(lane, sequence.saturating_sub(1), 1).await?;
        Ok(found.into_iter().find(|entry| entry.sequence == sequence))
    }

    /// Entries by their places in a lane, in no order; what retention took is not among them.
    pub async fn entries(&self, lane: i64, sequences: &[i64]) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::with_capacity(sequences.len());
        for sequences in sequences.chunks(PLACES_MAX) {
            let (sql, params) = at_places(lane, sequences).into_parts();
            found.extend(self.read_entries(&sql, params).await?);
        }
        Ok(found)
    }

    /// Up to `limit` entries of a lane after a sequence, without what they say.
    pub async fn headings_after(
        &self,
        lane: i64,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<Heading>, StoreError> {
        let int = Kind::Int;
        let kinds = [int, int, int, int, int, Kind::Key, Kind::Key];
        let params = vec![Value::Int(lane), Value::Int(sequence), Value::Int(limit)];
        let rows = self.select_cells(HEADINGS, &kinds, params).await?;
        rows.into_iter().map(heading).collect()
    }

    /// A place in a lane with nothing of `time` or later before it: where to start looking.
    ///
    /// What stands right after it may still be older; the caller compares times.
    pub async fn place_of(&self, lane: i64, time: Timestamp) -> Result<i64, StoreError> {
        let time = time.plus_ms(-DISORDER_MS);
        let (mut low, mut high) = (1, self.log_head(lane).await?.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.first_from(lane, middle).await? {
                Some((sequence, created_at)) if created_at < time => low = sequence + 1,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// A place in a lane with nothing of `time` or earlier from it on: where to stop looking.
    pub async fn place_past(&self, lane: i64, time: Timestamp) -> Result<i64, StoreError> {
        self.place_of(lane, time.plus_ms(2 * DISORDER_MS + 1)).await
    }

    /// The oldest place of a lane that retention has left; past the head if it left nothing.
    pub async fn log_tail(&self, lane: i64) -> Result<i64, StoreError> {
        match self.first_from(lane, 0).await? {
            Some((sequence, _)) => Ok(sequence),
            None => Ok(self.log_head(lane).await?.saturating_add(1)),
        }
    }

    /// The first entry of a lane at or after a place: its own place and time.
    async fn first_from(
        &self,
        lane: i64,
        sequence: i64,
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        let params = vec![Value::Int(lane), Value::Int(sequence)];
        let rows = self.select_cells(AT_OR_AFTER, &[Kind::Int, Kind::Int], params).await?;
        Ok(rows.first().and_then(|row| match row.as_slice() {
            [Value::Int(sequence), Value::Int(created_at)] => {
                Some((*sequence, Timestamp(*created_at)))
            }
            _ => None,
        }))
    }

    /// The lane of a merchant's entries.
    pub fn lane_of(&self, merchant_id: MerchantId) -> i64 {
        crate::commit::lane_of(merchant_id, self.lanes())
    }
}

fn heading(row: Vec<Value>) -> Result<Heading, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "log", key: format!("{row:?}"), column: "kind" };
    let [Value::Int(sequence), Value::Int(kind), Value::Int(merchant_id), rest @ ..] =
        row.as_slice()
    else {
        return Err(corrupt());
    };
    let [Value::Int(environment), Value::Int(created_at), object_id, order_id] = rest else {
        return Err(corrupt());
    };
    Ok(Heading {
        sequence: *sequence,
        kind: domain::event::EntryKind::from_code(*kind).ok_or_else(corrupt)?,
        merchant_id: MerchantId(*merchant_id),
        environment: Environment::from_code(*environment).ok_or_else(corrupt)?,
        created_at: Timestamp(*created_at),
        object_id: maybe_key(object_id),
        order_id: maybe_key(order_id),
    })
}

fn maybe_key(value: &Value) -> Option<RowKey> {
    match value {
        Value::Key(key) => Some(*key),
        Value::Null | Value::Int(_) | Value::Text(_) | Value::Bytes(_) => None,
    }
}
