//! From a transaction to the transfers it is: pure, and the same for every way it was found.
//!
//! An output pays its address in ADA and in native assets, each a transfer. Who spends outputs of
//! an address gets change there, so an address that is also spent from is credited only with what
//! it has more of afterwards, asset by asset: a sweep of ours is no payment to us.
//!
//! The ADA that the ledger makes every native asset travel with is told like any other.
//!
//! Invariant: ordinal = output index × 4,096 + the asset's place in the output: 0 for ADA, then
//! native assets by unit. Credited differences stand where the asset first appears.

use std::collections::{BTreeMap, BTreeSet};

use domain::address::Address;
use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;

use super::answers::{ASSETS_PER_OUTPUT_MAX, Amount, Input, LOVELACE, Moves, Output, Transaction};

/// Anybody can fill an output with a thousand assets of his own; so many of them are told.
const UNLISTED_PER_OUTPUT_MAX: usize = 16;
/// Byron's addresses are longer than today's; what is longer still is not worth keeping.
const SENDER_BYTES_MAX: usize = 256;

/// Knows which addresses and which assets to tell.
pub(super) struct Decoder {
    environment: Environment,
    listed: BTreeSet<String>,
}

/// One asset of one output.
struct Part<'a> {
    output: &'a Output,
    ordinal: u32,
    unit: &'a str,
    quantity: Option<u128>,
}

impl Decoder {
    pub(super) fn new(environment: Environment, listed: BTreeSet<String>) -> Decoder {
        Decoder { environment, listed }
    }

    /// The canonical spelling of an address that can be one of ours; Byron's never are.
    pub(super) fn canonical(&self, address: &str) -> Option<String> {
        let parsed = Address::parse(Network::Cardano, self.environment, address);
        parsed.ok().map(|address| address.to_string())
    }

    /// What a transaction pays to the addresses that are wanted, by ascending ordinal.
    pub(super) fn transfers(
        &self,
        transaction: &Transaction,
        moves: &Moves,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<ChainTransfer> {
        if !transaction.is_valid {
            return Vec::new();
        }
        let block = BlockRef {
            number: transaction.block_number,
            hash: transaction.block_hash.clone(),
            time: transaction.block_time,
        };
        let mut told = Vec::new();
        for (to, outputs) in self.by_address(&moves.outputs) {
            if !is_wanted(&to) {
                continue;
            }
            let (own, others): (Vec<&Input>, Vec<&Input>) = moves
                .inputs
                .iter()
                .partition(|input| self.canonical(&input.address).as_ref() == Some(&to));
            let from = self.sender(if others.is_empty() { &own } else { &others });
            let parts = outputs.iter().flat_map(|output| parts(output)).collect();
            let credited = if own.is_empty() { parts } else { gains(parts, &own) };
            told.extend(self.bounded(credited).into_iter().map(|part| ChainTransfer {
                tx_hash: transaction.hash.clone(),
                ordinal: part.ordinal,
                log_index: Some(part.output.index),
                asset: asset(part.unit),
                amount: part.quantity.map(TokenAmount),
                from: from.clone(),
                to: to.clone(),
                block: block.clone(),
            }));
        }
        told.sort_by_key(|transfer| transfer.ordinal);
        told
    }

    fn by_address<'a>(&self, outputs: &'a [Output]) -> BTreeMap<String, Vec<&'a Output>> {
        let mut by_address: BTreeMap<String, Vec<&Output>> = BTreeMap::new();
        for output in outputs {
            if let Some(to) = self.canonical(&output.address) {
                by_address.entry(to).or_default().push(output);
            }
        }
        by_address
    }

    /// Everything of ADA and the listed assets, and the first of the others in each output.
    ///
    /// Last of all, so that what it leaves out moves nothing that is told to another place.
    fn bounded<'a>(&self, mut parts: Vec<Part<'a>>) -> Vec<Part<'a>> {
        parts.sort_by_key(|part| part.ordinal);
        let mut unlisted: BTreeMap<u32, usize> = BTreeMap::new();
        parts.retain(|part| {
            if part.unit == LOVELACE || self.listed.contains(part.unit) {
                return true;
            }
            let so_far = unlisted.entry(part.output.index).or_insert(0);
            *so_far += 1;
            *so_far <= UNLISTED_PER_OUTPUT_MAX
        });
        parts
    }

    /// Inputs are a set on chain; the sender is the owner of the first in the ledger's order.
    fn sender(&self, inputs: &[&Input]) -> Option<String> {
        let first = inputs.iter().min_by_key(|input| (&input.tx_hash, input.index))?;
        let canonical = self.canonical(&first.address);
        canonical.or_else(|| is_plain(&first.address).then(|| first.address.clone()))
    }
}

/// Byron's addresses are base 58.
fn is_plain(address: &str) -> bool {
    (1..=SENDER_BYTES_MAX).contains(&address.len())
        && address.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// The assets of an output, each at its place.
fn parts(output: &Output) -> impl Iterator<Item = Part<'_>> {
    let is_token = |amount: &Amount| amount.unit != LOVELACE;
    // Native assets are counted from one whether ADA is there or not.
    let first = u32::from(output.value.0.first().is_none_or(is_token));
    let placed = (first..).zip(&output.value.0);
    placed.filter(|(_, amount)| amount.quantity != Some(0)).map(|(place, amount)| Part {
        output,
        ordinal: ordinal(output.index, place),
        unit: &amount.unit,
        quantity: amount.quantity,
    })
}

fn ordinal(output_index: u32, place: u32) -> u32 {
    output_index.saturating_mul(ASSETS_PER_OUTPUT_MAX as u32).saturating_add(place)
}

fn asset(unit: &str) -> AssetRef {
    if unit == LOVELACE { AssetRef::Native } else { AssetRef::Contract(unit.to_owned()) }
}

/// What an address has more of afterwards. An amount that fits nothing counts as not known.
fn gains<'a>(parts: Vec<Part<'a>>, own: &[&Input]) -> Vec<Part<'a>> {
    let mut spent: BTreeMap<&str, Option<u128>> = BTreeMap::new();
    for amount in own.iter().flat_map(|input| &input.value.0) {
        let sum = spent.entry(&amount.unit).or_insert(Some(0));
        *sum = plus(*sum, amount.quantity);
    }
    let mut sums: BTreeMap<&str, Part<'a>> = BTreeMap::new();
    for part in parts {
        match sums.get_mut(part.unit) {
            Some(first) => first.quantity = plus(first.quantity, part.quantity),
            None => drop(sums.insert(part.unit, part)),
        }
    }
    let gained = sums.into_values().filter_map(|part| {
        let spent = spent.get(part.unit).copied().unwrap_or(Some(0));
        match (part.quantity, spent) {
            (Some(made), Some(spent)) => {
                let gain = made.checked_sub(spent).filter(|gain| *gain > 0)?;
                Some(Part { quantity: Some(gain), ..part })
            }
            (None, Some(_)) => Some(part),
            (Some(_) | None, None) => None,
        }
    });
    gained.collect()
}

fn plus(one: Option<u128>, other: Option<u128>) -> Option<u128> {
    one?.checked_add(other?)
}

#[cfg(test)]
mod tests;
