//! Receivers of webhooks: what a merchant's own server would be, at next to no cost.
//!
//! A sink shares the processors with the server it hears, so it counts, takes the time and
//! nothing else; bytes are only looked at where `Keep` asks for it. An event is known by the
//! number in its id, and counts as arrived once it was answered 2xx: once, however often it came.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::fresh;
use crate::histogram::Histogram;

const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Numbers beyond are not of a bench's log; they would only take memory.
const PLACES_MAX: u64 = 1 << 28;
/// The last digits of an event's number are its lane.
const LANES_MAX: u64 = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 200 at once.
    Fast,
    /// 200 after a while.
    Slow(Duration),
    /// 500 to every tenth event, the first time that it comes.
    FailingATenth,
    /// Takes everything and answers nothing.
    Hanging,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Counts,
    /// What arrived under each id, as a digest, so that bytes can be compared.
    Digests,
}

pub struct Sink {
    address: SocketAddr,
    arrivals: Arc<Arrivals>,
    serving: AbortHandle,
}

impl Sink {
    pub async fn start(manner: Manner, keep: Keep) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let arrivals = Arc::new(Arrivals { manner, keep, ..Arrivals::default() });
        let serving = tokio::spawn(serve(listener, arrivals.clone())).abort_handle();
        Ok(Self { address, arrivals, serving })
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Different events that arrived.
    pub fn arrived(&self) -> u64 {
        self.arrivals.arrived.load(Ordering::Relaxed)
    }

