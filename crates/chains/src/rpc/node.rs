//! One node: where it is, how it stands, and its turn among the requests to it.
//!
//! A request first waits for one of the few places and then for its share of the rate; how long
//! it may wait is bounded, so that a crowd ends as "too many waiting" and not as a growing queue.
//!
//! Invariant: a status that says the node itself is in trouble never leaves here as an answer.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};

use super::endpoint::{Endpoint, EndpointError, Target};
use super::failure::{Another, Failure, Refusal};
use super::limits::Limits;
use super::pace::Pace;
use super::standing::Standing;
use super::transport::{Body, Reply, Transport};

const TURN_MAX: Duration = Duration::from_secs(30);

pub(super) struct Node {
    pub target: Target,
    standing: Mutex<Standing>,
    pace: Mutex<Pace>,
    places: Semaphore,
}

/// What is asked of a node over HTTP.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Below the URL's path; none for the URL itself.
    pub below: Option<&'a str>,
    pub body: Bytes,
    /// How many calls it counts as.
    pub calls: u32,
}

impl Node {
    pub fn new(endpoint: &Endpoint, limits: &Limits) -> Result<Node, EndpointError> {
        Ok(Node {
            target: Target::parse(endpoint)?,
            standing: Mutex::default(),
            pace: Mutex::new(Pace::new(limits.requests_per_second_per_node)),
            places: Semaphore::new(limits.concurrency_per_node.max(1)),
        })
    }

    pub fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().expect("no panic holds this lock")
    }

    /// The answer, its status 2xx or 4xx.
    pub async fn exchange(&self, transport: &Transport, ask: Ask<'_>) -> Result<Reply, Failure> {
        let request = self.target.request(ask.method, ask.below, Body::new(ask.body));
        let request = request.ok_or_else(|| unsendable("the path cannot be sent"))?;
        let _place = self.turn(ask.calls).await?;
        let reply = transport.exchange(request).await?;
        match reply.status {
            429 => Err(Failure::TooManyRequests { retry_after: reply.retry_after, refusal: None }),
            200..=299 | 400..=499 => Ok(reply),
            status => Err(Failure::Status(status)),
        }
    }

    async fn turn(&self, calls: u32) -> Result<SemaphorePermit<'_>, Failure> {
        let place = timeout(TURN_MAX, self.places.acquire()).await.map_err(|_| Failure::Busy)?;
        let place = place.expect("nobody closes it");
        let at = {
            let mut pace = self.pace.lock().expect("no panic holds this lock");
            pace.take(calls, Instant::now(), TURN_MAX).ok_or(Failure::Busy)?
        };
        sleep_until(at).await;
        Ok(place)
    }
}

/// A request that no node can be asked.
fn unsendable(message: &str) -> Failure {
    let another = Another::WouldRefuseToo;
    Failure::Refused(Refusal { code: 400, message: message.to_owned(), another })
}

/// What an HTTP answer says about why it is none, if it says so in one of the usual ways.
pub(super) fn words(reply: &Reply) -> String {
    #[derive(Deserialize)]
    struct Words {
        message: Option<String>,
        error: Option<serde_json::Value>,
    }
    let words = serde_json::from_slice::<Words>(&reply.body).ok();
    let told = words.and_then(|words| {
        let error = words.error.and_then(|error| {
            let text = error.get("message").unwrap_or(&error).as_str();
            text.map(str::to_owned)
        });
        words.message.or(error)
    });
    told.unwrap_or_else(|| format!("HTTP status {}", reply.status))
}
