//! What sending asks of the nodes of an EVM network, and what their answers prove.
//!
//! Where an answer decides whether money may be sent again, every usable node is asked, and one
//! that contradicts the others keeps the question open.
//!
//! Invariant: no node of another chain is believed; nodes say which chain they serve first.

use domain::money::TokenAmount;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusals::{Said, said};
use crate::chain::{ChainError, NodeHealth};
use crate::evm::wire::{Account, Amount, Hash, Quantity, Word};
use crate::hashes::hex;
use crate::rpc::{NodeId, Nodes, RpcError};
use crate::send::{
    AccountState, Broadcast, CheckedNodes, EvmFees, Inclusion, Nonces, Outcome, Question, Refusal,
    SendError,
};

/// `balanceOf(address)`.
const BALANCE_OF: &str = "0x70a08231";
/// `getL1Fee(bytes)` of the contract that knows what a rollup of Optimism's kind pays for data.
const DATA_FEE: &str = "0x49948e0e";
const DATA_FEE_ORACLE: &str = "0x420000000000000000000000000000000000000f";
/// The oracle's answer can double until the transaction is included.
const DATA_FEE_ROOM: u128 = 2;
/// JSON-RPC's code of a call that reverted.
const REVERTED: i64 = 3;
/// A revert's reason may be as long as its contract likes.
const REASON_CHARACTERS_MAX: usize = 200;

