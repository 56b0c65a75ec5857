//! Solana: SLIP-0010 at m/44'/501'/i'/0', the path of Phantom, Solflare and Ledger's own wallet.
//!
//! An address is the public key itself, in Base58.
//!
//! Invariant: what is kept is the node above the index, never the seed.

use crate::keys::slip10::Node;

pub struct SolanaKeys {
    parent: Node,
}

impl SolanaKeys {
    pub fn from_seed(seed: &[u8; 64]) -> SolanaKeys {
        SolanaKeys { parent: Node::at(seed, &[44, 501]) }
    }

    pub fn address(&self, index: u32) -> String {
        bs58::encode(self.parent.child(index).child(0).public_key()).into_string()
    }
}
