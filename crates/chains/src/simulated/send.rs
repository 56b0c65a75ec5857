//! Sending on a simulated network: what a signed transaction is there, and what its chain makes of
//! it. Pure, like everything of the simulation; the server keeps the rows.
//!
//! Every simulated network has nonces, fees and receipts as EVM networks have, whatever family it
//! is of: one transaction of a nonce is included at most. The gas wallet never runs dry.
//!
//! Magic amounts, by the last six digits of the base units (`10.013001` of a token with six
//! decimals), make a send go wrong: see `Magic`.

use domain::address::Address;
use domain::chain::AssetRef;
use domain::ids::{Fresh, RowKey, SimulatedTxId};
use domain::money::{TokenAmount, power_of_ten};
use domain::network::Network;
use domain::simulated::{SignedBy, SimulatedChain, SimulatedTransaction};
use domain::time::Timestamp;
use domain::token::Token;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::blocks::{block_ref, head_number};
use crate::hashes;
use crate::send::{
    Broadcast, EvmFacts, EvmFees, EvmOffer, Facts, Inclusion, Order, Outcome, Place, Prepared,
    Refusal, SendError, Spend,
};

/// How deep another transaction with the same nonce must be for this one to be gone.
const GONE_DEPTH: u64 = 2;
/// What a transaction costs, as a part of a whole coin.
const FEES_IN_A_COIN: u128 = 10_000;
/// What the gas wallet has, of coin and of every token, since it also pays out what the sandbox's
/// routes carry: more than anybody spends, and no sum of it passes 128 bits.
pub const GAS_WALLET_COIN: TokenAmount = TokenAmount(1 << 100);

/// What goes wrong with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// …013001: it is included and fails.
    Fails,
    /// …013002: it is taken, and the answer to that gets lost.
    AnswerLost,
    /// …013003: no node takes it before its fee was raised.
    Stuck,
    /// …013004: the network says beforehand that it would fail.
    WouldFail,
}

impl Magic {
    pub fn of(amount: TokenAmount) -> Option<Magic> {
        match amount.0 % 1_000_000 {
            13_001 => Some(Magic::Fails),
            13_002 => Some(Magic::AnswerLost),
            13_003 => Some(Magic::Stuck),
            13_004 => Some(Magic::WouldFail),
            _none => None,
        }
    }
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    pub network: Network,
    pub from: String,
    pub to: String,
    pub asset: AssetRef,
    pub amount: TokenAmount,
    pub nonce: u64,
    pub fee: TokenAmount,
}

/// What an account has and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub nonce: u64,
    pub coin: TokenAmount,
    pub token: Option<TokenAmount>,
}

/// What a transaction costs on a network.
pub fn usual_fee(network: Network) -> TokenAmount {
    let coin = Token::find(network, domain::environment::Environment::Devnet, None);
    let unit = coin.map_or(FEES_IN_A_COIN, |coin| power_of_ten(coin.decimals.into()));
    TokenAmount((unit / FEES_IN_A_COIN).max(1))
}

/// The account of an address out of everything it was sent and sent.
pub fn account(
    (chain, now): (&SimulatedChain, Timestamp),
    token: Option<&str>,
    (received, sent): (&[SimulatedTransaction], &[SimulatedTransaction]),
) -> Account {
    let head = head_number(chain, now);
    let is_in = |row: &&SimulatedTransaction| !row.is_dropped && row.block_number <= head;
    let sum = |rows: &[SimulatedTransaction], asset: Option<&str>| -> u128 {
        let of_asset = |row: &&SimulatedTransaction| row.asset.contract() == asset;
        let moved = rows.iter().filter(is_in).filter(of_asset).filter(|row| !row.is_failed);
        moved.filter_map(|row| row.amount).map(|amount| amount.0).fold(0, u128::saturating_add)
    };
    let fees = sent.iter().filter(is_in).filter_map(|row| row.signed).map(|signed| signed.fee.0);
    let balance = |asset| sum(received, asset).saturating_sub(sum(sent, asset));
    let nonces = sent.iter().filter(is_in).filter_map(|row| row.signed);
    Account {
        nonce: nonces.map(|signed| signed.nonce + 1).max().unwrap_or(0),
        coin: TokenAmount(balance(None).saturating_sub(fees.sum())),
        token: token.map(|contract| TokenAmount(balance(Some(contract)))),
    }
}

/// What an order's transaction depends on here.
pub fn facts(network: Network, order: &Order, account: Account) -> Result<Facts, SendError> {
    if Magic::of(amount_of(order)) == Some(Magic::WouldFail) {
        return Err(SendError::WouldFail("a magic amount".to_owned()));
    }
    if let (Spend::Token { amount, .. }, Some(has)) = (&order.spend, account.token)
        && *amount > has
    {
        return Err(SendError::NotEnoughToken { needed: *amount, has });
    }
    Ok(Facts::Evm(EvmFacts {
        // Nothing is forgotten here, so nobody asks since when.
        at_block: 0,
        nonce: account.nonce,
        gas: 1,
        fees: EvmFees { base: None, tip: usual_fee(network) },
        coin: account.coin,
        token: account.token,
        data_fee: TokenAmount::ZERO,
    }))
}

fn amount_of(order: &Order) -> TokenAmount {
    match &order.spend {
        Spend::Coin(amount) | Spend::Token { amount, .. } => *amount,
        Spend::AllCoin => TokenAmount::ZERO,
    }
}

