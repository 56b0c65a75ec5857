//! SLIP-0010 for Ed25519: child keys out of a seed, all of them hardened.
//!
//! Solana, Sui and TON derive this way. A hardened child needs its parent's secret, so there is no
//! extended public key for these networks.
//!
//! Invariant: keys and chain codes are wiped when dropped.

use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

const HARDENED: u32 = 1 << 31;

/// A key and the code its children are derived with.
pub struct Node {
    key: Zeroizing<[u8; 32]>,
    chain_code: Zeroizing<[u8; 32]>,
}

impl Node {
    /// The node at a path below the seed; every step is hardened.
    pub fn at(seed: &[u8; 64], path: &[u32]) -> Node {
        let master = Node::of(b"ed25519 seed", &[seed]);
        path.iter().fold(master, |node, &step| node.child(step))
    }

    pub fn child(&self, index: u32) -> Node {
        let step = (index | HARDENED).to_be_bytes();
        Node::of(self.chain_code.as_slice(), &[&[0], self.key.as_slice(), &step])
    }

    pub fn public_key(&self) -> [u8; 32] {
        SigningKey::from_bytes(&self.key).verifying_key().to_bytes()
    }

    /// The key itself, which wipes itself likewise.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.key)
    }

    fn of(hmac_key: &[u8], parts: &[&[u8]]) -> Node {
        let mut mac = Hmac::<Sha512>::new_from_slice(hmac_key).expect("HMAC takes any key");
        for part in parts {
            mac.update(part);
        }
        let bytes = Zeroizing::new(<[u8; 64]>::from(mac.finalize().into_bytes()));
        let (key, chain_code) = bytes.split_at(32);
        let half = |half: &[u8]| Zeroizing::new(half.try_into().expect("half of 64 bytes"));
        Node { key: half(key), chain_code: half(chain_code) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashes::hex;

    /// Test vector 2 of SLIP-0010: its seed counts down from ff by threes.
    #[test]
    fn the_standards_own_vector() {
        let seed = std::array::from_fn(|at| 0xff - 3 * at as u8);
        let node = Node::at(&seed, &[0, 2_147_483_647]);
        assert_eq!(
            hex(node.chain_code.as_slice()),
            "138f0b2551bcafeca6ff2aa88ba8ed0ed8de070841f0c4ef0165df8181eaad7f"
        );
        assert_eq!(
            hex(node.key.as_slice()),
            "ea4f5bfe8694d8bb74b7b59404632fd5968b774ed545e810de9c32a4fb4192f4"
        );
    }
}
