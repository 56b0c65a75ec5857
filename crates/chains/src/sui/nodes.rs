//! The gRPC nodes of Sui: several that are asked as if they were one that never fails.
//!
//! `rpc::Nodes` speaks HTTP and JSON; this pool has the same manners over `sui.rpc.v2`. A request
//! goes to the node most likely to answer and on to the next; a node that fails rests for a while
//! that grows. Times, message sizes, rates and requests under way are bounded, and no node is
//! believed before it has said that it is on the right chain.
//!
//! Invariant: messages name a node by host and port only, and hold no text of a transport, since
//! URLs and headers hold keys.

mod choice;
mod node;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use sui_rpc::Client;

use super::decode::{Garbage, Info, info};
use crate::chain::NodeHealth;
use crate::rpc::heads::Agreement;
use crate::rpc::{Endpoint, EndpointError, Limits, NodeId, RpcError};
use choice::{Standing, by_trust};
use node::Node;
use sui_rpc::proto::sui::rpc::v2::GetServiceInfoRequest;

/// What a node says about a refusal is passed on up to here.
const REFUSAL_CHARS_MAX: usize = 200;

/// The first four bytes of the digest of a chain's first checkpoint: how people name Sui's chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainId(pub [u8; 4]);

impl ChainId {
    pub const MAINNET: ChainId = ChainId([0x35, 0x83, 0x4a, 0x8a]);
    pub const TESTNET: ChainId = ChainId([0x4c, 0x78, 0xad, 0xac]);

    fn is_of(self, digest: &str) -> bool {
        bs58::decode(digest).into_vec().is_ok_and(|bytes| bytes.starts_with(&self.0))
    }
}

/// The nodes of one Sui chain.
pub struct SuiNodes {
    nodes: Vec<Node>,
    limits: Limits,
    agreement: Agreement,
    expected: Option<ChainId>,
    /// The whole name of the chain, once it is known: from a cursor, or from who answered first.
    chain: Mutex<Option<String>>,
}

/// An answer and who gave it.
#[derive(Clone, Debug)]
pub(super) struct Told<T> {
    pub by: NodeId,
    pub what: T,
}

/// What a request is about, which says who can answer it and what "not found" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A checkpoint that exists: a node that does not have it is pruned, or behind.
    Checkpoint(u64),
    /// Something that need not exist.
    Perhaps,
}

/// Why one node's answer is of no use.
#[derive(Debug)]
pub(super) enum Fault {
    NotFound,
    /// It understood, and does not want to or cannot.
    Refused {
        code: i64,
        message: String,
    },
    Failed(&'static str),
}

impl From<Garbage> for Fault {
    fn from(garbage: Garbage) -> Fault {
        Fault::Failed(garbage.0)
    }
}

impl From<tonic::Status> for Fault {
    fn from(status: tonic::Status) -> Fault {
        use tonic::Code;
        match status.code() {
            Code::NotFound => Fault::NotFound,
            Code::InvalidArgument | Code::Unimplemented | Code::FailedPrecondition => {
                let message = status.message().chars().take(REFUSAL_CHARS_MAX).collect();
                Fault::Refused { code: i64::from(i32::from(status.code())), message }
            }
            Code::DeadlineExceeded | Code::Cancelled => Fault::Failed("it is too slow"),
            Code::Unauthenticated | Code::PermissionDenied => {
                Fault::Failed("it does not let us in")
            }
            Code::ResourceExhausted => Fault::Failed("it limits how much we may ask"),
            Code::OutOfRange => Fault::Failed("its answer is too big"),
            Code::Unavailable => Fault::Failed("it does not answer"),
            Code::Ok
            | Code::Unknown
            | Code::AlreadyExists
            | Code::Aborted
            | Code::Internal
            | Code::DataLoss => Fault::Failed("its answers cannot be read"),
        }
    }
}

impl SuiNodes {
    pub fn new(endpoints: Vec<Endpoint>, limits: Limits) -> Result<SuiNodes, EndpointError> {
        if endpoints.is_empty() {
            return Err(EndpointError::None);
        }
        let nodes = endpoints.into_iter().map(|endpoint| Node::new(endpoint, &limits));
        let nodes = nodes.collect::<Result<Vec<Node>, EndpointError>>()?;
        let agreement = Agreement::default();
        Ok(SuiNodes { nodes, limits, agreement, expected: None, chain: Mutex::new(None) })
    }

    /// Believes only nodes of this chain.
    pub(super) fn expecting(self, expected: Option<ChainId>) -> SuiNodes {
        SuiNodes { expected, ..self }
    }

    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Settles which chain this is, unless it is settled; then whether it is the same one.
    pub(super) fn settle_chain(&self, chain: &str) -> bool {
        let is_expected = self.expected.is_none_or(|expected| expected.is_of(chain));
        is_expected && self.chain().get_or_insert_with(|| chain.to_owned()) == chain
    }

    /// Lets the next node that introduces itself say which chain this is: a test network was begun
    /// anew. What is known of a public chain stays known.
    pub(super) fn forget_chain(&self) {
        *self.chain() = None;
        self.nodes.iter().for_each(Node::forget);
    }