/// Signs, for a fee.
pub fn prepare(
    (network, from): (Network, &Address),
    order: &Order,
    facts: &Facts,
    fee: TokenAmount,
) -> Result<Prepared, SendError> {
    let Facts::Evm(facts) = facts else {
        return Err(SendError::Malformed("facts of another network"));
    };
    let (asset, amount, coin) = match &order.spend {
        Spend::Coin(amount) => (AssetRef::Native, *amount, amount.0),
        Spend::AllCoin => {
            let amount = TokenAmount(facts.coin.0.saturating_sub(fee.0));
            (AssetRef::Native, amount, amount.0)
        }
        Spend::Token { contract, amount } => (AssetRef::Contract(contract.clone()), *amount, 0),
    };
    let has = facts.coin;
    if coin > has.0 {
        return Err(SendError::NotEnoughToken { needed: TokenAmount(coin), has });
    }
    let needed = TokenAmount(coin.saturating_add(fee.0));
    if needed > has {
        return Err(SendError::NotEnoughCoin { needed, has, fee });
    }
    let signed = Signed {
        network,
        from: from.as_str().to_owned(),
        to: order.to.as_str().to_owned(),
        asset,
        amount,
        nonce: facts.nonce,
        fee,
    };
    let raw = serde_json::to_vec(&signed).expect("text keys and no failing types");
    let hash: [u8; 32] = Sha256::digest(&raw).into();
    Ok(Prepared {
        tx_hash: hashes::transaction_hash(network, &hash),
        place: Place::Nonce {
            account: signed.from,
            nonce: signed.nonce,
            since_block: facts.at_block,
            fees: EvmOffer { most: fee, tip: None },
        },
        raw,
        amount,
        max_cost: fee,
    })
}

/// What was signed; none if the bytes are nothing of a simulated network's.
pub fn read(prepared: &Prepared) -> Option<Signed> {
    serde_json::from_slice(&prepared.raw).ok()
}

impl Signed {
    /// Of all transactions with this key at most one is included.
    pub fn place(&self) -> RowKey {
        let network = self.network.as_str().as_bytes();
        let parts = [network, self.from.as_bytes(), &self.nonce.to_be_bytes()[..]];
        RowKey::of("simulated_nonce", &parts)
    }

    /// Whether nodes do as if they had not heard of it.
    pub fn is_stuck(&self) -> bool {
        let is_cheap = self.fee <= usual_fee(self.network);
        Magic::of(self.amount) == Some(Magic::Stuck) && is_cheap
    }
}

/// What a node does with a transaction, and the rows as they are to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Taking {
    /// Included with the next block: the new row, and the one whose place it takes.
    New {
        row: SimulatedTransaction,
        instead_of: Option<SimulatedTransaction>,
    },
    /// It had been dropped, and waits for the next block again.
    Again(SimulatedTransaction),
    Nothing(Broadcast),
}

/// Hands a transaction to the node; `holder` has its nonce already.
pub fn take(
    chain: &SimulatedChain,
    (prepared, signed): (&Prepared, &Signed),
    holder: Option<SimulatedTransaction>,
    fresh: &mut Fresh,
) -> Taking {
    let (now, head) = (fresh.now(), head_number(chain, fresh.now()));
    let next = head.saturating_add(1);
    let id = SimulatedTxId::fresh(fresh);
    let row = || SimulatedTransaction {
        id,
        network: signed.network,
        tx_hash: prepared.tx_hash.clone(),
        block_number: next,
        is_dropped: false,
        is_failed: Magic::of(signed.amount) == Some(Magic::Fails),
        asset: signed.asset.clone(),
        amount: Some(signed.amount),
        from: signed.from.clone(),
        to: signed.to.clone(),
        signed: Some(SignedBy { nonce: signed.nonce, fee: signed.fee }),
        created_at: now,
        version: 0,
    };
    let refused =
        |kind, words: &str| Taking::Nothing(Broadcast::Refused { kind, words: words.to_owned() });
    let Some(mut holder) = holder else { return Taking::New { row: row(), instead_of: None } };
    let is_same = holder.tx_hash == prepared.tx_hash;
    match (is_same, holder.is_dropped) {
        (true, false) => Taking::Nothing(Broadcast::AlreadyKnown),
        (true, true) => {
            (holder.is_dropped, holder.block_number) = (false, next);
            Taking::Again(holder)
        }
        (false, false) if holder.block_number <= head => {
            refused(Refusal::NonceTooLow, "nonce too low")
        }
        (false, false) if holder.signed.is_some_and(|other| other.fee >= signed.fee) => {
            refused(Refusal::Underpriced, "replacement transaction underpriced")
        }
        (false, _) => {
            holder.is_dropped = true;
            Taking::New { row: row(), instead_of: Some(holder) }
        }
    }
}

/// What became of a transaction: its own row, and whichever has its nonce now.
pub fn outcome(
    (chain, now): (&SimulatedChain, Timestamp),
    own: Option<&SimulatedTransaction>,
    holder: Option<&SimulatedTransaction>,
) -> Outcome {
    let head = head_number(chain, now);
    let depth = |row: &SimulatedTransaction| (head + 1).saturating_sub(row.block_number);
    if let Some(row) = own.filter(|row| !row.is_dropped && row.block_number <= head) {
        return Outcome::Included(Inclusion {
            block_number: row.block_number,
            block_hash: Some(block_ref(chain, row.block_number).hash),
            depth: depth(row),
            is_final: false,
            is_success: !row.is_failed,
            fee_paid: row.signed.map_or(TokenAmount::ZERO, |signed| signed.fee),
        });
    }
    let is_another = |row: &&SimulatedTransaction| own.is_none_or(|own| own.id != row.id);
    match holder.filter(is_another) {
        Some(row) if !row.is_dropped && depth(row) >= GONE_DEPTH => Outcome::Gone,
        Some(_) | None => Outcome::Pending,
    }
}
