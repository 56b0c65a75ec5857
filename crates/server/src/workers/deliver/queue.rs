//! One endpoint's queue in memory: what is ready to go, what is on its way, and how it fares.
//!
//! The database holds the queue; this is its front. An endpoint that answers gets more at once, up
//! to its bound; one that does not answer, or only slowly, gets less, and is counted among the slow
//! ones, which together never take all there is.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::ids::RowKey;
use store::QueuePlace;
use tokio::time::Instant;

use crate::workers::deliver::attempt::{Job, Tried};
use crate::workers::deliver::fill::Filled;
use crate::workers::deliver::opened::Opened;

const WINDOW_FIRST: usize = 4;
const BATCH_FIRST: usize = 32;
const BATCH_MAX: usize = 512;
const BATCH_SLOW: usize = 8;
/// Who takes longer to answer is slow.
const SLOW: Duration = Duration::from_secs(1);
/// How often a queue is read from its beginning, where what was asked for by hand may lie.
const FROM_START_EVERY: Duration = Duration::from_secs(1);
/// Who did not answer so often in a row is tried a little at a time: it costs others nothing.
const SILENT_MAX: u32 = 8;
const SILENT_PAUSE: Duration = Duration::from_millis(50);
/// A batch that lasted no longer than this was too small.
const BATCH_LASTS: Duration = Duration::from_millis(500);

pub(super) struct Queue {
    pub opened: Option<Arc<Opened>>,
    pub ready: VecDeque<Job>,
    /// Ready, on their way, or not recorded yet: not to be taken again.
    pub claimed: HashSet<RowKey>,
    pub in_flight: usize,
    pub window: usize,
    pub window_max: usize,
    pub is_slow: bool,
    /// Something may wait in the database.
    pub wants_look: bool,
    pub is_filling: bool,
    /// Whether the sender's round has it on its list.
    pub is_listed: bool,
    /// How often in a row no answer came.
    silent: u32,
    paused_until: Option<Instant>,
    place: Option<QueuePlace>,
    from_start_at: Option<Instant>,
    batch: usize,
    filled_at: Option<Instant>,
}

impl Queue {
    pub fn new(window_max: usize) -> Queue {
        Queue {
            opened: None,
            ready: VecDeque::new(),
            claimed: HashSet::new(),
            in_flight: 0,
            window: WINDOW_FIRST.min(window_max),
            window_max,
            is_slow: false,
            wants_look: false,
            is_filling: false,
            is_listed: false,
            silent: 0,
            paused_until: None,
            place: None,
            from_start_at: None,
            batch: BATCH_FIRST,
            filled_at: None,
        }
    }

    pub fn can_start(&self) -> bool {
        let is_paused = self.paused_until.is_some();
        !is_paused && !self.ready.is_empty() && self.in_flight < self.window
    }

    /// Whether it is time to read on, so that what is ready never runs out before more is.
    pub fn can_fill(&self) -> bool {
        self.wants_look && !self.is_filling && self.ready.len() <= self.window
    }

    pub fn is_idle(&self) -> bool {
        !self.wants_look && !self.is_filling && self.claimed.is_empty()
    }

    /// From where and how much is read next.
    pub fn begin_fill(&mut self, now: Instant) -> (Option<QueuePlace>, usize) {
        (self.wants_look, self.is_filling) = (false, true);
        let is_time = |at: Instant| now.saturating_duration_since(at) >= FROM_START_EVERY;
        if self.filled_at.is_none() && self.from_start_at.is_none_or(is_time) {
            self.place = None;
        }
        if self.place.is_none() {
            self.from_start_at = Some(now);
        }
        let was_quick = |at: Instant| now.saturating_duration_since(at) < BATCH_LASTS;
        self.batch = match self.filled_at {
            _ if self.is_slow => BATCH_SLOW,
            Some(at) if was_quick(at) => (self.batch * 2).clamp(BATCH_FIRST, BATCH_MAX),
            Some(_) | None => self.batch.max(BATCH_FIRST),
        };
        (self.place, self.batch)
    }

    pub fn filled(&mut self, filled: Filled, now: Instant) {
        self.is_filling = false;
        self.wants_look |= filled.is_full;
        // What was full is read on from; what was not may have gained something at its beginning.
        self.filled_at = filled.is_full.then_some(now);
        if filled.opened.is_none() {
            self.drop_ready();
        }
        self.opened = filled.opened;
        self.place = filled.place.or(self.place);
        for job in filled.jobs {
            self.claimed.insert(job.delivery.key());
            self.ready.push_back(job);
        }
    }

    /// Leaves to others what was not begun.
    pub fn drop_ready(&mut self) {
        for job in self.ready.drain(..) {
            self.claimed.remove(&job.delivery.key());
        }
        self.place = None;
    }

    /// What one attempt says about how many there may be; some time: none before then.
    pub fn fared(&mut self, tried: &Tried, took: Duration) -> Option<Instant> {
        let has_answered = match tried {
            Tried::Seen(seen) => seen.outcome.status().is_some(),
            Tried::EndpointOff | Tried::NotNow => return None,
        };
        self.silent = if has_answered { 0 } else { self.silent.saturating_add(1) };
        self.is_slow = !has_answered || took >= SLOW;
        if !has_answered {
            self.window = (self.window / 2).max(1);
        } else if took < SLOW {
            self.window = (self.window + 1).min(self.window_max);
        }
        if self.silent < SILENT_MAX || self.paused_until.is_some() {
            return None;
        }
        self.paused_until = Some(Instant::now() + SILENT_PAUSE);
        self.paused_until
    }

    pub fn resume(&mut self) {
        self.paused_until = None;
    }

    /// Nothing is left of it here: the next look begins at the beginning.
    pub fn rest(&mut self) {
        (self.place, self.filled_at) = (None, None);
    }
}
