//! Transactions of EVM networks, written and signed: EIP-1559's, and the older ones with one price.
//!
//! RLP is Ethereum's encoding of bytes and lists of bytes; a number is its bytes without leading
//! zeros. Writing is all that is needed here, and these are the few lines that do it.
//!
//! Invariant: the same fields and key give the same bytes, and their hash is known before anybody
//! has seen them. The chain id is part of what is signed: no other chain takes the transaction.

use sha3::{Digest, Keccak256};

use super::wire::{Account, Hash};
use crate::keys::signing::EvmSigner;

/// The type byte of EIP-2718 for EIP-1559's transactions.
const DYNAMIC: u8 = 2;

/// A transaction without its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub chain_id: u64,
    pub nonce: u64,
    pub gas: u64,
    pub price: Price,
    pub to: Account,
    pub value: u128,
    pub data: Vec<u8>,
}

/// In wei a unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// All of it is paid.
    One(u128),
    /// The block's base fee and a tip are paid, together never more than `most`.
    Dynamic { most: u128, tip: u128 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub raw: Vec<u8>,
    pub hash: Hash,
}

impl Transaction {
    pub fn signed(&self, signer: &EvmSigner) -> Signed {
        let signature = signer.sign(&keccak(&self.unsigned()));
        let parity = u64::from(signature.is_odd);
        let mut fields = self.fields();
        // EIP-155 puts the chain into the parity where the transaction has no field for it.
        let parity = match self.price {
            Price::One(_) => u128::from(self.chain_id) * 2 + 35 + u128::from(parity),
            Price::Dynamic { .. } => u128::from(parity),
        };
        number(parity, &mut fields);
        number_of_word(&signature.r, &mut fields);
        number_of_word(&signature.s, &mut fields);
        let raw = self.typed(&fields);
        let hash = super::wire::Fixed(keccak(&raw));
        Signed { raw, hash }
    }

    /// What is signed; also what a rollup measures, a few bytes of signature short.
    pub fn unsigned(&self) -> Vec<u8> {
        let mut fields = self.fields();
        if let Price::One(_) = self.price {
            number(u128::from(self.chain_id), &mut fields);
            number(0, &mut fields);
            number(0, &mut fields);
        }
        self.typed(&fields)
    }

    fn fields(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(256);
        match self.price {
            Price::One(price) => {
                number(u128::from(self.nonce), &mut fields);
                number(price, &mut fields);
            }
            Price::Dynamic { most, tip } => {
                number(u128::from(self.chain_id), &mut fields);
                number(u128::from(self.nonce), &mut fields);
                number(tip, &mut fields);
                number(most, &mut fields);
            }
        }
        number(u128::from(self.gas), &mut fields);
        bytes(&self.to.0, &mut fields);
        number(self.value, &mut fields);
        bytes(&self.data, &mut fields);
        if let Price::Dynamic { .. } = self.price {
            // No access list.
            fields.extend(list(&[]));
        }
        fields
    }

    fn typed(&self, fields: &[u8]) -> Vec<u8> {
        let list = list(fields);
        match self.price {
            Price::One(_) => list,
            Price::Dynamic { .. } => [&[DYNAMIC], list.as_slice()].concat(),
        }
    }
}

fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

fn number(value: u128, out: &mut Vec<u8>) {
    bytes(without_zeros(&value.to_be_bytes()), out);
}

fn number_of_word(word: &[u8; 32], out: &mut Vec<u8>) {
    bytes(without_zeros(word), out);
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bytes(item: &[u8], out: &mut Vec<u8>) {
    match item {
        // A small byte is its own encoding.
        [byte] if *byte < 0x80 => out.push(*byte),
        _ => {
            length(0x80, item.len(), out);
            out.extend_from_slice(item);
        }
    }
}

fn list(items: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(items.len() + 9);
    length(0xc0, items.len(), &mut out);
    out.extend_from_slice(items);
    out
}

/// A length up to 55 is part of the first byte; of a longer one the first byte tells how many bytes
/// write it.
fn length(kind: u8, length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(length) if length <= 55 => out.push(kind + length),
        _ => {
            let written = length.to_be_bytes();
            let written = without_zeros(&written);
            out.push(kind + 55 + u8::try_from(written.len()).expect("eight bytes at most"));
            out.extend_from_slice(written);
        }
    }
}

#[cfg(test)]
mod tests;
