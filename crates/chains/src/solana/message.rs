//! Solana's transactions, written and signed, and the few instructions that move money.
//!
//! A message lists every account once, those that sign first, and instructions name accounts by
//! their place in that list. The older ("legacy") form is written: it needs no look-up tables.
//!
//! Invariant: the same instructions, payer, blockhash and keys give the same bytes.

use super::accounts::ASSOCIATED_TOKEN_PROGRAM;
use crate::keys::signing::SolanaSigner;

/// What a packet of the network holds.
pub const TRANSACTION_BYTES_MAX: usize = 1_232;

const SYSTEM_PROGRAM: &str = "11111111111111111111111111111111";
const COMPUTE_BUDGET_PROGRAM: &str = "ComputeBudget111111111111111111111111111111";

/// A public key: an account, a program, a mint.
pub type Key = [u8; 32];

/// A program that is called, with which accounts and what data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    program: Key,
    accounts: Vec<Named>,
    data: Vec<u8>,
}

/// An account of an instruction and what the instruction may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named {
    key: Key,
    does: Does,
}

/// In the order in which a message lists its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Does {
    SignAndChange,
    Sign,
    Change,
    Read,
}

/// A message, ready to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub bytes: Vec<u8>,
    /// Who signs, in the order of the signatures; the first one pays.
    pub signers: Vec<Key>,
}

pub fn key(text: &str) -> Option<Key> {
    let mut key = [0; 32];
    matches!(bs58::decode(text).onto(&mut key), Ok(32)).then_some(key)
}

fn program(text: &str) -> Key {
    key(text).expect("a program's name is a key")
}

impl Named {
    fn new(key: Key, does: Does) -> Named {
        Named { key, does }
    }
}

impl Instruction {
    pub fn compute_units(units: u32) -> Instruction {
        let data = [&[2], units.to_le_bytes().as_slice()].concat();
        Instruction { program: program(COMPUTE_BUDGET_PROGRAM), accounts: vec![], data }
    }

    /// In millionths of a lamport.
    pub fn price_per_unit(price: u64) -> Instruction {
        let data = [&[3], price.to_le_bytes().as_slice()].concat();
        Instruction { program: program(COMPUTE_BUDGET_PROGRAM), accounts: vec![], data }
    }

    pub fn transfer_coin(from: Key, to: Key, lamports: u64) -> Instruction {
        let accounts = vec![Named::new(from, Does::SignAndChange), Named::new(to, Does::Change)];
        let data = [2_u32.to_le_bytes().as_slice(), &lamports.to_le_bytes()].concat();
        Instruction { program: program(SYSTEM_PROGRAM), accounts, data }
    }

    /// Makes an owner's account of a mint; one that is there already is left as it is.
    pub fn make_token_account(payer: Key, tokens: &TokenAccount) -> Instruction {
        let accounts = vec![
            Named::new(payer, Does::SignAndChange),
            Named::new(tokens.account, Does::Change),
            Named::new(tokens.owner, Does::Read),
            Named::new(tokens.mint, Does::Read),
            Named::new(program(SYSTEM_PROGRAM), Does::Read),
            Named::new(tokens.program, Does::Read),
        ];
        Instruction { program: program(ASSOCIATED_TOKEN_PROGRAM), accounts, data: vec![1] }
    }

    /// `TransferChecked`, which both token programs have.
    pub fn transfer_tokens(
        from: &TokenAccount,
        to: &TokenAccount,
        amount: u64,
        decimals: u8,
    ) -> Instruction {
        let accounts = vec![
            Named::new(from.account, Does::Change),
            Named::new(from.mint, Does::Read),
            Named::new(to.account, Does::Change),
            Named::new(from.owner, Does::Sign),
        ];
        let data = [&[12], amount.to_le_bytes().as_slice(), &[decimals]].concat();
        Instruction { program: from.program, accounts, data }
    }
}

impl Instruction {
    /// Names one more account, which is how a transfer is found by a key of its receiver's.
    pub fn naming(mut self, reference: Key) -> Instruction {
        self.accounts.push(Named::new(reference, Does::Read));
        self
    }
}

/// Where an owner keeps a mint's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccount {
    pub account: Key,
    pub owner: Key,
    pub mint: Key,
    pub program: Key,
}

