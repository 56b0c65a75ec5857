//! Several nodes as one: what a network's code asks through, and what is told of their health.
//!
//! How a request travels is in `round`, how a node stands in `standing`; here are the questions
//! themselves: JSON-RPC, alone and in batches, and JSON over GET and POST.
//!
//! Invariant: every answer that is given back was read whole and had the shape that was asked for;
//! what failed on the way is noted with the node that failed.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use hyper::Method;
use rustls::RootCertStore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::RpcError;
use super::endpoint::{Endpoint, EndpointError};
use super::failure::{Another, Failure, Refusal, refused_status};
use super::heads::{Agreed, Agreement};
use super::json_rpc::{self, Batch, CALLS_PER_BATCH_MAX};
use super::limits::Limits;
use super::node::{Ask, Node, words};
use super::round::{Round, refused};
use super::standing::Place;
use super::transport::{Reply, Transport};
use crate::chain::NodeHealth;

/// The nodes of one network of one environment.
pub struct Nodes {
    nodes: Vec<Node>,
    transport: Transport,
    limits: Limits,
    /// The node that answered last.
    current: AtomicUsize,
    next_id: AtomicU64,
    agreement: Agreement,
}

/// One of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub usize);

/// An answer, and how long its node took to begin it.
struct Timed<T> {
    answer: T,
    round_trip: Duration,
}

