//! Sui: SLIP-0010 at m/44'/784'/i'/0'/0', one account per index, as Sui's own wallets count them.
//!
//! An address is a hash of the signature scheme's flag and the public key.
//!
//! Invariant: what is kept is the node above the index, never the seed.

use blake2::Blake2b;
use blake2::digest::Digest as _;
use blake2::digest::consts::U32;

use crate::hashes::hex;
use crate::keys::slip10::Node;

/// Sui hashes it before the key, so that one key has another address per scheme.
const FLAG_ED25519: u8 = 0;

pub struct SuiKeys {
    parent: Node,
}

impl SuiKeys {
    pub fn from_seed(seed: &[u8; 64]) -> SuiKeys {
        SuiKeys { parent: Node::at(seed, &[44, 784]) }
    }

    pub fn address(&self, index: u32) -> String {
        let key = self.parent.child(index).child(0).child(0).public_key();
        let hash = Blake2b::<U32>::new().chain_update([FLAG_ED25519]).chain_update(key).finalize();
        format!("0x{}", hex(&hash))
    }
}