pub struct SendingNodes {
    nodes: CheckedNodes,
    final_depth_blocks: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Priced {
    base_fee_per_gas: Option<Amount>,
}

#[derive(Deserialize)]
struct Numbered {
    number: Quantity,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentReceipt {
    transaction_hash: Hash,
    block_hash: Hash,
    block_number: Quantity,
    status: Quantity,
    gas_used: Amount,
    effective_gas_price: Amount,
    /// What a rollup of Optimism's kind took for data.
    #[serde(default)]
    l1_fee: Option<Amount>,
}

impl SendingNodes {
    pub fn new(nodes: Nodes, chain_id: u64, final_depth_blocks: u64) -> SendingNodes {
        let expected = Some(format!("{chain_id:#x}"));
        let nodes = CheckedNodes::new(nodes, Question { method: "eth_chainId", expected });
        SendingNodes { nodes, final_depth_blocks }
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, ChainError> {
        Ok(self.nodes.ask(method, params).await?)
    }

    /// What an account has, and of a token if a contract and an owner are named.
    pub async fn state(
        &self,
        account: Account,
        token: Option<(Account, Account)>,
    ) -> Result<AccountState, SendError> {
        let coin: Amount = self.ask("eth_getBalance", json!([account, "latest"])).await?;
        let latest = self.highest_nonce(account, "latest").await?;
        let pending = self.highest_nonce(account, "pending").await?;
        let token = match token {
            None => None,
            Some((contract, owner)) => {
                let data = format!("{BALANCE_OF}{}", hex(&owner.padded().0));
                let call = json!({ "to": contract, "data": data });
                let Word(word) = self.ask("eth_call", json!([call, "latest"])).await?;
                let word = word.ok_or(SendError::Malformed("there is no token at this address"))?;
                Some(clipped(Amount::of_word(word)))
            }
        };
        let nonces = Nonces { latest, pending: pending.max(latest) };
        Ok(AccountState { nonces: Some(nonces), coin: clipped(coin), token })
    }

    /// The highest of the nodes' words: one that is behind would have us use a nonce again.
    async fn highest_nonce(&self, account: Account, tag: &str) -> Result<u64, ChainError> {
        let answers =
            self.nodes.each::<Quantity>("eth_getTransactionCount", json!([account, tag])).await?;
        let mut why = "no node tells an account's nonce".to_owned();
        let mut highest = None;
        for (_, answer) in answers {
            match answer {
                Ok(Quantity(nonce)) => highest = highest.max(Some(nonce)),
                Err(error) => why = error.to_string(),
            }
        }
        highest.ok_or(ChainError::Unavailable(why))
    }

    pub async fn fees(&self) -> Result<EvmFees, ChainError> {
        let head: Priced = self.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
        let Some(base) = head.base_fee_per_gas else {
            let price: Amount = self.ask("eth_gasPrice", json!([])).await?;
            return Ok(EvmFees { base: None, tip: clipped(price) });
        };
        let base = clipped(base);
        let tip = match self.nodes.ask::<Amount>("eth_maxPriorityFeePerGas", json!([])).await {
            Ok(tip) => clipped(tip),
            // Not every node knows the question; the price it suggests is the base fee and a tip.
            Err(RpcError::Refused { .. }) => {
                let price: Amount = self.ask("eth_gasPrice", json!([])).await?;
                TokenAmount(clipped(price).0.saturating_sub(base.0))
            }
            Err(error) => return Err(error.into()),
        };
        Ok(EvmFees { base: Some(base), tip })
    }

    /// The gas a call would use now.
    pub async fn gas(
        &self,
        from: Account,
        to: Account,
        value: u128,
        data: &[u8],
    ) -> Result<u64, SendError> {
        let call = call(from, to, value, data);
        match self.nodes.ask::<Quantity>("eth_estimateGas", json!([call])).await {
            Ok(Quantity(gas)) => Ok(gas),
            Err(error) => Err(tried(error)),
        }
    }

    /// A token that answers with false instead of reverting would keep the gas and move nothing.
    pub async fn check_transfer(
        &self,
        from: Account,
        contract: Account,
        data: &[u8],
    ) -> Result<(), SendError> {
        let params = json!([call(from, contract, 0, data), "latest"]);
        match self.nodes.ask::<Word>("eth_call", params).await {
            Ok(Word(Some(word))) if word == [0; 32] => {
                Err(SendError::WouldFail("the token says no".to_owned()))
            }
            // Some tokens answer nothing.
            Ok(_) => Ok(()),
            Err(error) => Err(tried(error)),
        }
    }

    /// What a rollup of Optimism's kind charges for a transaction's data; nothing where there is no
    /// such contract.
    pub async fn data_fee(&self, unsigned: &[u8]) -> Result<TokenAmount, ChainError> {
        let to = Account::parse(DATA_FEE_ORACLE);
        let length = u128::try_from(unsigned.len()).unwrap_or(u128::MAX);
        let padding = unsigned.len().next_multiple_of(32) - unsigned.len();
        let data = format!(
            "{DATA_FEE}{}{}{}{}",
            hex(&u256(32)),
            hex(&u256(length)),
            hex(unsigned),
            "00".repeat(padding)
        );
        let call = json!({ "to": to, "data": data });
        let Word(word) = self.ask("eth_call", json!([call, "latest"])).await?;
        let fee = word.map_or(TokenAmount::ZERO, |word| clipped(Amount::of_word(word)));
        Ok(TokenAmount(fee.0.saturating_mul(DATA_FEE_ROOM)))
    }

    /// Hands a transaction to every node that is usable.
    pub async fn broadcast(&self, hash: Hash, raw: &[u8]) -> Broadcast {
        let params = json!([format!("0x{}", hex(raw))]);
        let answers = self.nodes.each_unchecked::<Hash>("eth_sendRawTransaction", params).await;
        let mut broadcast: Option<Broadcast> = None;
        for (node, answer) in answers {
            if let Ok(other) = &answer
                && *other != hash
            {
                self.nodes.complain(node, "it names a transaction by another hash");
            }
            let next = match said(answer) {
                Said::Took => Broadcast::Sent,
                Said::HasIt => Broadcast::AlreadyKnown,
                Said::Refused(kind, words) => Broadcast::Refused { kind, words },
                Said::Unclear(why) => Broadcast::Unknown(why),
            };
            broadcast = Some(match broadcast {
                Some(before) => before.clearer(next),
                None => next,
            });
        }
        let none = || Broadcast::Unknown("there is no node to ask".to_owned());
        let broadcast = broadcast.unwrap_or_else(none);
        // What was included before is refused for its nonce, which is its own.
        if let Broadcast::Refused { kind: Refusal::NonceTooLow, .. } = broadcast
            && let Ok(receipts) = self.receipts(hash).await
            && receipts.iter().any(|(_, receipt)| receipt.is_some())
        {
            return Broadcast::AlreadyKnown;
        }
        broadcast
    }

    /// What became of a transaction.
    pub async fn outcome(
        &self,
        hash: Hash,
        account: Account,
        nonce: u64,
    ) -> Result<Outcome, ChainError> {
        // Asked first: who has the nonce used so deep has had the transaction's block by then.
        let is_used = self.nonce_is_used_for_ever(account, nonce).await?;
        let receipts = self.receipts(hash).await?;
        let found: Vec<(NodeId, SentReceipt)> =
            receipts.iter().filter_map(|(node, told)| Some((*node, told.clone()?))).collect();
        let Some((_, receipt)) = found.first() else {
            return Ok(match is_used {
                Used::ByAllNodes(nodes)
                    if nodes.len() == receipts.len()
                        && receipts.iter().all(|(node, _)| nodes.contains(node)) =>
                {
                    Outcome::Gone
                }
                Used::ByAllNodes(_) | Used::No => Outcome::Pending,
            });
        };
        if found.iter().any(|(_, other)| other.block_hash != receipt.block_hash) {
            return Ok(Outcome::Unknown("the nodes have it in different blocks".to_owned()));
        }
        if found.len() * 2 < receipts.len() {
            return Ok(Outcome::Pending);
        }
        self.inclusion(receipt, &found).await
    }

    /// Every node's own receipt. A node that does not answer is left out.
    async fn receipts(&self, hash: Hash) -> Result<Vec<(NodeId, Option<SentReceipt>)>, ChainError> {
        let answers = self
            .nodes
            .each::<Option<SentReceipt>>("eth_getTransactionReceipt", json!([hash]))
            .await?;
        let mut why = "no node answers".to_owned();
        let mut told = Vec::with_capacity(answers.len());
        for (node, answer) in answers {
            match answer {
                Ok(Some(receipt)) if receipt.transaction_hash != hash => {
                    self.nodes.complain(node, "it tells of another transaction than asked for");
                }
                Ok(receipt) => told.push((node, receipt)),
                Err(error) => why = error.to_string(),
            }
        }
        if told.is_empty() { Err(ChainError::Unavailable(why)) } else { Ok(told) }
    }

    /// Where a receipt's block is, by the nodes that have it: the one that is furthest behind says
    /// how deep.
    async fn inclusion(
        &self,
        receipt: &SentReceipt,
        found: &[(NodeId, SentReceipt)],
    ) -> Result<Outcome, ChainError> {
        let number = receipt.block_number.0;
        let of = |heads: Vec<(NodeId, u64)>| {
            let having = |node: &NodeId| found.iter().any(|(one, _)| one == node);
            heads.into_iter().filter(|(node, _)| having(node)).map(|(_, head)| head).min()
        };
        let Some(head) = of(self.numbers("latest").await?) else {
            return Ok(Outcome::Unknown("no node tells its newest block".to_owned()));
        };
        let finalized = of(self.numbers("finalized").await?);
        let gas = clipped(receipt.gas_used).0;
        let fee = gas.saturating_mul(clipped(receipt.effective_gas_price).0);
        let data_fee = receipt.l1_fee.map_or(0, |fee| clipped(fee).0);
        Ok(Outcome::Included(Inclusion {
            block_number: number,
            block_hash: Some(receipt.block_hash.to_string()),
            depth: (head + 1).saturating_sub(number),
            is_final: finalized.is_some_and(|finalized| finalized >= number),
            is_success: receipt.status == Quantity(1),
            fee_paid: TokenAmount(fee.saturating_add(data_fee)),
        }))
    }

    async fn numbers(&self, tag: &str) -> Result<Vec<(NodeId, u64)>, ChainError> {
        let params = json!([tag, false]);
        let answers = self.nodes.each::<Option<Numbered>>("eth_getBlockByNumber", params).await?;
        let number = |answer: Result<Option<Numbered>, RpcError>| Some(answer.ok()??.number.0);
        Ok(answers.into_iter().filter_map(|(node, told)| Some((node, number(told)?))).collect())
    }

    /// Whether an account's nonce is used in a block that stays, for every node that answers.
    async fn nonce_is_used_for_ever(
        &self,
        account: Account,
        nonce: u64,
    ) -> Result<Used, ChainError> {
        if self.highest_nonce(account, "latest").await? <= nonce {
            return Ok(Used::No);
        }
        let heads = self.numbers("latest").await?;
        let Some(head) = heads.iter().map(|(_, head)| *head).min() else { return Ok(Used::No) };
        let Some(deep) = (head + 1).checked_sub(self.final_depth_blocks) else {
            return Ok(Used::No);
        };
        let params = json!([account, Quantity(deep)]);
        let answers = self.nodes.each::<Quantity>("eth_getTransactionCount", params).await?;
        let mut nodes = Vec::with_capacity(answers.len());
        for (node, answer) in answers {
            match answer {
                Ok(Quantity(next)) if next > nonce => nodes.push(node),
                Ok(_) | Err(RpcError::Refused { .. }) => return Ok(Used::No),
                Err(RpcError::Unavailable(_)) => {}
            }
        }
        Ok(if nodes.is_empty() { Used::No } else { Used::ByAllNodes(nodes) })
    }
}

/// Whether a nonce is used in a block that stays.
enum Used {
    No,
    /// All that answered, and these are they.
    ByAllNodes(Vec<NodeId>),
}

fn clipped(amount: Amount) -> TokenAmount {
    TokenAmount(amount.0.unwrap_or(u128::MAX))
}

fn u256(value: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&value.to_be_bytes());
    word
}

fn call(from: Account, to: Account, value: u128, data: &[u8]) -> Value {
    let value = format!("{value:#x}");
    json!({ "from": from, "to": to, "value": value, "data": format!("0x{}", hex(data)) })
}

/// What a refusal to try something out means.
fn tried(error: RpcError) -> SendError {
    match error {
        RpcError::Refused { code, message } => {
            let words = message.to_lowercase();
            let fails = ["revert", "exceeds allowance", "insufficient", "out of gas"];
            if code == REVERTED || fails.iter().any(|known| words.contains(known)) {
                SendError::WouldFail(message.chars().take(REASON_CHARACTERS_MAX).collect())
            } else {
                SendError::Chain(RpcError::Refused { code, message }.into())
            }
        }
        RpcError::Unavailable(why) => SendError::Chain(ChainError::Unavailable(why)),
    }
}