impl Nodes {
    /// The public certificate authorities are trusted.
    pub fn new(endpoints: Vec<Endpoint>, limits: Limits) -> Result<Nodes, EndpointError> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Nodes::trusting(roots, endpoints, limits)
    }

    /// These certificate authorities are trusted.
    pub fn trusting(
        roots: RootCertStore,
        endpoints: Vec<Endpoint>,
        limits: Limits,
    ) -> Result<Nodes, EndpointError> {
        if endpoints.is_empty() {
            return Err(EndpointError::None);
        }
        let nodes = endpoints.iter().map(|endpoint| Node::new(endpoint, &limits));
        Ok(Nodes {
            nodes: nodes.collect::<Result<_, _>>()?,
            transport: Transport::new(&limits, roots),
            limits,
            current: AtomicUsize::new(0),
            next_id: AtomicU64::new(1),
            agreement: Agreement::default(),
        })
    }

    /// One JSON-RPC call.
    pub async fn json_rpc<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T, RpcError> {
        self.json_rpc_told(method, params).await.map(|(_, answer)| answer)
    }

    /// One JSON-RPC call, and which node answered it, so that it can be complained about.
    pub async fn json_rpc_told<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<(NodeId, T), RpcError> {
        let params = written(&params)?;
        let mut round = self.round();
        while let Some((at, node)) = round.next().await {
            match self.noted(node, self.call(node, method, &params).await) {
                Ok(told) => return Ok((round.answered(at), told.answer)),
                Err(failure) => round.failed(at, failure)?,
            }
        }
        Err(round.end())
    }

    /// Many JSON-RPC calls of one method, in as few requests as the node takes; results in order.
    pub async fn json_rpc_batch<T: DeserializeOwned, P: Serialize>(
        &self,
        method: &str,
        params: &[P],
    ) -> Result<Vec<T>, RpcError> {
        let params = params.iter().map(written).collect::<Result<Vec<_>, _>>()?;
        let mut answers = Vec::with_capacity(params.len());
        for some in params.chunks(CALLS_PER_BATCH_MAX) {
            answers.extend(self.some_calls(method, some).await?);
        }
        Ok(answers)
    }

    /// GET below the URL's path; none if the answer is 404.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path_and_query: &str,
    ) -> Result<Option<T>, RpcError> {
        self.get_told(path_and_query).await.map(|(_, answer)| answer)
    }

    /// GET below the URL's path, and which node answered it, so that it can be complained about.
    pub async fn get_told<T: DeserializeOwned>(
        &self,
        path_and_query: &str,
    ) -> Result<(NodeId, Option<T>), RpcError> {
        let mut round = self.round();
        while let Some((at, node)) = round.next().await {
            match self.noted(node, self.got(node, path_and_query).await) {
                Ok(told) => return Ok((round.answered(at), told.answer)),
                Err(failure) => round.failed(at, failure)?,
            }
        }
        Err(round.end())
    }

    /// POST of JSON below the URL's path.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path_and_query: &str,
        body: impl Serialize,
    ) -> Result<T, RpcError> {
        let body = Bytes::from(String::from(Box::<str>::from(written(&body)?)));
        let mut round = self.round();
        while let Some((at, node)) = round.next().await {
            match self.noted(node, self.posted(node, path_and_query, &body).await) {
                Ok(answer) => {
                    round.answered(at);
                    return Ok(answer);
                }
                Err(failure) => round.failed(at, failure)?,
            }
        }
        Err(round.end())
    }

    /// Every usable node's own answer to one JSON-RPC call, in the order of the nodes.
    pub async fn json_rpc_each<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Vec<(NodeId, Result<T, RpcError>)> {
        let params = match written(&params) {
            Ok(params) => params,
            Err(error) => return self.all_say(&error),
        };
        let (params, usable) = (&params, self.usable().await);
        let answers = usable.into_iter().map(|(at, node)| async move {
            (NodeId(at), self.compared(node, self.call(node, method, params).await))
        });
        join_all(answers).await
    }

    /// Every usable node's own answer to one GET.
    pub async fn get_each<T: DeserializeOwned>(
        &self,
        path_and_query: &str,
    ) -> Vec<(NodeId, Result<Option<T>, RpcError>)> {
        let answers = self.usable().await.into_iter().map(|(at, node)| async move {
            (NodeId(at), self.compared(node, self.got(node, path_and_query).await))
        });
        join_all(answers).await
    }

    /// Takes the head that at least half of the nodes have reached, notes which nodes lag behind
    /// it or run ahead of everybody, and asks those that lag last from now on.
    pub fn agree_on_head(&self, heads: &[(NodeId, u64)]) -> Option<u64> {
        let told: Vec<u64> = heads.iter().map(|(_, head)| *head).collect();
        let Agreed { head: believed, measure } =
            self.agreement.on(&told, self.nodes.len(), &self.limits);
        for (NodeId(at), head) in heads {
            let (Some(node), Some(measure)) = (self.nodes.get(*at), measure) else { continue };
            let place = if head.saturating_add(self.limits.lag_blocks_max) < measure {
                Place::Behind { blocks: measure.saturating_sub(*head) }
            } else if head.saturating_sub(measure) > self.limits.ahead_blocks_max {
                Place::Ahead { blocks: head.saturating_sub(measure) }
            } else {
                Place::InStep
            };
            node.standing().place(*head, place);
        }
        believed
    }

    /// Notes that what a node said was wrong: it lies, contradicts others, or forgot a block.
    ///
    /// For ten minutes it is seen in `health`, and others that do as well are asked before it.
    pub fn complain(&self, node: NodeId, what: &str) {
        let Some(node) = self.nodes.get(node.0) else { return };
        let what = node.target.clean(what);
        tracing::warn!(node = node.target.name, complaint = what, "a node said something wrong");
        node.standing().complain(what, Instant::now());
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        let now = Instant::now();
        let healths = self.nodes.iter().map(|node| {
            let standing = node.standing();
            NodeHealth {
                name: node.target.name.clone(),
                is_usable: standing.is_usable(now),
                head: standing.head(),
                complaint: standing.trouble(now),
            }
        });
        healths.collect()
    }

    fn round(&self) -> Round<'_> {
        Round::new(&self.nodes, &self.current)
    }

    /// The nodes that do not rest, in their order; if all do, the one that may be asked all the
    /// same, if there is one.
    async fn usable(&self) -> Vec<(usize, &Node)> {
        let mut round = self.round();
        let mut usable = round.awake();
        if usable.is_empty() {
            usable.extend(round.next().await);
        }
        usable.sort_unstable_by_key(|(at, _)| *at);
        usable
    }

    fn all_say<T>(&self, error: &RpcError) -> Vec<(NodeId, Result<T, RpcError>)> {
        (0..self.nodes.len()).map(|at| (NodeId(at), Err(error.clone()))).collect()
    }

    /// A number for each of so many calls; the first of them.
    fn ids(&self, count: usize) -> u64 {
        self.next_id.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        node: &Node,
        method: &str,
        params: &RawValue,
    ) -> Result<Timed<T>, Failure> {
        let id = self.ids(1);
        let reply = self.send(node, json_rpc::one_call(id, method, params), 1).await?;
        let answer = json_rpc::read_one(&reply.body, id)?;
        Ok(Timed { answer, round_trip: reply.round_trip })
    }

    /// A POST of JSON-RPC; what is no answer to it is a failure.
    async fn send(&self, node: &Node, body: Bytes, calls: usize) -> Result<Reply, Failure> {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        let ask = Ask { method: Method::POST, below: None, body, calls };
        let reply = node.exchange(&self.transport, ask).await?;
        match reply.status {
            200..=299 => Ok(reply),
            // Many nodes give JSON-RPC's error a status of HTTP as well.
            status => match (json_rpc::read_refusal(&reply.body), status) {
                (Some(refusal), _) => Err(refusal),
                // JSON-RPC is not spoken there.
                (None, 404 | 405) => Err(Failure::Status(status)),
                (None, _) => Err(refused_status(status, words(&reply))),
            },
        }
    }

    /// At most a batch full of calls.
    async fn some_calls<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &[Box<RawValue>],
    ) -> Result<Vec<T>, RpcError> {
        let mut round = self.round();
        while let Some((at, node)) = round.next().await {
            match self.noted(node, self.calls_of(node, method, params).await) {
                Ok(answers) => {
                    round.answered(at);
                    return Ok(answers);
                }
                Err(failure) => round.failed(at, failure)?,
            }
        }
        Err(round.end())
    }

    async fn calls_of<T: DeserializeOwned>(
        &self,
        node: &Node,
        method: &str,
        params: &[Box<RawValue>],
    ) -> Result<Vec<T>, Failure> {
        let takes_batches = node.standing().takes_batches(Instant::now());
        if params.len() < 2 || !takes_batches {
            return self.one_by_one(node, method, params).await;
        }
        let first_id = self.ids(params.len());
        let batch = json_rpc::batch(first_id, method, params);
        let whole = match self.send(node, batch, params.len()).await {
            Ok(reply) => json_rpc::read_batch(&reply.body, first_id, params.len())?,
            Err(failure) => Batch::RefusedAsWhole(failure),
        };
        match whole {
            Batch::Results(results) => Ok(results),
            Batch::RefusedAsWhole(Failure::Refused(_)) => {
                let answers = self.one_by_one(node, method, params).await?;
                node.standing().took_no_batch(Instant::now());
                Ok(answers)
            }
            Batch::RefusedAsWhole(failure) => Err(failure),
        }
    }

    async fn one_by_one<T: DeserializeOwned>(
        &self,
        node: &Node,
        method: &str,
        params: &[Box<RawValue>],
    ) -> Result<Vec<T>, Failure> {
        let calls = params.iter().map(|params| self.call(node, method, params));
        let answers = try_join_all(calls).await?;
        Ok(answers.into_iter().map(|told: Timed<T>| told.answer).collect())
    }

    async fn got<T: DeserializeOwned>(
        &self,
        node: &Node,
        path_and_query: &str,
    ) -> Result<Timed<Option<T>>, Failure> {
        let below = Some(path_and_query);
        let ask = Ask { method: Method::GET, below, body: Bytes::new(), calls: 1 };
        let reply = node.exchange(&self.transport, ask).await?;
        let round_trip = reply.round_trip;
        let answer = match reply.status {
            404 => None,
            _ => Some(read(&reply, path_and_query)?),
        };
        Ok(Timed { answer, round_trip })
    }

    async fn posted<T: DeserializeOwned>(
        &self,
        node: &Node,
        path_and_query: &str,
        body: &Bytes,
    ) -> Result<T, Failure> {
        let below = Some(path_and_query);
        let ask = Ask { method: Method::POST, below, body: body.clone(), calls: 1 };
        read(&node.exchange(&self.transport, ask).await?, path_and_query)
    }

    /// Notes with the node how it did, and cleans what it said.
    fn noted<T>(&self, node: &Node, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let failure = match outcome {
            Ok(answer) => {
                node.standing().answered();
                return Ok(answer);
            }
            Err(failure) => failure.cleaned(|words| node.target.clean(words)),
        };
        let mut standing = node.standing();
        match &failure {
            Failure::Busy => {}
            Failure::Refused(Refusal { another: Another::MayKnowUs, .. }) => {
                standing.refused_us(&failure);
            }
            Failure::Refused(_) => standing.answered(),
            _ => {
                if standing.failed(&failure, Instant::now()) {
                    let (node, failure) = (&node.target.name, failure.to_string());
                    tracing::warn!(node, failure, "a node fails and rests for a while");
                }
            }
        }
        Err(failure)
    }

    /// The same as an answer to a question that others were asked too, so that times compare.
    fn compared<T>(&self, node: &Node, told: Result<Timed<T>, Failure>) -> Result<T, RpcError> {
        match self.noted(node, told) {
            Ok(told) => {
                node.standing().took(told.round_trip);
                Ok(told.answer)
            }
            Err(Failure::Refused(refusal)) => Err(refused(refusal)),
            Err(failure) => Err(RpcError::Unavailable(format!("{} {failure}", node.target.name))),
        }
    }
}

