//! `Sender`: money out of addresses of ours, beside `Chain`, which only looks.
//!
//! A send is five steps, and the caller keeps what each of them answers: `facts` asks the network
//! what a transaction depends on, `prepare` signs it out of those and nothing else, the caller
//! commits the `Prepared`, `broadcast` hands it to the nodes, `outcome` tells what became of it.
//!
//! Invariant: nothing is sent twice. What makes it true, and what the caller has to do for it:
//!
//! - `prepare` is deterministic and sends nothing. A `Prepared` is committed before its first
//!   broadcast; after a crash the same bytes are broadcast again, as often as one likes.
//! - EVM: of all transactions of one account with one nonce a chain includes at most one. So every
//!   attempt at an intent keeps its nonce: the same bytes again, or `replace`.
//! - Solana: a chain includes one signature once, and only while its blockhash is young. There is
//!   no replacing: another blockhash is only signed after the old attempt is `Gone`.
//! - An intent has failed only when all its attempts are `Gone`, or one of them is included deeply
//!   enough and did not succeed. `Refused` and `Unknown` prove nothing: a node may refuse what
//!   another one took. Nonces are given out by whoever keeps the intents, one intent each.

mod checked_nodes;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use domain::address::Address;
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::chain::{Answer, ChainError, NodeHealth};

pub(crate) use checked_nodes::{CheckedNodes, Question};

pub use crate::keys::signing::KeyRef;

/// What a call comes to that has its own words for every ending.
pub type Told<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One network of one environment, and keys to addresses of ours on it.
pub trait Sender: Send + Sync {
    fn network(&self) -> Network;

    fn environment(&self) -> Environment;

    /// The address a key of ours has here.
    fn address(&self, key: KeyRef) -> Result<Address, SendError>;

    /// What an account has and where its nonces are.
    fn state<'a>(
        &'a self,
        address: &'a Address,
        token: Option<&'a str>,
    ) -> Answer<'a, AccountState>;

    /// What a transaction costs now, before any caps.
    fn fees(&self) -> Answer<'_, Fees>;

    /// Everything `prepare` needs to know of the network, tried out against it without sending: an
    /// order the network would not carry out is `WouldFail`.
    ///
    /// The nonce is the first one that no included transaction has. Who has several transactions
    /// of one account under way gives each its own with `Facts::at_nonce`.
    fn facts<'a>(&'a self, order: &'a Order) -> Told<'a, Result<Facts, SendError>>;

    /// Signs, and sends nothing: the same order and facts give the same bytes.
    fn prepare(&self, order: &Order, facts: &Facts) -> Result<Prepared, SendError>;

    /// Signs an order in the place of an attempt that does not get on: its nonce, and fees an
    /// eighth higher at least, up to the caps. At most one of the two can ever be included.
    ///
    /// The order may be another one, such as nothing to oneself, which cancels.
    fn replace(
        &self,
        order: &Order,
        facts: &Facts,
        stuck: &Prepared,
    ) -> Result<Prepared, SendError>;

    /// Hands the bytes to every node that is usable. Doing so again does no harm.
    fn broadcast<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Broadcast>;

    /// What became of an attempt, as far as the nodes can tell.
    fn outcome<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Outcome>;

    fn health(&self) -> Vec<NodeHealth>;
}

/// Money that is to go from one of our addresses to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub from: KeyRef,
    pub to: Address,
    pub spend: Spend,
}

/// What is sent. The fee comes on top of it and is never part of it, but for `AllCoin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spend {
    Coin(TokenAmount),
    /// What the account has, less what the transaction costs if the account itself pays for it.
    AllCoin,
    /// An ERC-20 contract or a mint of either token program.
    Token {
        contract: String,
        amount: TokenAmount,
    },
}

impl Order {
    /// Coins out of the gas wallet for an address of ours that is to pay for its own transaction.
    pub fn gas_funding(to: Address, amount: TokenAmount) -> Order {
        Order { from: KeyRef::Gas, to, spend: Spend::Coin(amount) }
    }
}

/// What an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// None where a network has no nonces.
    pub nonces: Option<Nonces>,
    pub coin: TokenAmount,
    /// Of the token asked for; the largest number if 128 bits do not hold it.
    pub token: Option<TokenAmount>,
}

/// An account's next nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonces {
    /// After the transactions that are included.
    pub latest: u64,
    /// After those as well that wait in the nodes without a gap.
    pub pending: u64,
}

