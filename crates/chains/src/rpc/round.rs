//! One request's way from node to node, until one answers.
//!
//! First the nodes that do not rest, in their order; then, of those that rest because they failed,
//! the one that is up again soonest; then one that asked for fewer requests, if it wants to be left
//! alone only for a moment, which is waited for.
//!
//! Invariant: a round ends: every step is taken once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::RpcError;
use super::failure::{Another, Failure, Refusal};
use super::node::Node;
use super::nodes::NodeId;
use super::order::{Candidate, order};
use super::standing::Because;

/// A longer rest is not waited for: whoever asked asks again later.
const WAIT_MAX: Duration = Duration::from_secs(5);

pub(super) struct Round<'a> {
    nodes: &'a [Node],
    /// The node that answered last, whom the next request goes to.
    current: &'a AtomicUsize,
    awake: VecDeque<usize>,
    asked: Vec<usize>,
    resort: Resort,
    /// Kept while another node may know better.
    refusal: Option<Refusal>,
    words: Vec<String>,
}

/// What is left to try when the nodes that do not rest have been asked.
#[derive(Clone, Copy)]
enum Resort {
    OneThatRests,
    OneThatWantsToBeLeftAlone,
    None,
}

impl<'a> Round<'a> {
    pub fn new(nodes: &'a [Node], current: &'a AtomicUsize) -> Round<'a> {
        let now = Instant::now();
        let candidates = nodes.iter().enumerate().filter_map(|(at, node)| {
            let standing = node.standing();
            let (rank, round_trip) = (standing.rank(now), standing.round_trip());
            standing.rest(now).is_none().then_some(Candidate { at, rank, round_trip })
        });
        let awake = order(candidates.collect(), current.load(Ordering::Relaxed)).into();
        let resort = Resort::OneThatRests;
        Round { nodes, current, awake, asked: vec![], resort, refusal: None, words: vec![] }
    }

    /// Those that do not rest.
    pub fn awake(&self) -> Vec<(usize, &'a Node)> {
        let nodes = self.nodes;
        self.awake.iter().filter_map(|at| Some((*at, nodes.get(*at)?))).collect()
    }

    /// The next node to ask.
    pub async fn next(&mut self) -> Option<(usize, &'a Node)> {
        let at = match self.awake.pop_front() {
            Some(at) => at,
            None => self.last_resort().await?,
        };
        self.asked.push(at);
        self.nodes.get(at).map(|node| (at, node))
    }

    async fn last_resort(&mut self) -> Option<usize> {
        loop {
            match self.resort {
                Resort::OneThatRests => {
                    self.resort = Resort::OneThatWantsToBeLeftAlone;
                    if let Some((at, _)) = self.soonest(Because::ItFailed) {
                        return Some(at);
                    }
                }
                Resort::OneThatWantsToBeLeftAlone => {
                    self.resort = Resort::None;
                    let (at, until) = self.soonest(Because::ItAskedTo)?;
                    if until > Instant::now() + WAIT_MAX {
                        return None;
                    }
                    sleep_until(until).await;
                    return Some(at);
                }
                Resort::None => return None,
            }
        }
    }

    /// Of the nodes that rest for this reason the one that is up again first. A node that failed
    /// in this round is not asked again; one that wanted fewer requests is.
    fn soonest(&self, because: Because) -> Option<(usize, Instant)> {
        let now = Instant::now();
        let resting = self.nodes.iter().enumerate().filter_map(|(at, node)| {
            let rest = node.standing().rest(now).filter(|rest| rest.because == because)?;
            let may_be_asked = because == Because::ItAskedTo || !self.asked.contains(&at);
            may_be_asked.then_some((at, rest.until))
        });
        resting.min_by_key(|(_, until)| *until)
    }

    /// The requests that follow begin with this node.
    pub fn answered(&self, at: usize) -> NodeId {
        self.current.store(at, Ordering::Relaxed);
        NodeId(at)
    }

    /// Takes note of a failure; an error if no other node is to be asked.
    pub fn failed(&mut self, at: usize, failure: Failure) -> Result<(), RpcError> {
        let Some(node) = self.nodes.get(at) else { return Ok(()) };
        self.words.push(format!("{} {failure}", node.target.name));
        match failure {
            Failure::Refused(refusal) => match refusal.another {
                Another::WouldRefuseToo => return Err(refused(refusal)),
                Another::MayAnswer if self.refusal.is_some() => return Err(refused(refusal)),
                Another::MayAnswer => {
                    self.awake.truncate(1);
                    self.resort = Resort::None;
                    self.refusal = Some(refusal);
                }
                Another::MayKnowUs => self.refusal = Some(refusal),
            },
            Failure::TooManyRequests { refusal: Some(refusal), .. } => self.refusal = Some(refusal),
            _ => {}
        }
        Ok(())
    }

    /// Why nobody answered.
    pub fn end(self) -> RpcError {
        if let Some(refusal) = self.refusal {
            return refused(refusal);
        }
        let mut words = self.words;
        let now = Instant::now();
        let not_asked = self.nodes.iter().enumerate().filter(|(at, _)| !self.asked.contains(at));
        for (_, node) in not_asked {
            let trouble = node.standing().trouble(now).unwrap_or_else(|| "rests".to_owned());
            words.push(format!("{} {trouble}", node.target.name));
        }
        RpcError::Unavailable(words.join(", "))
    }
}

pub(super) fn refused(refusal: Refusal) -> RpcError {
    RpcError::Refused { code: refusal.code, message: refusal.message }
}
