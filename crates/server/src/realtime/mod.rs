//! Realtime: events told to whoever holds a socket open, in the order of the log.
//!
//! A stream is a cursor in the log. What lies behind the place where it joined is read from the
//! store, what comes after arrives through the hub, and the cursor skips what both would tell: so
//! there is neither a gap nor a duplicate. Nothing is kept for a client that is not connected, and
//! one that reads too slowly is cut: it comes back with `since`.

pub mod filter;
pub mod frames;
pub mod grant;
pub mod hub;
mod replay;
mod resync;
pub mod seats;
pub mod socket;
pub mod wire;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::config::Config;
use crate::metrics::Metrics;
use hub::Hub;
use seats::Seats;

/// What all sockets of this process share.
pub struct Realtime {
    pub hub: Hub,
    pub seats: Seats,
    frames: AtomicU64,
    cut: AtomicU64,
    /// How many sockets replay right now.
    replaying: AtomicUsize,
}

impl Realtime {
    pub fn new(config: &Config, lanes: i64) -> Realtime {
        Realtime {
            hub: Hub::new(lanes),
            seats: Seats::new(config),
            frames: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            replaying: AtomicUsize::new(0),
        }
    }

    fn count_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Brings the metrics up to date.
    pub fn measure(&self, metrics: &Metrics) {
        let taken = i64::try_from(self.seats.taken()).unwrap_or(i64::MAX);
        metrics.set("pepay_ws_connections", taken);
        metrics.add("pepay_ws_frames_total", self.frames.swap(0, Ordering::Relaxed));
        metrics.add("pepay_ws_cut_total", self.cut.swap(0, Ordering::Relaxed));
    }
}
