//! From a transaction's balances before and after to what arrived where.
//!
//! Balances are what the network itself computed, so a transfer fee, a rebase, a transfer made deep
//! inside a program or by several instructions all come out as what the receiver really got.
//!
//! Invariant: an ordinal never changes. It is 1 + the index of the token account, or 0x10000 + the
//! index of the account for native coins, counted over the transaction's whole list of accounts:
//! its own keys, then those it loads from tables, writable before read-only. Indexes stay below
//! 256, so the two ranges never meet, and neither depends on which tokens or addresses are ours.

use super::wire::{BlockJson, HeaderJson, Text, TokenBalanceJson, TransactionJson};
use domain::address::Address;
use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;

use crate::hashes::parse_transaction_hash;

/// More accounts than this no transaction can name: an index is one byte.
const ACCOUNTS_MAX: usize = 256;
const TOKEN_ORDINAL_FIRST: u32 = 1;
const NATIVE_ORDINAL_FIRST: u32 = 0x1_0000;

/// Why what a node said cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// A block without its transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub slot: u64,
    pub hash: String,
    pub parent_slot: u64,
    pub parent_hash: String,
    /// Unix seconds as the node told them, true or not.
    pub told_time: Option<i64>,
}

/// A block and everything that arrived anywhere in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub header: Header,
    pub arrivals: Vec<Arrival>,
}

/// One account that has more of one coin after a transaction than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub tx_hash: String,
    pub ordinal: u32,
    /// None for the native coin.
    pub mint: Option<String>,
    pub amount: u64,
    pub from: Option<String>,
    /// The owner, never the token account.
    pub to: String,
}

pub fn header(slot: u64, json: HeaderJson) -> Result<Header, Malformed> {
    if !is_32_bytes(&json.blockhash) || !is_32_bytes(&json.previous_blockhash) {
        return Err(Malformed("a block hash is not 32 bytes in base58"));
    }
    if slot > 0 && json.parent_slot >= slot {
        return Err(Malformed("a block's parent is not below it"));
    }
    Ok(Header {
        slot,
        hash: json.blockhash,
        parent_slot: json.parent_slot,
        parent_hash: json.previous_blockhash,
        told_time: json.block_time,
    })
}

pub fn block(slot: u64, json: BlockJson) -> Result<Block, Malformed> {
    let BlockJson { blockhash, previous_blockhash, parent_slot, block_time, transactions } = json;
    let json = HeaderJson { blockhash, previous_blockhash, parent_slot, block_time };
    Ok(Block { header: header(slot, json)?, arrivals: transactions.0? })
}

/// What arrived by one transaction; nothing if it failed.
pub fn transaction(json: &TransactionJson<'_>) -> Result<Vec<Arrival>, Malformed> {
    let mut arrivals = Vec::new();
    arrivals_of(json, &mut arrivals)?;
    Ok(arrivals)
}

/// Adds what arrived by one transaction.
pub fn arrivals_of(
    json: &TransactionJson<'_>,
    arrivals: &mut Vec<Arrival>,
) -> Result<(), Malformed> {
    let meta = json.meta.as_ref().ok_or(Malformed("a transaction comes without its outcome"))?;
    if meta.err.is_some() {
        return Ok(());
    }
    let mut keys: Vec<&str> = Vec::with_capacity(ACCOUNTS_MAX);
    keys.extend(json.transaction.message.account_keys.iter().map(Text::as_str));
    if let Some(loaded) = &meta.loaded_addresses {
        keys.extend(loaded.writable.iter().chain(&loaded.readonly).map(Text::as_str));
    }
    let are_paired =
        keys.len() == meta.pre_balances.len() && keys.len() == meta.post_balances.len();
    if !are_paired || keys.len() > ACCOUNTS_MAX {
        return Err(Malformed("a transaction's balances do not fit its accounts"));
    }
    let tx_hash = json.transaction.signatures.first();
    let tx_hash = tx_hash.ok_or(Malformed("a transaction has no signature"))?.as_str();
    let before = holdings(&meta.pre_token_balances, keys.len())?;
    let after = holdings(&meta.post_token_balances, keys.len())?;
    token_arrivals(tx_hash, &before, &after, arrivals);
    let lamports = Lamports {
        keys: &keys,
        before: &meta.pre_balances,
        after: &meta.post_balances,
        fee: meta.fee,
    };
    native_arrivals(tx_hash, &lamports, [&before, &after], arrivals);
    Ok(())
}

/// What one token account holds.
struct Holding<'a> {
    index: usize,
    mint: &'a str,
    owner: &'a str,
    amount: u64,
}

fn holdings<'a>(
    balances: &'a [TokenBalanceJson<'_>],
    accounts: usize,
) -> Result<Vec<Holding<'a>>, Malformed> {
    let mut is_taken = [false; ACCOUNTS_MAX];
    let mut holdings = Vec::with_capacity(balances.len());
    for balance in balances {
        let index = balance.account_index;
        let place = is_taken.get_mut(index).filter(|_| index < accounts);
        let place = place.ok_or(Malformed("a token balance is of no account"))?;
        if std::mem::replace(place, true) {
            return Err(Malformed("two token balances are of one account"));
        }
        let amount = parse_u64(&balance.ui_token_amount.amount)?;
        // Without its owner nobody knows whose money it is, and leaving it out could lose ours.
        let owner = balance.owner.as_ref().map(Text::as_str);
        let owner = owner.ok_or(Malformed("a token balance has no owner"))?;
        holdings.push(Holding { index, mint: &balance.mint, owner, amount });
    }
    Ok(holdings)
}