    /// Asks one node after the other until one has an answer; none if those that answer do not
    /// know what was asked for.
    pub(super) async fn ask<T, F>(
        &self,
        wanted: Wanted,
        call: impl Fn(Client) -> F,
    ) -> Result<Option<Told<T>>, RpcError>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let standings: Vec<Standing> = self.nodes.iter().map(Node::standing).collect();
        let mut is_unknown = false;
        let mut failures = Vec::new();
        for at in by_trust(&standings, wanted) {
            let Some(node) = self.nodes.get(at) else { continue };
            // Who is not well would not know better.
            if is_unknown && wanted == Wanted::Perhaps && node.is_resting() {
                break;
            }
            let answer = match self.introduced(node).await {
                Ok(()) => node.call(&self.limits, &call).await,
                Err(fault) => Err(fault),
            };
            match answer {
                Ok(what) => {
                    node.succeeded();
                    return Ok(Some(Told { by: NodeId(at), what }));
                }
                Err(Fault::Refused { code, message }) => {
                    return Err(RpcError::Refused { code, message });
                }
                Err(Fault::NotFound) => {
                    is_unknown = true;
                    if let Wanted::Checkpoint(number) = wanted {
                        node.complain(format!("it has no checkpoint {number}"));
                    }
                }
                Err(Fault::Failed(why)) => {
                    failures.push(format!("{}: {why}", node.name()));
                    node.failed(why);
                }
            }
        }
        // Somebody who could not be asked may have a checkpoint that exists.
        let is_settled = wanted == Wanted::Perhaps || failures.is_empty();
        if is_unknown && is_settled {
            return Ok(None);
        }
        Err(RpcError::Unavailable(failures.join("; ")))
    }

    /// What every node that is not resting says of itself; all of them if all rest. The answer is
    /// the head they agree on, and how its own node described it.
    pub(super) async fn agree_on_head(&self) -> Result<Info, RpcError> {
        let awake: Vec<&Node> = self.nodes.iter().filter(|node| !node.is_resting()).collect();
        let asked = if awake.is_empty() { self.nodes.iter().collect() } else { awake };
        let answers = join_all(asked.iter().map(|node| self.introduce(node))).await;
        let mut heads = Vec::new();
        let mut complaints = Vec::new();
        for (node, answer) in asked.into_iter().zip(answers) {
            match answer {
                // It forgets no failure over this: a node may tell its head well and lie otherwise.
                Ok(info) => heads.push((node, info)),
                Err(fault) => {
                    let why = why(&fault);
                    complaints.push(format!("{}: {why}", node.name()));
                    node.failed(why);
                }
            }
        }
        let numbers: Vec<u64> = heads.iter().map(|(_, info)| info.head).collect();
        let agreed = self.agreement.on(&numbers, self.nodes.len(), &self.limits);
        for (node, info) in &heads {
            let measure = agreed.measure.unwrap_or(info.head);
            if info.head.saturating_add(self.limits.lag_blocks_max) < measure {
                node.lags();
            } else if info.head.saturating_sub(measure) > self.limits.ahead_blocks_max {
                node.failed("it is far ahead of all other nodes");
            } else {
                node.keeps_up();
            }
        }
        let described = heads.into_iter().find(|(_, info)| Some(info.head) == agreed.head);
        if complaints.is_empty() {
            complaints.push("too few of the nodes answer to agree on a head".to_owned());
        }
        described.map(|(_, info)| info).ok_or(RpcError::Unavailable(complaints.join("; ")))
    }

    /// Notes that what a node said is at odds with what is known: it is asked last for a while.
    pub(super) fn complain(&self, by: NodeId, why: &'static str) {
        if let Some(node) = self.nodes.get(by.0) {
            node.failed(why);
        }
    }

    pub(super) fn health(&self) -> Vec<NodeHealth> {
        self.nodes.iter().map(Node::health).collect()
    }

    /// Sees to it that a node has said which chain it is on.
    async fn introduced(&self, node: &Node) -> Result<(), Fault> {
        if node.is_introduced() {
            return Ok(());
        }
        self.introduce(node).await.map(|_| ())
    }

    async fn introduce(&self, node: &Node) -> Result<Info, Fault> {
        let ask = |mut client: Client| async move {
            let request = GetServiceInfoRequest::default();
            let told = client.ledger_client().get_service_info(request).await?;
            Ok(info(told.get_ref())?)
        };
        let info: Info = node.call(&self.limits, ask).await?;
        if !self.settle_chain(&info.chain) {
            node.forget();
            return Err(Fault::Failed("it is on another chain"));
        }
        node.introduce(&info);
        Ok(info)
    }

    fn chain(&self) -> MutexGuard<'_, Option<String>> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn why(fault: &Fault) -> &'static str {
    match fault {
        Fault::Failed(why) => why,
        Fault::NotFound | Fault::Refused { .. } => "it does not tell its head",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_chains_are_known_by_the_digests_of_their_first_checkpoints() {
        let mainnet = "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S";
        let testnet = "69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD";
        assert!(ChainId::MAINNET.is_of(mainnet) && ChainId::TESTNET.is_of(testnet));
        assert!(!ChainId::MAINNET.is_of(testnet) && !ChainId::TESTNET.is_of(mainnet));
        assert!(!ChainId::MAINNET.is_of("") && !ChainId::MAINNET.is_of("0"));
    }
}