impl Message {
    pub fn new(payer: Key, blockhash: Key, instructions: &[Instruction]) -> Option<Message> {
        let accounts = listed(payer, instructions);
        let place = |key: &Key| {
            let at = accounts.iter().position(|named| named.key == *key)?;
            u8::try_from(at).ok()
        };
        let count = |does: Does| accounts.iter().filter(|named| named.does == does).count();
        let signers = count(Does::SignAndChange) + count(Does::Sign);
        let mut bytes = Vec::with_capacity(512);
        for number in [signers, count(Does::Sign), count(Does::Read)] {
            bytes.push(u8::try_from(number).ok()?);
        }
        length(accounts.len(), &mut bytes);
        accounts.iter().for_each(|named| bytes.extend(named.key));
        bytes.extend(blockhash);
        length(instructions.len(), &mut bytes);
        for instruction in instructions {
            bytes.push(place(&instruction.program)?);
            length(instruction.accounts.len(), &mut bytes);
            for named in &instruction.accounts {
                bytes.push(place(&named.key)?);
            }
            length(instruction.data.len(), &mut bytes);
            bytes.extend(&instruction.data);
        }
        let signers = accounts.iter().take(signers).map(|named| named.key).collect();
        Some(Message { bytes, signers })
    }

    /// The transaction and its first signature, which is its name; none if a key is missing.
    pub fn signed(&self, keys: &[SolanaSigner]) -> Option<(Vec<u8>, [u8; 64])> {
        let signature = |key: &Key| {
            let signer = keys.iter().find(|signer| signer.public_key() == *key)?;
            Some(signer.sign(&self.bytes))
        };
        let signatures: Vec<[u8; 64]> =
            self.signers.iter().map(signature).collect::<Option<_>>()?;
        Some((self.with(&signatures), *signatures.first()?))
    }

    /// With room for the signatures, for trying it out.
    pub fn unsigned(&self) -> Vec<u8> {
        self.with(&vec![[0; 64]; self.signers.len()])
    }

    fn with(&self, signatures: &[[u8; 64]]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TRANSACTION_BYTES_MAX);
        length(signatures.len(), &mut bytes);
        signatures.iter().for_each(|signature| bytes.extend(signature));
        bytes.extend(&self.bytes);
        bytes
    }
}

/// Every account once, as whoever wants most of it wants it; the payer first.
fn listed(payer: Key, instructions: &[Instruction]) -> Vec<Named> {
    let mut accounts = vec![Named::new(payer, Does::SignAndChange)];
    let of_instructions = instructions.iter().flat_map(|instruction| {
        let itself = Named::new(instruction.program, Does::Read);
        instruction.accounts.iter().copied().chain([itself])
    });
    for named in of_instructions {
        match accounts.iter_mut().find(|known| known.key == named.key) {
            Some(known) => known.does = known.does.and(named.does),
            None => accounts.push(named),
        }
    }
    // Stable, so that the payer stays the first and equal instructions give equal bytes.
    accounts.sort_by_key(|named| named.does);
    accounts
}

impl Does {
    fn and(self, other: Does) -> Does {
        match (self, other) {
            (Does::Sign, Does::Change) | (Does::Change, Does::Sign) => Does::SignAndChange,
            (one, other) => one.min(other),
        }
    }
}

/// A length in seven bits a byte, the lower ones first ("compact-u16").
fn length(length: usize, out: &mut Vec<u8>) {
    let mut rest = length;
    loop {
        let bits = u8::try_from(rest & 0x7f).expect("seven bits");
        rest >>= 7;
        if rest == 0 {
            out.push(bits);
            return;
        }
        out.push(bits | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(value: usize, written: &[u8]) {
        let mut out = Vec::new();
        length(value, &mut out);
        assert_eq!(out, written, "{value}");
    }

    /// The values of the network's own documentation.
    #[test]
    fn lengths_are_written_in_sevens() {
        check_length(0, &[0]);
        check_length(5, &[5]);
        check_length(0x7f, &[0x7f]);
        check_length(0x80, &[0x80, 0x01]);
        check_length(0xff, &[0xff, 0x01]);
        check_length(0x100, &[0x80, 0x02]);
        check_length(0x7fff, &[0xff, 0xff, 0x01]);
    }

    #[test]
    fn an_account_is_listed_once_with_all_it_has_to_do() {
        let (payer, other, third) = ([1; 32], [2; 32], [3; 32]);
        let accounts = listed(
            payer,
            &[
                Instruction::compute_units(1),
                Instruction::transfer_coin(other, third, 1),
                Instruction::transfer_coin(payer, other, 1),
            ],
        );
        let keys: Vec<Key> = accounts.iter().map(|named| named.key).collect();
        let (system, budget) = (program(SYSTEM_PROGRAM), program(COMPUTE_BUDGET_PROGRAM));
        assert_eq!(keys, [payer, other, third, budget, system]);
        assert_eq!(Does::Sign.and(Does::Change), Does::SignAndChange);
        assert_eq!(Does::Read.and(Does::Change), Does::Change);
    }
}
