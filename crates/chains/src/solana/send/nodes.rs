//! What sending asks of Solana's nodes, and what their answers prove.
//!
//! Where an answer decides whether money may be sent again, every usable node is asked, and one
//! that contradicts the others keeps the question open.
//!
//! Invariant: no node of another network is believed; nodes say what it began with first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::money::TokenAmount;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::refusals::{Said, said};
use crate::chain::{ChainError, NodeHealth};
use crate::rpc::{NodeId, Nodes, RpcError};
use crate::send::{
    Broadcast, CheckedNodes, Inclusion, Outcome, Question, Refusal, SendError, SolanaFees,
};
use crate::solana::accounts::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM};
use crate::solana::message::{Instruction, Key, Message, key};

/// Bytes of an account that are looked at: a token account without extensions is as long.
const ACCOUNT_BYTES: usize = 165;
/// With all extensions that Token-2022's mints make it begin with, and some room.
const ACCOUNT_OF_TOKEN_2022_BYTES: usize = 300;
const MINT_BYTES: usize = 82;
const DECIMALS_AT: usize = 44;
const IS_MINT_AT: usize = 45;
const BALANCE_AT: usize = 64;
/// Three quarters of the slots asked for no more than this.
const PRIORITY_QUANTILE: (usize, usize) = (3, 4);
/// A failure's words may be as long as its program likes.
const REASON_CHARACTERS_MAX: usize = 200;

pub struct SendingNodes {
    nodes: CheckedNodes,
}

/// An account as `getMultipleAccounts` tells it.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountJson {
    pub lamports: u64,
    pub owner: String,
    data: (String, String),
}