    /// Returns once so many different events have arrived; gives up when nothing new comes.
    pub async fn expect(&self, wanted: u64, patience: Duration) -> Result<()> {
        let (mut known, mut since) = (self.arrived(), fresh::now());
        while known < wanted {
            if since.elapsed() > patience {
                bail!("{known} of {wanted} events were delivered, then none for {patience:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
            let arrived = self.arrived();
            if arrived > known {
                (known, since) = (arrived, fresh::now());
            }
        }
        Ok(())
    }

    /// What came since the last look, and a new beginning.
    pub fn take(&self) -> Heard {
        let mut heard = self.arrivals.heard();
        self.arrivals.arrived.store(0, Ordering::Relaxed);
        std::mem::take(&mut *heard)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What a sink knows of what it heard.
pub struct Heard {
    /// By place in the log: did it arrive?
    places: Vec<u64>,
    /// By place in the log: was it answered 500 once?
    failed_once: Vec<u64>,
    /// From the moment in an event's id to its first arrival; whole milliseconds.
    pub latencies: Histogram,
    pub last_at: Option<Instant>,
    /// Arrivals of what had arrived before.
    pub repeated: u64,
    /// Requests that were answered 500.
    pub failed: u64,
    /// Requests without a good event id, and events that came again with other bytes.
    pub wrong: u64,
    /// Digests of bodies by event id; only where they are kept.
    pub digests: HashMap<String, u64>,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            failed_once: Vec::new(),
            latencies: Histogram::new(),
            last_at: None,
            repeated: 0,
            failed: 0,
            wrong: 0,
            digests: HashMap::new(),
        }
    }
}

struct Arrivals {
    manner: Manner,
    keep: Keep,
    arrived: AtomicU64,
    heard: Mutex<Heard>,
}

impl Default for Arrivals {
    fn default() -> Self {
        let (manner, keep) = (Manner::Fast, Keep::Counts);
        Self { manner, keep, arrived: AtomicU64::new(0), heard: Mutex::default() }
    }
}

impl Arrivals {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Counts stay true whoever panicked beside them.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> StatusCode {
        match self.manner {
            Manner::Hanging => return std::future::pending().await,
            Manner::Slow(pause) => tokio::time::sleep(pause).await,
            Manner::Fast | Manner::FailingATenth => {}
        }
        let (head, mut body) = request.into_parts();
        let mut digest = DefaultHasher::new();
        while let Some(Ok(frame)) = body.frame().await {
            if let (Keep::Digests, Some(bytes)) = (self.keep, frame.data_ref()) {
                digest.write(bytes);
            }
        }
        let mut heard = self.heard();
        let Some(event) = EventId::of(&head.headers) else {
            heard.wrong += 1;
            return StatusCode::BAD_REQUEST;
        };
        let is_to_fail = self.manner == Manner::FailingATenth && is_of_a_tenth(event.place);
        if is_to_fail && mark(&mut heard.failed_once, event.place) {
            heard.failed += 1;
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        if self.keep == Keep::Digests {
            let digest = digest.finish();
            let known = *heard.digests.entry(event.text.to_owned()).or_insert(digest);
            heard.wrong += u64::from(known != digest);
        }
        if mark(&mut heard.places, event.place) {
            let late_ms = fresh::unix_ms().saturating_sub(event.created_ms);
            heard.latencies.record(Duration::from_millis(u64::try_from(late_ms).unwrap_or(0)));
            heard.last_at = Some(fresh::now());
            self.arrived.fetch_add(1, Ordering::Relaxed);
        } else {
            heard.repeated += 1;
        }
        StatusCode::OK
    }
}

/// The digest that `Keep::Digests` has of these bytes.
pub fn digest_of(bytes: &[u8]) -> u64 {
    let mut digest = DefaultHasher::new();
    digest.write(bytes);
    digest.finish()
}

/// Scattered, for the places of one type of event may have a step.
fn is_of_a_tenth(place: u64) -> bool {
    (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(10)
}

/// Sets a bit; true if it was not set.
fn mark(bits: &mut Vec<u64>, place: u64) -> bool {
    let word = (place / 64) as usize;
    if word >= bits.len() {
        bits.resize((word + 1).next_power_of_two(), 0);
    }
    let bit = 1 << (place % 64);
    let is_new = bits[word] & bit == 0;
    bits[word] |= bit;
    is_new
}

/// `evt_<ms>-<number>`, the number being the place in the log and the lane.
struct EventId<'a> {
    text: &'a str,
    created_ms: i64,
    place: u64,
}

impl<'a> EventId<'a> {
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        Self::parse(headers.get("x-pepay-event-id")?.to_str().ok()?)
    }

    fn parse(text: &'a str) -> Option<Self> {
        let (ms, number) = text.strip_prefix("evt_")?.split_once('-')?;
        let place = number.parse::<u64>().ok()? / LANES_MAX;
        let created_ms = ms.parse().ok()?;
        (place < PLACES_MAX).then_some(Self { text, created_ms, place })
    }
}

/// The milliseconds in the id of an event that begins this text.
pub fn created_ms(envelope: &[u8]) -> Option<i64> {
    let rest = envelope.strip_prefix(br#"{"id":"evt_"#)?;
    let digits = &rest[..rest.iter().position(|byte| *byte == b'-')?];
    str::from_utf8(digits).ok()?.parse().ok()
}

async fn serve(listener: TcpListener, arrivals: Arc<Arrivals>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _from)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        while connections.try_join_next().is_some() {}
        let arrivals = arrivals.clone();
        connections.spawn(async move {
            let service = service_fn(|request| {
                let arrivals = arrivals.clone();
                async move {
                    let mut answer = Response::new(Empty::<Bytes>::new());
                    *answer.status_mut() = arrivals.answer(request).await;
                    Ok::<_, Infallible>(answer)
                }
            });
            // A sender that goes away in the middle is one of the things that are measured.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_a_moment_and_a_place() {
        let id = EventId::parse("evt_1766320496123-4100").unwrap();
        assert_eq!((id.created_ms, id.place), (1_766_320_496_123, 41));
        assert!(EventId::parse("evt_1766320496123").is_none());
        assert_eq!(created_ms(br#"{"id":"evt_1766320496123-4100","#), Some(1_766_320_496_123));
        assert_eq!(created_ms(br#"{"object":"ws_control"}"#), None);
    }

    #[test]
    fn a_place_is_new_once() {
        let mut bits = Vec::new();
        assert!(mark(&mut bits, 1_000));
        assert!(!mark(&mut bits, 1_000));
        assert!(mark(&mut bits, 1_001));
    }
}
