//! The hub: reads the log once for all sockets of this process, and hands each event on.
//!
//! Per lane it stands at a position; whoever joins learns it in the same breath, so that all that
//! comes after it arrives through the channel and nothing else does. While nobody listens it reads
//! nothing. A wake-up that is lost costs a second, never an event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use domain::event::{Entry, EntryKind};
use domain::ids::{MerchantId, RowKey};
use domain::stream_holder::may_end_streams;
use store::StoreError;
use tokio::sync::{Notify, broadcast};

use crate::app::{App, Shared};
use crate::realtime::filter::{Scope, StreamKind};

/// How many entries are looked at, and then handed on, before others get their turn.
const BATCH_MAX: i64 = 128;
/// How far the sockets of a merchant may fall behind before they read from the log again.
const MERCHANT_BACKLOG: usize = 512;
/// An invoice has few events.
const INVOICE_BACKLOG: usize = 32;
const POLL: Duration = Duration::from_secs(1);

/// An entry on its way to the sockets; each of an event's texts is written once. A notice has none:
/// it makes a stream look at its own credential.
pub struct Live {
    pub entry: Entry,
    whole: OnceLock<Option<Utf8Bytes>>,
    for_payor: OnceLock<Option<Utf8Bytes>>,
}

impl Live {
    fn new(entry: Entry) -> Live {
        Live { entry, whole: OnceLock::new(), for_payor: OnceLock::new() }
    }

    /// The event as a stream tells it.
    pub fn text(&self, scope: &Scope) -> Option<Utf8Bytes> {
        let place = match scope.kind {
            StreamKind::Merchant | StreamKind::Commerce => &self.whole,
            StreamKind::Payor(_) => &self.for_payor,
        };
        place.get_or_init(|| scope.envelope(&self.entry).map(Utf8Bytes::from)).clone()
    }
}

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Topic {
    Merchant(MerchantId),
    /// One invoice, as its payors follow it.
    Invoice(RowKey),
}

impl Topic {
    fn of(scope: &Scope) -> Topic {
        match scope.kind {
            StreamKind::Merchant | StreamKind::Commerce => Topic::Merchant(scope.merchant_id),
            StreamKind::Payor(invoice) => Topic::Invoice(invoice.key()),
        }
    }

    fn backlog(self) -> usize {
        match self {
            Topic::Merchant(_) => MERCHANT_BACKLOG,
            Topic::Invoice(_) => INVOICE_BACKLOG,
        }
    }
}

type Channel = broadcast::Sender<Arc<Live>>;

#[derive(Default)]
struct Lane {
    /// Everything up to here was handed on; none while nobody listens.
    position: Option<i64>,
    channels: HashMap<Topic, Channel>,
    /// How many sockets listen to anything of a merchant.
    merchants: HashMap<MerchantId, usize>,
    /// Counts merchants who began to listen.
    newcomers: u64,
}

impl Lane {
    fn publish(&self, entry: Entry) {
        let is_for_merchant = match entry.entry.kind {
            EntryKind::Event(kind) => !kind.is_for_payor_only(),
            EntryKind::Notice(_) if may_end_streams(entry.entry.kind) => true,
            EntryKind::Notice(_) => return,
        };
        let by_merchant = is_for_merchant
            .then(|| self.channels.get(&Topic::Merchant(entry.entry.merchant_id)))
            .flatten();
        let invoice = entry.entry.subject.invoice_id;
        let by_invoice = invoice.and_then(|id| self.channels.get(&Topic::Invoice(id)));
        if by_merchant.is_none() && by_invoice.is_none() {
            return;
        }
        let live = Arc::new(Live::new(entry));
        for channel in by_merchant.into_iter().chain(by_invoice) {
            // Nobody may be left to hear it.
            let _ = channel.send(live.clone());
        }
    }
}

pub struct Hub {
    lanes: Arc<[Mutex<Lane>]>,
    joined: Notify,
    is_running: AtomicBool,
    /// Counts entries that may end streams, for those that do not listen while they replay.
    endings: AtomicU64,
}

/// One socket's ear; it listens until it is dropped.
pub struct Subscription {
    pub receiver: broadcast::Receiver<Arc<Live>>,
    /// All that comes after this arrives through the receiver.
    pub joined_at: i64,
    pub lane: i64,
    topic: Topic,
    merchant_id: MerchantId,
    lanes: Arc<[Mutex<Lane>]>,
}

impl Hub {
    pub fn new(lanes: i64) -> Hub {
        Hub {
            lanes: (0..lanes.max(1)).map(|_| Mutex::default()).collect(),
            joined: Notify::new(),
            is_running: AtomicBool::new(false),
            endings: AtomicU64::new(0),
        }
    }

    /// Listens to what a scope is about, from the hub's position on.
    pub async fn join(&self, app: &Shared, scope: &Scope) -> Result<Subscription, StoreError> {
        let lane = app.store.lane_of(scope.merchant_id);
        let mut head = None;
        loop {
            if let Some(mut subscription) = self.join_at(lane, scope, head) {
                self.start(app);
                // The hub may be a little behind; what was committed before counts as the past.
                let head = app.store.log_head(lane).await?;
                subscription.joined_at = subscription.joined_at.max(head);
                return Ok(subscription);
            }
            // Nobody listens to this lane: the hub begins where the log ends.
            head = Some(app.store.log_head(lane).await?);
        }
    }

