//! The nodes of one network, of which none of another network is ever believed.
//!
//! A node of another chain has none of our transactions and other nonces and heights: its word
//! would prove that a transaction is gone which is not, and money would be sent again.
//!
//! Invariant: an answer that comes out of here is of a node that said which network it serves, and
//! while one that answers serves another network, nothing comes out at all.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::chain::{ChainError, NodeHealth};
use crate::rpc::{NodeId, Nodes, RpcError};

/// What a node says of its network is not repeated at length.
const NAME_CHARACTERS_MAX: usize = 80;

pub(crate) struct CheckedNodes {
    nodes: Nodes,
    question: Question,
    checked: Mutex<HashSet<NodeId>>,
}

/// How nodes tell which network they serve.
pub(crate) struct Question {
    pub method: &'static str,
    /// None believes every node: private networks have no name of their own.
    pub expected: Option<String>,
}

impl CheckedNodes {
    pub fn new(nodes: Nodes, question: Question) -> CheckedNodes {
        CheckedNodes { nodes, question, checked: Mutex::default() }
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    pub fn complain(&self, node: NodeId, what: &str) {
        self.nodes.complain(node, what);
    }

    /// One node's answer; a node that refuses, or others after it, may be asked.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, RpcError> {
        if self.question.expected.is_some() && self.checked().is_empty() {
            self.check().await.map_err(|error| RpcError::Unavailable(error.to_string()))?;
        }
        self.nodes.json_rpc(method, params).await
    }

    /// Every usable node's own answer.
    pub async fn each<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Vec<(NodeId, Result<T, RpcError>)>, ChainError> {
        let answers = self.nodes.json_rpc_each::<T>(method, params).await;
        if self.question.expected.is_none() {
            return Ok(answers);
        }
        let is_new = |node: &NodeId| !self.checked().contains(node);
        if answers.iter().any(|(node, answer)| answer.is_ok() && is_new(node)) {
            self.check().await?;
        }
        let checked = self.checked().clone();
        Ok(answers.into_iter().filter(|(node, _)| checked.contains(node)).collect())
    }

    /// The same without asking who they are, for what only the right network can use.
    pub async fn each_unchecked<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Vec<(NodeId, Result<T, RpcError>)> {
        self.nodes.json_rpc_each::<T>(method, params).await
    }

    async fn check(&self) -> Result<(), ChainError> {
        let mut why = "no node says which network it serves".to_owned();
        let mut right = HashSet::new();
        for (node, answer) in
            self.nodes.json_rpc_each::<String>(self.question.method, json!([])).await
        {
            match answer {
                Ok(name) if Some(&name) == self.question.expected.as_ref() => {
                    right.insert(node);
                }
                Ok(name) => {
                    let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
                    self.nodes.complain(node, &format!("it serves another network: {name}"));
                    self.checked().clear();
                    let what = format!("a node serves another network: {name}");
                    return Err(ChainError::Disputed(what));
                }
                Err(error) => why = error.to_string(),
            }
        }
        if right.is_empty() {
            return Err(ChainError::Unavailable(why));
        }
        self.checked().extend(right);
        Ok(())
    }

    fn checked(&self) -> MutexGuard<'_, HashSet<NodeId>> {
        // Every change is whole, so a panic elsewhere leaves nothing half done.
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