/// What transactions cost at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fees {
    Evm(EvmFees),
    Solana(SolanaFees),
}

/// In wei a unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvmFees {
    /// None where a chain knows one price only (before EIP-1559): then `tip` is all of it.
    pub base: Option<TokenAmount>,
    pub tip: TokenAmount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaFees {
    pub lamports_per_signature: u64,
    /// What a transaction gets ahead with, in millionths of a lamport a compute unit.
    pub priority_per_unit: u64,
    /// What a token account's place costs, once; a token program may want more for its extensions.
    pub token_account_rent: u64,
}

/// What the network said that a transaction depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    Evm(EvmFacts),
    Solana(SolanaFacts),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvmFacts {
    /// The newest block.
    pub at_block: u64,
    pub nonce: u64,
    /// Units the transaction may use at most.
    pub gas: u64,
    pub fees: EvmFees,
    /// The sender's coins.
    pub coin: TokenAmount,
    /// The sender's tokens, of an order for tokens.
    pub token: Option<TokenAmount>,
    /// What a rollup charges beside gas, with room for it to grow.
    pub data_fee: TokenAmount,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaFacts {
    /// The newest slot.
    pub at_slot: u64,
    pub blockhash: String,
    /// The last height of a block that may include a transaction with this blockhash.
    pub last_valid_block_height: u64,
    pub fees: SolanaFees,
    pub compute_units: u32,
    /// The sender's lamports.
    pub coin: TokenAmount,
    /// What the gas wallet has, which pays for every transaction.
    pub gas_wallet_coin: TokenAmount,
    pub token: Option<SolanaTokenFacts>,
}

/// Where the tokens of an order are and go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SolanaTokenFacts {
    pub program: String,
    pub decimals: u8,
    pub balance: TokenAmount,
    /// None if the receiver has an account for them already.
    pub rent_of_new_account: Option<TokenAmount>,
}

impl Facts {
    /// The same without coin on the account that belongs to somebody else. Where the gas wallet
    /// pays for every transaction, nothing of the account's own is spent that was not asked for.
    #[must_use]
    pub fn without_coin(self, promised: TokenAmount) -> Facts {
        match self {
            Facts::Evm(facts) => {
                let coin = TokenAmount(facts.coin.0.saturating_sub(promised.0));
                Facts::Evm(EvmFacts { coin, ..facts })
            }
            Facts::Solana(facts) => Facts::Solana(facts),
        }
    }

    /// The same with a nonce of the caller's; nothing changes where there are no nonces.
    #[must_use]
    pub fn at_nonce(self, nonce: u64) -> Facts {
        match self {
            Facts::Evm(facts) => Facts::Evm(EvmFacts { nonce, ..facts }),
            Facts::Solana(facts) => Facts::Solana(facts),
        }
    }
}

/// A signed transaction. Whoever has it can send it, and nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    #[serde(with = "raw_text")]
    pub raw: Vec<u8>,
    /// In the spelling of `hashes`: known before anything is sent.
    pub tx_hash: String,
    pub place: Place,
    /// What the receiver is sent, fees excluded.
    pub amount: TokenAmount,
    /// In coins, the amount excluded: what the transaction can cost at most.
    pub max_cost: TokenAmount,
}

/// What bounds a transaction's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// It takes this place among the account's transactions, or another one does.
    Nonce {
        account: String,
        nonce: u64,
        fees: EvmOffer,
        /// The head when it was signed: no block up to it includes it.
        since_block: u64,
    },
    /// No block above this height includes it.
    Blockhash {
        blockhash: String,
        last_valid_block_height: u64,
        /// The head when it was signed, which is another count than heights.
        since_slot: u64,
    },
}

/// In wei a unit of gas: what a transaction says it will pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvmOffer {
    pub most: TokenAmount,
    /// None for a transaction with one price.
    pub tip: Option<TokenAmount>,
}

/// What came of handing a transaction to the nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// At least one node took it.
    Sent,
    /// A node has it already, waiting or included.
    AlreadyKnown,
    /// Every node that was asked refused. `outcome` says what follows from it.
    Refused { kind: Refusal, words: String },
    /// A node may have taken it, or there was none to ask.
    Unknown(String),
}