    fn join_at(&self, lane: i64, scope: &Scope, head: Option<i64>) -> Option<Subscription> {
        let mut state = lock(&self.lanes, lane);
        let position = state.position.or(head)?;
        state.position = Some(position);
        let topic = Topic::of(scope);
        let new = || broadcast::Sender::new(topic.backlog());
        let receiver = state.channels.entry(topic).or_insert_with(new).subscribe();
        let sockets = state.merchants.entry(scope.merchant_id).or_default();
        *sockets += 1;
        if *sockets == 1 {
            state.newcomers += 1;
        }
        Some(Subscription {
            receiver,
            joined_at: position,
            lane,
            topic,
            merchant_id: scope.merchant_id,
            lanes: self.lanes.clone(),
        })
    }

    /// How many entries that may end streams were handed on.
    pub fn endings(&self) -> u64 {
        self.endings.load(Ordering::SeqCst)
    }

    fn start(&self, app: &Shared) {
        if !self.is_running.swap(true, Ordering::SeqCst) {
            app.tasks.spawn(run(app.clone()));
        }
        self.joined.notify_one();
    }
}

impl Subscription {
    /// Listens from the hub's position on again, after it could not keep up.
    pub fn join_again(&mut self) {
        let state = lock(&self.lanes, self.lane);
        if let (Some(channel), Some(position)) = (state.channels.get(&self.topic), state.position) {
            self.receiver = channel.subscribe();
            self.joined_at = position;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = lock(&self.lanes, self.lane);
        // This one's receiver still counts here.
        if state.channels.get(&self.topic).is_some_and(|channel| channel.receiver_count() <= 1) {
            state.channels.remove(&self.topic);
        }
        match state.merchants.get_mut(&self.merchant_id) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(state.merchants.remove(&self.merchant_id)),
        }
        if state.channels.is_empty() {
            state.position = None;
        }
    }
}

fn lock(lanes: &[Mutex<Lane>], lane: i64) -> MutexGuard<'_, Lane> {
    let at = usize::try_from(lane).unwrap_or(0).min(lanes.len() - 1);
    lanes[at].lock().expect("no panic holds this lock")
}

/// Whether a lane was read up to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    All,
    More,
}

/// Reads on whenever something was committed, for as long as the house stands.
async fn run(app: Shared) {
    let mut committed = app.store.committed();
    let mut is_failing = false;
    while !app.stop.is_cancelled() {
        committed.mark_unchanged();
        let read = read_lanes(&app).await;
        if let (Err(error), false) = (&read, is_failing) {
            tracing::warn!(%error, "the streams cannot read the log");
        }
        is_failing = read.is_err();
        if matches!(read, Ok(Read::More)) {
            tokio::task::yield_now().await;
            continue;
        }
        let wake = async {
            if is_failing {
                std::future::pending::<()>().await;
            }
            let _ = committed.changed().await;
        };
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.realtime.hub.joined.notified() => {}
            () = wake => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn read_lanes(app: &App) -> Result<Read, StoreError> {
    let lanes = &app.realtime.hub.lanes;
    let mut read = Read::All;
    for lane in (0_i64..).take(lanes.len()) {
        if read_lane(app, lanes, lane).await? == Read::More {
            read = Read::More;
        }
    }
    Ok(read)
}

/// Looks at the next entries of a lane, and reads what they say only if somebody listens.
async fn read_lane(app: &App, lanes: &[Mutex<Lane>], lane: i64) -> Result<Read, StoreError> {
    let Some(position) = lock(lanes, lane).position else { return Ok(Read::All) };
    let headings = app.store.headings_after(lane, position, BATCH_MAX).await?;
    let Some(last) = headings.last().map(|heading| heading.sequence) else {
        return Ok(Read::All);
    };
    let (heard, newcomers) = {
        let state = lock(lanes, lane);
        let is_heard = |id: &MerchantId| state.merchants.contains_key(id);
        let heard = headings.iter().filter(|heading| is_heard(&heading.merchant_id));
        (heard.map(|heading| heading.sequence).collect::<Vec<_>>(), state.newcomers)
    };
    let mut entries = match (heard.first(), heard.last()) {
        (Some(first), Some(last)) => app.store.log_after(lane, first - 1, last - first + 1).await?,
        _ => Vec::new(),
    };
    if lock(lanes, lane).newcomers != newcomers {
        // Somebody joined at the position before these, whose merchant was passed over.
        entries = app.store.log_after(lane, position, last - position).await?;
    }
    let mut state = lock(lanes, lane);
    for entry in entries {
        if may_end_streams(entry.entry.kind) {
            app.realtime.hub.endings.fetch_add(1, Ordering::SeqCst);
        }
        state.publish(entry);
    }
    if let Some(position) = &mut state.position {
        *position = last.max(*position);
    }
    Ok(if headings.len() as i64 == BATCH_MAX { Read::More } else { Read::All })
}
