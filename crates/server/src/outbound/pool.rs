//! Connections that wait to be used again: bounded for each origin, in all, and in time.
//!
//! A line of HTTP/1.1 carries one request at a time and needs no task of its own: whoever uses it
//! moves it along. A line of HTTP/2 carries many; it ends when nobody holds on to it any more. None
//! is used for long, busy as it may be: a receiver that moves to other addresses is followed there.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::target::Origin;
use super::wire::Wire;

const IDLE_PER_ORIGIN_MAX: usize = 64;
const IDLE_MAX: usize = 2_048;
const IDLE_FOR: Duration = Duration::from_secs(20);
const SWEEP_EVERY: Duration = Duration::from_secs(1);

pub(super) type Body = Full<Bytes>;

/// A connection of HTTP/1.1, and what moves it along.
pub(super) struct Line1 {
    pub made_at: Instant,
    pub sender: http1::SendRequest<Body>,
    pub connection: Pin<Box<http1::Connection<TokioIo<Wire>, Body>>>,
}

impl Line1 {
    /// Whether another request can go over it, as far as can be seen from here.
    pub fn is_open(&mut self) -> bool {
        let has_ended = self.connection.as_mut().now_or_never().is_some();
        !has_ended && self.sender.is_ready()
    }
}

pub(super) type Line2 = http2::SendRequest<Body>;

pub(super) enum Line {
    One(Box<Line1>),
    Two(Line2),
}

#[derive(Default)]
struct Lines {
    /// The last one is the one used last.
    ones: Vec<(Instant, Box<Line1>)>,
    two: Option<Shared>,
}

/// A line of HTTP/2 that others may use.
struct Shared {
    made_at: Instant,
    used_at: Instant,
    line: Line2,
}

#[derive(Default)]
struct Idle {
    origins: HashMap<Origin, Lines>,
    /// Lines of HTTP/1.1 in all.
    ones: usize,
    swept_at: Option<Instant>,
}

pub(super) struct Pool {
    idle: Mutex<Idle>,
    age_max: Duration,
}

impl Pool {
    /// Of lines that are used for so long after they were made.
    pub fn new(age_max: Duration) -> Pool {
        Pool { idle: Mutex::default(), age_max }
    }

    fn is_young(&self, made_at: Instant, now: Instant) -> bool {
        now - made_at < self.age_max
    }

    /// A line to this origin that was still open when it was looked at.
    pub fn take(&self, origin: &Origin) -> Option<Line> {
        let now = Instant::now();
        loop {
            let mut line = {
                let mut idle = self.idle.lock().expect("no panic holds this lock");
                let lines = idle.origins.get_mut(origin)?;
                if let Some(shared) = &mut lines.two {
                    if !shared.line.is_closed() && self.is_young(shared.made_at, now) {
                        shared.used_at = now;
                        return Some(Line::Two(shared.line.clone()));
                    }
                    lines.two = None;
                }
                let (_, line) = lines.ones.pop()?;
                idle.ones -= 1;
                line
            };
            if self.is_young(line.made_at, now) && line.is_open() {
                return Some(Line::One(line));
            }
        }
    }

    /// Keeps a line that is done with its request; one too many is closed.
    pub fn keep(&self, origin: &Origin, mut line: Box<Line1>) {
        let now = Instant::now();
        if !self.is_young(line.made_at, now) || !line.is_open() {
            return;
        }
        let mut idle = self.idle.lock().expect("no panic holds this lock");
        idle.sweep(now);
        if idle.ones >= IDLE_MAX {
            return;
        }
        let lines = idle.lines(origin);
        if lines.ones.len() < IDLE_PER_ORIGIN_MAX {
            lines.ones.push((now, line));
            idle.ones += 1;
        }
    }

    /// Lets others use this line from now on.
    pub fn share(&self, origin: &Origin, line: &Line2) {
        let now = Instant::now();
        let mut idle = self.idle.lock().expect("no panic holds this lock");
        idle.sweep(now);
        if idle.origins.len() < IDLE_MAX {
            let shared = Shared { made_at: now, used_at: now, line: line.clone() };
            idle.lines(origin).two = Some(shared);
        }
    }

    /// Gives up the line that is shared: the next request makes a new one.
    pub fn drop_shared(&self, origin: &Origin) {
        let mut idle = self.idle.lock().expect("no panic holds this lock");
        if let Some(lines) = idle.origins.get_mut(origin) {
            lines.two = None;
        }
    }

    /// Closes what nobody used for a while.
    pub fn sweep(&self) {
        self.idle.lock().expect("no panic holds this lock").sweep(Instant::now());
    }
}

impl Idle {
    fn lines(&mut self, origin: &Origin) -> &mut Lines {
        if !self.origins.contains_key(origin) {
            self.origins.insert(origin.clone(), Lines::default());
        }
        self.origins.get_mut(origin).expect("it was put in just now")
    }

    fn sweep(&mut self, now: Instant) {
        if self.swept_at.is_some_and(|swept_at| now - swept_at < SWEEP_EVERY) {
            return;
        }
        self.swept_at = Some(now);
        let is_fresh = |used_at: Instant| now - used_at < IDLE_FOR;
        self.origins.retain(|_, lines| {
            lines.ones.retain(|(used_at, _)| is_fresh(*used_at));
            lines.two.take_if(|two| !is_fresh(two.used_at) || two.line.is_closed());
            !lines.ones.is_empty() || lines.two.is_some()
        });
        self.ones = self.origins.values().map(|lines| lines.ones.len()).sum();
    }
}