#[derive(Deserialize)]
struct Of<T> {
    context: Context,
    value: T,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LatestBlockhash {
    blockhash: String,
    last_valid_block_height: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Priority {
    prioritization_fee: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TriedOut {
    err: Option<Value>,
    units_consumed: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    slot: u64,
    err: Option<IgnoredAny>,
    confirmation_status: Option<String>,
}

#[derive(Deserialize)]
struct Charged {
    meta: Option<ChargedMeta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChargedMeta {
    fee: u64,
    pre_balances: Vec<u64>,
    post_balances: Vec<u64>,
    #[serde(default)]
    post_token_balances: Option<Vec<IgnoredAny>>,
}

impl AccountJson {
    pub fn is_of_token_program(&self) -> bool {
        [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].contains(&self.owner.as_str())
    }

    /// None if this is no mint.
    pub fn decimals_of_mint(&self) -> Option<u8> {
        let data = self.bytes()?;
        let is_mint = self.is_of_token_program()
            && data.len() >= MINT_BYTES
            && data.get(IS_MINT_AT) == Some(&1);
        is_mint.then(|| data.get(DECIMALS_AT).copied())?
    }

    /// None if this is no account of the program.
    pub fn balance_of_tokens(&self, program: &str) -> Option<u64> {
        let data = self.bytes().filter(|data| data.len() >= ACCOUNT_BYTES)?;
        let balance = data.get(BALANCE_AT..)?.first_chunk::<8>()?;
        (self.owner == program).then(|| u64::from_le_bytes(*balance))
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.data.0).ok()
    }
}

impl SendingNodes {
    pub fn new(nodes: Nodes, genesis_hash: Option<String>) -> SendingNodes {
        let question = Question { method: "getGenesisHash", expected: genesis_hash };
        SendingNodes { nodes: CheckedNodes::new(nodes, question) }
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    pub async fn accounts<const COUNT: usize>(
        &self,
        keys: [Key; COUNT],
    ) -> Result<[Option<AccountJson>; COUNT], ChainError> {
        let names = keys.map(|key| bs58::encode(key).into_string());
        let options = json!({
            "encoding": "base64",
            "commitment": "confirmed",
            "dataSlice": { "offset": 0, "length": ACCOUNT_BYTES },
        });
        let answer: Of<Vec<Option<AccountJson>>> =
            self.nodes.ask("getMultipleAccounts", json!([names.as_slice(), options])).await?;
        let not_as_many = |_| unavailable("a node tells of some of several accounts");
        answer.value.try_into().map_err(not_as_many)
    }

    /// A blockhash and the last height of a block that takes it.
    pub async fn latest_blockhash(&self) -> Result<(String, u64), ChainError> {
        let params = json!([{ "commitment": "confirmed" }]);
        let Of { value, .. } =
            self.nodes.ask::<Of<LatestBlockhash>>("getLatestBlockhash", params).await?;
        match key(&value.blockhash) {
            Some(_) => Ok((value.blockhash, value.last_valid_block_height)),
            None => Err(unavailable("a node's blockhash is none")),
        }
    }

    pub async fn fees(&self, payer: Key) -> Result<SolanaFees, ChainError> {
        let (blockhash, _) = self.latest_blockhash().await?;
        let blockhash = key(&blockhash).ok_or_else(|| unavailable("a node's blockhash is none"))?;
        let nothing =
            Message::new(payer, blockhash, &[Instruction::transfer_coin(payer, payer, 0)]);
        let nothing =
            nothing.ok_or_else(|| unavailable("a message of two accounts is too long"))?;
        let params = json!([STANDARD.encode(nothing.bytes), { "commitment": "confirmed" }]);
        let fee: Of<Option<u64>> = self.nodes.ask("getFeeForMessage", params).await?;
        let fee = fee.value.ok_or_else(|| unavailable("a node does not know its own blockhash"))?;
        let token_account_rent = self.rent(ACCOUNT_BYTES).await?;
        let mut offers: Vec<u64> = self
            .nodes
            .ask::<Vec<Priority>>("getRecentPrioritizationFees", json!([[]]))
            .await?
            .into_iter()
            .map(|slot| slot.prioritization_fee)
            .collect();
        offers.sort_unstable();
        let (part, of) = PRIORITY_QUANTILE;
        let at = offers.len() * part / of;
        let priority = offers.get(at).or(offers.last()).copied().unwrap_or(0);
        Ok(SolanaFees {
            lamports_per_signature: fee,
            priority_per_unit: priority,
            token_account_rent,
        })
    }

    /// What a new account of a token program costs at most.
    pub async fn rent_of_token_account(&self, program: &str) -> Result<TokenAmount, ChainError> {
        let bytes =
            if program == TOKEN_PROGRAM { ACCOUNT_BYTES } else { ACCOUNT_OF_TOKEN_2022_BYTES };
        Ok(TokenAmount(u128::from(self.rent(bytes).await?)))
    }

    async fn rent(&self, bytes: usize) -> Result<u64, ChainError> {
        Ok(self.nodes.ask("getMinimumBalanceForRentExemption", json!([bytes])).await?)
    }

    /// The compute units a transaction would use now.
    pub async fn try_out(&self, unsigned: &[u8]) -> Result<u32, SendError> {
        let options = json!({
            "encoding": "base64",
            "sigVerify": false,
            "replaceRecentBlockhash": true,
            "commitment": "confirmed",
        });
        let params = json!([STANDARD.encode(unsigned), options]);
        let told = self.nodes.ask::<Of<TriedOut>>("simulateTransaction", params).await;
        let tried = told.map_err(ChainError::from)?.value;
        if let Some(error) = tried.err {
            let why = error.to_string().chars().take(REASON_CHARACTERS_MAX).collect();
            return Err(SendError::WouldFail(why));
        }
        let units = tried.units_consumed;
        units.ok_or_else(|| unavailable("a node does not tell what a transaction uses").into())
    }

    /// Hands a transaction to every node that is usable.
    pub async fn broadcast(&self, tx_hash: &str, raw: &[u8]) -> Broadcast {
        let options = json!({ "encoding": "base64", "preflightCommitment": "confirmed" });
        let params = json!([STANDARD.encode(raw), options]);
        let answers = self.nodes.each_unchecked::<String>("sendTransaction", params).await;
        let mut broadcast: Option<Broadcast> = None;
        for (node, answer) in answers {
            if answer.as_ref().is_ok_and(|told| told != tx_hash) {
                self.nodes.complain(node, "it names a transaction by another signature");
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
        // A node looks at the blockhash first: what was included before is refused for its age.
        if let Broadcast::Refused { kind: Refusal::Expired, .. } = broadcast
            && let Ok(statuses) = self.statuses(tx_hash).await
            && statuses.iter().any(|(_, _, status)| status.is_some())
        {
            return Broadcast::AlreadyKnown;
        }
        broadcast
    }

    /// What became of a transaction.
    pub async fn outcome(
        &self,
        tx_hash: &str,
        blockhash: &str,
        last_valid_block_height: u64,
    ) -> Result<Outcome, ChainError> {
        // Asked first: who has a final block above the last height has had the transaction's.
        let dead_for = self.dead_for(blockhash, last_valid_block_height).await?;
        let statuses = self.statuses(tx_hash).await?;
        let mut found = statuses.iter().filter_map(|(_, slot, status)| {
            let status = status.as_ref()?;
            Some((status.confirmation_status.as_deref() == Some("finalized"), *slot, status))
        });
        let Some(first) = found.next() else {
            let is_gone =
                !dead_for.is_empty() && statuses.iter().all(|(node, _, _)| dead_for.contains(node));
            return Ok(if is_gone { Outcome::Gone } else { Outcome::Pending });
        };
        // The one that is surest of it.
        let (is_final, head, status) =
            found.fold(first, |best, next| if next.0 && !best.0 { next } else { best });
        let Some(fee_paid) = self.charged(tx_hash).await? else {
            let what = "it is included, and no node tells yet what it cost";
            return Ok(Outcome::Unknown(what.to_owned()));
        };
        Ok(Outcome::Included(Inclusion {
            block_number: status.slot,
            block_hash: None,
            depth: head.saturating_add(1).saturating_sub(status.slot).max(1),
            is_final,
            is_success: status.err.is_none(),
            fee_paid: TokenAmount(u128::from(fee_paid)),
        }))
    }

    /// What every node that answers knows of a signature, and that node's slot.
    async fn statuses(
        &self,
        tx_hash: &str,
    ) -> Result<Vec<(NodeId, u64, Option<Status>)>, ChainError> {
        let params = json!([[tx_hash], { "searchTransactionHistory": true }]);
        let answers = self.nodes.each::<Of<Vec<Option<Status>>>>("getSignatureStatuses", params);
        let mut why = "no node answers".to_owned();
        let mut told = Vec::new();
        for (node, answer) in answers.await? {
            match answer {
                Ok(Of { context, value }) => match <[Option<Status>; 1]>::try_from(value) {
                    Ok([status]) => told.push((node, context.slot, status)),
                    Err(_) => self.nodes.complain(node, "it tells of other transactions"),
                },
                Err(error) => why = error.to_string(),
            }
        }
        if told.is_empty() { Err(ChainError::Unavailable(why)) } else { Ok(told) }
    }

    /// The nodes for which no block can include a transaction with this blockhash any more; none
    /// if one of those that answer thinks otherwise.
    async fn dead_for(&self, blockhash: &str, last_height: u64) -> Result<Vec<NodeId>, ChainError> {
        let params = json!([{ "commitment": "finalized" }]);
        let heights = self.nodes.each::<u64>("getBlockHeight", params).await?;
        let mut above = Vec::with_capacity(heights.len());
        for (node, height) in heights {
            match height {
                Ok(height) if height > last_height => above.push(node),
                Ok(_) | Err(RpcError::Refused { .. }) => return Ok(Vec::new()),
                Err(RpcError::Unavailable(_)) => {}
            }
        }
        if above.is_empty() {
            return Ok(above);
        }
        // A node may have told a last height that was too low.
        let params = json!([blockhash, { "commitment": "processed" }]);
        for (node, is_valid) in self.nodes.each::<Of<bool>>("isBlockhashValid", params).await? {
            match is_valid {
                Ok(Of { value: false, .. }) => {}
                Ok(Of { value: true, .. }) | Err(RpcError::Refused { .. }) => {
                    return Ok(Vec::new());
                }
                Err(RpcError::Unavailable(_)) => above.retain(|one| *one != node),
            }
        }
        Ok(above)
    }

    /// What an included transaction took from the fee payer beside what it sent: the fee, and the
    /// rent of a token account it made.
    async fn charged(&self, tx_hash: &str) -> Result<Option<u64>, ChainError> {
        let options = json!({
            "encoding": "json",
            "commitment": "confirmed",
            "maxSupportedTransactionVersion": 0,
        });
        let told: Option<Charged> =
            self.nodes.ask("getTransaction", json!([tx_hash, options])).await?;
        Ok(told.and_then(|told| told.meta).map(|meta| {
            let moves_tokens = meta.post_token_balances.is_some_and(|list| !list.is_empty());
            let lost = meta.pre_balances.first().zip(meta.post_balances.first());
            let lost = lost.map(|(before, after)| before.saturating_sub(*after));
            // Of coins, what was sent may have been the fee payer's own.
            lost.filter(|_| moves_tokens).unwrap_or(meta.fee).max(meta.fee)
        }))
    }
}

fn unavailable(why: &str) -> ChainError {
    ChainError::Unavailable(why.to_owned())
}