/// How much of what `holding` holds `others` held in the same account for the same owner. An
/// account that changed hands meanwhile brought its new owner all it holds.
fn counterpart(holding: &Holding<'_>, others: &[Holding<'_>]) -> u64 {
    let is_same = |other: &&Holding<'_>| {
        other.index == holding.index && other.mint == holding.mint && other.owner == holding.owner
    };
    others.iter().find(is_same).map_or(0, |other| other.amount)
}

fn token_arrivals(
    tx_hash: &str,
    before: &[Holding<'_>],
    after: &[Holding<'_>],
    arrivals: &mut Vec<Arrival>,
) {
    for holding in after {
        let held = counterpart(holding, before);
        if holding.amount <= held {
            continue;
        }
        arrivals.push(Arrival {
            tx_hash: tx_hash.to_owned(),
            ordinal: TOKEN_ORDINAL_FIRST + holding.index as u32,
            mint: Some(holding.mint.to_owned()),
            amount: holding.amount - held,
            from: the_only_giver(holding.mint, before, after).map(str::to_owned),
            to: holding.owner.to_owned(),
        });
    }
}

/// Whose balance of a mint dropped, if that is one owner.
fn the_only_giver<'a>(
    mint: &str,
    before: &[Holding<'a>],
    after: &[Holding<'a>],
) -> Option<&'a str> {
    let gave = |holding: &&Holding<'a>| {
        holding.mint == mint && counterpart(holding, after) < holding.amount
    };
    let mut givers = before.iter().filter(gave).map(|holding| holding.owner);
    let first = givers.next()?;
    givers.all(|giver| giver == first).then_some(first)
}

struct Lamports<'a> {
    keys: &'a [&'a str],
    before: &'a [u64],
    after: &'a [u64],
    fee: u64,
}

/// Token accounts are left out: lamports in them are rent, not a payment to anybody.
fn native_arrivals(
    tx_hash: &str,
    lamports: &Lamports<'_>,
    token_accounts: [&Vec<Holding<'_>>; 2],
    arrivals: &mut Vec<Arrival>,
) {
    let is_token_account =
        |index| token_accounts.iter().any(|all| all.iter().any(|one| one.index == index));
    let mut giver = None;
    for (index, key) in lamports.keys.iter().enumerate() {
        let (before, after) = (lamports.before[index], lamports.after[index]);
        if after <= before || is_token_account(index) {
            continue;
        }
        let giver = *giver.get_or_insert_with(|| lamports.the_only_giver());
        arrivals.push(Arrival {
            tx_hash: tx_hash.to_owned(),
            ordinal: NATIVE_ORDINAL_FIRST + index as u32,
            mint: None,
            amount: after - before,
            from: giver.map(str::to_owned),
            to: (*key).to_owned(),
        });
    }
}

impl<'a> Lamports<'a> {
    /// Whose lamports dropped, if that is one account; paying the fee is no giving.
    fn the_only_giver(&self) -> Option<&'a str> {
        let balances = self.before.iter().zip(self.after).enumerate();
        let mut givers = balances.filter(|(index, (before, after))| {
            let fee = if *index == 0 { self.fee } else { 0 };
            after.saturating_add(fee) < **before
        });
        let (index, _) = givers.next()?;
        let giver = self.keys.get(index).copied();
        giver.filter(|_| givers.next().is_none())
    }
}

impl Arrival {
    /// The transfer, if everything it names is written as this network writes it.
    pub fn told(
        self,
        environment: Environment,
        block: &BlockRef,
    ) -> Result<ChainTransfer, Malformed> {
        let address = |text: &str| {
            let parsed = Address::parse(Network::Solana, environment, text);
            parsed.map(|address| address.as_str().to_owned())
        };
        let tx_hash = parse_transaction_hash(Network::Solana, &self.tx_hash)
            .ok_or(Malformed("a signature is not 64 bytes in base58"))?;
        let to = address(&self.to).map_err(|_| Malformed("an owner is not an address"))?;
        let asset = match self.mint {
            None => AssetRef::Native,
            Some(mint) => AssetRef::Contract(
                address(&mint).map_err(|_| Malformed("a mint is not an address"))?,
            ),
        };
        Ok(ChainTransfer {
            tx_hash,
            ordinal: self.ordinal,
            log_index: None,
            asset,
            amount: Some(TokenAmount(self.amount.into())),
            from: self.from.as_deref().and_then(|from| address(from).ok()),
            to,
            block: block.clone(),
        })
    }
}

/// Digits only: a sign or a space is no amount.
fn parse_u64(text: &str) -> Result<u64, Malformed> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
    let amount = text.parse().ok().filter(|_| is_plain);
    amount.ok_or(Malformed("a token amount is not a 64-bit number"))
}

pub fn is_32_bytes(text: &str) -> bool {
    matches!(bs58::decode(text).onto(&mut [0u8; 32]), Ok(32))
}

#[cfg(test)]
mod tests;
