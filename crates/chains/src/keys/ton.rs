//! TON: SLIP-0010 at m/44'/607'/i', each key with a V5R1 wallet of its own.
//!
//! A wallet's address is the hash of the cell it would be deployed with: its code, and its data,
//! which names the network it is for, so one key has another address on each network. Only that
//! hash is needed, so cells are hashed here and no library of cells is.
//!
//! Invariant: what is kept is the node above the index, never the seed.

use domain::environment::Environment;
use sha2::{Digest, Sha256};

use crate::hashes::hex;
use crate::keys::slip10::Node;

/// The cell of the V5R1 wallet's code: its hash and how many cells it is deep.
const CODE_HASH: [u8; 32] = [
    0x20, 0x83, 0x4b, 0x7b, 0x72, 0xb1, 0x12, 0x14, 0x7e, 0x1b, 0x2f, 0xb4, 0x57, 0xb8, 0x4e, 0x74,
    0xd1, 0xa3, 0x0f, 0x04, 0xf7, 0x37, 0xd4, 0xf6, 0x2a, 0x66, 0x8e, 0x95, 0x52, 0xd2, 0xb7, 0x2f,
];
const CODE_DEPTH: u16 = 6;

/// Client context of a wallet id: basechain, version V5R1, subwallet 0.
const WALLET_CONTEXT: u32 = 1 << 31;

pub struct TonKeys {
    parent: Node,
}

impl TonKeys {
    pub fn from_seed(seed: &[u8; 64]) -> TonKeys {
        TonKeys { parent: Node::at(seed, &[44, 607]) }
    }

    pub fn address(&self, environment: Environment, index: u32) -> String {
        let account = account(environment, &self.parent.child(index).public_key());
        format!("0:{}", hex(&account))
    }
}

fn account(environment: Environment, public_key: &[u8; 32]) -> [u8; 32] {
    let wallet_id = global_id(environment).cast_unsigned() ^ WALLET_CONTEXT;
    // One bit «signatures are let in», 32 bits of sequence number, the wallet's id, its key, and
    // one bit «no extensions»: 322 bits, so everything stands one bit further right.
    let mut fields = [0u8; 41];
    fields[0] = 1;
    fields[5..9].copy_from_slice(&wallet_id.to_be_bytes());
    fields[9..].copy_from_slice(public_key);
    let mut data = [0u8; 41];
    for (at, byte) in data.iter_mut().enumerate() {
        let next = fields.get(at + 1).map_or(0, |next| next >> 1);
        *byte = fields[at] << 7 | next;
    }
    // The last byte holds the key's last bit, the bit of the extensions and the end mark.
    data[40] |= 0b0010_0000;
    let data_hash: [u8; 32] =
        Sha256::new().chain_update([0, descriptor(322)]).chain_update(data).finalize().into();
    // No split depth, nothing special, code, data, no library: five bits and the end mark.
    Sha256::new()
        .chain_update([2, descriptor(5), 0b0011_0100])
        .chain_update(CODE_DEPTH.to_be_bytes())
        .chain_update(0u16.to_be_bytes())
        .chain_update(CODE_HASH)
        .chain_update(data_hash)
        .finalize()
        .into()
}

/// Begun bytes and whole bytes of a cell's data, added up.
fn descriptor(bits: u16) -> u8 {
    u8::try_from(bits / 8 + bits.div_ceil(8)).expect("a cell has at most 1023 bits")
}

fn global_id(environment: Environment) -> i32 {
    match environment {
        Environment::Mainnet => -239,
        Environment::Devnet => -3,
    }
}