fn written(value: &impl Serialize) -> Result<Box<RawValue>, RpcError> {
    let message = "the parameters cannot be written as JSON".to_owned();
    json_rpc::params(value).ok_or(RpcError::Refused { code: -32_602, message })
}

/// An answer over HTTP; the path it was asked for does not come back in what is said about it.
fn read<T: DeserializeOwned>(reply: &Reply, path_and_query: &str) -> Result<T, Failure> {
    match reply.status {
        200..=299 => serde_json::from_slice(&reply.body)
            .map_err(|_| Failure::Garbage("no JSON of the shape that was asked for")),
        status => Err(refused_status(status, words(reply).replace(path_and_query, "…"))),
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.nodes.iter().map(|node| &node.target.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while the requests can be made inside a chain's boxed answers.
    #[test]
    fn requests_cross_threads() {
        fn crosses<T: Send>(_: &T) {}
        let headers = vec![("key".to_owned(), "header-key".to_owned())];
        let endpoint =
            Endpoint { url: "http://127.0.0.1:9/path-key?q=query-key".to_owned(), headers };
        let nodes = Nodes::new(vec![endpoint.clone()], Limits::default()).expect("valid");
        crosses(&nodes.json_rpc::<u64>("m", [1]));
        crosses(&nodes.json_rpc_batch::<u64, _>("m", &[[1]]));
        crosses(&nodes.get::<u64>("/"));
        crosses(&nodes.post::<u64>("/", [1]));
        crosses(&nodes.json_rpc_each::<u64>("m", [1]));
        crosses(&nodes.get_each::<u64>("/"));
        assert_eq!(format!("{nodes:?} {endpoint:?}"), r#"["127.0.0.1:9"] Endpoint { .. }"#);
    }

    #[test]
    fn a_network_needs_a_node() {
        assert_eq!(Nodes::new(vec![], Limits::default()).err(), Some(EndpointError::None));
    }
}
