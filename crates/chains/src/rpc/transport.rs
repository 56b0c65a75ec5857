//! HTTP to the nodes of one network: HTTP/1.1 and HTTP/2 over connections that are used again.
//!
//! Redirects are not followed, for they would carry the operator's headers elsewhere.
//!
//! Invariant: one exchange takes at most the time and the bytes it is given.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::limits::Limits;
use super::wire::Connector;

const IDLE_MAX: Duration = Duration::from_secs(30);

/// A shared connection of HTTP/2 whose other end is gone is found out by asking for a sign of life.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(10);
const SIGN_OF_LIFE_MAX: Duration = Duration::from_secs(5);

/// Room made for an answer by its announced length alone.
const ANNOUNCED_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) type Body = Full<Bytes>;

pub(super) struct Transport {
    client: Client<Connector, Body>,
    time_max: Duration,
    body_bytes_max: usize,
}

/// An answer with its whole body.
pub(super) struct Reply {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
    /// From the request to the answer's head.
    pub round_trip: Duration,
}

impl Transport {
    pub fn new(limits: &Limits, roots: RootCertStore) -> Transport {
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(limits.concurrency_per_node)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(SIGN_OF_LIFE_EVERY)
            .http2_keep_alive_timeout(SIGN_OF_LIFE_MAX)
            .build(Connector::new(roots));
        Transport {
            client,
            time_max: limits.request_timeout,
            body_bytes_max: limits.body_bytes_max,
        }
    }

    pub async fn exchange(&self, request: Request<Body>) -> Result<Reply, Failure> {
        let began = Instant::now();
        let until = began + self.time_max;
        let response = timeout_at(until, self.client.request(request)).await;
        let response = response.map_err(|_| Failure::TimedOut)?.map_err(|error| why(&error))?;
        let round_trip = began.elapsed();
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = timeout_at(until, self.body(response)).await;
        let body = body.map_err(|_| Failure::TimedOut)??;
        Ok(Reply { status, retry_after, body, round_trip })
    }

    async fn body(&self, response: Response<Incoming>) -> Result<Bytes, Failure> {
        let mut incoming = response.into_body();
        // What is announced is not believed beyond the bound, and spares moving a large answer.
        let announced = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX);
        let mut body = BytesMut::with_capacity(announced.min(ANNOUNCED_BYTES_MAX));
        while let Some(frame) = incoming.frame().await {
            // What is no data is trailers, which say nothing to us.
            let Ok(piece) = frame.map_err(|_| Failure::Broken)?.into_data() else { continue };
            if body.len() + piece.len() > self.body_bytes_max {
                return Err(Failure::TooLarge(self.body_bytes_max));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }
}

/// In whole seconds; the header's other form is a date, which would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The connector's own word if it has one.
fn why(error: &Error) -> Failure {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(failure) = inner.downcast_ref::<Failure>() {
            return failure.clone();
        }
        source = inner.source();
    }
    if error.is_connect() { Failure::Unreachable } else { Failure::Broken }
}
