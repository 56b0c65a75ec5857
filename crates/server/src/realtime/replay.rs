//! Where a stream begins: what `since` comes to, and the pages of the past.
//!
//! An event id stands for its place only if the log still has exactly this event and the caller
//! may see it; everything else is unknown, whether it never was, was swept, or is somebody else's.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::event::{Entry, event_id, parse_event_id};
use domain::time::Timestamp;
use store::{EventFilter, Store, StoreError, Walk};

use crate::realtime::filter::{Plan, Scope, Since};

/// Events of a page while few sockets replay, and while many do.
const PAGE_MAX: i64 = 256;
const PAGE_MIN: i64 = 16;
/// The whole lane is read for as long as one in so many of its entries is wanted.
const WANTED_SHARE: usize = 4;
/// How many sockets may hold large pages.
const LARGE_PAGES_MAX: usize = 64;

/// How far a stream has considered the log.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    pub lane: i64,
    /// Everything up to here was considered.
    pub sequence: i64,
    /// The last event among it that the caller may see: its time and place.
    seen: Option<(Timestamp, i64)>,
}

impl Cursor {
    pub fn consider(&mut self, entry: &Entry) {
        self.sequence = entry.sequence;
        self.seen = Some((entry.entry.created_at, entry.sequence));
    }

    /// The id to come back with.
    pub fn id(&self) -> Option<String> {
        self.seen.map(|(created_at, sequence)| event_id(created_at, self.lane, sequence))
    }
}

/// Where a stream begins.
pub enum Start {
    /// With what happens from now on.
    Live(Cursor),
    /// With the past after a place; of that, only what happened from a moment on.
    After(Cursor, Option<Timestamp>),
    /// With a snapshot.
    Resync(Cursor),
}

impl Start {
    pub fn cursor(&self) -> Cursor {
        match self {
            Start::Live(cursor) | Start::After(cursor, _) | Start::Resync(cursor) => *cursor,
        }
    }
}

/// What `since` comes to in a lane that is told live from `joined_at` on.
pub async fn start(
    store: &Store,
    plan: &Plan,
    lane: i64,
    joined_at: i64,
) -> Result<Start, StoreError> {
    let at = |sequence| Cursor { lane, sequence, seen: None };
    let found = match &plan.since {
        None => None,
        Some(Since::Event(id)) => known(store, &plan.scope, lane, id).await?.map(|entry| {
            let mut cursor = at(entry.sequence);
            cursor.consider(&entry);
            Start::After(cursor, None)
        }),
        Some(Since::Time(time)) => place(store, lane, *time)
            .await?
            .map(|place| Start::After(at((place - 1).min(joined_at)), Some(*time))),
    };
    if let Some(start) = found {
        return Ok(start);
    }
    let mut cursor = at(joined_at);
    let newest = Walk::Back { before: Some(joined_at + 1), not_before: 0 };
    let newest = store.events(&plan.scope.visible(), newest, 1).await?;
    cursor.seen = newest.first().map(|entry| (entry.entry.created_at, entry.sequence));
    Ok(if plan.since.is_some() { Start::Resync(cursor) } else { Start::Live(cursor) })
}

/// The event of that id, if the log has it and the scope sees it.
async fn known(
    store: &Store,
    scope: &Scope,
    lane: i64,
    id: &str,
) -> Result<Option<Entry>, StoreError> {
    match parse_event_id(id) {
        Some((of_lane, sequence)) if of_lane == lane => {
            let entry = store.entry(lane, sequence).await?;
            Ok(entry.filter(|entry| scope.sees(entry) && entry.event_id() == id))
        }
        Some(_) | None => Ok(None),
    }
}

/// A place with nothing of `time` or later before it; none if some of that was swept away.
async fn place(store: &Store, lane: i64, time: Timestamp) -> Result<Option<i64>, StoreError> {
    let tail = store.log_tail(lane).await?;
    if tail > 1 {
        let oldest = store.entry(lane, tail).await?;
        if oldest.is_none_or(|oldest| oldest.entry.created_at > time) {
            return Ok(None);
        }
    }
    store.place_of(lane, time).await.map(Some)
}

/// Pages through the past between a cursor and a place.
pub struct Pages<'a> {
    store: &'a Store,
    plan: &'a Plan,
    filter: EventFilter,
    /// Everything up to here was read.
    position: i64,
    lane: i64,
    up_to: i64,
    way: Way,
    replaying: &'a AtomicUsize,
}

/// How the past is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All of the lane, as it lies there: the fastest while much of it is wanted.
    Whole,
    /// Only what is wanted, by an index.
    Picked,
}

impl<'a> Pages<'a> {
    pub fn new(
        store: &'a Store,
        plan: &'a Plan,
        (from, created_from): (Cursor, Option<Timestamp>),
        up_to: i64,
        replaying: &'a AtomicUsize,
    ) -> Pages<'a> {
        replaying.fetch_add(1, Ordering::Relaxed);
        let filter = EventFilter { created_from, ..plan.events.clone() };
        let is_narrow = filter.invoice_id.is_some() || filter.order_id.is_some();
        let way = if is_narrow || filter.is_commerce_only { Way::Picked } else { Way::Whole };
        let (position, lane) = (from.sequence, from.lane);
        Pages { store, plan, filter, position, lane, up_to, way, replaying }
    }

    /// The next events; none when the past is told. A page may well be empty.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, StoreError> {
        if self.position >= self.up_to {
            return Ok(None);
        }
        let is_crowded = self.replaying.load(Ordering::Relaxed) > LARGE_PAGES_MAX;
        let limit = if is_crowded { PAGE_MIN } else { PAGE_MAX };
        let mut page = match self.way {
            Way::Whole => self.store.log_after(self.lane, self.position, limit).await?,
            Way::Picked => {
                let walk = Walk::Forth { after: self.position, up_to: Some(self.up_to) };
                self.store.events(&self.filter, walk, limit).await?
            }
        };
        let read = page.len();
        self.position = match page.last() {
            Some(last) if read as i64 == limit => last.sequence,
            Some(_) | None => self.up_to,
        };
        if self.way == Way::Whole {
            page.retain(|entry| self.is_meant(entry));
            if page.len() < read / WANTED_SHARE {
                self.way = Way::Picked;
            }
        }
        Ok(Some(page))
    }

    /// What the statement of a picked page asks for.
    fn is_meant(&self, entry: &Entry) -> bool {
        let is_late_enough = |from| entry.entry.created_at >= from;
        entry.sequence <= self.up_to
            && self.plan.scope.sees(entry)
            && self.filter.created_from.is_none_or(is_late_enough)
    }
}

impl Drop for Pages<'_> {
    fn drop(&mut self) {
        self.replaying.fetch_sub(1, Ordering::Relaxed);
    }
}