impl Broadcast {
    /// Of what two nodes said, what is known after both: one that took it outweighs all others,
    /// and one that may have taken it every refusal.
    pub(crate) fn clearer(self, other: Broadcast) -> Broadcast {
        match (self, other) {
            (Broadcast::Sent, _) | (_, Broadcast::Sent) => Broadcast::Sent,
            (Broadcast::AlreadyKnown, _) | (_, Broadcast::AlreadyKnown) => Broadcast::AlreadyKnown,
            (Broadcast::Unknown(why), _) | (_, Broadcast::Unknown(why)) => Broadcast::Unknown(why),
            (refused @ Broadcast::Refused { .. }, Broadcast::Refused { .. }) => refused,
        }
    }
}

/// Why nodes refuse a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The nonce is used: by this transaction or another one.
    NonceTooLow,
    /// The fees are too low, or too low to replace another one.
    Underpriced,
    InsufficientCoin,
    /// It would be included and fail.
    Reverts,
    /// Its blockhash is too old, or not known to this node yet.
    Expired,
    Other,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may still be included. No node needs to know it any more: broadcast it again.
    Pending,
    Included(Inclusion),
    /// It is in no block and can never come into one: another transaction that is final has its
    /// nonce, or a final block is above its last height.
    Gone,
    /// The nodes do not answer, contradict each other, or may have forgotten it: it was signed so
    /// long ago that not finding it proves nothing. A person, or a node that keeps all, must tell.
    Unknown(String),
}

/// Where a transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    pub block_number: u64,
    /// None where a network tells of the number only.
    pub block_hash: Option<String>,
    /// One in the newest block.
    pub depth: u64,
    /// The network itself says that it will never go back on it.
    pub is_final: bool,
    /// A transaction can be included, be paid for and fail.
    pub is_success: bool,
    pub fee_paid: TokenAmount,
}

/// Why there is nothing signed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The network was asked what would happen, and it would fail.
    #[error("the transaction would fail: {0}")]
    WouldFail(String),
    /// What is to be sent is there, and not all of the fee on top of it: nobody needs to bring
    /// more than the fee. Where the amount itself is missing it is `NotEnoughToken`.
    #[error("it needs {needed:?} of the coin, {fee:?} of it as a fee, and there is {has:?}")]
    NotEnoughCoin { needed: TokenAmount, has: TokenAmount, fee: TokenAmount },
    /// Of what is to be sent, be it a token or the coin.
    #[error("it needs {needed:?} of the token and there is {has:?}")]
    NotEnoughToken { needed: TokenAmount, has: TokenAmount },
    /// Ask again when the network is calmer, or raise the cap.
    #[error("the network asks {asked:?} and the cap is {cap:?}")]
    FeesAboveCap { asked: TokenAmount, cap: TokenAmount },
    #[error("on this network nothing is replaced: wait until it is gone")]
    NotReplaceable,
    #[error("there is no key for this address")]
    NoKey,
    /// The order itself is wrong: no later attempt will do better.
    #[error("the order cannot be carried out: {0}")]
    Malformed(&'static str),
}

impl fmt::Debug for Prepared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Prepared")
            .field("tx_hash", &self.tx_hash)
            .field("place", &self.place)
            .field("amount", &self.amount)
            .field("max_cost", &self.max_cost)
            .finish_non_exhaustive()
    }
}

/// Bytes as text, since they are kept in JSON.
mod raw_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(raw: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(raw))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(input)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while senders of all kinds can stand in one list and cross threads.
    #[test]
    fn senders_of_all_kinds_stand_in_one_list() {
        fn is_shareable<T: Send + Sync>() {}
        is_shareable::<Vec<Box<dyn Sender>>>();
    }

    #[test]
    fn what_is_prepared_comes_back_from_json_byte_for_byte() {
        let fees = EvmOffer { most: TokenAmount(u128::MAX), tip: Some(TokenAmount(0)) };
        let (account, nonce) = ("0x1".to_owned(), u64::MAX);
        let place = Place::Nonce { account, nonce, fees, since_block: 7 };
        let (blockhash, last_valid_block_height) = ("1".to_owned(), 9);
        let expiring = Place::Blockhash { blockhash, last_valid_block_height, since_slot: 8 };
        for place in [place, expiring] {
            let prepared = Prepared {
                raw: (0..=u8::MAX).collect(),
                tx_hash: "0x2".to_owned(),
                place,
                amount: TokenAmount(u128::MAX),
                max_cost: TokenAmount(1),
            };
            let text = serde_json::to_string(&prepared).expect("JSON");
            assert_eq!(serde_json::from_str::<Prepared>(&text).expect("the same"), prepared);
            assert!(!format!("{prepared:?}").contains("raw"));
        }
    }
}
