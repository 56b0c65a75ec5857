//! One gRPC node: its connection, its bounds, and how it has been lately.
//!
//! The connection is made at the first request, so that a pool can be built anywhere. A node that
//! fails rests; the rest is a timer, so that nothing here reads a clock.
//!
//! Invariant: a node counts as introduced only while the chain it named is ours.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use sui_rpc::Client;
use sui_rpc::client::HeadersInterceptor;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior};
use tonic::metadata::{MetadataKey, MetadataValue};
use url::Url;

use super::choice::Standing;
use super::{Fault, Info};
use crate::chain::NodeHealth;
use crate::rpc::{Endpoint, EndpointError, Limits};

const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(60);

pub(super) struct Node {
    /// Host and port.
    name: String,
    url: String,
    headers: HeadersInterceptor,
    client: OnceLock<Client>,
    permits: Semaphore,
    /// Lets one request pass at a time; made with the first, since it needs a runtime.
    pace: tokio::sync::Mutex<Option<Interval>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures_in_a_row: u32,
    /// A timer that runs while the node rests.
    rest: Option<JoinHandle<()>>,
    is_lagging: bool,
    is_introduced: bool,
    lowest: Option<u64>,
    head: Option<u64>,
    complaint: Option<String>,
}

impl Node {
    pub fn new(endpoint: Endpoint, limits: &Limits) -> Result<Node, EndpointError> {
        let parsed = Url::parse(&endpoint.url).map_err(|_| EndpointError::BadUrl)?;
        let is_web = matches!(parsed.scheme(), "http" | "https");
        // gRPC's paths name its methods: what stood before them would be dropped in silence.
        let is_bare = parsed.path() == "/" && parsed.query().is_none();
        let host = parsed.host_str().filter(|_| is_web && is_bare).ok_or(EndpointError::BadUrl)?;
        let port = parsed.port_or_known_default().ok_or(EndpointError::BadUrl)?;
        Ok(Node {
            name: format!("{host}:{port}"),
            url: endpoint.url.clone(),
            headers: headers(&endpoint.headers)?,
            client: OnceLock::new(),
            permits: Semaphore::new(limits.concurrency_per_node.max(1)),
            pace: tokio::sync::Mutex::new(None),
            state: Mutex::default(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// One request, within the bounds. Waiting for its turn counts as the node being slow.
    pub async fn call<T, F>(&self, limits: &Limits, call: impl Fn(Client) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(Fault::Failed("it is closed"));
        };
        self.pace(limits.requests_per_second_per_node).await;
        let client = self.client(limits)?;
        match tokio::time::timeout(limits.request_timeout, call(client)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(Fault::Failed("it is too slow")),
        }
    }

    pub fn standing(&self) -> Standing {
        let state = self.state();
        Standing {
            is_resting: state.is_resting(),
            is_lagging: state.is_lagging,
            failures_in_a_row: state.failures_in_a_row,
            lowest: state.lowest,
            head: state.head,
        }
    }

    pub fn is_resting(&self) -> bool {
        self.state().is_resting()
    }

    pub fn is_introduced(&self) -> bool {
        self.state().is_introduced
    }

    pub fn introduce(&self, info: &Info) {
        let mut state = self.state();
        state.is_introduced = true;
        state.lowest = Some(info.lowest);
        state.head = Some(info.head);
    }

    /// What it told is of another chain.
    pub fn forget(&self) {
        let mut state = self.state();
        state.is_introduced = false;
        (state.lowest, state.head) = (None, None);
    }

    pub fn succeeded(&self) {
        let mut state = self.state();
        // What was under way when it failed does not cut its rest short.
        if !state.is_resting() {
            state.failures_in_a_row = 0;
            state.rest = None;
        }
    }

    pub fn failed(&self, why: &str) {
        let mut state = self.state();
        // Requests under way at once that fail together are one failure.
        if !state.is_resting() {
            state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
            let doublings = (state.failures_in_a_row - 1).min(16);
            let rest = REST_MIN.saturating_mul(1 << doublings).min(REST_MAX);
            state.rest = Some(tokio::spawn(tokio::time::sleep(rest)));
        }
        state.complaint = Some(why.to_owned());
    }

    pub fn complain(&self, what: String) {
        self.state().complaint = Some(what);
    }

    pub fn lags(&self) {
        let mut state = self.state();
        state.is_lagging = true;
        state.complaint = Some("it lags behind the other nodes".to_owned());
    }

    pub fn keeps_up(&self) {
        let mut state = self.state();
        state.is_lagging = false;
        state.complaint = None;
    }

    pub fn health(&self) -> NodeHealth {
        let state = self.state();
        NodeHealth {
            name: self.name.clone(),
            is_usable: !state.is_resting() && state.is_introduced,
            head: state.head,
            complaint: state.complaint.clone(),
        }
    }

    fn client(&self, limits: &Limits) -> Result<Client, Fault> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = Client::new(self.url.as_str())
            .map_err(|_| Fault::Failed("its URL or the system's TLS cannot be used"))?
            .with_headers(self.headers.clone())
            .with_max_decoding_message_size(limits.body_bytes_max);
        Ok(self.client.get_or_init(|| client).clone())
    }

    async fn pace(&self, requests_per_second: u32) {
        let mut pace = self.pace.lock().await;
        let interval = pace.get_or_insert_with(|| {
            let mut interval =
                tokio::time::interval(Duration::from_secs(1) / requests_per_second.max(1));
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        });
        interval.tick().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_resting(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.is_finished())
    }
}

fn headers(told: &[(String, String)]) -> Result<HeadersInterceptor, EndpointError> {
    let mut headers = HeadersInterceptor::new();
    for (name, value) in told {
        let name =
            MetadataKey::from_bytes(name.as_bytes()).map_err(|_| EndpointError::BadHeader)?;
        let mut value =
            MetadataValue::try_from(value.as_str()).map_err(|_| EndpointError::BadHeader)?;
        value.set_sensitive(true);
        headers.headers_mut().insert(name, value);
    }
    Ok(headers)
}
